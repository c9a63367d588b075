/*
 * kenmenctl verify: what a server does with what a page handed it, by the
 * same library, on a computer that need not have a reader.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api-json.h"
#include "base64.h"
#include "ctl.h"
#include "json-check.h"

#define FILE_MAX (4u * 1024 * 1024)

struct verification {
	const struct ctl_options *options;
	struct kenmen_trust *trust;
	struct kenmen_challenge challenge;
};

/* ---- reading ------------------------------------------------------------ */

static char *
file_read(const char *path, size_t *ret_len)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = malloc(FILE_MAX + 1);

	*ret_len = 0;
	if (file && text) {
		*ret_len = fread(text, 1, FILE_MAX + 1, file);
		if (!ferror(file) && *ret_len <= FILE_MAX) {
			text[*ret_len] = '\0';
			goto out;
		}
	}
	free(text);
	text = NULL;
out:
	if (file && file != stdin)
		fclose(file);
	return text;
}

/* A base64 member as bytes; empty where it is none. */
static struct kenmen_blob
member_bytes(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	struct kenmen_blob blob = { NULL, 0 };
	size_t room;

	if (!cJSON_IsString(item))
		return blob;
	room = strlen(item->valuestring);
	blob.bytes = malloc(room + 1);
	if (!blob.bytes ||
	    !base64_decode(item->valuestring, blob.bytes, room, &blob.len)) {
		free(blob.bytes);
		return (struct kenmen_blob){ NULL, 0 };
	}
	return blob;
}

