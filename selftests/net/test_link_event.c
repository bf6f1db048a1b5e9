// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_event.c - io/link's events: what rtnetlink tells of devices and addresses.
 *
 *	[ port0 ]--veth--[ peer0 ]
 */
#include "netns.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "io/link.h"

static struct link *link0;
static struct link_info port0, peer0;
static struct err err;

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

#define EVENTS_MAX 64
static struct {
	struct {
		int kind;
		struct link_info info;
	} event[EVENTS_MAX];
	unsigned n;
	unsigned n_dellink; /* also of those that had no room */
} seen;

static void note(int kind, const struct link_info *info, void *arg)
{
	assert_ptr_equal(arg, &seen);
	seen.n_dellink += kind == RTM_DELLINK;
	if (seen.n == EVENTS_MAX)
		return;
	seen.event[seen.n].kind = kind;
	seen.event[seen.n++].info = *info;
}

static int read_events(void)
{
	seen.n = seen.n_dellink = 0;
	return link_events_read(link0, note, &seen);
}

/* The last event of that kind about that device; NULL = none. */
static const struct link_info *last(int kind, uint32_t ifindex)
{
	for (unsigned i = seen.n; i--;) {
		if (seen.event[i].kind == kind && seen.event[i].info.ifindex == ifindex)
			return &seen.event[i].info;
	}
	return NULL;
}

static int make_watched_pair(void **state)
{
	if (link_events_open(link0, &err) || make_pair(state))
		return -1;
	read_events();
	return 0;
}

static void links(void **state)
{
	struct pollfd fd = {.fd = link_events_fd(link0), .events = POLLIN};
	const struct link_info *info;
	uint32_t i = port0.ifindex;

	assert_true(fd.fd >= 0);
	assert_int_equal(read_events(), 0);
	assert_int_equal(seen.n, 0);
	assert_int_equal(poll(&fd, 1, 0), 0);
	set_up(&port0, true);
	assert_int_equal(poll(&fd, 1, 1000), 1);
	assert_int_equal(read_events(), 0);
	info = last(RTM_NEWLINK, i);
	assert_non_null(info);
	assert_true(info->flags & IFF_UP);
	assert_string_equal(info->name, "port0");
	assert_string_equal(info->kind, "veth");
	assert_int_equal(info->mtu, 1500);
	assert_int_equal(info->lower, peer0.ifindex);
	assert_int_equal(info->addr_gen_mode, IN6_ADDR_GEN_MODE_EUI64);
	assert_int_equal(link_set_mtu(link0, i, 1400, &err), 0);
	assert_int_equal(link_set_promisc(link0, i, true, &err), 0);
	read_events();
	assert_int_equal(last(RTM_NEWLINK, i)->mtu, 1400);
	assert_int_equal(last(RTM_NEWLINK, i)->promiscuity, 1);
	set_up(&port0, false);
	SH("ip link set port0 name renamed0");
	read_events();
	assert_string_equal(last(RTM_NEWLINK, i)->name, "renamed0");
	SH("ip link del renamed0");
	read_events();
	assert_string_equal(last(RTM_DELLINK, i)->name, "renamed0");
	assert_non_null(last(RTM_DELLINK, peer0.ifindex));
	assert_int_equal(link_events_open(link0, &err), 0);
	assert_int_equal(link_events_fd(link0), fd.fd);
}

/* A capture that begins or ends is told, though the flags that users set stay as they are. */
static void captures(void **state)
{
	struct packet_mreq mreq = {.mr_ifindex = (int)port0.ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0);
	read_events();
	assert_int_equal(last(RTM_NEWLINK, port0.ifindex)->promiscuity, 1);
	assert_false(last(RTM_NEWLINK, port0.ifindex)->flags & IFF_PROMISC);
	close(fd);
	read_events();
	assert_int_equal(last(RTM_NEWLINK, port0.ifindex)->promiscuity, 0);
}

static void moves(void **state)
{
	pid_t other = netns_hold();

	SH("ip link set port0 netns %d", other);
	read_events();
	assert_non_null(last(RTM_DELLINK, port0.ifindex));
	SH("nsenter -t %d -n ip link set port0 netns %d", other, getpid());
	read_events();
	assert_non_null(last(RTM_NEWLINK, port0.ifindex));
	netns_release(other);
}

