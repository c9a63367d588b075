/*
 * Hostile code inside kenmen-read: the same confine.c, linked into a program
 * that tries everything. kenmen-read itself has no switch for that. Each
 * attempt is made in a process of its own, unconfined first where that does no
 * harm, so that what is refused is refused by the confinement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "kenmen.h"
#include "sim/simkeys.h"

/* How an attempt ended. */
enum { REFUSED = 40, DONE, OTHERWISE, NOT_CONFINED };

static char dir[] = "/tmp/kenmen-confine-XXXXXX";
static struct sockaddr_un listening; /* a Unix socket that takes anybody */
static struct sockaddr_in loopback;  /* a TCP port of the same kind */
/* Open before the confinement, as things may be. */
static int unix_fd = -1, inet_fd = -1, pair[2] = { -1, -1 };
static void *page, *code;
static pid_t victim; /* another process of this user */

/* ---- attempts ----------------------------------------------------------- */

#define PAGE 4096
#define CALL(...) syscall(__VA_ARGS__)

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* A program that was let run ends otherwise than one that was not. */
static long
try_exec(void)
{
	char *const argv[] = { "false", NULL }, *const envp[] = { NULL };

	return CALL(SYS_execve, "/bin/false", argv, envp);
}

static long
try_execveat(void)
{
	char *const argv[] = { "false", NULL }, *const envp[] = { NULL };

	return CALL(SYS_execveat, AT_FDCWD, "/bin/false", argv, envp, 0);
}

