// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * check.c - may this device become a port? Asked before anything is changed, so that a refusal
 * leaves nothing to undo. Called by attach and reconfigure.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "team/team_priv.h"

struct owner_search {
	const struct team_env *env;
	const struct link_info *port;
	char team[IFNAMSIZ]; /* found: the team that has it */
	bool vport; /* it is that team's own interface */
};

static int search_owner(const char *name, void *arg)
{
	struct owner_search *search = arg;
	struct record *rec = calloc(1, sizeof(*rec));
	struct datapath *dp = NULL;
	char *text = NULL;

	if (!rec || datapath_open(search->env->bpffs, name, &dp, NULL) ||
	    datapath_get_record(dp, &text) || record_parse(text, strlen(text), rec, NULL) ||
	    !record_is_here(rec))
		goto out;
	search->vport = search->port->ifindex == rec->ifindex ||
			search->port->ifindex == rec->inner_ifindex;
	for (unsigned i = 0; i < rec->n_rdma; i++)
		search->vport |= search->port->ifindex == rec->rdma[i].ifindex ||
				 search->port->ifindex == rec->rdma[i].inner_ifindex;
	search->vport |= datapath_vlan_of(dp, search->port->ifindex) != 0;
	if (search->vport)
		strcpy(search->team, rec->config.team);
	for (unsigned i = 0; i < rec->n_ports; i++) {
		if (rec->ports[i].joined && rec->ports[i].ifindex == search->port->ifindex)
			strcpy(search->team, rec->config.team);
	}
out:
	free(text);
	free(rec);
	datapath_close(dp);
	return search->team[0] != 0;
}

static int check_owner(const struct team_env *env, const struct link_info *port, struct err *err)
{
	struct owner_search search = {.env = env, .port = port};

	team_list(env, search_owner, &search);
	if (!search.team[0])
		return 0;
	if (search.vport)
		return err_set(err, -EBUSY, "%s: is the interface of team %s, and no port",
			       port->name, search.team);
	return err_set(err, -EBUSY, "%s: is a port of team %s already", port->name, search.team);
}

int team_check_device(const struct team_env *env, const struct link_info *port,
		      const struct config *config, struct err *err)
{
	if (port->flags & IFF_LOOPBACK)
		return err_set(err, -EINVAL,
			       "%s: is the loopback device; a port is an Ethernet NIC", port->name);
	if (port->type != ARPHRD_ETHER)
		return err_set(err, -EINVAL, "%s: is no Ethernet device", port->name);
	if (port->master)
		return err_set(err, -EBUSY,
			       "%s: is enslaved to a %s; 'ip link set %s nomaster' frees it",
			       port->name, port->master_kind[0] ? port->master_kind : "device",
			       port->name);
	if (config->mtu && port->max_mtu && config->mtu > port->max_mtu)
		return err_set(err, -EINVAL, "%s: takes an MTU of at most %u, not %u", port->name,
			       port->max_mtu, config->mtu);
	return check_owner(env, port, err);
}

/* Whoever types this over the port's own address would be cut off. */
static int check_addresses(struct link *link, const struct link_info *port, struct err *err)
{
	struct saved_route *routes = calloc(RECORD_ROUTES_MAX, sizeof(*routes));
	struct saved_addr *addrs = calloc(RECORD_ADDRS_MAX, sizeof(*addrs));
	unsigned n_addrs = 0, n_routes = 0;
	char text[ADDR_STRLEN];
	int ret = -ENOMEM;

	if (!addrs || !routes)
		goto out;
	ret = link_addrs(link, port->ifindex, addrs, RECORD_ADDRS_MAX, &n_addrs, err);
	for (unsigned i = 0; !ret && i < n_addrs; i++) {
		if (addr_is_link_local(&addrs[i].addr) && addrs[i].addr.family == AF_INET6)
			continue;
		ret = err_set(err, -EADDRINUSE,
			      "%s: holds the address %s; remove it, or 'bpfteam attach' with "
			      "--move-addresses moves it to the team",
			      port->name, addr_format(&addrs[i].addr, true, text));
	}
	if (ret)
		goto out;
	ret = link_routes(link, port->ifindex, routes, RECORD_ROUTES_MAX, &n_routes, err);
	for (unsigned i = 0; !ret && i < n_routes; i++) {
		if (!routes[i].to.prefixlen)
			ret = err_set(err, -EADDRINUSE,
				      "%s: holds the default route; --move-addresses moves it to "
				      "the team",
				      port->name);
	}
out:
	free(addrs);
	free(routes);
	return ret;
}

static int check_routes_movable(struct link *link, const struct link_info *port, struct err *err)
{
	struct saved_route *routes = calloc(RECORD_ROUTES_MAX, sizeof(*routes));
	unsigned n = 0;
	int ret = -ENOMEM;

	if (routes)
		ret = link_routes(link, port->ifindex, routes, RECORD_ROUTES_MAX, &n, err);
	free(routes);
	return ret;
}

int team_check_ports(const struct team_env *env, struct link *link, const struct config *config,
		     const struct config *running, unsigned flags, struct err *err)
{
	struct link_info info;
	unsigned found = 0;
	int ret = direct_check(config, running, flags, err);

	if (ret)
		return ret;
	for (unsigned i = 0; i < config->n_ports; i++) {
		const char *name = config->ports[i].name;

		if (running && config_port(running, name)) {
			found++;
			continue;
		}
		ret = link_get(link, name, &info, err);
		found += !ret;
		if (ret == -ENODEV && (flags & TEAM_ALLOW_MISSING))
			continue;
		if (ret == -ENODEV)
			return err_set(err, ret, "%s: no such device; 'ip link' lists them", name);
		ret = ret ?: team_check_device(env, &info, config, err);
		if (!ret && !(flags & TEAM_MOVE_ADDRESSES))
			ret = check_addresses(link, &info, err);
		else if (!ret)
			ret = check_routes_movable(link, &info, err);
		if (ret)
			return ret;
	}
	if (!found)
		return err_set(err, -ENODEV, "%s: none of its ports is there", config->team);
	ret = rdma_check(link, config, flags, err);
	return ret ?: vlan_check(link, config, running, err);
}
