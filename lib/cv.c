#include "cv.h"

#include "tlv.h"

#define TAG_CERTIFICATE 0x7F21
#define TAG_BODY 0x5F4E
#define TAG_SIGNATURE 0x5F37
#define TAG_EXPONENT 0x90
#define TAG_MODULUS 0x91

/* Exactly these two objects, in this order, and nothing else. */
static bool
pair_read(const uint8_t *buf, size_t len, uint32_t first, uint32_t second,
    struct tlv_item *ret_first, struct tlv_item *ret_second)
{
	struct tlv t;

	tlv_start(&t, buf, len);
	return tlv_next(&t, ret_first) && ret_first->tag == first &&
	       tlv_next(&t, ret_second) && ret_second->tag == second &&
	       tlv_finish(&t);
}

int
cv_key(const uint8_t *buf, size_t len, struct sig_key *ret)
{
	struct tlv_item exponent, modulus;

	if (!pair_read(
		buf, len, TAG_EXPONENT, TAG_MODULUS, &exponent, &modulus))
		return KENMEN_ERR_DATA;
	return sig_key_set(
	    modulus.value, modulus.len, exponent.value, exponent.len, ret);
}

int
cv_parse(const uint8_t *buf, size_t len, struct cv *ret)
{
	struct tlv_item outer, body, signature;
	struct cv cv;
	struct tlv t;

	tlv_start(&t, buf, len);
	if (!tlv_next(&t, &outer) || outer.tag != TAG_CERTIFICATE ||
	    !pair_read(outer.value, outer.len, TAG_BODY, TAG_SIGNATURE, &body,
		&signature) ||
	    body.len < 2 * CV_KEY_ID_LEN ||
	    cv_key(body.value + 2 * CV_KEY_ID_LEN, body.len - 2 * CV_KEY_ID_LEN,
		&cv.key) < 0)
		return KENMEN_ERR_DATA;
	cv.issuer = body.value;
	cv.subject = body.value + CV_KEY_ID_LEN;
	cv.body = body.value;
	cv.body_len = body.len;
	cv.signature = signature.value;
	cv.signature_len = signature.len;
	*ret = cv;
	return 0;
}

int
cv_check(const struct cv *cv, const struct sig_key *root)
{
	return sig_check(
	    root, cv->body, cv->body_len, cv->signature, cv->signature_len);
}
