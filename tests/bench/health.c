/*
 * Times GET /v1/health over TLS: `health PORT CA.PEM ORIGIN kept|new N`. Prints
 * p50 and p99 in microseconds. kept: one connection for all; new: TCP and a
 * full TLS handshake each time.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

struct connection {
	int fd;
	gnutls_session_t tls;
};

static void
die(const char *what)
{
	fprintf(stderr, "health: %s failed\n", what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
open_connection(
    struct connection *c, int port, gnutls_certificate_credentials_t trust)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	/* As browsers and curl do: the request follows the handshake at once.
	 */
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	gnutls_init(&c->tls, GNUTLS_CLIENT);
	gnutls_set_default_priority(c->tls);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, trust);
	gnutls_session_set_verify_cert(c->tls, "localhost", 0);
	gnutls_transport_set_int(c->tls, c->fd);
	if (gnutls_handshake(c->tls) < 0)
		die("handshake");
}

static void
close_connection(struct connection *c)
{
	gnutls_deinit(c->tls);
	close(c->fd);
}

/* The answer is small: its head and body come in a read or two. */
static void
ask(struct connection *c, int port, const char *origin)
{
	char buf[4096];
	int len = snprintf(buf, sizeof(buf),
	    "GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	    "Origin: %s\r\n\r\n",
	    port, origin);
	size_t got = 0;
	ssize_t n;

	if (gnutls_record_send(c->tls, buf, (size_t)len) < 0)
		die("send");
	do {
		n = gnutls_record_recv(
		    c->tls, buf + got, sizeof(buf) - 1 - got);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			die("receive");
		got += (size_t)n;
		buf[got] = '\0';
	} while (!strstr(buf, "\"prompt\""));
	if (strncmp(buf, "HTTP/1.1 200", 12) != 0)
		die("health");
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	gnutls_certificate_credentials_t trust;
	struct connection c;
	double *us;
	int n = 0, port, kept;

	if (argc != 6 || (n = atoi(argv[5])) < 1)
		die("usage: health PORT CA.PEM ORIGIN kept|new N");
	port = atoi(argv[1]);
	kept = strcmp(argv[4], "kept") == 0;
	us = calloc((size_t)n, sizeof(*us));
	gnutls_certificate_allocate_credentials(&trust);
	if (!us || gnutls_certificate_set_x509_trust_file(
		       trust, argv[2], GNUTLS_X509_FMT_PEM) < 1)
		die("reading CA.PEM");
	if (kept)
		open_connection(&c, port, trust);
	for (int i = 0; i < n; i++) {
		us[i] = now_us();
		if (!kept)
			open_connection(&c, port, trust);
		ask(&c, port, argv[3]);
		us[i] = now_us() - us[i];
		if (!kept)
			close_connection(&c);
	}
	qsort(us, (size_t)n, sizeof(*us), by_size);
	printf("%.0f %.0f\n", us[n / 2], us[n * 99 / 100]);
	return 0;
}
