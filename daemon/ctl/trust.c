#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SOON ((time_t)90 * 86400)

/* ---- this user's browsers ----------------------------------------------- */

/* What to type where we cannot: certutil asks on the terminal. Quotes in a
 * path would need quoting of their own: then only the windows' way is left. */
static void
locked_advise(const struct trust *trust, struct trust_found *found)
{
	if (!strchr(found->place, '\'') && !strchr(trust->ca_file, '\''))
		snprintf(found->about, sizeof(found->about),
		    "certutil -A -d 'sql:%.800s' -n '%s' -t C,, -a -i '%.400s'",
		    found->place, trust->about.nickname, trust->ca_file);
}

static bool
stores_find(struct trust *trust, struct browser_stores *ret)
{
	if (!browser_stores(ret))
		return false;
	if (ret->cut)
		trust_found(trust, BROWSER_MORE, "-", "");
	return true;
}

static void
unused_report(struct trust *trust, const struct browser_stores *stores)
{
	for (size_t i = 0; i < stores->unused_n; i++)
		trust_found(
		    trust, BROWSER_UNUSED, browser_name(stores->unused[i]), "");
	if (!stores->n && !stores->unused_n)
		trust_found(trust, BROWSER_NONE, "-", "");
}

static void
did_report(struct trust *trust, const struct browser_store *store,
    enum nss_did did, bool remove)
{
	static const enum trust_finding findings[] = {
		[NSS_NOTHING] = STORE_SAME,
		[NSS_ADDED] = STORE_ADDED,
		[NSS_REPLACED] = STORE_REPLACED,
		[NSS_REMOVED] = STORE_REMOVED,
		[NSS_LOCKED] = STORE_LOCKED,
		[NSS_FAILED] = STORE_BROKEN,
	};
	struct trust_found *found = trust_found(trust,
	    remove && did == NSS_NOTHING ? STORE_CLEAN : findings[did],
	    browser_name(store->place), store->dir);

	if (did == NSS_ADDED || did == NSS_REPLACED || did == NSS_REMOVED)
		found->restart = browser_running(store->place);
	if (did == NSS_LOCKED)
		locked_advise(trust, found);
}

void
trust_store_install(struct trust *trust, const struct browser_store *store)
{
	did_report(trust, store, nss_install(store->dir, &trust->about), false);
}

static void
stores_install(struct trust *trust)
{
	struct browser_stores stores;

	if (!stores_find(trust, &stores))
		return;
	for (size_t i = 0; i < stores.n; i++)
		trust_store_install(trust, &stores.store[i]);
	unused_report(trust, &stores);
}

static void
stores_remove(struct trust *trust)
{
	/* Unless one is named, no kenmend's CA is to stay. */
	bool all = !trust->options->ca && !trust->options->state_dir_named;
	struct browser_stores stores;

	if (!stores_find(trust, &stores))
		return;
	for (size_t i = 0; i < stores.n; i++)
		did_report(trust, &stores.store[i],
		    nss_remove(stores.store[i].dir, &trust->about, all), true);
	if (!stores.n)
		trust_found(trust, BROWSER_NONE, "-", "");
}

/* ---- policies ----------------------------------------------------------- */

struct policy_wanted
trust_wanted(const struct trust *trust, bool origins)
{
	return (struct policy_wanted){
		.root = trust->options->root ? trust->options->root : "",
		.ca = trust->ca_fault ? NULL : &trust->ca,
		.origins = origins ? trust->options->site : NULL,
	};
}

static void
file_report(struct trust *trust, const struct policy_file *file,
    enum policy_did did, bool remove)
{
	static const enum trust_finding findings[] = {
		[POLICY_NOTHING] = FILE_SAME,
		[POLICY_WRITTEN] = FILE_WRITTEN,
		[POLICY_REMOVED] = FILE_REMOVED,
		[POLICY_CONFLICT] = FILE_CONFLICT,
		[POLICY_STRANGE] = FILE_STRANGE,
		[POLICY_DENIED] = FILE_DENIED,
		[POLICY_FAILED] = FILE_FAILED,
	};
	enum trust_finding finding = findings[did];

	if (remove && did == POLICY_NOTHING)
		finding = FILE_CLEAN;
	if (did == POLICY_REMOVED && policy_kind(file) == BY_FIREFOX_POLICY)
		finding = FILE_REMOVED_FIREFOX;
	trust_found(trust, finding, policy_browser(file), policy_path(file));
}

void
trust_files_install(struct trust *trust, bool origins)
{
	struct policy_wanted wanted = trust_wanted(trust, origins);

	for (size_t i = 0; i < policy_files_n; i++)
		file_report(trust, policy_file(i),
		    policy_install(policy_file(i), &wanted), false);
}

/* The other way round: a directory goes with the file that it was made for. */
static void
files_remove(struct trust *trust)
{
	struct policy_wanted wanted = trust_wanted(trust, false);

	for (size_t i = policy_files_n; i-- > 0;)
		file_report(trust, policy_file(i),
		    policy_remove(policy_file(i), &wanted), true);
}

