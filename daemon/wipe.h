/*
 * Overwrites memory in a way the compiler may not drop. The door links no
 * libkenmen, hence not kenmen_wipe.
 */
#ifndef WIPE_H
#define WIPE_H

#include <stdlib.h>
#include <string.h>

static inline void
wipe(void *mem, size_t len)
{
	explicit_bzero(mem, len);
}

/* The same, and freed; mem may be NULL. */
static inline void
wipe_free(void *mem, size_t len)
{
	if (mem)
		explicit_bzero(mem, len);
	free(mem);
}

#endif
