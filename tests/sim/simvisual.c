/* The visual application (券面事項確認AP): pictures and signed records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simfile.h"
#include "simout.h"

/* As the visual application sees its person. */
static struct sim_make
visual_make(const struct sim_make *make)
{
	struct sim_make m = *make;

	if (make->switches->forge & SIM_FORGE_PERSON)
		m.person = sim_other_person(make->person);
	return m;
}

static void
chip_key(const struct sim_make *make, uint8_t *ret)
{
	char name[SIM_KEY_NAME_MAX];

	sim_key_name(make, SIM_KEY_VISUAL, true, name);
	sim_public_key(make->keys, name, ret);
}

/* The issuer's signature over what stands in o from at on, as that tag. */
static void
put_signature(
    const struct sim_make *make, struct sim_out *o, size_t at, unsigned tag)
{
	uint8_t signature[SIM_SIGNATURE_LEN];

	sim_sign_message(make->keys, sim_record_key(make, SIM_KEY_VISUAL),
	    o->buf + at, o->len - at, signature);
	sim_put_tlv(o, tag, signature, sizeof(signature));
}

/* EF 0001: birth date and the chip's key, signed; 547 bytes. */
size_t
sim_file_age(const struct sim_make *make, uint8_t *buf)
{
	struct sim_make m = visual_make(make);
	uint8_t public[SIM_PUBLIC_KEY_LEN];
	struct sim_out o = { .buf = buf };
	size_t at;

	chip_key(make, public);
	sim_put_head(&o, 0xFF10, 542, false);
	at = o.len;
	sim_put_text(&o, 0xDF11, m.person->birth_date);
	sim_put_tlv(&o, 0xDF12, public, sizeof(public));
	put_signature(make, &o, at, 0xDF13);
	return o.len;
}

/* ---- EF 0002: the face of the card ----------------------------------- */

enum {
	FACE_BIRTH,
	FACE_SEX,
	FACE_KEY,
	FACE_NAME,
	FACE_ADDRESS,
	FACE_PHOTO,
	FACE_SIGNATURE,
	FACE_EXPIRES,
	FACE_SECURITY,
	FACE_N
};

#define TAG_FACE 0xDF22 /* of the first, the others follow */
#define TOO_BIG_PHOTO 36000

/* The fields' values, one behind the other; a missing one has no tag. */
struct face {
	struct {
		size_t at, len;
		bool missing;
	} field[FACE_N];
	struct sim_out values;
	uint8_t buf[SIM_BUILD_MAX];
};

static void
face_put(struct face *face, int field, const void *value, size_t len)
{
	face->field[field].at = face->values.len;
	face->field[field].len = len;
	sim_put(&face->values, value, len);
}

static void
face_put_file(struct face *face, int field, const char *path)
{
	face->field[field].at = face->values.len;
	face->field[field].len = sim_file_bytes(path,
	    face->buf + face->values.len, sizeof(face->buf) - face->values.len);
	face->values.len += face->field[field].len;
}

/* A person's own picture, or everybody's. */
static void
face_put_picture(struct face *face, int field, const struct sim_person *person)
{
	const char *name = field == FACE_NAME ? "name" : "address";
	char path[64];

	snprintf(path, sizeof(path), "images/%s%s%s.png",
	    person->keys ? person->keys : "", person->keys ? "-" : "", name);
	face_put_file(face, field, path);
}

static void
face_put_photo(struct face *face, enum sim_photo photo)
{
	size_t len;

	switch (photo) {
	case SIM_PHOTO:
		face_put_file(face, FACE_PHOTO, "images/photo.jp2");
		break;
	case SIM_PHOTO_MISSING:
		face->field[FACE_PHOTO].missing = true;
		break;
	case SIM_PHOTO_EMPTY:
		face_put(face, FACE_PHOTO, "", 0);
		break;
	case SIM_PHOTO_BIG:
		face_put_file(face, FACE_PHOTO, "images/photo-big.jp2");
		break;
	case SIM_PHOTO_TOO_BIG:
		face_put_file(face, FACE_PHOTO, "images/photo-big.jp2");
		len = face->field[FACE_PHOTO].len;
		sim_put_fill(&face->values, 0x00, TOO_BIG_PHOTO - len);
		face->field[FACE_PHOTO].len = TOO_BIG_PHOTO;
		break;
	}
}

static void
face_put_tlv(const struct face *face, int field, struct sim_out *o)
{
	if (face->field[field].missing)
		return;
	sim_put_tlv(o, TAG_FACE + (unsigned)field,
	    face->buf + face->field[field].at, face->field[field].len);
}

/* SHA-256 over the TLVs of the fields from first to last. */
static void
face_digest(const struct face *face, int first, int last, uint8_t *ret)
{
	struct sim_out o = { .buf = malloc(SIM_BUILD_MAX) };

	if (!o.buf)
		abort();
	for (int i = first; i <= last; i++)
		face_put_tlv(face, i, &o);
	sim_sha256(o.buf, o.len, ret);
	free(o.buf);
}

