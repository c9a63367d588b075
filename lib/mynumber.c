/*
 * The My Number card: which application, which file, which PIN, in which
 * order. How a command is put is card.c's, what a file means record.c's.
 */
#include "kenmen.h"

#include <stdbool.h>

#include "card.h"
#include "record.h"
#include "secret.h"

/* ---- what is where ---------------------------------------------------- */

/* 券面事項入力補助AP */
static const struct card_aid app_text = { 10,
	{ 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08 } };
/* 券面事項確認AP */
static const struct card_aid app_visual = { 10,
	{ 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02 } };
/* 公的個人認証AP */
static const struct card_aid app_jpki = { 10,
	{ 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 } };

#define EF_ATTRIBUTES 0x02 /* of the text application */

struct pin_form {
	uint8_t min, max; /* characters */
	bool letters;     /* A-Z beside digits, and at least one of each */
};

static const struct pin_form digits_4 = { 4, 4, false };
static const struct pin_form digits_12 = { 12, 12, false };
static const struct pin_form digits_14 = { 14, 14, false };
static const struct pin_form password = { 6, 16, true };

struct pin_desc {
	const struct card_aid *aid;
	struct card_key key;
	const struct pin_form *form;
	int max_tries; /* 0: not published */
};

/* clang-format off */
static const struct pin_desc pins[KENMEN_PIN_N] = {
	/*                          application   key       form      tries */
	[KENMEN_PIN_AUTH]       = { &app_jpki,   { 0x18 }, &digits_4,  3 },
	[KENMEN_PIN_SIGN]       = { &app_jpki,   { 0x1B }, &password,  5 },
	[KENMEN_PIN_ATTRIBUTES] = { &app_text,   { 0x11 }, &digits_4,  3 },
	/* In the text application these two keys stand the other way round. */
	[KENMEN_PIN_FACE_B]     = { &app_visual, { 0x12 }, &digits_14, 0 },
	[KENMEN_PIN_FACE_A]     = { &app_visual, { 0x13 }, &digits_12, 0 },
};

/* Short ids in the JPKI application. */
static const uint8_t certificate_efs[KENMEN_CERT_N] = {
	[KENMEN_CERT_AUTH]    = 0x0A,
	[KENMEN_CERT_SIGN]    = 0x01, /* readable after its password only */
	[KENMEN_CERT_AUTH_CA] = 0x0B,
	[KENMEN_CERT_SIGN_CA] = 0x02,
};
/* clang-format on */

/* NULL: not a PIN of ours. */
static const struct pin_desc *
pin_desc(enum kenmen_pin pin)
{
	return (unsigned)pin < KENMEN_PIN_N ? &pins[pin] : NULL;
}

/* A card without one of these applications is no My Number card. */
static int
app_select(struct kenmen_card *card, const struct card_aid *aid)
{
	int r = card_select(card, aid);

	return r == KENMEN_ERR_NOT_FOUND ? KENMEN_ERR_NOT_MY_NUMBER_CARD : r;
}

/* ---- the form of a PIN ------------------------------------------------ */

/*
 * The next character as ASCII, full-width ones folded, a-z folded to A-Z;
 * 0 when it is neither a letter nor a digit. A full-width one has just one
 * valid coding: U+FF10 to FF19 EF BC 90 to 99, U+FF21 to FF3A EF BC A1 to BA,
 * U+FF41 to FF5A EF BD 81 to 9A.
 */
static uint8_t
fold_next(const uint8_t *at, size_t left, size_t *ret_taken)
{
	uint8_t c = at[0];

	*ret_taken = 1;
	if (c == 0xEF && left >= 3) {
		*ret_taken = 3;
		if (at[1] == 0xBC && at[2] >= 0x90 && at[2] <= 0xBA)
			c = (uint8_t)(at[2] - 0x90 + '0');
		else if (at[1] == 0xBD && at[2] >= 0x81 && at[2] <= 0x9A)
			c = (uint8_t)(at[2] - 0x81 + 'a');
	}
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))
		return c;
	return 0;
}

