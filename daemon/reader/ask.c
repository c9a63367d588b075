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
	return send(fd, buf, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0
		   ? -errno
		   : 0;
}

/*
 * A voice that hangs is not waited for: asked at each look, it must say that it
 * is alive. Looks are counted, not time: a sleep of the computer is no silence.
 * The first answer may take longer, while the voice is only being started.
 */
struct patience {
	unsigned silent; /* looks since it was last heard */
	bool heard;
};
#define SILENT_MAX 4
#define SILENT_START_MAX 50

static bool
voice_is_lost(int fd, struct patience *patience)
{
	const struct prompt_request ping = { .type = PROMPT_PING };

	if (++patience->silent >
	    (patience->heard ? SILENT_MAX : SILENT_START_MAX))
		return true;
	/* With its queue full it is silent as well. */
	(void)request_send(fd, &ping);
	return false;
}

/* CODE_NONE: *ret_answer, and pin, are the window's. */
static enum read_code
await_answer(const struct errand_env *env, uint32_t timeout_ms,
    struct kenmen_card *card, enum prompt_answer *ret_answer,
    struct kenmen_secret *pin)
{
	struct pollfd voice = { .fd = env->prompt, .events = POLLIN };
	uint64_t deadline_ms = env->now_ms() + timeout_ms + GRACE_MS;
	struct patience patience = { 0 };
	int there;

	while (env->now_ms() < deadline_ms) {
		if (poll(&voice, 1, LOOK_MS) > 0) {
			if (prompt_answer_recv(env->prompt, ret_answer, pin) <
			    0)
				return CODE_PROMPT_UNAVAILABLE;
			if (*ret_answer != ANSWER_ALIVE)
				return CODE_NONE;
			patience = (struct patience){ .heard = true };
			continue;
		}
		there = kenmen_card_still_there(card);
		if (there < 0)
			return code_of(there);
		if (!there)
			return CODE_CARD_REMOVED;
		if (voice_is_lost(env->prompt, &patience))
			return CODE_PROMPT_UNAVAILABLE;
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
	code = await_answer(env, request->timeout_ms, card, ret_answer, pin);
	if (code != CODE_NONE)
		return code;
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
