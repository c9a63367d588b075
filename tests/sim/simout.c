#include "simout.h"

#include <string.h>

void
sim_put(struct sim_out *o, const void *bytes, size_t len)
{
	memcpy(o->buf + o->len, bytes, len);
	o->len += len;
}

void
sim_put_fill(struct sim_out *o, uint8_t value, size_t len)
{
	memset(o->buf + o->len, value, len);
	o->len += len;
}

void
sim_put_u16(struct sim_out *o, size_t value)
{
	const uint8_t b[] = { (uint8_t)(value >> 8), (uint8_t)value };

	sim_put(o, b, sizeof(b));
}

void
sim_put_padded(struct sim_out *o, const char *text, size_t len)
{
	sim_put(o, text, strlen(text));
	sim_put_fill(o, ' ', len - strlen(text));
}

void
sim_put_head(struct sim_out *o, unsigned tag, size_t len, bool long_form)
{
	sim_put_u16(o, tag);
	if (len < 0x80 && !long_form) {
		sim_put_fill(o, (uint8_t)len, 1);
		return;
	}
	sim_put_fill(o, 0x82, 1);
	sim_put_u16(o, len);
}

void
sim_put_tlv(struct sim_out *o, unsigned tag, const void *value, size_t len)
{
	sim_put_head(o, tag, len, false);
	sim_put(o, value, len);
}

void
sim_put_text(struct sim_out *o, unsigned tag, const char *value)
{
	sim_put_tlv(o, tag, value, strlen(value));
}

size_t
sim_tlv_len(size_t len)
{
	return len + (len < 0x80 ? 3 : 5);
}
