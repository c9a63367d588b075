/* The TLV cursor: every length form, lies, truncation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kenmen.h"
#include "tlv.h"

/* One object as its header; the value is filled up with 5A. */
struct form {
	uint8_t header[TLV_HEADER_MAX];
	size_t header_len;
	uint32_t tag;
	size_t len;
};

static const struct form forms[] = {
	{ { 0x30, 0x00 }, 2, 0x30, 0 },
	{ { 0x30, 0x7F }, 2, 0x30, 127 },
	{ { 0x30, 0x81, 0x80 }, 3, 0x30, 128 },
	{ { 0x30, 0x81, 0xFF }, 3, 0x30, 255 },
	{ { 0x30, 0x82, 0x01, 0x00 }, 4, 0x30, 256 },
	{ { 0x30, 0x83, 0x01, 0x00, 0x00 }, 5, 0x30, 65536 },
	/* not minimal */
	{ { 0x30, 0x81, 0x05 }, 3, 0x30, 5 },
	{ { 0xFF, 0x40, 0x82, 0x00, 0x9F }, 5, 0xFF40, 159 },
	{ { 0xDF, 0x23, 0x83, 0x00, 0x00, 0x00 }, 6, 0xDF23, 0 },
	/* tags: below 31 in the long form, and of three bytes */
	{ { 0xFF, 0x10, 0x01 }, 3, 0xFF10, 1 },
	{ { 0xDF, 0x1E, 0x01 }, 3, 0xDF1E, 1 },
	{ { 0x7F, 0x21, 0x01 }, 3, 0x7F21, 1 },
	{ { 0x5F, 0x81, 0x01, 0x02 }, 4, 0x5F8101, 2 },
	{ { 0xDF, 0x81, 0x01, 0x83, 0x00, 0x01, 0x00 }, 7, 0xDF8101, 256 },
};
#define FORM_N (sizeof(forms) / sizeof(forms[0]))

/* On the heap to the byte, so that a look past the end is caught. */
static uint8_t *
form_new(const struct form *f, size_t len)
{
	size_t total = f->header_len + f->len;
	uint8_t *whole = malloc(total), *cut = malloc(len > 0 ? len : 1);

	assert_non_null(whole);
	assert_non_null(cut);
	memset(whole, 0x5A, total);
	memcpy(whole, f->header, f->header_len);
	memcpy(cut, whole, len);
	free(whole);
	return cut;
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORM_N; i++) {
		const struct form *f = &forms[i];
		size_t len = f->header_len + f->len;
		uint8_t *buf = form_new(f, len);
		struct tlv_item item;
		struct tlv t;

		tlv_start(&t, buf, len);
		assert_true(tlv_next(&t, &item));
		assert_int_equal(item.tag, f->tag);
		assert_int_equal(item.len, f->len);
		assert_ptr_equal(item.value, buf + f->header_len);
		assert_false(tlv_next(&t, &item));
		assert_true(tlv_finish(&t));
		free(buf);
	}
}

/* Cut anywhere: never an item, never finished (but for nothing at all). */
static void
test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORM_N; i++) {
		const struct form *f = &forms[i];
		size_t whole = f->header_len + f->len;

		for (size_t len = 1; len < whole; len++) {
			struct tlv_item item = { 0, NULL, 77 };
			struct tlv t;
			uint8_t *buf;

			/* Of long values the ends are enough. */
			if (len > 16 && len + 16 < whole)
				continue;
			buf = form_new(f, len);
			tlv_start(&t, buf, len);
			assert_false(tlv_next(&t, &item));
			assert_false(tlv_finish(&t));
			assert_int_equal(item.len, 77);
			free(buf);
		}
	}
}

static void
test_refused(void **state)
{
	static const struct {
		uint8_t b[10];
		size_t len;
	} bad[] = {
		{ { 0x30, 0x80, 0x00, 0x00 }, 4 }, /* indefinite */
		{ { 0x30, 0x84, 0x00, 0x00, 0x00, 0x01, 0x5A }, 7 },
		{ { 0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0 }, 10 },
		{ { 0x30, 0xFF, 0x00 }, 3 },
		{ { 0x30, 0x05, 1, 2, 3, 4 }, 6 }, /* one too few */
		{ { 0x30, 0x81, 0x80, 1 }, 4 },
		{ { 0x30, 0x83, 0xFF, 0xFF, 0xFF, 1 }, 6 },
		{ { 0xDF, 0x81, 0x81, 0x01, 0x00 }, 5 }, /* tag of four */
		{ { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, 5 }, /* an empty file */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tlv_item item;
		struct tlv t;

		tlv_start(&t, bad[i].b, bad[i].len);
		assert_false(tlv_next(&t, &item));
		assert_false(tlv_next(&t, &item));
		assert_false(tlv_finish(&t));
	}
}

/* The first failure stays, whatever could still be read behind it. */
static void
test_row(void **state)
{
	static const uint8_t row[] = { 0x04, 0x01, 0xAA, 0x05, 0x00, 0x30, 0x80,
		0x04, 0x01, 0xBB };
	struct tlv_item item;
	struct tlv t;

	(void)state;
	tlv_start(&t, row, 5);
	assert_true(tlv_next(&t, &item));
	assert_int_equal(item.value[0], 0xAA);
	assert_false(tlv_finish(&t)); /* not at the end yet */
	assert_true(tlv_next(&t, &item));
	assert_int_equal(item.tag, 0x05);
	assert_int_equal(item.len, 0);
	assert_true(tlv_finish(&t));

	tlv_start(&t, row, sizeof(row));
	assert_true(tlv_next(&t, &item));
	assert_true(tlv_next(&t, &item));
	assert_false(tlv_next(&t, &item));
	assert_false(tlv_next(&t, &item));
	assert_false(tlv_finish(&t));

	tlv_start(&t, NULL, 0);
	assert_false(tlv_next(&t, &item));
	assert_true(tlv_finish(&t));
}

static void
test_total(void **state)
{
	static const uint8_t indefinite[] = { 0xFF, 0x20, 0x80 };
	size_t total = 77;

	(void)state;
	for (size_t i = 0; i < FORM_N; i++) {
		const struct form *f = &forms[i];

		for (size_t len = 0; len < f->header_len; len++) {
			total = 77;
			assert_int_equal(tlv_total(f->header, len, &total), 0);
			assert_int_equal(total, 77);
		}
		assert_int_equal(
		    tlv_total(f->header, f->header_len, &total), 1);
		assert_int_equal(total, f->header_len + f->len);
	}
	total = 77;
	assert_int_equal(tlv_total(indefinite, 3, &total), KENMEN_ERR_DATA);
	assert_int_equal(total, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
