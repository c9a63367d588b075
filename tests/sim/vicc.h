/*
 * kenmen-sim: simulated cards in a virtual reader of pcscd (vpcd), put in,
 * pulled and swapped by line commands on a Unix socket.
 */
#ifndef SIM_VICC_H
#define SIM_VICC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "simcard.h"

#define VICC_PEOPLE_MAX 32
#define VICC_MESSAGE_MAX (2 + 65535) /* vpcd's framing: length, payload */

struct vicc {
	uint16_t port;
	struct sim_switches switches;
	struct sim_log log;
	/* One card per person for the program's life: counters are kept when
	 * it is pulled. */
	struct simcard *cards[VICC_PEOPLE_MAX];
	struct simcard *card; /* the one put in last; NULL: none yet */
	bool inserted;
	int fd; /* to vpcd; -1: none (empty, or pcscd is away) */
	unsigned exchanges;
	size_t in_len, out_len;
	uint64_t out_due; /* when the answer goes out, ms */
	uint64_t removed_ms;
	uint64_t now_ms; /* kept by the loop; nothing below reads a clock */
	uint8_t in[VICC_MESSAGE_MAX];
	uint8_t out[2 + SIM_RESPONSE_MAX];
	bool quit;
};

/* Empty, not connected. */
void vicc_start(struct vicc *vicc, uint16_t port);
void vicc_finish(struct vicc *vicc);
/*
 * Puts that person's card in, into a reader that pcscd knows to be empty;
 * waits up to 10 s for a vpcd that listens. Blocks. NULL, or what is wrong.
 */
const char *vicc_insert(struct vicc *vicc, const char *person);
void vicc_remove(struct vicc *vicc);
/* Pulls a card and puts that one in at once: pcscd may not see it. */
const char *vicc_swap(struct vicc *vicc, const char *person);
/* Something can be read from vicc->fd. */
void vicc_readable(struct vicc *vicc);
/*
 * What is due: a slow answer, a new connection after pcscd went away.
 * Returns when to call again at the latest, ms from now; -1: no need.
 */
int vicc_tick(struct vicc *vicc);

/* ---- control --------------------------------------------------------- */

/* Runs one line (it is cut up) and answers it on fd. */
void control_line(struct vicc *vicc, char *line, int fd);

#endif
