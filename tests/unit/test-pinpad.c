/*
 * A whole read on a reader with a keypad. No virtual reader can do that, so a
 * fake one stands behind the reader table, with a simulated card in it: here
 * and nowhere else. The errand runs in a child, as in kenmen-read; this process
 * is the door and the voice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "errand.h"
#include "pack.h"
#include "prompt-wire.h"
#include "sim/simcard.h"
#include "sim/simreader.h"

#define ROUNDS_MAX 8
#define TOLD_MAX 1024
#define LIMIT_MS 20000
#define READER "Pad 00 00"

/* What is done on the keypad, round by round; NULL: no more. */
struct round {
	const char *digits; /* and OK */
	unsigned sw;        /* or what the reader says by itself */
	bool stuck;         /* or nobody touches it */
};

/* What this process and the child share. */
static struct shared {
	unsigned pads;     /* times that the keypad was waited for */
	unsigned verifies; /* VERIFYs with digits that reached the card */
	unsigned min_len, max_len, timeout_s;
	unsigned confined; /* stages, as bits */
} * shared;

static const struct round *rounds;
static int confines[2];           /* what confining to each stage says */
static enum prompt_answer cancel; /* of the keypad's window; N: none */
static const char *typed;         /* into a window */
/* What the door was told, and what the voice was, in words: in two, since
 * nothing says which of two sockets is heard first. */
static char told[TOLD_MAX], shown[TOLD_MAX];
static bool pad_shown;       /* the keypad's window */
static enum read_code ended; /* as the voice was told */

/* ---- the reader --------------------------------------------------------- */

struct kenmen_pcsc {
	int nothing;
};

static struct kenmen_pcsc pcscd;
static struct simreader sim_reader;
static struct kenmen_reader_ops ops, sim_ops;

int
kenmen_pcsc_new(struct kenmen_pcsc **ret)
{
	*ret = &pcscd;
	return 0;
}

void
kenmen_pcsc_free(struct kenmen_pcsc **pcsc)
{
	*pcsc = NULL;
}

int
kenmen_pcsc_slots(struct kenmen_pcsc *pcsc, struct kenmen_slot *slots)
{
	(void)pcsc;
	slots[0] = (struct kenmen_slot){ .name = READER, .present = true };
	return 1;
}

int
kenmen_pcsc_wait(struct kenmen_pcsc *pcsc, int timeout_ms)
{
	(void)pcsc;
	(void)timeout_ms;
	return 0;
}

int
kenmen_pcsc_keypad(struct kenmen_pcsc *pcsc, const char *name)
{
	(void)pcsc;
	(void)name;
	fail(); /* a read finds out when it connects */
	return 0;
}

/* The reader puts the digits behind the command; the computer never has them.
 */
static int
keypad(void *arg, const struct kenmen_pinpad_verify *form, uint16_t *ret_sw)
{
	const struct round *round = &rounds[shared->pads++];
	size_t n = round->digits ? strlen(round->digits) : 0, len;
	uint8_t cmd[5 + 16], rsp[258];
	int r;

	shared->min_len = form->min_len;
	shared->max_len = form->max_len;
	shared->timeout_s = form->timeout_s;
	while (round->stuck)
		pause();
	*ret_sw = (uint16_t)round->sw;
	if (round->sw)
		return 0;
	if (n < form->min_len || n > form->max_len) {
		*ret_sw = 0x6403;
		return 0;
	}
	memcpy(cmd, form->command, 5);
	cmd[4] = (uint8_t)n;
	memcpy(cmd + 5, round->digits, n);
	shared->verifies++;
	len = sizeof(rsp);
	if ((r = sim_ops.transmit(arg, cmd, 5 + n, rsp, &len)) == 0)
		*ret_sw = (uint16_t)(rsp[len - 2] << 8 | rsp[len - 1]);
	return r;
}

int
kenmen_pcsc_reader(
    struct kenmen_pcsc *pcsc, const char *name, struct kenmen_reader *ret)
{
	(void)pcsc;
	assert_string_equal(name, READER);
	*ret = simreader_table(&sim_reader);
	sim_ops = ops = *ret->ops;
	ops.verify_pinpad = keypad;
	ret->ops = &ops;
	return 0;
}

