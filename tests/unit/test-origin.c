/* Which origins are listed, how they are written, and how often they ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "origin.h"

#define S(seconds) (UINT64_C(1000000) * (seconds))
#define X "https://drone.example"

static void
test_find(void **state)
{
	struct config_origin listed[] = { { .origin = "http://localhost" },
		{ .origin = "https://drone.example:8443" }, { .origin = X } };
	struct config config = { .origins = listed, .origins_n = 3 };
	static const char *const others[] = { "", "null", "https://",
		"https://drone.exampl", "https://drone.example.",
		"https://drone.example/", "https://drone.example:443",
		"https://drone.example.evil.example", "http://drone.example",
		"https://evildrone.example", "https://drone.example:8444",
		"HTTPS://drone.example", "https://Drone.example",
		" https://drone.example", "https://drone.example ",
		"http://localhost:80", "https://localhost",
		"https://drone.example, https://drone.example" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(origin_find(&config, listed[i].origin,
				     strlen(listed[i].origin)),
		    &listed[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_null(origin_find(&config, others[i], strlen(others[i])));
	/* By length, not up to a NUL. */
	assert_null(origin_find(&config, X "\0.evil", strlen(X) + 6));
	assert_null(origin_find(&config, X "\0", strlen(X) + 1));
	assert_null(origin_find(&config, X, strlen(X) - 1));
	config.origins_n = 0;
	assert_null(origin_find(&config, X, strlen(X)));
}

static void
test_good_forms(void **state)
{
	static const char *const good[] = { X, "https://a",
		"https://drone.example:1", "https://drone.example:65535",
		"https://drone.example:80", "http://localhost",
		"http://localhost:3000", "http://127.0.0.1:443",
		"http://127.0.0.1", "http://[::1]", "http://[::1]:8080",
		"https://localhost", "https://127.0.0.1:8443",
		"https://[2001:db8::1]:8443", "https://192.0.2.7",
		"https://xn--eckwd4c7c.example", "https://1a.example",
		"https://a_b.example", "https://1.2.3.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *reason = origin_fault(good[i], strlen(good[i]));

		if (reason)
			fail_msg("%s: %s", good[i], reason);
	}
}

