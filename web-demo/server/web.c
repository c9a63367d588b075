#include "web.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "api-json.h"
#include "crowd.h"
#include "log.h"
#include "rules.h"
#include "tls-priorities.h"
#include "wipe.h"

#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))
#define LISTENERS_N 2
#define COOKIE_NAME "__Host-drone"
#define PATH_LEN_MAX 255
/* More than this of a body is not even read to be polite. */
#define DRAIN_MAX (1024 * 1024)
#define REQUEST_US (10 * UINT64_C(1000000))
#define REST_US (30 * UINT64_C(1000000))

struct web {
	struct web_options options;
	struct desk *desk;
	int fds[LISTENERS_N]; /* -1: none, or the HTTP library's */
	in_port_t port;
	struct MHD_Daemon *daemons[LISTENERS_N];
	gnutls_datum_t ticket_key;
	char host[128];       /* as in a Host header */
	char origin[160];     /* https:// before it */
	char policy[640];     /* Content-Security-Policy */
	pthread_mutex_t turn; /* of the desk and the crowd */
	struct crowd crowd;
};

struct connection {
	struct guest guest; /* first: the crowd's guest is the connection */
	struct web *web;
};

struct request {
	struct connection *connection;
	char path[PATH_LEN_MAX + 1]; /* "": too long */
	char *target;
	struct rules_request rules;
	/* Of headers that rules.h does not read. */
	char cookie[TOKEN_TEXT_LEN + 1]; /* "": none of ours */
	unsigned cookies_n;
	bool same_site; /* or a browser that does not say */
	bool navigation;
	bool person;
	bool judged;
	bool replied;
	enum problem problem; /* what the head is refused for */
	char *body;           /* DESK_BODY_MAX + 1 bytes, or NULL */
	size_t body_len, dropped_len;
};

static struct moment
moment_now(void)
{
	struct timespec boot, real;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return (struct moment){ .boot_us = (uint64_t)boot.tv_sec * 1000000 +
					   (uint64_t)boot.tv_nsec / 1000,
		.real_s = real.tv_sec };
}

/* ---- the head --------------------------------------------------------- */

static bool
name_is(const char *name, size_t len, const char *other)
{
	return len == strlen(other) && strncasecmp(name, other, len) == 0;
}

static bool
value_is(const struct rules_value *value, const char *text)
{
	return value->n == 1 && value->len == strlen(text) &&
	       memcmp(value->bytes, text, value->len) == 0;
}

/* Ours among "a=b; c=d". Two of ours are none: one of them is a stranger's. */
static void
cookie_take(struct request *request, const char *value, size_t len)
{
	static const char name[] = COOKIE_NAME "=";
	const char *at = value, *end = value + len;

	while (at < end) {
		const char *stop = memchr(at, ';', (size_t)(end - at));
		size_t own = sizeof(name) - 1;

		stop = stop ? stop : end;
		while (at < stop && *at == ' ')
			at++;
		if ((size_t)(stop - at) > own && memcmp(at, name, own) == 0) {
			request->cookies_n++;
			if ((size_t)(stop - at) == own + TOKEN_TEXT_LEN)
				memcpy(
				    request->cookie, at + own, TOKEN_TEXT_LEN);
		}
		at = stop + 1;
	}
	if (request->cookies_n > 1)
		request->cookie[0] = '\0';
}

static enum MHD_Result
head_add(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	struct request *request = arg;

	(void)kind;
	value = value ? value : "";
	rules_add(&request->rules, name, name_len, value, value_len);
	if (name_is(name, name_len, "Cookie"))
		cookie_take(request, value, value_len);
	else if (name_is(name, name_len, "X-Activity"))
		request->person = strcmp(value, "person") == 0;
	else if (name_is(name, name_len, "Sec-Fetch-Site"))
		request->same_site = strcmp(value, "same-origin") == 0;
	else if (name_is(name, name_len, "Sec-Fetch-Mode"))
		request->navigation = strcmp(value, "navigate") == 0;
	return MHD_YES;
}

static bool
is_api(const struct request *request)
{
	return strncmp(request->path, "/api/", 5) == 0;
}

static bool
is_post(const char *method)
{
	return strcmp(method, "POST") == 0;
}

