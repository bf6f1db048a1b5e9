/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * event.bpf.h - what the kernel side tells the daemon, through the ring buffer `events`: a port's
 * link went or came. A full buffer loses events and nothing else; the daemon reads states, too.
 */
#ifndef BPFTEAM_EVENT_BPF_H
#define BPFTEAM_EVENT_BPF_H

#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

static __always_inline void event_send(__u16 type, __u16 source, __u32 id)
{
	struct bpfteam_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return;
	event->ns = bpf_ktime_get_ns();
	event->type = type;
	event->source = source;
	event->port = id;
	bpf_ringbuf_submit(event, 0);
}

/* Tells of a dead port unless that has been told and not been handled since. */
static __always_inline void event_link_down(struct bpfteam_state *state, __u32 id, __u16 source)
{
	__u64 bit = 1ull << id;

	if (state->noticed & bit)
		return;
	if (!(__sync_fetch_and_or(&state->noticed, bit) & bit))
		event_send(BPFTEAM_EVENT_LINK_DOWN, source, id);
}

#endif
