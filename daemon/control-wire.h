/*
 * The wire between kenmenctl and the door: one request, a row for each session
 * it is about, then the door hangs up. Datagrams on a SOCK_SEQPACKET socket.
 */
#ifndef CONTROL_WIRE_H
#define CONTROL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kind.h"

/* Beside the agents' socket, see [prompt] socket. */
#define CONTROL_SOCKET_NAME "control.sock"
/* A row takes less. */
#define CONTROL_MAX 256

enum control_op { CONTROL_LIST, CONTROL_END, CONTROL_OP_N };

struct control_request {
	enum control_op op;
	uint32_t number; /* of one session; 0: all that the caller may see */
};

struct control_session {
	uint32_t number;
	uint32_t uid;
	char origin[ORIGIN_MAX + 1]; /* "": a local program */
	uint32_t expires_in;         /* seconds */
	uint32_t reads_n;            /* that run */
};

/* Length, or -1 when there is no room. */
int control_request_encode(
    const struct control_request *request, uint8_t *buf, size_t room);
bool control_request_decode(
    const uint8_t *buf, size_t len, struct control_request *ret);
int control_session_encode(
    const struct control_session *session, uint8_t *buf, size_t room);
bool control_session_decode(
    const uint8_t *buf, size_t len, struct control_session *ret);

/*
 * The socket's address beside the agents' one (agents: its path). False: it is
 * too long.
 */
bool control_path(const char *agents, char *ret, size_t room);

#endif
