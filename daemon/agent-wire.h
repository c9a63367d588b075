/*
 * The wire between the door and a desktop's agent, the resident
 * kenmen-prompt: single words, each a datagram of two bytes on a
 * SOCK_SEQPACKET socket; one of them hands a descriptor over. No sentence, no
 * request and no PIN crosses it.
 *
 * An agent stays while packages are upgraded, so the first byte is a version.
 */
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#define AGENT_WIRE_VERSION 1

enum agent_word {
	AGENT_HELLO,    /* up: the first word, once */
	AGENT_WELCOME,  /* down: stay; windows will be asked for */
	AGENT_REFUSED,  /* down: this user has an agent already; hangs up */
	AGENT_OUTDATED, /* down: another version is wanted; hangs up */
	AGENT_SERVE,    /* down, with a descriptor: a runner asks on it */
	AGENT_TAKEN,    /* up: somebody serves it, in the order they came */
	AGENT_WORD_N
};

/*
 * Says a word; passed goes along with AGENT_SERVE and stays the caller's, -1
 * with all others. Never blocks: -EAGAIN when the other side does not listen.
 * 0 or -errno.
 */
int agent_say(int fd, enum agent_word word, int passed);
/*
 * Hears one word; does not block. 1: *ret, and *ret_passed (the caller's to
 * close) with AGENT_SERVE; 0: the other side has gone; -EAGAIN: nothing is
 * there; -EPROTO: no word of ours; -ENOTSUP: one of another version; else
 * -errno. ret_passed NULL: no descriptor is taken, whatever was sent.
 */
int agent_hear(int fd, enum agent_word *ret, int *ret_passed);

#endif
