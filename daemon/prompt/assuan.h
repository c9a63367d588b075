/*
 * Assuan, the client's side of it, as far as a pinentry needs it: one
 * command, the lines that answer it, and again. Knows two descriptors; no
 * process, no window, no clock.
 *
 * The lines live in locked memory and are wiped: a PIN comes in one of them.
 */
#ifndef ASSUAN_H
#define ASSUAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line either way, in bytes without its end. */
#define ASSUAN_LINE_MAX 1000

/* The last line of an answer. */
enum assuan_reply {
	REPLY_OK,
	REPLY_CANCELLED,
	REPLY_NOT_CONFIRMED,
	REPLY_TIMEOUT,
	REPLY_ERROR, /* any other ERR */
	REPLY_N
};

/*
 * Where the data of an answer (its one D line) goes. More than room is cut
 * at room: give it more than any right answer has.
 */
struct assuan_data {
	uint8_t *bytes;
	size_t room;
	size_t len;
	bool given; /* there was a D line, if only an empty one */
};

struct assuan;

/*
 * to and from stay the caller's. The other side speaks first: an answer (its
 * greeting) is awaited. -ENOMEM also when memory cannot be locked.
 */
int assuan_new(int to, int from, struct assuan **ret);
/* Wipes, frees, sets NULL; accepts a pointer to NULL. */
void assuan_free(struct assuan **assuan);

/*
 * Sends "verb text", or verb alone when text is NULL. text is escaped
 * already. -EMSGSIZE: the line would be too long; -EINVAL: there is a line
 * break in it; -EPROTO: the last answer is not complete; -EPIPE: nobody
 * there; else -errno. Does not block: a line fits into an empty pipe.
 */
int assuan_send(struct assuan *assuan, const char *verb, const char *text);

/*
 * Takes what has arrived (one read, which blocks when nothing has). 1: the
 * answer is complete, *ret_reply (and *ret_code, 0 or gpg-error's number)
 * are set; 0: more must come. data NULL: this answer may have none.
 * -EPIPE: the other side is gone; -EPROTO: what it says is not Assuan, or is
 * more than it was asked for; else -errno.
 */
int assuan_read(struct assuan *assuan, struct assuan_data *data,
    enum assuan_reply *ret_reply, uint32_t *ret_code);

#endif
