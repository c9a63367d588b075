#include "simfile.h"

#include <string.h>

/* A writer into a file's buffer; the contents are ours and always fit. */
struct out {
	uint8_t *buf;
	size_t len;
};

static void
put(struct out *o, const void *bytes, size_t len)
{
	memcpy(o->buf + o->len, bytes, len);
	o->len += len;
}

static void
put_fill(struct out *o, uint8_t value, size_t len)
{
	memset(o->buf + o->len, value, len);
	o->len += len;
}

static void
put_u16(struct out *o, size_t value)
{
	const uint8_t b[] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(o, b, sizeof(b));
}

/*
 * Tag and length as the issuer writes them: one byte below 128, always
 * 82 hh ll from there on, never 81; long_form: 82 hh ll whatever the length.
 */
static void
put_head(struct out *o, unsigned tag, size_t len, bool long_form)
{
	put_u16(o, tag);
	if (len < 0x80 && !long_form) {
		put_fill(o, (uint8_t)len, 1);
		return;
	}
	put_fill(o, 0x82, 1);
	put_u16(o, len);
}

static void
put_tlv(struct out *o, unsigned tag, const char *value)
{
	put_head(o, tag, strlen(value), false);
	put(o, value, strlen(value));
}

static size_t
tlv_size(const char *value)
{
	size_t len = strlen(value);

	return len + (len < 0x80 ? 3 : 5);
}

/* ---- text application ------------------------------------------------ */

/* EF 0001: FF10 with 12 digits, FF FF to 17 bytes. */
size_t
sim_file_my_number(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };

	(void)switches;
	put_tlv(&o, 0xFF10, person->my_number);
	put_fill(&o, 0xFF, 2);
	return o.len;
}

#define ATTRIBUTES_N 4
#define OFFSETS_LEN (3 + 2 * ATTRIBUTES_N) /* DF21 08 and four u16 */

/* EF 0002: FF20 with DF21 (where DF22 to DF25 start, counted from the start
 * of the file), name, address, birth date, sex. */
size_t
sim_file_attributes(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	const char *values[ATTRIBUTES_N] = { person->name, person->address,
		person->birth_date, person->sex };
	struct out o = { .buf = buf };
	size_t inner = OFFSETS_LEN, at;

	for (size_t i = 0; i < ATTRIBUTES_N; i++)
		inner += tlv_size(values[i]);
	put_head(&o, 0xFF20, inner, switches->long_header);
	put_head(&o, 0xDF21, 2 * ATTRIBUTES_N, false);
	at = o.len + 2 * ATTRIBUTES_N;
	for (size_t i = 0; i < ATTRIBUTES_N; i++) {
		put_u16(&o, switches->odd_offsets ? 0xFFFF - i : at);
		at += tlv_size(values[i]);
	}
	for (unsigned i = 0; i < ATTRIBUTES_N; i++)
		put_tlv(&o, 0xDF22 + i, values[i]);
	return o.len > switches->cut ? o.len - switches->cut : 0;
}

/* EF 0003: two digests and a signature; their places, not their values. */
size_t
sim_file_digests(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };

	(void)person;
	(void)switches;
	put_head(&o, 0xFF30, 331, false);
	put_head(&o, 0xDF31, 32, false);
	put_fill(&o, 0x00, 32);
	put_head(&o, 0xDF32, 32, false);
	put_fill(&o, 0x00, 32);
	put_head(&o, 0xDF33, 256, false);
	put_fill(&o, 0x00, 256);
	return o.len;
}

/* EF 0005: what the application can do; 164 bytes, FF to 256. */
size_t
sim_file_text_info(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };
	static const uint8_t version[] = { 0x01, 0x03, 0x0E, 0x01 };

	(void)person;
	put_head(&o, 0xFF40, 159, true);
	put_head(&o, 0xDF41, sizeof(version), false);
	put(&o, version, sizeof(version));
	if (switches->no_extended)
		o.buf[o.len - 3] = 0x00;
	put_head(&o, 0xDF42, 16, false);
	put(&o,
	    "6000033\x08\x05"
	    "000\x00\x00\x00\x01",
	    16);
	put_head(&o, 0xDF43, 128, false);
	put_fill(&o, 0x5A, 32);
	put_fill(&o, 0xFF, 96);
	put_fill(&o, 0xFF, 256 - o.len);
	return o.len;
}

/* ---- JPKI application ------------------------------------------------ */

/* So many bytes that start like a certificate: SEQUENCE in SEQUENCE. */
static size_t
dummy_cert(size_t len, size_t inner, uint8_t *buf)
{
	struct out o = { .buf = buf };

	put_u16(&o, 0x3082);
	put_u16(&o, len - 4);
	put_u16(&o, 0x3082);
	put_u16(&o, inner);
	while (o.len < len)
		put_fill(&o, (uint8_t)(o.len * 7), 1);
	return o.len;
}

static size_t
missing_cert(const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };

	if (switches->empty_certs)
		put_fill(&o, 0xFF, 16);
	return o.len;
}

size_t
sim_file_sign_cert(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	if (person->no_certificates)
		return missing_cert(switches, buf);
	return dummy_cert(1886, 0x0642, buf);
}

size_t
sim_file_auth_cert(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	if (person->no_certificates)
		return missing_cert(switches, buf);
	return dummy_cert(1583, 0x0513, buf);
}

size_t
sim_file_ca_cert(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	(void)person;
	(void)switches;
	return dummy_cert(1000, 0x02D0, buf);
}

static void
put_padded(struct out *o, const char *text, size_t len)
{
	put(o, text, strlen(text));
	put_fill(o, ' ', len - strlen(text));
}

/* EF 0006, in the manner of CK_TOKEN_INFO: 160 bytes. */
size_t
sim_file_token(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };

	(void)person;
	(void)switches;
	put_padded(&o, "JPKIAPICCTOKEN2", 32);
	put_padded(&o, "SIMULATED", 32);
	put_padded(&o, "", 16);
	put_padded(&o, "", 16);
	put_fill(&o, 0x00, 44);
	put_padded(&o, "0301", 4);
	put_fill(&o, '9', 16);
	return o.len;
}

/* EF 0008: which certificates were issued; 8F 8F 00 was seen on a card that
 * has both. What it holds on others is not known: zeros. */
size_t
sim_file_issued(const struct sim_person *person,
    const struct sim_switches *switches, uint8_t *buf)
{
	struct out o = { .buf = buf };

	(void)switches;
	put_fill(&o, person->no_certificates ? 0x00 : 0x8F, 2);
	put_fill(&o, 0x00, 1);
	return o.len;
}
