#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"

#define FILE_NAME "history"
/* There while it is switched on. */
#define SWITCH_NAME "history-on"
/* While the file is cut down; left by one that was ended meanwhile. */
#define NEW_NAME "history-new"

#define WAIT_MS 5
#define WAITS_MAX 20

int
history_place(char ret[HISTORY_PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int len = -1;

	if (state && state[0] == '/')
		len = snprintf(ret, HISTORY_PATH_MAX, "%s/kenmen", state);
	else if (home && home[0] == '/')
		len = snprintf(
		    ret, HISTORY_PATH_MAX, "%s/.local/state/kenmen", home);
	return len < 0 || len >= HISTORY_PATH_MAX ? -ENOENT : 0;
}

/* ---- whose is it --------------------------------------------------------- */

/* fd, or what is wrong with it: it is then closed. */
static int
opened(int fd, mode_t type, mode_t others)
{
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	    st.st_uid == geteuid() && !(st.st_mode & others) &&
	    (type == S_IFDIR || st.st_nlink == 1))
		return fd;
	close(fd);
	return -EPERM;
}

static int
file_open(int directory, const char *name, int flags)
{
	/* O_NONBLOCK: where there is a pipe nobody may be at its other end. */
	int fd = openat(directory, name,
	    flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);

	return opened(fd, S_IFREG, 0077);
}

static int
directory_open(const char *path)
{
	return opened(
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
	    S_IFDIR, 0022);
}

/* For who changes something in it, until it is closed. */
static int
directory_lock(int directory)
{
	for (unsigned i = 0; flock(directory, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == WAITS_MAX)
			return -EBUSY;
		poll(NULL, 0, WAIT_MS);
	}
	return 0;
}

static int
directory_open_locked(const char *path)
{
	int directory = directory_open(path);
	int r = directory < 0 ? directory : directory_lock(directory);

	if (r < 0 && directory >= 0)
		close(directory);
	return r < 0 ? r : directory;
}

static bool
is_on(int directory)
{
	int fd = file_open(directory, SWITCH_NAME, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* ---- reading ------------------------------------------------------------- */

/* The end of the file, HISTORY_FILE_MAX bytes at most, from a line's
 * beginning. *ret is malloc'ed; the length or -errno. */
static ssize_t
tail_read(int directory, char **ret)
{
	int fd = file_open(directory, FILE_NAME, O_RDONLY);
	off_t size;
	char *buf, *begin;
	ssize_t n;

	if (fd < 0)
		return fd;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || !(buf = malloc(HISTORY_FILE_MAX))) {
		close(fd);
		return -ENOMEM;
	}
	size = size > HISTORY_FILE_MAX ? size - HISTORY_FILE_MAX : 0;
	n = pread(fd, buf, HISTORY_FILE_MAX, size);
	close(fd);
	begin = n > 0 && size > 0 ? memchr(buf, '\n', (size_t)n) : NULL;
	if (begin) {
		begin++;
		n -= begin - buf;
		memmove(buf, begin, (size_t)n);
	}
	*ret = buf;
	return n < 0 ? -EIO : n;
}

static struct history_entry *
entry_find(struct history *history, const char *key)
{
	/* A read's lines are close to each other. */
	for (unsigned i = history->n; i-- > 0;)
		if (strcmp(history->entries[i].key, key) == 0)
			return &history->entries[i];
	return NULL;
}

/* Behind all others; the oldest goes where there are too many. */
static void
entry_add(struct history *history, const struct history_entry *entry)
{
	struct history_entry *all = history->entries,
			     *old = entry_find(history, entry->key);
	size_t behind;

	if (!old && history->n < HISTORY_ENTRIES_MAX)
		old = &all[history->n++];
	else if (!old)
		old = all;
	behind = (size_t)(&all[history->n - 1] - old);
	memmove(old, old + 1, behind * sizeof(*all));
	all[history->n - 1] = *entry;
}

static void
lines_take(struct history *history, const char *at, size_t len)
{
	const char *end = at + len;
	struct history_entry entry;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		if (history_decode(at, (size_t)(stop - at), &entry))
			entry_add(history, &entry);
		else if (stop > at)
			history->damaged++;
		at = stop + 1;
	}
}

static int
entries_read(int directory, struct history *ret)
{
	char *text = NULL;
	ssize_t n = tail_read(directory, &text);

	if (n == -ENOENT)
		return 0;
	if (n > 0 && !(ret->entries = calloc(
			   HISTORY_ENTRIES_MAX, sizeof(*ret->entries))))
		n = -ENOMEM;
	if (n > 0)
		lines_take(ret, text, (size_t)n);
	free(text);
	return n < 0 ? (int)n : 0;
}

