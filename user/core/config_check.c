// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_check.c - the rules that a configuration keeps whatever the machine looks like. Called for
 * every configuration, wherever it came from, before it is acted upon.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/config_check.h"
#include "core/field.h"

static int fail_at(struct config_spot *spot, const char *key, int index, const char *subkey)
{
	*spot = (struct config_spot){key, index, subkey, -1};
	return -EINVAL;
}

static bool valid_name(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (!len || len >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++) {
		/* The kernel takes other bytes, but YAML, JSON and D-Bus would not bring them through. */
		if (*name <= ' ' || *name >= 0x7f || *name == '/' || *name == ':')
			return false;
	}
	return true;
}

int config_check_name(const char *what, const char *name, struct err *err)
{
	char quote[FIELD_QUOTE_MAX];

	if (valid_name(name))
		return 0;
	return err_set(err, -EINVAL,
		       "%s%s%s cannot be the name of a network device (1 to 15 characters, no "
		       "blank, \"/\" or \":\")",
		       what ? what : "", what ? ": " : "", field_quote(name, quote));
}

static int check_scalars(const struct field *fields, const void *base, const char *key, int index,
			 struct config_spot *spot, struct err *err)
{
	for (; fields->key; fields++) {
		if (fields->kind == FIELD_MAP) {
			if (check_scalars(fields->sub, (const char *)base + fields->offset,
					  fields->key, -1, spot, err))
				return -EINVAL;
		} else if (field_is_scalar(fields) && field_check(fields, base, err)) {
			return fail_at(spot, key ? key : fields->key, index,
				       key ? fields->key : NULL);
		}
	}
	return 0;
}

static int check_count(const char *key, unsigned n, unsigned max, struct config_spot *spot,
		       struct err *err)
{
	if (n <= max)
		return 0;
	err_set(err, -EINVAL, "%u are too many (at most %u)", n, max);
	return fail_at(spot, key, -1, NULL);
}

static int check_counts(const struct config *config, struct config_spot *spot, struct err *err)
{
	if (check_count("ports", config->n_ports, BPFTEAM_PORTS_MAX, spot, err) ||
	    check_count("addresses", config->n_addresses, CONFIG_ADDRESSES_MAX, spot, err) ||
	    check_count("routes", config->n_routes, CONFIG_ROUTES_MAX, spot, err) ||
	    check_count("arp_ip_target", config->n_arp_ip_target, BPFTEAM_ARP_TARGETS_MAX, spot,
			err) ||
	    check_count("rdma", config->n_rdma, CONFIG_RDMA_MAX, spot, err))
		return -EINVAL;
	if (config->n_ports)
		return 0;
	err_set(err, -EINVAL, "a team needs at least one port");
	return fail_at(spot, "ports", -1, NULL);
}

static int check_port(const struct config *config, unsigned i, struct config_spot *spot,
		      struct err *err)
{
	const struct port_config *port = &config->ports[i];

	if (check_scalars(config_port_fields, port, "ports", i, spot, err))
		return -EINVAL;
	if (!strcmp(port->name, config->team)) {
		err_set(err, -EINVAL, "%s is the team itself", port->name);
		return fail_at(spot, "ports", i, "name");
	}
	if (config_port(config, port->name) != port) {
		err_set(err, -EINVAL, "%s is listed twice", port->name);
		return fail_at(spot, "ports", i, "name");
	}
	return 0;
}

static bool is_host(const struct addr *addr)
{
	static const uint8_t zero[16];

	if (!memcmp(addr->byte, zero, addr_size(addr)))
		return false;
	return addr->family == AF_INET ? addr->byte[0] < 224 : addr->byte[0] != 0xff;
}

static bool has_host_bits(const struct addr *addr)
{
	for (unsigned bit = addr->prefixlen; bit < addr_size(addr) * 8; bit++) {
		if (addr->byte[bit / 8] & 0x80 >> bit % 8)
			return true;
	}
	return false;
}

/* Every address of an array: of a host, and there only once. */
static int check_hosts(const char *key, const struct addr *addrs, unsigned n,
		       struct config_spot *spot, struct err *err)
{
	char buf[ADDR_STRLEN];

