/* Connections by user and by deadline; time is a number here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"

#define SECOND UINT64_C(1000000)
#define GUESTS_MAX 300

static struct crowd crowd;
static struct guest guests[GUESTS_MAX];
static int near_ends[GUESTS_MAX], far_ends[GUESTS_MAX];

static void
enter(unsigned i, uid_t uid, uint64_t now)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	near_ends[i] = ends[0];
	far_ends[i] = ends[1];
	crowd_enter(&crowd, &guests[i], ends[0], uid, now);
}

static void
leave(unsigned i)
{
	crowd_leave(&crowd, &guests[i]);
	close(near_ends[i]);
	close(far_ends[i]);
}

/* What the client sees, not what the flag says. */
static bool
is_open(unsigned i)
{
	char c;

	return recv(far_ends[i], &c, 1, MSG_DONTWAIT) < 0;
}

static int
setup(void **state)
{
	(void)state;
	crowd = (struct crowd){ .limits = { .request_us = 10 * SECOND,
				    .idle_us = 30 * SECOND,
				    .per_user_n = 4,
				    .total_n = 6 } };
	return 0;
}

static void
test_deadlines(void **state)
{
	(void)state;
	assert_true(crowd_expire(&crowd, 0) == CROWD_NEVER);
	enter(0, 1, 100 * SECOND);
	enter(1, 1, 105 * SECOND);
	assert_true(crowd_expire(&crowd, 110 * SECOND - 1) == 110 * SECOND);
	assert_true(is_open(0));
	assert_true(crowd_expire(&crowd, 110 * SECOND) == 115 * SECOND);
	assert_false(is_open(0));
	assert_true(is_open(1));
	leave(0);

	/* Served it waits for us; then it has thirty seconds, not ten. */
	crowd_serve(&guests[1]);
	assert_true(crowd_expire(&crowd, 9999 * SECOND) == CROWD_NEVER);
	assert_true(is_open(1));
	crowd_reply(&crowd, &guests[1], 200 * SECOND);
	assert_true(crowd_expire(&crowd, 201 * SECOND) == 230 * SECOND);
	crowd_rest(&crowd, &guests[1], 202 * SECOND);
	assert_true(crowd_expire(&crowd, 231 * SECOND) == 232 * SECOND);
	assert_true(crowd_expire(&crowd, 232 * SECOND) == CROWD_NEVER);
	assert_false(is_open(1));
	/* What was shut stays shut. */
	crowd_rest(&crowd, &guests[1], 233 * SECOND);
	assert_true(crowd_expire(&crowd, 234 * SECOND) == CROWD_NEVER);
	leave(1);
	assert_null(crowd.oldest);
	assert_null(crowd.newest);
}

static void
test_oldest_of_the_user_goes(void **state)
{
	(void)state;
	enter(0, 7, 0);
	for (unsigned i = 1; i <= 4; i++)
		enter(i, 1, i);
	assert_true(is_open(0) && is_open(1));
	enter(5, 1, 5);
	assert_true(is_open(0));
	assert_false(is_open(1));
	for (unsigned i = 2; i <= 5; i++)
		assert_true(is_open(i));
	for (unsigned i = 0; i <= 5; i++)
		leave(i);
}

static void
test_served_stay(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		enter(i, 1, i);
	for (unsigned i = 0; i < 3; i++)
		crowd_serve(&guests[i]);
	enter(4, 1, 4);
	assert_true(is_open(0) && is_open(1) && is_open(2) && is_open(4));
	assert_false(is_open(3));
	crowd_serve(&guests[4]);
	/* All are served: the newcomer itself is one too many. */
	enter(5, 1, 5);
	assert_false(is_open(5));
	for (unsigned i = 0; i < 6; i++)
		leave(i);
}

static void
test_everybody_together(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		enter(i, i, i);
	crowd_serve(&guests[0]);
	enter(6, 6, 6);
	assert_true(is_open(0));
	assert_false(is_open(1));
	assert_true(is_open(6));
	for (unsigned i = 0; i < 7; i++)
		leave(i);
}

static void
test_flood(void **state)
{
	unsigned open_n = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		enter(i, 1, i);
	enter(200, 2, 200);
	for (unsigned i = 0; i < 201; i++)
		open_n += is_open(i);
	assert_int_equal(open_n, 5);
	assert_true(is_open(200));
	for (unsigned i = 0; i < 201; i += 2)
		leave(i);
	for (unsigned i = 1; i < 201; i += 2)
		leave(i);
	assert_null(crowd.oldest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_deadlines, setup),
		cmocka_unit_test_setup(test_oldest_of_the_user_goes, setup),
		cmocka_unit_test_setup(test_served_stay, setup),
		cmocka_unit_test_setup(test_everybody_together, setup),
		cmocka_unit_test_setup(test_flood, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
