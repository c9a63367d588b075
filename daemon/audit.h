/*
 * One line of the log for each read that has ended, for audits: who was asked,
 * by which site, for what, how it ended, how long it took. Never what was
 * read. In the journal with fields of their own: KENMEN_UID, KENMEN_ORIGIN
 * (absent: a local program), KENMEN_KINDS, KENMEN_OUTCOME, KENMEN_DURATION_MS.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <sys/types.h>

#include "kind.h"

struct audit {
	uid_t uid;
	const char *origin; /* "": a local program */
	uint32_t kinds;
	enum read_state state; /* a final one */
	enum read_code code;   /* STATE_FAILED */
	uint64_t duration_us;
};

void audit_log(const struct audit *audit);

#endif
