#include "simfile.h"

#include <stdio.h>
#include <string.h>

#include "simout.h"

unsigned
sim_file_form(const struct sim_switches *s)
{
	return (s->long_header ? 1u : 0) | (s->odd_offsets ? 2u : 0) |
	       (s->no_extended ? 4u : 0) | (s->empty_certs ? 8u : 0) |
	       s->forge << 4;
}

const struct sim_person *
sim_other_person(const struct sim_person *person)
{
	return sim_person_find(strcmp(person->id, "taro") ? "taro" : "hanako");
}

/* ---- keys ------------------------------------------------------------ */

/* Whose key files a card signs with, and its records or certificates name. */
static const char *
key_owner(const struct sim_make *make, unsigned forgery, bool as_said)
{
	const char *keys = sim_person_keys(make->person);

	if (as_said || !(make->switches->forge & forgery))
		return keys;
	return strcmp(keys, "taro") ? "taro" : "hanako";
}

bool
sim_key_name(
    const struct sim_make *make, enum sim_role role, bool as_said, char *ret)
{
	static const struct {
		const char *suffix;
		unsigned forgery;
		bool jpki;
	} roles[] = {
		[SIM_KEY_TEXT] = { "text", SIM_FORGE_CHIP, false },
		[SIM_KEY_VISUAL] = { "visual", SIM_FORGE_CHIP, false },
		[SIM_KEY_AUTH] = { "auth", SIM_FORGE_JPKI, true },
		[SIM_KEY_SIGN] = { "sign", SIM_FORGE_JPKI, true },
		[SIM_KEY_COMMON] = { "visual", 0, false },
	};

	if (roles[role].jpki && make->person->no_certificates)
		return false;
	if (roles[role].jpki && make->person->ec) {
		strcpy(ret, "ec");
		return true;
	}
	snprintf(ret, SIM_KEY_NAME_MAX, "%s-%s",
	    key_owner(make, roles[role].forgery, as_said), roles[role].suffix);
	return true;
}

const char *
sim_record_key(const struct sim_make *make, enum sim_role role)
{
	if (make->switches->forge & SIM_FORGE_RECORD)
		return "ca-other";
	return role == SIM_KEY_TEXT ? "issuer-text" : "issuer-visual";
}

/* Seven digits, 08 05, three digits, four bytes. */
static void
key_id(const char *digits, uint8_t last, uint8_t *ret)
{
	memcpy(ret, digits, 7);
	memcpy(ret + 7,
	    "\x08\x05"
	    "000\0\0\0",
	    8);
	ret[15] = last;
}

void
sim_root_id(const struct sim_make *make, enum sim_role role, uint8_t *ret)
{
	bool unknown = make->switches->forge & SIM_FORGE_UNKNOWN;

	key_id(role == SIM_KEY_TEXT ? "6000033" : "6000023",
	    unknown ? 0x77 : 0x01, ret);
}

/* 7F21: 5F4E (root's key id, issuer's, issuer's public key), 5F37. */
size_t
sim_cv_certificate(
    const struct sim_make *make, enum sim_role role, uint8_t *buf)
{
	bool text = role == SIM_KEY_TEXT;
	const char *root = text ? "cv-root-text" : "cv-root-visual";
	uint8_t body[2 * SIM_KEY_ID_LEN + SIM_PUBLIC_KEY_LEN];
	uint8_t signature[SIM_SIGNATURE_LEN];
	struct sim_out o = { .buf = buf };

	if (make->switches->forge & (SIM_FORGE_ROOT | SIM_FORGE_UNKNOWN))
		root = "ca-other";
	sim_root_id(make, role, body);
	key_id("6013101", text ? 0x11 : 0x12, body + SIM_KEY_ID_LEN);
	sim_public_key(make->keys, text ? "issuer-text" : "issuer-visual",
	    body + 2 * SIM_KEY_ID_LEN);
	sim_sign_message(make->keys, root, body, sizeof(body), signature);
	sim_put_head(&o, 0x7F21, 563, false);
	sim_put_tlv(&o, 0x5F4E, body, sizeof(body));
	sim_put_tlv(&o, 0x5F37, signature, sizeof(signature));
	return o.len;
}

size_t
sim_file_unknown(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };

	(void)make;
	sim_put_fill(&o, 0xFF, 16);
	return o.len;
}

/* ---- text application ------------------------------------------------ */

/* EF 0001: FF10 with 12 digits, FF FF to 17 bytes. */
size_t
sim_file_my_number(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };

	sim_put_text(&o, 0xFF10, make->person->my_number);
	if (make->switches->forge & SIM_FORGE_NUMBER)
		buf[o.len - 1] =
		    buf[o.len - 1] == '9' ? '0' : (uint8_t)(buf[o.len - 1] + 1);
	sim_put_fill(&o, 0xFF, 2);
	return o.len;
}

#define ATTRIBUTES_N 4
#define OFFSETS_LEN (3 + 2 * ATTRIBUTES_N) /* DF21 08 and four u16 */

