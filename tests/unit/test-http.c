/*
 * A real HTTPS listener on loopback with an API that is made up here, and a
 * client that can say anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/wait.h>

#include "http.h"
#include "http-client.h"
#include "peer.h"

#define PAGE "https://drone.example"
#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))
#define LINES_MAX 4096

/* ---- an API ---------------------------------------------------------- */

enum fake { FAKE_NOW, FAKE_LATER, FAKE_STREAM, FAKE_RICH, FAKE_PREFLIGHT };

static struct {
	enum fake does;
	unsigned asked_n, gone_n;
	struct api_call *call; /* FAKE_LATER, FAKE_STREAM */
	char method[32], path[256], query[256], origin[128], token[128];
	char content_type[128];
	bool has_origin, has_token, has_type, too_large;
	uid_t uid;
	char body[API_BODY_MAX + 1];
	size_t body_len;
	const char *answer;
	size_t answer_len;
} api;

static bool
copy_string(char *room, size_t room_len, const char *text)
{
	snprintf(room, room_len, "%s", text ? text : "");
	return text != NULL;
}

static void
answer_with(struct api_call *call, int status, const char *body, size_t len)
{
	struct api_reply reply = { .status = status,
		.content_type = "application/json",
		.body = malloc(len + 1),
		.body_len = len };

	memcpy(reply.body, body, len);
	call->reply(call, &reply);
	assert_null(reply.body);
}

static void
answer_richly(struct api_call *call)
{
	struct api_reply reply = { .status = 401,
		.content_type = "application/problem+json",
		.body = strdup("{}"),
		.body_len = 2,
		.location = "/v1/reads/x",
		.allow = "GET, POST",
		.retry_after = 77,
		.authenticate = true };

	call->reply(call, &reply);
}

void
api_handle(struct api *unused, const struct api_request *request,
    struct api_call *call, uint64_t now)
{
	struct api_reply empty = { .status = 204, .preflight = true };
	struct api_reply stream = { .status = 200,
		.content_type = "text/event-stream",
		.stream = true };

	(void)unused;
	assert_true(now > 0);
	api.asked_n++;
	copy_string(api.method, sizeof(api.method), request->method);
	copy_string(api.path, sizeof(api.path), request->path);
	copy_string(api.query, sizeof(api.query), request->query);
	api.has_origin =
	    copy_string(api.origin, sizeof(api.origin), request->origin);
	api.has_token =
	    copy_string(api.token, sizeof(api.token), request->token);
	api.has_type = copy_string(
	    api.content_type, sizeof(api.content_type), request->content_type);
	api.uid = request->uid;
	api.too_large = request->too_large;
	api.body_len = request->body_len;
	assert_true(request->body_len <= API_BODY_MAX);
	memcpy(api.body, request->body, request->body_len);
	api.body[api.body_len] = '\0';

	switch (api.does) {
	case FAKE_NOW:
		answer_with(call, 200, api.answer, api.answer_len);
		return;
	case FAKE_LATER:
		api.call = call;
		return;
	case FAKE_STREAM:
		api.call = call;
		call->reply(call, &stream);
		return;
	case FAKE_RICH:
		answer_richly(call);
		return;
	case FAKE_PREFLIGHT:
		call->reply(call, &empty);
		return;
	}
}

void
api_gone(struct api *unused, struct api_call *call)
{
	(void)unused;
	assert_ptr_equal(call, api.call);
	api.gone_n++;
	api.call = NULL;
}

static const struct {
	int status;
	const char *name;
} codes[API_CODE_N] = {
	[API_BAD_REQUEST] = { 400, "bad_request" },
	[API_NOT_FOR_NAVIGATION] = { 403, "not_for_navigation" },
	[API_ORIGIN_NOT_ALLOWED] = { 403, "origin_not_allowed" },
	[API_OTHER_USER] = { 403, "other_user" },
	[API_WRONG_HOST] = { 421, "wrong_host" },
};

void
api_problem(enum api_code code, const char *detail, const char *detail_ja,
    struct api_reply *ret)
{
	assert_null(detail);
	assert_null(detail_ja);
	assert_non_null(codes[code].name);
	*ret = (struct api_reply){ .status = codes[code].status,
		.content_type = "application/problem+json",
		.body = strdup(codes[code].name),
		.body_len = strlen(codes[code].name) };
}

void
api_path_name(const char *target, char ret[API_PATH_NAME_MAX + 1])
{
	snprintf(ret, API_PATH_NAME_MAX + 1, "%.31s", target);
}

void
api_reply_finish(struct api_reply *reply)
{
	free(reply->body);
	reply->body = NULL;
}

/* ---- the server ------------------------------------------------------ */

static struct config_origin origins[] = {
	{ .origin = PAGE },
	{ .origin = "http://localhost:8000" },
};
static struct config config = {
	.mode = MODE_PINENTRY, .origins_n = ARRAY_N(origins), .origins = origins
};
static char key_pem[4096], certificate_pem[4096];
static struct cert cert = { .certificate = certificate_pem, .key = key_pem };
static struct http *http;
static unsigned port, port6;

static uint64_t
server_now(void *arg)
{
	(void)arg;
	return clock_us();
}

