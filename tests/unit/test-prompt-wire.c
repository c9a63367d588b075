/*
 * The wire between runner and voice: what goes in comes out, and nothing
 * else is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prompt-wire.h"

static uint8_t buf[2048];

static struct prompt_request
small_request(void)
{
	struct prompt_request rq;

	memset(&rq, 0, sizeof(rq)); /* also between the members */
	rq.type = PROMPT_PIN;
	rq.pin = KENMEN_PIN_ATTRIBUTES;
	rq.kinds = KIND_BIT(KIND_ATTRIBUTES);
	strcpy(rq.origin, "https://drone.example");
	strcpy(rq.origin_name, "ドローン登録デモ");
	strcpy(rq.user, "taro");
	rq.tries = rq.max_tries = 3;
	rq.step = rq.steps = 1;
	rq.timeout_ms = 120000;
	return rq;
}

static void
fill(char *string, size_t room, char with)
{
	memset(string, with, room - 1);
	string[room - 1] = '\0';
}

static struct prompt_request
full_request(void)
{
	struct prompt_request rq = small_request();

	rq.type = PROMPT_BLOCKED;
	rq.lang = LANG_EN;
	rq.pin = KENMEN_PIN_FACE_A;
	rq.note = NOTE_FORMAT;
	rq.kinds = KIND_BIT(KIND_N) - 1;
	fill(rq.origin, sizeof(rq.origin), 'o');
	fill(rq.origin_name, sizeof(rq.origin_name), 'n');
	fill(rq.user, sizeof(rq.user), 'u');
	fill(rq.purpose, sizeof(rq.purpose), 'p');
	fill(rq.titles, sizeof(rq.titles), 't');
	rq.documents = 32;
	rq.titles_more = 31;
	rq.step = rq.steps = 9;
	rq.tries = rq.max_tries = 99;
	rq.token = KENMEN_TOKEN_N - 1;
	rq.timeout_ms = 3600000;
	return rq;
}

static void
assert_comes_out(const struct prompt_request *in)
{
	struct prompt_request out;
	int len = prompt_request_encode(in, buf, sizeof(buf));

	assert_true(len > 0);
	memset(&out, 0, sizeof(out));
	assert_true(prompt_request_decode(buf, (size_t)len, &out));
	assert_int_equal(out.type, in->type);
	assert_int_equal(out.lang, in->lang);
	assert_int_equal(out.pin, in->pin);
	assert_int_equal(out.note, in->note);
	assert_int_equal(out.kinds, in->kinds);
	assert_string_equal(out.origin, in->origin);
	assert_string_equal(out.origin_name, in->origin_name);
	assert_string_equal(out.user, in->user);
	assert_string_equal(out.purpose, in->purpose);
	assert_int_equal(out.documents, in->documents);
	assert_string_equal(out.titles, in->titles);
	assert_int_equal(out.titles_more, in->titles_more);
	assert_int_equal(out.tries, in->tries);
	assert_int_equal(out.max_tries, in->max_tries);
	assert_int_equal(out.token, in->token);
	assert_int_equal(out.step, in->step);
	assert_int_equal(out.steps, in->steps);
	assert_int_equal(out.timeout_ms, in->timeout_ms);
}

static void
request_comes_out_as_it_went_in(void **state)
{
	struct prompt_request small = small_request(), full = full_request();
	struct prompt_request local = small_request();

	(void)state;
	local.origin[0] = local.origin_name[0] = '\0';
	assert_comes_out(&small);
	assert_comes_out(&full);
	assert_comes_out(&local);
	for (unsigned type = 0; type < PROMPT_N; type++) {
		small.type = type;
		if (type != PROMPT_CLOSE && type != PROMPT_PING &&
		    type != PROMPT_ENDED)
			assert_comes_out(&small);
	}
}

