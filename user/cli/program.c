/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * program.c - runs somebody else's program for what it prints. It gets a few seconds and room for a
 * few megabytes, no more: whoever asks must not hang with it. Called by doctor_firewall.c.
 */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_MS 5000
#define OUTPUT_MAX (16u << 20)
#define NOT_FOUND 127

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* In the child; ends it. */
static void become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR);
	const char *path = getenv("PATH");
	char paths[4096];

	snprintf(paths, sizeof(paths), "%s%s/usr/sbin:/sbin:/usr/bin:/bin", path ? path : "",
		 path ? ":" : "");
	setenv("PATH", paths, 1);
	setenv("LC_ALL", "C", 1);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(1);
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT ? NOT_FOUND : 1);
}

/* Until the end, the deadline or the limit. */
static int read_output(int fd, int64_t until, char **ret)
{
	size_t used = 0, size = 65536;
	char *text = malloc(size), *more;
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	ssize_t n = 1;
	int r = text ? 0 : -ENOMEM;

	while (!r && n) {
		int64_t left = until - now_ms();

		if (left <= 0 || poll(&pfd, 1, (int)left) == 0) {
			r = -ETIMEDOUT;
			break;
		}
		if (size - used < 2) {
			more = size >= OUTPUT_MAX ? NULL : realloc(text, size * 2);
			r = more ? 0 : -E2BIG;
			text = more ? more : text;
			size *= 2;
			continue;
		}
		n = read(fd, text + used, size - used - 1);
		if (n < 0 && errno != EINTR)
			r = -errno;
		used += n > 0 ? n : 0;
	}
	if (r) {
		free(text);
		return r;
	}
	text[used] = '\0';
	*ret = text;
	return 0;
}

static int status_of(int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND ? -ENOENT : -EIO;
}

int program_output(const char *const *argv, char **ret)
{
	int fd[2], status = 0, r;
	pid_t pid;

	*ret = NULL;
	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		become(argv, fd[1]);
	close(fd[1]);
	r = pid < 0 ? -errno : read_output(fd[0], now_ms() + TIME_MS, ret);
	close(fd[0]);
	if (pid < 0)
		return r;
	if (r)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	r = r ? r : status_of(status);
	if (r) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}
