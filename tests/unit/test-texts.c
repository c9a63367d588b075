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
#include <stdio.h>

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

/* All that a window may ask for with a PIN. */
static const struct {
	enum kenmen_pin pin;
	uint32_t kinds;
} asks[] = {
	{ KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE) },
	{ KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE) },
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_ATTRIBUTES) },
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_MY_NUMBER) },
	{ KENMEN_PIN_ATTRIBUTES,
	    KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER) },
	{ KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN) },
	{ KENMEN_PIN_SIGN, KIND_BIT(KIND_CERTIFICATE) },
	{ KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN) | KIND_BIT(KIND_CERTIFICATE) },
	{ KENMEN_PIN_FACE_B, KIND_BIT(KIND_FACE) },
	{ KENMEN_PIN_FACE_A, KIND_BIT(KIND_FACE) },
	/* the same by a phone, which has PINs of its own */
	{ KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE) },
	{ KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE) },
	{ KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN) },
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_ATTRIBUTES) },
};
#define PHONES_N 4
#define ASKS_N ((unsigned)(sizeof(asks) / sizeof(asks[0])))

static struct prompt_request
request_about(enum prompt_type type, enum lang lang, unsigned ask)
{
	struct prompt_request rq = request_of(type, lang);

	rq.pin = asks[ask].pin;
	rq.kinds = asks[ask].kinds;
	if (rq.kinds & KIND_BIT(KIND_SIGN))
		rq.documents = 3;
	rq.timeout_ms = 120000;
	if (ask >= ASKS_N - PHONES_N)
		rq.token = KENMEN_TOKEN_IPHONE;
	return rq;
}

static struct prompt_request
request_for(
    enum prompt_type type, enum lang lang, enum kenmen_pin pin, uint32_t kinds)
{
	for (unsigned i = 0; i < ASKS_N; i++)
		if (asks[i].pin == pin && asks[i].kinds == kinds)
			return request_about(type, lang, i);
	fail();
	return request_of(type, lang);
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

/* The head that request_of makes, and what comes behind it. */
#define HEAD_JA "「ドローン登録デモ」%0Ahttps://drone.example%0A"
#define HEAD_EN "\"ドローン登録デモ\"%0Ahttps://drone.example%0A"

static void
assert_says(const struct prompt_request *rq, const char *description)
{
	struct texts t = build(rq);

	assert_string_equal(t.description, description);
}

static void
a_login_is_asked_for(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE));

	(void)state;
	assert_says(&rq,
	    HEAD_JA "%0A"
		    "このサイトが、マイナンバーカードでの本人確認（ログイン）を"
		    "求めています。利用者証明用電子証明書を渡します（氏名・"
		    "住所は入っていません）。心当たりがなければ「キャンセル」を"
		    "押してください。%0A%0A"
		    "数字4桁の暗証番号（利用者証明用電子証明書パスワード）を"
		    "入力し、「OK」を押してください。%0A"
		    "あと3回間違えるとロックがかかります。ロック解除には、"
		    "市区町村窓口で手続きが必要です。");
	rq.lang = LANG_EN;
	assert_says(&rq,
	    HEAD_EN "%0A"
		    "This site asks you to log in with your My Number Card. It "
		    "will get your user authentication certificate (no name, "
		    "no address). If you did not start this, press "
		    "Cancel.%0A%0A"
		    "Type the 4-digit PIN for user authentication "
		    "(利用者証明用) and press OK.%0A"
		    "3 more wrong entries will lock it. Unlocking needs a "
		    "visit to a municipal office.");
}

static void
a_signature_is_asked_for(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN));
	struct texts t;

	(void)state;
	rq.tries = 5;
	assert_says(&rq,
	    HEAD_JA "%0A"
		    "このサイトが、書類3件への電子署名を求めています。証明書に"
		    "入っている氏名・住所・生年月日・性別もサイトに渡ります。"
		    "書類の内容はここに表示できません。サイトの画面で確かめて"
		    "ください。%0A%0A"
		    "英数字6～16桁の暗証番号（署名用電子証明書のパスワード）を"
		    "入力し、「OK」を押してください。小文字は大文字として扱い"
		    "ます。%0A"
		    "あと5回間違えるとロックがかかります。ロック解除には、"
		    "市区町村窓口で手続きが必要です。");
	rq.lang = LANG_EN;
	assert_says(&rq,
	    HEAD_EN "%0A"
		    "This site asks you to sign 3 documents. It will also get "
		    "the name, address, date of birth and sex in your "
		    "certificate. The documents cannot be shown here: check "
		    "them on the site.%0A%0A"
		    "Type the 6-16 character password for digital signature "
		    "(署名用) and press OK. a-z count as A-Z.%0A"
		    "5 more wrong entries will lock it. Unlocking needs a "
		    "visit to a municipal office.");
	t = build(&rq);
	assert_string_equal(t.prompt, "Password:");
	rq.documents = 1;
	t = build(&rq);
	assert_non_null(strstr(t.description, "to sign 1 document. "));
	assert_non_null(strstr(t.description, "The document cannot be shown "
					      "here: check it on the site."));
	/* With its certificate as a kind of its own nothing else is said. */
	rq.kinds |= KIND_BIT(KIND_CERTIFICATE);
	assert_says(&rq, t.description);
}

