/*
 * kenmenctl trust: the browsers' trust in kenmend's CA. What was found or done
 * is a list of findings; their sentences are in trust-words.c. Unlike
 * doctor's report this one names paths: it is the person's own.
 */
#ifndef TRUST_H
#define TRUST_H

#include "ctl.h"
#include "door.h"
#include "policy.h"

enum trust_finding {
	CA_OK,
	CA_SOON,
	CA_OVER,
	PRESENTED_OK,
	PRESENTED_OTHER,
	PRESENTED_NONE,
	PRESENTED_STRANGE,
	STORE_TRUSTS,
	STORE_BY_POLICY,
	STORE_REFUSES,
	STORE_OLD,
	STORE_UNTRUSTED,
	STORE_UNCLEAR,
	STORE_BROKEN,
	STORE_LOCKED,
	STORE_SAME,
	STORE_ADDED,
	STORE_REPLACED,
	STORE_REMOVED,
	STORE_CLEAN,
	BROWSER_UNUSED,
	BROWSER_UNUSED_BY_POLICY,
	BROWSER_NONE,
	BROWSER_MORE,
	FILE_HOLDS,
	FILE_ABSENT,
	FILE_OTHER,
	FILE_OVERRULED,
	FILE_UNREADABLE,
	FILE_SAME,
	FILE_WRITTEN,
	FILE_REMOVED,
	FILE_REMOVED_FIREFOX,
	FILE_CLEAN,
	FILE_CONFLICT,
	FILE_STRANGE,
	FILE_DENIED,
	FILE_FAILED,
	RENEWED,
	RESTART_KENMEND,
	TRUST_FINDING_N
};

struct trust_words {
	const char *state; /* in JSON */
	enum ctl_status status;
	const char *detail[LANG_N];
	const char *remedy[LANG_N]; /* NULL: nothing to be done */
};
extern const struct trust_words trust_words[TRUST_FINDING_N];

#define TRUST_FOUND_MAX 128
#define TRUST_ABOUT_MAX 2048

struct trust_found {
	enum trust_finding finding;
	const char *browser; /* or what else this is about */
	char place[NSS_PATH_MAX + 1];
	char about[TRUST_ABOUT_MAX + 1]; /* a command, a number; or "" */
	bool restart; /* it runs, and has not seen the change */
};

struct trust {
	const struct ctl_options *options;
	const char *command;
	char ca_file[NSS_PATH_MAX + 1];
	int ca_fault; /* 0: ca is good; or why it could not be read */
	struct cert_ca ca;
	struct nss_ca about;
	unsigned found_n;
	struct trust_found found[TRUST_FOUND_MAX];
};

/* What stands in ca_file now: ca and about, or ca_fault (-EPERM: it could vouch
 * for other sites than this computer). */
void trust_ca_load(struct trust *trust);

/* browser and place are copied or constant; the finding's entry, to add to. */
struct trust_found *trust_found(struct trust *trust, enum trust_finding finding,
    const char *browser, const char *place);
/* The list on stdout, and the exit status that it means. */
int trust_report(const struct trust *trust);

/* What policy.h's functions want to know. */
struct policy_wanted trust_wanted(const struct trust *trust, bool origins);
/* Each adds a finding: for this store; for every file. */
void trust_store_install(
    struct trust *trust, const struct browser_store *store);
void trust_files_install(struct trust *trust, bool origins);

/* A new CA in state_dir; an exit status. */
int trust_renew(struct trust *trust);

#endif
