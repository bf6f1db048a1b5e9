// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rdma_tx - an RDMA system's vport sends by its RNIC, and by another port if it may; spread over
 * several, all but one send under an address of their own. rdma_frames.h has the topology.
 */
#include "rdma_frames.h"

#define PORTS 4
/* The address that port id has beside the vport's. */
#define OWN_LAST(id) (0xe0 + (id))

static void set_ports(struct maps *maps, unsigned n, const uint8_t *ids)
{
	struct bpfteam_rdma *vport = &maps->tables->rdma[0];

	set_vport(maps, false);
	for (unsigned i = 0; i < n; i++) {
		vport->path.port[i] = ids[i];
		vport->others |= 1ull << ids[i];
	}
}

static struct team sender_load(bool spread, enum bpfteam_hash hash)
{
	struct team team = {.skel = team_bpf__open()};

	if (!team.skel)
		bail("the skeleton can't be opened");
	team.skel->rodata->cfg_mode = spread ? BPFTEAM_BALANCE_XOR : BPFTEAM_ACTIVE_BACKUP;
	team.skel->rodata->cfg_hash = hash;
	team.skel->rodata->cfg_rdma_spread = spread;
	bpf_program__set_autoload(team.skel->progs.rdma_tx, true);
	bpf_program__set_autoload(team.skel->progs.rdma_inner, true);
	bpf_map__set_autocreate(team.skel->maps.watch, false);
	if (team_bpf__load(team.skel))
		bail("the programs of the vport don't load");
	team.maps = maps_open(team.skel->maps.bss, team.skel->maps.port_stats);
	maps_fill(&team.maps, PORTS);
	set_vport(&team.maps, false);
	return team;
}

static void sends(struct team *team, const struct bpf_program *prog, const char *what, bool sent)
{
	struct flow flow = {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)};
	struct frame_buf frame = make(&flow, MAC_OTHER);
	struct bpfteam_stats before = stats_of(&team->maps, STATS), after;
	uint64_t total = stats_total(&team->maps);
	uint32_t verdict = run(prog, &frame);

	after = stats_of(&team->maps, STATS);
	ok(verdict == (sent ? TC_REDIRECT : TC_DROP) &&
		   after.tx_packets == before.tx_packets + sent &&
		   after.drops[BPFTEAM_DROP_NO_PORT] ==
			   before.drops[BPFTEAM_DROP_NO_PORT] + !sent &&
		   stats_total(&team->maps) == total + 1,
	   "%s: %s", bpf_program__name(prog), what);
}

static void test_sending(bool inner)
{
	struct team team = sender_load(false, BPFTEAM_HASH_LAYER34);
	const struct bpf_program *prog;

	prog = inner ? team.skel->progs.rdma_inner : team.skel->progs.rdma_tx;
	sends(&team, prog, "by the RNIC", true);
	team.maps.state->alive &= ~(1ull << RNIC);
	sends(&team, prog, "also while that is drained", true);
	team.maps.state->link &= ~(1ull << RNIC);
	sends(&team, prog, "the RNIC has no link", false);
	set_vport(&team.maps, true);
	sends(&team, prog, "failover: by another", true);
	team.maps.state->link = 0;
	sends(&team, prog, "nobody has link", false);
	team.maps.state->link = ~0ull;
	team.maps.state->accept &= ~(1ull << RNIC);
	sends(&team, prog, "the RNIC is disabled: by another", true);
	set_vport(&team.maps, false);
	sends(&team, prog, "disabled, no failover", false);
	set_ports(&team.maps, 1, (uint8_t[]){2});
	sends(&team, prog, "ports: by the one that is named", true);
	team.maps.state->link &= ~(1ull << 2);
	sends(&team, prog, "that has no link, and no other may", false);
	set_ports(&team.maps, 2, (uint8_t[]){2, 3});
	sends(&team, prog, "by the next one that is named", true);
	team.maps.state->alive &= ~(1ull << 3);
	sends(&team, prog, "which is not alive", false);
	team.maps.state->link = team.maps.state->alive = ~0ull;
	set_vport(&team.maps, false);
	team.maps.state->accept = ~0ull;
	team.maps.tables->rdma[0].vlan = 20;
	sends(&team, prog, "tagged", true);
	team_free(&team);
}

/* ---- spread ---- */

/* The source address's last byte after rdma_tx has sent a frame: 0xdd, the vport's, or OWN_LAST(id). */
static uint8_t source_of(const struct team *team, const struct frame_buf *frame)
{
	uint8_t out[sizeof(frame->data)];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .data_out = out, .data_size_out = sizeof(out));

	if (bpf_prog_test_run_opts(bpf_program__fd(team->skel->progs.rdma_tx), &opts) ||
	    opts.retval != TC_REDIRECT)
		return 0;
	return out[11];
}

static struct frame_buf sent(const struct flow *flow, const char *dst)
{
	struct frame_buf frame = make(flow, dst);

	memcpy(frame.data + 6, MAC_RNIC, 6);
	return frame;
}

static struct flow flow_of(unsigned i)
{
	struct flow flow = {TO_US(i & 1 ? AF_INET : AF_INET6, IPPROTO_TCP, 1000 + i, 80)};

	flow.dst = 100 + i;
	return flow;
}

