#include "api-result.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <time.h>

#include "api-json.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what was checked ------------------------------------------------ */

/* The runner says it in English; here it is in Japanese. */
static const struct {
	const char *name;
	const char *yes, *no, *open;
} checks_ja[] = {
	{ "record_digest",
	    "データは、カードの記録にあるハッシュ値と一致しています。",
	    "データが、カードの記録にあるハッシュ値と一致しません。",
	    "確認していません：データとカードの記録との一致。" },
	{ "record_signature",
	    "記録は、カードの発行者によって署名されています"
	    "（券面の有効期限を除く）。",
	    "記録の署名は、カードの発行者のものではありません。",
	    "確認していません：記録に対する発行者の署名。" },
	{ "issuer_certificate",
	    "発行者の証明書は、設定されたルートの鍵で署名されています。",
	    "発行者の証明書は正しいものではありません。",
	    "確認していません：発行者の証明書の署名。" },
	{ "issuer_root", "この発行者のルートの鍵が設定されています。",
	    "この発行者のルートの鍵は正しいものではありません。",
	    "確認していません：発行者のルートの鍵（設定されていないか、"
	    "たどる証明書がありません）。" },
	{ "chip", "ICチップが、自身の鍵で新しいチャレンジに署名しました。",
	    "ICチップの署名が、記録にある鍵のものではありません。",
	    "確認していません：データが発行されたICチップそのものか。" },
	{ "agreement",
	    "カードの2つのアプリケーションの生年月日と性別が一致しています。",
	    "カードの2つのアプリケーションの内容が一致しません。",
	    "確認していません：カードの2つのアプリケーションの内容の一致。" },
	{ "revocation", "カードは失効していません。",
	    "カードは失効しています。",
	    "確認していません：カードの失効や紛失の届出"
	    "（法律で定められた機関だけが照会できます）。" },
};

static const char *
check_ja(const struct kenmen_check *check)
{
	for (size_t i = 0; i < N_OF(checks_ja); i++)
		if (strcmp(checks_ja[i].name, check->name) == 0)
			return check->ok > 0    ? checks_ja[i].yes
			       : check->ok == 0 ? checks_ja[i].no
						: checks_ja[i].open;
	return check->ok > 0 ? "確認できました。"
	       : check->ok == 0 ? "正しいことを確認できませんでした。"
				: "確認していません。";
}

static void
add_check(cJSON *checks, const struct kenmen_check *from)
{
	cJSON *check = cJSON_CreateObject();

	json_add_text(check, "name", from->name);
	json_add_maybe(check, "ok", from->ok);
	json_add_text(check, "detail", from->detail);
	json_add_text(check, "detail_ja", check_ja(from));
	json_append(checks, check);
}

/* Nobody but the bodies named in law may ask (JPKI Act art. 17): said even
 * where a runner would not. */
static const struct kenmen_check revocation = {
	"revocation",
	-1,
	"whether the card was revoked is not checked: only bodies named by "
	"law may ask",
};

static void
add_authenticity(cJSON *object, const struct kenmen_authenticity *from)
{
	cJSON *authenticity = cJSON_AddObjectToObject(object, "authenticity");
	cJSON *checks;
	bool said = false;

	json_add_text(authenticity, "verdict", verdict_name(from->verdict));
	checks = cJSON_AddArrayToObject(authenticity, "checks");
	for (unsigned i = 0; i < from->n; i++) {
		add_check(checks, &from->check[i]);
		said |= strcmp(from->check[i].name, revocation.name) == 0;
	}
	if (!said)
		add_check(checks, &revocation);
}

/* ---- parts that several results have --------------------------------- */

static void
add_birth_and_sex(cJSON *object, const char *birth_date,
    const char *birth_date_raw, enum kenmen_sex sex, const char *sex_code)
{
	json_add_text(object, "birth_date", json_text_or_null(birth_date));
	json_add_text(object, "birth_date_raw", birth_date_raw);
	json_add_text(object, "sex", sex_name(sex));
	json_add_text(object, "sex_code", sex_code);
}

static void
add_blob(cJSON *object, const char *name, const struct job *job,
    enum wire_blob which)
{
	const struct kenmen_blob *blob = &job->blobs[which];

	if (blob->len > 0)
		json_add_bytes(object, name, blob->bytes, blob->len);
	else
		json_add_null(object, name);
}

/* A compact JWS: text that came as a file, without a NUL. */
static void
add_jws(cJSON *object, const struct job *job, enum wire_blob which)
{
	const struct kenmen_blob *blob = &job->blobs[which];

	json_add(object, "jws", json_words(blob->bytes, blob->len));
}

/* ---- kinds ----------------------------------------------------------- */

static void
add_pin(cJSON *pins, const char *name, int tries)
{
	cJSON *pin = cJSON_AddObjectToObject(pins, name);

	if (tries < 0) { /* the card has no such PIN */
		json_add_null(pin, "tries_left");
		json_add_null(pin, "blocked");
		return;
	}
	json_add_number(pin, "tries_left", (unsigned)tries);
	json_add_bool(pin, "blocked", tries == 0);
}

static void
add_card_info(cJSON *object, const struct read *read)
{
	const struct kenmen_card_info *info = &read->job->card_info;
	cJSON *pins, *certificates;

	json_add_text(object, "card", "my_number");
	json_add_text(object, "token", token_name(info->token));
	pins = cJSON_AddObjectToObject(object, "pins");
	for (enum kenmen_pin p = 0; p < KENMEN_PIN_N; p++)
		add_pin(pins, pin_name(p), info->tries[p]);
	certificates = cJSON_AddObjectToObject(object, "certificates");
	for (enum kenmen_certificate c = 0; c < KENMEN_CERT_N; c++)
		json_add_maybe(
		    certificates, certificate_name(c), info->certificates[c]);
}

