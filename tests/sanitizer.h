/*
 * Included before everything in the sanitizer build (tests/run asan). The
 * programs are undumpable, so LeakSanitizer cannot look into them (it needs
 * ptrace, and would make each of them fail at its exit), and kenmend hands no
 * ASAN_OPTIONS down to its helpers: hence a default inside each program. Unit
 * tests turn leaks on again by the environment; the programs' leaks are
 * valgrind's to find.
 */
#ifndef SANITIZER_H
#define SANITIZER_H

__attribute__((weak, used, visibility("default"))) const char *
__asan_default_options(void);

__attribute__((weak, used, visibility("default"))) const char *
__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=1:"
	       "strict_string_checks=1";
}

__attribute__((weak, used, visibility("default"))) const char *
__ubsan_default_options(void);

__attribute__((weak, used, visibility("default"))) const char *
__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

#endif
