/*
 * Assuan's client side against every line a pinentry says, and some that none
 * should. The test plays the pinentry over a pair of sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "assuan.h"

struct talk {
	struct assuan *assuan;
	int pinentry; /* the other side */
	int client;
	struct assuan_data data;
	uint8_t bytes[16];
};

static void
talk_say(struct talk *t, const char *bytes, size_t len)
{
	assert_int_equal(write(t->pinentry, bytes, len), len);
}

static int
talk_hear(struct talk *t, enum assuan_reply *reply)
{
	uint32_t code;

	return assuan_read(t->assuan, &t->data, reply, &code);
}

static int
talk_start(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));
	enum assuan_reply reply;
	int fds[2];

	if (!t ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0 ||
	    assuan_new(fds[0], fds[0], &t->assuan) < 0)
		return -1;
	t->client = fds[0];
	t->pinentry = fds[1];
	t->data.bytes = t->bytes;
	t->data.room = sizeof(t->bytes);
	*state = t;
	talk_say(t, "OK Pleased to meet you\n", 23);
	return talk_hear(t, &reply) == 1 && reply == REPLY_OK ? 0 : -1;
}

static int
talk_stop(void **state)
{
	struct talk *t = *state;

	assuan_free(&t->assuan);
	assuan_free(&t->assuan); /* accepts NULL */
	close(t->client);
	close(t->pinentry);
	free(t);
	return 0;
}

/* Asks for a PIN and hears what answers it, in as many reads as it takes. */
static int
ask_bytes(struct talk *t, const char *answer, size_t len,
    enum assuan_reply *ret, uint32_t *ret_code)
{
	int r;

	t->data.len = 0;
	t->data.given = false;
	*ret = REPLY_N;
	*ret_code = 77;
	assert_int_equal(assuan_send(t->assuan, "GETPIN", NULL), 0);
	talk_say(t, answer, len);
	while ((r = assuan_read(t->assuan, &t->data, ret, ret_code)) == 0)
		;
	return r;
}

static int
ask(struct talk *t, const char *answer)
{
	enum assuan_reply reply;
	uint32_t code;

	return ask_bytes(t, answer, strlen(answer), &reply, &code);
}

static void
assert_pin(struct talk *t, const char *answer, const char *pin, size_t len)
{
	assert_int_equal(ask(t, answer), 1);
	assert_int_equal(t->data.len, len);
	assert_memory_equal(t->bytes, pin, len);
}

static void
a_pin_is_unescaped(void **state)
{
	struct talk *t = *state;

	assert_pin(t, "D 1234\nOK\n", "1234", 4);
	assert_pin(t, "D 12%2534\nOK\n", "12%34", 5);
	assert_pin(t, "D %0a%0D%41%c3%A9\nOK\n", "\n\rA\xc3\xa9", 5);
	assert_pin(t, "D %00\nOK\n", "\0", 1);
	assert_pin(t, "D 1234\r\nOK\r\n", "1234", 4);
	assert_pin(
	    t, "S PASSWORD_FROM_CACHE\n# hm\nD  1 \nOK done\n", " 1 ", 3);
	assert_true(t->data.given);
	assert_pin(t, "D \nOK\n", "", 0);
	assert_true(t->data.given);
	assert_pin(t, "D\nOK\n", "", 0);
	assert_pin(t, "OK\n", "", 0);
	assert_false(t->data.given);
	/* What has no room is dropped. */
	assert_pin(t, "D 0123456789abcdefgh\nOK\n", "0123456789abcdef", 16);
}

static void
an_answer_may_come_byte_by_byte(void **state)
{
	static const char answer[] = "# slow\nD 1%32\nOK\n";
	struct talk *t = *state;
	enum assuan_reply reply = REPLY_N;

	assert_int_equal(assuan_send(t->assuan, "GETPIN", NULL), 0);
	for (size_t i = 0; i < sizeof(answer) - 2; i++) {
		talk_say(t, &answer[i], 1);
		assert_int_equal(talk_hear(t, &reply), 0);
	}
	assert_int_equal(talk_hear(t, &reply), -EAGAIN);
	talk_say(t, "\n", 1);
	assert_int_equal(talk_hear(t, &reply), 1);
	assert_int_equal(reply, REPLY_OK);
	assert_memory_equal(t->bytes, "12", 2);
}

