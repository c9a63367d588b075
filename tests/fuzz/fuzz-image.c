/* JPEG 2000 over any bytes. */
#include <string.h>

#include "fuzz.h"
#include "kenmen.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct kenmen_blob png = { NULL, 0 };

	if (kenmen_jp2_to_png(data, len, &png) < 0) {
		FUZZ_CHECK(png.bytes == NULL);
		return 0;
	}
	FUZZ_CHECK(len <= 32768);
	FUZZ_CHECK(png.len > 8 && !memcmp(png.bytes, "\x89PNG\r\n\x1A\n", 8));
	kenmen_blob_free(&png);
	return 0;
}
