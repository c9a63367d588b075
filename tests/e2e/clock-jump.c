/*
 * Preloaded into kenmend by Rig(clock=True): CLOCK_BOOTTIME goes ahead of the
 * kernel's by what stands in the file KENMEN_CLOCK (an int64_t, microseconds),
 * so that an hour passes at once. A timer that was armed before is late until
 * the loop is woken by anything else and looks at the clock.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 65536
#define SECOND_NS 1000000000

static const volatile int64_t *ahead_us;
static bool boottime[FDS_MAX];

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("KENMEN_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		abort();
	map = mmap(NULL, sizeof(*ahead_us), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		abort();
	ahead_us = map;
}

static void
add(struct timespec *time, int64_t us)
{
	int64_t ns = time->tv_nsec + us % 1000000 * 1000;

	time->tv_sec += us / 1000000 + (ns >= SECOND_NS) - (ns < 0);
	time->tv_nsec = (ns + SECOND_NS) % SECOND_NS;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	int r = (int)syscall(SYS_clock_gettime, clock, time);

	if (r == 0 && clock == CLOCK_BOOTTIME)
		add(time, *ahead_us);
	return r;
}

int
timerfd_create(clockid_t clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);

	if (fd >= 0 && fd < FDS_MAX)
		boottime[fd] = clock == CLOCK_BOOTTIME;
	return fd;
}

int
timerfd_settime(
    int fd, int flags, const struct itimerspec *wanted, struct itimerspec *old)
{
	struct itimerspec when = *wanted;
	bool armed = when.it_value.tv_sec || when.it_value.tv_nsec;

	if (armed && fd >= 0 && fd < FDS_MAX && boottime[fd] &&
	    (flags & TFD_TIMER_ABSTIME)) {
		add(&when.it_value, -*ahead_us);
		if (when.it_value.tv_sec < 0)
			when.it_value = (struct timespec){ 0, 1 };
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &when, old);
}
