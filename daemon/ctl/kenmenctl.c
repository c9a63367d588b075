/*
 * kenmenctl: the card from the command line, without the daemon.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SECONDS_MAX 3600
#define AGE_MAX (10L * 365 * 86400)

/* ---- commands ----------------------------------------------------------- */

enum {
	READERS = 1,
	CARD = 2,
	READ = 4,
	VERIFY = 8,
	DOCTOR = 16,
	CURL = 32,
	TRUST = 64,
	SESSIONS = 128,
	HISTORY = 256
};
#define ALL                                                                    \
	(READERS | CARD | READ | VERIFY | DOCTOR | CURL | TRUST | SESSIONS |   \
	    HISTORY)

static const struct command {
	const char *name;
	unsigned bit;
	int (*run)(const struct ctl_options *options, int argc, char **argv);
	const char *arguments, *en, *ja;
} commands[] = {
	{ "readers", READERS, ctl_readers, "", "the card readers",
	    "カードリーダーの一覧" },
	{ "card", CARD, ctl_card, "", "tries left, certificates; no PIN",
	    "暗証番号の残り回数と証明書（暗証番号は不要）" },
	{ "read", READ, ctl_read, "KIND...", "read what the card holds",
	    "カードの内容の読み取り" },
	{ "verify", VERIFY, ctl_verify, "FILE",
	    "check a login, signatures or a face's evidence",
	    "ログイン・署名・券面の証拠の検証" },
	{ "doctor", DOCTOR, ctl_doctor, "",
	    "find out what does not work, and what helps",
	    "動かない原因と対処の調査" },
	{ "trust", TRUST, ctl_trust, "WHAT",
	    "let browsers trust kenmend: install, remove, status, renew",
	    "ブラウザの信頼：install、remove、status、renew" },
	{ "sessions", SESSIONS, ctl_sessions, "[end N]",
	    "the pages that are connected; end one, or all",
	    "接続中のページの一覧と終了（end 番号、end all）" },
	{ "history", HISTORY, ctl_history, "",
	    "what you gave to whom, and when (if you let it be kept)",
	    "いつ、どこに、何を渡したか（記録すると決めた人だけ）" },
	{ "curl-example", CURL, ctl_curl_example, "",
	    "the API in lines for curl", "curlでの使い方の例" },
};

/* ---- options ------------------------------------------------------------ */

enum option_type { FLAG, TEXT, NUMBER, LANGUAGE, TERMINAL, DIGEST };
#define AT(member) offsetof(struct ctl_options, member)

/* clang-format off */
static const struct option_row {
	const char *name;
	enum option_type type;
	size_t at;      /* in struct ctl_options */
	long min, max;  /* of a number, or of a text's bytes */
	unsigned commands;
	const char *argument, *en, *ja;
} rows[] = {
	{ "json", FLAG, AT(json), 0, 0,
	    READERS | CARD | READ | VERIFY | DOCTOR | TRUST | SESSIONS |
		HISTORY,
	    NULL, "JSON, as in the API", "APIと同じJSONで出力" },
	{ "lang", LANGUAGE, AT(lang), 0, 0, ALL,
	    "ja|en", "language of texts and windows", "文と画面の言語" },
	{ "reader", TEXT, AT(reader), 1, KENMEN_READER_NAME_MAX, CARD | READ,
	    "NAME", "only this reader (see readers)",
	    "使うリーダー（readersの名前）" },
	{ "timeout", NUMBER, AT(timeout), 1, SECONDS_MAX, CARD | READ,
	    "SECONDS", "wait for reader and card (60)",
	    "リーダーとカードを待つ秒数（60）" },
	{ "tty", TERMINAL, AT(tty), 0, 0, READ,
	    NULL, "ask on this terminal", "この端末で暗証番号をたずねる" },
	{ "pinentry", TEXT, AT(pinentry), 1, CONFIG_PATH_MAX, READ,
	    "PATH", "ask with this pinentry", "使うpinentry" },
	{ "with", TEXT, AT(with), 1, 1, READ,
	    "a|b", "face: 照合番号A or B (b)", "face：照合番号AかB（b）" },
	{ "which", TEXT, AT(which), 1, 16, READ,
	    "NAME", "certificate: auth, sign, auth_ca, sign_ca",
	    "certificate：auth、sign、auth_ca、sign_ca" },
	{ "hash", TEXT, AT(hash), 1, 16, READ,
	    "NAME", "sign: sha256, sha384, sha512 (sha256)",
	    "sign：sha256、sha384、sha512（sha256）" },
	{ "digest", DIGEST, 0, 0, 0, READ | VERIFY,
	    "BASE64", "sign: a digest; up to 32 times",
	    "sign：ハッシュ値（32個まで）" },
	{ "origin", TEXT, AT(origin), 1, ORIGIN_MAX, READ | VERIFY,
	    "ORIGIN", "whom a login or evidence is for",
	    "ログインや証拠の相手" },
	{ "challenge", TEXT, AT(challenge), 1, 128, READ | VERIFY,
	    "BASE64", "its 32 to 64 random bytes", "その乱数（32～64バイト）" },
	{ "max-age", NUMBER, AT(max_age), 1, AGE_MAX, VERIFY,
	    "SECONDS", "how old it may be (300)", "許す経過秒数（300）" },
	{ "trust", TEXT, AT(trust_dir), 1, TRUST_DIR_MAX,
	    READ | VERIFY | DOCTOR,
	    "DIR", "certificates of the card's issuers",
	    "カードの発行者の証明書がある場所" },
	{ "config", TEXT, AT(config), 1, CONFIG_PATH_MAX,
	    READ | VERIFY | DOCTOR | CURL | TRUST | SESSIONS,
	    "FILE", "instead of /etc/kenmen/kenmen.conf",
	    "/etc/kenmen/kenmen.confの代わり" },
	{ "port", NUMBER, AT(port), 1, 65535, DOCTOR | CURL | TRUST,
	    "PORT", "where kenmend listens", "kenmendのポート番号" },
	{ "state-dir", TEXT, AT(state_dir), 1, CONFIG_PATH_MAX,
	    DOCTOR | CURL | TRUST,
	    "DIR", "where kenmend's ca.pem is", "kenmendのca.pemがある場所" },
	{ "ca", TEXT, AT(ca), 1, CONFIG_PATH_MAX, TRUST,
	    "FILE", "trust: this certificate instead",
	    "trust：ca.pemの代わりの証明書" },
	{ "system", FLAG, AT(system), 0, 0, TRUST,
	    NULL, "trust: all users, by policies",
	    "trust：全利用者（ブラウザのポリシー）" },
	{ "allow-origins", FLAG, AT(allow_origins), 0, 0, TRUST,
	    NULL, "trust: and let the sites call unasked",
	    "trust：設定のサイトを確認なしで許可" },
	{ "root", TEXT, AT(root), 1, CONFIG_PATH_MAX, TRUST,
	    "DIR", "trust --system: below this directory",
	    "trust --system：このディレクトリーの下に" },
	{ "on", FLAG, AT(on), 0, 0, HISTORY,
	    NULL, "history: keep it from now on", "history：記録を始める" },
	{ "off", FLAG, AT(off), 0, 0, HISTORY,
	    NULL, "history: keep nothing new", "history：記録をやめる" },
	{ "clear", FLAG, AT(clear), 0, 0, HISTORY,
	    NULL, "history: delete what is there", "history：記録を消す" },
};
/* clang-format on */

