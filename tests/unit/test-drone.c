/*
 * The demo's web system, the parts that need no card and no network: the
 * form, its comparison with a certificate, the document, challenges, visits,
 * and the desk before hostile bodies. Time is an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api-json.h"
#include "compare.h"
#include "desk.h"
#include "document.h"
#include "letters.h"
#include "visit.h"

#define SECOND UINT64_C(1000000)
#define REAL INT64_C(1795000000) /* 2026-11-18T10:26:40Z */
#define ORIGIN "https://drone.example:8443"

static struct moment
at(uint64_t seconds)
{
	return (struct moment){ seconds * SECOND, REAL + (int64_t)seconds };
}

/* ---- the form --------------------------------------------------------- */

static const char *const good[FIELD_N] = {
	[FIELD_NAME] = "見本　花子",
	[FIELD_ADDRESS] = "東京都千代田区見本町１－２－３",
	[FIELD_BIRTH_DATE] = "1990-04-01",
	[FIELD_SEX] = "female",
	[FIELD_EMAIL] = "mihon@example.jp",
	[FIELD_PHONE] = "03-0000-0000",
	[FIELD_KIND] = "multirotor",
	[FIELD_MAKER] = "見本航空機",
	[FIELD_MODEL] = "MH-1",
	[FIELD_SERIAL] = "MH1-000042",
	[FIELD_WEIGHT_G] = "249",
	[FIELD_PURPOSE] = "hobby",
	[FIELD_REMOTE_ID] = "built_in",
};

static void
fill(struct sheet *sheet)
{
	memset(sheet, 0, sizeof(*sheet));
	for (enum field f = 0; f < FIELD_N; f++)
		assert_true(sheet_put(sheet, f, good[f]));
}

static void
test_sheet(void **state)
{
	static const struct {
		enum field field;
		const char *typed;
		bool passes;
	} cases[] = {
		{ FIELD_NAME, "", false },
		{ FIELD_NAME, "　 ", false },
		{ FIELD_NAME, "見本\n花子", false },
		{ FIELD_NAME, "見本\xe2\x80\xae花子", false }, /* U+202E */
		{ FIELD_NAME, "見本\xe2\x80\x8b花子", false }, /* U+200B */
		{ FIELD_NAME, "見\xef\xbf\xbd　花子", false },
		{ FIELD_NAME, "葛\xf3\xa0\x84\x80城　花子", true },
		{ FIELD_BIRTH_DATE, "1990-4-1", false },
		{ FIELD_BIRTH_DATE, "1990-02-30", false },
		{ FIELD_BIRTH_DATE, "1990-02-28x", false },
		{ FIELD_BIRTH_DATE, "1899-12-31", false },
		{ FIELD_BIRTH_DATE, "2026-11-18", true },
		{ FIELD_BIRTH_DATE, "2026-11-19", false },
		{ FIELD_BIRTH_DATE, "１９９０－０４－０１", true },
		{ FIELD_SEX, "Female", false },
		{ FIELD_EMAIL, "mihon", false },
		{ FIELD_EMAIL, "a@b@c.example", false },
		{ FIELD_EMAIL, "a b@c.example", false },
		{ FIELD_EMAIL, "ｍｉｈｏｎ＠example.jp", true },
		{ FIELD_PHONE, "03-0000", false },
		{ FIELD_PHONE, "０３－００００－００００", true },
		{ FIELD_PHONE, "+81-3-0000-0000", true },
		{ FIELD_PHONE, "03+00000000", false },
		{ FIELD_KIND, "", false },
		{ FIELD_SERIAL, "MH 1", false },
		{ FIELD_SERIAL, "製造", false },
		{ FIELD_SERIAL, "123456789012345678901", false },
		{ FIELD_WEIGHT_G, "99", false },
		{ FIELD_WEIGHT_G, "100", true },
		{ FIELD_WEIGHT_G, "-249", false },
		{ FIELD_WEIGHT_G, "249.5", false },
		{ FIELD_WEIGHT_G, "２４９", true },
		{ FIELD_WEIGHT_G, "99999999", false },
		{ FIELD_REMOTE_ID, "maybe", false },
	};
	static struct sheet sheet;

	(void)state;
	fill(&sheet);
	for (enum field f = 0; f < FIELD_N; f++)
		assert_null(sheet_fault(&sheet, f, REAL));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct advice *advice;

		assert_true(sheet_put(&sheet, cases[i].field, cases[i].typed));
		advice = sheet_fault(&sheet, cases[i].field, REAL);
		if (cases[i].passes != !advice)
			fail_msg("case %zu: %s", i, cases[i].typed);
		if (advice)
			assert_true(advice->en[0] && advice->ja[0]);
	}
}

