#include "cert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "cert-make.h"
#include "log.h"
#include "wipe.h"

#define PEM_MAX 65536

/* In the order they are put in place. */
enum set_file { FILE_KEY, FILE_LEAF, FILE_CA, FILES_N };
#define ADVICE "make new ones: kenmenctl trust renew"

/* clang-format off */
static const struct {
	const char *name, *temporary;
	mode_t mode;
} files[FILES_N] = {
	[FILE_KEY]  = { "server.key", ".server.key.new", 0600 },
	[FILE_LEAF] = { "server.pem", ".server.pem.new", 0600 },
	[FILE_CA]   = { "ca.pem",     ".ca.pem.new",     0644 },
};
/* clang-format on */

/* Held while a set is made; only its owner can open it, so that no other
 * user can make us wait. */
static const char lock_name[] = ".making";
/* There while new files are put in place: they are whole, and whoever finds
 * it finishes that. Without it they are nothing. */
static const char commit_name[] = ".replacing";

struct set {
	const char *path; /* state_dir, for the log */
	int dir;
	time_t now;
	gnutls_datum_t pem[FILES_N]; /* malloc'ed, NUL-terminated */
};

/* ---- files ----------------------------------------------------------- */

static int
set_open(struct set *set)
{
	bool made = mkdir(set->path, 0755) == 0;
	struct stat st;

	if (!made && errno != EEXIST) {
		log_error("%s: cannot be made: %m", set->path);
		return -errno;
	}
	set->dir = open(set->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (set->dir < 0 || fstat(set->dir, &st) < 0) {
		log_error("%s: cannot be opened: %m", set->path);
		return -errno;
	}
	/* ca.pem is everybody's to read, whatever umask we were given. */
	if (made && fchmod(set->dir, 0755) < 0) {
		log_error("%s: chmod: %m", set->path);
		return -errno;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		log_warning(
		    "%s: others may write there: chmod go-w it", set->path);
	return 0;
}

static void
set_close(struct set *set)
{
	for (int i = 0; i < FILES_N; i++) {
		if (set->pem[i].data)
			wipe(set->pem[i].data, set->pem[i].size);
		free(set->pem[i].data);
	}
	if (set->dir >= 0)
		close(set->dir);
}

static bool
set_has(const struct set *set, enum set_file file)
{
	struct stat st;

	return fstatat(set->dir, files[file].name, &st, AT_SYMLINK_NOFOLLOW) ==
	       0;
}

static int
set_count(const struct set *set)
{
	int n = 0;

	for (int i = 0; i < FILES_N; i++)
		n += set_has(set, (enum set_file)i);
	return n;
}

/* What makes a file's bytes not worth reading; NULL: nothing. */
static const char *
file_fault(const struct stat *st, enum set_file file)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_size > PEM_MAX)
		return "is larger than 64 KiB";
	if (file != FILE_KEY)
		return NULL;
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return "can be used by others, and who has it can pose as this "
		       "service: " ADVICE;
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "belongs to another user";
	return NULL;
}

