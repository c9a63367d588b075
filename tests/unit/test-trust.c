/* The trust directory, and whom it trusts: three generations of one name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys.h"
#include "trust.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1795000000) /* November 2026 */
#define LOGIN_POLICY "1.2.392.200149.8.5.1.3.30"
#define SIGN_POLICY "1.2.392.200149.8.5.1.1.20"

static const char *const auth_name[] = { "C", "JP", "O", "JPKI-SIMULATED", "OU",
	"JPKI for user authentication", "OU", "Nobody's Agency", NULL };
static const char *const sign_name[] = { "C", "JP", "O", "JPKI-SIMULATED", "OU",
	"JPKI for digital signature", "OU", "Nobody's Agency", NULL };
static const char *const test_name[] = { "C", "JP", "O", "JPKI-TEST", "OU",
	"JPKI for user authentication", "OU", "Nobody's Agency", NULL };
static const char *const holder[] = { "C", "JP", "CN", "0123456789X", NULL };

static const struct keys_ext ca_ext[] = {
	{ NID_basic_constraints, "critical,CA:TRUE" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ 0, NULL },
};
static const struct keys_ext login_ext[] = {
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_certificate_policies, LOGIN_POLICY },
	{ 0, NULL },
};
static const struct keys_ext sign_ext[] = {
	{ NID_key_usage, "critical,digitalSignature,nonRepudiation" },
	{ NID_certificate_policies, "1.2.3.4," SIGN_POLICY },
	{ 0, NULL },
};

/* Three generations; the first has run out by NOW. */
static EVP_PKEY *ca_keys[3], *leaf_key, *stranger_key;
static X509 *auth_cas[3], *sign_ca;
static char dir[] = "/tmp/kenmen-test-XXXXXX";

static X509 *
ca_of(EVP_PKEY *key, const char *const *name, const struct keys_ext *ext,
    int64_t from, int64_t to)
{
	struct keys_cert c = {
		.key = key, .name = name, .from = from, .to = to, .ext = ext
	};

	return keys_cert_new(&c);
}

/* ---- the directory ---------------------------------------------------- */

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
file_put(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void
pem_put(const char *name, X509 *const *certs, size_t n)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		KEYS_MUST(PEM_write_X509(f, certs[i]));
	fclose(f);
}

