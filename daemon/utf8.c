#include "utf8.h"

#include <string.h>

/* How many bytes follow this first one; -1: none begins with it. */
static int
bytes_following(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	if (first >= 0xf0 && first <= 0xf4)
		return 3;
	return -1;
}

unsigned
utf8_next(const char **at, const char *end)
{
	static const unsigned smallest[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*at;
	unsigned value;
	int n;

	if (*at == end || *p == '\0' || (n = bytes_following(*p)) < 0 ||
	    end - *at <= n)
		return 0;
	value = n == 0 ? *p : *p & (0x3fu >> n);
	for (int i = 1; i <= n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fu);
	}
	if (value < smallest[n] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*at += n + 1;
	return value;
}

/* clang-format off */
static const struct {
	unsigned first, last;
} deceiving[] = {
	{ 0x00,   0x1f },
	{ '<',    '<' },
	{ 0x7f,   0x9f },
	{ 0x061c, 0x061c },
	{ 0x200e, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2066, 0x2069 },
};
/* clang-format on */

bool
utf8_deceives(unsigned character)
{
	for (size_t i = 0; i < sizeof(deceiving) / sizeof(deceiving[0]); i++)
		if (character >= deceiving[i].first &&
		    character <= deceiving[i].last)
			return true;
	return false;
}

bool
utf8_shows_plainly(const char *string)
{
	const char *end = string + strlen(string);

	while (string < end)
		if (utf8_deceives(utf8_next(&string, end)))
			return false;
	return true;
}
