#include "simcard.h"

#include <stdlib.h>
#include <string.h>

#include "simfile.h"

/* ISO 7816-4 instructions. */
enum {
	INS_VERIFY = 0x20,
	INS_SELECT = 0xA4,
	INS_READ_BINARY = 0xB0,
	INS_GET_RESPONSE = 0xC0,
};

enum {
	SW_OK = 0x9000,
	SW_MORE = 0x6100,     /* 61xx: xx bytes by GET RESPONSE */
	SW_END = 0x6282,      /* end of file before Le bytes */
	SW_NO_LIMIT = 0x6300, /* wrong, and nobody counts */
	SW_TRIES = 0x63C0,    /* 63Cx: x tries left */
	SW_LENGTH = 0x6700,
	SW_CHANNEL = 0x6881,
	SW_NO_SM = 0x6882,
	SW_CHAINING = 0x6884,
	SW_NO_FILE_OF_KIND = 0x6981,
	SW_SECURITY_STATUS = 0x6982,
	SW_BLOCKED = 0x6984,
	SW_NO_CURRENT_EF = 0x6986,
	SW_SM_OBJECT = 0x69FC,
	SW_NOT_FOUND = 0x6A82,
	SW_P1_P2 = 0x6A86,
	SW_OFFSET = 0x6B00,
	SW_WRONG_LE = 0x6C00, /* 6Cxx: xx bytes are left */
	SW_INS = 0x6D00,
	SW_CLA = 0x6E00,
	SW_FAILURE = 0x6F00,
};

#define PIN_LEN_MAX 16 /* on the wire */
#define LE_MAX_SHORT 256
#define LE_MAX_EXTENDED 65536
#define SFI_MAX 0x1E
#define TRIES_MAX 15

#define BIT(pin) (1u << (pin))
#define FREE 0u

/* An elementary file: bytes behind keys, or (build NULL) a key. Its id is
 * 00 and the byte that is its short id too. */
struct ef {
	uint8_t id;
	unsigned access; /* any one of these verified opens it; FREE */
	unsigned strict; /* the same under auth-cert-pin */
	sim_file_build build;
	enum sim_pin pin;
};

struct app {
	uint8_t aid[16];
	size_t aid_len;
	const struct ef *efs;
	size_t efs_n;
};

/* clang-format off */
#define TEXT_PIN BIT(SIM_PIN_ATTRIBUTES)
#define TEXT_A   BIT(SIM_PIN_TEXT_A)
#define TEXT_B   BIT(SIM_PIN_TEXT_B)

static const struct ef text_efs[] = {
	{ .id = 0x01, .access = TEXT_PIN | TEXT_A, .build = sim_file_my_number },
	{ .id = 0x02, .access = TEXT_PIN | TEXT_B, .build = sim_file_attributes },
	{ .id = 0x03, .access = TEXT_PIN | TEXT_A | TEXT_B,
	  .build = sim_file_digests },
	{ .id = 0x05, .access = FREE, .build = sim_file_text_info },
	{ .id = 0x11, .pin = SIM_PIN_ATTRIBUTES },
	{ .id = 0x14, .pin = SIM_PIN_TEXT_A },
	{ .id = 0x15, .pin = SIM_PIN_TEXT_B },
};

/* 照合番号 A and B stand in another order here. */
static const struct ef visual_efs[] = {
	{ .id = 0x11, .pin = SIM_PIN_BIRTH },
	{ .id = 0x12, .pin = SIM_PIN_FACE_B },
	{ .id = 0x13, .pin = SIM_PIN_FACE_A },
};

static const struct ef jpki_efs[] = {
	{ .id = 0x01, .access = BIT(SIM_PIN_SIGN), .build = sim_file_sign_cert },
	{ .id = 0x02, .access = FREE, .build = sim_file_ca_cert },
	{ .id = 0x06, .access = FREE, .build = sim_file_token },
	{ .id = 0x08, .access = FREE, .build = sim_file_issued },
	{ .id = 0x0A, .access = FREE, .strict = BIT(SIM_PIN_AUTH),
	  .build = sim_file_auth_cert },
	{ .id = 0x0B, .access = FREE, .build = sim_file_ca_cert },
	{ .id = 0x18, .pin = SIM_PIN_AUTH },
	{ .id = 0x1B, .pin = SIM_PIN_SIGN },
};

