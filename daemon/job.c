#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents.h"
#include "log.h"
#include "pack.h"
#include "spawn.h"
#include "wipe.h"

/*
 * A runner keeps its own deadlines. One that is stopped, or stuck where its
 * watchdog cannot reach, is ended by the door this much later.
 */
#define GRACE_US (3 * 1000000u)
/* A runner that has not said its first word by then never will. */
#define START_US (10 * 1000000u)

struct jobs {
	sd_event *loop;
	struct jobs_config config;
	bool landlock_missed;
	unsigned known_n, known_next;
	struct wire_known known[KENMEN_READERS_MAX];
	struct kenmen_issuers issuers;
	uint8_t buf[PACK_MAX]; /* one message at a time, wiped after it */
};

/* One message tells both. */
#define KINDS_OF_TEXT (KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER))

struct run {
	struct job job; /* first: a struct job of ours is a struct run */
	struct jobs *jobs;
	job_changed *changed;
	void *arg;
	enum wire_errand errand;
	uint32_t kinds;
	int wire; /* -1: closed */
	sd_event_source *readable;
	sd_event_source *deadline;
	struct child *runner, *voice;
	struct agents_call *call; /* of a desktop's voice */
	bool *freed; /* set when job_free is called from inside changed */
};

static struct run *
run_of(struct job *job)
{
	return (struct run *)job;
}

int
jobs_new(sd_event *loop, const struct jobs_config *config, struct jobs **ret)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return -ENOMEM;
	jobs->loop = sd_event_ref(loop);
	jobs->config = *config;
	*ret = jobs;
	return 0;
}

void
jobs_free(struct jobs **jobs)
{
	if (!*jobs)
		return;
	child_kill_all();
	sd_event_unref((*jobs)->loop);
	free(*jobs);
	*jobs = NULL;
}

bool
jobs_voice_ready(const struct jobs *jobs, uid_t uid)
{
	if (jobs->config.agents)
		return agents_ready(jobs->config.agents, uid);
	return access(jobs->config.pinentry, X_OK) == 0;
}

bool
jobs_user_is_here(const struct jobs *jobs, uid_t uid)
{
	return !jobs->config.agents ||
	       agents_user_is_here(jobs->config.agents, uid);
}

static uint64_t
jobs_now(const struct jobs *jobs)
{
	return jobs->config.now(jobs->config.now_arg);
}

/* A reader's entry is replaced; past the table's end the oldest is. */
static void
jobs_learn(struct jobs *jobs, const struct wire_known *known)
{
	unsigned i;

	for (i = 0; i < jobs->known_n; i++)
		if (strcmp(jobs->known[i].reader, known->reader) == 0)
			break;
	if (i == jobs->known_n && i == KENMEN_READERS_MAX)
		i = jobs->known_next++ % KENMEN_READERS_MAX;
	else if (i == jobs->known_n)
		jobs->known_n++;
	jobs->known[i] = *known;
}

/* The newest goes first; past the table's end the oldest is dropped. */
static void
jobs_learn_issuer(struct jobs *jobs, const struct kenmen_issuer *issuer)
{
	struct kenmen_issuers *all = &jobs->issuers;

	for (unsigned i = 0; i < all->n; i++)
		if (memcmp(&all->known[i], issuer, sizeof(*issuer)) == 0)
			return;
	if (all->n < KENMEN_ISSUERS_MAX)
		all->n++;
	memmove(all->known + 1, all->known, (all->n - 1) * sizeof(*issuer));
	all->known[0] = *issuer;
}

/* A matter of the kernel, not of a read: said once. */
static void
jobs_miss_landlock(struct jobs *jobs)
{
	if (!jobs->landlock_missed)
		log_warning("job: this kernel has no Landlock: runners are "
			    "confined by their system call filter alone");
	jobs->landlock_missed = true;
}

