/*
 * kenmenctl verify: what a server does with what a page handed it, by the
 * same library, on a computer that need not have a reader.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api-json.h"
#include "api-result.h"
#include "base64.h"
#include "ctl.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_MAX (4u * 1024 * 1024)

struct verification {
	const struct ctl_options *options;
	struct kenmen_trust *trust;
	struct kenmen_challenge challenge; /* len 0: not given */
	cJSON *found;                      /* by kind, for --json */
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

/* ---- what was found ----------------------------------------------------- */

/* What came of one kind: r as libkenmen says it, trusted as
 * kenmen_certificate_trusted. */
struct verdict {
	int r, trusted;
	const char *reason; /* constant, NULL: none */
	cJSON *facts;       /* what the proof says; owned */
};

static int
exit_of(const struct verdict *verdict)
{
	if (verdict->r < 0 || verdict->trusted == 0)
		return CTL_NOT_GENUINE;
	return verdict->trusted > 0 ? CTL_OK : CTL_UNTRUSTED;
}

static void
say_in_words(const struct ctl_options *options, const char *kind, int status,
    const char *reason)
{
	static const struct {
		int status;
		const char *words[LANG_N];
	} all[] = {
		{ CTL_OK, { "正しい。発行者も信頼できます", "good" } },
		{ CTL_UNTRUSTED,
		    { "形と署名は合っていますが、発行者を確かめる証明書が設定"
		      "されていません（--trust）",
			"right in itself, but no certificate is configured "
			"that could vouch for it (--trust)" } },
		{ CTL_NOT_GENUINE, { "正しくありません", "NOT GOOD" } },
	};

	for (size_t i = 0; i < N_OF(all); i++)
		if (all[i].status == status)
			printf("%s: %s%s%s\n", kind,
			    all[i].words[options->lang], reason ? ": " : "",
			    reason ? reason : "");
}

/* The verdict, for the output; the exit status. */
static int
say(struct verification *v, const char *kind, struct verdict *verdict)
{
	int status = exit_of(verdict);
	cJSON *object = verdict->facts;

	if (!v->options->json) {
		cJSON_Delete(object);
		say_in_words(v->options, kind, status, verdict->reason);
		return status;
	}
	/* What a wrong proof says is nobody's word. */
	if (status == CTL_NOT_GENUINE || !object) {
		cJSON_Delete(object);
		object = cJSON_CreateObject();
	}
	json_add_bool(object, "ok", status == CTL_OK);
	json_add_maybe(
	    object, "trusted", verdict->r < 0 ? -1 : verdict->trusted);
	json_add_text(object, "reason", verdict->reason);
	json_add_text(object, "revocation", "not_checked");
	json_add(v->found, kind, object);
	return status;
}

static cJSON *
certificate_facts(const struct kenmen_certificate_facts *facts)
{
	cJSON *object = cJSON_CreateObject();

	json_add_text(object, "subject", facts->subject);
	json_add_text(object, "issuer", facts->issuer);
	json_add_text(object, "serial", facts->serial);
	json_add_time(object, "not_before", facts->not_before);
	json_add_time(object, "not_after", facts->not_after);
	return object;
}

/* ---- a login ------------------------------------------------------------ */

static int
fail_challenge(const struct verification *v)
{
	return ctl_fail(v->options, CTL_USAGE,
	    "--originと--challengeが必要です。",
	    "--origin and --challenge are needed");
}

static int
verify_jws(struct verification *v, const char *jws)
{
	struct kenmen_login *login = calloc(1, sizeof(*login));
	struct verdict verdict = { .trusted = -1 };
	int r = CTL_ERROR;

	if (!v->challenge.len) {
		r = fail_challenge(v);
		goto out;
	}
	if (!login)
		goto out;
	verdict.r = kenmen_login_verify(jws, strlen(jws), &v->challenge,
	    v->options->max_age, v->trust, login, &verdict.reason);
	if (verdict.r >= 0) {
		verdict.trusted = login->trusted;
		verdict.facts = certificate_facts(&login->certificate);
		json_add_time(verdict.facts, "issued_at", login->issued_at);
		if (login->trusted == 0)
			verdict.reason = "its certificate was not issued by a "
					 "trusted authority, or is not valid "
					 "now";
	}
	r = say(v, "authenticate", &verdict);
out:
	free(login);
	return r;
}

static int
verify_login(struct verification *v, const cJSON *object)
{
	const char *jws = member_text(object, "jws");

	return verify_jws(v, jws ? jws : "");
}

/* ---- signatures --------------------------------------------------------- */

static bool
take_signature(const cJSON *item, uint8_t *ret, size_t *ret_len)
{
	return cJSON_IsString(item) && base64_decode(item->valuestring, ret,
					   KENMEN_SIGNATURE_MAX, ret_len);
}

