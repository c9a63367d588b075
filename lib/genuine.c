#include "genuine.h"

#include <stdio.h>
#include <string.h>

#include "blob.h"
#include "cv.h"
#include "record.h"
#include "tlv.h"
#include "trust.h"

/* ---- objects ---------------------------------------------------------- */

/* The next object must be that one: as it stands, and its value. */
static bool
take(struct tlv *t, uint32_t tag, struct kenmen_blob *ret_whole,
    struct kenmen_blob *ret_value)
{
	const uint8_t *start = t->at;
	struct tlv_item item;

	if (!tlv_next(t, &item) || item.tag != tag)
		return false;
	*ret_whole = blob_view(start, (size_t)(t->at - start));
	*ret_value = blob_view(item.value, item.len);
	return true;
}

/* A cursor into the one object of a file; filler behind it is ignored. */
static bool
enter(const uint8_t *buf, size_t len, uint32_t tag, struct tlv *ret)
{
	struct tlv_item outer;

	tlv_start(ret, buf, len);
	if (!tlv_next(ret, &outer) || outer.tag != tag)
		return false;
	tlv_start(ret, outer.value, outer.len);
	return true;
}

/* From the first byte of one to the last of another that lies behind it. */
static struct kenmen_blob
span(const struct kenmen_blob *first, const struct kenmen_blob *last)
{
	return blob_view(
	    first->bytes, (size_t)(last->bytes + last->len - first->bytes));
}

/* ---- the list of checks ----------------------------------------------- */

/* What a verdict is made of. */
struct trial {
	struct kenmen_authenticity *list;
	bool incomplete; /* something needed is not there */
	bool rooted;
};

static void
say(struct trial *t, const char *name, int ok, const char *detail)
{
	trust_check_put(t->list, t->list->n++, name, ok, detail);
}

static void
say_missing(struct trial *t, const char *name, const char *detail)
{
	say(t, name, -1, detail);
	t->incomplete = true;
}

/* r: what sig_check and its like answered. */
static int
say_result(
    struct trial *t, const char *name, int r, const char *good, const char *bad)
{
	if (r == KENMEN_ERR_NO_MEMORY)
		return r;
	say(t, name, r == 0, r == 0 ? good : bad);
	return 0;
}

static int
trial_end(struct trial *t)
{
	struct kenmen_authenticity *a = t->list;
	bool failed = false;

	for (unsigned i = 0; i < a->n; i++)
		failed = failed || a->check[i].ok == 0;
	say(t, "revocation", -1,
	    "whether the card was revoked is not checked: only bodies "
	    "named by law may ask");
	if (failed)
		a->verdict = KENMEN_FAILED;
	else if (t->incomplete)
		a->verdict = KENMEN_UNCHECKED;
	else
		a->verdict = t->rooted ? KENMEN_VERIFIED : KENMEN_CONSISTENT;
	return failed ? KENMEN_ERR_AUTHENTICITY : 0;
}

void
genuine_add(
    struct kenmen_authenticity *a, const char *name, int ok, const char *detail)
{
	unsigned at = a->n;

	if (a->n == KENMEN_CHECKS_MAX)
		return;
	if (at > 0 && !strcmp(a->check[at - 1].name, "revocation")) {
		a->check[at] = a->check[at - 1];
		at--;
	}
	trust_check_put(a, at, name, ok, detail);
	a->n++;
	if (ok == 0)
		a->verdict = KENMEN_FAILED;
}

/* ---- the issuer ------------------------------------------------------- */

/* *ret_known: cv is filled, its key may check records. */
static int
issuer_check(struct trial *t, const struct kenmen_blob *file,
    const struct kenmen_trust *trust, struct cv *cv, bool *ret_known)
{
	const struct sig_key *root;

	*ret_known = false;
	if (file->len == 0) {
		say_missing(t, "issuer_certificate",
		    "the issuer's certificate is not on the card");
		say(t, "issuer_root", -1, "there is no certificate to follow");
		return 0;
	}
	if (cv_parse(file->bytes, file->len, cv) < 0) {
		say(t, "issuer_certificate", 0,
		    "the issuer's certificate is not of its form");
		say(t, "issuer_root", -1, "there is no certificate to follow");
		return 0;
	}
	*ret_known = true;
	if ((root = trust_root(trust, cv->issuer)) == NULL) {
		say(t, "issuer_certificate", -1,
		    "there is no root to check the issuer's certificate with");
		say(t, "issuer_root", -1,
		    "no root is configured for this issuer");
		return 0;
	}
	t->rooted = true;
	say(t, "issuer_root", 1, "the root of this issuer is configured");
	return say_result(t, "issuer_certificate", cv_check(cv, root),
	    "the root signed the issuer's certificate",
	    "the root did not sign the issuer's certificate");
}

