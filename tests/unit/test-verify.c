/* A server's side: logins and evidence, whole and spoilt. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "blob.h"
#include "jws.h"
#include "keys.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1795000000)
#define ROOT_ID                                                                \
	"6000023\x08\x05"                                                      \
	"0301234"
#define ISSUER_ID                                                              \
	"6000023\x08\x05"                                                      \
	"0305678"

static const struct kenmen_challenge challenge = {
	.origin = "https://drone.example",
	.bytes = "0123456789abcdef0123456789abcdef",
	.len = 32,
	.now = NOW,
};

static EVP_PKEY *ca_key, *login_key, *root, *issuer, *chip, *stranger;
static X509 *ca, *holder, *sign_ca;
static struct kenmen_blob holder_der, signer_der, record, certificate;
static struct kenmen_trust *trust;

/* ---- who and what ----------------------------------------------------- */

static void
make_certificates(void)
{
	static const char *const ca_name[] = { "C", "JP", "O", "SIMULATED",
		"OU", "JPKI for user authentication", NULL };
	static const char *const name[] = { "CN", "0123456789X", NULL };
	static const struct keys_ext ca_ext[] = { { NID_basic_constraints,
						      "critical,CA:TRUE" },
		{ NID_key_usage, "critical,keyCertSign" }, { 0, NULL } };
	static const struct keys_ext ext[] = {
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_certificate_policies, "1.2.392.200149.8.5.1.3.30" },
		{ 0, NULL }
	};
	struct keys_cert c = { .key = ca_key,
		.name = ca_name,
		.from = NOW - DAY,
		.to = NOW + DAY,
		.ext = ca_ext };
	unsigned char *der;
	size_t len;

	ca = keys_cert_new(&c);
	c.key = login_key;
	c.name = name;
	c.issuer = ca;
	c.issuer_key = ca_key;
	c.ext = ext;
	holder = keys_cert_new(&c);
	len = keys_der(holder, &der);
	KEYS_MUST(blob_copy(der, len, &holder_der) == 0);
	OPENSSL_free(der);
}

/* The same for documents: by the other CA, which has the same key here. */
static void
make_signer(void)
{
	static const char *const ca_name[] = { "C", "JP", "O", "SIMULATED",
		"OU", "JPKI for digital signature", NULL };
	static const char *const name[] = { "CN", "0123456789X", NULL };
	static const struct keys_ext ca_ext[] = { { NID_basic_constraints,
						      "critical,CA:TRUE" },
		{ NID_key_usage, "critical,keyCertSign" }, { 0, NULL } };
	static const struct keys_ext ext[] = { { NID_key_usage,
						   "critical,nonRepudiation" },
		{ NID_certificate_policies, "1.2.392.200149.8.5.1.1.20" },
		{ 0, NULL } };
	struct keys_cert c = { .key = ca_key,
		.name = ca_name,
		.from = NOW - DAY,
		.to = NOW + DAY,
		.ext = ca_ext };
	unsigned char *der;
	X509 *signer;
	size_t len;

	sign_ca = keys_cert_new(&c);
	c = (struct keys_cert){ .key = login_key,
		.name = name,
		.issuer = sign_ca,
		.issuer_key = ca_key,
		.from = NOW - DAY,
		.to = NOW + DAY,
		.ext = ext };
	signer = keys_cert_new(&c);
	len = keys_der(signer, &der);
	KEYS_MUST(blob_copy(der, len, &signer_der) == 0);
	OPENSSL_free(der);
	X509_free(signer);
}

static void
make_record(void)
{
	uint8_t digests[96], info[SIG_INFO_MAX], signature[SIG_MODULUS_MAX];
	static struct keys_buf b, key;
	size_t at[3];

	keys_object(&b, 0xDF22, "19900401", 8);
	keys_object(&b, 0xDF23, "2", 1);
	keys_put_public(&key, chip);
	keys_object(&b, 0xDF24, key.bytes, key.len);
	at[0] = b.len;
	keys_object(&b, 0xDF25, "\x89PNG name", 9);
	keys_object(&b, 0xDF26, "\x89PNG address", 12);
	at[1] = b.len;
	keys_object(&b, 0xDF27, "a photo", 7);
	at[2] = b.len;
	KEYS_MUST(sig_sha256(b.bytes, at[0], digests) == 0);
	KEYS_MUST(
	    sig_sha256(b.bytes + at[0], at[1] - at[0], digests + 32) == 0);
	KEYS_MUST(
	    sig_sha256(b.bytes + at[1], at[2] - at[1], digests + 64) == 0);
	keys_sign_raw(issuer, RSA_PKCS1_PADDING, info,
	    sig_info_face(digests, info), signature);
	keys_object(&b, 0xDF28, signature, 256);
	KEYS_MUST(blob_copy(b.bytes, b.len, &record) == 0);
	b.len = 0;
	keys_put_cv(&b, ROOT_ID, ISSUER_ID, root, issuer);
	KEYS_MUST(blob_copy(b.bytes, b.len, &certificate) == 0);
}

