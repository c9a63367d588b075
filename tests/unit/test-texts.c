/*
 * The windows' sentences: word for word where they matter, and short enough
 * for Assuan whatever the request is filled with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "texts.h"

/* Assuan's line with its end must stay below this. */
#define LINE_MAX_BYTES 1000

static struct prompt_request
request_of(enum prompt_type type, enum lang lang)
{
	struct prompt_request rq;

	memset(&rq, 0, sizeof(rq));
	rq.type = type;
	rq.lang = lang;
	rq.pin = KENMEN_PIN_ATTRIBUTES;
	rq.kinds = KIND_BIT(KIND_ATTRIBUTES);
	strcpy(rq.origin, "https://drone.example");
	strcpy(rq.origin_name, "ドローン登録デモ");
	strcpy(rq.user, "taro");
	rq.tries = rq.max_tries = 3;
	rq.step = rq.steps = 1;
	return rq;
}

static struct texts
build(const struct prompt_request *rq)
{
	struct texts t;

	assert_int_equal(texts_build(rq, PAGE_MAIN, &t), 1);
	return t;
}

static void
attributes_are_asked_for(void **state)
{
	struct prompt_request ja = request_of(PROMPT_PIN, LANG_JA);
	struct prompt_request en = request_of(PROMPT_PIN, LANG_EN);
	struct texts t = build(&ja);

	(void)state;
	assert_string_equal(t.title, "マイナンバーカードの読み取り");
	assert_string_equal(t.description,
	    "「ドローン登録デモ」%0Ahttps://drone.example%0A%0A"
	    "このサイトが、カードの氏名・住所・生年月日・性別の読み取りを"
	    "求めています。心当たりがなければ「キャンセル」を押してください。"
	    "%0A%0A"
	    "数字4桁の暗証番号（券面事項入力補助用パスワード）を入力し、「OK」"
	    "を押してください。%0A"
	    "あと3回間違えるとロックがかかります。ロック解除には、市区町村窓口"
	    "で手続きが必要です。");
	assert_string_equal(t.error, "");
	assert_string_equal(t.ok, "OK");
	assert_string_equal(t.cancel, "キャンセル");
	t = build(&en);
	assert_string_equal(t.title, "My Number Card");
	assert_string_equal(t.description,
	    "\"ドローン登録デモ\"%0Ahttps://drone.example%0A%0A"
	    "This site asks to read the name, address, date of birth and sex "
	    "from your My Number Card. If you did not start this, press "
	    "Cancel.%0A%0A"
	    "Type the 4-digit PIN for card information input "
	    "(券面事項入力補助用) and press OK.%0A"
	    "3 more wrong entries will lock it. Only a municipal office can "
	    "unlock it.");
	assert_string_equal(t.cancel, "Cancel");
}

static void
the_last_try_wants_a_yes(void **state)
{
	struct prompt_request ja = request_of(PROMPT_LAST_TRY, LANG_JA);
	struct prompt_request en = request_of(PROMPT_LAST_TRY, LANG_EN);
	struct texts t;

	(void)state;
	strcpy(ja.purpose, "not here");
	t = build(&ja);
	assert_string_equal(t.description,
	    "【残り1回】次に間違えるとロックがかかります。%0A%0A"
	    "「ドローン登録デモ」%0Ahttps://drone.example%0A%0A"
	    "対象：券面事項入力補助用の暗証番号（数字4桁）%0A"
	    "ロックがかかると、市区町村窓口で手続きをするまで、この暗証番号を"
	    "使うサービスは利用できません。%0A"
	    "少しでも自信がなければ「やめる」を押してください。やめても残り1回"
	    "のままです。%0A%0A"
	    "最後の1回を使いますか？");
	assert_string_equal(t.ok, "最後の1回を使う");
	assert_string_equal(t.cancel, "やめる");
	assert_string_equal(t.prompt, "");
	t = build(&en);
	assert_string_equal(t.description,
	    "LAST TRY: one more wrong entry locks this PIN.%0A%0A"
	    "\"ドローン登録デモ\"%0Ahttps://drone.example%0A%0A"
	    "Which: PIN for card information input (券面事項入力補助用).%0A"
	    "Once locked, nothing that needs it works until you visit a "
	    "municipal office.%0A"
	    "If you are not sure, press Stop. The last try stays "
	    "available.%0A%0A"
	    "Use the last try?");
	assert_string_equal(t.ok, "Use it");
	assert_string_equal(t.cancel, "Stop");
}

