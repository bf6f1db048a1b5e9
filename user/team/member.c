// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * member.c - one port joins a team and leaves it. What the port was like goes into the record before
 * anything is changed, so that a detach, also one after a crash, gives it back.
 *
 * A member's own stack keeps silent: it has no addresses, makes none, and has IPv6 off (but see
 * direct.c), for the port whose MAC the team bears would otherwise move the switch's entry for that
 * MAC to a port that may not receive. Without addresses alone IPv6 would still send MLD reports: of the groups left with
 * them, and of a router's at each return of the link. Where sysctls are read-only that is put up with.
 * An RNIC keeps IPv6, whose addresses its RDMA's GIDs are made of: the team never bears its MAC.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/mode.h"
#include "team/team_priv.h"

/* IN6_ADDR_GEN_MODE_NONE (linux/if_link.h): the kernel makes no link-local address. */
#define ADDR_GEN_NONE 1
#define ADDR_GEN_ABSENT 0xff

void member_init(struct member *member)
{
	memset(member, 0, sizeof(*member));
	port_init(&member->state);
	member->missing_reason = "no such device";
}

void member_fini(struct member *member)
{
	link_poll_close(member->poll);
	member->poll = NULL;
}

int member_index(const struct team *team, uint32_t ifindex)
{
	for (unsigned i = 0; ifindex && i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].ifindex == ifindex)
			return i;
	}
	return -1;
}

int member_index_id(const struct team *team, unsigned id)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].id == id)
			return i;
	}
	return -1;
}

int member_index_name(const struct team *team, const char *name)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (!strcmp(team->rec->ports[i].name, name))
			return i;
	}
	return -1;
}

static unsigned free_id(const struct team *team)
{
	uint64_t used = 0;
	unsigned id = 0;

	for (unsigned i = 0; i < team->rec->n_ports; i++)
		used |= 1ull << team->rec->ports[i].id;
	while (used & (1ull << id))
		id++;
	return id;
}

int member_add(struct team *team, const char *name)
{
	unsigned i = team->rec->n_ports;
	struct saved_port *saved = &team->rec->ports[i];

	memset(saved, 0, sizeof(*saved));
	strcpy(saved->name, name);
	saved->id = free_id(team);
	datapath_retire(team->dp, saved->id);
	member_init(&team->member[i]);
	team->rec->n_ports++;
	team->slots_valid = false;
	return i;
}

void member_remove(struct team *team, unsigned i)
{
	unsigned behind = team->rec->n_ports - i - 1;

	datapath_retire(team->dp, team->rec->ports[i].id);
	member_fini(&team->member[i]);
	memmove(&team->rec->ports[i], &team->rec->ports[i + 1],
		behind * sizeof(team->rec->ports[0]));
	memmove(&team->member[i], &team->member[i + 1], behind * sizeof(team->member[0]));
	team->rec->n_ports--;
	team->slots_valid = false;
	/* What lies behind the last is no member, and its poll handle belongs to the one before. */
	member_init(&team->member[team->rec->n_ports]);
}

/* A device of another name is the port renamed, or, where nothing of ours is attached, a stranger
 * that got the number of the one that is gone. */
int member_update_info(struct team *team, unsigned i)
{
	const struct saved_port *saved = &team->rec->ports[i];
	struct member *member = &team->member[i];

	member->present = saved->ifindex &&
			  !link_get_index(team->link, saved->ifindex, &member->info, NULL) &&
			  (!strcmp(member->info.name, saved->name) ||
			   datapath_joined(team->dp, saved->id, saved->ifindex));
	return member->present ? 0 : -ENODEV;
}

/*
 * What was moved to the team from a port that is gone since stays to be given back: to the device
 * that takes its place. Link-local addresses are the device's own.
 */
static unsigned keep_moved(struct saved_port *saved)
{
	unsigned kept = 0;

	for (unsigned k = 0; saved->moved && k < saved->n_addrs; k++) {
		if (saved->addrs[k].addr.family != AF_INET6 ||
		    !addr_is_link_local(&saved->addrs[k].addr))
			saved->addrs[kept++] = saved->addrs[k];
	}
	return kept;
}

/* How the port is now, into the record. */
static int save(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	struct link_info *info = &team->member[i].info;
	unsigned kept = keep_moved(saved), routes = saved->moved ? saved->n_routes : 0;
	int ret;

	ret = link_get(team->link, saved->name, info, err);
	if (ret)
		return ret;
	saved->ifindex = info->ifindex;
	saved->was_up = info->flags & IFF_UP;
	saved->was_promisc = info->flags & IFF_PROMISC;
	saved->was_allmulti = info->flags & IFF_ALLMULTI;
	saved->mtu = info->mtu;
	saved->addr_gen_mode = info->addr_gen_mode;
	saved->had_ipv6 = link_ipv6_is_on(saved->name);
	saved->rdma_macs = saved->rdma_promisc = 0;
	saved->rnic = rdma_is_rnic(team, config_port(&team->rec->config, saved->name),
				   info->ifindex);
	team->rdma_stale = true;
	ret = link_addrs(team->link, info->ifindex, saved->addrs + kept, RECORD_ADDRS_MAX - kept,
			 &saved->n_addrs, err);
	saved->n_addrs += kept;
	ret = ret
		      ?: link_routes(team->link, info->ifindex, saved->routes + routes,
				     RECORD_ROUTES_MAX - routes, &saved->n_routes, err);
	saved->n_routes += routes;
	if (ret)
		return ret;
	saved->joined = true;
	team->member[i].present = true;
	return 0;
}

