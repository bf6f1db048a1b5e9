// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * vport.c - the team's interface, a veth whose inner end nobody binds: its creation, and what is
 * carried between it and the ports. MTU and promiscuity go from it to the ports, carrier comes from
 * them: the admin state of a veth's one end is the other end's carrier.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "team/team_priv.h"

/* Locally administered, for a team of RNICs alone: made from the first one's. */
static struct mac made_mac(const struct mac *rnic)
{
	struct mac mac = *rnic;

	mac.byte[0] = (mac.byte[0] | 0x02) ^ 0x80;
	mac.byte[1] ^= 0x52;
	return mac;
}

/*
 * The team's MAC and MTU, from the configuration or its first port that is there. An RNIC's MAC is its
 * RDMA's, by which that is told from the team's traffic.
 */
static int choose(struct team *team, uint32_t *mtu, uint32_t *queues, struct err *err)
{
	const struct config *config = &team->rec->config;
	struct link_info info;
	bool found = false, found_mac = !mac_is_zero(&config->mac);
	int ret;

	team->rec->mac = config->mac;
	*mtu = config->mtu;
	*queues = 1;
	for (unsigned i = 0; i < config->n_ports; i++) {
		ret = link_get(team->link, config->ports[i].name, &info, err);
		if (ret == -ENODEV)
			continue;
		if (ret)
			return ret;
		if (!found_mac && !rdma_is_rnic(team, &config->ports[i], info.ifindex)) {
			team->rec->mac = info.mac;
			found_mac = true;
		} else if (!found && !found_mac) {
			team->rec->mac = made_mac(&info.mac);
		}
		if (!config->mtu && (!found || info.mtu < *mtu))
			*mtu = info.mtu;
		if (info.n_tx_queues > *queues)
			*queues = info.n_tx_queues;
		found = true;
	}
	/* A veth's queues cost memory; more than the CPUs are of no use. */
	if (*queues > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN))
		*queues = sysconf(_SC_NPROCESSORS_ONLN);
	return 0;
}

/*
 * Reads the team's interface anew; -ENODEV when it is gone, also when its ifindex is another device's
 * by now: a veth names its other end.
 */
int vport_update(struct team *team)
{
	struct link_info info;
	int ret = link_get_index(team->link, team->rec->ifindex, &info, NULL);

	if (!ret &&
	    (strcmp(info.kind, "veth") || (info.lower && info.lower != team->rec->inner_ifindex)))
		ret = -ENODEV;
	team->vport_gone = ret;
	if (!ret)
		team->vport = info;
	return ret;
}

int vport_create(struct team *team, struct err *err)
{
	struct record *rec = team->rec;
	struct link_veth veth = {.outer = rec->config.team, .inner = rec->inner, .mac = &rec->mac};
	struct link_info inner;
	int ret;

	config_derived_name(rec->config.team, "-in", rec->inner);
	ret = choose(team, &veth.mtu, &veth.queues, err);
	/* The name goes into the record first: a crash from here on leaves a pair to be found. */
	ret = ret ?: team_store(team, err);
	ret = ret ?: link_create_veth(team->link, &veth, err);
	ret = ret ?: link_get(team->link, veth.outer, &team->vport, err);
	ret = ret ?: link_get(team->link, veth.inner, &inner, err);
	if (ret)
		return ret;
	rec->ifindex = team->vport.ifindex;
	rec->inner_ifindex = inner.ifindex;
	return team_store(team, err);
}

int vport_check_free(struct team *team, const char *name, struct err *err)
{
	struct link_info info;
	int ret = link_get(team->link, name, &info, err);

	if (ret == -ENODEV)
		return 0;
	return ret ?: err_set(err, -EEXIST, "%s: an interface of that name is there already", name);
}

/*
 * ifindex: of the inner end, 0 = not recorded, after a crash between the pair's creation and that: then
 * it goes by its name, which is ours alone.
 */
int vport_delete_veth(struct team *team, const char *inner, uint32_t ifindex, struct err *err)
{
	struct link_info info;
	int ret;

	if (ifindex)
		ret = link_get_index(team->link, ifindex, &info, NULL);
	else
		ret = link_get(team->link, inner, &info, NULL);
	if (ret || strcmp(info.kind, "veth") || strcmp(info.name, inner))
		return 0;
	return link_delete(team->link, info.ifindex, err);
}

int vport_delete(struct team *team, struct err *err)
{
	return vport_delete_veth(team, team->rec->inner, team->rec->inner_ifindex, err);
}

