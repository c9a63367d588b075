#include "watchdog.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* What the handler sends: encoded beforehand, for a handler may do little. */
static struct {
	int fd;
	size_t len;
	uint8_t message[16];
} last_word;

static void
watchdog_fire(int signal)
{
	(void)signal;
	(void)send(last_word.fd, last_word.message, last_word.len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(1);
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
	struct wire_message message = { .type = WIRE_FAILED,
		.failed = { .code = code, .tries_left = -1, .pin = -1 } };
	struct sigaction action = { .sa_handler = watchdog_fire };
	int len;

	watchdog_stop();
	len = wire_message_encode(
	    &message, last_word.message, sizeof(last_word.message));
	if (len < 0)
		return -EMSGSIZE;
	last_word.fd = wire_fd;
	last_word.len = (size_t)len;
	if (sigaction(SIGALRM, &action, NULL) < 0)
		return -errno;
	return watchdog_set(timeout_ms);
}

void
watchdog_stop(void)
{
	watchdog_set(0);
}
