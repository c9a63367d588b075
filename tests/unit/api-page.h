/*
 * The API with jobs that do what the test says (fake-jobs.h), a clock that
 * stands still unless moved, and pages that ask. Include it once.
 *
 * With KENMEN_API_RECORD=FILE every exchange is written there, a line of JSON
 * each: tests/check/openapi.py holds docs/openapi.yaml against them.
 */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "api.h"
#include "codes.h"
#include "fake-jobs.h"

#define S UINT64_C(1000000)
#define T0 (1000 * S)
#define N_OF(a) (sizeof(a) / sizeof(*(a)))
#define SITE "https://a.example"
#define OTHER "https://b.example"
#define ALL "https://c.example"
#define FACE "https://d.example"

static struct config_origin origins[] = {
	{ .origin = SITE,
	    .name = "サイト",
	    .kinds = KIND_BIT(KIND_CARD_INFO) | KIND_BIT(KIND_ATTRIBUTES) |
		     KIND_BIT(KIND_SIGN) | KIND_BIT(KIND_AUTHENTICATE) },
	{ .origin = OTHER, .name = "B", .kinds = KIND_BIT(KIND_CARD_INFO) },
	{ .origin = ALL, .name = "C", .kinds = KIND_BIT(KIND_N) - 1 },
	{ .origin = FACE, .name = "D", .kinds = KIND_BIT(KIND_FACE) },
};
static struct config config = {
	.idle_timeout = 3600,
	.session_max = 43200,
	.card_timeout = 60,
	.prompt_timeout = 120,
	.read_timeout = 30,
	.local_allow = true,
	.local_kinds = KIND_BIT(KIND_CARD_INFO) | KIND_BIT(KIND_FACE) |
		       KIND_BIT(KIND_AUTHENTICATE) | KIND_BIT(KIND_SIGN),
	.trust_dir = "/etc/kenmen/trust",
	.origins_n = 4,
	.origins = origins,
};

/* One request and what came back. */
struct call {
	struct api_call api; /* first */
	unsigned replies, finishes;
	struct api_reply reply;
	cJSON *json;
	char events[65536];
	size_t events_len;
	bool leaves;     /* hangs up from inside push */
	char asked[400]; /* "METHOD PATH" */
	char body[4000]; /* what was sent; "" where that is longer */
};

static struct {
	uint64_t now;
	struct api *api;
	char token[64];
	uid_t uid;
	const char *origin;
	struct call call[8];
} t;

static inline void
record(const struct call *c, int status, const char *type, const char *text,
    size_t len)
{
	const char *path = getenv("KENMEN_API_RECORD");
	FILE *file = path != NULL ? fopen(path, "a") : NULL;
	cJSON *line;
	char *json, *copy;

	if (file == NULL)
		return;
	copy = strndup(text != NULL ? text : "", len);
	line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "asked", c->asked);
	cJSON_AddStringToObject(line, "body", c->body);
	cJSON_AddNumberToObject(line, "status", status);
	cJSON_AddStringToObject(line, "type", type != NULL ? type : "");
	cJSON_AddStringToObject(line, "text", copy);
	json = cJSON_PrintUnformatted(line);
	fprintf(file, "%s\n", json);
	cJSON_free(json);
	cJSON_Delete(line);
	free(copy);
	fclose(file);
}

static inline void
call_reply(struct api_call *call, struct api_reply *reply)
{
	struct call *c = (struct call *)call;

	record(c, reply->status, reply->content_type, reply->body,
	    reply->body_len);
	assert_int_equal(c->replies++, 0);
	c->reply = *reply;
	if (reply->body != NULL) {
		assert_int_equal(strlen(reply->body), reply->body_len);
		c->json = cJSON_Parse(reply->body);
		assert_non_null(c->json);
	}
	assert_true(
	    reply->status == 204 || reply->stream || reply->body != NULL);
}

static inline void
call_push(struct api_call *call, const char *text, size_t len)
{
	struct call *c = (struct call *)call;

	record(c, 0, "", text, len);
	assert_int_equal(c->replies, 1);
	assert_true(c->reply.stream);
	assert_int_equal(c->finishes, 0);
	assert_true(c->events_len + len < sizeof(c->events));
	memcpy(c->events + c->events_len, text, len);
	c->events_len += len;
	if (c->leaves)
		api_gone(t.api, call);
}

static inline void
call_finish(struct api_call *call)
{
	struct call *c = (struct call *)call;

	assert_true(c->reply.stream);
	assert_int_equal(c->finishes++, 0);
}

static inline uint64_t
clock_now(void *arg)
{
	(void)arg;
	return t.now;
}

/* 2026-11-23T01:02:03.9Z */
static inline uint64_t
clock_real(void *arg)
{
	(void)arg;
	return UINT64_C(1795395723900000);
}

static inline void
call_finish_all(struct call *c)
{
	api_reply_finish(&c->reply);
	cJSON_Delete(c->json);
	memset(c, 0, sizeof(*c));
	c->api.reply = call_reply;
	c->api.push = call_push;
	c->api.finish = call_finish;
}

static inline int
setup(void **state)
{
	const struct api_clock clock = { clock_now, clock_real, NULL };

	(void)state;
	memset(&t, 0, sizeof(t));
	memset(&fake_jobs, 0, sizeof(fake_jobs));
	for (size_t i = 0; i < N_OF(t.call); i++)
		call_finish_all(&t.call[i]);
	t.now = T0;
	t.uid = 1;
	t.origin = SITE;
	return api_new_clocked(&clock, &config, NULL, &t.api);
}

