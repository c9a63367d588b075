/*
 * The wire between a runner (kenmen-read) and the voice (kenmen-prompt): a
 * typed request, one answer, and again, each a datagram on a SOCK_SEQPACKET
 * socketpair. The voice builds the text itself: no sentence crosses it. When
 * either end closes, the voice takes the window away.
 */
#ifndef PROMPT_WIRE_H
#define PROMPT_WIRE_H

#include "kind.h"

enum prompt_type {
	PROMPT_PIN,      /* type a PIN -> ANSWER_PIN */
	PROMPT_LAST_TRY, /* use the last try? -> ANSWER_YES, ANSWER_NO */
	PROMPT_CONSENT,  /* hand over the login certificate? -> YES, NO */
	PROMPT_PINPAD,   /* type on the reader; Cancel -> ANSWER_NO, no window
			  * -> ANSWER_UNAVAILABLE; else no answer: the window
			  * stays until PROMPT_CLOSE or timeout_ms */
	PROMPT_CLOSE,    /* the reader is done: away with the window; no answer.
			  * No other field counts, none is sent */
	PROMPT_BLOCKED,  /* it is locked -> ANSWER_NO when closed */
	PROMPT_PING,     /* is the voice alive, while its window is open? ->
			  * ANSWER_ALIVE, before the window's own answer. No other
			  * field counts, none is sent */
	PROMPT_ENDED,    /* the read is over, as code says -> ANSWER_NOTED, and
			  * nothing comes after it. No other field counts, none is
			  * sent */
	PROMPT_N
};

/* What went wrong just before, shown above the entry. */
enum prompt_note {
	NOTE_NONE,
	NOTE_WRONG,  /* wrong PIN; tries says how many are left */
	NOTE_FORMAT, /* not the form of this PIN; nothing was sent */
	NOTE_N
};

struct prompt_request {
	enum prompt_type type;
	enum lang lang;
	enum kenmen_pin pin;
	enum prompt_note note;
	uint32_t kinds;              /* what is asked for with this PIN */
	char origin[ORIGIN_MAX + 1]; /* "": a local program */
	char origin_name[ORIGIN_NAME_MAX + 1];
	char user[USER_NAME_MAX + 1];
	char purpose[PURPOSE_MAX + 1];
	/* sign: how many documents, the site's words for them cut at a
	 * character to PURPOSE_MAX bytes, and how many more there are. */
	unsigned documents;
	char titles[PURPOSE_MAX + 1];
	unsigned titles_more;
	unsigned tries, max_tries; /* max_tries 0: not published */
	enum kenmen_token token;   /* whose PIN it is, where that is known */
	unsigned step, steps;
	uint32_t timeout_ms;
	enum read_code code; /* PROMPT_ENDED only; CODE_NONE: all was read */
};

enum prompt_answer {
	ANSWER_PIN,
	ANSWER_YES,
	ANSWER_NO, /* cancelled, or the window was closed */
	ANSWER_TIMEOUT,
	ANSWER_UNAVAILABLE, /* no window could be shown */
	ANSWER_ALIVE,       /* to PROMPT_PING: no answer yet */
	ANSWER_NOTED,       /* to PROMPT_ENDED */
	ANSWER_N
};

int prompt_request_encode(
    const struct prompt_request *request, uint8_t *buf, size_t room);
bool prompt_request_decode(
    const uint8_t *buf, size_t len, struct prompt_request *ret);
/*
 * Takes one request that has arrived (does not block). 1: *ret; 0: the runner
 * is gone; -EPROTO: it said something else; else -errno.
 */
int prompt_request_recv(int fd, struct prompt_request *ret);

/*
 * Sends an answer; pin only with ANSWER_PIN, else NULL. The PIN goes from its
 * locked page into the socket: no copy is made. 0 or -errno.
 */
int prompt_answer_send(
    int fd, enum prompt_answer answer, struct kenmen_secret *pin);
/*
 * Receives one answer (does block); *pin is filled with ANSWER_PIN only.
 * -EPIPE: the voice is gone; -EPROTO: it said something else; else -errno.
 */
int prompt_answer_recv(
    int fd, enum prompt_answer *ret, struct kenmen_secret *pin);

/*
 * The runner's last word, before the door hears it: away with the window, and
 * how the read ended. Waits until the voice has noted it or is gone, for half
 * a second at most where it is silent, and not at all where the code says that
 * there is none; what it said before is dropped. May be called in a signal
 * handler.
 */
void prompt_end_say(int fd, enum read_code code);

#endif
