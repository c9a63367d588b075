/* The simulated card's own rules, its switches, and its in-process reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/simcard.h"
#include "sim/simreader.h"

#define SELECT_TEXT "00A4040C0AD3921000310001010408"
#define SELECT_VISUAL "00A4040C0AD3921000310001010402"
#define SELECT_JPKI "00A4040C0AD392F000260100000001"
#define SELECT_MANAGER "00A4040C07A0000001510000"
#define VERIFY_1234                                                            \
	"00200091"                                                             \
	"0431323334"
#define VERIFY_0000                                                            \
	"00200091"                                                             \
	"0430303030"
#define TRIES "00200091"
#define READ_PERSON "00B0820000"
#define READ_PERSON_EXTENDED "00B08200000000"

static struct sim_switches switches;
static struct sim_log card_log;
static struct simcard *card;
static uint8_t rsp[SIM_RESPONSE_MAX];
static size_t rsp_len;

static void
card_of(const char *person)
{
	simcard_free(&card);
	card = simcard_new(sim_person_find(person), &switches, &card_log);
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
	sim_log_finish(&card_log);
	return 0;
}

static size_t
unhex(const char *hex, uint8_t *b)
{
	size_t n = 0;
	unsigned value;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &value), 1);
		b[n++] = (uint8_t)value;
	}
	return n;
}

/* One exchange; returns SW1 SW2, the body stands in rsp. */
static unsigned
send(const char *hex)
{
	uint8_t cmd[300];

	rsp_len = simcard_transmit(card, cmd, unhex(hex, cmd), rsp);
	assert_true(rsp_len >= 2);
	rsp_len -= 2;
	return (unsigned)rsp[rsp_len] << 8 | rsp[rsp_len + 1];
}

static void
set(const char *name, const char *value)
{
	assert_int_equal(sim_switch_set(&switches, name, value), 0);
}

#define assert_sw(hex, sw) assert_int_equal(send(hex), sw)

/* ---- selecting ------------------------------------------------------- */

static void
test_select(void **state)
{
	(void)state;
	assert_sw("00A40000", 0x6A86); /* no application yet */
	assert_sw("00A4020C020011", 0x6A82);
	assert_sw(SELECT_TEXT, 0x9000);
	assert_int_equal(rsp_len, 0);
	assert_sw("00A40000", 0x9000);
	assert_sw("00A4000C023F00", 0x6A82);
	assert_sw("00A4040C0CD39210003100010104080000", 0x6A82);
	assert_sw("00A4040C08D392100031000101", 0x9000); /* a prefix */
	assert_sw("00A404000AD392100031000101040800", 0x9000);
	assert_int_equal(rsp_len, 0);
	assert_sw("00A4020C021011", 0x6A82);
	assert_sw("00A4020C0111", 0x6700);
	assert_sw("00A4040C", 0x6700);
	assert_sw("00A4040D0AD3921000310001010408", 0x6A86);
	assert_sw("00A4080C020011", 0x6A86);
}

static void
test_a_failed_select_changes_nothing(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw("00A4040C0AA0000000630000000000", 0x6A82);
	assert_sw("00A4020C020099", 0x6A82);
	assert_sw(READ_PERSON, 0x9000);
}

static void
test_foreign_knows_nothing(void **state)
{
	uint8_t mine[SIM_ATR_MAX], other[SIM_ATR_MAX];
	size_t n = simcard_atr(card, mine);

	(void)state;
	card_of("foreign");
	assert_sw(SELECT_TEXT, 0x6A82);
	assert_sw(SELECT_JPKI, 0x6A82);
	assert_sw(SELECT_VISUAL, 0x6A82);
	assert_sw(SELECT_MANAGER, 0x6A82);
	assert_true(simcard_atr(card, other) != n);
}

static void
test_classes_and_instructions(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	assert_sw("0020", 0x6700);
	assert_sw("01200091", 0x6881);
	assert_sw("40200091", 0x6881);
	assert_sw("0CB0820000", 0x69FC);
	assert_sw("08A4040C0AD3921000310001010408", 0x6882);
	assert_sw("10200091", 0x6884);
	assert_sw("20200091", 0x6E00);
	assert_sw("90200091", 0x6E00);
	assert_sw("FF200091", 0x6E00);
	assert_sw("80CA9F7F00", 0x6D00);
	assert_sw("00CA004500", 0x6D00);
	assert_sw("00C0000000", 0x6D00);
}

