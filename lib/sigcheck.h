/*
 * Digests, signatures and X.509 certificates. sigcheck.c is the only file of
 * lib/ that knows OpenSSL: its types do not appear here, its error queue is
 * left as it was found, and nothing is kept between two calls.
 *
 * A signature is checked by raising it to the public exponent and comparing
 * the whole block with the one that must come out (RFC 8017 8.2.2): no block
 * is ever parsed.
 */
#ifndef KENMEN_SIGCHECK_H
#define KENMEN_SIGCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

#define SIG_SHA256_LEN 32
#define SIG_HASH_MAX 64
/* A DigestInfo: at most 19 bytes of head; 96 is the value of the card's face
 * (three SHA-256 in a row under one head). */
#define SIG_INFO_MAX (19 + 96)
/* RSA keys of 1024 to 4096 bits: what is larger costs time, not safety. */
#define SIG_MODULUS_MIN 128
#define SIG_MODULUS_MAX 512
#define SIG_EXPONENT_MAX 4

/* A public RSA key; both numbers big-endian without leading zeros. */
struct sig_key {
	uint8_t modulus[SIG_MODULUS_MAX];
	size_t modulus_len;
	uint8_t exponent[SIG_EXPONENT_MAX];
	size_t exponent_len;
};

/* ---- digests ----------------------------------------------------------- */

/* SHA-256 of buf. NO_MEMORY only. */
int sig_sha256(const uint8_t *buf, size_t len, uint8_t ret[SIG_SHA256_LEN]);
/* Fresh random bytes of the system (getrandom). */
int sig_random(uint8_t *ret, size_t len);

/*
 * DigestInfo ::= the head of hash (RFC 8017 9.2 note 1) and a digest of
 * kenmen_hash_len(hash) bytes. Returns its length; ret holds SIG_INFO_MAX.
 */
size_t sig_info(enum kenmen_hash hash, const uint8_t *digest, uint8_t *ret);
/* The same for SHA-256 over a message. Its length, or NO_MEMORY. */
int sig_info_over(const uint8_t *message, size_t len, uint8_t *ret);
/* The face's own form: SHA-256's name over 96 bytes (30 71 ... 04 60). */
size_t sig_info_face(const uint8_t digests[3 * SIG_SHA256_LEN], uint8_t *ret);

/* ---- signatures by a bare key ------------------------------------------ */

/*
 * 0: signature is RSASSA-PKCS1-v1_5 by key over this DigestInfo (for
 * sig_check: over SHA-256 of message). AUTHENTICITY: it is not, or no such
 * key can be. NO_MEMORY.
 */
int sig_check_info(const struct sig_key *key, const uint8_t *info,
    size_t info_len, const uint8_t *signature, size_t signature_len);
int sig_check(const struct sig_key *key, const uint8_t *message, size_t len,
    const uint8_t *signature, size_t signature_len);

/*
 * Fills *ret with numbers as they stand on the card, leading zeros left out.
 * DATA: too short or too long, or an exponent that is even or below 3.
 */
int sig_key_set(const uint8_t *modulus, size_t modulus_len,
    const uint8_t *exponent, size_t exponent_len, struct sig_key *ret);
/* A PEM "PUBLIC KEY" (SubjectPublicKeyInfo) with an RSA key. DATA. */
int sig_key_pem(const uint8_t *pem, size_t len, struct sig_key *ret);

/* ---- certificates ------------------------------------------------------ */

/* An X.509 certificate, decoded. */
struct sig_cert;

/* Exactly one in DER and nothing behind it. DATA, NO_MEMORY. */
int sig_cert_new(const uint8_t *der, size_t len, struct sig_cert **ret);
/* Frees, sets NULL, accepts a pointer to NULL. */
void sig_cert_free(struct sig_cert **cert);
/*
 * The certificates of a PEM file, at most max; other things between them are
 * passed over. Returns how many; DATA: none, more, or one that is broken.
 */
int sig_cert_pem(
    const uint8_t *pem, size_t len, struct sig_cert **ret, size_t max);
/* A copy in DER. */
int sig_cert_der(const struct sig_cert *cert, struct kenmen_blob *ret);

/* May it issue (basic constraints CA, keyCertSign)? */
bool sig_cert_is_ca(const struct sig_cert *cert);
/* Has its subject this organisational unit (one of them)? */
bool sig_cert_has_unit(const struct sig_cert *cert, const char *unit);
/* Does now lie in its validity? */
bool sig_cert_in_time(const struct sig_cert *cert, int64_t now);
/* Is that the subject of ca, byte for meaning (RFC 5280 7.1)? */
bool sig_cert_names_issuer(
    const struct sig_cert *cert, const struct sig_cert *ca);
/* Signed by the key of ca, with no digest weaker than SHA-256? */
bool sig_cert_signed_by(const struct sig_cert *cert, const struct sig_cert *ca);
/* The same subject and the same key? */
bool sig_cert_same_owner(
    const struct sig_cert *cert, const struct sig_cert *other);

enum sig_usage {
	SIG_USAGE_LOGIN, /* digitalSignature */
	SIG_USAGE_SIGN,  /* nonRepudiation */
};
/* Its key usage names that, it is no CA, and no critical extension is
 * unknown. */
bool sig_cert_may(const struct sig_cert *cert, enum sig_usage usage);
/* Is this policy (dotted) among its certificate policies? */
bool sig_cert_has_policy(const struct sig_cert *cert, const char *policy);

/* See kenmen_certificate_parse. */
int sig_cert_facts(
    const struct sig_cert *cert, struct kenmen_certificate_facts *ret);
/* DATA: no RSA key, or one out of SIG_MODULUS_MIN and _MAX. */
int sig_cert_key(const struct sig_cert *cert, struct sig_key *ret);

#endif
