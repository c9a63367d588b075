/*
 * The desktops' voices (mode = agent): a socket to which the resident
 * kenmen-prompt of each desktop connects. One end of a runner's window socket
 * is handed to the agent of the desktop where the page's user sits; what is
 * said there, the PIN among it, never comes back here.
 *
 * An agent is known by its user, as the kernel says, and good only while that
 * user's session is on this computer's screen and not locked, as logind says.
 * The first agent of a user stays, a second one is refused. A connection costs
 * a descriptor and wakes nothing.
 */
#ifndef AGENTS_H
#define AGENTS_H

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct agents;
struct agents_call; /* one runner's wish for a voice */

enum agents_news {
	AGENTS_NOBODY, /* no agent took it in 2 s, or it has gone: it is over */
	AGENTS_AWAY,   /* the screen was locked, or shows another user */
};

/* May free the call, from inside too. Never called from agents_call_new. */
typedef void agents_tell(void *arg, enum agents_news news);

/*
 * Listens on path (a socket file, made anew, for everybody). Where it cannot
 * be made there will be no agents: that is logged, and no error. 0 or -errno.
 */
int agents_new(sd_event *loop, const char *path, struct agents **ret);
/* Removes the file. All calls must have ended. */
void agents_free(struct agents **agents);

/*
 * The request that started us must not find that there are no agents: runs the
 * loop until one that watched for the socket has come whose user is on the
 * screen, for half a second at most.
 */
void agents_settle(struct agents *agents);

/* A window for this user can be shown now. */
bool agents_ready(const struct agents *agents, uid_t uid);
/* This user sits here, agent or not, locked or not; where no systemd runs
 * nobody can tell and everybody does. */
bool agents_user_is_here(const struct agents *agents, uid_t uid);
unsigned agents_n(const struct agents *agents);

/*
 * Hands voice, the voice's end of a runner's socket, to the user's agent: now
 * or when one comes, for which it waits up to 2 s. voice stays the caller's
 * to close; our own copy is closed as soon as it was handed over.
 */
int agents_call_new(struct agents *agents, uid_t uid, int voice,
    agents_tell *tell, void *arg, struct agents_call **ret);
/* It was handed over, and a window on that desktop would not be seen by its
 * user now. */
bool agents_call_is_away(const struct agents_call *call);
/* Accepts a pointer to NULL; sets NULL. */
void agents_call_free(struct agents_call **call);

#endif
