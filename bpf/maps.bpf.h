/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.bpf.h - the two maps that every object uses. The others stand in the header of their concern,
 * so that an object makes no map it has no use for; abi.h says what each holds.
 *
 * Array maps that user space changes bit by bit or word by word can be mapped into memory: an
 * update through bpf() replaces a whole value, which would undo what the kernel side did meanwhile.
 */
#ifndef BPFTEAM_MAPS_BPF_H
#define BPFTEAM_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpfteam/abi.h"

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpfteam_state);
} team_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFTEAM_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct bpfteam_port);
} ports SEC(".maps");

static __always_inline struct bpfteam_state *state_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&team_state, &zero);
}

static __always_inline struct bpfteam_port *port_get(__u32 id)
{
	return bpf_map_lookup_elem(&ports, &id);
}

#endif
