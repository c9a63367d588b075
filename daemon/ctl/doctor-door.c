/*
 * kenmenctl doctor: kenmend and what it needs: configuration, certificates,
 * port, PIN window.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent-wire.h"
#include "doctor.h"
#include "door.h"

#define PACKAGED "/etc/kenmen/kenmen.conf"

/* ---- configuration ------------------------------------------------------ */

/* "FILE:LINE: REASON" without the folder, which may name a person, and
 * without the reason, which may quote what stands there. The line: 0 for a
 * whole file. */
static long
fault_place(const char *report, char ret[ABOUT_MAX + 1])
{
	const char *name = report, *end, *line;

	for (end = report; *end && *end != '\n'; end++)
		if (*end == '/')
			name = end + 1;
		else if (*end == ':')
			break;
	line = *end == ':' ? end + 1 : end;
	snprintf(ret, ABOUT_MAX + 1, "%.*s %.*s", (int)(end - name), name,
	    (int)strspn(line, "0123456789"), line);
	return strtol(line, NULL, 10);
}

static void
configuration_found(struct doctor *doctor)
{
	char about[ABOUT_MAX + 1];

	snprintf(about, sizeof(about), "%zu", doctor->config->origins_n);
	if (!doctor->options->config && access(PACKAGED, F_OK) < 0 &&
	    !doctor->config->origins_n)
		doctor_found(doctor, CONFIGURATION_MISSING, NULL);
	else if (!doctor->config->origins_n)
		doctor_found(doctor, CONFIGURATION_NO_SITE, NULL);
	else
		doctor_found(doctor, CONFIGURATION_OK, about);
}

void
check_configuration(struct doctor *doctor)
{
	char *report = NULL, about[ABOUT_MAX + 1];
	size_t report_len = 0;
	FILE *stream = open_memstream(&report, &report_len);
	int r = -ENOMEM;

	if (stream) {
		r = ctl_config(doctor->options, stream, &doctor->config);
		fclose(stream);
	}
	if (r >= 0) {
		configuration_found(doctor);
	} else if (r == -EINVAL && report && fault_place(report, about)) {
		doctor_found(doctor, CONFIGURATION_WRONG, about);
	} else {
		doctor_found(doctor, CONFIGURATION_UNREADABLE, NULL);
	}
	free(report);
}

void
check_prompt(struct doctor *doctor)
{
	char room[CTL_PATH_MAX + 1];
	const struct config *config = doctor->config;
	const char *pinentry = config && config->mode == MODE_PINENTRY
				   ? config->pinentry
				   : ctl_pinentry(doctor->options, room);

	doctor_found(doctor,
	    access(pinentry, X_OK) == 0 ? PROMPT_OK : PROMPT_MISSING, NULL);
}

/* Calls as one more agent would: who is refused was not the first. */
static enum doctor_finding
agents_ask(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pollfd door = { .events = POLLIN };
	enum doctor_finding found = AGENTS_NO_SOCKET;
	enum agent_word word;

	if (strlen(path) >= sizeof(address.sun_path))
		return found;
	strcpy(address.sun_path, path);
	door.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (door.fd >= 0 && connect(door.fd, (struct sockaddr *)&address,
				sizeof(address)) == 0) {
		(void)agent_say(door.fd, AGENT_HELLO, -1);
		if (poll(&door, 1, ANSWER_SECONDS * 1000) > 0 &&
		    agent_hear(door.fd, &word, NULL) > 0)
			found =
			    word == AGENT_REFUSED ? AGENTS_OK : AGENTS_MISSING;
	}
	if (door.fd >= 0)
		close(door.fd);
	return found;
}

void
check_agents(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	if (!config)
		doctor_found(doctor, AGENTS_UNKNOWN, NULL);
	else if (config->mode == MODE_PINENTRY)
		doctor_found(doctor, AGENTS_NOT_NEEDED, NULL);
	else
		doctor_found(doctor, agents_ask(config->socket), NULL);
}

/* ---- certificates of issuers -------------------------------------------- */

static bool
ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

void
check_trust(struct doctor *doctor)
{
	const char *path = doctor->options->trust_dir;
	struct kenmen_trust *trust = NULL;
	unsigned bad = 0, pem = 0, roots = 0;
	char about[ABOUT_MAX + 1];
	DIR *dir = opendir(path);
	struct dirent *entry;

	if ((!dir && errno != ENOENT) ||
	    kenmen_trust_new(path, &bad, &trust) < 0) {
		doctor_found(doctor, TRUST_UNREADABLE, NULL);
		goto out;
	}
	while (dir && (entry = readdir(dir))) {
		pem += ends_in(entry->d_name, ".pem");
		roots += ends_in(entry->d_name, ".cvroot");
	}
	snprintf(about, sizeof(about), "%u + %u", pem, roots);
	if (bad) {
		snprintf(about, sizeof(about), "%u", bad);
		doctor_found(doctor, TRUST_BROKEN, about);
	} else if (!pem && !roots) {
		doctor_found(doctor, TRUST_EMPTY, NULL);
	} else {
		doctor_found(
		    doctor, pem && roots ? TRUST_OK : TRUST_NO_ROOT, about);
	}
out:
	if (dir)
		closedir(dir);
	kenmen_trust_free(&trust);
}

/* ---- the daemon --------------------------------------------------------- */

static bool
is_kenmend(const char *program)
{
	/* systemd may hold its socket too. */
	return strcmp(program, "kenmend") == 0 ||
	       strcmp(program, "kenmend, systemd") == 0 ||
	       strcmp(program, "systemd, kenmend") == 0 ||
	       strcmp(program, "systemd") == 0;
}

static enum doctor_finding
port_finding(enum door_state state, bool listens, const char *program)
{
	if (!listens)
		return state == DOOR_CLOSED ? PORT_FREE : PORT_UNKNOWN;
	if (state == DOOR_KENMEND || state == DOOR_KENMEND_NO_PROMPT)
		return PORT_OK;
	if (!program[0])
		return PORT_UNKNOWN;
	return is_kenmend(program) ? PORT_OK : PORT_STRANGER;
}

void
check_daemon_and_port(struct doctor *doctor)
{
	static const enum doctor_finding findings[] = {
		[DOOR_KENMEND] = DAEMON_OK,
		[DOOR_KENMEND_NO_PROMPT] = DAEMON_NO_PROMPT,
		[DOOR_CLOSED] = DAEMON_ABSENT,
		[DOOR_NOT_TLS] = DAEMON_NOT_TLS,
		[DOOR_UNTRUSTED] = DAEMON_UNTRUSTED,
		[DOOR_STRANGE] = DAEMON_STRANGE,
	};
	unsigned port = (unsigned)doctor->options->port;
	char ca[CONFIG_PATH_MAX + 16], program[ABOUT_MAX + 1],
	    about[ABOUT_MAX + 32];
	enum door_state state;
	bool listens;

	snprintf(ca, sizeof(ca), "%s/ca.pem", doctor->options->state_dir);
	state = door_ask(port, ca, NULL);
	if (state != DOOR_CLOSED && access(ca, R_OK) < 0)
		doctor_found(doctor, DAEMON_NO_CA, NULL);
	else
		doctor_found(doctor, findings[state], NULL);
	listens = machine_listener(port, program);
	snprintf(about, sizeof(about), "%u%s%s", port, program[0] ? " " : "",
	    program);
	doctor_found(doctor, port_finding(state, listens, program), about);
}
