/*
 * Certificates, signatures and what else needs no file of a real form: which
 * exchanges, in which form, and what a refusal comes to.
 */
#include "script.h"

#include "card.h"

#define READ_AUTH "00B08A00 000000"
#define READ_SIGN "00B08100 000000"
#define INFO_256 "3031300D060960864801650304020105000420"
#define INFO_384 "3041300D060960864801650304020205000430"
#define INFO_512 "3051300D060960864801650304020305000440"
#define D16 "000102030405060708090A0B0C0D0E0F"
#define D32 D16 "101112131415161718191A1B1C1D1E1F"
#define D48 D32 "202122232425262728292A2B2C2D2E2F"
#define D64 D48 "303132333435363738393A3B3C3D3E3F"
#define SIGN_AUTH "802A0097 33" INFO_256 D32 "00"
#define SIGN_HERE "802A0080 33" INFO_256 D32 "00"
#define SELECT_KEY "00A4020C02 0017"
#define SIGNED "@0+256 9000"
#define JPKI_OK                                                                \
	{                                                                      \
		SELECT_JPKI, "9000"                                            \
	}

static const struct kenmen_forms all_ways = { 0 };
static const struct kenmen_forms short_only = { .no_extended = true };
static const struct kenmen_forms oldest = { .no_sfi = true,
	.no_extended = true };

/* What the card answers, and what certificates are made of. */
static uint8_t file[40000];

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	return 0;
}

/* file becomes a SEQUENCE of len bytes in all. */
static void
certificate_make(size_t len)
{
	file[0] = 0x30;
	file[1] = 0x82;
	file[2] = (uint8_t)((len - 4) >> 8);
	file[3] = (uint8_t)(len - 4);
}

/* ---- certificates ----------------------------------------------------- */

struct progress {
	unsigned n;
	size_t done, total;
};

static void
progress_seen(void *arg, size_t done, size_t total)
{
	struct progress *p = arg;

	p->n++;
	p->done = done;
	p->total = total;
}

/* Selects, then reads by steps; want_len bytes of file when it goes well. */
static int
certificate_run(const struct step *steps, size_t n,
    const struct kenmen_forms *known, enum kenmen_certificate which,
    size_t want_len)
{
	static struct step all[64];
	struct script s = { .steps = all, .n = n + 1, .file = file };
	struct kenmen_blob der = { NULL, 77 };
	struct progress progress = { 0 };
	struct kenmen_card *card;
	int r;

	assert_true(n < 64);
	all[0] = (struct step)JPKI_OK;
	memcpy(all + 1, steps, n * sizeof(*steps));
	card = script_card(&s, known);
	r = kenmen_certificate_read(
	    card, which, progress_seen, &progress, &der);
	if (r == 0) {
		assert_int_equal(der.len, want_len);
		assert_memory_equal(der.bytes, file, want_len);
		assert_int_equal(progress.done, want_len);
		assert_int_equal(progress.total, want_len);
		kenmen_blob_free(&der);
	} else {
		assert_null(der.bytes);
		assert_int_equal(der.len, 77);
	}
	script_done(&s, &card);
	return r;
}

#define CERTIFICATE(steps, known, which, len)                                  \
	certificate_run(                                                       \
	    steps, sizeof(steps) / sizeof((steps)[0]), known, which, len)

static void
test_certificate(void **state)
{
	static const struct step whole[] = {
		{ READ_AUTH, "@0+1583 9000" },
	};
	static const struct step filler[] = {
		{ READ_SIGN, "@0+2000 6282" },
	};
	static const struct step blocks[] = {
		{ "00B08B00 00", "@0+256 9000" },
		{ "00B00100 00", "@256+256 9000" },
		{ "00B00200 00", "@512+256 9000" },
		{ "00B00300 00", "@768+256 9000" },
		{ "00B00400 00", "@1024+256 9000" },
		{ "00B00500 00", "@1280+256 9000" },
		{ "00B00600 2F", "@1536+47 9000" },
	};
	static const struct step selected[] = {
		{ "00A4020C02 0002", "9000" },
		{ "00B00000 00", "@0+256 9000" },
		{ "00B00100 0A", "@256+10 9000" },
	};

	(void)state;
	certificate_make(1583);
	assert_int_equal(
	    CERTIFICATE(whole, &all_ways, KENMEN_CERT_AUTH, 1583), 0);
	assert_int_equal(
	    CERTIFICATE(filler, &all_ways, KENMEN_CERT_SIGN, 1583), 0);
	assert_int_equal(
	    CERTIFICATE(blocks, &short_only, KENMEN_CERT_AUTH_CA, 1583), 0);
	certificate_make(266);
	assert_int_equal(
	    CERTIFICATE(selected, &oldest, KENMEN_CERT_SIGN_CA, 266), 0);
}

