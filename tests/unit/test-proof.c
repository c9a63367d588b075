/*
 * What kenmen_text_read, kenmen_face_read and the signatures make of the
 * simulated card: costs by the card's own log, verdicts, forgeries, every byte
 * of what is signed turned over, the card lost at every exchange.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kenmen.h"
#include "sim/simcard.h"
#include "sim/simfile.h"
#include "sim/simkeys.h"
#include "sim/simreader.h"

static const struct kenmen_forms all_ways = { 0 };
static const struct kenmen_forms short_only = { .no_extended = true };

static struct sim_switches switches;
static struct sim_log card_log;
static struct simreader reader;
static struct simcard *sim;
static struct kenmen_card *card;
static struct kenmen_trust *trust;
static unsigned spent;     /* exchanges of the last call */
static const char *spoilt; /* commands that begin so get this answer: */
static uint16_t spoilt_sw;

static int
group_setup(void **state)
{
	unsigned bad = 99;

	(void)state;
	assert_int_equal(
	    kenmen_trust_new(SIM_DIRECTORY "/trust", &bad, &trust), 0);
	assert_int_equal(bad, 0);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	kenmen_trust_free(&trust);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	switches = (struct sim_switches){ 0 };
	spoilt = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kenmen_card_free(&card);
	simcard_free(&sim);
	sim_log_finish(&card_log);
	return 0;
}

static void
set(const char *name, const char *value)
{
	assert_int_equal(sim_switch_set(&switches, name, value), 0);
}

/* ---- a card with its PIN verified, in a transaction ------------------- */

static enum sim_pin
sim_pin(enum kenmen_pin pin)
{
	static const enum sim_pin pins[KENMEN_PIN_N] = {
		[KENMEN_PIN_AUTH] = SIM_PIN_AUTH,
		[KENMEN_PIN_SIGN] = SIM_PIN_SIGN,
		[KENMEN_PIN_ATTRIBUTES] = SIM_PIN_ATTRIBUTES,
		[KENMEN_PIN_FACE_B] = SIM_PIN_FACE_B,
		[KENMEN_PIN_FACE_A] = SIM_PIN_FACE_A,
	};

	return pins[pin];
}

static void
pin_verify(enum kenmen_pin pin)
{
	const struct sim_person *person = simcard_person(sim);
	size_t len = sim_person_code_len(person, sim_pin(pin));
	struct kenmen_secret *code = NULL;

	assert_true(kenmen_pin_tries(card, pin) > 0);
	assert_int_equal(kenmen_secret_new(&code), 0);
	memcpy(kenmen_secret_bytes(code), sim_person_code(person, sim_pin(pin)),
	    len);
	assert_int_equal(kenmen_secret_set_len(code, len), 0);
	assert_int_equal(kenmen_pin_verify(card, pin, code, NULL), 0);
	kenmen_secret_free(&code);
}

/* The simulated card, but for what is spoilt. */
static int
spoiling_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct kenmen_reader table = simreader_table(arg);
	char hex[9];

	snprintf(hex, sizeof(hex), "%02X%02X%02X%02X", cmd[0], cmd[1], cmd[2],
	    cmd[3]);
	if (spoilt == NULL || strcmp(hex, spoilt) != 0)
		return table.ops->transmit(arg, cmd, cmd_len, rsp, rsp_len);
	rsp[0] = (uint8_t)(spoilt_sw >> 8);
	rsp[1] = (uint8_t)spoilt_sw;
	*rsp_len = 2;
	return 0;
}

/* KENMEN_PIN_N: without. */
static void
card_open(
    const char *person, const struct kenmen_forms *forms, enum kenmen_pin pin)
{
	static struct kenmen_reader_ops ops;
	struct kenmen_reader table;

	kenmen_card_free(&card);
	simcard_free(&sim);
	sim_log_clear(&card_log);
	sim = simcard_new(sim_person_find(person), &switches, &card_log);
	simreader_start(&reader, sim, &switches);
	table = simreader_table(&reader);
	ops = *table.ops;
	ops.transmit = spoiling_transmit;
	table.ops = &ops;
	assert_int_equal(kenmen_card_new(&table, forms, &card), 0);
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_begin(card), 0);
	if (pin != KENMEN_PIN_N)
		pin_verify(pin);
	sim_log_clear(&card_log);
}

static unsigned
cost(void)
{
	unsigned exchanges;
	size_t bytes;

	kenmen_card_cost(card, &exchanges, &bytes);
	return exchanges;
}

/* Commands that begin so, which reached the card. */
static unsigned
sent(const char *hex)
{
	size_t len = strlen(hex);
	unsigned n = 0;

	for (const char *at = sim_log_text(&card_log); (at = strstr(at, "> "));
	     at++)
		n += strncmp(at + 2, hex, len) == 0;
	return n;
}

/* ---- the text application --------------------------------------------- */

static const struct kenmen_text_wish wish_all = { true, true, true, NULL,
	NULL };

static int
text_read(const struct kenmen_text_wish *wish, struct kenmen_text *ret)
{
	unsigned before = cost();
	int r;

	memset(ret, 0x77, sizeof(*ret));
	r = kenmen_text_read(card, wish, NULL, NULL, ret);
	spent = cost() - before;
	return r;
}

static int
text_run(const char *person, const struct kenmen_forms *forms,
    const struct kenmen_text_wish *wish, struct kenmen_text *ret)
{
	card_open(person, forms, KENMEN_PIN_ATTRIBUTES);
	return text_read(wish, ret);
}

/* The outcome of a check by its name; 99: it is not listed. */
static int
outcome(const struct kenmen_authenticity *a, const char *name)
{
	assert_true(a->n <= KENMEN_CHECKS_MAX);
	for (unsigned i = 0; i < a->n; i++) {
		if (strcmp(a->check[i].name, name) == 0)
			return a->check[i].ok;
	}
	return 99;
}

static bool
all_zero(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++) {
		if (b[i] != 0)
			return false;
	}
	return true;
}

/* Refused data keeps nothing but what was found out about it. */
static void
expect_text_refused(struct kenmen_text *text)
{
	assert_int_equal(text->authenticity.verdict, KENMEN_FAILED);
	assert_true(text->authenticity.n > 0);
	assert_true(all_zero(text, offsetof(struct kenmen_text, authenticity)));
}

