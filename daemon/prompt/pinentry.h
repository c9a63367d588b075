/*
 * The pinentry program as a process, and the terminal it may be on.
 */
#ifndef PINENTRY_H
#define PINENTRY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct pinentry {
	pid_t pid;
	int to, from; /* its stdin and stdout; from does not block */
	int tty;      /* its terminal, to see it hang up; -1: none */
	bool tty_known;
	struct termios tty_modes; /* as they were before */
};

/*
 * Starts program with this one's environment (and Qt told to use Wayland where
 * there is no X), nothing open but stdin and stdout, to die when this process
 * dies. tty NULL: none. mute: it gets no session bus, and so tells no screen
 * reader anything. 0 or -errno; that a program cannot be executed is logged and
 * shows as end of file on from.
 */
int pinentry_start(
    const char *program, const char *tty, bool mute, struct pinentry *ret);
/* Ends it if it still runs, takes its terminal out of the modes it may have
 * left it in, closes. At most 0.3 s. */
void pinentry_finish(struct pinentry *p);

#endif
