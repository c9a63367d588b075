#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Under another name until it listens: whoever watches the directory must not
 * see it sooner. */
int
local_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, saved,
	    n = snprintf(address.sun_path, sizeof(address.sun_path), "%s.%d",
		path, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		goto fail;
	if (chmod(address.sun_path, 0666) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    rename(address.sun_path, path) == 0)
		return fd;
	saved = errno;
	unlink(address.sun_path);
	errno = saved;
fail:
	saved = errno;
	close(fd);
	return -saved;
}

int
local_accept(int fd, struct ucred *ret_who)
{
	socklen_t len = sizeof(*ret_who);
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (peer < 0)
		return -1;
	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, ret_who, &len) == 0 &&
	    len == sizeof(*ret_who))
		return peer;
	close(peer);
	return -1;
}