static bool
is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static unsigned long long
length_announced(const struct request *request)
{
	const struct rules_value *length =
	    &request->rules.header[RULES_CONTENT_LENGTH];

	return length->n ? strtoull(length->bytes, NULL, 10) : 0;
}

static bool
type_is_json(const struct request *request)
{
	const struct rules_value *type =
	    &request->rules.header[RULES_CONTENT_TYPE];
	char text[64] = "";

	if (type->n != 1 || type->len >= sizeof(text))
		return false;
	memcpy(text, type->bytes, type->len);
	return json_is_type(text);
}

/*
 * Whose page asks? A POST must say that it is ours; a browser that tells
 * where a request comes from must not name another site for what is behind
 * /api/. The cookie is SameSite=Strict besides.
 */
static enum problem
head_problem(const struct request *request, const char *method)
{
	const struct web *web = request->connection->web;
	const struct rules_value *header = request->rules.header;

	if (!rules_framed(&request->rules))
		return PROBLEM_BAD_REQUEST;
	if (!value_is(&header[RULES_HOST], web->host))
		return PROBLEM_WRONG_HOST;
	if (is_api(request) && !request->same_site)
		return PROBLEM_FOREIGN;
	if (is_read(method))
		return PROBLEM_NONE;
	if (!is_post(method) || !is_api(request))
		return PROBLEM_METHOD;
	if (!value_is(&header[RULES_ORIGIN], web->origin))
		return PROBLEM_FOREIGN;
	if (!type_is_json(request))
		return PROBLEM_NOT_JSON;
	if (length_announced(request) > DESK_BODY_MAX)
		return PROBLEM_TOO_LARGE;
	return PROBLEM_NONE;
}

static void
request_judge(struct request *request, struct MHD_Connection *mhd,
    const char *method, const char *version)
{
	size_t len = strcspn(request->target, "?");

	request->judged = true;
	request->same_site = true;
	request->rules.version = version;
	request->rules.target = request->target;
	if (len <= PATH_LEN_MAX) {
		memcpy(request->path, request->target, len);
		request->path[len] = '\0';
	}
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, head_add, request);
	request->problem = head_problem(request, method);
}

/* ---- the reply -------------------------------------------------------- */

struct header {
	const char *name, *value;
};

static const struct header always[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy",
	    "loopback-network=(self), local-network-access=(self), "
	    "camera=(), microphone=(), geolocation=(), usb=(), hid=(), "
	    "serial=(), payment=()" },
};

static bool
headers_add(struct MHD_Response *response, const struct web *web,
    const struct header *more, size_t more_n)
{
	for (size_t i = 0; i < ARRAY_N(always); i++)
		if (MHD_add_response_header(
			response, always[i].name, always[i].value) != MHD_YES)
			return false;
	for (size_t i = 0; i < more_n; i++)
		if (more[i].value &&
		    MHD_add_response_header(
			response, more[i].name, more[i].value) != MHD_YES)
			return false;
	return MHD_add_response_header(
		   response, "Content-Security-Policy", web->policy) == MHD_YES;
}

/* Takes the response over; NULL: no memory. */
static enum MHD_Result
reply(struct request *request, struct MHD_Connection *mhd, unsigned status,
    struct MHD_Response *response, const struct header *more, size_t more_n)
{
	struct web *web = request->connection->web;
	enum MHD_Result r = MHD_NO;

	if (!response)
		return MHD_NO;
	if (headers_add(response, web, more, more_n)) {
		request->replied = true;
		pthread_mutex_lock(&web->turn);
		crowd_reply(&web->crowd, &request->connection->guest,
		    moment_now().boot_us);
		pthread_mutex_unlock(&web->turn);
		r = MHD_queue_response(mhd, status, response);
	}
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result
reply_desk(struct request *request, struct MHD_Connection *mhd,
    struct desk_reply *answer)
{
	char cookie[160] = "";
	const struct header more[] = {
		{ "Content-Type", !answer->body     ? NULL
				  : answer->problem ? "application/problem+json"
						    : "application/json" },
		{ "Allow", answer->allow },
		{ "Set-Cookie", cookie[0] ? cookie : NULL },
	};
	struct header all[ARRAY_N(more)];
	size_t len = answer->body ? strlen(answer->body) : 0;

