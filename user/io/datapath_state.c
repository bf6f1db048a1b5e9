/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_state.c - reading and writing what the programs look at: masks, slots, ports, counters.
 *
 * Called by team/. Masks are changed by single atomic stores on the mapped page, since the kernel
 * side changes bits of the same words; an eight-byte slot is likewise replaced by one store.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/datapath_priv.h"

#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)
#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)

void dp_shortcuts_close(struct datapath *dp, uint64_t ids)
{
	struct bpfteam_tables *tables = dp->mem[DP_TABLES];
	unsigned id;

	for (id = 0; tables && id < BPFTEAM_PORTS_MAX; id++)
		if (ids >> id & 1)
			STORE(tables->shortcuts[id].dev, 0);
}

int datapath_set_masks(struct datapath *dp, const struct datapath_masks *masks)
{
	struct bpfteam_state *state = dp_state(dp);

	if (!state)
		return -ENOENT;
	/* What widens the choice before what narrows it: no frame meets an empty set in between. */
	if (masks->accept)
		STORE(state->accept, *masks->accept);
	if (masks->link)
		STORE(state->link, *masks->link);
	if (masks->fallback)
		__atomic_or_fetch(&state->fallback, *masks->fallback, __ATOMIC_SEQ_CST);
	if (masks->alive)
		STORE(state->alive, *masks->alive);
	if (masks->fallback)
		STORE(state->fallback, *masks->fallback);
	if (masks->promisc)
		STORE(state->promisc, *masks->promisc);
	if (masks->promisc_base)
		STORE(state->promisc_base, *masks->promisc_base);
	if (masks->capture)
		STORE(state->capture, *masks->capture);
	if (masks->alive)
		dp_shortcuts_close(dp, ~*masks->alive);
	if (masks->capture || masks->promisc_base)
		dp_shortcuts_close(dp, ~0ull);
	return 0;
}

