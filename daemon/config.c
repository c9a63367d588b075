#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "origin.h"
#include "utf8.h"

/*
 * Our own parser, because what Debian's inih does is dangerous here: it cuts
 * section names at 49 characters and lines at 200 without a word, and half
 * of https://drone.example.evil.example is another site. Here every line is
 * kept whole or refused with its number.
 */

/* No configuration comes near; a wrong file name (a disk, a log) passes it. */
#define FILE_MAX 1048576

#define ORIGIN_NAME_CHARACTERS 40
#define TIMEOUT_MAX 3600

struct parser {
	FILE *report;
	bool faulty; /* something was reported, in any file */
	struct config *config;

	/* Where we are. */
	const char *file;
	unsigned line;
	const char *section; /* NULL: none yet, or one that is refused */
	bool skipping;       /* it is refused: its keys mean nothing */
	uint64_t seen; /* keys of this file; an origin's: of its section */

	/* The origin whose section this is. */
	struct config_origin *origin;  /* NULL: another section */
	struct config_origin unlisted; /* stands in for one that is refused */
	unsigned origin_line;
	size_t file_origins; /* from here on they are of this file */
};

static void __attribute__((format(printf, 2, 3)))
fault(struct parser *p, const char *format, ...)
{
	va_list args;

	p->faulty = true;
	fprintf(p->report, "%s:%u: ", p->file, p->line);
	va_start(args, format);
	vfprintf(p->report, format, args);
	va_end(args);
	fputc('\n', p->report);
}

/* A word out of the file as a report may show it: a terminal or a log must
 * not be steered by it. Good until the fourth call from now. */
static const char *
shown(const char *word, size_t len)
{
	static char texts[4][72];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	size_t n = len < 64 ? len : 64;

	for (size_t i = 0; i < n; i++)
		text[i] = word[i] >= 0x20 && word[i] < 0x7f ? word[i] : '?';
	strcpy(text + n, len > n ? "..." : "");
	return text;
}

/* ---- text ------------------------------------------------------------ */

/* clang-format off */
static const struct range {
	unsigned first, last;
	const char *reason;
} unwanted[] = {
	{ 0x00,   0x08,   "a control character" },
	{ 0x0a,   0x1f,   "a control character" },
	{ 0x7f,   0x9f,   "a control character" },
	{ 0x2028, 0x2029, "a line separator" },
	/* What a person reads must be what is there. */
	{ 0x061c, 0x061c, "a character that changes the direction of text" },
	{ 0x200e, 0x200f, "a character that changes the direction of text" },
	{ 0x202a, 0x202e, "a character that changes the direction of text" },
	{ 0x2066, 0x2069, "a character that changes the direction of text" },
};
/* clang-format on */

/* A whole line, comments too. */
static const char *
line_fault(const char *line, size_t len)
{
	const char *end = line + len;

	if (memchr(line, '\0', len))
		return "a NUL byte";
	while (line < end) {
		unsigned c = utf8_next(&line, end);

		if (c == 0)
			return "not UTF-8";
		for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted);
		     i++)
			if (c >= unwanted[i].first && c <= unwanted[i].last)
				return unwanted[i].reason;
	}
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends, in place. */
static char *
trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/*
 * The next entry of a comma-separated list, trimmed; *list moves past it and
 * is NULL after the last.
 */
static char *
list_next(char **list)
{
	return trim(strsep(list, ","));
}

/* A whole number without sign or leading zero; -1: it is none, or past max. */
static long
number(const char *text, long max)
{
	size_t len = strlen(text);

	if (len == 0 || len > 9 || text[strspn(text, "0123456789")] ||
	    (text[0] == '0' && len > 1) || atol(text) > max)
		return -1;
	return atol(text);
}

/* ---- values ---------------------------------------------------------- */

/* All of these report what is wrong, and then leave *ret as it may be: a
 * configuration with a fault is never handed out. value may be torn apart. */

static void
parse_seconds(struct parser *p, char *value, void *ret)
{
	long seconds = number(value, TIMEOUT_MAX);

	if (seconds < 1)
		fault(p, "whole seconds from 1 to %d are wanted, not '%s'",
		    TIMEOUT_MAX, shown(value, strlen(value)));
	else
		*(unsigned *)ret = (unsigned)seconds;
}

