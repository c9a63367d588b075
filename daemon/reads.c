#include "reads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit.h"
#include "wipe.h"

#define SECOND_US UINT64_C(1000000)
#define KEPT_US (300 * SECOND_US)   /* results of a finished read */
#define PROGRESS_US (SECOND_US / 4) /* between two visible ones */

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct reads {
	const struct config *config;
	struct jobs *jobs;
	struct reads_owner owner;
	struct limits *limits;
	struct reader_ids readers;
	struct read *all;
};

int
reads_new(const struct config *config, struct jobs *jobs,
    const struct reads_owner *owner, struct reads **ret)
{
	struct reads *reads = calloc(1, sizeof(*reads));
	int r;

	if (reads == NULL)
		return -ENOMEM;
	if ((r = limits_new(&reads->limits)) < 0) {
		free(reads);
		return r;
	}
	reads->config = config;
	reads->jobs = jobs;
	reads->owner = *owner;
	*ret = reads;
	return 0;
}

void
reads_free(struct reads **reads)
{
	if (*reads == NULL)
		return;
	limits_free(&(*reads)->limits);
	reader_ids_finish(&(*reads)->readers);
	free(*reads);
	*reads = NULL;
}

struct reader_ids *
reads_readers(struct reads *reads)
{
	return &reads->readers;
}

/* ---- one read's states ----------------------------------------------- */

static const char *
origin_of(const struct session *session)
{
	return session->origin != NULL ? session->origin->origin : "";
}

static void
read_changed(struct read *read)
{
	read->seq++;
	read->reads->owner.changed(read->reads->owner.arg, read);
}

/* What came of asking the person; a read ends, and so counts, once. */
static void
read_count(struct read *read, uint64_t now)
{
	enum limits_outcome outcome = LIMITS_FAILED;

	if (!read->prompted)
		return;
	if (read->accepted)
		outcome = LIMITS_ACCEPTED;
	else if (read->state == STATE_FAILED &&
		 (read->failed.code == CODE_PIN_CANCELLED ||
		     read->failed.code == CODE_PROMPT_TIMEOUT ||
		     read->failed.code == CODE_CONSENT_REFUSED ||
		     read->failed.code == CODE_LAST_TRY_REFUSED))
		outcome = LIMITS_CANCELLED;
	/* Out of memory: one outcome is not counted. */
	limits_outcome(read->reads->limits, read->session->uid,
	    origin_of(read->session), outcome, now);
}

static void
read_audit(const struct read *read)
{
	const struct audit audit = { .uid = read->session->uid,
		.origin = origin_of(read->session),
		.kinds = read->kinds,
		.state = read->state,
		.code = read->failed.code,
		.duration_us = read->ended_us - read->started_us };

	audit_log(&audit);
}

/* The one place where a state is entered. */
static void
read_enter(struct read *read, enum read_state state, uint64_t now)
{
	read->state = state;
	read->progress_total = 0;
	read->progress_held = false;
	switch (state) {
	case STATE_STARTING:
	case STATE_READING:
		read->waiting_us = 0;
		break;
	case STATE_WAITING_FOR_CONSENT:
	case STATE_WAITING_FOR_PIN:
		read->prompted |= read->asks;
		/* fall through */
	case STATE_WAITING_FOR_READER:
	case STATE_WAITING_FOR_CARD:
		if (read->waiting_us == 0)
			read->waiting_us = now;
		break;
	case STATE_DONE:
	case STATE_FAILED:
	case STATE_CANCELLED:
		read->waiting_us = 0;
		read->deadline_us = 0;
		read->asks = false;
		read->ended_us = now;
		read_count(read, now);
		read_audit(read);
		read->session->card_read |= state == STATE_DONE;
		if (state != STATE_DONE)
			job_free(&read->job);
		break;
	case STATE_N:
		break;
	}
}

static void
read_fail(struct read *read, enum read_code code, uint64_t now)
{
	if (read->job != NULL)
		job_end(read->job, code);
	read->failed =
	    (struct wire_failed){ .code = code, .tries_left = -1, .pin = -1 };
	read_enter(read, STATE_FAILED, now);
}

/* Files that a kind cannot be without. */
static const struct {
	enum read_kind kind;
	enum wire_blob blob;
} blobs_needed[] = {
	{ KIND_FACE, BLOB_NAME_PNG },
	{ KIND_FACE, BLOB_ADDRESS_PNG },
	{ KIND_CERTIFICATE, BLOB_CERTIFICATE },
	{ KIND_AUTHENTICATE, BLOB_LOGIN_JWS },
	{ KIND_SIGN, BLOB_SIGN_CERTIFICATE },
	{ KIND_SIGN, BLOB_SIGNATURES },
};