/* Folds into out, or only looks when out is NULL; out may be at itself, since
 * it never gets longer. False: not the form. */
static bool
fold(const struct pin_form *form, const uint8_t *at, size_t len, uint8_t *out,
    size_t *ret_len)
{
	size_t n = 0, digits = 0, taken;

	for (size_t in = 0; in < len; in += taken) {
		uint8_t c = fold_next(at + in, len - in, &taken);

		if (c == 0 || n == form->max)
			return false;
		if (c <= '9')
			digits++;
		if (out != NULL)
			out[n] = c;
		n++;
	}
	*ret_len = n;
	if (n < form->min)
		return false;
	return form->letters ? digits > 0 && digits < n : digits == n;
}

int
kenmen_pin_fold(enum kenmen_pin pin, struct kenmen_secret *code)
{
	const struct pin_desc *desc = pin_desc(pin);
	uint8_t *bytes;
	size_t len, n = 0;

	if (desc == NULL || code == NULL)
		return KENMEN_ERR_ARGUMENT;
	bytes = kenmen_secret_bytes(code);
	len = kenmen_secret_len(code);
	/* First look, then write: what is refused stays as typed. */
	if (!fold(desc->form, bytes, len, NULL, &n))
		return KENMEN_ERR_PIN_FORMAT;
	fold(desc->form, bytes, len, bytes, &n);
	return kenmen_secret_set_len(code, n);
}

/* Whether the code is what kenmen_pin_fold leaves: ASCII, upper case. */
static bool
pin_format_ok(const struct pin_form *form, const struct kenmen_secret *code)
{
	const uint8_t *bytes = secret_peek(code);
	size_t len = kenmen_secret_len(code), n = 0;

	if (!fold(form, bytes, len, NULL, &n) || n != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] >= 'a')
			return false;
	}
	return true;
}

/* ---- PINs ------------------------------------------------------------- */

int
kenmen_pin_max_tries(enum kenmen_pin pin)
{
	const struct pin_desc *desc = pin_desc(pin);

	return desc == NULL ? KENMEN_ERR_ARGUMENT : desc->max_tries;
}

int
kenmen_pin_tries(struct kenmen_card *card, enum kenmen_pin pin)
{
	const struct pin_desc *desc = pin_desc(pin);
	int r;

	if (card == NULL || desc == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, desc->aid)) < 0)
		return r;
	return card_tries(card, &desc->key);
}

int
kenmen_pin_verify(struct kenmen_card *card, enum kenmen_pin pin,
    const struct kenmen_secret *code, int *ret_tries)
{
	const struct pin_desc *desc = pin_desc(pin);

	if (card == NULL || desc == NULL || code == NULL)
		return KENMEN_ERR_ARGUMENT;
	/* A typo that we can see for ourselves must not cost the holder a try.
	 */
	if (!pin_format_ok(desc->form, code))
		return KENMEN_ERR_PIN_FORMAT;
	return card_verify(card, &desc->key, code, ret_tries);
}

/* ---- what the card holds ---------------------------------------------- */

int
kenmen_attributes_read(struct kenmen_card *card,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_attributes *ret)
{
	struct card_file file = { NULL, 0 };
	int r;

	if (card == NULL || ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, &app_text)) < 0 ||
	    (r = card_read(card, EF_ATTRIBUTES, progress, arg, &file)) < 0)
		goto out;
	r = record_attributes(file.bytes, file.len, ret);
out:
	card_file_free(&file);
	return r;
}

/*
 * A counter that the card does not have is an answer, not a failure. Nobody
 * says that 照合番号 are counted at all; one source has them answer 6300.
 */
static int
info_tries(struct kenmen_card *card, enum kenmen_pin pin, int *ret)
{
	int r = kenmen_pin_tries(card, pin);

	if (r == KENMEN_ERR_NOT_FOUND || r == KENMEN_ERR_NOT_MY_NUMBER_CARD ||
	    (r == KENMEN_ERR_CARD && kenmen_pin_max_tries(pin) == 0))
		r = -1;
	else if (r < 0)
		return r;
	*ret = r;
	return 0;
}