static void
make_trust(void)
{
	char dir[] = "/tmp/kenmen-test-XXXXXX", pem[256], root_path[256];
	unsigned bad = 1;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(pem, sizeof(pem), "%s/ca.pem", dir);
	snprintf(root_path, sizeof(root_path),
	    "%s/36303030303233080530333031323334.cvroot", dir);
	assert_non_null(f = fopen(pem, "w"));
	PEM_write_X509(f, ca);
	PEM_write_X509(f, sign_ca);
	fclose(f);
	assert_non_null(f = fopen(root_path, "w"));
	PEM_write_PUBKEY(f, root);
	fclose(f);
	assert_int_equal(kenmen_trust_new(dir, &bad, &trust), 0);
	assert_int_equal(bad, 0);
	unlink(pem);
	unlink(root_path);
	rmdir(dir);
}

static int
setup(void **state)
{
	EVP_PKEY **keys[] = { &ca_key, &login_key, &root, &issuer, &chip,
		&stranger };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		*keys[i] = keys_rsa(2048, 65537);
	make_certificates();
	make_signer();
	make_record();
	make_trust();
	return 0;
}

static int
teardown(void **state)
{
	EVP_PKEY *keys[] = { ca_key, login_key, root, issuer, chip, stranger };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
	X509_free(ca);
	X509_free(holder);
	X509_free(sign_ca);
	kenmen_blob_free(&holder_der);
	kenmen_blob_free(&signer_der);
	kenmen_blob_free(&record);
	kenmen_blob_free(&certificate);
	kenmen_trust_free(&trust);
	return 0;
}

/* Signs and joins; frees input. */
static struct kenmen_blob
jws_by(EVP_PKEY *key, struct kenmen_blob input)
{
	uint8_t signature[SIG_MODULUS_MAX];
	struct kenmen_blob whole;
	size_t n =
	    keys_sign(key, EVP_sha256(), input.bytes, input.len, signature);

	KEYS_MUST(jws_join(&input, signature, n, &whole) == 0);
	kenmen_blob_free(&input);
	return whole;
}

static struct kenmen_blob
login_by(EVP_PKEY *key, const struct kenmen_challenge *c)
{
	struct kenmen_blob input;

	KEYS_MUST(jws_login_input(&holder_der, c, &input) == 0);
	return jws_by(key, input);
}

static struct kenmen_blob
evidence_by(EVP_PKEY *key, const struct kenmen_challenge *c)
{
	uint8_t digest[SIG_SHA256_LEN];
	struct kenmen_blob input;

	KEYS_MUST(sig_sha256(record.bytes, record.len, digest) == 0);
	KEYS_MUST(jws_evidence_input(digest, c, &input) == 0);
	return jws_by(key, input);
}

/* ---- logins ----------------------------------------------------------- */

static int
login(const struct kenmen_blob *jws, const struct kenmen_trust *roots,
    struct kenmen_login *ret, const char **why)
{
	*why = NULL;
	return kenmen_login_verify((const char *)jws->bytes, jws->len,
	    &challenge, 300, roots, ret, why);
}

static void
test_login(void **state)
{
	struct kenmen_blob jws = login_by(login_key, &challenge);
	struct kenmen_login ret = { .trusted = 7 };
	const char *why;

	(void)state;
	assert_int_equal(login(&jws, trust, &ret, &why), 0);
	assert_null(why);
	assert_int_equal(ret.trusted, 1);
	assert_int_equal(ret.issued_at, NOW);
	assert_string_equal(ret.certificate.subject, "CN=0123456789X");
	assert_int_equal(ret.authenticity.verdict, KENMEN_VERIFIED);
	assert_int_equal(login(&jws, NULL, &ret, &why), 0);
	assert_int_equal(ret.trusted, -1);
	assert_int_equal(ret.authenticity.verdict, KENMEN_CONSISTENT);
	kenmen_blob_free(&jws);
}

