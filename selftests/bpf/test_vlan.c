// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_vlan - VLAN groups: which tagged frames a port gives to which group, which it drops and leaves to
 * the team; which of its own ports a group sends by, and that the tag is on the wire.
 *
 *	v10 is the interface of VLAN 10 (802.1Q, ports 0 and 1), v20 that of VLAN 20 (802.1ad, port 1).
 *	Frames come in by port 0; the kernel takes their tags off before port_rx sees them.
 */
#include "port.skel.h"
#include "bpf_harness.h"
#include "packets.h"

#define OTHER 0xbb

static struct team team;
static struct port_bpf *port;
static struct bpfteam_vlan *groups;

static struct bpfteam_stats group_stats(uint32_t id)
{
	struct maps maps = {.stats_fd = bpf_map__fd(team.skel->maps.vlan_stats)};

	return stats_of(&maps, id);
}

static void set_group(uint32_t id, uint16_t tpid, uint64_t mask, bool active_only)
{
	char name[IFNAMSIZ];
	uint32_t ifindex;

	snprintf(name, sizeof(name), "v%u", id);
	ifindex = if_nametoindex(name);
	groups[id] = (struct bpfteam_vlan){.tci = id,
					   .proto = htons(tpid),
					   .mask = mask,
					   .active_only = active_only,
					   .ifindex = ifindex};
	memset(&groups[id].list, BPFTEAM_PORT_NONE, sizeof(groups[id].list));
	groups[id].list.port[0] = 0;
	groups[id].list.port[1] = 1;
	if (bpf_map_update_elem(bpf_map__fd(team.skel->maps.vlan_ids), &ifindex, &id, BPF_ANY))
		bail("vlan_ids");
	snprintf(name, sizeof(name), "v%u-in", id);
	ifindex = if_nametoindex(name);
	bpf_map_update_elem(bpf_map__fd(team.skel->maps.vlan_ids), &ifindex, &id, BPF_ANY);
}

static void reset(void)
{
	maps_fill(&team.maps, 3);
	set_group(10, ETH_P_8021Q, 3, false);
	set_group(20, ETH_P_8021AD, 2, false);
}

/* ---- receiving ---- */

enum where { GROUP_10, TEAM, NOWHERE };

static void active_only(void)
{
	groups[10].active_only = 1;
}

static void other_active(void)
{
	groups[10].active_only = 1;
	groups[10].list.port[0] = 1;
}

static void late(void)
{
	other_active();
	team.maps.state->prev_port = 0;
	team.maps.state->prev_until_ns = now_ns() + 60000000000ull;
}

static void first_has_no_link(void)
{
	other_active();
	groups[10].list.port[1] = 0;
	team.maps.state->link &= ~2ull;
}

static void fallback(void)
{
	first_has_no_link();
	team.maps.state->fallback = 3;
	team.maps.state->alive = 0;
}

static void beyond_list(void)
{
	active_only();
	memset(&groups[10].list, BPFTEAM_PORT_NONE, sizeof(groups[10].list));
}

static void not_its_port(void)
{
	groups[10].mask = 2;
}

static void disabled(void)
{
	team.maps.state->accept &= ~1ull;
}

static void captured(void)
{
	groups[10].promisc = 1;
}

static void removed(void)
{
	groups[10].ifindex = 0;
}

#define FRAME(to, from, ...) .flow = {.dst_mac = to, .src_mac = from, __VA_ARGS__}
#define TAGGED(to, from) FRAME(to, from, .tpid = {0x8100}, .vid = 10)
#define DROPPED(reason_) .where = NOWHERE, .reason = reason_
#define ALL .group = true