/* ---- the chip --------------------------------------------------------- */

static int
chip_check(
    struct trial *t, const struct sig_key *key, const struct genuine_chip *chip)
{
	if (chip->signature.len == 0) {
		say_missing(
		    t, "chip", "the chip did not show that it has its key");
		return 0;
	}
	return say_result(t, "chip",
	    sig_check(key, chip->message.bytes, chip->message.len,
		chip->signature.bytes, chip->signature.len),
	    "the chip signed a fresh challenge with its own key",
	    "the chip's signature is not by the key of its record");
}

/* EF 0007 of the text application: FF50 { DF51 { 90, 91 }, DF52 signature }.
 * *ret_r: 0 when signed by issuer. False: not of its form. */
static bool
chip_key_read(const struct kenmen_blob *file, const struct sig_key *issuer,
    struct sig_key *ret, int *ret_r)
{
	struct kenmen_blob whole, key, ignored, signature;
	struct tlv t;

	if (!enter(file->bytes, file->len, 0xFF50, &t) ||
	    !take(&t, 0xDF51, &whole, &key) ||
	    !take(&t, 0xDF52, &ignored, &signature) || !tlv_finish(&t) ||
	    cv_key(key.bytes, key.len, ret) < 0)
		return false;
	*ret_r = sig_check(
	    issuer, whole.bytes, whole.len, signature.bytes, signature.len);
	return true;
}

static int
chip_check_text(struct trial *t, const struct genuine_text *in,
    const struct sig_key *issuer)
{
	struct sig_key key;
	int r = 0;

	if (in->chip_key.len == 0 || !issuer) {
		say_missing(t, "chip",
		    issuer ? "the chip's key is not on the card"
			   : "there is no key to check the chip's key with");
		return 0;
	}
	if (!chip_key_read(&in->chip_key, issuer, &key, &r)) {
		say(t, "chip", 0, "the chip's key is not of its form");
		return 0;
	}
	if (r < 0)
		return say_result(
		    t, "chip", r, "", "the issuer did not sign the chip's key");
	return chip_check(t, &key, &in->chip);
}

/* ---- the text application --------------------------------------------- */

/* EF 0003: FF30 { DF31 digest, DF32 digest, DF33 signature }. */
struct digests {
	struct kenmen_blob signed_part; /* DF31 and DF32 */
	struct kenmen_blob number, attributes, signature;
};

static bool
digests_read(const struct kenmen_blob *file, struct digests *ret)
{
	struct kenmen_blob first, second, third;
	struct tlv t;

	if (!enter(file->bytes, file->len, 0xFF30, &t) ||
	    !take(&t, 0xDF31, &first, &ret->number) ||
	    !take(&t, 0xDF32, &second, &ret->attributes) ||
	    !take(&t, 0xDF33, &third, &ret->signature) || !tlv_finish(&t))
		return false;
	ret->signed_part = span(&first, &second);
	return ret->number.len == SIG_SHA256_LEN &&
	       ret->attributes.len == SIG_SHA256_LEN;
}

static int
digests_signature(const struct digests *d, const struct sig_key *issuer)
{
	return sig_check(issuer, d->signed_part.bytes, d->signed_part.len,
	    d->signature.bytes, d->signature.len);
}

/* What DF32 covers of EF 0002: DF22 to DF25, each of which record_attributes
 * takes exactly once. */
