#include "window.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "assuan.h"
#include "log.h"
#include "pinentry.h"
#include "texts.h"

/* What pinentry calls itself (GETINFO flavor): "gtk2", "qt", "curses"; one
 * that has no display falls back and says so: "gtk2:curses". */
#define FLAVOUR_MAX 32

enum command {
	COMMAND_GETPIN,
	COMMAND_CONFIRM,
	COMMAND_CONFIRM_TURNED, /* OK says no, NOTOK says yes */
	COMMAND_GETPIN_YES,     /* the yes is typed */
	COMMAND_CONFIRM_NEXT,   /* OK leads on to the next window */
	COMMAND_CONFIRM_NO,     /* both buttons cancel */
	COMMAND_MESSAGE,
	COMMAND_N
};

/* Not an answer yet: the next page comes. */
#define ANSWER_NEXT ANSWER_N

/* What the person's doing means. */
/* clang-format off */
static const struct {
	const char *verb;
	enum prompt_answer answer[REPLY_N];
} commands[COMMAND_N] = {
	/*                          OK           cancelled  not confirmed */
	[COMMAND_GETPIN] = { "GETPIN",
	                          { ANSWER_PIN,  ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_CONFIRM] = { "CONFIRM",
	                          { ANSWER_YES,  ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_CONFIRM_TURNED] = { "CONFIRM",
	                          { ANSWER_NO,   ANSWER_NO, ANSWER_YES,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_GETPIN_YES] = { "GETPIN",
	                          { ANSWER_YES,  ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_CONFIRM_NEXT] = { "CONFIRM",
	                          { ANSWER_NEXT, ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_CONFIRM_NO] = { "CONFIRM",
	                          { ANSWER_NO,   ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
	[COMMAND_MESSAGE] = { "MESSAGE",
	                          { ANSWER_NO,   ANSWER_NO, ANSWER_NO,
	                            ANSWER_TIMEOUT, ANSWER_UNAVAILABLE } },
};
/* clang-format on */

/* One window, from the first command to the last. */
struct dialogue {
	struct voice *voice;
	const struct prompt_request *request;
	enum texts_page page;
	struct texts texts;
	unsigned timeout_s;
	char flavour[FLAVOUR_MAX + 1];
	struct kenmen_secret *pin;
};

/*
 * Where a yes gives something away for good (the last try, a certificate),
 * neither Enter nor Escape may mean it. Measured with pinentry 1.2.1 in
 * CONFIRM, OK "Use it", CANCEL "Stop", just shown:
 *	gtk2    Enter, space, Escape, closing: cancelled
 *	qt      Enter, space, Escape, closing: cancelled
 *	tty     Enter: asks again; one of the letters that it shows must be
 *		typed ("[us]?", in Japanese "[1c]?"); Ctrl-C: fully cancelled
 *	curses  Enter: OK, where the cursor stands; Escape does nothing
 *	gnome3  Enter, space: OK; Escape: cancelled; knows no third button
 *	fltk    Enter, space: cancelled; Escape: OK
 * In curses the button that the cursor stands on is made Stop: OK says it,
 * NOTOK says Use it, and a third, Cancel, cannot be left out; Use it is then
 * "not confirmed", which no key gives by itself. Where there is no such third
 * button the yes is typed, and Enter alone sends nothing.
 */
static const struct way {
	const char *flavour;
	enum command yes;    /* PROMPT_LAST_TRY, PROMPT_CONSENT */
	enum command pinpad; /* PROMPT_PINPAD */
	bool qt;             /* see below */
} ways[] = {
	{ "curses", COMMAND_CONFIRM_TURNED, COMMAND_MESSAGE, false },
	{ "gnome3", COMMAND_GETPIN_YES, COMMAND_MESSAGE, false },
	{ "fltk", COMMAND_GETPIN_YES, COMMAND_MESSAGE, false },
	/* Its MESSAGE says "Press any key to continue": that would cancel. */
	{ "tty", COMMAND_CONFIRM, COMMAND_CONFIRM_NO, false },
	/*
	 * Qt breaks no lines in GETPIN: wider than a screen. And it tells the
	 * accessibility bus each character of a password as it is typed
	 * (measured with Qt 5.15; GTK 2 tells of dots): it is kept from that
	 * bus, and a screen reader hears nothing of its windows.
	 */
	{ "qt", COMMAND_CONFIRM, COMMAND_MESSAGE, true },
	{ "qt5", COMMAND_CONFIRM, COMMAND_MESSAGE, true },
	{ NULL, COMMAND_CONFIRM, COMMAND_MESSAGE, false }, /* all others */
};

static const struct way *
way_of(const char *flavour)
{
	const char *fallback = strrchr(flavour, ':');
	const struct way *way = ways;

	if (fallback)
		flavour = fallback + 1;
	while (way->flavour && strcmp(flavour, way->flavour) != 0)
		way++;
	return way;
}

static enum command
command_of(const struct dialogue *d)
{
	if (d->page == PAGE_WORDS)
		return COMMAND_CONFIRM_NEXT;
	switch (d->request->type) {
	case PROMPT_PIN:
		return COMMAND_GETPIN;
	case PROMPT_LAST_TRY:
	case PROMPT_CONSENT:
		return way_of(d->flavour)->yes;
	case PROMPT_PINPAD:
		return way_of(d->flavour)->pinpad;
	case PROMPT_BLOCKED:
	case PROMPT_CLOSE:
	case PROMPT_PING:
	case PROMPT_ENDED:
	case PROMPT_N:
		break;
	}
	return COMMAND_MESSAGE;
}

/* ---- what is said to pinentry, in this order -------------------------- */

/* The rest of the command's line; false: this window does not need it. */
typedef bool says(const struct dialogue *d, char *buf, size_t room);

static bool
say(char *buf, size_t room, const char *before, const char *text)
{
	int len =
	    text && text[0] ? snprintf(buf, room, "%s%s", before, text) : 0;

	return len > 0 && (size_t)len < room;
}

static bool
say_display(const struct dialogue *d, char *buf, size_t room)
{
	(void)d;
	return say(buf, room, "display=", getenv("DISPLAY"));
}

static bool
say_ttyname(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "ttyname=", d->voice->tty);
}

static bool
say_ttytype(const struct dialogue *d, char *buf, size_t room)
{
	return d->voice->tty && say(buf, room, "ttytype=", getenv("TERM"));
}

/* A daemon's locale may be C; the texts, and a PIN typed in full-width
 * digits, are UTF-8 all the same. */
static bool
say_lc_ctype(const struct dialogue *d, char *buf, size_t room)
{
	const char *name = setlocale(LC_CTYPE, NULL);

	(void)d;
	if (!name || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		name = "C.UTF-8";
	return say(buf, room, "lc-ctype=", name);
}

static bool
say_lc_messages(const struct dialogue *d, char *buf, size_t room)
{
	(void)d;
	return say(buf, room, "lc-messages=", setlocale(LC_MESSAGES, NULL));
}

static bool
say_timeout(const struct dialogue *d, char *buf, size_t room)
{
	return snprintf(buf, room, "%u", d->timeout_s) > 0;
}

static bool
say_title(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "", d->texts.title);
}

static bool
say_description(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "", d->texts.description);
}

static bool
say_prompt(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "", d->texts.prompt);
}

static bool
say_error(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "", d->texts.error);
}

static bool
turned(const struct dialogue *d)
{
	return command_of(d) == COMMAND_CONFIRM_TURNED;
}

static bool
say_ok(const struct dialogue *d, char *buf, size_t room)
{
	return say(buf, room, "", turned(d) ? d->texts.cancel : d->texts.ok);
}

static bool
say_notok(const struct dialogue *d, char *buf, size_t room)
{
	return turned(d) && say(buf, room, "", d->texts.ok);
}

static bool
say_cancel(const struct dialogue *d, char *buf, size_t room)
{
	const char *text = turned(d) ? d->texts.dismiss : d->texts.cancel;

	/* That has one button, which OK names. */
	return command_of(d) != COMMAND_MESSAGE && say(buf, room, "", text);
}

/*
 * Never here: OPTION allow-external-password-cache and SETKEYINFO (pinentry
 * would offer to keep the PIN), SETQUALITYBAR (it would send every part of
 * the PIN while it is typed).
 */
/* clang-format off */
static const struct step {
	const char *verb;
	says *says;
	bool needed; /* ERR to it ends the dialogue */
} steps[] = {
	{ "OPTION",     say_display,     false },
	{ "OPTION",     say_ttyname,     false },
	{ "OPTION",     say_ttytype,     false },
	{ "OPTION",     say_lc_ctype,    false },
	{ "OPTION",     say_lc_messages, false },
	{ "SETTIMEOUT", say_timeout,     false }, /* the timer is ours */
	{ "SETTITLE",   say_title,       false },
	{ "SETDESC",    say_description, true },
	{ "SETPROMPT",  say_prompt,      false },
	{ "SETERROR",   say_error,       false },
	{ "SETOK",      say_ok,          true },
	{ "SETNOTOK",   say_notok,       true },
	{ "SETCANCEL",  say_cancel,      true },
};
/* clang-format on */
#define STEPS_N (sizeof(steps) / sizeof(steps[0]))

/* ---- one window ------------------------------------------------------- */

enum { POLL_PEER, POLL_SIGNALS, POLL_TIMER, POLL_PINENTRY, POLL_TTY, POLL_N };

/* What the peer says while a window is open. 0: nothing that matters;
 * -ESHUTDOWN: away with it, and on; -ECANCELED: the peer has gone, or speaks
 * out of turn. */
static int
peer_hear(int peer)
{
	struct prompt_request request;

	if (prompt_request_recv(peer, &request) <= 0)
		return -ECANCELED;
	if (request.type == PROMPT_PING)
		return prompt_answer_send(peer, ANSWER_ALIVE, NULL) < 0
			   ? -ECANCELED
			   : 0;
	return request.type == PROMPT_CLOSE ? -ESHUTDOWN : -ECANCELED;
}

/* 1: pinentry has said something; 0: the time is up; -ECANCELED: nobody
 * needs the answer any more, -ESHUTDOWN: nor the window; -EPIPE: the terminal
 * has gone. */
static int
await(const struct voice *voice, int peer, int timer, const struct pinentry *p)
{
	int r = 0;
	struct pollfd fds[POLL_N] = {
		[POLL_PEER] = { .fd = peer, .events = POLLIN },
		[POLL_SIGNALS] = { .fd = voice->signals, .events = POLLIN },
		[POLL_TIMER] = { .fd = timer, .events = POLLIN },
		[POLL_PINENTRY] = { .fd = p->from, .events = POLLIN },
		[POLL_TTY] = { .fd = p->tty },
	};

	do {
		if (poll(fds, POLL_N, -1) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		if (fds[POLL_SIGNALS].revents)
			return -ECANCELED;
		if (fds[POLL_PEER].revents && (r = peer_hear(peer)) < 0)
			return r;
		if (fds[POLL_TIMER].revents)
			return 0;
		if (fds[POLL_TTY].revents)
			return -EPIPE;
	} while (!fds[POLL_PINENTRY].revents);
	return 1;
}

struct talk {
	const struct dialogue *dialogue;
	struct assuan *assuan;
	struct pinentry pinentry;
	int peer, timer;
};

/* Waits for the answer to what was sent last. 0: the time is up. */
static int
talk_listen(struct talk *t, struct assuan_data *data,
    enum assuan_reply *ret_reply, uint32_t *ret_code)
{
	int r;

	for (;;) {
		r = await(t->dialogue->voice, t->peer, t->timer, &t->pinentry);
		if (r <= 0)
			return r;
		r = assuan_read(t->assuan, data, ret_reply, ret_code);
		if (r != 0 && r != -EAGAIN)
			return r;
	}
}

/* Sends one line and hears the answer. */
static int
talk_ask(struct talk *t, const char *verb, const char *text,
    struct assuan_data *data, enum assuan_reply *ret_reply)
{
	uint32_t code = 0;
	int r = assuan_send(t->assuan, verb, text);

	if (r < 0)
		return r;
	r = talk_listen(t, data, ret_reply, &code);
	if (r > 0 && *ret_reply == REPLY_ERROR)
		log_warning("pinentry refuses %s: %u", verb, code);
	return r;
}

/* What depends on which pinentry it is, once that is known. */
static int
dialogue_adapt(struct dialogue *d)
{
	enum command command = command_of(d);

	if (way_of(d->flavour)->qt && !d->voice->mute)
		return -ERESTART;
	if (command == COMMAND_GETPIN_YES)
		return texts_build_typed_yes(d->request, &d->texts);
	if (command == COMMAND_GETPIN && way_of(d->flavour)->qt)
		texts_wrap(&d->texts);
	return 1;
}

/* Which pinentry it is; one that does not say is treated as most are. */
static int
talk_flavour(struct talk *t, struct dialogue *d)
{
	struct assuan_data data = { .bytes = (uint8_t *)d->flavour,
		.room = FLAVOUR_MAX };
	enum assuan_reply reply;
	int r;

	memset(d->flavour, 0, sizeof(d->flavour));
	r = talk_ask(t, "GETINFO", "flavor", &data, &reply);
	return r > 0 ? dialogue_adapt(d) : r;
}

static int
talk_step(struct talk *t, const struct dialogue *d, const struct step *step)
{
	char line[ASSUAN_LINE_MAX + 1];
	enum assuan_reply reply = REPLY_OK;
	int r;

	if (!step->says(d, line, sizeof(line)))
		return 1;
	r = talk_ask(t, step->verb, line, NULL, &reply);
	return r > 0 && step->needed && reply != REPLY_OK ? -EPROTO : r;
}

/* What was typed where only a yes is wanted is taken for nothing else. */
static bool
is_typed_yes(struct kenmen_secret *typed)
{
	return kenmen_secret_len(typed) == 1 &&
	       kenmen_secret_bytes(typed)[0] == TEXTS_YES;
}

static int
talk_command(
    struct talk *t, const struct dialogue *d, enum assuan_reply *ret_reply)
{
	enum command command = command_of(d);
	bool yes = command == COMMAND_GETPIN_YES;
	struct assuan_data data = { .bytes = kenmen_secret_bytes(d->pin),
		.room = KENMEN_SECRET_MAX };
	int r;

	/* Bytes past the room are dropped: what is left is still longer than
	 * any PIN, and is found malformed. */
	r = talk_ask(t, commands[command].verb, NULL,
	    yes || command == COMMAND_GETPIN ? &data : NULL, ret_reply);
	kenmen_secret_set_len(
	    d->pin, r > 0 && *ret_reply == REPLY_OK ? data.len : 0);
	if (!yes)
		return r;
	if (r > 0 && *ret_reply == REPLY_OK && !is_typed_yes(d->pin))
		*ret_reply = REPLY_NOT_CONFIRMED;
	kenmen_secret_set_len(d->pin, 0);
	return r;
}

/* All of one window. 1 and an answer, 0: the time is up, or -errno. */
static int
talk_run(struct talk *t, struct dialogue *d, enum prompt_answer *ret)
{
	enum assuan_reply reply = REPLY_ERROR;
	uint32_t code;
	int r = talk_listen(t, NULL, &reply, &code); /* its greeting */

	if (r > 0 && reply != REPLY_OK)
		r = -EPROTO;
	if (r > 0)
		r = talk_flavour(t, d);
	for (size_t i = 0; r > 0 && i < STEPS_N; i++)
		r = talk_step(t, d, &steps[i]);
	if (r > 0)
		r = talk_command(t, d, &reply);
	if (r > 0)
		*ret = commands[command_of(d)].answer[reply];
	return r;
}

static int
dialogue_run(struct dialogue *d, int peer, int timer, enum prompt_answer *ret)
{
	struct talk t = { .dialogue = d, .peer = peer, .timer = timer };
	int r = pinentry_start(
	    d->voice->pinentry, d->voice->tty, d->voice->mute, &t.pinentry);

	if (r < 0)
		return r;
	r = assuan_new(t.pinentry.to, t.pinentry.from, &t.assuan);
	if (r == 0)
		r = talk_run(&t, d, ret);
	assuan_free(&t.assuan);
	pinentry_finish(&t.pinentry);
	if (r != -ERESTART)
		return r;
	/* Which it is it says only once it runs; nothing is shown by then. */
	d->voice->mute = true;
	return dialogue_run(d, peer, timer, ret);
}

/* ---- one request ------------------------------------------------------ */

static int
timer_start(uint32_t timeout_ms)
{
	struct itimerspec when = { .it_value = {
				       .tv_sec = timeout_ms / 1000,
				       .tv_nsec =
					   (timeout_ms % 1000) * 1000000L,
				   } };
	int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

	/* All zeros would mean never. */
	if (timeout_ms == 0)
		when.it_value.tv_nsec = 1;
	if (timer >= 0 && timerfd_settime(timer, 0, &when, NULL) < 0) {
		close(timer);
		return -1;
	}
	return timer;
}

/* Whole seconds, rounded up: pinentry's own time-out never comes first. */
static unsigned
timer_left_s(int timer)
{
	struct itimerspec left = { 0 };

	timerfd_gettime(timer, &left);
	return (unsigned)left.it_value.tv_sec + 1;
}

/* 1: an answer, ANSWER_NEXT where there is no such page; else as above. */
static int
page_show(struct dialogue *d, int peer, int timer, enum prompt_answer *ret)
{
	int r = texts_build(d->request, d->page, &d->texts);

	*ret = ANSWER_NEXT;
	if (r <= 0)
		return r < 0 ? r : 1;
	d->timeout_s = timer_left_s(timer);
	return dialogue_run(d, peer, timer, ret);
}

/* What is told of a request's end, r as above. 1, 0 or -ECANCELED. */
static int
request_end(const struct voice *voice, const struct prompt_request *request,
    int r, enum prompt_answer *answer)
{
	if (r == -ECANCELED)
		return r;
	if (r == -ESHUTDOWN)
		return 0;
	if (r < 0) {
		log_error("%s: no window: %s", voice->pinentry, strerror(-r));
		*answer = ANSWER_UNAVAILABLE;
	} else if (r == 0)
		*answer = ANSWER_TIMEOUT;
	/* How long a reader waits for its keys is the reader's own. */
	return request->type != PROMPT_PINPAD || *answer != ANSWER_TIMEOUT;
}

int
window_show(struct voice *voice, int peer, const struct prompt_request *request,
    enum prompt_answer *ret, struct kenmen_secret *pin)
{
	struct dialogue d = { .voice = voice, .request = request, .pin = pin };
	enum prompt_answer answer = ANSWER_NEXT;
	int timer, r;

	if (request->type == PROMPT_CLOSE || request->type == PROMPT_PING)
		return 0; /* of a window that has gone already */
	timer = timer_start(request->timeout_ms);
	r = timer < 0 ? -errno : 1;
	for (d.page = 0; r > 0 && answer == ANSWER_NEXT && d.page < PAGE_N;
	     d.page++)
		r = page_show(&d, peer, timer, &answer);
	if (timer >= 0)
		close(timer);
	r = request_end(voice, request, r, &answer);
	if (r > 0)
		*ret = answer;
	return r;
}
