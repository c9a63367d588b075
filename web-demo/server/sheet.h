/*
 * The application's sheet: its fields as a person typed them, and what is
 * wrong with each, said so that the person can put it right.
 */
#ifndef DRONE_SHEET_H
#define DRONE_SHEET_H

#include <stdbool.h>
#include <stdint.h>

enum field {
	/* the person */
	FIELD_NAME,
	FIELD_ADDRESS,
	FIELD_BIRTH_DATE,
	FIELD_SEX,
	FIELD_EMAIL,
	FIELD_PHONE,
	/* the drone */
	FIELD_KIND,
	FIELD_MAKER,
	FIELD_MODEL,
	FIELD_SERIAL,
	FIELD_WEIGHT_G,
	FIELD_PURPOSE,
	FIELD_REMOTE_ID,
	FIELD_N
};
#define FIELD_DRONE FIELD_KIND /* the first of the drone's */

#define VALUE_MAX 1600 /* bytes of UTF-8, without the NUL */

struct sheet {
	char value[FIELD_N][VALUE_MAX + 1]; /* "": nothing */
};

/* What to do about a field, in both languages. */
struct advice {
	const char *en, *ja;
};

/* The API's name, and the one on the document. */
const char *field_name(enum field field);
const char *field_label(enum field field);

/*
 * Takes what was typed: without spaces around it, with digits and letters made
 * narrow where the field wants ASCII. False: it does not fit, or is no UTF-8;
 * the field keeps what it had.
 */
bool sheet_put(struct sheet *sheet, enum field field, const char *typed);

/* NULL: the field is good. now_s: a birth date does not lie after it. */
const struct advice *sheet_fault(
    const struct sheet *sheet, enum field field, int64_t now_s);
/* The same for a value that sheet_put refused. */
const struct advice *sheet_refused(void);

/*
 * A good field's value as the document says it, in Japanese: the words of a
 * choice, the date in words, grams with the class of weight. ret has room for
 * VALUE_MAX + 64 bytes.
 */
void sheet_words(const struct sheet *sheet, enum field field, char *ret);

#endif
