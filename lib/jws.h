/*
 * Compact JWS (RFC 7515) as kenmen makes and reads them: RS256, one kind of
 * header and payload each for a login and for evidence. The only JSON in lib/.
 *
 *   login     {"alg":"RS256","typ":"kenmen-login+jwt","x5c":["..."]}
 *             {"aud":"...","nonce":"...","iat":N}
 *   evidence  {"alg":"RS256","typ":"kenmen-evidence+jwt"}
 *             {"aud":"...","nonce":"...","iat":N,"record_sha256":"..."}
 */
#ifndef KENMEN_JWS_H
#define KENMEN_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"
#include "sigcheck.h"

enum jws_kind { JWS_LOGIN, JWS_EVIDENCE };

/*
 * What is to be signed (RFC 7515 5.1, step 5: ASCII, NUL beyond len): by the
 * AUTH key over a login, by the chip's key over evidence, each as SHA-256.
 * ARGUMENT: a challenge that is too short or long, an origin that is empty or
 * not of printable ASCII without quote and backslash, now before 1970.
 */
int jws_login_input(const struct kenmen_blob *certificate,
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret);
int jws_evidence_input(const uint8_t record_sha256[SIG_SHA256_LEN],
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret);
/* The whole JWS: that input, a dot, the signature; NUL beyond len. */
int jws_join(const struct kenmen_blob *input, const uint8_t *signature,
    size_t signature_len, struct kenmen_blob *ret);

/* A JWS that has the form of its kind; nothing is checked yet. */
struct jws {
	const uint8_t *input; /* signed; points into what was parsed */
	size_t input_len;
	uint8_t signature[SIG_MODULUS_MAX];
	size_t signature_len;
	struct kenmen_blob certificate; /* login: x5c, DER; owned */
	char aud[KENMEN_ORIGIN_MAX + 1];
	uint8_t nonce[KENMEN_CHALLENGE_MAX];
	size_t nonce_len;
	int64_t iat;
	uint8_t record_sha256[SIG_SHA256_LEN]; /* evidence */
};

/*
 * Strict: three parts of unpadded base64url, members of the kind above each
 * exactly once in any order and no others, strings without escapes. DATA with
 * *reason, a constant text. Free with jws_finish.
 */
int jws_parse(const char *text, size_t len, enum jws_kind kind, struct jws *ret,
    const char **reason);
void jws_finish(struct jws *jws);

/*
 * Does it answer this challenge: aud, nonce, and iat at most max_age seconds
 * before or after challenge->now? AUTHENTICITY with *reason.
 */
int jws_answers(const struct jws *jws, const struct kenmen_challenge *challenge,
    int64_t max_age, const char **reason);

#endif
