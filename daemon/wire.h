/*
 * The wire between the door (kenmend) and a runner (kenmen-read): one request
 * down, then states and one end up, each a datagram on a SOCK_SEQPACKET
 * socketpair. The runner finds it on WIRE_FD, and the other end of its
 * person's voice (prompt-wire.h) on PROMPT_FD.
 *
 * The door treats the runner's messages as hostile: it decodes into bounded
 * structs and kills a runner that says something else.
 */
#ifndef WIRE_H
#define WIRE_H

#include "kind.h"

#define WIRE_FD 3
#define PROMPT_FD 4

#define IGNORE_MAX 8      /* entries of [reader] ignore */
#define IGNORE_LEN_MAX 63 /* bytes each */

enum wire_errand {
	ERRAND_READ,
	ERRAND_READERS, /* say once which readers there are */
	ERRAND_WATCH,   /* say it again at every change, until killed */
	ERRAND_N
};

/* What is known of a reader from earlier runs. */
struct wire_known {
	char reader[KENMEN_READER_NAME_MAX + 1];
	struct kenmen_forms forms;
};

struct wire_request {
	enum wire_errand errand;
	uint32_t kinds; /* bits of enum read_kind */
	enum lang lang;
	/* Who asks: what the window will say. origin "" for a local program,
	 * which then is known by the user's name. */
	char origin[ORIGIN_MAX + 1];
	char origin_name[ORIGIN_NAME_MAX + 1];
	char user[USER_NAME_MAX + 1];
	char purpose[PURPOSE_MAX + 1];
	char reader[KENMEN_READER_NAME_MAX + 1]; /* "": any */
	uint32_t card_timeout_ms, prompt_timeout_ms, read_timeout_ms;
	unsigned ignore_n;
	char ignore[IGNORE_MAX][IGNORE_LEN_MAX + 1];
	unsigned known_n;
	struct wire_known known[KENMEN_READERS_MAX];
};

enum wire_type {
	WIRE_STATE,      /* the read entered a state */
	WIRE_PROGRESS,   /* bytes done of total, while reading */
	WIRE_EVENT,      /* something the door counts */
	WIRE_KNOWN,      /* what was learnt of a reader */
	WIRE_CARD_INFO,  /* a result */
	WIRE_ATTRIBUTES, /* a result */
	WIRE_READERS,    /* the readers now */
	WIRE_DONE,       /* the end: all results were sent */
	WIRE_FAILED,     /* the end: a code */
	WIRE_N
};

enum wire_event {
	EVENT_CARD_INSERTED, /* while the read waited for one */
	EVENT_PIN_TYPED,     /* a person typed something */
	EVENT_PIN_ACCEPTED,
	EVENT_CONSENT_GIVEN, /* a yes in a window */
	EVENT_N
};

struct wire_state {
	enum read_state state;
	uint32_t deadline_ms; /* from now; 0: none */
	bool asks;            /* a window is meant: the rest says which */
	int pin;              /* enum kenmen_pin, or -1 for a yes */
	unsigned tries_left, step, steps;
};

struct wire_failed {
	enum read_code code;
	int tries_left; /* -1: does not belong to this code */
	int pin;        /* enum kenmen_pin it is about, or -1 */
};

struct wire_reader {
	char name[KENMEN_READER_NAME_MAX + 1];
	bool present, pinpad;
};

/* One message up. Wipe it after use: results are people's data. */
struct wire_message {
	enum wire_type type;
	union {
		struct wire_state state;
		struct {
			uint32_t done, total;
		} progress;
		enum wire_event event;
		struct wire_known known;
		struct kenmen_card_info card_info;
		struct kenmen_attributes attributes;
		struct {
			unsigned n;
			struct wire_reader reader[KENMEN_READERS_MAX];
		} readers;
		struct wire_failed failed;
	};
};

/*
 * Encoding into buf (room bytes): the length, or -1 when it does not fit.
 * Decoding: false when anything is short, too long, out of range or left
 * over; *ret is then undefined (and may hold data: wipe it all the same).
 */
int wire_request_encode(
    const struct wire_request *request, uint8_t *buf, size_t room);
bool wire_request_decode(
    const uint8_t *buf, size_t len, struct wire_request *ret);
int wire_message_encode(
    const struct wire_message *message, uint8_t *buf, size_t room);
bool wire_message_decode(
    const uint8_t *buf, size_t len, struct wire_message *ret);

#endif
