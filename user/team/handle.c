// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * handle.c - the daemon's turn on a team: what the kernel said comes in, and everything that follows
 * from it is done before the next wait.
 *
 * The kernel side's word (link mask, ring buffer) says at once whether a port has link; rtnetlink
 * says why, and which devices come, go and change. rtnetlink alone would be late: the kernel limits
 * link messages of ordinary devices to one a second.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "team/team_priv.h"

#define REJOIN_NS (1000 * NS_PER_MS)
#define LOOK_NS REJOIN_NS

/*
 * A port that was away is back under its name. Where that failed it is left alone for a while: the
 * attempt itself makes the kernel send messages of the device.
 */
static void rejoin(struct team *team, unsigned i)
{
	struct member *member = &team->member[i];
	struct link_info info;
	struct err err;
	int lock, ret;

	if (team_now_ns() < member->retry_ns ||
	    link_get(team->link, team->rec->ports[i].name, &info, NULL))
		return;
	lock = team_lock(team->env, NULL);
	if (lock < 0)
		return;
	ret = rejoin_port(team, i, &err);
	if (ret && !member->retry_ns)
		team_emit(team, EVENT_CONFIG, team->rec->ports[i].name, err.text, 0);
	member->retry_ns = ret ? team_now_ns() + REJOIN_NS : 0;
	if (ret)
		member->missing_reason = "could not join again";
	team_store(team, NULL);
	vport_limit_gso(team, NULL);
	team_unlock(lock);
	team->dirty = true;
}

static void on_newlink(struct team *team, const struct link_info *info)
{
	int i = member_index(team, info->ifindex);

	if (info->ifindex == team->rec->ifindex) {
		vport_changed(team, info);
		return;
	}
	if (i >= 0) {
		team->member[i].info = *info;
		if (strcmp(info->name, team->rec->ports[i].name))
			rejoin_rename(team, i, info->name);
		team->dirty = true;
		return;
	}
	i = member_index_name(team, info->name);
	if (i >= 0 && !team->member[i].present)
		rejoin(team, i);
	else if (datapath_vlan_of(team->dp, info->ifindex))
		vlan_changed(team, datapath_vlan_of(team->dp, info->ifindex), info);
}

static void on_dellink(struct team *team, const struct link_info *info)
{
	int i = member_index(team, info->ifindex);

	if (info->ifindex == team->rec->ifindex)
		team->vport_gone = true;
	if (i < 0) {
		vlan_lost(team, datapath_vlan_of(team->dp, info->ifindex));
		return;
	}
	member_lost(team, i, "removed, or moved to another namespace");
	team->dirty = true;
}

static void on_link(int kind, const struct link_info *info, void *arg)
{
	struct team *team = arg;
	bool stacked;

	if (kind == RTM_NEWLINK)
		on_newlink(team, info);
	else if (kind == RTM_DELLINK)
		on_dellink(team, info);
	stacked = (kind == RTM_NEWLINK || kind == RTM_DELLINK) && info->lower == team->rec->ifindex;
	if (stacked)
		vport_stacked(team);
	if (info->ifindex == team->rec->ifindex || kind == RTM_NEWNETCONF)
		team->direct_stale = true;
	if (kind != RTM_NEWNETCONF && rdma_concerns(team, info->ifindex))
		team->rdma_stale = true;
	/*
	 * Addresses, of the team's interface and of devices stacked on it, are what the neighbours
	 * are told of. Links of others, which come and go on a host of containers, are not.
	 */
	if (stacked || info->ifindex == team->rec->ifindex || kind == RTM_NEWADDR ||
	    kind == RTM_DELADDR)
		team->told_stale = true;
}

static void on_event(const struct bpfteam_event *event, void *arg)
{
	struct team *team = arg;

	if (event->type == BPFTEAM_EVENT_RDMA)
		rdma_heard(team, event->ns);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].id != event->port)
			continue;
		/* Why it failed is asked later: whoever removes a device holds the RTNL just now. */
		if (event->type == BPFTEAM_EVENT_LINK_DOWN)
			team->member[i].seen_ns = event->ns;
		team->dirty = true;
	}
}

/* Messages were lost: everything is read again. */
static void resync(struct team *team)
{
	struct link_info before = team->vport, now;

	team->told_stale = team->direct_stale = team->rdma_stale = true;
	if (!vport_update(team)) {
		now = team->vport;
		team->vport = before;
		vport_changed(team, &now);
	}
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].joined && member_update_info(team, i))
			member_lost(team, i, "removed, or moved to another namespace");
		else if (!team->rec->ports[i].joined)
			rejoin(team, i);
		else if (strcmp(team->member[i].info.name, team->rec->ports[i].name))
			rejoin_rename(team, i, team->member[i].info.name);
	}
	team->dirty = true;
}

