/* EF 0002 of the text application: what it may look like and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kenmen.h"
#include "record.h"

#define BUF_MAX 40000

/* A file in the making. */
struct file {
	uint8_t b[BUF_MAX];
	size_t len;
};

static void
put(struct file *f, const void *bytes, size_t len)
{
	assert_true(len <= sizeof(f->b) - f->len);
	memcpy(f->b + f->len, bytes, len);
	f->len += len;
}

static void
put_tlv(struct file *f, unsigned tag, const void *value, size_t len)
{
	const uint8_t header[5] = { (uint8_t)(tag >> 8), (uint8_t)tag, 0x82,
		(uint8_t)(len >> 8), (uint8_t)len };

	put(f, header, sizeof(header));
	put(f, value, len);
}

static int
parse_inner(const struct file *inner, struct kenmen_attributes *ret)
{
	static struct file whole;
	uint8_t *exact;
	int r;

	whole.len = 0;
	put_tlv(&whole, 0xFF20, inner->b, inner->len);
	/* On the heap to the byte, so that a look past the end is caught. */
	exact = malloc(whole.len);
	assert_non_null(exact);
	memcpy(exact, whole.b, whole.len);
	r = record_attributes(exact, whole.len, ret);
	free(exact);
	return r;
}

struct texts {
	const char *name, *address, *birth, *sex;
};

static const struct texts plain = { "見本　花子", "東京都千代田区見本町１－２",
	"19900401", "2" };

static void
put_texts(struct file *f, const struct texts *t)
{
	put_tlv(f, 0xDF21, "\0\0\0\0\0\0\0\0", 8);
	put_tlv(f, 0xDF22, t->name, strlen(t->name));
	put_tlv(f, 0xDF23, t->address, strlen(t->address));
	put_tlv(f, 0xDF24, t->birth, strlen(t->birth));
	put_tlv(f, 0xDF25, t->sex, strlen(t->sex));
}

static int
parse_texts(const struct texts *t, struct kenmen_attributes *ret)
{
	static struct file inner;

	inner.len = 0;
	put_texts(&inner, t);
	return parse_inner(&inner, ret);
}

/* The record of the facts, 8.1. */
static const uint8_t published[] = { 0xFF, 0x20, 0x5C, 0xDF, 0x21, 0x08, 0x00,
	0x0E, 0x00, 0x20, 0x00, 0x50, 0x00, 0x5B, 0xDF, 0x22, 0x0F, 0xE8, 0xA6,
	0x8B, 0xE6, 0x9C, 0xAC, 0xE3, 0x80, 0x80, 0xE8, 0x8A, 0xB1, 0xE5, 0xAD,
	0x90, 0xDF, 0x23, 0x2D, 0xE6, 0x9D, 0xB1, 0xE4, 0xBA, 0xAC, 0xE9, 0x83,
	0xBD, 0xE5, 0x8D, 0x83, 0xE4, 0xBB, 0xA3, 0xE7, 0x94, 0xB0, 0xE5, 0x8C,
	0xBA, 0xE8, 0xA6, 0x8B, 0xE6, 0x9C, 0xAC, 0xE7, 0x94, 0xBA, 0xEF, 0xBC,
	0x91, 0xEF, 0xBC, 0x8D, 0xEF, 0xBC, 0x92, 0xEF, 0xBC, 0x8D, 0xEF, 0xBC,
	0x93, 0xDF, 0x24, 0x08, 0x31, 0x39, 0x39, 0x30, 0x30, 0x34, 0x30, 0x31,
	0xDF, 0x25, 0x01, 0x32 };

static void
test_published(void **state)
{
	struct kenmen_attributes a;

	(void)state;
	assert_int_equal(sizeof(published), 95);
	assert_int_equal(
	    record_attributes(published, sizeof(published), &a), 0);
	assert_string_equal(a.name, "見本　花子");
	assert_string_equal(a.address, "東京都千代田区見本町１－２－３");
	assert_string_equal(a.birth_date, "1990-04-01");
	assert_string_equal(a.birth_date_raw, "19900401");
	assert_string_equal(a.sex_code, "2");
	assert_int_equal(a.sex, KENMEN_SEX_FEMALE);
}

