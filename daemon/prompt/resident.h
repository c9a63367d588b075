/*
 * The resident voice: one for each desktop (mode = agent of the daemon).
 * Waits for the daemon's socket, and starts a voice of its own for each
 * runner's socket that is handed over: this very program with --once, so that
 * no PIN is ever in this process.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

struct resident_options {
	const char *socket;   /* the daemon's, an absolute path */
	const char *pinentry; /* the program */
};

/* Stays until a signal comes or the user's last graphical session ends.
 * Returns the status of exit(2). */
int resident_run(const struct resident_options *options);

#endif