static void
test_text_costs(void **state)
{
	static const struct {
		bool attributes, my_number, check;
		unsigned extended, in_blocks;
	} cases[] = {
		{ true, false, false, 1, 1 },
		{ false, true, false, 1, 1 },
		{ true, true, false, 2, 2 },
		{ true, false, true, 5, 10 },
		{ false, true, true, 5, 10 },
		{ true, true, true, 6, 11 },
	};
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kenmen_text_wish wish = { cases[i].attributes,
			cases[i].my_number, cases[i].check, trust, NULL };

		assert_int_equal(
		    text_run("hanako", &all_ways, &wish, &text), 0);
		assert_int_equal(spent, cases[i].extended);
		assert_int_equal(
		    text_run("hanako", &short_only, &wish, &text), 0);
		assert_int_equal(spent, cases[i].in_blocks);
		/* A file that was not wished for is not touched. */
		assert_int_equal(sent("00B081"), cases[i].my_number);
		assert_int_equal(sent("00B082"), cases[i].attributes);
		assert_int_equal(sent("00B083"), cases[i].check);
		assert_int_equal(sent("00B084"), cases[i].check);
		assert_int_equal(sent("00B087"), cases[i].check);
		assert_int_equal(sent("802A0000"), cases[i].check);
		assert_int_equal(sent("0020"), 0);
	}
	/* More than 256 bytes of attributes: one block more. */
	assert_int_equal(text_run("far", &all_ways, &wish_all, &text), 0);
	assert_int_equal(spent, 6);
	assert_int_equal(text_run("far", &short_only, &wish_all, &text), 0);
	assert_int_equal(spent, 12);
}

/* After the PIN was asked the application is current: nothing selects. */
static void
test_text_commands(void **state)
{
	struct kenmen_text text;

	(void)state;
	assert_int_equal(text_run("hanako", &all_ways, &wish_all, &text), 0);
	assert_int_equal(sent("00A4"), 0);
	assert_int_equal(sent("00B08200000000"), 1);
	assert_int_equal(sent("00B0810011"), 1);
	assert_int_equal(sent("00B08300000000"), 1);
	assert_int_equal(sent("00B08400000000"), 1);
	assert_int_equal(sent("00B08700000000"), 1);
	assert_int_equal(
	    sent("802A0000333031300D060960864801650304020105000420"), 1);
}

static void
test_text_everybody(void **state)
{
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	const struct sim_person *person;
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; (person = sim_person_at(i)); i++) {
		if (person->foreign)
			continue;
		assert_int_equal(
		    text_run(person->id, &all_ways, &wish, &text), 0);
		assert_string_equal(text.my_number, person->my_number);
		assert_string_equal(
		    text.attributes.birth_date_raw, person->birth_date);
		assert_int_equal(text.authenticity.verdict, KENMEN_VERIFIED);
	}
}

static void
test_text_wish(void **state)
{
	const struct kenmen_text_wish number = { false, true, true, trust,
		NULL };
	const struct kenmen_text_wish attributes = { true, false, true, trust,
		NULL };
	const struct kenmen_text_wish nothing = { false, false, true, trust,
		NULL };
	struct kenmen_text text;

	(void)state;
	assert_int_equal(text_run("hanako", NULL, &number, &text), 0);
	assert_string_equal(text.my_number, "123456789018");
	assert_true(all_zero(&text.attributes, sizeof(text.attributes)));
	assert_int_equal(text.authenticity.verdict, KENMEN_VERIFIED);
	assert_int_equal(text_run("hanako", NULL, &attributes, &text), 0);
	assert_string_equal(text.attributes.name, "見本　花子");
	assert_true(all_zero(text.my_number, sizeof(text.my_number)));
	assert_int_equal(
	    text_run("hanako", NULL, &nothing, &text), KENMEN_ERR_ARGUMENT);
	assert_int_equal(spent, 0);
	assert_int_equal(text_read(NULL, &text), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_text_read(NULL, &number, NULL, NULL, &text),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_text_read(card, &number, NULL, NULL, NULL),
	    KENMEN_ERR_ARGUMENT);
}

/* In each result: which checks, and how they came out. */
static void
test_text_checks(void **state)
{
	const struct kenmen_text_wish rooted = { true, true, true, trust,
		NULL };
	const struct kenmen_text_wish unasked = { true, true, false, trust,
		NULL };
	struct kenmen_text text;
	const struct kenmen_authenticity *a = &text.authenticity;

	(void)state;
	assert_int_equal(text_run("hanako", NULL, &rooted, &text), 0);
	assert_int_equal(a->verdict, KENMEN_VERIFIED);
	assert_int_equal(outcome(a, "record_digest"), 1);
	assert_int_equal(outcome(a, "record_signature"), 1);
	assert_int_equal(outcome(a, "issuer_certificate"), 1);
	assert_int_equal(outcome(a, "issuer_root"), 1);
	assert_int_equal(outcome(a, "chip"), 1);
	assert_int_equal(outcome(a, "revocation"), -1);
	assert_int_equal(text_run("hanako", NULL, &wish_all, &text), 0);
	assert_int_equal(a->verdict, KENMEN_CONSISTENT);
	assert_int_equal(outcome(a, "issuer_root"), -1);
	assert_int_equal(outcome(a, "chip"), 1);
	assert_int_equal(text_run("hanako", NULL, &unasked, &text), 0);
	assert_int_equal(a->verdict, KENMEN_UNCHECKED);
	assert_int_equal(a->n, 0);
}

/* What the card lacks stays unchecked, and costs one look. */
static void
test_text_missing(void **state)
{
	static const struct {
		const char *file, *check;
		unsigned exchanges;
	} cases[] = {
		{ "text/0003", "record_digest", 6 },
		{ "text/0004", "record_signature", 5 },
		{ "text/0007", "chip", 5 },
		{ "text/0013", "chip", 6 },
		{ "text/0003,text/0004,text/0007", "record_digest", 5 },
	};
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set("missing", cases[i].file);
		assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
		assert_int_equal(text.authenticity.verdict, KENMEN_UNCHECKED);
		assert_int_equal(
		    outcome(&text.authenticity, cases[i].check), -1);
		assert_string_equal(text.my_number, "123456789018");
		assert_int_equal(spent, cases[i].exchanges);
	}
	/* What was wished for is another matter. */
	set("missing", "text/0001");
	assert_int_equal(
	    text_run("hanako", NULL, &wish, &text), KENMEN_ERR_NOT_FOUND);
	set("missing", "text/0002");
	assert_int_equal(
	    text_run("hanako", NULL, &wish, &text), KENMEN_ERR_NOT_FOUND);
}

static void
test_text_forged(void **state)
{
	static const struct {
		const char *forge, *check;
	} cases[] = {
		{ "record", "record_signature" },
		{ "root", "issuer_certificate" },
		{ "chip", "chip" },
		{ "digests", "record_digest" },
	};
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set("forge", cases[i].forge);
		assert_int_equal(text_run("hanako", NULL, &wish, &text),
		    KENMEN_ERR_AUTHENTICITY);
		expect_text_refused(&text);
		assert_int_equal(
		    outcome(&text.authenticity, cases[i].check), 0);
	}
	set("forge", "number");
	assert_int_equal(
	    text_run("hanako", NULL, &wish, &text), KENMEN_ERR_DATA);
	/* A root that nobody configured proves nothing and harms nothing. */
	set("forge", "unknown-root");
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	assert_int_equal(text.authenticity.verdict, KENMEN_CONSISTENT);
}

