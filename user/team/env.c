// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * env.c - where a process works (runtime directory, bpffs), and the lock that lets one writer at a
 * time change teams. An flock() dies with its process, so a crash leaves nothing locked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "team/team_priv.h"

#define LOCK_WAIT_MS 10000
#define LOCK_STEP_MS 20

/* What was blocked before the lock was taken. One lock a process, so one of these. */
static sigset_t unlocked_signals;

uint64_t team_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + now.tv_nsec;
}

static const char *first_set(const char *given, const char *variable, const char *fallback)
{
	if (given)
		return given;
	given = getenv(variable);
	return given && *given ? given : fallback;
}

void team_env_init(struct team_env *env, const char *runtime_dir, const char *bpffs)
{
	memset(env, 0, sizeof(*env));
	env->runtime_dir = first_set(runtime_dir, "BPFTEAM_RUNTIME_DIR", TEAM_DEFAULT_RUNTIME_DIR);
	env->bpffs = first_set(bpffs, "BPFTEAM_BPFFS", TEAM_DEFAULT_BPFFS);
}

static int lock_wait(int fd, const char *path, struct err *err)
{
	const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000};

	for (unsigned waited = 0;; waited += LOCK_STEP_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, -errno, "%s: cannot lock: %s", path, strerror(errno));
		if (waited >= LOCK_WAIT_MS)
			return err_set(err, -EAGAIN,
				       "%s: another bpfteam has been changing a team for %d s",
				       path, LOCK_WAIT_MS / 1000);
		nanosleep(&step, NULL);
	}
}

int team_lock(const struct team_env *env, struct err *err)
{
	char path[4096];
	sigset_t block;
	int fd, ret;

	if (mkdir(env->runtime_dir, 0755) && errno != EEXIST)
		return err_set(err, -errno, "%s: cannot make the runtime directory: %s",
			       env->runtime_dir, errno == EACCES ? "need root" : strerror(errno));
	snprintf(path, sizeof(path), "%s/lock", env->runtime_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, -errno, "%s: cannot open: %s", path,
			       errno == EACCES ? "need root" : strerror(errno));
	ret = lock_wait(fd, path, err);
	if (ret) {
		close(fd);
		return ret;
	}
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &unlocked_signals);
	return fd;
}

void team_unlock(int fd)
{
	close(fd);
	sigprocmask(SIG_SETMASK, &unlocked_signals, NULL);
}

int team_list(const struct team_env *env, int (*fn)(const char *name, void *arg), void *arg)
{
	return datapath_list(env->bpffs, fn, arg);
}
