/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * slots.bpf.h - map `slots`: reading one list of ports, as a word with the first port in its lowest
 * byte, so that one load sees either the old list or the new one.
 */
#ifndef BPFTEAM_SLOTS_BPF_H
#define BPFTEAM_SLOTS_BPF_H

#include <bpf/bpf_endian.h>

#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFTEAM_SLOTS);
	__type(key, __u32);
	__type(value, struct bpfteam_slot);
} slots SEC(".maps");

/* An empty list: BPFTEAM_PORT_NONE everywhere. */
#define SLOT_EMPTY (~0ull)

static __always_inline __u64 slot_list(__u32 slot)
{
	const __u64 *list = bpf_map_lookup_elem(&slots, &slot);

	if (unlikely(!list))
		return SLOT_EMPTY;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(*list);
#else
	return *list;
#endif
}

#endif
