/*
 * kenmen-terminal: a pinentry for a terminal, as far as kenmen-prompt asks
 * for one, where no other is installed: the texts in lines, the PIN without
 * echo, a yes that must be typed.
 *
 * Speaks Assuan on stdin and stdout. No PIN comes in there; the one typed
 * goes from its locked page to stdout.
 */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "kenmen.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX 1000 /* an Assuan line */

/* As pinentry says it (gpg-error's numbers, source pinentry). */
#define ANSWER_OK "OK\n"
#define ANSWER_CANCELLED "ERR 83886179 Operation cancelled <Pinentry>\n"
#define ANSWER_TIMEOUT "ERR 83886142 Timeout <Pinentry>\n"
#define ANSWER_NO_TTY "ERR 83886081 no terminal <Pinentry>\n"
#define ANSWER_UNKNOWN "ERR 83886360 Unknown IPC command <Pinentry>\n"

enum text {
	TITLE,
	DESCRIPTION,
	ERROR,
	PROMPT,
	BUTTON_OK,
	BUTTON_CANCEL,
	TEXTS
};

struct terminal {
	int tty, signals; /* tty -1: not opened */
	bool modes_known;
	struct termios modes; /* as they were */
	int timeout_s;        /* 0: none */
	char texts[TEXTS][TEXT_MAX + 1];
	struct kenmen_secret *pin;
};

/* ---- the terminal ------------------------------------------------------- */

static void
tty_say(const struct terminal *t, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len && (n = write(t->tty, text, len)) > 0) {
		text += n;
		len -= (size_t)n;
	}
}

static void
tty_echo(struct terminal *t, bool echo)
{
	struct termios modes = t->modes;

	if (!t->modes_known)
		return;
	if (!echo)
		modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* What was typed before it was asked for counts for nothing. */
	tcsetattr(t->tty, echo ? TCSADRAIN : TCSAFLUSH, &modes);
}

static void
tty_open(struct terminal *t, const char *name)
{
	if (t->tty >= 0)
		close(t->tty);
	t->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	t->modes_known = t->tty >= 0 && tcgetattr(t->tty, &t->modes) == 0;
}

static void
tty_show(const struct terminal *t)
{
	tty_say(t, "\n");
	for (int i = TITLE; i <= ERROR; i++) {
		if (!t->texts[i][0])
			continue;
		tty_say(t, t->texts[i]);
		tty_say(t, "\n\n");
	}
}

/*
 * One line into the secret, without its end; what is past its room is
 * dropped: what is left is still longer than any PIN. NULL, or the answer
 * that says why there is none.
 */
static const char *
tty_line(struct terminal *t)
{
	struct pollfd fds[] = { { .fd = t->tty, .events = POLLIN },
		{ .fd = t->signals, .events = POLLIN } };
	uint8_t *at = kenmen_secret_bytes(t->pin), c;
	size_t len = 0;
	ssize_t n;
	int r = poll(fds, 2, t->timeout_s ? t->timeout_s * 1000 : -1);

	kenmen_secret_set_len(t->pin, 0);
	if (r == 0)
		return ANSWER_TIMEOUT;
	/* The terminal hands out whole lines. */
	if (r < 0 || fds[1].revents)
		return ANSWER_CANCELLED;
	while ((n = read(t->tty, &c, 1)) == 1 && c != '\n' && c != '\r')
		if (len < KENMEN_SECRET_MAX)
			at[len++] = c;
	kenmen_wipe(&c, sizeof(c));
	kenmen_secret_set_len(t->pin, n == 1 ? len : 0);
	return n == 1 && len ? NULL : ANSWER_CANCELLED;
}

/* ---- what is asked ------------------------------------------------------ */

