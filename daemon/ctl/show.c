#include "show.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "api-json.h"
#include "api-result.h"
#include "utf8.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
/* A longer text without a space is a file: --json has it whole. */
#define FILE_TEXT_MIN 120
#define INDENT 2

/* ---- words -------------------------------------------------------------- */

/* The API's names for a person; what is not here is shown as it is. */
static const struct {
	const char *name, *ja;
} labels[] = {
	{ "card_info", "カード" },
	{ "attributes", "基本4情報" },
	{ "my_number", "個人番号（マイナンバー）" },
	{ "face", "券面" },
	{ "certificate", "電子証明書" },
	{ "authenticate", "ログイン" },
	{ "sign", "電子署名" },
	{ "pins", "暗証番号" },
	{ "certificates", "電子証明書" },
	{ "tries_left", "残り回数" },
	{ "blocked", "ロック" },
	{ "name", "氏名" },
	{ "address", "住所" },
	{ "birth_date", "生年月日" },
	{ "sex", "性別" },
	{ "expires", "有効期限" },
	{ "images", "画像" },
	{ "photo", "顔写真" },
	{ "subject", "主体者" },
	{ "issuer", "発行者" },
	{ "serial", "シリアル番号" },
	{ "not_before", "有効期間の始まり" },
	{ "not_after", "有効期間の終わり" },
	{ "trusted", "信頼された発行者" },
	{ "signatures", "署名" },
	{ "evidence", "証拠" },
	{ "authenticity", "真正性" },
	{ "verdict", "判定" },
	{ "checks", "検査" },
};

const char *
show_label(const struct ctl_options *options, const char *name)
{
	if (options->lang == LANG_JA)
		for (size_t i = 0; i < N_OF(labels); i++)
			if (strcmp(labels[i].name, name) == 0)
				return labels[i].ja;
	return name;
}

/* A card's text must not play tricks with the terminal. */
static void
print_plainly(const char *text)
{
	const char *end = text + strlen(text), *at = text;
	unsigned c;

	while (at < end && (c = utf8_next(&at, end)) != 0) {
		if (utf8_deceives(c) && c != '<')
			fputs("\xEF\xBF\xBD", stdout); /* U+FFFD */
		else
			fwrite(text, 1, (size_t)(at - text), stdout);
		text = at;
	}
	putchar('\n');
}

/* ---- a tree in lines ---------------------------------------------------- */

static void
print_text(const struct ctl_options *options, const char *text)
{
	size_t len = strlen(text);

	if (len < FILE_TEXT_MIN || strchr(text, ' '))
		print_plainly(text);
	else
		printf(options->lang == LANG_JA
			   ? "（%zu文字。--jsonで出力します）\n"
			   : "(%zu characters; --json prints them)\n",
		    len);
}

static void
print_leaf(const struct ctl_options *options, const cJSON *item)
{
	bool ja = options->lang == LANG_JA;

	if (cJSON_IsString(item))
		print_text(options, item->valuestring);
	else if (cJSON_IsNumber(item))
		printf("%.0f\n", item->valuedouble);
	else if (cJSON_IsTrue(item))
		puts(ja ? "はい" : "yes");
	else if (cJSON_IsFalse(item))
		puts(ja ? "いいえ" : "no");
	else
		puts("-");
}

/* {"name","ok","detail","detail_ja"} in one line. */
static bool
print_check(const struct ctl_options *options, const cJSON *item, int depth)
{
	const cJSON *ok = cJSON_GetObjectItemCaseSensitive(item, "ok"),
		    *detail = cJSON_GetObjectItemCaseSensitive(item,
			options->lang == LANG_JA ? "detail_ja" : "detail");

	if (!ok || !cJSON_IsString(detail))
		return false;
	printf("%*s%c ", depth * INDENT, "",
	    cJSON_IsTrue(ok)    ? '+'
	    : cJSON_IsFalse(ok) ? '-'
				: '?');
	print_plainly(detail->valuestring);
	return true;
}

/* Depth is that of the API's results: bounded. */
static void
print_tree(const struct ctl_options *options, const cJSON *tree, int depth)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, tree)
	{
		if (print_check(options, item, depth))
			continue;
		printf("%*s", depth * INDENT, "");
		if (item->string)
			printf("%s:", show_label(options, item->string));
		else
			putchar('-');
		if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
			putchar('\n');
			print_tree(options, item, depth + 1);
		} else {
			putchar(' ');
			print_leaf(options, item);
		}
	}
}

/* ---- what was brought --------------------------------------------------- */

static int
show_text(char *text)
{
	if (!text)
		return CTL_ERROR;
	puts(text);
	json_free(text);
	return CTL_OK;
}

int
show_results(const struct ctl_options *options,
    const struct wire_request *request, const struct job *job)
{
	/* Nothing of the job is changed by showing it. */
	const struct read read = { .kinds = request->kinds,
		.which = request->wish.which,
		.digests_n = request->wish.digests_n,
		.state = STATE_DONE,
		.job = (struct job *)job };
	cJSON *object;

	json_start();
	object = cJSON_CreateObject();
	result_add(object, &read);
	if (options->json)
		return show_text(json_text(object));
	print_tree(
	    options, cJSON_GetObjectItemCaseSensitive(object, "results"), 0);
	cJSON_Delete(object);
	return CTL_OK;
}

int
show_readers(const struct ctl_options *options,
    const struct wire_request *request, const struct job *job)
{
	bool ja = options->lang == LANG_JA;
	cJSON *array;

	(void)request;
	if (!options->json) {
		for (unsigned i = 0; i < job->readers_n; i++)
			printf("%c %s%s\n", job->readers[i].present ? '+' : '-',
			    job->readers[i].name,
			    job->readers[i].pinpad
				? ja ? "（テンキー付き）" : " (keypad)"
				: "");
		return job->readers_n ? CTL_OK
				      : ctl_fail(options, CTL_NO_CARD,
					    "カードリーダーがありません。",
					    "there is no card reader");
	}
	json_start();
	array = cJSON_CreateArray();
	for (unsigned i = 0; i < job->readers_n; i++) {
		cJSON *reader = cJSON_CreateObject();

		json_add_text(reader, "name", job->readers[i].name);
		json_add_bool(reader, "card_present", job->readers[i].present);
		json_add_bool(reader, "pinpad", job->readers[i].pinpad);
		json_append(array, reader);
	}
	if (show_text(json_text(array)) != CTL_OK)
		return CTL_ERROR;
	return job->readers_n ? CTL_OK : CTL_NO_CARD;
}
