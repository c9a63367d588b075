/*
 * The files of the My Number card, parsed: bytes in, a struct out. No I/O.
 */
#ifndef KENMEN_RECORD_H
#define KENMEN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

/*
 * EF 0002 of the text application (基本4情報):
 *
 *   FF20 { DF21 offsets, DF22 name, DF23 address, DF24 YYYYMMDD, DF25 sex }
 *
 * What follows the object is filler and ignored, and so is what the offset
 * table DF21 claims: the tags are walked. Unknown tags between them are
 * skipped. DATA: one of the five missing, repeated or out of order, a length
 * that lies, a text longer than its member of *ret.
 *
 * The texts come out as valid UTF-8 without control characters: each broken
 * sequence and each control character becomes U+FFFD. Everything else,
 * private-use characters and variation selectors included, is passed on.
 */
int record_attributes(
    const uint8_t *buf, size_t len, struct kenmen_attributes *ret);

/*
 * EF 0001 of the text application: FF10 { twelve ASCII digits }, then filler.
 * DATA: another form, or a check digit that is wrong.
 */
int record_my_number(
    const uint8_t *buf, size_t len, char ret[KENMEN_MY_NUMBER_LEN + 1]);

/* Do these bytes begin as such a file does? */
bool record_is_png(const uint8_t *buf, size_t len);
bool record_is_jp2(const uint8_t *buf, size_t len);

/*
 * The parts of EF 0002, for other files that hold the same.
 *
 * Text as above; false: it does not fit into size bytes with its NUL; nothing
 * is ever cut short.
 */
bool record_text(const uint8_t *bytes, size_t len, char *ret, size_t size);
/* YYYYMMDD to YYYY-MM-DD (11 bytes), or to "" where it is no date. */
void record_date(const char *raw, char *ret);
/* The code as on the card, one character. */
enum kenmen_sex record_sex(const char *code);

#endif
