// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link.c - io/link on real devices: looked up, made, changed, deleted; and what a refusal says.
 *
 *	[ out0 ]--veth--[ in0 ]		made by link_create_veth() for each test, in an own namespace
 */
#include "netns.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "io/link.h"

static const struct mac mac0 = {{0x02, 0xbb, 0, 0, 0, 1}};
static const struct mac mac1 = {{0x02, 0xbb, 0, 0, 0, 2}};
static struct link *link0;
static struct link_info out0, in0;
static struct err err;

static struct link_info info_of(uint32_t ifindex)
{
	struct link_info info;

	assert_int_equal(link_get_index(link0, ifindex, &info, &err), 0);
	return info;
}

static int make_pair(void **state)
{
	struct link_veth veth = {"out0", "in0", &mac0, 1500, 3};

	err.text[0] = '\0';
	if (link_create_veth(link0, &veth, &err))
		fail_msg("%s", err.text);
	return link_get(link0, "out0", &out0, &err) || link_get(link0, "in0", &in0, &err);
}

static int remove_pair(void **state)
{
	link_delete(link0, out0.ifindex, NULL);
	return 0;
}

static void missing_device(void **state)
{
	struct link_info info;

	assert_int_equal(link_get(link0, "nix0", &info, &err), -ENODEV);
	assert_string_equal(err.text, "nix0: there is no such device");
	assert_int_equal(link_get(link0, "", &info, &err), -ENODEV);
	assert_int_equal(link_get(link0, "a-name-too-long0", &info, &err), -ENODEV);
	assert_int_equal(link_get_index(link0, 0, &info, &err), -ENODEV);
	assert_int_equal(link_get_index(link0, 4711, &info, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: there is no such device");
	assert_int_equal(link_get_index(link0, UINT32_MAX, &info, &err), -ENODEV);
	assert_int_equal(link_get(link0, "nix0", &info, NULL), -ENODEV);
	assert_int_equal(link_delete(link0, 4711, &err), -ENODEV);
	assert_int_equal(link_delete(link0, 0, &err), -ENODEV);
	assert_int_equal(link_set_up(link0, 4711, true, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: can't set it up: the device is gone");
}

static void pair_as_asked(void **state)
{
	struct link_info lo;
	char *text;

	assert_true(mac_equal(&out0.mac, &mac0));
	assert_string_equal(out0.name, "out0");
	assert_string_equal(out0.kind, "veth");
	assert_int_equal(out0.mtu, 1500);
	assert_int_equal(in0.mtu, 1500);
	assert_int_equal(out0.n_tx_queues, 3);
	assert_int_equal(out0.n_rx_queues, 3);
	assert_int_equal(in0.n_tx_queues, 3);
	assert_int_equal(in0.n_rx_queues, 3);
	assert_int_equal(out0.txqlen, 1000);
	assert_int_equal(out0.type, 1);
	assert_false(out0.flags & IFF_UP);
	assert_false(in0.flags & IFF_UP);
	assert_false(out0.carrier);
	assert_int_equal(out0.lower, in0.ifindex);
	assert_int_equal(in0.lower, out0.ifindex);
	assert_int_equal(out0.master, 0);
	assert_int_equal(out0.addr_gen_mode, IN6_ADDR_GEN_MODE_EUI64);
	assert_int_equal(in0.addr_gen_mode, IN6_ADDR_GEN_MODE_NONE);
	assert_int_equal(out0.gso_max_size, 65536);
	assert_int_equal(out0.gso_max_segs, 65535);
	assert_true(out0.max_mtu >= 65535 && out0.min_mtu == 68);
	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_true(lo.carrier && lo.flags & IFF_UP && lo.kind[0] == '\0');
	/* udev leaves a MAC address alone that somebody set (NET_ADDR_SET). */
	text = sh_output("cat /sys/class/net/out0/addr_assign_type");
	assert_string_equal(text, "3\n");
	free(text);
}

static void inner_end_makes_no_address(void **state)
{
	char *text;

	assert_int_equal(link_set_up(link0, out0.ifindex, true, &err), 0);
	assert_int_equal(link_set_up(link0, in0.ifindex, true, &err), 0);
	assert_true(info_of(out0.ifindex).carrier);
	text = sh_output("ip -6 -o addr show dev in0");
	assert_string_equal(text, "");
	free(text);
	text = sh_output("ip -6 -o addr show dev out0");
	assert_non_null(strstr(text, "fe80::"));
	free(text);
}

static void create_refused(void **state)
{
	struct link_veth veth = {"out0", "other0", &mac0, 1500, 1};
	struct link_info info;

	assert_int_equal(link_create_veth(link0, &veth, &err), -EEXIST);
	assert_string_equal(err.text, "out0: can't create it: a device of that name exists");
	veth = (struct link_veth){"other0", "in0", &mac0, 1500, 1};
	assert_int_equal(link_create_veth(link0, &veth, &err), -EEXIST);
	assert_string_equal(err.text, "other0: can't create in0: a device of that name exists");
	assert_int_equal(link_get(link0, "other0", &info, &err), -ENODEV);
	veth = (struct link_veth){"other0", "other1", &mac0, 70000, 1};
	assert_int_equal(link_create_veth(link0, &veth, &err), -EINVAL);
	assert_string_equal(err.text, "other0: can't create a veth pair with MTU 70000 and 1 "
				      "queues: Invalid argument");
	assert_int_equal(link_get(link0, "other0", &info, &err), -ENODEV);
	veth = (struct link_veth){"other0", "other1", &mac0, 1500, 0};
	assert_int_equal(link_create_veth(link0, &veth, &err), -EINVAL);
	veth = (struct link_veth){"a-name-too-long0", "other1", &mac0, 1500, 1};
	assert_int_equal(link_create_veth(link0, &veth, &err), -EINVAL);
	veth = (struct link_veth){"other0", "not/a/name", &mac0, 1500, 1};
	assert_true(link_create_veth(link0, &veth, &err) < 0);
	assert_int_equal(link_get(link0, "other0", &info, &err), -ENODEV);
}

static void settings(void **state)
{
	uint32_t i = out0.ifindex;

	assert_int_equal(link_set_up(link0, i, true, &err), 0);
	assert_true(info_of(i).flags & IFF_UP);
	assert_int_equal(link_set_up(link0, i, false, &err), 0);
	assert_false(info_of(i).flags & IFF_UP);
	assert_int_equal(link_set_mtu(link0, i, 9000, &err), 0);
	assert_int_equal(info_of(i).mtu, 9000);
	assert_int_equal(link_set_mtu(link0, i, 70000, &err), -EINVAL);
	assert_string_equal(err.text, "out0: can't set MTU 70000: Invalid argument "
				      "(mtu greater than device maximum)");
	assert_int_equal(link_set_mac(link0, i, &mac1, &err), 0);
	assert_true(mac_equal((struct mac[]){info_of(i).mac}, &mac1));
	assert_int_equal(link_set_gso_max(link0, i, 20000, 7, &err), 0);
	assert_int_equal(info_of(i).gso_max_size, 20000);
	assert_int_equal(info_of(i).gso_max_segs, 7);
	assert_int_equal(link_set_gso_max(link0, i, 0, 9, &err), 0);
	assert_int_equal(info_of(i).gso_max_size, 20000);
	assert_int_equal(info_of(i).gso_max_segs, 9);
	assert_true(link_set_gso_max(link0, i, 1 << 30, 9, &err) < 0);
	assert_non_null(strstr(err.text, "out0: can't limit GSO"));
}

/* Only what the user set shows in the flags; what sockets ask for shows in promiscuity. */
static void promisc_and_allmulti(void **state)
{
	struct packet_mreq mreq = {.mr_ifindex = (int)out0.ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint32_t i = out0.ifindex;

	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0);
	assert_false(info_of(i).flags & IFF_PROMISC);
	assert_int_equal(info_of(i).promiscuity, 1);
	assert_int_equal(link_set_promisc(link0, i, true, &err), 0);
	assert_int_equal(link_set_promisc(link0, i, true, &err), 0);
	assert_true(info_of(i).flags & IFF_PROMISC);
	assert_int_equal(info_of(i).promiscuity, 2);
	assert_int_equal(link_set_allmulti(link0, i, true, &err), 0);
	assert_true(info_of(i).flags & IFF_ALLMULTI);
	assert_int_equal(link_set_promisc(link0, i, false, &err), 0);
	assert_int_equal(link_set_allmulti(link0, i, false, &err), 0);
	assert_false(info_of(i).flags & (IFF_PROMISC | IFF_ALLMULTI));
	assert_int_equal(info_of(i).promiscuity, 1);
	close(fd);
	assert_int_equal(info_of(i).promiscuity, 0);
}

static void addr_gen_mode(void **state)
{
	uint32_t i = out0.ifindex;

	assert_int_equal(link_set_addr_gen_mode(link0, i, IN6_ADDR_GEN_MODE_NONE, &err), 0);
	assert_int_equal(info_of(i).addr_gen_mode, IN6_ADDR_GEN_MODE_NONE);
	assert_int_equal(link_set_addr_gen_mode(link0, i, IN6_ADDR_GEN_MODE_EUI64, &err), 0);
	assert_int_equal(info_of(i).addr_gen_mode, IN6_ADDR_GEN_MODE_EUI64);
	assert_int_equal(link_set_addr_gen_mode(link0, i, 77, &err), -EINVAL);
	SH("sysctl -qw net.ipv6.conf.out0.disable_ipv6=1");
	assert_int_equal(link_set_addr_gen_mode(link0, i, IN6_ADDR_GEN_MODE_NONE, &err), 0);
	/* IPv6 leaves a device whose MTU is below its minimum. */
	assert_int_equal(link_set_mtu(link0, i, 1000, &err), 0);
	assert_int_equal(info_of(i).addr_gen_mode, 0xff);
	assert_int_equal(link_set_addr_gen_mode(link0, i, IN6_ADDR_GEN_MODE_NONE, &err), 0);
}

static void unicast_addresses(void **state)
{
	uint32_t i = out0.ifindex;
	struct link_info lo;
	char *text;

	assert_int_equal(link_add_unicast(link0, i, &mac1, &err), 0);
	assert_int_equal(link_add_unicast(link0, i, &mac1, &err), 0);
	text = sh_output("bridge fdb show dev out0");
	assert_non_null(strstr(text, "02:bb:00:00:00:02 self permanent"));
	free(text);
	assert_int_equal(link_del_unicast(link0, i, &mac1, &err), 0);
	text = sh_output("bridge fdb show dev out0");
	assert_null(strstr(text, "02:bb:00:00:00:02"));
	free(text);
	assert_int_equal(link_del_unicast(link0, i, &mac1, &err), -ENOENT);
	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_true(link_add_unicast(link0, lo.ifindex, &mac1, &err) < 0);
	assert_non_null(strstr(err.text, "lo: can't receive for 02:bb:00:00:00:02 too: "));
}

static void master_is_told(void **state)
{
	struct link_info br0;

	if (sh("ip link add br0 type bridge 2>/dev/null"))
		skip();
	SH("ip link set in0 master br0");
	assert_int_equal(link_get(link0, "br0", &br0, &err), 0);
	assert_string_equal(br0.kind, "bridge");
	in0 = info_of(in0.ifindex);
	assert_int_equal(in0.master, br0.ifindex);
	assert_string_equal(in0.master_kind, "bridge");
	assert_string_equal(in0.kind, "veth");
	assert_int_equal(link_delete(link0, br0.ifindex, &err), 0);
}

static void lower_elsewhere_is_none(void **state)
{
	pid_t other = netns_hold();

	SH("ip link set in0 netns %d", other);
	assert_int_equal(info_of(out0.ifindex).lower, 0);
	netns_release(other);
}

struct each {
	unsigned n, stop;
};

/* Asks again while the list is gone through, as callers may. */
static int count(const struct link_info *info, void *arg)
{
	struct each *each = arg;
	struct link_info again;

	assert_int_equal(link_get_index(link0, info->ifindex, &again, &err), 0);
	assert_string_equal(again.name, info->name);
	return ++each->n == each->stop ? -ECANCELED : 0;
}

static void each_device(void **state)
{
	struct each each = {0}, some = {.stop = 3};
	unsigned before;

	assert_int_equal(link_each(link0, count, &each, &err), 0);
	before = each.n;
	assert_true(before >= 3);
	/* Enough for several messages. */
	SH("for i in $(seq 60); do echo link add many$i group 7 type bridge; done | ip -batch -");
	each.n = 0;
	assert_int_equal(link_each(link0, count, &each, &err), 0);
	assert_int_equal(each.n, before + 60);
	assert_int_equal(link_each(link0, count, &some, &err), -ECANCELED);
	assert_int_equal(some.n, 3);
	each.n = 0;
	assert_int_equal(link_each(link0, count, &each, &err), 0);
	assert_int_equal(each.n, before + 60);
	SH("ip link del group 7");
}

static void deleted(void **state)
{
	struct link_info info;

	assert_int_equal(link_delete(link0, in0.ifindex, &err), 0);
	assert_int_equal(link_get(link0, "out0", &info, &err), -ENODEV);
	assert_int_equal(link_delete(link0, out0.ifindex, &err), -ENODEV);
}

static void speed(void **state)
{
	uint32_t mbps = 1;
	bool full = false;

	link_speed("out0", &mbps, &full);
	assert_int_equal(mbps, 10000);
	assert_true(full);
	link_speed("lo", &mbps, &full);
	assert_int_equal(mbps, 0);
	assert_false(full);
	link_speed("nix0", &mbps, &full);
	assert_int_equal(mbps, 0);
	link_speed("a-name-much-too-long-for-a-device", &mbps, &full);
	assert_int_equal(mbps, 0);
}

/* In a process that gave its capabilities up. */
static int refused(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	struct link_veth veth = {"other0", "other1", &mac0, 1500, 1};

	if (syscall(SYS_capset, &header, none) < 0)
		return 1;
	if (link_set_mtu(link0, out0.ifindex, 1400, &err) != -EPERM ||
	    strcmp(err.text, "out0: can't set MTU 1400: not permitted; it takes CAP_NET_ADMIN") !=
		    0)
		return 2;
	if (link_create_veth(link0, &veth, &err) != -EPERM || !strstr(err.text, "CAP_NET_ADMIN"))
		return 3;
	return 0;
}

static void without_capabilities(void **state)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(refused());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, remove_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_device),
		WITH_PAIR(pair_as_asked),
		WITH_PAIR(inner_end_makes_no_address),
		WITH_PAIR(create_refused),
		WITH_PAIR(settings),
		WITH_PAIR(promisc_and_allmulti),
		WITH_PAIR(addr_gen_mode),
		WITH_PAIR(unicast_addresses),
		WITH_PAIR(master_is_told),
		WITH_PAIR(lower_elsewhere_is_none),
		WITH_PAIR(each_device),
		WITH_PAIR(deleted),
		WITH_PAIR(speed),
		WITH_PAIR(without_capabilities),
	};
	int ret;

	netns_enter();
	netns_mount_sys();
	if (link_open(&link0, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	link_close(link0);
	return !!ret;
}
