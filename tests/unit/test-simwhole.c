/*
 * The simulated card as a judge who knows only the published layout and has
 * OpenSSL sees it: records, signatures, certificates, and that each forgery
 * breaks what it should and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "sim/simcard.h"

#define SELECT_TEXT "00A4040C0AD3921000310001010408"
#define SELECT_VISUAL "00A4040C0AD3921000310001010402"
#define SELECT_JPKI "00A4040C0AD392F000260100000001"
#define SELECT_COMMON "00A4040C0AD3921000310001010100"
#define DIGEST_INFO "3031300D060960864801650304020105000420"
#define ZEROS16 "00000000000000000000000000000000"
#define SIGN(p1, p2) "802A" p1 p2 "33" DIGEST_INFO ZEROS16 ZEROS16 "00"

static struct sim_switches switches;
static struct simcard *card;
static uint8_t rsp[SIM_RESPONSE_MAX];
static size_t rsp_len;

static void
card_of(const char *person)
{
	simcard_free(&card);
	card = simcard_new(sim_person_find(person), &switches, NULL);
	simcard_power_on(card);
}

static int
setup(void **state)
{
	(void)state;
	switches = (struct sim_switches){ 0 };
	card_of("hanako");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	simcard_free(&card);
	return 0;
}

static unsigned
send_bytes(const uint8_t *cmd, size_t len)
{
	rsp_len = simcard_transmit(card, cmd, len, rsp);
	assert_true(rsp_len >= 2);
	rsp_len -= 2;
	return (unsigned)rsp[rsp_len] << 8 | rsp[rsp_len + 1];
}

static unsigned
send(const char *hex)
{
	uint8_t cmd[400];
	unsigned value;
	size_t n = 0;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &value), 1);
		cmd[n++] = (uint8_t)value;
	}
	return send_bytes(cmd, n);
}

#define assert_sw(hex, sw) assert_int_equal(send(hex), sw)

static void
set(const char *name, const char *value)
{
	assert_int_equal(sim_switch_set(&switches, name, value), 0);
}

/* VERIFY of a key by its short id. */
static unsigned
verify(unsigned sfi, enum sim_pin pin)
{
	const struct sim_person *person = simcard_person(card);
	size_t len = sim_person_code_len(person, pin);
	uint8_t cmd[5 + 16] = { 0x00, 0x20, 0x00, (uint8_t)(0x80 | sfi),
		(uint8_t)len };

	memcpy(cmd + 5, sim_person_code(person, pin), len);
	return send_bytes(cmd, 5 + len);
}

struct file {
	size_t len;
	uint8_t b[33000];
};

/* A whole file by its short id, with an extended length. */
static unsigned
file_read(unsigned sfi, struct file *ret)
{
	const uint8_t cmd[] = { 0x00, 0xB0, (uint8_t)(0x80 | sfi), 0x00, 0x00,
		0x00, 0x00 };
	unsigned sw = send_bytes(cmd, sizeof(cmd));

	ret->len = rsp_len;
	memcpy(ret->b, rsp, rsp_len);
	return sw;
}

/* ---- what a judge does ----------------------------------------------- */

static FILE *
test_file(const char *path)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", SIM_DIRECTORY, path);
	f = fopen(full, "r");
	assert_non_null(f);
	return f;
}

/* A root by its key id, from the trust files; NULL: none there. */
static EVP_PKEY *
root_of(const uint8_t *key_id)
{
	char path[600];
	int n = snprintf(path, sizeof(path), "%s/trust/", SIM_DIRECTORY);
	EVP_PKEY *key;
	FILE *f;

	for (int i = 0; i < 16; i++)
		n += snprintf(
		    path + n, sizeof(path) - (size_t)n, "%02x", key_id[i]);
	strcat(path, ".cvroot");
	if (!(f = fopen(path, "r")))
		return NULL;
	key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	return key;
}

