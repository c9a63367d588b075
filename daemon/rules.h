/*
 * What a request must be before anybody looks at what it wants: RFC 9112
 * framing held strictly, a Host that is this listener, no navigation, an
 * Origin from the configuration. Pure: it sees the request line and the
 * headers and nothing else, so no refusal can tell a stranger anything.
 */
#ifndef RULES_H
#define RULES_H

#include <netinet/in.h>

#include "config.h"

/* The headers that are read; of any other only the form is checked. */
enum rules_header {
	RULES_HOST,
	RULES_ORIGIN,
	RULES_CONTENT_LENGTH,
	RULES_TRANSFER_ENCODING,
	RULES_CONTENT_TYPE,
	RULES_AUTHORIZATION,
	RULES_UPGRADE,
	RULES_FETCH_MODE,
	RULES_FETCH_DEST,
	RULES_FETCH_OTHER, /* any further Sec-Fetch-* */
	RULES_HEADER_N
};

struct rules_value {
	const char *bytes; /* of the first; not ended by a NUL */
	size_t len;
	unsigned n; /* how many there were; 0: none */
};

/* Starts as zeros, but for version and target. Everything is borrowed. */
struct rules_request {
	const char *version;
	const char *target; /* of the request line, as sent */
	bool malformed;     /* an error of form was seen */
	struct rules_value header[RULES_HEADER_N];
};

enum rules_verdict {
	RULES_PASS,
	RULES_MALFORMED,      /* 400 bad_request */
	RULES_WRONG_HOST,     /* 421 */
	RULES_NOT_A_FETCH,    /* 403 not_for_navigation */
	RULES_NAVIGATION,     /* the same, and a person is looking */
	RULES_FOREIGN_ORIGIN, /* 403 origin_not_allowed */
};

/* Takes one header field, in the order they were sent. */
void rules_add(struct rules_request *request, const char *name, size_t name_len,
    const char *value, size_t value_len);

/* Framing alone: HTTP/1.1, a path, one Host, a length or chunks but not both,
 * no Upgrade, no header twice that must not be. */
bool rules_framed(const struct rules_request *request);

/*
 * The verdict, in the API's order of refusals; port is that of the listener
 * the request came in on. With RULES_PASS, *ret_origin is the configured
 * origin, or NULL for a local program, which the configuration then allows.
 */
enum rules_verdict rules_judge(const struct rules_request *request,
    in_port_t port, const struct config *config,
    const struct config_origin **ret_origin);

#endif
