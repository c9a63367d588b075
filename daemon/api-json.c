#include "api-json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base64.h"
#include "json-check.h"
#include "utf8.h"
#include "wipe.h"

/* Something did not get in: what is being built is not whole. */
static bool json_short;

static void *
json_malloc(size_t size)
{
	void *mem = malloc(size);

	json_short |= mem == NULL;
	return mem;
}

void
json_free(void *mem)
{
	/* All that malloc gave, which may be more than was asked for; a
	 * compiler that saw the asking would end us for it (_FORTIFY_SOURCE
	 * 3). */
	void *volatile whole = mem;

	if (mem != NULL)
		wipe_free(whole, malloc_usable_size(mem));
}

void
json_start(void)
{
	cJSON_Hooks hooks = { json_malloc, json_free };

	cJSON_InitHooks(&hooks);
}

/* ---- reading --------------------------------------------------------- */

bool
json_is_type(const char *type)
{
	static const char json[] = "application/json";

	if (type == NULL || strncasecmp(type, json, sizeof(json) - 1) != 0)
		return false;
	type += sizeof(json) - 1;
	type += strspn(type, " \t");
	if (*type == '\0')
		return true;
	if (*type++ != ';')
		return false;
	type += strspn(type, " \t");
	return strcasecmp(type, "charset=utf-8") == 0 ||
	       strcasecmp(type, "charset=\"utf-8\"") == 0;
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 1: two members of one name, 0: none, -ENOMEM. */
static int
names_repeat(const cJSON *object)
{
	int n = cJSON_GetArraySize(object), r = 0;
	const char **names;
	const cJSON *item;

	if (n < 2)
		return 0;
	if ((names = calloc((size_t)n, sizeof(*names))) == NULL)
		return -ENOMEM;
	n = 0;
	cJSON_ArrayForEach(item, object) names[n++] = item->string;
	qsort(names, (size_t)n, sizeof(*names), names_compare);
	for (int i = 1; i < n && r == 0; i++)
		r = strcmp(names[i - 1], names[i]) == 0;
	free(names);
	return r;
}

/* The same for every object inside; JSON_DEPTH_MAX bounds the recursion. */
static int
keys_repeat(const cJSON *value)
{
	int r = cJSON_IsObject(value) ? names_repeat(value) : 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		if (r != 0)
			return r;
		r = keys_repeat(item);
	}
	return r;
}

int
json_read(const char *text, size_t len, struct cJSON **ret)
{
	cJSON *tree;
	int r = -ENOMEM;

	if (!json_check(text, len))
		return -EINVAL;
	tree = cJSON_ParseWithLength(text, len);
	json_short = false; /* of what was read, nothing is printed */
	if (tree == NULL || (r = keys_repeat(tree)) != 0) {
		cJSON_Delete(tree);
		return r < 0 ? r : -EINVAL;
	}
	*ret = tree;
	return 0;
}

/* ---- building -------------------------------------------------------- */

char *
json_text(struct cJSON *tree)
{
	char *text = cJSON_PrintUnformatted(tree);

	cJSON_Delete(tree);
	if (json_short) {
		json_free(text);
		text = NULL;
	}
	json_short = false;
	return text;
}

/* Texts of a runner are not known to be UTF-8. */
static bool
is_utf8(const char *text)
{
	const char *end = text + strlen(text);

	while (text < end)
		if (utf8_next(&text, end) == 0)
			return false;
	return true;
}

void
json_add_text(struct cJSON *object, const char *name, const char *text)
{
	if (text == NULL)
		cJSON_AddNullToObject(object, name);
	else if (is_utf8(text))
		cJSON_AddStringToObject(object, name, text);
	else
		json_short = true;
}

void
json_add_number(struct cJSON *object, const char *name, uint64_t number)
{
	cJSON_AddNumberToObject(object, name, (double)number);
}

void
json_add_bool(struct cJSON *object, const char *name, bool value)
{
	cJSON_AddBoolToObject(object, name, value);
}

void
json_add_maybe(struct cJSON *object, const char *name, int value)
{
	if (value < 0)
		cJSON_AddNullToObject(object, name);
	else
		cJSON_AddBoolToObject(object, name, value > 0);
}

void
json_add_time(struct cJSON *object, const char *name, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[64];

	if (gmtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		json_add_text(object, name, text);
	else
		json_add_null(object, name);
}

void
json_add_null(struct cJSON *object, const char *name)
{
	cJSON_AddNullToObject(object, name);
}

struct cJSON *
json_words(const uint8_t *bytes, size_t len)
{
	char *text = json_malloc(len + 1);
	cJSON *item = NULL;

	if (text == NULL)
		return NULL;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (strlen(text) == len && is_utf8(text))
		item = cJSON_CreateString(text);
	else
		json_short = true;
	json_free(text);
	return item;
}

struct cJSON *
json_bytes(const uint8_t *bytes, size_t len)
{
	char *text = json_malloc(BASE64_LEN(len) + 1);
	cJSON *item;

	if (text == NULL)
		return NULL;
	base64_encode(bytes, len, text);
	item = cJSON_CreateString(text);
	json_free(text);
	return item;
}

void
json_add_bytes(
    struct cJSON *object, const char *name, const uint8_t *bytes, size_t len)
{
	json_add(object, name, json_bytes(bytes, len));
}

void
json_add(struct cJSON *object, const char *name, struct cJSON *item)
{
	if (!cJSON_AddItemToObject(object, name, item))
		cJSON_Delete(item);
}

void
json_append(struct cJSON *array, struct cJSON *item)
{
	if (!cJSON_AddItemToArray(array, item))
		cJSON_Delete(item);
}

const char *
json_text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}
