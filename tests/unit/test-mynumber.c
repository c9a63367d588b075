/* Whole errands: which exchanges, how many, and what becomes of them when a
 * reader or a card does not go along. */
#include "script.h"

#include <stdio.h>

#include "sim/simcard.h"
#include "sim/simreader.h"
#include "sim/vectors.h"

#define READ_EXT "00B08200 000000"
#define READ_256 "00B08200 00"
#define READ_224 "00B08200 E0"
#define SELECT_EF2 "00A4020C02 0002"
#define PIN_OK                                                                 \
	{                                                                      \
		"00200091 04 31323334", "9000"                                 \
	}
#define TRIES_OK                                                               \
	{                                                                      \
		"00200091", "63C3"                                             \
	}
#define TEXT_OK                                                                \
	{                                                                      \
		SELECT_TEXT, "9000"                                            \
	}

static const struct kenmen_forms all_ways = { 0 };
static const struct kenmen_forms short_only = { .no_extended = true };
static const struct kenmen_forms small_only = { .no_extended = true,
	.small_blocks = true };
static const struct kenmen_forms oldest = { .no_sfi = true,
	.no_extended = true };

/* ---- a file EF 0002 of any length ------------------------------------- */

#define FILE_ROOM 70000

static uint8_t file[FILE_ROOM];
static size_t file_len;

static size_t
file_put(size_t at, unsigned tag, const char *text, size_t len)
{
	file[at] = (uint8_t)(tag >> 8);
	file[at + 1] = (uint8_t)tag;
	file[at + 2] = 0x82;
	file[at + 3] = (uint8_t)(len >> 8);
	file[at + 4] = (uint8_t)len;
	memcpy(file + at + 5, text, len);
	return at + 5 + len;
}

/* In all file_len = len bytes, then FF; the rest is in the address. */
static void
file_make(size_t len)
{
	static char address[KENMEN_ADDRESS_MAX];
	size_t at = 5;

	memset(file, 0xFF, sizeof(file));
	memset(address, 'a', sizeof(address));
	at = file_put(at, 0xDF21, "12345678", 8);
	at = file_put(at, 0xDF22, "MIHON HANAKO", 12);
	at = file_put(at, 0xDF23, address, len - at - 5 - 13 - 6);
	at = file_put(at, 0xDF24, "19900401", 8);
	at = file_put(at, 0xDF25, "2", 1);
	assert_int_equal(at, len);
	file[0] = 0xFF;
	file[1] = 0x20;
	file[2] = 0x82;
	file[3] = (uint8_t)((len - 5) >> 8);
	file[4] = (uint8_t)(len - 5);
	file_len = len;
}

/* ---- reading in a transaction where the PIN is verified --------------- */

struct progress {
	unsigned n;
	size_t done, total;
};

static void
progress_seen(void *arg, size_t done, size_t total)
{
	struct progress *p = arg;

	assert_true(done > p->done);
	assert_true(done <= total);
	assert_true(p->n == 0 || p->total == total);
	p->n++;
	p->done = done;
	p->total = total;
}

/*
 * Selects the application, then runs steps as one read of the attributes of
 * file. Returns its verdict; *ret_forms is what was learnt.
 */
static int
read_run(const struct step *steps, size_t n, const struct kenmen_forms *known,
    struct kenmen_forms *ret_forms, unsigned *ret_progress)
{
	static struct step all[200];
	struct script s = { .steps = all, .n = n + 1, .file = file };
	struct progress progress = { 0 };
	struct kenmen_attributes a, before;
	struct kenmen_card *card;
	int r;

	assert_true(n < 200);
	all[0] = (struct step){ SELECT_TEXT, "9000", 0, false };
	memcpy(all + 1, steps, n * sizeof(*steps));
	card = script_card(&s, known);
	memset(&a, 0x77, sizeof(a));
	before = a;
	r = script_attributes(card, progress_seen, &progress, &a);
	if (r == 0) {
		assert_string_equal(a.name, "MIHON HANAKO");
		assert_string_equal(a.birth_date, "1990-04-01");
		assert_int_equal(strspn(a.address, "a"), strlen(a.address));
		assert_int_equal(strlen(a.address), file_len - 59);
		assert_int_equal(progress.done, file_len);
		assert_int_equal(progress.total, file_len);
	} else {
		assert_memory_equal(&a, &before, sizeof(a));
	}
	kenmen_card_forms(card, ret_forms);
	*ret_progress = progress.n;
	assert_int_equal(s.verifies, 0);
	script_done(&s, &card);
	assert_int_equal(s.resets, 1); /* freed inside the transaction */
	return r;
}

#define READ(steps, known, forms, progress)                                    \
	read_run(                                                              \
	    steps, sizeof(steps) / sizeof((steps)[0]), known, forms, progress)

static void
expect_forms(const struct kenmen_forms *forms, bool no_sfi, bool no_extended,
    bool small_blocks)
{
	assert_int_equal(forms->no_sfi, no_sfi);
	assert_int_equal(forms->no_extended, no_extended);
	assert_int_equal(forms->small_blocks, small_blocks);
}