static long
try_fork(void)
{
	long pid = CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_thread(void)
{
	long pid =
	    CALL(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		CALL(SYS_exit, 0);
	return pid;
}

static long
try_clone3(void)
{
	uint64_t args[8] = { [4] = SIGCHLD };
	long pid = CALL(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_connect(void)
{
	return CALL(SYS_connect, unix_fd, &listening, sizeof(listening));
}

static long
try_connect_inet(void)
{
	return CALL(SYS_connect, inet_fd, &loopback, sizeof(loopback));
}

static long
try_bind(void)
{
	struct sockaddr_un here = { .sun_family = AF_UNIX };

	strcpy(here.sun_path, path_of("bound"));
	return CALL(SYS_bind, unix_fd, &here, sizeof(here));
}

static long
try_openat2(void)
{
	uint64_t how[3] = { O_RDONLY };

	return CALL(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how));
}

static long
try_vm_read(void)
{
	char here[8];
	struct iovec to = { here, sizeof(here) }, from = { page, sizeof(here) };

	return CALL(SYS_process_vm_readv, victim, &to, 1L, &from, 1L, 0L);
}

static long
try_limit(void)
{
	const struct rlimit more = { 0, 0 };

	return CALL(SYS_prlimit64, victim, RLIMIT_CORE, &more, NULL);
}

static long
try_own(void)
{
	return CALL(SYS_fcntl, pair[0], F_SETOWN, victim);
}

static long
try_ioctl(void)
{
	int there = 0;

	return CALL(SYS_ioctl, pair[0], 0x541B /* FIONREAD */, &there);
}

/* clang-format off */
#define TRY(name, ...)                                                         \
	static long try_##name(void) { return CALL(__VA_ARGS__); }
TRY(open_read,    SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)
TRY(open_self,    SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR)
TRY(open_dir,     SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY)
TRY(open_write,   SYS_openat, AT_FDCWD, path_of("new"), O_WRONLY | O_CREAT, 0600)
TRY(memfd,        SYS_memfd_create, "code", 0)
TRY(mkdir,        SYS_mkdirat, AT_FDCWD, path_of("d"), 0700)
TRY(rename,       SYS_renameat2, AT_FDCWD, path_of("file"), AT_FDCWD, path_of("file"), 0)
TRY(unlink,       SYS_unlinkat, AT_FDCWD, path_of("file"), 0)
TRY(symlink,      SYS_symlinkat, "/", AT_FDCWD, path_of("link"))
TRY(mknod,        SYS_mknodat, AT_FDCWD, path_of("pipe"), S_IFIFO | 0600, 0)
TRY(chmod,        SYS_fchmodat, AT_FDCWD, path_of("file"), 0600)
TRY(truncate,     SYS_truncate, path_of("file"), 0)
TRY(stat,         SYS_newfstatat, AT_FDCWD, "/etc/passwd", page, 0)
TRY(statx,        SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0x7ff, page)
TRY(access,       SYS_faccessat, AT_FDCWD, "/etc/passwd", R_OK)
TRY(readlink,     SYS_readlinkat, AT_FDCWD, "/proc/self/exe", page, PAGE)
TRY(chdir,        SYS_chdir, "/")
TRY(chroot,       SYS_chroot, "/")
TRY(inotify,      SYS_inotify_init1, 0)
TRY(socket_inet,  SYS_socket, AF_INET, SOCK_STREAM, 0)
TRY(socket_inet6, SYS_socket, AF_INET6, SOCK_DGRAM, 0)
TRY(socket_route, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
TRY(socket_unix,  SYS_socket, AF_UNIX, SOCK_STREAM, 0)
TRY(socketpair,   SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, page)
TRY(listen,       SYS_listen, inet_fd, 1)
TRY(sockopt,      SYS_setsockopt, pair[0], SOL_SOCKET, SO_KEEPALIVE, page, 4)
TRY(dup,          SYS_dup, pair[0])
TRY(ptrace,       SYS_ptrace, PTRACE_SEIZE, victim, 0, 0)
TRY(traceme,      SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)
TRY(kill,         SYS_kill, victim, SIGCONT)
TRY(kill_self,    SYS_kill, getpid(), SIGCONT)
TRY(tgkill,       SYS_tgkill, victim, victim, SIGCONT)
TRY(pidfd,        SYS_pidfd_open, victim, 0)
TRY(sched,        SYS_sched_setaffinity, 0, PAGE, page)
TRY(priority,     SYS_setpriority, PRIO_PROCESS, victim, 1)
TRY(mprotect_x,   SYS_mprotect, page, PAGE, PROT_READ | PROT_EXEC)
TRY(mmap_x,       SYS_mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L)
TRY(mmap_wx,      SYS_mmap, 0, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L)
TRY(code_write,   SYS_mprotect, code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)
TRY(personality,  SYS_personality, READ_IMPLIES_EXEC)
TRY(dumpable,     SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
TRY(unshare,      SYS_unshare, CLONE_FILES)
TRY(mount,        SYS_mount, "none", "/", "tmpfs", 0, 0)
TRY(setuid,       SYS_setuid, 1)
TRY(io_uring,     SYS_io_uring_setup, 1, page)
TRY(bpf,          SYS_bpf, 0, page, 48)
TRY(perf,         SYS_perf_event_open, page, 0, -1, -1, 0)
TRY(keyctl,       SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1)
TRY(userfaultfd,  SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)
TRY(seccomp,      SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, page)
#undef TRY

static const struct attempt {
	const char *name;
	long (*attempt)(void);
	/* An ordinary process may do it everywhere: shown first. */
	bool may;
	/* Left while pcscd may have to be found again. */
	bool seeking;
	bool reading; /* and ever after */
} attempts[] = {
#define MAY(name)    { #name, try_##name, true, false, false }
#define NOBODY(name) { #name, try_##name, false, false, false }
#define SEEKS(name)  { #name, try_##name, true, true, false }
#define LEFT(name)   { #name, try_##name, true, true, true }
	MAY(exec), MAY(execveat), MAY(fork), MAY(thread), NOBODY(clone3),
	MAY(open_read), MAY(open_self), MAY(open_dir), MAY(open_write),
	MAY(openat2), MAY(memfd), MAY(mkdir), MAY(rename), MAY(unlink),
	MAY(symlink), MAY(mknod), MAY(chmod), MAY(truncate), MAY(access),
	MAY(readlink), MAY(chdir), NOBODY(chroot), MAY(inotify),
	MAY(socket_inet), MAY(socket_inet6), MAY(socket_route),
	MAY(connect_inet), MAY(bind), MAY(socketpair), MAY(listen),
	MAY(sockopt), MAY(dup), MAY(ioctl),
	MAY(ptrace), MAY(traceme), MAY(vm_read), MAY(kill), MAY(kill_self),
	MAY(tgkill), MAY(own), MAY(pidfd), MAY(priority), MAY(limit),
	NOBODY(sched),
	MAY(mprotect_x), MAY(mmap_x), MAY(mmap_wx), MAY(code_write),
	NOBODY(personality), MAY(dumpable), MAY(unshare),
	NOBODY(mount), NOBODY(setuid), NOBODY(io_uring), NOBODY(bpf),
	NOBODY(perf), NOBODY(keyctl), NOBODY(userfaultfd),
	SEEKS(socket_unix), SEEKS(connect), LEFT(stat), LEFT(statx),
	SEEKS(seccomp),
};
/* clang-format on */
#define ATTEMPTS_N (sizeof(attempts) / sizeof(attempts[0]))

/* ---- in a process of its own ------------------------------------------- */

static int
confine_to(int stages)
{
	if (stages > 0 && confine(CONFINE_SEEKING) < 0)
		return -1;
	return stages > 1 && confine(CONFINE_READING) < 0 ? -1 : 0;
}

/* Its exit status, or the signal that ended it, negative. */
static int
in_a_child(int (*act)(void *arg), void *arg, int stages)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine_to(stages) < 0 ? NOT_CONFINED : act(arg));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
outcome(void *arg)
{
	const struct attempt *a = arg;
	long r = a->attempt();

	if (r != -1)
		return DONE;
	return errno == EPERM || errno == EACCES ? REFUSED : OTHERWISE;
}

/* As it was before each attempt: some of them work, once. */
static void
stage_set(void)
{
	char command[192];
	FILE *file;

	snprintf(command, sizeof(command),
	    "cd %s && rm -rf new d link pipe bound file", dir);
	assert_int_equal(system(command), 0);
	assert_non_null(file = fopen(path_of("file"), "w"));
	fclose(file);
	close(unix_fd);
	close(inet_fd);
	close(pair[0]);
	close(pair[1]);
	unix_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	inet_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
}

static void
test_nothing_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < ATTEMPTS_N; i++) {
		struct attempt a = attempts[i];
		int free_, seeking, reading;

		stage_set();
		free_ = a.may ? in_a_child(outcome, &a, 0) : DONE;
		stage_set();
		seeking = in_a_child(outcome, &a, 1);
		stage_set();
		reading = in_a_child(outcome, &a, 2);
		if (free_ == REFUSED || free_ == OTHERWISE)
			fail_msg("%s: does not work unconfined", a.name);
		if (seeking != (a.seeking ? DONE : REFUSED))
			fail_msg("%s: %d while seeking", a.name, seeking);
		if (reading != (a.reading ? DONE : REFUSED))
			fail_msg("%s: %d while reading", a.name, reading);
	}
}

#ifdef __x86_64__
/* The calls of other ABIs have other numbers, which a filter might overlook. */
static int
other_abi(void *arg)
{
	long r = 20; /* getpid */

	(void)arg;
	__asm__ volatile("int $0x80" : "+a"(r));
	return DONE;
}

static int
x32(void *arg)
{
	(void)arg;
	return syscall(0x40000000 | SYS_getpid) < 0 ? REFUSED : DONE;
}

static void
test_other_abis(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(other_abi, NULL, 1), -SIGSYS);
	assert_int_not_equal(in_a_child(x32, NULL, 1), DONE);
}
#endif

/* ---- Landlock alone ------------------------------------------------------ */

static int
behind_landlock(void *arg)
{
	const struct attempt *a = arg;
	int r = confine_landlock();

	if (r < 0)
		return NOT_CONFINED;
	return r > 0 ? outcome(arg) : a->may ? REFUSED : DONE;
}

/* What it refuses without a filter, so that neither hangs on the other. */
static void
test_landlock(void **state)
{
	static const struct attempt files[] = { MAY(open_read), MAY(open_write),
		MAY(open_dir), MAY(exec), MAY(mkdir), MAY(unlink), MAY(symlink),
		MAY(mknod), MAY(truncate), MAY(ptrace) };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct attempt a = files[i];

		stage_set();
		if (in_a_child(behind_landlock, &a, 0) != REFUSED)
			fail_msg("%s", a.name);
	}
}

