#include "browser.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/*
 * CHROMIUM: one database for the whole family; the old place alone is read
 * where it is there, else the new one, which may be made.
 * FIREFOX: a database in each profile that profiles.ini names.
 */
enum kind { CHROMIUM, FIREFOX };

struct browser_place {
	enum kind kind;
	const char *browser;
	/* Below HOME. The sandbox's home, or "": it is there if the browser
	 * is. FIREFOX: where profiles.ini is. */
	const char *root;
	const char *old, *new; /* CHROMIUM: below root */
	/* By these it is known that it is installed (programs in bin), and
	 * running (as the kernel names them). */
	const char *programs, *processes;
	enum browser_policy policy;
};

/* clang-format off */
#define CHROMIUMS "chromium chromium-browser google-chrome " \
	"google-chrome-stable microsoft-edge microsoft-edge-stable " \
	"brave-browser brave vivaldi vivaldi-stable opera"
#define CHROMIUMS_RUN "chromium chromium-browse chrome msedge brave " \
	"vivaldi-bin opera"
#define FIREFOXES "firefox firefox-esr"
#define FIREFOXES_RUN "firefox firefox-esr firefox-bin"
#define OLD ".pki/nssdb"
#define NEW ".local/share/pki/nssdb"
#define FLATPAK(id) ".var/app/" id
#define SANDBOXED "data/pki/nssdb" /* XDG_DATA_HOME of a flatpak */

static const struct browser_place places[] = {
	{ CHROMIUM, "Chromium", "", OLD, NEW,
	    CHROMIUMS, CHROMIUMS_RUN, BY_CHROMIUM_POLICY },
	{ CHROMIUM, "Chromium (snap)", "snap/chromium/current", OLD, NEW,
	    NULL, "chrome", BY_NO_POLICY },
	{ CHROMIUM, "Brave (snap)", "snap/brave/current", OLD, NEW,
	    NULL, "brave", BY_NO_POLICY },
	{ CHROMIUM, "Chromium (flatpak)", FLATPAK("org.chromium.Chromium"),
	    OLD, SANDBOXED, NULL, "chromium chrome", BY_NO_POLICY },
	{ CHROMIUM, "Chrome (flatpak)", FLATPAK("com.google.Chrome"),
	    OLD, SANDBOXED, NULL, "chrome", BY_NO_POLICY },
	{ CHROMIUM, "Edge (flatpak)", FLATPAK("com.microsoft.Edge"),
	    OLD, SANDBOXED, NULL, "msedge", BY_NO_POLICY },
	{ CHROMIUM, "Brave (flatpak)", FLATPAK("com.brave.Browser"),
	    OLD, SANDBOXED, NULL, "brave", BY_NO_POLICY },
	{ CHROMIUM, "Vivaldi (flatpak)", FLATPAK("com.vivaldi.Vivaldi"),
	    OLD, SANDBOXED, NULL, "vivaldi-bin", BY_NO_POLICY },
	{ FIREFOX, "Firefox", ".mozilla/firefox", NULL, NULL,
	    FIREFOXES, FIREFOXES_RUN, BY_FIREFOX_POLICY },
	{ FIREFOX, "Firefox", ".config/mozilla/firefox", NULL, NULL,
	    FIREFOXES, FIREFOXES_RUN, BY_FIREFOX_POLICY },
	{ FIREFOX, "Firefox (snap)", "snap/firefox/common/.mozilla/firefox",
	    NULL, NULL, NULL, FIREFOXES_RUN, BY_NO_POLICY },
	{ FIREFOX, "Firefox (flatpak)",
	    FLATPAK("org.mozilla.firefox/.mozilla/firefox"),
	    NULL, NULL, NULL, FIREFOXES_RUN, BY_NO_POLICY },
	{ FIREFOX, "Firefox (flatpak)",
	    FLATPAK("org.mozilla.firefox/config/mozilla/firefox"),
	    NULL, NULL, NULL, FIREFOXES_RUN, BY_NO_POLICY },
	{ FIREFOX, "LibreWolf", ".librewolf", NULL, NULL,
	    "librewolf", "librewolf", BY_NO_POLICY },
	{ FIREFOX, "LibreWolf", ".config/librewolf/librewolf", NULL, NULL,
	    "librewolf", "librewolf", BY_NO_POLICY },
	{ FIREFOX, "LibreWolf (flatpak)",
	    FLATPAK("io.gitlab.librewolf-community/.librewolf"),
	    NULL, NULL, NULL, "librewolf", BY_NO_POLICY },
	{ FIREFOX, "Waterfox", ".waterfox", NULL, NULL,
	    "waterfox", "waterfox", BY_NO_POLICY },
	{ FIREFOX, "Floorp", ".floorp", NULL, NULL,
	    "floorp", "floorp", BY_NO_POLICY },
	{ FIREFOX, "Zen", ".zen", NULL, NULL, "zen zen-browser", "zen",
	    BY_NO_POLICY },
};

static const char *const bins[] = { "/usr/bin", "/usr/local/bin" };

/* Whose meaning a variable may change. */
static const struct { const char *start, *variable; } moved[] = {
	{ ".local/share/", "XDG_DATA_HOME" },
	{ ".config/", "XDG_CONFIG_HOME" },
};
/* clang-format on */

const char *
browser_name(const struct browser_place *place)
{
	return place->browser;
}

enum browser_policy
browser_policy(const struct browser_place *place)
{
	return place->policy;
}

bool
browser_brings_nss(const struct browser_place *place)
{
	return place->kind == FIREFOX || place->root[0];
}

bool
browser_running(const struct browser_place *place)
{
	return program_running(place->processes);
}

/* ---- paths -------------------------------------------------------------- */

