/*
 * The rules of reads between the API and the jobs that do them: which may
 * start, what of them is visible, how long it stays, when nobody cares any
 * more.
 *
 * Time is an argument or, when a job speaks up, comes from the owner's clock:
 * microseconds of CLOCK_BOOTTIME.
 */
#ifndef READS_H
#define READS_H

#include "job.h"
#include "origin.h"
#include "readers.h"
#include "session.h"

#define READ_ID_LEN 16 /* hex digits */
#define GRACE_S 60     /* of a page that says nothing else */
/* Kept per session, of these the newest; those gone (410) make room first. */
#define READS_KEPT_MAX 256

/* One read as its page sees it; a change of what is visible raises seq. */
struct read {
	struct read *next; /* of all sessions, newest first */
	struct reads *reads;
	struct session *session;
	char id[READ_ID_LEN + 1];
	uint32_t kinds;
	enum kenmen_certificate which;           /* kind certificate */
	unsigned digests_n;                      /* kind sign */
	char reader[KENMEN_READER_NAME_MAX + 1]; /* "": any */

	uint32_t seq;
	enum read_state state;
	bool gone;            /* deleted or past its time: 410 */
	uint64_t deadline_us; /* of this state; 0: none */
	bool asks;            /* a window is meant; pin .. steps are valid */
	int pin;              /* enum kenmen_pin, or -1: a yes is asked */
	unsigned tries_left, step, steps;
	uint32_t progress_done, progress_total; /* total 0: none */
	struct wire_failed failed;              /* STATE_FAILED */
	uint64_t read_at_us; /* STATE_DONE: CLOCK_REALTIME when it came */

	struct job *job; /* while it runs; with results until they are wiped */
	bool prompted;   /* a window was shown */
	bool accepted;   /* a PIN was accepted, or a yes given */
	unsigned
	    polls; /* requests that wait for a change; their owner counts */
	uint64_t started_us;
	uint64_t seen_us;    /* when its page last asked */
	unsigned grace_s;    /* how long it may be silent then */
	uint64_t waiting_us; /* since when a person is waited for; 0: is not */
	uint64_t ended_us;
	uint64_t progress_us; /* when progress last became visible */
	bool progress_held;   /* there is newer progress than what is visible */
};

/* Who hears of changes, and tells the time. */
struct reads_owner {
	/* Something visible changed: seq grew. */
	void (*changed)(void *arg, struct read *read);
	/* A person did something at the computer: the session goes on. */
	void (*present)(void *arg, struct session *session);
	uint64_t (*now)(void *arg);      /* CLOCK_BOOTTIME */
	uint64_t (*realtime)(void *arg); /* CLOCK_REALTIME */
	void *arg;
};

struct reads_wish {
	struct session *session;
	uint32_t kinds;
	const char *reader;           /* an id, known or not; NULL: any */
	const char *purpose;          /* "" where there is none */
	const struct wire_wish *wish; /* what the kinds need; copied */
};

struct reads;

/* config and jobs must outlive it; owner is copied. */
int reads_new(const struct config *config, struct jobs *jobs,
    const struct reads_owner *owner, struct reads **ret);
/* All sessions must have been ended. */
void reads_free(struct reads **reads);
/* The names of readers, shared by all pages. */
struct reader_ids *reads_readers(struct reads *reads);

/*
 * Starts one. An unknown reader makes a read that has failed already.
 * -EBUSY: *ret is the read in the way, perhaps another session's;
 * -EAGAIN: *ret_wait seconds until this user and origin may be asked again;
 * else a negative errno.
 */
int reads_start(struct reads *reads, const struct reads_wish *wish,
    uint64_t now, struct read **ret, unsigned *ret_wait);
/* The session's read of that name, gone ones too, or NULL. */
struct read *reads_find(
    struct reads *reads, const struct session *session, const char *id);
/* The session's read after that one (NULL: the first), oldest first. */
struct read *reads_after(struct reads *reads, const struct session *session,
    const struct read *read);
/* Its page asked for it. */
void read_seen(struct read *read, uint64_t now);
/* Its page got it, results included. Those with a My Number are handed out
 * once: they are wiped, and it is gone. */
void read_fetched(struct read *read);
/* Running: cancelled. Ended: wiped and gone. */
void read_delete(struct read *read, uint64_t now);
/* The state of a read is that of a window or of a card being read. */
bool reads_hold_card(struct reads *reads, const struct session *session);
/* The session's last event stream closed: its reads were seen until now. */
void reads_stream_closed(
    struct reads *reads, const struct session *session, uint64_t now);
/* Ends and wipes all reads of the session, and tells nobody. */
void reads_session_end(
    struct reads *reads, const struct session *session, uint64_t now);

/* Reads that have not ended, of one session (NULL: of all). */
unsigned reads_of_n(const struct reads *reads, const struct session *session);
/* Until when somebody may be kept from asking; 0: nobody is. */
uint64_t reads_limited_until(const struct reads *reads, uint64_t now);
/* When reads_tick has something to do; 0: never. */
uint64_t reads_next(const struct reads *reads);
void reads_tick(struct reads *reads, uint64_t now);

#endif
