/*
 * Lines broken for a pinentry that does not: where they may be, and never
 * inside of a character.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wrap.h"

static char text[256];

static const char *
wrapped(const char *from, unsigned columns)
{
	strcpy(text, from);
	assert_true(wrap_lines(text, sizeof(text), columns));
	return text;
}

#define WRAPS(from, columns, to) assert_string_equal(wrapped(from, columns), to)
#define STAYS(from, columns) WRAPS(from, columns, from)

static void
what_is_short_stays(void **state)
{
	(void)state;
	STAYS("", 10);
	STAYS("0123456789", 10);
	STAYS("01 3456789", 10);
	STAYS("あいうえお", 10);
	STAYS("あいうえお%0Aかきくけこ%0A%0A", 10);
	STAYS("%25%25%25%25%25", 5);
	/* A word has no place for a break. */
	STAYS("https://drone.example", 10);
}

static void
english_breaks_at_blanks(void **state)
{
	(void)state;
	WRAPS("one two three", 9, "one two%0Athree");
	WRAPS("one two three", 7, "one two%0Athree"); /* not the blank's */
	WRAPS("one two three", 6, "one%0Atwo%0Athree");
	WRAPS("one two%0Athree four", 8, "one two%0Athree%0Afour");
	WRAPS("a very-long-word it is", 6, "a%0Avery-long-word%0Ait is");
}

static void
japanese_breaks_between_characters(void **state)
{
	(void)state;
	WRAPS("あいうえおか", 10, "あいうえお%0Aか");
	WRAPS("あいうえおか", 11, "あいうえお%0Aか");
	WRAPS("あいうえおか", 4, "あい%0Aうえ%0Aおか");
	/* Numbers stay whole, and keep what they count. */
	WRAPS("あいう14桁を", 8, "あいう%0A14桁を");
	WRAPS("あい14桁", 6, "あい%0A14桁");
	/* In between the two. */
	WRAPS("Type あいう now", 9, "Type あい%0Aう now");
}

static void
some_signs_begin_no_line_and_some_end_none(void **state)
{
	(void)state;
	WRAPS("あいう、え", 6, "あい%0Aう、え");
	WRAPS("あい（う）", 6, "あい%0A（う）");
	WRAPS("あいうっえ", 6, "あい%0Aうっえ");
	WRAPS("あ「い」。う", 8, "あ%0A「い」。%0Aう");
	STAYS("（（（（（", 4);
	STAYS("。。。。。", 4);
}

static void
nothing_is_cut(void **state)
{
	/* Escapes and characters stay whole at every width. */
	const char *from = "100%25 あ𠮷い%25%25う%0A%0Aabc %25 def";
	char joined[256];

	(void)state;
	for (unsigned columns = 1; columns < 40; columns++) {
		const char *at = wrapped(from, columns);
		size_t n = 0;

		/* Without breaks and blanks it is what it was. */
		for (; *at; at++)
			if (strncmp(at, "%0A", 3) == 0)
				at += 2;
			else if (*at != ' ')
				joined[n++] = *at;
		joined[n] = '\0';
		assert_string_equal(joined, "100%25あ𠮷い%25%25うabc%25def");
	}
	/* What is no UTF-8 does no harm. */
	WRAPS("\xe3\x81 a \xff b", 3, "\xe3\x81%0Aa \xff%0Ab");
	STAYS("ab%0", 2);
	STAYS("ab%", 2);
}

/* In memory of just its size, so that a sanitizer sees a step past it. */
static void
room_is_kept(void **state)
{
	const char *from = "あいうえおかきくけこ";

	(void)state;
	for (size_t more = 0; more < 16; more++) {
		size_t room = strlen(from) + 1 + more;
		char *buf = malloc(room);

		assert_non_null(buf);
		strcpy(buf, from);
		/* Four breaks of three bytes. */
		assert_int_equal(wrap_lines(buf, room, 4), more >= 12);
		assert_int_equal(strlen(buf),
		    strlen(from) + (more > 12 ? 12 : more / 3 * 3));
		free(buf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_short_stays),
		cmocka_unit_test(english_breaks_at_blanks),
		cmocka_unit_test(japanese_breaks_between_characters),
		cmocka_unit_test(some_signs_begin_no_line_and_some_end_none),
		cmocka_unit_test(nothing_is_cut),
		cmocka_unit_test(room_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
