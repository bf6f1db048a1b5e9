/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * shortcut.bpf.h - the short way to send: for the frames that nearly all frames are, by ports that
 * were seen to be as they should be at most a period of the watch timer ago. Only the device's link
 * is asked again, for each frame. Any other frame goes the long way, which ends at the same port.
 *
 * Each instruction is paid for with each frame, and nothing is here that could be elsewhere: the
 * timer compares ifindex and namespace, asks policy, and looks for captures (watch.bpf.h). An entry
 * that is closed is never wrong. One that should be closed and is still open for a moment sends to a
 * device that is gone, which the redirect refuses.
 */
#ifndef BPFTEAM_SHORTCUT_BPF_H
#define BPFTEAM_SHORTCUT_BPF_H

#include "count.bpf.h"
#include "flow.bpf.h"
#include "kernel.bpf.h"
#include "maps.bpf.h"

/* The compiler must have this value in a register now, and can't derive it anew later. */
#define SHORTCUT_PIN(value) asm volatile("" : "+r"(value))

/*
 * What flow_hash() makes by layer3+4 of an untagged TCP or UDP frame that is no fragment and has
 * neither IP options nor extension headers. False: another frame, or not all of that is linear.
 */
static __always_inline bool shortcut_hash(const void *data, const void *end, __u32 *hash)
{
	const struct iphdr *ip4 = data + ETH_HLEN;
	const struct ipv6hdr *ip6 = data + ETH_HLEN;
	__u32 start, rest;
	__u64 ports;

	if (unlikely((void *)(ip4 + 1) + sizeof(__u32) > end))
		return false;
	/* EtherType; version, header length, TOS */
	start = *(const volatile __u32 *)(data + 2 * ETH_ALEN);
	if (likely((start & bpf_htonl(0xffffff00)) == bpf_htonl(0x08004500))) {
		/* flags and offset, TTL, protocol: at the byte 6 of the header */
		rest = *(const __u32 *)(data + ETH_HLEN + 6) & bpf_htonl(0x3fff00ff);
		if (unlikely(rest != bpf_htonl(IPPROTO_UDP) && rest != bpf_htonl(IPPROTO_TCP)))
			return false;
		ports = *(const __u32 *)(ip4 + 1);
		SHORTCUT_PIN(ports);
		*hash = flow_finish(flow_ip4(ip4) + flow_ports(ports));
		return true;
	}
	start = *(const volatile __u32 *)(data + 2 * ETH_ALEN);
	if ((start & bpf_htonl(0xfffff000)) != bpf_htonl(0x86dd6000) ||
	    (void *)(ip6 + 1) + sizeof(__u32) > end)
		return false;
	if (ip6->nexthdr != IPPROTO_UDP && ip6->nexthdr != IPPROTO_TCP)
		return false;
	*hash = flow_finish(flow_ip6(ip6) + flow_ports(*(const __u32 *)(ip6 + 1)));
	return true;
}

/* base + offset, in the register of offset: clang would copy base first. */
static __always_inline const void *shortcut_at(const void *base, __u64 offset)
{
	asm volatile("%0 += %1" : "+r"(offset) : "r"(base));
	return (const void *)offset;
}

static __always_inline __u32 shortcut_first(__u32 slot)
{
	const struct bpfteam_tables *shifted;

	shifted = shortcut_at(&tables, slot * sizeof(struct bpfteam_slot));
	return shifted->slots[0].port[0];
}

/* May the first port of a slot be used at once? id: any byte. */
static __always_inline bool shortcut_find(__u32 id, const struct bpfteam_shortcut **ret)
{
	const struct bpfteam_tables *shifted = shortcut_at(&tables,
							   id * sizeof(*shifted->shortcuts));
	const struct bpfteam_shortcut *shortcut = &shifted->shortcuts[0];
	const struct net_device *dev;

	if (unlikely(!shortcut->dev))
		return false;
	dev = bpf_rdonly_cast((void *)shortcut->dev, bpf_core_type_id_kernel(struct net_device));
	if (unlikely((dev->state & DEVICE_LINK_BITS) != DEVICE_LINK_UP))
		return false;
	*ret = shortcut;
	return true;
}

static __always_inline int shortcut_send(struct __sk_buff *skb,
					 const struct bpfteam_shortcut *shortcut)
{
	struct bpfteam_stats *stats;
	__u32 len = skb->len;

	/* Its first member is the key. */
	stats = bpf_map_lookup_elem(&port_stats, shortcut);
	if (stats)
		count_sent(stats, len);
	return bpf_redirect(shortcut->ifindex, 0);
}

static __always_inline void shortcut_close(__u32 id)
{
	tables.shortcuts[id & (BPFTEAM_PORTS_MAX - 1)].dev = 0;
}

static __always_inline void shortcut_open(__u32 id, const struct bpfteam_port *port)
{
	const struct bpfteam_state *state = state_get();
	struct bpfteam_shortcut *shortcut = &tables.shortcuts[id & (BPFTEAM_PORTS_MAX - 1)];
	__u64 dev = port->dev;

	if (shortcut->dev == dev)
		return;
	shortcut->id = id;
	shortcut->ifindex = port->ifindex;
	__sync_lock_test_and_set(&shortcut->dev, dev);
	/* User space changes what this rests on first and closes then: one of the two sees the other. */
	if (port->ifindex != shortcut->ifindex || !(state->alive >> (id & 63) & 1) ||
	    state->capture)
		shortcut->dev = 0;
}

#endif
