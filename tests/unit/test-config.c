/* The configuration file: what is kept whole, and what is refused where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define ORIGIN "[origin \"https://drone.example\"]\n"

static char dir[] = "/tmp/kenmen-config-XXXXXX";
static char path_a[64], path_b[64];
static char *report;

static int
dir_make(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path_a, sizeof(path_a), "%s/kenmen.conf", dir);
	snprintf(path_b, sizeof(path_b), "%s/b.conf", dir);
	return 0;
}

static int
dir_remove(void **state)
{
	(void)state;
	unlink(path_a);
	unlink(path_b);
	free(report);
	report = NULL;
	return rmdir(dir);
}

static void
file_write(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Loads files; what was reported stands in report afterwards. */
static int
load_files(const char *const *files, size_t n, struct config **ret)
{
	size_t len = 0;
	FILE *stream;
	int r;

	free(report);
	report = NULL;
	stream = open_memstream(&report, &len);
	assert_non_null(stream);
	r = config_load(files, n, stream, ret);
	fclose(stream);
	return r;
}

static int
load_bytes(const char *text, size_t len, struct config **ret)
{
	const char *files[] = { path_a };

	file_write(path_a, text, len);
	return load_files(files, 1, ret);
}

static struct config *
good_bytes(const char *text, size_t len)
{
	struct config *c = NULL;

	if (load_bytes(text, len, &c) != 0)
		fail_msg("refused: %s", report);
	assert_string_equal(report, "");
	assert_non_null(c);
	return c;
}

static struct config *
good(const char *text)
{
	return good_bytes(text, strlen(text));
}

/* Refused, by one line of report that begins with this place. */
static void
bad_bytes(const char *text, size_t len, unsigned line, const char *reason)
{
	struct config *untouched = (struct config *)&len, *c = untouched;
	char start[96];

	assert_int_equal(load_bytes(text, len, &c), -EINVAL);
	assert_ptr_equal(c, untouched);
	snprintf(start, sizeof(start), "%s:%u: ", path_a, line);
	if (strncmp(report, start, strlen(start)) != 0 ||
	    !strstr(report, reason))
		fail_msg("wanted '%s...%s', got '%s'", start, reason, report);
	/* One fault, one line. */
	assert_ptr_equal(strchr(report, '\n'), report + strlen(report) - 1);
}

static void
bad(const char *text, unsigned line, const char *reason)
{
	bad_bytes(text, strlen(text), line, reason);
}

static void
in_port(const struct config_listen *listen, int family, unsigned port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	assert_int_equal(listen->address.ss_family, family);
	if (family == AF_INET) {
		assert_int_equal(listen->address_len, sizeof(in));
		memcpy(&in, &listen->address, sizeof(in));
		assert_int_equal(ntohs(in.sin_port), port);
		assert_int_equal(ntohl(in.sin_addr.s_addr), 0x7f000001);
	} else {
		assert_int_equal(listen->address_len, sizeof(in6));
		memcpy(&in6, &listen->address, sizeof(in6));
		assert_int_equal(ntohs(in6.sin6_port), port);
		assert_true(IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr));
	}
}

static void
defaults(const struct config *c)
{
	assert_int_equal(c->listen_n, 2);
	in_port(&c->listen[0], AF_INET, 25366);
	in_port(&c->listen[1], AF_INET6, 25366);
	assert_string_equal(c->state_dir, "/var/lib/kenmen");
	assert_false(c->log_requests);
	assert_int_equal(c->idle_timeout, 3600);
	assert_int_equal(c->session_max, 43200);
	assert_int_equal(c->mode, MODE_AGENT);
	assert_string_equal(c->pinentry, "/usr/bin/pinentry");
	assert_string_equal(c->tty, "");
	assert_int_equal(c->prompt_timeout, 120);
	assert_int_equal(c->ignore_n, 1);
	assert_string_equal(c->ignore[0], "Yubico");
	assert_int_equal(c->card_timeout, 60);
	assert_int_equal(c->read_timeout, 30);
	assert_string_equal(c->trust_dir, "/etc/kenmen/trust");
	assert_false(c->local_allow);
	assert_int_equal(c->local_kinds,
	    KIND_BIT(KIND_CARD_INFO) | KIND_BIT(KIND_ATTRIBUTES));
	assert_int_equal(c->origins_n, 0);
}