/* The stack must not build what a port would have to cut again in software. */
int vport_limit_gso(struct team *team, struct err *err)
{
	uint32_t size = 0, segs = 0;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct link_info *info = &team->member[i].info;

		if (!team->member[i].present)
			continue;
		if (info->gso_max_size && (!size || info->gso_max_size < size))
			size = info->gso_max_size;
		if (info->gso_max_segs && (!segs || info->gso_max_segs < segs))
			segs = info->gso_max_segs;
	}
	if (!size || !segs ||
	    (size == team->vport.gso_max_size && segs == team->vport.gso_max_segs))
		return 0;
	return link_set_gso_max(team->link, team->rec->ifindex, size, segs, err);
}

/* As a bond does it: the ports' MTU is the team's. */
int vport_set_mtu(struct team *team, uint32_t mtu, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++) {
		struct member *member = &team->member[i];

		if (!member->present || member->info.mtu == mtu)
			continue;
		ret = link_set_mtu(team->link, member->info.ifindex, mtu, err);
		if (!ret)
			member->info.mtu = mtu;
	}
	if (!ret && team->vport.mtu != mtu)
		ret = link_set_mtu(team->link, team->rec->ifindex, mtu, err);
	if (!ret)
		ret = link_set_mtu(team->link, team->rec->inner_ifindex, mtu, err);
	if (!ret)
		team->vport.mtu = mtu;
	return ret;
}

void vport_set_carrier(struct team *team, bool up)
{
	if (team->inner_up != up && !link_set_up(team->link, team->rec->inner_ifindex, up, NULL))
		team->inner_up = up;
}

static int is_macvlan_on(const struct link_info *info, void *arg)
{
	const struct team *team = arg;

	return info->lower == team->rec->ifindex &&
	       (!strcmp(info->kind, "macvlan") || !strcmp(info->kind, "macvtap"));
}

/*
 * A bridge keeps its ports promiscuous for ever, and so do macvlans, whose further MAC addresses a
 * veth has no filter for (all of them together once). That is no capture, and shall not cost every
 * sent frame a clone.
 */
static uint32_t lasting_promisc(struct team *team)
{
	uint32_t n = !strcmp(team->vport.master_kind, "bridge");

	if (link_each(team->link, is_macvlan_on, team, NULL) > 0)
		n++;
	return n < team->vport.promiscuity ? n : team->vport.promiscuity;
}

/* Of member i: as the team's interface is, as it was before, or since its driver can't filter. */
bool vport_wants_promisc(const struct team *team, unsigned i)
{
	const struct saved_port *saved = &team->rec->ports[i];
	bool has_mac = saved->added_mac || mac_equal(&team->member[i].info.mac, &team->rec->mac);

	return team->vport.promiscuity || saved->was_promisc || !has_mac || saved->rdma_promisc;
}

void vport_follow_promisc(struct team *team)
{
	uint32_t promisc = team->vport.promiscuity;
	uint32_t base = promisc ? lasting_promisc(team) : 0;
	uint32_t capture = promisc > base;

	team->direct_stale = true;
	datapath_set_masks(team->dp, &(struct datapath_masks){
					     .promisc = &promisc,
					     .promisc_base = &base,
					     .capture = &capture,
				     });
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (saved->joined && team->member[i].present)
			link_set_promisc(team->link, saved->ifindex, vport_wants_promisc(team, i),
					 NULL);
	}
}

static void follow_mac(struct team *team, const struct mac *mac)
{
	struct datapath_config config;
	struct mac from = team->rec->mac;

	team->rec->mac = *mac;
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		member_set_mac(team, i, &from, NULL);
	team_datapath_config(team, &config);
	datapath_configure(team->dp, &config, NULL);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (saved->joined)
			datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac, NULL);
	}
	team_store(team, NULL);
	notice_start(team, team_now_ns());
}

/*
 * A device stacked on the team's came, went or changed. The kernel does not tell that the team's
 * interface became promiscuous for it (net/core/dev.c, __dev_set_rx_mode()), so it is asked.
 */
void vport_stacked(struct team *team)
{
	struct link_info info;

	if (!link_get_index(team->link, team->rec->ifindex, &info, NULL))
		vport_changed(team, &info);
}

/* Somebody changed the team's interface: `ip link set team0 mtu|address|promisc`, a bridge, a
 * capture. */
void vport_changed(struct team *team, const struct link_info *info)
{
	struct link_info before = team->vport;

	team->vport = *info;
	if (info->mtu != before.mtu && vport_set_mtu(team, info->mtu, NULL)) {
		/* A port can't: the team says so by going back, as a bond would refuse. */
		vport_set_mtu(team, before.mtu, NULL);
		team_emit(team, EVENT_CONFIG, "", "MTU refused by a port", 0);
	}
	if (!mac_equal(&info->mac, &team->rec->mac) && !mac_is_zero(&info->mac))
		follow_mac(team, &info->mac);
	if (info->promiscuity != before.promiscuity || info->master != before.master)
		vport_follow_promisc(team);
}
