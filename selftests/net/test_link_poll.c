// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_poll.c - io/link's poll: by ioctl where /sys is another namespace's, and by sysfs.
 *
 *	[ port0 ]--veth--[ peer0 ]
 */
#include "netns.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>

#include "io/link.h"

static struct link *link0;
static struct link_info port0, peer0;
static struct err err;
static bool sysfs; /* how the poll is expected to read */

static int make_pair(void **state)
{
	if (sh("ip link add port0 type veth peer name peer0"))
		return -1;
	return link_get(link0, "port0", &port0, &err) || link_get(link0, "peer0", &peer0, &err);
}

static int remove_pair(void **state)
{
	sh("ip link del port0 2>/dev/null || ip link del peer0 2>/dev/null");
	return 0;
}

static void set_up(const struct link_info *info, bool up)
{
	if (link_set_up(link0, info->ifindex, up, &err))
		fail_msg("%s", err.text);
}

/* Does this process hold sysfs files of a device open? */
static bool holds_sysfs(void)
{
	DIR *dir = opendir("/proc/self/fd");
	char path[64], target[256];
	struct dirent *entry;
	bool found = false;
	ssize_t n;

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%.20s", entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strstr(target, "/carrier_changes"))
			found = true;
	}
	closedir(dir);
	return found;
}

static struct link_poll *open_poll(const struct link_info *info)
{
	struct link_poll *poll;

	assert_false(holds_sysfs());
	assert_int_equal(link_poll_open(info->ifindex, info->name, &poll), 0);
	assert_int_equal(holds_sysfs(), sysfs);
	return poll;
}

static void poll_follows_carrier(void **state)
{
	struct link_poll *poll = open_poll(&port0), *later;

	assert_int_equal(link_poll_read(poll), 0);
	set_up(&port0, true);
	assert_int_equal(link_poll_read(poll), 0);
	set_up(&peer0, true);
	assert_int_equal(link_poll_read(poll), 1);
	for (unsigned i = 0; i < 100; i++) {
		set_up(&peer0, false);
		assert_int_equal(link_poll_read(poll), 0);
		set_up(&peer0, true);
		assert_int_equal(link_poll_read(poll), 1);
	}
	set_up(&port0, false);
	assert_int_equal(link_poll_read(poll), 0);
	set_up(&port0, true);
	assert_int_equal(link_poll_read(poll), 1);
	link_poll_close(poll);
	/* Opened while the link is up, and while it is cut. */
	later = open_poll(&port0);
	assert_int_equal(link_poll_read(later), 1);
	set_up(&peer0, false);
	assert_int_equal(link_poll_read(later), 0);
	link_poll_close(later);
	later = open_poll(&port0);
	assert_int_equal(link_poll_read(later), 0);
	set_up(&peer0, true);
	assert_int_equal(link_poll_read(later), 1);
	link_poll_close(later);
}

/* The carrier of these stays as it is when the device goes down. */
static void poll_admin_down_with_carrier(void **state)
{
	struct link_info dummy;
	struct link_poll *poll;

	if (sh("ip link add keeps0 type dummy 2>/dev/null || ip link add keeps0 type ifb "
	       "2>/dev/null"))
		skip();
	assert_int_equal(link_get(link0, "keeps0", &dummy, &err), 0);
	assert_true(dummy.carrier && !(dummy.flags & IFF_UP));
	poll = open_poll(&dummy);
	assert_int_equal(link_poll_read(poll), 0);
	set_up(&dummy, true);
	assert_int_equal(link_poll_read(poll), 1);
	/* By ioctl, link watch would have to be waited for: these know no ETHTOOL_GLINK. */
	if (sysfs && !sh("ip link set keeps0 carrier off 2>/dev/null")) {
		assert_int_equal(link_poll_read(poll), 0);
		SH("ip link set keeps0 carrier on");
		assert_int_equal(link_poll_read(poll), 1);
	}
	set_up(&dummy, false);
	assert_int_equal(link_poll_read(poll), 0);
	link_poll_close(poll);
	SH("ip link del keeps0");
}

static void poll_survives_rename(void **state)
{
	struct link_poll *poll = open_poll(&port0);

	set_up(&peer0, true);
	SH("ip link set port0 name renamed0 up; ip link add port0 type veth peer name decoy0");
	assert_int_equal(link_poll_read(poll), 1);
	set_up(&peer0, false);
	assert_int_equal(link_poll_read(poll), 0);
	link_poll_close(poll);
	SH("ip link del renamed0");
}

