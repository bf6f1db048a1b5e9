// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_cost - how large each program is when the kernel has translated it, and what a run of it
 * takes. Prints; fails only when a program does not do its work or has grown out of all proportion.
 * COST_RUNS in the environment: runs to take the time of (default 100,000).
 */
#include "bpf_harness.h"
#include "encap_frames.h"
#include "port.skel.h"
#include "xdp.skel.h"

#define INSTRUCTIONS_MAX 1500

static unsigned runs = 100000;

static unsigned instructions_of(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		bail("a program can't be asked for its size");
	return info.xlated_prog_len / 8;
}

static void cost(const char *what, const struct bpf_program *prog, const struct frame_buf *frame,
		 uint32_t want)
{
	int fd = bpf_program__fd(prog);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .repeat = runs);
	unsigned instructions = instructions_of(fd);

	/* The shortest of three: whatever else runs only adds. */
	unsigned best = ~0u;
	bool right = true;

	for (int i = 0; i < 3; i++) {
		right &= !bpf_prog_test_run_opts(fd, &opts) && opts.retval == want;
		best = opts.duration < best ? opts.duration : best;
	}
	diag("%-12s %-46s %4u instructions %5u ns", bpf_program__name(prog), what, instructions,
	     best);
	ok(right && instructions < INSTRUCTIONS_MAX, "%s, %s", bpf_program__name(prog), what);
}

/* What BPF_PROG_TEST_RUN itself takes: a program of two instructions. */
static void cost_nothing(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	uint8_t frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = runs);
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", pass, 2, NULL);

	if (fd < 0 || bpf_prog_test_run_opts(fd, &opts))
		skip_all("the kernel loads no tc programs");
	diag("%-12s %-46s %4u instructions %5u ns", "(nothing)", "to be taken off the others", 2,
	     opts.duration);
	close(fd);
}

static const struct flow udp4 = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 7, .dport = 9, .payload = 18};
static const struct flow udp6 = {
	.family = AF_INET6, .src = 1, .dst = 2, .proto = 17, .sport = 7, .dport = 9};

static void cost_team(enum bpfteam_mode mode, enum bpfteam_hash hash, bool state, const char *what)
{
	const struct team_options options = {.mode = mode,
					     .hash = hash,
					     .state = state,
					     .watch_ns = state ? 3600 * 1000000000ull : 0};
	struct team team = team_load(&options, 2);
	struct frame_buf frame;
	uint8_t zero[64] = {};
	char text[80];

	if (!team.skel) {
		skip(what, "this kernel refuses it");
		return;
	}
	for (unsigned id = 0; state && id < 2; id++)
		team_learn_port(&team, id);
	/* Opens shortcuts. */
	if (state)
		run_with(bpf_program__fd(team.skel->progs.team_watch), zero, sizeof(zero), NULL);
	cost(what, team.tx, frame_build(&frame, &udp4), TC_REDIRECT);
	if (hash == BPFTEAM_HASH_LAYER34 && mode == BPFTEAM_BALANCE_XOR) {
		snprintf(text, sizeof(text), "%s, IPv6", what);
		cost(text, team.tx, frame_build(&frame, &udp6), TC_REDIRECT);
		cost(what, team.inner, &frame, TC_REDIRECT);
		cost(what, team.skel->progs.team_explain, &frame, 0);
	}
	if (hash == BPFTEAM_HASH_ENCAP34) {
		const struct encap vxlan = {"VXLAN", put_vxlan, true};

		outer.family = AF_INET;
		snprintf(text, sizeof(text), "%s, VXLAN", what);
		cost(text, team.tx, wrap(&frame, &vxlan, &udp4), TC_REDIRECT);
		frame_build(&frame, &udp4);
	}
	if (state) {
		snprintf(text, sizeof(text), "%s, the first port dead", what);
		sh("ip link set q0 down");
		cost(text, team.tx, frame_build(&frame, &udp4), TC_REDIRECT);
		port_up("q0", 0);
		cost("arms the timer and looks at 64 ports", team.skel->progs.team_watch, &frame,
		     0);
	}
	team_free(&team);
}

static void cost_port(bool backup)
{
	const char *what = backup ? "active-backup" : "balance-xor";
	struct port_bpf *port = port_bpf__open();
	struct frame_buf frame;
	struct flow flow = udp4;
	struct maps maps;

	port->rodata->cfg_active_only = backup;
	memcpy((void *)port->rodata->cfg_mac, "\x02\0\0\0\0\xaa", 6);
	if (port_bpf__load(port))
		bail("port_rx does not load");
	maps = maps_open(port->maps.bss, port->maps.port_stats);
	maps_fill(&maps, 2);
	flow.dst_mac = 0xaa;
	cost(what, port->progs.port_rx, frame_build(&frame, &flow), TC_REDIRECT);
	maps_free(&maps);
	port_bpf__destroy(port);
}

static void cost_xdp(void)
{
	struct xdp_bpf *xdp = xdp_bpf__open();
	struct frame_buf frame;
	struct flow flow = udp4;
	struct maps maps;

	xdp->rodata->cfg_mode = BPFTEAM_BALANCE_XOR;
	xdp->rodata->cfg_active_only = 1;
	memcpy((void *)xdp->rodata->cfg_mac, "\x02\0\0\0\0\xaa", 6);
	bpf_program__set_autoload(xdp->progs.xdp_port, true);
	bpf_program__set_autoload(xdp->progs.xdp_vport, true);
	if (xdp_bpf__load(xdp)) {
		skip("XDP", "this kernel refuses it");
		xdp_bpf__destroy(xdp);
		return;
	}
	maps = maps_open(xdp->maps.bss, xdp->maps.port_stats);
	maps_fill(&maps, 2);
	flow.dst_mac = 0xaa;
	frame_build(&frame, &flow);
	cost("active-backup, passes", xdp->progs.xdp_port, &frame, XDP_PASS);
	frame.data[11] = 0xaa;
	cost("active-backup, drops", xdp->progs.xdp_port, &frame, XDP_DROP);
	cost("layer3+4, no device to send by", xdp->progs.xdp_vport, &frame, XDP_PASS);
	maps_free(&maps);
	xdp_bpf__destroy(xdp);
}

int main(void)
{
	const char *text = getenv("COST_RUNS");

	if (text && atoi(text) > 0)
		runs = atoi(text);
	harness_init(2);
	cost_nothing();
	for (int state = 0; state < 2; state++) {
		const char *by = state ? "state" : "link bit";
		char what[64];

		snprintf(what, sizeof(what), "active-backup, %s", by);
		cost_team(BPFTEAM_ACTIVE_BACKUP, 0, state, what);
		snprintf(what, sizeof(what), "layer2, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_LAYER2, state, what);
		snprintf(what, sizeof(what), "layer2+3, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_LAYER23, state, what);
		snprintf(what, sizeof(what), "layer3+4, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_LAYER34, state, what);
		snprintf(what, sizeof(what), "encap2+3, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_ENCAP23, state, what);
		snprintf(what, sizeof(what), "encap3+4, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_ENCAP34, state, what);
		snprintf(what, sizeof(what), "vlan+srcmac, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_VLAN_SRCMAC, state, what);
		snprintf(what, sizeof(what), "txhash, %s", by);
		cost_team(BPFTEAM_BALANCE_XOR, BPFTEAM_HASH_TXHASH, state, what);
	}
	cost_port(false);
	cost_port(true);
	cost_xdp();
	return tap_done();
}