	memcpy(all, more, sizeof(all));
	if (answer->cookie != COOKIE_KEEP) {
		snprintf(cookie, sizeof(cookie),
		    COOKIE_NAME "=%s; Path=/; Secure; HttpOnly; "
				"SameSite=Strict%s",
		    answer->token,
		    answer->cookie == COOKIE_CLEAR ? "; Max-Age=0" : "");
		all[2].value = cookie;
	}
	/* Whoever frees it wipes it. */
	return reply(request, mhd, answer->status,
	    MHD_create_response_from_buffer_with_free_callback(
		len, answer->body, json_free),
	    all, ARRAY_N(all));
}

/* For a person who looks at it: constant words alone. */
static enum MHD_Result
reply_page(struct request *request, struct MHD_Connection *mhd,
    enum problem problem, const char *allow)
{
	const struct problem_text *text = problem_text(problem);
	const struct header more[] = {
		{ "Content-Type", "text/html; charset=utf-8" },
		{ "Allow", allow },
	};
	char *page = NULL;
	int len = asprintf(&page,
	    "<!DOCTYPE html>\n<html lang=\"ja\"><head>"
	    "<meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\">"
	    "<title>%u %s</title></head><body>\n<p>%s</p>\n"
	    "<p lang=\"en\">%s</p>\n<p><a href=\"/\">最初のページ / "
	    "First page</a></p>\n</body></html>\n",
	    text->status, text->title, text->detail_ja, text->detail);

	if (len < 0)
		return MHD_NO;
	return reply(request, mhd, text->status,
	    MHD_create_response_from_buffer(
		(size_t)len, page, MHD_RESPMEM_MUST_FREE),
	    more, ARRAY_N(more));
}

static enum MHD_Result
reply_problem(struct request *request, struct MHD_Connection *mhd)
{
	const char *allow = is_api(request) ? "GET, POST" : "GET";
	struct desk_reply answer;

	if (request->problem != PROBLEM_METHOD)
		allow = NULL;
	if (request->navigation || !is_api(request))
		return reply_page(request, mhd, request->problem, allow);
	pthread_mutex_lock(&request->connection->web->turn);
	desk_refuse(request->problem, &answer);
	pthread_mutex_unlock(&request->connection->web->turn);
	answer.allow = allow;
	return reply_desk(request, mhd, &answer);
}

static enum MHD_Result
reply_api(
    struct request *request, struct MHD_Connection *mhd, const char *method)
{
	struct web *web = request->connection->web;
	const struct desk_request asked = {
		.method = is_post(method) ? "POST" : "GET",
		.path = request->path,
		.cookie = request->cookie[0] ? request->cookie : NULL,
		.person = request->person,
		.body = request->body ? request->body : "",
		.body_len = request->body_len,
	};
	struct desk_reply answer;

	pthread_mutex_lock(&web->turn);
	desk_handle(web->desk, &asked, moment_now(), &answer);
	pthread_mutex_unlock(&web->turn);
	return reply_desk(request, mhd, &answer);
}

static enum MHD_Result
reply_file(struct request *request, struct MHD_Connection *mhd)
{
	const struct file *file =
	    files_find(request->connection->web->options.files, request->path);
	struct header more[] = { { "Content-Type", NULL } };

	if (!file)
		return reply_page(request, mhd, PROBLEM_NOT_FOUND, NULL);
	more[0].value = file->type;
	return reply(request, mhd, MHD_HTTP_OK,
	    MHD_create_response_from_buffer(
		file->len, file->bytes, MHD_RESPMEM_PERSISTENT),
	    more, ARRAY_N(more));
}

/* All of it is here. */
static enum MHD_Result
request_answer(
    struct request *request, struct MHD_Connection *mhd, const char *method)
{
	struct web *web = request->connection->web;

