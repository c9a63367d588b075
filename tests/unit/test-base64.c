#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* RFC 4648 10, and all bits set. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xff\xff", "////" },
	{ "\xfb\xef\xbe", "++++" },
	{ "\xff", "/w==" },
};

static void
vectors_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(vectors); i++) {
		size_t len = strlen(vectors[i].bytes), decoded_len = 99;
		uint8_t bytes[16];
		char text[16];

		base64_encode((const uint8_t *)vectors[i].bytes, len, text);
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(strlen(text), BASE64_LEN(len));
		assert_true(base64_decode(
		    vectors[i].text, bytes, sizeof(bytes), &decoded_len));
		assert_int_equal(decoded_len, len);
		assert_memory_equal(bytes, vectors[i].bytes, len);
	}
}

static void
any_byte_at_any_place(void **state)
{
	uint8_t bytes[256], decoded[256];
	char text[BASE64_LEN(256) + 1];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		base64_encode(bytes + 256 - n, n, text);
		assert_true(
		    base64_decode(text, decoded, sizeof(decoded), &len));
		assert_int_equal(len, n);
		assert_memory_equal(decoded, bytes + 256 - n, n);
	}
}

static void
what_is_none(void **state)
{
	static const char *const bad[] = { "Z", "Zg",
		"Zg=", "Zg===", "====", "=", "A===", "AA=A", "A=AA", "=AAA",
		"Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm9v\n\n\n\n", " Zm9",
		"Zm 9", "Zm-_", "Zm9\x80", "Zm9v=", "Zm9v====", "Zm8=Zm9v" };
	uint8_t bytes[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(base64_decode(bad[i], bytes, sizeof(bytes), &len));
}

/* Not a byte past the room. */
static void
rooms(void **state)
{
	uint8_t bytes[7];
	size_t len;

	(void)state;
	for (size_t room = 0; room < 6; room++) {
		memset(bytes, 0xee, sizeof(bytes));
		assert_false(base64_decode("Zm9vYmFy", bytes, room, &len));
		for (size_t i = room; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xee);
	}
	assert_true(base64_decode("Zm9vYmFy", bytes, 6, &len));
	assert_int_equal(len, 6);
	assert_false(base64_decode("Zm8=", bytes, 1, &len));
	assert_true(base64_decode("Zg==", bytes, 1, &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(any_byte_at_any_place),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
