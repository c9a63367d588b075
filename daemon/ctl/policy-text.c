#include "policy-text.h"

#include <string.h>

#include <cjson/cJSON.h>

/* ---- trees -------------------------------------------------------------- */

/* NULL unless the whole text is one object. */
static cJSON *
object_parse(const char *text)
{
	cJSON *tree =
	    cJSON_ParseWithLengthOpts(text, strlen(text) + 1, NULL, true);

	if (cJSON_IsObject(tree))
		return tree;
	cJSON_Delete(tree);
	return NULL;
}

static char *
object_text(const cJSON *tree)
{
	char *text = cJSON_Print(tree), *line;
	size_t len;

	if (!text)
		return NULL;
	len = strlen(text);
	if ((line = cJSON_malloc(len + 2))) {
		memcpy(line, text, len);
		memcpy(line + len, "\n", 2);
	}
	cJSON_free(text);
	return line;
}

static const cJSON *
wish_path(const cJSON *wish)
{
	return cJSON_GetObjectItemCaseSensitive(wish, "path");
}

static const cJSON *
wish_value(const cJSON *wish)
{
	return cJSON_GetObjectItemCaseSensitive(wish, "value");
}

/* The item that a path leads to, or NULL. */
static cJSON *
path_walk(const cJSON *tree, const cJSON *path)
{
	const cJSON *name, *at = tree;

	cJSON_ArrayForEach(name, path) at =
	    cJSON_GetObjectItemCaseSensitive(at, name->valuestring);
	return (cJSON *)at;
}

/* The list that a path leads to, made where it is not there; NULL: something
 * else stands in the way. */
static cJSON *
path_make(cJSON *tree, const cJSON *path)
{
	const cJSON *name;
	cJSON *at = tree, *next;

	cJSON_ArrayForEach(name, path)
	{
		if (!cJSON_IsObject(at))
			return NULL;
		next = cJSON_GetObjectItemCaseSensitive(at, name->valuestring);
		if (!next)
			next =
			    name->next
				? cJSON_AddObjectToObject(at, name->valuestring)
				: cJSON_AddArrayToObject(at, name->valuestring);
		at = next;
	}
	return cJSON_IsArray(at) ? at : NULL;
}

static int
list_find(const cJSON *list, const cJSON *value)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_Compare(item, value, true))
			return i;
		i++;
	}
	return -1;
}

/* ---- in ----------------------------------------------------------------- */

void
policy_wish_add(
    cJSON *wishes, const char *const *path, unsigned path_n, cJSON *value)
{
	cJSON *wish = cJSON_CreateObject();

	cJSON_AddItemToObject(
	    wish, "path", cJSON_CreateStringArray(path, (int)path_n));
	cJSON_AddItemToObject(wish, "value", value);
	cJSON_AddItemToArray(wishes, wish);
}

static bool
wish_fulfil(cJSON *tree, const cJSON *wish, cJSON *added)
{
	cJSON *list = path_make(tree, wish_path(wish));

	if (!list)
		return false;
	if (list_find(list, wish_value(wish)) >= 0)
		return true;
	return cJSON_AddItemToArray(
		   list, cJSON_Duplicate(wish_value(wish), true)) &&
	       cJSON_AddItemToArray(added, cJSON_Duplicate(wish, true));
}

char *
policy_merge(const char *base, const cJSON *wishes, cJSON **ret_added)
{
	cJSON *tree = object_parse(base ? base : "{}"),
	      *added = cJSON_CreateArray();
	const cJSON *wish;
	char *text = NULL;
	bool good = tree && added;

	cJSON_ArrayForEach(wish, wishes) good =
	    good && wish_fulfil(tree, wish, added);
	if (good)
		text = object_text(tree);
	cJSON_Delete(tree);
	if (text)
		*ret_added = added;
	else
		cJSON_Delete(added);
	return text;
}

/* ---- out ---------------------------------------------------------------- */

/*
 * What was made for the value goes with it: lists and objects that are empty
 * now and were not there before.
 */
static void
emptied_remove(cJSON *tree, const cJSON *before, const cJSON *path, int depth)
{
	const cJSON *name = cJSON_GetArrayItem(path, depth);
	cJSON *child;

	if (!name)
		return;
	child = cJSON_GetObjectItemCaseSensitive(tree, name->valuestring);
	before = cJSON_GetObjectItemCaseSensitive(before, name->valuestring);
	emptied_remove(child, before, path, depth + 1);
	if (child && !before && cJSON_GetArraySize(child) == 0)
		cJSON_DeleteItemFromObjectCaseSensitive(
		    tree, name->valuestring);
}

static void
wish_undo(cJSON *tree, const cJSON *before, const cJSON *wish)
{
	cJSON *list = path_walk(tree, wish_path(wish));
	int at = cJSON_IsArray(list) ? list_find(list, wish_value(wish)) : -1;

	if (at >= 0)
		cJSON_DeleteItemFromArray(list, at);
	emptied_remove(tree, before, wish_path(wish), 0);
}

bool
policy_unmerge(
    const char *text, const char *before, const cJSON *added, char **ret)
{
	cJSON *tree = object_parse(text),
	      *was = before ? object_parse(before) : NULL;
	const cJSON *wish;
	bool good = tree != NULL;

	if (good) {
		cJSON_ArrayForEach(wish, added) wish_undo(tree, was, wish);
		*ret = before || tree->child ? object_text(tree) : NULL;
	}
	cJSON_Delete(was);
	cJSON_Delete(tree);
	return good;
}

unsigned
policy_count(const char *text, const cJSON *wishes)
{
	cJSON *tree = object_parse(text);
	const cJSON *wish;
	unsigned n = 0;

	cJSON_ArrayForEach(wish, wishes)
	{
		const cJSON *list = path_walk(tree, wish_path(wish));

		n += cJSON_IsArray(list) &&
		     list_find(list, wish_value(wish)) >= 0;
	}
	cJSON_Delete(tree);
	return n;
}

void
policy_text_free(char *text)
{
	cJSON_free(text);
}