/* Three digests in one DigestInfo of 96 bytes: text, pictures, photo. */
static void
face_sign(struct face *face, const struct sim_make *make)
{
	uint8_t digests[SIM_FACE_DIGESTS_LEN], info[SIM_FACE_INFO_LEN];
	uint8_t signature[SIM_SIGNATURE_LEN];

	face_digest(face, FACE_BIRTH, FACE_KEY, digests);
	face_digest(face, FACE_NAME, FACE_ADDRESS, digests + SIM_DIGEST_LEN);
	face_digest(face, FACE_PHOTO, FACE_PHOTO, digests + 2 * SIM_DIGEST_LEN);
	sim_digest_info(digests, sizeof(digests), info);
	sim_sign(make->keys, sim_record_key(make, SIM_KEY_VISUAL), info,
	    sizeof(info), signature);
	face_put(face, FACE_SIGNATURE, signature, sizeof(signature));
}

static void
face_fill(struct face *face, const struct sim_make *make)
{
	const struct sim_make m = visual_make(make);
	const struct sim_person *person = m.person;
	uint8_t public[SIM_PUBLIC_KEY_LEN];

	chip_key(make, public);
	face_put(face, FACE_BIRTH, person->birth_date, 8);
	face_put(face, FACE_SEX, person->sex, 1);
	face_put(face, FACE_KEY, public, sizeof(public));
	face_put_picture(face, FACE_NAME, person);
	face_put_picture(face, FACE_ADDRESS, person);
	face_put_photo(face, person->photo);
	face_sign(face, make);
	face_put(face, FACE_EXPIRES, person->expires, 8);
	face_put_file(face, FACE_SECURITY, "images/security.png");
}

static size_t
face_tlv_len(const struct face *face, int field)
{
	if (face->field[field].missing)
		return 0;
	return sim_tlv_len(face->field[field].len);
}

/* FF20 with DF21 (where DF22 to DF2A start, counted from the start of the
 * file; 0 for what is missing) and the fields. */
static void
face_write(const struct face *face, bool odd_offsets, struct sim_out *o)
{
	size_t inner = sim_tlv_len(2 * FACE_N), at;

	for (int i = 0; i < FACE_N; i++)
		inner += face_tlv_len(face, i);
	sim_put_head(o, 0xFF20, inner, true);
	sim_put_head(o, 0xDF21, 2 * FACE_N, false);
	at = o->len + 2 * FACE_N;
	for (int i = 0; i < FACE_N; i++) {
		if (face->field[i].missing)
			sim_put_u16(o, 0);
		else
			sim_put_u16(o, odd_offsets ? 0xFFFF - at : at);
		at += face_tlv_len(face, i);
	}
	for (int i = 0; i < FACE_N; i++)
		face_put_tlv(face, i, o);
}

size_t
sim_file_face(const struct sim_make *make, uint8_t *buf)
{
	struct face *face = calloc(1, sizeof(*face));
	struct sim_out o = { .buf = buf };

	if (!face)
		abort();
	face->values.buf = face->buf;
	face_fill(face, make);
	face_write(face, make->switches->odd_offsets, &o);
	free(face);
	return o.len;
}

/* ---- the rest -------------------------------------------------------- */

/* EF 0003: what the application is. */
size_t
sim_file_visual_info(const struct sim_make *make, uint8_t *buf)
{
	static const uint8_t what[] = { 0x06, 0x03, 0x0E, 0x01 };
	uint8_t id[SIM_KEY_ID_LEN];
	struct sim_out o = { .buf = buf };

	sim_root_id(make, SIM_KEY_VISUAL, id);
	sim_put_head(&o, 0xFF30, 7 + 19 + 4 + 8 + 277, false);
	sim_put_tlv(&o, 0xDF31, what, sizeof(what));
	sim_put_tlv(&o, 0xDF32, id, sizeof(id));
	sim_put_tlv(&o, 0xDF33, "\1", 1);
	sim_put_text(&o, 0xDF34, "13101");
	sim_put_head(&o, 0xDF35, 272, false);
	sim_put(&o, id, sizeof(id));
	sim_put_fill(&o, 0x5A, 256);
	return o.len;
}

size_t
sim_file_visual_issuer(const struct sim_make *make, uint8_t *buf)
{
	return sim_cv_certificate(make, SIM_KEY_VISUAL, buf);
}

/* EF 0005: the My Number as a picture, the chip's key, signed. */
size_t
sim_file_number_image(const struct sim_make *make, uint8_t *buf)
{
	uint8_t public[SIM_PUBLIC_KEY_LEN], png[1024];
	size_t len = sim_file_bytes("images/number.png", png, sizeof(png)), at;
	struct sim_out o = { .buf = buf };

	chip_key(make, public);
	sim_put_head(&o, 0xFF40,
	    sim_tlv_len(len) + sim_tlv_len(sizeof(public)) +
		sim_tlv_len(SIM_SIGNATURE_LEN),
	    false);
	at = o.len;
	sim_put_tlv(&o, 0xDF41, png, len);
	sim_put_tlv(&o, 0xDF42, public, sizeof(public));
	put_signature(make, &o, at, 0xDF43);
	return o.len;
}
