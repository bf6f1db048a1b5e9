// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_xdp - xdp_port drops exactly what port_rx would drop and passes the rest; xdp_vport takes the
 * port that team_tx takes, counts what it sends, and leaves alone what crosses the veth.
 */
#include "encap_frames.h"
#include "rx_frames.h"
#include "xdp.skel.h"

struct xdp {
	struct xdp_bpf *skel;
	struct bpf_program *vport; /* the one for mode and policy */
	struct maps maps;
};

static struct xdp xdp_load(bool vport, const struct team_options *options, bool active_only)
{
	struct xdp xdp = {.skel = xdp_bpf__open()};

	if (!xdp.skel)
		bail("the skeleton can't be opened");
	xdp.skel->rodata->cfg_mode = options->mode;
	xdp.skel->rodata->cfg_hash = options->hash;
	xdp.skel->rodata->cfg_state = options->state;
	xdp.skel->rodata->cfg_port = RX_PORT_ID;
	xdp.skel->rodata->cfg_active_only = active_only;
	xdp.skel->rodata->cfg_probe = active_only;
	memcpy((void *)xdp.skel->rodata->cfg_mac, MAC_TEAM, 6);
	xdp.vport = hashes_more(options) ? xdp.skel->progs.xdp_vport_policy
					 : xdp.skel->progs.xdp_vport;
	bpf_program__set_autoload(vport ? xdp.vport : xdp.skel->progs.xdp_port, true);
	if (xdp_bpf__load(xdp.skel)) {
		xdp_bpf__destroy(xdp.skel);
		xdp.skel = NULL;
		return xdp;
	}
	xdp.maps = maps_open(xdp.skel->maps.bss, xdp.skel->maps.port_stats);
	maps_fill(&xdp.maps, 3);
	return xdp;
}

static void xdp_free(struct xdp *xdp)
{
	maps_free(&xdp->maps);
	xdp_bpf__destroy(xdp->skel);
}

static void test_port(bool backup)
{
	const struct team_options options = {};
	struct xdp xdp = xdp_load(false, &options, backup);
	struct frame_buf frame;

	if (!xdp.skel)
		skip_all("the kernel loads no XDP programs");
	for (size_t i = 0; i < RX_CASES; i++) {
		const struct rx_case *rx = &rx_cases[i];
		/* With probes on, ARP is left to port_rx, which stamps it. */
		bool drop = rx->want[backup] == RX_DROP &&
			    (!backup || rx->type != 0x0806 || rx->disabled);
		struct bpfteam_stats before, after;
		uint64_t total;

		rx_prepare(&xdp.maps, rx);
		rx_frame(&frame, rx);
		for (int tagged = 0; tagged < 2; tagged++) {
			before = stats_of(&xdp.maps, RX_PORT_ID);
			total = stats_total(&xdp.maps);
			ok(run(xdp.skel->progs.xdp_port, &frame) == (drop ? XDP_DROP : XDP_PASS),
			   "xdp_port, %s%s: %s", backup ? "active-backup" : "balance-xor",
			   tagged ? ", tagged" : "", rx->what);
			after = stats_of(&xdp.maps, RX_PORT_ID);
			ok(stats_total(&xdp.maps) - total == drop &&
				   after.drops[rx->reason] - before.drops[rx->reason] == drop,
			   "... counts what it drops alone");
			memmove(frame.data + 16, frame.data + 12, frame.len - 12);
			memcpy(frame.data + 12, "\x81\x00\x00\x64", 4);
			frame.len += 4;
		}
	}
	xdp_free(&xdp);
}

/* The tx_ports map, as the loader fills it. */
static void fill_devices(struct xdp *xdp, unsigned n)
{
	for (uint32_t id = 0; id < n; id++) {
		uint32_t ifindex = port_ifindex(id);

		if (bpf_map_update_elem(bpf_map__fd(xdp->skel->maps.tx_ports), &id, &ifindex, 0))
			bail("a port can't be put into the device map");
	}
}

/* Where xdp_vport sent a frame, by its counters. */
static uint32_t sent_by(struct xdp *xdp, const struct frame_buf *frame)
{
	uint64_t before[3];
	uint32_t found = BPFTEAM_PORT_NONE;

	for (uint32_t id = 0; id < 3; id++)
		before[id] = stats_of(&xdp->maps, id).tx_packets;
	if (run(xdp->vport, frame) != XDP_REDIRECT)
		return BPFTEAM_PORT_NONE;
	for (uint32_t id = 0; id < 3; id++)
		if (stats_of(&xdp->maps, id).tx_packets == before[id] + 1)
			found = id;
	return found;
}

