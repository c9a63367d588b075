/*
 * A server's side: what a card made elsewhere, checked without one.
 */
#include <string.h>

#include "blob.h"
#include "genuine.h"
#include "jws.h"
#include "kenmen.h"
#include "sigcheck.h"

/* The key of a certificate over the message. */
static int
check_with(const struct kenmen_blob *certificate, const uint8_t *info,
    size_t info_len, const uint8_t *signature, size_t signature_len)
{
	struct sig_cert *cert;
	struct sig_key key;
	int r;

	if ((r = sig_cert_new(certificate->bytes, certificate->len, &cert)) < 0)
		return r;
	if ((r = sig_cert_key(cert, &key)) == 0)
		r = sig_check_info(
		    &key, info, info_len, signature, signature_len);
	sig_cert_free(&cert);
	return r;
}

int
kenmen_signature_verify(const uint8_t *certificate, size_t certificate_len,
    enum kenmen_hash hash, const uint8_t *digest, const uint8_t *signature,
    size_t signature_len)
{
	struct kenmen_blob view = blob_view(certificate, certificate_len);
	uint8_t info[SIG_INFO_MAX];
	size_t info_len = sig_info(hash, digest, info);

	if (info_len == 0)
		return KENMEN_ERR_ARGUMENT;
	return check_with(&view, info, info_len, signature, signature_len);
}

/* What the certificate itself is worth, point by point and in one word. */
static int
certificate_judge(const struct kenmen_trust *trust,
    enum kenmen_certificate which, const struct kenmen_blob *der, int64_t now,
    struct kenmen_authenticity *ret, int *ret_trusted)
{
	*ret_trusted = kenmen_certificate_trusted(
	    trust, which, der->bytes, der->len, now, NULL);
	return kenmen_certificate_check(
	    trust, which, der->bytes, der->len, now, ret);
}

int
kenmen_signer_verify(const struct kenmen_blob *certificate,
    enum kenmen_hash hash, const uint8_t *digest,
    const struct kenmen_blob *signature, const struct kenmen_trust *trust,
    int64_t now, struct kenmen_signer *ret, const char **reason)
{
	const char *why = "the key in the certificate did not sign this digest";
	struct kenmen_signer signer = { 0 };
	int r = kenmen_signature_verify(certificate->bytes, certificate->len,
	    hash, digest, signature->bytes, signature->len);

	if (r == KENMEN_ERR_DATA)
		why = "it is no certificate with an RSA key";
	if (r < 0)
		goto out;
	why = "the certificate cannot be read";
	if ((r = kenmen_certificate_parse(certificate->bytes, certificate->len,
		 &signer.certificate)) < 0 ||
	    (r = certificate_judge(trust, KENMEN_CERT_SIGN, certificate, now,
		 &signer.authenticity, &signer.trusted)) < 0)
		goto out;
	*ret = signer;
out:
	kenmen_wipe(&signer, sizeof(signer));
	if (r < 0 && reason)
		*reason = why;
	return r == KENMEN_ERR_DATA ? KENMEN_ERR_AUTHENTICITY : r;
}

/* ---- a login ---------------------------------------------------------- */

static int
login_signature(const struct jws *jws, const char **reason)
{
	uint8_t info[SIG_INFO_MAX];
	int r = sig_info_over(jws->input, jws->input_len, info);

	if (r > 0)
		r = check_with(&jws->certificate, info, (size_t)r,
		    jws->signature, jws->signature_len);
	if (r == KENMEN_ERR_DATA)
		*reason = "x5c holds no certificate with an RSA key";
	else if (r < 0)
		*reason = "the key in x5c did not sign it";
	return r;
}

