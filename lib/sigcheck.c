#include "sigcheck.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "blob.h"
#include "record.h"

/* NIST SP 800-57 table 2: RSA of 2048 bits, SHA-224. Less proves nothing
 * today; SHA-1 and MD5 lie below. */
#define STRENGTH_MIN 112

struct sig_cert {
	X509 *x;
};

int
kenmen_prepare(void)
{
	uint8_t random;

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG |
				    OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
				    OPENSSL_INIT_ADD_ALL_DIGESTS,
		NULL) != 1)
		return KENMEN_ERR_NO_MEMORY;
	tzset(); /* timegm would look for the time zone, which it does without
		  */
	return sig_random(&random, sizeof(random));
}

/* ---- digests ---------------------------------------------------------- */

int
sig_sha256(const uint8_t *buf, size_t len, uint8_t ret[SIG_SHA256_LEN])
{
	unsigned n;
	int ok;

	ERR_set_mark();
	ok = EVP_Digest(buf, len, ret, &n, EVP_sha256(), NULL);
	ERR_pop_to_mark();
	return ok == 1 ? 0 : KENMEN_ERR_NO_MEMORY;
}

int
sig_random(uint8_t *ret, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(ret, len < 256 ? len : 256, 0);

		if (n < 0)
			return KENMEN_ERR_NO_MEMORY;
		ret += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- DigestInfo ------------------------------------------------------- */

#define HEAD_LEN 19

/* RFC 8017 9.2 note 1; the last is the face's, EF 0002 of the visual
 * application. */
static const struct {
	uint8_t head[HEAD_LEN];
	uint8_t digest_len;
} infos[] = {
	[KENMEN_SHA256] = { { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86,
				0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
				0x00, 0x04, 0x20 },
	    32 },
	[KENMEN_SHA384] = { { 0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86,
				0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
				0x00, 0x04, 0x30 },
	    48 },
	[KENMEN_SHA512] = { { 0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86,
				0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
				0x00, 0x04, 0x40 },
	    64 },
	[KENMEN_HASH_N] = { { 0x30, 0x71, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86,
				0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
				0x00, 0x04, 0x60 },
	    96 },
};

size_t
kenmen_hash_len(enum kenmen_hash hash)
{
	return (unsigned)hash < KENMEN_HASH_N ? infos[hash].digest_len : 0;
}

static size_t
info_put(enum kenmen_hash form, const uint8_t *digest, uint8_t *ret)
{
	memcpy(ret, infos[form].head, HEAD_LEN);
	memcpy(ret + HEAD_LEN, digest, infos[form].digest_len);
	return HEAD_LEN + (size_t)infos[form].digest_len;
}

size_t
sig_info(enum kenmen_hash hash, const uint8_t *digest, uint8_t *ret)
{
	return kenmen_hash_len(hash) > 0 ? info_put(hash, digest, ret) : 0;
}

size_t
sig_info_face(const uint8_t digests[3 * SIG_SHA256_LEN], uint8_t *ret)
{
	return info_put(KENMEN_HASH_N, digests, ret);
}

int
sig_info_over(const uint8_t *message, size_t len, uint8_t *ret)
{
	uint8_t digest[SIG_SHA256_LEN];
	int r = sig_sha256(message, len, digest);

	if (r == 0)
		r = (int)info_put(KENMEN_SHA256, digest, ret);
	kenmen_wipe(digest, sizeof(digest));
	return r;
}

/* ---- bare keys -------------------------------------------------------- */

static void
zeros_skip(const uint8_t **number, size_t *len)
{
	while (*len > 0 && **number == 0) {
		(*number)++;
		(*len)--;
	}
}

int
sig_key_set(const uint8_t *modulus, size_t modulus_len, const uint8_t *exponent,
    size_t exponent_len, struct sig_key *ret)
{
	struct sig_key key = { 0 };

	zeros_skip(&modulus, &modulus_len);
	zeros_skip(&exponent, &exponent_len);
	if (modulus_len < SIG_MODULUS_MIN || modulus_len > SIG_MODULUS_MAX ||
	    !(modulus[modulus_len - 1] & 1))
		return KENMEN_ERR_DATA;
	/* 1 would make every block its own signature. */
	if (exponent_len == 0 || exponent_len > SIG_EXPONENT_MAX ||
	    !(exponent[exponent_len - 1] & 1) ||
	    (exponent_len == 1 && exponent[0] < 3))
		return KENMEN_ERR_DATA;
	memcpy(key.modulus, modulus, modulus_len);
	key.modulus_len = modulus_len;
	memcpy(key.exponent, exponent, exponent_len);
	key.exponent_len = exponent_len;
	*ret = key;
	return 0;
}

static OSSL_PARAM *
key_params(const struct sig_key *key)
{
	BIGNUM *n = BN_bin2bn(key->modulus, (int)key->modulus_len, NULL);
	BIGNUM *e = BN_bin2bn(key->exponent, (int)key->exponent_len, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (n && e && build &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return params;
}

static EVP_PKEY *
key_open(const struct sig_key *key)
{
	OSSL_PARAM *params = key_params(key);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

/* signature to the power of e: a block of modulus_len bytes. */
static int
block_recover(const struct sig_key *key, const uint8_t *signature,
    uint8_t block[SIG_MODULUS_MAX])
{
	EVP_PKEY *pkey = key_open(key);
	EVP_PKEY_CTX *ctx = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
	size_t len = SIG_MODULUS_MAX;
	int r = KENMEN_ERR_NO_MEMORY;

	if (!ctx || EVP_PKEY_verify_recover_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1)
		goto out;
	r = KENMEN_ERR_AUTHENTICITY;
	if (EVP_PKEY_verify_recover(
		ctx, block, &len, signature, key->modulus_len) == 1 &&
	    len == key->modulus_len)
		r = 0;
out:
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return r;
}

/* RFC 8017 9.2: 00 01 FF ... FF 00 T. False: T does not fit. */
static bool
block_expect(const uint8_t *info, size_t info_len, uint8_t *block, size_t len)
{
	if (info_len > len || len - info_len < 11)
		return false;
	memset(block, 0xFF, len);
	block[0] = 0x00;
	block[1] = 0x01;
	block[len - info_len - 1] = 0x00;
	memcpy(block + len - info_len, info, info_len);
	return true;
}

int
sig_check_info(const struct sig_key *key, const uint8_t *info, size_t info_len,
    const uint8_t *signature, size_t signature_len)
{
	uint8_t expected[SIG_MODULUS_MAX], block[SIG_MODULUS_MAX];
	int r;

	if (key->modulus_len < SIG_MODULUS_MIN ||
	    key->modulus_len > SIG_MODULUS_MAX ||
	    signature_len != key->modulus_len || info_len == 0 ||
	    !block_expect(info, info_len, expected, key->modulus_len))
		return KENMEN_ERR_AUTHENTICITY;
	ERR_set_mark();
	r = block_recover(key, signature, block);
	ERR_pop_to_mark();
	if (r == 0 && memcmp(block, expected, key->modulus_len) != 0)
		r = KENMEN_ERR_AUTHENTICITY;
	/* Over the My Number's file they hold a hash that can be guessed. */
	kenmen_wipe(expected, sizeof(expected));
	kenmen_wipe(block, sizeof(block));
	return r;
}

int
sig_check(const struct sig_key *key, const uint8_t *message, size_t len,
    const uint8_t *signature, size_t signature_len)
{
	uint8_t info[SIG_INFO_MAX];
	int r = sig_info_over(message, len, info);

	if (r > 0)
		r = sig_check_info(
		    key, info, (size_t)r, signature, signature_len);
	kenmen_wipe(info, sizeof(info));
	return r;
}

/* ---- PEM -------------------------------------------------------------- */

/* Else OpenSSL would ask for a password on the terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static BIO *
pem_open(const uint8_t *pem, size_t len)
{
	return len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
}

static int
key_numbers(const EVP_PKEY *pkey, struct sig_key *ret)
{
	uint8_t modulus[SIG_MODULUS_MAX], exponent[SIG_EXPONENT_MAX];
	BIGNUM *n = NULL, *e = NULL;
	int r = KENMEN_ERR_DATA;

	if (!pkey || !EVP_PKEY_is_a(pkey, "RSA") ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) ||
	    BN_bn2binpad(n, modulus, sizeof(modulus)) < 0 ||
	    BN_bn2binpad(e, exponent, sizeof(exponent)) < 0)
		goto out;
	r = sig_key_set(
	    modulus, sizeof(modulus), exponent, sizeof(exponent), ret);
out:
	BN_free(n);
	BN_free(e);
	return r;
}

int
sig_key_pem(const uint8_t *pem, size_t len, struct sig_key *ret)
{
	EVP_PKEY *pkey = NULL;
	BIO *bio;
	int r;

	ERR_set_mark();
	if ((bio = pem_open(pem, len)) != NULL)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	r = key_numbers(pkey, ret);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	ERR_pop_to_mark();
	return r;
}

/* Takes x over. */
static struct sig_cert *
cert_wrap(X509 *x)
{
	struct sig_cert *cert = malloc(sizeof(*cert));

	if (cert)
		cert->x = x;
	else
		X509_free(x);
	return cert;
}

/* 1: *ret is the next one; 0: the end. */
static int
pem_next(BIO *bio, struct sig_cert **ret)
{
	X509 *x = PEM_read_bio_X509(bio, NULL, no_password, NULL);

	if (x) {
		*ret = cert_wrap(x);
		return *ret ? 1 : KENMEN_ERR_NO_MEMORY;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		return 0;
	return KENMEN_ERR_DATA;
}

int
sig_cert_pem(const uint8_t *pem, size_t len, struct sig_cert **ret, size_t max)
{
	struct sig_cert *one;
	size_t n = 0;
	BIO *bio;
	int r;

	ERR_set_mark();
	if ((bio = pem_open(pem, len)) == NULL)
		r = KENMEN_ERR_NO_MEMORY;
	else
		r = 1;
	while (r == 1 && (r = pem_next(bio, &one)) == 1) {
		if (n < max) {
			ret[n++] = one;
		} else {
			sig_cert_free(&one);
			r = KENMEN_ERR_DATA;
		}
	}
	BIO_free(bio);
	ERR_pop_to_mark();
	if (r == 0 && n == 0)
		r = KENMEN_ERR_DATA;
	while (r < 0 && n > 0)
		sig_cert_free(&ret[--n]);
	return r < 0 ? r : (int)n;
}

/* ---- certificates ----------------------------------------------------- */

int
sig_cert_new(const uint8_t *der, size_t len, struct sig_cert **ret)
{
	const uint8_t *at = der;
	struct sig_cert *cert;
	X509 *x;

	if (len == 0 || len > INT_MAX)
		return KENMEN_ERR_DATA;
	ERR_set_mark();
	x = d2i_X509(NULL, &at, (long)len);
	ERR_pop_to_mark();
	if (!x)
		return KENMEN_ERR_DATA;
	if (at != der + len) {
		X509_free(x);
		return KENMEN_ERR_DATA;
	}
	if ((cert = cert_wrap(x)) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	*ret = cert;
	return 0;
}

void
sig_cert_free(struct sig_cert **cert)
{
	if (*cert) {
		X509_free((*cert)->x);
		free(*cert);
	}
	*cert = NULL;
}

int
sig_cert_der(const struct sig_cert *cert, struct kenmen_blob *ret)
{
	unsigned char *der = NULL;
	int r = KENMEN_ERR_NO_MEMORY, len;

	ERR_set_mark();
	if ((len = i2d_X509(cert->x, &der)) > 0)
		r = blob_copy(der, (size_t)len, ret);
	OPENSSL_free(der);
	ERR_pop_to_mark();
	return r;
}

/* What OpenSSL found of extensions; those it cannot read make a certificate
 * good for nothing. */
static uint32_t
cert_flags(const struct sig_cert *cert, bool *ret_sound)
{
	uint32_t flags;

	ERR_set_mark();
	flags = X509_get_extension_flags(cert->x);
	ERR_pop_to_mark();
	*ret_sound = !(flags & (EXFLAG_INVALID | EXFLAG_CRITICAL));
	return flags;
}

/* False also when there is no such extension: JPKI's profile has it. */
static bool
cert_usage(const struct sig_cert *cert, uint32_t bit)
{
	return (X509_get_extension_flags(cert->x) & EXFLAG_KUSAGE) &&
	       (X509_get_key_usage(cert->x) & bit);
}

bool
sig_cert_is_ca(const struct sig_cert *cert)
{
	bool sound;
	uint32_t flags = cert_flags(cert, &sound);

	return sound && (flags & EXFLAG_BCONS) && (flags & EXFLAG_CA) &&
	       cert_usage(cert, KU_KEY_CERT_SIGN);
}

bool
sig_cert_may(const struct sig_cert *cert, enum sig_usage usage)
{
	static const uint32_t bits[] = {
		[SIG_USAGE_LOGIN] = KU_DIGITAL_SIGNATURE,
		[SIG_USAGE_SIGN] = KU_NON_REPUDIATION,
	};
	bool sound;
	uint32_t flags = cert_flags(cert, &sound);

	return sound && !(flags & EXFLAG_CA) && cert_usage(cert, bits[usage]);
}

bool
sig_cert_has_unit(const struct sig_cert *cert, const char *unit)
{
	const X509_NAME *name = X509_get_subject_name(cert->x);
	size_t len = strlen(unit);
	int at = -1;

	while ((at = X509_NAME_get_index_by_NID(
		    name, NID_organizationalUnitName, at)) >= 0) {
		const ASN1_STRING *s =
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));

		if ((size_t)ASN1_STRING_length(s) == len &&
		    !memcmp(ASN1_STRING_get0_data(s), unit, len))
			return true;
	}
	return false;
}

static int
time_read(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;
	int ok;

	ERR_set_mark();
	ok = time && ASN1_TIME_to_tm(time, &tm) == 1;
	ERR_pop_to_mark();
	if (!ok)
		return KENMEN_ERR_DATA;
	*ret = timegm(&tm);
	return 0;
}

bool
sig_cert_in_time(const struct sig_cert *cert, int64_t now)
{
	int64_t from, to;

	return time_read(X509_get0_notBefore(cert->x), &from) == 0 &&
	       time_read(X509_get0_notAfter(cert->x), &to) == 0 &&
	       from <= now && now <= to;
}

bool
sig_cert_names_issuer(const struct sig_cert *cert, const struct sig_cert *ca)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert->x),
		   X509_get_subject_name(ca->x)) == 0;
}

bool
sig_cert_signed_by(const struct sig_cert *cert, const struct sig_cert *ca)
{
	EVP_PKEY *key;
	int strength;
	bool good;

	ERR_set_mark();
	key = X509_get0_pubkey(ca->x);
	good = key && EVP_PKEY_get_security_bits(key) >= STRENGTH_MIN &&
	       X509_get_signature_info(cert->x, NULL, NULL, &strength, NULL) ==
		   1 &&
	       strength >= STRENGTH_MIN && X509_verify(cert->x, key) == 1;
	ERR_pop_to_mark();
	return good;
}

bool
sig_cert_same_owner(const struct sig_cert *cert, const struct sig_cert *other)
{
	const EVP_PKEY *a, *b;
	bool same;

	ERR_set_mark();
	a = X509_get0_pubkey(cert->x);
	b = X509_get0_pubkey(other->x);
	same = a && b && EVP_PKEY_eq(a, b) == 1 &&
	       X509_NAME_cmp(X509_get_subject_name(cert->x),
		   X509_get_subject_name(other->x)) == 0;
	ERR_pop_to_mark();
	return same;
}

static bool
oid_is(const ASN1_OBJECT *object, const char *dotted)
{
	char text[64];
	int n = OBJ_obj2txt(text, sizeof(text), object, 1);

	return n > 0 && (size_t)n < sizeof(text) && !strcmp(text, dotted);
}

bool
sig_cert_has_policy(const struct sig_cert *cert, const char *policy)
{
	CERTIFICATEPOLICIES *all;
	bool found = false;

	ERR_set_mark();
	all = X509_get_ext_d2i(cert->x, NID_certificate_policies, NULL, NULL);
	for (int i = 0; !found && i < sk_POLICYINFO_num(all); i++)
		found = oid_is(sk_POLICYINFO_value(all, i)->policyid, policy);
	CERTIFICATEPOLICIES_free(all);
	ERR_pop_to_mark();
	return found;
}

int
sig_cert_key(const struct sig_cert *cert, struct sig_key *ret)
{
	int r;

	ERR_set_mark();
	r = key_numbers(X509_get0_pubkey(cert->x), ret);
	ERR_pop_to_mark();
	return r;
}

/* ---- facts ------------------------------------------------------------ */

static int
name_print(const X509_NAME *name, char *ret, size_t size)
{
	/* RFC 4514 leaves UTF-8 as it is; OpenSSL would write \E3\81. */
	unsigned long flags =
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *bio = BIO_new(BIO_s_mem());
	int r = KENMEN_ERR_NO_MEMORY;
	char *text;
	long len;

	if (!bio)
		return r;
	r = KENMEN_ERR_DATA;
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0 &&
	    (len = BIO_get_mem_data(bio, &text)) >= 0 &&
	    record_text((const uint8_t *)text, (size_t)len, ret, size))
		r = 0;
	BIO_free(bio);
	return r;
}