/* How many of so many flows leave under which address. */
static void count_flows(const struct team *team, unsigned n, unsigned counts[256])
{
	memset(counts, 0, 256 * sizeof(counts[0]));
	for (unsigned i = 0; i < n; i++) {
		struct flow flow = flow_of(i);
		struct frame_buf frame = sent(&flow, MAC_OTHER);

		counts[source_of(team, &frame)]++;
	}
}

/* Slots begin with each port by turns. */
static void turn_slots(struct maps *maps)
{
	for (unsigned slot = 0; slot < BPFTEAM_SLOTS; slot++)
		for (unsigned i = 0; i < PORTS; i++)
			maps->slots[slot].port[i] = (slot + i) % PORTS;
}

#define FLOWS 400

static void test_spread(enum bpfteam_hash hash)
{
	struct team team = sender_load(true, hash);
	unsigned n[256];

	turn_slots(&team.maps);
	set_ports(&team.maps, 2, (uint8_t[]){2, 0});
	for (unsigned id = 0; id < PORTS; id++)
		memcpy(team.maps.ports[id].probe_mac, (uint8_t[]){2, 0, 0, 0, 0, OWN_LAST(id)}, 6);
	count_flows(&team, FLOWS, n);
	ok(n[0xdd] > FLOWS / 5 && n[OWN_LAST(0)] > FLOWS / 8 && n[OWN_LAST(2)] > FLOWS / 5 &&
		   n[0xdd] + n[OWN_LAST(0)] + n[OWN_LAST(2)] == FLOWS,
	   "over the RNIC and the two ports that are named: %u, %u, %u of %u", n[0xdd],
	   n[OWN_LAST(0)], n[OWN_LAST(2)], FLOWS);
	team.maps.state->alive &= ~(1ull << RNIC);
	count_flows(&team, FLOWS, n);
	ok(n[0xdd] > FLOWS / 5, "an RNIC that is drained for the team is among them: %u", n[0xdd]);
	team.maps.state->alive = ~0ull;
	team.maps.state->link &= ~1ull;
	count_flows(&team, FLOWS, n);
	ok(!n[OWN_LAST(0)] && n[0xdd] + n[OWN_LAST(2)] == FLOWS, "one has no link: not by it");
	team.maps.state->link = ~0ull & ~(1ull << RNIC);
	count_flows(&team, FLOWS, n);
	ok(n[0xdd] > FLOWS / 5 && n[OWN_LAST(0)] > FLOWS / 5 && !n[OWN_LAST(2)] &&
		   n[0xdd] + n[OWN_LAST(0)] == FLOWS,
	   "the RNIC has none: the first of the list bears the vport's address: %u, %u", n[0xdd],
	   n[OWN_LAST(0)]);
	team.maps.state->link = ~0ull;
	memset(team.maps.ports[2].probe_mac, 0, 6);
	count_flows(&team, FLOWS, n);
	ok(n[0xdd] + n[OWN_LAST(0)] == FLOWS && n[0xdd] > FLOWS / 3,
	   "a port that has no address of its own yet: its flows go by the RNIC: %u", n[0xdd]);
	team_free(&team);
}

/* What stays with the RNIC, also where the hash would send it by port 0. */
static void test_not_spread(void)
{
	static const struct {
		const char *what, *dst;
		struct flow flow;
		uint8_t want;
	} cases[] = {
		{"TCP", MAC_OTHER, {TO_US(AF_INET, IPPROTO_TCP, 1, 80)}, OWN_LAST(0)},
		{"TCP over IPv6", MAC_OTHER, {TO_US(AF_INET6, IPPROTO_TCP, 1, 80)}, OWN_LAST(0)},
		{"a fragment",
		 MAC_OTHER,
		 {TO_US(AF_INET, IPPROTO_UDP, 1, 80), .fragment = 100},
		 OWN_LAST(0)},
		{"ARP", MAC_OTHER, {.type = ETH_P_ARP, .payload = 46}, 0xdd},
		{"ARP to all", MAC_BROADCAST, {.type = ETH_P_ARP, .payload = 46}, 0xdd},
		{"neighbour discovery", MAC_OTHER, {TO_US(AF_INET6, IPPROTO_ICMPV6, 1, 80)}, 0xdd},
		{"multicast IP", MAC_MULTICAST, {TO_US(AF_INET, IPPROTO_UDP, 1, 80)}, 0xdd},
		{"RoCE v1", MAC_OTHER, {.type = 0x8915, .payload = 60}, 0xdd},
	};
	struct team team = sender_load(true, BPFTEAM_HASH_LAYER34);

	set_ports(&team.maps, 1, (uint8_t[]){0});
	memcpy(team.maps.ports[0].probe_mac, (uint8_t[]){2, 0, 0, 0, 0, OWN_LAST(0)}, 6);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame_buf frame = sent(&cases[i].flow, cases[i].dst);

		is(source_of(&team, &frame), cases[i].want, cases[i].what);
	}
	team.maps.tables->rdma[0].vlan = 20;
	is(source_of(&team, &(struct frame_buf[]){sent(&cases[0].flow, MAC_OTHER)}[0]), OWN_LAST(0),
	   "on a VLAN");
	team_free(&team);
}

int main(void)
{
	harness_init(PORTS);
	rdma_init();
	test_sending(false);
	test_sending(true);
	test_spread(BPFTEAM_HASH_LAYER34);
	test_spread(BPFTEAM_HASH_LAYER23);
	test_not_spread();
	return tap_done();
}