/* What is short, or asks for nothing but a text. */
enum { HELP = 'h', VERSION = 'V', FIRST_ROW = 256 };

static const char *
row_text(const struct option_row *row, enum lang lang)
{
	return lang == LANG_JA ? row->ja : row->en;
}

static int
usage(FILE *out, enum lang lang)
{
	bool ja = lang == LANG_JA;
	char left[32];

	fputs(ja ? "使い方: kenmenctl [オプション...] コマンド [引数...]\n\n"
		 : "usage: kenmenctl [OPTION...] COMMAND [ARGUMENT...]\n\n",
	    out);
	for (size_t i = 0; i < N_OF(commands); i++)
		fprintf(out, "  %-12s %-8s %s\n", commands[i].name,
		    commands[i].arguments,
		    ja ? commands[i].ja : commands[i].en);
	fputc('\n', out);
	for (size_t i = 0; i < N_OF(rows); i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name,
		    rows[i].argument ? " " : "",
		    rows[i].argument ? rows[i].argument : "");
		fprintf(out, "  %-21s  %s\n", left, row_text(&rows[i], lang));
	}
	fprintf(out, "  %-21s  %s\n  %-21s  %s\n\n%s\n", "--version",
	    ja ? "バージョン" : "the version", "--help",
	    ja ? "この説明" : "this text",
	    ja ? "終了ステータスと例はkenmenctl(1)にあります。"
	       : "See kenmenctl(1) for exit statuses and examples.");
	return out == stdout ? CTL_OK : CTL_USAGE;
}

static int
fail_option(
    const struct ctl_options *options, const char *name, bool not_its_command)
{
	if (options->lang == LANG_JA)
		fprintf(stderr, "kenmenctl: --%s%s\n", name,
		    not_its_command ? "はこのコマンドでは使えません"
				    : "の値が正しくありません");
	else
		fprintf(stderr, "kenmenctl: --%s %s\n", name,
		    not_its_command ? "is not for this command"
				    : "cannot have this value");
	return CTL_USAGE;
}

static bool
take_number(const struct option_row *row, const char *text, long *ret)
{
	char *end;

	*ret = strtol(text, &end, 10);
	return end != text && !*end && *ret >= row->min && *ret <= row->max;
}

static bool
take_text(const struct option_row *row, const char *text, const char **ret)
{
	size_t len = strlen(text);

	*ret = text;
	return len >= (size_t)row->min && len <= (size_t)row->max;
}

static bool
take_language(const char *text, enum lang *ret)
{
	for (enum lang lang = 0; lang < LANG_N; lang++)
		if (strcmp(lang_name(lang), text) == 0) {
			*ret = lang;
			return true;
		}
	return false;
}

