#include "agents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "agent-wire.h"
#include "local.h"
#include "log.h"
#include "ration.h"
#include "seats.h"

/* More desktops than one computer has. */
#define AGENTS_MAX 64
/* Lines of the log a minute about those who are turned away. */
#define LINES_MAX 10
/* For an agent to come, and for one to take what it was handed. */
#define PATIENCE_US UINT64_C(2000000)
/* For those that watched for the socket; they take milliseconds. */
#define SETTLE_US UINT64_C(500000)

struct agent {
	struct agent *next;
	struct agents *agents;
	struct ucred who;
	int fd;
	sd_event_source *heard;
	bool greeted;
	unsigned served_n, taken_n; /* calls handed to it, and confirmed */
};

struct agents_call {
	struct agents_call *next;
	struct agents *agents;
	uid_t uid;
	agents_tell *tell;
	void *arg;
	int voice;           /* -1: was handed over */
	struct agent *agent; /* who has it, or NULL */
	unsigned serial;     /* it was the agent's nth */
	bool away;           /* as far as was told */
	sd_event_source *patience;
};

struct agents {
	sd_event *loop;
	char *path;
	int fd; /* -1: there will be no agents */
	sd_event_source *arrival;
	struct seats *seats;
	struct agent *all;
	struct agents_call *calls; /* oldest first */
	struct ration lines;
};

/* ---- calls ----------------------------------------------------------- */

static struct agent *
agent_of(const struct agents *agents, uid_t uid)
{
	struct agent *agent = agents->all;

	while (agent && agent->who.uid != uid)
		agent = agent->next;
	return agent;
}

static void
call_settle(struct agents_call *call)
{
	if (call->voice >= 0)
		close(call->voice);
	call->voice = -1;
	call->patience = sd_event_source_disable_unref(call->patience);
}

/* Nobody serves it. The caller must not touch the call any more. */
static void
call_lose(struct agents_call *call)
{
	call_settle(call);
	call->agent = NULL;
	call->tell(call->arg, AGENTS_NOBODY);
}

static void agent_drop(struct agent *agent);

static int
patience_ended(sd_event_source *source, uint64_t us, void *arg)
{
	struct agents_call *call = arg;
	struct agent *agent = call->agent;

	(void)source;
	(void)us;
	if (!agent) {
		log_warning("no agent for user %u: is the person logged in at "
			    "this computer, the screen unlocked, and "
			    "kenmen-prompt running there?",
		    call->uid);
		call_lose(call);
		return 0;
	}
	log_warning("the agent of user %u (pid %d) does not answer and is "
		    "given up",
	    agent->who.uid, (int)agent->who.pid);
	agent_drop(agent);
	return 0;
}

static int
patience_start(struct agents_call *call)
{
	call->patience = sd_event_source_disable_unref(call->patience);
	return sd_event_add_time_relative(call->agents->loop, &call->patience,
	    CLOCK_BOOTTIME, PATIENCE_US, 1000, patience_ended, call);
}

/* To the agent of its desktop, if there is one and its user sees it. */
static void
call_place(struct agents_call *call)
{
	struct agent *agent = agent_of(call->agents, call->uid);

	if (call->voice < 0 || !agents_ready(call->agents, call->uid) ||
	    patience_start(call) < 0 ||
	    agent_say(agent->fd, AGENT_SERVE, call->voice) < 0)
		return;
	close(call->voice);
	call->voice = -1;
	call->agent = agent;
	call->serial = ++agent->served_n;
}

/* What was told is made true; each teller may free any call. */
static void
calls_review(struct agents *agents)
{
	struct agents_call *call;

	for (call = agents->calls; call; call = call->next)
		call_place(call);
again:
	for (call = agents->calls; call; call = call->next) {
		bool was = call->away;

		call->away = agents_call_is_away(call);
		if (call->away && !was) {
			call->tell(call->arg, AGENTS_AWAY);
			goto again;
		}
	}
}

