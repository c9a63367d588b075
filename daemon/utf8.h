/*
 * UTF-8 from people who may be lying: its characters, one by one, and those
 * of them that deceive.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>

/*
 * The next character of UTF-8 text (RFC 3629: shortest form, no surrogate,
 * nothing past U+10FFFF); 0 at the end, at a NUL, or where it is none, and
 * *at stays where it is. Else moves *at behind it. Reads nothing at end.
 */
unsigned utf8_next(const char **at, const char *end);

/*
 * What a window must not show inside a name or a page's own words: it would
 * break its lines, turn its direction, or make Qt take the text for HTML.
 * True for 0 too: what is no character passes nowhere.
 */
bool utf8_deceives(unsigned character);

/* No character of this string is none, or deceives. */
bool utf8_shows_plainly(const char *string);

#endif
