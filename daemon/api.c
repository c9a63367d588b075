#include "api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "codes.h"
#include "json-check.h"
#include "log.h"
#include "origin.h"
#include "reads.h"
#include "utf8.h"
#include "wipe.h"

#define SECOND_US UINT64_C(1000000)
#define COMMENT_US (15 * SECOND_US) /* a stream's sign of life */
#define WATCH_AGAIN_US (5 * SECOND_US)
#define WAIT_MAX 30 /* seconds a GET may wait */
#define TIMER_ACCURACY_US 1000

#define TYPE_JSON "application/json"
#define TYPE_PROBLEM "application/problem+json"
#define TYPE_EVENTS "text/event-stream"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

enum waiter_kind {
	WAITS_FOR_READ,    /* GET /v1/reads/ID */
	WAITS_FOR_READERS, /* GET /v1/readers */
	STREAMS,           /* GET /v1/events */
};

/* A call that was not answered at once. */
struct waiter {
	struct waiter *next;
	struct api *api;
	struct api_call *call; /* NULL: over, freed by the next sweep */
	enum waiter_kind kind;
	struct session *session;

	struct read *read; /* WAITS_FOR_READ */
	uint64_t until_us;

	bool begun; /* STREAMS: the snapshot was sent */
	unsigned event_id;
	uint64_t comment_us;
};

struct api {
	sd_event *loop; /* NULL: driven by its owner */
	sd_event_source *timer;
	struct api_clock clock;
	const struct config *config;
	struct jobs *jobs;
	struct sessions *sessions;
	struct reads *reads;
	struct waiter *waiters;
	unsigned depth; /* calls into the API inside one another */

	struct job *lister;  /* for GET /v1/readers */
	struct job *watcher; /* for all event streams together */
	uint64_t watch_again_us;
	bool readers_known; /* what the watcher said last */
	unsigned readers_n;
	struct wire_reader readers[KENMEN_READERS_MAX];
};

/* Members of a body and a query, as far as a route takes them. */
struct asked {
	enum lang lang;
	bool takeover;
	uint32_t kinds;
	uint32_t kinds_needed; /* by members that belong to a kind */
	const char *reader;
	const char *purpose;
	uint32_t wait, after;
};

/* Why a request is refused; detail "": the code's standing text. */
struct refusal {
	enum api_code code;
	char detail[400], detail_ja[600];
	const char *id; /* of the session's own read in the way */
	unsigned retry_after;
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
	cJSON *body;
	struct asked asked;
	struct refusal refusal;
	char allow[48];
};

/* ---- JSON in memory that is wiped ------------------------------------ */

/* An allocation failed: what is being built is not whole. */
static bool json_short;

static void *
json_malloc(size_t size)
{
	void *mem = malloc(size);

	json_short |= mem == NULL;
	return mem;
}

static void
json_free(void *mem)
{
	if (mem != NULL)
		wipe(mem, malloc_usable_size(mem));
	free(mem);
}

static void
json_start(void)
{
	cJSON_Hooks hooks = { json_malloc, json_free };

	cJSON_InitHooks(&hooks);
}

/* The tree's text, to be wiped and freed, or NULL; frees the tree. */
static char *
json_text(cJSON *tree)
{
	char *text = cJSON_PrintUnformatted(tree);

	cJSON_Delete(tree);
	if (json_short && text != NULL) {
		json_free(text);
		text = NULL;
	}
	json_short = false;
	return text;
}

static void
add_text(cJSON *object, const char *name, const char *text)
{
	if (text != NULL)
		cJSON_AddStringToObject(object, name, text);
	else
		cJSON_AddNullToObject(object, name);
}

static void
add_item(cJSON *array, cJSON *item)
{
	if (!cJSON_AddItemToArray(array, item))
		cJSON_Delete(item);
}

static void
add_member(cJSON *object, const char *name, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, name, item))
		cJSON_Delete(item);
}

static void
add_number(cJSON *object, const char *name, uint64_t number)
{
	cJSON_AddNumberToObject(object, name, (double)number);
}

/* ---- replies --------------------------------------------------------- */

void
api_reply_finish(struct api_reply *reply)
{
	if (reply->body != NULL)
		wipe(reply->body, reply->body_len);
	free(reply->body);
	reply->body = NULL;
	reply->body_len = 0;
}

static void
reply_fill(struct api_reply *reply, int status, const char *type, cJSON *tree)
{
	*reply = (struct api_reply){ .status = status };
	if ((reply->body = json_text(tree)) == NULL) {
		reply->status = 500;
		return;
	}
	reply->content_type = type;
	reply->body_len = strlen(reply->body);
}

static cJSON *
problem_json(enum api_code code, const char *detail, const char *detail_ja)
{
	const struct code_text *text = code_of_api(code);
	cJSON *tree = cJSON_CreateObject();
	char type[64];

	snprintf(type, sizeof(type), "urn:kenmen:error:%s", text->name);
	add_text(tree, "type", type);
	add_text(tree, "title", text->title);
	add_number(tree, "status", (unsigned)text->status);
	add_text(tree, "code", text->name);
	add_text(tree, "detail", detail != NULL ? detail : text->detail);
	add_text(
	    tree, "detail_ja", detail_ja != NULL ? detail_ja : text->detail_ja);
	cJSON_AddBoolToObject(tree, "retriable", text->retriable);
	return tree;
}

void
api_problem(enum api_code code, const char *detail, const char *detail_ja,
    struct api_reply *ret)
{
	json_start();
	reply_fill(ret, code_of_api(code)->status, TYPE_PROBLEM,
	    problem_json(code, detail, detail_ja));
	ret->authenticate =
	    code == API_SESSION_UNKNOWN || code == API_SESSION_EXPIRED;
}

static void
call_problem(struct api_call *call, enum api_code code)
{
	struct api_reply reply;

	api_problem(code, NULL, NULL, &reply);
	call->reply(call, &reply);
}

static void
call_json(struct api_call *call, int status, cJSON *tree)
{
	struct api_reply reply;

	reply_fill(&reply, status, TYPE_JSON, tree);
	call->reply(call, &reply);
}

static void
call_empty(struct api_call *call)
{
	struct api_reply reply = { .status = 204 };

	call->reply(call, &reply);
}

static const char *
text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
visit_refuse(struct visit *v)
{
	const struct refusal *why = &v->refusal;
	struct api_reply reply;
	cJSON *tree = problem_json(
	    why->code, text_or_null(why->detail), text_or_null(why->detail_ja));

	if (why->id != NULL)
		add_text(tree, "id", why->id);
	reply_fill(&reply, code_of_api(why->code)->status, TYPE_PROBLEM, tree);
	reply.retry_after = why->retry_after;
	reply.authenticate = why->code == API_SESSION_UNKNOWN ||
			     why->code == API_SESSION_EXPIRED;
	if (why->code == API_METHOD_NOT_ALLOWED)
		strcpy(reply.allow, v->allow);
	v->call->reply(v->call, &reply);
}

