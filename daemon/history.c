#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "utf8.h"

#define VERSION "1"
#define TIME_FORMAT "%Y-%m-%dT%H:%M:%SZ"
#define WORD_MAX 128 /* a time, an end, all kinds */

static const char *const end_names[HISTORY_N] = {
	[HISTORY_GIVEN] = "given",
	[HISTORY_WITHDRAWN] = "withdrawn",
	[HISTORY_UNKNOWN] = "unknown",
};

const char *
history_end_name(const struct history_entry *entry)
{
	return entry->end == HISTORY_FAILED ? code_name(entry->code)
					    : end_names[entry->end];
}

/* ---- to a line ---------------------------------------------------------- */

static void
kinds_join(uint32_t kinds, char *ret)
{
	const char *between = "";

	*ret = '\0';
	for (unsigned kind = 0; kind < KIND_N; kind++)
		if (kinds & KIND_BIT(kind)) {
			ret = stpcpy(stpcpy(ret, between),
			    kind_name((enum read_kind)kind));
			between = ",";
		}
}

int
history_encode(const struct history_entry *entry, char *buf, size_t room)
{
	char when[WORD_MAX] = "", kinds[WORD_MAX];
	const time_t seconds = entry->time;
	struct tm tm;
	int len;

	if (gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), TIME_FORMAT, &tm);
	kinds_join(entry->kinds, kinds);
	len = snprintf(buf, room, VERSION "\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
	    when, entry->key, history_end_name(entry), kinds, entry->origin,
	    entry->origin_name, entry->user);
	return len < 0 || (size_t)len >= room ? -EMSGSIZE : len;
}

/* ---- from a line -------------------------------------------------------- */

/* A line, and whether all of it was as it should be so far. */
struct words {
	const char *at, *end;
	bool failed, over;
};

/* The next word into ret, of room bytes; "" once failed. */
static void
word_take(struct words *w, char *ret, size_t room)
{
	const char *tab = memchr(w->at, '\t', (size_t)(w->end - w->at));
	const char *stop = tab ? tab : w->end;
	size_t len = (size_t)(stop - w->at);

	*ret = '\0';
	if (w->over || len >= room || memchr(w->at, '\0', len))
		w->failed = true;
	if (w->failed)
		return;
	memcpy(ret, w->at, len);
	ret[len] = '\0';
	w->failed = !utf8_shows_plainly(ret);
	w->over = !tab;
	w->at = tab ? tab + 1 : stop;
}

static int64_t
time_take(struct words *w)
{
	char word[WORD_MAX];
	struct tm tm = { 0 };
	const char *end;

	word_take(w, word, sizeof(word));
	end = strptime(word, TIME_FORMAT, &tm);
	if (!end || *end)
		w->failed = true;
	return w->failed ? 0 : timegm(&tm);
}

static void
end_take(struct words *w, struct history_entry *ret)
{
	char word[WORD_MAX];

	word_take(w, word, sizeof(word));
	ret->code = CODE_NONE;
	for (ret->end = 0; ret->end < HISTORY_N; ret->end++)
		if (end_names[ret->end] &&
		    strcmp(end_names[ret->end], word) == 0)
			return;
	ret->end = HISTORY_FAILED;
	for (ret->code = CODE_NONE + 1; ret->code < CODE_N; ret->code++)
		if (strcmp(code_name(ret->code), word) == 0)
			return;
	w->failed = true;
}

static uint32_t
kinds_take(struct words *w)
{
	char word[WORD_MAX], *next = word, *name;
	uint32_t kinds = 0;
	int kind;

	word_take(w, word, sizeof(word));
	if (!*word)
		return 0;
	while ((name = strsep(&next, ",")) != NULL) {
		kind = kind_from_name(name, strlen(name));
		if (kind < 0) {
			w->failed = true;
			return 0;
		}
		kinds |= KIND_BIT(kind);
	}
	return kinds;
}

bool
history_decode(const char *line, size_t len, struct history_entry *ret)
{
	struct words w = { .at = line, .end = line + len };
	char version[sizeof(VERSION)];

	word_take(&w, version, sizeof(version));
	ret->time = time_take(&w);
	word_take(&w, ret->key, sizeof(ret->key));
	end_take(&w, ret);
	ret->kinds = kinds_take(&w);
	word_take(&w, ret->origin, sizeof(ret->origin));
	word_take(&w, ret->origin_name, sizeof(ret->origin_name));
	word_take(&w, ret->user, sizeof(ret->user));
	return !w.failed && w.over && strcmp(version, VERSION) == 0 &&
	       ret->key[0];
}
