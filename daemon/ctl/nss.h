/*
 * One NSS database (cert9.db, key4.db, pkcs11.txt in a directory): which
 * certificates may vouch for TLS servers there. Spoken to by certutil and
 * vfychain of libnss3-tools: docs/architecture.md says why.
 */
#ifndef NSS_H
#define NSS_H

#include "cert-ca.h"

#define NSS_PATH_MAX 4095
/* Made from the path of ca.pem: one for each kenmend of this computer. */
#define NSS_NICKNAME_MAX 800

enum nss_state {
	NSS_NONE,      /* no such database */
	NSS_BROKEN,    /* it cannot be read */
	NSS_UNTRUSTED, /* nothing of kenmend's vouches there */
	NSS_OLD,       /* another CA of kenmend's does */
	/* The CA is there, and is not seen to vouch: a browser that brings its
	 * own, newer NSS writes trust in a form that certutil may not know. */
	NSS_UNCLEAR,
	NSS_TRUSTED
};

enum nss_did {
	NSS_NOTHING, /* it was so already */
	NSS_ADDED,
	NSS_REPLACED, /* an older CA of the same kenmend is gone */
	NSS_REMOVED,
	NSS_LOCKED, /* behind a primary password: nothing was changed */
	NSS_FAILED
};

/* What this is about: the CA, and what it is called in databases. */
struct nss_ca {
	const struct cert_ca *ca; /* NULL: none is there (any more) */
	char nickname[NSS_NICKNAME_MAX + 1];
};
void nss_ca_start(
    const struct cert_ca *ca, const char *file, struct nss_ca *ret);

/* certutil and vfychain are installed. */
bool nss_ready(void);
bool nss_there(const char *dir);
enum nss_state nss_look(const char *dir, const struct nss_ca *about);
/* Has NSS itself judge a server's certificate (PEM) with that database. */
bool nss_accepts(const char *dir, const char *leaf_pem);
/* A database is made where none is, with its directory; nss_remove takes
 * away what was made here when nothing else came into it. */
enum nss_did nss_install(const char *dir, const struct nss_ca *about);
/* The CA, and what is under its nickname; all: any other of kenmend's too. */
enum nss_did nss_remove(const char *dir, const struct nss_ca *about, bool all);

#endif
