/* JWS of both kinds over any bytes, and what a server does with them. */
#include <string.h>

#include "fuzz.h"
#include "jws.h"

static void
parse(const uint8_t *data, size_t len, enum jws_kind kind)
{
	const char *why = NULL;
	struct jws jws;

	if (jws_parse((const char *)data, len, kind, &jws, &why) < 0) {
		FUZZ_CHECK(why != NULL);
		return;
	}
	FUZZ_CHECK(jws.input == data && jws.input_len < len);
	FUZZ_CHECK(data[jws.input_len] == '.');
	FUZZ_CHECK(jws.signature_len > 0);
	FUZZ_CHECK(jws.signature_len <= sizeof(jws.signature));
	FUZZ_CHECK(strnlen(jws.aud, sizeof(jws.aud)) < sizeof(jws.aud));
	FUZZ_CHECK(jws.nonce_len >= KENMEN_CHALLENGE_MIN);
	FUZZ_CHECK(jws.nonce_len <= KENMEN_CHALLENGE_MAX);
	FUZZ_CHECK(jws.iat >= 0);
	FUZZ_CHECK((jws.certificate.bytes != NULL) == (kind == JWS_LOGIN));
	jws_finish(&jws);
}

static void
verify(const uint8_t *data, size_t len)
{
	static const struct kenmen_challenge challenge = {
		.origin = "https://drone.example",
		.bytes = "0123456789abcdef0123456789abcdef",
		.len = 32,
		.now = 1795000000,
	};
	static struct kenmen_login login;
	const char *why = NULL;

	if (kenmen_login_verify((const char *)data, len, &challenge, INT64_MAX,
		NULL, &login, &why) == 0)
		FUZZ_CHECK(login.trusted == -1);
	else
		FUZZ_CHECK(why != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	parse(data, len, JWS_LOGIN);
	parse(data, len, JWS_EVIDENCE);
	verify(data, len);
	return 0;
}