/* Whoever typed the card's PIN would spend a try of the phone's; and no office
 * is named that could not help. */
static void
a_phones_pin_is_not_the_cards(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE));
	static const enum kenmen_pin pins[] = { KENMEN_PIN_AUTH,
		KENMEN_PIN_SIGN };
	struct texts t;

	(void)state;
	rq.token = KENMEN_TOKEN_ANDROID;
	assert_says(&rq,
	    HEAD_JA "%0A"
		    "このサイトに、利用者証明用電子証明書を渡します（氏名・"
		    "住所は入っていません）。読み取りに暗証番号が必要です。"
		    "心当たりがなければ「キャンセル」を押してください。"
		    "%0A%0A"
		    "スマートフォン用電子証明書の数字4桁の暗証番号を入力し、"
		    "「OK」を押してください。カードの暗証番号では"
		    "ありません。%0A"
		    "あと3回間違えるとロックがかかります。");
	rq.lang = LANG_EN;
	assert_says(&rq,
	    HEAD_EN "%0A"
		    "This site will get your user authentication certificate "
		    "(no name, no address). Reading it takes the PIN here. If "
		    "you did not start this, press Cancel.%0A%0A"
		    "Type the 4-digit PIN of the PHONE'S user authentication "
		    "certificate (利用者証明用) and press OK. It is not the "
		    "card's PIN.%0A"
		    "3 more wrong entries will lock it.");
	for (unsigned i = 0; i < 2 * LANG_N * PROMPT_N; i++) {
		rq = request_of(i / 2 / LANG_N, i / 2 % LANG_N);
		rq.token = KENMEN_TOKEN_IPHONE;
		rq.pin = pins[i % 2];
		rq.kinds = KIND_BIT(KIND_CERTIFICATE);
		if (texts_build(&rq, PAGE_MAIN, &t) != 1 ||
		    rq.type == PROMPT_CONSENT)
			continue;
		assert_true(strstr(t.description, "スマートフォン") ||
			    strcasestr(t.description, "phone's"));
		assert_null(strstr(t.description, "市区町村"));
		assert_null(strstr(t.description, "municipal"));
	}
	/* An old card's PINs are a card's. */
	rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE));
	rq.token = KENMEN_TOKEN_JUKI_CARD;
	t = build(&rq);
	assert_null(strstr(t.description, "スマートフォン"));
}

static void
titles_stand_as_the_sites_words(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN));
	struct texts t;

	(void)state;
	strcpy(rq.titles, "契約書、別紙");
	rq.titles_more = 1;
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, HEAD_JA
		"サイトによる書類名：「契約書、別紙」ほか1件%0A%0Aこの"),
	    t.description);
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, HEAD_EN "Documents, in the site's words: "
					  "\"契約書、別紙\" and 1 more"
					  "%0A%0AThis"),
	    t.description);
	rq.titles_more = 0;
	/* Both are the site's words: neither is dropped. */
	strcpy(rq.purpose, "契約のため");
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, HEAD_EN
		"The site says: \"契約のため\"%0A"
		"Documents, in the site's words: \"契約書、別紙\"%0A%0AThis"),
	    t.description);
}