/* EF 0003 holds guessable hashes of the My Number: they stay inside. */
static void
test_text_keeps_digests(void **state)
{
	static const uint8_t file[17] = { 0xFF, 0x10, 0x0C, '1', '2', '3', '4',
		'5', '6', '7', '8', '9', '0', '1', '8', 0xFF, 0xFF };
	uint8_t digest[SIM_DIGEST_LEN];
	struct kenmen_text text;

	(void)state;
	sim_sha256(file, sizeof(file), digest);
	assert_int_equal(text_run("hanako", NULL, &wish_all, &text), 0);
	assert_null(memmem(&text, sizeof(text), digest, sizeof(digest)));
	assert_null(memmem(&text, sizeof(text), digest, 8));
}

static void
test_text_without_pin(void **state)
{
	struct kenmen_text text;

	(void)state;
	card_open("hanako", NULL, KENMEN_PIN_N);
	assert_int_equal(text_read(&wish_all, &text), KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(text.my_number[0], 0x77);
	card_open("foreign", NULL, KENMEN_PIN_N);
	assert_int_equal(
	    text_read(&wish_all, &text), KENMEN_ERR_NOT_MY_NUMBER_CARD);
}

/* Pulled before, or after, each exchange: no result, nothing sent again. */
static void
test_text_removed(void **state)
{
	struct kenmen_text text;

	(void)state;
	for (unsigned at = 1; at <= 6; at++) {
		for (int lose = 0; lose < 2; lose++) {
			setup(NULL);
			card_open("hanako", NULL, KENMEN_PIN_ATTRIBUTES);
			reader.remove_at = lose ? 0 : at;
			reader.lose_at = lose ? at : 0;
			assert_int_equal(text_read(&wish_all, &text),
			    KENMEN_ERR_CARD_REMOVED);
			assert_int_equal(text.my_number[0], 0x77);
			assert_int_equal(spent, at);
			assert_true(sent("802A") <= 1);
			kenmen_card_free(&card);
		}
	}
}

/* A reader that loses answers past 251 bytes cannot bring a signature: what
 * it can bring is enough for everything else. */
static void
test_small_reader(void **state)
{
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	const struct kenmen_face_wish face_wish = { trust, NULL, false, NULL };
	struct kenmen_text text;
	struct kenmen_face face;

	(void)state;
	set("read-len-limit", "251");
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	assert_int_equal(text.authenticity.verdict, KENMEN_UNCHECKED);
	assert_int_equal(outcome(&text.authenticity, "record_digest"), 1);
	assert_int_equal(outcome(&text.authenticity, "chip"), -1);
	assert_int_equal(sent("802A"), 0);
	pin_verify(KENMEN_PIN_FACE_B);
	assert_int_equal(
	    kenmen_face_read(card, &face_wish, NULL, NULL, &face), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_UNCHECKED);
	assert_int_equal(outcome(&face.authenticity, "record_signature"), 1);
	kenmen_face_finish(&face);
}

/* An exchange that fails, the card staying where it is: a READ may be tried in
 * a smaller form, a signature never again. */
static void
test_text_fails(void **state)
{
	struct kenmen_text text;

	(void)state;
	for (unsigned at = 1; at <= 6; at++) {
		int r;

		card_open("hanako", NULL, KENMEN_PIN_ATTRIBUTES);
		reader.fail_at = at;
		r = text_read(&wish_all, &text);
		/* EF 0001 and the signature have no smaller form. */
		assert_int_equal(
		    r, at == 2 || at == 6 ? KENMEN_ERR_TRANSMIT : 0);
		assert_true(sent("802A") <= 1);
		if (r < 0)
			assert_int_equal(text.my_number[0], 0x77);
		else
			assert_string_equal(text.my_number, "123456789018");
	}
}

/* ---- every byte of what is signed ------------------------------------- */

struct range {
	size_t from, to; /* to: behind the last */
};

/* Where a changed byte may go by without harm. */
static bool
in_ranges(const struct range *ranges, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		if (at >= ranges[i].from && at < ranges[i].to)
			return true;
	}
	return false;
}

static void
flip(const char *file, size_t at)
{
	char text[64];

	snprintf(
	    text, sizeof(text), "%s:%zu^%02x", file, at, 1u << (at * 3 % 8));
	set("flip", text);
}

/* Turns over a bit of each byte, in long values of every fifth. */
static void
text_flips(const char *file, size_t n, const struct range *free_ranges,
    size_t free_n, const struct kenmen_text *good)
{
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text text;

	for (size_t at = 0; at < n; at += at < 100 || at + 8 > n ? 1 : 5) {
		int r;

		flip(file, at);
		r = text_run("hanako", NULL, &wish, &text);
		if (r == KENMEN_ERR_AUTHENTICITY) {
			expect_text_refused(&text);
		} else if (r == 0) {
			if (!in_ranges(free_ranges, free_n, at))
				fail_msg("%s: byte %zu", file, at);
			assert_memory_equal(&text, good,
			    offsetof(struct kenmen_text, authenticity));
		} else if (r != KENMEN_ERR_DATA && r != KENMEN_ERR_NOT_FOUND) {
			fail_msg("%s: byte %zu: %d", file, at, r);
		}
	}
	setup(NULL);
}

static void
test_text_flips(void **state)
{
	/* The table of offsets is neither signed nor used. */
	static const struct range offsets = { 6, 14 };
	/* By another name the issuer's root is not configured. */
	static const struct range issuer_id = { 10, 26 };
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text good;

	(void)state;
	assert_int_equal(text_run("hanako", NULL, &wish, &good), 0);
	text_flips("text/0001", 17, NULL, 0, &good);
	text_flips("text/0002", 95, &offsets, 1, &good);
	text_flips("text/0003", 336, NULL, 0, &good);
	text_flips("text/0004", 568, &issuer_id, 1, &good);
	text_flips("text/0007", 536, NULL, 0, &good);
}

/* The name of another issuer brings no root: never "verified". */
static void
test_text_issuer_renamed(void **state)
{
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text text;

	(void)state;
	for (size_t at = 10; at < 26; at++) {
		flip("text/0004", at);
		assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
		assert_int_equal(text.authenticity.verdict, KENMEN_CONSISTENT);
	}
}

static void
test_text_cut(void **state)
{
	static const char *const cuts[] = { "text/0001:0", "text/0001:3",
		"text/0001:14", "text/0001:15", "text/0001:16", "text/0002:0",
		"text/0002:50", "text/0002:94", "text/0003:0", "text/0003:335",
		"text/0004:567", "text/0007:5" };
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		int r;

		set("cut", cuts[i]);
		r = text_run("hanako", NULL, &wish, &text);
		if (r != KENMEN_ERR_DATA && r != KENMEN_ERR_AUTHENTICITY)
			fail_msg("%s: %d", cuts[i], r);
	}
}

