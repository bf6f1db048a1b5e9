/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * turn.bpf.h - balance-rr and random: the slot is not the flow's. It comes from a counter, which each
 * CPU has its own of, as bonding's round robin (bond_rr_gen_slave_id() in bond_main.c), or from the
 * kernel's random numbers. User space deals the ports out over the first `turns` slots by weight.
 */
#ifndef BPFTEAM_TURN_BPF_H
#define BPFTEAM_TURN_BPF_H

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "select.bpf.h"

/* So many frames by one port before the next one has its turn; 0: each frame by any port. */
const volatile __u32 cfg_packets_per_slave = 1;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} turn_count SEC(".maps");

/* The switch forwards a group's frames to the port that it heard the report from. */
static __always_inline bool turn_is_igmp(const void *data, const void *end)
{
	const struct iphdr *ip = data + ETH_HLEN;

	return (void *)(ip + 1) <= end &&
	       *(const __u16 *)(data + 2 * ETH_ALEN) == bpf_htons(ETH_P_IP) &&
	       ip->protocol == IPPROTO_IGMP;
}

static __always_inline __u32 turn_next(void)
{
	__u32 zero = 0, turns = tables.state.turns;
	__u32 *count = bpf_map_lookup_elem(&turn_count, &zero);
	__u32 turn;

	if (!count || !turns)
		return 0;
	turn = (*count)++;
	if (cfg_packets_per_slave > 1)
		turn /= cfg_packets_per_slave;
	return turn % turns << (32 - BPFTEAM_SLOT_BITS);
}

/* In place of a flow's hash. IGMP goes by the first port in balance-rr, as with bonding. */
static __always_inline __u32 turn_hash(const void *data, const void *end)
{
	if (cfg_mode == BPFTEAM_RANDOM)
		return bpf_get_prandom_u32();
	if (turn_is_igmp(data, end))
		return 0;
	return cfg_packets_per_slave ? turn_next() : bpf_get_prandom_u32();
}

#endif
