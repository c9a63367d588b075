/*
 * Preloaded into kenmend by the valgrind stage: SIGKILL waits up to 20 s for
 * the process to end by itself. kenmend kills a runner as soon as its result
 * is there, and who is killed cannot sum up its leaks.
 */
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE_MS 20000

int
kill(pid_t pid, int sig)
{
	struct pollfd ended = { .events = POLLIN };

	if (sig == SIGKILL && pid > 0) {
		ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (ended.fd >= 0) {
			poll(&ended, 1, PATIENCE_MS);
			close(ended.fd);
		}
	}
	return (int)syscall(SYS_kill, pid, sig);
}
