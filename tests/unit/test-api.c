/*
 * The API from request to reply: refusals, sessions, reads, readers, events.
 * What each kind asks for and returns: test-api-kinds.c.
 */
#include "api-page.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- health ---------------------------------------------------------- */

static void
health_needs_no_token(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/test-api-XXXXXX";
	struct call *c;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
	setenv("PCSCLITE_CSOCK_NAME", address.sun_path, 1);
	c = ask("GET", "/v1/health", NULL);
	assert_ok(c, 200);
	assert_string_equal(text_of(c, "service"), "kenmend");
	assert_string_equal(text_of(c, "version"), KENMEN_VERSION);
	assert_int_equal(number_of(c, "api"), 1);
	assert_string_equal(text_of(c, "pcsc"), "unavailable");
	assert_string_equal(text_of(c, "prompt"), "unavailable");
	assert_int_equal(cJSON_GetArraySize(c->json), 5);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fake_jobs.voice = true;
	c = ask("GET", "/v1/health", NULL);
	assert_string_equal(text_of(c, "pcsc"), "ok");
	assert_string_equal(text_of(c, "prompt"), "ok");
	close(fd);
	unlink(address.sun_path);
	rmdir(dir);
	assert_int_equal(fake_jobs.started, 0);
	assert_int_equal(api_next(t.api), 0); /* nothing will wake up */
}

/* ---- the order of refusals ------------------------------------------- */

static void
paths_that_are_not_there(void **state)
{
	static const char *const paths[] = { "/", "", "*", "/v1", "/v1/",
		"/v1/health/", "/v1/Health", "/v1/reads/", "/v1/reads/a/b",
		"/v1/reads//", "/v1/sessions/", "/v1/session/touch/",
		"/v1/healthx", "/v2/health", "//v1/health", "/v1/%68ealth",
		"/v1/reads/%2e%2e/x" };

	(void)state;
	for (size_t i = 0; i < N_OF(paths); i++) {
		REFUSED(API_NOT_FOUND, "GET", paths[i], NULL);
		REFUSED(API_NOT_FOUND, "PUT", paths[i], "{");
		REFUSED(API_NOT_FOUND, "OPTIONS", paths[i], NULL);
	}
}

static void
methods_that_are_not_taken(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path, *allow;
	} cases[] = {
		{ "/v1/health", "GET" },
		{ "/v1/sessions", "POST" },
		{ "/v1/session", "GET, DELETE" },
		{ "/v1/session/touch", "POST" },
		{ "/v1/reads", "GET, POST" },
		{ "/v1/reads/x", "GET, DELETE" },
		{ "/v1/readers", "GET" },
		{ "/v1/events", "GET" },
	};
	/* clang-format on */
	static const char *const methods[] = { "PUT", "PATCH", "HEAD", "get",
		"TRACE", "CONNECT", "", "GETX" };

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		for (size_t m = 0; m < N_OF(methods); m++) {
			struct call *c = ask(methods[m], cases[i].path, "{");
			assert_refused(c, API_METHOD_NOT_ALLOWED);
			assert_string_equal(c->reply.allow, cases[i].allow);
		}
}

static void
preflight_needs_no_token(void **state)
{
	struct call *c = ask("OPTIONS", "/v1/reads", NULL);

	(void)state;
	assert_ok(c, 204);
	assert_true(c->reply.preflight);
}

static const struct {
	const char *method, *path;
} authenticated[] = {
	{ "GET", "/v1/session" },
	{ "POST", "/v1/session/touch" },
	{ "GET", "/v1/reads" },
	{ "POST", "/v1/reads" },
	{ "GET", "/v1/reads/x" },
	{ "DELETE", "/v1/reads/x" },
	{ "GET", "/v1/readers" },
	{ "GET", "/v1/events" },
	{ "DELETE", "/v1/session" },
};

static void
all_but_two_need_a_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(authenticated); i++) {
		const char *method = authenticated[i].method;
		const char *path = authenticated[i].path;
		REFUSED(API_SESSION_UNKNOWN, method, path, NULL);
		strcpy(t.token, "AAAA");
		REFUSED(API_SESSION_UNKNOWN, method, path, NULL);
		t.token[0] = '\0';
	}
	assert_int_equal(fake_jobs.started, 0);
}

static void
no_token_is_another_users(void **state)
{
	(void)state;
	log_in();
	t.uid = 2;
	for (size_t i = 0; i < N_OF(authenticated); i++)
		REFUSED(API_OTHER_USER, authenticated[i].method,
		    authenticated[i].path, NULL);
	t.uid = 1;
	assert_ok(ask("GET", "/v1/session", NULL), 200);
}

/* A request with everything wrong; each repair shows the next refusal. */
static void
refusals_come_in_order(void **state)
{
	struct api_request request;
	struct call *c;
	char token[64];

	(void)state;
	log_in();
	strcpy(token, t.token);
	start_read(READ_CARD_INFO, (char[64]){ 0 });
	for (int n = 0; n < 3; n++) {
		char path[64];
		fake_done(fake_of(ERRAND_READ));
		start_read(READ_ATTRIBUTES, path);
		fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
		fake_fail(fake_last(), CODE_PIN_CANCELLED, -1, -1);
		start_read(READ_CARD_INFO, path);
	}

	request = request_of("PUT", "/v1/nothing", "{\"a\":1,\"a\":2}");
	request.too_large = true;
	request.content_type = "text/plain";
	request.token = "x";
	assert_refused(send_request(0, &request), API_NOT_FOUND);
	request.path = "/v1/reads";
	assert_refused(send_request(0, &request), API_METHOD_NOT_ALLOWED);
	request.method = "POST";
	assert_refused(send_request(0, &request), API_SESSION_UNKNOWN);
	request.token = token;
	request.uid = 2;
	assert_refused(send_request(0, &request), API_OTHER_USER);
	request.uid = 1;
	assert_refused(send_request(0, &request), API_NOT_JSON);
	request.content_type = "application/json";
	assert_refused(send_request(0, &request), API_TOO_LARGE);
	request.too_large = false;
	assert_refused(send_request(0, &request), API_BAD_JSON);
	request.body = "{\"kinds\":[\"face\"],\"x\":1}";
	request.body_len = strlen(request.body);
	assert_refused(send_request(0, &request), API_BAD_REQUEST);
	request.body = "{\"kinds\":[\"face\"]}";
	request.body_len = strlen(request.body);
	assert_refused(send_request(0, &request), API_KIND_NOT_ALLOWED);
	request.body = READ_ATTRIBUTES;
	request.body_len = strlen(request.body);
	assert_refused(send_request(0, &request), API_BUSY);
	fake_done(fake_of(ERRAND_READ));
	c = send_request(0, &request);
	assert_refused(c, API_PROMPT_LIMITED);
	assert_int_equal(c->reply.retry_after, 600);
	t.now += 600 * S;
	assert_ok(send_request(0, &request), 202);
}

/* ---- bodies ---------------------------------------------------------- */

static void
bodies_are_one_json_value(void **state)
{
	static const char *const bad[] = { "x", "{", "{}{}", "{} x",
		"{\"lang\":\"ja\",}", "{'lang':1}", " ", "\xef\xbb\xbf{}",
		"{\"lang\":\"ja\",\"lang\":\"ja\"}",
		"{\"lang\":\"ja\",\"l\\u0061ng\":\"en\"}",
		"{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", "[[{\"a\":1,\"a\":1}]]",
		"{\"lang\":\"\\u0000\"}", "{\"lang\":\"\x80\"}",
		"[[[[[[[[[1]]]]]]]]]", "{\"takeover\":01}" };
	struct api_request request;

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++)
		REFUSED(API_BAD_JSON, "POST", "/v1/sessions", bad[i]);
	/* A NUL behind the value is something after it. */
	request = request_of("POST", "/v1/sessions", "{}");
	request.body_len = 3;
	assert_refused(send_request(0, &request), API_BAD_JSON);
}

