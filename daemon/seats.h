/*
 * Who sits at this computer, by logind's books (sd-login(3)): known by the
 * user alone, since a process of a systemd --user unit belongs to no session.
 * Whether a screen is locked is asked of logind itself, over D-Bus, which its
 * books in /run/systemd do not tell.
 */
#ifndef SEATS_H
#define SEATS_H

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/* What the best of a user's sessions is. Only local ones on a seat, of class
 * user, of type x11 or wayland, count. */
enum seat_place {
	SEAT_NONE,   /* none: nobody, a service, a terminal, a remote login */
	SEAT_AWAY,   /* another user's session is on the screen */
	SEAT_LOCKED, /* on the screen, behind a lock */
	SEAT_ACTIVE, /* on the screen */
};

struct seats;

/*
 * changed: somebody may have come, gone, locked or unlocked; seats_of is to be
 * asked again. Wakes the loop for that only. Where there is no logind nobody
 * has a seat; where it cannot be asked no screen is known to be locked: each
 * is logged once. 0 or -errno.
 */
int seats_new(
    sd_event *loop, void (*changed)(void *arg), void *arg, struct seats **ret);
void seats_free(struct seats **seats);

/* Reads a few small files. A lock that logind has not told about yet counts
 * as locked; changed follows. */
enum seat_place seats_of(struct seats *seats, uid_t uid);
/* This computer is run by systemd, so that a user without a seat is a user
 * who is elsewhere. */
bool seats_are_kept(void);

#endif