/* Cut anywhere: refused, and the caller's record stays as it was. */
static void
test_truncated(void **state)
{
	struct kenmen_attributes a, before;

	(void)state;
	memset(&a, 0x77, sizeof(a));
	before = a;
	for (size_t len = 0; len < sizeof(published); len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, published, len);
		assert_int_equal(
		    record_attributes(cut, len, &a), KENMEN_ERR_DATA);
		assert_memory_equal(&a, &before, sizeof(a));
		free(cut);
	}
}

/* Each byte wrong in turn, in every way: any verdict, but no crash, and what
 * comes out is a string. */
static void
test_mutated(void **state)
{
	uint8_t bad[sizeof(published)];

	(void)state;
	for (size_t i = 0; i < sizeof(bad); i++) {
		for (unsigned v = 0; v < 256; v++) {
			struct kenmen_attributes a;

			memcpy(bad, published, sizeof(bad));
			bad[i] = (uint8_t)v;
			if (record_attributes(bad, sizeof(bad), &a) == 0)
				assert_true(
				    memchr(a.name, 0, sizeof(a.name)) &&
				    memchr(a.address, 0, sizeof(a.address)));
		}
	}
}

static void
test_filler_ignored(void **state)
{
	uint8_t file[sizeof(published) + 40];
	struct kenmen_attributes a;

	(void)state;
	memset(file, 0xFF, sizeof(file));
	memcpy(file, published, sizeof(published));
	assert_int_equal(record_attributes(file, sizeof(file), &a), 0);
	assert_string_equal(a.name, "見本　花子");
}

/* Tags of the row in order; lower case: an unknown tag. */
static int
parse_row(const char *row)
{
	static struct file inner;
	struct kenmen_attributes a;

	inner.len = 0;
	for (; *row != '\0'; row++) {
		if (*row >= 'a')
			put_tlv(&inner, 0xDF00u + (unsigned)*row, "xyz", 3);
		else
			put_tlv(
			    &inner, 0xDF20u + (unsigned)(*row - '0'), "1", 1);
	}
	return parse_inner(&inner, &a);
}

