#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake-jobs.h"
#include "reads.h"

#define S UINT64_C(1000000)
#define T0 (1000 * S)
#define CARD_INFO KIND_BIT(KIND_CARD_INFO)
#define ATTRIBUTES KIND_BIT(KIND_ATTRIBUTES)

static struct config_origin site = { .origin = "https://a.example",
	.name = "サイト" };
static struct config config = { .card_timeout = 60,
	.prompt_timeout = 120,
	.read_timeout = 30,
	.trust_dir = "/etc/kenmen/trust",
	.ignore_n = 1,
	.ignore = { "Yubico" } };

static struct {
	uint64_t now;
	struct sessions *sessions;
	struct session *session, *another;
	struct reads *reads;
	unsigned changes, persons;
	struct session *person;
	struct wire_wish wish;
} t;

static void
changed(void *arg, struct read *read)
{
	(void)arg;
	(void)read;
	t.changes++;
}

static void
present(void *arg, struct session *session)
{
	(void)arg;
	t.persons++;
	t.person = session;
}

static uint64_t
now(void *arg)
{
	(void)arg;
	return t.now;
}

static uint64_t
realtime(void *arg)
{
	(void)arg;
	return t.now + 7;
}

static int
setup(void **state)
{
	const struct reads_owner owner = { changed, present, now, realtime,
		NULL };

	(void)state;
	memset(&t, 0, sizeof(t));
	memset(&fake_jobs, 0, sizeof(fake_jobs));
	t.now = T0;
	assert_int_equal(sessions_new(3600, 43200, &t.sessions), 0);
	assert_int_equal(
	    session_start(t.sessions, 1, &site, LANG_EN, T0, &t.session), 0);
	assert_int_equal(
	    session_start(t.sessions, 1, NULL, LANG_JA, T0, &t.another), 0);
	strcpy(t.another->user, "taro");
	return reads_new(&config, NULL, &owner, &t.reads);
}

static int
teardown(void **state)
{
	(void)state;
	reads_session_end(t.reads, t.session, t.now);
	reads_session_end(t.reads, t.another, t.now);
	assert_null(fake_jobs.alive);
	reads_free(&t.reads);
	session_end(t.sessions, t.session, false, t.now);
	session_end(t.sessions, t.another, false, t.now);
	sessions_free(&t.sessions);
	return 0;
}

static int
try_start(struct session *session, uint32_t kinds, const char *reader,
    struct read **ret, unsigned *ret_wait)
{
	const struct reads_wish wish = { session, kinds, reader, "", &t.wish };

	return reads_start(t.reads, &wish, t.now, ret, ret_wait);
}

static struct read *
start(uint32_t kinds, const char *reader)
{
	struct read *read;
	unsigned wait;

	assert_int_equal(try_start(t.session, kinds, reader, &read, &wait), 0);
	return read;
}

static void
pass(uint64_t us)
{
	t.now += us;
	reads_tick(t.reads, t.now);
}

/* ---- starting -------------------------------------------------------- */

static void
the_runner_gets_what_it_needs(void **state)
{
	const struct wire_request *request;
	const struct reads_wish wish = { t.session, ATTRIBUTES, NULL, "why",
		&t.wish };
	struct read *read;
	unsigned wait;

	(void)state;
	t.wish.which = KENMEN_CERT_SIGN_CA;
	t.wish.challenge_len = 32;
	assert_int_equal(reads_start(t.reads, &wish, t.now, &read, &wait), 0);
	assert_int_equal(read->state, STATE_STARTING);
	assert_int_equal(read->seq, 1);
	request = &fake_last()->request;
	assert_true(fake_last()->asks);
	assert_int_equal(request->errand, ERRAND_READ);
	assert_int_equal(request->kinds, ATTRIBUTES);
	assert_int_equal(request->lang, LANG_EN);
	assert_string_equal(request->origin, "https://a.example");
	assert_string_equal(request->origin_name, "サイト");
	assert_string_equal(request->user, "");
	assert_string_equal(request->purpose, "why");
	assert_string_equal(request->reader, "");
	assert_int_equal(request->card_timeout_ms, 60000);
	assert_int_equal(request->prompt_timeout_ms, 120000);
	assert_int_equal(request->read_timeout_ms, 30000);
	assert_int_equal(request->ignore_n, 1);
	assert_string_equal(request->ignore[0], "Yubico");
	assert_string_equal(request->trust_dir, "/etc/kenmen/trust");
	assert_int_equal(request->wish.which, KENMEN_CERT_SIGN_CA);
	assert_int_equal(request->wish.challenge_len, 32);
}

