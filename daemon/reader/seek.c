#include "seek.h"

#include <poll.h>
#include <string.h>

#include "report.h"
#include "watchdog.h"

/* How long a reader that another program uses is tried (API: reader_busy). */
#define PATIENCE_MS 5000
/* How long a pcscd that died may take to come back: restarted on a machine
 * that has other things to do it takes its time. */
#define PCSCD_BACK_MS 10000
/* How often exchanges with a card may fail before it is taken for one that is
 * not ours: laid down askew, it answers a moment later. */
#define FAILURES_MAX 3
/* How soon to look again where nothing will wake us. */
#define LOOK_AGAIN_MS 200

enum verdict {
	VERDICT_NONE,    /* not looked at yet */
	VERDICT_FOREIGN, /* a card, not ours */
	VERDICT_OURS,
	VERDICT_BUSY, /* another program holds it */
};

/* What is known of one reader's card; events tell whether it still holds. */
struct place {
	char reader[KENMEN_READER_NAME_MAX + 1];
	uint32_t events;
	enum verdict verdict;
	uint64_t busy_since_ms;
	unsigned failures;  /* of exchanges with this card */
	struct found found; /* VERDICT_OURS */
};

struct seek {
	const struct errand_env *env;
	const struct wire_request *request;
	const struct seek_probe *probe;
	struct kenmen_pcsc *pcsc;
	uint64_t deadline_ms;
	enum read_state told; /* the state last told */
	bool look_again;      /* something may change without an event */
	unsigned accepted, empty, foreign, ours;
	enum kenmen_token token; /* of a foreign one */
	struct place *mine;
	struct place places[KENMEN_READERS_MAX];
};

bool
seek_accepts(const struct wire_request *request, const char *reader)
{
	for (unsigned i = 0; i < request->ignore_n; i++)
		if (strstr(reader, request->ignore[i]))
			return false;
	return !request->reader[0] || strcmp(request->reader, reader) == 0;
}

static const struct kenmen_forms *
known_forms(const struct wire_request *request, const char *reader)
{
	for (unsigned i = 0; i < request->known_n; i++)
		if (strcmp(request->known[i].reader, reader) == 0)
			return &request->known[i].forms;
	return NULL;
}

static void
place_forget(struct place *place)
{
	kenmen_card_free(&place->found.card);
	place->verdict = VERDICT_NONE;
}

/* The place that a reader had, or a free one: one that no reader had yet
 * before one of which nothing is known. There are as many as slots. */
static struct place *
place_find(struct seek *seek, const char *reader)
{
	struct place *found = NULL;

	for (size_t i = 0; i < KENMEN_READERS_MAX; i++) {
		struct place *place = &seek->places[i];

		if (strcmp(place->reader, reader) == 0)
			return place;
		if (place->verdict == VERDICT_NONE &&
		    (!found || (found->reader[0] && !place->reader[0])))
			found = place;
	}
	return found;
}

/* The place of a slot, with what is known of its card if it is still the same
 * card. */
static struct place *
place_of(struct seek *seek, const struct kenmen_slot *slot)
{
	struct place *place = place_find(seek, slot->name);

	if (!place)
		return NULL;
	if (strcmp(place->reader, slot->name) != 0 ||
	    place->events != slot->events || !slot->present) {
		/* A card that is used alone raises events of its own when it
		 * is given back: the patience with it goes on. */
		uint64_t busy_since =
		    place->verdict == VERDICT_BUSY && slot->present
			? place->busy_since_ms
			: 0;

		place_forget(place);
		place->busy_since_ms = busy_since;
		place->failures = 0;
	}
	memcpy(place->reader, slot->name, sizeof(place->reader));
	place->events = slot->events;
	return place;
}

/* One transaction. */
static int
probe_card(struct seek *seek, struct found *found)
{
	int r, end;

	if ((r = kenmen_card_begin(found->card)) < 0)
		return r;
	r = seek->probe->probe(seek->probe->arg, found->card, found);
	end = kenmen_card_end(found->card);
	return r < 0 ? r : end;
}

