/*
 * libkenmen: reads a Japanese My Number card (マイナンバーカード).
 *
 * Blocking, no threads, no globals: one struct kenmen_card is used by one
 * thread at a time. It knows cards and readers; no network, no window, no
 * file.
 *
 * Functions return 0 or a count on success and a negative KENMEN_ERR_* on
 * failure. Outputs are named ret_ and stay untouched on failure. Lengths are
 * in bytes. The chip's facts are cited as "ISO 7816-4 11.2.3" or by the file
 * they concern ("EF 0002 of the text application").
 */
#ifndef KENMEN_H
#define KENMEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---------------------------------------------------------- */

enum kenmen_err {
	KENMEN_ERR_NO_MEMORY = -1,
	KENMEN_ERR_ARGUMENT = -2,         /* the caller's mistake */
	KENMEN_ERR_PCSC_UNAVAILABLE = -3, /* no pcscd, or it is ill */
	KENMEN_ERR_NO_READER = -4,        /* no reader of that name */
	KENMEN_ERR_NO_CARD = -5,          /* the reader is empty */
	KENMEN_ERR_READER_BUSY = -6,      /* another program holds the card */
	KENMEN_ERR_CARD_REMOVED = -7,     /* pulled, or swapped */
	KENMEN_ERR_CARD_RESET = -8,       /* another program reset the card */
	KENMEN_ERR_TRANSMIT = -9,         /* reader refused or lost the APDU */
	KENMEN_ERR_NOT_MY_NUMBER_CARD = -10,
	KENMEN_ERR_NOT_FOUND = -11,    /* no such file on the card */
	KENMEN_ERR_PIN_REQUIRED = -12, /* 6982: security status */
	KENMEN_ERR_PIN_FORMAT = -13,   /* not sent to the card */
	KENMEN_ERR_PIN_WRONG = -14,
	KENMEN_ERR_PIN_BLOCKED = -15,
	KENMEN_ERR_DATA = -16, /* the card's answer makes no sense */
	KENMEN_ERR_CARD = -17, /* an unexpected status word */
	KENMEN_ERR_TIMEOUT = -18,
	KENMEN_ERR_AUTHENTICITY = -19,
	KENMEN_ERR_CANCELLED = -20,    /* on the reader's keypad */
	KENMEN_ERR_PCSC_REFUSED = -21, /* pcscd does not let us: polkit */
};

/* A short constant English text for a log; never NULL. */
const char *kenmen_strerror(int err);

/* The library's version, "0.1.0". */
const char *kenmen_version(void);

/*
 * Loads what the library's checks would load when they are first used
 * (OpenSSL's configuration and what it names), for a process that cannot open
 * files later. Once; NO_MEMORY.
 */
int kenmen_prepare(void);

/* ---- secrets --------------------------------------------------------- */

/* The longest PIN in bytes as typed: 16 full-width characters in UTF-8 are
 * 48 bytes; room for what a person types by mistake beside it. */
#define KENMEN_SECRET_MAX 128

/*
 * Memory for one PIN: a page of its own, locked (never swapped), left out of
 * core files, gone after fork, wiped when freed.
 */
struct kenmen_secret;

/* An empty secret. KENMEN_ERR_NO_MEMORY also when it cannot be locked. */
int kenmen_secret_new(struct kenmen_secret **ret);
/* Wipes, frees, sets NULL; accepts a pointer to NULL. */
void kenmen_secret_free(struct kenmen_secret **secret);
/* The bytes, to be filled or read in place: KENMEN_SECRET_MAX of them. */
uint8_t *kenmen_secret_bytes(struct kenmen_secret *secret);
size_t kenmen_secret_len(const struct kenmen_secret *secret);
/* KENMEN_ERR_ARGUMENT past KENMEN_SECRET_MAX; bytes past len are wiped. */
int kenmen_secret_set_len(struct kenmen_secret *secret, size_t len);
/* Overwrites memory in a way the compiler may not drop. */
void kenmen_wipe(void *mem, size_t len);

/* ---- readers --------------------------------------------------------- */

