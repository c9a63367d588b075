/* Facts of certificates, and the attributes in the signing certificate. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "keys.h"

#define ARC "1.2.392.200149.8.5.5."
#define FROM INT64_C(1761523200) /* 2025-10-27 */
#define TO INT64_C(1897225199)   /* 2030-02-13 14:59:59 */

static EVP_PKEY *rsa;

static int
setup(void **state)
{
	(void)state;
	rsa = keys_rsa(2048, 65537);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	return 0;
}

static const char *const holder[] = { "C", "JP", "L", "千代田区", "CN",
	"0123456789ABCDEF20251027X", NULL };

static X509 *
cert_of(EVP_PKEY *key, X509_EXTENSION *more, const char *const *name)
{
	struct keys_cert c = { .key = key,
		.name = name,
		.serial = 0x06D18006,
		.from = FROM,
		.to = TO,
		.more = more };

	return keys_cert_new(&c);
}

static int
facts(X509 *x, struct kenmen_certificate_facts *ret)
{
	unsigned char *der;
	size_t len = keys_der(x, &der);
	int r = kenmen_certificate_parse(der, len, ret);

	OPENSSL_free(der);
	X509_free(x);
	return r;
}

/* One otherName after the other; an odd number of words ends them. */
struct attribute {
	const char *oid;
	const char *value;
	int type; /* 0: UTF8String */
};

static int
facts_with(const struct attribute *a, struct kenmen_certificate_facts *ret)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (; a->oid; a++)
		keys_other_name(names, a->oid,
		    a->type ? a->type : V_ASN1_UTF8STRING, a->value,
		    strlen(a->value));
	return facts(cert_of(rsa, keys_alt_name(names), holder), ret);
}

/* ---- plain facts ------------------------------------------------------ */

static void
test_facts(void **state)
{
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts(cert_of(rsa, NULL, holder), &f), 0);
	assert_string_equal(
	    f.subject, "CN=0123456789ABCDEF20251027X,L=千代田区,C=JP");
	assert_string_equal(f.issuer, f.subject);
	assert_string_equal(f.serial, "06d18006");
	assert_int_equal(f.not_before, FROM);
	assert_int_equal(f.not_after, TO);
	assert_true(f.rsa);
	assert_int_equal(f.key_bits, 2048);
	assert_false(f.has_attributes);
	assert_string_equal(f.attributes.name, "");
}

/* RFC 4514 2.4: what would be read as another name is escaped. */
static void
test_name_escapes(void **state)
{
	static const char *const tricky[] = { "O", " a+b,c=\"d\"\\<e>;f ", "CN",
		"#x\nCN=root", NULL };
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts(cert_of(rsa, NULL, tricky), &f), 0);
	assert_string_equal(f.subject,
	    "CN=\\#x\\0ACN=root,O=\\ a\\+b\\,c=\\\"d\\\"\\\\\\<e\\>\\;f\\ ");
}

static void
test_name_too_long(void **state)
{
	static char long_text[65];
	const char *const names[] = { "O", long_text, "OU", long_text, "L",
		long_text, "CN", long_text, NULL };
	struct kenmen_certificate_facts f, before;

	(void)state;
	memset(long_text, 'a', 64);
	memset(&f, 0x5A, sizeof(f));
	before = f;
	assert_int_equal(facts(cert_of(rsa, NULL, names), &f), KENMEN_ERR_DATA);
	assert_memory_equal(&f, &before, sizeof(f));
	long_text[50] = '\0';
	assert_int_equal(facts(cert_of(rsa, NULL, names), &f), 0);
	assert_int_equal(strlen(f.subject), 4 * 50 + 2 + 3 + 2 + 3 + 3);
}