#define KINDS_OF_TEXT (KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER))

/* What is wrong with the results of a job that says it is done. */
static enum read_code
results_fault(const struct read *read, const struct job *job)
{
	if ((job->results & read->kinds) != read->kinds)
		return CODE_INTERNAL;
	for (size_t i = 0; i < N_OF(blobs_needed); i++)
		if ((read->kinds & KIND_BIT(blobs_needed[i].kind)) &&
		    job->blobs[blobs_needed[i].blob].len == 0)
			return CODE_INTERNAL;
	if ((read->kinds & KIND_BIT(KIND_SIGN)) &&
	    (read->digests_n == 0 ||
		job->blobs[BLOB_SIGNATURES].len % read->digests_n != 0))
		return CODE_INTERNAL;
	if ((read->kinds & KINDS_OF_TEXT) &&
	    job->text.authenticity.verdict == KENMEN_FAILED)
		return CODE_AUTHENTICITY_FAILED;
	if ((read->kinds & KIND_BIT(KIND_FACE)) &&
	    job->face.authenticity.verdict == KENMEN_FAILED)
		return CODE_AUTHENTICITY_FAILED;
	return CODE_NONE;
}

/* All or nothing: a job that is done with less than was asked has failed. */
static void
read_take_state(struct read *read, const struct job *job, uint64_t now)
{
	enum read_code fault =
	    job->state == STATE_DONE ? results_fault(read, job) : CODE_NONE;

	if (fault != CODE_NONE) {
		read_fail(read, fault, now);
		return;
	}
	read->deadline_us = job->deadline_us;
	read->asks = job->asks;
	read->pin = job->pin;
	read->tries_left = job->tries_left;
	read->step = job->step;
	read->steps = job->steps;
	read->failed = job->failed;
	if (job->state == STATE_DONE)
		read->read_at_us =
		    read->reads->owner.realtime(read->reads->owner.arg);
	read_enter(read, job->state, now);
}

static void
read_show_progress(struct read *read, uint64_t now)
{
	read->progress_done = read->job->progress_done;
	read->progress_total = read->job->progress_total;
	read->progress_us = now;
	read->progress_held = false;
	read_changed(read);
}

static void
read_take_event(struct read *read, enum wire_event event)
{
	const struct reads_owner *owner = &read->reads->owner;

	switch (event) {
	case EVENT_CARD_INSERTED:
	case EVENT_PIN_TYPED:
		owner->present(owner->arg, read->session);
		break;
	case EVENT_PIN_ACCEPTED:
	case EVENT_CONSENT_GIVEN:
		read->accepted = true;
		break;
	case EVENT_NO_LANDLOCK: /* said by the job */
	case EVENT_N:
		break;
	}
}

static void
read_job_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct read *read = arg;
	uint64_t now = read->reads->owner.now(read->reads->owner.arg);

	switch (change) {
	case JOB_CHANGED_STATE:
		read_take_state(read, job, now);
		read_changed(read);
		break;
	case JOB_CHANGED_PROGRESS:
		if (read->state != STATE_READING)
			break;
		if (read->progress_us == 0 ||
		    now >= read->progress_us + PROGRESS_US)
			read_show_progress(read, now);
		else
			read->progress_held = true;
		break;
	case JOB_CHANGED_EVENT:
		read_take_event(read, event);
		break;
	case JOB_CHANGED_READERS:
		break;
	}
}

/* ---- starting -------------------------------------------------------- */

/* A read that names no reader may come to use any; reader NULL: one that is
 * not there, which no other uses. */
static struct read *
read_in_the_way(const struct reads *reads, const char *reader)
{
	for (struct read *r = reads->all; r != NULL; r = r->next)
		if (!state_is_final(r->state) &&
		    (r->reader[0] == '\0' ||
			(reader != NULL &&
			    (reader[0] == '\0' ||
				strcmp(r->reader, reader) == 0))))
			return r;
	return NULL;
}

static uint32_t
ms_of(unsigned seconds)
{
	return seconds * 1000;
}

_Static_assert(CONFIG_PATH_MAX <= TRUST_DIR_MAX, "a path has room");

