/*
 * Breaks lines for a pinentry that does not: where a line of Japanese or
 * English may end, and where it must.
 */
#ifndef WRAP_H
#define WRAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * text: UTF-8 as Assuan has it (line breaks "%0A", '%' as "%25"), in room
 * bytes with its NUL. Lines longer than columns (a full-width character
 * counts as two) are broken, if there is a place for it. False: there was no
 * room for every break; the last lines may then still be too long.
 */
bool wrap_lines(char *text, size_t room, unsigned columns);

#endif