static void
a_face_is_asked_for(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_FACE_B, KIND_BIT(KIND_FACE));
	struct texts t;

	(void)state;
	assert_says(&rq,
	    HEAD_JA "%0A"
		    "このサイトが、顔写真と券面（氏名・住所の画像、生年月日、"
		    "性別、有効期限）の読み取りを求めています。%0A%0A"
		    "照合番号B（数字14桁）を続けて入力し、「OK」を押して"
		    "ください。%0A"
		    "1 生年月日6桁：券面どおりの年・月・日を2桁ずつ（平成2年"
		    "4月1日→020401、1990年4月1日→900401）%0A"
		    "2 カードの有効期限の西暦4桁（電子証明書の期限では"
		    "ありません）%0A"
		    "3 顔写真の下のセキュリティコード4桁%0A"
		    "あと3回間違えるとロックがかかります。その場合は市区町村"
		    "窓口へご相談ください。");
	t = build(&rq);
	assert_string_equal(t.prompt, "照合番号B:");
	rq.lang = LANG_EN;
	assert_says(&rq,
	    HEAD_EN "%0A"
		    "This site asks for the face photo and the card surface "
		    "(images of name and address, date of birth, sex, "
		    "expiry).%0A%0A"
		    "Type Verification Number B (照合番号B), 14 digits in one "
		    "go, and press OK.%0A"
		    "1 Birth date, 6 digits: year, month, day as printed, 2 "
		    "digits each (平成2年4月1日=020401, 1990-04-01=900401)%0A"
		    "2 Year the CARD expires, 4 digits (not the electronic "
		    "certificate)%0A"
		    "3 Security code under the photo, 4 digits%0A"
		    "3 more wrong entries will lock it; then ask your "
		    "municipal office.");
}

/* 照合番号A is the My Number: the person is told so. */
static void
a_face_may_be_asked_for_by_the_number(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_FACE_A, KIND_BIT(KIND_FACE));
	struct texts t = build(&rq);

	(void)state;
	assert_non_null(strstr(t.description,
	    "照合番号A（数字12桁）を続けて入力し、「OK」を押してください。"
	    "照合番号Aは、マイナンバー（個人番号）と同じ番号です。"));
	assert_null(strstr(t.description, "照合番号B"));
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "Type Verification Number A (照合番号A), 12 digits in one go, and "
	    "press OK. It is the same as your My Number (個人番号); "));
}

static void
the_my_number_is_asked_for_plainly(void **state)
{
	struct prompt_request rq = request_for(PROMPT_PIN, LANG_JA,
	    KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_MY_NUMBER));
	struct texts t = build(&rq);

	(void)state;
	assert_non_null(strstr(t.description,
	    "このサイトが、マイナンバー（12桁の個人番号）の読み取りを求めて"
	    "います。マイナンバーは、法令の定める手続き（税・社会保障など）"
	    "以外では、求めることも渡すことも禁止されています。"));
	assert_null(strstr(t.description, "氏名"));
	rq.kinds |= KIND_BIT(KIND_ATTRIBUTES);
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "このサイトが、マイナンバー（12桁の個人番号）と、氏名・住所・"
	    "生年月日・性別の読み取りを求めています。マイナンバーは、法令の"));
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "This site asks for your MY NUMBER (個人番号, 12 digits) and your "
	    "name, address, date of birth and sex. The law forbids asking for "
	    "it or giving it except for tax, social security and the like."));
	rq.kinds = KIND_BIT(KIND_MY_NUMBER);
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "This site asks for your MY NUMBER (個人番号, 12 digits). The law "
	    "forbids"));
	assert_null(strstr(t.description, "name, address"));
}

/* The signing certificate takes the password, and nothing is signed. */
static void
a_certificate_alone_is_no_signature(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_SIGN, KIND_BIT(KIND_CERTIFICATE));
	struct texts t = build(&rq);

	(void)state;
	assert_non_null(strstr(t.description,
	    "このサイトが、署名用電子証明書を求めています（電子署名はしませ"
	    "ん）。証明書に入っている氏名・住所・生年月日・性別がサイトに"
	    "渡ります。"));
	assert_non_null(strstr(t.description, "%0A英数字6～16桁の暗証番号"));
	assert_null(strstr(t.description, "書類"));
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "asks for your digital signature certificate (署名用); nothing is "
	    "signed. It will get the name, address, date of birth and sex in "
	    "it."));
}

/* A card may keep the login certificate behind its PIN. */
static void
a_login_certificate_may_take_the_pin(void **state)
{
	struct prompt_request rq = request_for(
	    PROMPT_PIN, LANG_JA, KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE));
	struct texts t = build(&rq);

	(void)state;
	assert_non_null(strstr(
	    t.description, "このサイトに、利用者証明用電子証明書を渡します"));
	assert_non_null(strstr(t.description,
	    "%0A数字4桁の暗証番号（利用者証明用電子証明書パスワード）を"));
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_non_null(
	    strstr(t.description, "Reading it takes the PIN here."));
}