/* Under 15, moved house, never asked for: each card says it in its way. */
static void
test_no_certificate(void **state)
{
	static const struct step filler[] = {
		{ READ_AUTH, "FFFFFFFFFFFFFFFF 9000" },
	};
	static const struct step zeros[] = {
		{ READ_AUTH, "00000000 9000" },
	};
	static const struct step other[] = {
		{ READ_AUTH, "31020000 9000" },
	};
	static const struct step empty[] = {
		{ READ_AUTH, "9000" },
	};
	static const struct step past_end[] = {
		{ READ_AUTH, "6B00" },
		{ "00A4020C02 000A", "9000" },
		{ "00B00000 000000", "6B00" },
		{ "00B00000 00", "6B00" },
	};
	static const struct step absent[] = {
		{ READ_AUTH, "6A82" },
		{ "00A4020C02 000A", "6A82" },
	};
	static const struct step no_jpki[] = {
		{ SELECT_JPKI, "6A82" },
	};
	struct script s = SCRIPT(no_jpki);
	struct kenmen_card *card;
	struct kenmen_blob der;
	const int none = KENMEN_ERR_NOT_FOUND;

	(void)state;
	assert_int_equal(
	    CERTIFICATE(filler, &all_ways, KENMEN_CERT_AUTH, 0), none);
	assert_int_equal(
	    CERTIFICATE(zeros, &all_ways, KENMEN_CERT_AUTH, 0), none);
	assert_int_equal(
	    CERTIFICATE(other, &all_ways, KENMEN_CERT_AUTH, 0), none);
	assert_int_equal(
	    CERTIFICATE(empty, &all_ways, KENMEN_CERT_AUTH, 0), none);
	assert_int_equal(
	    CERTIFICATE(past_end, &all_ways, KENMEN_CERT_AUTH, 0), none);
	assert_int_equal(
	    CERTIFICATE(absent, &all_ways, KENMEN_CERT_AUTH, 0), none);
	card = script_card(&s, NULL);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    KENMEN_ERR_NOT_MY_NUMBER_CARD);
	script_done(&s, &card);
}

