/*
 * replay DIR...: runs a fuzz target over every file of its corpus, and over
 * every beginning of the shorter ones, built with any compiler. Each input
 * stands in memory of just its size, so that a sanitizer sees a step past it.
 */
#include <dirent.h>
#include <err.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1u << 20)
#define CUT_MAX 1024 /* inputs up to here are also tried cut short */

static void
run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		err(1, "malloc");
	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
run_file(const char *dir, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, "re")))
		err(1, "%s", path);
	len = fread(data, 1, sizeof(data), f);
	if (ferror(f) || !feof(f))
		errx(1, "%s: cannot be read whole", path);
	fclose(f);
	run(data, len);
	for (size_t cut = 0; len <= CUT_MAX && cut < len; cut++)
		run(data, cut);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	for (int i = 1; i < argc; i++) {
		if (!(dir = opendir(argv[i])))
			err(1, "%s", argv[i]);
		while ((entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			run_file(argv[i], entry->d_name);
			n++;
		}
		closedir(dir);
	}
	printf("%u inputs\n", n);
	return n ? 0 : 1; /* a corpus that is lost shows nothing */
}