static void
test_bad_forms(void **state)
{
	static const struct {
		const char *origin, *reason;
	} bad[] = {
		{ "", "begins with" },
		{ "null", "begins with" },
		{ "*", "begins with" },
		{ "drone.example", "begins with" },
		{ "ftp://drone.example", "begins with" },
		{ "HTTPS://drone.example", "begins with" },
		{ "https:/drone.example", "begins with" },
		{ " https://drone.example", "begins with" },
		{ "chrome-extension://abcdef", "begins with" },
		{ "https://", "host is missing" },
		{ "https://:8443", "host is missing" },
		{ "https://Drone.example", "upper case" },
		{ "https://drone.example/", "before the first '/'" },
		{ "https://drone.example/a", "before the first '/'" },
		{ "https:///", "before the first '/'" },
		{ "https://a@drone.example", "user" },
		{ "https://drone.example?a", "query" },
		{ "https://drone.example#a", "query" },
		{ "https://*.drone.example", "'*'" },
		{ "https://ドローン.example", "ASCII" },
		{ "https://drone example", "no host has" },
		{ "https://drone%2eexample", "no host has" },
		{ "https://drone.example ", "no host has" },
		{ "https://drone.example:443", "default port" },
		{ "http://localhost:80", "default port" },
		{ "https://drone.example:", "port" },
		{ "https://drone.example:0", "port" },
		{ "https://drone.example:08443", "port" },
		{ "https://drone.example:65536", "port" },
		{ "https://drone.example:99999999999999999999", "port" },
		{ "https://drone.example:+1", "port" },
		{ "https://drone.example:1:2", "port" },
		{ "http://drone.example", "http is for localhost" },
		{ "http://localhost.example", "http is for localhost" },
		{ "http://127.0.0.2", "http is for localhost" },
		{ "http://[::2]", "http is for localhost" },
		{ "http://::1", "" },
		{ "https://drone..example", "empty part" },
		{ "https://.example", "empty part" },
		{ "https://drone.example.", "empty part" },
		{ "https://-drone.example", "'-'" },
		{ "https://drone-.example", "'-'" },
		{ "https://127.1", "IPv4" },
		{ "https://127.0.0.01", "IPv4" },
		{ "https://256.0.0.1", "IPv4" },
		{ "https://2130706433", "IPv4" },
		{ "https://0x7f000001", "IPv4" },
		{ "https://1.2.3.4.5", "IPv4" },
		{ "https://[", "']'" },
		{ "https://[::1", "" },
		{ "https://[]", "IPv6" },
		{ "https://[::1]x", "']'" },
		{ "https://[0::1]", "IPv6" },
		{ "https://[::0001]", "IPv6" },
		{ "https://[::ffff:127.0.0.1]", "IPv6" },
		{ "https://[::1%25lo]", "IPv6" },
		{ "https://[drone.example]", "IPv6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *reason =
		    origin_fault(bad[i].origin, strlen(bad[i].origin));

		if (!reason || !strstr(reason, bad[i].reason))
			fail_msg("%s: %s", bad[i].origin,
			    reason ? reason : "accepted");
	}
	assert_non_null(origin_fault(X "\0a", strlen(X) + 2));
	assert_non_null(origin_fault(X "\x01", strlen(X) + 1));
}

static void
test_lengths(void **state)
{
	char origin[ORIGIN_MAX + 2];

	(void)state;
	memset(origin, 'a', sizeof(origin));
	memcpy(origin, "https://", 8);
	origin[60] = '.';
	assert_null(origin_fault(origin, ORIGIN_MAX));
	assert_non_null(origin_fault(origin, ORIGIN_MAX + 1));
	origin[60] = 'a';
	assert_non_null(origin_fault(origin, 8 + 64)); /* one part of 64 */
	assert_null(origin_fault(origin, 8 + 63));
}

/* ---- limits ---------------------------------------------------------- */

static int
limits_setup(void **state)
{
	return limits_new((struct limits **)state);
}

static int
limits_teardown(void **state)
{
	limits_free((struct limits **)state);
	assert_null(*state);
	return 0;
}

static void
outcome(struct limits *limits, enum limits_outcome what, uint64_t now)
{
	assert_int_equal(limits_outcome(limits, 1000, X, what, now), 0);
}

static void
test_three_in_a_row(void **state)
{
	struct limits *l = *state;

	assert_int_equal(limits_wait(l, 1000, X, 0), 0);
	outcome(l, LIMITS_CANCELLED, S(100));
	outcome(l, LIMITS_CANCELLED, S(200));
	assert_int_equal(limits_wait(l, 1000, X, S(200)), 0);
	outcome(l, LIMITS_CANCELLED, S(300));
	assert_int_equal(limits_wait(l, 1000, X, S(300)), 600);
	assert_int_equal(limits_wait(l, 1000, X, S(300) + 1), 600);
	assert_int_equal(limits_wait(l, 1000, X, S(301)), 599);
	assert_int_equal(limits_wait(l, 1000, X, S(900) - 1), 1);
	assert_int_equal(limits_wait(l, 1000, X, S(900)), 0);
	/* Nobody else is touched. */
	assert_int_equal(limits_wait(l, 1001, X, S(300)), 0);
	assert_int_equal(limits_wait(l, 1000, "", S(300)), 0);
	assert_int_equal(limits_wait(l, 1000, X ":1", S(300)), 0);
	/* The row goes on: the fourth no counts like the third. */
	outcome(l, LIMITS_CANCELLED, S(1000));
	assert_int_equal(limits_wait(l, 1000, X, S(1000)), 600);
	/* A yes ends it. */
	outcome(l, LIMITS_ACCEPTED, S(1700));
	outcome(l, LIMITS_CANCELLED, S(1800));
	outcome(l, LIMITS_CANCELLED, S(1801));
	assert_int_equal(limits_wait(l, 1000, X, S(1801)), 0);
}

static void
test_accepted_ends_row(void **state)
{
	struct limits *l = *state;

	outcome(l, LIMITS_ACCEPTED, S(1));
	outcome(l, LIMITS_CANCELLED, S(2));
	outcome(l, LIMITS_CANCELLED, S(3));
	outcome(l, LIMITS_ACCEPTED, S(4));
	outcome(l, LIMITS_CANCELLED, S(5));
	outcome(l, LIMITS_CANCELLED, S(6));
	assert_int_equal(limits_wait(l, 1000, X, S(6)), 0);
	outcome(l, LIMITS_CANCELLED, S(7));
	assert_int_equal(limits_wait(l, 1000, X, S(7)), 600);
	/* The same person said yes to a read that was under way. */
	outcome(l, LIMITS_ACCEPTED, S(8));
	assert_int_equal(limits_wait(l, 1000, X, S(8)), 0);
}

static void
test_other_ends_in_a_row(void **state)
{
	struct limits *l = *state;

	/* They are no refusals, and do not undo them. */
	outcome(l, LIMITS_CANCELLED, S(1));
	outcome(l, LIMITS_FAILED, S(2));
	outcome(l, LIMITS_CANCELLED, S(3));
	outcome(l, LIMITS_FAILED, S(4));
	assert_int_equal(limits_wait(l, 1000, X, S(4)), 0);
	outcome(l, LIMITS_CANCELLED, S(5));
	assert_int_equal(limits_wait(l, 1000, X, S(5)), 600);
}

static void
test_six_in_ten_minutes(void **state)
{
	struct limits *l = *state;

	for (unsigned i = 0; i < 5; i++)
		outcome(l, LIMITS_FAILED, S(i * 10));
	/* What was accepted between them changes nothing here. */
	outcome(l, LIMITS_ACCEPTED, S(100));
	assert_int_equal(limits_wait(l, 1000, X, S(599)), 0);
	outcome(l, LIMITS_FAILED, S(599));
	assert_int_equal(limits_wait(l, 1000, X, S(599)), 600);
	outcome(l, LIMITS_ACCEPTED, S(600));
	assert_int_equal(limits_wait(l, 1000, X, S(1198)), 1);
	assert_int_equal(limits_wait(l, 1000, X, S(1199)), 0);
}

static void
test_six_in_more(void **state)
{
	struct limits *l = *state;

	/* Every two minutes: the sixth comes exactly 10 after the first. */
	for (unsigned i = 0; i < 20; i++) {
		outcome(l, LIMITS_FAILED, S(i * 120));
		assert_int_equal(limits_wait(l, 1000, X, S(i * 120)), 0);
	}
	/* One early. */
	outcome(l, LIMITS_FAILED, S(19 * 120 + 119));
	assert_int_equal(limits_wait(l, 1000, X, S(19 * 120 + 119)), 600);
}

static void
test_table_full(void **state)
{
	struct limits *l = *state;
	char origin[32];

	/* One who is limited, then as many as there is room for. */
	for (unsigned i = 0; i < 3; i++)
		outcome(l, LIMITS_CANCELLED, S(100));
	for (unsigned i = 1; i < 256; i++) {
		snprintf(origin, sizeof(origin), "https://%u.example", i);
		assert_int_equal(
		    limits_outcome(l, 1000, origin, LIMITS_FAILED, S(100 + i)),
		    0);
	}
	/* No one that still counts makes way for another. */
	assert_int_equal(
	    limits_outcome(l, 1000, "https://z.example", LIMITS_FAILED, S(699)),
	    -ENOMEM);
	assert_int_equal(limits_wait(l, 1000, X, S(699)), 1);
	/* Those that are known still count. */
	outcome(l, LIMITS_CANCELLED, S(699));
	assert_int_equal(limits_wait(l, 1000, X, S(699)), 600);
	assert_int_equal(limits_outcome(l, 1000, "https://y.example",
			     LIMITS_ACCEPTED, S(699)),
	    0);
	/* Ten minutes after the oldest there is room for one, not two. */
	assert_int_equal(
	    limits_outcome(l, 1000, "https://z.example", LIMITS_FAILED, S(701)),
	    0);
	assert_int_equal(
	    limits_outcome(l, 1000, "https://y.example", LIMITS_FAILED, S(701)),
	    -ENOMEM);
	assert_int_equal(limits_wait(l, 1000, X, S(701)), 598);
}

static void
test_origin_too_long(void **state)
{
	struct limits *l = *state;
	char origin[ORIGIN_MAX + 2];

	memset(origin, 'a', sizeof(origin));
	origin[ORIGIN_MAX + 1] = '\0';
	assert_int_equal(
	    limits_outcome(l, 1, origin, LIMITS_FAILED, 0), -EINVAL);
	origin[ORIGIN_MAX] = '\0';
	assert_int_equal(limits_outcome(l, 1, origin, LIMITS_FAILED, 0), 0);
}

#define LIMITS_TEST(f)                                                         \
	cmocka_unit_test_setup_teardown(f, limits_setup, limits_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_good_forms),
		cmocka_unit_test(test_bad_forms),
		cmocka_unit_test(test_lengths),
		LIMITS_TEST(test_three_in_a_row),
		LIMITS_TEST(test_accepted_ends_row),
		LIMITS_TEST(test_other_ends_in_a_row),
		LIMITS_TEST(test_six_in_ten_minutes),
		LIMITS_TEST(test_six_in_more),
		LIMITS_TEST(test_table_full),
		LIMITS_TEST(test_origin_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
