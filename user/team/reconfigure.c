// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * reconfigure.c - a running team from one configuration to another, by difference, without losing a
 * frame.
 *
 * What may refuse is asked before anything is touched. Then, in this order: new ports join, receive
 * programs, slots and masks, transmit programs (the other way round when the new mode receives less
 * than the old), old ports leave. A failure on the way runs the same steps back to the old
 * configuration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mode.h"
#include "team/team_priv.h"

static bool same_programs(const struct config *a, const struct config *b)
{
	return a->mode == b->mode && a->hash == b->hash &&
	       a->packets_per_slave == b->packets_per_slave && a->xdp == b->xdp && a->rx == b->rx &&
	       a->all_slaves_active == b->all_slaves_active &&
	       a->detect.method == b->detect.method && !a->arp_interval_ms == !b->arp_interval_ms &&
	       a->n_arp_ip_target == b->n_arp_ip_target &&
	       !memcmp(a->arp_ip_target, b->arp_ip_target,
		       a->n_arp_ip_target * sizeof(a->arp_ip_target[0]));
}

static int swap_receive(struct team *team, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (saved->joined)
			ret = datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac,
					    err);
	}
	return ret;
}

/*
 * New programs under the running links. From a mode that receives on one port to one that receives on all the
 * receiving side goes first, else last: at no moment does a port drop what the other side may send.
 */
static int swap_programs(struct team *team, enum bpfteam_mode from, struct err *err)
{
	bool receive_first = mode_of(from)->active && !mode_of(team->rec->config.mode)->active;
	struct datapath_config config;
	int ret = 0;

	team_datapath_config(team, &config);
	datapath_adopt(team->dp, &config);
	team->slots_valid = false;
	if (receive_first)
		ret = swap_receive(team, err);
	ret = ret ?: team_replan(team, team_now_ns());
	ret = ret ?: datapath_configure(team->dp, &config, err);
	ret = ret ?: rdma_reload(team, err);
	ret = ret ?: vlan_reload(team, err);
	if (!ret && !receive_first)
		ret = swap_receive(team, err);
	strcpy(team->rec->build, datapath_build_id());
	return ret;
}

/* For ARP probes, and modes in which each port sends with a MAC of its own; who has none gets it now. */
static int add_probe_macs(struct team *team, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++)
		ret = member_add_probe_mac(team, i, err);
	return ret;
}

static int add_ports(struct team *team, const struct config *to, unsigned flags, struct err *err)
{
	struct link_info info;
	int ret = 0, i;

	for (unsigned k = 0; !ret && k < to->n_ports; k++) {
		const char *name = to->ports[k].name;

		if (member_index_name(team, name) >= 0)
			continue;
		i = member_add(team, name);
		if ((flags & TEAM_ALLOW_MISSING) &&
		    link_get(team->link, name, &info, NULL) == -ENODEV)
			continue;
		ret = member_join(team, i, err);
		ret = ret ?: member_settle(team, i, flags & TEAM_MOVE_ADDRESSES, err);
	}
	return ret;
}

static int remove_ports(struct team *team, const struct config *to, struct err *err)
{
	int ret = 0;

	for (unsigned i = team->rec->n_ports; i-- > 0;) {
		if (config_port(to, team->rec->ports[i].name))
			continue;
		move_hand_over(team, i);
		if (!ret)
			ret = member_leave(team, i, err);
		member_remove(team, i);
	}
	return ret;
}

static int choose_detector(struct team *team, const struct config *to, struct err *err)
{
	int ret = datapath_choose_detector(to->detect.method, &team->detector, err);

	if (!ret)
		strcpy(team->rec->detector, name_of(detect_names, team->detector));
	return ret;
}

/* The union of both while ports come and go: those of `from` that leave are drained. */
static int with_leaving(const struct config *from, const struct config *to, struct config *both,
			struct err *err)
{
	int ret = 0;

	*both = *to;
	for (unsigned i = 0; !ret && i < from->n_ports; i++) {
		const char *name = from->ports[i].name;

		if (config_port(to, name))
			continue;
		ret = config_add_port(both, name, err);
		if (!ret)
			config_port_mut(both, name)->drain = true;
	}
	return ret;
}

static int set_mac(struct team *team, const struct mac *mac, struct err *err)
{
	struct mac before = team->rec->mac;
	int ret;

	if (mac_is_zero(mac) || mac_equal(mac, &before))
		return 0;
	team->rec->mac = *mac;
	ret = link_set_mac(team->link, team->rec->ifindex, mac, err);
	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++)
		ret = member_set_mac(team, i, &before, err);
	vlan_follow_mac(team);
	/* Event for the daemon's own ears: nothing left to follow. */
	team->vport.mac = *mac;
	return ret;
}