static void addresses(void **state)
{
	struct pollfd pfd = {.fd = link_events_fd(link0), .events = POLLIN};
	uint32_t i = port0.ifindex;

	set_up(&port0, true);
	set_up(&peer0, true);
	SH("ip addr add 192.0.2.1/24 dev port0");
	read_events();
	assert_non_null(last(RTM_NEWADDR, i));
	SH("ip addr del 192.0.2.1/24 dev port0");
	read_events();
	assert_non_null(last(RTM_DELADDR, i));
	SH("ip addr add 2001:db8::1/64 nodad dev port0");
	/* The kernel tells of it from a work queue. */
	for (unsigned tries = 0; tries < 10; tries++) {
		poll(&pfd, 1, 1000);
		read_events();
		if (last(RTM_NEWADDR, i))
			break;
	}
	assert_non_null(last(RTM_NEWADDR, i));
	assert_null(last(RTM_DELADDR, i));
	SH("ip addr del 2001:db8::1/64 dev port0");
	read_events();
	assert_non_null(last(RTM_DELADDR, i));
}

/* Those that matter to rx: direct: an rp_filter, and what makes a device a router's. */
static void sysctls(void **state)
{
	SH("echo 1 >/proc/sys/net/ipv4/conf/port0/rp_filter");
	read_events();
	assert_non_null(last(RTM_NEWNETCONF, port0.ifindex));
	SH("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter");
	read_events();
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.event[0].kind, RTM_NEWNETCONF);
	SH("echo 1 >/proc/sys/net/ipv6/conf/port0/forwarding");
	read_events();
	assert_non_null(last(RTM_NEWNETCONF, port0.ifindex));
}

/* What a bridge tells of its ports lacks most of a device. */
static void bridge_ports_left_out(void **state)
{
	if (sh("ip link add br0 type bridge 2>/dev/null"))
		skip();
	SH("ip link set port0 master br0; ip link set br0 up; ip link set port0 up;"
	   "bridge link set dev port0 cost 77; ip link set port0 nomaster; ip link del br0");
	read_events();
	assert_non_null(last(RTM_NEWLINK, port0.ifindex));
	for (unsigned i = 0; i < seen.n; i++) {
		/* Leaving a bridge is told as RTM_DELLINK of family AF_BRIDGE. */
		assert_false(seen.event[i].kind == RTM_DELLINK &&
			     seen.event[i].info.ifindex == port0.ifindex);
		if (seen.event[i].kind == RTM_NEWLINK)
			assert_true(seen.event[i].info.max_mtu != 0);
	}
}

static void lost_are_told(void **state)
{
	int size = 1;

	assert_int_equal(setsockopt(link_events_fd(link0), SOL_SOCKET, SO_RCVBUF, &size,
				    sizeof(size)),
			 0);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(link_set_mtu(link0, port0.ifindex, 1400 + i, &err), 0);
	assert_int_equal(read_events(), -ENOBUFS);
	assert_int_equal(read_events(), 0);
	assert_int_equal(seen.n, 0);
	assert_int_equal(link_set_mtu(link0, port0.ifindex, 1300, &err), 0);
	assert_int_equal(read_events(), 0);
	assert_int_equal(last(RTM_NEWLINK, port0.ifindex)->mtu, 1300);
}

/* The buffer holds what many devices do at once. */
static void many(void **state)
{
	SH("for i in $(seq 60); do echo link add many$i group 7 type bridge;"
	   "echo link set many$i up; done | ip -batch -; ip link del group 7");
	assert_int_equal(read_events(), 0);
	assert_int_equal(seen.n_dellink, 60);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_watched_pair, remove_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAIR(links),
		WITH_PAIR(captures),
		WITH_PAIR(moves),
		WITH_PAIR(addresses),
		WITH_PAIR(sysctls),
		WITH_PAIR(bridge_ports_left_out),
		WITH_PAIR(many),
		/* Last, since it makes the buffer small. */
		WITH_PAIR(lost_are_told),
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
