/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma_frames.h - an RNIC, its vport, and frames for them.
 *
 *	p1 (id 1) is the RNIC, its vport team0r; p0, p2 and p3 are plain ports. The vport's MAC address is
 *	MAC_RNIC, its addresses are 10.0.0.9 and 2001:db8::9.
 */
#ifndef BPFTEAM_SELFTESTS_BPF_RDMA_FRAMES_H
#define BPFTEAM_SELFTESTS_BPF_RDMA_FRAMES_H

#include "rx_frames.h"

#define MAC_RNIC "\x02\0\0\0\0\xdd"
#define RNIC RX_PORT_ID
#define US 9
#define PEER 7
#define ROCE 4791
#define STATS (BPFTEAM_STATS_RDMA + 0)

static inline struct bpfteam_ip ip4_of(uint32_t host)
{
	uint8_t bytes[16] = {[10] = 0xff, 0xff, 10, 0, 0, host};
	struct bpfteam_ip ip;

	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

static inline struct bpfteam_ip ip6_of(uint32_t host)
{
	uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = host};
	struct bpfteam_ip ip;

	memcpy(&ip, bytes, sizeof(ip));
	return ip;
}

/* failover: to any port, in no particular order. */
static inline void set_vport(struct maps *maps, bool failover)
{
	struct bpfteam_rdma *vport = &maps->tables->rdma[0];

	vport->ifindex = if_nametoindex("team0r");
	vport->port = RNIC;
	vport->others = failover ? ~0ull : 0;
	memset(&vport->path, BPFTEAM_PORT_NONE, sizeof(vport->path));
	memcpy(vport->mac, MAC_RNIC, 6);
	vport->ip4[0] = htonl(0x0a000000 | US);
	vport->ip6[0] = ip6_of(US);
}

static inline void address(struct frame_buf *frame, const char *dst, const char *src)
{
	memcpy(frame->data, dst, 6);
	memcpy(frame->data + 6, src, 6);
}

/* A frame from the peer to us; dst: the MAC address it is for. */
static inline struct frame_buf make(const struct flow *flow, const char *dst)
{
	struct frame_buf frame;

	frame_build(&frame, flow);
	address(&frame, dst, MAC_PEER);
	return frame;
}

#define TO_US(af, protocol, from, to)                                                 \
	.family = (af), .src = PEER, .dst = US, .proto = (protocol), .sport = (from), \
	.dport = (to), .payload = 40

static inline void rdma_init(void)
{
	sh("ip link add team0r address 02:00:00:00:00:dd type veth peer name team0r-in");
	sh("ip link set team0r up && ip link set team0r-in up");
}

#endif
