/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * abi.h - what the BPF programs and user space share: limits, map values, events, counters.
 *
 * Every team has its own set of maps and programs, pinned under BPFFS/TEAM. Structs use fixed-width
 * types in host byte order unless a field says otherwise, and their sizes are asserted: the maps
 * outlive the process that made them, and a newer build adopts them.
 */
#ifndef BPFTEAM_ABI_H
#define BPFTEAM_ABI_H

#include <linux/types.h>

#define BPFTEAM_PORTS_MAX 64
#define BPFTEAM_SLOT_BITS 12
#define BPFTEAM_SLOTS (1 << BPFTEAM_SLOT_BITS)
#define BPFTEAM_SLOT_PORTS 8
#define BPFTEAM_PORT_NONE 0xff
#define BPFTEAM_ARP_TARGETS_MAX 16

/* Changes whenever a map's layout does; pinned maps of another number are not adopted. */
#define BPFTEAM_ABI_VERSION 4

/* Bonding's mode numbers (Documentation/networking/bonding.rst), then our own. */
enum bpfteam_mode {
	BPFTEAM_BALANCE_RR = 0,
	BPFTEAM_ACTIVE_BACKUP = 1,
	BPFTEAM_BALANCE_XOR = 2,
	BPFTEAM_BROADCAST = 3,
	BPFTEAM_8023AD = 4,
	BPFTEAM_BALANCE_TLB = 5,
	BPFTEAM_BALANCE_ALB = 6,
	BPFTEAM_RANDOM = 7,
	BPFTEAM_ADAPTIVE = 8,
};

/* Bonding's numbers of xmit_hash_policy, then our own. */
enum bpfteam_hash {
	BPFTEAM_HASH_LAYER2 = 0,
	BPFTEAM_HASH_LAYER34 = 1,
	BPFTEAM_HASH_LAYER23 = 2,
	BPFTEAM_HASH_ENCAP23 = 3,
	BPFTEAM_HASH_ENCAP34 = 4,
	BPFTEAM_HASH_VLAN_SRCMAC = 5,
	BPFTEAM_HASH_TXHASH = 6,
};
#define BPFTEAM_HASH_POLICIES 7

/*
 * The ports of one slot in order of preference, by port id, BPFTEAM_PORT_NONE behind the last. Eight
 * bytes, so that one store replaces a list at once. active-backup reads slot 0 only; in balance-tlb
 * it holds the ports by rank, too.
 */
struct bpfteam_slot {
	__u8 port[BPFTEAM_SLOT_PORTS];
};
_Static_assert(sizeof(struct bpfteam_slot) == 8, "bpfteam_slot");

/*
 * A port, by its id. ifindex 0 = the id is free or the device is gone. dev and net are the kernel
 * addresses of the port's net_device and of its namespace, learnt by the `learn` program and only
 * ever compared or read through bpf_rdonly_cast; 0 = not learnt.
 * probe_mac, never the team's, is the source address of ARP probes, whose answers stay on the port, of
 * what an RDMA vport sends by this port while another one bears its own, and, in balance-tlb, of what is
 * sent by the port while it is not the active one.
 */
struct bpfteam_port {
	__u32 ifindex;
	__u32 pad;
	__u64 dev;
	__u64 net;
	__u8 probe_mac[6];
	__u8 pad2[2];
};
_Static_assert(sizeof(struct bpfteam_port) == 32, "bpfteam_port");

/*
 * What the team is now. One bit per port id in each mask.
 *
 * alive     policy's word: user space clears a bit to hold, drain, disable or distrust a port
 * link      the detector's word: the in-kernel watch timer, fentry/kprobe or the daemon's poll
 *           keep a bit set while the port's device is up and has carrier
 * fallback  ports that may be used when no alive port has link: held back by a delay, or down by
 *           link only; never a drained, disabled or distrusted port
 * accept    ports whose frames are received at all (cleared when disabled)
 * noticed   ports whose failure has been reported and not yet been handled by the daemon
 *
 * A frame takes the first port of its slot that alive and the link allow, then the first that
 * fallback and the link allow. Where only the active port receives, prev_port still
 * does, unicast alone, until prev_until_ns (CLOCK_MONOTONIC) after a planned change of it.
 */