/* Octets of the number as they stand; RFC 5280 4.1.2.2 allows 20. */
static int
serial_print(const ASN1_INTEGER *serial, char *ret, size_t size)
{
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);
	size_t len = (size_t)ASN1_STRING_length(serial);

	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || len == 0 ||
	    len > (size - 1) / 2)
		return KENMEN_ERR_DATA;
	for (size_t i = 0; i < len; i++) {
		*ret++ = "0123456789abcdef"[bytes[i] >> 4];
		*ret++ = "0123456789abcdef"[bytes[i] & 0x0F];
	}
	*ret = '\0';
	return 0;
}

static int
key_digest(const X509 *x, uint8_t ret[SIG_SHA256_LEN])
{
	unsigned char *spki = NULL;
	int r = KENMEN_ERR_DATA;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);

	if (len > 0)
		r = sig_sha256(spki, (size_t)len, ret);
	OPENSSL_free(spki);
	return r;
}

static void
key_facts(const X509 *x, struct kenmen_certificate_facts *f)
{
	const EVP_PKEY *key = X509_get0_pubkey(x);
	int bits = key ? EVP_PKEY_get_bits(key) : 0;

	f->rsa = key && EVP_PKEY_is_a(key, "RSA");
	f->key_bits = bits > 0 ? (unsigned)bits : 0;
}

