/*
 * The reader's errands against a card that answers anything. The first byte
 * says what is known of the reader and which errand; then come the answers,
 * each with its length in two bytes before it. An answer of no bytes is an
 * exchange that failed; after the last one the card is gone.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "kenmen.h"

enum {
	FLAG_NO_SFI = 1,
	FLAG_NO_EXTENDED = 2,
	FLAG_SMALL_BLOCKS = 4,
	FLAG_CARD_INFO = 8, /* else what stands in the bits ERRAND */
	FLAG_END = 0x10,    /* the transaction, before it is let go */
	ERRAND = 0xE0,
};

/* With a PIN that the card may accept or not. */
enum {
	ERRAND_ATTRIBUTES = 0x00,
	ERRAND_TEXT = 0x20,
	ERRAND_FACE = 0x40,
	ERRAND_EVIDENCE = 0x60,
	ERRAND_LOGIN = 0x80,
	ERRAND_SIGN = 0xA0,
};

struct answers {
	const uint8_t *data;
	size_t len;
	unsigned verifies; /* with data */
	unsigned closes;
	bool open;
};

static int
answers_connect(void *arg)
{
	(void)arg;
	return 0;
}

static int
answers_begin(void *arg)
{
	struct answers *a = arg;

	FUZZ_CHECK(!a->open);
	a->open = true;
	return 0;
}

static int
answers_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct answers *a = arg;
	size_t n;

	FUZZ_CHECK(a->open && cmd_len >= 4 && *rsp_len >= 2);
	if (cmd[1] == 0x20 && cmd_len > 5)
		a->verifies++;
	if (a->len < 2)
		return KENMEN_ERR_CARD_REMOVED;
	n = (size_t)a->data[0] << 8 | a->data[1];
	if (n > a->len - 2)
		n = a->len - 2;
	a->data += 2;
	if (n <= *rsp_len)
		memcpy(rsp, a->data, n);
	a->data += n;
	a->len -= 2 + n;
	/* Readers of the library never hand up fewer than two bytes. */
	if (n < 2 || n > *rsp_len)
		return KENMEN_ERR_TRANSMIT;
	*rsp_len = n;
	return 0;
}

static int
answers_end(void *arg, bool reset)
{
	struct answers *a = arg;

	(void)reset;
	FUZZ_CHECK(a->open);
	a->open = false;
	return 0;
}

static int
answers_still_there(void *arg)
{
	(void)arg;
	return 1;
}

static void
answers_close(void *arg)
{
	((struct answers *)arg)->closes++;
}

static const struct kenmen_reader_ops answers_ops = {
	.connect = answers_connect,
	.begin = answers_begin,
	.transmit = answers_transmit,
	.end = answers_end,
	.still_there = answers_still_there,
	.close = answers_close,
};

/* A PIN that its rules allow, typed. 0: the card took it. */
static int
verify(struct kenmen_card *card, struct answers *a, enum kenmen_pin pin,
    const char *code)
{
	struct kenmen_secret *secret = NULL;
	int left = -1, r, tries;

	tries = kenmen_pin_tries(card, pin);
	FUZZ_CHECK(tries <= 15 && a->verifies == 0);
	if (tries < 0 || kenmen_secret_new(&secret) < 0)
		return -1;
	memcpy(kenmen_secret_bytes(secret), code, strlen(code));
	FUZZ_CHECK(kenmen_secret_set_len(secret, strlen(code)) == 0);
	r = kenmen_pin_verify(card, pin, secret, &left);
	FUZZ_CHECK(a->verifies <= 1);
	FUZZ_CHECK(r <= 0 && left >= -1 && left <= 15);
	kenmen_secret_free(&secret);
	return r;
}

static void
check_list(const struct kenmen_authenticity *list, int r)
{
	FUZZ_CHECK(list->n <= KENMEN_CHECKS_MAX);
	FUZZ_CHECK((list->verdict == KENMEN_FAILED) == (r < 0));
	/* Nobody trusts anybody here. */
	FUZZ_CHECK(list->verdict != KENMEN_VERIFIED);
	for (unsigned i = 0; i < list->n; i++) {
		FUZZ_CHECK(memchr(
		    list->check[i].name, 0, sizeof(list->check[i].name)));
		FUZZ_CHECK(memchr(
		    list->check[i].detail, 0, sizeof(list->check[i].detail)));
	}
}

static void
read_text(struct kenmen_card *card, bool all)
{
	const struct kenmen_text_wish wish = { true, all, all, NULL, NULL };
	static struct kenmen_text text;
	struct kenmen_attributes *attributes = &text.attributes;
	int r = kenmen_text_read(card, &wish, NULL, NULL, &text);

	if (r < 0 && r != KENMEN_ERR_AUTHENTICITY)
		return;
	check_list(&text.authenticity, r);
	FUZZ_CHECK(memchr(attributes->name, 0, sizeof(attributes->name)));
	FUZZ_CHECK(memchr(attributes->address, 0, sizeof(attributes->address)));
	if (r == 0 && all)
		FUZZ_CHECK(kenmen_my_number_ok(text.my_number));
	else
		FUZZ_CHECK(text.my_number[0] == 0);
}