static void poll_ports(struct team *team, uint64_t now_ns)
{
	struct bpfteam_state state;

	if (team->detector != DETECT_POLL || now_ns < team->poll_ns)
		return;
	team->poll_ns = now_ns + team->rec->config.detect.poll_ms * NS_PER_MS;
	if (datapath_get_state(team->dp, &state))
		return;
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];
		struct member *member = &team->member[i];
		uint8_t id = saved->id;
		bool up, was = state.link >> id & 1;

		if (!saved->joined)
			continue;
		if (!member->poll && link_poll_open(saved->ifindex, saved->name, &member->poll))
			continue;
		up = link_poll_read(member->poll) == 1;
		if (up == was)
			continue;
		datapath_set_link(team->dp, id, up);
		member->seen_ns = up ? 0 : now_ns;
		team->dirty = true;
	}
}

/* Ports that are there by name and not joined: tried again once a second. */
static uint64_t retry_joins(struct team *team, uint64_t now_ns)
{
	bool any = false;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].joined)
			continue;
		any = true;
		if (now_ns >= team->rejoin_ns)
			rejoin(team, i);
	}
	if (!any)
		return UINT64_MAX;
	if (now_ns >= team->rejoin_ns)
		team->rejoin_ns = now_ns + REJOIN_NS;
	return team->rejoin_ns;
}

/*
 * A macvlan that goes up in another namespace makes the interface promiscuous, and no message comes;
 * nor does one when a port's IPv6 is turned off, which rx: direct needs.
 */
static uint64_t look_at_vport(struct team *team, uint64_t now_ns)
{
	if (now_ns >= team->look_ns) {
		team->look_ns = now_ns + LOOK_NS;
		vport_stacked(team);
		team->direct_stale = true;
		rdma_look(team);
	}
	return team->look_ns;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Is what is pinned under our name still the team that this handle is on? */
static bool is_current(const struct team *team)
{
	struct team *pinned = team_new(team->env);
	bool current = pinned &&
		       !datapath_open(team->env->bpffs, team->rec->config.team, &pinned->dp,
				      NULL) &&
		       !team_load(pinned, NULL) && pinned->rec->ifindex == team->rec->ifindex;

	team_close(pinned);
	return current;
}

/*
 * The interface is gone. Somebody deleted it: the team is over, its ports go free. Or somebody else
 * detached the team, and there may be a new one of its name: that is not ours to touch.
 */
static int over(struct team *team)
{
	int lock = team_lock(team->env, NULL);

	if (lock < 0) {
		team->deadline_ns = team_now_ns() + REJOIN_NS;
		return 0;
	}
	if (is_current(team))
		team_teardown(team, NULL);
	team_unlock(lock);
	return -ENOENT;
}

int team_handle(struct team *team, uint64_t now_ns)
{
	uint64_t next;
	int ret;

	datapath_events_read(team->dp, on_event, team);
	if (link_events_read(team->link, on_link, team) == -ENOBUFS)
		resync(team);
	if (team->vport_gone)
		return over(team);
	next = least(retry_joins(team, now_ns), look_at_vport(team, now_ns));
	if (team->direct_stale)
		direct_refresh(team);
	next = least(next, rdma_turn(team, now_ns));
	poll_ports(team, now_ns);
	next = least(next, probe_turn(team, now_ns));
	if (team->dirty || now_ns >= team->ports_ns) {
		ret = team_replan(team, now_ns);
		if (ret)
			return ret;
		/* A port that is new to the plan may have to be probed. */
		next = least(next, probe_turn(team, now_ns));
	}
	next = least(next, notice_turn(team, now_ns));
	next = least(next, team->ports_ns);
	if (team->detector == DETECT_POLL)
		next = least(next, team->poll_ns);
	notice_refresh(team);
	/* What was found out on the way is worked out in a turn of its own. */
	team->deadline_ns = team->dirty ? now_ns : next;
	return 0;
}

/*
 * The daemon goes and nobody watches any more. A port that is down keeps its place, since nobody
 * would give it back its bit, and the data path skips it by itself; so does the carrier.
 */
void team_release(struct team *team)
{
	struct team_env unwatched = *team->env;

	unwatched.daemon = false;
	unwatched.on_event = NULL;
	team->env = &unwatched;
	team_replan(team, team_now_ns());
	vport_set_carrier(team, true);
	rdma_release_paths(team);
	vlan_release(team);
	team->env = NULL;
}