#define EFS(table) table, sizeof(table) / sizeof(table[0])

static const struct app apps[] = {
	{ { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 }, 10,
	  EFS(jpki_efs) },
	{ { 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08 }, 10,
	  EFS(text_efs) },
	{ { 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02 }, 10,
	  EFS(visual_efs) },
	/* the card manager, current after power-up; no files here */
	{ { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 }, 7, NULL, 0 },
};

/* A Type B card as readers show it, and some other card. */
static const uint8_t atr_my_number[] = {
	0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00,
	0x7F,
};
static const uint8_t atr_foreign[] = { 0x3B, 0x80, 0x80, 0x01, 0x01 };
/* clang-format on */

#define APPS_N (sizeof(apps) / sizeof(apps[0]))
#define CARD_MANAGER (&apps[APPS_N - 1])

static const struct sim_switches plain;

struct simcard {
	const struct sim_person *person;
	const struct sim_switches *switches;
	struct sim_log *log;
	int tries[SIM_PIN_N]; /* outlives power */
	/* gone with power */
	bool on;
	bool fresh; /* no command since power-up */
	const struct app *app;
	const struct ef *ef;
	unsigned verified; /* BIT(enum sim_pin) */
	/* the answer in the making, or what GET RESPONSE will fetch */
	size_t body_len;
	uint16_t pending_sw;
	uint8_t body[LE_MAX_EXTENDED];
	uint8_t file[SIM_FILE_MAX];
};

/* ---- commands -------------------------------------------------------- */

struct command {
	uint8_t cla, ins, p1, p2;
	const uint8_t *data;
	size_t lc; /* 0: no data */
	size_t le; /* 0: no answer wanted */
	bool extended;
};

/* Extended lengths; body starts with the 00 that says so. */
static bool
parse_extended(const uint8_t *body, size_t len, struct command *c)
{
	size_t n;

	if (len < 3)
		return false;
	c->extended = true;
	n = (size_t)body[1] << 8 | body[2];
	if (len == 3) {
		c->le = n ? n : LE_MAX_EXTENDED;
		return true;
	}
	c->data = body + 3;
	c->lc = n;
	if (n == 0 || (len != 3 + n && len != 5 + n))
		return false;
	if (len == 5 + n) {
		c->le = (size_t)body[3 + n] << 8 | body[4 + n];
		c->le = c->le ? c->le : LE_MAX_EXTENDED;
	}
	return true;
}

/* ISO 7816-4 5.1: the four cases, short and extended. */
static bool
command_parse(const uint8_t *cmd, size_t len, struct command *c)
{
	const uint8_t *body = cmd + 4;

	if (len < 4)
		return false;
	*c = (struct command){ cmd[0], cmd[1], cmd[2], cmd[3], NULL, 0, 0,
		false };
	len -= 4;
	if (len == 0)
		return true;
	if (len == 1) {
		c->le = body[0] ? body[0] : LE_MAX_SHORT;
		return true;
	}
	if (body[0] == 0)
		return parse_extended(body, len, c);
	c->lc = body[0];
	c->data = body + 1;
	if (len == 2 + c->lc)
		c->le = body[len - 1] ? body[len - 1] : LE_MAX_SHORT;
	return len == 1 + c->lc || len == 2 + c->lc;
}

static const struct ef *
ef_find(const struct simcard *card, unsigned id)
{
	for (size_t i = 0; i < card->app->efs_n; i++)
		if (card->app->efs[i].id == id)
			return &card->app->efs[i];
	return NULL;
}

/* Fills card->file; how long it is, 0 when this card has no such file. */
static size_t
ef_load(struct simcard *card, const struct ef *ef)
{
	size_t len = ef->build(card->person, card->switches, card->file);
	size_t filler = card->switches->filler;

	if (!len)
		return 0;
	if (filler > SIM_FILE_MAX - len)
		filler = SIM_FILE_MAX - len;
	memset(card->file + len, 0xFF, filler);
	return len + filler;
}

static bool
ef_exists(struct simcard *card, const struct ef *ef)
{
	return ef && (!ef->build || ef_load(card, ef) > 0);
}

