/*
 * Each kind of read through the API: what a page must say to ask for it, what
 * the runner is told, and what comes back.
 */
#include "api-page.h"

#include "base64.h"

/* 32 and 64 bytes of 0; 31 and 65. */
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define B48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B64 B48 "AAAAAAAAAAAAAAAAAAAAAA=="
#define B31 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define B65 B48 "AAAAAAAAAAAAAAAAAAAAAAA="

/* Bodies are written with ' for ". */
static const char *
body_of(const char *text)
{
	static char body[16384];

	assert_true(strlen(text) < sizeof(body));
	strcpy(body, text);
	for (char *p = body; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return body;
}

static struct call *
post(const char *text)
{
	return ask("POST", "/v1/reads", body_of(text));
}

static void
log_in_at(const char *origin)
{
	t.origin = origin;
	log_in();
}

/* Asks for a read, whose job the caller fills. */
static struct fake_job *
started(const char *text, char path[64])
{
	start_read(body_of(text), path);
	return fake_last();
}

/* ---- what is asked for ----------------------------------------------- */

/* clang-format off */
static const struct {
	const char *body, *named;
} not_taken[] = {
	{ "{}", "kinds" },
	{ "{'kinds':[]}", "kinds" },
	{ "{'kinds':'attributes'}", "kinds" },
	{ "{'kinds':{'a':'attributes'}}", "kinds" },
	{ "{'kinds':null}", "kinds" },
	{ "{'kinds':[1]}", "kinds" },
	{ "{'kinds':[null,'attributes']}", "kinds" },
	{ "{'kinds':['nothing']}", "kinds" },
	{ "{'kinds':['Attributes']}", "kinds" },
	{ "{'kinds':['attributes','attributes']}", "kinds" },
	{ "{'kinds':['attributes'],'reader':1}", "reader" },
	{ "{'kinds':['attributes'],'reader':null}", "reader" },
	{ "{'kinds':['attributes'],'pin':'1234'}", "pin" },
	/* Members of a kind that is not asked for. */
	{ "{'kinds':['attributes'],'with':'b'}", "with" },
	{ "{'kinds':['attributes'],'challenge':'" B32 "'}", "challenge" },
	{ "{'challenge':'" B32 "','kinds':['card_info']}", "challenge" },
	{ "{'kinds':['attributes'],'which':'auth'}", "which" },
	{ "{'kinds':['attributes'],'hash':'sha256'}", "hash" },
	{ "{'kinds':['attributes'],'digests':['" B32 "']}", "digests" },
	{ "{'kinds':['attributes'],'titles':[]}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'challenge':'" B32 "'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'" B32 "','with':'b'}", "with" },
	{ "{'kinds':['face'],'with':'b','which':'auth'}", "which" },
	/* What a kind cannot do without. */
	{ "{'kinds':['face']}", "with" },
	{ "{'kinds':['certificate']}", "which" },
	{ "{'kinds':['authenticate']}", "challenge" },
	{ "{'kinds':['face','authenticate'],'with':'b'}", "challenge" },
	{ "{'kinds':['sign'],'digests':['" B32 "']}", "hash" },
	{ "{'kinds':['sign'],'hash':'sha256'}", "digests" },
	/* Their forms. */
	{ "{'kinds':['face'],'with':'c'}", "with" },
	{ "{'kinds':['face'],'with':'B'}", "with" },
	{ "{'kinds':['face'],'with':null}", "with" },
	{ "{'kinds':['face'],'with':1}", "with" },
	{ "{'kinds':['certificate'],'which':'ca'}", "which" },
	{ "{'kinds':['certificate'],'which':['auth']}", "which" },
	{ "{'kinds':['sign'],'hash':'sha1','digests':['" B32 "']}", "hash" },
	{ "{'kinds':['sign'],'hash':256,'digests':['" B32 "']}", "hash" },
	{ "{'kinds':['authenticate'],'challenge':1}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':''}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'" B31 "'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'" B65 "'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'" B32 "\\n'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':' " B32 "'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'" B48 "A'}", "challenge" },
	/* No padding; bits left over; base64url. */
	{ "{'kinds':['authenticate'],'challenge':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB='}", "challenge" },
	{ "{'kinds':['authenticate'],'challenge':'----AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='}", "challenge" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':[]}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':'" B32 "'}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':{'a':'" B32 "'}}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "',1]}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "','']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B31 "']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B48 "']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B64 "']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B65 "']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha512','digests':['" B32 "']}", "digests" },
	{ "{'digests':['" B32 "'],'hash':'sha384','kinds':['sign']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "','" B48 "']}", "digests" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':[]}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':['a','b']}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':'a'}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':[1]}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':null}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':['a\\nb']}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':['<b>']}", "titles" },
	{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "'],'titles':['\\u202e']}", "titles" },
};
/* clang-format on */

static void
members_that_are_not_taken(void **state)
{
	(void)state;
	log_in_at(ALL);
	for (size_t i = 0; i < N_OF(not_taken); i++) {
		struct call *c = post(not_taken[i].body);
		char named[40];

		if (c->reply.status != 400)
			print_message("%s\n", not_taken[i].body);
		assert_refused(c, API_BAD_REQUEST);
		snprintf(named, sizeof(named), "\"%s\" ", not_taken[i].named);
		if (strncmp(text_of(c, "detail"), named, strlen(named)) != 0)
			print_message("%s: %s\n", not_taken[i].body,
			    text_of(c, "detail"));
		/* It, and nothing else. */
		assert_memory_equal(text_of(c, "detail"), named, strlen(named));
		assert_memory_equal(
		    text_of(c, "detail_ja"), named, strlen(named) - 1);
		assert_null(strstr(text_of(c, "detail"), ". \""));
	}
	assert_int_equal(fake_jobs.started, 0);
}

