/*
 * The list of what a person gave to whom: its lines, and its files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"

#define KINDS (KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER))
#define LINE                                                                   \
	"1\t2026-11-26T01:02:03Z\t0123456789abcdef\tgiven\t"                   \
	"attributes,my_number\thttps://drone.example\tドローン登録デモ\t"
#define TIME 1795654923

static struct history_entry
small_entry(void)
{
	struct history_entry e = { .time = TIME, .kinds = KINDS };

	strcpy(e.key, "0123456789abcdef");
	strcpy(e.origin, "https://drone.example");
	strcpy(e.origin_name, "ドローン登録デモ");
	return e;
}

static struct history_entry
full_entry(void)
{
	struct history_entry e = { .time = TIME,
		.kinds = KIND_BIT(KIND_N) - 1,
		.end = HISTORY_FAILED,
		.code = CODE_NOT_MY_NUMBER_CARD };

	memset(e.key, 'k', HISTORY_KEY_MAX);
	memset(e.origin, 'o', ORIGIN_MAX);
	memset(e.origin_name, 'n', ORIGIN_NAME_MAX);
	memset(e.user, 'u', USER_NAME_MAX);
	return e;
}

/* ---- a line ------------------------------------------------------------- */

static void
assert_comes_out(const struct history_entry *in)
{
	struct history_entry out = full_entry();
	char line[HISTORY_LINE_MAX];
	int len = history_encode(in, line, sizeof(line));

	assert_true(len > 0 && line[len - 1] == '\n');
	assert_null(memchr(line, '\n', (size_t)len - 1));
	assert_true(history_decode(line, (size_t)len - 1, &out));
	assert_int_equal(out.time, in->time);
	assert_string_equal(out.key, in->key);
	assert_int_equal(out.end, in->end);
	assert_int_equal(out.code, in->code);
	assert_int_equal(out.kinds, in->kinds);
	assert_string_equal(out.origin, in->origin);
	assert_string_equal(out.origin_name, in->origin_name);
	assert_string_equal(out.user, in->user);
	assert_int_equal(history_encode(in, line, (size_t)len), -EMSGSIZE);
}

static void
an_entry_comes_out_as_it_went_in(void **state)
{
	struct history_entry e = small_entry();
	char line[HISTORY_LINE_MAX];

	(void)state;
	assert_int_equal(
	    history_encode(&e, line, sizeof(line)), strlen(LINE "\n"));
	assert_string_equal(line, LINE "\n");
	for (e.end = 0; e.end < HISTORY_N; e.end++)
		if (e.end != HISTORY_FAILED)
			assert_comes_out(&e);
	e.end = HISTORY_FAILED;
	for (e.code = CODE_NONE + 1; e.code < CODE_N; e.code++)
		assert_comes_out(&e);
	e = full_entry();
	assert_comes_out(&e);
	e.origin[0] = e.origin_name[0] = '\0';
	assert_comes_out(&e);
}

static bool
decodes(const char *line)
{
	struct history_entry e;

	return history_decode(line, strlen(line), &e);
}

/* A valid line with one part of it put in another's place. */
static bool
decodes_with(const char *part, const char *other)
{
	char line[2 * HISTORY_LINE_MAX];
	const char *at = strstr(LINE, part);

	assert_non_null(at);
	snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - LINE), LINE, other,
	    at + strlen(part));
	return decodes(line);
}

static void
what_is_no_line_is_none(void **state)
{
	struct history_entry e;

	(void)state;
	assert_true(decodes(LINE));
	for (size_t len = 0; len < strlen(LINE); len++)
		assert_false(history_decode(LINE, len, &e));
	assert_false(decodes(LINE "\tmore"));
	assert_false(history_decode(LINE "\0", strlen(LINE) + 1, &e));
	assert_false(decodes_with("1\t", "2\t"));
	assert_false(decodes_with("2026", "yesterday"));
	assert_false(decodes_with("03Z", "03Z, or so"));
	assert_false(decodes_with("0123456789abcdef", ""));
	assert_false(decodes_with("0123456789abcdef", "0123456789abcdef0"));
	assert_false(decodes_with("given", "none"));
	assert_false(decodes_with("given", ""));
	assert_false(decodes_with("given", "sold"));
	assert_false(decodes_with("my_number", "your_number"));
	assert_false(decodes_with("my_number", ""));
}

/* Neither a terminal nor a reader's eye is played tricks on. */
static void
what_deceives_is_no_line(void **state)
{
	static const char *const names[] = { "\033[2J", "a\rb", "\xe2\x80\xae",
		"\xe2\x81\xa6x", "\x9b", "\xc2\x9b", "\x7f", "\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_false(decodes_with("ドローン登録デモ", names[i]));
		assert_false(decodes_with("drone", names[i]));
		assert_false(decodes_with("0123", names[i]));
	}
	assert_true(decodes_with("ドローン登録デモ", "a name"));
}