/* The longest response: 65,536 bytes of data and SW1 SW2. */
#define KENMEN_RESPONSE_MAX 65538
#define KENMEN_READER_NAME_MAX 127
#define KENMEN_READERS_MAX 16

/* A VERIFY that the reader completes from its own keypad (PC/SC part 10,
 * 2.6.1). The reader puts the digits, ASCII without padding, behind command. */
struct kenmen_pinpad_verify {
	uint8_t command[5]; /* CLA INS P1 P2 Lc; Lc is the reader's to fill */
	uint8_t min_len, max_len; /* digits */
	uint8_t timeout_s;
};

/*
 * One table per kind of reader; arg is the reader's own. All return 0 or a
 * negative KENMEN_ERR_*: NO_CARD, READER_BUSY, CARD_REMOVED, CARD_RESET,
 * TRANSMIT, PCSC_UNAVAILABLE, PCSC_REFUSED, TIMEOUT.
 */
struct kenmen_reader_ops {
	/* Powers the card and connects, shared with other programs. */
	int (*connect)(void *arg);
	/* Exclusive use until end; may block without limit while another
	 * program holds the card: callers bring their own watchdog. */
	int (*begin)(void *arg);
	/* One C-APDU, one R-APDU with SW. *rsp_len: room, then length (>= 2).
	 * TRANSMIT: the exchange failed though the card may still be there;
	 * the card may have executed the command: never repeat a VERIFY. */
	int (*transmit)(void *arg, const uint8_t *cmd, size_t cmd_len,
	    uint8_t *rsp, size_t *rsp_len);
	/* NULL: no keypad. What connect() finds out a reader writes here, in a
	 * table of its own. TIMEOUT, CANCELLED and PIN_FORMAT come as the
	 * status words 6400, 6401 and 6403 of PC/SC part 10. */
	int (*verify_pinpad)(void *arg, const struct kenmen_pinpad_verify *form,
	    uint16_t *ret_sw);
	/* reset: the card forgets every verified PIN. */
	int (*end)(void *arg, bool reset);
	/* 1: the card of connect() has been in place ever since; 0: it was
	 * removed or swapped, as far as the reader noticed. Does not block. */
	int (*still_there)(void *arg);
	/* Powers the card off when it was connected, frees arg. */
	void (*close)(void *arg);
};

struct kenmen_reader {
	const struct kenmen_reader_ops *ops;
	void *arg;
};

/* A connection to pcscd. When pcscd dies it stays dead: make a new one. */
struct kenmen_pcsc;

/* What a slot holds now. events counts insertions and removals as pcscd saw
 * them, so that a swap between two looks shows. */
struct kenmen_slot {
	char name[KENMEN_READER_NAME_MAX + 1];
	bool present;   /* a card is in it */
	bool mute;      /* a card that does not answer to power-up */
	bool exclusive; /* another program uses the card alone */
	bool in_use;    /* some program does, perhaps together with others */
	uint32_t events;
};

/* PCSC_UNAVAILABLE when no pcscd listens, PCSC_REFUSED when it does not let
 * this user (SCardEstablishContext). */
int kenmen_pcsc_new(struct kenmen_pcsc **ret);
void kenmen_pcsc_free(struct kenmen_pcsc **pcsc);
/*
 * Fills slots (KENMEN_READERS_MAX of them) with today's readers; returns how
 * many. Does not block.
 */
int kenmen_pcsc_slots(struct kenmen_pcsc *pcsc, struct kenmen_slot *slots);
/*
 * Waits until something differs from what kenmen_pcsc_slots() said last: a
 * reader or a card came or went. 1: changed, 0: timeout_ms passed (-1: no
 * limit). PCSC_UNAVAILABLE when pcscd died.
 */
int kenmen_pcsc_wait(struct kenmen_pcsc *pcsc, int timeout_ms);
/*
 * Has the reader a keypad that a PIN can be typed on (PC/SC part 10,
 * FEATURE_VERIFY_PIN_DIRECT)? 1 or 0. Asks the reader alone, with a card in it
 * or without: nothing is sent to a card. Not for one that is in_use: where a
 * transaction is open pcscd answers when that ends. READER_BUSY, NO_READER,
 * PCSC_UNAVAILABLE.
 */