static void
empty_dir(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s/* %s/.h*", dir, dir);
	assert_int_equal(system(command), 0);
}

static struct kenmen_trust *
trust_of(unsigned bad)
{
	struct kenmen_trust *trust = NULL;
	unsigned count = 99;

	assert_int_equal(kenmen_trust_new(dir, &count, &trust), 0);
	assert_int_equal(count, bad);
	return trust;
}

static struct kenmen_trust *
all_generations(void)
{
	empty_dir();
	pem_put("auth.pem", auth_cas, 2);
	pem_put("auth-new.pem", auth_cas + 2, 1);
	pem_put("sign.pem", &sign_ca, 1);
	return trust_of(0);
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 3; i++) {
		ca_keys[i] = keys_rsa(2048, 65537);
		auth_cas[i] = ca_of(ca_keys[i], auth_name, ca_ext,
		    NOW - 4000 * DAY, NOW + (i == 0 ? -400 : 1000) * DAY);
	}
	leaf_key = keys_rsa(2048, 65537);
	stranger_key = keys_rsa(2048, 65537);
	sign_ca = ca_of(ca_keys[2], sign_name, ca_ext, NOW - DAY, NOW + DAY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	empty_dir();
	rmdir(dir);
	for (int i = 0; i < 3; i++) {
		EVP_PKEY_free(ca_keys[i]);
		X509_free(auth_cas[i]);
	}
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(stranger_key);
	X509_free(sign_ca);
	return 0;
}

/* ---- one question ----------------------------------------------------- */

static int
trusted_at(const struct kenmen_trust *trust, enum kenmen_certificate which,
    const X509 *x, int64_t now, const char *reason)
{
	const char *why = "untouched";
	unsigned char *der;
	size_t len = keys_der(x, &der);
	int r = kenmen_certificate_trusted(trust, which, der, len, now, &why);

	assert_int_equal(
	    r, kenmen_certificate_trusted(trust, which, der, len, now, NULL));
	OPENSSL_free(der);
	if (r == 0 && reason && !strstr(why, reason))
		fail_msg("\"%s\" where \"%s\" was due", why, reason);
	if (r != 0)
		assert_string_equal(why, "untouched");
	return r;
}

static struct keys_cert
login_leaf(int generation)
{
	struct keys_cert c = { .key = leaf_key,
		.name = holder,
		.issuer = auth_cas[generation],
		.issuer_key = ca_keys[generation],
		.from = NOW - DAY,
		.to = NOW + DAY,
		.ext = login_ext };

	return c;
}

static int
login_trusted(const struct kenmen_trust *trust, const struct keys_cert *c,
    const char *reason)
{
	X509 *x = keys_cert_new(c);
	int r = trusted_at(trust, KENMEN_CERT_AUTH, x, NOW, reason);

	X509_free(x);
	return r;
}

/* ---- whom ------------------------------------------------------------- */

static void
test_generations(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c;

	(void)state;
	c = login_leaf(0);
	assert_int_equal(login_trusted(trust, &c, "its CA is not valid"), 0);
	c = login_leaf(1);
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	c = login_leaf(2);
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	/* The name is right, the key is nobody's. */
	c.issuer_key = stranger_key;
	assert_int_equal(login_trusted(trust, &c, "signed it"), 0);
	kenmen_trust_free(&trust);
	assert_null(trust);
}

/* Without its own generation the name alone helps nobody. */
static void
test_generation_missing(void **state)
{
	struct kenmen_trust *trust;
	struct keys_cert c = login_leaf(1);

	(void)state;
	empty_dir();
	pem_put("auth.pem", auth_cas + 2, 1);
	trust = trust_of(0);
	assert_int_equal(login_trusted(trust, &c, "signed it"), 0);
	kenmen_trust_free(&trust);
}

static void
test_nothing_to_say(void **state)
{
	struct keys_cert c = login_leaf(1);
	struct kenmen_trust *trust;

	(void)state;
	assert_int_equal(login_trusted(NULL, &c, NULL), -1);
	empty_dir();
	trust = trust_of(0);
	assert_int_equal(login_trusted(trust, &c, NULL), -1);
	kenmen_trust_free(&trust);
	/* Only the other purpose's CA is there. */
	pem_put("sign.pem", &sign_ca, 1);
	trust = trust_of(0);
	assert_int_equal(login_trusted(trust, &c, NULL), -1);
	assert_int_equal(kenmen_certificate_trusted(trust, KENMEN_CERT_N,
			     (const uint8_t *)"", 0, NOW, NULL),
	    -1);
	kenmen_trust_free(&trust);
}

static void
test_validity(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c = login_leaf(2);
	X509 *x = keys_cert_new(&c);

	(void)state;
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH, x, c.from - 1, "this time"), 0);
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH, x, c.from, NULL), 1);
	assert_int_equal(trusted_at(trust, KENMEN_CERT_AUTH, x, c.to, NULL), 1);
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH, x, c.to + 1, "this time"), 0);
	X509_free(x);
	kenmen_trust_free(&trust);
}