static bool
attributes_span(const struct kenmen_blob *file, struct kenmen_blob *ret)
{
	const uint8_t *first = NULL, *end = NULL, *start;
	struct tlv_item item;
	struct tlv t;

	if (!enter(file->bytes, file->len, 0xFF20, &t))
		return false;
	for (start = t.at; tlv_next(&t, &item); start = t.at) {
		if (item.tag == 0xDF22 && !first)
			first = start;
		else if (item.tag == 0xDF25 && !end)
			end = t.at;
		else if (item.tag == 0xDF22 || item.tag == 0xDF25)
			return false;
	}
	if (!tlv_finish(&t) || !first || !end || end < first)
		return false;
	*ret = blob_view(first, (size_t)(end - first));
	return true;
}

/* 0, AUTHENTICITY, NO_MEMORY. The digest may be of the My Number: wiped. */
static int
digest_check(const struct kenmen_blob *data, const struct kenmen_blob *expected)
{
	uint8_t digest[SIG_SHA256_LEN];
	int r = sig_sha256(data->bytes, data->len, digest);

	if (r == 0 && memcmp(digest, expected->bytes, sizeof(digest)) != 0)
		r = KENMEN_ERR_AUTHENTICITY;
	kenmen_wipe(digest, sizeof(digest));
	return r;
}

static int
record_digest_check(struct trial *t, const struct genuine_text *in,
    const struct digests *digests)
{
	struct kenmen_blob part;
	int r = 0;

	if (in->number.len == 0 && in->attributes.len == 0) {
		say_missing(t, "record_digest", "nothing was read");
		return 0;
	}
	if (in->number.len > 0)
		r = digest_check(&in->number, &digests->number);
	if (r == 0 && in->attributes.len > 0)
		r = attributes_span(&in->attributes, &part)
			? digest_check(&part, &digests->attributes)
			: KENMEN_ERR_AUTHENTICITY;
	return say_result(t, "record_digest", r,
	    "what was read is what the digest record says",
	    "what was read is not what the digest record says");
}

static int
text_record_check(struct trial *t, const struct genuine_text *in,
    const struct sig_key *issuer)
{
	struct digests d;
	int r;

	if (in->digests.len == 0) {
		say_missing(
		    t, "record_digest", "the digest record is not on the card");
		say(t, "record_signature", -1, "there is no digest record");
		return 0;
	}
	if (!digests_read(&in->digests, &d)) {
		say(t, "record_digest", 0,
		    "the digest record is not of its form");
		say(t, "record_signature", -1, "there is no digest record");
		return 0;
	}
	if ((r = record_digest_check(t, in, &d)) < 0)
		return r;
	if (!issuer) {
		say_missing(t, "record_signature",
		    "there is no key to check the signature with");
		return 0;
	}
	return say_result(t, "record_signature", digests_signature(&d, issuer),
	    "the issuer signed the digest record",
	    "the issuer did not sign the digest record");
}

int
genuine_text(const struct genuine_text *in, const struct kenmen_trust *trust,
    struct kenmen_authenticity *ret)
{
	struct kenmen_authenticity list = { 0 };
	struct trial t = { &list, false, false };
	struct cv cv;
	bool known;
	int r;

	if ((r = issuer_check(&t, &in->certificate, trust, &cv, &known)) < 0 ||
	    (r = text_record_check(&t, in, known ? &cv.key : NULL)) < 0 ||
	    (r = chip_check_text(&t, in, known ? &cv.key : NULL)) < 0)
		return r;
	r = trial_end(&t);
	*ret = list;
	return r;
}

/* ---- the face --------------------------------------------------------- */

static bool
face_take(struct tlv *t, struct genuine_record *ret)
{
	struct kenmen_blob df22, df23, df24, df25, df26, df28;
	struct genuine_record f = { 0 };
	struct tlv ahead;

	if (!take(t, 0xDF22, &df22, &f.birth_date) ||
	    !take(t, 0xDF23, &df23, &f.sex) ||
	    !take(t, 0xDF24, &df24, &f.chip_key) ||
	    !take(t, 0xDF25, &df25, &f.name_png) ||
	    !take(t, 0xDF26, &df26, &f.address_png))
		return false;
	/* A card without a photo may lack DF27. */
	ahead = *t;
	if (take(&ahead, 0xDF27, &f.portrait, &f.photo))
		*t = ahead;
	if (!take(t, 0xDF28, &df28, &f.signature))
		return false;
	f.holder = span(&df22, &df24);
	f.surface = span(&df25, &df26);
	f.whole = span(&df22, &df28);
	*ret = f;
	return true;
}

