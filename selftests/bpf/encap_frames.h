/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encap_frames.h - frames that carry an IP packet in each of the ways that bpf/encap.bpf.h knows. It
 * shares no code with that.
 */
#ifndef BPFTEAM_ENCAP_FRAMES_H
#define BPFTEAM_ENCAP_FRAMES_H

#include <stdbool.h>

#include "frames.h"

/* What is carried: AF_INET or AF_INET6. */
static uint16_t type_of(uint8_t family)
{
	return family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
}

static uint8_t protocol_of(uint8_t family)
{
	return family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* The outer headers' addresses, and what the tests do to them. */
static struct outer {
	uint8_t family; /* of the outer IP header */
	uint8_t dst_mac;
	uint32_t src;
	uint16_t sport, fragment;
	uint8_t options; /* words of IPv4's, or one extension header */
} outer;

static void put_mac(struct frame_buf *frame, uint8_t dst, uint16_t type)
{
	const struct flow flow = {.dst_mac = dst, .type = type};

	frame_ethernet(frame, &flow);
}

static void put_ip(struct frame_buf *frame, uint8_t protocol)
{
	struct flow flow = {.family = outer.family,
			    .src = 0x6400 + outer.src,
			    .dst = 0x6500,
			    .proto = protocol,
			    .fragment = outer.fragment};

	put_mac(frame, outer.dst_mac, type_of(outer.family));
	if (outer.family == AF_INET) {
		flow.options = outer.options;
		frame_ip4(frame, &flow);
		return;
	}
	if (outer.options)
		flow.extension[flow.extensions++] = (struct extension){IPPROTO_DSTOPTS, 1, 0};
	if (outer.fragment)
		flow.extension[flow.extensions++] = (struct extension){IPPROTO_FRAGMENT, 0,
								       outer.fragment};
	frame_ip6(frame, &flow);
}

static void put_udp(struct frame_buf *frame, uint16_t port)
{
	put_ip(frame, IPPROTO_UDP);
	frame_u16(frame, 49152 + outer.sport);
	frame_u16(frame, port);
	frame_u32(frame, 0);
}

static void put_ipip(struct frame_buf *frame, uint8_t carries)
{
	put_ip(frame, protocol_of(carries));
}

static void put_gre(struct frame_buf *frame, uint16_t flags, uint16_t type)
{
	put_ip(frame, IPPROTO_GRE);
	frame_u16(frame, flags);
	frame_u16(frame, type);
	frame_fill(frame, 0xa5, 4 * __builtin_popcount(flags & 0xb000));
}

static void put_gre_bare(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0, type_of(carries));
}

static void put_gre_sum(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0x8000, type_of(carries));
}

static void put_gre_key(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0x2000, type_of(carries));
}

static void put_gre_all(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0xb000, type_of(carries));
}

static void put_nvgre(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0x2000, ETH_P_TEB);
	put_mac(frame, 9, type_of(carries));
}

static void put_labels(struct frame_buf *frame, unsigned n)
{
	while (n--)
		frame_u32(frame, 0x00064000 | (!n << 8) | 64);
}

static void put_gre_mpls(struct frame_buf *frame, uint8_t carries)
{
	put_gre(frame, 0, ETH_P_MPLS_UC);
	put_labels(frame, 2);
}

static void put_vxlan_to(struct frame_buf *frame, uint16_t port)
{
	put_udp(frame, port);
	frame_u32(frame, 0x08000000);
	frame_u32(frame, 0x00002a00);
}

static void put_vxlan(struct frame_buf *frame, uint8_t carries)
{
	put_vxlan_to(frame, 4789);
	put_mac(frame, 9, type_of(carries));
}

static void put_vxlan_old(struct frame_buf *frame, uint8_t carries)
{
	put_vxlan_to(frame, 8472);
	put_mac(frame, 9, type_of(carries));
}

static void put_vxlan_tag(struct frame_buf *frame, uint8_t carries)
{
	put_vxlan_to(frame, 4789);
	put_mac(frame, 9, ETH_P_8021Q);
	frame_u16(frame, 7);
	frame_u16(frame, type_of(carries));
}

static void put_geneve_with(struct frame_buf *frame, uint8_t words, uint16_t type)
{
	put_udp(frame, 6081);
	frame_u8(frame, words);
	frame_u8(frame, 0);
	frame_u16(frame, type);
	frame_u32(frame, 0x00002a00);
	frame_fill(frame, 0x5a, words * 4);
}

static void put_geneve(struct frame_buf *frame, uint8_t carries)
{
	put_geneve_with(frame, 0, ETH_P_TEB);
	put_mac(frame, 9, type_of(carries));
}

static void put_geneve_options(struct frame_buf *frame, uint8_t carries)
{
	put_geneve_with(frame, 63, ETH_P_TEB);
	put_mac(frame, 9, type_of(carries));
}

