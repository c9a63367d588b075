/*
 * Who may ask for what, and how often.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "config.h"

/*
 * The configured origin equal to these len bytes, all of them and no more;
 * NULL: not listed. The bytes may hold anything, a NUL included.
 */
const struct config_origin *origin_find(
    const struct config *config, const char *origin, size_t len);

/*
 * May a configuration name this origin? https with a host, or http with
 * localhost, 127.0.0.1 or [::1]; lower case; no path, slash at the end,
 * user, query or default port; at most ORIGIN_MAX bytes. NULL: yes; else the
 * reason, a constant English text.
 */
const char *origin_fault(const char *origin, size_t len);

/*
 * The kinds (bits) that an origin may ask for; NULL: a local program, which
 * gets no signature by the card's keys, whatever its configuration lists:
 * there is no site that could check for whom it was made.
 */
uint32_t origin_kinds(
    const struct config *config, const struct config_origin *origin);

/*
 * How often a person was asked in vain, per user and origin ("" for local
 * programs). 3 reads in a row whose prompt was cancelled or timed out, or 6
 * in 10 minutes whose prompt did not end in an accepted PIN or a yes: no
 * further one until 10 minutes after the last. Time is an argument, in
 * microseconds of CLOCK_BOOTTIME.
 */
struct limits;

enum limits_outcome {
	LIMITS_ACCEPTED,  /* a PIN was accepted, or a yes: the row ends */
	LIMITS_CANCELLED, /* cancelled or timed out */
	LIMITS_FAILED,    /* any other end of a prompt */
};

int limits_new(struct limits **ret);
void limits_free(struct limits **limits);
/* Seconds until this user and origin may ask again (rounded up); 0: now. */
unsigned limits_wait(
    struct limits *limits, uid_t uid, const char *origin, uint64_t now);
/* Until when something is remembered that may limit somebody; 0: nothing. */
uint64_t limits_until(const struct limits *limits, uint64_t now);
/* A read with a prompt ended. -ENOMEM: the outcome could not be kept. */
int limits_outcome(struct limits *limits, uid_t uid, const char *origin,
    enum limits_outcome outcome, uint64_t now);

#endif
