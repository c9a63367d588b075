/* PINs: what is typed, the counter, and the one VERIFY. */
#include "script.h"

#include "secret.h"

/* ---- folding ---------------------------------------------------------- */

struct typed {
	enum kenmen_pin pin;
	const char *in;
	const char *out; /* NULL: PIN_FORMAT */
};

static const struct typed typed[] = {
	{ KENMEN_PIN_ATTRIBUTES, "1234", "1234" },
	{ KENMEN_PIN_ATTRIBUTES, "１２３４", "1234" },
	{ KENMEN_PIN_ATTRIBUTES, "0９9０", "0990" },
	{ KENMEN_PIN_AUTH, "0000", "0000" },
	{ KENMEN_PIN_ATTRIBUTES, "", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "12345", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "１２３４５", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "12 4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, " 1234", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "1234 ", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "1234\n", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "12　4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "12a4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "１２Ａ４", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "12-4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "一二三四", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "①②③④", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "٣٣٣٣", NULL },
	/* beside the full-width digits: U+FF0F, U+FF1A */
	{ KENMEN_PIN_ATTRIBUTES, "123\xEF\xBC\x8F", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\xEF\xBC\x9A", NULL },
	/* no UTF-8: cut short, overlong, loose */
	{ KENMEN_PIN_ATTRIBUTES, "123\xEF\xBC", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\xEF", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\xC0\xB4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\xE0\x80\xB4", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\xF0\x8F\xBC\x94", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "123\x94", NULL },
	{ KENMEN_PIN_ATTRIBUTES, "\xFF\xFF\xFF\xFF", NULL },

	{ KENMEN_PIN_FACE_B, "02040120354821", "02040120354821" },
	{ KENMEN_PIN_FACE_B, "０２０４０１２０３５４８２１", "02040120354821" },
	{ KENMEN_PIN_FACE_B, "0204012035482", NULL },
	{ KENMEN_PIN_FACE_B, "020401203548210", NULL },
	{ KENMEN_PIN_FACE_A, "123456789018", "123456789018" },
	{ KENMEN_PIN_FACE_A, "12345678901", NULL },
	{ KENMEN_PIN_FACE_A, "1234567890180", NULL },

	{ KENMEN_PIN_SIGN, "SAMPLE1234", "SAMPLE1234" },
	{ KENMEN_PIN_SIGN, "sample1234", "SAMPLE1234" },
	{ KENMEN_PIN_SIGN, "Ｓａｍｐｌｅ１２３４", "SAMPLE1234" },
	{ KENMEN_PIN_SIGN, "aAzZ09", "AAZZ09" },
	{ KENMEN_PIN_SIGN, "ａＡｚＺ０９", "AAZZ09" },
	{ KENMEN_PIN_SIGN, "ABCDE1", "ABCDE1" },
	{ KENMEN_PIN_SIGN, "ABCDEFGHIJKLMNO1", "ABCDEFGHIJKLMNO1" },
	{ KENMEN_PIN_SIGN, "ａａａａａａａａａａａａａａａ１",
	    "AAAAAAAAAAAAAAA1" },
	{ KENMEN_PIN_SIGN, "ABCD1", NULL },
	{ KENMEN_PIN_SIGN, "ABCDEFGHIJKLMNOP1", NULL },
	{ KENMEN_PIN_SIGN, "ABCDEF", NULL },
	{ KENMEN_PIN_SIGN, "123456", NULL },
	{ KENMEN_PIN_SIGN, "", NULL },
	{ KENMEN_PIN_SIGN, "ABC 123", NULL },
	{ KENMEN_PIN_SIGN, "ABC-123", NULL },
	{ KENMEN_PIN_SIGN, "ABC@123", NULL },
	{ KENMEN_PIN_SIGN, "ABC[123", NULL },
	{ KENMEN_PIN_SIGN, "ABC`123", NULL },
	{ KENMEN_PIN_SIGN, "ABC{123", NULL },
	{ KENMEN_PIN_SIGN, "ABC/123", NULL },
	{ KENMEN_PIN_SIGN, "ABC:123", NULL },
	{ KENMEN_PIN_SIGN, "ABCé123", NULL },
	{ KENMEN_PIN_SIGN, "ｱｲｳ123", NULL },
	/* beside the full-width letters: FF20, FF3B, FF40, FF5B */
	{ KENMEN_PIN_SIGN, "ABC123\xEF\xBC\xA0", NULL },
	{ KENMEN_PIN_SIGN, "ABC123\xEF\xBC\xBB", NULL },
	{ KENMEN_PIN_SIGN, "ABC123\xEF\xBD\x80", NULL },
	{ KENMEN_PIN_SIGN, "ABC123\xEF\xBD\x9B", NULL },
};

static void
expect_fold(const struct typed *t)
{
	struct kenmen_secret *code = script_secret(t->in, strlen(t->in));
	const char *want = t->out != NULL ? t->out : t->in;
	int r = kenmen_pin_fold(t->pin, code);

	if (r != (t->out != NULL ? 0 : KENMEN_ERR_PIN_FORMAT))
		fail_msg("%s: %d", t->in, r);
	/* What is refused stays as typed; what is folded leaves nothing. */
	assert_int_equal(kenmen_secret_len(code), strlen(want));
	assert_memory_equal(secret_peek(code), want, strlen(want));
	for (size_t i = strlen(want); i < KENMEN_SECRET_MAX; i++)
		assert_int_equal(secret_peek(code)[i], 0);
	kenmen_secret_free(&code);
}

static void
test_fold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		expect_fold(&typed[i]);
}

static void
test_fold_bounds(void **state)
{
	struct kenmen_secret *code;
	uint8_t full[KENMEN_SECRET_MAX];

	(void)state;
	code = script_secret("12\0004", 4);
	assert_int_equal(
	    kenmen_pin_fold(KENMEN_PIN_AUTH, code), KENMEN_ERR_PIN_FORMAT);
	assert_int_equal(
	    kenmen_pin_fold(KENMEN_PIN_N, code), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_pin_fold((enum kenmen_pin) - 1, code), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_pin_fold(KENMEN_PIN_AUTH, NULL), KENMEN_ERR_ARGUMENT);
	kenmen_secret_free(&code);
	/* A character cut off by the end of the memory. */
	memset(full, '1', sizeof(full));
	full[sizeof(full) - 1] = 0xEF;
	code = script_secret(full, sizeof(full));
	assert_int_equal(
	    kenmen_pin_fold(KENMEN_PIN_AUTH, code), KENMEN_ERR_PIN_FORMAT);
	kenmen_secret_free(&code);
}

/* Every single code point folds to what it should or is refused: U+0000 to
 * U+FFFF as the last of an otherwise good password. */
static void
test_fold_every_character(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned c = 0x80; c < 0x10000; c++) {
		uint8_t in[16] = "ABC123";
		struct kenmen_secret *code;
		size_t n = 6;

		if (c >= 0x800)
			in[n++] = (uint8_t)(0xE0 | c >> 12);
		in[n] = (uint8_t)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F)
					     : 0xC0 | c >> 6);
		in[n + 1] = (uint8_t)(0x80 | (c & 0x3F));
		if (c % 64 != 0 && (c < 0xFF00 || c > 0xFFEF))
			continue; /* one of each block, all of the full-width */
		code = script_secret(in, n + 2);
		good += kenmen_pin_fold(KENMEN_PIN_SIGN, code) == 0;
		kenmen_secret_free(&code);
	}
	assert_int_equal(good, 10 + 26 + 26);
}