static void
test_defaults(void **state)
{
	struct config *c = good("");

	(void)state;
	defaults(c);
	config_free(&c);
	assert_null(c);
	config_free(&c);
}

static void
test_every_key(void **state)
{
	struct config *c = good(
	    "# the whole file\n"
	    "[server]\n"
	    "listen = 127.0.0.1:0, [::1]:65535\n"
	    "state_dir = /srv/a b/kenmen   ; a comment\n"
	    "log_requests = yes\n"
	    "[session]\n\tidle_timeout=1\n"
	    "[prompt]\nmode = pinentry\npinentry = /usr/bin/pinentry-curses\n"
	    "tty = /dev/pts/7\ntimeout = 3600\n"
	    "[reader]\nignore = Yubico , Nitro key;s\ncard_timeout = 2\n"
	    "read_timeout = 3\n"
	    "[trust]\ndir = /nowhere\n"
	    "[local-tools]\nallow = yes\nkinds = card_info\n"
	    "[origin \"https://drone.example\"] ; the site\n"
	    "name = ドローン登録デモ     ; at most 40 characters\n"
	    "kinds = card_info, attributes, my_number, face, certificate, "
	    "authenticate, sign\n"
	    "[ origin \"http://[::1]:3000\" ]\n"
	    "kinds = attributes");

	(void)state;
	assert_int_equal(c->listen_n, 2);
	in_port(&c->listen[0], AF_INET, 0);
	in_port(&c->listen[1], AF_INET6, 65535);
	assert_string_equal(c->state_dir, "/srv/a b/kenmen");
	assert_true(c->log_requests);
	assert_int_equal(c->idle_timeout, 1);
	assert_int_equal(c->mode, MODE_PINENTRY);
	assert_string_equal(c->pinentry, "/usr/bin/pinentry-curses");
	assert_string_equal(c->tty, "/dev/pts/7");
	assert_int_equal(c->prompt_timeout, 3600);
	assert_int_equal(c->ignore_n, 2);
	assert_string_equal(c->ignore[0], "Yubico");
	assert_string_equal(c->ignore[1], "Nitro key;s");
	assert_int_equal(c->card_timeout, 2);
	assert_int_equal(c->read_timeout, 3);
	assert_string_equal(c->trust_dir, "/nowhere");
	assert_true(c->local_allow);
	assert_int_equal(c->local_kinds, KIND_BIT(KIND_CARD_INFO));
	assert_int_equal(c->origins_n, 2);
	assert_string_equal(c->origins[0].origin, "https://drone.example");
	assert_string_equal(c->origins[0].name, "ドローン登録デモ");
	assert_int_equal(c->origins[0].kinds, KIND_BIT(KIND_N) - 1);
	assert_string_equal(c->origins[1].origin, "http://[::1]:3000");
	assert_string_equal(c->origins[1].name, "http://[::1]:3000");
	config_free(&c);
}

static void
test_empty_values(void **state)
{
	struct config *c = good("[prompt]\ntty =       ; for curses\n"
				"[reader]\nignore =\n");

	(void)state;
	assert_string_equal(c->tty, "");
	assert_int_equal(c->ignore_n, 0);
	config_free(&c);
	bad("[server]\nlisten =\n", 2, "is wanted");
	bad("[server]\nstate_dir = ; none\n", 2, "absolute path");
	bad("[local-tools]\nkinds =\n", 2, "no kind is named");
	bad(ORIGIN "kinds = sign\nname =\n", 3, "empty");
}

static void
test_form(void **state)
{
	(void)state;
	bad("listen = 127.0.0.1:1\n", 1, "before any [section]");
	bad("[server]\n\nlisten\n", 3, "neither [section] nor key = value");
	bad("[server]\nlisten ; = x\n", 2, "neither");
	bad("[server]\n= x\n", 2, "no key ''");
	bad("[server\n", 1, "']' is missing");
	bad("[server] x\n", 1, "']' is missing");
	bad("[\n", 1, "']' is missing");
	bad("[]\n", 1, "no section");
	bad("[Server]\n", 1, "no section is called [Server]");
	bad("[unknown]\nfoo = 1\nbar = 2\n", 1, "no section");
	bad("[server]\nport = 1\n", 2, "[server] has no key 'port'");
	bad("[session]\nlisten = 127.0.0.1:1\n", 2, "has no key");
	bad("[server]\nListen = 127.0.0.1:1\n", 2, "has no key");
	bad("[server \"x\"]\n", 1, "no section");
	bad("[origin]\nkinds = sign\n", 1, "is wanted");
	bad("[origin https://drone.example]\n", 1, "no section");
	bad("[origin \"https://drone.example]\n", 1, "no section");
	bad("[origin \"https://drone.example\" \"x\"]\n", 1, "no section");
}

