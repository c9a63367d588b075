#include "trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob.h"
#include "cv.h"

/* A directory that somebody filled with the certificates of the web: bounds
 * what is read, not what is useful. */
#define CAS_MAX 64
#define ROOTS_MAX 64
#define FILE_MAX 262144

struct root {
	uint8_t key_id[CV_KEY_ID_LEN];
	struct sig_key key;
};

struct kenmen_trust {
	struct sig_cert *cas[CAS_MAX];
	size_t cas_n;
	struct root roots[ROOTS_MAX];
	size_t roots_n;
};

/* ---- the directory ---------------------------------------------------- */

static int
bytes_read(int fd, uint8_t *buf, size_t room, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	while (len < room && (n = read(fd, buf + len, room - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return KENMEN_ERR_DATA;
		len += (size_t)n;
	}
	*ret_len = len;
	return len < room ? 0 : KENMEN_ERR_DATA;
}

/* A regular file of less than FILE_MAX bytes. */
static int
file_read(int dir, const char *name, struct kenmen_blob *ret)
{
	uint8_t *buf = malloc(FILE_MAX);
	int r = KENMEN_ERR_DATA;
	struct stat st;
	size_t len;
	/* Not to hang on a pipe that somebody put there. */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (!buf) {
		r = KENMEN_ERR_NO_MEMORY;
	} else if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		   (r = bytes_read(fd, buf, FILE_MAX, &len)) == 0) {
		ret->bytes = buf;
		ret->len = len;
		buf = NULL;
	}
	free(buf);
	if (fd >= 0)
		close(fd);
	return r;
}

/* Only what may issue goes in: the directory's other certificates would
 * never be asked. */
static int
cas_add(struct kenmen_trust *trust, const struct kenmen_blob *file,
    const char *name)
{
	struct sig_cert **from = trust->cas + trust->cas_n;
	int n =
	    sig_cert_pem(file->bytes, file->len, from, CAS_MAX - trust->cas_n);
	bool good = true;

	(void)name;
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		good = good && sig_cert_is_ca(from[i]);
	if (good) {
		trust->cas_n += (size_t)n;
		return 0;
	}
	for (int i = 0; i < n; i++)
		sig_cert_free(&from[i]);
	return KENMEN_ERR_DATA;
}

static bool
key_id_read(const char *name, uint8_t ret[CV_KEY_ID_LEN])
{
	static const char digits[] = "0123456789abcdef";

	if (strspn(name, digits) != 2 * CV_KEY_ID_LEN)
		return false;
	for (size_t i = 0; i < CV_KEY_ID_LEN; i++) {
		size_t high = (size_t)(strchr(digits, name[2 * i]) - digits);
		size_t low = (size_t)(strchr(digits, name[2 * i + 1]) - digits);

		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int
root_add(struct kenmen_trust *trust, const struct kenmen_blob *file,
    const char *name)
{
	struct root root;

	if (trust->roots_n == ROOTS_MAX || !key_id_read(name, root.key_id) ||
	    strlen(name) != 2 * CV_KEY_ID_LEN + strlen(".cvroot") ||
	    sig_key_pem(file->bytes, file->len, &root.key) < 0)
		return KENMEN_ERR_DATA;
	trust->roots[trust->roots_n++] = root;
	return 0;
}

static const struct {
	const char *suffix;
	int (*add)(struct kenmen_trust *trust, const struct kenmen_blob *file,
	    const char *name);
} forms[] = {
	{ ".pem", cas_add },
	{ ".cvroot", root_add },
};

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && !strcmp(name + n - m, suffix);
}

static int
entry_add(struct kenmen_trust *trust, int dir, const char *name)
{
	size_t n = sizeof(forms) / sizeof(forms[0]), i = 0;
	struct kenmen_blob file;
	int r;

	while (i < n && !has_suffix(name, forms[i].suffix))
		i++;
	if (i == n || name[0] == '.')
		return 0;
	if ((r = file_read(dir, name, &file)) < 0)
		return r;
	r = forms[i].add(trust, &file, name);
	kenmen_blob_free(&file);
	return r;
}

static int
directory_read(struct kenmen_trust *trust, const char *path, unsigned *ret_bad)
{
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	if ((dir = opendir(path)) == NULL) {
		*ret_bad += errno != ENOENT;
		return errno == ENOMEM ? KENMEN_ERR_NO_MEMORY : 0;
	}
	while (r != KENMEN_ERR_NO_MEMORY && (entry = readdir(dir)) != NULL) {
		r = entry_add(trust, dirfd(dir), entry->d_name);
		if (r == KENMEN_ERR_DATA)
			++*ret_bad;
	}
	closedir(dir);
	return r == KENMEN_ERR_NO_MEMORY ? r : 0;
}

int
kenmen_trust_new(
    const char *directory, unsigned *ret_bad, struct kenmen_trust **ret)
{
	struct kenmen_trust *trust = calloc(1, sizeof(*trust));
	unsigned bad = 0;
	int r;

	if (!trust)
		return KENMEN_ERR_NO_MEMORY;
	if ((r = directory_read(trust, directory, &bad)) < 0) {
		kenmen_trust_free(&trust);
		return r;
	}
	if (ret_bad)
		*ret_bad = bad;
	*ret = trust;
	return 0;
}

void
kenmen_trust_free(struct kenmen_trust **trust)
{
	if (*trust) {
		for (size_t i = 0; i < (*trust)->cas_n; i++)
			sig_cert_free(&(*trust)->cas[i]);
		free(*trust);
	}
	*trust = NULL;
}

const struct sig_key *
trust_root(const struct kenmen_trust *trust, const uint8_t *key_id)
{
	for (size_t i = 0; trust && i < trust->roots_n; i++) {
		if (!memcmp(trust->roots[i].key_id, key_id, CV_KEY_ID_LEN))
			return &trust->roots[i].key;
	}
	return NULL;
}

bool
trust_has_roots(const struct kenmen_trust *trust)
{
	return trust && trust->roots_n > 0;
}

/* ---- certificates of JPKI --------------------------------------------- */

/* A purpose of the two CAs: how the CA is called (all generations, and the
 * test CAs, which nobody trusts unasked, by the same unit) and what its
 * certificates for people must say (J-LIS's profile). */
struct purpose {
	const char *unit;
	const char *policy;
	enum sig_usage usage;
};

static const struct purpose login = {
	"JPKI for user authentication",
	"1.2.392.200149.8.5.1.3.30",
	SIG_USAGE_LOGIN,
};
static const struct purpose sign = {
	"JPKI for digital signature",
	"1.2.392.200149.8.5.1.1.20",
	SIG_USAGE_SIGN,
};

static const struct {
	const struct purpose *purpose;
	bool ca;
} kinds[KENMEN_CERT_N] = {
	[KENMEN_CERT_AUTH] = { &login, false },
	[KENMEN_CERT_SIGN] = { &sign, false },
	[KENMEN_CERT_AUTH_CA] = { &login, true },
	[KENMEN_CERT_SIGN_CA] = { &sign, true },
};

/*
 * How far a certificate got. All CAs of a purpose have one name, so the
 * furthest that any of them got says what is wrong.
 */
enum outcome {
	OTHER_ISSUER,
	OTHER_KEY,
	CA_NOT_IN_TIME,
	GOOD,
};

static enum outcome
issued_by(const struct sig_cert *cert, const struct sig_cert *ca, int64_t now)
{
	if (!sig_cert_names_issuer(cert, ca))
		return OTHER_ISSUER;
	if (!sig_cert_signed_by(cert, ca))
		return OTHER_KEY;
	return sig_cert_in_time(ca, now) ? GOOD : CA_NOT_IN_TIME;
}

static enum outcome
is_copy_of(const struct sig_cert *cert, const struct sig_cert *ca, int64_t now)
{
	/* Name and key can be copied; the rest is true when that key, whose
	 * certificate signs itself, says so. */
	if (!sig_cert_same_owner(cert, ca) || !sig_cert_signed_by(cert, ca))
		return OTHER_KEY;
	return sig_cert_in_time(ca, now) ? GOOD : CA_NOT_IN_TIME;
}

/* What a holder's certificate is looked at for, apart from its issuer. */
enum aspect { VALIDITY, KEY_USAGE, POLICY, ASPECT_N };

/* clang-format off */
static const struct {
	const char *name, *good, *bad;
} aspects[ASPECT_N] = {
	[VALIDITY] = { "validity", "the certificate is valid at this time",
	    "the certificate is not valid at this time" },
	[KEY_USAGE] = { "key_usage", "its key is for this purpose",
	    "its key usage does not allow this purpose (or it is a CA)" },
	[POLICY] = { "policy", "it carries the JPKI policy of this purpose",
	    "it does not carry the JPKI policy of this purpose" },
};
/* clang-format on */

static bool
aspect_ok(enum aspect aspect, const struct sig_cert *cert,
    const struct purpose *purpose, int64_t now)
{
	switch (aspect) {
	case VALIDITY:
		return sig_cert_in_time(cert, now);
	case KEY_USAGE:
		return sig_cert_may(cert, purpose->usage);
	case POLICY:
		return sig_cert_has_policy(cert, purpose->policy);
	case ASPECT_N:
		break;
	}
	return false;
}

/* NULL: good. */
static const char *
holder_fault(
    const struct sig_cert *cert, const struct purpose *purpose, int64_t now)
{
	for (enum aspect a = 0; a < ASPECT_N; a++)
		if (!aspect_ok(a, cert, purpose, now))
			return aspects[a].bad;
	return NULL;
}

static const char *
ca_fault(const struct sig_cert *cert, int64_t now)
{
	if (!sig_cert_in_time(cert, now))
		return "the certificate is not valid at this time";
	return sig_cert_is_ca(cert) ? NULL : "it may not issue certificates";
}

/* False: there is no CA of that purpose. */
static bool
best_outcome(const struct kenmen_trust *trust, const struct sig_cert *cert,
    enum kenmen_certificate which, int64_t now, enum outcome *ret)
{
	enum outcome best = OTHER_ISSUER, one;
	bool any = false;

	for (size_t i = 0; i < trust->cas_n; i++) {
		const struct sig_cert *ca = trust->cas[i];

		if (!sig_cert_has_unit(ca, kinds[which].purpose->unit))
			continue;
		any = true;
		one = kinds[which].ca ? is_copy_of(cert, ca, now)
				      : issued_by(cert, ca, now);
		best = one > best ? one : best;
	}
	*ret = best;
	return any;
}

static const char *
fault_of(const struct sig_cert *cert, enum kenmen_certificate which,
    enum outcome outcome, int64_t now)
{
	switch (outcome) {
	case OTHER_ISSUER:
		return "its issuer is none of the trusted CAs";
	case OTHER_KEY:
		return kinds[which].ca
			   ? "it is the certificate of no trusted CA"
			   : "no trusted CA of that name signed it";
	case CA_NOT_IN_TIME:
		/* As a rule both have run out: the nearer one is said. */
		if (sig_cert_in_time(cert, now))
			return "its CA is not valid at this time";
		break;
	case GOOD:
		break;
	}
	return kinds[which].ca ? ca_fault(cert, now)
			       : holder_fault(cert, kinds[which].purpose, now);
}

int
kenmen_certificate_trusted(const struct kenmen_trust *trust,
    enum kenmen_certificate which, const uint8_t *der, size_t len, int64_t now,
    const char **reason)
{
	const char *fault = "it is no X.509 certificate";
	struct sig_cert *cert = NULL;
	enum outcome outcome;
	int r;

	if (!trust || (unsigned)which >= KENMEN_CERT_N)
		return -1;
	r = sig_cert_new(der, len, &cert);
	if (r == KENMEN_ERR_NO_MEMORY)
		return -1; /* nothing can be said, either */
	if (r == 0 && !best_outcome(trust, cert, which, now, &outcome)) {
		sig_cert_free(&cert);
		return -1;
	}
	if (r == 0)
		fault = fault_of(cert, which, outcome, now);
	sig_cert_free(&cert);
	if (fault && reason)
		*reason = fault;
	return fault ? 0 : 1;
}

void
trust_check_put(struct kenmen_authenticity *list, unsigned at, const char *name,
    int ok, const char *detail)
{
	struct kenmen_check *c = &list->check[at];

	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
	c->ok = (int8_t)ok;
}

/* For a holder's certificate. */
static void
issuer_say(const struct kenmen_trust *trust, const struct sig_cert *cert,
    enum kenmen_certificate which, int64_t now, struct kenmen_authenticity *ret)
{
	static const char *const details[] = {
		[OTHER_ISSUER] = "its issuer is none of the trusted CAs",
		[OTHER_KEY] = "no trusted CA of that name signed it",
		[CA_NOT_IN_TIME] = "its CA is not valid at this time",
		[GOOD] = "a trusted CA issued it",
	};
	enum outcome outcome;
	bool any = trust && best_outcome(trust, cert, which, now, &outcome);

	trust_check_put(ret, ret->n++, "issuer", any ? outcome == GOOD : -1,
	    any ? details[outcome] : "no CA of this purpose is configured");
}

int
kenmen_certificate_check(const struct kenmen_trust *trust,
    enum kenmen_certificate which, const uint8_t *der, size_t len, int64_t now,
    struct kenmen_authenticity *ret)
{
	struct kenmen_authenticity list = { .verdict = KENMEN_VERIFIED };
	struct sig_cert *cert;
	int r;

	if (which != KENMEN_CERT_AUTH && which != KENMEN_CERT_SIGN)
		return KENMEN_ERR_ARGUMENT;
	if ((r = sig_cert_new(der, len, &cert)) < 0)
		return r;
	issuer_say(trust, cert, which, now, &list);
	for (enum aspect a = 0; a < ASPECT_N; a++) {
		bool ok = aspect_ok(a, cert, kinds[which].purpose, now);

		trust_check_put(&list, list.n++, aspects[a].name, ok,
		    ok ? aspects[a].good : aspects[a].bad);
	}
	sig_cert_free(&cert);
	if (list.check[0].ok < 0)
		list.verdict = KENMEN_CONSISTENT;
	for (unsigned i = 0; i < list.n; i++)
		if (list.check[i].ok == 0)
			list.verdict = KENMEN_FAILED;
	trust_check_put(&list, list.n++, "revocation", -1,
	    "whether it was revoked is not checked: only bodies named by law "
	    "may ask");
	*ret = list;
	return 0;
}

int
kenmen_trust_issuer(const struct kenmen_trust *trust, const uint8_t *der,
    size_t len, struct kenmen_blob *ret)
{
	struct kenmen_blob found = { 0 };
	struct sig_cert *cert;
	int r;

	if ((r = sig_cert_new(der, len, &cert)) < 0)
		return r;
	for (size_t i = 0; trust && i < trust->cas_n; i++) {
		const struct sig_cert *ca = trust->cas[i];

		if (!sig_cert_names_issuer(cert, ca) ||
		    !sig_cert_signed_by(cert, ca))
			continue;
		r = sig_cert_der(ca, &found);
		break;
	}
	sig_cert_free(&cert);
	if (r == 0)
		*ret = found;
	return r;
}

static bool
is_ca_of(const struct sig_cert *ca, enum kenmen_certificate which)
{
	return kinds[which].ca &&
	       sig_cert_has_unit(ca, kinds[which].purpose->unit);
}

bool
trust_has_ca(const struct kenmen_trust *trust, enum kenmen_certificate which)
{
	for (size_t i = 0; trust && i < trust->cas_n; i++) {
		if (is_ca_of(trust->cas[i], which))
			return true;
	}
	return false;
}

/* How many bytes of the key in ca lie in that part of its DER. */
static size_t
key_within(const struct sig_cert *ca, const struct kenmen_blob *der, size_t at,
    size_t len)
{
	const uint8_t *found, *from = der->bytes + at, *to = from + len;
	struct sig_key key;

	if (sig_cert_key(ca, &key) < 0 || !(found = memmem(der->bytes, der->len,
						key.modulus, key.modulus_len)))
		return 0;
	from = from > found ? from : found;
	to = to < found + key.modulus_len ? to : found + key.modulus_len;
	return to > from ? (size_t)(to - from) : 0;
}

static bool
has_part(const struct sig_cert *ca, const struct kenmen_blob *der, size_t at,
    const uint8_t *part, size_t len)
{
	return at < der->len && len <= der->len - at &&
	       !memcmp(der->bytes + at, part, len) &&
	       key_within(ca, der, at, len) >= TRUST_KEY_BYTES;
}

int
trust_ca_with(const struct kenmen_trust *trust, enum kenmen_certificate which,
    size_t at, const uint8_t *part, size_t len, struct kenmen_blob *ret)
{
	struct kenmen_blob der;
	int r;

	for (size_t i = 0; trust && i < trust->cas_n; i++) {
		if (!is_ca_of(trust->cas[i], which))
			continue;
		if ((r = sig_cert_der(trust->cas[i], &der)) < 0)
			return r;
		if (has_part(trust->cas[i], &der, at, part, len)) {
			*ret = der;
			return 0;
		}
		kenmen_blob_free(&der);
	}
	return 0;
}

int
kenmen_certificate_parse(
    const uint8_t *der, size_t len, struct kenmen_certificate_facts *ret)
{
	struct sig_cert *cert;
	int r;

	if ((r = sig_cert_new(der, len, &cert)) < 0)
		return r;
	r = sig_cert_facts(cert, ret);
	sig_cert_free(&cert);
	return r;
}
