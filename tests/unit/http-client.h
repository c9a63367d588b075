/*
 * For test-http.c: a raw TLS client that shares the thread and the loop with
 * the server it talks to, so that nothing in a test is a matter of luck.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_IN_MAX (512 * 1024)

struct client {
	int fd;
	gnutls_session_t tls;
	char *in;
	size_t in_len;
	bool over; /* the server has closed, in whatever way */
};

struct answer {
	int status; /* 0: closed without one */
	char head[8192];
	char body[70000];
	size_t body_len;
};

static sd_event *loop;
static gnutls_certificate_credentials_t client_credentials;

static uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* One turn of the server, waiting at most 2 ms for something to do. */
static void
turn(void)
{
	assert_true(sd_event_run(loop, 2000) >= 0);
}

static void
turn_for(unsigned ms)
{
	uint64_t end = clock_us() + ms * 1000u;

	while (clock_us() < end)
		turn();
}

static void
client_connect(struct client *client, int family, unsigned port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((in_port_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };

	int on = 1;

	memset(client, 0, sizeof(*client));
	client->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	assert_int_equal(family == AF_INET
			     ? connect(client->fd, (void *)&v4, sizeof(v4))
			     : connect(client->fd, (void *)&v6, sizeof(v6)),
	    0);
}

static int
client_handshake(
    struct client *client, const char *priorities, const gnutls_datum_t *resume)
{
	int r;

	gnutls_init(&client->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	assert_int_equal(
	    gnutls_priority_set_direct(client->tls, priorities, NULL), 0);
	gnutls_credentials_set(
	    client->tls, GNUTLS_CRD_CERTIFICATE, client_credentials);
	if (resume)
		gnutls_session_set_data(
		    client->tls, resume->data, resume->size);
	gnutls_transport_set_int(client->tls, client->fd);
	for (int i = 0; i < 1000; i++) {
		r = gnutls_handshake(client->tls);
		if (r != GNUTLS_E_AGAIN && r != GNUTLS_E_INTERRUPTED)
			return r;
		turn();
	}
	return GNUTLS_E_TIMEDOUT;
}

static void
client_open(struct client *client, unsigned port)
{
	client_connect(client, AF_INET, port);
	fcntl(client->fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(client_handshake(client, "NORMAL", NULL), 0);
	client->in = malloc(CLIENT_IN_MAX + 1);
	assert_non_null(client->in);
}

/* False: the server did not want all of it. */
static bool
client_send(struct client *client, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = gnutls_record_send(client->tls, bytes, len);

		if (n == GNUTLS_E_AGAIN) {
			turn();
			continue;
		}
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void
client_receive(struct client *client)
{
	int again = 0;

	while (!client->over && client->in_len < CLIENT_IN_MAX) {
		ssize_t n =
		    gnutls_record_recv(client->tls, client->in + client->in_len,
			CLIENT_IN_MAX - client->in_len);

		/* Each session ticket reads as "again" too. */
		if (n == GNUTLS_E_AGAIN && ++again < 5)
			continue;
		if (n == GNUTLS_E_AGAIN)
			break;
		if (n <= 0)
			client->over = true;
		else
			client->in_len += (size_t)n;
	}
	client->in[client->in_len] = '\0';
}

static void
client_close(struct client *client)
{
	if (client->tls)
		gnutls_deinit(client->tls);
	close(client->fd);
	free(client->in);
	memset(client, 0, sizeof(*client));
	turn();
	turn();
}

/* The connection was closed by the server within that time. */
static bool
client_is_cut(struct client *client, unsigned ms)
{
	uint64_t end = clock_us() + ms * 1000u;
	char c;

	while (clock_us() < end) {
		turn();
		if (recv(client->fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			return true;
		if (client->in) {
			client_receive(client);
			if (client->over)
				return true;
		}
	}
	return false;
}

/* A header's value, or NULL; only the first of that name. */
static const char *
answer_header(const struct answer *answer, const char *name)
{
	static char value[512];
	const char *at = answer->head;

	while ((at = strstr(at, "\r\n"))) {
		at += 2;
		if (strncasecmp(at, name, strlen(name)) == 0 &&
		    at[strlen(name)] == ':') {
			at += strlen(name) + 1;
			at += strspn(at, " ");
			snprintf(value, sizeof(value), "%.*s",
			    (int)strcspn(at, "\r"), at);
			return value;
		}
	}
	return NULL;
}

/* Takes one whole answer off the input; false: it is not all here. */
static bool
answer_take(struct client *client, struct answer *ret)
{
	char *end = strstr(client->in, "\r\n\r\n");
	const char *length;
	size_t head_len, body_len = 0;

	if (!end)
		return false;
	head_len = (size_t)(end - client->in) + 4;
	assert_true(head_len < sizeof(ret->head));
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->head, client->in, head_len);
	assert_int_equal(sscanf(ret->head, "HTTP/1.1 %d ", &ret->status), 1);
	if ((length = answer_header(ret, "Content-Length")))
		body_len = strtoul(length, NULL, 10);
	assert_true(body_len < sizeof(ret->body));
	if (client->in_len < head_len + body_len)
		return false;
	memcpy(ret->body, client->in + head_len, body_len);
	ret->body_len = body_len;
	client->in_len -= head_len + body_len;
	memmove(
	    client->in, client->in + head_len + body_len, client->in_len + 1);
	return true;
}

static void
client_answer(struct client *client, struct answer *ret)
{
	for (int i = 0; i < 2000; i++) {
		turn();
		client_receive(client);
		if (answer_take(client, ret))
			return;
		if (client->over)
			break;
	}
	memset(ret, 0, sizeof(*ret));
}

/* A key and a certificate for nobody in particular. */
static void
certificate_make(char key_pem[4096], char certificate_pem[4096])
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	size_t key_len = 4095, crt_len = 4095;
	time_t now = time(NULL);

	gnutls_x509_privkey_init(&key);
	assert_int_equal(
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_activation_time(crt, now - 60);
	gnutls_x509_crt_set_expiration_time(crt, now + 3600);
	gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
	gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(
	    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export(
			     key, GNUTLS_X509_FMT_PEM, key_pem, &key_len),
	    0);
	assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM,
			     certificate_pem, &crt_len),
	    0);
	key_pem[key_len] = certificate_pem[crt_len] = '\0';
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
}

#endif
