#include "assuan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kenmen.h"

struct assuan {
	int to, from;
	bool awaits; /* a command was sent, or the greeting is due */
	size_t have;
	char buf[ASSUAN_LINE_MAX + 2]; /* one line with CR LF */
};

int
assuan_new(int to, int from, struct assuan **ret)
{
	struct assuan *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED)
		return -ENOMEM;
	if (mlock(a, sizeof(*a)) < 0 ||
	    madvise(a, sizeof(*a), MADV_DONTDUMP) < 0 ||
	    madvise(a, sizeof(*a), MADV_WIPEONFORK) < 0) {
		munmap(a, sizeof(*a));
		return -ENOMEM;
	}
	a->to = to;
	a->from = from;
	a->awaits = true;
	*ret = a;
	return 0;
}

void
assuan_free(struct assuan **assuan)
{
	if (!*assuan)
		return;
	kenmen_wipe(*assuan, sizeof(**assuan));
	munmap(*assuan, sizeof(**assuan));
	*assuan = NULL;
}

/* ---- out -------------------------------------------------------------- */

int
assuan_send(struct assuan *assuan, const char *verb, const char *text)
{
	char line[ASSUAN_LINE_MAX + 2]; /* LF and NUL */
	int len;
	ssize_t n;

	if (assuan->awaits)
		return -EPROTO;
	len = text ? snprintf(line, sizeof(line), "%s %s\n", verb, text)
		   : snprintf(line, sizeof(line), "%s\n", verb);
	if (len < 0 || len >= (int)sizeof(line))
		return -EMSGSIZE;
	if (strcspn(line, "\r\n") != (size_t)len - 1)
		return -EINVAL;
	do
		n = write(assuan->to, line, (size_t)len);
	while (n < 0 && errno == EINTR);
	if (n != len)
		return n < 0 ? -errno : -EIO;
	assuan->awaits = true;
	return 0;
}

/* ---- in --------------------------------------------------------------- */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789ABCDEF0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* A byte of a D line at *at, which moves past it; -1: no such escape. */
static int
data_byte(const char **at, const char *end)
{
	int high, low;

	if (**at != '%')
		return (unsigned char)*(*at)++;
	if (end - *at < 3)
		return -1;
	high = hex_digit((*at)[1]);
	low = hex_digit((*at)[2]);
	*at += 3;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int
line_data(const char *at, const char *end, struct assuan_data *data)
{
	int c;

	/* pinentry sends what was typed in one line; a second would be
	 * something that nobody typed. */
	if (!data || data->given)
		return -EPROTO;
	data->given = true;
	while (at < end) {
		if ((c = data_byte(&at, end)) < 0)
			return -EPROTO;
		if (data->len < data->room)
			data->bytes[data->len++] = (uint8_t)c;
	}
	return 0;
}

/* gpg-error's codes: the low 16 bits; the rest names who says it. */
static enum assuan_reply
reply_of(uint32_t code)
{
	switch (code & 0xffff) {
	case 62:
		return REPLY_TIMEOUT;
	case 99:
	case 198: /* "fully cancelled": Ctrl-C in pinentry-tty */
		return REPLY_CANCELLED;
	case 114:
		return REPLY_NOT_CONFIRMED;
	}
	return REPLY_ERROR;
}

/* "83886179 Operation cancelled <Pinentry>" */
static int
line_code(const char *at, const char *end, uint32_t *ret)
{
	uint32_t code = 0;
	const char *start = at;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (at - start == 9) /* they have 8 digits, 9 at most */
			return -EPROTO;
		code = code * 10 + (uint32_t)(*at - '0');
	}
	if (code == 0 || (at < end && *at != ' '))
		return -EPROTO;
	*ret = code;
	return 0;
}

/* Is the line this word, alone or with something behind it? */
static bool
line_is(const char *line, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - line) >= len && memcmp(line, word, len) == 0 &&
	       (line + len == end || line[len] == ' ');
}

/* 1: it ends the answer; 0: it does not; -EPROTO. */
static int
line_take(const char *line, const char *end, struct assuan_data *data,
    enum assuan_reply *ret_reply, uint32_t *ret_code)
{
	uint32_t code;

	if (memchr(line, '\0', (size_t)(end - line)))
		return -EPROTO;
	if (line_is(line, end, "OK")) {
		*ret_reply = REPLY_OK;
		*ret_code = 0;
		return 1;
	}
	if (line_is(line, end, "ERR")) {
		if (end - line < 4 || line_code(line + 4, end, &code) < 0)
			return -EPROTO;
		*ret_reply = reply_of(code);
		*ret_code = code;
		return 1;
	}
	if (line_is(line, end, "D"))
		return line_data(line + (end - line > 1 ? 2 : 1), end, data);
	/* Status and comments. An INQUIRE, too, would have to be asked for. */
	if (line_is(line, end, "S") || (line < end && line[0] == '#'))
		return 0;
	return -EPROTO;
}

/* Drops the first len bytes and leaves none of them behind. */
static void
buffer_drop(struct assuan *a, size_t len)
{
	memmove(a->buf, a->buf + len, a->have - len);
	kenmen_wipe(a->buf + a->have - len, len);
	a->have -= len;
}

/* The lines that are complete, up to the one that ends the answer. */
static int
buffer_take(struct assuan *a, struct assuan_data *data,
    enum assuan_reply *ret_reply, uint32_t *ret_code)
{
	char *end;
	size_t len;
	int r = 0;

	while (r == 0 && (end = memchr(a->buf, '\n', a->have))) {
		len = (size_t)(end - a->buf) + 1;
		if (end > a->buf && end[-1] == '\r')
			end--;
		r = end - a->buf > ASSUAN_LINE_MAX
			? -EPROTO
			: line_take(a->buf, end, data, ret_reply, ret_code);
		buffer_drop(a, len);
	}
	if (r == 0 && a->have == sizeof(a->buf))
		return -EPROTO; /* a line that does not end */
	return r;
}

int
assuan_read(struct assuan *assuan, struct assuan_data *data,
    enum assuan_reply *ret_reply, uint32_t *ret_code)
{
	enum assuan_reply reply = REPLY_ERROR;
	uint32_t code = 0;
	ssize_t n;
	int r;

	if (!assuan->awaits)
		return -EPROTO; /* it speaks though nobody asked */
	n = read(assuan->from, assuan->buf + assuan->have,
	    sizeof(assuan->buf) - assuan->have);
	if (n <= 0)
		return n == 0 ? -EPIPE : -errno;
	assuan->have += (size_t)n;
	r = buffer_take(assuan, data, &reply, &code);
	if (r == 1 && assuan->have > 0)
		r = -EPROTO; /* more than it was asked for */
	if (r != 0) {
		kenmen_wipe(assuan->buf, sizeof(assuan->buf));
		assuan->have = 0;
	}
	if (r != 1)
		return r;
	assuan->awaits = false;
	*ret_reply = reply;
	*ret_code = code;
	return 1;
}
