/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath.h - programs, maps, links and pins of one team; the only user of libbpf and libxdp.
 *
 * Everything that keeps a team running is pinned under BPFFS/TEAM ('.' and '%' in TEAM's name as
 * "%2e" and "%25", since bpffs refuses dots):
 *   tables port_stats probes events record local              the maps of abi.h
 *   rdma_ports rdma_flows rdma_stats                         and those
 *   watch port_ids tx_ports meta                             timer, ifindex -> id, DEVMAP, our own
 *   explain learn                                            programs, run by BPF_PROG_TEST_RUN
 *   tx inner                                                 tcx links (absent with clsact)
 *   rx-ID                                                    tcx link of port ID
 *   rdma-N rdma-inner-N                                      tcx links of RDMA vport N
 *   vlans vlan_ids vlan_stats vlan_slots                     maps, once there was a VLAN group
 *   vlan-ID vlan-inner-ID                                    tcx links of the group of VLAN ID
 *   carrier-off carrier-on                                   fentry or kprobe links
 *   smc smc_cgroups                                          sockets' protocols: link and map
 *   xdp-ID xdp-inner                                         XDP links (xdp-prog-*: dispatched)
 * A struct datapath is a handle on that; closing it stops nothing.
 */
#ifndef BPFTEAM_IO_DATAPATH_H
#define BPFTEAM_IO_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfteam/abi.h"
#include "core/addr.h"
#include "core/config.h"
#include "core/err.h"
#include "core/names.h"

struct datapath;

/* What this kernel allows. Probed once per process by trying; see datapath_features(). */
struct features {
	bool bpf; /* bpf() may be called at all */
	bool tcx; /* tcx links (Linux 6.6) */
	bool clsact; /* cls_bpf on clsact */
	bool state; /* rung 0: bpf_rdonly_cast on the port's net_device (Linux 6.2, CAP_PERFMON) */
	bool timer; /* bpf_timer (Linux 5.15) */
	bool fentry; /* tracing programs load and attach */
	bool kprobe;
	bool freplace; /* libxdp's dispatcher */
	bool xdp; /* XDP programs load */
	bool cma; /* raw tracepoints, for the RDMA CM's */
	bool smc; /* programs decide on sockets' protocols (Linux 6.6, tracing programs) */
	int error; /* with !bpf: the errno */
};

/*
 * Probes, or returns what was probed. BPFTEAM_WITHOUT in the environment, a comma-separated list of
 * the names above, makes features absent, so that the fallbacks can be tested where they are there.
 */
const struct features *datapath_features(void);

/* What to specialise the programs for. */
struct datapath_config {
	enum bpfteam_mode mode;
	enum bpfteam_hash hash;
	uint32_t packets_per_slave; /* balance-rr */
	struct mac mac; /* the team's */
	uint32_t ifindex; /* of the team's interface */
	uint32_t inner_ifindex;
	enum detect detector; /* in force: never DETECT_AUTO */
	bool probe; /* ARP probes: stamp arrivals */
	uint32_t arp_target[BPFTEAM_ARP_TARGETS_MAX]; /* IPv4, network order */
	unsigned n_arp_target;
	bool xdp;
	bool direct; /* what datapath_set_local() names stays on the port */
	bool all_active; /* active-backup: every port receives */
	uint64_t rdma_ports; /* mask of port ids: RNICs, where RDMA stays on the port */
};

/* Identifies the build of the BPF programs (a hash over the objects): adopt swaps when it differs. */
const char *datapath_build_id(void);

/*
 * Which detector method asks for becomes which one in force, by what the kernel allows: auto takes
 * state, else fentry, kprobe, poll. -EOPNOTSUPP with a text when a forced one is not to be had.
 */
int datapath_choose_detector(enum detect method, enum detect *ret, struct err *err);

/* Mounts bpffs where the path needs it and may, makes the folder; -errno with a text. */
int datapath_prepare(const char *bpffs, struct err *err);

/*
 * Makes and pins the maps of a new team, nothing attached, its state zero and the slots empty.
 * -EEXIST when BPFFS/TEAM is there.
 */
int datapath_create(const char *bpffs, const char *team, struct datapath **ret, struct err *err);

/*
 * Opens the pinned maps. -ENOENT: no such team. -EPROTO: another ABI version. What a crash left opens
 * as well: what needs a map that is gone then fails with -ENOENT.
 */
int datapath_open(const char *bpffs, const char *team, struct datapath **ret, struct err *err);
void datapath_close(struct datapath *dp);

/*
 * Detaches and unpins everything, the folder included. Works on what a crash left, too. When a
 * program could not be detached the record stays, for another attempt. dp is still to be closed.
 */
int datapath_destroy(struct datapath *dp, struct err *err);

/*
 * Is the team's interface gone wherever it was, its namespace with it for one? Only a tcx link that
 * outlived its device tells so; false when that is not known.
 */
bool datapath_orphaned(struct datapath *dp);