static void
test_usage_and_policy(void **state)
{
	static const struct {
		struct keys_ext ext[4];
		const char *reason;
	} cases[] = {
		{ { { NID_key_usage, "nonRepudiation" },
		      { NID_certificate_policies, LOGIN_POLICY } },
		    "key usage" },
		{ { { NID_certificate_policies, LOGIN_POLICY } }, "key usage" },
		{ { { NID_key_usage, "digitalSignature" } }, "policy" },
		{ { { NID_key_usage, "digitalSignature" },
		      { NID_certificate_policies, SIGN_POLICY } },
		    "policy" },
		{ { { NID_key_usage, "digitalSignature" },
		      { NID_certificate_policies, LOGIN_POLICY ".1" } },
		    "policy" },
		/* A CA may not stand in for a person. */
		{ { { NID_basic_constraints, "critical,CA:TRUE" },
		      { NID_key_usage, "digitalSignature,keyCertSign" },
		      { NID_certificate_policies, LOGIN_POLICY } },
		    "key usage" },
		/* A critical extension that nobody here knows. */
		{ { { NID_key_usage, "digitalSignature" },
		      { NID_certificate_policies, LOGIN_POLICY },
		      { NID_sinfo_access, "critical,1.2.3;URI:https://a" } },
		    "key usage" },
	};
	struct kenmen_trust *trust = all_generations();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct keys_cert c = login_leaf(2);

		c.ext = cases[i].ext;
		assert_int_equal(login_trusted(trust, &c, cases[i].reason), 0);
	}
	kenmen_trust_free(&trust);
}

static void
test_weak_digest(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c = login_leaf(2);

	(void)state;
	c.md = EVP_sha1();
	assert_int_equal(login_trusted(trust, &c, "signed it"), 0);
	c.md = EVP_sha512();
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	kenmen_trust_free(&trust);
}

static void
test_sign(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c = { .key = leaf_key,
		.name = holder,
		.issuer = sign_ca,
		.issuer_key = ca_keys[2],
		.from = NOW - DAY,
		.to = NOW + DAY,
		.ext = sign_ext };
	X509 *x = keys_cert_new(&c);

	(void)state;
	assert_int_equal(trusted_at(trust, KENMEN_CERT_SIGN, x, NOW, NULL), 1);
	/* Neither is good for the other purpose. */
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH, x, NOW, "issuer"), 0);
	X509_free(x);
	c.ext = login_ext;
	x = keys_cert_new(&c);
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_SIGN, x, NOW, "key usage"), 0);
	X509_free(x);
	kenmen_trust_free(&trust);
}

/* A test CA has the same units and another organisation. */
static void
test_test_ca(void **state)
{
	struct kenmen_trust *trust = all_generations();
	X509 *ca = ca_of(
	    stranger_key, test_name, ca_ext, NOW - 9 * DAY, NOW + 9 * DAY);
	struct keys_cert c = login_leaf(2);

	(void)state;
	c.issuer = ca;
	c.issuer_key = stranger_key;
	assert_int_equal(login_trusted(trust, &c, "issuer is none"), 0);
	kenmen_trust_free(&trust);
	pem_put("test.pem", &ca, 1);
	trust = trust_of(0);
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	kenmen_trust_free(&trust);
	X509_free(ca);
}

/* The algorithm is the certificate's: an elliptic card of tomorrow. */
static void
test_other_algorithms(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-384");
	X509 *ca = ca_of(ec, auth_name, ca_ext, NOW - 9 * DAY, NOW + 9 * DAY);
	struct keys_cert c = login_leaf(2);
	struct kenmen_trust *trust = all_generations();

	(void)state;
	kenmen_trust_free(&trust);
	c.key = ec;
	c.issuer = ca;
	c.issuer_key = ec;
	c.md = EVP_sha384();
	pem_put("ec.pem", &ca, 1);
	trust = trust_of(0);
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	kenmen_trust_free(&trust);
	X509_free(ca);
	EVP_PKEY_free(ec);
}

