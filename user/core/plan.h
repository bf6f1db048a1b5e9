/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * plan.h - from a configuration and the states of the ports to what the data path shall hold. Pure:
 * a test of any mode and any fail-over compares two plans.
 */
#ifndef BPFTEAM_CORE_PLAN_H
#define BPFTEAM_CORE_PLAN_H

#include "core/config.h"
#include "core/port.h"

struct plan_port {
	uint8_t id;
	const struct port_config *config;
	const struct port *state;
	bool link; /* carrier right now, whatever the state says */
	uint32_t speed_mbps; /* 0 = unknown */
	bool full_duplex;
};

struct plan {
	uint64_t alive, fallback, accept; /* as in struct bpfteam_state */
	uint8_t active; /* of a mode that has one: port id, else BPFTEAM_PORT_NONE */
	uint8_t order[BPFTEAM_PORTS_MAX]; /* the same modes: preference, the active one first */
	unsigned n_order;
	bool carrier; /* the team has a port that it can use, and min_links of them */
};

/*
 * Computes the next plan. prev is the last one (NULL at first) and decides who stays active.
 * daemon says whether somebody watches: without, a port that is down by link alone keeps its alive
 * bit, since nobody would set it again; the data path skips it by itself.
 *
 * active-backup ranks the primary above all, then priority, then configured order. The active port
 * stays while it is usable unless a strictly better ranked one (primary or priority) is up and
 * primary_reselect allows it: always; better = higher speed, or same speed and full against half
 * duplex; failure = never. (Linux, bond_choose_primary_or_current() in drivers/net/bonding.)
 */
void plan_make(const struct config *config, const struct plan_port *ports, unsigned n,
	       const struct plan *prev, bool daemon, struct plan *ret);
/* The same in another mode than the configuration's. */
void plan_make_mode(const struct config *config, enum bpfteam_mode mode,
		    const struct plan_port *ports, unsigned n, const struct plan *prev, bool daemon,
		    struct plan *ret);

/* What the data path shall hold of a VLAN group, which is a team of some of the ports. */
struct plan_vlan {
	uint64_t mask;
	struct bpfteam_slot list; /* active-backup: preference */
	bool carrier;
};
/* prev_first: the first of the last list, which stays while it may, or BPFTEAM_PORT_NONE. */
void plan_vlan_make(const struct config *config, const struct vlan_config *vlan,
		    const struct plan_port *ports, unsigned n, uint8_t prev_first, bool daemon,
		    struct plan_vlan *ret);
/* Do groups hash that can't go by the team's own table? */
bool plan_vlan_needs_slots(const struct config *config);

/*
 * Fills the slot table of the mode. Ports of state missing and of state disabled keep their place:
 * who is usable is the masks' business, so that no state change rewrites the table. Returns, for
 * balance-rr, how many slots hold whole rounds of turns.
 */
unsigned plan_slots(const struct config *config, const struct plan *plan,
		    const struct plan_port *ports, unsigned n,
		    struct bpfteam_slot slots[BPFTEAM_SLOTS]);
/* The weighted table, whatever the mode. */
void plan_slots_weighted(const struct plan_port *ports, unsigned n,
			 struct bpfteam_slot slots[BPFTEAM_SLOTS]);

#endif
