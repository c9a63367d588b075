#include "errand-run.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "codes.h"

#define PROMPT_SECONDS 120
#define READ_SECONDS 60

struct errand_ctl {
	const struct ctl_options *options;
	const struct wire_request *request;
	struct job *job;
	sd_event *loop;
	int signals;
	enum read_state told;
	bool over, interrupted, progress_shown;
};

/* What is waited for. On a terminal the window's own words are there. */
static const char *const waits[STATE_N][LANG_N] = {
	[STATE_WAITING_FOR_READER] = { "カードリーダーをつないでください",
	    "connect a card reader" },
	[STATE_WAITING_FOR_CARD] = { "マイナンバーカードを置いてください",
	    "put the My Number Card on the reader" },
	[STATE_WAITING_FOR_CONSENT] = { "画面の確認に答えてください",
	    "answer the question in the window" },
	[STATE_WAITING_FOR_PIN] = { "画面の指示に従って暗証番号を入力して"
				    "ください",
	    "type the PIN as the window says" },
	[STATE_READING] = { "読み取っています。カードを動かさないでください",
	    "reading; do not move the card" },
};

/* What a failed read means for the exit status. */
static enum ctl_exit
exit_of(enum read_code code)
{
	switch (code) {
	case CODE_NO_READER:
	case CODE_NO_CARD:
	case CODE_SEVERAL_CARDS:
	case CODE_CARD_REMOVED:
	case CODE_NOT_MY_NUMBER_CARD:
	case CODE_READER_BUSY:
	case CODE_PCSC_UNAVAILABLE:
	case CODE_NO_CERTIFICATE:
		return CTL_NO_CARD;
	case CODE_PIN_CANCELLED:
	case CODE_CONSENT_REFUSED:
	case CODE_PROMPT_TIMEOUT:
	case CODE_LAST_TRY_REFUSED:
		return CTL_REFUSED;
	case CODE_PIN_WRONG:
	case CODE_PIN_BLOCKED:
	case CODE_PIN_FORMAT:
		return CTL_PIN;
	case CODE_CARD_DATA_INVALID:
	case CODE_AUTHENTICITY_FAILED:
		return CTL_NOT_GENUINE;
	case CODE_NONE:
	case CODE_PROMPT_UNAVAILABLE:
	case CODE_PAGE_GONE:
	case CODE_TIMEOUT:
	case CODE_INTERNAL:
	case CODE_N:
		break;
	}
	return CTL_ERROR;
}

/* ---- what a person sees meanwhile --------------------------------------- */

static void
tell_progress(struct errand_ctl *e, const struct job *job)
{
	if (!isatty(STDERR_FILENO) || !job->progress_total)
		return;
	e->progress_shown = true;
	fprintf(stderr, "\r%3u%% (%u/%u) ",
	    (unsigned)(100ull * job->progress_done / job->progress_total),
	    job->progress_done, job->progress_total);
}

/* Away with the line of the progress. */
static void
clear_progress(struct errand_ctl *e)
{
	if (e->progress_shown)
		fputs("\r\033[K", stderr);
	e->progress_shown = false;
}

static bool
on_terminal(const struct errand_ctl *e, enum read_state state)
{
	return e->options->tty && (state == STATE_WAITING_FOR_CONSENT ||
				      state == STATE_WAITING_FOR_PIN);
}

static void
tell(void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct errand_ctl *e = arg;

	(void)event;
	if (change == JOB_CHANGED_PROGRESS)
		tell_progress(e, job);
	e->over = state_is_final(job->state);
	if (change != JOB_CHANGED_STATE || job->state == e->told)
		return;
	e->told = job->state;
	clear_progress(e);
	if (waits[job->state][e->options->lang] && !on_terminal(e, job->state))
		fprintf(stderr, "kenmenctl: %s\n",
		    waits[job->state][e->options->lang]);
}

/* What the code's own words cannot know. */
static void
tell_failed(const struct ctl_options *options, const struct wire_failed *failed)
{
	const struct code_text *text = code_of_failed(failed);
	bool ja = options->lang == LANG_JA;

	fprintf(stderr, "kenmenctl: %s: %s\n", text->name,
	    ja ? text->detail_ja : text->detail);
	if (failed->pin >= 0)
		fprintf(stderr,
		    ja ? "kenmenctl: 対象: %s\n" : "kenmenctl: which: %s\n",
		    pin_name((enum kenmen_pin)failed->pin));
	if (failed->tries_left >= 0)
		fprintf(stderr,
		    ja ? "kenmenctl: 残り%d回\n" : "kenmenctl: %d tries left\n",
		    failed->tries_left);
}

static int
report_failed(const struct ctl_options *options, const struct job *job)
{
	struct wire_failed failed = job->failed;
	const char *name;

	if (failed.code == CODE_NONE)
		failed.code = CODE_INTERNAL;
	name = code_of_read(failed.code)->name;
	if (options->json && failed.tries_left >= 0)
		printf("{\"error\":{\"code\":\"%s\",\"tries_left\":%d}}\n",
		    name, failed.tries_left);
	else if (options->json)
		printf("{\"error\":{\"code\":\"%s\"}}\n", name);
	tell_failed(options, &failed);
	return (int)exit_of(failed.code);
}