int kenmen_pcsc_keypad(struct kenmen_pcsc *pcsc, const char *name);
/* A reader by pcscd's name for it. Does not touch the card. pcsc must outlive
 * it. The caller owns *ret until kenmen_card_new takes it over. */
int kenmen_pcsc_reader(
    struct kenmen_pcsc *pcsc, const char *name, struct kenmen_reader *ret);

/* ---- the card -------------------------------------------------------- */

/* Which forms of command a card and reader accept; all zero: not known yet,
 * the short and the long ways are tried best first. */
struct kenmen_forms {
	bool no_sfi;       /* SELECT EF instead of short file ids */
	bool no_extended;  /* READ BINARY of 256 bytes at most */
	bool small_blocks; /* READ BINARY of 224 bytes at most */
};

struct kenmen_card;

/*
 * A card in a reader, not connected yet. Takes the reader over: it is closed
 * by kenmen_card_free, or here on failure. known may be NULL.
 */
int kenmen_card_new(const struct kenmen_reader *reader,
    const struct kenmen_forms *known, struct kenmen_card **ret);
/* Ends a transaction with a reset if one is open, closes, sets NULL. */
void kenmen_card_free(struct kenmen_card **card);
int kenmen_card_connect(struct kenmen_card *card);
/*
 * Opens and closes a transaction (exclusive use). Nothing is assumed of the
 * card's state afterwards: the application is selected again.
 * After a function failed with TRANSMIT the card may be another one that was
 * put in unseen: from then on begin and kenmen_pin_tries say CARD_REMOVED (and
 * kenmen_card_still_there 0) until kenmen_card_connect.
 */
int kenmen_card_begin(struct kenmen_card *card);
int kenmen_card_end(struct kenmen_card *card);
/* See kenmen_reader_ops.still_there. */
int kenmen_card_still_there(struct kenmen_card *card);
/*
 * Makes the card forget verified PINs: SELECT of the card manager (another
 * application), 1 exchange. Where that fails, kenmen_card_end resets the card.
 */
int kenmen_card_leave(struct kenmen_card *card);
/* What has been learnt of forms so far. */
void kenmen_card_forms(
    const struct kenmen_card *card, struct kenmen_forms *ret);
/* Exchanges (command and response pairs) and bytes both ways since new. */
void kenmen_card_cost(
    const struct kenmen_card *card, unsigned *ret_exchanges, size_t *ret_bytes);

/* ---- PINs ------------------------------------------------------------ */

enum kenmen_pin {
	KENMEN_PIN_AUTH,       /* 利用者証明用: 4 digits, 3 tries */
	KENMEN_PIN_SIGN,       /* 署名用: 6-16 A-Z 0-9, 5 tries */
	KENMEN_PIN_ATTRIBUTES, /* 券面事項入力補助用: 4 digits, 3 tries */
	KENMEN_PIN_FACE_B,     /* 照合番号B: 14 digits */
	KENMEN_PIN_FACE_A,     /* 照合番号A: 12 digits */
	KENMEN_PIN_N
};

/*
 * Tries left on a PIN (0 = blocked), or a negative KENMEN_ERR_*.
 * Sends VERIFY without data, so asking never spends a try. Settles whether
 * the key is named by short id or by SELECT EF, which kenmen_pin_verify then
 * uses. NOT_MY_NUMBER_CARD: the application of this PIN is not there. DATA: the
 * card does not count its tries (6300), so there is nothing to tell a person,
 * and no VERIFY to be sent.
 */
int kenmen_pin_tries(struct kenmen_card *card, enum kenmen_pin pin);
/*
 * Folds full-width digits and letters to ASCII (and a-z to A-Z for
 * KENMEN_PIN_SIGN) in place and checks the form. PIN_FORMAT: anything else
 * was typed; the secret is left as typed.
 */
