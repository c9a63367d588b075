#include "readers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
reader_ids_finish(struct reader_ids *ids)
{
	for (unsigned i = 0; i < ids->n; i++)
		free(ids->names[i]);
	ids->n = 0;
}

unsigned
reader_number(struct reader_ids *ids, const char *name)
{
	for (unsigned i = 0; i < ids->n; i++)
		if (strcmp(ids->names[i], name) == 0)
			return i + 1;
	if (ids->n == READER_IDS_MAX ||
	    (ids->names[ids->n] = strdup(name)) == NULL)
		return 0;
	return ++ids->n;
}

const char *
reader_name(const struct reader_ids *ids, const char *id)
{
	char own[READER_ID_MAX + 1];

	for (unsigned i = 0; i < ids->n; i++) {
		reader_id_write(i + 1, own);
		if (strcmp(own, id) == 0)
			return ids->names[i];
	}
	return NULL;
}

void
reader_id_write(unsigned number, char ret[READER_ID_MAX + 1])
{
	snprintf(ret, READER_ID_MAX + 1, "r%u", number % 1000000);
}

/* " 00 01": which of several such readers, and which slot of it. */
static void
cut_numbers(char *model)
{
	size_t len = strlen(model);

	for (int i = 0; i < 2; i++)
		if (len > 3 && model[len - 3] == ' ' &&
		    isxdigit((unsigned char)model[len - 2]) &&
		    isxdigit((unsigned char)model[len - 1]))
			model[len -= 3] = '\0';
}

static void
cut_spaces_at_end(char *model)
{
	size_t len = strlen(model);

	while (len > 0 && model[len - 1] == ' ')
		model[--len] = '\0';
}

void
reader_model(const char *name, char ret[KENMEN_READER_NAME_MAX + 1])
{
	unsigned depth = 0;
	size_t n = 0;

	for (; *name != '\0' && n < KENMEN_READER_NAME_MAX; name++) {
		unsigned char c = (unsigned char)*name;
		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && c >= 0x20 && c < 0x7f &&
			 !(c == ' ' && (n == 0 || ret[n - 1] == ' ')))
			ret[n++] = (char)c;
	}
	ret[n] = '\0';
	cut_spaces_at_end(ret);
	cut_numbers(ret);
	cut_spaces_at_end(ret);
}
