/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encap.bpf.h - the policies encap2+3 and encap3+4: the hash of the innermost IP header. Steps from
 * header to header: tags (802.1Q), MPLS (RFC 3032), PPPoE (RFC 2516), IP in IP (RFC 2003, 2473, 4213),
 * GRE (RFC 2784, 2890, NVGRE: 7637), VXLAN (RFC 7348), Geneve (RFC 8926), GUE (draft-ietf-intarea-gue).
 *
 * What is not whole, or is a fragment, is not looked into: the frame is hashed by the last IP header
 * that was whole, and without any by its MAC addresses. A frame that carries nothing else has the hash
 * that layer2+3 and layer3+4 give it.
 *
 * A step is a global function, which the verifier follows once and by itself; inlined, the ways
 * through the headers would multiply. The object that includes this says what its context is, struct
 * __sk_buff or struct xdp_md, as ENCAP_CONTEXT.
 */
#ifndef BPFTEAM_ENCAP_BPF_H
#define BPFTEAM_ENCAP_BPF_H

#include "flow.bpf.h"
#include "parse.bpf.h"

/* Headers that are stepped over: enough for two encapsulations, or four labels and one. */
#define ENCAP_STEPS 16
/* An IP header further from the frame's start than this is not looked for. */
#define ENCAP_DEPTH 512
/* So many bytes of a frame hold all that is looked at. */
#define ENCAP_PULL (ENCAP_DEPTH + PARSE_DEPTH + 8)

#define ENCAP_PORT_VXLAN 4789
#define ENCAP_PORT_VXLAN_OLD 8472 /* Linux's own from before there was a number */
#define ENCAP_PORT_GENEVE 6081
#define ENCAP_PORT_GUE 6080

#define ENCAP_MPLS_BOTTOM 0x01 /* in the label's third byte */
#define ENCAP_PPPOE_START 0x11000000 /* version and type 1, code 0: a session's data */
#define ENCAP_PPP_IP 0x0021
#define ENCAP_PPP_IPV6 0x0057
#define ENCAP_GRE_CSUM 0x8000
#define ENCAP_GRE_KEY 0x2000
#define ENCAP_GRE_SEQUENCE 0x1000
#define ENCAP_VXLAN_VNI 0x08
#define ENCAP_GUE_CONTROL 0x20
#define ENCAP_GUE_PRIVATE 0x0001

#ifndef IPPROTO_MPLS
#define IPPROTO_MPLS 137
#endif
#ifndef IPPROTO_ETHERNET
#define IPPROTO_ETHERNET 143
#endif

/* A header that can be stepped over. */
enum encap_kind {
	ENCAP_NOTHING,
	ENCAP_ETHERNET,
	ENCAP_TAG,
	ENCAP_MPLS,
	ENCAP_PPPOE,
	ENCAP_IP4,
	ENCAP_IP6,
	ENCAP_EXTENSION,
	ENCAP_AH,
	ENCAP_FRAGMENT,
	ENCAP_GRE,
	ENCAP_UDP,
};

/* The place of a header is its kind and its offset; what has no kind is no place but why not. */
#define ENCAP_KIND_SHIFT 16
#define ENCAP_OFFSET 0x3ff
_Static_assert(ENCAP_DEPTH <= ENCAP_OFFSET, "a place's offset");

enum encap_end {
	ENCAP_END, /* nothing behind this header is looked at */
	ENCAP_BAD, /* it is none */
	ENCAP_CUT, /* the data ended before it did */
};

static const __u8 encap_protocol[256] = {
	[IPPROTO_HOPOPTS] = ENCAP_EXTENSION,
	[IPPROTO_ROUTING] = ENCAP_EXTENSION,
	[IPPROTO_DSTOPTS] = ENCAP_EXTENSION,
	[IPPROTO_MH] = ENCAP_EXTENSION,
	[IPPROTO_AH] = ENCAP_AH,
	[IPPROTO_FRAGMENT] = ENCAP_FRAGMENT,
	[IPPROTO_IPIP] = ENCAP_IP4,
	[IPPROTO_IPV6] = ENCAP_IP6,
	[IPPROTO_GRE] = ENCAP_GRE,
	[IPPROTO_MPLS] = ENCAP_MPLS,
	[IPPROTO_ETHERNET] = ENCAP_ETHERNET,
	[IPPROTO_UDP] = ENCAP_UDP,
};

static __always_inline __u32 encap_place(__u32 kind, __u32 offset)
{
	return kind && offset <= ENCAP_DEPTH ? kind << ENCAP_KIND_SHIFT | offset : ENCAP_END;
}

