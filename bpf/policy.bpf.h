/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy.bpf.h - the hash of a frame of the stack by the policies that need more than parse() finds:
 * encap2+3, encap3+4, vlan+srcmac and txhash. They have programs of their own, so that the others
 * get no instruction longer.
 */
#ifndef BPFTEAM_POLICY_BPF_H
#define BPFTEAM_POLICY_BPF_H

#define ENCAP_CONTEXT struct __sk_buff
#include "encap.bpf.h"
#include "flow.bpf.h"
#include "shortcut.bpf.h"

/* The frame's first bytes, once more than the linear part has been asked for. False: they are there. */
static __always_inline bool policy_pull(struct __sk_buff *skb, __u32 bytes)
{
	if ((long)skb->data_end - (long)skb->data >= skb->len)
		return false;
	return !bpf_skb_pull_data(skb, skb->len < bytes ? skb->len : bytes);
}

/*
 * Most frames carry nothing: what shortcut_hash() knows, TCP and UDP, the latter to none of the ports
 * of tunnels. They are not walked through.
 */
static __always_inline bool policy_is_plain(const void *data, const void *end, __u32 *hash)
{
	const struct iphdr *ip4 = data + ETH_HLEN;
	const struct ipv6hdr *ip6 = data + ETH_HLEN;

	if (!shortcut_hash(data, end, hash))
		return false;
	if (*(const __u16 *)(data + 2 * ETH_ALEN) == bpf_htons(ETH_P_IP))
		return ip4->protocol == IPPROTO_TCP ||
		       !encap_is_port(((const __u16 *)(ip4 + 1))[1]);
	return (void *)(ip6 + 1) + 4 <= end &&
	       (ip6->nexthdr == IPPROTO_TCP || !encap_is_port(((const __u16 *)(ip6 + 1))[1]));
}

static __always_inline bool policy_plain(struct __sk_buff *skb, __u32 *hash)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct frame frame;

	if (!policy_is_plain(data, end, hash))
		return false;
	if (cfg_hash == BPFTEAM_HASH_ENCAP23) {
		parse(data, end, skb->vlan_present, PARSE_IP, &frame);
		if (!frame.mac)
			return false;
		*hash = flow_hash_of(&frame, true);
	}
	return true;
}

__noinline __u32 policy_encap(struct __sk_buff *skb)
{
	__u64 hash = encap_hash(skb, skb->vlan_present);

	if (unlikely(hash & ENCAP_HASH_CUT) && policy_pull(skb, ENCAP_PULL))
		hash = encap_hash(skb, skb->vlan_present);
	return hash;
}

static __always_inline bool policy_try_source(struct __sk_buff *skb, __u32 *hash)
{
	return flow_hash_source((void *)(long)skb->data, (void *)(long)skb->data_end,
				skb->vlan_present, skb->vlan_tci, hash);
}

__noinline __u32 policy_source(struct __sk_buff *skb)
{
	__u32 hash;

	if (unlikely(!policy_try_source(skb, &hash)) && policy_pull(skb, FLOW_SOURCE_PULL))
		policy_try_source(skb, &hash);
	return hash;
}

static __always_inline bool policy_try_ports(struct __sk_buff *skb, __u32 *hash)
{
	struct frame frame;

	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->vlan_present, PARSE_PORTS,
	      &frame);
	*hash = frame.mac ? flow_hash_of(&frame, false) : 0;
	return !frame.cut;
}

/* layer3+4, for what has no hash of a socket. */
__noinline __u32 policy_ports(struct __sk_buff *skb)
{
	__u32 hash;

	if (shortcut_hash((void *)(long)skb->data, (void *)(long)skb->data_end, &hash))
		return hash;
	if (unlikely(!policy_try_ports(skb, &hash)) && policy_pull(skb, PARSE_PULL))
		policy_try_ports(skb, &hash);
	return hash;
}

/*
 * txhash: the random number that the frame's socket drew, which TCP draws anew whenever an
 * acknowledgement does not come in time (sk_rethink_txhash(), include/net/sock.h). The hash of a
 * frame without a socket is some NIC's, which may know less than layer3+4.
 */
static __always_inline __u32 policy_hash(struct __sk_buff *skb)
{
	const __u32 policy = cfg_hash;
	__u32 hash;

	if (policy == BPFTEAM_HASH_ENCAP23 || policy == BPFTEAM_HASH_ENCAP34)
		return likely(policy_plain(skb, &hash)) ? hash : policy_encap(skb);
	if (policy == BPFTEAM_HASH_VLAN_SRCMAC)
		return policy_source(skb);
	return likely(skb->hash && skb->sk) ? skb->hash : policy_ports(skb);
}

#endif