/* What does not fit is not cut short: the field keeps what it had. */
static void
test_sheet_refuses(void **state)
{
	static char text[VALUE_MAX + 2];
	static struct sheet sheet;

	(void)state;
	fill(&sheet);
	memset(text, 'a', VALUE_MAX + 1);
	assert_false(sheet_put(&sheet, FIELD_MAKER, text));
	assert_false(sheet_put(&sheet, FIELD_MAKER, "\xed\xa0\x80"));
	assert_false(sheet_put(&sheet, FIELD_MAKER, "見\xe6\x9c"));
	assert_string_equal(sheet.value[FIELD_MAKER], good[FIELD_MAKER]);
	text[VALUE_MAX] = '\0';
	assert_true(sheet_put(&sheet, FIELD_MAKER, text));
	assert_true(sheet_put(&sheet, FIELD_MAKER, "　 見本 製作所　"));
	assert_string_equal(sheet.value[FIELD_MAKER], "見本 製作所");
}

/* ---- form against certificate ----------------------------------------- */

static void
test_compare(void **state)
{
	static const struct {
		const char *form, *certificate, *flags;
		enum same same;
	} cases[] = {
		{ "見本　花子", "見本　花子", "00000", SAME_YES },
		{ "見本　花子", "見本　花子", "", SAME_YES },
		{ "見本 花子", "見本　花子", "00000", SAME_YES },
		{ " 見本  花子", "見本　花子", "00000", SAME_YES },
		{ "見本花子", "見本　花子", "00000", SAME_NO },
		{ "見本　花", "見本　花子", "00000", SAME_NO },
		{ "見本　花子子", "見本　花子", "00000", SAME_NO },
		{ "見本　桃子", "見本　花子", "00000", SAME_NO },
		{ "見本　", "見本　花子", "00000", SAME_NO },
		{ "", "見本", "00", SAME_NO },
		{ "見本", "", "", SAME_NO },
		/* widths, and nothing but widths */
		{ "見本町1-2-3", "見本町１－２－３", "00000000", SAME_YES },
		{ "見本町1‐2−3", "見本町１－２－３", "", SAME_YES },
		{ "ﾐﾎﾝ ｶﾞｰﾄﾞ", "ミホン　ガード", "", SAME_YES },
		{ "ﾊﾟﾌﾞ", "パブ", "00", SAME_YES },
		{ "ﾊﾞﾌﾞ", "パブ", "00", SAME_NO },
		{ "mihon", "MIHON", "", SAME_NO },
		{ "見本町一", "見本町１", "", SAME_NO },
		{ "ロ", "口", "", SAME_NO },
		{ "斉藤", "齋藤", "", SAME_NO },
		/* substitutes: never equal, wherever they stand */
		{ "葛城　吉■", "葛城　吉■", "10011", SAME_UNKNOWN },
		{ "葛\xf3\xa0\x84\x80城　𠮷\xee\x80\x80", "葛城　吉■", "10011",
		    SAME_UNKNOWN },
		{ "葛城　吉野", "葛城　吉■", "00001", SAME_UNKNOWN },
		{ "葛木　吉野", "葛城　吉■", "00001", SAME_NO },
		{ "葛城　吉野子", "葛城　吉■", "00001", SAME_NO },
		{ "葛城　吉", "葛城　吉■", "00001", SAME_NO },
		{ "葛城　吉野", "葛城　吉■", "", SAME_UNKNOWN },
		{ "葛城　吉野", "葛城　吉■", "00000", SAME_NO },
		/* What is typed stands for nothing else. */
		{ "■■　■■", "見本　花子", "00000", SAME_NO },
		{ "〓城　吉野", "葛城　吉野", "", SAME_NO },
		{ "〓城　吉■", "葛城　吉■", "10001", SAME_UNKNOWN },
		/* a form of a character that the certificate cannot tell */
		{ "葛\xf3\xa0\x84\x80城", "葛城", "00", SAME_UNKNOWN },
		/* flags that end early say nothing about the rest */
		{ "葛城　吉野", "葛城　吉■", "0", SAME_UNKNOWN },
		{ "葛城　吉野", "葛城　吉野", "0", SAME_YES },
		/* bytes that are no text end nothing early */
		{ "見本\xff子", "見本", "", SAME_NO },
		{ "見本", "見本\xff子", "", SAME_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (compare_text(cases[i].form, cases[i].certificate,
			cases[i].flags) != cases[i].same)
			fail_msg("case %zu: %s, %s", i, cases[i].form,
			    cases[i].certificate);
}

static void
test_compare_all(void **state)
{
	static struct kenmen_subject subject;
	struct match matches[MATCHES_N];
	static struct sheet sheet;

	(void)state;
	fill(&sheet);
	subject = (struct kenmen_subject){ .name = "見本　花子",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "1990-04-01",
		.birth_date_raw = "319900401",
		.sex = KENMEN_SEX_FEMALE };
	compare_all(&sheet, &subject, matches);
	assert_int_equal(compare_verdict(matches), SAME_YES);
	/* A certificate that says nothing agrees with nothing. */
	subject.sex = KENMEN_SEX_UNKNOWN;
	subject.birth_date[0] = '\0';
	compare_all(&sheet, &subject, matches);
	assert_int_equal(matches[2].same, SAME_UNKNOWN);
	assert_int_equal(matches[3].same, SAME_UNKNOWN);
	assert_int_equal(compare_verdict(matches), SAME_UNKNOWN);
	subject.name[0] = '\0';
	compare_all(&sheet, &subject, matches);
	assert_int_equal(compare_verdict(matches), SAME_NO);
}

/* ---- the document ----------------------------------------------------- */

static void
test_document(void **state)
{
	static const uint8_t nonce[TOKEN_LEN] = { 1, 2, 3 };
	struct document a, b, c;
	static struct sheet sheet;

	(void)state;
	fill(&sheet);
	assert_true(document_write(&sheet, ORIGIN, "ABC", nonce, at(0), &a));
	assert_true(document_write(&sheet, ORIGIN, "ABC", nonce, at(0), &b));
	assert_string_equal(a.text,
	    "無人航空機登録申請書\n"
	    "（デモ：架空の手続きです。どこにも提出されません）\n"
	    "提出先：https://drone.example:8443\n"
	    "作成日時：2026-11-18T20:06:40+09:00\n"
	    "申請書番号：ABC\n"
	    "乱数：AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "\n"
	    "【申請者】\n"
	    "氏名：「見本　花子」\n"
	    "住所：「東京都千代田区見本町１－２－３」\n"
	    "生年月日：「1990年4月1日」\n"
	    "性別：「女性」\n"
	    "メールアドレス：「mihon@example.jp」\n"
	    "電話番号：「03-0000-0000」\n"
	    "\n"
	    "【機体】\n"
	    "種類：「回転翼航空機（マルチローター）」\n"
	    "製造者：「見本航空機」\n"
	    "型式：「MH-1」\n"
	    "製造番号：「MH1-000042」\n"
	    "重量：「249グラム（25キログラム未満）」\n"
	    "使用の目的：「趣味」\n"
	    "リモートID機能：「あり（内蔵）」\n"
	    "\n"
	    "上記の内容に相違なく、無人航空機の登録を申請します。\n");
	assert_string_equal(a.text, b.text);
	assert_memory_equal(a.sha256, b.sha256, SHA256_LEN);
	/* The same form again is another document. */
	assert_true(document_new(&sheet, ORIGIN, at(0), &c));
	assert_memory_not_equal(a.sha256, c.sha256, SHA256_LEN);
	assert_string_not_equal(a.id, c.id);
	document_finish(&a);
	document_finish(&b);
	document_finish(&c);
	assert_null(a.text);
}

static unsigned
lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Even a value that the form would refuse makes no line of its own. */
static void
test_document_escapes(void **state)
{
	static const uint8_t nonce[TOKEN_LEN];
	static struct sheet sheet;
	struct document plain, odd;

	(void)state;
	fill(&sheet);
	assert_true(
	    document_write(&sheet, ORIGIN, "ABC", nonce, at(0), &plain));
	strcpy(sheet.value[FIELD_MAKER],
	    "A」\n氏名：「悪人\xe2\x80\xa8\xe2\x80\xae\\n");
	assert_true(document_write(&sheet, ORIGIN, "ABC", nonce, at(0), &odd));
	assert_int_equal(lines(odd.text), lines(plain.text));
	assert_non_null(
	    strstr(odd.text, "\n製造者：「A\\」\\u{A}氏名：\\「悪人\\u{2028}"
			     "\\u{202E}\\\\n」\n"));
	document_finish(&plain);
	document_finish(&odd);
}

static void
test_document_age(void **state)
{
	static struct sheet sheet;
	struct document d;

	(void)state;
	fill(&sheet);
	assert_true(document_new(&sheet, ORIGIN, at(10), &d));
	assert_true(document_is(&d, d.id, at(10)));
	assert_true(document_is(&d, d.id, at(10 + DOCUMENT_S - 1)));
	assert_false(document_is(&d, d.id, at(10 + DOCUMENT_S)));
	assert_false(document_is(&d, "", at(10)));
	document_finish(&d);
	assert_false(document_is(&d, "", at(10)));
}

/* ---- challenges ------------------------------------------------------- */

static void
test_challenge(void **state)
{
	struct challenge c = { 0 };
	uint8_t first[TOKEN_LEN], got[TOKEN_LEN];

	(void)state;
	assert_false(challenge_take(&c, at(0), got));
	assert_true(challenge_new(&c, at(0)));
	memcpy(first, c.bytes, TOKEN_LEN);
	assert_true(challenge_take(&c, at(CHALLENGE_S - 1), got));
	assert_memory_equal(first, got, TOKEN_LEN);
	/* Once. */
	assert_false(challenge_take(&c, at(CHALLENGE_S - 1), got));
	/* At its last second exactly it is over. */
	assert_true(challenge_new(&c, at(0)));
	assert_memory_not_equal(first, c.bytes, TOKEN_LEN);
	assert_false(challenge_take(&c, at(CHALLENGE_S), got));
	assert_false(challenge_take(&c, at(0), got));
}

/* ---- visits ----------------------------------------------------------- */

static const char *
text_of(const struct visit *visit)
{
	static char text[TOKEN_TEXT_LEN + 1];

	token_text(visit->token, text);
	return text;
}

static void
test_visit_idle(void **state)
{
	struct visits *visits = visits_new(3600);
	struct visit *v;

	(void)state;
	assert_non_null(v = visit_begin(visits, at(0)));
	assert_ptr_equal(visit_find(visits, text_of(v), at(1)), v);
	assert_null(visit_find(visits, NULL, at(1)));
	assert_null(visit_find(visits, "", at(1)));
	assert_null(visit_find(
	    visits, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", at(1)));
	assert_non_null(visit_draft(v));
	assert_int_equal(visit_left_s(visits, v, at(1)), 3599);
	/* Looking is no act of the person. */
	visit_find(visits, text_of(v), at(3000));
	visit_touch(v, at(3599));
	assert_ptr_equal(visit_find(visits, text_of(v), at(7198)), v);
	assert_int_equal(v->state, VISIT_LIVE);
	assert_ptr_equal(visit_find(visits, text_of(v), at(7199)), v);
	assert_int_equal(v->state, VISIT_IDLE);
	assert_null(v->draft);
	assert_int_equal(visit_left_s(visits, v, at(7199)), 0);
	visits_free(&visits);
}

/* Nobody asks, and what was typed is gone all the same. */
static void
test_visit_expires(void **state)
{
	struct visits *visits = visits_new(60);
	struct visit *v = visit_begin(visits, at(0));

	(void)state;
	visit_draft(v);
	visits_expire(visits, at(59));
	assert_non_null(v->draft);
	visits_expire(visits, at(60));
	assert_null(v->draft);
	/* However busy somebody is. */
	v = visit_begin(visits, at(0));
	for (unsigned s = 0; s < VISIT_LONGEST_S; s += 30)
		visit_touch(v, at(s));
	visits_expire(visits, at(VISIT_LONGEST_S - 1));
	assert_int_equal(v->state, VISIT_LIVE);
	visits_expire(visits, at(VISIT_LONGEST_S));
	assert_int_equal(v->state, VISIT_IDLE);
	visits_free(&visits);
}

static void
test_visit_elsewhere(void **state)
{
	static struct account account, another;
	struct visits *visits = visits_new(3600);
	struct visit *first = visit_begin(visits, at(0));
	struct visit *second = visit_begin(visits, at(1));
	struct visit *third = visit_begin(visits, at(2));
	uint8_t before[TOKEN_LEN];

	(void)state;
	memcpy(before, first->token, TOKEN_LEN);
	assert_true(visit_log_in(visits, first, &account, at(3)));
	/* A cookie from before the login opens nothing. */
	assert_memory_not_equal(before, first->token, TOKEN_LEN);
	assert_true(visit_log_in(visits, third, &another, at(3)));
	visit_draft(first);
	memcpy(before, first->token, TOKEN_LEN);
	assert_true(visit_log_in(visits, second, &account, at(4)));
	assert_int_equal(first->state, VISIT_ELSEWHERE);
	assert_null(first->account);
	assert_null(first->draft);
	assert_memory_equal(before, first->token, TOKEN_LEN);
	assert_int_equal(second->state, VISIT_LIVE);
	assert_int_equal(third->state, VISIT_LIVE);
	visits_free(&visits);
}

/* Nobody who is logged in is put out by strangers. */
static void
test_visits_full(void **state)
{
	static struct account accounts[VISITS_MAX];
	struct visits *visits = visits_new(3600);
	struct visit *all[VISITS_MAX], *v;

	(void)state;
	for (unsigned i = 0; i < VISITS_MAX; i++)
		assert_non_null(all[i] = visit_begin(visits, at(i)));
	for (unsigned i = 0; i + 1 < VISITS_MAX; i++)
		visit_log_in(visits, all[i], &accounts[i], at(600));
	v = visit_begin(visits, at(601));
	assert_ptr_equal(v, all[VISITS_MAX - 1]);
	assert_null(v->account);
	visit_log_in(visits, v, &accounts[VISITS_MAX - 1], at(602));
	assert_null(visit_begin(visits, at(603)));
	/* One that ended makes room. */
	visit_log_in(visits, all[1], &accounts[0], at(604));
	assert_ptr_equal(visit_begin(visits, at(605)), all[0]);
	visits_free(&visits);
}

/* ---- accounts --------------------------------------------------------- */

static void
test_accounts(void **state)
{
	static struct kenmen_certificate_facts facts = {
		.issuer = "C=JP", .serial = "2a", .key_sha256 = { 1 }
	};
	struct kenmen_certificate_facts other = facts;
	struct accounts *accounts = accounts_new();
	struct account *a;

	(void)state;
	assert_null(account_find(accounts, &facts));
	assert_non_null(a = account_open(accounts, &facts, REAL));
	assert_ptr_equal(account_find(accounts, &facts), a);
	/* A renewed certificate: another key, another serial. */
	other.key_sha256[0] = 2;
	assert_null(account_find(accounts, &other));
	other = facts;
	strcpy(other.serial, "2b");
	assert_null(account_find(accounts, &other));
	other = facts;
	strcpy(other.issuer, "C=XX");
	assert_null(account_find(accounts, &other));
	accounts_free(&accounts);
}

static void
test_holder(void **state)
{
	static struct account account;
	static struct kenmen_subject hanako = { .name = "見本　花子",
		.address = "東京都",
		.birth_date_raw = "319900401" };
	struct kenmen_subject *other = calloc(1, sizeof(*other));

	(void)state;
	assert_true(account_holds(&account, &hanako));
	account_hold(&account, &hanako);
	*other = hanako;
	strcpy(other->address, "大阪府"); /* moved */
	assert_true(account_holds(&account, other));
	strcpy(other->birth_date_raw, "319900402");
	assert_false(account_holds(&account, other));
	*other = hanako;
	strcpy(other->name, "見本　太郎");
	assert_false(account_holds(&account, other));
	free(other);
}

/* ---- the desk --------------------------------------------------------- */

struct ask {
	const char *method, *path, *cookie, *body;
	unsigned status;
	const char *code; /* NULL: no problem */
};

static void
ask_desk(struct desk *desk, const struct ask *ask, struct desk_reply *ret)
{
	const struct desk_request request = { .method = ask->method,
		.path = ask->path,
		.cookie = ask->cookie,
		.body = ask->body ? ask->body : "",
		.body_len = ask->body ? strlen(ask->body) : 0 };
	char code[64];

	desk_handle(desk, &request, at(0), ret);
	if (ret->status != ask->status)
		fail_msg("%s %s: %u %s", ask->path, ask->body, ret->status,
		    ret->body);
	assert_int_equal(ret->problem, ask->code != NULL);
	if (ask->code) {
		snprintf(code, sizeof(code), "\"code\":\"%s\"", ask->code);
		if (!strstr(ret->body, code))
			fail_msg("%s: %s", ask->body, ret->body);
	}
}

static void
test_desk_refuses(void **state)
{
	static const struct ask cases[] = {
		{ "GET", "/api/me", NULL, NULL, 200, NULL },
		{ "GET", "/api/me", "x", NULL, 200, NULL },
		{ "GET", "/api/", NULL, NULL, 404, "not_found" },
		{ "GET", "/api/me/", NULL, NULL, 404, "not_found" },
		{ "POST", "/api/me", NULL, "{}", 405, "method_not_allowed" },
		{ "GET", "/api/registrations/", NULL, NULL, 404, "not_found" },
		{ "GET", "/api/registrations/a/b", NULL, NULL, 404,
		    "not_found" },
		{ "GET", "/api/registrations/JUDEMO", NULL, NULL, 401,
		    "not_logged_in" },
		{ "POST", "/api/challenge", NULL, "", 400, "bad_json" },
		{ "POST", "/api/challenge", NULL, "[]", 400, "bad_json" },
		{ "POST", "/api/challenge", NULL, "{\"for\":\"link\"}x", 400,
		    "bad_json" },
		{ "POST", "/api/challenge", NULL,
		    "{\"for\":\"link\",\"for\":\"link\"}", 400, "bad_json" },
		{ "POST", "/api/challenge", NULL, "{\"for\":\"\xff\"}", 400,
		    "bad_json" },
		{ "POST", "/api/challenge", NULL, "{}", 400, "bad_request" },
		{ "POST", "/api/challenge", NULL, "{\"FOR\":\"link\"}", 400,
		    "bad_request" },
		{ "POST", "/api/challenge", NULL, "{\"for\":1}", 400,
		    "bad_request" },
		{ "POST", "/api/challenge", NULL, "{\"for\":\"sign\"}", 400,
		    "bad_request" },
		{ "POST", "/api/challenge", NULL,
		    "{\"for\":\"link\",\"more\":1}", 400, "bad_request" },
		{ "POST", "/api/login", NULL, "{\"jws\":\"a.b.c\"}", 409,
		    "challenge_unknown" },
		{ "POST", "/api/account", NULL,
		    "{\"kind\":\"corporate\",\"email\":\"a@b.jp\","
		    "\"jws\":\"\",\"attributes\":{}}",
		    400, "out_of_scope" },
		{ "POST", "/api/account", NULL,
		    "{\"kind\":\"individual\",\"email\":\"a\","
		    "\"jws\":\"\",\"attributes\":{}}",
		    400, "bad_form" },
		{ "POST", "/api/account", NULL,
		    "{\"kind\":\"individual\",\"email\":\"a@b.jp\","
		    "\"jws\":\"\",\"attributes\":{\"my_number\":\"1\"}}",
		    400, "bad_request" },
		{ "POST", "/api/application", NULL,
		    "{\"form\":{},\"drone\":{}}", 401, "not_logged_in" },
		{ "POST", "/api/application/sign", NULL,
		    "{\"id\":\"\",\"signature\":\"\",\"certificate\":\"\"}",
		    401, "not_logged_in" },
		{ "POST", "/api/logout", NULL, "{\"all\":true}", 400,
		    "bad_request" },
		{ "POST", "/api/logout", NULL, "{}", 204, NULL },
	};
	const struct desk_options options = { .origin = ORIGIN,
		.kenmend = "https://127.0.0.1:25366",
		.idle_s = 3600 };
	struct desk *desk = desk_new(&options);
	struct desk_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ask_desk(desk, &cases[i], &reply);
		json_free(reply.body);
	}
	desk_free(&desk);
}

/* A challenge is its visit's and its purpose's, and gone with one try. */
static void
test_desk_challenge(void **state)
{
	const struct desk_options options = { .origin = ORIGIN,
		.kenmend = "https://127.0.0.1:25366",
		.idle_s = 3600 };
	struct desk *desk = desk_new(&options);
	struct ask ask = { "POST", "/api/challenge", NULL, "{\"for\":\"link\"}",
		200, NULL };
	char token[TOKEN_TEXT_LEN + 1];
	struct desk_reply reply;

	(void)state;
	ask_desk(desk, &ask, &reply);
	assert_int_equal(reply.cookie, COOKIE_SET);
	strcpy(token, reply.token);
	json_free(reply.body);
	ask.cookie = token;
	ask.path = "/api/login"; /* made for linking */
	ask.body = "{\"jws\":\"a.b.c\"}";
	ask.status = 409;
	ask.code = "challenge_unknown";
	ask_desk(desk, &ask, &reply);
	json_free(reply.body);
	ask.path = "/api/account";
	ask.body = "{\"kind\":\"individual\",\"email\":\"a@b.jp\","
		   "\"jws\":\"a.b.c\",\"attributes\":{\"name\":\"\"}}";
	ask.status = 403;
	ask.code = "not_verified";
	ask_desk(desk, &ask, &reply);
	assert_non_null(strstr(reply.body, "\"checks\":[{\"name\":\"jws\","));
	json_free(reply.body);
	ask.status = 409;
	ask.code = "challenge_unknown";
	ask_desk(desk, &ask, &reply);
	json_free(reply.body);
	desk_free(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sheet),
		cmocka_unit_test(test_sheet_refuses),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_all),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_document_escapes),
		cmocka_unit_test(test_document_age),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_visit_idle),
		cmocka_unit_test(test_visit_expires),
		cmocka_unit_test(test_visit_elsewhere),
		cmocka_unit_test(test_visits_full),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_holder),
		cmocka_unit_test(test_desk_refuses),
		cmocka_unit_test(test_desk_challenge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
