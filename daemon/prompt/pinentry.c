#include "pinentry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* How long a pinentry on a terminal has to leave it in order. */
#define TIDY_MS 300

/*
 * A window goes with SIGKILL. One on a terminal gets SIGINT, at which (and
 * not at SIGTERM or SIGHUP, measured with 1.2.1) pinentry-curses and -tty
 * give the terminal its echo back.
 */
static int
end_signal(const struct pinentry *p)
{
	return p->tty >= 0 ? SIGINT : SIGKILL;
}

/* In the child: signals as a program expects them. */
static void
child_signals(void)
{
	static const int changed[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		signal(changed[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool
variable_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

/*
 * Qt goes by XDG_SESSION_TYPE, which is not among what helpers are given, and
 * looks for an X server without it: where there is none pinentry-qt aborts
 * (measured with 1.2.1, Qt 5.15). Where there is X, it is left to it.
 */
static int
child_platform(void)
{
	if (!variable_set("WAYLAND_DISPLAY") || variable_set("DISPLAY"))
		return 0;
	return setenv("QT_QPA_PLATFORM", "wayland", 1);
}

static void
child_run(const struct pinentry *p, const char *program, bool mute,
    pid_t parent, const int *ends)
{
	int null, log;

	/* It must not outlive this program, also not one that died before
	 * this line: a pinentry alone does not notice. */
	if (prctl(PR_SET_PDEATHSIG, end_signal(p)) < 0 || getppid() != parent)
		_exit(126);
	/* A session of its own, as gpg-agent's has: may read a terminal that
	 * this program is not in the foreground of, and can be killed with
	 * all that it starts. */
	setsid();
	child_signals();
	/* The flavours warn of catalogues and themes on stderr, in the middle
	 * of the terminal's window. */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null < 0 || dup2(ends[0], STDIN_FILENO) < 0 ||
	    dup2(ends[1], STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		_exit(126);
	/* Without the variable the bus would be looked for elsewhere. */
	if (mute && setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1) < 0)
		_exit(126);
	if (child_platform() < 0)
		_exit(126);
	execl(program, program, (char *)NULL);
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	log_error("cannot start %s: %s", program, strerror(errno));
	_exit(127);
}

static void
tty_open(struct pinentry *p, const char *tty)
{
	p->tty = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->tty < 0)
		log_warning("%s: %s", tty, strerror(errno));
	else
		p->tty_known = tcgetattr(p->tty, &p->tty_modes) == 0;
}

static void
close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

int
pinentry_start(
    const char *program, const char *tty, bool mute, struct pinentry *ret)
{
	struct pinentry p = { .to = -1, .from = -1, .tty = -1 };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	pid_t parent = getpid();
	int r = 0;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		goto fail;
	p.to = in[1];
	p.from = out[0];
	if (fcntl(p.to, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(p.from, F_SETFL, O_NONBLOCK) < 0)
		goto fail;
	if (tty)
		tty_open(&p, tty);
	if ((p.pid = fork()) < 0)
		goto fail;
	if (p.pid == 0)
		child_run(&p, program, mute, parent, (int[]){ in[0], out[1] });
	*ret = p;
	goto out;
fail:
	r = -errno;
	close_if(in[1]);
	close_if(out[0]);
	close_if(p.tty);
out:
	close_if(in[0]);
	close_if(out[1]);
	return r;
}

/* A signal to it and to whatever it started. */
static void
pinentry_kill(const struct pinentry *p, int sig)
{
	kill(p->pid, sig);
	kill(-p->pid, sig);
}

/* Lets one on a terminal tidy up. */
static void
pinentry_interrupt(const struct pinentry *p)
{
	struct pollfd ended = { .events = POLLIN };

	ended.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (ended.fd < 0)
		return;
	pinentry_kill(p, end_signal(p));
	poll(&ended, 1, TIDY_MS);
	close(ended.fd);
}

void
pinentry_finish(struct pinentry *p)
{
	close(p->to);
	close(p->from);
	if (p->tty >= 0)
		pinentry_interrupt(p);
	pinentry_kill(p, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (p->tty_known)
		tcsetattr(p->tty, TCSANOW, &p->tty_modes);
	close_if(p->tty);
}