static unsigned
server_listen(int family)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t len = family == AF_INET ? sizeof(a.v4) : sizeof(a.v6);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	a.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.v6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	if (bind(fd, &a.any, len) < 0 && family == AF_INET6) {
		close(fd);
		return 0;
	}
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, &a.any, &len), 0);
	assert_int_equal(http_listen(http, fd), 0);
	return ntohs(family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void
server_start(const struct http_options *wish)
{
	struct http_options options = *wish;

	options.config = &config;
	options.cert = &cert;
	options.now = server_now;
	assert_int_equal(http_new(loop, &options, &http), 0);
	port = server_listen(AF_INET);
	port6 = server_listen(AF_INET6);
}

static int
setup(void **state)
{
	const struct http_options usual = { 0 };

	(void)state;
	memset(&api, 0, sizeof(api));
	api.answer = "{\"ok\":true}";
	api.answer_len = 11;
	config.mode = MODE_PINENTRY;
	config.local_allow = false;
	assert_true(sd_event_new(&loop) >= 0);
	server_start(&usual);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_free(&http);
	assert_null(http);
	loop = sd_event_unref(loop);
	return 0;
}

static void
server_restart(const struct http_options *wish)
{
	http_free(&http);
	server_start(wish);
}

static int
group_setup(void **state)
{
	(void)state;
	certificate_make(key_pem, certificate_pem);
	return gnutls_certificate_allocate_credentials(&client_credentials);
}

static int
group_teardown(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(client_credentials);
	return 0;
}

/* ---- asking ---------------------------------------------------------- */

/* The lines of a request; PORT stands for the listener's. */
static size_t
lines_expand(const char *lines, size_t len, char out[LINES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		assert_true(n < LINES_MAX - 16);
		if (len - i >= 4 && memcmp(lines + i, "PORT", 4) == 0) {
			n += (size_t)sprintf(out + n, "%u", port);
			i += 4;
		} else {
			out[n++] = lines[i++];
		}
	}
	return n;
}

static void
client_say(struct client *client, const char *lines, size_t len)
{
	char text[LINES_MAX];
	size_t n = lines_expand(lines, len, text);

	client_send(client, text, n);
}

static void
ask_bytes(const char *lines, size_t len, struct answer *ret)
{
	struct client client;

	client_open(&client, port);
	client_say(&client, lines, len);
	client_answer(&client, ret);
	client_close(&client);
}

static void
ask(const char *lines, struct answer *ret)
{
	ask_bytes(lines, strlen(lines), ret);
}

#define GOOD "Host: 127.0.0.1:PORT\r\nOrigin: " PAGE "\r\n"
#define GET(headers) "GET /v1/health HTTP/1.1\r\n" headers "\r\n"

static const char *
header_of(const struct answer *answer, const char *name)
{
	const char *value = answer_header(answer, name);

	return value ? value : "(none)";
}

static void
check_standing(const struct answer *a)
{
	assert_string_equal(header_of(a, "Cache-Control"), "no-store");
	assert_string_equal(header_of(a, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(header_of(a, "Content-Security-Policy"),
	    "default-src 'none'; frame-ancestors 'none'");
	assert_string_equal(
	    header_of(a, "Cross-Origin-Opener-Policy"), "same-origin");
	assert_string_equal(header_of(a, "Referrer-Policy"), "no-referrer");
	assert_null(answer_header(a, "Server"));
	assert_null(answer_header(a, "Set-Cookie"));
	assert_null(answer_header(a, "Access-Control-Allow-Credentials"));
}

static void
check_cors(const struct answer *a, const char *origin)
{
	assert_string_equal(
	    header_of(a, "Access-Control-Allow-Origin"), origin);
	assert_string_equal(header_of(a, "Vary"), "Origin");
	assert_string_equal(header_of(a, "Access-Control-Expose-Headers"),
	    "Location, Retry-After");
}

static void
check_no_cors(const struct answer *a)
{
	assert_null(strcasestr(a->head, "Access-Control"));
	assert_null(answer_header(a, "Vary"));
}

/* A refusal to a stranger: always the same words, and nobody was asked. */
static void
check_refused(const struct answer *a, int status, const char *code)
{
	assert_int_equal(a->status, status);
	assert_string_equal(a->body, code);
	assert_string_equal(
	    header_of(a, "Content-Type"), "application/problem+json");
	check_standing(a);
	check_no_cors(a);
	assert_int_equal(api.asked_n, 0);
}

/* ---- what passes ----------------------------------------------------- */

static void
test_passes(void **state)
{
	struct answer a;

	(void)state;
	ask("GET /v1/a%20b/../c?x=%31&y HTTP/1.1\r\n" GOOD
	    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n"
	    "Sec-Fetch-Dest: empty\r\nAuthorization: bEARER  to.ken~\r\n"
	    "Content-Type: application/json\r\n\r\n",
	    &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"ok\":true}");
	assert_string_equal(header_of(&a, "Content-Type"), "application/json");
	check_standing(&a);
	check_cors(&a, PAGE);
	assert_null(answer_header(&a, "Access-Control-Allow-Methods"));
	assert_null(answer_header(&a, "Retry-After"));
	assert_int_equal(api.asked_n, 1);
	assert_string_equal(api.method, "GET");
	assert_string_equal(api.path, "/v1/a%20b/../c");
	assert_string_equal(api.query, "x=%31&y");
	assert_string_equal(api.origin, PAGE);
	assert_string_equal(api.token, "to.ken~");
	assert_string_equal(api.content_type, "application/json");
	assert_int_equal(api.uid, geteuid());
	assert_int_equal(api.body_len, 0);
	assert_false(api.too_large);
}

static void
test_tokens(void **state)
{
	static const struct {
		const char *line, *token;
	} cases[] = {
		{ "", NULL },
		{ "Authorization: Bearer abc\r\n", "abc" },
		{ "Authorization: bearer abc\r\n", "abc" },
		{ "Authorization: Bearer\r\n", NULL },
		{ "Authorization: Bearer \r\n", NULL },
		{ "Authorization: Bearerabc\r\n", NULL },
		{ "Authorization: Basic abc\r\n", NULL },
		{ "Authorization:\r\n", NULL },
		{ "X-Authorization: Bearer abc\r\n", NULL },
	};
	struct answer a;
	char lines[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		snprintf(lines, sizeof(lines),
		    "GET /v1/session HTTP/1.1\r\n" GOOD "%s\r\n",
		    cases[i].line);
		ask(lines, &a);
		assert_int_equal(a.status, 200);
		assert_int_equal(api.has_token, cases[i].token != NULL);
		if (cases[i].token)
			assert_string_equal(api.token, cases[i].token);
	}
}

static void
test_kept_connection(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	client_open(&client, port);
	for (unsigned i = 1; i <= 5; i++) {
		client_say(&client, GET(GOOD), strlen(GET(GOOD)));
		client_answer(&client, &a);
		assert_int_equal(a.status, 200);
		assert_null(answer_header(&a, "Connection"));
		assert_int_equal(api.asked_n, i);
	}
	/* A refusal for its headers does not cost the connection either. */
	client_say(&client, GET("Host: x\r\n"), strlen(GET("Host: x\r\n")));
	client_answer(&client, &a);
	assert_int_equal(a.status, 421);
	/* Two at once. */
	client_say(&client, GET(GOOD) GET(GOOD), strlen(GET(GOOD) GET(GOOD)));
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(api.asked_n, 7);
	client_close(&client);
}

static void
test_long_headers(void **state)
{
	struct client client;
	struct answer a;
	char line[1200];

	(void)state;
	client_open(&client, port);
	client_say(&client, "GET / HTTP/1.1\r\n" GOOD,
	    strlen("GET / HTTP/1.1\r\n" GOOD));
	for (int i = 0; i < 12; i++) {
		int n = snprintf(line, sizeof(line), "X-%d: %01000d\r\n", i, i);

		client_send(&client, line, (size_t)n);
		turn();
	}
	client_send(&client, "\r\n", 2);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	client_close(&client);
}

/* The HTTP library takes them in small pieces, and no descriptor tells that
 * there are more: nobody may wait for that. */
static void
test_long_headers_at_once(void **state)
{
	static const struct {
		unsigned len;
		int status;
	} cases[] = { { 20000, 200 }, { 28000, 200 }, { 60000, 431 } };
	static char lines[65536];
	struct client client;
	struct answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		uint64_t start = clock_us();
		size_t n;

		client_open(&client, port);
		n = lines_expand("GET / HTTP/1.1\r\n" GOOD,
		    strlen("GET / HTTP/1.1\r\n" GOOD), lines);
		n += (size_t)sprintf(
		    lines + n, "X: %0*d\r\n\r\n", (int)cases[i].len, 0);
		client_send(&client, lines, n);
		client_answer(&client, &a);
		assert_int_equal(a.status, cases[i].status);
		assert_true(clock_us() - start < 500000);
		client_close(&client);
	}
}

static void
test_both_families(void **state)
{
	char text[256];
	struct client client;
	struct answer a;
	int n;

	(void)state;
	if (!port6)
		skip();
	client_connect(&client, AF_INET6, port6);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(client_handshake(&client, "NORMAL", NULL), 0);
	client.in = malloc(CLIENT_IN_MAX + 1);
	n = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: [::1]:%u\r\nOrigin: " PAGE "\r\n\r\n",
	    port6);
	client_send(&client, text, (size_t)n);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(api.uid, geteuid());
	/* The other listener's port is another host. */
	n = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: " PAGE "\r\n\r\n",
	    port);
	client_send(&client, text, (size_t)n);
	client_answer(&client, &a);
	assert_int_equal(a.status, 421);
	client_close(&client);
}

