/*
 * Both directions of the wire between door and runner: what goes in comes
 * out, and nothing else is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pack.h"
#include "wire.h"

static uint8_t buf[PACK_MAX];

static void
fill(char *string, size_t room, char with)
{
	memset(string, with, room - 1);
	string[room - 1] = '\0';
}

static void
full_issuer(struct kenmen_issuer *issuer, bool visual)
{
	issuer->visual = visual;
	issuer->len = KENMEN_ISSUER_MAX;
	memset(issuer->bytes, 0x7F, KENMEN_ISSUER_MAX);
}

/* The largest request there can be. */
static struct wire_request
full_request(void)
{
	struct wire_request rq;

	memset(&rq, 0, sizeof(rq));
	rq.errand = ERRAND_READ;
	rq.kinds = KIND_BIT(KIND_N) - 1;
	rq.lang = LANG_EN;
	fill(rq.origin, sizeof(rq.origin), 'o');
	fill(rq.origin_name, sizeof(rq.origin_name), 'n');
	fill(rq.user, sizeof(rq.user), 'u');
	fill(rq.purpose, sizeof(rq.purpose), 'p');
	fill(rq.reader, sizeof(rq.reader), 'r');
	fill(rq.trust_dir, sizeof(rq.trust_dir), 't');
	rq.wish.face_with_a = true;
	rq.wish.which = KENMEN_CERT_SIGN_CA;
	rq.wish.hash = KENMEN_SHA512;
	rq.wish.digests_n = rq.wish.titles_n = DIGESTS_MAX;
	for (int i = 0; i < DIGESTS_MAX; i++) {
		memset(rq.wish.digests[i], i, DIGEST_LEN_MAX);
		fill(rq.wish.titles[i], sizeof(rq.wish.titles[i]), 'T');
	}
	memset(rq.wish.challenge, 0, sizeof(rq.wish.challenge));
	rq.wish.challenge_len = KENMEN_CHALLENGE_MAX;
	rq.card_timeout_ms = 3600000;
	rq.prompt_timeout_ms = 1;
	rq.read_timeout_ms = 30000;
	rq.ignore_n = IGNORE_MAX;
	for (int i = 0; i < IGNORE_MAX; i++)
		fill(rq.ignore[i], sizeof(rq.ignore[i]), 'i');
	rq.known_n = KENMEN_READERS_MAX;
	for (int i = 0; i < KENMEN_READERS_MAX; i++) {
		fill(rq.known[i].reader, sizeof(rq.known[i].reader), 'k');
		rq.known[i].forms.no_sfi = i & 1;
		rq.known[i].forms.no_extended = i & 2;
		rq.known[i].forms.small_blocks = i & 4;
	}
	rq.issuers.n = KENMEN_ISSUERS_MAX;
	for (int i = 0; i < KENMEN_ISSUERS_MAX; i++)
		full_issuer(&rq.issuers.known[i], i & 1);
	return rq;
}

static void
request_comes_out_as_it_went_in(void **state)
{
	struct wire_request in = full_request(), out;
	int len = wire_request_encode(&in, buf, sizeof(buf));

	(void)state;
	assert_true(len > 0);
	assert_true(wire_request_decode(buf, (size_t)len, &out));
	assert_memory_equal(&in, &out, sizeof(in));
}

static void
request_refuses_every_truncation_and_a_byte_too_many(void **state)
{
	struct wire_request in = full_request(), out;
	int len = wire_request_encode(&in, buf, sizeof(buf));

	(void)state;
	for (int i = 0; i < len; i++)
		assert_false(wire_request_decode(buf, (size_t)i, &out));
	assert_false(wire_request_decode(buf, (size_t)len + 1, &out));
}

static void
request_does_not_fit_a_small_buffer(void **state)
{
	struct wire_request in = full_request();
	int len = wire_request_encode(&in, buf, sizeof(buf));

	(void)state;
	assert_int_equal(wire_request_encode(&in, buf, (size_t)len - 1), -1);
	assert_int_equal(wire_request_encode(&in, buf, (size_t)len), len);
}

static void
request_refuses_numbers_out_of_range(void **state)
{
	struct wire_request in = full_request(), out;
	int len = wire_request_encode(&in, buf, sizeof(buf));

	(void)state;
	buf[0] = ERRAND_N;
	assert_false(wire_request_decode(buf, (size_t)len, &out));
	buf[0] = ERRAND_WATCH;
	assert_true(wire_request_decode(buf, (size_t)len, &out));
	buf[1] = 0x80; /* a kind that is none */
	assert_false(wire_request_decode(buf, (size_t)len, &out));
	buf[1] = 0;
	buf[5] = LANG_N;
	assert_false(wire_request_decode(buf, (size_t)len, &out));
}