static void
test_max_tries(void **state)
{
	(void)state;
	assert_int_equal(kenmen_pin_max_tries(KENMEN_PIN_AUTH), 3);
	assert_int_equal(kenmen_pin_max_tries(KENMEN_PIN_SIGN), 5);
	assert_int_equal(kenmen_pin_max_tries(KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(kenmen_pin_max_tries(KENMEN_PIN_FACE_B), 0);
	assert_int_equal(kenmen_pin_max_tries(KENMEN_PIN_FACE_A), 0);
	assert_int_equal(
	    kenmen_pin_max_tries(KENMEN_PIN_N), KENMEN_ERR_ARGUMENT);
}

/* ---- the counter ------------------------------------------------------ */

static void
expect_tries(const struct step *steps, size_t n, int want, bool no_sfi)
{
	struct script s = { .steps = steps, .n = n };
	struct kenmen_card *card = script_card(&s, NULL);
	struct kenmen_forms forms;
	int r = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES);

	if (r != want)
		fail_msg("%s: %d, not %d", steps[n - 1].rsp, r, want);
	kenmen_card_forms(card, &forms);
	assert_int_equal(forms.no_sfi, no_sfi);
	assert_false(forms.no_extended || forms.small_blocks);
	script_done(&s, &card);
	assert_int_equal(s.verifies, 0);
}

static void
test_tries(void **state)
{
	static const struct {
		const char *sw;
		int want;
	} answers[] = {
		{ "63C3", 3 },
		{ "63C1", 1 },
		{ "63CF", 15 },
		{ "63C0", 0 },
		{ "6983", 0 },
		{ "6984", 0 },
		{ "9000", KENMEN_ERR_CARD },
		{ "6300", KENMEN_ERR_DATA }, /* nobody counts */
		{ "63B3", KENMEN_ERR_CARD },
		{ "6982", KENMEN_ERR_CARD },
		{ "6F00", KENMEN_ERR_CARD },
		{ "6C04", KENMEN_ERR_CARD },
		{ "6104", KENMEN_ERR_CARD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct step steps[] = { { SELECT_TEXT, "9000" },
			{ "00200091", answers[i].sw } };

		expect_tries(steps, 2, answers[i].want, false);
	}
}

static void
test_tries_fall_back(void **state)
{
	static const char *const refusals[] = { "6A86", "6A82", "6A88", "6B00",
		"6700", "6D00" };

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct step good[] = { { SELECT_TEXT, "9000" },
			{ "00200091", refusals[i] },
			{ "00A4020C02 0011", "9000" }, { "00200080", "63C2" } };
		const struct step no_key[] = { { SELECT_TEXT, "9000" },
			{ "00200091", refusals[i] },
			{ "00A4020C02 0011", "6A82" } };
		const struct step odd_select[] = { { SELECT_TEXT, "9000" },
			{ "00200091", refusals[i] },
			{ "00A4020C02 0011", "6985" } };
		const struct step both[] = { { SELECT_TEXT, "9000" },
			{ "00200091", refusals[i] },
			{ "00A4020C02 0011", "9000" },
			{ "00200080", refusals[i] } };

		expect_tries(good, 4, 2, true);
		expect_tries(no_key, 3, KENMEN_ERR_NOT_FOUND, false);
		expect_tries(odd_select, 3, KENMEN_ERR_CARD, false);
		expect_tries(both, 4, KENMEN_ERR_CARD, false);
	}
}

/* Each PIN in its application, by short id and by SELECT EF. */
static void
test_tries_where(void **state)
{
	static const struct {
		enum kenmen_pin pin;
		const char *select, *by_sfi, *ef;
	} where[] = {
		{ KENMEN_PIN_AUTH, SELECT_JPKI, "00200098", "00A4020C020018" },
		{ KENMEN_PIN_SIGN, SELECT_JPKI, "0020009B", "00A4020C02001B" },
		{ KENMEN_PIN_ATTRIBUTES, SELECT_TEXT, "00200091",
		    "00A4020C020011" },
		{ KENMEN_PIN_FACE_B, SELECT_VISUAL, "00200092",
		    "00A4020C020012" },
		{ KENMEN_PIN_FACE_A, SELECT_VISUAL, "00200093",
		    "00A4020C020013" },
	};
	const struct kenmen_forms no_sfi = { .no_sfi = true };

	(void)state;
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		const struct step sfi[] = { { where[i].select, "9000" },
			{ where[i].by_sfi, "63C5" },
			{ where[i].by_sfi, "63C4" } };
		const struct step ef[] = { { where[i].select, "9000" },
			{ where[i].ef, "9000" }, { "00200080", "63C5" } };
		struct script s = SCRIPT(sfi);
		struct kenmen_card *card = script_card(&s, NULL);

		assert_int_equal(kenmen_pin_tries(card, where[i].pin), 5);
		/* The application is known to be current. */
		assert_int_equal(kenmen_pin_tries(card, where[i].pin), 4);
		script_done(&s, &card);
		s = SCRIPT(ef);
		card = script_card(&s, &no_sfi);
		assert_int_equal(kenmen_pin_tries(card, where[i].pin), 5);
		script_done(&s, &card);
	}
}