/* ---- the files ---------------------------------------------------------- */

static char place[HISTORY_PATH_MAX], around[64];

static const char *
path_of(const char *name)
{
	static char path[HISTORY_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return path;
}

static int
files_start(void **state)
{
	(void)state;
	strcpy(around, "/tmp/kenmen-history-XXXXXX");
	assert_non_null(mkdtemp(around));
	setenv("XDG_STATE_HOME", around, 1);
	return history_place(place);
}

static int
files_stop(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", around);
	return system(command);
}

static unsigned
entries_n(bool on, unsigned damaged)
{
	struct history history;
	unsigned n;

	assert_int_equal(history_read(place, &history), 0);
	assert_int_equal(history.on, on);
	assert_int_equal(history.damaged, damaged);
	n = history.n;
	history_free(&history);
	return n;
}

/* An entry of its own; false: its key again. */
static int
write_entry(enum history_end end, bool another)
{
	static unsigned number;
	struct history_entry e = small_entry();

	number += another;
	snprintf(e.key, sizeof(e.key), "%08x", number);
	e.time += number;
	e.end = end;
	return history_write(place, &e);
}

static void
file_make(const char *name, const char *text)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static off_t
file_size(const char *name)
{
	struct stat st;

	return lstat(path_of(name), &st) < 0 ? -1 : st.st_size;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
it_is_off_and_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 0);
	assert_int_equal(entries_n(false, 0), 0);
	assert_int_equal(history_switch(place, false), 0);
	assert_int_equal(history_clear(place), 0);
	assert_int_equal(access(place, F_OK), -1);
}

static void
on_off_and_clear(void **state)
{
	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	assert_int_equal(entries_n(true, 0), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	assert_int_equal(mode_of(place), 0700);
	assert_int_equal(mode_of(path_of("history")), 0600);
	assert_int_equal(history_switch(place, true), 0);
	assert_int_equal(history_switch(place, false), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 0);
	assert_int_equal(entries_n(false, 0), 1);
	assert_int_equal(history_clear(place), 0);
	assert_int_equal(entries_n(false, 0), 0);
	assert_int_equal(history_switch(place, true), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	assert_int_equal(history_clear(place), 0);
	assert_int_equal(file_size("history"), -1);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	assert_int_equal(entries_n(true, 0), 1);
}

/* The last line of a read counts, and stands where it was written. */
static void
a_read_is_one_entry(void **state)
{
	struct history history;

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	write_entry(HISTORY_WITHDRAWN, true);
	write_entry(HISTORY_UNKNOWN, false);
	write_entry(HISTORY_GIVEN, false);
	write_entry(HISTORY_WITHDRAWN, true);
	assert_int_equal(history_read(place, &history), 0);
	assert_int_equal(history.n, 2);
	assert_int_equal(history.entries[0].end, HISTORY_GIVEN);
	assert_int_equal(history.entries[1].end, HISTORY_WITHDRAWN);
	assert_int_equal(history.entries[1].time, history.entries[0].time + 1);
	history_free(&history);
}

static void
the_newest_thousand_stay(void **state)
{
	struct history history;
	off_t biggest = 0, size;
	unsigned cuts = 0;
	int64_t last = 0;

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	for (unsigned i = 0; i < 3 * HISTORY_FILE_MAX / 100 && cuts < 2; i++) {
		assert_int_equal(write_entry(HISTORY_WITHDRAWN, true), 1);
		assert_int_equal(write_entry(HISTORY_GIVEN, false), 1);
		size = file_size("history");
		cuts += size < biggest;
		biggest = size;
		assert_true(size <= HISTORY_FILE_MAX);
	}
	assert_int_equal(cuts, 2);
	assert_int_equal(file_size("history-new"), -1);
	assert_int_equal(mode_of(path_of("history")), 0600);
	assert_int_equal(history_read(place, &history), 0);
	assert_int_equal(history.n, HISTORY_ENTRIES_MAX);
	for (unsigned i = 0; i < history.n; i++) {
		assert_true(last == 0 || history.entries[i].time == last + 1);
		last = history.entries[i].time;
		assert_int_equal(history.entries[i].end, HISTORY_GIVEN);
	}
	history_free(&history);
}

static void
damage_takes_nothing_along(void **state)
{
	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	write_entry(HISTORY_GIVEN, true);
	file_make("history", "1\t2026-11-26T01:02");
	write_entry(HISTORY_GIVEN, true);
	assert_int_equal(entries_n(true, 1), 2);
	file_make("history", "\n\n\xff\xfe\n");
	write_entry(HISTORY_GIVEN, true);
	assert_int_equal(entries_n(true, 2), 3);
}

/* Far more than we ever write, without one line in it. */
static void
a_file_that_is_not_ours(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	file_make("history", "x");
	fd = open(path_of("history"), O_WRONLY);
	assert_int_equal(ftruncate(fd, 1L << 40), 0);
	close(fd);
	assert_int_equal(entries_n(true, 1), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	assert_int_equal(entries_n(true, 0), 1);
	assert_true(file_size("history") < HISTORY_LINE_MAX);
}

/* Something else in the place of each of our files and of the directory. */
static void
nothing_of_others_is_touched(void **state)
{
	char outside[128];

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	snprintf(outside, sizeof(outside), "%s/precious", around);
	file_make("../precious", "precious");
	assert_int_equal(symlink(outside, path_of("history")), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), -ELOOP);
	unlink(path_of("history"));
	assert_int_equal(link(outside, path_of("history")), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), -EPERM);
	unlink(path_of("history"));
	assert_int_equal(mkfifo(path_of("history"), 0600), 0);
	assert_true(write_entry(HISTORY_GIVEN, true) < 0);
	unlink(path_of("history"));
	file_make("history", "");
	chmod(path_of("history"), 0604);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), -EPERM);
	chmod(path_of("history"), 0600);
	chmod(place, 0770);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), -EPERM);
	chmod(place, 0700);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	/* A link in the switch's place switches nothing on. */
	unlink(path_of("history-on"));
	assert_int_equal(symlink(outside, path_of("history-on")), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 0);
	snprintf(outside, sizeof(outside), "%s/moved", around);
	assert_int_equal(rename(place, outside), 0);
	assert_int_equal(symlink(outside, place), 0);
	assert_true(write_entry(HISTORY_GIVEN, true) < 0);
	assert_int_equal(file_size("../precious"), 8);
}

