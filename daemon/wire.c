#include "wire.h"

#include <string.h>

#include "pack.h"

/* Time-outs are at most an hour (kenmen.conf(5)). */
#define TIMEOUT_MAX_MS (3600u * 1000u)
/* Tries, steps: small numbers that a window shows. */
#define SMALL_MAX 255

/* Numbers that may also be "none", -1, go one higher. */
static void
optional_put(struct pack *p, int value)
{
	pack_u8(p, (unsigned)(value + 1));
}

static int
optional_get(struct unpack *u, unsigned max)
{
	return (int)unpack_u8(u, max + 1) - 1;
}

static void
forms_put(struct pack *p, const struct kenmen_forms *forms)
{
	pack_bool(p, forms->no_sfi);
	pack_bool(p, forms->no_extended);
	pack_bool(p, forms->small_blocks);
}

static void
forms_get(struct unpack *u, struct kenmen_forms *ret)
{
	ret->no_sfi = unpack_bool(u);
	ret->no_extended = unpack_bool(u);
	ret->small_blocks = unpack_bool(u);
}

static void
known_put(struct pack *p, const struct wire_known *known)
{
	pack_string(p, known->reader);
	forms_put(p, &known->forms);
	optional_put(p, known->keypad);
}

static void
known_get(struct unpack *u, struct wire_known *ret)
{
	unpack_string(u, ret->reader, sizeof(ret->reader));
	forms_get(u, &ret->forms);
	ret->keypad = (int8_t)optional_get(u, 1);
}

static void
issuer_put(struct pack *p, const struct kenmen_issuer *issuer)
{
	pack_bool(p, issuer->visual);
	pack_bytes(p, issuer->bytes, issuer->len);
}

static void
issuer_get(struct unpack *u, struct kenmen_issuer *ret)
{
	ret->visual = unpack_bool(u);
	ret->len = (uint16_t)unpack_bytes(u, ret->bytes, sizeof(ret->bytes));
	if (ret->len == 0)
		u->failed = true;
}

static void
wish_put(struct pack *p, const struct wire_wish *wish)
{
	pack_bool(p, wish->face_with_a);
	pack_u8(p, wish->which);
	pack_u8(p, wish->hash);
	pack_u8(p, wish->digests_n);
	for (unsigned i = 0; i < wish->digests_n; i++)
		pack_bytes(p, wish->digests[i], DIGEST_LEN_MAX);
	pack_u8(p, wish->titles_n);
	for (unsigned i = 0; i < wish->titles_n; i++)
		pack_string(p, wish->titles[i]);
	pack_bytes(p, wish->challenge, wish->challenge_len);
}

static void
wish_get(struct unpack *u, struct wire_wish *ret)
{
	ret->face_with_a = unpack_bool(u);
	ret->which = unpack_u8(u, KENMEN_CERT_N - 1);
	ret->hash = unpack_u8(u, KENMEN_HASH_N - 1);
	ret->digests_n = unpack_u8(u, DIGESTS_MAX);
	for (unsigned i = 0; i < ret->digests_n; i++)
		if (unpack_bytes(u, ret->digests[i], DIGEST_LEN_MAX) !=
		    DIGEST_LEN_MAX)
			u->failed = true;
	ret->titles_n = unpack_u8(u, DIGESTS_MAX);
	for (unsigned i = 0; i < ret->titles_n; i++)
		unpack_string(u, ret->titles[i], sizeof(ret->titles[i]));
	ret->challenge_len =
	    (unsigned)unpack_bytes(u, ret->challenge, sizeof(ret->challenge));
}

int
wire_request_encode(
    const struct wire_request *request, uint8_t *buf, size_t room)
{
	struct pack p;

	pack_start(&p, buf, room);
	pack_u8(&p, request->errand);
	pack_u32(&p, request->kinds);
	pack_u8(&p, request->lang);
	pack_string(&p, request->origin);
	pack_string(&p, request->origin_name);
	pack_string(&p, request->user);
	pack_string(&p, request->purpose);
	pack_string(&p, request->reader);
	pack_string(&p, request->trust_dir);
	wish_put(&p, &request->wish);
	pack_u32(&p, request->card_timeout_ms);
	pack_u32(&p, request->prompt_timeout_ms);
	pack_u32(&p, request->read_timeout_ms);
	pack_u8(&p, request->ignore_n);
	for (unsigned i = 0; i < request->ignore_n; i++)
		pack_string(&p, request->ignore[i]);
	pack_u8(&p, request->known_n);
	for (unsigned i = 0; i < request->known_n; i++)
		known_put(&p, &request->known[i]);
	pack_u8(&p, request->issuers.n);
	for (unsigned i = 0; i < request->issuers.n; i++)
		issuer_put(&p, &request->issuers.known[i]);
	return pack_finish(&p) ? (int)p.len : -1;
}