static void
bodies_are_objects_with_known_members(void **state)
{
	/* clang-format off */
	static const struct {
		const char *body, *named;
	} bad[] = {
		{ "[]", "body" }, { "null", "body" }, { "\"x\"", "body" },
		{ "1", "body" }, { "true", "body" },
		{ "{\"x\":1}", "\"x\"" },
		{ "{\"Lang\":\"ja\"}", "\"Lang\"" },
		{ "{\"lang\":\"fr\"}", "\"lang\"" },
		{ "{\"lang\":\"JA\"}", "\"lang\"" },
		{ "{\"lang\":null}", "\"lang\"" },
		{ "{\"lang\":1}", "\"lang\"" },
		{ "{\"lang\":[\"ja\"]}", "\"lang\"" },
		{ "{\"takeover\":1}", "\"takeover\"" },
		{ "{\"takeover\":\"true\"}", "\"takeover\"" },
		{ "{\"takeover\":null}", "\"takeover\"" },
		{ "{\"kinds\":[\"attributes\"]}", "\"kinds\"" },
		{ "{\"\":1}", "\"\"" },
		{ "{\"氏名\":1}", "\"氏名\"" },
		{ "{\"a\\nb\\u0085\":1}", "\"a?b?\"" },
		/* Cut at a character, not in the middle of one. */
		{ "{\"aああああああああああああああああああああ\":1}",
		    "\"aあああああああああああああ\"" },
	};
	/* clang-format on */
	struct call *c;

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		c = ask("POST", "/v1/sessions", bad[i].body);
		assert_refused(c, API_BAD_REQUEST);
		assert_non_null(strstr(text_of(c, "detail"), bad[i].named));
		assert_non_null(strstr(text_of(c, "detail_ja"), bad[i].named));
	}
	c = ask("POST", "/v1/sessions", "{\"x\":1,\"lang\":2,\"y\":3}");
	assert_refused(c, API_BAD_REQUEST);
	assert_non_null(strstr(text_of(c, "detail"), "\"x\""));
	assert_non_null(strstr(text_of(c, "detail"), "\"lang\""));
	assert_non_null(strstr(text_of(c, "detail"), "\"y\""));
}

/* However many members are wrong: no overflow, no half sentence. */
static void
many_faults_make_one_short_detail(void **state)
{
	char body[60000] = "{";
	struct call *c;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		sprintf(
		    body + strlen(body), "%s\"m%u\":1", i > 0 ? "," : "", i);
	strcat(body, "}");
	c = ask("POST", "/v1/sessions", body);
	assert_refused(c, API_BAD_REQUEST);
	assert_non_null(strstr(text_of(c, "detail"), "\"m0\""));
	assert_in_range(strlen(text_of(c, "detail")), 100, 400);
	assert_int_equal(
	    text_of(c, "detail")[strlen(text_of(c, "detail")) - 1], '.');
	assert_in_range(strlen(text_of(c, "detail_ja")), 100, 600);
}

static void
a_missing_body_is_an_empty_object(void **state)
{
	struct call *c = ask("POST", "/v1/sessions", NULL);

	(void)state;
	assert_ok(c, 201);
	strcpy(t.token, text_of(c, "token"));
	assert_ok(ask("POST", "/v1/session/touch", NULL), 200);
	assert_ok(ask("POST", "/v1/session/touch", "{}"), 200);
	REFUSED(API_BAD_REQUEST, "POST", "/v1/session/touch", "{\"lang\":1}");
	/* Nor does a GET or DELETE take members. */
	REFUSED(API_BAD_REQUEST, "GET", "/v1/session", "{\"x\":1}");
	REFUSED(API_BAD_REQUEST, "DELETE", "/v1/session", "{\"x\":1}");
	assert_ok(ask("DELETE", "/v1/session", "{}"), 204);
}

static void
content_types(void **state)
{
	static const char *const good[] = { "application/json",
		"Application/JSON", "application/json;charset=utf-8",
		"application/json ; charset=UTF-8",
		"application/json; charset=\"utf-8\"" };
	static const char *const bad[] = { NULL, "", "text/plain",
		"application/jsonx", "application/json,text/plain",
		"application/json; charset=shift_jis", "application/json;",
		"application/json; charset=utf-8; x=y", "text/json",
		"application/x-www-form-urlencoded" };
	struct api_request request;

	(void)state;
	log_in();
	request = request_of("POST", "/v1/session/touch", "{}");
	for (size_t i = 0; i < N_OF(good); i++) {
		request.content_type = good[i];
		assert_ok(send_request(0, &request), 200);
	}
	for (size_t i = 0; i < N_OF(bad); i++) {
		request.content_type = bad[i];
		assert_refused(send_request(0, &request), API_NOT_JSON);
	}
	request.path = "/v1/sessions";
	assert_refused(send_request(0, &request), API_NOT_JSON);
	request.path = "/v1/session/touch";
	/* Without a body the type does not matter. */
	request.content_type = "text/plain";
	request.body_len = 0;
	assert_ok(send_request(0, &request), 200);
}

static void
sizes(void **state)
{
	static char body[API_BODY_MAX + 2];
	struct api_request request;

	(void)state;
	log_in();
	memset(body, ' ', sizeof(body));
	memcpy(body, "{}", 2);
	request = request_of("POST", "/v1/session/touch", "");
	request.content_type = "application/json";
	request.body = body;
	request.body_len = API_BODY_MAX;
	assert_ok(send_request(0, &request), 200);
	request.body_len = API_BODY_MAX + 1;
	assert_refused(send_request(0, &request), API_TOO_LARGE);
	request.body_len = 0;
	request.too_large = true;
	assert_refused(send_request(0, &request), API_TOO_LARGE);
	request.path = "/v1/sessions";
	assert_refused(send_request(0, &request), API_TOO_LARGE);
}

/* ---- queries --------------------------------------------------------- */

static void
queries_are_strict(void **state)
{
	static const struct {
		const char *query, *named;
	} bad[] = {
		{ "?wait=31", "\"wait\"" },
		{ "?grace=61", "\"grace\"" },
		{ "?wait=-1", "\"wait\"" },
		{ "?wait=", "\"wait\"" },
		{ "?wait", "\"wait\"" },
		{ "?wait=1.5", "\"wait\"" },
		{ "?wait=+1", "\"wait\"" },
		{ "?wait=%31", "\"wait\"" },
		{ "?wait= 1", "\"wait\"" },
		{ "?wait=0x1", "\"wait\"" },
		{ "?wait=00000000001", "\"wait\"" },
		{ "?wait=1&wait=1", "\"wait\"" },
		{ "?after=4294967296", "\"after\"" },
		{ "?after=99999999999999999999", "\"after\"" },
		{ "?after=a", "\"after\"" },
		{ "?Wait=1", "\"Wait\"" },
		{ "?w%61it=1", "\"w%61it\"" },
		{ "?x=1&wait=1", "\"x\"" },
		{ "?=1", "\"\"" },
		{ "?waitx=1", "\"waitx\"" },
		{ "?\x80=1", "\"?\"" },
	};
	static const char *const good[] = { "", "?", "?wait=0", "?after=0",
		"?wait=30&after=0", "?after=0&wait=05", "?&&wait=1&" };
	char path[64], target[200];

	(void)state;
	log_in();
	start_read(READ_CARD_INFO, path);
	for (size_t i = 0; i < N_OF(bad); i++) {
		struct call *c;
		snprintf(target, sizeof(target), "%s%s", path, bad[i].query);
		c = ask("GET", target, NULL);
		assert_refused(c, API_BAD_REQUEST);
		assert_non_null(strstr(text_of(c, "detail"), bad[i].named));
	}
	for (size_t i = 0; i < N_OF(good); i++) {
		snprintf(target, sizeof(target), "%s%s", path, good[i]);
		assert_ok(ask("GET", target, NULL), 200);
	}
	REFUSED(API_BAD_REQUEST, "GET", "/v1/health?x=1", NULL);
	REFUSED(API_BAD_REQUEST, "GET", "/v1/events?wait=1", NULL);
	REFUSED(API_BAD_REQUEST, "POST", "/v1/sessions?lang=en", NULL);
	snprintf(target, sizeof(target), "%s?wait=1", path);
	REFUSED(API_BAD_REQUEST, "DELETE", target, NULL);
}

