// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * plan.c - decides what the data path shall hold: masks, the active port, the slot table. Called by
 * team/ whenever a port's state or the configuration changed. The choice of the active port follows
 * bond_choose_primary_or_current() and bond_find_best_slave() in drivers/net/bonding/bond_main.c.
 */
#include <string.h>

#include "core/mode.h"
#include "core/plan.h"
#include "core/slots.h"

static const struct plan_port *find(const struct plan_port *ports, unsigned n, uint8_t id)
{
	for (unsigned i = 0; i < n; i++) {
		if (ports[i].id == id)
			return &ports[i];
	}
	return NULL;
}

/* By configured rank, without the configured order. > 0: a is preferred. */
static int compare(const struct config *config, const struct plan_port *a,
		   const struct plan_port *b)
{
	bool a_primary = config->primary[0] && !strcmp(a->config->name, config->primary);
	bool b_primary = config->primary[0] && !strcmp(b->config->name, config->primary);

	if (a_primary != b_primary)
		return a_primary - b_primary;
	return (a->config->priority > b->config->priority) -
	       (a->config->priority < b->config->priority);
}

static const struct plan_port *best_of(const struct config *config, const struct plan_port *ports,
				       unsigned n, uint64_t mask)
{
	const struct plan_port *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (!(mask >> ports[i].id & 1))
			continue;
		if (!best || compare(config, &ports[i], best) > 0)
			best = &ports[i];
	}
	return best;
}

static bool may_take_over(const struct config *config, const struct plan_port *best,
			  const struct plan_port *current)
{
	switch (config->primary_reselect) {
	case RESELECT_ALWAYS:
		return true;
	case RESELECT_BETTER:
		return best->speed_mbps != current->speed_mbps
			       ? best->speed_mbps > current->speed_mbps
			       : best->full_duplex && !current->full_duplex;
	case RESELECT_FAILURE:
		break;
	}
	return false;
}

/* The port of mask that shall be first; NULL when mask is empty. */
static const struct plan_port *choose(const struct config *config, const struct plan_port *ports,
				      unsigned n, uint64_t mask, const struct plan *prev)
{
	const struct plan_port *best = best_of(config, ports, n, mask);
	const struct plan_port *current = NULL;

	if (prev && prev->active < BPFTEAM_PORTS_MAX && (mask >> prev->active & 1))
		current = find(ports, n, prev->active);
	if (!current)
		return best;
	return compare(config, best, current) > 0 && may_take_over(config, best, current) ? best
											  : current;
}

/* first, then the others by rank; ports of one rank in configured order. */
static void fill_order(const struct config *config, const struct plan_port *ports, unsigned n,
		       const struct plan_port *first, struct plan *plan)
{
	const struct plan_port *sorted[BPFTEAM_PORTS_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned at = i;

		for (; at && compare(config, &ports[i], sorted[at - 1]) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &ports[i];
	}
	if (first)
		plan->order[plan->n_order++] = first->id;
	for (unsigned i = 0; i < n; i++) {
		if (sorted[i] != first)
			plan->order[plan->n_order++] = sorted[i]->id;
	}
}

/*
 * Without a daemon the first in the order may have no link (it gets the traffic back by itself when
 * its link is back), so the active port is the one that the data path takes: the first of the order
 * that has link, of alive, else of fallback.
 */
static uint8_t first_with_link(const struct plan *plan, uint64_t mask)
{
	for (unsigned i = 0; i < plan->n_order; i++) {
		if (mask >> plan->order[i] & 1)
			return plan->order[i];
	}
	return BPFTEAM_PORT_NONE;
}

static void plan_active(const struct config *config, const struct plan_port *ports, unsigned n,
			const struct plan *prev, uint64_t up, uint64_t link, struct plan *plan)
{
	uint64_t spare = plan->fallback & link;
	const struct plan_port *first;

	first = choose(config, ports, n, plan->alive ? plan->alive : spare, prev);
	fill_order(config, ports, n, first, plan);
	if (first && (up >> first->id & 1)) {
		plan->active = first->id;
		return;
	}
	plan->active = first_with_link(plan, plan->alive & link);
	if (plan->active == BPFTEAM_PORT_NONE)
		plan->active = first_with_link(plan, spare);
}

/* Ports that can be used, held against min_links. Where none is up, those of last resort count. */
static bool has_carrier(const struct config *config, uint64_t up, uint64_t spare)
{
	unsigned usable = __builtin_popcountll(up ? up : spare);

	return usable && usable >= config->min_links;
}

void plan_make(const struct config *config, const struct plan_port *ports, unsigned n,
	       const struct plan *prev, bool daemon, struct plan *ret)
{
	plan_make_mode(config, config->mode, ports, n, prev, daemon, ret);
}

void plan_make_mode(const struct config *config, enum bpfteam_mode mode,
		    const struct plan_port *ports, unsigned n, const struct plan *prev, bool daemon,
		    struct plan *ret)
{
	struct plan plan = {.active = BPFTEAM_PORT_NONE};
	uint64_t up = 0, link = 0;

	memset(plan.order, BPFTEAM_PORT_NONE, sizeof(plan.order));
	for (unsigned i = 0; i < n; i++) {
		const struct port *port = ports[i].state;
		uint64_t bit = 1ULL << ports[i].id;

		up |= port->state == PORT_UP ? bit : 0;
		link |= ports[i].link ? bit : 0;
		plan.fallback |= port_is_fallback(port) ? bit : 0;
		plan.accept |= port->state != PORT_DISABLED ? bit : 0;
		if (port->state == PORT_UP ||
		    (!daemon && port->state == PORT_DOWN && port_is_fallback(port)))
			plan.alive |= bit;
	}
	plan.fallback |= plan.alive;
	plan.carrier = has_carrier(config, up, plan.fallback & link);
	if (mode_of(mode)->active)
		plan_active(config, ports, n, prev, up, link, &plan);
	*ret = plan;
}

static void weigh(const struct plan_port *ports, unsigned n,
		  struct slot_port list[BPFTEAM_PORTS_MAX])
{
	for (unsigned i = 0; i < n; i++)
		list[i] = (struct slot_port){ports[i].id, ports[i].config->weight};
}

unsigned plan_slots(const struct config *config, const struct plan *plan,
		    const struct plan_port *ports, unsigned n,
		    struct bpfteam_slot slots[BPFTEAM_SLOTS])
{
	struct slot_port list[BPFTEAM_PORTS_MAX];

	if (mode_of(config->mode)->ordered) {
		slots_fill_ordered(slots, BPFTEAM_SLOTS, plan->order, plan->n_order);
		return 0;
	}
	if (config->mode == BPFTEAM_BALANCE_RR) {
		weigh(ports, n, list);
		return slots_fill_turns(slots, list, n);
	}
	plan_slots_weighted(ports, n, slots);
	/* What is not balanced goes by the active port, and so does what hashes there. */
	if (mode_of(config->mode)->active)
		slots_fill_ordered(slots, 1, plan->order, plan->n_order);
	return 0;
}

void plan_slots_weighted(const struct plan_port *ports, unsigned n,
			 struct bpfteam_slot slots[BPFTEAM_SLOTS])
{
	struct slot_port list[BPFTEAM_PORTS_MAX];

	weigh(ports, n, list);
	slots_fill_weighted(slots, list, n);
}
