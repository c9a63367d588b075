/*
 * struct kenmen_blob from the inside: bytes on the heap that are wiped when
 * they are freed, and views of bytes that belong to somebody else.
 */
#ifndef KENMEN_BLOB_H
#define KENMEN_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

/*
 * A copy of len bytes, followed by a NUL that len does not count; len 0 gives
 * an empty string, not an empty blob. NO_MEMORY. The caller frees it with
 * kenmen_blob_free.
 */
int blob_copy(const void *bytes, size_t len, struct kenmen_blob *ret);

/* A blob that owns nothing: to be read while bytes live, never freed. */
struct kenmen_blob blob_view(const uint8_t *bytes, size_t len);

#endif
