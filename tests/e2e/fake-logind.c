/*
 * Stands in for logind on a private bus: tells of each session whether its
 * screen is locked, as org.freedesktop.login1 does, and nothing else. A real
 * logind needs a booted systemd.
 *
 * Commands on stdin, a line each, answered with "ok" when the bus has it:
 *	lock ID	unlock ID
 * Ends at the end of stdin.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define SESSIONS "/org/freedesktop/login1/session"
#define INTERFACE "org.freedesktop.login1.Session"
#define IDS_MAX 16

static char locked[IDS_MAX][64];

static char *
find(const char *id)
{
	for (int i = 0; i < IDS_MAX; i++)
		if (strcmp(locked[i], id) == 0)
			return locked[i];
	return NULL;
}

static int
get(sd_bus *bus, const char *path, const char *interface, const char *property,
    sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	char *id = NULL;
	int r = sd_bus_path_decode(path, SESSIONS, &id);

	(void)bus;
	(void)interface;
	(void)property;
	(void)arg;
	(void)error;
	if (r <= 0)
		return -ENOENT;
	r = sd_bus_message_append(reply, "b", find(id) != NULL);
	free(id);
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY(
	    "LockedHint", "b", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

static int
command(sd_bus *bus, char *line)
{
	char *id = strchr(line, ' '), *path = NULL, *room;
	int r;

	if (!id)
		return -EINVAL;
	*id++ = '\0';
	id[strcspn(id, "\n")] = '\0';
	room = find(strcmp(line, "lock") == 0 && !find(id) ? "" : id);
	if (!room || strlen(id) >= sizeof(locked[0]))
		return -EINVAL;
	strcpy(room, strcmp(line, "lock") == 0 ? id : "");
	if ((r = sd_bus_path_encode(SESSIONS, id, &path)) < 0)
		return r;
	r = sd_bus_emit_properties_changed(
	    bus, path, INTERFACE, "LockedHint", NULL);
	free(path);
	return r < 0 ? r : sd_bus_flush(bus);
}

static int
heard(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	char line[128];

	(void)fd;
	(void)events;
	if (!fgets(line, sizeof(line), stdin))
		return sd_event_exit(sd_event_source_get_event(source), 0);
	puts(command(arg, line) < 0 ? "error" : "ok");
	return 0;
}

int
main(void)
{
	sd_event *loop = NULL;
	sd_bus *bus = NULL;
	int r;

	/* A line at a time: none may hide in a buffer. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if ((r = sd_event_default(&loop)) < 0 ||
	    (r = sd_bus_open_system(&bus)) < 0 ||
	    (r = sd_bus_add_fallback_vtable(
		 bus, NULL, SESSIONS, INTERFACE, vtable, NULL, NULL)) < 0 ||
	    (r = sd_bus_request_name(bus, "org.freedesktop.login1", 0)) < 0 ||
	    (r = sd_bus_attach_event(bus, loop, 0)) < 0 ||
	    (r = sd_event_add_io(loop, NULL, 0, 1 /* EPOLLIN */, heard, bus)) <
		0) {
		fprintf(stderr, "fake-logind: %s\n", strerror(-r));
		return 1;
	}
	puts("fake-logind: ready");
	r = sd_event_loop(loop);
	sd_bus_flush_close_unref(bus);
	sd_event_unref(loop);
	return r < 0;
}