static int
probe_reader(struct seek *seek, struct found *found)
{
	struct kenmen_reader reader;
	int r;

	if ((r = kenmen_pcsc_reader(seek->pcsc, found->reader, &reader)) < 0 ||
	    (r = kenmen_card_new(&reader,
		 known_forms(seek->request, found->reader), &found->card)) < 0)
		return r;
	/* Another program's transaction would block us without limit. */
	watchdog_start(seek->env->wire, PATIENCE_MS, CODE_READER_BUSY);
	if ((r = kenmen_card_connect(found->card)) >= 0)
		r = probe_card(seek, found);
	watchdog_stop();
	if (r < 0)
		kenmen_card_free(&found->card);
	return r;
}

static void
place_failed(struct seek *seek, struct place *place)
{
	place->verdict = VERDICT_FOREIGN;
	if (++place->failures < FAILURES_MAX) {
		place->verdict = VERDICT_NONE;
		seek->look_again = true;
	}
}

static int
place_probe(struct seek *seek, struct place *place)
{
	int r;

	memcpy(place->found.reader, place->reader, sizeof(place->reader));
	place->found.token = KENMEN_TOKEN_UNKNOWN;
	r = probe_reader(seek, &place->found);
	switch ((enum kenmen_err)r) {
	case KENMEN_ERR_PCSC_UNAVAILABLE:
	case KENMEN_ERR_PCSC_REFUSED:
	case KENMEN_ERR_NO_MEMORY:
	case KENMEN_ERR_ARGUMENT:
		return r;
	case KENMEN_ERR_READER_BUSY:
		place->verdict = VERDICT_BUSY;
		if (!place->busy_since_ms)
			place->busy_since_ms = seek->env->now_ms();
		break;
	case KENMEN_ERR_NO_READER:
	case KENMEN_ERR_NO_CARD:
	case KENMEN_ERR_CARD_REMOVED:
	case KENMEN_ERR_CARD_RESET:
		/* It moved while we looked. */
		place->verdict = VERDICT_NONE;
		seek->look_again = true;
		break;
	case KENMEN_ERR_TRANSMIT:
		place_failed(seek, place);
		break;
	case KENMEN_ERR_NOT_MY_NUMBER_CARD:
	case KENMEN_ERR_NOT_FOUND:
	case KENMEN_ERR_PIN_REQUIRED:
	case KENMEN_ERR_PIN_FORMAT:
	case KENMEN_ERR_PIN_WRONG:
	case KENMEN_ERR_PIN_BLOCKED:
	case KENMEN_ERR_DATA:
	case KENMEN_ERR_CARD:
	case KENMEN_ERR_TIMEOUT:
	case KENMEN_ERR_AUTHENTICITY:
	case KENMEN_ERR_CANCELLED:
		place->verdict = VERDICT_FOREIGN;
		break;
	}
	if (r >= 0)
		place->verdict = VERDICT_OURS;
	return 0;
}

static int
look_at(struct seek *seek, const struct kenmen_slot *slot)
{
	struct place *place = place_of(seek, slot);
	int r;

	seek->accepted++;
	if (!place)
		return 0;
	if (!slot->present) {
		seek->empty++;
		return 0;
	}
	if (slot->mute)
		place->verdict = VERDICT_FOREIGN;
	if ((place->verdict == VERDICT_NONE ||
		place->verdict == VERDICT_BUSY) &&
	    (r = place_probe(seek, place)) < 0)
		return r;
	switch (place->verdict) {
	case VERDICT_NONE:
		break;
	case VERDICT_FOREIGN:
		seek->foreign++;
		if (!slot->mute && place->found.token)
			seek->token = place->found.token;
		break;
	case VERDICT_OURS:
		seek->ours++;
		seek->mine = place;
		break;
	case VERDICT_BUSY:
		seek->look_again = true;
		if (seek->env->now_ms() - place->busy_since_ms >= PATIENCE_MS)
			return KENMEN_ERR_READER_BUSY;
		break;
	}
	return 0;
}

