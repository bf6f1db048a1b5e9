// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_rdma.c - of io/link what the RDMA system's vport needs: routing rules, VLAN devices, IPv4
 * settings, addresses without a route, routes in other tables; ip(8) and /proc/sys as a second opinion.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

#define MAX 32
#define OURS 177
#define OTHERS 178

#define ASSERT_OUTPUT(want, ...)                      \
	do {                                          \
		char *text_ = sh_output(__VA_ARGS__); \
                                                      \
		assert_string_equal(text_, want);     \
		free(text_);                          \
	} while (0)

/* ---- routing rules ---- */

/* Those of the two makers, as ip(8) shows them. */
#define RULES "ip -%c rule show | grep 'proto 17[78]$' | tr '\t' ' '"

static struct link_rule rule(const char *to, uint32_t priority, uint8_t ipproto)
{
	struct link_rule ret = {
		.family = AF_INET,
		.priority = priority,
		.table = 1000,
		.ipproto = ipproto,
		.protocol = OURS,
	};

	if (to) {
		ret.to = addr(to);
		ret.family = ret.to.family;
	}
	return ret;
}

static int remove_rules(void **state)
{
	return sh("for f in 4 6; do for p in %u %u; do ip -$f rule flush protocol $p; done; done",
		  OURS, OTHERS);
}

static void add(const struct link_rule *r)
{
	if (link_add_rule(link0, r, &err))
		fail_msg("%s", err.text);
}

static void rules_as_asked(void **state)
{
	struct link_rule a = rule("192.0.2.0/24", 100, IPPROTO_TCP), b = rule(NULL, 101, 0);
	struct link_rule c = rule("2001:db8::/64", 100, IPPROTO_ICMPV6), d = rule("::/0", 101, 0);

	b.table = RT_TABLE_MAIN;
	add(&a);
	add(&b);
	add(&c);
	add(&d);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		      "101: from all lookup main proto 177\n",
		      RULES, '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 ipproto ipv6-icmp lookup 1000 proto 177\n"
		      "101: from all lookup 1000 proto 177\n",
		      RULES, '6');
	assert_int_equal(link_del_rule(link0, &a, &err), 0);
	assert_int_equal(link_del_rule(link0, &d, &err), 0);
	ASSERT_OUTPUT("101: from all lookup main proto 177\n", RULES, '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 ipproto ipv6-icmp lookup 1000 proto 177\n",
		      RULES, '6');
}

