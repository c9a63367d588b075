#include "accounts.h"

#include <stdlib.h>
#include <string.h>

#include "token.h"
#include "wipe.h"

struct accounts {
	unsigned n;
	struct account *all[ACCOUNTS_MAX];
};

struct accounts *
accounts_new(void)
{
	return calloc(1, sizeof(struct accounts));
}

void
accounts_free(struct accounts **accounts)
{
	struct accounts *a = *accounts;

	for (unsigned i = 0; a && i < a->n; i++)
		wipe_free(a->all[i], sizeof(*a->all[i]));
	free(a);
	*accounts = NULL;
}

struct account *
account_find(
    struct accounts *accounts, const struct kenmen_certificate_facts *facts)
{
	for (unsigned i = 0; i < accounts->n; i++) {
		struct account *a = accounts->all[i];

		if (memcmp(a->key_sha256, facts->key_sha256,
			sizeof(a->key_sha256)) == 0 &&
		    strcmp(a->issuer, facts->issuer) == 0 &&
		    strcmp(a->serial, facts->serial) == 0)
			return a;
	}
	return NULL;
}

struct account *
account_open(struct accounts *accounts,
    const struct kenmen_certificate_facts *facts, int64_t now_s)
{
	struct account *a;

	if (accounts->n == ACCOUNTS_MAX || !(a = calloc(1, sizeof(*a))))
		return NULL;
	if (!token_symbol(a->id, ACCOUNT_ID_LEN)) {
		free(a);
		return NULL;
	}
	memcpy(a->key_sha256, facts->key_sha256, sizeof(a->key_sha256));
	strcpy(a->issuer, facts->issuer);
	strcpy(a->serial, facts->serial);
	a->linked_s = now_s;
	accounts->all[accounts->n++] = a;
	return a;
}

/* ---- the holder ------------------------------------------------------- */

/* An address changes and sex may; name and birth date do not, or the person
 * goes to an office. */
bool
account_holds(
    const struct account *account, const struct kenmen_subject *subject)
{
	const struct holder *holder = &account->holder;

	return !holder->known ||
	       (strcmp(holder->name, subject->name) == 0 &&
		   strcmp(holder->birth_date, subject->birth_date_raw) == 0);
}

void
account_hold(struct account *account, const struct kenmen_subject *subject)
{
	struct holder *holder = &account->holder;

	holder->known = true;
	strcpy(holder->name, subject->name);
	strcpy(holder->birth_date, subject->birth_date_raw);
}

/* ---- registrations ---------------------------------------------------- */

/* A field without faults fits. */
static void
shown_copy(const char *value, char ret[SHOWN_MAX + 1])
{
	size_t len = strlen(value);

	len = len <= SHOWN_MAX ? len : 0;
	memcpy(ret, value, len);
	ret[len] = '\0';
}

const struct registration *
account_register(
    struct account *account, const struct sheet *sheet, int64_t now_s)
{
	struct registration r = { .symbol = "JUDEMO", .registered_s = now_s };

	if (account->registrations_n == REGISTRATIONS_MAX ||
	    !token_symbol(r.symbol + 6, SYMBOL_LEN - 6))
		return NULL;
	shown_copy(sheet->value[FIELD_MAKER], r.maker);
	shown_copy(sheet->value[FIELD_MODEL], r.model);
	shown_copy(sheet->value[FIELD_SERIAL], r.serial);
	account->registrations[account->registrations_n] = r;
	return &account->registrations[account->registrations_n++];
}

const struct registration *
account_registration(const struct account *account, const char *symbol)
{
	for (unsigned i = 0; i < account->registrations_n; i++)
		if (strcmp(account->registrations[i].symbol, symbol) == 0)
			return &account->registrations[i];
	return NULL;
}
