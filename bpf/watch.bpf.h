/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.bpf.h - the in-kernel detector: a timer (map `watch`) that reads every port's net_device and
 * keeps the `link` mask, for the receive side, for ports on which nothing is sent, and so that the
 * daemon hears at once of links that go or come. Needs what cfg_state needs.
 *
 * The timer lives as long as the map has a holder in user space or in bpffs, and keeps the program
 * that armed it: a program swap arms it anew.
 */
#ifndef BPFTEAM_WATCH_BPF_H
#define BPFTEAM_WATCH_BPF_H

#include <linux/errno.h>

#include "event.bpf.h"
#include "kernel.bpf.h"
#include "maps.bpf.h"
#include "select.bpf.h"

#define WATCH_CLOCK_MONOTONIC 1

struct watch {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct watch);
} watch SEC(".maps");

/* The team's device is not learnt yet: then nothing is known of captures. */
static __always_inline bool watch_captured(const struct bpfteam_state *state)
{
	return state->capture || !state->dev ||
	       device_captured(bpf_rdonly_cast((void *)state->dev,
					       bpf_core_type_id_kernel(struct net_device)),
			       state);
}

/* Global for the verifier's sake, as select_usable() is. */
__noinline int watch_port(__u32 id, __u32 captured)
{
	const struct bpfteam_port *port = port_get(id);
	struct bpfteam_state *state = state_get();
	__u64 bit = 1ull << (id & 63);
	bool was, is;

	if (!port)
		return 0;
	was = state->link & bit;
	is = port->ifindex && port->dev && device_ready(port);
	if (is && !captured && state->alive & bit)
		shortcut_open(id, port);
	else
		shortcut_close(id);
	if (!port->ifindex) {
		if (was)
			__sync_fetch_and_and(&state->link, ~bit);
		return 0;
	}
	if (!port->dev)
		return 0;
	if (is == was)
		return 0;
	if (is) {
		__sync_fetch_and_or(&state->link, bit);
		/* A failure from here on is another one. */
		__sync_fetch_and_and(&state->noticed, ~bit);
		event_send(BPFTEAM_EVENT_LINK_UP, BPFTEAM_SOURCE_WATCH, id);
	} else {
		__sync_fetch_and_and(&state->link, ~bit);
		event_link_down(state, id, BPFTEAM_SOURCE_WATCH);
	}
	return 0;
}

__noinline int watch_scan(void)
{
	struct bpfteam_state *state = state_get();
	bool captured = watch_captured(state);

	tables.local.captured = captured;
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX; id++) {
		const struct bpfteam_port *port = port_get(id);

		if (port && (port->ifindex | (state->link >> id & 1)))
			watch_port(id, captured);
	}
	return 0;
}

static int watch_tick(void *map, __u32 *key, struct watch *value)
{
	watch_scan();
	bpf_timer_start(&value->timer, cfg_watch_ns, 0);
	return 0;
}

/* Arms the timer, or stops it where cfg_watch_ns is 0. 0 or -errno. */
static __always_inline int watch_arm(void)
{
	__u32 zero = 0;
	struct watch *value = bpf_map_lookup_elem(&watch, &zero);
	int err;

	if (!value)
		return -ENOENT;
	/* -EBUSY: it is there, armed by the program that this one replaces. */
	err = bpf_timer_init(&value->timer, &watch, WATCH_CLOCK_MONOTONIC);
	if (err && err != -EBUSY)
		return err;
	if (!cfg_watch_ns) {
		err = bpf_timer_cancel(&value->timer);
		return err < 0 ? err : 0;
	}
	err = bpf_timer_set_callback(&value->timer, watch_tick);
	if (err)
		return err;
	watch_scan();
	return bpf_timer_start(&value->timer, cfg_watch_ns, 0);
}

#endif
