#include "cert-make.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

struct maker {
	gnutls_x509_privkey_t ca_key, leaf_key;
	gnutls_x509_crt_t ca, leaf;
};

static time_t
years_later(time_t now, unsigned years)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	tm.tm_year += (int)years;
	return timegm(&tm);
}

/* What both have. 126 random bits, positive and without leading zeros
 * (RFC 5280 4.1.2.2). */
static int
crt_start(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *name,
    const struct cert_wish *wish)
{
	time_t end = years_later(wish->now, wish->years);
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
	    (g = gnutls_x509_crt_set_activation_time(crt, wish->now)) < 0 ||
	    (g = gnutls_x509_crt_set_expiration_time(crt, end)) < 0 ||
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
crt_constrain(gnutls_x509_crt_t crt, const char *name)
{
	static const char *const networks[] = { "127.0.0.1/32", "::1/128" };
	gnutls_x509_name_constraints_t permitted = NULL;
	gnutls_datum_t host = { (unsigned char *)(uintptr_t)name,
		(unsigned)strlen(name) };
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
make_ca(struct maker *m, const struct cert_wish *wish)
{
	unsigned char id[4];
	char name[64];
	int g = gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof(id));

	if (g < 0)
		return g;
	snprintf(name, sizeof(name), "%s %02x%02x%02x%02x", wish->ca_name,
	    id[0], id[1], id[2], id[3]);
	if ((g = crt_start(m->ca, m->ca_key, name, wish)) < 0 ||
	    (g = gnutls_x509_crt_set_basic_constraints(m->ca, 1, 0)) < 0 ||
	    (g = gnutls_x509_crt_set_key_usage(
		 m->ca, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN)) < 0 ||
	    (g = crt_constrain(m->ca, wish->host)) < 0 ||
	    (g = gnutls_x509_crt_sign2(
		 m->ca, m->ca, m->ca_key, GNUTLS_DIG_SHA256, 0)) < 0)
		return g;
	return 0;
}

static int
crt_set_names(gnutls_x509_crt_t crt, const char *host)
{
	static const unsigned char v4[4] = { 127, 0, 0, 1 };
	static const unsigned char v6[16] = { [15] = 1 };
	int g;

	if ((g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		 host, (unsigned)strlen(host), GNUTLS_FSAN_SET)) < 0 ||
	    (g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
		 v4, sizeof(v4), GNUTLS_FSAN_APPEND)) < 0 ||
	    (g = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
		 v6, sizeof(v6), GNUTLS_FSAN_APPEND)) < 0)
		return g;
	return 0;
}

static int
make_leaf(struct maker *m, const struct cert_wish *wish)
{
	unsigned char id[64];
	size_t id_len = sizeof(id);
	int g;

	if ((g = crt_start(m->leaf, m->leaf_key, wish->host, wish)) < 0 ||
	    (g = gnutls_x509_crt_set_basic_constraints(m->leaf, 0, -1)) < 0 ||
	    (g = gnutls_x509_crt_set_key_usage(
		 m->leaf, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (g = gnutls_x509_crt_set_key_purpose_oid(
		 m->leaf, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0 ||
	    (g = crt_set_names(m->leaf, wish->host)) < 0 ||
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

int
cert_make(const struct cert_wish *wish, gnutls_datum_t *ret_ca,
    gnutls_datum_t *ret_leaf, gnutls_datum_t *ret_key)
{
	gnutls_datum_t ca = { 0 }, leaf = { 0 }, key = { 0 };
	struct maker m;
	int g;

	if ((g = maker_start(&m)) < 0 || (g = make_ca(&m, wish)) < 0 ||
	    (g = make_leaf(&m, wish)) < 0 ||
	    (g = gnutls_x509_crt_export2(m.ca, GNUTLS_X509_FMT_PEM, &ca)) < 0 ||
	    (g = gnutls_x509_crt_export2(m.leaf, GNUTLS_X509_FMT_PEM, &leaf)) <
		0 ||
	    (g = gnutls_x509_privkey_export2(
		 m.leaf_key, GNUTLS_X509_FMT_PEM, &key)) < 0)
		goto out;
	*ret_ca = ca;
	*ret_leaf = leaf;
	*ret_key = key;
out:
	/* The CA's key ends here; nothing can be signed with it again. */
	maker_finish(&m);
	if (g < 0) {
		gnutls_free(ca.data);
		gnutls_free(leaf.data);
	}
	return g;
}
