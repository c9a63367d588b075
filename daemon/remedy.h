/*
 * What an administrator can do about a request that was refused: the page is
 * told as little as any stranger, the log says it. One line a minute for each
 * kind of refusal, whoever causes it how often.
 */
#ifndef REMEDY_H
#define REMEDY_H

#include "api.h"
#include "ration.h"
#include "rules.h"

struct remedies { /* starts as zeros */
	struct ration said[API_CODE_N];
};

/*
 * code: of the refusal; origin: as it was sent, or not; uid: whose connection
 * it is, with API_OTHER_USER. An origin that is not listed is named only where
 * it has the host of one that is: where else a person goes is not for the log.
 */
void remedy_log(struct remedies *remedies, enum api_code code,
    const struct config *config, const struct rules_value *origin, uid_t uid,
    uint64_t now);

#endif