static void
test_rich_reply(void **state)
{
	struct answer a;

	(void)state;
	api.does = FAKE_RICH;
	ask(GET(GOOD), &a);
	assert_int_equal(a.status, 401);
	assert_string_equal(header_of(&a, "Location"), "/v1/reads/x");
	assert_string_equal(header_of(&a, "Allow"), "GET, POST");
	assert_string_equal(header_of(&a, "Retry-After"), "77");
	assert_string_equal(header_of(&a, "WWW-Authenticate"), "Bearer");
	check_standing(&a);
	check_cors(&a, PAGE);
}

static void
test_preflight(void **state)
{
	struct answer a;

	(void)state;
	api.does = FAKE_PREFLIGHT;
	ask("OPTIONS /v1/reads HTTP/1.1\r\nHost: localhost:PORT\r\n"
	    "Origin: http://localhost:8000\r\nSec-Fetch-Mode: cors\r\n"
	    "Sec-Fetch-Dest: empty\r\nAccess-Control-Request-Method: POST\r\n"
	    "\r\n",
	    &a);
	assert_int_equal(a.status, 204);
	assert_null(answer_header(&a, "Content-Length"));
	assert_string_equal(
	    header_of(&a, "Access-Control-Allow-Methods"), "GET, POST, DELETE");
	assert_string_equal(header_of(&a, "Access-Control-Allow-Headers"),
	    "authorization, content-type");
	assert_string_equal(header_of(&a, "Access-Control-Max-Age"), "600");
	check_standing(&a);
	check_cors(&a, "http://localhost:8000");
}

/* ---- what does not --------------------------------------------------- */

#define RAW(text)                                                              \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
struct raw {
	const char *bytes;
	size_t len;
};

static void
test_framing(void **state)
{
	static const struct raw cases[] = {
		RAW(GET(GOOD "Host: 127.0.0.1:PORT\r\n")),
		RAW(GET("Origin: " PAGE "\r\n")),
		RAW(GET("Host:\r\nHost: 127.0.0.1:PORT\r\n")),
		RAW(GET(GOOD "Origin: " PAGE "\r\n")),
		RAW(GET(GOOD "origin: https://evil.example\r\n")),
		RAW(GET(GOOD "Content-Length: 0\r\nContent-Length: 0\r\n")),
		RAW(GET(GOOD "Content-Length: 2\r\n"
			     "Transfer-Encoding: chunked\r\n") "0\r\n\r\n"),
		RAW(GET(GOOD "Transfer-Encoding: gzip, chunked\r\n")),
		RAW(GET(GOOD "Transfer-Encoding: identity\r\n")),
		RAW(GET(GOOD "Transfer-Encoding: chunked\r\n"
			     "Transfer-Encoding: chunked\r\n")),
		RAW("GET https://127.0.0.1:PORT/ HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET https://evil.example/ HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET v1/health HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("OPTIONS * HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("CONNECT 127.0.0.1:PORT HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1/health HTTP/1.0\r\n" GOOD "\r\n"),
		RAW("GET /v1/health HTTP/1.0\r\n\r\n"),
		RAW("GET /v1/health#top HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1 health HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1/\thealth HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1/\x80 HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1/\0health HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET /v1/health\0 HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET\0X /v1/health HTTP/1.1\r\n" GOOD "\r\n"),
		RAW("GET  /v1/health HTTP/1.1\r\n" GOOD "\r\n"),
		RAW(GET(GOOD "Upgrade: websocket\r\n"
			     "Connection: Upgrade\r\n")),
		RAW(GET(GOOD "upgrade: h2c\r\n")),
		RAW(GET(GOOD "Upgrade:\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\n"
			"Origin: " PAGE "\0.evil.example\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\n"
			"Origin: " PAGE "\0\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\n"
			"Origin: " PAGE "\0\0X: y\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\n"
			"Origin: " PAGE "\0\0X\0 y\r\n")),
		RAW(GET("Origin: " PAGE "\0.evil.example\r\n"
			"Host: 127.0.0.1:PORT\r\n")),
		RAW(GET("Origin: " PAGE "\0\r\nHost: 127.0.0.1:PORT\r\n")),
		RAW(GET("Origin: " PAGE "\r\nHost: 127.0.0.1:PORT\0x\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\nOrigin: \0" PAGE "\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\nOrigin : " PAGE "\r\n")),
		RAW(GET(GOOD "X Y: z\r\n")),
		RAW(GET(GOOD ": z\r\n")),
		RAW(GET(GOOD "X: a\x01z\r\n")),
		RAW(GET(GOOD "X: a\rz\r\n")),
		RAW(GET(GOOD "X: a\x7fz\r\n")),
		RAW(GET(GOOD "X: a\r\n b\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\nOrigin: https://\r\n"
			" drone.example\r\n")),
		RAW(GET("Origin: " PAGE "\r\nHost:\r\n 127.0.0.1:PORT\r\n")),
		RAW(GET(GOOD "Authorization: Bearer a\r\n"
			     "Authorization: Bearer b\r\n")),
		RAW(GET(GOOD "Content-Type: application/json\r\n"
			     "Content-Type: text/plain\r\n")),
		RAW(GET(GOOD "Sec-Fetch-Mode: cors\r\n"
			     "Sec-Fetch-Mode: navigate\r\n")),
	};
	struct answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		ask_bytes(cases[i].bytes, cases[i].len, &a);
		if (strcmp(a.body, "bad_request") != 0)
			print_error("case %zu: %s\n", i, cases[i].bytes);
		check_refused(&a, 400, "bad_request");
	}
}