static void
all_that_is_missing_is_named(void **state)
{
	struct call *c;

	(void)state;
	log_in_at(ALL);
	c = post("{'kinds':['sign','certificate','face','authenticate']}");
	assert_refused(c, API_BAD_REQUEST);
	assert_non_null(strstr(text_of(c, "detail"), "\"with\""));
	assert_non_null(strstr(text_of(c, "detail"), "\"challenge\""));
	assert_non_null(strstr(text_of(c, "detail"), "\"which\""));
	assert_non_null(strstr(text_of(c, "detail"), "\"hash\""));
	assert_non_null(strstr(text_of(c, "detail_ja"), "\"hash\""));
}

/* Base64 of len bytes: first, then all 7. Four at a time. */
static const char *
b64(uint8_t first, size_t len)
{
	static char texts[4][400];
	static unsigned at;
	uint8_t bytes[256];

	at = (at + 1) % 4;
	memset(bytes, 7, sizeof(bytes));
	bytes[0] = first;
	base64_encode(bytes, len, texts[at]);
	return texts[at];
}

static const struct wire_request *
request_of_body(const char *text)
{
	static struct wire_request request;
	char path[64];

	request = started(text, path)->request;
	assert_true(fake_last()->asks);
	ask("DELETE", path, NULL);
	return &request;
}

static void
a_certificate_is_chosen(void **state)
{
	static const struct {
		const char *name;
		enum kenmen_certificate which;
		bool asks;
	} certificates[] = {
		{ "auth", KENMEN_CERT_AUTH, true },
		{ "sign", KENMEN_CERT_SIGN, true },
		{ "auth_ca", KENMEN_CERT_AUTH_CA, false },
		{ "sign_ca", KENMEN_CERT_SIGN_CA, false },
	};

	(void)state;
	log_in_at(ALL);
	for (size_t i = 0; i < N_OF(certificates); i++) {
		char path[64], body[200];
		struct fake_job *fake;

		snprintf(body, sizeof(body),
		    "{'which':'%s','kinds':['certificate']}",
		    certificates[i].name);
		fake = started(body, path);
		assert_int_equal(
		    fake->request.wish.which, certificates[i].which);
		assert_int_equal(fake->asks, certificates[i].asks);
		ask("DELETE", path, NULL);
	}
}

static void
a_challenge_serves_login_and_face(void **state)
{
	const struct wire_request *request;
	char body[400];

	(void)state;
	log_in_at(ALL);
	request = request_of_body("{'kinds':['face'],'with':'a'}");
	assert_true(request->wish.face_with_a);
	assert_int_equal(request->wish.challenge_len, 0);
	assert_string_equal(request->trust_dir, "/etc/kenmen/trust");
	snprintf(body, sizeof(body),
	    "{'kinds':['face','authenticate'],'with':'b','challenge':'%s'}",
	    b64(0xff, 32));
	request = request_of_body(body);
	assert_false(request->wish.face_with_a);
	assert_int_equal(request->wish.challenge_len, 32);
	assert_int_equal(request->wish.challenge[0], 0xff);
	assert_int_equal(request->wish.challenge[31], 7);
	for (size_t len = 31; len <= 65; len++) {
		struct call *c;

		snprintf(body, sizeof(body),
		    "{'kinds':['authenticate'],'challenge':'%s'}", b64(1, len));
		c = post(body);
		if (len < 32 || len > 64) {
			assert_refused(c, API_BAD_REQUEST);
			continue;
		}
		assert_ok(c, 202);
		assert_int_equal(fake_last()->request.wish.challenge_len, len);
		ask("DELETE", c->reply.location, NULL);
	}
}

static void
documents_are_handed_on(void **state)
{
	static const struct {
		const char *name;
		enum kenmen_hash hash;
		size_t len;
	} hashes[] = {
		{ "sha256", KENMEN_SHA256, 32 },
		{ "sha384", KENMEN_SHA384, 48 },
		{ "sha512", KENMEN_SHA512, 64 },
	};
	const struct wire_wish *wish;
	char body[800];

	(void)state;
	log_in_at(ALL);
	for (size_t i = 0; i < N_OF(hashes); i++) {
		snprintf(body, sizeof(body),
		    "{'titles':['契約書 100%%',''],'kinds':['sign'],"
		    "'digests':['%s','%s'],'hash':'%s'}",
		    b64(1, hashes[i].len), b64(2, hashes[i].len),
		    hashes[i].name);
		wish = &request_of_body(body)->wish;
		assert_int_equal(wish->hash, hashes[i].hash);
		assert_int_equal(wish->digests_n, 2);
		assert_int_equal(wish->digests[0][0], 1);
		assert_int_equal(wish->digests[1][0], 2);
		assert_int_equal(wish->digests[1][hashes[i].len - 1], 7);
		assert_int_equal(wish->titles_n, 2);
		assert_string_equal(wish->titles[0], "契約書 100%");
		assert_string_equal(wish->titles[1], "");
	}
}

