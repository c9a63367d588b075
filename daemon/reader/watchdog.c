#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "prompt-wire.h"

/* What a handler sends: encoded beforehand, for a handler may do little. */
struct last_word {
	int fd;
	enum read_code code;
	size_t len;
	uint8_t message[16];
};

static struct last_word on_time, on_cancel, on_silence;
static int voice_heard; /* the descriptor that raises SIGIO */
static int voice = -1;  /* to be told, too */

static void
last_word_say(const struct last_word *word)
{
	if (voice >= 0)
		prompt_end_say(voice, word->code);
	(void)send(
	    word->fd, word->message, word->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(1);
}

static void
watchdog_time(int signal)
{
	(void)signal;
	last_word_say(&on_time);
}

static void
watchdog_answer(int signal)
{
	unsigned char answer;

	(void)signal;
	if (recv(voice_heard, &answer, 1, MSG_DONTWAIT) == 1 &&
	    answer == ANSWER_NO)
		last_word_say(&on_cancel);
	last_word_say(&on_silence);
}

static int
last_word_prepare(struct last_word *word, int wire_fd, enum read_code code)
{
	const struct wire_message message = { .type = WIRE_FAILED,
		.failed = { .code = code, .tries_left = -1, .pin = -1 } };
	int len =
	    wire_message_encode(&message, word->message, sizeof(word->message));

	if (len < 0)
		return -EMSGSIZE;
	word->fd = wire_fd;
	word->code = code;
	word->len = (size_t)len;
	return 0;
}

static int
handler_set(int signal, void (*handler)(int signal))
{
	const struct sigaction action = { .sa_handler = handler };

	return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

static int
watchdog_set(uint32_t timeout_ms)
{
	struct itimerval timer = { .it_value = {
				       .tv_sec = timeout_ms / 1000,
				       .tv_usec = (timeout_ms % 1000) * 1000,
				   } };

	return setitimer(ITIMER_REAL, &timer, NULL) < 0 ? -errno : 0;
}

int
watchdog_start(int wire_fd, uint32_t timeout_ms, enum read_code code)
{
	int r;

	watchdog_stop();
	if ((r = last_word_prepare(&on_time, wire_fd, code)) < 0 ||
	    (r = handler_set(SIGALRM, watchdog_time)) < 0)
		return r;
	return watchdog_set(timeout_ms);
}

void
watchdog_stop(void)
{
	watchdog_set(0);
}

void
watchdog_voice(int voice_fd)
{
	voice = voice_fd;
}

int
watchdog_listen(int voice_fd, int wire_fd)
{
	struct pollfd said = { .fd = voice_fd, .events = POLLIN };
	int r;

	voice_heard = voice_fd;
	if ((r = last_word_prepare(&on_cancel, wire_fd, CODE_PIN_CANCELLED)) <
		0 ||
	    (r = last_word_prepare(
		 &on_silence, wire_fd, CODE_PROMPT_UNAVAILABLE)) < 0 ||
	    (r = handler_set(SIGIO, watchdog_answer)) < 0)
		return r;
	if (fcntl(voice_fd, F_SETOWN, getpid()) < 0 ||
	    fcntl(voice_fd, F_SETFL, O_ASYNC) < 0)
		return -errno;
	/* What was said before we listened raised no signal. */
	if (poll(&said, 1, 0) > 0)
		raise(SIGIO);
	return 0;
}

void
watchdog_deafen(int voice_fd)
{
	fcntl(voice_fd, F_SETFL, 0);
}