static bool
refuse(struct visit *v, enum api_code code)
{
	v->refusal.code = code;
	return false;
}

/* ---- refusals that name what is wrong -------------------------------- */

#define NAME_SHOWN_MAX 40

/* A stranger's name for something, fit to be shown: cut at a character. */
static void
name_write(const char *name, size_t len, char ret[NAME_SHOWN_MAX + 1])
{
	const char *at = name, *end = name + len;
	size_t n = 0;

	while (at < end) {
		const char *from = at;
		unsigned c = utf8_next(&at, end);
		bool shown = c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0);
		size_t size = shown ? (size_t)(at - from) : 1;

		if (at == from)
			at++;
		if (n + size > NAME_SHOWN_MAX)
			break;
		memcpy(ret + n, shown ? from : "?", size);
		n += size;
	}
	ret[n] = '\0';
}

/* Appends a whole sentence or nothing. */
static void
sentence_add(char *text, size_t room, const char *name, const char *rest,
    const char *space)
{
	size_t len = strlen(text);
	int n;

	if (len == 0)
		space = "";
	n = snprintf(text + len, room - len, "%s\"%s\"%s", space, name, rest);
	if (n < 0 || (size_t)n >= room - len)
		text[len] = '\0';
}

/* One more thing that is wrong: NAME followed by en, or ja. */
static bool
fault_add(struct visit *v, enum api_code code, const char *name, size_t len,
    const char *en, const char *ja)
{
	struct refusal *why = &v->refusal;
	char shown[NAME_SHOWN_MAX + 1];

	name_write(name, len, shown);
	sentence_add(why->detail, sizeof(why->detail), shown, en, " ");
	sentence_add(why->detail_ja, sizeof(why->detail_ja), shown, ja, "");
	return refuse(v, code);
}

static bool
fault_unknown(struct visit *v, const char *name, size_t len)
{
	return fault_add(v, API_BAD_REQUEST, name, len,
	    " is not known here; leave it out.",
	    "という項目はここにはありません。取り除いてください。");
}

/* ---- kinds ----------------------------------------------------------- */

/* What cannot be had without an origin: nobody else could check it. */
#define KINDS_OF_SITES (KIND_BIT(KIND_AUTHENTICATE) | KIND_BIT(KIND_SIGN))

static uint32_t
kinds_allowed(const struct api *api, const struct config_origin *origin)
{
	return origin != NULL ? origin->kinds
			      : api->config->local_kinds & ~KINDS_OF_SITES;
}

static void
add_kinds(cJSON *object, uint32_t kinds)
{
	cJSON *array = cJSON_AddArrayToObject(object, "kinds");

	for (enum read_kind k = 0; k < KIND_N; k++)
		if (kinds & KIND_BIT(k))
			add_item(array, cJSON_CreateString(kind_name(k)));
}

/* The first kind of these, as a fault. */
static bool
fault_kind(struct visit *v, uint32_t kinds, const char *en, const char *ja)
{
	enum read_kind k = 0;

	while (!(kinds & KIND_BIT(k)))
		k++;
	return fault_add(v, API_KIND_NOT_ALLOWED, kind_name(k),
	    strlen(kind_name(k)), en, ja);
}

static bool
kinds_may(struct visit *v)
{
	uint32_t kinds = v->asked.kinds;
	uint32_t foreign = kinds & ~kinds_allowed(v->api, v->origin);

	if (foreign != 0)
		return fault_kind(v, foreign,
		    " is not allowed for this site; ask only for the kinds "
		    "that the session lists.",
		    "の読み取りはこのサイトに許可されていません。"
		    "セッションのkindsにある種類だけを求めてください。");
	if ((kinds & ~KINDS_BUILT) != 0)
		return fault_kind(v, kinds & ~KINDS_BUILT,
		    " cannot be read by this version of kenmen yet; ask only "
		    "for the kinds that the session lists.",
		    "の読み取りには、この版のkenmenはまだ対応していません。"
		    "セッションのkindsにある種類だけを求めてください。");
	return true;
}

/* ---- sessions as JSON ------------------------------------------------ */

static const char *const lang_names[LANG_N] = {
	[LANG_JA] = "ja",
	[LANG_EN] = "en",
};

static void
add_session(cJSON *object, const struct api *api, const struct session *session,
    uint64_t now)
{
	add_number(object, "expires_in",
	    session_expires_in(api->sessions, session, now));
}

static void
add_session_facts(
    cJSON *object, const struct api *api, const struct session *session)
{
	add_text(object, "origin",
	    session->origin != NULL ? session->origin->origin : NULL);
	add_kinds(object, kinds_allowed(api, session->origin) & KINDS_BUILT);
}

static void
add_limits(cJSON *object, const struct config *config)
{
	cJSON *limits = cJSON_AddObjectToObject(object, "limits");

	add_number(limits, "idle_timeout", config->idle_timeout);
	add_number(limits, "session_max", config->session_max);
	add_number(limits, "card_timeout", config->card_timeout);
	add_number(limits, "prompt_timeout", config->prompt_timeout);
	add_number(limits, "read_timeout", config->read_timeout);
}

/* ---- reads as JSON --------------------------------------------------- */

/* What this version does not check, said with every result. */
static const struct {
	const char *name, *detail, *detail_ja;
} checks_missing[] = {
	{ "record_digest",
	    "Not checked by this version: whether the data matches the digests "
	    "in the card's record.",
	    "この版では確認していません：データとカードの記録のハッシュ値との一"
	    "致。" },
	{ "record_signature",
	    "Not checked by this version: the issuer's signature over those "
	    "digests.",
	    "この版では確認していません：ハッシュ値に対する発行者の署名。" },
	{ "issuer_certificate",
	    "Not checked by this version: whether the issuer's certificate "
	    "leads to a trusted root.",
	    "この版では確認していません：発行者の証明書が信頼できるものか。" },
	{ "chip",
	    "Not checked: whether the chip is the one the data was issued for; "
	    "this kind of read cannot show it.",
	    "確認していません：データが発行されたチップそのものか"
	    "（この種類の読み取りでは確かめられません）。" },
	{ "revocation",
	    "Not checked: whether the card was reported lost or has been "
	    "revoked.",
	    "確認していません：カードの紛失届や失効の有無。" },
};

static void
add_authenticity(cJSON *object)
{
	cJSON *authenticity = cJSON_AddObjectToObject(object, "authenticity");
	cJSON *checks;

	add_text(authenticity, "verdict", "unchecked");
	checks = cJSON_AddArrayToObject(authenticity, "checks");
	for (size_t i = 0; i < N_OF(checks_missing); i++) {
		cJSON *check = cJSON_CreateObject();
		add_text(check, "name", checks_missing[i].name);
		cJSON_AddNullToObject(check, "ok");
		add_text(check, "detail", checks_missing[i].detail);
		add_text(check, "detail_ja", checks_missing[i].detail_ja);
		add_item(checks, check);
	}
}

