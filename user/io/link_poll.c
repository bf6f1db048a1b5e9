// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_poll.c - is the carrier there? Asked for each port every few milliseconds; and the speed.
 * Called by team/ for the poll detector and for `show`.
 *
 * sysfs's carrier_changes counts every netif_carrier_on() and _off() that changed something: once
 * the state is known, the count being odd or even tells it from then on. It and sysfs's flags are
 * read without the RTNL. What takes it waits behind whoever sets up devices: measured on 6.18 while
 * veths were made and deleted, at worst 0.14 ms for these two, 1.7 ms for sysfs's carrier (which
 * waits for link watch, too) and 1.3 ms for ETHTOOL_GLINK. link_poll_read() took 1,250 ns of CPU by
 * sysfs and 1,500 ns by ioctl there; an RTM_GETLINK took 8,300, and opening a sysfs file each time
 * 7,000.
 *
 * /sys belongs to the namespace in which it was mounted, which need not be the one we are in
 * (nsenter --net); then the ioctls are what is left.
 */
#include <net/if.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/%s", name, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A line of a sysfs file that is kept open. */
static int read_text(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

static int read_number(int fd, int base, uint32_t *ret)
{
	char text[24];
	int code = read_text(fd, text, sizeof(text));

	if (!code)
		*ret = (uint32_t)strtoll(text, NULL, base);
	return code;
}

static bool sysfs_says(const char *name, const char *file, const char *text)
{
	char line[64] = "";
	int fd = open_sysfs(name, file);

	if (fd < 0)
		return false;
	read_text(fd, line, sizeof(line));
	close(fd);
	return !strcasecmp(line, text);
}

/* Another namespace may have a device of that name and index, as the first NIC of both. */
static bool is_sysfs_of(const struct link_info *info)
{
	char text[MAC_STRLEN];

	snprintf(text, sizeof(text), "%u", info->ifindex);
	return sysfs_says(info->name, "ifindex", text) &&
	       sysfs_says(info->name, "address", mac_format(&info->mac, text));
}

static void close_sysfs(struct link_poll *poll)
{
	if (poll->changes_fd >= 0)
		close(poll->changes_fd);
	if (poll->flags_fd >= 0)
		close(poll->flags_fd);
	poll->changes_fd = poll->flags_fd = -1;
}

/* The carrier bit itself is asked of rtnetlink, whatever the device's administrative state. */
static int learn_base(struct link_poll *poll, struct link *link)
{
	struct link_info info;
	uint32_t before, after;
	int ret;

	do {
		ret = read_number(poll->changes_fd, 10, &before);
		if (!ret)
			ret = link_get_index(link, poll->ifindex, &info, NULL);
		if (!ret)
			ret = read_number(poll->changes_fd, 10, &after);
	} while (!ret && before != after);
	if (!ret)
		poll->base = info.carrier ^ (before & 1);
	return ret;
}

/* Leaves the descriptors at -1 where sysfs can't be used. */
static int try_sysfs(struct link_poll *poll)
{
	struct link *link = NULL;
	struct link_info info;
	struct stat st;
	int ret;

	ret = link_open(&link, NULL);
	if (!ret)
		ret = link_get_index(link, poll->ifindex, &info, NULL);
	if (ret || !is_sysfs_of(&info))
		goto out;
	poll->changes_fd = open_sysfs(info.name, "carrier_changes");
	poll->flags_fd = open_sysfs(info.name, "flags");
	if (poll->changes_fd < 0 || poll->flags_fd < 0 || fstat(poll->changes_fd, &st) < 0 ||
	    learn_base(poll, link))
		close_sysfs(poll);
	else
		poll->inode = st.st_ino;
out:
	link_close(link);
	return ret;
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
	code = poll->socket < 0 ? -errno : try_sysfs(poll);
	if (code) {
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
	bool running;

	if (read_name(poll, &ifr) || ioctl(poll->socket, SIOCGIFFLAGS, &ifr) < 0)
		return -ENODEV;
	running = ifr.ifr_flags & IFF_RUNNING;
	ifr.ifr_data = (void *)&value;
	if (ioctl(poll->socket, SIOCETHTOOL, &ifr) < 0)
		return errno == EOPNOTSUPP ? running : -ENODEV;
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

static int read_state(const struct link_poll *poll, bool *up)
{
	uint32_t flags, changes;

	if (read_number(poll->flags_fd, 16, &flags) || read_number(poll->changes_fd, 10, &changes))
		return -ENODEV;
	*up = (flags & IFF_UP) && (poll->base ^ (changes & 1));
	return 0;
}

/* A change is read twice: netif_carrier_event() adds to the count in two steps. */
static int read_sysfs(struct link_poll *poll)
{
	bool up;

	if (read_state(poll, &up) || (up != poll->was_up && read_state(poll, &up)))
		return -ENODEV;
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
