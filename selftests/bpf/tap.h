/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tap.h - test points in TAP, for the programs of this folder. One program is one thread. */
#ifndef BPFTEAM_TAP_H
#define BPFTEAM_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TAP_SKIPPED 4 /* kselftest's exit status of a test that could not run at all */

static unsigned tap_points, tap_failures;

/* A test point. Returns passed, so that a caller can say more about a failure. */
static inline __attribute__((format(printf, 2, 3))) bool ok(bool passed, const char *fmt, ...)
{
	va_list args;

	tap_failures += !passed;
	printf("%sok %u - ", passed ? "" : "not ", ++tap_points);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return passed;
}

static inline __attribute__((format(printf, 1, 2))) void diag(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

/* Two numbers that should be the same. */
static inline bool is(unsigned long long got, unsigned long long want, const char *what)
{
	if (ok(got == want, "%s", what))
		return true;
	diag("got %llu (0x%llx), want %llu (0x%llx)", got, got, want, want);
	return false;
}

static inline void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_points, what, why);
}

/* Nothing of this program can run. */
static inline _Noreturn void skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(TAP_SKIPPED);
}

static inline _Noreturn void bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_points);
	return tap_failures ? 1 : 0;
}

#endif
