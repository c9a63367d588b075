/*
 * What there is to do on the card for the kinds of a request, PIN by PIN, and
 * what comes of it. Facts in a table: a new kind is a new line.
 */
#ifndef STEPS_H
#define STEPS_H

#include "errand.h"

/* All that a read has come to; wiped and freed by results_finish. */
struct results {
	struct kenmen_card_info info;
	struct kenmen_text text;
	struct kenmen_face face;
	struct wire_certificate certificate; /* kind certificate */
	struct wire_certificate sign;        /* kind sign */
	struct kenmen_blob certificate_der;
	struct kenmen_blob auth_der; /* the login certificate */
	struct kenmen_blob sign_der;
	struct kenmen_blob signatures;
	struct kenmen_blob login_jws;
};

void results_finish(struct results *results);
/* All that was asked for, then WIRE_DONE. 0 or a negative errno. */
int results_report(const struct results *results, int wire, uint32_t kinds);

/* What a step works with. */
struct desk {
	const struct errand_env *env;
	const struct wire_request *request;
	struct kenmen_card *card;
	struct kenmen_trust *trust;
	struct kenmen_challenge challenge;
	struct kenmen_issuers issuers; /* the request's, and what is learnt */
	/* What it is, looked at where it does not behave as a card would. */
	enum kenmen_token token;
	struct results results;
};

/* One PIN, what it opens, and the reading behind it. */
struct step {
	enum kenmen_pin pin;
	uint32_t kinds; /* of the request, those that this PIN is asked for */
	/* In the transaction, after VERIFY. 0 or KENMEN_ERR_*. */
	int (*read)(struct desk *desk);
};

#define STEPS_MAX 4

/* The steps of a request in their order: auth, attributes, sign, face;
 * returns how many. */
unsigned steps_of(const struct wire_request *request, struct step *ret);

/* The step that reads a login certificate which wants its PIN. */
struct step step_auth_certificate(void);

/*
 * What can be read without a PIN, before a person is asked: certificates that
 * are public, and whether there is one that is not. In a transaction;
 * results.info is filled where the request asks for it. NOT_FOUND: no
 * certificate.
 */
int read_before(struct desk *desk);

/* What is left to be said once everything was read; no card is needed. */
int results_complete(struct desk *desk);

/* Does the request hand over the login certificate, which wants a yes? */
bool wants_consent(const struct wire_request *request);

#endif
