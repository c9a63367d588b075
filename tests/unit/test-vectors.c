/*
 * The simulated card against exchanges that were published, byte for byte
 * (tests/vectors/exchanges.txt).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/simcard.h"
#include "sim/vectors.h"

static struct sim_vector *vectors;
static int vectors_n;

static int
load(void **state)
{
	(void)state;
	vectors_n = sim_vectors_load(SIM_VECTORS, &vectors);
	return vectors_n > 0 ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	free(vectors);
	return 0;
}

static struct simcard *
card_of(const struct sim_vector *v)
{
	struct simcard *card = simcard_new(v->person, NULL, NULL);

	for (int i = 0; i < SIM_PIN_N; i++)
		simcard_set_tries(card, (enum sim_pin)i,
		    v->tries[i] < 0 ? sim_pin_max_tries((enum sim_pin)i)
				    : v->tries[i]);
	simcard_power_on(card);
	return card;
}

static void
card_agrees(const struct sim_vector *v)
{
	static uint8_t rsp[SIM_RESPONSE_MAX];
	struct simcard *card = card_of(v);

	for (size_t i = 0; i < v->steps_n; i++) {
		const struct sim_bytes *want = &v->steps[i].response;
		size_t n = simcard_transmit(
		    card, v->steps[i].command.b, v->steps[i].command.len, rsp);

		if (!sim_bytes_agree(want, rsp, n))
			fail_msg("%s, step %zu", v->name, i + 1);
	}
	simcard_free(&card);
}

static void
test_card_agrees_with_all(void **state)
{
	(void)state;
	for (int i = 0; i < vectors_n; i++)
		card_agrees(&vectors[i]);
}

/* A file that lost its cases must not pass as one that agrees. */
static void
test_file_is_whole(void **state)
{
	size_t steps = 0;

	(void)state;
	assert_true(vectors_n >= 18);
	for (int i = 0; i < vectors_n; i++) {
		assert_true(vectors[i].steps_n > 0);
		for (size_t j = 0; j < vectors[i].steps_n; j++, steps++) {
			assert_true(vectors[i].steps[j].command.len >= 4);
			assert_true(vectors[i].steps[j].response.len >= 2);
		}
	}
	assert_true(steps >= 130);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_whole),
		cmocka_unit_test(test_card_agrees_with_all),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
