/*
 * The door's certificates: a CA that may sign for localhost, 127.0.0.1 and
 * ::1 only, which signs one leaf and whose key is then destroyed.
 */
#ifndef CERT_H
#define CERT_H

#include <time.h>

struct cert {
	char *certificate; /* PEM of the leaf, NUL-terminated */
	char *key;         /* PEM of its key; wiped by cert_finish */
};

/*
 * Loads state_dir's server.pem and server.key, or, when there is nothing
 * there yet, makes ca.pem (0644), server.pem and server.key (0600). Half a
 * set, a key that does not fit, an expired leaf or a key others can read is
 * an error, said on the log with what to do. state_dir is made (0755) if
 * missing. now: CLOCK_REALTIME, for the ten years both certificates last.
 * Returns 0 or a negative errno.
 */
int cert_load(const char *state_dir, time_t now, struct cert *ret);
/*
 * Makes a new set, with another CA, in place of the one in state_dir, whether
 * that is good or not; a daemon that runs goes on with the old one until it is
 * started again. Cut off at any moment, the next call of either function finds
 * one whole set or the other. Only as the user who owns state_dir: others
 * could not use the new key. -ENOENT: there is none. Else as cert_load.
 */
int cert_renew(const char *state_dir, time_t now);
/* Wipes the key, frees both; harmless on a struct of zeros. */
void cert_finish(struct cert *cert);

#endif
