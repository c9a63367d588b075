/* The wire between the door and a desktop's agent: words, and one descriptor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent-wire.h"

struct pair {
	int fd[2];
};

static int
set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	*state = pair;
	return pair ? socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair->fd) : -1;
}

static int
tear_down(void **state)
{
	struct pair *pair = *state;

	close(pair->fd[0]);
	close(pair->fd[1]);
	free(pair);
	return 0;
}

static void
words_arrive(void **state)
{
	struct pair *pair = *state;
	enum agent_word word;
	int passed = -1;

	for (int i = 0; i < AGENT_WORD_N; i++) {
		if (i == AGENT_SERVE)
			continue;
		assert_int_equal(
		    agent_say(pair->fd[0], (enum agent_word)i, -1), 0);
		assert_int_equal(agent_hear(pair->fd[1], &word, &passed), 1);
		assert_int_equal(word, i);
		assert_int_equal(passed, -1);
	}
	assert_int_equal(agent_hear(pair->fd[1], &word, &passed), -EAGAIN);
}

/* It is another one for the same thing, which no program inherits. */
static void
a_descriptor_is_handed_over(void **state)
{
	struct pair *pair = *state;
	enum agent_word word;
	int ends[2], passed = -1;
	char byte;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(agent_say(pair->fd[0], AGENT_SERVE, ends[0]), 0);
	close(ends[0]);
	assert_int_equal(agent_hear(pair->fd[1], &word, &passed), 1);
	assert_int_equal(word, AGENT_SERVE);
	assert_true(fcntl(passed, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(read(passed, &byte, 1), 1);
	close(passed);
	close(ends[1]);
}

static void
a_descriptor_goes_with_one_word_only(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(agent_say(pair->fd[0], AGENT_SERVE, -1), -EINVAL);
	assert_int_equal(agent_say(pair->fd[0], AGENT_HELLO, 0), -EINVAL);
}

/* The word with descriptors, as somebody else's program may send it. */
static void
send_raw(int fd, const void *bytes, size_t len, const int *fds, size_t fds_n)
{
	char room[CMSG_SPACE(4 * sizeof(int))];
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *head;

	memset(room, 0, sizeof(room));
	if (fds_n) {
		message.msg_control = room;
		message.msg_controllen = CMSG_SPACE(fds_n * sizeof(int));
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(fds_n * sizeof(int));
		memcpy(CMSG_DATA(head), fds, fds_n * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &message, 0), len);
}

static int
open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
nonsense_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, fds_n;
		int is;
	} said[] = {
		{ "\1", 1, 0, -EPROTO },
		{ "\1\0\0", 3, 0, -EPROTO },
		{ "\1\x06", 2, 0, -EPROTO },
		{ "\1\xff", 2, 0, -EPROTO },
		{ "\2\0", 2, 0, -ENOTSUP },
		{ "\0\0", 2, 0, -ENOTSUP },
		/* descriptors where none belongs, none where one does, many */
		{ "\1\0", 2, 1, -EPROTO },
		{ "\1\4", 2, 0, -EPROTO },
		{ "\1\4", 2, 3, -EPROTO },
		{ "\2\4", 2, 1, -ENOTSUP },
	};
	static const int fds[] = { 0, 1, 2 };
	struct pair *pair = *state;
	enum agent_word word;
	int before = open_descriptors(), passed;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		passed = -1;
		send_raw(pair->fd[0], said[i].bytes, said[i].len, fds,
		    said[i].fds_n);
		assert_int_equal(
		    agent_hear(pair->fd[1], &word, &passed), said[i].is);
		assert_int_equal(passed, -1);
		assert_int_equal(open_descriptors(), before);
	}
}

/* The door takes no descriptor from anybody. */
static void
nothing_is_taken_where_nothing_is_wanted(void **state)
{
	static const int fds[] = { 0 };
	struct pair *pair = *state;
	enum agent_word word;
	int before = open_descriptors();

	send_raw(pair->fd[0], "\1\5", 2, fds, 1);
	assert_int_equal(agent_hear(pair->fd[1], &word, NULL), 1);
	assert_int_equal(open_descriptors(), before);
	send_raw(pair->fd[0], "\1\4", 2, fds, 1);
	assert_int_equal(agent_hear(pair->fd[1], &word, NULL), -EPROTO);
	assert_int_equal(open_descriptors(), before);
}

static void
an_end_is_an_end(void **state)
{
	struct pair *pair = *state;
	enum agent_word word;

	assert_int_equal(shutdown(pair->fd[0], SHUT_RDWR), 0);
	assert_int_equal(agent_hear(pair->fd[1], &word, NULL), 0);
	assert_int_equal(agent_say(pair->fd[1], AGENT_HELLO, -1), -EPIPE);
}

/* The last word is heard, even by one that was not listened to. */
static void
the_last_word_is_heard(void **state)
{
	struct pair *pair = *state;
	enum agent_word word;

	assert_int_equal(agent_say(pair->fd[1], AGENT_HELLO, -1), 0);
	assert_int_equal(agent_say(pair->fd[0], AGENT_REFUSED, -1), 0);
	close(pair->fd[0]);
	pair->fd[0] = -1;
	assert_int_equal(agent_hear(pair->fd[1], &word, NULL), 1);
	assert_int_equal(word, AGENT_REFUSED);
	assert_int_equal(agent_hear(pair->fd[1], &word, NULL), 0);
}

/* Who does not listen cannot make the other side wait. */
static void
a_full_queue_does_not_block(void **state)
{
	struct pair *pair = *state;
	int r, n = 0;

	while ((r = agent_say(pair->fd[0], AGENT_TAKEN, -1)) == 0)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_true(n > 8);
}

#define WIRE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(words_arrive),
		WIRE_TEST(a_descriptor_is_handed_over),
		WIRE_TEST(a_descriptor_goes_with_one_word_only),
		WIRE_TEST(nonsense_is_refused),
		WIRE_TEST(nothing_is_taken_where_nothing_is_wanted),
		WIRE_TEST(an_end_is_an_end),
		WIRE_TEST(the_last_word_is_heard),
		WIRE_TEST(a_full_queue_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
