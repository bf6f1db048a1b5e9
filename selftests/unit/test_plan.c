// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_plan.c - core/plan.c: masks, carrier, teams that nobody watches, the slot table of each mode. */
#include "plan_team.h"
#include "core/slots.h"

static void test_masks(void **state)
{
	struct team *team = team_new(6);

	for (enum port_state s = PORT_UP; s <= PORT_MISSING; s++)
		set(team, s, s);
	active(team);
	assert_int_equal(team->plan.alive, BIT(ID(PORT_UP)));
	assert_int_equal(team->plan.fallback,
			 BIT(ID(PORT_UP)) | BIT(ID(PORT_DOWN)) | BIT(ID(PORT_PROBING)));
	assert_int_equal(team->plan.accept, 0x3fULL << 58 & ~BIT(ID(PORT_DISABLED)));
	assert_true(team->plan.carrier);
	team->daemon = false;
	active(team);
	assert_int_equal(team->plan.alive, BIT(ID(PORT_UP)) | BIT(ID(PORT_DOWN)));
	assert_int_equal(team->plan.fallback,
			 BIT(ID(PORT_UP)) | BIT(ID(PORT_DOWN)) | BIT(ID(PORT_PROBING)));
	free(team);
}

/* Distrusted, drained and disabled ports are no fallback, whatever their link. */
static void test_fallback_excludes(void **state)
{
	struct port_facts facts = {.present = true, .admin_up = true, .probe = PROBE_FAILED};
	struct port_policy policy = {0};
	struct team *team = team_new(3);

	port_update(&team->ports[0], &facts, &policy, 2000);
	facts.probe = PROBE_OFF;
	facts.drain = true;
	port_update(&team->ports[1], &facts, &policy, 2000);
	assert_int_equal(team->ports[1].state, PORT_DOWN);
	facts.drain = false;
	port_update(&team->ports[2], &facts, &policy, 2000);
	team->daemon = false;
	active(team);
	assert_int_equal(team->plan.alive, BIT(ID(2)));
	assert_int_equal(team->plan.fallback, BIT(ID(2)));
	free(team);
}

static void test_carrier(void **state)
{
	static const struct {
		enum port_state state;
		bool link, carrier;
	} cases[] = {
		{PORT_UP, true, true},        {PORT_UP, false, true}, /* in its downdelay */
		{PORT_PROBING, true, true},   {PORT_PROBING, false, false},
		{PORT_DOWN, false, false},    {PORT_DOWN, true, true}, /* not yet told of */
		{PORT_DRAINED, true, false},  {PORT_DISABLED, true, false},
		{PORT_MISSING, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int mode = 0; mode < 2; mode++) {
			struct team *team = team_new(2);

			team->config.mode = mode ? BPFTEAM_BALANCE_XOR : BPFTEAM_ACTIVE_BACKUP;
			set(team, 0, PORT_MISSING);
			set(team, 1, cases[i].state);
			team->list[1].link = cases[i].link;
			assert_int_equal(active(team), cases[i].carrier && !mode ? 1 : -1);
			assert_int_equal(team->plan.carrier, cases[i].carrier);
			free(team);
		}
	}
}

static void test_min_links(void **state)
{
	struct team *team = team_new(3);

	team->config.mode = BPFTEAM_BALANCE_XOR;
	team->config.min_links = 2;
	active(team);
	assert_true(team->plan.carrier);
	set(team, 0, PORT_DOWN);
	active(team);
	assert_true(team->plan.carrier);
	/* Held back, it is no link as long as another port is up. */
	set(team, 1, PORT_PROBING);
	active(team);
	assert_false(team->plan.carrier);
	assert_int_equal(team->plan.alive, BIT(ID(2)));
	/* Where none is up, what could be used counts. */
	set(team, 2, PORT_PROBING);
	active(team);
	assert_true(team->plan.carrier);
	team->config.min_links = 3;
	active(team);
	assert_false(team->plan.carrier);
	free(team);
}

static void test_no_ports(void **state)
{
	struct team *team = team_new(0);

	assert_int_equal(active(team), -1);
	assert_false(team->plan.carrier);
	assert_int_equal(team->plan.n_order, 0);
	free(team);
}

/*
 * Nobody watches: a port without link keeps its place, so that it is used again when its link is
 * back, and the active port is the one that the data path takes meanwhile.
 */
static void test_no_daemon(void **state)
{
	struct team *team = team_new(3);

	team->daemon = false;
	team->config.ports[0].priority = 10;
	assert_int_equal(active(team), 0);
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 1);
	expect_order(team, "012");
	assert_int_equal(team->plan.alive, 7ULL << 61);
	assert_true(team->plan.carrier);
	set(team, 0, PORT_UP);
	assert_int_equal(active(team), 0);
	free(team);
}

