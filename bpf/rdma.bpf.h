/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma.bpf.h - what a port received that is an RDMA system's and not the team's.
 *
 * The team never bears an RNIC's MAC address, so a frame for the team's is no RDMA, and is not asked
 * here: teamed frames pay nothing. Of the others, on an RNIC, these stay on the port: RoCE v1 by its
 * EtherType, RoCE v2 by UDP port 4791 (IBTA Annexes A16 and A17; never fragmented, no IPv6 extension
 * headers), iWARP by what user space learnt of connections and listeners, and what the configuration
 * names. What else has the RNIC's MAC address and the vport's VLAN is the RDMA system's vport's. ARP
 * (RFC 826) and neighbour discovery (RFC 4861) for its addresses are for both: the vport's stack and the
 * RNIC's resolve the same neighbours.
 */
#ifndef BPFTEAM_RDMA_BPF_H
#define BPFTEAM_RDMA_BPF_H

#include "classify.bpf.h"
#include "count.bpf.h"
#include "slots.bpf.h"

/* This port is an RNIC. */
const volatile __u32 cfg_rdma_port;
/* Frames of an RDMA system's vport may come in by this port. */
const volatile __u32 cfg_rdma_vports;

#define ETH_P_ROCE 0x8915 /* "ETH_P_IBOE" of <linux/if_ether.h> */
#define RDMA_ROCE_PORT 4791
#define RDMA_WORDS (65536 / 64)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpfteam_rdma_bitmap);
} rdma_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BPFTEAM_RDMA_FLOWS_MAX + BPFTEAM_RDMA_BY_HAND_MAX);
	__type(key, struct bpfteam_rdma_flow);
	__type(value, __u32);
} rdma_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BPFTEAM_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct bpfteam_rdma_stats);
} rdma_stats SEC(".maps");

static __always_inline void rdma_count(__u32 kind)
{
	struct bpfteam_rdma_stats *stats = bpf_map_lookup_elem(&rdma_stats,
							       (const void *)&cfg_port);

	if (stats && kind < BPFTEAM_RDMA_KINDS)
		stats->packets[kind]++;
}

/* As parse(), what lies behind the linear part pulled into it. The VLAN tag is beside the frame. */
static __always_inline void rdma_parse(struct __sk_buff *skb, struct frame *frame)
{
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->vlan_present, PARSE_PORTS,
	      frame);
	if (likely(!frame->cut) || skb->data_end - skb->data >= skb->len)
		return;
	bpf_skb_pull_data(skb, skb->len < PARSE_PULL ? skb->len : PARSE_PULL);
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->vlan_present, PARSE_PORTS,
	      frame);
}

static __always_inline __u8 rdma_protocol(const struct frame *frame)
{
	if (!frame->ports)
		return 0;
	if (frame->ip4)
		return frame->ip4->protocol;
	return frame->ip6 ? frame->ip6->nexthdr : 0;
}

static __always_inline void rdma_flow_key(const struct frame *frame, __u8 proto,
					  struct bpfteam_rdma_flow *key)
{
	*key = (struct bpfteam_rdma_flow){
		.port = cfg_port,
		.proto = proto,
		.remote_port = *(const __u16 *)frame->ports,
		.local_port = *((const __u16 *)frame->ports + 1),
	};
	if (frame->ip4) {
		key->local.low = bpf_cpu_to_be64(0xffff00000000ull | bpf_ntohl(frame->ip4->daddr));
		key->remote.low = bpf_cpu_to_be64(0xffff00000000ull | bpf_ntohl(frame->ip4->saddr));
	} else if (frame->ip6) {
		__builtin_memcpy(&key->local, &frame->ip6->daddr, sizeof(key->local));
		__builtin_memcpy(&key->remote, &frame->ip6->saddr, sizeof(key->remote));
	}
}

/* A bit for each local port that any flow or listener has comes before all look-ups of those. */
static __always_inline __u32 rdma_flow_kind(const struct frame *frame, __u8 proto)
{
	const struct bpfteam_rdma_bitmap *bitmap;
	struct bpfteam_rdma_flow key;
	const __u32 *kind;
	__u32 zero = 0, port = bpf_ntohs(*((const __u16 *)frame->ports + 1));

	/* Verifiers before Linux 6.13 forget a number's bounds when its bytes are swapped. */
	barrier_var(port);
	bitmap = bpf_map_lookup_elem(&rdma_ports, &zero);
	if (!bitmap || !(bitmap->word[port / 64 % RDMA_WORDS] >> (port & 63) & 1))
		return BPFTEAM_RDMA_KINDS;
	rdma_flow_key(frame, proto, &key);
	kind = bpf_map_lookup_elem(&rdma_flows, &key);
	if (kind)
		return *kind;
	key.remote_port = 0;
	key.remote = (struct bpfteam_ip){};
	kind = bpf_map_lookup_elem(&rdma_flows, &key);
	if (kind)
		return *kind;
	key.local = (struct bpfteam_ip){};
	kind = bpf_map_lookup_elem(&rdma_flows, &key);
	if (kind)
		return *kind;
	return bitmap->full && proto == IPPROTO_TCP ? BPFTEAM_RDMA_IWARP : BPFTEAM_RDMA_KINDS;
}

