/*
 * A reader that follows a script: it expects exactly these commands in this
 * order and answers as written. For tests of lib/; cmocka's headers first.
 */
#ifndef TEST_SCRIPT_H
#define TEST_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kenmen.h"

/* Most steps end well and leave err and gone out. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/*
 * One pair. cmd: hex, spaces allowed. rsp: hex, where @OFF+LEN stands for a
 * piece of the script's file (decimal), or NULL: transmit fails with err.
 * gone: the card is not there any more from here on.
 */
struct step {
	const char *cmd;
	const char *rsp;
	int err;
	bool gone;
};

struct script {
	const struct step *steps;
	size_t n;
	const uint8_t *file; /* what @ means */
	int begin_err, connect_err, end_err;
	/* The reader has one: a step "PAD " and the five bytes of the command,
	 * the least and most digits, the seconds; its answer is the SW. */
	bool keypad;

	size_t at;     /* steps taken */
	size_t unsent; /* of them, that never went to the card */
	size_t bytes;
	unsigned connects, begins, ends, resets, closes;
	unsigned verifies; /* VERIFY with data */
	bool open, gone;
};

static inline int
script_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	fail_msg("not hex: %c", c);
	return 0;
}

/* Returns the length; file may be NULL where no @ stands. */
static inline size_t
script_bytes(const char *text, const uint8_t *file, uint8_t *ret, size_t room)
{
	size_t n = 0;

	while (*text != '\0') {
		if (*text == ' ') {
			text++;
		} else if (*text == '@') {
			char *end;
			size_t off = strtoul(text + 1, &end, 10);
			size_t len = strtoul(end + 1, &end, 10);

			assert_non_null(file);
			assert_true(len <= room - n);
			memcpy(ret + n, file + off, len);
			n += len;
			text = end;
		} else {
			assert_true(n < room);
			ret[n++] = (uint8_t)(script_digit(text[0]) << 4 |
					     script_digit(text[1]));
			text += 2;
		}
	}
	return n;
}

static inline int
script_connect(void *arg)
{
	struct script *s = arg;

	s->connects++;
	return s->connect_err;
}

static inline int
script_begin(void *arg)
{
	struct script *s = arg;

	s->begins++;
	assert_false(s->open);
	s->open = s->begin_err == 0;
	return s->begin_err;
}

static inline int
script_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct script *s = arg;
	const struct step *step;
	uint8_t want[300];
	size_t want_len;

	assert_true(s->open);
	if (s->at >= s->n)
		fail_msg("a command past the script: %02X %02X %02X %02X",
		    cmd[0], cmd[1], cmd[2], cmd[3]);
	step = &s->steps[s->at++];
	if (cmd_len > 5 && cmd[1] == 0x20)
		s->verifies++;
	want_len = script_bytes(step->cmd, NULL, want, sizeof(want));
	if (cmd_len != want_len || memcmp(cmd, want, want_len) != 0)
		fail_msg("step %zu: wanted %s, got %02X %02X %02X %02X.. (%zu)",
		    s->at, step->cmd, cmd[0], cmd[1], cmd[2], cmd[3], cmd_len);
	assert_int_equal(*rsp_len, KENMEN_RESPONSE_MAX);
	s->bytes += cmd_len;
	s->gone = s->gone || step->gone;
	if (step->rsp == NULL)
		return step->err;
	*rsp_len = script_bytes(step->rsp, s->file, rsp, *rsp_len);
	s->bytes += *rsp_len;
	return 0;
}

