#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json-check.h"

/* A string with NULs inside, and a copy at the very end of its memory, so
 * that a sanitizer sees a look past it. */
static bool
check(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, text, len);
	ok = json_check(copy, len);
	free(copy);
	return ok;
}

#define GOOD(text) assert_true(check(text, sizeof(text) - 1))
#define BAD(text) assert_false(check(text, sizeof(text) - 1))

static void
values_are_taken(void **state)
{
	(void)state;
	GOOD("{}");
	GOOD(" \t\r\n{ } \t\r\n");
	GOOD("[]");
	GOOD("null");
	GOOD("true");
	GOOD("false");
	GOOD("\"\"");
	GOOD("0");
	GOOD("-0");
	GOOD("-12.50e+3");
	GOOD("1E9");
	GOOD("[1,[2,{\"a\":[]}],\"x\"]");
	GOOD("{\"kinds\":[\"attributes\"],\"a\":null}");
	GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"");
	GOOD("\"\xe6\xb0\x8f\xf0\xa0\xae\x9f\x7f\"");
}

static void
what_is_no_json_is_refused(void **state)
{
	(void)state;
	BAD("");
	BAD(" ");
	BAD("{");
	BAD("}");
	BAD("{}x");
	BAD("{} {}");
	BAD("{}\0");
	BAD("\0");
	BAD("{,}");
	BAD("{\"a\":1,}");
	BAD("[1,]");
	BAD("[,1]");
	BAD("[1 2]");
	BAD("{\"a\" 1}");
	BAD("{a:1}");
	BAD("{'a':1}");
	BAD("{\"a\"}");
	BAD("{1:2}");
	BAD("tru");
	BAD("TRUE");
	BAD("nul");
	BAD("NaN");
	BAD("// x\n{}");
	BAD("\xef\xbb\xbf{}"); /* a byte order mark */
	BAD("\v{}");
	BAD("{}\x0c");
}

static void
numbers_are_of_rfc_8259(void **state)
{
	(void)state;
	BAD("01");
	BAD("-");
	BAD("+1");
	BAD("1.");
	BAD(".5");
	BAD("1e");
	BAD("1e+");
	BAD("0x10");
	BAD("1_000");
	BAD("Infinity");
}

static void
strings_are_whole(void **state)
{
	(void)state;
	BAD("\"");
	BAD("\"a");
	BAD("\"\\");
	BAD("\"\\x\"");
	BAD("\"\\\0\"");
	BAD("\"a\nb\""); /* cJSON takes it */
	BAD("\"a\0b\"");
	BAD("\"\\u0000\""); /* cJSON cuts the string there */
	BAD("{\"lang\\u0000x\":1}");
	BAD("\"\\u12\"");
	BAD("\"\\u12g4\"");
	BAD("\"\\uD83D\"");
	BAD("\"\\uD83Dx\"");
	BAD("\"\\uD83D\\u0041\"");
	BAD("\"\\uDE00\\uD83D\"");
}

static void
text_is_utf8(void **state)
{
	(void)state;
	BAD("\"\x80\"");
	BAD("\"\xc0\x80\""); /* longer than needed */
	BAD("\"\xc1\xbf\"");
	BAD("\"\xe0\x9f\xbf\"");
	BAD("\"\xed\xa0\x80\""); /* a surrogate */
	BAD("\"\xf0\x8f\xbf\xbf\"");
	BAD("\"\xf4\x90\x80\x80\""); /* past U+10FFFF */
	BAD("\"\xf5\x80\x80\x80\"");
	BAD("\"\xe6\xb0\"");
	BAD("\"\xe6\xb0");
	GOOD("\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"");
}

static void
nesting_has_a_limit(void **state)
{
	char text[20000];

	(void)state;
	for (size_t depth = 1; depth <= 20; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(
		    check(text, 2 * depth), depth <= JSON_DEPTH_MAX);
	}
	memset(text, '[', sizeof(text));
	assert_false(check(text, sizeof(text)));
	for (size_t i = 0; i + 5 <= sizeof(text); i += 5)
		memcpy(text + i, "{\"a\":", 5);
	assert_false(check(text, sizeof(text)));
	/* Side by side is not inside one another. */
	GOOD("[[],[],[],[],[],[],[],[],[],[],[],[]]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(numbers_are_of_rfc_8259),
		cmocka_unit_test(strings_are_whole),
		cmocka_unit_test(text_is_utf8),
		cmocka_unit_test(nesting_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