static void
test_read_extended(void **state)
{
	static const struct step exact[] = { { READ_EXT, "@0+300 9000" } };
	static const struct step warning[] = { { READ_EXT, "@0+300 6282" } };
	static const struct step filler[] = { { READ_EXT, "@0+512 9000" } };
	static const struct step most[] = { { READ_EXT, "@0+65536 9000" } };
	/* A reader that passes on less than the card has. */
	static const struct step pieces[] = {
		{ READ_EXT, "@0+270 9000" },
		{ "00B0010E 1E", "@270+20 6282" },
		{ "00B00122 0A", "@290+10 9000" },
	};
	/* The card names the length, as T=0 does. */
	static const struct step wrong_le[] = {
		{ READ_EXT, "6C80" },
		{ "00B08200 80", "@0+128 9000" },
		{ "00B00080 AC", "@128+172 9000" },
	};
	/* Long enough for an extended rest. */
	static const struct step long_rest[] = {
		{ READ_EXT, "@0+1000 9000" },
		{ "00B003E8 000BB8", "@1000+3000 9000" },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	assert_int_equal(READ(exact, NULL, &forms, &progress), 0);
	assert_int_equal(progress, 1);
	expect_forms(&forms, false, false, false);
	assert_int_equal(READ(warning, &all_ways, &forms, &progress), 0);
	assert_int_equal(READ(filler, &all_ways, &forms, &progress), 0);
	assert_int_equal(READ(most, &all_ways, &forms, &progress), 0);
	assert_int_equal(progress, 1);
	assert_int_equal(READ(pieces, &all_ways, &forms, &progress), 0);
	assert_int_equal(progress, 3);
	assert_int_equal(READ(wrong_le, &all_ways, &forms, &progress), 0);
	assert_int_equal(progress, 2);
	expect_forms(&forms, false, false, false);
	file_make(4000);
	assert_int_equal(READ(long_rest, &all_ways, &forms, &progress), 0);
	expect_forms(&forms, false, false, false);
}

static void
test_read_short(void **state)
{
	static const struct step one[] = { { READ_256, "@0+95 9000" } };
	static const struct step full[] = { { READ_256, "@0+256 9000" } };
	static const struct step one_more[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 01", "@256+1 9000" },
	};
	static const struct step two_and_half[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 00", "@256+256 9000" },
		{ "00B00200 58", "@512+88 6282" },
	};
	static const struct step small[] = {
		{ READ_224, "@0+224 9000" },
		{ "00B000E0 E0", "@224+224 9000" },
		{ "00B001C0 98", "@448+152 9000" },
	};
	static const struct step by_select[] = {
		{ SELECT_EF2, "9000" },
		{ "00B00000 00", "@0+256 9000" },
		{ "00B00100 00", "@256+256 9000" },
		{ "00B00200 58", "@512+88 9000" },
	};
	/* More than was asked for is not taken. */
	static const struct step too_much[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 01", "@256+200 9000" },
	};
	/* Even the header in pieces. */
	static const struct step drips[] = {
		{ READ_256, "@0+1 9000" },
		{ "00B00001 00", "@1+3 9000" },
		{ "00B00004 00", "@4+1 9000" },
		{ "00B00005 5A", "@5+90 9000" },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(95);
	assert_int_equal(READ(one, &short_only, &forms, &progress), 0);
	assert_int_equal(READ(drips, &short_only, &forms, &progress), 0);
	assert_int_equal(progress, 2);
	file_make(256);
	assert_int_equal(READ(full, &short_only, &forms, &progress), 0);
	file_make(257);
	assert_int_equal(READ(one_more, &short_only, &forms, &progress), 0);
	assert_int_equal(READ(too_much, &short_only, &forms, &progress), 0);
	file_make(600);
	assert_int_equal(READ(two_and_half, &short_only, &forms, &progress), 0);
	assert_int_equal(progress, 3);
	expect_forms(&forms, false, true, false);
	assert_int_equal(READ(small, &small_only, &forms, &progress), 0);
	expect_forms(&forms, false, true, true);
	assert_int_equal(READ(by_select, &oldest, &forms, &progress), 0);
	expect_forms(&forms, true, true, false);
}

/* 61xx and 6Cxx on the last block, as a contact reader over T=0 has them. */
static void
test_read_t0(void **state)
{
	static const struct step steps[] = {
		{ READ_256, "6100" },
		{ "00C00000 00", "@0+256 9000" },
		{ "00B00100 2C", "6C20" },
		{ "00B00100 20", "@256+32 9000" },
		{ "00B00120 0C", "610C" },
		{ "00C00000 0C", "@288+12 9000" },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	assert_int_equal(READ(steps, &short_only, &forms, &progress), 0);
	assert_int_equal(progress, 3);
}

/* ---- refusals --------------------------------------------------------- */

static void
test_extended_refused(void **state)
{
	static const char *const refusals[] = { "6700", "6D00", "6E00", "6F00",
		"6A81", "6883", "6985" };

	(void)state;
	file_make(300);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct step steps[] = {
			{ READ_EXT, refusals[i] },
			{ READ_256, "@0+256 9000" },
			{ "00B00100 2C", "@256+44 9000" },
		};
		struct kenmen_forms forms;
		unsigned progress;

		assert_int_equal(READ(steps, &all_ways, &forms, &progress), 0);
		expect_forms(&forms, false, true, false);
	}
}

static void
test_sfi_refused(void **state)
{
	static const char *const refusals[] = { "6A86", "6A82", "6B00" };
	static const char *const lengths[] = { "6A86", "6A82", "6B00", "6700",
		"6D00" };
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct step steps[] = {
			{ READ_EXT, refusals[i] },
			{ SELECT_EF2, "9000" },
			{ "00B00000 000000", "@0+300 9000" },
		};

		assert_int_equal(READ(steps, &all_ways, &forms, &progress), 0);
		expect_forms(&forms, true, false, false);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct step steps[] = {
			{ READ_256, lengths[i] },
			{ SELECT_EF2, "9000" },
			{ "00B00000 00", "@0+256 9000" },
			{ "00B00100 2C", "@256+44 9000" },
		};

		assert_int_equal(
		    READ(steps, &short_only, &forms, &progress), 0);
		expect_forms(&forms, true, true, false);
	}
}

static void
test_both_refused(void **state)
{
	static const struct step sfi_first[] = {
		{ READ_EXT, "6A86" },
		{ SELECT_EF2, "9000" },
		{ "00B00000 000000", "6700" },
		{ "00B00000 00", "@0+256 9000" },
		{ "00B00100 2C", "@256+44 9000" },
	};
	static const struct step extended_first[] = {
		{ READ_EXT, "6700" },
		{ READ_256, "6A86" },
		{ SELECT_EF2, "9000" },
		{ "00B00000 00", "@0+256 9000" },
		{ "00B00100 2C", "@256+44 9000" },
	};
	static const struct step nothing_left[] = {
		{ READ_EXT, "6700" },
		{ READ_256, "6700" },
		{ SELECT_EF2, "9000" },
		{ "00B00000 00", "6700" },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	assert_int_equal(READ(sfi_first, &all_ways, &forms, &progress), 0);
	expect_forms(&forms, true, true, false);
	assert_int_equal(READ(extended_first, &all_ways, &forms, &progress), 0);
	expect_forms(&forms, true, true, false);
	assert_int_equal(
	    READ(nothing_left, &all_ways, &forms, &progress), KENMEN_ERR_CARD);
	assert_false(forms.no_sfi);
}

static void
test_read_verdicts(void **state)
{
	static const struct step locked[] = { { READ_EXT, "6982" } };
	static const struct step locked_later[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 2C", "6982" },
	};
	static const struct step absent[] = {
		{ READ_EXT, "6A82" },
		{ SELECT_EF2, "6A82" },
	};
	static const struct step locked_ef[] = {
		{ SELECT_EF2, "6982" },
	};
	static const struct step odd[] = { { READ_256, "6581" } };
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	assert_int_equal(READ(locked, &all_ways, &forms, &progress),
	    KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(progress, 0);
	assert_int_equal(READ(locked_later, &short_only, &forms, &progress),
	    KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(
	    READ(absent, &all_ways, &forms, &progress), KENMEN_ERR_NOT_FOUND);
	expect_forms(&forms, false, false, false);
	assert_int_equal(READ(locked_ef, &oldest, &forms, &progress),
	    KENMEN_ERR_PIN_REQUIRED);
	assert_int_equal(
	    READ(odd, &short_only, &forms, &progress), KENMEN_ERR_CARD);
}

static void
test_read_nonsense(void **state)
{
	static const struct step empty[] = { { READ_EXT, "9000" } };
	static const struct step empty_end[] = { { READ_EXT, "6282" } };
	static const struct step ends_early[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 2C", "9000" },
	};
	static const struct step past_end[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 2C", "6B00" },
	};
	static const struct step blank[] = { { READ_EXT,
	    "FFFFFFFFFFFFFFFF 9000" } };
	static const struct step indefinite[] = { { READ_EXT,
	    "FF2080DF2100 9000" } };
	static const struct step other_file[] = { { READ_EXT,
	    "FF1003414243 9000" } };
	/* One byte beyond the reach of READ BINARY, and far beyond. */
	static const struct step claims_32768[] = { { READ_EXT,
	    "FF20827FFB @5+295 9000" } };
	static const struct step claims_16m[] = { { READ_EXT,
	    "FF2083FFFFFF @6+294 9000" } };
	struct kenmen_forms forms;
	unsigned progress;
	const int data = KENMEN_ERR_DATA;

	(void)state;
	file_make(300);
	assert_int_equal(READ(empty, NULL, &forms, &progress), data);
	assert_int_equal(READ(empty_end, NULL, &forms, &progress), data);
	assert_int_equal(
	    READ(ends_early, &short_only, &forms, &progress), data);
	assert_int_equal(READ(past_end, &short_only, &forms, &progress), data);
	assert_int_equal(READ(blank, NULL, &forms, &progress), data);
	assert_int_equal(READ(indefinite, NULL, &forms, &progress), data);
	assert_int_equal(READ(other_file, NULL, &forms, &progress), data);
	assert_int_equal(READ(claims_32768, NULL, &forms, &progress), data);
	assert_int_equal(progress, 0);
	assert_int_equal(READ(claims_16m, NULL, &forms, &progress), data);
}

/* The longest file there may be; its text is too long, so it is DATA, but
 * only after all of it was read with offsets up to 7FFF. */
static void
test_read_longest(void **state)
{
	static char cmd[130][24], rsp[130][24];
	static struct step steps[130];
	struct kenmen_forms forms;
	unsigned progress;
	size_t n = 0;

	(void)state;
	memset(file, 0xFF, sizeof(file));
	memcpy(file, "\xFF\x20\x82\x7F\xFA", 5);
	for (size_t off = 0; off < 32767; off += 256, n++) {
		size_t len = off + 256 > 32767 ? 32767 - off : 256;

		snprintf(cmd[n], sizeof(cmd[n]), "00B0%04zX%02zX",
		    off == 0 ? 0x8200 : off, len & 0xFF);
		snprintf(rsp[n], sizeof(rsp[n]), "@%zu+%zu 9000", off, len);
		steps[n] = (struct step){ cmd[n], rsp[n], 0, false };
	}
	assert_int_equal(n, 128);
	assert_int_equal(read_run(steps, n, &short_only, &forms, &progress),
	    KENMEN_ERR_DATA);
	assert_int_equal(progress, 128);
}

/* ---- a reader that chokes --------------------------------------------- */

#define CHOKES NULL, KENMEN_ERR_TRANSMIT
#define PULLED NULL, KENMEN_ERR_TRANSMIT, true

static void
test_reader_chokes(void **state)
{
	static const struct step extended[] = {
		{ READ_EXT, CHOKES },
		{ READ_256, "@0+256 9000" },
		{ "00B00100 2C", "@256+44 9000" },
	};
	static const struct step both[] = {
		{ READ_EXT, CHOKES },
		{ READ_256, CHOKES },
		{ READ_224, "@0+224 9000" },
		{ "00B000E0 4C", "@224+76 9000" },
	};
	static const struct step later[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 00", CHOKES },
		{ "00B00100 E0", "@256+224 9000" },
		{ "00B001E0 78", "@480+120 9000" },
	};
	static const struct step for_good[] = {
		{ READ_EXT, CHOKES },
		{ READ_256, CHOKES },
		{ READ_224, CHOKES },
	};
	static const struct step rest[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 2C", CHOKES },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(300);
	assert_int_equal(READ(extended, &all_ways, &forms, &progress), 0);
	expect_forms(&forms, false, true, false);
	assert_int_equal(READ(both, &all_ways, &forms, &progress), 0);
	expect_forms(&forms, false, true, true);
	assert_int_equal(
	    READ(for_good, &all_ways, &forms, &progress), KENMEN_ERR_TRANSMIT);
	assert_int_equal(
	    READ(rest, &short_only, &forms, &progress), KENMEN_ERR_TRANSMIT);
	expect_forms(&forms, false, true, false);
	file_make(600);
	assert_int_equal(READ(later, &short_only, &forms, &progress), 0);
	expect_forms(&forms, false, true, true);
}

/* It choked and cut the power, or the card is another one: no PIN, no
 * application. What was learnt of the reader stays. */
static void
test_power_lost(void **state)
{
	static const char *const says[] = { "6982", "6986", "6985", "6E00" };
	static const struct step no_file[] = {
		{ READ_EXT, CHOKES },
		{ READ_256, "6A82" },
		{ SELECT_EF2, "6A82" },
	};
	static const struct step no_current[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 00", CHOKES },
		{ "00B00100 E0", "6986" },
	};
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(600);
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		const struct step steps[] = {
			{ READ_EXT, CHOKES },
			{ READ_256, says[i] },
		};

		assert_int_equal(READ(steps, &all_ways, &forms, &progress),
		    KENMEN_ERR_CARD_REMOVED);
		expect_forms(&forms, false, true, false);
	}
	assert_int_equal(READ(no_file, &all_ways, &forms, &progress),
	    KENMEN_ERR_CARD_REMOVED);
	expect_forms(&forms, false, true, false);
	assert_int_equal(READ(no_current, &short_only, &forms, &progress),
	    KENMEN_ERR_CARD_REMOVED);
}

/* Pulled: no second command, and nothing is learnt of the reader. */
static void
test_pulled_while_reading(void **state)
{
	static const struct step first[] = { { READ_EXT, PULLED } };
	static const struct step second[] = {
		{ READ_256, "@0+256 9000" },
		{ "00B00100 00", PULLED },
	};
	static const struct step at_select[] = { { SELECT_EF2, PULLED } };
	static const struct step retried[] = {
		{ READ_EXT, CHOKES },
		{ READ_256, PULLED },
	};
	static const struct step reset[] = { { READ_EXT, NULL,
	    KENMEN_ERR_CARD_RESET } };
	struct kenmen_forms forms;
	unsigned progress;

	(void)state;
	file_make(600);
	assert_int_equal(
	    READ(first, &all_ways, &forms, &progress), KENMEN_ERR_CARD_REMOVED);
	expect_forms(&forms, false, false, false);
	assert_int_equal(READ(second, &short_only, &forms, &progress),
	    KENMEN_ERR_CARD_REMOVED);
	expect_forms(&forms, false, true, false);
	assert_int_equal(READ(at_select, &oldest, &forms, &progress),
	    KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(READ(retried, &all_ways, &forms, &progress),
	    KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(
	    READ(reset, &all_ways, &forms, &progress), KENMEN_ERR_CARD_RESET);
}

/* ---- the errand: 2 exchanges, the prompt, 5 exchanges ----------------- */

static int
verify(struct kenmen_card *card)
{
	struct kenmen_secret *secret = script_secret("1234", 4);
	int r = kenmen_pin_verify(card, KENMEN_PIN_ATTRIBUTES, secret, NULL);

	kenmen_secret_free(&secret);
	return r;
}

/* As kenmen-read does it; the first thing that fails is the verdict. */
static int
errand(struct kenmen_card *card, struct kenmen_attributes *ret)
{
	int r, ended;

	if ((r = kenmen_card_begin(card)) < 0)
		return r;
	r = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES);
	ended = kenmen_card_end(card);
	if (r < 0 || ended < 0)
		return r < 0 ? r : ended;
	if ((r = kenmen_card_begin(card)) < 0)
		return r;
	if ((r = kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES)) < 0 ||
	    (r = verify(card)) < 0 ||
	    (r = script_attributes(card, NULL, NULL, ret)) < 0)
		goto out;
	r = kenmen_card_leave(card);
out:
	ended = kenmen_card_end(card);
	return r < 0 ? r : ended;
}

static const struct step errand_steps[] = {
	TEXT_OK,
	TRIES_OK,
	TEXT_OK,
	TRIES_OK,
	PIN_OK,
	{ READ_EXT, "@0+300 9000" },
	{ SELECT_ISD, "9000" },
};
#define ERRAND_N (sizeof(errand_steps) / sizeof(errand_steps[0]))

static struct kenmen_card *
connected(struct script *s)
{
	struct kenmen_reader reader = script_reader(s);
	struct kenmen_card *card = NULL;

	assert_int_equal(kenmen_card_new(&reader, NULL, &card), 0);
	assert_int_equal(kenmen_card_connect(card), 0);
	return card;
}

static void
test_errand(void **state)
{
	struct script s = SCRIPT(errand_steps);
	struct kenmen_card *card = connected(&s);
	struct kenmen_attributes a;

	(void)state;
	file_make(300);
	s.file = file;
	assert_int_equal(ERRAND_N, 7);
	assert_int_equal(errand(card, &a), 0);
	assert_int_equal(s.verifies, 1);
	assert_int_equal(s.begins, 2);
	assert_int_equal(s.ends, 2);
	assert_int_equal(s.resets, 0); /* it left by itself */
	script_done(&s, &card);
}

/* Pulled, reset, or pcscd gone at each exchange in turn: the error comes up
 * as it is, no further command, no second VERIFY. */
static void
test_errand_interrupted(void **state)
{
	static const struct step ways[] = {
		{ NULL, NULL, KENMEN_ERR_TRANSMIT, true },
		{ NULL, NULL, KENMEN_ERR_CARD_REMOVED, true },
		{ NULL, NULL, KENMEN_ERR_CARD_RESET, false },
		{ NULL, NULL, KENMEN_ERR_PCSC_UNAVAILABLE, true },
		{ NULL, "", 0, true },
	};

	(void)state;
	file_make(300);
	for (size_t at = 0; at < ERRAND_N; at++) {
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
			struct step steps[ERRAND_N];
			struct script s = {
				.steps = steps, .n = at + 1, .file = file
			};
			struct kenmen_card *card = connected(&s);
			struct kenmen_attributes a;
			int want = ways[w].err;

			if (want == KENMEN_ERR_TRANSMIT || want == 0)
				want = KENMEN_ERR_CARD_REMOVED;
			memcpy(steps, errand_steps, sizeof(steps));
			steps[at] = ways[w];
			steps[at].cmd = errand_steps[at].cmd;
			assert_int_equal(errand(card, &a), want);
			assert_int_equal(s.verifies, at >= 4);
			/* From VERIFY on the card may hold a PIN. */
			assert_int_equal(s.resets, at >= 4);
			script_done(&s, &card);
		}
	}
}

/* The reader fails though the card is there: only READ has another way. */
static void
test_errand_transmit(void **state)
{
	(void)state;
	file_make(300);
	for (size_t at = 0; at < ERRAND_N; at++) {
		struct step steps[ERRAND_N];
		struct script s = { .steps = steps, .n = at + 1, .file = file };
		struct kenmen_card *card = connected(&s);
		struct kenmen_attributes a;

		if (strcmp(errand_steps[at].cmd, READ_EXT) == 0) {
			kenmen_card_free(&card);
			continue; /* test_reader_chokes */
		}
		memcpy(steps, errand_steps, sizeof(steps));
		steps[at].rsp = NULL;
		steps[at].err = KENMEN_ERR_TRANSMIT;
		assert_int_equal(errand(card, &a), KENMEN_ERR_TRANSMIT);
		assert_int_equal(s.verifies, at >= 4);
		/* Nobody knows what card that is now. */
		assert_int_equal(kenmen_card_still_there(card), 0);
		assert_int_equal(errand(card, &a), KENMEN_ERR_CARD_REMOVED);
		script_done(&s, &card);
	}
}

/* In the same transaction neither; connecting again is a new start. */
static void
test_doubt(void **state)
{
	static const struct step steps[] = { TEXT_OK,
		{ "00200091", NULL, KENMEN_ERR_TRANSMIT }, TEXT_OK, TRIES_OK };
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = script_card(&s, NULL);
	const enum kenmen_pin pin = KENMEN_PIN_ATTRIBUTES;

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, pin), KENMEN_ERR_TRANSMIT);
	assert_int_equal(kenmen_pin_tries(card, pin), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(kenmen_card_begin(card), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_still_there(card), 1);
	assert_int_equal(kenmen_card_begin(card), 0);
	assert_int_equal(kenmen_pin_tries(card, pin), 3);
	script_done(&s, &card);
}

/* A READ that went on after all was of the same card. */
static void
test_doubt_gone(void **state)
{
	static const struct step steps[] = {
		TEXT_OK,
		TRIES_OK,
		TEXT_OK,
		TRIES_OK,
		PIN_OK,
		{ READ_EXT, NULL, KENMEN_ERR_TRANSMIT },
		{ READ_256, "@0+95 9000" },
		{ SELECT_ISD, "9000" },
		TEXT_OK,
		TRIES_OK,
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = connected(&s);
	struct kenmen_attributes a;

	(void)state;
	file_make(95);
	s.file = file;
	assert_int_equal(errand(card, &a), 0);
	assert_int_equal(kenmen_card_still_there(card), 1);
	assert_int_equal(kenmen_card_begin(card), 0);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	script_done(&s, &card);
}

/* The forms learnt in the first half serve in the second. */
static void
test_errand_oldest(void **state)
{
	static const struct step steps[] = {
		TEXT_OK,
		{ "00200091", "6A86" },
		{ "00A4020C020011", "9000" },
		{ "00200080", "63C3" },
		TEXT_OK,
		{ "00A4020C020011", "9000" },
		{ "00200080", "63C3" },
		{ "00200080 04 31323334", "9000" },
		{ SELECT_EF2, "9000" },
		{ "00B00000 000000", "6700" },
		{ "00B00000 00", "@0+256 9000" },
		{ "00B00100 2C", "@256+44 9000" },
		{ SELECT_ISD, "9000" },
	};
	struct script s = SCRIPT(steps);
	struct kenmen_card *card = connected(&s);
	struct kenmen_attributes a;

	(void)state;
	file_make(300);
	s.file = file;
	assert_int_equal(errand(card, &a), 0);
	assert_int_equal(s.verifies, 1);
	script_done(&s, &card);
}

/* ---- select, leave, life ---------------------------------------------- */

static void
test_first_command_6f00(void **state)
{
	static const struct step once[] = { { SELECT_TEXT, "6F00" }, TEXT_OK,
		TRIES_OK };
	static const struct step twice[] = { { SELECT_TEXT, "6F00" },
		{ SELECT_TEXT, "6F00" } };
	static const struct step later[] = { TEXT_OK, TRIES_OK,
		{ SELECT_JPKI, "6F00" } };
	/* another program reset it between two transactions */
	static const struct step again[] = { TEXT_OK, TRIES_OK,
		{ SELECT_TEXT, "6F00" }, TEXT_OK, TRIES_OK };
	struct script s = SCRIPT(once);
	struct kenmen_card *card = script_card(&s, NULL);

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	script_done(&s, &card);
	s = SCRIPT(twice);
	card = script_card(&s, NULL);
	assert_int_equal(
	    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), KENMEN_ERR_CARD);
	script_done(&s, &card);
	s = SCRIPT(later);
	card = script_card(&s, NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(
	    kenmen_pin_tries(card, KENMEN_PIN_AUTH), KENMEN_ERR_CARD);
	script_done(&s, &card);
	s = SCRIPT(again);
	card = script_card(&s, NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(kenmen_card_begin(card), 0);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	script_done(&s, &card);
}

static void
test_foreign_cards(void **state)
{
	static const char *const foreign[] = { "6A82", "6A81", "6A86", "6A87",
		"6D00", "6E00", "6999", "6700", "6881" };
	static const char *const odd[] = { "6F00", "6581", "6985", "6300",
		"6283", "AABB 6400" };

	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct step steps[] = { TEXT_OK, TRIES_OK,
			{ SELECT_JPKI, foreign[i] } };
		struct script s = SCRIPT(steps);
		struct kenmen_card *card = script_card(&s, NULL);

		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
		assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_AUTH),
		    KENMEN_ERR_NOT_MY_NUMBER_CARD);
		script_done(&s, &card);
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct step steps[] = { TEXT_OK, TRIES_OK,
			{ SELECT_JPKI, odd[i] }, TEXT_OK, TRIES_OK };
		struct script s = SCRIPT(steps);
		struct kenmen_card *card = script_card(&s, NULL);

		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_AUTH), KENMEN_ERR_CARD);
		/* Which application is current is not known any more. */
		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
		script_done(&s, &card);
	}
}

