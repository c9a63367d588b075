/* Certificates and their attributes over any bytes. */
#include <string.h>

#include "fuzz.h"
#include "sigcheck.h"

static void
check_text(const char *text, size_t room)
{
	size_t n = strnlen(text, room);

	FUZZ_CHECK(n < room);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7F);
}

static void
check_facts(const struct kenmen_certificate_facts *f)
{
	const struct kenmen_subject *s = &f->attributes;

	check_text(f->subject, sizeof(f->subject));
	check_text(f->issuer, sizeof(f->issuer));
	check_text(f->serial, sizeof(f->serial));
	FUZZ_CHECK(strspn(f->serial, "0123456789abcdef") == strlen(f->serial));
	FUZZ_CHECK(f->serial[0] != '\0');
	check_text(s->name, sizeof(s->name));
	check_text(s->address, sizeof(s->address));
	check_text(s->birth_date_raw, sizeof(s->birth_date_raw));
	check_text(s->sex_code, sizeof(s->sex_code));
	FUZZ_CHECK(strlen(s->birth_date) == 0 || strlen(s->birth_date) == 10);
	FUZZ_CHECK(
	    strspn(s->name_substituted, "01") == strlen(s->name_substituted));
	FUZZ_CHECK(strspn(s->address_substituted, "01") ==
		   strlen(s->address_substituted));
}

/* Every question that trust asks. */
static void
ask_all(const struct sig_cert *cert)
{
	struct sig_key key;

	sig_cert_is_ca(cert);
	sig_cert_may(cert, SIG_USAGE_LOGIN);
	sig_cert_may(cert, SIG_USAGE_SIGN);
	sig_cert_has_unit(cert, "JPKI for user authentication");
	sig_cert_has_policy(cert, "1.2.392.200149.8.5.1.3.30");
	sig_cert_in_time(cert, 1795000000);
	sig_cert_names_issuer(cert, cert);
	sig_cert_signed_by(cert, cert);
	sig_cert_same_owner(cert, cert);
	sig_cert_key(cert, &key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct kenmen_certificate_facts facts, before;
	struct kenmen_authenticity checks;
	struct sig_cert *pem[4];
	struct sig_cert *cert;
	int n;

	memset(&facts, 0x5A, sizeof(facts));
	before = facts;
	if (kenmen_certificate_parse(data, len, &facts) == 0)
		check_facts(&facts);
	else
		FUZZ_CHECK(!memcmp(&facts, &before, sizeof(facts)));
	if (sig_cert_new(data, len, &cert) == 0) {
		ask_all(cert);
		FUZZ_CHECK(kenmen_certificate_check(NULL, KENMEN_CERT_SIGN,
			       data, len, 1795000000, &checks) == 0);
		FUZZ_CHECK(checks.n == 5);
		sig_cert_free(&cert);
	}
	n = sig_cert_pem(data, len, pem, 4);
	FUZZ_CHECK(n != 0 && n <= 4);
	while (n > 0)
		sig_cert_free(&pem[--n]);
	return 0;
}
