/*
 * kenmen-read, the runner: takes one request off the wire, does it, exits. It
 * knows no network and starts nothing. kenmend starts it; by hand it has
 * nothing to say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "errand.h"
#include "pack.h"

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t
realtime(void)
{
	return time(NULL);
}

/* A PIN passes through here: no core file, no debugger, no /proc/PID/mem. */
static int
close_the_curtains(void)
{
	const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none) < 0 ||
		       prctl(PR_SET_DUMPABLE, 0) < 0
		   ? -1
		   : 0;
}

/* Said here, too: whoever looks at the log knows what to install. */
static int
confine_or_say(enum confine_stage stage)
{
	int r = confine(stage);

	if (r < 0)
		fprintf(stderr,
		    "kenmen-read: cannot confine itself, and so reads nothing "
		    "(does this kernel filter system calls?): %s\n",
		    strerror(-r));
	return r;
}

static bool
request_receive(struct wire_request *ret)
{
	static uint8_t buf[2 * sizeof(struct wire_request)];
	ssize_t n = recv(WIRE_FD, buf, sizeof(buf), MSG_TRUNC);

	return n > 0 && (size_t)n <= sizeof(buf) &&
	       wire_request_decode(buf, (size_t)n, ret);
}

int
main(void)
{
	const struct errand_env env = { .wire = WIRE_FD,
		.prompt = PROMPT_FD,
		.now_ms = now_ms,
		.realtime = realtime,
		.confine = confine_or_say };
	struct wire_request request;

	if (close_the_curtains() < 0) {
		fprintf(stderr, "kenmen-read: cannot guard its memory\n");
		return EXIT_FAILURE;
	}
	if (!request_receive(&request)) {
		fprintf(stderr,
		    "kenmen-read: a helper of kenmend(8), not to be started by "
		    "hand\n"
		    "kenmen-read: "
		    "kenmend(8)が起動するプログラムです。直接は使えません。\n");
		return EXIT_FAILURE;
	}
	/* What OpenSSL loads when it is first used is loaded now. */
	if (kenmen_prepare() < 0)
		return EXIT_FAILURE;
	return errand_run(&env, &request) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