static void
test_leave(void **state)
{
	static const char *const refusals[] = { "6A82", "6A86", "6F00" };

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct step steps[] = { TEXT_OK, TRIES_OK, PIN_OK,
			{ SELECT_ISD, refusals[i] }, TEXT_OK, TRIES_OK };
		struct script s = SCRIPT(steps);
		struct kenmen_card *card = script_card(&s, NULL);

		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
		assert_int_equal(verify(card), 0);
		assert_int_equal(kenmen_card_leave(card), KENMEN_ERR_CARD);
		assert_int_equal(kenmen_card_end(card), 0);
		assert_int_equal(s.resets, 1);
		/* Said once; the next transaction is clean. */
		assert_int_equal(kenmen_card_begin(card), 0);
		assert_int_equal(
		    kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
		assert_int_equal(kenmen_card_end(card), 0);
		assert_int_equal(s.resets, 1);
		script_done(&s, &card);
	}
}

static void
test_life(void **state)
{
	static const struct step none[] = { { "", "" } };
	struct script s = { .steps = none, .n = 0 };
	struct kenmen_reader reader = script_reader(&s);
	struct kenmen_reader no_ops = { NULL, NULL };
	struct kenmen_card *card = NULL;

	(void)state;
	/* A reader that was handed over is closed, whatever happens. */
	assert_int_equal(
	    kenmen_card_new(&reader, NULL, NULL), KENMEN_ERR_ARGUMENT);
	assert_int_equal(s.closes, 1);
	assert_int_equal(
	    kenmen_card_new(NULL, NULL, &card), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_card_new(&no_ops, NULL, &card), KENMEN_ERR_ARGUMENT);
	assert_null(card);
	assert_int_equal(kenmen_card_new(&reader, NULL, &card), 0);
	/* Out of order. */
	assert_int_equal(kenmen_card_begin(card), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_end(card), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_leave(card), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_still_there(card), KENMEN_ERR_ARGUMENT);
	/* The reader's errors. */
	s.connect_err = KENMEN_ERR_NO_CARD;
	assert_int_equal(kenmen_card_connect(card), KENMEN_ERR_NO_CARD);
	assert_int_equal(kenmen_card_begin(card), KENMEN_ERR_ARGUMENT);
	s.connect_err = 0;
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_still_there(card), 1);
	s.gone = true;
	assert_int_equal(kenmen_card_still_there(card), 0);
	s.begin_err = KENMEN_ERR_CARD_REMOVED;
	assert_int_equal(kenmen_card_begin(card), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(kenmen_card_end(card), KENMEN_ERR_ARGUMENT);
	s.begin_err = 0;
	assert_int_equal(kenmen_card_begin(card), 0);
	assert_int_equal(kenmen_card_begin(card), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_card_connect(card), KENMEN_ERR_ARGUMENT);
	s.end_err = KENMEN_ERR_CARD_REMOVED;
	assert_int_equal(kenmen_card_end(card), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(kenmen_card_end(card), KENMEN_ERR_ARGUMENT);
	kenmen_card_free(&card);
	assert_int_equal(s.closes, 2);
	assert_int_equal(s.resets, 0);
	kenmen_card_free(&card);
	kenmen_card_free(NULL);
	assert_int_equal(s.closes, 2);
}

/* ---- card_info -------------------------------------------------------- */

/* JPKIAPICCTOKEN2 */
#define LABEL_2                                                                \
	"4A504B49415049434354 4F4B454E32 20 20202020202020202020202020202020"
#define TOKEN                                                                  \
	{                                                                      \
		"00B08600 20", LABEL_2 " 9000"                                 \
	}

struct info {
	int tries[KENMEN_PIN_N];
	int certificates[KENMEN_CERT_N]; /* auth, sign, auth CA, sign CA */
	bool no_jpki;
};

static void
info_run(const struct step *steps, size_t n, const struct kenmen_forms *known,
    int want, const struct info *info)
{
	struct script s = { .steps = steps, .n = n };
	struct kenmen_card *card = script_card(&s, known);
	struct kenmen_card_info got, before;
	int r;

	memset(&got, 0x77, sizeof(got));
	before = got;
	r = kenmen_card_info_read(card, &got);
	assert_int_equal(r, want);
	if (r < 0)
		assert_memory_equal(&got, &before, sizeof(got));
	if (r == 0)
		assert_int_equal(got.token, info->no_jpki
						? KENMEN_TOKEN_UNKNOWN
						: KENMEN_TOKEN_MY_NUMBER_CARD);
	for (int i = 0; r == 0 && i < KENMEN_PIN_N; i++)
		assert_int_equal(got.tries[i], info->tries[i]);
	for (int i = 0; r == 0 && i < KENMEN_CERT_N; i++)
		assert_int_equal(got.certificates[i], info->certificates[i]);
	assert_int_equal(kenmen_card_end(card), 0);
	assert_int_equal(s.resets, 0);
	assert_int_equal(s.verifies, 0);
	script_done(&s, &card);
}

#define INFO(steps, known, want, info)                                         \
	info_run(steps, sizeof(steps) / sizeof((steps)[0]), known, want, info)

static void
test_info(void **state)
{
	static const struct step steps[] = {
		TEXT_OK,
		{ "00200091", "63C3" },
		{ SELECT_JPKI, "9000" },
		TOKEN,
		{ "00200098", "63C1" },
		{ "0020009B", "63C0" },
		{ "00B08A00 04", "3082062B 9000" },
		{ "00B08B00 04", "3082062B 6282" },
		{ "00B08200 04", "3082062B 9000" },
		{ "00B08100 04", "6982" },
		{ SELECT_VISUAL, "9000" },
		{ "00200092", "63CA" },
		{ "00200093", "6984" },
	};
	static const struct info info = { { 1, 0, 3, 10, 0 }, { 1, -1, 1, 1 },
		false };

	(void)state;
	INFO(steps, NULL, 0, &info);
}

static void
test_info_by_select(void **state)
{
	static const struct step steps[] = {
		TEXT_OK,
		{ "00A4020C020011", "9000" },
		{ "00200080", "63C3" },
		{ SELECT_JPKI, "9000" },
		{ "00A4020C020006", "9000" },
		{ "00B00000 20", LABEL_2 " 9000" },
		{ "00A4020C020018", "9000" },
		{ "00200080", "63C3" },
		{ "00A4020C02001B", "9000" },
		{ "00200080", "63C5" },
		{ "00A4020C02000A", "6A82" },
		{ "00A4020C02000B", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020002", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020001", "9000" },
		{ "00B00000 04", "6982" },
		{ SELECT_VISUAL, "9000" },
		{ "00A4020C020012", "9000" },
		{ "00200080", "63CA" },
		{ "00A4020C020013", "9000" },
		{ "00200080", "63CA" },
	};
	static const struct info info = { { 3, 5, 3, 10, 10 }, { 0, -1, 1, 1 },
		false };

	(void)state;
	INFO(steps, &oldest, 0, &info);
}

/* Certificates not issued: absent, empty or full of filler; and statuses that
 * say neither. */
static void
test_info_certificates(void **state)
{
	static const struct step steps[] = {
		TEXT_OK,
		TRIES_OK,
		{ SELECT_JPKI, "9000" },
		TOKEN,
		{ "00200098", "63C3" },
		{ "0020009B", "63C5" },
		{ "00B08A00 04", "6A82" },
		{ "00B08B00 04", "FFFFFFFF 9000" },
		{ "00B08200 04", "6282" },
		{ "00B08100 04", "6A82" },
		/* Neither CA was there: perhaps it is the short ids. */
		{ "00A4020C02000A", "6A82" },
		{ "00A4020C02000B", "9000" },
		{ "00B00000 04", "FFFFFFFF 9000" },
		{ "00A4020C020002", "9000" },
		{ "00B00000 04", "6B00" },
		{ "00A4020C020001", "6985" },
		{ SELECT_VISUAL, "6A82" },
	};
	static const struct info info = { { 3, 5, 3, -1, -1 }, { 0, -1, 0, 0 },
		false };

	(void)state;
	INFO(steps, NULL, 0, &info);
}

/* VERIFY takes short ids, READ BINARY does not. */
static void
test_info_read_refuses_sfi(void **state)
{
	static const struct step clearly[] = {
		TEXT_OK,
		TRIES_OK,
		{ SELECT_JPKI, "9000" },
		TOKEN,
		{ "00200098", "63C3" },
		{ "0020009B", "63C5" },
		{ "00B08A00 04", "6A86" },
		{ "00A4020C02000A", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C02000B", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020002", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020001", "9000" },
		{ "00B00000 04", "6982" },
		{ SELECT_VISUAL, "6A82" },
	};
	static const struct step as_absent[] = {
		TEXT_OK,
		TRIES_OK,
		{ SELECT_JPKI, "9000" },
		TOKEN,
		{ "00200098", "63C3" },
		{ "0020009B", "63C5" },
		{ "00B08A00 04", "6A82" },
		{ "00B08B00 04", "6A82" },
		{ "00B08200 04", "6A82" },
		{ "00B08100 04", "6A82" },
		{ "00A4020C02000A", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C02000B", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020002", "9000" },
		{ "00B00000 04", "3082062B 9000" },
		{ "00A4020C020001", "9000" },
		{ "00B00000 04", "6982" },
		{ SELECT_VISUAL, "6A82" },
	};
	static const struct info info = { { 3, 5, 3, -1, -1 }, { 1, -1, 1, 1 },
		false };

	(void)state;
	INFO(clearly, NULL, 0, &info);
	INFO(as_absent, NULL, 0, &info);
}

static void
test_info_missing(void **state)
{
	static const struct step no_text[] = { { SELECT_TEXT, "6A82" } };
	static const struct step no_jpki[] = {
		TEXT_OK, TRIES_OK, { SELECT_JPKI, "6A82" },
		{ SELECT_VISUAL, "9000" },
		{ "00200092", "6A82" }, /* the key is not there either way */
		{ "00A4020C020012", "6A82" },
		{ "00200093", "6300" }, /* a key without a counter */
	};
	static const struct step odd_counter[] = { TEXT_OK,
		{ "00200091", "9000" } };
	static const struct step pulled[] = {
		TEXT_OK,
		TRIES_OK,
		{ SELECT_JPKI, "9000" },
		TOKEN,
		{ "00200098", "63C3" },
		{ "0020009B", "63C5" },
		{ "00B08A00 04", NULL, KENMEN_ERR_TRANSMIT, true },
	};
	static const struct info info = { { -1, -1, 3, -1, -1 },
		{ -1, -1, -1, -1 }, true };

	(void)state;
	INFO(no_text, NULL, KENMEN_ERR_NOT_MY_NUMBER_CARD, NULL);
	INFO(no_jpki, NULL, 0, &info);
	INFO(odd_counter, NULL, KENMEN_ERR_CARD, NULL);
	INFO(pulled, NULL, KENMEN_ERR_CARD_REMOVED, NULL);
}

/* ---- what it is --------------------------------------------------------- */

static enum kenmen_token
token_run(const char *rsp, int want)
{
	const struct step steps[] = { { SELECT_JPKI, "9000" },
		{ "00B08600 20", rsp, KENMEN_ERR_TRANSMIT } };
	struct script s = { .steps = steps, .n = 2 };
	struct kenmen_card *card = script_card(&s, &short_only);
	enum kenmen_token token = KENMEN_TOKEN_N;

	assert_int_equal(kenmen_token_read(card, &token), want);
	script_done(&s, &card);
	return token;
}

#define PAD_15 "202020202020202020202020202020"
#define JPKIAP "4A504B494150"

static void
test_token(void **state)
{
	static const struct {
		const char *label;
		enum kenmen_token token;
	} labels[] = {
		{ LABEL_2, KENMEN_TOKEN_MY_NUMBER_CARD },
		/* JPKIAPGPSETOKEN, JPKIAPIOSTOKEN, JPKIAPICCTOKEN */
		{ JPKIAP "475053 45544F4B454E 2020" PAD_15,
		    KENMEN_TOKEN_ANDROID },
		{ JPKIAP "494F53 544F4B454E 202020" PAD_15,
		    KENMEN_TOKEN_IPHONE },
		{ JPKIAP "494343 544F4B454E 202020" PAD_15,
		    KENMEN_TOKEN_JUKI_CARD },
		/* short, and padded otherwise */
		{ JPKIAP "494343 544F4B454E", KENMEN_TOKEN_JUKI_CARD },
		{ JPKIAP "494343 544F4B454E 32 000000",
		    KENMEN_TOKEN_MY_NUMBER_CARD },
		/* of no list: longer, shorter, filler, another's */
		{ JPKIAP "494343 544F4B454E 33 20", KENMEN_TOKEN_UNKNOWN },
		{ JPKIAP "494343 544F4B454E 3232", KENMEN_TOKEN_UNKNOWN },
		{ JPKIAP "494343 544F4B45", KENMEN_TOKEN_UNKNOWN },
		{ "20202020", KENMEN_TOKEN_UNKNOWN },
		{ "FFFFFFFFFFFFFFFF", KENMEN_TOKEN_UNKNOWN },
	};
	static const char *const silent[] = { "6982", "6985", "9000" };
	static const struct step absent[] = { { SELECT_JPKI, "6A82" } };
	struct script s = SCRIPT(absent);
	struct kenmen_card *card = script_card(&s, NULL);
	enum kenmen_token token = KENMEN_TOKEN_N;
	char rsp[128];

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		snprintf(rsp, sizeof(rsp), "%s 9000", labels[i].label);
		assert_int_equal(token_run(rsp, 0), labels[i].token);
	}
	/* It says nothing, which is no failure. */
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		assert_int_equal(token_run(silent[i], 0), KENMEN_TOKEN_UNKNOWN);
	assert_int_equal(token_run(NULL, KENMEN_ERR_TRANSMIT), KENMEN_TOKEN_N);
	assert_int_equal(kenmen_token_read(card, &token), KENMEN_ERR_NOT_FOUND);
	assert_int_equal(token, KENMEN_TOKEN_N);
	assert_int_equal(kenmen_token_read(NULL, &token), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_token_read(card, NULL), KENMEN_ERR_ARGUMENT);
	script_done(&s, &card);
}

static void
test_arguments(void **state)
{
	static const struct step none[] = { { "", "" } };
	struct script s = { .steps = none, .n = 0 };
	struct kenmen_card *card = connected(&s);
	struct kenmen_card_info info;
	struct kenmen_attributes a;
	const int argument = KENMEN_ERR_ARGUMENT;

	(void)state;
	/* Nothing outside a transaction. */
	assert_int_equal(kenmen_card_info_read(card, &info), argument);
	assert_int_equal(script_attributes(card, NULL, NULL, &a), argument);
	assert_int_equal(kenmen_card_info_read(card, NULL), argument);
	assert_int_equal(kenmen_card_info_read(NULL, &info), argument);
	kenmen_card_cost(card, NULL, NULL);
	script_done(&s, &card);
}

/* ---- against what is published ---------------------------------------- */

/* A case of exchanges.txt played to the library as a card would. */
struct play {
	const struct sim_vector *v;
	size_t at;
};

static int
play_connect(void *arg)
{
	(void)arg;
	return 0;
}

static int
play_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct play *p = arg;
	const struct sim_bytes *want, *answer;

	assert_true(p->at < p->v->steps_n);
	want = &p->v->steps[p->at].command;
	answer = &p->v->steps[p->at++].response;
	assert_int_equal(cmd_len, want->len);
	assert_memory_equal(cmd, want->b, cmd_len);
	memcpy(rsp, answer->b, answer->len);
	*rsp_len = answer->len;
	return 0;
}

