#include "body.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api-json.h"

enum problem
body_read(const char *text, size_t len, struct cJSON **ret)
{
	int r = json_read(text, len, ret);

	if (r < 0)
		return r == -EINVAL ? PROBLEM_BAD_JSON : PROBLEM_INTERNAL;
	return cJSON_IsObject(*ret) ? PROBLEM_NONE : PROBLEM_BAD_JSON;
}

void
body_drop(struct cJSON **body)
{
	cJSON_Delete(*body);
	*body = NULL;
}

static bool
part_fits(const struct part *part, const cJSON *item)
{
	switch (part->type) {
	case PART_TEXT:
		return cJSON_IsString(item);
	case PART_OBJECT:
		return cJSON_IsObject(item);
	}
	return false;
}

bool
body_parts(const struct cJSON *object, const struct part *parts, size_t n,
    const struct cJSON **ret)
{
	int found = 0;

	for (size_t i = 0; i < n; i++) {
		const cJSON *item =
		    cJSON_GetObjectItemCaseSensitive(object, parts[i].name);

		if (item ? !part_fits(&parts[i], item) : !parts[i].optional)
			return false;
		found += item != NULL;
		ret[i] = item;
	}
	/* No name is there twice: so what is more is unknown. */
	return found == cJSON_GetArraySize(object);
}

const char *
body_text(const struct cJSON *item)
{
	return item->valuestring;
}

/* 10^9 and more no field has. */
static bool
is_whole(const cJSON *item)
{
	return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
	       item->valuedouble <= 1e9 &&
	       item->valuedouble == (double)(long)item->valuedouble;
}

static bool
value_take(const cJSON *item, enum field field, struct sheet *ret,
    uint32_t *ret_refused)
{
	char digits[32] = "";
	const char *text = digits;

	if (is_whole(item))
		snprintf(
		    digits, sizeof(digits), "%ld", (long)item->valuedouble);
	else if (cJSON_IsString(item))
		text = item->valuestring;
	else if (item && !cJSON_IsNull(item))
		return false;
	if (!sheet_put(ret, field, text))
		*ret_refused |= 1u << field;
	return true;
}

bool
body_sheet(const struct cJSON *object, enum field first, enum field end,
    struct sheet *ret, uint32_t *ret_refused)
{
	int found = 0;

	for (enum field f = first; f < end; f++) {
		const cJSON *item =
		    cJSON_GetObjectItemCaseSensitive(object, field_name(f));

		if (!value_take(item, f, ret, ret_refused))
			return false;
		found += item != NULL;
	}
	return found == cJSON_GetArraySize(object);
}
