/*
 * How many lines of the log strangers can cause: as many a minute as there is
 * room for, and no more.
 */
#ifndef RATION_H
#define RATION_H

#include <stdbool.h>
#include <stdint.h>

#define RATION_US (60 * UINT64_C(1000000))

struct ration { /* starts as zeros */
	uint64_t since_us;
	unsigned n;
};

/* May one more be written? Time is an argument, in microseconds. */
static inline bool
ration_take(struct ration *ration, unsigned per_minute, uint64_t now)
{
	if (ration->n == 0 || now - ration->since_us >= RATION_US)
		*ration = (struct ration){ .since_us = now };
	if (ration->n >= per_minute)
		return false;
	ration->n++;
	return true;
}

#endif