/* So many digests, each with a title of so many times that character. */
static struct call *
sign_many(unsigned n, const char *character, unsigned characters)
{
	static char body[16384];

	strcpy(body, "{'kinds':['sign'],'hash':'sha256','digests':[");
	for (unsigned i = 0; i < n; i++) {
		strcat(body, i > 0 ? ",'" : "'");
		strcat(strcat(body, b64((uint8_t)i, 32)), "'");
	}
	strcat(body, "],'titles':[");
	for (unsigned i = 0; i < n; i++) {
		strcat(body, i > 0 ? ",'" : "'");
		for (unsigned k = 0; k < characters; k++)
			strcat(body, character);
		strcat(body, "'");
	}
	return post(strcat(body, "]}"));
}

static void
documents_have_bounds(void **state)
{
	const struct wire_wish *wish;
	struct call *c;

	(void)state;
	log_in_at(ALL);
	assert_refused(sign_many(0, "a", 1), API_BAD_REQUEST);
	assert_refused(sign_many(33, "a", 1), API_BAD_REQUEST);
	assert_refused(sign_many(1, "a", 41), API_BAD_REQUEST);
	assert_refused(sign_many(1, "𠮷", 41), API_BAD_REQUEST);
	c = sign_many(32, "𠮷", 40); /* 4 bytes each */
	assert_ok(c, 202);
	wish = &fake_last()->request.wish;
	assert_int_equal(wish->digests_n, 32);
	assert_int_equal(wish->digests[31][0], 31);
	assert_int_equal(wish->titles_n, 32);
	assert_int_equal(strlen(wish->titles[31]), 160);
	ask("DELETE", c->reply.location, NULL);
	/* Without titles there are none. */
	wish = &request_of_body("{'kinds':['sign'],'hash':'sha256',"
				"'digests':['" B32 "']}")
		    ->wish;
	assert_int_equal(wish->titles_n, 0);
}

/* ---- who may --------------------------------------------------------- */

static void
refused_kind(const char *text, const char *named)
{
	struct call *c = post(text);

	assert_refused(c, API_KIND_NOT_ALLOWED);
	assert_non_null(strstr(text_of(c, "detail"), named));
	assert_non_null(strstr(text_of(c, "detail_ja"), named));
}

static void
kinds_that_are_not_allowed(void **state)
{
	(void)state;
	log_in_at(SITE);
	refused_kind("{'kinds':['attributes','my_number']}", "\"my_number\"");
	refused_kind("{'kinds':['my_number']}", "\"my_number\"");
	refused_kind("{'kinds':['face'],'with':'b'}", "\"face\"");
	refused_kind("{'kinds':['face'],'with':'a'}", "\"face\"");
	/* Not: say "with" too. It could not have it then, either. */
	refused_kind("{'kinds':['face']}", "\"face\"");
	refused_kind(
	    "{'kinds':['certificate'],'which':'auth'}", "\"certificate\"");
	/* A request that is wrong in itself comes first. */
	assert_refused(post("{'kinds':['face'],'with':'c'}"), API_BAD_REQUEST);
	assert_refused(post("{'kinds':['face'],'x':1}"), API_BAD_REQUEST);
	assert_int_equal(fake_jobs.started, 0);
}

static void
number_a_is_for_those_who_may_have_the_my_number(void **state)
{
	(void)state;
	log_in_at(FACE);
	refused_kind("{'kinds':['face'],'with':'a'}", "\"with\"");
	assert_ok(post("{'kinds':['face'],'with':'b'}"), 202);
}

static void
a_local_program_gets_no_proof(void **state)
{
	(void)state;
	log_in_at(NULL);
	refused_kind("{'kinds':['authenticate'],'challenge':'" B32 "'}",
	    "\"authenticate\"");
	refused_kind("{'kinds':['authenticate']}", "\"authenticate\"");
	refused_kind("{'kinds':['sign'],'hash':'sha256','digests':['" B32 "']}",
	    "\"sign\"");
	refused_kind("{'kinds':['face'],'with':'b','challenge':'" B32 "'}",
	    "\"challenge\"");
	refused_kind("{'kinds':['face'],'with':'a'}", "\"with\"");
	refused_kind("{'kinds':['my_number']}", "\"my_number\"");
	assert_int_equal(fake_jobs.started, 0);
	assert_ok(post("{'kinds':['face'],'with':'b'}"), 202);
}

static void
refusals_of_windows_count_for_all_kinds(void **state)
{
	static const struct {
		const char *body;
		bool limited;
	} after[] = {
		{ "{'kinds':['certificate'],'which':'auth'}", true },
		{ "{'kinds':['certificate'],'which':'sign'}", true },
		{ "{'kinds':['certificate'],'which':'auth_ca'}", false },
		{ "{'kinds':['certificate'],'which':'sign_ca'}", false },
		{ "{'kinds':['card_info','certificate'],'which':'sign_ca'}",
		    false },
		{ "{'kinds':['attributes','certificate'],'which':'sign_ca'}",
		    true },
		{ "{'kinds':['my_number']}", true },
		{ "{'kinds':['face'],'with':'b'}", true },
		{ "{'kinds':['authenticate'],'challenge':'" B32 "'}", true },
		{ "{'kinds':['sign'],'hash':'sha256','digests':['" B32 "']}",
		    true },
	};
	char path[64];

	(void)state;
	log_in_at(ALL);
	for (int i = 0; i < 3; i++) {
		struct fake_job *fake =
		    started("{'kinds':['certificate'],'which':'auth'}", path);
		fake_prompt(fake, -1, 0);
		fake_fail(fake, CODE_CONSENT_REFUSED, -1, -1);
	}
	for (size_t i = 0; i < N_OF(after); i++) {
		struct call *c = post(after[i].body);
		if (after[i].limited) {
			assert_refused(c, API_PROMPT_LIMITED);
			continue;
		}
		assert_ok(c, 202);
		ask("DELETE", c->reply.location, NULL);
	}
}