int
agents_call_new(struct agents *agents, uid_t uid, int voice, agents_tell *tell,
    void *arg, struct agents_call **ret)
{
	struct agents_call *call = calloc(1, sizeof(*call)), **at;
	int r = -ENOMEM;

	if (!call)
		return -ENOMEM;
	*call = (struct agents_call){ .agents = agents,
		.uid = uid,
		.tell = tell,
		.arg = arg,
		.voice = fcntl(voice, F_DUPFD_CLOEXEC, 3) };
	if (call->voice < 0 || (r = patience_start(call)) < 0) {
		r = call->voice < 0 ? -errno : r;
		call_settle(call);
		free(call);
		return r;
	}
	for (at = &agents->calls; *at;)
		at = &(*at)->next;
	*at = call;
	call_place(call);
	*ret = call;
	return 0;
}

bool
agents_call_is_away(const struct agents_call *call)
{
	return call->agent &&
	       seats_of(call->agents->seats, call->uid) != SEAT_ACTIVE;
}

void
agents_call_free(struct agents_call **call)
{
	struct agents_call *c = *call, **at;

	if (!c)
		return;
	for (at = &c->agents->calls; *at != c;)
		at = &(*at)->next;
	*at = c->next;
	call_settle(c);
	free(c);
	*call = NULL;
}

/* ---- agents ---------------------------------------------------------- */

/* Whoever it served is told: its windows have gone with it, or hang. */
static void
agent_drop(struct agent *agent)
{
	struct agents *agents = agent->agents;
	struct agents_call *call;
	struct agent **at;

	for (at = &agents->all; *at != agent;)
		at = &(*at)->next;
	*at = agent->next;
again:
	for (call = agents->calls; call; call = call->next)
		if (call->agent == agent) {
			call_lose(call);
			goto again;
		}
	sd_event_source_disable_unref(agent->heard);
	close(agent->fd);
	free(agent);
}

/* Strangers may connect as often as they like; the log has an end. */
static bool
agents_may_log(struct agents *agents)
{
	uint64_t now = 0;

	sd_event_now(agents->loop, CLOCK_BOOTTIME, &now);
	return ration_take(&agents->lines, LINES_MAX, now);
}

static void
agent_greet(struct agent *agent)
{
	bool nowhere =
	    seats_of(agent->agents->seats, agent->who.uid) == SEAT_NONE;

	agent->greeted = true;
	if (agents_may_log(agent->agents))
		log_info("an agent of user %u (pid %d) is here%s",
		    agent->who.uid, (int)agent->who.pid,
		    nowhere
			? "; that user has no session at this computer yet, so "
			  "no window is asked for"
			: "");
	if (agent_say(agent->fd, AGENT_WELCOME, -1) == 0)
		calls_review(agent->agents);
}

static void
agent_take(struct agent *agent)
{
	agent->taken_n++;
	for (struct agents_call *c = agent->agents->calls; c; c = c->next)
		if (c->agent == agent && c->serial <= agent->taken_n)
			c->patience =
			    sd_event_source_disable_unref(c->patience);
}

/* False: it may not say that. */
static bool
agent_listen(struct agent *agent, enum agent_word word)
{
	switch (word) {
	case AGENT_HELLO:
		if (agent->greeted)
			return false;
		agent_greet(agent);
		return true;
	case AGENT_TAKEN:
		if (agent->taken_n == agent->served_n)
			return false;
		agent_take(agent);
		return true;
	case AGENT_WELCOME:
	case AGENT_REFUSED:
	case AGENT_OUTDATED:
	case AGENT_SERVE:
	case AGENT_WORD_N:
		break;
	}
	return false;
}

/* One word at a time: what an agent says may end it. */
static int
agent_heard(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct agent *agent = arg;
	enum agent_word word;
	int r = agent_hear(fd, &word, NULL);

	(void)source;
	(void)events;
	if (r == -EAGAIN || (r > 0 && agent_listen(agent, word)))
		return 0;
	if (agents_may_log(agent->agents))
		log_info("the agent of user %u (pid %d) %s", agent->who.uid,
		    (int)agent->who.pid,
		    r == 0 ? "has gone"
			   : "is no kenmen-prompt of this version and is hung "
			     "up on");
	if (r == -ENOTSUP)
		(void)agent_say(fd, AGENT_OUTDATED, -1);
	agent_drop(agent);
	return 0;
}

/* May another one of this user be here? One that has not even said hello
 * makes room. */