/*
 * Does somebody's program or filter stand behind a team's at the ingress of the port ifindex, where it
 * sees nothing of what the team takes? ret: what it is, in words.
 */
bool datapath_behind(uint32_t ifindex, char *ret, size_t size);

/* Team folders under bpffs; 0 also when bpffs is not there. */
int datapath_list(const char *bpffs, int (*fn)(const char *team, void *arg), void *arg);

/*
 * Loads the vport's programs for config and attaches them, or swaps them under the running links
 * with no frame lost. Starts the watch timer (detector state) or attaches fentry/kprobe (those).
 * Call it after the maps are filled. config is remembered for datapath_join().
 */
int datapath_configure(struct datapath *dp, const struct datapath_config *config, struct err *err);

/* As configure, for a handle that only adopts: remembers config, loads nothing. */
void datapath_adopt(struct datapath *dp, const struct datapath_config *config);

/*
 * Port id starts to receive: fills its `ports` entry, learns its net_device, loads the RX program
 * (and XDP) for it and attaches, or swaps. probe_mac may be zero.
 */
int datapath_join(struct datapath *dp, unsigned id, uint32_t ifindex, const struct mac *probe_mac,
		  struct err *err);
/* Is port id, which is about to join, an RNIC? */
void datapath_set_rnic(struct datapath *dp, unsigned id, bool rnic);
/* Detaches (also when the device is gone or elsewhere) and clears the entry. Counters stay. */
int datapath_leave(struct datapath *dp, unsigned id, struct err *err);
/* Adds the port's counters to BPFTEAM_STATS_TEAM and zeroes them, before an id is given anew. */
int datapath_retire(struct datapath *dp, unsigned id);
/* Is the RX program of port id attached to the device ifindex? */
bool datapath_joined(struct datapath *dp, unsigned id, uint32_t ifindex);

/* The masks of struct bpfteam_state, each changed by itself; a field that is NULL stays as it is. */
struct datapath_masks {
	const uint64_t *alive, *fallback, *accept, *link;
	const uint32_t *promisc, *promisc_base, *capture;
};
int datapath_set_masks(struct datapath *dp, const struct datapath_masks *masks);
/* One bit of the link mask, for the poll detector. Atomic against the kernel side. */
int datapath_set_link(struct datapath *dp, unsigned id, bool up);
/* The port id's failure is handled: report the next one. */
int datapath_clear_noticed(struct datapath *dp, unsigned id);
/* Where only the active port receives: unicast also on port id until now + for_ms. */
int datapath_set_prev(struct datapath *dp, unsigned id, unsigned for_ms);
int datapath_add_failover(struct datapath *dp);
int datapath_get_state(struct datapath *dp, struct bpfteam_state *ret);

/*
 * Addresses whose frames stay on the port, where config.direct; the first few are found fastest. What
 * is too many is left out, and goes by the redirect; n = 0: everything does.
 */
int datapath_set_local(struct datapath *dp, const struct addr *addrs, unsigned n);

/*
 * The vport of an RDMA system: its place in the tables, programs at both ends of its veth. The ports
 * have to join anew before they pass it frames. NULL frees the place, also when the veth is gone.
 */
struct datapath_rdma {
	uint32_t ifindex, inner_ifindex;
	unsigned port; /* id of its RNIC */
	struct mac mac;
	uint16_t vlan; /* 0: untagged */
	uint64_t others; /* ids of the ports that may carry it besides */
	struct bpfteam_slot path; /* of these, first and in this order, as in a slot */
	bool spread; /* over the RNIC and the others, by the hash */
};
int datapath_set_rdma(struct datapath *dp, unsigned index, const struct datapath_rdma *rdma,
		      struct err *err);
int datapath_get_rdma(struct datapath *dp, unsigned index, struct bpfteam_rdma *ret);
/* What is asked for these by ARP and ND, the RNIC hears too. At most BPFTEAM_RDMA_ADDRS a family. */
int datapath_set_rdma_addrs(struct datapath *dp, unsigned index, const struct addr *addrs,
			    unsigned n);

/* A flow that stays on an RNIC. Family AF_UNSPEC and port 0: any. */
struct datapath_flow {
	unsigned port; /* id of the RNIC */
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	struct addr local, remote;
	uint16_t local_port, remote_port; /* host order */
};
/*
 * All flows that stay for this reason, BPFTEAM_RDMA_IWARP or BPFTEAM_RDMA_BY_HAND; the difference to those
 * before is made, and what is by hand stays by hand. Returns how many came or went; -E2BIG: not all had
 * room, and what comes by TCP to the local port of any flow stays on its RNIC until all have.
 */
int datapath_set_flows(struct datapath *dp, enum bpfteam_rdma_kind kind,
		       const struct datapath_flow *flows, unsigned n);
/* Had not all learnt ones room? */
bool datapath_flows_full(const struct datapath *dp);
/*
 * From now on, as long as this handle is open, there are events (BPFTEAM_EVENT_RDMA) when the RDMA CM gets
 * connections and listeners. -EOPNOTSUPP: this kernel refuses; -ENOENT: its module rdma_cm is not loaded.
 */
