// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * instance.c - one daemon per runtime directory: its lock and its socket. Called by main.
 *
 * Who holds the flock() on the pid file is the daemon; the kernel drops it with the process,
 * however that ends, so what a killed daemon leaves (the file, the socket) stands in nobody's way.
 * The file is never removed: who has it open and waits for it would lock a file without a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bpfteam/dbus.h"
#include "daemon/instance.h"

struct instance {
	int lock;
	int fd;
	struct sockaddr_un address;
};

static int make_dir(const char *dir, struct err *err)
{
	char path[PATH_MAX];
	char *p;

	if ((size_t)snprintf(path, sizeof(path), "%s", dir) >= sizeof(path))
		return err_set(err, -ENAMETOOLONG, "runtime directory: name too long");
	for (p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(path, 0755);
		*p = '/';
	}
	if (mkdir(path, 0755) && errno != EEXIST)
		return err_set(err, -errno, "%s: %s; choose another place with --runtime-dir", dir,
			       strerror(errno));
	return 0;
}

static int take_lock(struct instance *instance, const char *dir, struct err *err)
{
	char path[PATH_MAX], pid[32] = "";
	int r;

	snprintf(path, sizeof(path), "%s/bpfteamd.pid", dir);
	instance->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (instance->lock < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (flock(instance->lock, LOCK_EX | LOCK_NB)) {
		r = -errno;
		if (r != -EWOULDBLOCK)
			return err_set(err, r, "%s: %s", path, strerror(-r));
		if (read(instance->lock, pid, sizeof(pid) - 1) > 0)
			pid[strcspn(pid, "\n")] = 0;
		return err_set(err, -EEXIST,
			       "%s: bpfteamd with pid %s serves this directory already; stop it, "
			       "or give each daemon a --runtime-dir of its own",
			       dir, *pid ? pid : "(unknown)");
	}
	if (ftruncate(instance->lock, 0) || dprintf(instance->lock, "%d\n", getpid()) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int listen_on(struct instance *instance, const char *dir, struct err *err)
{
	struct sockaddr_un *address = &instance->address;
	size_t size = sizeof(address->sun_path);
	struct stat st;
	mode_t old;
	int r;

	address->sun_family = AF_UNIX;
	if ((size_t)snprintf(address->sun_path, size, "%s/" BPFTEAM_DBUS_SOCKET, dir) >= size) {
		address->sun_path[0] = 0;
		return err_set(
			err, -ENAMETOOLONG,
			"%s: too long for the path of a socket; choose a --runtime-dir of at "
			"most %zu characters",
			dir, size - sizeof("/" BPFTEAM_DBUS_SOCKET));
	}
	if (!lstat(address->sun_path, &st)) {
		if (!S_ISSOCK(st.st_mode)) {
			r = err_set(err, -ENOTSOCK, "%s: is no socket; remove it",
				    address->sun_path);
			address->sun_path[0] = 0;
			return r;
		}
		unlink(address->sun_path);
	}
	instance->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (instance->fd < 0)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	old = umask(0177);
	r = bind(instance->fd, (struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	umask(old);
	if (!r && listen(instance->fd, SOMAXCONN))
		r = -errno;
	if (r)
		return err_set(err, r, "%s: %s", address->sun_path, strerror(-r));
	return 0;
}

int instance_open(const char *runtime_dir, struct instance **ret, struct err *err)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int r;

	if (!instance)
		return err_set(err, -ENOMEM, "out of memory");
	instance->lock = instance->fd = -1;
	r = make_dir(runtime_dir, err);
	if (!r)
		r = take_lock(instance, runtime_dir, err);
	if (!r)
		r = listen_on(instance, runtime_dir, err);
	if (r) {
		instance_close(instance);
		return r;
	}
	*ret = instance;
	return 0;
}

void instance_close(struct instance *instance)
{
	if (!instance)
		return;
	if (instance->fd >= 0) {
		if (instance->address.sun_path[0])
			unlink(instance->address.sun_path);
		close(instance->fd);
	}
	if (instance->lock >= 0)
		close(instance->lock);
	free(instance);
}

int instance_fd(const struct instance *instance)
{
	return instance->fd;
}
