#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session.h"

#define S UINT64_C(1000000)
#define T0 (1000 * S)
#define HOUR (3600 * S)

static const struct config_origin site = { .origin = "https://a.example" };
static const struct config_origin other = { .origin = "https://b.example" };

static struct sessions *sessions;

static int
setup(void **state)
{
	(void)state;
	return sessions_new(3600, 12 * 3600, &sessions);
}

static int
teardown(void **state)
{
	struct session *session;

	(void)state;
	while ((session = sessions_first(sessions)) != NULL)
		session_end(sessions, session, false, T0);
	sessions_free(&sessions);
	assert_null(sessions);
	return 0;
}

static struct session *
start(uid_t uid, const struct config_origin *origin, uint64_t now)
{
	struct session *session;

	assert_int_equal(
	    session_start(sessions, uid, origin, LANG_JA, now, &session), 0);
	return session;
}

static enum session_answer
find(const char *token, uid_t uid, const struct config_origin *origin,
    uint64_t now)
{
	struct session *session = NULL;
	enum session_answer answer =
	    session_find(sessions, token, uid, origin, now, &session);

	assert_int_equal(session != NULL, answer == SESSION_LIVE);
	return answer;
}

static void
tokens_are_base64url_and_differ(void **state)
{
	struct session *a = start(1, &site, T0), *b = start(2, &site, T0);

	(void)state;
	assert_int_equal(strlen(a->token), TOKEN_LEN);
	assert_int_equal(strspn(a->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "abcdefghijklmnopqrstuvwxyz"
					  "0123456789-_"),
	    TOKEN_LEN);
	assert_string_not_equal(a->token, b->token);
	/* 256 bits in 43 digits: the last digit ends in two zero bits. */
	assert_non_null(strchr("AEIMQUYcgkosw048", a->token[TOKEN_LEN - 1]));
}

static void
a_token_is_found_by_its_owner_only(void **state)
{
	struct session *a = start(1, &site, T0);
	char wrong[TOKEN_LEN + 2];

	(void)state;
	assert_int_equal(find(a->token, 1, &site, T0), SESSION_LIVE);
	assert_int_equal(find(a->token, 2, &site, T0), SESSION_OTHER_USER);
	assert_int_equal(find(a->token, 1, &other, T0), SESSION_UNKNOWN);
	assert_int_equal(find(a->token, 1, NULL, T0), SESSION_UNKNOWN);
	assert_int_equal(find(a->token, 2, &other, T0), SESSION_UNKNOWN);
	assert_int_equal(find(NULL, 1, &site, T0), SESSION_UNKNOWN);
	assert_int_equal(find("", 1, &site, T0), SESSION_UNKNOWN);
	for (unsigned i = 0; i < TOKEN_LEN; i++) {
		strcpy(wrong, a->token);
		wrong[i] = (char)(wrong[i] == 'A' ? 'B' : 'A');
		assert_int_equal(find(wrong, 1, &site, T0), SESSION_UNKNOWN);
	}
	strcpy(wrong, a->token);
	strcat(wrong, "A");
	assert_int_equal(find(wrong, 1, &site, T0), SESSION_UNKNOWN);
	wrong[TOKEN_LEN - 1] = '\0';
	assert_int_equal(find(wrong, 1, &site, T0), SESSION_UNKNOWN);
}

static void
a_local_token_is_for_no_origin(void **state)
{
	struct session *local = start(1, NULL, T0);

	(void)state;
	assert_int_equal(find(local->token, 1, NULL, T0), SESSION_LIVE);
	assert_int_equal(find(local->token, 1, &site, T0), SESSION_UNKNOWN);
}

static void
sixty_minutes_are_over_exactly(void **state)
{
	struct session *a = start(1, &site, T0);

	(void)state;
	assert_int_equal(find(a->token, 1, &site, T0 + HOUR - 1), SESSION_LIVE);
	assert_int_equal(find(a->token, 1, &site, T0 + 3599 * S), SESSION_LIVE);
	assert_int_equal(find(a->token, 1, &site, T0 + HOUR), SESSION_EXPIRED);
	assert_non_null(session_of(sessions, 1, &site, T0 + HOUR - 1));
	assert_null(session_of(sessions, 1, &site, T0 + HOUR));
	assert_null(sessions_overdue(sessions, T0 + HOUR - 1));
	assert_ptr_equal(sessions_overdue(sessions, T0 + HOUR), a);
}

static void
touching_extends(void **state)
{
	struct session *a = start(1, &site, T0);

	(void)state;
	session_touch(a, T0 + HOUR - S);
	assert_int_equal(
	    find(a->token, 1, &site, T0 + 2 * HOUR - S - 1), SESSION_LIVE);
	assert_int_equal(
	    find(a->token, 1, &site, T0 + 2 * HOUR - S), SESSION_EXPIRED);
	assert_int_equal(sessions_next(sessions), T0 + 2 * HOUR - S);
}

