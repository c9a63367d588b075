#include "api-route.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api-answer.h"
#include "log.h"

#define SECOND_US UINT64_C(1000000)

bool
visit_refuse(struct visit *v, enum api_code code)
{
	return refuse(&v->refusal, code);
}

static unsigned
visit_expires_in(const struct visit *v, const struct session *session)
{
	return session_expires_in(v->api->sessions, session, v->now);
}

void
api_session_over(
    struct api *api, struct session *session, enum api_code why, uint64_t now)
{
	waits_session_over(api->waits, session, why, now);
	reads_session_end(api->reads, session, now);
	session_end(api->sessions, session, why == API_SESSION_EXPIRED, now);
}

/* ---- health and sessions --------------------------------------------- */

/* pcscd.socket may start pcscd for a connection: it is only looked at. */
static bool
pcsc_is_there(void)
{
	const char *path = getenv("PCSCLITE_CSOCK_NAME");
	struct stat st;

	if (path == NULL)
		path = "/run/pcscd/pcscd.comm";
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool
health_get(struct visit *v)
{
	call_json(v->call, 200,
	    answer_health(pcsc_is_there(),
		jobs_voice_ready(v->api->jobs, v->request->uid)));
	return true;
}

/* Windows name a local program by its user. */
static void
user_write(uid_t uid, char ret[USER_NAME_MAX + 1])
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL && strlen(user->pw_name) <= USER_NAME_MAX)
		strcpy(ret, user->pw_name);
	else
		snprintf(ret, USER_NAME_MAX + 1, "%u", (unsigned)uid);
}

/* The session that is in the way ends, if the page asks for that. */
static bool
session_take_over(struct visit *v, struct session *old)
{
	if (!v->asked.takeover)
		return visit_refuse(v, API_SESSION_ACTIVE);
	if (reads_hold_card(v->api->reads, old))
		return visit_refuse(v, API_BUSY);
	api_session_over(v->api, old, API_SESSION_UNKNOWN, v->now);
	return true;
}

static bool
sessions_post(struct visit *v)
{
	struct api *api = v->api;
	struct session *session;

	session = session_of(api->sessions, v->request->uid, v->origin, v->now);
	if (session != NULL && !session_take_over(v, session))
		return false;
	if (session_start(api->sessions, v->request->uid, v->origin,
		v->asked.lang, v->now, &session) < 0)
		return visit_refuse(v, API_INTERNAL);
	if (v->origin == NULL)
		user_write(session->uid, session->user);
	call_json(v->call, 201,
	    answer_session_new(
		api->config, session, visit_expires_in(v, session)));
	return true;
}

static bool
session_get(struct visit *v)
{
	call_json(v->call, 200,
	    answer_session(
		v->api->config, v->session, visit_expires_in(v, v->session)));
	return true;
}

/* Its token was shown, which has extended it. */
static bool
session_touch_post(struct visit *v)
{
	call_json(
	    v->call, 200, answer_expires_in(visit_expires_in(v, v->session)));
	return true;
}

static bool
session_delete(struct visit *v)
{
	api_session_over(v->api, v->session, API_SESSION_UNKNOWN, v->now);
	call_empty(v->call);
	return true;
}

/* ---- reads ----------------------------------------------------------- */

/* The first kind of these, as a fault. */
static bool
fault_kind(struct visit *v, uint32_t kinds)
{
	enum read_kind k = 0;

	while (!(kinds & KIND_BIT(k)))
		k++;
	return fault_add(&v->refusal, API_KIND_NOT_ALLOWED, kind_name(k),
	    strlen(kind_name(k)),
	    " is not allowed for this site; ask only for the kinds "
	    "that the session lists.",
	    "の読み取りはこのサイトに許可されていません。"
	    "セッションのkindsにある種類だけを求めてください。");
}

/*
 * 照合番号A is the My Number and more: whoever may not have the one gets
 * nothing by the other. A challenge is answered for an origin, and a local
 * program has none.
 */
static bool
kinds_may(struct visit *v)
{
	uint32_t allowed = origin_kinds(v->api->config, v->origin);

	if (v->asked.kinds & ~allowed)
		return fault_kind(v, v->asked.kinds & ~allowed);
	if (v->asked.wish.face_with_a && !(allowed & KIND_BIT(KIND_MY_NUMBER)))
		return fault_add(&v->refusal, API_KIND_NOT_ALLOWED, "with", 4,
		    " \"a\" is for sites that may ask for the My Number; "
		    "use \"b\".",
		    "の\"a\"はマイナンバーを求めてよいサイトだけが使えます。"
		    "\"b\"にしてください。");
	if (v->asked.wish.challenge_len > 0 && v->origin == NULL)
		return fault_add(&v->refusal, API_KIND_NOT_ALLOWED, "challenge",
		    9, " is answered for sites only; leave it out.",
		    "に答えるのはサイトに対してだけです。"
		    "取り除いてください。");
	return true;
}