struct bpfteam_state {
	__u64 alive;
	__u64 link;
	__u64 fallback;
	__u64 accept;
	__u64 prev_until_ns;
	__u32 prev_port;
	/* Promiscuity of the team's interface that is no capture (a bridge's own, for one). */
	__u32 promisc_base;
	/* Non-zero: frames that are not for the team's MAC are passed up (team in promiscuous mode). */
	__u32 promisc;
	/* Non-zero: clone sent frames across the veth for a capture, where the data path can't see
	 * the interface's promiscuity by itself. */
	__u32 capture;
	/* balance-rr: how many slots, from the first, hold whole rounds of turns. */
	__u32 turns;
	__u32 pad;
	__u64 failovers;
	__u64 noticed;
	/* When a sent frame last crossed the veth as an skb (jiffies): XDP leaves those alone. */
	__u64 crossed_jiffies;
	/* Kernel address of the team's own net_device, learnt as those of ports are. */
	__u64 dev;
};
_Static_assert(sizeof(struct bpfteam_state) == 96, "bpfteam_state");

/*
 * A port that a frame may be sent by without further questions but for the device's link: dev, its
 * net_device, was seen to be the port's, policy holds it for alive, and nobody captures. dev 0 = not
 * so, or not known. Opened by the watch timer and nobody else, closed by whoever knows better. Any
 * byte of a slot is an index here; id comes first, since an entry serves as the key of `port_stats`.
 */
struct bpfteam_shortcut {
	__u32 id;
	__u32 ifindex;
	__u64 dev;
};
_Static_assert(sizeof(struct bpfteam_shortcut) == 16, "bpfteam_shortcut");
#define BPFTEAM_SHORTCUTS 256

/*
 * Addresses of the team's interface, network order: what rx: direct leaves on the port. Places that
 * are not used hold the loopback address, which the kernel takes from no wire. What does not fit is
 * in map `local`: HASH[BPFTEAM_LOCAL_MAX], by struct bpfteam_ip with IPv4 as ::ffff:a.b.c.d, and then
 * more is not 0. A frame whose address is in neither goes by the redirect.
 */
#define BPFTEAM_LOCAL_FEW 4
#define BPFTEAM_LOCAL_MAX 256

struct bpfteam_ip {
	__u64 high, low;
};
_Static_assert(sizeof(struct bpfteam_ip) == 16, "bpfteam_ip");

struct bpfteam_local {
	__u32 ip4[BPFTEAM_LOCAL_FEW];
	struct bpfteam_ip ip6[BPFTEAM_LOCAL_FEW];
	__u32 more;
	/* Somebody captures on the team's interface, as the watch timer sees: nothing stays on ports. */
	__u32 captured;
};
_Static_assert(sizeof(struct bpfteam_local) == 88, "bpfteam_local");

/*
 * The vports of RDMA systems. ifindex 0: the place is free. port: id of the RNIC, whose MAC address
 * it is. vlan: 0 = untagged, in host order. others: mask of the ports that may carry it besides, while
 * the RNIC is out of use, or, where the path is a team, also beside it; those in path, by id, first and
 * in this order. Addresses in network order; zero = not used. What is asked for them (ARP, ND) the
 * RNIC hears, too.
 */
#define BPFTEAM_RDMA_MAX 4
#define BPFTEAM_RDMA_ADDRS 4

struct bpfteam_rdma {
	__u32 ifindex;
	__u32 port;
	__u8 mac[6];
	__u16 vlan;
	__u64 others;
	struct bpfteam_slot path;
	__u32 ip4[BPFTEAM_RDMA_ADDRS];
	struct bpfteam_ip ip6[BPFTEAM_RDMA_ADDRS];
};
_Static_assert(sizeof(struct bpfteam_rdma) == 112, "bpfteam_rdma");

/*
 * Map `tables`: ARRAY[1], all that a frame's way is chosen by, as one value: programs see it as a
 * variable, whose address they know when they are loaded, so nothing is looked up.
 */