/*
 * The source of the port's ARP probes, and of what it sends in a mode in which only the active port
 * bears the team's MAC. Never that one: the frame would move the switch's entry for it. Nor an RNIC's,
 * which is its RDMA system's. The port whose own MAC is either gets one made from it: locally
 * administered, and with the port's id folded in so that no two ports share it.
 */
static struct mac probe_mac(const struct team *team, const struct saved_port *saved,
			    const struct link_info *info)
{
	struct mac mac = info->mac;

	if (mac_equal(&mac, &team->rec->mac) || saved->rnic) {
		mac.byte[0] = (mac.byte[0] | 0x02) ^ 0x40;
		mac.byte[1] ^= 0xb7;
		mac.byte[2] ^= saved->id;
	}
	return mac;
}

/*
 * The port receives a MAC that is not its own. A driver that can't filter for it says so, and the
 * port goes promiscuous instead.
 */
static int receive_mac(struct team *team, unsigned i, const struct mac *mac, bool *added,
		       struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];

	*added = false;
	if (mac_equal(mac, &team->member[i].info.mac))
		return 0;
	if (!link_add_unicast(team->link, saved->ifindex, mac, NULL)) {
		*added = true;
		return 0;
	}
	return link_set_promisc(team->link, saved->ifindex, true, err);
}

static int add_probe_mac(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];

	saved->probe_mac = probe_mac(team, saved, &team->member[i].info);
	return receive_mac(team, i, &saved->probe_mac, &saved->added_probe_mac, err);
}

bool member_needs_probe_mac(const struct config *config)
{
	return config->arp_interval_ms || mode_of(config->mode)->own_macs;
}

/* For a port that joined while the team had no use for it. */
int member_add_probe_mac(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	int ret;

	if (!saved->joined || !mac_is_zero(&saved->probe_mac))
		return 0;
	ret = add_probe_mac(team, i, err);
	return ret ?: datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac, err);
}

static int prepare(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	const struct link_info *info = &team->member[i].info;
	int ret = 0;

	if (saved->addr_gen_mode != ADDR_GEN_ABSENT && !saved->rnic)
		ret = link_set_addr_gen_mode(team->link, info->ifindex, ADDR_GEN_NONE, err);
	if (!ret && info->mtu < team->vport.mtu)
		ret = link_set_mtu(team->link, info->ifindex, team->vport.mtu, err);
	ret = ret ?: link_set_allmulti(team->link, info->ifindex, true, err);
	if (!ret && team->vport.promiscuity)
		ret = link_set_promisc(team->link, info->ifindex, true, err);
	ret = ret ?: receive_mac(team, i, &team->rec->mac, &saved->added_mac, err);
	if (!ret && member_needs_probe_mac(&team->rec->config))
		ret = add_probe_mac(team, i, err);
	return ret ?: link_set_up(team->link, info->ifindex, true, err);
}

/* The detector starts from what rtnetlink says, and corrects it. */
static void start_link(struct team *team, unsigned i)
{
	const struct link_info *info = &team->member[i].info;

	if (!member_update_info(team, i))
		datapath_set_link(team->dp, team->rec->ports[i].id,
				  info->carrier && info->flags & IFF_UP);
}

static void restore_filters(struct team *team, struct saved_port *saved)
{
	if (saved->added_mac)
		link_del_unicast(team->link, saved->ifindex, &team->rec->mac, NULL);
	if (saved->added_probe_mac)
		link_del_unicast(team->link, saved->ifindex, &saved->probe_mac, NULL);
	saved->added_mac = saved->added_probe_mac = false;
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		if (saved->rdma_macs >> team->rec->rdma[i].index & 1)
			link_del_unicast(team->link, saved->ifindex, &team->rec->rdma[i].mac, NULL);
	}
	saved->rdma_macs = saved->rdma_promisc = 0;
	link_set_promisc(team->link, saved->ifindex, saved->was_promisc, NULL);
	link_set_allmulti(team->link, saved->ifindex, saved->was_allmulti, NULL);
}