static void
test_rows(void **state)
{
	static const char *const good[] = { "12345", "a12345", "1a2b3c4d5e",
		"12345z" };
	static const char *const bad[] = { "", "1", "1234", "2345", "1345",
		"1245", "1235", "112345", "122345", "123345", "123445",
		"123455", "132", "13345", "22345", "12344", "21345", "54321",
		"12354", "123451", "abcde" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(parse_row(good[i]), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_row(bad[i]), KENMEN_ERR_DATA);
}

static void
test_outer(void **state)
{
	uint8_t file[sizeof(published) + 1];
	struct kenmen_attributes a;

	(void)state;
	memcpy(file, published, sizeof(published));
	file[1] = 0x10; /* another file's tag */
	assert_int_equal(
	    record_attributes(file, sizeof(published), &a), KENMEN_ERR_DATA);
	/* A byte too many inside. */
	memcpy(file, published, sizeof(published));
	file[2]++;
	file[sizeof(published)] = 0xFF;
	assert_int_equal(
	    record_attributes(file, sizeof(file), &a), KENMEN_ERR_DATA);
}

/* ---- texts ------------------------------------------------------------ */

#define BAD "\xEF\xBF\xBD"

static void
test_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} pairs[] = {
		{ "", "" }, { "Aあ𠮷", "Aあ𠮷" },
		{ "\xEE\x80\x80", "\xEE\x80\x80" },         /* U+E000 */
		{ "\xF3\xB0\x80\x80", "\xF3\xB0\x80\x80" }, /* U+F0000 */
		/* 辻 with a variation selector, U+E0100 */
		{ "辻\xF3\xA0\x84\x80", "辻\xF3\xA0\x84\x80" },
		{ "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF" }, /* the last one */
		{ "\xC2\xA0", "\xC2\xA0" }, { " ~", " ~" },
		/* controls: C0, DEL, C1 */
		{ "a\tb", "a" BAD "b" }, { "a\nb", "a" BAD "b" },
		{ "\x1F", BAD }, { "\x7F", BAD }, { "\xC2\x80", BAD },
		{ "\xC2\x85", BAD }, { "\xC2\x9F", BAD },
		/* no UTF-8 */
		{ "\x80", BAD }, { "\xBF\xBF", BAD BAD },
		{ "\xC0\x80", BAD BAD }, /* overlong NUL */
		{ "\xC1\xBF", BAD BAD }, { "\xE0\x80\x80", BAD BAD BAD },
		{ "\xE0\x9F\xBF", BAD BAD BAD },
		{ "\xED\xA0\x80", BAD BAD BAD }, /* a surrogate */
		{ "\xF0\x8F\xBF\xBF", BAD BAD BAD BAD },
		{ "\xF4\x90\x80\x80", BAD BAD BAD BAD },
		{ "\xF5\x80\x80\x80", BAD BAD BAD BAD },
		{ "\xFF\xFE", BAD BAD },
		{ "\xE3\x81", BAD }, /* ends too early: one */
		{ "\xE3\x81z", BAD "z" }, { "\xF0\x9F\x98", BAD },
		{ "\xF0\x9F\x98z", BAD "z" }, { "\xE3\xE3\x81\x82", BAD "あ" },
		{ "\xC3(", BAD "(" },
		{ "\x96\x7B", BAD "{" }, /* 本 in Shift_JIS */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct texts t = plain;
		struct kenmen_attributes a;

		t.name = pairs[i].in;
		t.address = pairs[i].in;
		assert_int_equal(parse_texts(&t, &a), 0);
		assert_string_equal(a.name, pairs[i].out);
		assert_string_equal(a.address, pairs[i].out);
	}
}

static void
test_nul_inside(void **state)
{
	static struct file inner;
	struct kenmen_attributes a;

	(void)state;
	inner.len = 0;
	put_tlv(&inner, 0xDF21, "", 0);
	put_tlv(&inner, 0xDF22, "a\0b", 3);
	put_tlv(&inner, 0xDF23, "\0", 1);
	put_tlv(&inner, 0xDF24, "1990\000401", 8);
	put_tlv(&inner, 0xDF25, "\0", 1);
	assert_int_equal(parse_inner(&inner, &a), 0);
	assert_string_equal(a.name, "a" BAD "b");
	assert_string_equal(a.address, BAD);
	assert_string_equal(a.birth_date, "");
	assert_string_equal(a.sex_code, BAD);
	assert_int_equal(a.sex, KENMEN_SEX_UNKNOWN);
}

/* As long as it may be, and one byte more. */
static void
test_long_texts(void **state)
{
	static char name[KENMEN_NAME_MAX + 2], address[KENMEN_ADDRESS_MAX + 2];
	struct texts t = plain;
	struct kenmen_attributes a;

	(void)state;
	t.name = name;
	t.address = address;
	memset(name, 'n', KENMEN_NAME_MAX);
	memset(address, 'a', KENMEN_ADDRESS_MAX);
	assert_int_equal(parse_texts(&t, &a), 0);
	assert_string_equal(a.name, name);
	assert_string_equal(a.address, address);
	name[KENMEN_NAME_MAX] = 'n';
	assert_int_equal(parse_texts(&t, &a), KENMEN_ERR_DATA);
	name[KENMEN_NAME_MAX] = '\0';
	address[KENMEN_ADDRESS_MAX] = 'a';
	assert_int_equal(parse_texts(&t, &a), KENMEN_ERR_DATA);
	address[KENMEN_ADDRESS_MAX] = '\0';
	/* A replacement is longer than what it replaces. */
	name[KENMEN_NAME_MAX - 1] = '\x01';
	assert_int_equal(parse_texts(&t, &a), KENMEN_ERR_DATA);
	name[KENMEN_NAME_MAX - 2] = '\0';
	name[KENMEN_NAME_MAX - 3] = '\x01';
	assert_int_equal(parse_texts(&t, &a), 0);
	assert_int_equal(strlen(a.name), KENMEN_NAME_MAX);
}

