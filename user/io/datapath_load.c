/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_load.c - the BPF objects, embedded as skeletons: specialise by rodata, give them the
 * team's maps, load.
 *
 * Called by the other datapath files. Whatever a team does not use is off in rodata or not loaded
 * at all, so that the verifier removes it. The verifier's words go to stderr with BPFTEAM_DEBUG=1.
 * libbpf reads the kernel's whole BTF (some 20 ms) for the objects with CO-RE or kfuncs, which is
 * team.bpf.c, xdp.bpf.c and carrier.bpf.c; the port's program must stay free of both.
 */
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carrier.skel.h"
#include "cma.skel.h"
#include "core/mode.h"
#include "io/datapath_priv.h"
#include "port.skel.h"
#include "smc.skel.h"
#include "team.skel.h"
#include "team_plain.skel.h"
#include "xdp.skel.h"
#include "xdp_plain.skel.h"

static uint64_t fnv1a(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		hash = (hash ^ *p++) * 0x100000001b3ull;
	return hash;
}

const char *datapath_build_id(void)
{
	static char id[17];
	uint64_t hash = 0xcbf29ce484222325ull;
	const void *elf;
	size_t len;

	if (id[0])
		return id;
	elf = team_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = team_plain_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = port_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = xdp_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = xdp_plain_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = carrier_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = cma_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	elf = smc_bpf__elf_bytes(&len);
	hash = fnv1a(hash, elf, len);
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)hash);
	return id;
}

static int fail_load(struct err *err, int code, const char *team, const char *what)
{
	if (code == -EPERM || code == -ENOMEM || code == -ENOSYS)
		return dp_fail(err, code, "%s: loading the %s program", team, what);
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return err_set(err, code,
			       "%s: this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which the %s "
			       "program needs",
			       team, what);
	return err_set(err, code,
		       "%s: this kernel refuses the %s program (%s): BPFTEAM_DEBUG=1 shows why",
		       team, what, strerror(-code));
}

/* The timer's map: the pinned one, so that a swap leaves no second timer, or a new one. */
static int reuse_watch(const struct datapath *dp, struct team_bpf *skel, struct err *err)
{
	int fd = dp_get(dp, "watch"), r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return dp_fail(err, fd, "%s: BPF map watch", dp->team);
	r = bpf_map__reuse_fd(skel->maps.watch, fd);
	close(fd);
	return r ? dp_fail(err, r, "%s: BPF map watch", dp->team) : 0;
}

/*
 * What frames are sent by: each way has programs of its own, and no other grows by it. Policies whose hash
 * takes more than the headers in front are one.
 */
enum way { WAY_PLAIN, WAY_POLICY, WAY_TURN, WAY_OWN, WAY_ALL };

static enum way way_of(enum bpfteam_mode mode, enum bpfteam_hash hash)
{
	if (mode == BPFTEAM_BROADCAST)
		return WAY_ALL;
	if (mode_of(mode)->turns)
		return WAY_TURN;
	if (mode_of(mode)->own_macs)
		return WAY_OWN;
	return mode != BPFTEAM_ACTIVE_BACKUP && hash > BPFTEAM_HASH_LAYER23 ? WAY_POLICY
									    : WAY_PLAIN;
}

static struct bpf_program *plain_tx(const struct team_bpf *skel)
{
	/* Shortcuts are opened by the timer alone. */
	if (!skel->rodata->cfg_watch_ns)
		return skel->progs.team_tx;
	if (skel->rodata->cfg_mode == BPFTEAM_ACTIVE_BACKUP)
		return skel->progs.team_tx_first;
	return skel->rodata->cfg_hash == BPFTEAM_HASH_LAYER34 ? skel->progs.team_tx_flow
							      : skel->progs.team_tx_mac;
}

struct bpf_program *dp_team_tx(const struct team_bpf *skel)
{
	struct bpf_program *const by[] = {
		[WAY_PLAIN] = plain_tx(skel),          [WAY_POLICY] = skel->progs.team_tx_policy,
		[WAY_TURN] = skel->progs.team_tx_turn, [WAY_OWN] = skel->progs.team_tx_own,
		[WAY_ALL] = skel->progs.team_tx_all,
	};

