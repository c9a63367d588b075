/*
 * HTTPS to the street: TLS, limits, deadlines, framing, whose page it is that
 * asks, headers. The only file of this server that knows the HTTP library.
 *
 * Two threads, one for 127.0.0.1 and one for ::1, take turns: only one request
 * is at the desk at a time.
 */
#ifndef DRONE_WEB_H
#define DRONE_WEB_H

#include <netinet/in.h>

#include "desk.h"
#include "files.h"
#include "tls.h"

#define WEB_CONNECTIONS_MAX 256

struct web_options {
	const char *host; /* of the origin */
	in_port_t port;   /* 0: any */
	const char *kenmend;
	const struct tls *tls;
	const struct files *files;
};

struct web;

/*
 * Listens, so that web_origin is known: https://HOST:PORT, as browsers write
 * it. False: said on stderr. What options point at must outlive it.
 */
bool web_new(const struct web_options *options, struct web **ret);
const char *web_origin(const struct web *web);
/* Serves from now on. */
bool web_start(struct web *web, struct desk *desk);
/* Once a second: connections and visits whose time is over end. */
void web_tick(struct web *web);
/* Answers what is asked, closes everything; accepts a pointer to NULL. */
void web_free(struct web **web);

#endif
