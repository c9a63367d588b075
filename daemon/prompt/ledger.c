#include "ledger.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"

void
ledger_start(struct ledger *ledger)
{
	*ledger = (struct ledger){ 0 };
	if (history_place(ledger->directory) < 0)
		ledger->directory[0] = '\0';
}

static void
ledger_write(struct ledger *ledger, enum history_end end, enum read_code code,
    int64_t now)
{
	int r;

	ledger->entry.end = end;
	ledger->entry.code = code;
	ledger->entry.time = now;
	if (!ledger->directory[0])
		return;
	r = history_write(ledger->directory, &ledger->entry);
	if (r < 0 && !ledger->failed)
		log_warning("%s: what was asked for is not written down: %s",
		    ledger->directory, strerror(-r));
	ledger->failed |= r < 0;
}

static bool
key_make(char *ret)
{
	uint8_t random[HISTORY_KEY_MAX / 2];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(ret + 2 * i, 3, "%02x", random[i]);
	return true;
}

void
ledger_ask(
    struct ledger *ledger, const struct prompt_request *request, int64_t now)
{
	struct history_entry *entry = &ledger->entry;

	if (request->type == PROMPT_CLOSE || request->type == PROMPT_PING ||
	    (!entry->key[0] && !key_make(entry->key)))
		return;
	strcpy(entry->origin, request->origin);
	strcpy(entry->origin_name, request->origin_name);
	strcpy(entry->user, request->origin[0] ? "" : request->user);
	entry->kinds |= request->kinds;
	/* What is typed on a reader does not come by here. */
	ledger_write(ledger,
	    request->type == PROMPT_PINPAD ? HISTORY_UNKNOWN
					   : HISTORY_WITHDRAWN,
	    CODE_NONE, now);
}

void
ledger_answer(struct ledger *ledger, enum prompt_answer answer, int64_t now)
{
	if (answer == ANSWER_PIN || answer == ANSWER_YES)
		ledger_write(ledger, HISTORY_UNKNOWN, CODE_NONE, now);
}

void
ledger_end(struct ledger *ledger, enum read_code code, int64_t now)
{
	if (ledger->entry.key[0])
		ledger_write(ledger,
		    code == CODE_NONE ? HISTORY_GIVEN : HISTORY_FAILED, code,
		    now);
}