/* As it was. Before the mode: the address that this makes is among those that come back. */
void member_give_ipv6(struct team *team, unsigned i)
{
	const struct saved_port *saved = &team->rec->ports[i];

	if (saved->had_ipv6)
		link_set_ipv6(team->member[i].info.name, true);
	if (saved->addr_gen_mode != ADDR_GEN_ABSENT)
		link_set_addr_gen_mode(team->link, saved->ifindex, saved->addr_gen_mode, NULL);
}

/* moved: its addresses and routes were touched, too. */
static int leave(struct team *team, unsigned i, bool moved, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	struct member *member = &team->member[i];
	bool there = !member_update_info(team, i);
	int ret, ret2;

	member_fini(member);
	ret = datapath_leave(team->dp, saved->id, err);
	if (!saved->joined)
		return ret;
	if (there) {
		direct_close_port(team, i);
		restore_filters(team, saved);
		if (member->info.mtu != saved->mtu)
			link_set_mtu(team->link, saved->ifindex, saved->mtu, NULL);
		member_give_ipv6(team, i);
		link_set_up(team->link, saved->ifindex, saved->was_up, NULL);
		ret2 = moved ? move_back(team, i, ret ? NULL : err) : 0;
		ret = ret ?: ret2;
	}
	saved->joined = false;
	saved->ifindex = 0;
	member->present = false;
	return ret;
}

/*
 * Gives the port back as it was. Goes on whatever fails, and returns the first failure: a port that
 * lost one setting shall not lose the others too. Without a struct err it undoes quietly.
 */
int member_leave(struct team *team, unsigned i, struct err *err)
{
	return leave(team, i, true, err);
}

static int join_prepared(struct team *team, unsigned i, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	int ret;

	ret = prepare(team, i, err);
	if (!ret) {
		datapath_set_rnic(team->dp, saved->id, saved->rnic);
		ret = datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac, err);
		if (ret)
			err_prefix(err, ret, "%s", saved->name);
	}
	if (ret) {
		leave(team, i, false, NULL);
		return ret;
	}
	probe_reset(&team->member[i], PROBE_UNKNOWN);
	start_link(team, i);
	return 0;
}

/* A join that was interrupted after the port's settings were saved is done to its end. */
int member_complete(struct team *team, unsigned i, struct err *err)
{
	int ret = join_prepared(team, i, err);

	return ret ?: member_settle(team, i, false, err);
}

/*
 * Makes the device of the record's port i a port: it receives for the team and can send for it once
 * the plan says so. Its addresses are still its own. On failure the port is as it was.
 */
int member_join(struct team *team, unsigned i, struct err *err)
{
	int ret;

	ret = save(team, i, err);
	ret = ret ?: team_store(team, err);
	if (!ret)
		return join_prepared(team, i, err);
	leave(team, i, false, NULL);
	return ret;
}

/*
 * The port's own stack falls silent: with move its addresses and routes become the team's, else
 * they are put away until it leaves. On failure the port is as it was before it joined.
 */
int member_settle(struct team *team, unsigned i, bool move, struct err *err)
{
	int ret = move ? move_to_team(team, i, err) : move_silence(team, i, err);

	ret = ret ?: team_store(team, err);
	if (ret) {
		member_leave(team, i, NULL);
		return ret;
	}
	if (team->rec->ports[i].had_ipv6 && !team->rec->ports[i].rnic)
		link_set_ipv6(team->rec->ports[i].name, false);
	direct_set_port(team, i);
	team->direct_stale = true;
	return 0;
}

/* Programs of the ports that have some are swapped for those of the configuration now. */
int member_swap_all(struct team *team, struct err *err)
{
	int ret = 0;

	team_adopt_datapath(team);
	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (datapath_joined(team->dp, saved->id, saved->ifindex))
			ret = datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac,
					    err);
	}
	return ret;
}

/* The device is gone from this namespace: there is nothing to give back to it. */
void member_lost(struct team *team, unsigned i, const char *reason)
{
	struct saved_port *saved = &team->rec->ports[i];

	member_fini(&team->member[i]);
	datapath_leave(team->dp, saved->id, NULL);
	saved->joined = false;
	saved->ifindex = 0;
	team->member[i].present = false;
	team->member[i].link = false;
	team->member[i].missing_reason = reason;
	team_store(team, NULL);
}

/* The team's MAC changed from an old one to rec->mac. */
int member_set_mac(struct team *team, unsigned i, const struct mac *from, struct err *err)
{
	struct saved_port *saved = &team->rec->ports[i];
	int ret = 0;

	if (!saved->joined)
		return 0;
	if (saved->added_mac)
		link_del_unicast(team->link, saved->ifindex, from, NULL);
	/* That of the probes may have been the port's own, which is the team's now. */
	if (mac_equal(&saved->probe_mac, &team->rec->mac))
		ret = add_probe_mac(team, i, err);
	return ret ?: receive_mac(team, i, &team->rec->mac, &saved->added_mac, err);
}
