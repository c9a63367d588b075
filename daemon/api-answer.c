#include "api-answer.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api-json.h"
#include "api-result.h"
#include "codes.h"
#include "wipe.h"

#define TYPE_JSON "application/json"
#define TYPE_PROBLEM "application/problem+json"

#define SECOND_US UINT64_C(1000000)

/* ---- replies --------------------------------------------------------- */

void
api_reply_finish(struct api_reply *reply)
{
	wipe_free(reply->body, reply->body_len);
	reply->body = NULL;
	reply->body_len = 0;
}

static cJSON *
problem_json(enum api_code code, const char *detail, const char *detail_ja)
{
	const struct code_text *text = code_of_api(code);
	cJSON *tree = cJSON_CreateObject();
	char type[64];

	snprintf(type, sizeof(type), "urn:kenmen:error:%s", text->name);
	json_add_text(tree, "type", type);
	json_add_text(tree, "title", text->title);
	json_add_number(tree, "status", (unsigned)text->status);
	json_add_text(tree, "code", text->name);
	json_add_text(tree, "detail", detail != NULL ? detail : text->detail);
	json_add_text(
	    tree, "detail_ja", detail_ja != NULL ? detail_ja : text->detail_ja);
	json_add_bool(tree, "retriable", text->retriable);
	return tree;
}

/* False: there is no text, and so no reply. */
static bool
reply_put(struct api_reply *reply, int status, const char *type, cJSON *tree)
{
	*reply = (struct api_reply){ .status = status };
	if ((reply->body = json_text(tree)) == NULL)
		return false;
	reply->content_type = type;
	reply->body_len = strlen(reply->body);
	return true;
}

/* What cannot be told in full is not told at all. */
static void
reply_fill(struct api_reply *reply, int status, const char *type, cJSON *tree)
{
	if (!reply_put(reply, status, type, tree))
		reply_put(reply, 500, TYPE_PROBLEM,
		    problem_json(API_INTERNAL, NULL, NULL));
}

void
answer_fill(struct api_reply *ret, int status, struct cJSON *tree)
{
	reply_fill(ret, status, TYPE_JSON, tree);
}

static void
problem_fill(struct api_reply *ret, enum api_code code, cJSON *tree)
{
	int status = code_of_api(code)->status;

	reply_fill(ret, status, TYPE_PROBLEM, tree);
	if (ret->status != status)
		code = API_INTERNAL;
	ret->code = code_of_api(code)->name;
	ret->authenticate =
	    code == API_SESSION_UNKNOWN || code == API_SESSION_EXPIRED;
}

void
answer_refusal(const struct refusal *why, struct api_reply *ret)
{
	cJSON *tree = problem_json(why->code, json_text_or_null(why->detail),
	    json_text_or_null(why->detail_ja));

	if (why->id != NULL)
		json_add_text(tree, "id", why->id);
	problem_fill(ret, why->code, tree);
	ret->retry_after = why->retry_after;
}

void
api_problem(enum api_code code, const char *detail, const char *detail_ja,
    struct api_reply *ret)
{
	json_start();
	problem_fill(ret, code, problem_json(code, detail, detail_ja));
}

void
call_problem(struct api_call *call, enum api_code code)
{
	struct api_reply reply;

	api_problem(code, NULL, NULL, &reply);
	call->reply(call, &reply);
}

void
call_json(struct api_call *call, int status, struct cJSON *tree)
{
	struct api_reply reply;

	answer_fill(&reply, status, tree);
	call->reply(call, &reply);
}

void
call_empty(struct api_call *call)
{
	struct api_reply reply = { .status = 204 };

	call->reply(call, &reply);
}

void
call_accepted(struct api_call *call, const struct read *read)
{
	struct api_reply reply;

	answer_fill(&reply, 202, answer_read_in_short(read));
	snprintf(
	    reply.location, sizeof(reply.location), "/v1/reads/%s", read->id);
	call->reply(call, &reply);
}

/* ---- the daemon ------------------------------------------------------ */

static const char *
availability(bool available)
{
	return available ? "ok" : "unavailable";
}

