#include "origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- which ----------------------------------------------------------- */

const struct config_origin *
origin_find(const struct config *config, const char *origin, size_t len)
{
	for (size_t i = 0; i < config->origins_n; i++) {
		const struct config_origin *o = &config->origins[i];

		if (strlen(o->origin) == len &&
		    memcmp(o->origin, origin, len) == 0)
			return o;
	}
	return NULL;
}

#define KINDS_OF_SITES (KIND_BIT(KIND_AUTHENTICATE) | KIND_BIT(KIND_SIGN))

uint32_t
origin_kinds(const struct config *config, const struct config_origin *origin)
{
	return origin != NULL ? origin->kinds
			      : config->local_kinds & ~KINDS_OF_SITES;
}

/* ---- how an origin is written (RFC 6454 6.2) ------------------------- */

/* clang-format off */
static const struct scheme {
	const char *prefix, *default_port;
	bool loopback_only; /* others are no secure context: browsers refuse */
} schemes[] = {
	{ "https://", "443", false },
	{ "http://",  "80",  true },
};
/* clang-format on */
static const char *const loopback_hosts[] = { "localhost", "127.0.0.1",
	"[::1]" };

/* What may not stand anywhere in an origin, and why. */
static const struct {
	const char *bytes, *reason;
} foreign_bytes[] = {
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	    "upper case: browsers send it in lower case" },
	{ "/", "an origin ends before the first '/' after its host" },
	{ "@", "an origin has no user" },
	{ "?#", "an origin has no query" },
	{ "*", "an origin is named in full, without '*'" },
};

static const char *
bytes_fault(const char *at, size_t len)
{
	for (size_t f = 0; f < sizeof(foreign_bytes) / sizeof(*foreign_bytes);
	     f++)
		for (size_t i = 0; i < len; i++)
			if (at[i] && strchr(foreign_bytes[f].bytes, at[i]))
				return foreign_bytes[f].reason;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)at[i] >= 0x80)
			return "a host is written in ASCII (xn--...)";
	return NULL;
}

static bool
is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Another spelling of an address would never equal what a browser sends. */
static bool
address_is_canonical(int family, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	return inet_pton(family, host, address) == 1 &&
	       inet_ntop(family, address, text, sizeof(text)) &&
	       strcmp(text, host) == 0;
}

static const char *
host6_fault(char *host)
{
	size_t len = strlen(host);

	if (host[len - 1] != ']')
		return "the ']' of an IPv6 address is missing";
	host[len - 1] = '\0';
	/* Browsers write no IPv6 address with dots in it. */
	if (strchr(host, '.') || !address_is_canonical(AF_INET6, host + 1))
		return "an IPv6 address not in its shortest form";
	return NULL;
}

static const char *
label_fault(const char *label, size_t len)
{
	if (len == 0)
		return "a host with an empty part (a dot too many?)";
	if (len > 63)
		return "a part of the host is longer than 63 bytes";
	if (label[0] == '-' || label[len - 1] == '-')
		return "a part of the host begins or ends with '-'";
	return NULL;
}

static const char *
host_fault(char *host)
{
	const char *label = host, *reason;

	if (host[0] == '\0')
		return "the host is missing";
	if (host[0] == '[')
		return host6_fault(host);
	if (host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")])
		return "a character that no host has";
	for (;;) {
		size_t len = strcspn(label, ".");

		if ((reason = label_fault(label, len)))
			return reason;
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	/* A last part of digits makes browsers read an IPv4 address. */
	if ((is_digits(label) || strncmp(label, "0x", 2) == 0) &&
	    !address_is_canonical(AF_INET, host))
		return "an IPv4 address not in its usual form";
	return NULL;
}

static const char *
port_fault(const char *port, const struct scheme *scheme)
{
	if (!is_digits(port) || port[0] == '0' || strlen(port) > 5 ||
	    atol(port) > UINT16_MAX)
		return "the port is no number from 1 to 65535";
	if (strcmp(port, scheme->default_port) == 0)
		return "a default port: browsers leave it out";
	return NULL;
}

static bool
is_loopback(const char *host)
{
	for (size_t i = 0; i < sizeof(loopback_hosts) / sizeof(*loopback_hosts);
	     i++)
		if (strcmp(host, loopback_hosts[i]) == 0)
			return true;
	return false;
}

/* host: what follows "scheme://", to be taken apart in place. */
static const char *
authority_fault(char *host, const struct scheme *scheme)
{
	char *after_address = strrchr(host, ']');
	char *colon = strchr(after_address ? after_address : host, ':');
	const char *reason;

	if (colon) {
		*colon = '\0';
		if ((reason = port_fault(colon + 1, scheme)))
			return reason;
	}
	if (scheme->loopback_only && !is_loopback(host))
		return "http is for localhost, 127.0.0.1 and [::1] only";
	return host_fault(host);
}

const char *
origin_fault(const char *origin, size_t len)
{
	char host[ORIGIN_MAX + 1];
	const char *reason;

	if (len > ORIGIN_MAX)
		return "longer than 100 bytes";
	if (memchr(origin, '\0', len))
		return "a NUL byte";
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t skip = strlen(schemes[i].prefix);

		if (len < skip || memcmp(origin, schemes[i].prefix, skip) != 0)
			continue;
		if ((reason = bytes_fault(origin + skip, len - skip)))
			return reason;
		memcpy(host, origin + skip, len - skip);
		host[len - skip] = '\0';
		return authority_fault(host, &schemes[i]);
	}
	return "an origin begins with https:// (or http:// on localhost)";
}

/* ---- how often ------------------------------------------------------- */

#define LIMITS_N 256
#define WINDOW_US (UINT64_C(600) * 1000000)
#define ROW_MAX 3
#define FAILURES_MAX 6

struct limit {
	bool used;
	uid_t uid;
	char origin[ORIGIN_MAX + 1];
	unsigned row;                    /* cancelled or timed out, in a row */
	uint64_t failures[FAILURES_MAX]; /* the latest ones, oldest first */
	unsigned failures_n;
};

/* A fixed table: a page can make the door neither grow nor forget. */
struct limits {
	struct limit limit[LIMITS_N];
};

int
limits_new(struct limits **ret)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		return -ENOMEM;
	*ret = limits;
	return 0;
}

