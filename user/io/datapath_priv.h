/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_priv.h - what the datapath*.c files share and nobody else sees: the handle, the pinned
 * `meta` map, and each file's functions, by file.
 */
#ifndef BPFTEAM_IO_DATAPATH_PRIV_H
#define BPFTEAM_IO_DATAPATH_PRIV_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>

#include "core/record.h"
#include "io/datapath.h"

/* The attach types of <linux/bpf.h> since Linux 6.6, for older headers. */
#define DP_TCX_INGRESS ((enum bpf_attach_type)46)
#define DP_TCX_EGRESS ((enum bpf_attach_type)47)
#define DP_PROGS_MAX 64 /* BPF_MPROG_MAX: as many programs fit at one place */

#define KPROBE_TYPE "/sys/bus/event_source/devices/kprobe/type"

/* Period of the watch timer, and the slower one while a tracing program tells of changes at once. */
#define DP_WATCH_NS 2000000ull
#define DP_WATCH_SLOW_NS 20000000ull

/*
 * Places that programs are attached to: the ports by id, then the ends of the team's veth, those of the
 * RDMA systems' vports by their index, and those of VLAN groups by id. From DP_AT_MAX on they have no
 * place in `meta`: what a filter is attached to is ours, and takes it along when it goes.
 */
#define DP_AT_TEAM BPFTEAM_PORTS_MAX
#define DP_AT_INNER (BPFTEAM_PORTS_MAX + 1)
#define DP_AT_RDMA (BPFTEAM_PORTS_MAX + 2)
#define DP_AT_RDMA_INNER (DP_AT_RDMA + BPFTEAM_RDMA_MAX)
#define DP_AT_MAX (DP_AT_RDMA_INNER + BPFTEAM_RDMA_MAX)
#define DP_AT_VLAN DP_AT_MAX
#define DP_AT_VLAN_INNER (DP_AT_VLAN + BPFTEAM_VLANS)

/* At the end that the stack binds, where frames are sent. */
static inline bool dp_is_sending(unsigned where)
{
	return where == DP_AT_TEAM || (where >= DP_AT_RDMA && where < DP_AT_RDMA_INNER) ||
	       (where >= DP_AT_VLAN && where < DP_AT_VLAN_INNER);
}

/*
 * Map `meta`: ARRAY[1]. What the data path must know of itself to take itself down again, in
 * whichever process. abi comes first and never moves.
 */
struct dp_meta {
	__u32 abi;
	__u32 clsact; /* attached by clsact filters, not by tcx links */
	__u32 mark; /* cfg_mark: one per team, so that old and new programs agree during a swap */
	__u32 ifindex; /* of the team's veth */
	__u32 inner_ifindex;
	__u32 pad;
	struct {
		__u32 ifindex; /* clsact: where our filter is; 0 = nowhere */
		__u32 prog_id; /* clsact: which program it runs */
		__u32 old_prog_id; /* clsact: or this one, when a swap was cut short */
		__u32 qdisc; /* clsact: the qdisc was made by us */
		__u32 xdp_ifindex; /* libxdp's dispatcher there runs a program of ours; 0 = none */
	} at[DP_AT_MAX];
	__u8 reserved[544];
};
_Static_assert(sizeof(struct dp_meta) == 2048, "dp_meta");

/*
 * Map `record`: ARRAY[2], written in turns. head = generation << 32 | length, 0 while the text is
 * being written; the entry with the higher generation counts.
 */
struct dp_record {
	__u64 head;
	char text[RECORD_TEXT_MAX];
};

/* Maps that datapath_create() makes and pins, those for VLAN groups with the first one; names in
 * datapath_maps.c. */
enum dp_map {
	DP_META,
	DP_TABLES,
	DP_STATS,
	DP_PROBES,
	DP_EVENTS,
	DP_RECORD,
	DP_PORT_IDS,
	DP_TX_PORTS,
	DP_LOCAL,
	DP_RDMA_PORTS,
	DP_RDMA_FLOWS,
	DP_RDMA_STATS,
	DP_VLANS,
	DP_VLAN_IDS,
	DP_VLAN_STATS,
	DP_VLAN_SLOTS,
	DP_MAPS,
};

struct datapath {
	char team[IFNAMSIZ];
	char *bpffs;
	char *dir; /* BPFFS/TEAM */
	int map[DP_MAPS]; /* -1: not there, of a half-made or half-destroyed team */
	void *mem[DP_MAPS]; /* mapped into this process, or NULL */
	struct ring_buffer *ring;
	int cma; /* link of the RDMA CM's tracepoint; -1: none */
	void (*event_fn)(const struct bpfteam_event *event, void *arg);
	void *event_arg;
	bool prefers_filters; /* on our own vports, where links would take too long */
	bool configured;
	struct datapath_config config;
};