/* False: usage. */
static bool
take(const struct option_row *row, const char *value, struct ctl_options *ret)
{
	void *at = (char *)ret + row->at;

	switch (row->type) {
	case FLAG:
		*(bool *)at = true;
		return true;
	case TEXT:
		return take_text(row, value, at);
	case NUMBER:
		return take_number(row, value, at);
	case LANGUAGE:
		return take_language(value, at);
	case TERMINAL:
		return (ret->tty = ctl_terminal()) != NULL;
	case DIGEST:
		if (ret->digests_n == DIGESTS_MAX)
			return false;
		ret->digests[ret->digests_n++] = value;
		return true;
	}
	return false;
}

/* The language of the environment; Japanese only where it says so. */
static enum lang
lang_of_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < N_OF(names); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return strncmp(value, "ja", 2) == 0 ? LANG_JA : LANG_EN;
	}
	return LANG_EN;
}

/* ---- the program -------------------------------------------------------- */

/* What was read from a card passes through here. */
static void
close_the_curtains(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

static uint64_t
clock_us(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What no option says, the configuration does, where it can be read. */
static int
take_config(struct ctl_options *options, FILE *report, struct config **ret)
{
	int r = ctl_config(options, report, ret);

	options->state_dir_named = options->state_dir != NULL;
	if (r == 0) {
		options->site = *ret;
		if (!options->trust_dir)
			options->trust_dir = (*ret)->trust_dir;
		if (!options->state_dir)
			options->state_dir = (*ret)->state_dir;
		if (!options->port)
			options->port = ctl_config_port(*ret);
	}
	if (!options->trust_dir)
		options->trust_dir = "/etc/kenmen/trust";
	if (!options->state_dir)
		options->state_dir = "/var/lib/kenmen";
	if (!options->port)
		options->port = 25366;
	return r;
}

/* -1 to go on, else the exit status. *ret_used: rows, as bits. */
static int
options_parse(
    int argc, char **argv, struct ctl_options *ret, uint32_t *ret_used)
{
	struct option known[N_OF(rows) + 3] = { { 0 } };
	int c;

	_Static_assert(N_OF(rows) <= 32, "a bit for each");
	for (size_t i = 0; i < N_OF(rows); i++)
		known[i] = (struct option){ rows[i].name,
			rows[i].argument ? required_argument : no_argument,
			NULL, FIRST_ROW + (int)i };
	known[N_OF(rows)] = (struct option){ "help", no_argument, NULL, HELP };
	known[N_OF(rows) + 1] =
	    (struct option){ "version", no_argument, NULL, VERSION };
	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (c == HELP)
			return usage(stdout, ret->lang);
		if (c == VERSION) {
			puts("kenmenctl " KENMEN_VERSION);
			return CTL_OK;
		}
		if (c < FIRST_ROW)
			return usage(stderr, ret->lang);
		if (!take(&rows[c - FIRST_ROW], optarg, ret))
			return fail_option(
			    ret, rows[c - FIRST_ROW].name, false);
		*ret_used |= 1u << (c - FIRST_ROW);
	}
	return -1;
}

static int
command_run(const struct command *command, struct ctl_options *options,
    uint32_t used, int argc, char **argv)
{
	struct config *config = NULL;
	FILE *nowhere;
	bool named;
	int r;

	for (size_t i = 0; i < N_OF(rows); i++)
		if ((used & 1u << i) && !(rows[i].commands & command->bit))
			return fail_option(options, rows[i].name, true);
	if (!(nowhere = fopen("/dev/null", "we")))
		return ctl_fail(options, CTL_ERROR, "/dev/nullを開けません。",
		    "cannot open /dev/null");
	/* The packaged one may be unreadable, or wrong: that is the doctor's
	 * to say. */
	named = options->config && command->bit != DOCTOR;
	r = take_config(options, named ? stderr : nowhere, &config);
	fclose(nowhere);
	if (r < 0 && named)
		return fail_option(options, "config", false);
	if (!options->tty && !ctl_desktop(options))
		options->tty = ctl_terminal();
	r = command->run(options, argc, argv);
	config_free(&config);
	if (fflush(stdout) != 0 && r == CTL_OK)
		return ctl_fail(options, CTL_ERROR, "出力できません。",
		    "cannot write the output");
	return r;
}

int
main(int argc, char **argv)
{
	struct ctl_options options = {
		.lang = lang_of_environment(),
		.timeout = 60,
		.max_age = 300,
		.now = time(NULL),
		.clock_us = clock_us,
	};
	uint32_t used = 0;
	int r;

	close_the_curtains();
	log_start("kenmenctl");
	if ((r = options_parse(argc, argv, &options, &used)) >= 0)
		return r;
	if (optind == argc)
		return usage(stderr, options.lang);
	for (size_t i = 0; i < N_OF(commands); i++)
		if (strcmp(commands[i].name, argv[optind]) == 0)
			return command_run(&commands[i], &options, used,
			    argc - optind - 1, argv + optind + 1);
	fprintf(stderr,
	    options.lang == LANG_JA
		? "kenmenctl: %sというコマンドはありません\n\n"
		: "kenmenctl: there is no command %s\n\n",
	    argv[optind]);
	return usage(stderr, options.lang);
}