static void
test_cas(void **state)
{
	struct kenmen_trust *trust = all_generations();
	X509 *forged = ca_of(
	    stranger_key, auth_name, ca_ext, NOW - 9 * DAY, NOW + 9 * DAY);
	/* Of a trusted name and key, which did not sign what it says. */
	const struct keys_cert borrowed = { .key = ca_keys[1],
		.name = auth_name,
		.issuer = auth_cas[1],
		.issuer_key = stranger_key,
		.from = NOW - 9 * DAY,
		.to = NOW + 9 * DAY,
		.ext = ca_ext };
	X509 *rewritten = keys_cert_new(&borrowed);

	(void)state;
	assert_int_equal(trusted_at(trust, KENMEN_CERT_AUTH_CA, rewritten, NOW,
			     "no trusted CA"),
	    0);
	X509_free(rewritten);
	assert_int_equal(trusted_at(trust, KENMEN_CERT_AUTH_CA, auth_cas[0],
			     NOW, "not valid at this time"),
	    0);
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH_CA, auth_cas[1], NOW, NULL), 1);
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_SIGN_CA, sign_ca, NOW, NULL), 1);
	assert_int_equal(trusted_at(trust, KENMEN_CERT_AUTH_CA, sign_ca, NOW,
			     "no trusted CA"),
	    0);
	assert_int_equal(trusted_at(trust, KENMEN_CERT_AUTH_CA, forged, NOW,
			     "no trusted CA"),
	    0);
	/* It is no person's certificate. */
	assert_int_equal(
	    trusted_at(trust, KENMEN_CERT_AUTH, auth_cas[1], NOW, "key usage"),
	    0);
	X509_free(forged);
	kenmen_trust_free(&trust);
}

/* Every byte of a certificate that is trusted, flipped. */
static void
test_every_byte_flipped(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c = login_leaf(2);
	X509 *x = keys_cert_new(&c);
	unsigned char *der;
	size_t len = keys_der(x, &der);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		der[i] ^= 0x01;
		if (kenmen_certificate_trusted(
			trust, KENMEN_CERT_AUTH, der, len, NOW, NULL) != 0)
			fail_msg("byte %zu of %zu", i, len);
		der[i] ^= 0x01;
	}
	OPENSSL_free(der);
	X509_free(x);
	kenmen_trust_free(&trust);
}

static void
test_issuer(void **state)
{
	struct kenmen_trust *trust = all_generations();
	struct keys_cert c = login_leaf(0);
	struct kenmen_blob found = { 0 };
	unsigned char *der, *ca;
	X509 *x = keys_cert_new(&c);
	size_t len = keys_der(x, &der), ca_len = keys_der(auth_cas[0], &ca);

	(void)state;
	/* By key, valid or not. */
	assert_int_equal(kenmen_trust_issuer(trust, der, len, &found), 0);
	assert_int_equal(found.len, ca_len);
	assert_memory_equal(found.bytes, ca, ca_len);
	kenmen_blob_free(&found);
	assert_null(found.bytes);
	assert_int_equal(kenmen_trust_issuer(NULL, der, len, &found), 0);
	assert_null(found.bytes);
	assert_int_equal(
	    kenmen_trust_issuer(trust, der, len - 1, &found), KENMEN_ERR_DATA);
	OPENSSL_free(der);
	OPENSSL_free(ca);
	X509_free(x);
	c.issuer_key = stranger_key;
	x = keys_cert_new(&c);
	len = keys_der(x, &der);
	found.bytes = NULL;
	assert_int_equal(kenmen_trust_issuer(trust, der, len, &found), 0);
	assert_null(found.bytes);
	OPENSSL_free(der);
	X509_free(x);
	kenmen_trust_free(&trust);
}

/* Is x told by len bytes from at on? */
static void
expect_part(const struct kenmen_trust *trust, enum kenmen_certificate which,
    X509 *x, size_t at, size_t len, bool want)
{
	struct kenmen_blob found = { 0 };
	unsigned char *der;
	size_t all = keys_der(x, &der);

	assert_true(at + len <= all);
	assert_int_equal(
	    trust_ca_with(trust, which, at, der + at, len, &found), 0);
	assert_int_equal(found.len, want ? all : 0);
	if (want)
		assert_memory_equal(found.bytes, der, all);
	kenmen_blob_free(&found);
	OPENSSL_free(der);
}