static const struct {
	const char *what;
	struct flow flow;
	void (*change)(void);
	enum where where;
	int reason; /* NOWHERE: of the drop; -1: none, it is the port's own */
	bool group; /* to all */
} cases[] = {
	{"for the team's MAC", TAGGED(0xaa, 0xcc)},
	{"to all", TAGGED(0, 0xcc), ALL},
	{"doubly tagged", FRAME(0xaa, 0xcc, .tpid = {0x8100, 0x8100}, .vid = 10)},
	{"with a priority", FRAME(0xaa, 0xcc, .tpid = {0x8100}, .vid = 10 | 5 << 13)},
	{"of the other protocol", FRAME(0xaa, 0xcc, .tpid = {0x88a8}, .vid = 10), .where = TEAM},
	{"of a VLAN that nobody claims", FRAME(0xaa, 0xcc, .tpid = {0x8100}, .vid = 11),
	 .where = TEAM},
	{"of a group that is gone", TAGGED(0xaa, 0xcc), .change = removed, .where = TEAM},
	{"untagged", FRAME(0xaa, 0xcc, .vid = 0), .where = TEAM},
	{"from the team's own MAC", TAGGED(0xaa, 0xaa), DROPPED(BPFTEAM_DROP_REFLECTION)},
	{"for another", TAGGED(OTHER, 0xcc), DROPPED(-1)},
	{"for another, while captured", TAGGED(OTHER, 0xcc), .change = captured},
	{"by a port that is not the group's", TAGGED(0xaa, 0xcc), .change = not_its_port,
	 DROPPED(BPFTEAM_DROP_INACTIVE_PORT)},
	{"by a disabled port", TAGGED(0xaa, 0xcc), .change = disabled,
	 DROPPED(BPFTEAM_DROP_DISABLED_PORT)},
	{"by the active port", TAGGED(0, 0xcc), .change = active_only, ALL},
	{"by another than the active port", TAGGED(0xaa, 0xcc), .change = other_active,
	 DROPPED(BPFTEAM_DROP_INACTIVE_PORT)},
	{"by the port that was active", TAGGED(0xaa, 0xcc), .change = late},
	{"to all, by the port that was active", TAGGED(0, 0xcc), .change = late,
	 DROPPED(BPFTEAM_DROP_INACTIVE_PORT), ALL},
	{"by the second, the first has no link", TAGGED(0xaa, 0xcc), .change = first_has_no_link},
	{"by a fallback port", TAGGED(0xaa, 0xcc), .change = fallback},
	{"by the lowest port, none is listed", TAGGED(0xaa, 0xcc), .change = beyond_list},
	{"that is link-local", FRAME(0xaa, 0xcc, .tpid = {0x8100}, .vid = 10, .type = ETH_P_LLDP),
	 DROPPED(-1)},
};

static void receive_one(size_t i, int v10, int team0)
{
	const bool wanted_group = cases[i].where == GROUP_10;
	struct bpfteam_stats before, after;
	struct heard group, own;
	struct frame_buf frame;
	uint64_t counted;
	bool dropped;

	reset();
	if (cases[i].change)
		cases[i].change();
	frame_build(&frame, &cases[i].flow);
	if (cases[i].group)
		memset(frame.data, 0xff, 6);
	before = stats_of(&team.maps, 0);
	counted = group_stats(10).rx_packets;
	packet_send("q0", &frame);
	group = hear(v10);
	own = hear(team0);
	after = stats_of(&team.maps, 0);
	counted = group_stats(10).rx_packets - counted;
	dropped = cases[i].where == NOWHERE && cases[i].reason >= 0;
	if (!ok(group.n == wanted_group && own.n == (cases[i].where == TEAM) &&
			counted == wanted_group &&
			after.rx_packets - before.rx_packets == (cases[i].where != NOWHERE) &&
			(!dropped ||
			 after.drops[cases[i].reason] == before.drops[cases[i].reason] + 1),
		"received %s", cases[i].what))
		diag("group %u, team %u, counted %llu", group.n, own.n,
		     (unsigned long long)counted);
	if (wanted_group)
		is(group.vlan, cases[i].flow.tpid[1] ? 11 : -1, "... without its tag");
}

static void test_receive(void)
{
	int v10 = listen_on("v10", false), team0 = listen_on("team0", false);

	attach(port->progs.port_rx_vlan, "p0", TCX_INGRESS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		receive_one(i, v10, team0);
	close(v10);
	close(team0);
}

/* ---- sending ---- */

static const struct flow flow = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};

