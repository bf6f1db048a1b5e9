// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_poll.c - is the carrier there? Asked for each port every few milliseconds; and the speed.
 * Called by team/ for the poll detector and for `show`.
 *
 * sysfs's carrier_changes counts netif_carrier_on() and _off() that changed something, and is read
 * without the RTNL: once the state is known, whether the count is odd tells it from then on. (sysfs's
 * carrier, operstate, and ETHTOOL_GLINK take the RTNL, and carrier waits for link watch.)
 */
#include <net/if.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/link_nl.h"

struct link_poll {
	uint32_t ifindex;
	int socket; /* of the device's namespace */
	int changes_fd, flags_fd; /* sysfs; -1: /sys shows another namespace */
	bool base; /* the carrier while the count is even */
	bool was_up;
	ino_t inode; /* of carrier_changes: tells this device from one that took its name */
};

static int open_sysfs(const char *name, const char *file)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int read_number(int fd, int base, uint32_t *ret)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	*ret = (uint32_t)strtoll(text, NULL, base);
	return 0;
}

static bool is_device(const char *name, uint32_t ifindex)
{
	uint32_t value = 0;
	int fd = open_sysfs(name, "ifindex");

	if (fd < 0)
		return false;
	read_number(fd, 10, &value);
	close(fd);
	return value == ifindex;
}

/* The carrier bit itself is asked of rtnetlink, whatever the device's administrative state. */
static int learn_base(struct link_poll *poll)
{
	struct link_info info;
	struct link *link = NULL;
	int ret = link_open(&link, NULL);

	for (unsigned i = 0; !ret && i < 10; i++) {
		uint32_t before = 0, after = 0;

		ret = read_number(poll->changes_fd, 10, &before);
		if (!ret)
			ret = link_get_index(link, poll->ifindex, &info, NULL);
		if (!ret)
			ret = read_number(poll->changes_fd, 10, &after);
		if (ret || before != after)
			continue;
		poll->base = info.carrier ^ (before & 1);
		break;
	}
	link_close(link);
	return ret;
}

static void close_sysfs(struct link_poll *poll)
{
	if (poll->changes_fd >= 0)
		close(poll->changes_fd);
	if (poll->flags_fd >= 0)
		close(poll->flags_fd);
	poll->changes_fd = poll->flags_fd = -1;
}

/* Leaves the descriptors at -1 where this can't be used. */
static void try_sysfs(struct link_poll *poll, const char *name)
{
	struct stat st;

	if (!is_device(name, poll->ifindex))
		return;
	poll->changes_fd = open_sysfs(name, "carrier_changes");
	poll->flags_fd = open_sysfs(name, "flags");
	if (poll->changes_fd < 0 || poll->flags_fd < 0 || fstat(poll->changes_fd, &st) < 0 ||
	    learn_base(poll))
		close_sysfs(poll);
	else
		poll->inode = st.st_ino;
}

int link_poll_open(uint32_t ifindex, const char *name, struct link_poll **ret)
{
	struct link_poll *poll = calloc(1, sizeof(*poll));
	int code;

	if (!poll)
		return -ENOMEM;
	poll->ifindex = ifindex;
	poll->changes_fd = poll->flags_fd = -1;
	poll->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (poll->socket < 0) {
		code = -errno;
		link_poll_close(poll);
		return code;
	}
	try_sysfs(poll, name);
	code = link_poll_read(poll);
	if (code < 0) {
		link_poll_close(poll);
		return code;
	}
	*ret = poll;
	return 0;
}

void link_poll_close(struct link_poll *poll)
{
	if (!poll)
		return;
	close_sysfs(poll);
	if (poll->socket >= 0)
		close(poll->socket);
	free(poll);
}

/* By index, for a device may be renamed at any time. */
static int read_name(const struct link_poll *poll, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	ifr->ifr_ifindex = (int)poll->ifindex;
	return ioctl(poll->socket, SIOCGIFNAME, ifr) < 0 ? -ENODEV : 0;
}

static int read_ioctl(const struct link_poll *poll)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
	struct ifreq ifr;

	if (read_name(poll, &ifr) || ioctl(poll->socket, SIOCGIFFLAGS, &ifr) < 0)
		return -ENODEV;
	if (!(ifr.ifr_flags & IFF_UP))
		return 0;
	if (!(ifr.ifr_flags & IFF_RUNNING))
		return 0;
	ifr.ifr_data = (void *)&value;
	if (ioctl(poll->socket, SIOCETHTOOL, &ifr) < 0)
		return errno == ENODEV ? -ENODEV : 1;
	return value.data != 0;
}

/* A device that comes up may have come up in another namespace, where sysfs's files follow it. */
static bool is_still_here(const struct link_poll *poll)
{
	char path[64 + IFNAMSIZ];
	struct ifreq ifr;
	struct stat st;

	if (read_name(poll, &ifr))
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%.15s/carrier_changes", ifr.ifr_name);
	return stat(path, &st) == 0 && st.st_ino == poll->inode;
}

static int read_sysfs(struct link_poll *poll)
{
	uint32_t flags, changes;
	bool up;

	if (read_number(poll->flags_fd, 16, &flags) || read_number(poll->changes_fd, 10, &changes))
		return -ENODEV;
	up = (flags & IFF_UP) && poll->base ^ (changes & 1);
	if (up && !poll->was_up && !is_still_here(poll))
		return -ENODEV;
	poll->was_up = up;
	return up;
}

int link_poll_read(struct link_poll *poll)
{
	return poll->changes_fd >= 0 ? read_sysfs(poll) : read_ioctl(poll);
}

/* The kernel says first how many words its link mode masks have (include/uapi/linux/ethtool.h). */
void link_speed(const char *name, uint32_t *speed_mbps, bool *full_duplex)
{
	struct {
		struct ethtool_link_settings settings;
		uint32_t masks[3 * 127];
	} request = {.settings.cmd = ETHTOOL_GLINKSETTINGS};
	struct ethtool_link_settings *settings = &request.settings;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};

	*speed_mbps = 0;
	*full_duplex = false;
	if (fd < 0)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)&request;
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0 || settings->link_mode_masks_nwords >= 0)
		goto out;
	settings->cmd = ETHTOOL_GLINKSETTINGS;
	settings->link_mode_masks_nwords = -settings->link_mode_masks_nwords;
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		goto out;
	if (settings->speed != (uint32_t)SPEED_UNKNOWN)
		*speed_mbps = settings->speed;
	*full_duplex = settings->duplex == DUPLEX_FULL;
out:
	close(fd);
}
