#include "json-check.h"

#include <string.h>

#include "utf8.h"

/* Remembers its first failure: at == end from then on, failed set. */
struct cursor {
	const char *at, *end;
	unsigned depth;
	bool failed;
};

static void check_value(struct cursor *c);

static void
fail(struct cursor *c)
{
	c->failed = true;
	c->at = c->end;
}

/* '\0' at the end; a NUL in the text is no JSON anywhere, so it may be one. */
static char
peek(const struct cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static bool
take(struct cursor *c, char byte)
{
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

static void
need(struct cursor *c, char byte)
{
	if (!take(c, byte))
		fail(c);
}

static void
skip_space(struct cursor *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at != '\0')
		c->at++;
}

static unsigned
take_digits(struct cursor *c)
{
	unsigned n = 0;

	for (; peek(c) >= '0' && peek(c) <= '9'; n++)
		c->at++;
	return n;
}

static void
check_number(struct cursor *c)
{
	take(c, '-');
	if (!take(c, '0') && take_digits(c) == 0)
		fail(c);
	if (take(c, '.') && take_digits(c) == 0)
		fail(c);
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '+'))
			take(c, '-');
		if (take_digits(c) == 0)
			fail(c);
	}
}

static int
hex_digit(char byte)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = byte != '\0' ? strchr(digits, byte) : NULL;

	return at == NULL ? -1 : (int)(at - digits) % 16;
}

static unsigned
take_hex4(struct cursor *c)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(peek(c));
		if (digit < 0) {
			fail(c);
			return 0;
		}
		value = value << 4 | (unsigned)digit;
		c->at++;
	}
	return value;
}

/* After "\u": a surrogate stands only in a pair, high one first. */
static void
check_unicode(struct cursor *c)
{
	unsigned value = take_hex4(c);

	if (value == 0 || (value >= 0xdc00 && value <= 0xdfff))
		fail(c);
	if (value < 0xd800 || value > 0xdbff)
		return;
	need(c, '\\');
	need(c, 'u');
	value = take_hex4(c);
	if (value < 0xdc00 || value > 0xdfff)
		fail(c);
}

static void
check_escape(struct cursor *c)
{
	if (take(c, 'u')) {
		check_unicode(c);
		return;
	}
	if (peek(c) == '\0' || !strchr("\"\\/bfnrt", peek(c)))
		fail(c);
	else
		c->at++;
}

static void
check_string(struct cursor *c)
{
	need(c, '"');
	while (!c->failed && !take(c, '"')) {
		if (take(c, '\\'))
			check_escape(c);
		else if (utf8_next(&c->at, c->end) < 0x20)
			fail(c);
	}
}

static void
check_word(struct cursor *c, const char *word)
{
	for (; *word != '\0'; word++)
		need(c, *word);
}

static void
check_member(struct cursor *c)
{
	skip_space(c);
	check_string(c);
	skip_space(c);
	need(c, ':');
	check_value(c);
}

/* From behind the opening bracket. */
static void
check_items(struct cursor *c, char close, void (*item)(struct cursor *c))
{
	if (++c->depth > JSON_DEPTH_MAX)
		fail(c);
	skip_space(c);
	if (!take(c, close)) {
		do
			item(c);
		while (take(c, ','));
		need(c, close);
	}
	c->depth--;
}

/* With the white space on both sides. */
static void
check_value(struct cursor *c)
{
	skip_space(c);
	if (take(c, '{'))
		check_items(c, '}', check_member);
	else if (take(c, '['))
		check_items(c, ']', check_value);
	else if (peek(c) == '"')
		check_string(c);
	else if (peek(c) == 't')
		check_word(c, "true");
	else if (peek(c) == 'f')
		check_word(c, "false");
	else if (peek(c) == 'n')
		check_word(c, "null");
	else
		check_number(c);
	skip_space(c);
}

bool
json_check(const char *text, size_t len)
{
	struct cursor c = { .at = text, .end = text + len };

	check_value(&c);
	return !c.failed && c.at == c.end;
}
