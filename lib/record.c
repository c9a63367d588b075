#include "record.h"

#include <stdbool.h>
#include <string.h>

#include "tlv.h"

#define TAG_MY_NUMBER 0xFF10
#define TAG_ATTRIBUTES 0xFF20

/* ---- UTF-8 ------------------------------------------------------------ */

/* RFC 3629 4: what may follow which first byte. */
struct utf8_form {
	uint8_t first_min, first_max;
	uint8_t len;
	uint8_t second_min, second_max;
};

/* clang-format off */
static const struct utf8_form utf8_forms[] = {
	{ 0xC2, 0xDF, 2, 0x80, 0xBF },
	{ 0xE0, 0xE0, 3, 0xA0, 0xBF }, /* not overlong */
	{ 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F }, /* no surrogates */
	{ 0xEE, 0xEF, 3, 0x80, 0xBF },
	{ 0xF0, 0xF0, 4, 0x90, 0xBF }, /* not overlong */
	{ 0xF1, 0xF3, 4, 0x80, 0xBF },
	{ 0xF4, 0xF4, 4, 0x80, 0x8F }, /* not past U+10FFFF */
};
/* clang-format on */

static const struct utf8_form *
utf8_form(uint8_t first)
{
	size_t n = sizeof(utf8_forms) / sizeof(utf8_forms[0]);

	for (size_t i = 0; i < n; i++) {
		if (first >= utf8_forms[i].first_min &&
		    first <= utf8_forms[i].first_max)
			return &utf8_forms[i];
	}
	return NULL;
}

/* C0 with DEL, and C1: U+0080 to U+009F are C2 80 to C2 9F. */
static bool
is_control(const uint8_t *at, size_t len)
{
	if (len == 1)
		return at[0] < 0x20 || at[0] == 0x7F;
	return len == 2 && at[0] == 0xC2 && at[1] < 0xA0;
}

/*
 * How many bytes the character at the front takes, and whether it may stand.
 * Of a broken one the longest part that could have begun a character counts
 * as one (Unicode 3.9, "maximal subpart").
 */
static size_t
utf8_next(const uint8_t *at, size_t left, bool *ret_good)
{
	const struct utf8_form *form;
	size_t n = 1;

	*ret_good = false;
	if (at[0] < 0x80) {
		*ret_good = !is_control(at, 1);
		return 1;
	}
	if ((form = utf8_form(at[0])) == NULL)
		return 1;
	for (; n < form->len && n < left; n++) {
		uint8_t min = n == 1 ? form->second_min : 0x80;
		uint8_t max = n == 1 ? form->second_max : 0xBF;

		if (at[n] < min || at[n] > max)
			return n;
	}
	*ret_good = n == form->len && !is_control(at, n);
	return n;
}

bool
record_text(const uint8_t *bytes, size_t len, char *ret, size_t size)
{
	static const uint8_t replacement[3] = { 0xEF, 0xBF, 0xBD };
	size_t out = 0;

	for (size_t in = 0; in < len;) {
		const uint8_t *from = bytes + in;
		bool good;
		size_t taken = utf8_next(from, len - in, &good);
		size_t n = good ? taken : sizeof(replacement);

		if (n >= size - out)
			return false;
		memcpy(ret + out, good ? from : replacement, n);
		in += taken;
		out += n;
	}
	ret[out] = '\0';
	return true;
}

/* ---- the fields ------------------------------------------------------- */

static unsigned
number(const char *digits, size_t n)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return value;
}

