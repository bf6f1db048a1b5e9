// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_sysctl.c - the settings of a device that netlink can't change, in /proc/sys/net, which shows
 * those of the reader's network namespace. Called by team/ and cli/.
 *
 * disable_ipv6, forwarding: net/ipv6/addrconf.c; rp_filter: net/ipv4/devinet.c, Linux'
 * Documentation/networking/ip-sysctl.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/link.h"

#define PATH_LEN (64 + IFNAMSIZ)

static const char *path_of(const char *family, const char *name, const char *key,
			   char buf[PATH_LEN])
{
	snprintf(buf, PATH_LEN, "/proc/sys/net/%s/conf/%.15s/%s", family, name, key);
	return buf;
}

static int get(const char *family, const char *name, const char *key)
{
	char path[PATH_LEN], text[16] = "";
	int fd = open(path_of(family, name, key, path), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? atoi(text) : -EIO;
}

static int set(const char *family, const char *name, const char *key, int value)
{
	char path[PATH_LEN], text[16];
	int fd = open(path_of(family, name, key, path), O_WRONLY | O_CLOEXEC), ret = 0;
	int len = snprintf(text, sizeof(text), "%d", value);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

bool link_ipv6_is_on(const char *name)
{
	return get("ipv6", name, "disable_ipv6") == 0;
}

int link_set_ipv6(const char *name, bool on)
{
	return set("ipv6", name, "disable_ipv6", !on);
}

bool link_ipv6_forwards(const char *name)
{
	return get("ipv6", name, "forwarding") > 0;
}

int link_set_ipv6_forwards(const char *name, bool on)
{
	return set("ipv6", name, "forwarding", on);
}

unsigned link_rp_filter(const char *name)
{
	int value = get("ipv4", name, "rp_filter");

	return value > 0 ? value : 0;
}

int link_set_rp_filter(const char *name, unsigned value)
{
	return set("ipv4", name, "rp_filter", (int)value);
}

bool link_can_set_rp_filter(const char *name)
{
	char path[PATH_LEN];

	return !access(path_of("ipv4", name, "rp_filter", path), W_OK);
}