static void
test_repeats(void **state)
{
	(void)state;
	bad("[trust]\ndir = /a\ndir = /a\n", 3, "'dir' stands there twice");
	bad("[trust]\ndir = /a\n[trust]\ndir = /b\n", 4, "twice");
	bad(ORIGIN "kinds = sign\nkinds = sign\n", 3, "twice");
	bad(ORIGIN "kinds = sign\n[trust]\n" ORIGIN "kinds = sign\n", 4,
	    "https://drone.example\"] stands there twice");
}

static void
test_all_faults(void **state)
{
	struct config *c = NULL;
	char wanted[512];

	(void)state;
	file_write(path_b, "[reader]\nfoo = 1\n", 17);
	file_write(path_a, "[server]\nx\n[session]\nidle_timeout = 0\n", 38);
	assert_int_equal(
	    load_files((const char *[]){ path_a, path_b }, 2, &c), -EINVAL);
	snprintf(wanted, sizeof(wanted),
	    "%s:2: 'x': neither [section] nor key = value\n"
	    "%s:4: whole seconds from 1 to 3600 are wanted, not '0'\n"
	    "%s:2: [reader] has no key 'foo'\n",
	    path_a, path_a, path_b);
	assert_string_equal(report, wanted);
}

static void
test_seconds(void **state)
{
	static const char *const bad_values[] = { "0", "3601", "-1", "+1",
		"1.5", "60s", "0x10", "060", "", "9999999999", "1 2", "４",
		"18446744073709551617", "4294967356" };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(*bad_values); i++) {
		snprintf(text, sizeof(text), "[session]\nidle_timeout = %s\n",
		    bad_values[i]);
		bad(text, 2, "whole seconds from 1 to 3600");
	}
}

static void
test_listen(void **state)
{
	static const char *const bad_values[] = { "127.0.0.1", "127.0.0.2:1",
		"127.1:1", "0.0.0.0:25366", "[::]:25366", "::1:25366",
		"localhost:25366", "192.0.2.1:1", "[::ffff:127.0.0.1]:1",
		"25366", "*:1", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1:", "127.0.0.1:08", "127.0.0.1:1 [::1]:1",
		"127.0.0.1:99999999999", "127.0.0.1:1,", "127.0.0.1:1,,[::1]:1",
		"127.0.0.1:1, 127.0.0.1:1" };
	char text[512] = "[server]\nlisten = 127.0.0.1:1";
	struct config *c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(*bad_values); i++) {
		char line[128];

		snprintf(line, sizeof(line), "[server]\nlisten = %s\n",
		    bad_values[i]);
		bad(line, 2, "");
	}
	for (unsigned i = 2; i <= CONFIG_LISTEN_MAX; i++)
		snprintf(text + strlen(text), 32, ", 127.0.0.1:%u", i);
	c = good(text);
	assert_int_equal(c->listen_n, CONFIG_LISTEN_MAX);
	in_port(&c->listen[CONFIG_LISTEN_MAX - 1], AF_INET, CONFIG_LISTEN_MAX);
	config_free(&c);
	strcat(text, ", [::1]:9, [::1]:10");
	bad(text, 2, "more than 8 addresses");
}

static void
test_words(void **state)
{
	(void)state;
	bad("[prompt]\nmode = Agent\n", 2, "'agent' or 'pinentry'");
	bad("[prompt]\nmode = agents\n", 2, "'agent' or 'pinentry'");
	bad("[local-tools]\nallow = true\n", 2, "'yes' or 'no'");
	bad("[local-tools]\nallow = yes please\n", 2, "'yes' or 'no'");
	bad(ORIGIN "kinds = sign, sing\n", 2, "no kind is called 'sing'");
	bad(ORIGIN "kinds = sign, sign\n", 2, "'sign' stands there twice");
	bad(ORIGIN "kinds = sign,\n", 2, "no kind is called ''");
	bad(ORIGIN "kinds = sign face\n", 2, "no kind is called");
	bad(ORIGIN "name = x\n", 1, "'kinds' is missing");
	bad(ORIGIN "name = x\n[trust]\n", 1, "'kinds' is missing");
}

