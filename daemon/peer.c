#include "peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

int
peer_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

/* Address and port as inet_diag writes them: network order, unused words 0. */
static bool
endpoint_set(const union address *address, __be32 *words, __be16 *port)
{
	if (address->any.sa_family == AF_INET) {
		words[0] = address->v4.sin_addr.s_addr;
		*port = address->v4.sin_port;
		return true;
	}
	if (address->any.sa_family == AF_INET6) {
		memcpy(words, &address->v6.sin6_addr, sizeof(struct in6_addr));
		*port = address->v6.sin6_port;
		return true;
	}
	return false;
}

/* The client's socket is ours with the ends swapped. */
static int
question_fill(struct question *q, int fd)
{
	union address here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);
	struct inet_diag_sockid *id = &q->body.id;

	if (getsockname(fd, &here.any, &here_len) < 0 ||
	    getpeername(fd, &there.any, &there_len) < 0)
		return -errno;
	if (!endpoint_set(&there, id->idiag_src, &id->idiag_sport) ||
	    !endpoint_set(&here, id->idiag_dst, &id->idiag_dport))
		return -EAFNOSUPPORT;
	id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	q->body.sdiag_family = (__u8)here.any.sa_family;
	q->body.sdiag_protocol = IPPROTO_TCP;
	q->body.idiag_states = ~0u;
	q->head.nlmsg_len = sizeof(*q);
	q->head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	q->head.nlmsg_flags = NLM_F_REQUEST;
	return 0;
}

/* An IPv6 socket may have called our IPv4 address: ::ffff:127.0.0.1. */
static bool
words_equal(
    const __be32 *asked, const __be32 *told, int asked_family, int told_family)
{
	if (asked_family == AF_INET && told_family == AF_INET6)
		return told[0] == 0 && told[1] == 0 &&
		       told[2] == htonl(0xffff) && told[3] == asked[0];
	if (asked_family != told_family)
		return false;
	return memcmp(asked, told,
		   asked_family == AF_INET ? 4 : sizeof(struct in6_addr)) == 0;
}

static bool
answer_fits(const struct inet_diag_msg *m, const struct question *q)
{
	const struct inet_diag_sockid *asked = &q->body.id;
	int family = q->body.sdiag_family;

	/* After the client's death the kernel still answers, with uid 0 and
	 * inode 0; and where nothing is connected it offers a listener. */
	return m->idiag_state == TCP_ESTABLISHED && m->idiag_inode != 0 &&
	       m->id.idiag_sport == asked->idiag_sport &&
	       m->id.idiag_dport == asked->idiag_dport &&
	       words_equal(asked->idiag_src, m->id.idiag_src, family,
		   m->idiag_family) &&
	       words_equal(
		   asked->idiag_dst, m->id.idiag_dst, family, m->idiag_family);
}

static int
answer_read(
    const struct question *q, const void *buf, size_t len, uid_t *ret_uid)
{
	const struct nlmsghdr *head = buf;
	const struct inet_diag_msg *m = NLMSG_DATA(head);

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len > len ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) || !answer_fits(m, q))
		return -ENOENT;
	*ret_uid = m->idiag_uid;
	return 0;
}

/* The kernel answers before sendto returns; what is not ours is left over
 * from a question that failed half-way. */
static int
answer_await(int asker, const struct question *q, uid_t *ret_uid)
{
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)buf;
	struct sockaddr_nl from;

	for (;;) {
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(asker, buf, sizeof(buf), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from_len != sizeof(from) || from.nl_pid != 0 ||
		    (size_t)n < sizeof(*head) ||
		    head->nlmsg_seq != q->head.nlmsg_seq)
			continue;
		return answer_read(q, buf, (size_t)n, ret_uid);
	}
}

int
peer_uid(int asker, int fd, uid_t *ret_uid)
{
	static __u32 seq;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct question q;
	int r;

	memset(&q, 0, sizeof(q));
	if ((r = question_fill(&q, fd)) < 0)
		return r;
	q.head.nlmsg_seq = ++seq;
	if (sendto(asker, &q, sizeof(q), 0, (struct sockaddr *)&kernel,
		sizeof(kernel)) < 0)
		return -errno;
	return answer_await(asker, &q, ret_uid);
}
