/*
 * The routes of the API and what each of them does. For api.c, which leads a
 * request to its route.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api-body.h"
#include "api-wait.h"

struct api {
	sd_event *loop; /* NULL: driven by its owner */
	sd_event_source *timer;
	struct api_clock clock;
	const struct config *config;
	struct jobs *jobs;
	struct sessions *sessions;
	struct reads *reads;
	struct waits *waits;
};

/* One request on its way through api_handle. */
struct visit {
	struct api *api;
	const struct api_request *request;
	struct api_call *call;
	uint64_t now;
	const struct route *route;
	const struct config_origin *origin;
	struct session *session;
	const char *id; /* what stands after a path that ends in '/' */
	struct cJSON *body;
	struct asked asked;
	struct refusal refusal;
	char allow[48];
};

enum method { METHOD_GET, METHOD_POST, METHOD_DELETE, METHOD_N };

struct route {
	const char *path; /* with '/' at its end: an id follows */
	enum method method;
	bool open; /* no token is needed */
	/* Answers, or parks the call and returns true; false: refused. */
	bool (*handle)(struct visit *v);
	const struct form *form;
};

extern const struct route routes[];
extern const size_t routes_n;

bool visit_refuse(struct visit *v, enum api_code code);
/* why: what those who wait on it are told, and whether it ran out. */
void api_session_over(
    struct api *api, struct session *session, enum api_code why, uint64_t now);

#endif
