/*
 * The street: HTTPS on loopback, one thread, inside the caller's event loop.
 * Refuses whatever rules.h and peer.h tell it to, collects bodies, and hands
 * the rest to api.h. The only file that knows the HTTP library.
 */
#ifndef HTTP_H
#define HTTP_H

#include <systemd/sd-event.h>

#include "api.h"
#include "cert.h"

/* More than this of a body is not even read to be polite. */
#define HTTP_DRAIN_MAX (1024 * 1024)
/* What a stream may be behind before it is ended. */
#define HTTP_STREAM_MAX (256 * 1024)

struct http_options {
	const struct config *config;
	const struct cert *cert;
	struct api *api;
	/* CLOCK_BOOTTIME in microseconds. */
	uint64_t (*now)(void *arg);
	void *now_arg;
	/* 0 stands for the value on the right. */
	unsigned request_ms; /* 10,000: connected to first request complete */
	unsigned idle_ms;    /* 30,000: a reply to the next request complete */
	unsigned per_user_n; /* 256 connections, see crowd.h */
	unsigned total_n;    /* 1024 connections */
};

struct http;

/* config, cert and api must outlive it. Wakes the loop only for connections:
 * without any, never. Returns 0 or a negative errno. */
int http_new(
    sd_event *loop, const struct http_options *options, struct http **ret);
/*
 * Serves a listening, non-blocking TCP socket; its own port is what Host must
 * name. The descriptor is taken over, also on failure.
 */
int http_listen(struct http *http, int fd);
/* Connections that are open. */
unsigned http_connections_n(const struct http *http);
/*
 * No further connection, and no further request to the API; replies still go
 * out. First this, then api_free, then http_free.
 */
void http_stop(struct http *http);
/* Sends what was replied (half a second at most) and closes everything;
 * accepts a pointer to NULL. */
void http_free(struct http **http);

#endif
