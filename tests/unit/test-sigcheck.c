/* Digests, DigestInfos, and signatures by bare keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "keys.h"

static EVP_PKEY *rsa;
static struct sig_key key;

static int
setup(void **state)
{
	(void)state;
	rsa = keys_rsa(2048, 65537);
	key = keys_public(rsa);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	return 0;
}

/* ---- digests ---------------------------------------------------------- */

/* FIPS 180-4's example, and nothing at all. */
static void
test_sha256(void **state)
{
	static const uint8_t abc[SIG_SHA256_LEN] = { 0xBA, 0x78, 0x16, 0xBF,
		0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE,
		0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17, 0x7A, 0x9C,
		0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD };
	uint8_t digest[SIG_SHA256_LEN];

	(void)state;
	assert_int_equal(sig_sha256((const uint8_t *)"abc", 3, digest), 0);
	assert_memory_equal(digest, abc, sizeof(abc));
	assert_int_equal(sig_sha256(NULL, 0, digest), 0);
	assert_int_equal(digest[0], 0xE3);
	assert_int_equal(digest[31], 0x55);
}

static void
test_random(void **state)
{
	uint8_t a[1000], b[1000];
	unsigned zeros = 0;

	(void)state;
	memset(a, 0, sizeof(a));
	assert_int_equal(sig_random(a, sizeof(a)), 0);
	assert_int_equal(sig_random(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_in_range(zeros, 0, 40);
	assert_int_equal(sig_random(a, 0), 0);
}

static void
test_hash_len(void **state)
{
	(void)state;
	assert_int_equal(kenmen_hash_len(KENMEN_SHA256), 32);
	assert_int_equal(kenmen_hash_len(KENMEN_SHA384), 48);
	assert_int_equal(kenmen_hash_len(KENMEN_SHA512), 64);
	assert_int_equal(kenmen_hash_len(KENMEN_HASH_N), 0);
	assert_int_equal(kenmen_hash_len((enum kenmen_hash) - 1), 0);
}

/* What we build is what OpenSSL signs, for each hash. */
static void
test_info_is_openssls(void **state)
{
	const EVP_MD *mds[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	uint8_t digest[SIG_HASH_MAX], info[SIG_INFO_MAX];
	uint8_t signature[SIG_MODULUS_MAX];
	unsigned digest_len;

	(void)state;
	for (enum kenmen_hash h = KENMEN_SHA256; h < KENMEN_HASH_N; h++) {
		size_t n = keys_sign(rsa, mds[h], "abc", 3, signature);
		size_t info_len;

		EVP_Digest("abc", 3, digest, &digest_len, mds[h], NULL);
		assert_int_equal(digest_len, kenmen_hash_len(h));
		info_len = sig_info(h, digest, info);
		assert_int_equal(info_len, 19 + digest_len);
		assert_int_equal(
		    sig_check_info(&key, info, info_len, signature, n), 0);
		/* A digest under another hash's name is another thing. */
		info[14]++;
		assert_int_equal(
		    sig_check_info(&key, info, info_len, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
	}
	assert_int_equal(sig_info(KENMEN_HASH_N, digest, info), 0);
}

/* The DigestInfo that the published exchange of a login sends. */
static void
test_info_over(void **state)
{
	static const uint8_t want[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20, 0x04, 0xE9, 0x49, 0x3F, 0xD2, 0xBF, 0xE8,
		0xFB, 0x7B, 0x45, 0xFB, 0xBF, 0x85, 0x9B, 0xE4, 0x42, 0xF7,
		0xC0, 0x6E, 0x73, 0xF7, 0xC6, 0x3A, 0xB0, 0xAB, 0x18, 0x41,
		0x22, 0xD3, 0x51, 0x58, 0xE7 };
	uint8_t info[SIG_INFO_MAX];

	(void)state;
	assert_int_equal(
	    sig_info_over((const uint8_t *)"invented challenge", 18, info),
	    sizeof(want));
	assert_memory_equal(info, want, sizeof(want));
}

/* ---- signatures ------------------------------------------------------- */

static void
test_good(void **state)
{
	uint8_t signature[SIG_MODULUS_MAX];
	size_t n = keys_sign(rsa, EVP_sha256(), "a record", 8, signature);

	(void)state;
	assert_int_equal(n, 256);
	assert_int_equal(
	    sig_check(&key, (const uint8_t *)"a record", 8, signature, n), 0);
}

static void
test_every_byte_flipped(void **state)
{
	uint8_t signature[SIG_MODULUS_MAX], message[] = "a record";
	size_t n = keys_sign(rsa, EVP_sha256(), message, 8, signature);
	struct sig_key other = key;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		signature[i] ^= 0x01;
		assert_int_equal(sig_check(&key, message, 8, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
		signature[i] ^= 0x01;
	}
	for (size_t i = 0; i < 8; i++) {
		message[i] ^= 0x80;
		assert_int_equal(sig_check(&key, message, 8, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
		message[i] ^= 0x80;
	}
	for (size_t i = 0; i < key.modulus_len; i++) {
		other.modulus[i] ^= 0x02;
		assert_int_equal(sig_check(&other, message, 8, signature, n),
		    KENMEN_ERR_AUTHENTICITY);
		other.modulus[i] ^= 0x02;
	}
	assert_int_equal(sig_check(&other, message, 8, signature, n), 0);
	other.exponent[other.exponent_len - 1] = 3;
	assert_int_equal(sig_check(&other, message, 8, signature, n),
	    KENMEN_ERR_AUTHENTICITY);
}

static void
test_lengths(void **state)
{
	uint8_t signature[SIG_MODULUS_MAX + 1] = { 0 };
	const uint8_t *message = (const uint8_t *)"a record";
	size_t n = keys_sign(rsa, EVP_sha256(), message, 8, signature + 1);

	(void)state;
	for (size_t len = 0; len <= n; len++) {
		if (len == n)
			continue;
		assert_int_equal(
		    sig_check(&key, message, 8, signature + 1, len),
		    KENMEN_ERR_AUTHENTICITY);
	}
	/* The same number with a zero in front is no signature (RFC 8017). */
	assert_int_equal(sig_check(&key, message, 8, signature, n + 1),
	    KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(sig_check(&key, message, 7, signature + 1, n),
	    KENMEN_ERR_AUTHENTICITY);
}

/* The same residue, written as a number past the modulus: for some messages
 * it still fits into as many bytes. */
static void
test_signature_past_modulus(void **state)
{
	uint8_t signature[SIG_MODULUS_MAX], message[1] = { 0 };
	BIGNUM *n = BN_bin2bn(key.modulus, (int)key.modulus_len, NULL);
	BIGNUM *s = BN_new();

	(void)state;
	do {
		keys_sign(rsa, EVP_sha256(), message, 1, signature);
		BN_bin2bn(signature, 256, s);
		BN_add(s, s, n);
	} while (BN_num_bytes(s) != 256 && ++message[0] != 0);
	if (BN_num_bytes(s) == 256) {
		BN_bn2bin(s, signature);
		assert_int_equal(sig_check(&key, message, 1, signature, 256),
		    KENMEN_ERR_AUTHENTICITY);
	}
	memset(signature, 0xFF, 256);
	assert_int_equal(sig_check(&key, message, 1, signature, 256),
	    KENMEN_ERR_AUTHENTICITY);
	BN_free(s);
	BN_free(n);
}

/* Blocks that a parser might take and a comparison does not. */
static void
test_forged_blocks(void **state)
{
	uint8_t info[SIG_INFO_MAX], block[256], signature[SIG_MODULUS_MAX];
	size_t n = (size_t)sig_info_over((const uint8_t *)"m", 1, info);
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = { { 1, 2 }, { 1, 0 }, { 2, 0xFE }, { 10, 0x00 },
		{ 255 - 51, 0x01 } };

	(void)state;
	memset(block, 0xFF, sizeof(block));
	block[0] = 0;
	block[1] = 1;
	block[255 - n] = 0;
	memcpy(block + 256 - n, info, n);
	keys_sign_raw(rsa, RSA_NO_PADDING, block, 256, signature);
	assert_int_equal(
	    sig_check(&key, (const uint8_t *)"m", 1, signature, 256), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t kept = block[wrong[i].at];

		block[wrong[i].at] = wrong[i].value;
		keys_sign_raw(rsa, RSA_NO_PADDING, block, 256, signature);
		assert_int_equal(
		    sig_check(&key, (const uint8_t *)"m", 1, signature, 256),
		    KENMEN_ERR_AUTHENTICITY);
		block[wrong[i].at] = kept;
	}
	/* Bleichenbacher 2006: little padding, the rest behind. */
	memset(block, 0x5A, sizeof(block));
	memcpy(block, "\0\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11);
	memcpy(block + 11, info, n);
	keys_sign_raw(rsa, RSA_NO_PADDING, block, 256, signature);
	assert_int_equal(
	    sig_check(&key, (const uint8_t *)"m", 1, signature, 256),
	    KENMEN_ERR_AUTHENTICITY);
	/* A DigestInfo without its NULL, which some take. */
	info[1] = 0x2F;
	info[3] = 0x0B;
	memmove(info + 15, info + 17, n - 17);
	keys_sign_raw(rsa, RSA_PKCS1_PADDING, info, n - 2, signature);
	assert_int_equal(
	    sig_check(&key, (const uint8_t *)"m", 1, signature, 256),
	    KENMEN_ERR_AUTHENTICITY);
}

/* SHA-256's name over 96 bytes: what no ordinary check takes. */
static void
test_face_info(void **state)
{
	uint8_t digests[96], info[SIG_INFO_MAX], signature[SIG_MODULUS_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(digests); i++)
		digests[i] = (uint8_t)i;
	n = sig_info_face(digests, info);
	assert_int_equal(n, SIG_INFO_MAX);
	assert_memory_equal(info,
	    "\x30\x71\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05"
	    "\x00\x04\x60",
	    19);
	keys_sign_raw(rsa, RSA_PKCS1_PADDING, info, n, signature);
	assert_int_equal(sig_check_info(&key, info, n, signature, 256), 0);
	for (size_t i = 0; i < n; i++) {
		info[i] ^= 0x10;
		assert_int_equal(sig_check_info(&key, info, n, signature, 256),
		    KENMEN_ERR_AUTHENTICITY);
		info[i] ^= 0x10;
	}
}

/* The smallest and largest keys; a DigestInfo that the small one just holds. */
static void
test_key_sizes(void **state)
{
	static const struct {
		unsigned bits, exponent;
	} sizes[] = { { 1024, 65537 }, { 1032, 3 }, { 3072, 65537 },
		{ 4096, 65537 } };
	uint8_t signature[SIG_MODULUS_MAX], info[SIG_INFO_MAX], d[96] = { 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EVP_PKEY *one = keys_rsa(sizes[i].bits, sizes[i].exponent);
		struct sig_key k = keys_public(one), set;
		size_t n = sig_info_face(d, info);
		size_t len;

		assert_int_equal(sig_key_set(k.modulus, k.modulus_len,
				     k.exponent, k.exponent_len, &set),
		    0);
		len = keys_sign_raw(one, RSA_PKCS1_PADDING, info, n, signature);
		assert_int_equal(
		    sig_check_info(&set, info, n, signature, len), 0);
		EVP_PKEY_free(one);
	}
}

/* ---- keys ------------------------------------------------------------- */

static void
test_key_set(void **state)
{
	static const uint8_t e[] = { 0x00, 0x00, 0x01, 0x00, 0x01 };
	uint8_t n[SIG_MODULUS_MAX + 4] = { 0 };
	struct sig_key k, before;

	(void)state;
	memset(n + 2, 0x81, sizeof(n) - 2);
	assert_int_equal(sig_key_set(n, 2 + 256, e, 5, &k), 0);
	assert_int_equal(k.modulus_len, 256);
	assert_int_equal(k.exponent_len, 3);
	before = k;
	/* Short, long, even; no exponent, 0, 1, even, five bytes. */
	assert_int_equal(sig_key_set(n, 2 + 127, e, 5, &k), KENMEN_ERR_DATA);
	assert_int_equal(sig_key_set(n, 2 + 513, e, 5, &k), KENMEN_ERR_DATA);
	assert_int_equal(sig_key_set(n, 0, e, 5, &k), KENMEN_ERR_DATA);
	n[2 + 255] = 0x80;
	assert_int_equal(sig_key_set(n, 2 + 256, e, 5, &k), KENMEN_ERR_DATA);
	n[2 + 255] = 0x81;
	assert_int_equal(sig_key_set(n, 258, e, 0, &k), KENMEN_ERR_DATA);
	assert_int_equal(sig_key_set(n, 258, e, 2, &k), KENMEN_ERR_DATA);
	assert_int_equal(sig_key_set(n, 258, e, 3, &k), KENMEN_ERR_DATA);
	assert_int_equal(
	    sig_key_set(n, 258, (const uint8_t *)"\4", 1, &k), KENMEN_ERR_DATA);
	assert_int_equal(
	    sig_key_set(n, 258, (const uint8_t *)"\1\0\0\0\1", 5, &k),
	    KENMEN_ERR_DATA);
	assert_memory_equal(&k, &before, sizeof(k));
	assert_int_equal(sig_key_set(n, 258, (const uint8_t *)"\3", 1, &k), 0);
}

/* A key that nobody set is refused, not read. */
static void
test_empty_key(void **state)
{
	struct sig_key none = { 0 }, huge = key;
	uint8_t signature[SIG_MODULUS_MAX] = { 0 };

	(void)state;
	assert_int_equal(
	    sig_check(&none, (const uint8_t *)"m", 1, signature, 0),
	    KENMEN_ERR_AUTHENTICITY);
	huge.modulus_len = SIG_MODULUS_MAX + 1;
	assert_int_equal(sig_check(&huge, (const uint8_t *)"m", 1, signature,
			     SIG_MODULUS_MAX + 1),
	    KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(sig_check_info(&key, signature, 0, signature, 256),
	    KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(sig_check_info(&key, signature, 246, signature, 256),
	    KENMEN_ERR_AUTHENTICITY);
}

static size_t
pem_of(EVP_PKEY *pkey, int private, const char *password, char *ret, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len;

	if (private)
		PEM_write_bio_PKCS8PrivateKey(bio, pkey,
		    password ? EVP_aes_128_cbc() : NULL, password,
		    password ? (int)strlen(password) : 0, NULL, NULL);
	else
		PEM_write_bio_PUBKEY(bio, pkey);
	len = BIO_read(bio, ret, (int)n);
	BIO_free(bio);
	assert_true(len > 0);
	return (size_t)len;
}

static void
test_key_pem(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	struct sig_key k;
	char pem[8192];
	size_t n;

	(void)state;
	n = pem_of(rsa, 0, NULL, pem, sizeof(pem));
	assert_int_equal(sig_key_pem((const uint8_t *)pem, n, &k), 0);
	assert_memory_equal(&k, &key, sizeof(k));
	for (size_t cut = 0; cut + 30 < n; cut += 7)
		assert_int_equal(sig_key_pem((const uint8_t *)pem, cut, &k),
		    KENMEN_ERR_DATA);
	n = pem_of(ec, 0, NULL, pem, sizeof(pem));
	assert_int_equal(
	    sig_key_pem((const uint8_t *)pem, n, &k), KENMEN_ERR_DATA);
	n = pem_of(rsa, 1, NULL, pem, sizeof(pem));
	assert_int_equal(
	    sig_key_pem((const uint8_t *)pem, n, &k), KENMEN_ERR_DATA);
	/* Nobody is asked for a password. */
	n = pem_of(rsa, 1, "secret", pem, sizeof(pem));
	assert_int_equal(
	    sig_key_pem((const uint8_t *)pem, n, &k), KENMEN_ERR_DATA);
	EVP_PKEY_free(ec);
}

/* ---- OpenSSL's queue of errors ---------------------------------------- */

static void
test_error_queue(void **state)
{
	uint8_t signature[SIG_MODULUS_MAX] = { 0 };
	struct sig_cert *cert;
	struct sig_key k;

	(void)state;
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 42);
	assert_true(sig_check(&key, (const uint8_t *)"m", 1, signature, 256));
	assert_true(sig_key_pem((const uint8_t *)"no", 2, &k));
	assert_true(sig_cert_new((const uint8_t *)"\x30\x00", 2, &cert));
	assert_true(sig_cert_pem((const uint8_t *)"no", 2, &cert, 1));
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
	assert_int_equal(ERR_get_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_hash_len),
		cmocka_unit_test(test_info_is_openssls),
		cmocka_unit_test(test_info_over),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_every_byte_flipped),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_signature_past_modulus),
		cmocka_unit_test(test_forged_blocks),
		cmocka_unit_test(test_face_info),
		cmocka_unit_test(test_key_sizes),
		cmocka_unit_test(test_key_set),
		cmocka_unit_test(test_empty_key),
		cmocka_unit_test(test_key_pem),
		cmocka_unit_test(test_error_queue),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
