// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_select - which port a frame goes to when ports fail: the order of the masks, the list and
 * what lies beyond it, by the detector's bits and by the devices themselves; what is counted, and
 * what is told.
 */
#include "bpf_harness.h"

#define PORTS 10

static const struct flow flow = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};

static struct events events;

/* Sends one frame; returns the port that counted it, NONE for a drop under no_port. */
static uint32_t send_one(struct team *team)
{
	struct bpfteam_stats before[BPFTEAM_STATS_MAX], after;
	uint32_t found = NO_VERDICT, verdict;
	struct frame_buf frame;

	for (uint32_t id = 0; id < BPFTEAM_STATS_MAX; id++)
		before[id] = stats_of(&team->maps, id);
	verdict = run(team->tx, frame_build(&frame, &flow));
	for (uint32_t id = 0; id < BPFTEAM_STATS_MAX; id++) {
		after = stats_of(&team->maps, id);
		if (after.drops[BPFTEAM_DROP_NO_PORT] > before[id].drops[BPFTEAM_DROP_NO_PORT])
			found = verdict == TC_DROP && id == BPFTEAM_STATS_TEAM ? BPFTEAM_PORT_NONE
									       : NO_VERDICT;
		if (after.tx_packets > before[id].tx_packets)
			found = verdict == TC_REDIRECT ? id : NO_VERDICT;
	}
	return found;
}

/* explain and the data path agree on this port, in this place of the list. */
static void expect(struct team *team, uint32_t port, uint32_t position, const char *what)
{
	struct answer answer = explain(team, &flow);
	uint32_t sent = send_one(team);

	if (!ok(answer.valid && answer.port == port && sent == port &&
			(port == BPFTEAM_PORT_NONE || answer.position == position),
		"%s", what))
		diag("want port %u at %u; explain says %u at %u, sent by %u", port, position,
		     answer.port, answer.position, sent);
}

/* The order, by masks. Every row starts from all alive, link on all, list 3 1 2. */
static const struct {
	const char *what;
	uint64_t alive, fallback, link;
	uint32_t port, position;
} rows[] = {
	{"all usable: the first of the list", 0xf, 0, 0xf, 3, 0},
	{"the first not alive: the second", 0x7, 0, 0xf, 1, 1},
	{"the first without link: the second", 0xf, 0, 0x7, 1, 1},
	{"the third when two are gone", 0xf, 0, 0x4, 2, 2},
	{"alive further down beats fallback at the front", 0x4, 0xa, 0xf, 2, 2},
	{"no alive port: the list's first fallback", 0, 0x6, 0xf, 1, 1},
	{"alive without link: fallback with link", 0x8, 0x2, 0x7, 1, 1},
	{"list dead: an alive port beyond it", 0x1, 0, 0x1, 0, 8},
	{"a listed fallback beats an alive port beyond the list", 0x1, 0x4, 0xf, 2, 2},
	{"an alive port beyond beats a fallback beyond", 0x21, 0x10, 0x31, 0, 8},
	{"list dead: a fallback port beyond it", 0, 0x21, 0x20, 5, 8},
	{"alive and fallback without link: none", 0xf, 0xf, 0, BPFTEAM_PORT_NONE, 0},
	{"link without alive or fallback: none", 0, 0, 0xf, BPFTEAM_PORT_NONE, 0},
};

static void set_lists(struct team *team, const uint8_t *ids, unsigned n)
{
	struct bpfteam_slot slot;

	memset(&slot, BPFTEAM_PORT_NONE, sizeof(slot));
	memcpy(slot.port, ids, n);
	for (unsigned i = 0; i < BPFTEAM_SLOTS; i++)
		team->maps.slots[i] = slot;
}

