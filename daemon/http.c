#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "codes.h"
#include "crowd.h"
#include "log.h"
#include "peer.h"
#include "remedy.h"
#include "request-log.h"
#include "rules.h"
#include "tls-priorities.h"
#include "wipe.h"

#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))
#define LISTENERS_MAX (2 * CONFIG_LISTEN_MAX)
/* Connections that were shut and are not closed yet, above the crowd's own
 * limit: with this room the HTTP library never stops accepting. */
#define SHUT_MAX 64

struct listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	sd_event_source *ready;
	in_port_t port;
};

struct http {
	sd_event *loop;
	struct http_options options;
	struct crowd crowd;
	int asker; /* of peer.h */
	gnutls_datum_t ticket_key;
	sd_event_source *timer;
	bool stopping;
	bool asker_failed; /* said once */
	struct remedies remedies;
	unsigned idle_runs;
	size_t unread_len; /* in TLS buffers, when we last looked */
	unsigned listeners_n;
	struct listener listeners[LISTENERS_MAX];
};

struct connection {
	struct guest guest; /* first: the crowd's guest is the connection */
	struct listener *listener;
	struct MHD_Connection *mhd;
	gnutls_session_t tls;
	struct request *request; /* the one that is here now, or NULL */
};

enum stage {
	STAGE_LINE,    /* its first line was seen */
	STAGE_BODY,    /* its headers were judged */
	STAGE_PENDING, /* the API thinks */
	STAGE_REPLIED, /* the reply is here */
	STAGE_SENDING, /* the HTTP library has it */
	STAGE_GONE,    /* nobody is there to take one */
};

struct request {
	struct api_call call; /* first: the API's call is the request */
	struct connection *connection;
	enum stage stage;
	const char *method; /* the HTTP library's */
	char *target;
	struct rules_request rules;
	const struct config_origin *origin;
	uid_t uid;
	bool refused;
	bool navigation; /* refused with the page, not with JSON */
	enum api_code refusal;
	char *body; /* API_BODY_MAX + 1 bytes, or NULL */
	size_t body_len, dropped_len;
	struct api_reply reply;
	bool known; /* the API still holds the call */
	bool suspended;
	sd_event_source *left; /* the client's hang-up, while we wait */
	char *queue;           /* of a stream */
	size_t queue_len, queue_room;
	bool ended; /* the stream: nothing follows the queue */
};

static struct http *
http_of(const struct request *request)
{
	return request->connection->listener->http;
}

static uint64_t
http_now(const struct http *http)
{
	return http->options.now(http->options.now_arg);
}

/* ---- replies --------------------------------------------------------- */

static const char navigation_page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"ja\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>kenmen</title></head><body>\n"
    "<p>kenmen は動いています。このブラウザは kenmen を信頼しています。"
    "元のサイトに戻ってください。</p>\n"
    "<p lang=\"en\">kenmen is here, and this browser trusts it. "
    "Go back to the site.</p>\n"
    "</body></html>\n";

struct header {
	const char *name, *value;
};

static const struct header always[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Content-Security-Policy",
	    "default-src 'none'; frame-ancestors 'none'" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Referrer-Policy", "no-referrer" },
};
static const struct header to_origins[] = {
	{ "Vary", "Origin" },
	{ "Access-Control-Expose-Headers", "Location, Retry-After" },
};
static const struct header to_preflights[] = {
	{ "Access-Control-Allow-Methods", "GET, POST, DELETE" },
	{ "Access-Control-Allow-Headers", "authorization, content-type" },
	{ "Access-Control-Max-Age", "600" },
};

static bool
header_add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool
headers_add(
    struct MHD_Response *response, const struct header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!header_add(response, headers[i].name, headers[i].value))
			return false;
	return true;
}

/* A page that is not listed is told nothing, not even by CORS. */
static bool
cors_add(struct MHD_Response *response, const struct request *request)
{
	if (!request->origin)
		return true;
	if (!header_add(response, "Access-Control-Allow-Origin",
		request->origin->origin) ||
	    !headers_add(response, to_origins, ARRAY_N(to_origins)))
		return false;
	return !request->reply.preflight ||
	       headers_add(response, to_preflights, ARRAY_N(to_preflights));
}

