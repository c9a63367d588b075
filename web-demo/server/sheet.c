#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "letters.h"
#include "utf8.h"

#define ARRAY_N(a) (sizeof(a) / sizeof(*(a)))

/* ---- what the fields are ---------------------------------------------- */

struct choice {
	const char *word, *ja;
};

/* clang-format off */
static const struct choice sexes[] = {
	{ "male", "男性" }, { "female", "女性" },
	{ "not_applicable", "適用不能" }, { "unknown", "不明" },
	{ NULL, NULL },
};
static const struct choice kinds[] = {
	{ "airplane", "飛行機" },
	{ "helicopter", "回転翼航空機（ヘリコプター）" },
	{ "multirotor", "回転翼航空機（マルチローター）" },
	{ "rotor_other", "回転翼航空機（その他）" },
	{ "glider", "滑空機" },
	{ "airship", "飛行船" },
	{ NULL, NULL },
};
static const struct choice purposes[] = {
	{ "hobby", "趣味" }, { "business", "業務" }, { "public", "公的機関の業務" },
	{ NULL, NULL },
};
static const struct choice remote_ids[] = {
	{ "built_in", "あり（内蔵）" }, { "external", "あり（外付け）" },
	{ "none", "なし" },
	{ NULL, NULL },
};

/* Advice that more than one field may need. */
static const struct advice
	no_utf8 = { "It is too long, or holds bytes that are no text.",
	    "長すぎるか、文字として読めないデータが含まれています。短くするか、入力し直してください。" },
	missing = { "Fill this in.", "入力してください。" },
	not_chosen = { "Choose one.", "ひとつ選んでください。" },
	too_long = { "This is too long; shorten it.", "長すぎます。短くしてください。" },
	unreadable = { "A character could not be read from the card; type it in its place (U+FFFD).",
	    "カードから読み取れなかった文字（\xef\xbf\xbd）があります。正しい文字を入力してください。" },
	forbidden = { "It holds a character that cannot be seen or would break the line; remove it.",
	    "改行や、目に見えない文字が含まれています。取り除いてください。" };
/* clang-format on */

static const struct advice *fault_date(const char *value, int64_t now_s);
static const struct advice *fault_email(const char *value, int64_t now_s);
static const struct advice *fault_phone(const char *value, int64_t now_s);
static const struct advice *fault_serial(const char *value, int64_t now_s);
static const struct advice *fault_weight(const char *value, int64_t now_s);

/* clang-format off */
static const struct {
	const char *name, *label;
	unsigned max; /* characters */
	bool narrow;  /* ASCII is wanted */
	const struct choice *choices;
	const struct advice *(*fault)(const char *value, int64_t now_s);
} fields[FIELD_N] = {
	[FIELD_NAME]       = { "name",       "氏名",           200, false, NULL, NULL },
	[FIELD_ADDRESS]    = { "address",    "住所",           300, false, NULL, NULL },
	[FIELD_BIRTH_DATE] = { "birth_date", "生年月日",       10,  true,  NULL, fault_date },
	[FIELD_SEX]        = { "sex",        "性別",           20,  false, sexes, NULL },
	[FIELD_EMAIL]      = { "email",      "メールアドレス", 254, true,  NULL, fault_email },
	[FIELD_PHONE]      = { "phone",      "電話番号",       20,  true,  NULL, fault_phone },
	[FIELD_KIND]       = { "kind",       "種類",           20,  false, kinds, NULL },
	[FIELD_MAKER]      = { "maker",      "製造者",         80,  false, NULL, NULL },
	[FIELD_MODEL]      = { "model",      "型式",           80,  false, NULL, NULL },
	[FIELD_SERIAL]     = { "serial",     "製造番号",       20,  true,  NULL, fault_serial },
	[FIELD_WEIGHT_G]   = { "weight_g",   "重量",           7,   true,  NULL, fault_weight },
	[FIELD_PURPOSE]    = { "purpose",    "使用の目的",     20,  false, purposes, NULL },
	[FIELD_REMOTE_ID]  = { "remote_id",  "リモートID機能", 20,  false, remote_ids, NULL },
};
/* clang-format on */

const char *
field_name(enum field field)
{
	return fields[field].name;
}

const char *
field_label(enum field field)
{
	return fields[field].label;
}

/* ---- taking a value --------------------------------------------------- */

bool
sheet_put(struct sheet *sheet, enum field field, const char *typed)
{
	const char *at = typed, *end = typed + strlen(typed);

	while (utf8_next(&at, end))
		;
	if (at != end || (size_t)(end - typed) > VALUE_MAX)
		return false;
	strcpy(sheet->value[field], typed);
	if (fields[field].narrow)
		text_narrow(sheet->value[field]);
	text_trim(sheet->value[field]);
	return true;
}

/* ---- what is wrong ---------------------------------------------------- */