static unsigned
days_in(unsigned year, unsigned month)
{
	static const unsigned char days[12] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Cards also say that a month or day is not known; that is no date. */
static bool
is_date(const char *raw)
{
	unsigned year, month, day;

	if (strlen(raw) != 8 || strspn(raw, "0123456789") != 8)
		return false;
	year = number(raw, 4);
	month = number(raw + 4, 2);
	day = number(raw + 6, 2);
	/* The first whole year of the Gregorian calendar. */
	return year >= 1583 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_in(year, month);
}

void
record_date(const char *raw, char *ret)
{
	ret[0] = '\0';
	if (!is_date(raw))
		return;
	memcpy(ret, raw, 4);
	ret[4] = '-';
	memcpy(ret + 5, raw + 4, 2);
	ret[7] = '-';
	memcpy(ret + 8, raw + 6, 2);
	ret[10] = '\0';
}

enum kenmen_sex
record_sex(const char *code)
{
	static const struct {
		char code[2];
		enum kenmen_sex sex;
	} sexes[] = {
		{ "0", KENMEN_SEX_UNKNOWN },
		{ "1", KENMEN_SEX_MALE },
		{ "2", KENMEN_SEX_FEMALE },
		{ "9", KENMEN_SEX_NOT_APPLICABLE },
	};

	for (size_t i = 0; i < sizeof(sexes) / sizeof(sexes[0]); i++) {
		if (strcmp(code, sexes[i].code) == 0)
			return sexes[i].sex;
	}
	return KENMEN_SEX_UNKNOWN;
}

/* ---- EF 0002 ---------------------------------------------------------- */

struct field {
	uint32_t tag;
	size_t at; /* in struct kenmen_attributes */
	size_t size;
};

#define MEMBER(name)                                                           \
	offsetof(struct kenmen_attributes, name),                              \
	    sizeof(((struct kenmen_attributes *)NULL)->name)

/* In the card's order. */
static const struct field fields[] = {
	{ 0xDF21, 0, 0 }, /* offsets: must be there, not looked into */
	{ 0xDF22, MEMBER(name) },
	{ 0xDF23, MEMBER(address) },
	{ 0xDF24, MEMBER(birth_date_raw) },
	{ 0xDF25, MEMBER(sex_code) },
};
#define FIELD_N (sizeof(fields) / sizeof(fields[0]))

/* FIELD_N: a tag that we do not know. */
static size_t
field_index(uint32_t tag)
{
	size_t i = 0;

	while (i < FIELD_N && fields[i].tag != tag)
		i++;
	return i;
}

static bool
fields_read(struct tlv *t, struct kenmen_attributes *a)
{
	struct tlv_item item;
	size_t expected = 0;

	while (tlv_next(t, &item)) {
		size_t i = field_index(item.tag);

		if (i == FIELD_N)
			continue;
		if (i != expected++) /* missing, repeated or out of order */
			return false;
		if (fields[i].size > 0 &&
		    !record_text(item.value, item.len, (char *)a + fields[i].at,
			fields[i].size))
			return false;
	}
	return tlv_finish(t) && expected == FIELD_N;
}

int
record_attributes(const uint8_t *buf, size_t len, struct kenmen_attributes *ret)
{
	struct kenmen_attributes a = { 0 };
	struct tlv_item outer;
	struct tlv t;
	int r = KENMEN_ERR_DATA;

	tlv_start(&t, buf, len);
	if (!tlv_next(&t, &outer) || outer.tag != TAG_ATTRIBUTES)
		goto out;
	tlv_start(&t, outer.value, outer.len);
	if (!fields_read(&t, &a))
		goto out;
	record_date(a.birth_date_raw, a.birth_date);
	a.sex = record_sex(a.sex_code);
	*ret = a;
	r = 0;
out:
	kenmen_wipe(&a, sizeof(a));
	return r;
}

/* ---- EF 0001 ---------------------------------------------------------- */

bool
kenmen_my_number_ok(const char *number)
{
	const size_t n = KENMEN_MY_NUMBER_LEN - 1; /* digits that are weighed */
	unsigned sum = 0, want;

	if (number == NULL || strlen(number) != KENMEN_MY_NUMBER_LEN ||
	    strspn(number, "0123456789") != KENMEN_MY_NUMBER_LEN)
		return false;
	/* Weights 2 to 7, then 2 to 6, counted from the right. */
	for (unsigned i = 1; i <= n; i++)
		sum +=
		    (unsigned)(number[n - i] - '0') * (i <= 6 ? i + 1 : i - 5);
	want = sum % 11 <= 1 ? 0 : 11 - sum % 11;
	return (unsigned)(number[n] - '0') == want;
}

int
record_my_number(
    const uint8_t *buf, size_t len, char ret[KENMEN_MY_NUMBER_LEN + 1])
{
	char number[KENMEN_MY_NUMBER_LEN + 1] = "";
	struct tlv_item item;
	struct tlv t;
	int r = KENMEN_ERR_DATA;

	tlv_start(&t, buf, len);
	if (!tlv_next(&t, &item) || item.tag != TAG_MY_NUMBER ||
	    item.len != KENMEN_MY_NUMBER_LEN)
		return r;
	memcpy(number, item.value, item.len);
	if (kenmen_my_number_ok(number)) {
		memcpy(ret, number, sizeof(number));
		r = 0;
	}
	kenmen_wipe(number, sizeof(number));
	return r;
}

/* ---- images ----------------------------------------------------------- */

static bool
begins(const uint8_t *buf, size_t len, const uint8_t *magic, size_t magic_len)
{
	return len >= magic_len && memcmp(buf, magic, magic_len) == 0;
}

bool
record_is_png(const uint8_t *buf, size_t len)
{
	static const uint8_t magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A,
		'\n' };

	return begins(buf, len, magic, sizeof(magic));
}

bool
record_is_jp2(const uint8_t *buf, size_t len)
{
	/* ISO/IEC 15444-1 I.5.1: the signature box. */
	static const uint8_t magic[] = { 0x00, 0x00, 0x00, 0x0C, 'j', 'P', ' ',
		' ', '\r', '\n', 0x87, '\n' };

	return begins(buf, len, magic, sizeof(magic));
}