static void
test_certificate_refused(void **state)
{
	static const struct step locked[] = {
		{ READ_SIGN, "6982" },
	};
	static const struct step cut[] = {
		{ READ_SIGN, "@0+300 9000" },
		{ "00B0012C 000503", "6B00" },
		{ "00B0012C 00", "6B00" },
	};
	static const struct step endless[] = {
		{ READ_SIGN, "308400010000 9000" },
	};
	static const struct step too_long[] = {
		{ READ_SIGN, "30827FFC 9000" },
	};

	(void)state;
	certificate_make(1583);
	assert_int_equal(CERTIFICATE(locked, &all_ways, KENMEN_CERT_SIGN, 0),
	    KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(
	    CERTIFICATE(cut, &all_ways, KENMEN_CERT_SIGN, 0), KENMEN_ERR_DATA);
	assert_int_equal(CERTIFICATE(endless, &all_ways, KENMEN_CERT_SIGN, 0),
	    KENMEN_ERR_DATA);
	assert_int_equal(CERTIFICATE(too_long, &all_ways, KENMEN_CERT_SIGN, 0),
	    KENMEN_ERR_DATA);
}

/* A card that has shown that it knows short ids is not asked a second way. */
static void
test_absence_is_believed(void **state)
{
	static const struct step steps[] = {
		JPKI_OK,
		{ READ_AUTH, "@0+300 9000" },
		{ "00B08200 000000", "6A82" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card;
	struct kenmen_forms forms;
	struct kenmen_blob der;

	(void)state;
	certificate_make(300);
	s.file = file;
	card = script_card(&s, NULL);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	kenmen_blob_free(&der);
	assert_int_equal(kenmen_certificate_read(
			     card, KENMEN_CERT_SIGN_CA, NULL, NULL, &der),
	    KENMEN_ERR_NOT_FOUND);
	kenmen_card_forms(card, &forms);
	assert_false(forms.no_sfi || forms.no_extended);
	script_done(&s, &card);
}

/* What one card has shown says nothing of the next. */
static void
test_absence_of_another(void **state)
{
	static const struct step steps[] = {
		JPKI_OK,
		{ READ_AUTH, "@0+300 9000" },
		JPKI_OK,
		{ READ_AUTH, "6A82" },
		{ "00A4020C02 000A", "9000" },
		{ "00B00000 000000", "@0+300 9000" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card;
	struct kenmen_blob der;

	(void)state;
	certificate_make(300);
	s.file = file;
	card = script_card(&s, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kenmen_certificate_read(
				     card, KENMEN_CERT_AUTH, NULL, NULL, &der),
		    0);
		kenmen_blob_free(&der);
		assert_int_equal(kenmen_card_end(card), 0);
		assert_int_equal(kenmen_card_connect(card), 0);
		assert_int_equal(kenmen_card_begin(card), 0);
	}
	script_done(&s, &card);
}

/* ---- signatures ------------------------------------------------------- */

static const uint8_t digest[64] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
	31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
	49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };

struct signing {
	enum kenmen_certificate key;
	enum kenmen_hash hash;
	size_t room;
	bool no_sfi_after;
};

static int
sign_run(const struct step *steps, size_t n, const struct kenmen_forms *known,
    const struct signing *how)
{
	static struct step all[16];
	struct script s = { .steps = all, .n = n + 1, .file = file };
	uint8_t signature[KENMEN_SIGNATURE_MAX] = { 0x77 };
	struct kenmen_forms forms;
	struct kenmen_card *card;
	size_t len = how->room;
	int r;

	assert_true(n < 16);
	all[0] = (struct step)JPKI_OK;
	memcpy(all + 1, steps, n * sizeof(*steps));
	card = script_card(&s, known);
	r = kenmen_sign(card, how->key, how->hash, digest, signature, &len);
	if (r == 0) {
		assert_int_equal(len, 256);
		assert_memory_equal(signature, file, 256);
	} else {
		assert_int_equal(signature[0], 0x77);
		assert_int_equal(len, how->room);
	}
	kenmen_card_forms(card, &forms);
	assert_int_equal(forms.no_sfi, how->no_sfi_after);
	assert_int_equal(s.verifies, 0);
	script_done(&s, &card);
	return r;
}

#define SIGN(steps, known, how)                                                \
	sign_run(steps, sizeof(steps) / sizeof((steps)[0]), known, how)

static const struct signing login = { KENMEN_CERT_AUTH, KENMEN_SHA256,
	KENMEN_SIGNATURE_MAX, false };
static const struct signing login_old = { KENMEN_CERT_AUTH, KENMEN_SHA256,
	KENMEN_SIGNATURE_MAX, true };

static void
test_sign(void **state)
{
	static const struct step auth[] = { { SIGN_AUTH, SIGNED } };
	static const struct step sign_256[] = {
		{ "802A009A 33" INFO_256 D32 "00", SIGNED },
	};
	static const struct step sign_384[] = {
		{ "802A009A 43" INFO_384 D48 "00", SIGNED },
	};
	static const struct step sign_512[] = {
		{ "802A009A 53" INFO_512 D64 "00", SIGNED },
	};
	const struct signing ways[] = {
		{ KENMEN_CERT_SIGN, KENMEN_SHA256, 256, false },
		{ KENMEN_CERT_SIGN, KENMEN_SHA384, 256, false },
		{ KENMEN_CERT_SIGN, KENMEN_SHA512, 256, false },
	};

	(void)state;
	assert_int_equal(SIGN(auth, NULL, &login), 0);
	assert_int_equal(SIGN(sign_256, NULL, &ways[0]), 0);
	assert_int_equal(SIGN(sign_384, NULL, &ways[1]), 0);
	assert_int_equal(SIGN(sign_512, NULL, &ways[2]), 0);
}

/* Only a status that refuses the form brings the other form, and just once. */
static void
test_sign_by_select(void **state)
{
	static const char *const refusals[] = { "6A86", "6A82", "6700" };
	struct step other[] = {
		{ SIGN_AUTH, NULL },
		{ SELECT_KEY, "9000" },
		{ SIGN_HERE, SIGNED },
	};
	static const struct step known[] = {
		{ SELECT_KEY, "9000" },
		{ SIGN_HERE, SIGNED },
	};
	struct step again[] = {
		{ SIGN_AUTH, NULL },
		{ SELECT_KEY, "9000" },
		{ SIGN_HERE, NULL },
	};
	static const int wants[] = { KENMEN_ERR_CARD, KENMEN_ERR_NOT_FOUND,
		KENMEN_ERR_CARD };
	static const struct step absent[] = {
		{ SIGN_AUTH, "6A82" },
		{ SELECT_KEY, "6A82" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		other[0].rsp = refusals[i];
		assert_int_equal(SIGN(other, NULL, &login_old), 0);
		again[0].rsp = again[2].rsp = refusals[i];
		assert_int_equal(SIGN(again, NULL, &login), wants[i]);
	}
	assert_int_equal(SIGN(known, &oldest, &login_old), 0);
	assert_int_equal(SIGN(absent, NULL, &login), KENMEN_ERR_NOT_FOUND);
}

static void
test_sign_refused(void **state)
{
	static const struct {
		const char *sw;
		int want;
	} cases[] = {
		{ "6982", KENMEN_ERR_PIN_REQUIRED },
		{ "6985", KENMEN_ERR_NOT_FOUND },
		{ "6A88", KENMEN_ERR_NOT_FOUND },
		{ "6F00", KENMEN_ERR_CARD },
		{ "6A80", KENMEN_ERR_CARD },
		{ "6300", KENMEN_ERR_CARD },
		{ "6983", KENMEN_ERR_CARD },
		{ "9000", KENMEN_ERR_DATA },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step one[] = { { SIGN_AUTH, cases[i].sw } };

		assert_int_equal(SIGN(one, NULL, &login), cases[i].want);
	}
}

/* The card may have signed: it is not asked again, in no form. */
static void
test_sign_lost(void **state)
{
	static const int errors[] = { KENMEN_ERR_TRANSMIT,
		KENMEN_ERR_CARD_REMOVED, KENMEN_ERR_CARD_RESET };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct step one[] = { { SIGN_AUTH, NULL, errors[i] } };
		const struct step gone[] = { { SIGN_AUTH, NULL, errors[i],
		    true } };
		const struct step select[] = { { SIGN_AUTH, "6A86" },
			{ SELECT_KEY, NULL, errors[i] } };
		const struct step second[] = { { SIGN_AUTH, "6A86" },
			{ SELECT_KEY, "9000" },
			{ SIGN_HERE, NULL, errors[i] } };
		int r = errors[i];

		assert_int_equal(SIGN(one, NULL, &login), r);
		assert_int_equal(SIGN(select, NULL, &login), r);
		assert_int_equal(SIGN(second, NULL, &login), r);
		if (r == KENMEN_ERR_TRANSMIT)
			r = KENMEN_ERR_CARD_REMOVED;
		assert_int_equal(SIGN(gone, NULL, &login), r);
	}
}

/* After a lost exchange another card may lie there: no more signatures. */
static void
test_sign_in_doubt(void **state)
{
	static const struct step steps[] = {
		JPKI_OK,
		{ SIGN_AUTH, NULL, KENMEN_ERR_TRANSMIT },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	uint8_t signature[KENMEN_SIGNATURE_MAX];
	size_t len = sizeof(signature);

	(void)state;
	assert_int_equal(kenmen_sign(card, KENMEN_CERT_AUTH, KENMEN_SHA256,
			     digest, signature, &len),
	    KENMEN_ERR_TRANSMIT);
	assert_int_equal(kenmen_sign(card, KENMEN_CERT_AUTH, KENMEN_SHA256,
			     digest, signature, &len),
	    KENMEN_ERR_CARD_REMOVED);
	script_done(&s, &card);
}

static void
test_sign_room(void **state)
{
	static const struct step one[] = { { SIGN_AUTH, SIGNED } };
	static const struct signing tight = { KENMEN_CERT_AUTH, KENMEN_SHA256,
		255, false };

	(void)state;
	assert_int_equal(SIGN(one, NULL, &tight), KENMEN_ERR_DATA);
}

/* One VERIFY, then as many as there are: 1 exchange each. */
static void
test_sign_several(void **state)
{
	static const struct step steps[] = {
		JPKI_OK,
		{ SIGN_AUTH, SIGNED },
		{ SIGN_AUTH, SIGNED },
		{ SIGN_AUTH, SIGNED },
	};
	struct script s = SCRIPT(steps);
	uint8_t signature[KENMEN_SIGNATURE_MAX];
	struct kenmen_card *card;

	(void)state;
	s.file = file;
	card = script_card(&s, NULL);
	for (int i = 0; i < 3; i++) {
		size_t len = sizeof(signature);

		assert_int_equal(kenmen_sign(card, KENMEN_CERT_AUTH,
				     KENMEN_SHA256, digest, signature, &len),
		    0);
	}
	script_done(&s, &card);
}

/* Told by SELECT EF alone: no READ, and nothing learnt of forms. */
static void
test_certificate_exists(void **state)
{
	static const struct {
		const char *sw;
		int want;
	} answers[] = {
		{ "9000", 1 },
		{ "6A82", 0 },
		/* nobody said that it is not there */
		{ "6982", 1 },
		{ "6985", 1 },
		{ "6F00", 1 },
		{ NULL, KENMEN_ERR_TRANSMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct step steps[] = { { SELECT_JPKI, "9000" },
			{ "00A4020C02 0001", answers[i].sw,
			    KENMEN_ERR_TRANSMIT } };
		struct script s = { .steps = steps, .n = 2 };
		struct kenmen_card *card = script_card(&s, NULL);

		assert_int_equal(
		    kenmen_certificate_exists(card, KENMEN_CERT_SIGN),
		    answers[i].want);
		script_done(&s, &card);
	}
}

static void
test_sign_arguments(void **state)
{
	static const struct step none[] = { { "", "" } };
	struct script s = { .steps = none, .n = 0 };
	struct kenmen_card *card = script_card(&s, NULL);
	uint8_t out[KENMEN_SIGNATURE_MAX];
	const enum kenmen_certificate auth = KENMEN_CERT_AUTH;
	struct kenmen_blob der = { NULL, 0 };
	struct kenmen_challenge challenge = { .origin = "https://a.example",
		.len = 32 };
	size_t len = sizeof(out);
	const int bad = KENMEN_ERR_ARGUMENT;

#define TRY(card, key, hash, digest, out, len)                                 \
	assert_int_equal(kenmen_sign(card, key, hash, digest, out, len), bad)
	(void)state;
	TRY(NULL, auth, KENMEN_SHA256, digest, out, &len);
	TRY(card, KENMEN_CERT_AUTH_CA, KENMEN_SHA256, digest, out, &len);
	TRY(card, KENMEN_CERT_SIGN_CA, KENMEN_SHA256, digest, out, &len);
	TRY(card, KENMEN_CERT_N, KENMEN_SHA256, digest, out, &len);
	TRY(card, auth, KENMEN_HASH_N, digest, out, &len);
	TRY(card, auth, KENMEN_SHA256, NULL, out, &len);
	TRY(card, auth, KENMEN_SHA256, digest, NULL, &len);
	TRY(card, auth, KENMEN_SHA256, digest, out, NULL);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_N, NULL, NULL, &der),
	    bad);
	assert_int_equal(
	    kenmen_certificate_read(NULL, auth, NULL, NULL, &der), bad);
	assert_int_equal(
	    kenmen_certificate_read(card, auth, NULL, NULL, NULL), bad);
	assert_int_equal(
	    kenmen_ca_read(card, auth, NULL, NULL, NULL, &der), bad);
	assert_int_equal(
	    kenmen_ca_read(NULL, KENMEN_CERT_AUTH_CA, NULL, NULL, NULL, &der),
	    bad);
	assert_int_equal(kenmen_certificate_exists(NULL, auth), bad);
	assert_int_equal(kenmen_certificate_exists(card, KENMEN_CERT_N), bad);
	/* Without its certificate a login says nothing. */
	assert_int_equal(kenmen_login_sign(card, &der, &challenge, &der), bad);
	assert_int_equal(card_sign(card, 0x17, digest, 0, out, &len), bad);
	assert_int_equal(card_sign(card, 0x17, file, 246, out, &len), bad);
	assert_int_equal(card_read_part(card, 1, 0, 0, &der), bad);
	assert_int_equal(card_read_part(card, 1, 0, 225, &der), bad);
	script_done(&s, &card);
}

/* ---- a part of a file -------------------------------------------------- */

static int
head_run(const struct step *steps, size_t n, const struct kenmen_forms *known,
    size_t *ret_len)
{
	struct script s = { .steps = steps, .n = n, .file = file };
	struct kenmen_blob head = { NULL, 0 };
	struct kenmen_card *card = script_card(&s, known);
	int r = card_read_part(card, 0x01, 0, 17, &head);

	*ret_len = head.len;
	if (r == 0)
		assert_memory_equal(head.bytes, file, head.len);
	else
		assert_null(head.bytes);
	kenmen_blob_free(&head);
	script_done(&s, &card);
	return r;
}

#define HEAD(steps, known, len)                                                \
	head_run(steps, sizeof(steps) / sizeof((steps)[0]), known, len)

static void
test_head(void **state)
{
	static const struct step whole[] = { { "00B08100 11", "@0+17 9000" } };
	static const struct step more[] = { { "00B08100 11", "@0+40 9000" } };
	static const struct step less[] = { { "00B08100 11", "@0+15 6282" } };
	static const struct step empty[] = { { "00B08100 11", "9000" } };
	static const struct step select[] = {
		{ "00B08100 11", "6A86" },
		{ "00A4020C02 0001", "9000" },
		{ "00B00000 11", "@0+17 9000" },
	};
	static const struct step locked[] = { { "00B08100 11", "6982" } };
	static const struct step lost[] = {
		{ "00B08100 11", NULL, KENMEN_ERR_TRANSMIT },
	};
	size_t len;

	(void)state;
	assert_int_equal(HEAD(whole, NULL, &len), 0);
	assert_int_equal(len, 17);
	assert_int_equal(HEAD(more, NULL, &len), 0);
	assert_int_equal(len, 17);
	assert_int_equal(HEAD(less, NULL, &len), 0);
	assert_int_equal(len, 15);
	assert_int_equal(HEAD(select, &short_only, &len), 0);
	assert_int_equal(len, 17);
	assert_int_equal(HEAD(empty, NULL, &len), KENMEN_ERR_DATA);
	assert_int_equal(HEAD(locked, NULL, &len), KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(HEAD(lost, NULL, &len), KENMEN_ERR_TRANSMIT);
}

static void
part_run(const struct step *steps, size_t n, int want, size_t want_len)
{
	struct script s = { .steps = steps, .n = n, .file = file };
	struct kenmen_card *card = script_card(&s, NULL);
	struct kenmen_blob part = { NULL, 0 };

	assert_int_equal(card_read_part(card, 0x0B, 255, 224, &part), want);
	assert_int_equal(part.len, want_len);
	if (want == 0)
		assert_memory_equal(part.bytes, file + 255, part.len);
	kenmen_blob_free(&part);
	script_done(&s, &card);
}

#define PART(steps, want, len)                                                 \
	part_run(steps, sizeof(steps) / sizeof((steps)[0]), want, len)

/* From the middle: by short id, by SELECT EF, past the end. */
static void
test_part(void **state)
{
	static const struct step sfi[] = { { "00B08BFF E0", "@255+224 9000" } };
	static const struct step less[] = { { "00B08BFF E0", "@255+45 6282" } };
	static const struct step select[] = { { "00B08BFF E0", "6A86" },
		{ "00A4020C02 000B", "9000" },
		{ "00B000FF E0", "@255+224 9000" } };
	static const struct step past[] = { { "00B08BFF E0", "6B00" },
		{ "00A4020C02 000B", "9000" }, { "00B000FF E0", "6B00" } };

	(void)state;
	certificate_make(1000);
	PART(sfi, 0, 224);
	PART(less, 0, 45);
	PART(select, 0, 224);
	PART(past, KENMEN_ERR_DATA, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_certificate_refused),
		cmocka_unit_test(test_absence_is_believed),
		cmocka_unit_test(test_absence_of_another),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_sign_by_select),
		cmocka_unit_test(test_sign_refused),
		cmocka_unit_test(test_sign_lost),
		cmocka_unit_test(test_sign_in_doubt),
		cmocka_unit_test(test_sign_room),
		cmocka_unit_test(test_sign_several),
		cmocka_unit_test(test_certificate_exists),
		cmocka_unit_test(test_sign_arguments),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
