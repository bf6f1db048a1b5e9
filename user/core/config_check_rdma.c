// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_check_rdma.c - the rules of `rdma:`: which port, whose addresses, by which other ports, which
 * flows. Called by config_check.c for each RNIC's vport.
 */
#include <errno.h>
#include <string.h>

#include "core/config_check.h"
#include "core/field.h"

/* Which port is the RNIC: one of the ports, of which it is not said that it is none. */
static int check_rdma_port(const struct config *config, unsigned i, struct config_spot *spot,
			   struct err *err)
{
	const char *name = config->rdma[i].port;
	const struct port_config *port = config_port(config, name);
	unsigned n_on = 0, n_off = 0;

	config_fail_at(spot, "rdma", i, "port");
	for (unsigned j = 0; j < config->n_ports; j++) {
		n_on += config->ports[j].rdma == RDMA_ON;
		n_off += config->ports[j].rdma == RDMA_OFF;
	}
	if (!name[0] && config->n_rdma > 1)
		return err_set(err, -EINVAL, "is missing: with several RNICs each is named");
	if (!name[0] && n_on > 1)
		return err_set(err, -EINVAL, "is missing: %u ports have rdma: on", n_on);
	if (!name[0] && n_off == config->n_ports)
		return err_set(err, -EINVAL, "is missing: all ports have rdma: off");
	if (!name[0])
		return 0;
	if (!port)
		return err_set(err, -EINVAL, "%s is not among the ports", name);
	if (port->rdma == RDMA_OFF)
		return err_set(err, -EINVAL, "%s has rdma: off", name);
	for (unsigned j = 0; j < i; j++) {
		if (!strcmp(config->rdma[j].port, name))
			return err_set(err, -EINVAL, "%s is listed twice", name);
	}
	return 0;
}

static int check_rdma_vport(const struct config *config, unsigned i, struct config_spot *spot,
			    struct err *err)
{
	char name[IFNAMSIZ], other[IFNAMSIZ];

	config_fail_at(spot, "rdma", i, "vport");
	config_rdma_vport(config, i, name);
	if (config_check_our_name(name, err))
		return -EINVAL;
	if (!strcmp(name, config->team))
		return err_set(err, -EINVAL, "%s is the team itself", name);
	if (config_port(config, name))
		return err_set(err, -EINVAL, "%s is one of the ports", name);
	config_derived_name(config->team, "-in", other);
	if (!strcmp(name, other))
		return err_set(err, -EINVAL, "%s is the inner end of the team's interface", name);
	for (unsigned j = 0; j < i; j++) {
		config_rdma_vport(config, j, other);
		if (!strcmp(name, other))
			return err_set(err, -EINVAL, "%s is listed twice", name);
	}
	return 0;
}

static bool same_host(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->byte, b->byte, addr_size(a));
}

/* One of two prefixes holds the other. */
static bool overlap(const struct addr *a, const struct addr *b)
{
	unsigned bits = a->prefixlen < b->prefixlen ? a->prefixlen : b->prefixlen;
	unsigned bytes = bits / 8, mask = 0xff00 >> bits % 8 & 0xff;

	return a->family == b->family && !memcmp(a->byte, b->byte, bytes) &&
	       (!mask || !((a->byte[bytes] ^ b->byte[bytes]) & mask));
}

/*
 * An address of an RNIC's vport: nobody else's, and in a subnet of its own also where it is tagged,
 * since the host's routes, which pick the interface by the subnet, know nothing of tags.
 */
static int check_rdma_address(const struct config *config, unsigned i, unsigned item,
			      struct config_spot *spot, struct err *err)
{
	const struct addr *addr = &config->rdma[i].addresses[item];
	char buf[ADDR_STRLEN], theirs[ADDR_STRLEN];

	*spot = (struct config_spot){"rdma", i, "addresses", item};
	addr_format(addr, false, buf);
	if (!addr_size(addr) || !config_is_host(addr))
		return err_set(err, -EINVAL, "%s is not the address of a host", buf);
	for (unsigned j = 0; j <= i; j++) {
		const struct rdma_config *other = &config->rdma[j];

		for (unsigned k = 0; k < (j < i ? other->n_addresses : item); k++) {
			if (same_host(addr, &other->addresses[k]))
				return err_set(err, -EINVAL, "%s is listed twice", buf);
		}
	}
	for (unsigned j = 0; j < config->n_addresses; j++) {
		const struct addr *team = &config->addresses[j];

		if (same_host(addr, team))
			return err_set(err, -EINVAL, "%s is an address of the team", buf);
		if (!overlap(addr, team))
			continue;
		addr_format(addr, true, buf);
		return err_set(err, -EINVAL,
			       "%s overlaps the team's %s: give RDMA a subnet of its own", buf,
			       addr_format(team, true, theirs));
	}
	return 0;
}

