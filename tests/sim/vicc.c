/* kenmen-sim: options and the loop. See vicc.h. */
#include "vicc.h"

#include <err.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 8
#define LINE_MAX_LEN 256
#define SEND_TIMEOUT_S 5

struct client {
	int fd; /* -1: free */
	size_t len;
	char line[LINE_MAX_LEN];
};

struct control {
	int fd; /* listens */
	struct client clients[CLIENTS_MAX];
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
control_start(struct control *control, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(2, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	unlink(path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control->fd < 0 ||
	    bind(control->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(control->fd, CLIENTS_MAX) < 0)
		err(1, "%s", path);
	for (int i = 0; i < CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
}

static void
control_accept(struct control *control)
{
	const struct timeval limit = { .tv_sec = SEND_TIMEOUT_S };
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; fd >= 0 && i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		control->clients[i].fd = fd;
		control->clients[i].len = 0;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void
client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

/* Runs the whole lines that came. */
static void
client_readable(struct vicc *vicc, struct client *client)
{
	ssize_t n = recv(client->fd, client->line + client->len,
	    sizeof(client->line) - client->len, 0);
	char *end;
	size_t used;

	if (n <= 0) {
		client_close(client);
		return;
	}
	client->len += (size_t)n;
	while ((end = memchr(client->line, '\n', client->len))) {
		*end = '\0';
		used = (size_t)(end + 1 - client->line);
		control_line(vicc, client->line, client->fd);
		client->len -= used;
		memmove(client->line, end + 1, client->len);
	}
	if (client->len == sizeof(client->line))
		client_close(client);
}

static void
loop(struct vicc *vicc, struct control *control)
{
	struct pollfd p[2 + CLIENTS_MAX];
	int wait;

	while (!vicc->quit) {
		vicc->now_ms = now_ms();
		wait = vicc_tick(vicc);
		p[0] = (struct pollfd){ vicc->fd, POLLIN, 0 };
		p[1] = (struct pollfd){ control->fd, POLLIN, 0 };
		for (int i = 0; i < CLIENTS_MAX; i++)
			p[2 + i] = (struct pollfd){ control->clients[i].fd,
				POLLIN, 0 };
		if (poll(p, 2 + CLIENTS_MAX, wait) < 0)
			continue;
		vicc->now_ms = now_ms();
		if (p[0].revents && vicc->fd == p[0].fd)
			vicc_readable(vicc);
		if (p[1].revents)
			control_accept(control);
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (p[2 + i].revents &&
			    control->clients[i].fd == p[2 + i].fd)
				client_readable(vicc, &control->clients[i]);
	}
}

/* One 0 for each character: none is substituted. */
static void
print_flags(const char *flags, const char *text)
{
	fputc('\t', stdout);
	if (flags)
		fputs(flags, stdout);
	else
		for (; *text; text++)
			if ((*text & 0xC0) != 0x80)
				fputc('0', stdout);
}

/* What keys/make puts into certificates, as a table. */
static void
people_print(void)
{
	const struct sim_person *p;

	puts("id\tkeys\tgeneration\tcertificates\tec\tbirth\tsex\tname"
	     "\taddress\tname_flags\taddress_flags");
	for (size_t i = 0; (p = sim_person_at(i)); i++) {
		const char *name = p->cert_name ? p->cert_name : p->name;
		const char *address =
		    p->cert_address ? p->cert_address : p->address;

		if (p->foreign)
			continue;
		printf("%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s", p->id,
		    sim_person_keys(p), sim_generation_name(p->generation),
		    !p->no_certificates, p->ec, p->birth_date, p->sex, name,
		    address);
		print_flags(p->cert_name_flags, name);
		print_flags(p->cert_address_flags, address);
		fputc('\n', stdout);
	}
}

static void
usage(void)
{
	fputs("usage: kenmen-sim --port N --control SOCKET [--person NAME]"
	      " [--switch NAME[=VALUE]]...\n       kenmen-sim --people\n"
	      "people:",
	    stderr);
	for (size_t i = 0; sim_person_at(i); i++)
		fprintf(stderr, " %s", sim_person_at(i)->id);
	fputs("\nswitches:", stderr);
	for (size_t i = 0; sim_switch_name(i); i++)
		fprintf(stderr, " %s", sim_switch_name(i));
	fputs("\n", stderr);
	exit(2);
}

static void
option_switch(struct vicc *vicc, char *text)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	if (sim_switch_set(&vicc->switches, text, value ? value : "on") < 0)
		errx(2, "%s: no such switch or value", text);
}

struct options {
	const char *control, *person;
};

static void
options_read(int argc, char **argv, struct vicc *vicc, struct options *ret)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "control", required_argument, NULL, 'c' },
		{ "person", required_argument, NULL, 'n' },
		{ "switch", required_argument, NULL, 's' },
		{ "people", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'p')
			vicc->port = (uint16_t)atoi(optarg);
		else if (c == 'c')
			ret->control = optarg;
		else if (c == 'n')
			ret->person = optarg;
		else if (c == 's')
			option_switch(vicc, optarg);
		else if (c == 'l') {
			people_print();
			exit(0);
		} else
			usage();
	}
	if (optind != argc || !ret->control || !vicc->port)
		usage();
}

int
main(int argc, char **argv)
{
	static struct vicc vicc;
	static struct control control;
	struct options options = { NULL, NULL };
	const char *wrong;

	vicc_start(&vicc, 0);
	options_read(argc, argv, &vicc, &options);
	vicc.now_ms = now_ms();
	control_start(&control, options.control);
	if (options.person && (wrong = vicc_insert(&vicc, options.person)))
		errx(1, "%s: %s", options.person, wrong);
	puts("kenmen-sim: ready");
	fflush(stdout);
	loop(&vicc, &control);
	unlink(options.control);
	vicc_finish(&vicc);
	return 0;
}
