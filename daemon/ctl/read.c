/*
 * kenmenctl readers, card, read: the errands of kenmen-read.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "errand-run.h"
#include "show.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what the command line asks for ------------------------------------- */

/* Kinds whose window, or whose yes, needs a voice. */
static bool
asks(const struct wire_request *request)
{
	uint32_t silent = KIND_BIT(KIND_CARD_INFO);

	if (request->wish.which == KENMEN_CERT_AUTH_CA ||
	    request->wish.which == KENMEN_CERT_SIGN_CA)
		silent |= KIND_BIT(KIND_CERTIFICATE);
	return request->kinds & ~silent;
}

static bool
take_with(const char *text, struct wire_wish *ret)
{
	ret->face_with_a = text[0] == 'a';
	return strcmp(text, "a") == 0 || strcmp(text, "b") == 0;
}

static bool
take_which(const char *text, struct wire_wish *ret)
{
	enum kenmen_certificate which = 0;

	while (
	    which < KENMEN_CERT_N && strcmp(certificate_name(which), text) != 0)
		which++;
	ret->which = which;
	return which < KENMEN_CERT_N;
}

static bool
take_hash(const char *text, struct wire_wish *ret)
{
	enum kenmen_hash hash = 0;

	while (hash < KENMEN_HASH_N && strcmp(hash_name(hash), text) != 0)
		hash++;
	ret->hash = hash;
	return hash < KENMEN_HASH_N;
}

static bool
take_challenge(const char *text, struct wire_wish *ret)
{
	size_t len;
	bool ok =
	    base64_decode(text, ret->challenge, sizeof(ret->challenge), &len);

	ret->challenge_len = ok ? (unsigned)len : 0;
	return ok && len >= KENMEN_CHALLENGE_MIN;
}

/* As a browser would send it: nothing that a window might show askew. */
static bool
take_origin(const char *text, struct wire_wish *ret)
{
	const char *host = strstr(text, "://");

	(void)ret;
	if (!host || (strncmp(text, "https://", 8) != 0 &&
			 strncmp(text, "http://", 7) != 0))
		return false;
	for (host += 3; *host; host++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", *host))
			return false;
	return true;
}

static bool
take_digests(const struct ctl_options *options, struct wire_wish *ret)
{
	size_t len;

	ret->digests_n = options->digests_n;
	for (unsigned i = 0; i < options->digests_n; i++)
		if (!base64_decode(options->digests[i], ret->digests[i],
			DIGEST_LEN_MAX, &len) ||
		    len != kenmen_hash_len(ret->hash))
			return false;
	return true;
}

#define SIGN KIND_BIT(KIND_SIGN)
#define CERTIFICATE KIND_BIT(KIND_CERTIFICATE)
#define LOGIN KIND_BIT(KIND_AUTHENTICATE)
#define FACE KIND_BIT(KIND_FACE)

/* Each option with a value, the kinds that it serves, and those that cannot
 * be read without it. */
static const struct {
	const char *name;
	size_t at; /* in struct ctl_options */
	uint32_t serves, needed;
	bool (*take)(const char *text, struct wire_wish *ret);
} wishes[] = {
	{ "with", offsetof(struct ctl_options, with), FACE, 0, take_with },
	{ "which", offsetof(struct ctl_options, which), CERTIFICATE,
	    CERTIFICATE, take_which },
	{ "hash", offsetof(struct ctl_options, hash), SIGN, 0, take_hash },
	{ "origin", offsetof(struct ctl_options, origin), LOGIN | FACE, LOGIN,
	    take_origin },
	{ "challenge", offsetof(struct ctl_options, challenge), LOGIN | FACE,
	    LOGIN, take_challenge },
};

/* The name of the option that is missing, malformed, or for nothing that is
 * read; NULL: all are in ret. */
static const char *
take_wish(
    const struct ctl_options *options, uint32_t kinds, struct wire_wish *ret)
{
	for (size_t i = 0; i < N_OF(wishes); i++) {
		const char *text =
		    *(const char *const *)(const void *)((const char *)options +
							 wishes[i].at);

		if (!text && (kinds & wishes[i].needed))
			return wishes[i].name;
		if (text &&
		    (!(kinds & wishes[i].serves) || !wishes[i].take(text, ret)))
			return wishes[i].name;
	}
	/* Evidence is for somebody. */
	if (!options->origin != !options->challenge)
		return options->origin ? "challenge" : "origin";
	if (!options->digests_n != !(kinds & SIGN) ||
	    !take_digests(options, ret))
		return "digest";
	return NULL;
}

static int
fail_wish(const struct ctl_options *options, const char *name)
{
	fprintf(stderr,
	    options->lang == LANG_JA
		? "kenmenctl: --%sが足りないか、形が違うか、読み取る種類に"
		  "関係がありません（kenmenctl(1)）\n"
		: "kenmenctl: --%s is missing, malformed, or for nothing that "
		  "is read: see kenmenctl(1)\n",
	    name);
	return CTL_USAGE;
}

/* ---- the commands -------------------------------------------------------- */

int
ctl_readers(const struct ctl_options *options, int argc, char **argv)
{
	struct wire_request request;

	(void)argv;
	if (argc)
		return ctl_fail(options, CTL_USAGE,
		    "readersに引数はありません。", "readers takes no argument");
	errand_request(options, 0, &request);
	request.errand = ERRAND_READERS;
	return errand_do(options, &request, false, show_readers);
}

int
ctl_card(const struct ctl_options *options, int argc, char **argv)
{
	struct wire_request request;

	(void)argv;
	if (argc)
		return ctl_fail(options, CTL_USAGE, "cardに引数はありません。",
		    "card takes no argument");
	errand_request(options, KIND_BIT(KIND_CARD_INFO), &request);
	return errand_do(options, &request, false, show_results);
}

static int
kinds_of(
    const struct ctl_options *options, int argc, char **argv, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < argc; i++) {
		int kind = kind_from_name(argv[i], strlen(argv[i]));

		if (kind < 0 || (*ret & KIND_BIT(kind)))
			return ctl_fail(options, CTL_USAGE,
			    "種類の名前が違うか、重複しています。",
			    "a kind is unknown or repeated");
		*ret |= KIND_BIT(kind);
	}
	return *ret ? CTL_OK
		    : ctl_fail(options, CTL_USAGE,
			  "読み取る種類を指定してください。",
			  "say what to read: attributes, card_info, ...");
}

int
ctl_read(const struct ctl_options *options, int argc, char **argv)
{
	struct wire_request request;
	const char *wrong;
	uint32_t kinds;
	int r = kinds_of(options, argc, argv, &kinds);

	if (r != CTL_OK)
		return r;
	errand_request(options, kinds, &request);
	if ((wrong = take_wish(options, kinds, &request.wish)))
		return fail_wish(options, wrong);
	/* A login names whom it is for, and so does its window. */
	if (options->origin) {
		snprintf(request.origin, sizeof(request.origin), "%s",
		    options->origin);
		snprintf(request.origin_name, sizeof(request.origin_name),
		    "kenmenctl (%s)", request.user);
	}
	return errand_do(options, &request, asks(&request), show_results);
}