/* One frame by v20 or v10: on wire `want` with the tag, or, with BPFTEAM_PORT_NONE, dropped. */
static void send_one(const char *device, uint32_t id, uint32_t want, const char *what)
{
	struct bpfteam_stats before = group_stats(id), after;
	struct frame_buf frame;
	struct heard heard[3];
	bool right = true;
	int wire[3];
	char name[8];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		wire[i] = listen_on(name, false);
	}
	packet_send(device, frame_build(&frame, &flow));
	for (unsigned i = 0; i < 3; i++) {
		heard[i] = hear(wire[i]);
		right &= heard[i].n == (i == want) && (!heard[i].n || heard[i].vlan == (int)id);
		close(wire[i]);
	}
	after = group_stats(id);
	right &= after.tx_packets - before.tx_packets == (want != BPFTEAM_PORT_NONE);
	right &= after.drops[BPFTEAM_DROP_NO_PORT] - before.drops[BPFTEAM_DROP_NO_PORT] ==
		 (want == BPFTEAM_PORT_NONE);
	if (!ok(right, "sent %s", what))
		diag("heard %u %u %u", heard[0].n, heard[1].n, heard[2].n);
}

static struct team load_sender(enum bpfteam_mode mode, bool state)
{
	struct team sender = {.skel = team_bpf__open()};
	struct bpf_program *prog;

	sender.skel->rodata->cfg_mode = mode;
	sender.skel->rodata->cfg_vlan_slots = mode != BPFTEAM_ACTIVE_BACKUP;
	sender.skel->rodata->cfg_state = state;
	bpf_object__for_each_program(prog, sender.skel->obj)
		bpf_program__set_autoload(prog, prog == sender.skel->progs.vlan_tx ||
							prog == sender.skel->progs.vlan_inner ||
							prog == sender.skel->progs.vlan_explain);
	bpf_map__set_autocreate(sender.skel->maps.watch, false);
	if (team_bpf__load(sender.skel))
		bail("the programs of VLAN groups don't load");
	sender.maps = maps_open(sender.skel->maps.bss, sender.skel->maps.port_stats);
	return sender;
}

/* By the program itself: what does not cross the veth. */
static uint32_t run_tx(const char *device)
{
	struct __sk_buff ctx = {.ifindex = if_nametoindex(device)};
	struct frame_buf frame;

	frame_build(&frame, &flow);
	return run_with(bpf_program__fd(team.skel->progs.vlan_tx), frame.data, frame.len, &ctx);
}

static struct answer explain_group(uint32_t id)
{
	struct __sk_buff ctx = {.cb = {id}};
	struct frame_buf frame;
	struct answer answer;

	frame_build(&frame, &flow);
	answer.valid = !run_with(bpf_program__fd(team.skel->progs.vlan_explain), frame.data,
				 frame.len, &ctx);
	answer.port = ctx.cb[BPFTEAM_EXPLAIN_PORT];
	answer.position = ctx.cb[BPFTEAM_EXPLAIN_POSITION];
	answer.slot = ctx.cb[BPFTEAM_EXPLAIN_SLOT];
	return answer;
}

static void test_common(void)
{
	struct answer answer;

	reset();
	is(run_tx("v10"), TC_REDIRECT, "sent straight from the interface");
	is(run_tx("team0"), TC_DROP, "an interface of no group sends nothing");
	groups[10].promisc = 1;
	is(run_tx("v10"), TC_NEXT, "captured: the frame crosses the veth");
	reset();
	answer = explain_group(10);
	ok(answer.valid && answer.port == 0 && !answer.position, "explain: the first port");
	answer = explain_group(20);
	ok(answer.valid && answer.port == 1 && !answer.position, "explain: the group's first port");
	ok(!explain_group(11).valid, "explain: no such group");
	team.maps.state->link = 2;
	answer = explain_group(10);
	ok(answer.valid && answer.port == 1 && answer.position == 1, "explain: a fail-over");
}

