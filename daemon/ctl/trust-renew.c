/*
 * kenmenctl trust renew: another CA and certificate for kenmend, and the
 * stores and policies that trusted the old one brought along.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cert.h"
#include "trust.h"

/* ---- making ------------------------------------------------------------- */

/*
 * In a process of its own, with the rights of state_dir's owner: the key must
 * be that user's, and what lies there must not lead root astray.
 */
static int
renew_as(const struct ctl_options *options, const struct stat *owner)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		int r = 0;

		if (geteuid() != owner->st_uid &&
		    (setgroups(0, NULL) < 0 ||
			setresgid(owner->st_gid, owner->st_gid, owner->st_gid) <
			    0 ||
			setresuid(owner->st_uid, owner->st_uid, owner->st_uid) <
			    0))
			r = -errno;
		if (r == 0)
			r = cert_renew(
			    options->state_dir, (time_t)options->now);
		fflush(stderr);
		_exit(r < 0 ? -r & 0xff : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int
refuse_other_user(const struct ctl_options *options, const struct stat *owner)
{
	const struct passwd *user = getpwuid(owner->st_uid);

	fprintf(stderr, "kenmenctl: %s (%s): ", options->state_dir,
	    user ? user->pw_name : "?");
	return ctl_fail(options, CTL_ERROR,
	    "kenmendを動かす利用者のものです。その利用者か、"
	    "sudo kenmenctl trust renew で実行してください。",
	    "belongs to the user that kenmend runs as: run this as that user, "
	    "or: sudo kenmenctl trust renew");
}

static int
make(const struct ctl_options *options)
{
	struct stat owner;
	int r;

	if (stat(options->state_dir, &owner) < 0)
		r = -errno;
	else if (geteuid() != 0 && geteuid() != owner.st_uid)
		return refuse_other_user(options, &owner);
	else
		r = renew_as(options, &owner);
	if (r == -ENOENT)
		return ctl_fail(options, CTL_ERROR,
		    "更新する証明書がありません。kenmendが最初の起動で"
		    "作ります（--state-dirも確かめてください）。",
		    "there are no certificates to renew: kenmend makes them "
		    "when it is started for the first time (see --state-dir)");
	if (r < 0)
		return ctl_fail(options, CTL_ERROR,
		    "証明書を作れませんでした。前のものはそのままです。",
		    "no certificates could be made; those there are as they "
		    "were");
	return CTL_OK;
}

/* ---- what trusted the old one ------------------------------------------- */

struct holders {
	struct browser_stores stores;
	bool holds[BROWSER_STORES_MAX];
};

/* Those of this HOME, if it is ours and there are the tools. */
static void
holders_find(const struct trust *trust, struct holders *ret)
{
	const char *home = getenv("HOME");
	struct stat st;

	ret->stores.n = 0;
	if (!nss_ready() || !home || stat(home, &st) < 0 ||
	    st.st_uid != geteuid() || !browser_stores(&ret->stores))
		return;
	for (size_t i = 0; i < ret->stores.n; i++) {
		enum nss_state state =
		    nss_look(ret->stores.store[i].dir, &trust->about);

		ret->holds[i] = state >= NSS_OLD;
	}
}

static void
holders_renew(
    struct trust *trust, struct holders *holders, const struct cert_ca *old)
{
	/* Wherever it stands under another nickname. */
	struct nss_ca former = { .ca = old, .nickname = "" };

	for (size_t i = 0; i < holders->stores.n; i++) {
		const struct browser_store *store = &holders->stores.store[i];

		if (!holders->holds[i])
			continue;
		trust_store_install(trust, store);
		if (old)
			nss_remove(store->dir, &former, false);
	}
}

/* ---- the whole ---------------------------------------------------------- */

int
trust_renew(struct trust *trust)
{
	const struct ctl_options *options = trust->options;
	struct holders *holders;
	struct cert_ca old = trust->ca;
	bool had = trust->ca_fault == 0, origins = false;
	int r;

	if (!(holders = calloc(1, sizeof(*holders))))
		return ctl_fail(
		    options, CTL_ERROR, "メモリーが足りません。", "no memory");
	holders_find(trust, holders);
	if ((r = make(options)) != CTL_OK)
		goto out;
	/* Its owner faces the network, and could have put anything there. */
	trust_ca_load(trust);
	if (trust->ca_fault < 0) {
		r = ctl_fail(options, CTL_ERROR,
		    "新しいca.pemを読めないか、kenmendのものではありません。",
		    "the new ca.pem cannot be read, or is no kenmend's");
		goto out;
	}
	trust_found(trust, RENEWED, "CA", trust->ca_file);
	holders_renew(trust, holders, had ? &old : NULL);
	if (policy_recorded("", &origins))
		trust_files_install(trust, origins);
	trust_found(trust, RESTART_KENMEND, "kenmend", "");
	r = trust_report(trust);
out:
	free(holders);
	return r;
}