static void
errors_are_told_apart(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		enum assuan_reply reply;
		uint32_t code;
	} errors[] = {
		{ "ERR 83886179 Operation cancelled <Pinentry>\n",
		  REPLY_CANCELLED, 83886179 },
		{ "S BUTTON_INFO close\nERR 83886179 x\n",
		  REPLY_CANCELLED, 83886179 },
		{ "ERR 83886278 Operation fully cancelled\n",
		  REPLY_CANCELLED, 83886278 },
		{ "ERR 83886142 Timeout <Pinentry>\n",
		  REPLY_TIMEOUT, 83886142 },
		{ "ERR 83886194 Not confirmed <Pinentry>\n",
		  REPLY_NOT_CONFIRMED, 83886194 },
		{ "ERR 99\n",              REPLY_CANCELLED, 99 },
		{ "ERR 62 from elsewhere\n", REPLY_TIMEOUT, 62 },
		{ "ERR 83886340 x\n",      REPLY_ERROR, 83886340 },
		{ "ERR 1\n",               REPLY_ERROR, 1 },
		{ "ERR 999999999\n",       REPLY_ERROR, 999999999 },
		{ "OK 99\n",               REPLY_OK, 0 },
	};
	/* clang-format on */
	struct talk *t = *state;
	enum assuan_reply reply;
	uint32_t code;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		assert_int_equal(ask_bytes(t, errors[i].line,
				     strlen(errors[i].line), &reply, &code),
		    1);
		assert_int_equal(reply, errors[i].reply);
		assert_int_equal(code, errors[i].code);
	}
}

static void
assert_refused(const char *answer, size_t len)
{
	void *state = NULL;
	enum assuan_reply reply;
	uint32_t code;
	int r;

	assert_int_equal(talk_start(&state), 0);
	r = ask_bytes(state, answer, len, &reply, &code);
	if (r != -EPROTO)
		fail_msg("%.40s: %d", answer, r);
	assert_int_equal(reply, REPLY_N); /* untouched */
	assert_int_equal(code, 77);
	talk_stop(&state);
}

