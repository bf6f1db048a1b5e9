// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_status.c - the RNICs of a team, what stays on them and why, and what is not as it should be, as
 * JSON: one element of what `bpfteam rdma -j` prints.
 */
#include <errno.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "io/smc.h"
#include "team/team_priv.h"

#define ENDPOINT_MAX (ADDR_STRLEN + 16)

static json_t *or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* "198.51.100.1:7174", "[2001:db8::1]:7174", "*:7174" */
static const char *endpoint(const struct addr *addr, uint16_t port, char buf[ENDPOINT_MAX])
{
	static const uint8_t zero[16];
	char text[ADDR_STRLEN] = "*";

	if (addr_size(addr) && memcmp(addr->byte, zero, addr_size(addr)))
		addr_format(addr, false, text);
	snprintf(buf, ENDPOINT_MAX, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, port);
	return buf;
}

/* ---- an RNIC ---- */

static int add_gid(const struct rdma_gid *gid, void *arg)
{
	char text[40];
	int used = 0;

	for (unsigned i = 0; i < 16; i += 2)
		used += snprintf(text + used, sizeof(text) - used, "%s%02x%02x", i ? ":" : "",
				 gid->gid[i], gid->gid[i + 1]);
	json_array_append_new(arg,
			      json_pack("{s:i, s:s, s:s, s:s}", "index", (int)gid->index, "gid",
					text, "type", gid->type, "netdev", gid->netdev));
	return 0;
}

static json_t *load_json(const struct rdma_load *load)
{
	if (!load->known)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "tx_packets", (json_int_t)load->tx_packets,
			 "rx_packets", (json_int_t)load->rx_packets, "tx_bytes",
			 (json_int_t)load->tx_bytes, "rx_bytes", (json_int_t)load->rx_bytes,
			 "retransmissions", (json_int_t)load->retransmissions);
}

static json_t *exempt_json(struct team *team, unsigned id)
{
	struct bpfteam_rdma_stats stats = {0};
	json_t *exempt = json_object();

	datapath_get_rdma_stats(team->dp, id, &stats);
	for (const struct name *row = rdma_kind_names; row->name; row++)
		json_object_set_new(exempt, row->name, json_integer(stats.packets[row->value]));
	return exempt;
}

static void problem(json_t *problems, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_array_append_new(problems, json_string(text));
}

/* What the kernel's RDMA would trip over. */
static json_t *problems_json(struct team *team, unsigned i, const struct saved_rdma *saved,
			     const struct rdma_link *link)
{
	const struct saved_port *port = &team->rec->ports[i];
	const struct port_config *config = config_port(&team->rec->config, port->name);
	json_t *problems = json_array();
	uint32_t all = link_rp_filter("all"), own = link_rp_filter(port->name);

	if (!link && config->rdma != RDMA_ON)
		problem(problems, "%s has no RDMA device now", port->name);
	if (mac_equal(&team->member[i].info.mac, &team->rec->mac))
		problem(problems,
			"%s bears the team's MAC address, and its RDMA is taken for the team's: "
			"give the team another one with mac:",
			port->name);
	if (saved && (all == 1 ? own != 2 : own == 1))
		problem(problems,
			"rp_filter is strict on %s, and peers' RDMA connections are refused: "
			"sysctl -w net.ipv4.conf.%s.rp_filter=2",
			port->name, port->name);
	if (datapath_flows_full(team->dp))
		problem(problems,
			"more than %d RDMA connections: what comes by TCP to a local port of any "
			"of them stays on the RNIC",
			BPFTEAM_RDMA_FLOWS_MAX);
	if (team->rdma_why[0])
		problem(problems, "%s", team->rdma_why);
	if (!saved || !saved->pnetid[0])
		return problems;
	if (link && rdma_smc_lacks_eid(link))
		problem(problems,
			"SMC-R over RoCE v2 takes an EID that the peer has, too, and this "
			"machine has none: smcr ueid add NAME");
	if (team->smc_why[0])
		problem(problems, "%s", team->smc_why);
	else if (team->rec->config.n_smc_cgroups && !datapath_has_smc(team->dp))
		problem(problems, "smc.cgroups is not in force ('bpfteam doctor' says what it "
				  "takes): TCP sockets there stay TCP's");
	return problems;
}

