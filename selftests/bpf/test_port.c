// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_port - what becomes of every kind of frame that a port receives, by mode and state; each
 * counted once and under its reason; arrival of ARP stamped for the probe.
 */
#include "port.skel.h"
#include "rx_frames.h"

#define TARGET_1 0xc0000201 /* 192.0.2.1 */
#define TARGET_2 0xc0000202

struct receiver {
	struct port_bpf *skel;
	struct maps maps;
	struct bpfteam_probe *probes;
};

static struct receiver receiver_load(bool active_only, bool probe)
{
	struct receiver receiver = {.skel = port_bpf__open()};

	if (!receiver.skel)
		bail("the skeleton can't be opened");
	receiver.skel->rodata->cfg_port = RX_PORT_ID;
	receiver.skel->rodata->cfg_vport = if_nametoindex("team0");
	receiver.skel->rodata->cfg_active_only = active_only;
	receiver.skel->rodata->cfg_probe = probe;
	receiver.skel->rodata->cfg_arp_target[0] = htonl(TARGET_1);
	receiver.skel->rodata->cfg_arp_target[1] = htonl(TARGET_2);
	receiver.skel->rodata->cfg_n_arp_target = 2;
	memcpy((void *)receiver.skel->rodata->cfg_mac, MAC_TEAM, 6);
	if (port_bpf__load(receiver.skel))
		skip_all("the kernel loads no tc programs");
	receiver.maps = maps_open(receiver.skel->maps.bss, receiver.skel->maps.port_stats);
	receiver.probes = map_memory(receiver.skel->maps.probes);
	maps_fill(&receiver.maps, 3);
	return receiver;
}

static void receiver_free(struct receiver *receiver)
{
	maps_free(&receiver->maps);
	munmap(receiver->probes, BPFTEAM_PORTS_MAX * sizeof(*receiver->probes));
	port_bpf__destroy(receiver->skel);
}

static bool is_counted(const struct rx_case *rx, bool backup, const struct bpfteam_stats *before,
		       const struct bpfteam_stats *after, unsigned len)
{
	switch (rx->want[backup]) {
	case RX_TEAM:
		return after->rx_packets == before->rx_packets + 1 &&
		       after->rx_bytes == before->rx_bytes + len;
	case RX_DROP:
		return after->drops[rx->reason] == before->drops[rx->reason] + 1;
	default:
		return true;
	}
}

static void test_policy(bool backup)
{
	static const uint32_t verdicts[] = {
		[RX_TEAM] = TC_REDIRECT, [RX_PORT] = TC_NEXT, [RX_DROP] = TC_DROP};
	struct receiver receiver = receiver_load(backup, false);
	struct frame_buf frame;

	for (size_t i = 0; i < RX_CASES; i++) {
		const struct rx_case *rx = &rx_cases[i];
		struct bpfteam_stats before, after;
		uint64_t total, counted;
		uint32_t verdict;

		rx_prepare(&receiver.maps, rx);
		rx_frame(&frame, rx);
		before = stats_of(&receiver.maps, RX_PORT_ID);
		total = stats_total(&receiver.maps);
		verdict = run(receiver.skel->progs.port_rx, &frame);
		after = stats_of(&receiver.maps, RX_PORT_ID);
		counted = stats_total(&receiver.maps) - total;
		if (!ok(verdict == verdicts[rx->want[backup]] &&
				is_counted(rx, backup, &before, &after, frame.len) &&
				counted == (rx->want[backup] != RX_PORT),
			"%s: %s", backup ? "active-backup" : "balance-xor", rx->what))
			diag("verdict %d, want %d; counted %llu times", (int)verdict,
			     (int)verdicts[rx->want[backup]], (unsigned long long)counted);
	}
	receiver_free(&receiver);
}

/* Beyond the list of eight, both directions take the lowest id. */
static void test_designated(void)
{
	struct receiver receiver = receiver_load(true, false);
	static const struct rx_case rx = {.dst = MAC_BROADCAST, .src = MAC_PEER, .type = 0x0806};
	struct frame_buf frame;

	rx_prepare(&receiver.maps, &rx);
	rx_frame(&frame, &rx);
	memset(&receiver.maps.slots[0], BPFTEAM_PORT_NONE, sizeof(receiver.maps.slots[0]));
	receiver.maps.state->alive = receiver.maps.state->link = 0x6;
	is(run(receiver.skel->progs.port_rx, &frame), TC_REDIRECT,
	   "an empty list: the lowest id is active");
	receiver.maps.state->alive = receiver.maps.state->link = 0x7;
	is(run(receiver.skel->progs.port_rx, &frame), TC_DROP, "... and no other");
	receiver.maps.state->alive = 0;
	receiver.maps.state->fallback = 0x2;
	is(run(receiver.skel->progs.port_rx, &frame), TC_REDIRECT, "... of the fallback ones");
	receiver.maps.state->alive = 0x4;
	is(run(receiver.skel->progs.port_rx, &frame), TC_DROP, "... when no other is alive");
	receiver_free(&receiver);
}

/* An ARP frame as on the wire (RFC 826). */
struct arp {
	const char *dst;
	uint16_t operation;
	uint32_t sender;
	uint16_t hardware, protocol;
	uint8_t hardware_len, protocol_len;
};

