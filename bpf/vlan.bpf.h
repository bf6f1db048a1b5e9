/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vlan.bpf.h - VLAN groups: which group a tagged frame is of, and what becomes of one that a port
 * received. The rules are the team's (classify.bpf.h), by the group's own ports and their order.
 *
 * The kernel takes the outermost tag off before tcx and puts it beside the frame, whether the NIC had
 * done so or not (net/core/dev.c, __netif_receive_skb_core()), so there is one form of tag only.
 */
#ifndef BPFTEAM_VLAN_BPF_H
#define BPFTEAM_VLAN_BPF_H

#include "classify.bpf.h"
#include "count.bpf.h"

#define VLAN_ID_MASK 0xfff
#define VLAN_PRIORITY_SHIFT 13

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFTEAM_VLANS);
	__type(key, __u32);
	__type(value, struct bpfteam_vlan);
} vlans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BPFTEAM_VLANS);
	__type(key, __u32);
	__type(value, struct bpfteam_stats);
} vlan_stats SEC(".maps");

/* The group that claims a VLAN id, or NULL. */
static __always_inline struct bpfteam_vlan *vlan_get(const __u32 *id)
{
	struct bpfteam_vlan *vlan = bpf_map_lookup_elem(&vlans, id);

	return vlan && vlan->ifindex ? vlan : NULL;
}

/* For a frame with a tag beside it. */
static __always_inline struct bpfteam_vlan *vlan_of(struct __sk_buff *skb, __u32 *id)
{
	struct bpfteam_vlan *vlan;

	*id = skb->vlan_tci & VLAN_ID_MASK;
	vlan = vlan_get(id);
	return vlan && vlan->proto == (__u16)skb->vlan_proto ? vlan : NULL;
}

static __always_inline bool vlan_designated(const struct bpfteam_state *state,
					    const struct bpfteam_vlan *vlan)
{
	__u64 usable = state->link & vlan->mask;

	return classify_designated_of(slot_word(&vlan->list), state->alive & usable,
				      state->fallback & usable);
}

/* As classify_team(). */
static __always_inline int vlan_classify(const struct bpfteam_state *state,
					 const struct bpfteam_vlan *vlan, const struct frame *frame,
					 bool host)
{
	bool group = *(const __u8 *)frame->mac & 1;

	if (classify_is_team(frame->mac + ETH_ALEN))
		return BPFTEAM_DROP_REFLECTION;
	if (!(vlan->mask >> (cfg_port & 63) & 1))
		return BPFTEAM_DROP_INACTIVE_PORT;
	if (vlan->active_only && !vlan_designated(state, vlan) &&
	    (group || !classify_is_late(state)))
		return BPFTEAM_DROP_INACTIVE_PORT;
	if (host || group || vlan->promisc)
		return CLASSIFY_TEAM;
	return CLASSIFY_PORT;
}

/* The tag goes, its priority stays with the frame. */
static __always_inline int vlan_deliver(struct __sk_buff *skb, __u32 id,
					const struct bpfteam_vlan *vlan)
{
	struct bpfteam_stats *stats = bpf_map_lookup_elem(&vlan_stats, &id);
	__u32 priority = skb->vlan_tci >> VLAN_PRIORITY_SHIFT & 7, ifindex = vlan->ifindex;

	if (stats)
		count_received(stats, skb->len);
	if (priority)
		skb->priority = priority;
	bpf_skb_vlan_pop(skb);
	return bpf_redirect(ifindex, BPF_F_INGRESS);
}

#endif