static int
play_end(void *arg, bool reset)
{
	(void)arg;
	(void)reset;
	return 0;
}

static int
play_still_there(void *arg)
{
	(void)arg;
	return 1;
}

static void
play_close(void *arg)
{
	(void)arg;
}

static const struct kenmen_reader_ops play_ops = {
	.connect = play_connect,
	.begin = play_connect,
	.transmit = play_transmit,
	.end = play_end,
	.still_there = play_still_there,
	.close = play_close,
};

static struct kenmen_card *
play_card(struct play *p, const char *name, const struct kenmen_forms *known)
{
	static struct sim_vector *vectors;
	static int n;
	struct kenmen_reader reader = { &play_ops, p };
	struct kenmen_card *card = NULL;

	if (vectors == NULL)
		n = sim_vectors_load(SIM_VECTORS, &vectors);
	p->v = NULL;
	p->at = 0;
	for (int i = 0; i < n; i++) {
		if (strcmp(vectors[i].name, name) == 0)
			p->v = &vectors[i];
	}
	assert_non_null(p->v);
	assert_int_equal(kenmen_card_new(&reader, known, &card), 0);
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_begin(card), 0);
	return card;
}

static void
play_done(struct play *p, struct kenmen_card **card)
{
	assert_int_equal(p->at, p->v->steps_n);
	kenmen_card_free(card);
}

