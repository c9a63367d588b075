/*
 * The site's certificate, made anew at each start by a CA of its own whose key
 * is destroyed at once.
 */
#ifndef DRONE_TLS_H
#define DRONE_TLS_H

#include <stdbool.h>
#include <time.h>

struct tls {
	char *certificate; /* PEM */
	char *key;         /* PEM; wiped by tls_finish */
};

#define TLS_CA_FILE "site-ca.pem"

/*
 * For host and the loopback addresses, a year from now on. The CA's
 * certificate becomes TLS_CA_FILE in directory, which is made if it is
 * missing; the leaf and its key never touch a disk. False: said on stderr.
 */
bool tls_make(
    const char *directory, const char *host, time_t now, struct tls *ret);
void tls_finish(struct tls *tls);

#endif
