// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_mirror.c - what makes the addresses of an RDMA vport usable by the RDMA CM: each of them, whoever
 * gave it to the vport, is on the RNIC as well.
 *
 * GIDs come from addresses on the RNIC and its VLAN devices alone (drivers/infiniband/core/
 * roce_gid_mgmt.c), hence the mirror, a host prefix without a route of its own. rdma_bind_addr() takes
 * the device of the newest holder of an address (__ip_dev_find()), so the mirror has to be newer than
 * the original, and is set anew when it is not. The passive side looks routes up by the RNIC's device,
 * hence a route to the subnet through it, with a metric that keeps others off it. An active side that
 * is not bound takes the best route; its look-ups bear no IP protocol, by which rules tell them from
 * sockets': these find the main table first, what is left the table whose route is the RNIC's.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

#define BY_BPFTEAM LINK_BY_BPFTEAM
#define RULE_SOCKETS 4791 /* priorities */
#define RULE_REST 4792
#define TABLE_FIRST 4791000 /* and the vport's ifindex */
#define METRIC 1000

static struct addr host_of(const struct addr *addr)
{
	struct addr host = *addr;

	host.prefixlen = addr_size(addr) * 8;
	return host;
}

static struct addr subnet_of(const struct addr *addr)
{
	struct addr subnet = *addr;

	for (unsigned bit = addr->prefixlen; bit < addr_size(addr) * 8; bit++)
		subnet.byte[bit / 8] &= ~(0x80 >> bit % 8);
	return subnet;
}

static bool same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->byte, b->byte, addr_size(a));
}

static uint32_t table_of(const struct saved_rdma *saved)
{
	return TABLE_FIRST + saved->ifindex;
}

static struct saved_addr mirror_of(const struct addr *addr)
{
	return (struct saved_addr){
		.addr = host_of(addr),
		.flags = IFA_F_NOPREFIXROUTE | (addr->family == AF_INET6 ? IFA_F_NODAD : 0),
		.valid_s = 0xffffffff,
		.preferred_s = 0xffffffff,
		.proto = BY_BPFTEAM,
	};
}

static struct saved_route route_of(const struct addr *addr, uint32_t table)
{
	return (struct saved_route){
		.to = subnet_of(addr),
		.prefsrc = host_of(addr),
		.table = table,
		.metric = METRIC,
		.protocol = BY_BPFTEAM,
		.scope = addr->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.type = RTN_UNICAST,
	};
}

static unsigned rules_of(const struct saved_rdma *saved, const struct addr *addr,
			 struct link_rule rules[4])
{
	const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP,
				     addr->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, 0};

	for (unsigned i = 0; i < 4; i++)
		rules[i] = (struct link_rule){
			.family = addr->family,
			.priority = protocols[i] ? RULE_SOCKETS : RULE_REST,
			.table = protocols[i] ? RT_TABLE_MAIN : table_of(saved),
			.to = subnet_of(addr),
			.ipproto = protocols[i],
			.protocol = BY_BPFTEAM,
		};
	return 4;
}

static int add_ways(struct team *team, const struct saved_rdma *saved, uint32_t target,
		    const struct addr *addr, struct err *err)
{
	const uint32_t tables[] = {RT_TABLE_MAIN, table_of(saved)};
	struct link_rule rules[4];
	unsigned n = rules_of(saved, addr, rules);
	int ret = 0;

	for (unsigned i = 0; !ret && i < 2; i++) {
		struct saved_route route = route_of(addr, tables[i]);

		ret = link_add_route(team->link, target, &route, err);
		if (ret == -EEXIST)
			ret = 0;
	}
	for (unsigned i = 0; !ret && i < n; i++)
		ret = link_add_rule(team->link, &rules[i], err);
	return ret;
}

/* target 0: the device is gone, and its addresses and routes with it. */
static void take_away(struct team *team, const struct saved_rdma *saved, uint32_t target,
		      const struct addr *addr)
{
	const struct saved_addr mirror = mirror_of(addr);
	const struct saved_route main = route_of(addr, RT_TABLE_MAIN);
	const struct saved_route own = route_of(addr, table_of(saved));
	struct link_rule rules[4];
	unsigned n = rules_of(saved, addr, rules);

	for (unsigned i = 0; i < n; i++)
		link_del_rule(team->link, &rules[i], NULL);
	if (!target)
		return;
	link_del_route(team->link, target, &main, NULL);
	link_del_route(team->link, target, &own, NULL);
	link_del_addr(team->link, target, &mirror, NULL);
}

static const struct saved_addr *find(const struct saved_addr *list, unsigned n,
				     const struct addr *addr)
{
	for (unsigned i = 0; i < n; i++) {
		if (same_ip(&list[i].addr, addr))
			return &list[i];
	}
	return NULL;
}

static bool is_wanted(const struct saved_addr *addr)
{
	return addr->addr.family == AF_INET || !addr_is_link_local(&addr->addr);
}

struct lists {
	struct saved_addr want[RECORD_ADDRS_MAX], have[RECORD_ADDRS_MAX];
	unsigned n_want, n_have;
};

static int read_lists(struct team *team, const struct saved_rdma *saved, uint32_t target,
		      struct lists *lists, struct err *err)
{
	unsigned kept = 0;
	int ret;

