// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_vport.c - the interface of an RDMA system: a veth with its RNIC's MAC address, whose frames
 * leave by that RNIC. Made, followed and removed for rdma.c.
 *
 * Team, vport and RNIC are three stations on one wire that one host's IPv4 stack would answer for on
 * behalf of each other; so each answers ARP for its own addresses only (arp_ignore 1, arp_announce 2).
 */
#include <errno.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "team/team_priv.h"

struct quiet {
	uint32_t ignore, announce;
};

/* What is so already stays untouched: the kernel tells of every setting, and we would hear ourselves. */
static int make_quiet(struct team *team, uint32_t ifindex, struct quiet *ret_before,
		      struct err *err)
{
	struct quiet before = {0};
	int ret;

	ret = link_get_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_IGNORE, &before.ignore, err);
	ret = ret
		      ?: link_get_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_ANNOUNCE,
					    &before.announce, err);
	if (!ret && before.ignore != 1)
		ret = link_set_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_IGNORE, 1, err);
	if (!ret && before.announce != 2)
		ret = link_set_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_ANNOUNCE, 2, err);
	if (ret_before)
		*ret_before = before;
	return ret;
}

static void unmake_quiet(struct team *team, uint32_t ifindex, uint32_t ignore, uint32_t announce)
{
	link_set_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_IGNORE, ignore, NULL);
	link_set_ipv4_conf(team->link, ifindex, IPV4_DEVCONF_ARP_ANNOUNCE, announce, NULL);
}

/* The team's interface, with its first RDMA vport, and the RNIC. */
static int quiet_others(struct team *team, unsigned port, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[port];
	struct quiet before;
	int ret = 0;

	if (!team->rec->arp_quiet) {
		ret = make_quiet(team, team->rec->ifindex, &before, err);
		if (!ret) {
			team->rec->arp_quiet = true;
			team->rec->arp_ignore = before.ignore;
			team->rec->arp_announce = before.announce;
		}
	}
	if (!ret && !saved->arp_quiet) {
		ret = make_quiet(team, saved->ifindex, &before, err);
		if (!ret) {
			saved->arp_quiet = true;
			saved->arp_ignore = before.ignore;
			saved->arp_announce = before.announce;
		}
	}
	return ret;
}

/* The device that the RNIC's own stack binds for RDMA: itself, or its VLAN device, made if need be. */
static int find_target(struct team *team, struct saved_rdma *saved, unsigned port, struct err *err)
{
	const struct saved_port *rnic = &team->rec->ports[port];
	char name[IFNAMSIZ];
	struct link_info info;
	int ret;

	if (!saved->vlan) {
		team->rdma_target[saved - team->rec->rdma] = rnic->ifindex;
		return 0;
	}
	ret = link_find_vlan(team->link, rnic->ifindex, saved->vlan, &info, NULL);
	if (ret == -ENODEV) {
		snprintf(name, sizeof(name), "%.10s.%u", rnic->name, saved->vlan % 10000);
		saved->made_vlan = true;
		ret = team_store(team, err);
		ret = ret ?: link_create_vlan(team->link, rnic->ifindex, name, saved->vlan, err);
		if (ret)
			saved->made_vlan = false;
		ret = ret ?: link_find_vlan(team->link, rnic->ifindex, saved->vlan, &info, err);
	}
	if (!ret && !(info.flags & IFF_UP))
		ret = link_set_up(team->link, info.ifindex, true, err);
	if (!ret)
		ret = make_quiet(team, info.ifindex, NULL, err);
	team->rdma_target[saved - team->rec->rdma] = ret ? 0 : info.ifindex;
	return ret;
}

static int fill_datapath(struct team *team, const struct rdma_config *rdma,
			 const struct saved_rdma *saved, struct err *err)
{
	struct datapath_rdma vport = {
		.ifindex = saved->ifindex,
		.inner_ifindex = saved->inner_ifindex,
		.port = saved->port,
		.mac = saved->mac,
		.vlan = saved->vlan,
		.spread = rdma_spreads(team, rdma),
	};

	vport.others = rdma_others(team, rdma, &vport.path);
	return datapath_set_rdma(team->dp, saved->index, &vport, err);
}