/* ---- verifying ------------------------------------------------------- */

static void
test_counter(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	assert_sw(TRIES, 0x63C3);
	assert_sw(VERIFY_0000, 0x63C2);
	assert_sw(TRIES, 0x63C2);
	assert_sw(TRIES, 0x63C2);
	assert_sw(VERIFY_1234, 0x9000); /* restores */
	assert_sw(TRIES, 0x63C3);       /* and the question stays one */
	assert_sw(VERIFY_0000, 0x63C2);
	assert_sw(VERIFY_0000, 0x63C1);
	assert_sw("0020009103313233", 0x63C0); /* too short is wrong too */
	assert_sw(VERIFY_1234, 0x6984);
	assert_sw(TRIES, 0x63C0);
	simcard_power_off(card);
	simcard_power_on(card);
	send(SELECT_TEXT);
	assert_sw(VERIFY_1234, 0x6984);
}

static void
test_verify_forms(void **state)
{
	(void)state;
	assert_sw("00200080", 0x6986);
	send(SELECT_TEXT);
	assert_sw("00200080", 0x6986);
	assert_sw("00200080"
		  "0431323334",
	    0x6986);
	assert_sw("00A4020C020011", 0x9000);
	assert_sw("00200080", 0x63C3);
	assert_sw("0020008000", 0x6700);
	assert_sw("00200080043132333400", 0x6700);
	assert_sw("0020009111"
		  "3131313131313131313131313131313131",
	    0x6700);
	assert_sw("00200180", 0x6A86);
	assert_sw("00200011", 0x6A86);
	assert_sw("0020009F", 0x6A86);
	assert_sw("0020009E", 0x6A82);
	assert_sw("00200082", 0x6981); /* a file is no key */
	assert_sw(TRIES, 0x63C3);      /* none of it cost a try */
	assert_sw("00200080"
		  "0431323334",
	    0x9000);
}

static void
test_wrong_pin_closes_again(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw(VERIFY_0000, 0x63C2);
	assert_sw(READ_PERSON, 0x6982);
}

