/*
 * What a service manager is told (sd_notify(3)): ready, reloading, stopping,
 * and in a line how things stand. And when there is nothing to do: a door
 * whose sockets the manager holds leaves, and is started again by the next
 * request.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agents.h"
#include "api.h"
#include "http.h"

/* Nothing to do for so long: it leaves. */
#define SERVICE_IDLE_US (60 * UINT64_C(1000000))

struct service_options {
	sd_event *loop;
	const struct api *api;
	const struct http *http;
	const struct agents *agents; /* NULL: mode = pinentry */
	const char *address;         /* the first one */
	bool more_addresses;
	bool leaves_when_idle;
};

struct service;

/* A service manager listens to us. */
bool service_is_managed(void);

/*
 * All of options must outlive it. Looks how things stand whenever the loop has
 * done something, so it wakes nothing but, when nothing is left to do, once to
 * leave (the loop then ends with 0): no session lives, nobody is kept from
 * asking, and no connection was open for a minute. Agents do not count.
 */
int service_new(const struct service_options *options, struct service **ret);
void service_ready(struct service *service);
void service_reload_begin(struct service *service);
void service_reload_end(struct service *service);
/* Says that it stops; accepts a pointer to NULL. */
void service_free(struct service **service);

#endif