/* ---- what comes back ------------------------------------------------- */

static const cJSON *
at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_non_null(item);
	return item;
}

#define assert_null_at(object, name) assert_true(cJSON_IsNull(at(object, name)))
#define assert_nothing_at(object, name)                                        \
	assert_null(cJSON_GetObjectItemCaseSensitive(object, name))

/* That member is base64 of these bytes. */
static void
assert_bytes(const cJSON *text, const void *bytes, size_t len)
{
	uint8_t decoded[2048];
	size_t decoded_len;

	assert_true(cJSON_IsString(text));
	assert_true(base64_decode(
	    text->valuestring, decoded, sizeof(decoded), &decoded_len));
	assert_int_equal(decoded_len, len);
	assert_memory_equal(decoded, bytes, len);
}

/* The results of the read at path, of which this is one. */
static const cJSON *
result(const char *path, const char *kind)
{
	struct call *c = ask("GET", path, NULL);

	assert_ok(c, 200);
	assert_string_equal(text_of(c, "state"), "done");
	return at(member(c, "results"), kind);
}

static void
add_check(struct kenmen_authenticity *a, const char *name, int ok)
{
	struct kenmen_check *check = &a->check[a->n++];

	strcpy(check->name, name);
	check->ok = (int8_t)ok;
	snprintf(check->detail, sizeof(check->detail), "about %s", name);
}

static void
fill_authenticity(struct kenmen_authenticity *a, enum kenmen_verdict verdict)
{
	a->verdict = verdict;
	add_check(a, "record_digest", 1);
	add_check(a, "issuer_root", -1);
	add_check(a, "revocation", -1);
}

static void
attributes_are_returned(void **state)
{
	char path[64];
	const cJSON *a, *authenticity, *checks, *check;
	struct call *c;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	fill_attributes(&fake_last()->job);
	fill_authenticity(
	    &fake_last()->job.text.authenticity, KENMEN_UNCHECKED);
	fake_done(fake_last());
	c = ask("GET", path, NULL);
	assert_ok(c, 200);
	assert_string_equal(text_of(c, "state"), "done");
	assert_string_equal(text_of(c, "read_at"), "2026-11-23T01:02:03Z");
	assert_int_equal(cJSON_GetArraySize(member(c, "results")), 1);
	a = cJSON_GetObjectItem(member(c, "results"), "attributes");
	assert_string_equal(in(a, "name"), "架空　\"花子\"");
	assert_string_equal(in(a, "address"), "架空県\\架空市1-2-3");
	assert_string_equal(in(a, "birth_date"), "1990-04-01");
	assert_string_equal(in(a, "birth_date_raw"), "19900401");
	assert_string_equal(in(a, "sex"), "female");
	assert_string_equal(in(a, "sex_code"), "2");
	assert_int_equal(cJSON_GetArraySize(a), 7);
	authenticity = cJSON_GetObjectItem(a, "authenticity");
	assert_string_equal(in(authenticity, "verdict"), "unchecked");
	checks = cJSON_GetObjectItem(authenticity, "checks");
	assert_int_equal(cJSON_GetArraySize(checks), 3);
	cJSON_ArrayForEach(check, checks)
	{
		assert_true(strlen(in(check, "name")) > 0);
		assert_true(strlen(in(check, "detail")) > 0);
		assert_true(strlen(in(check, "detail_ja")) > 0);
	}
	/* May be fetched again. */
	t.now += 299 * S;
	assert_string_equal(text_of(ask("GET", path, NULL), "state"), "done");
	t.now += S;
	REFUSED(API_GONE, "GET", path, NULL);
	assert_null(fake_jobs.alive);
}

static void
a_birth_date_that_is_none_is_null(void **state)
{
	char path[64];
	const cJSON *a;

	(void)state;
	log_in();
	start_read(READ_ATTRIBUTES, path);
	strcpy(fake_last()->job.text.attributes.birth_date_raw, "19900400");
	strcpy(fake_last()->job.text.attributes.sex_code, "9");
	fake_last()->job.text.attributes.sex = KENMEN_SEX_NOT_APPLICABLE;
	fake_done(fake_last());
	a = cJSON_GetObjectItem(
	    member(ask("GET", path, NULL), "results"), "attributes");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "birth_date")));
	assert_string_equal(in(a, "birth_date_raw"), "19900400");
	assert_string_equal(in(a, "sex"), "not_applicable");
}

