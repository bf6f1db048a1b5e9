// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cma.bpf.c - hears of the RDMA CM's connections and listeners as they get their device (tracepoint
 * rdma_cma:cm_id_attach, drivers/infiniband/core/cma_trace.h), and wakes the daemon, which reads them
 * by netlink. iWARP's have to stay on their RNIC; a look once a second would be late for the first
 * frames.
 */
#include "event.bpf.h"

#define PAUSE_NS 1000000ull

SEC("license")
char LICENSE[] = "GPL";

/* Not a variable: those of all objects are one map (maps.bpf.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cma_told SEC(".maps");

/* Once a millisecond: the daemon looks again and again for a while. */
SEC("raw_tp/cm_id_attach")
int cma_attach(void *ctx)
{
	__u64 now = bpf_ktime_get_ns(), *told;
	__u32 zero = 0;

	told = bpf_map_lookup_elem(&cma_told, &zero);
	if (!told || now - *told < PAUSE_NS)
		return 0;
	*told = now;
	event_send(BPFTEAM_EVENT_RDMA, BPFTEAM_SOURCE_TRACE, BPFTEAM_PORT_NONE);
	return 0;
}