static void
read_face(struct kenmen_card *card, bool evidence)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://a.example", .len = 32, .now = 1
	};
	const struct kenmen_face_wish wish = { NULL,
		evidence ? &challenge : NULL, true, NULL };
	struct kenmen_face face;
	int r = kenmen_face_read(card, &wish, NULL, NULL, &face);

	if (r < 0 && r != KENMEN_ERR_AUTHENTICITY)
		return;
	check_list(&face.authenticity, r);
	FUZZ_CHECK((r == 0) == (face.name_png.bytes != NULL));
	FUZZ_CHECK(face.photo_jp2.bytes || !face.photo_png.bytes);
	FUZZ_CHECK(evidence || !face.evidence_jws.bytes);
	kenmen_face_finish(&face);
}

static void
read_signatures(struct kenmen_card *card, enum kenmen_certificate key)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://a.example", .len = 32, .now = 1
	};
	const uint8_t digest[32] = { 0 };
	uint8_t signature[KENMEN_SIGNATURE_MAX];
	struct kenmen_blob der = { NULL, 0 }, jws = { NULL, 0 };
	size_t len = sizeof(signature);

	if (kenmen_certificate_read(card, key, NULL, NULL, &der) == 0) {
		FUZZ_CHECK(der.len >= 2 && der.bytes[0] == 0x30);
		if (kenmen_login_sign(card, &der, &challenge, &jws) == 0)
			FUZZ_CHECK(jws.bytes[jws.len] == 0);
	}
	if (kenmen_sign(card, key, KENMEN_SHA256, digest, signature, &len) == 0)
		FUZZ_CHECK(len > 0 && len <= sizeof(signature));
	kenmen_blob_free(&jws);
	kenmen_blob_free(&der);
}

static void
read_errand(struct kenmen_card *card, struct answers *a, unsigned errand)
{
	static const struct {
		unsigned errand;
		enum kenmen_pin pin;
		const char *code;
	} pins[] = {
		{ ERRAND_ATTRIBUTES, KENMEN_PIN_ATTRIBUTES, "1234" },
		{ ERRAND_TEXT, KENMEN_PIN_ATTRIBUTES, "1234" },
		{ ERRAND_FACE, KENMEN_PIN_FACE_B, "02040120354821" },
		{ ERRAND_EVIDENCE, KENMEN_PIN_FACE_A, "123456789018" },
		{ ERRAND_LOGIN, KENMEN_PIN_AUTH, "1234" },
		{ ERRAND_SIGN, KENMEN_PIN_SIGN, "SAMPLE1234" },
	};
	size_t i = errand >> 5;

	if (i >= sizeof(pins) / sizeof(pins[0]) ||
	    verify(card, a, pins[i].pin, pins[i].code) < 0)
		return;
	if (errand == ERRAND_ATTRIBUTES || errand == ERRAND_TEXT)
		read_text(card, errand == ERRAND_TEXT);
	else if (errand == ERRAND_FACE || errand == ERRAND_EVIDENCE)
		read_face(card, errand == ERRAND_EVIDENCE);
	else
		read_signatures(card, errand == ERRAND_LOGIN
					  ? KENMEN_CERT_AUTH
					  : KENMEN_CERT_SIGN);
	kenmen_card_leave(card);
	FUZZ_CHECK(a->verifies <= 1);
}

static void
read_card_info(struct kenmen_card *card, struct answers *a)
{
	struct kenmen_card_info info;

	if (kenmen_card_info_read(card, &info) == 0) {
		for (int i = 0; i < KENMEN_PIN_N; i++)
			FUZZ_CHECK(info.tries[i] >= -1 && info.tries[i] <= 15);
		for (int i = 0; i < KENMEN_CERT_N; i++)
			FUZZ_CHECK(info.certificates[i] >= -1 &&
				   info.certificates[i] <= 1);
	}
	FUZZ_CHECK(a->verifies == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct answers a = { .data = data, .len = len };
	const struct kenmen_reader reader = { &answers_ops, &a };
	struct kenmen_forms forms = { 0 };
	struct kenmen_card *card = NULL;
	unsigned flags;

	if (len < 1)
		return 0;
	flags = *a.data++;
	a.len--;
	forms.no_sfi = flags & FLAG_NO_SFI;
	forms.no_extended = flags & FLAG_NO_EXTENDED;
	forms.small_blocks = flags & FLAG_SMALL_BLOCKS;
	if (kenmen_card_new(&reader, &forms, &card) == 0) {
		if (kenmen_card_connect(card) == 0 &&
		    kenmen_card_begin(card) == 0) {
			if (flags & FLAG_CARD_INFO)
				read_card_info(card, &a);
			else
				read_errand(card, &a, flags & ERRAND);
			if (flags & FLAG_END)
				kenmen_card_end(card);
		}
		kenmen_card_free(&card);
	}
	FUZZ_CHECK(a.closes == 1 && !a.open && card == NULL);
	return 0;
}
