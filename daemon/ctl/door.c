#include "door.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tls-priorities.h"

#define ANSWER_MAX 4096
#define RECEIVE_TRIES 4

/* kenmend's two addresses; the names are what its certificate has. */
enum { ADDRESS_V4, ADDRESS_V6, ADDRESSES };
static const char *const hosts[ADDRESSES] = { "127.0.0.1", "::1" };

static int
address_connect(const struct sockaddr *address, socklen_t len)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, address, len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
port_connect(unsigned port, const char **ret_host)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = address_connect((const struct sockaddr *)&v4, sizeof(v4));

	*ret_host = hosts[ADDRESS_V4];
	if (fd >= 0)
		return fd;
	*ret_host = hosts[ADDRESS_V6];
	return address_connect((const struct sockaddr *)&v6, sizeof(v6));
}

/* What kenmend says to a program, allowed or not: it names itself only to
 * those that are; the refusal is its own all the same. */
static enum door_state
answer_judge(const char *answer)
{
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0)
		return DOOR_STRANGE;
	if (strstr(answer, "\"service\":\"kenmend\""))
		return strstr(answer, "\"prompt\":\"unavailable\"")
			   ? DOOR_KENMEND_NO_PROMPT
			   : DOOR_KENMEND;
	return strstr(answer, "urn:kenmen:error:") ? DOOR_KENMEND
						   : DOOR_STRANGE;
}

static enum door_state
health_ask(gnutls_session_t tls, unsigned port)
{
	char text[ANSWER_MAX + 1];
	unsigned tries = RECEIVE_TRIES;
	size_t len = 0;
	ssize_t n;
	int r = snprintf(text, sizeof(text),
	    "GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
	    "Connection: close\r\n\r\n",
	    port);

	if (gnutls_record_send(tls, text, (size_t)r) != r)
		return DOOR_STRANGE;
	while (len < ANSWER_MAX && tries) {
		n = gnutls_record_recv(tls, text + len, ANSWER_MAX - len);
		if (n > 0)
			len += (size_t)n;
		/* Session tickets come in between, and say "again". */
		else if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			tries--;
		else
			break;
	}
	text[len] = '\0';
	return answer_judge(text);
}

static enum door_state
tls_ask(gnutls_session_t tls, int fd, unsigned port, const char *host)
{
	int r;

	gnutls_transport_set_int(tls, fd);
	gnutls_handshake_set_timeout(tls, ANSWER_SECONDS * 1000);
	gnutls_session_set_verify_cert(tls, host, 0);
	do
		r = gnutls_handshake(tls);
	while (
	    r == GNUTLS_E_INTERRUPTED || r == GNUTLS_E_WARNING_ALERT_RECEIVED);
	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR ||
	    r == GNUTLS_E_CERTIFICATE_ERROR)
		return DOOR_UNTRUSTED;
	if (r < 0)
		return DOOR_NOT_TLS;
	return health_ask(tls, port);
}

/* The certificate that was presented, whether trusted or not; NULL: none. */
static char *
leaf_text(gnutls_session_t tls)
{
	gnutls_datum_t pem = { NULL, 0 };
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(tls, &n);
	char *text = NULL;

	if (!der || !n ||
	    gnutls_pem_base64_encode2("CERTIFICATE", der, &pem) < 0)
		return NULL;
	text = strndup((char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return text;
}

enum door_state
door_ask(unsigned port, const char *ca_file, char **ret_leaf)
{
	gnutls_certificate_credentials_t trust = NULL;
	gnutls_session_t tls = NULL;
	enum door_state state = DOOR_CLOSED;
	const char *host;
	int fd = port_connect(port, &host);

	if (ret_leaf)
		*ret_leaf = NULL;
	if (fd < 0)
		return DOOR_CLOSED;
	state = DOOR_NOT_TLS;
	if (gnutls_certificate_allocate_credentials(&trust) >= 0 &&
	    gnutls_certificate_set_x509_trust_file(
		trust, ca_file, GNUTLS_X509_FMT_PEM) >= 0 &&
	    gnutls_init(&tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) >= 0 &&
	    gnutls_priority_set_direct(tls, TLS_PRIORITIES, NULL) >= 0 &&
	    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, trust) >= 0)
		state = tls_ask(tls, fd, port, host);
	if (tls && ret_leaf)
		*ret_leaf = leaf_text(tls);
	if (tls)
		gnutls_deinit(tls);
	if (trust)
		gnutls_certificate_free_credentials(trust);
	close(fd);
	return state;
}