	for (unsigned i = 0; i < n; i++) {
		unsigned first = 0;

		addr_format(&addrs[i], false, buf);
		while (!addr_equal(&addrs[first], &addrs[i]))
			first++;
		if (first == i && addr_size(&addrs[i]) && is_host(&addrs[i]))
			continue;
		if (first != i)
			err_set(err, -EINVAL, "%s is listed twice", buf);
		else
			err_set(err, -EINVAL, "%s is not the address of a host", buf);
		return fail_at(spot, key, i, NULL);
	}
	return 0;
}

static int check_route(const struct config *config, unsigned i, struct config_spot *spot,
		       struct err *err)
{
	const struct route_config *route = &config->routes[i], *other;
	char buf[ADDR_STRLEN];

	if (!addr_size(&route->to)) {
		err_set(err, -EINVAL, "must be a destination");
		return fail_at(spot, "routes", i, "to");
	}
	addr_format(&route->to, true, buf);
	if (has_host_bits(&route->to)) {
		err_set(err, -EINVAL, "%s has bits set behind its prefix length", buf);
		return fail_at(spot, "routes", i, "to");
	}
	if (route->via.family && route->via.family != route->to.family) {
		err_set(err, -EINVAL, "is not of the same family as %s", buf);
		return fail_at(spot, "routes", i, "via");
	}
	if (route->via.family && !is_host(&route->via)) {
		err_set(err, -EINVAL, "is not the address of a host");
		return fail_at(spot, "routes", i, "via");
	}
	for (other = config->routes; other < route; other++) {
		if (!addr_equal(&other->to, &route->to) || other->metric != route->metric)
			continue;
		err_set(err, -EINVAL, "%s is listed twice with the same metric", buf);
		return fail_at(spot, "routes", i, "to");
	}
	return 0;
}

static int check_arp(const struct config *config, struct config_spot *spot, struct err *err)
{
	for (unsigned i = 0; i < config->n_arp_ip_target; i++) {
		if (config->arp_ip_target[i].family == AF_INET)
			continue;
		err_set(err, -EINVAL, "must be IPv4 addresses");
		return fail_at(spot, "arp_ip_target", i, NULL);
	}
	if (check_hosts("arp_ip_target", config->arp_ip_target, config->n_arp_ip_target, spot, err))
		return -EINVAL;
	if (config->arp_interval_ms && !config->n_arp_ip_target) {
		err_set(err, -EINVAL, "needs an arp_ip_target to ask");
		return fail_at(spot, "arp_interval_ms", -1, NULL);
	}
	if (!config->arp_interval_ms && config->n_arp_ip_target) {
		err_set(err, -EINVAL, "needs arp_interval_ms (how often to ask)");
		return fail_at(spot, "arp_ip_target", -1, NULL);
	}
	if (!config->arp_interval_ms && config->arp_validate != ARP_VALIDATE_NONE) {
		err_set(err, -EINVAL, "needs arp_interval_ms and arp_ip_target");
		return fail_at(spot, "arp_validate", -1, NULL);
	}
	return 0;
}

/* What can be a device's name, and is no name for one that we make. */
static int check_our_name(const char *name, struct err *err)
{
	/* dev_alloc_name(): "team%d" would make team0, of which nobody here knows. */
	if (strchr(name, '%'))
		return err_set(err, -EINVAL,
			       "%s has a percent sign, which the kernel puts a number for", name);
	/* Folders of /proc/sys/net/ipv4/conf that are no device's. */
	if (!strcmp(name, "all") || !strcmp(name, "default"))
		return err_set(err, -EINVAL, "%s is a name that the kernel keeps to itself", name);
	return 0;
}

static int check_team_name(const char *name, struct err *err)
{
	/* Its folder of pinned maps bears the name, and bpffs keeps dots to itself. */
	if (strchr(name, '.'))
		return err_set(err, -EINVAL, "%s has a dot, which the BPF file system refuses",
			       name);
	return check_our_name(name, err);
}