static void
test_login_flipped(void **state)
{
	struct kenmen_blob jws = login_by(login_key, &challenge);
	struct kenmen_login ret, before;
	const char *why;

	(void)state;
	memset(&ret, 0x5A, sizeof(ret));
	before = ret;
	for (size_t i = 0; i < jws.len; i++) {
		jws.bytes[i] ^= 0x01;
		assert_int_equal(
		    login(&jws, trust, &ret, &why), KENMEN_ERR_AUTHENTICITY);
		assert_non_null(why);
		jws.bytes[i] ^= 0x01;
	}
	assert_memory_equal(&ret, &before, sizeof(ret));
	kenmen_blob_free(&jws);
}

static void
test_login_refused(void **state)
{
	struct kenmen_challenge c = challenge;
	struct kenmen_blob jws = login_by(stranger, &challenge), other;
	struct kenmen_login ret;
	const char *why;

	(void)state;
	assert_int_equal(
	    login(&jws, trust, &ret, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "the key in x5c did not sign it");
	kenmen_blob_free(&jws);
	strcpy(c.origin, "https://evil.example");
	jws = login_by(login_key, &c);
	assert_int_equal(
	    login(&jws, trust, &ret, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "it was made for another origin");
	kenmen_blob_free(&jws);
	c = challenge;
	c.now = NOW - 301;
	jws = login_by(login_key, &c);
	assert_int_equal(
	    login(&jws, trust, &ret, &why), KENMEN_ERR_AUTHENTICITY);
	kenmen_blob_free(&jws);
	/* Evidence is no login. */
	other = evidence_by(login_key, &challenge);
	assert_int_equal(
	    login(&other, trust, &ret, &why), KENMEN_ERR_AUTHENTICITY);
	kenmen_blob_free(&other);
	/* A reason is not asked for; a challenge is none. */
	jws = login_by(login_key, &challenge);
	c = challenge;
	c.len = 0;
	assert_int_equal(kenmen_login_verify((char *)jws.bytes, jws.len, &c,
			     300, trust, &ret, NULL),
	    KENMEN_ERR_ARGUMENT);
	kenmen_blob_free(&jws);
}

/* A certificate of another's: the signature decides, then trust. */
static void
test_login_self_made(void **state)
{
	static const char *const name[] = { "CN", "0123456789X", NULL };
	struct keys_cert c = { .key = stranger,
		.name = name,
		.from = NOW - DAY,
		.to = NOW + DAY };
	X509 *x = keys_cert_new(&c);
	struct kenmen_blob der, input, jws;
	struct kenmen_login ret;
	unsigned char *bytes;
	const char *why;

	(void)state;
	der.len = keys_der(x, &bytes);
	der.bytes = bytes;
	KEYS_MUST(jws_login_input(&der, &challenge, &input) == 0);
	jws = jws_by(stranger, input);
	assert_int_equal(login(&jws, trust, &ret, &why), 0);
	assert_int_equal(ret.trusted, 0);
	assert_int_equal(ret.authenticity.verdict, KENMEN_FAILED);
	kenmen_blob_free(&jws);
	OPENSSL_free(bytes);
	X509_free(x);
}

/* ---- signatures ------------------------------------------------------- */

static int
signer(const struct kenmen_trust *roots, int64_t now, uint8_t digest_byte,
    EVP_PKEY *by, const struct kenmen_blob *der, struct kenmen_signer *ret,
    const char **why)
{
	uint8_t digest[SIG_SHA256_LEN], signature[SIG_MODULUS_MAX];
	struct kenmen_blob s = { signature, 0 };

	s.len = keys_sign(by, EVP_sha256(), "a document", 10, signature);
	KEYS_MUST(sig_sha256((const uint8_t *)"a document", 10, digest) == 0);
	digest[0] ^= digest_byte;
	*why = NULL;
	return kenmen_signer_verify(
	    der, KENMEN_SHA256, digest, &s, roots, now, ret, why);
}

/* A check of that name; 7: there is none. */
static int
check_of(const struct kenmen_authenticity *a, const char *name)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!strcmp(a->check[i].name, name))
			return a->check[i].ok;
	return 7;
}

