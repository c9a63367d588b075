#include "wrap.h"

#include <string.h>

#include "utf8.h"

#define BREAK "%0A"
#define BREAK_LEN 3

/* What begins no line, and what ends none (JIS X 4051, the common ones). */
static const char closing[] = "、。，．・：；？！」』）】～ーっゃゅょッャュョ";
static const char opening[] = "「『（【";

/* A character, or what stands for one. */
struct piece {
	size_t len;
	unsigned columns;
	bool ends_line, space, wide, opens, closes;
};

/* Of a whole character: UTF-8 has no other inside of one. */
static bool
is_one_of(const char *set, const char *bytes, size_t len)
{
	for (const char *at = set; *at; at++)
		if (strncmp(at, bytes, len) == 0)
			return true;
	return false;
}

static struct piece
piece_at(const char *text, const char *end)
{
	const char *next = text;
	struct piece p = { .len = BREAK_LEN };
	unsigned character;

	if (*text == '%' && end - text >= BREAK_LEN) {
		p.ends_line = memcmp(text, BREAK, BREAK_LEN) == 0;
		p.columns = p.ends_line ? 0 : 1;
		return p;
	}
	character = utf8_next(&next, end);
	p.len = character ? (size_t)(next - text) : 1;
	p.space = character == ' ';
	/* From Hangul Jamo on, roughly, but for what only Europe needs. */
	p.wide = character >= 0x1100;
	p.columns = p.wide ? 2 : 1;
	p.opens = p.wide && is_one_of(opening, text, p.len);
	p.closes = p.wide && is_one_of(closing, text, p.len);
	return p;
}

static bool
may_break(const struct piece *before, const struct piece *after)
{
	return (before->space || before->wide) && !before->opens &&
	       !after->closes && !after->space;
}

/* Breaks the line before text[at], in the place of a blank if there is one.
 * How many bytes the rest has moved; 0: no room. */
static size_t
break_insert(char *text, size_t len, size_t room, size_t at)
{
	size_t from = text[at - 1] == ' ' ? at - 1 : at;
	size_t more = BREAK_LEN - (at - from);

	if (len + more >= room)
		return 0;
	memmove(text + at + more, text + at, len - at + 1);
	memcpy(text + from, BREAK, BREAK_LEN);
	return more;
}

bool
wrap_lines(char *text, size_t room, unsigned columns)
{
	struct piece piece, before = { .ends_line = true };
	size_t len = strlen(text), place = 0, more;
	unsigned column = 0, place_column = 0;

	for (size_t at = 0; at < len; at += piece.len) {
		piece = piece_at(text + at, text + len);
		if (piece.ends_line)
			column = 0;
		if (piece.ends_line || before.ends_line)
			place = 0;
		else if (may_break(&before, &piece)) {
			place = at;
			place_column = column;
		}
		column += piece.columns;
		if (column > columns && place && !piece.space) {
			more = break_insert(text, len, room, place);
			if (!more)
				return false;
			len += more;
			at += more;
			column -= place_column;
			place = 0;
		}
		before = piece;
	}
	return true;
}