static void
test_serials(void **state)
{
	static const struct {
		const char *hex, *want; /* NULL: refused */
	} cases[] = { { "1", "01" }, { "0", "00" }, { "FF", "ff" },
		{ "133C349", "0133c349" },
		{ "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		    "7fffffffffffffffffffffffffffffffffffffff" },
		{ "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		    "ffffffffffffffffffffffffffffffffffffffff" },
		{ "1000000000000000000000000000000000000000FF", NULL },
		{ "-1", NULL } };
	struct kenmen_certificate_facts f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *x = cert_of(rsa, NULL, holder);
		BIGNUM *n = NULL;
		int r;

		KEYS_MUST(BN_hex2bn(&n, cases[i].hex));
		BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
		KEYS_MUST(X509_sign(x, rsa, EVP_sha256()));
		r = facts(x, &f);
		assert_int_equal(r, cases[i].want ? 0 : KENMEN_ERR_DATA);
		if (cases[i].want)
			assert_string_equal(f.serial, cases[i].want);
		BN_free(n);
	}
}

/* Generalised time, as beyond 2049, and a time that is none. */
static void
test_times(void **state)
{
	struct kenmen_certificate_facts f;
	X509 *x = cert_of(rsa, NULL, holder);

	(void)state;
	KEYS_MUST(
	    ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z"));
	KEYS_MUST(X509_sign(x, rsa, EVP_sha256()));
	assert_int_equal(facts(x, &f), 0);
	assert_int_equal(f.not_after, INT64_C(253402300799));
	x = cert_of(rsa, NULL, holder);
	KEYS_MUST(ASN1_STRING_set(X509_getm_notAfter(x), "251332000000Z", 13));
	KEYS_MUST(X509_sign(x, rsa, EVP_sha256()));
	assert_int_equal(facts(x, &f), KENMEN_ERR_DATA);
}

static void
test_other_keys(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-384"), *small = keys_rsa(1024, 65537);
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts(cert_of(ec, NULL, holder), &f), 0);
	assert_false(f.rsa);
	assert_int_equal(f.key_bits, 384);
	assert_int_equal(facts(cert_of(small, NULL, holder), &f), 0);
	assert_true(f.rsa);
	assert_int_equal(f.key_bits, 1024);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(small);
}

/* A key of a kind that nobody knows yet is no reason to fail. */
static void
test_unknown_key(void **state)
{
	struct kenmen_certificate_facts f;
	unsigned char *der, *at;
	X509 *x = cert_of(rsa, NULL, holder);
	size_t len = keys_der(x, &der);
	/* rsaEncryption, in the key: the second one is that of nobody. */
	static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01,
		0x01, 0x01 };

	(void)state;
	at = memmem(der, len, oid, sizeof(oid));
	assert_non_null(at);
	at[8] = 0x7E;
	assert_int_equal(kenmen_certificate_parse(der, len, &f), 0);
	assert_false(f.rsa);
	assert_int_equal(f.key_bits, 0);
	OPENSSL_free(der);
	X509_free(x);
}

/* Neither less nor more than one certificate. */
static void
test_not_a_certificate(void **state)
{
	struct kenmen_certificate_facts f;
	unsigned char *der;
	X509 *x = cert_of(rsa, NULL, holder);
	size_t len = keys_der(x, &der);
	uint8_t *longer = calloc(1, len + 1);

	(void)state;
	memcpy(longer, der, len);
	assert_int_equal(kenmen_certificate_parse(longer, len, &f), 0);
	assert_int_equal(
	    kenmen_certificate_parse(longer, len + 1, &f), KENMEN_ERR_DATA);
	for (size_t n = 0; n < len; n += n < 40 ? 1 : 13)
		assert_int_equal(
		    kenmen_certificate_parse(longer, n, &f), KENMEN_ERR_DATA);
	memset(longer, 0xFF, len);
	assert_int_equal(
	    kenmen_certificate_parse(longer, len, &f), KENMEN_ERR_DATA);
	free(longer);
	OPENSSL_free(der);
	X509_free(x);
}

/* ---- attributes ------------------------------------------------------- */

/* In the order seen on a card. */
static void
test_attributes(void **state)
{
	static const struct attribute a[] = { { ARC "1", "見本　花子", 0 },
		{ ARC "4", "419900401", 0 }, { ARC "3", "2", 0 },
		{ ARC "5", "東京都見本町１", 0 }, { ARC "2", "00000", 0 },
		{ ARC "6", "0001000", 0 }, { NULL, NULL, 0 } };
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts_with(a, &f), 0);
	assert_true(f.has_attributes);
	assert_string_equal(f.attributes.name, "見本　花子");
	assert_string_equal(f.attributes.name_substituted, "00000");
	assert_string_equal(f.attributes.address, "東京都見本町１");
	assert_string_equal(f.attributes.address_substituted, "0001000");
	assert_string_equal(f.attributes.birth_date, "1990-04-01");
	assert_string_equal(f.attributes.birth_date_raw, "419900401");
	assert_string_equal(f.attributes.sex_code, "2");
	assert_int_equal(f.attributes.sex, KENMEN_SEX_FEMALE);
}

