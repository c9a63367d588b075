/*
 * Sockets of this computer, known by a file.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <sys/socket.h>

/*
 * A listening, non-blocking SOCK_SEQPACKET socket at path, for everybody. It
 * appears there once it can be connected to, in place of what an earlier
 * process left. The descriptor, or a negative errno.
 */
int local_listen(const char *path);
/* The next who connected and who that is, as the kernel says; -1: nobody. */
int local_accept(int fd, struct ucred *ret_who);

#endif
