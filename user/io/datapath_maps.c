/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_maps.c - the pinned maps of a team: made here once, from the sizes of abi.h, opened by
 * every later process, and given to each BPF object before it loads.
 *
 * Called by datapath.c and datapath_load.c. Maps whose words user space and BPF programs change at
 * the same time are BPF_F_MMAPABLE (Linux 5.5) and mapped into the process: a bit is then set with
 * one atomic instruction, where a map update would overwrite the whole value. `watch` is not among
 * them: it holds a bpf_timer, whose map needs the BTF that only the BPF object has, so libbpf makes
 * it (datapath_detect.c).
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/datapath_priv.h"

#define TABLES "tables"

static const struct {
	const char *name;
	enum bpf_map_type type;
	__u32 key_size, value_size, max_entries, flags;
} specs[DP_MAPS] = {
	[DP_META] = {"meta", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct dp_meta), 1, BPF_F_MMAPABLE},
	[DP_TABLES] = {TABLES, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct bpfteam_tables), 1,
		       BPF_F_MMAPABLE},
	[DP_STATS] = {"port_stats", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct bpfteam_stats),
		      BPFTEAM_STATS_MAX, 0},
	[DP_PROBES] = {"probes", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct bpfteam_probe),
		       BPFTEAM_PORTS_MAX, BPF_F_MMAPABLE},
	[DP_EVENTS] = {"events", BPF_MAP_TYPE_RINGBUF, 0, 0, 64 * 1024, 0},
	[DP_RECORD] = {"record", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct dp_record), 2,
		       BPF_F_MMAPABLE},
	[DP_PORT_IDS] = {"port_ids", BPF_MAP_TYPE_HASH, 4, 4, BPFTEAM_PORTS_MAX, 0},
	[DP_TX_PORTS] = {"tx_ports", BPF_MAP_TYPE_DEVMAP, 4, 4, BPFTEAM_PORTS_MAX, 0},
	[DP_LOCAL] = {"local", BPF_MAP_TYPE_HASH, sizeof(struct bpfteam_ip), 4, BPFTEAM_LOCAL_MAX,
		      0},
	[DP_RDMA_PORTS] = {"rdma_ports", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct bpfteam_rdma_bitmap),
			   1, BPF_F_MMAPABLE},
	[DP_RDMA_FLOWS] = {"rdma_flows", BPF_MAP_TYPE_HASH, sizeof(struct bpfteam_rdma_flow), 4,
			   BPFTEAM_RDMA_FLOWS_MAX + BPFTEAM_RDMA_BY_HAND_MAX, BPF_F_NO_PREALLOC},
	[DP_RDMA_STATS] = {"rdma_stats", BPF_MAP_TYPE_PERCPU_ARRAY, 4,
			   sizeof(struct bpfteam_rdma_stats), BPFTEAM_PORTS_MAX, 0},
};

static int map_memory(struct datapath *dp, enum dp_map map)
{
	size_t size = (size_t)specs[map].value_size * specs[map].max_entries;
	void *mem;

	if (!(specs[map].flags & BPF_F_MMAPABLE))
		return 0;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dp->map[map], 0);
	if (mem == MAP_FAILED)
		return -errno;
	dp->mem[map] = mem;
	return 0;
}

int dp_maps_create(struct datapath *dp, struct err *err)
{
	unsigned i;
	int r;

	for (i = 0; i < DP_MAPS; i++) {
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = specs[i].flags);

		r = bpf_map_create(specs[i].type, specs[i].name, specs[i].key_size,
				   specs[i].value_size, specs[i].max_entries, &opts);
		if (r < 0)
			return dp_fail(err, r, "%s: BPF map %s", dp->team, specs[i].name);
		dp->map[i] = r;
		r = map_memory(dp, i);
		if (!r)
			r = dp_pin(dp, dp->map[i], specs[i].name);
		if (r)
			return dp_fail(err, r, "%s: BPF map %s", dp->team, specs[i].name);
	}
	memset(dp_slots(dp), BPFTEAM_PORT_NONE, sizeof(struct bpfteam_slot) * BPFTEAM_SLOTS);
	return datapath_set_local(dp, NULL, 0);
}

static bool map_fits(int fd, enum dp_map map)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == specs[map].type &&
	       info.key_size == specs[map].key_size && info.value_size == specs[map].value_size &&
	       info.max_entries == specs[map].max_entries &&
	       (info.map_flags & (BPF_F_MMAPABLE | BPF_F_NO_PREALLOC)) ==
		       (specs[map].flags & (BPF_F_MMAPABLE | BPF_F_NO_PREALLOC));
}

static int fail_abi(const struct datapath *dp, struct err *err)
{
	return err_set(err, -EPROTO,
		       "%s: was made by another version of bpfteam: detach it with that one, "
		       "or reboot",
		       dp->team);
}

int dp_maps_open(struct datapath *dp, struct err *err)
{
	unsigned i;
	int r;

	for (i = 0; i < DP_MAPS; i++) {
		r = dp_get(dp, specs[i].name);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return dp_fail(err, r, "%s: BPF map %s", dp->team, specs[i].name);
		dp->map[i] = r;
		if (!map_fits(dp->map[i], i))
			return fail_abi(dp, err);
		r = map_memory(dp, i);
		if (r)
			return dp_fail(err, r, "%s: BPF map %s", dp->team, specs[i].name);
		if (i == DP_META && dp_meta(dp)->abi != BPFTEAM_ABI_VERSION)
			return fail_abi(dp, err);
	}
	return 0;
}

void dp_maps_close(struct datapath *dp)
{
	unsigned i;

	for (i = 0; i < DP_MAPS; i++) {
		if (dp->mem[i])
			munmap(dp->mem[i], (size_t)specs[i].value_size * specs[i].max_entries);
		if (dp->map[i] >= 0)
			close(dp->map[i]);
		dp->mem[i] = NULL;
		dp->map[i] = -1;
	}
}

static int reuse_one(const struct datapath *dp, struct bpf_map *map, enum dp_map i, struct err *err)
{
	int r;

	if (dp->map[i] < 0)
		return err_set(err, -ENOENT,
			       "%s: BPF map %s is gone: detach the team and attach "
			       "it again",
			       dp->team, specs[i].name);
	/* bpf_map__reuse_fd() takes over whatever it is given, so a drift would go unseen. */
	if (bpf_map__type(map) != specs[i].type || bpf_map__key_size(map) != specs[i].key_size ||
	    bpf_map__value_size(map) != specs[i].value_size ||
	    bpf_map__max_entries(map) != specs[i].max_entries)
		return err_set(err, -EPROTO, "%s: BPF map %s is not as the programs declare it",
			       dp->team, specs[i].name);
	r = bpf_map__reuse_fd(map, dp->map[i]);
	return r ? dp_fail(err, r, "%s: BPF map %s", dp->team, specs[i].name) : 0;
}

/* Our name of an object's map. libbpf calls the map of its variables OBJECT.bss. */
static const char *map_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map), *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".bss") ? TABLES : name;
}

int dp_maps_reuse(const struct datapath *dp, struct bpf_object *obj, struct err *err)
{
	struct bpf_map *map;
	unsigned i;
	int r;

	bpf_object__for_each_map(map, obj)
	{
		for (i = 0; i < DP_MAPS; i++) {
			if (strcmp(map_name(map), specs[i].name))
				continue;
			r = reuse_one(dp, map, i, err);
			if (r)
				return r;
		}
	}
	return 0;
}
