#include "rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "origin.h"

#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))

/* clang-format off */
static const struct {
	const char *name;
	unsigned max_n; /* more of them: whoever sits between us and the
	                 * browser may have obeyed another one */
} known[RULES_HEADER_N] = {
	[RULES_HOST]              = { "Host",              1 },
	[RULES_ORIGIN]            = { "Origin",            1 },
	[RULES_CONTENT_LENGTH]    = { "Content-Length",    1 },
	[RULES_TRANSFER_ENCODING] = { "Transfer-Encoding", 1 },
	[RULES_CONTENT_TYPE]      = { "Content-Type",      1 },
	[RULES_AUTHORIZATION]     = { "Authorization",     1 },
	[RULES_UPGRADE]           = { "Upgrade",           0 },
	[RULES_FETCH_MODE]        = { "Sec-Fetch-Mode",    1 },
	[RULES_FETCH_DEST]        = { "Sec-Fetch-Dest",    1 },
	[RULES_FETCH_OTHER]       = { "Sec-Fetch-",        8 },
};
/* clang-format on */

/* ---- one header ------------------------------------------------------ */

/* RFC 9110 5.6.2; a space before the colon is the smuggler's classic. */
static bool
is_token(const char *name, size_t len)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!alnum && (c == '\0' || !strchr(marks, c)))
			return false;
	}
	return len > 0;
}

static bool
has_control(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static bool
is_named(enum rules_header header, const char *name, size_t len)
{
	size_t known_len = strlen(known[header].name);

	if (header == RULES_FETCH_OTHER ? len < known_len : len != known_len)
		return false;
	return strncasecmp(name, known[header].name, known_len) == 0;
}

void
rules_add(struct rules_request *request, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	if (!is_token(name, name_len) || has_control(value, value_len)) {
		request->malformed = true;
		return;
	}
	/* RULES_FETCH_OTHER is a prefix of the two before it: the first row
	 * that fits is the one. */
	for (unsigned i = 0; i < RULES_HEADER_N; i++) {
		struct rules_value *v = &request->header[i];

		if (!is_named(i, name, name_len))
			continue;
		if (v->n++ == 0) {
			v->bytes = value;
			v->len = value_len;
		}
		return;
	}
}

/* ---- all of them ----------------------------------------------------- */

static bool
value_is(const struct rules_value *value, const char *text)
{
	return value->len == strlen(text) &&
	       memcmp(value->bytes, text, value->len) == 0;
}

static bool
sent(const struct rules_request *request, enum rules_header header)
{
	return request->header[header].n > 0;
}

/* origin-form only (RFC 9112 3.2.1), in visible ASCII, without a fragment:
 * an absolute URI names a host of its own. */
static bool
target_ok(const char *target)
{
	if (target[0] != '/')
		return false;
	for (const char *at = target; *at; at++)
		if (*at <= 0x20 || *at >= 0x7f || *at == '#')
			return false;
	return true;
}

bool
rules_framed(const struct rules_request *request)
{
	const struct rules_value *coding =
	    &request->header[RULES_TRANSFER_ENCODING];

	if (request->malformed || strcmp(request->version, "HTTP/1.1") != 0 ||
	    !target_ok(request->target))
		return false;
	for (unsigned i = 0; i < RULES_HEADER_N; i++)
		if (request->header[i].n > known[i].max_n)
			return false;
	if (!sent(request, RULES_HOST))
		return false;
	if (coding->n > 0 &&
	    (sent(request, RULES_CONTENT_LENGTH) || coding->len != 7 ||
		strncasecmp(coding->bytes, "chunked", 7) != 0))
		return false;
	return true;
}

/* Byte for byte: a page that rebinds its own name, 0.0.0.0, 127.1 or a
 * trailing dot is somebody else. */
static bool
host_ok(const struct rules_value *host, in_port_t port)
{
	static const char *const names[] = { "127.0.0.1", "localhost",
		"[::1]" };
	char text[32];

	for (size_t i = 0; i < ARRAY_N(names); i++) {
		snprintf(text, sizeof(text), "%s:%u", names[i], port);
		if (value_is(host, text))
			return true;
		/* Of https' own port a browser sends the name alone. */
		if (port == 443 && value_is(host, names[i]))
			return true;
	}
	return false;
}

/* Any browser of today says what it is doing; no page can change that. */
static enum rules_verdict
fetch_verdict(const struct rules_request *request)
{
	const struct rules_value *mode = &request->header[RULES_FETCH_MODE];
	const struct rules_value *dest = &request->header[RULES_FETCH_DEST];

	if (mode->n > 0 && value_is(mode, "navigate"))
		return RULES_NAVIGATION;
	if (mode->n > 0 && !value_is(mode, "cors"))
		return RULES_NOT_A_FETCH;
	if (dest->n > 0 && !value_is(dest, "empty"))
		return RULES_NOT_A_FETCH;
	return RULES_PASS;
}

static enum rules_verdict
origin_verdict(const struct rules_request *request, const struct config *config,
    const struct config_origin **ret_origin)
{
	const struct rules_value *value = &request->header[RULES_ORIGIN];
	const struct config_origin *origin = NULL;
	bool browser = sent(request, RULES_FETCH_MODE) ||
		       sent(request, RULES_FETCH_DEST) ||
		       sent(request, RULES_FETCH_OTHER);

	if (value->n > 0) {
		origin = origin_find(config, value->bytes, value->len);
		if (!origin)
			return RULES_FOREIGN_ORIGIN;
	} else if (browser || !config->local_allow) {
		return RULES_FOREIGN_ORIGIN;
	}
	*ret_origin = origin;
	return RULES_PASS;
}

enum rules_verdict
rules_judge(const struct rules_request *request, in_port_t port,
    const struct config *config, const struct config_origin **ret_origin)
{
	enum rules_verdict verdict;

	if (!rules_framed(request))
		return RULES_MALFORMED;
	if (!host_ok(&request->header[RULES_HOST], port))
		return RULES_WRONG_HOST;
	if ((verdict = fetch_verdict(request)) != RULES_PASS)
		return verdict;
	return origin_verdict(request, config, ret_origin);
}