int
history_read(const char *path, struct history *ret)
{
	struct history history = { 0 };
	int directory = directory_open(path), r;

	if (directory < 0 && directory != -ENOENT)
		return directory;
	if (directory >= 0) {
		history.on = is_on(directory);
		r = entries_read(directory, &history);
		close(directory);
		if (r < 0)
			return r;
	}
	*ret = history;
	return 0;
}

void
history_free(struct history *history)
{
	free(history->entries);
	*history = (struct history){ 0 };
}

/* ---- writing ------------------------------------------------------------- */

/* At the end of fd, as a whole or not at all. */
static int
append(int fd, const char *bytes, size_t len)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = write(fd, bytes, len);
	int r = n < 0 ? -errno : -ENOSPC;

	if (n == (ssize_t)len)
		return 0;
	if (n > 0 && ftruncate(fd, end) < 0)
		return -errno;
	return r;
}

static int
entries_write(int fd, const struct history *history)
{
	char line[HISTORY_LINE_MAX];
	int len, r = 0;

	for (unsigned i = 0; i < history->n && r == 0; i++) {
		len = history_encode(&history->entries[i], line, sizeof(line));
		r = len < 0 ? len : append(fd, line, (size_t)len);
	}
	return r;
}

/* Down to the newest entries, each with one line. */
static int
cut_down(int directory)
{
	struct history history = { 0 };
	int r = entries_read(directory, &history), fd = -1;

	unlinkat(directory, NEW_NAME, 0);
	if (r == 0)
		r = fd =
		    file_open(directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL);
	if (fd >= 0) {
		r = entries_write(fd, &history);
		close(fd);
	}
	if (r == 0 && renameat(directory, NEW_NAME, directory, FILE_NAME) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory, NEW_NAME, 0);
	history_free(&history);
	return r;
}

/* The file to append to, with room for one line more. */
static int
file_open_with_room(int directory)
{
	int fd = file_open(directory, FILE_NAME, O_RDWR | O_APPEND | O_CREAT);
	int r;

	if (fd < 0 ||
	    lseek(fd, 0, SEEK_END) <= HISTORY_FILE_MAX - HISTORY_LINE_MAX)
		return fd;
	close(fd);
	r = cut_down(directory);
	return r < 0 ? r : file_open(directory, FILE_NAME, O_RDWR | O_APPEND);
}

/* A line that was cut short in the middle takes no other along. */
static bool
ends_in_a_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static int
line_write(int directory, const struct history_entry *entry)
{
	char line[1 + HISTORY_LINE_MAX] = "\n";
	const char *begin;
	int len = history_encode(entry, line + 1, HISTORY_LINE_MAX);
	int fd = len < 0 ? len : file_open_with_room(directory), r;

	if (fd < 0)
		return fd;
	begin = ends_in_a_line(fd) ? line + 1 : line;
	r = append(fd, begin, (size_t)(line + 1 + len - begin));
	close(fd);
	return r;
}

int
history_write(const char *path, const struct history_entry *entry)
{
	int directory = directory_open(path), r;

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	r = 0;
	if (is_on(directory) && (r = directory_lock(directory)) == 0 &&
	    (r = line_write(directory, entry)) == 0)
		r = 1;
	close(directory);
	return r;
}

/* ---- the person's wish --------------------------------------------------- */

/* With all that it is in. */
static int
directory_make(const char *path)
{
	char part[HISTORY_PATH_MAX];
	char *slash = part;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	strcpy(part, path);
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int
history_switch(const char *path, bool on)
{
	int r = on ? directory_make(path) : 0;
	int directory = r < 0 ? r : directory_open_locked(path);

	if (directory < 0)
		return directory == -ENOENT && !on ? 0 : directory;
	if (on) {
		r = file_open(directory, SWITCH_NAME, O_RDONLY | O_CREAT);
		if (r >= 0)
			close(r);
	} else if (unlinkat(directory, SWITCH_NAME, 0) < 0 && errno != ENOENT)
		r = -errno;
	close(directory);
	return r < 0 ? r : 0;
}

int
history_clear(const char *path)
{
	static const char *const names[] = { FILE_NAME, NEW_NAME };
	int directory = directory_open_locked(path), r = 0;

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(directory, names[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	close(directory);
	return r;
}