static void
add_pin(cJSON *pins, const char *name, int tries)
{
	cJSON *pin = cJSON_AddObjectToObject(pins, name);

	if (tries < 0) { /* the card has no such PIN */
		cJSON_AddNullToObject(pin, "tries_left");
		cJSON_AddNullToObject(pin, "blocked");
		return;
	}
	add_number(pin, "tries_left", (unsigned)tries);
	cJSON_AddBoolToObject(pin, "blocked", tries == 0);
}

static void
add_card_info(cJSON *results, const struct job *job)
{
	const struct kenmen_card_info *info = &job->card_info;
	cJSON *object = cJSON_AddObjectToObject(results, "card_info");
	cJSON *pins, *certificates;

	add_text(object, "card", "my_number");
	pins = cJSON_AddObjectToObject(object, "pins");
	for (enum kenmen_pin p = 0; p < KENMEN_PIN_N; p++)
		add_pin(pins, pin_name(p), info->tries[p]);
	certificates = cJSON_AddObjectToObject(object, "certificates");
	for (enum kenmen_certificate c = 0; c < KENMEN_CERT_N; c++)
		if (info->certificates[c] < 0)
			cJSON_AddNullToObject(
			    certificates, certificate_name(c));
		else
			cJSON_AddBoolToObject(certificates, certificate_name(c),
			    info->certificates[c] > 0);
}

static void
add_attributes(cJSON *results, const struct job *job)
{
	const struct kenmen_attributes *a = &job->attributes;
	cJSON *object = cJSON_AddObjectToObject(results, "attributes");

	add_text(object, "name", a->name);
	add_text(object, "address", a->address);
	add_text(object, "birth_date", text_or_null(a->birth_date));
	add_text(object, "birth_date_raw", a->birth_date_raw);
	add_text(object, "sex", sex_name(a->sex));
	add_text(object, "sex_code", a->sex_code);
	add_authenticity(object);
}

static void (*const add_result[KIND_N])(cJSON *results, const struct job *) = {
	[KIND_CARD_INFO] = add_card_info,
	[KIND_ATTRIBUTES] = add_attributes,
};

static void
add_results(cJSON *object, const struct read *read)
{
	cJSON *results = cJSON_AddObjectToObject(object, "results");

	for (enum read_kind k = 0; k < KIND_N; k++)
		if ((read->kinds & KIND_BIT(k)) && add_result[k] != NULL)
			add_result[k](results, read->job);
}

static void
add_read_at(cJSON *object, uint64_t realtime_us)
{
	time_t seconds = (time_t)(realtime_us / SECOND_US);
	struct tm tm;
	char text[32];

	if (gmtime_r(&seconds, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		add_text(object, "read_at", text);
}

static void
add_failed_pin(cJSON *error, const struct wire_failed *failed)
{
	add_text(error, "pin",
	    failed->pin >= 0 ? pin_name((enum kenmen_pin)failed->pin) : NULL);
}

static void
add_wrong(cJSON *error, const struct wire_failed *failed)
{
	add_failed_pin(error, failed);
	if (failed->tries_left >= 0)
		add_number(error, "tries_left", (unsigned)failed->tries_left);
	else
		cJSON_AddNullToObject(error, "tries_left");
}

static void
add_blocked(cJSON *error, const struct wire_failed *failed)
{
	add_failed_pin(error, failed);
	add_text(error, "unblock", "municipal_office");
}

/* Who holds it is not known: PC/SC does not tell. */
static void
add_holder(cJSON *error, const struct wire_failed *failed)
{
	(void)failed;
	cJSON_AddNullToObject(error, "holder");
}

/* What a code adds to its error. */
static void (*const add_to_error[CODE_N])(
    cJSON *error, const struct wire_failed *) = {
	[CODE_PIN_WRONG] = add_wrong,
	[CODE_PIN_BLOCKED] = add_blocked,
	[CODE_READER_BUSY] = add_holder,
};

static void
add_error(cJSON *object, const struct wire_failed *failed)
{
	const struct code_text *text = code_of_read(failed->code);
	cJSON *error = cJSON_AddObjectToObject(object, "error");

	add_text(error, "code", text->name);
	add_text(error, "detail", text->detail);
	add_text(error, "detail_ja", text->detail_ja);
	cJSON_AddBoolToObject(error, "retriable", text->retriable);
	if (add_to_error[failed->code] != NULL)
		add_to_error[failed->code](error, failed);
}

static void
add_prompt(cJSON *object, const struct read *read)
{
	cJSON *prompt = cJSON_AddObjectToObject(object, "prompt");

	add_text(prompt, "pin",
	    read->pin >= 0 ? pin_name((enum kenmen_pin)read->pin) : NULL);
	add_number(prompt, "tries_left", read->tries_left);
	add_number(prompt, "step", read->step);
	add_number(prompt, "steps", read->steps);
}

static void
add_progress(cJSON *object, const struct read *read)
{
	cJSON *progress = cJSON_AddObjectToObject(object, "progress");

	add_number(progress, "done", read->progress_done);
	add_number(progress, "total", read->progress_total);
}

/* What 202 and the events say of it. */
static cJSON *
read_in_short(const struct read *read)
{
	cJSON *object = cJSON_CreateObject();

	add_text(object, "id", read->id);
	add_text(object, "state", state_name(read->state));
	add_number(object, "seq", read->seq);
	return object;
}

static cJSON *
read_in_list(const struct read *read)
{
	cJSON *object = cJSON_CreateObject();

	add_text(object, "id", read->id);
	add_kinds(object, read->kinds);
	add_number(object, "seq", read->seq);
	add_text(object, "state", state_name(read->state));
	return object;
}

static cJSON *
read_in_full(const struct read *read, uint64_t now)
{
	cJSON *object = read_in_list(read);

	add_number(object, "deadline_ms",
	    read->deadline_us > now ? (read->deadline_us - now) / 1000 : 0);
	if (read->progress_total > 0)
		add_progress(object, read);
	if (read->asks)
		add_prompt(object, read);
	if (read->state == STATE_DONE) {
		add_results(object, read);
		add_read_at(object, read->read_at_us);
	}
	if (read->state == STATE_FAILED)
		add_error(object, &read->failed);
	return object;
}

static cJSON *
reads_json(const struct api *api, const struct session *session)
{
	cJSON *array = cJSON_CreateArray();
	struct read *read = NULL;

	while ((read = reads_after(api->reads, session, read)) != NULL)
		if (!read->gone)
			add_item(array, read_in_list(read));
	return array;
}

/* ---- readers as JSON ------------------------------------------------- */

/* NULL: it has no id. */
static cJSON *
reader_json(struct api *api, const struct wire_reader *reader)
{
	unsigned number =
	    reader_number(reads_readers(api->reads), reader->name);
	char id[READER_ID_MAX + 1], model[KENMEN_READER_NAME_MAX + 1];
	cJSON *object;

	if (number == 0)
		return NULL;
	reader_id_write(number, id);
	reader_model(reader->name, model);
	object = cJSON_CreateObject();
	add_text(object, "id", id);
	add_text(object, "model", model);
	return object;
}

static cJSON *
readers_json(struct api *api, const struct wire_reader *readers, unsigned n)
{
	cJSON *array = cJSON_CreateArray();

	for (unsigned i = 0; i < n; i++) {
		cJSON *object = reader_json(api, &readers[i]);
		if (object == NULL)
			continue;
		cJSON_AddBoolToObject(
		    object, "card_present", readers[i].present);
		cJSON_AddBoolToObject(object, "pinpad", readers[i].pinpad);
		add_item(array, object);
	}
	return array;
}

/* ---- calls that wait, and streams ------------------------------------ */

static struct waiter *
waiter_new(struct visit *v, enum waiter_kind kind)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		refuse(v, API_INTERNAL);
		return NULL;
	}
	w->api = v->api;
	w->call = v->call;
	w->kind = kind;
	w->session = v->session;
	w->next = v->api->waiters;
	v->api->waiters = w;
	v->call->pending = w;
	return w;
}