static bool
ef_readable(const struct simcard *card, const struct ef *ef)
{
	unsigned access = ef->access;

	if (card->switches->auth_cert_pin)
		access |= ef->strict;
	return access == FREE || (access & card->verified);
}

/*
 * The EF that a command means: by short id (named, 1 to 1E) or the current
 * one. 0 or a status word.
 */
static unsigned
ef_meant(struct simcard *card, bool named, unsigned sfi, const struct ef **ret)
{
	const struct ef *ef = card->ef;

	if (named) {
		if (card->switches->no_sfi)
			return card->switches->no_sfi;
		if (sfi > SFI_MAX)
			return SW_P1_P2;
		ef = ef_find(card, sfi);
		if (!ef_exists(card, ef))
			return SW_NOT_FOUND;
	}
	if (!ef)
		return SW_NO_CURRENT_EF;
	*ret = ef;
	return 0;
}

static unsigned
select_app(struct simcard *card, const struct command *c)
{
	const struct app *app = NULL;

	if (c->lc == 0 || c->lc > sizeof(app->aid))
		return SW_LENGTH;
	for (size_t i = 0; i < APPS_N && !app; i++)
		if (c->lc <= apps[i].aid_len &&
		    !memcmp(apps[i].aid, c->data, c->lc))
			app = &apps[i];
	if (!app || card->person->foreign)
		return SW_NOT_FOUND;
	if (app != card->app || card->switches->reselect_drops_pin)
		card->verified = 0;
	card->app = app;
	card->ef = NULL;
	return SW_OK;
}

static unsigned
select_ef(struct simcard *card, const struct command *c)
{
	const struct ef *ef;

	if (c->lc != 2)
		return SW_LENGTH;
	ef = c->data[0] == 0 ? ef_find(card, c->data[1]) : NULL;
	if (!ef_exists(card, ef))
		return SW_NOT_FOUND;
	card->ef = ef;
	return SW_OK;
}

/* Without data: nothing happens, but only in an application. */
static unsigned
select_nothing(struct simcard *card, const struct command *c)
{
	if (c->lc)
		return SW_NOT_FOUND;
	return card->app == CARD_MANAGER ? SW_P1_P2 : SW_OK;
}

static unsigned
cmd_select(struct simcard *card, const struct command *c)
{
	if (c->p2 != 0x0C && c->p2 != 0x00)
		return SW_P1_P2;
	switch (c->p1) {
	case 0x00:
		return select_nothing(card, c);
	case 0x02:
		return select_ef(card, c);
	case 0x04:
		return select_app(card, c);
	default:
		return SW_P1_P2;
	}
}

/* How many bytes from offset the command gets, and with which status word. */
static unsigned
read_part(struct simcard *card, size_t left, size_t le, size_t *ret_n)
{
	const struct sim_switches *s = card->switches;

	if (le <= left) {
		*ret_n = le;
		return SW_OK;
	}
	if (s->wrong_le && left <= LE_MAX_SHORT)
		return SW_WRONG_LE | (left & 0xFF);
	*ret_n = left;
	return s->end_warning ? SW_END : SW_OK;
}

static unsigned
cmd_read_binary(struct simcard *card, const struct command *c)
{
	bool named = c->p1 & 0x80;
	const struct ef *ef;
	size_t len, at, n = 0;
	unsigned sw;

	if (c->lc || !c->le)
		return SW_LENGTH;
	/* P1: 1 0 0 and the short id, or the high half of 15 bits of offset */
	if (named && ((c->p1 & 0x60) || !(c->p1 & 0x1F)))
		return SW_P1_P2;
	if ((sw = ef_meant(card, named, c->p1 & 0x1F, &ef)))
		return sw;
	if (!ef->build)
		return SW_NO_FILE_OF_KIND;
	if (!ef_readable(card, ef))
		return SW_SECURITY_STATUS;
	at = named ? c->p2 : (size_t)c->p1 << 8 | c->p2;
	len = ef_load(card, ef);
	card->ef = ef;
	if (at >= len)
		return SW_OFFSET;
	sw = read_part(card, len - at, c->le, &n);
	memcpy(card->body, card->file + at, n);
	card->body_len = n;
	return sw;
}