static void
add_attributes(cJSON *object, const struct read *read)
{
	const struct kenmen_text *text = &read->job->text;
	const struct kenmen_attributes *a = &text->attributes;

	json_add_text(object, "name", a->name);
	json_add_text(object, "address", a->address);
	add_birth_and_sex(
	    object, a->birth_date, a->birth_date_raw, a->sex, a->sex_code);
	add_authenticity(object, &text->authenticity);
}

static void
add_my_number(cJSON *object, const struct read *read)
{
	const struct kenmen_text *text = &read->job->text;

	json_add_text(object, "my_number", text->my_number);
	add_authenticity(object, &text->authenticity);
}

static void
add_images(cJSON *object, const struct job *job)
{
	cJSON *images = cJSON_AddObjectToObject(object, "images"), *photo;

	add_blob(images, "name", job, BLOB_NAME_PNG);
	add_blob(images, "address", job, BLOB_ADDRESS_PNG);
	if (job->blobs[BLOB_PHOTO_JP2].len == 0) {
		json_add_null(images, "photo");
		return;
	}
	photo = cJSON_AddObjectToObject(images, "photo");
	add_blob(photo, "jp2", job, BLOB_PHOTO_JP2);
	add_blob(photo, "png", job, BLOB_PHOTO_PNG);
}

/* All three or nothing: a part of it shows nobody anything. */
static void
add_evidence(cJSON *object, const struct job *job)
{
	cJSON *evidence;

	if (job->blobs[BLOB_RECORD].len == 0 ||
	    job->blobs[BLOB_ISSUER_CERTIFICATE].len == 0 ||
	    job->blobs[BLOB_EVIDENCE_JWS].len == 0)
		return;
	evidence = cJSON_AddObjectToObject(object, "evidence");
	add_blob(evidence, "record", job, BLOB_RECORD);
	add_blob(evidence, "issuer_certificate", job, BLOB_ISSUER_CERTIFICATE);
	add_jws(evidence, job, BLOB_EVIDENCE_JWS);
}

static void
add_face(cJSON *object, const struct read *read)
{
	const struct wire_face *face = &read->job->face;

	add_birth_and_sex(object, face->birth_date, face->birth_date_raw,
	    face->sex, face->sex_code);
	json_add_text(object, "expires", json_text_or_null(face->expires));
	add_images(object, read->job);
	add_authenticity(object, &face->authenticity);
	add_evidence(object, read->job);
}

/* Of a signing certificate's subjectAltName; null where it has none. */
static void
add_subject(cJSON *object, const struct kenmen_certificate_facts *facts)
{
	const struct kenmen_subject *s = &facts->attributes;
	cJSON *a;

	if (!facts->has_attributes) {
		json_add_null(object, "attributes");
		return;
	}
	a = cJSON_AddObjectToObject(object, "attributes");
	json_add_text(a, "name", s->name);
	json_add_text(
	    a, "name_substituted", json_text_or_null(s->name_substituted));
	json_add_text(a, "address", s->address);
	json_add_text(a, "address_substituted",
	    json_text_or_null(s->address_substituted));
	add_birth_and_sex(
	    a, s->birth_date, s->birth_date_raw, s->sex, s->sex_code);
}

static void
add_certificate_facts(cJSON *object, const struct read *read,
    const struct wire_certificate *certificate, enum wire_blob der)
{
	const struct kenmen_certificate_facts *facts = &certificate->facts;

	add_blob(object, "certificate", read->job, der);
	json_add_text(object, "subject", facts->subject);
	json_add_text(object, "issuer", facts->issuer);
	json_add_text(object, "serial", facts->serial);
	json_add_time(object, "not_before", facts->not_before);
	json_add_time(object, "not_after", facts->not_after);
	json_add_maybe(object, "trusted", certificate->trusted);
}

static void
add_certificate(cJSON *object, const struct read *read)
{
	const struct wire_certificate *certificate = &read->job->certificate;

	add_certificate_facts(object, read, certificate, BLOB_CERTIFICATE);
	if (read->which == KENMEN_CERT_SIGN)
		add_subject(object, &certificate->facts);
}

static void
add_authenticate(cJSON *object, const struct read *read)
{
	add_jws(object, read->job, BLOB_LOGIN_JWS);
}

static void
add_sign(cJSON *object, const struct read *read)
{
	const struct kenmen_blob *all = &read->job->blobs[BLOB_SIGNATURES];
	size_t one = all->len / read->digests_n;
	cJSON *signatures = cJSON_AddArrayToObject(object, "signatures");

	for (unsigned i = 0; i < read->digests_n; i++)
		json_append(signatures, json_bytes(all->bytes + i * one, one));
	add_certificate_facts(
	    object, read, &read->job->sign, BLOB_SIGN_CERTIFICATE);
	add_subject(object, &read->job->sign.facts);
}

static void (*const add_kind[KIND_N])(cJSON *object, const struct read *) = {
	[KIND_CARD_INFO] = add_card_info,
	[KIND_ATTRIBUTES] = add_attributes,
	[KIND_MY_NUMBER] = add_my_number,
	[KIND_FACE] = add_face,
	[KIND_CERTIFICATE] = add_certificate,
	[KIND_AUTHENTICATE] = add_authenticate,
	[KIND_SIGN] = add_sign,
};

void
result_add(struct cJSON *object, const struct read *read)
{
	cJSON *results = cJSON_AddObjectToObject(object, "results");

	for (enum read_kind k = 0; k < KIND_N; k++)
		if (read->kinds & KIND_BIT(k))
			add_kind[k](
			    cJSON_AddObjectToObject(results, kind_name(k)),
			    read);
}
