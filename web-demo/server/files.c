#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define PATH_LEN_MAX 4095

/* clang-format off */
static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".html",  "text/html; charset=utf-8" },
	{ ".js",    "text/javascript; charset=utf-8" },
	{ ".css",   "text/css; charset=utf-8" },
	{ ".json",  "application/json" },
	{ ".txt",   "text/plain; charset=utf-8" },
	{ ".svg",   "image/svg+xml" },
	{ ".png",   "image/png" },
	{ ".ico",   "image/x-icon" },
	{ ".woff2", "font/woff2" },
};
/* clang-format on */

static const char *
type_of(const char *name)
{
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(suffix, types[i].suffix) == 0)
			return types[i].type;
	return NULL;
}

static bool
name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return name[0] != '.' && strspn(name, letters) == strlen(name);
}

static bool
read_whole(int fd, size_t len, char *bytes)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Opens it once and looks at what was opened. */
static bool
file_read(const char *where, struct file *ret)
{
	int fd = open(where, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool good = false;

	if (fd < 0 || fstat(fd, &st) < 0)
		goto out;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		goto out;
	ret->len = (size_t)st.st_size;
	ret->bytes = malloc(ret->len + 1);
	good = ret->bytes && read_whole(fd, ret->len, ret->bytes);
out:
	if (!good)
		log_error("%s: cannot be served: %m", where);
	if (fd >= 0)
		close(fd);
	return good;
}

/* path is what a request says. */
static bool
files_add(struct files *files, const char *where, const char *path)
{
	struct file *file = &files->all[files->n];

	if (files->n == FILES_MAX) {
		log_error("%s: too many files for this server", where);
		return false;
	}
	files->n++; /* what is half read is freed too */
	file->type = type_of(path);
	file->path = strdup(path);
	return file->path && file_read(where, file);
}

static bool files_walk(
    struct files *files, const char *directory, const char *path, int depth);

static bool
entry_take(struct files *files, const char *directory, const char *path,
    const char *name, int depth)
{
	char where[PATH_LEN_MAX + 1], own[PATH_LEN_MAX + 1];
	struct stat st;

	if (!name_ok(name))
		return true;
	if (snprintf(where, sizeof(where), "%s/%s", directory, name) >
		PATH_LEN_MAX ||
	    snprintf(own, sizeof(own), "%s/%s", path, name) > PATH_LEN_MAX)
		return false;
	if (stat(where, &st) == 0 && S_ISDIR(st.st_mode))
		return depth == 0 || files_walk(files, where, own, depth - 1);
	return !type_of(name) || files_add(files, where, own);
}

static bool
files_walk(
    struct files *files, const char *directory, const char *path, int depth)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool good = true;

	if (!dir) {
		log_error("%s: cannot be opened: %m", directory);
		return false;
	}
	while (good && (entry = readdir(dir)))
		good = entry_take(files, directory, path, entry->d_name, depth);
	closedir(dir);
	return good;
}

bool
files_load(const char *directory, struct files *ret)
{
	char script[PATH_LEN_MAX + 1];
	struct files *files = ret;

	*files = (struct files){ 0 };
	if (!files_walk(files, directory, "", 1))
		return false;
	if (!files_find(files, "/")) {
		log_error("%s/index.html is missing: --site names the "
			  "directory of the pages",
		    directory);
		return false;
	}
	snprintf(script, sizeof(script), "%s/../kenmen.js", directory);
	return files_find(files, "/kenmen.js") || access(script, F_OK) != 0 ||
	       files_add(files, script, "/kenmen.js");
}

void
files_finish(struct files *files)
{
	for (unsigned i = 0; i < files->n; i++) {
		free(files->all[i].path);
		free(files->all[i].bytes);
	}
	files->n = 0;
}

/* Is path base with suffix behind it? */
static bool
path_is(const char *path, const char *base, const char *suffix)
{
	size_t len = strlen(base);

	return strncmp(path, base, len) == 0 && strcmp(path + len, suffix) == 0;
}

const struct file *
files_find(const struct files *files, const char *path)
{
	const char *base = strcmp(path, "/") == 0 ? "/index.html" : path;

	for (unsigned i = 0; i < files->n; i++)
		if (strcmp(files->all[i].path, base) == 0)
			return &files->all[i];
	for (unsigned i = 0; i < files->n; i++)
		if (path_is(files->all[i].path, base, ".html"))
			return &files->all[i];
	return NULL;
}