/* ---- sessions -------------------------------------------------------- */

static void
a_session_says_what_it_may(void **state)
{
	static const struct {
		const char *name;
		int seconds;
	} limits[] = { { "idle_timeout", 3600 }, { "session_max", 43200 },
		{ "card_timeout", 60 }, { "prompt_timeout", 120 },
		{ "read_timeout", 30 } };
	struct call *c = ask("POST", "/v1/sessions", "{\"lang\":\"en\"}");

	(void)state;
	assert_ok(c, 201);
	assert_int_equal(strlen(text_of(c, "token")), 43);
	assert_int_equal(number_of(c, "expires_in"), 3600);
	assert_string_equal(text_of(c, "origin"), SITE);
	assert_int_equal(cJSON_GetArraySize(member(c, "kinds")), 4);
	assert_string_equal(
	    cJSON_GetArrayItem(member(c, "kinds"), 0)->valuestring,
	    "card_info");
	assert_string_equal(
	    cJSON_GetArrayItem(member(c, "kinds"), 3)->valuestring, "sign");
	assert_int_equal(cJSON_GetArraySize(member(c, "limits")), 5);
	for (size_t i = 0; i < N_OF(limits); i++)
		assert_int_equal(
		    cJSON_GetObjectItem(member(c, "limits"), limits[i].name)
			->valueint,
		    limits[i].seconds);

	strcpy(t.token, text_of(c, "token"));
	t.now += 10 * S;
	c = ask("GET", "/v1/session", NULL);
	assert_ok(c, 200);
	assert_null(member(c, "token"));
	assert_string_equal(text_of(c, "origin"), SITE);
	assert_string_equal(text_of(c, "lang"), "en");
	assert_int_equal(number_of(c, "expires_in"), 3590);
	assert_int_equal(cJSON_GetArraySize(member(c, "kinds")), 4);
}

static void
a_local_program_has_no_origin(void **state)
{
	struct call *c;

	(void)state;
	t.origin = NULL;
	c = ask("POST", "/v1/sessions", NULL);
	assert_ok(c, 201);
	assert_true(cJSON_IsNull(member(c, "origin")));
	/* authenticate and sign are configured, and yet not for it. */
	assert_int_equal(cJSON_GetArraySize(member(c, "kinds")), 2);
	strcpy(t.token, text_of(c, "token"));
	c = ask("GET", "/v1/session", NULL);
	assert_ok(c, 200);
	assert_true(cJSON_IsNull(member(c, "origin")));
	assert_string_equal(text_of(c, "lang"), "ja");
	REFUSED(API_KIND_NOT_ALLOWED, "POST", "/v1/reads", READ_ATTRIBUTES);
	/* Not even where the configuration lists it. */
	c = ask(
	    "POST", "/v1/reads", "{\"kinds\":[\"sign\"],\"hash\":\"sha256\"}");
	assert_refused(c, API_KIND_NOT_ALLOWED);
	assert_non_null(strstr(text_of(c, "detail"), "not allowed"));
	assert_ok(ask("POST", "/v1/reads", READ_CARD_INFO), 202);
	assert_true(fake_last()->request.user[0] != '\0');
	/* The token is good only without an origin. */
	t.origin = SITE;
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
}

static void
an_origin_that_is_not_listed_is_refused(void **state)
{
	(void)state;
	t.origin = "https://a.example.evil";
	REFUSED(API_ORIGIN_NOT_ALLOWED, "GET", "/v1/health", NULL);
	REFUSED(API_ORIGIN_NOT_ALLOWED, "POST", "/v1/sessions", NULL);
}

static void
one_session_per_user_and_origin(void **state)
{
	char first[64];

	(void)state;
	log_in();
	strcpy(first, t.token);
	REFUSED(API_SESSION_ACTIVE, "POST", "/v1/sessions", NULL);
	REFUSED(
	    API_SESSION_ACTIVE, "POST", "/v1/sessions", "{\"takeover\":false}");
	t.origin = OTHER;
	log_in();
	t.origin = NULL;
	log_in();
	t.origin = SITE;
	t.uid = 2;
	log_in();
	REFUSED(API_SESSION_ACTIVE, "POST", "/v1/sessions", NULL);
	/* The first is still there. */
	t.uid = 1;
	strcpy(t.token, first);
	assert_ok(ask("GET", "/v1/session", NULL), 200);
}

static void
takeover_ends_the_old_one(void **state)
{
	char first[64], path[64];
	struct call *poll, *c;

	(void)state;
	log_in();
	strcpy(first, t.token);
	start_read(READ_ATTRIBUTES, path);
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	strcat(path, "?wait=30&after=2");
	poll = ask_on(1, "GET", path, NULL);
	assert_int_equal(poll->replies, 0);
	c = ask("POST", "/v1/sessions", "{\"takeover\":true}");
	assert_ok(c, 201);
	assert_refused(poll, API_SESSION_UNKNOWN);
	assert_null(fake_jobs.alive);
	assert_string_not_equal(text_of(c, "token"), first);
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
	/* Nothing to take over is no error. */
	t.origin = OTHER;
	assert_ok(ask("POST", "/v1/sessions", "{\"takeover\":true}"), 201);
}

static void
takeover_waits_for_a_window_or_a_card(void **state)
{
	static const enum read_state states[] = { STATE_WAITING_FOR_PIN,
		STATE_WAITING_FOR_CONSENT, STATE_READING };
	struct call *c;
	char path[64];

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	for (size_t i = 0; i < N_OF(states); i++) {
		fake_state(fake_last(), states[i], 0);
		c = ask("POST", "/v1/sessions", "{\"takeover\":true}");
		assert_refused(c, API_BUSY);
		assert_null(member(c, "id"));
		REFUSED(API_SESSION_ACTIVE, "POST", "/v1/sessions", NULL);
	}
	fake_done(fake_last());
	assert_ok(ask("POST", "/v1/sessions", "{\"takeover\":true}"), 201);
}

static void
tokens_do_not_travel(void **state)
{
	(void)state;
	log_in();
	t.origin = OTHER;
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
	t.uid = 2;
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
	t.origin = SITE;
	REFUSED(API_OTHER_USER, "GET", "/v1/session", NULL);
	REFUSED(API_OTHER_USER, "DELETE", "/v1/session", NULL);
	t.uid = 1;
	assert_ok(ask("GET", "/v1/session", NULL), 200);
}

