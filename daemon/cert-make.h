/*
 * Makes a CA that may vouch for one host name and the loopback addresses
 * only, lets it sign one leaf for them, and destroys its key.
 */
#ifndef CERT_MAKE_H
#define CERT_MAKE_H

#include <time.h>

#include <gnutls/gnutls.h>

struct cert_wish {
	const char *ca_name; /* its CN; a random part is put behind it */
	const char *host;    /* a DNS name; 127.0.0.1 and ::1 are added */
	unsigned years;      /* both certificates last */
	time_t now;          /* CLOCK_REALTIME */
};

/*
 * PEM of the CA, the leaf and the leaf's key, each ended by a NUL beyond size
 * and freed with gnutls_free. 0 or a negative GNUTLS_E_*.
 */
int cert_make(const struct cert_wish *wish, gnutls_datum_t *ret_ca,
    gnutls_datum_t *ret_leaf, gnutls_datum_t *ret_key);

#endif
