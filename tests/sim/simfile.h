/* What stands in the files of a simulated card. */
#ifndef SIM_FILE_H
#define SIM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "people.h"
#include "simkeys.h"
#include "simswitch.h"

#define SIM_FILE_MAX 32768  /* READ BINARY has 15 bits of offset */
#define SIM_BUILD_MAX 65536 /* of a file that claims more than that */
#define SIM_KEY_NAME_MAX 32

/* Whose card and how; all the caller's. */
struct sim_make {
	const struct sim_person *person;
	const struct sim_switches *switches;
	struct sim_keys *keys;
};

/*
 * Writes a file's bytes into buf (SIM_BUILD_MAX) and returns how many; 0: the
 * person's card has no such file. Of the switches it looks only at those that
 * sim_file_form counts.
 */
typedef size_t (*sim_file_build)(const struct sim_make *make, uint8_t *buf);
/* Equal: every file is as it was. */
unsigned sim_file_form(const struct sim_switches *switches);

/* Text application (券面事項入力補助AP). */
size_t sim_file_my_number(const struct sim_make *, uint8_t *buf);
size_t sim_file_attributes(const struct sim_make *, uint8_t *buf);
size_t sim_file_digests(const struct sim_make *, uint8_t *buf);
size_t sim_file_text_issuer(const struct sim_make *, uint8_t *buf);
size_t sim_file_text_info(const struct sim_make *, uint8_t *buf);
size_t sim_file_text_transport(const struct sim_make *, uint8_t *buf);
size_t sim_file_text_chip(const struct sim_make *, uint8_t *buf);
size_t sim_file_unknown(const struct sim_make *, uint8_t *buf);

/* Visual application (券面事項確認AP). */
size_t sim_file_age(const struct sim_make *, uint8_t *buf);
size_t sim_file_face(const struct sim_make *, uint8_t *buf);
size_t sim_file_visual_info(const struct sim_make *, uint8_t *buf);
size_t sim_file_visual_issuer(const struct sim_make *, uint8_t *buf);
size_t sim_file_number_image(const struct sim_make *, uint8_t *buf);

/* JPKI application (公的個人認証AP). */
size_t sim_file_sign_cert(const struct sim_make *, uint8_t *buf);
size_t sim_file_sign_ca(const struct sim_make *, uint8_t *buf);
size_t sim_file_token(const struct sim_make *, uint8_t *buf);
size_t sim_file_issued(const struct sim_make *, uint8_t *buf);
size_t sim_file_auth_cert(const struct sim_make *, uint8_t *buf);
size_t sim_file_auth_ca(const struct sim_make *, uint8_t *buf);

/* Common application (共通カードAP): its record. */
size_t sim_file_serial(const struct sim_make *, uint8_t *buf);

/* ---- keys ------------------------------------------------------------ */

enum sim_role {
	SIM_KEY_TEXT,   /* the chip's, text application */
	SIM_KEY_VISUAL, /* the chip's, visual application */
	SIM_KEY_AUTH,
	SIM_KEY_SIGN,
	SIM_KEY_COMMON, /* its public half is nowhere */
};

/*
 * The name of the key that a card of that make has in a role, for simkeys.h,
 * into ret (SIM_KEY_NAME_MAX); false: it has none. as_said: the one that its
 * records and certificates name, even where another signs.
 */
bool sim_key_name(
    const struct sim_make *make, enum sim_role role, bool as_said, char *ret);

/* ---- parts that more than one application has ------------------------ */

/* The key id of a root of CV certificates (16 bytes); the issuer's own. */
#define SIM_KEY_ID_LEN 16
void sim_root_id(const struct sim_make *make, enum sim_role role, uint8_t *ret);
/* EF 0004: the issuer's card-verifiable certificate. */
size_t sim_cv_certificate(
    const struct sim_make *make, enum sim_role role, uint8_t *buf);
/* The key that signs the records of an application. */
const char *sim_record_key(const struct sim_make *make, enum sim_role role);
/* Somebody else. */
const struct sim_person *sim_other_person(const struct sim_person *person);

#endif
