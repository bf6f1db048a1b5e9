// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * team.bpf.c - the vport's side: sending, and what user space asks of the data path.
 *
 * A frame that the stack sends through the team never crosses the veth: team_tx redirects it from
 * tcx egress to the port, with its socket and its GSO size. Two kinds cross it, and team_inner, at
 * the inner end, takes them on: frames of packet sockets, whose network header may stand at the MAC
 * header, which bpf_redirect() refuses (net/core/filter.c), and the copies that a capture sees.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "broadcast.bpf.h"
#include "count.bpf.h"
#include "hash.bpf.h"
#include "maps.bpf.h"
#include "own.bpf.h"
#include "rdma_tx.bpf.h"
#include "select.bpf.h"
#include "shortcut.bpf.h"
#include "turn.bpf.h"
#include "vlan_tx.bpf.h"
#include "watch.bpf.h"

#define AF_PACKET 17

const volatile __u32 cfg_mark;

SEC("license")
char LICENSE[] = "GPL";

static __always_inline void team_select(struct __sk_buff *skb, struct bpfteam_state *state,
					bool notice, struct choice *choice)
{
	__u32 hash = cfg_mode == BPFTEAM_ACTIVE_BACKUP ? 0 : hash_frame(skb);

	select_port(state, hash, notice, choice);
}

/* Somebody listens on the team's interface and would see none of what is redirected. */
static __always_inline bool team_is_captured(struct __sk_buff *skb,
					     const struct bpfteam_state *state)
{
	if (state->capture)
		return true;
	return cfg_state && device_captured(context_device(skb), state);
}

/* The frame goes to the port as a clone; itself it crosses the veth for the capture's sake. */
static __noinline int team_copy(struct __sk_buff *skb, struct bpfteam_state *state, __u32 ifindex)
{
	bpf_clone_redirect(skb, ifindex, 0);
	skb->mark = cfg_mark;
	state->crossed_jiffies = bpf_jiffies64();
	return TCX_NEXT;
}

static __always_inline bool team_is_packet(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk && unlikely(sk->family == AF_PACKET);
}

static __always_inline int team_cross(struct bpfteam_state *state)
{
	state->crossed_jiffies = bpf_jiffies64();
	return TCX_NEXT;
}

static __always_inline int team_drop(void)
{
	count_drop(BPFTEAM_STATS_TEAM, BPFTEAM_DROP_NO_PORT);
	return TCX_DROP;
}

static __always_inline int team_send_by(struct __sk_buff *skb, struct bpfteam_state *state,
					const struct choice *choice)
{
	if (unlikely(!choice->port))
		return team_drop();
	count_tx(choice->id, skb->len);
	if (unlikely(team_is_captured(skb, state)))
		return team_copy(skb, state, choice->port->ifindex);
	return bpf_redirect(choice->port->ifindex, 0);
}

/* At the inner end, where no capture is to be thought of. */
static __always_inline int team_send_here(struct __sk_buff *skb, const struct choice *choice)
{
	if (unlikely(!choice->port))
		return team_drop();
	count_tx(choice->id, skb->len);
	return bpf_redirect(choice->port->ifindex, 0);
}

static __always_inline int team_send(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	if (team_is_packet(skb))
		return team_cross(state);
	team_select(skb, state, true, &choice);
	return team_send_by(skb, state, &choice);
}

SEC("?tc")
int team_tx(struct __sk_buff *skb)
{
	return team_send(skb);
}

/* What has no shortcut. */
__noinline int team_send_long(struct __sk_buff *skb)
{
	return team_send(skb);
}

/* team_tx for active-backup where the watch timer opens shortcuts. */
SEC("?tc")
int team_tx_first(struct __sk_buff *skb)
{
	const struct bpfteam_shortcut *shortcut;

	if (team_is_packet(skb) || !shortcut_find(tables.slots[0].port[0], &shortcut))
		return team_send_long(skb);
	return shortcut_send(skb, shortcut);
}

/* The same for balance-xor by layer3+4. */
SEC("?tc")
int team_tx_flow(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct bpfteam_shortcut *shortcut;
	__u32 hash;

	if (team_is_packet(skb) || !shortcut_hash(data, end, &hash) ||
	    !shortcut_find(shortcut_first(hash >> (32 - BPFTEAM_SLOT_BITS)), &shortcut))
		return team_send_long(skb);
	return shortcut_send(skb, shortcut);
}

