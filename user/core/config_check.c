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

int config_fail_at(struct config_spot *spot, const char *key, int index, const char *subkey)
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

int config_check_scalars(const struct field *fields, const void *base, const char *key, int index,
			 struct config_spot *spot, struct err *err)
{
	for (; fields->key; fields++) {
		if (fields->kind == FIELD_MAP) {
			if (config_check_scalars(fields->sub, (const char *)base + fields->offset,
						 fields->key, -1, spot, err))
				return -EINVAL;
		} else if (field_is_scalar(fields) && field_check(fields, base, err)) {
			return config_fail_at(spot, key ? key : fields->key, index,
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
	return config_fail_at(spot, key, -1, NULL);
}

static int check_counts(const struct config *config, struct config_spot *spot, struct err *err)
{
	if (check_count("ports", config->n_ports, BPFTEAM_PORTS_MAX, spot, err) ||
	    check_count("addresses", config->n_addresses, CONFIG_ADDRESSES_MAX, spot, err) ||
	    check_count("routes", config->n_routes, CONFIG_ROUTES_MAX, spot, err) ||
	    check_count("arp_ip_target", config->n_arp_ip_target, BPFTEAM_ARP_TARGETS_MAX, spot,
			err) ||
	    check_count("rdma", config->n_rdma, CONFIG_RDMA_MAX, spot, err) ||
	    check_count("vlans", config->n_vlans, CONFIG_VLANS_MAX, spot, err))
		return -EINVAL;
	if (config->n_ports)
		return 0;
	err_set(err, -EINVAL, "a team needs at least one port");
	return config_fail_at(spot, "ports", -1, NULL);
}

static int check_port(const struct config *config, unsigned i, struct config_spot *spot,
		      struct err *err)
{
	const struct port_config *port = &config->ports[i];

	if (config_check_scalars(config_port_fields, port, "ports", i, spot, err))
		return -EINVAL;
	if (!strcmp(port->name, config->team)) {
		err_set(err, -EINVAL, "%s is the team itself", port->name);
		return config_fail_at(spot, "ports", i, "name");
	}
	if (config_port(config, port->name) != port) {
		err_set(err, -EINVAL, "%s is listed twice", port->name);
		return config_fail_at(spot, "ports", i, "name");
	}
	return 0;
}

bool config_is_host(const struct addr *addr)
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

int config_check_host(const struct addr *addrs, unsigned i, struct err *err)
{
	char buf[ADDR_STRLEN];
	unsigned first = 0;

	addr_format(&addrs[i], false, buf);
	while (!addr_equal(&addrs[first], &addrs[i]))
		first++;
	if (first != i)
		return err_set(err, -EINVAL, "%s is listed twice", buf);
	if (!addr_size(&addrs[i]) || !config_is_host(&addrs[i]))
		return err_set(err, -EINVAL, "%s is not the address of a host", buf);
	return 0;
}

static int check_hosts(const char *key, const struct addr *addrs, unsigned n,
		       struct config_spot *spot, struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		if (config_check_host(addrs, i, err))
			return config_fail_at(spot, key, i, NULL);
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
		return config_fail_at(spot, "routes", i, "to");
	}
	addr_format(&route->to, true, buf);
	if (has_host_bits(&route->to)) {
		err_set(err, -EINVAL, "%s has bits set behind its prefix length", buf);
		return config_fail_at(spot, "routes", i, "to");
	}
	if (route->via.family && route->via.family != route->to.family) {
		err_set(err, -EINVAL, "is not of the same family as %s", buf);
		return config_fail_at(spot, "routes", i, "via");
	}
	if (route->via.family && !config_is_host(&route->via)) {
		err_set(err, -EINVAL, "is not the address of a host");
		return config_fail_at(spot, "routes", i, "via");
	}
	for (other = config->routes; other < route; other++) {
		if (!addr_equal(&other->to, &route->to) || other->metric != route->metric)
			continue;
		err_set(err, -EINVAL, "%s is listed twice with the same metric", buf);
		return config_fail_at(spot, "routes", i, "to");
	}
	return 0;
}

static int check_arp(const struct config *config, struct config_spot *spot, struct err *err)
{
	for (unsigned i = 0; i < config->n_arp_ip_target; i++) {
		if (config->arp_ip_target[i].family == AF_INET)
			continue;
		err_set(err, -EINVAL, "must be IPv4 addresses");
		return config_fail_at(spot, "arp_ip_target", i, NULL);
	}
	if (check_hosts("arp_ip_target", config->arp_ip_target, config->n_arp_ip_target, spot, err))
		return -EINVAL;
	if (config->arp_interval_ms && !config->n_arp_ip_target) {
		err_set(err, -EINVAL, "needs an arp_ip_target to ask");
		return config_fail_at(spot, "arp_interval_ms", -1, NULL);
	}
	if (!config->arp_interval_ms && config->n_arp_ip_target) {
		err_set(err, -EINVAL, "needs arp_interval_ms (how often to ask)");
		return config_fail_at(spot, "arp_ip_target", -1, NULL);
	}
	if (!config->arp_interval_ms && config->arp_validate != ARP_VALIDATE_NONE) {
		err_set(err, -EINVAL, "needs arp_interval_ms and arp_ip_target");
		return config_fail_at(spot, "arp_validate", -1, NULL);
	}
	return 0;
}

/* What can be a device's name, and is no name for one that we make. */
int config_check_our_name(const char *name, struct err *err)
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
	return config_check_our_name(name, err);
}

/* Options that only some modes have: elsewhere nothing but the default, as with bonding. */
static int check_mode(const struct config *config, struct config_spot *spot, struct err *err)
{
	const char *mode = name_of(mode_names, config->mode);

	if (config->packets_per_slave != 1 && config->mode != BPFTEAM_BALANCE_RR) {
		err_set(err, -EINVAL, "is for balance-rr, and the mode is %s", mode);
		return config_fail_at(spot, "packets_per_slave", -1, NULL);
	}
	if (!config->tlb_dynamic_lb)
		return 0;
	if (config->mode == BPFTEAM_BALANCE_TLB)
		err_set(err, -EINVAL,
			"true is not supported by this version: flows are spread by their hash "
			"(false)");
	else
		err_set(err, -EINVAL, "is for balance-tlb, and the mode is %s", mode);
	return config_fail_at(spot, "tlb_dynamic_lb", -1, NULL);
}

static int check_team(const struct config *config, struct config_spot *spot, struct err *err)
{
	if (config_check_scalars(config_fields, config, NULL, -1, spot, err))
		return -EINVAL;
	if (check_team_name(config->team, err))
		return config_fail_at(spot, "team", -1, NULL);
	if (config->primary[0] && !config_port(config, config->primary)) {
		err_set(err, -EINVAL, "%s is not among the ports", config->primary);
		return config_fail_at(spot, "primary", -1, NULL);
	}
	return check_mode(config, spot, err);
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
		code = config_check_rdma(config, i, ret, err);
	code = code ? code : config_check_smc(config, ret, err);
	if (!code)
		code = config_check_vlans(config, ret, err);
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
