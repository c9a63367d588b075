#include "tlv.h"

#include "kenmen.h"

/*
 * The tag: ISO 7816-4 table 7. 1: read, 0: it goes on behind buf, -1: longer
 * than three bytes.
 */
static int
tag_read(const uint8_t *buf, size_t len, size_t *pos, uint32_t *ret)
{
	uint32_t tag;

	if (*pos >= len)
		return 0;
	tag = buf[(*pos)++];
	if ((tag & 0x1F) == 0x1F) {
		do {
			if (*pos >= len)
				return 0;
			if (tag > 0xFFFF)
				return -1;
			tag = tag << 8 | buf[(*pos)++];
		} while (tag & 0x80);
	}
	*ret = tag;
	return 1;
}

/* The length: ISO 7816-4 table 8. Answers like tag_read. */
static int
len_read(const uint8_t *buf, size_t len, size_t *pos, size_t *ret)
{
	size_t value = 0;
	unsigned n;

	if (*pos >= len)
		return 0;
	n = buf[(*pos)++];
	if (n < 0x80) {
		*ret = n;
		return 1;
	}
	/* 80 is the indefinite form: nothing on a card needs it. */
	if (n == 0x80 || n > 0x83)
		return -1;
	for (n &= 0x7F; n > 0; n--) {
		if (*pos >= len)
			return 0;
		value = value << 8 | buf[(*pos)++];
	}
	*ret = value;
	return 1;
}

static int
header_read(const uint8_t *buf, size_t len, size_t *ret_pos, uint32_t *ret_tag,
    size_t *ret_len)
{
	int r;

	*ret_pos = 0;
	if ((r = tag_read(buf, len, ret_pos, ret_tag)) != 1)
		return r;
	return len_read(buf, len, ret_pos, ret_len);
}

void
tlv_start(struct tlv *t, const uint8_t *buf, size_t len)
{
	t->at = buf;
	t->left = len;
	t->failed = false;
}

bool
tlv_next(struct tlv *t, struct tlv_item *ret)
{
	size_t pos, len;
	uint32_t tag;

	if (t->failed || t->left == 0)
		return false;
	if (header_read(t->at, t->left, &pos, &tag, &len) != 1 ||
	    len > t->left - pos) {
		t->failed = true;
		return false;
	}
	ret->tag = tag;
	ret->value = t->at + pos;
	ret->len = len;
	t->at += pos + len;
	t->left -= pos + len;
	return true;
}

bool
tlv_finish(const struct tlv *t)
{
	return !t->failed && t->left == 0;
}

int
tlv_total(const uint8_t *buf, size_t len, size_t *ret_total)
{
	size_t pos, value_len;
	uint32_t tag;
	int r = header_read(buf, len, &pos, &tag, &value_len);

	if (r < 0)
		return KENMEN_ERR_DATA;
	if (r == 1)
		*ret_total = pos + value_len;
	return r;
}