static void
what_is_not_assuan_is_refused(void **state)
{
	static const char *const bad[] = { "\n", "ok\n", "OKAY\n", "O\n",
		"ERR\n", "ERR \n", "ERR x\n", "ERR -1\n", "ERR 0\n",
		"ERR 99x\n", "ERR 1234567890\n", "ERROR 99\n", "D %\nOK\n",
		"D %2\nOK\n", "D %2g\nOK\n", "D %%41\nOK\n", "DATA\nOK\n",
		"INQUIRE PIN\n", "END\n", "what?\n", " OK\n",
		/* more than one line of data, if only empty ones */
		"D 12\nD 34\nOK\n", "D \nD \nOK\n", "D\nD\nOK\n",
		/* more than one answer */
		"OK\nOK\n", "OK\nD 1234\n", "OK\n#", "ERR 99\nOK\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], strlen(bad[i]));
	assert_refused("D 12\00034\nOK\n", 11);
	assert_refused("OK\0\n", 4);
}

static void
lines_have_a_limit(void **state)
{
	char line[ASSUAN_LINE_MAX + 16];
	struct talk *t = *state;

	/* Exactly as long as one may be, with either end. */
	memset(line, '#', sizeof(line));
	strcpy(line + ASSUAN_LINE_MAX, "\nOK\n");
	assert_int_equal(ask(t, line), 1);
	memset(line, '#', sizeof(line));
	strcpy(line + ASSUAN_LINE_MAX, "\r\nOK\n");
	assert_int_equal(ask(t, line), 1);
	/* One more. */
	memset(line, '#', sizeof(line));
	strcpy(line + ASSUAN_LINE_MAX + 1, "\nOK\n");
	assert_refused(line, strlen(line));
	/* One that does not end. */
	memset(line, '#', sizeof(line));
	assert_refused(line, sizeof(line));
}

static void
data_must_have_been_asked_for(void **state)
{
	struct talk *t = *state;
	enum assuan_reply reply;
	uint32_t code;

	assert_int_equal(assuan_send(t->assuan, "SETDESC", "x"), 0);
	talk_say(t, "D 1\nOK\n", 7);
	assert_int_equal(assuan_read(t->assuan, NULL, &reply, &code), -EPROTO);
}

static void
nothing_may_be_said_unasked(void **state)
{
	struct talk *t = *state;
	enum assuan_reply reply;

	talk_say(t, "OK\n", 3);
	assert_int_equal(talk_hear(t, &reply), -EPROTO);
}

static void
assert_sent(struct talk *t, const char *line)
{
	char got[ASSUAN_LINE_MAX + 2];
	ssize_t n = read(t->pinentry, got, sizeof(got));

	assert_int_equal(n, strlen(line));
	assert_memory_equal(got, line, (size_t)n);
}

static void
commands_are_lines(void **state)
{
	struct talk *t = *state;
	enum assuan_reply reply;

	assert_int_equal(assuan_send(t->assuan, "SETDESC", "あ%0Aい"), 0);
	assert_sent(t, "SETDESC あ%0Aい\n");
	/* One at a time. */
	assert_int_equal(assuan_send(t->assuan, "GETPIN", NULL), -EPROTO);
	talk_say(t, "OK\n", 3);
	assert_int_equal(talk_hear(t, &reply), 1);
	assert_int_equal(assuan_send(t->assuan, "GETPIN", NULL), 0);
	assert_sent(t, "GETPIN\n");
}

static void
commands_have_a_limit(void **state)
{
	char text[ASSUAN_LINE_MAX];
	char line[sizeof(text) + 16];
	struct talk *t = *state;

	memset(text, 'x', sizeof(text));
	text[ASSUAN_LINE_MAX - 8 + 1] = '\0'; /* "SETDESC " */
	assert_int_equal(assuan_send(t->assuan, "SETDESC", text), -EMSGSIZE);
	assert_int_equal(
	    assuan_send(t->assuan, "SETDESC", "a\nGETPIN"), -EINVAL);
	assert_int_equal(assuan_send(t->assuan, "SETDESC", "a\r"), -EINVAL);
	text[ASSUAN_LINE_MAX - 8] = '\0';
	assert_int_equal(assuan_send(t->assuan, "SETDESC", text), 0);
	strcpy(line, "SETDESC ");
	strcat(strcat(line, text), "\n");
	assert_sent(t, line);
}

static void
a_pinentry_that_has_gone_is_noticed(void **state)
{
	struct talk *t = *state;
	enum assuan_reply reply;

	assert_int_equal(assuan_send(t->assuan, "GETPIN", NULL), 0);
	talk_say(t, "D 12", 4);
	shutdown(t->pinentry, SHUT_RDWR);
	assert_int_equal(talk_hear(t, &reply), 0);
	assert_int_equal(talk_hear(t, &reply), -EPIPE);
}

#define IN_TALK(f) cmocka_unit_test_setup_teardown(f, talk_start, talk_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TALK(a_pin_is_unescaped),
		IN_TALK(an_answer_may_come_byte_by_byte),
		IN_TALK(errors_are_told_apart),
		cmocka_unit_test(what_is_not_assuan_is_refused),
		IN_TALK(lines_have_a_limit),
		IN_TALK(data_must_have_been_asked_for),
		IN_TALK(nothing_may_be_said_unasked),
		IN_TALK(commands_are_lines),
		IN_TALK(commands_have_a_limit),
		IN_TALK(a_pinentry_that_has_gone_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