static int
read_all(int fd, char *buf, size_t room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = read(fd, buf + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

static int
set_read(struct set *set, enum set_file file)
{
	const char *name = files[file].name, *reason;
	gnutls_datum_t *pem = &set->pem[file];
	struct stat st;
	size_t len = 0;
	int r = 0;
	/* Nonblocking: a FIFO of that name must not stop us. */
	int fd = openat(
	    set->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		log_error("%s/%s: cannot be opened: %m", set->path, name);
		goto out;
	}
	if ((reason = file_fault(&st, file))) {
		r = -EINVAL;
		log_error("%s/%s: %s", set->path, name, reason);
		goto out;
	}
	if (!(pem->data = calloc(1, PEM_MAX + 1))) {
		r = -ENOMEM;
		goto out;
	}
	pem->size = PEM_MAX;
	if ((r = read_all(fd, (char *)pem->data, PEM_MAX, &len)) < 0)
		log_error("%s/%s: %s", set->path, name, strerror(-r));
	pem->size = (unsigned)len;
out:
	if (fd >= 0)
		close(fd);
	return r;
}

static int
write_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* All of it on the disk, under its temporary name. */
static int
set_write_one(struct set *set, enum set_file file)
{
	const char *name = files[file].temporary;
	int fd, r;

	unlinkat(set->dir, name, 0); /* of a run that was cut off */
	fd = openat(set->dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    files[file].mode);
	if (fd < 0)
		return -errno;
	r = write_all(fd, set->pem[file].data, set->pem[file].size);
	if (r == 0 && (fchmod(fd, files[file].mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

static bool
set_is_replaced(const struct set *set)
{
	struct stat st;

	return fstatat(set->dir, commit_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
set_fail(const struct set *set, int r)
{
	log_error(
	    "%s: certificates cannot be written: %s", set->path, strerror(-r));
	return r;
}

/* Puts new files in place, those that are not there yet. */
static int
set_replace(const struct set *set)
{
	for (int i = 0; i < FILES_N; i++)
		if (renameat(set->dir, files[i].temporary, set->dir,
			files[i].name) < 0 &&
		    errno != ENOENT)
			return set_fail(set, -errno);
	if (fsync(set->dir) < 0 || unlinkat(set->dir, commit_name, 0) < 0 ||
	    fsync(set->dir) < 0)
		return set_fail(set, -errno);
	return 0;
}

static int
commit_write(const struct set *set)
{
	int fd = openat(set->dir, commit_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return fsync(set->dir) < 0 ? -errno : 0;
}

/*
 * Cut off at any moment, the next start has the old set or the new one: a
 * leaf without its CA would be trusted by nobody.
 */
static int
set_write(struct set *set)
{
	int r = 0;

	for (int i = 0; i < FILES_N && r == 0; i++)
		r = set_write_one(set, (enum set_file)i);
	if (r == 0 && (r = commit_write(set)) == 0)
		return set_replace(set);
	unlinkat(set->dir, commit_name, 0);
	for (int i = 0; i < FILES_N; i++)
		unlinkat(set->dir, files[i].temporary, 0);
	return set_fail(set, r);
}

/* ---- making a set ---------------------------------------------------- */

/* Every door's. */
static struct cert_wish
set_wish(time_t now)
{
	return (struct cert_wish){ .ca_name = "kenmen local CA",
		.host = "localhost",
		.years = 10,
		.now = now };
}

static int
set_make(struct set *set)
{
	const struct cert_wish wish = set_wish(set->now);
	int g = cert_make(&wish, &set->pem[FILE_CA], &set->pem[FILE_LEAF],
	    &set->pem[FILE_KEY]);

	if (g < 0) {
		log_error(
		    "certificates cannot be made: %s", gnutls_strerror(g));
		return -EIO;
	}
	return set_write(set);
}

static int
half_a_set(const struct set *set)
{
	for (int i = 0; i < FILES_N; i++)
		if (!set_has(set, (enum set_file)i))
			log_error("%s/%s is missing, but not the rest of the "
				  "set: put it back, or " ADVICE,
			    set->path, files[i].name);
	return -EINVAL;
}

static int
set_complete(struct set *set)
{
	int r;

	switch (set_count(set)) {
	case 0:
		r = set_make(set);
		if (r == 0)
			log_info("made %s/ca.pem: let the browsers trust it "
				 "(kenmenctl trust install)",
			    set->path);
		return r;
	case FILES_N: /* while we waited */
		return 0;
	default:
		return half_a_set(set);
	}
}

static int
set_renew(struct set *set)
{
	if (set_count(set) == 0)
		return -ENOENT;
	return set_make(set);
}

/* Two at once: the second waits. First of all what was cut off is finished. */
static int
set_locked(struct set *set, int (*work)(struct set *set))
{
	int r, lock = openat(set->dir, lock_name,
		   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (lock < 0 || flock(lock, LOCK_EX) < 0) {
		r = -errno;
		log_error("%s: cannot be written: %m", set->path);
		goto out;
	}
	r = set_is_replaced(set) ? set_replace(set) : 0;
	if (r == 0)
		r = work(set);
	unlinkat(set->dir, lock_name, 0);
out:
	if (lock >= 0)
		close(lock);
	return r;
}

/* ---- checking a set -------------------------------------------------- */

struct checker {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t leaf, ca;
};

static bool
key_fits(const struct checker *c)
{
	unsigned char of_key[64], of_leaf[64];
	size_t key_len = sizeof(of_key), leaf_len = sizeof(of_leaf);
	unsigned flags = GNUTLS_KEYID_USE_SHA256;

	return gnutls_x509_privkey_get_key_id(
		   c->key, flags, of_key, &key_len) == 0 &&
	       gnutls_x509_crt_get_key_id(c->leaf, flags, of_leaf, &leaf_len) ==
		   0 &&
	       key_len == leaf_len && memcmp(of_key, of_leaf, key_len) == 0;
}

static bool
ca_signed_leaf(const struct checker *c)
{
	unsigned status = 0;

	/* Time is ours to judge: see cert_load. */
	return gnutls_x509_crt_verify(c->leaf, &c->ca, 1,
		   GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) == 0 &&
	       status == 0;
}

static bool
has_run_out(const struct checker *c, time_t now)
{
	return gnutls_x509_crt_get_expiration_time(c->leaf) <= now ||
	       gnutls_x509_crt_get_expiration_time(c->ca) <= now;
}

/* What is wrong with a set whose files could be read; NULL: nothing. */
static const char *
set_fault(const struct set *set, const struct checker *c)
{
	for (int i = 0; i < FILES_N; i++)
		if (memchr(set->pem[i].data, '\0', set->pem[i].size))
			return "a file of it holds a NUL byte: " ADVICE;
	if (gnutls_x509_privkey_import(
		c->key, &set->pem[FILE_KEY], GNUTLS_X509_FMT_PEM) < 0)
		return "server.key holds no key: " ADVICE;
	if (gnutls_x509_crt_import(
		c->leaf, &set->pem[FILE_LEAF], GNUTLS_X509_FMT_PEM) < 0)
		return "server.pem holds no certificate: " ADVICE;
	if (gnutls_x509_crt_import(
		c->ca, &set->pem[FILE_CA], GNUTLS_X509_FMT_PEM) < 0)
		return "ca.pem holds no certificate: " ADVICE;
	if (!key_fits(c))
		return "server.key is not the key of server.pem: " ADVICE;
	if (!ca_signed_leaf(c))
		return "server.pem was not signed by ca.pem: " ADVICE;
	if (has_run_out(c, set->now))
		return "the certificates have run out: " ADVICE;
	if (gnutls_x509_crt_get_activation_time(c->leaf) > set->now)
		log_warning("%s: the certificates begin in the future: is the "
			    "clock right?",
		    set->path);
	return NULL;
}

static int
set_check(const struct set *set)
{
	struct checker c = { 0 };
	const char *reason;
	int r = -ENOMEM;

	if (gnutls_x509_privkey_init(&c.key) < 0 ||
	    gnutls_x509_crt_init(&c.leaf) < 0 ||
	    gnutls_x509_crt_init(&c.ca) < 0)
		goto out;
	r = 0;
	if ((reason = set_fault(set, &c))) {
		log_error("%s: %s", set->path, reason);
		r = -EINVAL;
	}
out:
	gnutls_x509_privkey_deinit(c.key);
	if (c.leaf)
		gnutls_x509_crt_deinit(c.leaf);
	if (c.ca)
		gnutls_x509_crt_deinit(c.ca);
	return r;
}

/* What was just made goes the same way as what was found. */
static int
set_load(struct set *set)
{
	int r = 0;

	for (int i = 0; i < FILES_N; i++) {
		if (set->pem[i].data)
			wipe(set->pem[i].data, set->pem[i].size);
		free(set->pem[i].data);
		set->pem[i] = (gnutls_datum_t){ NULL, 0 };
	}
	for (int i = 0; i < FILES_N && r == 0; i++)
		r = set_read(set, (enum set_file)i);
	return r < 0 ? r : set_check(set);
}

/* ---- the whole ------------------------------------------------------- */

int
cert_load(const char *state_dir, time_t now, struct cert *ret)
{
	struct set set = { .path = state_dir, .dir = -1, .now = now };
	int r;

	if ((r = set_open(&set)) < 0 ||
	    ((set_count(&set) < FILES_N || set_is_replaced(&set)) &&
		(r = set_locked(&set, set_complete)) < 0) ||
	    (r = set_load(&set)) < 0)
		goto out;
	*ret = (struct cert){ .certificate = (char *)set.pem[FILE_LEAF].data,
		.key = (char *)set.pem[FILE_KEY].data };
	set.pem[FILE_LEAF].data = set.pem[FILE_KEY].data = NULL;
out:
	if (r == -ENOMEM)
		log_error("%s: %s", state_dir, strerror(-r));
	set_close(&set);
	return r;
}

int
cert_renew(const char *state_dir, time_t now)
{
	struct set set = { .path = state_dir, .dir = -1, .now = now };
	int r;

	if ((r = set_open(&set)) == 0)
		r = set_locked(&set, set_renew);
	set_close(&set);
	return r;
}

void
cert_finish(struct cert *cert)
{
	if (cert->key)
		wipe(cert->key, strlen(cert->key));
	free(cert->key);
	free(cert->certificate);
	*cert = (struct cert){ 0 };
}
