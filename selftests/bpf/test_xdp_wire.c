// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_xdp_wire - frames that another XDP program redirects into team0 go out of a port without an
 * skb, and fail over; frames of the stack are not sent twice for it.
 *
 *	XDP frames -> team0 --- inner           p0 --- q0       p1 --- q1
 *	              team_tx   xdp_vport,             \ heard         \ heard
 *	                        team_inner
 */
#include <linux/if_link.h>

#include "packets.h"
#include "xdp.skel.h"

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

static struct team team;
static struct xdp_bpf *xdp;
static int wire[2];

static const struct flow flow = {.dst_mac = 0xcc,
				 .src_mac = 0xaa,
				 .family = AF_INET,
				 .src = 1,
				 .dst = 2,
				 .proto = 17,
				 .sport = 7,
				 .dport = 9,
				 .payload = 64};

/* A program of one call: bpf_redirect(ifindex, 0), or one that passes everything (ifindex 0). */
static int load_small(int ifindex)
{
	const struct bpf_insn redirect[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "small", "GPL", ifindex ? redirect : pass,
			     ifindex ? 4 : 2, NULL);
}

static bool xdp_attach(const char *device, int fd)
{
	return fd >= 0 && !bpf_xdp_attach(if_nametoindex(device), fd, XDP_FLAGS_DRV_MODE, NULL);
}

static void load_vport(void)
{

	xdp = xdp_bpf__open();
	if (bpf_map__reuse_fd(xdp->maps.bss, bpf_map__fd(team.skel->maps.bss)) ||
	    bpf_map__reuse_fd(xdp->maps.port_stats, bpf_map__fd(team.skel->maps.port_stats)))
		bail("a map can't be shared");
	bpf_program__set_autoload(xdp->progs.xdp_vport, true);
	if (xdp_bpf__load(xdp) || !xdp_attach("inner", bpf_program__fd(xdp->progs.xdp_vport)))
		skip_all("no native XDP on a veth");
	for (uint32_t id = 0; id < 2; id++) {
		uint32_t ifindex = port_ifindex(id);

		if (bpf_map_update_elem(bpf_map__fd(xdp->maps.tx_ports), &id, &ifindex, 0))
			bail("a port can't be put into the device map");
	}
}

/* Frames that enter the team as XDP frames. */
static void redirect(unsigned count)
{
	struct xdp_md ctx = {.data_end = 0};
	struct frame_buf frame;
	int fd = load_small(if_nametoindex("team0"));
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data, .repeat = count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));

	frame_build(&frame, &flow);
	opts.data_size_in = ctx.data_end = frame.len;
	if (bpf_prog_test_run_opts(fd, &opts))
		skip_all("BPF_PROG_TEST_RUN makes no XDP frames on this kernel");
	close(fd);
}

static void expect_sent(unsigned want0, unsigned want1, const char *what)
{
	static uint64_t counted;
	unsigned heard[2] = {hear(wire[0]).n, hear(wire[1]).n};
	uint64_t now = stats_total(&team.maps);

	if (!ok(heard[0] == want0 && heard[1] == want1 && now - counted == want0 + want1, "%s",
		what))
		diag("heard %u and %u, counted %llu", heard[0], heard[1],
		     (unsigned long long)(now - counted));
	counted = now;
}

int main(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR,
					     .hash = BPFTEAM_HASH_LAYER34};
	struct frame_buf frame;

	harness_init(2);
	team = team_load(&options, 2);
	if (!team.skel)
		skip_all("the kernel loads no tc programs");
	attach(team.tx, "team0", TCX_EGRESS);
	attach(team.inner, "inner", TCX_INGRESS);
	/* A veth takes XDP frames only when its peer has a program. */
	if (!xdp_attach("q0", load_small(0)) || !xdp_attach("q1", load_small(0)))
		skip_all("no native XDP on a veth");
	load_vport();
	wire[0] = listen_on("q0", false);
	wire[1] = listen_on("q1", false);

	redirect(10);
	expect_sent(10, 0, "ten XDP frames go out of port 0, counted once each");
	team.maps.state->link = 2;
	redirect(10);
	expect_sent(0, 10, "port 0 without link: out of port 1");
	team.maps.state->link = 3;
	frame_build(&frame, &flow);
	packet_send("team0", &frame);
	expect_sent(1, 0, "a packet socket's frame, once");
	team.maps.state->capture = 1;
	sh("ip addr add 10.0.0.1/24 dev team0 && "
	   "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:cc dev team0");
	sh("bash -c 'echo x >/dev/udp/10.0.0.2/9'");
	expect_sent(1, 0, "a captured frame of the stack, once");
	team.maps.state->capture = 0;
	redirect(10);
	expect_sent(10, 0, "XDP frames right after: all of them, once");
	xdp_bpf__destroy(xdp);
	team_free(&team);
	return tap_done();
}
