/*
 * Why a request is refused: a code and, where the standing text is not
 * enough, sentences that name what is wrong.
 */
#ifndef API_FAULT_H
#define API_FAULT_H

#include "api.h"

struct refusal {
	enum api_code code;
	/* "": the code's standing text. */
	char detail[400], detail_ja[600];
	const char *id; /* of the session's own read in the way, or NULL */
	unsigned retry_after;
};

/* Both return false, to be handed on. */
bool refuse(struct refusal *why, enum api_code code);
/*
 * One more thing that is wrong: the name (a stranger's len bytes; shown cut
 * at a character, without control characters) followed by en, or ja. What
 * does not fit is left out, whole.
 */
bool fault_add(struct refusal *why, enum api_code code, const char *name,
    size_t len, const char *en, const char *ja);
bool fault_unknown(struct refusal *why, const char *name, size_t len);
/* A sentence was added. */
bool fault_any(const struct refusal *why);

#endif