static void
test_tries_arguments(void **state)
{
	static const struct step none[] = { { "", "" } };
	struct script s = { .steps = none, .n = 0 };
	struct kenmen_card *card = script_card(&s, NULL);

	(void)state;
	assert_int_equal(
	    kenmen_pin_tries(NULL, KENMEN_PIN_AUTH), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_pin_tries(card, KENMEN_PIN_N), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(
	    kenmen_pin_tries(card, KENMEN_PIN_AUTH), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);
}

/* ---- VERIFY ----------------------------------------------------------- */

static int
verify(struct kenmen_card *card, const char *code, int *ret_tries)
{
	struct kenmen_secret *secret = script_secret(code, strlen(code));
	int r =
	    kenmen_pin_verify(card, KENMEN_PIN_ATTRIBUTES, secret, ret_tries);

	kenmen_secret_free(&secret);
	return r;
}

struct verdict {
	const char *rsp;
	int err; /* of the reader, where rsp is NULL */
	bool gone;
	int want;
	int tries;
	bool reset; /* the card may hold a verified PIN: reset at the end */
};

static const struct verdict verdicts[] = {
	{ "9000", 0, false, 0, 77, true },
	{ "63C2", 0, false, KENMEN_ERR_PIN_WRONG, 2, false },
	{ "63C1", 0, false, KENMEN_ERR_PIN_WRONG, 1, false },
	{ "63C0", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, false },
	{ "6983", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, false },
	{ "6984", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, false },
	{ "6300", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6700", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6982", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6A82", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6A86", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6B00", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6C04", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6104", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6D00", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "6F00", 0, false, KENMEN_ERR_CARD, 77, true },
	{ "", 0, false, KENMEN_ERR_CARD_REMOVED, 77, true },
	{ NULL, KENMEN_ERR_TRANSMIT, false, KENMEN_ERR_TRANSMIT, 77, true },
	{ NULL, KENMEN_ERR_TRANSMIT, true, KENMEN_ERR_CARD_REMOVED, 77, true },
	{ NULL, KENMEN_ERR_CARD_REMOVED, true, KENMEN_ERR_CARD_REMOVED, 77,
	    true },
	{ NULL, KENMEN_ERR_CARD_RESET, false, KENMEN_ERR_CARD_RESET, 77, true },
	{ NULL, KENMEN_ERR_PCSC_UNAVAILABLE, false, KENMEN_ERR_PCSC_UNAVAILABLE,
	    77, true },
};

/* One VERIFY, and a second call sends nothing. by_select: SELECT EF form. */
static void
expect_verdict(const struct verdict *v, bool by_select)
{
	const struct kenmen_forms known = { .no_sfi = by_select };
	const struct step sfi[] = { { SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00200091 04 31323334", v->rsp, v->err, v->gone } };
	const struct step ef[] = { { SELECT_TEXT, "9000" },
		{ "00A4020C020011", "9000" }, { "00200080", "63C3" },
		{ "00200080 04 31323334", v->rsp, v->err, v->gone } };
	struct script s = SCRIPT(sfi);
	struct kenmen_card *card;
	int tries = 77;

	if (by_select)
		s = SCRIPT(ef);
	card = script_card(&s, &known);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(verify(card, "1234", &tries), v->want);
	assert_int_equal(tries, v->tries);
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	assert_int_equal(s.verifies, 1);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(s.resets, v->reset);
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);
	assert_int_equal(s.verifies, 1);
}

static void
test_verify_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		expect_verdict(&verdicts[i], false);
		expect_verdict(&verdicts[i], true);
	}
}