/* Nobody's name is on it, and it is one byte long. */
static void
assert_is_bare(enum prompt_type type)
{
	static const struct prompt_request nothing;
	struct prompt_request rq = full_request(), out = full_request();

	rq.type = type;
	assert_int_equal(prompt_request_encode(&rq, buf, sizeof(buf)), 1);
	assert_int_equal(prompt_request_encode(&rq, buf, 0), -1);
	assert_true(prompt_request_decode(buf, 1, &out));
	assert_int_equal(out.type, type);
	assert_string_equal(out.origin, nothing.origin);
	assert_string_equal(out.titles, nothing.titles);
	assert_int_equal(out.timeout_ms, 0);
	buf[1] = 0;
	assert_false(prompt_request_decode(buf, 2, &out));
	rq = small_request();
	assert_true(prompt_request_encode(&rq, buf, sizeof(buf)) > 1);
	buf[0] = (uint8_t)type;
	assert_false(prompt_request_decode(buf, 100, &out));
}

static void
close_and_ping_are_words_by_themselves(void **state)
{
	(void)state;
	assert_is_bare(PROMPT_CLOSE);
	assert_is_bare(PROMPT_PING);
}

static void
an_end_says_how_and_no_more(void **state)
{
	struct prompt_request rq = full_request(), out;

	(void)state;
	rq.type = PROMPT_ENDED;
	for (rq.code = 0; rq.code < CODE_N; rq.code++) {
		assert_int_equal(prompt_request_encode(&rq, buf, 3), 2);
		assert_true(prompt_request_decode(buf, 2, &out));
		assert_int_equal(out.type, PROMPT_ENDED);
		assert_int_equal(out.code, rq.code);
		assert_string_equal(out.origin, "");
	}
	assert_int_equal(prompt_request_encode(&rq, buf, 1), -1);
	buf[2] = 0;
	assert_false(prompt_request_decode(buf, 1, &out));
	assert_false(prompt_request_decode(buf, 3, &out));
	buf[1] = CODE_N;
	assert_false(prompt_request_decode(buf, 2, &out));
}

static bool
passes(const struct prompt_request *rq)
{
	struct prompt_request out;
	int len = prompt_request_encode(rq, buf, sizeof(buf));

	return prompt_request_decode(buf, (size_t)len, &out);
}

static void
documents_stand_where_something_is_signed(void **state)
{
	struct prompt_request rq = small_request();

	(void)state;
	rq.documents = 1;
	assert_false(passes(&rq));
	rq.pin = KENMEN_PIN_SIGN;
	rq.kinds = KIND_BIT(KIND_SIGN);
	assert_true(passes(&rq));
	rq.documents = 0;
	assert_false(passes(&rq));
	rq.documents = 33;
	assert_false(passes(&rq));
	rq.documents = 32;
	assert_true(passes(&rq));
	rq.titles_more = 1; /* than none */
	assert_false(passes(&rq));
	strcpy(rq.titles, "契約書");
	assert_true(passes(&rq));
	rq.titles_more = 31;
	assert_true(passes(&rq));
	rq.titles_more = 32;
	assert_false(passes(&rq));
	rq = small_request();
	strcpy(rq.titles, "契約書");
	assert_false(passes(&rq));
}

static void
every_shorter_or_longer_request_is_refused(void **state)
{
	struct prompt_request rq = full_request(), out;
	int len = prompt_request_encode(&rq, buf, sizeof(buf));

	(void)state;
	for (int i = 0; i < len; i++)
		assert_false(prompt_request_decode(buf, (size_t)i, &out));
	buf[len] = 0;
	assert_false(prompt_request_decode(buf, (size_t)len + 1, &out));
	assert_int_equal(prompt_request_encode(&rq, buf, (size_t)len), len);
	for (int i = 0; i < len; i++)
		assert_int_equal(
		    prompt_request_encode(&rq, buf, (size_t)i), -1);
}

