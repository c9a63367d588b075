/*
 * A reader with a simulated card in it, in the same process: the table of
 * kenmen.h over simcard.h. Hooks pull or swap the card between exchanges.
 */
#ifndef SIM_READER_H
#define SIM_READER_H

#include "kenmen.h"
#include "simcard.h"

/*
 * The caller's; it outlives the kenmen_reader made of it. Tests may look at
 * the counts at any time.
 */
struct simreader {
	struct simcard *card; /* borrowed; NULL: the reader is empty */
	const struct sim_switches *switches; /* may be NULL */
	/* Called before the nth exchange (from 1 after simreader_start);
	 * may call simreader_insert and simreader_remove. NULL: none. */
	void (*hook)(struct simreader *reader, unsigned nth, void *arg);
	void *hook_arg;

	unsigned exchanges; /* tried, answered or not */
	unsigned loose;     /* of them, outside a transaction */
	unsigned begins, ends, resets, closes;

	/* the rest is its own */
	bool connected, moved, blind, open;
	unsigned remove_at, lose_at, fail_at;
	uint8_t rsp[SIM_RESPONSE_MAX];
};

/* card and switches may be NULL; remove-at, lose-at and fail-at count from
 * here. */
void simreader_start(struct simreader *reader, struct simcard *card,
    const struct sim_switches *switches);
/* What kenmen_card_new takes; close only marks it closed. */
struct kenmen_reader simreader_table(struct simreader *reader);
void simreader_remove(struct simreader *reader);
/* Another card, or the same one back again: noticed by the reader. */
void simreader_insert(struct simreader *reader, struct simcard *card);
/*
 * A swap between two looks of pcscd: one exchange fails, then the old
 * connection talks to the new card, and still_there knows nothing of it.
 */
void simreader_swap_unseen(struct simreader *reader, struct simcard *card);

#endif