static void
parse_path(struct parser *p, char *value, void *ret)
{
	if (value[0] != '/')
		fault(p, "an absolute path is wanted, not '%s'",
		    shown(value, strlen(value)));
	else if (strlen(value) > CONFIG_PATH_MAX)
		fault(p, "a path longer than %d bytes", CONFIG_PATH_MAX);
	else
		strcpy(ret, value);
}

static void
parse_path_or_none(struct parser *p, char *value, void *ret)
{
	if (value[0])
		parse_path(p, value, ret);
	else
		*(char *)ret = '\0';
}

static void
parse_yes(struct parser *p, char *value, void *ret)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		fault(p, "'yes' or 'no' is wanted, not '%s'",
		    shown(value, strlen(value)));
	*(bool *)ret = strcmp(value, "yes") == 0;
}

static void
parse_mode(struct parser *p, char *value, void *ret)
{
	static const char *const modes[] = {
		[MODE_AGENT] = "agent", [MODE_PINENTRY] = "pinentry"
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(value, modes[i]) == 0) {
			*(enum config_mode *)ret = (enum config_mode)i;
			return;
		}
	fault(p, "'agent' or 'pinentry' is wanted, not '%s'",
	    shown(value, strlen(value)));
}

static void
parse_kinds(struct parser *p, char *value, void *ret)
{
	uint32_t kinds = 0;

	if (!value[0])
		fault(p, "no kind is named");
	for (char *list = value[0] ? value : NULL; list;) {
		const char *name = list_next(&list);
		int kind = kind_from_name(name, strlen(name));

		if (kind < 0)
			fault(p, "no kind is called '%s'",
			    shown(name, strlen(name)));
		else if (kinds & KIND_BIT(kind))
			fault(p, "'%s' stands there twice", name);
		else
			kinds |= KIND_BIT(kind);
	}
	*(uint32_t *)ret = kinds;
}

static void
parse_ignore(struct parser *p, char *value, void *ret)
{
	struct config *c = ret;

	c->ignore_n = 0;
	for (char *list = value[0] ? value : NULL; list;) {
		const char *entry = list_next(&list);

		if (!entry[0])
			/* It would be a part of every reader's name. */
			fault(p, "an empty entry (a comma too many?)");
		else if (strlen(entry) > IGNORE_LEN_MAX)
			fault(
			    p, "an entry longer than %d bytes", IGNORE_LEN_MAX);
		else if (c->ignore_n == IGNORE_MAX) {
			fault(p, "more than %d entries", IGNORE_MAX);
			return;
		} else
			strcpy(c->ignore[c->ignore_n++], entry);
	}
}

/* The window's texts have room for this much and no more. */
static void
parse_name(struct parser *p, char *value, void *ret)
{
	size_t characters = 0, bytes = strlen(value);
	const char *end = value + bytes;

	/* Assuan sends '%' as "%25". */
	for (const char *at = value; *at; at++)
		bytes += *at == '%' ? 2 : 0;
	for (const char *at = value; *at; characters++)
		if (utf8_next(&at, end) == 0)
			return; /* line_fault has said so */
	if (!value[0])
		fault(p, "the name is empty");
	else if (characters > ORIGIN_NAME_CHARACTERS)
		fault(p, "a name of more than %d characters",
		    ORIGIN_NAME_CHARACTERS);
	else if (bytes > ORIGIN_NAME_MAX)
		fault(p, "a name of more than %d bytes ('%%' counts as three)",
		    ORIGIN_NAME_MAX);
	else if (strpbrk(value, "<\t"))
		/* Some pinentries read '<' as markup. */
		fault(p, "a name with '<' or a tab in it");
	else
		strcpy(ret, value);
}

/* ---- listen ---------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *prefix;
	int family;
} listen_forms[] = {
	{ "127.0.0.1:", AF_INET },
	{ "[::1]:",     AF_INET6 },
};
/* clang-format on */

static void
listen_fill(struct config_listen *listen, int family, uint16_t port)
{
	*listen = (struct config_listen){ 0 };
	if (family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		memcpy(&listen->address, &in, sizeof(in));
		listen->address_len = sizeof(in);
	} else {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
			.sin6_port = htons(port),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT };

		memcpy(&listen->address, &in6, sizeof(in6));
		listen->address_len = sizeof(in6);
	}
}

