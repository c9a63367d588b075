/*
 * UTF-8: its characters one by one, nothing that only looks like it, and
 * what must not be shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

static void
text_is_stepped_through(void **state)
{
	const char text[] = "a\xc3\xa9\xe6\xb0\x8f\xf0\xa0\xae\x9f";
	const char *at = text, *end = text + sizeof(text) - 1;

	(void)state;
	assert_int_equal(utf8_next(&at, end), 'a');
	assert_int_equal(utf8_next(&at, end), 0xe9);
	assert_int_equal(utf8_next(&at, end), 0x6c0f);
	assert_int_equal(utf8_next(&at, end), 0x20b9f);
	assert_ptr_equal(at, end);
	assert_int_equal(utf8_next(&at, end), 0);
	assert_ptr_equal(at, end);
	/* A NUL is an end too. */
	assert_int_equal(utf8_next(&at, end + 1), 0);
	assert_ptr_equal(at, end);
}

/* The first and the last of each length, and what lies beside them. */
static void
only_the_shortest_form_is_taken(void **state)
{
	/* clang-format off */
	static const struct {
		const char *bytes;
		unsigned character;
	} edges[] = {
		{ "\x01", 0x01 }, { "\x7f", 0x7f },
		{ "\xc2\x80", 0x80 }, { "\xdf\xbf", 0x7ff },
		{ "\xe0\xa0\x80", 0x800 }, { "\xed\x9f\xbf", 0xd7ff },
		{ "\xee\x80\x80", 0xe000 }, { "\xef\xbf\xbf", 0xffff },
		{ "\xf0\x90\x80\x80", 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff },
		{ "\x80", 0 }, { "\xbf", 0 }, { "\xff", 0 }, { "\xfe", 0 },
		{ "\xc0\x80", 0 }, { "\xc0\xaf", 0 }, { "\xc1\xbf", 0 },
		{ "\xe0\x80\x80", 0 }, { "\xe0\x9f\xbf", 0 },
		{ "\xed\xa0\x80", 0 }, { "\xed\xbf\xbf", 0 },
		{ "\xf0\x80\x80\x80", 0 }, { "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
		{ "\xf8\x88\x80\x80\x80", 0 },
		{ "\xc3" "a", 0 }, { "\xe3\x81" "a", 0 },
		{ "\xf0\x9f\x98" "a", 0 }, { "\xc3\xc3", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		size_t len = strlen(edges[i].bytes);
		const char *at = edges[i].bytes;

		if (utf8_next(&at, at + len) != edges[i].character)
			fail_msg("edges[%zu]", i);
		assert_ptr_equal(
		    at, edges[i].bytes + (edges[i].character ? len : 0));
	}
}

/* In memory of just its size, so that a sanitizer sees a step past it. */
static void
a_character_cut_short_is_none(void **state)
{
	const char whole[] = "\xf0\xa0\xae\x9f";

	(void)state;
	for (size_t len = 0; len < 4; len++) {
		char *cut = malloc(len ? len : 1);
		const char *at = cut;

		assert_non_null(cut);
		memcpy(cut, whole, len);
		assert_int_equal(utf8_next(&at, cut + len), 0);
		assert_ptr_equal(at, cut);
		free(cut);
	}
}

static void
what_deceives_is_known(void **state)
{
	static const unsigned yes[] = { 0, 0x01, '\t', '\n', 0x1f, '<', 0x7f,
		0x80, 0x9f, 0x061c, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e,
		0x2066, 0x2069 };
	static const unsigned no[] = { ' ', '%', '&', '>', 'a', '~', 0xa0,
		0x061b, 0x061d, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065, 0x206a,
		0x3042, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!utf8_deceives(yes[i]))
			fail_msg("U+%04X passes", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (utf8_deceives(no[i]))
			fail_msg("U+%04X is refused", no[i]);
}

static void
strings_are_looked_at_to_their_end(void **state)
{
	(void)state;
	assert_true(utf8_shows_plainly(""));
	assert_true(utf8_shows_plainly("登録 100% > 50%"));
	assert_false(utf8_shows_plainly("登録\n"));
	assert_false(utf8_shows_plainly("登録\xe7\x99"));
	assert_false(utf8_shows_plainly("\xe2\x80\xae"
					"a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_stepped_through),
		cmocka_unit_test(only_the_shortest_form_is_taken),
		cmocka_unit_test(a_character_cut_short_is_none),
		cmocka_unit_test(what_deceives_is_known),
		cmocka_unit_test(strings_are_looked_at_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
