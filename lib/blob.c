#include "blob.h"

#include <stdlib.h>
#include <string.h>

int
blob_copy(const void *bytes, size_t len, struct kenmen_blob *ret)
{
	uint8_t *copy = malloc(len + 1);

	if (!copy)
		return KENMEN_ERR_NO_MEMORY;
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	ret->bytes = copy;
	ret->len = len;
	return 0;
}

struct kenmen_blob
blob_view(const uint8_t *bytes, size_t len)
{
	/* struct kenmen_blob serves owners, too: its bytes are not const. */
	struct kenmen_blob view = { (uint8_t *)(uintptr_t)bytes, len };

	return view;
}

void
kenmen_blob_free(struct kenmen_blob *blob)
{
	if (blob->bytes) {
		kenmen_wipe(blob->bytes, blob->len);
		free(blob->bytes);
	}
	blob->bytes = NULL;
	blob->len = 0;
}