static bool
reply_headers_add(struct MHD_Response *response, const struct api_reply *reply)
{
	char seconds[16];
	const struct header chosen[] = {
		{ "Content-Type", reply->content_type },
		{ "Location", reply->location[0] ? reply->location : NULL },
		{ "Allow", reply->allow[0] ? reply->allow : NULL },
		{ "Retry-After", reply->retry_after ? seconds : NULL },
		{ "WWW-Authenticate", reply->authenticate ? "Bearer" : NULL },
	};

	snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
	for (size_t i = 0; i < ARRAY_N(chosen); i++)
		if (chosen[i].value &&
		    !header_add(response, chosen[i].name, chosen[i].value))
			return false;
	return true;
}

/* The HTTP library has room for more: MHD_CONTENT_READER_*, or bytes. */
static ssize_t
stream_read(void *arg, uint64_t at, char *buf, size_t max)
{
	struct request *request = arg;
	size_t n = request->queue_len < max ? request->queue_len : max;

	(void)at;
	if (request->stage == STAGE_GONE)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n > 0) {
		memcpy(buf, request->queue, n);
		request->queue_len -= n;
		memmove(request->queue, request->queue + n, request->queue_len);
		return (ssize_t)n;
	}
	if (request->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	request->suspended = true;
	MHD_suspend_connection(request->connection->mhd);
	return 0;
}