/* Which kinds need a voice: a window may open for them. */
static void
a_voice_is_made_ready_for_windows(void **state)
{
	/* clang-format off */
	static const struct {
		uint32_t kinds;
		enum kenmen_certificate which;
		bool asks;
	} cases[] = {
		{ CARD_INFO,                                KENMEN_CERT_AUTH,    false },
		{ CARD_INFO,                                KENMEN_CERT_AUTH_CA, false },
		{ ATTRIBUTES,                               KENMEN_CERT_AUTH,    true },
		{ KIND_BIT(KIND_MY_NUMBER),                 KENMEN_CERT_AUTH,    true },
		{ KIND_BIT(KIND_FACE),                      KENMEN_CERT_AUTH_CA, true },
		{ KIND_BIT(KIND_AUTHENTICATE),              KENMEN_CERT_AUTH,    true },
		{ KIND_BIT(KIND_SIGN),                      KENMEN_CERT_AUTH,    true },
		{ KIND_BIT(KIND_CERTIFICATE),               KENMEN_CERT_AUTH,    true },
		{ KIND_BIT(KIND_CERTIFICATE),               KENMEN_CERT_SIGN,    true },
		{ KIND_BIT(KIND_CERTIFICATE),               KENMEN_CERT_AUTH_CA, false },
		{ KIND_BIT(KIND_CERTIFICATE),               KENMEN_CERT_SIGN_CA, false },
		{ KIND_BIT(KIND_CERTIFICATE) | CARD_INFO,   KENMEN_CERT_SIGN_CA, false },
		{ KIND_BIT(KIND_CERTIFICATE) | ATTRIBUTES,  KENMEN_CERT_SIGN_CA, true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		t.wish.which = cases[i].which;
		start(cases[i].kinds, NULL);
		assert_int_equal(fake_last()->asks, cases[i].asks);
		fake_fail(fake_last(), CODE_NO_CARD, -1, -1);
	}
}

/* Only results, and only those with a My Number, go by being fetched. */
static void
a_my_number_goes_when_fetched(void **state)
{
	static const uint32_t kinds[] = { ATTRIBUTES, KIND_BIT(KIND_MY_NUMBER),
		KIND_BIT(KIND_MY_NUMBER) | ATTRIBUTES };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct read *read = start(kinds[i], NULL);

		read_fetched(read); /* still under way */
		assert_false(read->gone);
		fake_done(fake_last());
		read_fetched(read);
		assert_int_equal(read->gone, i > 0);
		assert_int_equal(read->job == NULL, i > 0);
		read_delete(read, t.now);
		read = start(kinds[i], NULL);
		fake_fail(fake_last(), CODE_TIMEOUT, -1, -1);
		read_fetched(read);
		assert_false(read->gone);
	}
}

static void
a_local_program_is_known_by_its_user(void **state)
{
	struct read *read;
	unsigned wait;

	(void)state;
	assert_int_equal(
	    try_start(t.another, CARD_INFO, NULL, &read, &wait), 0);
	assert_string_equal(fake_last()->request.origin, "");
	assert_string_equal(fake_last()->request.user, "taro");
	assert_false(fake_last()->asks);
}

static void
ids_are_hex_and_differ(void **state)
{
	struct read *a = start(CARD_INFO, NULL), *b;

	(void)state;
	fake_done(fake_last());
	b = start(CARD_INFO, NULL);
	assert_int_equal(strlen(a->id), READ_ID_LEN);
	assert_int_equal(strspn(a->id, "0123456789abcdef"), READ_ID_LEN);
	assert_string_not_equal(a->id, b->id);
}

