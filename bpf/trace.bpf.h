/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace.bpf.h - what fentry and kprobes on netif_carrier_off/on do with a device: find its port by
 * ifindex and namespace, keep the `link` bit, tell the daemon. Stands in for the state detector.
 */
#ifndef BPFTEAM_TRACE_BPF_H
#define BPFTEAM_TRACE_BPF_H

#include "event.bpf.h"
#include "kernel.bpf.h"
#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFTEAM_PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} port_ids SEC(".maps");

/* The port id of a device, or BPFTEAM_PORT_NONE. An ifindex alone is ambiguous across namespaces. */
static __always_inline __u32 trace_find(__u32 ifindex, __u64 net)
{
	const __u32 *id = bpf_map_lookup_elem(&port_ids, &ifindex);
	const struct bpfteam_port *port;

	if (!id)
		return BPFTEAM_PORT_NONE;
	port = port_get(*id);
	if (!port || port->ifindex != ifindex || (port->net && port->net != net))
		return BPFTEAM_PORT_NONE;
	return *id;
}

static __always_inline void trace_carrier_off(__u32 ifindex, __u64 net)
{
	__u32 id = trace_find(ifindex, net);
	struct bpfteam_state *state = state_get();

	if (id >= BPFTEAM_PORTS_MAX)
		return;
	tables.shortcuts[id].dev = 0;
	if (__sync_fetch_and_and(&state->link, ~(1ull << id)) >> id & 1)
		event_link_down(state, id, BPFTEAM_SOURCE_TRACE);
}

/* Drivers report carrier on devices that are not up, too; such a one carries nothing. */
static __always_inline void trace_carrier_on(__u32 ifindex, __u64 net, unsigned long device_state)
{
	__u32 id = trace_find(ifindex, net);
	struct bpfteam_state *state = state_get();

	if (id >= BPFTEAM_PORTS_MAX || (device_state & DEVICE_LINK_UP) != DEVICE_LINK_UP)
		return;
	if (__sync_fetch_and_or(&state->link, 1ull << id) >> id & 1)
		return;
	__sync_fetch_and_and(&state->noticed, ~(1ull << id));
	event_send(BPFTEAM_EVENT_LINK_UP, BPFTEAM_SOURCE_TRACE, id);
}

#endif
