/*
 * Both decoders of the wire between door and runner. What is accepted can be
 * written again, and comes out as the same bytes.
 */
#include <string.h>

#include "fuzz.h"
#include "pack.h"
#include "wire.h"

static uint8_t again[PACK_MAX];

static void
check_request(const uint8_t *data, size_t len)
{
	static struct wire_request request;
	int n;

	if (!wire_request_decode(data, len, &request))
		return;
	n = wire_request_encode(&request, again, sizeof(again));
	FUZZ_CHECK(n >= 0 && (size_t)n == len && !memcmp(again, data, len));
}

static void
check_message(const uint8_t *data, size_t len)
{
	static struct wire_message message;
	int n;

	if (!wire_message_decode(data, len, &message))
		return;
	n = wire_message_encode(&message, again, sizeof(again));
	FUZZ_CHECK(n >= 0 && (size_t)n == len && !memcmp(again, data, len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_request(data, len);
	check_message(data, len);
	return 0;
}