bool
wire_request_decode(const uint8_t *buf, size_t len, struct wire_request *ret)
{
	struct unpack u;

	memset(ret, 0, sizeof(*ret));
	unpack_start(&u, buf, len);
	ret->errand = unpack_u8(&u, ERRAND_N - 1);
	ret->kinds = unpack_u32(&u, KIND_BIT(KIND_N) - 1);
	ret->lang = unpack_u8(&u, LANG_N - 1);
	unpack_string(&u, ret->origin, sizeof(ret->origin));
	unpack_string(&u, ret->origin_name, sizeof(ret->origin_name));
	unpack_string(&u, ret->user, sizeof(ret->user));
	unpack_string(&u, ret->purpose, sizeof(ret->purpose));
	unpack_string(&u, ret->reader, sizeof(ret->reader));
	unpack_string(&u, ret->trust_dir, sizeof(ret->trust_dir));
	wish_get(&u, &ret->wish);
	ret->card_timeout_ms = unpack_u32(&u, TIMEOUT_MAX_MS);
	ret->prompt_timeout_ms = unpack_u32(&u, TIMEOUT_MAX_MS);
	ret->read_timeout_ms = unpack_u32(&u, TIMEOUT_MAX_MS);
	ret->ignore_n = unpack_u8(&u, IGNORE_MAX);
	for (unsigned i = 0; i < ret->ignore_n; i++)
		unpack_string(&u, ret->ignore[i], sizeof(ret->ignore[i]));
	ret->known_n = unpack_u8(&u, KENMEN_READERS_MAX);
	for (unsigned i = 0; i < ret->known_n; i++)
		known_get(&u, &ret->known[i]);
	ret->issuers.n = unpack_u8(&u, KENMEN_ISSUERS_MAX);
	for (unsigned i = 0; i < ret->issuers.n; i++)
		issuer_get(&u, &ret->issuers.known[i]);
	return unpack_finish(&u);
}

static void
state_put(struct pack *p, const struct wire_state *state)
{
	pack_u8(p, state->state);
	pack_u32(p, state->deadline_ms);
	pack_bool(p, state->asks);
	optional_put(p, state->pin);
	pack_u8(p, state->tries_left);
	pack_u8(p, state->step);
	pack_u8(p, state->steps);
}

static void
state_get(struct unpack *u, struct wire_state *ret)
{
	ret->state = unpack_u8(u, STATE_N - 1);
	ret->deadline_ms = unpack_u32(u, TIMEOUT_MAX_MS);
	ret->asks = unpack_bool(u);
	ret->pin = optional_get(u, KENMEN_PIN_N - 1);
	ret->tries_left = unpack_u8(u, SMALL_MAX);
	ret->step = unpack_u8(u, SMALL_MAX);
	ret->steps = unpack_u8(u, SMALL_MAX);
}

static void
card_info_put(struct pack *p, const struct kenmen_card_info *info)
{
	pack_u8(p, info->token);
	for (int i = 0; i < KENMEN_PIN_N; i++)
		optional_put(p, info->tries[i]);
	for (int i = 0; i < KENMEN_CERT_N; i++)
		optional_put(p, info->certificates[i]);
}

static void
card_info_get(struct unpack *u, struct kenmen_card_info *ret)
{
	ret->token = unpack_u8(u, KENMEN_TOKEN_N - 1);
	for (int i = 0; i < KENMEN_PIN_N; i++)
		ret->tries[i] = optional_get(u, 15); /* 63Cx: 4 bits */
	for (int i = 0; i < KENMEN_CERT_N; i++)
		ret->certificates[i] = (int8_t)optional_get(u, 1);
}

static void
attributes_put(struct pack *p, const struct kenmen_attributes *a)
{
	pack_string(p, a->name);
	pack_string(p, a->address);
	pack_string(p, a->birth_date);
	pack_string(p, a->birth_date_raw);
	pack_string(p, a->sex_code);
	pack_u8(p, a->sex);
}

static void
attributes_get(struct unpack *u, struct kenmen_attributes *ret)
{
	unpack_string(u, ret->name, sizeof(ret->name));
	unpack_string(u, ret->address, sizeof(ret->address));
	unpack_string(u, ret->birth_date, sizeof(ret->birth_date));
	unpack_string(u, ret->birth_date_raw, sizeof(ret->birth_date_raw));
	unpack_string(u, ret->sex_code, sizeof(ret->sex_code));
	ret->sex = unpack_u8(u, KENMEN_SEX_NOT_APPLICABLE);
}

static void
authenticity_put(struct pack *p, const struct kenmen_authenticity *a)
{
	pack_u8(p, a->verdict);
	pack_u8(p, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		pack_string(p, a->check[i].name);
		optional_put(p, a->check[i].ok);
		pack_string(p, a->check[i].detail);
	}
}

