// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rdma - what an RNIC receives for its RDMA stays there, what is its vport's goes to that, and
 * teamed frames are none of its business. rdma_frames.h has the topology; test_rdma_tx sends.
 */
#include "port.skel.h"
#include "rdma_frames.h"

struct receiver {
	struct port_bpf *skel;
	struct maps maps;
	struct bpfteam_rdma_bitmap *bitmap;
};

/* The program of port 1: of the RNIC, or, with rnic false, of a plain port beside the RNIC 0. */
static struct receiver receiver_load(bool active_only, bool rnic, bool failover)
{
	struct receiver receiver = {.skel = port_bpf__open()};

	if (!receiver.skel)
		bail("the skeleton can't be opened");
	receiver.skel->rodata->cfg_port = RX_PORT_ID;
	receiver.skel->rodata->cfg_vport = if_nametoindex("team0");
	receiver.skel->rodata->cfg_active_only = active_only;
	receiver.skel->rodata->cfg_rdma_port = rnic;
	receiver.skel->rodata->cfg_rdma_vports = rnic || failover;
	memcpy((void *)receiver.skel->rodata->cfg_mac, MAC_TEAM, 6);
	if (port_bpf__load(receiver.skel))
		skip_all("the kernel loads no tc programs");
	receiver.maps = maps_open(receiver.skel->maps.bss, receiver.skel->maps.port_stats);
	receiver.bitmap = map_memory(receiver.skel->maps.rdma_ports);
	maps_fill(&receiver.maps, 3);
	set_vport(&receiver.maps, failover);
	if (!rnic)
		receiver.maps.tables->rdma[0].port = 0;
	return receiver;
}

static void receiver_free(struct receiver *receiver)
{
	maps_free(&receiver->maps);
	munmap(receiver->bitmap, sizeof(*receiver->bitmap));
	port_bpf__destroy(receiver->skel);
}

static uint64_t exempted(const struct receiver *receiver, enum bpfteam_rdma_kind kind)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpfteam_rdma_stats *each = calloc(cpus, sizeof(*each));
	uint32_t id = RX_PORT_ID;
	uint64_t sum = 0;

	if (!each || bpf_map_lookup_elem(bpf_map__fd(receiver->skel->maps.rdma_stats), &id, each))
		bail("counters can't be read");
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += each[cpu].packets[kind];
	free(each);
	return sum;
}

static uint64_t exempted_all(const struct receiver *receiver)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < BPFTEAM_RDMA_KINDS; kind++)
		sum += exempted(receiver, kind);
	return sum;
}

enum want { STAYS, VPORT, TEAM, PORT, DROP };

struct rdma_case {
	const char *what;
	struct flow flow;
	const char *dst;
	enum want want;
	enum bpfteam_rdma_kind kind; /* of STAYS */
	unsigned cut; /* so many bytes of the frame are missing */
	bool disabled;
	bool inactive; /* dropped where the port is not active */
};

