/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_smc.c - the program that makes SMC sockets of chosen cgroups' TCP sockets (smc.bpf.c):
 * loaded, attached and pinned once, its list of cgroups kept up. Called by team/.
 *
 * A cgroup is held by what it is and not by its name: whoever removes it and makes it anew, as systemd
 * does with a service that starts again, makes another one. So the list is set again and again.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/datapath_priv.h"
#include "smc.skel.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#define PIN_LINK "smc"
#define PIN_CGROUPS "smc_cgroups"
#define CGROUPS "/sys/fs/cgroup"

static int fail(struct err *err, const char *why)
{
	return err_set(err, -EOPNOTSUPP, "smc.cgroups: %s: TCP sockets there stay TCP's", why);
}

/* What the sockets are turned into has to be there, or programs would have none at all. */
static bool has_protocol(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SMC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int fail_refused(struct err *err)
{
	return fail(err, "this kernel refuses programs on update_socket_protocol (they need Linux "
			 "6.6, and tracing programs allowed)");
}

static int start(struct datapath *dp, struct err *err)
{
	struct smc_bpf *skel;
	int link, r;

	if (!dp_have(DP_SMC))
		return fail_refused(err);
	if (!has_protocol())
		return fail(err, "this kernel has no IPPROTO_SMC (Linux 6.11, modprobe smc)");
	skel = smc_bpf__open_and_load();
	if (!skel) {
		dp_note(DP_SMC, false);
		return fail_refused(err);
	}
	r = dp_pin(dp, bpf_map__fd(skel->maps.smc_cgroups), PIN_CGROUPS);
	link = r ? r : bpf_raw_tracepoint_open(NULL, bpf_program__fd(skel->progs.smc_protocol));
	if (link >= 0) {
		r = dp_pin(dp, link, PIN_LINK);
		close(link);
	}
	smc_bpf__destroy(skel);
	if (link < 0 && !r)
		dp_note(DP_SMC, false);
	return link < 0 && !r ? fail_refused(err)
	       : r            ? dp_fail(err, r, "%s: SMC program", dp->team)
			      : 0;
}

static int stop(struct datapath *dp, struct err *err)
{
	int r = dp_unpin(dp, PIN_LINK), r2 = dp_unpin(dp, PIN_CGROUPS);

	r = r ? r : r2;
	return r ? dp_fail(err, r, "%s: SMC program", dp->team) : 0;
}

/* A cgroup in its place of the list. */
static int set_cgroup(int map, __u32 place, const char *name, struct err *err)
{
	char path[sizeof(CGROUPS) + CONFIG_CGROUP_LEN];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", CGROUPS, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : bpf_map_update_elem(map, &place, &fd, BPF_ANY);
	if (fd >= 0)
		close(fd);
	if (!r)
		return 0;
	bpf_map_delete_elem(map, &place);
	if (r == -ENOENT || r == -ENOTDIR)
		return err_set(err, -ENOENT, "smc.cgroups: there is no %s now", path);
	if (r == -EBADF)
		return err_set(err, r, "smc.cgroups: %s is no cgroup of version 2", path);
	return dp_fail(err, r, "smc.cgroups: %s", path);
}

bool datapath_has_smc(struct datapath *dp)
{
	int link = dp_get(dp, PIN_LINK);

	if (link >= 0)
		close(link);
	return link >= 0;
}

int datapath_set_smc(struct datapath *dp, const char (*cgroups)[CONFIG_CGROUP_LEN], unsigned n,
		     struct err *err)
{
	int map, ret = 0, r;

	if (!n)
		return stop(dp, err);
	if (!datapath_has_smc(dp))
		ret = start(dp, err);
	if (ret)
		return ret;
	map = dp_get(dp, PIN_CGROUPS);
	if (map < 0)
		return dp_fail(err, map, "%s: SMC's cgroups", dp->team);
	for (__u32 i = 0; i < BPFTEAM_SMC_CGROUPS_MAX; i++) {
		if (i >= n) {
			bpf_map_delete_elem(map, &i);
			continue;
		}
		r = set_cgroup(map, i, cgroups[i], ret ? NULL : err);
		ret = ret ? ret : r;
	}
	close(map);
	return ret;
}
