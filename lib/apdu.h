/*
 * Command and response pairs, ISO 7816-3 12.1 (forms) and ISO 7816-4 5.1
 * (meaning): builds a command, sends it, and does what the T=0 protocol leaves
 * to the sender (61xx, 6Cxx). Knows no file and no PIN of any card.
 */
#ifndef KENMEN_APDU_H
#define KENMEN_APDU_H

#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

#define APDU_DATA_MAX 255
#define APDU_LE_SHORT_MAX 256
#define APDU_LE_MAX 65536

/* ISO 7816-4 table 5. */
enum apdu_ins {
	INS_VERIFY = 0x20,
	INS_SIGN = 0x2A, /* PERFORM SECURITY OPERATION; ISO 7816-8 11.2 */
	INS_SELECT = 0xA4,
	INS_READ_BINARY = 0xB0,
	INS_GET_RESPONSE = 0xC0,
};

/* The status words that decide something here; ISO 7816-4 tables 6 and 7. */
enum apdu_sw {
	SW_OK = 0x9000,
	SW_END_OF_FILE = 0x6282, /* fewer bytes than asked for, still good */
	SW_NO_LIMIT = 0x6300, /* to an empty VERIFY: a key that never blocks */
	SW_WRONG_LENGTH = 0x6700,
	SW_SECURITY_STATUS = 0x6982,
	SW_BLOCKED = 0x6983,
	SW_BLOCKED_TOO = 0x6984, /* what a My Number card says for blocked */
	SW_CONDITIONS = 0x6985,  /* conditions of use not satisfied */
	SW_FILE_NOT_FOUND = 0x6A82,
	SW_WRONG_P1P2 = 0x6A86,
	SW_KEY_NOT_FOUND = 0x6A88,
	SW_WRONG_OFFSET = 0x6B00,
	SW_WRONG_INS = 0x6D00,
	SW_UNKNOWN = 0x6F00,
};

/*
 * A command. It lives on a locked page of its own, since it may carry a PIN,
 * and is wiped when freed.
 */
struct apdu;

/* A reader and what went through it. */
struct apdu_link {
	struct kenmen_reader reader;
	unsigned exchanges; /* command and response pairs sent */
	size_t bytes;       /* both ways, status words included */
};

/* Behind data as long as may be there is always room for a whole response. */
#define APDU_ANSWER_ROOM (APDU_LE_MAX + KENMEN_RESPONSE_MAX)

/* What came back. May hold what a PIN protects: wipe it after use. */
struct apdu_answer {
	uint16_t sw;
	size_t len; /* of data, without the status word */
	uint8_t data[APDU_ANSWER_ROOM];
};

/* A command without data and without Le. NO_MEMORY. */
int apdu_new(
    uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct apdu **ret);
/* Wipes, frees, sets NULL; accepts a pointer to NULL. */
void apdu_free(struct apdu **a);
/* Appends to the data; ARGUMENT past APDU_DATA_MAX bytes in all. */
int apdu_put(struct apdu *a, const uint8_t *data, size_t len);
/* The same from a secret, on no other memory than the two pages. */
int apdu_put_secret(struct apdu *a, const struct kenmen_secret *secret);
/*
 * How many bytes are expected back at most: 0 none, up to 256 in the short
 * form, up to 65536 in the extended one. ARGUMENT past that.
 */
int apdu_set_le(struct apdu *a, size_t le);
/* The command as sent, inside a; valid until a is changed or freed. */
const uint8_t *apdu_encode(struct apdu *a, size_t *ret_len);

/*
 * Sends a and collects the answer: 0, the reader's KENMEN_ERR_*, or
 * CARD_REMOVED for an answer without a status word. One exchange, and
 *   after 6Cxx the same command once more with the Le that the card named,
 *   after 61xx GET RESPONSE as long as the card has more.
 * A VERIFY goes out once and nothing follows it, with or without data: what
 * the card did with it is not ours to try again, and behind 00 20 00 91 a Le
 * would look like a Lc under T=0. DATA when 61xx leads nowhere or to more
 * than 65536 bytes. *ret is overwritten in every case.
 */
int apdu_transmit(
    struct apdu_link *link, struct apdu *a, struct apdu_answer *ret);

#endif
