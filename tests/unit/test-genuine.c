/* What shows that records are genuine: every byte that counts, flipped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "blob.h"
#include "genuine.h"
#include "keys.h"
#include "record.h"

#define ROOT_ID                                                                \
	"6000033\x08\x05"                                                      \
	"0301234"
#define ISSUER_ID                                                              \
	"6000033\x08\x05"                                                      \
	"0305678"

static EVP_PKEY *root, *issuer, *chip, *stranger;
static struct kenmen_trust *trust, *other_trust;

/* A card's files, as bytes that a test may spoil. */
struct files {
	struct keys_buf number, attributes, digests, certificate, chip_key;
	struct keys_buf face;
	uint8_t nonce[32];
	uint8_t signature[SIG_MODULUS_MAX];
};
static struct files good, bad;

/* ---- a trust directory ------------------------------------------------ */

static void
trust_make(EVP_PKEY *key, struct kenmen_trust **ret)
{
	char dir[] = "/tmp/kenmen-test-XXXXXX", path[256], name[2 * 16 + 1];
	unsigned wrong = 1;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 16; i++)
		sprintf(name + 2 * i, "%02x", (unsigned char)ROOT_ID[i]);
	snprintf(path, sizeof(path), "%s/%s.cvroot", dir, name);
	assert_non_null(f = fopen(path, "w"));
	PEM_write_PUBKEY(f, key);
	fclose(f);
	assert_int_equal(kenmen_trust_new(dir, &wrong, ret), 0);
	assert_int_equal(wrong, 0);
	unlink(path);
	rmdir(dir);
}

/* ---- a card ----------------------------------------------------------- */

static void
put_signature(
    struct keys_buf *b, unsigned tag, EVP_PKEY *key, size_t from, size_t to)
{
	uint8_t signature[SIG_MODULUS_MAX];
	size_t n =
	    keys_sign(key, EVP_sha256(), b->bytes + from, to - from, signature);

	keys_object(b, tag, signature, n);
}

/* Wraps what b holds in one object. */
static void
wrap(struct keys_buf *b, unsigned tag)
{
	static struct keys_buf inner;

	inner = *b;
	b->len = 0;
	keys_object(b, tag, inner.bytes, inner.len);
}

static void
make_text(struct files *f)
{
	uint8_t digest[SIG_SHA256_LEN];
	size_t from;

	f->number.len = f->attributes.len = f->digests.len = 0;
	keys_object(&f->number, 0xFF10, "123456789018", 12);
	keys_put(&f->number, "\xFF\xFF", 2);

	keys_object(&f->attributes, 0xDF21, "\0\x0E\0\x20\0\x50\0\x5B", 8);
	from = f->attributes.len;
	keys_object(&f->attributes, 0xDF22, "見本　花子", 15);
	keys_object(&f->attributes, 0xDF23, "東京都", 9);
	keys_object(&f->attributes, 0xDF24, "19900401", 8);
	keys_object(&f->attributes, 0xDF25, "2", 1);
	assert_int_equal(sig_sha256(f->number.bytes, f->number.len, digest), 0);
	keys_object(&f->digests, 0xDF31, digest, sizeof(digest));
	assert_int_equal(sig_sha256(f->attributes.bytes + from,
			     f->attributes.len - from, digest),
	    0);
	keys_object(&f->digests, 0xDF32, digest, sizeof(digest));
	put_signature(&f->digests, 0xDF33, issuer, 0, f->digests.len);
	wrap(&f->attributes, 0xFF20);
	wrap(&f->digests, 0xFF30);
}

static void
make_chip(struct files *f)
{
	struct keys_buf key = { .len = 0 };

	f->certificate.len = f->chip_key.len = 0;
	keys_put_cv(&f->certificate, ROOT_ID, ISSUER_ID, root, issuer);
	keys_put_public(&key, chip);
	keys_object(&f->chip_key, 0xDF51, key.bytes, key.len);
	put_signature(&f->chip_key, 0xDF52, issuer, 0, f->chip_key.len);
	wrap(&f->chip_key, 0xFF50);
	assert_int_equal(sig_random(f->nonce, sizeof(f->nonce)), 0);
	assert_int_equal(keys_sign(chip, EVP_sha256(), f->nonce,
			     sizeof(f->nonce), f->signature),
	    256);
}