/* datapath.c */
void dp_quiet(void); /* once: libbpf and libxdp print only with BPFTEAM_DEBUG=1 */
/* Sets "WHAT: WHY" for an errno of bpf(), bpffs or netlink; returns code. */
int dp_fail(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Name of a device of this namespace, or "ifindex N". */
const char *dp_ifname(uint32_t ifindex, char buf[IFNAMSIZ + 16]);

/* datapath_pin.c: bpffs. Paths are malloc'd. */
char *dp_path(const char *dir, const char *name);
char *dp_team_dir(const char *bpffs, const char *team, bool fresh);
int dp_make_dir(const char *dir,
		struct err *err); /* fresh folder, an abandoned one removed first */
int dp_remove_dir(const char *dir);
int dp_pin(const struct datapath *dp, int fd, const char *name); /* replaces atomically */
int dp_unpin(const struct datapath *dp, const char *name); /* 0 also when not there */
int dp_get(const struct datapath *dp, const char *name); /* fd, or -errno */
int dp_each_pin(const char *dir, int (*fn)(const char *name, void *arg), void *arg);

/* datapath_maps.c */
int dp_maps_create(struct datapath *dp, struct err *err);
int dp_maps_open(struct datapath *dp, struct err *err); /* missing ones stay -1; -EPROTO */
void dp_maps_close(struct datapath *dp);
int dp_maps_add(struct datapath *dp, enum dp_map map, struct err *err); /* 0 too when it is there */
int dp_maps_reuse(const struct datapath *dp, struct bpf_object *obj, struct err *err);
static inline struct dp_meta *dp_meta(const struct datapath *dp)
{
	return dp->mem[DP_META];
}
static inline struct bpfteam_state *dp_state(const struct datapath *dp)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];

	return tables ? &tables->state : NULL;
}
static inline struct bpfteam_port *dp_ports(const struct datapath *dp)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];

	return tables ? tables->ports : NULL;
}
static inline struct bpfteam_slot *dp_slots(const struct datapath *dp)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];

	return tables ? tables->slots : NULL;
}

static inline struct bpfteam_rdma *dp_rdma(const struct datapath *dp)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];

	return tables ? tables->rdma : NULL;
}

/* By id; NULL in a team that never had a VLAN group. */
static inline struct bpfteam_vlan *dp_vlans(const struct datapath *dp)
{
	return dp->mem[DP_VLANS];
}

static inline struct bpfteam_local *dp_local(const struct datapath *dp)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];

	return tables ? &tables->local : NULL;
}

/* datapath_local.c: an address as the programs see it. */
struct bpfteam_ip dp_ip(const struct addr *addr);

/* datapath_rdma.c: has a frame of an RDMA system's vport to be looked for on that port? */
/* The per-CPU values of one id: *ret is malloc'd, of *n elements of that size. */
int dp_read_rows(const struct datapath *dp, enum dp_map map, __u32 id, size_t size, void *ret,
		 int *n);
bool dp_rdma_hears(const struct datapath *dp, unsigned id);

/* datapath_cma.c */
void dp_cma_close(struct datapath *dp);

/* datapath_vlan.c: is any VLAN a group's? */
bool dp_has_vlans(const struct datapath *dp);

/* datapath_event.c: runs a program that explains. */
int dp_explain(const struct datapath *dp, int prog_fd, const void *frame, size_t len,
	       struct __sk_buff *ctx, struct datapath_verdict *ret, struct err *err);

/* datapath_state.c */
/* Slot by slot, each by one store. */
void dp_store_slots(struct bpfteam_slot *to, const struct bpfteam_slot slots[BPFTEAM_SLOTS]);
/* Summed over the CPUs, of a per-CPU map of struct bpfteam_stats. */
int dp_read_stats(const struct datapath *dp, enum dp_map map, __u32 id, struct bpfteam_stats *ret);
/* A mask of ids, after what was changed by which their shortcuts are none. The watch timer opens. */
void dp_shortcuts_close(struct datapath *dp, uint64_t ids);

/* datapath_load.c: each opens a skeleton, sets its rodata, reuses the maps and loads. */
struct team_bpf;
struct port_bpf;
struct xdp_bpf;
struct carrier_bpf;
int dp_load_team(struct datapath *dp, uint64_t watch_ns, struct team_bpf **ret, struct err *err);
/* The same object for what RDMA vport index sends, with the programs for that alone. */
int dp_load_rdma(struct datapath *dp, unsigned index, bool spread, struct team_bpf **ret,
		 struct err *err);