/* The same by layer2 and layer2+3. */
SEC("?tc")
int team_tx_mac(struct __sk_buff *skb)
{
	const struct bpfteam_shortcut *shortcut;

	if (team_is_packet(skb) ||
	    !shortcut_find(shortcut_first(hash_frame(skb) >> (32 - BPFTEAM_SLOT_BITS)), &shortcut))
		return team_send_long(skb);
	return shortcut_send(skb, shortcut);
}

static __always_inline __u32 team_turn(struct __sk_buff *skb)
{
	return turn_hash((void *)(long)skb->data, (void *)(long)skb->data_end);
}

/* What has no shortcut, and a hash; or a turn: asking again whose it is would skip one. */
__noinline int team_send_hashed(struct __sk_buff *skb, __u32 hash)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	select_port(state, hash, true, &choice);
	return team_send_by(skb, state, &choice);
}

/* balance-rr and random, with shortcuts or without. */
SEC("?tc")
int team_tx_turn(struct __sk_buff *skb)
{
	const struct bpfteam_shortcut *shortcut;
	__u32 hash;

	if (team_is_packet(skb))
		return team_cross(state_get());
	hash = team_turn(skb);
	if (!cfg_watch_ns ||
	    !shortcut_find(shortcut_first(hash >> (32 - BPFTEAM_SLOT_BITS)), &shortcut))
		return team_send_hashed(skb, hash);
	return shortcut_send(skb, shortcut);
}

SEC("?tc")
int team_inner_turn(struct __sk_buff *skb)
{
	struct choice choice;

	if (skb->mark == cfg_mark)
		return TCX_DROP;
	select_port(state_get(), team_turn(skb), true, &choice);
	return team_send_here(skb, &choice);
}

/* broadcast, which has no short way. */
SEC("?tc")
int team_tx_all(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	struct choice choice = {};

	if (team_is_packet(skb))
		return team_cross(state);
	choice.id = broadcast_send(skb, state);
	choice.port = port_get(choice.id);
	return team_send_by(skb, state, &choice);
}

SEC("?tc")
int team_inner_all(struct __sk_buff *skb)
{
	struct choice choice = {};

	if (skb->mark == cfg_mark)
		return TCX_DROP;
	choice.id = broadcast_send(skb, state_get());
	choice.port = port_get(choice.id);
	return team_send_here(skb, &choice);
}

static __always_inline __u32 team_hash_balanced(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return own_is_balanced(data, end, skb->vlan_present) ? hash_any(skb) : 0;
}

static __always_inline void team_set_source(struct __sk_buff *skb, const void *mac)
{
	if (mac)
		bpf_skb_store_bytes(skb, ETH_ALEN, mac, ETH_ALEN, 0);
}

/* What has no shortcut. */
__noinline int team_send_own(struct __sk_buff *skb, __u32 hash)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	select_port(state, hash, true, &choice);
	team_set_source(skb, own_mac(state, &choice));
	return team_send_by(skb, state, &choice);
}

/* balance-tlb, with shortcuts or without. */
SEC("?tc")
int team_tx_own(struct __sk_buff *skb)
{
	const struct bpfteam_shortcut *shortcut, *active;
	__u32 hash, id, first;

	if (team_is_packet(skb))
		return team_cross(state_get());
	hash = team_hash_balanced(skb);
	id = shortcut_first(hash >> (32 - BPFTEAM_SLOT_BITS));
	first = tables.slots[0].port[0];
	if (!cfg_watch_ns || !shortcut_find(id, &shortcut) || !shortcut_find(first, &active))
		return team_send_own(skb, hash);
	if (id != first)
		team_set_source(skb, tables.ports[id & (BPFTEAM_PORTS_MAX - 1)].probe_mac);
	return shortcut_send(skb, shortcut);
}

SEC("?tc")
int team_inner_own(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	if (skb->mark == cfg_mark)
		return TCX_DROP;
	select_port(state, team_hash_balanced(skb), true, &choice);
	team_set_source(skb, own_mac(state, &choice));
	return team_send_here(skb, &choice);
}

/* By the policies of policy.bpf.h, with shortcuts or without. */
SEC("?tc")
int team_tx_policy(struct __sk_buff *skb)
{
	const struct bpfteam_shortcut *shortcut;
	__u32 hash;

	if (team_is_packet(skb))
		return team_cross(state_get());
	hash = policy_hash(skb);
	if (!cfg_watch_ns ||
	    !shortcut_find(shortcut_first(hash >> (32 - BPFTEAM_SLOT_BITS)), &shortcut))
		return team_send_hashed(skb, hash);
	return shortcut_send(skb, shortcut);
}

