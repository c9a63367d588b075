/*
 * The My Number card: which application, which file, which PIN, in which
 * order. How a command is put is card.c's, what a file means record.c's.
 */
#include "kenmen.h"

#include <stdbool.h>
#include <string.h>

#include "blob.h"
#include "card.h"
#include "genuine.h"
#include "jws.h"
#include "record.h"
#include "secret.h"
#include "sigcheck.h"
#include "trust.h"

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

/* Of the text application. */
#define EF_MY_NUMBER 0x01
#define EF_ATTRIBUTES 0x02
#define EF_DIGESTS 0x03
#define EF_CHIP_KEY 0x07
/* Of the visual application. */
#define EF_FACE 0x02
/* Of the JPKI application: what it is on. */
#define EF_TOKEN 0x06
/* Of both: the card-verifiable certificate of who signed the records. */
#define EF_ISSUER 0x04

/* EF 0001 whole, with its filler: what is digested (EF 0003). */
#define MY_NUMBER_FILE_LEN 17
#define NONCE_LEN 32

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

/* Short ids in the JPKI application; key 0: we sign with none. */
static const uint8_t certificate_keys[KENMEN_CERT_N] = {
	[KENMEN_CERT_AUTH]    = 0x17,
	[KENMEN_CERT_SIGN]    = 0x1A,
};
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

bool
kenmen_pin_on_pinpad(const struct kenmen_card *card, enum kenmen_pin pin)
{
	const struct pin_desc *desc = pin_desc(pin);

	return card != NULL && desc != NULL && !desc->form->letters &&
	       card_has_pinpad(card);
}

int
kenmen_pin_verify_on_pinpad(struct kenmen_card *card, enum kenmen_pin pin,
    unsigned timeout_s, int *ret_tries)
{
	const struct pin_desc *desc = pin_desc(pin);
	const uint8_t most = UINT8_MAX;

	if (!kenmen_pin_on_pinpad(card, pin) || timeout_s == 0)
		return KENMEN_ERR_ARGUMENT;
	return card_verify_on_pinpad(card, &desc->key, desc->form->min,
	    desc->form->max, timeout_s < most ? (uint8_t)timeout_s : most,
	    ret_tries);
}

/* ---- what shows that it is genuine ------------------------------------ */

/*
 * What only the check needs may not be there: then something stays unchecked,
 * which the verdict says. No published description of these files is certain,
 * so a status that nobody foresaw counts as not there, too.
 */
static int
absent_is_fine(int r)
{
	switch (r) {
	case KENMEN_ERR_NOT_FOUND:
	case KENMEN_ERR_PIN_REQUIRED:
	case KENMEN_ERR_CARD:
		return 0;
	default:
		return r;
	}
}

static int
proof_read(struct kenmen_card *card, uint8_t sfi, struct kenmen_blob *ret)
{
	return absent_is_fine(card_read(card, sfi, NULL, NULL, ret));
}

/* Unless a known one is at hand already. */
static int
issuer_read(struct kenmen_card *card, struct kenmen_blob *certificate)
{
	if (certificate->bytes != NULL)
		return 0;
	return proof_read(card, EF_ISSUER, certificate);
}

/* 内部認証: the chip signs with the key of its own; no PIN is asked. */
static int
chip_sign(struct kenmen_card *card, struct genuine_chip *chip)
{
	uint8_t info[SIG_INFO_MAX], signature[KENMEN_SIGNATURE_MAX];
	size_t len = sizeof(signature);
	struct kenmen_forms forms;
	int n, r;

	/* A reader that loses such answers would leave the card in doubt. */
	kenmen_card_forms(card, &forms);
	if (forms.small_blocks)
		return 0;
	n = sig_info_over(chip->message.bytes, chip->message.len, info);
	if (n < 0)
		return n;
	r = card_sign(card, CARD_KEY_DEFAULT, info, (size_t)n, signature, &len);
	if (r < 0)
		return absent_is_fine(r);
	return blob_copy(signature, len, &chip->signature);
}

static int
chip_ask(struct kenmen_card *card, struct genuine_chip *chip)
{
	uint8_t nonce[NONCE_LEN];
	int r;

	if ((r = sig_random(nonce, sizeof(nonce))) < 0 ||
	    (r = blob_copy(nonce, sizeof(nonce), &chip->message)) < 0)
		return r;
	return chip_sign(card, chip);
}

static void
chip_finish(struct genuine_chip *chip)
{
	kenmen_blob_free(&chip->message);
	kenmen_blob_free(&chip->signature);
}

/* ---- the text application --------------------------------------------- */

