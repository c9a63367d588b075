/*
 * kenmend: options, sockets, certificates and the loop; wires the floors to
 * each other. The only place that reads a clock.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "agents.h"
#include "api.h"
#include "cert.h"
#include "config.h"
#include "control.h"
#include "http.h"
#include "job.h"
#include "log.h"
#include "service.h"

/* Statuses of exit(2), promised by kenmend(8). */
enum { EXIT_RUN_TIME = 1, EXIT_USAGE = 2, EXIT_CONFIG = 78 };

#define SOCKETS_MAX CONFIG_LISTEN_MAX
#define ADDRESS_MAX 64
#define DESCRIPTORS_WANTED 4096
/* For all but connections: runners, voices, the loop, state files. */
#define DESCRIPTORS_KEPT 256

struct door {
	sd_event *loop;
	struct config *config;
	struct cert cert;
	struct agents *agents; /* mode = agent */
	struct jobs *jobs;
	struct api *api;
	struct http *http;
	struct service *service;
	struct control *control; /* mode = agent */
	const char *config_file; /* NULL: the packaged places */
	bool activated;          /* sockets were handed over */
	char runner[PATH_MAX], voice[PATH_MAX];
	unsigned sockets_n;
	int sockets[SOCKETS_MAX];
	char addresses[SOCKETS_MAX][ADDRESS_MAX];
};

/* ---- options --------------------------------------------------------- */

static const char usage[] =
    "Usage: kenmend [OPTION]...\n"
    "Lets listed web sites read a My Number card in this computer's reader,\n"
    "with the consent of whoever sits before it.\n\n"
    "  --config FILE   read FILE instead of /etc/kenmen/kenmen.conf and\n"
    "                  /etc/kenmen/conf.d/*.conf\n"
    "  --check-config  only say what is wrong with the configuration\n"
    "  --version       print the version\n"
    "  --help          print this\n\n"
    "Exit status: 0; 1 at run time; 2 usage; 78 configuration.\n";

struct options {
	const char *config; /* NULL: the packaged places */
	bool check;
};

/* Returns -1 to go on, else the exit status. */
static int
options_parse(int argc, char **argv, struct options *ret)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'c':
			ret->config = optarg;
			break;
		case 'k':
			ret->check = true;
			break;
		case 'v':
			puts("kenmend " KENMEN_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (optind == argc)
		return -1;
	fprintf(stderr, "kenmend: unexpected argument: %s\n", argv[optind]);
	return EXIT_USAGE;
}

static int
configuration_load(const char *file, struct config **ret)
{
	int r = file ? config_load(&file, 1, stderr, ret)
		     : config_load_default(stderr, ret);

	if (r < 0 && r != -EINVAL) /* then each fault was said in its line */
		log_error("%s: %s", file ? file : "/etc/kenmen", strerror(-r));
	return r;
}

/* ---- the process ----------------------------------------------------- */

/* Every connection costs a descriptor: returns how many there may be, 0 for
 * the usual number. */
static unsigned
connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < DESCRIPTORS_WANTED) {
		limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED
				     ? limit.rlim_max
				     : DESCRIPTORS_WANTED;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= DESCRIPTORS_WANTED)
		return 0;
	return limit.rlim_cur > 2 * DESCRIPTORS_KEPT
		   ? (unsigned)limit.rlim_cur - DESCRIPTORS_KEPT
		   : DESCRIPTORS_KEPT / 2;
}

static int
process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	/* Tokens and results pass through here. */
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	/* Libraries free their buffers as they are: have free overwrite. */
	mallopt(M_PERTURB, 0x5a);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	if (geteuid() == 0)
		log_warning("running as root, which nothing here needs");
	return 0;
}

static uint64_t
loop_now(void *arg)
{
	uint64_t now = 0;

	/* The loop's own, taken once for each turn; it cannot fail. */
	sd_event_now(arg, CLOCK_BOOTTIME, &now);
	return now;
}

/* ---- helpers --------------------------------------------------------- */

/* Beside ourselves (a build tree), else where they are installed. */
static bool
helper_find(const char *name, char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash &&
		    (size_t)(slash + 1 - path) + strlen(name) < PATH_MAX) {
			strcpy(slash + 1, name);
			if (access(path, X_OK) == 0)
				return true;
		}
	}
	snprintf(path, PATH_MAX, "%s/%s", KENMEN_LIBEXECDIR, name);
	if (access(path, X_OK) == 0)
		return true;
	log_error("%s: %s", path, strerror(errno));
	return false;
}

