// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_own - balance-tlb, a frame at a time: what is balanced and what goes by the active port, and
 * the source MAC on each; at both ends of the veth, by shortcuts, by XDP. The same of balance-rr and
 * broadcast by XDP.
 */
#include "bpf_harness.h"
#include "xdp.skel.h"

#define PORTS 3
#define XDP_REDIRECTED 4
#define XDP_PASSED 2

static const uint8_t team_mac[6] = {2, 0, 0, 0, 0, 0x51}; /* what frames.h gives as a source */

static const struct flow udp = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};
static const struct flow tagged = {.tpid = {0x8100},
				   .vid = 5,
				   .family = AF_INET,
				   .src = 1,
				   .dst = 2,
				   .proto = 17,
				   .sport = 1000,
				   .dport = 2000};
static const struct flow tcp6 = {
	.family = AF_INET6, .src = 1, .dst = 2, .proto = 6, .sport = 1000, .dport = 2000};
static const struct flow arp = {.type = 0x0806, .payload = 28};

/* ICMPv6: what stands for ports is type, code and checksum. */
static struct flow icmp6(uint8_t type)
{
	return (struct flow){.family = AF_INET6,
			     .src = 1,
			     .dst = 2,
			     .proto = IPPROTO_ICMPV6,
			     .sport = type << 8,
			     .dport = 0x1234,
			     .payload = 32};
}

/* Slot 0: 0 1 2. All others: 2 1 0. */
static void set_slots(struct maps *maps)
{
	for (unsigned slot = 1; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < PORTS; i++)
			maps->slots[slot].port[i] = PORTS - 1 - i;
	for (unsigned i = 0; i < PORTS; i++)
		memcpy(maps->ports[i].probe_mac, (uint8_t[]){2, 0xee, 0, 0, 0, i}, 6);
}

struct sent {
	uint32_t port; /* that counted it */
	int source; /* whose own MAC it bears; -1: the team's; -2: another */
	bool same; /* everything else is as it was */
};

static struct sent send_frame(const struct maps *maps, const struct bpf_program *prog,
			      uint32_t verdict, const struct frame_buf *frame)
{
	struct sent sent = {.port = NO_VERDICT, .source = -2};
	static struct frame_buf out;
	uint64_t before[PORTS];

	for (unsigned i = 0; i < PORTS; i++)
		before[i] = stats_of(maps, i).tx_packets;
	if (run_out(prog, frame, &out) != verdict)
		return sent;
	for (unsigned i = 0; i < PORTS; i++) {
		if (stats_of(maps, i).tx_packets == before[i] + 1)
			sent.port = i;
		if (!memcmp(out.data + 6, maps->ports[i].probe_mac, 6))
			sent.source = i;
	}
	if (!memcmp(out.data + 6, team_mac, 6))
		sent.source = -1;
	sent.same = out.len == frame->len && !memcmp(out.data, frame->data, 6) &&
		    !memcmp(out.data + 12, frame->data + 12, frame->len - 12);
	return sent;
}

struct way {
	const char *name;
	const struct maps *maps;
	const struct bpf_program *prog;
	uint32_t verdict;
};

static void expect_frame(const struct way *way, const struct frame_buf *frame, uint32_t port,
			 int source, const char *what)
{
	struct sent sent = send_frame(way->maps, way->prog, way->verdict, frame);

	if (!ok(sent.port == port && sent.source == source && sent.same, "%s: %s", way->name, what))
		diag("want port %u and source %d; port %u, source %d%s", port, source, sent.port,
		     sent.source, sent.same ? "" : ", and something else changed");
}

static void expect(const struct way *way, const struct flow *flow, uint32_t port, int source,
		   const char *what)
{
	struct frame_buf frame;

	expect_frame(way, frame_build(&frame, flow), port, source, what);
}

static void test_group(const struct way *way)
{
	struct frame_buf frame;

	frame_build(&frame, &udp);
	memset(frame.data, 0xff, 6);
	expect_frame(way, &frame, 0, -1, "a broadcast goes by the active port");
	frame.data[0] = 1;
	expect_frame(way, &frame, 0, -1, "so does a multicast");
}

/* What goes by the active port, and what doesn't. */
static void test_balanced(const struct way *way)
{
	struct flow flow;

	expect(way, &udp, 2, 2, "UDP: by its port, with that one's MAC");
	expect(way, &tagged, 2, 2, "so behind a tag");
	expect(way, &tcp6, 2, 2, "TCP over IPv6");
	test_group(way);
	expect(way, &arp, 0, -1, "ARP goes by the active port");
	for (unsigned type = 133; type <= 137; type++) {
		flow = icmp6(type);
		expect(way, &flow, 0, -1, "so does neighbour discovery");
	}
	flow = icmp6(128);
	expect(way, &flow, 2, 2, "but not an echo request");
	flow = icmp6(132);
	expect(way, &flow, 2, 2, "nor the type before");
	flow = icmp6(138);
	expect(way, &flow, 2, 2, "nor the one behind");
	flow = (struct flow){};
	expect(way, &flow, 0, -1, "what is not IP goes by the active port");
}

static void test_short(const struct way *way)
{
	struct flow flow = icmp6(135);
	struct frame_buf frame;

	frame_build(&frame, &flow);
	frame.len = 14 + 40;
	expect_frame(way, &frame, 2, 2, "an IPv6 header and nothing behind it");
	/* A test run of tc takes no such frame. */
	frame.len = 14 + 39;
	if (way->verdict == XDP_REDIRECTED)
		expect_frame(way, &frame, 2, 2, "a header that is cut is still IP");
	frame_build(&frame, &udp);
	frame.data[14] = 0x65;
	expect_frame(way, &frame, 0, -1, "a header of another version is none");
}

