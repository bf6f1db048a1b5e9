/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * frames.h - frames to feed to the programs, described by a struct flow and built byte by byte, with
 * the places where its headers end. It shares no code with bpf/parse.bpf.h, which it is to check.
 */
#ifndef BPFTEAM_FRAMES_H
#define BPFTEAM_FRAMES_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define FRAME_MAX 2048
#define FLOW_EXTENSIONS_MAX 12
#define FRAGMENT_MORE 0x2000

struct extension {
	uint8_t protocol;
	uint8_t len; /* its length field */
	uint16_t fragment; /* of a fragment header: offset << 3 | M */
};

/* All zero is an untagged frame of no protocol between two MAC addresses of no meaning. */
struct flow {
	uint8_t dst_mac, src_mac; /* last byte of 02:00:00:00:00:XX; 0 is 0xd1 or 0x51 */
	uint16_t tpid[2]; /* up to two tags, outermost first */
	uint16_t vid;
	uint16_t type; /* EtherType; 0 = by family */
	uint8_t family; /* AF_INET, AF_INET6 or none */
	uint32_t src, dst; /* last four bytes of 10.0.0.0, or of 2001:db8:: */
	uint8_t proto;
	uint16_t sport, dport;
	uint16_t fragment; /* IPv4: flags and offset */
	uint8_t options; /* IPv4: words of options */
	struct extension extension[FLOW_EXTENSIONS_MAX]; /* IPv6 */
	unsigned extensions;
	unsigned payload; /* bytes behind the ports */
	uint8_t filler; /* what they are, and TTL, TOS, flow label: no flow depends on it */
};

struct frame_buf {
	uint8_t data[FRAME_MAX];
	unsigned len;
	unsigned ip_end; /* of the fixed part of the IP header */
	unsigned ports_end; /* 0: it has none that count */
};

static inline void frame_u8(struct frame_buf *frame, uint8_t value)
{
	if (frame->len < FRAME_MAX)
		frame->data[frame->len++] = value;
}

static inline void frame_u16(struct frame_buf *frame, uint16_t value)
{
	frame_u8(frame, value >> 8);
	frame_u8(frame, value & 0xff);
}

static inline void frame_u32(struct frame_buf *frame, uint32_t value)
{
	frame_u16(frame, value >> 16);
	frame_u16(frame, value & 0xffff);
}

static inline void frame_fill(struct frame_buf *frame, uint8_t value, unsigned count)
{
	while (count--)
		frame_u8(frame, value);
}

static inline void frame_ethernet(struct frame_buf *frame, const struct flow *flow)
{
	uint16_t type = flow->type;

	if (!type)
		type = flow->family == AF_INET    ? ETH_P_IP
		       : flow->family == AF_INET6 ? ETH_P_IPV6
						  : 0x88b5;
	frame_u16(frame, 0x0200);
	frame_u32(frame, flow->dst_mac ? flow->dst_mac : 0xd1);
	frame_u16(frame, 0x0200);
	frame_u32(frame, flow->src_mac ? flow->src_mac : 0x51);
	for (int i = 0; i < 2 && flow->tpid[i]; i++) {
		frame_u16(frame, flow->tpid[i]);
		frame_u16(frame, flow->vid + i);
	}
	frame_u16(frame, type);
}

static inline void frame_ip4(struct frame_buf *frame, const struct flow *flow)
{
	unsigned header = 20 + flow->options * 4;

	frame_u8(frame, 0x40 | header / 4);
	frame_u8(frame, flow->filler);
	frame_u16(frame, header + 8 + flow->payload);
	frame_u16(frame, flow->filler * 257);
	frame_u16(frame, flow->fragment);
	frame_u8(frame, 64 - flow->filler % 32);
	frame_u8(frame, flow->proto);
	frame_u16(frame, flow->filler);
	frame_u32(frame, 0x0a000000 | flow->src);
	frame_u32(frame, 0x0a000000 | flow->dst);
	frame->ip_end = frame->len;
	frame_fill(frame, 1, flow->options * 4);
}

static inline void frame_address6(struct frame_buf *frame, uint32_t host)
{
	frame_u32(frame, 0x20010db8);
	frame_u32(frame, 0);
	frame_u32(frame, 0);
	frame_u32(frame, host);
}

static inline void frame_ip6(struct frame_buf *frame, const struct flow *flow)
{
	frame_u32(frame, 0x60000000 | flow->filler);
	frame_u16(frame, 8 + flow->payload);
	frame_u8(frame, flow->extensions ? flow->extension[0].protocol : flow->proto);
	frame_u8(frame, 64 - flow->filler % 32);
	frame_address6(frame, flow->src);
	frame_address6(frame, flow->dst);
	frame->ip_end = frame->len;
	for (unsigned i = 0; i < flow->extensions; i++) {
		const struct extension *extension = &flow->extension[i];
		unsigned start = frame->len, size = 8 + extension->len * 8;

		if (extension->protocol == IPPROTO_AH)
			size = 8 + extension->len * 4;
		else if (extension->protocol == IPPROTO_FRAGMENT)
			size = 8;
		frame_u8(frame, i + 1 < flow->extensions ? extension[1].protocol : flow->proto);
		frame_u8(frame, extension->len);
		frame_u16(frame, extension->fragment);
		frame_fill(frame, flow->filler, start + size - frame->len);
	}
}

/* Builds the frame of a flow; returns frame, so that a call can stand in a call. */
static inline const struct frame_buf *frame_build(struct frame_buf *frame, const struct flow *flow)
{
	memset(frame, 0, sizeof(*frame));
	frame_ethernet(frame, flow);
	if (flow->family == AF_INET)
		frame_ip4(frame, flow);
	else if (flow->family == AF_INET6)
		frame_ip6(frame, flow);
	if (flow->sport || flow->dport) {
		frame_u16(frame, flow->sport);
		frame_u16(frame, flow->dport);
		frame->ports_end = frame->len;
	}
	frame_fill(frame, flow->filler, 4 + flow->payload);
	return frame;
}

#endif
