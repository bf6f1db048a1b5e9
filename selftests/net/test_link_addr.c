// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_link_addr.c - io/link's addresses: given by ip(8), read, moved to another device and back; ip(8)
 * then says whether the first device is as it was.
 *
 *	[ port0 ]--veth--[ peer0 ]	[ team0 ]--veth--[ inner0 ]
 */
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <sys/socket.h>

#include "io/link.h"
#include "link_lab.h"

#define FOREVER UINT32_MAX
#define MAX 32

static struct saved_addr saved(const char *text)
{
	return (struct saved_addr){.addr = addr(text), .valid_s = FOREVER, .preferred_s = FOREVER};
}

static unsigned read_addrs(uint32_t ifindex, struct saved_addr addrs[MAX])
{
	unsigned n = 99;

	if (link_addrs(link0, ifindex, addrs, MAX, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

/* Addresses as ip(8) shows them, without index, flags of the device, and names. */
static char *shown(const char *device)
{
	return sh_output("ip -o addr show dev %s | sed -e 's/^[0-9]*: //' -e 's/%s/DEV/g'", device,
			 device);
}

static const struct saved_addr *find(const struct saved_addr *a, unsigned n, const char *text)
{
	struct addr want = addr(text);

	for (unsigned i = 0; i < n; i++) {
		if (addr_equal(&a[i].addr, &want))
			return &a[i];
	}
	fail_msg("no %s", text);
	return NULL;
}

static bool is(const struct addr *a, const char *text)
{
	struct addr want = addr(text);

	return addr_equal(a, &want);
}

static void one_of_each(void **state)
{
	const struct saved_addr *b;
	struct saved_addr a[MAX];
	unsigned n;

	SH("ip addr add 192.0.2.1/24 brd + metric 77 dev port0");
	SH("ip addr add 192.0.2.2/24 label port0:x dev port0");
	SH("ip addr add 198.51.100.1 peer 198.51.100.9/30 dev port0 scope link");
	SH("ip addr add 203.0.113.1/32 valid_lft 1000 preferred_lft 500 noprefixroute dev port0");
	SH("ip addr add 2001:db8::1/64 nodad dev port0");
	SH("ip addr add 2001:db8::2 peer 2001:db8:9::9/48 nodad metric 99 dev port0");
	SH("ip addr add fe80::77/64 valid_lft 2000 preferred_lft 0 noprefixroute nodad dev port0");
	n = read_addrs(port0, a);
	assert_int_equal(n, 7);

	b = find(a, n, "192.0.2.1/24");
	assert_true(is(&b->broadcast, "192.0.2.255"));
	assert_int_equal(b->peer.family, AF_UNSPEC);
	assert_int_equal(b->metric, 77);
	assert_string_equal(b->label, "");
	assert_int_equal(b->flags, IFA_F_PERMANENT);
	assert_int_equal(b->valid_s, FOREVER);
	assert_int_equal(b->preferred_s, FOREVER);
	assert_int_equal(b->scope, 0);
	b = find(a, n, "203.0.113.1/32");
	assert_in_range(b->valid_s, 990, 1000);
	assert_in_range(b->preferred_s, 490, 500);
	assert_true(b->flags & IFA_F_NOPREFIXROUTE);
	b = find(a, n, "198.51.100.1/30");
	assert_true(is(&b->peer, "198.51.100.9/30"));
	assert_int_equal(b->scope, 253);
	/* Behind the primary one of its net. */
	b = find(a, n, "192.0.2.2/24");
	assert_true(b > find(a, n, "192.0.2.1/24"));
	assert_string_equal(b->label, "port0:x");
	assert_true(b->flags & IFA_F_SECONDARY);

	b = find(a, n, "fe80::77/64");
	assert_in_range(b->valid_s, 1990, 2000);
	assert_int_equal(b->preferred_s, 0);
	assert_true(b->flags & IFA_F_NOPREFIXROUTE);
	b = find(a, n, "2001:db8::1/64");
	assert_int_equal(b->peer.family, AF_UNSPEC);
	b = find(a, n, "2001:db8::2/48");
	assert_true(is(&b->peer, "2001:db8:9::9/48"));
	assert_int_equal(b->metric, 99);
}

static void who_made_it(void **state)
{
	struct saved_addr a[MAX], made = {.valid_s = FOREVER, .preferred_s = FOREVER, .proto = 77};

	addr_parse("192.0.2.1/24", &made.addr);
	assert_int_equal(link_add_addr(link0, port0, &made, NULL), 0);
	assert_int_equal(read_addrs(port0, a), 1);
	/* Before Linux 5.18 the kernel keeps none. */
	if (!a[0].proto)
		skip();
	assert_int_equal(a[0].proto, 77);
}

static void there_and_back(void **state)
{
	char *before, *between, *after;
	struct saved_addr a[MAX];
	unsigned n;

	SH("ip addr add 192.0.2.1/24 brd + dev port0; ip addr add 192.0.2.2/24 dev port0;"
	   "ip addr add 192.0.2.3/24 dev port0; ip addr add 198.51.100.1/25 metric 5 dev port0;"
	   "ip addr add 203.0.113.1 peer 203.0.113.2/32 dev port0 noprefixroute;"
	   "for i in 1 2 3; do ip addr add 2001:db8::$i/64 dev port0; done;"
	   "ip addr add 2001:db8:1::1/64 nodad noprefixroute dev port0;"
	   "ip addr add fe80::77/64 dev port0; ip addr add fe80::78/64 dev port0");
	/* Duplicate address detection has to be over before it is said how things were. */
	SH("for i in $(seq 50); do ip -6 addr show dev port0 tentative | grep -q . || exit 0;"
	   "sleep 0.1; done; exit 1");
	before = shown("port0");
	n = read_addrs(port0, a);
	assert_int_equal(n, 11);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(link_add_addr(link0, team0, &a[i], &err), 0);
	between = shown("team0");
	for (unsigned i = 0; i < n; i++) {
		int ret = link_del_addr(link0, port0, &a[i], &err);

		/* Secondary addresses go with their primary one. */
		assert_true(ret == 0 || (ret == -EADDRNOTAVAIL && a[i].flags & IFA_F_SECONDARY));
	}
	after = shown("port0");
	assert_string_equal(after, "");
	free(after);
	assert_string_equal(between, before);

	n = read_addrs(team0, a);
	assert_int_equal(n, 11);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(link_add_addr(link0, port0, &a[i], &err), 0);
	after = shown("port0");
	assert_string_equal(after, before);
	free(before);
	free(between);
	free(after);
}

/* An address that was moved can be used in the next moment, and has no flag that it did not have. */
static void usable_at_once(void **state)
{
	struct saved_addr a = saved("2001:db8::5/64"), b[MAX];
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&sin6.sin6_addr, a.addr.byte, 16);
	assert_int_equal(link_add_addr(link0, team0, &a, &err), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)), 0);
	close(fd);
	assert_int_equal(read_addrs(team0, b), 1);
	assert_int_equal(b[0].flags, IFA_F_PERMANENT);
	/* Read-only flags of where it was don't come along. */
	a = saved("2001:db8::6/64");
	a.flags = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY |
		  IFA_F_NOPREFIXROUTE;
	assert_int_equal(link_add_addr(link0, team0, &a, &err), 0);
	assert_int_equal(read_addrs(team0, b), 2);
	assert_int_equal(b[1].flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	a.addr = addr("192.0.2.6/24");
	assert_int_equal(link_add_addr(link0, team0, &a, &err), 0);
	assert_int_equal(read_addrs(team0, b), 3);
	assert_int_equal(b[0].flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
}

static void replaced(void **state)
{
	struct saved_addr a = saved("192.0.2.1/24"), b = saved("2001:db8::1/64"), got[MAX];

	assert_int_equal(link_add_addr(link0, port0, &a, &err), 0);
	assert_int_equal(link_add_addr(link0, port0, &b, &err), 0);
	a.valid_s = b.valid_s = 600;
	a.preferred_s = b.preferred_s = 300;
	assert_int_equal(link_add_addr(link0, port0, &a, &err), 0);
	assert_int_equal(link_add_addr(link0, port0, &b, &err), 0);
	assert_int_equal(read_addrs(port0, got), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_in_range(got[i].valid_s, 590, 600);
		assert_in_range(got[i].preferred_s, 290, 300);
	}
	/* A lifetime of 0, which no address has, is none given. */
	a.valid_s = a.preferred_s = 0;
	assert_int_equal(link_add_addr(link0, port0, &a, &err), 0);
	read_addrs(port0, got);
	assert_int_equal(got[0].valid_s, FOREVER);
}

static void refused(void **state)
{
	struct saved_addr a[MAX], v4 = saved("192.0.2.1/24"), v6 = saved("2001:db8::1/64");
	struct saved_addr none = {0};
	unsigned n = 7;

	assert_int_equal(link_del_addr(link0, port0, &v4, &err), -EADDRNOTAVAIL);
	assert_int_equal(link_del_addr(link0, port0, &v6, &err), -EADDRNOTAVAIL);
	assert_memory_equal(err.text, "port0: can't delete address 2001:db8::1/64: Cannot", 50);
	assert_int_equal(link_add_addr(link0, 4711, &v4, &err), -ENODEV);
	assert_string_equal(err.text, "#4711: can't add address 192.0.2.1/24: the device is gone");
	assert_int_equal(link_addrs(link0, 4711, a, MAX, &n, &err), -ENODEV);
	assert_int_equal(n, 0);
	assert_int_equal(link_add_addr(link0, port0, &none, &err), -EINVAL);
	assert_int_equal(link_del_addr(link0, port0, &none, &err), -EINVAL);
	v4.addr.prefixlen = 77;
	assert_true(link_add_addr(link0, port0, &v4, &err) < 0);
}

static void ipv6_switched_off(void **state)
{
	struct saved_addr a[MAX], v4 = saved("192.0.2.1/24"), v6 = saved("2001:db8::1/64");

	assert_int_equal(link_add_addr(link0, port0, &v4, &err), 0);
	SH("sysctl -qw net.ipv6.conf.port0.disable_ipv6=1");
	assert_int_equal(link_add_addr(link0, port0, &v6, &err), -EACCES);
	assert_non_null(strstr(err.text, "IPv6 is disabled"));
	assert_int_equal(link_del_addr(link0, port0, &v6, &err), -EADDRNOTAVAIL);
	assert_int_equal(read_addrs(port0, a), 1);
	/* Below an MTU of 1280 the device has no IPv6 at all. */
	assert_int_equal(link_set_mtu(link0, port0, 1000, &err), 0);
	assert_int_equal(link_del_addr(link0, port0, &v6, &err), -EADDRNOTAVAIL);
	assert_int_equal(read_addrs(port0, a), 1);
}

/* Of one device among others with many, in several messages. */
static void many(void **state)
{
	struct saved_addr *a = calloc(600, sizeof(*a));
	unsigned n = 7;

	SH("for i in 0 1; do for j in $(seq 250); do echo addr add 10.0.$i.$j/32 dev port0;"
	   "echo addr add 10.1.$i.$j/32 dev team0; done; done | ip -batch -");
	SH("ip addr add 2001:db8::1/64 nodad dev port0");
	assert_int_equal(link_addrs(link0, port0, a, 500, &n, &err), -E2BIG);
	assert_string_equal(err.text, "port0: it holds more than 500 addresses");
	assert_int_equal(n, 0);
	assert_int_equal(link_addrs(link0, port0, a, 501, &n, &err), 0);
	assert_int_equal(n, 501);
	assert_int_equal(link_addrs(link0, port0, a, 32, &n, &err), -E2BIG);
	assert_int_equal(link_addrs(link0, port0, NULL, 0, &n, &err), -E2BIG);
	assert_int_equal(link_addrs(link0, team0, a, 600, &n, &err), 0);
	assert_int_equal(n, 500);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(a[i].addr.byte[1], 1);
	free(a);
}

#define WITH_DEVICES(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_devices)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DEVICES(one_of_each),    WITH_DEVICES(there_and_back),
		WITH_DEVICES(usable_at_once), WITH_DEVICES(replaced),
		WITH_DEVICES(refused),        WITH_DEVICES(ipv6_switched_off),
		WITH_DEVICES(many),           WITH_DEVICES(who_made_it),
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
