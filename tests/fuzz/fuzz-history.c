/*
 * Lines of a person's list, which may have been damaged: what is taken can be
 * written again, and means the same.
 */
#include <string.h>

#include "fuzz.h"
#include "history.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct history_entry entry, again;
	char line[HISTORY_LINE_MAX];
	int n;

	if (!history_decode((const char *)data, len, &entry))
		return 0;
	n = history_encode(&entry, line, sizeof(line));
	FUZZ_CHECK(n > 0 && !memchr(line, '\n', (size_t)n - 1));
	FUZZ_CHECK(history_decode(line, (size_t)n - 1, &again));
	FUZZ_CHECK(again.end == entry.end && again.code == entry.code &&
		   again.kinds == entry.kinds &&
		   strcmp(again.origin, entry.origin) == 0 &&
		   strcmp(again.user, entry.user) == 0);
	return 0;
}