static void
one_read_at_a_time_per_reader(void **state)
{
	struct read *first = start(CARD_INFO, NULL), *other;
	unsigned wait;

	(void)state;
	reader_number(reads_readers(t.reads), "A");
	reader_number(reads_readers(t.reads), "B");
	/* One that names none counts for all, for every session. */
	assert_int_equal(
	    try_start(t.session, CARD_INFO, NULL, &other, &wait), -EBUSY);
	assert_ptr_equal(other, first);
	assert_int_equal(
	    try_start(t.another, CARD_INFO, "r1", &other, &wait), -EBUSY);
	assert_int_equal(
	    try_start(t.another, CARD_INFO, "r99", &other, &wait), -EBUSY);
	read_delete(first, t.now);

	first = start(CARD_INFO, "r1");
	assert_string_equal(fake_last()->request.reader, "A");
	assert_int_equal(
	    try_start(t.another, CARD_INFO, "r1", &other, &wait), -EBUSY);
	assert_ptr_equal(other, first);
	assert_int_equal(
	    try_start(t.another, CARD_INFO, NULL, &other, &wait), -EBUSY);
	assert_int_equal(
	    try_start(t.another, CARD_INFO, "r2", &other, &wait), 0);
	assert_string_equal(fake_last()->request.reader, "B");
}

static void
the_next_is_accepted_after_each_end(void **state)
{
	(void)state;
	start(CARD_INFO, NULL);
	fake_done(fake_last());
	start(CARD_INFO, NULL);
	fake_fail(fake_last(), CODE_NO_CARD, -1, -1);
	read_delete(start(CARD_INFO, NULL), t.now);
	start(CARD_INFO, NULL);
}

static void
an_unknown_reader_fails_the_read(void **state)
{
	struct read *read;

	(void)state;
	reader_number(reads_readers(t.reads), "A");
	read = start(ATTRIBUTES, "A"); /* pcscd's name is no id */
	assert_int_equal(read->state, STATE_FAILED);
	assert_int_equal(read->failed.code, CODE_NO_READER);
	assert_int_equal(read->seq, 1);
	assert_int_equal(fake_jobs.started, 0);
	assert_int_equal(start(ATTRIBUTES, "r2")->state, STATE_FAILED);
}

static void
a_runner_that_does_not_start_leaves_nothing(void **state)
{
	struct read *read = NULL;
	unsigned wait;

	(void)state;
	fake_jobs.refuse = -EAGAIN; /* too many processes */
	assert_int_equal(
	    try_start(t.session, CARD_INFO, NULL, &read, &wait), -EIO);
	assert_null(reads_after(t.reads, t.session, NULL));
	fake_jobs.refuse = 0;
	start(CARD_INFO, NULL);
}

/* ---- states ---------------------------------------------------------- */

static void
states_become_visible(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, t.now + 5 * S);
	assert_int_equal(read->state, STATE_WAITING_FOR_CARD);
	assert_int_equal(read->seq, 2);
	assert_int_equal(read->deadline_us, t.now + 5 * S);
	assert_false(read->asks);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	assert_true(read->asks);
	assert_int_equal(read->pin, KENMEN_PIN_ATTRIBUTES);
	assert_int_equal(read->tries_left, 3);
	fake_done(fake_last());
	assert_int_equal(read->state, STATE_DONE);
	assert_int_equal(read->seq, 4);
	assert_int_equal(read->deadline_us, 0);
	assert_int_equal(read->read_at_us, t.now + 7);
	assert_false(read->asks);
	assert_non_null(read->job);
	assert_int_equal(t.changes, 3);
}

static void
less_than_was_asked_is_nothing(void **state)
{
	struct read *read = start(CARD_INFO | ATTRIBUTES, NULL);

	(void)state;
	fake_last()->job.results = CARD_INFO;
	fake_state(fake_last(), STATE_DONE, 0);
	assert_int_equal(read->state, STATE_FAILED);
	assert_int_equal(read->failed.code, CODE_INTERNAL);
	assert_null(read->job);
	assert_null(fake_jobs.alive);
}

