// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_config_vlan.c - the key vlans: what is refused and on which line, what a group leaves to the team,
 * what its interface is called, and how differences are told.
 */
#include <errno.h>
#include <stdlib.h>

#include "unit.h"
#include "core/config.h"

static struct config config, other;
static struct err err;

#define GOOD "team: t\nports:\n- {name: eth0}\n- {name: eth1, rdma: 'on'}\n"

static const struct {
	const char *text, *message;
} bad[] = {
	{GOOD "vlans: 1\n", "f:5: vlans: must be a list, not a single value"},
	{GOOD "vlans:\n- {name: a}\n", "f:6: vlans.id: is missing"},
	{GOOD "vlans:\n- {id: 0}\n", "f:6: vlans.id: 0 is out of range (1 to 4094)"},
	{GOOD "vlans:\n- {id: 1}\n- {id: 4095}\n",
	 "f:7: vlans.id: 4095 is out of range (1 to 4094)"},
	{GOOD "vlans:\n- {id: 5}\n- {id: 5}\n", "f:7: vlans.id: 5 is listed twice"},
	{GOOD "vlans:\n- {id: 5, ports: [eth0, eth7]}\n",
	 "f:6: vlans.ports: eth7 is not among the ports"},
	{GOOD "vlans:\n- {id: 5, ports: [eth0, eth0]}\n", "f:6: vlans.ports: eth0 is listed twice"},
	{GOOD "vlans:\n- {id: 5, ports: [a, b, c, d, e, f, g, h, i]}\n",
	 "f:6: vlans.ports: 9 are too many (at most 8)"},
	{GOOD "vlans:\n- {id: 5, name: t}\n", "f:6: vlans.name: t is another device of the team"},
	{GOOD "vlans:\n- {id: 5, name: eth0}\n",
	 "f:6: vlans.name: eth0 is another device of the team"},
	{GOOD "vlans:\n- {id: 5, name: t-in}\n",
	 "f:6: vlans.name: t-in is another device of the team"},
	{GOOD "vlans:\n- {id: 5, name: a}\n- {id: 6}\n- {id: 7, name: a}\n",
	 "f:8: vlans.name: a is listed twice"},
	{GOOD "vlans:\n- {id: 5, name: t-v6}\n- {id: 6}\n",
	 "f:7: vlans.name: t-v6 is listed twice"},
	{GOOD "vlans:\n- {id: 5, name: a%d}\n",
	 "f:6: vlans.name: a%d has a percent sign, which the kernel puts a number for"},
	{GOOD "vlans:\n- {id: 5, mtu: 60}\n", "f:6: vlans.mtu: 60 is out of range (68 to 65535)"},
	{GOOD "mtu: 1500\nvlans:\n- {id: 5, mtu: 1501}\n",
	 "f:7: vlans.mtu: 1501 is more than the team's 1500"},
	{GOOD "vlans:\n- {id: 5, priority: 8}\n",
	 "f:6: vlans.priority: 8 is out of range (0 to 7)"},
	{GOOD "vlans:\n- {id: 5, protocol: 802.1x}\n",
	 "f:6: vlans.protocol: \"802.1x\" is not known (802.1q or 802.1ad)"},
	{GOOD "vlans:\n- {id: 5, addresses: [10.0.0.1/24, 10.0.0.1/24]}\n",
	 "f:6: vlans.addresses: 10.0.0.1 is listed twice"},
	{GOOD "vlans:\n- {id: 5, addresses: [224.0.0.1/24]}\n",
	 "f:6: vlans.addresses: 224.0.0.1 is not the address of a host"},
	{GOOD "rdma: {port: eth1, vlan: 5}\nvlans:\n- {id: 5}\n",
	 "f:7: vlans.id: 5 is the VLAN of an RDMA vport"},
};

static void parse(const char *text, struct config *ret)
{
	err.text[0] = '\0';
	if (config_parse(text, strlen(text), "t", ret, &err))
		fail_msg("%s", err.text);
}

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		assert_int_equal(config_parse(bad[i].text, strlen(bad[i].text), "f", &config, &err),
				 -EINVAL);
		assert_string_equal(err.text, bad[i].message);
	}
}

