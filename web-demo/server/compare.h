/*
 * What was typed against what the certificate says: the same, another, or not
 * to be compared. A certificate writes ■ or another character where it has no
 * letter for a name's own, and says so: such a place is never taken for equal.
 */
#ifndef DRONE_COMPARE_H
#define DRONE_COMPARE_H

#include "kenmen.h"
#include "sheet.h"

enum same { SAME_UNKNOWN = -1, SAME_NO = 0, SAME_YES = 1 };

#define MATCHES_N 4 /* name, address, birth date, sex */

struct match {
	enum field field;
	enum same same;
	const char *form, *certificate; /* to be shown; borrowed */
};

/*
 * Two texts. Wide and narrow forms, kinds of space and of hyphen count as one;
 * nothing else does: no case, no old and new forms of a character. flags: one
 * digit for each character of certificate, 1 where a substitute stands; ""
 * unknown, then ■, 〓 and U+FFFD are taken for some; in form they are letters
 * as any. SAME_UNKNOWN: all that can be compared agrees, and there is a place
 * that cannot.
 */
enum same compare_text(
    const char *form, const char *certificate, const char *flags);

void compare_all(const struct sheet *sheet,
    const struct kenmen_subject *subject, struct match ret[MATCHES_N]);
/* One word for all: no, where one says no; else unknown, where one does. */
enum same compare_verdict(const struct match matches[MATCHES_N]);

/* The API's word for a sex. */
const char *sex_word(enum kenmen_sex sex);

#endif
