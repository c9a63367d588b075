/*
 * The library's errands against the simulated card: everybody's card, every
 * switch alone and in pairs, the card lost at every exchange.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kenmen.h"
#include "sim/simcard.h"
#include "sim/simreader.h"

/* Before the prompt SELECT and counter; after it SELECT, counter, VERIFY,
 * READ, leave. */
#define EXCHANGES 7

static struct sim_switches switches;
static struct sim_log card_log;
static struct simreader reader;
static struct simcard *sim;
static struct kenmen_attributes got;
static int tries_left;

static int
setup(void **state)
{
	(void)state;
	switches = (struct sim_switches){ 0 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	simcard_free(&sim);
	sim_log_finish(&card_log);
	return 0;
}

static void
card_of(const char *person)
{
	simcard_free(&sim);
	sim_log_clear(&card_log);
	sim = simcard_new(sim_person_find(person), &switches, &card_log);
}

/* Every VERIFY with data that reached a card, in either form. */
static unsigned
verifies(void)
{
	unsigned n = 0;

	for (const char *at = sim_log_text(&card_log);
	     (at = strstr(at, "> 0020")); at++)
		n += strcspn(at, "\n") > strlen("> 00200091");
	return n;
}

static int
count_and_end(struct kenmen_card *card)
{
	int tries, r;

	if ((r = kenmen_card_begin(card)) < 0)
		return r;
	tries = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES);
	r = kenmen_card_end(card);
	return tries < 0 ? tries : r < 0 ? r : tries;
}

static int
attributes_read(struct kenmen_card *card)
{
	static const struct kenmen_text_wish wish = { .attributes = true };
	struct kenmen_text text;
	int r = kenmen_text_read(card, &wish, NULL, NULL, &text);

	if (r == 0)
		got = text.attributes;
	return r;
}

static int
verify_and_read(struct kenmen_card *card, const struct kenmen_secret *pin)
{
	int r;

	if ((r = kenmen_card_begin(card)) < 0)
		return r;
	tries_left = -1;
	if ((r = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES)) >= 0 &&
	    (r = kenmen_pin_verify(
		 card, KENMEN_PIN_ATTRIBUTES, pin, &tries_left)) == 0)
		r = attributes_read(card);
	kenmen_card_leave(card);
	kenmen_card_end(card);
	return r;
}

static void (*between)(void); /* while a person would type */

/* The errand of kenmen-read for the attributes. */
static int
errand(struct kenmen_card *card, const char *code)
{
	struct kenmen_secret *pin = NULL;
	int r;

	if ((r = kenmen_card_connect(card)) < 0 ||
	    (r = count_and_end(card)) < 0)
		return r;
	if (between)
		between();
	assert_int_equal(kenmen_secret_new(&pin), 0);
	memcpy(kenmen_secret_bytes(pin), code, strlen(code));
	assert_int_equal(kenmen_secret_set_len(pin, strlen(code)), 0);
	r = verify_and_read(card, pin);
	kenmen_secret_free(&pin);
	return r;
}

static int
run(const char *code, unsigned *ret_exchanges)
{
	struct kenmen_card *card = NULL;
	struct kenmen_reader table;
	size_t bytes = 0;
	int r;

	simreader_start(&reader, sim, &switches);
	table = simreader_table(&reader);
	assert_int_equal(kenmen_card_new(&table, NULL, &card), 0);
	memset(&got, 0, sizeof(got));
	r = errand(card, code);
	if (ret_exchanges)
		kenmen_card_cost(card, ret_exchanges, &bytes);
	kenmen_card_free(&card);
	assert_int_equal(reader.closes, 1);
	assert_int_equal(reader.loose, 0);
	assert_false(simcard_verified(sim, SIM_PIN_ATTRIBUTES));
	assert_true(verifies() <= 1);
	return r;
}

static int
run_own(unsigned *ret_exchanges)
{
	return run(simcard_person(sim)->attributes_pin, ret_exchanges);
}

static void
check_person(const struct sim_person *person)
{
	assert_string_equal(got.birth_date_raw, person->birth_date);
	assert_string_equal(got.sex_code, person->sex);
	if (!strcmp(person->id, "broken")) {
		assert_non_null(strstr(got.name, "\xef\xbf\xbd"));
		assert_non_null(strstr(got.address, "\xef\xbf\xbd"));
		return;
	}
	assert_string_equal(got.name, person->name);
	assert_string_equal(got.address, person->address);
}

