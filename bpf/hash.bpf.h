/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hash.bpf.h - the hash of a frame of the stack: layer2, layer2+3 and layer3+4 by themselves, and any
 * policy where what sends does not know which.
 */
#ifndef BPFTEAM_HASH_BPF_H
#define BPFTEAM_HASH_BPF_H

#include "flow.bpf.h"
#include "policy.bpf.h"
#include "shortcut.bpf.h"

/* Headers that don't lie in the linear part are pulled there, once. */
__noinline __u32 hash_slow(struct __sk_buff *skb)
{
	struct frame frame;

	bpf_skb_pull_data(skb, skb->len < PARSE_PULL ? skb->len : PARSE_PULL);
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->vlan_present, flow_depth(),
	      &frame);
	return flow_hash(&frame);
}

static __always_inline __u32 hash_frame(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct frame frame;
	__u32 hash;

	if (cfg_hash == BPFTEAM_HASH_LAYER34 && shortcut_hash(data, end, &hash))
		return hash;
	parse(data, end, skb->vlan_present, flow_depth(), &frame);
	if (unlikely(frame.cut) && end - data < skb->len)
		return hash_slow(skb);
	return flow_hash(&frame);
}

/* By any policy; the programs that send know whether theirs is one of policy.bpf.h. */
static __always_inline __u32 hash_any(struct __sk_buff *skb)
{
	return cfg_hash > BPFTEAM_HASH_LAYER23 ? policy_hash(skb) : hash_frame(skb);
}

#endif
