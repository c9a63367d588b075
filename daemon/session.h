/*
 * Sessions of web pages: one live session per user and origin, known by a
 * token of 256 random bits. Knows nothing of reads: who ends a session ends
 * them first.
 *
 * Time is an argument, in microseconds of CLOCK_BOOTTIME, which runs through
 * sleep.
 */
#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include "config.h"

/* 32 bytes in base64url (RFC 4648 5) without padding. */
#define TOKEN_LEN 43
/* Tokens that ran out are recognised for a day, the newest of them. */
#define SESSIONS_REMEMBERED_MAX 1024

struct session {
	struct session *next;
	unsigned number; /* from 1 on; tells nothing to whom has no token */
	char token[TOKEN_LEN + 1];
	uid_t uid;
	const struct config_origin *origin; /* NULL: a local program */
	char user[USER_NAME_MAX + 1];       /* who the local program is */
	enum lang lang;
	uint64_t started_us, touched_us;
	unsigned streams; /* open event streams; its owner counts */
	bool told;        /* streams were; false: a new expires_in is due */
	bool card_read;   /* something of a card was read in it */
};

enum session_answer {
	SESSION_LIVE,
	SESSION_UNKNOWN, /* never was, ended, taken over, or of another origin
			  */
	SESSION_EXPIRED,
	SESSION_OTHER_USER
};

struct sessions;

/* Both times in seconds. -ENOMEM. */
int sessions_new(
    unsigned idle_timeout, unsigned session_max, struct sessions **ret);
/* All sessions must have been ended. Forgets every token. */
void sessions_free(struct sessions **sessions);

/*
 * A session for uid and origin (NULL: a local program), which must have none.
 * 0, -ENOMEM, or -EIO when the kernel gives no random bytes.
 */
int session_start(struct sessions *sessions, uid_t uid,
    const struct config_origin *origin, enum lang lang, uint64_t now,
    struct session **ret);
/*
 * Who holds this token? token may be NULL or any text; compared in constant
 * time against each. *ret is set with SESSION_LIVE only.
 */
enum session_answer session_find(struct sessions *sessions, const char *token,
    uid_t uid, const struct config_origin *origin, uint64_t now,
    struct session **ret);
/* The live session of uid and origin, or NULL. */
struct session *session_of(struct sessions *sessions, uid_t uid,
    const struct config_origin *origin, uint64_t now);
/* Any session, live or run out, or NULL: to end them all. */
struct session *sessions_first(struct sessions *sessions);
/* The next live one, in no order (NULL: the first); it may end what comes
 * before. */
struct session *sessions_after(
    struct sessions *sessions, const struct session *session);
unsigned sessions_n(const struct sessions *sessions);
/* In one of them a card was read. */
bool sessions_card_read(const struct sessions *sessions);
/*
 * Origins have moved: each session's is looked up in config anew. Live ones
 * whose origin is not there must have been ended; those that ran out are
 * forgotten.
 */
void sessions_move(struct sessions *sessions, const struct config *config);

/* The idle time starts again. */
void session_touch(struct session *session, uint64_t now);
/* When it will be over, at this very microsecond. */
uint64_t session_deadline(
    const struct sessions *sessions, const struct session *session);
/* Seconds left, rounded up: 0 only when it is over. */
unsigned session_expires_in(const struct sessions *sessions,
    const struct session *session, uint64_t now);

/* The earliest deadline of all; 0: there is no session. */
uint64_t sessions_next(const struct sessions *sessions);
/* A session that has run out and must be ended, or NULL. */
struct session *sessions_overdue(struct sessions *sessions, uint64_t now);
/* Ends it; expired: its token will be answered with SESSION_EXPIRED. */
void session_end(struct sessions *sessions, struct session *session,
    bool expired, uint64_t now);

#endif
