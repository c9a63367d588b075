#include "vicc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WORDS_MAX 4

/* A client that does not read loses the rest. */
static void
say(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n)
		if ((n = send(fd, text, len, MSG_NOSIGNAL)) <= 0)
			return;
}

static const char *
do_insert(struct vicc *vicc, char **word, int fd)
{
	(void)fd;
	return vicc_insert(vicc, word[1]);
}

static const char *
do_remove(struct vicc *vicc, char **word, int fd)
{
	(void)word;
	(void)fd;
	if (!vicc->inserted)
		return "no card is in it";
	vicc_remove(vicc);
	return NULL;
}

static const char *
do_swap(struct vicc *vicc, char **word, int fd)
{
	(void)fd;
	return vicc_swap(vicc, word[1]);
}

static const char *
do_switch(struct vicc *vicc, char **word, int fd)
{
	(void)fd;
	if (sim_switch_set(&vicc->switches, word[1], word[2]) < 0)
		return "no such switch or value";
	return NULL;
}

static const char *
do_tries(struct vicc *vicc, char **word, int fd)
{
	int pin = sim_pin_from_name(word[1]);
	char *end;
	long n = strtol(word[2], &end, 10);

	(void)fd;
	if (!vicc->card)
		return "no card was ever in it";
	if (pin < 0)
		return "no such PIN";
	if (*end || end == word[2] || n < 0 || n > 15)
		return "tries are 0 to 15";
	simcard_set_tries(vicc->card, (enum sim_pin)pin, (int)n);
	return NULL;
}

static const char *
do_log(struct vicc *vicc, char **word, int fd)
{
	if (!word[1]) {
		say(fd, sim_log_text(&vicc->log), vicc->log.len);
		return NULL;
	}
	if (strcmp(word[1], "clear"))
		return "log or log clear";
	sim_log_clear(&vicc->log);
	return NULL;
}

static void
state_pins(const struct simcard *card, FILE *f)
{
	bool any = false;

	fputs(" tries", f);
	for (int i = 0; i < SIM_PIN_N; i++)
		fprintf(f, " %s=%d", sim_pin_name((enum sim_pin)i),
		    simcard_tries(card, (enum sim_pin)i));
	fputs(" verified=", f);
	for (int i = 0; i < SIM_PIN_N; i++) {
		if (!simcard_verified(card, (enum sim_pin)i))
			continue;
		fprintf(
		    f, "%s%s", any ? "," : "", sim_pin_name((enum sim_pin)i));
		any = true;
	}
	fputs(any ? "\n" : "none\n", f);
}

static const char *
do_state(struct vicc *vicc, char **word, int fd)
{
	char text[512] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)word;
	if (!f)
		return "no memory";
	fprintf(f, "inserted=%s connected=%s exchanges=%u person=%s",
	    vicc->inserted ? "yes" : "no", vicc->fd >= 0 ? "yes" : "no",
	    vicc->exchanges,
	    vicc->card ? simcard_person(vicc->card)->id : "none");
	if (vicc->card)
		state_pins(vicc->card, f);
	else
		fputc('\n', f);
	fclose(f);
	say(fd, text, strlen(text));
	return NULL;
}

static const char *
do_quit(struct vicc *vicc, char **word, int fd)
{
	(void)word;
	(void)fd;
	vicc->quit = true;
	return NULL;
}

/* clang-format off */
static const struct {
	const char *name;
	int min, max; /* words, with the name */
	const char *(*run)(struct vicc *, char **word, int fd);
} commands[] = {
	{ "insert", 2, 2, do_insert },
	{ "remove", 1, 1, do_remove },
	{ "swap",   2, 2, do_swap },
	{ "switch", 3, 3, do_switch },
	{ "tries",  3, 3, do_tries },
	{ "log",    1, 2, do_log },
	{ "state",  1, 1, do_state },
	{ "quit",   1, 1, do_quit },
};
/* clang-format on */

static const char *
run(struct vicc *vicc, char **word, int words_n, int fd)
{
	if (words_n == 0)
		return "empty line";
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, word[0]))
			continue;
		if (words_n < commands[i].min || words_n > commands[i].max)
			return "wrong number of words";
		return commands[i].run(vicc, word, fd);
	}
	return "no such command";
}

void
control_line(struct vicc *vicc, char *line, int fd)
{
	char *word[WORDS_MAX + 1] = { NULL }, *save = NULL;
	const char *wrong;
	char text[128];
	int n = 0;

	for (char *w = strtok_r(line, " \t\r", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \t\r", &save))
		word[n++] = w;
	if ((wrong = run(vicc, word, n, fd)))
		snprintf(text, sizeof(text), "error %s\n", wrong);
	else
		snprintf(text, sizeof(text), "ok\n");
	say(fd, text, strlen(text));
}