/* An enum bpfteam_rdma_kind, or BPFTEAM_RDMA_KINDS: no RDMA, or not known to be. */
static __noinline __u32 rdma_kind(struct __sk_buff *skb)
{
	struct frame frame;
	__u8 proto;

	rdma_parse(skb, &frame);
	if (frame.type == bpf_htons(ETH_P_ROCE))
		return BPFTEAM_RDMA_ROCE_V1;
	proto = rdma_protocol(&frame);
	if (proto != IPPROTO_UDP && proto != IPPROTO_TCP)
		return BPFTEAM_RDMA_KINDS;
	if (proto == IPPROTO_UDP && *((const __u16 *)frame.ports + 1) == bpf_htons(RDMA_ROCE_PORT))
		return BPFTEAM_RDMA_ROCE_V2;
	return rdma_flow_kind(&frame, proto);
}

/* ---- neighbours ---- */

#define RDMA_ND_FIRST 133 /* router solicitation; redirect is 137 (RFC 4861 section 4) */
#define RDMA_ND_LAST 137
#define RDMA_ND_NS 135
#define RDMA_ARP_TARGET (ETH_HLEN + 24)
#define RDMA_ND_TARGET (ETH_HLEN + 40 + 8)

static __always_inline bool rdma_is_nd(struct __sk_buff *skb, __u8 *type)
{
	__u8 next;

	return !bpf_skb_load_bytes(skb, ETH_HLEN + 6, &next, 1) && next == IPPROTO_ICMPV6 &&
	       !bpf_skb_load_bytes(skb, ETH_HLEN + 40, type, 1) && *type >= RDMA_ND_FIRST &&
	       *type <= RDMA_ND_LAST;
}

/* Resolution of a neighbour, whatever its address. type: the EtherType. */
static __always_inline bool rdma_is_neighbour(struct __sk_buff *skb, __u16 type)
{
	__u8 nd;

	return type == bpf_htons(ETH_P_ARP) ||
	       (type == bpf_htons(ETH_P_IPV6) && rdma_is_nd(skb, &nd));
}

/* Does it ask for one of the vport's addresses? */
static __always_inline bool rdma_is_asked(struct __sk_buff *skb, const struct bpfteam_rdma *vport,
					  __u16 type)
{
	struct bpfteam_ip ip;
	__u32 ip4;
	__u8 nd;

	if (type == bpf_htons(ETH_P_ARP)) {
		if (bpf_skb_load_bytes(skb, RDMA_ARP_TARGET, &ip4, sizeof(ip4)))
			return false;
		for (int i = 0; i < BPFTEAM_RDMA_ADDRS; i++)
			if (vport->ip4[i] && vport->ip4[i] == ip4)
				return true;
		return false;
	}
	if (type != bpf_htons(ETH_P_IPV6) || !rdma_is_nd(skb, &nd) || nd != RDMA_ND_NS ||
	    bpf_skb_load_bytes(skb, RDMA_ND_TARGET, &ip, sizeof(ip)))
		return false;
	for (int i = 0; i < BPFTEAM_RDMA_ADDRS; i++)
		if ((vport->ip6[i].high | vport->ip6[i].low) && vport->ip6[i].high == ip.high &&
		    vport->ip6[i].low == ip.low)
			return true;
	return false;
}

/* ---- the vports ---- */

static __always_inline __u16 rdma_vlan(struct __sk_buff *skb)
{
	return skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
}

struct rdma_headers {
	__u16 to[3], from[3]; /* MAC addresses */
	__u16 type;
};

/* By halves: on the stack nothing may be read across its alignment. */
static __always_inline bool rdma_is_mac(const __u16 *mac, const volatile void *other)
{
	const volatile __u16 *half = other;

	return mac[0] == half[0] && mac[1] == half[1] && mac[2] == half[2];
}

/* May another port than the RNIC have frames of the vport? */
static __always_inline bool rdma_shares(const struct bpfteam_rdma *vport)
{
	return vport->others >> (cfg_port & 63) & 1;
}

