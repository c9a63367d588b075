#include "pack.h"

#include <string.h>

void
pack_start(struct pack *p, uint8_t *buf, size_t room)
{
	*p = (struct pack){ .buf = buf, .room = room };
}

static uint8_t *
pack_take(struct pack *p, size_t len)
{
	uint8_t *at;

	if (p->failed || len > p->room - p->len) {
		p->failed = true;
		return NULL;
	}
	at = p->buf + p->len;
	p->len += len;
	return at;
}

void
pack_u8(struct pack *p, unsigned value)
{
	uint8_t *at = pack_take(p, 1);

	if (value > UINT8_MAX)
		p->failed = true;
	if (at)
		at[0] = (uint8_t)value;
}

void
pack_u32(struct pack *p, uint32_t value)
{
	uint8_t *at = pack_take(p, 4);

	if (!at)
		return;
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

void
pack_i64(struct pack *p, int64_t value)
{
	pack_u32(p, (uint32_t)((uint64_t)value >> 32));
	pack_u32(p, (uint32_t)value);
}

void
pack_bool(struct pack *p, bool value)
{
	pack_u8(p, value ? 1 : 0);
}

void
pack_bytes(struct pack *p, const void *bytes, size_t len)
{
	uint8_t *at;

	if (len > PACK_MAX) {
		p->failed = true;
		return;
	}
	pack_u32(p, (uint32_t)len);
	at = pack_take(p, len);
	if (at && len)
		memcpy(at, bytes, len);
}

void
pack_string(struct pack *p, const char *string)
{
	pack_bytes(p, string, strlen(string));
}

bool
pack_finish(const struct pack *p)
{
	return !p->failed;
}

void
unpack_start(struct unpack *u, const uint8_t *buf, size_t len)
{
	*u = (struct unpack){ .buf = buf, .len = len };
}

static const uint8_t *
unpack_take(struct unpack *u, size_t len)
{
	const uint8_t *at;

	if (u->failed || len > u->len - u->at) {
		u->failed = true;
		return NULL;
	}
	at = u->buf + u->at;
	u->at += len;
	return at;
}

static uint32_t
unpack_bounded(struct unpack *u, uint32_t value, uint32_t max)
{
	if (value <= max)
		return value;
	u->failed = true;
	return 0;
}

uint32_t
unpack_u8(struct unpack *u, unsigned max)
{
	const uint8_t *at = unpack_take(u, 1);

	return at ? unpack_bounded(u, at[0], max) : 0;
}

uint32_t
unpack_u32(struct unpack *u, uint32_t max)
{
	const uint8_t *at = unpack_take(u, 4);

	if (!at)
		return 0;
	return unpack_bounded(u,
	    (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
		(uint32_t)at[2] << 8 | at[3],
	    max);
}

int64_t
unpack_i64(struct unpack *u)
{
	uint64_t high = unpack_u32(u, UINT32_MAX);

	return (int64_t)(high << 32 | unpack_u32(u, UINT32_MAX));
}

bool
unpack_bool(struct unpack *u)
{
	return unpack_u8(u, 1) == 1;
}

size_t
unpack_bytes(struct unpack *u, void *ret, size_t room)
{
	uint32_t len = unpack_u32(u, PACK_MAX);
	const uint8_t *at = unpack_take(u, len);

	if (!at)
		return 0;
	if (len > room) {
		u->failed = true;
		return 0;
	}
	memcpy(ret, at, len);
	return len;
}

void
unpack_string(struct unpack *u, char *ret, size_t room)
{
	uint32_t len = unpack_u32(u, PACK_MAX);
	const uint8_t *at = unpack_take(u, len);

	ret[0] = '\0';
	if (!at)
		return;
	if (len >= room || memchr(at, '\0', len)) {
		u->failed = true;
		return;
	}
	memcpy(ret, at, len);
	ret[len] = '\0';
}

bool
unpack_finish(const struct unpack *u)
{
	return !u->failed && u->at == u->len;
}
