#include "token.h"

#include <string.h>
#include <sys/random.h>

#include <gnutls/gnutls.h>

#include "base64.h"

static bool
random_fill(void *ret, size_t len)
{
	return getrandom(ret, len, 0) == (ssize_t)len;
}

bool
token_new(uint8_t ret[TOKEN_LEN])
{
	return random_fill(ret, TOKEN_LEN);
}

void
token_text(const uint8_t token[TOKEN_LEN], char ret[TOKEN_TEXT_LEN + 1])
{
	char text[BASE64_LEN(TOKEN_LEN) + 1];

	base64_encode(token, TOKEN_LEN, text);
	for (size_t i = 0; i < TOKEN_TEXT_LEN; i++) {
		char c = text[i];

		ret[i] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	ret[TOKEN_TEXT_LEN] = '\0';
}

bool
token_is(const uint8_t token[TOKEN_LEN], const char *text)
{
	char own[TOKEN_TEXT_LEN + 1];

	token_text(token, own);
	return strlen(text) == TOKEN_TEXT_LEN &&
	       gnutls_memcmp(own, text, TOKEN_TEXT_LEN) == 0;
}

bool
token_symbol(char *ret, size_t len)
{
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

	if (!random_fill(ret, len))
		return false;
	for (size_t i = 0; i < len; i++) /* 32 of them: each as likely */
		ret[i] = letters[(unsigned char)ret[i] % 32];
	ret[len] = '\0';
	return true;
}
