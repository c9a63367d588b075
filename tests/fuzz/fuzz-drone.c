/*
 * What strangers send to the demo's web system. The first line says which:
 *
 *   /api/...   the rest is the body of a POST, from a browser with a visit;
 *              every answer is JSON, none is 500
 *   compare    the next three lines: form, certificate, flags
 *   FIELD      the rest is typed into that field; whatever it is, the
 *              document has no line more than it should
 */
#include <stdlib.h>
#include <string.h>

#include "api-json.h"
#include "compare.h"
#include "desk.h"
#include "document.h"
#include "fuzz.h"
#include "json-check.h"
#include "letters.h"

#define ORIGIN "https://a.example"
#define LINES 25

static const struct moment now = { 1000000, 1795000000 };

/* ---- a request -------------------------------------------------------- */

static void
ask(struct desk *desk, const struct desk_request *request,
    struct desk_reply *reply)
{
	desk_handle(desk, request, now, reply);
	FUZZ_CHECK(reply->status >= 200 && reply->status != 500);
	FUZZ_CHECK(reply->body || reply->status == 204);
	if (reply->body)
		FUZZ_CHECK(json_check(reply->body, strlen(reply->body)));
	json_free(reply->body);
}

static void
fuzz_request(const char *path, const char *body)
{
	static const char challenge[] = "{\"for\":\"link\"}";
	const struct desk_options options = {
		.origin = ORIGIN, .kenmend = "https://127.0.0.1:1", .idle_s = 60
	};
	struct desk_request request = { .method = "POST",
		.path = "/api/challenge",
		.body = challenge,
		.body_len = sizeof(challenge) - 1 };
	struct desk *desk = desk_new(&options);
	struct desk_reply first, reply;

	FUZZ_CHECK(desk);
	ask(desk, &request, &first);
	FUZZ_CHECK(first.cookie == COOKIE_SET);
	request = (struct desk_request){ .method = "POST",
		.path = path,
		.cookie = first.token,
		.body = body,
		.body_len = strlen(body) };
	ask(desk, &request, &reply);
	request.method = "GET";
	ask(desk, &request, &reply);
	desk_free(&desk);
}

/* ---- a comparison ----------------------------------------------------- */

static void
fuzz_compare(char *text)
{
	char *form = strsep(&text, "\n"), *certificate = strsep(&text, "\n");
	char *flags = strsep(&text, "\n");

	if (!flags)
		return;
	/* What stands for another is never the same. */
	if (compare_text(form, certificate, flags) == SAME_YES)
		FUZZ_CHECK(strcspn(flags, "1") == strlen(flags) ||
			   strcspn(flags, "1") >= text_count(certificate));
	if (compare_text(form, certificate, "") == SAME_YES)
		FUZZ_CHECK(compare_text(certificate, form, "") == SAME_YES);
}

/* ---- a field ---------------------------------------------------------- */

static void
fuzz_field(enum field field, const char *typed)
{
	static const uint8_t nonce[TOKEN_LEN];
	static struct sheet sheet;
	struct document document;
	unsigned lines = 0;

	memset(&sheet, 0, sizeof(sheet));
	if (!sheet_put(&sheet, field, typed))
		return;
	sheet_fault(&sheet, field, now.real_s);
	FUZZ_CHECK(document_write(&sheet, ORIGIN, "X", nonce, now, &document));
	for (const char *at = document.text; *at; at++)
		lines += *at == '\n';
	FUZZ_CHECK(lines == LINES);
	document_finish(&document);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text, *rest, *line;

	if (len > DESK_BODY_MAX)
		return 0;
	/* A copy of its own size, so that a look past it is seen. */
	FUZZ_CHECK(text = malloc(len + 1));
	memcpy(text, data, len);
	text[len] = '\0';
	rest = text;
	line = strsep(&rest, "\n");
	if (rest && line[0] == '/')
		fuzz_request(line, rest);
	else if (rest && strcmp(line, "compare") == 0)
		fuzz_compare(rest);
	for (enum field f = 0; rest && f < FIELD_N; f++)
		if (strcmp(line, field_name(f)) == 0)
			fuzz_field(f, rest);
	free(text);
	return 0;
}