static void
authenticity_get(struct unpack *u, struct kenmen_authenticity *ret)
{
	ret->verdict = unpack_u8(u, KENMEN_FAILED);
	ret->n = unpack_u8(u, KENMEN_CHECKS_MAX);
	for (unsigned i = 0; i < ret->n; i++) {
		struct kenmen_check *check = &ret->check[i];

		unpack_string(u, check->name, sizeof(check->name));
		check->ok = (int8_t)optional_get(u, 1);
		unpack_string(u, check->detail, sizeof(check->detail));
	}
}

static void
text_put(struct pack *p, const struct kenmen_text *text)
{
	attributes_put(p, &text->attributes);
	pack_string(p, text->my_number);
	authenticity_put(p, &text->authenticity);
}

static void
text_get(struct unpack *u, struct kenmen_text *ret)
{
	attributes_get(u, &ret->attributes);
	unpack_string(u, ret->my_number, sizeof(ret->my_number));
	authenticity_get(u, &ret->authenticity);
}

static void
face_put(struct pack *p, const struct wire_face *face)
{
	pack_string(p, face->birth_date);
	pack_string(p, face->birth_date_raw);
	pack_string(p, face->sex_code);
	pack_u8(p, face->sex);
	pack_string(p, face->expires);
	authenticity_put(p, &face->authenticity);
}

static void
face_get(struct unpack *u, struct wire_face *ret)
{
	unpack_string(u, ret->birth_date, sizeof(ret->birth_date));
	unpack_string(u, ret->birth_date_raw, sizeof(ret->birth_date_raw));
	unpack_string(u, ret->sex_code, sizeof(ret->sex_code));
	ret->sex = unpack_u8(u, KENMEN_SEX_NOT_APPLICABLE);
	unpack_string(u, ret->expires, sizeof(ret->expires));
	authenticity_get(u, &ret->authenticity);
}

static void
subject_put(struct pack *p, const struct kenmen_subject *subject)
{
	pack_string(p, subject->name);
	pack_string(p, subject->address);
	pack_string(p, subject->name_substituted);
	pack_string(p, subject->address_substituted);
	pack_string(p, subject->birth_date);
	pack_string(p, subject->birth_date_raw);
	pack_string(p, subject->sex_code);
	pack_u8(p, subject->sex);
}

static void
subject_get(struct unpack *u, struct kenmen_subject *ret)
{
	unpack_string(u, ret->name, sizeof(ret->name));
	unpack_string(u, ret->address, sizeof(ret->address));
	unpack_string(u, ret->name_substituted, sizeof(ret->name_substituted));
	unpack_string(
	    u, ret->address_substituted, sizeof(ret->address_substituted));
	unpack_string(u, ret->birth_date, sizeof(ret->birth_date));
	unpack_string(u, ret->birth_date_raw, sizeof(ret->birth_date_raw));
	unpack_string(u, ret->sex_code, sizeof(ret->sex_code));
	ret->sex = unpack_u8(u, KENMEN_SEX_NOT_APPLICABLE);
}

static void
certificate_put(struct pack *p, const struct wire_certificate *certificate)
{
	const struct kenmen_certificate_facts *facts = &certificate->facts;

	pack_u8(p, certificate->kind);
	optional_put(p, certificate->trusted);
	pack_string(p, facts->subject);
	pack_string(p, facts->issuer);
	pack_string(p, facts->serial);
	pack_i64(p, facts->not_before);
	pack_i64(p, facts->not_after);
	pack_bool(p, facts->rsa);
	pack_u32(p, facts->key_bits);
	pack_bool(p, facts->has_attributes);
	subject_put(p, &facts->attributes);
}

static void
certificate_get(struct unpack *u, struct wire_certificate *ret)
{
	struct kenmen_certificate_facts *facts = &ret->facts;

	ret->kind = unpack_u8(u, KIND_N - 1);
	if (ret->kind != KIND_CERTIFICATE && ret->kind != KIND_SIGN)
		u->failed = true;
	ret->trusted = (int8_t)optional_get(u, 1);
	unpack_string(u, facts->subject, sizeof(facts->subject));
	unpack_string(u, facts->issuer, sizeof(facts->issuer));
	unpack_string(u, facts->serial, sizeof(facts->serial));
	facts->not_before = unpack_i64(u);
	facts->not_after = unpack_i64(u);
	facts->rsa = unpack_bool(u);
	facts->key_bits = unpack_u32(u, UINT16_MAX);
	facts->has_attributes = unpack_bool(u);
	subject_get(u, &facts->attributes);
}

