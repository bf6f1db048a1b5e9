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

/* Global functions for the verifier's sake, as select_usable() is. */
__noinline __u64 broadcast_usable(__u64 mask, __u32 notice)
{
	__u64 usable = 0;

#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX && mask >> id; id++)
		if (mask >> id & 1 && select_usable(id, notice))
			usable |= 1ull << id;
	return usable;
}

__noinline int broadcast_clone(struct __sk_buff *skb, __u32 id)
{
	const struct bpfteam_port *port = port_get(id);

	if (!port)
		return 0;
	count_tx(id, skb->len);
	return bpf_clone_redirect(skb, port->ifindex, 0);
}

/*
 * By all usable ports but the last, which is returned for the frame itself, or SELECT_NONE. Where no
 * alive port has link, those that may stand in, as for any other frame.
 */
static __always_inline __u32 broadcast_send(struct __sk_buff *skb,
					    const struct bpfteam_state *state)
{
	__u64 ports = broadcast_usable(state->alive, true);

	if (!ports)
		ports = broadcast_usable(state->fallback, false);
#pragma clang loop unroll(disable)
	for (__u32 id = 0; id < BPFTEAM_PORTS_MAX; id++, ports >>= 1) {
		if (ports == 1)
			return id;
		if (ports & 1)
			broadcast_clone(skb, id);
	}
	return SELECT_NONE;
}

#endif