/* A place below HOME; ret has room for NSS_PATH_MAX + 1. False: too long. */
static bool
path_make(const char *root, const char *rest, char *ret)
{
	char path[NSS_PATH_MAX + 1];
	const char *start = getenv("HOME"), *tail = path, *value;

	snprintf(path, sizeof(path), "%s%s%s", root, root[0] ? "/" : "", rest);
	for (size_t i = 0; i < N_OF(moved); i++) {
		size_t len = strlen(moved[i].start);

		value = getenv(moved[i].variable);
		/* One that is not absolute counts as unset. */
		if (value && value[0] == '/' &&
		    strncmp(path, moved[i].start, len) == 0) {
			start = value;
			tail = path + len;
		}
	}
	return snprintf(ret, NSS_PATH_MAX + 1, "%s/%s", start, tail) <=
	       NSS_PATH_MAX;
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_installed(const struct browser_place *place)
{
	const char *at = place->programs;
	char path[PATH_MAX];

	for (size_t n; at && *at; at += n + strspn(at + n, " ")) {
		n = strcspn(at, " ");
		for (size_t i = 0; i < N_OF(bins); i++) {
			snprintf(
			    path, sizeof(path), "%s/%.*s", bins[i], (int)n, at);
			if (access(path, X_OK) == 0)
				return true;
		}
	}
	return false;
}

/* ---- stores ------------------------------------------------------------- */

static void
store_put(struct browser_stores *ret, const struct browser_place *place,
    const char *dir)
{
	/* Two names of one place, or a profile that is named twice. */
	for (size_t i = 0; i < ret->n; i++)
		if (strcmp(ret->store[i].dir, dir) == 0)
			return;
	if (ret->n == BROWSER_STORES_MAX) {
		ret->cut = true;
		return;
	}
	ret->store[ret->n].place = place;
	strcpy(ret->store[ret->n++].dir, dir);
}

static void
chromium_look(const struct browser_place *place, struct browser_stores *ret)
{
	char root[NSS_PATH_MAX + 1], old[NSS_PATH_MAX + 1],
	    new[NSS_PATH_MAX + 1];

	if (!path_make(place->root, "", root) ||
	    !path_make(place->root, place->old, old) ||
	    !path_make(place->root, place->new, new))
		return;
	/* The directory decides, with a database in it or without. */
	if (is_dir(old))
		store_put(ret, place, old);
	else if (nss_there(new) ||
		 (place->root[0] ? is_dir(root) : is_installed(place)))
		store_put(ret, place, new);
}

/* What a section of profiles.ini says of a profile. */
struct profile {
	bool is_one, relative;
	char path[NSS_PATH_MAX + 1];
};

static void
profile_put(const struct browser_place *place, const char *root,
    const struct profile *profile, struct browser_stores *ret)
{
	char dir[NSS_PATH_MAX + 1];
	int n;

	if (!profile->is_one || !profile->path[0])
		return;
	n = profile->relative
		? snprintf(dir, sizeof(dir), "%s/%s", root, profile->path)
		: snprintf(dir, sizeof(dir), "%s", profile->path);
	if (n > 0 && n < (int)sizeof(dir) && is_dir(dir))
		store_put(ret, place, dir);
}

static void
line_take(const char *line, struct profile *ret)
{
	if (strncmp(line, "Path=", 5) == 0)
		snprintf(ret->path, sizeof(ret->path), "%s", line + 5);
	else if (strncmp(line, "IsRelative=", 11) == 0)
		ret->relative = line[11] == '1';
}

static void
profiles_read(const struct browser_place *place, const char *root, FILE *ini,
    struct browser_stores *ret)
{
	struct profile profile = { 0 };
	char line[NSS_PATH_MAX];

	while (fgets(line, sizeof(line), ini)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '[') {
			profile_put(place, root, &profile, ret);
			profile = (struct profile){ .relative = true,
				.is_one = strncmp(line, "[Profile", 8) == 0 };
		} else {
			line_take(line, &profile);
		}
	}
	profile_put(place, root, &profile, ret);
}

static void
firefox_look(const struct browser_place *place, struct browser_stores *ret)
{
	char root[NSS_PATH_MAX + 1], path[NSS_PATH_MAX + 1];
	FILE *ini = NULL;

	if (path_make(place->root, "profiles.ini", path))
		ini = fopen(path, "re");
	if (!ini)
		return;
	if (path_make("", place->root, root))
		profiles_read(place, root, ini, ret);
	fclose(ini);
}

/* ---- all of them -------------------------------------------------------- */

static bool
has_store(
    const struct browser_stores *stores, const struct browser_place *place)
{
	for (size_t i = 0; i < stores->n; i++)
		if (strcmp(stores->store[i].place->browser, place->browser) ==
		    0)
			return true;
	for (size_t i = 0; i < stores->unused_n; i++)
		if (strcmp(stores->unused[i]->browser, place->browser) == 0)
			return true;
	return false;
}

static bool
is_here(const struct browser_place *place)
{
	char root[NSS_PATH_MAX + 1];

	return is_installed(place) ||
	       (place->root[0] && path_make("", place->root, root) &&
		   is_dir(root));
}

bool
browser_stores(struct browser_stores *ret)
{
	const char *home = getenv("HOME");

	*ret = (struct browser_stores){ 0 };
	if (!home || home[0] != '/')
		return false;
	for (size_t i = 0; i < N_OF(places); i++)
		if (places[i].kind == CHROMIUM)
			chromium_look(&places[i], ret);
		else
			firefox_look(&places[i], ret);
	/* A browser may have two places: all are looked at first. */
	for (size_t i = 0; i < N_OF(places); i++)
		if (is_here(&places[i]) && !has_store(ret, &places[i]))
			ret->unused[ret->unused_n++] = &places[i];
	return true;
}
