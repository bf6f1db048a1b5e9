// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * move.c - addresses and routes: from a port to the team and back, and those of the configuration.
 *
 * An address is added at its new place before it is taken from the old one, so the host never is
 * without it and TCP connections bound to it go on.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "team/team_priv.h"

static bool is_ipv6_link_local(const struct addr *addr)
{
	return addr->family == AF_INET6 && addr_is_link_local(addr);
}

/* The port's addresses go, and with them the prefix routes by which they would still be used. */
static int take_addrs(struct team *team, const struct saved_port *saved, struct err *err)
{
	int ret = 0;

	for (unsigned k = 0; !ret && k < saved->n_addrs; k++) {
		/* An RNIC keeps its own: default GIDs are made of it. */
		if (saved->rnic && is_ipv6_link_local(&saved->addrs[k].addr))
			continue;
		ret = link_del_addr(team->link, saved->ifindex, &saved->addrs[k], err);
		/* A secondary address goes by itself with its primary one. */
		if (ret == -EADDRNOTAVAIL)
			ret = 0;
	}
	if (saved->rnic)
		return ret;
	return ret ?: link_del_prefix_routes(team->link, saved->ifindex, err);
}

/* Takes the port's addresses away; they are in the record, and come back when it leaves. */
int move_silence(struct team *team, unsigned i, struct err *err)
{
	return take_addrs(team, &team->rec->ports[i], err);
}

/*
 * Adds the port's routes through one of the two devices and takes them from the other. IPv4 replaces
 * a route whatever its device; IPv6 would keep both, and spread traffic over them.
 */
static int change_routes(struct team *team, const struct saved_port *saved, uint32_t from,
			 uint32_t to, struct err *err)
{
	int ret, first = 0;

	for (unsigned k = 0; k < saved->n_routes; k++) {
		ret = link_add_route(team->link, to, &saved->routes[k], first ? NULL : err);
		first = first ?: ret;
		if (!ret && from && saved->routes[k].to.family == AF_INET6)
			link_del_route(team->link, from, &saved->routes[k], NULL);
	}
	return first;
}

/* The port's addresses and routes become the team's. IPv6 link-local ones are only taken away: the
 * team's interface has its own. */
int move_to_team(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	struct saved_addr addr;
	int ret;

	saved->moved = true;
	ret = team_store(team, err);
	for (unsigned k = 0; !ret && k < saved->n_addrs; k++) {
		addr = saved->addrs[k];
		if (is_ipv6_link_local(&addr.addr))
			continue;
		/* IPv4 labels must begin with the interface's name. */
		strcpy(addr.label, "");
		ret = link_add_addr(team->link, team->rec->ifindex, &addr, err);
	}
	ret = ret ?: take_addrs(team, saved, err);
	return ret ?: change_routes(team, saved, saved->ifindex, team->rec->ifindex, err);
}

/*
 * Gives addresses and routes back to the port; those that were moved are taken from the team first
 * for the routes' sake (a prefix route of the team's would win) but only after the port has them.
 */
int move_back(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	int ret = 0, first = 0;

	for (unsigned k = 0; k < saved->n_addrs; k++) {
		ret = link_add_addr(team->link, saved->ifindex, &saved->addrs[k],
				    first ? NULL : err);
		first = first ?: ret;
		if (saved->moved)
			link_del_addr(team->link, team->rec->ifindex, &saved->addrs[k], NULL);
	}
	if (saved->was_up)
		ret = change_routes(team, saved, saved->moved ? team->rec->ifindex : 0,
				    saved->ifindex, first ? NULL : err);
	saved->moved = false;
	return first ?: ret;
}

/*
 * The port leaves a team that goes on: what was moved stays on the team, and becomes the business of
 * another port, so that a detach still leaves the host reachable.
 */
