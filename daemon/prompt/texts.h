/*
 * What the windows say, in Japanese and English: sentences from a table,
 * filled in from a typed request. Everything comes out as Assuan wants it
 * (percent-escaped, line breaks as %0A) and short enough for its lines.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include "prompt-wire.h"

/* Assuan refuses lines past 1000 bytes; "SETDESC " and the end of the line
 * come on top. */
#define TEXTS_LINE_MAX 990
#define TEXTS_SHORT_MAX 240
/* A line of texts_wrap, 48 characters of Japanese: narrow enough for any
 * screen. */
#define TEXTS_COLUMNS 96

/* A request is one window, or two when the site's own words (purpose, titles)
 * do not fit beside the rest: they then come in a window before it. */
enum texts_page {
	PAGE_WORDS, /* a CONFIRM: cancel means ANSWER_NO, OK goes on */
	PAGE_MAIN,
	PAGE_N
};

/* "" where a window has none. */
struct texts {
	char title[TEXTS_SHORT_MAX + 1];
	char description[TEXTS_LINE_MAX + 1];
	char error[TEXTS_SHORT_MAX + 1];
	char prompt[TEXTS_SHORT_MAX + 1]; /* the label of the entry */
	char ok[TEXTS_SHORT_MAX + 1];
	char cancel[TEXTS_SHORT_MAX + 1];
	/* A third button, for a pinentry that cannot do without: cancels. */
	char dismiss[TEXTS_SHORT_MAX + 1];
};

/*
 * 1: built; 0: this request needs no such page (PAGE_WORDS only).
 * -ENOTSUP: no sentence for this PIN and these kinds; -EMSGSIZE: does
 * not fit, which no configured name and origin can cause. On failure *ret is
 * undefined.
 */
int texts_build(const struct prompt_request *request, enum texts_page page,
    struct texts *ret);

/*
 * PAGE_MAIN of PROMPT_LAST_TRY and PROMPT_CONSENT, for a pinentry in whose
 * CONFIRM the wrong key means yes: the yes is typed into an entry, TEXTS_YES
 * and nothing else. As texts_build.
 */
#define TEXTS_YES '1'
int texts_build_typed_yes(
    const struct prompt_request *request, struct texts *ret);

/*
 * For a pinentry that shows each line of an entry's description as one,
 * however long: breaks them. A description of texts_build has the room.
 */
void texts_wrap(struct texts *texts);

#endif
