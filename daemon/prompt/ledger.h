/*
 * Writes down, for the person, what a runner asks for and what becomes of it,
 * where the person has switched that on (history.h). Never stands in a read's
 * way: what cannot be written is said in the log, once.
 *
 * Each step is written before it is done, so that a voice which is killed has
 * not given anything away that is not in the list.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "history.h"
#include "prompt-wire.h"

struct ledger {
	char directory[HISTORY_PATH_MAX]; /* "": nowhere */
	struct history_entry entry;       /* without a key: nothing asked yet */
	bool failed;                      /* said so */
};

void ledger_start(struct ledger *ledger);
/* Before its window is shown. now: seconds since 1970. */
void ledger_ask(
    struct ledger *ledger, const struct prompt_request *request, int64_t now);
/* Before the answer to that is sent. */
void ledger_answer(
    struct ledger *ledger, enum prompt_answer answer, int64_t now);
/* The runner says that the read is over. */
void ledger_end(struct ledger *ledger, enum read_code code, int64_t now);

#endif
