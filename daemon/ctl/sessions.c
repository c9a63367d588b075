/*
 * kenmenctl sessions: which web pages have one with the kenmend of this
 * computer, and ending them.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control-wire.h"
#include "ctl.h"

#define ANSWER_SECONDS 3

/* Only one that serves everybody lets itself be asked; where it would be. */
static int
door_of(const struct ctl_options *options, char **ret)
{
	struct config *config = NULL;
	int r = CTL_OK;

	if (ctl_config(options, stderr, &config) < 0)
		return CTL_ERROR;
	if (config->mode != MODE_AGENT)
		r = ctl_fail(options, CTL_ERROR,
		    "セッションを見られるのは、mode = agentのkenmendだけです。"
		    "mode = pinentryでは、kenmendを終わらせてください。",
		    "the sessions of a kenmend with mode = pinentry cannot be "
		    "seen (only with mode = agent); to end them, end kenmend");
	else if (!(*ret = strdup(config->socket)))
		r = CTL_ERROR;
	config_free(&config);
	return r;
}

/* Connected, with a deadline on every wait; or -errno. */
static int
door_connect(const char *agents)
{
	static const struct timeval wait = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, saved;

	if (!control_path(agents, address.sun_path, sizeof(address.sun_path)))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	saved = errno;
	close(fd);
	return -saved;
}

static void
session_print(
    const struct ctl_options *options, const struct control_session *session)
{
	const struct passwd *user = getpwuid(session->uid);
	bool ja = options->lang == LANG_JA;
	const char *origin = session->origin;

	if (options->json) {
		/* An origin is ASCII without quotes. */
		printf("{\"number\":%u,\"uid\":%u,\"origin\":%s%s%s,"
		       "\"expires_in\":%u,\"reads\":%u}",
		    session->number, session->uid, origin[0] ? "\"" : "",
		    origin[0] ? origin : "null", origin[0] ? "\"" : "",
		    session->expires_in, session->reads_n);
		return;
	}
	if (!origin[0])
		origin = ja ? "このパソコンのプログラム"
			    : "a program on this computer";
	printf(ja ? "%u  %s  %s  残り%u分  読み取り中%u件\n"
		  : "%u  %s  %s  %u minutes left, %u reads under way\n",
	    session->number, user ? user->pw_name : "?", origin,
	    (session->expires_in + 59) / 60, session->reads_n);
}

/* 0, or -errno when the door did not say all. */
static int
answer_print(const struct ctl_options *options, int fd, unsigned *ret_n)
{
	struct control_session session;
	uint8_t buf[CONTROL_MAX];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (!control_session_decode(buf, (size_t)n, &session))
			return -EPROTO;
		if (options->json && *ret_n)
			fputs(",", stdout);
		session_print(options, &session);
		++*ret_n;
	}
	return n < 0 ? -errno : 0;
}

static int
ask(const struct ctl_options *options, int fd,
    const struct control_request *request)
{
	uint8_t buf[CONTROL_MAX];
	int len = control_request_encode(request, buf, sizeof(buf)), r;
	unsigned n = 0;

	if (send(fd, buf, (size_t)len, MSG_NOSIGNAL) != len)
		return ctl_fail(options, CTL_ERROR, "kenmendが応答しません。",
		    "kenmend does not answer");
	if (options->json)
		fputs("[", stdout);
	r = answer_print(options, fd, &n);
	if (options->json)
		puts("]");
	if (r < 0)
		return ctl_fail(options, CTL_ERROR, "kenmendが応答しません。",
		    "kenmend does not answer");
	if (n == 0 && request->number)
		return ctl_fail(options, CTL_ERROR,
		    "その番号のセッションはありません。",
		    "there is no such session (of yours)");
	if (n == 0 && !options->json)
		return ctl_fail(options, CTL_OK, "セッションはありません。",
		    "there are no sessions");
	return CTL_OK;
}

/* Nothing; "end" and a number, or "end all". */
static bool
request_take(int argc, char **argv, struct control_request *ret)
{
	char *end;
	unsigned long number;

	*ret = (struct control_request){ .op = CONTROL_LIST };
	if (argc == 0)
		return true;
	if (argc != 2 || strcmp(argv[0], "end") != 0)
		return false;
	ret->op = CONTROL_END;
	if (strcmp(argv[1], "all") == 0)
		return true;
	number = strtoul(argv[1], &end, 10);
	ret->number = (uint32_t)number;
	return argv[1][0] >= '1' && argv[1][0] <= '9' && !*end &&
	       number <= UINT32_MAX;
}

int
ctl_sessions(const struct ctl_options *options, int argc, char **argv)
{
	struct control_request request;
	char *agents = NULL;
	int fd, status;

	if (!request_take(argc, argv, &request))
		return ctl_fail(options, CTL_USAGE,
		    "sessions、sessions end 番号、sessions end all "
		    "のいずれかです。",
		    "sessions, sessions end NUMBER or sessions end all");
	if ((status = door_of(options, &agents)) != CTL_OK)
		return status;
	fd = door_connect(agents);
	free(agents);
	if (fd < 0 && (fd == -ENOENT || fd == -ECONNREFUSED)) {
		if (options->json)
			puts("[]");
		return ctl_fail(options, CTL_OK,
		    "kenmendは動いていません。セッションはありません。",
		    "kenmend does not run: there are no sessions");
	}
	if (fd < 0)
		return ctl_fail(options, CTL_ERROR, "kenmendに届きません。",
		    "kenmend cannot be reached");
	status = ask(options, fd, &request);
	close(fd);
	return status;
}
