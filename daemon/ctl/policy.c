#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base64.h"
#include "policy-text.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX ((size_t)1024 * 1024)

/* ---- the files ---------------------------------------------------------- */

enum format { CHROMIUM_JSON, FIREFOX_CA, FIREFOX_JSON };

struct policy_file {
	const char *browser;
	enum format format;
	const char *dir, *name;
	/* Where a new file is written first: Chromium takes every file in the
	 * directory itself for a policy. */
	const char *beside;
	const char *other; /* files that may decide the same, as a pattern */
};

/* clang-format off */
#define CHROMIUM_FILE(browser, dir) \
	{ browser, CHROMIUM_JSON, dir "/managed", "kenmen.json", dir, \
	  dir "/managed/*.json" }
#define FIREFOX_DIR "/etc/firefox/policies"
#define FIREFOX_CA_NAME "kenmen-ca.pem"

static const struct policy_file files[] = {
	CHROMIUM_FILE("Chromium", "/etc/chromium/policies"),
	CHROMIUM_FILE("Chrome", "/etc/opt/chrome/policies"),
	CHROMIUM_FILE("Edge", "/etc/opt/edge/policies"),
	CHROMIUM_FILE("Brave", "/etc/brave/policies"),
	{ "Firefox", FIREFOX_CA, FIREFOX_DIR, FIREFOX_CA_NAME, FIREFOX_DIR,
	  NULL },
	{ "Firefox", FIREFOX_JSON, FIREFOX_DIR, "policies.json", FIREFOX_DIR,
	  NULL },
};

/* Firefox reads these only while there is none in /etc: what they say must
 * stand in ours too. */
static const char *const distributed[] = {
	"/usr/lib/firefox/distribution/policies.json",
	"/usr/lib/firefox-esr/distribution/policies.json",
	"/usr/lib64/firefox/distribution/policies.json",
};
/* clang-format on */

/* What the files were, for the way back. Root's alone: who could write it
 * could have anything written into the files. */
#define RECORD_DIR "/var/lib/kenmen-trust"
#define RECORD_NAME "system.json"

const size_t policy_files_n = N_OF(files);

const struct policy_file *
policy_file(size_t i)
{
	return &files[i];
}

const char *
policy_browser(const struct policy_file *file)
{
	return file->browser;
}

enum browser_policy
policy_kind(const struct policy_file *file)
{
	return file->format == CHROMIUM_JSON ? BY_CHROMIUM_POLICY
					     : BY_FIREFOX_POLICY;
}

const char *
policy_path(const struct policy_file *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", file->dir, file->name);
	return path;
}

/* ---- reading and writing ------------------------------------------------ */

/* "ROOT/dir/name" in ret, which has room for PATH_MAX. */
static const char *
path_of(const char *root, const char *dir, const char *name, char *ret)
{
	if (snprintf(ret, PATH_MAX, "%s%s%s%s", root, dir, name ? "/" : "",
		name ? name : "") >= PATH_MAX)
		ret[0] = '\0';
	return ret;
}

/* 0 and a text (malloc'ed), or NULL where there is no file; or a negative
 * errno. flags: of open(2), beside those that make it safe to read anything. */
static int
text_read_by(int flags, const char *path, char **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	struct stat st;
	char *text = NULL;
	int r = 0;

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size > TEXT_MAX)
		r = -EINVAL;
	else if (!(text = calloc(1, (size_t)st.st_size + 1)))
		r = -ENOMEM;
	else if (read(fd, text, (size_t)st.st_size) != st.st_size ||
		 strlen(text) != (size_t)st.st_size)
		r = -EINVAL;
	close(fd);
	if (r == 0)
		*ret = text;
	else
		free(text);
	return r;
}

/* A link is not followed: what it leads to is not ours to replace. */
static int
text_read(const char *path, char **ret)
{
	return text_read_by(O_NOFOLLOW, path, ret);
}

/* The number of directories of a path that are not there. */
static unsigned
dirs_missing(const char *dir)
{
	char path[PATH_MAX];
	unsigned n = 0;
	char *slash;

	snprintf(path, sizeof(path), "%s", dir);
	for (; path[0] && access(path, F_OK) < 0; n++) {
		if (!(slash = strrchr(path, '/')))
			break;
		*slash = '\0';
	}
	return n;
}

