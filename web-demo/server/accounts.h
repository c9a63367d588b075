/*
 * Who has an account here, by the key of the certificate that logs in, and
 * what is registered for them. In memory: all of it is gone with the process.
 *
 * A renewed certificate has another key and another serial, so it finds no
 * account. A real system asks J-LIS which certificate it follows; nobody else
 * can know. This one says so and lets the card be linked anew.
 */
#ifndef DRONE_ACCOUNTS_H
#define DRONE_ACCOUNTS_H

#include "kenmen.h"
#include "sheet.h"

#define ACCOUNTS_MAX 256
#define REGISTRATIONS_MAX 16 /* of one account */
#define ACCOUNT_ID_LEN 8
/* "JU" and twelve characters, as real ones have; these begin with JUDEMO,
 * which no real one does. */
#define SYMBOL_LEN 14
#define SHOWN_MAX 320 /* bytes: 80 characters */

struct registration {
	char symbol[SYMBOL_LEN + 1];
	char maker[SHOWN_MAX + 1], model[SHOWN_MAX + 1], serial[SHOWN_MAX + 1];
	int64_t registered_s;
};

/* As a signature's certificate said it, once one was accepted. */
struct holder {
	bool known;
	char name[KENMEN_NAME_MAX + 1];
	char birth_date[33];
};

struct account {
	char id[ACCOUNT_ID_LEN + 1];
	char name[VALUE_MAX + 1]; /* for a greeting: nobody checked it, unless
				   * the holder is known */
	char email[VALUE_MAX + 1];
	int64_t linked_s;
	uint8_t key_sha256[KENMEN_KEY_SHA256_LEN];
	char issuer[KENMEN_DN_MAX + 1], serial[KENMEN_SERIAL_MAX + 1];
	struct holder holder;
	unsigned registrations_n;
	struct registration registrations[REGISTRATIONS_MAX];
};

struct accounts;

/* NULL: no memory. */
struct accounts *accounts_new(void);
void accounts_free(struct accounts **accounts);

/* The account whose login certificate has this key, issuer and serial, or
 * NULL. */
struct account *account_find(
    struct accounts *accounts, const struct kenmen_certificate_facts *facts);
/* NULL: there is no more room, or no random bytes. */
struct account *account_open(struct accounts *accounts,
    const struct kenmen_certificate_facts *facts, int64_t now_s);

/* Is this signer the account's holder? Anybody is, before the first. */
bool account_holds(
    const struct account *account, const struct kenmen_subject *subject);
/* From now on this signer is. */
void account_hold(
    struct account *account, const struct kenmen_subject *subject);

/* NULL: REGISTRATIONS_MAX are there, or no random bytes. */
const struct registration *account_register(
    struct account *account, const struct sheet *sheet, int64_t now_s);
/* By its symbol, or NULL. */
const struct registration *account_registration(
    const struct account *account, const char *symbol);

#endif
