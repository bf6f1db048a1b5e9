/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath.c - the handle on a team's programs, maps, links and pins: make, open, close, destroy,
 * configure, and ports that join and leave.
 *
 * Called by team/. The work is done by the files beside it, one concern each:
 *   pin      bpffs, folders and names         load     skeletons, rodata, loading
 *   maps     the pinned maps                  attach   tcx links; clsact: filters instead
 *   state    masks, slots, counters           detect   watch timer, fentry and kprobe, learning
 *   local    addresses for rx: direct         smc      sockets of chosen cgroups
 *   rdma     vports, flows that stay          cma      events of the RDMA CM
 *   record   the team's text                  xdp      libxdp
 *   event    ring buffer, explain             feature  what the kernel allows; try: how to tell
 * Maps are filled before anything is attached, and everything attached is pinned at once, so that
 * datapath_destroy() finds all that a killed process left.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "io/datapath_priv.h"
#include "team.skel.h"

static bool debug;

static int print_bpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return debug ? vfprintf(stderr, fmt, args) : 0;
}

static int print_xdp(enum libxdp_print_level level, const char *fmt, va_list args)
{
	return debug ? vfprintf(stderr, fmt, args) : 0;
}

void dp_quiet(void)
{
	static bool done;
	const char *env;

	if (done)
		return;
	done = true;
	env = getenv("BPFTEAM_DEBUG");
	debug = env && !strcmp(env, "1");
	libbpf_set_print(print_bpf);
	libxdp_set_print(print_xdp);
}

int dp_fail(struct err *err, int code, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (code == -EPERM)
		return err_set(err, code, "%s: need root (CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON)",
			       what);
	if (code == -EACCES && geteuid())
		return err_set(err, code, "%s: need root", what);
	if (code == -ENOSYS)
		return err_set(err, code, "%s: this kernel has no BPF", what);
	if (code == -ENOSPC)
		return err_set(err, code, "%s: the kernel has no room left for it", what);
	return err_set(err, code, "%s: %s", what, strerror(-code));
}

const char *dp_ifname(uint32_t ifindex, char buf[IFNAMSIZ + 16])
{
	if (!if_indextoname(ifindex, buf))
		snprintf(buf, IFNAMSIZ + 16, "ifindex %u", ifindex);
	return buf;
}

static struct datapath *handle_new(const char *bpffs, const char *team)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	unsigned i;

	dp_quiet();
	if (!dp)
		return NULL;
	for (i = 0; i < DP_MAPS; i++)
		dp->map[i] = -1;
	dp->cma = -1;
	snprintf(dp->team, sizeof(dp->team), "%s", team);
	dp->bpffs = strdup(bpffs);
	dp->dir = dp_team_dir(bpffs, team, false);
	if (!dp->bpffs || !dp->dir) {
		datapath_close(dp);
		return NULL;
	}
	return dp;
}

/* The folder goes to its name only now that it is whole; dp->dir is the fresh one before. */
static int publish(struct datapath *dp, struct err *err)
{
	char *dir = dp_team_dir(dp->bpffs, dp->team, false);
	int r;

	if (!dir)
		return err_set(err, -ENOMEM, "%s: out of memory", dp->team);
	r = renameat2(AT_FDCWD, dp->dir, AT_FDCWD, dir, RENAME_NOREPLACE) ? -errno : 0;
	if (r) {
		free(dir);
		return r == -EEXIST ? err_set(err, r, "%s: there is such a team already", dp->team)
				    : dp_fail(err, r, "%s", dp->dir);
	}
	free(dp->dir);
	dp->dir = dir;
	return 0;
}

static int fill_new(struct datapath *dp, struct err *err)
{
	struct dp_meta *meta;
	int r;

	r = dp_maps_create(dp, err);
	if (r)
		return r;
	meta = dp_meta(dp);
	meta->abi = BPFTEAM_ABI_VERSION;
	meta->clsact = !dp_have(DP_TCX);
	if (meta->clsact && !dp_have(DP_CLSACT))
		return err_set(err, -EOPNOTSUPP,
			       "%s: this kernel attaches programs neither by tcx nor by clsact",
			       dp->team);
	/* 0 is every ordinary frame's mark. */
	while (!meta->mark)
		if (getrandom(&meta->mark, sizeof(meta->mark), 0) < 0)
			return dp_fail(err, -errno, "%s: random number", dp->team);
	return publish(dp, err);
}

int datapath_create(const char *bpffs, const char *team, struct datapath **ret, struct err *err)
{
	struct datapath *dp;
	int lock, r;

	r = datapath_prepare(bpffs, err);
	if (r)
		return r;
	dp = handle_new(bpffs, team);
	if (!dp)
		return err_set(err, -ENOMEM, "%s: out of memory", team);
	if (!access(dp->dir, F_OK)) {
		datapath_close(dp);
		return err_set(err, -EEXIST, "%s: there is such a team already", team);
	}
	free(dp->dir);
	dp->dir = dp_team_dir(bpffs, team, true);
	lock = dp->dir ? dp_make_dir(dp->dir, err)
		       : err_set(err, -ENOMEM, "%s: out of memory", team);
	if (lock < 0) {
		datapath_close(dp);
		return lock;
	}
	r = fill_new(dp, err);
	if (r) {
		dp_remove_dir(dp->dir);
		datapath_close(dp);
		dp = NULL;
	}
	close(lock);
	*ret = dp;
	return r;
}

