/*
 * Now, by both clocks. Time is an argument: nothing but main.c and web.c
 * reads a clock.
 */
#ifndef DRONE_MOMENT_H
#define DRONE_MOMENT_H

#include <stdint.h>

struct moment {
	uint64_t boot_us; /* CLOCK_BOOTTIME: how long something has lasted */
	int64_t real_s;   /* CLOCK_REALTIME: what stands in a document */
};

#endif