/* The four bytes in front, one past their last value. */
static void
values_out_of_range_are_refused(void **state)
{
	static const uint8_t past[] = { PROMPT_N, LANG_N, KENMEN_PIN_N, NOTE_N,
		0xff };
	struct prompt_request rq = small_request(), out;
	int len = prompt_request_encode(&rq, buf, sizeof(buf));
	uint8_t kept;

	(void)state;
	for (size_t i = 0; i < sizeof(past); i++) {
		kept = buf[i];
		buf[i] = past[i];
		assert_false(prompt_request_decode(buf, (size_t)len, &out));
		buf[i] = kept;
	}
	assert_true(prompt_request_decode(buf, (size_t)len, &out));
	rq.timeout_ms = 3600001;
	len = prompt_request_encode(&rq, buf, sizeof(buf));
	assert_false(prompt_request_decode(buf, (size_t)len, &out));
	rq = small_request();
	rq.step = 2; /* of 1 */
	len = prompt_request_encode(&rq, buf, sizeof(buf));
	assert_false(prompt_request_decode(buf, (size_t)len, &out));
	rq = small_request();
	rq.origin[0] = rq.user[0] = '\0'; /* nobody asks */
	len = prompt_request_encode(&rq, buf, sizeof(buf));
	assert_false(prompt_request_decode(buf, (size_t)len, &out));
}

static bool
name_passes(const char *name)
{
	struct prompt_request rq = small_request();

	strcpy(rq.origin_name, name);
	return passes(&rq);
}

static void
names_that_would_deceive_are_refused(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"two\nlines", "tab\there", "\x01", "\x1f", "\x7f",
		"a<b", "<b>bold</b>",
		"\xc2\x80", "\xc2\x9f",                 /* C1 controls */
		"\xd8\x9c",                             /* U+061C */
		"\xe2\x80\x8e", "\xe2\x80\x8f",         /* LRM, RLM */
		"\xe2\x80\xa8", "\xe2\x80\xaa",         /* LS, LRE */
		"evil\xe2\x80\xae" "elpmaxe",           /* RLO */
		"\xe2\x81\xa6", "\xe2\x81\xa9",         /* LRI, PDI */
		/* not UTF-8 */
		"\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "cut\xe3\x81", "cut\xf0\x9f\x98", "\xc3",
		"\xe3\x81" "a", "\xc3" "a",
	};
	static const char *const good[] = {
		"", "plain", "100%", "ドローン", "a > b", "\xc2\xa0",
		"\xe2\x80\x8d", "\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xaa",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "𠮷野家", "\xd8\x9d",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (name_passes(bad[i]))
			fail_msg("bad[%zu] passes", i);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!name_passes(good[i]))
			fail_msg("good[%zu] is refused", i);
}

static void
every_text_of_a_request_is_looked_at(void **state)
{
	struct prompt_request rq;
	char *texts[] = { rq.origin, rq.origin_name, rq.user, rq.purpose,
		rq.titles };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rq = small_request();
		rq.kinds = KIND_BIT(KIND_SIGN);
		rq.documents = 1;
		strcpy(texts[i], "a b");
		assert_true(passes(&rq));
		strcpy(texts[i], "a\nb");
		assert_false(passes(&rq));
	}
}

/* ---- answers ---------------------------------------------------------- */

struct wire {
	int runner, voice;
	struct kenmen_secret *sent, *received;
};

static int
wire_start(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	int fds[2];

	if (!w || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0 ||
	    kenmen_secret_new(&w->sent) < 0 ||
	    kenmen_secret_new(&w->received) < 0)
		return -1;
	w->runner = fds[0];
	w->voice = fds[1];
	*state = w;
	return 0;
}

static int
wire_stop(void **state)
{
	struct wire *w = *state;

	close(w->runner);
	if (w->voice >= 0)
		close(w->voice);
	kenmen_secret_free(&w->sent);
	kenmen_secret_free(&w->received);
	free(w);
	return 0;
}

static void
secret_fill(struct kenmen_secret *secret, const void *bytes, size_t len)
{
	memcpy(kenmen_secret_bytes(secret), bytes, len);
	assert_int_equal(kenmen_secret_set_len(secret, len), 0);
}

static void
assert_empty(struct kenmen_secret *secret)
{
	assert_int_equal(kenmen_secret_len(secret), 0);
	for (size_t i = 0; i < KENMEN_SECRET_MAX; i++)
		assert_int_equal(kenmen_secret_bytes(secret)[i], 0);
}