/* len bytes: "/xxx...". */
static char *
path_of(size_t len)
{
	static char path[CONFIG_PATH_MAX + 3];

	memset(path, 'x', len);
	path[0] = '/';
	path[len] = '\0';
	return path;
}

static void
test_paths(void **state)
{
	struct config *c;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "[trust]\ndir = %s\n", path_of(255));
	c = good(text);
	assert_string_equal(c->trust_dir, path_of(255));
	config_free(&c);
	snprintf(text, sizeof(text), "[trust]\ndir = %s\n", path_of(256));
	bad(text, 2, "longer than 255 bytes");
	bad("[trust]\ndir = etc/trust\n", 2, "absolute path");
	bad("[prompt]\npinentry = pinentry\n", 2, "absolute path");
	bad("[prompt]\ntty = pts/1\n", 2, "absolute path");
}

static void
test_ignore(void **state)
{
	char text[1024] = "[reader]\nignore = ";
	struct config *c;

	(void)state;
	memset(text + strlen(text), 'y', IGNORE_LEN_MAX);
	for (int i = 1; i < IGNORE_MAX; i++)
		strcat(text, ", a");
	c = good(text);
	assert_int_equal(c->ignore_n, IGNORE_MAX);
	assert_int_equal(strlen(c->ignore[0]), IGNORE_LEN_MAX);
	config_free(&c);
	strcat(text, ", a, a");
	bad(text, 2, "more than 8 entries");
	memset(text, 0, sizeof(text));
	strcpy(text, "[reader]\nignore = ");
	memset(text + strlen(text), 'y', IGNORE_LEN_MAX + 1);
	bad(text, 2, "longer than 63 bytes");
	bad("[reader]\nignore = a,,b\n", 2, "empty entry");
	bad("[reader]\nignore = a,\n", 2, "empty entry");
}

/* "https://aaa...", of exactly len bytes. */
static const char *
origin_of(size_t len)
{
	static char origin[ORIGIN_MAX + 8];

	memset(origin, 0, sizeof(origin));
	memset(origin, 'a', len);
	memcpy(origin, "https://", 8);
	origin[50] = '.';
	return origin;
}

static void
test_origin_length(void **state)
{
	struct config *c;
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "[origin \"%s\"]\nkinds = sign\n",
	    origin_of(ORIGIN_MAX));
	c = good(text);
	assert_int_equal(strlen(c->origins[0].origin), 100);
	assert_string_equal(c->origins[0].origin, origin_of(ORIGIN_MAX));
	config_free(&c);
	snprintf(text, sizeof(text), "\n[origin \"%s\"]\nkinds = sign\n",
	    origin_of(ORIGIN_MAX + 1));
	bad(text, 2, "longer than 100 bytes");
	bad("[origin \"https://Drone.example\"]\nkinds = sign\n", 1,
	    "upper case");
	/* The keys of a refused origin are looked at too. */
	assert_int_equal(
	    load_bytes("[origin \"null\"]\nkinds = x\n", 26, &c), -EINVAL);
	assert_non_null(strstr(report, ":1: "));
	assert_non_null(strstr(report, ":2: "));
}

static const char *
repeated(const char *unit, size_t n)
{
	static char text[1024];

	text[0] = '\0';
	while (n--)
		strcat(text, unit);
	return text;
}

static void
test_names(void **state)
{
	static const struct {
		const char *unit;
		size_t most;
	} limits[] = {
		{ "a", 40 }, { "登", 40 }, { "𠮷", 30 }, /* 4 bytes each */
		{ "%", 40 }, { "%登", 20 },
		{ "%%𠮷", 12 }, /* 10 bytes as sent, 3 characters */
	};
	static const char *const refused[] = { "a<b", "<", "a\tb",
		"a\xe2\x80\xae"
		"b", /* U+202E */
		"a\xe2\x81\xa6"
		"b", /* U+2066 */
		"a\xd8\x9c"
		"b", /* U+061C */
		"a\xc2\x85"
		"b", /* U+0085 */
		"a\x7f"
		"b",
		"a\xe2\x80\xa8"
		"b" }; /* U+2028 */
	char text[2048];
	struct config *c;

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const char *name = repeated(limits[i].unit, limits[i].most);

		snprintf(
		    text, sizeof(text), ORIGIN "kinds=sign\nname=%s\n", name);
		c = good(text);
		assert_string_equal(c->origins[0].name, name);
		config_free(&c);
		snprintf(text, sizeof(text), ORIGIN "kinds=sign\nname=%s\n",
		    repeated(limits[i].unit, limits[i].most + 1));
		bad(text, 3, "a name of more than");
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		snprintf(text, sizeof(text), ORIGIN "kinds=sign\nname=%s\n",
		    refused[i]);
		bad(text, 3, "");
	}
}

