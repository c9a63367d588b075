/*
 * The verbs of ISO 7816-4 on one card: select, tries, verify, read, sign. It
 * knows how a command is put and which way round a refusal there is; which
 * application, file or PIN there is stands in mynumber.c.
 *
 * It keeps track of the current application within a transaction. Except for
 * kenmen_card_* of kenmen.h all need an open transaction (ARGUMENT), and all
 * hand the reader's KENMEN_ERR_* on. After TRANSMIT the reader was asked
 * whether the card is still there: CARD_REMOVED if not.
 */
#ifndef KENMEN_CARD_H
#define KENMEN_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

/* An application's name, ISO 7816-4 12.2.3. */
struct card_aid {
	uint8_t len; /* 5 to 16 */
	uint8_t bytes[16];
};

/* A PIN's place in the current application. Short ids of this card's files
 * are the low five bits of their file ids, 00xx. */
struct card_key {
	uint8_t sfi;
};

typedef void card_progress_fn(void *arg, size_t done, size_t total);

/*
 * Makes the application the current one: no exchange when it is already, else
 * one (two when the card answers 6F00 to the first command of a
 * transaction). NOT_FOUND: the card does not know it; aid is compared by
 * address and must stay.
 */
int card_select(struct kenmen_card *card, const struct card_aid *aid);

/*
 * Tries left on a key of the current application, by VERIFY without data; 1
 * exchange, 2 where the key is named by SELECT EF, 3 while that is found out.
 * NOT_FOUND: no such key. DATA: one without a counter (6300). The form that
 * worked is settled for the card_verify that follows at once. key is compared
 * by address.
 */
int card_tries(struct kenmen_card *card, const struct card_key *key);

/*
 * VERIFY with data: exactly 1 exchange, or none and ARGUMENT when the last
 * command was not card_tries of this key. Whatever it says, the next one needs
 * a new card_tries. PIN_WRONG and PIN_BLOCKED set *ret_tries (may be NULL);
 * every status that is neither is CARD. The caller has checked the PIN's form.
 */
int card_verify(struct kenmen_card *card, const struct card_key *key,
    const struct kenmen_secret *code, int *ret_tries);
/*
 * The same, typed on the reader (PC/SC part 10): at most 1 exchange. min_len
 * and max_len are digits. ARGUMENT also where the reader has no keypad;
 * CANCELLED, TIMEOUT and PIN_FORMAT (too short or too long): the reader says
 * that nothing went to the card.
 */
int card_verify_on_pinpad(struct kenmen_card *card, const struct card_key *key,
    uint8_t min_len, uint8_t max_len, uint8_t timeout_s, int *ret_tries);
/* Has the reader a keypad? Known after kenmen_card_connect. */
bool card_has_pinpad(const struct kenmen_card *card);

/*
 * Reads a file that is one BER-TLV object to the end of that object; the
 * length is learnt from the first block. 1 exchange with extended Le, else one
 * for each 256 (224) bytes, and what it takes to find out what reader and card
 * accept: SELECT EF instead of the short id, short instead of extended Le.
 * A READ may be repeated, so a reader that chokes on a form is asked in the
 * next smaller one.
 *
 * PIN_REQUIRED: 6982. NOT_FOUND. DATA: no object, one of more than 32767 bytes
 * (the reach of READ BINARY), or a file that ends before it. CARD_REMOVED also
 * when the card forgot its PIN on the way, which means that it lost power.
 * progress may be NULL.
 */
int card_read(struct kenmen_card *card, uint8_t sfi, card_progress_fn *progress,
    void *arg, struct kenmen_blob *ret);
/* The same for a file that holds a DER SEQUENCE (first byte 30) or nothing of
 * use: NOT_FOUND when it is empty or begins otherwise. */
int card_read_sequence(struct kenmen_card *card, uint8_t sfi,
    card_progress_fn *progress, void *arg, struct kenmen_blob *ret);
#define CARD_PART_MAX 224
/*
 * len bytes of a file (at most CARD_PART_MAX) from at on, filler included,
 * whatever they are; fewer when the file ends before. 1 exchange, and the ways
 * round as above. DATA: the file ends before at.
 */
int card_read_part(struct kenmen_card *card, uint8_t sfi, uint8_t at,
    size_t len, struct kenmen_blob *ret);

/* Is there such a file? 0: the card says no (6A82 to SELECT EF), else 1; 1
 * exchange. */
int card_exists(struct kenmen_card *card, uint8_t sfi);

enum card_probe {
	CARD_PROBE_EMPTY,  /* the file is there, no byte of it can be read */
	CARD_PROBE_FILLED, /* *ret_first is its first byte */
	CARD_PROBE_LOCKED, /* it wants a PIN */
	CARD_PROBE_ABSENT,
	CARD_PROBE_UNCLEAR, /* a status that says none of that */
};

/*
 * Looks at a file by reading 4 bytes of it; enum card_probe or the reader's
 * KENMEN_ERR_*. 1 exchange, 2 where the file is named by SELECT EF, 3 while
 * that is found out. by_select: name it by SELECT EF whatever worked before.
 */
int card_probe(
    struct kenmen_card *card, uint8_t sfi, bool by_select, uint8_t *ret_first);

/* The key that COMPUTE DIGITAL SIGNATURE takes when none is named. */
#define CARD_KEY_DEFAULT 0

/*
 * COMPUTE DIGITAL SIGNATURE (80 2A 00): input, 1 to 245 bytes, is padded by
 * the card (PKCS#1 v1.5 type 1) and signed with a key of the current
 * application. 1 exchange; 3 while it is found out that keys are named by
 * SELECT EF here, then 2. It is sent again only after a status that refuses
 * its form (6A86, 6A82, 6700), never after a failed exchange.
 *
 * PIN_REQUIRED: 6982. NOT_FOUND: no such key, or one that does not sign
 * (6985). DATA: an empty signature or one longer than *ret_len says there is
 * room for. *ret_len: room, then length.
 */
int card_sign(struct kenmen_card *card, uint8_t sfi, const uint8_t *input,
    size_t len, uint8_t *ret, size_t *ret_len);

#endif
