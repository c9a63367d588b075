/* What reached a simulated card, as lines of text. */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stddef.h>
#include <stdint.h>

/* Lines "> HEX", "< HEX", "power on", "power off", "power reset". Start it
 * zeroed; past SIM_LOG_MAX bytes the older half goes. */
#define SIM_LOG_MAX (4u << 20)

struct sim_log {
	char *text; /* NUL-terminated once something was written */
	size_t len, room;
};

void sim_log_line(struct sim_log *log, const char *line);
void sim_log_hex(struct sim_log *log, char mark, const uint8_t *b, size_t len);
void sim_log_clear(struct sim_log *log);
/* Never NULL. */
const char *sim_log_text(const struct sim_log *log);
/* Frees the text; the log can be used again. */
void sim_log_finish(struct sim_log *log);

#endif