int datapath_open(const char *bpffs, const char *team, struct datapath **ret, struct err *err)
{
	struct datapath *dp = handle_new(bpffs, team);
	struct stat st;
	int r = 0;

	if (!dp)
		return err_set(err, -ENOMEM, "%s: out of memory", team);
	if (stat(dp->dir, &st))
		r = errno == ENOENT ? err_set(err, -ENOENT, "%s: no such team", team)
				    : dp_fail(err, -errno, "%s", team);
	if (!r)
		r = dp_maps_open(dp, err);
	if (r) {
		datapath_close(dp);
		return r;
	}
	*ret = dp;
	return 0;
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	ring_buffer__free(dp->ring);
	dp_cma_close(dp);
	dp_maps_close(dp);
	free(dp->bpffs);
	free(dp->dir);
	free(dp);
}

/* Maps that a second attempt, after this one was killed, has to find: they go last. */
static bool goes_last(const char *name)
{
	return !strcmp(name, "meta") || !strcmp(name, "record");
}

static int unpin_one(const char *name, void *arg)
{
	const struct datapath *dp = arg;

	return goes_last(name) ? 0 : dp_unpin(dp, name);
}

static void keep_first(int *first, int r, struct err *first_err, const struct err *err)
{
	if (!r || *first)
		return;
	*first = r;
	if (first_err)
		*first_err = *err;
}

int datapath_destroy(struct datapath *dp, struct err *err)
{
	struct err one = {""};
	unsigned where;
	int first = 0, r;

	/* The team's end first: what it would send to a port that has left is lost anyway. */
	for (where = DP_AT_MAX; where-- > 0;) {
		keep_first(&first, dp_xdp_leave(dp, where, &one), err, &one);
		keep_first(&first, dp_detach(dp, where, &one), err, &one);
	}
	r = dp_each_pin(dp->dir, unpin_one, dp);
	if (r && r != -ENOENT)
		keep_first(&first, dp_fail(&one, r, "%s", dp->dir), err, &one);
	/* While something could not be detached, meta and record stay for the next attempt. */
	if (first)
		return first;
	r = dp_unpin(dp, "record");
	if (!r)
		r = dp_remove_dir(dp->dir);
	if (r)
		keep_first(&first, dp_fail(&one, r, "%s", dp->dir), err, &one);
	return first;
}

void datapath_adopt(struct datapath *dp, const struct datapath_config *config)
{
	dp->config = *config;
	dp->configured = true;
}

static int pin_programs(struct datapath *dp, const struct team_bpf *team, struct err *err)
{
	int r;

	r = dp_pin(dp, bpf_program__fd(team->progs.team_explain), "explain");
	if (!r)
		r = dp->config.detector == DETECT_STATE
			    ? dp_pin(dp, bpf_program__fd(team->progs.team_learn), "learn")
			    : dp_unpin(dp, "learn");
	return r ? dp_fail(err, r, "%s: pinning its programs", dp->team) : 0;
}

/* The team's own device, and ports that joined before the data path read their devices by itself. */
static int learn_all(struct datapath *dp, struct err *err)
{
	unsigned id;
	int r;

	if (dp->config.detector != DETECT_STATE)
		return 0;
	r = dp_detect_learn(dp, BPFTEAM_LEARN_TEAM, dp->config.ifindex, err);
	if (r)
		return r;
	for (id = 0; id < BPFTEAM_PORTS_MAX; id++) {
		const struct bpfteam_port *port = &dp_ports(dp)[id];

		if (!port->ifindex || port->dev)
			continue;
		r = dp_detect_learn(dp, id, port->ifindex, err);
		if (r && r != -ENODEV)
			return r;
	}
	return 0;
}

int datapath_configure(struct datapath *dp, const struct datapath_config *config, struct err *err)
{
	struct team_bpf *team = NULL;
	bool traced;
	int r;

	if (!dp_meta(dp) || !dp_ports(dp))
		return err_set(err, -ENOENT, "%s: its maps are gone: detach it", dp->team);
	datapath_adopt(dp, config);
	dp_meta(dp)->ifindex = config->ifindex;
	dp_meta(dp)->inner_ifindex = config->inner_ifindex;
	r = dp_detect_trace(dp, &traced, err);
	if (!r)
		r = dp_load_team(dp, traced ? DP_WATCH_SLOW_NS : DP_WATCH_NS, &team, err);
	if (!r)
		r = pin_programs(dp, team, err);
	if (!r)
		r = learn_all(dp, err);
	if (!r)
		r = dp_detect_watch(dp, team, err);
	if (!r)
		r = dp_attach(dp, DP_AT_INNER, config->inner_ifindex,
			      bpf_program__fd(dp_team_inner(team)), err);
	if (!r)
		r = dp_attach(dp, DP_AT_TEAM, config->ifindex, bpf_program__fd(dp_team_tx(team)),
			      err);
	if (!r)
		r = dp_xdp_apply(dp, DP_AT_INNER, config->inner_ifindex, err);
	team_bpf__destroy(team);
	return r;
}