enum { WITH_PHOTO, EMPTY_PHOTO, NO_PHOTO };

static void
make_face(struct files *f, int photo)
{
	uint8_t digests[96], info[SIG_INFO_MAX], signature[SIG_MODULUS_MAX];
	struct keys_buf key = { .len = 0 }, *b = &f->face;
	size_t at[4];

	b->len = 0;
	keys_object(b, 0xDF21, "offsets, not read", 18);
	at[0] = b->len;
	keys_object(b, 0xDF22, "19900401", 8);
	keys_object(b, 0xDF23, "2", 1);
	keys_put_public(&key, chip);
	keys_object(b, 0xDF24, key.bytes, key.len);
	at[1] = b->len;
	keys_object(b, 0xDF25, "\x89PNG name", 9);
	keys_object(b, 0xDF26, "\x89PNG address, longer", 20);
	at[2] = b->len;
	if (photo != NO_PHOTO)
		keys_object(b, 0xDF27, "a photo", photo == WITH_PHOTO ? 7 : 0);
	at[3] = b->len;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sig_sha256(b->bytes + at[i], at[i + 1] - at[i],
				     digests + 32 * i),
		    0);
	keys_sign_raw(issuer, RSA_PKCS1_PADDING, info,
	    sig_info_face(digests, info), signature);
	keys_object(b, 0xDF28, signature, 256);
	keys_object(b, 0xDF29, "20350401", 8);
	keys_object(b, 0xDF2A, "\x89PNG code", 9);
	wrap(b, 0xFF20);
}

static int
setup(void **state)
{
	(void)state;
	root = keys_rsa(2048, 65537);
	issuer = keys_rsa(2048, 65537);
	chip = keys_rsa(2048, 65537);
	stranger = keys_rsa(2048, 65537);
	trust_make(root, &trust);
	trust_make(stranger, &other_trust);
	make_text(&good);
	make_chip(&good);
	make_face(&good, WITH_PHOTO);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(root);
	EVP_PKEY_free(issuer);
	EVP_PKEY_free(chip);
	EVP_PKEY_free(stranger);
	kenmen_trust_free(&trust);
	kenmen_trust_free(&other_trust);
	return 0;
}

static struct kenmen_blob
view(const struct keys_buf *b)
{
	return blob_view(b->bytes, b->len);
}

static struct genuine_text
text_of(const struct files *f)
{
	struct genuine_text in = { view(&f->number), view(&f->attributes),
		view(&f->digests), view(&f->certificate), view(&f->chip_key),
		{ blob_view(f->nonce, sizeof(f->nonce)),
		    blob_view(f->signature, 256) } };

	return in;
}

/* The outcome of a check: 1, 0, -1; 9: not in the list. */
static int
ok_of(const struct kenmen_authenticity *a, const char *name)
{
	int found = 9;

	for (unsigned i = 0; i < a->n; i++) {
		assert_true(a->check[i].detail[0] != '\0');
		if (!strcmp(a->check[i].name, name)) {
			assert_int_equal(found, 9);
			found = a->check[i].ok;
		}
	}
	return found;
}

static const char *const text_checks[] = { "record_digest", "record_signature",
	"issuer_certificate", "issuer_root", "chip", "revocation" };

/* want: a letter for each of text_checks: y, n, -. */
static void
assert_checks(const struct kenmen_authenticity *a, const char *want)
{
	for (size_t i = 0; i < 6; i++) {
		int ok = ok_of(a, text_checks[i]);

		if (ok == 9 || "-ny"[ok + 1] != want[i])
			fail_msg("%s is %d", text_checks[i], ok);
	}
	assert_int_equal(a->n, 6);
	assert_string_equal(a->check[5].name, "revocation");
}

/* ---- text ------------------------------------------------------------- */

static void
test_text_verified(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_VERIFIED);
	assert_checks(&a, "yyyyy-");
}

