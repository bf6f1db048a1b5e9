// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * client_peer.c - is the daemon behind a socket the one of this network namespace? A socket's path
 * leads out of a namespace, and the daemon there would take our words for devices of its own.
 */
#include "cli/client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0, also when that can't be told; else fd is closed. */
int client_check_peer(int fd, const char *socket, struct err *err)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct stat here, there;
	char path[64];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)peer.pid);
	if (stat("/proc/self/ns/net", &here) || stat(path, &there) || here.st_ino == there.st_ino)
		return 0;
	close(fd);
	return err_set(err, -EXDEV,
		       "bpfteamd: the one at %s (pid %d) serves another network namespace; give "
		       "each its own --runtime-dir and --bpffs",
		       socket, (int)peer.pid);
}
