#include "errand.h"

#include <string.h>

#include "list.h"
#include "report.h"
#include "seek.h"
#include "steps.h"
#include "watchdog.h"
#include "windows.h"

/* How long another program's transaction may keep us waiting. */
#define BUSY_MS 5000

/* A read under way. */
struct errand {
	const struct errand_env *env;
	const struct wire_request *request;
	struct kenmen_pcsc *pcsc;
	struct found found;
	struct step steps[STEPS_MAX + 1];
	unsigned steps_n;
	struct desk desk;
	struct windows windows;
	struct wire_failed failed; /* code and what belongs to it */
	bool confined;             /* to CONFINE_READING */
};

/* ---- before a person is asked ----------------------------------------- */

static bool
needs_pin(const struct errand *e, enum kenmen_pin pin)
{
	for (unsigned i = 0; i < e->steps_n; i++)
		if (e->steps[i].pin == pin)
			return true;
	/* Some counter must answer, to know a My Number card by; and a token
	 * may keep its login certificate behind this one. */
	return pin == KENMEN_PIN_AUTH &&
	       (!e->steps_n || wants_consent(e->request));
}

/* One that the card does not count is judged when it is known whether the
 * person would be asked for it. */
static int
counter_ask(struct kenmen_card *card, enum kenmen_pin pin, int *ret)
{
	int r = kenmen_pin_tries(card, pin);

	if (r < 0 && r != KENMEN_ERR_DATA)
		return r;
	*ret = r < 0 ? -1 : r;
	return 0;
}

/* The counters of the PINs that will be asked for, application by application:
 * from the last PIN to the first, so that we end where certificates are. */
static int
counters_ask(
    const struct errand *e, struct kenmen_card *card, struct found *found)
{
	int r = 0;

	if (e->request->kinds & KIND_BIT(KIND_CARD_INFO)) {
		r = kenmen_card_info_read(card, &found->info);
		memcpy(found->tries, found->info.tries, sizeof(found->tries));
		return r;
	}
	for (int pin = KENMEN_PIN_N - 1; pin >= 0 && r == 0; pin--) {
		found->tries[pin] = -1;
		if (needs_pin(e, (enum kenmen_pin)pin))
			r = counter_ask(
			    card, (enum kenmen_pin)pin, &found->tries[pin]);
	}
	return r;
}

/* Its counters have answered: what is wrong now is no other card's fault. */
static enum read_code
trouble_of(int r)
{
	enum read_code code = code_of(r);

	return code == CODE_NO_CERTIFICATE || code == CODE_CARD_DATA_INVALID
		   ? code
		   : CODE_NONE;
}

/* A phone and a card of old have certificates, too: say which it is. */
static void
token_ask(struct kenmen_card *card, struct found *found)
{
	enum kenmen_token token;

	/* A card that only says that it is one helps nobody. */
	if (kenmen_token_read(card, &token) == 0 &&
	    token != KENMEN_TOKEN_MY_NUMBER_CARD)
		found->token = token;
}

static int
probe(void *arg, struct kenmen_card *card, struct found *found)
{
	struct errand *e = arg;
	int r = counters_ask(e, card, found);

	if (r == KENMEN_ERR_NOT_MY_NUMBER_CARD)
		token_ask(card, found);
	/* From here on there are files of a card to be understood. */
	if (r >= 0 && !e->confined &&
	    (r = report_confined(e->env, CONFINE_READING)) >= 0)
		e->confined = true;
	if (r < 0)
		return r;
	/* Nothing of a card that was looked at before, and has gone. */
	results_finish(&e->desk.results);
	e->desk.token = KENMEN_TOKEN_UNKNOWN;
	e->desk.results.info = found->info;
	e->desk.card = card;
	r = read_before(&e->desk);
	found->trouble = trouble_of(r);
	return found->trouble == CODE_NONE ? r : 0;
}

/* ---- one PIN ------------------------------------------------------------ */

