/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow.bpf.h - from headers to the 32-bit hash of a flow. User space has no second implementation:
 * it runs team_explain. The value depends on the machine's byte order and on nothing else.
 *
 * Each 32-bit word is multiplied by a number of its own, and the products are summed up (multilinear
 * hashing: Carter and Wegman 1979). Of a sum, the upper half has been reached by every bit: it is
 * folded onto the lower one, and one more multiplication brings that to the bits that count, the
 * upper ones; the top ones are the slot. The factors are odd and below 2^31, so that each fits its
 * instruction: of the digits of square roots of primes, and, for the last, of the golden ratio.
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

static __always_inline __u64 flow_mac(const struct frame *frame)
{
	const __u32 *word = frame->mac;

	return word[0] * 0x6d861707ull + word[1] * 0x23daa40full + word[2] * 0x572fc8abull +
	       frame->type * 0x67b642e9ull;
}

static __always_inline __u64 flow_ip4(const struct iphdr *ip)
{
	return ip->saddr * 0x3504f333ull + ip->daddr * 0x5db3d743ull;
}

static __always_inline __u64 flow_ip6(const struct ipv6hdr *ip)
{
	const __u32 *word = (const void *)&ip->saddr;

	return word[0] * 0x2887293full + word[1] * 0x4d82b447ull + word[2] * 0x2df0668dull +
	       word[3] * 0x65ddceafull + word[4] * 0x314d1495ull + word[5] * 0x48ac80adull +
	       word[6] * 0x33999333ull + word[7] * 0x475a2543ull;
}

/* Source and destination port; 64 bits wide for the caller's sake, who has them so in a register. */
static __always_inline __u64 flow_ports(__u64 ports)
{
	return ports * 0x52a7fa9dull;
}

static __always_inline __u32 flow_finish(__u64 sum)
{
	return (sum ^ sum >> 32) * 0x9e3779b97f4a7c15ull >> 32;
}

/*
 * Of what was found of a frame, which has a MAC. mac: its MAC addresses and type count, which they
 * also do where there is no IP header.
 */
static __always_inline __u32 flow_hash_of(const struct frame *frame, bool mac)
{
	__u64 sum = 0;

	if (mac || (!frame->ip4 && !frame->ip6))
		sum = flow_mac(frame);
	if (frame->ip4)
		sum += flow_ip4(frame->ip4);
	else if (frame->ip6)
		sum += flow_ip6(frame->ip6);
	if (frame->ports)
		sum += flow_ports(*frame->ports);
	return flow_finish(sum);
}

/*
 * layer2: both addresses and the type, also for what has no IP header. layer2+3: MAC and IP
 * addresses. layer3+4: IP addresses and ports. 0 for a frame without a MAC.
 */
static __always_inline __u32 flow_hash(const struct frame *frame)
{
	if (!frame->mac)
		return 0;
	return flow_hash_of(frame, cfg_hash != BPFTEAM_HASH_LAYER34);
}

/* So many bytes of a frame hold all that flow_hash_source() looks at. */
#define FLOW_SOURCE_PULL (ETH_HLEN + PARSE_TAG_LEN)

/*
 * vlan+srcmac: the outermost tag's VLAN ID and the source address, whatever the frame is for. tagged:
 * that tag has been taken off and is tci, else it is looked for. Priority bits don't count; no tag is
 * VLAN 0. False: the data ended before that.
 */
static __always_inline bool flow_hash_source(const void *data, const void *end, bool tagged,
					     __u32 tci, __u32 *hash)
{
	const __u16 *word = data;
	bool whole = true;

	*hash = 0;
	if (data + ETH_HLEN > end)
		return false;
	if (!tagged) {
		tci = 0;
		if (parse_is_tag(word[6])) {
			whole = data + FLOW_SOURCE_PULL <= end;
			if (whole)
				tci = bpf_ntohs(word[7]);
		}
	}
	*hash = flow_finish(word[3] * 0x6d861707ull + word[4] * 0x23daa40full +
			    word[5] * 0x572fc8abull + (tci & 0xfff) * 0x67b642e9ull);
	return whole;
}

#endif
