#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control-wire.h"
#include "local.h"
#include "log.h"
#include "ration.h"

/* Lines of the log a minute about sessions that were ended. */
#define LINES_MAX 10
/* Of those who connect and say nothing, the oldest makes room. */
#define CALLERS_MAX 16

struct caller {
	struct caller *next;
	struct control *control;
	struct ucred who;
	int fd;
	sd_event_source *heard;
	unsigned told_n; /* sessions */
};

struct control {
	sd_event *loop;
	struct api *api;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	sd_event_source *arrival;
	struct caller *callers; /* newest first */
	struct ration lines;
};

static void
caller_free(struct caller *caller)
{
	struct caller **at = &caller->control->callers;

	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
	sd_event_source_disable_unref(caller->heard);
	close(caller->fd);
	free(caller);
}

/* Who does not listen gets as much as the kernel keeps. */
static void
session_tell(void *arg, const struct api_session *session)
{
	struct caller *caller = arg;
	struct control_session row = { .number = session->number,
		.uid = session->uid,
		.expires_in = session->expires_in,
		.reads_n = session->reads_n };
	uint8_t buf[CONTROL_MAX];
	int len;

	caller->told_n++;
	strcpy(row.origin, session->origin);
	if ((len = control_session_encode(&row, buf, sizeof(buf))) > 0)
		(void)!send(
		    caller->fd, buf, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
caller_answer(struct caller *caller, const struct control_request *request)
{
	struct control *control = caller->control;
	const struct api_sessions_wish wish = { .everybody =
						    caller->who.uid == 0,
		.uid = caller->who.uid,
		.number = request->number,
		.end = request->op == CONTROL_END };
	uint64_t now = 0;

	sd_event_now(control->loop, CLOCK_BOOTTIME, &now);
	api_sessions(control->api, &wish, now, session_tell, caller);
	/* Who has none, or ends them all day, must not fill the log. */
	if (wish.end && caller->told_n > 0 &&
	    ration_take(&control->lines, LINES_MAX, now))
		log_info(
		    "user %u ended sessions by kenmenctl", caller->who.uid);
}

static int
caller_heard(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct caller *caller = arg;
	struct control_request request;
	uint8_t buf[CONTROL_MAX];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)source;
	(void)events;
	if (n > 0 && control_request_decode(buf, (size_t)n, &request))
		caller_answer(caller, &request);
	caller_free(caller);
	return 0;
}

static void
callers_trim(struct control *control)
{
	struct caller *caller = control->callers;

	for (unsigned n = 0; caller && n < CALLERS_MAX - 1; n++)
		caller = caller->next;
	if (caller)
		caller_free(caller);
}

static int
caller_arrived(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct control *control = arg;
	struct ucred who;
	int peer = local_accept(fd, &who);
	struct caller *caller = peer < 0 ? NULL : calloc(1, sizeof(*caller));

	(void)source;
	(void)events;
	if (!caller) {
		if (peer >= 0)
			close(peer);
		return 0;
	}
	callers_trim(control);
	*caller = (struct caller){ .control = control,
		.who = who,
		.fd = peer,
		.next = control->callers };
	control->callers = caller;
	if (sd_event_add_io(control->loop, &caller->heard, peer, EPOLLIN,
		caller_heard, caller) < 0)
		caller_free(caller);
	return 0;
}

int
control_new(
    sd_event *loop, struct api *api, const char *agents, struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));
	int r = 0;

	if (!control)
		return -ENOMEM;
	control->loop = sd_event_ref(loop);
	control->api = api;
	control->fd = control_path(agents, control->path, sizeof(control->path))
			  ? local_listen(control->path)
			  : -ENAMETOOLONG;
	if (control->fd < 0)
		log_warning("%s: %s: kenmenctl sessions cannot ask",
		    control->path, strerror(-control->fd));
	else if ((r = sd_event_add_io(loop, &control->arrival, control->fd,
		      EPOLLIN, caller_arrived, control)) < 0) {
		control_free(&control);
		return r;
	}
	*ret = control;
	return 0;
}

void
control_free(struct control **control)
{
	struct control *c = *control;

	if (!c)
		return;
	while (c->callers)
		caller_free(c->callers);
	sd_event_source_unref(c->arrival);
	if (c->fd >= 0) {
		unlink(c->path);
		close(c->fd);
	}
	sd_event_unref(c->loop);
	free(c);
	*control = NULL;
}
