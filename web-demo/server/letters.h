/*
 * Characters as people type them: wide and narrow forms of one letter, kinds
 * of space, and those that no field may hold.
 */
#ifndef DRONE_LETTERS_H
#define DRONE_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

/* U+FFFD: here stood something that could not be read. */
#define LETTER_UNREADABLE 0xfffdu

bool letter_is_space(unsigned c);
/* One that would break a line, turn its direction, or shows as nothing. */
bool letter_is_forbidden(unsigned c);
/* Variation selectors: they choose a form of the character before them. */
bool letter_is_selector(unsigned c);
/*
 * One form for letters that differ in width only (NFKC's wide and narrow), and
 * for the kinds of hyphen that Japanese keyboards have. Half-width katakana
 * become full-width ones; their sound marks are characters of their own, see
 * letter_voiced.
 */
unsigned letter_fold(unsigned c);
/* A katakana with this sound mark (as letter_fold leaves it) behind it: the
 * one character for both; 0: mark is none, or does not go with it. */
unsigned letter_voiced(unsigned katakana, unsigned mark);

/* Characters of UTF-8 text. */
size_t text_count(const char *text);
/* Leading and trailing spaces are taken away, in place. */
void text_trim(char *text);
/* What folds to ASCII becomes ASCII, in place: digits typed full-width. */
void text_narrow(char *text);

#endif
