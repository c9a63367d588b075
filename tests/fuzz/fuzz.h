/*
 * A fuzz target is a file fuzz-NAME.c with this one function, a line in
 * meson.build, and seeds in corpus/NAME/. It aborts when an answer is wrong;
 * sanitizers say the rest. It returns 0.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Unlike assert it cannot be compiled away. */
#define FUZZ_CHECK(condition)                                                  \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
			    #condition);                                       \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