/* Options that only some modes have: elsewhere nothing but the default, as with bonding. */
static int check_mode(const struct config *config, struct config_spot *spot, struct err *err)
{
	const char *mode = name_of(mode_names, config->mode);

	if (config->packets_per_slave != 1 && config->mode != BPFTEAM_BALANCE_RR) {
		err_set(err, -EINVAL, "is for balance-rr, and the mode is %s", mode);
		return fail_at(spot, "packets_per_slave", -1, NULL);
	}
	if (!config->tlb_dynamic_lb)
		return 0;
	if (config->mode == BPFTEAM_BALANCE_TLB)
		err_set(err, -EINVAL,
			"true is not supported by this version: flows are spread by their hash "
			"(false)");
	else
		err_set(err, -EINVAL, "is for balance-tlb, and the mode is %s", mode);
	return fail_at(spot, "tlb_dynamic_lb", -1, NULL);
}

static int check_team(const struct config *config, struct config_spot *spot, struct err *err)
{
	if (check_scalars(config_fields, config, NULL, -1, spot, err))
		return -EINVAL;
	if (check_team_name(config->team, err))
		return fail_at(spot, "team", -1, NULL);
	if (config->primary[0] && !config_port(config, config->primary)) {
		err_set(err, -EINVAL, "%s is not among the ports", config->primary);
		return fail_at(spot, "primary", -1, NULL);
	}
	return check_mode(config, spot, err);
}

/* Which port is the RNIC: one of the ports, of which it is not said that it is none. */
static int check_rdma_port(const struct config *config, unsigned i, struct config_spot *spot,
			   struct err *err)
{
	const char *name = config->rdma[i].port;
	const struct port_config *port = config_port(config, name);
	unsigned n_on = 0, n_off = 0;

	fail_at(spot, "rdma", i, "port");
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

	fail_at(spot, "rdma", i, "vport");
	config_rdma_vport(config, i, name);
	if (check_our_name(name, err))
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
	if (!addr_size(addr) || !is_host(addr))
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

static int check_rdma(const struct config *config, unsigned i, struct config_spot *spot,
		      struct err *err)
{
	const struct rdma_config *rdma = &config->rdma[i];

	if (check_scalars(config_rdma_fields, rdma, "rdma", i, spot, err))
		return -EINVAL;
	if (rdma->n_addresses > CONFIG_RDMA_ADDRESSES_MAX) {
		err_set(err, -EINVAL, "%u are too many (at most %u)", rdma->n_addresses,
			CONFIG_RDMA_ADDRESSES_MAX);
		return fail_at(spot, "rdma", i, "addresses");
	}
	if (check_rdma_port(config, i, spot, err) || check_rdma_vport(config, i, spot, err))
		return -EINVAL;
	for (unsigned item = 0; item < rdma->n_addresses; item++) {
		if (check_rdma_address(config, i, item, spot, err))
			return -EINVAL;
	}
	return 0;
}

int config_check_at(const struct config *config, struct config_spot *ret, struct err *err)
{
	int code;

	if (check_counts(config, ret, err) || check_team(config, ret, err))
		return -EINVAL;
	for (unsigned i = 0; i < config->n_ports; i++) {
		if (check_port(config, i, ret, err))
			return -EINVAL;
	}
	code = check_hosts("addresses", config->addresses, config->n_addresses, ret, err);
	for (unsigned i = 0; !code && i < config->n_routes; i++)
		code = check_route(config, i, ret, err);
	for (unsigned i = 0; !code && i < config->n_rdma; i++)
		code = check_rdma(config, i, ret, err);
	code = code ? code : config_check_smc(config, ret, err);
	return code ? code : check_arp(config, ret, err);
}

int config_spot_prefix(const struct config_spot *spot, int code, struct err *err)
{
	return err_prefix(err, code, spot->subkey ? "%s.%s" : "%s", spot->key, spot->subkey);
}

int config_check(const struct config *config, struct err *err)
{
	struct config_spot spot;
	int code = config_check_at(config, &spot, err);

	return code ? config_spot_prefix(&spot, code, err) : 0;
}