int datapath_watch_cma(struct datapath *dp);
/* What stayed on port id for RDMA's sake, summed over the CPUs. */
int datapath_get_rdma_stats(struct datapath *dp, unsigned id, struct bpfteam_rdma_stats *ret);

/*
 * TCP sockets that are made in these cgroups, paths below /sys/fs/cgroup, become SMC's from now on;
 * n 0: none do. To be called again when cgroups may have been made anew. -EOPNOTSUPP: this kernel can't;
 * -ENOENT: one of them is not there, and the others are in force.
 */
int datapath_set_smc(struct datapath *dp, const char (*cgroups)[CONFIG_CGROUP_LEN], unsigned n,
		     struct err *err);
bool datapath_has_smc(struct datapath *dp); /* the program for it runs */

/*
 * VLAN groups, by VLAN id. Programs are loaded once for all groups of one mode and policy. Whoever sets
 * the first group or clears the last one lets the ports join anew; the place is noted before the veth is
 * made, so that a crash leaves a name to find it by.
 */
struct datapath_vlan {
	uint16_t id;
	uint32_t ifindex, inner_ifindex;
	enum bpfteam_mode mode; /* active-backup, or any that hashes */
	enum bpfteam_hash hash;
	enum vlan_protocol protocol;
	uint8_t priority;
};
int datapath_note_vlan(struct datapath *dp, uint16_t id, const char *name, const char *inner,
		       struct err *err);
int datapath_set_vlans(struct datapath *dp, const struct datapath_vlan *vlans, unsigned n,
		       bool own_slots, struct err *err);
int datapath_clear_vlan(struct datapath *dp, uint16_t id, struct err *err);
/* The group's place, also when only noted; NULL: none. Its words are read, and written by set_vlan*. */
const struct bpfteam_vlan *datapath_vlan(const struct datapath *dp, uint16_t id);
/* The id of the next group that has a place, behind that one (0: the first); 0: there is none. */
uint16_t datapath_next_vlan(const struct datapath *dp, uint16_t id);
/* The group that either end of a veth belongs to; 0: none. */
uint16_t datapath_vlan_of(const struct datapath *dp, uint32_t ifindex);
/* Ports and their order; no frame meets an empty set in between. */
void datapath_set_vlan_ports(struct datapath *dp, uint16_t id, uint64_t mask,
			     const struct bpfteam_slot *list);
void datapath_set_vlan_promisc(struct datapath *dp, uint16_t id, uint32_t promisc);
void datapath_set_vlan_carrier(struct datapath *dp, uint16_t id, bool up);
/* The table of groups that hash where the team does not: own_slots. Comes before such a group is set. */
int datapath_set_vlan_slots(struct datapath *dp, const struct bpfteam_slot slots[BPFTEAM_SLOTS],
			    struct err *err);
int datapath_get_vlan_stats(struct datapath *dp, uint16_t id, struct bpfteam_stats *ret);

/* turns: of balance-rr, how many slots from the first hold whole rounds; else 0. */
int datapath_set_slots(struct datapath *dp, const struct bpfteam_slot slots[BPFTEAM_SLOTS],
		       unsigned turns);
int datapath_get_slots(struct datapath *dp, struct bpfteam_slot slots[BPFTEAM_SLOTS]);
int datapath_get_port(struct datapath *dp, unsigned id, struct bpfteam_port *ret);
/* Summed over the CPUs. id up to BPFTEAM_STATS_TEAM. */
int datapath_get_stats(struct datapath *dp, unsigned id, struct bpfteam_stats *ret);
int datapath_get_probe(struct datapath *dp, unsigned id, struct bpfteam_probe *ret);

/*
 * The text in the `record` map (malloc'd, NUL-terminated; -ENODATA: none was set yet); set is atomic
 * against a crash.
 */
int datapath_get_record(struct datapath *dp, char **ret);
int datapath_set_record(struct datapath *dp, const char *text, struct err *err);

/* Ring buffer: a file descriptor for epoll, and a drain that never blocks. */
int datapath_events_fd(struct datapath *dp);
int datapath_events_read(struct datapath *dp,
			 void (*fn)(const struct bpfteam_event *event, void *arg), void *arg);

/* Which port the data path would take for this frame: runs its own code on it. */
struct datapath_verdict {
	uint8_t port; /* BPFTEAM_PORT_NONE: none */
	uint32_t slot, hash;
	uint32_t position; /* 0: the slot's first choice */
};
int datapath_explain(struct datapath *dp, const void *frame, size_t len,
		     struct datapath_verdict *ret, struct err *err);
/* The same for an untagged frame that a VLAN group sends. */
int datapath_explain_vlan(struct datapath *dp, const struct datapath_vlan *vlan, bool own_slots,
			  const void *frame, size_t len, struct datapath_verdict *ret,
			  struct err *err);

#endif
