#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api-answer.h"
#include "api-json.h"
#include "api-route.h"

#define TIMER_ACCURACY_US 1000

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t
api_now(const struct api *api)
{
	return api->clock.boottime(api->clock.arg);
}

/* ---- the steps of a request, in the order of refusals ---------------- */

static const char *const method_names[METHOD_N] = {
	[METHOD_GET] = "GET",
	[METHOD_POST] = "POST",
	[METHOD_DELETE] = "DELETE",
};

static bool
path_fits(const struct route *route, const char *path, const char **ret_id)
{
	size_t len = strlen(route->path);

	if (route->path[len - 1] != '/')
		return strcmp(route->path, path) == 0;
	if (strncmp(route->path, path, len) != 0 || path[len] == '\0' ||
	    strchr(path + len, '/') != NULL)
		return false;
	*ret_id = path + len;
	return true;
}

void
api_path_name(const char *target, char ret[API_PATH_NAME_MAX + 1])
{
	char path[64];
	const char *id;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(target, "?"), target);
	for (size_t i = 0; i < routes_n; i++) {
		id = NULL;
		if (!path_fits(&routes[i], path, &id))
			continue;
		snprintf(ret, API_PATH_NAME_MAX + 1, "%s%s", routes[i].path,
		    id != NULL ? "ID" : "");
		return;
	}
	strcpy(ret, "?");
}

static void
allow_add(char allow[48], const char *method)
{
	size_t len = strlen(allow);

	snprintf(allow + len, 48 - len, "%s%s", len > 0 ? ", " : "", method);
}

/* Finds the route and, for a refusal, the methods that the path takes. */
static bool
step_path(struct visit *v)
{
	for (size_t i = 0; i < routes_n; i++) {
		const char *method = method_names[routes[i].method];
		if (!path_fits(&routes[i], v->request->path, &v->id))
			continue;
		allow_add(v->allow, method);
		if (strcmp(v->request->method, method) == 0)
			v->route = &routes[i];
	}
	return v->allow[0] != '\0' || visit_refuse(v, API_NOT_FOUND);
}

static bool
step_method(struct visit *v)
{
	return v->route != NULL || visit_refuse(v, API_METHOD_NOT_ALLOWED);
}

static bool
step_token(struct visit *v)
{
	struct api *api = v->api;

	if (v->route->open)
		return true;
	switch (session_find(api->sessions, v->request->token, v->request->uid,
	    v->origin, v->now, &v->session)) {
	case SESSION_LIVE:
		break;
	case SESSION_UNKNOWN:
		return visit_refuse(v, API_SESSION_UNKNOWN);
	case SESSION_EXPIRED:
		return visit_refuse(v, API_SESSION_EXPIRED);
	case SESSION_OTHER_USER:
		return visit_refuse(v, API_OTHER_USER);
	}
	if (v->route->method != METHOD_GET)
		session_extend(v->session, v->now);
	return true;
}

static bool
has_body(const struct api_request *request)
{
	return request->body_len > 0 || request->too_large;
}

static bool
step_type(struct visit *v)
{
	return !has_body(v->request) ||
	       json_is_type(v->request->content_type) ||
	       visit_refuse(v, API_NOT_JSON);
}

static bool
step_size(struct visit *v)
{
	if (v->request->too_large || v->request->body_len > API_BODY_MAX)
		return visit_refuse(v, API_TOO_LARGE);
	return true;
}

static bool
step_json(struct visit *v)
{
	return body_parse(
	    v->request->body, v->request->body_len, &v->body, &v->refusal);
}

static bool
step_query(struct visit *v)
{
	return query_take(
	    v->request->query, v->route->form, &v->asked, &v->refusal);
}

static bool
step_members(struct visit *v)
{
	return body_take(v->body, v->route->form, &v->asked, &v->refusal);
}

static bool (*const steps[])(struct visit *v) = {
	step_method,
	step_token,
	step_type,
	step_size,
	step_json,
	step_query,
	step_members,
};

static bool
visit_run(struct visit *v)
{
	if (!step_path(v))
		return false;
	if (strcmp(v->request->method, "OPTIONS") == 0) {
		struct api_reply reply = { .status = 204, .preflight = true };
		v->call->reply(v->call, &reply);
		return true;
	}
	for (size_t i = 0; i < N_OF(steps); i++)
		if (!steps[i](v))
			return false;
	return v->route->handle(v);
}

static void
visit_answer_refusal(struct visit *v)
{
	struct api_reply reply;

	answer_refusal(&v->refusal, &reply);
	if (v->refusal.code == API_METHOD_NOT_ALLOWED)
		strcpy(reply.allow, v->allow);
	v->call->reply(v->call, &reply);
}