static void
pin_comes_out_as_it_went_in(void **state)
{
	struct wire *w = *state;
	enum prompt_answer answer = ANSWER_N;
	static const size_t lens[] = { 0, 1, 4, 12, KENMEN_SECRET_MAX };
	uint8_t bytes[KENMEN_SECRET_MAX];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7); /* NULs too */
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		secret_fill(w->sent, bytes, lens[i]);
		secret_fill(w->received, "leftover", 8);
		assert_int_equal(
		    prompt_answer_send(w->voice, ANSWER_PIN, w->sent), 0);
		assert_int_equal(
		    prompt_answer_recv(w->runner, &answer, w->received), 0);
		assert_int_equal(answer, ANSWER_PIN);
		assert_int_equal(kenmen_secret_len(w->received), lens[i]);
		assert_memory_equal(
		    kenmen_secret_bytes(w->received), bytes, lens[i]);
	}
}

static void
other_answers_bring_no_pin(void **state)
{
	struct wire *w = *state;
	enum prompt_answer answer;

	for (unsigned i = ANSWER_PIN + 1; i < ANSWER_N; i++) {
		secret_fill(w->received, "1234", 4);
		assert_int_equal(prompt_answer_send(w->voice, i, NULL), 0);
		assert_int_equal(
		    prompt_answer_recv(w->runner, &answer, w->received), 0);
		assert_int_equal(answer, i);
		assert_empty(w->received);
		assert_int_equal(prompt_answer_send(w->voice, i, NULL), 0);
		assert_int_equal(
		    prompt_answer_recv(w->runner, &answer, NULL), 0);
	}
}

static void
what_does_not_belong_together_is_not_sent(void **state)
{
	struct wire *w = *state;

	assert_int_equal(
	    prompt_answer_send(w->voice, ANSWER_PIN, NULL), -EINVAL);
	assert_int_equal(
	    prompt_answer_send(w->voice, ANSWER_NO, w->sent), -EINVAL);
}

static void
lies_are_refused_and_wiped(void **state)
{
	static uint8_t lies[][KENMEN_SECRET_MAX + 2] = {
		{ ANSWER_N, '1', '2' }, { 0xff, '1', '2' },
		{ ANSWER_YES, '1', '2' }, { ANSWER_UNAVAILABLE, 0 },
		{ ANSWER_PIN, '1' }, /* one byte too long */
	};
	static const size_t lens[] = { 3, 1, 3, 2, KENMEN_SECRET_MAX + 2 };
	struct wire *w = *state;
	enum prompt_answer answer = ANSWER_N;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		secret_fill(w->received, "1234", 4);
		assert_int_equal(send(w->voice, lies[i], lens[i], 0), lens[i]);
		assert_int_equal(
		    prompt_answer_recv(w->runner, &answer, w->received),
		    -EPROTO);
		assert_int_equal(answer, ANSWER_N);
		assert_empty(w->received);
	}
	/* A PIN where nobody has room for one. */
	assert_int_equal(send(w->voice, lies[4], 5, 0), 5);
	assert_int_equal(prompt_answer_recv(w->runner, &answer, NULL), -EPROTO);
}

static void
a_voice_that_has_gone_is_noticed(void **state)
{
	struct wire *w = *state;
	enum prompt_answer answer;

	/* With something unread, which makes it a reset. */
	assert_int_equal(send(w->runner, "x", 1, 0), 1);
	close(w->voice);
	w->voice = -1;
	assert_int_equal(
	    prompt_answer_recv(w->runner, &answer, w->received), -EPIPE);
	assert_int_equal(
	    prompt_answer_recv(w->runner, &answer, w->received), -EPIPE);
	assert_int_equal(
	    prompt_answer_send(w->runner, ANSWER_NO, NULL), -EPIPE);
}

