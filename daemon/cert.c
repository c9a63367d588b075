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

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "log.h"
#include "wipe.h"

#define PEM_MAX 65536
#define YEARS 10

/* In the order they are put in place: whoever sees ca.pem sees a whole set. */
enum set_file { FILE_KEY, FILE_LEAF, FILE_CA, FILES_N };
#define ADVICE                                                                 \
	"remove ca.pem, server.pem and server.key there, start again, and "    \
	"let the browsers trust the new ca.pem"

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

/*
 * Whole files only, ca.pem last: when we are cut off between two renames,
 * the next start sees half a set and says so.
 */
static int
set_write(struct set *set)
{
	int r = 0;

	for (int i = 0; i < FILES_N && r == 0; i++)
		r = set_write_one(set, (enum set_file)i);
	for (int i = 0; i < FILES_N && r == 0; i++)
		if (renameat(set->dir, files[i].temporary, set->dir,
			files[i].name) < 0)
			r = -errno;
	if (r == 0 && fsync(set->dir) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	log_error(
	    "%s: certificates cannot be written: %s", set->path, strerror(-r));
	/* None of them was there before. */
	for (int i = 0; i < FILES_N; i++) {
		unlinkat(set->dir, files[i].temporary, 0);
		unlinkat(set->dir, files[i].name, 0);
	}
	return r;
}

/* ---- making a set ---------------------------------------------------- */

struct maker {
	gnutls_x509_privkey_t ca_key, leaf_key;
	gnutls_x509_crt_t ca, leaf;
};

static time_t
years_later(time_t now)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	tm.tm_year += YEARS;
	return timegm(&tm);
}

/* What both have. 126 random bits, positive and without leading zeros
 * (RFC 5280 4.1.2.2). */
static int
crt_start(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *name,
    time_t now)
{
	unsigned char serial[16], id[64];
	size_t id_len = sizeof(id);
	int g;

	if ((g = gnutls_rnd(GNUTLS_RND_RANDOM, serial, sizeof(serial))) < 0)
		return g;
	serial[0] = (serial[0] & 0x3f) | 0x40;
	if ((g = gnutls_x509_crt_set_version(crt, 3)) < 0 ||
	    (g = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial))) < 0 ||
	    (g = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
		 0, name, (unsigned)strlen(name))) < 0 ||
	    (g = gnutls_x509_crt_set_activation_time(crt, now)) < 0 ||
	    (g = gnutls_x509_crt_set_expiration_time(crt, years_later(now))) <
		0 ||
	    (g = gnutls_x509_crt_set_key(crt, key)) < 0 ||
	    (g = gnutls_x509_crt_get_key_id(crt, 0, id, &id_len)) < 0 ||
	    (g = gnutls_x509_crt_set_subject_key_id(crt, id, id_len)) < 0)
		return g;
	return 0;
}

/*
 * What the CA's signature is good for, ever. The addresses must be named:
 * where no address is, browsers let every address pass.
 */
static int
crt_constrain(gnutls_x509_crt_t crt)
{
	static const char *const networks[] = { "127.0.0.1/32", "::1/128" };
	gnutls_x509_name_constraints_t permitted = NULL;
	gnutls_datum_t host = { (unsigned char *)"localhost", 9 };
	gnutls_datum_t network = { NULL, 0 };
	int g = gnutls_x509_name_constraints_init(&permitted);

	if (g < 0)
		return g;
	if ((g = gnutls_x509_name_constraints_add_permitted(
		 permitted, GNUTLS_SAN_DNSNAME, &host)) < 0)
		goto out;
	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		g = gnutls_x509_cidr_to_rfc5280(networks[i], &network);
		if (g < 0)
			goto out;
		g = gnutls_x509_name_constraints_add_permitted(
		    permitted, GNUTLS_SAN_IPADDRESS, &network);
		gnutls_free(network.data);
		if (g < 0)
			goto out;
	}
	g = gnutls_x509_crt_set_name_constraints(crt, permitted, 1);
out:
	gnutls_x509_name_constraints_deinit(permitted);
	return g;
}

/* Its name holds a random part: two installations' CAs in one browser must
 * not be taken for each other. */
static int
make_ca(struct maker *m, time_t now)
{
	unsigned char id[4];
	char name[40];
	int g = gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof(id));

	if (g < 0)
		return g;
	snprintf(name, sizeof(name), "kenmen local CA %02x%02x%02x%02x", id[0],
	    id[1], id[2], id[3]);
	if ((g = crt_start(m->ca, m->ca_key, name, now)) < 0 ||
	    (g = gnutls_x509_crt_set_basic_constraints(m->ca, 1, 0)) < 0 ||
	    (g = gnutls_x509_crt_set_key_usage(
		 m->ca, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN)) < 0 ||
	    (g = crt_constrain(m->ca)) < 0 ||
	    (g = gnutls_x509_crt_sign2(
		 m->ca, m->ca, m->ca_key, GNUTLS_DIG_SHA256, 0)) < 0)
		return g;
	return 0;
}