static int
attributes_read(struct kenmen_card *card, card_progress_fn *progress, void *arg,
    struct kenmen_blob *file, struct kenmen_attributes *ret)
{
	int r;

	if ((r = card_read(card, EF_ATTRIBUTES, progress, arg, file)) < 0)
		return r;
	return record_attributes(file->bytes, file->len, ret);
}

static int
my_number_read(struct kenmen_card *card, struct kenmen_blob *file, char *ret)
{
	int r;

	r = card_read_part(card, EF_MY_NUMBER, 0, MY_NUMBER_FILE_LEN, file);
	return r < 0 ? r : record_my_number(file->bytes, file->len, ret);
}

static int
text_prove(struct kenmen_card *card, const struct kenmen_text_wish *wish,
    struct genuine_text *files, struct kenmen_authenticity *ret)
{
	int r;

	if ((r = proof_read(card, EF_DIGESTS, &files->digests)) < 0 ||
	    (r = genuine_text_known(wish->issuers, &files->digests, wish->trust,
		 &files->certificate)) < 0 ||
	    (r = issuer_read(card, &files->certificate)) < 0 ||
	    (r = proof_read(card, EF_CHIP_KEY, &files->chip_key)) < 0)
		return r;
	/* Else nobody could say whose signature it is. */
	if (files->certificate.bytes != NULL && files->chip_key.bytes != NULL &&
	    (r = chip_ask(card, &files->chip)) < 0)
		return r;
	r = genuine_text(files, wish->trust, ret);
	if (r == 0)
		genuine_learn(wish->issuers, false, &files->certificate, ret);
	return r;
}

static void
text_files_finish(struct genuine_text *files)
{
	kenmen_blob_free(&files->number);
	kenmen_blob_free(&files->attributes);
	kenmen_blob_free(&files->digests);
	kenmen_blob_free(&files->certificate);
	kenmen_blob_free(&files->chip_key);
	chip_finish(&files->chip);
}

/* Leaves what was found out about it and nothing else. */
static void
text_refuse(struct kenmen_text *text)
{
	struct kenmen_authenticity authenticity = text->authenticity;

	kenmen_wipe(text, sizeof(*text));
	text->authenticity = authenticity;
}

int
kenmen_text_read(struct kenmen_card *card, const struct kenmen_text_wish *wish,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_text *ret)
{
	struct kenmen_text text = { 0 };
	struct genuine_text files = { 0 };
	int r;

	if (card == NULL || wish == NULL || ret == NULL ||
	    (!wish->attributes && !wish->my_number))
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, &app_text)) < 0)
		return r;
	if (wish->attributes)
		r = attributes_read(
		    card, progress, arg, &files.attributes, &text.attributes);
	if (r == 0 && wish->my_number)
		r = my_number_read(card, &files.number, text.my_number);
	if (r == 0 && wish->check)
		r = text_prove(card, wish, &files, &text.authenticity);
	if (r == KENMEN_ERR_AUTHENTICITY)
		text_refuse(&text);
	if (r == 0 || r == KENMEN_ERR_AUTHENTICITY)
		*ret = text;
	text_files_finish(&files);
	kenmen_wipe(&text, sizeof(text));
	return r;
}

/* ---- the visual application ------------------------------------------- */

/* DF29, which the issuer did not sign. */
static void
face_expires(const struct kenmen_blob *value, char *ret)
{
	char raw[9] = "";

	if (record_text(value->bytes, value->len, raw, sizeof(raw)))
		record_date(raw, ret);
}

/* Images go to a web page: nothing else passes for one. */
static int
face_fill(const struct genuine_record *record, struct kenmen_face *face)
{
	const struct kenmen_blob *photo = &face->photo_jp2;
	int r;

	if ((r = genuine_face_fill(record, face)) < 0)
		return r;
	face_expires(&record->expires, face->expires);
	if (!record_is_png(face->name_png.bytes, face->name_png.len) ||
	    !record_is_png(face->address_png.bytes, face->address_png.len) ||
	    (photo->bytes != NULL && !record_is_jp2(photo->bytes, photo->len)))
		return KENMEN_ERR_DATA;
	return 0;
}

static bool
challenge_given(const struct kenmen_challenge *challenge)
{
	return challenge != NULL && challenge->len > 0;
}

/* With a challenge the signature that goes to the server is the chip's proof
 * as well: one is enough. */