struct cJSON *
answer_health(bool pcsc, bool prompt)
{
	cJSON *tree = cJSON_CreateObject();

	json_add_text(tree, "service", "kenmend");
	json_add_text(tree, "version", KENMEN_VERSION);
	json_add_number(tree, "api", 1);
	json_add_text(tree, "pcsc", availability(pcsc));
	json_add_text(tree, "prompt", availability(prompt));
	return tree;
}

/* ---- sessions -------------------------------------------------------- */

static void
add_kinds(cJSON *object, uint32_t kinds)
{
	cJSON *array = cJSON_AddArrayToObject(object, "kinds");

	for (enum read_kind k = 0; k < KIND_N; k++)
		if (kinds & KIND_BIT(k))
			json_append(array, cJSON_CreateString(kind_name(k)));
}

static void
add_session_facts(
    cJSON *object, const struct config *config, const struct session *session)
{
	json_add_text(object, "origin",
	    session->origin != NULL ? session->origin->origin : NULL);
	add_kinds(object, origin_kinds(config, session->origin));
	if (config->end_on_card_removal)
		cJSON_AddBoolToObject(object, "end_on_card_removal", true);
}

static void
add_limits(cJSON *object, const struct config *config)
{
	cJSON *limits = cJSON_AddObjectToObject(object, "limits");

	json_add_number(limits, "idle_timeout", config->idle_timeout);
	json_add_number(limits, "session_max", config->session_max);
	json_add_number(limits, "card_timeout", config->card_timeout);
	json_add_number(limits, "prompt_timeout", config->prompt_timeout);
	json_add_number(limits, "read_timeout", config->read_timeout);
}

struct cJSON *
answer_expires_in(unsigned expires_in)
{
	cJSON *tree = cJSON_CreateObject();

	json_add_number(tree, "expires_in", expires_in);
	return tree;
}

struct cJSON *
answer_session_new(const struct config *config, const struct session *session,
    unsigned expires_in)
{
	cJSON *tree = answer_expires_in(expires_in);

	json_add_text(tree, "token", session->token);
	add_session_facts(tree, config, session);
	add_limits(tree, config);
	return tree;
}

struct cJSON *
answer_session(const struct config *config, const struct session *session,
    unsigned expires_in)
{
	cJSON *tree = answer_expires_in(expires_in);

	add_session_facts(tree, config, session);
	json_add_text(tree, "lang", lang_name(session->lang));
	return tree;
}

/* ---- reads ----------------------------------------------------------- */

static void
add_failed_pin(cJSON *error, const struct wire_failed *failed)
{
	json_add_text(error, "pin",
	    failed->pin >= 0 ? pin_name((enum kenmen_pin)failed->pin) : NULL);
}

static void
add_wrong(cJSON *error, const struct wire_failed *failed)
{
	add_failed_pin(error, failed);
	if (failed->tries_left >= 0)
		json_add_number(
		    error, "tries_left", (unsigned)failed->tries_left);
	else
		json_add_null(error, "tries_left");
}

static void
add_blocked(cJSON *error, const struct wire_failed *failed)
{
	add_failed_pin(error, failed);
	json_add_text(error, "unblock", "municipal_office");
}

/* Who holds it is not known: PC/SC does not tell. */
static void
add_holder(cJSON *error, const struct wire_failed *failed)
{
	(void)failed;
	json_add_null(error, "holder");
}

/* What is on the reader instead, where it says so. */
static void
add_token(cJSON *error, const struct wire_failed *failed)
{
	json_add_text(error, "token", token_name(failed->token));
}

/* What a code adds to its error. */
static void (*const add_to_error[CODE_N])(
    cJSON *error, const struct wire_failed *) = {
	[CODE_PIN_WRONG] = add_wrong,
	[CODE_PIN_BLOCKED] = add_blocked,
	[CODE_READER_BUSY] = add_holder,
	[CODE_NOT_MY_NUMBER_CARD] = add_token,
};

static void
add_error(cJSON *object, const struct wire_failed *failed)
{
	const struct code_text *text = code_of_failed(failed);
	cJSON *error = cJSON_AddObjectToObject(object, "error");

	json_add_text(error, "code", text->name);
	json_add_text(error, "detail", text->detail);
	json_add_text(error, "detail_ja", text->detail_ja);
	json_add_bool(error, "retriable", text->retriable);
	if (add_to_error[failed->code] != NULL)
		add_to_error[failed->code](error, failed);
}

