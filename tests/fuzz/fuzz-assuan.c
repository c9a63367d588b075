/*
 * Everything a pinentry may say, in reads of any size (the first byte says
 * which): an answer is never longer than its room, and nothing of it stays
 * behind where another is heard.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "assuan.h"
#include "fuzz.h"

static void
check_reply(int r, enum assuan_reply reply, uint32_t code)
{
	FUZZ_CHECK(r == 1 || r == 0 || r == -EPROTO);
	if (r == 1)
		FUZZ_CHECK(
		    reply < REPLY_N && (code == 0) == (reply == REPLY_OK));
}

/* One answer after the other, until one is refused. */
static void
hear(struct assuan *assuan, int fd, const uint8_t *at, size_t len, size_t step)
{
	uint8_t bytes[32];
	struct assuan_data data = { .bytes = bytes, .room = sizeof(bytes) };
	enum assuan_reply reply = REPLY_N;
	uint32_t code = 0;
	size_t n;
	int r;

	for (; len > 0; at += n, len -= n) {
		n = len < step ? len : step;
		FUZZ_CHECK(write(fd, at, n) == (ssize_t)n);
		do {
			r = assuan_read(assuan, &data, &reply, &code);
			if (r == -EAGAIN)
				break;
			check_reply(r, reply, code);
			FUZZ_CHECK(data.len <= data.room);
		} while (r == 0);
		if (r == -EPROTO)
			return;
		if (r == 1) {
			FUZZ_CHECK(assuan_send(assuan, "GETPIN", NULL) == 0);
			data.len = 0;
			data.given = false;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int null = -1;
	struct assuan *assuan;
	int fds[2];

	if (len < 1 || len > 8192)
		return 0;
	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	FUZZ_CHECK(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
	FUZZ_CHECK(assuan_new(null, fds[0], &assuan) == 0);
	hear(assuan, fds[1], data + 1, len - 1, (size_t)data[0] + 1);
	assuan_free(&assuan);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
