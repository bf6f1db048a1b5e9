// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * port.bpf.c - a port's receiving side, at tcx ingress, behind GRO. Loaded once per port.
 *
 * bpf_redirect(BPF_F_INGRESS) runs eth_type_trans() for the vport, which is what makes the packet
 * type right: what is not for the team's MAC is OTHERHOST there, and no router forwards it. The
 * outermost VLAN tag has been taken off before tcx (net/core/dev.c, __netif_receive_skb_core()).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "classify.bpf.h"
#include "count.bpf.h"
#include "maps.bpf.h"
#include "probe.bpf.h"

#define TCX_NEXT -1
#define TCX_DROP 2

SEC("license")
char LICENSE[] = "GPL";

static __always_inline int port_classify(struct __sk_buff *skb, struct bpfteam_state *state)
{
	const void *end = (void *)(long)skb->data_end;
	struct frame frame;

	parse((void *)(long)skb->data, end, true, PARSE_MAC, &frame);
	if (unlikely(frame.cut))
		return BPFTEAM_DROP_MALFORMED;
	if (classify_is_local(&frame))
		return CLASSIFY_PORT;
	if (unlikely(!classify_is_accepted(state)))
		return BPFTEAM_DROP_DISABLED_PORT;
	if (classify_is_probe_arp(&frame)) {
		probe_stamp(skb);
		if (probe_is_mine(&frame))
			return CLASSIFY_PORT;
	}
	return classify_team(state, &frame);
}

SEC("tc")
int port_rx(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	int verdict;

	if (unlikely(!state))
		return TCX_NEXT;
	verdict = port_classify(skb, state);
	if (likely(verdict == CLASSIFY_TEAM)) {
		count_rx(cfg_port, skb->len);
		return bpf_redirect(cfg_vport, BPF_F_INGRESS);
	}
	if (verdict == CLASSIFY_PORT)
		return TCX_NEXT;
	count_drop(cfg_port, verdict);
	return TCX_DROP;
}