static bool
agents_have_room(struct agents *agents, const struct ucred *who)
{
	struct agent *other = agent_of(agents, who->uid);

	if (other && other->greeted) {
		if (agents_may_log(agents))
			log_warning(
			    "a second agent of user %u (pid %d) is refused: "
			    "pid %d was first",
			    who->uid, (int)who->pid, (int)other->who.pid);
		return false;
	}
	if (other)
		agent_drop(other);
	if (agents_n(agents) < AGENTS_MAX)
		return true;
	if (agents_may_log(agents))
		log_warning(
		    "an agent of user %u (pid %d) is refused: there are %d",
		    who->uid, (int)who->pid, AGENTS_MAX);
	return false;
}

static int
agent_add(struct agents *agents, int fd, const struct ucred *who)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return -ENOMEM;
	*agent = (struct agent){ .agents = agents, .who = *who, .fd = fd };
	r = sd_event_add_io(
	    agents->loop, &agent->heard, fd, EPOLLIN, agent_heard, agent);
	if (r < 0) {
		free(agent);
		return r;
	}
	agent->next = agents->all;
	agents->all = agent;
	return 0;
}

static int
agent_arrived(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct agents *agents = arg;
	struct ucred who;
	int agent = local_accept(fd, &who);

	(void)source;
	(void)events;
	if (agent < 0)
		return 0; /* it has gone again */
	if (agents_have_room(agents, &who) &&
	    agent_add(agents, agent, &who) == 0)
		return 0;
	(void)agent_say(agent, AGENT_REFUSED, -1);
	close(agent);
	return 0;
}

/* ---- the whole -------------------------------------------------------- */

static void
seats_changed(void *arg)
{
	calls_review(arg);
}

int
agents_new(sd_event *loop, const char *path, struct agents **ret)
{
	struct agents *agents = calloc(1, sizeof(*agents));
	int r = -ENOMEM;

	if (!agents)
		return -ENOMEM;
	agents->loop = sd_event_ref(loop);
	agents->fd = -1;
	if (!(agents->path = strdup(path)) ||
	    (r = seats_new(loop, seats_changed, agents, &agents->seats)) < 0)
		goto fail;
	if ((agents->fd = local_listen(path)) < 0)
		log_error("%s: %s: no desktop's kenmen-prompt can connect, so "
			  "no window will be shown",
		    path, strerror(-agents->fd));
	else if ((r = sd_event_add_io(loop, &agents->arrival, agents->fd,
		      EPOLLIN, agent_arrived, agents)) < 0)
		goto fail;
	*ret = agents;
	return 0;
fail:
	agents_free(&agents);
	return r;
}

void
agents_free(struct agents **agents)
{
	struct agents *a = *agents;

	if (!a)
		return;
	while (a->all)
		agent_drop(a->all);
	sd_event_source_unref(a->arrival);
	if (a->fd >= 0) {
		unlink(a->path);
		close(a->fd);
	}
	seats_free(&a->seats);
	sd_event_unref(a->loop);
	free(a->path);
	free(a);
	*agents = NULL;
}

/* ---- who is here ----------------------------------------------------- */

unsigned
agents_n(const struct agents *agents)
{
	unsigned n = 0;

	for (const struct agent *agent = agents->all; agent;
	     agent = agent->next)
		n++;
	return n;
}

bool
agents_ready(const struct agents *agents, uid_t uid)
{
	const struct agent *agent = agent_of(agents, uid);

	return agent && agent->greeted &&
	       seats_of(agents->seats, uid) == SEAT_ACTIVE;
}

/* Whoever sits at the screen can be asked. */
static bool
agents_any_ready(const struct agents *agents)
{
	const struct agent *agent = agents->all;

	while (agent && !agents_ready(agents, agent->who.uid))
		agent = agent->next;
	return agent;
}

void
agents_settle(struct agents *agents)
{
	uint64_t now = 0, end;
	int code;

	sd_event_now(agents->loop, CLOCK_BOOTTIME, &now);
	end = now + SETTLE_US;
	while (agents->fd >= 0 && now < end && !agents_any_ready(agents) &&
	       sd_event_get_exit_code(agents->loop, &code) == -ENODATA &&
	       sd_event_run(agents->loop, end - now) >= 0)
		sd_event_now(agents->loop, CLOCK_BOOTTIME, &now);
}

bool
agents_user_is_here(const struct agents *agents, uid_t uid)
{
	enum seat_place place;

	if (!seats_are_kept())
		return true;
	place = seats_of(agents->seats, uid);
	return place == SEAT_ACTIVE || place == SEAT_LOCKED;
}
