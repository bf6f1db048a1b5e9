// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datapath_vlan.c - VLAN groups: their places in map `vlans`, programs at both ends of their veths.
 * Called by team/.
 *
 * A team may have 4,094 groups, so programs know nothing of a single one: all of one mode and policy run
 * the same, which finds its group by the device's ifindex. A place is filled before anything is
 * attached, and its ifindex, by which the id is claimed, comes last.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/datapath_priv.h"
#include "team.skel.h"

#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)
#define PRIORITY_SHIFT 13
/*
 * A tcx link waits for all CPUs, some 15 ms, with the RTNL held (net/core's tcx_entry_sync()); a clsact
 * filter does not, and costs each frame some 190 instructions more. So inner ends, which hardly a frame
 * crosses, have filters, and where more groups than this are made in one go their other ends, too.
 */
#define MANY 256

static struct bpfteam_vlan *place(const struct datapath *dp, uint16_t id)
{
	return dp_vlans(dp) && id < BPFTEAM_VLANS ? &dp_vlans(dp)[id] : NULL;
}

bool dp_has_vlans(const struct datapath *dp)
{
	for (unsigned id = 0; dp_vlans(dp) && id < BPFTEAM_VLANS; id++) {
		if (dp_vlans(dp)[id].ifindex)
			return true;
	}
	return false;
}

const struct bpfteam_vlan *datapath_vlan(const struct datapath *dp, uint16_t id)
{
	const struct bpfteam_vlan *vlan = place(dp, id);

	return vlan && vlan->inner[0] ? vlan : NULL;
}

uint16_t datapath_next_vlan(const struct datapath *dp, uint16_t id)
{
	while (dp_vlans(dp) && ++id < BPFTEAM_VLANS) {
		if (datapath_vlan(dp, id))
			return id;
	}
	return 0;
}

uint16_t datapath_vlan_of(const struct datapath *dp, uint32_t ifindex)
{
	__u32 id;

	if (dp->map[DP_VLAN_IDS] < 0 || bpf_map_lookup_elem(dp->map[DP_VLAN_IDS], &ifindex, &id))
		return 0;
	return id;
}

int datapath_note_vlan(struct datapath *dp, uint16_t id, const char *name, const char *inner,
		       struct err *err)
{
	static const enum dp_map maps[] = {DP_VLANS, DP_VLAN_IDS, DP_VLAN_STATS};
	struct bpfteam_vlan *vlan;
	int r = 0;

	for (unsigned i = 0; !r && i < sizeof(maps) / sizeof(maps[0]); i++)
		r = dp_maps_add(dp, maps[i], err);
	if (r)
		return r;
	vlan = place(dp, id);
	if (!vlan)
		return err_set(err, -EINVAL, "%s: there is no VLAN %u", dp->team, id);
	memset(vlan, 0, sizeof(*vlan));
	memset(&vlan->list, BPFTEAM_PORT_NONE, sizeof(vlan->list));
	snprintf(vlan->name, sizeof(vlan->name), "%s", name);
	snprintf(vlan->inner, sizeof(vlan->inner), "%s", inner);
	return 0;
}

static bool same_programs(const struct datapath_vlan *a, const struct datapath_vlan *b)
{
	if ((a->mode == BPFTEAM_ACTIVE_BACKUP) != (b->mode == BPFTEAM_ACTIVE_BACKUP))
		return false;
	return a->mode == BPFTEAM_ACTIVE_BACKUP || a->hash == b->hash;
}

static int set_ids(struct datapath *dp, const struct datapath_vlan *vlan)
{
	__u32 id = vlan->id;
	int r = bpf_map_update_elem(dp->map[DP_VLAN_IDS], &vlan->ifindex, &id, BPF_ANY);

	return r ? r
		 : bpf_map_update_elem(dp->map[DP_VLAN_IDS], &vlan->inner_ifindex, &id, BPF_ANY);
}

/*
 * The receiving side follows before a group that was active-backup sends by any port, and after one that
 * becomes it has left the others.
 */
static int set_one(struct datapath *dp, const struct datapath_vlan *vlan,
		   const struct team_bpf *team, bool many, struct err *err)
{
	bool active_only = vlan->mode == BPFTEAM_ACTIVE_BACKUP && !dp->config.all_active;
	struct bpfteam_vlan *entry = place(dp, vlan->id);
	int r;

	if (!entry)
		return err_set(err, -EINVAL, "%s: there is no VLAN %u", dp->team, vlan->id);
	r = set_ids(dp, vlan);
	if (r)
		return dp_fail(err, r, "%s: BPF map vlan_ids", dp->team);
	STORE(entry->tci, vlan->id | vlan->priority << PRIORITY_SHIFT);
	STORE(entry->proto, htons(vlan->protocol == VLAN_8021AD ? ETH_P_8021AD : ETH_P_8021Q));
	STORE(entry->inner_ifindex, vlan->inner_ifindex);
	if (!entry->ifindex || !active_only)
		STORE(entry->active_only, active_only);
	STORE(entry->ifindex, vlan->ifindex);
	dp->prefers_filters = dp_have(DP_CLSACT);
	r = dp_attach(dp, DP_AT_VLAN_INNER + vlan->id, vlan->inner_ifindex,
		      bpf_program__fd(team->progs.vlan_inner), err);
	dp->prefers_filters = many && dp_have(DP_CLSACT);
	if (!r)
		r = dp_attach(dp, DP_AT_VLAN + vlan->id, vlan->ifindex,
			      bpf_program__fd(team->progs.vlan_tx), err);
	if (!r)
		STORE(entry->active_only, active_only);
	return r;
}