static void
a_yes_may_have_to_be_typed(void **state)
{
	struct prompt_request ja = request_of(PROMPT_LAST_TRY, LANG_JA);
	struct prompt_request en = request_of(PROMPT_LAST_TRY, LANG_EN);
	struct texts t, asked = build(&en);

	(void)state;
	assert_int_equal(texts_build_typed_yes(&en, &t), 1);
	assert_non_null(strstr(t.description,
	    "%0A%0ATo use the last try, type 1 below and press Use it"));
	assert_memory_equal(t.description, asked.description,
	    strlen(asked.description) - strlen("Use the last try?"));
	assert_string_equal(t.ok, "Use it");
	assert_string_equal(t.cancel, "Stop");
	assert_string_equal(t.prompt, "Confirm:");
	assert_int_equal(texts_build_typed_yes(&ja, &t), 1);
	assert_non_null(strstr(t.description, "下に「1」とだけ入力し"));
	assert_int_equal('1', TEXTS_YES);
	ja.type = PROMPT_PIN;
	assert_int_equal(texts_build_typed_yes(&ja, &t), -ENOTSUP);
}

static void
a_locked_pin_is_said(void **state)
{
	struct prompt_request ja = request_of(PROMPT_BLOCKED, LANG_JA);
	struct prompt_request en = request_of(PROMPT_BLOCKED, LANG_EN);
	struct texts t = build(&ja);

	(void)state;
	assert_string_equal(t.description,
	    "この暗証番号はロックされています。%0A%0A"
	    "対象：券面事項入力補助用の暗証番号（数字4桁）%0A"
	    "3回間違えたためロックがかかり、利用できません。時間がたっても解除"
	    "されません。%0A"
	    "ロック解除には、住民票のある市区町村の窓口で手続きが必要です"
	    "（カードと本人確認書類をお持ちください）。%0A%0A"
	    "「ドローン登録デモ」には何も渡していません。");
	assert_string_equal(t.ok, "閉じる");
	assert_string_equal(t.cancel, "");
	t = build(&en);
	assert_string_equal(t.description,
	    "This PIN is locked.%0A%0A"
	    "Which: PIN for card information input (券面事項入力補助用).%0A"
	    "It was typed wrongly 3 times. Waiting does not unlock it.%0A"
	    "To unlock it, take the card and an identity document to the "
	    "office of the municipality where you are registered.%0A%0A"
	    "Nothing was given to \"ドローン登録デモ\".");
	assert_string_equal(t.ok, "Close");
	en.max_tries = 0;
	t = build(&en);
	assert_non_null(strstr(t.description, "typed wrongly too often. "));
	ja.max_tries = 0;
	t = build(&ja);
	assert_non_null(strstr(t.description, "%0A間違いが続いたためロック"));
}

static void
what_went_wrong_is_said(void **state)
{
	struct prompt_request ja = request_of(PROMPT_PIN, LANG_JA);
	struct prompt_request en = request_of(PROMPT_PIN, LANG_EN);

	(void)state;
	ja.note = en.note = NOTE_WRONG;
	ja.tries = en.tries = 2;
	assert_string_equal(
	    build(&ja).error, "暗証番号が違います。残り2回です。");
	assert_string_equal(build(&en).error, "Wrong PIN. 2 tries left.");
	ja.note = en.note = NOTE_FORMAT;
	assert_non_null(strstr(build(&ja).error, "数字4桁"));
	assert_non_null(strstr(build(&en).error, "4 digits"));
}

static void
one_is_singular(void **state)
{
	struct prompt_request en = request_of(PROMPT_PIN, LANG_EN);
	struct texts t;

	(void)state;
	en.tries = 1;
	en.note = NOTE_WRONG;
	t = build(&en);
	assert_non_null(
	    strstr(t.description, "%0A1 more wrong entry will lock it."));
	assert_string_equal(t.error, "Wrong PIN. 1 try left.");
}

static void
steps_stand_in_the_title(void **state)
{
	struct prompt_request ja = request_of(PROMPT_PIN, LANG_JA);
	struct prompt_request en = request_of(PROMPT_BLOCKED, LANG_EN);

	(void)state;
	ja.steps = 2;
	en.step = en.steps = 2;
	assert_string_equal(
	    build(&ja).title, "マイナンバーカードの読み取り（1/2）");
	assert_string_equal(build(&en).title, "My Number Card (2/2)");
}

