/*
 * One read's life outside the door: spawns its runner and its voice, or calls
 * the voice of a desktop, takes states and results off the wire, keeps the
 * deadlines a blocked runner cannot keep itself, kills and reaps.
 *
 * Knows no HTTP, no session, no JSON. A job is owned by whoever started it
 * and is freed by job_free, running or not.
 */
#ifndef JOB_H
#define JOB_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "wire.h"

struct jobs_config {
	const char *runner; /* path of kenmen-read */
	/* mode = agent: where voices come from. NULL: each read has one of
	 * its own, started from what follows. */
	struct agents *agents;
	const char *voice; /* path of kenmen-prompt */
	const char *pinentry;
	const char *tty; /* "" where there is none */
	/* The loop's clock, CLOCK_BOOTTIME in microseconds. */
	uint64_t (*now)(void *arg);
	void *now_arg;
};

struct jobs; /* what is common to all: the loop, the paths, reader knowledge */

/* What a job has come to. Read it in changed(); it lives until job_free. */
struct job {
	enum read_state state;
	uint64_t deadline_us; /* of this state, in the loop's clock; 0: none */
	bool asks;            /* a window is meant; pin .. steps are valid */
	int pin;              /* enum kenmen_pin, or -1: a yes is asked */
	unsigned tries_left, step, steps;
	uint32_t progress_done, progress_total; /* 0, 0: none */
	struct wire_failed failed;              /* STATE_FAILED */
	/* STATE_DONE: which results are here (bits of enum read_kind). */
	uint32_t results;
	struct kenmen_card_info card_info;
	struct kenmen_text text;             /* attributes, my_number */
	struct wire_face face;               /* its files in blobs */
	struct wire_certificate certificate; /* kind certificate */
	struct wire_certificate sign;        /* kind sign: the signing one */
	struct kenmen_blob blobs[BLOB_N];
	bool readers_known;
	unsigned readers_n; /* errands READERS and WATCH */
	struct wire_reader readers[KENMEN_READERS_MAX];
};

enum job_change {
	JOB_CHANGED_STATE, /* state, deadline, asks ... */
	JOB_CHANGED_PROGRESS,
	JOB_CHANGED_READERS,
	JOB_CHANGED_EVENT, /* event is valid; nothing visible changed */
};

/*
 * Tells the owner; event only with JOB_CHANGED_EVENT. The owner may call
 * job_free inside it. A final state is told exactly once, and nothing after.
 */
typedef void job_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event);

int jobs_new(
    sd_event *loop, const struct jobs_config *config, struct jobs **ret);
/* All jobs must have been freed. */
void jobs_free(struct jobs **jobs);
/* A window for this user can be shown, as far as is known without trying. */
bool jobs_voice_ready(const struct jobs *jobs, uid_t uid);
/* This user is before this computer, and may have its cards read even where
 * nobody has to be asked. */
bool jobs_user_is_here(const struct jobs *jobs, uid_t uid);

/* Whom a read asks that asks nobody. */
#define JOB_NOBODY ((uid_t)-1)

/*
 * Starts a runner. request is copied; what is known of readers and issuers
 * is filled in here. asked: who is asked in a window, for which a voice is
 * made ready, or JOB_NOBODY. A read whose window cannot be shown, or would be
 * seen by nobody or by somebody else, fails with CODE_PROMPT_UNAVAILABLE.
 * Returns 0 or a negative errno; changed is never called from inside.
 */
int job_start(struct jobs *jobs, const struct wire_request *request,
    uid_t asked, job_changed *changed, void *arg, struct job **ret);
/*
 * Kills the runner and takes the window away; enters STATE_CANCELLED, or
 * STATE_FAILED with code when it is not CODE_NONE. Does not call changed.
 * Nothing happens in a final state.
 */
void job_end(struct job *job, enum read_code code);
/* Overwrites the results. */
void job_wipe(struct job *job);
/* Kills what runs, wipes, frees, sets NULL; accepts a pointer to NULL. */
void job_free(struct job **job);

#endif
