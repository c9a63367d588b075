#include "desk.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "api-json.h"
#include "base64.h"
#include "body.h"
#include "check.h"
#include "visit.h"
#include "wipe.h"

#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))
#define CERTIFICATE_MAX 8192
/* What pages of this version need of kenmend. */
#define KENMEND_MINIMUM "0.1.0"

struct desk {
	struct desk_options options;
	struct checker checker;
	struct accounts *accounts;
	struct visits *visits;
};

/* One request on its way. */
struct call {
	struct desk *desk;
	const struct desk_request *request;
	struct moment now;
	struct visit *visit; /* or NULL; ended ones too */
	struct cJSON *body;  /* of a POST */
	struct cJSON *answer;
	unsigned status; /* of success */
	struct desk_reply *reply;
};

struct desk *
desk_new(const struct desk_options *options)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	if (!desk)
		return NULL;
	desk->options = *options;
	desk->checker = (struct checker){ options->trust, options->origin };
	desk->accounts = accounts_new();
	desk->visits = visits_new(options->idle_s);
	if (!desk->accounts || !desk->visits)
		desk_free(&desk);
	return desk;
}

void
desk_free(struct desk **desk)
{
	if (*desk) {
		visits_free(&(*desk)->visits);
		accounts_free(&(*desk)->accounts);
	}
	free(*desk);
	*desk = NULL;
}

void
desk_expire(struct desk *desk, struct moment now)
{
	visits_expire(desk->visits, now);
}

/* ---- what handlers share ---------------------------------------------- */

static void
cookie_set(struct call *call)
{
	call->reply->cookie = COOKIE_SET;
	token_text(call->visit->token, call->reply->token);
}

/* Why a visit that is not there, or not any more, cannot do this. */
static enum problem
visit_problem(const struct visit *visit)
{
	switch (visit ? visit->state : VISIT_NONE) {
	case VISIT_LIVE:
		return PROBLEM_NONE;
	case VISIT_ELSEWHERE:
		return PROBLEM_ENDED_ELSEWHERE;
	case VISIT_IDLE:
		return PROBLEM_ENDED_IDLE;
	case VISIT_NONE:
		break;
	}
	return PROBLEM_NOT_LOGGED_IN;
}

static enum problem
need_account(const struct call *call)
{
	enum problem problem = visit_problem(call->visit);

	if (problem == PROBLEM_NONE && !call->visit->account)
		problem = PROBLEM_NOT_LOGGED_IN;
	return problem;
}

/* The answer to this visit's challenge for that purpose, which is used up. */
static enum problem
take_login(struct call *call, enum purpose purpose, const char *jws,
    struct kenmen_certificate_facts *ret_facts)
{
	uint8_t challenge[TOKEN_LEN];
	struct verdict verdict;
	bool good;

	if (!call->visit || call->visit->state == VISIT_NONE)
		return PROBLEM_CHALLENGE;
	if (call->visit->state != VISIT_LIVE)
		return visit_problem(call->visit);
	if (!challenge_take(
		&call->visit->challenges[purpose], call->now, challenge))
		return PROBLEM_CHALLENGE;
	good = check_login(&call->desk->checker, jws, challenge, call->now,
	    ret_facts, &verdict);
	answer_checks(call->answer, &verdict);
	return good ? PROBLEM_NONE : PROBLEM_NOT_VERIFIED;
}

static enum problem
log_in(struct call *call, struct account *account)
{
	if (!visit_log_in(call->desk->visits, call->visit, account, call->now))
		return PROBLEM_INTERNAL;
	cookie_set(call);
	answer_account(call->answer, account);
	return PROBLEM_NONE;
}

/* ---- GET -------------------------------------------------------------- */

static enum problem
get_config(struct call *call)
{
	const struct desk_options *options = &call->desk->options;
	const struct facts facts = { .kenmend = options->kenmend,
		.minimum = KENMEND_MINIMUM,
		.origin = options->origin,
		.idle_s = options->idle_s };

	answer_facts(call->answer, &facts);
	return PROBLEM_NONE;
}

static enum problem
get_me(struct call *call)
{
	answer_visit(call->answer, call->desk->visits, call->visit, call->now);
	return PROBLEM_NONE;
}

static enum problem
get_registration(struct call *call)
{
	const struct registration *registration;
	enum problem problem = need_account(call);

	if (problem != PROBLEM_NONE)
		return problem;
	registration = account_registration(
	    call->visit->account, strrchr(call->request->path, '/') + 1);
	if (!registration) /* another account's, too */
		return PROBLEM_NOT_FOUND;
	answer_registration_flat(call->answer, registration);
	return PROBLEM_NONE;
}

