/*
 * Keys, signatures and certificates that a test makes for itself, by OpenSSL.
 * Each test program is one file: everything here is static.
 */
#ifndef TEST_KEYS_H
#define TEST_KEYS_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "sigcheck.h"

#define KEYS_MUST(condition)                                                   \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
			    #condition);                                       \
			abort();                                               \
		}                                                              \
	} while (0)

static inline EVP_PKEY *
keys_rsa(unsigned bits, unsigned exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	KEYS_MUST(BN_set_word(e, exponent));
	KEYS_MUST(EVP_PKEY_keygen_init(ctx) == 1);
	KEYS_MUST(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1);
	KEYS_MUST(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1);
	KEYS_MUST(EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	return key;
}

/* The numbers as a card would have them. */
static inline struct sig_key
keys_public(const EVP_PKEY *key)
{
	struct sig_key k = { 0 };
	BIGNUM *n = NULL, *e = NULL;

	KEYS_MUST(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n));
	KEYS_MUST(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e));
	k.modulus_len = (size_t)BN_bn2bin(n, k.modulus);
	k.exponent_len = (size_t)BN_bn2bin(e, k.exponent);
	BN_free(n);
	BN_free(e);
	return k;
}

/* RSASSA-PKCS1-v1_5 by OpenSSL's own way. */
static inline size_t
keys_sign(EVP_PKEY *key, const EVP_MD *md, const void *message, size_t len,
    uint8_t ret[SIG_MODULUS_MAX])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIG_MODULUS_MAX;

	KEYS_MUST(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	KEYS_MUST(EVP_DigestSign(ctx, ret, &n, message, len) == 1);
	EVP_MD_CTX_free(ctx);
	return n;
}

/* PKCS#1 v1.5 over a DigestInfo of any form (padding RSA_PKCS1_PADDING), or
 * over a whole block (RSA_NO_PADDING). */