static void
test_text_no_root(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(genuine_text(&in, NULL, &a), 0);
	assert_int_equal(a.verdict, KENMEN_CONSISTENT);
	assert_checks(&a, "yy--y-");
}

static void
test_text_false_root(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(
	    genuine_text(&in, other_trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(a.verdict, KENMEN_FAILED);
	assert_checks(&a, "yynyy-");
}

/* A missing file leaves its checks open, whatever else is good. */
static void
test_text_missing(void **state)
{
	static const struct {
		size_t at;
		const char *checks;
	} cases[] = {
		{ offsetof(struct genuine_text, digests), "--yyy-" },
		{ offsetof(struct genuine_text, certificate), "y-----" },
		{ offsetof(struct genuine_text, chip_key), "yyyy--" },
		{ offsetof(struct genuine_text, chip.signature), "yyyy--" },
	};
	struct kenmen_authenticity a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct genuine_text in = text_of(&good);

		*(struct kenmen_blob *)((char *)&in + cases[i].at) =
		    blob_view(NULL, 0);
		assert_int_equal(genuine_text(&in, trust, &a), 0);
		assert_int_equal(a.verdict, KENMEN_UNCHECKED);
		assert_checks(&a, cases[i].checks);
	}
}

/* Either file alone; none is nothing that could be said. */
static void
test_text_one_file(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a;

	(void)state;
	in.number = blob_view(NULL, 0);
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_VERIFIED);
	in.attributes = blob_view(NULL, 0);
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_UNCHECKED);
	in.number = view(&good.number);
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_VERIFIED);
}

/* Where a card-verifiable certificate names its issuer. Named otherwise, it is
 * a card of an issuer for whom no root is configured: consistent at best. */
#define ISSUER_ID_AT 10

static void
test_text_unknown_issuer(void **state)
{
	struct kenmen_authenticity a;
	struct genuine_text in;

	(void)state;
	bad = good;
	in = text_of(&bad);
	for (size_t i = ISSUER_ID_AT; i < ISSUER_ID_AT + 16; i++) {
		bad.certificate.bytes[i] ^= 0x01;
		assert_int_equal(genuine_text(&in, trust, &a), 0);
		assert_int_equal(a.verdict, KENMEN_CONSISTENT);
		assert_checks(&a, "yy--y-");
		bad.certificate.bytes[i] ^= 0x01;
	}
}

/*
 * Each byte of each file. Only what no digest covers may pass: the outer
 * header and the offsets of EF 0002, and then the data reads the same.
 */
static void
flip_all(
    struct keys_buf *file, const char *name, size_t free_from, size_t free_to)
{
	struct genuine_text in = text_of(&bad);
	struct kenmen_authenticity a;

	for (size_t i = 0; i < file->len; i++) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			int r;

			file->bytes[i] ^= (uint8_t)(1u << bit);
			r = genuine_text(&in, trust, &a);
			if (i >= free_from && i < free_to)
				assert_true(
				    r == 0 || r == KENMEN_ERR_AUTHENTICITY);
			else if (r != KENMEN_ERR_AUTHENTICITY)
				fail_msg(
				    "%s byte %zu bit %u: %d", name, i, bit, r);
			if (r < 0)
				assert_int_equal(a.verdict, KENMEN_FAILED);
			file->bytes[i] ^= (uint8_t)(1u << bit);
		}
	}
}

static void
test_text_flipped(void **state)
{
	(void)state;
	bad = good;
	flip_all(&bad.number, "EF 0001", 0, 0);
	flip_all(&bad.attributes, "EF 0002", 0, 3 + 11);
	flip_all(&bad.digests, "EF 0003", 0, 0);
	flip_all(&bad.certificate, "EF 0004", ISSUER_ID_AT, ISSUER_ID_AT + 16);
	flip_all(&bad.chip_key, "EF 0007", 0, 0);
}

