/* Reads tests/vectors/exchanges.txt; the format stands at its top. */
#ifndef SIM_VECTORS_H
#define SIM_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "people.h"

#define SIM_VECTOR_STEPS 64
#define SIM_VECTOR_BYTES 512

struct sim_bytes {
	size_t len;
	uint8_t b[SIM_VECTOR_BYTES];
	bool any[SIM_VECTOR_BYTES]; /* b says nothing: any byte will do */
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
/* Are these bytes what was published? */
bool sim_bytes_agree(
    const struct sim_bytes *want, const uint8_t *b, size_t len);

#endif
