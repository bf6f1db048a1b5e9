/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * local.bpf.h - rx: direct: which frames stay on the port, where the weak host model delivers them
 * (RFC 1122, 3.3.4.2), and spare the way through the team's interface. User space
 * says for which addresses (struct bpfteam_local, map `local`), and for none while direct can't work
 * or somebody captures.
 *
 * Taken is what is sure to end in a socket or a tunnel whichever interface it came by. Not ICMP,
 * IGMP and neighbour discovery, which are about an interface, nor what may hide them (hop-by-hop and
 * destination options, routing headers), nor the answers of a DHCP server, whose client listens on
 * the team's interface alone.
 */
#ifndef BPFTEAM_LOCAL_BPF_H
#define BPFTEAM_LOCAL_BPF_H

#include <linux/udp.h>

#include "maps.bpf.h"
#include "parse.bpf.h"

const volatile __u32 cfg_direct;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFTEAM_LOCAL_MAX);
	__type(key, struct bpfteam_ip);
	__type(value, __u32);
} local SEC(".maps");

#define LOCAL_BIT(protocol) (1ull << (protocol))
/* Protocols from 64 on are none of those that this is for. */
#define LOCAL_PROTOCOLS                                                                    \
	~(LOCAL_BIT(IPPROTO_HOPOPTS) | LOCAL_BIT(IPPROTO_ICMP) | LOCAL_BIT(IPPROTO_IGMP) | \
	  LOCAL_BIT(IPPROTO_ROUTING) | LOCAL_BIT(IPPROTO_ICMPV6) | LOCAL_BIT(IPPROTO_DSTOPTS))
#define LOCAL_DHCP_CLIENT 68
/* What is shorter is not taken. */
#define LOCAL_HEADERS (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr))

static __always_inline bool local_protocol(__u8 protocol)
{
	return protocol < 64 && LOCAL_PROTOCOLS >> protocol & 1;
}

/* Among all addresses. */
static __noinline bool local_find_ip4(__u32 ip)
{
	__u32 key[4] = {0, 0, bpf_htonl(0xffff), ip};

	return bpf_map_lookup_elem(&local, key);
}

static __noinline bool local_find_ip6(__u64 high, __u64 low)
{
	struct bpfteam_ip key = {high, low};

	return bpf_map_lookup_elem(&local, &key);
}

static __always_inline bool local_has_ip4(__u32 ip, bool all)
{
	const __u32 *few = tables.local.ip4;

	if (likely(ip == few[0]) || ip == few[1] || ip == few[2] || ip == few[3])
		return true;
	return all && tables.local.more && local_find_ip4(ip);
}

static __always_inline bool local_is_ip6(const struct bpfteam_ip *a, __u64 high, __u64 low)
{
	return low == a->low && high == a->high;
}

static __always_inline bool local_has_ip6(__u64 high, __u64 low, bool all)
{
	const struct bpfteam_ip *few = tables.local.ip6;

	if (likely(local_is_ip6(&few[0], high, low)) || local_is_ip6(&few[1], high, low) ||
	    local_is_ip6(&few[2], high, low) || local_is_ip6(&few[3], high, low))
		return true;
	return all && tables.local.more && local_find_ip6(high, low);
}

/* The ports of UDP are looked at, which a datagram with IP options has elsewhere. */
static __always_inline bool local_takes_ip4(const struct iphdr *ip, bool all)
{
	const struct udphdr *udp = (const void *)(ip + 1);
	__u8 protocol = ip->protocol;

	if (!local_has_ip4(ip->daddr, all))
		return false;
	if (protocol == IPPROTO_TCP)
		return true;
	if (protocol == IPPROTO_UDP)
		return *(const __u8 *)ip == 0x45 && udp->dest != bpf_htons(LOCAL_DHCP_CLIENT);
	return local_protocol(protocol);
}

static __always_inline bool local_takes_ip6(const struct ipv6hdr *ip, bool all)
{
	const __u64 *dst = (const void *)&ip->daddr;
	__u8 protocol = ip->nexthdr;

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || local_protocol(protocol)) &&
	       local_has_ip6(dst[0], dst[1], all);
}

/*
 * The frame at mac is unicast for the team's MAC. A tag that was taken off makes it a VLAN's; one of
 * VLAN 0 and priority 0, which looks like none, doesn't. Behind IPv4 are eight bytes of whatever it is.
 */
static __always_inline bool local_looks(struct __sk_buff *skb, const void *mac, const void *end,
					__u16 type, bool all)
{
	const void *l3 = mac + ETH_HLEN;

	if (skb->vlan_tci || tables.local.captured)
		return false;
	if (likely(type == bpf_htons(ETH_P_IP)))
		return mac + LOCAL_HEADERS <= end && local_takes_ip4(l3, all);
	return type == bpf_htons(ETH_P_IPV6) && l3 + sizeof(struct ipv6hdr) <= end &&
	       local_takes_ip6(l3, all);
}

static __always_inline bool local_takes(struct __sk_buff *skb, const void *mac, const void *end,
					__u16 type)
{
	return local_looks(skb, mac, end, type, true);
}

/* By the first few addresses alone. */
static __always_inline bool local_takes_few(struct __sk_buff *skb, const void *mac, const void *end,
					    __u16 type)
{
	return local_looks(skb, mac, end, type, false);
}

#endif