/* By a part of it that shows its key: of its purpose, and no stranger. */
static void
test_part_of_a_ca(void **state)
{
	const enum kenmen_certificate auth = KENMEN_CERT_AUTH_CA;
	struct kenmen_trust *trust = all_generations();
	struct kenmen_blob found = { 0 };
	X509 *stranger = ca_of(stranger_key, auth_name, ca_ext,
	    NOW - 4000 * DAY, NOW + 1000 * DAY);
	unsigned char *der;
	size_t len = keys_der(auth_cas[0], &der);

	(void)state;
	assert_true(trust_has_ca(trust, auth));
	assert_true(trust_has_ca(trust, KENMEN_CERT_SIGN_CA));
	for (int i = 0; i < 3; i++)
		expect_part(trust, auth, auth_cas[i], 255, 224, true);
	expect_part(trust, KENMEN_CERT_SIGN_CA, auth_cas[0], 255, 224, false);
	expect_part(trust, KENMEN_CERT_SIGN_CA, sign_ca, 255, 224, true);
	/* The names and days of these are the same, and no key is in it. */
	expect_part(trust, auth, auth_cas[1], 0, 200, false);
	expect_part(trust, auth, stranger, 255, 224, false);
	/* Past its end, or all but there. */
	assert_int_equal(trust_ca_with(trust, auth, len, der, 224, &found), 0);
	assert_int_equal(
	    trust_ca_with(trust, auth, len - 1, der + len - 1, 2, &found), 0);
	der[255 + 223] ^= 1;
	assert_int_equal(
	    trust_ca_with(trust, auth, 255, der + 255, 224, &found), 0);
	assert_null(found.bytes);
	kenmen_trust_free(&trust);
	empty_dir();
	pem_put("a.pem", auth_cas, 1);
	trust = trust_of(0);
	assert_false(trust_has_ca(trust, KENMEN_CERT_SIGN_CA));
	assert_false(trust_has_ca(NULL, auth));
	assert_int_equal(
	    trust_ca_with(NULL, auth, 255, der + 255, 224, &found), 0);
	assert_null(found.bytes);
	kenmen_trust_free(&trust);
	X509_free(stranger);
	OPENSSL_free(der);
}

/* ---- the directory ---------------------------------------------------- */

static void
test_no_directory(void **state)
{
	struct kenmen_trust *trust = NULL;
	unsigned bad = 99;

	(void)state;
	assert_int_equal(
	    kenmen_trust_new("/nonexistent/kenmen", &bad, &trust), 0);
	assert_int_equal(bad, 0);
	assert_non_null(trust);
	kenmen_trust_free(&trust);
	kenmen_trust_free(&trust);
	/* A file in its place is no missing directory. */
	empty_dir();
	file_put("file", "x", 1);
	assert_int_equal(kenmen_trust_new(path_of("file"), &bad, &trust), 0);
	assert_int_equal(bad, 1);
	kenmen_trust_free(&trust);
	assert_int_equal(
	    kenmen_trust_new("/nonexistent/kenmen", NULL, &trust), 0);
	kenmen_trust_free(&trust);
}

