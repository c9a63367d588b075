#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "letters.h"
#include "utf8.h"
#include "wipe.h"

static void
escape(const char *value, FILE *out)
{
	const char *end = value + strlen(value), *before = value;
	unsigned c;

	for (; (c = utf8_next(&value, end)); before = value) {
		if (letter_is_forbidden(c)) {
			fprintf(out, "\\u{%X}", c);
			continue;
		}
		if (c == '\\' || c == 0x300c || c == 0x300d)
			fputc('\\', out);
		fwrite(before, 1, (size_t)(value - before), out);
	}
}

static void
write_fields(
    const struct sheet *sheet, enum field from, enum field to, FILE *out)
{
	char words[VALUE_MAX + 64];

	for (enum field f = from; f < to; f++) {
		sheet_words(sheet, f, words);
		fprintf(out, "%s：「", field_label(f));
		escape(words, out);
		fputs("」\n", out);
	}
	wipe(words, sizeof(words));
}

/* In Japan's time, which has no summer time. */
static void
write_date(int64_t now_s, FILE *out)
{
	time_t there = (time_t)now_s + 9 * 3600;
	char text[64];
	struct tm tm;

	gmtime_r(&there, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+09:00", &tm);
	fprintf(out, "作成日時：%s\n", text);
}

bool
document_write(const struct sheet *sheet, const char *origin, const char *id,
    const uint8_t nonce[TOKEN_LEN], struct moment now, struct document *ret)
{
	struct document document = { .made_us = now.boot_us };
	char nonce_text[TOKEN_TEXT_LEN + 1];
	size_t len = 0;
	FILE *out = open_memstream(&document.text, &len);

	if (!out)
		return false;
	token_text(nonce, nonce_text);
	snprintf(document.id, sizeof(document.id), "%s", id);
	fputs(DOCUMENT_TITLE "\n"
			     "（デモ：架空の手続きです。どこにも提出されません"
			     "）\n",
	    out);
	fprintf(out, "提出先：%s\n", origin);
	write_date(now.real_s, out);
	fprintf(
	    out, "申請書番号：%s\n乱数：%s\n\n【申請者】\n", id, nonce_text);
	write_fields(sheet, FIELD_NAME, FIELD_DRONE, out);
	fputs("\n【機体】\n", out);
	write_fields(sheet, FIELD_DRONE, FIELD_N, out);
	fputs("\n上記の内容に相違なく、無人航空機の登録を申請します。\n", out);
	if (fclose(out) != 0 || gnutls_hash_fast(GNUTLS_DIG_SHA256,
				    document.text, len, document.sha256) < 0) {
		free(document.text);
		return false;
	}
	*ret = document;
	return true;
}

bool
document_new(const struct sheet *sheet, const char *origin, struct moment now,
    struct document *ret)
{
	char id[DOCUMENT_ID_LEN + 1];
	uint8_t nonce[TOKEN_LEN];

	return token_symbol(id, DOCUMENT_ID_LEN) && token_new(nonce) &&
	       document_write(sheet, origin, id, nonce, now, ret);
}

void
document_finish(struct document *document)
{
	if (document->text)
		wipe_free(document->text, strlen(document->text));
	*document = (struct document){ 0 };
}

bool
document_is(const struct document *document, const char *id, struct moment now)
{
	return document->text && strcmp(document->id, id) == 0 &&
	       now.boot_us - document->made_us < DOCUMENT_S * UINT64_C(1000000);
}
