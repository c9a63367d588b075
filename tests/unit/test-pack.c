/* Messages between processes: what is packed comes out, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pack.h"

static void
test_round(void **state)
{
	static const uint8_t wanted[] = { 0, 255, 0x12, 0x34, 0x56, 0x78, 1, 0,
		0, 0, 0, 3, 'a', 0xe3, 'c', 0, 0, 0, 0 };
	uint8_t buf[64];
	struct pack p;
	struct unpack u;
	char text[8];

	(void)state;
	pack_start(&p, buf, sizeof(buf));
	pack_u8(&p, 0);
	pack_u8(&p, 255);
	pack_u32(&p, 0x12345678);
	pack_bool(&p, true);
	pack_bool(&p, false);
	pack_string(&p, "a\xe3"
			"c");
	pack_string(&p, "");
	assert_true(pack_finish(&p));
	assert_int_equal(p.len, sizeof(wanted));
	assert_memory_equal(buf, wanted, sizeof(wanted));

	unpack_start(&u, buf, p.len);
	assert_int_equal(unpack_u8(&u, 0), 0);
	assert_int_equal(unpack_u8(&u, 255), 255);
	assert_int_equal(unpack_u32(&u, 0x12345678), 0x12345678);
	assert_true(unpack_bool(&u));
	assert_false(unpack_bool(&u));
	unpack_string(&u, text, 4); /* just enough */
	assert_string_equal(text, "a\xe3"
				  "c");
	unpack_string(&u, text, 1);
	assert_string_equal(text, "");
	assert_true(unpack_finish(&u));
}

/* Every shorter buffer fails, and not a byte is written past it. */
static void
test_pack_no_room(void **state)
{
	uint8_t buf[32];

	(void)state;
	for (size_t room = 0; room <= 15; room++) {
		struct pack p;

		memset(buf, 0xa5, sizeof(buf));
		pack_start(&p, buf, room);
		pack_u8(&p, 1);
		pack_u32(&p, 2);
		pack_bool(&p, true);
		pack_string(&p, "abcde");
		assert_int_equal(pack_finish(&p), room == 15);
		assert_true(p.len <= room);
		for (size_t i = room; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 0xa5);
	}
}

static void
test_pack_failure_stays(void **state)
{
	uint8_t buf[4] = { 0 };
	struct pack p;

	(void)state;
	pack_start(&p, buf, sizeof(buf));
	pack_string(&p, "abc");
	/* It would fit, but the message is no longer one. */
	pack_u8(&p, 1);
	assert_false(pack_finish(&p));
	pack_start(&p, buf, sizeof(buf));
	pack_u8(&p, 256);
	pack_u8(&p, 1);
	assert_false(pack_finish(&p));
}

static void
test_pack_long(void **state)
{
	size_t room = PACK_MAX + 16;
	uint8_t *buf = malloc(room), *bytes = calloc(1, PACK_MAX + 1);
	struct pack p;

	(void)state;
	assert_true(buf && bytes);
	pack_start(&p, buf, room);
	pack_bytes(&p, bytes, PACK_MAX);
	assert_true(pack_finish(&p));
	assert_int_equal(p.len, PACK_MAX + 4);
	pack_start(&p, buf, room);
	pack_bytes(&p, bytes, PACK_MAX + 1);
	assert_false(pack_finish(&p));
	/* A length that would wrap around any sum. */
	pack_start(&p, buf, room);
	pack_u8(&p, 0);
	pack_bytes(&p, bytes, SIZE_MAX);
	assert_false(pack_finish(&p));
	pack_start(&p, buf, room);
	pack_bytes(&p, NULL, 0);
	assert_true(pack_finish(&p));
	free(buf);
	free(bytes);
}

/* In memory of just that size, so that a sanitizer sees a byte too far. */
static void
unpack_all(const uint8_t *bytes, size_t len, bool good)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct unpack u;
	char text[6] = "xxxxx";

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	unpack_start(&u, copy, len);
	unpack_u8(&u, 9);
	unpack_u32(&u, 9);
	unpack_bool(&u);
	unpack_string(&u, text, sizeof(text));
	assert_int_equal(unpack_finish(&u), good);
	/* Ended, whatever came. */
	assert_non_null(memchr(text, '\0', sizeof(text)));
	free(copy);
}

static void
test_unpack_every_length(void **state)
{
	static const uint8_t bytes[] = { 9, 0, 0, 0, 9, 1, 0, 0, 0, 5, 'a', 'b',
		'c', 'd', 'e', 'f' };

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++)
		unpack_all(bytes, len, len == 15);
}

static void
test_unpack_lies(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t len;
	} lies[] = {
		/* past what is allowed */
		{ { 10, 0, 0, 0, 9, 1, 0, 0, 0, 0 }, 10 },
		{ { 9, 0, 0, 0, 10, 1, 0, 0, 0, 0 }, 10 },
		{ { 9, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0 }, 10 },
		{ { 9, 0, 0, 0, 9, 2, 0, 0, 0, 0 }, 10 },
		/* a string longer than the message, up to the longest number */
		{ { 9, 0, 0, 0, 9, 1, 0, 0, 0, 1 }, 10 },
		{ { 9, 0, 0, 0, 9, 1, 0, 1, 0, 0 }, 10 },
		{ { 9, 0, 0, 0, 9, 1, 0, 1, 0, 1 }, 10 },
		{ { 9, 0, 0, 0, 9, 1, 0xff, 0xff, 0xff, 0xff }, 10 },
		{ { 9, 0, 0, 0, 9, 1, 0x80, 0, 0, 0 }, 10 },
		/* longer than its room */
		{ { 9, 0, 0, 0, 9, 1, 0, 0, 0, 6, 'a', 'b', 'c', 'd', 'e',
		      'f' },
		    16 },
		/* a NUL in it */
		{ { 9, 0, 0, 0, 9, 1, 0, 0, 0, 3, 'a', 0, 'c' }, 13 },
		{ { 9, 0, 0, 0, 9, 1, 0, 0, 0, 1, 0 }, 11 },
		/* something left over */
		{ { 9, 0, 0, 0, 9, 1, 0, 0, 0, 0, 0 }, 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		unpack_all(lies[i].bytes, lies[i].len, false);
}

/* What follows a failure is nothing, even where the bytes are good. */
static void
test_unpack_failure_stays(void **state)
{
	static const uint8_t bytes[] = { 2, 1, 1, 0, 0, 0, 1, 'a' };
	struct unpack u;
	char text[4] = "xyz";

	(void)state;
	unpack_start(&u, bytes, sizeof(bytes));
	assert_int_equal(unpack_u8(&u, 1), 0);
	assert_int_equal(unpack_u8(&u, 255), 0);
	assert_false(unpack_bool(&u));
	assert_int_equal(unpack_u32(&u, UINT32_MAX), 0);
	unpack_string(&u, text, sizeof(text));
	assert_string_equal(text, "");
	assert_false(unpack_finish(&u));
}

static void
test_unpack_nothing(void **state)
{
	struct unpack u;

	(void)state;
	unpack_start(&u, NULL, 0);
	assert_true(unpack_finish(&u));
	assert_int_equal(unpack_u8(&u, 255), 0);
	assert_false(unpack_finish(&u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_pack_no_room),
		cmocka_unit_test(test_pack_failure_stays),
		cmocka_unit_test(test_pack_long),
		cmocka_unit_test(test_unpack_every_length),
		cmocka_unit_test(test_unpack_lies),
		cmocka_unit_test(test_unpack_failure_stays),
		cmocka_unit_test(test_unpack_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
