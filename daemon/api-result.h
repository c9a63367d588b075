/*
 * What was read of a card as the API's results, kind by kind.
 */
#ifndef API_RESULT_H
#define API_RESULT_H

#include "reads.h"

struct cJSON;

/* The results of a read that is done, as a member of object. */
void result_add(struct cJSON *object, const struct read *read);

#endif
