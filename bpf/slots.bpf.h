/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * slots.bpf.h - reads one slot's list of ports, as a word with the first port in its lowest byte,
 * so that one load sees either the old list or the new one.
 */
#ifndef BPFTEAM_SLOTS_BPF_H
#define BPFTEAM_SLOTS_BPF_H

#include <bpf/bpf_endian.h>

#include "maps.bpf.h"

static __always_inline __u64 slot_word(const struct bpfteam_slot *slot)
{
	const __u64 *list = (const void *)slot;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(*list);
#else
	return *list;
#endif
}

static __always_inline __u64 slot_list(__u32 slot)
{
	return slot_word(&tables.slots[slot & (BPFTEAM_SLOTS - 1)]);
}

#endif