static void
test_bytes(void **state)
{
	static const char nul[] = "[trust]\ndir = /a\0b\n";
	static const char nul_comment[] = "[trust]\n; a\0b\n";
	static const char *const not_utf8[] = { "\xff", "\x80", "\xc3",
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xe3\x83", "\x83\x8d" /* Shift_JIS */ };
	char text[64];

	(void)state;
	bad_bytes(nul, sizeof(nul) - 1, 2, "a NUL byte");
	bad_bytes(nul_comment, sizeof(nul_comment) - 1, 2, "a NUL byte");
	for (size_t i = 0; i < sizeof(not_utf8) / sizeof(*not_utf8); i++) {
		snprintf(text, sizeof(text), "[trust]\n;%s\n", not_utf8[i]);
		bad(text, 2, "not UTF-8");
		/* At the very end of the file. */
		snprintf(text, sizeof(text), "[trust]\n;%s", not_utf8[i]);
		bad(text, 2, "not UTF-8");
	}
	bad("[trust]\ndir = /a\x1b[2J\n", 2, "a control character");
	bad("[trust]\ndir = /a\rb\n", 2, "a control character");
	/* What a report shows of a file steers no terminal. */
	bad("[x\xe3\x83\x89]\n", 1, "[x???]");
}

static void
test_line_ends(void **state)
{
	struct config *c = good("\xef\xbb\xbf[trust]\r\ndir = /a\r\n\r\n; x\r\n"
				"[session]\r\nidle_timeout = 5\r\n");

	(void)state;
	assert_string_equal(c->trust_dir, "/a");
	assert_int_equal(c->idle_timeout, 5);
	config_free(&c);
	/* Only at the beginning of the file. */
	bad("[trust]\n\xef\xbb\xbf"
	    "dir = /a\n",
	    2, "has no key");
}

static void
test_long_lines(void **state)
{
	static char text[1 << 20];
	struct config *c;
	size_t at;

	(void)state;
	/* Just as large as a file may be, most of it one comment. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "[trust]\n;", 9);
	memcpy(text + sizeof(text) - 10, "\ndir = /a\n", 10);
	c = good_bytes(text, sizeof(text));
	assert_string_equal(c->trust_dir, "/a");
	config_free(&c);
	/* A value after a thousand blanks. */
	memset(text, ' ', 2000);
	memcpy(text, "[trust]\ndir", 11);
	text[1000] = '=';
	memcpy(text + 1900, "/b", 2);
	c = good_bytes(text, 2000);
	assert_string_equal(c->trust_dir, "/b");
	config_free(&c);
	/* A section name past what inih would keep. */
	at = (size_t)sprintf(text, "[origin \"https://");
	memset(text + at, 'a', 5000);
	strcpy(text + at + 5000, ".example\"]\nkinds = sign\n");
	bad(text, 1, "longer than 100 bytes");
}

static void
test_too_large(void **state)
{
	static char text[(1 << 20) + 1];

	(void)state;
	memset(text, '\n', sizeof(text));
	bad_bytes(text, sizeof(text), 0, "cannot be read: File too large");
}

static void
test_missing(void **state)
{
	struct config *c = NULL;

	(void)state;
	assert_int_equal(
	    load_files((const char *[]){ "/nonexistent/x.conf" }, 1, &c),
	    -EINVAL);
	assert_string_equal(report, "/nonexistent/x.conf:0: cannot be read: "
				    "No such file or directory\n");
	assert_int_equal(load_files((const char *[]){ dir }, 1, &c), -EINVAL);
	assert_non_null(strstr(report, "Is a directory"));
	assert_null(c);
}

static void
test_later_file(void **state)
{
	static const char *const a =
	    "[session]\nidle_timeout = 100\n[prompt]\ntimeout = 10\n"
	    "[server]\nlisten = [::1]:1\n[reader]\nignore = a, b, c\n"
	    "[origin \"https://a.example\"]\nname = A\nkinds = sign\n"
	    "[origin \"https://b.example\"]\nname = B\nkinds = sign\n"
	    "[origin \"https://c.example\"]\nname = C\nkinds = sign\n";
	static const char *const b =
	    "[session]\nidle_timeout = 200\n"
	    "[server]\nlisten = 127.0.0.1:2\n[reader]\nignore =\n"
	    "[origin \"https://d.example\"]\nkinds = face\n"
	    "[origin \"https://a.example\"]\nkinds = face\n"
	    "[origin \"https://b.example\"]\nkinds = face\n";
	struct config *c = NULL;

	(void)state;
	file_write(path_a, a, strlen(a));
	file_write(path_b, b, strlen(b));
	assert_int_equal(
	    load_files((const char *[]){ path_a, path_b }, 2, &c), 0);
	assert_int_equal(c->idle_timeout, 200);
	assert_int_equal(c->prompt_timeout, 10);
	assert_int_equal(c->listen_n, 1);
	in_port(&c->listen[0], AF_INET, 2);
	assert_int_equal(c->ignore_n, 0);
	assert_int_equal(c->origins_n, 4);
	assert_string_equal(c->origins[0].origin, "https://c.example");
	assert_int_equal(c->origins[0].kinds, KIND_BIT(KIND_SIGN));
	assert_string_equal(c->origins[2].origin, "https://a.example");
	assert_int_equal(c->origins[2].kinds, KIND_BIT(KIND_FACE));
	/* As a whole: the name is not the earlier file's. */
	assert_string_equal(c->origins[2].name, "https://a.example");
	config_free(&c);
	/* Twice in the later file is still twice in one file. */
	assert_int_equal(
	    load_files((const char *[]){ path_b, path_a, path_b }, 3, &c), 0);
	config_free(&c);
	file_write(path_b,
	    "[origin \"https://a.example\"]\nkinds = face\n"
	    "[origin \"https://a.example\"]\nkinds = face\n",
	    84);
	assert_int_equal(
	    load_files((const char *[]){ path_a, path_b }, 2, &c), -EINVAL);
	assert_non_null(strstr(report, "b.conf:3: "));
}

static void
conf_d(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/conf.d/%s", dir, name);
	if (text)
		file_write(path, text, strlen(text));
	else
		unlink(path);
}

static int
load_dir(struct config **ret)
{
	size_t len = 0;
	FILE *stream;
	int r;

	free(report);
	report = NULL;
	stream = open_memstream(&report, &len);
	r = config_load_dir(dir, stream, ret);
	fclose(stream);
	return r;
}

static void
test_directory(void **state)
{
	static const char *const names[] = { "10-a.conf", "9-b.conf", "Z.conf",
		"a.conf", "zz.conf.bak", ".zz.conf", ".conf" };
	struct config *c = NULL;
	char path[128];

	(void)state;
	/* Nothing there at all. */
	unlink(path_a);
	assert_int_equal(load_dir(&c), 0);
	defaults(c);
	config_free(&c);

	snprintf(path, sizeof(path), "%s/conf.d", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	/* Only conf.d, and in the order of bytes: "a" comes after "Z". */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[64];

		snprintf(text, sizeof(text), "[session]\nidle_timeout = %zu\n",
		    i + 1);
		conf_d(names[i], text);
	}
	assert_int_equal(load_dir(&c), 0);
	assert_int_equal(c->idle_timeout, 4);
	config_free(&c);
	conf_d("a.conf", "[session]\nidle = 4\n");
	file_write(path_a, "[session]\nidle = 4\n", 19);
	assert_int_equal(load_dir(&c), -EINVAL);
	assert_non_null(strstr(report, "/conf.d/a.conf:2: "));
	assert_non_null(strstr(report, "/kenmen.conf:2: "));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		conf_d(names[i], NULL);
	assert_int_equal(rmdir(path), 0);
	unlink(path_a);
	/* conf.d that is no directory. */
	file_write(path, "", 0);
	assert_int_equal(load_dir(&c), -EINVAL);
	assert_non_null(strstr(report, "/conf.d:0: cannot be read"));
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_empty_values),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_all_faults),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_origin_length),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_later_file),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
