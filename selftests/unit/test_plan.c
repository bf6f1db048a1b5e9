// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_plan.c - core/plan.c: masks, the active port, the order, the slot table of each mode. */
#include "unit.h"
#include "core/plan.h"
#include "core/slots.h"

#define NONE BPFTEAM_PORT_NONE
#define BIT(id) (1ULL << (id))

/* A team of ports eth0, eth1...; ids are not the places, so that a mix-up shows. */
struct team {
	struct config config;
	struct port ports[BPFTEAM_PORTS_MAX];
	struct plan_port list[BPFTEAM_PORTS_MAX];
	unsigned n;
	bool daemon;
	struct plan plan;
	bool planned;
};

#define ID(i) ((uint8_t)(63 - (i)))

static void set(struct team *team, unsigned i, enum port_state state)
{
	struct port_facts facts = {.present = true, .admin_up = true, .carrier = true};
	struct port_policy policy = {.updelay_ms = 1000, .others_up = true};
	struct port *port = &team->ports[i];

	facts.present = state != PORT_MISSING;
	facts.carrier = state != PORT_DOWN && facts.present;
	facts.drain = state == PORT_DRAINED;
	facts.disable = state == PORT_DISABLED;
	facts.probe = state == PORT_PROBING ? PROBE_UNKNOWN : PROBE_OFF;
	port_init(port);
	port_update(port, &facts, &policy, 1000);
	assert_int_equal(port->state, state);
	team->list[i].link = facts.carrier;
}

static struct team *team_new(unsigned n)
{
	struct team *team = calloc(1, sizeof(*team));
	struct err err;
	char name[16];

	config_init(&team->config);
	team->n = n;
	team->daemon = true;
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		assert_int_equal(config_add_port(&team->config, name, &err), 0);
		team->list[i] = (struct plan_port){
			.id = ID(i),
			.config = &team->config.ports[i],
			.state = &team->ports[i],
			.speed_mbps = 1000,
			.full_duplex = true,
		};
		set(team, i, PORT_UP);
	}
	return team;
}

/* Plans on; returns the place of the active port, or -1. */
static int active(struct team *team)
{
	plan_make(&team->config, team->list, team->n, team->planned ? &team->plan : NULL,
		  team->daemon, &team->plan);
	team->planned = true;
	return team->plan.active == NONE ? -1 : 63 - team->plan.active;
}

static void expect_order(const struct team *team, const char *places)
{
	assert_int_equal(team->plan.n_order, strlen(places));
	for (unsigned i = 0; places[i]; i++)
		assert_int_equal(team->plan.order[i], ID(places[i] - '0'));
}

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

static void test_no_ports(void **state)
{
	struct team *team = team_new(0);

	assert_int_equal(active(team), -1);
	assert_false(team->plan.carrier);
	assert_int_equal(team->plan.n_order, 0);
	free(team);
}

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
	TEST(no_ports),
	TEST(configured_order),
	TEST(ranks),
	TEST(stays),
	TEST(reselect),
	TEST(drain_and_disable),
	TEST(last_resort),
	TEST(active_leaves),
	TEST(no_daemon),
	TEST(no_daemon_keeps_active),
	TEST(xor),
	TEST(active_backup_slots),
	TEST(full_team),
};

UNIT_MAIN(tests)