/* ---- the visual application ------------------------------------------- */

static int
face_read(const struct kenmen_face_wish *wish, struct kenmen_face *ret)
{
	unsigned before = cost();
	int r;

	memset(ret, 0x77, sizeof(*ret));
	r = kenmen_face_read(card, wish, NULL, NULL, ret);
	spent = cost() - before;
	return r;
}

static int
face_run(const char *person, const struct kenmen_forms *forms,
    const struct kenmen_face_wish *wish, struct kenmen_face *ret)
{
	card_open(person, forms, KENMEN_PIN_FACE_B);
	return face_read(wish, ret);
}

static void
expect_face_refused(struct kenmen_face *face)
{
	assert_int_equal(face->authenticity.verdict, KENMEN_FAILED);
	assert_true(face->authenticity.n > 0);
	assert_true(all_zero(face, offsetof(struct kenmen_face, authenticity)));
}

static void
blob_is_file(const struct kenmen_blob *blob, const char *path)
{
	static uint8_t bytes[65536];
	size_t len = sim_file_bytes(path, bytes, sizeof(bytes));

	assert_int_equal(blob->len, len);
	assert_memory_equal(blob->bytes, bytes, len);
}

static void
test_face(void **state)
{
	const struct kenmen_face_wish wish = { trust, NULL, true, NULL };
	struct kenmen_face face;

	(void)state;
	assert_int_equal(face_run("hanako", NULL, &wish, &face), 0);
	assert_string_equal(face.birth_date, "1990-04-01");
	assert_string_equal(face.birth_date_raw, "19900401");
	assert_string_equal(face.sex_code, "2");
	assert_int_equal(face.sex, KENMEN_SEX_FEMALE);
	assert_string_equal(face.expires, "2035-04-01");
	blob_is_file(&face.name_png, "images/hanako-name.png");
	blob_is_file(&face.address_png, "images/hanako-address.png");
	blob_is_file(&face.photo_jp2, "images/photo.jp2");
	assert_true(face.photo_png.len > 100);
	assert_memory_equal(face.photo_png.bytes, "\x89PNG", 4);
	assert_int_equal(face.authenticity.verdict, KENMEN_VERIFIED);
	assert_null(face.evidence_jws.bytes);
	assert_null(face.record.bytes);
	assert_null(face.issuer_certificate.bytes);
	kenmen_face_finish(&face);
	assert_true(all_zero(&face, sizeof(face)));
	kenmen_face_finish(&face);
	kenmen_face_finish(NULL);
}

static size_t
face_file_len(const char *person)
{
	static uint8_t buf[SIM_BUILD_MAX];
	struct sim_make make = { .person = sim_person_find(person),
		.switches = &switches,
		.keys = sim_keys_new() };
	size_t len = sim_file_face(&make, buf);

	sim_keys_free(&make.keys);
	return len;
}

/* 1 and 2 more, or ceil(S/256) and 4; a challenge costs nothing. */
static void
test_face_costs(void **state)
{
	static const char *const people[] = { "hanako", "taro" };
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	struct kenmen_face face;

	(void)state;
	for (int i = 0; i < 4; i++) {
		const char *person = people[i % 2];
		const struct kenmen_face_wish wish = { trust,
			i / 2 ? &challenge : NULL, false, NULL };
		size_t blocks = (face_file_len(person) + 255) / 256;

		assert_int_equal(face_run(person, &all_ways, &wish, &face), 0);
		assert_int_equal(spent, 3);
		assert_int_equal(sent("00B08200000000"), 1);
		assert_int_equal(sent("00B08400000000"), 1);
		assert_int_equal(sent("802A000033"), 1);
		kenmen_face_finish(&face);
		assert_int_equal(
		    face_run(person, &short_only, &wish, &face), 0);
		assert_int_equal(spent, blocks + 4);
		assert_int_equal(sent("00B082"), 1);
		assert_int_equal(sent("00A4"), 0);
		kenmen_face_finish(&face);
	}
}

static void
test_face_everybody(void **state)
{
	const struct kenmen_face_wish wish = { trust, NULL, true, NULL };
	const struct sim_person *person;
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; (person = sim_person_at(i)); i++) {
		int want =
		    person->photo == SIM_PHOTO_TOO_BIG ? KENMEN_ERR_DATA : 0;
		bool photo = person->photo == SIM_PHOTO ||
			     person->photo == SIM_PHOTO_BIG;

		if (person->foreign)
			continue;
		if (face_run(person->id, NULL, &wish, &face) != want)
			fail_msg("%s", person->id);
		if (want < 0)
			continue;
		assert_string_equal(face.birth_date_raw, person->birth_date);
		assert_int_equal(face.photo_jp2.bytes != NULL, photo);
		assert_int_equal(face.photo_png.bytes != NULL, photo);
		assert_int_equal(face.authenticity.verdict, KENMEN_VERIFIED);
		kenmen_face_finish(&face);
	}
}

/* The 12 digits open the same. */
static void
test_face_with_a(void **state)
{
	const struct kenmen_face_wish wish = { NULL, NULL, false, NULL };
	struct kenmen_face face;

	(void)state;
	card_open("hanako", NULL, KENMEN_PIN_FACE_A);
	assert_int_equal(face_read(&wish, &face), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_CONSISTENT);
	assert_null(face.photo_png.bytes);
	kenmen_face_finish(&face);
	card_open("hanako", NULL, KENMEN_PIN_N);
	assert_int_equal(face_read(&wish, &face), KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(face.birth_date[0], 0x77);
}

static void
test_face_forged(void **state)
{
	static const struct {
		const char *forge, *check;
	} cases[] = {
		{ "record", "record_signature" },
		{ "root", "issuer_certificate" },
		{ "chip", "chip" },
	};
	const struct kenmen_face_wish wish = { trust, NULL, false, NULL };
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set("forge", cases[i].forge);
		assert_int_equal(face_run("hanako", NULL, &wish, &face),
		    KENMEN_ERR_AUTHENTICITY);
		expect_face_refused(&face);
		assert_int_equal(
		    outcome(&face.authenticity, cases[i].check), 0);
	}
	set("forge", "unknown-root");
	assert_int_equal(face_run("hanako", NULL, &wish, &face), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_CONSISTENT);
	kenmen_face_finish(&face);
}

static void
test_face_missing(void **state)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	const struct kenmen_face_wish wish = { trust, &challenge, false, NULL };
	static const char *const files[] = { "visual/0004", "visual/001A" };
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set("missing", files[i]);
		assert_int_equal(face_run("hanako", NULL, &wish, &face), 0);
		assert_int_equal(face.authenticity.verdict, KENMEN_UNCHECKED);
		/* Half an evidence is none. */
		assert_null(face.record.bytes);
		assert_null(face.issuer_certificate.bytes);
		assert_null(face.evidence_jws.bytes);
		assert_non_null(face.name_png.bytes);
		kenmen_face_finish(&face);
	}
	set("missing", "visual/0002");
	assert_int_equal(
	    face_run("hanako", NULL, &wish, &face), KENMEN_ERR_NOT_FOUND);
}

