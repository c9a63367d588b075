/*
 * The words of the API that several rooms share: kinds of read, states,
 * reasons a read fails, languages. Numbers here never leave this build; the
 * names do (docs/openapi.yaml).
 */
#ifndef KIND_H
#define KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "kenmen.h" /* types only: the door does not link libkenmen */

enum read_kind {
	KIND_CARD_INFO,
	KIND_ATTRIBUTES,
	KIND_MY_NUMBER,
	KIND_FACE,
	KIND_CERTIFICATE,
	KIND_AUTHENTICATE,
	KIND_SIGN,
	KIND_N
};
#define KIND_BIT(kind) (1u << (kind))

enum read_state {
	STATE_STARTING,
	STATE_WAITING_FOR_READER,
	STATE_WAITING_FOR_CARD,
	STATE_WAITING_FOR_CONSENT,
	STATE_WAITING_FOR_PIN,
	STATE_READING,
	STATE_DONE,
	STATE_FAILED,
	STATE_CANCELLED,
	STATE_N
};

enum read_code {
	CODE_NONE,
	CODE_NO_READER,
	CODE_NO_CARD,
	CODE_SEVERAL_CARDS,
	CODE_CARD_REMOVED,
	CODE_NOT_MY_NUMBER_CARD,
	CODE_READER_BUSY,
	CODE_PCSC_UNAVAILABLE,
	CODE_PIN_WRONG,
	CODE_PIN_BLOCKED,
	CODE_PIN_FORMAT,
	CODE_PIN_CANCELLED,
	CODE_CONSENT_REFUSED,
	CODE_PROMPT_UNAVAILABLE,
	CODE_PROMPT_TIMEOUT,
	CODE_LAST_TRY_REFUSED,
	CODE_NO_CERTIFICATE,
	CODE_CARD_DATA_INVALID,
	CODE_AUTHENTICITY_FAILED,
	CODE_PAGE_GONE,
	CODE_TIMEOUT,
	CODE_INTERNAL,
	CODE_N
};

enum lang { LANG_JA, LANG_EN, LANG_N };

/* The names of the API; NULL past the end. */
const char *kind_name(enum read_kind kind);
const char *state_name(enum read_state state);
const char *code_name(enum read_code code);
const char *pin_name(enum kenmen_pin pin);
const char *sex_name(enum kenmen_sex sex);
const char *certificate_name(enum kenmen_certificate certificate);
/* Also NULL for KENMEN_TOKEN_UNKNOWN. */
const char *token_name(enum kenmen_token token);
const char *lang_name(enum lang lang);
const char *hash_name(enum kenmen_hash hash);
const char *verdict_name(enum kenmen_verdict verdict);

/* The kind of that name (len bytes, no NUL needed), or -1. */
int kind_from_name(const char *name, size_t len);

static inline bool
token_is_phone(enum kenmen_token token)
{
	return token == KENMEN_TOKEN_ANDROID || token == KENMEN_TOKEN_IPHONE;
}

static inline bool
state_is_final(enum read_state state)
{
	return state == STATE_DONE || state == STATE_FAILED ||
	       state == STATE_CANCELLED;
}

/* A person is being waited for: a page that is gone must not keep it up. */
static inline bool
state_waits_for_person(enum read_state state)
{
	return state == STATE_WAITING_FOR_READER ||
	       state == STATE_WAITING_FOR_CARD ||
	       state == STATE_WAITING_FOR_CONSENT ||
	       state == STATE_WAITING_FOR_PIN;
}

/* Longest texts, in bytes without the NUL. */
#define ORIGIN_MAX 100
#define ORIGIN_NAME_MAX 120
#define PURPOSE_MAX 80
#define USER_NAME_MAX 64

#endif