static void put_geneve_ip(struct frame_buf *frame, uint8_t carries)
{
	put_geneve_with(frame, 1, type_of(carries));
}

static void put_gue(struct frame_buf *frame, uint8_t carries)
{
	put_udp(frame, 6080);
	frame_u8(frame, 0);
	frame_u8(frame, protocol_of(carries));
	frame_u16(frame, 0);
}

static void put_gue_private(struct frame_buf *frame, uint8_t carries)
{
	put_udp(frame, 6080);
	frame_u8(frame, 2);
	frame_u8(frame, protocol_of(carries));
	frame_u16(frame, 1);
	frame_fill(frame, 0x77, 8);
}

static void put_gue1(struct frame_buf *frame, uint8_t carries)
{
	put_udp(frame, 6080);
}

static void put_mpls(struct frame_buf *frame, uint8_t carries)
{
	put_mac(frame, outer.dst_mac, ETH_P_MPLS_UC);
	put_labels(frame, 1);
}

static void put_mpls4(struct frame_buf *frame, uint8_t carries)
{
	put_mac(frame, outer.dst_mac, ETH_P_MPLS_MC);
	put_labels(frame, 4);
}

static void put_pppoe(struct frame_buf *frame, uint8_t carries)
{
	put_mac(frame, outer.dst_mac, ETH_P_PPP_SES);
	frame_u16(frame, 0x1100);
	frame_u16(frame, 0x0007);
	frame_u16(frame, 100);
	frame_u16(frame, carries == AF_INET ? 0x0021 : 0x0057);
}

static void put_qinq(struct frame_buf *frame, uint8_t carries)
{
	const struct flow flow = {.dst_mac = outer.dst_mac,
				  .tpid = {ETH_P_8021AD, ETH_P_8021Q},
				  .vid = 100,
				  .type = type_of(carries)};

	frame_ethernet(frame, &flow);
}

/* Two encapsulations, one in the other. */
static void put_vxlan_ipip(struct frame_buf *frame, uint8_t carries)
{
	const struct flow flow = {.family = AF_INET, .src = 77, .proto = protocol_of(carries)};

	put_vxlan_to(frame, 4789);
	put_mac(frame, 9, ETH_P_IP);
	frame_ip4(frame, &flow);
}

static void put_mpls_vxlan(struct frame_buf *frame, uint8_t carries)
{
	const struct flow flow = {.family = AF_INET6, .src = 77, .proto = IPPROTO_UDP};

	put_mac(frame, outer.dst_mac, ETH_P_MPLS_UC);
	put_labels(frame, 4);
	frame_ip6(frame, &flow);
	frame_u32(frame, 4789);
	frame_u32(frame, 0);
	frame_u32(frame, 0x08000000);
	frame_u32(frame, 0);
	put_mac(frame, 9, type_of(carries));
}

static const struct encap {
	const char *name;
	void (*put)(struct frame_buf *frame, uint8_t carries);
	bool by_ip; /* there is an outer IP header, of outer.family */
} encaps[] = {
	{"IP", put_ipip, true},
	{"GRE", put_gre_bare, true},
	{"GRE with checksum", put_gre_sum, true},
	{"GRE with key", put_gre_key, true},
	{"GRE with checksum, key and sequence", put_gre_all, true},
	{"NVGRE", put_nvgre, true},
	{"MPLS in GRE", put_gre_mpls, true},
	{"VXLAN", put_vxlan, true},
	{"VXLAN on port 8472", put_vxlan_old, true},
	{"VXLAN with an inner tag", put_vxlan_tag, true},
	{"Geneve", put_geneve, true},
	{"Geneve with 252 bytes of options", put_geneve_options, true},
	{"Geneve without Ethernet", put_geneve_ip, true},
	{"GUE", put_gue, true},
	{"GUE with private data", put_gue_private, true},
	{"GUE variant 1", put_gue1, true},
	{"IP in IP in VXLAN", put_vxlan_ipip, true},
	{"MPLS", put_mpls, false},
	{"MPLS, four labels", put_mpls4, false},
	{"PPPoE", put_pppoe, false},
	{"QinQ", put_qinq, false},
	{"VXLAN in MPLS", put_mpls_vxlan, false},
};

#define ENCAPS (sizeof(encaps) / sizeof(*encaps))

static const struct frame_buf *wrap(struct frame_buf *frame, const struct encap *encap,
				    const struct flow *inner)
{
	memset(frame, 0, sizeof(*frame));
	encap->put(frame, inner->family);
	if (inner->family == AF_INET)
		frame_ip4(frame, inner);
	else
		frame_ip6(frame, inner);
	frame_u16(frame, inner->sport);
	frame_u16(frame, inner->dport);
	frame->ports_end = frame->len;
	frame_fill(frame, 0, 16);
	return frame;
}

#endif
