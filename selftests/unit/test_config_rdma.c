// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_config_rdma.c - the key rdma: what is refused and on which line, the forms it is read and
 * written in, and what vports are called.
 */
#include <errno.h>
#include <netinet/in.h>

#include "unit.h"
#include "core/config.h"

static struct config config, other;
static struct err err;

struct bad {
	const char *text, *message;
};

static void refuse(const struct bad *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		err.text[0] = '\0';
		assert_int_equal(config_parse(bad[i].text, strlen(bad[i].text), "f", &config, &err),
				 -EINVAL);
		assert_string_equal(err.text, bad[i].message);
	}
}

static void parse(const char *text)
{
	err.text[0] = '\0';
	if (config_parse(text, strlen(text), "t", &config, &err))
		fail_msg("%s", err.text);
}

#define GOOD "team: t\nports:\n- {name: eth0}\n- {name: eth1}\n"

/* The mapping of one RNIC, or a list of them: the line is right in both. */
static void test_shape(void **state)
{
	static const struct bad bad[] = {
		{GOOD "rdma: on\n",
		 "f:5: rdma: must be keys with values, or a list of such, not a single value"},
		{GOOD "rdma:\n",
		 "f:5: rdma: has no value (must be keys with values, or a list of such)"},
		{GOOD "rdma: [eth0]\n",
		 "f:5: rdma: must be keys with values, like {port: ...}, not a single value"},
		{GOOD "rdma:\n  port: eth0\n  prot: eth0\n",
		 "f:7: rdma.prot: unknown key (did you mean port?)"},
		{GOOD "rdma:\n  port: eth0\n  port: eth0\n",
		 "f:7: rdma.port: stands here for the second time"},
		{GOOD "rdma:\n  qqqq: 1\n", "f:6: rdma.qqqq: unknown key (known are port, vport, "
					    "addresses, vlan, failover, ports, flows, smc)"},
		{GOOD "rdma:\n  port: eth0\n  vlan: 4095\n",
		 "f:7: rdma.vlan: 4095 is out of range (0 to 4094)"},
		{GOOD "rdma:\n- port: eth0\n- port: eth1\n  vlan: -1\n",
		 "f:8: rdma.vlan: -1 is out of range (0 to 4094)"},
		{GOOD "rdma:\n  smc: maybe\n",
		 "f:6: rdma.smc: \"maybe\" is not known (true or false)"},
		{GOOD "rdma:\n  failover: {}\n",
		 "f:6: rdma.failover: must be a single value, not keys with values"},
		{GOOD "rdma:\n  addresses: 198.51.100.10/24\n",
		 "f:6: rdma.addresses: must be a list, not a single value"},
		{GOOD
		 "rdma:\n- port: eth0\n  addresses:\n  - 198.51.100.10/24\n  - 198.51.100/24\n",
		 "f:9: rdma.addresses: \"198.51.100/24\" is not an IP address (192.0.2.1/24 or "
		 "2001:db8::1/64)"},
		{GOOD "rdma: [{port: a}, {port: b}, {port: c}, {port: d},\n {port: e}]\n",
		 "f:6: rdma: 5 are too many (at most 4)"},
		{GOOD "rdma: {addresses: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5]}\n",
		 "f:5: rdma.addresses: 5 are too many (at most 4)"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_ports(void **state)
{
	static const struct bad bad[] = {
		{GOOD "rdma:\n  vlan: 5\n  port: eth9\n",
		 "f:7: rdma.port: eth9 is not among the ports"},
		{"team: t\nports: [{name: e}, {name: f, rdma: off}]\nrdma:\n- port: e\n- port: f\n",
		 "f:5: rdma.port: f has rdma: off"},
		{GOOD "rdma:\n- port: eth0\n- port: eth0\n",
		 "f:7: rdma.port: eth0 is listed twice"},
		{GOOD "rdma:\n- port: eth0\n- vlan: 5\n",
		 "f:7: rdma.port: is missing: with several RNICs each is named"},
		{"team: t\nports: [{name: e, rdma: on}, {name: f, rdma: on}]\nrdma: {}\n",
		 "f:3: rdma.port: is missing: 2 ports have rdma: on"},
		{"team: t\nports: [{name: e, rdma: off}, {name: f, rdma: off}]\nrdma: {}\n",
		 "f:3: rdma.port: is missing: all ports have rdma: off"},
		{"team: t\nports: [{name: e, rdma: yes}]\n",
		 "f:2: ports.rdma: \"yes\" is not known (auto, on or off)"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

static void test_vports(void **state)
{
	static const struct bad bad[] = {
		{GOOD "rdma:\n  port: eth0\n  vport: t\n", "f:7: rdma.vport: t is the team itself"},
		{GOOD "rdma:\n  vport: eth1\n", "f:6: rdma.vport: eth1 is one of the ports"},
		{GOOD "rdma:\n  vport: t-in\n",
		 "f:6: rdma.vport: t-in is the inner end of the team's interface"},
		{"team: t\nports: [{name: tr}]\nrdma: {}\n",
		 "f:3: rdma.vport: tr is one of the ports"},
		{GOOD "rdma:\n- {port: eth0, vport: v}\n- {port: eth1, vport: v}\n",
		 "f:7: rdma.vport: v is listed twice"},
		{GOOD "rdma:\n- {port: eth0, vport: tr2}\n- {port: eth1}\n",
		 "f:7: rdma.vport: tr2 is listed twice"},
		{GOOD "rdma: {vport: all}\n",
		 "f:5: rdma.vport: all is a name that the kernel keeps to itself"},
		{GOOD "rdma: {vport: r%d}\n",
		 "f:5: rdma.vport: r%d has a percent sign, which the kernel puts a number for"},
		{GOOD "rdma: {vport: a b}\n",
		 "f:5: rdma.vport: \"a b\" cannot be the name of a network device (1 to 15 "
		 "characters, no blank, \"/\" or \":\")"},
	};

	refuse(bad, ARRAY_SIZE(bad));
}

/* The ports that its frames may take besides. */
static void test_path(void **state)
{
	static const struct bad bad[] = {
		{GOOD "rdma: {port: eth0, failover: true, ports: [eth1,\n eth9]}\n",
		 "f:6: rdma.ports: eth9 is not among the team's ports"},
		{GOOD "rdma:\n  port: eth0\n  failover: true\n  ports:\n  - eth1\n  - eth0\n",
		 "f:10: rdma.ports: eth0 is the RNIC itself, which comes first anyway"},
		{GOOD "rdma: {port: eth0, failover: true, ports: [eth1, eth1]}\n",
		 "f:5: rdma.ports: eth1 is listed twice"},
		{GOOD "rdma:\n- port: eth0\n  ports: [eth1]\n",
		 "f:7: rdma.ports: need failover: true, they carry what the RNIC can't"},
		{GOOD "rdma: {failover: true, ports: [eth1]}\n",
		 "f:5: rdma.ports: need the RNIC named beside them, rdma: {port: ...}"},
		{GOOD "rdma: {port: eth0, failover: true, ports: eth1}\n",
		 "f:5: rdma.ports: must be a list, not a single value"},
		{GOOD "rdma: {port: eth0, failover: true, ports: [a, b, c, d, e, f, g, h,\n i]}\n",
		 "f:6: rdma.ports: 9 are too many (at most 8)"},
		{GOOD "rdma: {port: eth0, failover: true, ports: [a/b]}\n",
		 "f:5: rdma.ports: \"a/b\" cannot be the name of a network device (1 to 15 "
		 "characters, "
		 "no blank, \"/\" or \":\")"},
	};

	refuse(bad, ARRAY_SIZE(bad));
	parse(GOOD "rdma: {port: eth0, failover: true, ports: [eth1]}\n");
	assert_ptr_equal(config_rdma_port(&config.rdma[0], "eth1"), config.rdma[0].ports[0]);
	assert_null(config_rdma_port(&config.rdma[0], "eth0"));
	assert_int_equal(config_remove_port(&config, "eth1", &err), -EBUSY);
	assert_string_equal(err.text, "port eth1: is one that rdma.ports names; apply a "
				      "configuration without it");
}

#define FLOW(text) GOOD "rdma:\n  port: eth0\n  flows:\n  - {local_port: 1}\n  - {" text "}\n"

/* What stays on the RNIC by hand: what the data path can look up, and nothing else. */
static void test_flows(void **state)
{
	static const struct bad bad[] = {
		{FLOW("proto: tcp"), "f:9: rdma.flows.local_port: is missing"},
		{FLOW("local_port: 0"),
		 "f:9: rdma.flows.local_port: 0 is out of range (1 to 65535)"},
		{FLOW("local_port: 65536"),
		 "f:9: rdma.flows.local_port: 65536 is out of range (1 to 65535)"},
		{FLOW("local_port: 2, proto: sctp"),
		 "f:9: rdma.flows.proto: \"sctp\" is not known (tcp or udp)"},
		{FLOW("local_port: 2, port: 3"),
		 "f:9: rdma.flows.port: unknown key (known are proto, local, local_port, "
		 "remote, remote_port)"},
		{FLOW("local_port: 2, local: 224.0.0.1"),
		 "f:9: rdma.flows: 224.0.0.1 is not the address of a host"},
		{FLOW("local_port: 2, local: 192.0.2.1/24"),
		 "f:9: rdma.flows.local: \"192.0.2.1/24\" must be an address without a prefix "
		 "length"},
		{FLOW("local_port: 2, local: 192.0.2.1, remote: 192.0.2.2"),
		 "f:9: rdma.flows: remote and remote_port go together; a listener has neither"},
		{FLOW("local_port: 2, local: 192.0.2.1, remote_port: 3"),
		 "f:9: rdma.flows: remote and remote_port go together; a listener has neither"},
		{FLOW("local_port: 2, remote: 192.0.2.2, remote_port: 3"),
		 "f:9: rdma.flows: a connection has a local address, too"},
		{FLOW("local_port: 2, local: 192.0.2.1, remote: \"2001:db8::1\", remote_port: 3"),
		 "f:9: rdma.flows: local and remote are IPv4 and IPv6"},
		{FLOW("local_port: 1, proto: tcp"), "f:9: rdma.flows: tcp port 1 is listed twice"},
	};

	refuse(bad, ARRAY_SIZE(bad));
	parse(FLOW("local_port: 1, proto: udp"));
	parse(FLOW("local_port: 1, local: \"2001:db8::1\", remote: \"2001:db8::2\", "
		   "remote_port: 7"));
	assert_int_equal(config.rdma[0].flows[1].proto, IPPROTO_TCP);
	assert_int_equal(config.rdma[0].flows[1].remote_port, 7);
	config.rdma[0].flows[0].local_port = 0;
	assert_int_equal(config_check(&config, &err), -EINVAL);
	assert_string_equal(err.text, "rdma.flows: 0 is out of range (1 to 65535)");
	config.rdma[0].n_flows = CONFIG_RDMA_FLOWS_MAX + 1;
	assert_int_equal(config_check(&config, &err), -EINVAL);
	assert_string_equal(err.text, "rdma.flows: 65 are too many (at most 64)");
}

#define TEAM_ADDRESSES GOOD "addresses: [198.51.100.1/24, \"2001:db8::1/64\"]\n"

static void test_addresses(void **state)
{
	static const char good[] = TEAM_ADDRESSES "rdma:\n- {port: eth0, addresses: [\n"
						  "198.51.101.1/24, \"2001:db8:0:1::1/64\"]}\n"
						  "- {port: eth1, addresses: [198.51.101.2/24]}\n";
	static const char beside[] = GOOD "addresses: [198.51.100.1/25]\n"
					  "rdma: {addresses: [198.51.100.129/25]}\n";
	static const struct bad bad[] = {
		{TEAM_ADDRESSES "rdma: {addresses: [198.51.100.10/24]}\n",
		 "f:6: rdma.addresses: 198.51.100.10/24 overlaps the team's 198.51.100.1/24: give "
		 "RDMA a subnet of its own"},
		{TEAM_ADDRESSES "rdma:\n  vlan: 20\n  addresses:\n  - 10.0.0.1/8\n  - "
				"198.51.100.130/25\n",
		 "f:10: rdma.addresses: 198.51.100.130/25 overlaps the team's 198.51.100.1/24: "
		 "give "
		 "RDMA a subnet of its own"},
		{TEAM_ADDRESSES "rdma: {addresses: [198.51.101.1/23]}\n",
		 "f:6: rdma.addresses: 198.51.101.1/23 overlaps the team's 198.51.100.1/24: give "
		 "RDMA a subnet of its own"},
		{TEAM_ADDRESSES "rdma: {addresses: [\"2001:db8::ff:1/128\"]}\n",
		 "f:6: rdma.addresses: 2001:db8::ff:1/128 overlaps the team's 2001:db8::1/64: give "
		 "RDMA a subnet of its own"},
		{TEAM_ADDRESSES "rdma: {addresses: [128.0.0.1/0]}\n",
		 "f:6: rdma.addresses: 128.0.0.1/0 overlaps the team's 198.51.100.1/24: give RDMA "
		 "a "
		 "subnet of its own"},
		{TEAM_ADDRESSES "rdma: {addresses: [198.51.100.1/32]}\n",
		 "f:6: rdma.addresses: 198.51.100.1 is an address of the team"},
		{GOOD "rdma: {addresses: [224.0.0.1/24]}\n",
		 "f:5: rdma.addresses: 224.0.0.1 is not the address of a host"},
		{GOOD "rdma: {addresses: [10.0.0.1/24, 10.0.0.2/24,\n 10.0.0.1/16]}\n",
		 "f:6: rdma.addresses: 10.0.0.1 is listed twice"},
		{GOOD "rdma:\n- {port: eth0, addresses: [10.0.0.1/24]}\n- port: eth1\n"
		      "  addresses:\n  - 10.0.0.2/24\n  - 10.0.0.1/24\n",
		 "f:10: rdma.addresses: 10.0.0.1 is listed twice"},
	};

	refuse(bad, ARRAY_SIZE(bad));
	assert_int_equal(config_parse(good, strlen(good), "f", &config, &err), 0);
	assert_int_equal(config_parse(beside, strlen(beside), "f", &config, &err), 0);
}

/* One RNIC is a mapping, several are a list, whichever way the one was written. */
static void test_forms(void **state)
{
	static const struct {
		const char *text, *written;
	} forms[] = {
		{"rdma: {}", "rdma: {}\n"},
		{"rdma: [{}]", "rdma: {}\n"},
		{"rdma: []", ""},
		{"rdma:\n- {vlan: 0, smc: no, failover: off}\n", "rdma: {}\n"},
		{"rdma: {addresses: [198.51.100.10/24], vlan: 20}\n",
		 "rdma:\n  addresses: [198.51.100.10/24]\n  vlan: 20\n"},
		{"rdma: [{port: b, smc: on},\n {failover: true, port: a, vport: v}]",
		 "rdma:\n- port: b\n  smc: true\n- port: a\n  vport: v\n  failover: true\n"},
		{"rdma: {ports: [a], failover: yes, port: b, flows: [{local_port: 5000,\n"
		 "proto: tcp}, {proto: udp, local_port: 1, local: 192.0.2.1}]}",
		 "rdma:\n  port: b\n  failover: true\n  ports: [a]\n  flows:\n"
		 "  - {local_port: 5000}\n  - {proto: udp, local: 192.0.2.1, local_port: 1}\n"},
	};
	char in[256], want[256], *text;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(in, sizeof(in), "team: t\nports: [{name: a}, {name: b, rdma: on}]\n%s",
			 forms[i].text);
		snprintf(want, sizeof(want),
			 "team: t\nports:\n- {name: a}\n- {name: b, rdma: on}\n%s",
			 forms[i].written);
		parse(in);
		other = config;
		assert_int_equal(config_format(&config, &text), 0);
		assert_string_equal(text, want);
		parse(text);
		assert_memory_equal(&config, &other, sizeof(config));
		free(text);
	}
}

static void test_add(void **state)
{
	config_init(&config);
	assert_int_equal(config.n_rdma, 0);
	assert_int_equal(config_add_rdma(&config, "eth0", &err), 0);
	assert_string_equal(config.rdma[0].port, "eth0");
	assert_int_equal(config_add_rdma(&config, "", &err), 0);
	assert_int_equal(config_add_rdma(&config, "a/b", &err), -EINVAL);
	assert_int_equal(config_add_rdma(&config, "eth2", &err), 0);
	assert_int_equal(config_add_rdma(&config, "eth3", &err), 0);
	assert_int_equal(config_add_rdma(&config, "eth4", &err), -ENOSPC);
	assert_string_equal(err.text, "a team has at most 4 RNICs");
	assert_int_equal(config.n_rdma, 4);
}

/* A vport with its addresses does not go away in passing. */
static void test_remove_port(void **state)
{
	parse(GOOD "rdma: {port: eth1}\n");
	assert_int_equal(config_remove_port(&config, "eth1", &err), -EBUSY);
	assert_string_equal(err.text, "port eth1: is an RNIC that rdma: names; apply a "
				      "configuration without it");
	assert_int_equal(config.n_ports, 2);
	assert_int_equal(config_remove_port(&config, "eth0", &err), 0);
	assert_int_equal(config_check(&config, &err), 0);
}

static void test_vport(void **state)
{
	char name[IFNAMSIZ], other_name[IFNAMSIZ];

	config_init(&config);
	strcpy(config.team, "team0");
	strcpy(config.rdma[2].vport, "storage");
	config_rdma_vport(&config, 0, name);
	assert_string_equal(name, "team0r");
	config_rdma_vport(&config, 1, name);
	assert_string_equal(name, "team0r2");
	config_rdma_vport(&config, 2, name);
	assert_string_equal(name, "storage");
	config_rdma_vport(&config, 3, name);
	assert_string_equal(name, "team0r4");
	strcpy(config.team, "fourteenletter");
	config_rdma_vport(&config, 0, name);
	assert_string_equal(name, "fourteenletterr");
	config_rdma_vport(&config, 1, name);
	assert_string_equal(name, "fourte6ab481r2");
	strcpy(config.team, "fifteen-letters");
	config_rdma_vport(&config, 0, name);
	strcpy(config.team, "fifteen-letterz");
	config_rdma_vport(&config, 0, other_name);
	assert_memory_equal(name, "fiftee", 6);
	assert_string_not_equal(name, other_name);
}

/* Teams that run bear these names. */
static void test_derived_name(void **state)
{
	char name[IFNAMSIZ];

	config_derived_name("team0", "-in", name);
	assert_string_equal(name, "team0-in");
	config_derived_name("twelveletter", "-in", name);
	assert_string_equal(name, "twelveletter-in");
	config_derived_name("thirteenlette", "-in", name);
	assert_string_equal(name, "thirte08ecdc-in");
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(shape), TEST(ports),       TEST(vports),       TEST(addresses), TEST(forms), TEST(add),
	TEST(vport), TEST(remove_port), TEST(derived_name), TEST(path),      TEST(flows),
};

UNIT_MAIN(tests)
