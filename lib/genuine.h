/*
 * What shows that data of the text and visual applications is genuine: pure
 * functions on the bytes of files as they were read. No card, no I/O.
 *
 * An empty blob means: that file is not on the card (or was not asked for).
 * One that is there and not of its form fails its check. Nothing of a file
 * gets into struct kenmen_authenticity.
 */
#ifndef KENMEN_GENUINE_H
#define KENMEN_GENUINE_H

#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"
#include "sigcheck.h"

/* What the chip was given to sign (COMPUTE DIGITAL SIGNATURE with the default
 * key over SHA-256 of message) and what it answered. */
struct genuine_chip {
	struct kenmen_blob message;   /* a fresh random, or a JWS's input */
	struct kenmen_blob signature; /* empty: it has no key, or refused */
};

struct genuine_text {
	struct kenmen_blob number;      /* EF 0001 to its last byte; or empty */
	struct kenmen_blob attributes;  /* EF 0002; or empty: not wished */
	struct kenmen_blob digests;     /* EF 0003 */
	struct kenmen_blob certificate; /* EF 0004 */
	struct kenmen_blob chip_key;    /* EF 0007 */
	struct genuine_chip chip;
};

/*
 * Adds the checks of the text application to *ret, which is overwritten:
 * record_digest, record_signature, issuer_certificate, issuer_root, chip,
 * revocation; and the verdict. trust may be NULL. 0; AUTHENTICITY: the verdict
 * is KENMEN_FAILED (*ret is filled); NO_MEMORY.
 */
int genuine_text(const struct genuine_text *in,
    const struct kenmen_trust *trust, struct kenmen_authenticity *ret);

/* EF 0002 of the visual application, or DF22 to DF28 of it; all blobs are
 * views into what was parsed. */
struct genuine_record {
	struct kenmen_blob whole;    /* DF22 to DF28 as they stand */
	struct kenmen_blob holder;   /* DF22 to DF24, each whole */
	struct kenmen_blob surface;  /* DF25 and DF26 */
	struct kenmen_blob portrait; /* DF27; empty: it is missing */
	/* Their values. */
	struct kenmen_blob birth_date, sex, chip_key, name_png, address_png;
	struct kenmen_blob photo; /* empty: the card carries none */
	struct kenmen_blob signature;
	struct kenmen_blob expires; /* DF29, not signed; empty in evidence */
};

/*
 * genuine_face_file takes the file: FF20 { DF21, DF22 ... DF28, others }, what
 * follows it ignored. genuine_face_record takes DF22 to DF28 and nothing else.
 * DATA: one missing (DF27 may be), repeated, out of order, or with something
 * between them.
 */
int genuine_face_file(
    const uint8_t *buf, size_t len, struct genuine_record *ret);
int genuine_face_record(
    const uint8_t *buf, size_t len, struct genuine_record *ret);
/*
 * Copies what it says into a face: dates, sex, the two images and the JPEG
 * 2000 file; the rest of *ret stays. DATA: birth date or sex of no form that
 * fits, NO_MEMORY: *ret is as it was.
 */
int genuine_face_fill(
    const struct genuine_record *record, struct kenmen_face *ret);
/* As genuine_text; certificate is EF 0004 of the visual application. */
int genuine_face(const struct genuine_record *record,
    const struct kenmen_blob *certificate, const struct genuine_chip *chip,
    const struct kenmen_trust *trust, struct kenmen_authenticity *ret);

/*
 * The first of the known certificates whose key signed the record (EF 0003, or
 * that of the face), signed itself by a root of trust; without any roots that
 * is not asked for, unless rooted says so. *ret is a copy to be freed, and
 * stays as it is when none fits. NO_MEMORY.
 */
int genuine_text_known(const struct kenmen_issuers *known,
    const struct kenmen_blob *digests, const struct kenmen_trust *trust,
    struct kenmen_blob *ret);
int genuine_face_known(const struct kenmen_issuers *known,
    const struct genuine_record *record, bool rooted,
    const struct kenmen_trust *trust, struct kenmen_blob *ret);
/* Remembers the certificate of a read that stood all checks; known may be
 * NULL. */
void genuine_learn(struct kenmen_issuers *known, bool visual,
    const struct kenmen_blob *certificate,
    const struct kenmen_authenticity *outcome);

/*
 * Adds a check before "revocation", which stays the last; ok 0 makes the
 * verdict KENMEN_FAILED. detail is a constant text.
 */
void genuine_add(struct kenmen_authenticity *a, const char *name, int ok,
    const char *detail);

#endif
