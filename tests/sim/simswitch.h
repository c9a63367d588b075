/*
 * How a simulated card and its reader may differ from the plain one. Where
 * sources about real cards disagree, or only one speaks, both ways are here.
 * All zero is the plain card.
 */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

#include <stddef.h>

struct sim_switches {
	/* the card */
	unsigned no_sfi;       /* status word for short file ids; 0: known */
	unsigned no_extended;  /* extended lengths are 6700 */
	unsigned end_warning;  /* 6282 instead of 9000 at the end of a file */
	unsigned wrong_le;     /* 6Cxx when Le is more than is left */
	unsigned get_response; /* 61xx, the body comes by GET RESPONSE */
	unsigned filler;       /* so many FF behind each file */
	unsigned first_6f00;   /* first command after power-up fails */
	unsigned reselect_drops_pin; /* SELECT of the current application */
	unsigned reset_keeps_pin;    /* a warm reset resets nothing */
	unsigned blocked_sw;         /* VERIFY on a blocked key; 0: 6984 */
	unsigned no_limit;           /* 照合番号 keys never block: 6300 */
	unsigned auth_cert_pin;      /* EF 000A wants its PIN */
	unsigned empty_certs; /* certificate not issued: FF instead of 6A82 */
	unsigned long_header; /* EF 0002 starts FF 20 82 even when short */
	unsigned odd_offsets; /* EF 0002: the offset table is nonsense */
	unsigned cut;         /* EF 0002 ends so many bytes before its end */
	/* the reader: what the doors do, the card knows nothing of it */
	unsigned slow;      /* milliseconds per exchange */
	unsigned remove_at; /* pulled before the nth exchange from now */
	unsigned lose_at;   /* pulled after it: done, but the answer is lost */
	unsigned fail_at;   /* after it the answer is lost, the card stays */
	unsigned fail_always;    /* the same of every exchange */
	unsigned read_len_limit; /* longer answers (without SW) fail */
};

/*
 * Sets a switch by its name with - for _: "on", "off", a decimal number, or
 * a status word in hex where it is one. 0, or -1 for a name or a value that
 * does not exist.
 */
int sim_switch_set(
    struct sim_switches *switches, const char *name, const char *value);
/* The switches' names in turn; NULL past the end. */
const char *sim_switch_name(size_t i);

#endif
