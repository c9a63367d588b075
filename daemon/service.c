#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "log.h"

#define STATUS_MAX 255

struct service {
	struct service_options options;
	sd_event_source *after; /* each turn of the loop */
	sd_event_source *leave;
	bool ready;
	uint64_t quiet_us; /* since when no connection is open; 0: one is */
	char status[STATUS_MAX + 1];
};

bool
service_is_managed(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

static uint64_t
service_now(const struct service *service)
{
	uint64_t now = 0;

	sd_event_now(service->options.loop, CLOCK_BOOTTIME, &now);
	return now;
}

/* ---- how things stand ------------------------------------------------ */

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void
status_tell(struct service *service, const struct api_load *load)
{
	const struct service_options *o = &service->options;
	unsigned desktops = o->agents ? agents_n(o->agents) : 0;
	char status[STATUS_MAX + 1];
	int len = snprintf(status, sizeof(status),
	    "Ready on https://%s%s: %u session%s, %u read%s", o->address,
	    o->more_addresses ? " and others" : "", load->sessions_n,
	    plural(load->sessions_n), load->reads_n, plural(load->reads_n));

	if (o->agents && len > 0 && (size_t)len < sizeof(status))
		snprintf(status + len, sizeof(status) - (size_t)len,
		    ", %u desktop%s", desktops, plural(desktops));
	if (!service->ready || strcmp(status, service->status) == 0)
		return;
	strcpy(service->status, status);
	sd_notifyf(0, "STATUS=%s.", status);
}

/* ---- leaving --------------------------------------------------------- */

static void
leave_consider(struct service *service, const struct api_load *load)
{
	uint64_t now = service_now(service), due;

	if (http_connections_n(service->options.http) > 0)
		service->quiet_us = 0;
	else if (service->quiet_us == 0)
		service->quiet_us = now;
	if (service->quiet_us == 0) {
		sd_event_source_set_enabled(service->leave, SD_EVENT_OFF);
		return;
	}
	due = service->quiet_us + SERVICE_IDLE_US;
	if (load->busy_until_us > due)
		due = load->busy_until_us;
	if (now >= due) {
		log_info("nothing to do: leaving until the next request");
		sd_event_exit(service->options.loop, 0);
		return;
	}
	sd_event_source_set_time(service->leave, due);
	sd_event_source_set_enabled(service->leave, SD_EVENT_ONESHOT);
}

static int
turn_done(sd_event_source *source, void *arg)
{
	struct service *service = arg;
	struct api_load load =
	    api_load(service->options.api, service_now(service));

	(void)source;
	status_tell(service, &load);
	if (service->options.leaves_when_idle)
		leave_consider(service, &load);
	return 0;
}

/* That the time has come is seen after this turn, as everything is. */
static int
leave_due(sd_event_source *source, uint64_t us, void *arg)
{
	(void)source;
	(void)us;
	(void)arg;
	return 0;
}

int
service_new(const struct service_options *options, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		return -ENOMEM;
	service->options = *options;
	if ((r = sd_event_add_time(options->loop, &service->leave,
		 CLOCK_BOOTTIME, 0, 0, leave_due, service)) < 0 ||
	    (r = sd_event_source_set_enabled(service->leave, SD_EVENT_OFF)) <
		0 ||
	    (r = sd_event_add_post(
		 options->loop, &service->after, turn_done, service)) < 0) {
		sd_event_source_unref(service->leave);
		free(service);
		return r;
	}
	*ret = service;
	return 0;
}

/* ---- what is told ---------------------------------------------------- */

void
service_ready(struct service *service)
{
	service->ready = true;
	sd_notify(0, "READY=1");
	turn_done(service->after, service);
}

void
service_reload_begin(struct service *service)
{
	struct timespec now = { 0 };

	(void)service;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void
service_reload_end(struct service *service)
{
	(void)service;
	sd_notify(0, "READY=1");
}

void
service_free(struct service **service)
{
	if (!*service)
		return;
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping.");
	sd_event_source_disable_unref((*service)->after);
	sd_event_source_disable_unref((*service)->leave);
	free(*service);
	*service = NULL;
}
