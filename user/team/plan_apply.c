// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * plan_apply.c - works the ports' states out, makes the plan, and brings the data path to it.
 *
 * A handle that does not watch (the one-shot CLI) uses the same code: it sees the states, and writes
 * the masks of a team that nobody watches only when it has changed something (team_replan() after
 * an open alone finds nothing to write).
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/mode.h"
#include "team/team_priv.h"

/* How long unicast may still arrive at the port that was active before a planned change. */
#define PREV_MS 1000

/* The detector's word on each port. Where only polling sees it and nobody polls, rtnetlink's. */
void team_read_links(struct team *team)
{
	struct bpfteam_state state = {0};
	bool by_info = team->detector == DETECT_POLL && !team->env->daemon;

	datapath_get_state(team->dp, &state);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];
		struct member *member = &team->member[i];
		bool up = member->info.flags & IFF_UP;

		member->link = member->present && up &&
			       (by_info ? member->info.carrier : state.link >> saved->id & 1);
	}
}

unsigned team_plan_ports(struct team *team, struct plan_port ports[BPFTEAM_PORTS_MAX])
{
	unsigned n = team->rec->n_ports;

	for (unsigned i = 0; i < n; i++) {
		const struct saved_port *saved = &team->rec->ports[i];
		struct member *member = &team->member[i];

		ports[i] = (struct plan_port){
			.id = saved->id,
			.config = config_port(&team->rec->config, saved->name),
			.state = &member->state,
			.link = member->link,
			.speed_mbps = member->speed_mbps,
			.full_duplex = member->full_duplex,
		};
	}
	return n;
}

static unsigned count_up(const struct team *team, unsigned but)
{
	unsigned n = 0;

	for (unsigned i = 0; i < team->rec->n_ports; i++)
		n += i != but && team->member[i].state.seen &&
		     team->member[i].state.state == PORT_UP;
	return n;
}

static void update_port(struct team *team, unsigned i, uint64_t now_ns)
{
	const struct config *config = &team->rec->config;
	const struct port_config *port = config_port(config, team->rec->ports[i].name);
	struct member *member = &team->member[i];
	const struct port_facts facts = {
		.present = member->present,
		.admin_up = member->info.flags & IFF_UP,
		.carrier = member->link,
		.drain = port->drain,
		.disable = port->disable,
		.probe = probe_verdict(team, i),
		.missing_reason = member->missing_reason,
	};
	const struct port_policy policy = {
		/* Where nobody watches, nobody would end a delay. */
		.updelay_ms = team->env->daemon ? config->detect.updelay_ms : 0,
		.downdelay_ms = team->env->daemon ? config->detect.downdelay_ms : 0,
		.others_up = count_up(team, i) > 0,
	};
	bool link_before = member->state.link;

	if (port_update(&member->state, &facts, &policy, now_ns) && member->state.link)
		link_speed(member->info.name, &member->speed_mbps, &member->full_duplex);
	/* Back on link: the next failure is news again. */
	if (member->state.link && !link_before)
		datapath_clear_noticed(team->dp, team->rec->ports[i].id);
}

/*
 * Twice: a delay is waited for while another port is up, and that may have changed in the first
 * round. before gets the states from before.
 */
static void update_ports(struct team *team, uint64_t now_ns, enum port_state *before)
{
	bool seen[BPFTEAM_PORTS_MAX];

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		before[i] = team->member[i].state.state;
		seen[i] = team->member[i].state.seen;
	}
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < team->rec->n_ports; i++)
			update_port(team, i, now_ns);
	}
	/* What is seen for the first time is no news. */
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (!seen[i])
			before[i] = team->member[i].state.state;
	}
}

static void write_masks(struct team *team, const struct plan *plan)
{
	bool all = !team->planned;
	struct datapath_masks masks = {
		.alive = all || plan->alive != team->plan.alive ? &plan->alive : NULL,
		.fallback = all || plan->fallback != team->plan.fallback ? &plan->fallback : NULL,
		.accept = all || plan->accept != team->plan.accept ? &plan->accept : NULL,
	};

	if (masks.alive || masks.fallback || masks.accept)
		datapath_set_masks(team->dp, &masks);
}

static bool same_order(const struct plan *a, const struct plan *b)
{
	return a->n_order == b->n_order && !memcmp(a->order, b->order, a->n_order);
}

/* Hashed tables depend on members and weights alone; those who change these clear slots_valid. */
static int write_slots(struct team *team, const struct plan *plan, const struct plan_port *ports,
		       unsigned n)
{
	bool active = mode_of(team->rec->config.mode)->active;
	struct bpfteam_slot slots[BPFTEAM_SLOTS];
	unsigned turns;
	int ret = 0;

	if (team->slots_valid && (!active || same_order(plan, &team->plan)))
		return 0;
	turns = plan_slots(&team->rec->config, plan, ports, n, slots);
	if (memcmp(slots, team->slots, sizeof(slots)))
		ret = datapath_set_slots(team->dp, slots, turns);
	if (ret)
		return ret;
	memcpy(team->slots, slots, sizeof(slots));
	team->slots_valid = true;
	return 0;
}

static const char *port_name(const struct team *team, uint8_t id)
{
	int i = member_index_id(team, id);

	return i < 0 ? "" : team->rec->ports[i].name;
}

/* The kernel side knows that a port failed; rtnetlink knows why. */
static void find_reason(struct team *team, unsigned i, uint64_t now_ns)
{
	if (!team->member[i].seen_ns)
		return;
	member_update_info(team, i);
	update_port(team, i, now_ns);
	team->dirty = true;
}

