#include "simlog.h"

#include <stdlib.h>
#include <string.h>

/* Drops the older half, up to a whole line. */
static void
log_shorten(struct sim_log *log)
{
	char *half = memchr(log->text + log->len / 2, '\n', log->len / 2);
	size_t gone = half ? (size_t)(half + 1 - log->text) : log->len;

	memmove(log->text, log->text + gone, log->len - gone);
	log->len -= gone;
}

static char *
log_room(struct sim_log *log, size_t n)
{
	char *at;

	if (log->len > SIM_LOG_MAX)
		log_shorten(log);
	if (log->len + n + 1 > log->room) {
		log->room = 2 * (log->len + n + 1);
		log->text = realloc(log->text, log->room);
		if (!log->text)
			abort();
	}
	at = log->text + log->len;
	log->len += n;
	log->text[log->len] = '\0';
	return at;
}

void
sim_log_line(struct sim_log *log, const char *line)
{
	size_t n = strlen(line);
	char *at;

	if (!log)
		return;
	at = log_room(log, n + 1);
	memcpy(at, line, n);
	at[n] = '\n';
}

void
sim_log_hex(struct sim_log *log, char mark, const uint8_t *b, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	char *at;

	if (!log)
		return;
	at = log_room(log, 2 * len + 3);
	*at++ = mark;
	*at++ = ' ';
	for (size_t i = 0; i < len; i++) {
		*at++ = digits[b[i] >> 4];
		*at++ = digits[b[i] & 0x0f];
	}
	*at = '\n';
}

void
sim_log_clear(struct sim_log *log)
{
	log->len = 0;
	if (log->text)
		log->text[0] = '\0';
}

const char *
sim_log_text(const struct sim_log *log)
{
	return log->text ? log->text : "";
}

void
sim_log_finish(struct sim_log *log)
{
	free(log->text);
	*log = (struct sim_log){ 0 };
}