static void
a_local_program_is_no_site(void **state)
{
	struct prompt_request ja = request_of(PROMPT_PIN, LANG_JA);
	struct prompt_request en = request_of(PROMPT_PIN, LANG_EN);
	struct texts t;

	(void)state;
	ja.origin[0] = ja.origin_name[0] = en.origin[0] = '\0';
	strcpy(ja.purpose, "棚卸し");
	strcpy(en.purpose, "taking stock");
	t = build(&ja);
	assert_ptr_equal(
	    strstr(t.description,
		"このパソコンのプログラム（利用者 taro）%0A"
		"プログラムの説明：「棚卸し」%0A%0Aこのプログラムが、"),
	    t.description);
	t = build(&en);
	assert_ptr_equal(
	    strstr(t.description, "A program on this computer (user taro)%0A"
				  "The program says: \"taking stock\"%0A%0A"
				  "This program asks"),
	    t.description);
	assert_null(strstr(t.description, "ite ")); /* site, Site */
	ja.type = PROMPT_BLOCKED;
	t = build(&ja);
	assert_non_null(
	    strstr(t.description, "%0Aこのプログラムには何も渡して"));
}

static void
a_site_without_a_name_is_its_origin(void **state)
{
	struct prompt_request rq = request_of(PROMPT_PIN, LANG_JA);
	struct texts t;

	(void)state;
	rq.origin_name[0] = '\0';
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, "https://drone.example%0A%0Aこのサイトが"),
	    t.description);
	rq.type = PROMPT_BLOCKED;
	t = build(&rq);
	assert_non_null(
	    strstr(t.description, "%0Ahttps://drone.exampleには何も渡して"));
}

static void
names_are_escaped_and_not_expanded(void **state)
{
	struct prompt_request rq = request_of(PROMPT_PIN, LANG_EN);
	struct texts t;

	(void)state;
	strcpy(rq.origin_name, "100% {purpose} %0A\r");
	strcpy(rq.purpose, "{pin}\n");
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description,
		"\"100%25 {purpose} %250A%0D\"%0Ahttps://drone.example%0A"
		"The site says: \"{pin}%0A\"%0A%0AThis site asks"),
	    t.description);
}

/* ---- the worst case --------------------------------------------------- */

/* len bytes of 3-byte characters, the rest in ASCII. */
static void
fill_wide(char *text, size_t len)
{
	text[0] = '\0';
	while (strlen(text) + 3 <= len)
		strcat(text, "最");
	while (strlen(text) < len)
		strcat(text, "x");
}

static void
fill_byte(char *text, size_t len, char c)
{
	memset(text, c, len);
	text[len] = '\0';
}

static void
assert_line_fits(const char *verb, const char *text)
{
	size_t len = strlen(verb) + 1 + strlen(text) + 1;

	if (len >= LINE_MAX_BYTES)
		fail_msg("%s: %zu bytes", verb, len);
	assert_null(strpbrk(text, "\r\n"));
}

static void
assert_fits(const struct texts *t)
{
	assert_line_fits("SETTITLE", t->title);
	assert_line_fits("SETDESC", t->description);
	assert_line_fits("SETERROR", t->error);
	assert_line_fits("SETPROMPT", t->prompt);
	assert_line_fits("SETOK", t->ok);
	assert_line_fits("SETCANCEL", t->cancel);
	assert_line_fits("SETCANCEL", t->dismiss);
}

static struct prompt_request
worst(enum prompt_type type, enum lang lang, enum kenmen_pin pin)
{
	struct prompt_request rq = request_of(type, lang);

	rq.pin = pin;
	rq.note = NOTE_FORMAT;
	fill_byte(rq.origin, ORIGIN_MAX, 'o');
	fill_wide(rq.origin_name, ORIGIN_NAME_MAX);
	fill_wide(rq.user, USER_NAME_MAX);
	fill_wide(rq.purpose, PURPOSE_MAX);
	rq.tries = rq.max_tries = 99;
	rq.step = rq.steps = 9;
	return rq;
}

/* In one window, the purpose with the rest: what a configuration and a page
 * may say fits. Percent signs count as three there. */
