// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_plan_active.c - core/plan.c: who is the active port, who stays it, who comes next. */
#include "plan_team.h"

static void test_configured_order(void **state)
{
	struct team *team = team_new(4);

	assert_int_equal(active(team), 0);
	expect_order(team, "0123");
	free(team);
}

static void test_ranks(void **state)
{
	struct team *team = team_new(5);

	team->config.ports[1].priority = 10;
	team->config.ports[3].priority = 20;
	team->config.ports[4].priority = -5;
	assert_int_equal(active(team), 3);
	expect_order(team, "31024");
	strcpy(team->config.primary, "eth4");
	team->planned = false;
	assert_int_equal(active(team), 4);
	expect_order(team, "43102");
	free(team);
}

/* Equal ports: who is active stays, and the one that returns waits. */
static void test_stays(void **state)
{
	struct team *team = team_new(3);

	assert_int_equal(active(team), 0);
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 1);
	expect_order(team, "102");
	set(team, 0, PORT_UP);
	assert_int_equal(active(team), 1);
	expect_order(team, "102");
	set(team, 1, PORT_DOWN); /* the second failure */
	assert_int_equal(active(team), 0);
	expect_order(team, "012");
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 2);
	expect_order(team, "201");
	set(team, 2, PORT_DOWN);
	assert_int_equal(active(team), -1);
	assert_false(team->plan.carrier);
	free(team);
}

struct reselect_case {
	enum reselect policy;
	uint32_t primary_speed, other_speed;
	bool primary_full, other_full;
	bool moves_back;
};

static const struct reselect_case reselect_cases[] = {
	{RESELECT_ALWAYS, 100, 1000, false, true, true},
	{RESELECT_BETTER, 1000, 100, true, true, true},
	{RESELECT_BETTER, 1000, 100, false, true, true},
	{RESELECT_BETTER, 1000, 1000, true, true, false},
	{RESELECT_BETTER, 1000, 1000, true, false, true},
	{RESELECT_BETTER, 1000, 1000, false, true, false},
	{RESELECT_BETTER, 1000, 1000, false, false, false},
	{RESELECT_BETTER, 100, 1000, true, false, false},
	{RESELECT_BETTER, 0, 0, false, false, false}, /* virtual: nothing known */
	{RESELECT_BETTER, 0, 1000, false, true, false},
	{RESELECT_FAILURE, 10000, 10, true, false, false},
};

static void check_reselect(const struct reselect_case *c, bool by_priority)
{
	struct team *team = team_new(3);

	if (by_priority)
		team->config.ports[1].priority = 7;
	else
		strcpy(team->config.primary, "eth1");
	team->config.primary_reselect = c->policy;
	team->list[1].speed_mbps = c->primary_speed;
	team->list[1].full_duplex = c->primary_full;
	team->list[0].speed_mbps = team->list[2].speed_mbps = c->other_speed;
	team->list[0].full_duplex = team->list[2].full_duplex = c->other_full;
	assert_int_equal(active(team), 1);
	set(team, 1, PORT_DOWN);
	assert_int_equal(active(team), 0);
	set(team, 1, PORT_PROBING); /* held back: no reason to move yet */
	assert_int_equal(active(team), 0);
	set(team, 1, PORT_UP);
	assert_int_equal(active(team), c->moves_back ? 1 : 0);
	expect_order(team, c->moves_back ? "102" : "012");
	set(team, 0, PORT_DOWN); /* at a failure the primary is next under any policy */
	assert_int_equal(active(team), 1);
	free(team);
}

static void test_reselect(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(reselect_cases); i++) {
		check_reselect(&reselect_cases[i], false);
		check_reselect(&reselect_cases[i], true);
	}
}

static void test_drain_and_disable(void **state)
{
	struct team *team = team_new(3);

	strcpy(team->config.primary, "eth0");
	assert_int_equal(active(team), 0);
	set(team, 0, PORT_DRAINED);
	assert_int_equal(active(team), 1);
	assert_true(team->plan.accept & BIT(ID(0)));
	assert_false((team->plan.alive | team->plan.fallback) & BIT(ID(0)));
	set(team, 1, PORT_DISABLED);
	assert_int_equal(active(team), 2);
	assert_false(team->plan.accept & BIT(ID(1)));
	set(team, 2, PORT_DOWN); /* drained and disabled ports are no way out */
	assert_int_equal(active(team), -1);
	assert_false(team->plan.carrier);
	set(team, 0, PORT_UP);
	assert_int_equal(active(team), 0);
	free(team);
}

/* Nothing is up, but a link is held back or not yet believed: better than nothing. */
static void test_last_resort(void **state)
{
	struct team *team = team_new(3);

	assert_int_equal(active(team), 0);
	set(team, 0, PORT_DOWN);
	set(team, 1, PORT_DOWN);
	set(team, 2, PORT_PROBING);
	assert_int_equal(active(team), 2);
	expect_order(team, "201");
	assert_int_equal(team->plan.alive, 0);
	set(team, 1, PORT_PROBING); /* no better than the one in use */
	assert_int_equal(active(team), 2);
	set(team, 1, PORT_UP);
	assert_int_equal(active(team), 1);
	free(team);
}

/* Port 1 leaves the configuration while it is active; later it comes back, with its old id. */
static void test_active_leaves(void **state)
{
	struct team *team = team_new(3);

	assert_int_equal(active(team), 0);
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 1);
	team->list[1] = team->list[2];
	team->n = 2;
	assert_int_equal(active(team), 2);
	assert_int_equal(team->plan.n_order, 2);
	free(team);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(configured_order),  TEST(ranks),       TEST(stays),         TEST(reselect),
	TEST(drain_and_disable), TEST(last_resort), TEST(active_leaves),
};

UNIT_MAIN(tests)
