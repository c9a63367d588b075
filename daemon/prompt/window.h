/*
 * One request's windows: starts a pinentry, tells it what to say, waits for
 * the person, and takes the window away when the answer is there, the time
 * is up or the peer has gone.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "prompt-wire.h"

struct voice {
	const char *pinentry; /* the program */
	const char *tty;      /* for a pinentry on a terminal; NULL: none */
	int signals;          /* signalfd of what ends this program */
	bool mute;            /* window.c's own: pinentry gets no bus */
};

/*
 * Shows the request's windows, for timeout_ms in all. peer: the socket that
 * the request came from. 1 and *ret (ANSWER_UNAVAILABLE, logged, when
 * pinentry cannot be started or does not do its work); pin is filled with
 * ANSWER_PIN only. 0: there is nothing to answer, since the peer took the
 * window back (PROMPT_CLOSE), or had its time out on a reader. -ECANCELED:
 * the peer hung up or spoke out of turn, or a signal came. In any case the
 * window is gone.
 */
int window_show(struct voice *voice, int peer,
    const struct prompt_request *request, enum prompt_answer *ret,
    struct kenmen_secret *pin);

#endif