int
genuine_face_record(const uint8_t *buf, size_t len, struct genuine_record *ret)
{
	struct genuine_record f;
	struct tlv t;

	tlv_start(&t, buf, len);
	if (!face_take(&t, &f) || !tlv_finish(&t))
		return KENMEN_ERR_DATA;
	*ret = f;
	return 0;
}

/* Tags of the file that come twice could be read in two ways. */
static bool
rest_read(struct tlv *t, struct genuine_record *f)
{
	struct tlv_item item;

	while (tlv_next(t, &item)) {
		if (item.tag >= 0xDF21 && item.tag <= 0xDF28)
			return false;
		if (item.tag != 0xDF29)
			continue;
		if (f->expires.bytes)
			return false;
		f->expires = blob_view(item.value, item.len);
	}
	return tlv_finish(t);
}

int
genuine_face_file(const uint8_t *buf, size_t len, struct genuine_record *ret)
{
	struct kenmen_blob whole, offsets;
	struct genuine_record f;
	struct tlv t;

	if (!enter(buf, len, 0xFF20, &t) ||
	    !take(&t, 0xDF21, &whole, &offsets) || !face_take(&t, &f) ||
	    !rest_read(&t, &f))
		return KENMEN_ERR_DATA;
	*ret = f;
	return 0;
}

int
genuine_face_fill(const struct genuine_record *record, struct kenmen_face *ret)
{
	struct kenmen_blob name = { 0 }, address = { 0 }, photo = { 0 };
	char birth[sizeof(ret->birth_date_raw)], sex[sizeof(ret->sex_code)];
	int r = KENMEN_ERR_DATA;

	if (!record_text(record->birth_date.bytes, record->birth_date.len,
		birth, sizeof(birth)) ||
	    !record_text(record->sex.bytes, record->sex.len, sex, sizeof(sex)))
		return r;
	if ((r = blob_copy(
		 record->name_png.bytes, record->name_png.len, &name)) < 0 ||
	    (r = blob_copy(record->address_png.bytes, record->address_png.len,
		 &address)) < 0 ||
	    (record->photo.len > 0 && (r = blob_copy(record->photo.bytes,
					   record->photo.len, &photo)) < 0)) {
		kenmen_blob_free(&name);
		kenmen_blob_free(&address);
		return r;
	}
	memcpy(ret->birth_date_raw, birth, sizeof(birth));
	memcpy(ret->sex_code, sex, sizeof(sex));
	record_date(birth, ret->birth_date);
	ret->sex = record_sex(sex);
	ret->name_png = name;
	ret->address_png = address;
	ret->photo_jp2 = photo;
	return 0;
}

/* The signature is over SHA-256 of three parts in a row, in one DigestInfo. */
static int
face_signature(const struct genuine_record *f, const struct sig_key *issuer)
{
	const struct kenmen_blob *parts[3] = { &f->holder, &f->surface,
		&f->portrait };
	uint8_t digests[3 * SIG_SHA256_LEN], info[SIG_INFO_MAX];
	int r;

	for (size_t i = 0; i < 3; i++) {
		if ((r = sig_sha256(parts[i]->bytes, parts[i]->len,
			 digests + i * SIG_SHA256_LEN)) < 0)
			return r;
	}
	return sig_check_info(issuer, info, sig_info_face(digests, info),
	    f->signature.bytes, f->signature.len);
}

static int
face_chip_check(struct trial *t, const struct genuine_record *record,
    const struct genuine_chip *chip)
{
	struct sig_key key;

	if (cv_key(record->chip_key.bytes, record->chip_key.len, &key) == 0)
		return chip_check(t, &key, chip);
	say(t, "chip", 0, "the chip's key is not of its form");
	return 0;
}

