// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_plan_vlan.c - core/plan_vlan.c: a group is a team of some of the ports. */
#include "plan_team.h"

static struct plan_vlan result;

static struct vlan_config *group(struct team *team, const char *a, const char *b)
{
	struct vlan_config *vlan = &team->config.vlans[team->config.n_vlans];
	struct err err;

	assert_int_equal(config_add_vlan(&team->config, team->config.n_vlans + 1, &err), 0);
	if (a)
		strcpy(vlan->ports[vlan->n_ports++], a);
	if (b)
		strcpy(vlan->ports[vlan->n_ports++], b);
	return vlan;
}

/* Plans on; places: of the list. */
static void expect(struct team *team, const struct vlan_config *vlan, const char *places)
{
	unsigned i = 0;

	plan_vlan_make(&team->config, vlan, team->list, team->n, result.list.port[0], team->daemon,
		       &result);
	for (; places[i]; i++)
		assert_int_equal(result.list.port[i], ID(places[i] - '0'));
	for (; i < BPFTEAM_SLOT_PORTS; i++)
		assert_int_equal(result.list.port[i], NONE);
}

static void start(void)
{
	memset(&result, NONE, sizeof(result));
}

static void test_all_ports(void **state)
{
	struct team *team = team_new(3);
	struct vlan_config *vlan = group(team, NULL, NULL);

	start();
	expect(team, vlan, "012");
	assert_true(result.mask == (BIT(ID(0)) | BIT(ID(1)) | BIT(ID(2))));
	assert_true(result.carrier);
	free(team);
}

static void test_subset(void **state)
{
	struct team *team = team_new(4);
	struct vlan_config *vlan = group(team, "eth3", "eth1");

	start();
	expect(team, vlan, "31");
	assert_true(result.mask == (BIT(ID(1)) | BIT(ID(3))));
	team->config.ports[1].priority = 5;
	expect(team, vlan, "13");
	free(team);
}

/* Fails over and stays there, whatever the others do; no carrier where none of its own is left. */
static void test_fail_over(void **state)
{
	struct team *team = team_new(4);
	struct vlan_config *vlan = group(team, "eth1", "eth2");

	start();
	expect(team, vlan, "12");
	set(team, 0, PORT_DOWN);
	expect(team, vlan, "12");
	set(team, 1, PORT_DOWN);
	expect(team, vlan, "21");
	set(team, 1, PORT_UP);
	expect(team, vlan, "21");
	set(team, 1, PORT_DOWN);
	set(team, 2, PORT_MISSING);
	expect(team, vlan, "12");
	assert_false(result.carrier);
	assert_true(result.mask == (BIT(ID(1)) | BIT(ID(2))));
	free(team);
}

static void test_more_than_a_list(void **state)
{
	struct team *team = team_new(12);
	struct vlan_config *vlan = group(team, NULL, NULL);

	start();
	expect(team, vlan, "01234567");
	assert_int_equal(__builtin_popcountll(result.mask), 12);
	free(team);
}

static void test_hashed(void **state)
{
	struct team *team = team_new(3);
	struct vlan_config *vlan = group(team, "eth2", NULL);

	start();
	assert_false(plan_vlan_needs_slots(&team->config));
	vlan->mode = BPFTEAM_BALANCE_XOR;
	assert_true(plan_vlan_needs_slots(&team->config));
	expect(team, vlan, "");
	assert_true(result.mask == BIT(ID(2)));
	assert_true(result.carrier);
	team->config.mode = BPFTEAM_BALANCE_XOR;
	assert_false(plan_vlan_needs_slots(&team->config));
	vlan->mode = BPFTEAM_ACTIVE_BACKUP;
	expect(team, vlan, "2");
	free(team);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ports), cmocka_unit_test(test_subset),
		cmocka_unit_test(test_fail_over), cmocka_unit_test(test_more_than_a_list),
		cmocka_unit_test(test_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
