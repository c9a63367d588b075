#include "prompt-wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "pack.h"
#include "utf8.h"
#include "wire.h"

#define TRIES_MAX 99
#define STEPS_MAX 9
#define TIMEOUT_MAX_MS 3600000
#define KINDS_MAX (KIND_BIT(KIND_N) - 1)
/* A request's fields, each with its length, take less than this. */
#define REQUEST_MAX 1024

/* Words about a window that say no more than themselves. */
static bool
is_bare(enum prompt_type type)
{
	return type == PROMPT_CLOSE || type == PROMPT_PING;
}

int
prompt_request_encode(
    const struct prompt_request *request, uint8_t *buf, size_t room)
{
	struct pack p;

	pack_start(&p, buf, room);
	pack_u8(&p, request->type);
	if (request->type == PROMPT_ENDED)
		pack_u8(&p, request->code);
	if (is_bare(request->type) || request->type == PROMPT_ENDED)
		return pack_finish(&p) ? (int)p.len : -1;
	pack_u8(&p, request->lang);
	pack_u8(&p, request->pin);
	pack_u8(&p, request->note);
	pack_u32(&p, request->kinds);
	pack_string(&p, request->origin);
	pack_string(&p, request->origin_name);
	pack_string(&p, request->user);
	pack_string(&p, request->purpose);
	pack_u8(&p, request->documents);
	pack_string(&p, request->titles);
	pack_u8(&p, request->titles_more);
	pack_u8(&p, request->tries);
	pack_u8(&p, request->max_tries);
	pack_u8(&p, request->token);
	pack_u8(&p, request->step);
	pack_u8(&p, request->steps);
	pack_u32(&p, request->timeout_ms);
	return pack_finish(&p) ? (int)p.len : -1;
}

/* Documents where there is something to be signed, and words for them only
 * where there are documents. */
static bool
documents_ok(const struct prompt_request *r)
{
	bool signs = r->kinds & KIND_BIT(KIND_SIGN);

	if ((r->documents > 0) != signs || (r->titles[0] && !signs))
		return false;
	return r->titles[0] ? r->titles_more < r->documents
			    : r->titles_more == 0;
}

static bool
request_ok(const struct prompt_request *r)
{
	/* A window that cannot say who asks must not be shown. The door keeps
	 * what deceives out already; a runner that a card has taken over does
	 * not. */
	return (r->origin[0] || r->user[0]) && utf8_shows_plainly(r->origin) &&
	       utf8_shows_plainly(r->origin_name) &&
	       utf8_shows_plainly(r->user) && utf8_shows_plainly(r->purpose) &&
	       utf8_shows_plainly(r->titles) && documents_ok(r) &&
	       r->step <= r->steps;
}

bool
prompt_request_decode(
    const uint8_t *buf, size_t len, struct prompt_request *ret)
{
	struct unpack u;

	*ret = (struct prompt_request){ 0 };
	unpack_start(&u, buf, len);
	ret->type = unpack_u8(&u, PROMPT_N - 1);
	if (ret->type == PROMPT_ENDED)
		ret->code = unpack_u8(&u, CODE_N - 1);
	if (is_bare(ret->type) || ret->type == PROMPT_ENDED)
		return unpack_finish(&u);
	ret->lang = unpack_u8(&u, LANG_N - 1);
	ret->pin = unpack_u8(&u, KENMEN_PIN_N - 1);
	ret->note = unpack_u8(&u, NOTE_N - 1);
	ret->kinds = unpack_u32(&u, KINDS_MAX);
	unpack_string(&u, ret->origin, sizeof(ret->origin));
	unpack_string(&u, ret->origin_name, sizeof(ret->origin_name));
	unpack_string(&u, ret->user, sizeof(ret->user));
	unpack_string(&u, ret->purpose, sizeof(ret->purpose));
	ret->documents = unpack_u8(&u, DIGESTS_MAX);
	unpack_string(&u, ret->titles, sizeof(ret->titles));
	ret->titles_more = unpack_u8(&u, DIGESTS_MAX - 1);
	ret->tries = unpack_u8(&u, TRIES_MAX);
	ret->max_tries = unpack_u8(&u, TRIES_MAX);
	ret->token = unpack_u8(&u, KENMEN_TOKEN_N - 1);
	ret->step = unpack_u8(&u, STEPS_MAX);
	ret->steps = unpack_u8(&u, STEPS_MAX);
	ret->timeout_ms = unpack_u32(&u, TIMEOUT_MAX_MS);
	return unpack_finish(&u) && request_ok(ret);
}