void
limits_free(struct limits **limits)
{
	free(*limits);
	*limits = NULL;
}

/* used entries have at least one failure: the last is what counts. */
static uint64_t
limit_ends(const struct limit *limit)
{
	return limit->failures[limit->failures_n - 1] + WINDOW_US;
}

static bool
limit_reached(const struct limit *limit)
{
	if (limit->row >= ROW_MAX)
		return true;
	return limit->failures_n == FAILURES_MAX &&
	       limit->failures[FAILURES_MAX - 1] - limit->failures[0] <
		   WINDOW_US;
}

static struct limit *
limits_find(struct limits *limits, uid_t uid, const char *origin)
{
	for (size_t i = 0; i < LIMITS_N; i++) {
		struct limit *limit = &limits->limit[i];

		if (limit->used && limit->uid == uid &&
		    strcmp(limit->origin, origin) == 0)
			return limit;
	}
	return NULL;
}

/*
 * A free entry, or else the one whose last failure is the oldest and 10
 * minutes past. Such an entry limits nobody; what is lost with it is an
 * unfinished row. One that still counts is never given up: filling the table
 * must not buy anybody another window.
 */
static struct limit *
limits_take(struct limits *limits, uint64_t now)
{
	struct limit *oldest = NULL;

	for (size_t i = 0; i < LIMITS_N; i++) {
		struct limit *limit = &limits->limit[i];

		if (!limit->used)
			return limit;
		if (limit_ends(limit) <= now &&
		    (!oldest || limit_ends(limit) < limit_ends(oldest)))
			oldest = limit;
	}
	return oldest;
}

unsigned
limits_wait(struct limits *limits, uid_t uid, const char *origin, uint64_t now)
{
	const struct limit *limit = limits_find(limits, uid, origin);
	uint64_t ends;

	if (!limit || !limit_reached(limit))
		return 0;
	ends = limit_ends(limit);
	return ends <= now ? 0 : (unsigned)((ends - now + 999999) / 1000000);
}

uint64_t
limits_until(const struct limits *limits, uint64_t now)
{
	uint64_t until = 0;

	for (size_t i = 0; i < LIMITS_N; i++) {
		const struct limit *limit = &limits->limit[i];

		if (limit->used && limit_ends(limit) > now &&
		    limit_ends(limit) > until)
			until = limit_ends(limit);
	}
	return until;
}

static void
limit_add_failure(struct limit *limit, uint64_t now)
{
	if (limit->failures_n == FAILURES_MAX) {
		memmove(limit->failures, limit->failures + 1,
		    sizeof(limit->failures) - sizeof(limit->failures[0]));
		limit->failures_n--;
	}
	limit->failures[limit->failures_n++] = now;
}

/* Ends the row; what happened in the last 10 minutes still counts as such. */
static void
limit_accept(struct limit *limit, uint64_t now)
{
	limit->row = 0;
	if (limit_ends(limit) <= now)
		limit->used = false;
}

int
limits_outcome(struct limits *limits, uid_t uid, const char *origin,
    enum limits_outcome outcome, uint64_t now)
{
	struct limit *limit = limits_find(limits, uid, origin);

	if (outcome == LIMITS_ACCEPTED) {
		if (limit)
			limit_accept(limit, now);
		return 0;
	}
	if (strlen(origin) > ORIGIN_MAX)
		return -EINVAL;
	if (!limit) {
		if (!(limit = limits_take(limits, now)))
			return -ENOMEM;
		*limit = (struct limit){ .used = true, .uid = uid };
		strcpy(limit->origin, origin);
	}
	limit_add_failure(limit, now);
	/* Only an accepted PIN or a yes ends a row: any other end between two
	 * refusals does not. */
	if (outcome == LIMITS_CANCELLED && limit->row < ROW_MAX)
		limit->row++;
	return 0;
}