static bool
parse_listen_one(struct parser *p, const char *entry, struct config_listen *ret)
{
	for (size_t i = 0; i < sizeof(listen_forms) / sizeof(*listen_forms);
	     i++) {
		size_t skip = strlen(listen_forms[i].prefix);
		long port;

		if (strncmp(entry, listen_forms[i].prefix, skip) != 0)
			continue;
		if ((port = number(entry + skip, UINT16_MAX)) < 0) {
			fault(p, "a port from 0 to 65535 is wanted, not '%s'",
			    shown(entry + skip, strlen(entry + skip)));
			return false;
		}
		listen_fill(ret, listen_forms[i].family, (uint16_t)port);
		return true;
	}
	/* The rest of 127/8 too: our certificate and the browsers' rules
	 * know these two alone. */
	fault(p,
	    "127.0.0.1:PORT or [::1]:PORT is wanted, not '%s': "
	    "other computers must not reach this service",
	    shown(entry, strlen(entry)));
	return false;
}

static bool
listen_is_taken(const struct config *c, const struct config_listen *listen)
{
	for (unsigned i = 0; i < c->listen_n; i++)
		if (memcmp(&c->listen[i].address, &listen->address,
			sizeof(listen->address)) == 0)
			return true;
	return false;
}

static void
parse_listen(struct parser *p, char *value, void *ret)
{
	struct config *c = ret;
	struct config_listen listen;

	c->listen_n = 0;
	for (char *list = value; list;) {
		const char *entry = list_next(&list);

		if (!parse_listen_one(p, entry, &listen))
			continue;
		if (listen_is_taken(c, &listen))
			fault(p, "'%s' stands there twice", entry);
		else if (c->listen_n == CONFIG_LISTEN_MAX) {
			fault(p, "more than %d addresses", CONFIG_LISTEN_MAX);
			return;
		} else
			c->listen[c->listen_n++] = listen;
	}
}

/* ---- values that are compared ---------------------------------------- */

static bool
same_number(const void *a, const void *b)
{
	return *(const unsigned *)a == *(const unsigned *)b;
}

_Static_assert(sizeof(enum config_mode) == sizeof(unsigned), "is compared");

static bool
same_yes(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static bool
same_text(const void *a, const void *b)
{
	return strcmp(a, b) == 0;
}

static bool
same_listen(const void *a, const void *b)
{
	const struct config *x = a, *y = b;

	if (x->listen_n != y->listen_n)
		return false;
	for (unsigned i = 0; i < x->listen_n; i++)
		if (memcmp(&x->listen[i].address, &y->listen[i].address,
			sizeof(x->listen[i].address)) != 0)
			return false;
	return true;
}

static bool
same_ignore(const void *a, const void *b)
{
	const struct config *x = a, *y = b;

	if (x->ignore_n != y->ignore_n)
		return false;
	for (unsigned i = 0; i < x->ignore_n; i++)
		if (strcmp(x->ignore[i], y->ignore[i]) != 0)
			return false;
	return true;
}

/* ---- keys ------------------------------------------------------------ */

#define IN_CONFIG(member) offsetof(struct config, member)
#define IN_ORIGIN(member) offsetof(struct config_origin, member)
#define SECTION_ORIGIN "origin"

/* clang-format off */
static const struct key {
	const char *section, *name;
	void (*parse)(struct parser *p, char *value, void *ret);
	size_t offset; /* of what parse fills */
	/* NULL: a reload takes it over; else it is only compared. */
	bool (*same)(const void *a, const void *b);
} keys[] = {
	{ "server",       "listen",       parse_listen,       0,                         same_listen },
	{ "server",       "state_dir",    parse_path,         IN_CONFIG(state_dir),      same_text },
	{ "server",       "log_requests", parse_yes,          IN_CONFIG(log_requests),   NULL },
	{ "session",      "idle_timeout", parse_seconds,      IN_CONFIG(idle_timeout),   same_number },
	{ "session",      "end_on_card_removal", parse_yes,   IN_CONFIG(end_on_card_removal), same_yes },
	{ "prompt",       "mode",         parse_mode,         IN_CONFIG(mode),           same_number },
	{ "prompt",       "pinentry",     parse_path,         IN_CONFIG(pinentry),       same_text },
	{ "prompt",       "tty",          parse_path_or_none, IN_CONFIG(tty),            same_text },
	{ "prompt",       "timeout",      parse_seconds,      IN_CONFIG(prompt_timeout), same_number },
	{ "prompt",       "socket",       parse_path,         IN_CONFIG(socket),         same_text },
	{ "reader",       "ignore",       parse_ignore,       0,                         same_ignore },
	{ "reader",       "card_timeout", parse_seconds,      IN_CONFIG(card_timeout),   same_number },
	{ "reader",       "read_timeout", parse_seconds,      IN_CONFIG(read_timeout),   same_number },
	{ "trust",        "dir",          parse_path,         IN_CONFIG(trust_dir),      same_text },
	{ "local-tools",  "allow",        parse_yes,          IN_CONFIG(local_allow),    NULL },
	{ "local-tools",  "kinds",        parse_kinds,        IN_CONFIG(local_kinds),    NULL },
	{ SECTION_ORIGIN, "name",         parse_name,         IN_ORIGIN(name),           NULL },
	{ SECTION_ORIGIN, "kinds",        parse_kinds,        IN_ORIGIN(kinds),          NULL },
};
/* clang-format on */
#define KEYS_N (sizeof(keys) / sizeof(*keys))
_Static_assert(KEYS_N <= 64, "parser.seen is 64 bits");

/* -1: there is none. */
static int
key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < KEYS_N; i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    (!name || strcmp(keys[i].name, name) == 0))
			return (int)i;
	return -1;
}

