// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * vlan_vport.c - the interface of a VLAN group: a veth with the team's MAC address. Made and followed for
 * vlan.c; what is the team's (MAC address, MTU, limits of GSO) is the groups', too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "team/team_priv.h"

/* The inner end, if it is there: recorded by its ifindex, or, after a crash, found by its name. */
uint32_t vlan_vport_find(struct team *team, uint16_t id)
{
	const struct bpfteam_vlan *vlan = datapath_vlan(team->dp, id);

	return vlan ? vport_find_inner(team, vlan->inner, vlan->inner_ifindex) : 0;
}

int vlan_vport_make(struct team *team, const struct vlan_config *vlan, struct datapath_vlan *ret,
		    struct err *err)
{
	char name[IFNAMSIZ], inner[IFNAMSIZ];
	struct link_veth veth = {.outer = name,
				 .inner = inner,
				 .mac = &team->rec->mac,
				 .mtu = vlan->mtu ?: team->vport.mtu,
				 .queues = 1};
	struct link_info info = {.ifindex = 0};
	int code;

	config_vlan_name(&team->rec->config, vlan, name);
	config_derived_name(name, "-in", inner);
	if (veth.mtu > team->vport.mtu)
		return err_set(err, -EINVAL, "%s: its MTU %u is more than the team's %u", name,
			       veth.mtu, team->vport.mtu);
	code = datapath_note_vlan(team->dp, vlan->id, name, inner, err);
	code = code ?: link_create_veth(team->link, &veth, err);
	code = code ?: link_get(team->link, name, &info, err);
	ret->ifindex = info.ifindex;
	code = code ?: link_get(team->link, inner, &info, err);
	ret->inner_ifindex = info.ifindex;
	return code;
}

/* Programs are attached: the stack may have it. */
int vlan_vport_open(struct team *team, const struct datapath_vlan *vlan, struct err *err)
{
	int ret = link_set_up(team->link, vlan->inner_ifindex, true, err);

	datapath_set_vlan_carrier(team->dp, vlan->id, true);
	if (!ret && team->gso_size)
		ret = link_set_gso_max(team->link, vlan->ifindex, team->gso_size, team->gso_segs,
				       err);
	return ret ?: link_set_up(team->link, vlan->ifindex, true, err);
}

static bool has_addr(const struct vlan_config *vlan, const struct addr *addr)
{
	for (unsigned i = 0; vlan && i < vlan->n_addresses; i++) {
		if (addr_equal(&vlan->addresses[i], addr))
			return true;
	}
	return false;
}

static int set_mtu(struct team *team, const struct bpfteam_vlan *there, uint32_t mtu,
		   struct err *err)
{
	int ret = link_set_mtu(team->link, there->ifindex, mtu, err);

	return ret ?: link_set_mtu(team->link, there->inner_ifindex, mtu, err);
}

/* Addresses and MTU that the configuration gives it; before: what it gave until now, or NULL. */
int vlan_vport_configure(struct team *team, const struct vlan_config *before,
			 const struct vlan_config *vlan, struct err *err)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, vlan->id);
	uint32_t mtu = vlan->mtu ?: team->vport.mtu;
	struct saved_addr addr;
	int ret = 0;

	if (before && before->mtu != vlan->mtu && mtu > team->vport.mtu)
		return err_set(err, -EINVAL, "%s: its MTU %u is more than the team's %u",
			       there->name, mtu, team->vport.mtu);
	if (before && before->mtu != vlan->mtu)
		ret = set_mtu(team, there, mtu, err);
	for (unsigned i = 0; before && i < before->n_addresses; i++) {
		addr = move_as_saved(&before->addresses[i]);
		if (!has_addr(vlan, &before->addresses[i]))
			link_del_addr(team->link, there->ifindex, &addr, NULL);
	}
	for (unsigned i = 0; !ret && i < vlan->n_addresses; i++) {
		addr = move_as_saved(&vlan->addresses[i]);
		if (!has_addr(before, &vlan->addresses[i]))
			ret = link_add_addr(team->link, there->ifindex, &addr, err);
	}
	return ret;
}

/* The team's MTU is the most that a group's can be. */
void vlan_follow_mtu(struct team *team, uint32_t mtu)
{
	const struct config *config = &team->rec->config;

	for (unsigned i = 0; i < config->n_vlans; i++) {
		const struct vlan_config *vlan = &config->vlans[i];
		const struct bpfteam_vlan *there = datapath_vlan(team->dp, vlan->id);
		uint32_t own = vlan->mtu && vlan->mtu < mtu ? vlan->mtu : mtu;

		if (there && there->ifindex)
			set_mtu(team, there, own, NULL);
	}
}

void vlan_follow_mac(struct team *team)
{
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);

		if (there->ifindex)
			link_set_mac(team->link, there->ifindex, &team->rec->mac, NULL);
	}
}

void vlan_follow_gso(struct team *team)
{
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);

		if (there->ifindex)
			link_set_gso_max(team->link, there->ifindex, team->gso_size, team->gso_segs,
					 NULL);
	}
}

/* Somebody changed a group's interface: a capture, a bridge. */
void vlan_changed(struct team *team, uint16_t id, const struct link_info *info)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);

	if (!there || info->ifindex != there->ifindex || info->promiscuity == there->promisc)
		return;
	datapath_set_vlan_promisc(team->dp, id, info->promiscuity);
	vport_follow_promisc(team);
}

/* Somebody deleted it. The tag is the team's own from here on; 'apply' makes the group anew. */
void vlan_lost(struct team *team, uint16_t id)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);
	char text[64];

	if (!there)
		return;
	snprintf(text, sizeof(text), "%s: its interface was deleted", there->name);
	datapath_clear_vlan(team->dp, id, NULL);
	team_emit(team, EVENT_CONFIG, "", text, 0);
}

/* Does somebody capture on a group that uses the port? */
bool vlan_wants_promisc(const struct team *team, unsigned port)
{
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);

		if (there->promisc && there->mask >> port & 1)
			return true;
	}
	return false;
}
