/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * team_priv.h - what the files of user/team share: the running team, and who does what on it.
 *
 *   env.c          paths, the writers' lock
 *   attach.c       out of nothing, and back to nothing
 *   check.c        may this device become a port?
 *   member.c       one port joins and leaves: settings saved, made, given back
 *   rejoin.c       ports that were renamed, lost or made anew while nobody watched
 *   move.c         addresses and routes between the ports and the team
 *   open.c         a handle on a team that runs; its list
 *   handle.c       the daemon's turn: events in, states, plan, data path, notices out
 *   plan_apply.c   from the states of the ports to the maps
 *   probe.c        the ARP monitor
 *   notice.c       gratuitous ARP and NA; events for those who listen
 *   direct.c       rx: direct: settings of the ports, addresses, what is in its way
 *   rdma.c         which ports are RNICs; the vports of their RDMA systems
 *   rdma_vport.c, rdma_path.c, rdma_mirror.c, rdma_smc.c   one such vport: interface, ways, addresses, SMC
 *   rdma_watch.c   what has to be looked at again and again: connections, load, devices
 *   vlan.c, vlan_vport.c   VLAN groups: which there are, their ports; one such interface
 *   vport.c        the team's interface: creation, MTU, MAC, promiscuity, carrier
 *   reconfigure.c  one configuration to another without losing a frame
 *   change.c       apply and port changes: lock, checks
 *   status.c, explain.c   JSON
 */
#ifndef BPFTEAM_TEAM_PRIV_H
#define BPFTEAM_TEAM_PRIV_H

#include "core/plan.h"
#include "core/port.h"
#include "core/record.h"
#include "io/link.h"
#include "io/rdma.h"
#include "io/wire.h"
#include "team/team.h"

#define NS_PER_MS 1000000ull

/* What the ARP monitor remembers of a port between two of its turns. */
struct probe_run {
	enum probe_verdict verdict;
	uint64_t started_ns; /* 0: not running */
	uint64_t next_ns;
	uint64_t heard_ns; /* last proof of life */
	uint64_t rx_packets; /* at the last turn, where any frame counts */
};

/* A port at run time; struct saved_port of the same index is what the record knows of it. */
struct member {
	struct port state;
	struct link_info info; /* as last heard; valid while present */
	bool present;
	bool link; /* the detector's word */
	uint32_t speed_mbps;
	bool full_duplex;
	const char *missing_reason;
	struct rdma_load load; /* of an RNIC, once a second */
	char rdma_device[RDMA_NAME_MAX]; /* as last seen; "": none, and was it missed? */
	bool rdma_missed;
	uint64_t retry_ns; /* a join failed: not tried again before */
	struct link_poll *poll; /* detector poll only */
	struct probe_run probe;
	uint64_t
		seen_ns; /* CLOCK_MONOTONIC: when the kernel side saw the latest failure; 0 = not */
};

#define TOLD_MAX 8192
#define DIRECT_TEXT_MAX 96

/* An address on a device, as the neighbours are told of it. */
struct told {
	uint32_t ifindex;
	struct mac mac;
	struct addr addr;
};

struct team {
	const struct team_env *env;
	struct record *rec;
	struct datapath *dp;
	struct link *link;
	struct wire *wire; /* opened at first use */
	struct link_info vport;
	bool vport_gone;
	struct member member[BPFTEAM_PORTS_MAX]; /* parallel to rec->ports */
	enum detect detector;
	struct plan plan;
	bool planned;
	struct bpfteam_slot slots[BPFTEAM_SLOTS]; /* as in the map */
	bool slots_valid; /* members and weights are those the table was made for */
	bool read_only; /* opened to look: writes nothing */
	bool dirty; /* something was heard: states have to be worked out again */
	uint32_t gso_size, gso_segs; /* the ports' least; 0: not known */
	bool inner_up; /* the inner end's admin state: the team's carrier */
	unsigned notices; /* rounds of gratuitous ARP and NA still to be sent */
	unsigned reports; /* the same of multicast groups */
	struct told told[TOLD_MAX];
	unsigned n_told;
	bool told_stale;
	bool direct_stale;
	char direct_why[DIRECT_TEXT_MAX]; /* as last told: why everything is redirected */
	uint64_t notice_ns, report_ns, poll_ns, rejoin_ns, look_ns;
	struct rdma *rdma; /* NULL: this kernel has none, or nobody has asked yet */
	bool rdma_tried, rdma_listens, rdma_stale;
	bool rdma_no_flows, rdma_no_iwarp; /* none are there by hand; or learnt */
	uint32_t rdma_target[BPFTEAM_RDMA_MAX]; /* parallel to rec->rdma: RNIC or its VLAN device */
	int rdma_path[BPFTEAM_RDMA_MAX]; /* member that carries it, from 1; 0: none */
	char rdma_why[128]; /* as last told: why a vport is not as it should be */
	char smc_why[256]; /* and why some cgroup's TCP stays TCP */
	uint64_t rdma_ns; /* when connections are looked at again */
	uint64_t rdma_hot_ns; /* until when often, since new ones were heard of */
	uint64_t ports_ns; /* when a port's state wants to be worked out again */
	uint64_t deadline_ns; /* the least of all */
};

