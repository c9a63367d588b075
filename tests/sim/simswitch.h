/*
 * How a simulated card and its reader may differ from the plain one. Where
 * sources about real cards disagree, or only one speaks, both ways are here.
 * All zero is the plain card.
 */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

#include <stddef.h>

enum sim_app { SIM_APP_JPKI = 1, SIM_APP_TEXT, SIM_APP_VISUAL, SIM_APP_COMMON };

/* A file (or key) of the card: EF 0002 of the text application. */
#define SIM_FILE_ID(app, id) ((unsigned)(app) << 8 | (id))

/* A place in a file; file 0: none. */
struct sim_spot {
	unsigned file; /* SIM_FILE_ID */
	unsigned at;   /* which byte, or how many */
	unsigned mask; /* what is turned over in it */
};

#define SIM_SPOTS_MAX 4

/* Cards that somebody made, or made up from others. Bits: several at once. */
enum sim_forge {
	SIM_FORGE_RECORD = 1,   /* records signed by another key */
	SIM_FORGE_ROOT = 2,     /* CV certificates signed by another root */
	SIM_FORGE_UNKNOWN = 4,  /* by a root whose key id nobody knows */
	SIM_FORGE_CHIP = 8,     /* the chip's keys are not the records' */
	SIM_FORGE_DIGESTS = 16, /* EF 0003 is about another person */
	SIM_FORGE_PERSON = 32,  /* the visual application is another person's */
	SIM_FORGE_NUMBER = 64,  /* My Number with a wrong check digit */
	SIM_FORGE_JPKI = 128,   /* keys that are not those of certificates */
};

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
	unsigned jpki_only;   /* the other applications are not there */
	unsigned forge;       /* enum sim_forge */
	struct sim_spot flip[SIM_SPOTS_MAX];    /* bytes read wrong */
	struct sim_spot cut[SIM_SPOTS_MAX];     /* files that end early */
	struct sim_spot missing[SIM_SPOTS_MAX]; /* files not there */
	unsigned ends_early; /* EF 0002 ends so many bytes before its end */
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
 * a status word in hex where it is one; with commas between them for several:
 * files ("missing" text/0004), files and how long they are ("cut"
 * text/0002:40), bytes of files, from 0 on ("flip" text/0002:40 turns over bit
 * 0, text/0002:40^80 the bits of that hex number), or forgeries ("forge"
 * record,chip). 0, or -1 for a name or a value that does not exist; then the
 * switch is as it was.
 */
int sim_switch_set(
    struct sim_switches *switches, const char *name, const char *value);
/* The switches' names in turn; NULL past the end. */
const char *sim_switch_name(size_t i);
/* The place for a file, or NULL. */
const struct sim_spot *sim_spot_find(
    const struct sim_spot spots[SIM_SPOTS_MAX], unsigned file);

#endif
