#include "program.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX ((size_t)1024 * 1024)

/* ---- to run one --------------------------------------------------------- */

static void
child_run(char *const argv[], int in, int out, bool errors)
{
	static char *const environment[] = { "LC_ALL=C.UTF-8",
		"PATH=/usr/bin:/bin", NULL };
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(PROGRAM_SECONDS); /* lives through exec */
	/* No terminal of ours: certutil would ask for passwords there. */
	setsid();
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(errors ? out : nowhere, STDERR_FILENO) < 0)
		_exit(126);
	execve(argv[0], argv, environment);
	_exit(127);
}

/* A file without a name that holds input; -1: it cannot be made. */
static int
input_open(const void *input, size_t len)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, input, len) != (ssize_t)len ||
			   lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What does not fit is read and forgotten: a full pipe would hold it up. */
static void
said_read(int fd, struct program_said *ret)
{
	char rest[4096];
	ssize_t n;

	while ((n = read(fd, rest, sizeof(rest))) > 0) {
		size_t more = (size_t)n;
		char *text;

		if (ret->len + more > SAID_MAX)
			continue;
		if (!(text = realloc(ret->text, ret->len + more + 1)))
			continue;
		memcpy(text + ret->len, rest, more);
		ret->text = text;
		ret->len += more;
	}
	if (!ret->text)
		ret->text = calloc(1, 1);
	else
		ret->text[ret->len] = '\0';
}

void
program_run(char *const argv[], const void *input, size_t input_len,
    bool errors, struct program_said *ret)
{
	int ends[2], status = 0, in = input_open(input, input_len);
	pid_t pid = -1;

	*ret = (struct program_said){ 0 };
	if (in < 0 || pipe2(ends, O_CLOEXEC) < 0)
		goto out;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child_run(argv, in, ends[1], errors);
	close(ends[1]);
	if (pid > 0) {
		said_read(ends[0], ret);
		waitpid(pid, &status, 0);
		ret->ran = ret->text && WIFEXITED(status);
		ret->status = WEXITSTATUS(status);
	}
	close(ends[0]);
out:
	if (in >= 0)
		close(in);
}

/* ---- what runs ---------------------------------------------------------- */

static bool
is_listed(const char *names, const char *name)
{
	size_t len = strlen(name), n;

	for (const char *at = names; *at; at += n + strspn(at + n, " ")) {
		n = strcspn(at, " ");
		if (n == len && memcmp(at, name, n) == 0)
			return true;
	}
	return false;
}

static bool
is_ours(const char *pid, const char *names)
{
	char path[300], name[64] = "";
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (stat(path, &st) < 0 || st.st_uid != geteuid() ||
	    !(file = fopen(path, "re")))
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return is_listed(names, name);
}

bool
program_running(const char *names)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = isdigit((unsigned char)entry->d_name[0]) &&
			is_ours(entry->d_name, names);
	if (dir)
		closedir(dir);
	return found;
}