static uint64_t
origin_keys(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < KEYS_N; i++)
		if (strcmp(keys[i].section, SECTION_ORIGIN) == 0)
			bits |= UINT64_C(1) << i;
	return bits;
}

static void
parse_key(struct parser *p, char *line)
{
	char *equals = strchr(line, '='), *name;
	int i;

	if (!equals) {
		fault(p, "'%s': neither [section] nor key = value",
		    shown(line, strlen(line)));
		return;
	}
	*equals = '\0';
	name = trim(line);
	if (p->skipping)
		return;
	if ((i = key_find(p->section, name)) < 0) {
		fault(p, "[%s] has no key '%s'", p->section,
		    shown(name, strlen(name)));
		return;
	}
	if (p->seen & UINT64_C(1) << i)
		fault(p, "'%s' stands there twice", name);
	p->seen |= UINT64_C(1) << i;
	keys[i].parse(p, trim(equals + 1),
	    (char *)(p->origin ? (void *)p->origin : p->config) +
		keys[i].offset);
}

/* ---- sections -------------------------------------------------------- */

static struct config_origin *
origin_add(struct config *c, const char *origin)
{
	struct config_origin added = { 0 };
	struct config_origin *grown =
	    reallocarray(c->origins, c->origins_n + 1, sizeof(*c->origins));

	if (!grown)
		return NULL;
	strcpy(added.origin, origin);
	/* Where no name is given, the window says the origin itself. */
	strcpy(added.name, origin);
	c->origins = grown;
	c->origins[c->origins_n] = added;
	return &c->origins[c->origins_n++];
}

/* A later file's section replaces an earlier one's as a whole: what a site
 * may ask for never comes out of two files. */
static bool
origin_drop(struct parser *p, const char *origin)
{
	struct config *c = p->config;
	const struct config_origin *old =
	    origin_find(c, origin, strlen(origin));
	size_t i = old ? (size_t)(old - c->origins) : 0;

	if (!old)
		return true;
	if (i >= p->file_origins)
		return false;
	memmove(c->origins + i, c->origins + i + 1,
	    (c->origins_n - i - 1) * sizeof(*c->origins));
	c->origins_n--;
	p->file_origins--;
	return true;
}

static int
section_origin(struct parser *p, const char *origin)
{
	const char *reason = origin_fault(origin, strlen(origin));

	p->section = SECTION_ORIGIN;
	p->skipping = false;
	p->seen &= ~origin_keys();
	p->origin_line = p->line;
	p->origin = &p->unlisted; /* its keys are looked at all the same */
	if (reason)
		fault(p, "[origin \"%s\"]: %s", shown(origin, strlen(origin)),
		    reason);
	else if (!origin_drop(p, origin))
		fault(p, "[origin \"%s\"] stands there twice", origin);
	else if (!(p->origin = origin_add(p->config, origin)))
		return -ENOMEM;
	return 0;
}

/* The end of a section, or of the file. */
static void
section_end(struct parser *p)
{
	unsigned line = p->line;
	int kinds = key_find(SECTION_ORIGIN, "kinds");

	if (p->origin && !(p->seen & UINT64_C(1) << kinds)) {
		p->line = p->origin_line;
		fault(p, "[origin]: 'kinds' is missing: what may it ask for?");
		p->line = line;
	}
	p->section = NULL;
	p->skipping = false;
	p->origin = NULL;
}