/* One look at all readers. */
static int
look(struct seek *seek)
{
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	int n, r;

	seek->accepted = seek->empty = seek->foreign = seek->ours = 0;
	seek->look_again = false;
	seek->token = KENMEN_TOKEN_UNKNOWN;
	if ((n = kenmen_pcsc_slots(seek->pcsc, slots)) < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (seek_accepts(seek->request, slots[i].name) &&
		    (r = look_at(seek, &slots[i])) < 0)
			return r;
	return 0;
}

static uint32_t
remaining_ms(const struct seek *seek)
{
	uint64_t now = seek->env->now_ms();

	return now < seek->deadline_ms ? (uint32_t)(seek->deadline_ms - now)
				       : 0;
}

static void
tell(struct seek *seek)
{
	enum read_state state =
	    seek->accepted ? STATE_WAITING_FOR_CARD : STATE_WAITING_FOR_READER;

	if (state == seek->told)
		return;
	seek->told = state;
	report_state(seek->env->wire, state, remaining_ms(seek));
}

static enum read_code
nothing_found(const struct seek *seek)
{
	if (!seek->accepted)
		return CODE_NO_READER;
	return seek->foreign && !seek->empty ? CODE_NOT_MY_NUMBER_CARD
					     : CODE_NO_CARD;
}

/* Until anything changes, or time is up. */
static int
await_change(struct seek *seek)
{
	uint32_t ms = remaining_ms(seek);

	if (seek->look_again && ms > LOOK_AGAIN_MS)
		ms = LOOK_AGAIN_MS;
	return kenmen_pcsc_wait(seek->pcsc, (int)ms);
}

/* pcscd died: its handles are dead for ever, a new context works. */
static int
pcscd_again(struct seek *seek)
{
	uint64_t give_up_ms = seek->env->now_ms() + PCSCD_BACK_MS;
	int r;

	for (size_t i = 0; i < KENMEN_READERS_MAX; i++)
		place_forget(&seek->places[i]);
	kenmen_pcsc_free(&seek->pcsc);
	if (*seek->probe->confined)
		return KENMEN_ERR_PCSC_UNAVAILABLE;
	while ((r = kenmen_pcsc_new(&seek->pcsc)) < 0 &&
	       seek->env->now_ms() < give_up_ms)
		/* Nothing tells when a socket begins to be listened on. */
		poll(NULL, 0, LOOK_AGAIN_MS);
	return r;
}

static enum read_code
seek_loop(struct seek *seek)
{
	bool refused = false;
	int r;

	for (;;) {
		r = look(seek);
		if (r >= 0 && seek->ours == 1)
			return CODE_NONE;
		if (r >= 0 && seek->ours > 1)
			return CODE_SEVERAL_CARDS;
		if (r >= 0 && !remaining_ms(seek))
			return nothing_found(seek);
		if (r >= 0) {
			tell(seek);
			r = await_change(seek);
		}
		/* A pcscd that dies under a call may seem to refuse it:
		 * one that means it says it again. */
		if (r == KENMEN_ERR_PCSC_UNAVAILABLE ||
		    (r == KENMEN_ERR_PCSC_REFUSED && !refused)) {
			refused |= r == KENMEN_ERR_PCSC_REFUSED;
			r = pcscd_again(seek);
		}
		if (r < 0)
			return code_of(r);
	}
}

enum read_code
seek_card(const struct errand_env *env, const struct wire_request *request,
    const struct seek_probe *probe, struct kenmen_pcsc **pcsc,
    struct found *ret)
{
	struct seek seek = { .env = env,
		.request = request,
		.probe = probe,
		.pcsc = *pcsc,
		.deadline_ms = env->now_ms() + request->card_timeout_ms,
		.told = STATE_STARTING };
	enum read_code code = seek_loop(&seek);

	ret->token = seek.token;
	if (code == CODE_NONE) {
		*ret = seek.mine->found;
		seek.mine->found.card = NULL;
		if (seek.told != STATE_STARTING)
			report_event(env->wire, EVENT_CARD_INSERTED);
	}
	for (size_t i = 0; i < KENMEN_READERS_MAX; i++)
		place_forget(&seek.places[i]);
	*pcsc = seek.pcsc;
	return code;
}