/* A certificate is a SEQUENCE, 30; a file without one holds filler. */
static int8_t
certificate_state(int probe, uint8_t first)
{
	switch ((enum card_probe)probe) {
	case CARD_PROBE_FILLED:
		return first == 0x30 ? 1 : 0;
	case CARD_PROBE_EMPTY:
	case CARD_PROBE_ABSENT:
		return 0;
	case CARD_PROBE_LOCKED:
	case CARD_PROBE_UNCLEAR:
		return -1;
	}
	return -1;
}

static int
certificate_probe(struct kenmen_card *card, enum kenmen_certificate which,
    bool by_select, struct kenmen_card_info *info)
{
	uint8_t first = 0;
	int r = card_probe(card, certificate_efs[which], by_select, &first);

	if (r < 0)
		return r;
	info->certificates[which] = certificate_state(r, first);
	return 0;
}

static int
certificates_probe(
    struct kenmen_card *card, bool by_select, struct kenmen_card_info *info)
{
	static const enum kenmen_certificate order[KENMEN_CERT_N] = {
		KENMEN_CERT_AUTH, KENMEN_CERT_AUTH_CA, KENMEN_CERT_SIGN_CA,
		KENMEN_CERT_SIGN
	};
	int r = 0;

	for (int i = 0; i < KENMEN_CERT_N && r == 0; i++)
		r = certificate_probe(card, order[i], by_select, info);
	return r;
}

/* The CA certificates stand on every card that has the application. */
static bool
no_ca_found(const struct kenmen_card_info *info)
{
	return info->certificates[KENMEN_CERT_AUTH_CA] == 0 &&
	       info->certificates[KENMEN_CERT_SIGN_CA] == 0;
}

static int
info_jpki(struct kenmen_card *card, struct kenmen_card_info *info)
{
	struct kenmen_forms forms;
	int r = card_select(card, &app_jpki);

	if (r == KENMEN_ERR_NOT_FOUND)
		return 0; /* all its entries stay -1 */
	if (r < 0 ||
	    (r = info_tries(
		 card, KENMEN_PIN_AUTH, &info->tries[KENMEN_PIN_AUTH])) < 0 ||
	    (r = info_tries(
		 card, KENMEN_PIN_SIGN, &info->tries[KENMEN_PIN_SIGN])) < 0 ||
	    (r = certificates_probe(card, false, info)) < 0)
		return r;
	/* Then it may be the short ids that the card did not find. */
	kenmen_card_forms(card, &forms);
	if (no_ca_found(info) && !forms.no_sfi)
		r = certificates_probe(card, true, info);
	return r;
}

static int
info_visual(struct kenmen_card *card, struct kenmen_card_info *info)
{
	int r = card_select(card, &app_visual);

	if (r == KENMEN_ERR_NOT_FOUND)
		return 0;
	if (r < 0 || (r = info_tries(card, KENMEN_PIN_FACE_B,
			  &info->tries[KENMEN_PIN_FACE_B])) < 0)
		return r;
	return info_tries(
	    card, KENMEN_PIN_FACE_A, &info->tries[KENMEN_PIN_FACE_A]);
}

int
kenmen_card_info_read(struct kenmen_card *card, struct kenmen_card_info *ret)
{
	const enum kenmen_pin text_pin = KENMEN_PIN_ATTRIBUTES;
	struct kenmen_card_info info;
	int r;

	if (card == NULL || ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	for (int i = 0; i < KENMEN_PIN_N; i++)
		info.tries[i] = -1;
	for (int i = 0; i < KENMEN_CERT_N; i++)
		info.certificates[i] = -1;
	if ((r = app_select(card, &app_text)) < 0 ||
	    (r = info_tries(card, text_pin, &info.tries[text_pin])) < 0 ||
	    (r = info_jpki(card, &info)) < 0 ||
	    (r = info_visual(card, &info)) < 0)
		return r;
	*ret = info;
	return 0;
}