static void test_masks(enum bpfteam_mode mode)
{
	const struct team_options options = {.mode = mode, .hash = BPFTEAM_HASH_LAYER34};
	struct team team = team_load(&options, PORTS);

	if (!team.skel)
		skip_all("the kernel loads no tc programs");
	set_lists(&team, (const uint8_t[]){3, 1, 2}, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		team.maps.state->alive = rows[i].alive;
		team.maps.state->fallback = rows[i].fallback;
		team.maps.state->link = rows[i].link;
		expect(&team, rows[i].port, rows[i].position, rows[i].what);
	}
	team.maps.state->alive = team.maps.state->link = 0x3ff;
	set_lists(&team, (const uint8_t[]){0, 1, 2, 3, 4, 5, 6, 7}, 8);
	team.maps.state->link = 0x280;
	expect(&team, 7, 7, "the eighth of the list");
	team.maps.state->link = 0x200;
	expect(&team, 9, 8, "beyond the eighth");
	set_lists(&team, NULL, 0);
	expect(&team, 9, 8, "an empty list: any port");
	team.maps.ports[9].ifindex = 0;
	expect(&team, BPFTEAM_PORT_NONE, 0, "an id without a device carries nothing");
	team.maps.state->alive = team.maps.state->link = 1ull << 63;
	team.maps.ports[63].ifindex = 1;
	expect(&team, 63, 8, "id 63");
	is(team.maps.state->noticed, 0, "by bits alone, nothing is noticed");
	team_free(&team);
}

static void test_counting(struct team *team)
{
	struct bpfteam_stats before = stats_of(&team->maps, 0), after;
	struct frame_buf frame;
	uint64_t total;

	frame_build(&frame, &flow);
	total = stats_total(&team->maps);
	run(team->tx, &frame);
	after = stats_of(&team->maps, 0);
	is(after.tx_packets - before.tx_packets, 1, "a sent frame is counted on its port");
	is(after.tx_bytes - before.tx_bytes, frame.len, "... with its bytes");
	is(stats_total(&team->maps) - total, 1, "... and nowhere else");
	total = stats_total(&team->maps);
	explain(team, &flow);
	is(stats_total(&team->maps), total, "explain counts nothing");
}

static void test_inner(struct team *team)
{
	struct __sk_buff ctx = {.mark = TEST_MARK};
	uint64_t total = stats_total(&team->maps);
	struct frame_buf frame;

	frame_build(&frame, &flow);
	is(run_with(bpf_program__fd(team->inner), frame.data, frame.len, &ctx), TC_DROP,
	   "the inner end drops a capture's copy");
	is(stats_total(&team->maps), total, "... and counts nothing");
	ctx.mark = TEST_MARK + 1;
	is(run_with(bpf_program__fd(team->inner), frame.data, frame.len, &ctx), TC_REDIRECT,
	   "the inner end sends a frame with another mark");
	is(stats_total(&team->maps), total + 1, "... and counts it once");
	team->maps.state->alive = 0;
	is(run(team->inner, &frame), TC_DROP, "the inner end without a port");
	is(stats_of(&team->maps, BPFTEAM_STATS_TEAM).drops[BPFTEAM_DROP_NO_PORT], 1,
	   "... drops under no_port");
	team->maps.state->alive = 3;
}

/* ---- by the devices themselves ---- */

static void test_learning(struct team *team)
{
	struct __sk_buff ctx = {.ifindex = port_ifindex(1), .cb = {0}};
	int learn = bpf_program__fd(team->skel->progs.team_learn);
	uint8_t frame[64] = {};

	ok(run_with(learn, frame, sizeof(frame), &ctx) == 1 && !team->maps.ports[0].dev,
	   "another device's entry is not filled");
	ctx.cb[0] = BPFTEAM_LEARN_TEAM + 1;
	is(run_with(learn, frame, sizeof(frame), &ctx), 1, "an id that can't be");
	expect(team, 0, 0, "a device that is not learnt is known by its link bit");
	team->maps.state->link = 0x3fe;
	expect(team, 1, 1, "... which may be clear");
	is(team->maps.state->noticed, 1, "a dead port is noticed");
	team->maps.state->noticed = 0;
	team->maps.state->link = 0x3ff;
	for (unsigned id = 0; id < PORTS; id++)
		if (team_learn_port(team, id) || !team->maps.ports[id].dev ||
		    !team->maps.ports[id].net)
			ok(false, "port %u is learnt", id);
	ok(team->maps.ports[0].net == team->maps.ports[1].net &&
		   team->maps.ports[0].dev != team->maps.ports[1].dev,
	   "ports are learnt: devices of one namespace");
}