static void
card_info_is_returned(void **state)
{
	static const char expected[] =
	    "{\"card\":\"my_number\",\"token\":\"android\",\"pins\":{"
	    "\"auth\":{\"tries_left\":3,\"blocked\":false},"
	    "\"sign\":{\"tries_left\":0,\"blocked\":true},"
	    "\"attributes\":{\"tries_left\":1,\"blocked\":false},"
	    "\"face_b\":{\"tries_left\":10,\"blocked\":false},"
	    "\"face_a\":{\"tries_left\":null,\"blocked\":null}},"
	    "\"certificates\":{\"auth\":true,\"sign\":null,"
	    "\"auth_ca\":true,\"sign_ca\":false}}";
	char path[64], *text;
	const cJSON *results;

	(void)state;
	log_in();
	start_read(READ_CARD_INFO, path);
	assert_false(fake_last()->asks);
	fake_last()->job.card_info =
	    (struct kenmen_card_info){ .token = KENMEN_TOKEN_ANDROID,
		    .tries = { 3, 0, 1, 10, -1 },
		    .certificates = { 1, -1, 1, 0 } };
	fake_done(fake_last());
	results = member(ask("GET", path, NULL), "results");
	text =
	    cJSON_PrintUnformatted(cJSON_GetObjectItem(results, "card_info"));
	assert_string_equal(text, expected);
	cJSON_free(text);
}

static void
a_my_number_is_handed_out_once(void **state)
{
	const cJSON *results, *number;
	char path[64], target[100];
	struct call *poll[2];
	struct fake_job *fake;

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['my_number','attributes']}", path);
	assert_int_equal(fake->request.kinds,
	    KIND_BIT(KIND_MY_NUMBER) | KIND_BIT(KIND_ATTRIBUTES));
	snprintf(target, sizeof(target), "%s?wait=30&after=1", path);
	for (unsigned i = 0; i < 2; i++)
		poll[i] = ask_on(1 + i, "GET", target, NULL);
	fill_attributes(&fake->job);
	strcpy(fake->job.text.my_number, "123456789018");
	fill_authenticity(&fake->job.text.authenticity, KENMEN_VERIFIED);
	fake_done(fake);
	assert_null(fake_jobs.alive); /* and wiped */
	/* Whoever asked last got it, as the newest stands first. */
	assert_refused(poll[0], API_GONE);
	assert_ok(poll[1], 200);
	results = member(poll[1], "results");
	assert_int_equal(cJSON_GetArraySize(results), 2);
	number = at(results, "my_number");
	assert_int_equal(cJSON_GetArraySize(number), 2);
	assert_string_equal(in(number, "my_number"), "123456789018");
	assert_string_equal(
	    in(at(number, "authenticity"), "verdict"), "verified");
	assert_string_equal(in(at(results, "attributes"), "sex"), "female");
	REFUSED(API_GONE, "GET", path, NULL);
	REFUSED(API_GONE, "DELETE", path, NULL);
	assert_string_equal(ask("GET", "/v1/reads", NULL)->reply.body, "[]");

	/* Fetched only later: once, too. */
	fake = started("{'kinds':['my_number']}", path);
	strcpy(fake->job.text.my_number, "123456789018");
	fake_done(fake);
	t.now += 299 * S;
	assert_string_equal(text_of(ask("GET", path, NULL), "state"), "done");
	REFUSED(API_GONE, "GET", path, NULL);
}

static void
a_failed_read_may_be_seen_again(void **state)
{
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake_fail(
	    started("{'kinds':['my_number']}", path), CODE_NO_CARD, -1, -1);
	for (int i = 0; i < 3; i++)
		assert_string_equal(
		    text_of(ask("GET", path, NULL), "state"), "failed");
}

static void
fill_face(struct fake_job *fake)
{
	struct wire_face *face = &fake->job.face;

	strcpy(face->birth_date, "1990-04-01");
	strcpy(face->birth_date_raw, "19900401");
	strcpy(face->sex_code, "1");
	face->sex = KENMEN_SEX_MALE;
	strcpy(face->expires, "2031-04-01");
	fill_authenticity(&face->authenticity, KENMEN_CONSISTENT);
	fake_blob(fake, BLOB_NAME_PNG, "\x89PNG\0name", 9);
	fake_blob(fake, BLOB_ADDRESS_PNG, "\x89PNG\0addr", 9);
}

static void
a_face_is_returned(void **state)
{
	const cJSON *face, *images, *evidence;
	struct fake_job *fake;
	char path[64];

	(void)state;
	log_in_at(FACE);
	fake = started(
	    "{'kinds':['face'],'with':'b','challenge':'" B32 "'}", path);
	fill_face(fake);
	fake_blob(fake, BLOB_PHOTO_JP2, "jp2\0", 4);
	fake_blob(fake, BLOB_PHOTO_PNG, "png", 3);
	fake_blob(fake, BLOB_RECORD, "record", 6);
	fake_blob(fake, BLOB_ISSUER_CERTIFICATE, "cv", 2);
	fake_blob(fake, BLOB_EVIDENCE_JWS, "aa.bb.cc", 8);
	fake_done(fake);
	face = result(path, "face");
	assert_int_equal(cJSON_GetArraySize(face), 8);
	assert_string_equal(in(face, "birth_date"), "1990-04-01");
	assert_string_equal(in(face, "birth_date_raw"), "19900401");
	assert_string_equal(in(face, "sex"), "male");
	assert_string_equal(in(face, "sex_code"), "1");
	assert_string_equal(in(face, "expires"), "2031-04-01");
	assert_string_equal(
	    in(at(face, "authenticity"), "verdict"), "consistent");
	images = at(face, "images");
	assert_int_equal(cJSON_GetArraySize(images), 3);
	assert_bytes(at(images, "name"), "\x89PNG\0name", 9);
	assert_bytes(at(images, "address"), "\x89PNG\0addr", 9);
	assert_bytes(at(at(images, "photo"), "jp2"), "jp2\0", 4);
	assert_bytes(at(at(images, "photo"), "png"), "png", 3);
	evidence = at(face, "evidence");
	assert_int_equal(cJSON_GetArraySize(evidence), 3);
	assert_bytes(at(evidence, "record"), "record", 6);
	assert_bytes(at(evidence, "issuer_certificate"), "cv", 2);
	assert_string_equal(in(evidence, "jws"), "aa.bb.cc");
}

