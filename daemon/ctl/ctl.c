#include "ctl.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

int
ctl_fail(const struct ctl_options *options, enum ctl_exit status,
    const char *ja, const char *en)
{
	fprintf(stderr, "kenmenctl: %s\n", options->lang == LANG_JA ? ja : en);
	return (int)status;
}

/* clang-format off */
static const struct {
	const char *name, *mark;
} statuses[] = {
	[STATUS_OK]      = { "ok",      "[ ok ]" },
	[STATUS_UNKNOWN] = { "unknown", "[ ?? ]" },
	[STATUS_WARN]    = { "warn",    "[warn]" },
	[STATUS_FAIL]    = { "fail",    "[FAIL]" },
};
/* clang-format on */

const char *
ctl_status_name(enum ctl_status status)
{
	return statuses[status].name;
}

const char *
ctl_status_mark(enum ctl_status status)
{
	return statuses[status].mark;
}

int
ctl_config(const struct ctl_options *options, FILE *report, struct config **ret)
{
	if (options->config)
		return config_load(&options->config, 1, report, ret);
	return config_load_default(report, ret);
}

unsigned
ctl_config_port(const struct config *config)
{
	/* At the same place in sockaddr_in and sockaddr_in6. */
	const struct sockaddr_in *address =
	    (const struct sockaddr_in *)&config->listen[0].address;

	return config->listen_n ? ntohs(address->sin_port) : 0;
}

void
ctl_helper(const char *name, char *ret)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		*slash = '\0';
		snprintf(ret, CTL_PATH_MAX + 1, "%s/%s", self, name);
		if (access(ret, X_OK) == 0)
			return;
	}
	snprintf(ret, CTL_PATH_MAX + 1, "%s/%s", KENMEN_LIBEXECDIR, name);
}

/* pinentry is what the person, or Debian's alternatives, chose. */
static const char *const desktop_pinentries[] = { "/usr/bin/pinentry",
	"/usr/bin/pinentry-gnome3", "/usr/bin/pinentry-qt",
	"/usr/bin/pinentry-gtk-2", "/usr/bin/pinentry-gtk",
	"/usr/bin/pinentry-x11" };
static const char *const terminal_pinentries[] = { "/usr/bin/pinentry-curses",
	"/usr/bin/pinentry-tty" };

static const char *
first_there(const char *const *programs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

static const char *
desktop_pinentry(void)
{
	return first_there(desktop_pinentries, N_OF(desktop_pinentries));
}

const char *
ctl_pinentry(const struct ctl_options *options, char *room)
{
	const char *found;

	if (options->pinentry)
		return options->pinentry;
	if (!options->tty) {
		found = desktop_pinentry();
		return found ? found : desktop_pinentries[0];
	}
	found = first_there(terminal_pinentries, N_OF(terminal_pinentries));
	if (found)
		return found;
	ctl_helper("kenmen-terminal", room);
	return room;
}

bool
ctl_desktop(const struct ctl_options *options)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return ((x && x[0]) || (wayland && wayland[0])) &&
	       (options->pinentry || desktop_pinentry());
}

const char *
ctl_terminal(void)
{
	static const int fds[] = { STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO };

	for (size_t i = 0; i < N_OF(fds); i++)
		if (isatty(fds[i]))
			return ttyname(fds[i]);
	return NULL;
}