/* No process, no timer, no wire: what a final state means for the machine. */
static void
run_stop(struct run *run)
{
	/* The runner first: the voice takes its window away when it goes. */
	child_kill(&run->runner);
	child_kill(&run->voice);
	agents_call_free(&run->call);
	run->readable = sd_event_source_disable_unref(run->readable);
	run->deadline = sd_event_source_disable_unref(run->deadline);
	if (run->wire >= 0)
		close(run->wire);
	run->wire = -1;
}

static int run_overdue(sd_event_source *source, uint64_t us, void *arg);

static void
run_set_deadline(struct run *run, uint64_t deadline_us)
{
	run->deadline = sd_event_source_disable_unref(run->deadline);
	if (sd_event_add_time(run->jobs->loop, &run->deadline, CLOCK_BOOTTIME,
		deadline_us, 0, run_overdue, run) < 0)
		log_error("job: no timer: a stuck runner will not be ended");
}

/* The one place where a state is entered. */
static void
run_enter(struct run *run, enum read_state state, uint32_t deadline_ms)
{
	uint64_t now = jobs_now(run->jobs);

	run->job.state = state;
	run->job.deadline_us = deadline_ms ? now + deadline_ms * 1000ull : 0;
	run->job.progress_done = run->job.progress_total = 0;
	switch (state) {
	case STATE_STARTING:
		run_set_deadline(run, now + START_US);
		break;
	case STATE_WAITING_FOR_READER:
	case STATE_WAITING_FOR_CARD:
	case STATE_WAITING_FOR_CONSENT:
	case STATE_WAITING_FOR_PIN:
	case STATE_READING:
		run_set_deadline(run, now + deadline_ms * 1000ull + GRACE_US);
		break;
	case STATE_FAILED:
	case STATE_CANCELLED:
		job_wipe(&run->job);
		run_stop(run);
		break;
	case STATE_DONE:
		run_stop(run);
		break;
	case STATE_N:
		break;
	}
}

static void
run_fail(struct run *run, const struct wire_failed *failed)
{
	run->job.failed = *failed;
	run->job.asks = false;
	run_enter(run, STATE_FAILED, 0);
}

static void
run_fail_code(struct run *run, enum read_code code)
{
	struct wire_failed failed = {
		.code = code, .tries_left = -1, .pin = -1
	};

	run_fail(run, &failed);
}

/* False: the owner freed the job meanwhile. */
static bool
run_tell(struct run *run, enum job_change change, enum wire_event event)
{
	bool freed = false;

	run->freed = &freed;
	run->changed(run->arg, &run->job, change, event);
	if (freed)
		return false;
	run->freed = NULL;
	return true;
}

static int
run_overdue(sd_event_source *source, uint64_t us, void *arg)
{
	struct run *run = arg;
	enum read_state state = run->job.state;

	(void)source;
	(void)us;
	log_warning("job: a runner did not keep its deadline and was ended");
	run_fail_code(run,
	    state == STATE_WAITING_FOR_PIN || state == STATE_WAITING_FOR_CONSENT
		? CODE_PROMPT_TIMEOUT
		: CODE_TIMEOUT);
	run_tell(run, JOB_CHANGED_STATE, 0);
	return 0;
}

/* ---- what the runner says -------------------------------------------- */

/* Each returns false when the runner may not say that. */

static bool
said_state(struct run *run, const struct wire_state *state)
{
	if (state_is_final(state->state) || run->errand != ERRAND_READ)
		return false;
	run->job.asks = state->asks;
	run->job.pin = state->pin;
	run->job.tries_left = state->tries_left;
	run->job.step = state->step;
	run->job.steps = state->steps;
	/* A window that opens while its desktop is not on the screen. */
	if (state->asks && run->call && agents_call_is_away(run->call))
		run_fail_code(run, CODE_PROMPT_UNAVAILABLE);
	else
		run_enter(run, state->state, state->deadline_ms);
	return true;
}

/* Results that were asked for, each once. */
static bool
said_result(struct run *run, uint32_t kinds)
{
	if (!kinds || (kinds & ~run->kinds) || (kinds & run->job.results))
		return false;
	run->job.results |= kinds;
	return true;
}

