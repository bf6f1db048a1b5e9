/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rx_frames.h - frames as a port receives them, and what its program does with each: the table that
 * the tests of port_rx and of xdp_port share.
 */
#ifndef BPFTEAM_RX_FRAMES_H
#define BPFTEAM_RX_FRAMES_H

#include "bpf_harness.h"

enum rx_verdict { RX_TEAM, RX_PORT, RX_DROP };

struct rx_case {
	const char *what;
	uint8_t dst[6], src[6];
	uint16_t type;
	uint64_t alive, link, fallback; /* accept: every port */
	bool disabled;
	uint32_t promisc;
	uint32_t prev_port; /* +1; 0 = none */
	bool prev_over;
	enum rx_verdict want[2]; /* in balance-xor, in active-backup; the receiving port is id 1 */
	enum bpfteam_drop reason[2];
};

#define MAC_TEAM                       \
	{                              \
		0x02, 0, 0, 0, 0, 0xaa \
	}
#define MAC_OTHER                      \
	{                              \
		0x02, 0, 0, 0, 0, 0xbb \
	}
#define MAC_PEER                       \
	{                              \
		0x02, 0, 0, 0, 0, 0xcc \
	}
#define MAC_BROADCAST                              \
	{                                          \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff \
	}
#define MAC_MULTICAST                        \
	{                                    \
		0x01, 0x00, 0x5e, 0, 0, 0xfb \
	}
#define MAC_LOCAL(last)                      \
	{                                    \
		0x01, 0x80, 0xc2, 0, 0, last \
	}
#define RX_INACTIVE                           \
	{                                     \
		0, BPFTEAM_DROP_INACTIVE_PORT \
	}
#define RX_BOTH(reason)        \
	{                      \
		reason, reason \
	}

