/*
 * The invented people whose cards are simulated. Nobody here exists; the
 * numbers were made up with a valid check digit.
 */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

/* Every key of the card that has a counter. The first five carry the names
 * of the API; the face_ ones are those of the visual application (券面事項確認
 * AP), the text_ ones their twins in the text application. */
enum sim_pin {
	SIM_PIN_AUTH,
	SIM_PIN_SIGN,
	SIM_PIN_ATTRIBUTES,
	SIM_PIN_FACE_B,
	SIM_PIN_FACE_A,
	SIM_PIN_TEXT_B,
	SIM_PIN_TEXT_A,
	SIM_PIN_BIRTH,
	SIM_PIN_N
};

/* Which certification authorities issued the certificates; all three
 * generations of one purpose have one name. */
enum sim_generation {
	SIM_2023,       /* valid until 2043 */
	SIM_2019,       /* until 2039 */
	SIM_2015,       /* until 2025 */
	SIM_FOREIGN_CA, /* of the same name, but nobody trusts it */
};

enum sim_photo {
	SIM_PHOTO,
	SIM_PHOTO_MISSING, /* no DF27 */
	SIM_PHOTO_EMPTY,   /* DF27 00 */
	SIM_PHOTO_BIG,     /* the file ends just below 32 KB */
	SIM_PHOTO_TOO_BIG, /* the file claims more than READ BINARY reaches */
};

struct sim_person {
	const char *id;             /* what tests call them */
	const char *name;           /* as on the card: bytes, mostly UTF-8 */
	const char *address;        /* likewise */
	const char *birth_date;     /* YYYYMMDD */
	const char *sex;            /* one digit */
	const char *my_number;      /* 12 digits, also 照合番号A */
	const char *auth_pin;       /* 4 digits */
	const char *sign_pin;       /* 6-16 A-Z 0-9 */
	const char *attributes_pin; /* 4 digits */
	const char *face_b;         /* 照合番号B: 14 digits */
	const char *expires;        /* of the card, YYYYMMDD */
	bool no_certificates;       /* JPKI without certificates */
	bool foreign;               /* not a My Number card at all */
	bool auth_cert_pin;         /* EF 000A wants its PIN: a phone */
	enum sim_generation generation;
	enum sim_photo photo;
	const char *token; /* label in EF 0006; NULL: a card's */
	const char *keys;  /* whose key files; NULL: those that many share */
	bool ec;           /* certificates with a key that is not RSA */
	/* What the signing certificate says instead, for characters that it
	 * cannot hold; flags are one digit per character. NULL: as above. */
	const char *cert_name, *cert_name_flags;
	const char *cert_address, *cert_address_flags;
};

/* The person of that id, or NULL. */
const struct sim_person *sim_person_find(const char *id);
/* All of them in turn; NULL past the end. */
const struct sim_person *sim_person_at(size_t i);
/* The code that opens a key; 照合番号 keys of both applications and the
 * birth date key are made of the person's two numbers. */
const char *sim_person_code(const struct sim_person *person, enum sim_pin pin);
/* How many bytes of sim_person_code the key compares. */
size_t sim_person_code_len(const struct sim_person *person, enum sim_pin pin);

/* How their key files' names begin. */
const char *sim_person_keys(const struct sim_person *person);
/* "2023", "2019", "2015", "other". */
const char *sim_generation_name(enum sim_generation generation);
/* Where they stand in sim_person_at. */
size_t sim_person_index(const struct sim_person *person);

/* "auth", "sign", "attributes", "face_b", ...; NULL past the end. */
const char *sim_pin_name(enum sim_pin pin);
/* The key of that name, or -1. */
int sim_pin_from_name(const char *name);
/* The counter after a right code: 3, 5, and 10 where nothing is published. */
int sim_pin_max_tries(enum sim_pin pin);

#endif