static struct topic
topic_of(const struct errand *e, unsigned i)
{
	const struct step *step = &e->steps[i];
	/* The yes for a certificate is a window of its own, and the first. */
	unsigned before = wants_consent(e->request) ? 1 : 0;

	return (struct topic){
		.pin = step->pin,
		.kinds = step->kinds,
		.tries = e->found.tries[step->pin],
		.token = e->desk.token,
		.step = before + i + 1,
		.steps = before + e->steps_n,
	};
}

static enum read_code
fail_pin(struct errand *e, const struct topic *topic, enum read_code code)
{
	e->failed.pin = (int)topic->pin;
	return code;
}

/* pin NULL: typed on the reader. */
static int
verify(struct errand *e, struct topic *topic, const struct kenmen_secret *pin)
{
	unsigned seconds = e->request->prompt_timeout_ms / 1000;

	return pin ? kenmen_pin_verify(
			 e->found.card, topic->pin, pin, &topic->tries)
		   : kenmen_pin_verify_on_pinpad(
			 e->found.card, topic->pin, seconds, &topic->tries);
}

/*
 * Inside the transaction: the counter again, one VERIFY, the reading. The
 * counter must be what the person was told: another card, or another
 * program's miss, would make "two left" a lie.
 */
static int
read_verified(struct errand *e, const struct step *step, struct topic *topic,
    const struct kenmen_secret *pin)
{
	struct kenmen_card *card = e->found.card;
	int tries = kenmen_pin_tries(card, topic->pin), r;

	if (tries < 0)
		return tries;
	if (tries != topic->tries)
		return KENMEN_ERR_CARD_REMOVED;
	r = verify(e, topic, pin);
	if (!pin) {
		windows_pinpad_done(&e->windows);
		report_state(
		    e->env->wire, STATE_READING, e->request->read_timeout_ms);
		watchdog_start(
		    e->env->wire, e->request->read_timeout_ms, CODE_TIMEOUT);
	}
	if (r < 0)
		return r;
	report_event(e->env->wire, EVENT_PIN_ACCEPTED);
	r = step->read(&e->desk);
	/* Also after a failure: nothing verified stays behind. */
	kenmen_card_leave(card);
	return r;
}

static int
read_in_transaction(struct errand *e, const struct step *step,
    struct topic *topic, const struct kenmen_secret *pin)
{
	uint32_t limit_ms = pin ? e->request->read_timeout_ms
				: e->request->prompt_timeout_ms + BUSY_MS;
	int r;

	watchdog_start(e->env->wire, BUSY_MS, CODE_READER_BUSY);
	r = kenmen_card_begin(e->found.card);
	watchdog_start(e->env->wire, limit_ms, CODE_TIMEOUT);
	if (r >= 0) {
		r = read_verified(e, step, topic, pin);
		/* What was read was read, whatever the reader does now. */
		(void)kenmen_card_end(e->found.card);
	}
	watchdog_stop();
	return r;
}

/* One PIN typed, one try at most. */
static enum read_code
try_pin(struct errand *e, const struct step *step, struct topic *topic,
    const struct kenmen_secret *pin)
{
	int r;

	if (pin)
		report_state(
		    e->env->wire, STATE_READING, e->request->read_timeout_ms);
	r = read_in_transaction(e, step, topic, pin);
	if (r == KENMEN_ERR_PIN_WRONG) {
		e->failed.tries_left = topic->tries;
		fail_pin(e, topic, CODE_PIN_WRONG);
	}
	/* The reader's own time-out is the window's. */
	if (!pin && r == KENMEN_ERR_TIMEOUT)
		return CODE_PROMPT_TIMEOUT;
	return code_of(r);
}

static enum read_code
ask_and_try(struct errand *e, const struct step *step, struct topic *topic,
    enum prompt_note note, struct kenmen_secret *pin)
{
	enum read_code code;