/*
 * [origin "https://x"]: what stands between the quotes, in place; NULL: it
 * is not written so. inside: what stands between the brackets.
 */
static char *
section_argument(char *inside)
{
	size_t word = strlen(SECTION_ORIGIN), len;

	if (strncmp(inside, SECTION_ORIGIN, word) != 0 ||
	    !is_blank(inside[word]))
		return NULL;
	inside = trim(inside + word);
	len = strlen(inside);
	if (len < 2 || inside[0] != '"' ||
	    strchr(inside + 1, '"') != inside + len - 1)
		return NULL;
	inside[len - 1] = '\0';
	return inside + 1;
}

static int
parse_section(struct parser *p, char *line)
{
	size_t len = strlen(line);
	char *inside, *argument;
	int known;

	section_end(p);
	p->skipping = true;
	if (line[len - 1] != ']') {
		fault(p, "'%s': the ']' is missing", shown(line, len));
		return 0;
	}
	line[len - 1] = '\0';
	inside = trim(line + 1);
	if ((argument = section_argument(inside)))
		return section_origin(p, argument);
	known = key_find(inside, NULL);
	if (known < 0)
		fault(p, "no section is called [%s]",
		    shown(inside, strlen(inside)));
	else if (strcmp(inside, SECTION_ORIGIN) == 0)
		fault(p, "[origin \"https://...\"] is wanted");
	else {
		p->section = keys[known].section;
		p->skipping = false;
	}
	return 0;
}

/* ---- lines and files ------------------------------------------------- */

/* A ';' after white space ends a value: the rest is a comment. A '#' does
 * so only at the beginning of a line: it may be part of a name. */
static void
comment_cut(char *line)
{
	for (char *at = line; *at; at++)
		if (*at == ';' && at > line && is_blank(at[-1])) {
			*at = '\0';
			return;
		}
}

static int
parse_line(struct parser *p, char *line, size_t len)
{
	const char *reason;

	if (len && line[len - 1] == '\r')
		line[--len] = '\0';
	if ((reason = line_fault(line, len))) {
		fault(p, "%s", reason);
		return 0;
	}
	line = trim(line);
	if (line[0] == '\0' || line[0] == ';' || line[0] == '#')
		return 0;
	comment_cut(line);
	line = trim(line);
	if (line[0] == '[')
		return parse_section(p, line);
	if (p->section || p->skipping)
		parse_key(p, line);
	else
		fault(
		    p, "'%s': before any [section]", shown(line, strlen(line)));
	return 0;
}

/* text[len] is a NUL of our own. */
static int
parse_text(struct parser *p, char *text, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";
	char *at = text, *end = text + len;
	int r = 0;

	p->line = 0;
	p->seen = 0;
	p->file_origins = p->config->origins_n;
	if (len >= 3 && memcmp(text, bom, 3) == 0)
		at += 3;
	while (at < end && r == 0) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		char *stop = newline ? newline : end;

		*stop = '\0';
		p->line++;
		r = parse_line(p, at, (size_t)(stop - at));
		at = stop + 1;
	}
	section_end(p);
	return r;
}

/* Up to FILE_MAX bytes and one NUL more. */
static int
file_read(const char *path, char **ret, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len;
	int r = 0;

	if (!file)
		return -errno;
	if (!(text = malloc(FILE_MAX + 2))) {
		r = -ENOMEM;
		goto out;
	}
	errno = 0;
	len = fread(text, 1, FILE_MAX + 1, file);
	if (ferror(file)) {
		r = errno ? -errno : -EIO;
		goto out;
	}
	if (len > FILE_MAX) {
		r = -EFBIG;
		goto out;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	text = NULL;
out:
	free(text);
	fclose(file);
	return r;
}

/* missing_ok: a file that is not there counts as empty. */
static int
parse_file(struct parser *p, const char *path, bool missing_ok)
{
	char *text = NULL;
	size_t len = 0;
	int r = file_read(path, &text, &len);

	p->file = path;
	if (r == -ENOENT && missing_ok)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		p->line = 0;
		fault(p, "cannot be read: %s", strerror(-r));
		return 0;
	}
	r = parse_text(p, text, len);
	free(text);
	return r;
}

/* ---- the whole ------------------------------------------------------- */