static void test_same_as_tx(const struct team_options *options, const char *what)
{
	struct xdp xdp = xdp_load(true, options, false);
	struct team team = team_load(options, 3);
	unsigned differ = 0;

	fill_devices(&xdp, 3);
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < 3; i++)
			xdp.maps.slots[slot].port[i] = team.maps.slots[slot].port[i] = (slot + i) %
										       3;
	for (unsigned i = 0; i < 600; i++) {
		struct flow flow = {.family = i & 1 ? AF_INET : AF_INET6,
				    .src = i,
				    .dst = i / 7,
				    .proto = i & 2 ? 6 : 17,
				    .sport = i * 3,
				    .dport = 80,
				    .src_mac = i % 5,
				    .tpid = {i & 4 ? 0x8100 : 0},
				    .vid = i % 9};
		struct frame_buf frame;

		xdp.maps.state->link = team.maps.state->link = i < 300 ? 7 : 5;
		outer.family = i & 8 ? AF_INET : AF_INET6;
		if (i & 16)
			wrap(&frame, &encaps[i % ENCAPS], &flow);
		else
			frame_build(&frame, &flow);
		differ += sent_by(&xdp, &frame) != explain_bytes(&team, frame.data, frame.len).port;
	}
	ok(!differ, "xdp_vport, %s: the port that team_tx takes, for 600 flows", what);
	team_free(&team);
	xdp_free(&xdp);
}

static void test_vport(struct xdp *xdp)
{
	struct bpfteam_state *state = xdp->maps.state;
	const struct flow flow = {.family = AF_INET, .proto = 17, .sport = 1};
	struct frame_buf frame;
	uint64_t total;

	frame_build(&frame, &flow);
	total = stats_total(&xdp->maps);
	is(run(xdp->vport, &frame), XDP_PASS,
	   "xdp_vport: a port that is not in the device map is left to team_inner");
	is(stats_total(&xdp->maps), total, "... uncounted");
	fill_devices(xdp, 3);
	is(run(xdp->vport, &frame), XDP_REDIRECT, "a port that is in it is taken");
	is(stats_total(&xdp->maps), total + 1, "... and counted once");
	is(stats_of(&xdp->maps, 0).tx_bytes, frame.len, "... with its bytes");
	state->capture = 1;
	is(run(xdp->vport, &frame), XDP_PASS, "while somebody captures: passed on");
	state->capture = 0;
	state->alive = 0;
	is(run(xdp->vport, &frame), XDP_DROP, "no port: dropped");
	is(stats_of(&xdp->maps, BPFTEAM_STATS_TEAM).drops[BPFTEAM_DROP_NO_PORT], 1,
	   "... under no_port");
	is(stats_total(&xdp->maps), total + 2, "... and counted once");
	state->alive = 7;
}

/* team_tx let an skb cross the veth: XDP waits for it to be through. */
static void test_crossing(struct xdp *xdp)
{
	const struct team_options options = {};
	struct team team = team_load(&options, 1);
	const struct flow flow = {.family = AF_INET, .proto = 17, .sport = 1};
	struct frame_buf frame;

	frame_build(&frame, &flow);
	team.maps.state->capture = 1;
	run(team.tx, &frame);
	ok(team.maps.state->crossed_jiffies, "team_tx notes a copy that crosses");
	xdp->maps.state->crossed_jiffies = team.maps.state->crossed_jiffies;
	is(run(xdp->vport, &frame), XDP_PASS, "a moment ago: passed on");
	ok(WAIT_FOR(run(xdp->vport, &frame) == XDP_REDIRECT), "a while ago: taken again");
	team_free(&team);
}

static void test_state(void)
{
	const struct team_options options = {.state = true};
	struct xdp xdp = xdp_load(true, &options, false);
	struct team team = team_load(&options, 3);
	const struct flow flow = {.family = AF_INET, .proto = 17, .sport = 1};
	struct frame_buf frame;

	if (!xdp.skel || !team.skel) {
		skip("xdp_vport with the state detector", "this kernel refuses it");
		return;
	}
	frame_build(&frame, &flow);
	fill_devices(&xdp, 3);
	for (unsigned id = 0; id < 3; id++) {
		team_learn_port(&team, id);
		xdp.maps.ports[id] = team.maps.ports[id];
	}
	is(sent_by(&xdp, &frame), 0, "xdp_vport by the devices: the first port");
	sh("ip link set q0 down");
	is(sent_by(&xdp, &frame), 1, "its carrier gone: the next one");
	is(xdp.maps.state->noticed, 1, "... and noticed");
	port_up("q0", 0);
	is(sent_by(&xdp, &frame), 0, "back: the first port");
	team_free(&team);
	xdp_free(&xdp);
}

int main(void)
{
	struct team_options options = {.mode = BPFTEAM_ACTIVE_BACKUP};
	struct xdp xdp;

	harness_init(3);
	test_port(false);
	test_port(true);
	xdp = xdp_load(true, &options, false);
	test_vport(&xdp);
	test_crossing(&xdp);
	xdp_free(&xdp);
	test_same_as_tx(&options, "active-backup");
	options.mode = BPFTEAM_BALANCE_XOR;
	test_same_as_tx(&options, "layer2");
	options.hash = BPFTEAM_HASH_LAYER23;
	test_same_as_tx(&options, "layer2+3");
	options.hash = BPFTEAM_HASH_LAYER34;
	test_same_as_tx(&options, "layer3+4");
	options.hash = BPFTEAM_HASH_ENCAP23;
	test_same_as_tx(&options, "encap2+3");
	options.hash = BPFTEAM_HASH_ENCAP34;
	test_same_as_tx(&options, "encap3+4");
	options.hash = BPFTEAM_HASH_VLAN_SRCMAC;
	test_same_as_tx(&options, "vlan+srcmac");
	options.hash = BPFTEAM_HASH_TXHASH;
	test_same_as_tx(&options, "txhash");
	test_state();
	return tap_done();
}