static void test_send_ordered(void)
{
	reset();
	send_one("v10", 10, 0, "by the first of its list");
	send_one("v20", 20, 1, "802.1ad, by its only port");
	groups[10].mask = 2;
	send_one("v10", 10, 1, "the first is not among its ports any more: by the second");
	reset();
	team.maps.state->link = 6;
	send_one("v10", 10, 1, "the first has no link: by the second");
	send_one("v20", 20, 1, "which concerns no other group");
	team.maps.state->link = 4;
	send_one("v10", 10, BPFTEAM_PORT_NONE, "none of its ports has link");
	reset();
	team.maps.state->alive = 4;
	team.maps.state->fallback = 2;
	send_one("v10", 10, 1, "none is alive: by a fallback port");
	reset();
	memset(&groups[10].list, BPFTEAM_PORT_NONE, sizeof(groups[10].list));
	groups[10].mask = 6;
	send_one("v10", 10, 1, "none is listed: by the lowest");
}

static void test_send_hashed(void)
{
	struct bpfteam_vlan_slots *table = map_memory(team.skel->maps.vlan_slots);
	uint32_t slot;

	reset();
	slot = explain_group(10).slot;
	memset(table, BPFTEAM_PORT_NONE, sizeof(*table));
	table->slots[slot].port[0] = 2;
	table->slots[slot].port[1] = 1;
	table->slots[slot].port[2] = 0;
	send_one("v10", 10, 1, "by hash: the first of the slot that is the group's");
	groups[10].mask = 4;
	send_one("v10", 10, 2, "by hash: the first of the slot");
	table->slots[slot].port[0] = BPFTEAM_PORT_NONE;
	send_one("v10", 10, 2, "by hash: the group's port is beyond the list");
	groups[10].mask = 3;
	is(explain_group(10).port <= 1, true, "by hash: one of those beyond the list");
	team.maps.state->link = 1;
	is(explain_group(10).port, 0, "by hash: the other one has no link");
	munmap(table, sizeof(*table));
}

static void test_mode(enum bpfteam_mode mode)
{
	static const char *const devices[] = {"v10", "v20"};
	char inner[IFNAMSIZ];
	int links[2];

	team = load_sender(mode, false);
	groups = map_memory(team.skel->maps.vlans);
	reset();
	for (unsigned i = 0; i < 2; i++) {
		snprintf(inner, sizeof(inner), "%s-in", devices[i]);
		links[i] = bpf_link_create(bpf_program__fd(team.skel->progs.vlan_inner),
					   if_nametoindex(inner), TCX_INGRESS, NULL);
		if (links[i] < 0)
			skip_all("the kernel has no tcx");
	}
	if (mode == BPFTEAM_ACTIVE_BACKUP) {
		port = port_bpf__open();
		port->rodata->cfg_vport = if_nametoindex("team0");
		bpf_program__set_autoload(port->progs.port_rx_vlan, true);
		memcpy((void *)port->rodata->cfg_mac, "\x02\0\0\0\0\xaa", 6);
		if (bpf_map__reuse_fd(port->maps.bss, bpf_map__fd(team.skel->maps.bss)) ||
		    bpf_map__reuse_fd(port->maps.vlans, bpf_map__fd(team.skel->maps.vlans)) ||
		    bpf_map__reuse_fd(port->maps.vlan_stats,
				      bpf_map__fd(team.skel->maps.vlan_stats)) ||
		    bpf_map__reuse_fd(port->maps.port_stats,
				      bpf_map__fd(team.skel->maps.port_stats)) ||
		    port_bpf__load(port))
			bail("port_rx can't be loaded");
		test_common();
		test_send_ordered();
		test_receive();
		port_bpf__destroy(port);
	} else {
		test_send_hashed();
	}
	close(links[0]);
	close(links[1]);
	munmap(groups, BPFTEAM_VLANS * sizeof(*groups));
	team_free(&team);
}

int main(void)
{
	harness_init(3);
	for (unsigned id = 10; id <= 20; id += 10) {
		sh("ip link add v%u address 02:00:00:00:00:aa type veth peer name v%u-in", id, id);
		sh("ip link set v%u up && ip link set v%u-in up", id, id);
	}
	test_mode(BPFTEAM_ACTIVE_BACKUP);
	test_mode(BPFTEAM_BALANCE_XOR);
	return tap_done();
}