static void
test_bad_files(void **state)
{
	static const struct keys_ext no_ca[] = {
		{ NID_key_usage, "digitalSignature" }, { 0, NULL }
	};
	static char big[300000];
	X509 *leaf =
	    ca_of(stranger_key, auth_name, no_ca, NOW - DAY, NOW + DAY);
	X509 *mixed[2] = { auth_cas[1], leaf };
	struct keys_cert c = login_leaf(1);
	struct kenmen_trust *trust;

	(void)state;
	empty_dir();
	file_put("empty.pem", "", 0);
	file_put("text.pem", "not a certificate\n", 18);
	file_put("broken.pem",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n"
	    "-----END CERTIFICATE-----\n",
	    59);
	pem_put("leaf.pem", &leaf, 1);
	/* All of a file or nothing of it. */
	pem_put("mixed.pem", mixed, 2);
	memset(big, '\n', sizeof(big));
	file_put("big.pem", big, sizeof(big));
	assert_int_equal(mkdir(path_of("folder.pem"), 0700), 0);
	assert_int_equal(mkfifo(path_of("pipe.pem"), 0600), 0);
	assert_int_equal(
	    symlink("/nonexistent/kenmen", path_of("gone.pem")), 0);
	/* Files of other names, hidden ones too, are left alone. */
	file_put("README", "text", 4);
	file_put("auth.pem.old", "text", 4);
	file_put(".hidden.pem", "text", 4);
	file_put(".pem", "text", 4);
	trust = trust_of(9);
	assert_int_equal(login_trusted(trust, &c, NULL), -1);
	kenmen_trust_free(&trust);
	/* A good file beside them serves. */
	pem_put("good.pem", auth_cas, 3);
	trust = trust_of(9);
	assert_int_equal(login_trusted(trust, &c, NULL), 1);
	kenmen_trust_free(&trust);
	unlink(path_of(".pem"));
	X509_free(leaf);
}

/* More CAs than there is room for: counted, not overrun. */
static void
test_many(void **state)
{
	X509 *many[70];
	struct kenmen_trust *trust;

	(void)state;
	empty_dir();
	for (size_t i = 0; i < 70; i++)
		many[i] = auth_cas[i % 3];
	pem_put("a.pem", many, 64);
	trust = trust_of(0);
	kenmen_trust_free(&trust);
	pem_put("b.pem", many, 1);
	trust = trust_of(1);
	kenmen_trust_free(&trust);
	pem_put("a.pem", many, 65);
	trust = trust_of(1);
	kenmen_trust_free(&trust);
}

#define KEY_ID "36303030303333080530333031323334"

static void
key_put(const char *name, EVP_PKEY *key)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	KEYS_MUST(PEM_write_PUBKEY(f, key));
	fclose(f);
}

static void
test_roots(void **state)
{
	struct sig_key want = keys_public(stranger_key);
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	struct kenmen_trust *trust;
	const struct sig_key *root;

	(void)state;
	empty_dir();
	key_put(KEY_ID ".cvroot", stranger_key);
	trust = trust_of(0);
	root = trust_root(trust, (const uint8_t *)"6000033\x08\x05"
						  "0301234");
	assert_non_null(root);
	assert_memory_equal(root, &want, sizeof(want));
	assert_null(trust_root(trust, (const uint8_t *)"6000033\x08\x05"
						       "0301235"));
	assert_null(trust_root(NULL, (const uint8_t *)"6000033\x08\x05"
						      "0301234"));
	kenmen_trust_free(&trust);
	/* Names that are no key id, keys that are no RSA key. */
	key_put("3630303030333308053033303132333.cvroot", stranger_key);
	key_put(KEY_ID "35.cvroot", stranger_key);
	key_put("3630303030333308053033303132333G.cvroot", stranger_key);
	key_put("3630303030333308053033303132333A.cvroot", stranger_key);
	key_put(KEY_ID ".x.cvroot", stranger_key);
	key_put("36303030303333080530333031323336.cvroot", ec);
	file_put("36303030303333080530333031323337.cvroot", "x", 1);
	trust = trust_of(7);
	kenmen_trust_free(&trust);
	EVP_PKEY_free(ec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_generation_missing),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_usage_and_policy),
		cmocka_unit_test(test_weak_digest),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_test_ca),
		cmocka_unit_test(test_other_algorithms),
		cmocka_unit_test(test_cas),
		cmocka_unit_test(test_every_byte_flipped),
		cmocka_unit_test(test_issuer),
		cmocka_unit_test(test_part_of_a_ca),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
