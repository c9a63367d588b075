#include "challenge.h"

#include <string.h>

#include "wipe.h"

const char *
purpose_name(enum purpose purpose)
{
	static const char *const names[PURPOSE_N] = {
		[PURPOSE_LINK] = "link",
		[PURPOSE_LOGIN] = "login",
	};

	return purpose < PURPOSE_N ? names[purpose] : NULL;
}

bool
challenge_new(struct challenge *challenge, struct moment now)
{
	struct challenge fresh = { .live = true, .made_us = now.boot_us };

	if (!token_new(fresh.bytes))
		return false;
	*challenge = fresh;
	return true;
}

bool
challenge_take(
    struct challenge *challenge, struct moment now, uint8_t ret[TOKEN_LEN])
{
	bool good = challenge->live && now.boot_us - challenge->made_us <
					   CHALLENGE_S * UINT64_C(1000000);

	if (good)
		memcpy(ret, challenge->bytes, TOKEN_LEN);
	wipe(challenge, sizeof(*challenge));
	return good;
}