static void
strings_may_hold_no_nul(void **state)
{
	struct wire_request in = full_request(), out;
	int len = wire_request_encode(&in, buf, sizeof(buf));

	(void)state;
	assert_int_equal(buf[10], 'o');
	buf[10] = '\0';
	assert_false(wire_request_decode(buf, (size_t)len, &out));
}

static void
full_authenticity(struct kenmen_authenticity *a)
{
	a->verdict = KENMEN_FAILED;
	a->n = KENMEN_CHECKS_MAX;
	for (int i = 0; i < KENMEN_CHECKS_MAX; i++) {
		fill(a->check[i].name, sizeof(a->check[i].name), 'c');
		fill(a->check[i].detail, sizeof(a->check[i].detail), 'd');
		a->check[i].ok = (int8_t)(i % 3 - 1);
	}
}

static void
full_text(struct kenmen_text *text)
{
	struct kenmen_attributes *a = &text->attributes;

	fill(a->name, sizeof(a->name), 'n');
	fill(a->address, sizeof(a->address), 'a');
	fill(a->birth_date, sizeof(a->birth_date), 'b');
	fill(a->birth_date_raw, sizeof(a->birth_date_raw), 'r');
	fill(a->sex_code, sizeof(a->sex_code), 's');
	a->sex = KENMEN_SEX_NOT_APPLICABLE;
	fill(text->my_number, sizeof(text->my_number), '1');
	full_authenticity(&text->authenticity);
}

static void
full_facts(struct kenmen_certificate_facts *facts)
{
	struct kenmen_subject *a = &facts->attributes;

	fill(facts->subject, sizeof(facts->subject), 'S');
	fill(facts->issuer, sizeof(facts->issuer), 'I');
	fill(facts->serial, sizeof(facts->serial), 'f');
	facts->not_before = -1;
	facts->not_after = INT64_MAX;
	facts->rsa = facts->has_attributes = true;
	facts->key_bits = 2048;
	fill(a->name, sizeof(a->name), 'n');
	fill(a->address, sizeof(a->address), 'a');
	fill(a->name_substituted, sizeof(a->name_substituted), '0');
	fill(a->address_substituted, sizeof(a->address_substituted), '1');
	a->sex = KENMEN_SEX_MALE;
}

/* One of each type of message, filled to the brim. */
static struct wire_message
full_message(enum wire_type type)
{
	struct wire_message m;

	memset(&m, 0, sizeof(m));
	m.type = type;
	switch (type) {
	case WIRE_STATE:
		m.state = (struct wire_state){ STATE_WAITING_FOR_PIN, 120000,
			true, KENMEN_PIN_FACE_A, 3, 1, 2 };
		break;
	case WIRE_PROGRESS:
		m.progress.done = 256;
		m.progress.total = 0xffffffff;
		break;
	case WIRE_EVENT:
		m.event = EVENT_CONSENT_GIVEN;
		break;
	case WIRE_KNOWN:
		fill(m.known.reader, sizeof(m.known.reader), 'k');
		m.known.forms.no_extended = true;
		m.known.keypad = -1;
		break;
	case WIRE_ISSUER:
		full_issuer(&m.issuer, true);
		break;
	case WIRE_CARD_INFO:
		m.card_info.token = KENMEN_TOKEN_N - 1;
		for (int i = 0; i < KENMEN_PIN_N; i++)
			m.card_info.tries[i] = i == 4 ? -1 : 15 - i;
		for (int i = 0; i < KENMEN_CERT_N; i++)
			m.card_info.certificates[i] = (int8_t)(i % 3 - 1);
		break;
	case WIRE_TEXT:
		full_text(&m.text);
		break;
	case WIRE_FACE:
		fill(m.face.birth_date, sizeof(m.face.birth_date), 'b');
		fill(m.face.expires, sizeof(m.face.expires), 'e');
		m.face.sex = KENMEN_SEX_FEMALE;
		full_authenticity(&m.face.authenticity);
		break;
	case WIRE_CERTIFICATE:
		m.certificate.kind = KIND_SIGN;
		m.certificate.trusted = -1;
		full_facts(&m.certificate.facts);
		break;
	case WIRE_BLOB:
		m.blob.which = BLOB_LOGIN_JWS;
		m.blob.len = BLOB_PIECE_MAX;
		memset(m.blob.bytes, 0x5a, BLOB_PIECE_MAX);
		break;
	case WIRE_READERS:
		m.readers.n = KENMEN_READERS_MAX;
		for (int i = 0; i < KENMEN_READERS_MAX; i++) {
			fill(m.readers.reader[i].name,
			    sizeof(m.readers.reader[i].name), 'R');
			m.readers.reader[i].present = i & 1;
		}
		break;
	case WIRE_DONE:
	case WIRE_N:
		break;
	case WIRE_FAILED:
		m.failed = (struct wire_failed){ CODE_PIN_WRONG, 1, -1,
			KENMEN_TOKEN_JUKI_CARD };
		break;
	}
	return m;
}

