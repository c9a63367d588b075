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

#endif