static void
test_everybody(void **state)
{
	const struct sim_person *person;
	unsigned exchanges;

	(void)state;
	for (size_t i = 0; (person = sim_person_at(i)); i++) {
		if (person->foreign)
			continue;
		card_of(person->id);
		assert_int_equal(run_own(&exchanges), 0);
		assert_int_equal(exchanges, EXCHANGES);
		check_person(person);
	}
}

static void
test_sexes_and_days(void **state)
{
	(void)state;
	card_of("nine");
	assert_int_equal(run_own(NULL), 0);
	assert_int_equal(got.sex, KENMEN_SEX_NOT_APPLICABLE);
	card_of("three");
	assert_int_equal(run_own(NULL), 0);
	assert_int_equal(got.sex, KENMEN_SEX_UNKNOWN);
	card_of("unknown-day");
	assert_int_equal(run_own(NULL), 0);
	assert_string_equal(got.birth_date, "");
	card_of("former");
	assert_int_equal(run_own(NULL), 0);
	assert_string_equal(got.birth_date, "1984-02-29");
}

static void
test_foreign(void **state)
{
	(void)state;
	card_of("foreign");
	assert_int_equal(run_own(NULL), KENMEN_ERR_NOT_MY_NUMBER_CARD);
	assert_int_equal(verifies(), 0);
}

/* ---- every card and reader there may be ------------------------------ */

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
	{ "filler", "3" },
	{ "filler", "5000" },
	{ "first-6f00", "on" },
	{ "reselect-drops-pin", "on" },
	{ "reset-keeps-pin", "on" },
	{ "blocked-sw", "6983" },
	{ "no-limit", "on" },
	{ "long-header", "on" },
	{ "odd-offsets", "on" },
	{ "read-len-limit", "256" },
	{ "read-len-limit", "251" },
};
#define WAYS_N (sizeof(ways) / sizeof(ways[0]))

static void
way_reads(size_t i, size_t j, const char *person)
{
	int r;

	switches = (struct sim_switches){ 0 };
	assert_int_equal(
	    sim_switch_set(&switches, ways[i].name, ways[i].value), 0);
	assert_int_equal(
	    sim_switch_set(&switches, ways[j].name, ways[j].value), 0);
	card_of(person);
	if ((r = run_own(NULL)) < 0)
		print_error("%s: %s=%s, %s=%s: %s\n", person, ways[i].name,
		    ways[i].value, ways[j].name, ways[j].value,
		    kenmen_strerror(r));
	assert_int_equal(r, 0);
	check_person(sim_person_find(person));
}

static void
test_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS_N; i++)
		for (size_t j = i; j < WAYS_N; j++) {
			way_reads(i, j, "hanako");
			way_reads(i, j, "far");
		}
}

/* ---- PINs ------------------------------------------------------------ */

static void
test_wrong_pin(void **state)
{
	(void)state;
	card_of("hanako");
	assert_int_equal(run("9999", NULL), KENMEN_ERR_PIN_WRONG);
	assert_int_equal(tries_left, 2);
	assert_int_equal(verifies(), 1);
	assert_int_equal(simcard_tries(sim, SIM_PIN_ATTRIBUTES), 2);
	simcard_set_tries(sim, SIM_PIN_ATTRIBUTES, 1);
	sim_log_clear(&card_log);
	assert_int_equal(run("9999", NULL), KENMEN_ERR_PIN_BLOCKED);
	assert_int_equal(tries_left, 0);
}

/* Blocked between the question and the VERIFY of another program. */
static void
block(void)
{
	simcard_set_tries(sim, SIM_PIN_ATTRIBUTES, 0);
}

static void
test_blocked(void **state)
{
	static const char *const words[] = { "off", "6983", "6984" };

	(void)state;
	between = block;
	for (size_t i = 0; i < 3; i++) {
		sim_switch_set(&switches, "blocked-sw", words[i]);
		card_of("hanako");
		assert_int_equal(run_own(NULL), KENMEN_ERR_PIN_BLOCKED);
		assert_int_equal(simcard_tries(sim, SIM_PIN_ATTRIBUTES), 0);
	}
	between = NULL;
}

/* ---- leaving --------------------------------------------------------- */