static int
dirs_make(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0755) == 0)
			chmod(path, 0755); /* whatever the umask */
		else if (errno != EEXIST)
			return -errno;
		*at = '/';
	}
	if (mkdir(path, 0755) == 0)
		chmod(path, 0755);
	else if (errno != EEXIST)
		return -errno;
	return 0;
}

static void
dirs_unmake(const char *dir, unsigned n)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s", dir);
	while (n-- && rmdir(path) == 0 && (slash = strrchr(path, '/')))
		*slash = '\0';
}

/* Owner and mode as of the file that it takes the place of; mode where there
 * is none. */
static int
fd_like(int fd, const char *path, mode_t mode)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return fchmod(fd, mode);
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		return -1;
	return fchmod(fd, st.st_mode & 07777);
}

/* Whole or not at all: written under another name first. */
static int
text_write(
    const char *temporary, const char *path, mode_t mode, const char *text)
{
	size_t len = strlen(text);
	int fd, r = 0;

	unlink(temporary);
	fd = open(temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len ||
	    fd_like(fd, path, mode) < 0 || fsync(fd) < 0)
		r = errno ? -errno : -EIO;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

/* text NULL: no file. */
static int
file_write(const struct policy_file *file, const char *root, const char *text)
{
	char dir[PATH_MAX], path[PATH_MAX], temporary[PATH_MAX], name[64];
	int r;

	path_of(root, file->dir, file->name, path);
	if (!text)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	snprintf(name, sizeof(name), ".%s.new", file->name);
	if ((r = dirs_make(path_of(root, file->dir, NULL, dir))) < 0)
		return r;
	return text_write(
	    path_of(root, file->beside, name, temporary), path, 0644, text);
}

static enum policy_did
did_not(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS ? POLICY_DENIED
	       : r == -ELOOP || r == -EINVAL              ? POLICY_STRANGE
							  : POLICY_FAILED;
}

/* ---- the record --------------------------------------------------------- */

/* {"made": directories, "origins": bool, "files": {PATH: {"before": text or
 * null, "after": text, "made": directories, "added": wishes}}} */

/* How many directories were made for it. */
static unsigned
made_of(const cJSON *item)
{
	const cJSON *made = cJSON_GetObjectItem(item, "made");

	return cJSON_IsNumber(made) ? (unsigned)made->valueint : 0;
}

static int
record_read(const char *root, cJSON **ret)
{
	char path[PATH_MAX], *text;
	int r = text_read(path_of(root, RECORD_DIR, RECORD_NAME, path), &text);

	*ret = NULL;
	if (r < 0)
		return r;
	*ret = text ? cJSON_Parse(text) : cJSON_CreateObject();
	free(text);
	if (!*ret)
		return -EINVAL;
	if (!cJSON_HasObjectItem(*ret, "files"))
		cJSON_AddObjectToObject(*ret, "files");
	return 0;
}

static int
record_write(const char *root, cJSON *record)
{
	char dir[PATH_MAX], path[PATH_MAX], temporary[PATH_MAX];
	char *text;
	int r;

	path_of(root, RECORD_DIR, NULL, dir);
	path_of(root, RECORD_DIR, RECORD_NAME, path);
	if (!cJSON_GetObjectItem(record, "files")->child) {
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
		dirs_unmake(dir, made_of(record));
		return 0;
	}
	if (!cJSON_HasObjectItem(record, "made"))
		cJSON_AddNumberToObject(record, "made", dirs_missing(dir));
	if (!(text = cJSON_Print(record)))
		return -ENOMEM;
	/* Files may be hidden from others for a reason: so is what they were.
	 */
	if ((r = dirs_make(dir)) == 0)
		r = text_write(path_of(root, RECORD_DIR, "." RECORD_NAME ".new",
				   temporary),
		    path, 0600, text);
	cJSON_free(text);
	return r;
}

static cJSON *
entry_of(cJSON *record, const struct policy_file *file)
{
	return cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItem(record, "files"), policy_path(file));
}

static const char *
entry_text(const cJSON *entry, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(entry, name));
}

bool
policy_recorded(const char *root, bool *ret_origins)
{
	cJSON *record;
	bool recorded;

	if (record_read(root, &record) < 0)
		return false;
	recorded = cJSON_GetObjectItem(record, "files")->child != NULL;
	*ret_origins = cJSON_IsTrue(cJSON_GetObjectItem(record, "origins"));
	cJSON_Delete(record);
	return recorded;
}

/* ---- what is wanted ----------------------------------------------------- */

