/*
 * A visit: what one browser does here, known by its cookie. It may be logged
 * in to an account; one account has one such visit. It ends after an hour
 * without an act of the person, or when the account is logged in to elsewhere;
 * what it held is then wiped, and the browser is told why for as long as it
 * keeps the cookie.
 *
 * Time is an argument.
 */
#ifndef DRONE_VISIT_H
#define DRONE_VISIT_H

#include "accounts.h"
#include "challenge.h"
#include "document.h"

#define VISITS_MAX 512
/* In all, however busy the person is. */
#define VISIT_LONGEST_S (12 * 3600)

enum visit_state {
	VISIT_NONE, /* a free place */
	VISIT_LIVE,
	VISIT_ELSEWHERE, /* ended: the account was logged in to elsewhere */
	VISIT_IDLE,      /* ended: nothing was done for too long */
};

/* An application that is being written. */
struct draft {
	struct sheet sheet;
	struct document document;
};

struct visit {
	enum visit_state state;
	uint8_t token[TOKEN_LEN];
	uint64_t made_us, active_us;
	struct account *account; /* NULL: nobody is logged in */
	struct challenge challenges[PURPOSE_N];
	struct draft *draft; /* or NULL */
};

struct visits;

/* NULL: no memory. */
struct visits *visits_new(unsigned idle_s);
/* Wipes them all. */
void visits_free(struct visits **visits);

/* The visit of a cookie's text (NULL: there was none), ended ones included;
 * NULL: not one of ours. Compared in constant time with each. */
struct visit *visit_find(
    struct visits *visits, const char *text, struct moment now);
/*
 * Begins one that is nobody's. Where all places are taken, one that ended
 * makes room, else the oldest that is nobody's. NULL: all are logged in, or
 * no random bytes.
 */
struct visit *visit_begin(struct visits *visits, struct moment now);
/*
 * Logs in: with a new token, so that a cookie that somebody else put here is
 * worth nothing. Other visits of the account end; what was drafted in this one
 * goes. False: no random bytes.
 */
bool visit_log_in(struct visits *visits, struct visit *visit,
    struct account *account, struct moment now);
/* The person did something. */
void visit_touch(struct visit *visit, struct moment now);
/* Forgets it altogether. */
void visit_forget(struct visit *visit);
/* Its draft, made if there is none; NULL: no memory. */
struct draft *visit_draft(struct visit *visit);
void visit_drop_draft(struct visit *visit);

/* Seconds left, rounded up; 0 when it is over. */
unsigned visit_left_s(
    const struct visits *visits, const struct visit *visit, struct moment now);
/* Ends those whose time is over. */
void visits_expire(struct visits *visits, struct moment now);

#endif
