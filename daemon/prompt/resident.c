#include "resident.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "agent-wire.h"
#include "log.h"
#include "spawn.h"

/* Readers that ask at once; a computer has fewer. */
#define VOICES_MAX 8

/* Who the daemon runs as, where it is a system service. */
#define SERVICE_USER "kenmen"

struct resident {
	const struct resident_options *options;
	sd_event *loop;
	char self[PATH_MAX];
	struct sockaddr_un address;
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	sd_event_source *folder_news, *parent_news;
	int door; /* -1: not connected */
	sd_event_source *heard;
	bool suspicious; /* whoever listens there is no daemon: said once */
	sd_login_monitor *monitor;
	bool was_graphical;
	struct child *voices[VOICES_MAX];
};

/* ---- voices ---------------------------------------------------------- */

static struct child **
voice_room(struct resident *r)
{
	for (size_t i = 0; i < VOICES_MAX; i++)
		if (!r->voices[i])
			return &r->voices[i];
	return NULL;
}

static void
voice_start(struct resident *r, int runner)
{
	char *argv[] = { r->self, "--once", "--pinentry",
		(char *)r->options->pinentry, NULL };
	struct child **room = voice_room(r);

	if (!room)
		log_warning("%d windows are asked for already", VOICES_MAX);
	else if (!child_start(r->loop, argv, &runner, 1, room))
		log_error("%s: %s", r->self, strerror(errno));
}

/* ---- the daemon ------------------------------------------------------ */

static void
door_close(struct resident *r)
{
	r->heard = sd_event_source_disable_unref(r->heard);
	if (r->door >= 0)
		close(r->door);
	r->door = -1;
}

static void door_look(struct resident *r);

static void
door_listen(struct resident *r, enum agent_word word, int runner)
{
	switch (word) {
	case AGENT_WELCOME:
		log_info("connected to kenmend; windows will come up here");
		return;
	case AGENT_SERVE:
		voice_start(r, runner);
		close(runner);
		(void)agent_say(r->door, AGENT_TAKEN, -1);
		return;
	case AGENT_REFUSED:
		log_info("there is a kenmen-prompt for this user already; "
			 "this one ends");
		sd_event_exit(r->loop, EXIT_SUCCESS);
		return;
	case AGENT_OUTDATED:
	case AGENT_HELLO:
	case AGENT_TAKEN:
	case AGENT_WORD_N:
		break;
	}
	log_error("kenmend is of another version; this kenmen-prompt ends, "
		  "start the one that belongs to it");
	sd_event_exit(r->loop, EXIT_FAILURE);
}

static int
door_heard(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct resident *r = arg;
	enum agent_word word = AGENT_WORD_N;
	int runner = -1, n = agent_hear(fd, &word, &runner);

	(void)source;
	(void)events;
	if (n == -EAGAIN)
		return 0;
	if (n > 0 || n == -ENOTSUP || n == -EPROTO) {
		door_listen(r, n > 0 ? word : AGENT_OUTDATED, runner);
		return 0;
	}
	/* It stops, and starts again when it is needed. */
	door_close(r);
	door_look(r);
	return 0;
}

/* Windows are shown for the service, for root, and for a daemon of one's own:
 * not for whoever else has got hold of the path. */
static bool
door_is_trusted(int fd)
{
	const struct passwd *service;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    len != sizeof(peer))
		return false;
	if (peer.uid == 0 || peer.uid == getuid())
		return true;
	service = getpwnam(SERVICE_USER);
	return service && service->pw_uid == peer.uid;
}

static int
door_connect(struct resident *r)
{
	int saved, fd = socket(AF_UNIX,
		       SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&r->address,
		sizeof(r->address)) < 0) {
		saved = errno;
		close(fd);
		return -saved;
	}
	if (!door_is_trusted(fd)) {
		if (!r->suspicious)
			log_error("%s belongs neither to the user " SERVICE_USER
				  " nor to root: not trusted",
			    r->address.sun_path);
		r->suspicious = true;
		close(fd);
		return -EPERM;
	}
	r->suspicious = false;
	r->door = fd;
	return 0;
}

/* ---- waiting for it -------------------------------------------------- */

static int
folder_changed(
    sd_event_source *source, const struct inotify_event *event, void *arg)
{
	(void)source;
	(void)event;
	door_look(arg);
	return 0;
}

/* A directory of the path, which may not be there; 0 or -errno. */
static int
folder_watch(struct resident *r, const char *path, sd_event_source **source)
{
	*source = sd_event_source_disable_unref(*source);
	return sd_event_add_inotify(r->loop, source, path,
	    IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
		IN_ONLYDIR,
	    folder_changed, r);
}

