/*
 * drone-server: the demo's web system. Everything it knows is in memory and
 * invented; it is gone when it ends.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "kenmen.h"
#include "log.h"
#include "web.h"

#define EXIT_USAGE 2
#define HOST_MAX 63

static const char usage_text[] =
    "usage: drone-server --site DIR --state DIR --trust DIR [OPTION...]\n"
    "\n"
    "The web system of kenmen's demo: accounts, card link, login and signed\n"
    "applications of people who do not exist. Listens on 127.0.0.1 and ::1,\n"
    "keeps all in memory, forgets it when it ends (SIGTERM, Ctrl-C).\n"
    "\n"
    "  --site DIR     the pages; DIR/../kenmen.js is /kenmen.js\n"
    "  --state DIR    where site-ca.pem is written: let the browser trust it\n"
    "  --trust DIR    CAs whose certificates count, as [trust] dir of kenmend\n"
    "  --name NAME    its host name (default localhost)\n"
    "  --port N       its port (default 8443; 0: any)\n"
    "  --kenmend URL  where pages find kenmend\n"
    "                 (default https://127.0.0.1:25366)\n"
    "  --idle S       seconds without an act of the person until a session\n"
    "                 ends (default 3600, at most 3600)\n"
    "  --help         this text; --version: the version\n"
    "\n"
    "Says \"ready https://NAME:PORT\" on stdout. Exit status: 0 ended by a\n"
    "signal, 1 could not run (port taken, files missing), 2 usage.\n";

struct options {
	const char *site, *state, *trust, *name, *kenmend;
	unsigned port, idle_s;
};

/* ---- options ---------------------------------------------------------- */

static bool
number_take(const char *text, unsigned min, unsigned max, unsigned *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < min ||
	    value > max)
		return false;
	*ret = (unsigned)value;
	return true;
}

/* A DNS name as browsers write it, no address. */
static bool
name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	return strlen(name) <= HOST_MAX &&
	       strspn(name, letters) == strlen(name) && name[0] != '.' &&
	       name[0] != '-' && last[0] >= 'a' && last[0] <= 'z';
}

/* It becomes part of a header: nothing but an origin passes. */
static bool
kenmend_ok(const char *url)
{
	static const char scheme[] = "https://";
	size_t len = sizeof(scheme) - 1;

	return strncmp(url, scheme, len) == 0 && url[len] &&
	       strlen(url) <= 100 &&
	       strspn(url + len, "abcdefghijklmnopqrstuvwxyz0123456789.-:") ==
		   strlen(url + len);
}

static bool
option_take(struct options *o, int option, const char *value)
{
	switch (option) {
	case 's':
		o->site = value;
		return true;
	case 'd':
		o->state = value;
		return true;
	case 't':
		o->trust = value;
		return true;
	case 'n':
		o->name = value;
		return name_ok(value);
	case 'k':
		o->kenmend = value;
		return kenmend_ok(value);
	case 'p':
		return number_take(value, 0, 65535, &o->port);
	case 'i':
		return number_take(value, 1, 3600, &o->idle_s);
	}
	return false;
}

/* 0: go on; else the status to exit with is *ret_status. */
static int
options_read(int argc, char **argv, struct options *ret, int *ret_status)
{
	static const struct option known[] = { { "site", 1, NULL, 's' },
		{ "state", 1, NULL, 'd' }, { "trust", 1, NULL, 't' },
		{ "name", 1, NULL, 'n' }, { "kenmend", 1, NULL, 'k' },
		{ "port", 1, NULL, 'p' }, { "idle", 1, NULL, 'i' },
		{ "help", 0, NULL, 'h' }, { "version", 0, NULL, 'V' },
		{ NULL, 0, NULL, 0 } };
	int c, at = 0;

	*ret_status = 0;
	while ((c = getopt_long(argc, argv, "", known, &at)) != -1) {
		if (c == 'h' || c == 'V')
			return fputs(c == 'h' ? usage_text
					      : "drone-server " KENMEN_VERSION
						"\n",
				   stdout) < 0
				   ? -1
				   : 1;
		if (c == '?' || option_take(ret, c, optarg))
			continue;
		fprintf(stderr, "drone-server: --%s %s: not possible\n",
		    known[at].name, optarg);
		c = '?';
		break;
	}
	*ret_status = EXIT_USAGE;
	if (c == -1 && optind == argc && ret->site && ret->state && ret->trust)
		return 0;
	fputs(usage_text, stderr);
	return 1;
}

/* ---- running ---------------------------------------------------------- */

/* Blocked before there are threads, so that all have it so. */
static void
signals_block(sigset_t *stop)
{
	sigemptyset(stop);
	sigaddset(stop, SIGINT);
	sigaddset(stop, SIGTERM);
	pthread_sigmask(SIG_BLOCK, stop, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct kenmen_trust *
trust_load(const char *directory)
{
	struct kenmen_trust *trust = NULL;
	unsigned bad = 0;

	if (kenmen_trust_new(directory, &bad, &trust) < 0)
		log_error("%s: cannot be read", directory);
	if (bad)
		log_warning("%s: %u files are not what their names say",
		    directory, bad);
	return trust;
}

static bool
serve(const struct options *o, struct web *web, struct kenmen_trust *trust)
{
	const struct desk_options desk_options = { .origin = web_origin(web),
		.kenmend = o->kenmend,
		.idle_s = o->idle_s,
		.trust = trust };
	const struct timespec second = { .tv_sec = 1 };
	struct desk *desk = desk_new(&desk_options);
	sigset_t stop;
	bool good;

	signals_block(&stop);
	good = desk && web_start(web, desk);
	if (good) {
		printf("ready %s\n", web_origin(web));
		fflush(stdout);
		while (sigtimedwait(&stop, NULL, &second) < 0)
			web_tick(web);
	}
	web_free(&web); /* before the desk: it may be asked until then */
	desk_free(&desk);
	return good;
}

static bool
run(const struct options *o)
{
	static struct files files;
	struct tls tls = { 0 };
	struct web_options web_options = { .host = o->name,
		.port = (in_port_t)o->port,
		.kenmend = o->kenmend,
		.tls = &tls,
		.files = &files };
	struct kenmen_trust *trust = NULL;
	struct web *web = NULL;
	bool good = files_load(o->site, &files) &&
		    (trust = trust_load(o->trust)) &&
		    web_new(&web_options, &web) &&
		    tls_make(o->state, o->name, time(NULL), &tls);

	if (good)
		good = serve(o, web, trust);
	else
		web_free(&web);
	kenmen_trust_free(&trust);
	tls_finish(&tls);
	files_finish(&files);
	return good;
}

int
main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	struct options options = { .name = "localhost",
		.kenmend = "https://127.0.0.1:25366",
		.port = 8443,
		.idle_s = 3600 };
	int status;

	setrlimit(RLIMIT_CORE, &no_core);
	/* What libraries free was a cookie or a name a moment ago. */
	mallopt(M_PERTURB, 0xff);
	log_start("drone-server");
	if (options_read(argc, argv, &options, &status) != 0)
		return status;
	return run(&options) ? 0 : 1;
}