struct bpfteam_tables {
	struct bpfteam_shortcut shortcuts[BPFTEAM_SHORTCUTS];
	struct bpfteam_state state;
	struct bpfteam_local local;
	struct bpfteam_rdma rdma[BPFTEAM_RDMA_MAX];
	struct bpfteam_port ports[BPFTEAM_PORTS_MAX];
	struct bpfteam_slot slots[BPFTEAM_SLOTS];
};
_Static_assert(sizeof(struct bpfteam_tables) == 256 * 16 + 96 + 88 + 4 * 112 + 64 * 32 + 4096 * 8,
	       "bpfteam_tables");

/* Why a frame was dropped. Names in core/names.c. */
enum bpfteam_drop {
	BPFTEAM_DROP_NO_PORT, /* TX: no port of the team is usable */
	BPFTEAM_DROP_INACTIVE_PORT, /* RX, active-backup: not the active port */
	BPFTEAM_DROP_REFLECTION, /* RX: our own source MAC came back */
	BPFTEAM_DROP_DISABLED_PORT, /* RX: the port is disabled */
	BPFTEAM_DROP_MALFORMED, /* no whole Ethernet header */
	BPFTEAM_DROP_MAX,
};

/* Pseudo port id in `port_stats` for what no port owns: frames without a usable port, and the
 * totals of ports that left the team. */
#define BPFTEAM_STATS_TEAM BPFTEAM_PORTS_MAX
/* And those of RDMA systems' vports, whose frames are not among the ports'. */
#define BPFTEAM_STATS_RDMA (BPFTEAM_STATS_TEAM + 1)
#define BPFTEAM_STATS_MAX (BPFTEAM_STATS_RDMA + BPFTEAM_RDMA_MAX)

/*
 * Map `port_stats`: PERCPU_ARRAY[BPFTEAM_STATS_MAX]. Frames as the stack hands them over: a GSO or
 * GRO frame counts once, its bytes without the headers of the later segments.
 */
struct bpfteam_stats {
	__u64 tx_packets;
	__u64 tx_bytes;
	__u64 rx_packets;
	__u64 rx_bytes;
	__u64 drops[BPFTEAM_DROP_MAX];
};
_Static_assert(sizeof(struct bpfteam_stats) == 72, "bpfteam_stats");

/*
 * Map `probes`: ARRAY[BPFTEAM_PORTS_MAX]. When (CLOCK_MONOTONIC, ns) the port last received any ARP
 * frame, and an ARP reply from each of the configured targets. 0 = never. Written by port_rx only
 * when the team probes.
 */
struct bpfteam_probe {
	__u64 arp_ns;
	__u64 target_ns[BPFTEAM_ARP_TARGETS_MAX];
};
_Static_assert(sizeof(struct bpfteam_probe) == 136, "bpfteam_probe");

/* Why a frame stayed on an RNIC. Names in core/names.c. */
enum bpfteam_rdma_kind {
	BPFTEAM_RDMA_ROCE_V1,
	BPFTEAM_RDMA_ROCE_V2,
	BPFTEAM_RDMA_IWARP, /* a connection or a listener in `rdma_flows` */
	BPFTEAM_RDMA_NEIGHBOUR, /* ARP and ND; the vport heard it as well */
	BPFTEAM_RDMA_BY_HAND, /* in `rdma_flows` by the configuration */
	BPFTEAM_RDMA_KINDS,
};

/* Map `rdma_stats`: PERCPU_ARRAY[BPFTEAM_PORTS_MAX]. */
struct bpfteam_rdma_stats {
	__u64 packets[BPFTEAM_RDMA_KINDS];
};
_Static_assert(sizeof(struct bpfteam_rdma_stats) == 40, "bpfteam_rdma_stats");

/*
 * Map `rdma_flows`: HASH, room for so many learnt and so many by hand; flows that stay on the RNIC `port`, and why so, an
 * enum bpfteam_rdma_kind as __u32. proto: IPPROTO_TCP or IPPROTO_UDP. Ports and addresses in network
 * order, IPv4 as ::ffff:a.b.c.d. A listener has no remote side (zero), one on every address no local
 * address either. Map `rdma_ports`: ARRAY[1], a bit for each local port in it; full: not all TCP flows
 * have room in `rdma_flows`, and the bit alone decides.
 */
