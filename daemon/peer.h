/*
 * Who is at the other end of a loopback connection, by the kernel's own
 * books (sock_diag(7)): nothing the client says is believed.
 */
#ifndef PEER_H
#define PEER_H

#include <sys/types.h>

/* A descriptor to ask with, to be closed with close(2); or a negative errno. */
int peer_open(void);

/*
 * The user that owns the socket connected to fd, an accepted TCP socket.
 * About 5 microseconds; ask for each request, not once for a connection: a
 * client that has died is "found" as uid 0. -ENOENT: no such socket, or it is
 * not established or nobody's any more; else another negative errno. The
 * answer is good only in the network namespace that peer_open was called in.
 */
int peer_uid(int asker, int fd, uid_t *ret_uid);

#endif