/* A key from 90 03 01 00 01 91 82 01 00 and the modulus; NULL: it is not. */
static EVP_PKEY *
public_key(const uint8_t *b)
{
	BIGNUM *n = BN_bin2bn(b + 9, 256, NULL), *e = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_set_word(e, 65537);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	if (!memcmp(b, "\x90\x03\x01\x00\x01\x91\x82\x01\x00", 9))
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

/* The signature's inside, past the padding, must be these bytes. */
static bool
raw_good(EVP_PKEY *key, const uint8_t *info, size_t len, const uint8_t *sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t inside[256];
	size_t n = sizeof(inside);
	bool good = EVP_PKEY_verify_recover_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
		    EVP_PKEY_verify_recover(ctx, inside, &n, sig, 256) > 0 &&
		    n == len && !memcmp(inside, info, len);

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool
message_good(EVP_PKEY *key, const uint8_t *b, size_t len, const uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good =
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
	    EVP_DigestVerify(ctx, sig, 256, b, len) > 0;

	EVP_MD_CTX_free(ctx);
	return good;
}

/* What does not hold. */
enum {
	BAD_ROOT = 1,   /* CV certificate: no such root, or not by it */
	BAD_RECORD = 2, /* signature of EF 0003, or of the face */
	BAD_KEY = 4,    /* signature of EF 0007 */
	BAD_NUMBER = 8,
	BAD_PERSON = 16,
	BAD_CHIP = 32,     /* the chip does not answer with its key */
	BAD_FORM = 64,     /* a tag or a length stands where it should not */
	BAD_FILE = 128,    /* cannot be read, or is too short */
	BAD_UNKNOWN = 256, /* no such root here */
};

static bool
head_is(const struct file *f, size_t at, unsigned tag, size_t len)
{
	uint8_t want[5] = { (uint8_t)(tag >> 8), (uint8_t)tag, 0x82,
		(uint8_t)(len >> 8), (uint8_t)len };

	if (len < 0x80)
		want[2] = (uint8_t)len;
	return at + 5 <= f->len && !memcmp(f->b + at, want, len < 0x80 ? 3 : 5);
}

/* EF 0004 of both applications; ret: the issuer's key. */
static unsigned
issuer_judge(EVP_PKEY **ret)
{
	static struct file f;
	EVP_PKEY *root;
	unsigned bad = 0;

	*ret = NULL;
	if (file_read(4, &f) != 0x9000 || f.len != 568)
		return BAD_FILE;
	if (!head_is(&f, 0, 0x7F21, 563) || !head_is(&f, 5, 0x5F4E, 297) ||
	    !head_is(&f, 307, 0x5F37, 256))
		bad |= BAD_FORM;
	if (!(root = root_of(f.b + 10)))
		bad |= BAD_UNKNOWN;
	else if (!message_good(root, f.b + 10, 297, f.b + 312))
		bad |= BAD_ROOT;
	EVP_PKEY_free(root);
	*ret = public_key(f.b + 10 + 32);
	return *ret ? bad : bad | BAD_FORM;
}

/* The chip's answer to a challenge, under key. */
static unsigned
chip_judge(EVP_PKEY *key)
{
	uint8_t cmd[5 + 51 + 1] = { 0x80, 0x2A, 0x00, 0x00, 51, 0x30, 0x31,
		0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
		0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

	SHA256((const uint8_t *)"a challenge", 11, cmd + 24);
	if (!key || send_bytes(cmd, sizeof(cmd)) != 0x9000 || rsp_len != 256)
		return BAD_CHIP;
	return message_good(key, (const uint8_t *)"a challenge", 11, rsp)
		   ? 0
		   : BAD_CHIP;
}

static unsigned
digests_judge(EVP_PKEY *issuer)
{
	static struct file number, person, f;
	uint8_t digest[32];
	unsigned bad = 0;
	size_t from;

	if (file_read(1, &number) != 0x9000 || number.len != 17 ||
	    file_read(2, &person) != 0x9000 || person.len < 50 ||
	    file_read(3, &f) != 0x9000 || f.len != 336)
		return BAD_FILE;
	if (!head_is(&f, 0, 0xFF30, 331) || !head_is(&f, 5, 0xDF31, 32) ||
	    !head_is(&f, 40, 0xDF32, 32) || !head_is(&f, 75, 0xDF33, 256))
		bad |= BAD_FORM;
	if (!message_good(issuer, f.b + 5, 70, f.b + 80))
		bad |= BAD_RECORD;
	SHA256(number.b, 17, digest);
	if (memcmp(digest, f.b + 8, 32))
		bad |= BAD_NUMBER;
	from = person.b[2] == 0x82 ? 16 : 14;
	SHA256(person.b + from, person.len - from, digest);
	if (memcmp(digest, f.b + 43, 32))
		bad |= BAD_PERSON;
	return bad;
}

static unsigned
chip_record_judge(EVP_PKEY *issuer)
{
	static struct file f;
	EVP_PKEY *chip;
	unsigned bad = 0;

	if (file_read(7, &f) != 0x9000 || f.len != 536)
		return BAD_FILE;
	if (!head_is(&f, 0, 0xFF50, 531) || !head_is(&f, 5, 0xDF51, 265) ||
	    !head_is(&f, 275, 0xDF52, 256))
		bad |= BAD_FORM;
	if (!message_good(issuer, f.b + 5, 270, f.b + 280))
		bad |= BAD_KEY;
	chip = public_key(f.b + 10);
	bad |= chip_judge(chip);
	EVP_PKEY_free(chip);
	return bad;
}

/* All of the text application: an OR of what does not hold. */
static unsigned
text_judge(void)
{
	EVP_PKEY *issuer;
	unsigned bad;

	assert_sw(SELECT_TEXT, 0x9000);
	assert_int_equal(verify(0x11, SIM_PIN_ATTRIBUTES), 0x9000);
	bad = issuer_judge(&issuer);
	if (issuer)
		bad |= digests_judge(issuer) | chip_record_judge(issuer);
	EVP_PKEY_free(issuer);
	return bad;
}

/* Where DF22 and the fields behind it stand, [9] is the end; 0: missing. */
static bool
face_fields(const struct file *f, size_t at[10])
{
	size_t end = 5, len;

	memset(at, 0, 10 * sizeof(*at));
	if (f->b[0] != 0xFF || f->b[1] != 0x20 || f->b[2] != 0x82 ||
	    ((size_t)f->b[3] << 8 | f->b[4]) + 5 != f->len)
		return false;
	while (end + 3 <= f->len) {
		unsigned field = f->b[end + 1] - 0x22u;

		if (f->b[end] != 0xDF || (field >= 9 && end != 5))
			return false;
		len = f->b[end + 2];
		if (len > 0x80 && len != 0x82)
			return false;
		if (field < 9)
			at[field] = end;
		end += len == 0x82
			   ? 5 + ((size_t)f->b[end + 3] << 8 | f->b[end + 4])
			   : 3 + len;
	}
	at[9] = f->len;
	return end == f->len;
}

/* Where a field ends: at the next that is there. */
static size_t
face_end(const size_t at[10], int field)
{
	while (at[++field] == 0)
		;
	return at[field];
}

/* SHA-256 over the fields from first to last; nothing when it is missing. */
static void
face_digest(const struct file *f, const size_t at[10], int first, int last,
    uint8_t *ret)
{
	if (at[first] == 0)
		SHA256(f->b, 0, ret);
	else
		SHA256(f->b + at[first], face_end(at, last) - at[first], ret);
}

/* All of the visual application's face; f is what was read. */
static unsigned
face_judge(struct file *f, size_t at[10])
{
	static const uint8_t head[] = { 0x30, 0x71, 0x30, 0x0D, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x60 };
	uint8_t info[sizeof(head) + 96];
	EVP_PKEY *issuer, *chip;
	unsigned bad;

	assert_sw(SELECT_VISUAL, 0x9000);
	assert_int_equal(verify(0x12, SIM_PIN_FACE_B), 0x9000);
	if ((bad = issuer_judge(&issuer)) & (BAD_FILE | BAD_FORM))
		goto out;
	if (file_read(2, f) != 0x9000 || !face_fields(f, at) || !at[0] ||
	    !at[1] || !at[2] || !at[3] || !at[4] || !at[6] ||
	    !head_is(f, at[2], 0xDF24, 265) ||
	    !head_is(f, at[6], 0xDF28, 256)) {
		bad |= BAD_FORM;
		goto out;
	}
	memcpy(info, head, sizeof(head));
	face_digest(f, at, 0, 2, info + 19);
	face_digest(f, at, 3, 4, info + 51);
	face_digest(f, at, 5, 5, info + 83);
	if (!raw_good(issuer, info, sizeof(info), f->b + at[6] + 5))
		bad |= BAD_RECORD;
	chip = public_key(f->b + at[2] + 5);
	bad |= chip_judge(chip);
	EVP_PKEY_free(chip);
out:
	EVP_PKEY_free(issuer);
	return bad;
}

/* ---- genuine cards --------------------------------------------------- */

static struct file face;
static size_t face_at[10];

static void
test_everybody_is_genuine(void **state)
{
	const struct sim_person *person;

	(void)state;
	for (size_t i = 0; (person = sim_person_at(i)); i++) {
		if (person->foreign)
			continue;
		card_of(person->id);
		assert_int_equal(text_judge(), 0);
		if (person->photo != SIM_PHOTO_TOO_BIG)
			assert_int_equal(face_judge(&face, face_at), 0);
	}
}

static void
test_pictures(void **state)
{
	static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
	static const uint8_t jp2[] = "\0\0\0\x0cjP  \r\n\x87\n";

	(void)state;
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_memory_equal(face.b + face_at[3] + 5, png, 16);
	assert_memory_equal(face.b + face_at[4] + 5, png, 16);
	assert_memory_equal(face.b + face_at[5] + 5, jp2, 12);
	assert_memory_equal(face.b + face_at[7] + 3, "20350401", 8);
	assert_memory_equal(face.b + face_at[8] + 3, png, 16);
	assert_int_equal(face.b[face_at[8] + 3 + 19], 24); /* width */
	assert_int_equal(face.b[face_at[8] + 3 + 23], 12);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(
		    (size_t)face.b[8 + 2 * i] << 8 | face.b[9 + 2 * i],
		    face_at[i]);
}

static void
test_photos(void **state)
{
	(void)state;
	card_of("no-photo");
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_int_equal(face_at[5], 0);
	assert_int_equal(face.b[8 + 10] | face.b[9 + 10], 0);
	card_of("empty-photo");
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_memory_equal(face.b + face_at[5], "\xdf\x27\x00\xdf\x28", 5);
	card_of("big-photo");
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_true(face.len > 32000 && face.len < 32768);
	card_of("too-big");
	send(SELECT_VISUAL);
	verify(0x12, SIM_PIN_FACE_B);
	assert_int_equal(file_read(2, &face), 0x9000);
	assert_int_equal(face.len, 32768);
	assert_true(((size_t)face.b[3] << 8 | face.b[4]) > 32768);
}

/* EF 0001 by the birth date alone, EF 0005 by the My Number alone. */
static void
test_age_and_number_image(void **state)
{
	static struct file f;
	EVP_PKEY *issuer, *chip;
	size_t png;

	(void)state;
	send(SELECT_VISUAL);
	assert_int_equal(issuer_judge(&issuer), 0);
	assert_int_equal(file_read(1, &f), 0x6982);
	assert_int_equal(verify(0x11, SIM_PIN_BIRTH), 0x9000);
	assert_int_equal(file_read(2, &f), 0x6982);
	assert_int_equal(file_read(6, &f), 0x6982);
	assert_int_equal(file_read(1, &f), 0x9000);
	assert_int_equal(f.len, 547);
	assert_true(head_is(&f, 0, 0xFF10, 542));
	assert_memory_equal(f.b + 5,
	    "\xdf\x11\x08"
	    "19900401",
	    11);
	assert_true(message_good(issuer, f.b + 5, 281, f.b + 291));
	chip = public_key(f.b + 21);
	assert_int_equal(chip_judge(chip), 0);
	EVP_PKEY_free(chip);
	assert_int_equal(verify(0x12, SIM_PIN_FACE_B), 0x9000);
	assert_int_equal(file_read(5, &f), 0x6982);
	assert_int_equal(verify(0x13, SIM_PIN_FACE_A), 0x9000);
	assert_int_equal(file_read(6, &f), 0x9000);
	assert_int_equal(file_read(5, &f), 0x9000);
	png = 5 + ((size_t)f.b[8] << 8 | f.b[9]);
	assert_true(head_is(&f, 5, 0xDF41, png - 5));
	assert_true(head_is(&f, 5 + png, 0xDF42, 265));
	assert_true(
	    message_good(issuer, f.b + 5, png + 270, f.b + 5 + png + 275));
	EVP_PKEY_free(issuer);
}

static void
test_free_files(void **state)
{
	static struct file f;

	(void)state;
	send(SELECT_VISUAL);
	assert_int_equal(file_read(3, &f), 0x9000);
	assert_true(head_is(&f, 0, 0xFF30, f.len - 5));
	assert_memory_equal(f.b + 5, "\xdf\x31\x04\x06\x03\x0e\x01", 7);
	assert_memory_equal(f.b + 5 + 7 + 19 + 4,
	    "\xdf\x34\x05"
	    "13101"
	    "\xdf\x35",
	    10);
	send(SELECT_TEXT);
	assert_int_equal(file_read(5, &f), 0x9000);
	assert_int_equal(f.len, 256);
	assert_int_equal(file_read(8, &f), 0x9000);
	assert_int_equal(f.len, 16);
	assert_int_equal(file_read(3, &f), 0x6982);
	assert_int_equal(file_read(6, &f), 0x6982);
	assert_int_equal(file_read(7, &f), 0x6982);
	assert_int_equal(verify(0x15, SIM_PIN_TEXT_B), 0x9000);
	assert_int_equal(file_read(6, &f), 0x9000);
	assert_int_equal(f.len, 269);
	assert_memory_equal(f.b, "\xa1\x82\x01\x09\x90\x03\x01\x00\x01", 9);
	assert_int_equal(file_read(7, &f), 0x9000);
}

/* ---- JPKI ------------------------------------------------------------ */

static X509 *
certificate(unsigned sfi)
{
	static struct file f;
	const uint8_t *at = f.b;
	X509 *x;

	assert_int_equal(file_read(sfi, &f), 0x9000);
	x = d2i_X509(NULL, &at, (long)f.len);
	assert_non_null(x);
	assert_int_equal(at - f.b, f.len);
	return x;
}

/* Does rsp hold that key's signature over the digest 00 .. 00? */
static bool
zeros_signed(X509 *x)
{
	uint8_t info[51] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86,
		0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
		0x20 };

	return rsp_len == 256 &&
	       raw_good(X509_get0_pubkey(x), info, sizeof(info), rsp);
}

/* Certificate, its CA and its key belong together. */
static void
jpki_judge(unsigned cert_sfi, unsigned ca_sfi, const char *sign)
{
	X509 *x = certificate(cert_sfi), *ca = certificate(ca_sfi);

	assert_int_equal(X509_verify(x, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_verify(ca, X509_get0_pubkey(ca)), 1);
	assert_int_equal(
	    X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)),
	    0);
	assert_sw(sign, 0x9000);
	assert_true(zeros_signed(x));
	X509_free(x);
	X509_free(ca);
}

static void
test_jpki(void **state)
{
	static const char *const people[] = { "hanako", "taro", "long", "far",
		"former", "gaiji", "broken", "nine", "three", "unknown-day",
		"expired", "other-ca" };

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		card_of(people[i]);
		send(SELECT_JPKI);
		assert_sw(SIGN("00", "97"), 0x6982);
		assert_int_equal(verify(0x18, SIM_PIN_AUTH), 0x9000);
		assert_sw(SIGN("00", "9A"), 0x6982);
		jpki_judge(0x0A, 0x0B, SIGN("00", "97"));
		assert_int_equal(verify(0x1B, SIM_PIN_SIGN), 0x9000);
		jpki_judge(0x01, 0x02, SIGN("00", "9A"));
		jpki_judge(0x01, 0x02, SIGN("00", "9A")); /* any number */
	}
}