	ret = link_addrs(team->link, saved->ifindex, lists->want, RECORD_ADDRS_MAX, &lists->n_want,
			 err);
	ret = ret
		      ?: link_addrs(team->link, target, lists->have, RECORD_ADDRS_MAX,
				    &lists->n_have, err);
	for (unsigned i = 0; !ret && i < lists->n_want; i++) {
		if (is_wanted(&lists->want[i]))
			lists->want[kept++] = lists->want[i];
	}
	lists->n_want = kept;
	return ret;
}

/* The record first: what is mirrored from now on, and what still has to go. */
static int note(struct team *team, struct saved_rdma *saved, const struct lists *lists,
		struct err *err)
{
	const unsigned max = sizeof(saved->mirrored) / sizeof(saved->mirrored[0]);

	if (lists->n_want > max)
		return err_set(err, -E2BIG, "%s: has more than %u addresses, too many for RDMA",
			       saved->vport, max);
	saved->n_mirrored = lists->n_want;
	for (unsigned i = 0; i < lists->n_want; i++)
		saved->mirrored[i] = lists->want[i].addr;
	return team_store(team, err);
}

static bool is_noted(const struct saved_rdma *saved, const struct lists *lists)
{
	if (saved->n_mirrored != lists->n_want)
		return false;
	for (unsigned i = 0; i < lists->n_want; i++) {
		if (!addr_equal(&saved->mirrored[i], &lists->want[i].addr))
			return false;
	}
	return true;
}

static int mirror_one(struct team *team, const struct saved_rdma *saved, uint32_t target,
		      const struct saved_addr *want, const struct saved_addr *have, struct err *err)
{
	struct saved_addr mirror = mirror_of(&want->addr);
	int ret = 0;

	/* In hundredths of a second: of the same one, which came first is not known. */
	if (have && have->created <= want->created) {
		link_del_addr(team->link, target, have, NULL);
		have = NULL;
	}
	if (!have)
		ret = link_add_addr(team->link, target, &mirror, err);
	return ret ?: add_ways(team, saved, target, &want->addr, err);
}

int rdma_mirror(struct team *team, struct saved_rdma *saved, struct err *err)
{
	uint32_t target = team->rdma_target[saved - team->rec->rdma];
	struct lists *lists = calloc(1, sizeof(*lists));
	struct addr addrs[RECORD_ADDRS_MAX];
	int ret = lists ? 0 : -ENOMEM;

	ret = ret ?: read_lists(team, saved, target, lists, err);
	for (unsigned i = 0; !ret && i < saved->n_mirrored; i++) {
		if (!find(lists->want, lists->n_want, &saved->mirrored[i]))
			take_away(team, saved, target, &saved->mirrored[i]);
	}
	if (!ret && !is_noted(saved, lists))
		ret = note(team, saved, lists, err);
	for (unsigned i = 0; !ret && i < lists->n_want; i++) {
		addrs[i] = lists->want[i].addr;
		ret = mirror_one(team, saved, target, &lists->want[i],
				 find(lists->have, lists->n_have, &lists->want[i].addr), err);
	}
	if (!ret)
		datapath_set_rdma_addrs(team->dp, saved->index, addrs, lists->n_want);
	free(lists);
	return ret;
}

void rdma_unmirror(struct team *team, struct saved_rdma *saved)
{
	int port = rdma_port(team, saved);
	struct link_info info;
	uint32_t target = port >= 0 ? team->rec->ports[port].ifindex : 0;

	if (target && saved->vlan)
		target = link_find_vlan(team->link, target, saved->vlan, &info, NULL)
				 ? 0
				 : info.ifindex;
	for (unsigned i = 0; i < saved->n_mirrored; i++)
		take_away(team, saved, target, &saved->mirrored[i]);
	saved->n_mirrored = 0;
}

/* ---- the configuration's addresses ---- */

int rdma_give_addresses(struct team *team, const struct saved_rdma *saved,
			const struct rdma_config *rdma, struct err *err)
{
	struct saved_addr have[RECORD_ADDRS_MAX];
	unsigned n = 0;
	int ret;

	ret = link_addrs(team->link, saved->ifindex, have, RECORD_ADDRS_MAX, &n, err);
	for (unsigned i = 0; !ret && i < rdma->n_addresses; i++) {
		struct saved_addr addr = move_as_saved(&rdma->addresses[i]);

		if (!find(have, n, &rdma->addresses[i]))
			ret = link_add_addr(team->link, saved->ifindex, &addr, err);
	}
	return ret;
}

/* Those that only the configuration before had; what others put on the vport stays. */
void rdma_take_addresses(struct team *team, const struct saved_rdma *saved,
			 const struct rdma_config *before, const struct rdma_config *after)
{
	for (unsigned i = 0; i < before->n_addresses; i++) {
		struct saved_addr addr = move_as_saved(&before->addresses[i]);
		bool stays = false;

		for (unsigned k = 0; after && k < after->n_addresses; k++)
			stays |= addr_equal(&before->addresses[i], &after->addresses[k]);
		if (!stays)
			link_del_addr(team->link, saved->ifindex, &addr, NULL);
	}
}