/* What the HTTP library itself does not take: any end but an answer. */
static void
test_not_http(void **state)
{
	static const struct raw cases[] = {
		RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		RAW("GET /v1/health\r\n\r\n"),
		RAW("GET /v1/health HTTP/9.9\r\n" GOOD "\r\n"),
		RAW("GET /v1/health FTP/1.1\r\n" GOOD "\r\n"),
		RAW(GET(GOOD "no colon\r\n")),
		RAW(GET("Host: 127.0.0.1:PORT\r\nOrigin\0: " PAGE "\r\n")),
		RAW(GET(GOOD "Content-Length: +1\r\n") "x"),
		RAW(GET(GOOD "Content-Length: -1\r\n")),
		RAW(GET(GOOD "Content-Length: 1,1\r\n") "x"),
		RAW(GET(
		    GOOD "Content-Length: 99999999999999999999999\r\n") "x"),
		RAW("POST / HTTP/1.1\r\n" GOOD
		    "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
		RAW("\0\0\0\0\r\n\r\n"),
		RAW("\x16\x03\x01\r\n\r\n"),
	};
	const struct http_options hasty = { .request_ms = 200 };
	struct answer a;

	(void)state;
	server_restart(&hasty);
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		ask_bytes(cases[i].bytes, cases[i].len, &a);
		if (a.status != 0 && a.status < 400)
			print_error("case %zu: %d\n", i, a.status);
		assert_true(a.status == 0 || a.status >= 400);
		check_no_cors(&a);
		assert_int_equal(api.asked_n, 0);
	}
}

static void
test_wrong_host(void **state)
{
	static const char *const wrong[] = {
		"127.0.0.1",
		"127.0.0.1:1",
		"127.0.0.1:0PORT",
		"127.0.0.1:PORT0",
		"127.0.0.1:PORT ",
		"127.0.0.1:PORT.",
		"127.0.0.1:PORT,127.0.0.1:PORT",
		"localhost",
		"localhost.:PORT",
		"LOCALHOST:PORT",
		"localhost:PORT@evil.example",
		"xlocalhost:PORT",
		"[::1]",
		"::1:PORT",
		"[::ffff:127.0.0.1]:PORT",
		"[::]:PORT",
		"0.0.0.0:PORT",
		"127.0.0.2:PORT",
		"127.1:PORT",
		"2130706433:PORT",
		"0x7f000001:PORT",
		"rebind.example:PORT",
		"drone.example",
		"",
	};
	static const char *const right[] = { "127.0.0.1:PORT", "localhost:PORT",
		"[::1]:PORT" };
	struct answer a;
	char lines[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_N(wrong); i++) {
		snprintf(lines, sizeof(lines),
		    GET("Host: %s\r\nOrigin: %s\r\n"), wrong[i], PAGE);
		ask(lines, &a);
		if (a.status != 421)
			print_error("%s\n", wrong[i]);
		check_refused(&a, 421, "wrong_host");
	}
	for (size_t i = 0; i < ARRAY_N(right); i++) {
		snprintf(lines, sizeof(lines),
		    GET("Host: %s\r\nOrigin: %s\r\n"), right[i], PAGE);
		ask(lines, &a);
		assert_int_equal(a.status, 200);
	}
}

static void
test_no_fetch(void **state)
{
	static const char *const cases[] = {
		"Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\n",
		"Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
		"Sec-Fetch-Mode: websocket\r\nSec-Fetch-Dest: empty\r\n",
		"Sec-Fetch-Mode: same-origin\r\n",
		"Sec-Fetch-Mode: CORS\r\n",
		"Sec-Fetch-Mode:\r\n",
		"Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: script\r\n",
		"Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: iframe\r\n",
		"Sec-Fetch-Dest: document\r\n",
		"sec-fetch-dest: style\r\n",
	};
	struct answer a;
	char lines[512];

	(void)state;
	config.local_allow = true;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		snprintf(lines, sizeof(lines), GET(GOOD "%s"), cases[i]);
		ask(lines, &a);
		check_refused(&a, 403, "not_for_navigation");
		snprintf(lines, sizeof(lines),
		    GET("Host: 127.0.0.1:PORT\r\n%s"), cases[i]);
		ask(lines, &a);
		check_refused(&a, 403, "not_for_navigation");
	}
}

static void
test_navigation(void **state)
{
	static const char *const cases[] = {
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
		"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
		"Sec-Fetch-Dest: document\r\nSec-Fetch-User: ?1\r\n\r\n",
		"GET /v1/health HTTP/1.1\r\n" GOOD
		"Sec-Fetch-Mode: navigate\r\n\r\n",
		"POST /v1/sessions HTTP/1.1\r\nHost: localhost:PORT\r\n"
		"Origin: https://evil.example\r\n"
		"Content-Type: text/plain\r\nContent-Length: 3\r\n"
		"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
		"\r\nx=y",
	};
	struct answer a;
	char *first = NULL;

	(void)state;
	config.local_allow = true;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		ask(cases[i], &a);
		assert_int_equal(a.status, 403);
		assert_string_equal(
		    header_of(&a, "Content-Type"), "text/html; charset=utf-8");
		check_standing(&a);
		check_no_cors(&a);
		assert_int_equal(api.asked_n, 0);
		assert_non_null(strstr(a.body, "kenmen は動いています"));
		assert_non_null(strstr(a.body, "Go back to the site"));
		assert_null(strstr(a.body, KENMEN_VERSION));
		if (i == 0)
			first = strdup(a.body);
		assert_string_equal(a.body, first);
	}
	free(first);
	/* A wrong host comes before it: a page there would be of use to whoever
	 * made the name point here. */
	ask("GET / HTTP/1.1\r\nHost: rebind.example\r\n"
	    "Sec-Fetch-Mode: navigate\r\n\r\n",
	    &a);
	check_refused(&a, 421, "wrong_host");
}

