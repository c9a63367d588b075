#include "seats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "log.h"

#define LOGIN "org.freedesktop.login1"
#define LOGIN_SESSION LOGIN ".Session"
#define LOGIN_SESSIONS "/org/freedesktop/login1/session"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define LOCKED "LockedHint"

enum lock { LOCK_ASKED, LOCK_OPEN, LOCK_LOCKED };

/* A session whose lock we know of; forgotten with its session. */
struct known {
	struct known *next;
	struct seats *seats;
	enum lock lock;
	sd_bus_slot *asked;
	char id[]; /* logind's name of it */
};

struct seats {
	void (*changed)(void *arg);
	void *arg;
	sd_login_monitor *monitor;
	sd_event_source *news;
	sd_bus *bus; /* NULL: cannot be asked */
	sd_bus_slot *match;
	struct known *known;
};

/* ---- locks ----------------------------------------------------------- */

static void
known_free(struct known *known)
{
	sd_bus_slot_unref(known->asked);
	free(known);
}

/* Sessions that have ended make room. */
static void
known_prune(struct seats *seats)
{
	struct known **at = &seats->known, *gone;

	while ((gone = *at)) {
		if (sd_session_is_active(gone->id) >= 0) {
			at = &gone->next;
			continue;
		}
		*at = gone->next;
		known_free(gone);
	}
}

static struct known *
known_find(struct seats *seats, const char *id)
{
	struct known *known = seats->known;

	while (known && strcmp(known->id, id) != 0)
		known = known->next;
	return known;
}

static int
locked_told(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct known *known = arg;
	int locked = 0;

	(void)error;
	known->asked = sd_bus_slot_unref(known->asked);
	if (sd_bus_message_is_method_error(m, NULL) ||
	    sd_bus_message_read(m, "v", "b", &locked) < 0)
		log_warning("logind does not tell whether a screen is locked");
	known->lock = locked ? LOCK_LOCKED : LOCK_OPEN;
	known->seats->changed(known->seats->arg);
	return 0;
}

static int
locked_ask(struct known *known)
{
	char *path = NULL;
	int r;

	if ((r = sd_bus_path_encode(LOGIN_SESSIONS, known->id, &path)) >= 0)
		r = sd_bus_call_method_async(known->seats->bus, &known->asked,
		    LOGIN, path, PROPERTIES, "Get", locked_told, known, "ss",
		    LOGIN_SESSION, LOCKED);
	free(path);
	return r;
}

/* Asked once for each session; from then on logind tells of changes. */
static struct known *
known_add(struct seats *seats, const char *id)
{
	struct known *known = calloc(1, sizeof(*known) + strlen(id) + 1);

	if (!known)
		return NULL;
	strcpy(known->id, id);
	known->seats = seats;
	known->next = seats->known;
	seats->known = known;
	if (locked_ask(known) < 0)
		known->lock = LOCK_OPEN;
	return known;
}

static bool
session_is_locked(struct seats *seats, const char *id)
{
	struct known *known;

	if (!seats->bus)
		return false;
	known = known_find(seats, id);
	if (!known && !(known = known_add(seats, id)))
		return true; /* out of memory: rather no window */
	return known->lock != LOCK_OPEN;
}

/* One of the properties a{sv} that the message stands at. */
static int
locked_read(sd_bus_message *m, int *ret_locked)
{
	const char *name;
	int r;

	if ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		if ((r = sd_bus_message_read(m, "s", &name)) < 0)
			return r;
		if (strcmp(name, LOCKED) == 0)
			return sd_bus_message_read(m, "v", "b", ret_locked);
		if ((r = sd_bus_message_skip(m, "v")) < 0 ||
		    (r = sd_bus_message_exit_container(m)) < 0)
			return r;
	}
	return r < 0 ? r : -ENOENT;
}

static int
properties_changed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct seats *seats = arg;
	struct known *known;
	const char *interface;
	char *id = NULL;
	int locked = 0;

	(void)error;
	if (sd_bus_path_decode(
		sd_bus_message_get_path(m), LOGIN_SESSIONS, &id) <= 0)
		return 0;
	known = known_find(seats, id);
	free(id);
	if (!known || sd_bus_message_read(m, "s", &interface) < 0 ||
	    strcmp(interface, LOGIN_SESSION) != 0 ||
	    locked_read(m, &locked) < 0)
		return 0;
	known->asked = sd_bus_slot_unref(known->asked);
	known->lock = locked ? LOCK_LOCKED : LOCK_OPEN;
	seats->changed(seats->arg);
	return 0;
}

