/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.bpf.h - the map that every object uses. The others stand in the header of their concern, so
 * that an object makes no map it has no use for; abi.h says what each holds.
 *
 * What user space changes bit by bit or word by word can be mapped into memory: an update through
 * bpf() replaces a whole value, which would undo what the kernel side did meanwhile.
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

/* The only variable of its kind (.bss), and so the map `tables`. */
struct bpfteam_tables tables;

static __always_inline struct bpfteam_state *state_get(void)
{
	return &tables.state;
}

/* NULL for an id that can't be. */
static __always_inline struct bpfteam_port *port_get(__u32 id)
{
	return id < BPFTEAM_PORTS_MAX ? &tables.ports[id & (BPFTEAM_PORTS_MAX - 1)] : NULL;
}

#endif
