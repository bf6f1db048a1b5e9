/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_clsact.c - programs on devices by cls_bpf filters on a clsact qdisc, for kernels without
 * tcx (before Linux 6.6).
 *
 * Called by datapath_attach.c. A filter can't be pinned and is no file: where ours are, and the ids
 * of the programs they run, stands in `meta`, written before the kernel is asked, so that a killed
 * attach is found again. The ids tell ours from a filter that somebody put on another device of the
 * same ifindex. The qdisc goes with our last filter only when we made it and nobody else uses it.
 * Moving a device to another namespace removes its qdiscs (dev_change_net_namespace(), net/core/dev.c).
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/datapath_priv.h"

/* A place of our own among a hook's filters. Lower priorities run first. */
#define FILTER_HANDLE 0xb7ea
#define FILTER_PRIORITY 0xb7ea

#define INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

static enum bpf_tc_attach_point attach_point(unsigned where)
{
	return dp_is_sending(where) ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

/* The id of the program that our place of the hook runs, 0 = none. */
static __u32 running(unsigned where, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = attach_point(where));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

static bool is_ours(const struct datapath *dp, unsigned where)
{
	const struct dp_meta *meta = dp_meta(dp);
	__u32 id = running(where, meta->at[where].ifindex);

	return id && (id == meta->at[where].prog_id || id == meta->at[where].old_prog_id);
}

bool dp_clsact_attached(struct datapath *dp, unsigned where, uint32_t ifindex)
{
	if (where >= DP_AT_MAX)
		return ifindex && running(where, ifindex);
	return ifindex && dp_meta(dp)->at[where].ifindex == ifindex && is_ours(dp, where);
}

struct filters {
	unsigned above; /* priorities up to this one are not counted */
	unsigned n;
};

static int count_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct filters *filters = arg;

	if (nlh->nlmsg_type == RTM_NEWTFILTER && TC_H_MAJ(tcm->tcm_info) >> 16 > filters->above)
		filters->n++;
	return MNL_CB_OK;
}

/* Adds the filters of one side of a device's clsact. */
static int count_filters(struct mnl_socket *socket, uint32_t ifindex, uint32_t parent,
			 struct filters *filters)
{
	char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	ssize_t len;
	int r;

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = (__u32)time(NULL);
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = parent;
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		r = mnl_cb_run(buf, (size_t)len, 0, 0, count_filter, filters);
	} while (r > 0);
	return r < 0 ? -errno : 0;
}

/* Errs to the side of not empty. */
static bool is_empty(uint32_t ifindex)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	struct filters all = {0};
	bool empty;

	if (!socket)
		return false;
	empty = !mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) &&
		!count_filters(socket, ifindex, INGRESS, &all) &&
		!count_filters(socket, ifindex, EGRESS, &all) && !all.n;
	mnl_socket_close(socket);
	return empty;
}

bool dp_clsact_behind(uint32_t ifindex, bool tcx)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	struct filters behind = {.above = tcx ? 0 : FILTER_PRIORITY};

	if (!socket)
		return false;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ||
	    count_filters(socket, ifindex, INGRESS, &behind))
		behind.n = 0;
	mnl_socket_close(socket);
	return behind.n;
}

static int make_qdisc(struct dp_meta *meta, unsigned where)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)meta->at[where].ifindex,
		    .attach_point = attach_point(where));
	int r;

	/* First, for the case that we are killed in between. */
	meta->at[where].qdisc = 1;
	r = bpf_tc_hook_create(&hook);
	if (r)
		meta->at[where].qdisc = 0;
	return r == -EEXIST ? 0 : r;
}

static __u32 program_id(int prog_fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &len) ? 0 : info.id;
}

/* To a device that is ours and takes the filter along when it goes: nothing has to be remembered. */
static int attach_to_ours(unsigned where, uint32_t ifindex, int prog_fd, struct err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = attach_point(where));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	char name[IFNAMSIZ + 16];
	int r = bpf_tc_hook_create(&hook);

	if (!r || r == -EEXIST)
		r = bpf_tc_attach(&hook, &opts);
	return r ? dp_fail(err, r, "%s: attaching the BPF program", dp_ifname(ifindex, name)) : 0;
}

int dp_clsact_attach(struct datapath *dp, unsigned where, uint32_t ifindex, int prog_fd,
		     struct err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = attach_point(where));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	struct dp_meta *meta = dp_meta(dp);
	char name[IFNAMSIZ + 16];
	bool fresh;
	int r;

	if (where >= DP_AT_MAX)
		return attach_to_ours(where, ifindex, prog_fd, err);
	fresh = !dp_clsact_attached(dp, where, ifindex);
	if (fresh) {
		r = dp_clsact_detach(dp, where, err);
		if (r)
			return r;
		meta->at[where].ifindex = ifindex;
		r = make_qdisc(meta, where);
		if (r)
			goto fail;
	}
	meta->at[where].old_prog_id = running(where, ifindex);
	meta->at[where].prog_id = program_id(prog_fd);
	r = bpf_tc_attach(&hook, &opts);
	if (!r)
		return 0;
fail:
	dp_fail(err, r, "%s: attaching the BPF program", dp_ifname(ifindex, name));
	if (fresh)
		dp_clsact_detach(dp, where, NULL);
	return r;
}

int dp_clsact_detach(struct datapath *dp, unsigned where, struct err *err)
{
	struct dp_meta *meta = dp_meta(dp);
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = attach_point(where));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	char name[IFNAMSIZ + 16];
	int r;

	if (where >= DP_AT_MAX || !meta->at[where].ifindex)
		return 0;
	hook.ifindex = (int)meta->at[where].ifindex;
	if (is_ours(dp, where)) {
		r = bpf_tc_detach(&hook, &opts);
		if (r && is_ours(dp, where))
			return dp_fail(err, r, "%s: detaching the BPF program",
				       dp_ifname(meta->at[where].ifindex, name));
	}
	if (meta->at[where].qdisc && is_empty(meta->at[where].ifindex)) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
	meta->at[where].qdisc = 0;
	meta->at[where].prog_id = 0;
	meta->at[where].old_prog_id = 0;
	meta->at[where].ifindex = 0;
	return 0;
}
