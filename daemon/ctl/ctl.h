/*
 * kenmenctl's subcommands. Each takes what stands after its name, writes its
 * result to stdout and what a person should know to stderr, and returns the
 * program's exit status.
 */
#ifndef CTL_H
#define CTL_H

#include "config.h"

/* Documented in kenmenctl(1). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_ERROR = 1, /* run time: no memory, a helper missing */
	CTL_USAGE = 2,
	CTL_NO_CARD = 3, /* no pcscd, reader or card; a foreign or busy one */
	CTL_REFUSED = 4, /* the person said no, or nothing in time */
	CTL_PIN = 5,     /* wrong, malformed or blocked */
	CTL_NOT_GENUINE = 6, /* data that does not verify, or makes no sense */
	CTL_UNTRUSTED = 7,   /* right in itself, but nobody known vouches */
	CTL_SICK = 8         /* doctor or trust found what does not work */
};

/* What a look found, in doctor's and trust's reports. */
enum ctl_status { STATUS_OK, STATUS_UNKNOWN, STATUS_WARN, STATUS_FAIL };
const char *ctl_status_name(enum ctl_status status);
/* The same to begin a line with. */
const char *ctl_status_mark(enum ctl_status status);

struct ctl_options {
	bool json;
	enum lang lang;
	const char *reader;   /* pcscd's name of it, NULL: any */
	const char *pinentry; /* NULL: the best there is */
	const char *tty;      /* ask on this terminal; NULL: on the desktop */
	const char *trust_dir;
	const char *config; /* NULL: the packaged places */
	const char *state_dir;
	long port;
	long timeout; /* seconds to wait for reader and card */
	long max_age; /* verify: seconds */
	/* trust */
	const char *ca, *root;
	bool system, allow_origins;
	bool on, off, clear;       /* history */
	bool state_dir_named;      /* by an option */
	const struct config *site; /* NULL: none could be read */
	const char *with, *which, *hash, *origin, *challenge;
	const char *digests[DIGESTS_MAX];
	unsigned digests_n;
	/* Time is an argument: when this program started, in seconds since
	 * 1970, and the loop's clock, CLOCK_BOOTTIME in microseconds. */
	int64_t now;
	uint64_t (*clock_us)(void *);
};

int ctl_readers(const struct ctl_options *options, int argc, char **argv);
int ctl_card(const struct ctl_options *options, int argc, char **argv);
int ctl_read(const struct ctl_options *options, int argc, char **argv);
int ctl_verify(const struct ctl_options *options, int argc, char **argv);
int ctl_doctor(const struct ctl_options *options, int argc, char **argv);
int ctl_sessions(const struct ctl_options *options, int argc, char **argv);
int ctl_trust(const struct ctl_options *options, int argc, char **argv);
int ctl_history(const struct ctl_options *options, int argc, char **argv);
int ctl_curl_example(const struct ctl_options *options, int argc, char **argv);

/* A line on stderr in the person's language, and status. */
int ctl_fail(const struct ctl_options *options, enum ctl_exit status,
    const char *ja, const char *en);

/*
 * kenmen.conf(5), from --config or the packaged places. 0, or a negative
 * errno: what is wrong stands in report, a line for each fault.
 */
int ctl_config(
    const struct ctl_options *options, FILE *report, struct config **ret);
/* The port of the first address that config listens on; 0: none is set. */
unsigned ctl_config_port(const struct config *config);

/*
 * A helper of ours: beside this program in a build tree, else where it was
 * installed. ret has room for CTL_PATH_MAX + 1.
 */
#define CTL_PATH_MAX 4200
void ctl_helper(const char *name, char *ret);
/* The pinentry to ask with: the one named, or the first that is there; on a
 * terminal without any our own. room as for ctl_helper. */
const char *ctl_pinentry(const struct ctl_options *options, char *room);
/* A window can be shown: there is a display, and a pinentry for it. */
bool ctl_desktop(const struct ctl_options *options);
/* A terminal of this program by its name, or NULL. (A pinentry is in a
 * session of its own, where /dev/tty means nothing.) */
const char *ctl_terminal(void);

#endif
