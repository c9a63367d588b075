/* Commands on the wire, and what T=0 leaves to the sender. */
#include "script.h"

#include "apdu.h"

static void
expect_wire(struct apdu *a, const char *hex)
{
	static uint8_t want[600];
	size_t len, want_len = script_bytes(hex, NULL, want, sizeof(want));
	const uint8_t *wire = apdu_encode(a, &len);

	assert_int_equal(len, want_len);
	assert_memory_equal(wire, want, len);
}

static struct apdu *
command(uint8_t ins, const char *data, size_t le)
{
	static uint8_t bytes[APDU_DATA_MAX];
	size_t len = script_bytes(data, NULL, bytes, sizeof(bytes));
	struct apdu *a = NULL;

	assert_int_equal(apdu_new(0x00, ins, 0x01, 0x02, &a), 0);
	assert_int_equal(apdu_put(a, bytes, len), 0);
	assert_int_equal(apdu_set_le(a, le), 0);
	return a;
}

/* ISO 7816-3 12.1: the four cases, short and extended. */
static void
test_forms(void **state)
{
	static const struct {
		const char *data;
		size_t le;
		const char *wire;
	} cases[] = {
		{ "", 0, "00A40102" },
		{ "", 1, "00A40102 01" },
		{ "", 255, "00A40102 FF" },
		{ "", 256, "00A40102 00" },
		{ "AABB", 0, "00A40102 02 AABB" },
		{ "AABB", 256, "00A40102 02 AABB 00" },
		{ "AABB", 17, "00A40102 02 AABB 11" },
		{ "", 257, "00A40102 00 0101" },
		{ "", 65535, "00A40102 00 FFFF" },
		{ "", 65536, "00A40102 00 0000" },
		{ "AABB", 257, "00A40102 00 0002 AABB 0101" },
		{ "AABB", 65536, "00A40102 00 0002 AABB 0000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct apdu *a = command(0xA4, cases[i].data, cases[i].le);

		expect_wire(a, cases[i].wire);
		expect_wire(a, cases[i].wire); /* encoding changes nothing */
		apdu_free(&a);
		assert_null(a);
	}
}

static void
test_limits(void **state)
{
	static uint8_t data[APDU_DATA_MAX + 1];
	struct apdu *a = command(0xA4, "", 0);
	size_t len;

	(void)state;
	assert_int_equal(
	    apdu_put(a, data, APDU_DATA_MAX + 1), KENMEN_ERR_ARGUMENT);
	assert_int_equal(apdu_put(a, data, SIZE_MAX), KENMEN_ERR_ARGUMENT);
	assert_int_equal(apdu_put(a, data, APDU_DATA_MAX), 0);
	assert_int_equal(apdu_put(a, data, 1), KENMEN_ERR_ARGUMENT);
	assert_int_equal(apdu_put(a, NULL, 0), 0);
	assert_int_equal(apdu_set_le(a, APDU_LE_MAX + 1), KENMEN_ERR_ARGUMENT);
	apdu_encode(a, &len);
	assert_int_equal(len, 5 + APDU_DATA_MAX);
	assert_int_equal(apdu_set_le(a, APDU_LE_MAX), 0);
	apdu_encode(a, &len);
	assert_int_equal(len, 4 + 3 + APDU_DATA_MAX + 2);
	apdu_free(&a);
	apdu_free(&a);
}

static void
test_secret(void **state)
{
	struct kenmen_secret *code = script_secret("1234", 4);
	struct apdu *a = command(INS_VERIFY, "", 0);

	(void)state;
	assert_int_equal(apdu_put_secret(a, code), 0);
	expect_wire(a, "00200102 04 31323334");
	apdu_free(&a);
	kenmen_secret_free(&code);
}

/* ---- transmit --------------------------------------------------------- */

static struct apdu_answer answer;

static int
run(struct script *s, uint8_t ins, const char *data, size_t le)
{
	struct apdu_link link = { script_reader(s), 0, 0 };
	struct apdu *a = command(ins, data, le);
	int r;

	s->open = true;
	r = apdu_transmit(&link, a, &answer);
	apdu_free(&a);
	assert_int_equal(s->at, s->n);
	assert_int_equal(link.exchanges, s->n);
	assert_int_equal(link.bytes, s->bytes);
	return r;
}

static void
expect_answer(const char *hex, uint16_t sw)
{
	uint8_t want[1000];
	size_t len = script_bytes(hex, NULL, want, sizeof(want));

	assert_int_equal(answer.sw, sw);
	assert_int_equal(answer.len, len);
	assert_memory_equal(answer.data, want, len);
}

static void
test_plain(void **state)
{
	static const struct step ok[] = { { "00B00102 04", "AABB 9000" } };
	static const struct step sw_only[] = { { "00B00102 04", "6A82" } };
	struct script s = SCRIPT(ok);

	(void)state;
	assert_int_equal(run(&s, 0xB0, "", 4), 0);
	expect_answer("AABB", 0x9000);
	s = SCRIPT(sw_only);
	assert_int_equal(run(&s, 0xB0, "", 4), 0);
	expect_answer("", 0x6A82); /* nothing is left of the one before */
	assert_int_equal(answer.data[0], 0x6A);
}

static void
test_repeats(void **state)
{
	static const struct step wrong_le[] = {
		{ "00B00102 00", "6C05" },
		{ "00B00102 05", "0102030405 9000" },
	};
	static const struct step wrong_le_256[] = {
		{ "00B00102 04", "6C00" },
		{ "00B00102 00", "0102 9000" },
	};
	/* Twice is no answer: the status goes up. */
	static const struct step wrong_le_twice[] = {
		{ "00B00102 04", "6C05" },
		{ "00B00102 05", "6C04" },
	};
	/* Data beside 6Cxx are none of the answer's. */
	static const struct step with_data[] = {
		{ "00B00102 00", "AABB 6C02" },
		{ "00B00102 02", "0102 9000" },
	};
	static const struct step extended[] = {
		{ "00B00102 000000", "6C03" },
		{ "00B00102 03", "010203 9000" },
	};
	struct script s = SCRIPT(wrong_le);

	(void)state;
	assert_int_equal(run(&s, 0xB0, "", 256), 0);
	expect_answer("0102030405", 0x9000);
	s = SCRIPT(wrong_le_256);
	assert_int_equal(run(&s, 0xB0, "", 4), 0);
	expect_answer("0102", 0x9000);
	s = SCRIPT(wrong_le_twice);
	assert_int_equal(run(&s, 0xB0, "", 4), 0);
	expect_answer("", 0x6C04);
	s = SCRIPT(with_data);
	assert_int_equal(run(&s, 0xB0, "", 256), 0);
	expect_answer("0102", 0x9000);
	s = SCRIPT(extended);
	assert_int_equal(run(&s, 0xB0, "", 65536), 0);
	expect_answer("010203", 0x9000);
}

static void
test_get_response(void **state)
{
	static const struct step chain[] = {
		{ "00B00102 00", "AA 6102" },
		{ "00C00000 02", "BBCC 6100" },
		{ "00C00000 00", "DD 6282" },
	};
	static const struct step wrong_le[] = {
		{ "00B00102 00", "6110" },
		{ "00C00000 10", "6C02" },
		{ "00C00000 02", "BBCC 9000" },
	};
	static const struct step nowhere[] = {
		{ "00B00102 00", "AA 6102" },
		{ "00C00000 02", "6102" },
	};
	static const struct step pulled[] = {
		{ "00B00102 00", "AA 6102" },
		{ "00C00000 02", NULL, KENMEN_ERR_CARD_REMOVED, true },
	};
	struct script s = SCRIPT(chain);

	(void)state;
	assert_int_equal(run(&s, 0xB0, "", 256), 0);
	expect_answer("AABBCCDD", 0x6282);
	s = SCRIPT(wrong_le);
	assert_int_equal(run(&s, 0xB0, "", 256), 0);
	expect_answer("BBCC", 0x9000);
	s = SCRIPT(nowhere);
	assert_int_equal(run(&s, 0xB0, "", 256), KENMEN_ERR_DATA);
	s = SCRIPT(pulled);
	assert_int_equal(run(&s, 0xB0, "", 256), KENMEN_ERR_CARD_REMOVED);
}

/* More than any response may be: refused, within the buffer. */
static void
test_endless(void **state)
{
	static uint8_t file[65536];
	static const struct step steps[] = {
		{ "00B00102 00", "@0+65536 6101" },
		{ "00C00000 01", "@0+65536 6101" },
	};
	static const struct step full[] = {
		{ "00B00102 00", "@0+65535 6101" },
		{ "00C00000 01", "5A 9000" },
	};
	struct script s = SCRIPT(steps);

	(void)state;
	s.file = file;
	assert_int_equal(run(&s, 0xB0, "", 256), KENMEN_ERR_DATA);
	s = SCRIPT(full);
	s.file = file;
	assert_int_equal(run(&s, 0xB0, "", 256), 0);
	assert_int_equal(answer.len, 65536);
	assert_int_equal(answer.data[65535], 0x5A);
}

/* Nothing ever follows a VERIFY, whatever the card says. */
static void
test_verify_once(void **state)
{
	static const char *const answers[] = { "9000", "63C2", "6C04", "6C00",
		"6104", "6100", "6700", "6F00", "6982", "AABB 9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct step full[] = {
			{ "00200102 04 31323334", answers[i] },
		};
		const struct step empty[] = { { "00200102", answers[i] } };
		struct script s = SCRIPT(full);

		assert_int_equal(run(&s, INS_VERIFY, "31323334", 0), 0);
		s = SCRIPT(empty);
		assert_int_equal(run(&s, INS_VERIFY, "", 0), 0);
	}
}