int
kenmen_login_verify(const char *jws, size_t len,
    const struct kenmen_challenge *challenge, int64_t max_age,
    const struct kenmen_trust *trust, struct kenmen_login *ret,
    const char **reason)
{
	struct kenmen_login login = { 0 };
	const char *why = "the challenge to check it against is not one";
	struct jws parsed;
	int r;

	if ((r = jws_parse(jws, len, JWS_LOGIN, &parsed, &why)) < 0)
		goto out;
	why = "the challenge to check it against is not one";
	if ((r = jws_answers(&parsed, challenge, max_age, &why)) < 0 ||
	    (r = login_signature(&parsed, &why)) < 0)
		goto finish;
	why = "x5c holds no certificate that can be read";
	if ((r = kenmen_certificate_parse(parsed.certificate.bytes,
		 parsed.certificate.len, &login.certificate)) < 0 ||
	    (r = certificate_judge(trust, KENMEN_CERT_AUTH, &parsed.certificate,
		 challenge->now, &login.authenticity, &login.trusted)) < 0)
		goto finish;
	login.issued_at = parsed.iat;
	*ret = login;
finish:
	jws_finish(&parsed);
out:
	kenmen_wipe(&login, sizeof(login));
	if (r < 0 && reason)
		*reason = why;
	return r == KENMEN_ERR_DATA ? KENMEN_ERR_AUTHENTICITY : r;
}

/* ---- evidence --------------------------------------------------------- */

static int
record_is_meant(const struct kenmen_blob *record, const struct jws *jws)
{
	uint8_t digest[SIG_SHA256_LEN];
	int r = sig_sha256(record->bytes, record->len, digest);

	if (r == 0 && memcmp(digest, jws->record_sha256, sizeof(digest)) != 0)
		r = KENMEN_ERR_AUTHENTICITY;
	return r;
}

/* The chip signed the JWS: that is its answer to the challenge. */
static int
evidence_check(const struct genuine_record *record,
    const struct kenmen_blob *issuer_certificate, const struct jws *jws,
    const struct kenmen_trust *trust, struct kenmen_authenticity *ret,
    const char **why)
{
	struct genuine_chip chip = {
		blob_view(jws->input, jws->input_len),
		blob_view(jws->signature, jws->signature_len),
	};
	int r = genuine_face(record, issuer_certificate, &chip, trust, ret);

	*why = "a signature of the record, its issuer or the chip is wrong";
	if (r == 0 && ret->verdict == KENMEN_UNCHECKED) {
		*why = "the issuer's certificate is missing";
		r = KENMEN_ERR_AUTHENTICITY;
	}
	return r;
}

/* Everything but the signatures. */
static int
evidence_read(const struct kenmen_blob *record, const struct jws *jws,
    const struct kenmen_challenge *challenge, int64_t max_age,
    struct genuine_record *ret, const char **why)
{
	int r;

	*why = "the challenge to check it against is not one";
	if ((r = jws_answers(jws, challenge, max_age, why)) < 0)
		return r;
	*why = "the JWS is about another record";
	if ((r = record_is_meant(record, jws)) < 0)
		return r;
	*why = "the record is not DF22 to DF28 of the card's face";
	return genuine_face_record(record->bytes, record->len, ret);
}

int
kenmen_evidence_verify(const struct kenmen_blob *record,
    const struct kenmen_blob *issuer_certificate, const char *jws,
    size_t jws_len, const struct kenmen_challenge *challenge, int64_t max_age,
    const struct kenmen_trust *trust, struct kenmen_face *ret,
    const char **reason)
{
	struct kenmen_face face = { 0 };
	struct genuine_record parsed;
	struct jws said;
	const char *why;
	int r;

	if ((r = jws_parse(jws, jws_len, JWS_EVIDENCE, &said, &why)) < 0)
		goto out;
	if ((r = evidence_read(
		 record, &said, challenge, max_age, &parsed, &why)) < 0 ||
	    (r = evidence_check(&parsed, issuer_certificate, &said, trust,
		 &face.authenticity, &why)) < 0)
		goto finish;
	why = "the record's fields are not of their form";
	if ((r = genuine_face_fill(&parsed, &face)) == 0)
		*ret = face;
finish:
	jws_finish(&said);
out:
	if (r < 0 && reason)
		*reason = why;
	return r == KENMEN_ERR_DATA ? KENMEN_ERR_AUTHENTICITY : r;
}