static int
landlock_is_there(void *arg)
{
	int wanted = 1;

	(void)arg;
	return confine(CONFINE_SEEKING) == !wanted ? DONE : REFUSED;
}

/* A kernel that says that it has it is believed: 0 of confine. */
static void
test_what_confine_says(void **state)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	(void)state;
	assert_int_equal(in_a_child(landlock_is_there, NULL, 0),
	    version > 0 ? DONE : REFUSED);
}

/* ---- what a read needs --------------------------------------------------- */

static volatile sig_atomic_t rung;

static void
ring(int signal)
{
	(void)signal;
	rung++;
}

static bool
talks(void)
{
	struct pollfd there = { pair[1], POLLIN, 0 };
	char said[4] = "";

	return send(pair[0], "abc", 3, MSG_NOSIGNAL) == 3 &&
	       poll(&there, 1, 1000) == 1 &&
	       recv(pair[1], said, sizeof(said), 0) == 3 &&
	       strcmp(said, "abc") == 0 && fprintf(stderr, "still heard\n") > 0;
}

/* As watchdog.c does. */
static bool
wakes_up(void)
{
	const struct sigaction action = { .sa_handler = ring };
	const struct itimerval soon = { .it_value = { 0, 1000 } };

	return sigaction(SIGALRM, &action, NULL) == 0 &&
	       sigaction(SIGIO, &action, NULL) == 0 &&
	       setitimer(ITIMER_REAL, &soon, NULL) == 0 &&
	       poll(NULL, 0, 5000) == -1 && errno == EINTR &&
	       fcntl(pair[1], F_SETOWN, getpid()) == 0 &&
	       fcntl(pair[1], F_SETFL, O_ASYNC) == 0 && raise(SIGIO) == 0 &&
	       send(pair[0], "x", 1, 0) == 1 && rung == 3;
}

