/*
 * The errand of saying which readers there are, once or at every change.
 */
#ifndef LIST_H
#define LIST_H

#include "errand.h"

/* Until all was said: WIRE_DONE, or WIRE_FAILED. 0, or a negative errno when
 * nobody can be told. */
int list_run(const struct errand_env *env, const struct wire_request *request);

#endif