/* ---- POST: logging in ------------------------------------------------- */

static enum problem
post_challenge(struct call *call)
{
	static const struct part parts[] = { { "for", PART_TEXT, false } };
	const struct cJSON *found[ARRAY_N(parts)];
	enum purpose purpose = 0;

	if (!body_parts(call->body, parts, ARRAY_N(parts), found))
		return PROBLEM_BAD_REQUEST;
	while (purpose < PURPOSE_N &&
	       strcmp(purpose_name(purpose), body_text(found[0])) != 0)
		purpose++;
	if (purpose == PURPOSE_N)
		return PROBLEM_BAD_REQUEST;
	if (visit_problem(call->visit) != PROBLEM_NONE) {
		if (call->visit)
			visit_forget(call->visit);
		call->visit = visit_begin(call->desk->visits, call->now);
		if (!call->visit)
			return PROBLEM_FULL;
		cookie_set(call);
	}
	if (!challenge_new(&call->visit->challenges[purpose], call->now))
		return PROBLEM_INTERNAL;
	answer_challenge(call->answer, call->visit->challenges[purpose].bytes);
	return PROBLEM_NONE;
}

/* What an account is opened with; the attributes only fill in the form. */
struct opening {
	const char *jws;
	struct sheet sheet;
};

static enum problem
take_opening(struct call *call, struct opening *ret)
{
	static const struct part parts[] = { { "kind", PART_TEXT, false },
		{ "email", PART_TEXT, false }, { "jws", PART_TEXT, false },
		{ "attributes", PART_OBJECT, false } };
	const struct cJSON *found[ARRAY_N(parts)];
	const struct advice *advice;
	uint32_t refused = 0;

	if (!body_parts(call->body, parts, ARRAY_N(parts), found))
		return PROBLEM_BAD_REQUEST;
	if (strcmp(body_text(found[0]), "corporate") == 0)
		return PROBLEM_OUT_OF_SCOPE;
	if (strcmp(body_text(found[0]), "individual") != 0 ||
	    !body_sheet(
		found[3], FIELD_NAME, FIELD_EMAIL, &ret->sheet, &refused))
		return PROBLEM_BAD_REQUEST;
	ret->jws = body_text(found[2]);
	advice = sheet_put(&ret->sheet, FIELD_EMAIL, body_text(found[1]))
		     ? sheet_fault(&ret->sheet, FIELD_EMAIL, call->now.real_s)
		     : sheet_refused();
	if (!advice)
		return PROBLEM_NONE;
	answer_fault(call->answer, FIELD_EMAIL, advice);
	return PROBLEM_BAD_FORM;
}

static enum problem
open_account(struct call *call, const struct opening *opening,
    const struct kenmen_certificate_facts *facts)
{
	struct account *account;
	struct draft *draft;
	enum problem problem;

	if (account_find(call->desk->accounts, facts))
		return PROBLEM_ALREADY_LINKED;
	account = account_open(call->desk->accounts, facts, call->now.real_s);
	if (!account)
		return PROBLEM_FULL;
	strcpy(account->name, opening->sheet.value[FIELD_NAME]);
	strcpy(account->email, opening->sheet.value[FIELD_EMAIL]);
	if ((problem = log_in(call, account)) != PROBLEM_NONE)
		return problem;
	if (!(draft = visit_draft(call->visit)))
		return PROBLEM_INTERNAL;
	draft->sheet = opening->sheet;
	answer_draft(call->answer, draft);
	call->status = 201;
	return PROBLEM_NONE;
}

static enum problem
post_account(struct call *call)
{
	struct kenmen_certificate_facts *facts = calloc(1, sizeof(*facts));
	struct opening *opening = calloc(1, sizeof(*opening));
	enum problem problem = PROBLEM_INTERNAL;

	if (!facts || !opening ||
	    (problem = take_opening(call, opening)) != PROBLEM_NONE ||
	    (problem = take_login(call, PURPOSE_LINK, opening->jws, facts)) !=
		PROBLEM_NONE)
		goto out;
	problem = open_account(call, opening, facts);
out:
	wipe_free(opening, sizeof(*opening));
	wipe_free(facts, sizeof(*facts));
	return problem;
}