/* EF 0002: FF20 with DF21 (where DF22 to DF25 start, counted from the start
 * of the file), name, address, birth date, sex. */
size_t
sim_file_attributes(const struct sim_make *make, uint8_t *buf)
{
	const struct sim_person *person = make->person;
	const char *values[ATTRIBUTES_N] = { person->name, person->address,
		person->birth_date, person->sex };
	struct sim_out o = { .buf = buf };
	size_t inner = OFFSETS_LEN, at;

	for (size_t i = 0; i < ATTRIBUTES_N; i++)
		inner += sim_tlv_len(strlen(values[i]));
	sim_put_head(&o, 0xFF20, inner, make->switches->long_header);
	sim_put_head(&o, 0xDF21, 2 * ATTRIBUTES_N, false);
	at = o.len + 2 * ATTRIBUTES_N;
	for (size_t i = 0; i < ATTRIBUTES_N; i++) {
		sim_put_u16(&o, make->switches->odd_offsets ? 0xFFFF - i : at);
		at += sim_tlv_len(strlen(values[i]));
	}
	for (unsigned i = 0; i < ATTRIBUTES_N; i++)
		sim_put_text(&o, 0xDF22 + i, values[i]);
	return o.len;
}

/* Over EF 0002 from DF22 on: without its head and the table of offsets. */
static void
attributes_digest(const struct sim_make *make, uint8_t *ret)
{
	uint8_t buf[4096];
	size_t len = sim_file_attributes(make, buf);
	size_t head = (buf[2] < 0x80 ? 3 : 5) + OFFSETS_LEN;

	sim_sha256(buf + head, len - head, ret);
}

/* EF 0003: digests of EF 0001 and EF 0002, signed by the issuer. */
size_t
sim_file_digests(const struct sim_make *make, uint8_t *buf)
{
	struct sim_make other = *make;
	uint8_t digest[SIM_DIGEST_LEN], number[32];
	uint8_t signature[SIM_SIGNATURE_LEN];
	struct sim_out o = { .buf = buf };
	size_t at;

	if (make->switches->forge & SIM_FORGE_DIGESTS)
		other.person = sim_other_person(make->person);
	sim_put_head(&o, 0xFF30, 331, false);
	at = o.len;
	sim_sha256(number, sim_file_my_number(&other, number), digest);
	sim_put_tlv(&o, 0xDF31, digest, sizeof(digest));
	attributes_digest(&other, digest);
	sim_put_tlv(&o, 0xDF32, digest, sizeof(digest));
	sim_sign_message(make->keys, sim_record_key(make, SIM_KEY_TEXT),
	    buf + at, o.len - at, signature);
	sim_put_tlv(&o, 0xDF33, signature, sizeof(signature));
	return o.len;
}

size_t
sim_file_text_issuer(const struct sim_make *make, uint8_t *buf)
{
	return sim_cv_certificate(make, SIM_KEY_TEXT, buf);
}

/* EF 0005: what the application can do; 164 bytes, FF to 256. */
size_t
sim_file_text_info(const struct sim_make *make, uint8_t *buf)
{
	uint8_t version[] = { 0x01, 0x03, 0x0E, 0x01 }, id[SIM_KEY_ID_LEN];
	struct sim_out o = { .buf = buf };

	if (make->switches->no_extended)
		version[1] = 0x00;
	sim_root_id(make, SIM_KEY_TEXT, id);
	sim_put_head(&o, 0xFF40, 159, true);
	sim_put_tlv(&o, 0xDF41, version, sizeof(version));
	sim_put_tlv(&o, 0xDF42, id, sizeof(id));
	sim_put_head(&o, 0xDF43, 128, false);
	sim_put_fill(&o, 0x5A, 32);
	sim_put_fill(&o, 0xFF, 96);
	sim_put_fill(&o, 0xFF, 256 - o.len);
	return o.len;
}

/* EF 0006: a public key for session keys, which nobody here uses. */
size_t
sim_file_text_transport(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };

	sim_put(&o, "\xA1\x82\x01\x09", 4);
	sim_public_key(make->keys, "ca-other", buf + o.len);
	return o.len + SIM_PUBLIC_KEY_LEN;
}

/* EF 0007: the chip's public key (of EF 0013), signed by the issuer. */
size_t
sim_file_text_chip(const struct sim_make *make, uint8_t *buf)
{
	uint8_t public[SIM_PUBLIC_KEY_LEN], signature[SIM_SIGNATURE_LEN];
	char name[SIM_KEY_NAME_MAX];
	struct sim_out o = { .buf = buf };
	size_t at;

	sim_key_name(make, SIM_KEY_TEXT, true, name);
	sim_public_key(make->keys, name, public);
	sim_put_head(&o, 0xFF50, 531, false);
	at = o.len;
	sim_put_tlv(&o, 0xDF51, public, sizeof(public));
	sim_sign_message(make->keys, sim_record_key(make, SIM_KEY_TEXT),
	    buf + at, o.len - at, signature);
	sim_put_tlv(&o, 0xDF52, signature, sizeof(signature));
	return o.len;
}
