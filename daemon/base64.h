/*
 * Base64 with padding (RFC 4648 4), strictly: what is decoded encodes to the
 * same text again.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for so many bytes, without the NUL. */
#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* ret has room for BASE64_LEN(len) + 1. */
void base64_encode(const uint8_t *bytes, size_t len, char *ret);
/*
 * At most room bytes. False for anything that is not of the form (white
 * space, missing padding, bits left over) or longer; ret and *ret_len are
 * then undefined.
 */
bool base64_decode(
    const char *text, uint8_t *ret, size_t room, size_t *ret_len);

#endif
