/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* plan_team.h - a team of ports to plan for, for the tests of core/plan.c. */
#ifndef BPFTEAM_SELFTESTS_UNIT_PLAN_TEAM_H
#define BPFTEAM_SELFTESTS_UNIT_PLAN_TEAM_H

#include "unit.h"
#include "core/plan.h"

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

static inline void set(struct team *team, unsigned i, enum port_state state)
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

static inline struct team *team_new(unsigned n)
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
static inline int active(struct team *team)
{
	plan_make(&team->config, team->list, team->n, team->planned ? &team->plan : NULL,
		  team->daemon, &team->plan);
	team->planned = true;
	return team->plan.active == NONE ? -1 : 63 - team->plan.active;
}

static inline void expect_order(const struct team *team, const char *places)
{
	assert_int_equal(team->plan.n_order, strlen(places));
	for (unsigned i = 0; places[i]; i++)
		assert_int_equal(team->plan.order[i], ID(places[i] - '0'));
}

#endif
