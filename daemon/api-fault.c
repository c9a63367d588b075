#include "api-fault.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define NAME_SHOWN_MAX 40

bool
refuse(struct refusal *why, enum api_code code)
{
	why->code = code;
	return false;
}

/* A stranger's name for something, fit to be shown: cut at a character. */
static void
name_write(const char *name, size_t len, char ret[NAME_SHOWN_MAX + 1])
{
	const char *at = name, *end = name + len;
	size_t n = 0;

	while (at < end) {
		const char *from = at;
		unsigned c = utf8_next(&at, end);
		bool shown = c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0);
		size_t size = shown ? (size_t)(at - from) : 1;

		if (at == from)
			at++;
		if (n + size > NAME_SHOWN_MAX)
			break;
		memcpy(ret + n, shown ? from : "?", size);
		n += size;
	}
	ret[n] = '\0';
}

/* Appends a whole sentence or nothing. */
static void
sentence_add(char *text, size_t room, const char *name, const char *rest,
    const char *space)
{
	size_t len = strlen(text);
	int n;

	if (len == 0)
		space = "";
	n = snprintf(text + len, room - len, "%s\"%s\"%s", space, name, rest);
	if (n < 0 || (size_t)n >= room - len)
		text[len] = '\0';
}

bool
fault_add(struct refusal *why, enum api_code code, const char *name, size_t len,
    const char *en, const char *ja)
{
	char shown[NAME_SHOWN_MAX + 1];

	name_write(name, len, shown);
	sentence_add(why->detail, sizeof(why->detail), shown, en, " ");
	sentence_add(why->detail_ja, sizeof(why->detail_ja), shown, ja, "");
	return refuse(why, code);
}

bool
fault_unknown(struct refusal *why, const char *name, size_t len)
{
	return fault_add(why, API_BAD_REQUEST, name, len,
	    " is not known here; leave it out.",
	    "という項目はここにはありません。取り除いてください。");
}

bool
fault_any(const struct refusal *why)
{
	return why->detail[0] != '\0';
}
