#include "errand.h"

#include <string.h>

#include "ask.h"
#include "report.h"
#include "seek.h"
#include "watchdog.h"

/* Malformed input is asked again; the third time the read ends. */
#define MALFORMED_MAX 3
/* How long another program's transaction may keep us waiting. */
#define BUSY_MS 5000

/* A read under way. */
struct errand {
	const struct errand_env *env;
	const struct wire_request *request;
	struct kenmen_pcsc *pcsc;
	struct found found;
	struct kenmen_forms forms; /* as they were before */
	struct wire_failed failed; /* code and what belongs to it */
	struct kenmen_attributes attributes;
};

static bool
wants(const struct errand *e, enum read_kind kind)
{
	return e->request->kinds & KIND_BIT(kind);
}

/* ---- the person ------------------------------------------------------ */

static void
window_fill(const struct errand *e, enum prompt_type type,
    enum prompt_note note, struct prompt_request *ret)
{
	const struct wire_request *request = e->request;

	*ret = (struct prompt_request){
		.type = type,
		.lang = request->lang,
		.pin = KENMEN_PIN_ATTRIBUTES,
		.note = note,
		.kinds = request->kinds & KIND_BIT(KIND_ATTRIBUTES),
		.tries = (unsigned)e->found.tries,
		.max_tries =
		    (unsigned)kenmen_pin_max_tries(KENMEN_PIN_ATTRIBUTES),
		.step = 1,
		.steps = 1,
		.timeout_ms = request->prompt_timeout_ms,
	};
	memcpy(ret->origin, request->origin, sizeof(ret->origin));
	memcpy(
	    ret->origin_name, request->origin_name, sizeof(ret->origin_name));
	memcpy(ret->user, request->user, sizeof(ret->user));
	memcpy(ret->purpose, request->purpose, sizeof(ret->purpose));
}

/* Says the state that a window means, shows it, waits for the answer. */
static enum read_code
window(struct errand *e, enum prompt_type type, enum prompt_note note,
    enum prompt_answer *ret_answer, struct kenmen_secret *pin)
{
	struct prompt_request request;
	struct wire_message message = { .type = WIRE_STATE };

	window_fill(e, type, note, &request);
	message.state = (struct wire_state){
		.state = type == PROMPT_PIN ? STATE_WAITING_FOR_PIN
					    : STATE_WAITING_FOR_CONSENT,
		.deadline_ms = request.timeout_ms,
		.asks = true,
		.pin = type == PROMPT_PIN ? (int)request.pin : -1,
		.tries_left = request.tries,
		.step = request.step,
		.steps = request.steps,
	};
	if (report(e->env->wire, &message) < 0)
		return CODE_INTERNAL;
	return ask_person(e->env, &request, e->found.card, ret_answer, pin);
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
	case ANSWER_N:
		break;
	}
	return CODE_PROMPT_UNAVAILABLE;
}

/* Blocked: the person is told; it does not matter how the window is closed. */
static enum read_code
tell_blocked(struct errand *e)
{
	enum prompt_answer answer;
	enum read_code code =
	    window(e, PROMPT_BLOCKED, NOTE_NONE, &answer, NULL);

	if (code == CODE_NONE || code == CODE_PROMPT_UNAVAILABLE)
		code = CODE_PIN_BLOCKED;
	e->failed.pin = KENMEN_PIN_ATTRIBUTES;
	return code;
}

static enum read_code
confirm_last_try(struct errand *e)
{
	enum prompt_answer answer;
	enum read_code code =
	    window(e, PROMPT_LAST_TRY, NOTE_NONE, &answer, NULL);

	if (code != CODE_NONE)
		return code;
	if (answer != ANSWER_YES)
		return refusal(answer, CODE_LAST_TRY_REFUSED);
	report_event(e->env->wire, EVENT_CONSENT_GIVEN);
	return CODE_NONE;
}

/* A well-formed PIN, folded, in pin. note: what went wrong before. */
static enum read_code
ask_pin(struct errand *e, enum prompt_note note, unsigned *malformed,
    struct kenmen_secret *pin)
{
	enum prompt_answer answer;
	enum read_code code;

