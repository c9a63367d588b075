/*
 * Where the browsers of one user keep the certificates that they trust: one
 * table of places, for trust and for doctor.
 */
#ifndef BROWSER_H
#define BROWSER_H

#include <stdbool.h>
#include <stddef.h>

#include "nss.h"

/* What is written for whole computers: policy.h. */
enum browser_policy { BY_NO_POLICY, BY_CHROMIUM_POLICY, BY_FIREFOX_POLICY };

struct browser_place; /* a line of the table */

struct browser_store {
	const struct browser_place *place;
	char dir[NSS_PATH_MAX + 1];
};

#define BROWSER_STORES_MAX 64

struct browser_stores {
	size_t n;
	struct browser_store store[BROWSER_STORES_MAX];
	/* Browsers that are here, but have nothing to trust in: never started
	 * by this user. */
	size_t unused_n;
	const struct browser_place *unused[BROWSER_STORES_MAX];
	bool cut; /* there are more than that */
};

/*
 * Every database that a browser of this user reads, by HOME, XDG_DATA_HOME
 * and XDG_CONFIG_HOME, there already or to be made. False: HOME is not set.
 */
bool browser_stores(struct browser_stores *ret);
const char *browser_name(const struct browser_place *place);
enum browser_policy browser_policy(const struct browser_place *place);
/* Its NSS is not this system's: see NSS_UNCLEAR. */
bool browser_brings_nss(const struct browser_place *place);
/* It runs now, as this user. */
bool browser_running(const struct browser_place *place);

#endif
