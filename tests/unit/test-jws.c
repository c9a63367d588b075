/* Compact JWS: made, taken again, and everything that is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "jws.h"
#include "keys.h"

#define ORIGIN "https://drone.example:8443"
#define NOW 1795000000

static const struct kenmen_challenge challenge = {
	.origin = ORIGIN,
	.bytes = "0123456789abcdef0123456789abcdef",
	.len = 32,
	.now = NOW,
};
#define NONCE "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
#define DIGEST "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

#define LOGIN_HEAD                                                             \
	"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":[\"MAA=\"]}"
#define EVIDENCE_HEAD "{\"alg\":\"RS256\",\"typ\":\"kenmen-evidence+jwt\"}"
#define AUD "\"aud\":\"" ORIGIN "\""
#define NON "\"nonce\":\"" NONCE "\""
#define IAT "\"iat\":1795000000"
#define BODY "{" AUD "," NON "," IAT "}"
#define REC "\"record_sha256\":\"" DIGEST "\""
#define EVIDENCE_BODY "{" AUD "," NON "," IAT "," REC "}"

/* ---- helpers ---------------------------------------------------------- */

/* base64url by OpenSSL, not by what is tested. */
static void
encode(const void *bytes, size_t len, char *ret)
{
	int n = EVP_EncodeBlock((unsigned char *)ret, bytes, (int)len);

	while (n > 0 && ret[n - 1] == '=')
		n--;
	ret[n] = '\0';
	for (char *c = ret; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

/* The three parts with a signature of 256 times 5A. */
static const char *
joined(const char *header, const char *payload)
{
	static char text[300000], h[100000], p[100000], s[400];
	uint8_t signature[256];

	memset(signature, 0x5A, sizeof(signature));
	encode(header, strlen(header), h);
	encode(payload, strlen(payload), p);
	encode(signature, sizeof(signature), s);
	snprintf(text, sizeof(text), "%s.%s.%s", h, p, s);
	return text;
}

static int
parse_kind(const char *text, enum jws_kind kind, const char **why)
{
	struct jws jws, before;
	int r;

	memset(&jws, 0x5A, sizeof(jws));
	before = jws;
	*why = NULL;
	r = jws_parse(text, strlen(text), kind, &jws, why);
	if (r == 0) {
		assert_null(*why);
		jws_finish(&jws);
	} else {
		assert_non_null(*why);
		assert_memory_equal(&jws, &before, sizeof(jws));
	}
	return r;
}

static void
assert_login(int want, const char *header, const char *payload)
{
	const char *why;
	int r = parse_kind(joined(header, payload), JWS_LOGIN, &why);

	if (r != want)
		fail_msg("%s %s: %d (%s)", header, payload, r, why);
}

static void
assert_evidence(int want, const char *header, const char *payload)
{
	const char *why;
	int r = parse_kind(joined(header, payload), JWS_EVIDENCE, &why);

	if (r != want)
		fail_msg("%s %s: %d (%s)", header, payload, r, why);
}

/* ---- making ----------------------------------------------------------- */

static void
test_login_round_trip(void **state)
{
	struct kenmen_blob cert = { (uint8_t *)(uintptr_t) "\x30\x00", 2 };
	struct kenmen_blob input, whole;
	uint8_t signature[256];
	const char *why = NULL, *dot;
	struct jws jws;

	(void)state;
	memset(signature, 0x5A, sizeof(signature));
	assert_int_equal(jws_login_input(&cert, &challenge, &input), 0);
	assert_int_equal(jws_join(&input, signature, 256, &whole), 0);
	assert_int_equal(whole.bytes[whole.len], '\0');
	/* To the byte what stands in jws.h. */
	assert_string_equal((char *)whole.bytes, joined(LOGIN_HEAD, BODY));
	dot = strrchr((char *)whole.bytes, '.');
	assert_int_equal(input.len, dot - (char *)whole.bytes);
	assert_memory_equal(input.bytes, whole.bytes, input.len);
	assert_int_equal(
	    jws_parse((char *)whole.bytes, whole.len, JWS_LOGIN, &jws, &why),
	    0);
	assert_ptr_equal(jws.input, whole.bytes);
	assert_int_equal(jws.input_len, input.len);
	assert_int_equal(jws.signature_len, 256);
	assert_memory_equal(jws.signature, signature, 256);
	assert_int_equal(jws.certificate.len, 2);
	assert_memory_equal(jws.certificate.bytes, "\x30\x00", 2);
	assert_string_equal(jws.aud, ORIGIN);
	assert_int_equal(jws.nonce_len, 32);
	assert_memory_equal(jws.nonce, challenge.bytes, 32);
	assert_int_equal(jws.iat, NOW);
	assert_int_equal(jws_answers(&jws, &challenge, 0, &why), 0);
	jws_finish(&jws);
	kenmen_blob_free(&input);
	kenmen_blob_free(&whole);
}

static void
test_evidence_round_trip(void **state)
{
	struct kenmen_blob input, whole;
	uint8_t digest[32], signature[256];
	const char *why = NULL;
	struct jws jws;

	(void)state;
	memset(signature, 0x5A, sizeof(signature));
	for (size_t i = 0; i < 32; i++)
		digest[i] = (uint8_t)i;
	assert_int_equal(jws_evidence_input(digest, &challenge, &input), 0);
	assert_int_equal(jws_join(&input, signature, 256, &whole), 0);
	assert_string_equal(
	    (char *)whole.bytes, joined(EVIDENCE_HEAD, EVIDENCE_BODY));
	assert_int_equal(
	    jws_parse((char *)whole.bytes, whole.len, JWS_EVIDENCE, &jws, &why),
	    0);
	assert_memory_equal(jws.record_sha256, digest, 32);
	assert_null(jws.certificate.bytes);
	jws_finish(&jws);
	/* Neither is taken for the other. */
	assert_int_equal(
	    parse_kind((char *)whole.bytes, JWS_LOGIN, &why), KENMEN_ERR_DATA);
	assert_evidence(KENMEN_ERR_DATA, LOGIN_HEAD, EVIDENCE_BODY);
	assert_evidence(KENMEN_ERR_DATA, EVIDENCE_HEAD, BODY);
	kenmen_blob_free(&input);
	kenmen_blob_free(&whole);
}

/* Certificates and challenges of every length modulo three, as large as they
 * may be. */
static void
test_lengths(void **state)
{
	static uint8_t der[32768];
	struct kenmen_challenge c = challenge;
	uint8_t signature[SIG_MODULUS_MAX];
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(der); i++)
		der[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < 5; i++) {
		size_t lens[] = { 1, 1583, 1584, 1585, 31744 };
		struct kenmen_blob cert = { der, lens[i] }, input, whole;
		struct jws jws;

		c.len = KENMEN_CHALLENGE_MAX - i;
		memcpy(c.bytes, der, c.len);
		memcpy(signature, der, sizeof(signature));
		assert_int_equal(jws_login_input(&cert, &c, &input), 0);
		assert_int_equal(
		    jws_join(&input, signature, SIG_MODULUS_MAX - i, &whole),
		    0);
		assert_int_equal(jws_parse((char *)whole.bytes, whole.len,
				     JWS_LOGIN, &jws, &why),
		    0);
		assert_int_equal(jws.certificate.len, lens[i]);
		assert_memory_equal(jws.certificate.bytes, der, lens[i]);
		assert_int_equal(jws.signature_len, SIG_MODULUS_MAX - i);
		assert_memory_equal(jws.signature, der, jws.signature_len);
		assert_int_equal(jws_answers(&jws, &c, 0, &why), 0);
		jws_finish(&jws);
		kenmen_blob_free(&input);
		kenmen_blob_free(&whole);
	}
}

static void
test_make_refuses(void **state)
{
	static uint8_t der[40000];
	static const char *const origins[] = { "", "https://a\"b", "a\\b",
		"https://\xE3\x81\x82", "a\nb", "a\x7F" };
	struct kenmen_blob cert = { der, 100 }, none = { der, 0 };
	struct kenmen_blob huge = { der, 31745 }, input = { NULL, 7 };
	struct kenmen_challenge c = challenge;

	(void)state;
	assert_int_equal(
	    jws_login_input(&none, &c, &input), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    jws_login_input(&huge, &c, &input), KENMEN_ERR_ARGUMENT);
	c.len = KENMEN_CHALLENGE_MIN - 1;
	assert_int_equal(
	    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    jws_evidence_input(der, &c, &input), KENMEN_ERR_ARGUMENT);
	c.len = KENMEN_CHALLENGE_MAX + 1;
	assert_int_equal(
	    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	c = challenge;
	c.now = -1;
	assert_int_equal(
	    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	c.now = INT64_MAX;
	assert_int_equal(
	    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	c.now = NOW;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		strcpy(c.origin, origins[i]);
		assert_int_equal(
		    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	}
	memset(c.origin, 'a', sizeof(c.origin)); /* without its NUL */
	assert_int_equal(
	    jws_login_input(&cert, &c, &input), KENMEN_ERR_ARGUMENT);
	assert_int_equal(jws_join(&cert, der, 0, &input), KENMEN_ERR_ARGUMENT);
	assert_int_equal(jws_join(&cert, der, SIG_MODULUS_MAX + 1, &input),
	    KENMEN_ERR_ARGUMENT);
	assert_null(input.bytes);
	assert_int_equal(input.len, 7);
}

/* ---- other algorithms, other kinds ------------------------------------ */

static void
test_alg(void **state)
{
	static const char *const algs[] = { "none", "None", "HS256", "RS384",
		"RS512", "PS256", "ES256", "rs256", "RS256 ", "", "RS2560" };
	char header[200];
	const char *why;

	(void)state;
	assert_login(0, LOGIN_HEAD, BODY);
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"%s\",\"typ\":\"kenmen-login+jwt\","
		    "\"x5c\":[\"MAA=\"]}",
		    algs[i]);
		assert_login(KENMEN_ERR_DATA, header, BODY);
	}
	parse_kind(joined("{\"alg\":\"none\",\"typ\":\"kenmen-login+jwt\","
			  "\"x5c\":[\"MAA=\"]}",
		       BODY),
	    JWS_LOGIN, &why);
	assert_string_equal(why, "its alg is not RS256");
}

static void
test_typ(void **state)
{
	static const char *const typs[] = { "JWT", "", "kenmen-evidence+jwt",
		"kenmen-login+jwt ", "Kenmen-login+jwt", "kenmen-login" };
	char header[200];

	(void)state;
	for (size_t i = 0; i < sizeof(typs) / sizeof(typs[0]); i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"RS256\",\"typ\":\"%s\",\"x5c\":[\"MAA=\"]}",
		    typs[i]);
		assert_login(KENMEN_ERR_DATA, header, BODY);
	}
}

/* Each member missing, twice, or beside one that we do not know. */
static void
test_members(void **state)
{
	static const char *const headers[] = {
		"{}",
		"{\"typ\":\"kenmen-login+jwt\",\"x5c\":[\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"x5c\":[\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\"}",
		"{\"alg\":\"none\",\"alg\":\"RS256\",\"typ\":"
		"\"kenmen-login+jwt\",\"x5c\":[\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"alg\":\"RS256\",\"typ\":"
		"\"kenmen-login+jwt\",\"x5c\":[\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\"],\"x5c\":[\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\"],\"crit\":[\"exp\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\"],\"jku\":\"https://evil.example\"}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\",\"MAA=\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":[]}",
		"{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"\"MAA=\"}",
		"{\"Alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\"]}",
		"{\"alg\":[\"RS256\"],\"typ\":\"kenmen-login+jwt\",\"x5c\":"
		"[\"MAA=\"]}",
	};
	static const char *const payloads[] = {
		"{}",
		"{" NON "," IAT "}",
		"{" AUD "," IAT "}",
		"{" AUD "," NON "}",
		"{" AUD "," AUD "," NON "," IAT "}",
		"{" AUD "," NON "," NON "," IAT "}",
		"{" AUD "," NON "," IAT "," IAT "}",
		"{" AUD "," NON "," IAT ",\"exp\":1795000300}",
		"{" AUD "," NON "," IAT "," REC "}",
		"{" AUD "," NON "," IAT ",}",
		"{," AUD "," NON "," IAT "}",
		"{" AUD " " NON "," IAT "}",
		"[" AUD "," NON "," IAT "]",
		BODY "x",
		BODY BODY,
		"{" AUD "," NON "," IAT,
		"",
		"null",
		"\"" ORIGIN "\"",
		"{{" AUD "," NON "," IAT "}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_login(KENMEN_ERR_DATA, headers[i], BODY);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		assert_login(KENMEN_ERR_DATA, LOGIN_HEAD, payloads[i]);
	assert_evidence(0, EVIDENCE_HEAD, EVIDENCE_BODY);
	assert_evidence(KENMEN_ERR_DATA, EVIDENCE_HEAD,
	    "{" AUD "," NON "," IAT "," REC "," REC "}");
}

/* What other writers of JSON may do: order and space. */
static void
test_order_and_space(void **state)
{
	(void)state;
	assert_login(0,
	    "\n{ \"x5c\" : [ \"MAA=\" ] ,\t\"typ\":\"kenmen-login+jwt\",\r\n"
	    "\"alg\":\"RS256\" } ",
	    "{ " IAT " , " NON "," AUD " }\n");
	assert_login(
	    KENMEN_ERR_DATA, LOGIN_HEAD, "{\v" AUD "," NON "," IAT "}");
}

static void
test_values(void **state)
{
	static const char *const payloads[] = {
		/* aud: escapes, controls, lengths, types */
		"{\"aud\":\"https:\\/\\/a\"," NON "," IAT "}",
		"{\"aud\":\"a\\u0041\"," NON "," IAT "}",
		"{\"aud\":\"a\nb\"," NON "," IAT "}",
		"{\"aud\":\"\xE3\x81\x82\"," NON "," IAT "}",
		"{\"aud\":\"\"," NON "," IAT "}",
		"{\"aud\":[\"" ORIGIN "\"]," NON "," IAT "}",
		"{\"aud\":null," NON "," IAT "}",
		"{\"aud\":\"" NONCE NONCE "12345678901234567\"," NON "," IAT
		"}", /* 101 characters and more */
		/* nonce: short, long, padded, other alphabets, loose bits */
		"{" AUD ",\"nonce\":\"\"," IAT "}",
		"{" AUD ",\"nonce\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
		"ZQ\"," IAT "}", /* 31 bytes */
		"{" AUD ",\"nonce\":\"" NONCE NONCE NONCE "\"," IAT "}",
		"{" AUD ",\"nonce\":\"" NONCE "=\"," IAT "}",
		"{" AUD ",\"nonce\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
		"ZW+\"," IAT "}",
		"{" AUD ",\"nonce\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
		"ZWZ\"," IAT "}", /* one bit past the end */
		"{" AUD ",\"nonce\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
		"ZW Y\"," IAT "}",
		/* iat: forms of a number that we do not write */
		"{" AUD "," NON ",\"iat\":-1}",
		"{" AUD "," NON ",\"iat\":01795000000}",
		"{" AUD "," NON ",\"iat\":1795000000.0}",
		"{" AUD "," NON ",\"iat\":1.795e9}",
		"{" AUD "," NON ",\"iat\":\"1795000000\"}",
		"{" AUD "," NON ",\"iat\":}",
		"{" AUD "," NON ",\"iat\":+1}",
		"{" AUD "," NON ",\"iat\":9007199254740992}",
		"{" AUD "," NON ",\"iat\":99999999999999999999999999999}",
		"{" AUD "," NON ",\"iat\":18446744073709551617}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		assert_login(KENMEN_ERR_DATA, LOGIN_HEAD, payloads[i]);
	assert_login(0, LOGIN_HEAD, "{" AUD "," NON ",\"iat\":0}");
	assert_login(
	    0, LOGIN_HEAD, "{" AUD "," NON ",\"iat\":9007199254740991}");
	/* record_sha256 of another length. */
	assert_evidence(KENMEN_ERR_DATA, EVIDENCE_HEAD,
	    "{" AUD "," NON "," IAT ",\"record_sha256\":\"" DIGEST "AA\"}");
	assert_evidence(KENMEN_ERR_DATA, EVIDENCE_HEAD,
	    "{" AUD "," NON "," IAT ",\"record_sha256\":\"AAEC\"}");
}

/* x5c is of plain base64, padded. */
static void
test_x5c(void **state)
{
	static const char *const wrong[] = { "MAA", "MAA==", "MA==A",
		"MAB=", "MA-=", "M A=", "====", "A===", "MAA=\\n" };
	char header[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"RS256\",\"typ\":\"kenmen-login+jwt\","
		    "\"x5c\":[\"%s\"]}",
		    wrong[i]);
		assert_login(KENMEN_ERR_DATA, header, BODY);
	}
}

/* ---- parts ------------------------------------------------------------ */

static void
test_parts(void **state)
{
	char h[200], p[300], text[2000];
	const char *why;
	static const char *const forms[] = { "%s", "%s.%s", "%s.%s.", ".%s.%s",
		"%s.%s.AAAA.AAAA", "%s.%s..AAAA", "%s..%s",
		"%s.%s.AA==", "%s.%s.A", "%s.%s.AB", "%s.%s.AA+A",
		" %s.%s.AAAA", "%s.%s.AAAA ", "%s.%s.AAAA\n", "%s=.%s.AAAA",
		"%s.%s.AAAA.", "", ".", "..", "...", "{\"payload\":\"%s\"}" };

	(void)state;
	encode(LOGIN_HEAD, strlen(LOGIN_HEAD), h);
	encode(BODY, strlen(BODY), p);
	snprintf(text, sizeof(text), "%s.%s.AAAA", h, p);
	assert_int_equal(parse_kind(text, JWS_LOGIN, &why), 0);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		snprintf(text, sizeof(text), forms[i], h, p);
#pragma GCC diagnostic pop
		if (parse_kind(text, JWS_LOGIN, &why) != KENMEN_ERR_DATA)
			fail_msg("%s is taken", forms[i]);
	}
}