static enum problem
post_login(struct call *call)
{
	static const struct part parts[] = { { "jws", PART_TEXT, false } };
	const struct cJSON *found[ARRAY_N(parts)];
	struct kenmen_certificate_facts *facts;
	struct account *account;
	enum problem problem;

	if (!body_parts(call->body, parts, ARRAY_N(parts), found))
		return PROBLEM_BAD_REQUEST;
	if (!(facts = calloc(1, sizeof(*facts))))
		return PROBLEM_INTERNAL;
	problem = take_login(call, PURPOSE_LOGIN, body_text(found[0]), facts);
	if (problem == PROBLEM_NONE) {
		account = account_find(call->desk->accounts, facts);
		problem = account ? log_in(call, account) : PROBLEM_NO_ACCOUNT;
	}
	wipe_free(facts, sizeof(*facts));
	return problem;
}

static enum problem
post_logout(struct call *call)
{
	if (!body_parts(call->body, NULL, 0, NULL))
		return PROBLEM_BAD_REQUEST;
	if (call->visit)
		visit_forget(call->visit);
	call->reply->cookie = COOKIE_CLEAR;
	call->status = 204;
	return PROBLEM_NONE;
}

/* ---- POST: the application -------------------------------------------- */

static bool
say_faults(struct call *call, const struct sheet *sheet, uint32_t refused)
{
	bool any = false;

	for (enum field f = 0; f < FIELD_N; f++) {
		const struct advice *advice =
		    refused & 1u << f ? sheet_refused()
				      : sheet_fault(sheet, f, call->now.real_s);

		if (advice)
			answer_fault(call->answer, f, advice);
		any = any || advice;
	}
	return any;
}

/* What was typed stays, faults or not; a document that was there does not. */
static enum problem
post_application(struct call *call)
{
	static const struct part parts[] = { { "form", PART_OBJECT, false },
		{ "drone", PART_OBJECT, false } };
	const struct cJSON *found[ARRAY_N(parts)];
	enum problem problem = need_account(call);
	uint32_t refused = 0;
	struct draft *draft;

	if (problem != PROBLEM_NONE)
		return problem;
	if (!(draft = visit_draft(call->visit)))
		return PROBLEM_INTERNAL;
	document_finish(&draft->document);
	if (!body_parts(call->body, parts, ARRAY_N(parts), found) ||
	    !body_sheet(
		found[0], FIELD_NAME, FIELD_DRONE, &draft->sheet, &refused) ||
	    !body_sheet(
		found[1], FIELD_DRONE, FIELD_N, &draft->sheet, &refused))
		return PROBLEM_BAD_REQUEST;
	if (say_faults(call, &draft->sheet, refused))
		return PROBLEM_BAD_FORM;
	if (!document_new(&draft->sheet, call->desk->options.origin, call->now,
		&draft->document))
		return PROBLEM_INTERNAL;
	answer_document(call->answer, &draft->document);
	return PROBLEM_NONE;
}

/* A signature and its certificate, in bytes. */
struct handed {
	uint8_t signature[KENMEN_SIGNATURE_MAX], certificate[CERTIFICATE_MAX];
	size_t signature_len, certificate_len;
};

static enum problem
take_handed(struct call *call, struct handed *ret)
{
	static const struct part parts[] = { { "id", PART_TEXT, false },
		{ "signature", PART_TEXT, false },
		{ "certificate", PART_TEXT, false } };
	const struct cJSON *found[ARRAY_N(parts)];
	struct visit *visit = call->visit;

	if (!body_parts(call->body, parts, ARRAY_N(parts), found) ||
	    !base64_decode(body_text(found[1]), ret->signature,
		sizeof(ret->signature), &ret->signature_len) ||
	    !base64_decode(body_text(found[2]), ret->certificate,
		sizeof(ret->certificate), &ret->certificate_len))
		return PROBLEM_BAD_REQUEST;
	if (!visit->draft || !document_is(&visit->draft->document,
				 body_text(found[0]), call->now))
		return PROBLEM_DOCUMENT;
	if (visit->account->registrations_n == REGISTRATIONS_MAX)
		return PROBLEM_TOO_MANY;
	return PROBLEM_NONE;
}