static bool
read_start(struct visit *v)
{
	const struct reads_wish wish = {
		.session = v->session,
		.kinds = v->asked.kinds,
		.reader = v->asked.reader,
		.purpose = v->asked.purpose != NULL ? v->asked.purpose : "",
		.wish = &v->asked.wish,
	};
	struct read *read;
	int r = reads_start(
	    v->api->reads, &wish, v->now, &read, &v->refusal.retry_after);

	if (r == -EBUSY) {
		if (read->session == v->session)
			v->refusal.id = read->id;
		return visit_refuse(v, API_BUSY);
	}
	if (r == -EAGAIN)
		return visit_refuse(v, API_PROMPT_LIMITED);
	if (r < 0) {
		log_error("read: cannot be started: %s", strerror(-r));
		return visit_refuse(v, API_INTERNAL);
	}
	call_accepted(v->call, read);
	waits_read_changed(v->api->waits, read, v->now);
	return true;
}

/* What is missing is told to those who may have the kind. */
static bool
reads_post(struct visit *v)
{
	return kinds_may(v) &&
	       body_is_whole(v->route->form, &v->asked, &v->refusal) &&
	       read_start(v);
}

static bool
reads_get(struct visit *v)
{
	struct read *read = NULL;

	while ((read = reads_after(v->api->reads, v->session, read)) != NULL)
		read_seen(read, v->now);
	call_json(v->call, 200, answer_reads(v->api->reads, v->session));
	return true;
}

/* The read that the path names, or a refusal. */
static struct read *
visit_read(struct visit *v)
{
	struct read *read = reads_find(v->api->reads, v->session, v->id);

	if (read == NULL || read->gone) {
		visit_refuse(v, read == NULL ? API_NOT_FOUND : API_GONE);
		return NULL;
	}
	return read;
}

static bool
read_get(struct visit *v)
{
	struct read *read = visit_read(v);

	if (read == NULL)
		return false;
	read->grace_s = v->asked.grace;
	read_seen(read, v->now);
	if (state_is_final(read->state) || read->seq > v->asked.after ||
	    v->asked.wait == 0) {
		call_read(v->call, read, v->now);
		return true;
	}
	return waits_read(v->api->waits, v->call, read,
		   v->now + v->asked.wait * SECOND_US) == 0 ||
	       visit_refuse(v, API_INTERNAL);
}

static bool
read_delete_one(struct visit *v)
{
	struct read *read = visit_read(v);

	if (read == NULL)
		return false;
	read_delete(read, v->now);
	call_empty(v->call);
	return true;
}

static bool
readers_get(struct visit *v)
{
	return waits_readers(v->api->waits, v->call, v->session) == 0 ||
	       visit_refuse(v, API_INTERNAL);
}

static bool
events_get(struct visit *v)
{
	return waits_stream(v->api->waits, v->call, v->session, v->now) == 0 ||
	       visit_refuse(v, API_INTERNAL);
}

/* ---- routes ---------------------------------------------------------- */

/* clang-format off */
const struct route routes[] = {
	/* path                method         open   handle              form */
	{ "/v1/health",        METHOD_GET,    true,  health_get,         &form_nothing },
	{ "/v1/sessions",      METHOD_POST,   true,  sessions_post,      &form_session },
	{ "/v1/session",       METHOD_GET,    false, session_get,        &form_nothing },
	{ "/v1/session",       METHOD_DELETE, false, session_delete,     &form_nothing },
	{ "/v1/session/touch", METHOD_POST,   false, session_touch_post, &form_nothing },
	{ "/v1/reads",         METHOD_GET,    false, reads_get,          &form_nothing },
	{ "/v1/reads",         METHOD_POST,   false, reads_post,         &form_read },
	{ "/v1/reads/",        METHOD_GET,    false, read_get,           &form_poll },
	{ "/v1/reads/",        METHOD_DELETE, false, read_delete_one,    &form_nothing },
	{ "/v1/readers",       METHOD_GET,    false, readers_get,        &form_nothing },
	{ "/v1/events",        METHOD_GET,    false, events_get,         &form_nothing },
};
/* clang-format on */

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);
