#include "agent-wire.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORD_LEN 2

/* Room for one descriptor, aligned as the kernel wants it. */
union passage {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

int
agent_say(int fd, enum agent_word word, int passed)
{
	uint8_t bytes[WORD_LEN] = { AGENT_WIRE_VERSION, (uint8_t)word };
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	union passage passage = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if ((word == AGENT_SERVE) != (passed >= 0))
		return -EINVAL;
	if (passed >= 0) {
		message.msg_control = passage.room;
		message.msg_controllen = sizeof(passage.room);
		passage.head.cmsg_level = SOL_SOCKET;
		passage.head.cmsg_type = SCM_RIGHTS;
		passage.head.cmsg_len = CMSG_LEN(sizeof(passed));
		memcpy(CMSG_DATA(&passage.head), &passed, sizeof(passed));
	}
	while (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The descriptor of a message whose room held one at most; -1: none. */
static int
descriptor_of(const union passage *passage, size_t len)
{
	int fd = -1;

	if (len >= CMSG_LEN(sizeof(fd)) &&
	    passage->head.cmsg_level == SOL_SOCKET &&
	    passage->head.cmsg_type == SCM_RIGHTS &&
	    passage->head.cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(&passage->head), sizeof(fd));
	return fd;
}

static int
word_of(const uint8_t *bytes, ssize_t len, bool passed, enum agent_word *ret)
{
	if (len == 0)
		return 0;
	if (len != WORD_LEN)
		return -EPROTO;
	if (bytes[0] != AGENT_WIRE_VERSION)
		return -ENOTSUP;
	if (bytes[1] >= AGENT_WORD_N || passed != (bytes[1] == AGENT_SERVE))
		return -EPROTO;
	*ret = (enum agent_word)bytes[1];
	return 1;
}

int
agent_hear(int fd, enum agent_word *ret, int *ret_passed)
{
	uint8_t bytes[WORD_LEN + 1];
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	union passage passage = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int passed = -1, r;
	ssize_t n;

	if (ret_passed) {
		message.msg_control = passage.room;
		/* Not CMSG_SPACE, in whose padding a second one finds room. */
		message.msg_controllen = CMSG_LEN(sizeof(passed));
	}
	/* A reset comes before what was said, and once: the other side hung up
	 * without having heard us. */
	while ((n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR && errno != ECONNRESET)
			return -errno;
	if (ret_passed)
		passed = descriptor_of(&passage, message.msg_controllen);
	r = word_of(bytes, n, passed >= 0, ret);
	/* More were sent than there was room for: these are closed already. */
	if (r > 0 && ret_passed && (message.msg_flags & MSG_CTRUNC))
		r = -EPROTO;
	if (r > 0 && passed >= 0)
		*ret_passed = passed;
	else if (passed >= 0)
		close(passed);
	return r;
}
