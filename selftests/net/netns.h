/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns.h - for the tests of io/ in C: a network namespace of their own, gone with the process; ip(8)
 * as a second opinion; TAP. Included by selftests/net/test_*.c only.
 */
#ifndef BPFTEAM_SELFTESTS_NETNS_H
#define BPFTEAM_SELFTESTS_NETNS_H

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NETNS_SKIP 4

static inline void netns_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(NETNS_SKIP);
}

/* Runs a command; its output is shown when it fails. Returns its exit status. */
__attribute__((format(printf, 1, 2))) static inline int sh(const char *fmt, ...)
{
	char command[4096];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	fflush(stdout);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

#define SH(...) assert_int_equal(sh(__VA_ARGS__), 0)

/* What a command prints; free() it. */
__attribute__((format(printf, 1, 2))) static inline char *sh_output(const char *fmt, ...)
{
	size_t size = 64 * 1024, n;
	char *text = malloc(size);
	char command[4096];
	va_list args;
	FILE *pipe;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	pipe = popen(command, "r");
	assert_non_null(text);
	assert_non_null(pipe);
	n = fread(text, 1, size - 1, pipe);
	text[n] = '\0';
	pclose(pipe);
	return text;
}

/* /sys of the namespace we are in; seen by this process only. */
static inline void netns_mount_sys(void)
{
	assert_int_equal(mount("sysfs", "/sys", "sysfs", 0, NULL), 0);
}

/* A fresh namespace for this process. /sys remains that of the old one. */
static inline void netns_enter(void)
{
	if (geteuid() != 0)
		netns_skip_all("needs root");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		netns_skip_all("can't make a network namespace");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || sh("ip link set lo up"))
		netns_skip_all("can't set the network namespace up (iproute2?)");
	cmocka_set_message_output(CM_OUTPUT_TAP);
}

/* Another namespace, held by a process until netns_release(), or until this one ends. */
static inline pid_t netns_hold(void)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0)
			write(ready[1], "", 1) < 0 ? _exit(1) : pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static inline void netns_release(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