int kenmen_pin_fold(enum kenmen_pin pin, struct kenmen_secret *code);
/*
 * One VERIFY with data, never two, whatever happens. The form was settled by
 * kenmen_pin_tries, which must come first in the same transaction
 * (ARGUMENT). PIN_FORMAT before the card is touched; PIN_WRONG with
 * *ret_tries left (set on PIN_WRONG and PIN_BLOCKED only).
 */
int kenmen_pin_verify(struct kenmen_card *card, enum kenmen_pin pin,
    const struct kenmen_secret *code, int *ret_tries);
/* The reader has a keypad (known after kenmen_card_connect), and this PIN can
 * be typed on it (digits only). */
bool kenmen_pin_on_pinpad(const struct kenmen_card *card, enum kenmen_pin pin);
/*
 * kenmen_pin_verify with the PIN typed on the reader, which alone sees it: the
 * same rules, one VERIFY at most. Blocks until it is typed, CANCELLED on the
 * keypad, or TIMEOUT after timeout_s seconds (1 to 255; what is more counts as
 * 255). PIN_FORMAT: too few or too many digits, the reader sent none of them.
 * ARGUMENT where kenmen_pin_on_pinpad says no.
 */
int kenmen_pin_verify_on_pinpad(struct kenmen_card *card, enum kenmen_pin pin,
    unsigned timeout_s, int *ret_tries);
/* How often this PIN may be wrong in a row before it locks; 0: not published.
 */
int kenmen_pin_max_tries(enum kenmen_pin pin);

/* ---- what the card holds --------------------------------------------- */

#define KENMEN_NAME_MAX 2048 /* bytes of UTF-8, without the NUL */
#define KENMEN_ADDRESS_MAX 4096

enum kenmen_sex {
	KENMEN_SEX_UNKNOWN,        /* code 0, and every code not listed */
	KENMEN_SEX_MALE,           /* 1 */
	KENMEN_SEX_FEMALE,         /* 2 */
	KENMEN_SEX_NOT_APPLICABLE, /* 9 (JIS X 0303, ISO 5218) */
};

/*
 * EF 0002 of the text application (券面事項入力補助AP). Valid UTF-8: what is
 * not stands as U+FFFD. Wipe it after use (kenmen_wipe).
 */
struct kenmen_attributes {
	char name[KENMEN_NAME_MAX + 1];
	char address[KENMEN_ADDRESS_MAX + 1];
	char birth_date[11];     /* YYYY-MM-DD, or "" where it is no date */
	char birth_date_raw[33]; /* as on the card, YYYYMMDD */
	char sex_code[5];        /* as on the card, one character */
	enum kenmen_sex sex;
};

enum kenmen_certificate {
	KENMEN_CERT_AUTH,
	KENMEN_CERT_SIGN,
	KENMEN_CERT_AUTH_CA,
	KENMEN_CERT_SIGN_CA,
	KENMEN_CERT_N
};

/* What the JPKI application says that it is on. */
enum kenmen_token {
	KENMEN_TOKEN_UNKNOWN, /* it does not say, or a label of no list */
	KENMEN_TOKEN_MY_NUMBER_CARD,
	KENMEN_TOKEN_ANDROID, /* スマホ用電子証明書 */
	KENMEN_TOKEN_IPHONE,
	KENMEN_TOKEN_JUKI_CARD, /* 住民基本台帳カード, issued until 2015 */
	KENMEN_TOKEN_N
};

/*
 * The label in EF 0006 of the JPKI application: 2 exchanges, or 1 where that
 * application is the current one. No PIN is needed. NOT_FOUND: no such
 * application.
 */
int kenmen_token_read(struct kenmen_card *card, enum kenmen_token *ret);

struct kenmen_card_info {
	enum kenmen_token token;
	int tries[KENMEN_PIN_N]; /* 0: blocked; -1: no such PIN, or none that
				  * the card counts */
	int8_t certificates[KENMEN_CERT_N]; /* 1 there, 0 not, -1 not known
					     * without its PIN */
};

/* What it is, counters of all PINs, and which certificates exist; no PIN is
 * needed, no try is spent, nothing that identifies the person or the card is
 * read. */
int kenmen_card_info_read(
    struct kenmen_card *card, struct kenmen_card_info *ret);

/* ---- trust ------------------------------------------------------------ */