static void
a_failed_read_keeps_why_and_no_job(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	fake_fail(fake_last(), CODE_PIN_WRONG, 1, KENMEN_PIN_ATTRIBUTES);
	assert_int_equal(read->failed.code, CODE_PIN_WRONG);
	assert_int_equal(read->failed.tries_left, 1);
	assert_int_equal(read->failed.pin, KENMEN_PIN_ATTRIBUTES);
	assert_null(fake_jobs.alive);
}

static void
progress_is_seen_four_times_a_second(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);
	uint32_t seq;

	(void)state;
	fake_progress(fake_last(), 1, 100); /* not reading yet */
	assert_int_equal(read->seq, 1);
	fake_state(fake_last(), STATE_READING, 0);
	seq = read->seq;
	for (uint32_t i = 0; i < 100; i++) {
		t.now += S / 100;
		fake_progress(fake_last(), i, 100);
		if (reads_next(t.reads) <= t.now)
			reads_tick(t.reads, t.now);
	}
	assert_in_range(read->seq - seq, 3, 4);
	/* The last one is not lost, only late. */
	assert_true(reads_next(t.reads) != 0);
	t.now = reads_next(t.reads);
	reads_tick(t.reads, t.now);
	assert_int_equal(read->progress_done, 99);
	assert_int_equal(reads_next(t.reads), 0);
	/* What is held back dies with its state. */
	fake_progress(fake_last(), 100, 100);
	assert_true(reads_next(t.reads) != 0);
	fake_state(fake_last(), STATE_STARTING, 0);
	assert_int_equal(reads_next(t.reads), 0);
	assert_int_equal(read->progress_total, 0);
}

static void
a_person_extends_the_session(void **state)
{
	(void)state;
	start(ATTRIBUTES, NULL);
	fake_event(fake_last(), EVENT_CARD_INSERTED);
	assert_int_equal(t.persons, 1);
	fake_event(fake_last(), EVENT_PIN_TYPED);
	assert_int_equal(t.persons, 2);
	assert_ptr_equal(t.person, t.session);
	fake_event(fake_last(), EVENT_PIN_ACCEPTED);
	fake_event(fake_last(), EVENT_CONSENT_GIVEN);
	assert_int_equal(t.persons, 2);
	assert_int_equal(t.changes, 0);
}

/* ---- ends ------------------------------------------------------------ */

static void
results_stay_five_minutes(void **state)
{
	struct read *read = start(CARD_INFO, NULL);

	(void)state;
	fake_done(fake_last());
	assert_int_equal(reads_next(t.reads), t.now + 300 * S);
	pass(300 * S - 1);
	assert_false(read->gone);
	assert_non_null(read->job);
	pass(1);
	assert_true(read->gone);
	assert_null(read->job);
	assert_null(fake_jobs.alive);
	assert_int_equal(reads_next(t.reads), 0);
	assert_ptr_equal(reads_find(t.reads, t.session, read->id), read);
}

static void
deleting_cancels_then_wipes(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	read_delete(read, t.now);
	assert_int_equal(read->state, STATE_CANCELLED);
	assert_int_equal(read->seq, 2);
	assert_false(read->gone);
	assert_int_equal(fake_jobs.killed, 1);
	assert_null(fake_jobs.alive);
	read_delete(read, t.now);
	assert_true(read->gone);

	read = start(ATTRIBUTES, NULL);
	fake_done(fake_last());
	read_delete(read, t.now);
	assert_true(read->gone);
	assert_null(fake_jobs.alive);
}

static void
another_session_sees_nothing(void **state)
{
	struct read *read = start(CARD_INFO, NULL);

	(void)state;
	assert_null(reads_find(t.reads, t.another, read->id));
	assert_null(reads_after(t.reads, t.another, NULL));
	assert_null(reads_find(t.reads, t.session, ""));
	assert_ptr_equal(reads_after(t.reads, t.session, NULL), read);
	assert_null(reads_after(t.reads, t.session, read));
}

