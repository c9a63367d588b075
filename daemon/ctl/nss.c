#include "nss.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CERTUTIL "/usr/bin/certutil"
#define VFYCHAIN "/usr/bin/vfychain"
/* What may vouch for TLS servers, and nothing more. */
#define FLAGS "C,,"
/* In a directory that we made a database in; says how many directories above
 * it were ours too. */
#define MARK "made-by-kenmenctl"

static const char *const files[] = { "cert9.db", "key4.db", "pkcs11.txt",
	MARK };

/* ---- paths -------------------------------------------------------------- */

struct store {
	const char *dir;
	char name[NSS_PATH_MAX + 8]; /* as certutil wants it */
};

static bool
store_start(const char *dir, struct store *ret)
{
	ret->dir = dir;
	return snprintf(ret->name, sizeof(ret->name), "sql:%s", dir) <
	       (int)sizeof(ret->name);
}

/* file's path in the database's directory; ret has room for PATH_MAX. */
static const char *
path_in(const char *dir, const char *file, char *ret)
{
	if (snprintf(ret, PATH_MAX, "%s/%s", dir, file) >= PATH_MAX)
		ret[0] = '\0';
	return ret;
}

/*
 * NSS takes a colon for the end of a token's name. What is unusual in a path
 * is written as in a URL, so that no two paths have one nickname.
 */
void
nss_ca_start(const struct cert_ca *ca, const char *file, struct nss_ca *ret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				    "qrstuvwxyz0123456789/._-";
	size_t len;

	ret->ca = ca;
	len = (size_t)sprintf(ret->nickname, "kenmen ");
	for (; *file && len + 3 <= NSS_NICKNAME_MAX; file++)
		if (strchr(plain, *file))
			ret->nickname[len++] = *file;
		else
			len += (size_t)sprintf(ret->nickname + len, "%%%02X",
			    (unsigned char)*file);
	ret->nickname[len] = '\0';
}

bool
nss_ready(void)
{
	return access(CERTUTIL, X_OK) == 0 && access(VFYCHAIN, X_OK) == 0;
}

bool
nss_there(const char *dir)
{
	char path[PATH_MAX];

	return access(path_in(dir, files[0], path), F_OK) == 0;
}

/* ---- certutil ----------------------------------------------------------- */

/* What is said is thrown away. */
static bool
done(char *const argv[], const void *input, size_t input_len)
{
	struct program_said said;

	program_run(argv, input, input_len, false, &said);
	free(said.text);
	return said.ran && said.status == 0;
}

enum keys { KEYS_NONE, KEYS_SOME, KEYS_LOCKED };

/* With an empty password: certutil tells the three apart by words alone. */
static enum keys
keys_look(struct store *store)
{
	char *const argv[] = { CERTUTIL, "-K", "-d", store->name, "-f",
		"/dev/null", NULL };
	struct program_said said;
	enum keys keys = KEYS_SOME;

	program_run(argv, NULL, 0, true, &said);
	if (said.ran && strstr(said.text, "could not authenticate"))
		keys = KEYS_LOCKED;
	else if (said.ran && strstr(said.text, "no keys found"))
		keys = KEYS_NONE;
	free(said.text);
	return keys;
}

static bool
certificate_delete(struct store *store, const char *nickname)
{
	char *const argv[] = { CERTUTIL, "-D", "-d", store->name, "-n",
		(char *)nickname, NULL };

	return done(argv, NULL, 0);
}

static bool
certificate_add(struct store *store, const struct nss_ca *about)
{
	char *const argv[] = { CERTUTIL, "-A", "-d", store->name, "-n",
		(char *)about->nickname, "-t", FLAGS, "-f", "/dev/null", NULL };

	return done(argv, about->ca->der, about->ca->der_len);
}

/* ---- what is in a database ---------------------------------------------- */

struct entry {
	const char *nickname;
	bool vouches; /* for TLS servers */
};

/*
 * A line of certutil -L: a nickname, spaces, flags for TLS, mail and code.
 * False: no such line.
 */
static bool
line_parse(char *line, struct entry *ret)
{
	size_t len = strlen(line);
	char *flags;

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	if (!(flags = strrchr(line, ' ')) || !strchr(flags, ','))
		return false;
	*flags++ = '\0';
	for (len = strlen(line); len && line[len - 1] == ' ';)
		line[--len] = '\0';
	flags[strcspn(flags, ",")] = '\0';
	*ret = (struct entry){ line, strchr(flags, 'C') != NULL };
	return len > 0 && !strstr(line, "SSL,S/MIME,JAR");
}