#define MEMBER(name)                                                           \
	offsetof(struct kenmen_subject, name),                                 \
	    sizeof(((struct kenmen_subject *)NULL)->name)

static const struct {
	const char *oid;
	size_t at, size; /* in struct kenmen_subject */
} attributes[] = {
	{ "1.2.392.200149.8.5.5.1", MEMBER(name) },
	{ "1.2.392.200149.8.5.5.2", MEMBER(name_substituted) },
	{ "1.2.392.200149.8.5.5.3", MEMBER(sex_code) },
	{ "1.2.392.200149.8.5.5.4", MEMBER(birth_date_raw) },
	{ "1.2.392.200149.8.5.5.5", MEMBER(address) },
	{ "1.2.392.200149.8.5.5.6", MEMBER(address_substituted) },
};
#define ATTRIBUTE_N (sizeof(attributes) / sizeof(attributes[0]))

/* UTF8String by the profile; the others have ASCII in the same bytes. */
static const ASN1_STRING *
value_string(const ASN1_TYPE *value)
{
	switch (ASN1_TYPE_get(value)) {
	case V_ASN1_UTF8STRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_NUMERICSTRING:
	case V_ASN1_IA5STRING:
		return value->value.asn1_string;
	}
	return NULL;
}

/* seen: a bit for each that was there; twice is once too often. */
static int
attribute_read(const OTHERNAME *other, struct kenmen_subject *s, unsigned *seen)
{
	const ASN1_STRING *text;
	size_t i = 0;

	while (i < ATTRIBUTE_N && !oid_is(other->type_id, attributes[i].oid))
		i++;
	if (i == ATTRIBUTE_N)
		return 0;
	if (*seen & 1u << i || (text = value_string(other->value)) == NULL ||
	    !record_text(ASN1_STRING_get0_data(text),
		(size_t)ASN1_STRING_length(text), (char *)s + attributes[i].at,
		attributes[i].size))
		return KENMEN_ERR_DATA;
	*seen |= 1u << i;
	return 0;
}

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xC0) != 0x80;
	return n;
}