static void
messages_come_out_as_they_went_in(void **state)
{
	(void)state;
	for (int type = 0; type < WIRE_N; type++) {
		struct wire_message in = full_message((enum wire_type)type),
				    out;
		int len = wire_message_encode(&in, buf, sizeof(buf));

		assert_true(len > 0);
		assert_true(wire_message_decode(buf, (size_t)len, &out));
		assert_memory_equal(&in, &out, sizeof(in));
	}
}

static void
messages_refuse_every_truncation_and_a_byte_too_many(void **state)
{
	(void)state;
	for (int type = 0; type < WIRE_N; type++) {
		struct wire_message in = full_message((enum wire_type)type),
				    out;
		int len = wire_message_encode(&in, buf, sizeof(buf));

		/* Long texts need not be cut at each byte. */
		for (int i = 0; i < len; i += i < 600 ? 1 : 97)
			assert_false(wire_message_decode(buf, (size_t)i, &out));
		assert_false(wire_message_decode(buf, (size_t)len + 1, &out));
	}
}

/* Type, bool, a length of four bytes, and what it counts. */
static void
issuers_are_neither_empty_nor_too_long(void **state)
{
	struct wire_message in = full_message(WIRE_ISSUER), out;
	int len;

	(void)state;
	in.issuer.len = 1;
	len = wire_message_encode(&in, buf, sizeof(buf));
	assert_int_equal(len, 7);
	assert_true(wire_message_decode(buf, (size_t)len, &out));
	buf[1] = 2;
	assert_false(wire_message_decode(buf, (size_t)len, &out));
	in.issuer.len = 0;
	len = wire_message_encode(&in, buf, sizeof(buf));
	assert_int_equal(len, 6);
	assert_false(wire_message_decode(buf, (size_t)len, &out));
	in.issuer.len = KENMEN_ISSUER_MAX + 1;
	assert_int_equal(wire_message_encode(&in, buf, sizeof(buf)), -1);
	/* What no encoder of ours would say. */
	memset(buf, 0, 6 + KENMEN_ISSUER_MAX + 1);
	buf[0] = WIRE_ISSUER;
	buf[4] = (KENMEN_ISSUER_MAX + 1) >> 8;
	buf[5] = (uint8_t)(KENMEN_ISSUER_MAX + 1);
	assert_false(wire_message_decode(buf, 6 + KENMEN_ISSUER_MAX + 1, &out));
}

static void
message_of_no_type_is_refused(void **state)
{
	struct wire_message out, in = { .type = WIRE_N };

	(void)state;
	assert_int_equal(wire_message_encode(&in, buf, sizeof(buf)), -1);
	buf[0] = WIRE_N;
	assert_false(wire_message_decode(buf, 1, &out));
	buf[0] = 0xff;
	assert_false(wire_message_decode(buf, 1, &out));
	assert_false(wire_message_decode(buf, 0, &out));
}

/* Every value of every byte of a small message: accepted or refused, what is
 * accepted stays within its range. */
static void
message_bytes_stay_in_range(void **state)
{
	struct wire_message in = full_message(WIRE_STATE), out;
	int len = wire_message_encode(&in, buf, sizeof(buf));

	(void)state;
	for (int at = 1; at < len; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t was = buf[at];

			buf[at] = (uint8_t)value;
			if (wire_message_decode(buf, (size_t)len, &out)) {
				assert_true(out.state.state < STATE_N);
				assert_in_range(
				    out.state.pin + 1, 0, KENMEN_PIN_N);
				assert_in_range(
				    out.state.deadline_ms, 0, 3600000);
			}
			buf[at] = was;
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_comes_out_as_it_went_in),
		cmocka_unit_test(
		    request_refuses_every_truncation_and_a_byte_too_many),
		cmocka_unit_test(request_does_not_fit_a_small_buffer),
		cmocka_unit_test(request_refuses_numbers_out_of_range),
		cmocka_unit_test(strings_may_hold_no_nul),
		cmocka_unit_test(messages_come_out_as_they_went_in),
		cmocka_unit_test(
		    messages_refuse_every_truncation_and_a_byte_too_many),
		cmocka_unit_test(issuers_are_neither_empty_nor_too_long),
		cmocka_unit_test(message_of_no_type_is_refused),
		cmocka_unit_test(message_bytes_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
