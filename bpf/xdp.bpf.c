// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * xdp.bpf.c - opt-in: what XDP can do earlier or without an skb.
 *
 * xdp_port, on a port, drops what the port's tc program would drop and passes everything else.
 * xdp_vport, on the team's inner end, sends what another XDP program redirected into the team on to
 * a port, by the same slots and state. Both count what they finish; what they pass is counted by the
 * tc program behind them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "classify.bpf.h"
#include "count.bpf.h"
#include "maps.bpf.h"
#include "own.bpf.h"
#include "select.bpf.h"
#include "turn.bpf.h"

#define ENCAP_CONTEXT struct xdp_md
#include "encap.bpf.h"

/*
 * What crosses the veth as an skb is team_inner's: it may be a capture's copy, or have its VLAN tag
 * beside it, neither of which shows here. team_tx notes when it let one cross; XDP keeps its hands
 * off for this long after. The kernel's tick is 1 to 10 ms.
 */
#define XDP_CROSSING_JIFFIES 25

SEC("license")
char LICENSE[] = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, BPFTEAM_PORTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} tx_ports SEC(".maps");

static __always_inline int xdp_classify(const struct bpfteam_state *state, const void *data,
					const void *end)
{
	struct frame frame;
	bool host;

	parse(data, end, false, PARSE_MAC, &frame);
	if (unlikely(!frame.mac))
		return BPFTEAM_DROP_MALFORMED;
	host = classify_is_team(frame.mac);
	if (classify_is_local(&frame, host) || (cfg_rdma && !host))
		return CLASSIFY_PORT;
	if (unlikely(!classify_is_accepted(state)))
		return BPFTEAM_DROP_DISABLED_PORT;
	/* port_rx stamps it, whatever becomes of it. */
	if (classify_is_probe_arp(&frame))
		return CLASSIFY_PORT;
	return classify_team(state, &frame, host);
}

SEC("?xdp")
int xdp_port(struct xdp_md *ctx)
{
	struct bpfteam_state *state = state_get();
	const struct bpfteam_port *port = port_get(cfg_port);
	int verdict;

	/* No port any more: libxdp's dispatcher stays on a device that moved elsewhere. */
	if (unlikely(!state || !port || !port->ifindex))
		return XDP_PASS;
	verdict = xdp_classify(state, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
	if (likely(verdict < 0))
		return XDP_PASS;
	count_drop(cfg_port, verdict);
	return XDP_DROP;
}

static __always_inline bool xdp_is_crossing(const struct bpfteam_state *state)
{
	return state->capture || (state->crossed_jiffies &&
				  bpf_jiffies64() - state->crossed_jiffies < XDP_CROSSING_JIFFIES);
}

static __always_inline int xdp_send(const struct choice *choice, __u64 bytes)
{
	int ret;

	if (unlikely(!choice->port)) {
		count_drop(BPFTEAM_STATS_TEAM, BPFTEAM_DROP_NO_PORT);
		return XDP_DROP;
	}
	ret = bpf_redirect_map(&tx_ports, choice->id, XDP_PASS);
	if (likely(ret == XDP_REDIRECT))
		count_tx(choice->id, bytes);
	return ret;
}

SEC("?xdp")
int xdp_vport(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bpfteam_state *state = state_get();
	struct choice choice;
	struct frame frame;
	__u32 hash = 0;

	if (unlikely(!state || xdp_is_crossing(state)))
		return XDP_PASS;
	if (cfg_mode != BPFTEAM_ACTIVE_BACKUP) {
		parse(data, end, false, flow_depth(), &frame);
		hash = flow_hash(&frame);
	}
	select_port(state, hash, true, &choice);
	return xdp_send(&choice, end - data);
}

/* balance-rr and random. */
SEC("?xdp")
int xdp_vport_turn(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bpfteam_state *state = state_get();
	struct choice choice;

	if (unlikely(xdp_is_crossing(state)))
		return XDP_PASS;
	select_port(state, turn_hash(data, end), true, &choice);
	return xdp_send(&choice, end - data);
}

/* By the policies of policy.bpf.h. There is no socket whose hash it could be: txhash is layer3+4. */
static __always_inline __u32 xdp_policy_hash(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 policy = cfg_hash;
	struct frame frame;
	__u32 hash;

	if (policy == BPFTEAM_HASH_ENCAP23 || policy == BPFTEAM_HASH_ENCAP34)
		return encap_hash(ctx, false);
	if (policy == BPFTEAM_HASH_VLAN_SRCMAC) {
		flow_hash_source(data, end, false, 0, &hash);
		return hash;
	}
	parse(data, end, false, PARSE_PORTS, &frame);
	return frame.mac ? flow_hash_of(&frame, false) : 0;
}

static __always_inline __u32 xdp_hash(struct xdp_md *ctx)
{
	struct frame frame;

	if (cfg_hash > BPFTEAM_HASH_LAYER23)
		return xdp_policy_hash(ctx);
	parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, false, flow_depth(), &frame);
	return flow_hash(&frame);
}

/* balance-tlb: the source MAC is the chosen port's. */
SEC("?xdp")
int xdp_vport_own(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bpfteam_state *state = state_get();
	struct choice choice;
	const void *mac;
	__u32 hash = 0;

	if (unlikely(xdp_is_crossing(state)))
		return XDP_PASS;
	if (own_is_balanced(data, end, false))
		hash = xdp_hash(ctx);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	select_port(state, hash, true, &choice);
	mac = own_mac(state, &choice);
	if (mac && data + ETH_HLEN <= end)
		__builtin_memcpy(data + ETH_ALEN, mac, ETH_ALEN);
	return xdp_send(&choice, end - data);
}

SEC("?xdp")
int xdp_vport_policy(struct xdp_md *ctx)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	if (unlikely(xdp_is_crossing(state)))
		return XDP_PASS;
	select_port(state, xdp_policy_hash(ctx), true, &choice);
	return xdp_send(&choice, (long)ctx->data_end - (long)ctx->data);
}

/* broadcast: clones are made of skbs, and DEVMAP's broadcast knows nothing of a port's state. */
SEC("?xdp")
int xdp_vport_all(struct xdp_md *ctx)
{
	return XDP_PASS;
}