static int set_datapath(struct team *team, const struct rdma_config *rdma,
			const struct saved_rdma *saved, struct err *err)
{
	int ret = fill_datapath(team, rdma, saved, err);

	return ret ?: member_swap_all(team, err);
}

/* The vports' programs, and SMC's, anew: another build's, or for another detector. */
int rdma_reload(struct team *team, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_rdma; i++) {
		const struct saved_rdma *saved = &team->rec->rdma[i];
		const struct rdma_config *rdma = rdma_config_of(team, &team->rec->config, saved);

		if (rdma)
			ret = fill_datapath(team, rdma, saved, err);
	}
	if (!ret && !datapath_set_smc(team->dp, NULL, 0, NULL))
		rdma_smc_cgroups(team, &team->rec->config);
	return ret;
}

static unsigned free_index(const struct team *team)
{
	unsigned used = 0, index = 0;

	for (unsigned i = 0; i + 1 < team->rec->n_rdma; i++)
		used |= 1u << team->rec->rdma[i].index;
	while (used >> index & 1)
		index++;
	return index;
}

static int create(struct team *team, struct saved_rdma *saved, unsigned port, struct err *err)
{
	const struct link_info *rnic = &team->member[port].info;
	struct link_veth veth = {.outer = saved->vport,
				 .inner = saved->inner,
				 .mac = &saved->mac,
				 .mtu = rnic->mtu,
				 .queues = 1};
	struct link_info outer, inner;
	int ret;

	ret = link_create_veth(team->link, &veth, err);
	ret = ret ?: link_get(team->link, saved->vport, &outer, err);
	ret = ret ?: link_get(team->link, saved->inner, &inner, err);
	if (ret)
		return ret;
	saved->ifindex = outer.ifindex;
	saved->inner_ifindex = inner.ifindex;
	ret = team_store(team, err);
	ret = ret ?: make_quiet(team, saved->ifindex, NULL, err);
	ret = ret ?: quiet_others(team, port, err);
	if (!ret && rnic->gso_max_size && rnic->gso_max_segs)
		ret = link_set_gso_max(team->link, saved->ifindex, rnic->gso_max_size,
				       rnic->gso_max_segs, err);
	return ret ?: team_store(team, err);
}

int rdma_vport_make(struct team *team, const struct rdma_config *rdma, const char *name,
		    unsigned port, struct err *err)
{
	struct saved_rdma *saved = &team->rec->rdma[team->rec->n_rdma];
	char inner[IFNAMSIZ];
	int ret = vport_check_free(team, name, err);

	config_derived_name(name, "-in", inner);
	ret = ret ?: vport_check_free(team, inner, err);
	if (ret)
		return ret;
	if (mac_equal(&team->member[port].info.mac, &team->rec->mac))
		return err_set(err, -EADDRINUSE,
			       "%s: bears the team's MAC address, by which its RDMA can't be told "
			       "from the team's traffic: give the team another one with mac:",
			       team->rec->ports[port].name);
	memset(saved, 0, sizeof(*saved));
	snprintf(saved->vport, sizeof(saved->vport), "%s", name);
	memcpy(saved->inner, inner, sizeof(inner));
	saved->port = team->rec->ports[port].id;
	saved->mac = team->member[port].info.mac;
	saved->vlan = rdma->vlan;
	team->rec->n_rdma++;
	saved->index = free_index(team);
	ret = team_store(team, err);
	ret = ret ?: create(team, saved, port, err);
	ret = ret ?: set_datapath(team, rdma, saved, err);
	ret = ret ?: link_set_up(team->link, saved->inner_ifindex, true, err);
	ret = ret ?: link_set_up(team->link, saved->ifindex, true, err);
	ret = ret ?: rdma_vport_update(team, rdma, saved, err);
	if (ret)
		rdma_vport_remove(team, saved);
	return ret;
}