/* Bytes on the heap; empty when bytes is NULL. */
struct kenmen_blob {
	uint8_t *bytes;
	size_t len;
};

/* Wipes, frees, empties; accepts an empty one. */
void kenmen_blob_free(struct kenmen_blob *blob);

/*
 * The public keys that a verdict may rest on, loaded from a directory:
 *
 *   NAME.pem       X.509 CA certificates of JPKI (one or more in a file; all
 *                  generations have one name: they are told apart by key)
 *   KEYID.cvroot   the root of card-verifiable certificates whose issuer key
 *                  id is KEYID, 32 lower-case hex digits: a PEM "PUBLIC KEY"
 *                  (SubjectPublicKeyInfo, RSA)
 *
 * Files of other names are left alone. A missing directory counts as empty.
 * *ret_bad, when not NULL, is the number of files that could not be read as
 * what their name says: they are left out.
 */
struct kenmen_trust;
int kenmen_trust_new(
    const char *directory, unsigned *ret_bad, struct kenmen_trust **ret);
void kenmen_trust_free(struct kenmen_trust **trust);

/* ---- what was checked -------------------------------------------------- */

enum kenmen_verdict {
	KENMEN_UNCHECKED,  /* something needed is not on the card */
	KENMEN_CONSISTENT, /* all on the card agrees; no root is configured */
	KENMEN_VERIFIED,   /* up to a configured root */
	KENMEN_FAILED,     /* data that must not be used */
};

#define KENMEN_CHECKS_MAX 12

struct kenmen_check {
	char name[32];    /* record_digest, record_signature,
			   * issuer_certificate, issuer_root, chip, agreement,
			   * revocation; of X.509 certificates: issuer,
			   * validity, key_usage, policy, revocation */
	int8_t ok;        /* 1 yes, 0 no, -1 not checked */
	char detail[120]; /* English, constant texts: never data of the card */
};

struct kenmen_authenticity {
	enum kenmen_verdict verdict;
	unsigned n;
	struct kenmen_check check[KENMEN_CHECKS_MAX];
};

/* ---- issuers' certificates ---------------------------------------------- */

#define KENMEN_ISSUER_MAX 600
#define KENMEN_ISSUERS_MAX 8

/* EF 0004: public, the same on all cards of one issue. */
struct kenmen_issuer {
	bool visual; /* of the visual application; else of the text one */
	uint16_t len;
	uint8_t bytes[KENMEN_ISSUER_MAX];
};

/*
 * Those of earlier reads, the newest first. One whose key signed the record
 * at hand takes the place of EF 0004, which then is not read: 1 exchange less
 * extended, 3 less short. To know one is not to trust it: all checks are done
 * on it. It must be signed by a root of trust; only where trust has no roots
 * and there is no challenge may it do without, as nobody could tell then
 * whether it was doctored. One that was read from a card and stood all checks
 * is put in front; past the end the oldest goes.
 */
struct kenmen_issuers {
	unsigned n;
	struct kenmen_issuer known[KENMEN_ISSUERS_MAX];
};

/* ---- the text application, whole --------------------------------------- */

#define KENMEN_MY_NUMBER_LEN 12

struct kenmen_text_wish {
	bool attributes;
	bool my_number;
	bool check; /* read and check what shows that it is genuine */
	/* NULL: nothing can be more than consistent. */
	const struct kenmen_trust *trust;
	struct kenmen_issuers *issuers; /* in and out; NULL: none */
};

/* Wipe it after use. */
struct kenmen_text {
	struct kenmen_attributes attributes;
	char my_number[KENMEN_MY_NUMBER_LEN + 1]; /* check digit checked */
	struct kenmen_authenticity authenticity;
};