/* ---- sockets --------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static void
address_text(const union address *address, char text[ADDRESS_MAX])
{
	char host[INET6_ADDRSTRLEN] = "?";

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
		snprintf(text, ADDRESS_MAX, "%s:%u", host,
		    ntohs(address->v4.sin_port));
		return;
	case AF_INET6:
		inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_MAX, "[%s]:%u", host,
		    ntohs(address->v6.sin6_port));
		return;
	}
	snprintf(text, ADDRESS_MAX, "a socket that is not TCP");
}

/* Hosts and certificate speak of these two only, and no other computer has
 * any business here. */
static bool
address_is_ours(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void
door_add_socket(struct door *door, int fd)
{
	union address address = { 0 };
	socklen_t len = sizeof(address);

	getsockname(fd, &address.any, &len);
	address_text(&address, door->addresses[door->sockets_n]);
	door->sockets[door->sockets_n++] = fd;
}

/* Sockets from systemd replace those of the configuration; a wrong one is a
 * mistake of the .socket file and no reason to serve on others. */
static int
sockets_take(struct door *door, int n)
{
	char text[ADDRESS_MAX];

	if (n > SOCKETS_MAX) {
		log_error("%d sockets were handed over, at most %d are served",
		    n, SOCKETS_MAX);
		return -E2BIG;
	}
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
		union address address = { 0 };
		socklen_t len = sizeof(address);

		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
		    getsockname(fd, &address.any, &len) < 0 ||
		    !address_is_ours(&address)) {
			address_text(&address, text);
			log_error("descriptor %d, %s, does not listen on "
				  "127.0.0.1 or [::1]",
			    fd, text);
			return -EINVAL;
		}
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		door_add_socket(door, fd);
	}
	return 0;
}

static int
socket_bind(const struct config_listen *listen_on)
{
	const struct sockaddr *address =
	    (const struct sockaddr *)&listen_on->address;
	int on = 1, saved,
	    fd = socket(address->sa_family,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (address->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) <
		    0) ||
	    bind(fd, address, listen_on->address_len) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		saved = errno;
		close(fd);
		return -saved;
	}
	return fd;
}

static int
sockets_open(struct door *door)
{
	const struct config *config = door->config;
	int n = sd_listen_fds(1);

	door->activated = n > 0;
	if (n > 0)
		return sockets_take(door, n);
	for (unsigned i = 0; i < config->listen_n; i++) {
		const struct config_listen *listen_on = &config->listen[i];
		char text[ADDRESS_MAX];
		union address address = { .room = listen_on->address };
		int fd = socket_bind(listen_on);

		if (fd >= 0) {
			door_add_socket(door, fd);
			continue;
		}
		address_text(&address, text);
		log_warning("%s: %s", text, strerror(-fd));
	}
	if (door->sockets_n > 0)
		return 0;
	log_error("no address to listen on could be had");
	return -EADDRNOTAVAIL;
}

/* ---- the door -------------------------------------------------------- */

/* nohup's is left alone: blocked, even an ignored signal would be seen. */
static bool
hangup_is_ignored(void)
{
	struct sigaction hangup;

	return sigaction(SIGHUP, NULL, &hangup) == 0 &&
	       hangup.sa_handler == SIG_IGN;
}

/* Without a handler such a signal ends the loop, with what stands in the
 * handler's argument: 0. */
static int
loop_signal(struct door *door, int number, sd_event_signal_handler_t handler)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, number);
	if (sigprocmask(SIG_BLOCK, &one, NULL) < 0)
		return -errno;
	return sd_event_add_signal(
	    door->loop, NULL, number, handler, handler ? door : NULL);
}

/* Of a key that only counts from the next start on. */
static void
reload_left(const char *section, const char *key)
{
	log_warning("[%s] %s has changed: restart kenmend for it to count",
	    section, key);
}

static void
door_reload(struct door *door)
{
	struct config *fresh = NULL;

	if (configuration_load(door->config_file, &fresh) < 0) {
		log_error("the new configuration has faults; the old one "
			  "stays in force");
		return;
	}
	api_reload(door->api, fresh, loop_now(door->loop));
	if (config_adopt(door->config, fresh, reload_left) < 0)
		log_error("out of memory: the old configuration stays");
	else
		log_info("the configuration was read again: %zu sites may ask",
		    door->config->origins_n);
	api_reloaded(door->api);
	config_free(&fresh);
}

static int
hangup_came(
    sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct door *door = arg;

	(void)source;
	(void)info;
	service_reload_begin(door->service);
	door_reload(door);
	service_reload_end(door->service);
	return 0;
}

/* A service manager's hang-up means a reload; a terminal's, the end. */
static int
loop_hangup(struct door *door)
{
	if (hangup_is_ignored())
		return 0;
	return loop_signal(
	    door, SIGHUP, service_is_managed() ? hangup_came : NULL);
}