/* The RNIC may be another device by now, with another MAC address. */
static int follow_rnic(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
		       unsigned port, struct err *err)
{
	const struct mac *mac = &team->member[port].info.mac;
	int ret = find_target(team, saved, port, err);

	if (!ret && !team->rec->ports[port].arp_quiet)
		ret = quiet_others(team, port, err);
	if (ret || mac_equal(mac, &saved->mac))
		return ret;
	rdma_share_mac(team, saved, 0);
	saved->mac = *mac;
	ret = link_set_mac(team->link, saved->ifindex, mac, err);
	return ret ?: set_datapath(team, rdma, saved, err);
}

/* The other ports that its frames may take, also while the RNIC is away. */
static int follow_ports(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
			struct err *err)
{
	struct bpfteam_slot path;
	uint64_t others = rdma_others(team, rdma, &path);
	struct bpfteam_rdma entry;
	int ret = rdma_prepare_ports(team, rdma, err);

	if (!ret && !datapath_get_rdma(team->dp, saved->index, &entry) &&
	    (entry.others != others || memcmp(&entry.path, &path, sizeof(path))))
		ret = set_datapath(team, rdma, saved, err);
	if (!ret)
		rdma_share_mac(team, saved, others);
	return ret;
}

int rdma_vport_update(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
		      struct err *err)
{
	int port = rdma_port(team, saved), ret;

	ret = rdma_give_addresses(team, saved, rdma, err);
	if (!ret && port >= 0)
		ret = follow_rnic(team, rdma, saved, port, err);
	ret = ret ?: follow_ports(team, rdma, saved, err);
	if (ret || port < 0)
		return ret;
	ret = rdma_mirror(team, saved, err);
	return ret ?: rdma_smc(team, rdma, saved, port, err);
}

static void delete_vlan(struct team *team, const struct saved_rdma *saved, unsigned port)
{
	struct link_info info;

	if (saved->made_vlan &&
	    !link_find_vlan(team->link, team->rec->ports[port].ifindex, saved->vlan, &info, NULL))
		link_delete(team->link, info.ifindex, NULL);
}

/* Undoes all that the record says; what is not there any more is no failure. */
void rdma_vport_remove(struct team *team, struct saved_rdma *saved)
{
	unsigned at = saved - team->rec->rdma, behind = team->rec->n_rdma - at - 1;
	int port = rdma_port(team, saved);

	rdma_smc_undo(team, saved);
	rdma_unmirror(team, saved);
	datapath_set_rdma(team->dp, saved->index, NULL, NULL);
	vport_delete_veth(team, saved->inner, saved->inner_ifindex, NULL);
	rdma_share_mac(team, saved, 0);
	if (port >= 0) {
		struct saved_port *rnic = &team->rec->ports[port];

		delete_vlan(team, saved, port);
		if (rnic->arp_quiet)
			unmake_quiet(team, rnic->ifindex, rnic->arp_ignore, rnic->arp_announce);
		rnic->arp_quiet = false;
	}
	memmove(saved, saved + 1, behind * sizeof(*saved));
	memmove(&team->rdma_target[at], &team->rdma_target[at + 1],
		behind * sizeof(team->rdma_target[0]));
	memmove(&team->rdma_path[at], &team->rdma_path[at + 1],
		behind * sizeof(team->rdma_path[0]));
	team->rdma_path[at + behind] = 0;
	/* A first vport that was not made to the end left the team as it was. */
	if (!--team->rec->n_rdma && team->rec->arp_quiet) {
		unmake_quiet(team, team->rec->ifindex, team->rec->arp_ignore,
			     team->rec->arp_announce);
		team->rec->arp_quiet = false;
	}
	team_store(team, NULL);
}
