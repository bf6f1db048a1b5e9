/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_attach.c - programs on devices by tcx links (Linux 6.6), and ports that join and leave.
 *
 * A link is pinned as soon as it is made, and gone with its file descriptor when it could not be.
 * Its program is swapped by an update of the link, between two frames. A link follows its device
 * into another namespace, and outlives it: the ifindex that the kernel tells of a link is 0 then,
 * or means nothing here, so that whether a link serves a device is asked of the device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/datapath_priv.h"
#include "port.skel.h"

static const char *pin_name(unsigned where, char buf[32])
{
	if (where == DP_AT_TEAM)
		return "tx";
	if (where == DP_AT_INNER)
		return "inner";
	if (where >= DP_AT_VLAN_INNER)
		snprintf(buf, 32, "vlan-inner-%u", where - DP_AT_VLAN_INNER);
	else if (where >= DP_AT_VLAN)
		snprintf(buf, 32, "vlan-%u", where - DP_AT_VLAN);
	else if (where >= DP_AT_RDMA_INNER)
		snprintf(buf, 32, "rdma-inner-%u", where - DP_AT_RDMA_INNER);
	else if (where >= DP_AT_RDMA)
		snprintf(buf, 32, "rdma-%u", where - DP_AT_RDMA);
	else
		snprintf(buf, 32, "rx-%u", where);
	return buf;
}

static enum bpf_attach_type attach_type(unsigned where)
{
	return dp_is_sending(where) ? DP_TCX_EGRESS : DP_TCX_INGRESS;
}

/* struct bpf_link_info as of Linux 6.6; older headers lack the tcx part. */
struct tcx_info {
	__u32 type, id, prog_id, pad;
	__u32 ifindex, attach_type;
	__u8 rest[128];
};

static int link_info(int fd, struct tcx_info *ret)
{
	__u32 len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(fd, ret, &len);
}

bool datapath_orphaned(struct datapath *dp)
{
	char buf[32];
	struct tcx_info info;
	int fd = dp_get(dp, pin_name(DP_AT_TEAM, buf));
	bool gone = fd >= 0 && !link_info(fd, &info) && !info.ifindex;

	if (fd >= 0)
		close(fd);
	return gone;
}

/* Does the link serve the device that has this ifindex in this namespace now? */
static bool link_serves(int fd, unsigned where, uint32_t ifindex)
{
	struct tcx_info info;
	__u32 progs[DP_PROGS_MAX], n = DP_PROGS_MAX, i;

	if (link_info(fd, &info) || info.ifindex != ifindex)
		return false;
	if (bpf_prog_query((int)ifindex, attach_type(where), 0, NULL, progs, &n))
		return false;
	for (i = 0; i < n; i++)
		if (progs[i] == info.prog_id)
			return true;
	return false;
}

/* By a clsact filter, where there is a choice: a place that has a link keeps it. */
static bool by_filter(struct datapath *dp, unsigned where)
{
	char buf[32];
	int fd;

	if (dp_meta(dp)->clsact || where < DP_AT_MAX)
		return dp_meta(dp)->clsact;
	fd = dp_get(dp, pin_name(where, buf));
	if (fd >= 0)
		close(fd);
	return fd < 0 && dp->prefers_filters;
}

bool dp_attached(struct datapath *dp, unsigned where, uint32_t ifindex)
{
	char buf[32];
	bool serves;
	int fd;

	if (dp_meta(dp) && dp_meta(dp)->clsact)
		return dp_clsact_attached(dp, where, ifindex);
	fd = dp_get(dp, pin_name(where, buf));
	if (fd < 0)
		return false;
	serves = link_serves(fd, where, ifindex);
	close(fd);
	return serves;
}

static int fail_attach(struct err *err, int code, uint32_t ifindex)
{
	char name[IFNAMSIZ + 16];

	return dp_fail(err, code, "%s: attaching the BPF program", dp_ifname(ifindex, name));
}

/* 1: swapped, 0: there is no link that could be. */
static int swap(struct datapath *dp, unsigned where, uint32_t ifindex, int prog_fd)
{
	char buf[32];
	int fd, r = 0;

	fd = dp_get(dp, pin_name(where, buf));
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (link_serves(fd, where, ifindex)) {
		r = bpf_link_update(fd, prog_fd, NULL);
		if (!r)
			r = 1;
		else if (r == -ENOLINK) /* the device went away right now */
			r = 0;
	}
	close(fd);
	return r;
}

int dp_attach(struct datapath *dp, unsigned where, uint32_t ifindex, int prog_fd, struct err *err)
{
	char buf[32];
	int fd, r;

	if (by_filter(dp, where))
		return dp_clsact_attach(dp, where, ifindex, prog_fd, err);
	r = swap(dp, where, ifindex, prog_fd);
	if (r > 0)
		return 0;
	if (r < 0)
		return fail_attach(err, r, ifindex);
	r = dp_detach(dp, where, err);
	if (r)
		return r;
	fd = bpf_link_create(prog_fd, (int)ifindex, attach_type(where), NULL);
	if (fd < 0)
		return fail_attach(err, fd, ifindex);
	r = dp_pin(dp, fd, pin_name(where, buf));
	close(fd);
	return r ? fail_attach(err, r, ifindex) : 0;
}