static void
test_birth_date(void **state)
{
	static const struct {
		const char *raw, *date;
	} pairs[] = {
		{ "19900401", "1990-04-01" },
		{ "20240229", "2024-02-29" },
		{ "20230229", "" },
		{ "20000229", "2000-02-29" },
		{ "19000229", "" }, /* no leap year */
		{ "19000228", "1900-02-28" },
		{ "19901231", "1990-12-31" },
		{ "19901232", "" },
		{ "19900431", "" },
		{ "19900430", "1990-04-30" },
		{ "19901301", "" },
		{ "19900001", "" },
		{ "19900400", "" }, /* the day is not known */
		{ "19900000", "" },
		{ "00000000", "" },
		{ "15821231", "" },
		{ "15830101", "1583-01-01" },
		{ "99991231", "9999-12-31" },
		{ "1990040", "" },
		{ "199004011", "" },
		{ "1990-4-1", "" },
		{ " 1990401", "" },
		{ "+1990401", "" },
		{ "        ", "" },
		{ "１９９０", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct texts t = plain;
		struct kenmen_attributes a;

		t.birth = pairs[i].raw;
		assert_int_equal(parse_texts(&t, &a), 0);
		assert_string_equal(a.birth_date_raw, pairs[i].raw);
		assert_string_equal(a.birth_date, pairs[i].date);
	}
}

static void
test_sex(void **state)
{
	static const struct {
		const char *code;
		enum kenmen_sex sex;
	} pairs[] = {
		{ "0", KENMEN_SEX_UNKNOWN },
		{ "1", KENMEN_SEX_MALE },
		{ "2", KENMEN_SEX_FEMALE },
		{ "9", KENMEN_SEX_NOT_APPLICABLE },
		{ "3", KENMEN_SEX_UNKNOWN },
		{ "x", KENMEN_SEX_UNKNOWN },
		{ "", KENMEN_SEX_UNKNOWN },
		{ "11", KENMEN_SEX_UNKNOWN },
		{ "男", KENMEN_SEX_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct texts t = plain;
		struct kenmen_attributes a;

		t.sex = pairs[i].code;
		assert_int_equal(parse_texts(&t, &a), 0);
		assert_string_equal(a.sex_code, pairs[i].code);
		assert_int_equal(a.sex, pairs[i].sex);
	}
}

static void
test_long_codes(void **state)
{
	struct kenmen_attributes a;
	struct texts t = plain;

	(void)state;
	t.birth = "0123456789012345678901234567890x"; /* 32 */
	t.sex = "1234";
	assert_int_equal(parse_texts(&t, &a), 0);
	assert_string_equal(a.birth_date_raw, t.birth);
	t.birth = "0123456789012345678901234567890xx";
	assert_int_equal(parse_texts(&t, &a), KENMEN_ERR_DATA);
	t.birth = plain.birth;
	t.sex = "12345";
	assert_int_equal(parse_texts(&t, &a), KENMEN_ERR_DATA);
}

/* ---- EF 0001 and images ----------------------------------------------- */

/* The check digit by another way of saying the same rule: weights from the
 * left, 6 5 4 3 2 7 6 5 4 3 2. */
static char
check_digit(const char *digits)
{
	static const int weights[11] = { 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
	int sum = 0;

	for (int i = 0; i < 11; i++)
		sum += (digits[i] - '0') * weights[i];
	return (char)(sum % 11 <= 1 ? '0' : '0' + 11 - sum % 11);
}

static void
test_my_number_ok(void **state)
{
	char number[KENMEN_MY_NUMBER_LEN + 1] = "";

	(void)state;
	assert_true(kenmen_my_number_ok("123456789018"));
	assert_false(kenmen_my_number_ok("123456789010"));
	assert_false(kenmen_my_number_ok(""));
	assert_false(kenmen_my_number_ok(NULL));
	assert_false(kenmen_my_number_ok("12345678901"));
	assert_false(kenmen_my_number_ok("1234567890180"));
	assert_false(kenmen_my_number_ok("12345678901 "));
	assert_false(kenmen_my_number_ok("12345678901x"));
	assert_false(kenmen_my_number_ok("-23456789018"));
	assert_true(kenmen_my_number_ok("000000000000"));
	/* Of ten last digits one is right, whatever stands before it. */
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(number, sizeof(number), "%011u",
		    (i * 2654435761u) ^ i << 5);
		number[11] = '\0';
		for (char last = '0'; last <= '9'; last++) {
			number[11] = last;
			assert_int_equal(kenmen_my_number_ok(number),
			    last == check_digit(number));
		}
		number[11] = '\0';
	}
}

static int
my_number(const void *buf, size_t len, char *ret)
{
	memset(ret, 'x', KENMEN_MY_NUMBER_LEN + 1);
	return record_my_number(buf, len, ret);
}

static void
test_my_number(void **state)
{
	char number[KENMEN_MY_NUMBER_LEN + 1];
	static const char good[] = "\xFF\x10\x0C"
				   "123456789018\xFF\xFF";
	static const char long_form[] = "\xFF\x10\x82\x00\x0C"
					"123456789018";
	static const char *const bad[] = {
		"\xFF\x10\x0C"
		"123456789019\xFF\xFF",
		"\xFF\x10\x0C"
		"12345678901a\xFF\xFF",
		"\xFF\x10\x0B"
		"123456789018\xFF\xFF",
		"\xFF\x10\x0D"
		"123456789018\xFF\xFF",
		"\xFF\x11\x0C"
		"123456789018\xFF\xFF",
		"\xFF\x20\x0C"
		"123456789018\xFF\xFF",
		"\xFF\x10\x7F"
		"123456789018\xFF\xFF",
	};

	(void)state;
	assert_int_equal(my_number(good, 17, number), 0);
	assert_string_equal(number, "123456789018");
	assert_int_equal(my_number(good, 15, number), 0);
	assert_int_equal(my_number(long_form, 17, number), 0);
	assert_string_equal(number, "123456789018");
	for (size_t n = 0; n < 15; n++)
		assert_int_equal(my_number(good, n, number), KENMEN_ERR_DATA);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    my_number(bad[i], 17, number), KENMEN_ERR_DATA);
		assert_int_equal(number[0], 'x');
	}
}