static void rules_are_not_doubled(void **state)
{
	struct link_rule a = rule("192.0.2.0/24", 100, IPPROTO_TCP), b = rule("192.0.2.7/24", 0, 0);
	struct link_rule c = rule("2001:db8::/64", 100, 0),
			 d = rule("2001:db8::1:0:0:1/64", 100, 0);
	const struct link_rule *each[] = {&a, &b, &c, &d};

	b.priority = 100;
	b.ipproto = IPPROTO_TCP;
	for (unsigned i = 0; i < 3 * 4; i++)
		add(each[i % 4]);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n", RULES,
		      '4');
	ASSERT_OUTPUT("100: from all to 2001:db8::/64 lookup 1000 proto 177\n", RULES, '6');
	assert_int_equal(link_del_rule(link0, &b, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
}

/* For NLM_F_EXCL the kernel takes a rule to any address for the same as one to some address. */
static void rule_to_any_beside_a_particular_one(void **state)
{
	struct link_rule some = rule("192.0.2.0/24", 100, IPPROTO_TCP);
	struct link_rule any = rule(NULL, 100, IPPROTO_TCP);

	add(&some);
	add(&any);
	add(&any);
	add(&some);
	ASSERT_OUTPUT("100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		      "100: from all ipproto tcp lookup 1000 proto 177\n",
		      RULES, '4');
	/* And it would delete the wrong one. */
	assert_int_equal(link_del_rule(link0, &any, &err), -EBUSY);
	assert_string_equal(err.text, "IPv4 rule 100: can't delete it (to any address, IP protocol "
				      "6, table 1000): Device or resource busy");
	assert_int_equal(link_del_rule(link0, &some, &err), 0);
	ASSERT_OUTPUT("100: from all ipproto tcp lookup 1000 proto 177\n", RULES, '4');
	assert_int_equal(link_del_rule(link0, &any, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
}

/* What differs in one thing, or has more to it, is another rule: added beside, and not deleted. */
static void other_rules_are_left_alone(void **state)
{
	static const char others[] =
		"99: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 178\n"
		"100: from all to 192.0.2.0/25 ipproto tcp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto udp lookup 1000 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp lookup 1001 proto 177\n"
		"100: from all to 192.0.2.0/24 ipproto tcp unreachable proto 177\n";
	struct link_rule r = rule("192.0.2.0/24", 100, IPPROTO_TCP), any = rule(NULL, 100, 0);
	char *text;

	SH("ip rule add pref 99 to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp lookup 1000 proto 178 && "
	   "ip rule add pref 100 to 192.0.2.0/25 ipproto tcp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto udp lookup 1000 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp lookup 1001 proto 177 && "
	   "ip rule add pref 100 to 192.0.2.0/24 ipproto tcp unreachable proto 177");
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	assert_int_equal(link_del_rule(link0, &any, &err), -ENOENT);
	ASSERT_OUTPUT(others, RULES, '4');
	add(&r);
	text = sh_output(RULES, '4');
	assert_memory_equal(text, others, sizeof(others) - 1);
	assert_string_equal(text + sizeof(others) - 1,
			    "100: from all to 192.0.2.0/24 ipproto tcp lookup 1000 proto 177\n");
	free(text);
	assert_int_equal(link_del_rule(link0, &r, &err), 0);
	ASSERT_OUTPUT(others, RULES, '4');
	/* The kernel would take this one, before ours. */
	SH("ip rule add pref 100 from 10.0.0.0/8 to 192.0.2.0/24 ipproto tcp lookup 1000 proto "
	   "177");
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	add(&r);
	assert_int_equal(link_del_rule(link0, &r, &err), -EBUSY);
}

static void rules_of_a_maker(void **state)
{
	struct link_rule r;

	for (unsigned i = 0; i < 50; i++) {
		r = rule(i % 2 ? "192.0.2.1/32" : "2001:db8::1/128", 100 + i / 10, 1 + i);
		add(&r);
	}
	SH("ip rule add pref 99 lookup 1 proto 177; ip rule add pref 105 lookup 1 proto 177;"
	   "ip -6 rule add pref 99 lookup 1 proto 177; ip -6 rule add pref 105 lookup 1 proto 177");
	SH("ip rule add pref 102 lookup 2 proto 178; ip -6 rule add pref 102 lookup 2 proto 178");
	/* Whatever a rule of that maker does. */
	SH("ip rule add pref 100 to 192.0.2.2 unreachable proto 177;"
	   "ip rule add pref 101 from 10.0.0.0/8 iif port0 fwmark 7 tos 8 lookup main proto 177;"
	   "ip rule add pref 103 goto 105 proto 177;"
	   "ip rule add not pref 104 to 192.0.2.3 lookup main suppress_prefixlength 0 proto 177;"
	   "ip rule add pref 104 uidrange 1-7 sport 7-9 lookup main proto 177");
	assert_int_equal(link_del_rules(link0, OURS, 100, 104, &err), 0);
	ASSERT_OUTPUT("99: from all lookup 1 proto 177\n"
		      "102: from all lookup 2 proto 178\n"
		      "105: from all lookup 1 proto 177\n",
		      RULES, '4');
	ASSERT_OUTPUT("99: from all lookup 1 proto 177\n"
		      "102: from all lookup 2 proto 178\n"
		      "105: from all lookup 1 proto 177\n",
		      RULES, '6');
	assert_int_equal(link_del_rules(link0, OURS, 100, 104, &err), 0);
	assert_int_equal(link_del_rules(link0, OURS, 104, 100, &err), 0);
	assert_int_equal(link_del_rules(link0, OURS, 0, UINT32_MAX, &err), 0);
	assert_int_equal(link_del_rules(link0, OTHERS, 102, 102, &err), 0);
	ASSERT_OUTPUT("", RULES, '4');
	ASSERT_OUTPUT("", RULES, '6');
}

static void rules_refused(void **state)
{
	struct link_rule r = rule("192.0.2.0/24", 100, 0), bad;
	const struct link_rule bads[] = {
		{.family = AF_UNSPEC, .table = 7, .protocol = OURS},
		{.family = AF_UNIX, .table = 7, .protocol = OURS},
		{.family = AF_INET, .table = 0, .protocol = OURS},
		{.family = AF_INET, .table = 7, .protocol = 0},
		{.family = AF_INET6, .table = 7, .protocol = OURS, .to = r.to},
		{.family = AF_INET, .table = 7, .protocol = OURS, .to = {AF_INET, 33, {0}}},
		{.family = AF_INET, .table = 7, .protocol = OURS, .to = {AF_UNIX, 8, {0}}},
	};

	for (unsigned i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		assert_int_equal(link_add_rule(link0, &bads[i], &err), -EINVAL);
		assert_int_equal(link_del_rule(link0, &bads[i], &err), -EINVAL);
	}
	ASSERT_OUTPUT("", RULES, '4');
	assert_int_equal(link_del_rule(link0, &r, &err), -ENOENT);
	assert_string_equal(err.text,
			    "IPv4 rule 100: can't delete it (to 192.0.2.0/24, IP protocol "
			    "0, table 1000): No such file or directory");
	assert_int_equal(link_del_rule(link0, &r, NULL), -ENOENT);
	/* All of the kernel's own would go, else. */
	assert_int_equal(link_del_rules(link0, 0, 0, UINT32_MAX, &err), -EINVAL);
	assert_string_equal(err.text, "IP rules: can't delete those of protocol 0, priorities 0 to "
				      "4294967295: Invalid argument");
	ASSERT_OUTPUT("3\n", "ip rule | wc -l");
	bad = rule("::/0", 7, 0);
	bad.family = AF_INET;
	assert_int_equal(link_add_rule(link0, &bad, &err), -EINVAL);
}

static void rules_steer(void **state)
{
	struct link_rule r = rule("192.0.2.0/24", 100, IPPROTO_TCP);
	struct saved_route route = {
		.to = addr("192.0.2.0/24"),
		.table = 1000,
		.protocol = OURS,
		.scope = RT_SCOPE_LINK,
		.type = RTN_UNICAST,
	};

	SH("ip addr add 192.0.2.1/24 dev port0");
	assert_int_equal(link_add_route(link0, team0, &route, &err), 0);
	add(&r);
	SH("ip route get 192.0.2.9 ipproto tcp | grep -q 'dev team0 table 1000 '");
	SH("ip route get 192.0.2.9 ipproto udp | grep -q 'dev port0 '");
	SH("ip route get 192.0.2.9 | grep -q 'dev port0 '");
}

/* ---- VLAN devices ---- */

static bool have_vlans(void)
{
	if (sh("ip link add link port0 name probe0 type vlan id 4000 2>/dev/null"))
		return false;
	return sh("ip link del probe0") == 0;
}

static void need_vlans(void)
{
	if (have_vlans())
		return;
	print_message("# this kernel has no 8021q\n");
	skip();
}

static void vlan_device(void **state)
{
	struct link_info a, b, lower;

	need_vlans();
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), -ENODEV);
	assert_string_equal(err.text, "port0: there is no device of VLAN 5 on it");
	assert_int_equal(link_set_mtu(link0, port0, 1400, &err), 0);
	if (link_create_vlan(link0, port0, "other5", 5, &err))
		fail_msg("%s", err.text);
	assert_int_equal(link_create_vlan(link0, team0, "port0.5", 5, &err), 0);
	assert_int_equal(link_create_vlan(link0, port0, "port0.4094", 4094, &err), 0);
	/* One of 802.1ad is another's. */
	SH("ip link add link port0 name ad0 type vlan protocol 802.1ad id 6");
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), 0);
	assert_string_equal(a.name, "other5");
	assert_string_equal(a.kind, "vlan");
	assert_int_equal(a.lower, port0);
	assert_int_equal(a.mtu, 1400);
	assert_false(a.flags & IFF_UP);
	assert_int_equal(link_get_index(link0, port0, &lower, &err), 0);
	assert_true(mac_equal(&a.mac, &lower.mac));
	assert_int_equal(link_find_vlan(link0, team0, 5, &b, &err), 0);
	assert_string_equal(b.name, "port0.5");
	assert_int_equal(link_find_vlan(link0, port0, 6, &a, &err), -ENODEV);
	assert_int_equal(link_find_vlan(link0, port0, 4094, &a, &err), 0);
	assert_int_equal(link_find_vlan(link0, b.ifindex, 5, &a, &err), -ENODEV);
	SH("ip -d link show other5 | grep -q 'vlan protocol 802.1Q id 5 '");
	assert_int_equal(link_delete(link0, b.ifindex, &err), 0);
	assert_int_equal(link_find_vlan(link0, team0, 5, &b, &err), -ENODEV);
}

