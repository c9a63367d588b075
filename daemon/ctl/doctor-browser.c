/*
 * kenmenctl doctor: do this user's browsers trust kenmend's certificate?
 * NSS stores, asked by certutil: which nicknames may vouch for servers, and
 * whether one of them is ca.pem.
 */
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CERTUTIL "/usr/bin/certutil"
#define PEM_MAX 65536
#define LIST_MAX (256 * 1024)
#define PATH_ROOM 4096
#define RUN_SECONDS 10

/* Below HOME. A browser's first place that is there is the one it reads. */
static const struct {
	const char *browser, *pattern;
	bool alone; /* an earlier place of this browser wins over it */
} places[] = {
	{ "Chromium", ".pki/nssdb/cert9.db", false },
	{ "Chromium", ".local/share/pki/nssdb/cert9.db", true },
	{ "Chromium (snap)", "snap/chromium/*/.pki/nssdb/cert9.db", false },
	{ "Chromium (snap)", "snap/chromium/*/.local/share/pki/nssdb/cert9.db",
	    true },
	{ "Chromium (flatpak)",
	    ".var/app/org.chromium.Chromium/data/pki/nssdb/cert9.db", false },
	{ "Chrome (flatpak)",
	    ".var/app/com.google.Chrome/data/pki/nssdb/cert9.db", false },
	{ "Firefox", ".mozilla/firefox/*/cert9.db", false },
	{ "Firefox", ".config/mozilla/firefox/*/cert9.db", false },
	{ "Firefox (snap)", "snap/firefox/common/.mozilla/firefox/*/cert9.db",
	    false },
	{ "Firefox (flatpak)",
	    ".var/app/org.mozilla.firefox/.mozilla/firefox/*/cert9.db", false },
};

/* ---- another program's word --------------------------------------------- */

static void
child_run(char *const argv[], int out)
{
	static char *const environment[] = { "LC_ALL=C.UTF-8",
		"PATH=/usr/bin:/bin", NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(RUN_SECONDS); /* lives through exec */
	if (!freopen("/dev/null", "r", stdin) ||
	    !freopen("/dev/null", "w", stderr) || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execve(argv[0], argv, environment);
	_exit(127);
}

static size_t
read_all(int fd, char *ret, size_t room)
{
	size_t len = 0;
	ssize_t n;
	char rest[256];

	while (len < room && (n = read(fd, ret + len, room - len)) > 0)
		len += (size_t)n;
	while (len == room && read(fd, rest, sizeof(rest)) > 0)
		;
	return len;
}

/*
 * Runs a program with nothing on stdin and collects what it says on stdout: a
 * text of at most room - 1 bytes. False: it cannot be run, failed, or took
 * over RUN_SECONDS.
 */
static bool
program_run(char *const argv[], char *ret, size_t room)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe(ends) < 0)
		return false;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child_run(argv, ends[1]);
	}
	close(ends[1]);
	ret[pid < 0 ? 0 : read_all(ends[0], ret, room - 1)] = '\0';
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- PEM ---------------------------------------------------------------- */

/* The base64 between the lines of the first certificate, without space. */
static bool
pem_body(const char *text, char *ret, size_t room)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----",
			  end[] = "-----END CERTIFICATE-----";
	const char *at = strstr(text, begin), *stop;
	size_t n = 0;

	if (!at || !(stop = strstr(at, end)))
		return false;
	for (at += strlen(begin); at < stop; at++) {
		if (strchr(" \r\n\t", *at))
			continue;
		if (n + 1 >= room)
			return false;
		ret[n++] = *at;
	}
	ret[n] = '\0';
	return n > 0;
}

static bool
ca_read(const char *state_dir, char *ret)
{
	char path[PATH_ROOM], text[PEM_MAX];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/ca.pem", state_dir);
	if (!(file = fopen(path, "re")))
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return pem_body(text, ret, PEM_MAX);
}

/* ---- one store ---------------------------------------------------------- */

static bool
is_ca(const char *store, char *nickname, const char *ca)
{
	char text[PEM_MAX], body[PEM_MAX];
	char *const argv[] = { CERTUTIL, "-L", "-d", (char *)store, "-n",
		nickname, "-a", NULL };

	return program_run(argv, text, sizeof(text)) &&
	       pem_body(text, body, sizeof(body)) && strcmp(body, ca) == 0;
}

/*
 * A line of certutil -L: a nickname, spaces, flags for TLS, mail and code.
 * The nickname if it may vouch for TLS servers (C), else NULL.
 */
static char *
line_vouches(char *line)
{
	size_t len = strlen(line);
	char *flags;

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	if (!(flags = strrchr(line, ' ')))
		return NULL;
	*flags++ = '\0';
	for (len = strlen(line); len && line[len - 1] == ' ';)
		line[--len] = '\0';
	flags[strcspn(flags, ",")] = '\0';
	return strchr(flags, 'C') ? line : NULL;
}

static bool
store_trusts(const char *file, const char *ca)
{
	char store[PATH_ROOM], *list = malloc(LIST_MAX), *rest, *line, *name;
	char *const argv[] = { CERTUTIL, "-L", "-d", store, NULL };
	bool found = false;

	snprintf(store, sizeof(store), "sql:%.*s",
	    (int)(strrchr(file, '/') - file), file);
	if (list && program_run(argv, list, LIST_MAX))
		for (line = strtok_r(list, "\n", &rest); line && !found;
		     line = strtok_r(NULL, "\n", &rest))
			if ((name = line_vouches(line)))
				found = is_ca(store, name, ca);
	free(list);
	return found;
}

/* ---- all of them -------------------------------------------------------- */

/* True: there is such a store. What a profile is called stays here. */
static bool
place_look(struct doctor *doctor, size_t i, const char *ca)
{
	char pattern[PATH_ROOM], about[ABOUT_MAX + 1];
	const char *home = getenv("HOME");
	size_t trusting = 0;
	glob_t found;
	bool there;

	snprintf(pattern, sizeof(pattern), "%s/%s", home ? home : "",
	    places[i].pattern);
	if (!home || glob(pattern, 0, NULL, &found) != 0)
		return false;
	for (size_t f = 0; f < found.gl_pathc; f++)
		trusting += store_trusts(found.gl_pathv[f], ca);
	snprintf(about, sizeof(about), "%s: %zu/%zu", places[i].browser,
	    trusting, found.gl_pathc);
	there = found.gl_pathc > 0;
	if (there)
		doctor_found(doctor,
		    trusting == found.gl_pathc ? BROWSERS_OK
					       : BROWSERS_UNTRUSTED,
		    about);
	globfree(&found);
	return there;
}

void
check_browsers(struct doctor *doctor)
{
	char ca[PEM_MAX];
	bool last = false, any = false;

	if (!ca_read(doctor->options->state_dir, ca)) {
		doctor_found(doctor, BROWSERS_NO_CA, NULL);
		return;
	}
	if (access(CERTUTIL, X_OK) < 0) {
		doctor_found(doctor, BROWSERS_NO_CERTUTIL, NULL);
		return;
	}
	for (size_t i = 0; i < N_OF(places); i++) {
		if (places[i].alone && last)
			continue;
		last = place_look(doctor, i, ca);
		any |= last;
	}
	if (!any)
		doctor_found(doctor, BROWSERS_NONE, NULL);
}
