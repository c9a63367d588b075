#include "jws.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"

/* A certificate of 32 KB twice in base64, and room for the rest. */
#define JWS_MAX 65536
#define TYP_MAX 32
/* 2^53 - 1: what every JSON reader takes for a whole number. */
#define IAT_MAX INT64_C(9007199254740991)

static const char *const typs[] = {
	[JWS_LOGIN] = "kenmen-login+jwt",
	[JWS_EVIDENCE] = "kenmen-evidence+jwt",
};

/* ---- base64, RFC 4648 4 and 5 ----------------------------------------- */

static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t
base64_room(size_t len)
{
	return (len + 2) / 3 * 4 + 1;
}

/* Padded in the plain alphabet, not in the other. NUL-terminated. */
static size_t
base64_put(const uint8_t *from, size_t len, const char *alphabet, char *ret)
{
	size_t out = 0;

	for (size_t in = 0; in < len; in += 3) {
		size_t n = len - in < 3 ? len - in : 3;
		uint32_t bits = (uint32_t)from[in] << 16;

		bits |= n > 1 ? (uint32_t)from[in + 1] << 8 : 0;
		bits |= n > 2 ? from[in + 2] : 0;
		for (size_t i = 0; i <= n; i++)
			ret[out++] = alphabet[bits >> (18 - 6 * i) & 0x3F];
		for (size_t i = n; alphabet == plain && i < 3; i++)
			ret[out++] = '=';
	}
	ret[out] = '\0';
	return out;
}

static int
base64_value(char c, const char *alphabet)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/*
 * Decodes text of no other form than base64_put would make: no line breaks,
 * no bits left over that are not zero. ret holds len / 4 * 3 + 2 bytes.
 */
static bool
base64_get(const char *text, size_t len, const char *alphabet, uint8_t *ret,
    size_t *ret_len)
{
	uint32_t bits = 0;
	size_t out = 0, have = 0;

	if (alphabet == plain) {
		if (len % 4 != 0)
			return false;
		for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
			len--;
	}
	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i], alphabet);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if ((have += 6) >= 8)
			ret[out++] = (uint8_t)(bits >> (have -= 8));
		bits &= (1u << have) - 1;
	}
	*ret_len = out;
	return bits == 0;
}