static bool
date_parse(const char *value, struct tm *ret)
{
	struct tm tm = { 0 };
	char again[16];

	/* The way back catches 2026-02-30, spaces and signs alike. */
	if (sscanf(value, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	timegm(&tm);
	strftime(again, sizeof(again), "%Y-%m-%d", &tm);
	*ret = tm;
	return strcmp(again, value) == 0;
}

static const struct advice *
fault_date(const char *value, int64_t now_s)
{
	static const struct advice form = {
		"Write it as year, month, day: 1990-04-01.",
		"1990-04-01 のように、西暦の年-月-日で入力してください。"
	};
	static const struct advice later = {
		"This day does not lie in the past; check the year.",
		"未来の日付です。年を確かめてください。"
	};
	struct tm tm;

	if (!date_parse(value, &tm) || tm.tm_year < 0)
		return &form;
	/* Midnight in Japan comes nine hours before. */
	return timegm(&tm) > now_s + 9 * 3600 ? &later : NULL;
}

static const struct advice *
fault_email(const char *value, int64_t now_s)
{
	static const struct advice form = { "Write it as name@example.jp.",
		"name@example.jp の形で入力してください。" };
	const char *at = strchr(value, '@');

	(void)now_s;
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("\"(),:;<>[\\]", *c))
			return &form;
	if (!at || at == value || strchr(at + 1, '@') || !strchr(at, '.') ||
	    at[1] == '.' || value[strlen(value) - 1] == '.')
		return &form;
	return NULL;
}

static const struct advice *
fault_phone(const char *value, int64_t now_s)
{
	static const struct advice form = {
		"Write 10 to 15 digits, with hyphens if you like: "
		"03-1234-5678.",
		"03-1234-5678 "
		"のように、10～15桁の数字で入力してください（ハイフン可）。"
	};
	size_t digits = 0;

	(void)now_s;
	for (const char *c = value; *c; c++) {
		digits += *c >= '0' && *c <= '9';
		if (!strchr("0123456789-", *c) && !(*c == '+' && c == value))
			return &form;
	}
	return digits >= 10 && digits <= 15 ? NULL : &form;
}

static const struct advice *
fault_serial(const char *value, int64_t now_s)
{
	static const struct advice form = {
		"Use letters, digits and hyphens only, as on the aircraft's "
		"plate.",
		"機体の表示のとおり、英数字とハイフンだけで入力してください。"
	};

	(void)now_s;
	for (const char *c = value; *c; c++) {
		bool letter =
		    (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');

		if (!letter && !strchr("0123456789-", *c))
			return &form;
	}
	return NULL;
}

static const struct advice *
fault_weight(const char *value, int64_t now_s)
{
	static const struct advice form = {
		"Write the weight with its battery in grams, digits only: 249.",
		"バッテリーを含む重量を、グラム単位の数字だけで入力してくださ"
		"い（例: 249）。"
	};
	static const struct advice light = {
		"Below 100 g an aircraft is not registered; check the weight.",
		"100グラム未満の機体は登録の対象外です。重量を確かめてください"
		"。"
	};

	(void)now_s;
	if (strspn(value, "0123456789") != strlen(value))
		return &form;
	return strtol(value, NULL, 10) < 100 ? &light : NULL;
}

static const struct choice *
choice_find(const struct choice *choices, const char *word)
{
	for (; choices->word; choices++)
		if (strcmp(choices->word, word) == 0)
			return choices;
	return NULL;
}

static const struct advice *
fault_letters(const char *value)
{
	const char *end = value + strlen(value);
	unsigned c;

	while ((c = utf8_next(&value, end))) {
		if (c == LETTER_UNREADABLE)
			return &unreadable;
		if (letter_is_forbidden(c))
			return &forbidden;
	}
	return NULL;
}

const struct advice *
sheet_fault(const struct sheet *sheet, enum field field, int64_t now_s)
{
	const char *value = sheet->value[field];
	const struct choice *choices = fields[field].choices;
	const struct advice *fault;

	if (choices)
		return choice_find(choices, value) ? NULL : &not_chosen;
	if (value[0] == '\0')
		return &missing;
	if ((fault = fault_letters(value)))
		return fault;
	if (text_count(value) > fields[field].max)
		return &too_long;
	return fields[field].fault ? fields[field].fault(value, now_s) : NULL;
}

const struct advice *
sheet_refused(void)
{
	return &no_utf8;
}

/* ---- in words --------------------------------------------------------- */

void
sheet_words(const struct sheet *sheet, enum field field, char *ret)
{
	const char *value = sheet->value[field];
	const struct choice *choice;
	size_t room = VALUE_MAX + 64;
	struct tm tm;

	if (fields[field].choices) {
		choice = choice_find(fields[field].choices, value);
		snprintf(ret, room, "%s", choice ? choice->ja : "");
	} else if (field == FIELD_BIRTH_DATE && date_parse(value, &tm)) {
		snprintf(ret, room, "%d年%d月%d日", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
	} else if (field == FIELD_WEIGHT_G) {
		snprintf(ret, room, "%sグラム（%s）", value,
		    strtol(value, NULL, 10) < 25000 ? "25キログラム未満"
						    : "25キログラム以上");
	} else {
		snprintf(ret, room, "%s", value);
	}
}