static void test_no_daemon_keeps_active(void **state)
{
	struct team *team = team_new(3);

	team->daemon = false;
	team->config.primary_reselect = RESELECT_FAILURE;
	strcpy(team->config.primary, "eth0");
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 1);
	assert_int_equal(active(team), 1);
	expect_order(team, "102");
	set(team, 1, PORT_DOWN);
	set(team, 2, PORT_DOWN);
	assert_int_equal(active(team), -1);
	assert_false(team->plan.carrier);
	set(team, 2, PORT_PROBING);
	assert_int_equal(active(team), 2);
	assert_true(team->plan.carrier);
	free(team);
}

static void test_xor(void **state)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS], again[BPFTEAM_SLOTS];
	struct team *team = team_new(4);

	team->config.mode = BPFTEAM_BALANCE_XOR;
	team->config.ports[2].weight = 3;
	assert_int_equal(active(team), -1);
	assert_int_equal(team->plan.n_order, 0);
	assert_true(team->plan.carrier);
	plan_slots(&team->config, &team->plan, team->list, team->n, slots);
	assert_in_range(slots_count(slots, ID(0), UINT64_MAX), 683 - 60, 683 + 60);
	assert_in_range(slots_count(slots, ID(2), UINT64_MAX), 2048 - 80, 2048 + 80);
	for (enum port_state s = PORT_UP; s <= PORT_MISSING; s++) {
		set(team, 1, s); /* no state rewrites the table */
		active(team);
		plan_slots(&team->config, &team->plan, team->list, team->n, again);
		assert_memory_equal(slots, again, sizeof(slots));
	}
	free(team);
}

static void test_active_backup_slots(void **state)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS];
	struct team *team = team_new(3);

	set(team, 0, PORT_MISSING);
	set(team, 1, PORT_DISABLED);
	active(team);
	plan_slots(&team->config, &team->plan, team->list, team->n, slots);
	for (unsigned s = 0; s < BPFTEAM_SLOTS; s += BPFTEAM_SLOTS - 1) {
		assert_int_equal(slots[s].port[0], ID(2));
		assert_int_equal(slots[s].port[1], ID(0));
		assert_int_equal(slots[s].port[2], ID(1));
		assert_int_equal(slots[s].port[3], NONE);
	}
	free(team);
}

/* The hash has all slots but the first, which is active-backup's list. */
static void test_tlb(void **state)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS], again[BPFTEAM_SLOTS];
	struct team *team = team_new(3);

	team->config.mode = BPFTEAM_BALANCE_TLB;
	assert_int_equal(active(team), 0);
	plan_slots(&team->config, &team->plan, team->list, team->n, slots);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(slots_count(slots, ID(i), UINT64_MAX), 1365 - 60, 1365 + 60);
	assert_int_equal(slots[0].port[0], ID(0));
	set(team, 0, PORT_DOWN);
	assert_int_equal(active(team), 1);
	plan_slots(&team->config, &team->plan, team->list, team->n, again);
	assert_int_equal(again[0].port[0], ID(1));
	assert_int_equal(again[0].port[1], ID(0));
	assert_int_equal(again[0].port[2], ID(2));
	assert_memory_equal(slots + 1, again + 1, sizeof(slots) - sizeof(slots[0]));
	free(team);
}

static void test_rr(void **state)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS];
	struct team *team = team_new(3);

	team->config.mode = BPFTEAM_BALANCE_RR;
	team->config.ports[1].weight = 2;
	assert_int_equal(active(team), -1);
	assert_int_equal(plan_slots(&team->config, &team->plan, team->list, team->n, slots), 4096);
	for (unsigned s = 0; s < BPFTEAM_SLOTS; s += 4) {
		unsigned ones = 0;

		for (unsigned i = 0; i < 4; i++)
			ones += slots[s + i].port[0] == ID(1);
		assert_int_equal(ones, 2);
	}
	free(team);
}

static void test_full_team(void **state)
{
	static struct bpfteam_slot slots[BPFTEAM_SLOTS];
	struct team *team = team_new(BPFTEAM_PORTS_MAX);

	for (unsigned i = 0; i < 63; i++)
		set(team, i, PORT_DOWN);
	assert_int_equal(active(team), 63);
	assert_int_equal(team->plan.n_order, 64);
	assert_int_equal(team->plan.alive, BIT(ID(63)));
	assert_int_equal(team->plan.accept, UINT64_MAX);
	plan_slots(&team->config, &team->plan, team->list, team->n, slots);
	assert_int_equal(slots[0].port[0], ID(63));
	assert_int_equal(slots[0].port[7], ID(6));
	free(team);
}

#define TEST(name) cmocka_unit_test(test_##name)

static const struct CMUnitTest tests[] = {
	TEST(masks),
	TEST(fallback_excludes),
	TEST(carrier),
	TEST(min_links),
	TEST(no_ports),
	TEST(no_daemon),
	TEST(no_daemon_keeps_active),
	TEST(xor),
	TEST(active_backup_slots),
	TEST(full_team),
	TEST(tlb),
	TEST(rr),
};

UNIT_MAIN(tests)