static bool
key_counts(const struct simcard *card, enum sim_pin pin)
{
	return !card->switches->no_limit ||
	       sim_pin_max_tries(pin) <= sim_pin_max_tries(SIM_PIN_SIGN);
}

static unsigned
key_tries_sw(const struct simcard *card, enum sim_pin pin)
{
	if (!key_counts(card, pin))
		return SW_NO_LIMIT;
	return SW_TRIES | (unsigned)card->tries[pin];
}

static unsigned
key_compare(struct simcard *card, enum sim_pin pin, const struct command *c)
{
	if (key_counts(card, pin) && card->tries[pin] == 0)
		return card->switches->blocked_sw ? card->switches->blocked_sw
						  : SW_BLOCKED;
	if (c->lc == sim_person_code_len(card->person, pin) &&
	    !memcmp(c->data, sim_person_code(card->person, pin), c->lc)) {
		card->tries[pin] = sim_pin_max_tries(pin);
		card->verified |= BIT(pin);
		return SW_OK;
	}
	card->verified &= ~BIT(pin);
	if (key_counts(card, pin))
		card->tries[pin]--;
	return key_tries_sw(card, pin);
}

static unsigned
cmd_verify(struct simcard *card, const struct command *c)
{
	unsigned sfi = c->p2 & 0x1F;
	const struct ef *ef;
	unsigned sw;

	/* P2: 1 0 0 and the short id of the key, 0: the current EF */
	if (c->p1 || (c->p2 & 0xE0) != 0x80)
		return SW_P1_P2;
	/* four bytes ask for the counter: a fifth, even 00, is no question */
	if (c->le || c->lc > PIN_LEN_MAX)
		return SW_LENGTH;
	if ((sw = ef_meant(card, sfi != 0, sfi, &ef)))
		return sw;
	if (ef->build)
		return SW_NO_FILE_OF_KIND;
	if (!c->lc) /* always the counter, verified or not */
		return key_tries_sw(card, ef->pin);
	return key_compare(card, ef->pin, c);
}

/* ---- GET RESPONSE (switched on only) --------------------------------- */

/* 61xx: what waits, 00 for 256 and more. */
static unsigned
more_sw(const struct simcard *card)
{
	if (card->body_len >= LE_MAX_SHORT)
		return SW_MORE;
	return SW_MORE | (unsigned)card->body_len;
}

/*
 * Hands out the next part of the body into rsp. Returns the status word,
 * ret_n how many bytes.
 */
static unsigned
get_response(
    struct simcard *card, const struct command *c, uint8_t *rsp, size_t *ret_n)
{
	size_t n = c->le < LE_MAX_SHORT ? c->le : LE_MAX_SHORT;

	*ret_n = 0;
	if (!card->switches->get_response)
		return SW_INS;
	if (c->p1 || c->p2)
		return SW_P1_P2;
	if (c->lc || !c->le || !card->body_len)
		return SW_LENGTH;
	/* 256 asked where fewer wait: as after 6100, take what there is */
	if (n > card->body_len && c->le != LE_MAX_SHORT)
		return SW_WRONG_LE | (unsigned)card->body_len;
	if (n > card->body_len)
		n = card->body_len;
	memcpy(rsp, card->body, n);
	card->body_len -= n;
	memmove(card->body, card->body + n, card->body_len);
	*ret_n = n;
	return card->body_len ? more_sw(card) : card->pending_sw;
}

/* ---- one exchange ---------------------------------------------------- */

/* ISO 7816-4 5.4.1: class 00 alone is spoken here. 0 or a status word. */
static unsigned
class_refusal(const struct command *c)
{
	if (c->cla == 0x00)
		return 0;
	if (c->cla == 0x80) /* proprietary: signatures, not built yet */
		return SW_INS;
	if ((c->cla & 0x80) || (c->cla & 0x60) == 0x20)
		return SW_CLA;
	if (c->cla & 0x43)
		return SW_CHANNEL;
	if (c->cla & 0x0C)
		return c->ins == INS_SELECT ? SW_NO_SM : SW_SM_OBJECT;
	return SW_CHAINING;
}