static void
test_published_attributes(void **state)
{
	struct play p;
	struct kenmen_card *card =
	    play_card(&p, "attributes-select-ef", &oldest);
	struct kenmen_attributes a;

	(void)state;
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES), 3);
	assert_int_equal(verify(card), 0);
	assert_int_equal(script_attributes(card, NULL, NULL, &a), 0);
	assert_string_equal(a.name, "見本　花子");
	assert_string_equal(a.address, "東京都千代田区見本町１－２－３");
	assert_string_equal(a.birth_date, "1990-04-01");
	assert_int_equal(a.sex, KENMEN_SEX_FEMALE);
	play_done(&p, &card);
}

static void
test_published_failures(void **state)
{
	struct play p;
	struct kenmen_card *card;
	struct kenmen_attributes a;

	(void)state;
	card = play_card(&p, "read-without-verify", &short_only);
	assert_int_equal(
	    script_attributes(card, NULL, NULL, &a), KENMEN_ERR_PIN_REQUIRED);
	play_done(&p, &card);
	card = play_card(&p, "not-a-my-number-card", NULL);
	assert_int_equal(kenmen_pin_tries(card, KENMEN_PIN_ATTRIBUTES),
	    KENMEN_ERR_NOT_MY_NUMBER_CARD);
	play_done(&p, &card);
}

