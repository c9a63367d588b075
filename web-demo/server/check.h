/*
 * What a page handed over, held against libkenmen's verifier and the CAs that
 * this server trusts. Nothing is believed because a page says so.
 */
#ifndef DRONE_CHECK_H
#define DRONE_CHECK_H

#include "accounts.h"
#include "compare.h"
#include "document.h"

/* How old a login may be, and how far ahead its computer's clock. */
#define CHECK_MAX_AGE_S 300

struct check {
	const char *name;
	int ok; /* 1, 0, -1: not checked */
	const char *detail, *detail_ja;
};

#define VERDICT_CHECKS_MAX 8

struct verdict {
	bool
	    good; /* no check failed, none of those that must hold is missing */
	unsigned n;
	struct check checks[VERDICT_CHECKS_MAX];
};

struct checker {
	struct kenmen_trust *trust;
	const char *origin;
};

/*
 * A login's JWS against the challenge of this visit. True: its signature is
 * that of *ret_facts' key, and a trusted CA says so for logins.
 */
bool check_login(const struct checker *checker, const char *jws,
    const uint8_t challenge[TOKEN_LEN], struct moment now,
    struct kenmen_certificate_facts *ret_facts, struct verdict *ret);

struct signed_document {
	const struct document *document;
	const struct sheet *sheet;     /* what it was written from */
	const struct account *account; /* whose it is */
	struct kenmen_blob signature, certificate;
};

/*
 * The signature over the document that this server keeps, its certificate,
 * and whether that names the person of the sheet and the account's holder.
 * matches borrow from the sheet and from *ret_subject; where the signature
 * itself is wrong there are none, and *ret_matches_n is 0.
 */
bool check_signature(const struct checker *checker,
    const struct signed_document *signed_document, struct moment now,
    struct kenmen_subject *ret_subject, struct match ret_matches[MATCHES_N],
    unsigned *ret_matches_n, struct verdict *ret);

#endif