static bool
said_text(struct run *run, const struct kenmen_text *text)
{
	run->job.text = *text;
	return said_result(run, run->kinds & KINDS_OF_TEXT);
}

static bool
said_certificate(struct run *run, const struct wire_certificate *certificate)
{
	if (certificate->kind == KIND_SIGN)
		run->job.sign = *certificate;
	else
		run->job.certificate = *certificate;
	return said_result(run, KIND_BIT(certificate->kind));
}

/* Whose each file is. */
static const enum read_kind blob_kinds[BLOB_N] = {
	[BLOB_NAME_PNG] = KIND_FACE,
	[BLOB_ADDRESS_PNG] = KIND_FACE,
	[BLOB_PHOTO_JP2] = KIND_FACE,
	[BLOB_PHOTO_PNG] = KIND_FACE,
	[BLOB_RECORD] = KIND_FACE,
	[BLOB_ISSUER_CERTIFICATE] = KIND_FACE,
	[BLOB_EVIDENCE_JWS] = KIND_FACE,
	[BLOB_CERTIFICATE] = KIND_CERTIFICATE,
	[BLOB_SIGN_CERTIFICATE] = KIND_SIGN,
	[BLOB_SIGNATURES] = KIND_SIGN,
	[BLOB_LOGIN_JWS] = KIND_AUTHENTICATE,
};

/*
 * Appends a piece. The old block is wiped, which realloc would not do. A piece
 * that is not full is the last: a file in single bytes would be copied millions
 * of times.
 */
static bool
said_blob(
    struct run *run, enum wire_blob which, const uint8_t *bytes, uint32_t len)
{
	struct kenmen_blob *blob = &run->job.blobs[which];
	uint8_t *grown;

	if (!(run->kinds & KIND_BIT(blob_kinds[which])) || !len ||
	    blob->len % BLOB_PIECE_MAX != 0 || len > BLOB_MAX - blob->len ||
	    !(grown = malloc(blob->len + len)))
		return false;
	if (blob->len)
		memcpy(grown, blob->bytes, blob->len);
	memcpy(grown + blob->len, bytes, len);
	wipe_free(blob->bytes, blob->len);
	blob->bytes = grown;
	blob->len += len;
	if (which == BLOB_LOGIN_JWS)
		run->job.results |= KIND_BIT(KIND_AUTHENTICATE);
	return true;
}

static bool
said_readers(struct run *run, unsigned n, const struct wire_reader *readers)
{
	if (run->errand == ERRAND_READ)
		return false;
	run->job.readers_known = true;
	run->job.readers_n = n;
	memcpy(run->job.readers, readers, n * sizeof(readers[0]));
	/* A watching runner stays for as long as it is listened to. */
	if (run->errand == ERRAND_WATCH)
		run->deadline = sd_event_source_disable_unref(run->deadline);
	return true;
}

static bool
said_issuer(struct run *run, const struct kenmen_issuer *issuer)
{
	uint32_t kinds = issuer->visual ? KIND_BIT(KIND_FACE) : KINDS_OF_TEXT;

	if (run->errand != ERRAND_READ || !(run->kinds & kinds))
		return false;
	jobs_learn_issuer(run->jobs, issuer);
	return true;
}

static bool
said_done(struct run *run)
{
	if (run->job.results != run->kinds)
		return false;
	run_enter(run, STATE_DONE, 0);
	return true;
}

static bool
said_failed(struct run *run, const struct wire_failed *failed)
{
	if (failed->code == CODE_NONE)
		return false;
	run_fail(run, failed);
	return true;
}