static void
a_certificate_wants_a_yes(void **state)
{
	struct prompt_request rq = request_for(PROMPT_CONSENT, LANG_JA,
	    KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE));
	struct texts t, typed;

	(void)state;
	strcpy(rq.purpose, "会員証の代わり");
	assert_says(&rq,
	    HEAD_JA "サイトの説明：「会員証の代わり」%0A%0A"
		    "このサイトが、利用者証明用電子証明書を求めています（氏名・"
		    "住所は入っていません）。暗証番号は使いません。%0A%0A"
		    "証明書にはカードごとに違う番号が入っているので、別の日で"
		    "も、ほかのサイトとのあいだでも、同じ人だと見分けられます。"
		    "心当たりがなければ「渡さない」を押してください。%0A%0A"
		    "証明書を渡しますか？");
	t = build(&rq);
	assert_string_equal(t.ok, "渡す");
	assert_string_equal(t.cancel, "渡さない");
	assert_string_equal(t.prompt, "");
	assert_int_equal(texts_build_typed_yes(&rq, &typed), 1);
	assert_non_null(strstr(typed.description,
	    "%0A%0A渡す場合は、下に「1」とだけ入力し、「渡す」を押して"));
	assert_non_null(strstr(typed.description, "会員証の代わり"));
	rq.lang = LANG_EN;
	t = build(&rq);
	assert_non_null(strstr(t.description,
	    "This site asks for your user authentication certificate "
	    "(利用者証明用; no name, no address). No PIN is used.%0A%0A"));
	assert_non_null(strstr(t.description, "Give it the certificate?"));
	assert_string_equal(t.ok, "Give it");
	assert_string_equal(t.cancel, "Refuse");
	assert_int_equal(texts_build_typed_yes(&rq, &typed), 1);
	assert_non_null(
	    strstr(typed.description, "type 1 below and press Give it."));
	assert_memory_equal(typed.description, t.description,
	    strlen(t.description) - strlen("Give it the certificate?"));
	/* Of nothing else can a yes be the whole of it. */
	rq.kinds |= KIND_BIT(KIND_SIGN);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
	assert_int_equal(texts_build_typed_yes(&rq, &t), -ENOTSUP);
	rq.kinds = KIND_BIT(KIND_CERTIFICATE);
	rq.pin = KENMEN_PIN_SIGN;
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
}

static void
a_readers_keys_are_pointed_to(void **state)
{
	struct prompt_request rq = request_for(PROMPT_PINPAD, LANG_JA,
	    KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE));
	struct texts t = build(&rq);

	(void)state;
	assert_non_null(strstr(t.description,
	    "%0A%0Aパソコンではなくカードリーダーで、数字4桁の暗証番号"
	    "（利用者証明用電子証明書パスワード）を入力してください"
	    "（120秒以内）。やめるときは、リーダーの取消キーを押して"
	    "ください。%0Aあと3回間違えると"));
	assert_string_equal(t.ok, "キャンセル");
	assert_string_equal(t.cancel, "やめる");
	assert_string_equal(t.prompt, "");
	rq.lang = LANG_EN;
	rq.timeout_ms = 45999;
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, HEAD_EN "%0AThis site asks you to log in"),
	    t.description);
	assert_non_null(strstr(t.description,
	    "%0A%0AON THE CARD READER, not on this computer, type the 4-digit "
	    "PIN for user authentication (利用者証明用) and press its OK key, "
	    "within 45 seconds. To stop, press the reader's cancel key."
	    "%0A3 more wrong"));
	assert_string_equal(t.ok, "Cancel");
	/* There is no line for errors: they go first. */
	rq.note = NOTE_WRONG;
	rq.tries = 2;
	t = build(&rq);
	assert_ptr_equal(
	    strstr(t.description, "Wrong PIN. 2 tries left.%0A%0A" HEAD_EN),
	    t.description);
	assert_string_equal(t.error, "");
	/* No reader has letters. */
	rq = request_for(
	    PROMPT_PINPAD, LANG_JA, KENMEN_PIN_SIGN, KIND_BIT(KIND_SIGN));
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
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
	for (unsigned type = 0; type < PROMPT_N; type++) {
		ja.type = type;
		if (type != PROMPT_LAST_TRY)
			assert_int_equal(
			    texts_build_typed_yes(&ja, &t), -ENOTSUP);
	}
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