	pthread_mutex_lock(&web->turn);
	crowd_serve(&request->connection->guest);
	pthread_mutex_unlock(&web->turn);
	if (request->problem != PROBLEM_NONE)
		return reply_problem(request, mhd);
	return is_api(request) ? reply_api(request, mhd, method)
			       : reply_file(request, mhd);
}

/* ---- a request's way -------------------------------------------------- */

static enum MHD_Result
request_body(struct request *request, const char *bytes, size_t len)
{
	if (request->problem == PROBLEM_NONE &&
	    len > DESK_BODY_MAX - request->body_len)
		request->problem = PROBLEM_TOO_LARGE;
	if (request->problem != PROBLEM_NONE) {
		request->dropped_len += len;
		return request->dropped_len > DRAIN_MAX ? MHD_NO : MHD_YES;
	}
	if (!request->body && !(request->body = malloc(DESK_BODY_MAX + 1)))
		return MHD_NO;
	memcpy(request->body + request->body_len, bytes, len);
	request->body_len += len;
	request->body[request->body_len] = '\0';
	return MHD_YES;
}

static enum MHD_Result
request_step(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **context)
{
	struct request *request = *context;
	size_t len = *upload_len;

	(void)arg, (void)url;
	if (!request)
		return MHD_NO;
	if (!request->judged) {
		request_judge(request, mhd, method, version);
		/* Nothing that follows can be told from another request. */
		return request->problem == PROBLEM_BAD_REQUEST ||
			       length_announced(request) > DRAIN_MAX
			   ? request_answer(request, mhd, method)
			   : MHD_YES;
	}
	*upload_len = 0;
	if (request->replied)
		return MHD_YES;
	return len > 0 ? request_body(request, upload, len)
		       : request_answer(request, mhd, method);
}

/* As soon as its first line is here. */
static void *
request_new(void *arg, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct request *request = calloc(1, sizeof(*request));

	(void)arg;
	if (!request || !info || !info->socket_context ||
	    !(request->target = strdup(target))) {
		free(request);
		return NULL;
	}
	request->connection = info->socket_context;
	return request;
}

static void
request_done(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;
	struct web *web;

	(void)arg, (void)mhd, (void)code;
	if (!request)
		return;
	*context = NULL;
	web = request->connection->web;
	pthread_mutex_lock(&web->turn);
	crowd_rest(
	    &web->crowd, &request->connection->guest, moment_now().boot_us);
	pthread_mutex_unlock(&web->turn);
	wipe_free(request->body, request->body_len);
	free(request->target);
	wipe_free(request, sizeof(*request));
}

/* ---- connections ------------------------------------------------------ */

static struct connection *
connection_new(struct web *web, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *fd =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *tls =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->web = web;
	pthread_mutex_lock(&web->turn);
	crowd_enter(&web->crowd, &connection->guest, fd->connect_fd,
	    CROWD_UNKNOWN, moment_now().boot_us);
	pthread_mutex_unlock(&web->turn);
	/* Without tickets a connection is only slower. */
	if (tls)
		gnutls_session_ticket_enable_server(
		    tls->tls_session, &web->ticket_key);
	return connection;
}

/* One without a context is one we had no memory for: request_new ends it. */
static void
connection_changed(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct connection *connection = *context;
	struct web *web = arg;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		*context = connection_new(web, mhd);
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (!connection)
			return;
		pthread_mutex_lock(&web->turn);
		crowd_leave(&web->crowd, &connection->guest);
		pthread_mutex_unlock(&web->turn);
		free(connection);
		*context = NULL;
		return;
	}
}

void
web_tick(struct web *web)
{
	struct moment now = moment_now();

	pthread_mutex_lock(&web->turn);
	crowd_expire(&web->crowd, now.boot_us);
	desk_expire(web->desk, now);
	pthread_mutex_unlock(&web->turn);
}

/* ---- listening -------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* -1: errno says why. */
static int
listen_on(const union address *address, socklen_t len)
{
	int one = 1;
	int fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &address->any, len) < 0 || listen(fd, 64) < 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* Browsers try ::1 first for localhost; without IPv6 they go on. */