static void
out(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

/* The PIN as data: unbuffered, byte by byte, from its page. */
static const char *
pin_send(const struct terminal *t)
{
	const uint8_t *bytes = kenmen_secret_bytes(t->pin);

	if (write(STDOUT_FILENO, "D ", 2) < 0)
		return ANSWER_CANCELLED;
	for (size_t i = 0; i < kenmen_secret_len(t->pin); i++) {
		ssize_t n = bytes[i] == '%'
				? write(STDOUT_FILENO, "%25", 3)
				: write(STDOUT_FILENO, bytes + i, 1);

		if (n < 0)
			return ANSWER_CANCELLED;
	}
	return write(STDOUT_FILENO, "\n", 1) < 0 ? ANSWER_CANCELLED : ANSWER_OK;
}

static const char *
ask_pin(struct terminal *t)
{
	const char *answer;

	tty_echo(t, false);
	tty_show(t);
	tty_say(t, t->texts[PROMPT][0] ? t->texts[PROMPT] : "PIN:");
	tty_say(t, " ");
	answer = tty_line(t);
	tty_echo(t, true);
	tty_say(t, "\n");
	if (!answer)
		answer = pin_send(t);
	kenmen_secret_set_len(t->pin, 0);
	return answer;
}

/* Enter alone means no. */
static const char *
ask_yes(struct terminal *t)
{
	const char *answer;
	uint8_t typed;

	tcflush(t->tty, TCIFLUSH);
	tty_show(t);
	tty_say(t, "y = ");
	tty_say(t, t->texts[BUTTON_OK][0] ? t->texts[BUTTON_OK] : "OK");
	tty_say(t, ", Enter = ");
	tty_say(
	    t, t->texts[BUTTON_CANCEL][0] ? t->texts[BUTTON_CANCEL] : "Cancel");
	tty_say(t, " [y/N]: ");
	answer = tty_line(t);
	typed = kenmen_secret_bytes(t->pin)[0];
	if (answer)
		return answer;
	return kenmen_secret_len(t->pin) == 1 && (typed == 'y' || typed == 'Y')
		   ? ANSWER_OK
		   : ANSWER_CANCELLED;
}

static const char *
ask_nothing(struct terminal *t)
{
	const char *answer;

	tcflush(t->tty, TCIFLUSH);
	tty_show(t);
	tty_say(t, "[Enter] ");
	answer = tty_line(t);
	return answer && strcmp(answer, ANSWER_TIMEOUT) == 0 ? answer
							     : ANSWER_OK;
}

/* ---- Assuan ------------------------------------------------------------- */

static int
hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0'
					 : tolower((unsigned char)c) - 'a' + 10;
}

/* %XX stands for a byte; ret has room for TEXT_MAX + 1. */
static void
unescape(const char *text, char *ret)
{
	size_t n = 0;

	for (; *text && n < TEXT_MAX; text++)
		if (text[0] == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			ret[n++] = (char)(hex(text[1]) << 4 | hex(text[2]));
			text += 2;
		} else {
			ret[n++] = *text;
		}
	ret[n] = '\0';
}

static const struct {
	const char *verb;
	enum text text;
} setters[] = {
	{ "SETTITLE", TITLE },
	{ "SETDESC", DESCRIPTION },
	{ "SETERROR", ERROR },
	{ "SETPROMPT", PROMPT },
	{ "SETOK", BUTTON_OK },
	{ "SETCANCEL", BUTTON_CANCEL },
};

static const struct {
	const char *verb;
	const char *(*ask)(struct terminal *t);
} questions[] = {
	{ "GETPIN", ask_pin },
	{ "CONFIRM", ask_yes },
	{ "MESSAGE", ask_nothing },
};

/* What is answered with OK alone. */
static const char *const heard[] = { "SETNOTOK", "NOP", "RESET", "BYE" };

static const char *
command(struct terminal *t, const char *verb, const char *rest)
{
	for (size_t i = 0; i < N_OF(setters); i++)
		if (strcmp(verb, setters[i].verb) == 0) {
			unescape(rest, t->texts[setters[i].text]);
			return ANSWER_OK;
		}
	for (size_t i = 0; i < N_OF(questions); i++)
		if (strcmp(verb, questions[i].verb) == 0)
			return t->tty < 0 ? ANSWER_NO_TTY : questions[i].ask(t);
	if (strcmp(verb, "OPTION") == 0) {
		if (strncmp(rest, "ttyname=", 8) == 0)
			tty_open(t, rest + 8);
		return ANSWER_OK;
	}
	if (strcmp(verb, "SETTIMEOUT") == 0) {
		t->timeout_s = (int)strtol(rest, NULL, 10) % 86400;
		return ANSWER_OK;
	}
	for (size_t i = 0; i < N_OF(heard); i++)
		if (strcmp(verb, heard[i]) == 0)
			return ANSWER_OK;
	return strcmp(verb, "GETINFO") == 0 && strcmp(rest, "flavor") == 0
		   ? "D kenmen\nOK\n"
		   : ANSWER_UNKNOWN;
}

static void
serve(struct terminal *t)
{
	char line[TEXT_MAX + 2], *rest;

	out("OK kenmen-terminal\n");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		rest = line + strcspn(line, " ");
		if (*rest)
			*rest++ = '\0';
		out(command(t, line, rest));
		if (strcmp(line, "BYE") == 0)
			return;
	}
}

/* ---- this process ------------------------------------------------------- */

static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int
main(void)
{
	const struct rlimit none = { 0, 0 };
	struct terminal t = { .tty = -1 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 || (t.signals = signals_open()) < 0 ||
	    kenmen_secret_new(&t.pin) < 0)
		return EXIT_FAILURE;
	serve(&t);
	kenmen_secret_free(&t.pin);
	return EXIT_SUCCESS;
}