static bool
certificate_read(struct store *store, const char *nickname, struct cert_ca *ret)
{
	char *const argv[] = { CERTUTIL, "-L", "-d", store->name, "-n",
		(char *)nickname, "-a", NULL };
	struct program_said said;
	bool read;

	program_run(argv, NULL, 0, false, &said);
	read = said.ran && said.status == 0 &&
	       cert_ca_parse(said.text, said.len, ret) == 0;
	free(said.text);
	return read;
}

/* What one entry is to us. */
struct seen {
	bool exact; /* the CA itself */
	bool named; /* under its nickname */
	bool kin;   /* made by a kenmend */
	bool vouches;
};

/*
 * Calls each for all that vouch for TLS servers, and for what is called as
 * kenmend's are. False: the database cannot be read.
 */
static bool
entries_walk(struct store *store, const struct nss_ca *about,
    void (*each)(void *arg, const char *nickname, const struct seen *seen),
    void *arg, size_t *ret_n)
{
	char *const argv[] = { CERTUTIL, "-L", "-d", store->name, NULL };
	struct program_said said;
	char *rest, *line;
	bool read;

	*ret_n = 0;
	program_run(argv, NULL, 0, false, &said);
	read = said.ran && said.status == 0;
	for (line = read ? strtok_r(said.text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct cert_ca ca;
		struct entry entry;
		struct seen seen = { 0 };

		if (!line_parse(line, &entry))
			continue;
		(*ret_n)++;
		seen.named = strcmp(entry.nickname, about->nickname) == 0;
		seen.vouches = entry.vouches;
		/* What a browser took in itself goes by the CA's own name. */
		if ((!seen.vouches &&
			strncmp(entry.nickname, "kenmen ", 7) != 0) ||
		    !certificate_read(store, entry.nickname, &ca))
			continue;
		seen.exact = about->ca && cert_ca_equal(&ca, about->ca);
		seen.kin = ca.kenmend;
		each(arg, entry.nickname, &seen);
	}
	free(said.text);
	return read;
}

static void
state_find(void *arg, const char *nickname, const struct seen *seen)
{
	enum nss_state *state = arg;

	(void)nickname;
	if (seen->exact && seen->vouches)
		*state = NSS_TRUSTED;
	else if (seen->exact && *state < NSS_UNCLEAR)
		*state = NSS_UNCLEAR;
	else if (seen->vouches && (seen->kin || seen->named) &&
		 *state < NSS_OLD)
		*state = NSS_OLD;
}

enum nss_state
nss_look(const char *dir, const struct nss_ca *about)
{
	enum nss_state state = NSS_UNTRUSTED;
	struct store store;
	size_t n;

	if (!nss_there(dir))
		return NSS_NONE;
	if (!store_start(dir, &store) ||
	    !entries_walk(&store, about, state_find, &state, &n))
		return NSS_BROKEN;
	return state;
}

bool
nss_accepts(const char *dir, const char *leaf_pem)
{
	struct store store;
	char *const argv[] = { VFYCHAIN, "-d", store.name, "-u", "1", "-a",
		"/dev/stdin", NULL };

	return store_start(dir, &store) &&
	       done(argv, leaf_pem, strlen(leaf_pem));
}

/* ---- a database that was made here -------------------------------------- */

/* Makes what is missing of a path. The number of directories, or -1. */
static int
dirs_make(const char *dir)
{
	char path[PATH_MAX];
	int made = 0;

	if (strlen(dir) >= sizeof(path))
		return -1;
	strcpy(path, dir);
	for (char *at = path + 1;; at++) {
		char c = *at;

		if (c != '/' && c)
			continue;
		*at = '\0';
		if (mkdir(path, 0700) == 0)
			made++;
		else if (errno != EEXIST)
			return -1;
		if (!c)
			return made;
		*at = '/';
	}
}

/* Takes n directories away from the end of a path, as far as they are empty. */
static void
dirs_unmake(const char *dir, int n)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s", dir);
	while (n-- > 0 && rmdir(path) == 0 && (slash = strrchr(path, '/')))
		*slash = '\0';
}

static int
mark_read(const char *dir)
{
	char path[PATH_MAX];
	FILE *file = fopen(path_in(dir, MARK, path), "re");
	int made = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &made) != 1)
		made = -1;
	fclose(file);
	return made;
}