static void
test_foreign_origins(void **state)
{
	static const char *const cases[] = {
		"https://drone.example.evil.com",
		"https://evildrone.example",
		"https://drone.example.",
		"https://DRONE.example",
		"HTTPS://drone.example",
		"http://drone.example",
		"https://drone.example:443",
		"https://drone.example:444",
		"https://drone.example/",
		"https://drone.example ",
		"https://drone.exampl",
		"https://drone.example,https://drone.example",
		"https://drone.example https://drone.example",
		"https://x@drone.example",
		"drone.example",
		"http://localhost",
		"http://localhost:80000",
		"https://localhost:8000",
		"null",
		"",
		"*",
		"file://",
		"moz-extension://c0ffee",
		"https://127.0.0.1:PORT",
	};
	struct answer a;
	char lines[512];

	(void)state;
	config.local_allow = true; /* no excuse for one that was sent */
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		snprintf(lines, sizeof(lines),
		    GET("Host: 127.0.0.1:PORT\r\nOrigin: %s\r\n"), cases[i]);
		ask(lines, &a);
		if (a.status != 403)
			print_error("%s\n", cases[i]);
		check_refused(&a, 403, "origin_not_allowed");
	}
	/* The refusal knows neither paths nor methods. */
	ask("DELETE /nowhere HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
	    "Origin: null\r\n\r\n",
	    &a);
	check_refused(&a, 403, "origin_not_allowed");
	ask("OPTIONS /v1/reads HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
	    "Origin: https://evil.example\r\n"
	    "Access-Control-Request-Method: POST\r\n\r\n",
	    &a);
	check_refused(&a, 403, "origin_not_allowed");
}

static void
test_local_programs(void **state)
{
	static const char *const browsers[] = { "Sec-Fetch-Site: none\r\n",
		"Sec-Fetch-Mode: cors\r\n", "Sec-Fetch-Dest: empty\r\n",
		"Sec-Fetch-Storage-Access: active\r\n" };
	struct answer a;
	char lines[256];

	(void)state;
	ask(GET("Host: 127.0.0.1:PORT\r\n"), &a);
	check_refused(&a, 403, "origin_not_allowed");
	config.local_allow = true;
	for (size_t i = 0; i < ARRAY_N(browsers); i++) {
		snprintf(lines, sizeof(lines),
		    GET("Host: 127.0.0.1:PORT\r\n%s"), browsers[i]);
		ask(lines, &a);
		check_refused(&a, 403, "origin_not_allowed");
	}
	ask(GET("Host: 127.0.0.1:PORT\r\n"), &a);
	assert_int_equal(a.status, 200);
	assert_false(api.has_origin);
	assert_int_equal(api.uid, geteuid());
	check_standing(&a);
	check_no_cors(&a);
}

/* The order in which several faults at once are told. */
static void
test_order(void **state)
{
	struct answer a;

	(void)state;
	ask("GET * HTTP/1.1\r\nHost: evil.example\r\nOrigin: null\r\n"
	    "Sec-Fetch-Mode: navigate\r\n\r\n",
	    &a);
	check_refused(&a, 400, "bad_request");
	ask(GET("Host: evil.example\r\nOrigin: null\r\n"
		"Sec-Fetch-Mode: no-cors\r\n"),
	    &a);
	check_refused(&a, 421, "wrong_host");
	ask(GET("Host: 127.0.0.1:PORT\r\nOrigin: null\r\n"
		"Sec-Fetch-Mode: no-cors\r\n"),
	    &a);
	check_refused(&a, 403, "not_for_navigation");
}

/* ---- who is there ---------------------------------------------------- */

/* Another user in another process, which prints the answer to a pipe. */
static void
ask_as(uid_t uid, struct answer *ret)
{
	int pipe_fds[2];
	pid_t pid;
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(pipe(pipe_fds), 0);
	if ((pid = fork()) == 0) {
		struct client c;
		char text[LINES_MAX], in[LINES_MAX] = "";
		size_t len = lines_expand(GET(GOOD), strlen(GET(GOOD)), text);

		if (setresuid(uid, uid, uid) < 0)
			_exit(1);
		client_connect(&c, AF_INET, port);
		gnutls_init(&c.tls, GNUTLS_CLIENT);
		gnutls_set_default_priority(c.tls);
		gnutls_credentials_set(
		    c.tls, GNUTLS_CRD_CERTIFICATE, client_credentials);
		gnutls_transport_set_int(c.tls, c.fd);
		if (gnutls_handshake(c.tls) < 0 ||
		    gnutls_record_send(c.tls, text, len) < 0)
			_exit(1);
		while (gnutls_record_recv(c.tls, in, sizeof(in) - 1) ==
		       GNUTLS_E_AGAIN)
			;
		(void)!write(pipe_fds[1], in, sizeof(in));
		_exit(0);
	}
	close(pipe_fds[1]);
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2000; i++) {
		turn();
		n = read(pipe_fds[0], ret->head, LINES_MAX);
		if (n >= 0 || errno != EAGAIN)
			break;
	}
	close(pipe_fds[0]);
	waitpid(pid, NULL, 0);
	sscanf(ret->head, "HTTP/1.1 %d ", &ret->status);
}

static void
test_other_user(void **state)
{
	struct answer a;

	(void)state;
	if (geteuid() != 0)
		skip();
	ask_as(65534, &a);
	assert_int_equal(a.status, 403);
	assert_int_equal(api.asked_n, 0);
	/* Of a listed page: it may read why. */
	check_standing(&a);
	check_cors(&a, PAGE);

	config.mode = MODE_AGENT;
	ask_as(65534, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(api.uid, 65534);
	ask_as(0, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(api.uid, 0);
}

/* The kernel's books themselves. */
static void
test_peer(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(a);
	int asker = peer_open(), listener, ours, theirs;
	uid_t uid = 4711;

	(void)state;
	assert_true(asker >= 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (void *)&a, len), 0);
	assert_int_equal(listen(listener, 4), 0);
	getsockname(listener, (void *)&a, &len);
	theirs = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(theirs, (void *)&a, sizeof(a)), 0);
	ours = accept(listener, NULL, NULL);
	assert_int_equal(peer_uid(asker, ours, &uid), 0);
	assert_int_equal(uid, geteuid());

	/* Half closed, then closed: the kernel still has it, as uid 0. */
	uid = 4711;
	shutdown(theirs, SHUT_WR);
	assert_int_equal(peer_uid(asker, ours, &uid), -ENOENT);
	close(theirs);
	assert_int_equal(peer_uid(asker, ours, &uid), -ENOENT);
	assert_int_equal(uid, 4711);
	close(ours);

	/* An IPv6 socket that calls 127.0.0.1. */
	theirs = socket(AF_INET6, SOCK_STREAM, 0);
	mapped.sin6_port = a.sin_port;
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr), 1);
	if (theirs >= 0 &&
	    connect(theirs, (void *)&mapped, sizeof(mapped)) == 0) {
		ours = accept(listener, NULL, NULL);
		assert_int_equal(peer_uid(asker, ours, &uid), 0);
		assert_int_equal(uid, geteuid());
		close(ours);
	}
	close(theirs);
	assert_true(peer_uid(asker, listener, &uid) < 0);
	assert_true(peer_uid(asker, -1, &uid) < 0);
	close(listener);
	close(asker);
}

/* ---- bodies ---------------------------------------------------------- */

static char blob[3 * API_BODY_MAX];

