#include "card.h"

#include <stdlib.h>
#include <string.h>

#include "apdu.h"
#include "tlv.h"

/* READ BINARY has 15 bits for an offset (ISO 7816-4 11.3.3). */
#define FILE_MAX 32767
#define BLOCK_SHORT 256
/* Readers that mishandle the chaining of T=CL fail past 251 bytes. */
#define BLOCK_SMALL CARD_PART_MAX

/* Enough to see what a file begins with. */
#define CARD_PROBE_LEN 4

#define P1_SELECT_EF 0x02
#define P1_SELECT_AID 0x04
#define P2_NO_ANSWER 0x0C
#define SFI_FLAG 0x80
#define KEY_CURRENT_EF 0x80
/* ISO 7816-8 gives 2A class 00; this card has it in its own. */
#define CLA_OWN 0x80
/* RSA-2048 less the least padding (RFC 8017 9.2). */
#define SIGN_INPUT_MAX 245
#define SEQUENCE 0x30

/* PC/SC part 10, 2.5.2; no card gives them. */
#define SW_PINPAD_TIMEOUT 0x6400
#define SW_PINPAD_CANCELLED 0x6401
#define SW_PINPAD_LENGTH 0x6403

struct kenmen_card {
	struct apdu_link link;
	struct kenmen_forms forms;
	bool connected;
	bool fresh; /* no command has been sent in this transaction */
	bool in_transaction;
	/* An exchange failed and nothing has shown since that the card is
	 * still the same: one that was swapped within one look of pcscd shows
	 * by just that. */
	bool doubtful;
	bool reset_at_end;          /* the card may hold a verified PIN */
	bool sfi_proven;            /* it has found a file by its short id */
	const struct card_aid *aid; /* current application, NULL: not known */
	/* The key whose tries were asked by the very last command. */
	const struct card_key *settled;
	bool settled_by_select;
	struct apdu_answer answer;
};

/* The card manager (ISD): what is current after power-up. */
static const struct card_aid card_manager = { 7,
	{ 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 } };

/* ---- life ------------------------------------------------------------- */

int
kenmen_card_new(const struct kenmen_reader *reader,
    const struct kenmen_forms *known, struct kenmen_card **ret)
{
	struct kenmen_card *card;

	if (reader == NULL || reader->ops == NULL)
		return KENMEN_ERR_ARGUMENT;
	if (ret == NULL) {
		reader->ops->close(reader->arg);
		return KENMEN_ERR_ARGUMENT;
	}
	if ((card = calloc(1, sizeof(*card))) == NULL) {
		reader->ops->close(reader->arg);
		return KENMEN_ERR_NO_MEMORY;
	}
	card->link.reader = *reader;
	if (known != NULL)
		card->forms = *known;
	*ret = card;
	return 0;
}

void
kenmen_card_free(struct kenmen_card **card)
{
	struct kenmen_card *c;

	if (card == NULL || (c = *card) == NULL)
		return;
	if (c->in_transaction)
		c->link.reader.ops->end(c->link.reader.arg, true);
	c->link.reader.ops->close(c->link.reader.arg);
	kenmen_wipe(c, sizeof(*c));
	free(c);
	*card = NULL;
}

/* Whatever happened, the card may be in another state than we left it. */
static void
card_forget(struct kenmen_card *card)
{
	card->aid = NULL;
	card->settled = NULL;
}