/* ---- what holds --------------------------------------------------------- */

static void
ca_look(struct trust *trust)
{
	time_t now = (time_t)trust->options->now;
	enum trust_finding finding = CA_OK;

	if (trust->ca.not_after <= now || trust->ca.not_before > now)
		finding = CA_OVER;
	else if (trust->ca.not_after - now < SOON)
		finding = CA_SOON;
	trust_found(trust, finding, "CA", trust->ca_file);
}

/* The certificate that a kenmend presents (free it), or NULL. */
static char *
presented_look(struct trust *trust)
{
	static const enum trust_finding findings[] = {
		[DOOR_KENMEND] = PRESENTED_OK,
		[DOOR_KENMEND_NO_PROMPT] = PRESENTED_OK,
		[DOOR_CLOSED] = PRESENTED_NONE,
		[DOOR_NOT_TLS] = PRESENTED_STRANGE,
		[DOOR_UNTRUSTED] = PRESENTED_OTHER,
		[DOOR_STRANGE] = PRESENTED_STRANGE,
	};
	unsigned port = (unsigned)trust->options->port;
	char *leaf, place[32];
	enum door_state state = door_ask(port, trust->ca_file, &leaf);

	snprintf(place, sizeof(place), "https://127.0.0.1:%u", port);
	trust_found(trust, findings[state], "kenmend", place);
	if (state != DOOR_KENMEND && state != DOOR_KENMEND_NO_PROMPT) {
		free(leaf);
		leaf = NULL;
	}
	return leaf;
}

static enum trust_finding
store_finding(
    const struct trust *trust, const struct browser_store *store, char *leaf)
{
	static const enum trust_finding findings[] = {
		[NSS_NONE] = STORE_UNTRUSTED,
		[NSS_BROKEN] = STORE_BROKEN,
		[NSS_UNTRUSTED] = STORE_UNTRUSTED,
		[NSS_OLD] = STORE_OLD,
		[NSS_UNCLEAR] = STORE_UNTRUSTED,
		[NSS_TRUSTED] = STORE_TRUSTS,
	};
	enum nss_state state = nss_look(store->dir, &trust->about);
	struct policy_wanted wanted = trust_wanted(trust, false);

	if (state == NSS_TRUSTED && leaf && !nss_accepts(store->dir, leaf))
		return STORE_REFUSES;
	if (state != NSS_TRUSTED &&
	    policy_covers(browser_policy(store->place), &wanted))
		return STORE_BY_POLICY;
	if (state == NSS_UNCLEAR && browser_brings_nss(store->place))
		return STORE_UNCLEAR;
	return findings[state];
}

static void
stores_look(struct trust *trust, char *leaf)
{
	struct policy_wanted wanted = trust_wanted(trust, false);
	struct browser_stores stores;

	if (!stores_find(trust, &stores))
		return;
	for (size_t i = 0; i < stores.n; i++)
		trust_found(trust, store_finding(trust, &stores.store[i], leaf),
		    browser_name(stores.store[i].place), stores.store[i].dir);
	for (size_t i = 0; i < stores.unused_n; i++)
		trust_found(trust,
		    policy_covers(browser_policy(stores.unused[i]), &wanted)
			? BROWSER_UNUSED_BY_POLICY
			: BROWSER_UNUSED,
		    browser_name(stores.unused[i]), "");
	if (!stores.n && !stores.unused_n)
		trust_found(trust, BROWSER_NONE, "-", "");
}

static void
files_look(struct trust *trust)
{
	static const enum trust_finding findings[] = {
		[POLICY_ABSENT] = FILE_ABSENT,
		[POLICY_OTHER] = FILE_OTHER,
		[POLICY_HOLDS] = FILE_HOLDS,
		[POLICY_OVERRULED] = FILE_OVERRULED,
		[POLICY_UNREADABLE] = FILE_UNREADABLE,
	};
	struct policy_wanted wanted = trust_wanted(trust, true);

	for (size_t i = 0; i < policy_files_n; i++) {
		const struct policy_file *file = policy_file(i);
		enum policy_state state = policy_look(file, &wanted);
		unsigned origins = policy_origins(file, &wanted);
		struct trust_found *found;

		/* Where no policy was asked for, none is missed. */
		if (state == POLICY_ABSENT && !trust->options->system)
			continue;
		found = trust_found(trust, findings[state],
		    policy_browser(file), policy_path(file));
		if (origins)
			snprintf(found->about, sizeof(found->about),
			    "origins: %u/%zu", origins,
			    wanted.origins->origins_n);
	}
}

/* ---- the commands ------------------------------------------------------- */

static int
install(struct trust *trust)
{
	if (trust->options->system)
		trust_files_install(trust, trust->options->allow_origins);
	else
		stores_install(trust);
	return trust_report(trust);
}

static int
remove_all(struct trust *trust)
{
	if (trust->options->system)
		files_remove(trust);
	else
		stores_remove(trust);
	return trust_report(trust);
}

