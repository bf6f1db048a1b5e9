// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_config_diff.c - core/config_diff.c: every change is told, and nothing that is none. */
#include "unit.h"
#include "core/config.h"

static struct config from, to;
static char lines[8192];

static void collect(const char *line, void *arg)
{
	assert_ptr_equal(arg, lines);
	assert_null(strchr(line, '\n'));
	strcat(lines, line);
	strcat(lines, "\n");
}

static void parse(const char *text, struct config *config)
{
	struct err err = {""};

	if (config_parse(text, strlen(text), "t", config, &err))
		fail_msg("%s", err.text);
}

static void expect(const char *a, const char *b, int count, const char *want)
{
	parse(a, &from);
	parse(b, &to);
	lines[0] = '\0';
	assert_int_equal(config_diff(&from, &to, collect, lines), count);
	assert_string_equal(lines, want);
	assert_int_equal(config_diff(&from, &to, NULL, NULL), count);
}

#define BASE "team: t\nports: [{name: eth0}, {name: eth1}]\n"

static void test_same(void **state)
{
	expect(BASE, BASE, 0, "");
	expect(BASE, BASE "mode: active-backup\nnum_peer_notif: 1\ndetect: {poll_ms: 5}\n", 0, "");
}

static void test_scalars(void **state)
{
	expect(BASE, BASE "mode: balance-xor\nhash: layer2\n", 2,
	       "mode: active-backup -> balance-xor\nhash: layer3+4 -> layer2\n");
	expect(BASE,
	       BASE "rx: direct\nmac: 02:00:00:00:00:01\nmtu: 9000\nprimary: eth1\nxdp: true\n", 5,
	       "rx: redirect -> direct\n"
	       "mac: automatic -> 02:00:00:00:00:01\nmtu: automatic -> 9000\n"
	       "primary: none -> eth1\nxdp: false -> true\n");
	expect(BASE "mac: 02:00:00:00:00:01\nmtu: 9000\nprimary: eth1\n", BASE, 3,
	       "mac: 02:00:00:00:00:01 -> automatic\nmtu: 9000 -> automatic\n"
	       "primary: eth1 -> none\n");
	expect(BASE, BASE "detect: {method: poll, updelay_ms: 0}\nnum_peer_notif: 0\n", 3,
	       "detect.method: auto -> poll\ndetect.updelay_ms: 1000 -> 0\n"
	       "num_peer_notif: 1 -> 0\n");
}

static void test_ports(void **state)
{
	expect(BASE, "team: t\nports: [{name: eth0, weight: 4, priority: -1}, {name: eth2}]\n", 4,
	       "port eth1: removed\nport eth0: weight: 1 -> 4\nport eth0: priority: 0 -> -1\n"
	       "port eth2: added\n");
	expect(BASE, "team: t\nports: [{name: eth0, drain: true}, {name: eth1, disable: yes}]\n", 2,
	       "port eth0: drain: false -> true\nport eth1: disable: false -> true\n");
}

static void test_port_order(void **state)
{
	expect(BASE, "team: t\nports: [{name: eth1}, {name: eth0}]\n", 1,
	       "ports: order eth0, eth1 -> eth1, eth0\n");
	expect("team: t\nports: [{name: a}, {name: b}, {name: c}]\n",
	       "team: t\nports: [{name: d}, {name: a}, {name: c}]\n", 2,
	       "port b: removed\nport d: added\n");
}

static void test_addresses(void **state)
{
	expect(BASE "addresses: [192.0.2.1/24, '2001:db8::1/64']\n",
	       BASE "addresses: ['2001:db8::1/64', 192.0.2.1/25]\n", 2,
	       "address 192.0.2.1/24: removed\naddress 192.0.2.1/25: added\n");
	expect(BASE "addresses: [192.0.2.1/24, 192.0.2.2/24]\n",
	       BASE "addresses: [192.0.2.2/24, 192.0.2.1/24]\n", 0, "");
}

static void test_routes(void **state)
{
	expect(BASE "routes: [{to: default, via: 192.0.2.1}]\n",
	       BASE "routes: [{to: default, via: 192.0.2.1, metric: 7}, {to: 10.0.0.0/8}]\n", 3,
	       "route default via 192.0.2.1: removed\n"
	       "route default via 192.0.2.1 metric 7: added\nroute 10.0.0.0/8: added\n");
}

