/*
 * pcscd-run SOCKET CONFDIR: becomes a pcscd of its own beside any other, on
 * the AF_UNIX socket SOCKET (clients find it by PCSCLITE_CSOCK_NAME), with the
 * readers of CONFDIR. Needs no root where /run/pcscd exists.
 *
 * The variable names the socket to clients only; the daemon takes a listening
 * socket by socket activation. It is this very process: a signal to it is a
 * signal to pcscd.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FD 3 /* SD_LISTEN_FDS_START */
#define PCSCD_RUN_DIR "/run/pcscd"

static int
socket_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(1, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	unlink(path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
		err(1, "socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		err(1, "%s", path);
	if (chmod(path, 0666) < 0 || listen(fd, 16) < 0)
		err(1, "%s", path);
	return fd;
}

int
main(int argc, char **argv)
{
	char pid[16];
	int fd;

	if (argc != 3)
		errx(2, "usage: pcscd-run SOCKET CONFDIR");
	if (mkdir(PCSCD_RUN_DIR, 0755) < 0 && errno != EEXIST)
		err(1, PCSCD_RUN_DIR);
	fd = socket_listen(argv[1]);
	if (fd != LISTEN_FD) {
		if (dup2(fd, LISTEN_FD) < 0)
			err(1, "dup2");
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", pid, 1);
	execlp("pcscd", "pcscd", "-f", "-i", "-c", argv[2], NULL);
	execl("/usr/sbin/pcscd", "pcscd", "-f", "-i", "-c", argv[2], NULL);
	err(1, "pcscd");
}