void
api_handle(struct api *api, const struct api_request *request,
    struct api_call *call, uint64_t now)
{
	struct visit v = {
		.api = api,
		.request = request,
		.call = call,
		.now = now,
		.asked = { .grace = GRACE_S },
	};

	call->pending = NULL;
	api_tick(api, now);
	waits_enter(api->waits);
	if (request->origin != NULL)
		v.origin = origin_find(
		    api->config, request->origin, strlen(request->origin));
	if (request->origin != NULL && v.origin == NULL)
		visit_refuse(&v, API_ORIGIN_NOT_ALLOWED);
	if ((request->origin != NULL && v.origin == NULL) || !visit_run(&v))
		visit_answer_refusal(&v);
	body_free(&v.body);
	waits_leave(api->waits, now);
}

void
api_gone(struct api *api, struct api_call *call)
{
	waits_gone(api->waits, call, api_now(api));
}

/* ---- what reads tell ------------------------------------------------- */

static void
owner_changed(void *arg, struct read *read)
{
	struct api *api = arg;

	waits_read_changed(api->waits, read, api_now(api));
}

static void
owner_present(void *arg, struct session *session)
{
	struct api *api = arg;
	uint64_t now = api_now(api);

	waits_enter(api->waits);
	session_extend(session, now);
	waits_leave(api->waits, now);
}

/* Of the next person at this desk the last one's page knows nothing. */
static void
owner_card_taken(void *arg, uint64_t now)
{
	struct api *api = arg;
	struct session *session, *next;

	for (session = sessions_after(api->sessions, NULL); session != NULL;
	     session = next) {
		next = sessions_after(api->sessions, session);
		if (session->card_read)
			api_session_over(
			    api, session, API_SESSION_UNKNOWN, now);
	}
}

static uint64_t
owner_now(void *arg)
{
	return api_now(arg);
}

static uint64_t
owner_realtime(void *arg)
{
	const struct api *api = arg;

	return api->clock.realtime(api->clock.arg);
}

/* ---- time ------------------------------------------------------------ */

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

uint64_t
api_next(const struct api *api)
{
	return sooner(
	    sooner(sessions_next(api->sessions), reads_next(api->reads)),
	    waits_next(api->waits));
}

void
api_tick(struct api *api, uint64_t now)
{
	struct session *session;

	waits_enter(api->waits);
	while ((session = sessions_overdue(api->sessions, now)) != NULL)
		api_session_over(api, session, API_SESSION_EXPIRED, now);
	reads_tick(api->reads, now);
	waits_tick(api->waits, now);
	waits_leave(api->waits, now);
}