static void
test_nul_inside(void **state)
{
	char text[2000];
	const char *why;
	struct jws jws;
	size_t n;

	(void)state;
	strcpy(text, joined(LOGIN_HEAD, BODY));
	n = strlen(text);
	text[n] = '\0';
	assert_int_equal(
	    jws_parse(text, n + 1, JWS_LOGIN, &jws, &why), KENMEN_ERR_DATA);
	text[10] = '\0';
	assert_int_equal(
	    jws_parse(text, n, JWS_LOGIN, &jws, &why), KENMEN_ERR_DATA);
}

static void
test_every_cut(void **state)
{
	static char text[2000];
	const char *why, *dot;
	struct jws jws;
	size_t n;

	(void)state;
	strcpy(text, joined(LOGIN_HEAD, BODY));
	n = strlen(text);
	dot = strrchr(text, '.');
	for (size_t len = 0; len <= (size_t)(dot - text) + 1; len++)
		assert_int_equal(jws_parse(text, len, JWS_LOGIN, &jws, &why),
		    KENMEN_ERR_DATA);
	assert_int_equal(jws_parse(text, n, JWS_LOGIN, &jws, &why), 0);
	jws_finish(&jws);
}

static void
test_huge(void **state)
{
	static char text[3000000];
	const char *why;
	struct jws jws;
	size_t n;

	(void)state;
	/* A signature longer than any key of ours makes. */
	strcpy(text, joined(LOGIN_HEAD, BODY));
	n = strlen(text);
	memset(text + n, 'A', 400);
	assert_int_equal(
	    jws_parse(text, n + 400, JWS_LOGIN, &jws, &why), KENMEN_ERR_DATA);
	memset(text, 'A', sizeof(text));
	assert_int_equal(jws_parse(text, sizeof(text), JWS_LOGIN, &jws, &why),
	    KENMEN_ERR_DATA);
	/* Deep nesting is refused at its first step. */
	memset(text, '[', 40000);
	text[40000] = '\0';
	assert_login(KENMEN_ERR_DATA, LOGIN_HEAD, text);
}

