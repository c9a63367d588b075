/*
 * A person's own list of who asked for their card, and what became of it: kept
 * only where they switched it on, in a directory of theirs. The voice writes
 * it, kenmenctl shows it.
 *
 * An entry is a line, or several with the same key, the last of which counts:
 *	1 TIME KEY END KINDS ORIGIN NAME USER
 * with a tab between each. Nothing of a card, no PIN, no page's own words.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stddef.h>

#include "kind.h"

/* The newest that stay when the file is full, and the most that are shown. */
#define HISTORY_ENTRIES_MAX 1000
/* Bytes of the file; at this it is cut down to the entries above. */
#define HISTORY_FILE_MAX (1024 * 1024)
#define HISTORY_KEY_MAX 16
/* The longest line, its end included. */
#define HISTORY_LINE_MAX 512
#define HISTORY_PATH_MAX 4096

enum history_end {
	HISTORY_GIVEN,     /* all that was asked for was read */
	HISTORY_FAILED,    /* nothing was given; code says why */
	HISTORY_WITHDRAWN, /* the window went before it was answered */
	HISTORY_UNKNOWN,   /* it was answered, the rest was not told */
	HISTORY_N
};

struct history_entry {
	char key[HISTORY_KEY_MAX + 1];
	int64_t time; /* seconds since 1970 */
	enum history_end end;
	enum read_code code;         /* HISTORY_FAILED only, else CODE_NONE */
	uint32_t kinds;              /* those that a window asked for */
	char origin[ORIGIN_MAX + 1]; /* "": a local program, of user */
	char origin_name[ORIGIN_NAME_MAX + 1];
	char user[USER_NAME_MAX + 1];
};

/* "given", "withdrawn", "unknown", or the code's name in the API. */
const char *history_end_name(const struct history_entry *entry);

/* Its line; the length, or -EMSGSIZE. */
int history_encode(const struct history_entry *entry, char *buf, size_t room);
/*
 * Takes a line (len bytes without its end). False where it is none: damaged,
 * or with what deceives who reads it; *ret is then undefined.
 */
bool history_decode(const char *line, size_t len, struct history_entry *ret);

/* ---- the files --------------------------------------------------------- */

/*
 * The directory of this person: kenmen in XDG_STATE_HOME, or in .local/state of
 * their HOME. 0, or -ENOENT where neither is an absolute path.
 */
int history_place(char ret[HISTORY_PATH_MAX]);

/*
 * All of the following: a symbolic link in the place of the directory or of a
 * file is not followed, and what is not this user's own, or can be written
 * (a file: or read) by others, is not touched: -EPERM, -ELOOP. None waits
 * longer than a tenth of a second for another that is at it: -EBUSY.
 */

/*
 * Writes an entry down. 1; 0: it is not switched on (this costs one look, and
 * leaves no trace); else -errno, and the file is as it was.
 */
int history_write(const char *directory, const struct history_entry *entry);

struct history {
	bool on;
	unsigned n;       /* entries, the newest last */
	unsigned damaged; /* lines that are none */
	struct history_entry *entries;
};

/* What is there; nothing is no error. Free it. 0 or -errno. */
int history_read(const char *directory, struct history *ret);
void history_free(struct history *history);

/* Makes the directory when it is switched on. 0 or -errno. */
int history_switch(const char *directory, bool on);
/* Deletes all entries; whether it is switched on stays. 0 or -errno. */
int history_clear(const char *directory);

#endif