/* What the owner is told of each message; -1: nothing. */
static int
run_hear(struct run *run, const struct wire_message *message)
{
	switch (message->type) {
	case WIRE_STATE:
		return said_state(run, &message->state) ? JOB_CHANGED_STATE
							: -EPROTO;
	case WIRE_PROGRESS:
		run->job.progress_done = message->progress.done;
		run->job.progress_total = message->progress.total;
		return JOB_CHANGED_PROGRESS;
	case WIRE_EVENT:
		if (message->event != EVENT_NO_LANDLOCK)
			return JOB_CHANGED_EVENT;
		jobs_miss_landlock(run->jobs);
		return -EAGAIN;
	case WIRE_KNOWN:
		jobs_learn(run->jobs, &message->known);
		return -EAGAIN;
	case WIRE_ISSUER:
		return said_issuer(run, &message->issuer) ? -EAGAIN : -EPROTO;
	case WIRE_CARD_INFO:
		run->job.card_info = message->card_info;
		return said_result(run, KIND_BIT(KIND_CARD_INFO)) ? -EAGAIN
								  : -EPROTO;
	case WIRE_TEXT:
		return said_text(run, &message->text) ? -EAGAIN : -EPROTO;
	case WIRE_FACE:
		run->job.face = message->face;
		return said_result(run, KIND_BIT(KIND_FACE)) ? -EAGAIN
							     : -EPROTO;
	case WIRE_CERTIFICATE:
		return said_certificate(run, &message->certificate) ? -EAGAIN
								    : -EPROTO;
	case WIRE_BLOB:
		return said_blob(run, message->blob.which, message->blob.bytes,
			   message->blob.len)
			   ? -EAGAIN
			   : -EPROTO;
	case WIRE_READERS:
		return said_readers(
			   run, message->readers.n, message->readers.reader)
			   ? JOB_CHANGED_READERS
			   : -EPROTO;
	case WIRE_DONE:
		return said_done(run) ? JOB_CHANGED_STATE : -EPROTO;
	case WIRE_FAILED:
		return said_failed(run, &message->failed) ? JOB_CHANGED_STATE
							  : -EPROTO;
	case WIRE_N:
		break;
	}
	return -EPROTO;
}

/* One message off the wire; false when there is no more to do now. */
static bool
run_receive(struct run *run)
{
	struct jobs *jobs = run->jobs;
	struct wire_message message;
	enum wire_event event;
	ssize_t n;
	int change;

	n = recv(
	    run->wire, jobs->buf, sizeof(jobs->buf), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		log_error("job: a runner died in the middle of its errand");
		run_fail_code(run, CODE_INTERNAL);
		run_tell(run, JOB_CHANGED_STATE, 0);
		return false;
	}
	change = -EPROTO;
	if ((size_t)n <= sizeof(jobs->buf) &&
	    wire_message_decode(jobs->buf, (size_t)n, &message))
		change = run_hear(run, &message);
	event = message.type == WIRE_EVENT ? message.event : 0;
	wipe(jobs->buf, (size_t)n <= sizeof(jobs->buf) ? (size_t)n : PACK_MAX);
	wipe(&message, sizeof(message));
	if (change == -EAGAIN)
		return true;
	if (change < 0) {
		log_error("job: a runner said what it may not and was ended");
		run_fail_code(run, CODE_INTERNAL);
		change = JOB_CHANGED_STATE;
	}
	return run_tell(run, (enum job_change)change, event) && run->wire >= 0;
}

static int
run_readable(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	while (run_receive(arg))
		;
	return 0;
}

/* ---- starting and ending --------------------------------------------- */

static int
pair_new(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0
		   ? -errno
		   : 0;
}

static void
close_both(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	pair[0] = pair[1] = -1;
}

static void
voice_news(void *arg, enum agents_news news)
{
	struct run *run = arg;

	/* Without a window nothing of it can be seen or lost. */
	if (news == AGENTS_AWAY && !run->job.asks)
		return;
	if (news == AGENTS_AWAY)
		log_info("a window was taken away: the screen was locked, or "
			 "shows another user");
	run_fail_code(run, CODE_PROMPT_UNAVAILABLE);
	run_tell(run, JOB_CHANGED_STATE, 0);
}