static void
test_no_status_word(void **state)
{
	static const struct step nothing[] = { { "00B00102 04", "" } };
	static const struct step one[] = { { "00B00102 04", "90" } };
	static const struct step later[] = {
		{ "00B00102 00", "6C05" },
		{ "00B00102 05", "" },
	};
	struct apdu_link link;
	struct apdu *a = command(0xB0, "", 4);
	struct script s;

	(void)state;
	s = SCRIPT(nothing);
	link = (struct apdu_link){ script_reader(&s), 0, 0 };
	s.open = true;
	assert_int_equal(
	    apdu_transmit(&link, a, &answer), KENMEN_ERR_CARD_REMOVED);
	s = SCRIPT(one);
	s.open = true;
	assert_int_equal(
	    apdu_transmit(&link, a, &answer), KENMEN_ERR_CARD_REMOVED);
	s = SCRIPT(later);
	s.open = true;
	assert_int_equal(apdu_set_le(a, 256), 0);
	assert_int_equal(
	    apdu_transmit(&link, a, &answer), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(s.at, 2);
	apdu_free(&a);
}

static void
test_reader_errors(void **state)
{
	static const int errs[] = { KENMEN_ERR_TRANSMIT,
		KENMEN_ERR_CARD_REMOVED, KENMEN_ERR_CARD_RESET,
		KENMEN_ERR_PCSC_UNAVAILABLE };

	(void)state;
	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		const struct step steps[] = { { "00B00102 04", NULL,
		    errs[i] } };
		struct script s = SCRIPT(steps);

		assert_int_equal(run(&s, 0xB0, "", 4), errs[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_get_response),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_verify_once),
		cmocka_unit_test(test_no_status_word),
		cmocka_unit_test(test_reader_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
