/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record.h - what a running team remembers of itself: its configuration, and how each port was
 * before it became a member. Kept as YAML in the pinned map `record`, so that a daemon that starts
 * later, or a detach after a crash, knows all it needs. Written before the change it describes.
 */
#ifndef BPFTEAM_CORE_RECORD_H
#define BPFTEAM_CORE_RECORD_H

#include "core/config.h"

#define RECORD_ADDRS_MAX 32
#define RECORD_ROUTES_MAX 64
#define RECORD_TEXT_MAX (256 * 1024)

struct saved_addr {
	struct addr addr;
	struct addr peer; /* AF_UNSPEC: none */
	struct addr broadcast;
	uint32_t flags; /* IFA_F_* */
	uint8_t scope;
	uint32_t valid_s, preferred_s; /* 0xffffffff: for ever */
	char label[IFNAMSIZ];
	uint32_t metric;
	uint8_t proto; /* IFAPROT_*: who made it */
	uint32_t created; /* 1/100 s since the machine started; not in the record */
};

struct saved_route {
	struct addr to;
	struct addr via;
	struct addr prefsrc;
	uint32_t table, metric;
	uint8_t protocol, scope, type, tos;
	uint32_t flags; /* RTNH_F_ONLINK and the like */
	uint32_t mtu; /* RTAX_MTU, 0 = none */
};

/* A member port: its place in the maps, and what detach gives back. */
struct saved_port {
	char name[IFNAMSIZ];
	uint8_t id;
	uint32_t ifindex; /* 0: not there now */
	bool joined; /* programs attached and settings changed: there is something to undo */
	bool was_up;
	bool was_promisc;
	bool was_allmulti;
	bool added_mac; /* the team's MAC was added as a secondary address */
	bool added_probe_mac;
	struct mac probe_mac;
	uint32_t mtu;
	uint8_t addr_gen_mode; /* IN6_ADDR_GEN_MODE_* */
	bool had_ipv6; /* and has none while it is a member, or in rx: direct is silent */
	bool direct; /* settings made for rx: direct; what they were: */
	uint32_t rp_filter;
	bool ipv6_forwarding;
	struct saved_addr addrs[RECORD_ADDRS_MAX];
	unsigned n_addrs;
	struct saved_route routes[RECORD_ROUTES_MAX];
	unsigned n_routes;
	bool moved; /* addrs and routes were moved to the team */
	/* Bits by index of an RDMA vport: its MAC was added too; or the port is promiscuous for want of that. */
	uint8_t rdma_macs, rdma_promisc;
	bool rnic; /* has an RDMA device: keeps IPv6, and what is its RDMA's stays on it */
	bool arp_quiet; /* answers ARP for its own addresses only; what was set before: */
	uint32_t arp_ignore, arp_announce;
};

/* The vport of an RDMA system, and what was made for it: whatever is here is undone. */
struct saved_rdma {
	char vport[IFNAMSIZ], inner[IFNAMSIZ];
	uint8_t index; /* its place in the maps */
	uint8_t port; /* id of its RNIC */
	uint32_t ifindex, inner_ifindex;
	struct mac mac;
	uint32_t vlan;
	bool made_vlan; /* the RNIC's VLAN device is ours */
	/* On the vport, and mirrored to the RNIC or its VLAN device. */
	struct addr mirrored[2 * CONFIG_RDMA_ADDRESSES_MAX];
	unsigned n_mirrored;
	char pnetid[20]; /* of SMC; "": none */
};

struct record {
	struct config config;
	bool complete; /* false: attach was interrupted */
	struct mac mac;
	uint32_t ifindex; /* of the team's interface */
	uint32_t inner_ifindex; /* of its inner end */
	char inner[IFNAMSIZ];
	char build[64]; /* datapath_build_id() of the programs that run */
	char netns[24]; /* link_namespace() of where it runs; "": not known */
	char detector[16]; /* in force: "state", "fentry", "kprobe", "poll" */
	bool clsact; /* attached by clsact filters and not by tcx links */
	struct saved_port ports[BPFTEAM_PORTS_MAX];
	unsigned n_ports;
	struct saved_rdma rdma[BPFTEAM_RDMA_MAX];
	unsigned n_rdma;
	/* The team's interface answers ARP for its own addresses only, as it has an RDMA vport beside it; before: */
	bool arp_quiet;
	uint32_t arp_ignore, arp_announce;
};

/* *ret is malloc'd, NUL-terminated. -ENOMEM, -E2BIG. */
int record_format(const struct record *record, char **ret);
/* -EINVAL with a message when text is no record of this or an earlier version. */
int record_parse(const char *text, size_t len, struct record *ret, struct err *err);

#endif
