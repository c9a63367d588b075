/*
 * kenmenctl history: what this person's windows asked for, and what became of
 * it; switches that list on and off, and deletes it.
 */
#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "api-json.h"
#include "show.h"

/* ---- words --------------------------------------------------------------- */

static const char *const ends[HISTORY_N][LANG_N] = {
	[HISTORY_GIVEN] = { "渡した", "given" },
	[HISTORY_WITHDRAWN] = { "答える前に画面が閉じた",
	    "not given: the window went before it was answered" },
	[HISTORY_UNKNOWN] = { "答えたが、結果は不明（渡した可能性あり）",
	    "answered, and perhaps given: how it ended is not known" },
};

/* Of the codes that people know something about. */
static const char *const failures[CODE_N][LANG_N] = {
	[CODE_CARD_REMOVED] = { "カードが外された", "the card was taken away" },
	[CODE_PIN_WRONG] = { "暗証番号が違った", "wrong PIN" },
	[CODE_PIN_BLOCKED] = { "暗証番号がロックされている",
	    "the PIN is locked" },
	[CODE_PIN_FORMAT] = { "暗証番号の形式が違った",
	    "what was typed is no PIN" },
	[CODE_PIN_CANCELLED] = { "キャンセルした", "cancelled" },
	[CODE_CONSENT_REFUSED] = { "断った", "refused" },
	[CODE_LAST_TRY_REFUSED] = { "最後の1回を使わなかった",
	    "the last try was not used" },
	[CODE_PROMPT_TIMEOUT] = { "時間切れ", "timed out" },
};

static void
print_end(const struct ctl_options *options, const struct history_entry *entry)
{
	bool ja = options->lang == LANG_JA;

	if (entry->end != HISTORY_FAILED)
		fputs(ends[entry->end][options->lang], stdout);
	else if (failures[entry->code][0])
		printf(ja ? "渡していない: %s" : "not given: %s",
		    failures[entry->code][options->lang]);
	else
		printf(ja ? "渡していない: %s" : "not given: %s",
		    code_name(entry->code));
}

/* ---- lines --------------------------------------------------------------- */

/* On this computer's clock, and how far that is from UTC. */
static void
print_time(int64_t seconds)
{
	const time_t when = seconds;
	char text[64] = "?";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(text, sizeof(text), "%F %T %z", &tm);
	fputs(text, stdout);
}

static void
print_who(const struct ctl_options *options, const struct history_entry *entry)
{
	bool ja = options->lang == LANG_JA;

	if (!entry->origin[0])
		printf(ja ? "利用者%sのプログラム" : "a program of user %s",
		    entry->user);
	else if (!entry->origin_name[0])
		fputs(entry->origin, stdout);
	else
		printf(ja ? "%s（%s）" : "%s (%s)", entry->origin,
		    entry->origin_name);
}

static void
print_kinds(const struct ctl_options *options, uint32_t kinds)
{
	const char *between = "";

	for (unsigned kind = 0; kind < KIND_N; kind++)
		if (kinds & KIND_BIT(kind)) {
			printf("%s%s", between,
			    show_label(
				options, kind_name((enum read_kind)kind)));
			between = options->lang == LANG_JA ? "、" : ", ";
		}
}

/* What the lines themselves do not say, to stderr. */
static void
tell_state(const struct ctl_options *options, const struct history *history)
{
	bool ja = options->lang == LANG_JA;

	if (history->damaged)
		fprintf(stderr,
		    ja ? "kenmenctl: 読めない行が%uあります。\n"
		       : "kenmenctl: %u lines make no sense.\n",
		    history->damaged);
	if (!history->on && !history->n)
		fputs(ja ? "kenmenctl: 記録していません。kenmenctl history "
			   "--on で始めます。\n"
			 : "kenmenctl: nothing is kept. kenmenctl history --on "
			   "starts it.\n",
		    stderr);
	else if (!history->on)
		fprintf(stderr,
		    ja ? "kenmenctl: 今は記録していません。残っている%u件は "
			 "kenmenctl history --clear で消えます。\n"
		       : "kenmenctl: nothing new is kept. What is left (%u) "
			 "goes with kenmenctl history --clear.\n",
		    history->n);
	else if (!history->n)
		fputs(ja ? "kenmenctl: 記録しています。まだ何もありません。\n"
			 : "kenmenctl: it is kept, and there is nothing yet.\n",
		    stderr);
}