static void
test_attributes_any_order(void **state)
{
	static const struct attribute a[] = { { ARC "6", "1", 0 },
		{ ARC "5", "辻", 0 }, { ARC "3", "1", V_ASN1_PRINTABLESTRING },
		{ "1.3.6.1.4.1.311.20.2.3", "someone@example", 0 },
		{ ARC "2", "01", 0 }, { ARC "1", "髙木", 0 },
		{ ARC "4", "519261231", V_ASN1_NUMERICSTRING },
		{ ARC "7", "of tomorrow", 0 }, { NULL, NULL, 0 } };
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts_with(a, &f), 0);
	assert_string_equal(f.attributes.name, "髙木");
	assert_string_equal(f.attributes.name_substituted, "01");
	assert_string_equal(f.attributes.address_substituted, "1");
	assert_string_equal(f.attributes.birth_date, "1926-12-31");
	assert_int_equal(f.attributes.sex, KENMEN_SEX_MALE);
}

static void
test_attributes_some(void **state)
{
	static const struct attribute a[] = { { ARC "1", "名", 0 },
		{ NULL, NULL, 0 } };
	static const struct attribute none[] = { { "1.2.3", "x", 0 },
		{ NULL, NULL, 0 } };
	struct kenmen_certificate_facts f;

	(void)state;
	assert_int_equal(facts_with(a, &f), 0);
	assert_true(f.has_attributes);
	assert_string_equal(f.attributes.name_substituted, "");
	assert_string_equal(f.attributes.birth_date, "");
	assert_int_equal(f.attributes.sex, KENMEN_SEX_UNKNOWN);
	assert_int_equal(facts_with(none, &f), 0);
	assert_false(f.has_attributes);
}

/* Flags that do not fit the text are not known. */
static void
test_flags(void **state)
{
	static const struct {
		const char *name, *flags, *want;
	} cases[] = { { "ab", "01", "01" }, { "ab", "0", "" },
		{ "ab", "010", "" }, { "ab", "02", "" }, { "ab", "0x", "" },
		{ "あ𠮷", "01", "01" }, { "あ𠮷", "0000000", "" } };
	struct kenmen_certificate_facts f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attribute a[] = { { ARC "1", cases[i].name, 0 },
			{ ARC "2", cases[i].flags, 0 }, { NULL, NULL, 0 } };

		assert_int_equal(facts_with(a, &f), 0);
		assert_string_equal(
		    f.attributes.name_substituted, cases[i].want);
	}
}

static void
test_birth_dates(void **state)
{
	static const struct {
		const char *raw, *want;
	} cases[] = { { "319800217", "1980-02-17" },
		{ "019800217", "1980-02-17" }, { "118680125", "1868-01-25" },
		{ "519991231", "1999-12-31" }, { "19800217", "1980-02-17" },
		{ "619800217", "" }, { "x19800217", "" }, { "3198002170", "" },
		{ "319800230", "" }, { "3", "" }, { "", "" },
		{ "319800000", "" } };
	struct kenmen_certificate_facts f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attribute a[] = { { ARC "4", cases[i].raw, 0 },
			{ NULL, NULL, 0 } };

		assert_int_equal(facts_with(a, &f), 0);
		assert_string_equal(f.attributes.birth_date, cases[i].want);
		assert_string_equal(f.attributes.birth_date_raw, cases[i].raw);
	}
}

/* Twice the same, types that hold no such text, texts out of all bounds. */
static void
test_attributes_refused(void **state)
{
	static char big[KENMEN_NAME_MAX + 2];
	static const struct attribute twice[] = { { ARC "1", "a", 0 },
		{ ARC "1", "a", 0 }, { NULL, NULL, 0 } };
	static const struct attribute wide[] = {
		{ ARC "1", "0a", V_ASN1_BMPSTRING }, { NULL, NULL, 0 }
	};
	static const struct attribute octets[] = {
		{ ARC "1", "0a", V_ASN1_OCTET_STRING }, { NULL, NULL, 0 }
	};
	static const struct attribute sexes[] = { { ARC "3", "12345", 0 },
		{ NULL, NULL, 0 } };
	static const struct attribute huge[] = { { ARC "1", big, 0 },
		{ NULL, NULL, 0 } };
	struct kenmen_certificate_facts f;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	assert_int_equal(facts_with(twice, &f), KENMEN_ERR_DATA);
	assert_int_equal(facts_with(wide, &f), KENMEN_ERR_DATA);
	assert_int_equal(facts_with(octets, &f), KENMEN_ERR_DATA);
	assert_int_equal(facts_with(sexes, &f), KENMEN_ERR_DATA);
	assert_int_equal(facts_with(huge, &f), KENMEN_ERR_DATA);
	big[KENMEN_NAME_MAX] = '\0';
	assert_int_equal(facts_with(huge, &f), 0);
	assert_int_equal(strlen(f.attributes.name), KENMEN_NAME_MAX);
}

