/*
 * A request's text into struct asked, held against its form: the body (JSON)
 * and the query. Every fault is named, not only the first.
 */
#ifndef API_BODY_H
#define API_BODY_H

#include "api-form.h"

/*
 * The tree of a body (free it with body_free); "" makes none, which counts
 * as {}. False: refused.
 */
bool body_parse(
    const char *text, size_t len, struct cJSON **ret, struct refusal *why);
void body_free(struct cJSON **body);

/* Its members: known, of their form, of a kind that is asked for, and in
 * agreement. body must outlive what is in *ret. */
bool body_take(const struct cJSON *body, const struct form *form,
    struct asked *ret, struct refusal *why);
/* Are the members there that the kinds asked for need? */
bool body_is_whole(
    const struct form *form, const struct asked *asked, struct refusal *why);

bool query_take(const char *query, const struct form *form, struct asked *ret,
    struct refusal *why);

#endif