static void
the_list_is_oldest_first(void **state)
{
	struct read *read[3], *at = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		read[i] = start(CARD_INFO, NULL);
		fake_done(fake_last());
	}
	for (int i = 0; i < 3; i++) {
		at = reads_after(t.reads, t.session, at);
		assert_ptr_equal(at, read[i]);
	}
}

static void
the_session_takes_its_reads_along(void **state)
{
	struct read *other;
	unsigned wait;

	(void)state;
	reader_number(reads_readers(t.reads), "A");
	reader_number(reads_readers(t.reads), "B");
	start(CARD_INFO, "r1");
	fake_done(fake_last());
	start(CARD_INFO, "r1");
	assert_int_equal(
	    try_start(t.another, CARD_INFO, "r2", &other, &wait), 0);
	reads_session_end(t.reads, t.session, t.now);
	assert_null(reads_after(t.reads, t.session, NULL));
	assert_int_equal(fake_jobs.killed, 1);
	assert_int_equal(other->state, STATE_STARTING);
	assert_non_null(other->job);
}

static void
what_is_kept_is_bounded(void **state)
{
	char first[READ_ID_LEN + 1], second[READ_ID_LEN + 1];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < READS_KEPT_MAX + 10; i++) {
		struct read *read = start(CARD_INFO, NULL);
		fake_done(fake_last());
		if (i == 0)
			strcpy(first, read->id);
		if (i == 1) {
			strcpy(second, read->id);
			read_delete(read, t.now);
		}
	}
	for (struct read *r = NULL;
	     (r = reads_after(t.reads, t.session, r)) != NULL;)
		n++;
	assert_int_equal(n, READS_KEPT_MAX);
	assert_null(reads_find(t.reads, t.session, second));
	assert_null(reads_find(t.reads, t.session, first));
}

static void
gone_ones_make_room_first(void **state)
{
	char first[READ_ID_LEN + 1], last[READ_ID_LEN + 1];

	(void)state;
	for (unsigned i = 0; i < READS_KEPT_MAX; i++) {
		struct read *read = start(CARD_INFO, NULL);
		fake_done(fake_last());
		if (i == 0)
			strcpy(first, read->id);
		if (i == READS_KEPT_MAX - 1) {
			strcpy(last, read->id);
			read_delete(read, t.now);
		}
	}
	start(CARD_INFO, NULL);
	assert_non_null(reads_find(t.reads, t.session, first));
	assert_null(reads_find(t.reads, t.session, last));
}

/* ---- a page that is gone --------------------------------------------- */

static void
nobody_asking_for_a_minute_ends_it(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	assert_int_equal(reads_next(t.reads), 0); /* no person yet */
	t.now += 100 * S;
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	pass(59 * S);
	/* Going from one wait to the next is no sign of the page. */
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	assert_int_equal(reads_next(t.reads), t.now + S);
	pass(S - 1);
	assert_int_equal(read->state, STATE_WAITING_FOR_PIN);
	pass(1);
	assert_int_equal(read->state, STATE_FAILED);
	assert_int_equal(read->failed.code, CODE_PAGE_GONE);
	assert_int_equal(fake_jobs.killed, 1);
	assert_null(fake_jobs.alive);
}

static void
asking_keeps_it(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	pass(59 * S);
	read_seen(read, t.now);
	pass(59 * S);
	assert_int_equal(read->state, STATE_WAITING_FOR_CARD);
	read->polls = 1;
	pass(1000 * S);
	assert_int_equal(read->state, STATE_WAITING_FOR_CARD);
	read->polls = 0;
	read_seen(read, t.now);
	pass(60 * S);
	assert_int_equal(read->failed.code, CODE_PAGE_GONE);
}

static void
a_stream_keeps_it(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	t.session->streams = 1;
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	pass(1000 * S);
	assert_int_equal(read->state, STATE_WAITING_FOR_CARD);
	assert_int_equal(reads_next(t.reads), 0);
	t.session->streams = 0;
	reads_stream_closed(t.reads, t.session, t.now);
	pass(60 * S - 1);
	assert_int_equal(read->state, STATE_WAITING_FOR_CARD);
	pass(1);
	assert_int_equal(read->state, STATE_FAILED);
}