static void add_name(const char *name, void *arg)
{
	json_array_append_new(arg, json_string(name));
}

/* Which way the vport's frames go, and may go. */
static void set_path(struct team *team, json_t *rnic, const struct saved_rdma *saved,
		     const struct rdma_config *config)
{
	int path = saved ? rdma_path(team, saved) : -1;
	json_t *ports = json_array(), *spread = json_array();

	for (unsigned k = 0; config && k < config->n_ports; k++)
		add_name(config->ports[k], ports);
	if (saved)
		rdma_each_spread(team, saved, add_name, spread);
	json_object_set_new(rnic, "failover", json_boolean(config && config->failover));
	json_object_set_new(rnic, "ports", ports);
	json_object_set_new(rnic, "path", or_null(path < 0 ? NULL : team->rec->ports[path].name));
	json_object_set_new(rnic, "spread", spread);
}

static void set_vport(struct team *team, json_t *rnic, const struct saved_rdma *saved)
{
	const struct rdma_config *config = saved ? rdma_config_of(team, &team->rec->config, saved)
						 : NULL;
	json_t *addresses = json_array();
	char text[ADDR_STRLEN];

	for (unsigned k = 0; saved && k < saved->n_mirrored; k++)
		json_array_append_new(addresses,
				      json_string(addr_format(&saved->mirrored[k], true, text)));
	json_object_set_new(rnic, "vport", or_null(saved ? saved->vport : NULL));
	json_object_set_new(rnic, "vlan",
			    saved && saved->vlan ? json_integer(saved->vlan) : json_null());
	json_object_set_new(rnic, "addresses", addresses);
	set_path(team, rnic, saved, config);
	json_object_set_new(rnic, "pnetid", or_null(saved ? saved->pnetid : NULL));
}

static json_t *rnic_json(struct team *team, unsigned i)
{
	const struct saved_port *port = &team->rec->ports[i];
	const struct saved_rdma *saved = rdma_of_port(team, port->id);
	struct rdma_load load = {0};
	struct rdma_link link = {0};
	bool has_device = rdma_handle(team) && !rdma_find(team->rdma, port->ifindex, &link, NULL);
	json_t *rnic, *gids = json_array();

	if (has_device) {
		rdma_read_load(team->rdma, link.index, link.port, &load, NULL);
		rdma_each_gid(link.name, link.port, add_gid, gids);
	}
	rnic = json_pack("{s:s, s:i, s:o, s:o, s:o}", "port", port->name, "ifindex",
			 (int)port->ifindex, "device", or_null(link.name), "protocol",
			 or_null(link.driver_proto), "state",
			 has_device ? json_string(link.state == 4 ? "active" : "down")
				    : json_null());
	set_vport(team, rnic, saved);
	json_object_set_new(rnic, "gids", gids);
	json_object_set_new(rnic, "load", load_json(&load));
	json_object_set_new(rnic, "exempt", exempt_json(team, port->id));
	json_object_set_new(rnic, "problems",
			    problems_json(team, i, saved, has_device ? &link : NULL));
	return rnic;
}

/* ---- connections ---- */

struct listing {
	struct team *team;
	json_t *list;
};

static int add_cm(const struct rdma_cm *cm, void *arg)
{
	struct listing *listing = arg;
	int i = member_index(listing->team, cm->ifindex);
	bool listener = cm->state == RDMA_CM_STATE_LISTEN;
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX], why[128];

	if (i < 0 || !cm->sport)
		return 0;
	snprintf(why, sizeof(why), "CM ID %u of %s%s", cm->id, cm->pid ? cm->comm : "the kernel",
		 listener ? ", listening" : "");
	json_array_append_new(listing->list,
			      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "port",
					listing->team->rec->ports[i].name, "kind",
					listener ? "listener" : "connection", "why", why, "proto",
					(cm->space & 0xff) == 0x11 ? "udp" : "tcp", "local",
					endpoint(&cm->src, cm->sport, local), "remote",
					listener ? json_null()
						 : json_string(
							   endpoint(&cm->dst, cm->dport, remote))));
	return 0;
}