/* The verdict, and what it leads to. */
static enum problem
judge(struct call *call, struct handed *handed, struct kenmen_subject *subject)
{
	struct visit *visit = call->visit;
	const struct signed_document signed_document = {
		&visit->draft->document, &visit->draft->sheet, visit->account,
		{ handed->signature, handed->signature_len },
		{ handed->certificate, handed->certificate_len }
	};
	const struct registration *registration = NULL;
	struct match matches[MATCHES_N];
	struct verdict verdict;
	unsigned matches_n;
	bool good = check_signature(&call->desk->checker, &signed_document,
	    call->now, subject, matches, &matches_n, &verdict);

	if (good && !(registration = account_register(visit->account,
			  &visit->draft->sheet, call->now.real_s)))
		return PROBLEM_INTERNAL;
	answer_accepted(call->answer, good);
	answer_checks(call->answer, &verdict);
	answer_matches(call->answer, matches, matches_n);
	answer_registration(call->answer, registration);
	if (good) {
		account_hold(visit->account, subject);
		visit_drop_draft(visit); /* signed once, used once */
	}
	return PROBLEM_NONE;
}

static enum problem
post_sign(struct call *call)
{
	struct kenmen_subject *subject;
	enum problem problem = need_account(call);
	struct handed *handed;

	if (problem != PROBLEM_NONE)
		return problem;
	subject = calloc(1, sizeof(*subject));
	handed = calloc(1, sizeof(*handed));
	problem = PROBLEM_INTERNAL;
	if (subject && handed &&
	    (problem = take_handed(call, handed)) == PROBLEM_NONE)
		problem = judge(call, handed, subject);
	wipe_free(subject, sizeof(*subject));
	wipe_free(handed, sizeof(*handed));
	return problem;
}

/* ---- which ------------------------------------------------------------ */

/* clang-format off */
static const struct route {
	const char *method, *path; /* a path ending in / has one word behind */
	enum problem (*handle)(struct call *call);
} routes[] = {
	{ "GET",  "/api/config",           get_config },
	{ "GET",  "/api/me",               get_me },
	{ "GET",  "/api/registrations/",   get_registration },
	{ "POST", "/api/challenge",        post_challenge },
	{ "POST", "/api/account",          post_account },
	{ "POST", "/api/login",            post_login },
	{ "POST", "/api/logout",           post_logout },
	{ "POST", "/api/application",      post_application },
	{ "POST", "/api/application/sign", post_sign },
};
/* clang-format on */

static const struct route *
route_find(const char *path)
{
	for (size_t i = 0; i < ARRAY_N(routes); i++) {
		const char *own = routes[i].path;
		size_t len = strlen(own);
		bool more = own[len - 1] == '/';

		if (more ? strncmp(path, own, len) == 0 && path[len] &&
			       !strchr(path + len, '/')
			 : strcmp(path, own) == 0)
			return &routes[i];
	}
	return NULL;
}

static enum problem
call_handle(struct call *call)
{
	const struct desk_request *request = call->request;
	const struct route *route = route_find(request->path);
	bool post = strcmp(request->method, "POST") == 0;
	enum problem problem;

	if (!route)
		return PROBLEM_NOT_FOUND;
	if (strcmp(request->method, route->method) != 0) {
		call->reply->allow = route->method;
		return PROBLEM_METHOD;
	}
	if (post && (problem = body_read(request->body, request->body_len,
			 &call->body)) != PROBLEM_NONE)
		return problem;
	if ((post || request->person) && call->visit &&
	    call->visit->state == VISIT_LIVE)
		visit_touch(call->visit, call->now);
	return route->handle(call);
}

/* A problem keeps what its handler had to say. */
static void
call_finish(struct call *call, enum problem problem)
{
	struct desk_reply *reply = call->reply;

	body_drop(&call->body);
	reply->problem = problem != PROBLEM_NONE;
	reply->status = call->status;
	if (reply->problem) {
		reply->status = problem_text(problem)->status;
		answer_problem(call->answer, problem);
	}
	reply->body = answer_text(call->answer);
	if (reply->status == 204) {
		json_free(reply->body);
		reply->body = NULL;
	} else if (!reply->body) {
		reply->status = problem_text(PROBLEM_INTERNAL)->status;
	}
}

void
desk_handle(struct desk *desk, const struct desk_request *request,
    struct moment now, struct desk_reply *ret)
{
	struct call call = { .desk = desk,
		.request = request,
		.now = now,
		.status = 200,
		.reply = ret };

	*ret = (struct desk_reply){ 0 };
	call.answer = answer_new();
	call.visit = visit_find(desk->visits, request->cookie, now);
	call_finish(&call, call.answer ? call_handle(&call) : PROBLEM_INTERNAL);
}

void
desk_refuse(enum problem problem, struct desk_reply *ret)
{
	struct call call = { .reply = ret };

	*ret = (struct desk_reply){ 0 };
	call.answer = answer_new();
	call_finish(&call, problem);
}