static bool
mark_write(const char *dir, int made)
{
	char path[PATH_MAX];
	FILE *file = fopen(path_in(dir, MARK, path), "we");
	bool written;

	if (!file)
		return false;
	written = fprintf(file, "%d\n", made) > 0;
	return fclose(file) == 0 && written;
}

static void
store_unmake(const char *dir, int made)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < N_OF(files); i++)
		unlink(path_in(dir, files[i], path));
	dirs_unmake(dir, made);
}

static bool
store_make(struct store *store)
{
	char *const argv[] = { CERTUTIL, "-N", "-d", store->name,
		"--empty-password", NULL };
	int made = dirs_make(store->dir);

	if (made < 0)
		return false;
	if (mark_write(store->dir, made) && done(argv, NULL, 0))
		return true;
	store_unmake(store->dir, made);
	return false;
}

/* Modules besides NSS' own were put there by somebody. */
static bool
has_one_module(const char *dir)
{
	char path[PATH_MAX], line[4096];
	FILE *file = fopen(path_in(dir, "pkcs11.txt", path), "re");
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strncmp(line, "name=", 5) == 0;
	if (file)
		fclose(file);
	return n == 1;
}

/*
 * Firefox keeps the key of saved logins in its database, where no list shows
 * it: once a profile was started it is Firefox's.
 */
static bool
is_in_use(const char *dir)
{
	char path[PATH_MAX];

	return access(path_in(dir, "prefs.js", path), F_OK) == 0;
}

static void
ignore(void *arg, const char *nickname, const struct seen *seen)
{
	(void)arg;
	(void)nickname;
	(void)seen;
}

static void
store_unmake_if_empty(struct store *store, const struct nss_ca *about)
{
	char path[PATH_MAX];
	int made = mark_read(store->dir);
	size_t n;

	if (made < 0)
		return;
	if (is_in_use(store->dir))
		unlink(path_in(store->dir, MARK, path));
	else if (entries_walk(store, about, ignore, NULL, &n) && n == 0 &&
		 keys_look(store) == KEYS_NONE && has_one_module(store->dir))
		store_unmake(store->dir, made);
}

/* ---- in and out --------------------------------------------------------- */

struct removal {
	struct store *store;
	bool exact, all; /* which ones, besides our nickname's */
	bool keep;       /* not the CA itself */
	bool failed;
	unsigned n;
};

static void
remove_one(void *arg, const char *nickname, const struct seen *seen)
{
	struct removal *removal = arg;
	bool ours = seen->named || (removal->exact && seen->exact) ||
		    (removal->all && seen->kin);

	if (!ours || (removal->keep && seen->exact))
		return;
	if (certificate_delete(removal->store, nickname))
		removal->n++;
	else
		removal->failed = true;
}

enum nss_did
nss_install(const char *dir, const struct nss_ca *about)
{
	enum nss_state state = nss_look(dir, about);
	struct store store;
	struct removal old = { .store = &store, .keep = true };
	size_t n;

	if (state == NSS_BROKEN || !store_start(dir, &store) ||
	    (state == NSS_NONE && !store_make(&store)))
		return NSS_FAILED;
	/* Before anything is tried: an attempt would leave it half done. */
	if (state != NSS_TRUSTED && keys_look(&store) == KEYS_LOCKED)
		return NSS_LOCKED;
	if (entries_walk(&store, about, remove_one, &old, &n) && !old.failed &&
	    (state == NSS_TRUSTED || (certificate_add(&store, about) &&
					 nss_look(dir, about) == NSS_TRUSTED)))
		return old.n                  ? NSS_REPLACED
		       : state == NSS_TRUSTED ? NSS_NOTHING
					      : NSS_ADDED;
	store_unmake_if_empty(&store, about);
	return NSS_FAILED;
}

enum nss_did
nss_remove(const char *dir, const struct nss_ca *about, bool all)
{
	struct store store;
	struct removal removal = { .store = &store, .exact = true, .all = all };
	size_t n;

	if (!nss_there(dir))
		return NSS_NOTHING;
	if (!store_start(dir, &store) ||
	    !entries_walk(&store, about, remove_one, &removal, &n) ||
	    removal.failed)
		return NSS_FAILED;
	store_unmake_if_empty(&store, about);
	return removal.n ? NSS_REMOVED : NSS_NOTHING;
}
