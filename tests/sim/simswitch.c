#include "simswitch.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 32

enum kind { FLAG, NUMBER, STATUS, FORGE, FILES, LENGTHS, BYTES };

#define AT(field) offsetof(struct sim_switches, field)
/* clang-format off */
static const struct {
	const char *name;
	size_t at;
	enum kind kind;
	unsigned on; /* what "on" means */
} switches[] = {
	{ "no-sfi",              AT(no_sfi),              STATUS, 0x6A86 },
	{ "no-extended",         AT(no_extended),         FLAG,   1 },
	{ "end-warning",         AT(end_warning),         FLAG,   1 },
	{ "wrong-le",            AT(wrong_le),            FLAG,   1 },
	{ "get-response",        AT(get_response),        FLAG,   1 },
	{ "filler",              AT(filler),              NUMBER, 32 },
	{ "first-6f00",          AT(first_6f00),          FLAG,   1 },
	{ "reselect-drops-pin",  AT(reselect_drops_pin),  FLAG,   1 },
	{ "reset-keeps-pin",     AT(reset_keeps_pin),     FLAG,   1 },
	{ "blocked-sw",          AT(blocked_sw),          STATUS, 0x6983 },
	{ "no-limit",            AT(no_limit),            FLAG,   1 },
	{ "auth-cert-pin",       AT(auth_cert_pin),       FLAG,   1 },
	{ "empty-certs",         AT(empty_certs),         FLAG,   1 },
	{ "long-header",         AT(long_header),         FLAG,   1 },
	{ "odd-offsets",         AT(odd_offsets),         FLAG,   1 },
	{ "jpki-only",           AT(jpki_only),           FLAG,   1 },
	{ "forge",               AT(forge),               FORGE,  0 },
	{ "missing",             AT(missing),             FILES,  0 },
	{ "cut",                 AT(cut),                 LENGTHS, 0 },
	{ "flip",                AT(flip),                BYTES,  0 },
	{ "ends-early",          AT(ends_early),          NUMBER, 1 },
	{ "slow",                AT(slow),                NUMBER, 15 },
	{ "remove-at",           AT(remove_at),           NUMBER, 1 },
	{ "lose-at",             AT(lose_at),             NUMBER, 1 },
	{ "fail-at",             AT(fail_at),             NUMBER, 1 },
	{ "fail-always",         AT(fail_always),         FLAG,   1 },
	{ "read-len-limit",      AT(read_len_limit),      NUMBER, 256 },
};
/* clang-format on */

#define SWITCHES_N (sizeof(switches) / sizeof(switches[0]))

/* The value in words or digits; -1 when it is neither. */
static int
number_parse(size_t i, const char *value, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (!strcmp(value, "on")) {
		*ret = switches[i].on;
		return 0;
	}
	if (!strcmp(value, "off")) {
		*ret = 0;
		return 0;
	}
	if (*value == '\0' || *value == '-' || *value == '+' || *value == ' ')
		return -1;
	n = strtoul(value, &end, switches[i].kind == STATUS ? 16 : 10);
	if (*end || n > 0xffff || (switches[i].kind == FLAG && n > 1))
		return -1;
	*ret = (unsigned)n;
	return 0;
}

static int
number_set(size_t i, const char *value, void *ret)
{
	unsigned n;

	if (number_parse(i, value, &n) < 0)
		return -1;
	memcpy(ret, &n, sizeof(n));
	return 0;
}

/* The next word of a list with commas, into word (WORD_MAX); false at its end,
 * and where it does not fit. */
static bool
word_next(const char **list, char *word)
{
	size_t n = strcspn(*list, ",");

	if (n == 0 || n >= WORD_MAX)
		return false;
	memcpy(word, *list, n);
	word[n] = '\0';
	*list += n;
	if (**list == ',' && (*list)[1])
		(*list)++;
	return true;
}

static int
forge_set(const char *value, void *ret)
{
	static const char *const names[] = { "record", "root", "unknown-root",
		"chip", "digests", "person", "number", "jpki" };
	unsigned set = 0;
	char word[WORD_MAX];
	size_t i;

	while (word_next(&value, word)) {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(names[i], word))
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			return -1;
		set |= 1u << i;
	}
	if (*value || !set)
		return -1;
	memcpy(ret, &set, sizeof(set));
	return 0;
}

/* A number that is all of the text up to its end or a ^. */
static bool
offset_parse(const char **text, int base, unsigned max, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (!isxdigit((unsigned char)**text))
		return false;
	n = strtoul(*text, &end, base);
	*text = end;
	*ret = (unsigned)n;
	return n <= max;
}

static bool
spot_parse(enum kind kind, const char *text, struct sim_spot *ret)
{
	static const char *const apps[] = { [SIM_APP_JPKI] = "jpki/",
		[SIM_APP_TEXT] = "text/",
		[SIM_APP_VISUAL] = "visual/",
		[SIM_APP_COMMON] = "common/" };
	unsigned app = SIM_APP_JPKI, id;

	while (strncmp(text, apps[app], strlen(apps[app])))
		if (++app == sizeof(apps) / sizeof(apps[0]))
			return false;
	text += strlen(apps[app]);
	if (!offset_parse(&text, 16, 0xFF, &id))
		return false;
	*ret = (struct sim_spot){ SIM_FILE_ID(app, id), 0, 0x01 };
	if (kind != FILES &&
	    (*text++ != ':' || !offset_parse(&text, 10, 0xFFFF, &ret->at)))
		return false;
	if (kind == BYTES && *text == '^') {
		text++;
		if (!offset_parse(&text, 16, 0xFF, &ret->mask))
			return false;
	}
	return *text == '\0';
}

static int
spots_set(enum kind kind, const char *value, void *ret)
{
	struct sim_spot spots[SIM_SPOTS_MAX] = { { 0, 0, 0 } };
	char word[WORD_MAX];
	size_t n = 0;

	while (word_next(&value, word))
		if (n == SIM_SPOTS_MAX || !spot_parse(kind, word, &spots[n++]))
			return -1;
	if (*value || !n)
		return -1;
	memcpy(ret, spots, sizeof(spots));
	return 0;
}

static int
value_set(size_t i, const char *value, void *ret)
{
	enum kind kind = switches[i].kind;
	bool off = !strcmp(value, "off");

	switch (kind) {
	case FLAG:
	case NUMBER:
	case STATUS:
		break;
	case FORGE:
		if (!off)
			return forge_set(value, ret);
		break;
	case FILES:
	case LENGTHS:
	case BYTES:
		if (!off)
			return spots_set(kind, value, ret);
		memset(ret, 0, SIM_SPOTS_MAX * sizeof(struct sim_spot));
		return 0;
	}
	return number_set(i, value, ret);
}

int
sim_switch_set(struct sim_switches *set, const char *name, const char *value)
{
	for (size_t i = 0; i < SWITCHES_N; i++)
		if (!strcmp(switches[i].name, name))
			return value_set(
			    i, value, (char *)set + switches[i].at);
	return -1;
}

const struct sim_spot *
sim_spot_find(const struct sim_spot spots[SIM_SPOTS_MAX], unsigned file)
{
	for (size_t i = 0; i < SIM_SPOTS_MAX; i++)
		if (spots[i].file == file)
			return &spots[i];
	return NULL;
}

const char *
sim_switch_name(size_t i)
{
	return i < SWITCHES_N ? switches[i].name : NULL;
}