/* A digest's length says its hash. */
static enum kenmen_hash
hash_of(size_t digest_len)
{
	enum kenmen_hash hash = 0;

	while (hash < KENMEN_HASH_N && kenmen_hash_len(hash) != digest_len)
		hash++;
	return hash;
}

/* All signatures against the --digest options, in their order. */
static int
signatures_check(const struct verification *v, const cJSON *all,
    const struct kenmen_blob *certificate)
{
	uint8_t digest[DIGEST_LEN_MAX], signature[KENMEN_SIGNATURE_MAX];
	size_t digest_len, len;
	enum kenmen_hash hash;
	int r = 0;

	for (unsigned i = 0; i < v->options->digests_n && r >= 0; i++) {
		if (!base64_decode(v->options->digests[i], digest,
			sizeof(digest), &digest_len) ||
		    (hash = hash_of(digest_len)) == KENMEN_HASH_N)
			return KENMEN_ERR_ARGUMENT;
		if (!take_signature(
			cJSON_GetArrayItem(all, (int)i), signature, &len))
			return KENMEN_ERR_DATA;
		r = kenmen_signature_verify(certificate->bytes,
		    certificate->len, hash, digest, signature, len);
	}
	return r;
}

/* Whom the certificate names, as it says it. */
static cJSON *
signer_facts(const struct kenmen_blob *certificate)
{
	struct kenmen_certificate_facts *facts = malloc(sizeof(*facts));
	cJSON *object = NULL;

	if (facts && kenmen_certificate_parse(
			 certificate->bytes, certificate->len, facts) >= 0) {
		object = certificate_facts(facts);
		if (facts->has_attributes) {
			const struct kenmen_subject *s = &facts->attributes;

			json_add_text(object, "name", s->name);
			json_add_text(object, "address", s->address);
			json_add_text(object, "birth_date",
			    json_text_or_null(s->birth_date));
			json_add_text(object, "sex", sex_name(s->sex));
		}
	}
	free(facts);
	return object;
}

static int
verify_sign(struct verification *v, const cJSON *object)
{
	struct kenmen_blob certificate = member_bytes(object, "certificate");
	const cJSON *all =
	    cJSON_GetObjectItemCaseSensitive(object, "signatures");
	struct verdict verdict = { .r = KENMEN_ERR_DATA, .trusted = -1 };
	unsigned n = v->options->digests_n;

	if (n && cJSON_GetArraySize(all) == (int)n && certificate.bytes)
		verdict.r = signatures_check(v, all, &certificate);
	if (!n || verdict.r == KENMEN_ERR_ARGUMENT) {
		kenmen_blob_free(&certificate);
		return ctl_fail(v->options, CTL_USAGE,
		    "署名ごとに--digest（BASE64）が必要です。",
		    "--digest (base64) is needed once for each signature");
	}
	if (verdict.r >= 0) {
		verdict.facts = signer_facts(&certificate);
		verdict.trusted = kenmen_certificate_trusted(v->trust,
		    KENMEN_CERT_SIGN, certificate.bytes, certificate.len,
		    v->challenge.now, &verdict.reason);
	} else {
		verdict.reason = "the signatures do not belong to these "
				 "digests";
	}
	kenmen_blob_free(&certificate);
	return say(v, "sign", &verdict);
}

/* ---- evidence ----------------------------------------------------------- */

static cJSON *
face_facts(const struct kenmen_face *face)
{
	cJSON *object = cJSON_CreateObject();

	json_add_text(
	    object, "birth_date", json_text_or_null(face->birth_date));
	json_add_text(object, "sex", sex_name(face->sex));
	json_add_text(
	    object, "verdict", verdict_name(face->authenticity.verdict));
	return object;
}

static int
verify_face(struct verification *v, const cJSON *object)
{
	const cJSON *evidence =
	    cJSON_GetObjectItemCaseSensitive(object, "evidence");
	struct kenmen_blob record = member_bytes(evidence, "record");
	struct kenmen_blob issuer =
	    member_bytes(evidence, "issuer_certificate");
	const char *jws = member_text(evidence, "jws");
	struct kenmen_face *face = calloc(1, sizeof(*face));
	struct verdict verdict = { .r = KENMEN_ERR_DATA,
		.trusted = -1,
		.reason = "there is no evidence, or not all of it" };
	int r = CTL_ERROR;

	if (!v->challenge.len) {
		r = fail_challenge(v);
		goto out;
	}
	if (!face)
		goto out;
	if (record.bytes && issuer.bytes && jws) {
		verdict.reason = NULL;
		verdict.r = kenmen_evidence_verify(&record, &issuer, jws,
		    strlen(jws), &v->challenge, v->options->max_age, v->trust,
		    face, &verdict.reason);
	}
	if (verdict.r >= 0) {
		verdict.facts = face_facts(face);
		if (face->authenticity.verdict == KENMEN_VERIFIED)
			verdict.trusted = 1;
		kenmen_face_finish(face);
	}
	r = say(v, "face", &verdict);
out:
	free(face);
	kenmen_blob_free(&record);
	kenmen_blob_free(&issuer);
	return r;
}

