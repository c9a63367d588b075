/*
 * The connections that are open: how many a user may hold, and how long each
 * may keep us waiting. Per-address limits mean nothing on loopback, and a
 * time-out of inactivity lets one byte a second live for ever: so users are
 * counted, and deadlines are absolute.
 *
 * Closing is shutdown(2): whoever owns the descriptor notices and closes it.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CROWD_NEVER UINT64_MAX
#define CROWD_UNKNOWN ((uid_t)-1) /* a user that could not be found out */

struct crowd_limits {
	uint64_t request_us; /* accepted until its first request is complete */
	uint64_t idle_us;    /* a reply until the next request is complete */
	unsigned per_user_n, total_n;
};

/* One connection, inside the caller's own struct. */
struct guest {
	struct guest *older, *newer;
	int fd;
	uid_t uid;
	uint64_t deadline_us; /* CROWD_NEVER: none */
	bool served;          /* a complete request is being answered */
	bool shut;
};

struct crowd {
	struct crowd_limits limits;
	struct guest *oldest, *newest;
};

/*
 * A connection was accepted. Where it is one too many, of its user or in all,
 * the oldest that is not being served is shut: perhaps this very one. An
 * honest client needs a few milliseconds to become served, and is safe as
 * long as fewer than the limit come after it in that time. Times are of one
 * clock, in microseconds.
 */
void crowd_enter(
    struct crowd *crowd, struct guest *guest, int fd, uid_t uid, uint64_t now);
void crowd_leave(struct crowd *crowd, struct guest *guest);

/* Its request is complete: it waits for us, not we for it. */
void crowd_serve(struct guest *guest);
/* The reply is on its way and must be taken in idle_us. */
void crowd_reply(const struct crowd *crowd, struct guest *guest, uint64_t now);
/* The reply is gone, the next request may come. */
void crowd_rest(const struct crowd *crowd, struct guest *guest, uint64_t now);
/* Ends it. */
void crowd_shut(struct guest *guest);

/* Ends those whose deadline is reached; returns the next one. */
uint64_t crowd_expire(struct crowd *crowd, uint64_t now);

#endif
