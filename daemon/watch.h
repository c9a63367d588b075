/*
 * What the readers do, for all pages together: a runner that lists them once,
 * or one that watches them, exactly while somebody wants that. Nothing is
 * polled when nobody does.
 *
 * Time is an argument, in microseconds of CLOCK_BOOTTIME.
 */
#ifndef WATCH_H
#define WATCH_H

#include "config.h"
#include "job.h"

/* Who hears of it. Any function of watch.h may be called from inside. */
struct watch_owner {
	/* The list that was wanted; code is CODE_NONE, or why there is none. */
	void (*listed)(void *arg, enum read_code code,
	    const struct wire_reader *readers, unsigned n);
	/* Watched readers: as they were, and as watch_readers has them now. */
	void (*moved)(void *arg, const struct wire_reader *was, unsigned was_n);
	uint64_t (*now)(void *arg);
	void *arg;
};

struct watch;

/* config and jobs must outlive it; owner is copied. -ENOMEM. */
int watch_new(const struct config *config, struct jobs *jobs,
    const struct watch_owner *owner, struct watch **ret);
/* Ends what runs. */
void watch_free(struct watch **watch);

/* What is wanted from now on: starts runners and ends them. */
void watch_want(struct watch *watch, bool list, bool follow, uint64_t now);
/* The watched readers, or NULL: they are not known (yet). */
const struct wire_reader *watch_readers(
    const struct watch *watch, unsigned *ret_n);
/* When watch_want has something to do again; 0: never. */
uint64_t watch_next(const struct watch *watch);

#endif