static int
status(struct trust *trust)
{
	char *leaf;

	ca_look(trust);
	leaf = presented_look(trust);
	if (!trust->options->system)
		stores_look(trust, leaf);
	files_look(trust);
	free(leaf);
	return trust_report(trust);
}

static const struct command {
	const char *name;
	int (*run)(struct trust *trust);
	bool needs_ca, needs_nss;
	bool changes;  /* this user's stores, or this computer's policies */
	bool anywhere; /* with --ca, --system and --root */
} commands[] = {
	{ "install", install, true, true, true, true },
	{ "remove", remove_all, false, true, true, true },
	{ "status", status, true, true, false, true },
	{ "renew", trust_renew, false, false, false, false },
};

/* As root with a person's HOME, root would own what is made there. */
static bool
is_anothers_home(void)
{
	const char *home = getenv("HOME");
	struct stat st;

	return home && stat(home, &st) == 0 && st.st_uid != geteuid();
}

void
trust_ca_load(struct trust *trust)
{
	trust->ca_fault = cert_ca_load(trust->ca_file, &trust->ca);
	if (trust->ca_fault == 0 && !trust->ca.loopback_only)
		trust->ca_fault = -EPERM;
	nss_ca_start(
	    trust->ca_fault ? NULL : &trust->ca, trust->ca_file, &trust->about);
}

static int
ca_find(struct trust *trust, const struct command *command)
{
	const struct ctl_options *options = trust->options;
	char given[NSS_PATH_MAX + 1], *real;

	snprintf(given, sizeof(given), "%s%s",
	    options->ca ? options->ca : options->state_dir,
	    options->ca ? "" : "/ca.pem");
	/* One name for one file, however it was written. */
	real = realpath(given, NULL);
	snprintf(
	    trust->ca_file, sizeof(trust->ca_file), "%s", real ? real : given);
	free(real);
	trust_ca_load(trust);
	if (!trust->ca_fault || !command->needs_ca)
		return CTL_OK;
	fprintf(stderr, "kenmenctl: %s: ", trust->ca_file);
	if (trust->ca_fault == -EPERM)
		return ctl_fail(options, CTL_UNTRUSTED,
		    "localhost以外のサイトも証明できるCAです。"
		    "kenmendのCAではないので、ブラウザには加えません。",
		    "this CA could vouch for other sites than localhost: it is "
		    "no kenmend's, and no browser is told to trust it");
	return ctl_fail(options, CTL_ERROR,
	    "CAの証明書を読めません。kenmendを一度起動すると作られます"
	    "（--state-dir、--caも確かめてください）。",
	    "there is no CA certificate to read; kenmend makes it when it is "
	    "started for the first time (see --state-dir and --ca too)");
}

static int
usage_check(const struct ctl_options *options, const struct command *command)
{
	if (!command->anywhere &&
	    (options->ca || options->system || options->root))
		return ctl_fail(options, CTL_USAGE,
		    "renewでは--ca、--system、--rootは使えません。",
		    "--ca, --system and --root are not for renew");
	if (options->allow_origins &&
	    (!command->changes || !command->needs_ca || !options->system))
		return ctl_fail(options, CTL_USAGE,
		    "--allow-originsは trust install --system で使えます。",
		    "--allow-origins is for trust install --system");
	if (options->root && !options->system)
		return ctl_fail(options, CTL_USAGE,
		    "--rootは--systemと一緒に使えます。",
		    "--root is for --system");
	if (options->allow_origins &&
	    (!options->site || !options->site->origins_n))
		return ctl_fail(options, CTL_ERROR,
		    "kenmen.confを読めないか、サイト（[origin]）がありません。",
		    "kenmen.conf cannot be read, or lists no site ([origin])");
	if (command->needs_nss && !options->system && !nss_ready())
		return ctl_fail(options, CTL_ERROR,
		    "certutilとvfychainがありません: "
		    "sudo apt install libnss3-tools",
		    "certutil and vfychain are missing: "
		    "sudo apt install libnss3-tools");
	if (command->changes && !options->system && is_anothers_home())
		return ctl_fail(options, CTL_ERROR,
		    "HOMEが別の利用者のものです。sudoを付けずに、"
		    "その利用者として実行してください。",
		    "HOME is another user's: run this as that user, "
		    "without sudo");
	return CTL_OK;
}

int
ctl_trust(const struct ctl_options *options, int argc, char **argv)
{
	const struct command *command = NULL;
	struct trust *trust;
	int r;

	for (size_t i = 0; argc == 1 && i < N_OF(commands); i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			command = &commands[i];
	if (!command)
		return ctl_fail(options, CTL_USAGE,
		    "trustの後に install、remove、status、renew のどれかを"
		    "書いてください。",
		    "trust takes one of install, remove, status, renew");
	if ((r = usage_check(options, command)) != CTL_OK)
		return r;
	if (!(trust = calloc(1, sizeof(*trust))))
		return ctl_fail(
		    options, CTL_ERROR, "メモリーが足りません。", "no memory");
	trust->options = options;
	trust->command = command->name;
	if ((r = ca_find(trust, command)) == CTL_OK)
		r = command->run(trust);
	free(trust);
	return r;
}