uint64_t team_now_ns(void); /* CLOCK_MONOTONIC */

/* check.c: config's ports as this machine has them; those of running (or NULL) are ports already. */
int team_check_ports(const struct team_env *env, struct link *link, const struct config *config,
		     const struct config *running, unsigned flags, struct err *err);
int team_check_device(const struct team_env *env, const struct link_info *port,
		      const struct config *config, struct err *err);

/* member.c */
int member_index(const struct team *team, uint32_t ifindex); /* -1: none */
int member_index_id(const struct team *team, unsigned id);
int member_index_name(const struct team *team, const char *name);
int member_add(struct team *team, const char *name); /* a place in the record; its index */
void member_remove(struct team *team, unsigned i);
int member_complete(struct team *team, unsigned i, struct err *err);
int member_join(struct team *team, unsigned i, struct err *err);
int member_settle(struct team *team, unsigned i, bool move, struct err *err);
int member_leave(struct team *team, unsigned i, struct err *err);
int member_swap_all(struct team *team, struct err *err);
void member_give_ipv6(struct team *team, unsigned i);
void member_lost(struct team *team, unsigned i, const char *reason);
int member_set_mac(struct team *team, unsigned i, const struct mac *from, struct err *err);
bool member_needs_probe_mac(const struct config *config);
int member_add_probe_mac(struct team *team, unsigned i, struct err *err);
void member_init(struct member *member);
void member_fini(struct member *member);
int member_update_info(struct team *team, unsigned i);

/* move.c */
int move_to_team(struct team *team, unsigned i, struct err *err);
int move_back(struct team *team, unsigned i, struct err *err);
void move_hand_over(struct team *team, unsigned i);
int move_silence(struct team *team, unsigned i, struct err *err);
struct saved_addr move_as_saved(const struct addr *addr);
int move_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err);

/* rejoin.c: ports that are not as the record has them */
int rejoin_port(struct team *team, unsigned i, struct err *err);
void rejoin_find(struct team *team);
void rejoin_rename(struct team *team, unsigned i, const char *name);

/* open.c */
bool record_is_here(const struct record *rec); /* of this network namespace */
struct team *team_new(const struct team_env *env);
int team_store(struct team *team, struct err *err); /* writes the record */
int team_load(struct team *team, struct err *err); /* reads it */
void team_adopt_datapath(struct team *team);
void team_datapath_config(const struct team *team, struct datapath_config *ret);

/* plan_apply.c */
void team_read_links(struct team *team);
int team_replan(struct team *team, uint64_t now_ns);
void team_resume_plan(struct team *team);

unsigned team_plan_ports(struct team *team, struct plan_port ports[BPFTEAM_PORTS_MAX]);

/* probe.c: sends what is due, judges; returns when it wants to be called again. */
uint64_t probe_turn(struct team *team, uint64_t now_ns);
enum probe_verdict probe_verdict(const struct team *team, unsigned i);
void probe_reset(struct member *member, enum probe_verdict verdict);

/* notice.c */
void notice_start(struct team *team, uint64_t now_ns);
void notice_refresh(struct team *team);
uint64_t notice_turn(struct team *team, uint64_t now_ns);
void team_emit(struct team *team, enum team_event_type type, const char *port, const char *cause,
	       uint64_t datapath_ns);

/* direct.c */
int direct_check(const struct config *config, const struct config *running, unsigned flags,
		 struct err *err);
void direct_set_port(struct team *team, unsigned i);
void direct_set_ports(struct team *team);
void direct_close_port(struct team *team, unsigned i);
void direct_refresh(struct team *team);
const char *direct_obstacle(struct team *team, char buf[DIRECT_TEXT_MAX]);

/* rdma.c */
struct rdma *rdma_handle(struct team *team);
bool rdma_is_rnic(struct team *team, const struct port_config *port, uint32_t ifindex);
struct saved_rdma *rdma_of_port(struct team *team, unsigned id);
const struct rdma_config *rdma_config_of(const struct team *team, const struct config *config,
					 const struct saved_rdma *saved);
int rdma_check(struct link *link, const struct config *config, unsigned flags, struct err *err);
int rdma_update(struct team *team, struct err *err);
int rdma_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err);
void rdma_teardown(struct team *team);
bool rdma_concerns(const struct team *team, uint32_t ifindex);

