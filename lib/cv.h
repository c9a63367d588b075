/*
 * Card-verifiable certificates of the text and visual applications (EF 0004):
 *
 *   7F21 { 5F4E { issuer key id 16, subject key id 16, 90 exponent,
 *                 91 modulus }, 5F37 signature }
 *
 * The signature is RSASSA-PKCS1-v1_5 with SHA-256 over the value of 5F4E. That
 * this is so rests on one public source (docs/architecture.md).
 */
#ifndef KENMEN_CV_H
#define KENMEN_CV_H

#include <stddef.h>
#include <stdint.h>

#include "sigcheck.h"

#define CV_KEY_ID_LEN 16

/* Points into the bytes that it was parsed from. */
struct cv {
	const uint8_t *issuer;  /* CV_KEY_ID_LEN */
	const uint8_t *subject; /* CV_KEY_ID_LEN */
	struct sig_key key;
	const uint8_t *body; /* what is signed */
	size_t body_len;
	const uint8_t *signature;
	size_t signature_len;
};

/* A public key as the card writes it: 90 exponent, 91 modulus. DATA. */
int cv_key(const uint8_t *buf, size_t len, struct sig_key *ret);
/* What follows the object in its file is filler and ignored. DATA. */
int cv_parse(const uint8_t *buf, size_t len, struct cv *ret);
/* Signed by this root? 0, AUTHENTICITY, NO_MEMORY. */
int cv_check(const struct cv *cv, const struct sig_key *root);

#endif