static bool
remembers(void)
{
	struct kenmen_secret *secret = NULL;
	char *much = malloc(8u << 20);
	bool good = much && kenmen_secret_new(&secret) == 0;

	if (much)
		memset(much, 1, 8u << 20);
	much = good ? realloc(much, 16u << 20) : much;
	free(much);
	kenmen_secret_free(&secret);
	return good;
}

/* What OpenSSL, OpenJPEG and libpng do with the bytes of a card. */
#define MANY 65536
struct bytes {
	uint8_t at[MANY];
	size_t len;
};
static struct bytes photo, certificate;

static bool
understands(void)
{
	static struct kenmen_certificate_facts facts;
	struct kenmen_blob png = { NULL, 0 };
	uint8_t broken[64] = { 0x30, 0x82 };

	return kenmen_jp2_to_png(photo.at, photo.len, &png) == 0 &&
	       kenmen_certificate_parse(
		   certificate.at, certificate.len, &facts) == 0 &&
	       facts.rsa &&
	       kenmen_certificate_parse(broken, sizeof(broken), &facts) ==
		   KENMEN_ERR_DATA &&
	       kenmen_signature_verify(certificate.at, certificate.len,
		   KENMEN_SHA256, broken, certificate.at,
		   256) == KENMEN_ERR_AUTHENTICITY;
}

static int
works(void *arg)
{
	(void)arg;
	if (!talks())
		return 1;
	if (!wakes_up())
		return 2;
	if (!remembers())
		return 3;
	return understands() ? 0 : 4;
}

static void
test_what_a_read_needs(void **state)
{
	(void)state;
	assert_int_equal(kenmen_prepare(), 0);
	for (int stages = 0; stages <= 2; stages++) {
		stage_set();
		assert_int_equal(in_a_child(works, NULL, stages), 0);
	}
}

/* ---- around them -------------------------------------------------------- */

static int
listen_on(int family, void *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, address, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, address, &len), 0);
	return fd;
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	listening.sun_family = AF_UNIX;
	strcpy(listening.sun_path, path_of("door"));
	listen_on(AF_UNIX, &listening, sizeof(listening));
	loopback.sin_family = AF_INET;
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listen_on(AF_INET, &loopback, sizeof(loopback));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	photo.len = sim_file_bytes("images/photo.jp2", photo.at, MANY);
	certificate.len =
	    sim_certificate("keys/hanako-sign.crt", certificate.at, MANY);
	assert_true(photo.len > 0 && certificate.len > 0);
	if ((victim = fork()) == 0) {
		/* Where Yama lets only parents in. */
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
		for (;;)
			pause();
	}
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
#ifdef __x86_64__
		cmocka_unit_test(test_other_abis),
#endif
		cmocka_unit_test(test_landlock),
		cmocka_unit_test(test_what_confine_says),
		cmocka_unit_test(test_what_a_read_needs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
