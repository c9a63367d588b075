#include "answer.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "api-json.h"

struct cJSON *
answer_new(void)
{
	json_start();
	return cJSON_CreateObject();
}

char *
answer_text(struct cJSON *answer)
{
	return answer ? json_text(answer) : NULL;
}

void
answer_facts(struct cJSON *answer, const struct facts *facts)
{
	json_add_text(answer, "kenmend", facts->kenmend);
	json_add_text(answer, "minimum", facts->minimum);
	json_add_number(answer, "idle_s", facts->idle_s);
	json_add_bool(answer, "simulated", true);
	json_add_text(answer, "origin", facts->origin);
}

/* ---- who -------------------------------------------------------------- */

void
answer_account(struct cJSON *answer, const struct account *account)
{
	cJSON *object;

	if (!account) {
		json_add_null(answer, "account");
		return;
	}
	object = cJSON_CreateObject();
	json_add_text(object, "id", account->id);
	json_add_text(object, "name", account->name);
	json_add_text(object, "email", account->email);
	json_add_time(object, "linked_at", account->linked_s);
	json_add(answer, "account", object);
}

/* For the API; NULL: it goes on, or never was. */
static const char *
ended_word(const struct visit *visit)
{
	switch (visit ? visit->state : VISIT_NONE) {
	case VISIT_ELSEWHERE:
		return "elsewhere";
	case VISIT_IDLE:
		return "idle";
	case VISIT_NONE:
	case VISIT_LIVE:
		break;
	}
	return NULL;
}

void
answer_visit(struct cJSON *answer, const struct visits *visits,
    const struct visit *visit, struct moment now)
{
	const struct account *account = visit ? visit->account : NULL;
	cJSON *list = cJSON_CreateArray();

	answer_account(answer, account);
	json_add_text(answer, "ended", ended_word(visit));
	if (visit && visit->state == VISIT_LIVE)
		json_add_number(
		    answer, "expires_in", visit_left_s(visits, visit, now));
	else
		json_add_null(answer, "expires_in");
	answer_draft(answer, visit ? visit->draft : NULL);
	for (unsigned i = 0; account && i < account->registrations_n; i++) {
		cJSON *one = cJSON_CreateObject();

		answer_registration_flat(one, &account->registrations[i]);
		json_append(list, one);
	}
	json_add(answer, "registrations", list);
}

/* ---- what ------------------------------------------------------------- */

static cJSON *
sheet_part(const struct sheet *sheet, enum field first, enum field end)
{
	cJSON *object = cJSON_CreateObject();

	for (enum field f = first; f < end; f++)
		json_add_text(object, field_name(f), sheet->value[f]);
	return object;
}

void
answer_draft(struct cJSON *answer, const struct draft *draft)
{
	cJSON *object;

	if (!draft) {
		json_add_null(answer, "draft");
		return;
	}
	object = cJSON_CreateObject();
	json_add(
	    object, "form", sheet_part(&draft->sheet, FIELD_NAME, FIELD_DRONE));
	json_add(
	    object, "drone", sheet_part(&draft->sheet, FIELD_DRONE, FIELD_N));
	answer_document(object, &draft->document);
	json_add(answer, "draft", object);
}

void
answer_document(struct cJSON *answer, const struct document *document)
{
	cJSON *object;

	if (!document->text) {
		json_add_null(answer, "document");
		return;
	}
	object = cJSON_CreateObject();
	json_add_text(object, "id", document->id);
	json_add_text(object, "title", DOCUMENT_TITLE);
	json_add_text(object, "text", document->text);
	json_add_bytes(
	    object, "sha256", document->sha256, sizeof(document->sha256));
	json_add(answer, "document", object);
}

void
answer_challenge(struct cJSON *answer, const uint8_t challenge[TOKEN_LEN])
{
	json_add_bytes(answer, "challenge", challenge, TOKEN_LEN);
	json_add_number(answer, "expires_in", CHALLENGE_S);
}

void
answer_registration_flat(
    struct cJSON *answer, const struct registration *registration)
{
	json_add_text(answer, "symbol", registration->symbol);
	json_add_text(answer, "maker", registration->maker);
	json_add_text(answer, "model", registration->model);
	json_add_text(answer, "serial", registration->serial);
	json_add_time(answer, "registered_at", registration->registered_s);
}

void
answer_registration(
    struct cJSON *answer, const struct registration *registration)
{
	cJSON *object;

	if (!registration) {
		json_add_null(answer, "registration");
		return;
	}
	object = cJSON_CreateObject();
	answer_registration_flat(object, registration);
	json_add(answer, "registration", object);
}

/* ---- how it went ------------------------------------------------------ */

void
answer_checks(struct cJSON *answer, const struct verdict *verdict)
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; i < verdict->n; i++) {
		const struct check *check = &verdict->checks[i];
		cJSON *object = cJSON_CreateObject();

		json_add_text(object, "name", check->name);
		json_add_maybe(object, "ok", check->ok);
		json_add_text(object, "detail", check->detail);
		json_add_text(object, "detail_ja", check->detail_ja);
		json_append(list, object);
	}
	json_add(answer, "checks", list);
}

void
answer_matches(struct cJSON *answer, const struct match *matches, unsigned n)
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; i < n; i++) {
		cJSON *object = cJSON_CreateObject();

		json_add_text(object, "field", field_name(matches[i].field));
		json_add_maybe(object, "same", matches[i].same);
		json_add_text(object, "form", matches[i].form);
		json_add_text(object, "certificate", matches[i].certificate);
		json_append(list, object);
	}
	json_add(answer, "match", list);
}

void
answer_accepted(struct cJSON *answer, bool accepted)
{
	json_add_bool(answer, "accepted", accepted);
}

void
answer_fault(
    struct cJSON *answer, enum field field, const struct advice *advice)
{
	cJSON *fields = cJSON_GetObjectItemCaseSensitive(answer, "fields");
	cJSON *object = cJSON_CreateObject();

	if (!fields)
		fields = cJSON_AddObjectToObject(answer, "fields");
	json_add_text(object, "detail", advice->en);
	json_add_text(object, "detail_ja", advice->ja);
	json_add(fields, field_name(field), object);
}

void
answer_problem(struct cJSON *answer, enum problem problem)
{
	const struct problem_text *text = problem_text(problem);
	char type[64];

	snprintf(type, sizeof(type), "urn:kenmen:demo:%s", text->code);
	json_add_text(answer, "type", type);
	json_add_text(answer, "title", text->title);
	json_add_number(answer, "status", text->status);
	json_add_text(answer, "code", text->code);
	json_add_text(answer, "detail", text->detail);
	json_add_text(answer, "detail_ja", text->detail_ja);
}