static void
a_face_may_lack_things(void **state)
{
	const cJSON *face;
	struct fake_job *fake;
	char path[64];

	(void)state;
	log_in_at(FACE);
	fake = started("{'kinds':['face'],'with':'b'}", path);
	fill_face(fake);
	fake->job.face.birth_date[0] = fake->job.face.expires[0] = '\0';
	fake_done(fake);
	face = result(path, "face");
	assert_null_at(face, "birth_date");
	assert_null_at(face, "expires");
	assert_null_at(at(face, "images"), "photo");
	assert_nothing_at(face, "evidence");

	/* A photo that cannot be decoded; evidence that is not whole. */
	fake = started("{'kinds':['face'],'with':'b'}", path);
	fill_face(fake);
	fake_blob(fake, BLOB_PHOTO_JP2, "jp2", 3);
	fake_blob(fake, BLOB_RECORD, "record", 6);
	fake_blob(fake, BLOB_EVIDENCE_JWS, "a.b.c", 5);
	fake_done(fake);
	face = result(path, "face");
	assert_null_at(at(at(face, "images"), "photo"), "png");
	assert_nothing_at(face, "evidence");
}

/* Large images do not hit a bound on the way. */
static void
a_large_face_is_returned(void **state)
{
	static uint8_t bytes[BLOB_MAX];
	struct fake_job *fake;
	const cJSON *photo;
	char path[64];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	log_in_at(FACE);
	fake = started("{'kinds':['face'],'with':'b'}", path);
	fill_face(fake);
	fake_blob(fake, BLOB_PHOTO_JP2, bytes, sizeof(bytes));
	fake_blob(fake, BLOB_PHOTO_PNG, bytes, sizeof(bytes));
	fake_done(fake);
	photo = at(at(result(path, "face"), "images"), "photo");
	assert_int_equal(strlen(in(photo, "png")), BASE64_LEN(sizeof(bytes)));
}

static void
fill_certificate(struct wire_certificate *certificate, bool attributes)
{
	struct kenmen_certificate_facts *facts = &certificate->facts;
	struct kenmen_subject *s = &facts->attributes;

	strcpy(facts->subject, "CN=1234,C=JP");
	strcpy(facts->issuer, "OU=JPKI,C=JP");
	strcpy(facts->serial, "0a1b");
	facts->not_before = 0;
	facts->not_after = 1795395723;
	certificate->trusted = 1;
	facts->has_attributes = attributes;
	strcpy(s->name, "髙橋　花子");
	strcpy(s->name_substituted, "10000");
	strcpy(s->address, "架空県架空市1-2-3");
	strcpy(s->birth_date, "1990-04-01");
	strcpy(s->birth_date_raw, "1199004");
	strcpy(s->sex_code, "2");
	s->sex = KENMEN_SEX_FEMALE;
}

static void
assert_subject(const cJSON *a)
{
	assert_int_equal(cJSON_GetArraySize(a), 8);
	assert_string_equal(in(a, "name"), "髙橋　花子");
	assert_string_equal(in(a, "name_substituted"), "10000");
	assert_string_equal(in(a, "address"), "架空県架空市1-2-3");
	assert_null_at(a, "address_substituted");
	assert_string_equal(in(a, "birth_date"), "1990-04-01");
	assert_string_equal(in(a, "birth_date_raw"), "1199004");
	assert_string_equal(in(a, "sex"), "female");
	assert_string_equal(in(a, "sex_code"), "2");
}

static void
a_certificate_is_returned(void **state)
{
	const cJSON *c;
	struct fake_job *fake;
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['certificate'],'which':'auth'}", path);
	fill_certificate(&fake->job.certificate, false);
	fake_blob(fake, BLOB_CERTIFICATE, "0\x82\0", 3);
	fake_done(fake);
	c = result(path, "certificate");
	assert_int_equal(cJSON_GetArraySize(c), 7);
	assert_bytes(at(c, "certificate"), "0\x82\0", 3);
	assert_string_equal(in(c, "subject"), "CN=1234,C=JP");
	assert_string_equal(in(c, "issuer"), "OU=JPKI,C=JP");
	assert_string_equal(in(c, "serial"), "0a1b");
	assert_string_equal(in(c, "not_before"), "1970-01-01T00:00:00Z");
	assert_string_equal(in(c, "not_after"), "2026-11-23T01:02:03Z");
	assert_true(cJSON_IsTrue(at(c, "trusted")));

	fake = started("{'kinds':['certificate'],'which':'sign'}", path);
	fill_certificate(&fake->job.certificate, true);
	fake->job.certificate.trusted = 0;
	fake_blob(fake, BLOB_CERTIFICATE, "0", 1);
	fake_done(fake);
	c = result(path, "certificate");
	assert_int_equal(cJSON_GetArraySize(c), 8);
	assert_true(cJSON_IsFalse(at(c, "trusted")));
	assert_subject(at(c, "attributes"));

	fake = started("{'kinds':['certificate'],'which':'sign'}", path);
	fill_certificate(&fake->job.certificate, false);
	fake->job.certificate.trusted = -1;
	fake_blob(fake, BLOB_CERTIFICATE, "0", 1);
	fake_done(fake);
	c = result(path, "certificate");
	assert_null_at(c, "trusted");
	assert_null_at(c, "attributes");
}