/*
 * Reads what is wished for after KENMEN_PIN_ATTRIBUTES was verified, in the
 * same transaction; no file twice. EF 0002 and 0001 first (progress is told
 * of EF 0002; it may be NULL): 1 exchange each, for EF 0002 ceil(S/256) without
 * extended length. Then, for the check, EF 0003, 0004, 0007 and one signature
 * by the chip over fresh random bytes: +4 exchanges with extended length, +9
 * short (-1, -3 with a known issuer); what of that the card does not have stays
 * unchecked. EF 0003 and its
 * digests are wiped here and never leave. A reader that loses answers of 256
 * bytes is not asked for the signature.
 * ARGUMENT: nothing is wished for. PIN_REQUIRED: that PIN is not verified.
 * DATA: not the structure it should be. AUTHENTICITY: a check failed;
 * ret->authenticity is filled (which check), everything else is wiped.
 */
int kenmen_text_read(struct kenmen_card *card,
    const struct kenmen_text_wish *wish,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_text *ret);

/* The check digit of a My Number (総務省令第85号 第5条); 12 digits. */
bool kenmen_my_number_ok(const char *number);

/* ---- the face of the card ---------------------------------------------- */

#define KENMEN_ORIGIN_MAX 100
#define KENMEN_CHALLENGE_MIN 32
#define KENMEN_CHALLENGE_MAX 64

/* A server's challenge and for whom the answer is. */
struct kenmen_challenge {
	char origin[KENMEN_ORIGIN_MAX + 1];
	uint8_t bytes[KENMEN_CHALLENGE_MAX];
	size_t len;  /* 0: none was given */
	int64_t now; /* for iat: seconds since 1970 */
};

struct kenmen_face_wish {
	const struct kenmen_trust *trust;
	const struct kenmen_challenge *challenge; /* NULL: no evidence */
	bool want_png;                            /* the photo as PNG too */
	struct kenmen_issuers *issuers;           /* in and out; NULL: none */
};

struct kenmen_face {
	char birth_date[11], birth_date_raw[33];
	char sex_code[5];
	enum kenmen_sex sex;
	char expires[11]; /* YYYY-MM-DD, or ""; no signature covers it */
	struct kenmen_blob name_png, address_png;
	struct kenmen_blob photo_jp2; /* empty: the card carries none */
	struct kenmen_blob photo_png; /* empty: none, or not decodable */
	/* Evidence, with a challenge: DF22 to DF28 as they stand, EF 0004, and
	 * a compact JWS by the chip's key (NUL-terminated). All three are
	 * empty when the card lacks what one of them needs. */
	struct kenmen_blob record, issuer_certificate, evidence_jws;
	struct kenmen_authenticity authenticity;
};

/*
 * EF 0002 of the visual application after KENMEN_PIN_FACE_B or _A was
 * verified: 1 exchange extended or ceil(S/256); the check takes EF 0004 and
 * one signature by the chip: +2 extended, +4 short (-1, -3 with a known
 * issuer). Files past 32767 bytes: DATA, and so is an image that is none.
 * AUTHENTICITY as with kenmen_text_read. The challenge's answer is the chip's
 * signature: it costs nothing more. Free with kenmen_face_finish.
 */
int kenmen_face_read(struct kenmen_card *card,
    const struct kenmen_face_wish *wish,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_face *ret);
/* Wipes and frees what it holds. */
void kenmen_face_finish(struct kenmen_face *face);

/*
 * Do text and face application name the same birth date and sex? For two that
 * were read, attributes included. Adds the check "agreement" to both;
 * AUTHENTICITY when they do not: then both keep nothing but that.
 */
int kenmen_agree(struct kenmen_text *text, struct kenmen_face *face);

/*
 * A JPEG 2000 file as PNG. DATA: not decodable, or past the limits (32 KB in,
 * 1024 x 1024 pixels, 4 components). Bounded work; keeps no state.
 */
int kenmen_jp2_to_png(
    const uint8_t *jp2, size_t len, struct kenmen_blob *ret_png);

/* ---- certificates and signatures (JPKI) -------------------------------- */

#define KENMEN_DN_MAX 255
#define KENMEN_SERIAL_MAX 40 /* hex digits */
#define KENMEN_KEY_SHA256_LEN 32