static int
face_chip(struct kenmen_card *card, const struct kenmen_challenge *challenge,
    const struct kenmen_blob *record, struct genuine_chip *chip)
{
	uint8_t digest[SIG_SHA256_LEN];
	int r;

	if (!challenge_given(challenge))
		return chip_ask(card, chip);
	if ((r = sig_sha256(record->bytes, record->len, digest)) < 0 ||
	    (r = jws_evidence_input(digest, challenge, &chip->message)) < 0)
		return r;
	return chip_sign(card, chip);
}

/* Only whole: without the certificate or the signature it proves nothing. */
static int
face_evidence(const struct genuine_chip *chip, const struct kenmen_blob *record,
    struct kenmen_blob *certificate, struct kenmen_face *face)
{
	int r;

	if (chip->signature.bytes == NULL || certificate->bytes == NULL)
		return 0;
	if ((r = blob_copy(record->bytes, record->len, &face->record)) < 0 ||
	    (r = jws_join(&chip->message, chip->signature.bytes,
		 chip->signature.len, &face->evidence_jws)) < 0)
		return r;
	face->issuer_certificate = *certificate;
	*certificate = (struct kenmen_blob){ NULL, 0 };
	return 0;
}

static int
face_prove(struct kenmen_card *card, const struct kenmen_face_wish *wish,
    const struct genuine_record *record, struct kenmen_face *face)
{
	struct kenmen_blob certificate = { NULL, 0 };
	struct genuine_chip chip = { 0 };
	int r;

	if ((r = genuine_face_known(wish->issuers, record,
		 challenge_given(wish->challenge), wish->trust, &certificate)) <
		0 ||
	    (r = issuer_read(card, &certificate)) < 0 ||
	    (r = face_chip(card, wish->challenge, &record->whole, &chip)) < 0)
		goto out;
	r = genuine_face(
	    record, &certificate, &chip, wish->trust, &face->authenticity);
	if (r == 0)
		genuine_learn(
		    wish->issuers, true, &certificate, &face->authenticity);
	if (r == 0 && challenge_given(wish->challenge))
		r = face_evidence(&chip, &record->whole, &certificate, face);
out:
	kenmen_blob_free(&certificate);
	chip_finish(&chip);
	return r;
}

/* A photo that we cannot convert is still a photo. */
static int
face_photo(struct kenmen_face *face)
{
	int r;

	if (face->photo_jp2.bytes == NULL)
		return 0;
	r = kenmen_jp2_to_png(
	    face->photo_jp2.bytes, face->photo_jp2.len, &face->photo_png);
	return r == KENMEN_ERR_NO_MEMORY ? r : 0;
}

static int
face_read(struct kenmen_card *card, const struct kenmen_face_wish *wish,
    card_progress_fn *progress, void *arg, struct kenmen_face *face)
{
	struct kenmen_blob file = { NULL, 0 };
	struct genuine_record record;
	int r;

	if ((r = app_select(card, &app_visual)) < 0 ||
	    (r = card_read(card, EF_FACE, progress, arg, &file)) < 0 ||
	    (r = genuine_face_file(file.bytes, file.len, &record)) < 0 ||
	    (r = face_fill(&record, face)) < 0 ||
	    (r = face_prove(card, wish, &record, face)) < 0)
		goto out;
	if (wish->want_png)
		r = face_photo(face);
out:
	kenmen_blob_free(&file);
	return r;
}

/* As text_refuse. */
static void
face_refuse(struct kenmen_face *face)
{
	struct kenmen_authenticity authenticity = face->authenticity;

	kenmen_face_finish(face);
	face->authenticity = authenticity;
}

static bool
challenge_fits(const struct kenmen_challenge *challenge)
{
	return !challenge_given(challenge) ||
	       (challenge->len >= KENMEN_CHALLENGE_MIN &&
		   challenge->len <= KENMEN_CHALLENGE_MAX);
}

int
kenmen_face_read(struct kenmen_card *card, const struct kenmen_face_wish *wish,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_face *ret)
{
	struct kenmen_face face = { 0 };
	int r;

	if (card == NULL || wish == NULL || ret == NULL ||
	    !challenge_fits(wish->challenge))
		return KENMEN_ERR_ARGUMENT;
	r = face_read(card, wish, progress, arg, &face);
	if (r == KENMEN_ERR_AUTHENTICITY)
		face_refuse(&face);
	if (r == 0 || r == KENMEN_ERR_AUTHENTICITY)
		*ret = face;
	else
		kenmen_face_finish(&face);
	kenmen_wipe(&face, sizeof(face));
	return r;
}

