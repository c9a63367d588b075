#include "kind.h"

#include <string.h>

static const char *const kind_names[KIND_N] = {
	[KIND_CARD_INFO] = "card_info",
	[KIND_ATTRIBUTES] = "attributes",
	[KIND_MY_NUMBER] = "my_number",
	[KIND_FACE] = "face",
	[KIND_CERTIFICATE] = "certificate",
	[KIND_AUTHENTICATE] = "authenticate",
	[KIND_SIGN] = "sign",
};

static const char *const state_names[STATE_N] = {
	[STATE_STARTING] = "starting",
	[STATE_WAITING_FOR_READER] = "waiting_for_reader",
	[STATE_WAITING_FOR_CARD] = "waiting_for_card",
	[STATE_WAITING_FOR_CONSENT] = "waiting_for_consent",
	[STATE_WAITING_FOR_PIN] = "waiting_for_pin",
	[STATE_READING] = "reading",
	[STATE_DONE] = "done",
	[STATE_FAILED] = "failed",
	[STATE_CANCELLED] = "cancelled",
};

static const char *const code_names[CODE_N] = {
	[CODE_NONE] = "none",
	[CODE_NO_READER] = "no_reader",
	[CODE_NO_CARD] = "no_card",
	[CODE_SEVERAL_CARDS] = "several_cards",
	[CODE_CARD_REMOVED] = "card_removed",
	[CODE_NOT_MY_NUMBER_CARD] = "not_my_number_card",
	[CODE_READER_BUSY] = "reader_busy",
	[CODE_PCSC_UNAVAILABLE] = "pcsc_unavailable",
	[CODE_PIN_WRONG] = "pin_wrong",
	[CODE_PIN_BLOCKED] = "pin_blocked",
	[CODE_PIN_FORMAT] = "pin_format",
	[CODE_PIN_CANCELLED] = "pin_cancelled",
	[CODE_CONSENT_REFUSED] = "consent_refused",
	[CODE_PROMPT_UNAVAILABLE] = "prompt_unavailable",
	[CODE_PROMPT_TIMEOUT] = "prompt_timeout",
	[CODE_LAST_TRY_REFUSED] = "last_try_refused",
	[CODE_NO_CERTIFICATE] = "no_certificate",
	[CODE_CARD_DATA_INVALID] = "card_data_invalid",
	[CODE_AUTHENTICITY_FAILED] = "authenticity_failed",
	[CODE_PAGE_GONE] = "page_gone",
	[CODE_TIMEOUT] = "timeout",
	[CODE_INTERNAL] = "internal",
};

static const char *const pin_names[KENMEN_PIN_N] = {
	[KENMEN_PIN_AUTH] = "auth",
	[KENMEN_PIN_SIGN] = "sign",
	[KENMEN_PIN_ATTRIBUTES] = "attributes",
	[KENMEN_PIN_FACE_B] = "face_b",
	[KENMEN_PIN_FACE_A] = "face_a",
};

static const char *const sex_names[] = {
	[KENMEN_SEX_UNKNOWN] = "unknown",
	[KENMEN_SEX_MALE] = "male",
	[KENMEN_SEX_FEMALE] = "female",
	[KENMEN_SEX_NOT_APPLICABLE] = "not_applicable",
};

static const char *const certificate_names[KENMEN_CERT_N] = {
	[KENMEN_CERT_AUTH] = "auth",
	[KENMEN_CERT_SIGN] = "sign",
	[KENMEN_CERT_AUTH_CA] = "auth_ca",
	[KENMEN_CERT_SIGN_CA] = "sign_ca",
};

static const char *const token_names[KENMEN_TOKEN_N] = {
	[KENMEN_TOKEN_MY_NUMBER_CARD] = "my_number_card",
	[KENMEN_TOKEN_ANDROID] = "android",
	[KENMEN_TOKEN_IPHONE] = "iphone",
	[KENMEN_TOKEN_JUKI_CARD] = "juki_card",
};

static const char *const lang_names[LANG_N] = {
	[LANG_JA] = "ja",
	[LANG_EN] = "en",
};

static const char *const hash_names[KENMEN_HASH_N] = {
	[KENMEN_SHA256] = "sha256",
	[KENMEN_SHA384] = "sha384",
	[KENMEN_SHA512] = "sha512",
};

static const char *const verdict_names[] = {
	[KENMEN_UNCHECKED] = "unchecked",
	[KENMEN_CONSISTENT] = "consistent",
	[KENMEN_VERIFIED] = "verified",
	[KENMEN_FAILED] = "failed",
};

#define NAME_OF(names, i)                                                      \
	((size_t)(i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : NULL)

const char *
kind_name(enum read_kind kind)
{
	return NAME_OF(kind_names, kind);
}

const char *
state_name(enum read_state state)
{
	return NAME_OF(state_names, state);
}

const char *
code_name(enum read_code code)
{
	return NAME_OF(code_names, code);
}

const char *
pin_name(enum kenmen_pin pin)
{
	return NAME_OF(pin_names, pin);
}

const char *
sex_name(enum kenmen_sex sex)
{
	return NAME_OF(sex_names, sex);
}

const char *
certificate_name(enum kenmen_certificate certificate)
{
	return NAME_OF(certificate_names, certificate);
}

const char *
token_name(enum kenmen_token token)
{
	return NAME_OF(token_names, token);
}

const char *
lang_name(enum lang lang)
{
	return NAME_OF(lang_names, lang);
}

const char *
hash_name(enum kenmen_hash hash)
{
	return NAME_OF(hash_names, hash);
}

const char *
verdict_name(enum kenmen_verdict verdict)
{
	return NAME_OF(verdict_names, verdict);
}

int
kind_from_name(const char *name, size_t len)
{
	for (int i = 0; i < KIND_N; i++)
		if (strlen(kind_names[i]) == len &&
		    memcmp(kind_names[i], name, len) == 0)
			return i;
	return -1;
}
