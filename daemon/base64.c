#include "base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(const uint8_t *bytes, size_t len, char *ret)
{
	for (size_t at = 0; at < len; at += 3) {
		size_t n = len - at < 3 ? len - at : 3;
		uint32_t group = (uint32_t)bytes[at] << 16;

		if (n > 1)
			group |= (uint32_t)bytes[at + 1] << 8;
		if (n > 2)
			group |= bytes[at + 2];
		*ret++ = digits[group >> 18];
		*ret++ = digits[group >> 12 & 63];
		*ret++ = n > 1 ? digits[group >> 6 & 63] : '=';
		*ret++ = n > 2 ? digits[group & 63] : '=';
	}
	*ret = '\0';
}

/* Four characters: their 24 bits, and how many bytes of them count (0: they
 * are of no such form). */
static unsigned
group_decode(const char *text, uint32_t *ret)
{
	unsigned n = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
	uint32_t group = 0;

	for (unsigned i = 0; i < 4; i++) {
		const char *digit =
		    i <= n ? memchr(digits, text[i], 64) : digits;

		if (digit == NULL)
			return 0;
		group = group << 6 | (uint32_t)(digit - digits);
	}
	*ret = group;
	/* Bits of bytes that do not count must be none. */
	return (group & (0xffffffu >> 8 * n)) == 0 ? n : 0;
}

bool
base64_decode(const char *text, uint8_t *ret, size_t room, size_t *ret_len)
{
	size_t len = strlen(text), n = 0;

	if (len % 4 != 0)
		return false;
	for (size_t at = 0; at < len; at += 4) {
		uint32_t group;
		unsigned count = group_decode(text + at, &group);

		if (count == 0 || (count < 3 && at + 4 < len) ||
		    count > room - n)
			return false;
		for (unsigned i = 0; i < count; i++)
			ret[n++] = (uint8_t)(group >> (16 - 8 * i));
	}
	*ret_len = n;
	return true;
}
