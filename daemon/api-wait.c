#include "api-wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api-answer.h"
#include "api-json.h"
#include "watch.h"

#define SECOND_US UINT64_C(1000000)
#define COMMENT_US (15 * SECOND_US) /* a stream's sign of life */

#define TYPE_EVENTS "text/event-stream"

enum wait_kind {
	WAITS_FOR_READ,    /* GET /v1/reads/ID */
	WAITS_FOR_READERS, /* GET /v1/readers */
	STREAMS,           /* GET /v1/events */
};

/* A call that was not answered at once. */
struct wait {
	struct wait *next;
	struct waits *waits;
	struct api_call *call; /* NULL: over, freed by the next sweep */
	enum wait_kind kind;
	struct session *session;

	struct read *read; /* WAITS_FOR_READ */
	uint64_t until_us;

	bool begun; /* STREAMS: the snapshot was sent */
	unsigned event_id;
	uint64_t comment_us;
};

struct waits {
	struct sessions *sessions;
	struct reads *reads;
	struct waits_owner owner;
	struct watch *watch;
	bool heeds_removal; /* sessions end when their card is taken */
	struct wait *first; /* newest */
	unsigned depth;     /* calls inside one another */
};

/* ---- one call -------------------------------------------------------- */

static struct wait *
wait_new(struct waits *waits, struct api_call *call, enum wait_kind kind,
    struct session *session)
{
	struct wait *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->waits = waits;
	w->call = call;
	w->kind = kind;
	w->session = session;
	w->next = waits->first;
	waits->first = w;
	call->pending = w;
	return w;
}

/* The one place where one ends; its call is the caller's to answer. */
static struct api_call *
wait_over(struct wait *w, uint64_t now)
{
	struct api_call *call = w->call;

	w->call = NULL;
	call->pending = NULL;
	switch (w->kind) {
	case WAITS_FOR_READ:
		w->read->polls--;
		read_seen(w->read, now);
		break;
	case STREAMS:
		w->session->streams--;
		reads_stream_closed(w->waits->reads, w->session, now);
		break;
	case WAITS_FOR_READERS:
		break;
	}
	return call;
}

/* The first of that kind from w on, or NULL. */
static struct wait *
wait_of(struct wait *w, enum wait_kind kind)
{
	while (w != NULL && (w->call == NULL || w->kind != kind))
		w = w->next;
	return w;
}

static struct wait *
wait_first(const struct waits *waits, enum wait_kind kind)
{
	return wait_of(waits->first, kind);
}

/* The next one of its kind; w may be over meanwhile. */
static struct wait *
wait_after(const struct wait *w)
{
	return wait_of(w->next, w->kind);
}

