/*
 * kenmend from outside, as a program of this computer sees it.
 */
#ifndef DOOR_H
#define DOOR_H

/* How long an answer may take. */
#define ANSWER_SECONDS 3

/* What the daemon is, by its port. */
enum door_state {
	DOOR_KENMEND,
	DOOR_KENMEND_NO_PROMPT,
	DOOR_CLOSED,
	DOOR_NOT_TLS,
	DOOR_UNTRUSTED, /* a certificate that ca.pem does not vouch for */
	DOOR_STRANGE    /* trusted, and no kenmend */
};
/* ret_leaf, which may be NULL: the certificate that it presents, in PEM (free
 * it), or NULL. */
enum door_state door_ask(unsigned port, const char *ca_file, char **ret_leaf);

#endif
