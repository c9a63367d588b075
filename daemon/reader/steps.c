#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

static bool
wants(const struct wire_request *request, enum read_kind kind)
{
	return request->kinds & KIND_BIT(kind);
}

/* Is there anything that the signing certificate's password is asked for? */
static bool
wants_password(const struct wire_request *request)
{
	return wants(request, KIND_SIGN) ||
	       (wants(request, KIND_CERTIFICATE) &&
		   request->wish.which == KENMEN_CERT_SIGN);
}

bool
wants_consent(const struct wire_request *request)
{
	return wants(request, KIND_CERTIFICATE) &&
	       request->wish.which == KENMEN_CERT_AUTH;
}

static void
progress(void *arg, size_t done, size_t total)
{
	struct desk *desk = arg;

	report_progress(desk->env->wire, done, total);
}

/* ---- certificates ---------------------------------------------------- */

static int
certificate_read(
    struct desk *desk, enum kenmen_certificate which, struct kenmen_blob *ret)
{
	if (ret->bytes)
		return 0; /* no file twice */
	return kenmen_certificate_read(desk->card, which, progress, desk, ret);
}

static int
certificate_say(struct desk *desk, enum read_kind kind,
    enum kenmen_certificate which, const struct kenmen_blob *der,
    struct wire_certificate *ret)
{
	ret->kind = kind;
	ret->trusted = (int8_t)kenmen_certificate_trusted(desk->trust, which,
	    der->bytes, der->len, desk->env->realtime(), NULL);
	return kenmen_certificate_parse(der->bytes, der->len, &ret->facts);
}

static int
blob_copy(const struct kenmen_blob *from, struct kenmen_blob *ret)
{
	uint8_t *bytes = malloc(from->len);

	if (!bytes)
		return KENMEN_ERR_NO_MEMORY;
	memcpy(bytes, from->bytes, from->len);
	*ret = (struct kenmen_blob){ bytes, from->len };
	return 0;
}

/* The certificate that was asked for, once its DER is at hand. */
static int
certificate_result(struct desk *desk, const struct kenmen_blob *der)
{
	struct results *results = &desk->results;
	int r = blob_copy(der, &results->certificate_der);

	if (r < 0)
		return r;
	return certificate_say(desk, KIND_CERTIFICATE,
	    desk->request->wish.which, der, &results->certificate);
}

/* ---- without a PIN ---------------------------------------------------- */

/* No PIN is asked for a login that the card could not sign. */
static int
login_key_ok(const struct kenmen_blob *der)
{
	struct kenmen_certificate_facts facts;
	int r = kenmen_certificate_parse(der->bytes, der->len, &facts);

	return r >= 0 && !facts.rsa ? KENMEN_ERR_DATA : r;
}

/* The login certificate: free on cards, behind the PIN on phones. A person
 * must know which of their PINs is asked for. */
static int
auth_before(struct desk *desk)
{
	const struct kenmen_blob *der = &desk->results.auth_der;
	int r =
	    certificate_read(desk, KENMEN_CERT_AUTH, &desk->results.auth_der);

	if (r == KENMEN_ERR_PIN_REQUIRED)
		return kenmen_token_read(desk->card, &desk->token);
	if (r >= 0 && wants(desk->request, KIND_AUTHENTICATE))
		r = login_key_ok(der);
	return r;
}

/*
 * Is there a signing certificate at all? Nobody types a password for one that
 * was never issued. What is in its file shows only behind the password.
 */
static int
sign_before(struct desk *desk)
{
	const int8_t *known = desk->results.info.certificates;
	int r;

	if (wants(desk->request, KIND_CARD_INFO))
		r = known[KENMEN_CERT_SIGN] != 0;
	else
		r = kenmen_certificate_exists(desk->card, KENMEN_CERT_SIGN);
	return r == 0 ? KENMEN_ERR_NOT_FOUND : r;
}

/* A trusted copy of the CA that issued the login certificate, when that was
 * read already: then the card need not be asked for its own. */
static int
ca_trusted(struct desk *desk, struct kenmen_blob *ret)
{
	const struct kenmen_blob *leaf = &desk->results.auth_der;

	if (desk->request->wish.which != KENMEN_CERT_AUTH_CA || !leaf->bytes)
		return 0;
	return kenmen_trust_issuer(desk->trust, leaf->bytes, leaf->len, ret);
}

static int
ca_before(struct desk *desk)
{
	enum kenmen_certificate which = desk->request->wish.which;
	struct kenmen_blob der = { NULL, 0 };
	int r = ca_trusted(desk, &der);

	if (r >= 0 && !der.bytes)
		r = kenmen_ca_read(
		    desk->card, which, desk->trust, progress, desk, &der);
	if (r >= 0)
		r = certificate_result(desk, &der);
	kenmen_blob_free(&der);
	return r;
}