static unsigned
command_run(struct simcard *card, const struct command *c)
{
	static const struct {
		uint8_t ins;
		unsigned (*run)(struct simcard *, const struct command *);
	} table[] = {
		{ INS_SELECT, cmd_select },
		{ INS_VERIFY, cmd_verify },
		{ INS_READ_BINARY, cmd_read_binary },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].ins == c->ins)
			return table[i].run(card, c);
	return SW_INS;
}

/* The answer's body into rsp and its length; the status word. */
static unsigned
answer(
    struct simcard *card, const struct command *c, uint8_t *rsp, size_t *ret_n)
{
	unsigned sw;

	*ret_n = 0;
	if (c->extended && card->switches->no_extended)
		return SW_LENGTH;
	if ((sw = class_refusal(c)))
		return sw;
	if (c->ins == INS_GET_RESPONSE)
		return get_response(card, c, rsp, ret_n);
	card->body_len = 0;
	sw = command_run(card, c);
	if (card->switches->get_response && card->body_len) {
		card->pending_sw = (uint16_t)sw;
		return more_sw(card);
	}
	memcpy(rsp, card->body, card->body_len);
	*ret_n = card->body_len;
	return sw;
}

size_t
simcard_transmit(
    struct simcard *card, const uint8_t *cmd, size_t len, uint8_t *rsp)
{
	struct command c;
	unsigned sw;
	size_t n = 0;

	if (!card->on)
		return 0;
	sim_log_hex(card->log, '>', cmd, len);
	if (card->fresh && card->switches->first_6f00)
		sw = SW_FAILURE;
	else if (!command_parse(cmd, len, &c))
		sw = SW_LENGTH;
	else
		sw = answer(card, &c, rsp, &n);
	card->fresh = false;
	rsp[n++] = (uint8_t)(sw >> 8);
	rsp[n++] = (uint8_t)sw;
	sim_log_hex(card->log, '<', rsp, n);
	return n;
}

/* ---- power ----------------------------------------------------------- */

static void
forget(struct simcard *card)
{
	card->fresh = true;
	card->app = CARD_MANAGER;
	card->ef = NULL;
	card->verified = 0;
	card->body_len = 0;
}

void
simcard_power_on(struct simcard *card)
{
	sim_log_line(card->log, "power on");
	forget(card);
	card->on = true;
}

void
simcard_power_off(struct simcard *card)
{
	sim_log_line(card->log, "power off");
	forget(card);
	card->on = false;
}

void
simcard_reset(struct simcard *card)
{
	sim_log_line(card->log, "power reset");
	/* A contactless "reset" is often nothing to the card. */
	if (!card->switches->reset_keeps_pin || !card->on)
		forget(card);
	card->on = true;
}

bool
simcard_powered(const struct simcard *card)
{
	return card->on;
}

size_t
simcard_atr(const struct simcard *card, uint8_t *atr)
{
	bool foreign = card->person->foreign;
	size_t len = foreign ? sizeof(atr_foreign) : sizeof(atr_my_number);

	memcpy(atr, foreign ? atr_foreign : atr_my_number, len);
	return len;
}

/* ---- a card's life --------------------------------------------------- */

struct simcard *
simcard_new(const struct sim_person *person,
    const struct sim_switches *switches, struct sim_log *log)
{
	struct simcard *card = calloc(1, sizeof(*card));

	if (!card)
		abort();
	card->person = person;
	card->switches = switches ? switches : &plain;
	card->log = log;
	for (int i = 0; i < SIM_PIN_N; i++)
		card->tries[i] = sim_pin_max_tries((enum sim_pin)i);
	forget(card);
	return card;
}

void
simcard_free(struct simcard **card)
{
	free(*card);
	*card = NULL;
}

const struct sim_person *
simcard_person(const struct simcard *card)
{
	return card->person;
}

int
simcard_tries(const struct simcard *card, enum sim_pin pin)
{
	return card->tries[pin];
}

void
simcard_set_tries(struct simcard *card, enum sim_pin pin, int tries)
{
	if (tries >= 0 && tries <= TRIES_MAX)
		card->tries[pin] = tries;
}

bool
simcard_verified(const struct simcard *card, enum sim_pin pin)
{
	return card->verified & BIT(pin);
}
