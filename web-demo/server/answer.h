/*
 * Structs into the JSON of replies. Trees are built by api-json.h: one that
 * could not be built whole is never sent.
 */
#ifndef DRONE_ANSWER_H
#define DRONE_ANSWER_H

#include "check.h"
#include "problem.h"
#include "visit.h"

struct cJSON;

/* An empty object; NULL: no memory. */
struct cJSON *answer_new(void);
/* Its text (free it with json_free), or NULL; frees the tree. */
char *answer_text(struct cJSON *answer);

/* What a page must know before it does anything. */
struct facts {
	const char *kenmend, *minimum, *origin;
	unsigned idle_s;
};

/* Members of an answer. */
void answer_facts(struct cJSON *answer, const struct facts *facts);
void answer_account(struct cJSON *answer, const struct account *account);
/* visit may be NULL, or ended. */
void answer_visit(struct cJSON *answer, const struct visits *visits,
    const struct visit *visit, struct moment now);
void answer_draft(struct cJSON *answer, const struct draft *draft);
void answer_document(struct cJSON *answer, const struct document *document);
void answer_challenge(struct cJSON *answer, const uint8_t challenge[TOKEN_LEN]);
void answer_checks(struct cJSON *answer, const struct verdict *verdict);
void answer_matches(
    struct cJSON *answer, const struct match *matches, unsigned n);
/* NULL: null. */
void answer_registration(
    struct cJSON *answer, const struct registration *registration);
/* The members of one, not inside "registration". */
void answer_registration_flat(
    struct cJSON *answer, const struct registration *registration);
void answer_accepted(struct cJSON *answer, bool accepted);
/* One more field with something to correct. */
void answer_fault(
    struct cJSON *answer, enum field field, const struct advice *advice);
/* RFC 9457. */
void answer_problem(struct cJSON *answer, enum problem problem);

#endif
