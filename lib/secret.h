/*
 * Memory for secrets, and how this library looks into one. The rest of a
 * secret's life is in kenmen.h.
 */
#ifndef KENMEN_SECRET_H
#define KENMEN_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "kenmen.h"

/*
 * size zeroed bytes on pages of their own: locked (mlock), left out of core
 * files, zero in a forked child. NULL when any of that cannot be had: a secret
 * is not kept in lesser memory. Three system calls.
 */
void *secret_page_new(size_t size);
/* Wipes and unmaps what secret_page_new(size) gave; accepts NULL. */
void secret_page_free(void *page, size_t size);

/* The bytes of a secret that the caller may not change. */
const uint8_t *secret_peek(const struct kenmen_secret *secret);

#endif
