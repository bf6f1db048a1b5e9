// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_carrier - what the programs on netif_carrier_off/on make of a device: link bit, events, and
 * devices that are not ours. Run as raw tracepoints on a port's net_device, since tracing may be
 * refused; and attached for real where it is not.
 */
#include "bpf_harness.h"
#include "carrier.skel.h"

#define PORTS 2

static struct team team;
static struct events events;

/* Loads fentry_* or kprobe_* on the team's maps. */
static struct carrier_bpf *load(bool fentry)
{
	struct carrier_bpf *carrier = carrier_bpf__open();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, carrier->obj)
	{
		bool is_fentry = !strncmp(bpf_program__name(prog), "fentry", 6);

		bpf_program__set_autoload(prog, is_fentry == fentry);
	}
	if (bpf_map__reuse_fd(carrier->maps.bss, bpf_map__fd(team.skel->maps.bss)) ||
	    bpf_map__reuse_fd(carrier->maps.events, bpf_map__fd(team.skel->maps.events)))
		bail("a map can't be shared");
	if (carrier_bpf__load(carrier)) {
		carrier_bpf__destroy(carrier);
		return NULL;
	}
	for (uint32_t id = 0; id < PORTS; id++) {
		uint32_t ifindex = port_ifindex(id);

		bpf_map_update_elem(bpf_map__fd(carrier->maps.port_ids), &ifindex, &id, 0);
	}
	return carrier;
}

/* The fentry programs, taken for raw tracepoints, whose context is arguments, too. */
static struct carrier_bpf *load_raw(void)
{
	int handler = libbpf_register_prog_handler("fentry+", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
						   NULL);
	struct carrier_bpf *carrier;

	if (handler < 0)
		bail("libbpf takes no handler for a section");
	carrier = load(true);
	libbpf_unregister_prog_handler(handler);
	return carrier;
}

static void call(const struct bpf_program *prog, uint64_t dev)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &dev, .ctx_size_in = sizeof(dev));

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		bail("a raw tracepoint can't be run");
}

static bool is_last(enum bpfteam_event_type type, uint32_t port)
{
	const struct bpfteam_event *event = &events.event[events.n - 1];

	return events.n && event->type == type && event->source == BPFTEAM_SOURCE_TRACE &&
	       event->port == port;
}

static void test_changes(const struct carrier_bpf *carrier)
{
	const struct bpf_program *off = carrier->progs.fentry_off, *on = carrier->progs.fentry_on;
	struct bpfteam_state *state = team.maps.state;
	uint64_t dev = team.maps.ports[1].dev;

	call(off, dev);
	is(state->link, 1, "carrier off: the link bit goes");
	ok(events_read(&events) == 1 && is_last(BPFTEAM_EVENT_LINK_DOWN, 1), "and is told");
	is(state->noticed, 2, "noticed");
	call(off, dev);
	is(events_read(&events), 1, "off again: not told");
	call(on, dev);
	is(state->link, 3, "carrier on: the link bit comes");
	ok(events_read(&events) == 2 && is_last(BPFTEAM_EVENT_LINK_UP, 1), "and is told");
	is(state->noticed, 0, "the next failure is another one");
	call(on, dev);
	is(events_read(&events), 2, "on again: not told");
	call(off, dev);
	state->noticed = 0;
	sh("ip link set p1 down");
	call(on, dev);
	is(state->link, 1, "carrier on a device that is down is no link");
	port_up("p1", 1);
	call(on, dev);
	is(state->link, 3, "and on one that is up");
}

static void test_strangers(const struct carrier_bpf *carrier)
{
	const struct bpf_program *off = carrier->progs.fentry_off;
	struct bpfteam_state *state = team.maps.state;
	struct bpfteam_port *port = &team.maps.ports[0];
	uint32_t ifindex = port->ifindex, id = BPFTEAM_PORTS_MAX;
	uint64_t dev = port->dev;

	events_clear(&events);
	port->net++;
	call(off, dev);
	is(state->link, 3, "a device of another namespace with our ifindex");
	port->net--;
	port->ifindex++;
	call(off, dev);
	is(state->link, 3, "an id that is another device's by now");
	port->ifindex--;
	bpf_map_update_elem(bpf_map__fd(carrier->maps.port_ids), &ifindex, &id, 0);
	call(off, dev);
	is(state->link, 3, "an id that can't be");
	bpf_map_delete_elem(bpf_map__fd(carrier->maps.port_ids), &ifindex);
	call(off, dev);
	is(state->link, 3, "a device that is no port");
	call(off, 8);
	is(state->link, 3, "an address of nothing");
	is(events_read(&events), 0, "none of which is told");
	id = 0;
	port->net = 0;
	bpf_map_update_elem(bpf_map__fd(carrier->maps.port_ids), &ifindex, &id, 0);
	call(off, dev);
	is(state->link, 2, "a namespace that is not learnt is not compared");
	port->net = team.maps.ports[1].net;
	call(carrier->progs.fentry_on, dev);
}

static void test_attached(bool fentry, const char *what)
{
	struct carrier_bpf *carrier = load(fentry);
	struct bpf_link *off = NULL, *on = NULL;

	if (carrier) {
		off = bpf_program__attach(fentry ? carrier->progs.fentry_off
						 : carrier->progs.kprobe_off);
		on = bpf_program__attach(fentry ? carrier->progs.fentry_on
						: carrier->progs.kprobe_on);
	}
	if (!off || !on) {
		skip(what, carrier ? "this kernel refuses to attach them"
				   : "this kernel refuses to load them");
	} else {
		sh("ip link set q1 down");
		ok(WAIT_FOR(team.maps.state->link == 1), "%s: hear of a lost carrier", what);
		port_up("q1", 1);
		ok(WAIT_FOR(team.maps.state->link == 3), "%s: and of its return", what);
	}
	bpf_link__destroy(off);
	bpf_link__destroy(on);
	carrier_bpf__destroy(carrier);
}

int main(void)
{
	struct team_options options = {.state = true}; /* for team_learn */
	struct carrier_bpf *carrier = NULL;

	harness_init(PORTS);
	team = team_load(&options, PORTS);
	if (team.skel) {
		for (unsigned id = 0; id < PORTS; id++)
			if (team_learn_port(&team, id))
				bail("a port is not learnt");
		carrier = load_raw();
	} else {
		options.state = false;
		team = team_load(&options, PORTS);
		if (!team.skel)
			bail("team_tx does not load");
	}
	events_open(&events, team.skel->maps.events);
	if (carrier) {
		test_changes(carrier);
		test_strangers(carrier);
	} else {
		skip("the programs as raw tracepoints",
		     options.state ? "this kernel refuses to load them"
				   : "a port's net_device can't be learnt on this kernel");
	}
	carrier_bpf__destroy(carrier);
	test_attached(true, "fentry");
	test_attached(false, "kprobe");
	ring_buffer__free(events.ring);
	team_free(&team);
	return tap_done();
}