static void
readers_put(struct pack *p, unsigned n, const struct wire_reader *readers)
{
	pack_u8(p, n);
	for (unsigned i = 0; i < n; i++) {
		pack_string(p, readers[i].name);
		pack_bool(p, readers[i].present);
		pack_bool(p, readers[i].pinpad);
	}
}

static unsigned
readers_get(struct unpack *u, struct wire_reader *ret)
{
	unsigned n = unpack_u8(u, KENMEN_READERS_MAX);

	for (unsigned i = 0; i < n; i++) {
		unpack_string(u, ret[i].name, sizeof(ret[i].name));
		ret[i].present = unpack_bool(u);
		ret[i].pinpad = unpack_bool(u);
	}
	return n;
}

static void
failed_put(struct pack *p, const struct wire_failed *failed)
{
	pack_u8(p, failed->code);
	optional_put(p, failed->tries_left);
	optional_put(p, failed->pin);
	pack_u8(p, failed->token);
}

static void
failed_get(struct unpack *u, struct wire_failed *ret)
{
	ret->code = unpack_u8(u, CODE_N - 1);
	ret->tries_left = optional_get(u, SMALL_MAX - 1);
	ret->pin = optional_get(u, KENMEN_PIN_N - 1);
	ret->token = unpack_u8(u, KENMEN_TOKEN_N - 1);
}

int
wire_message_encode(
    const struct wire_message *message, uint8_t *buf, size_t room)
{
	struct pack p;

	pack_start(&p, buf, room);
	pack_u8(&p, message->type);
	switch (message->type) {
	case WIRE_STATE:
		state_put(&p, &message->state);
		break;
	case WIRE_PROGRESS:
		pack_u32(&p, message->progress.done);
		pack_u32(&p, message->progress.total);
		break;
	case WIRE_EVENT:
		pack_u8(&p, message->event);
		break;
	case WIRE_KNOWN:
		known_put(&p, &message->known);
		break;
	case WIRE_ISSUER:
		if (message->issuer.len > KENMEN_ISSUER_MAX)
			return -1;
		issuer_put(&p, &message->issuer);
		break;
	case WIRE_CARD_INFO:
		card_info_put(&p, &message->card_info);
		break;
	case WIRE_TEXT:
		text_put(&p, &message->text);
		break;
	case WIRE_FACE:
		face_put(&p, &message->face);
		break;
	case WIRE_CERTIFICATE:
		certificate_put(&p, &message->certificate);
		break;
	case WIRE_BLOB:
		pack_u8(&p, message->blob.which);
		if (message->blob.len > BLOB_PIECE_MAX)
			return -1;
		pack_bytes(&p, message->blob.bytes, message->blob.len);
		break;
	case WIRE_READERS:
		readers_put(&p, message->readers.n, message->readers.reader);
		break;
	case WIRE_DONE:
		break;
	case WIRE_FAILED:
		failed_put(&p, &message->failed);
		break;
	case WIRE_N:
		return -1;
	}
	return pack_finish(&p) ? (int)p.len : -1;
}

bool
wire_message_decode(const uint8_t *buf, size_t len, struct wire_message *ret)
{
	struct unpack u;

	memset(ret, 0, sizeof(*ret));
	unpack_start(&u, buf, len);
	ret->type = unpack_u8(&u, WIRE_N - 1);
	switch (ret->type) {
	case WIRE_STATE:
		state_get(&u, &ret->state);
		break;
	case WIRE_PROGRESS:
		ret->progress.done = unpack_u32(&u, UINT32_MAX);
		ret->progress.total = unpack_u32(&u, UINT32_MAX);
		break;
	case WIRE_EVENT:
		ret->event = unpack_u8(&u, EVENT_N - 1);
		break;
	case WIRE_KNOWN:
		known_get(&u, &ret->known);
		break;
	case WIRE_ISSUER:
		issuer_get(&u, &ret->issuer);
		break;
	case WIRE_CARD_INFO:
		card_info_get(&u, &ret->card_info);
		break;
	case WIRE_TEXT:
		text_get(&u, &ret->text);
		break;
	case WIRE_FACE:
		face_get(&u, &ret->face);
		break;
	case WIRE_CERTIFICATE:
		certificate_get(&u, &ret->certificate);
		break;
	case WIRE_BLOB:
		ret->blob.which = unpack_u8(&u, BLOB_N - 1);
		ret->blob.len = (uint32_t)unpack_bytes(
		    &u, ret->blob.bytes, sizeof(ret->blob.bytes));
		break;
	case WIRE_READERS:
		ret->readers.n = readers_get(&u, ret->readers.reader);
		break;
	case WIRE_DONE:
		break;
	case WIRE_FAILED:
		failed_get(&u, &ret->failed);
		break;
	case WIRE_N:
		return false;
	}
	return unpack_finish(&u);
}