/* Images are looked at before anything else is done for them. */
static void
test_face_magic(void **state)
{
	static uint8_t buf[SIM_BUILD_MAX];
	struct sim_make make = { .person = sim_person_find("hanako"),
		.switches = &switches,
		.keys = sim_keys_new() };
	const struct kenmen_face_wish wish = { trust, NULL, false, NULL };
	size_t len = sim_file_face(&make, buf), seen = 0;
	struct kenmen_face face;

	(void)state;
	for (size_t at = 0; at + 12 <= len && seen < 3; at++) {
		if (memcmp(buf + at, "\x89PNG\r\n", 6) != 0 &&
		    memcmp(buf + at, "\0\0\0\x0CjP", 6) != 0)
			continue;
		seen++;
		flip("visual/0002", at + 1);
		assert_int_equal(
		    face_run("hanako", NULL, &wish, &face), KENMEN_ERR_DATA);
		assert_int_equal(spent, 1);
	}
	assert_int_equal(seen, 3);
	sim_keys_free(&make.keys);
}

static void
test_face_removed(void **state)
{
	const struct kenmen_face_wish wish = { trust, NULL, true, NULL };
	struct kenmen_face face;

	(void)state;
	for (unsigned at = 1; at <= 3; at++) {
		card_open("hanako", NULL, KENMEN_PIN_FACE_B);
		reader.remove_at = at;
		assert_int_equal(
		    face_read(&wish, &face), KENMEN_ERR_CARD_REMOVED);
		assert_int_equal(face.birth_date[0], 0x77);
		assert_int_equal(spent, at);
	}
}

static void
face_free_same(struct kenmen_face *face, const struct kenmen_face *good)
{
	assert_string_equal(face->birth_date_raw, good->birth_date_raw);
	assert_string_equal(face->sex_code, good->sex_code);
	assert_int_equal(face->name_png.len, good->name_png.len);
	assert_memory_equal(
	    face->name_png.bytes, good->name_png.bytes, good->name_png.len);
	assert_int_equal(face->address_png.len, good->address_png.len);
	assert_memory_equal(face->address_png.bytes, good->address_png.bytes,
	    good->address_png.len);
	assert_int_equal(face->photo_jp2.len, good->photo_jp2.len);
	assert_memory_equal(
	    face->photo_jp2.bytes, good->photo_jp2.bytes, good->photo_jp2.len);
	kenmen_face_finish(face);
}

/* Where DF22 begins and where what is signed ends. */
static struct range
face_signed(const struct kenmen_face *evidence)
{
	static uint8_t buf[SIM_BUILD_MAX];
	struct sim_make make = { .person = sim_person_find("hanako"),
		.switches = &switches,
		.keys = sim_keys_new() };
	size_t len = sim_file_face(&make, buf);
	const uint8_t *at =
	    memmem(buf, len, evidence->record.bytes, evidence->record.len);

	sim_keys_free(&make.keys);
	assert_non_null(at);
	return (struct range){ (size_t)(at - buf),
		(size_t)(at - buf) + evidence->record.len };
}

static void
face_flip(const char *file, size_t at, const struct range *free_ranges,
    size_t free_n, const struct kenmen_face *good)
{
	const struct kenmen_face_wish wish = { trust, NULL, false, NULL };
	struct kenmen_face face;
	int r;

	flip(file, at);
	r = face_run("hanako", NULL, &wish, &face);
	if (r == KENMEN_ERR_AUTHENTICITY) {
		expect_face_refused(&face);
	} else if (r == 0) {
		if (!in_ranges(free_ranges, free_n, at))
			fail_msg("%s: byte %zu", file, at);
		face_free_same(&face, good);
	} else if (r != KENMEN_ERR_DATA) {
		fail_msg("%s: byte %zu: %d", file, at, r);
	}
}

/* All bytes near where something begins, and every so manieth between. */
static void
test_face_flips(void **state)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	const struct kenmen_face_wish wish = { trust, &challenge, false, NULL };
	static const struct range issuer_id = { 10, 26 };
	struct kenmen_face good;
	struct range covered;
	size_t len;

	(void)state;
	assert_int_equal(face_run("hanako", NULL, &wish, &good), 0);
	covered = face_signed(&good);
	len = face_file_len("hanako");
	const struct range unsigned_parts[] = {
		{ 8, covered.from }, /* the table of offsets */
		{ covered.to, len }, /* expiry, security code */
	};

	for (size_t at = 0; at < len; at += at < 320 || at + 400 > len ? 1 : 97)
		face_flip("visual/0002", at, unsigned_parts, 2, &good);
	for (size_t at = 0; at < 568; at += at < 50 ? 1 : 5)
		face_flip("visual/0004", at, &issuer_id, 1, &good);
	kenmen_face_finish(&good);
}

/* ---- evidence --------------------------------------------------------- */

static void
test_evidence(void **state)
{
	struct kenmen_challenge challenge = { .origin = "https://shop.example",
		.bytes = { 1, 2, 3 },
		.len = 64,
		.now = 1700000000 };
	const struct kenmen_face_wish wish = { trust, &challenge, false, NULL };
	const char *reason = NULL;
	struct kenmen_face face, seen;
	const struct kenmen_blob *jws = &face.evidence_jws;

	(void)state;
	assert_int_equal(face_run("taro", NULL, &wish, &face), 0);
	assert_non_null(jws->bytes);
	assert_int_equal(strlen((const char *)jws->bytes), jws->len);
	assert_int_equal(kenmen_evidence_verify(&face.record,
			     &face.issuer_certificate, (const char *)jws->bytes,
			     jws->len, &challenge, 60, trust, &seen, &reason),
	    0);
	assert_string_equal(seen.birth_date_raw, face.birth_date_raw);
	assert_int_equal(seen.authenticity.verdict, KENMEN_VERIFIED);
	kenmen_face_finish(&seen);
	challenge.bytes[63] ^= 1;
	assert_int_equal(kenmen_evidence_verify(&face.record,
			     &face.issuer_certificate, (const char *)jws->bytes,
			     jws->len, &challenge, 60, trust, &seen, &reason),
	    KENMEN_ERR_AUTHENTICITY);
	assert_non_null(reason);
	kenmen_face_finish(&face);
}