static void
test_removed_at_each_exchange(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= EXCHANGES; at++) {
		switches = (struct sim_switches){ .remove_at = at };
		card_of("hanako");
		/* once the data is here, leaving is no longer needed */
		assert_int_equal(run_own(NULL),
		    at == EXCHANGES ? 0 : KENMEN_ERR_CARD_REMOVED);
		switches = (struct sim_switches){ .lose_at = at };
		card_of("hanako");
		assert_int_equal(run("0000", NULL),
		    at <= 5 ? KENMEN_ERR_CARD_REMOVED : KENMEN_ERR_PIN_WRONG);
		assert_int_equal(
		    simcard_tries(sim, SIM_PIN_ATTRIBUTES), at < 5 ? 3 : 2);
	}
}

static struct simcard *other;

static void
swap_unseen(void)
{
	simreader_swap_unseen(&reader, other);
}

/* Somebody else's card over the open prompt, and the reader saw nothing. */
static void
test_swapped_unseen(void **state)
{
	(void)state;
	card_of("hanako");
	other = simcard_new(sim_person_find("taro"), &switches, &card_log);
	between = swap_unseen;
	assert_true(run_own(NULL) < 0);
	between = NULL;
	assert_int_equal(verifies(), 0);
	assert_int_equal(simcard_tries(other, SIM_PIN_ATTRIBUTES), 3);
	simcard_free(&other);
}

/* ---- card_info ------------------------------------------------------- */

static int
run_info(struct kenmen_card_info *ret)
{
	struct kenmen_card *card = NULL;
	struct kenmen_reader table;
	int r;

	simreader_start(&reader, sim, &switches);
	table = simreader_table(&reader);
	assert_int_equal(kenmen_card_new(&table, NULL, &card), 0);
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_begin(card), 0);
	r = kenmen_card_info_read(card, ret);
	kenmen_card_free(&card);
	assert_int_equal(verifies(), 0);
	return r;
}

static void
test_card_info(void **state)
{
	struct kenmen_card_info info;

	(void)state;
	for (size_t i = 0; i < WAYS_N; i++) {
		if (!strcmp(ways[i].name, "no-limit"))
			continue;
		switches = (struct sim_switches){ 0 };
		sim_switch_set(&switches, ways[i].name, ways[i].value);
		card_of("hanako");
		simcard_set_tries(sim, SIM_PIN_SIGN, 4);
		simcard_set_tries(sim, SIM_PIN_ATTRIBUTES, 0);
		simcard_set_tries(sim, SIM_PIN_FACE_A, 6);
		assert_int_equal(run_info(&info), 0);
		assert_int_equal(info.tries[KENMEN_PIN_AUTH], 3);
		assert_int_equal(info.tries[KENMEN_PIN_SIGN], 4);
		assert_int_equal(info.tries[KENMEN_PIN_ATTRIBUTES], 0);
		assert_int_equal(info.tries[KENMEN_PIN_FACE_B], 10);
		assert_int_equal(info.tries[KENMEN_PIN_FACE_A], 6);
		assert_int_equal(info.certificates[KENMEN_CERT_AUTH], 1);
	}
}

static void
test_card_info_of_others(void **state)
{
	struct kenmen_card_info info;

	(void)state;
	sim_switch_set(&switches, "no-limit", "on");
	card_of("hanako");
	assert_int_equal(run_info(&info), 0);
	assert_int_equal(info.tries[KENMEN_PIN_FACE_B], -1);
	assert_int_equal(info.tries[KENMEN_PIN_ATTRIBUTES], 3);
	card_of("child");
	assert_int_equal(run_info(&info), 0);
	assert_int_equal(info.certificates[KENMEN_CERT_AUTH], 0);
	assert_int_not_equal(info.certificates[KENMEN_CERT_SIGN], 1);
	assert_int_equal(info.certificates[KENMEN_CERT_AUTH_CA], 1);
	sim_switch_set(&switches, "empty-certs", "on");
	assert_int_equal(run_info(&info), 0);
	assert_int_equal(info.certificates[KENMEN_CERT_AUTH], 0);
	card_of("foreign");
	assert_int_equal(run_info(&info), KENMEN_ERR_NOT_MY_NUMBER_CARD);
	sim_switch_set(&switches, "auth-cert-pin", "on");
	card_of("hanako");
	assert_int_equal(run_info(&info), 0);
	assert_int_not_equal(info.certificates[KENMEN_CERT_AUTH], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_everybody),
		T(test_sexes_and_days),
		T(test_foreign),
		T(test_every_way),
		T(test_wrong_pin),
		T(test_blocked),
		T(test_removed_at_each_exchange),
		T(test_swapped_unseen),
		T(test_card_info),
		T(test_card_info_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