static int
loop_open(struct door *door)
{
	int r;

	if ((r = sd_event_default(&door->loop)) < 0 ||
	    (r = loop_signal(door, SIGTERM, NULL)) < 0 ||
	    (r = loop_signal(door, SIGINT, NULL)) < 0 ||
	    (r = loop_hangup(door)) < 0)
		return r;
	return sd_event_set_watchdog(door->loop, true);
}

static int
door_listen(struct door *door)
{
	const struct http_options options = { .config = door->config,
		.cert = &door->cert,
		.api = door->api,
		.now = loop_now,
		.now_arg = door->loop,
		.total_n = connections_max() };
	int r = http_new(door->loop, &options, &door->http);

	for (unsigned i = 0; i < door->sockets_n && r == 0; i++) {
		r = http_listen(door->http, door->sockets[i]);
		door->sockets[i] = -1;
	}
	return r;
}

static int
floors_open(struct door *door)
{
	const struct config *config = door->config;
	struct jobs_config jobs = { .runner = door->runner,
		.voice = door->voice,
		.pinentry = config->pinentry,
		.tty = config->tty,
		.now = loop_now,
		.now_arg = door->loop };
	int r;

	if (config->mode == MODE_AGENT &&
	    (r = agents_new(door->loop, config->socket, &door->agents)) < 0)
		return r;
	jobs.agents = door->agents;
	if ((r = jobs_new(door->loop, &jobs, &door->jobs)) < 0 ||
	    (r = api_new(door->loop, config, door->jobs, &door->api)) < 0)
		return r;
	if (door->activated && door->agents)
		agents_settle(door->agents);
	return door_listen(door);
}

/* A person's own daemon is asked by that person's pages alone. */
static int
door_control(struct door *door)
{
	if (door->config->mode != MODE_AGENT)
		return 0;
	return control_new(
	    door->loop, door->api, door->config->socket, &door->control);
}

static int
door_serve(struct door *door)
{
	const struct service_options options = { .loop = door->loop,
		.api = door->api,
		.http = door->http,
		.agents = door->agents,
		.address = door->addresses[0],
		.more_addresses = door->sockets_n > 1,
		.leaves_when_idle = door->activated };

	return service_new(&options, &door->service);
}

static int
door_open(struct door *door)
{
	int r;

	if (!helper_find("kenmen-read", door->runner) ||
	    !helper_find("kenmen-prompt", door->voice))
		return -ENOENT;
	/* The port first: who cannot have it must not touch the keys. */
	if ((r = sockets_open(door)) < 0 ||
	    (r = cert_load(door->config->state_dir, time(NULL), &door->cert)) <
		0)
		return r;
	if ((r = loop_open(door)) < 0 || (r = floors_open(door)) < 0 ||
	    (r = door_control(door)) < 0 || (r = door_serve(door)) < 0)
		log_error("cannot start: %s", strerror(-r));
	return r;
}

static void
door_announce(const struct door *door)
{
	for (unsigned i = 0; i < door->sockets_n; i++)
		log_info("ready on https://%s", door->addresses[i]);
	service_ready(door->service);
}

/* Windows go first, then whoever waits is told, then the doors close. */
static void
door_close(struct door *door)
{
	service_free(&door->service);
	control_free(&door->control);
	if (door->http)
		http_stop(door->http);
	if (door->api)
		api_free(&door->api);
	http_free(&door->http);
	jobs_free(&door->jobs);
	agents_free(&door->agents);
	for (unsigned i = 0; i < door->sockets_n; i++)
		if (door->sockets[i] >= 0)
			close(door->sockets[i]);
	cert_finish(&door->cert);
	config_free(&door->config);
	sd_event_unref(door->loop);
}

static int
door_run(struct door *door)
{
	int r = EXIT_RUN_TIME;

	if (process_harden() == 0 && door_open(door) == 0) {
		door_announce(door);
		r = sd_event_loop(door->loop);
		if (r != 0)
			log_error("the event loop ended: %s", strerror(abs(r)));
		r = r == 0 ? EXIT_SUCCESS : EXIT_RUN_TIME;
	}
	return r;
}

int
main(int argc, char **argv)
{
	static struct door door;
	struct options options = { 0 };
	int status;

	log_start("kenmend");
	if ((status = options_parse(argc, argv, &options)) >= 0)
		return status;
	door.config_file = options.config;
	if (configuration_load(options.config, &door.config) < 0)
		return EXIT_CONFIG;
	if (options.check)
		status = EXIT_SUCCESS;
	else
		status = door_run(&door);
	door_close(&door);
	return status;
}