static void
test_images(void **state)
{
	static const uint8_t png[] = { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A,
		0x0A, 0x00 };
	static const uint8_t jp2[] = { 0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20,
		0x20, 0x0D, 0x0A, 0x87, 0x0A, 0x00 };
	uint8_t bent[sizeof(jp2)];

	(void)state;
	assert_true(record_is_png(png, 8) && record_is_png(png, 9));
	assert_false(record_is_png(png, 7) || record_is_png(NULL, 0));
	assert_true(record_is_jp2(jp2, 12) && record_is_jp2(jp2, 13));
	assert_false(record_is_jp2(jp2, 11) || record_is_jp2(NULL, 0));
	assert_false(record_is_png(jp2, 12) || record_is_jp2(png, 9));
	for (size_t i = 0; i < 12; i++) {
		memcpy(bent, jp2, sizeof(bent));
		bent[i] ^= 1;
		assert_false(record_is_jp2(bent, sizeof(bent)));
		memcpy(bent, png, sizeof(png));
		bent[i % 8] ^= 1;
		assert_false(record_is_png(bent, sizeof(png)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_filler_ignored),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_outer),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_birth_date),
		cmocka_unit_test(test_sex),
		cmocka_unit_test(test_long_codes),
		cmocka_unit_test(test_my_number_ok),
		cmocka_unit_test(test_my_number),
		cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