static void
while_the_card_is_read_nobody_need_ask(void **state)
{
	struct read *read = start(ATTRIBUTES, NULL);

	(void)state;
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	pass(59 * S);
	fake_state(fake_last(), STATE_READING, 0);
	pass(1000 * S);
	assert_int_equal(read->state, STATE_READING);
	fake_state(fake_last(), STATE_WAITING_FOR_CONSENT, 0);
	pass(59 * S);
	assert_int_equal(read->state, STATE_WAITING_FOR_CONSENT);
}

/* ---- how often a person is asked ------------------------------------- */

/* One read with a window that ends so. */
static void
ask_in_vain(enum read_code code)
{
	start(ATTRIBUTES, NULL);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	fake_fail(fake_last(), code, -1, -1);
}

static int
may_ask(unsigned *ret_wait)
{
	struct read *read;
	int r = try_start(t.session, ATTRIBUTES, NULL, &read, ret_wait);

	if (r == 0)
		read_delete(read, t.now); /* no window: does not count */
	return r;
}

static void
three_cancelled_in_a_row_are_enough(void **state)
{
	static const enum read_code codes[] = { CODE_PIN_CANCELLED,
		CODE_PROMPT_TIMEOUT, CODE_CONSENT_REFUSED,
		CODE_LAST_TRY_REFUSED };
	struct read *read;
	unsigned wait = 0;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		for (int n = 0; n < 3; n++) {
			assert_int_equal(may_ask(&wait), 0);
			ask_in_vain(codes[i]);
		}
		assert_int_equal(may_ask(&wait), -EAGAIN);
		assert_int_equal(wait, 600);
		t.now += 600 * S;
		assert_int_equal(may_ask(&wait), 0);
		/* A yes, so that the next round starts afresh. */
		start(ATTRIBUTES, NULL);
		fake_prompt(fake_last(), -1, 1);
		fake_event(fake_last(), EVENT_CONSENT_GIVEN);
		fake_done(fake_last());
		t.now += 600 * S;
	}
	/* Another origin of the same user is not meant. */
	for (int n = 0; n < 3; n++)
		ask_in_vain(CODE_PIN_CANCELLED);
	assert_int_equal(
	    try_start(t.another, ATTRIBUTES, NULL, &read, &wait), 0);
	read_delete(read, t.now);
	/* Nor is a read without a window. */
	start(CARD_INFO, NULL);
}

static void
a_new_session_changes_nothing(void **state)
{
	struct session *old = t.session;
	unsigned wait = 0;

	(void)state;
	for (int n = 0; n < 3; n++)
		ask_in_vain(CODE_PIN_CANCELLED);
	reads_session_end(t.reads, old, t.now);
	session_end(t.sessions, old, false, t.now);
	assert_int_equal(
	    session_start(t.sessions, 1, &site, LANG_JA, t.now, &t.session), 0);
	assert_int_equal(may_ask(&wait), -EAGAIN);
}

static void
an_accepted_pin_ends_the_row(void **state)
{
	unsigned wait = 0;

	(void)state;
	ask_in_vain(CODE_PIN_CANCELLED);
	ask_in_vain(CODE_PIN_CANCELLED);
	start(ATTRIBUTES, NULL);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	fake_event(fake_last(), EVENT_PIN_ACCEPTED);
	/* Accepted is accepted, whatever becomes of the read. */
	fake_fail(fake_last(), CODE_CARD_REMOVED, -1, -1);
	ask_in_vain(CODE_PIN_CANCELLED);
	ask_in_vain(CODE_PIN_CANCELLED);
	assert_int_equal(may_ask(&wait), 0);
	ask_in_vain(CODE_PIN_CANCELLED);
	assert_int_equal(may_ask(&wait), -EAGAIN);
}

