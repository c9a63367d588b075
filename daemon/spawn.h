/*
 * Starts the door's helpers: a new process with given descriptors and
 * nothing else of the door's, which dies with the door and is reaped
 * whenever it ends.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <systemd/sd-event.h>

struct child; /* one process; frees itself once it was reaped */

/*
 * Runs argv[0] with fds[0] as descriptor 3, fds[1] as 4, and so on, beside the
 * door's standard ones. Only the environment that kenmend(8) names under
 * ENVIRONMENT goes along. Returns the child, which
 * *owner points to until it is reaped (then *owner becomes NULL), or NULL
 * with errno set. The descriptors stay the caller's.
 */
struct child *child_start(sd_event *loop, char *const argv[], const int *fds,
    unsigned fds_n, struct child **owner);
/* SIGKILL; it is reaped later, by the loop. Sets *child NULL; accepts a
 * pointer to NULL. */
void child_kill(struct child **child);
/* Kills and reaps every child of this process that child_start made. */
void child_kill_all(void);

#endif