/* Lists are 0 1 2. Port 1 is active when port 0 is not usable: alive 6. */
static const struct rx_case rx_cases[] = {
	{"unicast for the team, active", MAC_TEAM, MAC_PEER, 0x0800, 6, 7,
	 .want = {RX_TEAM, RX_TEAM}},
	{"unicast for the team, not active", MAC_TEAM, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"broadcast, active", MAC_BROADCAST, MAC_PEER, 0x0806, 6, 7, .want = {RX_TEAM, RX_TEAM}},
	{"broadcast, not active", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 7, .want = {RX_TEAM, RX_DROP},
	 .reason = RX_INACTIVE},
	{"multicast, not active", MAC_MULTICAST, MAC_PEER, 0x0800, 7, 7, .want = {RX_TEAM, RX_DROP},
	 .reason = RX_INACTIVE},
	{"the port before has no link: active", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 6,
	 .want = {RX_TEAM, RX_TEAM}},
	{"no alive one: fallback makes active", MAC_BROADCAST, MAC_PEER, 0x0806, 0, 7, 2,
	 .want = {RX_TEAM, RX_TEAM}},
	{"fallback behind an alive one: not active", MAC_BROADCAST, MAC_PEER, 0x0806, 4, 7, 2,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"no port of the list usable: the first beyond is active", MAC_BROADCAST, MAC_PEER, 0x0806,
	 8, 8, .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"nobody usable: not active", MAC_BROADCAST, MAC_PEER, 0x0806, 0, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"alive without link: not active", MAC_TEAM, MAC_PEER, 0x0800, 2, 5,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"unicast, was active until now", MAC_TEAM, MAC_PEER, 0x0800, 7, 7, .prev_port = 2,
	 .want = {RX_TEAM, RX_TEAM}},
	{"unicast, was active until a while ago", MAC_TEAM, MAC_PEER, 0x0800, 7, 7, .prev_port = 2,
	 .prev_over = true, .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"unicast, another was active until now", MAC_TEAM, MAC_PEER, 0x0800, 7, 7, .prev_port = 1,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"broadcast, was active until now", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 7, .prev_port = 2,
	 .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"unicast for another", MAC_OTHER, MAC_PEER, 0x0800, 6, 7, .want = {RX_PORT, RX_PORT}},
	{"unicast for another, promiscuous", MAC_OTHER, MAC_PEER, 0x0800, 6, 7, .promisc = 1,
	 .want = {RX_TEAM, RX_TEAM}},
	{"unicast for another, promiscuous, not active", MAC_OTHER, MAC_PEER, 0x0800, 7, 7,
	 .promisc = 1, .want = {RX_TEAM, RX_DROP}, .reason = RX_INACTIVE},
	{"our own broadcast came back", MAC_BROADCAST, MAC_TEAM, 0x0806, 6, 7,
	 .want = {RX_DROP, RX_DROP}, .reason = RX_BOTH(BPFTEAM_DROP_REFLECTION)},
	{"our own unicast came back", MAC_OTHER, MAC_TEAM, 0x0800, 6, 7, .promisc = 1,
	 .want = {RX_DROP, RX_DROP}, .reason = RX_BOTH(BPFTEAM_DROP_REFLECTION)},
	{"our own, not active: a reflection first", MAC_BROADCAST, MAC_TEAM, 0x0806, 7, 7,
	 .want = {RX_DROP, RX_DROP}, .reason = RX_BOTH(BPFTEAM_DROP_REFLECTION)},
	{"disabled", MAC_TEAM, MAC_PEER, 0x0800, 6, 7, .disabled = true, .want = {RX_DROP, RX_DROP},
	 .reason = RX_BOTH(BPFTEAM_DROP_DISABLED_PORT)},
	{"disabled: before reflection", MAC_BROADCAST, MAC_TEAM, 0x0806, 6, 7, .disabled = true,
	 .want = {RX_DROP, RX_DROP}, .reason = RX_BOTH(BPFTEAM_DROP_DISABLED_PORT)},
	{"STP", MAC_LOCAL(0x00), MAC_PEER, 0x0026, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"LACP by address and type", MAC_LOCAL(0x02), MAC_PEER, 0x8809, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"LACP to a port that is disabled", MAC_LOCAL(0x02), MAC_PEER, 0x8809, 7, 7,
	 .disabled = true, .want = {RX_PORT, RX_PORT}},
	{"LACP from our own MAC", MAC_LOCAL(0x02), MAC_TEAM, 0x8809, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"the last link-local address", MAC_LOCAL(0x0f), MAC_PEER, 0x88b5, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"one address further (GARP's)", MAC_LOCAL(0x20), MAC_PEER, 0x88b5, 6, 7,
	 .want = {RX_TEAM, RX_TEAM}},
	{"0x8809 to anybody", MAC_TEAM, MAC_PEER, 0x8809, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"LLDP to anybody", MAC_TEAM, MAC_PEER, 0x88cc, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"EAPOL to anybody", MAC_TEAM, MAC_PEER, 0x888e, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"PTP to anybody",
	 {0x01, 0x1b, 0x19, 0, 0, 0},
	 MAC_PEER,
	 0x88f7,
	 7,
	 7,
	 .want = {RX_PORT, RX_PORT}},
	{"another type of 0x88xx", MAC_TEAM, MAC_PEER, 0x88b5, 6, 7, .want = {RX_TEAM, RX_TEAM}},
};

#define RX_CASES (sizeof(rx_cases) / sizeof(*rx_cases))
#define RX_PORT_ID 1

static inline void rx_prepare(struct maps *maps, const struct rx_case *rx)
{
	static const struct bpfteam_slot list = {{0, 1, 2, 255, 255, 255, 255, 255}};

	maps->slots[0] = list;
	maps->state->alive = rx->alive;
	maps->state->link = rx->link;
	maps->state->fallback = rx->fallback;
	maps->state->accept = rx->disabled ? ~(1ull << RX_PORT_ID) : ~0ull;
	maps->state->promisc = rx->promisc;
	maps->state->prev_port = rx->prev_port ? rx->prev_port - 1 : BPFTEAM_PORT_NONE;
	maps->state->prev_until_ns = rx->prev_over ? now_ns() - 1 : now_ns() + 1000000000ull;
}

static inline void rx_frame(struct frame_buf *frame, const struct rx_case *rx)
{
	memset(frame, 0, sizeof(*frame));
	memcpy(frame->data, rx->dst, 6);
	memcpy(frame->data + 6, rx->src, 6);
	frame->len = 12;
	frame_u16(frame, rx->type);
	frame_fill(frame, 0, 60);
}

#endif
