/*
 * What a card is asked to sign: fresh, for one purpose of one browser's
 * visit, good once and for five minutes.
 */
#ifndef DRONE_CHALLENGE_H
#define DRONE_CHALLENGE_H

#include "moment.h"
#include "token.h"

#define CHALLENGE_S 300

enum purpose { PURPOSE_LINK, PURPOSE_LOGIN, PURPOSE_N };

/* Starts as zeros: none. */
struct challenge {
	bool live;
	uint64_t made_us;
	uint8_t bytes[TOKEN_LEN];
};

/* The API's word for it, or NULL. */
const char *purpose_name(enum purpose purpose);

/* Takes the place of the one before. False: no random bytes. */
bool challenge_new(struct challenge *challenge, struct moment now);
/*
 * Uses it up, whatever comes of it. False: there was none, or its time is
 * over (at 300 s exactly it is).
 */
bool challenge_take(
    struct challenge *challenge, struct moment now, uint8_t ret[TOKEN_LEN]);

#endif
