/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_pin.c - the BPF file system: mounting it, a folder per team, pins and their names.
 *
 * Called by the other datapath files, and by whoever starts a process (datapath_prepare, _list).
 * bpffs (kernel/bpf/inode.c) refuses names with a dot, which interfaces may well have, so folder
 * names are escaped. A team's folder is built as "%new-TEAM" under a lock and then renamed: no
 * process ever sees half a team, and what a killed one left is swept away by the next.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/datapath_priv.h"

#define BPFFS_ROOT "/sys/fs/bpf"
#define FRESH "%new-"

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

char *dp_path(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

char *dp_team_dir(const char *bpffs, const char *team, bool fresh)
{
	char name[3 * IFNAMSIZ + sizeof(FRESH)];
	size_t n = 0;

	if (fresh) {
		strcpy(name, FRESH);
		n = strlen(FRESH);
	}
	for (; *team && n + 4 < sizeof(name); team++) {
		if (*team == '.' || *team == '%')
			n += (size_t)sprintf(name + n, "%%%02x", *team);
		else
			name[n++] = *team;
	}
	name[n] = '\0';
	return dp_path(bpffs, name);
}

/* The team whose folder is called name; false when it is nobody's. */
static bool decode_team(const char *name, char team[IFNAMSIZ])
{
	size_t n;

	for (n = 0; *name && n < IFNAMSIZ - 1; n++) {
		if (*name != '%') {
			team[n] = *name++;
			continue;
		}
		if (!strncmp(name, "%2e", 3))
			team[n] = '.';
		else if (!strncmp(name, "%25", 3))
			team[n] = '%';
		else
			return false;
		name += 3;
	}
	team[n] = '\0';
	return n && !*name;
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

int dp_each_pin(const char *dir, int (*fn)(const char *name, void *arg), void *arg)
{
	struct dirent **names;
	int n, i, r = 0;

	/* Read first, then call: fn may remove what it is given. */
	n = scandir(dir, &names, not_dots, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!r)
			r = fn(names[i]->d_name, arg);
		free(names[i]);
	}
	free(names);
	return r;
}

static int remove_pin(const char *name, void *arg)
{
	char *path = dp_path(arg, name);
	int r = 0;

	if (!path)
		return -ENOMEM;
	if (unlink(path) && errno != ENOENT)
		r = -errno;
	free(path);
	return r;
}

int dp_remove_dir(const char *dir)
{
	int r = dp_each_pin(dir, remove_pin, (void *)dir);

	if (r == -ENOENT)
		return 0;
	if (!r && rmdir(dir) && errno != ENOENT)
		r = -errno;
	return r;
}

/* Locks the folder dir, which says that its maker lives. Returns the fd to hold. */
static int lock_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EBUSY;
	}
	return fd;
}

int dp_make_dir(const char *dir, struct err *err)
{
	int fd, r;

	fd = lock_dir(dir);
	if (fd == -EBUSY)
		return err_set(err, -EBUSY, "%s: another process is making this team now", dir);
	if (fd >= 0) {
		r = dp_remove_dir(dir);
		close(fd);
		if (r)
			return dp_fail(err, r, "%s", dir);
	}
	if (mkdir(dir, 0700))
		return dp_fail(err, -errno, "%s", dir);
	fd = lock_dir(dir);
	return fd < 0 ? dp_fail(err, fd, "%s", dir) : fd;
}

static int sweep(const char *name, void *arg)
{
	char *dir;
	int fd;

	if (strncmp(name, FRESH, strlen(FRESH)))
		return 0;
	dir = dp_path(arg, name);
	fd = dir ? lock_dir(dir) : -ENOMEM;
	if (fd >= 0) {
		dp_remove_dir(dir);
		close(fd);
	}
	free(dir);
	return 0;
}