	for (;;) {
		code = window(e, PROMPT_PIN, note, &answer, pin);
		if (code != CODE_NONE)
			return code;
		if (answer != ANSWER_PIN)
			return refusal(answer, CODE_PIN_CANCELLED);
		report_event(e->env->wire, EVENT_PIN_TYPED);
		if (kenmen_pin_fold(KENMEN_PIN_ATTRIBUTES, pin) == 0)
			return CODE_NONE;
		/* Not kept while the next window is open: it may be another
		 * secret of theirs. */
		kenmen_secret_set_len(pin, 0);
		if (++*malformed == MALFORMED_MAX)
			return CODE_PIN_FORMAT;
		note = NOTE_FORMAT;
	}
}

/* ---- the card -------------------------------------------------------- */

static void
progress(void *arg, size_t done, size_t total)
{
	struct errand *e = arg;

	report_progress(e->env->wire, done, total);
}

/*
 * Inside the transaction: the counter again, one VERIFY, the reading. The
 * counter must be what the person was told: another card, or another
 * program's miss, would make "two left" a lie.
 */
static int
read_verified(struct errand *e, const struct kenmen_secret *pin)
{
	struct kenmen_card *card = e->found.card;
	int tries = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), r;

	if (tries < 0)
		return tries;
	if (tries != e->found.tries)
		return KENMEN_ERR_CARD_REMOVED;
	r = kenmen_pin_verify(
	    card, KENMEN_PIN_ATTRIBUTES, pin, &e->found.tries);
	if (r < 0)
		return r;
	report_event(e->env->wire, EVENT_PIN_ACCEPTED);
	r = kenmen_attributes_read(card, progress, e, &e->attributes);
	/* Also after a failure: nothing verified stays behind. */
	kenmen_card_leave(card);
	return r;
}

static int
read_in_transaction(struct errand *e, const struct kenmen_secret *pin)
{
	int r, end;

	watchdog_start(e->env->wire, BUSY_MS, CODE_READER_BUSY);
	r = kenmen_card_begin(e->found.card);
	watchdog_start(e->env->wire, e->request->read_timeout_ms, CODE_TIMEOUT);
	if (r < 0)
		goto out;
	r = read_verified(e, pin);
	end = kenmen_card_end(e->found.card);
	/* What was read was read, whatever happened to the reader since. */
	(void)end;
out:
	watchdog_stop();
	return r;
}

/* One PIN typed, one try at most. */
static enum read_code
try_pin(struct errand *e, const struct kenmen_secret *pin)
{
	int r;

	report_state(e->env->wire, STATE_READING, e->request->read_timeout_ms);
	r = read_in_transaction(e, pin);
	if (r == KENMEN_ERR_PIN_WRONG)
		e->failed.tries_left = e->found.tries;
	return code_of(r);
}

/* Asks and tries until it is right, or the rules say stop. */
static enum read_code
read_attributes_with(struct errand *e, struct kenmen_secret *pin)
{
	enum prompt_note note = NOTE_NONE;
	unsigned malformed = 0;
	enum read_code code;

	if (e->found.tries == 1 && (code = confirm_last_try(e)) != CODE_NONE)
		return code;
	for (;;) {
		if (e->found.tries == 0)
			return tell_blocked(e);
		code = ask_pin(e, note, &malformed, pin);
		if (code == CODE_NONE)
			code = try_pin(e, pin);
		kenmen_secret_set_len(pin, 0);
		if (code == CODE_PIN_BLOCKED)
			e->found.tries = 0;
		else if (code != CODE_PIN_WRONG || e->found.tries < 2)
			return code;
		note = NOTE_WRONG;
	}
}

static enum read_code
read_attributes(struct errand *e)
{
	struct kenmen_secret *pin = NULL;
	enum read_code code;

	if (e->found.tries < 0)
		return CODE_CARD_DATA_INVALID;
	if (kenmen_secret_new(&pin) < 0)
		return CODE_INTERNAL;
	code = read_attributes_with(e, pin);
	kenmen_secret_free(&pin);
	return code;
}

