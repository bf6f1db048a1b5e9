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
	const char *dst, *src;
	uint16_t type;
	uint64_t alive, link;
	enum rx_verdict want[2]; /* in balance-xor, in active-backup */
	enum bpfteam_drop reason;
	uint64_t fallback;
	uint32_t promisc;
	uint32_t prev_port; /* + 1; 0 = none */
	bool prev_over;
	bool disabled;
};

#define MAC_TEAM "\x02\0\0\0\0\xaa"
#define MAC_OTHER "\x02\0\0\0\0\xbb"
#define MAC_PEER "\x02\0\0\0\0\xcc"
#define MAC_BROADCAST "\xff\xff\xff\xff\xff\xff"
#define MAC_MULTICAST "\x01\x00\x5e\0\0\xfb"
#define MAC_PTP "\x01\x1b\x19\0\0\0"
#define MAC_LOCAL(last) "\x01\x80\xc2\0\0" last

#define INACTIVE BPFTEAM_DROP_INACTIVE_PORT
#define REFLECTION BPFTEAM_DROP_REFLECTION
#define DISABLED BPFTEAM_DROP_DISABLED_PORT

/* Frames arrive on port 1. The list is 2 1 0: it is active when port 2 is not usable. */
#define RX_PORT_ID 1

static const struct rx_case rx_cases[] = {
	{"unicast for the team, active", MAC_TEAM, MAC_PEER, 0x0800, 3, 7,
	 .want = {RX_TEAM, RX_TEAM}},
	{"unicast for the team, not active", MAC_TEAM, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE},
	{"broadcast, active", MAC_BROADCAST, MAC_PEER, 0x0806, 3, 7, .want = {RX_TEAM, RX_TEAM}},
	{"broadcast, not active", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 7, .want = {RX_TEAM, RX_DROP},
	 .reason = INACTIVE},
	{"multicast, not active", MAC_MULTICAST, MAC_PEER, 0x0800, 7, 7, .want = {RX_TEAM, RX_DROP},
	 .reason = INACTIVE},
	{"the port before has no link: active", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 3,
	 .want = {RX_TEAM, RX_TEAM}},
	{"no alive one: fallback makes active", MAC_BROADCAST, MAC_PEER, 0x0806, 0, 7,
	 .want = {RX_TEAM, RX_TEAM}, .fallback = 2},
	{"no alive one: active by the list's order", MAC_BROADCAST, MAC_PEER, 0x0806, 0, 7,
	 .want = {RX_TEAM, RX_TEAM}, .fallback = 3},
	{"fallback before an alive one: not active", MAC_BROADCAST, MAC_PEER, 0x0806, 1, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE, .fallback = 2},
	{"only a port beyond the list usable: not active", MAC_BROADCAST, MAC_PEER, 0x0806, 8, 8,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE},
	{"nobody usable: not active", MAC_BROADCAST, MAC_PEER, 0x0806, 0, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE},
	{"alive without link: not active", MAC_TEAM, MAC_PEER, 0x0800, 2, 5,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE},
	{"unicast, was active until now", MAC_TEAM, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_TEAM}, .prev_port = 2},
	{"unicast, was active until a while ago", MAC_TEAM, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE, .prev_port = 2, .prev_over = true},
	{"unicast, another was active until now", MAC_TEAM, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE, .prev_port = 1},
	{"broadcast, was active until now", MAC_BROADCAST, MAC_PEER, 0x0806, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE, .prev_port = 2},
	{"unicast for another", MAC_OTHER, MAC_PEER, 0x0800, 3, 7, .want = {RX_PORT, RX_PORT}},
	{"unicast for another, promiscuous", MAC_OTHER, MAC_PEER, 0x0800, 3, 7,
	 .want = {RX_TEAM, RX_TEAM}, .promisc = 1},
	{"unicast for another, promiscuous, not active", MAC_OTHER, MAC_PEER, 0x0800, 7, 7,
	 .want = {RX_TEAM, RX_DROP}, .reason = INACTIVE, .promisc = 1},
	{"our own broadcast came back", MAC_BROADCAST, MAC_TEAM, 0x0806, 3, 7,
	 .want = {RX_DROP, RX_DROP}, .reason = REFLECTION},
	{"our own unicast came back", MAC_OTHER, MAC_TEAM, 0x0800, 3, 7, .want = {RX_DROP, RX_DROP},
	 .reason = REFLECTION, .promisc = 1},
	{"our own, not active: a reflection first", MAC_BROADCAST, MAC_TEAM, 0x0806, 7, 7,
	 .want = {RX_DROP, RX_DROP}, .reason = REFLECTION},
	{"disabled", MAC_TEAM, MAC_PEER, 0x0800, 3, 7, .want = {RX_DROP, RX_DROP},
	 .reason = DISABLED, .disabled = true},
	{"disabled: before reflection", MAC_BROADCAST, MAC_TEAM, 0x0806, 3, 7,
	 .want = {RX_DROP, RX_DROP}, .reason = DISABLED, .disabled = true},
	{"STP", MAC_LOCAL("\x00"), MAC_PEER, 0x0026, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"LACP by address and type", MAC_LOCAL("\x02"), MAC_PEER, 0x8809, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"LACP on a disabled port", MAC_LOCAL("\x02"), MAC_PEER, 0x8809, 7, 7,
	 .want = {RX_PORT, RX_PORT}, .disabled = true},
	{"LACP from our own MAC", MAC_LOCAL("\x02"), MAC_TEAM, 0x8809, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"the last link-local address", MAC_LOCAL("\x0f"), MAC_PEER, 0x88b5, 7, 7,
	 .want = {RX_PORT, RX_PORT}},
	{"one address further", MAC_LOCAL("\x10"), MAC_PEER, 0x88b5, 3, 7,
	 .want = {RX_TEAM, RX_TEAM}},
	{"0x8809 to anybody", MAC_TEAM, MAC_PEER, 0x8809, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"LLDP to anybody", MAC_TEAM, MAC_PEER, 0x88cc, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"EAPOL to anybody", MAC_TEAM, MAC_PEER, 0x888e, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"PTP to anybody", MAC_PTP, MAC_PEER, 0x88f7, 7, 7, .want = {RX_PORT, RX_PORT}},
	{"another type of 0x88xx", MAC_TEAM, MAC_PEER, 0x88b5, 3, 7, .want = {RX_TEAM, RX_TEAM}},
};

#define RX_CASES (sizeof(rx_cases) / sizeof(*rx_cases))

static inline void rx_prepare(struct maps *maps, const struct rx_case *rx)
{
	static const uint8_t list[BPFTEAM_SLOT_PORTS] = {2, 1, 0, 255, 255, 255, 255, 255};

	memcpy(&maps->slots[0], list, sizeof(list));
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