static cJSON *
chromium_certificate(const struct cert_ca *ca)
{
	static const char *const hosts[] = { "localhost" },
				 *const networks[] = { "127.0.0.1/32",
					 "::1/128" };
	char text[BASE64_LEN(CERT_DER_MAX) + 1];
	cJSON *value = cJSON_CreateObject(), *constraints;

	base64_encode(ca->der, ca->der_len, text);
	cJSON_AddStringToObject(value, "certificate", text);
	constraints = cJSON_AddObjectToObject(value, "constraints");
	cJSON_AddItemToObject(constraints, "permitted_dns_names",
	    cJSON_CreateStringArray(hosts, N_OF(hosts)));
	cJSON_AddItemToObject(constraints, "permitted_cidrs",
	    cJSON_CreateStringArray(networks, N_OF(networks)));
	return value;
}

/* An origin's host, which is what Firefox goes by. */
static cJSON *
origin_host(const char *origin)
{
	const char *host = strstr(origin, "://") + 3, *end = strrchr(host, ':');
	char text[ORIGIN_MAX + 1];

	if (!end || strchr(end, ']'))
		end = host + strlen(host);
	snprintf(text, sizeof(text), "%.*s", (int)(end - host), host);
	return cJSON_CreateString(text);
}

static const char *const chromium_ca[] = { "CACertificatesWithConstraints" };
static const char *const chromium_loopback[] = {
	"LoopbackNetworkAllowedForUrls"
};
/* As it was called before loopback and local networks were told apart. */
static const char *const chromium_local[] = {
	"LocalNetworkAccessAllowedForUrls"
};
static const char *const firefox_ca[] = { "policies", "Certificates",
	"Install" };
static const char *const firefox_local[] = { "policies", "LocalNetworkAccess",
	"SkipDomains" };

static void
origin_wish(const struct policy_file *file, const char *origin, cJSON *wishes)
{
	if (file->format == CHROMIUM_JSON) {
		policy_wish_add(
		    wishes, chromium_loopback, 1, cJSON_CreateString(origin));
		policy_wish_add(
		    wishes, chromium_local, 1, cJSON_CreateString(origin));
	} else {
		policy_wish_add(wishes, firefox_local, 3, origin_host(origin));
	}
}

static cJSON *
ca_wishes(const struct policy_file *file, const struct policy_wanted *wanted)
{
	cJSON *wishes = cJSON_CreateArray();

	if (file->format == CHROMIUM_JSON)
		policy_wish_add(
		    wishes, chromium_ca, 1, chromium_certificate(wanted->ca));
	else
		policy_wish_add(wishes, firefox_ca, 3,
		    cJSON_CreateString(FIREFOX_DIR "/" FIREFOX_CA_NAME));
	return wishes;
}

static void
origin_wishes(const struct policy_file *file,
    const struct policy_wanted *wanted, cJSON *wishes)
{
	for (size_t i = 0; wanted->origins && i < wanted->origins->origins_n;
	     i++)
		origin_wish(file, wanted->origins->origins[i].origin, wishes);
}

/* Lines of 64 characters (RFC 7468). Free with policy_text_free. */
static char *
ca_pem(const struct cert_ca *ca)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n",
			  end[] = "-----END CERTIFICATE-----\n";
	char body[BASE64_LEN(CERT_DER_MAX) + 1];
	size_t len = 0, body_len;
	char *text;

	base64_encode(ca->der, ca->der_len, body);
	body_len = strlen(body);
	text = cJSON_malloc(
	    sizeof(begin) + sizeof(end) + body_len + body_len / 64 + 2);
	if (!text)
		return NULL;
	len = (size_t)sprintf(text, "%s", begin);
	for (size_t at = 0; at < body_len; at += 64)
		len += (size_t)sprintf(text + len, "%.64s\n", body + at);
	strcpy(text + len, end);
	return text;
}

/*
 * Another file that sets one of these policies too: Chromium takes each from
 * one file alone, so ours would put out an administrator's, or the reverse.
 * Its text is searched, not parsed: Chromium is tolerant about JSON.
 */
