// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_rdma.c - of io/link what the RDMA system's vport needs besides routing rules and VLAN
 * devices: IPv4 settings, addresses without a route, routes in other tables, and their events; ip(8)
 * and /proc/sys say whether it is so.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

#define MAX 32
#define OURS 177

/* ---- VLAN devices ---- */

static void vlan_never(void **state)
{
	struct link_info a;

	assert_int_equal(link_create_vlan(link0, port0, "port0.0", 0, &err), -EINVAL);
	assert_string_equal(err.text, "port0.0: can't create it for VLAN 0: VLANs are 1 to 4094");
	assert_int_equal(link_create_vlan(link0, port0, "port0.4095", 4095, &err), -EINVAL);
	assert_int_equal(link_create_vlan(link0, port0, "", 5, &err), -EINVAL);
	assert_int_equal(link_create_vlan(link0, port0, "a-name-too-long0", 5, &err), -EINVAL);
	assert_string_equal(err.text, "a-name-too-long0: can't create it for VLAN 5: the name is "
				      "too long or empty");
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), -ENODEV);
	assert_int_equal(link_find_vlan(link0, 4711, 5, &a, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: there is no such device");
	/* A veth's lower device is its peer. */
	assert_int_equal(link_get(link0, "peer0", &a, &err), 0);
	assert_int_equal(link_find_vlan(link0, a.ifindex, 0, &a, &err), -ENODEV);
}

/* Where there is no 8021q the text says so. */
static void vlan_or_why_not(void **state)
{
	if (have_vlans()) {
		assert_int_equal(link_create_vlan(link0, port0, "port0.5", 5, &err), 0);
		return;
	}
	assert_int_equal(link_create_vlan(link0, port0, "port0.5", 5, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "port0.5: can't create it for VLAN 5: the kernel has no "
				      "802.1Q VLANs (module 8021q)");
}

/* ---- IPv4 settings ---- */

static uint32_t conf(uint32_t ifindex, unsigned what)
{
	uint32_t value = 77;

	if (link_get_ipv4_conf(link0, ifindex, what, &value, &err))
		fail_msg("%s", err.text);
	return value;
}

static void settings_are_the_sysctls(void **state)
{
	static const struct {
		unsigned what;
		const char *key;
	} settings[] = {
		{IPV4_DEVCONF_RP_FILTER, "rp_filter"},
		{IPV4_DEVCONF_ARP_IGNORE, "arp_ignore"},
		{IPV4_DEVCONF_ARP_ANNOUNCE, "arp_announce"},
		{IPV4_DEVCONF_FORWARDING, "forwarding"}, /* the first one */
	};
	unsigned n = sizeof(settings) / sizeof(settings[0]);
	char *before, *after;

	before = sh_output("cd /proc/sys/net/ipv4/conf/port0 && grep . arp_* rp_* accept_* proxy_* "
			   "medium_id tag shared_media log_martians");
	for (unsigned i = 0; i < n; i++) {
		for (uint32_t value = 2; value != UINT32_MAX; value--) {
			if (i < n - 1)
				assert_int_equal(link_set_ipv4_conf(link0, port0, settings[i].what,
								    value, &err),
						 0);
			else
				SH("echo %u >/proc/sys/net/ipv4/conf/port0/forwarding", !!value);
			assert_int_equal(conf(port0, settings[i].what),
					 i < n - 1 ? value : !!value);
			SH("[ $(cat /proc/sys/net/ipv4/conf/port0/%s) = %u ]", settings[i].key,
			   i < n - 1 ? value : !!value);
		}
		SH("echo 1 >/proc/sys/net/ipv4/conf/port0/%s", settings[i].key);
		assert_int_equal(conf(port0, settings[i].what), 1);
		SH("echo 0 >/proc/sys/net/ipv4/conf/port0/%s", settings[i].key);
		assert_int_equal(conf(port0, settings[i].what), 0);
		assert_int_equal(conf(team0, settings[i].what), 0);
	}
	/* And no other one. */
	after = sh_output("cd /proc/sys/net/ipv4/conf/port0 && grep . arp_* rp_* accept_* proxy_* "
			  "medium_id tag shared_media log_martians");
	assert_true(strlen(before) > 100);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void settings_without_proc_sys(void **state)
{
	SH("mount -t tmpfs none /proc/sys");
	assert_int_equal(link_set_ipv4_conf(link0, port0, IPV4_DEVCONF_ARP_IGNORE, 2, &err), 0);
	assert_int_equal(conf(port0, IPV4_DEVCONF_ARP_IGNORE), 2);
	assert_false(link_can_set_rp_filter("port0"));
	SH("umount /proc/sys");
	SH("[ $(cat /proc/sys/net/ipv4/conf/port0/arp_ignore) = 2 ]");
}

static void settings_refused(void **state)
{
	struct link_info lo;
	uint32_t value = 7;

	assert_int_equal(link_set_ipv4_conf(link0, 4711, IPV4_DEVCONF_ARP_IGNORE, 1, &err),
			 -ENODEV);
	assert_string_equal(err.text, "#4711: can't set IPv4's arp_ignore: the device is gone");
	assert_int_equal(link_get_ipv4_conf(link0, 4711, IPV4_DEVCONF_RP_FILTER, &value, &err),
			 -ENODEV);
	assert_int_equal(link_get_ipv4_conf(link0, 0, IPV4_DEVCONF_RP_FILTER, &value, &err),
			 -ENODEV);
	assert_int_equal(link_set_ipv4_conf(link0, 0, IPV4_DEVCONF_RP_FILTER, 1, &err), -ENODEV);
	assert_int_equal(link_set_ipv4_conf(link0, port0, 0, 1, &err), -EINVAL);
	assert_int_equal(link_get_ipv4_conf(link0, port0, 0, &value, &err), -EINVAL);
	assert_int_equal(link_set_ipv4_conf(link0, port0, 200, 1, &err), -EINVAL);
	assert_string_equal(err.text, "port0: can't set IPv4's setting 200: Invalid argument");
	assert_int_equal(link_get_ipv4_conf(link0, port0, 200, &value, &err), -EOPNOTSUPP);
	assert_int_equal(link_set_ipv4_conf(link0, port0, 70000, 1, &err), -EINVAL);
	assert_int_equal(link_get_ipv4_conf(link0, port0, UINT32_MAX, &value, &err), -EINVAL);
	/* Below an MTU of 68 a device has no IPv4. */
	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_int_equal(link_set_mtu(link0, lo.ifindex, 60, &err), 0);
	assert_int_equal(link_set_ipv4_conf(link0, lo.ifindex, IPV4_DEVCONF_RP_FILTER, 1, &err),
			 -EAFNOSUPPORT);
	assert_int_equal(link_get_ipv4_conf(link0, lo.ifindex, IPV4_DEVCONF_RP_FILTER, &value,
					    &err),
			 -EAFNOSUPPORT);
	assert_non_null(strstr(err.text, "lo: can't read IPv4's rp_filter (IPv4 is off there): "));
	SH("ip link set lo mtu %u down && ip link set lo up", lo.mtu);
	assert_int_equal(value, 7);
}

/* ---- addresses and routes of the mirror ---- */

static const char *const mirrored[] = {"192.0.2.1/32", "2001:db8::1/128"};

/* Since Linux 5.18 the kernel keeps who made an address, and says so of its own ::1. */
static bool keeps_proto(void)
{
	struct saved_addr a[MAX];
	struct link_info lo;
	unsigned n;

	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_int_equal(link_addrs(link0, lo.ifindex, a, MAX, &n, &err), 0);
	assert_int_equal(a[n - 1].addr.family, AF_INET6);
	return a[n - 1].proto != 0;
}

static void address_without_a_route(void **state)
{
	struct saved_addr a[MAX], made = {
					  .flags = IFA_F_NOPREFIXROUTE | IFA_F_NODAD,
					  .proto = OURS,
				  };
	unsigned n = 99;

	/* With and without NODAD, which only IPv6 keeps. */
	for (unsigned i = 0; i < 4; i++) {
		made.addr = addr(mirrored[i % 2]);
		made.flags = IFA_F_NOPREFIXROUTE | (i < 2 ? IFA_F_NODAD : 0);
		assert_int_equal(link_add_addr(link0, port0, &made, &err), 0);
		assert_int_equal(link_addrs(link0, port0, a, MAX, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_true(addr_equal(&a[0].addr, &made.addr));
		assert_true(a[0].flags & IFA_F_NOPREFIXROUTE);
		assert_int_equal(a[0].flags & ~IFA_F_NOPREFIXROUTE & ~IFA_F_PERMANENT,
				 i == 1 ? IFA_F_NODAD : 0);
		assert_int_equal(a[0].proto, keeps_proto() ? OURS : 0);
		SH("ip -d addr show dev port0 | grep -q noprefixroute");
		/* The local table has it, and in no other one is anything. */
		ASSERT_OUTPUT("",
			      "ip -%c route show table all dev port0 | grep -v 'table local' | "
			      "grep -v '^multicast '",
			      i % 2 ? '6' : '4');
		SH("ip -%c route show table local | grep -q 'local %.*s '", i % 2 ? '6' : '4',
		   (int)strcspn(mirrored[i % 2], "/"), mirrored[i % 2]);
		assert_int_equal(link_del_addr(link0, port0, &made, &err), 0);
	}
}

/* The same address on two devices, of which one has the subnet's route: that stays the only one. */
static void mirror_leaves_the_route(void **state)
{
	struct saved_addr made = {.flags = IFA_F_NOPREFIXROUTE, .proto = OURS};

	SH("ip addr add 192.0.2.1/24 dev team0; ip addr add 2001:db8::1/64 nodad dev team0");
	for (unsigned i = 0; i < 2; i++) {
		made.addr = addr(mirrored[i]);
		assert_int_equal(link_add_addr(link0, port0, &made, &err), 0);
	}
	SH("ip route get 192.0.2.9 | grep -q 'dev team0 '");
	SH("ip route get 2001:db8::9 | grep -q 'dev team0 '");
	ASSERT_OUTPUT("192.0.2.0/24 dev team0 proto kernel scope link src 192.0.2.1\n",
		      "ip -4 route | sed 's/ *$//'");
}

static void routes_by_every_part(void **state)
{
	static const struct {
		const char *to, *prefsrc, *shown;
	} each[] = {
		{"192.0.2.0/24", "192.0.2.1",
		 "192.0.2.0/24 dev port0 table 4711 proto 177 scope link src 192.0.2.1 metric "
		 "9999"},
		{"2001:db8::/64", "2001:db8::1",
		 "2001:db8::/64 dev port0 table 4711 proto 177 src 2001:db8::1 metric 9999"},
	};
	struct saved_route r[MAX], route = {
					   .table = 4711,
					   .metric = 9999,
					   .protocol = OURS,
					   .scope = RT_SCOPE_LINK,
					   .type = RTN_UNICAST,
				   };
	unsigned n;

	SH("ip addr add 192.0.2.1/32 noprefixroute dev port0;"
	   "ip addr add 2001:db8::1/128 nodad noprefixroute dev port0");
	for (unsigned i = 0; i < 2; i++) {
		char *text;

		route.to = addr(each[i].to);
		route.prefsrc = addr(each[i].prefsrc);
		assert_int_equal(link_add_route(link0, port0, &route, &err), 0);
		assert_int_equal(link_add_route(link0, port0, &route, &err), 0);
		text = sh_output("ip -%c route show table all | grep ' proto 177 '", i ? '6' : '4');
		assert_memory_equal(text, each[i].shown, strlen(each[i].shown));
		assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
		free(text);
		n = 99;
		assert_int_equal(link_routes(link0, port0, r, MAX, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_int_equal(r[0].table, 4711);
		assert_int_equal(r[0].metric, 9999);
		assert_int_equal(r[0].protocol, OURS);
		assert_true(addr_equal(&r[0].to, &route.to));
		assert_true(addr_equal(&r[0].prefsrc, &route.prefsrc));
		assert_int_equal(link_del_route(link0, port0, &route, &err), 0);
		assert_int_equal(link_del_route(link0, port0, &route, &err), -ESRCH);
	}
	/* A source that the host does not have. */
	route.to = addr("192.0.2.0/24");
	route.prefsrc = addr("203.0.113.1");
	assert_int_equal(link_add_route(link0, port0, &route, &err), -EINVAL);
}

/* ---- events ---- */

static unsigned n_links, n_addrs;

static void note(int kind, const struct link_info *info, void *arg)
{
	struct link_info only = {.ifindex = port0};

	if (info->ifindex != port0)
		return;
	n_links += kind == RTM_NEWLINK;
	if (kind != RTM_NEWADDR && kind != RTM_DELADDR)
		return;
	assert_memory_equal(info, &only, sizeof(only));
	n_addrs += kind == RTM_NEWADDR ? 1 : 100;
}

static void events(void **state)
{
	struct saved_addr made = {.addr = addr("192.0.2.1/32"), .flags = IFA_F_NOPREFIXROUTE};

	assert_int_equal(link_events_open(link0, &err), 0);
	link_events_read(link0, note, NULL);
	n_links = n_addrs = 0;
	assert_int_equal(link_add_addr(link0, port0, &made, &err), 0);
	link_events_read(link0, note, NULL);
	assert_int_equal(n_addrs, 1);
	assert_int_equal(link_del_addr(link0, port0, &made, &err), 0);
	link_events_read(link0, note, NULL);
	assert_int_equal(n_addrs, 101);
	n_links = 0;
	assert_int_equal(link_set_ipv4_conf(link0, port0, IPV4_DEVCONF_RP_FILTER, 2, &err), 0);
	link_events_read(link0, note, NULL);
	assert_int_equal(n_links, 1);
}

#define WITH_DEVICES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_devices)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DEVICES(vlan_never),
		WITH_DEVICES(vlan_or_why_not),
		WITH_DEVICES(settings_are_the_sysctls),
		WITH_DEVICES(settings_without_proc_sys),
		WITH_DEVICES(settings_refused),
		WITH_DEVICES(address_without_a_route),
		WITH_DEVICES(mirror_leaves_the_route),
		WITH_DEVICES(routes_by_every_part),
		WITH_DEVICES(events),
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
