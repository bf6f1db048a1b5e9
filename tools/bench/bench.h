/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bench.h - what the measuring programs share: the counter, sockets in other network namespaces, the
 * median, and the line that tools/bench/report reads.
 *
 * The counter is the TSC. Under `-icount shift=0` QEMU's TSC goes on by exactly one an instruction,
 * while CLOCK_MONOTONIC is that times a factor which the kernel calibrates anew at each boot.
 */
#ifndef BPFTEAM_BENCH_H
#define BPFTEAM_BENCH_H

#include "../lab/frame.h"

static inline uint64_t bench_count(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return lab_now();
#endif
}

static inline int bench_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts. A timer tick falls on few of the values, so it does not show. */
static inline uint64_t bench_median(uint64_t *values, unsigned n)
{
	qsort(values, n, sizeof(*values), bench_compare);
	return values[n / 2];
}

/* Ends the program where the counter does not count instructions: the figures would be times. */
static inline void bench_check_counter(void)
{
	uint64_t spent[32];

	for (unsigned i = 0; i < 32; i++) {
		unsigned left = 1000;
		uint64_t from = bench_count();

#ifdef __x86_64__
		asm volatile("1: sub $1, %0\n\tjnz 1b" : "+r"(left));
#endif
		spent[i] = bench_count() - from;
	}
	if (bench_median(spent, 32) < 2000 || bench_median(spent, 32) > 2020)
		lab_die("the clock does not count instructions (2,000 are %llu): run this in "
			"tools/vm/run -i",
			(unsigned long long)spent[16]);
}

static inline int bench_socket(const char *netns, int family, int type, int protocol)
{
	int fd;

	lab_enter(netns);
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		lab_die("socket in %s: %s", netns, strerror(errno));
	return fd;
}

static inline void bench_bind(int fd, const char *address, unsigned port)
{
	struct sockaddr_storage on;
	socklen_t len = frame_sockaddr(address, port, &on);

	if (bind(fd, (void *)&on, len))
		lab_die("%s, port %u: %s", address, port, strerror(errno));
}

static inline void bench_sample(const char *table, const char *contender, const char *what,
				const char *unit, double value)
{
	printf("SAMPLE\t%s\t%s\t%s\t%s\t%.10g\n", table, contender, what, unit, value);
}

#endif