static bool
is_decided_elsewhere(const struct policy_file *file,
    const struct policy_wanted *wanted, const cJSON *wishes)
{
	char pattern[PATH_MAX], path[PATH_MAX], quoted[64], *text;
	const cJSON *wish;
	bool decided = false;
	glob_t found;

	if (!file->other ||
	    glob(path_of(wanted->root, file->other, NULL, pattern), 0, NULL,
		&found) != 0)
		return false;
	path_of(wanted->root, file->dir, file->name, path);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		/* Chromium follows links, so they decide as well. */
		if (strcmp(found.gl_pathv[i], path) == 0 ||
		    text_read_by(0, found.gl_pathv[i], &text) < 0)
			continue;
		cJSON_ArrayForEach(wish, wishes)
		{
			snprintf(quoted, sizeof(quoted), "\"%s\"",
			    cJSON_GetObjectItem(wish, "path")
				->child->valuestring);
			decided |= text && strstr(text, quoted);
		}
		free(text);
	}
	globfree(&found);
	return decided;
}

/* ---- there and back ----------------------------------------------------- */

/* What a file would be without us, as policy_unmerge. */
static bool
file_undo(const char *text, const cJSON *entry, char **ret)
{
	const char *before = entry_text(entry, "before"),
		   *after = entry_text(entry, "after"), *back = text;
	const cJSON *added = cJSON_GetObjectItem(entry, "added");

	*ret = NULL;
	if (entry && text && before && strcmp(text, before) == 0)
		back = before;
	else if (entry && text && (!added || (after && !strcmp(text, after))))
		back = before;
	else if (entry && text)
		return policy_unmerge(text, before, added, ret);
	if (back && (*ret = cJSON_malloc(strlen(back) + 1)))
		strcpy(*ret, back);
	return !back || *ret;
}

/* What the operating system's packages say, where nobody else does. A link
 * below another root would lead out of it. */
static char *
distributed_read(const struct policy_file *file, const char *root)
{
	char path[PATH_MAX], *text = NULL;

	for (size_t i = 0;
	     file->format == FIREFOX_JSON && !text && i < N_OF(distributed);
	     i++)
		if (text_read_by(root[0] ? O_NOFOLLOW : 0,
			path_of(root, distributed[i], NULL, path), &text) < 0)
			text = NULL;
	return text;
}

/* The new text, and what of it was added (PEM: NULL). NULL: base is in the
 * way. */
static char *
file_text(const struct policy_file *file, const struct policy_wanted *wanted,
    const char *base, cJSON *wishes, cJSON **ret_added)
{
	char *packaged, *text;

	if (file->format == FIREFOX_CA)
		return ca_pem(wanted->ca);
	packaged = base ? NULL : distributed_read(file, wanted->root);
	text = policy_merge(packaged ? packaged : base, wishes, ret_added);
	free(packaged);
	return text;
}

static int
entry_write(const struct policy_file *file, const struct policy_wanted *wanted,
    cJSON *record, const char *base, const char *text, cJSON *added)
{
	cJSON *entry = cJSON_CreateObject();
	char dir[PATH_MAX];

	cJSON_AddItemToObject(entry, "before",
	    base ? cJSON_CreateString(base) : cJSON_CreateNull());
	cJSON_AddStringToObject(entry, "after", text);
	cJSON_AddNumberToObject(entry, "made",
	    dirs_missing(path_of(wanted->root, file->dir, NULL, dir)) +
		made_of(entry_of(record, file)));
	if (added)
		cJSON_AddItemToObject(entry, "added", added);
	cJSON_DeleteItemFromObjectCaseSensitive(
	    cJSON_GetObjectItem(record, "files"), policy_path(file));
	cJSON_AddItemToObject(
	    cJSON_GetObjectItem(record, "files"), policy_path(file), entry);
	cJSON_DeleteItemFromObject(record, "origins");
	cJSON_AddBoolToObject(record, "origins", wanted->origins != NULL);
	return record_write(wanted->root, record);
}

enum policy_did
policy_install(
    const struct policy_file *file, const struct policy_wanted *wanted)
{
	enum policy_did did = POLICY_STRANGE;
	cJSON *record = NULL, *added = NULL, *wishes = NULL;
	char path[PATH_MAX], *now = NULL, *base = NULL, *text = NULL;
	int r;

	path_of(wanted->root, file->dir, file->name, path);
	if ((r = text_read(path, &now)) < 0 ||
	    (r = record_read(wanted->root, &record)) < 0) {
		did = did_not(r);
		goto out;
	}
	wishes = ca_wishes(file, wanted);
	origin_wishes(file, wanted, wishes);
	if (is_decided_elsewhere(file, wanted, wishes)) {
		did = POLICY_CONFLICT;
		goto out;
	}
	if (!file_undo(now, entry_of(record, file), &base) ||
	    !(text = file_text(file, wanted, base, wishes, &added)))
		goto out;
	did = POLICY_NOTHING;
	if (now && strcmp(now, text) == 0)
		goto out;
	r = entry_write(file, wanted, record, base, text, added);
	added = NULL;
	if (r == 0)
		r = file_write(file, wanted->root, text);
	did = r < 0 ? did_not(r) : POLICY_WRITTEN;
out:
	cJSON_Delete(wishes);
	cJSON_Delete(added);
	cJSON_Delete(record);
	policy_text_free(text);
	policy_text_free(base);
	free(now);
	return did;
}