static inline size_t
keys_sign_raw(EVP_PKEY *key, int padding, const uint8_t *info, size_t len,
    uint8_t ret[SIG_MODULUS_MAX])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = SIG_MODULUS_MAX;

	KEYS_MUST(EVP_PKEY_sign_init(ctx) == 1);
	KEYS_MUST(EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1);
	KEYS_MUST(EVP_PKEY_sign(ctx, ret, &n, info, len) == 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

/* ---- objects as the card writes them ----------------------------------- */

/* Bytes that grow; len stays below the room. */
struct keys_buf {
	uint8_t bytes[40000];
	size_t len;
};

static inline void
keys_put(struct keys_buf *b, const void *bytes, size_t len)
{
	KEYS_MUST(len <= sizeof(b->bytes) - b->len);
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

/* Short lengths in one byte, others as 82 hh ll. */
static inline void
keys_object(struct keys_buf *b, unsigned tag, const void *value, size_t len)
{
	uint8_t head[5] = { (uint8_t)(tag >> 8), (uint8_t)tag, (uint8_t)len };
	size_t head_len = 3;

	if (len >= 0x80) {
		head[2] = 0x82;
		head[3] = (uint8_t)(len >> 8);
		head[4] = (uint8_t)len;
		head_len = 5;
	}
	if (tag < 0x100)
		keys_put(b, head + 1, head_len - 1);
	else
		keys_put(b, head, head_len);
	keys_put(b, value, len);
}

/* 90 exponent, 91 modulus. */
static inline void
keys_put_public(struct keys_buf *b, const EVP_PKEY *key)
{
	struct sig_key k = keys_public(key);

	keys_object(b, 0x90, k.exponent, k.exponent_len);
	keys_object(b, 0x91, k.modulus, k.modulus_len);
}

/* A card-verifiable certificate of subject by issuer. */
static inline void
keys_put_cv(struct keys_buf *b, const char issuer_id[16],
    const char subject_id[16], EVP_PKEY *issuer, const EVP_PKEY *subject)
{
	static struct keys_buf body, inner;
	uint8_t signature[SIG_MODULUS_MAX];
	size_t n;

	body.len = inner.len = 0;
	keys_put(&body, issuer_id, 16);
	keys_put(&body, subject_id, 16);
	keys_put_public(&body, subject);
	n = keys_sign(issuer, EVP_sha256(), body.bytes, body.len, signature);
	keys_object(&inner, 0x5F4E, body.bytes, body.len);
	keys_object(&inner, 0x5F37, signature, n);
	keys_object(b, 0x7F21, inner.bytes, inner.len);
}

/* ---- X.509 ------------------------------------------------------------- */

struct keys_ext {
	int nid;
	const char *value; /* in the words of openssl.cnf; ends with nid 0 */
};

struct keys_cert {
	EVP_PKEY *key;
	const char *const *name; /* type, value, ..., NULL */
	const X509 *issuer;      /* NULL: signed by itself */
	EVP_PKEY *issuer_key;
	const EVP_MD *md; /* NULL: SHA-256 */
	unsigned long serial;
	int64_t from, to;
	const struct keys_ext *ext;
	X509_EXTENSION *more; /* taken over; or NULL */
};

static inline void
keys_name_set(X509_NAME *name, const char *const *words)
{
	for (; *words; words += 2)
		KEYS_MUST(X509_NAME_add_entry_by_txt(name, words[0],
		    MBSTRING_UTF8, (const unsigned char *)words[1], -1, -1, 0));
}

static inline X509 *
keys_cert_new(const struct keys_cert *c)
{
	const EVP_MD *md = c->md ? c->md : EVP_sha256();
	X509 *x = X509_new();
	CONF *conf = NCONF_new(NULL); /* policies ask for one */
	X509V3_CTX ctx;

	KEYS_MUST(X509_set_version(x, 2));
	KEYS_MUST(ASN1_INTEGER_set_uint64(
	    X509_get_serialNumber(x), c->serial ? c->serial : 1));
	KEYS_MUST(ASN1_TIME_set(X509_getm_notBefore(x), c->from));
	KEYS_MUST(ASN1_TIME_set(X509_getm_notAfter(x), c->to));
	keys_name_set(X509_get_subject_name(x), c->name);
	X509_set_issuer_name(
	    x, X509_get_subject_name(c->issuer ? c->issuer : x));
	KEYS_MUST(X509_set_pubkey(x, c->key));
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	for (const struct keys_ext *e = c->ext; e && e->nid; e++) {
		X509_EXTENSION *ext =
		    X509V3_EXT_conf_nid(NULL, &ctx, e->nid, e->value);

		KEYS_MUST(ext != NULL && X509_add_ext(x, ext, -1));
		X509_EXTENSION_free(ext);
	}
	if (c->more) {
		KEYS_MUST(X509_add_ext(x, c->more, -1));
		X509_EXTENSION_free(c->more);
	}
	NCONF_free(conf);
	KEYS_MUST(X509_sign(x, c->issuer ? c->issuer_key : c->key, md) > 0);
	return x;
}

/* An otherName of subjectAltName with a string of that ASN.1 type. */
static inline void
keys_other_name(GENERAL_NAMES *names, const char *oid, int type,
    const void *value, size_t len)
{
	ASN1_TYPE *any = ASN1_TYPE_new();
	ASN1_STRING *text = ASN1_STRING_type_new(type);
	GENERAL_NAME *name = GENERAL_NAME_new();

	KEYS_MUST(ASN1_STRING_set(text, value, (int)len));
	ASN1_TYPE_set(any, type, text);
	KEYS_MUST(GENERAL_NAME_set0_othername(name, OBJ_txt2obj(oid, 1), any));
	KEYS_MUST(sk_GENERAL_NAME_push(names, name));
}

/* Takes names over. */
static inline X509_EXTENSION *
keys_alt_name(GENERAL_NAMES *names)
{
	X509_EXTENSION *ext = X509V3_EXT_i2d(NID_subject_alt_name, 0, names);

	GENERAL_NAMES_free(names);
	KEYS_MUST(ext);
	return ext;
}

/* The caller frees it with OPENSSL_free. */
static inline size_t
keys_der(const X509 *x, unsigned char **ret)
{
	int len;

	*ret = NULL;
	len = i2d_X509(x, ret);
	KEYS_MUST(len > 0);
	return (size_t)len;
}

#endif