/* ---- the runner --------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int64_t
realtime(void)
{
	return time(NULL);
}

/* Not for real: this process has the reader in it as well. */
static int
confine_not(enum confine_stage stage)
{
	shared->confined |= 1u << stage;
	return confines[stage];
}

static void
run(int wire, int prompt, const struct wire_request *request, int tries)
{
	const struct errand_env env = { wire, prompt, now_ms, realtime,
		confine_not };
	static const struct sim_switches switches;
	struct simcard *card =
	    simcard_new(sim_person_find("taro"), &switches, NULL);

	simcard_set_tries(card, SIM_PIN_ATTRIBUTES, tries);
	simreader_start(&sim_reader, card, &switches);
	errand_run(&env, request);
	/* Nothing verified stays, and nobody was asked to type into it. */
	for (int pin = 0; pin < SIM_PIN_N; pin++)
		if (simcard_verified(card, (enum sim_pin)pin))
			_exit(9);
	simcard_free(&card);
	_exit(0);
}

/* ---- the door and the voice --------------------------------------------- */

static void
tell(char *story, const char *word, const char *more)
{
	size_t len = strlen(story);

	snprintf(story + len, TOLD_MAX - len, "%s%s%s%s", len ? " " : "", word,
	    more ? ":" : "", more ? more : "");
}

/* The voice has noted what the door hears only now. */
static void
tell_end(const char *word, enum read_code code)
{
	tell(told, word, code == CODE_NONE ? NULL : code_name(code));
	assert_int_equal(ended, shown[0] ? code : CODE_N);
}

static bool
hear_runner(int wire)
{
	static struct wire_message m;
	static uint8_t buf[PACK_MAX];
	ssize_t n = recv(wire, buf, sizeof(buf), 0);

	if (n <= 0)
		return false;
	assert_true(wire_message_decode(buf, (size_t)n, &m));
	if (m.type == WIRE_STATE && m.state.asks)
		tell(told, state_name(m.state.state),
		    m.state.pin < 0 ? "yes"
				    : pin_name((enum kenmen_pin)m.state.pin));
	else if (m.type == WIRE_STATE)
		tell(told, state_name(m.state.state), NULL);
	else if (m.type == WIRE_TEXT)
		tell(told, "text", m.text.attributes.birth_date);
	else if (m.type == WIRE_EVENT && m.event == EVENT_NO_LANDLOCK)
		tell(told, "no-landlock", NULL);
	else if (m.type == WIRE_DONE)
		tell_end("done", CODE_NONE);
	else if (m.type == WIRE_FAILED)
		tell_end("failed", m.failed.code);
	return true;
}

static const char *
note_word(const struct prompt_request *rq)
{
	static const char *const words[NOTE_N] = { NULL, "wrong", "format" };

	return words[rq->note];
}

static bool
hear_prompt(int fd)
{
	struct prompt_request rq;
	struct kenmen_secret *pin = NULL;

	if (prompt_request_recv(fd, &rq) <= 0)
		return false;
	switch (rq.type) {
	case PROMPT_PINPAD:
		tell(shown, "pinpad", note_word(&rq));
		assert_int_equal(rq.timeout_ms, 5000);
		pad_shown = cancel == ANSWER_N;
		if (cancel != ANSWER_N)
			assert_int_equal(
			    prompt_answer_send(fd, cancel, NULL), 0);
		break;
	case PROMPT_CLOSE:
		if (pad_shown)
			tell(shown, "close", NULL);
		pad_shown = false;
		break;
	case PROMPT_ENDED:
		ended = rq.code;
		prompt_answer_send(fd, ANSWER_NOTED, NULL);
		break;
	case PROMPT_PIN:
		tell(shown, "window", note_word(&rq));
		assert_int_equal(kenmen_secret_new(&pin), 0);
		memcpy(kenmen_secret_bytes(pin), typed, strlen(typed));
		kenmen_secret_set_len(pin, strlen(typed));
		prompt_answer_send(fd, ANSWER_PIN, pin);
		kenmen_secret_free(&pin);
		break;
	case PROMPT_LAST_TRY:
		tell(shown, "last-try", NULL);
		prompt_answer_send(fd, ANSWER_YES, NULL);
		break;
	case PROMPT_BLOCKED:
		tell(shown, "blocked", NULL);
		prompt_answer_send(fd, ANSWER_NO, NULL);
		break;
	case PROMPT_PING:
		prompt_answer_send(fd, ANSWER_ALIVE, NULL);
		break;
	case PROMPT_CONSENT:
	case PROMPT_N:
		fail();
	}
	return true;
}

