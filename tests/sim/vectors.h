/* Reads tests/vectors/exchanges.txt; the format stands at its top. */
#ifndef SIM_VECTORS_H
#define SIM_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "people.h"

#define SIM_VECTOR_STEPS 32
#define SIM_VECTOR_BYTES 512

struct sim_bytes {
	size_t len;
	uint8_t b[SIM_VECTOR_BYTES];
};

struct sim_vector {
	char name[64];
	const struct sim_person *person;
	int tries[SIM_PIN_N]; /* -1: as on a fresh card */
	size_t steps_n;
	struct {
		struct sim_bytes command, response;
	} steps[SIM_VECTOR_STEPS];
};

/*
 * All cases of the file, to be freed with free(). Returns how many, or minus
 * the number of the first line that cannot be read (-1 when the file cannot).
 */
int sim_vectors_load(const char *path, struct sim_vector **ret);

#endif