static void poll_device_gone(void **state)
{
	struct link_poll *poll = open_poll(&port0);

	set_up(&port0, true);
	set_up(&peer0, true);
	assert_int_equal(link_poll_read(poll), 1);
	SH("ip link del port0");
	assert_int_equal(link_poll_read(poll), -ENODEV);
	SH("ip link add port0 type veth peer name peer0; ip link set port0 up; ip link set peer0 "
	   "up");
	assert_int_equal(link_poll_read(poll), -ENODEV);
	link_poll_close(poll);
	assert_int_equal(link_poll_open(4711, "port0", &poll), -ENODEV);
	assert_int_equal(link_poll_open(port0.ifindex, "port0", &poll), -ENODEV);
	assert_false(holds_sysfs());
	link_poll_close(NULL);
}

static void poll_device_moved(void **state)
{
	struct link_poll *poll = open_poll(&port0);
	pid_t other = netns_hold();

	set_up(&port0, true);
	set_up(&peer0, true);
	assert_int_equal(link_poll_read(poll), 1);
	SH("ip link set port0 netns %d", other);
	assert_int_not_equal(link_poll_read(poll), 1);
	SH("nsenter -t %d -n ip link set port0 up", other);
	assert_true(link_get_index(link0, peer0.ifindex, &peer0, &err) == 0 && peer0.carrier);
	assert_int_equal(link_poll_read(poll), -ENODEV);
	link_poll_close(poll);
	netns_release(other);
}

static void poll_costs(void **state)
{
	struct link_poll *poll = open_poll(&port0);
	const unsigned rounds = 20000;
	struct timespec from, to;
	double ns;

	set_up(&port0, true);
	set_up(&peer0, true);
	link_poll_read(poll);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (unsigned i = 0; i < rounds; i++)
		assert_int_equal(link_poll_read(poll), 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	ns = ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / rounds;
	print_message("# link_poll_read by %s: %.0f ns\n", sysfs ? "sysfs" : "ioctl", ns);
	/* 64 ports every 5 ms then take at most a quarter of a core, sanitizers and all. */
	assert_true(ns < 20000);
	link_poll_close(poll);
}

/* From here on /sys is that of the namespace. */
static int make_pair_by_sysfs(void **state)
{
	if (!sysfs)
		netns_mount_sys();
	sysfs = true;
	return make_pair(state);
}

/*
 * /sys still shows the namespace that we leave here, where a device has the same name and index as
 * ours, and is up while ours is not.
 */
static void poll_not_taken_in_by_a_namesake(void **state)
{
	struct link_poll *poll;
	struct link *link;

	SH("ip link add twin0 index 5000 address 02:00:00:00:00:0a type veth peer name twin1;"
	   "ip link set twin0 up; ip link set twin1 up");
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	SH("ip link add twin0 index 5000 address 02:00:00:00:00:0b type veth peer name twin1");
	assert_int_equal(link_open(&link, &err), 0);
	assert_int_equal(link_poll_open(5000, "twin0", &poll), 0);
	assert_false(holds_sysfs());
	assert_int_equal(link_poll_read(poll), 0);
	SH("ip link set twin0 up; ip link set twin1 up");
	assert_int_equal(link_poll_read(poll), 1);
	link_poll_close(poll);
	link_close(link);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, remove_pair)
#define BY_SYSFS(test)                                                      \
	{                                                                   \
		"sysfs_" #test, test, make_pair_by_sysfs, remove_pair, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAIR(poll_follows_carrier),
		WITH_PAIR(poll_admin_down_with_carrier),
		WITH_PAIR(poll_survives_rename),
		WITH_PAIR(poll_device_gone),
		WITH_PAIR(poll_device_moved),
		WITH_PAIR(poll_costs),
		BY_SYSFS(poll_follows_carrier),
		BY_SYSFS(poll_admin_down_with_carrier),
		BY_SYSFS(poll_survives_rename),
		BY_SYSFS(poll_device_gone),
		BY_SYSFS(poll_device_moved),
		BY_SYSFS(poll_costs),
		/* Last, since it leaves the namespace. */
		cmocka_unit_test(poll_not_taken_in_by_a_namesake),
	};
	int ret;

	netns_enter();
	if (link_open(&link0, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	link_close(link0);
	return !!ret;
}
