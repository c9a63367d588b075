#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "readers.h"

static void
names_keep_their_ids(void **state)
{
	struct reader_ids ids = { 0 };

	(void)state;
	assert_int_equal(reader_number(&ids, "A 00 00"), 1);
	assert_int_equal(reader_number(&ids, "B 00 00"), 2);
	assert_int_equal(reader_number(&ids, "A 00 00"), 1);
	assert_string_equal(reader_name(&ids, "r1"), "A 00 00");
	assert_string_equal(reader_name(&ids, "r2"), "B 00 00");
	reader_ids_finish(&ids);
}

static void
other_ids_name_nothing(void **state)
{
	static const char *const ids_unknown[] = { "", "r", "r0", "r2", "r01",
		"R1", "r1 ", "1", "A 00 00", "r-1", "r4294967297" };
	struct reader_ids ids = { 0 };

	(void)state;
	assert_null(reader_name(&ids, "r1"));
	reader_number(&ids, "A 00 00");
	for (size_t i = 0; i < sizeof(ids_unknown) / sizeof(*ids_unknown); i++)
		assert_null(reader_name(&ids, ids_unknown[i]));
	reader_ids_finish(&ids);
}

static void
the_table_is_bounded(void **state)
{
	struct reader_ids ids = { 0 };
	char name[32];

	(void)state;
	for (unsigned i = 0; i < READER_IDS_MAX + 5; i++) {
		snprintf(name, sizeof(name), "Reader %u", i);
		assert_int_equal(
		    reader_number(&ids, name), i < READER_IDS_MAX ? i + 1 : 0);
	}
	assert_int_equal(reader_number(&ids, "Reader 7"), 8);
	reader_ids_finish(&ids);
}

static void
models_tell_no_serial_number(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *model;
	} cases[] = {
		{ "Virtual PCD 00 00", "Virtual PCD" },
		{ "SCM Microsystems Inc. SCR 3310 [CCID Interface] (21120631202391) 00 00",
		  "SCM Microsystems Inc. SCR 3310 [CCID Interface]" },
		{ "Sony FeliCa Port/PaSoRi 4.0 (0012345) 01 00", "Sony FeliCa Port/PaSoRi 4.0" },
		{ "X (1(2)3) Y (unclosed 12345", "X Y" },
		{ "X ) Y 00 0F", "X ) Y" },
		{ "Reader 10 00 00", "Reader 10" },
		{ "00 00", "00" }, /* nothing left to cut from */
		{ "(12345) 00 00", "00" },
		{ "", "" },
		{ "a\nb\xff\x01", "ab" },
	};
	/* clang-format on */
	char model[KENMEN_READER_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		reader_model(cases[i].name, model);
		assert_string_equal(model, cases[i].model);
	}
}

static void
the_longest_name_fits(void **state)
{
	char name[KENMEN_READER_NAME_MAX + 1];
	char model[KENMEN_READER_NAME_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	reader_model(name, model);
	assert_string_equal(model, name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_keep_their_ids),
		cmocka_unit_test(other_ids_name_nothing),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(models_tell_no_serial_number),
		cmocka_unit_test(the_longest_name_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
