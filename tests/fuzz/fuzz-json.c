/*
 * Requests as a page could send them: a first line "METHOD PATH?QUERY", the
 * rest is the body. A session is there, and jobs that never say a word.
 * Each request is answered once or waits; every answer is itself JSON, and
 * none is 500.
 */
#include <string.h>

#include "../unit/fake-jobs.h"
#include "api.h"
#include "fuzz.h"
#include "json-check.h"

#define LINE_MAX 200

static struct config_origin origin = { .origin = "https://a.example",
	.name = "A",
	.kinds = KIND_BIT(KIND_N) - 1 };
static struct config config = { .idle_timeout = 3600,
	.session_max = 43200,
	.origins_n = 1,
	.origins = &origin };

static char token[64];
static unsigned replies, finishes;

static void
reply(struct api_call *call, struct api_reply *r)
{
	const char *at;

	(void)call;
	replies++;
	FUZZ_CHECK(r->status >= 200 && r->status != 500);
	FUZZ_CHECK(r->body != NULL || r->status == 204 || r->stream);
	if (r->body != NULL)
		FUZZ_CHECK(json_check(r->body, r->body_len));
	if (r->status == 201 && (at = strstr(r->body, "\"token\":\"")) != NULL)
		memcpy(token, at + 9, 43);
	api_reply_finish(r);
}

static void
push(struct api_call *call, const char *text, size_t len)
{
	(void)call;
	FUZZ_CHECK(len > 0 && text[len - 1] == '\n');
}

static void
finish(struct api_call *call)
{
	(void)call;
	finishes++;
}

static uint64_t
now(void *arg)
{
	(void)arg;
	return 1000000;
}

/* Wanted answers come once: now, or when the API ends. */
static void
ask(const char *method, const char *path, const char *query,
    const uint8_t *body, size_t len)
{
	const struct api_clock clock = { now, now, NULL };
	struct api_call calls[2] = { { reply, push, finish, NULL },
		{ reply, push, finish, NULL } };
	struct api_request request = { .method = "POST",
		.path = "/v1/sessions",
		.query = "",
		.origin = origin.origin,
		.body = "" };
	struct api *api;

	FUZZ_CHECK(api_new_clocked(&clock, &config, NULL, &api) == 0);
	api_handle(api, &request, &calls[0], now(NULL));
	FUZZ_CHECK(replies == 1);
	request = (struct api_request){ method, path, query, origin.origin, 0,
		token, "application/json", (const char *)body, len, false };
	api_handle(api, &request, &calls[1], now(NULL));
	FUZZ_CHECK(replies == 2 || calls[1].pending != NULL);
	api_free(&api);
	FUZZ_CHECK(replies == 2 && finishes <= 1 && fake_jobs.alive == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\n', len);
	char line[LINE_MAX + 1] = "", *path, *query;
	size_t line_len = end != NULL ? (size_t)(end - data) : 0;
	uint8_t *body;

	if (end == NULL || line_len > LINE_MAX || len > API_BODY_MAX)
		return 0;
	memcpy(line, data, line_len);
	path = strchr(line, ' ');
	if (path == NULL)
		return 0;
	*path++ = '\0';
	if ((query = strchr(path, '?')) != NULL)
		*query++ = '\0';

	/* A copy of its own size, so that a look past it is seen. */
	len -= line_len + 1;
	body = malloc(len > 0 ? len : 1);
	FUZZ_CHECK(body != NULL);
	memcpy(body, end + 1, len);
	replies = finishes = 0;
	ask(line, path, query != NULL ? query : "", body, len);
	free(body);
	return 0;
}