static void
request_fill(const struct reads *reads, const struct reads_wish *wish,
    const char *reader, struct wire_request *ret)
{
	const struct config *config = reads->config;
	const struct session *session = wish->session;

	*ret = (struct wire_request){
		.errand = ERRAND_READ,
		.kinds = wish->kinds,
		.lang = session->lang,
		.wish = *wish->wish,
		.card_timeout_ms = ms_of(config->card_timeout),
		.prompt_timeout_ms = ms_of(config->prompt_timeout),
		.read_timeout_ms = ms_of(config->read_timeout),
		.ignore_n = config->ignore_n,
	};
	if (session->origin != NULL) {
		strcpy(ret->origin, session->origin->origin);
		strcpy(ret->origin_name, session->origin->name);
	}
	strcpy(ret->user, session->user);
	snprintf(ret->purpose, sizeof(ret->purpose), "%s", wish->purpose);
	strcpy(ret->reader, reader);
	strcpy(ret->trust_dir, config->trust_dir);
	memcpy(ret->ignore, config->ignore, sizeof(ret->ignore));
}

static int
read_new(struct reads *reads, const struct reads_wish *wish, uint64_t now,
    struct read **ret)
{
	uint8_t bytes[READ_ID_LEN / 2];
	struct read *read;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	if ((read = calloc(1, sizeof(*read))) == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		read->id[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		read->id[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	read->reads = reads;
	read->session = wish->session;
	read->kinds = wish->kinds;
	read->which = wish->wish->which;
	read->digests_n = wish->wish->digests_n;
	read->seq = 1;
	read->pin = -1;
	read->started_us = read->seen_us = now;
	read->grace_s = GRACE_S;
	*ret = read;
	return 0;
}

static void
read_drop(struct read *read)
{
	struct read **at = &read->reads->all;

	while (*at != NULL && *at != read)
		at = &(*at)->next;
	if (*at == read)
		*at = read->next;
	job_free(&read->job);
	wipe(read, sizeof(*read));
	free(read);
}

/* The oldest that is gone, else the oldest that has ended. */
static struct read *
read_to_drop(struct reads *reads, const struct session *session)
{
	struct read *gone = NULL, *ended = NULL;

	for (struct read *r = reads->all; r != NULL; r = r->next) {
		if (r->session != session || !state_is_final(r->state))
			continue;
		ended = r;
		if (r->gone)
			gone = r;
	}
	return gone != NULL ? gone : ended;
}

static void
reads_make_room(struct reads *reads, const struct session *session)
{
	struct read *oldest;
	unsigned n = 0;

	for (struct read *r = reads->all; r != NULL; r = r->next)
		n += r->session == session;
	if (n >= READS_KEPT_MAX &&
	    (oldest = read_to_drop(reads, session)) != NULL)
		read_drop(oldest);
}

/* A window may be needed. */
static bool
wish_asks(const struct reads_wish *wish)
{
	uint32_t silent = KIND_BIT(KIND_CARD_INFO);

	switch (wish->wish->which) {
	case KENMEN_CERT_AUTH: /* a yes, or the PIN where a token wants it */
	case KENMEN_CERT_SIGN: /* its password */
		break;
	case KENMEN_CERT_AUTH_CA:
	case KENMEN_CERT_SIGN_CA:
		silent |= KIND_BIT(KIND_CERTIFICATE);
		break;
	case KENMEN_CERT_N:
		break;
	}
	return (wish->kinds & ~silent) != 0;
}

/* Its job, or the end it has come to before it began. */
static int
read_begin(struct read *read, const struct reads_wish *wish, const char *reader,
    uint64_t now)
{
	struct jobs *jobs = read->reads->jobs;
	uid_t uid = read->session->uid;
	bool asks = wish_asks(wish);
	struct wire_request request;

	if (reader == NULL) {
		read_fail(read, CODE_NO_READER, now);
		return 0;
	}
	/* The card is that of whoever sits here, asked or not. */
	if (!asks && !jobs_user_is_here(jobs, uid)) {
		read_fail(read, CODE_PROMPT_UNAVAILABLE, now);
		return 0;
	}
	strcpy(read->reader, reader);
	request_fill(read->reads, wish, reader, &request);
	return job_start(jobs, &request, asks ? uid : JOB_NOBODY,
	    read_job_changed, read, &read->job);
}

int
reads_start(struct reads *reads, const struct reads_wish *wish, uint64_t now,
    struct read **ret, unsigned *ret_wait)
{
	const struct session *session = wish->session;
	const char *reader = "";
	struct read *read, *other;
	unsigned wait;
	int r;

	if (wish->reader != NULL)
		reader = reader_name(&reads->readers, wish->reader);
	if ((other = read_in_the_way(reads, reader)) != NULL) {
		*ret = other;
		return -EBUSY;
	}
	/* Reading without a window bothers nobody. */
	if (wish_asks(wish) && (wait = limits_wait(reads->limits, session->uid,
				    origin_of(session), now)) > 0) {
		*ret_wait = wait;
		return -EAGAIN;
	}
	if ((r = read_new(reads, wish, now, &read)) < 0)
		return r;
	if ((r = read_begin(read, wish, reader, now)) < 0) {
		read_drop(read);
		/* The kernel's EAGAIN (too many processes) is none of ours. */
		return r == -EAGAIN || r == -EBUSY ? -EIO : r;
	}
	reads_make_room(reads, session);
	read->next = reads->all;
	reads->all = read;
	*ret = read;
	return 0;
}

/* ---- what a page does with it ---------------------------------------- */

struct read *
reads_find(struct reads *reads, const struct session *session, const char *id)
{
	for (struct read *r = reads->all; r != NULL; r = r->next)
		if (r->session == session && strcmp(r->id, id) == 0)
			return r;
	return NULL;
}

struct read *
reads_after(
    struct reads *reads, const struct session *session, const struct read *read)
{
	struct read *found = NULL;

	/* The list is newest first: the last one before it is the next. */
	for (struct read *r = reads->all; r != NULL && r != read; r = r->next)
		if (r->session == session)
			found = r;
	return found;
}

void
read_seen(struct read *read, uint64_t now)
{
	read->seen_us = now;
}

static void
read_go(struct read *read)
{
	job_free(&read->job);
	read->gone = true;
}

void
read_fetched(struct read *read)
{
	if (read->state == STATE_DONE &&
	    (read->kinds & KIND_BIT(KIND_MY_NUMBER)))
		read_go(read);
}

void
read_delete(struct read *read, uint64_t now)
{
	if (state_is_final(read->state)) {
		read_go(read);
		return;
	}
	job_end(read->job, CODE_NONE);
	read_enter(read, STATE_CANCELLED, now);
	read_changed(read);
}

bool
reads_hold_card(struct reads *reads, const struct session *session)
{
	for (struct read *r = reads->all; r != NULL; r = r->next)
		if (r->session == session &&
		    (r->state == STATE_WAITING_FOR_CONSENT ||
			r->state == STATE_WAITING_FOR_PIN ||
			r->state == STATE_READING))
			return true;
	return false;
}

void
reads_stream_closed(
    struct reads *reads, const struct session *session, uint64_t now)
{
	for (struct read *r = reads->all; r != NULL; r = r->next)
		if (r->session == session)
			read_seen(r, now);
}

void
reads_session_end(
    struct reads *reads, const struct session *session, uint64_t now)
{
	struct read *next;

	for (struct read *r = reads->all; r != NULL; r = next) {
		next = r->next;
		if (r->session != session)
			continue;
		if (!state_is_final(r->state)) {
			job_end(r->job, CODE_NONE);
			read_enter(r, STATE_CANCELLED, now);
		}
		read_drop(r);
	}
}

unsigned
reads_of_n(const struct reads *reads, const struct session *session)
{
	unsigned n = 0;

	for (const struct read *r = reads->all; r != NULL; r = r->next)
		n += !state_is_final(r->state) &&
		     (session == NULL || r->session == session);
	return n;
}

uint64_t
reads_limited_until(const struct reads *reads, uint64_t now)
{
	return limits_until(reads->limits, now);
}

/* ---- time ------------------------------------------------------------ */

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* When nobody will have asked for it for too long; 0: somebody does, or no
 * person is waited for. */
static uint64_t
read_page_gone_at(const struct read *read)
{
	uint64_t since = read->waiting_us;

	if (since == 0 || read->polls > 0 || read->session->streams > 0)
		return 0;
	if (read->seen_us > since)
		since = read->seen_us;
	return since + read->grace_s * SECOND_US;
}

static uint64_t
read_next(const struct read *read)
{
	uint64_t next = read_page_gone_at(read);

	if (state_is_final(read->state))
		return read->gone ? 0 : read->ended_us + KEPT_US;
	if (read->progress_held)
		next = sooner(next, read->progress_us + PROGRESS_US);
	return next;
}

uint64_t
reads_next(const struct reads *reads)
{
	uint64_t next = 0;

	for (const struct read *r = reads->all; r != NULL; r = r->next)
		next = sooner(next, read_next(r));
	return next;
}

static void
read_tick(struct read *read, uint64_t now)
{
	uint64_t page_gone = read_page_gone_at(read);

	if (state_is_final(read->state)) {
		read_go(read);
	} else if (page_gone != 0 && now >= page_gone) {
		read_fail(read, CODE_PAGE_GONE, now);
		read_changed(read);
	} else {
		read_show_progress(read, now);
	}
}

void
reads_tick(struct reads *reads, uint64_t now)
{
	for (struct read *r = reads->all; r != NULL; r = r->next) {
		uint64_t due = read_next(r);
		if (due != 0 && now >= due)
			read_tick(r, now);
	}
}
