/*
 * The API of kenmend as functions: a request that http.c let through comes
 * in, a reply goes out, now or later. JSON text becomes structs in
 * api-body.c, and structs become JSON text in api-answer.c and api-result.c;
 * nobody else knows JSON.
 *
 * The API calls nobody above it: a caller's struct api_call carries the
 * functions by which a late reply reaches it.
 */
#ifndef API_H
#define API_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "job.h"

/* Codes of refusals; their names are the API's. */
enum api_code {
	API_BAD_REQUEST,        /* 400 */
	API_BAD_JSON,           /* 400 */
	API_SESSION_UNKNOWN,    /* 401 */
	API_SESSION_EXPIRED,    /* 401 */
	API_NOT_FOR_NAVIGATION, /* 403 */
	API_ORIGIN_NOT_ALLOWED, /* 403 */
	API_OTHER_USER,         /* 403 */
	API_KIND_NOT_ALLOWED,   /* 403 */
	API_NOT_FOUND,          /* 404 */
	API_METHOD_NOT_ALLOWED, /* 405 */
	API_SESSION_ACTIVE,     /* 409 */
	API_BUSY,               /* 409 */
	API_GONE,               /* 410 */
	API_TOO_LARGE,          /* 413 */
	API_NOT_JSON,           /* 415 */
	API_WRONG_HOST,         /* 421 */
	API_PROMPT_LIMITED,     /* 429 */
	API_INTERNAL,           /* 500 */
	API_PCSC_UNAVAILABLE,   /* 503 */
	API_CODE_N
};

/* What http.c has established. Strings live until api_handle returns. */
struct api_request {
	const char *method;
	const char *path;   /* as sent, before '?' */
	const char *query;  /* as sent, after '?'; "" where there is none */
	const char *origin; /* a listed origin, or NULL: a local program */
	uid_t uid;          /* of the peer */
	const char *token;  /* of Authorization: Bearer; NULL: none */
	const char *content_type; /* NULL: none */
	const char *body;
	size_t body_len;
	bool too_large; /* the body passed API_BODY_MAX and was dropped */
};
#define API_BODY_MAX 65536

struct api_reply {
	int status;
	const char *code;         /* of a refusal, constant; NULL: it is none */
	const char *content_type; /* constant, NULL when there is no body */
	char *body;               /* malloc'ed, or NULL; wiped when freed */
	size_t body_len;
	char location[64];    /* "" none */
	char allow[48];       /* "" none */
	unsigned retry_after; /* seconds; 0: none */
	bool authenticate;    /* WWW-Authenticate: Bearer */
	bool preflight;       /* the CORS answer to OPTIONS */
	bool stream;          /* text/event-stream: push and finish follow */
};

/* Wipes and frees the body. */
void api_reply_finish(struct api_reply *reply);

/*
 * One request's way back, inside the caller's own struct. reply is called
 * exactly once for each api_handle (from inside it, or later), and takes the
 * reply's body over; afterwards, for a stream only, push any number of times
 * and finish once. After api_gone none of them is called any more.
 */
struct api_call {
	void (*reply)(struct api_call *call, struct api_reply *reply);
	void (*push)(struct api_call *call, const char *text, size_t len);
	void (*finish)(struct api_call *call);
	void *pending; /* the API's own */
};

struct api;

/* config and jobs must outlive it. loop: for the time and for one timer, armed
 * at the next deadline only. */
int api_new(sd_event *loop, const struct config *config, struct jobs *jobs,
    struct api **ret);
/* Ends all sessions; every pending call gets its reply first. */
void api_free(struct api **api);

/* now: CLOCK_BOOTTIME in microseconds. */
void api_handle(struct api *api, const struct api_request *request,
    struct api_call *call, uint64_t now);
/* What a target ("/v1/reads/AbC?wait=1") asks for, without what is in it:
 * "/v1/reads/ID", or "?" for a path that the API has not. */
#define API_PATH_NAME_MAX 31
void api_path_name(const char *target, char ret[API_PATH_NAME_MAX + 1]);
/* The client left before the reply, or during a stream. */
void api_gone(struct api *api, struct api_call *call);

/* How much there is to do. */
struct api_load {
	unsigned sessions_n, reads_n;
	/* Until when something must be remembered that a new process would not
	 * know: sessions, limits on asking. 0: nothing. */
	uint64_t busy_until_us;
};
struct api_load api_load(const struct api *api, uint64_t now);
/* One session, as its user and root may see it. */
struct api_session {
	unsigned number; /* never used twice */
	uid_t uid;
	const char *origin; /* "": a local program */
	unsigned expires_in, reads_n;
};
struct api_sessions_wish {
	bool everybody; /* else those of uid */
	uid_t uid;
	unsigned number; /* 0: all of them */
	bool end;
};
/* Tells each, as it is before it ends. */
void api_sessions(struct api *api, const struct api_sessions_wish *wish,
    uint64_t now, void (*tell)(void *arg, const struct api_session *session),
    void *arg);
/*
 * Before config_adopt puts fresh's origins into api_new's config: sessions that
 * fresh does not allow end, and of the others' reads those with a kind that it
 * does not allow. Then api_reloaded.
 */
void api_reload(struct api *api, const struct config *fresh, uint64_t now);
void api_reloaded(struct api *api);

/* Where the time comes from when it is no argument: a job speaks up. */
struct api_clock {
	uint64_t (*boottime)(void *arg); /* CLOCK_BOOTTIME in microseconds */
	uint64_t (*realtime)(void *arg); /* CLOCK_REALTIME in microseconds */
	void *arg;
};

/* Without a loop (tests): the caller calls api_tick when api_next says. */
int api_new_clocked(const struct api_clock *clock, const struct config *config,
    struct jobs *jobs, struct api **ret);
/* The next deadline; 0: none, nothing has to wake up. */
uint64_t api_next(const struct api *api);
/* Does what is due: sessions run out, waits end, results are wiped. */
void api_tick(struct api *api, uint64_t now);

/*
 * A refusal as RFC 9457 application/problem+json, for http.c's own refusals.
 * detail and detail_ja NULL: the code's standing text.
 */
void api_problem(enum api_code code, const char *detail, const char *detail_ja,
    struct api_reply *ret);

#endif
