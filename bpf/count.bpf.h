/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * count.bpf.h - the counters, map `port_stats`. Every program runs with softirqs off, so that a
 * CPU's own counter needs no atomic operation.
 */
#ifndef BPFTEAM_COUNT_BPF_H
#define BPFTEAM_COUNT_BPF_H

#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BPFTEAM_STATS_MAX);
	__type(key, __u32);
	__type(value, struct bpfteam_stats);
} port_stats SEC(".maps");

static __always_inline void count_sent(struct bpfteam_stats *stats, __u64 bytes)
{
	stats->tx_packets++;
	stats->tx_bytes += bytes;
}

static __always_inline void count_received(struct bpfteam_stats *stats, __u64 bytes)
{
	stats->rx_packets++;
	stats->rx_bytes += bytes;
}

static __always_inline void count_tx(__u32 id, __u64 bytes)
{
	struct bpfteam_stats *stats = bpf_map_lookup_elem(&port_stats, &id);

	if (stats)
		count_sent(stats, bytes);
}

/* id is where the key lies already: a copy on the stack would cost more than the rest. */
static __always_inline void count_rx(const volatile __u32 *id, __u64 bytes)
{
	struct bpfteam_stats *stats = bpf_map_lookup_elem(&port_stats, (const void *)id);

	if (stats)
		count_received(stats, bytes);
}

/* id may be BPFTEAM_STATS_TEAM: nobody's frame. */
static __always_inline void count_drop(__u32 id, __u32 reason)
{
	struct bpfteam_stats *stats = bpf_map_lookup_elem(&port_stats, &id);

	if (stats && reason < BPFTEAM_DROP_MAX)
		stats->drops[reason]++;
}

#endif