/* ---- against the simulated card --------------------------------------- */

static struct simreader sim;

static int
sim_errand(struct simcard *inside, const struct sim_switches *switches,
    struct kenmen_attributes *ret, unsigned *ret_exchanges)
{
	struct kenmen_reader reader;
	struct kenmen_card *card = NULL;
	int r;

	simreader_start(&sim, inside, switches);
	reader = simreader_table(&sim);
	assert_int_equal(kenmen_card_new(&reader, NULL, &card), 0);
	r = kenmen_card_connect(card);
	if (r == 0)
		r = errand(card, ret);
	kenmen_card_cost(card, ret_exchanges, NULL);
	kenmen_card_free(&card);
	assert_int_equal(sim.closes, 1);
	assert_int_equal(sim.loose, 0);
	assert_false(simcard_verified(inside, SIM_PIN_ATTRIBUTES));
	return r;
}

/* Whatever the card is like, the data are the same. */
static void
test_sim_switches(void **state)
{
	static const struct {
		struct sim_switches switches;
		unsigned exchanges;
	} cases[] = {
		{ { 0 }, 7 },
		{ { .no_sfi = 0x6A86 }, 4 + 7 },
		{ { .no_sfi = 0x6A82 }, 4 + 7 },
		{ { .no_extended = 1 }, 7 + 1 },
		{ { .end_warning = 1 }, 7 },
		{ { .filler = 300 }, 7 },
		{ { .first_6f00 = 1 }, 7 + 1 },
		{ { .long_header = 1 }, 7 },
		{ { .odd_offsets = 1 }, 7 },
		{ { .reselect_drops_pin = 1 }, 7 },
		{ { .wrong_le = 1 }, 7 + 1 },
		{ { .get_response = 1 }, 7 + 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sim_person *person = sim_person_find("hanako");
		struct simcard *inside =
		    simcard_new(person, &cases[i].switches, NULL);
		struct kenmen_attributes a;
		unsigned exchanges;

		assert_int_equal(
		    sim_errand(inside, &cases[i].switches, &a, &exchanges), 0);
		assert_string_equal(a.name, person->name);
		assert_string_equal(a.address, person->address);
		if (cases[i].exchanges != exchanges)
			fail_msg("case %zu: %u exchanges", i, exchanges);
		assert_int_equal(simcard_tries(inside, SIM_PIN_ATTRIBUTES), 3);
		simcard_free(&inside);
	}
}

/* Pulled before or after each exchange: never more than one VERIFY counted,
 * and no PIN is left in the card. */
static void
test_sim_pulled(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 7; at++) {
		for (int lose = 0; lose < 2; lose++) {
			const struct sim_switches switches = {
				.remove_at = lose ? 0 : at,
				.lose_at = lose ? at : 0,
			};
			struct simcard *inside = simcard_new(
			    sim_person_find("hanako"), &switches, NULL);
			struct kenmen_attributes a;
			unsigned exchanges;

			assert_int_equal(
			    sim_errand(inside, &switches, &a, &exchanges),
			    KENMEN_ERR_CARD_REMOVED);
			assert_int_equal(exchanges, at);
			assert_int_equal(
			    simcard_tries(inside, SIM_PIN_ATTRIBUTES), 3);
			simcard_free(&inside);
		}
	}
}

