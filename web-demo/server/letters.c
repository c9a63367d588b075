#include "letters.h"

#include <string.h>

#include "utf8.h"

bool
letter_is_space(unsigned c)
{
	return c == ' ' || c == 0xa0 || c == 0x3000 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f;
}

bool
letter_is_forbidden(unsigned c)
{
	if (c == '<')
		return false; /* no window of ours takes it for HTML */
	return utf8_deceives(c) || (c >= 0x200b && c <= 0x200d) ||
	       c == 0x2060 || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f) ||
	       (c & 0xfffe) == 0xfffe;
}

bool
letter_is_selector(unsigned c)
{
	return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

/* U+FF61 to U+FF9F in full width. */
static const unsigned short half_katakana[] = { 0x3002, 0x300c, 0x300d, 0x3001,
	0x30fb, 0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5,
	0x30e7, 0x30c3, 0x30fc, 0x30a2, 0x30a4, 0x30a6, 0x30a8, 0x30aa, 0x30ab,
	0x30ad, 0x30af, 0x30b1, 0x30b3, 0x30b5, 0x30b7, 0x30b9, 0x30bb, 0x30bd,
	0x30bf, 0x30c1, 0x30c4, 0x30c6, 0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd,
	0x30ce, 0x30cf, 0x30d2, 0x30d5, 0x30d8, 0x30db, 0x30de, 0x30df, 0x30e0,
	0x30e1, 0x30e2, 0x30e4, 0x30e6, 0x30e8, 0x30e9, 0x30ea, 0x30eb, 0x30ec,
	0x30ed, 0x30ef, 0x30f3, 0x3099, 0x309a };

static const unsigned short hyphens[] = { 0x2010, 0x2011, 0x2012, 0x2013,
	0x2014, 0x2015, 0x2212, 0xfe63 };

unsigned
letter_fold(unsigned c)
{
	if (letter_is_space(c))
		return ' ';
	if (c >= 0xff01 && c <= 0xff5e)
		return c - 0xff01 + '!';
	if (c >= 0xff61 && c <= 0xff9f)
		return half_katakana[c - 0xff61];
	for (size_t i = 0; i < sizeof(hyphens) / sizeof(hyphens[0]); i++)
		if (c == hyphens[i])
			return '-';
	return c;
}

unsigned
letter_voiced(unsigned katakana, unsigned mark)
{
	bool ha_row = katakana >= 0x30cf && katakana <= 0x30db &&
		      (katakana - 0x30cf) % 3 == 0;

	if (mark == 0x309a)
		return ha_row ? katakana + 2 : 0;
	if (mark != 0x3099)
		return 0;
	if (katakana == 0x30a6)
		return 0x30f4; /* ヴ */
	/* カ to チ stand before their voiced forms, and so do ツ テ ト. */
	if ((katakana >= 0x30ab && katakana <= 0x30c1 && katakana % 2) ||
	    katakana == 0x30c4 || katakana == 0x30c6 || katakana == 0x30c8 ||
	    ha_row)
		return katakana + 1;
	return 0;
}

size_t
text_count(const char *text)
{
	const char *end = text + strlen(text);
	size_t n = 0;

	while (utf8_next(&text, end))
		n++;
	return n;
}

void
text_trim(char *text)
{
	const char *at = text, *end = text + strlen(text), *before = text;
	const char *first = NULL, *last = text;
	unsigned c;

	while ((c = utf8_next(&at, end))) {
		if (!letter_is_space(c)) {
			first = first ? first : before;
			last = at;
		}
		before = at;
	}
	if (*at) /* no UTF-8: its owner will say so */
		return;
	first = first ? first : last;
	memmove(text, first, (size_t)(last - first));
	text[last - first] = '\0';
}

void
text_narrow(char *text)
{
	const char *at = text, *end = text + strlen(text), *before = text;
	char *to = text;
	unsigned c;

	for (; (c = utf8_next(&at, end)); before = at) {
		if (letter_fold(c) < 0x80) {
			*to++ = (char)letter_fold(c);
			continue;
		}
		memmove(to, before, (size_t)(at - before));
		to += at - before;
	}
	memmove(to, at, strlen(at) + 1);
}
