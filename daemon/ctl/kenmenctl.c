/*
 * kenmenctl: the card from the command line, without the daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

#define TIMEOUT_MAX 3600

static const struct command {
	const char *name;
	int (*run)(const struct ctl_options *options, int argc, char **argv);
	const char *arguments, *en, *ja;
} commands[] = {
	{ "readers", ctl_readers, "", "the card readers",
	    "カードリーダーの一覧" },
	{ "card", ctl_card, "", "tries left, certificates; no PIN",
	    "暗証番号の残り回数と証明書（暗証番号は不要）" },
	{ "read", ctl_read, "KIND...", "read what the card holds",
	    "カードの内容の読み取り" },
	{ "verify", ctl_verify, "FILE",
	    "check a login, a signature or a face's evidence",
	    "ログイン・署名・券面の証拠の検証" },
	{ "doctor", ctl_doctor, "", "find out what does not work, and why",
	    "動かない原因の調査" },
	{ "curl-example", ctl_curl_example, "", "the API in lines for curl",
	    "curlでの使い方の例" },
};
#define COMMANDS_N (sizeof(commands) / sizeof(commands[0]))

static int
usage(FILE *out)
{
	fputs("usage: kenmenctl [OPTION...] COMMAND [ARGUMENT...]\n", out);
	for (size_t i = 0; i < COMMANDS_N; i++)
		fprintf(out, "  %-12s %-8s %s / %s\n", commands[i].name,
		    commands[i].arguments, commands[i].en, commands[i].ja);
	fputs("See kenmenctl(1) for options and exit status.\n", out);
	return out == stdout ? CTL_OK : CTL_USAGE;
}

int
ctl_fail(const struct ctl_options *options, enum ctl_exit status,
    const char *ja, const char *en)
{
	fprintf(stderr, "kenmenctl: %s\n", options->lang == LANG_JA ? ja : en);
	return status;
}

/* The language of the environment; Japanese only where it says so. */
static enum lang
lang_of_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return strncmp(value, "ja", 2) == 0 ? LANG_JA : LANG_EN;
	}
	return LANG_EN;
}

enum {
	OPTION_READER = 256,
	OPTION_PINENTRY,
	OPTION_TTY,
	OPTION_TRUST,
	OPTION_TIMEOUT,
	OPTION_WITH,
	OPTION_WHICH,
	OPTION_HASH,
	OPTION_DIGEST,
	OPTION_ORIGIN,
	OPTION_CHALLENGE,
	OPTION_MAX_AGE,
	OPTION_PORT,
	OPTION_STATE_DIR,
	OPTION_LANG,
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "lang", required_argument, NULL, OPTION_LANG },
	{ "reader", required_argument, NULL, OPTION_READER },
	{ "pinentry", required_argument, NULL, OPTION_PINENTRY },
	{ "tty", no_argument, NULL, OPTION_TTY },
	{ "trust", required_argument, NULL, OPTION_TRUST },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "with", required_argument, NULL, OPTION_WITH },
	{ "which", required_argument, NULL, OPTION_WHICH },
	{ "hash", required_argument, NULL, OPTION_HASH },
	{ "digest", required_argument, NULL, OPTION_DIGEST },
	{ "origin", required_argument, NULL, OPTION_ORIGIN },
	{ "challenge", required_argument, NULL, OPTION_CHALLENGE },
	{ "max-age", required_argument, NULL, OPTION_MAX_AGE },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static bool
number(const char *text, long min, long max, long *ret)
{
	char *end;

	*ret = strtol(text, &end, 10);
	return end != text && !*end && *ret >= min && *ret <= max;
}

static bool
take_number(int option, const char *text, struct ctl_options *ret)
{
	long value;

	switch (option) {
	case OPTION_TIMEOUT:
		if (!number(text, 1, TIMEOUT_MAX, &value))
			return false;
		ret->timeout = (unsigned)value;
		return true;
	case OPTION_PORT:
		if (!number(text, 1, 65535, &value))
			return false;
		ret->port = (unsigned)value;
		return true;
	default:
		return number(text, 1, 86400, &ret->max_age);
	}
}

/* False: usage. */
static bool
take(int option, const char *value, struct ctl_options *ret)
{
	switch (option) {
	case 'j':
		ret->json = true;
		return true;
	case OPTION_LANG:
		ret->lang = strcmp(value, "ja") == 0 ? LANG_JA : LANG_EN;
		return strcmp(value, "ja") == 0 || strcmp(value, "en") == 0;
	case OPTION_READER:
		ret->reader = value;
		return strlen(value) <= KENMEN_READER_NAME_MAX;
	case OPTION_PINENTRY:
		ret->pinentry = value;
		return true;
	case OPTION_TTY:
		ret->tty = ttyname(STDIN_FILENO);
		return ret->tty != NULL;
	case OPTION_TRUST:
		ret->trust_dir = value;
		return true;
	case OPTION_WITH:
		ret->with = value;
		return true;
	case OPTION_WHICH:
		ret->which = value;
		return true;
	case OPTION_HASH:
		ret->hash = value;
		return true;
	case OPTION_DIGEST:
		if (ret->digests_n == 32)
			return false;
		ret->digests[ret->digests_n++] = value;
		return true;
	case OPTION_ORIGIN:
		ret->origin = value;
		return strlen(value) <= ORIGIN_MAX;
	case OPTION_CHALLENGE:
		ret->challenge = value;
		return true;
	case OPTION_STATE_DIR:
		ret->state_dir = value;
		return true;
	case OPTION_TIMEOUT:
	case OPTION_PORT:
	case OPTION_MAX_AGE:
		return take_number(option, value, ret);
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	struct ctl_options options = {
		.lang = lang_of_environment(),
		.trust_dir = "/etc/kenmen/trust",
		.timeout = 60,
		.max_age = 300,
		.port = 25366,
		.state_dir = "/var/lib/kenmen",
	};
	int c;

	log_start("kenmenctl");
	while ((c = getopt_long(argc, argv, "jhV", long_options, NULL)) >= 0) {
		if (c == 'h')
			return usage(stdout);
		if (c == 'V') {
			puts("kenmenctl " KENMEN_VERSION);
			return CTL_OK;
		}
		if (c == '?' || !take(c, optarg, &options))
			return usage(stderr);
	}
	if (optind == argc)
		return usage(stderr);
	for (size_t i = 0; i < COMMANDS_N; i++)
		if (strcmp(commands[i].name, argv[optind]) == 0)
			return commands[i].run(
			    &options, argc - optind - 1, argv + optind + 1);
	return usage(stderr);
}