static int
certificate_before(struct desk *desk)
{
	switch (desk->request->wish.which) {
	case KENMEN_CERT_AUTH:
		return auth_before(desk);
	case KENMEN_CERT_SIGN:
		return 0; /* behind its password */
	case KENMEN_CERT_AUTH_CA:
	case KENMEN_CERT_SIGN_CA:
		return ca_before(desk);
	case KENMEN_CERT_N:
		break;
	}
	return KENMEN_ERR_ARGUMENT;
}

int
read_before(struct desk *desk)
{
	const struct wire_request *request = desk->request;
	int r = 0;

	if (wants(request, KIND_AUTHENTICATE))
		r = auth_before(desk);
	if (r >= 0 && wants_password(request))
		r = sign_before(desk);
	if (r >= 0 && wants(request, KIND_CERTIFICATE))
		r = certificate_before(desk);
	return r;
}

/* ---- behind a PIN ----------------------------------------------------- */

/* Only a certificate may be missing on a card that is whole. */
static int
must_be_there(int r)
{
	return r == KENMEN_ERR_NOT_FOUND ? KENMEN_ERR_DATA : r;
}

static int
read_auth(struct desk *desk)
{
	struct results *results = &desk->results;
	int r = certificate_read(desk, KENMEN_CERT_AUTH, &results->auth_der);

	desk->challenge.now = desk->env->realtime();
	if (r >= 0 && wants(desk->request, KIND_AUTHENTICATE))
		r = must_be_there(kenmen_login_sign(desk->card,
		    &results->auth_der, &desk->challenge, &results->login_jws));
	return r;
}

static int
read_text(struct desk *desk)
{
	const struct kenmen_text_wish wish = {
		.attributes = wants(desk->request, KIND_ATTRIBUTES),
		.my_number = wants(desk->request, KIND_MY_NUMBER),
		.check = true,
		.trust = desk->trust,
		.issuers = &desk->issuers,
	};

	return must_be_there(kenmen_text_read(
	    desk->card, &wish, progress, desk, &desk->results.text));
}

/* One signature, which the certificate that goes with it must confirm. */
static int
sign_one(
    struct desk *desk, const uint8_t *digest, uint8_t *ret, size_t *ret_len)
{
	const struct kenmen_blob *der = &desk->results.sign_der;
	enum kenmen_hash hash = desk->request->wish.hash;
	int r = kenmen_sign(
	    desk->card, KENMEN_CERT_SIGN, hash, digest, ret, ret_len);

	return r < 0 ? r
		     : kenmen_signature_verify(
			   der->bytes, der->len, hash, digest, ret, *ret_len);
}

/* They go out in one file, so they are of one length: that of the key. */
static int
sign_all(struct desk *desk)
{
	const struct wire_wish *wish = &desk->request->wish;
	size_t one = desk->results.sign.facts.key_bits / 8, len;
	struct kenmen_blob *all = &desk->results.signatures;
	int r = 0;

	if (!desk->results.sign.facts.rsa || !one)
		return KENMEN_ERR_DATA; /* no key that this card signs with */
	if (!(all->bytes = calloc(wish->digests_n, one)))
		return KENMEN_ERR_NO_MEMORY;
	for (unsigned i = 0; i < wish->digests_n && r >= 0; i++) {
		len = one;
		r = sign_one(
		    desk, wish->digests[i], all->bytes + all->len, &len);
		if (r >= 0 && len != one)
			r = KENMEN_ERR_DATA;
		all->len += one;
		progress(desk, all->len, wish->digests_n * one);
	}
	return r;
}

static int
read_sign(struct desk *desk)
{
	struct results *results = &desk->results;
	int r = certificate_read(desk, KENMEN_CERT_SIGN, &results->sign_der);

	if (r >= 0 && wants(desk->request, KIND_CERTIFICATE) &&
	    desk->request->wish.which == KENMEN_CERT_SIGN)
		r = certificate_result(desk, &results->sign_der);
	if (r < 0 || !wants(desk->request, KIND_SIGN))
		return r;
	r = certificate_say(desk, KIND_SIGN, KENMEN_CERT_SIGN,
	    &results->sign_der, &results->sign);
	return r < 0 ? r : must_be_there(sign_all(desk));
}

static int
read_face(struct desk *desk)
{
	const struct kenmen_face_wish wish = {
		.trust = desk->trust,
		.challenge = desk->challenge.len ? &desk->challenge : NULL,
		.want_png = true,
		.issuers = &desk->issuers,
	};

	desk->challenge.now = desk->env->realtime();
	return must_be_there(kenmen_face_read(
	    desk->card, &wish, progress, desk, &desk->results.face));
}

int
results_complete(struct desk *desk)
{
	const struct kenmen_blob *der = &desk->results.auth_der;

	if (!wants_consent(desk->request))
		return 0;
	return certificate_result(desk, der);
}

struct step
step_auth_certificate(void)
{
	return (struct step){ KENMEN_PIN_AUTH, KIND_BIT(KIND_CERTIFICATE),
		read_auth };
}