static int
bus_open(sd_event *loop, struct seats *seats)
{
	sd_bus *bus = NULL;
	int r;

	if ((r = sd_bus_open_system(&bus)) < 0)
		return r;
	if ((r = sd_bus_match_signal_async(bus, &seats->match, LOGIN, NULL,
		 PROPERTIES, "PropertiesChanged", properties_changed, NULL,
		 seats)) < 0 ||
	    (r = sd_bus_attach_event(bus, loop, SD_EVENT_PRIORITY_NORMAL)) <
		0) {
		seats->match = sd_bus_slot_unref(seats->match);
		sd_bus_flush_close_unref(bus);
		return r;
	}
	seats->bus = bus;
	return 0;
}

/* ---- sessions -------------------------------------------------------- */

static bool
equals(int r, char *text, const char *wanted)
{
	bool equal = r >= 0 && text && strcmp(text, wanted) == 0;

	free(text);
	return equal;
}

static bool
session_has_type(const char *id, const char *wanted)
{
	char *type = NULL;
	int r = sd_session_get_type(id, &type);

	return equals(r, type, wanted);
}

static bool
session_has_seat(const char *id)
{
	char *seat = NULL;
	int r = sd_session_get_seat(id, &seat);

	free(seat);
	return r >= 0;
}

/* A person's own, in front of this computer, with windows. */
static bool
session_counts(const char *id)
{
	char *class = NULL;
	int r = sd_session_get_class(id, &class);

	return equals(r, class, "user") && sd_session_is_remote(id) == 0 &&
	       session_has_seat(id) &&
	       (session_has_type(id, "x11") || session_has_type(id, "wayland"));
}

static enum seat_place
session_place(struct seats *seats, const char *id)
{
	if (!session_counts(id))
		return SEAT_NONE;
	if (sd_session_is_active(id) <= 0)
		return SEAT_AWAY;
	return session_is_locked(seats, id) ? SEAT_LOCKED : SEAT_ACTIVE;
}

enum seat_place
seats_of(struct seats *seats, uid_t uid)
{
	enum seat_place place, best = SEAT_NONE;
	char **ids = NULL;
	int n = sd_uid_get_sessions(uid, -1, &ids);

	for (int i = 0; i < n; i++) {
		place = session_place(seats, ids[i]);
		if (place > best)
			best = place;
	}
	for (int i = 0; ids && ids[i]; i++)
		free(ids[i]);
	free(ids);
	return best;
}

bool
seats_are_kept(void)
{
	return sd_booted() > 0;
}

/* ---- news ------------------------------------------------------------ */

static int
sessions_changed(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct seats *seats = arg;

	(void)source;
	(void)fd;
	(void)events;
	sd_login_monitor_flush(seats->monitor);
	known_prune(seats);
	seats->changed(seats->arg);
	return 0;
}

static int
monitor_open(sd_event *loop, struct seats *seats)
{
	int fd, r;

	if ((r = sd_login_monitor_new(NULL, &seats->monitor)) < 0)
		return r;
	if ((fd = sd_login_monitor_get_fd(seats->monitor)) < 0)
		return fd;
	return sd_event_add_io(loop, &seats->news, fd,
	    (uint32_t)sd_login_monitor_get_events(seats->monitor),
	    sessions_changed, seats);
}

int
seats_new(
    sd_event *loop, void (*changed)(void *arg), void *arg, struct seats **ret)
{
	struct seats *seats = calloc(1, sizeof(*seats));
	int r;

	if (!seats)
		return -ENOMEM;
	seats->changed = changed;
	seats->arg = arg;
	if ((r = monitor_open(loop, seats)) < 0)
		log_warning("logind cannot be followed, so nobody is known to "
			    "sit here and no window can be shown: %s",
		    strerror(-r));
	if ((r = bus_open(loop, seats)) < 0)
		log_warning(
		    "logind cannot be asked whether a screen is locked: %s",
		    strerror(-r));
	*ret = seats;
	return 0;
}

void
seats_free(struct seats **seats)
{
	struct seats *s = *seats;
	struct known *known;

	if (!s)
		return;
	while ((known = s->known)) {
		s->known = known->next;
		known_free(known);
	}
	sd_bus_slot_unref(s->match);
	sd_bus_flush_close_unref(s->bus);
	sd_event_source_unref(s->news);
	sd_login_monitor_unref(s->monitor);
	free(s);
	*seats = NULL;
}
