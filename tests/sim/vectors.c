#include "vectors.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct load {
	struct sim_vector *cases;
	int n;
	struct sim_bytes *bytes; /* what an indented line goes on with */
};

/* Two hex digits. */
static bool
byte_append(struct sim_bytes *bytes, const char **text)
{
	unsigned value;

	if (!isxdigit((unsigned char)(*text)[0]) ||
	    !isxdigit((unsigned char)(*text)[1]) ||
	    sscanf(*text, "%2x", &value) != 1)
		return false;
	bytes->b[bytes->len++] = (uint8_t)value;
	*text += 2;
	return true;
}

/* ".." or "..*N". */
static bool
any_append(struct sim_bytes *bytes, const char **text)
{
	unsigned n = 1;
	int used = 2;

	if ((*text)[2] == '*' && sscanf(*text, "..*%3u%n", &n, &used) != 1)
		return false;
	if (n > SIM_VECTOR_BYTES - bytes->len)
		return false;
	memset(bytes->any + bytes->len, 1, n);
	bytes->len += n;
	*text += used;
	return true;
}

static bool
hex_append(struct sim_bytes *bytes, const char *text)
{
	while (bytes && bytes->len < SIM_VECTOR_BYTES) {
		text += strspn(text, " ");
		if (*text == '\0')
			return true;
		if (!(strncmp(text, "..", 2) ? byte_append(bytes, &text)
					     : any_append(bytes, &text)))
			return false;
	}
	return false;
}

bool
sim_bytes_agree(const struct sim_bytes *want, const uint8_t *b, size_t len)
{
	if (len != want->len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!want->any[i] && want->b[i] != b[i])
			return false;
	return true;
}

static bool
case_start(struct load *load, const char *name)
{
	struct sim_vector *v;
	size_t size = ((size_t)load->n + 1) * sizeof(*v);

	if (!(v = realloc(load->cases, size)))
		return false;
	load->cases = v;
	v += load->n++;
	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%.63s", name);
	v->person = sim_person_find("hanako");
	for (int i = 0; i < SIM_PIN_N; i++)
		v->tries[i] = -1;
	load->bytes = NULL;
	return true;
}

static bool
condition(struct sim_vector *v, const char *text)
{
	char word[32], name[32];
	int pin, tries;

	if (sscanf(text, "%31s %31s %d", word, name, &tries) == 3) {
		pin = sim_pin_from_name(name);
		if (strcmp(word, "tries") || pin < 0)
			return false;
		v->tries[pin] = tries;
		return true;
	}
	if (sscanf(text, "%31s %31s", word, name) != 2 ||
	    strcmp(word, "person"))
		return false;
	v->person = sim_person_find(name);
	return v->person != NULL;
}

static bool
line_read(struct load *load, const char *line)
{
	struct sim_vector *v = load->n ? &load->cases[load->n - 1] : NULL;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (line[0] == ' ')
		return hex_append(load->bytes, line);
	if (line[1] != ' ')
		return false;
	if (line[0] == '=')
		return case_start(load, line + 2);
	if (!v)
		return false;
	if (line[0] == '!')
		return condition(v, line + 2);
	if (line[0] == '>' && v->steps_n < SIM_VECTOR_STEPS)
		load->bytes = &v->steps[v->steps_n++].command;
	else if (line[0] == '<' && v->steps_n > 0)
		load->bytes = &v->steps[v->steps_n - 1].response;
	else
		return false;
	return hex_append(load->bytes, line + 2);
}

int
sim_vectors_load(const char *path, struct sim_vector **ret)
{
	struct load load = { 0 };
	char line[1024];
	int number = 0;
	bool ok = true;
	FILE *f;

	if (!(f = fopen(path, "re")))
		return -1;
	while (ok && fgets(line, sizeof(line), f)) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		ok = line_read(&load, line);
	}
	fclose(f);
	if (!ok) {
		free(load.cases);
		return -number;
	}
	*ret = load.cases;
	return load.n;
}