/* Times that no calendar holds. */
static void
times_out_of_bounds_are_null(void **state)
{
	struct fake_job *fake;
	const cJSON *c;
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['certificate'],'which':'auth_ca'}", path);
	fill_certificate(&fake->job.certificate, false);
	fake->job.certificate.facts.not_before = INT64_MIN;
	fake->job.certificate.facts.not_after = INT64_MAX;
	fake_blob(fake, BLOB_CERTIFICATE, "0", 1);
	fake_done(fake);
	c = result(path, "certificate");
	assert_null_at(c, "not_before");
	assert_null_at(c, "not_after");
}

static void
a_login_is_returned(void **state)
{
	struct fake_job *fake;
	const cJSON *login;
	char path[64];

	(void)state;
	log_in_at(SITE);
	fake =
	    started("{'kinds':['authenticate'],'challenge':'" B32 "'}", path);
	fake_blob(fake, BLOB_LOGIN_JWS, "eyJ.eyJ.sig-_", 13);
	fake_done(fake);
	login = result(path, "authenticate");
	assert_int_equal(cJSON_GetArraySize(login), 1);
	assert_string_equal(in(login, "jws"), "eyJ.eyJ.sig-_");
}

static void
signatures_are_returned(void **state)
{
	const cJSON *sign, *signatures;
	struct fake_job *fake;
	uint8_t all[768];
	char path[64];

	(void)state;
	memset(all, 1, 256);
	memset(all + 256, 2, 256);
	memset(all + 512, 3, 256);
	log_in_at(SITE);
	fake = started("{'kinds':['sign'],'hash':'sha256','digests':['" B32
		       "','" B32 "','" B32 "']}",
	    path);
	fill_certificate(&fake->job.sign, true);
	fake_blob(fake, BLOB_SIGN_CERTIFICATE, "0\x82", 2);
	fake_blob(fake, BLOB_SIGNATURES, all, sizeof(all));
	fake_done(fake);
	sign = result(path, "sign");
	signatures = at(sign, "signatures");
	assert_int_equal(cJSON_GetArraySize(signatures), 3);
	for (int i = 0; i < 3; i++)
		assert_bytes(
		    cJSON_GetArrayItem(signatures, i), all + 256 * i, 256);
	assert_bytes(at(sign, "certificate"), "0\x82", 2);
	assert_string_equal(in(sign, "serial"), "0a1b");
	assert_true(cJSON_IsTrue(at(sign, "trusted")));
	assert_subject(at(sign, "attributes"));
}

static void
several_kinds_in_one_read(void **state)
{
	struct fake_job *fake;
	struct call *c;
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['sign','card_info','certificate'],"
		       "'which':'auth','hash':'sha256','digests':['" B32 "']}",
	    path);
	fill_certificate(&fake->job.sign, true);
	fill_certificate(&fake->job.certificate, false);
	strcpy(fake->job.certificate.facts.serial, "ff");
	fake_blob(fake, BLOB_SIGN_CERTIFICATE, "sign", 4);
	fake_blob(fake, BLOB_CERTIFICATE, "auth", 4);
	fake_blob(fake, BLOB_SIGNATURES, "1234", 4);
	fake_done(fake);
	c = ask("GET", path, NULL);
	assert_int_equal(cJSON_GetArraySize(member(c, "results")), 3);
	assert_bytes(
	    at(at(member(c, "results"), "sign"), "certificate"), "sign", 4);
	assert_bytes(at(at(member(c, "results"), "certificate"), "certificate"),
	    "auth", 4);
	assert_string_equal(
	    in(at(member(c, "results"), "certificate"), "serial"), "ff");
}

/* ---- authenticity ---------------------------------------------------- */

static void
every_verdict_has_its_name(void **state)
{
	static const char *const names[] = { "unchecked", "consistent",
		"verified" };
	char path[64];

	(void)state;
	log_in_at(SITE);
	for (enum kenmen_verdict v = 0; v < N_OF(names); v++) {
		struct fake_job *fake =
		    started("{'kinds':['attributes']}", path);
		fill_authenticity(&fake->job.text.authenticity, v);
		fake_done(fake);
		assert_string_equal(
		    in(at(result(path, "attributes"), "authenticity"),
			"verdict"),
		    names[v]);
	}
}

