/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * own.bpf.h - balance-tlb: one port is the active one and bears the team's MAC, the others send with
 * a MAC of their own, so that a switch which knows of no team sees no address move. Slot 0 holds the
 * ports by rank, as all slots do in active-backup; the hash has the rest.
 *
 * What is balanced is what bonding balances (bond_xmit_tlb_slave_get(), bond_do_alb_xmit() in
 * drivers/net/bonding/bond_alb.c): unicast IP, but no neighbour discovery. All else goes by the active
 * port: frames to all, and what tells the neighbours a MAC.
 */
#ifndef BPFTEAM_OWN_BPF_H
#define BPFTEAM_OWN_BPF_H

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "select.bpf.h"

/* Router solicitation to redirect (RFC 4861, 4). */
#define OWN_ND_FIRST 133
#define OWN_ND_LAST 137

static __always_inline bool own_is_nd(const struct ipv6hdr *ip, const void *end)
{
	const __u8 *type = (const void *)(ip + 1);

	return (void *)(type + 1) <= end && ip->nexthdr == IPPROTO_ICMPV6 &&
	       *type >= OWN_ND_FIRST && *type <= OWN_ND_LAST;
}

static __always_inline bool own_is_balanced(const void *data, const void *end, bool tagged)
{
	struct frame frame;

	parse(data, end, tagged, PARSE_IP, &frame);
	if (!frame.mac || *(const __u8 *)frame.mac & 1)
		return false;
	if (frame.ip6)
		return !own_is_nd(frame.ip6, end);
	/* IP that is not linear counts as IP: the hash will pull it. */
	return frame.ip4 || (frame.cut && (frame.type == bpf_htons(ETH_P_IP) ||
					   frame.type == bpf_htons(ETH_P_IPV6)));
}

/* Id of the active port, or SELECT_NONE. */
static __always_inline __u32 own_active(struct bpfteam_state *state)
{
	struct choice active;

	select_port(state, 0, false, &active);
	return active.port ? active.id : SELECT_NONE;
}

/* The source MAC that a frame gets on this port; NULL: it keeps its own. */
static __always_inline const void *own_mac(struct bpfteam_state *state, const struct choice *choice)
{
	return choice->port && choice->id != own_active(state) ? choice->port->probe_mac : NULL;
}

#endif