static void test_arp(void **state)
{
	expect(BASE, BASE "arp_interval_ms: 50\narp_ip_target: [192.0.2.1]\narp_validate: all\n", 3,
	       "arp_interval_ms: 0 -> 50\narp_validate: none -> all\n"
	       "arp_ip_target 192.0.2.1: added\n");
	expect(BASE "arp_interval_ms: 50\narp_ip_target: [192.0.2.1, 192.0.2.2]\n",
	       BASE "arp_interval_ms: 50\narp_ip_target: [192.0.2.2]\n", 1,
	       "arp_ip_target 192.0.2.1: removed\n");
}

static void test_rdma(void **state)
{
	expect(BASE, BASE "rdma: {vlan: 5, addresses: [10.0.0.1/8]}\n", 1, "rdma tr: added\n");
	expect(BASE "rdma: {vlan: 5}\n", BASE, 1, "rdma tr: removed\n");
	expect(BASE "rdma: {addresses: [10.0.0.1/8, \"2001:db8::1/64\"]}\n",
	       BASE "rdma: {port: eth1, vlan: 20, failover: yes, smc: on, addresses: "
		    "[\"2001:db8::1/64\", 10.0.0.1/9]}\n",
	       6,
	       "rdma tr: port: automatic -> eth1\nrdma tr: vlan: 0 -> 20\n"
	       "rdma tr: failover: false -> true\nrdma tr: smc: false -> true\n"
	       "rdma tr: address 10.0.0.1/8: removed\nrdma tr: address 10.0.0.1/9: added\n");
	expect(BASE "rdma: {port: eth0, vport: v}\n", BASE "rdma: {port: eth0, vport: w}\n", 2,
	       "rdma v: removed\nrdma w: added\n");
	expect(BASE "rdma: {port: eth0, failover: yes, flows: [{local_port: 1}, {local_port: 2, "
		    "local: 10.0.0.1}]}\n",
	       BASE "rdma: {port: eth0, failover: yes, ports: [eth1], flows: [{local_port: 1}, "
		    "{local_port: 2, local: 10.0.0.1, remote: 10.0.0.2, remote_port: 3, proto: "
		    "udp}]}\n",
	       3,
	       "rdma tr: ports: any -> eth1\nrdma tr: flow tcp 10.0.0.1 port 2: removed\n"
	       "rdma tr: flow udp 10.0.0.1 port 2 with 10.0.0.2 port 3: added\n");
	expect(BASE "rdma: {port: eth0, failover: yes, ports: [eth1]}\n",
	       BASE "rdma: {port: eth0, failover: yes, flows: [{local_port: 9}]}\n", 2,
	       "rdma tr: ports: eth1 -> any\nrdma tr: flow tcp any port 9: added\n");
	/* Known by their names, wherever they stand and whether or not the name is the usual one. */
	expect(BASE "rdma: [{port: eth0, vlan: 1}, {port: eth1, vport: v}]\n",
	       BASE "rdma: [{port: eth1, vport: v}, {port: eth0, vport: tr}]\n", 1,
	       "rdma tr: vlan: 1 -> 0\n");
	expect(BASE "rdma: {port: eth0}\n", BASE "rdma: [{port: eth0}, {port: eth1}]\n", 1,
	       "rdma tr2: added\n");
}

/* From nothing, as `apply --check` tells of a team that is not there yet. */
static void test_from_nothing(void **state)
{
	config_init(&from);
	parse(BASE "addresses: [192.0.2.1/24]\n", &to);
	lines[0] = '\0';
	assert_int_equal(config_diff(&from, &to, collect, lines), 4);
	assert_string_equal(lines, "team: none -> t\nport eth0: added\nport eth1: added\n"
				   "address 192.0.2.1/24: added\n");
}

static void test_all_ports_turned(void **state)
{
	struct err err;
	char name[16];

	config_init(&from);
	config_init(&to);
	for (unsigned i = 0; i < BPFTEAM_PORTS_MAX; i++) {
		snprintf(name, sizeof(name), "averylongname%02u", i);
		assert_int_equal(config_add_port(&from, name, &err), 0);
		snprintf(name, sizeof(name), "averylongname%02u", 63 - i);
		assert_int_equal(config_add_port(&to, name, &err), 0);
	}
	lines[0] = '\0';
	assert_int_equal(config_diff(&from, &to, collect, lines), 1);
	assert_memory_equal(lines, "ports: order averylongname00, ", 30);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(same),   TEST(scalars), TEST(ports), TEST(port_order),   TEST(addresses),
	TEST(routes), TEST(arp),     TEST(rdma),  TEST(from_nothing), TEST(all_ports_turned),
};

UNIT_MAIN(tests)