static void
post_start(struct client *client, const char *length_line)
{
	char lines[512];

	client_open(client, port);
	snprintf(lines, sizeof(lines),
	    "POST /v1/reads HTTP/1.1\r\n" GOOD
	    "Content-Type: application/json\r\n%s\r\n",
	    length_line);
	client_say(client, lines, strlen(lines));
}

static void
post(size_t len, struct answer *ret)
{
	struct client client;
	char line[64];

	memset(blob, 'a', sizeof(blob));
	snprintf(line, sizeof(line), "Content-Length: %zu\r\n", len);
	post_start(&client, line);
	client_send(&client, blob, len);
	client_answer(&client, ret);
	client_close(&client);
}

static void
test_body_limit(void **state)
{
	struct answer a;

	(void)state;
	post(0, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(api.body_len, 0);
	post(1, &a);
	assert_string_equal(api.body, "a");
	post(API_BODY_MAX, &a);
	assert_int_equal(a.status, 200);
	assert_false(api.too_large);
	assert_int_equal(api.body_len, API_BODY_MAX);
	assert_memory_equal(api.body, blob, API_BODY_MAX);
	post(API_BODY_MAX + 1, &a);
	assert_int_equal(a.status, 200); /* the API's to refuse */
	assert_true(api.too_large);
	assert_int_equal(api.body_len, 0);
	assert_null(answer_header(&a, "Connection"));
	post(sizeof(blob), &a);
	assert_true(api.too_large);
	assert_int_equal(api.asked_n, 5);
}

static void
test_body_beyond_measure(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	/* Told before a byte of it was sent. */
	post_start(&client, "Content-Length: 1048577\r\n");
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_true(api.too_large);
	assert_string_equal(header_of(&a, "Connection"), "close");
	assert_true(client_is_cut(&client, 1000));
	client_close(&client);
	post_start(&client, "Content-Length: 18446744073709551614\r\n");
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_true(api.too_large);
	client_close(&client);
}

static bool
chunk_send(struct client *client, const char *bytes, size_t len)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%zx\r\n", len);

	return client_send(client, line, (size_t)n) &&
	       client_send(client, bytes, len) &&
	       client_send(client, "\r\n", 2);
}

static void
test_body_in_chunks(void **state)
{
	struct client client;
	struct answer a;
	bool taken = true;

	(void)state;
	post_start(&client, "Transfer-Encoding: Chunked\r\n");
	chunk_send(&client, "{\"a\":", 5);
	turn();
	chunk_send(&client, "1}", 2);
	client_send(&client, "0\r\nOrigin: null\r\n\r\n", 19);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(api.body, "{\"a\":1}");
	client_close(&client);

	post_start(&client, "Transfer-Encoding: chunked\r\n");
	for (int i = 0; i < 5; i++)
		chunk_send(&client, blob, API_BODY_MAX / 4);
	client_send(&client, "0\r\n\r\n", 5);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_true(api.too_large);
	client_close(&client);

	/* Without an end. */
	api.asked_n = 0;
	post_start(&client, "Transfer-Encoding: chunked\r\n");
	for (int i = 0; i < 20 && taken; i++) {
		taken = chunk_send(&client, blob, sizeof(blob) / 2);
		turn();
	}
	assert_true(client_is_cut(&client, 1000));
	assert_int_equal(api.asked_n, 0);
	client_close(&client);
}

/* A stranger's body is read past, never kept, and not waited for. */
static void
test_body_of_a_stranger(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	client_open(&client, port);
	client_say(&client,
	    "POST /v1/reads HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
	    "Origin: null\r\nContent-Length: 3\r\n\r\n",
	    strlen("POST /v1/reads HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
		   "Origin: null\r\nContent-Length: 3\r\n\r\n"));
	turn_for(20);
	client_send(&client, "abc", 3);
	client_answer(&client, &a);
	check_refused(&a, 403, "origin_not_allowed");
	client_close(&client);
}

static void
test_expect_continue(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	post_start(&client, "Content-Length: 2\r\nExpect: 100-continue\r\n");
	client_answer(&client, &a);
	assert_int_equal(a.status, 100);
	client_send(&client, "{}", 2);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(api.body, "{}");
	client_close(&client);
}

/* ---- waiting --------------------------------------------------------- */

static void
client_ask(struct client *client)
{
	client_open(client, port);
	client_say(client, GET(GOOD), strlen(GET(GOOD)));
	turn_for(20);
}

static void
test_late_reply(void **state)
{
	struct client waits;
	struct answer a;
	struct api_call *call;

	(void)state;
	api.does = FAKE_LATER;
	client_ask(&waits);
	assert_non_null(call = api.call);
	client_receive(&waits);
	assert_int_equal(waits.in_len, 0);

	/* Others are served meanwhile. */
	api.does = FAKE_NOW;
	ask(GET(GOOD), &a);
	assert_int_equal(a.status, 200);

	answer_with(call, 200, "late", 4);
	client_answer(&waits, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "late");
	assert_int_equal(api.gone_n, 0);

	/* And the connection is good for more. */
	client_say(&waits, GET(GOOD), strlen(GET(GOOD)));
	client_answer(&waits, &a);
	assert_int_equal(a.status, 200);
	client_close(&waits);
	assert_int_equal(api.gone_n, 0);
}

static void
test_client_gone(void **state)
{
	struct client client;
	struct linger hard = { .l_onoff = 1 };

	(void)state;
	api.does = FAKE_LATER;
	client_ask(&client);
	client_close(&client);
	turn_for(20);
	assert_int_equal(api.gone_n, 1);
	/* By a reset. */
	client_ask(&client);
	setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	client_close(&client);
	turn_for(20);
	assert_int_equal(api.gone_n, 2);
	/* Gone with the reply already on its way: told to nobody. */
	client_ask(&client);
	answer_with(api.call, 200, "late", 4);
	client_close(&client);
	turn_for(20);
	assert_int_equal(api.gone_n, 2);
}

static void
test_large_reply(void **state)
{
	static char large[60000];
	struct answer a;

	(void)state;
	memset(large, 'z', sizeof(large));
	api.answer = large;
	api.answer_len = sizeof(large);
	ask(GET(GOOD), &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, sizeof(large));
	assert_memory_equal(a.body, large, sizeof(large));
}

/* ---- streams --------------------------------------------------------- */