/* The signing certificate's subjectAltName (arc 1.2.392.200149.8.5.5). */
struct kenmen_subject {
	char name[KENMEN_NAME_MAX + 1];
	char address[KENMEN_ADDRESS_MAX + 1];
	/* One digit per character: 1 where a substitute stands; "" unknown. */
	char name_substituted[KENMEN_NAME_MAX + 1];
	char address_substituted[KENMEN_ADDRESS_MAX + 1];
	char birth_date[11], birth_date_raw[33];
	char sex_code[5];
	enum kenmen_sex sex;
};

struct kenmen_certificate_facts {
	char subject[KENMEN_DN_MAX + 1]; /* RFC 4514 */
	char issuer[KENMEN_DN_MAX + 1];
	char serial[KENMEN_SERIAL_MAX + 1]; /* lower-case hex */
	int64_t not_before, not_after;      /* seconds since 1970 */
	bool rsa; /* an RSA key, which is all that this card signs with */
	unsigned key_bits;
	/* SHA-256 of its SubjectPublicKeyInfo: the same key, the same digest.
	 * A renewed certificate has another key. */
	uint8_t key_sha256[KENMEN_KEY_SHA256_LEN];
	bool has_attributes;
	struct kenmen_subject attributes;
};

/* 1 exchange extended, else ceil(S/256). NOT_FOUND: the card has none (not
 * issued, or its file is empty). PIN_REQUIRED: KENMEN_CERT_SIGN before its
 * password, and KENMEN_CERT_AUTH on some tokens. */
int kenmen_certificate_read(struct kenmen_card *card,
    enum kenmen_certificate which,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_blob *ret);
/*
 * The certificate of a CA that the card holds (AUTH_CA, SIGN_CA; anything else:
 * ARGUMENT). Where trust (may be NULL) has any of that purpose, 224 bytes in
 * the middle of the file are read first, where its key stands: 1 exchange, and
 * when it is a trusted CA's key the trusted copy is returned. Else the card's
 * own file is, as by kenmen_certificate_read.
 */
int kenmen_ca_read(struct kenmen_card *card, enum kenmen_certificate which,
    const struct kenmen_trust *trust,
    void (*progress)(void *arg, size_t done, size_t total), void *arg,
    struct kenmen_blob *ret);
/*
 * Is there a file for it? 1, or 0 where the card says that there is none. No
 * PIN is needed, nothing is read: 1 exchange. What is in the file shows when
 * it is read: it may be empty.
 */
int kenmen_certificate_exists(
    struct kenmen_card *card, enum kenmen_certificate which);
/* DATA: no X.509 certificate, or one with attributes out of all bounds. */
int kenmen_certificate_parse(
    const uint8_t *der, size_t len, struct kenmen_certificate_facts *ret);
/*
 * 1: issued by a CA of trust for this purpose (signature, validity at now,
 * key usage, basic constraints, JPKI policy, key match); 0: not; -1: trust
 * holds no CA of that kind, so nothing can be said. Revocation is not
 * checked (JPKI Act art. 17). reason, when not NULL: a constant text for 0.
 */
int kenmen_certificate_trusted(const struct kenmen_trust *trust,
    enum kenmen_certificate which, const uint8_t *der, size_t len, int64_t now,
    const char **reason);
/*
 * The same, point by point, so that a server can show what was looked at:
 * issuer, validity, key_usage, policy, revocation (never checked), each told
 * whatever the others say. VERIFIED where kenmen_certificate_trusted says 1;
 * CONSISTENT where only a CA to hold it against is missing; else FAILED. which
 * is KENMEN_CERT_AUTH or _SIGN (else ARGUMENT). DATA: no certificate.
 */
int kenmen_certificate_check(const struct kenmen_trust *trust,
    enum kenmen_certificate which, const uint8_t *der, size_t len, int64_t now,
    struct kenmen_authenticity *ret);
/* A CA certificate of trust that issued der, or an empty blob. */
int kenmen_trust_issuer(const struct kenmen_trust *trust, const uint8_t *der,
    size_t len, struct kenmen_blob *ret);

enum kenmen_hash { KENMEN_SHA256, KENMEN_SHA384, KENMEN_SHA512, KENMEN_HASH_N };
/* Bytes of such a digest; 0: no hash of ours. */
size_t kenmen_hash_len(enum kenmen_hash hash);

