/*
 * A cursor over BER-TLV as the My Number card writes it (ISO 7816-4 5.2.2,
 * X.690 8.1). Tolerant where the card is: tags of numbers below 31 in the long
 * form (FF10, DF21), lengths that are not minimal (82 00 9F). Refused: the
 * indefinite length, lengths of more than three bytes, a value that reaches
 * past the end.
 *
 * Allocates nothing and copies nothing: items point into the caller's buffer.
 */
#ifndef KENMEN_TLV_H
#define KENMEN_TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest header that is read: a tag and a length of 3 and 4 bytes. */
#define TLV_HEADER_MAX 7

/* Remembers its first failure and stays there. */
struct tlv {
	const uint8_t *at;
	size_t left;
	bool failed;
};

struct tlv_item {
	uint32_t tag; /* its bytes as they stand: 0x30, 0xDF21, 0x7F21 */
	const uint8_t *value;
	size_t len;
};

/* buf must outlive the cursor; NULL with len 0 is an empty row. */
void tlv_start(struct tlv *t, const uint8_t *buf, size_t len);
/* The next item; false at the end and after a failure. */
bool tlv_next(struct tlv *t, struct tlv_item *ret);
/* Whether all was read to the last byte without a failure. */
bool tlv_finish(const struct tlv *t);

/*
 * How long the object at the start of buf is, header and value, of which only
 * the first len bytes are at hand. 1: *ret_total is known. 0: the header goes
 * on behind buf. KENMEN_ERR_DATA: no header that tlv_next would take.
 */
int tlv_total(const uint8_t *buf, size_t len, size_t *ret_total);

#endif