static void
posts_and_deletes_extend_gets_do_not(void **state)
{
	(void)state;
	log_in();
	t.now += 3599 * S;
	assert_ok(ask("GET", "/v1/session", NULL), 200);
	assert_ok(ask("GET", "/v1/reads", NULL), 200);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 1);
	assert_int_equal(
	    number_of(ask("POST", "/v1/session/touch", NULL), "expires_in"),
	    3600);
	/* A DELETE of nothing, and a POST that is refused later. */
	t.now += 3599 * S;
	REFUSED(API_NOT_FOUND, "DELETE", "/v1/reads/x", NULL);
	t.now += 3599 * S;
	REFUSED(API_BAD_JSON, "POST", "/v1/reads", "{");
	t.now += 3599 * S;
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 1);
	/* Not authenticated: no extension. */
	REFUSED(API_METHOD_NOT_ALLOWED, "PUT", "/v1/session", NULL);
	REFUSED(API_SESSION_ACTIVE, "POST", "/v1/sessions", NULL);
	t.now += S;
	REFUSED(API_SESSION_EXPIRED, "GET", "/v1/session", NULL);
}

static void
running_out_ends_everything(void **state)
{
	char path[64], done[64], token[64];
	struct call *poll, *readers, *events;

	(void)state;
	log_in();
	start_read(READ_CARD_INFO, done);
	fake_done(fake_last());
	start_read(READ_ATTRIBUTES, path);
	events = ask_on(3, "GET", "/v1/events", NULL);
	fake_readers(fake_of(ERRAND_WATCH), NULL, 0);
	fake_prompt(fake_of(ERRAND_READ), KENMEN_PIN_ATTRIBUTES, 3);
	t.now += 3590 * S;
	strcat(path, "?wait=30&after=2");
	poll = ask_on(1, "GET", path, NULL);
	readers = ask_on(2, "GET", "/v1/readers", NULL);
	assert_ok(readers, 200); /* the watcher knows */
	assert_int_equal(poll->replies, 0);
	pass(10 * S - 1);
	assert_int_equal(poll->replies, 0);
	pass(1);
	assert_refused(poll, API_SESSION_EXPIRED);
	assert_int_equal(events->finishes, 1);
	assert_non_null(strstr(
	    events->events, "event: session\ndata: {\"expires_in\":0}\n\n"));
	assert_null(fake_jobs.alive); /* killed, and results wiped */
	assert_int_equal(fake_jobs.killed, 1);
	REFUSED(API_SESSION_EXPIRED, "GET", "/v1/session", NULL);
	REFUSED(API_SESSION_EXPIRED, "GET", done, NULL);
	assert_int_equal(api_next(t.api), 0);
	/* A new one has nothing of the old. */
	strcpy(token, t.token);
	log_in();
	assert_int_equal(
	    cJSON_GetArraySize(ask("GET", "/v1/reads", NULL)->json), 0);
	/* The old token is known for a day. */
	strcpy(t.token, token);
	t.now += 24 * 3600 * S - 1;
	REFUSED(API_SESSION_EXPIRED, "GET", "/v1/session", NULL);
	t.now += 1;
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
}

static void
deleting_the_session_ends_everything(void **state)
{
	char path[64];
	struct call *poll, *readers, *events;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcat(path, "?wait=30&after=1");
	poll = ask_on(1, "GET", path, NULL);
	readers = ask_on(2, "GET", "/v1/readers", NULL);
	events = ask_on(3, "GET", "/v1/events", NULL);
	assert_int_equal(readers->replies, 0);
	assert_ok(ask("DELETE", "/v1/session", NULL), 204);
	assert_refused(poll, API_SESSION_UNKNOWN);
	assert_refused(readers, API_SESSION_UNKNOWN);
	assert_int_equal(events->finishes, 1);
	assert_null(fake_jobs.alive);
	REFUSED(API_SESSION_UNKNOWN, "GET", "/v1/session", NULL);
	assert_int_equal(api_next(t.api), 0);
}

static void
a_person_extends_the_session(void **state)
{
	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, (char[64]){ 0 });
	t.now += 100 * S;
	fake_event(fake_last(), EVENT_PIN_TYPED);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3600);
	t.now += 100 * S;
	fake_event(fake_last(), EVENT_PIN_ACCEPTED);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3500);
	fake_event(fake_last(), EVENT_CARD_INSERTED);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3600);
}

/* ---- what a read asks for -------------------------------------------- */

static bool
purpose_is_taken(const char *purpose)
{
	char body[1000];
	struct call *c;

	snprintf(body, sizeof(body),
	    "{\"kinds\":[\"card_info\"],\"purpose\":\"%s\"}", purpose);
	c = ask("POST", "/v1/reads", body);
	if (c->reply.status == 202) {
		ask("DELETE", c->reply.location, NULL);
		return true;
	}
	assert_refused(c, API_BAD_REQUEST);
	assert_non_null(strstr(text_of(c, "detail"), "\"purpose\""));
	return false;
}

static void
purposes_are_short_and_plain(void **state)
{
	static const char *const bad[] = { "a\\nb", "\\u0001", "\x7f",
		"\\u0085", "\\u009f", "<b>", "\\u061c", "\\u200e", "\\u200f",
		"\\u202a", "\\u202e", "\\u2066", "\\u2069", "\\u2028",
		"\\u2029" };
	char text[100];

	(void)state;
	log_in();
	assert_true(purpose_is_taken(""));
	assert_true(purpose_is_taken("ドローンの登録のため & \\\"確認\\\" >"));
	assert_true(purpose_is_taken("\\u00a0\\u2030"));
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(purpose_is_taken(bad[i]));
	memset(text, 'x', sizeof(text));
	text[80] = '\0';
	assert_true(purpose_is_taken(text));
	text[79] = '%'; /* 79 and 3 */
	assert_false(purpose_is_taken(text));
	text[77] = '%';
	text[78] = '\0'; /* 77 and 3 */
	assert_true(purpose_is_taken(text));
	text[77] = text[78] = text[79] = text[80] = 'x';
	text[81] = '\0';
	assert_false(purpose_is_taken(text));
	text[0] = '\0';
	for (int i = 0; i < 26; i++)
		strcat(text, "あ"); /* 78 bytes */
	assert_true(purpose_is_taken(text));
	strcat(text, "あ");
	assert_false(purpose_is_taken(text));
}

static void
a_read_is_started_with_all_that(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = ask("POST", "/v1/reads",
	    "{\"purpose\":\"確認\",\"kinds\":[\"attributes\",\"card_info\"]}");
	assert_ok(c, 202);
	assert_int_equal(cJSON_GetArraySize(c->json), 3);
	assert_string_equal(text_of(c, "state"), "starting");
	assert_int_equal(number_of(c, "seq"), 1);
	assert_int_equal(strncmp(c->reply.location, "/v1/reads/", 10), 0);
	assert_string_equal(c->reply.location + 10, text_of(c, "id"));
	assert_string_equal(fake_last()->request.purpose, "確認");
	assert_int_equal(fake_last()->request.kinds,
	    KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_CARD_INFO));
}

static void
busy_names_only_the_own_read(void **state)
{
	char path[64];
	struct call *c;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	c = ask("POST", "/v1/reads", READ_CARD_INFO);
	assert_refused(c, API_BUSY);
	assert_string_equal(text_of(c, "id"), path + 10);
	t.origin = OTHER;
	log_in();
	c = ask("POST", "/v1/reads", READ_CARD_INFO);
	assert_refused(c, API_BUSY);
	assert_null(member(c, "id"));
}

static void
an_unknown_reader_fails_at_once(void **state)
{
	struct call *c;
	char path[64];

	(void)state;
	log_in();
	start_read("{\"kinds\":[\"attributes\"],\"reader\":\"r1\"}", path);
	c = ask("GET", path, NULL);
	assert_string_equal(text_of(c, "state"), "failed");
	assert_string_equal(
	    cJSON_GetObjectItem(member(c, "error"), "code")->valuestring,
	    "no_reader");
	assert_int_equal(fake_jobs.started, 0);
}