unsigned
steps_of(const struct wire_request *request, struct step *ret)
{
	uint32_t with_sign = KIND_BIT(KIND_SIGN);
	unsigned n = 0;

	if (request->wish.which == KENMEN_CERT_SIGN)
		with_sign |= KIND_BIT(KIND_CERTIFICATE);
	const struct step all[STEPS_MAX] = {
		{ KENMEN_PIN_AUTH, KIND_BIT(KIND_AUTHENTICATE), read_auth },
		{ KENMEN_PIN_ATTRIBUTES,
		    KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER),
		    read_text },
		{ KENMEN_PIN_SIGN, with_sign, read_sign },
		{ request->wish.face_with_a ? KENMEN_PIN_FACE_A
					    : KENMEN_PIN_FACE_B,
		    KIND_BIT(KIND_FACE), read_face },
	};

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		if (!(request->kinds & all[i].kinds))
			continue;
		ret[n] = all[i];
		ret[n++].kinds &= request->kinds;
	}
	return n;
}

/* ---- the results ------------------------------------------------------- */

void
results_finish(struct results *results)
{
	kenmen_face_finish(&results->face);
	kenmen_blob_free(&results->certificate_der);
	kenmen_blob_free(&results->auth_der);
	kenmen_blob_free(&results->sign_der);
	kenmen_blob_free(&results->signatures);
	kenmen_blob_free(&results->login_jws);
	kenmen_wipe(results, sizeof(*results));
}

static int
report_face(const struct kenmen_face *face, int wire)
{
	struct wire_message message = { .type = WIRE_FACE };
	const struct {
		enum wire_blob which;
		const struct kenmen_blob *blob;
	} files[] = {
		{ BLOB_NAME_PNG, &face->name_png },
		{ BLOB_ADDRESS_PNG, &face->address_png },
		{ BLOB_PHOTO_JP2, &face->photo_jp2 },
		{ BLOB_PHOTO_PNG, &face->photo_png },
		{ BLOB_RECORD, &face->record },
		{ BLOB_ISSUER_CERTIFICATE, &face->issuer_certificate },
		{ BLOB_EVIDENCE_JWS, &face->evidence_jws },
	};
	struct wire_face *small = &message.face;
	int r;

	memcpy(small->birth_date, face->birth_date, sizeof(small->birth_date));
	memcpy(small->birth_date_raw, face->birth_date_raw,
	    sizeof(small->birth_date_raw));
	memcpy(small->sex_code, face->sex_code, sizeof(small->sex_code));
	memcpy(small->expires, face->expires, sizeof(small->expires));
	small->sex = face->sex;
	small->authenticity = face->authenticity;
	r = report(wire, &message);
	kenmen_wipe(&message, sizeof(message));
	/* A picture can grow past all bounds as PNG: then it goes without. */
	for (size_t i = 0; r >= 0 && i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].blob->len <= BLOB_MAX)
			r = report_blob(wire, files[i].which, files[i].blob);
	return r;
}

static int
report_text(const struct kenmen_text *text, int wire)
{
	struct wire_message message = { .type = WIRE_TEXT, .text = *text };
	int r = report(wire, &message);

	kenmen_wipe(&message, sizeof(message));
	return r;
}

static int
report_certificate(const struct wire_certificate *certificate,
    enum wire_blob which, const struct kenmen_blob *der, int wire)
{
	struct wire_message message = { .type = WIRE_CERTIFICATE,
		.certificate = *certificate };
	int r = report(wire, &message);

	kenmen_wipe(&message, sizeof(message));
	return r < 0 ? r : report_blob(wire, which, der);
}

static int
report_kind(const struct results *results, int wire, enum read_kind kind)
{
	struct wire_message info = { .type = WIRE_CARD_INFO,
		.card_info = results->info };
	int r;

	switch (kind) {
	case KIND_CARD_INFO:
		return report(wire, &info);
	case KIND_ATTRIBUTES:
		return report_text(&results->text, wire);
	case KIND_FACE:
		return report_face(&results->face, wire);
	case KIND_CERTIFICATE:
		return report_certificate(&results->certificate,
		    BLOB_CERTIFICATE, &results->certificate_der, wire);
	case KIND_AUTHENTICATE:
		return report_blob(wire, BLOB_LOGIN_JWS, &results->login_jws);
	case KIND_SIGN:
		r = report_certificate(&results->sign, BLOB_SIGN_CERTIFICATE,
		    &results->sign_der, wire);
		return r < 0 ? r
			     : report_blob(
				   wire, BLOB_SIGNATURES, &results->signatures);
	case KIND_MY_NUMBER:
	case KIND_N:
		break;
	}
	return 0;
}

int
results_report(const struct results *results, int wire, uint32_t kinds)
{
	int r = 0;

	/* One message tells both: my_number goes as attributes would. */
	if (kinds & KIND_BIT(KIND_MY_NUMBER))
		kinds |= KIND_BIT(KIND_ATTRIBUTES);
	for (int kind = 0; kind < KIND_N && r >= 0; kind++)
		if (kinds & KIND_BIT(kind))
			r = report_kind(results, wire, (enum read_kind)kind);
	if (r < 0)
		return r;
	return report(wire, &(struct wire_message){ .type = WIRE_DONE });
}