static const struct rdma_case cases[] = {
	{"RoCE v1",
	 {.type = 0x8915, .payload = 60},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V1},
	{"RoCE v1, tagged",
	 {.type = 0x8915, .payload = 60, .tpid = {0x8100}, .vid = 20},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V1},
	{"RoCE v1 to the team's MAC", {.type = 0x8915, .payload = 60}, MAC_TEAM, .want = TEAM},
	{"RoCE v2, IPv4",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2},
	{"RoCE v2, IPv6",
	 {TO_US(AF_INET6, IPPROTO_UDP, 50000, ROCE)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2},
	{"RoCE v2, IPv4 with options",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE), .options = 3},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2},
	{"RoCE v2, tagged",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE), .tpid = {0x8100}, .vid = 20},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2},
	{"RoCE v2, multicast",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE)},
	 MAC_MULTICAST,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2},
	{"RoCE v2 to the team's MAC",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE)},
	 MAC_TEAM,
	 .want = TEAM},
	{"RoCE v2 on a disabled port",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_ROCE_V2,
	 .disabled = true},
	{"UDP from 4791", {TO_US(AF_INET, IPPROTO_UDP, ROCE, 50000)}, MAC_RNIC, .want = VPORT},
	{"TCP to 4791", {TO_US(AF_INET, IPPROTO_TCP, 50000, ROCE)}, MAC_RNIC, .want = VPORT},
	{"a fragment's first part to 4791",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE), .fragment = FRAGMENT_MORE},
	 MAC_RNIC,
	 .want = VPORT},
	{"a later fragment",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE), .fragment = 100},
	 MAC_RNIC,
	 .want = VPORT},
	{"RoCE v2 cut within its ports",
	 {.family = AF_INET,
	  .src = PEER,
	  .dst = US,
	  .proto = IPPROTO_UDP,
	  .sport = 50000,
	  .dport = ROCE},
	 MAC_RNIC,
	 .want = VPORT,
	 .cut = 6},
	{"TCP", {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)}, MAC_RNIC, .want = VPORT},
	{"TCP over IPv6", {TO_US(AF_INET6, IPPROTO_TCP, 50000, 80)}, MAC_RNIC, .want = VPORT},
	{"TCP on a disabled port",
	 {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)},
	 MAC_RNIC,
	 .want = DROP,
	 .disabled = true},
	{"TCP for the team", {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)}, MAC_TEAM, .want = TEAM},
	{"TCP for a stranger",
	 {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)},
	 MAC_OTHER,
	 .want = PORT,
	 .inactive = true},
	{"a listener's port",
	 {TO_US(AF_INET, IPPROTO_TCP, 50000, 7174)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_IWARP},
	{"a listener's port, another address",
	 {.family = AF_INET,
	  .src = PEER,
	  .dst = US + 1,
	  .proto = IPPROTO_TCP,
	  .sport = 50000,
	  .dport = 7174,
	  .payload = 40},
	 MAC_RNIC,
	 .want = VPORT},
	{"a listener's port, UDP",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, 7174)},
	 MAC_RNIC,
	 .want = VPORT},
	{"a listener's port, to the team",
	 {TO_US(AF_INET, IPPROTO_TCP, 50000, 7174)},
	 MAC_TEAM,
	 .want = TEAM},
	{"a wildcard listener's port, any address",
	 {TO_US(AF_INET6, IPPROTO_TCP, 50000, 7175)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_IWARP},
	{"a connection",
	 {TO_US(AF_INET, IPPROTO_TCP, 3260, 40000)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_IWARP},
	{"another one from the same local port",
	 {TO_US(AF_INET, IPPROTO_TCP, 3261, 40000)},
	 MAC_RNIC,
	 .want = VPORT},
	{"a connection over IPv6",
	 {TO_US(AF_INET6, IPPROTO_TCP, 3260, 40001)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_IWARP},
	{"another RNIC's connection",
	 {TO_US(AF_INET, IPPROTO_TCP, 3260, 40002)},
	 MAC_RNIC,
	 .want = VPORT},
	{"a listener by hand, UDP",
	 {TO_US(AF_INET, IPPROTO_UDP, 50000, 7176)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_BY_HAND},
	{"the same port, TCP", {TO_US(AF_INET, IPPROTO_TCP, 50000, 7176)}, MAC_RNIC, .want = VPORT},
	{"a connection by hand",
	 {TO_US(AF_INET, IPPROTO_TCP, 3260, 7177)},
	 MAC_RNIC,
	 .want = STAYS,
	 .kind = BPFTEAM_RDMA_BY_HAND},
	{"LACP", {.type = 0x8809, .payload = 60}, MAC_RNIC, .want = PORT},
	{"broadcast IP", {TO_US(AF_INET, IPPROTO_UDP, 68, 67)}, MAC_BROADCAST, .want = TEAM},
};

static void add_flow_of(struct receiver *receiver, enum bpfteam_rdma_kind kind, uint8_t proto,
			uint32_t port, struct bpfteam_ip local, uint16_t local_port,
			struct bpfteam_ip remote, uint16_t remote_port)
{
	struct bpfteam_rdma_flow key = {.port = port,
					.proto = proto,
					.local_port = htons(local_port),
					.remote_port = htons(remote_port),
					.local = local,
					.remote = remote};
	uint32_t value = kind;

	if (bpf_map_update_elem(bpf_map__fd(receiver->skel->maps.rdma_flows), &key, &value,
				BPF_ANY))
		bail("a flow can't be added");
	receiver->bitmap->word[local_port / 64] |= 1ull << local_port % 64;
}

static void add_flow(struct receiver *receiver, uint32_t port, struct bpfteam_ip local,
		     uint16_t local_port, struct bpfteam_ip remote, uint16_t remote_port)
{
	add_flow_of(receiver, BPFTEAM_RDMA_IWARP, IPPROTO_TCP, port, local, local_port, remote,
		    remote_port);
}

static void add_flows(struct receiver *receiver)
{
	struct bpfteam_ip any = {0};

	add_flow(receiver, RNIC, ip4_of(US), 7174, any, 0);
	add_flow(receiver, RNIC, any, 7175, any, 0);
	add_flow(receiver, RNIC, ip4_of(US), 40000, ip4_of(PEER), 3260);
	add_flow(receiver, RNIC, ip6_of(US), 40001, ip6_of(PEER), 3260);
	add_flow(receiver, 0, ip4_of(US), 40002, ip4_of(PEER), 3260);
	add_flow_of(receiver, BPFTEAM_RDMA_BY_HAND, IPPROTO_UDP, RNIC, ip4_of(US), 7176, any, 0);
	add_flow_of(receiver, BPFTEAM_RDMA_BY_HAND, IPPROTO_TCP, RNIC, ip4_of(US), 7177,
		    ip4_of(PEER), 3260);
}

static const uint32_t verdicts[] = {[STAYS] = TC_NEXT,
				    [VPORT] = TC_REDIRECT,
				    [TEAM] = TC_REDIRECT,
				    [PORT] = TC_NEXT,
				    [DROP] = TC_DROP};

static void test_cases(bool active_only)
{
	struct receiver receiver = receiver_load(active_only, true, false);

	add_flows(&receiver);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rdma_case *c = &cases[i];
		struct frame_buf frame = make(&c->flow, c->dst);
		uint64_t kind, all, vport, team, drops;
		uint32_t verdict;
		bool group = c->dst[0] & 1;

		frame.len -= c->cut;
		receiver.maps.state->accept = c->disabled ? ~(1ull << RNIC) : ~0ull;
		kind = exempted(&receiver, c->kind);
		all = exempted_all(&receiver);
		vport = stats_of(&receiver.maps, STATS).rx_packets;
		team = stats_of(&receiver.maps, RNIC).rx_packets;
		drops = stats_of(&receiver.maps, RNIC).drops[BPFTEAM_DROP_DISABLED_PORT];
		/* In active-backup port 0 is the active one, and the team's frames are dropped. */
		verdict = run(receiver.skel->progs.port_rx, &frame);
		kind = exempted(&receiver, c->kind) - kind;
		all = exempted_all(&receiver) - all;
		vport = stats_of(&receiver.maps, STATS).rx_packets - vport;
		team = stats_of(&receiver.maps, RNIC).rx_packets - team;
		drops = stats_of(&receiver.maps, RNIC).drops[BPFTEAM_DROP_DISABLED_PORT] - drops;
		if (!ok(verdict == (active_only && (c->want == TEAM || c->inactive)
					    ? TC_DROP
					    : verdicts[c->want]) &&
				kind == (c->want == STAYS) && all == (c->want == STAYS) &&
				vport == (c->want == VPORT || (group && c->want == TEAM)) &&
				team == (c->want == TEAM && !active_only) &&
				drops == (c->want == DROP),
			"%s: %s", active_only ? "active-backup, not active" : "balance-xor",
			c->what))
			diag("verdict %d; exempt %llu of %llu, vport %llu, team %llu, drops %llu",
			     (int)verdict, (unsigned long long)kind, (unsigned long long)all,
			     (unsigned long long)vport, (unsigned long long)team,
			     (unsigned long long)drops);
	}
	receiver_free(&receiver);
}

/* Not all flows have room: for TCP the local port is enough, while it is so. */
static void test_full(void)
{
	static const struct rdma_case full[] = {
		{"another connection of the same local port",
		 {TO_US(AF_INET, IPPROTO_TCP, 3261, 40000)},
		 .want = STAYS},
		{"a local port that nobody has",
		 {TO_US(AF_INET, IPPROTO_TCP, 3261, 40003)},
		 .want = VPORT},
		{"UDP to the same local port",
		 {TO_US(AF_INET, IPPROTO_UDP, 3261, 40000)},
		 .want = VPORT},
	};
	struct receiver receiver = receiver_load(false, true, false);

	add_flows(&receiver);
	receiver.bitmap->full = 1;
	for (size_t i = 0; i < sizeof(full) / sizeof(*full); i++) {
		struct frame_buf frame = make(&full[i].flow, MAC_RNIC);
		uint64_t stayed = exempted(&receiver, BPFTEAM_RDMA_IWARP);

		ok(run(receiver.skel->progs.port_rx, &frame) == verdicts[full[i].want] &&
			   exempted(&receiver, BPFTEAM_RDMA_IWARP) - stayed ==
				   (full[i].want == STAYS),
		   "more flows than there is room for: %s", full[i].what);
	}
	receiver_free(&receiver);
}

/* ---- neighbours ---- */

static struct frame_buf make_arp(const char *dst, uint32_t target)
{
	struct flow flow = {.type = ETH_P_ARP, .payload = 46};
	struct frame_buf frame = make(&flow, dst);

	target = htonl(0x0a000000 | target);
	memcpy(frame.data + 38, &target, 4);
	return frame;
}

static struct frame_buf make_ns(const char *dst, uint32_t target, uint8_t type)
{
	struct flow flow = {
		.family = AF_INET6, .src = PEER, .dst = US, .proto = IPPROTO_ICMPV6, .payload = 40};
	struct frame_buf frame = make(&flow, dst);
	struct bpfteam_ip ip = ip6_of(target);

	frame.data[54] = type;
	memcpy(frame.data + 62, &ip, sizeof(ip));
	return frame;
}

static void neighbour(struct receiver *receiver, const char *what, struct frame_buf frame,
		      enum want want, unsigned copies)
{
	uint64_t vport = stats_of(&receiver->maps, STATS).rx_packets;
	uint64_t kind = exempted(receiver, BPFTEAM_RDMA_NEIGHBOUR);
	uint32_t verdict = run(receiver->skel->progs.port_rx, &frame);

	vport = stats_of(&receiver->maps, STATS).rx_packets - vport;
	kind = exempted(receiver, BPFTEAM_RDMA_NEIGHBOUR) - kind;
	if (!ok(verdict == verdicts[want] && vport == copies && kind == (want == STAYS), "%s",
		what))
		diag("verdict %d, vport %llu, exempt %llu", (int)verdict, (unsigned long long)vport,
		     (unsigned long long)kind);
}

static void test_neighbours(void)
{
	struct receiver r = receiver_load(false, true, false);

	neighbour(&r, "ARP for the vport's address: port and vport, not the team",
		  make_arp(MAC_BROADCAST, US), STAYS, 1);
	neighbour(&r, "ARP for another: team and vport", make_arp(MAC_BROADCAST, US + 1), TEAM, 1);
	neighbour(&r, "an answer to the RNIC: both", make_arp(MAC_RNIC, US), STAYS, 1);
	neighbour(&r, "an answer to the team: the team's alone", make_arp(MAC_TEAM, US), TEAM, 0);
	neighbour(&r, "a solicitation for the vport's address",
		  make_ns("\x33\x33\xff\0\0\x09", US, 135), STAYS, 1);
	neighbour(&r, "a solicitation for another", make_ns("\x33\x33\xff\0\0\x0a", US + 1, 135),
		  TEAM, 1);
	neighbour(&r, "an advertisement to the RNIC: both", make_ns(MAC_RNIC, PEER, 136), STAYS, 1);
	neighbour(&r, "an echo to the RNIC: the vport's", make_ns(MAC_RNIC, PEER, 128), VPORT, 1);
	r.maps.tables->rdma[0].vlan = 20;
	neighbour(&r, "untagged ARP, with the vport on a VLAN: the team's",
		  make_arp(MAC_BROADCAST, US), TEAM, 0);
	neighbour(&r, "untagged, for the RNIC: its own", make_arp(MAC_RNIC, US), PORT, 0);
	r.maps.tables->rdma[0] = (struct bpfteam_rdma){0};
	neighbour(&r, "no vport: broadcast is the team's", make_arp(MAC_BROADCAST, US), TEAM, 0);
	neighbour(&r, "no vport: the RNIC's own is its own", make_arp(MAC_RNIC, US), PORT, 0);
	receiver_free(&r);
}

/* ---- on another port ---- */

static void test_other_port(void)
{
	struct flow tcp = {TO_US(AF_INET, IPPROTO_TCP, 50000, 80)};
	struct flow roce = {TO_US(AF_INET, IPPROTO_UDP, 50000, ROCE)};
	struct receiver r = receiver_load(false, false, false);

	neighbour(&r, "a plain port has nothing for the vport", make(&tcp, MAC_RNIC), PORT, 0);
	is(exempted_all(&r), 0, "and exempts nothing");
	run(r.skel->progs.port_rx, &(struct frame_buf[]){make(&roce, MAC_RNIC)}[0]);
	is(exempted_all(&r), 0, "also no RoCE");
	receiver_free(&r);

	r = receiver_load(false, false, true);
	neighbour(&r, "with failover it has", make(&tcp, MAC_RNIC), VPORT, 1);
	neighbour(&r, "but what is for all it leaves to the RNIC", make_arp(MAC_BROADCAST, US),
		  TEAM, 0);
	r.maps.state->link &= ~1ull;
	neighbour(&r, "until that has no link", make_arp(MAC_BROADCAST, US), TEAM, 1);
	r.maps.state->alive &= ~2ull;
	neighbour(&r, "or this port is not alive itself", make_arp(MAC_BROADCAST, US), TEAM, 0);
	r.maps.state->alive |= 2ull;
	r.maps.tables->rdma[0].path = (struct bpfteam_slot){{2, 1, BPFTEAM_PORT_NONE}};
	r.maps.tables->rdma[0].others = 6;
	neighbour(&r, "with ports: not while the one before it lives", make_arp(MAC_BROADCAST, US),
		  TEAM, 0);
	r.maps.state->link &= ~4ull;
	neighbour(&r, "then it has", make_arp(MAC_BROADCAST, US), TEAM, 1);
	neighbour(&r, "and what is for the vport", make(&tcp, MAC_RNIC), VPORT, 1);
	r.maps.tables->rdma[0].others = 4;
	neighbour(&r, "not a port that is not among them", make_arp(MAC_BROADCAST, US), TEAM, 0);
	neighbour(&r, "also not what is for the vport alone", make(&tcp, MAC_RNIC), PORT, 0);
	receiver_free(&r);
}

int main(void)
{
	harness_init(3);
	rdma_init();
	test_cases(false);
	test_cases(true);
	test_full();
	test_neighbours();
	test_other_port();
	return tap_done();
}
