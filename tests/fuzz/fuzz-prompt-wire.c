/*
 * What a runner says to the voice, and what the voice answers. A request
 * that is accepted can be written again as the same bytes, and its windows
 * are built or refused, never cut.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "prompt-wire.h"
#include "texts.h"

static uint8_t again[1024];

static void
check_texts(const struct prompt_request *request)
{
	struct texts t;

	for (unsigned page = 0; page < PAGE_N; page++)
		if (texts_build(request, page, &t) == 1) {
			FUZZ_CHECK(t.title[0] && t.description[0] && t.ok[0]);
			FUZZ_CHECK(!strpbrk(t.description, "\r\n"));
		}
	if (texts_build_typed_yes(request, &t) == 1)
		FUZZ_CHECK((request->type == PROMPT_LAST_TRY ||
			       request->type == PROMPT_CONSENT) &&
			   t.prompt[0]);
}

static void
check_request(const uint8_t *data, size_t len)
{
	static struct prompt_request request;
	int n;

	if (!prompt_request_decode(data, len, &request))
		return;
	n = prompt_request_encode(&request, again, sizeof(again));
	FUZZ_CHECK(n >= 0 && (size_t)n == len && !memcmp(again, data, len));
	check_texts(&request);
}

static void
check_answer(const uint8_t *data, size_t len)
{
	static int fds[2] = { -1, -1 };
	static struct kenmen_secret *pin;
	enum prompt_answer answer = ANSWER_N;

	if (!pin)
		FUZZ_CHECK(kenmen_secret_new(&pin) == 0 &&
			   socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	if (len == 0 || len > 4096 ||
	    send(fds[0], data, len, 0) != (ssize_t)len)
		return;
	if (prompt_answer_recv(fds[1], &answer, pin) == 0) {
		FUZZ_CHECK(answer == (enum prompt_answer)data[0]);
		FUZZ_CHECK(kenmen_secret_len(pin) == len - 1);
	} else
		FUZZ_CHECK(kenmen_secret_len(pin) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_request(data, len);
	check_answer(data, len);
	return 0;
}