/* A link that waits for the file to be cut down. */
static void
a_link_in_the_new_files_place(void **state)
{
	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	file_make("../precious", "precious");
	assert_int_equal(symlink("../precious", path_of("history-new")), 0);
	file_make("history", LINE "\n");
	assert_int_equal(truncate(path_of("history"), HISTORY_FILE_MAX), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
	assert_int_equal(entries_n(true, 0), 2);
	assert_int_equal(file_size("../precious"), 8);
	assert_int_equal(file_size("history-new"), -1);
}

/* No room: the file stays as it was, down to its last byte. */
static void
a_full_disk(void **state)
{
	struct rlimit old, small;
	off_t size;
	int r;

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	write_entry(HISTORY_GIVEN, true);
	size = file_size("history");
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ (rlim_t)size + 10, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	r = write_entry(HISTORY_GIVEN, true);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_true(r < 0);
	assert_int_equal(file_size("history"), size);
	assert_int_equal(entries_n(true, 0), 1);
}

static void
who_holds_it_is_not_waited_for(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(history_switch(place, true), 0);
	fd = open(place, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), -EBUSY);
	assert_int_equal(history_clear(place), -EBUSY);
	close(fd);
	assert_int_equal(write_entry(HISTORY_GIVEN, true), 1);
}

static void
whose_place(void **state)
{
	char found[HISTORY_PATH_MAX];

	(void)state;
	setenv("HOME", "/home/hanako", 1);
	setenv("XDG_STATE_HOME", "not/absolute", 1);
	assert_int_equal(history_place(found), 0);
	assert_string_equal(found, "/home/hanako/.local/state/kenmen");
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", "", 1);
	assert_int_equal(history_place(found), -ENOENT);
	unsetenv("HOME");
	assert_int_equal(history_place(found), -ENOENT);
}

#define WITH_FILES(f)                                                          \
	cmocka_unit_test_setup_teardown(f, files_start, files_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_comes_out_as_it_went_in),
		cmocka_unit_test(what_is_no_line_is_none),
		cmocka_unit_test(what_deceives_is_no_line),
		WITH_FILES(it_is_off_and_leaves_nothing),
		WITH_FILES(on_off_and_clear),
		WITH_FILES(a_read_is_one_entry),
		WITH_FILES(the_newest_thousand_stay),
		WITH_FILES(damage_takes_nothing_along),
		WITH_FILES(a_file_that_is_not_ours),
		WITH_FILES(nothing_of_others_is_touched),
		WITH_FILES(a_link_in_the_new_files_place),
		WITH_FILES(a_full_disk),
		WITH_FILES(who_holds_it_is_not_waited_for),
		cmocka_unit_test(whose_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