/* rdma_vport.c */
int rdma_vport_make(struct team *team, const struct rdma_config *rdma, const char *name,
		    unsigned port, struct err *err);
int rdma_vport_update(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
		      struct err *err);
void rdma_vport_remove(struct team *team, struct saved_rdma *saved);
int rdma_reload(struct team *team, struct err *err);

/* rdma_path.c */
bool rdma_spreads(const struct team *team, const struct rdma_config *rdma);
uint64_t rdma_others(const struct team *team, const struct rdma_config *rdma,
		     struct bpfteam_slot *ret_path);
int rdma_prepare_ports(struct team *team, const struct rdma_config *rdma, struct err *err);
void rdma_share_mac(struct team *team, struct saved_rdma *saved, uint64_t others);
int rdma_port(const struct team *team, const struct saved_rdma *saved);
int rdma_path(const struct team *team, const struct saved_rdma *saved);
int rdma_path_of_slot(const struct team *team, const struct rdma_config *rdma,
		      const struct saved_rdma *saved, const struct bpfteam_slot *slot);
void rdma_each_spread(const struct team *team, const struct saved_rdma *saved,
		      void (*fn)(const char *port, void *arg), void *arg);
bool rdma_follow_paths(struct team *team);
void rdma_release_paths(struct team *team);

/* rdma_mirror.c */
int rdma_mirror(struct team *team, struct saved_rdma *saved, struct err *err);
void rdma_unmirror(struct team *team, struct saved_rdma *saved);
int rdma_give_addresses(struct team *team, const struct saved_rdma *saved,
			const struct rdma_config *rdma, struct err *err);
void rdma_take_addresses(struct team *team, const struct saved_rdma *saved,
			 const struct rdma_config *before, const struct rdma_config *after);

/* rdma_smc.c */
int rdma_smc(struct team *team, const struct rdma_config *rdma, struct saved_rdma *saved,
	     unsigned port, struct err *err);
void rdma_smc_undo(struct team *team, struct saved_rdma *saved);
bool rdma_smc_lacks_eid(const struct rdma_link *link);
void rdma_smc_cgroups(struct team *team, const struct config *config);

/* status.c */
uint64_t team_usable(const struct team *team); /* by id, as links were last read */

/* rdma_status.c */
const struct saved_rdma *rdma_of_address(const struct team *team, const struct addr *addr);

/* rdma_watch.c: returns when it wants to be called again. */
uint64_t rdma_turn(struct team *team, uint64_t now_ns);
void rdma_look(struct team *team);
void rdma_heard(struct team *team, uint64_t event_ns);

/* vlan.c */
int vlan_check(struct link *link, const struct config *config, const struct config *running,
	       struct err *err);
int vlan_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err);
int vlan_reload(struct team *team, struct err *err);
int vlan_replan(struct team *team, bool table, bool *changed);
void vlan_release(struct team *team);
void vlan_teardown(struct team *team);
void vlan_describe(const struct team *team, const struct vlan_config *vlan,
		   struct datapath_vlan *ret);

/* vlan_vport.c */
uint32_t vlan_vport_find(struct team *team, uint16_t id);
int vlan_vport_make(struct team *team, const struct vlan_config *vlan, struct datapath_vlan *ret,
		    struct err *err);
int vlan_vport_open(struct team *team, const struct datapath_vlan *vlan, struct err *err);
int vlan_vport_configure(struct team *team, const struct vlan_config *before,
			 const struct vlan_config *vlan, struct err *err);
void vlan_follow_mtu(struct team *team, uint32_t mtu);
void vlan_follow_mac(struct team *team);
void vlan_follow_gso(struct team *team);
void vlan_changed(struct team *team, uint16_t id, const struct link_info *info);
void vlan_lost(struct team *team, uint16_t id);
bool vlan_wants_promisc(const struct team *team, unsigned port);

/* vport.c */
int vport_update(struct team *team);
int vport_create(struct team *team, struct err *err);
int vport_check_free(struct team *team, const char *name, struct err *err);
uint32_t vport_find_inner(struct team *team, const char *inner, uint32_t ifindex); /* 0: none */
int vport_delete_veth(struct team *team, const char *inner, uint32_t ifindex, struct err *err);
int vport_delete(struct team *team, struct err *err);
void vport_changed(struct team *team, const struct link_info *info);
void vport_stacked(struct team *team);
void vport_follow_promisc(struct team *team);
bool vport_wants_promisc(const struct team *team, unsigned i);
void vport_set_carrier(struct team *team, bool up);
int vport_set_mtu(struct team *team, uint32_t mtu, struct err *err);
int vport_limit_gso(struct team *team, struct err *err);

/* reconfigure.c */
int team_bring(struct team *team, const struct config *to, unsigned flags, struct err *err);

/* attach.c */
int team_teardown(struct team *team, struct err *err);

#endif