static void
test_verify_without_tries(void **state)
{
	static const struct step steps[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00200091", "63C3" },
		{ SELECT_JPKI, "9000" },
		{ "00200098", "63C3" },
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	int tries = 77;

	(void)state;
	/* Not asked yet. */
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	/* Asked, but of another key since. */
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_AUTH), 3);
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	/* Asked in the transaction before. */
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_begin(card), 0);
	assert_int_equal(verify(card, "1234", &tries), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(tries, 77);
	script_done(&s, &card);
	assert_int_equal(s.verifies, 0);
	assert_int_equal(s.resets, 0);
}

/* Any command in between, even one that failed, unsettles the form. */
static void
test_verify_after_another_command(void **state)
{
	static const struct step steps[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00B08200 000000", "6982" },
	};
	static const struct step left[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ SELECT_ISD, "9000" },
	};
	static const struct step asked_again[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00200091", NULL, KENMEN_ERR_TRANSMIT },
	};
	struct kenmen_attributes a;
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(
	    script_attributes(card, NULL, NULL, &a), KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(verify(card, "1234", NULL), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);

	s = SCRIPT(left);
	card = script_card(&s, NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(kenmen_card_leave(card), 0);
	assert_int_equal(verify(card, "1234", NULL), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);

	s = SCRIPT(asked_again);
	card = script_card(&s, NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(
	    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), KENMEN_ERR_TRANSMIT);
	assert_int_equal(verify(card, "1234", NULL), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);
}

/* A slip of the finger is seen before the card, and costs the question
 * nothing: the right form may still follow. */
static void
test_verify_format(void **state)
{
	static const char *const bad[] = { "", "123", "12345", "12a4",
		"１２３４", "ABCD" };
	static const struct step steps[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00200091 04 31323334", "63C2" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	int tries = 77;

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    verify(card, bad[i], &tries), KENMEN_ERR_PIN_FORMAT);
	assert_int_equal(s.verifies, 0);
	assert_int_equal(tries, 77);
	assert_int_equal(verify(card, "1234", NULL), KENMEN_ERR_PIN_WRONG);
	script_done(&s, &card);
}

/* The password goes to the card in upper case only. */
static void
test_verify_password(void **state)
{
	static const struct step steps[] = {
		{ SELECT_JPKI, "9000" },
		{ "0020009B", "63C5" },
		{ "0020009B 0A 53414D504C4531323334", "9000" },
		{ SELECT_ISD, "9000" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	struct kenmen_secret *code = script_secret("Sample1234", 10);

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_SIGN), 5);
	assert_int_equal(kenmen_pin_verify(card, KENMEN_PIN_SIGN, code, NULL),
	    KENMEN_ERR_PIN_FORMAT);
	assert_int_equal(kenmen_pin_fold(KENMEN_PIN_SIGN, code), 0);
	assert_int_equal(
	    kenmen_pin_verify(card, KENMEN_PIN_SIGN, code, NULL), 0);
	assert_int_equal(kenmen_card_leave(card), 0);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(s.resets, 0);
	kenmen_secret_free(&code);
	script_done(&s, &card);
}

/* A second try on purpose: asked again, sent again. */
static void
test_verify_again(void **state)
{
	static const struct step steps[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "63C3" },
		{ "00200091 04 30303030", "63C2" },
		{ "00200091", "63C2" },
		{ "00200091 04 31323334", "9000" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	int tries = 0;

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(verify(card, "0000", &tries), KENMEN_ERR_PIN_WRONG);
	assert_int_equal(tries, 2);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 2);
	assert_int_equal(verify(card, "1234", &tries), 0);
	assert_int_equal(tries, 2);
	script_done(&s, &card);
	assert_int_equal(s.resets, 1); /* freed inside the transaction */
}

/* ---- typed on the reader ---------------------------------------------- */

struct pad {
	enum kenmen_pin pin;
	const char *select, *query;
	const char *form; /* PAD, command, digits, seconds */
	unsigned timeout_s;
};

static const struct pad attributes_pad = { KENMEN_PIN_ATTRIBUTES, SELECT_TEXT,
	"00200091", "PAD 0020009100 04 04 1E", 30 };

/* Tries, then one VERIFY that the reader answers with sw or an error. */
static int
pad_run(const struct pad *pad, const char *sw, int err, bool gone,
    int *ret_tries, unsigned *ret_resets)
{
	const struct step steps[] = {
		{ pad->select, "9000" },
		{ pad->query, "63C3" },
		{ pad->form, sw, err, gone },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card;
	int r;

	s.keypad = true;
	card = script_card(&s, NULL);
	assert_true(kenmen_pin_on_pinpad(card, pad->pin));
	assert_int_equal(kenmen_pin_tries(card, pad->pin), 3);
	*ret_tries = 99;
	r = kenmen_pin_verify_on_pinpad(
	    card, pad->pin, pad->timeout_s, ret_tries);
	/* One question, one VERIFY. */
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, pad->pin, pad->timeout_s, NULL),
	    KENMEN_ERR_ARGUMENT);
	kenmen_card_end(card);
	*ret_resets = s.resets;
	assert_true(s.verifies <= 1);
	script_done(&s, &card);
	return r;
}

