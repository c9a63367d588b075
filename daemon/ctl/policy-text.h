/*
 * Policies as texts: values are put into lists of a JSON file that may be an
 * administrator's, and taken out again. Nothing else of it changes.
 *
 * A wish is {"path": ["policies", "Certificates", "Install"], "value": ...}:
 * the value is to be in the list of that name. Wishes come in an array.
 */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stdbool.h>

struct cJSON;

void policy_wish_add(struct cJSON *wishes, const char *const *path,
    unsigned path_n, struct cJSON *value);
/*
 * base (NULL: no file) with all wishes in it, and the array of those that
 * were not there before. NULL: base is no JSON, or holds something else where
 * a list is to be. Free both (policy_text_free, cJSON_Delete).
 */
char *policy_merge(
    const char *base, const struct cJSON *wishes, struct cJSON **ret_added);
/*
 * text without what was added to before: *ret NULL when no file is left.
 * False: text is no JSON.
 */
bool policy_unmerge(const char *text, const char *before,
    const struct cJSON *added, char **ret);
/* How many of the wishes text fulfils. */
unsigned policy_count(const char *text, const struct cJSON *wishes);
void policy_text_free(char *text);

#endif