/*
 * Frames to all come to a vport by its RNIC, or, while that is out of use, by the port that the vport's
 * own frames take then: the first one that lives (rdma_path() in team.bpf.c).
 */
static __always_inline bool rdma_hears(const struct bpfteam_state *state,
				       const struct bpfteam_rdma *vport)
{
	__u64 alive = state->alive & state->link & state->accept, rnic = 1ull << (vport->port & 63);
	__u64 below = (1ull << (cfg_port & 63)) - 1, list = slot_word(&vport->path);

	if (vport->port == cfg_port)
		return true;
	if (!rdma_shares(vport) || state->link & state->accept & rnic)
		return false;
	alive &= vport->others & ~rnic;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < BPFTEAM_SLOT_PORTS; i++, list >>= 8) {
		__u32 id = list & 0xff;

		if (id >= BPFTEAM_PORTS_MAX)
			break;
		if (alive >> id & 1)
			return id == cfg_port;
	}
	return alive >> (cfg_port & 63) & 1 && !(alive & below);
}

/* index: the vport's. The VLAN tag is the wire's, and the vport knows nothing of it. */
static __always_inline int rdma_deliver(struct __sk_buff *skb, __u32 index,
					const struct bpfteam_rdma *vport)
{
	__u32 id = BPFTEAM_STATS_RDMA + index;

	if (vport->vlan)
		bpf_skb_vlan_pop(skb);
	count_rx(&id, skb->len);
	return bpf_redirect(vport->ifindex, BPF_F_INGRESS);
}

/* A copy to the vport; the frame is as it was afterwards, but its data have moved. */
static __always_inline void rdma_copy(struct __sk_buff *skb, __u32 index,
				      const struct bpfteam_rdma *vport)
{
	__u16 tci = skb->vlan_tci, proto = skb->vlan_proto;
	__u32 id = BPFTEAM_STATS_RDMA + index;

	if (vport->vlan)
		bpf_skb_vlan_pop(skb);
	count_rx(&id, skb->len);
	bpf_clone_redirect(skb, vport->ifindex, BPF_F_INGRESS);
	if (vport->vlan)
		bpf_skb_vlan_push(skb, proto, tci);
}

/* Verdicts of rdma_receive(). */
#define RDMA_NOT -1 /* nobody's here: the team's order goes on */
#define RDMA_STAYS -2 /* on the port */
#define RDMA_DISABLED -3 /* the vport's, and its port is disabled */
/* From 0 on: this vport's. */

/*
 * For a frame that is not for the team's MAC. Copies what all shall hear to the vports on the way, after
 * which pointers into the frame are no longer good. Reads the frame by copies for the same reason.
 */
static __noinline int rdma_receive(struct __sk_buff *skb)
{
	const struct bpfteam_state *state = state_get();
	struct rdma_headers headers;
	bool stays = false, neighbour;
	__u32 kind;

	if (cfg_rdma_port) {
		kind = rdma_kind(skb);
		if (kind != BPFTEAM_RDMA_KINDS) {
			rdma_count(kind);
			return RDMA_STAYS;
		}
	}
	if (!cfg_rdma_vports || bpf_skb_load_bytes(skb, 0, &headers, sizeof(headers)) ||
	    rdma_is_mac(headers.from, cfg_mac))
		return RDMA_NOT;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < BPFTEAM_RDMA_MAX; i++) {
		const struct bpfteam_rdma *vport = &tables.rdma[i];
		bool own = vport->port == cfg_port;

		if (!vport->ifindex || rdma_vlan(skb) != vport->vlan)
			continue;
		if (*(__u8 *)headers.to & 1) {
			if (!classify_is_accepted(state) || !rdma_hears(state, vport))
				continue;
			if (own && rdma_is_asked(skb, vport, headers.type)) {
				rdma_count(BPFTEAM_RDMA_NEIGHBOUR);
				stays = true;
			}
			rdma_copy(skb, i, vport);
			continue;
		}
		if (!rdma_is_mac(headers.to, vport->mac) || (!own && !rdma_shares(vport)))
			continue;
		if (!classify_is_accepted(state))
			return RDMA_DISABLED;
		neighbour = own && rdma_is_neighbour(skb, headers.type);
		if (!neighbour)
			return i;
		rdma_count(BPFTEAM_RDMA_NEIGHBOUR);
		rdma_copy(skb, i, vport);
		return RDMA_STAYS;
	}
	return stays ? RDMA_STAYS : RDMA_NOT;
}

#endif
