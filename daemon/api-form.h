/*
 * What each request of the API may ask for: its members and query members,
 * in tables, and what they become.
 */
#ifndef API_FORM_H
#define API_FORM_H

#include "api-fault.h"
#include "wire.h"

struct cJSON;

/* What was asked for. Texts are those of the body's tree. */
struct asked {
	uint32_t given; /* bits: which members of the form were there */
	enum lang lang;
	bool takeover;
	uint32_t kinds;
	const char *reader;  /* NULL: any */
	const char *purpose; /* NULL: none */
	struct wire_wish wish;
	size_t digest_len; /* of all digests alike */
	uint32_t wait, after, grace;
};

/* A member of a body. */
struct member {
	const char *name;
	/* False: it is not as en says. */
	bool (*take)(const struct cJSON *value, struct asked *ret);
	const char *en, *ja; /* what it must be, after its name */
	uint32_t kinds;      /* it belongs to these only; 0: to all */
	uint32_t needed;     /* these cannot be asked for without it */
	bool always;         /* nothing can */
};

/* A member of a query: a number from 0 to max. */
struct parameter {
	const char *name;
	size_t offset; /* of its uint32_t in struct asked */
	uint32_t max;
	const char *en, *ja;
};

struct form {
	const struct member *members;
	size_t members_n; /* at most 32 */
	const struct parameter *parameters;
	size_t parameters_n;
	/* Members that are well each for themselves: do they fit together?
	 * NULL: they always do. Adds faults. */
	void (*agree)(const struct asked *asked, struct refusal *why);
};

extern const struct form form_nothing; /* takes no member at all */
extern const struct form form_session; /* POST /v1/sessions */
extern const struct form form_read;    /* POST /v1/reads */
extern const struct form form_poll;    /* GET /v1/reads/ID */

#endif