static void
test_pinpad_forms(void **state)
{
	static const struct pad pads[] = {
		{ KENMEN_PIN_AUTH, SELECT_JPKI, "00200098",
		    "PAD 0020009800 04 04 01", 1 },
		{ KENMEN_PIN_ATTRIBUTES, SELECT_TEXT, "00200091",
		    "PAD 0020009100 04 04 FF", 255 },
		{ KENMEN_PIN_FACE_B, SELECT_VISUAL, "00200092",
		    "PAD 0020009200 0E 0E FF", 256 },
		{ KENMEN_PIN_FACE_A, SELECT_VISUAL, "00200093",
		    "PAD 0020009300 0C 0C 78", 120 },
	};
	unsigned resets;
	int tries;

	(void)state;
	for (size_t i = 0; i < sizeof(pads) / sizeof(pads[0]); i++) {
		assert_int_equal(
		    pad_run(&pads[i], "9000", 0, false, &tries, &resets), 0);
		assert_int_equal(tries, 99);
		assert_int_equal(resets, 1); /* it was not left */
	}
}

static void
test_pinpad_answers(void **state)
{
	/* resets: what may have been verified is forgotten at the end */
	static const struct {
		const char *sw;
		int err;
		bool gone;
		int want, tries;
		unsigned resets;
	} cases[] = {
		{ "63C2", 0, false, KENMEN_ERR_PIN_WRONG, 2, 0 },
		{ "63C0", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, 0 },
		{ "6984", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, 0 },
		{ "6983", 0, false, KENMEN_ERR_PIN_BLOCKED, 0, 0 },
		{ "6400", 0, false, KENMEN_ERR_TIMEOUT, 99, 0 },
		{ "6401", 0, false, KENMEN_ERR_CANCELLED, 99, 0 },
		{ "6403", 0, false, KENMEN_ERR_PIN_FORMAT, 99, 0 },
		{ "6F00", 0, false, KENMEN_ERR_CARD, 99, 1 },
		{ "6700", 0, false, KENMEN_ERR_CARD, 99, 1 },
		{ NULL, KENMEN_ERR_TRANSMIT, false, KENMEN_ERR_TRANSMIT, 99,
		    1 },
		{ NULL, KENMEN_ERR_TRANSMIT, true, KENMEN_ERR_CARD_REMOVED, 99,
		    1 },
		{ NULL, KENMEN_ERR_CARD_REMOVED, true, KENMEN_ERR_CARD_REMOVED,
		    99, 1 },
		{ NULL, KENMEN_ERR_CARD_RESET, false, KENMEN_ERR_CARD_RESET, 99,
		    1 },
	};
	unsigned resets;
	int tries;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = pad_run(&attributes_pad, cases[i].sw, cases[i].err,
		    cases[i].gone, &tries, &resets);

		assert_int_equal(r, cases[i].want);
		assert_int_equal(tries, cases[i].tries);
		assert_int_equal(resets, cases[i].resets);
	}
}

