#include "api-body.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api-json.h"

/* ---- the body -------------------------------------------------------- */

bool
body_parse(
    const char *text, size_t len, struct cJSON **ret, struct refusal *why)
{
	int r;

	*ret = NULL;
	if (len == 0)
		return true;
	if ((r = json_read(text, len, ret)) < 0)
		return refuse(why, r == -EINVAL ? API_BAD_JSON : API_INTERNAL);
	if (!cJSON_IsObject(*ret))
		return fault_add(why, API_BAD_REQUEST, "body", 4,
		    " must be an object, as in {}.",
		    "は{}のようなオブジェクトにしてください。");
	return true;
}

void
body_free(struct cJSON **body)
{
	cJSON_Delete(*body);
	*body = NULL;
}

static void
member_wrong(const struct member *m, struct refusal *why)
{
	fault_add(why, API_BAD_REQUEST, m->name, strlen(m->name), m->en, m->ja);
}

static void
member_take(const cJSON *item, const struct form *form, struct asked *ret,
    struct refusal *why)
{
	for (size_t i = 0; i < form->members_n; i++) {
		const struct member *m = &form->members[i];
		if (strcmp(m->name, item->string) != 0)
			continue;
		ret->given |= 1u << i;
		if (!m->take(item, ret))
			member_wrong(m, why);
		return;
	}
	fault_unknown(why, item->string, strlen(item->string));
}

/* Members that belong to kinds must have been asked together with one. */
static void
members_belong(
    const struct form *form, const struct asked *asked, struct refusal *why)
{
	for (size_t i = 0; i < form->members_n; i++) {
		const struct member *m = &form->members[i];
		if ((asked->given & 1u << i) && m->kinds != 0 &&
		    (asked->kinds & m->kinds) == 0)
			fault_add(why, API_BAD_REQUEST, m->name,
			    strlen(m->name),
			    " belongs to a kind that is not asked for; "
			    "leave it out.",
			    "は求めていない種類の項目です。"
			    "取り除いてください。");
		if (m->always && !(asked->given & 1u << i))
			member_wrong(m, why);
	}
}

bool
body_take(const struct cJSON *body, const struct form *form, struct asked *ret,
    struct refusal *why)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, body) member_take(item, form, ret, why);
	members_belong(form, ret, why);
	if (!fault_any(why) && form->agree != NULL)
		form->agree(ret, why);
	return !fault_any(why);
}

bool
body_is_whole(
    const struct form *form, const struct asked *asked, struct refusal *why)
{
	for (size_t i = 0; i < form->members_n; i++) {
		const struct member *m = &form->members[i];
		if ((asked->kinds & m->needed) && !(asked->given & 1u << i))
			member_wrong(m, why);
	}
	return !fault_any(why);
}

/* ---- the query ------------------------------------------------------- */

/* Digits only, no sign, no leading space; false past max. */
static bool
number_take(const char *text, size_t len, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* One "name=value" of len bytes; given: bits of those seen already. */
static void
parameter_take(const char *text, size_t len, const struct form *form,
    unsigned *given, struct asked *ret, struct refusal *why)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	size_t value_at = equals != NULL ? name_len + 1 : len;

	for (size_t i = 0; i < form->parameters_n; i++) {
		const struct parameter *p = &form->parameters[i];
		uint32_t value;
		if (strlen(p->name) != name_len ||
		    memcmp(p->name, text, name_len) != 0)
			continue;
		if ((*given & 1u << i) || !number_take(text + value_at,
					      len - value_at, p->max, &value))
			fault_add(
			    why, API_BAD_REQUEST, text, name_len, p->en, p->ja);
		else
			memcpy((char *)ret + p->offset, &value, sizeof(value));
		*given |= 1u << i;
		return;
	}
	fault_unknown(why, text, name_len);
}

bool
query_take(const char *query, const struct form *form, struct asked *ret,
    struct refusal *why)
{
	unsigned given = 0;

	while (*query != '\0') {
		size_t len = strcspn(query, "&");
		if (len > 0)
			parameter_take(query, len, form, &given, ret, why);
		query += len;
		query += *query == '&';
	}
	return !fault_any(why);
}