static void set_bit(__u64 *word, unsigned id, bool on)
{
	__u64 bit = 1ull << id;

	if (on)
		__atomic_or_fetch(word, bit, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(word, ~bit, __ATOMIC_SEQ_CST);
}

int datapath_set_link(struct datapath *dp, unsigned id, bool up)
{
	if (!dp_state(dp))
		return -ENOENT;
	if (id >= BPFTEAM_PORTS_MAX)
		return -EINVAL;
	set_bit(&dp_state(dp)->link, id, up);
	return 0;
}

int datapath_clear_noticed(struct datapath *dp, unsigned id)
{
	if (!dp_state(dp))
		return -ENOENT;
	if (id >= BPFTEAM_PORTS_MAX)
		return -EINVAL;
	set_bit(&dp_state(dp)->noticed, id, false);
	return 0;
}

int datapath_set_prev(struct datapath *dp, unsigned id, unsigned for_ms)
{
	struct bpfteam_state *state = dp_state(dp);
	struct timespec now;

	if (!state)
		return -ENOENT;
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return -errno;
	/* Port and deadline are two words: between the stores, no port is the previous one. */
	STORE(state->prev_until_ns, 0);
	STORE(state->prev_port, id);
	STORE(state->prev_until_ns,
	      (__u64)now.tv_sec * 1000000000ull + (__u64)now.tv_nsec + for_ms * 1000000ull);
	return 0;
}

int datapath_add_failover(struct datapath *dp)
{
	if (!dp_state(dp))
		return -ENOENT;
	__atomic_add_fetch(&dp_state(dp)->failovers, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int datapath_get_state(struct datapath *dp, struct bpfteam_state *ret)
{
	if (!dp_state(dp))
		return -ENOENT;
	*ret = *dp_state(dp);
	return 0;
}

void dp_store_slots(struct bpfteam_slot *to, const struct bpfteam_slot slots[BPFTEAM_SLOTS])
{
	__u64 *words = (void *)to, word;
	unsigned i;

	for (i = 0; i < BPFTEAM_SLOTS; i++) {
		memcpy(&word, &slots[i], sizeof(word));
		STORE(words[i], word);
	}
}

int datapath_set_slots(struct datapath *dp, const struct bpfteam_slot slots[BPFTEAM_SLOTS],
		       unsigned turns)
{
	if (!dp_slots(dp))
		return -ENOENT;
	dp_store_slots(dp_slots(dp), slots);
	STORE(dp_state(dp)->turns, turns);
	return 0;
}

int datapath_get_slots(struct datapath *dp, struct bpfteam_slot slots[BPFTEAM_SLOTS])
{
	if (!dp_slots(dp))
		return -ENOENT;
	memcpy(slots, dp_slots(dp), sizeof(*slots) * BPFTEAM_SLOTS);
	return 0;
}

int datapath_get_port(struct datapath *dp, unsigned id, struct bpfteam_port *ret)
{
	if (!dp_ports(dp))
		return -ENOENT;
	if (id >= BPFTEAM_PORTS_MAX)
		return -EINVAL;
	*ret = dp_ports(dp)[id];
	return 0;
}

static void add_stats(struct bpfteam_stats *to, const struct bpfteam_stats *from)
{
	unsigned i;

	to->tx_packets += from->tx_packets;
	to->tx_bytes += from->tx_bytes;
	to->rx_packets += from->rx_packets;
	to->rx_bytes += from->rx_bytes;
	for (i = 0; i < BPFTEAM_DROP_MAX; i++)
		to->drops[i] += from->drops[i];
}

int dp_read_rows(const struct datapath *dp, enum dp_map map, __u32 id, size_t size, void *ret,
		 int *n)
{
	void *rows;
	int r;

	if (dp->map[map] < 0)
		return -ENOENT;
	*n = libbpf_num_possible_cpus();
	if (*n < 0)
		return *n;
	rows = calloc((size_t)*n, size);
	if (!rows)
		return -ENOMEM;
	r = bpf_map_lookup_elem(dp->map[map], &id, rows);
	if (r) {
		free(rows);
		return r;
	}
	*(void **)ret = rows;
	return 0;
}

int dp_read_stats(const struct datapath *dp, enum dp_map map, __u32 id, struct bpfteam_stats *ret)
{
	struct bpfteam_stats *rows;
	int i, n, r;

	memset(ret, 0, sizeof(*ret));
	r = dp_read_rows(dp, map, id, sizeof(*rows), &rows, &n);
	if (r)
		return r;
	for (i = 0; i < n; i++)
		add_stats(ret, &rows[i]);
	free(rows);
	return 0;
}

int datapath_get_stats(struct datapath *dp, unsigned id, struct bpfteam_stats *ret)
{
	return dp_read_stats(dp, DP_STATS, id, ret);
}

/*
 * Each CPU's row goes to the same CPU's row of the team. A frame that is dropped for want of a port
 * between the read and the write is not counted; the port's own row is quiet, as it has left.
 */
int datapath_retire(struct datapath *dp, unsigned id)
{
	struct bpfteam_stats *rows = NULL, *team = NULL;
	__u32 team_id = BPFTEAM_STATS_TEAM, port_id = id;
	int i, n, r;

	if (id >= BPFTEAM_PORTS_MAX)
		return -EINVAL;
	r = dp_read_rows(dp, DP_STATS, port_id, sizeof(*rows), &rows, &n);
	if (!r)
		r = dp_read_rows(dp, DP_STATS, team_id, sizeof(*team), &team, &n);
	if (r)
		goto out;
	for (i = 0; i < n; i++)
		add_stats(&team[i], &rows[i]);
	memset(rows, 0, sizeof(*rows) * (size_t)n);
	r = bpf_map_update_elem(dp->map[DP_STATS], &team_id, team, BPF_ANY);
	if (!r)
		r = bpf_map_update_elem(dp->map[DP_STATS], &port_id, rows, BPF_ANY);
out:
	free(team);
	free(rows);
	return r;
}

int datapath_get_probe(struct datapath *dp, unsigned id, struct bpfteam_probe *ret)
{
	const struct bpfteam_probe *probes = dp->mem[DP_PROBES];

	if (!probes)
		return -ENOENT;
	if (id >= BPFTEAM_PORTS_MAX)
		return -EINVAL;
	*ret = probes[id];
	return 0;
}