/* How a number that is locked comes free again has no source. */
static void
a_locked_number_wants_advice(void **state)
{
	struct prompt_request ja = request_for(
	    PROMPT_BLOCKED, LANG_JA, KENMEN_PIN_FACE_B, KIND_BIT(KIND_FACE));
	struct prompt_request en = request_for(
	    PROMPT_BLOCKED, LANG_EN, KENMEN_PIN_FACE_A, KIND_BIT(KIND_FACE));
	struct texts t;

	(void)state;
	ja.max_tries = en.max_tries = 0;
	assert_says(&ja,
	    "この暗証番号はロックされています。%0A%0A"
	    "対象：照合番号B（数字14桁）%0A"
	    "間違いが続いたためロックがかかり、利用できません。時間がたっても"
	    "解除されません。%0A"
	    "住民票のある市区町村の窓口へご相談ください（カードと本人確認書類"
	    "をお持ちください）。%0A%0A"
	    "「ドローン登録デモ」には何も渡していません。");
	assert_says(&en,
	    "This PIN is locked.%0A%0A"
	    "Which: Verification Number A (照合番号A, 12 digits).%0A"
	    "It was typed wrongly too often. Waiting does not unlock it.%0A"
	    "Ask the office of the municipality where you are registered, and "
	    "take the card and an identity document.%0A%0A"
	    "Nothing was given to \"ドローン登録デモ\".");
	ja.type = en.type = PROMPT_LAST_TRY;
	t = build(&ja);
	assert_non_null(strstr(t.description,
	    "%0A対象：照合番号B（数字14桁）%0Aロックがかかると、この番号を"
	    "使うサービスは利用できません。その場合は市区町村窓口へご相談"
	    "ください。%0A少しでも"));
	t = build(&en);
	assert_non_null(strstr(t.description,
	    "%0AOnce locked, nothing that needs it works; then ask your "
	    "municipal office.%0AIf"));
}

static void
every_pin_has_its_name(void **state)
{
	/* clang-format off */
	static const char *const names[KENMEN_PIN_N][LANG_N] = {
		[KENMEN_PIN_AUTH] = {
			"利用者証明用電子証明書の暗証番号（数字4桁）",
			"PIN for user authentication (利用者証明用)" },
		[KENMEN_PIN_SIGN] = {
			"署名用電子証明書の暗証番号（英数字6～16桁）",
			"Password for digital signature (署名用)" },
		[KENMEN_PIN_ATTRIBUTES] = {
			"券面事項入力補助用の暗証番号（数字4桁）",
			"PIN for card information input (券面事項入力補助用)" },
		[KENMEN_PIN_FACE_B] = {
			"照合番号B（数字14桁）",
			"Verification Number B (照合番号B, 14 digits)" },
		[KENMEN_PIN_FACE_A] = {
			"照合番号A（数字12桁）",
			"Verification Number A (照合番号A, 12 digits)" },
	};
	/* clang-format on */
	static const enum prompt_type types[] = { PROMPT_LAST_TRY,
		PROMPT_BLOCKED };
	struct prompt_request rq;
	char which[128];
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < 2 * LANG_N * KENMEN_PIN_N; i++) {
		unsigned lang = i / 2 % LANG_N, pin = i / 2 / LANG_N;

		rq = request_of(types[i % 2], lang);
		rq.pin = pin;
		t = build(&rq);
		snprintf(which, sizeof(which),
		    lang == LANG_JA ? "%%0A対象：%s%%0A" : "%%0AWhich: %s.%%0A",
		    names[pin][lang]);
		assert_non_null(strstr(t.description, which));
	}
}

static void
the_form_of_every_pin_is_said(void **state)
{
	/* clang-format off */
	static const char *const forms[KENMEN_PIN_N][LANG_N] = {
		[KENMEN_PIN_AUTH] = { "数字4桁", "4 digits" },
		[KENMEN_PIN_SIGN] = { "英字と数字の両方を使った6～16桁",
			"6-16 characters, with both letters and digits" },
		[KENMEN_PIN_ATTRIBUTES] = { "数字4桁", "4 digits" },
		[KENMEN_PIN_FACE_B] = { "照合番号Bは数字14桁",
			"Number B is 14 digits" },
		[KENMEN_PIN_FACE_A] = { "照合番号Aは数字12桁",
			"Number A is 12 digits" },
	};
	/* clang-format on */
	static const char *const again[LANG_N] = {
		"もう一度入力してください。残り回数は減っていません。",
		"Please type it again. No try was used."
	};
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N; i++) {
		rq = request_about(PROMPT_PIN, i % LANG_N, i / LANG_N);
		rq.note = NOTE_FORMAT;
		t = build(&rq);
		assert_non_null(strstr(t.error, forms[rq.pin][rq.lang]));
		assert_non_null(strstr(t.error, again[rq.lang]));
	}
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

