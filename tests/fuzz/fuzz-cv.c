/* Card-verifiable certificates over any bytes. */
#include <string.h>

#include "cv.h"
#include "fuzz.h"

static void
check_inside(
    const uint8_t *part, size_t part_len, const uint8_t *data, size_t len)
{
	FUZZ_CHECK(part >= data && part <= data + len);
	FUZZ_CHECK(part_len <= (size_t)(data + len - part));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sig_key key;
	struct cv cv;

	if (cv_key(data, len, &key) == 0) {
		FUZZ_CHECK(key.modulus_len >= SIG_MODULUS_MIN);
		FUZZ_CHECK(key.modulus_len <= SIG_MODULUS_MAX);
		FUZZ_CHECK(key.modulus[0] != 0);
	}
	if (cv_parse(data, len, &cv) < 0)
		return 0;
	check_inside(cv.issuer, 2 * CV_KEY_ID_LEN, data, len);
	check_inside(cv.body, cv.body_len, data, len);
	check_inside(cv.signature, cv.signature_len, data, len);
	/* By its own key: any answer but a crash. */
	cv_check(&cv, &cv.key);
	return 0;
}
