#include "crowd.h"

#include <stddef.h>
#include <sys/socket.h>

void
crowd_shut(struct guest *guest)
{
	if (!guest->shut)
		shutdown(guest->fd, SHUT_RDWR);
	guest->shut = true;
	guest->deadline_us = CROWD_NEVER;
}

/* Any user's, or one's alone. */
static bool
guest_counts(const struct guest *guest, const uid_t *uid)
{
	return !guest->shut && (!uid || guest->uid == *uid);
}

static void
crowd_thin(struct crowd *crowd, const uid_t *uid, unsigned max_n)
{
	struct guest *victim = NULL;
	unsigned n = 0;

	for (struct guest *g = crowd->newest; g; g = g->older) {
		if (!guest_counts(g, uid))
			continue;
		n++;
		if (!g->served)
			victim = g;
	}
	if (n > max_n && victim)
		crowd_shut(victim);
}

void
crowd_enter(
    struct crowd *crowd, struct guest *guest, int fd, uid_t uid, uint64_t now)
{
	*guest = (struct guest){ .fd = fd,
		.uid = uid,
		.deadline_us = now + crowd->limits.request_us,
		.older = crowd->newest };
	if (crowd->newest)
		crowd->newest->newer = guest;
	else
		crowd->oldest = guest;
	crowd->newest = guest;

	crowd_thin(crowd, &guest->uid, crowd->limits.per_user_n);
	crowd_thin(crowd, NULL, crowd->limits.total_n);
}

void
crowd_leave(struct crowd *crowd, struct guest *guest)
{
	*(guest->older ? &guest->older->newer : &crowd->oldest) = guest->newer;
	*(guest->newer ? &guest->newer->older : &crowd->newest) = guest->older;
	guest->older = guest->newer = NULL;
}

void
crowd_serve(struct guest *guest)
{
	guest->served = true;
	guest->deadline_us = CROWD_NEVER;
}

void
crowd_reply(const struct crowd *crowd, struct guest *guest, uint64_t now)
{
	if (!guest->shut)
		guest->deadline_us = now + crowd->limits.idle_us;
}

void
crowd_rest(const struct crowd *crowd, struct guest *guest, uint64_t now)
{
	guest->served = false;
	crowd_reply(crowd, guest, now);
}

uint64_t
crowd_expire(struct crowd *crowd, uint64_t now)
{
	uint64_t next = CROWD_NEVER;

	for (struct guest *g = crowd->oldest; g; g = g->newer) {
		if (g->deadline_us <= now)
			crowd_shut(g);
		else if (g->deadline_us < next)
			next = g->deadline_us;
	}
	return next;
}