static void
test_text_chip_flipped(void **state)
{
	struct kenmen_authenticity a;
	struct genuine_text in;

	(void)state;
	bad = good;
	in = text_of(&bad);
	for (size_t i = 0; i < 256; i += 5) {
		bad.signature[i] ^= 0x04;
		assert_int_equal(
		    genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
		assert_int_equal(ok_of(&a, "chip"), 0);
		bad.signature[i] ^= 0x04;
	}
	/* An old answer to another challenge. */
	bad.nonce[31] ^= 1;
	assert_int_equal(genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_checks(&a, "yyyyn-");
	/* A copy of the files beside another chip. */
	bad.nonce[31] ^= 1;
	keys_sign(stranger, EVP_sha256(), bad.nonce, 32, bad.signature);
	assert_int_equal(genuine_text(&in, NULL, &a), KENMEN_ERR_AUTHENTICITY);
	assert_checks(&a, "yy--n-");
}

/* Another person's good record beside this person's data. */
static void
test_text_swapped(void **state)
{
	struct kenmen_authenticity a;
	struct genuine_text in;

	(void)state;
	bad = good;
	in = text_of(&bad);
	bad.number.bytes[3]++;
	assert_int_equal(genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_checks(&a, "nyyyy-");
	bad = good;
	/* Signed by a key of nobody: consistent in itself, not with EF 0004. */
	bad.certificate.len = 0;
	keys_put_cv(&bad.certificate, ROOT_ID, ISSUER_ID, root, stranger);
	in = text_of(&bad);
	assert_int_equal(genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_checks(&a, "ynyyn-");
}

/* A second name behind the one that is signed. */
static void
test_text_doubled_field(void **state)
{
	struct genuine_text in;
	struct kenmen_authenticity a;

	(void)state;
	bad = good;
	bad.attributes.len = 0;
	keys_put(&bad.attributes, good.attributes.bytes + 3,
	    good.attributes.len - 3);
	keys_object(&bad.attributes, 0xDF22, "another", 7);
	wrap(&bad.attributes, 0xFF20);
	in = text_of(&bad);
	assert_int_equal(genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(ok_of(&a, "record_digest"), 0);
	/* Or half an object, which another reader might complete. */
	bad.attributes.len = 0;
	keys_put(&bad.attributes, good.attributes.bytes + 3,
	    good.attributes.len - 3);
	keys_put(&bad.attributes, "\xDF\x22", 2);
	wrap(&bad.attributes, 0xFF20);
	in = text_of(&bad);
	assert_int_equal(genuine_text(&in, trust, &a), KENMEN_ERR_AUTHENTICITY);
}

/* ---- the face --------------------------------------------------------- */

static int
face_check(const struct files *f, const struct kenmen_trust *roots,
    struct kenmen_authenticity *ret)
{
	struct genuine_chip answer = { blob_view(f->nonce, sizeof(f->nonce)),
		blob_view(f->signature, 256) };
	struct kenmen_blob certificate = view(&f->certificate);
	struct genuine_record record;
	int r = genuine_face_file(f->face.bytes, f->face.len, &record);

	return r < 0 ? r
		     : genuine_face(&record, &certificate, &answer, roots, ret);
}

static void
test_face_verified(void **state)
{
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(face_check(&good, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_VERIFIED);
	assert_int_equal(a.n, 5);
	assert_int_equal(ok_of(&a, "record_signature"), 1);
	assert_int_equal(ok_of(&a, "chip"), 1);
	assert_int_equal(face_check(&good, NULL, &a), 0);
	assert_int_equal(a.verdict, KENMEN_CONSISTENT);
	assert_int_equal(
	    face_check(&good, other_trust, &a), KENMEN_ERR_AUTHENTICITY);
	assert_int_equal(ok_of(&a, "issuer_certificate"), 0);
}

static void
test_face_photos(void **state)
{
	struct kenmen_authenticity a;
	struct genuine_record record;

	(void)state;
	bad = good;
	make_face(&bad, EMPTY_PHOTO);
	assert_int_equal(face_check(&bad, trust, &a), 0);
	make_face(&bad, NO_PHOTO);
	assert_int_equal(face_check(&bad, trust, &a), 0);
	assert_int_equal(
	    genuine_face_file(bad.face.bytes, bad.face.len, &record), 0);
	assert_int_equal(record.photo.len, 0);
	assert_int_equal(record.portrait.len, 0);
}

/* All but the outer header, the offsets and what lies behind the signature. */
static void
test_face_flipped(void **state)
{
	struct kenmen_authenticity a;
	struct genuine_record record;
	size_t from, to;

	(void)state;
	bad = good;
	assert_int_equal(
	    genuine_face_file(bad.face.bytes, bad.face.len, &record), 0);
	from = (size_t)(record.whole.bytes - bad.face.bytes);
	to = from + record.whole.len;
	for (size_t i = 0; i < bad.face.len; i++) {
		int r;

		bad.face.bytes[i] ^= 0x01;
		r = face_check(&bad, trust, &a);
		if (i >= from && i < to && r != KENMEN_ERR_DATA &&
		    r != KENMEN_ERR_AUTHENTICITY)
			fail_msg("byte %zu: %d", i, r);
		bad.face.bytes[i] ^= 0x01;
	}
	for (size_t i = 0; i < bad.certificate.len; i++) {
		bool named = i >= ISSUER_ID_AT && i < ISSUER_ID_AT + 16;

		bad.certificate.bytes[i] ^= 0x40;
		assert_int_equal(face_check(&bad, trust, &a),
		    named ? 0 : KENMEN_ERR_AUTHENTICITY);
		bad.certificate.bytes[i] ^= 0x40;
	}
}

static void
test_face_missing(void **state)
{
	struct kenmen_authenticity a;

	(void)state;
	bad = good;
	bad.certificate.len = 0;
	assert_int_equal(face_check(&bad, trust, &a), 0);
	assert_int_equal(a.verdict, KENMEN_UNCHECKED);
	assert_int_equal(ok_of(&a, "record_signature"), -1);
	assert_int_equal(ok_of(&a, "chip"), 1);
}

/* What lies between the parts is covered by nothing: refused. */
static void
test_face_form(void **state)
{
	static const struct {
		unsigned tag;
		const char *value;
		size_t len, before; /* object that it is put before */
	} extra[] = {
		{ 0xDF30, "unknown", 7, 1 },
		{ 0xDF22, "19010101", 8, 1 },
		{ 0xDF27, "second photo", 12, 7 },
		{ 0xDF30, "x", 1, 4 },
		{ 0xDF22, "19010101", 8, 8 },
		{ 0xDF29, "20990101", 8, 9 },
	};
	struct kenmen_blob at[9];
	struct genuine_record r;

	(void)state;
	assert_int_equal(
	    genuine_face_file(good.face.bytes, good.face.len, &r), 0);
	at[1] = blob_view(r.whole.bytes + 0, 0);
	at[4] = r.surface;
	at[7] = blob_view(r.portrait.bytes + r.portrait.len, 0);
	at[8] = blob_view(r.whole.bytes + r.whole.len, 0);
	for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
		size_t n =
		    extra[i].before == 9
			? good.face.len
			: (size_t)(at[extra[i].before].bytes - good.face.bytes);

		bad.face.len = 0;
		keys_put(&bad.face, good.face.bytes + 5, n - 5);
		keys_object(
		    &bad.face, extra[i].tag, extra[i].value, extra[i].len);
		keys_put(&bad.face, good.face.bytes + n, good.face.len - n);
		wrap(&bad.face, 0xFF20);
		if (genuine_face_file(bad.face.bytes, bad.face.len, &r) !=
		    KENMEN_ERR_DATA)
			fail_msg("extra object %zu is taken", i);
	}
}

/* The record of evidence is DF22 to DF28 and not a byte more or less. */
static void
test_face_record(void **state)
{
	struct genuine_record whole, again, ignored;
	struct keys_buf b = { .len = 0 };

	(void)state;
	assert_int_equal(
	    genuine_face_file(good.face.bytes, good.face.len, &whole), 0);
	assert_int_equal(whole.expires.len, 8);
	keys_put(&b, whole.whole.bytes, whole.whole.len);
	assert_int_equal(genuine_face_record(b.bytes, b.len, &again), 0);
	assert_int_equal(again.whole.len, whole.whole.len);
	assert_int_equal(again.expires.len, 0);
	assert_memory_equal(again.photo.bytes, "a photo", 7);
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(genuine_face_record(b.bytes, len, &ignored),
		    KENMEN_ERR_DATA);
	keys_put(&b, "\xFF", 1);
	assert_int_equal(
	    genuine_face_record(b.bytes, b.len, &ignored), KENMEN_ERR_DATA);
}

static void
test_face_fill(void **state)
{
	struct kenmen_face face = { .expires = "kept" };
	struct genuine_record record;

	(void)state;
	assert_int_equal(
	    genuine_face_file(good.face.bytes, good.face.len, &record), 0);
	assert_int_equal(genuine_face_fill(&record, &face), 0);
	assert_string_equal(face.birth_date, "1990-04-01");
	assert_string_equal(face.birth_date_raw, "19900401");
	assert_string_equal(face.sex_code, "2");
	assert_int_equal(face.sex, KENMEN_SEX_FEMALE);
	assert_string_equal(face.expires, "kept");
	assert_int_equal(face.name_png.len, 9);
	assert_int_equal(face.address_png.len, 20);
	assert_int_equal(face.photo_jp2.len, 7);
	kenmen_blob_free(&face.name_png);
	kenmen_blob_free(&face.address_png);
	kenmen_blob_free(&face.photo_jp2);
	/* A birth date of more than its field: nothing changes. */
	record.birth_date = record.address_png;
	record.birth_date.len = 20;
	record.sex = record.chip_key;
	assert_int_equal(genuine_face_fill(&record, &face), KENMEN_ERR_DATA);
	assert_string_equal(face.birth_date_raw, "19900401");
	assert_null(face.name_png.bytes);
}

/* ---- more checks ------------------------------------------------------ */

static void
test_add(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a, empty = { 0 };

	(void)state;
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	genuine_add(&a, "agreement", 1, "both say the same");
	assert_int_equal(a.verdict, KENMEN_VERIFIED);
	assert_int_equal(a.n, 7);
	assert_string_equal(a.check[5].name, "agreement");
	assert_string_equal(a.check[6].name, "revocation");
	genuine_add(&a, "agreement", 0, "they do not");
	assert_int_equal(a.verdict, KENMEN_FAILED);
	for (int i = 0; i < 20; i++)
		genuine_add(&a, "agreement", -1, "again");
	assert_int_equal(a.n, KENMEN_CHECKS_MAX);
	genuine_add(&empty, "agreement", -1, "alone");
	assert_int_equal(empty.n, 1);
	assert_string_equal(empty.check[0].name, "agreement");
}

/* Nothing of the card gets into the list: no digest, no name. */
static void
test_details_are_constant(void **state)
{
	struct genuine_text in = text_of(&good);
	struct kenmen_authenticity a;

	(void)state;
	assert_int_equal(genuine_text(&in, trust, &a), 0);
	for (unsigned i = 0; i < a.n; i++) {
		assert_true(strlen(a.check[i].name) < 31);
		assert_true(strlen(a.check[i].detail) < 119);
		for (const char *c = a.check[i].detail; *c; c++)
			assert_true(
			    *c >= ' ' && *c < 0x7F && (*c < '0' || *c > '9'));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_verified),
		cmocka_unit_test(test_text_no_root),
		cmocka_unit_test(test_text_false_root),
		cmocka_unit_test(test_text_missing),
		cmocka_unit_test(test_text_one_file),
		cmocka_unit_test(test_text_unknown_issuer),
		cmocka_unit_test(test_text_flipped),
		cmocka_unit_test(test_text_chip_flipped),
		cmocka_unit_test(test_text_swapped),
		cmocka_unit_test(test_text_doubled_field),
		cmocka_unit_test(test_face_verified),
		cmocka_unit_test(test_face_photos),
		cmocka_unit_test(test_face_flipped),
		cmocka_unit_test(test_face_missing),
		cmocka_unit_test(test_face_form),
		cmocka_unit_test(test_face_record),
		cmocka_unit_test(test_face_fill),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_details_are_constant),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
