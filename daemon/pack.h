/*
 * Packs and unpacks the messages between kenmen's processes: fixed order,
 * big-endian numbers, counted strings. Both directions use a cursor that
 * remembers its first failure, so a codec reads straight down and asks once.
 *
 * The peer may be lying: every length is checked against what is there and
 * against the room of the output, and strings may hold no NUL.
 */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest message, in bytes. */
#define PACK_MAX 65536

struct pack {
	uint8_t *buf;
	size_t room;
	size_t len;
	bool failed;
};

struct unpack {
	const uint8_t *buf;
	size_t len;
	size_t at;
	bool failed;
};

void pack_start(struct pack *p, uint8_t *buf, size_t room);
void pack_u8(struct pack *p, unsigned value);
void pack_u32(struct pack *p, uint32_t value);
/* Two's complement. */
void pack_i64(struct pack *p, int64_t value);
void pack_bool(struct pack *p, bool value);
/* 4-byte length and the bytes. */
void pack_bytes(struct pack *p, const void *bytes, size_t len);
void pack_string(struct pack *p, const char *string);
/* True when all of it fitted. */
bool pack_finish(const struct pack *p);

void unpack_start(struct unpack *u, const uint8_t *buf, size_t len);
/* All return 0, false or "" once failed. value <= max, or it fails. */
uint32_t unpack_u8(struct unpack *u, unsigned max);
uint32_t unpack_u32(struct unpack *u, uint32_t max);
int64_t unpack_i64(struct unpack *u);
bool unpack_bool(struct unpack *u);
/* How many bytes came, at most room; more is a failure. */
size_t unpack_bytes(struct unpack *u, void *ret, size_t room);
/* room counts the NUL, which is added. */
void unpack_string(struct unpack *u, char *ret, size_t room);
/* True when nothing failed and nothing is left over. */
bool unpack_finish(const struct unpack *u);

#endif
