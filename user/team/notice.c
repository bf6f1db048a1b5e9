// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * notice.c - tells others: the neighbours, by gratuitous ARP and unsolicited NA after the active
 * port changed, multicast routers and switches that snoop, of which groups we are in, and whoever listens to events.
 *
 * The notices go out through the team's interface, and through the devices stacked on it (8021q,
 * macvlan), so the data path puts them on the right port and the tags are right.
 */
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "team/team_priv.h"

#define DEFAULT_DELAY_MS 200
#define REPORT_DELAY_MS 200 /* bonding's */
#define UPPERS_MAX 256

void team_emit(struct team *team, enum team_event_type type, const char *port, const char *cause,
	       uint64_t datapath_ns)
{
	struct timespec now;
	struct team_event event = {
		.type = type,
		.team = team->rec->config.team,
		.port = port,
		.cause = cause,
		.detector = name_of(detect_names, team->detector),
		.datapath_ns = datapath_ns,
		.active_port = team_active_port(team),
	};

	if (!team->env->on_event)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	event.time_ns = (uint64_t)now.tv_sec * 1000000000ull + now.tv_nsec;
	team->env->on_event(&event, team->env->arg);
}

struct uppers {
	uint32_t below;
	struct link_info *list;
	unsigned n;
};

static int collect_upper(const struct link_info *info, void *arg)
{
	struct uppers *uppers = arg;

	if (info->lower != uppers->below || info->ifindex == uppers->below)
		return 0;
	if (strcmp(info->kind, "vlan") && strcmp(info->kind, "macvlan"))
		return 0;
	uppers->list[uppers->n++] = *info;
	return uppers->n == UPPERS_MAX;
}

/* An address that duplicate address detection has not passed is nobody's yet (RFC 4862, 5.4). */
static bool is_ours(const struct saved_addr *addr)
{
	if (addr->flags & IFA_F_DADFAILED)
		return false;
	return !(addr->flags & IFA_F_TENTATIVE) || addr->flags & IFA_F_OPTIMISTIC;
}

static void collect_device(struct team *team, const struct link_info *device)
{
	static struct saved_addr addrs[TOLD_MAX];
	struct told *told;
	unsigned n = 0;

	link_addrs(team->link, device->ifindex, addrs, TOLD_MAX, &n, NULL);
	for (unsigned i = 0; i < n && team->n_told < TOLD_MAX; i++) {
		if (addrs[i].addr.family == AF_INET6 && !is_ours(&addrs[i]))
			continue;
		told = &team->told[team->n_told++];
		told->ifindex = device->ifindex;
		told->mac = device->mac;
		told->addr = addrs[i].addr;
	}
}

/*
 * Collects what the neighbours would be told. Ahead of time: at the moment of a failure these
 * questions could wait for the RTNL, which whoever removes a device holds.
 */
void notice_refresh(struct team *team)
{
	static struct link_info list[UPPERS_MAX];
	struct uppers uppers = {.below = team->rec->ifindex, .list = list};

	if (!team->told_stale || !team->env->daemon)
		return;
	team->told_stale = false;
	team->n_told = 0;
	collect_device(team, &team->vport);
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		struct link_info vport = {.ifindex = team->rec->rdma[i].ifindex,
					  .mac = team->rec->rdma[i].mac};

		collect_device(team, &vport);
	}
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);
		struct link_info vport = {.mac = team->rec->mac, .ifindex = there->ifindex};

		if (vport.ifindex)
			collect_device(team, &vport);
	}
	link_each(team->link, collect_upper, &uppers, NULL);
	for (unsigned i = 0; i < uppers.n; i++)
		collect_device(team, &uppers.list[i]);
}

static void announce(struct team *team)
{
	if (!team->wire && wire_open(&team->wire, NULL))
		return;
	for (unsigned i = 0; i < team->n_told; i++)
		wire_announce(team->wire, team->told[i].ifindex, &team->told[i].mac,
			      &team->told[i].addr);
}

/* Has an address of that device and family a place before this one? */
static bool told_before(const struct team *team, unsigned place)
{
	const struct told *told = &team->told[place];

	while (place--) {
		if (team->told[place].ifindex == told->ifindex &&
		    team->told[place].addr.family == told->addr.family)
			return true;
	}
	return false;
}

/* The device's link-local address as *ret, or the unspecified one. */
static void link_local(const struct team *team, uint32_t ifindex, struct addr *ret)
{
	memset(ret->byte, 0, sizeof(ret->byte));
	for (unsigned i = 0; i < team->n_told; i++) {
		if (team->told[i].ifindex == ifindex && addr_is_link_local(&team->told[i].addr) &&
		    team->told[i].addr.family == AF_INET6)
			*ret = team->told[i].addr;
	}
}

/*
 * Each device once a family, from an address of it: MLD's has to be link-local (RFC 3810, 5.2.13), or
 * none at all.
 */
static void report(struct team *team)
{
	if (!team->wire && wire_open(&team->wire, NULL))
		return;
	for (unsigned i = 0; i < team->n_told; i++) {
		const struct told *told = &team->told[i];
		struct addr source = told->addr;

		if (told_before(team, i))
			continue;
		if (source.family == AF_INET6)
			link_local(team, told->ifindex, &source);
		wire_report_groups(team->wire, told->ifindex, &told->mac, &source);
	}
}

void notice_start(struct team *team, uint64_t now_ns)
{
	team->notices = team->env->daemon ? team->rec->config.num_peer_notif : 0;
	team->notice_ns = now_ns;
	team->reports = team->env->daemon ? team->rec->config.resend_igmp : 0;
	team->report_ns = now_ns;
}

/* Sends a round when it is due; returns when the next one is. */
uint64_t notice_turn(struct team *team, uint64_t now_ns)
{
	uint32_t delay_ms = team->rec->config.peer_notif_delay_ms ?: DEFAULT_DELAY_MS;

	if (team->notices && now_ns >= team->notice_ns) {
		announce(team);
		team->notices--;
		team->notice_ns = now_ns + delay_ms * NS_PER_MS;
	}
	if (team->reports && now_ns >= team->report_ns) {
		report(team);
		team->reports--;
		team->report_ns = now_ns + REPORT_DELAY_MS * NS_PER_MS;
	}
	if (team->notices && (!team->reports || team->notice_ns < team->report_ns))
		return team->notice_ns;
	return team->reports ? team->report_ns : UINT64_MAX;
}
