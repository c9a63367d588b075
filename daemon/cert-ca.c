#include "cert-ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
/* cert.c names them so, with 8 hexadecimal digits behind. */
#define NAME_START "kenmen local CA "

/* ---- what it may vouch for ---------------------------------------------- */

/* As they stand in a certificate (RFC 5280 4.2.1.10): addresses with masks. */
static const unsigned char host[] = "localhost";
static const unsigned char v4[8] = { 127, 0, 0, 1, 255, 255, 255, 255 };
static const unsigned char v6[32] = { [15] = 1, [16 ... 31] = 255 };

static const struct {
	unsigned type;
	const unsigned char *bytes;
	unsigned len;
} loopback[] = {
	{ GNUTLS_SAN_DNSNAME, host, sizeof(host) - 1 },
	{ GNUTLS_SAN_IPADDRESS, v4, sizeof(v4) },
	{ GNUTLS_SAN_IPADDRESS, v6, sizeof(v6) },
};

/* Its place in loopback, or -1. */
static int
loopback_find(unsigned type, const gnutls_datum_t *name)
{
	for (size_t i = 0; i < N_OF(loopback); i++)
		if (loopback[i].type == type && loopback[i].len == name->size &&
		    memcmp(loopback[i].bytes, name->data, name->size) == 0)
			return (int)i;
	return -1;
}

/*
 * Each of loopback's is permitted, and nothing else: a kind of name that is
 * not named at all would be free.
 */
static bool
constraints_fit(gnutls_x509_name_constraints_t constraints)
{
	unsigned seen = 0, type;
	gnutls_datum_t name;
	int at;

	for (unsigned i = 0; gnutls_x509_name_constraints_get_permitted(
				 constraints, i, &type, &name) >= 0;
	     i++) {
		if ((at = loopback_find(type, &name)) < 0)
			return false;
		seen |= 1u << at;
	}
	return seen == (1u << N_OF(loopback)) - 1;
}

static bool
is_loopback_only(gnutls_x509_crt_t crt)
{
	gnutls_x509_name_constraints_t constraints = NULL;
	unsigned critical = 0;
	bool fits = false;

	if (gnutls_x509_name_constraints_init(&constraints) < 0)
		return false;
	if (gnutls_x509_crt_get_ca_status(crt, NULL) > 0 &&
	    gnutls_x509_crt_get_name_constraints(
		crt, constraints, 0, &critical) >= 0)
		fits = critical && constraints_fit(constraints);
	gnutls_x509_name_constraints_deinit(constraints);
	return fits;
}

/* ---- the whole ---------------------------------------------------------- */

static bool
is_our_name(const char *name)
{
	size_t start = strlen(NAME_START);

	return strncmp(name, NAME_START, start) == 0 &&
	       strlen(name) == start + 8 &&
	       strspn(name + start, "0123456789abcdef") == 8;
}

static void
hex(const unsigned char *bytes, size_t len, char *ret)
{
	for (size_t i = 0; i < len; i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static int
crt_look(gnutls_x509_crt_t crt, struct cert_ca *ret)
{
	unsigned char digest[CERT_SHA256_HEX / 2];
	size_t len = sizeof(ret->name), digest_len = sizeof(digest);

	ret->der_len = sizeof(ret->der);
	if (gnutls_x509_crt_export(
		crt, GNUTLS_X509_FMT_DER, ret->der, &ret->der_len) < 0)
		return -EFBIG;
	if (gnutls_x509_crt_get_fingerprint(
		crt, GNUTLS_DIG_SHA256, digest, &digest_len) < 0)
		return -EINVAL;
	hex(digest, sizeof(digest), ret->sha256);
	if (gnutls_x509_crt_get_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret->name, &len) < 0)
		ret->name[0] = '\0';
	ret->not_before = gnutls_x509_crt_get_activation_time(crt);
	ret->not_after = gnutls_x509_crt_get_expiration_time(crt);
	ret->loopback_only = is_loopback_only(crt);
	ret->kenmend = ret->loopback_only && is_our_name(ret->name);
	return 0;
}

int
cert_ca_parse(const char *pem, size_t len, struct cert_ca *ret)
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned)len };
	gnutls_x509_crt_t crt = NULL;
	struct cert_ca ca = { 0 };
	int r = -EINVAL;

	if (gnutls_x509_crt_init(&crt) < 0)
		return -ENOMEM;
	if (gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) >= 0)
		r = crt_look(crt, &ca);
	gnutls_x509_crt_deinit(crt);
	if (r == 0)
		*ret = ca;
	return r;
}

int
cert_ca_load(const char *path, struct cert_ca *ret)
{
	char text[CERT_PEM_MAX];
	struct stat st;
	ssize_t n = 0;
	/* Nonblocking: a FIFO of that name must not stop us. */
	int r = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		r = -EINVAL;
	else if ((n = read(fd, text, sizeof(text))) < 0)
		r = -errno;
	close(fd);
	return r < 0 ? r : cert_ca_parse(text, (size_t)n, ret);
}

bool
cert_ca_equal(const struct cert_ca *a, const struct cert_ca *b)
{
	return a->der_len == b->der_len &&
	       memcmp(a->der, b->der, a->der_len) == 0;
}