/* The word "site" is in none of a program's windows. */
static void
no_window_of_a_program_names_a_site(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N * PROMPT_N; i++) {
		rq = request_about(
		    i / ASKS_N % PROMPT_N, i / ASKS_N / PROMPT_N, i % ASKS_N);
		rq.origin[0] = rq.origin_name[0] = '\0';
		strcpy(rq.purpose, "taking stock");
		for (unsigned page = 0; page < PAGE_N; page++) {
			if (texts_build(&rq, page, &t) != 1)
				continue;
			assert_null(strstr(t.description, "サイト"));
			assert_null(strstr(t.description, " site"));
		}
	}
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
worst(enum prompt_type type, enum lang lang, unsigned ask)
{
	struct prompt_request rq = request_about(type, lang, ask);

	rq.note = NOTE_WRONG;
	fill_byte(rq.origin, ORIGIN_MAX, 'o');
	fill_wide(rq.origin_name, ORIGIN_NAME_MAX);
	fill_wide(rq.user, USER_NAME_MAX);
	fill_wide(rq.purpose, PURPOSE_MAX);
	rq.tries = rq.max_tries = 99;
	rq.step = rq.steps = 9;
	rq.timeout_ms = 3600000;
	if (rq.documents) {
		fill_wide(rq.titles, PURPOSE_MAX);
		memcpy(rq.titles, "題", strlen("題"));
		rq.documents = 32;
		rq.titles_more = 31;
	}
	return rq;
}

static bool
shows(const struct texts *t, const char *words)
{
	return strstr(t->description, words);
}

/* Both pages, and the typed yes: each fits, and what the site says in its
 * own words stands in just one window. */
static void
assert_request_fits(const struct prompt_request *rq)
{
	struct texts before, main = build(rq), typed;
	int r = texts_build(rq, PAGE_WORDS, &before);
	bool given = rq->type == PROMPT_PIN || rq->type == PROMPT_PINPAD ||
		     rq->type == PROMPT_CONSENT;

	assert_true(r == 0 || r == 1);
	assert_fits(&main);
	assert_int_equal(shows(&main, rq->purpose), given && r == 0);
	if (rq->titles[0])
		assert_int_equal(shows(&main, rq->titles), given && r == 0);
	if (r == 1) {
		assert_true(given);
		assert_fits(&before);
		assert_true(shows(&before, rq->purpose));
		assert_true(shows(&before, rq->titles));
		assert_true(shows(&before, rq->origin_name));
		assert_true(shows(&before, rq->origin));
	}
	if (texts_build_typed_yes(rq, &typed) == 1) {
		assert_fits(&typed);
		assert_int_equal(shows(&typed, rq->purpose), given && r == 0);
	} else
		assert_true(
		    rq->type != PROMPT_LAST_TRY && rq->type != PROMPT_CONSENT);
}

static bool
has_window(const struct prompt_request *rq)
{
	return rq->type != PROMPT_CLOSE && rq->type != PROMPT_PING &&
	       rq->type != PROMPT_ENDED &&
	       (rq->type != PROMPT_PINPAD || rq->pin != KENMEN_PIN_SIGN) &&
	       (rq->type != PROMPT_CONSENT ||
		   (rq->pin == KENMEN_PIN_AUTH &&
		       rq->kinds == KIND_BIT(KIND_CERTIFICATE)));
}

/* What a configuration and a page may say fits. */
static void
the_worst_of_every_text_fits(void **state)
{
	struct prompt_request rq;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N * PROMPT_N; i++) {
		rq = worst(
		    i / ASKS_N % PROMPT_N, i / ASKS_N / PROMPT_N, i % ASKS_N);
		if (!has_window(&rq))
			continue;
		assert_request_fits(&rq);
		/* The form of what a reader's keys type is the reader's. */
		rq.note = rq.type == PROMPT_PINPAD ? NOTE_WRONG : NOTE_FORMAT;
		assert_request_fits(&rq);
		rq.titles[0] = '\0';
		rq.titles_more = 0;
		assert_request_fits(&rq);
		rq.origin_name[0] = '\0';
		assert_request_fits(&rq);
		rq.origin[0] = '\0';
		assert_request_fits(&rq);
	}
}

/* These count as three in a name and in a purpose; titles are cut at 80 bytes
 * before they are escaped. */
