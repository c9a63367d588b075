#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Landlock ---------------------------------------------------------- */

/*
 * linux/landlock.h as far as its seventh version knows; the headers that we
 * are built with may be older than the kernel.
 */
struct landlock_ruleset {
	uint64_t files;    /* since 1 */
	uint64_t networks; /* since 4 */
	uint64_t scopes;   /* since 6 */
};

#define ASK_VERSION 1u

/* clang-format off */
static const struct {
	int version;
	struct landlock_ruleset handled; /* beside those of the versions before */
} landlocks[] = {
	{ 1, { 0x1FFF,   0,   0 } },   /* execute, read, write, make, remove */
	{ 2, { 1u << 13, 0,   0 } },   /* move to another directory */
	{ 3, { 1u << 14, 0,   0 } },   /* truncate */
	{ 4, { 0,        0x3, 0 } },   /* bind and connect, TCP */
	{ 5, { 1u << 15, 0,   0 } },   /* ioctl of devices */
	{ 6, { 0,        0,   0x3 } }, /* abstract Unix sockets, signals */
};
/* clang-format on */

/* All that this kernel can forbid, and no exception. */
static struct landlock_ruleset
landlock_all(int version)
{
	struct landlock_ruleset all = { 0 };

	for (size_t i = 0; i < N_OF(landlocks); i++) {
		if (landlocks[i].version > version)
			continue;
		all.files |= landlocks[i].handled.files;
		all.networks |= landlocks[i].handled.networks;
		all.scopes |= landlocks[i].handled.scopes;
	}
	return all;
}

int
confine_landlock(void)
{
	int version = (int)syscall(
	    SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
	struct landlock_ruleset all = landlock_all(version);
	int rules, r = 1;

	if (version < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	rules = (int)syscall(SYS_landlock_create_ruleset, &all,
	    version < 4   ? sizeof(all.files)
	    : version < 6 ? 2 * sizeof(uint64_t)
			  : sizeof(all),
	    0u);
	if (rules < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0u) < 0)
		r = -errno;
	close(rules);
	return r;
}

/* ---- the system call filter -------------------------------------------- */

/* With any arguments. */
static const int calls[] = {
	/* descriptors that are open */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(close),
	SCMP_SYS(shutdown),
	SCMP_SYS(fstat),
	SCMP_SYS(getsockopt),
	/* libpcsclite looks whether pcscd's socket is there, now and then */
	SCMP_SYS(stat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	/* time, its own signals */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(setitimer),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Only until a card's files are read: a pcscd that is back; the next filter. */
static const int calls_seeking[] = { SCMP_SYS(connect), SCMP_SYS(seccomp) };

/* With one argument, or a part of it, that must be such. */
struct argued {
	int call;
	struct scmp_arg_cmp argument;
};

static int
calls_allow(scmp_filter_ctx filter, const int *list, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list[i], 0);
	return r;
}

static int
argued_allow(scmp_filter_ctx filter, const struct argued *list, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, list[i].call, 1, &list[i].argument);
	return r;
}

/* Its own process, and nobody else's, by any way to raise a signal. */
static int
self_allow(scmp_filter_ctx filter)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	const struct argued own[] = {
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, self, 0) },
		{ SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GETFL, 0) },
		{ SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0) },
	};
	int r = argued_allow(filter, own, N_OF(own));

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2,
		    SCMP_A1(SCMP_CMP_EQ, F_SETOWN, 0),
		    SCMP_A2(SCMP_CMP_EQ, self, 0));
	return r;
}

/* Pages hold data or code, and no new code. */
static int
memory_allow(scmp_filter_ctx filter)
{
	const struct argued data[] = {
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect),
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
	};

	return argued_allow(filter, data, N_OF(data));
}

static int
seeking_allow(scmp_filter_ctx filter)
{
	const struct argued unix_only[] = {
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0) },
		{ SCMP_SYS(prctl),
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0) },
	};
	int r = calls_allow(filter, calls_seeking, N_OF(calls_seeking));

	return r < 0 ? r : argued_allow(filter, unix_only, N_OF(unix_only));
}

int
confine_calls(enum confine_stage stage)
{
	/* Refused, not killed: what a newer C library tries first may fail. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return -ENOMEM;
	if ((r = calls_allow(filter, calls, N_OF(calls))) == 0 &&
	    (r = self_allow(filter)) == 0)
		r = memory_allow(filter);
	if (r == 0 && stage == CONFINE_SEEKING)
		r = seeking_allow(filter);
	if (r == 0)
		r = seccomp_load(filter); /* no new privileges first */
	seccomp_release(filter);
	return r;
}

/* ---- both -------------------------------------------------------------- */

int
confine(enum confine_stage stage)
{
	int landlock = 1, r;

	if (stage == CONFINE_SEEKING && (landlock = confine_landlock()) < 0)
		return landlock;
	r = confine_calls(stage);
	return r < 0 ? r : !landlock;
}
