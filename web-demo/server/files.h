/*
 * The site's files, read once at the start: what is not in the list does not
 * exist, so no path can lead anywhere.
 */
#ifndef DRONE_FILES_H
#define DRONE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define FILES_MAX 128
#define FILE_MAX (1024 * 1024)

struct file {
	char *path; /* "/text/ja.js", as in a request */
	const char *type;
	char *bytes;
	size_t len;
};

struct files {
	unsigned n;
	struct file all[FILES_MAX];
};

/*
 * Reads directory, and the folders in it, one deep: regular files whose names
 * are [a-z0-9._-]+ and end in a type that is known; others are left alone.
 * /kenmen.js is directory/../kenmen.js, unless directory has one. False: said
 * on stderr.
 */
bool files_load(const char *directory, struct files *ret);
void files_finish(struct files *files);

/* "/" is /index.html, "/x" is /x.html where there is one. NULL: none. */
const struct file *files_find(const struct files *files, const char *path);

#endif
