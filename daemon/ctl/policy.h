/*
 * Trust for every user of a computer, by the browsers' policies: files below
 * /etc, and a record of what they were before.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>

#include "browser.h"
#include "config.h"

struct policy_wanted {
	const char *root;         /* put before every path; "": nothing */
	const struct cert_ca *ca; /* remove: may be NULL */
	/* Whose pages may call this computer without the browser's question;
	 * NULL: nobody's. */
	const struct config *origins;
};

enum policy_did {
	POLICY_NOTHING, /* it was so already */
	POLICY_WRITTEN,
	POLICY_REMOVED,
	POLICY_CONFLICT, /* another file decides the same */
	POLICY_STRANGE,  /* what stands there cannot be added to */
	POLICY_DENIED,   /* no right to write there */
	POLICY_FAILED
};

enum policy_state {
	POLICY_ABSENT,
	POLICY_OTHER, /* for another CA of kenmend's */
	POLICY_HOLDS,
	POLICY_OVERRULED, /* another file decides the same */
	POLICY_UNREADABLE
};

/* A file that is written, in the order in which that is done. */
struct policy_file;
extern const size_t policy_files_n;
const struct policy_file *policy_file(size_t i);
const char *policy_browser(const struct policy_file *file);
enum browser_policy policy_kind(const struct policy_file *file);
const char *policy_path(const struct policy_file *file);

/* An earlier install's values are taken out first: what is wanted now is all
 * that is there afterwards. */
enum policy_did policy_install(
    const struct policy_file *file, const struct policy_wanted *wanted);
/* To what it was before, byte for byte unless somebody changed it since. */
enum policy_did policy_remove(
    const struct policy_file *file, const struct policy_wanted *wanted);
enum policy_state policy_look(
    const struct policy_file *file, const struct policy_wanted *wanted);
/* All files of that kind hold: they are written together. */
bool policy_covers(
    enum browser_policy kind, const struct policy_wanted *wanted);
/* How many of the origins wanted may call. */
unsigned policy_origins(
    const struct policy_file *file, const struct policy_wanted *wanted);
/* Something was installed, and with origins? */
bool policy_recorded(const char *root, bool *ret_origins);

#endif