/* Flags that do not fit the text say nothing about it. */
static void
flags_settle(char *flags, const char *text)
{
	size_t n = strlen(flags);

	if (strspn(flags, "01") != n || n != characters(text))
		flags[0] = '\0';
}

static void
subject_settle(struct kenmen_subject *s)
{
	const char *raw = s->birth_date_raw;

	/* An era digit (0 to 5), then the Gregorian date. */
	if (strlen(raw) == 9 && raw[0] >= '0' && raw[0] <= '5')
		raw++;
	record_date(raw, s->birth_date);
	s->sex = record_sex(s->sex_code);
	flags_settle(s->name_substituted, s->name);
	flags_settle(s->address_substituted, s->address);
}

static int
subject_facts(const X509 *x, struct kenmen_certificate_facts *f)
{
	GENERAL_NAMES *names;
	unsigned seen = 0;
	int r = 0, critical;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
	if (!names)
		return critical == -1 ? 0 : KENMEN_ERR_DATA;
	for (int i = 0; r == 0 && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_OTHERNAME)
			r = attribute_read(
			    name->d.otherName, &f->attributes, &seen);
	}
	GENERAL_NAMES_free(names);
	f->has_attributes = seen != 0;
	if (seen)
		subject_settle(&f->attributes);
	return r;
}

int
sig_cert_facts(
    const struct sig_cert *cert, struct kenmen_certificate_facts *ret)
{
	struct kenmen_certificate_facts f = { 0 };
	const X509 *x = cert->x;
	int r;

	ERR_set_mark();
	if ((r = name_print(
		 X509_get_subject_name(x), f.subject, sizeof(f.subject))) < 0 ||
	    (r = name_print(
		 X509_get_issuer_name(x), f.issuer, sizeof(f.issuer))) < 0 ||
	    (r = serial_print(
		 X509_get0_serialNumber(x), f.serial, sizeof(f.serial))) < 0 ||
	    (r = time_read(X509_get0_notBefore(x), &f.not_before)) < 0 ||
	    (r = time_read(X509_get0_notAfter(x), &f.not_after)) < 0 ||
	    (r = subject_facts(x, &f)) < 0 ||
	    (r = key_digest(x, f.key_sha256)) < 0)
		goto out;
	key_facts(x, &f);
	*ret = f;
out:
	ERR_pop_to_mark();
	kenmen_wipe(&f, sizeof(f));
	return r;
}