static void
listen_to(int wire, int prompt)
{
	struct pollfd fds[2] = { { wire, POLLIN, 0 }, { prompt, POLLIN, 0 } };

	while (fds[0].fd >= 0) {
		assert_true(poll(fds, 2, LIMIT_MS) > 0);
		if (fds[0].revents && !hear_runner(wire))
			fds[0].fd = -1;
		else if (!fds[0].revents && fds[1].revents &&
			 !hear_prompt(prompt))
			fds[1].fd = -1;
	}
	while (hear_prompt(prompt))
		;
}

/* A read of these kinds; the exit status of the runner. */
static int
read_kinds(uint32_t kinds, int tries)
{
	static struct wire_request rq;
	int wire[2], prompt[2], status;
	pid_t pid;

	rq = (struct wire_request){ .errand = ERRAND_READ,
		.kinds = kinds,
		.card_timeout_ms = 1000,
		.prompt_timeout_ms = 5000,
		.read_timeout_ms = 5000 };
	strcpy(rq.origin, "https://drone.example");
	rq.wish.digests_n = 1;
	memset(shared, 0, sizeof(*shared));
	told[0] = shown[0] = '\0';
	pad_shown = false;
	ended = CODE_N;
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, wire);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, prompt);
	if ((pid = fork()) == 0) {
		close(wire[0]);
		close(prompt[0]);
		run(wire[1], prompt[1], &rq, tries);
	}
	assert_true(pid > 0);
	close(wire[1]);
	close(prompt[1]);
	listen_to(wire[0], prompt[0]);
	close(wire[0]);
	close(prompt[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ATTRIBUTES KIND_BIT(KIND_ATTRIBUTES)
#define WAITS "waiting_for_pin:attributes"
#define GOOD WAITS " reading text:1975-12-31 done"

static void
expect(const char *door, const char *voice)
{
	assert_string_equal(told, door);
	assert_string_equal(shown, voice);
}

static int
setup(void **state)
{
	(void)state;
	cancel = ANSWER_N;
	typed = "none";
	memset(confines, 0, sizeof(confines));
	return 0;
}

/* ---- tests -------------------------------------------------------------- */

/* One window that says to type on the reader; it closes when that is done. */
static void
test_typed_on_the_reader(void **state)
{
	static const struct round once[] = { { .digits = "2345" } };

	(void)state;
	rounds = once;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(GOOD, "pinpad close");
	assert_int_equal(shared->verifies, 1);
	assert_int_equal(shared->min_len, 4);
	assert_int_equal(shared->max_len, 4);
	assert_int_equal(shared->timeout_s, 5);
}

static void
test_wrong_then_right(void **state)
{
	static const struct round twice[] = { { .digits = "9999" },
		{ .digits = "2345" } };
	static const struct round misses[] = { { .digits = "9999" },
		{ .digits = "8888" } };

	(void)state;
	rounds = twice;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading " GOOD, "pinpad close pinpad:wrong close");
	assert_int_equal(shared->verifies, 2);

	/* At one try left the read ends, as with windows. */
	rounds = misses;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading " WAITS " reading failed:pin_wrong",
	    "pinpad close pinpad:wrong close");
	assert_int_equal(shared->pads, 2);
}

/* The last try: an explicit yes before the keypad is waited for. */
static void
test_last_try(void **state)
{
	static const struct round miss[] = { { .digits = "9999" } };

	(void)state;
	rounds = miss;
	assert_int_equal(read_kinds(ATTRIBUTES, 1), 0);
	expect("waiting_for_consent:yes " WAITS
	       " reading waiting_for_consent:yes failed:pin_blocked",
	    "last-try pinpad close blocked");
}

/* The reader says these; nothing reached the card. */
static void
test_what_the_reader_says_by_itself(void **state)
{
	static const struct round late[] = { { .sw = 0x6400 } };
	static const struct round no[] = { { .sw = 0x6401 } };

	(void)state;
	rounds = late;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading failed:prompt_timeout", "pinpad close");
	rounds = no;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading failed:pin_cancelled", "pinpad close");
	assert_int_equal(shared->verifies, 0);
}

/* Too few digits: three goes, and no try is spent. */
static void
test_wrong_length(void **state)
{
	static const struct round thrice[] = { { .digits = "12" },
		{ .sw = 0x6403 }, { .digits = "123" } };
	static const struct round second[] = { { .digits = "" },
		{ .digits = "2345" } };

	(void)state;
	rounds = thrice;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading " WAITS " reading " WAITS
		     " reading failed:pin_format",
	    "pinpad close pinpad:format close pinpad:format close");
	assert_int_equal(shared->pads, 3);
	assert_int_equal(shared->verifies, 0);
	rounds = second;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect(WAITS " reading " GOOD, "pinpad close pinpad:format close");
}