static int set_interface(struct team *team, const struct config *from, const struct config *to,
			 struct err *err)
{
	int ret = 0;

	if (to->mtu && to->mtu != team->vport.mtu)
		ret = vport_set_mtu(team, to->mtu, err);
	ret = ret ?: set_mac(team, &to->mac, err);
	return ret ?: move_configure(team, from, to, err);
}

/* Up to here all can be undone; the last port that leaves is past that. */
static int prepare(struct team *team, const struct config *from, const struct config *to,
		   unsigned flags, bool swap, struct err *err)
{
	struct mac mac = team->rec->mac;
	int ret;

	ret = with_leaving(from, to, &team->rec->config, err);
	if (!ret && to->detect.method != from->detect.method)
		ret = choose_detector(team, to, err);
	ret = ret ?: add_ports(team, to, flags, err);
	ret = ret ?: set_interface(team, from, to, err);
	if (!ret && member_needs_probe_mac(to))
		ret = add_probe_macs(team, err);
	/* The ports take what is left on them before anything is, and as long as anything is. */
	if (!ret && to->rx == RX_DIRECT)
		direct_set_ports(team);
	if (!ret && (swap || !same_programs(from, to) || !mac_equal(&mac, &team->rec->mac)))
		ret = swap_programs(team, from->mode, err);
	if (!ret && to->rx != RX_DIRECT)
		direct_set_ports(team);
	direct_refresh(team);
	team->slots_valid = false;
	ret = ret ?: team_replan(team, team_now_ns());
	ret = ret ?: rdma_configure(team, from, to, err);
	return ret ?: vlan_configure(team, from, to, err);
}

/* Whatever a port could not be given back: it has left, and the new configuration is in force. */
static int finish(struct team *team, const struct config *to, struct err *err)
{
	int ret = remove_ports(team, to, err), ret2;

	team->rec->config = *to;
	team->slots_valid = false;
	ret2 = team_replan(team, team_now_ns());
	ret2 = ret2 ?: vport_limit_gso(team, ret ? NULL : err);
	ret = ret ?: ret2;
	ret2 = team_store(team, ret ? NULL : err);
	return ret ?: ret2;
}

static int go(struct team *team, const struct config *from, const struct config *to, unsigned flags,
	      struct err *err)
{
	struct mac mac = team->rec->mac;
	uint32_t mtu = team->vport.mtu;
	struct config *half;
	int ret;

	ret = prepare(team, from, to, flags, false, err);
	if (!ret)
		return finish(team, to, err);
	half = malloc(sizeof(*half));
	if (!half)
		return ret;
	*half = team->rec->config;
	/* from may leave these to themselves, which is not how they were. */
	vport_set_mtu(team, mtu, NULL);
	set_mac(team, &mac, NULL);
	prepare(team, half, from, 0, true, NULL);
	finish(team, from, NULL);
	free(half);
	return ret;
}

/*
 * Old and new ports are there together for a moment. Where they are too many for that, the old ones
 * leave first; at least one port has to stay meanwhile.
 */
static int make_room(struct team *team, const struct config *from, const struct config *to,
		     struct config *kept, struct err *err)
{
	unsigned leaving = 0, n = 0;

	*kept = *from;
	for (unsigned i = 0; i < from->n_ports; i++)
		leaving += !config_port(to, from->ports[i].name);
	if (to->n_ports + leaving <= BPFTEAM_PORTS_MAX)
		return 0;
	for (unsigned i = 0; i < from->n_ports; i++) {
		if (config_port(to, from->ports[i].name))
			kept->ports[n++] = from->ports[i];
	}
	kept->n_ports = n;
	if (!n)
		return err_set(err, -ENOSPC,
			       "%s: old and new ports are more than %d together; keep one of the "
			       "old ones for a first step",
			       to->team, BPFTEAM_PORTS_MAX);
	return go(team, from, kept, 0, err);
}

/* Under the lock; to is checked already. On failure the old configuration is in force again. */
int team_bring(struct team *team, const struct config *to, unsigned flags, struct err *err)
{
	struct config *from = malloc(2 * sizeof(*from));
	int ret;

	if (!from)
		return err_set(err, -ENOMEM, "%s: out of memory", to->team);
	from[0] = team->rec->config;
	ret = make_room(team, &from[0], to, &from[1], err);
	if (!ret) {
		ret = go(team, &from[1], to, flags, err);
		if (ret && from[1].n_ports != from[0].n_ports)
			go(team, &from[1], &from[0], 0, NULL);
	}
	free(from);
	return ret;
}