static int
voice_start(struct run *run, int fd, uid_t asked)
{
	const struct jobs_config *config = &run->jobs->config;
	char *argv[] = { (char *)config->voice, "--once", "--pinentry",
		(char *)config->pinentry, config->tty[0] ? "--tty" : NULL,
		(char *)config->tty, NULL };

	if (config->agents)
		return agents_call_new(
		    config->agents, asked, fd, voice_news, run, &run->call);
	return child_start(run->jobs->loop, argv, &fd, 1, &run->voice) ? 0
								       : -errno;
}

/* The runner holds one end of each pair, the voice the other of the second.
 * Where there is no voice the runner finds its end closed. */
static int
helpers_start(struct run *run, int wire, uid_t asked)
{
	char *argv[] = { (char *)run->jobs->config.runner, NULL };
	int voice[2] = { -1, -1 }, r;
	int fds[2];

	if ((r = pair_new(voice)) < 0)
		return r;
	if (asked != JOB_NOBODY && (r = voice_start(run, voice[1], asked)) < 0)
		goto out;
	fds[WIRE_FD - 3] = wire;
	fds[PROMPT_FD - 3] = voice[0];
	if (!child_start(run->jobs->loop, argv, fds, 2, &run->runner))
		r = -errno;
out:
	close_both(voice);
	return r;
}

static int
request_send(struct run *run, const struct wire_request *request)
{
	struct jobs *jobs = run->jobs;
	struct wire_request full = *request;
	int len;

	full.known_n = jobs->known_n;
	memcpy(full.known, jobs->known, sizeof(full.known));
	full.issuers = jobs->issuers;
	len = wire_request_encode(&full, jobs->buf, sizeof(jobs->buf));
	if (len < 0)
		return -EMSGSIZE;
	if (send(run->wire, jobs->buf, (size_t)len, MSG_NOSIGNAL) != len)
		return -errno;
	return 0;
}

int
job_start(struct jobs *jobs, const struct wire_request *request, uid_t asked,
    job_changed *changed, void *arg, struct job **ret)
{
	struct run *run = calloc(1, sizeof(*run));
	int pair[2] = { -1, -1 }, r;

	if (!run)
		return -ENOMEM;
	*run = (struct run){ .jobs = jobs,
		.changed = changed,
		.arg = arg,
		.errand = request->errand,
		.kinds = request->kinds,
		.wire = -1,
		.job = { .pin = -1 } };
	if ((r = pair_new(pair)) < 0 ||
	    (r = helpers_start(run, pair[1], asked)) < 0)
		goto out;
	run->wire = pair[0];
	pair[0] = -1;
	if ((r = request_send(run, request)) < 0 ||
	    (r = sd_event_add_io(jobs->loop, &run->readable, run->wire, EPOLLIN,
		 run_readable, run)) < 0)
		goto out;
	run_enter(run, STATE_STARTING, 0);
	*ret = &run->job;
	r = 0;
out:
	close_both(pair);
	if (r < 0) {
		run_stop(run);
		free(run);
	}
	return r;
}

void
job_end(struct job *job, enum read_code code)
{
	if (state_is_final(job->state))
		return;
	if (code != CODE_NONE) {
		run_fail_code(run_of(job), code);
		return;
	}
	job->asks = false;
	run_enter(run_of(job), STATE_CANCELLED, 0);
}

void
job_wipe(struct job *job)
{
	wipe(&job->card_info, sizeof(job->card_info));
	wipe(&job->text, sizeof(job->text));
	wipe(&job->face, sizeof(job->face));
	wipe(&job->certificate, sizeof(job->certificate));
	wipe(&job->sign, sizeof(job->sign));
	for (int i = 0; i < BLOB_N; i++) {
		wipe_free(job->blobs[i].bytes, job->blobs[i].len);
		job->blobs[i] = (struct kenmen_blob){ NULL, 0 };
	}
	job->results = 0;
}

void
job_free(struct job **job)
{
	struct run *run;

	if (!*job)
		return;
	run = run_of(*job);
	if (run->freed)
		*run->freed = true;
	run_stop(run);
	job_wipe(&run->job);
	wipe_free(run, sizeof(*run));
	*job = NULL;
}