static void
twelve_hours_are_the_end(void **state)
{
	struct session *a = start(1, &site, T0);
	uint64_t now = T0;

	(void)state;
	while (now < T0 + 12 * HOUR - 10 * S) {
		now += 30 * 60 * S - S;
		session_touch(a, now);
	}
	session_touch(a, T0 + 12 * HOUR - 10 * S);
	assert_int_equal(
	    session_expires_in(sessions, a, T0 + 12 * HOUR - 10 * S), 10);
	assert_int_equal(
	    find(a->token, 1, &site, T0 + 12 * HOUR - 1), SESSION_LIVE);
	assert_int_equal(
	    find(a->token, 1, &site, T0 + 12 * HOUR), SESSION_EXPIRED);
}

static void
seconds_left_are_rounded_up(void **state)
{
	struct session *a = start(1, &site, T0);

	(void)state;
	assert_int_equal(session_expires_in(sessions, a, T0), 3600);
	assert_int_equal(session_expires_in(sessions, a, T0 + 1), 3600);
	assert_int_equal(session_expires_in(sessions, a, T0 + S), 3599);
	assert_int_equal(session_expires_in(sessions, a, T0 + HOUR - 1), 1);
	assert_int_equal(session_expires_in(sessions, a, T0 + HOUR), 0);
	assert_int_equal(session_expires_in(sessions, a, T0 + 2 * HOUR), 0);
}

static void
an_expired_token_is_known_for_a_day(void **state)
{
	struct session *a = start(1, &site, T0);
	char token[TOKEN_LEN + 1];
	uint64_t end = T0 + HOUR;

	(void)state;
	strcpy(token, a->token);
	session_end(sessions, a, true, end);
	assert_null(sessions_first(sessions));
	assert_int_equal(find(token, 1, &site, end), SESSION_EXPIRED);
	assert_int_equal(find(token, 2, &site, end), SESSION_OTHER_USER);
	assert_int_equal(find(token, 1, &other, end), SESSION_UNKNOWN);
	assert_int_equal(
	    find(token, 1, &site, end + 24 * HOUR - 1), SESSION_EXPIRED);
	assert_int_equal(
	    find(token, 1, &site, end + 24 * HOUR), SESSION_UNKNOWN);
	assert_int_equal(sessions_next(sessions), 0);
}

static void
an_ended_token_is_forgotten(void **state)
{
	struct session *a = start(1, &site, T0);
	char token[TOKEN_LEN + 1];

	(void)state;
	strcpy(token, a->token);
	session_end(sessions, a, false, T0);
	assert_int_equal(find(token, 1, &site, T0), SESSION_UNKNOWN);
}

static void
memory_of_expired_tokens_is_bounded(void **state)
{
	char first[TOKEN_LEN + 1], second[TOKEN_LEN + 1];

	(void)state;
	for (unsigned i = 0; i <= SESSIONS_REMEMBERED_MAX; i++) {
		struct session *a = start(1, &site, T0);
		if (i < 2)
			strcpy(i == 0 ? first : second, a->token);
		session_end(sessions, a, true, T0);
	}
	assert_int_equal(find(first, 1, &site, T0), SESSION_UNKNOWN);
	assert_int_equal(find(second, 1, &site, T0), SESSION_EXPIRED);
}

static void
the_next_deadline_is_the_earliest(void **state)
{
	struct session *a = start(1, &site, T0);

	(void)state;
	start(1, &other, T0 + S);
	start(2, &site, T0 + 2 * S);
	assert_int_equal(sessions_next(sessions), T0 + HOUR);
	session_end(sessions, a, false, T0);
	assert_int_equal(sessions_next(sessions), T0 + S + HOUR);
	assert_null(session_of(sessions, 1, &site, T0));
	assert_non_null(session_of(sessions, 2, &site, T0 + 2 * S));
	assert_null(session_of(sessions, 3, &site, T0 + 2 * S));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tokens_are_base64url_and_differ),
		TEST(a_token_is_found_by_its_owner_only),
		TEST(a_local_token_is_for_no_origin),
		TEST(sixty_minutes_are_over_exactly),
		TEST(touching_extends),
		TEST(twelve_hours_are_the_end),
		TEST(seconds_left_are_rounded_up),
		TEST(an_expired_token_is_known_for_a_day),
		TEST(an_ended_token_is_forgotten),
		TEST(memory_of_expired_tokens_is_bounded),
		TEST(the_next_deadline_is_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
