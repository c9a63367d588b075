#include "simreader.h"

#include <string.h>

void
simreader_start(struct simreader *reader, struct simcard *card,
    const struct sim_switches *switches)
{
	*reader = (struct simreader){ .card = card, .switches = switches };
	if (switches) {
		reader->remove_at = switches->remove_at;
		reader->lose_at = switches->lose_at;
		reader->fail_at = switches->fail_at;
	}
}

void
simreader_remove(struct simreader *reader)
{
	if (reader->card && simcard_powered(reader->card))
		simcard_power_off(reader->card);
	reader->card = NULL;
	reader->moved = true;
}

void
simreader_insert(struct simreader *reader, struct simcard *card)
{
	simreader_remove(reader);
	reader->card = card;
}

void
simreader_swap_unseen(struct simreader *reader, struct simcard *card)
{
	bool moved = reader->moved;

	simreader_insert(reader, card);
	reader->moved = moved;
	reader->blind = true;
}

static int
sim_connect(void *arg)
{
	struct simreader *reader = arg;

	if (!reader->card)
		return KENMEN_ERR_NO_CARD;
	reader->moved = false;
	reader->blind = false;
	reader->connected = true;
	simcard_power_on(reader->card);
	return 0;
}

static int
sim_begin(void *arg)
{
	struct simreader *reader = arg;

	if (!reader->connected || reader->moved)
		return KENMEN_ERR_CARD_REMOVED;
	reader->begins++;
	reader->open = true;
	return 0;
}

/* Whether a countdown ends with this exchange. */
static bool
due(unsigned *countdown)
{
	return *countdown && --*countdown == 0;
}

/* The exchange itself; the answer in reader->rsp, 0 when it is lost. */
static size_t
exchange(struct simreader *reader, const uint8_t *cmd, size_t cmd_len)
{
	size_t n;

	reader->exchanges++;
	if (!reader->open)
		reader->loose++;
	if (reader->hook)
		reader->hook(reader, reader->exchanges, reader->hook_arg);
	if (due(&reader->remove_at))
		simreader_remove(reader);
	if (reader->moved || !reader->card)
		return 0;
	if (!simcard_powered(reader->card))
		simcard_power_on(reader->card);
	if (reader->blind) {
		reader->blind = false;
		return 0;
	}
	n = simcard_transmit(reader->card, cmd, cmd_len, reader->rsp);
	if (due(&reader->lose_at)) {
		simreader_remove(reader);
		return 0;
	}
	if (due(&reader->fail_at) ||
	    (reader->switches && reader->switches->fail_always))
		return 0;
	return n;
}

static int
sim_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct simreader *reader = arg;
	unsigned limit =
	    reader->switches ? reader->switches->read_len_limit : 0;
	size_t n;

	if (!reader->connected)
		return KENMEN_ERR_CARD_REMOVED;
	n = exchange(reader, cmd, cmd_len);
	if (n == 0)
		return reader->moved ? KENMEN_ERR_CARD_REMOVED
				     : KENMEN_ERR_TRANSMIT;
	/* too long for the reader, or for the caller: the card has done it */
	if ((limit && n > limit + 2) || n > *rsp_len)
		return KENMEN_ERR_TRANSMIT;
	memcpy(rsp, reader->rsp, n);
	*rsp_len = n;
	return 0;
}

static int
sim_end(void *arg, bool reset)
{
	struct simreader *reader = arg;

	reader->ends++;
	reader->open = false;
	if (!reader->connected || reader->moved)
		return KENMEN_ERR_CARD_REMOVED;
	if (reset) {
		reader->resets++;
		simcard_reset(reader->card);
	}
	return 0;
}

static int
sim_still_there(void *arg)
{
	struct simreader *reader = arg;

	return reader->connected && !reader->moved;
}

static void
sim_close(void *arg)
{
	struct simreader *reader = arg;

	reader->closes++;
	if (reader->connected && !reader->moved)
		simcard_power_off(reader->card);
	reader->connected = false;
	reader->open = false;
}

static const struct kenmen_reader_ops sim_ops = {
	.connect = sim_connect,
	.begin = sim_begin,
	.transmit = sim_transmit,
	.end = sim_end,
	.still_there = sim_still_there,
	.close = sim_close,
};

struct kenmen_reader
simreader_table(struct simreader *reader)
{
	return (struct kenmen_reader){ .ops = &sim_ops, .arg = reader };
}
