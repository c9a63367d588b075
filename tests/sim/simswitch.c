#include "simswitch.h"

#include <stdlib.h>
#include <string.h>

enum kind { FLAG, NUMBER, STATUS };

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
	{ "cut",                 AT(cut),                 NUMBER, 1 },
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
value_parse(size_t i, const char *value, unsigned *ret)
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

int
sim_switch_set(struct sim_switches *set, const char *name, const char *value)
{
	unsigned n;

	for (size_t i = 0; i < SWITCHES_N; i++) {
		if (strcmp(switches[i].name, name))
			continue;
		if (value_parse(i, value, &n) < 0)
			return -1;
		memcpy((char *)set + switches[i].at, &n, sizeof(n));
		return 0;
	}
	return -1;
}

const char *
sim_switch_name(size_t i)
{
	return i < SWITCHES_N ? switches[i].name : NULL;
}