static void
the_worst_of_percent_signs_fits(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N * PROMPT_N; i++) {
		rq = worst(
		    i / ASKS_N % PROMPT_N, i / ASKS_N / PROMPT_N, i % ASKS_N);
		if (!has_window(&rq))
			continue;
		fill_byte(rq.origin_name, ORIGIN_NAME_MAX / 3, '%');
		fill_byte(rq.purpose, PURPOSE_MAX / 3, '%');
		if (rq.titles[0])
			fill_byte(rq.titles, PURPOSE_MAX, '%');
		t = build(&rq);
		assert_fits(&t);
		if (texts_build(&rq, PAGE_WORDS, &t) == 1)
			assert_fits(&t);
		if (texts_build_typed_yes(&rq, &t) == 1)
			assert_fits(&t);
	}
}

static unsigned
longest_line(const char *escaped)
{
	unsigned longest = 0, columns = 0;

	for (const char *at = escaped; *at; at++)
		if (strncmp(at, "%0A", 3) == 0) {
			columns = 0;
			at += 2;
		} else if ((*at & 0xc0) != 0x80) {
			columns += (*at & 0x80) ? 2 : 1;
			longest = columns > longest ? columns : longest;
		}
	return longest;
}

/* Where a pinentry breaks no lines, there is room for ours in every entry. */
static void
the_worst_of_every_entry_can_be_wrapped(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N * 2; i++) {
		rq = worst(PROMPT_PIN, i / ASKS_N % LANG_N, i % ASKS_N);
		/* An origin has no place for a break. */
		rq.origin[TEXTS_COLUMNS] = '\0';
		if (i >= ASKS_N * LANG_N)
			rq.purpose[0] = rq.titles[0] = '\0';
		t = build(&rq);
		texts_wrap(&t);
		assert_fits(&t);
		assert_in_range(longest_line(t.description), 80, TEXTS_COLUMNS);
		assert_non_null(strstr(t.description, rq.origin));
	}
}

/* Beside a name and an origin of usual length. */
static void
a_purpose_needs_no_window_of_its_own(void **state)
{
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < ASKS_N * LANG_N; i++) {
		rq = worst(PROMPT_PIN, i % LANG_N, i / LANG_N);
		rq.origin[60] = rq.origin_name[60] = rq.titles[0] = '\0';
		rq.titles_more = 0;
		assert_int_equal(texts_build(&rq, PAGE_WORDS, &t), 0);
	}
}

static void
words_without_room_get_their_own_window(void **state)
{
	static const char *const before[LANG_N][3] = {
		{ "%0A%0A次の画面で暗証番号をおたずねします。",
		    "%0A%0Aカードリーダーへの入力は、次の画面を見てから",
		    "%0A%0A次の画面で、証明書を渡すかどうかを" },
		{ "%0A%0AThe next window asks for the PIN.",
		    "%0A%0ASee the next window before you type on the card "
		    "reader.",
		    "%0A%0AThe next window asks whether to give it a "
		    "certificate." },
	};
	static const enum prompt_type types[] = { PROMPT_PIN, PROMPT_PINPAD,
		PROMPT_CONSENT };
	struct prompt_request rq;
	struct texts t;

	(void)state;
	for (unsigned i = 0; i < 3 * LANG_N; i++) {
		unsigned lang = i % LANG_N, type = i / LANG_N;

		/* More than a configuration allows. */
		rq = worst(types[type], lang, 1);
		fill_byte(rq.origin_name,
		    lang == LANG_JA ? ORIGIN_NAME_MAX / 2 : ORIGIN_NAME_MAX,
		    '%');
		fill_byte(rq.purpose, PURPOSE_MAX, '%');
		rq.purpose[0] = 'Z';
		assert_int_equal(texts_build(&rq, PAGE_WORDS, &t), 1);
		assert_fits(&t);
		assert_true(shows(&t, "Z%25%25"));
		assert_true(shows(&t, rq.origin));
		assert_true(shows(&t, before[lang][type]));
		assert_string_equal(t.ok, lang == LANG_JA ? "次へ" : "Next");
		assert_string_equal(
		    t.cancel, lang == LANG_JA ? "キャンセル" : "Cancel");
		assert_string_equal(t.error, "");
		assert_string_equal(t.prompt, "");
		t = build(&rq);
		assert_fits(&t);
		assert_false(shows(&t, "Z%25"));
		assert_true(shows(&t, rq.origin));
	}
}

/* With many documents, so that the titles go ahead. */
static void
titles_without_room_get_their_own_window(void **state)
{
	struct prompt_request rq = worst(PROMPT_PIN, LANG_JA, 5);
	struct texts t;

	(void)state;
	assert_int_equal(texts_build(&rq, PAGE_WORDS, &t), 1);
	assert_true(shows(&t, "サイトによる書類名：「題最"));
	assert_true(shows(&t, "」ほか31件%0A%0A次の画面で"));
	t = build(&rq);
	assert_false(shows(&t, "題最"));
	assert_true(shows(&t, "書類32件への電子署名"));
}