	if (kenmen_pin_on_pinpad(e->found.card, topic->pin)) {
		code = windows_pinpad(&e->windows, topic, note);
		return code == CODE_NONE ? try_pin(e, step, topic, NULL) : code;
	}
	code = windows_pin(&e->windows, topic, note, pin);
	if (code == CODE_NONE)
		code = try_pin(e, step, topic, pin);
	kenmen_secret_set_len(pin, 0);
	return code;
}

/* Asks and tries until it is right, or the rules say stop. */
static enum read_code
step_with(struct errand *e, unsigned i, struct kenmen_secret *pin)
{
	struct topic topic = topic_of(e, i);
	enum prompt_note note = NOTE_NONE;
	enum read_code code;

	if (topic.tries == 1 &&
	    (code = windows_last_try(&e->windows, &topic)) != CODE_NONE)
		return code;
	for (;;) {
		code = ask_and_try(e, &e->steps[i], &topic, note, pin);
		if (code == CODE_PIN_BLOCKED)
			return fail_pin(
			    e, &topic, windows_blocked(&e->windows, &topic));
		/* From the reader's keypad: it sent nothing to the card. */
		if (code == CODE_PIN_FORMAT && windows_again(&e->windows)) {
			note = NOTE_FORMAT;
			continue;
		}
		if (code != CODE_PIN_WRONG || topic.tries < 2)
			return code;
		note = NOTE_WRONG;
	}
}

static enum read_code
steps_run(struct errand *e)
{
	struct kenmen_secret *pin = NULL;
	enum read_code code = CODE_NONE;

	if (kenmen_secret_new(&pin) < 0)
		return CODE_INTERNAL;
	for (unsigned i = 0; i < e->steps_n && code == CODE_NONE; i++)
		code = step_with(e, i, pin);
	kenmen_secret_free(&pin);
	return code;
}

/* ---- the errand ------------------------------------------------------ */

/* A PIN that is blocked, or not there at all, ends the read before the
 * person was asked for any other. */
static enum read_code
counters_judge(struct errand *e)
{
	for (unsigned i = 0; i < e->steps_n; i++) {
		struct topic topic = topic_of(e, i);

		if (topic.tries < 0)
			return CODE_CARD_DATA_INVALID;
		if (topic.tries == 0)
			return fail_pin(
			    e, &topic, windows_blocked(&e->windows, &topic));
	}
	return CODE_NONE;
}

static enum read_code
consent_ask(struct errand *e)
{
	const struct topic topic = {
		.pin = KENMEN_PIN_AUTH,
		.kinds = KIND_BIT(KIND_CERTIFICATE),
		.tries = 0,
		.step = 1,
		.steps = e->steps_n + 1,
	};

	return windows_consent(&e->windows, &topic);
}

/* A token that keeps the login certificate behind its PIN: one step more. */
static void
step_for_hidden_certificate(struct errand *e)
{
	if (!wants_consent(e->request) || e->desk.results.auth_der.bytes ||
	    (e->steps_n && e->steps[0].pin == KENMEN_PIN_AUTH))
		return;
	memmove(&e->steps[1], &e->steps[0], e->steps_n * sizeof(e->steps[0]));
	e->steps[0] = step_auth_certificate();
	e->steps_n++;
}

/* What several applications say of the person must be the same. */
static enum read_code
agreement_check(struct errand *e)
{
	const uint32_t both = KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_FACE);

	if ((e->request->kinds & both) != both)
		return CODE_NONE;
	return code_of(
	    kenmen_agree(&e->desk.results.text, &e->desk.results.face));
}

