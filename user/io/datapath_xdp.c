/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_xdp.c - XDP programs on the ports and at the inner end of the team's veth, for teams
 * configured with xdp.
 *
 * Called by datapath.c and datapath_attach.c. Where the kernel lets one program extend another,
 * through libxdp's dispatcher, so that other XDP programs can live on the device. libxdp's own
 * fallback, a single program attached by netlink, stays behind on a device that moves to another
 * namespace, and can't be told apart later without CAP_SYS_ADMIN; so where there is no dispatcher
 * the single program is attached by a BPF link (Linux 5.9), pinned like the tcx ones.
 */
#include <linux/if_link.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "io/datapath_priv.h"
#include "xdp.skel.h"

/* Folder for libxdp's own pins where there is no system-wide bpffs. No team's folder is named so. */
#define LIBXDP_DIR "%libxdp"

static const char *pin_name(unsigned where, bool dispatched, char buf[32])
{
	const char *prefix = dispatched ? "xdp-prog" : "xdp";

	if (where == DP_AT_INNER)
		snprintf(buf, 32, "%s-inner", prefix);
	else
		snprintf(buf, 32, "%s-%u", prefix, where);
	return buf;
}

static int fail_xdp(struct err *err, int code, uint32_t ifindex)
{
	char name[IFNAMSIZ + 16];

	dp_ifname(ifindex, name);
	if (code == -EBUSY || code == -EEXIST)
		return err_set(err, -EBUSY,
			       "%s: another XDP program is attached to it: detach that, or set "
			       "xdp: false",
			       name);
	if (code == -EOPNOTSUPP)
		return err_set(err, code, "%s: its driver has no native XDP: set xdp: false", name);
	return dp_fail(err, code, "%s: attaching XDP", name);
}

/* ---- by libxdp's dispatcher ---- */

/*
 * libxdp finds what is on a device by the programs' ids, which takes CAP_SYS_ADMIN. bpfteamd does
 * without, as its unit runs it, and attaches by links.
 */
static bool may_walk(void)
{
	__u32 id;
	int r = bpf_prog_get_next_id(0, &id);

	return !r || r == -ENOENT;
}

static void set_libxdp_dir(const struct datapath *dp)
{
	struct statfs fs;
	char *dir;

	if (getenv(XDP_BPFFS_ENVVAR) || (!statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC))
		return;
	dir = dp_path(dp->bpffs, LIBXDP_DIR);
	if (dir && (!mkdir(dir, 0700) || errno == EEXIST))
		setenv(XDP_BPFFS_ENVVAR, dir, 0);
	free(dir);
}

static __u32 pinned_id(const struct datapath *dp, unsigned where)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	char buf[32];
	int fd = dp_get(dp, pin_name(where, true, buf));

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.id = 0;
	close(fd);
	return info.id;
}

/* Takes the program id off the device's dispatcher; 0 also when it is not there. */
static int dispatcher_remove(uint32_t ifindex, __u32 id)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	struct xdp_program *prog = NULL;
	int r = libxdp_get_error(multi) ? (int)libxdp_get_error(multi) : 0;

	if (r)
		return r == -ENOENT || r == -ENODEV ? 0 : r;
	if (xdp_multiprog__is_legacy(multi)) {
		prog = xdp_multiprog__main_prog(multi);
		if (prog && xdp_program__id(prog) == id)
			r = xdp_multiprog__detach(multi);
		goto out;
	}
	while ((prog = xdp_multiprog__next_prog(prog, multi)))
		if (xdp_program__id(prog) == id) {
			r = xdp_program__detach(prog, (int)ifindex,
						xdp_multiprog__attach_mode(multi), 0);
			break;
		}
out:
	xdp_multiprog__close(multi);
	return r;
}

/* libxdp falls back to a single program by itself, which is not what we want of it. */
static bool is_dispatched(uint32_t ifindex)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	bool ret;

	if (libxdp_get_error(multi))
		return false;
	ret = !xdp_multiprog__is_legacy(multi);
	xdp_multiprog__close(multi);
	return ret;
}

/* -EOPNOTSUPP: there is no dispatcher to be had after all, and nothing is attached. */
static int dispatcher_attach(struct xdp_program *prog, unsigned where, uint32_t ifindex,
			     bool *native)
{
	int r = xdp_program__attach(prog, (int)ifindex, XDP_MODE_NATIVE, 0);

	*native = !r;
	if (r && where != DP_AT_INNER)
		r = xdp_program__attach(prog, (int)ifindex, XDP_MODE_SKB, 0);
	if (r || is_dispatched(ifindex))
		return r;
	xdp_program__detach(prog, (int)ifindex, *native ? XDP_MODE_NATIVE : XDP_MODE_SKB, 0);
	dp_note(DP_FREPLACE, false);
	return -EOPNOTSUPP;
}

/* The new program runs beside the old one for a moment; either drops what is to be dropped. */
static int dispatch(struct datapath *dp, unsigned where, uint32_t ifindex, bool *native,
		    struct err *err)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts);
	__u32 old = pinned_id(dp, where);
	struct xdp_program *prog = NULL;
	struct xdp_bpf *skel;
	char buf[32];
	int r;

	set_libxdp_dir(dp);
	r = dp_open_xdp(dp, where, &skel, err);
	if (r)
		return r;
	opts.obj = skel->obj;
	opts.prog_name = bpf_program__name(dp_xdp_prog(skel, where));
	prog = xdp_program__create(&opts);
	r = (int)libxdp_get_error(prog);
	if (r) {
		prog = NULL;
		goto out;
	}
	dp_meta(dp)->at[where].xdp_ifindex = ifindex;
	r = dispatcher_attach(prog, where, ifindex, native);
	if (!r)
		r = dp_pin(dp, xdp_program__fd(prog), pin_name(where, true, buf));
	if (r)
		dispatcher_remove(ifindex, xdp_program__id(prog));
	else if (old)
		dispatcher_remove(ifindex, old);
	if (r && !old)
		dp_meta(dp)->at[where].xdp_ifindex = 0;
