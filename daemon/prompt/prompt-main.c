/*
 * kenmen-prompt: the voice. Shows the windows that a runner asks for, and
 * hands what was typed back to it; the door sees none of it.
 *
 * Blocks in poll and nowhere else. When the peer of its socket goes, or the
 * program that started it, the window goes with it.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "log.h"
#include "resident.h"
#include "window.h"

/* Where the door passes the socket. */
#define SOCKET_FD 3

#define DEFAULT_SOCKET "/run/kenmen/prompt.sock"
#define DEFAULT_PINENTRY "/usr/bin/pinentry"

#define EXIT_USAGE 2

/* ---- one socket ------------------------------------------------------- */

/* 1: a request; 0: the peer hung up, or a signal came; -errno. */
static int
request_wait(const struct voice *voice, int peer, struct prompt_request *ret)
{
	struct pollfd fds[] = {
		{ .fd = peer, .events = POLLIN },
		{ .fd = voice->signals, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	if (fds[1].revents)
		return 0;
	return prompt_request_recv(peer, ret);
}

/* One request, and its answer if it wants one. */
static int
serve_one(struct voice *voice, struct ledger *ledger, int peer,
    const struct prompt_request *request, struct kenmen_secret *pin)
{
	enum prompt_answer answer;
	int r;

	ledger_ask(ledger, request, time(NULL));
	r = window_show(voice, peer, request, &answer, pin);
	if (r > 0) {
		ledger_answer(ledger, answer, time(NULL));
		r = prompt_answer_send(
		    peer, answer, answer == ANSWER_PIN ? pin : NULL);
	}
	kenmen_secret_set_len(pin, 0);
	return r;
}

static int
serve_end(struct ledger *ledger, int peer, const struct prompt_request *ended)
{
	ledger_end(ledger, ended->code, time(NULL));
	return prompt_answer_send(peer, ANSWER_NOTED, NULL);
}

/* Answers requests until the peer says that this was the last, hangs up (0)
 * or fails (-errno). */
static int
serve(struct voice *voice, int peer)
{
	struct prompt_request request;
	struct kenmen_secret *pin = NULL;
	struct ledger ledger;
	int r;

	if (kenmen_secret_new(&pin) < 0)
		return -ENOMEM;
	ledger_start(&ledger);
	while ((r = request_wait(voice, peer, &request)) > 0) {
		if (request.type == PROMPT_ENDED) {
			r = serve_end(&ledger, peer, &request);
			break;
		}
		r = serve_one(voice, &ledger, peer, &request, pin);
		if (r < 0)
			break;
	}
	kenmen_secret_free(&pin);
	return r == -ECANCELED || r == -EPIPE ? 0 : r;
}

/* ---- this process ----------------------------------------------------- */

/* No core file and no debugger may see a PIN. pinentry inherits the first, and
 * that no program gets more rights than this one has. */
static int
process_close_up(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/*
 * Ends with whoever started this. On a terminal by a signal that is heeded,
 * since a pinentry that is killed leaves it without echo. A parent that died
 * before took the other end of the socket with it: that shows as a hang-up.
 */
static int
process_follow_parent(bool on_terminal)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, on_terminal ? SIGTERM : SIGKILL) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

/* A descriptor that is readable once this program is to end. */
static int
process_signals(void)
{
	sigset_t heeded, blocked;

	sigemptyset(&heeded);
	sigaddset(&heeded, SIGINT);
	sigaddset(&heeded, SIGTERM);
	sigaddset(&heeded, SIGHUP);
	blocked = heeded;
	/* So that the terminal can be put right from the background. */
	sigaddset(&blocked, SIGTTOU);
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&blocked, SIGXFSZ); /* a file that may not grow is no reason
				       * to end */
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
		return -1;
	return signalfd(-1, &heeded, SFD_CLOEXEC);
}

static bool
is_our_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static int
run_once(struct voice *voice)
{
	int r;

	if ((r = process_close_up()) < 0 ||
	    (r = process_follow_parent(voice->tty != NULL)) < 0)
		goto out;
	r = -ENOTSOCK;
	if (!is_our_socket(SOCKET_FD))
		goto out;
	if ((voice->signals = process_signals()) < 0) {
		r = -errno;
		goto out;
	}
	setlocale(LC_ALL, "");
	r = serve(voice, SOCKET_FD);
out:
	if (r < 0)
		log_error("%s", strerror(-r));
	return r < 0 ? 1 : 0;
}

/* ---- options ---------------------------------------------------------- */

static int
usage(FILE *out)
{
	fputs("usage: kenmen-prompt [--socket PATH] [--pinentry PATH]\n"
	      "       kenmen-prompt --once --pinentry PATH [--tty TTY]\n\n"
	      "Shows the windows of kenmend on this desktop, until it ends.\n"
	      "  --socket PATH    kenmend's, instead of " DEFAULT_SOCKET "\n"
	      "  --pinentry PATH  shows them, instead of " DEFAULT_PINENTRY "\n"
	      "  --once           those of one kenmen-read, whose socket is\n"
	      "                   descriptor 3; started by kenmend\n",
	    out);
	return out == stdout ? 0 : EXIT_USAGE;
}

struct options {
	bool once;
	const char *pinentry, *tty, *socket; /* NULL: not given */
};

/* Returns -1 to go on, else the exit status. */
static int
options_parse(int argc, char **argv, struct options *ret)
{
	static const struct option known[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "pinentry", required_argument, NULL, 'p' },
		{ "tty", required_argument, NULL, 't' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0)
		switch (c) {
		case 'o':
			ret->once = true;
			break;
		case 'p':
			ret->pinentry = optarg;
			break;
		case 't':
			ret->tty = optarg;
			break;
		case 's':
			ret->socket = optarg;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts("kenmen-prompt " KENMEN_VERSION);
			return 0;
		default:
			return usage(stderr);
		}
	if (optind != argc || (ret->once && (!ret->pinentry || ret->socket)) ||
	    (!ret->once && ret->tty))
		return usage(stderr);
	return -1;
}

static int
run_resident(const struct options *options)
{
	const struct resident_options resident = {
		.socket = options->socket ? options->socket : DEFAULT_SOCKET,
		.pinentry =
		    options->pinentry ? options->pinentry : DEFAULT_PINENTRY,
	};
	int r = process_close_up();

	if (r < 0) {
		log_error("%s", strerror(-r));
		return 1;
	}
	return resident_run(&resident);
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct voice voice = { .signals = -1 };
	int status;

	log_start("kenmen-prompt");
	if ((status = options_parse(argc, argv, &options)) >= 0)
		return status;
	if (!options.once)
		return run_resident(&options);
	voice.pinentry = options.pinentry;
	voice.tty = options.tty && options.tty[0] ? options.tty : NULL;
	return run_once(&voice);
}