/* ---- answers ---------------------------------------------------------- */

static void
test_answers(void **state)
{
	struct kenmen_challenge c = challenge;
	struct jws jws = { .nonce_len = 32, .iat = NOW };
	const char *why = NULL;

	(void)state;
	strcpy(jws.aud, ORIGIN);
	memcpy(jws.nonce, challenge.bytes, 32);
	assert_int_equal(jws_answers(&jws, &c, 300, &why), 0);
	c.now = NOW + 300;
	assert_int_equal(jws_answers(&jws, &c, 300, &why), 0);
	c.now = NOW - 300;
	assert_int_equal(jws_answers(&jws, &c, 300, &why), 0);
	c.now = NOW + 301;
	assert_int_equal(
	    jws_answers(&jws, &c, 300, &why), KENMEN_ERR_AUTHENTICITY);
	c.now = NOW - 301;
	assert_int_equal(
	    jws_answers(&jws, &c, 300, &why), KENMEN_ERR_AUTHENTICITY);
	c.now = NOW;
	assert_int_equal(jws_answers(&jws, &c, -1, &why), KENMEN_ERR_ARGUMENT);
	assert_int_equal(jws_answers(&jws, &c, INT64_MAX, &why), 0);
	c.bytes[31] ^= 1;
	assert_int_equal(
	    jws_answers(&jws, &c, 300, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "it answers another challenge");
	c = challenge;
	c.len = 33;
	assert_int_equal(
	    jws_answers(&jws, &c, 300, &why), KENMEN_ERR_AUTHENTICITY);
	jws.nonce_len = 33;
	assert_int_equal(jws_answers(&jws, &c, 300, &why), 0);
	strcat(c.origin, "0");
	assert_int_equal(
	    jws_answers(&jws, &c, 300, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "it was made for another origin");
	/* No challenge of the server's own: nothing can be checked. */
	c = challenge;
	c.len = 0;
	assert_int_equal(jws_answers(&jws, &c, 300, &why), KENMEN_ERR_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_round_trip),
		cmocka_unit_test(test_evidence_round_trip),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_make_refuses),
		cmocka_unit_test(test_alg),
		cmocka_unit_test(test_typ),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_order_and_space),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_x5c),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