#define BPFTEAM_RDMA_FLOWS_MAX 131072
#define BPFTEAM_RDMA_BY_HAND_MAX 256

struct bpfteam_rdma_flow {
	__u16 port;
	__u8 proto;
	__u8 pad;
	__u16 local_port, remote_port;
	struct bpfteam_ip local, remote;
};
_Static_assert(sizeof(struct bpfteam_rdma_flow) == 40, "bpfteam_rdma_flow");

struct bpfteam_rdma_bitmap {
	__u64 word[65536 / 64];
	__u64 full;
};
_Static_assert(sizeof(struct bpfteam_rdma_bitmap) == 8200, "bpfteam_rdma_bitmap");

/* Map `smc_cgroups`: CGROUP_ARRAY, whose programs' TCP sockets become SMC's. */
#define BPFTEAM_SMC_CGROUPS_MAX 8

/*
 * VLAN groups. Map `vlans`: ARRAY[BPFTEAM_VLANS], by VLAN id, in a team that has any. ifindex 0: nobody
 * claims the id. mask: the group's ports, a bit by port id; list: those of them that active-backup
 * prefers, the first eight. tci in host order, proto in network order, both as in the frame's tag.
 * promisc: somebody captures on its interface. What programs have no use for (name, inner end,
 * carrier) is here so that it outlives user space.
 */
#define BPFTEAM_VLANS 4096

struct bpfteam_vlan {
	__u32 ifindex;
	__u16 tci;
	__u16 proto;
	__u64 mask;
	struct bpfteam_slot list;
	__u32 active_only; /* receives by the designated port alone */
	__u32 promisc;
	__u32 inner_ifindex;
	__u32 carrier;
	char name[16], inner[16];
};
_Static_assert(sizeof(struct bpfteam_vlan) == 72, "bpfteam_vlan");

/*
 * Map `vlan_slots`: ARRAY[1], the slot table of groups that hash in a team that does not balance by
 * hash itself. Map `vlan_ids`: HASH, VLAN id by the ifindex of either end of a group's veth. Map
 * `vlan_stats`: PERCPU_ARRAY[BPFTEAM_VLANS] of struct bpfteam_stats; the frames are among the ports',
 * too.
 */
struct bpfteam_vlan_slots {
	struct bpfteam_slot slots[BPFTEAM_SLOTS];
};
_Static_assert(sizeof(struct bpfteam_vlan_slots) == 4096 * 8, "bpfteam_vlan_slots");

/* Ring buffer `events`. ns is CLOCK_MONOTONIC at the moment the kernel side saw it. */
enum bpfteam_event_type {
	BPFTEAM_EVENT_LINK_DOWN = 1,
	BPFTEAM_EVENT_LINK_UP = 2,
	BPFTEAM_EVENT_RDMA = 3, /* the RDMA CM has another connection or listener; no port */
};

enum bpfteam_event_source {
	BPFTEAM_SOURCE_TX = 1, /* the transmit path met a dead port */
	BPFTEAM_SOURCE_WATCH = 2, /* the in-kernel timer */
	BPFTEAM_SOURCE_TRACE = 3, /* fentry, kprobe or a tracepoint */
};

struct bpfteam_event {
	__u64 ns;
	__u16 type;
	__u16 source;
	__u32 port;
};
_Static_assert(sizeof(struct bpfteam_event) == 16, "bpfteam_event");

/* In place of a port id, for the `learn` program: the team's own device. */
#define BPFTEAM_LEARN_TEAM BPFTEAM_PORTS_MAX

/* What the `explain` program leaves in cb[] of the context that BPF_PROG_TEST_RUN returns. */
enum bpfteam_explain_cb {
	BPFTEAM_EXPLAIN_PORT, /* port id, BPFTEAM_PORT_NONE = none */
	BPFTEAM_EXPLAIN_SLOT,
	BPFTEAM_EXPLAIN_HASH,
	BPFTEAM_EXPLAIN_POSITION, /* place in the slot's list; >= BPFTEAM_SLOT_PORTS: beyond it */
};

#endif
