#include "visit.h"

#include <stdlib.h>
#include <string.h>

#include "wipe.h"

#define SECOND_US UINT64_C(1000000)

struct visits {
	uint64_t idle_us;
	struct visit all[VISITS_MAX];
};

struct visits *
visits_new(unsigned idle_s)
{
	struct visits *visits = calloc(1, sizeof(*visits));

	if (visits)
		visits->idle_us = idle_s * SECOND_US;
	return visits;
}

void
visit_drop_draft(struct visit *visit)
{
	if (visit->draft)
		document_finish(&visit->draft->document);
	wipe_free(visit->draft, sizeof(*visit->draft));
	visit->draft = NULL;
}

void
visit_forget(struct visit *visit)
{
	visit_drop_draft(visit);
	wipe(visit, sizeof(*visit));
}

/* Nothing but its token stays, by which the browser is told. */
static void
visit_end(struct visit *visit, enum visit_state why)
{
	struct visit rest = { .state = why, .made_us = visit->made_us };

	memcpy(rest.token, visit->token, sizeof(rest.token));
	visit_forget(visit);
	*visit = rest;
}

void
visits_free(struct visits **visits)
{
	for (unsigned i = 0; *visits && i < VISITS_MAX; i++)
		visit_forget(&(*visits)->all[i]);
	free(*visits);
	*visits = NULL;
}

/* ---- time ------------------------------------------------------------- */

static uint64_t
visit_deadline(const struct visits *visits, const struct visit *visit)
{
	uint64_t idle = visit->active_us + visits->idle_us;
	uint64_t longest = visit->made_us + VISIT_LONGEST_S * SECOND_US;

	return idle < longest ? idle : longest;
}

static void
visit_expire(
    const struct visits *visits, struct visit *visit, struct moment now)
{
	if (visit->state == VISIT_LIVE &&
	    visit_deadline(visits, visit) <= now.boot_us)
		visit_end(visit, VISIT_IDLE);
}

void
visits_expire(struct visits *visits, struct moment now)
{
	for (unsigned i = 0; i < VISITS_MAX; i++)
		visit_expire(visits, &visits->all[i], now);
}

unsigned
visit_left_s(
    const struct visits *visits, const struct visit *visit, struct moment now)
{
	uint64_t deadline = visit_deadline(visits, visit);

	if (visit->state != VISIT_LIVE || deadline <= now.boot_us)
		return 0;
	return (unsigned)((deadline - now.boot_us + SECOND_US - 1) / SECOND_US);
}

void
visit_touch(struct visit *visit, struct moment now)
{
	visit->active_us = now.boot_us;
}

/* ---- which ------------------------------------------------------------ */

struct visit *
visit_find(struct visits *visits, const char *text, struct moment now)
{
	struct visit *found = NULL;

	/* All of them, found or not: how long it takes tells nothing. */
	for (unsigned i = 0; text && i < VISITS_MAX; i++) {
		struct visit *visit = &visits->all[i];

		if (visit->state != VISIT_NONE && token_is(visit->token, text))
			found = visit;
	}
	if (found)
		visit_expire(visits, found, now);
	return found;
}

/* How readily a visit makes room for another: 0 never. */
static unsigned
visit_rank(const struct visit *visit)
{
	switch (visit->state) {
	case VISIT_NONE:
		return 3;
	case VISIT_ELSEWHERE:
	case VISIT_IDLE:
		return 2;
	case VISIT_LIVE:
		break;
	}
	return visit->account ? 0 : 1;
}

static struct visit *
visit_place(struct visits *visits)
{
	struct visit *best = NULL;

	for (unsigned i = 0; i < VISITS_MAX; i++) {
		struct visit *v = &visits->all[i];
		unsigned rank = visit_rank(v);
		unsigned best_rank = best ? visit_rank(best) : 0;

		if (rank > best_rank ||
		    (best && rank == best_rank && v->made_us < best->made_us))
			best = v;
	}
	return best;
}

struct visit *
visit_begin(struct visits *visits, struct moment now)
{
	struct visit fresh = { .state = VISIT_LIVE,
		.made_us = now.boot_us,
		.active_us = now.boot_us };
	struct visit *visit;

	visits_expire(visits, now);
	visit = visit_place(visits);
	if (!visit || !token_new(fresh.token))
		return NULL;
	visit_forget(visit);
	*visit = fresh;
	return visit;
}

bool
visit_log_in(struct visits *visits, struct visit *visit,
    struct account *account, struct moment now)
{
	struct visit fresh = { .state = VISIT_LIVE,
		.made_us = now.boot_us,
		.active_us = now.boot_us,
		.account = account };

	if (!token_new(fresh.token))
		return false;
	for (unsigned i = 0; i < VISITS_MAX; i++) {
		struct visit *other = &visits->all[i];

		if (other != visit && other->state == VISIT_LIVE &&
		    other->account == account)
			visit_end(other, VISIT_ELSEWHERE);
	}
	visit_forget(visit);
	*visit = fresh;
	return true;
}

struct draft *
visit_draft(struct visit *visit)
{
	if (!visit->draft)
		visit->draft = calloc(1, sizeof(*visit->draft));
	return visit->draft;
}
