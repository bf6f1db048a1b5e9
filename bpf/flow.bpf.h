/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow.bpf.h - from headers to the 32-bit hash of a flow. User space has no second implementation:
 * it runs team_explain. The value depends on the machine's byte order and on nothing else.
 *
 * Each step multiplies, which carries upwards, and folds the upper half onto the lower. What is mixed
 * in last needs the two more rounds at the end to reach every bit; the top ones are the slot.
 */
#ifndef BPFTEAM_FLOW_BPF_H
#define BPFTEAM_FLOW_BPF_H

#include "maps.bpf.h"
#include "parse.bpf.h"

const volatile __u32 cfg_hash = BPFTEAM_HASH_LAYER34;

static __always_inline enum parse_depth flow_depth(void)
{
	if (cfg_hash == BPFTEAM_HASH_LAYER2)
		return PARSE_MAC;
	return cfg_hash == BPFTEAM_HASH_LAYER23 ? PARSE_IP : PARSE_PORTS;
}

static __always_inline __u64 flow_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

static __always_inline __u32 flow_finish(__u64 hash)
{
	hash *= 0xd6e8feb86659fd93ull;
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ull;
	return hash >> 32;
}

/* layer2: both addresses and the type. Also for what has no IP header. */
static __always_inline __u64 flow_mix_mac(__u64 hash, const struct frame *frame)
{
	const void *mac = frame->mac;

	hash = flow_mix(hash, *(const __u64 *)mac);
	return flow_mix(hash, *(const __u32 *)(mac + 8) | (__u64)frame->type << 32);
}

/* layer2+3: MAC and IP addresses; layer3+4: IP addresses and ports. 0 for a frame without a MAC. */
static __always_inline __u32 flow_hash(const struct frame *frame)
{
	__u64 hash = 0;

	if (!frame->mac)
		return 0;
	if (cfg_hash != BPFTEAM_HASH_LAYER34 || (!frame->ip4 && !frame->ip6))
		hash = flow_mix_mac(hash, frame);
	if (frame->ip4) {
		hash = flow_mix(hash, *(const __u64 *)&frame->ip4->saddr);
	} else if (frame->ip6) {
		const __u64 *addr = (const void *)&frame->ip6->saddr;

		hash = flow_mix(hash, addr[0]);
		hash = flow_mix(hash, addr[1]);
		hash = flow_mix(hash, addr[2]);
		hash = flow_mix(hash, addr[3]);
	}
	if (frame->ports)
		hash = flow_mix(hash, *frame->ports);
	return flow_finish(hash);
}

#endif