/* The body stays the request's, which wipes it when all was sent. */
static struct MHD_Response *
response_new(struct request *request)
{
	struct api_reply *reply = &request->reply;
	struct MHD_Response *response;

	response = reply->stream
		       ? MHD_create_response_from_callback(
			     MHD_SIZE_UNKNOWN, 4096, stream_read, request, NULL)
		       : MHD_create_response_from_buffer(reply->body_len,
			     reply->body, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return NULL;
	if (!headers_add(response, always, ARRAY_N(always)) ||
	    !cors_add(response, request) ||
	    !reply_headers_add(response, reply)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* ---- waiting --------------------------------------------------------- */

/* Without a thread of its own the HTTP library learns of a connection that
 * was resumed at its next run, and nothing else may make it run. */
static void
http_run_soon(struct http *http)
{
	sd_event_source_set_time(http->timer, 0);
	sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
}

/* Continues a request that was left suspended, wherever it stands. */
static void
request_wake(struct request *request)
{
	if (!request->suspended)
		return;
	request->suspended = false;
	MHD_resume_connection(request->connection->mhd);
	http_run_soon(http_of(request));
}

static void
request_forget(struct request *request)
{
	if (!request->known)
		return;
	request->known = false;
	api_gone(http_of(request)->options.api, &request->call);
}

static int
request_left(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct request *request = arg;

	(void)source;
	(void)fd;
	(void)events;
	request->left = sd_event_source_unref(request->left);
	request_forget(request);
	request->stage = STAGE_GONE;
	crowd_shut(&request->connection->guest);
	request_wake(request);
	return 0;
}

/* The HTTP library does not look at a suspended connection, so we do. */
static bool
request_watch(struct request *request)
{
	return request->left ||
	       sd_event_add_io(http_of(request)->loop, &request->left,
		   request->connection->guest.fd, EPOLLRDHUP, request_left,
		   request) >= 0;
}

static enum MHD_Result
request_wait(struct request *request)
{
	if (!request_watch(request))
		return MHD_NO;
	request->suspended = true;
	MHD_suspend_connection(request->connection->mhd);
	return MHD_YES;
}

/* ---- what the API calls ---------------------------------------------- */

static void
call_reply(struct api_call *call, struct api_reply *reply)
{
	struct request *request = (struct request *)call;
	const struct config *config = http_of(request)->options.config;

	if (config->log_requests)
		request_log(config, request->method, request->target,
		    &request->rules.header[RULES_ORIGIN], reply);
	request->reply = *reply;
	reply->body = NULL;
	request->known = reply->stream;
	request->stage = STAGE_REPLIED;
	request_wake(request);
}

static bool
queue_grow(struct request *request, size_t len)
{
	size_t room = request->queue_room ? request->queue_room : 1024;
	char *queue;

	if (len > HTTP_STREAM_MAX - request->queue_len)
		return false;
	while (room < request->queue_len + len)
		room *= 2;
	if (room == request->queue_room)
		return true;
	if (!(queue = realloc(request->queue, room)))
		return false;
	request->queue = queue;
	request->queue_room = room;
	return true;
}

static void
call_push(struct api_call *call, const char *text, size_t len)
{
	struct request *request = (struct request *)call;

	if (request->stage == STAGE_GONE)
		return;
	if (queue_grow(request, len)) {
		memcpy(request->queue + request->queue_len, text, len);
		request->queue_len += len;
	} else {
		/* Nobody reads at the other end. The API learns of it when
		 * the connection is closed, not from inside its own call. */
		request->stage = STAGE_GONE;
		crowd_shut(&request->connection->guest);
	}
	request_wake(request);
}

static void
call_finish(struct api_call *call)
{
	struct request *request = (struct request *)call;
	struct http *http = http_of(request);

	request->known = false;
	request->ended = true;
	crowd_reply(&http->crowd, &request->connection->guest, http_now(http));
	request_wake(request);
}

/* ---- one request ----------------------------------------------------- */

/* Called with the raw target, before it is cut up. */
static void *
request_new(void *arg, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *connection = info ? info->socket_context : NULL;
	struct request *request;

	(void)arg;
	if (!connection || !(request = calloc(1, sizeof(*request))))
		return NULL;
	if (!(request->target = strdup(target))) {
		free(request);
		return NULL;
	}
	request->call.reply = call_reply;
	request->call.push = call_push;
	request->call.finish = call_finish;
	request->uid = (uid_t)-1;
	request->connection = connection;
	request->rules.target = request->target;
	connection->request = request;
	return request;
}

static void
request_free(struct request *request)
{
	if (request->body)
		wipe(request->body, request->body_len);
	/* The page is constant; everything else is the API's. */
	if (!request->navigation)
		api_reply_finish(&request->reply);
	sd_event_source_unref(request->left);
	free(request->body);
	free(request->queue);
	free(request->target);
	free(request);
}

static void
request_completed(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_RequestTerminationCode why)
{
	struct request *request = *context;
	struct http *http;

	(void)arg;
	(void)mhd;
	(void)why;
	if (!request)
		return;
	*context = NULL;
	http = http_of(request);
	request_forget(request);
	request->connection->request = NULL;
	crowd_rest(&http->crowd, &request->connection->guest, http_now(http));
	request_free(request);
}

/*
 * The HTTP library cuts a header at a NUL: "https://good\0.evil" would become
 * a listed origin. But the bytes still stand where they were received, so
 * between a piece and the next nothing may stand but what separates them. A
 * folded header was moved elsewhere and fails as well, as RFC 9112 5.2 asks.
 */
struct walk {
	struct rules_request *rules;
	const char *at, *end;
};

static bool
gap_ok(const char *from, const char *to, const char *end, size_t max_len)
{
	uintptr_t start = (uintptr_t)from, stop = (uintptr_t)to;

	if (stop < start || stop > (uintptr_t)end)
		return false;
	for (; from < to; from++) {
		if (*from == '\0' && max_len-- == 0)
			return false;
		if (*from && !strchr(" \t\r\n:", *from))
			return false;
	}
	return true;
}

static enum MHD_Result
head_add(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	struct walk *walk = arg;

	(void)kind;
	if (!value || !gap_ok(walk->at, name, walk->end, 2) ||
	    !gap_ok(name + name_len, value, walk->end, 1)) {
		walk->rules->malformed = true;
		return MHD_NO;
	}
	walk->at = value + value_len;
	rules_add(walk->rules, name, name_len, value, value_len);
	return MHD_YES;
}

/* method, url and version stand in one buffer, in this order. */
static void
head_walk(struct request *request, const char *method, const char *url,
    const char *version)
{
	struct MHD_Connection *mhd = request->connection->mhd;
	struct rules_request *rules = &request->rules;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct walk walk = { .rules = rules,
		.at = version + strlen(version),
		.end = method + (info ? info->header_size : 0) };

	rules->version = version;
	if (url != method + strlen(method) + 1 ||
	    version != url + strlen(rules->target) + 1) {
		rules->malformed = true;
		return;
	}
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, head_add, &walk);
	if (!gap_ok(walk.at, walk.end, walk.end, 4))
		rules->malformed = true;
}

static void
request_refuse(struct request *request, enum api_code code)
{
	struct http *http = http_of(request);

	request->refused = true;
	request->refusal = code;
	remedy_log(&http->remedies, code, http->options.config,
	    &request->rules.header[RULES_ORIGIN], request->uid, http_now(http));
}

static bool
peer_ok(struct request *request)
{
	struct http *http = http_of(request);
	int r =
	    peer_uid(http->asker, request->connection->guest.fd, &request->uid);

	if (r < 0) {
		if (r != -ENOENT && !http->asker_failed)
			log_warning("cannot find out who is connected: %s",
			    strerror(-r));
		http->asker_failed |= r != -ENOENT;
		return false;
	}
	switch (http->options.config->mode) {
	case MODE_AGENT:
		return true;
	case MODE_PINENTRY:
		return request->uid == geteuid();
	}
	return false;
}

static void
request_judge(struct request *request)
{
	const struct listener *listener = request->connection->listener;

	switch (rules_judge(&request->rules, listener->port,
	    listener->http->options.config, &request->origin)) {
	case RULES_MALFORMED:
		request_refuse(request, API_BAD_REQUEST);
		return;
	case RULES_WRONG_HOST:
		request_refuse(request, API_WRONG_HOST);
		return;
	case RULES_NAVIGATION:
		request->navigation = true;
		request_refuse(request, API_NOT_FOR_NAVIGATION);
		return;
	case RULES_NOT_A_FETCH:
		request_refuse(request, API_NOT_FOR_NAVIGATION);
		return;
	case RULES_FOREIGN_ORIGIN:
		request_refuse(request, API_ORIGIN_NOT_ALLOWED);
		return;
	case RULES_PASS:
		break;
	}
	if (!peer_ok(request))
		request_refuse(request, API_OTHER_USER);
}

static void
reply_refusal(struct request *request)
{
	struct api_reply reply = { 0 };

	if (request->navigation) {
		reply.status = 403;
		reply.code = code_of_api(request->refusal)->name;
		reply.content_type = "text/html; charset=utf-8";
		reply.body = (char *)(uintptr_t)navigation_page;
		reply.body_len = sizeof(navigation_page) - 1;
	} else {
		api_problem(request->refusal, NULL, NULL, &reply);
	}
	call_reply(&request->call, &reply);
}

/* The HTTP library ends values with a NUL, and rules.c saw no other. */
static const char *
bearer_token(const struct rules_value *value)
{
	static const char scheme[] = "Bearer ";
	const char *token;

	if (value->n == 0 || value->len < sizeof(scheme) - 1 ||
	    strncasecmp(value->bytes, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	token = value->bytes + strspn(value->bytes + 6, " ") + 6;
	return *token ? token : NULL;
}

static void
reply_api(struct request *request, const char *method)
{
	struct http *http = http_of(request);
	const struct rules_value *type =
	    &request->rules.header[RULES_CONTENT_TYPE];
	char *query = strchr(request->target, '?');
	struct api_request asked = {
		.method = method,
		.path = request->target,
		.query = query ? query + 1 : "",
		.origin = request->origin ? request->origin->origin : NULL,
		.uid = request->uid,
		.token =
		    bearer_token(&request->rules.header[RULES_AUTHORIZATION]),
		.content_type = type->n ? type->bytes : NULL,
		.body = request->body ? request->body : "",
		.body_len = request->body_len,
		.too_large = request->dropped_len > 0,
	};

	if (query)
		*query = '\0';
	request->known = true;
	api_handle(http->options.api, &asked, &request->call, http_now(http));
	/* It may hold what a page must not find again: a token, a purpose. */
	if (request->body)
		wipe(request->body, request->body_len);
	request->body_len = 0;
}

static enum MHD_Result
request_send(struct request *request)
{
	struct http *http = http_of(request);
	struct MHD_Response *response;
	enum MHD_Result r = MHD_NO;

	if (!request->reply.stream)
		request->left = sd_event_source_unref(request->left);
	else if (!request_watch(request))
		return MHD_NO;
	if (!(response = response_new(request)))
		return MHD_NO;
	request->stage = STAGE_SENDING;
	if (!request->known)
		crowd_reply(
		    &http->crowd, &request->connection->guest, http_now(http));
	r = MHD_queue_response(request->connection->mhd,
	    (unsigned)request->reply.status, response);
	MHD_destroy_response(response);
	return r;
}

/* All of it is here, or as much as will be read. */
static enum MHD_Result
request_answer(struct request *request, const char *method)
{
	if (http_of(request)->stopping)
		return MHD_NO;
	crowd_serve(&request->connection->guest);
	request->stage = STAGE_PENDING;
	if (request->refused)
		reply_refusal(request);
	else
		reply_api(request, method);
	return request->stage == STAGE_REPLIED ? request_send(request)
					       : request_wait(request);
}

/* The HTTP library has made sure that it is a number; one past all numbers
 * is too much as well. */
static unsigned long long
length_announced(const struct request *request)
{
	const struct rules_value *length =
	    &request->rules.header[RULES_CONTENT_LENGTH];

	return length->n ? strtoull(length->bytes, NULL, 10) : 0;
}

static enum MHD_Result
request_head(struct request *request, const char *method, const char *url,
    const char *version)
{
	unsigned long long length;

	request->method = method;
	head_walk(request, method, url, version);
	request_judge(request);
	request->stage = STAGE_BODY;
	/* Answered before the body is read, the connection is closed after
	 * the answer: right for a body of no certain length or beyond
	 * measure, and a pity for all others. */
	length = length_announced(request);
	if (length > HTTP_DRAIN_MAX)
		request->dropped_len = HTTP_DRAIN_MAX;
	if (length > HTTP_DRAIN_MAX ||
	    (request->refused && request->refusal == API_BAD_REQUEST))
		return request_answer(request, method);
	return MHD_YES;
}

static enum MHD_Result
request_body(struct request *request, const char *bytes, size_t len)
{
	if (request->refused || request->dropped_len > 0 ||
	    len > API_BODY_MAX - request->body_len) {
		if (request->body)
			wipe(request->body, request->body_len);
		request->body_len = 0;
		request->dropped_len += len;
		return request->dropped_len > HTTP_DRAIN_MAX ? MHD_NO : MHD_YES;
	}
	if (!request->body && !(request->body = malloc(API_BODY_MAX + 1)))
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

	(void)arg;
	(void)mhd;
	if (!request)
		return MHD_NO;
	http_of(request)->idle_runs = 0;
	switch (request->stage) {
	case STAGE_LINE:
		return request_head(request, method, url, version);
	case STAGE_BODY:
		*upload_len = 0;
		return len > 0 ? request_body(request, upload, len)
			       : request_answer(request, method);
	case STAGE_PENDING:
		return request_wait(request);
	case STAGE_REPLIED:
		return request_send(request);
	case STAGE_SENDING:
		return MHD_YES;
	case STAGE_GONE:
		return MHD_NO;
	}
	return MHD_NO;
}

/* ---- connections ----------------------------------------------------- */

static struct connection *
connection_new(struct listener *listener, struct MHD_Connection *mhd)
{
	struct http *http = listener->http;
	struct connection *connection = calloc(1, sizeof(*connection));
	const union MHD_ConnectionInfo *fd =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *tls =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	uid_t uid;

	if (!connection)
		return NULL;
	connection->listener = listener;
	connection->mhd = mhd;
	if (peer_uid(http->asker, fd->connect_fd, &uid) < 0)
		uid = CROWD_UNKNOWN;
	crowd_enter(&http->crowd, &connection->guest, fd->connect_fd, uid,
	    http_now(http));
	/* Without tickets a connection is only slower. */
	if (tls && (connection->tls = tls->tls_session))
		gnutls_session_ticket_enable_server(
		    connection->tls, &http->ticket_key);
	return connection;
}

/* A connection without a context is one we had no memory for: its requests
 * end in request_new. */
static void
connection_changed(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = arg;
	struct connection *connection = *context;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		*context = connection_new(listener, mhd);
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (connection)
			crowd_leave(&listener->http->crowd, &connection->guest);
		free(connection);
		*context = NULL;
		return;
	}
}

/* ---- the loop -------------------------------------------------------- */

/* No descriptor announces what TLS has decrypted already. */
static size_t
http_unread_len(const struct http *http)
{
	size_t len = 0;

	for (struct guest *g = http->crowd.oldest; g; g = g->newer) {
		const struct connection *connection = (struct connection *)g;

		if (connection->tls)
			len += gnutls_record_check_pending(connection->tls);
	}
	return len;
}

/*
 * The HTTP library wants to be run again at once: rightly when bytes are left
 * in a TLS buffer, of which it takes a piece in each run; but 0.9.75 also, and
 * for ever, when a handshake lacks bytes. Those will announce themselves, so
 * when nothing came of four runs it has to wait, up to 128 ms.
 */
static uint64_t
http_pause_us(struct http *http)
{
	size_t unread_len = http_unread_len(http);
	unsigned idle;

	if (unread_len != http->unread_len)
		http->idle_runs = 0;
	http->unread_len = unread_len;
	idle = http->idle_runs++;
	if (idle < 4)
		return 0;
	return UINT64_C(1000) << (idle < 11 ? idle - 4 : 7);
}

static bool
http_is_hurried(const struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	/* Without time-outs of its own it knows only "now" and "no". */
	for (unsigned i = 0; i < http->listeners_n; i++)
		if (MHD_get_timeout(http->listeners[i].daemon, &wait_ms) ==
		    MHD_YES)
			return true;
	return false;
}

/* The soonest of all deadlines, or off. */
static void
http_arm(struct http *http)
{
	uint64_t now = http_now(http), next = crowd_expire(&http->crowd, now);

	if (http_is_hurried(http)) {
		uint64_t again = now + http_pause_us(http);

		next = again < next ? again : next;
	}
	if (next != CROWD_NEVER)
		sd_event_source_set_time(http->timer, next);
	sd_event_source_set_enabled(
	    http->timer, next == CROWD_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int
listener_ready(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct listener *listener = arg;

	(void)source;
	(void)fd;
	(void)events;
	listener->http->idle_runs = 0;
	MHD_run(listener->daemon);
	http_arm(listener->http);
	return 0;
}

static void
http_run(struct http *http)
{
	for (unsigned i = 0; i < http->listeners_n; i++)
		MHD_run(http->listeners[i].daemon);
}

static int
timer_due(sd_event_source *source, uint64_t when, void *arg)
{
	struct http *http = arg;

	(void)source;
	(void)when;
	crowd_expire(&http->crowd, http_now(http));
	http_run(http);
	http_arm(http);
	return 0;
}

/* ---- listeners ------------------------------------------------------- */

/* Targets are compared as they were sent. */
static size_t
keep_escapes(void *arg, struct MHD_Connection *mhd, char *text)
{
	(void)arg;
	(void)mhd;
	return strlen(text);
}

static struct MHD_Daemon *
daemon_start(struct listener *listener, int fd)
{
	const struct http_options *options = &listener->http->options;

	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
	    NULL, request_step, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_HTTPS_MEM_CERT, options->cert->certificate,
	    MHD_OPTION_HTTPS_MEM_KEY, options->cert->key,
	    MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
	    MHD_OPTION_CONNECTION_LIMIT, options->total_n + SHUT_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_NOTIFY_CONNECTION,
	    connection_changed, listener, MHD_OPTION_URI_LOG_CALLBACK,
	    request_new, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_completed,
	    NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static int
port_of(int fd, in_port_t *ret_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) < 0)
		return -errno;
	if (address.any.sa_family == AF_INET)
		*ret_port = ntohs(address.v4.sin_port);
	else if (address.any.sa_family == AF_INET6)
		*ret_port = ntohs(address.v6.sin6_port);
	else
		return -EAFNOSUPPORT;
	return 0;
}

int
http_listen(struct http *http, int fd)
{
	struct listener *listener = &http->listeners[http->listeners_n];
	const union MHD_DaemonInfo *info;
	int r = -ENOSPC;

	if (http->listeners_n == LISTENERS_MAX ||
	    (r = port_of(fd, &listener->port)) < 0)
		goto fail;
	listener->http = http;
	errno = EINVAL;
	if (!(listener->daemon = daemon_start(listener, fd))) {
		r = -errno;
		goto fail;
	}
	info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	r = sd_event_add_io(http->loop, &listener->ready, info->epoll_fd,
	    EPOLLIN, listener_ready, listener);
	if (r < 0) {
		MHD_stop_daemon(listener->daemon); /* closes fd */
		return r;
	}
	http->listeners_n++;
	return 0;
fail:
	/* A start that fails late has closed it already. */
	if (fcntl(fd, F_GETFD) >= 0)
		close(fd);
	return r;
}

static void
http_limits(struct http *http)
{
	struct http_options *o = &http->options;

	if (!o->request_ms)
		o->request_ms = 10000;
	if (!o->idle_ms)
		o->idle_ms = 30000;
	if (!o->per_user_n)
		o->per_user_n = 256;
	if (!o->total_n)
		o->total_n = 1024;
	http->crowd.limits = (struct crowd_limits){
		.request_us = o->request_ms * UINT64_C(1000),
		.idle_us = o->idle_ms * UINT64_C(1000),
		.per_user_n = o->per_user_n,
		.total_n = o->total_n,
	};
}

int
http_new(sd_event *loop, const struct http_options *options, struct http **ret)
{
	struct http *http = calloc(1, sizeof(*http));
	int r = -ENOMEM;

	if (!http)
		return -ENOMEM;
	http->loop = sd_event_ref(loop);
	http->options = *options;
	http_limits(http);
	if ((r = http->asker = peer_open()) < 0)
		goto fail;
	r = sd_event_add_time(
	    loop, &http->timer, CLOCK_BOOTTIME, 0, 1, timer_due, http);
	if (r < 0 ||
	    (r = sd_event_source_set_enabled(http->timer, SD_EVENT_OFF)) < 0)
		goto fail;
	if (gnutls_session_ticket_key_generate(&http->ticket_key) < 0) {
		r = -ENOMEM;
		goto fail;
	}
	*ret = http;
	return 0;
fail:
	http_free(&http);
	return r;
}

void
http_stop(struct http *http)
{
	if (http->stopping)
		return;
	http->stopping = true;
	for (unsigned i = 0; i < http->listeners_n; i++) {
		int fd = MHD_quiesce_daemon(http->listeners[i].daemon);

		if (fd >= 0)
			close(fd);
	}
}

unsigned
http_connections_n(const struct http *http)
{
	unsigned n = 0;

	for (const struct guest *g = http->crowd.oldest; g; g = g->newer)
		n++;
	return n;
}

static bool
http_is_sending(const struct http *http)
{
	for (struct guest *g = http->crowd.oldest; g; g = g->newer)
		if (g->served && !g->shut)
			return true;
	return false;
}

/* What the API did not answer, nobody will: a suspended connection must not
 * be left when the HTTP library stops. */
static void
http_resume_all(struct http *http)
{
	for (struct guest *g = http->crowd.oldest; g; g = g->newer) {
		struct request *request = ((struct connection *)g)->request;

		if (!request)
			continue;
		request->known = false;
		if (request->suspended)
			request->stage = STAGE_GONE;
		request_wake(request);
	}
}

static void
http_flush(struct http *http)
{
	struct pollfd fds[LISTENERS_MAX];

	for (unsigned i = 0; i < http->listeners_n; i++) {
		const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		    http->listeners[i].daemon, MHD_DAEMON_INFO_EPOLL_FD);

		fds[i] =
		    (struct pollfd){ .fd = info->epoll_fd, .events = POLLIN };
	}
	for (int tries = 0; tries < 50; tries++) {
		http_run(http);
		if (!http_is_sending(http))
			return;
		poll(fds, http->listeners_n, 10);
	}
}

void
http_free(struct http **http)
{
	struct http *h = *http;

	if (!h)
		return;
	http_stop(h);
	http_resume_all(h);
	http_flush(h);
	for (unsigned i = 0; i < h->listeners_n; i++) {
		sd_event_source_unref(h->listeners[i].ready);
		MHD_stop_daemon(h->listeners[i].daemon);
	}
	sd_event_source_unref(h->timer);
	sd_event_unref(h->loop);
	if (h->asker >= 0)
		close(h->asker);
	if (h->ticket_key.data) {
		gnutls_memset(h->ticket_key.data, 0, h->ticket_key.size);
		gnutls_free(h->ticket_key.data);
	}
	free(h);
	*http = NULL;
}
