/*
 * A local CA as anybody sees it: the certificate in ca.pem, whose key is
 * gone. What browsers are asked to trust is looked at first.
 */
#ifndef CERT_CA_H
#define CERT_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define CERT_DER_MAX 4096
#define CERT_PEM_MAX 65536
#define CERT_NAME_MAX 63
#define CERT_SHA256_HEX 64

struct cert_ca {
	unsigned char der[CERT_DER_MAX];
	size_t der_len;
	char name[CERT_NAME_MAX + 1]; /* its CN; "" if longer or not there */
	char sha256[CERT_SHA256_HEX + 1];
	time_t not_before, not_after;
	/* As cert.h's are: a CA that vouches for localhost, 127.0.0.1 and ::1
	 * and for nothing else, whoever may have its key. */
	bool loopback_only;
	/* And called as they are. */
	bool kenmend;
};

/* The first certificate of a PEM text: 0, -EINVAL (there is none), -EFBIG or
 * -ENOMEM. */
int cert_ca_parse(const char *pem, size_t len, struct cert_ca *ret);
/* The same of a file; or what kept it from being read, negative. */
int cert_ca_load(const char *path, struct cert_ca *ret);
bool cert_ca_equal(const struct cert_ca *a, const struct cert_ca *b);

#endif
