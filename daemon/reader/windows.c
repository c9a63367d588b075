#include "windows.h"

#include <string.h>

#include "report.h"
#include "watchdog.h"

/* Malformed input is asked again; the third time the read ends. */
#define MALFORMED_MAX 3
#define SEPARATOR "、"

/* The site's words for the documents, as many as fit whole. */
static void
titles_fill(const struct wire_wish *wish, struct prompt_request *ret)
{
	size_t len = 0, more;
	unsigned i;

	for (i = 0; i < wish->titles_n; i++) {
		const char *between = i ? SEPARATOR : "";

		more = strlen(between) + strlen(wish->titles[i]);
		if (len + more > PURPOSE_MAX)
			break;
		stpcpy(stpcpy(ret->titles + len, between), wish->titles[i]);
		len += more;
	}
	if (i == 0 && wish->titles_n) {
		/* Even the first is too long: cut at a character. */
		const char *title = wish->titles[i++];

		len = strnlen(title, PURPOSE_MAX);
		while (len > 0 && ((unsigned char)title[len] & 0xC0) == 0x80)
			len--;
		memcpy(ret->titles, title, len);
	}
	/* A first title of no characters leaves nothing to be "more" than. */
	ret->titles_more = ret->titles[0] ? wish->titles_n - i : 0;
}

static void
request_fill(const struct windows *windows, const struct topic *topic,
    enum prompt_type type, enum prompt_note note, struct prompt_request *ret)
{
	const struct wire_request *request = windows->request;

	*ret = (struct prompt_request){
		.type = type,
		.lang = request->lang,
		.pin = topic->pin,
		.note = note,
		.kinds = topic->kinds,
		.token = topic->token,
		.tries = topic->tries > 0 ? (unsigned)topic->tries : 0,
		.max_tries = (unsigned)kenmen_pin_max_tries(topic->pin),
		.step = topic->step,
		.steps = topic->steps,
		.timeout_ms = request->prompt_timeout_ms,
	};
	memcpy(ret->origin, request->origin, sizeof(ret->origin));
	memcpy(
	    ret->origin_name, request->origin_name, sizeof(ret->origin_name));
	memcpy(ret->user, request->user, sizeof(ret->user));
	memcpy(ret->purpose, request->purpose, sizeof(ret->purpose));
	if (topic->kinds & KIND_BIT(KIND_SIGN)) {
		ret->documents = request->wish.digests_n;
		titles_fill(&request->wish, ret);
	}
}

/* The state that a window means is told before it is shown. */
static int
state_report(struct windows *windows, const struct topic *topic,
    const struct prompt_request *request)
{
	bool pin =
	    request->type == PROMPT_PIN || request->type == PROMPT_PINPAD;
	const struct wire_message message = { .type = WIRE_STATE,
		.state = {
		    .state =
			pin ? STATE_WAITING_FOR_PIN : STATE_WAITING_FOR_CONSENT,
		    .deadline_ms = request->timeout_ms,
		    .asks = true,
		    .pin = pin ? (int)topic->pin : -1,
		    .tries_left = request->tries,
		    .step = request->step,
		    .steps = request->steps,
		} };

	windows->asked = true;
	watchdog_voice(windows->env->prompt);
	return report(windows->env->wire, &message);
}

static enum read_code
window(struct windows *windows, const struct topic *topic,
    enum prompt_type type, enum prompt_note note,
    enum prompt_answer *ret_answer, struct kenmen_secret *pin)
{
	struct prompt_request request;

	request_fill(windows, topic, type, note, &request);
	if (state_report(windows, topic, &request) < 0)
		return CODE_INTERNAL;
	return ask_person(
	    windows->env, &request, windows->card, ret_answer, pin);
}

/* What an answer that is not the one hoped for means. */
static enum read_code
refusal(enum prompt_answer answer, enum read_code no)
{
	switch (answer) {
	case ANSWER_PIN:
	case ANSWER_YES:
	case ANSWER_NO:
		return no;
	case ANSWER_TIMEOUT:
		return CODE_PROMPT_TIMEOUT;
	case ANSWER_UNAVAILABLE:
	case ANSWER_ALIVE:
	case ANSWER_NOTED:
	case ANSWER_N:
		break;
	}
	return CODE_PROMPT_UNAVAILABLE;
}

enum read_code
windows_blocked(struct windows *windows, const struct topic *topic)
{
	enum prompt_answer answer;
	enum read_code code =
	    window(windows, topic, PROMPT_BLOCKED, NOTE_NONE, &answer, NULL);

	return code == CODE_NONE || code == CODE_PROMPT_UNAVAILABLE
		   ? CODE_PIN_BLOCKED
		   : code;
}

/* A yes, or the code that anything else means. */
static enum read_code
ask_yes(struct windows *windows, const struct topic *topic,
    enum prompt_type type, enum read_code no)
{
	enum prompt_answer answer;
	enum read_code code =
	    window(windows, topic, type, NOTE_NONE, &answer, NULL);

	if (code != CODE_NONE)
		return code;
	if (answer != ANSWER_YES)
		return refusal(answer, no);
	report_event(windows->env->wire, EVENT_CONSENT_GIVEN);
	return CODE_NONE;
}

enum read_code
windows_last_try(struct windows *windows, const struct topic *topic)
{
	return ask_yes(windows, topic, PROMPT_LAST_TRY, CODE_LAST_TRY_REFUSED);
}

enum read_code
windows_consent(struct windows *windows, const struct topic *topic)
{
	return ask_yes(windows, topic, PROMPT_CONSENT, CODE_CONSENT_REFUSED);
}

bool
windows_again(struct windows *windows)
{
	return ++windows->malformed < MALFORMED_MAX;
}

enum read_code
windows_pin(struct windows *windows, const struct topic *topic,
    enum prompt_note note, struct kenmen_secret *pin)
{
	enum prompt_answer answer;
	enum read_code code;

	for (;;) {
		code = window(windows, topic, PROMPT_PIN, note, &answer, pin);
		if (code != CODE_NONE)
			return code;
		if (answer != ANSWER_PIN)
			return refusal(answer, CODE_PIN_CANCELLED);
		report_event(windows->env->wire, EVENT_PIN_TYPED);
		if (kenmen_pin_fold(topic->pin, pin) == 0)
			return CODE_NONE;
		/* A slip of the keys may be most of a PIN: it does not wait
		 * in memory while the next window is open. */
		kenmen_secret_set_len(pin, 0);
		if (!windows_again(windows))
			return CODE_PIN_FORMAT;
		note = NOTE_FORMAT;
	}
}

enum read_code
windows_pinpad(
    struct windows *windows, const struct topic *topic, enum prompt_note note)
{
	struct prompt_request request;

	request_fill(windows, topic, PROMPT_PINPAD, note, &request);
	if (state_report(windows, topic, &request) < 0)
		return CODE_INTERNAL;
	if (ask_show(windows->env, &request) < 0 ||
	    watchdog_listen(windows->env->prompt, windows->env->wire) < 0)
		return CODE_PROMPT_UNAVAILABLE;
	return CODE_NONE;
}

void
windows_pinpad_done(struct windows *windows)
{
	watchdog_deafen(windows->env->prompt);
	ask_close(windows->env);
}

void
windows_ended(const struct windows *windows, enum read_code code)
{
	if (windows->asked)
		prompt_end_say(windows->env->prompt, code);
}
