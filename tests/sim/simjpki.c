/* The JPKI application (公的個人認証AP) and the common one (共通カードAP). */
#include <stdio.h>
#include <string.h>

#include "simfile.h"
#include "simout.h"

#define CERTIFICATE_MAX 4096

static size_t
missing_cert(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };

	if (make->switches->empty_certs)
		sim_put_fill(&o, 0xFF, 16);
	return o.len;
}

static size_t
own_cert(const struct sim_make *make, const char *purpose, uint8_t *buf)
{
	char path[64];

	if (make->person->no_certificates)
		return missing_cert(make, buf);
	snprintf(
	    path, sizeof(path), "keys/%s-%s.crt", make->person->id, purpose);
	return sim_certificate(path, buf, CERTIFICATE_MAX);
}

/* Whoever issued the certificate; on a card without, the newest. */
static size_t
ca_cert(const struct sim_make *make, const char *purpose, uint8_t *buf)
{
	enum sim_generation generation = make->person->generation;
	char path[64];

	if (generation == SIM_FOREIGN_CA)
		snprintf(path, sizeof(path), "keys/ca-other-%s.crt", purpose);
	else
		snprintf(path, sizeof(path), "trust/%s-%s.pem", purpose,
		    sim_generation_name(generation));
	return sim_certificate(path, buf, CERTIFICATE_MAX);
}

size_t
sim_file_sign_cert(const struct sim_make *make, uint8_t *buf)
{
	return own_cert(make, "sign", buf);
}

size_t
sim_file_auth_cert(const struct sim_make *make, uint8_t *buf)
{
	return own_cert(make, "auth", buf);
}

size_t
sim_file_sign_ca(const struct sim_make *make, uint8_t *buf)
{
	return ca_cert(make, "sign", buf);
}

size_t
sim_file_auth_ca(const struct sim_make *make, uint8_t *buf)
{
	return ca_cert(make, "auth", buf);
}

/* EF 0006, in the manner of CK_TOKEN_INFO: 160 bytes. */
size_t
sim_file_token(const struct sim_make *make, uint8_t *buf)
{
	const char *label = make->person->token;
	struct sim_out o = { .buf = buf };

	sim_put_padded(&o, label ? label : "JPKIAPICCTOKEN2", 32);
	sim_put_padded(&o, "SIMULATED", 32);
	sim_put_padded(&o, "", 16);
	sim_put_padded(&o, "", 16);
	sim_put_fill(&o, 0x00, 44);
	sim_put_padded(&o, "0301", 4);
	sim_put_fill(&o, '9', 16);
	return o.len;
}

/* EF 0008: which certificates were issued; 8F 8F 00 was seen on a card that
 * has both. What it holds on others is not known: zeros. */
size_t
sim_file_issued(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };

	sim_put_fill(&o, make->person->no_certificates ? 0x00 : 0x8F, 2);
	sim_put_fill(&o, 0x00, 1);
	return o.len;
}

/* EF 0001, record 1: 01 1C, serial number (15), municipality (5), expiry. */
size_t
sim_file_serial(const struct sim_make *make, uint8_t *buf)
{
	struct sim_out o = { .buf = buf };
	char text[32];

	snprintf(text, sizeof(text), "KM%013u13101",
	    (unsigned)sim_person_index(make->person) % 1000);
	sim_put(&o, "\x01\x1C", 2);
	sim_put(&o, text, 20);
	sim_put(&o, make->person->expires, 8);
	return o.len;
}
