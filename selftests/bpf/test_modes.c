// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_modes - balance-rr, random and broadcast, a frame at a time: whose turn it is, with shortcuts
 * and without, at both ends of the veth; clones on the wires of all that are usable and of no other.
 *
 *	p0 --- q0 (heard)     p1 --- q1 (heard)     p2 --- q2 (heard)
 */
#include "packets.h"

#define PORTS 3
#define FRAMES 1200

static const struct flow flow = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};
static const struct flow report = {.family = AF_INET, .src = 1, .dst = 2, .proto = IPPROTO_IGMP};
static const struct flow fragment = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = IPPROTO_UDP, .fragment = 100};
static const struct flow other = {.type = 0x88b5};

static int wire[PORTS];

/* The port that counted the next frame, BPFTEAM_PORT_NONE for a drop, NO_VERDICT for anything else. */
static uint32_t send_frame(struct team *team, const struct bpf_program *prog,
			   const struct flow *what)
{
	uint64_t before[PORTS], total = stats_total(&team->maps);
	struct frame_buf frame;
	uint32_t verdict;

	for (unsigned i = 0; i < PORTS; i++)
		before[i] = stats_of(&team->maps, i).tx_packets;
	verdict = run(prog, frame_build(&frame, what));
	if (stats_total(&team->maps) != total + 1)
		return NO_VERDICT;
	for (unsigned i = 0; i < PORTS; i++)
		if (stats_of(&team->maps, i).tx_packets == before[i] + 1)
			return verdict == TC_REDIRECT ? i : NO_VERDICT;
	return verdict == TC_DROP ? BPFTEAM_PORT_NONE : NO_VERDICT;
}

/* Turns 0 1 2 0 1 2 ...; behind each the next one. */
static void deal(struct team *team)
{
	memset(team->maps.slots, BPFTEAM_PORT_NONE, BPFTEAM_SLOTS * sizeof(*team->maps.slots));
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < PORTS; i++)
			team->maps.slots[slot].port[i] = (slot + i) % PORTS;
	team->maps.state->turns = BPFTEAM_SLOTS - BPFTEAM_SLOTS % PORTS;
}

/* Frames one after the other, as a string of port numbers. */
static const char *sequence(struct team *team, const struct bpf_program *prog, unsigned n)
{
	static char text[64];

	for (unsigned i = 0; i < n; i++) {
		uint32_t port = send_frame(team, prog, &flow);

		text[i] = port < PORTS ? '0' + port : port == BPFTEAM_PORT_NONE ? '-' : '?';
	}
	text[n] = '\0';
	return text;
}

static void expect_sequence(struct team *team, const struct bpf_program *prog, const char *want,
			    const char *what)
{
	const char *got = sequence(team, prog, strlen(want));

	if (!ok(!strcmp(got, want), "balance-rr: %s", what))
		diag("want %s, got %s", want, got);
}

static struct team load(enum bpfteam_mode mode, uint32_t packets, bool state)
{
	const struct team_options options = {.mode = mode,
					     .packets_per_slave = packets,
					     .state = state};
	struct team team = team_load(&options, PORTS);

	if (!team.skel && !state)
		skip_all("the kernel loads no tc programs");
	if (team.skel)
		deal(&team);
	return team;
}

static void test_turns(void)
{
	struct team team = load(BPFTEAM_BALANCE_RR, 1, false);

	expect_sequence(&team, team.tx, "012012012", "each port has its turn");
	is(send_frame(&team, team.tx, &report), 0, "balance-rr: IGMP goes by the first port");
	is(send_frame(&team, team.tx, &report), 0, "... every time");
	expect_sequence(&team, team.tx, "012", "... and is nobody's turn");
	is(send_frame(&team, team.tx, &fragment), 0, "balance-rr: a fragment has its turn");
	is(send_frame(&team, team.tx, &other), 1, "balance-rr: so has what is not IP");
	expect_sequence(&team, team.tx, "2", "... one each");
	team.maps.state->link = 5;
	expect_sequence(&team, team.tx, "022022", "a dead port's turn is the next one's");
	team.maps.state->link = 7;
	team.maps.state->alive = 3;
	expect_sequence(&team, team.tx, "010010", "so is a drained one's");
	team.maps.state->alive = 7;
	expect_sequence(&team, team.inner, "012012", "the same at the inner end");
	team.maps.state->link = 0;
	expect_sequence(&team, team.tx, "---", "no port");
	expect_sequence(&team, team.inner, "---", "no port at the inner end");
	team.maps.state->link = 7;
	team.maps.state->turns = 0;
	expect_sequence(&team, team.tx, "000", "a table that is not dealt yet: the first");
	team_free(&team);
	team = load(BPFTEAM_BALANCE_RR, 4, false);
	expect_sequence(&team, team.tx, "000011112222000011", "packets_per_slave 4");
	team_free(&team);
}

/* A turn that leaves whole rounds behind it: the last slot of all is no turn. */
static void test_wrap(void)
{
	struct team team = load(BPFTEAM_BALANCE_RR, 1, false);
	unsigned wrong = 0, last = PORTS - 1;

	for (unsigned i = 0; i < BPFTEAM_SLOTS + 10; i++) {
		uint32_t port = send_frame(&team, team.tx, &flow);

		wrong += port != (last + 1) % PORTS;
		last = port;
	}
	is(wrong, 0, "balance-rr: in turn beyond the end of the table");
	team_free(&team);
}