static void
a_runner_that_cannot_start_is_internal(void **state)
{
	(void)state;
	log_in();
	fake_jobs.refuse = -ENOMEM;
	REFUSED(API_INTERNAL, "POST", "/v1/reads", READ_CARD_INFO);
	REFUSED(API_INTERNAL, "GET", "/v1/readers", NULL);
}

/* ---- reads as they go ------------------------------------------------ */

static void
a_read_is_polled(void **state)
{
	char path[64], target[100];
	struct call *c, *poll;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	c = ask("GET", path, NULL);
	assert_ok(c, 200);
	assert_string_equal(text_of(c, "id"), path + 10);
	assert_string_equal(text_of(c, "state"), "starting");
	assert_int_equal(number_of(c, "seq"), 1);
	assert_int_equal(number_of(c, "deadline_ms"), 0);
	assert_null(member(c, "prompt"));
	assert_null(member(c, "progress"));
	assert_null(member(c, "results"));
	assert_null(member(c, "error"));
	assert_null(member(c, "read_at"));

	/* seq > after: at once. */
	snprintf(target, sizeof(target), "%s?wait=30", path);
	assert_ok(ask("GET", target, NULL), 200);
	/* No wait: at once, too. */
	snprintf(target, sizeof(target), "%s?after=1", path);
	assert_ok(ask("GET", target, NULL), 200);
	snprintf(target, sizeof(target), "%s?wait=30&after=1", path);
	poll = ask_on(1, "GET", target, NULL);
	assert_int_equal(poll->replies, 0);
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, t.now + 60 * S);
	assert_ok(poll, 200);
	assert_string_equal(text_of(poll, "state"), "waiting_for_card");
	assert_int_equal(number_of(poll, "seq"), 2);
	assert_int_equal(number_of(poll, "deadline_ms"), 60000);
	t.now += 1500000;
	assert_int_equal(
	    number_of(ask("GET", path, NULL), "deadline_ms"), 58500);
}

static void
a_wait_ends_by_itself(void **state)
{
	char path[64];
	struct call *poll;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcat(path, "?wait=7&after=1");
	poll = ask_on(1, "GET", path, NULL);
	assert_int_equal(api_next(t.api), t.now + 7 * S);
	pass(7 * S - 1);
	assert_int_equal(poll->replies, 0);
	pass(1);
	assert_ok(poll, 200);
	assert_int_equal(number_of(poll, "seq"), 1);
}

static void
several_may_wait_for_one_read(void **state)
{
	char path[64];
	struct call *c[3];

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcat(path, "?wait=30&after=1");
	for (unsigned i = 0; i < 3; i++)
		c[i] = ask_on(i + 1, "GET", path, NULL);
	api_gone(t.api, &c[1]->api);
	api_gone(t.api, &c[1]->api); /* gone already: nothing */
	fake_state(fake_last(), STATE_WAITING_FOR_CARD, 0);
	assert_ok(c[0], 200);
	assert_int_equal(c[1]->replies, 0);
	assert_ok(c[2], 200);
}

static void
the_window_is_described(void **state)
{
	char path[64];
	const cJSON *prompt;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	prompt = member(ask("GET", path, NULL), "prompt");
	assert_string_equal(
	    cJSON_GetObjectItem(prompt, "pin")->valuestring, "attributes");
	assert_int_equal(
	    cJSON_GetObjectItem(prompt, "tries_left")->valueint, 3);
	assert_int_equal(cJSON_GetObjectItem(prompt, "step")->valueint, 1);
	assert_int_equal(cJSON_GetObjectItem(prompt, "steps")->valueint, 1);
	fake_prompt(fake_last(), -1, 1);
	prompt = member(ask("GET", path, NULL), "prompt");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(prompt, "pin")));
}

static void
progress_is_shown(void **state)
{
	char path[64];
	const cJSON *progress;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	fake_state(fake_last(), STATE_READING, 0);
	fake_progress(fake_last(), 256, 300);
	fake_progress(fake_last(), 300, 300);
	progress = member(ask("GET", path, NULL), "progress");
	assert_int_equal(cJSON_GetObjectItem(progress, "done")->valueint, 256);
	assert_int_equal(api_next(t.api), t.now + S / 4);
	pass(S / 4);
	progress = member(ask("GET", path, NULL), "progress");
	assert_int_equal(cJSON_GetObjectItem(progress, "done")->valueint, 300);
	assert_int_equal(cJSON_GetObjectItem(progress, "total")->valueint, 300);
}

static void
failures_say_what_to_do(void **state)
{
	char path[64];

	(void)state;
	log_in();
	for (enum read_code code = 1; code < CODE_N; code++) {
		const cJSON *error;
		struct call *c;

		start_read(READ_ATTRIBUTES, path);
		fake_fail(fake_last(), code, code == CODE_PIN_WRONG ? 1 : -1,
		    code == CODE_PIN_WRONG || code == CODE_PIN_BLOCKED
			? KENMEN_PIN_ATTRIBUTES
			: -1);
		c = ask("GET", path, NULL);
		assert_ok(c, 200);
		assert_string_equal(text_of(c, "state"), "failed");
		assert_null(member(c, "results"));
		assert_null(member(c, "read_at"));
		error = member(c, "error");
		assert_string_equal(in(error, "code"), code_name(code));
		assert_true(strlen(in(error, "detail")) > 10);
		assert_true(strlen(in(error, "detail_ja")) > 10);
		assert_true(
		    cJSON_IsBool(cJSON_GetObjectItem(error, "retriable")));
		if (code == CODE_PIN_WRONG) {
			assert_int_equal(
			    cJSON_GetObjectItem(error, "tries_left")->valueint,
			    1);
			assert_string_equal(in(error, "pin"), "attributes");
		} else if (code == CODE_PIN_BLOCKED) {
			assert_string_equal(
			    in(error, "unblock"), "municipal_office");
			assert_string_equal(in(error, "pin"), "attributes");
		} else {
			assert_int_equal(cJSON_GetArraySize(error),
			    code == CODE_READER_BUSY ||
				    code == CODE_NOT_MY_NUMBER_CARD
				? 5
				: 4);
		}
		if (code == CODE_NOT_MY_NUMBER_CARD)
			assert_true(
			    cJSON_IsNull(cJSON_GetObjectItem(error, "token")));
		if (code == CODE_READER_BUSY)
			assert_true(
			    cJSON_IsNull(cJSON_GetObjectItem(error, "holder")));
	}
}

/* A card of old and a phone have certificates too: a person is told which. */
static void
what_is_there_instead_is_said(void **state)
{
	static const struct {
		enum kenmen_token token;
		const char *name, *words, *words_ja;
	} others[] = {
		{ KENMEN_TOKEN_JUKI_CARD, "juki_card", "Juki card",
		    "住民基本台帳カード" },
		{ KENMEN_TOKEN_ANDROID, "android", "phone", "スマートフォン" },
		{ KENMEN_TOKEN_IPHONE, "iphone", "phone", "スマートフォン" },
	};
	char path[64];

	(void)state;
	log_in();
	for (unsigned i = 0; i < 3; i++) {
		const cJSON *error;

		start_read(READ_ATTRIBUTES, path);
		fake_last()->job.failed =
		    (struct wire_failed){ CODE_NOT_MY_NUMBER_CARD, -1, -1,
			    others[i].token };
		fake_state(fake_last(), STATE_FAILED, 0);
		error = member(ask("GET", path, NULL), "error");
		assert_string_equal(in(error, "code"), "not_my_number_card");
		assert_string_equal(in(error, "token"), others[i].name);
		assert_non_null(strstr(in(error, "detail"), others[i].words));
		assert_non_null(
		    strstr(in(error, "detail_ja"), others[i].words_ja));
	}
}

