/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma_tx.bpf.h - what an RDMA system's vport sends: by its RNIC, by another port while that is out of
 * use, or by several where its path is a team of its own.
 */
#ifndef BPFTEAM_RDMA_TX_BPF_H
#define BPFTEAM_RDMA_TX_BPF_H

#include "count.bpf.h"
#include "hash.bpf.h"
#include "select.bpf.h"
#include "tcx.bpf.h"

/* Which of tables.rdma. */
const volatile __u32 cfg_rdma_vport;
/* Its path is a team: of the RNIC and the ports in `others`, by the hash. */
const volatile __u32 cfg_rdma_spread;

/* The RNIC, else, of those that may, the first port that lives: of the path, else of all. */
static __always_inline __u32 rdma_path(const struct bpfteam_state *state,
				       const struct bpfteam_rdma *vport)
{
	__u32 id = vport->port & (BPFTEAM_PORTS_MAX - 1), found;
	__u64 others = vport->others & state->alive & state->accept & ~(1ull << id);

	if (state->accept >> id & 1 && select_usable(id, state->alive >> id & 1))
		return id;
	if (!others)
		return SELECT_NONE;
	found = select_listed(slot_word(&vport->path), others, false);
	return (found == SELECT_NONE ? select_any(others, false) : found) & 0xff;
}

/*
 * What may take another way than the RNIC's while that works: unicast IP. Neighbour discovery tells
 * of the MAC address that it comes from, so ICMPv6 stays.
 */
static __always_inline bool rdma_may_spread(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u16 type;

	if (data + ETH_HLEN + sizeof(struct iphdr) > end || *(const __u8 *)data & 1)
		return false;
	type = *(const __u16 *)(data + 2 * ETH_ALEN);
	if (type == bpf_htons(ETH_P_IP))
		return true;
	return type == bpf_htons(ETH_P_IPV6) &&
	       *(const __u8 *)(data + ETH_HLEN + 6) != IPPROTO_ICMPV6;
}

/* From the headers alone: txhash is layer3+4 here. By itself, or Linux 6.1 refuses what becomes of it. */
__noinline __u32 rdma_hash(struct __sk_buff *skb)
{
	return cfg_hash == BPFTEAM_HASH_TXHASH ? policy_ports(skb) : hash_any(skb);
}

/*
 * The team's slots, of the path's ports alone; first: what rdma_path() says. A switch shall see the
 * vport's MAC address at one port only, that one: any other sends under an address of its own, as in
 * bonding's balance-tlb, and what is answered comes by the RNIC.
 */
static __always_inline __u32 rdma_spread(struct __sk_buff *skb, const struct bpfteam_state *state,
					 const struct bpfteam_rdma *vport, __u32 first)
{
	/* As an RNIC that is drained for the team serves its vport. */
	__u64 rnic = 1ull << (vport->port & (BPFTEAM_PORTS_MAX - 1));
	__u64 mask = ((vport->others & state->alive) | rnic) & state->accept;
	const struct bpfteam_port *port;
	__u32 id;

	if (!rdma_may_spread(skb))
		return first;
	id = select_listed(slot_list(rdma_hash(skb) >> (32 - BPFTEAM_SLOT_BITS)), mask, false) &
	     0xff;
	port = port_get(id);
	if (!port || id == first || !(*(const __u32 *)port->probe_mac))
		return first;
	if (bpf_skb_store_bytes(skb, ETH_ALEN, port->probe_mac, ETH_ALEN, 0))
		return first;
	return id;
}

static __always_inline int rdma_send(struct __sk_buff *skb)
{
	const struct bpfteam_rdma *vport = &tables.rdma[cfg_rdma_vport & (BPFTEAM_RDMA_MAX - 1)];
	__u32 stats = BPFTEAM_STATS_RDMA + (cfg_rdma_vport & (BPFTEAM_RDMA_MAX - 1));
	__u32 id = rdma_path(state_get(), vport);
	const struct bpfteam_port *port;

	if (cfg_rdma_spread && id != SELECT_NONE)
		id = rdma_spread(skb, state_get(), vport, id);
	port = port_get(id);
	if (unlikely(!port)) {
		count_drop(stats, BPFTEAM_DROP_NO_PORT);
		return TCX_DROP;
	}
	if (vport->vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vport->vlan))
		return TCX_DROP;
	count_tx(stats, skb->len);
	return bpf_redirect(port->ifindex, 0);
}

#endif