static void
checks_are_told_in_two_languages(void **state)
{
	static const char *const names[] = { "record_digest",
		"record_signature", "issuer_certificate", "issuer_root", "chip",
		"agreement" };
	char seen[3 * N_OF(names)][300], path[64];
	unsigned seen_n = 0;

	(void)state;
	log_in_at(SITE);
	for (int ok = -1; ok <= 1; ok++) {
		struct fake_job *fake =
		    started("{'kinds':['attributes']}", path);
		const cJSON *checks, *check;
		unsigned i = 0;

		for (i = 0; i < N_OF(names); i++)
			add_check(&fake->job.text.authenticity, names[i], ok);
		fake_done(fake);
		checks = at(
		    at(result(path, "attributes"), "authenticity"), "checks");
		/* Revocation is listed though the runner forgot. */
		assert_int_equal(cJSON_GetArraySize(checks), N_OF(names) + 1);
		for (i = 0; i < N_OF(names); i++) {
			check = cJSON_GetArrayItem(checks, (int)i);
			assert_string_equal(in(check, "name"), names[i]);
			assert_memory_equal(in(check, "detail"), "about ", 6);
			assert_true(ok < 0    ? cJSON_IsNull(at(check, "ok"))
				    : ok == 0 ? cJSON_IsFalse(at(check, "ok"))
					      : cJSON_IsTrue(at(check, "ok")));
			for (unsigned k = 0; k < seen_n; k++)
				assert_string_not_equal(
				    seen[k], in(check, "detail_ja"));
			strcpy(seen[seen_n++], in(check, "detail_ja"));
		}
		check = cJSON_GetArrayItem(checks, N_OF(names));
		assert_string_equal(in(check, "name"), "revocation");
		assert_null_at(check, "ok");
		assert_true(strlen(in(check, "detail")) > 10);
	}
}

/* ---- a runner that lies ---------------------------------------------- */

static const char *
error_of(const char *path)
{
	struct call *c = ask("GET", path, NULL);

	assert_ok(c, 200);
	assert_null(member(c, "results"));
	return in(member(c, "error"), "code");
}

static void
data_that_failed_is_never_returned(void **state)
{
	struct fake_job *fake;
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['attributes']}", path);
	fill_attributes(&fake->job);
	fake->job.text.authenticity.verdict = KENMEN_FAILED;
	fake_done(fake);
	assert_string_equal(error_of(path), "authenticity_failed");
	assert_null(fake_jobs.alive);
	fake = started("{'kinds':['face'],'with':'b'}", path);
	fill_face(fake);
	fake->job.face.authenticity.verdict = KENMEN_FAILED;
	fake_done(fake);
	assert_string_equal(error_of(path), "authenticity_failed");
	assert_null(fake_jobs.alive);
}

static void
results_without_their_files_are_none(void **state)
{
	static const char *const bodies[] = {
		"{'kinds':['face'],'with':'b'}",
		"{'kinds':['certificate'],'which':'auth'}",
		"{'kinds':['authenticate'],'challenge':'" B32 "'}",
		"{'kinds':['sign'],'hash':'sha256','digests':['" B32 "']}",
	};
	struct fake_job *fake;
	char path[64];

	(void)state;
	log_in_at(ALL);
	for (size_t i = 0; i < N_OF(bodies); i++) {
		fake_done(started(bodies[i], path));
		assert_string_equal(error_of(path), "internal");
	}
	/* Signatures that cannot be told apart. */
	fake = started("{'kinds':['sign'],'hash':'sha256','digests':['" B32
		       "','" B32 "']}",
	    path);
	fake_blob(fake, BLOB_SIGN_CERTIFICATE, "0", 1);
	fake_blob(fake, BLOB_SIGNATURES, "123", 3);
	fake_done(fake);
	assert_string_equal(error_of(path), "internal");
}

/* What is no text does not become JSON. */
static void
texts_that_are_none_are_not_returned(void **state)
{
	struct fake_job *fake;
	struct call *c;
	char path[64];

	(void)state;
	log_in_at(ALL);
	fake = started("{'kinds':['attributes']}", path);
	strcpy(fake->job.text.attributes.name, "\x80\xff");
	fake_done(fake);
	c = ask("GET", path, NULL);
	assert_refused(c, API_INTERNAL);
	fake =
	    started("{'kinds':['authenticate'],'challenge':'" B32 "'}", path);
	fake_blob(fake, BLOB_LOGIN_JWS, "a\0b", 3);
	fake_done(fake);
	c = ask("GET", path, NULL);
	assert_refused(c, API_INTERNAL);
	/* And the next answer is whole again. */
	assert_ok(ask("GET", "/v1/reads", NULL), 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(members_that_are_not_taken),
		TEST(all_that_is_missing_is_named),
		TEST(a_certificate_is_chosen),
		TEST(a_challenge_serves_login_and_face),
		TEST(documents_are_handed_on),
		TEST(documents_have_bounds),
		TEST(kinds_that_are_not_allowed),
		TEST(number_a_is_for_those_who_may_have_the_my_number),
		TEST(a_local_program_gets_no_proof),
		TEST(refusals_of_windows_count_for_all_kinds),
		TEST(attributes_are_returned),
		TEST(a_birth_date_that_is_none_is_null),
		TEST(card_info_is_returned),
		TEST(a_my_number_is_handed_out_once),
		TEST(a_failed_read_may_be_seen_again),
		TEST(a_face_is_returned),
		TEST(a_face_may_lack_things),
		TEST(a_large_face_is_returned),
		TEST(a_certificate_is_returned),
		TEST(times_out_of_bounds_are_null),
		TEST(a_login_is_returned),
		TEST(signatures_are_returned),
		TEST(several_kinds_in_one_read),
		TEST(every_verdict_has_its_name),
		TEST(checks_are_told_in_two_languages),
		TEST(data_that_failed_is_never_returned),
		TEST(results_without_their_files_are_none),
		TEST(texts_that_are_none_are_not_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