/* ---- an interrupt ------------------------------------------------------- */

/* A descriptor that is readable once somebody wants this to end. */
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
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool
signal_came(struct errand_ctl *e)
{
	struct signalfd_siginfo info;

	if (read(e->signals, &info, sizeof(info)) > 0)
		e->interrupted = true;
	return e->interrupted;
}

static int
on_signal(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct errand_ctl *e = arg;

	(void)source;
	(void)fd;
	(void)events;
	if (signal_came(e)) {
		job_end(e->job, CODE_PIN_CANCELLED);
		e->over = true;
	}
	return 0;
}

static int
report_interrupted(const struct ctl_options *options)
{
	if (options->json)
		puts("{\"error\":{\"code\":\"pin_cancelled\"}}");
	return ctl_fail(options, CTL_REFUSED, "中断しました。", "interrupted");
}

/* ---- the errand --------------------------------------------------------- */

static int
errand_loop(
    struct errand_ctl *e, struct jobs *jobs, bool asks, errand_show *show)
{
	int r = job_start(
	    jobs, e->request, asks ? getuid() : JOB_NOBODY, tell, e, &e->job);

	if (r < 0)
		return ctl_fail(e->options, CTL_ERROR,
		    "kenmen-readを起動できません。",
		    "cannot start kenmen-read");
	while (!e->over && r >= 0)
		r = sd_event_run(e->loop, UINT64_MAX);
	clear_progress(e);
	/* On a terminal an interrupt reaches the runner too, and its end may
	 * have been seen first. */
	if (e->job->state == STATE_DONE)
		r = show(e->options, e->request, e->job);
	else if (signal_came(e))
		r = report_interrupted(e->options);
	else
		r = report_failed(e->options, e->job);
	job_free(&e->job);
	return r;
}

/* The terminal as it was, whatever happened to its pinentry. */
static void
errand_on_tty(
    struct errand_ctl *e, struct jobs **jobs, int *status, errand_show *show)
{
	const char *tty = e->options->tty;
	int fd = tty ? open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	struct termios modes;
	bool known = fd >= 0 && tcgetattr(fd, &modes) == 0;

	*status = errand_loop(e, *jobs, true, show);
	jobs_free(jobs); /* the voice is gone after this */
	if (known)
		tcsetattr(fd, TCSADRAIN, &modes);
	if (fd >= 0)
		close(fd);
}

int
errand_do(const struct ctl_options *options, const struct wire_request *request,
    bool asks, errand_show *show)
{
	char runner[CTL_PATH_MAX + 1], voice[CTL_PATH_MAX + 1],
	    pinentry[CTL_PATH_MAX + 1];
	struct errand_ctl e = { .options = options, .request = request };
	const struct jobs_config config = { .runner = runner,
		.voice = voice,
		.pinentry = ctl_pinentry(options, pinentry),
		.tty = options->tty ? options->tty : "",
		.now = options->clock_us };
	struct jobs *jobs = NULL;
	sd_event_source *source = NULL;
	int r = CTL_ERROR;

	ctl_helper("kenmen-read", runner);
	ctl_helper("kenmen-prompt", voice);
	e.signals = signals_open();
	if (e.signals >= 0 && sd_event_new(&e.loop) >= 0 &&
	    sd_event_add_io(
		e.loop, &source, e.signals, EPOLLIN, on_signal, &e) >= 0 &&
	    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT) >=
		0 &&
	    jobs_new(e.loop, &config, &jobs) >= 0) {
		if (asks && options->tty)
			errand_on_tty(&e, &jobs, &r, show);
		else
			r = errand_loop(&e, jobs, asks, show);
	}
	if (jobs)
		jobs_free(&jobs);
	sd_event_source_unref(source);
	sd_event_unref(e.loop);
	if (e.signals >= 0)
		close(e.signals);
	return r;
}

void
errand_request(
    const struct ctl_options *options, uint32_t kinds, struct wire_request *ret)
{
	const struct passwd *user = getpwuid(getuid());

	*ret = (struct wire_request){
		.errand = ERRAND_READ,
		.kinds = kinds,
		.lang = options->lang,
		.card_timeout_ms = (uint32_t)options->timeout * 1000,
		.prompt_timeout_ms = PROMPT_SECONDS * 1000,
		.read_timeout_ms = READ_SECONDS * 1000,
	};
	snprintf(
	    ret->user, sizeof(ret->user), "%s", user ? user->pw_name : "?");
	snprintf(ret->reader, sizeof(ret->reader), "%s",
	    options->reader ? options->reader : "");
	snprintf(
	    ret->trust_dir, sizeof(ret->trust_dir), "%s", options->trust_dir);
}