int
kenmen_card_connect(struct kenmen_card *card)
{
	int r;

	if (card == NULL || card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	card_forget(card);
	if ((r = card->link.reader.ops->connect(card->link.reader.arg)) < 0)
		return r;
	card->connected = true;
	card->doubtful = false;
	card->sfi_proven = false;
	return 0;
}

int
kenmen_card_begin(struct kenmen_card *card)
{
	int r;

	if (card == NULL || !card->connected || card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	if (card->doubtful)
		return KENMEN_ERR_CARD_REMOVED;
	card_forget(card);
	if ((r = card->link.reader.ops->begin(card->link.reader.arg)) < 0)
		return r;
	card->in_transaction = true;
	card->fresh = true;
	return 0;
}

int
kenmen_card_end(struct kenmen_card *card)
{
	bool reset;

	if (card == NULL || !card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	reset = card->reset_at_end;
	card->in_transaction = false;
	card->reset_at_end = false;
	card_forget(card);
	return card->link.reader.ops->end(card->link.reader.arg, reset);
}

int
kenmen_card_still_there(struct kenmen_card *card)
{
	if (card == NULL || !card->connected)
		return KENMEN_ERR_ARGUMENT;
	if (card->doubtful)
		return 0;
	return card->link.reader.ops->still_there(card->link.reader.arg);
}

void
kenmen_card_forms(const struct kenmen_card *card, struct kenmen_forms *ret)
{
	*ret = card->forms;
}

void
kenmen_card_cost(
    const struct kenmen_card *card, unsigned *ret_exchanges, size_t *ret_bytes)
{
	if (ret_exchanges != NULL)
		*ret_exchanges = card->link.exchanges;
	if (ret_bytes != NULL)
		*ret_bytes = card->link.bytes;
}

/* ---- one command ------------------------------------------------------ */

/* TRANSMIT, unless the card turns out to be gone. */
static int
card_doubt(struct kenmen_card *card)
{
	const struct kenmen_reader *reader = &card->link.reader;

	card->doubtful = true;
	return reader->ops->still_there(reader->arg) == 1
		   ? KENMEN_ERR_TRANSMIT
		   : KENMEN_ERR_CARD_REMOVED;
}

/* The only way to the card; *ret_sw is set on success. */
static int
card_transmit(struct kenmen_card *card, struct apdu *a, uint16_t *ret_sw)
{
	int r;

	card->settled = NULL;
	card->fresh = false;
	r = apdu_transmit(&card->link, a, &card->answer);
	if (r == KENMEN_ERR_TRANSMIT)
		r = card_doubt(card);
	if (r < 0 && r != KENMEN_ERR_TRANSMIT)
		card->aid = NULL;
	if (r == 0)
		*ret_sw = card->answer.sw;
	return r;
}

/* ---- select ----------------------------------------------------------- */

/* SELECT without an answer, P2 0C: both for applications and for files. */
static int
select_once(struct kenmen_card *card, uint8_t p1, const uint8_t *name,
    size_t len, uint16_t *ret_sw)
{
	struct apdu *a = NULL;
	int r;

	if ((r = apdu_new(0x00, INS_SELECT, p1, P2_NO_ANSWER, &a)) < 0 ||
	    (r = apdu_put(a, name, len)) < 0)
		goto out;
	r = card_transmit(card, a, ret_sw);
out:
	apdu_free(&a);
	return r;
}

/*
 * What cards of other kinds say to an AID that they never heard of: 6Axx,
 * 6Dxx, 6Exx mostly, 6999 Java cards, 67xx and 68xx memory cards behind a
 * reader's own interpreter. A My Number card says 6A82.
 */
static bool
sw_is_foreign(uint16_t sw)
{
	switch (sw >> 8) {
	case 0x67:
	case 0x68:
	case 0x6A:
	case 0x6D:
	case 0x6E:
		return true;
	default:
		return sw == 0x6999;
	}
}

int
card_select(struct kenmen_card *card, const struct card_aid *aid)
{
	bool fresh = card->fresh;
	uint16_t sw = 0;
	int r;

	if (!card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	if (card->aid == aid)
		return 0;
	card->aid = NULL;
	r = select_once(card, P1_SELECT_AID, aid->bytes, aid->len, &sw);
	/* Some pairs of reader and card swallow the first command after
	 * power-up, or after a reset by another program that we do not see. */
	if (r == 0 && sw == SW_UNKNOWN && fresh)
		r = select_once(card, P1_SELECT_AID, aid->bytes, aid->len, &sw);
	if (r < 0)
		return r;
	if (sw == SW_OK) {
		card->aid = aid;
		return 0;
	}
	return sw_is_foreign(sw) ? KENMEN_ERR_NOT_FOUND : KENMEN_ERR_CARD;
}

int
kenmen_card_leave(struct kenmen_card *card)
{
	const struct card_aid *aid = &card_manager;
	uint16_t sw = 0;
	int r;

	if (card == NULL || !card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	card->aid = NULL;
	r = select_once(card, P1_SELECT_AID, aid->bytes, aid->len, &sw);
	card->reset_at_end = r < 0 || sw != SW_OK;
	if (r < 0)
		return r;
	return sw == SW_OK ? 0 : KENMEN_ERR_CARD;
}

/* All files of this card are 00xx, xx being the short id (facts 1.3). */
static int
select_ef(struct kenmen_card *card, uint8_t sfi, uint16_t *ret_sw)
{
	const uint8_t fid[2] = { 0x00, sfi };

	return select_once(card, P1_SELECT_EF, fid, sizeof(fid), ret_sw);
}

/* Whether a status may mean "no short file ids here". */
static bool
sw_refuses_sfi(uint16_t sw)
{
	return sw == SW_WRONG_P1P2 || sw == SW_FILE_NOT_FOUND ||
	       sw == SW_KEY_NOT_FOUND || sw == SW_WRONG_OFFSET ||
	       sw == SW_WRONG_LENGTH || sw == SW_WRONG_INS;
}

/* ---- verify ----------------------------------------------------------- */

/* 63Cx: x tries left (ISO 7816-4 table 6); -1 for another status. */
static int
sw_tries(uint16_t sw)
{
	if ((sw & 0xFFF0) == 0x63C0)
		return sw & 0x0F;
	if (sw == SW_BLOCKED || sw == SW_BLOCKED_TOO)
		return 0;
	return -1;
}

/* VERIFY without data: asks for the counter and spends nothing. */
static int
verify_empty(struct kenmen_card *card, uint8_t p2, uint16_t *ret_sw)
{
	struct apdu *a = NULL;
	int r;

	if ((r = apdu_new(0x00, INS_VERIFY, 0x00, p2, &a)) < 0)
		return r;
	r = card_transmit(card, a, ret_sw);
	apdu_free(&a);
	return r;
}

static int
tries_by_select(
    struct kenmen_card *card, const struct card_key *key, uint16_t *ret_sw)
{
	int r;

	if ((r = select_ef(card, key->sfi, ret_sw)) < 0)
		return r;
	if (*ret_sw == SW_FILE_NOT_FOUND)
		return KENMEN_ERR_NOT_FOUND;
	if (*ret_sw != SW_OK)
		return KENMEN_ERR_CARD;
	return verify_empty(card, KEY_CURRENT_EF, ret_sw);
}

int
card_tries(struct kenmen_card *card, const struct card_key *key)
{
	bool by_select = card->forms.no_sfi;
	uint16_t sw = SW_WRONG_P1P2;
	int r;

	if (!card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	if (card->doubtful)
		return KENMEN_ERR_CARD_REMOVED;
	if (!by_select) {
		r = verify_empty(card, (uint8_t)(SFI_FLAG | key->sfi), &sw);
		if (r < 0)
			return r;
		by_select = sw_refuses_sfi(sw);
	}
	if (by_select && (r = tries_by_select(card, key, &sw)) < 0)
		return r;
	/* A key that nobody counts the tries of: no number that a person could
	 * be told. */
	if (sw == SW_NO_LIMIT)
		return KENMEN_ERR_DATA;
	/* 9000 would mean "verified already", which this card never says of an
	 * empty VERIFY. */
	if ((r = sw_tries(sw)) < 0)
		return KENMEN_ERR_CARD;
	card->forms.no_sfi = by_select;
	card->settled = key;
	card->settled_by_select = by_select;
	return r;
}

static int
verify_sw_to_err(uint16_t sw, int *ret_tries)
{
	int tries = sw_tries(sw);

	if (sw == SW_OK)
		return 0;
	if (tries < 0)
		return KENMEN_ERR_CARD;
	if (ret_tries != NULL)
		*ret_tries = tries;
	return tries > 0 ? KENMEN_ERR_PIN_WRONG : KENMEN_ERR_PIN_BLOCKED;
}

/* P2 of the one VERIFY that card_tries has made way for. */
static int
verify_form(
    struct kenmen_card *card, const struct card_key *key, uint8_t *ret_p2)
{
	if (!card->in_transaction || key == NULL || card->settled != key)
		return KENMEN_ERR_ARGUMENT;
	/* Used up before anything can fail: one question, one VERIFY. */
	card->settled = NULL;
	*ret_p2 = card->settled_by_select ? KEY_CURRENT_EF
					  : (uint8_t)(SFI_FLAG | key->sfi);
	return 0;
}

int
card_verify(struct kenmen_card *card, const struct card_key *key,
    const struct kenmen_secret *code, int *ret_tries)
{
	bool had_pin = card->reset_at_end;
	struct apdu *a = NULL;
	uint16_t sw = 0;
	uint8_t p2;
	int r;

	if ((r = verify_form(card, key, &p2)) < 0)
		return r;
	if ((r = apdu_new(0x00, INS_VERIFY, 0x00, p2, &a)) < 0 ||
	    (r = apdu_put_secret(a, code)) < 0)
		goto out;
	/* Unless the card clearly said no, it may have said yes. */
	card->reset_at_end = true;
	if ((r = card_transmit(card, a, &sw)) < 0)
		goto out;
	r = verify_sw_to_err(sw, ret_tries);
	if (r == KENMEN_ERR_PIN_WRONG || r == KENMEN_ERR_PIN_BLOCKED)
		card->reset_at_end = had_pin;
out:
	apdu_free(&a);
	return r;
}

bool
card_has_pinpad(const struct kenmen_card *card)
{
	return card->link.reader.ops->verify_pinpad != NULL;
}

/* What a reader says for itself (PC/SC part 10, 2.5.2): nothing was sent. */
static int
pinpad_sw_to_err(uint16_t sw)
{
	switch (sw) {
	case SW_PINPAD_TIMEOUT:
		return KENMEN_ERR_TIMEOUT;
	case SW_PINPAD_CANCELLED:
		return KENMEN_ERR_CANCELLED;
	case SW_PINPAD_LENGTH:
		return KENMEN_ERR_PIN_FORMAT;
	default:
		return 0;
	}
}

/* card_transmit for a command that the reader completes. */
static int
card_pinpad(struct kenmen_card *card, const struct kenmen_pinpad_verify *form,
    uint16_t *ret_sw)
{
	const struct kenmen_reader *reader = &card->link.reader;
	int r;

	card->fresh = false;
	r = reader->ops->verify_pinpad(reader->arg, form, ret_sw);
	if (r == KENMEN_ERR_TRANSMIT)
		r = card_doubt(card);
	if (r < 0 && r != KENMEN_ERR_TRANSMIT)
		card->aid = NULL;
	if (r == 0 && pinpad_sw_to_err(*ret_sw) < 0)
		return 0;
	/* The digits are not known here, nor how many there were. */
	card->link.exchanges++;
	card->link.bytes += sizeof(form->command) + (r == 0 ? 2 : 0);
	return r;
}

int
card_verify_on_pinpad(struct kenmen_card *card, const struct card_key *key,
    uint8_t min_len, uint8_t max_len, uint8_t timeout_s, int *ret_tries)
{
	struct kenmen_pinpad_verify form = { .command = { 0x00, INS_VERIFY },
		.min_len = min_len,
		.max_len = max_len,
		.timeout_s = timeout_s };
	bool had_pin = card->reset_at_end;
	uint16_t sw = 0;
	int r;

	if (!card_has_pinpad(card))
		return KENMEN_ERR_ARGUMENT;
	if ((r = verify_form(card, key, &form.command[3])) < 0)
		return r;
	card->reset_at_end = true;
	if ((r = card_pinpad(card, &form, &sw)) < 0)
		return r;
	if ((r = pinpad_sw_to_err(sw)) == 0)
		r = verify_sw_to_err(sw, ret_tries);
	if (r < 0 && r != KENMEN_ERR_CARD)
		card->reset_at_end = had_pin;
	return r;
}

/* ---- read ------------------------------------------------------------- */

/* One file being read. */
struct reading {
	uint8_t sfi;
	uint8_t from;   /* where in the file */
	bool by_select; /* name it by SELECT EF */
	bool current;   /* it is the current EF: P1 P2 are an offset */
	bool shaken;    /* an exchange failed under us: was power lost? */
	bool sequence;  /* what does not begin with 30 is not there */
	uint8_t *buf;   /* FILE_MAX bytes */
	size_t got;
	size_t total; /* 0: not known yet */
};

/* What a block came to, beside KENMEN_ERR_*. */
enum { READ_DONE = 0, READ_AGAIN = 1 };

/* READ BINARY, by short id (then the file becomes current) or by offset. */
static int
read_once(struct kenmen_card *card, const struct reading *rd, size_t le,
    uint16_t *ret_sw)
{
	size_t at = rd->from + rd->got;
	uint8_t p1 = (uint8_t)(rd->current ? at >> 8 : SFI_FLAG | rd->sfi);
	uint8_t p2 = (uint8_t)at;
	struct apdu *a = NULL;
	int r;

	if ((r = apdu_new(0x00, INS_READ_BINARY, p1, p2, &a)) < 0 ||
	    (r = apdu_set_le(a, le)) < 0)
		goto out;
	r = card_transmit(card, a, ret_sw);
out:
	apdu_free(&a);
	return r;
}

/* The exact rest in the last block, else as much as fits. */
static size_t
block_le(const struct kenmen_card *card, const struct reading *rd)
{
	size_t max = APDU_LE_MAX;

	if (card->forms.small_blocks)
		max = BLOCK_SMALL;
	else if (card->forms.no_extended)
		max = BLOCK_SHORT;
	if (rd->total > 0 && rd->total - rd->got < max)
		return rd->total - rd->got;
	return max;
}

/* The next smaller form after le was too much; false: there is none. */
static bool
block_shrink(struct kenmen_card *card, size_t le)
{
	if (le > BLOCK_SHORT)
		card->forms.no_extended = true;
	else if (le > BLOCK_SMALL)
		card->forms.small_blocks = true;
	else
		return false;
	return true;
}

/*
 * A refused READ: which way round is there? 6700 and the like are put down to
 * the extended Le first, 6A86 and the like to the short id.
 */
static bool
read_give_way(
    struct kenmen_card *card, struct reading *rd, size_t le, uint16_t sw)
{
	bool by_sfi = !rd->current;
	bool extended = le > BLOCK_SHORT;
	bool about_length = sw == SW_WRONG_LENGTH || sw == SW_WRONG_INS;

	/* Of a card that knows short ids: that file is not there. */
	if (by_sfi && sw == SW_FILE_NOT_FOUND && card->sfi_proven)
		return false;
	if (by_sfi && sw_refuses_sfi(sw) && !(extended && about_length)) {
		rd->by_select = true;
		return true;
	}
	return extended && block_shrink(card, le);
}

/* A file that ends here. */
static int
read_nothing(const struct reading *rd)
{
	return rd->sequence && rd->got == 0 ? KENMEN_ERR_NOT_FOUND
					    : KENMEN_ERR_DATA;
}

static int
read_refused(
    struct kenmen_card *card, struct reading *rd, size_t le, uint16_t sw)
{
	/* Without power no PIN is verified and no application selected. */
	if (sw == SW_SECURITY_STATUS)
		return rd->shaken ? KENMEN_ERR_CARD_REMOVED
				  : KENMEN_ERR_PIN_REQUIRED;
	if (read_give_way(card, rd, le, sw))
		return READ_AGAIN;
	if (rd->shaken)
		return KENMEN_ERR_CARD_REMOVED;
	if (sw == SW_WRONG_OFFSET)
		return read_nothing(rd);
	return sw == SW_FILE_NOT_FOUND ? KENMEN_ERR_NOT_FOUND : KENMEN_ERR_CARD;
}

static int
read_take(struct kenmen_card *card, struct reading *rd)
{
	size_t room = (rd->total > 0 ? rd->total : FILE_MAX) - rd->got;
	size_t n = card->answer.len;

	if (n == 0)
		return read_nothing(rd);
	if (n > room)
		n = room; /* filler, or more than was asked for */
	memcpy(rd->buf + rd->got, card->answer.data, n);
	kenmen_wipe(card->answer.data, card->answer.len);
	rd->got += n;
	if (!rd->current)
		card->sfi_proven = true;
	rd->current = true;
	/* Another card would know nothing of the file that is current here. */
	card->doubtful = false;
	if (rd->by_select)
		card->forms.no_sfi = true;
	return READ_DONE;
}

static int
read_select(struct kenmen_card *card, struct reading *rd)
{
	uint16_t sw = 0;
	int r;

	if ((r = select_ef(card, rd->sfi, &sw)) < 0)
		return r;
	if (sw != SW_OK && rd->shaken)
		return KENMEN_ERR_CARD_REMOVED;
	if (sw == SW_FILE_NOT_FOUND)
		return KENMEN_ERR_NOT_FOUND;
	if (sw == SW_SECURITY_STATUS)
		return KENMEN_ERR_PIN_REQUIRED;
	if (sw != SW_OK)
		return KENMEN_ERR_CARD;
	rd->current = true;
	return 0;
}

static int
read_try(struct kenmen_card *card, struct reading *rd)
{
	size_t le = block_le(card, rd);
	uint16_t sw = 0;
	int r;

	if (rd->by_select && !rd->current && (r = read_select(card, rd)) < 0)
		return r;
	r = read_once(card, rd, le, &sw);
	/* A READ changes nothing, so it may be sent again in another form. */
	if (r == KENMEN_ERR_TRANSMIT && block_shrink(card, le)) {
		rd->shaken = true;
		return READ_AGAIN;
	}
	if (r < 0)
		return r;
	if (sw == SW_OK || sw == SW_END_OF_FILE)
		return read_take(card, rd);
	return read_refused(card, rd, le, sw);
}

static int
read_block(struct kenmen_card *card, struct reading *rd)
{
	int r;

	/* Ends: every way round can be taken once. */
	do {
		r = read_try(card, rd);
	} while (r == READ_AGAIN);
	if (r < 0)
		return r;
	if (rd->total > 0)
		return 0;
	if (rd->sequence && rd->buf[0] != SEQUENCE)
		return KENMEN_ERR_NOT_FOUND;
	if ((r = tlv_total(rd->buf, rd->got, &rd->total)) < 0)
		return r;
	if (rd->total > FILE_MAX)
		return KENMEN_ERR_DATA;
	if (rd->total > 0 && rd->got > rd->total)
		rd->got = rd->total;
	return 0;
}

static int
read_whole(struct kenmen_card *card, struct reading *rd,
    card_progress_fn *progress, void *arg)
{
	int r;

	do {
		if ((r = read_block(card, rd)) < 0)
			return r;
		if (progress != NULL && rd->total > 0)
			progress(arg, rd->got, rd->total);
	} while (rd->total == 0 || rd->got < rd->total);
	return 0;
}

static int
read_file(struct kenmen_card *card, struct reading *rd,
    card_progress_fn *progress, void *arg, struct kenmen_blob *ret)
{
	bool part = rd->total > 0; /* one block of known length */
	int r;

	if (!card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	if ((rd->buf = calloc(1, FILE_MAX)) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	r = part ? read_block(card, rd) : read_whole(card, rd, progress, arg);
	if (r < 0)
		goto out;
	ret->bytes = rd->buf;
	ret->len = rd->got;
	rd->buf = NULL;
out:
	kenmen_wipe(rd->buf, FILE_MAX);
	free(rd->buf);
	return r;
}

int
card_read(struct kenmen_card *card, uint8_t sfi, card_progress_fn *progress,
    void *arg, struct kenmen_blob *ret)
{
	struct reading rd = { .sfi = sfi, .by_select = card->forms.no_sfi };

	return read_file(card, &rd, progress, arg, ret);
}

int
card_read_sequence(struct kenmen_card *card, uint8_t sfi,
    card_progress_fn *progress, void *arg, struct kenmen_blob *ret)
{
	struct reading rd = {
		.sfi = sfi, .by_select = card->forms.no_sfi, .sequence = true
	};

	return read_file(card, &rd, progress, arg, ret);
}

int
card_read_part(struct kenmen_card *card, uint8_t sfi, uint8_t at, size_t len,
    struct kenmen_blob *ret)
{
	struct reading rd = { .sfi = sfi,
		.from = at,
		.by_select = card->forms.no_sfi,
		.total = len };

	if (len == 0 || len > BLOCK_SMALL)
		return KENMEN_ERR_ARGUMENT;
	return read_file(card, &rd, NULL, NULL, ret);
}

/* ---- sign ------------------------------------------------------------- */

static int
sign_once(struct kenmen_card *card, uint8_t p2, const uint8_t *input,
    size_t len, uint16_t *ret_sw)
{
	struct apdu *a = NULL;
	int r;

	if ((r = apdu_new(CLA_OWN, INS_SIGN, 0x00, p2, &a)) < 0 ||
	    (r = apdu_put(a, input, len)) < 0 ||
	    (r = apdu_set_le(a, APDU_LE_SHORT_MAX)) < 0)
		goto out;
	r = card_transmit(card, a, ret_sw);
out:
	apdu_free(&a);
	return r;
}

static int
sign_by_select(struct kenmen_card *card, uint8_t sfi, const uint8_t *input,
    size_t len, uint16_t *ret_sw)
{
	int r;

	if ((r = select_ef(card, sfi, ret_sw)) < 0 || *ret_sw != SW_OK)
		return r;
	if ((r = sign_once(card, KEY_CURRENT_EF, input, len, ret_sw)) == 0 &&
	    *ret_sw == SW_OK)
		card->forms.no_sfi = true;
	return r;
}

static int
sign_sw_to_err(uint16_t sw)
{
	switch (sw) {
	case SW_OK:
		return 0;
	case SW_SECURITY_STATUS:
		return KENMEN_ERR_PIN_REQUIRED;
	case SW_CONDITIONS:
	case SW_FILE_NOT_FOUND:
	case SW_KEY_NOT_FOUND:
		return KENMEN_ERR_NOT_FOUND;
	default:
		return KENMEN_ERR_CARD;
	}
}

/* The statuses that a card gives before it signs, because of P2 or Lc. */
static bool
sign_refuses_form(uint16_t sw)
{
	return sw == SW_WRONG_P1P2 || sw == SW_FILE_NOT_FOUND ||
	       sw == SW_WRONG_LENGTH;
}

static int
sign_take(struct kenmen_card *card, uint8_t *ret, size_t *ret_len)
{
	size_t n = card->answer.len;

	if (n == 0 || n > *ret_len)
		return KENMEN_ERR_DATA;
	memcpy(ret, card->answer.data, n);
	*ret_len = n;
	return 0;
}

int
card_sign(struct kenmen_card *card, uint8_t sfi, const uint8_t *input,
    size_t len, uint8_t *ret, size_t *ret_len)
{
	bool named = sfi != CARD_KEY_DEFAULT;
	uint8_t p2 = (uint8_t)(named ? SFI_FLAG | sfi : 0);
	uint16_t sw = SW_WRONG_P1P2;
	int r = 0;

	if (!card->in_transaction || len == 0 || len > SIGN_INPUT_MAX)
		return KENMEN_ERR_ARGUMENT;
	if (card->doubtful)
		return KENMEN_ERR_CARD_REMOVED;
	if (!named || !card->forms.no_sfi)
		r = sign_once(card, p2, input, len, &sw);
	if (r == 0 && named && sign_refuses_form(sw))
		r = sign_by_select(card, sfi, input, len, &sw);
	if (r < 0 || (r = sign_sw_to_err(sw)) < 0)
		return r;
	return sign_take(card, ret, ret_len);
}

/* ---- probe ------------------------------------------------------------ */

static int
probe_result(const struct kenmen_card *card, uint16_t sw, uint8_t *ret_first)
{
	switch (sw) {
	case SW_OK:
	case SW_END_OF_FILE:
		if (card->answer.len == 0)
			return CARD_PROBE_EMPTY;
		*ret_first = card->answer.data[0];
		return CARD_PROBE_FILLED;
	case SW_WRONG_OFFSET:
		return CARD_PROBE_EMPTY;
	case SW_FILE_NOT_FOUND:
		return CARD_PROBE_ABSENT;
	case SW_SECURITY_STATUS:
		return CARD_PROBE_LOCKED;
	default:
		return CARD_PROBE_UNCLEAR;
	}
}

int
card_exists(struct kenmen_card *card, uint8_t sfi)
{
	uint16_t sw = 0;
	int r;

	if (!card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	r = select_ef(card, sfi, &sw);
	return r < 0 ? r : sw != SW_FILE_NOT_FOUND;
}

static int
probe_by_select(struct kenmen_card *card, uint8_t sfi, uint8_t *ret_first)
{
	struct reading rd = { .sfi = sfi, .current = true };
	uint16_t sw = 0;
	int r;

	if ((r = select_ef(card, sfi, &sw)) < 0)
		return r;
	if (sw != SW_OK)
		return probe_result(card, sw, ret_first);
	if ((r = read_once(card, &rd, CARD_PROBE_LEN, &sw)) < 0)
		return r;
	if (sw == SW_OK)
		card->forms.no_sfi = true;
	return probe_result(card, sw, ret_first);
}

int
card_probe(
    struct kenmen_card *card, uint8_t sfi, bool by_select, uint8_t *ret_first)
{
	struct reading rd = { .sfi = sfi };
	uint16_t sw = 0;
	int r;

	if (!card->in_transaction)
		return KENMEN_ERR_ARGUMENT;
	if (by_select || card->forms.no_sfi)
		return probe_by_select(card, sfi, ret_first);
	if ((r = read_once(card, &rd, CARD_PROBE_LEN, &sw)) < 0)
		return r;
	/* 6A82 is taken at its word: asking twice would be the common case of
	 * a card without that certificate. */
	if (sw != SW_FILE_NOT_FOUND && sw_refuses_sfi(sw))
		return probe_by_select(card, sfi, ret_first);
	return probe_result(card, sw, ret_first);
}