/* What an EtherType, in network order, says that stands at offset. */
static __always_inline __u32 encap_type(__u16 type, __u32 offset)
{
	switch (type) {
	case bpf_htons(ETH_P_IP):
		return encap_place(ENCAP_IP4, offset);
	case bpf_htons(ETH_P_IPV6):
		return encap_place(ENCAP_IP6, offset);
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return encap_place(ENCAP_TAG, offset);
	case bpf_htons(ETH_P_MPLS_UC):
	case bpf_htons(ETH_P_MPLS_MC):
		return encap_place(ENCAP_MPLS, offset);
	case bpf_htons(ETH_P_PPP_SES):
		return encap_place(ENCAP_PPPOE, offset);
	case bpf_htons(ETH_P_TEB):
		return encap_place(ENCAP_ETHERNET, offset);
	}
	return ENCAP_END;
}

/* Behind MPLS and in GUE's version 1 the IP header itself says what it is. */
static __always_inline __u32 encap_version(__u8 first, __u32 offset)
{
	__u8 version = first >> 4;

	return encap_place(version == 4 ? ENCAP_IP4 : version == 6 ? ENCAP_IP6 : 0, offset);
}

static __always_inline __u32 encap_pppoe(const __u8 *header, __u32 offset)
{
	__u16 protocol = *(const __u16 *)(header + 6);

	if ((*(const __u32 *)header & bpf_htonl(0xffff0000)) != bpf_htonl(ENCAP_PPPOE_START))
		return ENCAP_END;
	return encap_place(protocol == bpf_htons(ENCAP_PPP_IP)     ? ENCAP_IP4
			   : protocol == bpf_htons(ENCAP_PPP_IPV6) ? ENCAP_IP6
								   : 0,
			   offset + 8);
}

/* Version 0 without routing; of the flags, each brings four bytes. */
static __always_inline __u32 encap_gre(const __u8 *header, __u32 offset)
{
	__u16 flags = bpf_ntohs(*(const __u16 *)header);

	if (flags & ~(ENCAP_GRE_CSUM | ENCAP_GRE_KEY | ENCAP_GRE_SEQUENCE))
		return ENCAP_END;
	offset += 4 + !!(flags & ENCAP_GRE_CSUM) * 4 + !!(flags & ENCAP_GRE_KEY) * 4 +
		  !!(flags & ENCAP_GRE_SEQUENCE) * 4;
	return encap_type(*(const __u16 *)(header + 2), offset);
}

/* Behind a variant 0 header, whose flags but one announce what may make the payload unreadable, stands
 * a protocol. */
static __always_inline __u32 encap_gue(const __u8 *gue, __u32 offset)
{
	if (gue[0] & 0x40)
		return encap_version(gue[0], offset);
	if (gue[0] & (0x80 | ENCAP_GUE_CONTROL) ||
	    *(const __u16 *)(gue + 2) & ~bpf_htons(ENCAP_GUE_PRIVATE))
		return ENCAP_END;
	return encap_place(encap_protocol[gue[1]], offset + 4 + (gue[0] & 0x1f) * 4);
}

static __always_inline __u32 encap_geneve(const __u8 *geneve, __u32 offset)
{
	if (geneve[0] & 0xc0)
		return ENCAP_END;
	return encap_type(*(const __u16 *)(geneve + 2), offset + 8 + (geneve[0] & 0x3f) * 4);
}

/* Does UDP to this port, in network order, carry something? */
static __always_inline bool encap_is_port(__u16 port)
{
	return port == bpf_htons(ENCAP_PORT_VXLAN) || port == bpf_htons(ENCAP_PORT_VXLAN_OLD) ||
	       port == bpf_htons(ENCAP_PORT_GENEVE) || port == bpf_htons(ENCAP_PORT_GUE);
}

static __always_inline __u32 encap_udp(const __u8 *header, const void *end, __u32 offset)
{
	__u16 port = *(const __u16 *)(header + 2);
	const __u8 *payload = header + 8;

	if (!encap_is_port(port))
		return ENCAP_END;
	if ((void *)payload + 8 > end)
		return ENCAP_CUT;
	if (port == bpf_htons(ENCAP_PORT_GENEVE))
		return encap_geneve(payload, offset + 8);
	if (port == bpf_htons(ENCAP_PORT_GUE))
		return encap_gue(payload, offset + 8);
	return encap_place(payload[0] & ENCAP_VXLAN_VNI ? ENCAP_ETHERNET : 0, offset + 16);
}