	return by[way_of(skel->rodata->cfg_mode, skel->rodata->cfg_hash)];
}

struct bpf_program *dp_team_inner(const struct team_bpf *skel)
{
	struct bpf_program *const by[] = {
		[WAY_PLAIN] = skel->progs.team_inner,
		[WAY_POLICY] = skel->progs.team_inner_policy,
		[WAY_TURN] = skel->progs.team_inner_turn,
		[WAY_OWN] = skel->progs.team_inner_own,
		[WAY_ALL] = skel->progs.team_inner_all,
	};

	return by[way_of(skel->rodata->cfg_mode, skel->rodata->cfg_hash)];
}

struct bpf_program *dp_xdp_prog(const struct xdp_bpf *skel, unsigned where)
{
	struct bpf_program *const by[] = {
		[WAY_PLAIN] = skel->progs.xdp_vport,
		[WAY_POLICY] = skel->progs.xdp_vport_policy,
		[WAY_TURN] = skel->progs.xdp_vport_turn,
		[WAY_OWN] = skel->progs.xdp_vport_own,
		[WAY_ALL] = skel->progs.xdp_vport_all,
	};

	if (where != DP_AT_INNER)
		return skel->progs.xdp_port;
	return by[way_of(skel->rodata->cfg_mode, skel->rodata->cfg_hash)];
}

/* The two objects differ in kfuncs alone, so that one skeleton fits both. */
static struct team_bpf *open_team(bool state)
{
	struct team_bpf *skel = calloc(1, sizeof(*skel));
	int r = skel ? team_bpf__create_skeleton(skel) : -ENOMEM;

	if (!r && !state)
		skel->skeleton->data = team_plain_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!r)
		r = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (!r)
		return skel;
	team_bpf__destroy(skel);
	errno = -r;
	return NULL;
}

/* What every object of the team's programs is specialised by. */
static void specialise(const struct datapath *dp, struct team_bpf *skel, uint64_t watch_ns)
{
	const struct datapath_config *config = &dp->config;

	skel->rodata->cfg_mode = config->mode;
	skel->rodata->cfg_hash = config->hash;
	skel->rodata->cfg_packets_per_slave = config->packets_per_slave;
	skel->rodata->cfg_state = config->detector == DETECT_STATE;
	skel->rodata->cfg_mark = dp_meta(dp)->mark;
	skel->rodata->cfg_watch_ns = watch_ns;
	bpf_map__set_autocreate(skel->maps.turn_count, config->mode == BPFTEAM_BALANCE_RR);
}

static int load_team(struct datapath *dp, struct team_bpf *skel, struct err *err)
{
	int r = team_bpf__load(skel);

	if (r)
		fail_load(err, r, dp->team, "team's");
	/* The trial passed and the program did not: the next choice is another one. */
	if (r && skel->rodata->cfg_state && r != -ENOMEM)
		dp_note(DP_RUNG0, false);
	return r;
}