/* Who lost or won, after the data path has it. */
static void emit_ports(struct team *team, const enum port_state *before, uint64_t now_ns)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		struct member *member = &team->member[i];
		bool was_up = before[i] == PORT_UP, is_up = member->state.state == PORT_UP;
		uint64_t took = member->seen_ns ? team_now_ns() - member->seen_ns : 0;

		find_reason(team, i, now_ns);
		if (was_up && !is_up)
			team_emit(team, EVENT_PORT_DOWN, team->rec->ports[i].name,
				  member->state.reason, took);
		if (is_up && !was_up)
			team_emit(team, EVENT_PORT_UP, team->rec->ports[i].name, "", 0);
		member->seen_ns = 0;
	}
}

/* Did traffic have to leave a port? The active one changed, or, where others send too, any went down. */
static bool failed_over(const struct team *team, const struct plan *before,
			const enum port_state *states)
{
	if (before->active != team->plan.active && before->active != BPFTEAM_PORT_NONE &&
	    team->plan.active != BPFTEAM_PORT_NONE)
		return true;
	if (mode_of(team->rec->config.mode)->ordered)
		return false;
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		enum port_state now = team->member[i].state.state;

		if (states[i] == PORT_UP && (now == PORT_DOWN || now == PORT_MISSING))
			return team->plan.carrier;
	}
	return false;
}

static const char *no_carrier(const struct team *team)
{
	return count_up(team, UINT_MAX) ? "fewer ports are usable than min_links"
					: "no port is usable";
}

static void after_plan(struct team *team, const struct plan *before, const enum port_state *states,
		       uint64_t now_ns)
{
	bool moved = before->active != team->plan.active && team->plan.active != BPFTEAM_PORT_NONE;

	if (moved || (team->plan.carrier && !before->carrier)) {
		notice_start(team, now_ns);
		notice_turn(team, now_ns);
	}
	emit_ports(team, states, now_ns);
	if (failed_over(team, before, states)) {
		datapath_add_failover(team->dp);
		team_emit(team, EVENT_FAILOVER, port_name(team, before->active), "", 0);
	}
	if (before->carrier != team->plan.carrier)
		team_emit(team, team->plan.carrier ? EVENT_TEAM_UP : EVENT_TEAM_DOWN, "",
			  team->plan.carrier ? "" : no_carrier(team), 0);
}

/* When some port wants to be looked at again. */
static uint64_t ports_deadline(const struct team *team)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		uint64_t deadline = team->member[i].state.deadline_ns;

		if (deadline && deadline < next)
			next = deadline;
	}
	return next;
}

int team_replan(struct team *team, uint64_t now_ns)
{
	struct plan_port ports[BPFTEAM_PORTS_MAX];
	enum port_state states[BPFTEAM_PORTS_MAX];
	struct plan before = team->plan, plan;
	bool planned = team->planned, table = !team->slots_valid, moved = false;
	unsigned n;
	int ret;

	team->dirty = false;
	team_read_links(team);
	update_ports(team, now_ns, states);
	n = team_plan_ports(team, ports);
	plan_make(&team->rec->config, ports, n, planned ? &team->plan : NULL, team->env->daemon,
		  &plan);
	if (!team->read_only) {
		if (planned && before.active != plan.active && before.active != BPFTEAM_PORT_NONE)
			datapath_set_prev(team->dp, before.active, PREV_MS);
		write_masks(team, &plan);
		ret = write_slots(team, &plan, ports, n);
		ret = ret ?: vlan_replan(team, table, &moved);
		if (ret)
			return ret;
	}
	team->plan = plan;
	team->planned = true;
	if (team->env->daemon)
		vport_set_carrier(team, plan.carrier);
	if (planned && !team->read_only)
		after_plan(team, &before, states, now_ns);
	if (team->env->daemon && rdma_follow_paths(team))
		moved = true;
	if (moved) {
		notice_start(team, now_ns);
		notice_turn(team, now_ns);
	}
	team->ports_ns = ports_deadline(team);
	return 0;
}

/* Which port is the active one now, by the data path's own rule. */
static uint8_t designated(const struct bpfteam_slot *slot, const struct bpfteam_state *state)
{
	const uint64_t masks[] = {state->alive & state->link, state->fallback & state->link};

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < BPFTEAM_SLOT_PORTS; i++) {
			uint8_t id = slot->port[i];

			if (id < BPFTEAM_PORTS_MAX && masks[pass] >> id & 1)
				return id;
		}
	}
	return BPFTEAM_PORT_NONE;
}

/* Starts from what the data path does already, so that opening a team moves nothing. */
void team_resume_plan(struct team *team)
{
	struct bpfteam_state state;

	if (datapath_get_state(team->dp, &state) || datapath_get_slots(team->dp, team->slots))
		return;
	memset(&team->plan, 0, sizeof(team->plan));
	team->plan.alive = state.alive;
	team->plan.fallback = state.fallback;
	team->plan.accept = state.accept;
	team->plan.carrier = team->inner_up;
	team->plan.active = BPFTEAM_PORT_NONE;
	if (mode_of(team->rec->config.mode)->active)
		team->plan.active = designated(&team->slots[0], &state);
	team->slots_valid = !mode_of(team->rec->config.mode)->active;
	team->planned = true;
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		team->member[i].seen_ns = 0;
}

const char *team_active_port(const struct team *team)
{
	return team->plan.active == BPFTEAM_PORT_NONE ? "" : port_name(team, team->plan.active);
}

const char *team_state(const struct team *team)
{
	return team->plan.carrier && !team->vport_gone ? "up" : "down";
}

uint64_t team_failovers(const struct team *team)
{
	struct bpfteam_state state = {0};

	datapath_get_state(team->dp, &state);
	return state.failovers;
}
