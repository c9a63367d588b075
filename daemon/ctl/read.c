/*
 * kenmenctl readers, card, read: the errands of kenmen-read, shown to a
 * person or, with --json, as the API's results.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api-json.h"
#include "api-result.h"
#include "base64.h"
#include "errand-run.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what the command line asks for ----------------------------------- */

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
take_which(const char *text, struct wire_wish *ret)
{
	for (int i = 0; i < KENMEN_CERT_N; i++)
		if (strcmp(certificate_name((enum kenmen_certificate)i),
			text) == 0) {
			ret->which = (enum kenmen_certificate)i;
			return true;
		}
	return false;
}

static const struct {
	const char *name;
	enum kenmen_hash hash;
	size_t len;
} hashes[] = {
	{ "sha256", KENMEN_SHA256, 32 },
	{ "sha384", KENMEN_SHA384, 48 },
	{ "sha512", KENMEN_SHA512, 64 },
};

static bool
take_digests(const struct ctl_options *options, struct wire_wish *ret)
{
	const char *name = options->hash ? options->hash : "sha256";
	size_t len, i = 0;

	while (i < N_OF(hashes) && strcmp(hashes[i].name, name) != 0)
		i++;
	if (i == N_OF(hashes) || !options->digests_n)
		return false;
	ret->hash = hashes[i].hash;
	ret->digests_n = options->digests_n;
	for (unsigned d = 0; d < options->digests_n; d++)
		if (!base64_decode(options->digests[d], ret->digests[d],
			DIGEST_LEN_MAX, &len) ||
		    len != hashes[i].len)
			return false;
	return true;
}

static bool
take_challenge(const struct ctl_options *options, struct wire_wish *ret)
{
	size_t len;

	if (!options->challenge ||
	    !base64_decode(options->challenge, ret->challenge,
		sizeof(ret->challenge), &len) ||
	    len < KENMEN_CHALLENGE_MIN)
		return false;
	ret->challenge_len = (unsigned)len;
	return true;
}

/* False: an option that a kind needs is missing or malformed. */
static bool
take_wish(
    const struct ctl_options *options, uint32_t kinds, struct wire_wish *ret)
{
	if (options->with && strcmp(options->with, "a") != 0 &&
	    strcmp(options->with, "b") != 0)
		return false;
	ret->face_with_a = options->with && options->with[0] == 'a';
	if ((kinds & KIND_BIT(KIND_CERTIFICATE)) &&
	    !take_which(options->which ? options->which : "", ret))
		return false;
	if ((kinds & KIND_BIT(KIND_SIGN)) && !take_digests(options, ret))
		return false;
	if (kinds & KIND_BIT(KIND_AUTHENTICATE))
		return options->origin && take_challenge(options, ret);
	return !options->challenge || take_challenge(options, ret);
}

/* ---- what a person is shown -------------------------------------------- */

static int
show_results(const struct ctl_options *options,
    const struct wire_request *request, const struct job *job)
{
	struct read read = { .kinds = request->kinds,
		.state = STATE_DONE,
		.job = (struct job *)job };
	struct cJSON *object;
	char *text;

	(void)options;
	json_start();
	object = cJSON_CreateObject();
	result_add(object, &read);
	text = json_text(object);
	if (!text)
		return CTL_ERROR;
	puts(text);
	json_free(text);
	return CTL_OK;
}

static int
show_attributes(const struct ctl_options *options, const struct job *job)
{
	const struct kenmen_attributes *a = &job->text.attributes;
	bool ja = options->lang == LANG_JA;

	printf("%s: %s\n%s: %s\n%s: %s\n%s: %s\n", ja ? "氏名" : "name",
	    a->name, ja ? "住所" : "address", a->address,
	    ja ? "生年月日" : "birth date",
	    a->birth_date[0] ? a->birth_date : a->birth_date_raw,
	    ja ? "性別" : "sex", sex_name(a->sex));
	return CTL_OK;
}

/* A person gets text where text says it all; else the JSON. */
static int
show_read(const struct ctl_options *options, const struct wire_request *request,
    const struct job *job)
{
	if (!options->json && request->kinds == KIND_BIT(KIND_ATTRIBUTES))
		return show_attributes(options, job);
	return show_results(options, request, job);
}

static void
show_pin(const struct ctl_options *options, enum kenmen_pin pin, int tries)
{
	bool ja = options->lang == LANG_JA;

	if (tries < 0)
		printf("%-11s -\n", pin_name(pin));
	else if (tries == 0)
		printf("%-11s %s\n", pin_name(pin),
		    ja ? "ロックされています（市区町村窓口へ）"
		       : "locked: see a municipal office");
	else
		printf(ja ? "%-11s あと%d回\n" : "%-11s %d tries left\n",
		    pin_name(pin), tries);
}

static int
show_card(const struct ctl_options *options, const struct wire_request *request,
    const struct job *job)
{
	const struct kenmen_card_info *info = &job->card_info;
	static const char *const there[] = { "?", "-", "+" };

	if (options->json)
		return show_results(options, request, job);
	for (int i = 0; i < KENMEN_PIN_N; i++)
		show_pin(options, (enum kenmen_pin)i, info->tries[i]);
	for (int i = 0; i < KENMEN_CERT_N; i++)
		printf("%s %s\n", there[info->certificates[i] + 1],
		    certificate_name((enum kenmen_certificate)i));
	return CTL_OK;
}

static int
show_readers(const struct ctl_options *options,
    const struct wire_request *request, const struct job *job)
{
	struct cJSON *array;
	char *text;

	(void)request;
	if (!options->json) {
		for (unsigned i = 0; i < job->readers_n; i++)
			printf("%c %s\n", job->readers[i].present ? '+' : '-',
			    job->readers[i].name);
		return job->readers_n ? CTL_OK : CTL_NO_CARD;
	}
	json_start();
	array = cJSON_CreateArray();
	for (unsigned i = 0; i < job->readers_n; i++) {
		struct cJSON *reader = cJSON_CreateObject();

		json_add_text(reader, "name", job->readers[i].name);
		json_add_bool(reader, "card_present", job->readers[i].present);
		json_add_bool(reader, "pinpad", job->readers[i].pinpad);
		json_append(array, reader);
	}
	if (!(text = json_text(array)))
		return CTL_ERROR;
	puts(text);
	json_free(text);
	return CTL_OK;
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
	return errand_do(options, &request, false, show_card);
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
	uint32_t kinds;
	int r = kinds_of(options, argc, argv, &kinds);

	if (r != CTL_OK)
		return r;
	errand_request(options, kinds, &request);
	if (!take_wish(options, kinds, &request.wish))
		return ctl_fail(options, CTL_USAGE,
		    "--which、--digest、--origin、--challengeのいずれかが"
		    "足りないか、形が違います（kenmenctl(1)）。",
		    "--which, --digest, --origin or --challenge is missing or "
		    "malformed: see kenmenctl(1)");
	/* A login names whom it is for, and so does its window. */
	if (options->origin) {
		snprintf(request.origin, sizeof(request.origin), "%s",
		    options->origin);
		snprintf(request.origin_name, sizeof(request.origin_name),
		    "kenmenctl (%s)", request.user);
	}
	return errand_do(options, &request, asks(&request), show_read);
}