static inline int
script_pinpad(
    void *arg, const struct kenmen_pinpad_verify *form, uint16_t *ret_sw)
{
	struct script *s = arg;
	const struct step *step;
	uint8_t want[8], sw[2] = { 0 };

	assert_true(s->open && s->at < s->n);
	step = &s->steps[s->at++];
	assert_memory_equal(step->cmd, "PAD ", 4);
	assert_int_equal(
	    script_bytes(step->cmd + 4, NULL, want, sizeof(want)), 8);
	assert_memory_equal(form->command, want, 5);
	assert_int_equal(form->min_len, want[5]);
	assert_int_equal(form->max_len, want[6]);
	assert_int_equal(form->timeout_s, want[7]);
	s->gone = s->gone || step->gone;
	if (step->rsp != NULL)
		script_bytes(step->rsp, NULL, sw, sizeof(sw));
	if (step->rsp != NULL && sw[0] == 0x64) {
		s->unsent++;
	} else {
		s->verifies++;
		s->bytes += step->rsp != NULL ? 7 : 5;
	}
	*ret_sw = (uint16_t)(sw[0] << 8 | sw[1]);
	return step->rsp != NULL ? 0 : step->err;
}

static inline int
script_end(void *arg, bool reset)
{
	struct script *s = arg;

	assert_true(s->open);
	s->open = false;
	s->ends++;
	s->resets += reset;
	return s->end_err;
}

static inline int
script_still_there(void *arg)
{
	struct script *s = arg;

	return !s->gone;
}

static inline void
script_close(void *arg)
{
	struct script *s = arg;

	s->closes++;
}

static inline struct kenmen_reader
script_reader(struct script *s)
{
	static const struct kenmen_reader_ops ops = {
		.connect = script_connect,
		.begin = script_begin,
		.transmit = script_transmit,
		.end = script_end,
		.still_there = script_still_there,
		.close = script_close,
	};
	static const struct kenmen_reader_ops keypad_ops = {
		.connect = script_connect,
		.begin = script_begin,
		.transmit = script_transmit,
		.verify_pinpad = script_pinpad,
		.end = script_end,
		.still_there = script_still_there,
		.close = script_close,
	};
	struct kenmen_reader reader = { s->keypad ? &keypad_ops : &ops, s };

	return reader;
}

/* A connected card in an open transaction. known may be NULL. */
static inline struct kenmen_card *
script_card(struct script *s, const struct kenmen_forms *known)
{
	struct kenmen_reader reader = script_reader(s);
	struct kenmen_card *card = NULL;

	assert_int_equal(kenmen_card_new(&reader, known, &card), 0);
	assert_int_equal(kenmen_card_connect(card), 0);
	assert_int_equal(kenmen_card_begin(card), 0);
	return card;
}

/* Every step was taken, and the card counted the same; frees it. */
static inline void
script_done(struct script *s, struct kenmen_card **card)
{
	unsigned exchanges;
	size_t bytes;

	kenmen_card_cost(*card, &exchanges, &bytes);
	assert_int_equal(s->at, s->n);
	assert_int_equal(exchanges, s->n - s->unsent);
	assert_int_equal(bytes, s->bytes);
	kenmen_card_free(card);
	assert_null(*card);
	assert_int_equal(s->closes, 1);
	assert_false(s->open);
}

/* The attributes and nothing else, unchecked. */
static inline int
script_attributes(struct kenmen_card *card,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_attributes *ret)
{
	static const struct kenmen_text_wish wish = { .attributes = true };
	struct kenmen_text text;
	int r = kenmen_text_read(card, &wish, progress, arg, &text);

	if (r == 0)
		*ret = text.attributes;
	return r;
}

static inline struct kenmen_secret *
script_secret(const void *bytes, size_t len)
{
	struct kenmen_secret *secret = NULL;

	assert_int_equal(kenmen_secret_new(&secret), 0);
	assert_true(len <= KENMEN_SECRET_MAX);
	memcpy(kenmen_secret_bytes(secret), bytes, len);
	assert_int_equal(kenmen_secret_set_len(secret, len), 0);
	return secret;
}

#define SCRIPT(steps_)                                                         \
	(struct script)                                                        \
	{                                                                      \
		.steps = (steps_), .n = sizeof(steps_) / sizeof((steps_)[0])   \
	}

#define SELECT_TEXT "00A4040C0A D3921000310001010408"
#define SELECT_JPKI "00A4040C0A D392F000260100000001"
#define SELECT_VISUAL "00A4040C0A D3921000310001010402"
#define SELECT_ISD "00A4040C07 A0000001510000"

#endif