int datapath_set_vlans(struct datapath *dp, const struct datapath_vlan *vlans, unsigned n,
		       bool own_slots, struct err *err)
{
	int r = 0;

	for (unsigned i = 0; !r && i < n; i++) {
		struct team_bpf *team = NULL;
		unsigned first = 0;

		while (!same_programs(&vlans[first], &vlans[i]))
			first++;
		if (first < i)
			continue; /* done with that one */
		r = dp_load_vlan(dp, vlans[i].mode, vlans[i].hash, own_slots, &team, err);
		for (unsigned k = i; !r && k < n; k++) {
			if (same_programs(&vlans[i], &vlans[k]))
				r = set_one(dp, &vlans[k], team, n > MANY, err);
		}
		team_bpf__destroy(team);
	}
	return r;
}

static void zero_stats(struct datapath *dp, __u32 id)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpfteam_stats *rows = cpus > 0 ? calloc((size_t)cpus, sizeof(*rows)) : NULL;

	if (rows)
		bpf_map_update_elem(dp->map[DP_VLAN_STATS], &id, rows, BPF_ANY);
	free(rows);
}

int datapath_clear_vlan(struct datapath *dp, uint16_t id, struct err *err)
{
	struct bpfteam_vlan *vlan = place(dp, id);
	__u32 ends[2];
	int r, r2;

	if (!vlan)
		return 0;
	ends[0] = vlan->ifindex;
	ends[1] = vlan->inner_ifindex;
	STORE(vlan->ifindex, 0);
	r = dp_detach(dp, DP_AT_VLAN + id, err);
	r2 = dp_detach(dp, DP_AT_VLAN_INNER + id, r ? NULL : err);
	if (dp->map[DP_VLAN_IDS] >= 0) {
		bpf_map_delete_elem(dp->map[DP_VLAN_IDS], &ends[0]);
		bpf_map_delete_elem(dp->map[DP_VLAN_IDS], &ends[1]);
	}
	memset(vlan, 0, sizeof(*vlan));
	zero_stats(dp, id);
	return r ? r : r2;
}

void datapath_set_vlan_ports(struct datapath *dp, uint16_t id, uint64_t mask,
			     const struct bpfteam_slot *list)
{
	struct bpfteam_vlan *vlan = place(dp, id);
	uint64_t word;

	if (!vlan)
		return;
	memcpy(&word, list, sizeof(word));
	__atomic_or_fetch(&vlan->mask, mask, __ATOMIC_SEQ_CST);
	STORE(*(uint64_t *)&vlan->list, word);
	STORE(vlan->mask, mask);
}

void datapath_set_vlan_promisc(struct datapath *dp, uint16_t id, uint32_t promisc)
{
	struct bpfteam_vlan *vlan = place(dp, id);

	if (vlan)
		STORE(vlan->promisc, promisc);
}

void datapath_set_vlan_carrier(struct datapath *dp, uint16_t id, bool up)
{
	struct bpfteam_vlan *vlan = place(dp, id);

	if (vlan)
		STORE(vlan->carrier, up);
}

int datapath_set_vlan_slots(struct datapath *dp, const struct bpfteam_slot slots[BPFTEAM_SLOTS],
			    struct err *err)
{
	int r = dp_maps_add(dp, DP_VLAN_SLOTS, err);

	if (r)
		return r;
	dp_store_slots(dp->mem[DP_VLAN_SLOTS], slots);
	return 0;
}

int datapath_get_vlan_stats(struct datapath *dp, uint16_t id, struct bpfteam_stats *ret)
{
	return dp_read_stats(dp, DP_VLAN_STATS, id, ret);
}

int datapath_explain_vlan(struct datapath *dp, const struct datapath_vlan *vlan, bool own_slots,
			  const void *frame, size_t len, struct datapath_verdict *ret,
			  struct err *err)
{
	struct __sk_buff ctx = {.cb = {vlan->id}};
	struct team_bpf *team = NULL;
	int r = dp_load_vlan(dp, vlan->mode, vlan->hash, own_slots, &team, err);

	if (!r)
		r = dp_explain(dp, bpf_program__fd(team->progs.vlan_explain), frame, len, &ctx, ret,
			       err);
	team_bpf__destroy(team);
	return r;
}
