#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *program_name = "kenmen";
static bool journal;

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream it gave
 * us. It is inherited, so stderr must still be that very stream. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

void
log_start(const char *program)
{
	program_name = program;
	journal = stderr_is_journal();
}

bool
log_is_journal(void)
{
	return journal;
}

/* One call is one line, whatever its arguments held: a page or a reader's
 * name must not be able to forge a second one. */
static void
line_defuse(char *line)
{
	for (unsigned char *at = (unsigned char *)line; *at; at++)
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
}

void
log_line(enum log_level level, const char *format, ...)
{
	static const char cut[] = " [...]";
	char line[1024 + sizeof(cut)];
	int saved_errno = errno, head, body;
	size_t len;
	va_list args;

	head = journal ? snprintf(line, 64, "<%d>", (int)level)
		       : snprintf(line, 64, "%.60s: ", program_name);
	va_start(args, format);
	errno = saved_errno; /* for %m */
	body = vsnprintf(line + head, 1024 - (size_t)head, format, args);
	va_end(args);
	if (body < 0)
		line[head] = '\0';
	if (body >= 1024 - head)
		memcpy(line + 1023, cut, sizeof(cut));
	line_defuse(line);

	/* One write, so that lines of several processes do not mix. A log
	 * that cannot be written is no reason to stop. */
	len = strlen(line);
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
	errno = saved_errno;
}
