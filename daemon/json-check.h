/*
 * Is this text JSON? RFC 8259 to the letter, which cJSON's parser is not:
 * that takes control characters, bytes that are no UTF-8, "\u0000" (and cuts
 * the string there) and any number strtod() takes.
 */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Arrays and objects inside one another. */
#define JSON_DEPTH_MAX 8

/*
 * One value with nothing but white space around it, in UTF-8 without a byte
 * order mark, no deeper than JSON_DEPTH_MAX, no "\u0000" and no lone
 * surrogate. Repeated keys are not looked for.
 */
bool json_check(const char *text, size_t len);

#endif