static inline int
teardown(void **state)
{
	(void)state;
	api_free(&t.api);
	assert_null(fake_jobs.alive);
	assert_int_equal(fake_jobs.started, fake_jobs.freed);
	for (size_t i = 0; i < N_OF(t.call); i++) {
		assert_null(t.call[i].api.pending);
		call_finish_all(&t.call[i]);
	}
	return 0;
}

/* ---- asking ---------------------------------------------------------- */

static inline struct api_request
request_of(const char *method, const char *path, const char *body)
{
	struct api_request request = {
		.method = method,
		.path = path,
		.query = "",
		.origin = t.origin,
		.uid = t.uid,
		.token = t.token[0] != '\0' ? t.token : NULL,
		.content_type = body != NULL ? "application/json" : NULL,
		.body = body != NULL ? body : "",
		.body_len = body != NULL ? strlen(body) : 0,
	};

	return request;
}

static inline struct call *
send_request(unsigned i, const struct api_request *request)
{
	struct call *c = &t.call[i];

	assert_null(c->api.pending);
	call_finish_all(c);
	snprintf(c->asked, sizeof(c->asked), "%s %s", request->method,
	    request->path);
	if (request->body_len < sizeof(c->body))
		memcpy(c->body, request->body, request->body_len);
	api_handle(t.api, request, &c->api, t.now);
	return c;
}

/* On way number i; target may hold a query. */
static inline struct call *
ask_on(unsigned i, const char *method, const char *target, const char *body)
{
	char path[300];
	const char *query = strchr(target, '?');
	struct api_request request;

	snprintf(path, sizeof(path), "%.*s",
	    query != NULL ? (int)(query - target) : (int)strlen(target),
	    target);
	request = request_of(method, path, body);
	if (query != NULL)
		request.query = query + 1;
	return send_request(i, &request);
}

static inline struct call *
ask(const char *method, const char *target, const char *body)
{
	return ask_on(0, method, target, body);
}

static inline const cJSON *
member(const struct call *c, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(c->json, name);
}

static inline const char *
text_of(const struct call *c, const char *name)
{
	const char *text = cJSON_GetStringValue(member(c, name));

	assert_non_null(text);
	return text;
}

static inline const char *
in(const cJSON *object, const char *name)
{
	const char *text =
	    cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

	assert_non_null(text);
	return text;
}

static inline int
number_of(const struct call *c, const char *name)
{
	const cJSON *number = member(c, name);

	assert_true(cJSON_IsNumber(number));
	return number->valueint;
}

/* A refusal is whole: RFC 9457 and ours. */
static inline void
assert_refused(const struct call *c, enum api_code code)
{
	const struct code_text *text = code_of_api(code);
	char type[80];

	assert_int_equal(c->replies, 1);
	assert_int_equal(c->reply.status, text->status);
	assert_string_equal(text_of(c, "code"), text->name);
	assert_string_equal(c->reply.content_type, "application/problem+json");
	snprintf(type, sizeof(type), "urn:kenmen:error:%s", text->name);
	assert_string_equal(text_of(c, "type"), type);
	assert_string_equal(text_of(c, "title"), text->title);
	assert_int_equal(number_of(c, "status"), text->status);
	assert_true(strlen(text_of(c, "detail")) > 10);
	assert_true(strlen(text_of(c, "detail_ja")) > 10);
	assert_true(cJSON_IsBool(member(c, "retriable")));
	assert_int_equal(c->reply.authenticate,
	    code == API_SESSION_UNKNOWN || code == API_SESSION_EXPIRED);
}

#define REFUSED(code, ...) assert_refused(ask(__VA_ARGS__), code)

static inline void
assert_ok(const struct call *c, int status)
{
	assert_int_equal(c->replies, 1);
	if (c->reply.status != status && c->reply.body != NULL)
		print_message("%s\n", c->reply.body);
	assert_int_equal(c->reply.status, status);
	if (status == 204) {
		assert_null(c->reply.body);
		assert_null(c->reply.content_type);
	} else if (!c->reply.stream) {
		assert_string_equal(c->reply.content_type, "application/json");
	}
}

static inline void
log_in(void)
{
	struct call *c = ask("POST", "/v1/sessions", NULL);

	assert_ok(c, 201);
	strcpy(t.token, text_of(c, "token"));
}

/* Starts a read; its path in path. */
static inline void
start_read(const char *body, char path[64])
{
	struct call *c = ask("POST", "/v1/reads", body);

	assert_ok(c, 202);
	strcpy(path, c->reply.location);
}

#define READ_ATTRIBUTES "{\"kinds\":[\"attributes\"]}"
#define READ_CARD_INFO "{\"kinds\":[\"card_info\"]}"

static inline void
pass(uint64_t us)
{
	t.now += us;
	api_tick(t.api, t.now);
}

static inline void
fill_attributes(struct job *job)
{
	strcpy(job->text.attributes.name, "架空　\"花子\"");
	strcpy(job->text.attributes.address, "架空県\\架空市1-2-3");
	strcpy(job->text.attributes.birth_date, "1990-04-01");
	strcpy(job->text.attributes.birth_date_raw, "19900401");
	strcpy(job->text.attributes.sex_code, "2");
	job->text.attributes.sex = KENMEN_SEX_FEMALE;
}

#endif