static const struct arp reply = {MAC_BROADCAST, 2, TARGET_2, 1, 0x0800, 6, 4};

static void arp_frame(struct frame_buf *frame, const struct arp *arp)
{

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->data, arp->dst, 6);
	memcpy(frame->data + 6, MAC_PEER, 6);
	frame->len = 12;
	frame_u16(frame, 0x0806);
	frame_u16(frame, arp->hardware);
	frame_u16(frame, arp->protocol);
	frame_u8(frame, arp->hardware_len);
	frame_u8(frame, arp->protocol_len);
	frame_u16(frame, arp->operation);
	frame_fill(frame, 0xcc, 6);
	frame_u32(frame, arp->sender);
	frame_fill(frame, 0, 6 + 4);
}

/* target: index of the target that the frame must stamp, or -1. */
static void expect_stamp(struct receiver *receiver, const struct arp *arp, unsigned len, int target,
			 const char *what)
{
	struct bpfteam_probe *probe = &receiver->probes[RX_PORT_ID];
	uint64_t before = now_ns();
	struct frame_buf frame;
	bool right = true;

	memset(receiver->probes, 0, BPFTEAM_PORTS_MAX * sizeof(*probe));
	arp_frame(&frame, arp);
	run_with(bpf_program__fd(receiver->skel->progs.port_rx), frame.data, len, NULL);
	right &= probe->arp_ns >= before && probe->arp_ns <= now_ns();
	for (int i = 0; i < BPFTEAM_ARP_TARGETS_MAX; i++)
		right &= !!probe->target_ns[i] == (i == target);
	right &= !receiver->probes[0].arp_ns && !receiver->probes[2].arp_ns;
	ok(right, "%s", what);
}

static void test_stamps(struct receiver *receiver)
{
	struct arp arp = reply;

	expect_stamp(receiver, &arp, 42, 1, "a reply of the second target");
	arp.sender = TARGET_1;
	expect_stamp(receiver, &arp, 42, 0, "a reply of the first target");
	expect_stamp(receiver, &arp, 41, -1, "a reply cut short is an ARP frame");
	expect_stamp(receiver, &arp, 14, -1, "a reply cut to nothing is an ARP frame");
	arp.sender++;
	arp.sender++;
	expect_stamp(receiver, &arp, 42, -1, "a reply of somebody else is an ARP frame");
	arp = reply;
	arp.operation = 1;
	expect_stamp(receiver, &arp, 42, -1, "a target's request is an ARP frame");
	arp = reply;
	arp.hardware = 6;
	expect_stamp(receiver, &arp, 42, -1, "a reply of another hardware");
	arp = reply;
	arp.protocol = 0x86dd;
	expect_stamp(receiver, &arp, 42, -1, "a reply of another protocol");
	arp = reply;
	arp.hardware_len = 8;
	expect_stamp(receiver, &arp, 42, -1, "a reply of another hardware length");
	arp = reply;
	arp.protocol_len = 16;
	expect_stamp(receiver, &arp, 42, -1, "a reply of another protocol length");
}

/* The source of our probes is the port's, whether or not the port is active. */
static void test_probe_mac(struct receiver *receiver)
{
	static const char mac[] = "\x02\0\0\0\0\x77";
	struct frame_buf frame;
	struct arp arp = reply;

	arp_frame(&frame, &arp);
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "ARP on a port that is not active");
	arp.dst = mac;
	arp_frame(&frame, &arp);
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "a reply to no one's probe");
	memset(frame.data, 0, 6);
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "no probe address is no address");
	memcpy(receiver->maps.ports[RX_PORT_ID].probe_mac, mac, 6);
	memcpy(frame.data, mac, 6);
	is(run(receiver->skel->progs.port_rx, &frame), TC_NEXT, "a reply to our probe stays");
	frame.data[5]++;
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "a neighbouring address's doesn't");
	frame.data[5]--;
	frame.data[13] = 0x05;
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "nor what is no ARP");
	receiver->maps.state->accept = 0;
	memset(receiver->probes, 0, sizeof(*receiver->probes) * BPFTEAM_PORTS_MAX);
	frame.data[13] = 0x06;
	is(run(receiver->skel->progs.port_rx, &frame), TC_DROP, "nor on a disabled port");
	is(receiver->probes[RX_PORT_ID].arp_ns, 0, "... which stamps nothing");
}

static void test_probe(void)
{
	struct receiver receiver = receiver_load(true, true);
	struct frame_buf frame;

	/* Port 0 is the active one: what arrives here is stamped before it is dropped. */
	test_stamps(&receiver);
	test_probe_mac(&receiver);
	receiver_free(&receiver);
	receiver = receiver_load(true, false);
	arp_frame(&frame, &reply);
	run(receiver.skel->progs.port_rx, &frame);
	is(receiver.probes[RX_PORT_ID].arp_ns, 0, "a team that does not probe stamps nothing");
	receiver_free(&receiver);
}

int main(void)
{
	harness_init(3);
	test_policy(false);
	test_policy(true);
	test_designated();
	test_probe();
	return tap_done();
}