static void
assert_checks(const struct kenmen_authenticity *a, int issuer_ok,
    int validity_ok, int usage_ok, int policy_ok)
{
	assert_int_equal(a->n, 5);
	assert_int_equal(check_of(a, "issuer"), issuer_ok);
	assert_int_equal(check_of(a, "validity"), validity_ok);
	assert_int_equal(check_of(a, "key_usage"), usage_ok);
	assert_int_equal(check_of(a, "policy"), policy_ok);
	assert_int_equal(check_of(a, "revocation"), -1);
}

static void
test_signer(void **state)
{
	static struct kenmen_signer ret;
	struct kenmen_blob der = signer_der;
	const char *why;

	(void)state;
	assert_int_equal(signer(trust, NOW, 0, login_key, &der, &ret, &why), 0);
	assert_int_equal(ret.trusted, 1);
	assert_int_equal(ret.authenticity.verdict, KENMEN_VERIFIED);
	assert_checks(&ret.authenticity, 1, 1, 1, 1);
	assert_string_equal(ret.certificate.subject, "CN=0123456789X");
	/* The day after tomorrow nothing of it is valid, its CA included. */
	assert_int_equal(
	    signer(trust, NOW + 2 * DAY, 0, login_key, &der, &ret, &why), 0);
	assert_int_equal(ret.trusted, 0);
	assert_checks(&ret.authenticity, 0, 0, 1, 1);
	/* No CA to hold it against: said, and no proof. */
	assert_int_equal(signer(NULL, NOW, 0, login_key, &der, &ret, &why), 0);
	assert_int_equal(ret.trusted, -1);
	assert_int_equal(ret.authenticity.verdict, KENMEN_CONSISTENT);
	assert_checks(&ret.authenticity, -1, 1, 1, 1);
	/* The certificate for logins signs no document. */
	assert_int_equal(
	    signer(trust, NOW, 0, login_key, &holder_der, &ret, &why), 0);
	assert_int_equal(ret.trusted, 0);
	assert_int_equal(ret.authenticity.verdict, KENMEN_FAILED);
	assert_checks(&ret.authenticity, 0, 1, 0, 0);
}

