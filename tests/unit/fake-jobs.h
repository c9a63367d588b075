/*
 * job.h without processes: what a runner would say, the test says. Include it
 * once; the real job.c is then not linked.
 */
#ifndef FAKE_JOBS_H
#define FAKE_JOBS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

struct fake_job {
	struct job job; /* first */
	struct fake_job *next;
	struct wire_request request;
	bool asks;
	job_changed *changed;
	void *arg;
};

static struct {
	struct fake_job *alive; /* newest first */
	unsigned started, freed, killed, wiped;
	int refuse; /* what the next job_start returns */
	bool voice;
	uid_t elsewhere; /* a user who is not here */
} fake_jobs = { .voice = true, .elsewhere = JOB_NOBODY };

bool
jobs_voice_ready(const struct jobs *jobs, uid_t uid)
{
	(void)jobs;
	(void)uid;
	return fake_jobs.voice;
}

bool
jobs_user_is_here(const struct jobs *jobs, uid_t uid)
{
	(void)jobs;
	return uid != fake_jobs.elsewhere;
}

int
job_start(struct jobs *jobs, const struct wire_request *request, uid_t asked,
    job_changed *changed, void *arg, struct job **ret)
{
	struct fake_job *fake;

	(void)jobs;
	if (fake_jobs.refuse != 0)
		return fake_jobs.refuse;
	if ((fake = calloc(1, sizeof(*fake))) == NULL)
		return -ENOMEM;
	fake->request = *request;
	fake->asks = asked != JOB_NOBODY;
	fake->changed = changed;
	fake->arg = arg;
	fake->job.pin = -1;
	fake->next = fake_jobs.alive;
	fake_jobs.alive = fake;
	fake_jobs.started++;
	*ret = &fake->job;
	return 0;
}

void
job_wipe(struct job *job)
{
	memset(&job->card_info, 0, sizeof(job->card_info));
	memset(&job->text, 0, sizeof(job->text));
	memset(&job->face, 0, sizeof(job->face));
	memset(&job->certificate, 0, sizeof(job->certificate));
	memset(&job->sign, 0, sizeof(job->sign));
	for (int i = 0; i < BLOB_N; i++) {
		free(job->blobs[i].bytes);
		job->blobs[i] = (struct kenmen_blob){ NULL, 0 };
	}
	job->results = 0;
	fake_jobs.wiped++;
}

void
job_end(struct job *job, enum read_code code)
{
	if (state_is_final(job->state))
		return;
	job->state = code == CODE_NONE ? STATE_CANCELLED : STATE_FAILED;
	job->failed =
	    (struct wire_failed){ .code = code, .tries_left = -1, .pin = -1 };
	job->asks = false;
	job->deadline_us = 0;
	fake_jobs.killed++;
	job_wipe(job);
}

void
job_free(struct job **job)
{
	struct fake_job **at = &fake_jobs.alive;

	if (*job == NULL)
		return;
	while (&(*at)->job != *job)
		at = &(*at)->next;
	struct fake_job *fake = *at;
	*at = fake->next;
	job_wipe(&fake->job);
	free(fake);
	fake_jobs.freed++;
	*job = NULL;
}

/* ---- what a runner says, through job.c ------------------------------- */

static inline struct fake_job *
fake_last(void)
{
	return fake_jobs.alive;
}

/* The newest job with this errand, or NULL. */
static inline struct fake_job *
fake_of(enum wire_errand errand)
{
	struct fake_job *fake = fake_jobs.alive;

	while (fake != NULL && fake->request.errand != errand)
		fake = fake->next;
	return fake;
}

static inline void
fake_tell(struct fake_job *fake, enum job_change change, enum wire_event event)
{
	fake->changed(fake->arg, &fake->job, change, event);
}

static inline void
fake_state(struct fake_job *fake, enum read_state state, uint64_t deadline_us)
{
	fake->job.state = state;
	fake->job.deadline_us = deadline_us;
	fake->job.asks = false;
	fake->job.pin = -1;
	fake_tell(fake, JOB_CHANGED_STATE, 0);
}

/* pin -1: a yes is asked. */
static inline void
fake_prompt(struct fake_job *fake, int pin, unsigned tries)
{
	fake->job.state =
	    pin < 0 ? STATE_WAITING_FOR_CONSENT : STATE_WAITING_FOR_PIN;
	fake->job.deadline_us = 0;
	fake->job.asks = true;
	fake->job.pin = pin;
	fake->job.tries_left = tries;
	fake->job.step = fake->job.steps = 1;
	fake_tell(fake, JOB_CHANGED_STATE, 0);
}

static inline void
fake_event(struct fake_job *fake, enum wire_event event)
{
	fake_tell(fake, JOB_CHANGED_EVENT, event);
}

static inline void
fake_progress(struct fake_job *fake, uint32_t done, uint32_t total)
{
	fake->job.progress_done = done;
	fake->job.progress_total = total;
	fake_tell(fake, JOB_CHANGED_PROGRESS, 0);
}

static inline void
fake_fail(struct fake_job *fake, enum read_code code, int tries, int pin)
{
	fake->job.failed = (struct wire_failed){
		.code = code, .tries_left = tries, .pin = pin
	};
	fake_state(fake, STATE_FAILED, 0);
}

static inline void
fake_done(struct fake_job *fake)
{
	fake->job.results = fake->request.kinds;
	fake_state(fake, STATE_DONE, 0);
}

/* A file of a result. */
static inline void
fake_blob(
    struct fake_job *fake, enum wire_blob which, const void *bytes, size_t len)
{
	struct kenmen_blob *blob = &fake->job.blobs[which];

	free(blob->bytes);
	blob->bytes = malloc(len > 0 ? len : 1);
	memcpy(blob->bytes, bytes, len);
	blob->len = len;
}

struct fake_reader {
	const char *name;
	bool present, pinpad;
};

static inline void
fake_readers(
    struct fake_job *fake, const struct fake_reader *readers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		strcpy(fake->job.readers[i].name, readers[i].name);
		fake->job.readers[i].present = readers[i].present;
		fake->job.readers[i].pinpad = readers[i].pinpad;
	}
	fake->job.readers_n = n;
	fake->job.readers_known = true;
	fake_tell(fake, JOB_CHANGED_READERS, 0);
}

#endif
