#include "simcard.h"

#include <stdlib.h>
#include <string.h>

#include "simfile.h"

/* ISO 7816-4 instructions. */
enum {
	INS_VERIFY = 0x20,
	INS_SIGN = 0x2A, /* COMPUTE DIGITAL SIGNATURE, class 80 */
	INS_INTERNAL_AUTHENTICATE = 0x88,
	INS_SELECT = 0xA4,
	INS_READ_BINARY = 0xB0,
	INS_READ_RECORD = 0xB2,
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
	SW_CONDITIONS = 0x6985,
	SW_NO_CURRENT_EF = 0x6986,
	SW_SM_OBJECT = 0x69FC,
	SW_NOT_FOUND = 0x6A82,
	SW_NO_RECORD = 0x6A83,
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

enum ef_kind {
	EF_BYTES,
	EF_RECORD,   /* one record */
	EF_PIN,      /* with a counter */
	EF_BLOCKED,  /* a PIN that nobody was ever given */
	EF_SIGN,     /* a private key */
	EF_DEFAULT,  /* the same, and the one that P2 00 means */
	EF_INTERNAL, /* a key for INTERNAL AUTHENTICATE */
};

/* An elementary file. Its id is 00 and the byte that is its short id too. */
struct ef {
	uint8_t id;
	enum ef_kind kind;
	unsigned access; /* any one of these verified opens it; FREE */
	unsigned strict; /* the same under auth-cert-pin */
	sim_file_build build;
	enum sim_pin pin;
	enum sim_role role;
};

struct app {
	enum sim_app id;
	uint8_t aid[16];
	size_t aid_len;
	const struct ef *efs;
	size_t efs_n;
};

/* clang-format off */
#define TEXT_PIN BIT(SIM_PIN_ATTRIBUTES)
#define TEXT_A   BIT(SIM_PIN_TEXT_A)
#define TEXT_B   BIT(SIM_PIN_TEXT_B)
#define TEXT_ANY (TEXT_PIN | TEXT_A | TEXT_B)

static const struct ef text_efs[] = {
	{ .id = 0x01, .access = TEXT_PIN | TEXT_A, .build = sim_file_my_number },
	{ .id = 0x02, .access = TEXT_PIN | TEXT_B, .build = sim_file_attributes },
	{ .id = 0x03, .access = TEXT_ANY, .build = sim_file_digests },
	{ .id = 0x04, .access = FREE, .build = sim_file_text_issuer },
	{ .id = 0x05, .access = FREE, .build = sim_file_text_info },
	{ .id = 0x06, .access = TEXT_ANY, .build = sim_file_text_transport },
	{ .id = 0x07, .access = TEXT_ANY, .build = sim_file_text_chip },
	{ .id = 0x08, .access = FREE, .build = sim_file_unknown },
	{ .id = 0x11, .kind = EF_PIN, .pin = SIM_PIN_ATTRIBUTES },
	{ .id = 0x12, .kind = EF_BLOCKED },
	{ .id = 0x13, .kind = EF_DEFAULT, .role = SIM_KEY_TEXT },
	{ .id = 0x14, .kind = EF_PIN, .pin = SIM_PIN_TEXT_A },
	{ .id = 0x15, .kind = EF_PIN, .pin = SIM_PIN_TEXT_B },
};

#define FACE_A   BIT(SIM_PIN_FACE_A)
#define FACE_B   BIT(SIM_PIN_FACE_B)

/* 照合番号 A and B stand in another order here. */
static const struct ef visual_efs[] = {
	{ .id = 0x01, .access = BIT(SIM_PIN_BIRTH), .build = sim_file_age },
	{ .id = 0x02, .access = FACE_A | FACE_B, .build = sim_file_face },
	{ .id = 0x03, .access = FREE, .build = sim_file_visual_info },
	{ .id = 0x04, .access = FREE, .build = sim_file_visual_issuer },
	{ .id = 0x05, .access = FACE_A, .build = sim_file_number_image },
	{ .id = 0x06, .access = FACE_A | FACE_B, .build = sim_file_unknown },
	{ .id = 0x11, .kind = EF_PIN, .pin = SIM_PIN_BIRTH },
	{ .id = 0x12, .kind = EF_PIN, .pin = SIM_PIN_FACE_B },
	{ .id = 0x13, .kind = EF_PIN, .pin = SIM_PIN_FACE_A },
	{ .id = 0x1A, .kind = EF_DEFAULT, .role = SIM_KEY_VISUAL },
};

#define AUTH     BIT(SIM_PIN_AUTH)
#define SIGN     BIT(SIM_PIN_SIGN)

static const struct ef jpki_efs[] = {
	{ .id = 0x01, .access = SIGN, .build = sim_file_sign_cert },
	{ .id = 0x02, .access = FREE, .build = sim_file_sign_ca },
	{ .id = 0x06, .access = FREE, .build = sim_file_token },
	{ .id = 0x08, .access = FREE, .build = sim_file_issued },
	{ .id = 0x0A, .access = FREE, .strict = AUTH,
	  .build = sim_file_auth_cert },
	{ .id = 0x0B, .access = FREE, .build = sim_file_auth_ca },
	{ .id = 0x17, .kind = EF_SIGN, .access = AUTH, .role = SIM_KEY_AUTH },
	{ .id = 0x18, .kind = EF_PIN, .pin = SIM_PIN_AUTH },
	{ .id = 0x1A, .kind = EF_SIGN, .access = SIGN, .role = SIM_KEY_SIGN },
	{ .id = 0x1B, .kind = EF_PIN, .pin = SIM_PIN_SIGN },
};

static const struct ef common_efs[] = {
	{ .id = 0x01, .kind = EF_RECORD, .build = sim_file_serial },
	{ .id = 0x19, .kind = EF_INTERNAL, .role = SIM_KEY_COMMON },
};

#define EFS(table) table, sizeof(table) / sizeof(table[0])

static const struct app apps[] = {
	{ SIM_APP_JPKI,
	  { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 }, 10,
	  EFS(jpki_efs) },
	{ SIM_APP_TEXT,
	  { 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08 }, 10,
	  EFS(text_efs) },
	{ SIM_APP_VISUAL,
	  { 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02 }, 10,
	  EFS(visual_efs) },
	{ SIM_APP_COMMON,
	  { 0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00 }, 10,
	  EFS(common_efs) },
	/* the card manager, current after power-up; no files here */
	{ 0, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 }, 7, NULL, 0 },
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

/* A file as it was built: making it may take two signatures. */
struct built {
	uint8_t *bytes; /* NULL: not built */
	size_t len;
};

struct simcard {
	const struct sim_person *person;
	const struct sim_switches *switches;
	struct sim_log *log;
	struct sim_keys *keys;
	int tries[SIM_PIN_N]; /* outlives power */
	unsigned form;        /* of sim_file_form, for what is built */
	struct built built[APPS_N][SFI_MAX + 1];
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

static struct sim_make
card_make(const struct simcard *card)
{
	return (struct sim_make){ card->person, card->switches, card->keys };
}

static void
built_forget(struct simcard *card)
{
	for (size_t app = 0; app < APPS_N; app++)
		for (size_t id = 0; id <= SFI_MAX; id++) {
			free(card->built[app][id].bytes);
			card->built[app][id].bytes = NULL;
		}
}

/* The file as its issuer wrote it. */
static const struct built *
ef_built(struct simcard *card, const struct ef *ef)
{
	struct built *built = &card->built[card->app - apps][ef->id];
	const struct sim_make make = card_make(card);
	unsigned form = sim_file_form(card->switches);

	if (form != card->form)
		built_forget(card);
	card->form = form;
	if (built->bytes)
		return built;
	if (!(built->bytes = malloc(SIM_BUILD_MAX)))
		abort();
	built->len = ef->build(&make, built->bytes);
	return built;
}

static unsigned
file_id(const struct simcard *card, const struct ef *ef)
{
	return SIM_FILE_ID(card->app->id, ef->id);
}

/* Turns over what the switches say in card->file. */
static void
file_flip(struct simcard *card, unsigned id, size_t len)
{
	const struct sim_spot *flip = card->switches->flip;

	for (size_t i = 0; i < SIM_SPOTS_MAX; i++)
		if (flip[i].file == id && flip[i].at < len)
			card->file[flip[i].at] ^= (uint8_t)flip[i].mask;
}

/* Fills card->file; how long it is, 0 when this card has no such file. */
static size_t
ef_load(struct simcard *card, const struct ef *ef)
{
	unsigned id = file_id(card, ef);
	const struct sim_spot *cut = sim_spot_find(card->switches->cut, id);
	const struct built *built = ef_built(card, ef);
	size_t len = built->len, filler = card->switches->filler;
	size_t early = card->switches->ends_early;

	if (len > SIM_FILE_MAX)
		len = SIM_FILE_MAX;
	if (ef->build == sim_file_attributes)
		len -= len < early ? len : early;
	if (!len || sim_spot_find(card->switches->missing, id))
		return 0;
	memcpy(card->file, built->bytes, len);
	if (filler > SIM_FILE_MAX - len)
		filler = SIM_FILE_MAX - len;
	memset(card->file + len, 0xFF, filler);
	len += filler;
	file_flip(card, id, len);
	return cut && cut->at < len ? cut->at : len;
}

/* Is there such a file, or key, on this card? One that was cut to nothing is
 * there. */
static bool
ef_exists(struct simcard *card, const struct ef *ef)
{
	const struct sim_make make = card_make(card);
	char name[SIM_KEY_NAME_MAX];

	if (!ef || sim_spot_find(card->switches->missing, file_id(card, ef)))
		return false;
	switch (ef->kind) {
	case EF_BYTES:
	case EF_RECORD:
		return ef_built(card, ef)->len > 0;
	case EF_SIGN:
	case EF_DEFAULT:
	case EF_INTERNAL:
		return sim_key_name(&make, ef->role, false, name);
	case EF_PIN:
	case EF_BLOCKED:
		break;
	}
	return true;
}

static bool
ef_open(const struct simcard *card, const struct ef *ef)
{
	unsigned access = ef->access;

	if (card->switches->auth_cert_pin || card->person->auth_cert_pin)
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
	if (!app || card->person->foreign ||
	    (card->switches->jpki_only && app->id > SIM_APP_JPKI))
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
	if (ef->kind != EF_BYTES)
		return SW_NO_FILE_OF_KIND;
	if (!ef_open(card, ef))
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

static unsigned
cmd_read_record(struct simcard *card, const struct command *c)
{
	const struct ef *ef;
	size_t n = 0;
	unsigned sw;

	if (c->lc || !c->le)
		return SW_LENGTH;
	/* P2: five bits of short id, 0 the current EF, and 4: P1 is a number */
	if ((c->p2 & 0x07) != 0x04)
		return SW_P1_P2;
	if ((sw = ef_meant(card, c->p2 >> 3 != 0, c->p2 >> 3, &ef)))
		return sw;
	if (ef->kind != EF_RECORD)
		return SW_NO_FILE_OF_KIND;
	card->ef = ef;
	if (c->p1 != 1)
		return SW_NO_RECORD;
	sw = read_part(card, ef_load(card, ef), c->le, &n);
	memcpy(card->body, card->file, n);
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
	if (ef->kind == EF_BLOCKED)
		return c->lc ? SW_BLOCKED : SW_TRIES;
	if (ef->kind != EF_PIN)
		return SW_NO_FILE_OF_KIND;
	if (!c->lc) /* always the counter, verified or not */
		return key_tries_sw(card, ef->pin);
	return key_compare(card, ef->pin, c);
}

/* ---- signatures ------------------------------------------------------ */

static unsigned
key_sign(struct simcard *card, const struct ef *ef, const struct command *c)
{
	const struct sim_make make = card_make(card);
	char name[SIM_KEY_NAME_MAX];

	if (!ef_open(card, ef))
		return SW_SECURITY_STATUS;
	if (!c->lc || c->lc > SIM_SIGN_INPUT_MAX || c->le < SIM_SIGNATURE_LEN)
		return SW_LENGTH;
	if (!sim_key_name(&make, ef->role, false, name))
		return SW_NOT_FOUND;
	card->body_len = sim_sign(card->keys, name, c->data, c->lc, card->body);
	return card->body_len ? SW_OK : SW_CONDITIONS;
}

/* P2 00: the application's own choice. */
static const struct ef *
key_default(const struct simcard *card)
{
	for (size_t i = 0; i < card->app->efs_n; i++)
		if (card->app->efs[i].kind == EF_DEFAULT)
			return &card->app->efs[i];
	return NULL;
}

/* COMPUTE DIGITAL SIGNATURE: P1 00, the input as it is in PKCS#1 v1.5; the
 * schemes 01 to 05 have one source only and are not built. */
static unsigned
cmd_sign(struct simcard *card, const struct command *c)
{
	unsigned sfi = c->p2 & 0x1F;
	const struct ef *ef;
	unsigned sw;

	if (c->p1 || (c->p2 && (c->p2 & 0xE0) != 0x80))
		return SW_P1_P2;
	if (!c->p2) {
		if (!(ef = key_default(card)))
			return SW_P1_P2;
		if (!ef_exists(card, ef))
			return SW_NOT_FOUND;
	} else if ((sw = ef_meant(card, sfi != 0, sfi, &ef))) {
		return sw;
	}
	if (ef->kind != EF_SIGN && ef->kind != EF_DEFAULT)
		return SW_NO_FILE_OF_KIND;
	return key_sign(card, ef, c);
}

/* Only for the key that is made for it. */
static unsigned
cmd_internal_authenticate(struct simcard *card, const struct command *c)
{
	unsigned sfi = c->p2 & 0x1F;
	const struct ef *ef;
	unsigned sw;

	if (c->p1 || (c->p2 & 0xE0) != 0x80)
		return SW_P1_P2;
	if ((sw = ef_meant(card, sfi != 0, sfi, &ef)))
		return sw;
	switch (ef->kind) {
	case EF_INTERNAL:
		return key_sign(card, ef, c);
	case EF_SIGN:
	case EF_DEFAULT:
		return SW_CONDITIONS;
	case EF_PIN:
	case EF_BLOCKED:
		return SW_SECURITY_STATUS;
	case EF_BYTES:
	case EF_RECORD:
		break;
	}
	return SW_NO_FILE_OF_KIND;
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

/* ISO 7816-4 5.4.1: class 00, and 80 for signatures. 0 or a status word. */
static unsigned
class_refusal(const struct command *c)
{
	if (c->cla == 0x00)
		return 0;
	if (c->cla == 0x80)
		return c->ins == INS_SIGN ? 0 : SW_INS;
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
		uint8_t cla, ins;
		unsigned (*run)(struct simcard *, const struct command *);
	} table[] = {
		{ 0x00, INS_SELECT, cmd_select },
		{ 0x00, INS_VERIFY, cmd_verify },
		{ 0x00, INS_READ_BINARY, cmd_read_binary },
		{ 0x00, INS_READ_RECORD, cmd_read_record },
		{ 0x00, INS_INTERNAL_AUTHENTICATE, cmd_internal_authenticate },
		{ 0x80, INS_SIGN, cmd_sign },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].cla == c->cla && table[i].ins == c->ins)
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
	card->keys = sim_keys_new();
	for (int i = 0; i < SIM_PIN_N; i++)
		card->tries[i] = sim_pin_max_tries((enum sim_pin)i);
	forget(card);
	return card;
}

void
simcard_free(struct simcard **card)
{
	if (!*card)
		return;
	built_forget(*card);
	sim_keys_free(&(*card)->keys);
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