static int check_rdma_counts(const struct rdma_config *rdma, unsigned i, struct config_spot *spot,
			     struct err *err)
{
	const struct {
		const char *key;
		unsigned n, max;
	} counts[] = {
		{"addresses", rdma->n_addresses, CONFIG_RDMA_ADDRESSES_MAX},
		{"ports", rdma->n_ports, CONFIG_RDMA_PORTS_MAX},
		{"flows", rdma->n_flows, CONFIG_RDMA_FLOWS_MAX},
	};

	for (unsigned k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
		if (counts[k].n <= counts[k].max)
			continue;
		err_set(err, -EINVAL, "%u are too many (at most %u)", counts[k].n, counts[k].max);
		return config_fail_at(spot, "rdma", i, counts[k].key);
	}
	return 0;
}

/* A port that may carry what the RNIC does not: a port, another one, once. */
static int check_rdma_path(const struct config *config, unsigned i, unsigned item,
			   struct config_spot *spot, struct err *err)
{
	const struct rdma_config *rdma = &config->rdma[i];
	const char *name = rdma->ports[item];

	*spot = (struct config_spot){"rdma", i, "ports", item};
	if (config_check_name(NULL, name, err))
		return -EINVAL;
	if (!config_port(config, name))
		return err_set(err, -EINVAL, "%s is not among the team's ports", name);
	if (!rdma->port[0])
		return err_set(err, -EINVAL, "need the RNIC named beside them, rdma: {port: ...}");
	if (!strcmp(name, rdma->port))
		return err_set(err, -EINVAL, "%s is the RNIC itself, which comes first anyway",
			       name);
	for (unsigned k = 0; k < item; k++) {
		if (!strcmp(rdma->ports[k], name))
			return err_set(err, -EINVAL, "%s is listed twice", name);
	}
	if (!rdma->failover)
		return err_set(err, -EINVAL, "need failover: true, they carry what the RNIC can't");
	return 0;
}

static bool same_flow(const struct rdma_flow_config *a, const struct rdma_flow_config *b)
{
	return a->proto == b->proto && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && same_host(&a->local, &b->local) &&
	       same_host(&a->remote, &b->remote);
}

/* What the data path can look up: a local port, with or without its address, or all four. */
static int check_rdma_flow(const struct rdma_config *rdma, unsigned i, unsigned item,
			   struct config_spot *spot, struct err *err)
{
	const struct rdma_flow_config *flow = &rdma->flows[item];
	const struct addr *addrs[] = {&flow->local, &flow->remote};
	char buf[ADDR_STRLEN];
	int code = config_check_scalars(config_rdma_flow_fields, flow, "rdma", i, spot, err);

	*spot = (struct config_spot){"rdma", i, "flows", item};
	if (code)
		return code;
	for (unsigned k = 0; k < 2; k++) {
		if (addr_size(addrs[k]) && !config_is_host(addrs[k]))
			return err_set(err, -EINVAL, "%s is not the address of a host",
				       addr_format(addrs[k], false, buf));
	}
	if (!addr_size(&flow->remote) != !flow->remote_port)
		return err_set(err, -EINVAL,
			       "remote and remote_port go together; a listener has neither");
	if (addr_size(&flow->remote) && !addr_size(&flow->local))
		return err_set(err, -EINVAL, "a connection has a local address, too");
	if (addr_size(&flow->remote) && flow->remote.family != flow->local.family)
		return err_set(err, -EINVAL, "local and remote are IPv4 and IPv6");
	for (unsigned k = 0; k < item; k++) {
		if (same_flow(&rdma->flows[k], flow))
			return err_set(err, -EINVAL, "%s port %u is listed twice",
				       name_of(flow_proto_names, flow->proto), flow->local_port);
	}
	return 0;
}

int config_check_rdma(const struct config *config, unsigned i, struct config_spot *spot,
		      struct err *err)
{
	const struct rdma_config *rdma = &config->rdma[i];

	if (config_check_scalars(config_rdma_fields, rdma, "rdma", i, spot, err))
		return -EINVAL;
	if (check_rdma_port(config, i, spot, err) || check_rdma_vport(config, i, spot, err) ||
	    check_rdma_counts(rdma, i, spot, err))
		return -EINVAL;
	for (unsigned item = 0; item < rdma->n_addresses; item++) {
		if (check_rdma_address(config, i, item, spot, err))
			return -EINVAL;
	}
	for (unsigned item = 0; item < rdma->n_ports; item++) {
		if (check_rdma_path(config, i, item, spot, err))
			return -EINVAL;
	}
	for (unsigned item = 0; item < rdma->n_flows; item++) {
		if (check_rdma_flow(rdma, i, item, spot, err))
			return -EINVAL;
	}
	return 0;
}
