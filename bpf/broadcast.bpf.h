/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * broadcast.bpf.h - broadcast: every frame by every port that is usable, counted on each. All but the
 * last get clones.
 */
#ifndef BPFTEAM_BROADCAST_BPF_H
#define BPFTEAM_BROADCAST_BPF_H

#include "count.bpf.h"
#include "maps.bpf.h"
#include "select.bpf.h"

/*
 * Global functions for the verifier's sake, as select_usable() is: it takes what they return for any
 * number. A mask put together in a loop of its own has 2^64 values, each of which it would follow.
 */

/* usable, with port id if that is one of mask. */
__noinline __u64 broadcast_add(__u64 usable, __u64 mask, __u32 id, __u32 notice)
{
	if (mask >> (id & 63) & 1 && select_usable(id, notice))
		usable |= 1ull << (id & 63);
	return usable;
}

/* A clone by port id, if that is one of ports and not the last one. */
__noinline int broadcast_clone(struct __sk_buff *skb, __u64 ports, __u32 id)
{
	__u64 from = ports >> (id & 63);
	const struct bpfteam_port *port = port_get(id);

	if (!port || !(from & 1) || from == 1)
		return 0;
	count_tx(id, skb->len);
	return bpf_clone_redirect(skb, port->ifindex, 0);
}

static __always_inline __u64 broadcast_usable(__u64 mask, bool notice)
{
	__u64 usable = 0;

#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX && mask >> id; id++)
		usable = broadcast_add(usable, mask, id, notice);
	return usable;
}

/*
 * By all usable ports but the last, which is returned for the frame itself, or SELECT_NONE. Where no
 * alive port has link, those that may stand in, as for any other frame.
 */
static __always_inline __u32 broadcast_send(struct __sk_buff *skb,
					    const struct bpfteam_state *state)
{
	__u64 ports = broadcast_usable(state->alive, true);
	__u32 last = SELECT_NONE;

	if (!ports)
		ports = broadcast_usable(state->fallback, false);
#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX && ports >> id; id++) {
		broadcast_clone(skb, ports, id);
		last = id;
	}
	return last;
}

#endif
