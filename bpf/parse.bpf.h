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

static __always_inline bool parse_has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

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
	    !parse_has_ports(ip->protocol))
		return;
	parse_ports((void *)ip + (first & 0xf) * 4, end, frame);
}

/* Length of an extension header that this parser walks over, 0 for any other protocol. */
static __always_inline __u32 parse_extension_len(__u8 protocol, __u8 len)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
		return (len + 1) * 8;
	case IPPROTO_AH:
		return (len + 2) * 4;
	case IPPROTO_FRAGMENT:
		return 8;
	}
	return 0;
}

static __always_inline void parse_ip6(const struct ipv6hdr *ip, const void *end,
				      enum parse_depth depth, struct frame *frame)
{
	__u32 offset = sizeof(*ip), len;
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
	for (int i = 0; i <= PARSE_EXTENSIONS_MAX; i++) {
		const __u8 *header = (void *)ip + offset;

		if (parse_has_ports(protocol)) {
			parse_ports(header, end, frame);
			return;
		}
		if ((void *)header + 8 > end) {
			frame->cut = parse_extension_len(protocol, 0);
			return;
		}
		len = parse_extension_len(protocol, header[1]);
		if (!len)
			return;
		/* RFC 8200 section 4.5: offset and the M flag. An atomic fragment has neither. */
		if (protocol == IPPROTO_FRAGMENT &&
		    *(const __u16 *)(header + 2) & bpf_htons(0xfff9))
			return;
		offset += len;
		if (offset > PARSE_DEPTH)
			return;
		protocol = header[0];
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
