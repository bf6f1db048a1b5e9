// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * port.bpf.c - a port's receiving side, at tcx ingress, behind GRO. Loaded once per port.
 *
 * bpf_redirect(BPF_F_INGRESS) runs eth_type_trans() for the vport, which is what makes the packet
 * type right: what is not for the team's MAC is OTHERHOST there, and no router forwards it. The
 * outermost VLAN tag has been taken off before tcx (net/core/dev.c, __netif_receive_skb_core()).
 */
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <bpf/bpf_helpers.h>

#include "classify.bpf.h"
#include "count.bpf.h"
#include "local.bpf.h"
#include "maps.bpf.h"
#include "probe.bpf.h"
#include "rdma.bpf.h"
#include "tcx.bpf.h"
#include "vlan.bpf.h"

SEC("license")
char LICENSE[] = "GPL";

static __always_inline int port_classify(struct __sk_buff *skb, struct bpfteam_state *state,
					 struct frame *frame)
{
	const void *end = (void *)(long)skb->data_end;
	bool host;

	parse((void *)(long)skb->data, end, true, PARSE_MAC, frame);
	if (frame->cut)
		return BPFTEAM_DROP_MALFORMED;
	host = classify_is_team(frame->mac);
	if (classify_is_local(frame, host))
		return CLASSIFY_PORT;
	if (!classify_is_accepted(state))
		return BPFTEAM_DROP_DISABLED_PORT;
	if (classify_is_probe_arp(frame)) {
		probe_stamp(skb);
		if (probe_is_mine(frame))
			return CLASSIFY_PORT;
	}
	return classify_team(state, frame, host);
}

/*
 * To the port's own stack, as the team's frame: no other program is asked, as with the redirect. It is
 * not for the port's MAC, unless the team bears that one.
 */
static __always_inline int port_deliver(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST)
		bpf_skb_change_type(skb, PACKET_HOST);
	count_rx(&cfg_port, skb->len);
	return TCX_PASS;
}

static __always_inline int port_redirect(struct __sk_buff *skb)
{
	count_rx(&cfg_port, skb->len);
	return bpf_redirect(cfg_vport, BPF_F_INGRESS);
}

/*
 * What is an RDMA system's. 0 on: what becomes of it; else the team's order goes on, with pointers into
 * the frame read anew. Link-local protocols stay on the port in any case.
 */
#define PORT_GO_ON -100

static __always_inline int port_rdma(struct __sk_buff *skb)
{
	const void *mac = (void *)(long)skb->data;
	struct frame frame;
	int verdict;

	if (mac + ETH_HLEN > (void *)(long)skb->data_end || classify_is_team(mac))
		return PORT_GO_ON;
	parse(mac, (void *)(long)skb->data_end, true, PARSE_MAC, &frame);
	if (frame.cut || classify_is_local(&frame, false))
		return PORT_GO_ON;
	verdict = rdma_receive(skb);
	if (verdict == RDMA_NOT)
		return PORT_GO_ON;
	if (verdict == RDMA_STAYS)
		return TCX_NEXT;
	if (verdict < 0 || verdict >= BPFTEAM_RDMA_MAX) {
		count_drop(cfg_port, BPFTEAM_DROP_DISABLED_PORT);
		return TCX_DROP;
	}
	return rdma_deliver(skb, verdict, &tables.rdma[verdict & (BPFTEAM_RDMA_MAX - 1)]);
}

/* Every frame, whatever it is. */
static __noinline int port_any(struct __sk_buff *skb)
{
	struct frame frame;
	int verdict;

	if (cfg_rdma_port || cfg_rdma_vports) {
		verdict = port_rdma(skb);
		if (verdict != PORT_GO_ON)
			return verdict;
	}
	verdict = port_classify(skb, state_get(), &frame);
	if (cfg_direct && verdict == CLASSIFY_HOST &&
	    local_takes(skb, frame.mac, (void *)(long)skb->data_end, frame.type))
		return port_deliver(skb);
	if (verdict == CLASSIFY_HOST || verdict == CLASSIFY_TEAM)
		return port_redirect(skb);
	if (verdict == CLASSIFY_PORT)
		return TCX_NEXT;
	count_drop(cfg_port, verdict);
	return TCX_DROP;
}

/*
 * What nearly every frame is comes first and alone, in as few instructions as can be: unicast IP for
 * the team, on a port that receives. The parameters are constants, and each combination has code of
 * its own, of which the verifier leaves one.
 */
static __always_inline int port_receive(struct __sk_buff *skb, bool active_only, bool direct)
{
	const void *mac, *end;
	__u16 type;

	/* First: what has nothing to do with the frame, so that registers are free for it. */
	if (!classify_receives(active_only))
		return port_any(skb);
	mac = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (mac + (direct ? LOCAL_HEADERS : ETH_HLEN) > end || !classify_is_host(mac))
		return port_any(skb);
	type = *(const __u16 *)(mac + 2 * ETH_ALEN);
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return port_any(skb);
	if (!direct)
		return port_redirect(skb);
	return local_takes_few(skb, mac, end, type) ? port_deliver(skb) : port_any(skb);
}

static __always_inline int port_frame(struct __sk_buff *skb)
{
	if (cfg_direct)
		return cfg_active_only ? port_receive(skb, true, true)
				       : port_receive(skb, false, true);
	return cfg_active_only ? port_receive(skb, true, false) : port_receive(skb, false, false);
}

SEC("tc")
int port_rx(struct __sk_buff *skb)
{
	return port_frame(skb);
}

/*
 * A tagged frame: a VLAN group's, or the team's own if no group claims the tag. What stays on the port as
 * ever goes the way of all others: link-local protocols, and what an RNIC has to look at.
 */
static __noinline int port_tagged(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	const struct bpfteam_vlan *vlan;
	struct frame frame;
	int verdict;
	bool host;
	__u32 id;

	vlan = vlan_of(skb, &id);
	if (!vlan)
		return port_any(skb);
	parse((void *)(long)skb->data, (void *)(long)skb->data_end, true, PARSE_MAC, &frame);
	if (frame.cut)
		return port_any(skb);
	host = classify_is_team(frame.mac);
	if (classify_is_local(&frame, host) || !classify_is_accepted(state) ||
	    (cfg_rdma_port && !host && !(*(const __u8 *)frame.mac & 1)))
		return port_any(skb);
	verdict = vlan_classify(state, vlan, &frame, host);
	if (verdict == CLASSIFY_PORT)
		return TCX_NEXT;
	if (verdict >= 0) {
		count_drop(cfg_port, verdict);
		return TCX_DROP;
	}
	count_rx(&cfg_port, skb->len);
	return vlan_deliver(skb, id, vlan);
}

/* port_rx in a team with VLAN groups. */
SEC("?tc")
int port_rx_vlan(struct __sk_buff *skb)
{
	return skb->vlan_present ? port_tagged(skb) : port_frame(skb);
}