static const char *
member_text(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* ---- what was found -------------------------------------------------------
 */

/* The verdict on stdout; the exit status. */
static int
say(const struct verification *v, const char *what, int r, const char *reason,
    int trusted)
{
	static const char *const trust_words[] = { "unknown", "no", "yes" };
	bool ok = r >= 0 && trusted != 0;

	if (v->options->json)
		printf("{\"kind\":\"%s\",\"ok\":%s,\"trusted\":\"%s\","
		       "\"reason\":%s%s%s}\n",
		    what, ok ? "true" : "false", trust_words[trusted + 1],
		    reason ? "\"" : "", reason ? reason : "null",
		    reason ? "\"" : "");
	else
		printf("%s: %s (issuer trusted: %s)%s%s\n", what,
		    ok ? "good" : "NOT GOOD", trust_words[trusted + 1],
		    reason ? ": " : "", reason ? reason : "");
	if (!v->options->json)
		puts("revocation: not checked");
	return ok ? CTL_OK : CTL_NOT_GENUINE;
}

static int
verify_login(struct verification *v, const cJSON *object)
{
	const char *jws = member_text(object, "jws"), *reason = NULL;
	struct kenmen_login *login = calloc(1, sizeof(*login));
	int r;

	if (!login || !jws || !v->challenge.len) {
		free(login);
		return ctl_fail(v->options, CTL_USAGE,
		    "--originと--challengeが必要です。",
		    "--origin and --challenge are needed");
	}
	r = kenmen_login_verify(jws, strlen(jws), &v->challenge,
	    v->options->max_age, v->trust, login, &reason);
	r = say(v, "authenticate", r, reason, r < 0 ? -1 : login->trusted);
	free(login);
	return r;
}

/* All signatures against the --digest options, in their order. */
static int
signatures_check(const struct verification *v, const cJSON *object,
    const struct kenmen_blob *certificate)
{
	static const size_t lens[KENMEN_HASH_N] = { 32, 48, 64 };
	const cJSON *all =
	    cJSON_GetObjectItemCaseSensitive(object, "signatures");
	uint8_t digest[64], signature[KENMEN_SIGNATURE_MAX];
	size_t digest_len, len;
	int r = 0;

	if (cJSON_GetArraySize(all) != (int)v->options->digests_n)
		return KENMEN_ERR_ARGUMENT;
	for (unsigned i = 0; i < v->options->digests_n && r >= 0; i++) {
		const cJSON *one = cJSON_GetArrayItem(all, (int)i);
		enum kenmen_hash hash = KENMEN_SHA256;

		if (!cJSON_IsString(one) ||
		    !base64_decode(v->options->digests[i], digest,
			sizeof(digest), &digest_len) ||
		    !base64_decode(
			one->valuestring, signature, sizeof(signature), &len))
			return KENMEN_ERR_DATA;
		while (hash < KENMEN_HASH_N && lens[hash] != digest_len)
			hash++;
		r = hash == KENMEN_HASH_N
			? KENMEN_ERR_DATA
			: kenmen_signature_verify(certificate->bytes,
			      certificate->len, hash, digest, signature, len);
	}
	return r;
}

static int
verify_sign(struct verification *v, const cJSON *object)
{
	struct kenmen_blob certificate = member_bytes(object, "certificate");
	const char *reason = NULL;
	int r, trusted = -1;

	if (!certificate.bytes || !v->options->digests_n)
		r = KENMEN_ERR_ARGUMENT;
	else
		r = signatures_check(v, object, &certificate);
	if (r == KENMEN_ERR_ARGUMENT) {
		kenmen_blob_free(&certificate);
		return ctl_fail(v->options, CTL_USAGE,
		    "署名と同じ数の--digestが必要です。",
		    "--digest is needed once for each signature");
	}
	if (r < 0)
		reason = "a signature does not belong to its digest";
	else
		trusted = kenmen_certificate_trusted(v->trust, KENMEN_CERT_SIGN,
		    certificate.bytes, certificate.len, v->challenge.now,
		    &reason);
	kenmen_blob_free(&certificate);
	return say(v, "sign", r, reason, trusted);
}

static int
verify_face(struct verification *v, const cJSON *object)
{
	const cJSON *evidence =
	    cJSON_GetObjectItemCaseSensitive(object, "evidence");
	struct kenmen_blob record = member_bytes(evidence, "record");
	struct kenmen_blob issuer =
	    member_bytes(evidence, "issuer_certificate");
	const char *jws = member_text(evidence, "jws"), *reason = NULL;
	struct kenmen_face *face = calloc(1, sizeof(*face));
	int r = KENMEN_ERR_ARGUMENT, trusted = -1;

	if (face && record.bytes && issuer.bytes && jws && v->challenge.len) {
		r = kenmen_evidence_verify(&record, &issuer, jws, strlen(jws),
		    &v->challenge, v->options->max_age, v->trust, face,
		    &reason);
		if (r >= 0 && face->authenticity.verdict == KENMEN_VERIFIED)
			trusted = 1;
		kenmen_face_finish(face);
		r = say(v, "face", r, reason, trusted);
	} else {
		r = ctl_fail(v->options, CTL_USAGE,
		    "証拠（evidence）と、--originと--challengeが必要です。",
		    "evidence in the file, --origin and --challenge are "
		    "needed");
	}
	free(face);
	kenmen_blob_free(&record);
	kenmen_blob_free(&issuer);
	return r;
}

static const struct {
	const char *name;
	int (*verify)(struct verification *v, const cJSON *object);
} verifiers[] = {
	{ "authenticate", verify_login },
	{ "sign", verify_sign },
	{ "face", verify_face },
};

/* All that can be verified in the results; the worst status counts. */
static int
verify_all(struct verification *v, const cJSON *tree)
{
	const cJSON *results =
	    cJSON_GetObjectItemCaseSensitive(tree, "results");
	int worst = CTL_OK;
	unsigned n = 0;

	if (!results)
		results = tree;
	for (size_t i = 0; i < sizeof(verifiers) / sizeof(verifiers[0]); i++) {
		const cJSON *object = cJSON_GetObjectItemCaseSensitive(
		    results, verifiers[i].name);
		int r;

		if (!cJSON_IsObject(object))
			continue;
		n++;
		r = verifiers[i].verify(v, object);
		if (r > worst)
			worst = r;
	}
	if (n)
		return worst;
	return ctl_fail(v->options, CTL_USAGE,
	    "検証できるもの（authenticate、sign、face）がファイルにありません"
	    "。",
	    "the file holds nothing to verify: authenticate, sign or face");
}

/* ---- the command ------------------------------------------------------------
 */

static bool
verification_start(const struct ctl_options *options, struct verification *ret)
{
	*ret = (struct verification){ .options = options };
	ret->challenge.now = time(NULL);
	if (options->origin)
		snprintf(ret->challenge.origin, sizeof(ret->challenge.origin),
		    "%s", options->origin);
	if (options->origin && options->challenge &&
	    !base64_decode(options->challenge, ret->challenge.bytes,
		sizeof(ret->challenge.bytes), &ret->challenge.len))
		return false;
	return kenmen_trust_new(options->trust_dir, NULL, &ret->trust) >= 0;
}

int
ctl_verify(const struct ctl_options *options, int argc, char **argv)
{
	struct verification v;
	char *text = NULL;
	cJSON *tree = NULL;
	size_t len;
	int r;

	if (argc != 1)
		return ctl_fail(options, CTL_USAGE,
		    "verifyにはファイルを1つ指定してください（-は標準入力）。",
		    "verify takes one file (- for standard input)");
	if (!verification_start(options, &v))
		return ctl_fail(options, CTL_USAGE,
		    "--challengeか--trustが使えません。",
		    "--challenge or --trust cannot be used");
	json_start();
	text = file_read(argv[0], &len);
	if (text)
		tree = cJSON_ParseWithLength(text, len);
	r = tree
		? verify_all(&v, tree)
		: ctl_fail(options, CTL_USAGE, "ファイルがJSONではありません。",
		      "the file cannot be read, or is no JSON");
	cJSON_Delete(tree);
	free(text);
	kenmen_trust_free(&v.trust);
	return r;
}
