#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "origin.h"
#include "wipe.h"

#define SECOND_US UINT64_C(1000000)
#define REMEMBER_US (24 * 3600 * SECOND_US)

struct sessions {
	uint64_t idle_us, max_us;
	struct session *live;
	struct session *expired; /* newest first; touched_us: when it ended */
	unsigned expired_n;
	unsigned last_number;
};

int
sessions_new(unsigned idle_timeout, unsigned session_max, struct sessions **ret)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->idle_us = idle_timeout * SECOND_US;
	s->max_us = session_max * SECOND_US;
	*ret = s;
	return 0;
}

static void
session_drop(struct session *session)
{
	wipe(session, sizeof(*session));
	free(session);
}

/* Keeps the newest, at most max of them. */
static void
expired_trim(struct sessions *sessions, unsigned max)
{
	struct session **at = &sessions->expired;

	for (unsigned n = 0; n < max && *at != NULL; n++)
		at = &(*at)->next;
	while (*at != NULL) {
		struct session *gone = *at;
		*at = gone->next;
		session_drop(gone);
		sessions->expired_n--;
	}
}

void
sessions_free(struct sessions **sessions)
{
	if (*sessions == NULL)
		return;
	expired_trim(*sessions, 0);
	free(*sessions);
	*sessions = NULL;
}

static void
token_write(const uint8_t bytes[32], char token[TOKEN_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";

	for (unsigned i = 0; i < TOKEN_LEN; i++) {
		unsigned bit = i * 6, at = bit / 8;
		unsigned pair = (unsigned)bytes[at] << 8;
		if (at + 1 < 32)
			pair |= bytes[at + 1];
		token[i] = digits[pair >> (10 - bit % 8) & 63];
	}
	token[TOKEN_LEN] = '\0';
}

int
session_start(struct sessions *sessions, uid_t uid,
    const struct config_origin *origin, enum lang lang, uint64_t now,
    struct session **ret)
{
	uint8_t bytes[32];
	struct session *session;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	if ((session = calloc(1, sizeof(*session))) == NULL)
		return -ENOMEM;
	token_write(bytes, session->token);
	wipe(bytes, sizeof(bytes));
	session->uid = uid;
	session->origin = origin;
	session->lang = lang;
	session->started_us = session->touched_us = now;
	session->told = true;
	session->number = ++sessions->last_number;
	session->next = sessions->live;
	sessions->live = session;
	*ret = session;
	return 0;
}

/* Looks at every byte, whatever the first ones say. */
static bool
token_equal(const char *a, const char *b)
{
	unsigned differs = 0;

	for (unsigned i = 0; i < TOKEN_LEN; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

/* Goes through the whole list, so that time does not tell the place. */
static struct session *
token_find(struct session *list, const char *token)
{
	struct session *found = NULL;

	for (struct session *s = list; s != NULL; s = s->next)
		if (token_equal(s->token, token))
			found = s;
	return found;
}

static bool
session_over(const struct sessions *sessions, const struct session *session,
    uint64_t now)
{
	return now >= session_deadline(sessions, session);
}

enum session_answer
session_find(struct sessions *sessions, const char *token, uid_t uid,
    const struct config_origin *origin, uint64_t now, struct session **ret)
{
	struct session *live, *expired, *found;

	if (token == NULL || strlen(token) != TOKEN_LEN)
		return SESSION_UNKNOWN;
	live = token_find(sessions->live, token);
	expired = token_find(sessions->expired, token);
	if (expired != NULL && now >= expired->touched_us + REMEMBER_US)
		expired = NULL;
	found = live != NULL ? live : expired;

	/* Another site learns nothing of a token, not even whose it is. */
	if (found == NULL || found->origin != origin)
		return SESSION_UNKNOWN;
	if (found->uid != uid)
		return SESSION_OTHER_USER;
	if (found == expired || session_over(sessions, found, now))
		return SESSION_EXPIRED;
	*ret = found;
	return SESSION_LIVE;
}

struct session *
session_of(struct sessions *sessions, uid_t uid,
    const struct config_origin *origin, uint64_t now)
{
	for (struct session *s = sessions->live; s != NULL; s = s->next)
		if (s->uid == uid && s->origin == origin &&
		    !session_over(sessions, s, now))
			return s;
	return NULL;
}

struct session *
sessions_first(struct sessions *sessions)
{
	return sessions->live;
}

struct session *
sessions_after(struct sessions *sessions, const struct session *session)
{
	return session != NULL ? session->next : sessions->live;
}

unsigned
sessions_n(const struct sessions *sessions)
{
	unsigned n = 0;

	for (const struct session *s = sessions->live; s != NULL; s = s->next)
		n++;
	return n;
}

bool
sessions_card_read(const struct sessions *sessions)
{
	for (const struct session *s = sessions->live; s != NULL; s = s->next)
		if (s->card_read)
			return true;
	return false;
}

/* False: it is not there any more. A local program's has none. */
static bool
session_move(struct session *session, const struct config *config)
{
	const struct config_origin *origin = session->origin;

	if (origin == NULL)
		return config->local_allow;
	session->origin =
	    origin_find(config, origin->origin, strlen(origin->origin));
	return session->origin != NULL;
}

void
sessions_move(struct sessions *sessions, const struct config *config)
{
	struct session **at = &sessions->expired;

	for (struct session *s = sessions->live; s != NULL; s = s->next)
		session_move(s, config);
	while (*at != NULL) {
		struct session *expired = *at;

		if (session_move(expired, config)) {
			at = &expired->next;
			continue;
		}
		*at = expired->next;
		session_drop(expired);
		sessions->expired_n--;
	}
}

void
session_touch(struct session *session, uint64_t now)
{
	session->touched_us = now;
}

uint64_t
session_deadline(const struct sessions *sessions, const struct session *session)
{
	uint64_t idle = session->touched_us + sessions->idle_us;
	uint64_t max = session->started_us + sessions->max_us;

	return idle < max ? idle : max;
}

unsigned
session_expires_in(const struct sessions *sessions,
    const struct session *session, uint64_t now)
{
	uint64_t deadline = session_deadline(sessions, session);

	if (now >= deadline)
		return 0;
	return (unsigned)((deadline - now + SECOND_US - 1) / SECOND_US);
}

uint64_t
sessions_next(const struct sessions *sessions)
{
	uint64_t next = 0;

	for (const struct session *s = sessions->live; s != NULL; s = s->next) {
		uint64_t deadline = session_deadline(sessions, s);
		if (next == 0 || deadline < next)
			next = deadline;
	}
	return next;
}

struct session *
sessions_overdue(struct sessions *sessions, uint64_t now)
{
	for (struct session *s = sessions->live; s != NULL; s = s->next)
		if (session_over(sessions, s, now))
			return s;
	return NULL;
}

static void
live_unlink(struct sessions *sessions, const struct session *session)
{
	for (struct session **at = &sessions->live; *at != NULL;
	     at = &(*at)->next)
		if (*at == session) {
			*at = session->next;
			return;
		}
}

void
session_end(struct sessions *sessions, struct session *session, bool expired,
    uint64_t now)
{
	live_unlink(sessions, session);
	if (!expired) {
		session_drop(session);
		return;
	}
	session->touched_us = now;
	session->next = sessions->expired;
	sessions->expired = session;
	sessions->expired_n++;
	expired_trim(sessions, SESSIONS_REMEMBERED_MAX);
}