static void
print_lines(const struct ctl_options *options, const struct history *history)
{
	for (unsigned i = 0; i < history->n; i++) {
		const struct history_entry *entry = &history->entries[i];

		print_time(entry->time);
		fputs("  ", stdout);
		print_who(options, entry);
		fputs(": ", stdout);
		print_kinds(options, entry->kinds);
		fputs(": ", stdout);
		print_end(options, entry);
		putchar('\n');
	}
	tell_state(options, history);
}

/* ---- JSON ---------------------------------------------------------------- */

static cJSON *
kinds_json(uint32_t kinds)
{
	cJSON *array = cJSON_CreateArray();

	for (unsigned kind = 0; kind < KIND_N; kind++)
		if (kinds & KIND_BIT(kind))
			json_append(array, cJSON_CreateString(kind_name(
					       (enum read_kind)kind)));
	return array;
}

static cJSON *
entry_json(const struct history_entry *entry)
{
	cJSON *object = cJSON_CreateObject();

	json_add_time(object, "time", entry->time);
	json_add_text(object, "origin", json_text_or_null(entry->origin));
	json_add_text(
	    object, "origin_name", json_text_or_null(entry->origin_name));
	json_add_text(object, "user", json_text_or_null(entry->user));
	json_add(object, "kinds", kinds_json(entry->kinds));
	json_add_text(object, "outcome", history_end_name(entry));
	return object;
}

static int
print_json(const struct ctl_options *options, const struct history *history)
{
	cJSON *object = cJSON_CreateObject(), *array = cJSON_CreateArray();
	char *text;

	for (unsigned i = 0; i < history->n; i++)
		json_append(array, entry_json(&history->entries[i]));
	json_add_bool(object, "kept", history->on);
	json_add_number(object, "damaged", history->damaged);
	json_add(object, "entries", array);
	if (!(text = json_text(object)))
		return ctl_fail(options, CTL_ERROR, "メモリーが足りません。",
		    "out of memory");
	puts(text);
	json_free(text);
	return CTL_OK;
}

/* ---- the command --------------------------------------------------------- */

static int
fail_place(const struct ctl_options *options, const char *place, int r)
{
	bool ja = options->lang == LANG_JA;

	if (r == -EPERM || r == -ELOOP || r == -ENOTDIR)
		fprintf(stderr,
		    ja ? "kenmenctl: %s: "
			 "本人だけのファイルではないため使いません。所有者と"
			 "許可（ディレクトリー0700、ファイル0600）、シンボリッ"
			 "クリンクでないことを確かめてください。\n"
		       : "kenmenctl: %s: not used, since it is not yours "
			 "alone. "
			 "Look at owner and modes (directory 0700, files "
			 "0600), "
			 "and for symbolic links.\n",
		    place);
	else
		fprintf(stderr, "kenmenctl: %s: %s\n", place, strerror(-r));
	return CTL_ERROR;
}

static int
do_switches(const struct ctl_options *options, const char *place)
{
	int r = 0;

	if (options->on || options->off)
		r = history_switch(place, options->on);
	if (r == 0 && options->clear)
		r = history_clear(place);
	return r;
}

static void
tell_on(const struct ctl_options *options, const char *place)
{
	fprintf(stderr,
	    options->lang == LANG_JA
		? "kenmenctl: これから、どこに何を渡したかを%sに記録します"
		  "（新しい%d件。読み取った内容は記録しません）。\n"
		: "kenmenctl: from now on %s says to whom what was given (the "
		  "newest %d; never what was read).\n",
	    place, HISTORY_ENTRIES_MAX);
}

int
ctl_history(const struct ctl_options *options, int argc, char **argv)
{
	char place[HISTORY_PATH_MAX];
	struct history history;
	int r;

	(void)argv;
	if (argc || (options->on && (options->off || options->clear)))
		return ctl_fail(options, CTL_USAGE,
		    "historyに引数はありません。--onは単独で使います。",
		    "history takes no argument, and --on stands alone");
	if (history_place(place) < 0)
		return ctl_fail(options, CTL_ERROR,
		    "HOMEが設定されていません。", "HOME is not set");
	if ((r = do_switches(options, place)) < 0 ||
	    (r = history_read(place, &history)) < 0)
		return fail_place(options, place, r);
	if (options->on)
		tell_on(options, place);
	r = CTL_OK;
	if (options->json)
		r = print_json(options, &history);
	else if (options->on || options->off || options->clear)
		tell_state(options, &history);
	else
		print_lines(options, &history);
	history_free(&history);
	return r;
}