static void
deleting_a_read(void **state)
{
	char path[64], target[100];
	struct call *poll, *c;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	snprintf(target, sizeof(target), "%s?wait=30&after=1", path);
	poll = ask_on(1, "GET", target, NULL);
	assert_ok(ask("DELETE", path, NULL), 204);
	assert_ok(poll, 200);
	assert_string_equal(text_of(poll, "state"), "cancelled");
	assert_null(fake_jobs.alive);
	c = ask("GET", path, NULL);
	assert_string_equal(text_of(c, "state"), "cancelled");
	assert_int_equal(number_of(c, "seq"), 2);
	/* Ended: it goes. */
	assert_ok(ask("DELETE", path, NULL), 204);
	REFUSED(API_GONE, "GET", path, NULL);
	REFUSED(API_GONE, "DELETE", path, NULL);
	assert_int_equal(
	    cJSON_GetArraySize(ask("GET", "/v1/reads", NULL)->json), 0);
	/* Others' are not there at all. */
	start_read(READ_CARD_INFO, path);
	t.origin = OTHER;
	log_in();
	REFUSED(API_NOT_FOUND, "GET", path, NULL);
	REFUSED(API_NOT_FOUND, "DELETE", path, NULL);
	assert_int_equal(fake_jobs.killed, 1);
}

static void
reads_are_listed_without_results(void **state)
{
	char path[64];
	const cJSON *first;
	struct call *c;

	(void)state;
	log_in();
	c = ask("GET", "/v1/reads", NULL);
	assert_ok(c, 200);
	assert_string_equal(c->reply.body, "[]");
	start_read(READ_ATTRIBUTES, path);
	fill_attributes(&fake_last()->job);
	fake_done(fake_last());
	start_read(READ_CARD_INFO, (char[64]){ 0 });
	c = ask("GET", "/v1/reads", NULL);
	assert_int_equal(cJSON_GetArraySize(c->json), 2);
	first = cJSON_GetArrayItem(c->json, 0);
	assert_int_equal(cJSON_GetArraySize(first), 4);
	assert_string_equal(in(first, "id"), path + 10);
	assert_string_equal(in(first, "state"), "done");
	assert_int_equal(cJSON_GetObjectItem(first, "seq")->valueint, 2);
	assert_string_equal(
	    cJSON_GetArrayItem(cJSON_GetObjectItem(first, "kinds"), 0)
		->valuestring,
	    "attributes");
	assert_null(strstr(c->reply.body, "花子"));
}

static void
a_page_that_left_ends_its_read(void **state)
{
	char path[64], target[100];
	struct call *poll, *c;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	snprintf(target, sizeof(target), "%s?wait=30&after=2", path);
	for (int i = 0; i < 5; i++) { /* somebody always waits */
		poll = ask_on(1, "GET", target, NULL);
		pass(30 * S);
		assert_ok(poll, 200);
	}
	poll = ask_on(1, "GET", target, NULL);
	pass(20 * S);
	api_gone(t.api, &poll->api);
	assert_int_equal(poll->replies, 0);
	assert_int_equal(api_next(t.api), t.now + 60 * S);
	pass(60 * S - 1);
	assert_non_null(fake_jobs.alive);
	pass(1);
	assert_null(fake_jobs.alive);
	c = ask("GET", path, NULL);
	assert_string_equal(in(member(c, "error"), "code"), "page_gone");
}

/* A page may say how long it can be away; that holds until it asks again. */
static void
a_page_says_how_long_it_can_be_away(void **state)
{
	char path[64], target[100];
	struct call *poll, *c;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	fake_prompt(fake_last(), KENMEN_PIN_ATTRIBUTES, 3);
	snprintf(target, sizeof(target), "%s?wait=30&after=2", path);
	poll = ask_on(1, "GET", target, NULL);
	snprintf(target, sizeof(target), "%s?grace=5", path);
	assert_ok(ask("GET", target, NULL), 200);
	pass(S);
	api_gone(t.api, &poll->api);
	assert_int_equal(api_next(t.api), t.now + 5 * S);
	pass(4 * S);
	assert_ok(ask("GET", path, NULL), 200); /* it is back */
	assert_int_equal(api_next(t.api), t.now + 60 * S);
	assert_ok(ask("GET", target, NULL), 200);
	pass(5 * S - 1);
	assert_non_null(fake_jobs.alive);
	pass(1);
	assert_null(fake_jobs.alive);
	c = ask("GET", path, NULL);
	assert_string_equal(in(member(c, "error"), "code"), "page_gone");
}

/* ---- readers --------------------------------------------------------- */

static const struct fake_reader two[] = {
	{ "ACS ACR39U (0123456789) 00 00", true, false },
	{ "Pinpad Reader 01 00", false, true },
};

static void
readers_are_listed(void **state)
{
	struct call *a, *b;
	const cJSON *reader;

	(void)state;
	log_in();
	a = ask_on(1, "GET", "/v1/readers", NULL);
	b = ask_on(2, "GET", "/v1/readers", NULL);
	assert_int_equal(a->replies, 0);
	assert_int_equal(fake_jobs.started, 1); /* one runner for both */
	assert_int_equal(fake_last()->request.errand, ERRAND_READERS);
	fake_readers(fake_last(), two, 2);
	assert_ok(a, 200);
	assert_ok(b, 200);
	assert_null(fake_jobs.alive);
	assert_int_equal(cJSON_GetArraySize(a->json), 2);
	reader = cJSON_GetArrayItem(a->json, 0);
	assert_int_equal(cJSON_GetArraySize(reader), 4);
	assert_string_equal(in(reader, "id"), "r1");
	assert_string_equal(in(reader, "model"), "ACS ACR39U");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(reader, "card_present")));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(reader, "pinpad")));
	reader = cJSON_GetArrayItem(a->json, 1);
	assert_string_equal(in(reader, "id"), "r2");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(reader, "pinpad")));
	assert_null(strstr(a->reply.body, "0123456789"));

	/* The names last. */
	a = ask_on(1, "GET", "/v1/readers", NULL);
	fake_readers(fake_last(), two + 1, 1);
	assert_string_equal(in(cJSON_GetArrayItem(a->json, 0), "id"), "r2");
	a = ask_on(1, "GET", "/v1/readers", NULL);
	fake_readers(fake_last(), NULL, 0);
	assert_string_equal(a->reply.body, "[]");
}

static void
no_pcscd_is_said(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = ask_on(1, "GET", "/v1/readers", NULL);
	fake_fail(fake_last(), CODE_PCSC_UNAVAILABLE, -1, -1);
	assert_refused(c, API_PCSC_UNAVAILABLE);
	c = ask_on(1, "GET", "/v1/readers", NULL);
	fake_fail(fake_last(), CODE_TIMEOUT, -1, -1);
	assert_refused(c, API_INTERNAL);
	c = ask_on(1, "GET", "/v1/readers", NULL);
	fake_state(fake_last(), STATE_DONE, 0); /* and never said it */
	assert_refused(c, API_INTERNAL);
	assert_null(fake_jobs.alive);
}

static void
nobody_waiting_stops_the_lister(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = ask_on(1, "GET", "/v1/readers", NULL);
	api_gone(t.api, &c->api);
	assert_null(fake_jobs.alive);
	assert_int_equal(c->replies, 0);
}

/* ---- events ---------------------------------------------------------- */

/* What was pushed since the last look. */
static const char *
events_of(struct call *c)
{
	static char text[65536];

	memcpy(text, c->events, c->events_len);
	text[c->events_len] = '\0';
	c->events_len = 0;
	return text;
}