/* Is it issued by this CA of the trust files? */
static bool
trusted(X509 *x, const char *path)
{
	FILE *f = test_file(path);
	X509 *ca = PEM_read_X509(f, NULL, NULL, NULL);
	bool good = X509_verify(x, X509_get0_pubkey(ca)) == 1;

	assert_int_equal(
	    X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)),
	    0);
	fclose(f);
	X509_free(ca);
	return good;
}

/* One name, three keys: each certificate fits one of them, or none. */
static void
test_generations(void **state)
{
	static const char *const cas[] = { "trust/auth-2015.pem",
		"trust/auth-2019.pem", "trust/auth-2023.pem" };
	static const struct {
		const char *person;
		size_t ca;
	} issued[] = { { "expired", 0 }, { "taro", 1 }, { "hanako", 2 },
		{ "other-ca", 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(issued) / sizeof(issued[0]); i++) {
		card_of(issued[i].person);
		send(SELECT_JPKI);

		X509 *x = certificate(0x0A);

		for (size_t j = 0; j < 3; j++)
			assert_int_equal(trusted(x, cas[j]), j == issued[i].ca);
		assert_int_equal(
		    X509_cmp_current_time(X509_get0_notAfter(x)) < 0,
		    issued[i].ca == 0);
		X509_free(x);
	}
}

static void
test_unusual_tokens(void **state)
{
	X509 *x;

	(void)state;
	card_of("phone");
	send(SELECT_JPKI);
	assert_sw("00B0860020", 0x9000);
	assert_memory_equal(rsp, "JPKIAPGPSETOKEN  ", 17);
	assert_sw("00B08A0000", 0x6982);
	assert_int_equal(verify(0x18, SIM_PIN_AUTH), 0x9000);
	assert_sw("00B08A0000", 0x9000);
	card_of("ec");
	send(SELECT_JPKI);
	x = certificate(0x0A);
	assert_true(EVP_PKEY_is_a(X509_get0_pubkey(x), "EC"));
	X509_free(x);
	assert_int_equal(verify(0x18, SIM_PIN_AUTH), 0x9000);
	assert_sw(SIGN("00", "97"), 0x6985);
	card_of("child");
	send(SELECT_JPKI);
	assert_int_equal(verify(0x18, SIM_PIN_AUTH), 0x9000);
	assert_sw(SIGN("00", "97"), 0x6A82);
	assert_sw("00B0880003", 0x9000);
	assert_int_equal(rsp[0], 0);
	card_of("hanako");
	set("jpki-only", "on");
	assert_sw(SELECT_TEXT, 0x6A82);
	assert_sw(SELECT_VISUAL, 0x6A82);
	assert_sw(SELECT_COMMON, 0x6A82);
	assert_sw(SELECT_JPKI, 0x9000);
	assert_sw("00B0880003", 0x9000);
	assert_memory_equal(rsp, "\x8f\x8f\x00", 3);
}

/* ---- forms of the signature command ---------------------------------- */

static void
test_sign_forms(void **state)
{
	uint8_t cmd[5 + 246 + 1] = { 0x80, 0x2A, 0x00, 0x97, 245 };

	(void)state;
	assert_sw(SIGN("00", "80"), 0x6986);
	send(SELECT_JPKI);
	assert_int_equal(verify(0x18, SIM_PIN_AUTH), 0x9000);
	assert_sw(SIGN("00", "80"), 0x6986);
	assert_sw("00A4020C020017", 0x9000);
	assert_sw(SIGN("00", "80"), 0x9000);
	assert_sw(SIGN("00", "00"), 0x6A86); /* no default key here */
	assert_sw(SIGN("01", "97"), 0x6A86);
	assert_sw(SIGN("05", "97"), 0x6A86);
	assert_sw(SIGN("00", "17"), 0x6A86);
	assert_sw(SIGN("00", "98"), 0x6981); /* a PIN */
	assert_sw(SIGN("00", "8A"), 0x6981); /* a file */
	assert_sw(SIGN("00", "93"), 0x6A82);
	assert_sw("802A009700", 0x6700);
	assert_sw("802A00970400112233", 0x6700);   /* no Le */
	assert_sw("802A0097040011223310", 0x6700); /* too small a one */
	assert_sw("002A009700", 0x6D00);
	assert_sw("8020009700", 0x6D00);
	memset(cmd + 5, 'x', 246);
	assert_int_equal(send_bytes(cmd, 5 + 245), 0x6700);
	cmd[5 + 245] = 0;
	assert_int_equal(send_bytes(cmd, 5 + 246), 0x9000);
	cmd[4] = 246;
	cmd[5 + 245] = 'x';
	cmd[5 + 246] = 0;
	assert_int_equal(send_bytes(cmd, 5 + 247), 0x6700);
	set("no-sfi", "on");
	assert_sw(SIGN("00", "97"), 0x6A86);
	assert_sw(SIGN("00", "80"), 0x9000);
	send(SELECT_TEXT); /* another application: the PIN is forgotten */
	send(SELECT_JPKI);
	assert_sw("00A4020C020017", 0x9000);
	assert_sw(SIGN("00", "80"), 0x6982);
}

/* The chip's keys need no PIN and answer by short id, EF or by default. */
static void
test_chip_key_forms(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	assert_sw(SIGN("00", "00"), 0x9000);
	assert_sw(SIGN("00", "93"), 0x9000);
	assert_sw("00A4020C020013", 0x9000);
	assert_sw(SIGN("00", "80"), 0x9000);
	assert_sw(SIGN("05", "00"), 0x6A86);
	assert_sw("0088009304000102030400", 0x6700);
	assert_sw("00880093040001020300", 0x6985);
	assert_sw("00880091040001020300", 0x6982);
	assert_sw("00880085040001020300", 0x6981);
	assert_sw("00B0930000", 0x6981);
	assert_sw("00200093", 0x6981);
	assert_sw("00200092", 0x63C0); /* blocked since it was made */
	assert_sw("002000920430303030", 0x6984);
	send(SELECT_VISUAL);
	assert_sw(SIGN("00", "9A"), 0x9000);
	assert_sw("0088009A040001020300", 0x6985);
}

static void
test_common_application(void **state)
{
	(void)state;
	assert_sw(SELECT_COMMON, 0x9000);
	assert_sw("00B2010400", 0x6986);
	assert_sw("00B2010C00", 0x9000);
	assert_int_equal(rsp_len, 30);
	assert_memory_equal(rsp, "\x01\x1cKM00000000000001310120350401", 30);
	assert_sw("00B2010400", 0x9000); /* it is current now */
	assert_sw("00B2020C00", 0x6A83);
	assert_sw("00B2010D00", 0x6A86);
	assert_sw("00B2011400", 0x6A82);
	assert_sw("00B2010C", 0x6700);
	assert_sw("00B0810000", 0x6981);
	assert_sw("00880099040001020300", 0x9000);
	assert_int_equal(rsp_len, 256);
	send(SELECT_TEXT);
	assert_sw("00B2010C00", 0x6981);
}

/* ---- forged cards ---------------------------------------------------- */

static void
test_forgeries(void **state)
{
	static const struct {
		const char *name;
		unsigned text, visual;
	} forgeries[] = {
		{ "record", BAD_RECORD | BAD_KEY, BAD_RECORD },
		{ "root", BAD_ROOT, BAD_ROOT },
		{ "unknown-root", BAD_UNKNOWN, BAD_UNKNOWN },
		{ "chip", BAD_CHIP, BAD_CHIP },
		{ "digests", BAD_NUMBER | BAD_PERSON, 0 },
		{ "person", 0, 0 },
		{ "number", 0, 0 },
		{ "jpki", 0, 0 },
		{ "record,chip", BAD_RECORD | BAD_KEY | BAD_CHIP,
		    BAD_RECORD | BAD_CHIP },
	};

	(void)state;
	for (int taro = 0; taro < 2; taro++) {
		card_of(taro ? "taro" : "hanako");
		for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]);
		     i++) {
			set("forge", forgeries[i].name);
			assert_int_equal(text_judge(), forgeries[i].text);
			assert_int_equal(
			    face_judge(&face, face_at), forgeries[i].visual);
		}
		set("forge", "off");
		assert_int_equal(text_judge(), 0);
		assert_int_equal(face_judge(&face, face_at), 0);
	}
}