/* Bytes that are no UTF-8 become U+FFFD; a NUL cannot end a name early. */
static void
test_attributes_broken_text(void **state)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	struct kenmen_certificate_facts f;

	(void)state;
	keys_other_name(names, ARC "1", V_ASN1_UTF8STRING, "a\0b\xFF\n", 5);
	assert_int_equal(
	    facts(cert_of(rsa, keys_alt_name(names), holder), &f), 0);
	assert_string_equal(f.attributes.name, "a\xEF\xBF\xBD"
					       "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

/* A subjectAltName that is no GeneralNames, and one that comes twice. */
static void
test_alt_name_broken(void **state)
{
	ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	struct kenmen_certificate_facts f;
	X509_EXTENSION *ext;
	X509 *x;

	(void)state;
	KEYS_MUST(
	    ASN1_OCTET_STRING_set(junk, (const unsigned char *)"\x30\x7F", 2));
	ext = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, junk);
	ASN1_OCTET_STRING_free(junk);
	assert_int_equal(facts(cert_of(rsa, ext, holder), &f), KENMEN_ERR_DATA);
	keys_other_name(names, ARC "1", V_ASN1_UTF8STRING, "a", 1);
	ext = keys_alt_name(names);
	x = cert_of(rsa, X509_EXTENSION_dup(ext), holder);
	KEYS_MUST(X509_add_ext(x, ext, -1));
	KEYS_MUST(X509_sign(x, rsa, EVP_sha256()));
	X509_EXTENSION_free(ext);
	assert_int_equal(facts(x, &f), KENMEN_ERR_DATA);
}

/* ---- signatures by a certificate's key --------------------------------- */

static void
test_signature_verify(void **state)
{
	const EVP_MD *mds[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	uint8_t digest[64], signature[SIG_MODULUS_MAX];
	X509 *x = cert_of(rsa, NULL, holder);
	unsigned char *der;
	size_t len = keys_der(x, &der);

	(void)state;
	for (enum kenmen_hash h = KENMEN_SHA256; h < KENMEN_HASH_N; h++) {
		size_t n = keys_sign(rsa, mds[h], "document", 8, signature);

		EVP_Digest("document", 8, digest, NULL, mds[h], NULL);
		assert_int_equal(
		    kenmen_signature_verify(der, len, h, digest, signature, n),
		    0);
		assert_int_equal(
		    kenmen_signature_verify(der, len, (h + 1) % KENMEN_HASH_N,
			digest, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
		digest[0] ^= 1;
		assert_int_equal(
		    kenmen_signature_verify(der, len, h, digest, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
	}
	assert_int_equal(kenmen_signature_verify(
			     der, len, KENMEN_HASH_N, digest, signature, 256),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_signature_verify(der, len - 1, KENMEN_SHA256,
			     digest, signature, 256),
	    KENMEN_ERR_DATA);
	OPENSSL_free(der);
	X509_free(x);
}

/* A certificate whose key signs otherwise: said, not mistaken for a forgery. */
static void
test_signature_verify_other_key(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	uint8_t digest[32] = { 0 }, signature[SIG_MODULUS_MAX] = { 0 };
	X509 *x = cert_of(ec, NULL, holder);
	unsigned char *der;
	size_t len = keys_der(x, &der);

	(void)state;
	assert_int_equal(kenmen_signature_verify(
			     der, len, KENMEN_SHA256, digest, signature, 256),
	    KENMEN_ERR_DATA);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(ec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_name_escapes),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_unknown_key),
		cmocka_unit_test(test_not_a_certificate),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_attributes_any_order),
		cmocka_unit_test(test_attributes_some),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_birth_dates),
		cmocka_unit_test(test_attributes_refused),
		cmocka_unit_test(test_attributes_broken_text),
		cmocka_unit_test(test_alt_name_broken),
		cmocka_unit_test(test_signature_verify),
		cmocka_unit_test(test_signature_verify_other_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