int
prompt_request_recv(int fd, struct prompt_request *ret)
{
	uint8_t buf[REQUEST_MAX];
	ssize_t n;

	/* A runner that left an answer unread: what it said comes after this,
	 * which is told once. */
	do
		n = recv(fd, buf, sizeof(buf), MSG_TRUNC | MSG_DONTWAIT);
	while (n < 0 && errno == ECONNRESET);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	if ((size_t)n > sizeof(buf) ||
	    !prompt_request_decode(buf, (size_t)n, ret))
		return -EPROTO;
	return 1;
}

/* ---- the answer: one byte, and the PIN as typed behind it ------------- */

int
prompt_answer_send(int fd, enum prompt_answer answer, struct kenmen_secret *pin)
{
	uint8_t head = (uint8_t)answer;
	struct iovec parts[2] = { { .iov_base = &head, .iov_len = 1 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 1 };

	if ((answer == ANSWER_PIN) != (pin != NULL))
		return -EINVAL;
	if (pin) {
		parts[1].iov_base = kenmen_secret_bytes(pin);
		parts[1].iov_len = kenmen_secret_len(pin);
		message.msg_iovlen = 2;
	}
	while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Into *ret_head and the PIN's own page; its length in *ret_len. */
static int
answer_read(
    int fd, uint8_t *ret_head, struct kenmen_secret *pin, size_t *ret_len)
{
	struct iovec parts[2] = {
		{ .iov_base = ret_head, .iov_len = 1 },
		{ .iov_base = pin ? kenmen_secret_bytes(pin) : NULL,
		    .iov_len = pin ? KENMEN_SECRET_MAX : 0 },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	while ((n = recvmsg(fd, &message, 0)) < 0)
		if (errno != EINTR)
			return -errno;
	if (n == 0)
		return -EPIPE;
	if (message.msg_flags & MSG_TRUNC)
		return -EPROTO;
	*ret_len = (size_t)n - 1;
	return 0;
}

int
prompt_answer_recv(int fd, enum prompt_answer *ret, struct kenmen_secret *pin)
{
	uint8_t head = ANSWER_N;
	size_t len = 0;
	int r = answer_read(fd, &head, pin, &len);

	if (r == 0 && (head >= ANSWER_N || (head != ANSWER_PIN && len > 0) ||
			  (head == ANSWER_PIN && !pin)))
		r = -EPROTO;
	/* Wipes what an answer that is none may have left in the page. */
	if (pin)
		kenmen_secret_set_len(pin, r == 0 ? len : 0);
	if (r == 0)
		*ret = (enum prompt_answer)head;
	else if (r == -ECONNRESET)
		r = -EPIPE;
	return r;
}

/* ---- the end --------------------------------------------------------- */

/* A voice notes an end in less than a millisecond; one on a terminal has to
 * take its window away first. */
#define END_MS 500
/* What may stand before it: an answer that crossed, some that it is alive. */
#define STALE_MAX 16

static void
word_send(int fd, const struct prompt_request *word)
{
	uint8_t buf[2];
	int len = prompt_request_encode(word, buf, sizeof(buf));

	if (len > 0)
		(void)send(fd, buf, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
prompt_end_say(int fd, enum read_code code)
{
	const struct prompt_request close = { .type = PROMPT_CLOSE },
				    ended = { .type = PROMPT_ENDED,
					    .code = code };
	struct pollfd voice = { .fd = fd, .events = POLLIN };
	uint8_t head;

	word_send(fd, &close);
	word_send(fd, &ended);
	if (code == CODE_PROMPT_UNAVAILABLE)
		return;
	/* Of an answer that crossed, the PIN behind its head is dropped. */
	for (unsigned i = 0; i < STALE_MAX; i++)
		if (poll(&voice, 1, END_MS) <= 0 ||
		    recv(fd, &head, 1, MSG_DONTWAIT) <= 0 ||
		    head == ANSWER_NOTED)
			return;
}
