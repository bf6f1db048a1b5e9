// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_route.c - io/link's routes: made by ip(8), read, moved to another device and back; ip(8)
 * then says whether they are as they were.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

#define MAX 64

static bool is(const struct addr *a, const char *text)
{
	struct addr want = addr(text);

	return addr_equal(a, &want);
}

static struct saved_route via(const char *to, const char *gateway)
{
	return (struct saved_route){
		.to = addr(to),
		.via = addr(gateway),
		.table = RT_TABLE_MAIN,
		.protocol = RTPROT_STATIC,
		.type = RTN_UNICAST,
	};
}

static unsigned read_routes(uint32_t ifindex, struct saved_route routes[MAX])
{
	unsigned n = 99;

	if (link_routes(link0, ifindex, routes, MAX, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

static const struct saved_route *find(const struct saved_route *r, unsigned n, const char *to,
				      uint32_t metric)
{
	for (unsigned i = 0; i < n; i++) {
		if (is(&r[i].to, to) && r[i].metric == metric)
			return &r[i];
	}
	fail_msg("no %s metric %u", to, metric);
	return NULL;
}

/* Routes as ip(8) shows them, without those of the kernel's own, and without names. */
static char *shown(const char *device)
{
	return sh_output("for f in -4 -6; do ip $f route show table all dev %s | "
			 "grep -v 'proto kernel' | sed -e 's/%s/DEV/g' | sort; done",
			 device, device);
}

static void address_routes_are_the_kernels(void **state)
{
	struct saved_route r[MAX];

	SH("ip addr add 192.0.2.1/24 dev port0; ip addr add 2001:db8::1/64 nodad dev port0");
	assert_int_equal(read_routes(port0, r), 0);
}

static void one_of_each(void **state)
{
	const struct saved_route *b;
	struct saved_route r[MAX];
	unsigned n;

	SH("ip addr add 192.0.2.1/24 dev port0; ip addr add 2001:db8::1/64 nodad dev port0");
	SH("ip route add default via 192.0.2.254 dev port0 proto dhcp src 192.0.2.1 metric 100");
	SH("ip route add 198.51.100.0/24 dev port0 scope link proto static mtu 1400");
	SH("ip route add 203.0.113.0/24 via 10.9.9.9 dev port0 onlink table 1000");
	SH("ip route add 203.0.113.0/24 tos 0x10 via 192.0.2.3 dev port0");
	SH("ip route add 10.0.0.0/8 via inet6 fe80::9 dev port0");
	SH("ip -6 route add default via fe80::1 dev port0 proto ra metric 1024");
	SH("ip -6 route add 2001:db8:5::/48 dev port0 metric 7 src 2001:db8::1");
	/* None of these is port0's to give. */
	SH("ip route add blackhole 10.66.0.0/16; ip route add 10.77.0.0/16 dev team0");
	SH("ip -6 route add unreachable 2001:db8:66::/48");
	n = read_routes(port0, r);
	assert_int_equal(n, 7);

	b = find(r, n, "0.0.0.0/0", 100);
	assert_true(is(&b->via, "192.0.2.254"));
	assert_true(is(&b->prefsrc, "192.0.2.1"));
	assert_int_equal(b->protocol, 16);
	assert_int_equal(b->table, RT_TABLE_MAIN);
	assert_int_equal(b->scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(b->type, RTN_UNICAST);
	assert_int_equal(b->flags, 0);
	b = find(r, n, "198.51.100.0/24", 0);
	assert_int_equal(b->scope, RT_SCOPE_LINK);
	assert_int_equal(b->mtu, 1400);
	assert_int_equal(b->via.family, AF_UNSPEC);
	b = find(r, n, "10.0.0.0/8", 0);
	assert_true(is(&b->via, "fe80::9"));
	b = find(r, n, "::/0", 1024);
	assert_true(is(&b->via, "fe80::1"));
	assert_int_equal(b->protocol, RTPROT_RA);
	b = find(r, n, "2001:db8:5::/48", 7);
	assert_true(is(&b->prefsrc, "2001:db8::1"));
	for (unsigned i = 0; i < n; i++) {
		/* Those without a gateway come first, to be there for the others. */
		assert_int_equal(r[i].via.family == AF_UNSPEC, i < 2);
		assert_int_equal(r[i].flags, r[i].table == 1000 ? RTNH_F_ONLINK : 0);
		assert_int_equal(r[i].tos, is(&r[i].via, "192.0.2.3") ? 0x10 : 0);
	}
	SH("ip route del blackhole 10.66.0.0/16; ip -6 route del unreachable 2001:db8:66::/48");
}

static void take_from(uint32_t ifindex, const struct saved_route *r, unsigned n)
{
	for (unsigned i = n; i--;) {
		int ret = link_del_route(link0, ifindex, &r[i], &err);

		/* An IPv4 route of the same key on the other device took its place. */
		if (ret && (ret != -ESRCH || r[i].to.family != AF_INET))
			fail_msg("%s", err.text);
	}
}

static void move(uint32_t from, uint32_t to, unsigned want)
{
	struct saved_route r[MAX];
	unsigned n = read_routes(from, r);

	assert_int_equal(n, want);
	for (unsigned i = 0; i < n; i++) {
		if (link_add_route(link0, to, &r[i], &err))
			fail_msg("%s", err.text);
	}
	take_from(from, r, n);
	assert_int_equal(read_routes(from, r), 0);
}

static void there_and_back(void **state)
{
	char *before, *between, *after;

	SH("for d in port0 team0; do ip addr add 192.0.2.1/32 dev $d; "
	   "ip addr add 2001:db8::1/128 nodad dev $d; done");
	/* A gateway that is reached by a route of its own, as DHCP servers of clouds give out. */
	SH("ip route add 10.0.0.1 dev port0 scope link proto dhcp src 192.0.2.1 metric 100;"
	   "ip route add default via 10.0.0.1 dev port0 proto dhcp src 192.0.2.1 metric 100;"
	   "ip route add default via 10.0.0.1 dev port0 metric 200 mtu 1300;"
	   "ip route add 198.51.100.0/24 via 10.7.7.7 dev port0 onlink proto static;"
	   "ip route add 203.0.113.0/24 dev port0 table 77 scope link;"
	   "ip route add 10.1.0.0/16 via inet6 fe80::9 dev port0;"
	   "ip route add 10.2.0.0/16 tos 0x10 via 10.0.0.1 dev port0");
	SH("ip -6 route add default via fe80::1 dev port0 proto ra metric 1024 mtu 1400;"
	   "ip -6 route add default via fe80::1 dev port0 metric 2048 src 2001:db8::1;"
	   "ip -6 route add 2001:db8:1::/48 dev port0 proto static;"
	   "ip -6 route add 2001:db8:2::/48 via 2001:db8:1::9 dev port0;"
	   "ip -6 route add 2001:db8:3::/48 via fe80::2 dev port0 table 77");
	before = shown("port0");
	move(port0, team0, 12);
	after = shown("port0");
	between = shown("team0");
	assert_string_equal(after, "");
	assert_string_equal(between, before);
	free(after);
	move(team0, port0, 12);
	after = shown("port0");
	assert_string_equal(after, before);
	free(before);
	free(between);
	free(after);
}

static void ipv4_is_replaced(void **state)
{
	struct saved_route r[MAX], a = via("10.5.0.0/16", "192.0.2.254");

	SH("for d in port0 team0; do ip addr add 192.0.2.1/24 dev $d; done");
	assert_int_equal(link_add_route(link0, port0, &a, &err), 0);
	a.mtu = 1400;
	assert_int_equal(link_add_route(link0, port0, &a, &err), 0);
	assert_int_equal(read_routes(port0, r), 1);
	assert_int_equal(r[0].mtu, 1400);
	assert_int_equal(link_add_route(link0, team0, &a, &err), 0);
	assert_int_equal(read_routes(port0, r), 0);
	assert_int_equal(read_routes(team0, r), 1);
	assert_int_equal(link_del_route(link0, port0, &a, &err), -ESRCH);
	assert_string_equal(err.text, "port0: can't delete route to 10.5.0.0/16 via 192.0.2.254: "
				      "No such process");
	assert_int_equal(link_del_route(link0, team0, &a, &err), 0);
}

/* Two routers on one LAN that each advertise themselves: neither displaces the other. */
static void ipv6_routers_stay(void **state)
{
	struct saved_route r[MAX], a = via("::/0", "fe80::1"), b = via("::/0", "fe80::2");

	a.metric = b.metric = 1024;
	assert_int_equal(link_add_route(link0, port0, &a, &err), 0);
	assert_int_equal(link_add_route(link0, port0, &b, &err), 0);
	assert_int_equal(link_add_route(link0, port0, &b, &err), 0);
	SH("[ $(ip -6 route show default dev port0 | grep -c fe80::) = 2 ] ||"
	   "[ $(ip -6 route show default | grep -c 'nexthop via fe80::') = 2 ]");
	assert_int_equal(link_del_route(link0, port0, &a, &err), 0);
	assert_int_equal(read_routes(port0, r), 1);
	assert_true(is(&r[0].via, "fe80::2"));
	assert_int_equal(link_del_route(link0, port0, &b, &err), 0);
	assert_int_equal(link_del_route(link0, port0, &b, &err), -ESRCH);
}

static void several_next_hops(void **state)
{
	struct saved_route r[MAX];
	struct link_info other;
	unsigned n = 7;

	SH("ip addr add 192.0.2.1/24 dev port0; ip addr add 198.51.100.1/24 dev team0;"
	   "ip link add other0 type veth peer name other1; ip link set other0 up;"
	   "ip link set other1 up; ip addr add 203.0.113.1/24 dev other0");
	SH("ip route add default nexthop via 192.0.2.9 dev port0 nexthop via 198.51.100.9 dev "
	   "team0");
	assert_int_equal(link_routes(link0, team0, r, MAX, &n, &err), -EMULTIHOP);
	assert_string_equal(err.text, "team0: can't take over the route to default: it has several "
				      "next hops; delete it first");
	assert_int_equal(n, 0);
	assert_int_equal(link_routes(link0, port0, r, MAX, &n, &err), -EMULTIHOP);
	SH("ip route del default; ip -6 route add 2001:db8::/32 nexthop via fe80::1 dev port0 "
	   "nexthop via fe80::2 dev team0");
	assert_int_equal(link_routes(link0, team0, r, MAX, &n, &err), -EMULTIHOP);
	assert_non_null(strstr(err.text, "2001:db8::/32"));
	/* Other devices' are no concern. */
	SH("ip route add default nexthop via 192.0.2.9 dev port0 nexthop via 198.51.100.9 dev "
	   "team0;"
	   "ip route add 10.0.0.0/8 via 203.0.113.9 dev other0");
	n = 7;
	assert_int_equal(link_routes(link0, 4711, r, MAX, &n, &err), -ENODEV);
	assert_int_equal(n, 0);
	assert_int_equal(link_get(link0, "other0", &other, &err), 0);
	assert_int_equal(read_routes(other.ifindex, r), 1);
	SH("ip link del other0");
}

/* A next hop object without the attributes for those who don't know such. */
static void next_hop_object(void **state)
{
	struct saved_route r[MAX];
	unsigned n = 7;

	SH("ip addr add 192.0.2.1/24 dev port0");
	if (sh("ip nexthop add id 9 via 192.0.2.9 dev port0 2>/dev/null && "
	       "ip route add 10.0.0.0/8 nhid 9"))
		skip();
	assert_int_equal(read_routes(port0, r), 1);
	assert_true(is(&r[0].via, "192.0.2.9"));
	SH("sysctl -qw net.ipv4.nexthop_compat_mode=0");
	assert_int_equal(link_routes(link0, port0, r, MAX, &n, &err), -EMULTIHOP);
	assert_int_equal(read_routes(team0, r), 0);
	SH("sysctl -qw net.ipv4.nexthop_compat_mode=1; ip nexthop flush >/dev/null 2>&1");
}

static void not_movable(void **state)
{
	struct saved_route r[MAX];
	unsigned n = 7;

	SH("ip addr add 192.0.2.1/24 dev port0");
	if (!sh("ip route add 10.0.0.0/8 encap ip id 7 dst 192.0.2.7 dev port0 2>/dev/null")) {
		assert_int_equal(link_routes(link0, port0, r, MAX, &n, &err), -EOPNOTSUPP);
		assert_non_null(strstr(err.text, "10.0.0.0/8"));
		SH("ip route del 10.0.0.0/8");
	}
	if (!sh("ip -6 route add 2001:db8::/32 from 2001:db8:1::/48 dev port0 2>/dev/null"))
		assert_int_equal(link_routes(link0, port0, r, MAX, &n, &err), -EOPNOTSUPP);
	else
		print_message("# no source-specific routes in this kernel\n");
}

static void many(void **state)
{
	struct saved_route *r = calloc(700, sizeof(*r));
	unsigned n = 7;

	SH("for i in $(seq 300); do echo route add 10.$((i / 256)).$((i %% 256)).0/24 dev port0;"
	   "echo route add 11.$((i / 256)).$((i %% 256)).0/24 dev team0; done | ip -batch -");
	SH("for i in $(seq 300); do echo route add 2001:db8:$i::/48 dev port0; done | ip -6 -batch "
	   "-");
	assert_int_equal(link_routes(link0, port0, r, 64, &n, &err), -E2BIG);
	assert_string_equal(err.text, "port0: can't take over its routes: there are more than 64");
	assert_int_equal(n, 0);
	assert_int_equal(link_routes(link0, port0, r, 599, &n, &err), -E2BIG);
	assert_int_equal(link_routes(link0, port0, r, 700, &n, &err), 0);
	assert_int_equal(n, 600);
	free(r);
}

static void refused(void **state)
{
	struct saved_route a = via("10.0.0.0/8", "203.0.113.9"), none = {0};

	assert_int_equal(link_add_route(link0, port0, &a, &err), -ENETUNREACH);
	assert_memory_equal(err.text, "port0: can't add route to 10.0.0.0/8 via 203.0.113.9: Net",
			    57);
	assert_int_equal(link_add_route(link0, port0, &none, &err), -EINVAL);
	assert_int_equal(link_del_route(link0, port0, &none, &err), -EINVAL);
	a.via.family = AF_UNSPEC;
	assert_int_equal(link_add_route(link0, 4711, &a, &err), -ENODEV);
	a = via("::/0", "fe80::1");
	assert_int_equal(link_set_up(link0, port0, false, &err), 0);
	assert_int_equal(link_add_route(link0, port0, &a, &err), -ENETDOWN);
}

#define WITH_DEVICES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_devices)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DEVICES(address_routes_are_the_kernels),
		WITH_DEVICES(one_of_each),
		WITH_DEVICES(there_and_back),
		WITH_DEVICES(ipv4_is_replaced),
		WITH_DEVICES(ipv6_routers_stay),
		WITH_DEVICES(several_next_hops),
		WITH_DEVICES(next_hop_object),
		WITH_DEVICES(not_movable),
		WITH_DEVICES(many),
		WITH_DEVICES(refused),
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
