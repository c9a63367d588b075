/*
 * The demo's page server: three files from a directory, read once, on
 * http://localhost:PORT (127.0.0.1 and ::1, nothing else). A real site would
 * be an https server somewhere on the internet.
 *
 *   serve PORT DIRECTORY KENMEND
 *
 * KENMEND (https://127.0.0.1:25366) is where the page finds kenmend: it takes
 * the place of the default in index.html and is all the page may connect to.
 * Says "ready http://localhost:PORT" on stdout; ends on SIGINT or SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_KENMEND "https://127.0.0.1:25366"
#define FILE_MAX (256 * 1024)

struct page_file {
	const char *path;
	const char *name;
	const char *type;
	char *text;
};

struct server {
	struct page_file *files;
	size_t files_n;
	char policy[512];
};

/* clang-format off */
static struct page_file page_files[] = {
	{ "/",         "index.html", "text/html; charset=utf-8",       NULL },
	{ "/page.js",  "page.js",    "text/javascript; charset=utf-8", NULL },
	{ "/page.css", "page.css",   "text/css; charset=utf-8",        NULL },
};
/* clang-format on */
#define PAGE_FILES_N (sizeof(page_files) / sizeof(page_files[0]))

static char *
file_read(const char *directory, const char *name)
{
	char path[4096];
	char *text = NULL;
	size_t len;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >=
	    (int)sizeof(path))
		return NULL;
	if (!(f = fopen(path, "re")))
		return NULL;
	if (!(text = malloc(FILE_MAX)))
		goto out;
	len = fread(text, 1, FILE_MAX - 1, f);
	text[len] = '\0';
	if (ferror(f) || !feof(f)) {
		free(text);
		text = NULL;
	}
out:
	fclose(f);
	return text;
}

/* Puts kenmend's address in the place of the default; frees text. */
static char *
address_set(char *text, const char *kenmend)
{
	char *at = strstr(text, DEFAULT_KENMEND);
	char *ret = NULL;

	if (!at)
		return text;
	*at = '\0';
	if (asprintf(&ret, "%s%s%s", text, kenmend,
		at + strlen(DEFAULT_KENMEND)) < 0)
		ret = NULL;
	free(text);
	return ret;
}

static int
files_load(const char *directory, const char *kenmend)
{
	for (size_t i = 0; i < PAGE_FILES_N; i++) {
		struct page_file *f = &page_files[i];

		if (!(f->text = file_read(directory, f->name)) ||
		    !(f->text = address_set(f->text, kenmend))) {
			fprintf(stderr, "serve: %s/%s: cannot be read\n",
			    directory, f->name);
			return -1;
		}
	}
	return 0;
}

static const struct page_file *
file_find(const struct server *server, const char *path)
{
	for (size_t i = 0; i < server->files_n; i++) {
		if (!strcmp(server->files[i].path, path))
			return &server->files[i];
	}
	return NULL;
}

static enum MHD_Result
reply(struct MHD_Connection *connection, const struct server *server,
    unsigned status, const char *type, const char *text)
{
	struct MHD_Response *r;
	enum MHD_Result ret;

	r = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy", server->policy);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	ret = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *data_len,
    void **state)
{
	const struct server *server = cls;
	const struct page_file *f = file_find(server, url);

	(void)version, (void)data, (void)data_len, (void)state;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return reply(connection, server, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "text/plain", "GET only\n");
	if (!f)
		return reply(connection, server, MHD_HTTP_NOT_FOUND,
		    "text/plain", "not found\n");
	return reply(connection, server, MHD_HTTP_OK, f->type, f->text);
}

static struct MHD_Daemon *
listen_on(const struct sockaddr *address, unsigned flags, uint16_t port,
    struct server *server)
{
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | flags, port, NULL,
	    NULL, handle, server, MHD_OPTION_SOCK_ADDR, address,
	    MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_CONNECTION_TIMEOUT,
	    20u, MHD_OPTION_END);
}

static int
serve(struct server *server, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct MHD_Daemon *d4, *d6;
	sigset_t stop;
	int sig;

	/* Blocked before the threads exist, so that they inherit it. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	if (!(d4 = listen_on((struct sockaddr *)&v4, 0, port, server))) {
		fprintf(
		    stderr, "serve: 127.0.0.1:%u: %s\n", port, strerror(errno));
		return 1;
	}
	/* Browsers try ::1 first for localhost; without IPv6 they go on. */
	d6 = listen_on((struct sockaddr *)&v6, MHD_USE_IPv6, port, server);
	printf("ready http://localhost:%u\n", port);
	fflush(stdout);
	sigwait(&stop, &sig);
	MHD_stop_daemon(d4);
	if (d6)
		MHD_stop_daemon(d6);
	return 0;
}

int
main(int argc, char **argv)
{
	struct server server = { .files = page_files, .files_n = PAGE_FILES_N };
	long port = argc == 4 ? strtol(argv[1], NULL, 10) : 0;

	if (port < 1 || port > 65535) {
		fprintf(stderr, "usage: serve PORT DIRECTORY KENMEND\n");
		return 2;
	}
	if (snprintf(server.policy, sizeof(server.policy),
		"default-src 'none'; script-src 'self'; style-src 'self'; "
		"img-src data:; connect-src %s; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'",
		argv[3]) >= (int)sizeof(server.policy) ||
	    files_load(argv[2], argv[3]) < 0)
		return 1;
	return serve(&server, (uint16_t)port);
}
