/* Memory for PINs: empty, limited, locked, out of core files, not inherited,
 * gone when freed. And the texts of the errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kenmen.h"
#include "secret.h"

/* AddressSanitizer makes mlock() do nothing. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define MLOCK_WORKS 0
#else
#define MLOCK_WORKS 1
#endif

static void
test_life(void **state)
{
	struct kenmen_secret *secret = NULL;
	uint8_t *bytes;

	(void)state;
	assert_int_equal(kenmen_secret_new(&secret), 0);
	assert_int_equal(kenmen_secret_len(secret), 0);
	bytes = kenmen_secret_bytes(secret);
	assert_ptr_equal(bytes, secret_peek(secret));
	for (size_t i = 0; i < KENMEN_SECRET_MAX; i++)
		assert_int_equal(bytes[i], 0);
	memset(bytes, 'x', KENMEN_SECRET_MAX);
	assert_int_equal(kenmen_secret_set_len(secret, KENMEN_SECRET_MAX), 0);
	assert_int_equal(kenmen_secret_len(secret), KENMEN_SECRET_MAX);
	assert_int_equal(bytes[KENMEN_SECRET_MAX - 1], 'x');
	kenmen_secret_free(&secret);
	assert_null(secret);
	kenmen_secret_free(&secret);
	kenmen_secret_free(NULL);
}

static void
test_limits(void **state)
{
	struct kenmen_secret *secret = NULL;
	uint8_t *bytes;

	(void)state;
	assert_int_equal(kenmen_secret_new(NULL), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_secret_set_len(NULL, 0), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_secret_new(&secret), 0);
	bytes = kenmen_secret_bytes(secret);
	memset(bytes, 'x', KENMEN_SECRET_MAX);
	assert_int_equal(kenmen_secret_set_len(secret, 4), 0);
	assert_int_equal(kenmen_secret_set_len(secret, KENMEN_SECRET_MAX + 1),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_secret_set_len(secret, SIZE_MAX), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_secret_len(secret), 4);
	/* Past the length nothing of what was typed is left. */
	assert_memory_equal(bytes, "xxxx", 4);
	for (size_t i = 4; i < KENMEN_SECRET_MAX; i++)
		assert_int_equal(bytes[i], 0);
	kenmen_secret_free(&secret);
}

/* The kernel's own word for the page: lo locked, dd not dumped, wf wiped in a
 * forked child (proc(5), smaps). */
static void
test_page_flags(void **state)
{
	struct kenmen_secret *secret = NULL;
	char line[512], flags[512] = "";
	unsigned long start, end, at;
	int ours = 0;
	FILE *smaps;

	(void)state;
	assert_int_equal(kenmen_secret_new(&secret), 0);
	at = (unsigned long)kenmen_secret_bytes(secret);
	if ((smaps = fopen("/proc/self/smaps", "re")) == NULL)
		skip();
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = at >= start && at < end;
		if (ours && strncmp(line, "VmFlags:", 8) == 0)
			memcpy(flags, line, sizeof(flags));
	}
	fclose(smaps);
	assert_true(!MLOCK_WORKS || strstr(flags, " lo") != NULL);
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
	kenmen_secret_free(&secret);
}

static void
test_fork_sees_nothing(void **state)
{
	struct kenmen_secret *secret = NULL;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(kenmen_secret_new(&secret), 0);
	memcpy(kenmen_secret_bytes(secret), "1234", 4);
	assert_int_equal(kenmen_secret_set_len(secret, 4), 0);
	if ((pid = fork()) == 0)
		_exit(kenmen_secret_len(secret) != 0 ||
		      kenmen_secret_bytes(secret)[0] != 0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_memory_equal(kenmen_secret_bytes(secret), "1234", 4);
	kenmen_secret_free(&secret);
}

/* Unmapped: mincore() knows no page there any more. */
static void
test_freed_is_gone(void **state)
{
	struct kenmen_secret *secret = NULL;
	unsigned char vec;
	uintptr_t page;

	(void)state;
	assert_int_equal(kenmen_secret_new(&secret), 0);
	page = (uintptr_t)secret & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	assert_int_equal(mincore((void *)page, 1, &vec), 0);
	kenmen_secret_free(&secret);
	assert_int_equal(mincore((void *)page, 1, &vec), -1);
}

#if MLOCK_WORKS
/* No locked memory to be had: no secret either. In a child, for good. */
static void
test_cannot_lock(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		struct rlimit none = { 0, 0 };
		struct kenmen_secret *secret = NULL;

		if (setrlimit(RLIMIT_MEMLOCK, &none) < 0)
			_exit(2);
		/* root's limits are not his; anybody else's id will do. */
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(kenmen_secret_new(&secret) != KENMEN_ERR_NO_MEMORY ||
		      secret != NULL);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}
#endif

static void
test_wipe(void **state)
{
	char text[8] = "secret!";

	(void)state;
	kenmen_wipe(text, 6);
	assert_memory_equal(text, "\0\0\0\0\0\0!", 8);
	kenmen_wipe(text, 0);
	assert_int_equal(text[6], '!');
	kenmen_wipe(NULL, 0);
}

static void
test_errors_have_words(void **state)
{
	(void)state;
	for (int e = KENMEN_ERR_AUTHENTICITY; e <= KENMEN_ERR_NO_MEMORY; e++) {
		assert_string_not_equal(kenmen_strerror(e), "unknown error");
		for (int other = e + 1; other < 0; other++)
			assert_string_not_equal(
			    kenmen_strerror(e), kenmen_strerror(other));
	}
	assert_string_equal(kenmen_strerror(0), "success");
	assert_string_equal(kenmen_strerror(3), "success");
	assert_string_equal(kenmen_strerror(-1000), "unknown error");
	assert_string_equal(kenmen_version(), KENMEN_VERSION);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_page_flags),
		cmocka_unit_test(test_fork_sees_nothing),
		cmocka_unit_test(test_freed_is_gone),
#if MLOCK_WORKS
		cmocka_unit_test(test_cannot_lock),
#endif
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_errors_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
