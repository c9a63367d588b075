/*
 * Finds the card that a request is about among the readers that are there,
 * and waits for reader and card as long as the request allows.
 */
#ifndef SEEK_H
#define SEEK_H

#include "errand.h"

/* The card that was found, connected, in no transaction. */
struct found {
	struct kenmen_card *card;
	char reader[KENMEN_READER_NAME_MAX + 1];
	/* Of the PINs that the request needs; -1: the card has no such PIN. */
	int tries[KENMEN_PIN_N];
	struct kenmen_card_info info; /* where the request asks for it */
	/* What a card says that it is which is no My Number card: the probe's
	 * to fill before it says so, and all of *ret that seek_card fills with
	 * CODE_NOT_MY_NUMBER_CARD. */
	enum kenmen_token token;
	/* It is the right card, but what was asked for is not on it, or is not
	 * what it should be; else CODE_NONE. */
	enum read_code trouble;
};

/*
 * Looks at a card in an open transaction: everything that must be known
 * before a person is asked. 0 and *found, or KENMEN_ERR_*; most of them mean
 * that this is not the card to read.
 */
struct seek_probe {
	int (*probe)(void *arg, struct kenmen_card *card, struct found *found);
	void *arg;
	/* The probe sets it once there can be no new connection to pcscd: one
	 * that dies from then on is not waited for. */
	const bool *confined;
};

/*
 * KENMEN_ERR_PCSC_UNAVAILABLE never leaves here as long as pcscd comes back
 * within 10 s; *pcsc is a new one then. Returns CODE_NONE and fills *ret (its
 * card is the caller's, to be freed before *pcsc), or why there is no card.
 */
enum read_code seek_card(const struct errand_env *env,
    const struct wire_request *request, const struct seek_probe *probe,
    struct kenmen_pcsc **pcsc, struct found *ret);

/* False: [reader] ignore names this reader, or the request another one. */
bool seek_accepts(const struct wire_request *request, const char *reader);

#endif