/* What stays by the configuration. */
static void add_by_hand(struct team *team, const struct saved_rdma *saved, json_t *list)
{
	const struct rdma_config *rdma = rdma_config_of(team, &team->rec->config, saved);
	int i = member_index_id(team, saved->port);
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];

	for (unsigned k = 0; i >= 0 && rdma && k < rdma->n_flows; k++) {
		const struct rdma_flow_config *flow = &rdma->flows[k];

		endpoint(&flow->local, flow->local_port, local);
		endpoint(&flow->remote, flow->remote_port, remote);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "port",
						      team->rec->ports[i].name, "kind", "pin",
						      "why", "by hand", "proto",
						      name_of(flow_proto_names, flow->proto),
						      "local", local, "remote",
						      or_null(flow->remote_port ? remote : NULL)));
	}
}

/* The vport that has this address; NULL: none. */
const struct saved_rdma *rdma_of_address(const struct team *team, const struct addr *addr)
{
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		const struct saved_rdma *saved = &team->rec->rdma[i];

		for (unsigned k = 0; k < saved->n_mirrored; k++) {
			if (saved->mirrored[k].family == addr->family &&
			    !memcmp(saved->mirrored[k].byte, addr->byte, addr_size(addr)))
				return saved;
		}
	}
	return NULL;
}

/* Each side has its own reason, and one of them may be no more than that the other has one. */
static json_t *fallback_json(const struct smc_connection *c)
{
	if (!c->fallback)
		return json_null();
	if (!c->reason || !c->peer_reason || c->reason == c->peer_reason)
		return json_string(smc_reason(c->reason ?: c->peer_reason));
	return json_sprintf("%s; the peer says: %s", smc_reason(c->reason),
			    smc_reason(c->peer_reason));
}

static int add_smc(const struct smc_connection *c, void *arg)
{
	struct listing *listing = arg;
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];

	if (!rdma_of_address(listing->team, &c->src))
		return 0;
	json_array_append_new(listing->list,
			      json_pack("{s:s, s:s, s:s, s:o, s:o}", "local",
					endpoint(&c->src, c->sport, local), "remote",
					endpoint(&c->dst, c->dport, remote), "mode",
					!c->dport     ? "listen"
					: c->fallback ? "tcp"
					: c->smcd     ? "smc-d"
						      : "smc-r",
					"reason", fallback_json(c), "device", or_null(c->rdma)));
	return 0;
}

static json_t *smc_json(struct team *team)
{
	struct listing listing = {team, json_array()};
	struct smc *smc;

	if (!team->rec->n_rdma || smc_open(&smc, NULL))
		return listing.list;
	smc_each(smc, add_smc, &listing, NULL);
	smc_close(smc);
	return listing.list;
}

/* Those whose TCP sockets become SMC's now. */
static json_t *cgroups_json(struct team *team)
{
	const struct config *config = &team->rec->config;
	json_t *list = json_array();

	for (unsigned i = 0; i < config->n_smc_cgroups && datapath_has_smc(team->dp); i++)
		json_array_append_new(list, json_string(config->smc_cgroups[i]));
	return list;
}

json_t *team_rdma(struct team *team, struct err *err)
{
	struct listing flows = {team, json_array()};
	json_t *rnics = json_array();

	team_read_links(team);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].joined && team->rec->ports[i].rnic)
			json_array_append_new(rnics, rnic_json(team, i));
	}
	for (unsigned i = 0; i < team->rec->n_rdma; i++)
		add_by_hand(team, &team->rec->rdma[i], flows.list);
	if (json_array_size(rnics) && rdma_handle(team))
		rdma_each_cm(team->rdma, add_cm, &flows, NULL);
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "team", team->rec->config.team, "rnics",
			 rnics, "flows", flows.list, "smc", smc_json(team), "smc_cgroups",
			 cgroups_json(team));
}
