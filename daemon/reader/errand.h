/*
 * What a runner does for one request: finds the card, asks the person, reads,
 * reports. Blocking, straight down; ends after one WIRE_DONE or WIRE_FAILED.
 */
#ifndef ERRAND_H
#define ERRAND_H

#include "confine.h"
#include "wire.h"

struct errand_env {
	int wire;   /* to the door */
	int prompt; /* to the voice */
	/* CLOCK_BOOTTIME in milliseconds. */
	uint64_t (*now_ms)(void);
	/* CLOCK_REALTIME in seconds: certificates, and iat of what is signed.
	 */
	int64_t (*realtime)(void);
	/* See confine.h. */
	int (*confine)(enum confine_stage stage);
};

/*
 * Runs the errand and says its end on the wire. 0, or a negative errno when
 * the wire itself failed: nobody can be told then.
 */
int errand_run(
    const struct errand_env *env, const struct wire_request *request);

#endif
