/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * classify.bpf.h - what becomes of a frame that a port received. tc and XDP share it, so that XDP
 * drops early exactly what the port's tc program would drop.
 *
 * Link-local protocols belong to the wire and stay on the port (IEEE 802.1Q table 8-1; LACP, LLDP,
 * EAPOL, PTP by EtherType). In active-backup every port hears what a switch floods, so only the
 * designated port's copy counts; unicast is taken for a moment longer from the port that was active
 * until just now, because the switch learns of a change only by the next frame sent.
 */
#ifndef BPFTEAM_CLASSIFY_BPF_H
#define BPFTEAM_CLASSIFY_BPF_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "slots.bpf.h"

const volatile __u32 cfg_port;
const volatile __u32 cfg_vport;
const volatile __u32 cfg_active_only;
const volatile __u8 cfg_mac[ETH_ALEN] __attribute__((aligned(4))) = {};
const volatile __u32 cfg_probe;
const volatile __u32 cfg_arp_target[BPFTEAM_ARP_TARGETS_MAX] = {};
const volatile __u32 cfg_n_arp_target;
/* For XDP: what is not for the team's MAC may be an RDMA system's. */
const volatile __u32 cfg_rdma;

/* A verdict is one of these or, from 0 on, an enum bpfteam_drop. HOST: unicast for the team's MAC. */
#define CLASSIFY_TEAM -1
#define CLASSIFY_PORT -2
#define CLASSIFY_HOST -3

#define ETH_P_PTP 0x88f7

static __always_inline bool classify_is_team(const void *mac)
{
	return *(const __u32 *)mac == *(const volatile __u32 *)&cfg_mac[0] &&
	       *(const __u16 *)(mac + 4) == *(const volatile __u16 *)&cfg_mac[4];
}

/* host: it is for the team's MAC, and so for no link-local address. */
static __always_inline bool classify_is_local(const struct frame *frame, bool host)
{
	__u16 type = bpf_ntohs(frame->type);

	if (!host && *(const __u32 *)frame->mac == bpf_htonl(0x0180c200) &&
	    !(*(const __u16 *)(frame->mac + 4) & bpf_htons(0xfff0)))
		return true;
	if (likely(type >> 8 != 0x88))
		return false;
	return type == ETH_P_SLOW || type == ETH_P_LLDP || type == ETH_P_PAE || type == ETH_P_PTP;
}

static __noinline __u32 classify_first(__u64 list, __u64 usable)
{
	for (__u32 i = 0; i < BPFTEAM_SLOT_PORTS; i++, list >>= 8) {
		__u32 id = list & 0xff;

		if (id >= BPFTEAM_PORTS_MAX)
			break;
		if (usable >> id & 1)
			return id;
	}
	return BPFTEAM_PORT_NONE;
}

/* The same order as select.bpf.h, by masks alone: what this port would be is what it sends. */
static __always_inline bool classify_designated_of(__u64 list, __u64 alive, __u64 fallback)
{
	__u64 below = (1ull << (cfg_port & 63)) - 1, rest;
	__u32 id;

	id = classify_first(list, alive);
	if (id == BPFTEAM_PORT_NONE)
		id = classify_first(list, fallback);
	if (id != BPFTEAM_PORT_NONE)
		return id == cfg_port;
	rest = alive ? alive : fallback;
	return rest >> (cfg_port & 63) & 1 && !(rest & below);
}

static __noinline bool classify_designated_slow(const struct bpfteam_state *state, __u64 list)
{
	return classify_designated_of(list, state->alive & state->link,
				      state->fallback & state->link);
}

static __always_inline bool classify_designated(const struct bpfteam_state *state)
{
	__u64 list = slot_list(0);
	__u32 id = list & 0xff;

	if (likely(id < BPFTEAM_PORTS_MAX && (state->alive & state->link) >> id & 1))
		return id == cfg_port;
	return classify_designated_slow(state, list);
}

static __always_inline bool classify_is_late(const struct bpfteam_state *state)
{
	return state->prev_port == cfg_port && bpf_ktime_get_ns() < state->prev_until_ns;
}

static __always_inline bool classify_is_probe_arp(const struct frame *frame)
{
	return cfg_probe && frame->type == bpf_htons(ETH_P_ARP);
}

/* What is neither link-local nor an answer to the port's own probe. */
static __always_inline int classify_team(const struct bpfteam_state *state,
					 const struct frame *frame, bool host)
{
	bool group = !host && *(const __u8 *)frame->mac & 1;

	if (classify_is_team(frame->mac + ETH_ALEN))
		return BPFTEAM_DROP_REFLECTION;
	if (cfg_active_only && !classify_designated(state) && (group || !classify_is_late(state)))
		return BPFTEAM_DROP_INACTIVE_PORT;
	if (host)
		return CLASSIFY_HOST;
	return group || state->promisc ? CLASSIFY_TEAM : CLASSIFY_PORT;
}

static __always_inline bool classify_is_accepted(const struct bpfteam_state *state)
{
	return state->accept >> (cfg_port & 63) & 1;
}

/* By what can be told in a few instructions; where it can't, false. */
static __always_inline bool classify_receives(bool active_only)
{
	const struct bpfteam_state *state = state_get();
	__u64 receives = state->accept;
	__u32 port = cfg_port;

	if (!active_only)
		return receives >> (port & 63) & 1;
	receives &= state->alive & state->link;
	return tables.slots[0].port[0] == port && receives >> (port & 63) & 1;
}

/* Unicast for the team's MAC, and not from it. mac: 12 bytes. */
static __always_inline bool classify_is_host(const void *mac)
{
	__u32 high = *(const volatile __u32 *)&cfg_mac[0];
	__u32 low = *(const volatile __u16 *)&cfg_mac[4];

	if (*(const __u32 *)mac != high || *(const __u16 *)(mac + 4) != low)
		return false;
	return *(const __u32 *)(mac + ETH_ALEN) != high ||
	       *(const __u16 *)(mac + ETH_ALEN + 4) != low;
}

#endif
