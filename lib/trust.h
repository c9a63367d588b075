/*
 * struct kenmen_trust from the inside.
 */
#ifndef KENMEN_TRUST_H
#define KENMEN_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "kenmen.h"
#include "sigcheck.h"

/* The root whose key id is that (CV_KEY_ID_LEN bytes), or NULL: not
 * configured. trust may be NULL. Owned by trust. */
const struct sig_key *trust_root(
    const struct kenmen_trust *trust, const uint8_t *key_id);
/* Is any configured? */
bool trust_has_roots(const struct kenmen_trust *trust);

/* Writes one check of a list at that place. */
void trust_check_put(struct kenmen_authenticity *list, unsigned at,
    const char *name, int ok, const char *detail);

/* Is any CA of that purpose, KENMEN_CERT_AUTH_CA or _SIGN_CA, configured? */
bool trust_has_ca(
    const struct kenmen_trust *trust, enum kenmen_certificate which);
/*
 * Copies to *ret the CA certificate of that purpose that has these bytes at
 * that place of its DER, at least TRUST_KEY_BYTES of its key among them: what
 * tells apart generations that have one name, and a stranger with the same
 * name. Left empty where there is none. DATA, NO_MEMORY.
 */
#define TRUST_KEY_BYTES 32
int trust_ca_with(const struct kenmen_trust *trust,
    enum kenmen_certificate which, size_t at, const uint8_t *part, size_t len,
    struct kenmen_blob *ret);

#endif