void
kenmen_face_finish(struct kenmen_face *face)
{
	if (face == NULL)
		return;
	kenmen_blob_free(&face->name_png);
	kenmen_blob_free(&face->address_png);
	kenmen_blob_free(&face->photo_jp2);
	kenmen_blob_free(&face->photo_png);
	kenmen_blob_free(&face->record);
	kenmen_blob_free(&face->issuer_certificate);
	kenmen_blob_free(&face->evidence_jws);
	kenmen_wipe(face, sizeof(*face));
}

static bool
same_person(const struct kenmen_attributes *a, const struct kenmen_face *face)
{
	return strcmp(a->birth_date_raw, face->birth_date_raw) == 0 &&
	       strcmp(a->sex_code, face->sex_code) == 0;
}

int
kenmen_agree(struct kenmen_text *text, struct kenmen_face *face)
{
	const char *detail = "birth date and sex are the same in both";
	bool same;

	if (text == NULL || face == NULL)
		return KENMEN_ERR_ARGUMENT;
	same = same_person(&text->attributes, face);
	if (!same)
		detail = "the two applications name different people";
	genuine_add(&text->authenticity, "agreement", same, detail);
	genuine_add(&face->authenticity, "agreement", same, detail);
	if (same)
		return 0;
	text_refuse(text);
	face_refuse(face);
	return KENMEN_ERR_AUTHENTICITY;
}

/* ---- certificates and signatures -------------------------------------- */

int
kenmen_certificate_read(struct kenmen_card *card, enum kenmen_certificate which,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_blob *ret)
{
	int r;

	if (card == NULL || ret == NULL || (unsigned)which >= KENMEN_CERT_N)
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, &app_jpki)) < 0)
		return r;
	return card_read_sequence(
	    card, certificate_efs[which], progress, arg, ret);
}

/* Where a CA's certificate says its key, in a file of JPKI and in one with
 * longer names: what a short id can reach in one block. */
#define CA_KEY_AT 255

/* Into *ret a trusted copy of what is in the file, by its key. */
static int
ca_copy(struct kenmen_card *card, enum kenmen_certificate which,
    const struct kenmen_trust *trust, struct kenmen_blob *ret)
{
	struct kenmen_blob part = { NULL, 0 };
	int r;

	if (!trust_has_ca(trust, which))
		return 0;
	r = card_read_part(
	    card, certificate_efs[which], CA_KEY_AT, CARD_PART_MAX, &part);
	/* What it is instead shows when it is read from its beginning. */
	if (r == KENMEN_ERR_DATA || r == KENMEN_ERR_CARD)
		return 0;
	if (r == 0)
		r = trust_ca_with(
		    trust, which, CA_KEY_AT, part.bytes, part.len, ret);
	kenmen_blob_free(&part);
	return r;
}

int
kenmen_ca_read(struct kenmen_card *card, enum kenmen_certificate which,
    const struct kenmen_trust *trust,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_blob *ret)
{
	struct kenmen_blob copy = { NULL, 0 };
	int r;

	if (card == NULL || ret == NULL ||
	    (which != KENMEN_CERT_AUTH_CA && which != KENMEN_CERT_SIGN_CA))
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, &app_jpki)) < 0 ||
	    (r = ca_copy(card, which, trust, &copy)) < 0)
		return r;
	if (copy.bytes == NULL)
		return card_read_sequence(
		    card, certificate_efs[which], progress, arg, ret);
	*ret = copy;
	return 0;
}

int
kenmen_certificate_exists(
    struct kenmen_card *card, enum kenmen_certificate which)
{
	int r;

	if (card == NULL || (unsigned)which >= KENMEN_CERT_N)
		return KENMEN_ERR_ARGUMENT;
	if ((r = app_select(card, &app_jpki)) < 0)
		return r;
	return card_exists(card, certificate_efs[which]);
}

/* Over a DigestInfo of ours. */
static int
jpki_sign(struct kenmen_card *card, enum kenmen_certificate key,
    const uint8_t *info, size_t len, uint8_t *ret, size_t *ret_len)
{
	int r = app_select(card, &app_jpki);

	if (r < 0)
		return r;
	return card_sign(card, certificate_keys[key], info, len, ret, ret_len);
}

int
kenmen_sign(struct kenmen_card *card, enum kenmen_certificate key,
    enum kenmen_hash hash, const uint8_t *digest, uint8_t *ret, size_t *ret_len)
{
	uint8_t info[SIG_INFO_MAX];

	if (card == NULL || digest == NULL || ret == NULL || ret_len == NULL ||
	    (unsigned)key >= KENMEN_CERT_N || certificate_keys[key] == 0 ||
	    (unsigned)hash >= KENMEN_HASH_N)
		return KENMEN_ERR_ARGUMENT;
	return jpki_sign(
	    card, key, info, sig_info(hash, digest, info), ret, ret_len);
}