/* The one place where a waiter ends; its call is the caller's to answer. */
static struct api_call *
waiter_over(struct waiter *w, uint64_t now)
{
	struct api_call *call = w->call;

	w->call = NULL;
	call->pending = NULL;
	switch (w->kind) {
	case WAITS_FOR_READ:
		w->read->polls--;
		read_seen(w->read, now);
		break;
	case STREAMS:
		w->session->streams--;
		reads_stream_closed(w->api->reads, w->session, now);
		break;
	case WAITS_FOR_READERS:
		break;
	}
	return call;
}

static void
waiters_sweep(struct api *api)
{
	struct waiter **at = &api->waiters;

	while (*at != NULL) {
		struct waiter *w = *at;
		if (w->call != NULL) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

static bool
waiters_any(const struct api *api, enum waiter_kind kind)
{
	for (const struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == kind)
			return true;
	return false;
}

/* An event for one stream. Frees data. */
static void
stream_push(struct waiter *w, const char *event, cJSON *data)
{
	char *json = json_text(data), *text = NULL;
	int len = -1;

	if (json != NULL)
		len = asprintf(&text, "id: %u\nevent: %s\ndata: %s\n\n",
		    w->event_id + 1, event, json);
	json_free(json);
	if (len < 0)
		return;
	w->event_id++;
	w->call->push(w->call, text, (size_t)len);
	free(text);
}

static void
stream_begin(struct waiter *w, uint64_t now)
{
	struct api *api = w->api;
	cJSON *data = cJSON_CreateObject();

	add_member(
	    data, "readers", readers_json(api, api->readers, api->readers_n));
	add_member(data, "reads", reads_json(api, w->session));
	add_session(data, api, w->session, now);
	w->begun = true;
	stream_push(w, "snapshot", data);
}

static void
stream_end(struct waiter *w, uint64_t now)
{
	cJSON *data = cJSON_CreateObject();
	struct api_call *call;

	add_number(data, "expires_in", 0);
	stream_push(w, "session", data);
	if (w->call == NULL)
		return;
	call = waiter_over(w, now);
	call->finish(call);
}

static void
stream_comment(struct waiter *w, uint64_t now)
{
	static const char comment[] = ": still here\n\n";

	w->comment_us = now + COMMENT_US;
	w->call->push(w->call, comment, sizeof(comment) - 1);
}

static void
waiter_answer_read(struct waiter *w, uint64_t now)
{
	cJSON *tree = read_in_full(w->read, now);

	call_json(waiter_over(w, now), 200, tree);
}

static void
session_extend(struct session *session, uint64_t now)
{
	session_touch(session, now);
	session->told = session->streams == 0;
}

/* Sessions that were extended: their streams are told the new time. */
static void
sessions_tell(struct api *api, uint64_t now)
{
	struct waiter *w;

	for (w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == STREAMS && w->begun &&
		    !w->session->told) {
			cJSON *data = cJSON_CreateObject();
			add_session(data, api, w->session, now);
			stream_push(w, "session", data);
		}
	for (w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL)
			w->session->told = true;
}

/* ---- what readers do ------------------------------------------------- */

static const struct wire_reader *
reader_in(const struct wire_reader *readers, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(readers[i].name, name) == 0)
			return &readers[i];
	return NULL;
}

static void
streams_push_reader(
    struct api *api, const struct wire_reader *reader, bool present)
{
	for (struct waiter *w = api->waiters; w != NULL; w = w->next) {
		cJSON *data;
		if (w->call == NULL || w->kind != STREAMS || !w->begun ||
		    (data = reader_json(api, reader)) == NULL)
			continue;
		cJSON_AddBoolToObject(data, "present", present);
		stream_push(w, "reader", data);
	}
}

static void
streams_push_card(
    struct api *api, const struct wire_reader *reader, bool present)
{
	unsigned number =
	    reader_number(reads_readers(api->reads), reader->name);
	char id[READER_ID_MAX + 1];

	reader_id_write(number, id);
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == STREAMS && w->begun &&
		    number != 0) {
			cJSON *data = cJSON_CreateObject();
			add_text(data, "reader", id);
			cJSON_AddBoolToObject(data, "present", present);
			stream_push(w, "card", data);
		}
}

/* Somebody is at the computer: sessions with an open stream go on. */
static void
streams_person(struct api *api, uint64_t now)
{
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == STREAMS)
			session_extend(w->session, now);
}

/* What differs between two reports, as events: first what went. */
static void
readers_compare(struct api *api, const struct wire_reader *was, unsigned was_n,
    const struct wire_reader *is, unsigned is_n, uint64_t now)
{
	for (unsigned i = 0; i < was_n; i++)
		if (reader_in(is, is_n, was[i].name) == NULL) {
			if (was[i].present)
				streams_push_card(api, &was[i], false);
			streams_push_reader(api, &was[i], false);
		}
	for (unsigned i = 0; i < is_n; i++) {
		const struct wire_reader *old =
		    reader_in(was, was_n, is[i].name);
		if (old == NULL)
			streams_push_reader(api, &is[i], true);
		if (old == NULL ? is[i].present : old->present != is[i].present)
			streams_push_card(api, &is[i], is[i].present);
		/* A reader that comes back with its card inside is no person
		 * acting: pcscd may have been restarted. */
		if (old != NULL && !old->present && is[i].present)
			streams_person(api, now);
	}
}