static void
six_failed_are_enough(void **state)
{
	struct read *read;
	unsigned wait = 0;

	(void)state;
	for (int n = 0; n < 3; n++)
		ask_in_vain(CODE_PIN_WRONG);
	/* Ended by the page while the window was up. */
	read = start(ATTRIBUTES, NULL);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	read_delete(read, t.now);
	/* By nobody asking. */
	start(ATTRIBUTES, NULL);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	pass(60 * S);
	assert_int_equal(may_ask(&wait), 0);
	/* By the session's end. */
	start(ATTRIBUTES, NULL);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	reads_session_end(t.reads, t.session, t.now);
	assert_int_equal(may_ask(&wait), -EAGAIN);
	assert_int_equal(wait, 600);
}

static void
a_read_counts_once_and_only_if_it_asked(void **state)
{
	unsigned wait = 0;

	(void)state;
	for (int n = 0; n < 10; n++) {
		struct read *read = start(ATTRIBUTES, NULL);
		fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
		fake_fail(fake_last(), CODE_NO_CARD, -1, -1);
		read_delete(read, t.now);
	}
	for (int n = 0; n < 2; n++) {
		struct read *read = start(ATTRIBUTES, NULL);
		fake_prompt(fake_last(), -1, 1);
		fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 1);
		fake_fail(fake_last(), CODE_PIN_CANCELLED, -1, -1);
		read_delete(read, t.now);
	}
	assert_int_equal(may_ask(&wait), 0);
}

static void
busy_comes_before_limited(void **state)
{
	struct read *read;
	unsigned wait = 0;

	(void)state;
	for (int n = 0; n < 3; n++)
		ask_in_vain(CODE_PIN_CANCELLED);
	start(CARD_INFO, NULL);
	assert_int_equal(
	    try_start(t.session, ATTRIBUTES, NULL, &read, &wait), -EBUSY);
}

static void
a_window_or_a_card_in_use_holds(void **state)
{
	/* clang-format off */
	static const struct {
		enum read_state state;
		bool holds;
	} cases[] = {
		{ STATE_STARTING, false },
		{ STATE_WAITING_FOR_READER, false },
		{ STATE_WAITING_FOR_CARD, false },
		{ STATE_WAITING_FOR_CONSENT, true },
		{ STATE_WAITING_FOR_PIN, true },
		{ STATE_READING, true },
		{ STATE_CANCELLED, false },
	};
	/* clang-format on */

	(void)state;
	start(ATTRIBUTES, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fake_state(fake_last(), cases[i].state, 0);
		assert_int_equal(
		    reads_hold_card(t.reads, t.session), cases[i].holds);
		assert_false(reads_hold_card(t.reads, t.another));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_runner_gets_what_it_needs),
		TEST(a_voice_is_made_ready_for_windows),
		TEST(a_my_number_goes_when_fetched),
		TEST(a_local_program_is_known_by_its_user),
		TEST(ids_are_hex_and_differ),
		TEST(one_read_at_a_time_per_reader),
		TEST(the_next_is_accepted_after_each_end),
		TEST(an_unknown_reader_fails_the_read),
		TEST(a_runner_that_does_not_start_leaves_nothing),
		TEST(states_become_visible),
		TEST(less_than_was_asked_is_nothing),
		TEST(a_failed_read_keeps_why_and_no_job),
		TEST(progress_is_seen_four_times_a_second),
		TEST(a_person_extends_the_session),
		TEST(results_stay_five_minutes),
		TEST(deleting_cancels_then_wipes),
		TEST(another_session_sees_nothing),
		TEST(the_list_is_oldest_first),
		TEST(the_session_takes_its_reads_along),
		TEST(what_is_kept_is_bounded),
		TEST(gone_ones_make_room_first),
		TEST(nobody_asking_for_a_minute_ends_it),
		TEST(asking_keeps_it),
		TEST(a_stream_keeps_it),
		TEST(while_the_card_is_read_nobody_need_ask),
		TEST(three_cancelled_in_a_row_are_enough),
		TEST(a_new_session_changes_nothing),
		TEST(an_accepted_pin_ends_the_row),
		TEST(six_failed_are_enough),
		TEST(a_read_counts_once_and_only_if_it_asked),
		TEST(busy_comes_before_limited),
		TEST(a_window_or_a_card_in_use_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
