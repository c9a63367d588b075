/*
 * kenmenctl's subcommands. Each takes what stands after its name, writes its
 * result to stdout and what a person should know to stderr, and returns the
 * program's exit status.
 */
#ifndef CTL_H
#define CTL_H

#include "kind.h"

/* Documented in kenmenctl(1). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_ERROR = 1, /* run time: no memory, a helper missing */
	CTL_USAGE = 2,
	CTL_NO_CARD = 3, /* no pcscd, reader or card; a foreign or busy one */
	CTL_REFUSED = 4, /* the person said no, or nothing in time */
	CTL_PIN = 5,     /* wrong, malformed or blocked */
	CTL_NOT_GENUINE = 6 /* data that does not verify, or makes no sense */
};

struct ctl_options {
	bool json;
	enum lang lang;
	const char *reader;   /* pcscd's name of it, NULL: any */
	const char *pinentry; /* NULL: the best there is */
	const char *tty;      /* ask on this terminal; NULL: on the desktop */
	const char *trust_dir;
	unsigned timeout; /* seconds to wait for reader and card */
	/* read */
	const char *with, *which, *hash, *origin, *challenge;
	const char *digests[32];
	unsigned digests_n;
	/* verify */
	long max_age; /* seconds */
	/* curl-example, doctor */
	unsigned port;
	const char *state_dir;
};

int ctl_readers(const struct ctl_options *options, int argc, char **argv);
int ctl_card(const struct ctl_options *options, int argc, char **argv);
int ctl_read(const struct ctl_options *options, int argc, char **argv);
int ctl_verify(const struct ctl_options *options, int argc, char **argv);
int ctl_doctor(const struct ctl_options *options, int argc, char **argv);
int ctl_curl_example(const struct ctl_options *options, int argc, char **argv);

/* A line on stderr in the person's language, and status. */
int ctl_fail(const struct ctl_options *options, enum ctl_exit status,
    const char *ja, const char *en);

#endif
