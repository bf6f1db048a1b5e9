// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * plan_vlan.c - decides what the data path shall hold of a VLAN group. A group is a team of some of the
 * ports, and is planned as one: by plan.c, of those ports, in its own mode. Called by team/.
 */
#include <string.h>

#include "core/plan.h"

/* Those of the group, in its order: of equals the first one is preferred. Returns how many. */
static unsigned choose(const struct vlan_config *vlan, const struct plan_port *ports, unsigned n,
		       struct plan_port own[BPFTEAM_PORTS_MAX])
{
	unsigned n_own = 0;

	if (!vlan->n_ports) {
		memcpy(own, ports, n * sizeof(*ports));
		return n;
	}
	for (unsigned i = 0; i < vlan->n_ports; i++) {
		for (unsigned j = 0; j < n; j++) {
			if (!strcmp(vlan->ports[i], ports[j].config->name))
				own[n_own++] = ports[j];
		}
	}
	return n_own;
}

void plan_vlan_make(const struct config *config, const struct vlan_config *vlan,
		    const struct plan_port *ports, unsigned n, uint8_t prev_first, bool daemon,
		    struct plan_vlan *ret)
{
	struct plan prev = {.active = prev_first}, plan;
	struct plan_port own[BPFTEAM_PORTS_MAX];
	uint64_t up = 0, link = 0;
	unsigned n_own = choose(vlan, ports, n, own);

	memset(ret, 0, sizeof(*ret));
	memset(&ret->list, BPFTEAM_PORT_NONE, sizeof(ret->list));
	for (unsigned i = 0; i < n_own; i++) {
		ret->mask |= 1ULL << own[i].id;
		up |= (uint64_t)(own[i].state->state == PORT_UP) << own[i].id;
		link |= (uint64_t)own[i].link << own[i].id;
	}
	plan_make_mode(config, config_vlan_mode(config, vlan), own, n_own, &prev, daemon, &plan);
	/* min_links is about the whole team. */
	ret->carrier = up || (plan.fallback & link);
	for (unsigned i = 0; i < plan.n_order && i < BPFTEAM_SLOT_PORTS; i++)
		ret->list.port[i] = plan.order[i];
}

bool plan_vlan_needs_slots(const struct config *config)
{
	bool needs = false;

	for (unsigned i = 0; config->mode != BPFTEAM_BALANCE_XOR && i < config->n_vlans; i++)
		needs |= config_vlan_mode(config, &config->vlans[i]) != BPFTEAM_ACTIVE_BACKUP;
	return needs;
}