static void
requests_are_taken_one_by_one(void **state)
{
	struct wire *w = *state;
	struct prompt_request rq = small_request(), out;
	int len = prompt_request_encode(&rq, buf, sizeof(buf));

	assert_int_equal(prompt_request_recv(w->voice, &out), -EAGAIN);
	assert_int_equal(send(w->runner, buf, (size_t)len, 0), len);
	buf[0] = PROMPT_CLOSE;
	assert_int_equal(send(w->runner, buf, 1, 0), 1);
	assert_int_equal(send(w->runner, buf, 2, 0), 2);
	assert_int_equal(send(w->runner, buf, sizeof(buf), 0), sizeof(buf));
	assert_int_equal(prompt_request_recv(w->voice, &out), 1);
	assert_int_equal(out.type, rq.type);
	assert_int_equal(prompt_request_recv(w->voice, &out), 1);
	assert_int_equal(out.type, PROMPT_CLOSE);
	assert_int_equal(prompt_request_recv(w->voice, &out), -EPROTO);
	assert_int_equal(prompt_request_recv(w->voice, &out), -EPROTO);
	shutdown(w->runner, SHUT_RDWR);
	assert_int_equal(prompt_request_recv(w->voice, &out), 0);
}
/* What the runner left unread resets the socket; its words still come. */
static void
assert_ended(struct wire *w, enum read_code code)
{
	struct prompt_request out;

	assert_int_equal(prompt_request_recv(w->voice, &out), 1);
	assert_int_equal(out.type, PROMPT_CLOSE);
	assert_int_equal(prompt_request_recv(w->voice, &out), 1);
	assert_int_equal(out.type, PROMPT_ENDED);
	assert_int_equal(out.code, code);
}

/* It goes on at the voice's "noted", whatever stands before that. */
static void
an_end_waits_until_it_is_noted(void **state)
{
	struct wire *w = *state;
	enum prompt_answer answer;

	secret_fill(w->sent, "1234", 4);
	prompt_answer_send(w->voice, ANSWER_ALIVE, NULL);
	prompt_answer_send(w->voice, ANSWER_PIN, w->sent);
	prompt_answer_send(w->voice, ANSWER_NOTED, NULL);
	prompt_answer_send(w->voice, ANSWER_NO, NULL);
	prompt_end_say(w->runner, CODE_PIN_CANCELLED);
	assert_int_equal(
	    prompt_answer_recv(w->runner, &answer, w->received), 0);
	assert_int_equal(answer, ANSWER_NO);
	assert_ended(w, CODE_PIN_CANCELLED);
}

/* Nobody there, a voice that is silent, one that has been given up. */
static void
an_end_does_not_wait_for_ever(void **state)
{
	struct wire *w = *state;
	struct prompt_request out;

	prompt_end_say(w->runner, CODE_NONE);
	assert_ended(w, CODE_NONE);
	prompt_answer_send(w->voice, ANSWER_NOTED, NULL);
	prompt_end_say(w->runner, CODE_PROMPT_UNAVAILABLE);
	assert_ended(w, CODE_PROMPT_UNAVAILABLE);
	prompt_end_say(w->runner, CODE_NONE);
	prompt_answer_send(w->voice, ANSWER_ALIVE, NULL);
	close(w->runner);
	w->runner = -1;
	assert_ended(w, CODE_NONE);
	assert_int_equal(prompt_request_recv(w->voice, &out), 0);
}

#define ON_WIRE(f) cmocka_unit_test_setup_teardown(f, wire_start, wire_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_comes_out_as_it_went_in),
		cmocka_unit_test(every_shorter_or_longer_request_is_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(close_and_ping_are_words_by_themselves),
		cmocka_unit_test(an_end_says_how_and_no_more),
		cmocka_unit_test(documents_stand_where_something_is_signed),
		cmocka_unit_test(names_that_would_deceive_are_refused),
		cmocka_unit_test(every_text_of_a_request_is_looked_at),
		ON_WIRE(pin_comes_out_as_it_went_in),
		ON_WIRE(other_answers_bring_no_pin),
		ON_WIRE(what_does_not_belong_together_is_not_sent),
		ON_WIRE(lies_are_refused_and_wiped),
		ON_WIRE(requests_are_taken_one_by_one),
		ON_WIRE(a_voice_that_has_gone_is_noticed),
		ON_WIRE(an_end_waits_until_it_is_noted),
		ON_WIRE(an_end_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
