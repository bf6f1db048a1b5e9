// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_path.c - the ports that may carry the frames of an RDMA system's vport besides its RNIC, and which
 * one does.
 *
 * Without failover none; else all, or those that `ports:` names, in its order. Where the team hashes, the
 * named ones and the RNIC are a team: each frame takes the slot's first port among them. A switch is to
 * see the vport's MAC address at one port, the RNIC or what stands in for it; from the others frames come
 * under an address of their own, that of ARP probes, which is never the team's either. Sending only is
 * spread so: what peers answer goes to the address that ARP told them.
 */
#include <string.h>

#include "core/mode.h"
#include "team/team_priv.h"

bool rdma_spreads(const struct team *team, const struct rdma_config *rdma)
{
	return rdma->n_ports && mode_of(team->rec->config.mode)->hashed;
}

/* As a mask of ids; *ret_path: those that come first. */
uint64_t rdma_others(const struct team *team, const struct rdma_config *rdma,
		     struct bpfteam_slot *ret_path)
{
	uint64_t others = 0;
	unsigned n = 0;

	memset(ret_path, BPFTEAM_PORT_NONE, sizeof(*ret_path));
	if (!rdma->failover)
		return 0;
	if (!rdma->n_ports)
		return ~0ull;
	for (unsigned i = 0; i < rdma->n_ports; i++) {
		int port = member_index_name(team, rdma->ports[i]);

		if (port < 0)
			continue;
		ret_path->port[n++] = team->rec->ports[port].id;
		others |= 1ull << team->rec->ports[port].id;
	}
	return others;
}

/* For the ports that the path is spread over: the addresses they send under. */
int rdma_prepare_ports(struct team *team, const struct rdma_config *rdma, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && rdma_spreads(team, rdma) && i < rdma->n_ports; i++) {
		int port = member_index_name(team, rdma->ports[i]);

		if (port >= 0)
			ret = member_add_probe_mac(team, port, err);
	}
	return ret;
}

static void share(struct team *team, struct saved_rdma *saved, unsigned i)
{
	struct saved_port *port = &team->rec->ports[i];
	uint8_t bit = 1u << saved->index;

	if ((port->rdma_macs | port->rdma_promisc) & bit)
		return;
	port->rdma_macs |= bit;
	team_store(team, NULL);
	if (!link_add_unicast(team->link, port->ifindex, &saved->mac, NULL))
		return;
	port->rdma_macs &= ~bit;
	if (!link_set_promisc(team->link, port->ifindex, true, NULL))
		port->rdma_promisc |= bit;
	team_store(team, NULL);
}

static void unshare(struct team *team, struct saved_rdma *saved, unsigned i)
{
	struct saved_port *port = &team->rec->ports[i];
	uint8_t bit = 1u << saved->index;
	bool had_mac = port->rdma_macs & bit, was_promisc = port->rdma_promisc & bit;

	port->rdma_macs &= ~bit;
	port->rdma_promisc &= ~bit;
	if (had_mac)
		link_del_unicast(team->link, port->ifindex, &saved->mac, NULL);
	if (was_promisc)
		link_set_promisc(team->link, port->ifindex, vport_wants_promisc(team, i), NULL);
	if (had_mac || was_promisc)
		team_store(team, NULL);
}

/*
 * By another port, frames for the vport come in there: those of the mask take its MAC address, too, and
 * the others no longer. A driver that can't filter for it says so, and the port goes promiscuous.
 */
void rdma_share_mac(struct team *team, struct saved_rdma *saved, uint64_t others)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *port = &team->rec->ports[i];

		if (!port->joined || port->id == saved->port)
			continue;
		if (others >> port->id & 1)
			share(team, saved, i);
		else
			unshare(team, saved, i);
	}
}

/* ---- the way now ---- */

/* Index of the RNIC among the members when it is there, else -1. */
int rdma_port(const struct team *team, const struct saved_rdma *saved)
{
	int i = member_index_id(team, saved->port);

	return i >= 0 && team->rec->ports[i].joined ? i : -1;
}

/* The first of a list, as a slot's, that is in the mask; -1: none. */
static int first_of(const struct bpfteam_slot *list, uint64_t mask)
{
	for (unsigned k = 0; k < BPFTEAM_SLOT_PORTS && list->port[k] < BPFTEAM_PORTS_MAX; k++) {
		if (mask >> list->port[k] & 1)
			return list->port[k];
	}
	return -1;
}

/* Ids of the members with link. */
static uint64_t linked(const struct team *team)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < team->rec->n_ports; i++)
		mask |= (uint64_t)team->member[i].link << team->rec->ports[i].id;
	return mask;
}

/* Ids of those that may carry what is spread, by the data path's own rule (rdma_spread()). */
static uint64_t spread_mask(const struct team *team, const struct rdma_config *rdma,
			    const struct saved_rdma *saved)
{
	struct bpfteam_slot path;
	uint64_t mask = rdma_others(team, rdma, &path) & team->plan.alive;

	return (mask | 1ull << saved->port) & linked(team) & team->plan.accept;
}

/* Names of the members that they are spread over now, to fn; none where they are not. */
void rdma_each_spread(const struct team *team, const struct saved_rdma *saved,
		      void (*fn)(const char *port, void *arg), void *arg)
{
	const struct rdma_config *rdma = rdma_config_of(team, &team->rec->config, saved);
	uint64_t mask;

	if (!rdma || !rdma_spreads(team, rdma))
		return;
	mask = spread_mask(team, rdma, saved);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (mask >> team->rec->ports[i].id & 1)
			fn(team->rec->ports[i].name, arg);
	}
}

/*
 * Which member carries the vport's frames now, by the data path's own rule (rdma_path() in
 * bpf/team.bpf.c); -1: none. Where they are spread: those that can't be, and what is for all.
 */
int rdma_path(const struct team *team, const struct saved_rdma *saved)
{
	const struct rdma_config *rdma = rdma_config_of(team, &team->rec->config, saved);
	uint64_t usable = linked(team) & team->plan.accept, others;
	int port = rdma_port(team, saved), id;
	struct bpfteam_slot path;

	if (port >= 0 && usable >> saved->port & 1)
		return port;
	if (!rdma)
		return -1;
	others = rdma_others(team, rdma, &path) & usable & team->plan.alive &
		 ~(1ull << saved->port);
	id = first_of(&path, others);
	if (id < 0 && others)
		id = __builtin_ctzll(others);
	return id < 0 ? -1 : member_index_id(team, id);
}

/* Which one carries a frame of this slot, where they are spread. */
int rdma_path_of_slot(const struct team *team, const struct rdma_config *rdma,
		      const struct saved_rdma *saved, const struct bpfteam_slot *slot)
{
	int id = first_of(slot, spread_mask(team, rdma, saved));

	return id < 0 ? rdma_path(team, saved) : member_index_id(team, id);
}

/* Nobody follows them any more: the data path alone says whether a frame has a way. */
void rdma_release_paths(struct team *team)
{
	for (unsigned i = 0; i < team->rec->n_rdma; i++)
		link_set_up(team->link, team->rec->rdma[i].inner_ifindex, true, NULL);
}

/* The daemon's: the vport has carrier as long as its frames have a way; true when the way changed. */
bool rdma_follow_paths(struct team *team)
{
	bool changed = false;

	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		int path = rdma_path(team, &team->rec->rdma[i]);

		if (team->rdma_path[i] == path + 1)
			continue;
		link_set_up(team->link, team->rec->rdma[i].inner_ifindex, path >= 0, NULL);
		changed |= path >= 0 && team->rdma_path[i];
		team->rdma_path[i] = path + 1;
	}
	return changed;
}
