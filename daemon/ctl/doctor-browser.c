/*
 * kenmenctl doctor: do this user's browsers trust kenmend's certificate?
 */
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "doctor.h"
#include "policy.h"

/* Of one browser, whose places may be several. */
struct count {
	const char *browser;
	size_t n, trusting;
};

static void
count_put(
    struct count *counts, size_t *counts_n, const char *browser, bool trusts)
{
	size_t i = 0;

	while (i < *counts_n && strcmp(counts[i].browser, browser) != 0)
		i++;
	if (i == *counts_n)
		counts[(*counts_n)++] = (struct count){ .browser = browser };
	counts[i].n++;
	counts[i].trusting += trusts;
}

/* What a profile is called stays here. */
static void
count_report(struct doctor *doctor, const struct count *count)
{
	char about[ABOUT_MAX + 1];

	snprintf(about, sizeof(about), "%s: %zu/%zu", count->browser,
	    count->trusting, count->n);
	doctor_found(doctor,
	    count->trusting == count->n ? BROWSERS_OK : BROWSERS_UNTRUSTED,
	    about);
}

static bool
store_trusts(const struct browser_store *store, const struct nss_ca *about)
{
	struct policy_wanted wanted = { .root = "", .ca = about->ca };

	return nss_look(store->dir, about) == NSS_TRUSTED ||
	       policy_covers(browser_policy(store->place), &wanted);
}

static void
stores_check(struct doctor *doctor, const struct nss_ca *about)
{
	struct count counts[BROWSER_STORES_MAX];
	struct browser_stores stores;
	size_t n = 0;

	if (!browser_stores(&stores))
		stores.n = 0;
	for (size_t i = 0; i < stores.n; i++)
		/* A browser that was never started is nobody's trouble yet. */
		if (nss_there(stores.store[i].dir))
			count_put(counts, &n,
			    browser_name(stores.store[i].place),
			    store_trusts(&stores.store[i], about));
	for (size_t i = 0; i < n; i++)
		count_report(doctor, &counts[i]);
	if (!n)
		doctor_found(doctor, BROWSERS_NONE, NULL);
}

void
check_browsers(struct doctor *doctor)
{
	char path[CONFIG_PATH_MAX + 16];
	struct cert_ca ca;
	struct nss_ca about;

	snprintf(path, sizeof(path), "%s/ca.pem", doctor->options->state_dir);
	if (cert_ca_load(path, &ca) < 0) {
		doctor_found(doctor, BROWSERS_NO_CA, NULL);
	} else if (!nss_ready()) {
		doctor_found(doctor, BROWSERS_NO_CERTUTIL, NULL);
	} else {
		nss_ca_start(&ca, path, &about);
		stores_check(doctor, &about);
	}
}
