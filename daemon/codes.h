/*
 * What programs and people are told about a refusal or a failed read: status,
 * title, and a sentence in English and Japanese that says what to do next.
 * Constant tables; no reader's name, version or anything of a card in them.
 */
#ifndef CODES_H
#define CODES_H

#include "api.h"

struct code_text {
	const char *name;
	int status; /* of HTTP; 0: not a refusal but the end of a read */
	const char *title;
	const char *detail, *detail_ja;
	/* The same request can succeed later, as it stands. */
	bool retriable;
};

/* Never NULL for a code of its enum (CODE_NONE and CODE_N excepted). */
const struct code_text *code_of_api(enum api_code code);
const struct code_text *code_of_read(enum read_code code);
/* The same for a read that ended so, with what is known beside its code. */
const struct code_text *code_of_failed(const struct wire_failed *failed);

#endif
