// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_watch - the in-kernel timer: the link mask follows the devices by itself, each change is told
 * once, and a program that replaces another takes the timer over.
 */
#include "bpf_harness.h"

#define PORTS 3
#define PERIOD_NS 2000000

static const struct flow flow = {
	.family = AF_INET, .src = 1, .dst = 2, .proto = 17, .sport = 1000, .dport = 2000};

static const struct team_options options = {.mode = BPFTEAM_ACTIVE_BACKUP,
					    .state = true,
					    .watch_ns = PERIOD_NS};

static struct events events;

static uint32_t arm(struct team *team)
{
	uint8_t frame[64] = {};

	return run_with(bpf_program__fd(team->skel->progs.team_watch), frame, sizeof(frame), NULL);
}

static bool is_event(unsigned i, enum bpfteam_event_type type, enum bpfteam_event_source source,
		     uint32_t port)
{
	return i < events.n && events.event[i].type == type && events.event[i].source == source &&
	       events.event[i].port == port;
}

static void test_link(struct team *team)
{
	struct bpfteam_state *state = team->maps.state;
	uint64_t before, took;

	events_clear(&events);
	sh("ip link set q1 down");
	ok(WAIT_FOR(state->link == 5), "carrier gone: the link bit goes");
	ok(WAIT_FOR(events_read(&events) == 1) &&
		   is_event(0, BPFTEAM_EVENT_LINK_DOWN, BPFTEAM_SOURCE_WATCH, 1),
	   "and is told");
	is(state->noticed, 2, "noticed");
	usleep(10 * PERIOD_NS / 1000);
	is(events_read(&events), 1, "once");
	port_up("q1", 1);
	ok(WAIT_FOR(state->link == 7), "carrier back: the link bit comes");
	ok(WAIT_FOR(events_read(&events) == 2) &&
		   is_event(1, BPFTEAM_EVENT_LINK_UP, BPFTEAM_SOURCE_WATCH, 1),
	   "and is told");
	is(state->noticed, 0, "the next failure is another one");
	sh("ip link set p1 down");
	ok(WAIT_FOR(state->link == 5), "admin down: the link bit goes");
	port_up("p1", 1);
	ok(WAIT_FOR(state->link == 7), "admin up: the link bit comes");
	before = now_ns();
	state->link = 0;
	ok(WAIT_FOR(state->link == 7), "a wrong mask is put right");
	took = now_ns() - before;
	diag("within %llu us, period %d us", (unsigned long long)took / 1000, PERIOD_NS / 1000);
	ok(took < 100 * PERIOD_NS, "soon");
}

/* TX meets the dead port before the timer does. */
static void test_transmit_first(struct team *team)
{
	struct bpfteam_state *state = team->maps.state;
	struct frame_buf frame;

	events_clear(&events);
	sh("ip link set q0 down");
	state->noticed = 0;
	state->link = 7;
	run(team->tx, frame_build(&frame, &flow));
	is(state->link, 6, "TX takes the dead port's link bit away, for the receiving side");
	is(events_read(&events), 1, "and tells of it");
	state->link = 7;
	run(team->tx, &frame);
	is(state->link, 7, "once");
	arm(team);
	ok(events_read(&events) == 1 && state->link == 6, "the timer does not tell it again");
	port_up("q0", 0);
	arm(team);
	ok(events_read(&events) == 2 && is_event(1, BPFTEAM_EVENT_LINK_UP, BPFTEAM_SOURCE_WATCH, 0),
	   "its return is told");
	is(state->link, 7, "and the bit given back");
	is(state->noticed, 0, "and the matter closed");
}

static void test_entries(struct team *team)
{
	struct bpfteam_state *state = team->maps.state;
	struct bpfteam_port port = team->maps.ports[2];

	events_clear(&events);
	team->maps.ports[2].dev = 0;
	state->link = 3;
	arm(team);
	is(state->link, 3, "a device that is not learnt: its bit is somebody else's");
	state->link = 7;
	arm(team);
	is(state->link, 7, "... set or clear");
	team->maps.ports[2] = (struct bpfteam_port){};
	arm(team);
	is(state->link, 3, "a free id has no link");
	is(events_read(&events), 0, "none of which is told");
	team->maps.ports[2] = port;
	arm(team);
	is(state->link, 7, "back");
	events_clear(&events);
	sh("ip link del p2");
	arm(team);
	is(state->link, 3, "a removed device has no link");
	ok(events_read(&events) == 1 &&
		   is_event(0, BPFTEAM_EVENT_LINK_DOWN, BPFTEAM_SOURCE_WATCH, 2),
	   "which is told");
}

/* A second load of the programs on the first one's maps, as an upgrade does it. */
static void test_takeover(struct team *team)
{
	struct team_bpf *next = team_bpf__open();
	struct bpfteam_state *state = team->maps.state;
	uint8_t frame[64] = {};
	struct bpf_map *map;

	bpf_object__for_each_map(map, next->obj)
	{
		struct bpf_map *old = bpf_object__find_map_by_name(team->skel->obj,
								   bpf_map__name(map));

		if (map != next->maps.rodata && bpf_map__reuse_fd(map, bpf_map__fd(old)))
			bail("a map can't be shared");
	}
	next->rodata->cfg_state = 1;
	next->rodata->cfg_watch_ns = 0;
	bpf_program__set_autoload(next->progs.team_watch, true);
	if (team_bpf__load(next))
		bail("a second load is refused");
	is(arm(team), 0, "armed twice is armed");
	is(run_with(bpf_program__fd(next->progs.team_watch), frame, sizeof(frame), NULL), 0,
	   "another program takes the timer over, and a period of 0 stops it");
	usleep(2 * PERIOD_NS / 1000);
	state->link = 0;
	usleep(10 * PERIOD_NS / 1000);
	is(state->link, 0, "stopped");
	is(arm(team), 0, "armed again");
	state->link = 0;
	ok(WAIT_FOR(state->link == 3), "runs again");
	bpf_program__unload(team->skel->progs.team_watch);
	state->link = 0;
	ok(WAIT_FOR(state->link == 3), "and goes on without a holder of the program");
	team_bpf__destroy(next);
}

int main(void)
{
	struct team_options slow = options;
	struct team team;

	harness_init(PORTS);
	team = team_load(&options, PORTS);
	if (!team.skel)
		skip_all("this kernel refuses the state detector or timers");
	events_open(&events, team.skel->maps.events);
	for (unsigned id = 0; id < PORTS; id++)
		if (team_learn_port(&team, id))
			bail("a port is not learnt");
	team.maps.state->link = 0;
	is(arm(&team), 0, "armed");
	is(team.maps.state->link, 7, "arming looks at once");
	test_link(&team);
	team_free(&team);

	ring_buffer__free(events.ring);
	/* A period that nobody waits for: each arming is a tick, and nothing else is. */
	slow.watch_ns = 3600 * 1000000000ull;
	team = team_load(&slow, PORTS);
	events_open(&events, team.skel->maps.events);
	for (unsigned id = 0; id < PORTS; id++)
		team_learn_port(&team, id);
	arm(&team);
	test_transmit_first(&team);
	test_entries(&team);
	team_free(&team);

	ring_buffer__free(events.ring);
	team = team_load(&options, PORTS);
	for (unsigned id = 0; id < PORTS; id++)
		team_learn_port(&team, id);
	test_takeover(&team);
	team_free(&team);
	return tap_done();
}