static void test_failover(const struct way *way, struct bpfteam_state *state)
{
	state->link = 6;
	expect(way, &udp, 2, 2, "the active port dead: others as before");
	expect(way, &arp, 1, -1, "the next one is active, with the team's MAC");
	state->link = 3;
	expect(way, &udp, 1, 1, "a dead port's flows by the next, with that one's MAC");
	state->link = 1;
	expect(way, &udp, 0, -1, "all by the active one, with the team's");
	state->link = 4;
	expect(way, &udp, 2, -1, "the last one is the active one");
	state->link = 7;
}

static void test_tc(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_TLB,
					     .hash = BPFTEAM_HASH_LAYER34};
	struct team team = team_load(&options, PORTS);
	struct way way = {"tlb", &team.maps, team.tx, TC_REDIRECT};
	struct answer answer;
	struct flow flow;

	if (!team.skel)
		skip_all("the kernel loads no tc programs");
	set_slots(&team.maps);
	test_balanced(&way);
	test_short(&way);
	test_failover(&way, team.maps.state);
	way.name = "tlb, inner end";
	way.prog = team.inner;
	test_balanced(&way);
	test_failover(&way, team.maps.state);
	answer = explain(&team, &udp);
	ok(answer.valid && answer.port == 2 && answer.slot, "explain says the hash's port");
	flow = icmp6(135);
	answer = explain(&team, &flow);
	ok(answer.valid && answer.port == 0 && !answer.slot, "... and the active one");
	team_free(&team);
}

static void test_shortcuts(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_TLB,
					     .hash = BPFTEAM_HASH_LAYER34,
					     .state = true,
					     .watch_ns = 1000000};
	struct team team = team_load(&options, PORTS);
	struct way way = {"tlb by shortcuts", &team.maps, team.tx, TC_REDIRECT};
	uint8_t bytes[64] = {};

	if (!team.skel) {
		skip(way.name, "this kernel refuses the state detector");
		return;
	}
	set_slots(&team.maps);
	for (unsigned id = 0; id < PORTS; id++)
		team_learn_port(&team, id);
	run_with(bpf_program__fd(team.skel->progs.team_watch), bytes, sizeof(bytes), NULL);
	ok(WAIT_FOR(team.maps.tables->shortcuts[0].dev && team.maps.tables->shortcuts[2].dev),
	   "the timer opens shortcuts");
	test_balanced(&way);
	sh("ip link set q0 down");
	expect(&way, &arp, 1, -1, "the active port died: the next one, by its device");
	expect(&way, &udp, 2, 2, "others as before");
	sh("ip link set q2 down");
	expect(&way, &udp, 1, -1, "the one that is left is the active one");
	port_up("q0", 0);
	port_up("q2", 2);
	team_free(&team);
}

/* ---- by XDP ---- */

static struct xdp_bpf *xdp_load(enum bpfteam_mode mode, struct bpf_program **prog,
				struct maps *maps)
{
	struct xdp_bpf *skel = xdp_bpf__open();

	if (!skel)
		bail("the skeleton can't be opened");
	skel->rodata->cfg_mode = mode;
	skel->rodata->cfg_hash = BPFTEAM_HASH_LAYER34;
	*prog = mode == BPFTEAM_BALANCE_TLB  ? skel->progs.xdp_vport_own
		: mode == BPFTEAM_BALANCE_RR ? skel->progs.xdp_vport_turn
					     : skel->progs.xdp_vport_all;
	bpf_program__set_autoload(*prog, true);
	if (xdp_bpf__load(skel)) {
		xdp_bpf__destroy(skel);
		return NULL;
	}
	*maps = maps_open(skel->maps.bss, skel->maps.port_stats);
	maps_fill(maps, PORTS);
	set_slots(maps);
	for (uint32_t id = 0; id < PORTS; id++) {
		uint32_t ifindex = port_ifindex(id);

		bpf_map_update_elem(bpf_map__fd(skel->maps.tx_ports), &id, &ifindex, 0);
	}
	return skel;
}

static void test_xdp(void)
{
	struct way way = {.name = "tlb by XDP", .verdict = XDP_REDIRECTED};
	struct bpf_program *prog;
	struct xdp_bpf *skel;
	struct frame_buf frame;
	struct maps maps;

	skel = xdp_load(BPFTEAM_BALANCE_TLB, &prog, &maps);
	if (!skel) {
		skip(way.name, "the kernel loads no XDP programs");
		return;
	}
	way.maps = &maps;
	way.prog = prog;
	test_balanced(&way);
	test_short(&way);
	test_failover(&way, maps.state);
	maps_free(&maps);
	xdp_bpf__destroy(skel);
	skel = xdp_load(BPFTEAM_BROADCAST, &prog, &maps);
	is(run(prog, frame_build(&frame, &udp)), XDP_PASSED, "broadcast by XDP: passed to tc");
	is(stats_total(&maps), 0, "... which counts it");
	maps_free(&maps);
	xdp_bpf__destroy(skel);
	skel = xdp_load(BPFTEAM_BALANCE_RR, &prog, &maps);
	way = (struct way){"balance-rr by XDP", &maps, prog, XDP_REDIRECTED};
	maps.state->turns = 2;
	expect(&way, &udp, 0, -1, "the first has its turn");
	expect(&way, &udp, 2, -1, "and another one");
	expect(&way, &udp, 0, -1, "and the first again");
	maps_free(&maps);
	xdp_bpf__destroy(skel);
}

int main(void)
{
	harness_init(PORTS);
	harness_stay();
	test_tc();
	test_shortcuts();
	test_xdp();
	return tap_done();
}