out:
	xdp_program__close(prog);
	xdp_bpf__destroy(skel);
	return r ? fail_xdp(err, r, ifindex) : 0;
}

static int dispatcher_leave(struct datapath *dp, unsigned where, struct err *err)
{
	uint32_t ifindex = dp_meta(dp) ? dp_meta(dp)->at[where].xdp_ifindex : 0;
	char buf[32];
	__u32 id;
	int r;

	if (!ifindex)
		return 0;
	id = pinned_id(dp, where);
	if (id && !may_walk())
		return err_set(err, -EPERM,
			       "%s: libxdp's dispatcher on its devices is for CAP_SYS_ADMIN: stop "
			       "bpfteamd, and do this as root",
			       dp->team);
	r = id ? dispatcher_remove(ifindex, id) : 0;
	if (r)
		return fail_xdp(err, r, ifindex);
	dp_meta(dp)->at[where].xdp_ifindex = 0;
	dp_unpin(dp, pin_name(where, true, buf));
	return 0;
}

/* ---- alone, by a link ---- */

/* struct bpf_link_info's part for XDP is its ifindex. */
static bool link_serves(int fd, uint32_t ifindex)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.xdp.ifindex == ifindex;
}

static int link_attach(int prog_fd, unsigned where, uint32_t ifindex, bool *native)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);

	*native = fd >= 0;
	if (fd >= 0 || fd == -EBUSY || where == DP_AT_INNER)
		return fd;
	opts.flags = XDP_FLAGS_SKB_MODE;
	return bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);
}

static bool is_native(const struct datapath *dp, unsigned where)
{
	__u32 key = where, ifindex;

	return !bpf_map_lookup_elem(dp->map[DP_TX_PORTS], &key, &ifindex) && ifindex;
}

static int link_leave(struct datapath *dp, unsigned where, struct err *err)
{
	char buf[32];
	int fd, r;

	fd = dp_get(dp, pin_name(where, false, buf));
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return dp_fail(err, fd, "%s: BPF link %s", dp->team, buf);
	r = bpf_link_detach(fd);
	close(fd);
	if (r && r != -ENOLINK && r != -ENODEV && r != -EOPNOTSUPP)
		return dp_fail(err, r, "%s: detaching BPF link %s", dp->team, buf);
	r = dp_unpin(dp, buf);
	return r ? dp_fail(err, r, "%s: BPF link %s", dp->team, buf) : 0;
}

static int link_apply(struct datapath *dp, unsigned where, uint32_t ifindex, bool *native,
		      struct err *err)
{
	struct xdp_bpf *skel;
	char buf[32];
	int prog_fd, fd, r;

	r = dp_open_xdp(dp, where, &skel, err);
	if (r)
		return r;
	r = xdp_bpf__load(skel);
	if (r)
		goto out;
	prog_fd = bpf_program__fd(dp_xdp_prog(skel, where));
	fd = dp_get(dp, pin_name(where, false, buf));
	if (fd >= 0 && link_serves(fd, ifindex)) {
		*native = is_native(dp, where);
		r = bpf_link_update(fd, prog_fd, NULL);
		close(fd);
		goto out;
	}
	if (fd >= 0) {
		close(fd);
		r = link_leave(dp, where, err);
		if (r)
			goto out;
	}
	fd = link_attach(prog_fd, where, ifindex, native);
	r = fd < 0 ? fd : dp_pin(dp, fd, buf);
	if (fd >= 0)
		close(fd);
out:
	xdp_bpf__destroy(skel);
	return r ? fail_xdp(err, r, ifindex) : 0;
}

/* ---- either way ---- */

int dp_xdp_apply(struct datapath *dp, unsigned where, uint32_t ifindex, struct err *err)
{
	__u32 key = where, value = ifindex;
	bool native = false, by_link;
	char buf[32];
	int fd, r;

	if (!dp->config.xdp)
		return dp_xdp_leave(dp, where, err);
	/* A program that is there is swapped the way it came. */
	fd = dp_get(dp, pin_name(where, false, buf));
	by_link = fd >= 0 || !dp_have(DP_FREPLACE) || (!may_walk() && !pinned_id(dp, where));
	if (fd >= 0)
		close(fd);
	r = by_link ? 0 : dispatch(dp, where, ifindex, &native, err);
	if (by_link || (r == -EOPNOTSUPP && !dp_have(DP_FREPLACE)))
		r = link_apply(dp, where, ifindex, &native, err);
	if (r || where >= BPFTEAM_PORTS_MAX)
		return r;
	/* Only a native driver sends what is redirected to it; else xdp_vport passes the frame on. */
	if (native)
		bpf_map_update_elem(dp->map[DP_TX_PORTS], &key, &value, BPF_ANY);
	return 0;
}

int dp_xdp_leave(struct datapath *dp, unsigned where, struct err *err)
{
	__u32 key = where;
	int r, r2;

	if (where == DP_AT_TEAM || where >= DP_AT_RDMA)
		return 0;
	if (where < BPFTEAM_PORTS_MAX && dp->map[DP_TX_PORTS] >= 0)
		bpf_map_delete_elem(dp->map[DP_TX_PORTS], &key);
	r = dispatcher_leave(dp, where, err);
	r2 = link_leave(dp, where, r ? NULL : err);
	return r ? r : r2;
}