/* A challenge that cannot be answered is refused before the card works. */
static void
test_evidence_challenge(void **state)
{
	static const struct {
		size_t len;
		int want;
	} cases[] = { { 0, 0 }, { 31, KENMEN_ERR_ARGUMENT }, { 32, 0 },
		{ 64, 0 }, { 65, KENMEN_ERR_ARGUMENT } };
	struct kenmen_challenge challenge = { .origin = "https://shop.example",
		.now = 1700000000 };
	const struct kenmen_face_wish wish = { NULL, &challenge, false, NULL };
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		challenge.len = cases[i].len;
		assert_int_equal(
		    face_run("hanako", NULL, &wish, &face), cases[i].want);
		if (cases[i].want < 0) {
			assert_int_equal(spent, 0);
			continue;
		}
		assert_int_equal(
		    face.evidence_jws.bytes != NULL, cases[i].len > 0);
		kenmen_face_finish(&face);
	}
	assert_int_equal(face_read(NULL, &face), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_face_read(NULL, &wish, NULL, NULL, &face),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_face_read(card, &wish, NULL, NULL, NULL),
	    KENMEN_ERR_ARGUMENT);
}

/* ---- both applications ------------------------------------------------ */

/* However a card puts it that it will not: unchecked, and all else stands. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *command, *check;
	} cases[] = {
		{ "802A0000", "chip" },
		{ "00B08300", "record_digest" },
		{ "00B08400", "record_signature" },
		{ "00B08700", "chip" },
	};
	static const uint16_t words[] = { 0x6982, 0x6985, 0x6A82, 0x6A86,
		0x6981, 0x6D00 };
	const struct kenmen_text_wish wish = { true, true, true, trust, NULL };
	const struct kenmen_face_wish face_wish = { trust, NULL, false, NULL };
	struct kenmen_text text;
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; i < 4 * 6; i++) {
		/* A READ refused so is asked for again by SELECT EF. */
		if (i / 6 > 0 && words[i % 6] >= 0x6A86)
			continue;
		spoilt = cases[i / 6].command;
		spoilt_sw = words[i % 6];
		assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
		assert_int_equal(text.authenticity.verdict, KENMEN_UNCHECKED);
		assert_int_equal(
		    outcome(&text.authenticity, cases[i / 6].check), -1);
		assert_string_equal(text.my_number, "123456789018");
		if (i / 6 > 0)
			continue;
		assert_int_equal(
		    face_run("hanako", NULL, &face_wish, &face), 0);
		assert_int_equal(face.authenticity.verdict, KENMEN_UNCHECKED);
		kenmen_face_finish(&face);
	}
}

static int
both_read(struct kenmen_text *text, struct kenmen_face *face)
{
	const struct kenmen_text_wish text_wish = { true, false, true, trust,
		NULL };
	const struct kenmen_face_wish face_wish = { trust, NULL, false, NULL };

	card_open("hanako", NULL, KENMEN_PIN_ATTRIBUTES);
	assert_int_equal(text_read(&text_wish, text), 0);
	pin_verify(KENMEN_PIN_FACE_B);
	assert_int_equal(face_read(&face_wish, face), 0);
	return kenmen_agree(text, face);
}

static void
test_agreement(void **state)
{
	struct kenmen_text text;
	struct kenmen_face face;

	(void)state;
	assert_int_equal(both_read(&text, &face), 0);
	assert_int_equal(outcome(&text.authenticity, "agreement"), 1);
	assert_int_equal(outcome(&face.authenticity, "agreement"), 1);
	assert_int_equal(text.authenticity.verdict, KENMEN_VERIFIED);
	kenmen_face_finish(&face);
	set("forge", "person");
	assert_int_equal(both_read(&text, &face), KENMEN_ERR_AUTHENTICITY);
	expect_text_refused(&text);
	expect_face_refused(&face);
	assert_int_equal(outcome(&text.authenticity, "agreement"), 0);
	assert_int_equal(outcome(&face.authenticity, "agreement"), 0);
	assert_int_equal(kenmen_agree(NULL, &face), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_agree(&text, NULL), KENMEN_ERR_ARGUMENT);
}

/* One of the two is enough to tell them apart. */
static void
test_agreement_fields(void **state)
{
	struct kenmen_text text = { 0 };
	struct kenmen_face face = { 0 };

	(void)state;
	strcpy(text.attributes.birth_date_raw, "19900401");
	strcpy(text.attributes.sex_code, "2");
	strcpy(face.birth_date_raw, "19900401");
	strcpy(face.sex_code, "1");
	assert_int_equal(kenmen_agree(&text, &face), KENMEN_ERR_AUTHENTICITY);
	strcpy(text.attributes.birth_date_raw, "19900401");
	strcpy(text.attributes.sex_code, "2");
	strcpy(face.birth_date_raw, "19900402");
	strcpy(face.sex_code, "2");
	assert_int_equal(kenmen_agree(&text, &face), KENMEN_ERR_AUTHENTICITY);
}

/* ---- certificates and signatures -------------------------------------- */

static void
test_login(void **state)
{
	const struct kenmen_challenge challenge = { .origin =
							"https://shop.example",
		.bytes = { 9, 9 },
		.len = 32,
		.now = 1700000000 };
	struct kenmen_blob der = { NULL, 0 }, jws = { NULL, 0 };
	struct kenmen_login login;
	const char *reason = NULL;
	unsigned before;

	(void)state;
	card_open("hanako", NULL, KENMEN_PIN_AUTH);
	before = cost();
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	assert_int_equal(cost() - before, 1);
	assert_int_equal(kenmen_login_sign(card, &der, &challenge, &jws), 0);
	assert_int_equal(cost() - before, 2);
	assert_int_equal(sent("802A009733"), 1);
	assert_int_equal(strlen((const char *)jws.bytes), jws.len);
	assert_int_equal(kenmen_login_verify((const char *)jws.bytes, jws.len,
			     &challenge, 60, trust, &login, &reason),
	    0);
	kenmen_blob_free(&der);
	kenmen_blob_free(&jws);
}

/* What the server would find out is found out here. */
static void
test_login_other_key(void **state)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	struct kenmen_blob der = { NULL, 0 }, jws = { NULL, 0 };
	unsigned before;

	(void)state;
	set("forge", "jpki");
	card_open("hanako", NULL, KENMEN_PIN_AUTH);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	assert_int_equal(kenmen_login_sign(card, &der, &challenge, &jws),
	    KENMEN_ERR_AUTHENTICITY);
	kenmen_blob_free(&der);
	/* Not RSA: nothing is signed under a wrong name. */
	setup(NULL);
	card_open("ec", NULL, KENMEN_PIN_AUTH);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	before = cost();
	assert_int_equal(
	    kenmen_login_sign(card, &der, &challenge, &jws), KENMEN_ERR_DATA);
	assert_int_equal(cost(), before);
	assert_null(jws.bytes);
	kenmen_blob_free(&der);
}