static void vlan_refused(void **state)
{
	struct link_info lo, a;

	need_vlans();
	assert_int_equal(link_create_vlan(link0, port0, "port0.5", 5, &err), 0);
	assert_int_equal(link_create_vlan(link0, port0, "port0.5", 6, &err), -EEXIST);
	assert_string_equal(err.text, "port0.5: can't create it for VLAN 6: a device of that name "
				      "exists");
	assert_int_equal(link_create_vlan(link0, port0, "other5", 5, &err), -EEXIST);
	assert_string_equal(err.text, "other5: can't create it for VLAN 5: that VLAN has a device "
				      "there already");
	assert_int_equal(link_get(link0, "other5", &a, &err), -ENODEV);
	assert_int_equal(link_create_vlan(link0, 4711, "other5", 5, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: can't create other5 for VLAN 5 on it: the device is "
				      "gone");
	/* Not the same as no 8021q. */
	assert_int_equal(link_get(link0, "lo", &lo, &err), 0);
	assert_int_equal(link_create_vlan(link0, lo.ifindex, "lo.5", 5, &err), -EOPNOTSUPP);
	assert_memory_equal(err.text, "lo: can't create lo.5 for VLAN 5 on it: Operation not", 53);
	assert_null(strstr(err.text, "module 8021q"));
}

/* Of a lower device in another namespace the index counts there. */
static void vlan_of_elsewhere(void **state)
{
	pid_t other = netns_hold();
	struct link_info a;

	if (!have_vlans()) {
		netns_release(other);
		need_vlans();
	}
	SH("nsenter -t %d -n ip link add away0 index %u type veth peer name away1 && "
	   "nsenter -t %d -n ip link add link away0 name away0.5 type vlan id 5 && "
	   "nsenter -t %d -n ip link set away0.5 netns %d",
	   other, port0, other, other, getpid());
	assert_int_equal(link_get(link0, "away0.5", &a, &err), 0);
	assert_int_equal(link_find_vlan(link0, port0, 5, &a, &err), -ENODEV);
	netns_release(other);
}

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

static void kernel_without_vlans(void **state)
{
	if (have_vlans()) {
		print_message("# this kernel has 8021q\n");
		skip();
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
	assert_int_equal(link_set_mtu(link0, lo.ifindex, lo.mtu, &err), 0);
	assert_int_equal(value, 7);
}

/* ---- addresses and routes of the mirror ---- */

static const char *const mirrored[] = {"192.0.2.1/32", "2001:db8::1/128"};

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
		/* Before Linux 5.18 the kernel keeps none. */
		assert_true(a[0].proto == OURS || a[0].proto == 0);
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
#define WITH_RULES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_both)

static int remove_both(void **state)
{
	return remove_rules(state) || remove_devices(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RULES(rules_as_asked),
		WITH_RULES(rules_are_not_doubled),
		WITH_RULES(rule_to_any_beside_a_particular_one),
		WITH_RULES(other_rules_are_left_alone),
		WITH_RULES(rules_of_a_maker),
		WITH_RULES(rules_refused),
		WITH_RULES(rules_steer),
		WITH_DEVICES(vlan_device),
		WITH_DEVICES(vlan_refused),
		WITH_DEVICES(vlan_of_elsewhere),
		WITH_DEVICES(vlan_never),
		WITH_DEVICES(kernel_without_vlans),
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