static void
test_signer_refused(void **state)
{
	static struct kenmen_signer ret, before;
	struct kenmen_blob der = signer_der;
	const char *why;

	(void)state;
	memset(&ret, 0x5A, sizeof(ret));
	before = ret;
	assert_int_equal(signer(trust, NOW, 1, login_key, &der, &ret, &why),
	    KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(
	    why, "the key in the certificate did not sign this digest");
	assert_int_equal(signer(trust, NOW, 0, stranger, &der, &ret, &why),
	    KENMEN_ERR_AUTHENTICITY);
	der.len--;
	assert_int_equal(signer(trust, NOW, 0, login_key, &der, &ret, &why),
	    KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "it is no certificate with an RSA key");
	assert_memory_equal(&ret, &before, sizeof(ret));
}

static void
test_certificate_check(void **state)
{
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(kenmen_certificate_check(trust, KENMEN_CERT_AUTH,
			     holder_der.bytes, holder_der.len, NOW, &a),
	    0);
	assert_checks(&a, 1, 1, 1, 1);
	assert_int_equal(kenmen_certificate_check(trust, KENMEN_CERT_AUTH_CA,
			     holder_der.bytes, holder_der.len, NOW, &a),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_certificate_check(trust, KENMEN_CERT_AUTH,
			     holder_der.bytes, holder_der.len - 1, NOW, &a),
	    KENMEN_ERR_DATA);
}

/* The same key, the same digest, in whatever certificate. */
static void
test_key_digest(void **state)
{
	struct kenmen_certificate_facts one, other;
	static const char *const name[] = { "CN", "0123456789X", NULL };
	struct keys_cert c = { .key = login_key,
		.name = name,
		.from = NOW - DAY,
		.to = NOW + DAY };
	X509 *x = keys_cert_new(&c);
	unsigned char *bytes;
	size_t len = keys_der(x, &bytes);
	uint8_t digest[SIG_SHA256_LEN];
	unsigned char *spki = NULL;
	int spki_len;

	(void)state;
	assert_int_equal(
	    kenmen_certificate_parse(holder_der.bytes, holder_der.len, &one),
	    0);
	assert_int_equal(kenmen_certificate_parse(bytes, len, &other), 0);
	assert_memory_equal(
	    one.key_sha256, other.key_sha256, sizeof(one.key_sha256));
	spki_len = i2d_PUBKEY(login_key, &spki);
	KEYS_MUST(spki_len > 0);
	KEYS_MUST(sig_sha256(spki, (size_t)spki_len, digest) == 0);
	assert_memory_equal(one.key_sha256, digest, sizeof(digest));
	OPENSSL_free(spki);
	OPENSSL_free(bytes);
	X509_free(x);
}

/* ---- evidence --------------------------------------------------------- */

static int
evidence(const struct kenmen_blob *jws, const struct kenmen_trust *roots,
    struct kenmen_face *ret, const char **why)
{
	*why = NULL;
	return kenmen_evidence_verify(&record, &certificate,
	    (const char *)jws->bytes, jws->len, &challenge, 300, roots, ret,
	    why);
}

static void
face_free(struct kenmen_face *face)
{
	kenmen_blob_free(&face->name_png);
	kenmen_blob_free(&face->address_png);
	kenmen_blob_free(&face->photo_jp2);
}

static void
test_evidence(void **state)
{
	struct kenmen_blob jws = evidence_by(chip, &challenge);
	struct kenmen_face face;
	const char *why;

	(void)state;
	assert_int_equal(evidence(&jws, trust, &face, &why), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_VERIFIED);
	assert_string_equal(face.birth_date, "1990-04-01");
	assert_int_equal(face.sex, KENMEN_SEX_FEMALE);
	assert_int_equal(face.name_png.len, 9);
	assert_int_equal(face.photo_jp2.len, 7);
	assert_null(face.photo_png.bytes);
	assert_null(face.record.bytes);
	assert_string_equal(face.expires, "");
	face_free(&face);
	/* Without a root it is consistent, which anybody can be. */
	assert_int_equal(evidence(&jws, NULL, &face, &why), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_CONSISTENT);
	face_free(&face);
	kenmen_blob_free(&jws);
}

static void
test_evidence_flipped(void **state)
{
	struct kenmen_blob jws = evidence_by(chip, &challenge);
	struct kenmen_blob *files[] = { &jws, &record, &certificate };
	struct kenmen_face face, before;
	const char *why;

	(void)state;
	memset(&face, 0x5A, sizeof(face));
	before = face;
	for (size_t f = 0; f < 3; f++) {
		for (size_t i = 0; i < files[f]->len; i++) {
			/* Where it names its issuer: another issuer's. */
			if (f == 2 && i >= 10 && i < 26)
				continue;
			files[f]->bytes[i] ^= 0x01;
			assert_int_equal(evidence(&jws, trust, &face, &why),
			    KENMEN_ERR_AUTHENTICITY);
			assert_non_null(why);
			files[f]->bytes[i] ^= 0x01;
		}
	}
	assert_memory_equal(&face, &before, sizeof(face));
	kenmen_blob_free(&jws);
}

static void
test_evidence_refused(void **state)
{
	struct kenmen_blob jws = evidence_by(stranger, &challenge), kept;
	struct kenmen_challenge c = challenge;
	struct kenmen_face face;
	const char *why;

	(void)state;
	/* The record of a card, signed by no chip of it. */
	assert_int_equal(
	    evidence(&jws, trust, &face, &why), KENMEN_ERR_AUTHENTICITY);
	kenmen_blob_free(&jws);
	c.bytes[0] ^= 1;
	jws = evidence_by(chip, &c);
	assert_int_equal(
	    evidence(&jws, trust, &face, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "it answers another challenge");
	kenmen_blob_free(&jws);
	/* A login is no evidence. */
	jws = login_by(chip, &challenge);
	assert_int_equal(
	    evidence(&jws, trust, &face, &why), KENMEN_ERR_AUTHENTICITY);
	kenmen_blob_free(&jws);
	/* Without the issuer's certificate nothing is proven. */
	jws = evidence_by(chip, &challenge);
	kept = certificate;
	certificate.len = 0;
	assert_int_equal(
	    evidence(&jws, trust, &face, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "the issuer's certificate is missing");
	certificate = kept;
	/* A byte more than the record. */
	kept = record;
	record.len++;
	assert_int_equal(
	    evidence(&jws, trust, &face, &why), KENMEN_ERR_AUTHENTICITY);
	assert_string_equal(why, "the JWS is about another record");
	record = kept;
	kenmen_blob_free(&jws);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_login_flipped),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_login_self_made),
		cmocka_unit_test(test_signer),
		cmocka_unit_test(test_signer_refused),
		cmocka_unit_test(test_certificate_check),
		cmocka_unit_test(test_key_digest),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_evidence_flipped),
		cmocka_unit_test(test_evidence_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