static void
test_login_without_pin(void **state)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	const struct kenmen_challenge short_one = {
		.origin = "https://shop.example", .len = 31, .now = 1700000000
	};
	struct kenmen_blob der = { NULL, 0 }, jws = { NULL, 5 };
	unsigned before;

	(void)state;
	card_open("hanako", NULL, KENMEN_PIN_N);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	assert_int_equal(kenmen_login_sign(card, &der, &challenge, &jws),
	    KENMEN_ERR_PIN_REQUIRED);
	before = cost();
	assert_int_equal(kenmen_login_sign(card, &der, &short_one, &jws),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(cost(), before);
	assert_null(jws.bytes);
	kenmen_blob_free(&der);
}

static void
test_sign(void **state)
{
	struct kenmen_blob der = { NULL, 0 };
	uint8_t digest[64], signature[KENMEN_SIGNATURE_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(i * 5);
	card_open("hanako", NULL, KENMEN_PIN_N);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_SIGN, NULL, NULL, &der),
	    KENMEN_ERR_PIN_REQUIRED);
	pin_verify(KENMEN_PIN_SIGN);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_SIGN, NULL, NULL, &der),
	    0);
	for (int hash = 0; hash < KENMEN_HASH_N; hash++) {
		len = sizeof(signature);
		assert_int_equal(
		    kenmen_sign(card, KENMEN_CERT_SIGN, (enum kenmen_hash)hash,
			digest, signature, &len),
		    0);
		assert_int_equal(len, 256);
		assert_int_equal(
		    kenmen_signature_verify(der.bytes, der.len,
			(enum kenmen_hash)hash, digest, signature, len),
		    0);
		signature[100] ^= 4;
		assert_int_equal(
		    kenmen_signature_verify(der.bytes, der.len,
			(enum kenmen_hash)hash, digest, signature, len),
		    KENMEN_ERR_AUTHENTICITY);
	}
	/* A PIN for one key opens no other. */
	len = sizeof(signature);
	assert_int_equal(kenmen_sign(card, KENMEN_CERT_AUTH, KENMEN_SHA256,
			     digest, signature, &len),
	    KENMEN_ERR_PIN_REQUIRED);
	kenmen_blob_free(&der);
}

static void
test_certificate_costs(void **state)
{
	static const enum kenmen_certificate open_ones[] = { KENMEN_CERT_AUTH,
		KENMEN_CERT_AUTH_CA, KENMEN_CERT_SIGN_CA };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kenmen_blob der = { NULL, 0 }, again = { NULL, 0 };

		card_open("hanako", NULL, KENMEN_PIN_N);
		assert_int_equal(kenmen_certificate_read(
				     card, open_ones[i], NULL, NULL, &der),
		    0);
		assert_int_equal(cost(), 2);
		card_open("hanako", &short_only, KENMEN_PIN_N);
		assert_int_equal(kenmen_certificate_read(
				     card, open_ones[i], NULL, NULL, &again),
		    0);
		assert_int_equal(cost(), 1 + (der.len + 255) / 256);
		assert_int_equal(der.len, again.len);
		assert_memory_equal(der.bytes, again.bytes, der.len);
		kenmen_blob_free(&der);
		kenmen_blob_free(&again);
	}
}

static void
test_no_certificates(void **state)
{
	const int none = KENMEN_ERR_NOT_FOUND;
	struct kenmen_blob der = { NULL, 0 };
	uint8_t digest[32] = { 0 }, signature[KENMEN_SIGNATURE_MAX];
	size_t len = sizeof(signature);

	(void)state;
	for (int i = 0; i < 2; i++) {
		card_open("child", NULL, KENMEN_PIN_N);
		assert_int_equal(kenmen_certificate_read(
				     card, KENMEN_CERT_AUTH, NULL, NULL, &der),
		    none);
		assert_true(kenmen_sign(card, KENMEN_CERT_AUTH, KENMEN_SHA256,
				digest, signature, &len) < 0);
		assert_null(der.bytes);
		set("empty-certs", "on");
	}
	card_open("phone", NULL, KENMEN_PIN_N);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    KENMEN_ERR_PIN_REQUIRED);
	pin_verify(KENMEN_PIN_AUTH);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	kenmen_blob_free(&der);
}

/* ---- every card and reader there may be ------------------------------- */

static const struct {
	const char *name, *value;
} ways[] = {
	{ "no-sfi", "6A86" },
	{ "no-sfi", "6A82" },
	{ "no-sfi", "6B00" },
	{ "no-extended", "on" },
	{ "end-warning", "on" },
	{ "wrong-le", "on" },
	{ "get-response", "on" },
	{ "filler", "300" },
	{ "first-6f00", "on" },
	{ "long-header", "on" },
	{ "odd-offsets", "on" },
	{ "read-len-limit", "256" },
};
#define WAYS_N (sizeof(ways) / sizeof(ways[0]))

static void
way_reads(void)
{
	const struct kenmen_text_wish text_wish = { true, true, true, trust,
		NULL };
	const struct kenmen_face_wish face_wish = { trust, NULL, false, NULL };
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	struct kenmen_blob der = { NULL, 0 }, jws = { NULL, 0 };
	struct kenmen_text text;
	struct kenmen_face face;

	assert_int_equal(text_run("hanako", NULL, &text_wish, &text), 0);
	assert_int_equal(text.authenticity.verdict, KENMEN_VERIFIED);
	pin_verify(KENMEN_PIN_FACE_B);
	assert_int_equal(face_read(&face_wish, &face), 0);
	assert_int_equal(face.authenticity.verdict, KENMEN_VERIFIED);
	kenmen_face_finish(&face);
	pin_verify(KENMEN_PIN_AUTH);
	assert_int_equal(
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der),
	    0);
	assert_int_equal(kenmen_login_sign(card, &der, &challenge, &jws), 0);
	kenmen_blob_free(&der);
	kenmen_blob_free(&jws);
}

static void
test_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS_N; i++)
		for (size_t j = i; j < WAYS_N; j++) {
			setup(NULL);
			set(ways[i].name, ways[i].value);
			set(ways[j].name, ways[j].value);
			way_reads();
		}
}

/* ---- issuers' certificates of earlier reads --------------------------- */