static void
what_can_never_fit_is_refused(void **state)
{
	struct prompt_request rq = worst(PROMPT_BLOCKED, LANG_JA, 2);
	struct texts t;

	(void)state;
	/* 360 bytes of name, and 300 of an origin that is none, twice the
	 * sentences: the lock does not name the origin, the last try does. */
	fill_byte(rq.origin_name, ORIGIN_NAME_MAX, '%');
	fill_byte(rq.origin, ORIGIN_MAX, '%');
	rq.type = PROMPT_LAST_TRY;
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -EMSGSIZE);
	assert_int_equal(texts_build(&rq, PAGE_WORDS, &t), -EMSGSIZE);
}

static bool
is_asked(enum kenmen_pin pin, uint32_t kinds)
{
	for (unsigned i = 0; i < ASKS_N; i++)
		if (asks[i].pin == pin && asks[i].kinds == kinds)
			return true;
	return false;
}

/* Every PIN with every set of kinds. */
static void
kinds_without_a_sentence_have_no_window(void **state)
{
	static const uint32_t card_info = KIND_BIT(KIND_CARD_INFO);
	struct prompt_request rq = request_of(PROMPT_PIN, LANG_JA);
	struct texts t;
	int wanted;

	(void)state;
	for (unsigned i = 0; i < KENMEN_PIN_N * KIND_BIT(KIND_N); i++) {
		rq.pin = i % KENMEN_PIN_N;
		rq.kinds = i / KENMEN_PIN_N;
		rq.documents = rq.kinds & KIND_BIT(KIND_SIGN) ? 1 : 0;
		/* card_info comes along and asks for nothing. */
		wanted = is_asked(rq.pin, rq.kinds & ~card_info);
		assert_int_equal(
		    texts_build(&rq, PAGE_MAIN, &t), wanted ? 1 : -ENOTSUP);
		assert_int_equal(
		    texts_build(&rq, PAGE_WORDS, &t), wanted ? 0 : -ENOTSUP);
	}
	rq = request_of(PROMPT_CLOSE, LANG_JA);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
	rq = request_of(PROMPT_PING, LANG_JA);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
	rq = request_of(PROMPT_ENDED, LANG_JA);
	assert_int_equal(texts_build(&rq, PAGE_MAIN, &t), -ENOTSUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_asked_for),
		cmocka_unit_test(a_login_is_asked_for),
		cmocka_unit_test(a_signature_is_asked_for),
		cmocka_unit_test(a_phones_pin_is_not_the_cards),
		cmocka_unit_test(titles_stand_as_the_sites_words),
		cmocka_unit_test(a_face_is_asked_for),
		cmocka_unit_test(a_face_may_be_asked_for_by_the_number),
		cmocka_unit_test(the_my_number_is_asked_for_plainly),
		cmocka_unit_test(a_certificate_alone_is_no_signature),
		cmocka_unit_test(a_login_certificate_may_take_the_pin),
		cmocka_unit_test(a_certificate_wants_a_yes),
		cmocka_unit_test(a_readers_keys_are_pointed_to),
		cmocka_unit_test(the_last_try_wants_a_yes),
		cmocka_unit_test(a_yes_may_have_to_be_typed),
		cmocka_unit_test(a_locked_pin_is_said),
		cmocka_unit_test(a_locked_number_wants_advice),
		cmocka_unit_test(every_pin_has_its_name),
		cmocka_unit_test(the_form_of_every_pin_is_said),
		cmocka_unit_test(what_went_wrong_is_said),
		cmocka_unit_test(one_is_singular),
		cmocka_unit_test(steps_stand_in_the_title),
		cmocka_unit_test(a_local_program_is_no_site),
		cmocka_unit_test(no_window_of_a_program_names_a_site),
		cmocka_unit_test(a_site_without_a_name_is_its_origin),
		cmocka_unit_test(names_are_escaped_and_not_expanded),
		cmocka_unit_test(the_worst_of_every_text_fits),
		cmocka_unit_test(the_worst_of_percent_signs_fits),
		cmocka_unit_test(the_worst_of_every_entry_can_be_wrapped),
		cmocka_unit_test(a_purpose_needs_no_window_of_its_own),
		cmocka_unit_test(words_without_room_get_their_own_window),
		cmocka_unit_test(titles_without_room_get_their_own_window),
		cmocka_unit_test(what_can_never_fit_is_refused),
		cmocka_unit_test(kinds_without_a_sentence_have_no_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