static enum read_code
read_kinds(struct errand *e)
{
	const struct seek_probe looks = { probe, e, &e->confined };
	enum read_code code =
	    seek_card(e->env, e->request, &looks, &e->pcsc, &e->found);

	e->failed.token = e->found.token;
	if (code != CODE_NONE)
		return code;
	/* Another went while it was looked at: what was read is of that one. */
	if (e->desk.card != e->found.card)
		return CODE_SEVERAL_CARDS;
	e->windows.card = e->found.card;
	if (e->found.trouble != CODE_NONE)
		return e->found.trouble;
	step_for_hidden_certificate(e);
	code = counters_judge(e);
	if (code == CODE_NONE && wants_consent(e->request))
		code = consent_ask(e);
	if (code == CODE_NONE && e->steps_n)
		code = steps_run(e);
	if (code == CODE_NONE)
		code = code_of(results_complete(&e->desk));
	if (code == CODE_NONE)
		code = agreement_check(e);
	return code;
}

static int
errand_start(struct errand *e, const struct errand_env *env,
    const struct wire_request *request)
{
	const struct wire_wish *wish = &request->wish;

	*e = (struct errand){ .env = env,
		.request = request,
		.failed = { .tries_left = -1, .pin = -1 },
		.desk = { .env = env, .request = request },
		.windows = { .env = env, .request = request } };
	e->desk.issuers = request->issuers;
	e->steps_n = steps_of(request, e->steps);
	memcpy(e->desk.challenge.origin, request->origin,
	    sizeof(e->desk.challenge.origin));
	memcpy(e->desk.challenge.bytes, wish->challenge, wish->challenge_len);
	e->desk.challenge.len = wish->challenge_len;
	if (request->kinds == KIND_BIT(KIND_CARD_INFO))
		return 0; /* nothing to be trusted or not */
	return kenmen_trust_new(request->trust_dir, NULL, &e->desk.trust);
}

/* What the next runner need not try again. */
static void
report_known(const struct errand *e)
{
	struct wire_message message = { .type = WIRE_KNOWN };

	memcpy(message.known.reader, e->found.reader, sizeof(e->found.reader));
	kenmen_card_forms(e->found.card, &message.known.forms);
	message.known.keypad =
	    kenmen_pin_on_pinpad(e->found.card, KENMEN_PIN_AUTH);
	report(e->env->wire, &message);
}

/* What was learnt stands before the newest of those that were known. */
static void
report_issuers(const struct errand *e)
{
	const struct kenmen_issuers *all = &e->desk.issuers;
	const struct kenmen_issuers *old = &e->request->issuers;
	struct wire_message message = { .type = WIRE_ISSUER };
	unsigned n = 0;

	while (n < all->n && (old->n == 0 || memcmp(&all->known[n], old->known,
						 sizeof(old->known[0])) != 0))
		n++;
	while (n-- > 0) {
		message.issuer = all->known[n];
		report(e->env->wire, &message);
	}
}

static int
run_read(const struct errand_env *env, const struct wire_request *request)
{
	struct errand e;
	int r = errand_start(&e, env, request);

	/* No pcscd at the start is said at once. */
	if (r >= 0)
		r = kenmen_pcsc_new(&e.pcsc);
	if (r >= 0)
		r = report_confined(env, CONFINE_SEEKING);
	e.failed.code = r < 0 ? code_of(r) : read_kinds(&e);
	if (e.found.card)
		report_known(&e);
	if (e.failed.code == CODE_NONE)
		report_issuers(&e);
	/* The end is said when the card is free again. */
	kenmen_card_free(&e.found.card);
	kenmen_pcsc_free(&e.pcsc);
	kenmen_trust_free(&e.desk.trust);
	/* Whoever keeps account of it has done so before anything goes out. */
	windows_ended(&e.windows, e.failed.code);
	r = e.failed.code == CODE_NONE
		? results_report(&e.desk.results, env->wire, request->kinds)
		: report_failed(env->wire, &e.failed);
	results_finish(&e.desk.results);
	kenmen_wipe(&e, sizeof(e));
	return r;
}

int
errand_run(const struct errand_env *env, const struct wire_request *request)
{
	switch (request->errand) {
	case ERRAND_READ:
		return run_read(env, request);
	case ERRAND_READERS:
	case ERRAND_WATCH:
		return list_run(env, request);
	case ERRAND_N:
		break;
	}
	return 0;
}