/* As base64_get, into memory of its own; NUL beyond len. */
static int
base64_blob(
    const char *text, size_t len, const char *alphabet, struct kenmen_blob *ret)
{
	struct kenmen_blob blob;

	if ((blob.bytes = malloc(len / 4 * 3 + 3)) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	if (!base64_get(text, len, alphabet, blob.bytes, &blob.len)) {
		free(blob.bytes);
		return KENMEN_ERR_DATA;
	}
	blob.bytes[blob.len] = '\0';
	*ret = blob;
	return 0;
}

/* ---- making one ------------------------------------------------------- */

/* What goes into a JSON string as it stands. */
static bool
is_bare(char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static bool
origin_ok(const char *origin)
{
	size_t n = strnlen(origin, KENMEN_ORIGIN_MAX + 1);

	for (size_t i = 0; i < n; i++) {
		if (!is_bare(origin[i]))
			return false;
	}
	return n > 0 && n <= KENMEN_ORIGIN_MAX;
}

static bool
challenge_ok(const struct kenmen_challenge *c)
{
	return c->len >= KENMEN_CHALLENGE_MIN &&
	       c->len <= KENMEN_CHALLENGE_MAX && origin_ok(c->origin) &&
	       c->now >= 0 && c->now <= IAT_MAX;
}

/* base64url(header) . base64url(payload) */
static int
input_make(const char *header, const char *payload, struct kenmen_blob *ret)
{
	size_t h = strlen(header), p = strlen(payload), n;
	char *text = malloc(base64_room(h) + base64_room(p));

	if (!text)
		return KENMEN_ERR_NO_MEMORY;
	n = base64_put((const uint8_t *)header, h, url, text);
	text[n++] = '.';
	n += base64_put((const uint8_t *)payload, p, url, text + n);
	ret->bytes = (uint8_t *)text;
	ret->len = n;
	return 0;
}

#define PAYLOAD_MAX 512

/* more: members behind the first three, each with its comma. */
static void
payload_print(
    const struct kenmen_challenge *c, const char *more, char ret[PAYLOAD_MAX])
{
	char nonce[(KENMEN_CHALLENGE_MAX + 2) / 3 * 4 + 1];

	base64_put(c->bytes, c->len, url, nonce);
	snprintf(ret, PAYLOAD_MAX,
	    "{\"aud\":\"%s\",\"nonce\":\"%s\",\"iat\":%" PRId64 "%s}",
	    c->origin, nonce, c->now, more);
}

int
jws_login_input(const struct kenmen_blob *certificate,
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret)
{
	static const char head[] =
	    "{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":[\"";
	char payload[PAYLOAD_MAX], *header;
	size_t n = sizeof(head) - 1;
	int r;

	/* Twice in base64, and what is made here must be taken again. */
	if (!challenge_ok(challenge) || certificate->len == 0 ||
	    certificate->len > JWS_MAX / 2 - 2 * PAYLOAD_MAX)
		return KENMEN_ERR_ARGUMENT;
	header = malloc(n + base64_room(certificate->len) + sizeof("\"]}"));
	if (!header)
		return KENMEN_ERR_NO_MEMORY;
	memcpy(header, head, n);
	n +=
	    base64_put(certificate->bytes, certificate->len, plain, header + n);
	strcpy(header + n, "\"]}");
	payload_print(challenge, "", payload);
	r = input_make(header, payload, ret);
	free(header);
	return r;
}

int
jws_evidence_input(const uint8_t record_sha256[SIG_SHA256_LEN],
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret)
{
	char payload[PAYLOAD_MAX], more[PAYLOAD_MAX / 4];
	char digest[(SIG_SHA256_LEN + 2) / 3 * 4 + 1];

	if (!challenge_ok(challenge))
		return KENMEN_ERR_ARGUMENT;
	base64_put(record_sha256, SIG_SHA256_LEN, url, digest);
	snprintf(more, sizeof(more), ",\"record_sha256\":\"%s\"", digest);
	payload_print(challenge, more, payload);
	return input_make("{\"alg\":\"RS256\",\"typ\":\"kenmen-evidence+jwt\"}",
	    payload, ret);
}

int
jws_join(const struct kenmen_blob *input, const uint8_t *signature,
    size_t signature_len, struct kenmen_blob *ret)
{
	char *text;
	size_t n = input->len;

	if (signature_len == 0 || signature_len > SIG_MODULUS_MAX)
		return KENMEN_ERR_ARGUMENT;
	text = malloc(n + 1 + base64_room(signature_len));
	if (!text)
		return KENMEN_ERR_NO_MEMORY;
	memcpy(text, input->bytes, n);
	text[n++] = '.';
	n += base64_put(signature, signature_len, url, text + n);
	ret->bytes = (uint8_t *)text;
	ret->len = n;
	return 0;
}

/* ---- JSON, as much as stands in one (RFC 8259) ------------------------- */

struct json {
	const char *at, *end;
	bool failed;
};

struct text {
	const char *at;
	size_t len;
};

static void
json_space(struct json *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' ||
				     *j->at == '\n' || *j->at == '\r'))
		j->at++;
}

/* Whether that mark is next; it is taken. */
static bool
json_mark(struct json *j, char mark)
{
	json_space(j);
	if (j->failed || j->at == j->end || *j->at != mark)
		return false;
	j->at++;
	return true;
}

static void
json_need(struct json *j, char mark)
{
	if (!json_mark(j, mark))
		j->failed = true;
}

/* Without escapes: nothing that is written here needs one. */
static struct text
json_string(struct json *j)
{
	struct text s = { NULL, 0 };

	json_need(j, '"');
	s.at = j->at;
	while (!j->failed && j->at < j->end && is_bare(*j->at))
		j->at++;
	s.len = (size_t)(j->at - s.at);
	/* Not json_need: a space before the quote is the string's own. */
	if (j->failed || j->at == j->end || *j->at++ != '"')
		j->failed = true;
	return s;
}

/* A whole number from 0 to IAT_MAX. */
static int64_t
json_number(struct json *j)
{
	int64_t value = 0;
	const char *start;

	json_space(j);
	start = j->at;
	while (!j->failed && j->at < j->end && *j->at >= '0' && *j->at <= '9') {
		value = value * 10 + (*j->at++ - '0');
		if (value > IAT_MAX)
			j->failed = true;
	}
	if (j->at == start || (*start == '0' && j->at - start > 1))
		j->failed = true;
	return value;
}

static bool
text_is(struct text s, const char *other)
{
	return s.len == strlen(other) && !memcmp(s.at, other, s.len);
}

/* ---- members ---------------------------------------------------------- */

/* Everything that a JWS of ours says, on its way into struct jws. */
struct said {
	enum jws_kind kind;
	struct jws jws;
	int err;            /* NO_MEMORY, or 0 */
	const char *reason; /* a better one than that the form is wrong */
};

static void
constant_get(
    struct json *j, const char *value, const char *reason, struct said *s)
{
	struct text text = json_string(j);

	if (j->failed || text_is(text, value))
		return;
	j->failed = true;
	s->reason = reason;
}

/* Not "none", not HS256 with a public key as its secret, nothing else. */
static void
alg_get(struct json *j, struct said *s)
{
	constant_get(j, "RS256", "its alg is not RS256", s);
}

static void
typ_get(struct json *j, struct said *s)
{
	constant_get(j, typs[s->kind], "its typ is another one", s);
}

/* One certificate: CAs are the server's own business. */
static void
x5c_get(struct json *j, struct said *s)
{
	struct text text;
	int r;

	json_need(j, '[');
	text = json_string(j);
	json_need(j, ']');
	if (j->failed)
		return;
	r = base64_blob(text.at, text.len, plain, &s->jws.certificate);
	if (r == KENMEN_ERR_NO_MEMORY)
		s->err = r;
	j->failed = r < 0;
}

static void
aud_get(struct json *j, struct said *s)
{
	struct text text = json_string(j);

	if (j->failed || text.len == 0 || text.len > KENMEN_ORIGIN_MAX) {
		j->failed = true;
		return;
	}
	memcpy(s->jws.aud, text.at, text.len);
	s->jws.aud[text.len] = '\0';
}

/* base64url of min to max bytes (max at most KENMEN_CHALLENGE_MAX). */
static size_t
bytes_get(struct json *j, size_t min, size_t max, uint8_t *ret)
{
	uint8_t bytes[KENMEN_CHALLENGE_MAX / 3 * 4 + 8];
	struct text text = json_string(j);
	size_t len = 0;

	if (j->failed || text.len > (max + 2) / 3 * 4 ||
	    !base64_get(text.at, text.len, url, bytes, &len) || len < min ||
	    len > max) {
		j->failed = true;
		return 0;
	}
	memcpy(ret, bytes, len);
	return len;
}

static void
nonce_get(struct json *j, struct said *s)
{
	s->jws.nonce_len = bytes_get(
	    j, KENMEN_CHALLENGE_MIN, KENMEN_CHALLENGE_MAX, s->jws.nonce);
}

static void
iat_get(struct json *j, struct said *s)
{
	s->jws.iat = json_number(j);
}

static void
record_get(struct json *j, struct said *s)
{
	bytes_get(j, SIG_SHA256_LEN, SIG_SHA256_LEN, s->jws.record_sha256);
}

struct member {
	const char *name;
	void (*get)(struct json *j, struct said *s);
};

#define MEMBERS_MAX 4

/* A row ends where there is no name. */
/* clang-format off */
static const struct member headers[][MEMBERS_MAX + 1] = {
	[JWS_LOGIN] = {
		{ "alg", alg_get }, { "typ", typ_get }, { "x5c", x5c_get },
	},
	[JWS_EVIDENCE] = {
		{ "alg", alg_get }, { "typ", typ_get },
	},
};
static const struct member payloads[][MEMBERS_MAX + 1] = {
	[JWS_LOGIN] = {
		{ "aud", aud_get }, { "nonce", nonce_get }, { "iat", iat_get },
	},
	[JWS_EVIDENCE] = {
		{ "aud", aud_get }, { "nonce", nonce_get }, { "iat", iat_get },
		{ "record_sha256", record_get },
	},
};
/* clang-format on */

static void
member_read(struct json *j, const struct member *members, unsigned *seen,
    struct said *s)
{
	struct text name = json_string(j);
	size_t i = 0;

	json_need(j, ':');
	if (j->failed)
		return;
	while (members[i].name && !text_is(name, members[i].name))
		i++;
	if (!members[i].name || *seen & 1u << i) {
		j->failed = true;
		return;
	}
	*seen |= 1u << i;
	members[i].get(j, s);
}

/* An object of all these members and no others. */
static bool
object_read(const struct kenmen_blob *text, const struct member *members,
    struct said *s)
{
	struct json j = { (const char *)text->bytes,
		(const char *)text->bytes + text->len, false };
	unsigned seen = 0, n = 0;

	while (members[n].name)
		n++;
	json_need(&j, '{');
	do {
		member_read(&j, members, &seen, s);
	} while (json_mark(&j, ','));
	json_need(&j, '}');
	json_space(&j);
	return !j.failed && j.at == j.end && seen == (1u << n) - 1;
}

/* ---- the three parts -------------------------------------------------- */

/* False: not exactly three. */
static bool
parts_split(const char *text, size_t len, struct text part[3])
{
	const char *end = text + len;

	for (int i = 0; i < 3; i++) {
		const char *dot = memchr(text, '.', (size_t)(end - text));

		if ((dot == NULL) != (i == 2))
			return false;
		part[i].at = text;
		part[i].len = (size_t)((dot ? dot : end) - text);
		text = dot ? dot + 1 : end;
	}
	return true;
}

static int
part_read(struct text part, const struct member *members, struct said *s)
{
	struct kenmen_blob json = { 0 };
	int r = base64_blob(part.at, part.len, url, &json);

	if (r == 0 && !object_read(&json, members, s))
		r = s->err < 0 ? s->err : KENMEN_ERR_DATA;
	kenmen_blob_free(&json);
	return r;
}

static int
signature_read(struct text part, struct jws *ret)
{
	uint8_t bytes[SIG_MODULUS_MAX + 3];

	if (part.len > (SIG_MODULUS_MAX * 4 + 2) / 3 ||
	    !base64_get(part.at, part.len, url, bytes, &ret->signature_len) ||
	    ret->signature_len == 0)
		return KENMEN_ERR_DATA;
	memcpy(ret->signature, bytes, ret->signature_len);
	return 0;
}

int
jws_parse(const char *text, size_t len, enum jws_kind kind, struct jws *ret,
    const char **reason)
{
	struct said s = { .kind = kind };
	struct text part[3];
	int r = KENMEN_ERR_DATA;

	s.reason = "it is not three parts of base64url";
	if (len > JWS_MAX || !parts_split(text, len, part))
		goto out;
	s.reason = "its header has not the members of its kind";
	if ((r = part_read(part[0], headers[kind], &s)) < 0)
		goto out;
	s.reason = "its payload has not the members of its kind";
	if ((r = part_read(part[1], payloads[kind], &s)) < 0)
		goto out;
	s.reason = "its signature is not base64url";
	if ((r = signature_read(part[2], &s.jws)) < 0)
		goto out;
	s.jws.input = (const uint8_t *)text;
	s.jws.input_len = (size_t)(part[2].at - 1 - text);
	*ret = s.jws;
	return 0;
out:
	jws_finish(&s.jws);
	*reason = s.reason;
	return r;
}

void
jws_finish(struct jws *jws)
{
	kenmen_blob_free(&jws->certificate);
}

int
jws_answers(const struct jws *jws, const struct kenmen_challenge *challenge,
    int64_t max_age, const char **reason)
{
	int64_t age;

	if (!challenge_ok(challenge) || max_age < 0)
		return KENMEN_ERR_ARGUMENT;
	if (strcmp(jws->aud, challenge->origin) != 0) {
		*reason = "it was made for another origin";
		return KENMEN_ERR_AUTHENTICITY;
	}
	if (jws->nonce_len != challenge->len ||
	    memcmp(jws->nonce, challenge->bytes, challenge->len) != 0) {
		*reason = "it answers another challenge";
		return KENMEN_ERR_AUTHENTICITY;
	}
	/* Both lie between 0 and IAT_MAX: no overflow. */
	age = challenge->now - jws->iat;
	if (age > max_age || -age > max_age) {
		*reason = "it is too old, or from the future";
		return KENMEN_ERR_AUTHENTICITY;
	}
	return 0;
}
