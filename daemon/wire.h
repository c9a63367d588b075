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

#define TRUST_DIR_MAX 255
#define DIGESTS_MAX 32
#define DIGEST_LEN_MAX 64 /* SHA-512; the hash says how many count */
#define TITLE_MAX 160     /* bytes; 40 characters */

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
	int8_t keypad; /* 1: it has one, 0: none, -1: not asked yet */
};

/* What kinds other than card_info and attributes need to be told. */
struct wire_wish {
	bool face_with_a;              /* face: 照合番号A instead of B */
	enum kenmen_certificate which; /* certificate */
	enum kenmen_hash hash;         /* sign */
	unsigned digests_n;
	uint8_t digests[DIGESTS_MAX][DIGEST_LEN_MAX];
	unsigned titles_n; /* 0, or as many as digests */
	char titles[DIGESTS_MAX][TITLE_MAX + 1];
	uint8_t challenge[KENMEN_CHALLENGE_MAX]; /* authenticate, face */
	unsigned challenge_len;                  /* 0: none */
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
	char trust_dir[TRUST_DIR_MAX + 1];
	struct wire_wish wish;
	uint32_t card_timeout_ms, prompt_timeout_ms, read_timeout_ms;
	unsigned ignore_n;
	char ignore[IGNORE_MAX][IGNORE_LEN_MAX + 1];
	unsigned known_n;
	struct wire_known known[KENMEN_READERS_MAX];
	struct kenmen_issuers issuers; /* of earlier reads, public */
};

enum wire_type {
	WIRE_STATE,       /* the read entered a state */
	WIRE_PROGRESS,    /* bytes done of total, while reading */
	WIRE_EVENT,       /* something the door counts */
	WIRE_KNOWN,       /* what was learnt of a reader */
	WIRE_ISSUER,      /* an issuer's certificate that was learnt */
	WIRE_CARD_INFO,   /* a result */
	WIRE_TEXT,        /* attributes and, if asked for, the My Number */
	WIRE_FACE,        /* the small things of a face; its files are blobs */
	WIRE_CERTIFICATE, /* facts of a certificate; its DER is a blob */
	/* A piece of a file, to go behind the one before; all but the last
	 * are of BLOB_PIECE_MAX bytes. */
	WIRE_BLOB,
	WIRE_READERS, /* the readers now */
	WIRE_DONE,    /* the end: all results were sent */
	WIRE_FAILED,  /* the end: a code */
	WIRE_N
};

enum wire_event {
	EVENT_CARD_INSERTED, /* while the read waited for one */
	EVENT_PIN_TYPED,     /* a person typed something */
	EVENT_PIN_ACCEPTED,
	EVENT_CONSENT_GIVEN, /* a yes in a window */
	EVENT_NO_LANDLOCK,   /* the runner is confined, but without it */
	EVENT_N
};

struct wire_state {
	enum read_state state;
	uint32_t deadline_ms; /* from now; 0: none */
	bool asks;            /* a window is meant: the rest says which */
	int pin;              /* enum kenmen_pin, or -1 for a yes */
	unsigned tries_left, step, steps;
};

/* Results too long for one message come in pieces, each kind in its order. */
enum wire_blob {
	BLOB_NAME_PNG,
	BLOB_ADDRESS_PNG,
	BLOB_PHOTO_JP2,
	BLOB_PHOTO_PNG,
	BLOB_RECORD,             /* evidence: DF22 to DF28 */
	BLOB_ISSUER_CERTIFICATE, /* evidence: EF 0004 */
	BLOB_EVIDENCE_JWS,
	BLOB_CERTIFICATE,      /* kind certificate */
	BLOB_SIGN_CERTIFICATE, /* kind sign */
	BLOB_SIGNATURES,       /* kind sign: all, of equal length */
	BLOB_LOGIN_JWS,        /* kind authenticate */
	BLOB_N
};
#define BLOB_MAX (2u * 1024 * 1024) /* bytes of one, all pieces together */
#define BLOB_PIECE_MAX 32768

/* Facts of the face application beside its files. */
struct wire_face {
	char birth_date[11], birth_date_raw[33];
	char sex_code[5];
	enum kenmen_sex sex;
	char expires[11];
	struct kenmen_authenticity authenticity;
};

struct wire_certificate {
	enum read_kind kind; /* KIND_CERTIFICATE or KIND_SIGN */
	int8_t trusted;      /* 1, 0, -1 */
	struct kenmen_certificate_facts facts;
};

struct wire_failed {
	enum read_code code;
	int tries_left; /* -1: does not belong to this code */
	int pin;        /* enum kenmen_pin it is about, or -1 */
	/* not_my_number_card: what is on the reader instead, if it said so. */
	enum kenmen_token token;
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
		struct kenmen_issuer issuer;
		struct kenmen_card_info card_info;
		struct kenmen_text text;
		struct wire_face face;
		struct wire_certificate certificate;
		struct {
			enum wire_blob which;
			uint32_t len;
			uint8_t bytes[BLOB_PIECE_MAX];
		} blob;
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