/* ---- the errand ------------------------------------------------------ */

static enum read_code
read_kinds(struct errand *e)
{
	enum read_code code =
	    seek_card(e->env, e->request, &e->pcsc, &e->found);

	if (code != CODE_NONE)
		return code;
	kenmen_card_forms(e->found.card, &e->forms);
	if (wants(e, KIND_ATTRIBUTES))
		code = read_attributes(e);
	return code;
}

/* What the next runner need not try again. */
static void
report_known(const struct errand *e)
{
	struct wire_message message = { .type = WIRE_KNOWN };

	memcpy(message.known.reader, e->found.reader, sizeof(e->found.reader));
	kenmen_card_forms(e->found.card, &message.known.forms);
	report(e->env->wire, &message);
}

static int
report_results(const struct errand *e)
{
	struct wire_message message = { .type = WIRE_CARD_INFO };
	int r = 0;

	if (wants(e, KIND_CARD_INFO)) {
		message.card_info = e->found.info;
		r = report(e->env->wire, &message);
	}
	if (r >= 0 && wants(e, KIND_ATTRIBUTES)) {
		message.type = WIRE_ATTRIBUTES;
		message.attributes = e->attributes;
		r = report(e->env->wire, &message);
	}
	kenmen_wipe(&message, sizeof(message));
	if (r < 0)
		return r;
	return report(
	    e->env->wire, &(struct wire_message){ .type = WIRE_DONE });
}

static int
run_read(const struct errand_env *env, const struct wire_request *request)
{
	struct errand e = { .env = env,
		.request = request,
		.failed = { .tries_left = -1, .pin = -1 } };
	int r;

	/* No pcscd at the start is said at once. */
	r = kenmen_pcsc_new(&e.pcsc);
	e.failed.code = r < 0 ? code_of(r) : read_kinds(&e);
	if (e.found.card)
		report_known(&e);
	/* The end is said when the card is free again. */
	kenmen_card_free(&e.found.card);
	kenmen_pcsc_free(&e.pcsc);
	r = e.failed.code == CODE_NONE ? report_results(&e)
				       : report_failed(env->wire, &e.failed);
	kenmen_wipe(&e, sizeof(e));
	return r;
}

static int
report_readers(const struct errand_env *env, const struct wire_request *request,
    struct kenmen_pcsc *pcsc)
{
	struct wire_message message = { .type = WIRE_READERS };
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	int n = kenmen_pcsc_slots(pcsc, slots);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		struct wire_reader *reader =
		    &message.readers.reader[message.readers.n];

		if (!seek_accepts(request, slots[i].name))
			continue;
		memcpy(reader->name, slots[i].name, sizeof(reader->name));
		reader->present = slots[i].present;
		message.readers.n++;
	}
	return report(env->wire, &message) < 0 ? KENMEN_ERR_ARGUMENT : 0;
}

/* The readers once, or again at every change for as long as we live. */
static int
run_readers(const struct errand_env *env, const struct wire_request *request)
{
	struct wire_failed failed = { .tries_left = -1, .pin = -1 };
	struct kenmen_pcsc *pcsc = NULL;
	int r = kenmen_pcsc_new(&pcsc);

	if (r >= 0)
		r = report_readers(env, request, pcsc);
	while (r >= 0 && request->errand == ERRAND_WATCH) {
		r = kenmen_pcsc_wait(pcsc, -1);
		if (r >= 0)
			r = report_readers(env, request, pcsc);
	}
	kenmen_pcsc_free(&pcsc);
	if (r >= 0)
		return report(
		    env->wire, &(struct wire_message){ .type = WIRE_DONE });
	failed.code = code_of(r);
	return report_failed(env->wire, &failed);
}

int
errand_run(const struct errand_env *env, const struct wire_request *request)
{
	switch (request->errand) {
	case ERRAND_READ:
		return run_read(env, request);
	case ERRAND_READERS:
	case ERRAND_WATCH:
		return run_readers(env, request);
	case ERRAND_N:
		break;
	}
	return 0;
}