static void
test_every_key(void **state)
{
	static const struct {
		const char *app, *tries;
		enum sim_pin pin;
	} keys[] = {
		{ SELECT_JPKI, "00200098", SIM_PIN_AUTH },
		{ SELECT_JPKI, "0020009B", SIM_PIN_SIGN },
		{ SELECT_TEXT, "00200091", SIM_PIN_ATTRIBUTES },
		{ SELECT_TEXT, "00200094", SIM_PIN_TEXT_A },
		{ SELECT_TEXT, "00200095", SIM_PIN_TEXT_B },
		{ SELECT_VISUAL, "00200092", SIM_PIN_FACE_B },
		{ SELECT_VISUAL, "00200093", SIM_PIN_FACE_A },
		{ SELECT_VISUAL, "00200091", SIM_PIN_BIRTH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		simcard_set_tries(card, keys[i].pin, (int)i + 1);
		assert_sw(keys[i].app, 0x9000);
		assert_sw(keys[i].tries, 0x63C1 + (unsigned)i);
	}
}

/* 照合番号A opens the My Number alone, B the attributes alone. */
static void
test_numbers_a_and_b(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	assert_sw("00200094"
		  "0C313233343536373839303138",
	    0x9000);
	assert_sw("00B0810011", 0x9000);
	assert_sw(READ_PERSON, 0x6982);
	send(SELECT_MANAGER);
	send(SELECT_TEXT);
	assert_sw("00200095"
		  "0E3032303430313230333534383231",
	    0x9000);
	assert_sw(READ_PERSON, 0x9000);
	assert_sw("00B0810011", 0x6982);
	send(SELECT_VISUAL);
	assert_sw("00200091"
		  "06303230343031",
	    0x9000);
}

static void
test_state_ends(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_true(simcard_verified(card, SIM_PIN_ATTRIBUTES));
	assert_sw("00A4020C020001", 0x9000);
	assert_sw("00A4020C020002", 0x9000); /* kept over SELECT EF */
	assert_sw("00B0000000", 0x9000);
	send(SELECT_TEXT); /* kept here, but no EF is current */
	assert_sw("00B0000000", 0x6986);
	assert_sw(READ_PERSON, 0x9000);
	send(SELECT_MANAGER); /* another application */
	send(SELECT_TEXT);
	assert_sw(READ_PERSON, 0x6982);
	send(VERIFY_1234);
	simcard_power_off(card);
	simcard_power_on(card);
	assert_false(simcard_verified(card, SIM_PIN_ATTRIBUTES));
	assert_sw("00B0000000", 0x6986);
	send(SELECT_TEXT);
	assert_sw(READ_PERSON, 0x6982);
}

/* ---- reading --------------------------------------------------------- */

static void
test_reading(void **state)
{
	(void)state;
	card_of("far");
	send(SELECT_TEXT);
	assert_sw("00200091"
		  "0436373839",
	    0x9000);
	assert_sw(READ_PERSON_EXTENDED, 0x9000);
	assert_true(rsp_len > 256);
	assert_int_equal(rsp[2], 0x82); /* two-byte length */

	size_t size = rsp_len;

	assert_sw(READ_PERSON, 0x9000);
	assert_int_equal(rsp_len, 256);
	assert_sw("00B0010000", 0x9000); /* it is current now */
	assert_int_equal(rsp_len, size - 256);
	assert_sw("00B082FF01", 0x9000); /* 8 bits of offset */
	assert_int_equal(rsp_len, 1);
	assert_sw("00B00010000123", 0x9000);
	assert_int_equal(rsp_len, 0x123);

	char at[16];

	snprintf(at, sizeof(at), "00B0%04zX00", size - 1);
	assert_sw(at, 0x9000);
	assert_int_equal(rsp_len, 1);
	snprintf(at, sizeof(at), "00B0%04zX00", size);
	assert_sw(at, 0x6B00);
	assert_sw("00B07FFF00", 0x6B00);
}

static void
test_reading_refused(void **state)
{
	(void)state;
	send(SELECT_TEXT);
	assert_sw("00B0820000", 0x6982);
	assert_sw("00B0000000", 0x6986); /* a refused file is not current */
	assert_sw("00B0850000", 0x9000); /* a free one */
	assert_int_equal(rsp_len, 256);
	assert_sw("00B09D0000", 0x6A82);
	assert_sw("00B0910000", 0x6981); /* keys cannot be read */
	assert_sw("00B0800000", 0x6A86);
	assert_sw("00B0C20000", 0x6A86);
	assert_sw("00B08500", 0x6700);
	assert_sw("00B085000101", 0x6700);
	assert_sw("00B08500"
		  "0000",
	    0x6700);
	assert_sw("00B08500"
		  "00000001",
	    0x6700);
	assert_sw("00B08500"
		  "0000000101",
	    0x6700);
}

static void
test_certificates(void **state)
{
	(void)state;
	send(SELECT_JPKI);
	assert_sw("00B0810000", 0x6982);
	assert_sw("00B08A0004", 0x9000);
	assert_memory_equal(rsp, "\x30\x82\x06\x2b", 4);
	assert_sw("00B006002F", 0x9000);
	assert_int_equal(rsp_len, 47);
	assert_sw("00B006002F", 0x9000);
	assert_sw("0020009B0A53414D504C4531323334", 0x9000);
	assert_sw("00B0810004", 0x9000);
	assert_memory_equal(rsp, "\x30\x82\x07\x5a", 4);
	assert_sw("00B08600A0", 0x9000);
	assert_int_equal(rsp_len, 160);
	assert_memory_equal(rsp, "JPKIAPICCTOKEN2 ", 16);
	card_of("child");
	send(SELECT_JPKI);
	assert_sw("00B0810000", 0x6A82);
	assert_sw("00B08A0000", 0x6A82);
	assert_sw("00A4020C02000A", 0x6A82);
	assert_sw("00B08B0000", 0x9000);
	assert_sw("00200098", 0x63C3);
}

/* Everybody's files hold together: outer length, offsets, four fields. */
static void
test_every_person(void **state)
{
	const struct sim_person *person;
	char verify[64];
	size_t i;

	(void)state;
	for (i = 0; (person = sim_person_at(i)); i++) {
		if (person->foreign)
			continue;
		card_of(person->id);
		send(SELECT_TEXT);
		snprintf(verify, sizeof(verify), "0020009104%02X%02X%02X%02X",
		    (unsigned)person->attributes_pin[0],
		    (unsigned)person->attributes_pin[1],
		    (unsigned)person->attributes_pin[2],
		    (unsigned)person->attributes_pin[3]);
		assert_sw(verify, 0x9000);
		assert_sw(READ_PERSON_EXTENDED, 0x9000);

		size_t head = rsp[2] < 0x80 ? 3 : 5;
		size_t inner =
		    head == 3 ? rsp[2] : (size_t)rsp[3] << 8 | rsp[4];

		assert_int_equal(head + inner, rsp_len);
		for (size_t field = 0; field < 4; field++) {
			const uint8_t *o = rsp + head + 3 + 2 * field;
			size_t at = (size_t)o[0] << 8 | o[1];

			assert_true(at + 3 <= rsp_len);
			assert_int_equal(rsp[at], 0xDF);
			assert_int_equal(rsp[at + 1], 0x22 + field);
		}
		assert_int_equal(strlen(person->my_number), 12);
		assert_int_equal(strlen(person->face_b), 14);
		assert_int_equal(strlen(person->auth_pin), 4);
	}
	assert_true(i >= 10);
}

/* ---- switches -------------------------------------------------------- */

/* Those that are a list, not on or off. */
static bool
is_list(const char *name)
{
	static const char *const lists[] = { "forge", "missing", "cut",
		"flip" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!strcmp(lists[i], name))
			return true;
	return false;
}

static void
test_switch_values(void **state)
{
	struct sim_switches s = { 0 };
	const char *name;

	(void)state;
	for (size_t i = 0; (name = sim_switch_name(i)); i++) {
		assert_int_equal(
		    sim_switch_set(&s, name, "on"), is_list(name) ? -1 : 0);
		assert_int_equal(sim_switch_set(&s, name, "off"), 0);
		assert_int_equal(sim_switch_set(&s, name, ""), -1);
		assert_int_equal(sim_switch_set(&s, name, "-1"), -1);
		assert_int_equal(sim_switch_set(&s, name, "1x"), -1);
		assert_int_equal(sim_switch_set(&s, name, "9999999"), -1);
	}
	assert_memory_equal(
	    &s, (&(struct sim_switches){ 0 }), sizeof(struct sim_switches));
	assert_int_equal(sim_switch_set(&s, "no-such", "on"), -1);
	assert_int_equal(sim_switch_set(&s, "no-sfi", "6A82"), 0);
	assert_int_equal(s.no_sfi, 0x6A82);
	assert_int_equal(sim_switch_set(&s, "slow", "15"), 0);
	assert_int_equal(s.slow, 15);
	assert_int_equal(sim_switch_set(&s, "no-extended", "2"), -1);
}

static void
test_switch_lists(void **state)
{
	static const char *const wrong[][2] = {
		{ "forge", "record,," },
		{ "forge", ",record" },
		{ "forge", "record," },
		{ "forge", "nobody" },
		{ "forge", "record,nobody" },
		{ "missing", "text" },
		{ "missing", "text/" },
		{ "missing", "text/0001:1" },
		{ "missing", "other/0001" },
		{ "missing", "text/0100" },
		{ "missing", "text/01,text/02,text/03,text/04,text/05" },
		{ "cut", "text/0001" },
		{ "cut", "text/0001:" },
		{ "cut", "text/0001:x" },
		{ "cut", "text/0001:70000" },
		{ "cut", "text/0001:1^1" },
		{ "flip", "text/0001" },
		{ "flip", "text/0001:1^" },
		{ "flip", "text/0001:1^100" },
		{ "flip", "text/0001:-1" },
		{ "flip", "text/0001:1 " },
		{ "flip", "text/0001:000000000000000000000000000001" },
	};
	struct sim_switches s = { 0 }, before;

	(void)state;
	assert_int_equal(sim_switch_set(&s, "forge", "record,jpki"), 0);
	assert_int_equal(s.forge, SIM_FORGE_RECORD | SIM_FORGE_JPKI);
	assert_int_equal(
	    sim_switch_set(&s, "missing", "text/0004,visual/001A"), 0);
	assert_int_equal(s.missing[0].file, SIM_FILE_ID(SIM_APP_TEXT, 4));
	assert_int_equal(s.missing[1].file, SIM_FILE_ID(SIM_APP_VISUAL, 26));
	assert_int_equal(s.missing[2].file, 0);
	assert_int_equal(sim_switch_set(&s, "cut", "jpki/000A:1000"), 0);
	assert_int_equal(s.cut[0].at, 1000);
	assert_int_equal(
	    sim_switch_set(&s, "flip", "common/0001:3,text/0002:40^80"), 0);
	assert_int_equal(s.flip[0].at, 3);
	assert_int_equal(s.flip[0].mask, 1);
	assert_int_equal(s.flip[1].mask, 0x80);
	before = s;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (sim_switch_set(&s, wrong[i][0], wrong[i][1]) == 0)
			fail_msg("%s %s", wrong[i][0], wrong[i][1]);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	assert_int_equal(sim_switch_set(&s, "flip", "off"), 0);
	assert_int_equal(s.flip[1].file, 0);
}

static void
test_no_sfi(void **state)
{
	(void)state;
	set("no-sfi", "on");
	send(SELECT_TEXT);
	assert_sw(TRIES, 0x6A86);
	assert_sw(VERIFY_0000, 0x6A86);
	set("no-sfi", "6A82");
	assert_sw(READ_PERSON, 0x6A82);
	assert_sw("00A4020C020011", 0x9000);
	assert_sw("00200080", 0x63C3); /* nothing was spent */
}

static void
test_no_extended(void **state)
{
	(void)state;
	set("no-extended", "on");
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw(READ_PERSON_EXTENDED, 0x6700);
	assert_sw(READ_PERSON, 0x9000);
}

static void
test_end_of_file(void **state)
{
	(void)state;
	set("end-warning", "on");
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw(READ_PERSON, 0x6282);
	assert_int_equal(rsp_len, 95);
	assert_sw("00B082005F", 0x9000); /* exactly its size */
	set("wrong-le", "on");
	assert_sw(READ_PERSON, 0x6C5F);
	assert_int_equal(rsp_len, 0);
	assert_sw(READ_PERSON_EXTENDED, 0x6C5F);
	assert_sw("00B082005F", 0x9000);
	assert_int_equal(rsp_len, 95);
}

static void
test_get_response(void **state)
{
	unsigned sw;

	(void)state;
	set("get-response", "on");
	card_of("far");
	assert_sw("00C0000000", 0x6700); /* nothing waits */
	send(SELECT_TEXT);
	send("00200091"
	     "0436373839");
	assert_sw(READ_PERSON_EXTENDED, 0x6100);
	assert_int_equal(rsp_len, 0);
	sw = send("00C0000000");
	assert_int_equal(sw & 0xFF00, 0x6100);
	assert_int_equal(rsp_len, 256);
	assert_sw("00C00000FF", 0x6C00 | (sw & 0xFF));
	assert_sw("00C0000000", 0x9000);
	assert_true(rsp_len > 0);
	assert_sw("00C0000000", 0x6700);
	set("end-warning", "on");
	assert_sw("00B08500"
		  "00"
		  "0200",
	    0x6100);
	assert_sw("00C0000000", 0x6282); /* the end's own word, at the end */
	assert_int_equal(rsp_len, 256);
	assert_sw(READ_PERSON, 0x6100);
	assert_sw(TRIES, 0x63C3); /* another command drops it */
	assert_sw("00C0000000", 0x6700);
}

static void
test_filler(void **state)
{
	(void)state;
	set("filler", "5000");
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw(READ_PERSON_EXTENDED, 0x9000);
	assert_int_equal(rsp_len, 5095);
	assert_int_equal(rsp[95], 0xFF);
	assert_int_equal(rsp[5094], 0xFF);
	set("filler", "65535");
	assert_sw(READ_PERSON_EXTENDED, 0x9000);
	assert_int_equal(rsp_len, 32768);
}

static void
test_first_6f00(void **state)
{
	(void)state;
	set("first-6f00", "on");
	assert_sw(SELECT_TEXT, 0x6F00);
	assert_sw(TRIES, 0x6A82); /* it was not executed */
	assert_sw(SELECT_TEXT, 0x9000);
	simcard_reset(card);
	assert_sw(SELECT_TEXT, 0x6F00);
}

static void
test_contradictions(void **state)
{
	(void)state;
	set("reselect-drops-pin", "on");
	send(SELECT_TEXT);
	send(VERIFY_1234);
	send(SELECT_TEXT);
	assert_sw(READ_PERSON, 0x6982);
	send(VERIFY_1234);
	simcard_reset(card);
	send(SELECT_TEXT);
	assert_sw(READ_PERSON, 0x6982);
	set("reselect-drops-pin", "off");
	set("reset-keeps-pin", "on");
	send(VERIFY_1234);
	simcard_reset(card);
	assert_sw(READ_PERSON, 0x9000);
	set("blocked-sw", "6983");
	simcard_set_tries(card, SIM_PIN_ATTRIBUTES, 0);
	assert_sw(VERIFY_1234, 0x6983);
	set("no-limit", "on");
	assert_sw("00200095", 0x6300);
	assert_sw("00200095"
		  "0130",
	    0x6300);
	assert_sw(TRIES, 0x63C0);
	assert_int_equal(simcard_tries(card, SIM_PIN_TEXT_B), 10);
	set("auth-cert-pin", "on");
	send(SELECT_JPKI);
	assert_sw("00B08A0000", 0x6982);
	assert_sw("00200098"
		  "0431323334",
	    0x9000);
	assert_sw("00B08A0000", 0x9000);
	set("empty-certs", "on");
	card_of("child");
	send(SELECT_JPKI);
	set("auth-cert-pin", "off");
	assert_sw("00B08A0000", 0x9000);
	assert_int_equal(rsp[0], 0xFF);
}

static void
test_other_forms_of_the_attributes(void **state)
{
	(void)state;
	set("long-header", "on");
	set("odd-offsets", "on");
	send(SELECT_TEXT);
	send(VERIFY_1234);
	assert_sw(READ_PERSON, 0x9000);
	assert_int_equal(rsp_len, 97);
	assert_memory_equal(
	    rsp, "\xff\x20\x82\x00\x5c\xdf\x21\x08\xff\xff", 10);
	set("odd-offsets", "off");
	send(READ_PERSON);
	assert_memory_equal(rsp + 5, "\xdf\x21\x08\x00\x10", 5);
	set("ends-early", "17");
	assert_sw(READ_PERSON, 0x9000);
	assert_int_equal(rsp_len, 80);
	set("ends-early", "97");
	assert_sw(READ_PERSON, 0x6B00);
}

/* ---- log ------------------------------------------------------------- */

static void
test_log(void **state)
{
	(void)state;
	sim_log_clear(&card_log);
	send(SELECT_TEXT);
	simcard_power_off(card);
	simcard_power_on(card);
	simcard_reset(card);
	assert_string_equal(sim_log_text(&card_log),
	    "> " SELECT_TEXT "\n< 9000\npower off\npower on\npower reset\n");
	simcard_power_off(card);
	assert_int_equal(simcard_transmit(card, rsp, 4, rsp), 0);
	sim_log_clear(&card_log);
	assert_string_equal(sim_log_text(&card_log), "");
	while (card_log.len <= SIM_LOG_MAX)
		sim_log_hex(&card_log, '<', rsp, 60000);
	sim_log_line(&card_log, "last");
	assert_true(card_log.len < SIM_LOG_MAX);
	assert_int_equal(card_log.text[0], '<');
	assert_string_equal(card_log.text + card_log.len - 6, "\nlast\n");
}

/* ---- the reader in the same process ---------------------------------- */

static struct simreader reader;

static int
transmit(const char *hex)
{
	struct kenmen_reader table = simreader_table(&reader);
	uint8_t cmd[300];

	rsp_len = sizeof(rsp);
	return table.ops->transmit(
	    table.arg, cmd, unhex(hex, cmd), rsp, &rsp_len);
}

static void
start(void)
{
	struct kenmen_reader table = simreader_table(&reader);

	simcard_power_off(card);
	simreader_start(&reader, card, &switches);
	assert_int_equal(table.ops->connect(table.arg), 0);
	assert_int_equal(table.ops->begin(table.arg), 0);
}

static void
test_reader(void **state)
{
	struct kenmen_reader table = simreader_table(&reader);

	(void)state;
	simreader_start(&reader, NULL, NULL);
	assert_int_equal(table.ops->connect(table.arg), KENMEN_ERR_NO_CARD);
	start();
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(rsp_len, 2);
	assert_int_equal(table.ops->still_there(table.arg), 1);
	assert_int_equal(table.ops->end(table.arg, true), 0);
	assert_int_equal(reader.resets, 1);
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(reader.loose, 1);
	table.ops->close(table.arg);
	assert_int_equal(reader.closes, 1);
	assert_false(simcard_powered(card));
}

static void
hook_remove(struct simreader *r, unsigned nth, void *arg)
{
	if (nth == *(unsigned *)arg)
		simreader_remove(r);
}

static void
test_reader_loses_the_card(void **state)
{
	struct kenmen_reader table = simreader_table(&reader);
	unsigned second = 2;

	(void)state;
	set("remove-at", "2");
	start();
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(transmit(VERIFY_0000), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(simcard_tries(card, SIM_PIN_ATTRIBUTES), 3);
	assert_int_equal(table.ops->still_there(table.arg), 0);
	set("remove-at", "off");
	set("lose-at", "2");
	start();
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(transmit(VERIFY_0000), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(simcard_tries(card, SIM_PIN_ATTRIBUTES), 2);
	set("lose-at", "off");
	set("fail-at", "2");
	start();
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(transmit(VERIFY_0000), KENMEN_ERR_TRANSMIT);
	assert_int_equal(simcard_tries(card, SIM_PIN_ATTRIBUTES), 1);
	assert_int_equal(transmit(TRIES), 0);
	set("fail-at", "off");
	set("fail-always", "on");
	assert_int_equal(transmit(TRIES), KENMEN_ERR_TRANSMIT);
	set("fail-always", "off");
	start();
	reader.hook = hook_remove;
	reader.hook_arg = &second;
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(transmit(TRIES), KENMEN_ERR_CARD_REMOVED);
	simreader_insert(&reader, card);
	assert_int_equal(transmit(TRIES), KENMEN_ERR_CARD_REMOVED);
}

static void
test_reader_swaps_unseen(void **state)
{
	struct simcard *other =
	    simcard_new(sim_person_find("taro"), NULL, NULL);
	struct kenmen_reader table = simreader_table(&reader);

	(void)state;
	start();
	assert_int_equal(transmit(SELECT_TEXT), 0);
	simreader_swap_unseen(&reader, other);
	assert_int_equal(table.ops->still_there(table.arg), 1);
	assert_int_equal(transmit(TRIES), KENMEN_ERR_TRANSMIT);
	assert_int_equal(transmit(SELECT_TEXT), 0);
	assert_int_equal(transmit(VERIFY_1234), 0);
	assert_int_equal(simcard_tries(other, SIM_PIN_ATTRIBUTES), 2);
	simcard_free(&other);
}

static void
test_reader_limits(void **state)
{
	(void)state;
	set("read-len-limit", "94");
	start();
	transmit(SELECT_TEXT);
	transmit(VERIFY_1234);
	assert_int_equal(transmit(READ_PERSON), KENMEN_ERR_TRANSMIT);
	assert_int_equal(transmit("00B082005E"), 0);
	set("read-len-limit", "95");
	assert_int_equal(transmit(READ_PERSON_EXTENDED), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_select),
		T(test_a_failed_select_changes_nothing),
		T(test_foreign_knows_nothing),
		T(test_classes_and_instructions),
		T(test_counter),
		T(test_verify_forms),
		T(test_wrong_pin_closes_again),
		T(test_every_key),
		T(test_numbers_a_and_b),
		T(test_state_ends),
		T(test_reading),
		T(test_reading_refused),
		T(test_certificates),
		T(test_every_person),
		T(test_switch_values),
		T(test_switch_lists),
		T(test_no_sfi),
		T(test_no_extended),
		T(test_end_of_file),
		T(test_get_response),
		T(test_filler),
		T(test_first_6f00),
		T(test_contradictions),
		T(test_other_forms_of_the_attributes),
		T(test_log),
		T(test_reader),
		T(test_reader_loses_the_card),
		T(test_reader_swaps_unseen),
		T(test_reader_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
