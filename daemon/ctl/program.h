/*
 * Another program's word: run without a shell, with a constant environment
 * and nothing inherited but its three standard descriptors.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct program_said {
	bool ran;   /* it ended by itself, in time */
	int status; /* its exit status, when it ran */
	size_t len;
	char *text; /* malloc'ed, NUL-terminated */
};

/*
 * Runs a program (argv[0] is its path, NULL at the end) with input as its
 * stdin, a regular file, and collects what it says on stdout and, with
 * errors, on stderr: at most a MiB. It is killed after PROGRAM_SECONDS.
 * Free the text.
 */
#define PROGRAM_SECONDS 10
void program_run(char *const argv[], const void *input, size_t input_len,
    bool errors, struct program_said *ret);

/* True if this user runs a program of one of these names ("a b c"), as the
 * kernel knows them. */
bool program_running(const char *names);

#endif
