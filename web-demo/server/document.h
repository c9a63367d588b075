/*
 * The document that is signed: text in Japanese, one line for each field,
 * fixed by what goes in. The digest is over exactly these bytes, which the
 * server keeps; no page sends a text back.
 */
#ifndef DRONE_DOCUMENT_H
#define DRONE_DOCUMENT_H

#include "moment.h"
#include "sheet.h"
#include "token.h"

#define DOCUMENT_TITLE "無人航空機登録申請書"
#define DOCUMENT_ID_LEN 12
#define DOCUMENT_S 3600 /* how long it waits for its signature */
#define SHA256_LEN 32

struct document {
	char id[DOCUMENT_ID_LEN + 1];
	uint64_t made_us;
	char *text; /* UTF-8, "\n" at the end of each line; NULL: none */
	uint8_t sha256[SHA256_LEN];
};

/*
 * Of a sheet without faults, for that origin. A value stands in 「」; a
 * backslash and the two brackets stand behind a backslash in it, and a
 * character that could break or turn the line as \u{HEX}: no field can pass
 * for another line. False: no memory.
 */
bool document_write(const struct sheet *sheet, const char *origin,
    const char *id, const uint8_t nonce[TOKEN_LEN], struct moment now,
    struct document *ret);
/* The same with a fresh id and nonce. False: no memory, no random bytes. */
bool document_new(const struct sheet *sheet, const char *origin,
    struct moment now, struct document *ret);
/* Wipes, frees, empties. */
void document_finish(struct document *document);

/* It is there, is called so and not too old. */
bool document_is(
    const struct document *document, const char *id, struct moment now);

#endif
