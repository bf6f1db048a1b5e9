/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vlan_tx.bpf.h - what a VLAN group sends: the first usable port of a list that is one of the group's
 * own. Rendezvous hashing orders a slot's list by each port's score, so the first of a subset in it is
 * that subset's own choice, and no group needs a table of its own.
 */
#ifndef BPFTEAM_VLAN_TX_BPF_H
#define BPFTEAM_VLAN_TX_BPF_H

#include "count.bpf.h"
#include "hash.bpf.h"
#include "select.bpf.h"
#include "tcx.bpf.h"
#include "vlan.bpf.h"

/* This team does not balance by hash: groups that do have a table beside the team's. */
const volatile __u32 cfg_vlan_slots;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * BPFTEAM_VLANS);
	__type(key, __u32);
	__type(value, __u32);
} vlan_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpfteam_vlan_slots);
} vlan_slots SEC(".maps");

/* ifindex: of either end of a group's veth. */
static __always_inline struct bpfteam_vlan *vlan_of_device(__u32 ifindex, __u32 *id)
{
	const __u32 *found = bpf_map_lookup_elem(&vlan_ids, &ifindex);

	if (!found)
		return NULL;
	*id = *found;
	return vlan_get(id);
}

static __always_inline bool vlan_is_captured(__u32 ifindex)
{
	const struct bpfteam_vlan *vlan;
	__u32 id;

	vlan = vlan_of_device(ifindex, &id);
	return vlan && vlan->promisc;
}

static __always_inline __u64 vlan_list(const struct bpfteam_vlan *vlan, __u32 slot)
{
	const struct bpfteam_vlan_slots *table;
	__u32 zero = 0;

	if (cfg_mode == BPFTEAM_ACTIVE_BACKUP)
		return slot_word(&vlan->list);
	if (!cfg_vlan_slots)
		return slot_list(slot);
	table = bpf_map_lookup_elem(&vlan_slots, &zero);
	return table ? slot_word(&table->slots[slot & (BPFTEAM_SLOTS - 1)]) : ~0ull;
}

#define VLAN_SCORE_SHIFT 8

/*
 * best, or port id with its score, if that is usable and scores more. By itself for the verifier's sake, as
 * select_usable().
 */
__noinline __u64 vlan_better(__u64 best, __u32 id, __u32 hash, __u32 notice)
{
	__u32 score = (hash ^ (id + 1) * 0x9e3779b1u) * 0x85ebca6bu;
	__u64 scored = (__u64)(score ^ score >> 15) << VLAN_SCORE_SHIFT | (id & 0xff);

	if (best != SELECT_NONE && scored < best)
		return best;
	return select_usable(id, notice) ? scored : best;
}

/*
 * None of the list: where ports are more than its eight, the group's may all be behind them. They are
 * scored here by the hash, so that its flows are spread as those of the list are, without weights.
 */
static __always_inline __u32 vlan_any(__u64 mask, __u32 hash, bool notice)
{
	__u64 best = SELECT_NONE;

	if (cfg_mode == BPFTEAM_ACTIVE_BACKUP)
		return select_any(mask, notice);
#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX; id++)
		if (mask >> id & 1)
			best = vlan_better(best, id, hash, notice);
	if (best == SELECT_NONE)
		return SELECT_NONE;
	return (best & 0xff) | BPFTEAM_SLOT_PORTS << SELECT_POSITION_SHIFT;
}

/* As select_slow(), among the ports of mask. */
__noinline __u32 vlan_slow(__u64 list, __u64 mask, __u32 hash, __u32 notice)
{
	struct bpfteam_state *state = state_get();
	__u32 found = SELECT_NONE;

#pragma clang loop unroll(disable)
	for (int pass = 0; pass < 4 && found == SELECT_NONE; pass++) {
		__u64 allowed = mask & (pass & 1 ? state->fallback : state->alive);
		bool tell = notice && !(pass & 1);

		found = pass < 2 ? select_listed(list, allowed, tell)
				 : vlan_any(allowed, hash, tell);
	}
	return found;
}

static __always_inline void vlan_select(struct bpfteam_state *state,
					const struct bpfteam_vlan *vlan, __u32 hash, bool notice,
					struct choice *choice)
{
	__u32 slot = hash >> (32 - BPFTEAM_SLOT_BITS);
	__u64 list = vlan_list(vlan, slot), mask = vlan->mask;
	__u32 id = list & 0xff, found;

	*choice = (struct choice){.id = id, .slot = slot, .hash = hash};
	if (likely(id < BPFTEAM_PORTS_MAX && (state->alive & mask) >> id & 1)) {
		choice->port = port_get(id);
		if (likely(choice->port && select_link(state, id, choice->port)))
			return;
	}
	found = vlan_slow(list, mask, hash, notice);
	choice->id = found & 0xff;
	choice->position = found >> SELECT_POSITION_SHIFT;
	choice->port = found == SELECT_NONE ? NULL : port_get(choice->id);
}

/* What explain tells: the place among those ports of the list that are the group's. */
static __always_inline __u32 vlan_position(const struct bpfteam_vlan *vlan,
					   const struct choice *choice)
{
	__u64 list = vlan_list(vlan, choice->slot);
	__u32 n = 0;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < BPFTEAM_SLOT_PORTS && i < choice->position; i++, list >>= 8) {
		__u32 id = list & 0xff;

		n += id < BPFTEAM_PORTS_MAX && vlan->mask >> id & 1;
	}
	return n;
}

/* id: the VLAN, whose tag the frame gets later. */
static __always_inline __u32 vlan_hash(struct __sk_buff *skb, __u32 id)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 hash;

	if (cfg_mode == BPFTEAM_ACTIVE_BACKUP)
		return 0;
	if (cfg_hash == BPFTEAM_HASH_VLAN_SRCMAC && flow_hash_source(data, end, true, id, &hash))
		return hash;
	return hash_any(skb);
}

static __always_inline int vlan_transmit(struct __sk_buff *skb, __u32 id,
					 const struct bpfteam_vlan *vlan,
					 const struct choice *choice)
{
	struct bpfteam_stats *stats = bpf_map_lookup_elem(&vlan_stats, &id);
	__u32 reason = BPFTEAM_DROP_NO_PORT;

	if (likely(choice->port)) {
		/* Fails for want of memory alone. */
		if (likely(!bpf_skb_vlan_push(skb, vlan->proto, vlan->tci))) {
			if (stats)
				count_sent(stats, skb->len);
			count_tx(choice->id, skb->len);
			return bpf_redirect(choice->port->ifindex, 0);
		}
		reason = BPFTEAM_DROP_MALFORMED;
	}
	if (stats)
		stats->drops[reason]++;
	return TCX_DROP;
}

static __always_inline int vlan_send(struct __sk_buff *skb)
{
	struct choice choice;
	const struct bpfteam_vlan *vlan;
	__u32 id;

	vlan = vlan_of_device(skb->ifindex, &id);
	if (unlikely(!vlan)) {
		count_drop(BPFTEAM_STATS_TEAM, BPFTEAM_DROP_NO_PORT);
		return TCX_DROP;
	}
	vlan_select(state_get(), vlan, vlan_hash(skb, id), true, &choice);
	return vlan_transmit(skb, id, vlan, &choice);
}

#endif