static void
waits_sweep(struct waits *waits)
{
	struct wait **at = &waits->first;

	while (*at != NULL) {
		struct wait *w = *at;
		if (w->call != NULL) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

static unsigned
expires_in(const struct wait *w, uint64_t now)
{
	return session_expires_in(w->waits->sessions, w->session, now);
}

/* ---- streams --------------------------------------------------------- */

/* An event for one stream. Frees data; NULL: nothing to say. */
static void
stream_push(struct wait *w, const char *event, struct cJSON *data)
{
	char *json = data != NULL ? json_text(data) : NULL, *text = NULL;
	int len = -1;

	if (json != NULL)
		len = asprintf(&text, "id: %u\nevent: %s\ndata: %s\n\n",
		    w->event_id + 1, event, json);
	json_free(json);
	if (len < 0)
		return;
	w->event_id++;
	w->call->push(w->call, text, (size_t)len);
	free(text);
}

static struct cJSON *
watched_json(const struct waits *waits)
{
	unsigned n = 0;
	const struct wire_reader *readers = watch_readers(waits->watch, &n);

	return answer_readers(reads_readers(waits->reads), readers, n);
}

static void
stream_begin(struct wait *w, uint64_t now)
{
	struct waits *waits = w->waits;

	w->begun = true;
	stream_push(w, "snapshot",
	    answer_snapshot(watched_json(waits),
		answer_reads(waits->reads, w->session), expires_in(w, now)));
}

static void
stream_end(struct wait *w, uint64_t now)
{
	struct api_call *call;

	stream_push(w, "session", answer_expires_in(0));
	if (w->call == NULL)
		return;
	call = wait_over(w, now);
	call->finish(call);
}

static void
stream_comment(struct wait *w, uint64_t now)
{
	static const char comment[] = ": still here\n\n";

	w->comment_us = now + COMMENT_US;
	w->call->push(w->call, comment, sizeof(comment) - 1);
}

void
session_extend(struct session *session, uint64_t now)
{
	session_touch(session, now);
	session->told = session->streams == 0;
}

/* Sessions that were extended: their streams are told the new time. */
static void
streams_tell_time(struct waits *waits, uint64_t now)
{
	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		if (w->begun && !w->session->told)
			stream_push(w, "session",
			    answer_expires_in(expires_in(w, now)));
	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		w->session->told = true;
}

/* ---- what readers do ------------------------------------------------- */

static const struct wire_reader *
reader_in(const struct wire_reader *readers, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(readers[i].name, name) == 0)
			return &readers[i];
	return NULL;
}

static void
streams_push_reader(struct waits *waits, const char *name, bool present)
{
	struct reader_ids *ids = reads_readers(waits->reads);

	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		if (w->begun)
			stream_push(w, "reader",
			    answer_reader_event(ids, name, present));
}

static void
streams_push_card(struct waits *waits, const char *name, bool present)
{
	struct reader_ids *ids = reads_readers(waits->reads);

	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		if (w->begun)
			stream_push(
			    w, "card", answer_card_event(ids, name, present));
}

/* Somebody is at the computer: sessions with an open stream go on. */
static void
streams_person(struct waits *waits, uint64_t now)
{
	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		session_extend(w->session, now);
}

/* What differs between two reports, as events: first what went. */
static void
readers_compare(struct waits *waits, const struct wire_reader *was,
    unsigned was_n, const struct wire_reader *is, unsigned is_n, uint64_t now)
{
	for (unsigned i = 0; i < was_n; i++)
		if (reader_in(is, is_n, was[i].name) == NULL) {
			if (was[i].present)
				streams_push_card(waits, was[i].name, false);
			streams_push_reader(waits, was[i].name, false);
		}
	for (unsigned i = 0; i < is_n; i++) {
		const struct wire_reader *old =
		    reader_in(was, was_n, is[i].name);
		if (old == NULL)
			streams_push_reader(waits, is[i].name, true);
		if (old == NULL ? is[i].present : old->present != is[i].present)
			streams_push_card(waits, is[i].name, is[i].present);
		/* A reader that comes back with its card inside is no person
		 * acting: pcscd may have been restarted. */
		if (old != NULL && !old->present && is[i].present)
			streams_person(waits, now);
	}
}

static unsigned
cards_n(const struct wire_reader *readers, unsigned n)
{
	unsigned cards = 0;

	for (unsigned i = 0; i < n; i++)
		cards += readers[i].present;
	return cards;
}

/* One that was gone before the watch began is missed there, too. */
static bool
card_was_taken(const struct wire_reader *was, unsigned was_n,
    const struct wire_reader *is, unsigned n)
{
	unsigned cards = cards_n(is, n);

	return cards == 0 || cards < cards_n(was, was_n);
}

/* The watcher's report; the first one begins the streams that wait for it. */
static void
readers_moved(void *arg, const struct wire_reader *was, unsigned was_n)
{
	struct waits *waits = arg;
	struct wire_reader is[KENMEN_READERS_MAX];
	const struct wire_reader *readers;
	uint64_t now = waits->owner.now(waits->owner.arg);
	unsigned n = 0;

	/* A copy: a page that leaves meanwhile may end the watch. */
	if ((readers = watch_readers(waits->watch, &n)) != NULL)
		memcpy(is, readers, n * sizeof(is[0]));
	waits_enter(waits);
	readers_compare(waits, was, was_n, is, n, now);
	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		if (!w->begun)
			stream_begin(w, now);
	if (waits->heeds_removal && card_was_taken(was, was_n, is, n))
		waits->owner.card_taken(waits->owner.arg, now);
	waits_leave(waits, now);
}

static void
readers_listed(void *arg, enum read_code code,
    const struct wire_reader *readers, unsigned n)
{
	struct waits *waits = arg;
	struct reader_ids *ids = reads_readers(waits->reads);
	uint64_t now = waits->owner.now(waits->owner.arg);
	enum api_code why =
	    code == CODE_PCSC_UNAVAILABLE ? API_PCSC_UNAVAILABLE : API_INTERNAL;

	waits_enter(waits);
	for (struct wait *w = wait_first(waits, WAITS_FOR_READERS); w != NULL;
	     w = wait_after(w))
		if (code == CODE_NONE)
			call_json(wait_over(w, now), 200,
			    answer_readers(ids, readers, n));
		else
			call_problem(wait_over(w, now), why);
	waits_leave(waits, now);
}

/* ---- entering and leaving -------------------------------------------- */

void
waits_enter(struct waits *waits)
{
	waits->depth++;
}

void
waits_leave(struct waits *waits, uint64_t now)
{
	if (waits->depth == 1) {
		streams_tell_time(waits, now);
		watch_want(waits->watch,
		    wait_first(waits, WAITS_FOR_READERS) != NULL,
		    wait_first(waits, STREAMS) != NULL ||
			(waits->heeds_removal &&
			    sessions_card_read(waits->sessions)),
		    now);
		waits_sweep(waits);
		waits->owner.settled(waits->owner.arg);
	}
	waits->depth--;
}

static uint64_t
waits_now(void *arg)
{
	const struct waits *waits = arg;

	return waits->owner.now(waits->owner.arg);
}

int
waits_new(const struct config *config, struct jobs *jobs,
    struct sessions *sessions, struct reads *reads,
    const struct waits_owner *owner, struct waits **ret)
{
	struct waits *waits = calloc(1, sizeof(*waits));
	struct watch_owner watcher = { readers_listed, readers_moved, waits_now,
		waits };
	int r;

	if (waits == NULL)
		return -ENOMEM;
	waits->sessions = sessions;
	waits->reads = reads;
	waits->owner = *owner;
	waits->heeds_removal = config->end_on_card_removal;
	if ((r = watch_new(config, jobs, &watcher, &waits->watch)) < 0) {
		free(waits);
		return r;
	}
	*ret = waits;
	return 0;
}

void
waits_free(struct waits **waits)
{
	if (*waits == NULL)
		return;
	watch_free(&(*waits)->watch);
	free(*waits);
	*waits = NULL;
}

/* ---- calls come and go ----------------------------------------------- */

int
waits_read(struct waits *waits, struct api_call *call, struct read *read,
    uint64_t until_us)
{
	struct wait *w = wait_new(waits, call, WAITS_FOR_READ, read->session);

	if (w == NULL)
		return -ENOMEM;
	w->read = read;
	w->until_us = until_us;
	read->polls++;
	return 0;
}

int
waits_readers(
    struct waits *waits, struct api_call *call, struct session *session)
{
	unsigned n;

	if (watch_readers(waits->watch, &n) != NULL) {
		call_json(call, 200, watched_json(waits));
		return 0;
	}
	return wait_new(waits, call, WAITS_FOR_READERS, session) != NULL
		   ? 0
		   : -ENOMEM;
}

int
waits_stream(struct waits *waits, struct api_call *call,
    struct session *session, uint64_t now)
{
	struct api_reply reply = {
		.status = 200, .content_type = TYPE_EVENTS, .stream = true
	};
	struct wait *w = wait_new(waits, call, STREAMS, session);
	unsigned n;

	if (w == NULL)
		return -ENOMEM;
	w->comment_us = now + COMMENT_US;
	session->streams++;
	call->reply(call, &reply);
	if (w->call != NULL && watch_readers(waits->watch, &n) != NULL)
		stream_begin(w, now);
	return 0;
}

void
waits_gone(struct waits *waits, struct api_call *call, uint64_t now)
{
	if (call->pending == NULL)
		return;
	waits_enter(waits);
	wait_over(call->pending, now);
	waits_leave(waits, now);
}

void
call_read(struct api_call *call, struct read *read, uint64_t now)
{
	if (read->gone) {
		call_problem(call, API_GONE);
		return;
	}
	call_json(call, 200, answer_read(read, now));
	read_fetched(read);
}

void
waits_read_changed(struct waits *waits, struct read *read, uint64_t now)
{
	waits_enter(waits);
	for (struct wait *w = wait_first(waits, WAITS_FOR_READ); w != NULL;
	     w = wait_after(w))
		if (w->read == read)
			call_read(wait_over(w, now), read, now);
	for (struct wait *w = wait_first(waits, STREAMS); w != NULL;
	     w = wait_after(w))
		if (w->begun && w->session == read->session)
			stream_push(w, "read", answer_read_in_short(read));
	waits_leave(waits, now);
}

void
waits_session_over(struct waits *waits, const struct session *session,
    enum api_code why, uint64_t now)
{
	for (struct wait *w = waits->first; w != NULL; w = w->next) {
		if (w->call == NULL || w->session != session)
			continue;
		if (w->kind == STREAMS)
			stream_end(w, now);
		else
			call_problem(wait_over(w, now), why);
	}
}

/* ---- time ------------------------------------------------------------ */

static uint64_t
wait_next(const struct wait *w)
{
	if (w->call == NULL)
		return 0;
	return w->kind == STREAMS ? w->comment_us : w->until_us;
}

uint64_t
waits_next(const struct waits *waits)
{
	uint64_t next = watch_next(waits->watch);

	for (const struct wait *w = waits->first; w != NULL; w = w->next) {
		uint64_t due = wait_next(w);
		if (next == 0 || (due != 0 && due < next))
			next = due;
	}
	return next;
}

void
waits_tick(struct waits *waits, uint64_t now)
{
	for (struct wait *w = waits->first; w != NULL; w = w->next) {
		uint64_t due = wait_next(w);

		if (due == 0 || now < due)
			continue;
		if (w->kind == STREAMS)
			stream_comment(w, now);
		else
			call_read(wait_over(w, now), w->read, now);
	}
}