static void
test_forgeries_of_data(void **state)
{
	(void)state;
	set("forge", "person");
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_memory_equal(face.b + face_at[0] + 3, "19751231", 8);
	set("forge", "number");
	send(SELECT_TEXT);
	verify(0x11, SIM_PIN_ATTRIBUTES);
	assert_sw("00B0810011", 0x9000);
	assert_memory_equal(rsp + 3, "123456789019", 12);
	set("forge", "jpki");
	send(SELECT_JPKI);
	verify(0x18, SIM_PIN_AUTH);

	X509 *x = certificate(0x0A);

	assert_sw(SIGN("00", "97"), 0x9000);
	assert_false(zeros_signed(x));
	set("forge", "off");
	assert_sw(SIGN("00", "97"), 0x9000);
	assert_true(zeros_signed(x));
	X509_free(x);
}

/* Any bit of any byte of a signed file, in turn. */
static void
test_every_byte_of_the_text(void **state)
{
	static const struct {
		unsigned id;
		size_t from, to;
	} files[] = {
		{ 1, 0, 17 },
		{ 2, 14, 95 },
		{ 3, 0, 336 },
		{ 4, 0, 568 },
		{ 7, 0, 536 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		for (size_t at = files[i].from; at < files[i].to; at++) {
			switches.flip[0] = (struct sim_spot){
				SIM_FILE_ID(SIM_APP_TEXT, files[i].id),
				(unsigned)at, 1u << at % 8
			};
			if (!text_judge())
				fail_msg("EF %u, byte %zu", files[i].id, at);
		}
	}
	set("flip", "text/0001:17"); /* past its end */
	assert_int_equal(text_judge(), 0);
}

static void
test_every_byte_of_the_face(void **state)
{
	size_t from, to;

	(void)state;
	assert_int_equal(face_judge(&face, face_at), 0);
	from = face_at[0];
	to = face_at[7];
	for (size_t at = from; at < to; at += at < 0x3F8 ? 1 : 13) {
		switches.flip[0] =
		    (struct sim_spot){ SIM_FILE_ID(SIM_APP_VISUAL, 2),
			    (unsigned)at, 0x80u >> at % 8 };
		if (!face_judge(&face, face_at))
			fail_msg("byte %zu", at);
	}
	/* what the signature does not cover */
	set("flip", "visual/0002:12095");
	assert_int_equal(face_judge(&face, face_at), 0);
	assert_memory_equal(face.b + face_at[7] + 3, "20350501", 8);
}

static void
test_missing_and_cut(void **state)
{
	static const char *const missing[] = { "text/0001", "text/0002",
		"text/0003", "text/0004", "text/0007" };

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		set("missing", missing[i]);
		assert_int_equal(text_judge(), BAD_FILE);
	}
	assert_sw("00A4020C020007", 0x6A82);
	assert_sw("00B0870000", 0x6A82);
	set("missing", "text/0013");
	assert_int_equal(text_judge(), BAD_CHIP);
	assert_sw(SIGN("00", "00"), 0x6A82);
	assert_sw(SIGN("00", "93"), 0x6A82);
	set("missing", "text/0011,jpki/0018");
	assert_sw("00200091", 0x6A82);
	set("missing", "off");
	assert_int_equal(text_judge(), 0);
	set("cut", "text/0002:40");
	assert_sw("00B0820000", 0x9000);
	assert_int_equal(rsp_len, 40);
	assert_sw("00B0822800", 0x6B00);
	set("cut", "text/0002:0");
	assert_sw("00A4020C020002", 0x9000);
	assert_sw("00B0000000", 0x6B00);
	set("cut", "text/0002:96");
	assert_int_equal(text_judge(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_everybody_is_genuine),
		T(test_pictures),
		T(test_photos),
		T(test_age_and_number_image),
		T(test_free_files),
		T(test_jpki),
		T(test_generations),
		T(test_unusual_tokens),
		T(test_sign_forms),
		T(test_chip_key_forms),
		T(test_common_application),
		T(test_forgeries),
		T(test_forgeries_of_data),
		T(test_every_byte_of_the_text),
		T(test_every_byte_of_the_face),
		T(test_missing_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
