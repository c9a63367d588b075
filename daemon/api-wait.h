/*
 * Calls of the API that are not answered at once: polls of a read, requests
 * for the readers, event streams; and whom a change concerns.
 */
#ifndef API_WAIT_H
#define API_WAIT_H

#include "api.h"
#include "reads.h"

struct waits;

struct waits_owner {
	uint64_t (*now)(void *arg);
	/* Where sessions end with it: the card was taken from a reader, or
	 * there is none to be seen. */
	void (*card_taken)(void *arg, uint64_t now);
	/* Everything has come to rest: what was due is done. */
	void (*settled)(void *arg);
	void *arg;
};

/* All must outlive it but owner, which is copied. -ENOMEM. */
int waits_new(const struct config *config, struct jobs *jobs,
    struct sessions *sessions, struct reads *reads,
    const struct waits_owner *owner, struct waits **ret);
/* No call may wait any more. */
void waits_free(struct waits **waits);

/*
 * Around everything that may change something: when the outermost ends, what
 * nobody wants any more is stopped, and the owner is told.
 */
void waits_enter(struct waits *waits);
void waits_leave(struct waits *waits, uint64_t now);

/* Each parks the call; -ENOMEM: it does not. */
int waits_read(struct waits *waits, struct api_call *call, struct read *read,
    uint64_t until_us);
/* At once where they are known. */
int waits_readers(
    struct waits *waits, struct api_call *call, struct session *session);
int waits_stream(struct waits *waits, struct api_call *call,
    struct session *session, uint64_t now);
/* The client of a call that waits has left. */
void waits_gone(struct waits *waits, struct api_call *call, uint64_t now);

/* A read is new, or visibly another: polls and streams are answered. */
void waits_read_changed(struct waits *waits, struct read *read, uint64_t now);
/* The answer to a poll: the read, or 410 when its results are gone. */
void call_read(struct api_call *call, struct read *read, uint64_t now);
/* The session ends: its calls are refused, its streams closed. */
void waits_session_over(struct waits *waits, const struct session *session,
    enum api_code why, uint64_t now);

/* When waits_tick has something to do; 0: never. */
uint64_t waits_next(const struct waits *waits);
void waits_tick(struct waits *waits, uint64_t now);

/* The session goes on, and its streams are told so. */
void session_extend(struct session *session, uint64_t now);

#endif