/* Cancel in the window ends the process, since nothing else could end the
 * reader's waiting; so does a window that cannot be shown. */
static void
test_cancel_in_the_window(void **state)
{
	static const struct round stuck[] = { { .stuck = true } };
	static const enum prompt_answer answers[] = { ANSWER_NO,
		ANSWER_UNAVAILABLE };
	static const char *const ends[] = { WAITS " failed:pin_cancelled",
		WAITS " failed:prompt_unavailable" };

	(void)state;
	rounds = stuck;
	for (size_t i = 0; i < 2; i++) {
		cancel = answers[i];
		assert_int_equal(read_kinds(ATTRIBUTES, 3), 1);
		expect(ends[i], "pinpad");
		assert_int_equal(shared->verifies, 0);
	}
}

/* Letters cannot be typed there: the password has its window. */
static void
test_a_password_has_its_window(void **state)
{
	static const struct round once[] = { { .digits = "2345" } };

	(void)state;
	rounds = once;
	typed = "taro00mihon11";
	assert_int_equal(read_kinds(ATTRIBUTES | KIND_BIT(KIND_SIGN), 3), 0);
	expect(WAITS " reading waiting_for_pin:sign reading "
		     "text:1975-12-31 done",
	    "pinpad close window");
	assert_int_equal(shared->pads, 1);
}

/* ---- confined ----------------------------------------------------------- */

/* One that cannot be confined reads nothing, at either stage; Landlock alone
 * may be missing. */
static void
test_confined_or_nothing(void **state)
{
	static const struct round once[] = { { .digits = "2345" } };

	(void)state;
	rounds = once;
	confines[CONFINE_SEEKING] = -EPERM;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect("failed:internal", "");
	assert_int_equal(shared->confined, 1);
	confines[CONFINE_SEEKING] = 1;
	confines[CONFINE_READING] = -ENOMEM;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect("no-landlock failed:internal", "");
	assert_int_equal(shared->confined, 3);
	assert_int_equal(shared->verifies, 0);
	confines[CONFINE_READING] = 0;
	assert_int_equal(read_kinds(ATTRIBUTES, 3), 0);
	expect("no-landlock " GOOD, "pinpad close");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_confined_or_nothing, setup),
		cmocka_unit_test_setup(test_typed_on_the_reader, setup),
		cmocka_unit_test_setup(test_wrong_then_right, setup),
		cmocka_unit_test_setup(test_last_try, setup),
		cmocka_unit_test_setup(
		    test_what_the_reader_says_by_itself, setup),
		cmocka_unit_test_setup(test_wrong_length, setup),
		cmocka_unit_test_setup(test_cancel_in_the_window, setup),
		cmocka_unit_test_setup(test_a_password_has_its_window, setup),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
