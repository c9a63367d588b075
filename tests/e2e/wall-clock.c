/*
 * Preloaded into kenmenctl: time() says what KENMEN_TIME does, in seconds
 * since 1970, so that certificates grow old at once.
 */
#include <stdlib.h>
#include <time.h>

time_t
time(time_t *ret)
{
	const char *text = getenv("KENMEN_TIME");
	time_t now = text ? (time_t)strtoll(text, NULL, 10) : 0;

	if (ret)
		*ret = now;
	return now;
}