/* The key by SELECT EF, settled by the question before. */
static void
test_pinpad_by_select(void **state)
{
	static const struct step steps[] = {
		{ SELECT_TEXT, "9000" },
		{ "00200091", "6A86" },
		{ "00A4020C02 0011", "9000" },
		{ "00200080", "63C3" },
		{ "PAD 0020008000 04 04 1E", "9000" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card;

	(void)state;
	s.keypad = true;
	card = script_card(&s, NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_ATTRIBUTES, 30, NULL),
	    0);
	script_done(&s, &card);
}

/* What no keypad can do, and what nobody may ask of one. */
static void
test_pinpad_refused(void **state)
{
	static const struct step steps[] = {
		{ SELECT_JPKI, "9000" },
		{ "0020009B", "63C5" },
		{ "00200098", "63C3" },
	};
	struct script s = SCRIPT(steps), plain = SCRIPT(steps);
	struct kenmen_card *card;
	const int bad = KENMEN_ERR_ARGUMENT;

	(void)state;
	s.keypad = true;
	card = script_card(&s, NULL);
	assert_false(kenmen_pin_on_pinpad(card, KENMEN_PIN_SIGN));
	assert_false(kenmen_pin_on_pinpad(card, KENMEN_PIN_N));
	assert_false(kenmen_pin_on_pinpad(NULL, KENMEN_PIN_AUTH));
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_AUTH, 30, NULL), bad);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_SIGN), 5);
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_SIGN, 30, NULL), bad);
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_AUTH, 30, NULL), bad);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_AUTH), 3);
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_AUTH, 0, NULL), bad);
	assert_int_equal(s.verifies, 0);
	script_done(&s, &card);

	card = script_card(&plain, NULL);
	assert_false(kenmen_pin_on_pinpad(card, KENMEN_PIN_AUTH));
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_SIGN), 5);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_AUTH), 3);
	assert_int_equal(
	    kenmen_pin_verify_on_pinpad(card, KENMEN_PIN_AUTH, 30, NULL), bad);
	script_done(&plain, &card);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_bounds),
		cmocka_unit_test(test_fold_every_character),
		cmocka_unit_test(test_max_tries),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_tries_fall_back),
		cmocka_unit_test(test_tries_where),
		cmocka_unit_test(test_tries_arguments),
		cmocka_unit_test(test_verify_verdicts),
		cmocka_unit_test(test_verify_without_tries),
		cmocka_unit_test(test_verify_after_another_command),
		cmocka_unit_test(test_verify_format),
		cmocka_unit_test(test_verify_password),
		cmocka_unit_test(test_verify_again),
		cmocka_unit_test(test_pinpad_forms),
		cmocka_unit_test(test_pinpad_answers),
		cmocka_unit_test(test_pinpad_by_select),
		cmocka_unit_test(test_pinpad_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