static __always_inline __u32 encap_ip4(const __u8 *header, const void *end, __u32 offset)
{
	if ((void *)header + sizeof(struct iphdr) > end)
		return ENCAP_CUT;
	if (header[0] >> 4 != 4 || (header[0] & 0xf) < 5)
		return ENCAP_BAD;
	/* All fragments go the way of the first one, and only that has the headers inside. */
	if (*(const __u16 *)(header + 6) & bpf_htons(0x3fff))
		return ENCAP_END;
	return encap_place(encap_protocol[header[9]], offset + (header[0] & 0xf) * 4);
}

static __always_inline __u32 encap_ip6(const __u8 *header, const void *end, __u32 offset)
{
	if ((void *)header + sizeof(struct ipv6hdr) > end)
		return ENCAP_CUT;
	if (header[0] >> 4 != 6)
		return ENCAP_BAD;
	return encap_place(encap_protocol[header[6]], offset + sizeof(struct ipv6hdr));
}

/* The place of what the header at `place` carries, or why there is none. */
__noinline __u32 encap_step(ENCAP_CONTEXT *ctx, __u32 place)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 offset = place & ENCAP_OFFSET;
	const __u8 *header = data + offset;

	/* The least that any of them has with what it carries. */
	if ((void *)header + 8 > end)
		return ENCAP_CUT;
	switch (place >> ENCAP_KIND_SHIFT) {
	case ENCAP_ETHERNET:
		if ((void *)header + ETH_HLEN > end)
			return ENCAP_CUT;
		return encap_type(*(const __u16 *)(header + 2 * ETH_ALEN), offset + ETH_HLEN);
	case ENCAP_TAG:
		return encap_type(*(const __u16 *)(header + 2), offset + PARSE_TAG_LEN);
	case ENCAP_MPLS:
		if (header[2] & ENCAP_MPLS_BOTTOM)
			return encap_version(header[4], offset + 4);
		return encap_place(ENCAP_MPLS, offset + 4);
	case ENCAP_PPPOE:
		return encap_pppoe(header, offset);
	case ENCAP_IP4:
		return encap_ip4(header, end, offset);
	case ENCAP_IP6:
		return encap_ip6(header, end, offset);
	case ENCAP_EXTENSION:
		return encap_place(encap_protocol[header[0]], offset + 8 + header[1] * 8);
	case ENCAP_AH:
		return encap_place(encap_protocol[header[0]], offset + 8 + header[1] * 4);
	case ENCAP_FRAGMENT:
		if (*(const __u16 *)(header + 2) & bpf_htons(0xfff9))
			return ENCAP_END;
		return encap_place(encap_protocol[header[0]], offset + 8);
	case ENCAP_GRE:
		return encap_gre(header, offset);
	case ENCAP_UDP:
		return encap_udp(header, end, offset);
	}
	return ENCAP_BAD;
}

#define ENCAP_HASH_CUT (1ull << 32)

/* The hash of the IP header at `place` (0: there is none), and ENCAP_HASH_CUT. tagged: as parse(). */
__noinline __u64 encap_finish(ENCAP_CONTEXT *ctx, __u32 place, __u32 tagged)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	enum parse_depth depth = cfg_hash == BPFTEAM_HASH_ENCAP23 ? PARSE_IP : PARSE_PORTS;
	const void *ip = data + (place & ENCAP_OFFSET);
	struct frame frame;
	__u32 hash;

	parse(data, end, tagged, PARSE_MAC, &frame);
	if (!frame.mac)
		return ENCAP_HASH_CUT;
	if (place >> ENCAP_KIND_SHIFT == ENCAP_IP4)
		parse_ip4(ip, end, depth, &frame);
	else if (place >> ENCAP_KIND_SHIFT == ENCAP_IP6)
		parse_ip6(ip, end, depth, &frame);
	hash = flow_hash_of(&frame, cfg_hash == BPFTEAM_HASH_ENCAP23);
	return frame.cut ? hash | ENCAP_HASH_CUT : hash;
}

/* As encap_finish(), of the innermost IP header. */
__noinline __u64 encap_hash(ENCAP_CONTEXT *ctx, __u32 tagged)
{
	__u32 place = ENCAP_ETHERNET << ENCAP_KIND_SHIFT, innermost = 0;
	__u64 cut = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < ENCAP_STEPS; i++) {
		__u32 kind = place >> ENCAP_KIND_SHIFT, next = encap_step(ctx, place);

		if (next == ENCAP_CUT)
			cut = ENCAP_HASH_CUT;
		if (next == ENCAP_CUT || next == ENCAP_BAD)
			break;
		if (kind == ENCAP_IP4 || kind == ENCAP_IP6)
			innermost = place;
		if (next == ENCAP_END)
			break;
		place = next;
	}
	return encap_finish(ctx, innermost, tagged) | cut;
}

#endif