/* Takes the file's entry out of the record; and the directories, which are
 * known by it. */
static int
entry_remove(const struct policy_file *file, const char *root, cJSON *record)
{
	char dir[PATH_MAX];

	dirs_unmake(path_of(root, file->dir, NULL, dir),
	    made_of(entry_of(record, file)));
	cJSON_DeleteItemFromObjectCaseSensitive(
	    cJSON_GetObjectItem(record, "files"), policy_path(file));
	return record_write(root, record);
}

enum policy_did
policy_remove(
    const struct policy_file *file, const struct policy_wanted *wanted)
{
	enum policy_did did = POLICY_NOTHING;
	cJSON *record = NULL;
	char path[PATH_MAX], *now = NULL, *base = NULL;
	int r;

	path_of(wanted->root, file->dir, file->name, path);
	if ((r = record_read(wanted->root, &record)) < 0 ||
	    (r = text_read(path, &now)) < 0) {
		did = did_not(r);
		goto out;
	}
	if (!entry_of(record, file))
		goto out;
	did = POLICY_STRANGE;
	if (!file_undo(now, entry_of(record, file), &base))
		goto out;
	/* What somebody else took away stays away. */
	if ((now && (r = file_write(file, wanted->root, base)) < 0) ||
	    (r = entry_remove(file, wanted->root, record)) < 0)
		did = did_not(r);
	else
		did = now ? POLICY_REMOVED : POLICY_NOTHING;
out:
	cJSON_Delete(record);
	policy_text_free(base);
	free(now);
	return did;
}

/* ---- what holds --------------------------------------------------------- */

static enum policy_state
ca_file_look(const char *text, const struct cert_ca *ca)
{
	struct cert_ca there;

	if (cert_ca_parse(text, strlen(text), &there) < 0)
		return POLICY_ABSENT;
	return cert_ca_equal(&there, ca) ? POLICY_HOLDS : POLICY_OTHER;
}

enum policy_state
policy_look(const struct policy_file *file, const struct policy_wanted *wanted)
{
	enum policy_state state = POLICY_ABSENT;
	char path[PATH_MAX], *text = NULL;
	cJSON *wishes = ca_wishes(file, wanted);
	int r = text_read(
	    path_of(wanted->root, file->dir, file->name, path), &text);

	if (r < 0)
		state = POLICY_UNREADABLE;
	else if (text && file->format == FIREFOX_CA)
		state = ca_file_look(text, wanted->ca);
	else if (text && policy_count(text, wishes))
		state = is_decided_elsewhere(file, wanted, wishes)
			    ? POLICY_OVERRULED
			    : POLICY_HOLDS;
	else if (text && file->format == CHROMIUM_JSON)
		state = POLICY_OTHER;
	cJSON_Delete(wishes);
	free(text);
	return state;
}

bool
policy_covers(enum browser_policy kind, const struct policy_wanted *wanted)
{
	bool covers = kind != BY_NO_POLICY;

	for (size_t i = 0; i < policy_files_n; i++)
		if (policy_kind(&files[i]) == kind)
			covers &=
			    policy_look(&files[i], wanted) == POLICY_HOLDS;
	return covers;
}

unsigned
policy_origins(
    const struct policy_file *file, const struct policy_wanted *wanted)
{
	char path[PATH_MAX], *text = NULL;
	cJSON *wishes = cJSON_CreateArray();
	unsigned n = 0;

	if (file->format != FIREFOX_CA &&
	    text_read(path_of(wanted->root, file->dir, file->name, path),
		&text) == 0 &&
	    text) {
		origin_wishes(file, wanted, wishes);
		n = policy_count(text, wishes);
		if (file->format == CHROMIUM_JSON)
			n /= 2;
	}
	cJSON_Delete(wishes);
	free(text);
	return n;
}
