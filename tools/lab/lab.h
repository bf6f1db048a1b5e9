/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lab.h - the few lines that every program of this folder needs: the clock, the end, the start
 * signal. They are test equipment: any failure ends the program with a line that says which.
 */
#ifndef BPFTEAM_LAB_H
#define BPFTEAM_LAB_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ull

static inline uint64_t lab_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static inline void lab_sleep_until(uint64_t ns)
{
	struct timespec ts = {.tv_sec = (time_t)(ns / NSEC), .tv_nsec = (long)(ns % NSEC)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

#define lab_die(...)                          \
	do {                                  \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr);          \
		exit(1);                      \
	} while (0)

/* From here on in that network namespace, as `ip netns` names it. */
static inline void lab_enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		lab_die("%s: %s", path, strerror(errno));
	close(fd);
}

/* Tells the script that started us that our sockets are open; path may be NULL. */
static inline void lab_ready(const char *path)
{
	int fd;

	if (!path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		lab_die("%s: %s", path, strerror(errno));
	close(fd);
}

/* "--name VALUE", from argv[first] on; a table ends with a row whose name is NULL. */
struct lab_option {
	const char *name;
	const char **text;
	unsigned *number; /* decimal, or hexadecimal with 0x */
	double *real;
};

static inline void lab_parse(int argc, char **argv, int first, const struct lab_option *options)
{
	for (int i = first; i < argc; i += 2) {
		const struct lab_option *o = options;

		while (o->name && (strncmp(argv[i], "--", 2) || strcmp(argv[i] + 2, o->name)))
			o++;
		if (!o->name || i + 1 == argc)
			lab_die("%s: %s", argv[i], o->name ? "needs a value" : "unknown option");
		if (o->text)
			*o->text = argv[i + 1];
		if (o->number)
			*o->number = (unsigned)strtoul(argv[i + 1], NULL, 0);
		if (o->real)
			*o->real = atof(argv[i + 1]);
	}
}

#endif