static void test_defaults(void **state)
{
	const struct vlan_config *vlan;

	parse(GOOD "mode: balance-xor\nhash: layer2\nvlans:\n- {id: 5}\n"
		   "- {id: 6, mode: active-backup, hash: layer2+3, protocol: 802.1ad}\n",
	      &config);
	vlan = config_vlan(&config, 5);
	assert_int_equal(config_vlan_mode(&config, vlan), BPFTEAM_BALANCE_XOR);
	assert_int_equal(config_vlan_hash(&config, vlan), BPFTEAM_HASH_LAYER2);
	assert_int_equal(vlan->protocol, VLAN_8021Q);
	vlan = config_vlan(&config, 6);
	assert_int_equal(config_vlan_mode(&config, vlan), BPFTEAM_ACTIVE_BACKUP);
	assert_int_equal(config_vlan_hash(&config, vlan), BPFTEAM_HASH_LAYER23);
	assert_int_equal(vlan->protocol, VLAN_8021AD);
	assert_null(config_vlan(&config, 7));
}

static void test_names(void **state)
{
	char name[IFNAMSIZ], long_one[IFNAMSIZ];

	parse(GOOD "vlans:\n- {id: 4094}\n- {id: 5, name: blue}\n", &config);
	config_vlan_name(&config, &config.vlans[0], name);
	assert_string_equal(name, "t-v4094");
	config_vlan_name(&config, &config.vlans[1], name);
	assert_string_equal(name, "blue");
	strcpy(config.team, "a-long-team-nam");
	config_vlan_name(&config, &config.vlans[0], long_one);
	assert_int_equal(strlen(long_one), 15);
	strcpy(config.team, "a-long-team-nan");
	config_vlan_name(&config, &config.vlans[0], name);
	assert_string_not_equal(name, long_one);
}

static void test_add(void **state)
{
	config_init(&config);
	assert_int_equal(config_add_vlan(&config, 0, &err), -EINVAL);
	assert_int_equal(config_add_vlan(&config, 4095, &err), -EINVAL);
	for (unsigned id = 1; id <= 4094; id++)
		assert_int_equal(config_add_vlan(&config, id, &err), 0);
	assert_int_equal(config.vlans[4093].mode, -1);
	assert_int_equal(config_add_vlan(&config, 7, &err), -EEXIST);
}

/* All there can be, each with all it can have, is one file. */
static void test_most(void **state)
{
	char *text;

	parse(GOOD, &config);
	for (unsigned id = 1; id <= 4094; id++) {
		struct vlan_config *vlan = &config.vlans[id - 1];

		assert_int_equal(config_add_vlan(&config, id, &err), 0);
		snprintf(vlan->name, sizeof(vlan->name), "a-long-name%u", id);
		strcpy(vlan->ports[0], "eth0");
		strcpy(vlan->ports[1], "eth1");
		vlan->n_ports = 2;
		assert_int_equal(addr_parse("203.0.113.1/24", &vlan->addresses[0]), 0);
		vlan->n_addresses = 1;
	}
	assert_int_equal(config_check(&config, &err), 0);
	assert_int_equal(config_format(&config, &text), 0);
	parse(text, &other);
	assert_int_equal(config_diff(&config, &other, NULL, NULL), 0);
	free(text);
}

static void test_remove_port(void **state)
{
	parse(GOOD "vlans:\n- {id: 5, ports: [eth0]}\n", &config);
	assert_int_equal(config_remove_port(&config, "eth0", &err), -EBUSY);
	assert_string_equal(err.text, "port eth0: is one that VLAN 5 of vlans: names; apply a "
				      "configuration without it");
	assert_int_equal(config_remove_port(&config, "eth1", &err), 0);
}

static char told[1024];

static void tell(const char *line, void *arg)
{
	strcat(told, line);
	strcat(told, "\n");
}

static void test_diff(void **state)
{
	parse(GOOD "vlans:\n- {id: 5, ports: [eth0], addresses: [10.0.0.1/24]}\n- {id: 6}\n",
	      &config);
	parse(GOOD "vlans:\n- {id: 7}\n- {id: 5, mode: balance-xor, mtu: 1400, addresses: "
		   "[10.0.0.2/24]}\n",
	      &other);
	told[0] = '\0';
	assert_int_equal(config_diff(&config, &other, tell, NULL), 7);
	assert_string_equal(told, "vlan 5: mode: automatic -> balance-xor\n"
				  "vlan 5: mtu: automatic -> 1400\n"
				  "vlan 5: ports: eth0 -> all\n"
				  "vlan 5: address 10.0.0.1/24: removed\n"
				  "vlan 5: address 10.0.0.2/24: added\n"
				  "vlan 6: removed\n"
				  "vlan 7: added\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_names),   cmocka_unit_test(test_add),
		cmocka_unit_test(test_most),    cmocka_unit_test(test_remove_port),
		cmocka_unit_test(test_diff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