static struct call *
listen_on(unsigned i)
{
	struct call *c = ask_on(i, "GET", "/v1/events", NULL);

	assert_ok(c, 200);
	assert_true(c->reply.stream);
	assert_string_equal(c->reply.content_type, "text/event-stream");
	assert_null(c->reply.body);
	return c;
}

static void
a_stream_begins_with_a_snapshot(void **state)
{
	struct call *c, *later;
	char path[64], expected[400];

	(void)state;
	log_in();
	start_read(READ_CARD_INFO, path);
	c = listen_on(1);
	assert_int_equal(fake_last()->request.errand, ERRAND_WATCH);
	/* Nothing comes before it. */
	fake_state(fake_of(ERRAND_READ), STATE_WAITING_FOR_CARD, 0);
	assert_string_equal(events_of(c), "");
	fake_readers(fake_of(ERRAND_WATCH), two, 1);
	snprintf(expected, sizeof(expected),
	    "id: 1\nevent: snapshot\ndata: {\"readers\":[{\"id\":\"r1\","
	    "\"model\":\"ACS ACR39U\",\"card_present\":true,"
	    "\"pinpad\":false}],\"reads\":[{\"id\":\"%s\",\"kinds\":"
	    "[\"card_info\"],\"seq\":2,\"state\":\"waiting_for_card\"}],"
	    "\"expires_in\":3600}\n\n",
	    path + 10);
	assert_string_equal(events_of(c), expected);
	/* A second stream shares the watcher and need not wait. */
	later = listen_on(2);
	assert_int_equal(fake_jobs.started, 2);
	assert_string_equal(events_of(later), expected);
	assert_string_equal(events_of(c), "");
	/* So does a question for the readers. */
	assert_ok(ask("GET", "/v1/readers", NULL), 200);
	assert_int_equal(fake_jobs.started, 2);
}

static void
readers_and_cards_are_told(void **state)
{
	static const struct fake_reader filled[] = {
		{ "ACS ACR39U (0123456789) 00 00", false, false },
		{ "Pinpad Reader 01 00", true, true },
	};
	struct fake_job *watch;
	struct call *c;

	(void)state;
	log_in();
	c = listen_on(1);
	watch = fake_last();
	fake_readers(watch, NULL, 0);
	events_of(c);
	fake_readers(watch, two, 2);
	assert_string_equal(events_of(c),
	    "id: 2\nevent: reader\ndata: {\"id\":\"r1\",\"model\":"
	    "\"ACS ACR39U\",\"present\":true}\n\n"
	    "id: 3\nevent: card\ndata: {\"reader\":\"r1\",\"present\":true}\n\n"
	    "id: 4\nevent: reader\ndata: {\"id\":\"r2\",\"model\":"
	    "\"Pinpad Reader\",\"present\":true}\n\n");
	fake_readers(watch, two, 2);
	assert_string_equal(events_of(c), "");
	fake_readers(watch, filled, 2);
	assert_string_equal(events_of(c),
	    "id: 5\nevent: card\ndata: "
	    "{\"reader\":\"r1\",\"present\":false}\n\n"
	    "id: 6\nevent: card\ndata: {\"reader\":\"r2\",\"present\":true}\n\n"
	    "id: 7\nevent: session\ndata: {\"expires_in\":3600}\n\n");
	fake_readers(watch, filled, 1);
	assert_string_equal(events_of(c),
	    "id: 8\nevent: card\ndata: "
	    "{\"reader\":\"r2\",\"present\":false}\n\n"
	    "id: 9\nevent: reader\ndata: {\"id\":\"r2\",\"model\":"
	    "\"Pinpad Reader\",\"present\":false}\n\n");
}

static void
a_card_extends_sessions_that_listen(void **state)
{
	static const struct fake_reader empty[] = { { "A 00 00", false,
	    false } };
	static const struct fake_reader full[] = { { "A 00 00", true, false } };
	struct fake_job *watch;
	char listens[64];

	(void)state;
	log_in();
	strcpy(listens, t.token);
	listen_on(1);
	watch = fake_last();
	t.origin = OTHER;
	log_in();
	fake_readers(watch, full, 1); /* was there before: nobody came */
	t.now += 100 * S;
	fake_readers(watch, empty, 1);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3500);
	fake_readers(watch, full, 1);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3500);
	t.origin = SITE;
	strcpy(t.token, listens);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3600);
	/* A reader that comes with a card inside: pcscd came back. */
	t.now += 100 * S;
	fake_readers(watch, empty, 0);
	fake_readers(watch, full, 1);
	assert_int_equal(
	    number_of(ask("GET", "/v1/session", NULL), "expires_in"), 3500);
}

static void
reads_are_told_to_their_own_session(void **state)
{
	struct call *own, *other;
	char path[64], expected[300];
	char token[64];

	(void)state;
	log_in();
	strcpy(token, t.token);
	own = listen_on(1);
	t.origin = OTHER;
	log_in();
	other = listen_on(2);
	fake_readers(fake_of(ERRAND_WATCH), NULL, 0);
	events_of(own);
	events_of(other);
	t.origin = SITE;
	strcpy(t.token, token);
	start_read(READ_ATTRIBUTES, path);
	snprintf(expected, sizeof(expected),
	    "id: 2\nevent: read\ndata: {\"id\":\"%s\",\"state\":\"starting\","
	    "\"seq\":1}\n\nid: 3\nevent: session\ndata: "
	    "{\"expires_in\":3600}\n\n",
	    path + 10);
	assert_string_equal(events_of(own), expected);
	fill_attributes(&fake_last()->job);
	fake_done(fake_last());
	snprintf(expected, sizeof(expected),
	    "id: 4\nevent: read\ndata: {\"id\":\"%s\",\"state\":\"done\","
	    "\"seq\":2}\n\n",
	    path + 10);
	assert_string_equal(events_of(own), expected);
	assert_string_equal(events_of(other), "");
}

static void
streams_keep_a_read_but_no_session(void **state)
{
	struct call *c;
	char path[64];

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	c = listen_on(1);
	fake_readers(fake_of(ERRAND_WATCH), NULL, 0);
	fake_state(fake_of(ERRAND_READ), STATE_WAITING_FOR_CARD, 0);
	for (int i = 0; i < 239; i++) {
		pass(15 * S);
		c->events_len = 0;
	}
	assert_string_equal(
	    text_of(ask("GET", path, NULL), "state"), "waiting_for_card");
	pass(15 * S - 1);
	assert_int_equal(c->finishes, 0);
	pass(1);
	assert_int_equal(c->finishes, 1);
	/* Ended, not commented on. */
	assert_non_null(strstr(events_of(c), "{\"expires_in\":0}"));
}

static void
a_closed_stream_starts_the_minute(void **state)
{
	struct call *c;
	char path[64];

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	c = listen_on(1);
	fake_state(fake_of(ERRAND_READ), STATE_WAITING_FOR_CARD, 0);
	pass(600 * S);
	api_gone(t.api, &c->api);
	assert_null(fake_of(ERRAND_WATCH)); /* nobody listens */
	pass(60 * S - 1);
	assert_non_null(fake_of(ERRAND_READ));
	pass(1);
	assert_null(fake_of(ERRAND_READ));
}

static void
a_comment_every_fifteen_seconds(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = listen_on(1);
	fake_readers(fake_last(), NULL, 0);
	events_of(c);
	assert_int_equal(api_next(t.api), t.now + 15 * S);
	pass(15 * S - 1);
	assert_string_equal(events_of(c), "");
	for (int i = 0; i < 3; i++) {
		pass(i == 0 ? 1 : 15 * S);
		assert_int_equal(events_of(c)[0], ':');
	}
}