static void test_shortcuts(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_RR,
					     .packets_per_slave = 1,
					     .state = true,
					     .watch_ns = 1000000};
	struct team team = team_load(&options, PORTS);
	uint8_t bytes[64] = {};

	if (!team.skel) {
		skip("balance-rr by shortcuts", "this kernel refuses the state detector");
		return;
	}
	deal(&team);
	for (unsigned id = 0; id < PORTS; id++)
		team_learn_port(&team, id);
	run_with(bpf_program__fd(team.skel->progs.team_watch), bytes, sizeof(bytes), NULL);
	ok(WAIT_FOR(team.maps.tables->shortcuts[0].dev && team.maps.tables->shortcuts[1].dev &&
		    team.maps.tables->shortcuts[2].dev),
	   "the timer opens shortcuts");
	expect_sequence(&team, team.tx, "012012", "by shortcuts");
	sh("ip link set q1 down");
	expect_sequence(&team, team.tx, "022022", "a port that just died, by its device");
	port_up("q1", 1);
	team_free(&team);
}

static void test_random(enum bpfteam_mode mode, const char *what)
{
	struct team team = load(mode, 0, false);
	unsigned n[PORTS] = {}, strange = 0, runs = 0;
	uint32_t last = NO_VERDICT;

	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t port = send_frame(&team, team.tx, &flow);

		if (port < PORTS)
			n[port]++;
		else
			strange++;
		runs += port != last;
		last = port;
	}
	/* Six standard deviations. */
	ok(!strange && n[0] > 300 && n[0] < 500 && n[1] > 300 && n[1] < 500 && n[2] > 300 &&
		   n[2] < 500 && runs > 700 && runs < 900,
	   "%s: any port, %u %u %u, %u times another than before", what, n[0], n[1], n[2], runs);
	if (mode == BPFTEAM_BALANCE_RR)
		ok(send_frame(&team, team.tx, &report) == 0, "%s: IGMP by the first port", what);
	team.maps.state->link = 2;
	ok(send_frame(&team, team.tx, &flow) == 1, "%s: the one that lives", what);
	ok(send_frame(&team, team.inner, &flow) == 1, "%s: at the inner end, too", what);
	team_free(&team);
}

/* ---- broadcast ---- */

/*
 * Wires that hear a clone, as a mask; the port of the frame itself, which the test run goes no further
 * with, counted with them all.
 */
static void expect_clones(struct team *team, const struct bpf_program *prog, unsigned clones,
			  uint32_t last, const char *what)
{
	uint64_t before[PORTS], total = stats_total(&team->maps);
	unsigned heard = 0, counted = 0, n = 0;
	struct frame_buf frame;
	uint32_t verdict;

	for (unsigned i = 0; i < PORTS; i++) {
		before[i] = stats_of(&team->maps, i).tx_packets;
		hear(wire[i]);
	}
	frame_build(&frame, &flow);
	verdict = run(prog, &frame);
	for (unsigned i = 0; i < PORTS; i++) {
		struct heard wired = hear(wire[i]);

		heard |= (wired.n == 1 && wired.frame.len == frame.len &&
			  !memcmp(wired.frame.data, frame.data, frame.len))
			 << i;
		n += wired.n;
		counted |= (stats_of(&team->maps, i).tx_packets == before[i] + 1) << i;
	}
	if (!ok(heard == clones && n == (unsigned)__builtin_popcount(clones) &&
			counted == (last < PORTS ? clones | 1u << last : clones) &&
			verdict == (last < PORTS ? TC_REDIRECT : TC_DROP) &&
			stats_total(&team->maps) ==
				total + __builtin_popcount(counted) + (last >= PORTS),
		"broadcast: %s", what))
		diag("heard %x, counted %x, verdict %u", heard, counted, verdict);
}

static void test_broadcast(bool state)
{
	struct team team = load(BPFTEAM_BROADCAST, 1, state);
	unsigned ends = 2;

	if (!team.skel) {
		skip("broadcast by devices", "this kernel refuses the state detector");
		return;
	}
	for (unsigned id = 0; state && id < PORTS; id++)
		team_learn_port(&team, id);
	for (unsigned i = 0; i < ends; i++) {
		const struct bpf_program *prog = i ? team.inner : team.tx;

		diag("%s, %s", state ? "by devices" : "by bits", i ? "inner end" : "outer end");
		expect_clones(&team, prog, 3, 2, "by all ports");
		team.maps.state->alive = 5;
		expect_clones(&team, prog, 1, 2, "not by a drained one");
		team.maps.state->alive = 7;
		if (state)
			sh("ip link set q2 down");
		team.maps.state->link = 3;
		expect_clones(&team, prog, 1, 1, "not by a dead one");
		team.maps.state->alive = 4;
		team.maps.state->fallback = 3;
		expect_clones(&team, prog, 1, 1, "no alive one: by those that may stand in");
		team.maps.state->fallback = 4;
		expect_clones(&team, prog, 0, PORTS, "none: dropped, and counted so");
		if (state)
			port_up("q2", 2);
		team.maps.state->link = team.maps.state->alive = 7;
		team.maps.state->fallback = 0;
	}
	team_free(&team);
}

int main(void)
{
	char name[IFNAMSIZ];

	harness_init(PORTS);
	harness_stay();
	for (unsigned i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		wire[i] = listen_on(name, false);
	}
	test_turns();
	test_wrap();
	test_shortcuts();
	test_random(BPFTEAM_RANDOM, "random");
	test_random(BPFTEAM_BALANCE_RR, "packets_per_slave 0");
	test_broadcast(false);
	test_broadcast(true);
	return tap_done();
}