/* ---- all of a file ------------------------------------------------------ */

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
verify_results(struct verification *v, const cJSON *tree)
{
	const cJSON *results =
	    cJSON_GetObjectItemCaseSensitive(tree, "results");
	/* From the best to the worst. */
	static const int order[] = { CTL_OK, CTL_UNTRUSTED, CTL_NOT_GENUINE,
		CTL_ERROR, CTL_USAGE };
	size_t worst = 0;
	unsigned n = 0;

	if (!results)
		results = tree;
	for (size_t i = 0; i < N_OF(verifiers); i++) {
		const cJSON *object = cJSON_GetObjectItemCaseSensitive(
		    results, verifiers[i].name);
		size_t place = 0;
		int r;

		if (!object)
			continue;
		n++;
		r = verifiers[i].verify(v, object);
		while (place < N_OF(order) - 1 && order[place] != r)
			place++;
		worst = place > worst ? place : worst;
	}
	if (n)
		return order[worst];
	return ctl_fail(v->options, CTL_USAGE,
	    "検証できるもの（authenticate、sign、face）がファイルにありません"
	    "。",
	    "the file holds nothing to verify: authenticate, sign or face");
}

/* A compact JWS by itself: RFC 7515 7.1. */
static bool
is_jws(char *text)
{
	size_t len = strcspn(text, "\r\n");

	if (text[len + strspn(text + len, "\r\n")])
		return false;
	text[len] = '\0';
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			    "uvwxyz0123456789-_.") == len &&
	       strchr(text, '.');
}

static int
verify_text(struct verification *v, char *text, size_t len)
{
	cJSON *tree = NULL;
	char *found;
	int r;

	if (strlen(text) == len && is_jws(text))
		r = verify_jws(v, text);
	else if (json_read(text, len, &tree) == 0)
		r = verify_results(v, tree);
	else
		r = ctl_fail(v->options, CTL_USAGE,
		    "ファイルがJSONでもJWSでもありません。",
		    "the file is neither JSON nor a JWS");
	cJSON_Delete(tree);
	if (!v->options->json) {
		cJSON_Delete(v->found);
		if (r != CTL_USAGE && r != CTL_ERROR)
			puts(v->options->lang == LANG_JA
				 ? "失効は確認していません"
				 : "revocation was not checked");
		return r;
	}
	if (!(found = json_text(v->found)))
		return CTL_ERROR;
	puts(found);
	json_free(found);
	return r;
}

/* ---- the command -------------------------------------------------------- */

static const char *
verification_start(const struct ctl_options *options, struct verification *ret)
{
	*ret = (struct verification){ .options = options };
	ret->challenge.now = options->now;
	if (!options->origin != !options->challenge)
		return options->origin ? "--challenge" : "--origin";
	if (options->origin) {
		snprintf(ret->challenge.origin, sizeof(ret->challenge.origin),
		    "%s", options->origin);
		if (!base64_decode(options->challenge, ret->challenge.bytes,
			sizeof(ret->challenge.bytes), &ret->challenge.len) ||
		    ret->challenge.len < KENMEN_CHALLENGE_MIN)
			return "--challenge";
	}
	if (kenmen_trust_new(options->trust_dir, NULL, &ret->trust) < 0)
		return "--trust";
	return NULL;
}

int
ctl_verify(const struct ctl_options *options, int argc, char **argv)
{
	struct verification v;
	const char *wrong;
	char *text = NULL;
	size_t len;
	int r = CTL_USAGE;

	if (argc != 1)
		return ctl_fail(options, CTL_USAGE,
		    "verifyにはファイルを1つ指定してください（-は標準入力）。",
		    "verify takes one file (- for standard input)");
	json_start();
	if ((wrong = verification_start(options, &v)))
		fprintf(stderr,
		    options->lang == LANG_JA
			? "kenmenctl: %sが足りないか、使えません\n"
			: "kenmenctl: %s is missing, or cannot be used\n",
		    wrong);
	else if (!(text = file_read(argv[0], &len)))
		r = ctl_fail(options, CTL_USAGE,
		    "ファイルを読めないか、大きすぎます。",
		    "the file cannot be read, or is too large");
	else if ((v.found = cJSON_CreateObject()))
		r = verify_text(&v, text, len);
	else
		r = CTL_ERROR;
	free(text);
	kenmen_trust_free(&v.trust);
	return r;
}
