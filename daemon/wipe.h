/*
 * Overwrites memory in a way the compiler may not drop. The door links no
 * libkenmen, hence not kenmen_wipe.
 */
#ifndef WIPE_H
#define WIPE_H

#include <string.h>

static inline void
wipe(void *mem, size_t len)
{
	explicit_bzero(mem, len);
}

#endif
