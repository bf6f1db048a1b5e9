/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * parse.bpf.h - finds the headers that a hash is made of. The only place that checks bounds; tc and
 * XDP share it, so it knows nothing but two pointers.
 *
 * What is not whole, not known or not consistent is left out, and the frame is hashed by what is
 * left: addresses without ports, MAC addresses without IP (RFC 791, RFC 8200; extension headers:
 * RFC 8200 section 4, AH: RFC 4302 section 2.2, mobility: RFC 6275 section 6.1.1).
 */
#ifndef BPFTEAM_PARSE_BPF_H
#define BPFTEAM_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PARSE_TAG_LEN 4
#define PARSE_EXTENSIONS_MAX 8
/* Nothing behind this many bytes of the IP header is looked at: what is hashed must not depend on
 * how much of the frame happens to be linear, so slow path and fast path share the limit. */
#define PARSE_DEPTH 512
/* So many bytes of a frame hold all that parse() may look at. */
#define PARSE_PULL (ETH_HLEN + PARSE_TAG_LEN + PARSE_DEPTH + 8)

#ifndef IPPROTO_MH
#define IPPROTO_MH 135
#endif

enum parse_depth { PARSE_MAC, PARSE_IP, PARSE_PORTS };

/* Where the headers of a frame are; NULL = not there, or not to be trusted. */
struct frame {
	const void *mac; /* both addresses and the type: 14 bytes */
	const struct iphdr *ip4;
	const struct ipv6hdr *ip6;
	const __u32 *ports; /* source and destination port */
	__u16 type; /* EtherType behind the tag, network order */
	bool cut; /* the data ended before a header that was wanted */
};

static __always_inline bool parse_is_tag(__u16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/*
 * What follows an IP header, by protocol number. Extension headers are 8 bytes plus their length
 * field times the low bits here. A table, since every branch in the walk would double the paths
 * that the verifier has to follow.
 */
#define PARSE_UNIT 0x0f
#define PARSE_EXTENSION 0x10
#define PARSE_HAS_PORTS 0x20

static const __u8 parse_protocol[256] = {
	[IPPROTO_HOPOPTS] = PARSE_EXTENSION | 8, [IPPROTO_ROUTING] = PARSE_EXTENSION | 8,
	[IPPROTO_DSTOPTS] = PARSE_EXTENSION | 8, [IPPROTO_MH] = PARSE_EXTENSION | 8,
	[IPPROTO_AH] = PARSE_EXTENSION | 4,      [IPPROTO_FRAGMENT] = PARSE_EXTENSION | 0,
	[IPPROTO_TCP] = PARSE_HAS_PORTS,         [IPPROTO_UDP] = PARSE_HAS_PORTS,
	[IPPROTO_SCTP] = PARSE_HAS_PORTS,        [IPPROTO_DCCP] = PARSE_HAS_PORTS,
	[IPPROTO_UDPLITE] = PARSE_HAS_PORTS,
};

static __always_inline void parse_ports(const void *l4, const void *end, struct frame *frame)
{
	if (l4 + 4 > end)
		frame->cut = true;
	else
		frame->ports = l4;
}

static __always_inline void parse_ip4(const struct iphdr *ip, const void *end,
				      enum parse_depth depth, struct frame *frame)
{
	__u32 first;

	if ((void *)(ip + 1) > end) {
		frame->cut = true;
		return;
	}
	first = *(const __u8 *)ip;
	if (first >> 4 != 4 || (first & 0xf) < 5)
		return;
	frame->ip4 = ip;
	/* More fragments, or an offset: only the first one has ports, and all go the same way. */
	if (depth < PARSE_PORTS || ip->frag_off & bpf_htons(0x3fff) ||
	    !(parse_protocol[ip->protocol] & PARSE_HAS_PORTS))
		return;
	parse_ports((void *)ip + (first & 0xf) * 4, end, frame);
}

static __always_inline void parse_ip6(const struct ipv6hdr *ip, const void *end,
				      enum parse_depth depth, struct frame *frame)
{
	__u32 offset = sizeof(*ip);
	__u8 protocol;

	if ((void *)(ip + 1) > end) {
		frame->cut = true;
		return;
	}
	if (*(const __u8 *)ip >> 4 != 6)
		return;
	frame->ip6 = ip;
	if (depth < PARSE_PORTS)
		return;
	protocol = ip->nexthdr;
#pragma clang loop unroll(disable)
	for (int i = 0; i <= PARSE_EXTENSIONS_MAX && offset <= PARSE_DEPTH; i++) {
		const __u8 *header = (void *)ip + offset;
		__u8 kind = parse_protocol[protocol];

		if (kind & PARSE_HAS_PORTS) {
			parse_ports(header, end, frame);
			return;
		}
		if (!kind)
			return;
		if ((void *)header + 8 > end) {
			frame->cut = true;
			return;
		}
		/* RFC 8200 section 4.5: offset and the M flag. An atomic fragment has neither. */
		if (protocol == IPPROTO_FRAGMENT &&
		    *(const __u16 *)(header + 2) & bpf_htons(0xfff9))
			return;
		protocol = header[0];
		offset += 8 + header[1] * (kind & PARSE_UNIT);
	}
}

/*
 * tagged: a VLAN tag has already been taken off the frame. One tag is looked behind, a second one is
 * a type like any other. depth: how far to look.
 */
static __always_inline void parse(const void *data, const void *end, bool tagged,
				  enum parse_depth depth, struct frame *frame)
{
	const void *l3 = data + ETH_HLEN;

	*frame = (struct frame){};
	if (l3 > end) {
		frame->cut = true;
		return;
	}
	frame->mac = data;
	frame->type = *(const __u16 *)(data + 2 * ETH_ALEN);
	if (unlikely(parse_is_tag(frame->type)) && !tagged) {
		if (l3 + PARSE_TAG_LEN > end) {
			frame->cut = true;
			return;
		}
		frame->type = *(const __u16 *)(l3 + 2);
		l3 += PARSE_TAG_LEN;
	}
	if (depth == PARSE_MAC)
		return;
	if (frame->type == bpf_htons(ETH_P_IP))
		parse_ip4(l3, end, depth, frame);
	else if (frame->type == bpf_htons(ETH_P_IPV6))
		parse_ip6(l3, end, depth, frame);
}

#endif
