// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_status.c - a team's RNICs as JSON: one element of what `bpfteam rdma -j` prints. What the
 * configuration says of them; what only the kernel knows is null or empty.
 */
#include <errno.h>
#include <string.h>

#include "team/team_priv.h"

/* The RNIC of an entry that names none: the only port with rdma: on. "" where that is not clear. */
static const char *rnic_of(const struct config *config, const struct rdma_config *rdma)
{
	const char *found = "";

	if (rdma->port[0])
		return rdma->port;
	for (unsigned i = 0; i < config->n_ports; i++) {
		if (config->ports[i].rdma == RDMA_ON)
			found = config->ports[i].name;
	}
	return found;
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *ifindex_of(const struct team *team, const char *port)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (!strcmp(saved->name, port) && saved->ifindex)
			return json_integer(saved->ifindex);
	}
	return json_null();
}

static json_t *addresses_json(const struct rdma_config *rdma)
{
	json_t *addresses = json_array();
	char buf[ADDR_STRLEN];

	for (unsigned i = 0; i < rdma->n_addresses; i++)
		json_array_append_new(addresses,
				      json_string(addr_format(&rdma->addresses[i], true, buf)));
	return addresses;
}

/* vport "": the RNIC has none. */
static json_t *rnic_json(const struct team *team, const char *port, const char *vport,
			 const struct rdma_config *rdma)
{
	return json_pack("{s:o, s:o, s:n, s:n, s:n, s:o, s:o, s:o, s:b, s:n, s:[], s:n, s:n, s:[]}",
			 "port", text_or_null(port), "ifindex", ifindex_of(team, port), "device",
			 "protocol", "state", "vport", text_or_null(vport), "vlan",
			 rdma->vlan ? json_integer(rdma->vlan) : json_null(), "addresses",
			 addresses_json(rdma), "failover", rdma->failover, "path", "gids", "load",
			 "exempt", "problems");
}

static bool has_entry(const struct config *config, const char *port)
{
	for (unsigned i = 0; i < config->n_rdma; i++) {
		if (!strcmp(rnic_of(config, &config->rdma[i]), port))
			return true;
	}
	return false;
}

json_t *team_rdma(struct team *team, struct err *err)
{
	static const struct rdma_config none;
	const struct config *config = &team->rec->config;
	json_t *rnics = json_array(), *root;
	char vport[IFNAMSIZ];

	for (unsigned i = 0; i < config->n_rdma; i++) {
		config_rdma_vport(config, i, vport);
		json_array_append_new(rnics, rnic_json(team, rnic_of(config, &config->rdma[i]),
						       vport, &config->rdma[i]));
	}
	for (unsigned i = 0; i < config->n_ports; i++) {
		const struct port_config *port = &config->ports[i];

		if (port->rdma == RDMA_ON && !has_entry(config, port->name))
			json_array_append_new(rnics, rnic_json(team, port->name, "", &none));
	}
	root = json_pack("{s:s, s:o, s:[], s:[]}", "team", config->team, "rnics", rnics, "flows",
			 "smc");
	if (!root)
		err_set(err, -ENOMEM, "%s: out of memory", config->team);
	return root;
}
