/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * select.bpf.h - which port carries a frame: frame -> hash -> slot -> first usable port of its list.
 *
 * Usable means that policy (a mask of the state) and the link allow it. With cfg_state the link is
 * the port's own net_device, read at this very moment, and nothing is stored that would have to be
 * undone: when the port is back, so are its flows. Else the link is the detector's bit. The order,
 * first to last: the list's ports by `alive`, the list's by `fallback`, any by `alive`, any by
 * `fallback`.
 */
#ifndef BPFTEAM_SELECT_BPF_H
#define BPFTEAM_SELECT_BPF_H

#include "event.bpf.h"
#include "flow.bpf.h"
#include "kernel.bpf.h"
#include "maps.bpf.h"
#include "shortcut.bpf.h"
#include "slots.bpf.h"

const volatile __u32 cfg_mode = BPFTEAM_ACTIVE_BACKUP;
const volatile __u32 cfg_state;
const volatile __u64 cfg_watch_ns;

struct choice {
	const struct bpfteam_port *port; /* NULL: none is usable */
	__u32 id;
	__u32 slot, hash;
	__u32 position; /* in the slot's list; BPFTEAM_SLOT_PORTS: beyond it */
};

#define SELECT_NONE BPFTEAM_PORT_NONE
#define SELECT_POSITION_SHIFT 8

static __always_inline bool select_link(const struct bpfteam_state *state, __u32 id,
					const struct bpfteam_port *port)
{
	/* A device that is not learnt yet is known by the detector's bit alone. */
	if (cfg_state && likely(port->dev))
		return device_ready(port);
	return port->ifindex && state->link >> id & 1;
}

/*
 * Met a dead port that policy holds for alive: tell the daemon, the first time, and take the link
 * bit away, by which the receive side picks the active port. The watch timer gives it back.
 */
static __always_inline void select_notice(struct bpfteam_state *state, __u32 id)
{
	if (!cfg_state)
		return;
	/* Its device may go for good before the next tick, and its memory to something else. */
	shortcut_close(id);
	if (state->noticed >> id & 1)
		return;
	if (cfg_watch_ns)
		__sync_fetch_and_and(&state->link, ~(1ull << id));
	event_link_down(state, id, BPFTEAM_SOURCE_TX);
}

/*
 * Is port id there, with link? Global functions are verified by themselves, once,
 * and not for every way that leads to them: without that, loading takes four times as long.
 */
__noinline __u32 select_usable(__u32 id, __u32 notice)
{
	struct bpfteam_state *state = state_get();
	const struct bpfteam_port *port = port_get(id);

	if (!port)
		return false;
	if (select_link(state, id, port))
		return true;
	if (notice)
		select_notice(state, id);
	return false;
}

static __always_inline __u32 select_listed(__u64 list, __u64 mask, bool notice)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < BPFTEAM_SLOT_PORTS; i++, list >>= 8) {
		__u32 id = list & 0xff;

		if (id >= BPFTEAM_PORTS_MAX)
			break;
		if (mask >> id & 1 && select_usable(id, notice))
			return id | i << SELECT_POSITION_SHIFT;
	}
	return SELECT_NONE;
}

static __always_inline __u32 select_any(__u64 mask, bool notice)
{
#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX; id++)
		if (mask >> id & 1 && select_usable(id, notice))
			return id | BPFTEAM_SLOT_PORTS << SELECT_POSITION_SHIFT;
	return SELECT_NONE;
}

/* Everything behind the first port of the list. Returns id and position, or SELECT_NONE. */
__noinline __u32 select_slow(__u64 list, __u32 notice)
{
	struct bpfteam_state *state = state_get();
	__u32 found = SELECT_NONE;

#pragma clang loop unroll(disable)
	for (int pass = 0; pass < 4 && found == SELECT_NONE; pass++) {
		__u64 mask = pass & 1 ? state->fallback : state->alive;
		bool tell = notice && !(pass & 1);

		found = pass < 2 ? select_listed(list, mask, tell) : select_any(mask, tell);
	}
	return found;
}

/*
 * hash: 0 in active-backup, which has one list. notice: a dead port met on the way is reported; not
 * so when somebody only asks.
 */
static __always_inline void select_port(struct bpfteam_state *state, __u32 hash, bool notice,
					struct choice *choice)
{
	__u32 slot = hash >> (32 - BPFTEAM_SLOT_BITS);
	__u64 list = slot_list(slot);
	__u32 id = list & 0xff, found;

	*choice = (struct choice){.id = id, .slot = slot, .hash = hash};
	if (likely(id < BPFTEAM_PORTS_MAX && state->alive >> id & 1)) {
		choice->port = port_get(id);
		if (likely(choice->port && select_link(state, id, choice->port)))
			return;
	}
	found = select_slow(list, notice);
	choice->id = found & 0xff;
	choice->position = found >> SELECT_POSITION_SHIFT;
	choice->port = found == SELECT_NONE ? NULL : port_get(choice->id);
}

#endif
