/*
 * 256 random bits: a cookie, a challenge, a nonce.
 */
#ifndef DRONE_TOKEN_H
#define DRONE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_LEN 32
/* In base64url (RFC 4648 5) without padding. */
#define TOKEN_TEXT_LEN 43

/* False: the kernel gave none. */
bool token_new(uint8_t ret[TOKEN_LEN]);
void token_text(const uint8_t token[TOKEN_LEN], char ret[TOKEN_TEXT_LEN + 1]);
/* Against what somebody sent, which may be any text, in a time that does not
 * tell where they differ. */
bool token_is(const uint8_t token[TOKEN_LEN], const char *text);
/*
 * A name for people to read, of len characters that cannot be taken for each
 * other (no 0 and O, 1 and I), ended by a NUL. False as above.
 */
bool token_symbol(char *ret, size_t len);

#endif
