#include "errand-run.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "codes.h"

#define PROMPT_SECONDS 120
#define READ_SECONDS 60

struct errand_ctl {
	const struct ctl_options *options;
	const struct wire_request *request;
	struct job *job;
	sd_event *loop;
	enum read_state told;
	bool over, progress_shown;
};

static const char *const waits[STATE_N][LANG_N] = {
	[STATE_WAITING_FOR_READER] = { "カードリーダーをつないでください",
	    "connect a card reader" },
	[STATE_WAITING_FOR_CARD] = { "マイナンバーカードを置いてください",
	    "put the My Number Card on the reader" },
	[STATE_WAITING_FOR_CONSENT] = { "画面の確認に答えてください",
	    "answer the question in the window" },
	[STATE_WAITING_FOR_PIN] = { "画面に暗証番号を入力してください",
	    "type the PIN in the window" },
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

static uint64_t
now_us(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
tell_progress(struct errand_ctl *e, const struct job *job)
{
	if (!isatty(STDERR_FILENO) || !job->progress_total)
		return;
	e->progress_shown = true;
	fprintf(stderr, "\r%u%% ",
	    (unsigned)(100ull * job->progress_done / job->progress_total));
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
	if (e->progress_shown)
		fputs("\r", stderr);
	if (waits[job->state][e->options->lang])
		fprintf(stderr, "kenmenctl: %s\n",
		    waits[job->state][e->options->lang]);
}

static int
interrupted(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct errand_ctl *e = arg;

	(void)source;
	(void)fd;
	(void)events;
	job_end(e->job, CODE_PIN_CANCELLED);
	e->over = true;
	return 0;
}

/* Directory of this program: its helpers stand beside it in a build tree. */
static void
helper_path(const char *name, char *ret, size_t room)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		*slash = '\0';
		snprintf(ret, room, "%s/%s", self, name);
		if (access(ret, X_OK) == 0)
			return;
	}
	snprintf(ret, room, "%s/%s", KENMEN_LIBEXECDIR, name);
}

/* The pinentry to ask with: the one named, or the first that fits. */
static const char *
pinentry_of(const struct ctl_options *options)
{
	static const char *const desktop[] = { "/usr/bin/pinentry-x11",
		"/usr/bin/pinentry-gtk-2", "/usr/bin/pinentry-qt",
		"/usr/bin/pinentry-gnome3", "/usr/bin/pinentry", NULL };
	static const char *const terminal[] = { "/usr/bin/pinentry-curses",
		"/usr/bin/pinentry-tty", "/usr/bin/pinentry", NULL };
	const char *const *at = options->tty ? terminal : desktop;

	if (options->pinentry)
		return options->pinentry;
	while (at[1] && access(*at, X_OK) < 0)
		at++;
	return *at;
}

static int
report_failed(const struct ctl_options *options, const struct job *job)
{
	const struct code_text *text = code_of_read(job->failed.code);

	if (options->json)
		printf("{\"error\":{\"code\":\"%s\"}}\n", text->name);
	fprintf(stderr, "kenmenctl: %s: %s\n", text->name,
	    options->lang == LANG_JA ? text->detail_ja : text->detail);
	if (job->failed.tries_left >= 0)
		fprintf(stderr,
		    options->lang == LANG_JA ? "kenmenctl: 残り%d回\n"
					     : "kenmenctl: %d tries left\n",
		    job->failed.tries_left);
	return exit_of(job->failed.code);
}

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

static int
errand_loop(
    struct errand_ctl *e, struct jobs *jobs, bool asks, errand_show *show)
{
	int r = job_start(jobs, e->request, asks, tell, e, &e->job);

	if (r < 0)
		return ctl_fail(e->options, CTL_ERROR,
		    "kenmen-readを起動できません。",
		    "cannot start kenmen-read");
	while (!e->over && r >= 0)
		r = sd_event_run(e->loop, UINT64_MAX);
	if (e->job->state == STATE_DONE)
		r = show(e->options, e->request, e->job);
	else
		r = report_failed(e->options, e->job);
	job_free(&e->job);
	return r;
}

int
errand_do(const struct ctl_options *options, const struct wire_request *request,
    bool asks, errand_show *show)
{
	char runner[4200], voice[4200];
	struct errand_ctl e = { .options = options, .request = request };
	const struct jobs_config config = { .runner = runner,
		.voice = voice,
		.voice_once = true,
		.pinentry = pinentry_of(options),
		.tty = options->tty ? options->tty : "",
		.now = now_us };
	struct jobs *jobs = NULL;
	sd_event_source *signals = NULL;
	int fd = signals_open(), r = CTL_ERROR;

	helper_path("kenmen-read", runner, sizeof(runner));
	helper_path("kenmen-prompt", voice, sizeof(voice));
	if (fd >= 0 && sd_event_new(&e.loop) >= 0 &&
	    sd_event_add_io(e.loop, &signals, fd, EPOLLIN, interrupted, &e) >=
		0 &&
	    jobs_new(e.loop, &config, &jobs) >= 0)
		r = errand_loop(&e, jobs, asks, show);
	if (jobs)
		jobs_free(&jobs);
	sd_event_source_unref(signals);
	sd_event_unref(e.loop);
	if (fd >= 0)
		close(fd);
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
		.card_timeout_ms = options->timeout * 1000,
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