int
genuine_face(const struct genuine_record *record,
    const struct kenmen_blob *certificate, const struct genuine_chip *chip,
    const struct kenmen_trust *trust, struct kenmen_authenticity *ret)
{
	struct kenmen_authenticity list = { 0 };
	struct trial t = { &list, false, false };
	struct cv cv;
	bool known;
	int r;

	if ((r = issuer_check(&t, certificate, trust, &cv, &known)) < 0)
		return r;
	if (!known)
		say_missing(&t, "record_signature",
		    "there is no key to check the signature with");
	else if ((r = say_result(&t, "record_signature",
		      face_signature(record, &cv.key),
		      "the issuer signed what was read, except the date of "
		      "expiry",
		      "the issuer did not sign what was read")) < 0)
		return r;
	if ((r = face_chip_check(&t, record, chip)) < 0)
		return r;
	r = trial_end(&t);
	*ret = list;
	return r;
}

/* ---- certificates of earlier reads ------------------------------------ */

/* Did this key sign the record? As sig_check. */
typedef int signed_fn(const void *record, const struct sig_key *issuer);

static int
text_signed(const void *record, const struct sig_key *issuer)
{
	return digests_signature(record, issuer);
}

static int
face_signed(const void *record, const struct sig_key *issuer)
{
	return face_signature(record, issuer);
}

/* 0: of use for this record, AUTHENTICITY: not, NO_MEMORY. */
static int
known_check(const struct kenmen_issuer *known, bool rooted,
    const struct kenmen_trust *trust, signed_fn *is_signed, const void *record)
{
	const struct sig_key *root;
	struct cv cv;
	int r;

	if (known->len > sizeof(known->bytes) ||
	    cv_parse(known->bytes, known->len, &cv) < 0)
		return KENMEN_ERR_AUTHENTICITY;
	if ((r = is_signed(record, &cv.key)) < 0)
		return r;
	if (!rooted && !trust_has_roots(trust))
		return 0;
	root = trust_root(trust, cv.issuer);
	return root ? cv_check(&cv, root) : KENMEN_ERR_AUTHENTICITY;
}

static int
known_find(const struct kenmen_issuers *known, bool visual, bool rooted,
    const struct kenmen_trust *trust, signed_fn *is_signed, const void *record,
    struct kenmen_blob *ret)
{
	for (unsigned i = 0; known && i < known->n && i < KENMEN_ISSUERS_MAX;
	     i++) {
		const struct kenmen_issuer *one = &known->known[i];
		int r;

		if (one->visual != visual)
			continue;
		r = known_check(one, rooted, trust, is_signed, record);
		if (r == 0)
			return blob_copy(one->bytes, one->len, ret);
		if (r != KENMEN_ERR_AUTHENTICITY)
			return r;
	}
	return 0;
}

int
genuine_text_known(const struct kenmen_issuers *known,
    const struct kenmen_blob *digests, const struct kenmen_trust *trust,
    struct kenmen_blob *ret)
{
	struct digests d;

	if (!digests_read(digests, &d))
		return 0;
	return known_find(known, false, false, trust, text_signed, &d, ret);
}

int
genuine_face_known(const struct kenmen_issuers *known,
    const struct genuine_record *record, bool rooted,
    const struct kenmen_trust *trust, struct kenmen_blob *ret)
{
	return known_find(known, true, rooted, trust, face_signed, record, ret);
}

static bool
known_is(const struct kenmen_issuer *known, bool visual,
    const struct kenmen_blob *certificate)
{
	return known->visual == visual && known->len == certificate->len &&
	       !memcmp(known->bytes, certificate->bytes, known->len);
}

void
genuine_learn(struct kenmen_issuers *known, bool visual,
    const struct kenmen_blob *certificate,
    const struct kenmen_authenticity *outcome)
{
	struct kenmen_issuer *first;

	if (!known || certificate->len == 0 ||
	    certificate->len > KENMEN_ISSUER_MAX ||
	    known->n > KENMEN_ISSUERS_MAX ||
	    (outcome->verdict != KENMEN_CONSISTENT &&
		outcome->verdict != KENMEN_VERIFIED))
		return;
	for (unsigned i = 0; i < known->n; i++)
		if (known_is(&known->known[i], visual, certificate))
			return;
	if (known->n < KENMEN_ISSUERS_MAX)
		known->n++;
	first = known->known;
	memmove(first + 1, first, (known->n - 1) * sizeof(*first));
	memset(first, 0, sizeof(*first));
	first->visual = visual;
	first->len = (uint16_t)certificate->len;
	memcpy(first->bytes, certificate->bytes, certificate->len);
}