static void
test_stream(void **state)
{
	struct client client;

	(void)state;
	api.does = FAKE_STREAM;
	client_ask(&client);
	assert_non_null(api.call);
	api.call->push(api.call, "event: a\n\n", 10);
	api.call->push(api.call, "event: b\n\n", 10);
	turn_for(20);
	client_receive(&client);
	assert_non_null(strstr(client.in, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(client.in, "text/event-stream"));
	assert_non_null(strstr(client.in, "Transfer-Encoding: chunked"));
	assert_non_null(
	    strstr(client.in, "Access-Control-Allow-Origin: " PAGE));
	assert_non_null(strstr(client.in, "event: a\n\nevent: b\n\n"));
	turn_for(20);
	api.call->push(api.call, "event: c\n\n", 10);
	turn_for(20);
	client_receive(&client);
	assert_non_null(strstr(client.in, "event: c\n\n"));
	assert_false(client.over);
	api.call->push(api.call, "event: end\n\n", 12);
	api.call->finish(api.call);
	turn_for(20);
	client_receive(&client);
	assert_non_null(strstr(client.in, "event: end\n\n\r\n0\r\n\r\n"));
	assert_int_equal(api.gone_n, 0);
	client_close(&client);
	assert_int_equal(api.gone_n, 0);
}

static void
test_stream_client_gone(void **state)
{
	struct client client;

	(void)state;
	api.does = FAKE_STREAM;
	client_ask(&client);
	api.call->push(api.call, ":\n\n", 3);
	turn_for(20);
	client_close(&client);
	turn_for(20);
	assert_int_equal(api.gone_n, 1);
	assert_null(api.call);
}

/* A client that does not read must not make us remember everything. */
static void
test_stream_is_bounded(void **state)
{
	struct client client;
	unsigned pushed = 0;

	(void)state;
	api.does = FAKE_STREAM;
	client_ask(&client);
	memset(blob, 'x', sizeof(blob));
	while (api.call && pushed < 4000) {
		api.call->push(api.call, blob, 16384);
		pushed++;
		turn();
	}
	assert_null(api.call);
	assert_int_equal(api.gone_n, 1);
	client_close(&client);
	assert_int_equal(api.gone_n, 1);
}

static void
test_stream_outlives_deadlines(void **state)
{
	const struct http_options hasty = { .request_ms = 100, .idle_ms = 100 };
	struct client client;

	(void)state;
	server_restart(&hasty);
	api.does = FAKE_STREAM;
	client_ask(&client);
	assert_false(client_is_cut(&client, 300));
	api.call->finish(api.call);
	assert_true(client_is_cut(&client, 400));
	assert_int_equal(api.gone_n, 0);
	client_close(&client);
}

/* ---- time ------------------------------------------------------------ */

static void
test_deadline_of_first_request(void **state)
{
	const struct http_options hasty = { .request_ms = 250 };
	struct client tcp, tls, half;
	uint64_t start = clock_us();

	(void)state;
	server_restart(&hasty);
	client_connect(&tcp, AF_INET, port);
	client_open(&tls, port);
	client_open(&half, port);
	client_say(&half,
	    "GET / HTTP/1.1\r\nHost:", strlen("GET / HTTP/1.1\r\nHost:"));
	assert_false(client_is_cut(&half, 100));
	assert_true(client_is_cut(&half, 1000));
	assert_true(client_is_cut(&tls, 100));
	assert_true(client_is_cut(&tcp, 100));
	assert_in_range(clock_us() - start, 250000, 900000);
	client_close(&tcp);
	client_close(&tls);
	client_close(&half);
}

static void
test_deadline_cuts_a_drip(void **state)
{
	const struct http_options hasty = { .request_ms = 250 };
	struct client head, body;
	uint64_t start;
	bool open = true;

	(void)state;
	server_restart(&hasty);
	client_open(&head, port);
	post_start(&body, "Content-Length: 60000\r\n");
	client_say(&head, "GET / HTTP/1.1\r\n", strlen("GET / HTTP/1.1\r\n"));
	start = clock_us();
	while (open && clock_us() - start < 2000000) {
		client_send(&head, "X: y\r\n", 6);
		client_send(&body, "z", 1);
		open = !client_is_cut(&head, 20);
	}
	assert_false(open);
	assert_in_range(clock_us() - start, 100000, 900000);
	assert_true(client_is_cut(&body, 100));
	assert_int_equal(api.asked_n, 0);
	client_close(&head);
	client_close(&body);
}

static void
test_deadline_after_reply(void **state)
{
	const struct http_options hasty = { .request_ms = 100, .idle_ms = 300 };
	struct client client;
	struct answer a;
	uint64_t start;

	(void)state;
	server_restart(&hasty);
	api.does = FAKE_LATER;
	client_ask(&client);
	/* While we make it wait, no deadline is its fault. */
	assert_false(client_is_cut(&client, 400));
	answer_with(api.call, 200, "x", 1);
	client_answer(&client, &a);
	assert_int_equal(a.status, 200);
	start = clock_us();
	assert_false(client_is_cut(&client, 200));
	assert_true(client_is_cut(&client, 500));
	assert_in_range(clock_us() - start, 280000, 700000);
	client_close(&client);
}

static unsigned
turns_in(unsigned ms)
{
	uint64_t end = clock_us() + ms * 1000u;
	unsigned turns = 0;

	for (; clock_us() < end; turns++)
		assert_true(sd_event_run(loop, ms * UINT64_C(1000)) >= 0);
	return turns;
}

/* Nobody there: nothing to wake up for. */
static void
test_sleeps(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	ask(GET(GOOD), &a);
	turn_for(50);
	assert_int_equal(sd_event_run(loop, 500000), 0);

	/* A connection that says nothing, before TLS and after. */
	client_connect(&client, AF_INET, port);
	turn_for(20);
	assert_int_equal(turns_in(200), 1);
	client_close(&client);
	client_open(&client, port);
	turn_for(20);
	assert_in_range(turns_in(200), 1, 4);
	client_close(&client);
}

/* One that stops within its first TLS message is no reason to run hot. */
static void
test_half_a_handshake(void **state)
{
	struct client client;
	struct answer a;

	(void)state;
	client_connect(&client, AF_INET, port);
	assert_int_equal(write(client.fd, "\x16\x03\x01\x02", 4), 4);
	turn_for(20);
	assert_in_range(turns_in(400), 1, 20);
	/* Nor a reason to keep others waiting. */
	for (int i = 0; i < 5; i++) {
		uint64_t start = clock_us();

		ask(GET(GOOD), &a);
		assert_int_equal(a.status, 200);
		assert_true(clock_us() - start < 100000);
	}
	client_close(&client);
}

/* ---- crowds ---------------------------------------------------------- */

static void
test_crowd(void **state)
{
	const struct http_options small = { .per_user_n = 16 };
	struct client idle[100], waits;
	struct answer a;

	(void)state;
	server_restart(&small);
	api.does = FAKE_LATER;
	client_ask(&waits);
	api.does = FAKE_NOW;
	for (size_t i = 0; i < ARRAY_N(idle); i++) {
		client_connect(&idle[i], AF_INET, port);
		/* Some say a little. */
		if (i % 3 == 0)
			(void)!write(idle[i].fd, "\x16\x03\x01\x02", 4);
		turn();
		if (i % 20 == 0) {
			ask(GET(GOOD), &a);
			assert_int_equal(a.status, 200);
		}
	}
	turn_for(30);
	ask(GET(GOOD), &a);
	assert_int_equal(a.status, 200);
	assert_true(client_is_cut(&idle[0], 50));
	assert_false(client_is_cut(&idle[ARRAY_N(idle) - 1], 50));
	/* Who waits for us was never in danger. */
	answer_with(api.call, 200, "late", 4);
	client_answer(&waits, &a);
	assert_string_equal(a.body, "late");
	for (size_t i = 0; i < ARRAY_N(idle); i++)
		close(idle[i].fd);
	client_close(&waits);
}

/* ---- TLS ------------------------------------------------------------- */

static int
handshake(const char *priorities)
{
	struct client client;
	int r;

	client_connect(&client, AF_INET, port);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
	r = client_handshake(&client, priorities, NULL);
	client_close(&client);
	return r;
}

static void
test_tls_versions(void **state)
{
	(void)state;
	assert_int_equal(handshake("NORMAL:-VERS-ALL:+VERS-TLS1.3"), 0);
	assert_int_equal(handshake("NORMAL:-VERS-ALL:+VERS-TLS1.2"), 0);
	assert_true(handshake("NORMAL:-VERS-ALL:+VERS-TLS1.1:"
			      "%VERIFY_ALLOW_SIGN_WITH_SHA1") < 0);
	assert_true(handshake("NORMAL:-VERS-ALL:+VERS-TLS1.0") < 0);
	/* Without forward secrecy, or with CBC. */
	assert_true(
	    handshake("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA") < 0);
	assert_true(handshake("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:"
			      "+AES-128-CBC") < 0);
}

static bool
resumes(const char *priorities)
{
	struct client client;
	struct answer a;
	gnutls_datum_t ticket = { 0 };
	bool resumed;

	for (int round = 0; round < 2; round++) {
		client_connect(&client, AF_INET, port);
		fcntl(client.fd, F_SETFL, O_NONBLOCK);
		assert_int_equal(client_handshake(&client, priorities,
				     round ? &ticket : NULL),
		    0);
		client.in = malloc(CLIENT_IN_MAX + 1);
		client_say(&client, GET(GOOD), strlen(GET(GOOD)));
		client_answer(&client, &a);
		assert_int_equal(a.status, 200);
		resumed = gnutls_session_is_resumed(client.tls) != 0;
		if (!round) {
			assert_false(resumed);
			assert_int_equal(
			    gnutls_session_get_data2(client.tls, &ticket), 0);
		}
		gnutls_bye(client.tls, GNUTLS_SHUT_WR);
		client_close(&client);
	}
	gnutls_free(ticket.data);
	return resumed;
}

static void
test_tls_resumption(void **state)
{
	(void)state;
	assert_true(resumes("NORMAL:-VERS-ALL:+VERS-TLS1.3"));
	assert_true(resumes("NORMAL:-VERS-ALL:+VERS-TLS1.2"));
}

/* ---- the end --------------------------------------------------------- */

static void
test_stop_sends_what_is_due(void **state)
{
	struct client client, stream;
	struct answer a;
	struct api_call *call;

	(void)state;
	api.does = FAKE_LATER;
	client_ask(&client);
	call = api.call;
	api.does = FAKE_STREAM;
	client_ask(&stream);

	http_stop(http);
	answer_with(call, 503, "bye", 3);
	api.call->push(api.call, "event: bye\n\n", 12);
	api.call->finish(api.call);
	http_free(&http);
	client_receive(&client);
	assert_true(answer_take(&client, &a));
	assert_int_equal(a.status, 503);
	client_receive(&stream);
	assert_non_null(strstr(stream.in, "event: bye"));
	assert_int_equal(api.gone_n, 0);
	close(client.fd);
	gnutls_deinit(client.tls);
	free(client.in);
	close(stream.fd);
	gnutls_deinit(stream.tls);
	free(stream.in);
}

/* Requests nobody answers must not keep us from leaving. */
static void
test_stop_with_everything_open(void **state)
{
	struct client waits, stream, idle, tcp;
	uint64_t start;

	(void)state;
	client_connect(&tcp, AF_INET, port);
	client_open(&idle, port);
	api.does = FAKE_LATER;
	client_ask(&waits);
	api.does = FAKE_STREAM;
	client_ask(&stream);
	start = clock_us();
	http_free(&http);
	assert_true(clock_us() - start < 1500000);
	close(tcp.fd);
	close(idle.fd);
	gnutls_deinit(idle.tls);
	free(idle.in);
	close(waits.fd);
	gnutls_deinit(waits.tls);
	free(waits.in);
	close(stream.fd);
	gnutls_deinit(stream.tls);
	free(stream.in);
}

static void
test_listen_refuses(void **state)
{
	struct cert no_cert = { .certificate = certificate_pem,
		.key = certificate_pem };
	const struct http_options options = {
		.config = &config, .cert = &no_cert, .now = server_now
	};
	struct http *other = NULL;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(http_new(loop, &options, &other), 0);
	assert_true(http_listen(other, fd) < 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_true(http_listen(other, socket(AF_UNIX, SOCK_STREAM, 0)) < 0);
	http_free(&other);
	http_free(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* An argument is a pattern of the tests to run. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_passes),
		TEST(test_tokens),
		TEST(test_kept_connection),
		TEST(test_long_headers),
		TEST(test_long_headers_at_once),
		TEST(test_both_families),
		TEST(test_rich_reply),
		TEST(test_preflight),
		TEST(test_framing),
		TEST(test_not_http),
		TEST(test_wrong_host),
		TEST(test_no_fetch),
		TEST(test_navigation),
		TEST(test_foreign_origins),
		TEST(test_local_programs),
		TEST(test_order),
		TEST(test_other_user),
		TEST(test_peer),
		TEST(test_body_limit),
		TEST(test_body_beyond_measure),
		TEST(test_body_in_chunks),
		TEST(test_body_of_a_stranger),
		TEST(test_expect_continue),
		TEST(test_late_reply),
		TEST(test_client_gone),
		TEST(test_large_reply),
		TEST(test_stream),
		TEST(test_stream_client_gone),
		TEST(test_stream_is_bounded),
		TEST(test_stream_outlives_deadlines),
		TEST(test_deadline_of_first_request),
		TEST(test_deadline_cuts_a_drip),
		TEST(test_deadline_after_reply),
		TEST(test_sleeps),
		TEST(test_half_a_handshake),
		TEST(test_crowd),
		TEST(test_tls_versions),
		TEST(test_tls_resumption),
		TEST(test_stop_sends_what_is_due),
		TEST(test_stop_with_everything_open),
		TEST(test_listen_refuses),
	};

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