/* The watcher's report; the first one begins the streams that wait for it. */
static void
readers_take(struct api *api, const struct wire_reader *readers, unsigned n,
    uint64_t now)
{
	struct wire_reader was[KENMEN_READERS_MAX];
	unsigned was_n = api->readers_n;

	memcpy(was, api->readers, sizeof(was));
	memcpy(api->readers, readers, n * sizeof(readers[0]));
	api->readers_n = n;
	api->readers_known = true;
	readers_compare(api, was, was_n, readers, n, now);
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == STREAMS && !w->begun)
			stream_begin(w, now);
}

static void
readers_answer(struct api *api, const struct job *job, uint64_t now)
{
	enum api_code code = job->failed.code == CODE_PCSC_UNAVAILABLE
				 ? API_PCSC_UNAVAILABLE
				 : API_INTERNAL;

	for (struct waiter *w = api->waiters; w != NULL; w = w->next) {
		if (w->call == NULL || w->kind != WAITS_FOR_READERS)
			continue;
		if (job->readers_known)
			call_json(waiter_over(w, now), 200,
			    readers_json(api, job->readers, job->readers_n));
		else
			call_problem(waiter_over(w, now), code);
	}
}

/* ---- entering and leaving -------------------------------------------- */

static void lister_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event);
static void watcher_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event);

static uint64_t
api_now(const struct api *api)
{
	return api->clock.boottime(api->clock.arg);
}

static int
errand_start(struct api *api, enum wire_errand errand, job_changed *changed,
    struct job **ret)
{
	struct wire_request request = { .errand = errand };

	request.ignore_n = api->config->ignore_n;
	memcpy(request.ignore, api->config->ignore, sizeof(request.ignore));
	return job_start(api->jobs, &request, false, changed, api, ret);
}

/* A runner lists the readers exactly while a call waits for the list. */
static void
lister_settle(struct api *api, uint64_t now)
{
	struct job none = { .failed.code = CODE_INTERNAL };

	if (!waiters_any(api, WAITS_FOR_READERS))
		job_free(&api->lister);
	else if (api->lister == NULL && errand_start(api, ERRAND_READERS,
					    lister_changed, &api->lister) < 0)
		readers_answer(api, &none, now);
}

static void
watcher_lost(struct api *api, uint64_t now)
{
	static const struct wire_reader none[1];

	job_free(&api->watcher);
	api->watch_again_us = now + WATCH_AGAIN_US;
	readers_take(api, none, 0, now);
	api->readers_known = false;
}

/* A runner watches the readers exactly while a stream is open. */
static void
watcher_settle(struct api *api, uint64_t now)
{
	if (!waiters_any(api, STREAMS)) {
		job_free(&api->watcher);
		api->watch_again_us = 0;
		api->readers_known = false;
		api->readers_n = 0;
		return;
	}
	if (api->watcher == NULL && now >= api->watch_again_us &&
	    errand_start(api, ERRAND_WATCH, watcher_changed, &api->watcher) < 0)
		watcher_lost(api, now);
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t
waiter_next(const struct waiter *w)
{
	if (w->call == NULL)
		return 0;
	return w->kind == STREAMS ? w->comment_us : w->until_us;
}

uint64_t
api_next(const struct api *api)
{
	uint64_t next =
	    sooner(sessions_next(api->sessions), reads_next(api->reads));

	for (const struct waiter *w = api->waiters; w != NULL; w = w->next)
		next = sooner(next, waiter_next(w));
	if (api->watcher == NULL)
		next = sooner(next, api->watch_again_us);
	return next;
}

static void
timer_arm(struct api *api)
{
	uint64_t next = api_next(api);

	if (api->timer == NULL)
		return;
	if (next != 0)
		sd_event_source_set_time(api->timer, next);
	sd_event_source_set_enabled(
	    api->timer, next != 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void
api_enter(struct api *api)
{
	api->depth++;
}

/* Whatever happened, this follows: what nobody wants any more stops. */
static void
api_leave(struct api *api, uint64_t now)
{
	if (api->depth == 1) {
		sessions_tell(api, now);
		lister_settle(api, now);
		watcher_settle(api, now);
		waiters_sweep(api);
		timer_arm(api);
	}
	api->depth--;
}

static void
lister_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct api *api = arg;
	uint64_t now = api_now(api);

	(void)change;
	(void)event;
	api_enter(api);
	if (job->readers_known || state_is_final(job->state)) {
		readers_answer(api, job, now);
		job_free(&api->lister);
	}
	api_leave(api, now);
}

static void
watcher_changed(
    void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct api *api = arg;
	uint64_t now = api_now(api);

	(void)event;
	api_enter(api);
	if (state_is_final(job->state))
		watcher_lost(api, now);
	else if (change == JOB_CHANGED_READERS)
		readers_take(api, job->readers, job->readers_n, now);
	api_leave(api, now);
}

/* ---- what reads and time do ------------------------------------------ */

static void
streams_push_read(struct api *api, const struct read *read)
{
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == STREAMS && w->begun &&
		    w->session == read->session)
			stream_push(w, "read", read_in_short(read));
}

static void
owner_changed(void *arg, struct read *read)
{
	struct api *api = arg;
	uint64_t now = api_now(api);

	api_enter(api);
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		if (w->call != NULL && w->kind == WAITS_FOR_READ &&
		    w->read == read)
			waiter_answer_read(w, now);
	streams_push_read(api, read);
	api_leave(api, now);
}

static void
owner_present(void *arg, struct session *session)
{
	struct api *api = arg;
	uint64_t now = api_now(api);

	api_enter(api);
	session_extend(session, now);
	api_leave(api, now);
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

/* why: what those who wait on it are told, and whether it ran out. */
static void
session_over(
    struct api *api, struct session *session, enum api_code why, uint64_t now)
{
	for (struct waiter *w = api->waiters; w != NULL; w = w->next) {
		if (w->call == NULL || w->session != session)
			continue;
		if (w->kind == STREAMS)
			stream_end(w, now);
		else
			call_problem(waiter_over(w, now), why);
	}
	reads_session_end(api->reads, session, now);
	session_end(api->sessions, session, why == API_SESSION_EXPIRED, now);
}

static void
waiter_tick(struct waiter *w, uint64_t now)
{
	uint64_t due = waiter_next(w);

	if (due == 0 || now < due)
		return;
	if (w->kind == STREAMS)
		stream_comment(w, now);
	else
		waiter_answer_read(w, now);
}

void
api_tick(struct api *api, uint64_t now)
{
	struct session *session;

	api_enter(api);
	while ((session = sessions_overdue(api->sessions, now)) != NULL)
		session_over(api, session, API_SESSION_EXPIRED, now);
	reads_tick(api->reads, now);
	for (struct waiter *w = api->waiters; w != NULL; w = w->next)
		waiter_tick(w, now);
	api_leave(api, now);
}

/* ---- what a request asks for ----------------------------------------- */

/* A member of a body: take() reads it, false when it is not as said. */
struct member {
	const char *name;
	bool (*take)(const cJSON *value, struct asked *ret);
	const char *en, *ja; /* what it must be, after its name */
	uint32_t kinds;      /* it belongs to these only; 0: to all */
};

static bool
take_lang(const cJSON *value, struct asked *ret)
{
	if (!cJSON_IsString(value))
		return false;
	for (enum lang l = 0; l < LANG_N; l++)
		if (strcmp(lang_names[l], value->valuestring) == 0) {
			ret->lang = l;
			return true;
		}
	return false;
}

static bool
take_takeover(const cJSON *value, struct asked *ret)
{
	ret->takeover = cJSON_IsTrue(value);
	return cJSON_IsBool(value);
}

static bool
take_kinds(const cJSON *value, struct asked *ret)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		int kind;
		if (!cJSON_IsString(item))
			return false;
		kind = kind_from_name(
		    item->valuestring, strlen(item->valuestring));
		if (kind < 0 || (ret->kinds & KIND_BIT(kind)))
			return false;
		ret->kinds |= KIND_BIT(kind);
	}
	return cJSON_IsArray(value) && ret->kinds != 0;
}