/* The directory comes and goes with the service: where it is not there, the
 * one above it tells when it comes. */
static int
folders_watch(struct resident *r)
{
	char above[sizeof(r->folder)];
	char *slash;
	int n = folder_watch(r, r->folder, &r->folder_news);

	if (n >= 0) {
		r->parent_news = sd_event_source_disable_unref(r->parent_news);
		return 0;
	}
	strcpy(above, r->folder);
	slash = strrchr(above, '/');
	if (slash == above)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	return folder_watch(r, above, &r->parent_news);
}

/*
 * Connects if the daemon is there. First the watch, then the look: what comes
 * between the two is not missed.
 */
static void
door_look(struct resident *r)
{
	int n;

	if (r->door >= 0)
		return;
	if ((n = folders_watch(r)) < 0) {
		log_error("%s: %s", r->folder, strerror(-n));
		sd_event_exit(r->loop, EXIT_FAILURE);
		return;
	}
	/* Made between the two watches, it would not have been seen. */
	if (r->parent_news)
		folder_watch(r, r->folder, &r->folder_news);
	if (door_connect(r) < 0)
		return;
	if (sd_event_add_io(
		r->loop, &r->heard, r->door, EPOLLIN, door_heard, r) < 0) {
		door_close(r);
		return;
	}
	/* Where this fails, why stands in what is heard. */
	(void)agent_say(r->door, AGENT_HELLO, -1);
}

/* ---- the desktop ----------------------------------------------------- */

static bool
session_is_graphical(const char *id)
{
	char *type = NULL, *state = NULL;
	bool graphical =
	    sd_session_get_type(id, &type) >= 0 &&
	    sd_session_get_state(id, &state) >= 0 &&
	    (strcmp(type, "x11") == 0 || strcmp(type, "wayland") == 0) &&
	    strcmp(state, "closing") != 0;

	free(type);
	free(state);
	return graphical;
}

static bool
user_is_graphical(void)
{
	bool graphical = false;
	char **ids = NULL;

	sd_uid_get_sessions(getuid(), -1, &ids);
	for (int i = 0; ids && ids[i]; i++) {
		graphical |= session_is_graphical(ids[i]);
		free(ids[i]);
	}
	free(ids);
	return graphical;
}

/* A service manager ends this program with the desktop; where it was started
 * by the desktop itself, nobody might. */
static void
desktop_look(struct resident *r)
{
	bool graphical = user_is_graphical();

	if (r->was_graphical && !graphical)
		sd_event_exit(r->loop, EXIT_SUCCESS);
	r->was_graphical = graphical;
}

static int
sessions_changed(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct resident *r = arg;

	(void)source;
	(void)fd;
	(void)events;
	sd_login_monitor_flush(r->monitor);
	desktop_look(r);
	return 0;
}

/* Without logind there are still signals. */
static void
desktop_watch(struct resident *r)
{
	if (sd_login_monitor_new(NULL, &r->monitor) < 0 ||
	    sd_event_add_io(r->loop, NULL, sd_login_monitor_get_fd(r->monitor),
		(uint32_t)sd_login_monitor_get_events(r->monitor),
		sessions_changed, r) < 0)
		return;
	desktop_look(r);
}

/* ---- this process ---------------------------------------------------- */

static int
resident_open(struct resident *r)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	const char *path = r->options->socket;
	ssize_t len = readlink("/proc/self/exe", r->self, PATH_MAX - 1);
	sigset_t set;
	int n;

	/* By name: after an upgrade the new program is started. */
	if (len < 0)
		return -errno;
	if (path[0] != '/' || strlen(path) >= sizeof(r->folder))
		return -ENAMETOOLONG;
	r->address.sun_family = AF_UNIX;
	strcpy(r->address.sun_path, path);
	strcpy(r->folder, path);
	*strrchr(r->folder, '/') = '\0';
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	if ((n = sd_event_default(&r->loop)) < 0)
		return n;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && n >= 0; i++)
		n = sd_event_add_signal(r->loop, NULL, ends[i], NULL, NULL);
	return n;
}

int
resident_run(const struct resident_options *options)
{
	static struct resident r;
	int n;

	r = (struct resident){ .options = options, .door = -1 };
	if ((n = resident_open(&r)) >= 0) {
		desktop_watch(&r);
		door_look(&r);
		n = sd_event_loop(r.loop);
	}
	if (n < 0)
		log_error("%s: %s", options->socket, strerror(-n));
	child_kill_all();
	door_close(&r);
	sd_event_source_unref(r.folder_news);
	sd_event_source_unref(r.parent_news);
	sd_login_monitor_unref(r.monitor);
	sd_event_unref(r.loop);
	return n < 0 ? EXIT_FAILURE : n;
}
