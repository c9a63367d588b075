#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "report.h"

/* pcscd itself notices a card's removal within 400 ms at best. */
#define LOOK_MS 200
/* The voice keeps the time; one that does not is given up after this. */
#define GRACE_MS 2000

static int
request_send(int fd, const struct prompt_request *request)
{
	uint8_t buf[sizeof(struct prompt_request)];
	int len = prompt_request_encode(request, buf, sizeof(buf));

	if (len < 0)
		return -EMSGSIZE;
	return send(fd, buf, (size_t)len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* CODE_NONE once there is an answer to be received. */
static enum read_code
await_answer(
    const struct errand_env *env, uint32_t timeout_ms, struct kenmen_card *card)
{
	struct pollfd voice = { .fd = env->prompt, .events = POLLIN };
	uint64_t deadline_ms = env->now_ms() + timeout_ms + GRACE_MS;
	int there;

	while (env->now_ms() < deadline_ms) {
		if (poll(&voice, 1, LOOK_MS) > 0)
			return CODE_NONE;
		there = kenmen_card_still_there(card);
		if (there < 0)
			return code_of(there);
		if (!there)
			return CODE_CARD_REMOVED;
	}
	return CODE_PROMPT_UNAVAILABLE;
}

/* A Cancel that crossed with the PROMPT_CLOSE of a pinpad's window. */
static void
stale_drop(int fd)
{
	char nothing;

	while (recv(fd, &nothing, 1, MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

enum read_code
ask_person(const struct errand_env *env, const struct prompt_request *request,
    struct kenmen_card *card, enum prompt_answer *ret_answer,
    struct kenmen_secret *pin)
{
	enum read_code code;
	int there;

	stale_drop(env->prompt);
	if (request_send(env->prompt, request) < 0)
		return CODE_PROMPT_UNAVAILABLE;
	code = await_answer(env, request->timeout_ms, card);
	if (code != CODE_NONE)
		return code;
	if (prompt_answer_recv(env->prompt, ret_answer, pin) < 0)
		return CODE_PROMPT_UNAVAILABLE;
	/* What was typed for one card is never sent to the next. */
	there = kenmen_card_still_there(card);
	if (there > 0)
		return CODE_NONE;
	if (pin)
		kenmen_secret_set_len(pin, 0);
	return there < 0 ? code_of(there) : CODE_CARD_REMOVED;
}

int
ask_show(const struct errand_env *env, const struct prompt_request *request)
{
	return request_send(env->prompt, request);
}

void
ask_close(const struct errand_env *env)
{
	const struct prompt_request close = { .type = PROMPT_CLOSE };

	/* A voice that is gone has no window left to close. */
	(void)request_send(env->prompt, &close);
}