int dp_detach(struct datapath *dp, unsigned where, struct err *err)
{
	char buf[32];
	int fd, r;

	if (dp_meta(dp) && dp_meta(dp)->clsact)
		return dp_clsact_detach(dp, where, err);
	fd = dp_get(dp, pin_name(where, buf));
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return dp_fail(err, fd, "%s: BPF link %s", dp->team, pin_name(where, buf));
	/* Explicitly: another process may hold the link open, and the device may be anywhere. */
	r = bpf_link_detach(fd);
	close(fd);
	if (r && r != -ENOLINK && r != -ENODEV && r != -EOPNOTSUPP)
		return dp_fail(err, r, "%s: detaching BPF link %s", dp->team, pin_name(where, buf));
	r = dp_unpin(dp, pin_name(where, buf));
	return r ? dp_fail(err, r, "%s: BPF link %s", dp->team, pin_name(where, buf)) : 0;
}

bool datapath_joined(struct datapath *dp, unsigned id, uint32_t ifindex)
{
	return ifindex && id < BPFTEAM_PORTS_MAX && dp_ports(dp) &&
	       dp_ports(dp)[id].ifindex == ifindex && dp_attached(dp, id, ifindex);
}

/*
 * Fills the port's entry. What is known of its device comes before the ifindex, which makes the
 * port usable; a port that merely gets a new program keeps what was learnt.
 */
static int fill_port(struct datapath *dp, unsigned id, uint32_t ifindex,
		     const struct mac *probe_mac, struct err *err)
{
	struct bpfteam_port *port = &dp_ports(dp)[id];
	__u32 key = ifindex, value = id;
	int r = 0;

	memcpy(port->probe_mac, probe_mac->byte, sizeof(port->probe_mac));
	if (dp->map[DP_PORT_IDS] >= 0)
		r = bpf_map_update_elem(dp->map[DP_PORT_IDS], &key, &value, BPF_ANY);
	if (r)
		return dp_fail(err, r, "%s: BPF map port_ids", dp->team);
	if (dp->config.detector == DETECT_STATE)
		r = dp_detect_learn(dp, id, ifindex, err);
	if (!r)
		__atomic_store_n(&port->ifindex, ifindex, __ATOMIC_SEQ_CST);
	return r;
}

static void clear_port(struct datapath *dp, unsigned id)
{
	struct bpfteam_port *port = &dp_ports(dp)[id];
	__u32 key = id, ifindex = port->ifindex, owner;

	__atomic_store_n(&port->ifindex, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&port->dev, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&port->net, 0, __ATOMIC_SEQ_CST);
	dp_shortcuts_close(dp, 1ull << id);
	memset(port->probe_mac, 0, sizeof(port->probe_mac));
	if (dp_state(dp))
		datapath_set_link(dp, id, false);
	datapath_clear_noticed(dp, id);
	bpf_map_delete_elem(dp->map[DP_TX_PORTS], &key);
	if (dp->mem[DP_PROBES])
		memset((struct bpfteam_probe *)dp->mem[DP_PROBES] + id, 0,
		       sizeof(struct bpfteam_probe));
	if (!bpf_map_lookup_elem(dp->map[DP_PORT_IDS], &ifindex, &owner) && owner == id)
		bpf_map_delete_elem(dp->map[DP_PORT_IDS], &ifindex);
}

int datapath_join(struct datapath *dp, unsigned id, uint32_t ifindex, const struct mac *probe_mac,
		  struct err *err)
{
	struct port_bpf *port = NULL;
	bool was_joined;
	int r;

	if (!dp->configured || id >= BPFTEAM_PORTS_MAX || !ifindex)
		return err_set(err, -EINVAL, "%s: port %u can't join", dp->team, id);
	if (!dp_meta(dp) || !dp_ports(dp) || !dp_state(dp))
		return err_set(err, -ENOENT, "%s: its maps are gone: detach it", dp->team);
	was_joined = datapath_joined(dp, id, ifindex);
	if (!was_joined) {
		r = datapath_leave(dp, id, err);
		if (r)
			return r;
	}
	r = fill_port(dp, id, ifindex, probe_mac, err);
	if (!r)
		r = dp_load_port(dp, id, &port, err);
	if (!r)
		r = dp_attach(dp, id, ifindex, bpf_program__fd(dp_port_rx(port)), err);
	if (!r)
		r = dp_xdp_apply(dp, id, ifindex, err);
	port_bpf__destroy(port);
	if (r && !was_joined)
		datapath_leave(dp, id, NULL);
	return r;
}

void datapath_set_rnic(struct datapath *dp, unsigned id, bool rnic)
{
	dp->config.rdma_ports &= ~(1ull << id);
	dp->config.rdma_ports |= (uint64_t)rnic << id;
}

int datapath_leave(struct datapath *dp, unsigned id, struct err *err)
{
	int r, r2;

	if (id >= BPFTEAM_PORTS_MAX)
		return err_set(err, -EINVAL, "%s: there is no port %u", dp->team, id);
	/* The transmit side lets go of it first: a frame sent meanwhile takes another port. */
	if (dp_ports(dp))
		clear_port(dp, id);
	r = dp_xdp_leave(dp, id, err);
	r2 = dp_detach(dp, id, r ? NULL : err);
	return r ? r : r2;
}