struct swap {
	unsigned at;
	struct simcard *other;
};

static void
swap_at(struct simreader *reader, unsigned nth, void *arg)
{
	const struct swap *swap = arg;

	if (nth == swap->at)
		simreader_swap_unseen(reader, swap->other);
}

/* Another person's card, put in between two looks of pcscd: the PIN typed for
 * the first never reaches it, also when the errand is run again. */
static void
test_sim_swapped_unseen(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 7; at++) {
		struct simcard *ours =
		    simcard_new(sim_person_find("hanako"), NULL, NULL);
		struct swap swap = { at,
			simcard_new(sim_person_find("taro"), NULL, NULL) };
		struct kenmen_card *card = NULL;
		struct kenmen_attributes a;
		struct kenmen_reader reader;

		simreader_start(&sim, ours, NULL);
		sim.hook = swap_at;
		sim.hook_arg = &swap;
		reader = simreader_table(&sim);
		assert_int_equal(kenmen_card_new(&reader, NULL, &card), 0);
		assert_int_equal(kenmen_card_connect(card), 0);
		assert_true(errand(card, &a) < 0);
		assert_int_equal(errand(card, &a), KENMEN_ERR_CARD_REMOVED);
		kenmen_card_free(&card);
		assert_int_equal(
		    simcard_tries(swap.other, SIM_PIN_ATTRIBUTES), 3);
		assert_int_equal(simcard_tries(ours, SIM_PIN_ATTRIBUTES), 3);
		simcard_free(&ours);
		simcard_free(&swap.other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_extended),
		cmocka_unit_test(test_read_short),
		cmocka_unit_test(test_read_t0),
		cmocka_unit_test(test_extended_refused),
		cmocka_unit_test(test_sfi_refused),
		cmocka_unit_test(test_both_refused),
		cmocka_unit_test(test_read_verdicts),
		cmocka_unit_test(test_read_nonsense),
		cmocka_unit_test(test_read_longest),
		cmocka_unit_test(test_reader_chokes),
		cmocka_unit_test(test_power_lost),
		cmocka_unit_test(test_pulled_while_reading),
		cmocka_unit_test(test_errand),
		cmocka_unit_test(test_errand_interrupted),
		cmocka_unit_test(test_errand_transmit),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_doubt_gone),
		cmocka_unit_test(test_errand_oldest),
		cmocka_unit_test(test_first_command_6f00),
		cmocka_unit_test(test_foreign_cards),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_info_by_select),
		cmocka_unit_test(test_info_certificates),
		cmocka_unit_test(test_info_read_refuses_sfi),
		cmocka_unit_test(test_info_missing),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_published_attributes),
		cmocka_unit_test(test_published_failures),
		cmocka_unit_test(test_sim_switches),
		cmocka_unit_test(test_sim_pulled),
		cmocka_unit_test(test_sim_swapped_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
