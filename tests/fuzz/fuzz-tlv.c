/* The TLV cursor and the attributes record over any bytes. */
#include <string.h>

#include "fuzz.h"
#include "kenmen.h"
#include "record.h"
#include "tlv.h"

static void
check_items(const uint8_t *data, size_t len, int depth)
{
	const uint8_t *end = data + len;
	struct tlv_item item;
	struct tlv t;
	size_t used = 0;

	tlv_start(&t, data, len);
	while (tlv_next(&t, &item)) {
		FUZZ_CHECK(item.value >= data && item.value <= end);
		FUZZ_CHECK(item.len <= (size_t)(end - item.value));
		FUZZ_CHECK((size_t)(item.value - data) + item.len > used);
		used = (size_t)(item.value - data) + item.len;
		if (depth < 4)
			check_items(item.value, item.len, depth + 1);
	}
	if (tlv_finish(&t))
		FUZZ_CHECK(used == len);
}

/* What tlv_total promises of the first object, tlv_next finds. */
static void
check_total(const uint8_t *data, size_t len)
{
	struct tlv_item item;
	struct tlv t;
	size_t total = 0;
	bool found;
	int r = tlv_total(data, len, &total);

	tlv_start(&t, data, len);
	found = tlv_next(&t, &item);
	if (r == 1 && total <= len) {
		FUZZ_CHECK(found);
		FUZZ_CHECK(item.value + item.len == data + total);
	} else {
		FUZZ_CHECK(!found);
	}
}

static size_t
text_len(const char *text, size_t room)
{
	size_t n = strnlen(text, room);

	FUZZ_CHECK(n < room);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	return n;
}

static void
check_record(const uint8_t *data, size_t len)
{
	static struct kenmen_attributes a, before;

	memset(&a, 0x5A, sizeof(a));
	before = a;
	if (record_attributes(data, len, &a) < 0) {
		FUZZ_CHECK(!memcmp(&a, &before, sizeof(a)));
		return;
	}
	text_len(a.name, sizeof(a.name));
	text_len(a.address, sizeof(a.address));
	text_len(a.birth_date_raw, sizeof(a.birth_date_raw));
	text_len(a.sex_code, sizeof(a.sex_code));
	len = text_len(a.birth_date, sizeof(a.birth_date));
	FUZZ_CHECK(len == 0 || len == 10);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_items(data, len, 0);
	check_total(data, len);
	check_record(data, len);
	return 0;
}