static bool
take_reader(const cJSON *value, struct asked *ret)
{
	ret->reader = value->valuestring;
	return cJSON_IsString(value);
}

/* Characters that could make the site's words look like the window's own. */
static bool
is_deceiving(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '<' || c == 0x061c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* % is sent to the window as %25. */
static bool
take_purpose(const cJSON *value, struct asked *ret)
{
	const char *at = value->valuestring, *end;
	size_t len;

	if (!cJSON_IsString(value))
		return false;
	len = strlen(at);
	end = at + len;
	for (const char *p = at; *p != '\0'; p++)
		len += *p == '%' ? 2 : 0;
	while (at < end)
		if (is_deceiving(utf8_next(&at, end)))
			return false;
	ret->purpose = value->valuestring;
	return len <= PURPOSE_MAX;
}

/* Members of kinds that this version cannot read: it will be refused. */
static bool
take_nothing(const cJSON *value, struct asked *ret)
{
	(void)value;
	(void)ret;
	return true;
}

static const struct member session_members[] = {
	{ "lang", take_lang, " must be \"ja\" or \"en\".",
	    "は\"ja\"か\"en\"にしてください。", 0 },
	{ "takeover", take_takeover, " must be true or false.",
	    "はtrueかfalseにしてください。", 0 },
};

#define KINDS_OF_CHALLENGE (KIND_BIT(KIND_FACE) | KIND_BIT(KIND_AUTHENTICATE))

static const struct member read_members[] = {
	{ "kinds", take_kinds,
	    " must be an array of one or more kinds, each named once.",
	    "は種類の配列（1つ以上、重複なし）にしてください。", 0 },
	{ "reader", take_reader,
	    " must be a text: the id of a reader from GET /v1/readers.",
	    "はGET /v1/readersにあるidの文字列にしてください。", 0 },
	{ "purpose", take_purpose,
	    " must be a text of at most 80 bytes (% counts as three) without "
	    "control, bidi or < characters.",
	    "は80バイト以内（%は3と数えます）の文字列とし、制御文字・"
	    "書字方向の文字・<を含めないでください。",
	    0 },
	{ "with", take_nothing, "", "", KIND_BIT(KIND_FACE) },
	{ "challenge", take_nothing, "", "", KINDS_OF_CHALLENGE },
	{ "which", take_nothing, "", "", KIND_BIT(KIND_CERTIFICATE) },
	{ "hash", take_nothing, "", "", KIND_BIT(KIND_SIGN) },
	{ "digests", take_nothing, "", "", KIND_BIT(KIND_SIGN) },
	{ "titles", take_nothing, "", "", KIND_BIT(KIND_SIGN) },
};

/* A member of a query: a number from 0 to max. */
struct parameter {
	const char *name;
	size_t offset; /* of its uint32_t in struct asked */
	uint32_t max;
	const char *en, *ja;
};

static const struct parameter poll_parameters[] = {
	{ "wait", offsetof(struct asked, wait), WAIT_MAX,
	    " must be a whole number from 0 to 30, given once.",
	    "は0から30までの整数を1回だけ指定してください。" },
	{ "after", offsetof(struct asked, after), UINT32_MAX,
	    " must be a whole number from 0 to 4294967295, given once.",
	    "は0から4294967295までの整数を1回だけ指定してください。" },
};

/* ---- routes ---------------------------------------------------------- */

enum method { METHOD_GET, METHOD_POST, METHOD_DELETE, METHOD_N };

static const char *const method_names[METHOD_N] = {
	[METHOD_GET] = "GET",
	[METHOD_POST] = "POST",
	[METHOD_DELETE] = "DELETE",
};

struct route {
	const char *path; /* with '/' at its end: an id follows */
	enum method method;
	bool open; /* no token is needed */
	/* Answers, or parks the call and returns true; false: refused. */
	bool (*handle)(struct visit *v);
	const struct member *members;
	size_t members_n;
	const struct parameter *parameters;
	size_t parameters_n;
};

/* ---- handlers -------------------------------------------------------- */

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

static const char *
availability(bool available)
{
	return available ? "ok" : "unavailable";
}

static bool
health_get(struct visit *v)
{
	cJSON *tree = cJSON_CreateObject();

	add_text(tree, "service", "kenmend");
	add_text(tree, "version", KENMEN_VERSION);
	add_number(tree, "api", 1);
	add_text(tree, "pcsc", availability(pcsc_is_there()));
	add_text(tree, "prompt", availability(jobs_voice_ready(v->api->jobs)));
	call_json(v->call, 200, tree);
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
		return refuse(v, API_SESSION_ACTIVE);
	if (reads_hold_card(v->api->reads, old))
		return refuse(v, API_BUSY);
	session_over(v->api, old, API_SESSION_UNKNOWN, v->now);
	return true;
}

static bool
sessions_post(struct visit *v)
{
	struct api *api = v->api;
	struct session *session;
	cJSON *tree;

	session = session_of(api->sessions, v->request->uid, v->origin, v->now);
	if (session != NULL && !session_take_over(v, session))
		return false;
	if (session_start(api->sessions, v->request->uid, v->origin,
		v->asked.lang, v->now, &session) < 0)
		return refuse(v, API_INTERNAL);
	if (v->origin == NULL)
		user_write(session->uid, session->user);
	tree = cJSON_CreateObject();
	add_text(tree, "token", session->token);
	add_session(tree, api, session, v->now);
	add_session_facts(tree, api, session);
	add_limits(tree, api->config);
	call_json(v->call, 201, tree);
	return true;
}

static bool
session_get(struct visit *v)
{
	cJSON *tree = cJSON_CreateObject();

	add_session(tree, v->api, v->session, v->now);
	add_session_facts(tree, v->api, v->session);
	add_text(tree, "lang", lang_names[v->session->lang]);
	call_json(v->call, 200, tree);
	return true;
}

/* Its token was shown, which has extended it. */
static bool
session_touch_post(struct visit *v)
{
	cJSON *tree = cJSON_CreateObject();

	add_session(tree, v->api, v->session, v->now);
	call_json(v->call, 200, tree);
	return true;
}

static bool
session_delete(struct visit *v)
{
	session_over(v->api, v->session, API_SESSION_UNKNOWN, v->now);
	call_empty(v->call);
	return true;
}

static void
call_accepted(struct api_call *call, const struct read *read)
{
	struct api_reply reply;

	reply_fill(&reply, 202, TYPE_JSON, read_in_short(read));
	snprintf(
	    reply.location, sizeof(reply.location), "/v1/reads/%s", read->id);
	call->reply(call, &reply);
}

static bool
reads_post(struct visit *v)
{
	struct reads_wish wish = {
		.session = v->session,
		.kinds = v->asked.kinds,
		.reader = v->asked.reader,
		.purpose = v->asked.purpose != NULL ? v->asked.purpose : "",
	};
	struct read *read;
	int r;

	if (!kinds_may(v))
		return false;
	r = reads_start(
	    v->api->reads, &wish, v->now, &read, &v->refusal.retry_after);
	if (r == -EBUSY) {
		if (read->session == v->session)
			v->refusal.id = read->id;
		return refuse(v, API_BUSY);
	}
	if (r == -EAGAIN)
		return refuse(v, API_PROMPT_LIMITED);
	if (r < 0) {
		log_error("read: cannot be started: %s", strerror(-r));
		return refuse(v, API_INTERNAL);
	}
	call_accepted(v->call, read);
	streams_push_read(v->api, read);
	return true;
}

static bool
reads_get(struct visit *v)
{
	struct read *read = NULL;

	while ((read = reads_after(v->api->reads, v->session, read)) != NULL)
		read_seen(read, v->now);
	call_json(v->call, 200, reads_json(v->api, v->session));
	return true;
}

/* The read that the path names, or a refusal. */
static struct read *
visit_read(struct visit *v)
{
	struct read *read = reads_find(v->api->reads, v->session, v->id);

	if (read == NULL || read->gone) {
		refuse(v, read == NULL ? API_NOT_FOUND : API_GONE);
		return NULL;
	}
	return read;
}

static bool
read_get(struct visit *v)
{
	struct read *read = visit_read(v);
	struct waiter *w;

	if (read == NULL)
		return false;
	read_seen(read, v->now);
	if (state_is_final(read->state) || read->seq > v->asked.after ||
	    v->asked.wait == 0) {
		call_json(v->call, 200, read_in_full(read, v->now));
		return true;
	}
	if ((w = waiter_new(v, WAITS_FOR_READ)) == NULL)
		return false;
	w->read = read;
	w->until_us = v->now + v->asked.wait * SECOND_US;
	read->polls++;
	return true;
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
	struct api *api = v->api;

	if (!api->readers_known)
		return waiter_new(v, WAITS_FOR_READERS) != NULL;
	call_json(
	    v->call, 200, readers_json(api, api->readers, api->readers_n));
	return true;
}

static bool
events_get(struct visit *v)
{
	struct api_reply reply = {
		.status = 200, .content_type = TYPE_EVENTS, .stream = true
	};
	struct waiter *w = waiter_new(v, STREAMS);

	if (w == NULL)
		return false;
	w->comment_us = v->now + COMMENT_US;
	w->session->streams++;
	v->call->reply(v->call, &reply);
	if (w->call != NULL && v->api->readers_known)
		stream_begin(w, v->now);
	return true;
}

#define NONE NULL, 0
#define OF(table) table, N_OF(table)

/* clang-format off */
static const struct route routes[] = {
	/* path                method         open   handle
	 *     members of its body   of its query */
	{ "/v1/health",        METHOD_GET,    true,  health_get,
	    NONE,                    NONE },
	{ "/v1/sessions",      METHOD_POST,   true,  sessions_post,
	    OF(session_members),     NONE },
	{ "/v1/session",       METHOD_GET,    false, session_get,
	    NONE,                    NONE },
	{ "/v1/session",       METHOD_DELETE, false, session_delete,
	    NONE,                    NONE },
	{ "/v1/session/touch", METHOD_POST,   false, session_touch_post,
	    NONE,                    NONE },
	{ "/v1/reads",         METHOD_GET,    false, reads_get,
	    NONE,                    NONE },
	{ "/v1/reads",         METHOD_POST,   false, reads_post,
	    OF(read_members),        NONE },
	{ "/v1/reads/",        METHOD_GET,    false, read_get,
	    NONE,                    OF(poll_parameters) },
	{ "/v1/reads/",        METHOD_DELETE, false, read_delete_one,
	    NONE,                    NONE },
	{ "/v1/readers",       METHOD_GET,    false, readers_get,
	    NONE,                    NONE },
	{ "/v1/events",        METHOD_GET,    false, events_get,
	    NONE,                    NONE },
};
/* clang-format on */

/* ---- the steps of a request, in the order of refusals ---------------- */

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
	for (size_t i = 0; i < N_OF(routes); i++) {
		const char *method = method_names[routes[i].method];
		if (!path_fits(&routes[i], v->request->path, &v->id))
			continue;
		allow_add(v->allow, method);
		if (strcmp(v->request->method, method) == 0)
			v->route = &routes[i];
	}
	return v->allow[0] != '\0' || refuse(v, API_NOT_FOUND);
}