/* And for VLAN groups of one mode and policy. slots: they have a table beside the team's. */
int dp_load_vlan(struct datapath *dp, enum bpfteam_mode mode, enum bpfteam_hash hash, bool slots,
		 struct team_bpf **ret, struct err *err);
/* Which of its programs sends, and which takes on what crossed the veth; the others are not loaded. */
struct bpf_program *dp_team_tx(const struct team_bpf *skel);
struct bpf_program *dp_team_inner(const struct team_bpf *skel);
/* Which of its programs receives. */
struct bpf_program *dp_port_rx(const struct port_bpf *skel);
int dp_load_port(struct datapath *dp, unsigned id, struct port_bpf **ret, struct err *err);
int dp_load_carrier(struct datapath *dp, bool kprobe, struct carrier_bpf **ret, struct err *err);
/* Opens only: whoever attaches it loads it, libxdp as an extension of its dispatcher. */
int dp_open_xdp(struct datapath *dp, unsigned where, struct xdp_bpf **ret, struct err *err);
struct bpf_program *dp_xdp_prog(const struct xdp_bpf *skel, unsigned where); /* the one to load */
int dp_load_trace(bool kprobe); /* a trial, without a team; attaches, and detaches again */
/* Runs a program once on frame with ctx; the kernel writes ctx back. Returns -errno or 0. */
int dp_run(int prog_fd, const void *frame, size_t len, struct __sk_buff *ctx, uint32_t *retval);

/* datapath_attach.c: where = port id, DP_AT_TEAM or DP_AT_INNER. Swaps what is there already. */
int dp_attach(struct datapath *dp, unsigned where, uint32_t ifindex, int prog_fd, struct err *err);
int dp_detach(struct datapath *dp, unsigned where, struct err *err);
bool dp_attached(struct datapath *dp, unsigned where, uint32_t ifindex);

/* datapath_clsact.c: the same by cls_bpf filters. */
int dp_clsact_attach(struct datapath *dp, unsigned where, uint32_t ifindex, int prog_fd,
		     struct err *err);
int dp_clsact_detach(struct datapath *dp, unsigned where, struct err *err);
bool dp_clsact_attached(struct datapath *dp, unsigned where, uint32_t ifindex);
/* Are there filters at ingress that run after ours? tcx: ours is there, before any filter. */
bool dp_clsact_behind(uint32_t ifindex, bool tcx);

/* datapath_detect.c: timer and tracing, whichever dp->config.detector wants; the others go. */
int dp_trace_attach(struct bpf_program *prog, bool kprobe); /* link fd, or -errno */
int dp_detect_trace(struct datapath *dp, bool *ret_traced, struct err *err);
int dp_detect_watch(struct datapath *dp, const struct team_bpf *team, struct err *err);
/* id: a port's, or BPFTEAM_LEARN_TEAM. */
int dp_detect_learn(struct datapath *dp, unsigned id, uint32_t ifindex, struct err *err);

/* datapath_xdp.c */
/* As dp->config.xdp says: attach or swap, or take away. */
int dp_xdp_apply(struct datapath *dp, unsigned where, uint32_t ifindex, struct err *err);
int dp_xdp_leave(struct datapath *dp, unsigned where, struct err *err);

/* datapath_feature.c: probes only the one that is asked for. */
enum dp_feature {
	DP_BPF,
	DP_TCX,
	DP_CLSACT,
	DP_RUNG0,
	DP_TIMER,
	DP_FENTRY,
	DP_KPROBE,
	DP_FREPLACE,
	DP_XDP,
	DP_SMC,
	DP_CMA,
	DP_FEATURES,
};
bool dp_have(enum dp_feature feature);
bool dp_maybe(enum dp_feature feature); /* not known to be absent; never probes */
void dp_note(enum dp_feature feature, bool have); /* somebody has tried it for good */
/* datapath_btf.c: type ids in the kernel's BTF. -ENOENT when one of them is not there. */
struct dp_btf {
	const char *name;
	uint32_t kind; /* BTF_KIND_* */
	uint32_t id;
};
int dp_btf_find(struct dp_btf *want, unsigned n);
/* datapath_try.c: what dp_have() tries, 0 or -errno each. */
int dp_try_bpf(void);
int dp_try_tcx(void);
int dp_try_clsact(void);
int dp_try_rung0(void);
int dp_try_timer(void);
int dp_try_tracing(void); /* whether such a program loads; attaching it may yet be refused */
int dp_try_freplace(void);
int dp_try_xdp(void);
int dp_try_smc(void);
int dp_try_cma(void);

#endif
