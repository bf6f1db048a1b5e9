/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_behind.c - who else is at a port's ingress, and comes too late: the team's program takes
 * frames away from what runs behind it. At a tcx hook programs run in their order, and the filters of
 * a clsact qdisc after all of them (net/core/dev.c, sch_handle_ingress()).
 *
 * Called by the doctor, who knows no team's maps: ours is told by its name.
 */
#include <arpa/inet.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/datapath_priv.h"

#define OURS "port_rx"

static bool name_of_program(__u32 id, char ret[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return false;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.name[0] = '\0';
	close(fd);
	snprintf(ret, BPF_OBJ_NAME_LEN, "%s", info.name);
	return true;
}

bool datapath_behind(uint32_t ifindex, char *ret, size_t size)
{
	char name[BPF_OBJ_NAME_LEN];
	__u32 progs[DP_PROGS_MAX], n = DP_PROGS_MAX;
	bool ours = false;

	if (bpf_prog_query((int)ifindex, DP_TCX_INGRESS, 0, NULL, progs, &n))
		n = 0;
	for (__u32 i = 0; i < n; i++) {
		if (!name_of_program(progs[i], name))
			continue;
		if (ours) {
			snprintf(ret, size, "the BPF program %s", *name ? name : "without a name");
			return true;
		}
		ours = !strcmp(name, OURS);
	}
	if (!dp_clsact_behind(ifindex, ours))
		return false;
	snprintf(ret, size, "a tc filter");
	return true;
}