static bool
step_method(struct visit *v)
{
	return v->route != NULL || refuse(v, API_METHOD_NOT_ALLOWED);
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
		return refuse(v, API_SESSION_UNKNOWN);
	case SESSION_EXPIRED:
		return refuse(v, API_SESSION_EXPIRED);
	case SESSION_OTHER_USER:
		return refuse(v, API_OTHER_USER);
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

/* application/json, alone or with charset=utf-8. */
static bool
type_is_json(const char *type)
{
	static const char json[] = "application/json";

	if (type == NULL || strncasecmp(type, json, sizeof(json) - 1) != 0)
		return false;
	type += sizeof(json) - 1;
	type += strspn(type, " \t");
	if (*type == '\0')
		return true;
	if (*type++ != ';')
		return false;
	type += strspn(type, " \t");
	return strcasecmp(type, "charset=utf-8") == 0 ||
	       strcasecmp(type, "charset=\"utf-8\"") == 0;
}

static bool
step_type(struct visit *v)
{
	return !has_body(v->request) ||
	       type_is_json(v->request->content_type) ||
	       refuse(v, API_NOT_JSON);
}

static bool
step_size(struct visit *v)
{
	if (v->request->too_large || v->request->body_len > API_BODY_MAX)
		return refuse(v, API_TOO_LARGE);
	return true;
}

/* Digits only, no sign, no leading space; false past max. */
static bool
number_take(const char *text, size_t len, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* One "name=value" of len bytes; given: bits of those seen already. */
static void
parameter_take(struct visit *v, const char *text, size_t len, unsigned *given)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	size_t value_at = equals != NULL ? name_len + 1 : len;

	for (size_t i = 0; i < v->route->parameters_n; i++) {
		const struct parameter *p = &v->route->parameters[i];
		uint32_t value;
		if (strlen(p->name) != name_len ||
		    memcmp(p->name, text, name_len) != 0)
			continue;
		if ((*given & 1u << i) || !number_take(text + value_at,
					      len - value_at, p->max, &value))
			fault_add(
			    v, API_BAD_REQUEST, text, name_len, p->en, p->ja);
		else
			memcpy((char *)&v->asked + p->offset, &value,
			    sizeof(value));
		*given |= 1u << i;
		return;
	}
	fault_unknown(v, text, name_len);
}

static bool
step_query(struct visit *v)
{
	const char *at = v->request->query;
	unsigned given = 0;

	while (*at != '\0') {
		size_t len = strcspn(at, "&");
		if (len > 0)
			parameter_take(v, at, len, &given);
		at += len;
		at += *at == '&';
	}
	return v->refusal.detail[0] == '\0';
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 1: two members of one name, 0: none, -ENOMEM. */
static int
names_repeat(const cJSON *object)
{
	int n = cJSON_GetArraySize(object), r = 0;
	const char **names;
	const cJSON *item;

	if (n < 2)
		return 0;
	if ((names = calloc((size_t)n, sizeof(*names))) == NULL)
		return -ENOMEM;
	n = 0;
	cJSON_ArrayForEach(item, object) names[n++] = item->string;
	qsort(names, (size_t)n, sizeof(*names), names_compare);
	for (int i = 1; i < n && r == 0; i++)
		r = strcmp(names[i - 1], names[i]) == 0;
	free(names);
	return r;
}

/* The same for every object inside; JSON_DEPTH_MAX bounds the recursion. */
static int
keys_repeat(const cJSON *value)
{
	int r = cJSON_IsObject(value) ? names_repeat(value) : 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		if (r != 0)
			return r;
		r = keys_repeat(item);
	}
	return r;
}

static bool
step_json(struct visit *v)
{
	const struct api_request *request = v->request;
	int r;

	if (request->body_len == 0)
		return true;
	if (!json_check(request->body, request->body_len))
		return refuse(v, API_BAD_JSON);
	v->body = cJSON_ParseWithLength(request->body, request->body_len);
	json_short = false;
	if (v->body == NULL || (r = keys_repeat(v->body)) < 0)
		return refuse(v, API_INTERNAL);
	if (r > 0)
		return refuse(v, API_BAD_JSON);
	if (!cJSON_IsObject(v->body))
		return fault_add(v, API_BAD_REQUEST, "body", 4,
		    " must be an object, as in {}.",
		    "は{}のようなオブジェクトにしてください。");
	return true;
}

static void
member_take(struct visit *v, const cJSON *item)
{
	size_t len = strlen(item->string);

	for (size_t i = 0; i < v->route->members_n; i++) {
		const struct member *m = &v->route->members[i];
		if (strcmp(m->name, item->string) != 0)
			continue;
		if (!m->take(item, &v->asked))
			fault_add(
			    v, API_BAD_REQUEST, m->name, len, m->en, m->ja);
		return;
	}
	fault_unknown(v, item->string, len);
}

/* Members that belong to kinds must have been asked together with one. */
static void
members_match_kinds(struct visit *v)
{
	for (size_t i = 0; i < v->route->members_n; i++) {
		const struct member *m = &v->route->members[i];
		if (m->kinds != 0 && (v->asked.kinds & m->kinds) == 0 &&
		    cJSON_GetObjectItemCaseSensitive(v->body, m->name) != NULL)
			fault_add(v, API_BAD_REQUEST, m->name, strlen(m->name),
			    " belongs to a kind that is not asked for; "
			    "leave it out.",
			    "は求めていない種類の項目です。"
			    "取り除いてください。");
	}
}

static bool
step_members(struct visit *v)
{
	const struct member *members = v->route->members;
	const cJSON *item;

	cJSON_ArrayForEach(item, v->body) member_take(v, item);
	if (members == read_members) {
		members_match_kinds(v);
		if (cJSON_GetObjectItemCaseSensitive(v->body, "kinds") == NULL)
			fault_add(v, API_BAD_REQUEST, "kinds", 5,
			    read_members[0].en, read_members[0].ja);
	}
	return v->refusal.detail[0] == '\0';
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

void
api_handle(struct api *api, const struct api_request *request,
    struct api_call *call, uint64_t now)
{
	struct visit v = {
		.api = api, .request = request, .call = call, .now = now
	};

	call->pending = NULL;
	api_tick(api, now);
	api_enter(api);
	if (request->origin != NULL)
		v.origin = origin_find(
		    api->config, request->origin, strlen(request->origin));
	if (request->origin != NULL && v.origin == NULL)
		refuse(&v, API_ORIGIN_NOT_ALLOWED);
	if ((request->origin != NULL && v.origin == NULL) || !visit_run(&v))
		visit_refuse(&v);
	cJSON_Delete(v.body);
	api_leave(api, now);
}

void
api_gone(struct api *api, struct api_call *call)
{
	uint64_t now = api_now(api);

	if (call->pending == NULL)
		return;
	api_enter(api);
	waiter_over(call->pending, now);
	api_leave(api, now);
}

/* ---- the API as a whole ---------------------------------------------- */

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
	if ((r = sessions_new(config->idle_timeout, config->session_max,
		 &api->sessions)) < 0 ||
	    (r = reads_new(config, jobs,
		 &(struct reads_owner){ owner_changed, owner_present, owner_now,
		     owner_realtime, api },
		 &api->reads)) < 0) {
		sessions_free(&api->sessions);
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
	api_enter(a);
	while ((session = sessions_first(a->sessions)) != NULL)
		session_over(a, session, API_SESSION_EXPIRED, now);
	api_leave(a, now); /* no waiter is left: the errands end too */
	reads_free(&a->reads);
	sessions_free(&a->sessions);
	sd_event_source_disable_unref(a->timer);
	sd_event_unref(a->loop);
	free(a);
	*api = NULL;
}