static void
the_worst_of_every_text_fits(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned type = 0; type < PROMPT_N; type++)
		for (unsigned lang = 0; lang < LANG_N; lang++)
			for (unsigned pin = 0; pin < KENMEN_PIN_N; pin++) {
				if (type == PROMPT_PIN &&
				    pin != KENMEN_PIN_ATTRIBUTES)
					continue;
				rq = worst(type, lang, pin);
				assert_int_equal(
				    texts_build(&rq, PAGE_PURPOSE, &t), 0);
				t = build(&rq);
				assert_fits(&t);
				if (type == PROMPT_LAST_TRY) {
					assert_int_equal(
					    texts_build_typed_yes(&rq, &t), 1);
					assert_fits(&t);
				}
				assert_true(type != PROMPT_PIN ||
					    strstr(t.description, rq.purpose));
				fill_byte(
				    rq.origin_name, ORIGIN_NAME_MAX / 3, '%');
				fill_byte(rq.purpose, PURPOSE_MAX / 3, '%');
				t = build(&rq);
				assert_fits(&t);
				rq.origin[0] = '\0';
				t = build(&rq);
				assert_fits(&t);
			}
}

/* More than a configuration allows, so that the second window is needed. */
static void
a_purpose_without_room_gets_its_own_window(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned lang = 0; lang < LANG_N; lang++) {
		rq = worst(PROMPT_PIN, lang, KENMEN_PIN_ATTRIBUTES);
		fill_byte(rq.origin_name, ORIGIN_NAME_MAX, '%');
		fill_byte(rq.purpose, PURPOSE_MAX, '%');
		rq.purpose[0] = 'Z';
		assert_int_equal(texts_build(&rq, PAGE_PURPOSE, &t), 1);
		assert_fits(&t);
		assert_non_null(strstr(t.description, "Z%25%25"));
		assert_non_null(strstr(t.description, rq.origin));
		assert_string_equal(t.ok, lang == LANG_JA ? "次へ" : "Next");
		assert_string_equal(
		    t.cancel, lang == LANG_JA ? "キャンセル" : "Cancel");
		t = build(&rq);
		assert_fits(&t);
		assert_null(strstr(t.description, "Z%25"));
		assert_non_null(strstr(t.description, rq.origin));
	}
}

static void
what_can_never_fit_is_refused(void **state)
{
	struct prompt_request rq =
	    worst(PROMPT_BLOCKED, LANG_JA, KENMEN_PIN_ATTRIBUTES);
	struct texts t;

	(void)state;
	/* 360 bytes of name, and 300 of an origin that is none, twice the
	 * sentences: the lock does not name the origin, the last try does. */
	fill_byte(rq.origin_name, ORIGIN_NAME_MAX, '%');
	fill_byte(rq.origin, ORIGIN_MAX, '%');
	rq.type = PROMPT_LAST_TRY;
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -EMSGSIZE);
	assert_int_equal(texts_build(&rq, PAGE_PURPOSE, &t), -EMSGSIZE);
}

static void
kinds_without_a_sentence_have_no_window(void **state)
{
	struct prompt_request rq = request_of(PROMPT_PIN, LANG_JA);
	struct texts t;

	(void)state;
	/* card_info comes along and asks for nothing. */
	rq.kinds |= KIND_BIT(KIND_CARD_INFO);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), 1);
	rq.kinds |= KIND_BIT(KIND_MY_NUMBER);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
	assert_int_equal(texts_build(&rq, PAGE_PURPOSE, &t), -ENOTSUP);
	rq.kinds = KIND_BIT(KIND_CARD_INFO);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
	rq = request_of(PROMPT_PIN, LANG_JA);
	rq.pin = KENMEN_PIN_SIGN;
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_asked_for),
		cmocka_unit_test(the_last_try_wants_a_yes),
		cmocka_unit_test(a_yes_may_have_to_be_typed),
		cmocka_unit_test(a_locked_pin_is_said),
		cmocka_unit_test(what_went_wrong_is_said),
		cmocka_unit_test(one_is_singular),
		cmocka_unit_test(steps_stand_in_the_title),
		cmocka_unit_test(a_local_program_is_no_site),
		cmocka_unit_test(a_site_without_a_name_is_its_origin),
		cmocka_unit_test(names_are_escaped_and_not_expanded),
		cmocka_unit_test(the_worst_of_every_text_fits),
		cmocka_unit_test(a_purpose_without_room_gets_its_own_window),
		cmocka_unit_test(what_can_never_fit_is_refused),
		cmocka_unit_test(kinds_without_a_sentence_have_no_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
