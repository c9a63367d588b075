/*
 * One line of the log: on stderr, with the journal's priority prefix (<3>)
 * when stderr is the journal (JOURNAL_STREAM), else with the program's name.
 * Never give it a PIN, a token, a body or anything that was read from a card.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* Priorities of syslog(3). */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6
};

/* program: the name lines begin with, e.g. "kenmend"; kept by reference. */
void log_start(const char *program);
/* stderr is the journal. */
bool log_is_journal(void);
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