static void
add_prompt(cJSON *object, const struct read *read)
{
	cJSON *prompt = cJSON_AddObjectToObject(object, "prompt");

	json_add_text(prompt, "pin",
	    read->pin >= 0 ? pin_name((enum kenmen_pin)read->pin) : NULL);
	json_add_number(prompt, "tries_left", read->tries_left);
	json_add_number(prompt, "step", read->step);
	json_add_number(prompt, "steps", read->steps);
}

static void
add_progress(cJSON *object, const struct read *read)
{
	cJSON *progress = cJSON_AddObjectToObject(object, "progress");

	json_add_number(progress, "done", read->progress_done);
	json_add_number(progress, "total", read->progress_total);
}

struct cJSON *
answer_read_in_short(const struct read *read)
{
	cJSON *object = cJSON_CreateObject();

	json_add_text(object, "id", read->id);
	json_add_text(object, "state", state_name(read->state));
	json_add_number(object, "seq", read->seq);
	return object;
}

static cJSON *
read_in_list(const struct read *read)
{
	cJSON *object = cJSON_CreateObject();

	json_add_text(object, "id", read->id);
	add_kinds(object, read->kinds);
	json_add_number(object, "seq", read->seq);
	json_add_text(object, "state", state_name(read->state));
	return object;
}

struct cJSON *
answer_read(const struct read *read, uint64_t now)
{
	cJSON *object = read_in_list(read);

	json_add_number(object, "deadline_ms",
	    read->deadline_us > now ? (read->deadline_us - now) / 1000 : 0);
	if (read->progress_total > 0)
		add_progress(object, read);
	if (read->asks)
		add_prompt(object, read);
	if (read->state == STATE_DONE) {
		result_add(object, read);
		json_add_time(
		    object, "read_at", (int64_t)(read->read_at_us / SECOND_US));
	}
	if (read->state == STATE_FAILED)
		add_error(object, &read->failed);
	return object;
}

struct cJSON *
answer_reads(struct reads *reads, const struct session *session)
{
	cJSON *array = cJSON_CreateArray();
	struct read *read = NULL;

	while ((read = reads_after(reads, session, read)) != NULL)
		if (!read->gone)
			json_append(array, read_in_list(read));
	return array;
}

/* ---- readers --------------------------------------------------------- */

/* NULL: it has no id. */
static cJSON *
reader_json(struct reader_ids *ids, const char *name)
{
	unsigned number = reader_number(ids, name);
	char id[READER_ID_MAX + 1], model[KENMEN_READER_NAME_MAX + 1];
	cJSON *object;

	if (number == 0)
		return NULL;
	reader_id_write(number, id);
	reader_model(name, model);
	object = cJSON_CreateObject();
	json_add_text(object, "id", id);
	json_add_text(object, "model", model);
	return object;
}

struct cJSON *
answer_readers(
    struct reader_ids *ids, const struct wire_reader *readers, unsigned n)
{
	cJSON *array = cJSON_CreateArray();

	for (unsigned i = 0; i < n; i++) {
		cJSON *object = reader_json(ids, readers[i].name);
		if (object == NULL)
			continue;
		json_add_bool(object, "card_present", readers[i].present);
		json_add_bool(object, "pinpad", readers[i].pinpad);
		json_append(array, object);
	}
	return array;
}

/* ---- events ---------------------------------------------------------- */

struct cJSON *
answer_snapshot(struct cJSON *readers, struct cJSON *reads, unsigned expires_in)
{
	cJSON *data = cJSON_CreateObject();

	json_add(data, "readers", readers);
	json_add(data, "reads", reads);
	json_add_number(data, "expires_in", expires_in);
	return data;
}

struct cJSON *
answer_reader_event(struct reader_ids *ids, const char *name, bool present)
{
	cJSON *data = reader_json(ids, name);

	if (data != NULL)
		json_add_bool(data, "present", present);
	return data;
}

struct cJSON *
answer_card_event(struct reader_ids *ids, const char *name, bool present)
{
	unsigned number = reader_number(ids, name);
	char id[READER_ID_MAX + 1];
	cJSON *data;

	if (number == 0)
		return NULL;
	reader_id_write(number, id);
	data = cJSON_CreateObject();
	json_add_text(data, "reader", id);
	json_add_bool(data, "present", present);
	return data;
}
