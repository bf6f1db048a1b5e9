/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_cma.c - events of the RDMA CM, by a raw tracepoint (cma.bpf.c). Called by the daemon for
 * teams with iWARP. The link is this process's and not pinned: nobody else reads the events, and it holds
 * the module rdma_cm.
 */
#include <unistd.h>

#include "cma.skel.h"
#include "io/datapath_priv.h"

int datapath_watch_cma(struct datapath *dp)
{
	struct cma_bpf *skel;
	int r;

	if (dp->cma >= 0)
		return 0;
	if (!dp_have(DP_CMA))
		return -EOPNOTSUPP;
	skel = cma_bpf__open();
	if (!skel)
		return -errno;
	r = dp_maps_reuse(dp, skel->obj, NULL);
	r = r ? r : cma_bpf__load(skel);
	if (!r)
		r = bpf_raw_tracepoint_open("cm_id_attach",
					    bpf_program__fd(skel->progs.cma_attach));
	cma_bpf__destroy(skel);
	if (r < 0)
		return r; /* -ENOENT: rdma_cm is not loaded now */
	dp->cma = r;
	return 0;
}

void dp_cma_close(struct datapath *dp)
{
	if (dp->cma >= 0)
		close(dp->cma);
	dp->cma = -1;
}