/* DATA: not a key that this card could sign with. */
static int
certificate_key(const struct kenmen_blob *certificate, struct sig_key *ret)
{
	struct sig_cert *cert = NULL;
	int r;

	if ((r = sig_cert_new(certificate->bytes, certificate->len, &cert)) < 0)
		return r;
	r = sig_cert_key(cert, ret);
	sig_cert_free(&cert);
	return r;
}

/* A signature over message that key confirms. */
static int
login_signature(struct kenmen_card *card, const struct sig_key *key,
    const struct kenmen_blob *message, uint8_t *ret, size_t *ret_len)
{
	uint8_t info[SIG_INFO_MAX];
	int r = sig_info_over(message->bytes, message->len, info);

	if (r < 0 || (r = jpki_sign(card, KENMEN_CERT_AUTH, info, (size_t)r,
			  ret, ret_len)) < 0)
		return r;
	return sig_check(key, message->bytes, message->len, ret, *ret_len);
}

int
kenmen_login_sign(struct kenmen_card *card,
    const struct kenmen_blob *certificate,
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret)
{
	uint8_t signature[KENMEN_SIGNATURE_MAX];
	struct kenmen_blob input = { NULL, 0 };
	size_t len = sizeof(signature);
	struct sig_key key;
	int r;

	if (card == NULL || certificate == NULL || certificate->bytes == NULL ||
	    challenge == NULL || ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((r = certificate_key(certificate, &key)) < 0 ||
	    (r = jws_login_input(certificate, challenge, &input)) < 0 ||
	    (r = login_signature(card, &key, &input, signature, &len)) < 0)
		goto out;
	r = jws_join(&input, signature, len, ret);
out:
	kenmen_blob_free(&input);
	return r;
}

/* ---- what it is, its counters and certificates ------------------------- */

/* In EF 0006, in the manner of CK_TOKEN_INFO: padded with spaces. */
#define LABEL_LEN 32

/* clang-format off */
static const char *const labels[KENMEN_TOKEN_N] = {
	[KENMEN_TOKEN_UNKNOWN]        = "",
	[KENMEN_TOKEN_MY_NUMBER_CARD] = "JPKIAPICCTOKEN2",
	[KENMEN_TOKEN_ANDROID]        = "JPKIAPGPSETOKEN",
	[KENMEN_TOKEN_IPHONE]         = "JPKIAPIOSTOKEN",
	[KENMEN_TOKEN_JUKI_CARD]      = "JPKIAPICCTOKEN",
};
/* clang-format on */

static enum kenmen_token
token_of(const struct kenmen_blob *label)
{
	int token = KENMEN_TOKEN_N;
	size_t len = label->len;

	while (len > 0 &&
	       (label->bytes[len - 1] == ' ' || label->bytes[len - 1] == '\0'))
		len--;
	while (--token > KENMEN_TOKEN_UNKNOWN)
		if (strlen(labels[token]) == len &&
		    memcmp(labels[token], label->bytes, len) == 0)
			break;
	return (enum kenmen_token)token;
}

/* In the current application. What it does not say is no failure. */
static int
token_read(struct kenmen_card *card, enum kenmen_token *ret)
{
	struct kenmen_blob label = { NULL, 0 };
	int r = card_read_part(card, EF_TOKEN, 0, LABEL_LEN, &label);

	if (r < 0 && r != KENMEN_ERR_DATA && (r = absent_is_fine(r)) < 0)
		return r;
	*ret = label.bytes ? token_of(&label) : KENMEN_TOKEN_UNKNOWN;
	kenmen_blob_free(&label);
	return 0;
}

int
kenmen_token_read(struct kenmen_card *card, enum kenmen_token *ret)
{
	int r;

	if (card == NULL || ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((r = card_select(card, &app_jpki)) < 0)
		return r;
	return token_read(card, ret);
}

/* A counter that the card does not have is an answer, not a failure. */
static int
info_tries(struct kenmen_card *card, enum kenmen_pin pin, int *ret)
{
	int r = kenmen_pin_tries(card, pin);

	if (r == KENMEN_ERR_NOT_FOUND || r == KENMEN_ERR_NOT_MY_NUMBER_CARD ||
	    r == KENMEN_ERR_DATA)
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
	if (r < 0 || (r = token_read(card, &info->token)) < 0 ||
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
	info.token = KENMEN_TOKEN_UNKNOWN;
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
