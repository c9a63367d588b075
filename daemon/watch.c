#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_US UINT64_C(5000000) /* until a watcher that was lost is back */

struct watch {
	const struct config *config;
	struct jobs *jobs;
	struct watch_owner owner;
	struct job *lister, *watcher;
	uint64_t again_us; /* no watcher before */
	bool known;        /* readers are what the watcher said last */
	unsigned n;
	struct wire_reader readers[KENMEN_READERS_MAX];
};

int
watch_new(const struct config *config, struct jobs *jobs,
    const struct watch_owner *owner, struct watch **ret)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return -ENOMEM;
	watch->config = config;
	watch->jobs = jobs;
	watch->owner = *owner;
	*ret = watch;
	return 0;
}

void
watch_free(struct watch **watch)
{
	if (*watch == NULL)
		return;
	job_free(&(*watch)->lister);
	job_free(&(*watch)->watcher);
	free(*watch);
	*watch = NULL;
}

static int
errand_start(struct watch *watch, enum wire_errand errand, job_changed *changed,
    struct job **ret)
{
	struct wire_request request = { .errand = errand };

	request.ignore_n = watch->config->ignore_n;
	memcpy(request.ignore, watch->config->ignore, sizeof(request.ignore));
	return job_start(
	    watch->jobs, &request, JOB_NOBODY, changed, watch, ret);
}

/* ---- the list -------------------------------------------------------- */

/* The job is done with before its owner is told: a list that is wanted from
 * inside is a new one. */
static void
lister_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct watch *watch = arg;
	enum read_code code = CODE_NONE;

	(void)change;
	(void)event;
	if (!job->readers_known && !state_is_final(job->state))
		return;
	if (!job->readers_known)
		code = job->failed.code != CODE_NONE ? job->failed.code
						     : CODE_INTERNAL;
	watch->lister = NULL;
	watch->owner.listed(
	    watch->owner.arg, code, job->readers, job->readers_n);
	job_free(&job);
}

static void
list_settle(struct watch *watch, bool wanted)
{
	if (!wanted)
		job_free(&watch->lister);
	else if (watch->lister == NULL &&
		 errand_start(
		     watch, ERRAND_READERS, lister_changed, &watch->lister) < 0)
		watch->owner.listed(watch->owner.arg, CODE_INTERNAL, NULL, 0);
}

/* ---- the watch ------------------------------------------------------- */

static void
readers_take(struct watch *watch, const struct wire_reader *readers, unsigned n)
{
	struct wire_reader was[KENMEN_READERS_MAX];
	unsigned was_n = watch->n;

	memcpy(was, watch->readers, sizeof(was));
	if (n > 0)
		memcpy(watch->readers, readers, n * sizeof(readers[0]));
	watch->n = n;
	watch->known = true;
	watch->owner.moved(watch->owner.arg, was, was_n);
}

/* Without a watcher there are no readers, as far as anybody is told. */
static void
watcher_lost(struct watch *watch, uint64_t now)
{
	job_free(&watch->watcher);
	watch->again_us = now + AGAIN_US;
	readers_take(watch, NULL, 0);
	watch->known = false;
}

static void
watcher_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct watch *watch = arg;

	(void)event;
	if (state_is_final(job->state))
		watcher_lost(watch, watch->owner.now(watch->owner.arg));
	else if (change == JOB_CHANGED_READERS)
		readers_take(watch, job->readers, job->readers_n);
}

static void
watch_settle(struct watch *watch, bool wanted, uint64_t now)
{
	if (!wanted) {
		job_free(&watch->watcher);
		watch->again_us = 0;
		watch->known = false;
		watch->n = 0;
		return;
	}
	if (watch->watcher == NULL && now >= watch->again_us &&
	    errand_start(
		watch, ERRAND_WATCH, watcher_changed, &watch->watcher) < 0)
		watcher_lost(watch, now);
}

void
watch_want(struct watch *watch, bool list, bool follow, uint64_t now)
{
	list_settle(watch, list);
	watch_settle(watch, follow, now);
}

const struct wire_reader *
watch_readers(const struct watch *watch, unsigned *ret_n)
{
	if (!watch->known)
		return NULL;
	*ret_n = watch->n;
	return watch->readers;
}

uint64_t
watch_next(const struct watch *watch)
{
	return watch->watcher == NULL ? watch->again_us : 0;
}