#define KENMEN_SIGNATURE_MAX 512

/*
 * COMPUTE DIGITAL SIGNATURE with the key of that certificate (AUTH or SIGN)
 * over a digest; the DigestInfo is built here. Its PIN must be verified
 * (PIN_REQUIRED). 1 exchange; *ret_len: room, then length.
 */
int kenmen_sign(struct kenmen_card *card, enum kenmen_certificate key,
    enum kenmen_hash hash, const uint8_t *digest, uint8_t *ret,
    size_t *ret_len);

/*
 * A login: a compact JWS (RFC 7515) signed RS256 with the AUTH key: header
 * alg, typ "kenmen-login+jwt", x5c; payload aud (origin), nonce (challenge,
 * base64url), iat. Free *ret with kenmen_blob_free; it ends in a NUL beyond
 * len. 1 exchange. DATA: a certificate with a key that RS256 is not for.
 * AUTHENTICITY: the card's key is not the certificate's.
 */
int kenmen_login_sign(struct kenmen_card *card,
    const struct kenmen_blob *certificate,
    const struct kenmen_challenge *challenge, struct kenmen_blob *ret);

/* ---- a server's side: no card, no reader ------------------------------- */

struct kenmen_login {
	struct kenmen_certificate_facts certificate;
	int trusted; /* as kenmen_certificate_trusted */
	struct kenmen_authenticity authenticity; /* why: of the certificate */
	int64_t issued_at;
};

/*
 * Checks a login JWS: its form, alg RS256 and typ, aud equal to origin, nonce
 * equal to the challenge, iat within max_age seconds of challenge->now, the
 * signature by the certificate in x5c, and that certificate against trust.
 * 0 with *ret when all but trust holds (look at ret->trusted), AUTHENTICITY
 * with a constant *reason otherwise.
 */
int kenmen_login_verify(const char *jws, size_t len,
    const struct kenmen_challenge *challenge, int64_t max_age,
    const struct kenmen_trust *trust, struct kenmen_login *ret,
    const char **reason);

/* A PKCS#1 v1.5 signature over a digest, by the key in certificate.
 * AUTHENTICITY: it is not. */
int kenmen_signature_verify(const uint8_t *certificate, size_t certificate_len,
    enum kenmen_hash hash, const uint8_t *digest, const uint8_t *signature,
    size_t signature_len);

/* Who signed, with the certificate that is for signatures. */
struct kenmen_signer {
	struct kenmen_certificate_facts certificate;
	int trusted; /* as kenmen_certificate_trusted */
	struct kenmen_authenticity authenticity; /* why: of the certificate */
};

/*
 * What a server does with the result of a read of "sign": the signature over
 * the digest of a document that the server itself holds, then the certificate
 * (chain, validity at now, key usage, policy) and whom it names. 0 with *ret
 * when the key in the certificate made the signature: look at ret->trusted,
 * only 1 proves something. AUTHENTICITY with a constant *reason (may be NULL)
 * otherwise. ARGUMENT: no hash of ours.
 */
int kenmen_signer_verify(const struct kenmen_blob *certificate,
    enum kenmen_hash hash, const uint8_t *digest,
    const struct kenmen_blob *signature, const struct kenmen_trust *trust,
    int64_t now, struct kenmen_signer *ret, const char **reason);

/*
 * Checks evidence of kenmen_face_read as a server got it: record signed by
 * the issuer, issuer by a root of trust, the JWS by the chip's key in the
 * record, over origin, challenge and the record's digest. Fills ret (images,
 * dates and authenticity; no photo_png). 0 also when trust holds no root of
 * that issuer: look at ret->authenticity.verdict, only KENMEN_VERIFIED proves
 * something. AUTHENTICITY with *reason.
 */
int kenmen_evidence_verify(const struct kenmen_blob *record,
    const struct kenmen_blob *issuer_certificate, const char *jws,
    size_t jws_len, const struct kenmen_challenge *challenge, int64_t max_age,
    const struct kenmen_trust *trust, struct kenmen_face *ret,
    const char **reason);

#ifdef __cplusplus
}
#endif

#endif
