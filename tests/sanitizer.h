/*
 * Included before everything in the sanitizer build (tests/run asan): options
 * that cannot come by the environment, since kenmend hands no ASAN_OPTIONS
 * down to its helpers.
 *
 * LeakSanitizer looks at a process with ptrace. SANITIZER_LEAKS 1: it can
 * here, and the programs stay dumpable for it, in this build only. 0: it may
 * not look, and would make each program fail at its exit.
 */
#ifndef SANITIZER_H
#define SANITIZER_H

#include <sys/prctl.h>

#if SANITIZER_LEAKS
#undef PR_SET_DUMPABLE
#define PR_SET_DUMPABLE PR_GET_DUMPABLE
#define SANITIZER_LEAKS_OPTION "detect_leaks=1"
#else
#define SANITIZER_LEAKS_OPTION "detect_leaks=0"
#endif

__attribute__((weak, used, visibility("default"))) const char *
__asan_default_options(void);
__attribute__((weak, used, visibility("default"))) const char *
__ubsan_default_options(void);

__attribute__((weak, used, visibility("default"))) const char *
__asan_default_options(void)
{
	return SANITIZER_LEAKS_OPTION ":detect_stack_use_after_return=1:"
				      "strict_string_checks=1";
}

__attribute__((weak, used, visibility("default"))) const char *
__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

#endif