static void test_notice(struct team *team)
{
	events_clear(&events);
	sh("ip link set q0 down");
	explain(team, &flow);
	is(events_read(&events), 0, "explain tells nobody of a dead port");
	expect(team, 1, 1, "carrier gone: the next port at once");
	is(team->maps.state->noticed, 1, "the dead port's bit is set");
	is(team->maps.state->link, 0x3ff, "the link mask is left alone where no timer keeps it");
	send_one(team);
	is(events_read(&events), 1, "one event, however many frames");
	ok(events.event[0].type == BPFTEAM_EVENT_LINK_DOWN &&
		   events.event[0].source == BPFTEAM_SOURCE_TX && events.event[0].port == 0 &&
		   now_ns() - events.event[0].ns < 1000000000ull,
	   "it says what, who, which and when");
	team->maps.state->noticed = 0;
	send_one(team);
	is(events_read(&events), 2, "handled, and still dead: told again");
	team->maps.state->alive = 0x3fe;
	team->maps.state->noticed = 0;
	send_one(team);
	ok(events_read(&events) == 2 && !team->maps.state->noticed,
	   "a port that policy took out is not told of");
	team->maps.state->alive = 0x3ff;
	port_up("q0", 0);
	expect(team, 0, 0, "carrier back: the port is back");
}

static void test_devices(struct team *team)
{
	sh("ip link set p0 down");
	expect(team, 1, 1, "admin down");
	port_up("p0", 0);
	expect(team, 0, 0, "admin up");
	team->maps.state->link = 0;
	expect(team, 0, 0, "the device counts, whatever the link bit says");
	team->maps.state->alive = 0;
	expect(team, BPFTEAM_PORT_NONE, 0, "policy counts, whatever the device says");
	team->maps.state->fallback = 4;
	expect(team, 2, 2, "fallback by device");
	sh("ip link set q2 down");
	expect(team, BPFTEAM_PORT_NONE, 0, "fallback without carrier");
	port_up("q2", 2);
	team->maps.state->fallback = 0;
	team->maps.state->alive = 0x3ff;
	for (int i = 0; i < 8; i++)
		sh("ip link set q%d down", i);
	expect(team, 8, 8, "eight ports dead: the ninth");
	is(team->maps.state->noticed & 0xff, 0xff, "all eight are noticed");
	for (int i = 0; i < 8; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "q%d", i);
		port_up(name, i);
	}
	expect(team, 0, 0, "and back");
	team->maps.ports[0].net++;
	expect(team, 1, 1, "a device of another namespace is not ours");
	team->maps.ports[0].net--;
	team->maps.ports[0].ifindex++;
	expect(team, 1, 1, "a device of another ifindex is not ours");
	team->maps.ports[0].ifindex--;
	sh("ip link set p1 name renamed");
	team->maps.state->alive = 2;
	expect(team, 1, 1, "a renamed device is the same one");
	sh("ip link del renamed");
	expect(team, BPFTEAM_PORT_NONE, 0, "a removed device, its address stale");
	team->maps.ports[1].dev = 0xffffffffdeadbeef;
	expect(team, BPFTEAM_PORT_NONE, 0, "an address of nothing can't fault");
	team->maps.ports[1].dev = 8;
	expect(team, BPFTEAM_PORT_NONE, 0, "an address in user space can't fault");
	team->maps.state->alive = 0x3fd;
}

static void test_state(void)
{
	const struct team_options options = {.mode = BPFTEAM_BALANCE_XOR, .state = true};
	struct team team = team_load(&options, PORTS);

	if (!team.skel) {
		skip("the state detector", "this kernel refuses it");
		return;
	}
	events_open(&events, team.skel->maps.events);
	test_learning(&team);
	test_notice(&team);
	test_devices(&team);
	ring_buffer__free(events.ring);
	team_free(&team);
}

int main(void)
{
	const struct team_options options = {.mode = BPFTEAM_ACTIVE_BACKUP};
	struct team team;

	harness_init(PORTS);
	test_masks(BPFTEAM_ACTIVE_BACKUP);
	test_masks(BPFTEAM_BALANCE_XOR);
	team = team_load(&options, 2);
	test_counting(&team);
	test_inner(&team);
	team_free(&team);
	test_state();
	return tap_done();
}
