// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * direct.c - rx: direct: received unicast IP stays on the ports, and the weak host model delivers it
 * to the team's addresses (RFC 1122, 3.3.4.2). What a port has to be set to for that, which addresses
 * there are, and what keeps it from working: while anything does, the data path is given no address,
 * and redirects everything.
 *
 * IPv4 checks the source address where rp_filter is on, and drops what comes by a port: strictly,
 * since the way back is the team's; loosely, since a port has no address (fib_validate_source(),
 * net/ipv4/fib_frontend.c). So a member's own rp_filter is off. That of "all" is the host's.
 *
 * IPv6 needs the port's IPv6 to be on (ip6_rcv_core(), net/ipv6/ip6_input.c). It still sends
 * nothing: it makes no address, and is in no group that MLD tells of, as long as it is no router's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_addr.h>

#include "team/team_priv.h"

#define ADDRS_MAX 1024
#define ADDR_GEN_ABSENT 0xff

/* Frames would be dropped, so that it is not even begun. Who starts a machine is not left without a
 * team for it: with TEAM_ALLOW_MISSING everything is redirected. */
int direct_check(const struct config *config, const struct config *running, unsigned flags,
		 struct err *err)
{
	unsigned all = link_rp_filter("all");

	if (config->rx != RX_DIRECT || (running && running->rx == RX_DIRECT) ||
	    (flags & TEAM_ALLOW_MISSING))
		return 0;
	if (all)
		return err_set(
			err, -EINVAL,
			"rx: direct needs net.ipv4.conf.all.rp_filter to be 0, and it is %u: "
			"'sysctl -w net.ipv4.conf.all.rp_filter=0', or rx: redirect",
			all);
	for (unsigned i = 0; i < config->n_ports; i++) {
		const char *name = config->ports[i].name;
		unsigned own = link_rp_filter(name);

		if (own && !link_can_set_rp_filter(name))
			return err_set(
				err, -EROFS,
				"%s: rx: direct needs net.ipv4.conf.%s.rp_filter to be 0, it is "
				"%u, and sysctls can't be written here",
				name, name, own);
	}
	return 0;
}

/* IPv6 is off when this is called, so that leaving the routers' groups is not heard of. */
static void open_ipv6(struct team *team, struct saved_port *saved, const char *name)
{
	if (saved->addr_gen_mode == ADDR_GEN_ABSENT || !link_ipv6_is_on(team->rec->config.team))
		return;
	link_set_ipv6(name, false);
	if (link_ipv6_forwards(name))
		link_set_ipv6_forwards(name, false);
	if (!link_ipv6_forwards(name))
		link_set_ipv6(name, true);
}

static void open_port(struct team *team, unsigned i)
{
	struct saved_port *saved = &team->rec->ports[i];
	const char *name = team->member[i].info.name;

	if (!saved->direct) {
		saved->rp_filter = link_rp_filter(name);
		saved->ipv6_forwarding = link_ipv6_forwards(name);
		saved->direct = true;
		if (team_store(team, NULL))
			return;
	}
	if (link_rp_filter(name))
		link_set_rp_filter(name, 0);
	open_ipv6(team, saved, name);
}

/* The port's settings as they were, but for IPv6, which is off, as it is of every member. */
void direct_close_port(struct team *team, unsigned i)
{
	struct saved_port *saved = &team->rec->ports[i];
	const char *name = team->member[i].info.name;

	if (!saved->direct)
		return;
	link_set_ipv6(name, false);
	if (saved->ipv6_forwarding)
		link_set_ipv6_forwards(name, true);
	if (saved->rp_filter)
		link_set_rp_filter(name, saved->rp_filter);
	saved->direct = false;
}

/* A member's settings are brought to what the configuration wants. */
void direct_set_port(struct team *team, unsigned i)
{
	if (!team->rec->ports[i].joined || !team->member[i].present)
		return;
	if (team->rec->config.rx == RX_DIRECT)
		open_port(team, i);
	else
		direct_close_port(team, i);
}

void direct_set_ports(struct team *team)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		direct_set_port(team, i);
}

static bool has_master(const struct link_info *vport, char buf[DIRECT_TEXT_MAX])
{
	if (!vport->master)
		return false;
	snprintf(buf, DIRECT_TEXT_MAX, "%s is in a %s", vport->name,
		 vport->master_kind[0] ? vport->master_kind : "device");
	return true;
}

static bool has_rp_filter(const char *name, char buf[DIRECT_TEXT_MAX])
{
	unsigned value = link_rp_filter(name);

	if (!value)
		return false;
	snprintf(buf, DIRECT_TEXT_MAX, "net.ipv4.conf.%s.rp_filter is %u, and has to be 0", name,
		 value);
	return true;
}

/* Why everything goes by the redirect, in buf; NULL when nothing is in the way. */
const char *direct_obstacle(struct team *team, char buf[DIRECT_TEXT_MAX])
{
	struct link_info vport;

	if (link_get_index(team->link, team->rec->ifindex, &vport, NULL))
		return strcpy(buf, "its interface is gone");
	if (has_master(&vport, buf) || has_rp_filter("all", buf))
		return buf;
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->member[i].present && has_rp_filter(team->member[i].info.name, buf))
			return buf;
	}
	if (!(vport.flags & IFF_UP))
		return strcpy(buf, "its interface is down");
	if (vport.promiscuity)
		return strcpy(buf, "its interface is promiscuous, for a capture or a macvlan");
	return NULL;
}

/* Would every port's own stack take IPv6? */
static bool takes_ipv6(const struct team *team)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->member[i].present && !link_ipv6_is_on(team->member[i].info.name))
			return false;
	}
	return true;
}

/* Link-local ones mean an interface; a tentative one is nobody's yet (RFC 4862, 5.4). */
static bool is_usable(const struct saved_addr *addr, bool ipv6)
{
	if (addr->addr.family == AF_INET)
		return true;
	return ipv6 && !addr_is_link_local(&addr->addr) &&
	       !(addr->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

static unsigned collect(struct team *team, struct addr *ret)
{
	static struct saved_addr addrs[ADDRS_MAX];
	bool ipv6 = takes_ipv6(team);
	unsigned found = 0, n = 0;

	if (link_addrs(team->link, team->rec->ifindex, addrs, ADDRS_MAX, &found, NULL))
		return 0;
	for (unsigned i = 0; i < found; i++) {
		if (is_usable(&addrs[i], ipv6))
			ret[n++] = addrs[i].addr;
	}
	return n;
}

/* Somebody made a port a router's again: what it would report at the link's return is taken back. */
static void silence_ports(struct team *team)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (saved->direct && team->member[i].present &&
		    link_ipv6_forwards(team->member[i].info.name))
			direct_set_port(team, i);
	}
}

/* Tells the data path which addresses there are, if anything may stay on the ports at all. */
void direct_refresh(struct team *team)
{
	static struct addr addrs[ADDRS_MAX];
	char text[DIRECT_TEXT_MAX];
	const char *why;

	team->direct_stale = false;
	if (team->rec->config.rx != RX_DIRECT)
		return;
	silence_ports(team);
	why = direct_obstacle(team, text);
	datapath_set_local(team->dp, addrs, why ? 0 : collect(team, addrs));
	if (why && strcmp(why, team->direct_why))
		team_emit(team, EVENT_CONFIG, "", why, 0);
	snprintf(team->direct_why, sizeof(team->direct_why), "%s", why ? why : "");
}
