/*
 * The desk: each request of a page that web.c let through, answered at once.
 * Knows accounts, visits and what is asked of them; no HTTP library, no clock.
 */
#ifndef DRONE_DESK_H
#define DRONE_DESK_H

#include <stdbool.h>
#include <stddef.h>

#include "moment.h"
#include "problem.h"
#include "token.h"

#define DESK_BODY_MAX (128 * 1024)

struct desk_options {
	const char *origin;  /* this site's own, as browsers write it */
	const char *kenmend; /* https://127.0.0.1:25366 */
	unsigned idle_s;
	struct kenmen_trust *trust;
};

struct desk_request {
	const char *method; /* GET or POST */
	const char *path;   /* without a query */
	const char *cookie; /* the text of ours, or NULL */
	bool person;        /* an act of the person */
	const char *body;
	size_t body_len;
};

enum cookie_change { COOKIE_KEEP, COOKIE_SET, COOKIE_CLEAR };

struct desk_reply {
	unsigned status;
	bool problem;      /* the body is a problem+json */
	char *body;        /* JSON, free it with json_free; NULL: none */
	const char *allow; /* of a method that is not allowed, or NULL */
	enum cookie_change cookie;
	char token[TOKEN_TEXT_LEN + 1]; /* of COOKIE_SET */
};

struct desk;

/* options' strings and trust must outlive it. NULL: no memory. */
struct desk *desk_new(const struct desk_options *options);
/* Wipes everything. */
void desk_free(struct desk **desk);

void desk_handle(struct desk *desk, const struct desk_request *request,
    struct moment now, struct desk_reply *ret);
/* The answer to a request that never came to the desk. */
void desk_refuse(enum problem problem, struct desk_reply *ret);
/* Now and then: ends visits whose time is over. */
void desk_expire(struct desk *desk, struct moment now);

#endif
