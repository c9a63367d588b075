#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3
#define FDS_MAX 4

struct child {
	struct child *next;
	struct child **owner;
	pid_t pid;
	int pidfd;
	sd_event_source *ended;
};

/* Every process that is not reaped yet. */
static struct child *children;

/* What a helper may know of the environment. "LC_" stands for all of LC_*. */
static const char *const kept_variables[] = {
	"PCSCLITE_CSOCK_NAME=",
	"DISPLAY=",
	"WAYLAND_DISPLAY=",
	"XAUTHORITY=",
	"XDG_RUNTIME_DIR=",
	"XDG_STATE_HOME=",
	"DBUS_SESSION_BUS_ADDRESS=",
	"LANG=",
	"LC_",
	"HOME=",
	"PATH=",
	"TERM=",
};

static bool
variable_kept(const char *variable)
{
	size_t n = sizeof(kept_variables) / sizeof(kept_variables[0]);

	for (size_t i = 0; i < n; i++)
		if (strncmp(variable, kept_variables[i],
			strlen(kept_variables[i])) == 0)
			return true;
	return false;
}

/* A NULL-terminated list of pointers into environ; free only the list. */
static char **
environment_new(void)
{
	size_t n = 0, kept = 0;
	char **list;

	while (environ[n])
		n++;
	if (!(list = calloc(n + 1, sizeof(*list))))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (variable_kept(environ[i]))
			list[kept++] = environ[i];
	return list;
}

/* In the child, between fork and exec: async-signal-safe calls only. */
static void
child_descriptors(const int *fds, unsigned fds_n)
{
	int safe[FDS_MAX];

	/* First out of the way, so that no dup2 hits one still needed. */
	for (unsigned i = 0; i < fds_n; i++)
		if ((safe[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + FDS_MAX)) < 0)
			_exit(126);
	for (unsigned i = 0; i < fds_n; i++)
		if (dup2(safe[i], FIRST_FD + (int)i) < 0)
			_exit(126);
	if (close_range(FIRST_FD + fds_n, ~0u, 0) < 0)
		_exit(126);
}

static void
child_run(pid_t door, char *const argv[], char *const envp[], const int *fds,
    unsigned fds_n)
{
	sigset_t none;

	/* The helper must not outlive the door, also not one that died before
	 * this line. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != door)
		_exit(126);
	child_descriptors(fds, fds_n);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execve(argv[0], argv, envp);
	_exit(127);
}

static void
child_free(struct child *child)
{
	struct child **at;

	for (at = &children; *at != child;)
		at = &(*at)->next;
	*at = child->next;
	if (child->owner)
		*child->owner = NULL;
	sd_event_source_unref(child->ended);
	close(child->pidfd);
	free(child);
}

static int
child_reap(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct child *child = arg;

	(void)source;
	(void)fd;
	(void)events;
	if (waitpid(child->pid, NULL, WNOHANG) == child->pid)
		child_free(child);
	return 0;
}

static struct child *
child_watch(sd_event *loop, pid_t pid, struct child **owner)
{
	struct child *child = calloc(1, sizeof(*child));
	int r;

	if (!child)
		return NULL;
	child->pid = pid;
	child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (child->pidfd < 0) {
		free(child);
		return NULL;
	}
	r = sd_event_add_io(
	    loop, &child->ended, child->pidfd, EPOLLIN, child_reap, child);
	if (r < 0) {
		close(child->pidfd);
		free(child);
		errno = -r;
		return NULL;
	}
	child->owner = owner;
	child->next = children;
	children = child;
	*owner = child;
	return child;
}

struct child *
child_start(sd_event *loop, char *const argv[], const int *fds, unsigned fds_n,
    struct child **owner)
{
	struct child *child;
	char **envp = environment_new();
	pid_t door = getpid(), pid;
	int saved;

	if (!envp)
		return NULL;
	pid = fork();
	if (pid == 0)
		child_run(door, argv, envp, fds, fds_n);
	saved = errno;
	free(envp);
	errno = saved;
	if (pid < 0)
		return NULL;
	child = child_watch(loop, pid, owner);
	if (!child) {
		saved = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = saved;
	}
	return child;
}

void
child_kill(struct child **child)
{
	if (!*child)
		return;
	kill((*child)->pid, SIGKILL);
	(*child)->owner = NULL;
	*child = NULL;
}

void
child_kill_all(void)
{
	while (children) {
		kill(children->pid, SIGKILL);
		while (waitpid(children->pid, NULL, 0) < 0 && errno == EINTR)
			;
		child_free(children);
	}
}