static bool
web_listen(struct web *web)
{
	union address v4 = { .v4 = { .sin_family = AF_INET,
				 .sin_port = htons(web->options.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	union address v6 = { .v6 = { .sin6_family = AF_INET6,
				 .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	socklen_t len = sizeof(v4.v4);

	web->fds[0] = listen_on(&v4, sizeof(v4.v4));
	if (web->fds[0] < 0 || getsockname(web->fds[0], &v4.any, &len) < 0) {
		log_error("127.0.0.1:%u: %m", web->options.port);
		return false;
	}
	web->port = ntohs(v4.v4.sin_port);
	v6.v6.sin6_port = v4.v4.sin_port;
	web->fds[1] = listen_on(&v6, sizeof(v6.v6));
	if (web->fds[1] < 0)
		log_warning("[::1]:%u: %m", web->port);
	return true;
}

/* As browsers write them: https' own port is left out. */
static void
web_names(struct web *web)
{
	const struct web_options *options = &web->options;

	if (web->port == 443)
		snprintf(web->host, sizeof(web->host), "%s", options->host);
	else
		snprintf(web->host, sizeof(web->host), "%s:%u", options->host,
		    web->port);
	snprintf(web->origin, sizeof(web->origin), "https://%s", web->host);
	snprintf(web->policy, sizeof(web->policy),
	    "default-src 'none'; script-src 'self'; style-src 'self'; "
	    "img-src 'self' data:; connect-src 'self' %s; base-uri 'none'; "
	    "form-action 'self'; frame-ancestors 'none'",
	    options->kenmend);
}

bool
web_new(const struct web_options *options, struct web **ret)
{
	struct web *web = calloc(1, sizeof(*web));

	if (!web)
		return false;
	web->options = *options;
	web->fds[0] = web->fds[1] = -1;
	pthread_mutex_init(&web->turn, NULL);
	/* Nobody's address means anything on loopback, or behind a proxy. */
	web->crowd.limits = (struct crowd_limits){ .request_us = REQUEST_US,
		.idle_us = REST_US,
		.per_user_n = WEB_CONNECTIONS_MAX,
		.total_n = WEB_CONNECTIONS_MAX };
	if (gnutls_session_ticket_key_generate(&web->ticket_key) < 0 ||
	    !web_listen(web)) {
		web_free(&web);
		return false;
	}
	web_names(web);
	*ret = web;
	return true;
}

const char *
web_origin(const struct web *web)
{
	return web->origin;
}

/* Targets are compared as they were sent. */
static size_t
keep_escapes(void *arg, struct MHD_Connection *mhd, char *text)
{
	(void)arg, (void)mhd;
	return strlen(text);
}

static struct MHD_Daemon *
daemon_start(struct web *web, int fd)
{
	const struct tls *tls = web->options.tls;

	/* Shut connections count until the library has closed them: with some
	 * room above the crowd's own limit it never stops accepting. */
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_TLS, 0,
	    NULL, NULL, request_step, web, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_HTTPS_MEM_CERT, tls->certificate,
	    MHD_OPTION_HTTPS_MEM_KEY, tls->key, MHD_OPTION_HTTPS_PRIORITIES,
	    TLS_PRIORITIES, MHD_OPTION_CONNECTION_LIMIT,
	    WEB_CONNECTIONS_MAX + 64u, MHD_OPTION_NOTIFY_CONNECTION,
	    connection_changed, web, MHD_OPTION_URI_LOG_CALLBACK, request_new,
	    web, MHD_OPTION_NOTIFY_COMPLETED, request_done, web,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

bool
web_start(struct web *web, struct desk *desk)
{
	web->desk = desk;
	for (int i = 0; i < LISTENERS_N; i++) {
		if (web->fds[i] < 0)
			continue;
		if (!(web->daemons[i] = daemon_start(web, web->fds[i]))) {
			log_error("the HTTP server cannot be started");
			return false;
		}
		web->fds[i] = -1; /* closed by the library */
	}
	return true;
}

void
web_free(struct web **web)
{
	struct web *w = *web;

	if (!w)
		return;
	for (int i = 0; i < LISTENERS_N; i++) {
		if (w->daemons[i])
			MHD_stop_daemon(w->daemons[i]);
		if (w->fds[i] >= 0)
			close(w->fds[i]);
	}
	if (w->ticket_key.data) {
		gnutls_memset(w->ticket_key.data, 0, w->ticket_key.size);
		gnutls_free(w->ticket_key.data);
	}
	pthread_mutex_destroy(&w->turn);
	free(w);
	*web = NULL;
}