static int
crt_set_names(gnutls_x509_crt_t crt)
{
	static const unsigned char v4[4] = { 127, 0, 0, 1 };
	static const unsigned char v6[16] = { [15] = 1 };
	int g;

	if ((g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		 "localhost", 9, GNUTLS_FSAN_SET)) < 0 ||
	    (g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
		 v4, sizeof(v4), GNUTLS_FSAN_APPEND)) < 0 ||
	    (g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
		 v6, sizeof(v6), GNUTLS_FSAN_APPEND)) < 0)
		return g;
	return 0;
}

static int
make_leaf(struct maker *m, time_t now)
{
	unsigned char id[64];
	size_t id_len = sizeof(id);
	int g;

	if ((g = crt_start(m->leaf, m->leaf_key, "localhost", now)) < 0 ||
	    (g = gnutls_x509_crt_set_basic_constraints(m->leaf, 0, -1)) < 0 ||
	    (g = gnutls_x509_crt_set_key_usage(
		 m->leaf, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (g = gnutls_x509_crt_set_key_purpose_oid(
		 m->leaf, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0 ||
	    (g = crt_set_names(m->leaf)) < 0 ||
	    (g = gnutls_x509_crt_get_key_id(m->ca, 0, id, &id_len)) < 0 ||
	    (g = gnutls_x509_crt_set_authority_key_id(m->leaf, id, id_len)) <
		0 ||
	    (g = gnutls_x509_crt_sign2(
		 m->leaf, m->ca, m->ca_key, GNUTLS_DIG_SHA256, 0)) < 0)
		return g;
	return 0;
}

static int
maker_start(struct maker *m)
{
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	int g;

	*m = (struct maker){ 0 };
	if ((g = gnutls_x509_privkey_init(&m->ca_key)) < 0 ||
	    (g = gnutls_x509_privkey_init(&m->leaf_key)) < 0 ||
	    (g = gnutls_x509_crt_init(&m->ca)) < 0 ||
	    (g = gnutls_x509_crt_init(&m->leaf)) < 0 ||
	    (g = gnutls_x509_privkey_generate(
		 m->ca_key, GNUTLS_PK_ECDSA, bits, 0)) < 0 ||
	    (g = gnutls_x509_privkey_generate(
		 m->leaf_key, GNUTLS_PK_ECDSA, bits, 0)) < 0)
		return g;
	return 0;
}

/* deinit overwrites a key's numbers before it frees them. */
static void
maker_finish(struct maker *m)
{
	gnutls_x509_privkey_deinit(m->ca_key);
	gnutls_x509_privkey_deinit(m->leaf_key);
	if (m->ca)
		gnutls_x509_crt_deinit(m->ca);
	if (m->leaf)
		gnutls_x509_crt_deinit(m->leaf);
}

static int
set_make(struct set *set)
{
	struct maker m;
	int g;

	if ((g = maker_start(&m)) < 0 || (g = make_ca(&m, set->now)) < 0 ||
	    (g = make_leaf(&m, set->now)) < 0 ||
	    (g = gnutls_x509_privkey_export2(
		 m.leaf_key, GNUTLS_X509_FMT_PEM, &set->pem[FILE_KEY])) < 0 ||
	    (g = gnutls_x509_crt_export2(
		 m.leaf, GNUTLS_X509_FMT_PEM, &set->pem[FILE_LEAF])) < 0 ||
	    (g = gnutls_x509_crt_export2(
		 m.ca, GNUTLS_X509_FMT_PEM, &set->pem[FILE_CA])) < 0)
		log_error(
		    "certificates cannot be made: %s", gnutls_strerror(g));
	/* The CA's key ends here; nothing can be signed with it again. */
	maker_finish(&m);
	if (g < 0)
		return -EIO;
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

/* Makes a set where there is none. Two starts at once: the second waits. */
static int
set_make_once(struct set *set)
{
	int r, lock = openat(set->dir, lock_name,
		   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (lock < 0 || flock(lock, LOCK_EX) < 0) {
		r = -errno;
		log_error("%s: cannot be written: %m", set->path);
		goto out;
	}
	switch (set_count(set)) {
	case 0:
		r = set_make(set);
		if (r == 0)
			log_info("made %s/ca.pem: let the browsers trust it",
			    set->path);
		break;
	case FILES_N: /* while we waited */
		r = 0;
		break;
	default:
		r = half_a_set(set);
		break;
	}
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
	    (set_count(&set) < FILES_N && (r = set_make_once(&set)) < 0) ||
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

void
cert_finish(struct cert *cert)
{
	if (cert->key)
		wipe(cert->key, strlen(cert->key));
	free(cert->key);
	free(cert->certificate);
	*cert = (struct cert){ 0 };
}