static void
extensions_are_told(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = listen_on(1);
	fake_readers(fake_last(), NULL, 0);
	events_of(c);
	t.now += 10 * S;
	ask("GET", "/v1/session", NULL);
	assert_string_equal(events_of(c), "");
	ask("POST", "/v1/session/touch", NULL);
	assert_string_equal(events_of(c),
	    "id: 2\nevent: session\ndata: {\"expires_in\":3600}\n\n");
}

static void
pcscd_may_come_and_go(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	c = listen_on(1);
	fake_fail(fake_last(), CODE_PCSC_UNAVAILABLE, -1, -1);
	assert_non_null(strstr(events_of(c), "\"readers\":[]"));
	assert_null(fake_jobs.alive);
	assert_int_equal(api_next(t.api), t.now + 5 * S);
	pass(5 * S);
	assert_non_null(fake_of(ERRAND_WATCH));
	fake_readers(fake_last(), two, 1);
	assert_non_null(strstr(events_of(c), "event: reader"));
	fake_fail(fake_last(), CODE_PCSC_UNAVAILABLE, -1, -1);
	assert_non_null(strstr(events_of(c), "\"present\":false"));
	/* Not known now: a question is asked of a runner of its own. */
	ask_on(2, "GET", "/v1/readers", NULL);
	assert_non_null(fake_of(ERRAND_READERS));
	fake_fail(fake_last(), CODE_PCSC_UNAVAILABLE, -1, -1);
	assert_refused(&t.call[2], API_PCSC_UNAVAILABLE);
	api_gone(t.api, &c->api);
	pass(5 * S);
	assert_null(fake_jobs.alive);
}

static void
a_watcher_that_cannot_start_is_tried_again(void **state)
{
	struct call *c;

	(void)state;
	log_in();
	fake_jobs.refuse = -ENOMEM;
	c = listen_on(1);
	assert_non_null(strstr(events_of(c), "\"readers\":[]"));
	fake_jobs.refuse = 0;
	pass(5 * S);
	assert_non_null(fake_of(ERRAND_WATCH));
}

static void
a_listener_may_hang_up_inside_a_push(void **state)
{
	struct call *c, *other;

	(void)state;
	log_in();
	c = listen_on(1);
	other = listen_on(2);
	fake_readers(fake_last(), NULL, 0);
	c->leaves = true;
	fake_readers(fake_last(), two, 2);
	assert_null(c->api.pending);
	assert_non_null(strstr(events_of(other), "\"r2\""));
	c = listen_on(1);
	events_of(c);
	c->leaves = true;
	other->leaves = true;
	ask("DELETE", "/v1/session", NULL);
	assert_int_equal(c->finishes, 0);
	assert_null(fake_jobs.alive);
}

/* ---- the end --------------------------------------------------------- */

static void
the_end_answers_everybody(void **state)
{
	const struct api_clock clock = { clock_now, clock_real, NULL };
	struct call *poll, *readers, *events;
	char path[64];

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcat(path, "?wait=30&after=1");
	poll = ask_on(1, "GET", path, NULL);
	readers = ask_on(2, "GET", "/v1/readers", NULL);
	events = listen_on(3);
	api_free(&t.api);
	assert_null(t.api);
	/* No time ran out: they will find another daemon, or none. */
	assert_refused(poll, API_SESSION_UNKNOWN);
	assert_refused(readers, API_SESSION_UNKNOWN);
	assert_int_equal(events->finishes, 1);
	assert_null(fake_jobs.alive);
	api_free(&t.api); /* accepts NULL */
	assert_int_equal(api_new_clocked(&clock, &config, NULL, &t.api), 0);
}

static uint64_t
steady(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * S + (uint64_t)now.tv_nsec / 1000;
}

/* The real timer, once. */
static void
a_loop_drives_it(void **state)
{
	struct api *clocked = t.api;
	struct call *poll;
	sd_event *loop;
	char path[64];

	(void)state;
	assert_int_equal(sd_event_new(&loop), 0);
	assert_int_equal(api_new(loop, &config, NULL, &t.api), 0);
	t.now = steady(CLOCK_BOOTTIME);
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcat(path, "?wait=1&after=1");
	poll = ask_on(1, "GET", path, NULL);
	while (poll->replies == 0)
		assert_true(sd_event_run(loop, 5 * S) > 0);
	assert_in_range(steady(CLOCK_BOOTTIME) - t.now, 1 * S, 1 * S + S / 2);
	assert_ok(poll, 200);
	api_free(&t.api);
	sd_event_unref(loop);
	t.api = clocked;
}

static void
problems_of_the_street_door(void **state)
{
	(void)state;
	for (enum api_code code = 0; code < API_CODE_N; code++) {
		struct call *c = &t.call[0];
		struct api_reply reply;

		call_finish_all(c);
		api_problem(code, NULL, NULL, &reply);
		call_reply(&c->api, &reply);
		assert_refused(c, code);
		/* Nothing that tells this machine from another. */
		assert_null(strstr(c->reply.body, KENMEN_VERSION));
	}
	for (enum read_code code = CODE_NONE + 1; code < CODE_N; code++)
		assert_string_equal(code_of_read(code)->name, code_name(code));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(health_needs_no_token),
		TEST(paths_that_are_not_there),
		TEST(methods_that_are_not_taken),
		TEST(preflight_needs_no_token),
		TEST(all_but_two_need_a_token),
		TEST(no_token_is_another_users),
		TEST(refusals_come_in_order),
		TEST(bodies_are_one_json_value),
		TEST(bodies_are_objects_with_known_members),
		TEST(many_faults_make_one_short_detail),
		TEST(a_missing_body_is_an_empty_object),
		TEST(content_types),
		TEST(sizes),
		TEST(queries_are_strict),
		TEST(a_session_says_what_it_may),
		TEST(a_local_program_has_no_origin),
		TEST(an_origin_that_is_not_listed_is_refused),
		TEST(one_session_per_user_and_origin),
		TEST(takeover_ends_the_old_one),
		TEST(takeover_waits_for_a_window_or_a_card),
		TEST(tokens_do_not_travel),
		TEST(posts_and_deletes_extend_gets_do_not),
		TEST(running_out_ends_everything),
		TEST(deleting_the_session_ends_everything),
		TEST(a_person_extends_the_session),
		TEST(purposes_are_short_and_plain),
		TEST(a_read_is_started_with_all_that),
		TEST(busy_names_only_the_own_read),
		TEST(an_unknown_reader_fails_at_once),
		TEST(a_runner_that_cannot_start_is_internal),
		TEST(a_read_is_polled),
		TEST(a_wait_ends_by_itself),
		TEST(several_may_wait_for_one_read),
		TEST(the_window_is_described),
		TEST(progress_is_shown),
		TEST(failures_say_what_to_do),
		TEST(what_is_there_instead_is_said),
		TEST(deleting_a_read),
		TEST(reads_are_listed_without_results),
		TEST(a_page_that_left_ends_its_read),
		TEST(a_page_says_how_long_it_can_be_away),
		TEST(readers_are_listed),
		TEST(no_pcscd_is_said),
		TEST(nobody_waiting_stops_the_lister),
		TEST(a_stream_begins_with_a_snapshot),
		TEST(readers_and_cards_are_told),
		TEST(a_card_extends_sessions_that_listen),
		TEST(reads_are_told_to_their_own_session),
		TEST(streams_keep_a_read_but_no_session),
		TEST(a_closed_stream_starts_the_minute),
		TEST(a_comment_every_fifteen_seconds),
		TEST(extensions_are_told),
		TEST(pcscd_may_come_and_go),
		TEST(a_watcher_that_cannot_start_is_tried_again),
		TEST(a_listener_may_hang_up_inside_a_push),
		TEST(the_end_answers_everybody),
		TEST(a_loop_drives_it),
		TEST(problems_of_the_street_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
