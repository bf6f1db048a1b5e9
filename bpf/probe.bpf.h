/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe.bpf.h - stamps the arrival of ARP frames (RFC 826) on a port, map `probes`, so that the
 * daemon's ARP monitor is not misled by its own or a busy host's delays.
 */
#ifndef BPFTEAM_PROBE_BPF_H
#define BPFTEAM_PROBE_BPF_H

#include "classify.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFTEAM_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct bpfteam_probe);
} probes SEC(".maps");

/* <linux/if_arp.h> needs a libc of the target. */
#define ARPHRD_ETHER 1
#define ARPOP_REPLY 2

struct probe_arp {
	__be16 hardware, protocol;
	__u8 hardware_len, protocol_len;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_ip[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_ip[4];
};
_Static_assert(sizeof(struct probe_arp) == 28, "probe_arp");

static __always_inline bool probe_is_reply(const struct probe_arp *arp)
{
	return arp->hardware == bpf_htons(ARPHRD_ETHER) && arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_len == ETH_ALEN && arp->protocol_len == 4 &&
	       arp->operation == bpf_htons(ARPOP_REPLY);
}

/* skb is ARP. Drivers may leave all behind the Ethernet header in fragments, hence the copy. */
static __always_inline void probe_stamp(struct __sk_buff *skb)
{
	struct bpfteam_probe *probe;
	struct probe_arp arp;
	__u32 id = cfg_port, sender;
	__u64 now;

	probe = bpf_map_lookup_elem(&probes, &id);
	if (!probe)
		return;
	now = bpf_ktime_get_ns();
	probe->arp_ns = now;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &arp, sizeof(arp)) || !probe_is_reply(&arp))
		return;
	__builtin_memcpy(&sender, arp.sender_ip, sizeof(sender));
	for (__u32 i = 0; i < BPFTEAM_ARP_TARGETS_MAX && i < cfg_n_arp_target; i++)
		if (sender == cfg_arp_target[i])
			probe->target_ns[i] = now;
}

/* Is it addressed to the source that this port's probes have? */
static __always_inline bool probe_is_mine(const struct frame *frame)
{
	const struct bpfteam_port *port = port_get(cfg_port);
	const __u16 *mac;

	if (!port)
		return false;
	mac = (const void *)port->probe_mac;
	if (!(mac[0] | mac[1] | mac[2]))
		return false;
	return *(const __u32 *)frame->mac == (mac[0] | (__u32)mac[1] << 16) &&
	       *(const __u16 *)(frame->mac + 4) == mac[2];
}

#endif