static int mount_bpffs(const char *at, struct err *err)
{
	if (!mount("bpf", at, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return 0;
	if (errno == ENODEV)
		return err_set(err, -ENOSYS, "%s: this kernel has no BPF file system", at);
	return err_set(err, -errno,
		       "%s: bpffs is not mounted there: need root to mount it "
		       "(mount -t bpf bpf %s)",
		       at, at);
}

/* mkdir -p. */
static int make_path(const char *path, struct err *err)
{
	char copy[PATH_MAX], *p;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return err_set(err, -ENAMETOOLONG, "%s: path too long", path);
	for (p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST) {
			if (errno == EPERM && strchr(copy, '.'))
				return err_set(err, -EPERM, "%s: bpffs allows no dot in a name",
					       copy);
			return dp_fail(err, -errno, "%s", copy);
		}
		*p = c;
		if (!c)
			return 0;
	}
}

static int fail_if_any(const char *name, void *arg)
{
	return 1;
}

int datapath_prepare(const char *bpffs, struct err *err)
{
	size_t root = strlen(BPFFS_ROOT);
	int r;

	if (bpffs[0] != '/')
		return err_set(err, -EINVAL, "%s: the BPF file system's path must begin with /",
			       bpffs);
	if (!strncmp(bpffs, BPFFS_ROOT, root) && (!bpffs[root] || bpffs[root] == '/')) {
		if (access(BPFFS_ROOT, F_OK))
			return err_set(err, -ENOSYS,
				       "%s: not there: this kernel has no BPF, "
				       "or /sys is not mounted",
				       BPFFS_ROOT);
		if (!is_bpffs(BPFFS_ROOT)) {
			r = mount_bpffs(BPFFS_ROOT, err);
			if (r)
				return r;
		}
	}
	r = make_path(bpffs, err);
	if (r)
		return r;
	if (!is_bpffs(bpffs)) {
		r = dp_each_pin(bpffs, fail_if_any, NULL);
		if (r > 0)
			return err_set(err, -ENOTEMPTY,
				       "%s: not a BPF file system, and not empty: name another "
				       "folder, or mount bpffs there",
				       bpffs);
		if (r < 0)
			return dp_fail(err, r, "%s", bpffs);
		r = mount_bpffs(bpffs, err);
		if (r)
			return r;
	}
	if (access(bpffs, R_OK | W_OK | X_OK))
		return dp_fail(err, -errno, "%s", bpffs);
	dp_each_pin(bpffs, sweep, (void *)bpffs);
	return 0;
}

struct list {
	const char *bpffs;
	int (*fn)(const char *team, void *arg);
	void *arg;
};

static int list_one(const char *name, void *arg)
{
	const struct list *list = arg;
	char team[IFNAMSIZ];
	struct stat st;
	char *path;
	bool is_dir;

	if (!decode_team(name, team))
		return 0;
	path = dp_path(list->bpffs, name);
	if (!path)
		return -ENOMEM;
	is_dir = !stat(path, &st) && S_ISDIR(st.st_mode);
	free(path);
	return is_dir ? list->fn(team, list->arg) : 0;
}

int datapath_list(const char *bpffs, int (*fn)(const char *team, void *arg), void *arg)
{
	struct list list = {.bpffs = bpffs, .fn = fn, .arg = arg};
	int r;

	if (!is_bpffs(bpffs))
		return access(bpffs, F_OK) && errno == EACCES ? -EACCES : 0;
	r = dp_each_pin(bpffs, list_one, &list);
	return r == -ENOENT ? 0 : r;
}

int dp_pin(const struct datapath *dp, int fd, const char *name)
{
	char *path = dp_path(dp->dir, name), *fresh = NULL;
	int r = -ENOMEM;

	if (!path)
		goto out;
	fresh = dp_path(dp->dir, FRESH "pin");
	if (!fresh)
		goto out;
	r = bpf_obj_pin(fd, path);
	if (r != -EEXIST)
		goto out;
	/* The old pin goes in the moment when the new one is there. */
	unlink(fresh);
	r = bpf_obj_pin(fd, fresh);
	if (!r && rename(fresh, path)) {
		r = -errno;
		unlink(fresh);
	}
out:
	free(fresh);
	free(path);
	return r;
}

int dp_unpin(const struct datapath *dp, const char *name)
{
	return remove_pin(name, dp->dir);
}

int dp_get(const struct datapath *dp, const char *name)
{
	char *path = dp_path(dp->dir, name);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = bpf_obj_get(path);
	free(path);
	return fd;
}