int dp_load_team(struct datapath *dp, uint64_t watch_ns, struct team_bpf **ret, struct err *err)
{
	bool state = dp->config.detector == DETECT_STATE;
	bool watch = state && dp_have(DP_TIMER);
	struct team_bpf *skel = open_team(state);
	int r;

	if (!skel)
		return fail_load(err, -errno, dp->team, "team's");
	specialise(dp, skel, watch ? watch_ns : 0);
	bpf_program__set_autoload(dp_team_tx(skel), true);
	bpf_program__set_autoload(skel->progs.team_inner, false);
	bpf_program__set_autoload(dp_team_inner(skel), true);
	bpf_program__set_autoload(skel->progs.team_learn, state);
	bpf_program__set_autoload(skel->progs.team_watch, watch);
	bpf_map__set_autocreate(skel->maps.watch, watch);
	r = dp_maps_reuse(dp, skel->obj, err);
	if (!r && watch)
		r = reuse_watch(dp, skel, err);
	r = r ?: load_team(dp, skel, err);
	if (r) {
		team_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

/* What a vport's programs are loaded from: the team's object without all others. */
static struct team_bpf *open_vport(const struct datapath *dp, struct err *err)
{
	bool state = dp->config.detector == DETECT_STATE;
	struct team_bpf *skel = open_team(state);
	struct bpf_program *prog;

	if (!skel) {
		fail_load(err, -errno, dp->team, "vport's");
		return NULL;
	}
	specialise(dp, skel, state && dp_have(DP_TIMER) ? DP_WATCH_NS : 0);
	bpf_object__for_each_program(prog, skel->obj) bpf_program__set_autoload(prog, false);
	bpf_map__set_autocreate(skel->maps.watch, false);
	return skel;
}

static int load_vport(struct datapath *dp, struct team_bpf *skel, struct team_bpf **ret,
		      struct err *err)
{
	int r = dp_maps_reuse(dp, skel->obj, err);

	r = r ?: load_team(dp, skel, err);
	if (r) {
		team_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

int dp_load_rdma(struct datapath *dp, unsigned index, bool spread, struct team_bpf **ret,
		 struct err *err)
{
	struct team_bpf *skel = open_vport(dp, err);

	if (!skel)
		return -ENOEXEC;
	skel->rodata->cfg_rdma_vport = index;
	skel->rodata->cfg_rdma_spread = spread;
	bpf_program__set_autoload(skel->progs.rdma_tx, true);
	bpf_program__set_autoload(skel->progs.rdma_inner, true);
	return load_vport(dp, skel, ret, err);
}

int dp_load_vlan(struct datapath *dp, enum bpfteam_mode mode, enum bpfteam_hash hash, bool slots,
		 struct team_bpf **ret, struct err *err)
{
	struct team_bpf *skel = open_vport(dp, err);

	if (!skel)
		return -ENOEXEC;
	skel->rodata->cfg_mode = mode;
	skel->rodata->cfg_hash = hash;
	skel->rodata->cfg_vlan_slots = slots;
	bpf_program__set_autoload(skel->progs.vlan_tx, true);
	bpf_program__set_autoload(skel->progs.vlan_inner, true);
	bpf_program__set_autoload(skel->progs.vlan_explain, true);
	return load_vport(dp, skel, ret, err);
}

struct bpf_program *dp_port_rx(const struct port_bpf *skel)
{
	return bpf_program__autoload(skel->progs.port_rx) ? skel->progs.port_rx
							  : skel->progs.port_rx_vlan;
}

/* Do ports that are not the active one drop what they receive? */
static bool dp_active_only(const struct datapath_config *config)
{
	return mode_of(config->mode)->active && !config->all_active;
}

int dp_load_port(struct datapath *dp, unsigned id, struct port_bpf **ret, struct err *err)
{
	const struct datapath_config *config = &dp->config;
	struct port_bpf *skel = port_bpf__open();
	int r;

	if (!skel)
		return fail_load(err, -errno, dp->team, "port's");
	skel->rodata->cfg_port = id;
	skel->rodata->cfg_vport = config->ifindex;
	skel->rodata->cfg_active_only = dp_active_only(config);
	skel->rodata->cfg_direct = config->direct;
	memcpy((void *)skel->rodata->cfg_mac, config->mac.byte, sizeof(config->mac.byte));
	skel->rodata->cfg_probe = config->probe;
	memcpy((void *)skel->rodata->cfg_arp_target, config->arp_target,
	       sizeof(config->arp_target));
	skel->rodata->cfg_n_arp_target = config->n_arp_target;
	skel->rodata->cfg_rdma_port = config->rdma_ports >> id & 1;
	skel->rodata->cfg_rdma_vports = dp_rdma_hears(dp, id);
	if (dp_has_vlans(dp)) {
		bpf_program__set_autoload(skel->progs.port_rx, false);
		bpf_program__set_autoload(skel->progs.port_rx_vlan, true);
	}
	r = dp_maps_reuse(dp, skel->obj, err);
	if (!r) {
		r = port_bpf__load(skel);
		if (r)
			fail_load(err, r, dp->team, "port's");
	}
	if (r) {
		port_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

/* As open_team(). */
static struct xdp_bpf *open_xdp(bool state)
{
	struct xdp_bpf *skel = calloc(1, sizeof(*skel));
	int r = skel ? xdp_bpf__create_skeleton(skel) : -ENOMEM;

	if (!r && !state)
		skel->skeleton->data = xdp_plain_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!r)
		r = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (!r)
		return skel;
	xdp_bpf__destroy(skel);
	errno = -r;
	return NULL;
}

int dp_open_xdp(struct datapath *dp, unsigned where, struct xdp_bpf **ret, struct err *err)
{
	const struct datapath_config *config = &dp->config;
	bool state = config->detector == DETECT_STATE, port = where < BPFTEAM_PORTS_MAX;
	struct xdp_bpf *skel = open_xdp(state);
	int r;

	if (!skel)
		return fail_load(err, -errno, dp->team, "XDP");
	skel->rodata->cfg_mode = config->mode;
	skel->rodata->cfg_hash = config->hash;
	skel->rodata->cfg_packets_per_slave = config->packets_per_slave;
	skel->rodata->cfg_state = state;
	skel->rodata->cfg_watch_ns = state && dp_have(DP_TIMER) ? DP_WATCH_NS : 0;
	skel->rodata->cfg_port = port ? where : 0;
	skel->rodata->cfg_vport = config->ifindex;
	/* A tag may be beside the frame, where XDP sees none, and its group have another active port. */
	skel->rodata->cfg_active_only = dp_active_only(config) && !dp_has_vlans(dp);
	memcpy((void *)skel->rodata->cfg_mac, config->mac.byte, sizeof(config->mac.byte));
	skel->rodata->cfg_probe = config->probe;
	skel->rodata->cfg_rdma = port &&
				 (config->rdma_ports >> where & 1 || dp_rdma_hears(dp, where));
	bpf_map__set_autocreate(skel->maps.turn_count, config->mode == BPFTEAM_BALANCE_RR);
	bpf_program__set_autoload(dp_xdp_prog(skel, where), true);
	r = dp_maps_reuse(dp, skel->obj, err);
	if (r) {
		xdp_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

static void select_trace(struct carrier_bpf *skel, bool kprobe)
{
	bpf_program__set_autoload(skel->progs.fentry_off, !kprobe);
	bpf_program__set_autoload(skel->progs.fentry_on, !kprobe);
	bpf_program__set_autoload(skel->progs.kprobe_off, kprobe);
	bpf_program__set_autoload(skel->progs.kprobe_on, kprobe);
}

int dp_load_carrier(struct datapath *dp, bool kprobe, struct carrier_bpf **ret, struct err *err)
{
	struct carrier_bpf *skel = carrier_bpf__open();
	struct stat st;
	int r;

	if (!skel)
		return fail_load(err, -errno, dp->team, "carrier");
	select_trace(skel, kprobe);
	if (!stat("/proc/self/ns/net", &st))
		skel->rodata->cfg_netns = (__u32)st.st_ino;
	r = dp_maps_reuse(dp, skel->obj, err);
	if (!r) {
		r = carrier_bpf__load(skel);
		if (r)
			fail_load(err, r, dp->team, "carrier");
	}
	if (r) {
		carrier_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

int dp_load_trace(bool kprobe)
{
	struct carrier_bpf *skel = carrier_bpf__open();
	int r;

	if (!skel)
		return -errno;
	select_trace(skel, kprobe);
	r = carrier_bpf__load(skel);
	if (!r)
		r = dp_trace_attach(kprobe ? skel->progs.kprobe_off : skel->progs.fentry_off,
				    kprobe);
	if (r >= 0) {
		close(r);
		r = 0;
	}
	carrier_bpf__destroy(skel);
	return r;
}