void move_hand_over(struct team *team, unsigned i)
{
	struct saved_port *from = &team->rec->ports[i], *heir = NULL;
	unsigned kept = 0;

	for (unsigned k = 0; !heir && k < team->rec->n_ports; k++) {
		if (k != i && team->rec->ports[k].joined)
			heir = &team->rec->ports[k];
	}
	if (!from->moved || !heir)
		return;
	for (unsigned k = 0; k < from->n_addrs; k++) {
		if (is_ipv6_link_local(&from->addrs[k].addr))
			from->addrs[kept++] = from->addrs[k];
		else if (heir->n_addrs < RECORD_ADDRS_MAX)
			heir->addrs[heir->n_addrs++] = from->addrs[k];
	}
	for (unsigned k = 0; k < from->n_routes && heir->n_routes < RECORD_ROUTES_MAX; k++)
		heir->routes[heir->n_routes++] = from->routes[k];
	heir->moved = true;
	from->n_addrs = kept;
	from->n_routes = 0;
	from->moved = false;
}

struct saved_addr move_as_saved(const struct addr *addr)
{
	struct saved_addr saved = {
		.addr = *addr,
		.valid_s = 0xffffffff,
		.preferred_s = 0xffffffff,
	};

	/* RFC 919: the broadcast address has all host bits set; /31 and /32 have none (RFC 3021). */
	if (addr->family == AF_INET && addr->prefixlen < 31) {
		saved.broadcast = *addr;
		for (unsigned bit = addr->prefixlen; bit < 32; bit++)
			saved.broadcast.byte[bit / 8] |= 0x80 >> bit % 8;
	}
	return saved;
}

static struct saved_route route_as_saved(const struct route_config *route)
{
	return (struct saved_route){
		.to = route->to,
		.via = route->via,
		.metric = route->metric,
		.table = 254, /* RT_TABLE_MAIN */
		.protocol = 4, /* RTPROT_STATIC */
		.scope = route->via.family ? 0 : 253, /* RT_SCOPE_UNIVERSE, RT_SCOPE_LINK */
		.type = 1, /* RTN_UNICAST */
	};
}

static bool route_equal(const struct route_config *a, const struct route_config *b)
{
	return addr_equal(&a->to, &b->to) && addr_equal(&a->via, &b->via) && a->metric == b->metric;
}

static bool has_addr(const struct config *config, const struct addr *addr)
{
	for (unsigned i = 0; config && i < config->n_addresses; i++) {
		if (addr_equal(&config->addresses[i], addr))
			return true;
	}
	return false;
}

static bool has_route(const struct config *config, const struct route_config *route)
{
	for (unsigned i = 0; config && i < config->n_routes; i++) {
		if (route_equal(&config->routes[i], route))
			return true;
	}
	return false;
}

/* Brings the team's addresses and routes from one configuration to another; from may be NULL. What
 * others put on the interface stays. */
int move_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err)
{
	uint32_t ifindex = team->rec->ifindex;
	int ret = 0;

	for (unsigned i = 0; !ret && i < to->n_addresses; i++) {
		struct saved_addr addr = move_as_saved(&to->addresses[i]);

		if (!has_addr(from, &to->addresses[i]))
			ret = link_add_addr(team->link, ifindex, &addr, err);
	}
	for (unsigned i = 0; !ret && i < to->n_routes; i++) {
		struct saved_route route = route_as_saved(&to->routes[i]);

		if (!has_route(from, &to->routes[i]))
			ret = link_add_route(team->link, ifindex, &route, err);
	}
	for (unsigned i = 0; !ret && from && i < from->n_routes; i++) {
		struct saved_route route = route_as_saved(&from->routes[i]);

		if (!has_route(to, &from->routes[i]))
			link_del_route(team->link, ifindex, &route, NULL);
	}
	for (unsigned i = 0; !ret && from && i < from->n_addresses; i++) {
		struct saved_addr addr = move_as_saved(&from->addresses[i]);

		if (!has_addr(to, &from->addresses[i]))
			link_del_addr(team->link, ifindex, &addr, NULL);
	}
	return ret;
}