static void
test_issuer_known(void **state)
{
	static const struct {
		const struct kenmen_forms *forms;
		unsigned text, known, less;
	} cases[] = {
		{ &all_ways, 6, 5, 1 },
		{ &short_only, 11, 8, 3 },
	};
	struct kenmen_issuers issuers;
	const struct kenmen_text_wish wish = { true, true, true, trust,
		&issuers };
	const struct kenmen_face_wish face_wish = { trust, NULL, false,
		&issuers };
	struct kenmen_authenticity first;
	struct kenmen_text text;
	struct kenmen_face face;
	unsigned face_spent;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memset(&issuers, 0, sizeof(issuers));
		assert_int_equal(
		    text_run("hanako", cases[i].forms, &wish, &text), 0);
		assert_int_equal(spent, cases[i].text);
		assert_int_equal(issuers.n, 1);
		assert_false(issuers.known[0].visual);
		assert_int_equal(issuers.known[0].len, 568);
		first = text.authenticity;
		/* The other application has another. */
		assert_int_equal(
		    face_run("hanako", cases[i].forms, &face_wish, &face), 0);
		face_spent = spent;
		kenmen_face_finish(&face);
		assert_int_equal(issuers.n, 2);
		assert_true(issuers.known[0].visual);
		/* Everybody's card is of that issue; the checks are the same.
		 */
		assert_int_equal(
		    text_run("taro", cases[i].forms, &wish, &text), 0);
		assert_int_equal(spent, cases[i].known);
		assert_int_equal(sent("00B084"), 0);
		assert_memory_equal(&first, &text.authenticity, sizeof(first));
		assert_int_equal(
		    face_run("hanako", cases[i].forms, &face_wish, &face), 0);
		assert_int_equal(spent, face_spent - cases[i].less);
		assert_int_equal(sent("00B084"), 0);
		assert_int_equal(face.authenticity.verdict, KENMEN_VERIFIED);
		kenmen_face_finish(&face);
		assert_int_equal(issuers.n, 2);
	}
}

/* With a root, one that it did not sign is as good as none; and what failed
 * or was not wholly checked is not remembered. */
static void
test_issuer_forged(void **state)
{
	static const char *const forgeries[] = { "root", "record", "chip" };
	struct kenmen_issuers issuers = { 0 }, good, bad;
	const struct kenmen_text_wish wish = { true, false, true, trust,
		&issuers };
	const struct kenmen_text_wish rootless = { true, false, true, NULL,
		&issuers };
	struct kenmen_text text;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		set("forge", forgeries[i]);
		assert_int_equal(text_run("hanako", NULL, &wish, &text),
		    KENMEN_ERR_AUTHENTICITY);
		assert_int_equal(issuers.n, 0);
	}
	setup(NULL);
	set("missing", "text/0007");
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	assert_int_equal(issuers.n, 0);
	setup(NULL);
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	good = issuers;
	/* Every byte of it: its key fits no more, or its root's signature, or
	 * its name; it is read from the card, and that counts. */
	for (size_t at = 0; at < good.known[0].len; at += at < 48 ? 1 : 13) {
		issuers = good;
		issuers.known[0].bytes[at] ^= 1;
		bad = issuers;
		assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
		assert_int_equal(text.authenticity.verdict, KENMEN_VERIFIED);
		assert_int_equal(spent, 5);
		assert_int_equal(issuers.n, 2);
		assert_memory_equal(
		    &issuers.known[0], &good.known[0], sizeof(good.known[0]));
		assert_memory_equal(
		    &issuers.known[1], &bad.known[0], sizeof(bad.known[0]));
	}
	/* A known one does not help a card that lies. */
	for (size_t i = 1; i < 3; i++) {
		set("forge", forgeries[i]);
		issuers = good;
		assert_int_equal(text_run("hanako", NULL, &wish, &text),
		    KENMEN_ERR_AUTHENTICITY);
		expect_text_refused(&text);
		assert_int_equal(issuers.n, 1);
	}
	/* Without a root nobody can tell: the key decides. */
	setup(NULL);
	issuers = good;
	issuers.known[0].bytes[12] ^= 1;
	assert_int_equal(text_run("hanako", NULL, &rootless, &text), 0);
	assert_int_equal(text.authenticity.verdict, KENMEN_CONSISTENT);
	assert_int_equal(spent, 4);
}

/* What goes to a server is a certificate that a root of ours signed, or that
 * of the card itself. */
static void
test_issuer_evidence(void **state)
{
	const struct kenmen_challenge challenge = {
		.origin = "https://shop.example", .len = 32, .now = 1700000000
	};
	struct kenmen_issuers issuers = { 0 };
	const struct kenmen_face_wish rootless = { NULL, &challenge, false,
		&issuers };
	const struct kenmen_face_wish rooted = { trust, &challenge, false,
		&issuers };
	static const unsigned costs[] = { 3, 3, 2 };
	struct kenmen_face face;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(face_run("hanako", NULL,
				     i < 2 ? &rootless : &rooted, &face),
		    0);
		assert_int_equal(spent, costs[i]);
		assert_int_equal(issuers.n, 1);
		assert_int_equal(face.issuer_certificate.len, 568);
		assert_memory_equal(
		    face.issuer_certificate.bytes, issuers.known[0].bytes, 568);
		assert_non_null(face.evidence_jws.bytes);
		kenmen_face_finish(&face);
	}
}

/* Full: the oldest goes. Of another application, or of no form: passed over. */
static void
test_issuers_full(void **state)
{
	struct kenmen_issuers issuers = { 0 }, full = { 0 };
	const struct kenmen_text_wish wish = { true, false, true, trust,
		&issuers };
	struct kenmen_text text;

	(void)state;
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	for (unsigned i = 0; i < KENMEN_ISSUERS_MAX; i++) {
		full.known[i] = issuers.known[0];
		full.known[i].visual = i & 1;
		if (!(i & 1))
			full.known[i].bytes[i] ^= 1; /* 7F21, sizes, 5F4E */
	}
	full.n = KENMEN_ISSUERS_MAX;
	full.known[4].len = KENMEN_ISSUER_MAX + 1;
	full.known[6].len = 0;
	issuers = full;
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	assert_int_equal(spent, 5);
	assert_int_equal(issuers.n, KENMEN_ISSUERS_MAX);
	assert_false(issuers.known[0].visual);
	assert_memory_equal(&issuers.known[1], &full.known[0],
	    (KENMEN_ISSUERS_MAX - 1) * sizeof(full.known[0]));
	assert_int_equal(text_run("hanako", NULL, &wish, &text), 0);
	assert_int_equal(spent, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_text_costs),
		T(test_text_commands),
		T(test_text_everybody),
		T(test_text_wish),
		T(test_text_checks),
		T(test_text_missing),
		T(test_text_forged),
		T(test_text_keeps_digests),
		T(test_text_without_pin),
		T(test_text_removed),
		T(test_text_fails),
		T(test_small_reader),
		T(test_text_flips),
		T(test_text_issuer_renamed),
		T(test_text_cut),
		T(test_face),
		T(test_face_costs),
		T(test_face_everybody),
		T(test_face_with_a),
		T(test_face_forged),
		T(test_face_missing),
		T(test_face_magic),
		T(test_face_removed),
		T(test_face_flips),
		T(test_evidence),
		T(test_evidence_challenge),
		T(test_refusals),
		T(test_agreement),
		T(test_agreement_fields),
		T(test_login),
		T(test_login_other_key),
		T(test_login_without_pin),
		T(test_sign),
		T(test_certificate_costs),
		T(test_no_certificates),
		T(test_every_way),
		T(test_issuer_known),
		T(test_issuer_forged),
		T(test_issuer_evidence),
		T(test_issuers_full),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
