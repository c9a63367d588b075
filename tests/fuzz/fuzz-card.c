/*
 * The reader's errands against a card that answers anything. The first byte
 * says what is known of the reader and which errand; then come the answers,
 * each with its length in two bytes before it. An answer of no bytes is an
 * exchange that failed; after the last one the card is gone.
 */
#include <string.h>

#include "fuzz.h"
#include "kenmen.h"

enum {
	FLAG_NO_SFI = 1,
	FLAG_NO_EXTENDED = 2,
	FLAG_SMALL_BLOCKS = 4,
	FLAG_CARD_INFO = 8, /* else the attributes */
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

static void
read_attributes(struct kenmen_card *card, struct answers *a)
{
	static struct kenmen_attributes attributes;
	struct kenmen_secret *pin = NULL;
	int left = -1, r, tries;

	tries = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES);
	FUZZ_CHECK(tries <= 15 && a->verifies == 0);
	if (tries < 0 || kenmen_secret_new(&pin) < 0)
		return;
	memcpy(kenmen_secret_bytes(pin), "1234", 4);
	FUZZ_CHECK(kenmen_secret_set_len(pin, 4) == 0);
	r = kenmen_pin_verify(card, KENMEN_PIN_ATTRIBUTES, pin, &left);
	FUZZ_CHECK(a->verifies <= 1);
	FUZZ_CHECK(r <= 0 && left >= -1 && left <= 15);
	if (r == 0 &&
	    kenmen_attributes_read(card, NULL, NULL, &attributes) == 0) {
		FUZZ_CHECK(memchr(attributes.name, 0, sizeof(attributes.name)));
		FUZZ_CHECK(
		    memchr(attributes.address, 0, sizeof(attributes.address)));
	}
	kenmen_card_leave(card);
	FUZZ_CHECK(a->verifies <= 1);
	kenmen_secret_free(&pin);
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
				read_attributes(card, &a);
			if (flags & 0x10)
				kenmen_card_end(card);
		}
		kenmen_card_free(&card);
	}
	FUZZ_CHECK(a.closes == 1 && !a.open && card == NULL);
	return 0;
}
