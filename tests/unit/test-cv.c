/* Card-verifiable certificates. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cv.h"
#include "keys.h"

#define ROOT_ID                                                                \
	"6000033\x08\x05"                                                      \
	"0301234"
#define ISSUER_ID                                                              \
	"6000033\x08\x05"                                                      \
	"0305678"

static EVP_PKEY *root, *issuer, *stranger;
static struct sig_key root_key, stranger_key;
static struct keys_buf good;

static int
setup(void **state)
{
	(void)state;
	root = keys_rsa(2048, 65537);
	issuer = keys_rsa(2048, 65537);
	stranger = keys_rsa(2048, 65537);
	root_key = keys_public(root);
	stranger_key = keys_public(stranger);
	keys_put_cv(&good, ROOT_ID, ISSUER_ID, root, issuer);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(root);
	EVP_PKEY_free(issuer);
	EVP_PKEY_free(stranger);
	return 0;
}

/* The size that cards show. */
static void
test_good(void **state)
{
	struct sig_key key = keys_public(issuer);
	struct cv cv;

	(void)state;
	assert_int_equal(good.len, 568);
	assert_int_equal(cv_parse(good.bytes, good.len, &cv), 0);
	assert_memory_equal(cv.issuer, ROOT_ID, CV_KEY_ID_LEN);
	assert_memory_equal(cv.subject, ISSUER_ID, CV_KEY_ID_LEN);
	assert_memory_equal(&cv.key, &key, sizeof(key));
	assert_int_equal(cv.body_len, 297);
	assert_int_equal(cv.signature_len, 256);
	assert_int_equal(cv_check(&cv, &root_key), 0);
	assert_int_equal(cv_check(&cv, &stranger_key), KENMEN_ERR_AUTHENTICITY);
}

static void
test_every_byte_flipped(void **state)
{
	struct keys_buf bad = good;
	struct cv cv;

	(void)state;
	for (size_t i = 0; i < bad.len; i++) {
		for (int bit = 0; bit < 8; bit += 7) {
			bad.bytes[i] ^= (uint8_t)(1 << bit);
			if (cv_parse(bad.bytes, bad.len, &cv) == 0)
				assert_int_equal(cv_check(&cv, &root_key),
				    KENMEN_ERR_AUTHENTICITY);
			bad.bytes[i] ^= (uint8_t)(1 << bit);
		}
	}
}

static void
test_cut_short(void **state)
{
	struct cv cv, before;

	(void)state;
	memset(&cv, 0x5A, sizeof(cv));
	before = cv;
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(
		    cv_parse(good.bytes, len, &cv), KENMEN_ERR_DATA);
	assert_memory_equal(&cv, &before, sizeof(cv));
}

static void
test_filler(void **state)
{
	struct keys_buf file = good;
	struct cv cv;

	(void)state;
	keys_put(&file, "\xFF\xFF\xFF", 3);
	assert_int_equal(cv_parse(file.bytes, file.len, &cv), 0);
	assert_int_equal(cv_check(&cv, &root_key), 0);
}

/* More inside than there should be is another thing. */
static void
test_extra_objects(void **state)
{
	struct keys_buf inner = { .len = 0 }, file = { .len = 0 };
	struct cv cv;

	(void)state;
	assert_int_equal(cv_parse(good.bytes, good.len, &cv), 0);
	keys_object(&inner, 0x5F4E, cv.body, cv.body_len);
	keys_object(&inner, 0x5F37, cv.signature, cv.signature_len);
	keys_object(&inner, 0x5F37, cv.signature, cv.signature_len);
	keys_object(&file, 0x7F21, inner.bytes, inner.len);
	assert_int_equal(cv_parse(file.bytes, file.len, &cv), KENMEN_ERR_DATA);
}

static void
test_body_too_small(void **state)
{
	struct keys_buf inner = { .len = 0 }, file = { .len = 0 };
	struct cv cv;

	(void)state;
	keys_object(&inner, 0x5F4E, ROOT_ID ISSUER_ID, 31);
	keys_object(&inner, 0x5F37, "x", 1);
	keys_object(&file, 0x7F21, inner.bytes, inner.len);
	assert_int_equal(cv_parse(file.bytes, file.len, &cv), KENMEN_ERR_DATA);
}

static void
test_key(void **state)
{
	struct sig_key want = keys_public(issuer), key;
	struct keys_buf b = { .len = 0 };

	(void)state;
	keys_put_public(&b, issuer);
	assert_int_equal(cv_key(b.bytes, b.len, &key), 0);
	assert_memory_equal(&key, &want, sizeof(key));
	keys_put(&b, "\x92\x00", 2);
	assert_int_equal(cv_key(b.bytes, b.len, &key), KENMEN_ERR_DATA);
	assert_int_equal(cv_key(b.bytes, 0, &key), KENMEN_ERR_DATA);
	b.len = 0;
	keys_object(&b, 0x91, want.modulus, want.modulus_len);
	keys_object(&b, 0x90, want.exponent, want.exponent_len);
	assert_int_equal(cv_key(b.bytes, b.len, &key), KENMEN_ERR_DATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_every_byte_flipped),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_filler),
		cmocka_unit_test(test_extra_objects),
		cmocka_unit_test(test_body_too_small),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
