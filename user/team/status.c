// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* status.c - a team as JSON: one element of what `bpfteam show -j` prints (CLI contract). */
#include <string.h>

#include "core/slots.h"
#include "team/team_priv.h"

static json_t *drops_json(const struct bpfteam_stats *stats)
{
	json_t *drops = json_object();

	for (const struct name *row = drop_names; row->name; row++)
		json_object_set_new(drops, row->name, json_integer(stats->drops[row->value]));
	return drops;
}

static void set_counters(json_t *object, const struct bpfteam_stats *stats)
{
	json_object_set_new(object, "tx_packets", json_integer(stats->tx_packets));
	json_object_set_new(object, "tx_bytes", json_integer(stats->tx_bytes));
	json_object_set_new(object, "rx_packets", json_integer(stats->rx_packets));
	json_object_set_new(object, "rx_bytes", json_integer(stats->rx_bytes));
	json_object_set_new(object, "drops", drops_json(stats));
}

static void add_stats(struct bpfteam_stats *sum, const struct bpfteam_stats *stats)
{
	sum->tx_packets += stats->tx_packets;
	sum->tx_bytes += stats->tx_bytes;
	sum->rx_packets += stats->rx_packets;
	sum->rx_bytes += stats->rx_bytes;
	for (unsigned i = 0; i < BPFTEAM_DROP_MAX; i++)
		sum->drops[i] += stats->drops[i];
}

/* The ports that a frame can take now: what the data path's first pass allows. */
uint64_t team_usable(const struct team *team)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->member[i].link)
			mask |= 1ull << team->rec->ports[i].id;
	}
	return mask & team->plan.alive ?: mask & team->plan.fallback;
}

/* Name of the port's RDMA device, or null. */
static json_t *rdma_device(struct team *team, unsigned i)
{
	const struct saved_port *saved = &team->rec->ports[i];
	struct rdma_link link;

	if (!saved->joined || !saved->rnic || !rdma_handle(team) ||
	    rdma_find(team->rdma, saved->ifindex, &link, NULL))
		return json_null();
	return json_string(link.name);
}

static json_t *port_json(struct team *team, unsigned i, struct bpfteam_stats *sum)
{
	const struct saved_port *saved = &team->rec->ports[i];
	const struct port_config *config = config_port(&team->rec->config, saved->name);
	const struct port *state = &team->member[i].state;
	struct bpfteam_stats stats = {0};
	json_t *port;

	datapath_get_stats(team->dp, saved->id, &stats);
	add_stats(sum, &stats);
	port = json_pack("{s:s, s:i, s:s, s:s, s:o, s:i, s:i, s:i}", "name", saved->name, "ifindex",
			 (int)saved->ifindex, "state", name_of(port_state_names, state->state),
			 "reason", state->reason, "rdma", rdma_device(team, i), "weight",
			 (int)config->weight, "priority", (int)config->priority, "slots",
			 (int)slots_count(team->slots, saved->id, team_usable(team)));
	set_counters(port, &stats);
	return port;
}

static json_t *vport_json(const struct team *team, const struct bpfteam_stats *stats)
{
	const char *name = team->vport_gone ? team->rec->config.team : team->vport.name;
	json_t *vport = json_pack("{s:s, s:s, s:n, s:n}", "name", name, "kind", "team", "vlan",
				  "pinned_to");

	set_counters(vport, stats);
	return vport;
}

static json_t *rdma_vport_json(struct team *team, const struct saved_rdma *saved)
{
	struct bpfteam_stats stats = {0};
	int port = rdma_port(team, saved);
	json_t *vport;

	datapath_get_stats(team->dp, BPFTEAM_STATS_RDMA + saved->index, &stats);
	vport = json_pack("{s:s, s:s, s:o, s:o}", "name", saved->vport, "kind", "rdma", "vlan",
			  saved->vlan ? json_integer(saved->vlan) : json_null(), "pinned_to",
			  port < 0 ? json_null() : json_string(team->rec->ports[port].name));
	set_counters(vport, &stats);
	return vport;
}

static json_t *vports_json(struct team *team, const struct bpfteam_stats *stats)
{
	json_t *vports = json_pack("[o]", vport_json(team, stats));

	for (unsigned i = 0; i < team->rec->n_rdma; i++)
		json_array_append_new(vports, rdma_vport_json(team, &team->rec->rdma[i]));
	return vports;
}

/* What keeps rx: direct from being in force, or null. */
static json_t *rx_obstacle(struct team *team)
{
	char text[DIRECT_TEXT_MAX];
	const char *why = NULL;

	if (team->rec->config.rx == RX_DIRECT)
		why = direct_obstacle(team, text);
	return why ? json_string(why) : json_null();
}

json_t *team_status(struct team *team, bool daemon)
{
	const struct config *config = &team->rec->config;
	struct bpfteam_stats sum = {0};
	json_t *status, *ports = json_array();
	char mac[MAC_STRLEN];

	team_read_links(team);
	datapath_get_stats(team->dp, BPFTEAM_STATS_TEAM, &sum);
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		json_array_append_new(ports, port_json(team, i, &sum));
	status = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:s, s:b}", "name", config->team,
			   "mode", name_of(mode_names, config->mode), "hash",
			   name_of(hash_names, config->hash), "state", team_state(team), "ifindex",
			   (int)team->rec->ifindex, "mac", mac_format(&team->rec->mac, mac), "mtu",
			   (int)team->vport.mtu, "detector", team_detector(team), "daemon", daemon);
	json_object_set_new(status, "active_port",
			    *team_active_port(team) ? json_string(team_active_port(team))
						    : json_null());
	json_object_set_new(status, "rx", json_string(name_of(rx_names, config->rx)));
	json_object_set_new(status, "rx_obstacle", rx_obstacle(team));
	json_object_set_new(status, "failovers", json_integer(team_failovers(team)));
	json_object_set_new(status, "ports", ports);
	json_object_set_new(status, "vports", vports_json(team, &sum));
	return status;
}
