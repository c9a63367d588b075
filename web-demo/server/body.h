/*
 * A request's JSON into what it asks for: strictly, each member known, there
 * and of its type. Texts are borrowed from the tree.
 */
#ifndef DRONE_BODY_H
#define DRONE_BODY_H

#include <stddef.h>

#include "problem.h"
#include "sheet.h"

struct cJSON;

enum part_type { PART_TEXT, PART_OBJECT };

struct part {
	const char *name;
	enum part_type type;
	bool optional;
};

/* One object; *ret is to be freed with body_drop. */
enum problem body_read(const char *text, size_t len, struct cJSON **ret);
void body_drop(struct cJSON **body);

/* The members that parts name, in their order; NULL where an optional one is
 * not there. Anything else: false. */
bool body_parts(const struct cJSON *object, const struct part *parts, size_t n,
    const struct cJSON **ret);
/* A PART_TEXT's text. */
const char *body_text(const struct cJSON *item);

/*
 * Members of object into the fields from first up to end: a text, a whole
 * number, or null for nothing; one that is missing becomes "". *ret_refused
 * has a bit for each value that sheet_put did not take. False: a member of
 * another name or type.
 */
bool body_sheet(const struct cJSON *object, enum field first, enum field end,
    struct sheet *ret, uint32_t *ret_refused);

#endif