static void
timer_arm(void *arg)
{
	struct api *api = arg;
	uint64_t next;

	if (api->timer == NULL)
		return;
	if ((next = api_next(api)) != 0)
		sd_event_source_set_time(api->timer, next);
	sd_event_source_set_enabled(
	    api->timer, next != 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int
timer_fired(sd_event_source *source, uint64_t us, void *arg)
{
	struct api *api = arg;

	(void)source;
	(void)us;
	api_tick(api, api_now(api));
	return 0;
}

/* The loop's clocks; an error leaves 0, the time before every deadline. */
static uint64_t
loop_boottime(void *arg)
{
	uint64_t now = 0;

	sd_event_now(arg, CLOCK_BOOTTIME, &now);
	return now;
}

static uint64_t
loop_realtime(void *arg)
{
	uint64_t now = 0;

	sd_event_now(arg, CLOCK_REALTIME, &now);
	return now;
}

struct api_load
api_load(const struct api *api, uint64_t now)
{
	struct api_load load = { .sessions_n = sessions_n(api->sessions),
		.reads_n = reads_of_n(api->reads, NULL),
		.busy_until_us = reads_limited_until(api->reads, now) };

	for (const struct session *s = sessions_after(api->sessions, NULL);
	     s != NULL; s = sessions_after(api->sessions, s)) {
		uint64_t deadline = session_deadline(api->sessions, s);

		if (deadline > load.busy_until_us)
			load.busy_until_us = deadline;
	}
	return load;
}

static bool
session_is_meant(
    const struct session *session, const struct api_sessions_wish *wish)
{
	return (wish->everybody || session->uid == wish->uid) &&
	       (wish->number == 0 || session->number == wish->number);
}

void
api_sessions(struct api *api, const struct api_sessions_wish *wish,
    uint64_t now, void (*tell)(void *arg, const struct api_session *session),
    void *arg)
{
	struct session *s, *next;

	waits_enter(api->waits);
	for (s = sessions_after(api->sessions, NULL); s != NULL; s = next) {
		struct api_session row = { .number = s->number,
			.uid = s->uid,
			.origin = s->origin != NULL ? s->origin->origin : "",
			.expires_in = session_expires_in(api->sessions, s, now),
			.reads_n = reads_of_n(api->reads, s) };

		next = sessions_after(api->sessions, s);
		if (!session_is_meant(s, wish))
			continue;
		tell(arg, &row);
		if (wish->end)
			api_session_over(api, s, API_SESSION_UNKNOWN, now);
	}
	waits_leave(api->waits, now);
}

/* ---- a new configuration --------------------------------------------- */

/* False: its session must end. Else *ret_kinds: what it may ask for. */
static bool
session_may_stay(const struct session *session, const struct config *fresh,
    uint32_t *ret_kinds)
{
	const struct config_origin *origin = session->origin;

	if (origin != NULL)
		origin =
		    origin_find(fresh, origin->origin, strlen(origin->origin));
	*ret_kinds = origin_kinds(fresh, origin);
	return session->origin != NULL ? origin != NULL : fresh->local_allow;
}

/* As if the page had deleted them. */
static void
reads_restrict(struct api *api, const struct session *session, uint32_t kinds,
    uint64_t now)
{
	struct read *read = NULL;

	while ((read = reads_after(api->reads, session, read)) != NULL)
		if (read->kinds & ~kinds)
			read_delete(read, now);
}

void
api_reload(struct api *api, const struct config *fresh, uint64_t now)
{
	struct session *session, *next;
	uint32_t kinds;

	waits_enter(api->waits);
	for (session = sessions_after(api->sessions, NULL); session != NULL;
	     session = next) {
		next = sessions_after(api->sessions, session);
		if (session_may_stay(session, fresh, &kinds))
			reads_restrict(api, session, kinds, now);
		else
			api_session_over(
			    api, session, API_SESSION_UNKNOWN, now);
	}
	waits_leave(api->waits, now);
}

void
api_reloaded(struct api *api)
{
	sessions_move(api->sessions, api->config);
}

/* ---- the API as a whole ---------------------------------------------- */

static int
rooms_new(struct api *api)
{
	const struct config *config = api->config;
	const struct reads_owner of_reads = { owner_changed, owner_present,
		owner_now, owner_realtime, api };
	const struct waits_owner of_waits = { owner_now, owner_card_taken,
		timer_arm, api };
	int r;

	if ((r = sessions_new(config->idle_timeout, config->session_max,
		 &api->sessions)) < 0 ||
	    (r = reads_new(config, api->jobs, &of_reads, &api->reads)) < 0)
		return r;
	return waits_new(config, api->jobs, api->sessions, api->reads,
	    &of_waits, &api->waits);
}

static void
rooms_free(struct api *api)
{
	waits_free(&api->waits);
	reads_free(&api->reads);
	sessions_free(&api->sessions);
}

int
api_new_clocked(const struct api_clock *clock, const struct config *config,
    struct jobs *jobs, struct api **ret)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (api == NULL)
		return -ENOMEM;
	json_start();
	api->clock = *clock;
	api->config = config;
	api->jobs = jobs;
	if ((r = rooms_new(api)) < 0) {
		rooms_free(api);
		free(api);
		return r;
	}
	*ret = api;
	return 0;
}

int
api_new(sd_event *loop, const struct config *config, struct jobs *jobs,
    struct api **ret)
{
	struct api_clock clock = { loop_boottime, loop_realtime, loop };
	struct api *api;
	int r;

	if ((r = api_new_clocked(&clock, config, jobs, &api)) < 0)
		return r;
	api->loop = sd_event_ref(loop);
	if ((r = sd_event_add_time(loop, &api->timer, CLOCK_BOOTTIME, 0,
		 TIMER_ACCURACY_US, timer_fired, api)) < 0 ||
	    (r = sd_event_source_set_enabled(api->timer, SD_EVENT_OFF)) < 0) {
		api_free(&api);
		return r;
	}
	*ret = api;
	return 0;
}

void
api_free(struct api **api)
{
	struct api *a = *api;
	struct session *session;
	uint64_t now;

	if (a == NULL)
		return;
	now = api_now(a);
	waits_enter(a->waits);
	while ((session = sessions_first(a->sessions)) != NULL)
		api_session_over(a, session, API_SESSION_UNKNOWN, now);
	waits_leave(a->waits, now); /* nobody waits: the runners end too */
	rooms_free(a);
	sd_event_source_disable_unref(a->timer);
	sd_event_unref(a->loop);
	free(a);
	*api = NULL;
}