SEC("tc")
int team_inner(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	/* team_tx has sent it; this is the copy that the capture saw. */
	if (skb->mark == cfg_mark)
		return TCX_DROP;
	team_select(skb, state, true, &choice);
	return team_send_here(skb, &choice);
}

SEC("?tc")
int team_inner_policy(struct __sk_buff *skb)
{
	struct choice choice;

	if (skb->mark == cfg_mark)
		return TCX_DROP;
	select_port(state_get(), policy_hash(skb), true, &choice);
	return team_send_here(skb, &choice);
}

/* ---- the RDMA systems' vports ---- */

/* What a capture shall see crosses the veth, as frames of packet sockets do. */
SEC("?tc")
int rdma_tx(struct __sk_buff *skb)
{
	if (team_is_packet(skb) || (cfg_state && device_promiscuous(context_device(skb))))
		return TCX_NEXT;
	return rdma_send(skb);
}

SEC("?tc")
int rdma_inner(struct __sk_buff *skb)
{
	return rdma_send(skb);
}

/* ---- VLAN groups: the same programs for all of one mode and policy ---- */

/* As with rdma_tx; where the data path can't see the device, user space tells of captures. */
SEC("?tc")
int vlan_tx(struct __sk_buff *skb)
{
	if (team_is_packet(skb))
		return TCX_NEXT;
	if (cfg_state ? device_promiscuous(context_device(skb)) : vlan_is_captured(skb->ifindex))
		return TCX_NEXT;
	return vlan_send(skb);
}

SEC("?tc")
int vlan_inner(struct __sk_buff *skb)
{
	return vlan_send(skb);
}

static __always_inline void explain(struct __sk_buff *skb, const struct choice *choice)
{
	skb->cb[BPFTEAM_EXPLAIN_PORT] = choice->port ? choice->id : BPFTEAM_PORT_NONE;
	skb->cb[BPFTEAM_EXPLAIN_SLOT] = choice->slot;
	skb->cb[BPFTEAM_EXPLAIN_HASH] = choice->hash;
	skb->cb[BPFTEAM_EXPLAIN_POSITION] = choice->position;
}

/* As team_explain(), for an untagged frame of the group of VLAN cb[0]. 1: there is no such group. */
SEC("?tc")
int vlan_explain(struct __sk_buff *skb)
{
	__u32 id = skb->cb[0];
	const struct bpfteam_vlan *vlan = vlan_get(&id);
	struct choice choice;

	if (!vlan)
		return 1;
	vlan_select(state_get(), vlan, vlan_hash(skb, id), false, &choice);
	choice.position = vlan_position(vlan, &choice);
	explain(skb, &choice);
	return 0;
}

/* Where would this frame go? BPF_PROG_TEST_RUN only: the answer is in cb[], nothing is counted. */
SEC("tc")
int team_explain(struct __sk_buff *skb)
{
	struct bpfteam_state *state = state_get();
	struct choice choice;

	if (cfg_mode == BPFTEAM_BALANCE_TLB)
		select_port(state, team_hash_balanced(skb), false, &choice);
	else
		select_port(state, cfg_mode == BPFTEAM_ACTIVE_BACKUP ? 0 : hash_any(skb), false,
			    &choice);
	explain(skb, &choice);
	return 0;
}

/*
 * Learns the addresses of the device that BPF_PROG_TEST_RUN's ctx.ifindex names, as those of port
 * cb[0], or as the team's own with BPFTEAM_LEARN_TEAM. Returns 0, or 1 when that entry is another
 * device's.
 */
SEC("?tc")
int team_learn(struct __sk_buff *skb)
{
	struct bpfteam_port *port = port_get(skb->cb[0]);
	struct net_device *dev;

	if (!cfg_state)
		return 1;
	dev = context_device(skb);
	if (skb->cb[0] == BPFTEAM_LEARN_TEAM) {
		state_get()->dev = (__u64)dev;
		return 0;
	}
	if (!port)
		return 1;
	if (port->ifindex && port->ifindex != (__u32)dev->ifindex)
		return 1;
	port->net = device_net(dev);
	port->dev = (__u64)dev;
	return 0;
}

/* BPF_PROG_TEST_RUN only. Returns 0, or a positive errno. */
SEC("?tc")
int team_watch(struct __sk_buff *skb)
{
	return cfg_state ? -watch_arm() : EOPNOTSUPP;
}