static struct config *
config_new(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct config){
		.listen_n = 2,
		.state_dir = "/var/lib/kenmen",
		.idle_timeout = 3600,
		.session_max = 12 * 3600,
		.mode = MODE_AGENT,
		.pinentry = "/usr/bin/pinentry",
		.prompt_timeout = 120,
		.socket = "/run/kenmen/prompt.sock",
		.ignore_n = 1,
		.ignore = { "Yubico" },
		.card_timeout = 60,
		.read_timeout = 30,
		.trust_dir = "/etc/kenmen/trust",
		.local_kinds =
		    KIND_BIT(KIND_CARD_INFO) | KIND_BIT(KIND_ATTRIBUTES),
	};
	listen_fill(&c->listen[0], AF_INET, 25366);
	listen_fill(&c->listen[1], AF_INET6, 25366);
	return c;
}

struct config_retired {
	struct config_retired *next;
	struct config_origin *origins;
};

void
config_free(struct config **config)
{
	struct config_retired *retired;

	if (!*config)
		return;
	while ((retired = (*config)->retired)) {
		(*config)->retired = retired->next;
		free(retired->origins);
		free(retired);
	}
	free((*config)->origins);
	free(*config);
	*config = NULL;
}

int
config_adopt(struct config *config, struct config *fresh,
    void (*left)(const char *section, const char *key))
{
	struct config_retired *retired = calloc(1, sizeof(*retired));

	if (!retired)
		return -ENOMEM;
	for (size_t i = 0; i < KEYS_N; i++)
		if (keys[i].same &&
		    !keys[i].same((const char *)config + keys[i].offset,
			(const char *)fresh + keys[i].offset))
			left(keys[i].section, keys[i].name);
	retired->origins = config->origins;
	retired->next = config->retired;
	config->retired = retired;
	config->origins = fresh->origins;
	config->origins_n = fresh->origins_n;
	config->local_allow = fresh->local_allow;
	config->local_kinds = fresh->local_kinds;
	config->log_requests = fresh->log_requests;
	fresh->origins = NULL;
	fresh->origins_n = 0;
	return 0;
}

static int
load(const char *const *files, size_t files_n, bool missing_ok, FILE *report,
    struct config **ret)
{
	struct parser p = { .report = report, .config = config_new() };
	int r = p.config ? 0 : -ENOMEM;

	for (size_t i = 0; i < files_n && r == 0; i++)
		r = parse_file(&p, files[i], missing_ok);
	if (r == 0 && p.faulty)
		r = -EINVAL;
	if (r < 0)
		config_free(&p.config);
	else
		*ret = p.config;
	return r;
}

int
config_load(
    const char *const *files, size_t files_n, FILE *report, struct config **ret)
{
	return load(files, files_n, false, report, ret);
}

static int
is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* By bytes: the order must not depend on anybody's locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
names_free(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

/* dir/kenmen.conf and dir/conf.d's *.conf, in the order they are read. */
static int
names_list(const char *dir, struct dirent **entries, size_t entries_n,
    char ***ret, size_t *ret_n)
{
	size_t n = entries_n + 1;
	char **names = calloc(n, sizeof(*names));

	for (size_t i = 0; names && i < n; i++) {
		int len = i == 0 ? asprintf(&names[i], "%s/kenmen.conf", dir)
				 : asprintf(&names[i], "%s/conf.d/%s", dir,
				       entries[i - 1]->d_name);

		if (len < 0) {
			names_free(names, i);
			names = NULL;
		}
	}
	if (!names)
		return -ENOMEM;
	*ret = names;
	*ret_n = n;
	return 0;
}

int
config_load_dir(const char *dir, FILE *report, struct config **ret)
{
	struct dirent **entries = NULL;
	char *conf_d = NULL, **names = NULL;
	size_t names_n = 0;
	int r, found = 0;

	if (asprintf(&conf_d, "%s/conf.d", dir) < 0)
		return -ENOMEM;
	found = scandir(conf_d, &entries, is_conf, by_name);
	if (found < 0 && errno != ENOENT) {
		fprintf(report, "%s:0: cannot be read: %s\n", conf_d,
		    strerror(errno));
		r = -EINVAL;
		goto out;
	}
	r = names_list(
	    dir, entries, found < 0 ? 0 : (size_t)found, &names, &names_n);
	if (r == 0)
		r = load(
		    (const char *const *)names, names_n, true, report, ret);
out:
	for (int i = 0; i < found; i++)
		free(entries[i]);
	free(entries);
	names_free(names, names_n);
	free(conf_d);
	return r;
}

int
config_load_default(FILE *report, struct config **ret)
{
	return config_load_dir("/etc/kenmen", report, ret);
}
