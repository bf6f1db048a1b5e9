/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_detect.c - what keeps the `link` mask in the kernel: the watch timer over the ports'
 * devices, or tracing programs on netif_carrier_off() and netif_carrier_on() (net/sched/sch_generic.c).
 *
 * Called by datapath_configure() and datapath_join(). Detector state runs the timer, and has fentry
 * tell of changes at once where it is to be had; fentry and kprobe stand alone; poll is the daemon's.
 * The timer lives as long as its map is pinned or open (a bpf_timer is cancelled with the last user
 * reference, kernel/bpf/arraymap.c), so no process keeps the map open and unpinning it stops the timer.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carrier.skel.h"
#include "io/datapath_priv.h"
#include "team.skel.h"

#define PIN_OFF "carrier-off"
#define PIN_ON "carrier-on"

/*
 * By hand, since the perf event behind libbpf's own kprobe link stays open in this process or takes
 * the pinned link's probe with it. The link holds the event (perf_event links: Linux 5.15).
 */
static int attach_kprobe(const struct bpf_program *prog)
{
	/* "kprobe/SYMBOL" */
	const char *symbol = strchr(bpf_program__section_name(prog), '/');
	struct perf_event_attr attr = {.size = sizeof(attr)};
	FILE *file = fopen(KPROBE_TYPE, "re");
	int fd, link;

	if (!file)
		return -EOPNOTSUPP;
	link = fscanf(file, "%u", &attr.type);
	fclose(file);
	if (link != 1 || !symbol)
		return -EOPNOTSUPP;
	attr.kprobe_func = (__u64)(uintptr_t)(symbol + 1);
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_link_create(bpf_program__fd(prog), fd, BPF_PERF_EVENT, NULL);
	if (link >= 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int r = -errno;

		close(link);
		link = r;
	}
	close(fd);
	return link;
}

int dp_trace_attach(struct bpf_program *prog, bool kprobe)
{
	if (kprobe)
		return attach_kprobe(prog);
	return bpf_raw_tracepoint_open(NULL, bpf_program__fd(prog));
}

static int attach_pin(struct datapath *dp, struct bpf_program *prog, bool kprobe, const char *name)
{
	int link = dp_trace_attach(prog, kprobe), r;

	if (link < 0)
		return link;
	r = dp_pin(dp, link, name);
	close(link);
	return r;
}

/* The new programs are on before the old ones go: both may tell the same, and nothing is missed. */
static int trace(struct datapath *dp, bool kprobe, struct err *err)
{
	struct carrier_bpf *skel;
	int r;

	r = dp_load_carrier(dp, kprobe, &skel, err);
	if (r)
		return r;
	r = attach_pin(dp, kprobe ? skel->progs.kprobe_off : skel->progs.fentry_off, kprobe,
		       PIN_OFF);
	if (!r)
		r = attach_pin(dp, kprobe ? skel->progs.kprobe_on : skel->progs.fentry_on, kprobe,
			       PIN_ON);
	carrier_bpf__destroy(skel);
	return r ? dp_fail(err, r, "%s: tracing the ports' carrier by %s", dp->team,
			   kprobe ? "kprobe" : "fentry")
		 : 0;
}

int dp_detect_trace(struct datapath *dp, bool *ret_traced, struct err *err)
{
	enum detect detector = dp->config.detector;
	int r = 0;

	*ret_traced = false;
	if (detector == DETECT_FENTRY || detector == DETECT_KPROBE) {
		r = trace(dp, detector == DETECT_KPROBE, err);
		*ret_traced = !r;
	} else if (detector == DETECT_STATE && dp_maybe(DP_FENTRY)) {
		/* Loaded for good at the first try: to attach it for a trial would cost as much. */
		*ret_traced = !dp_try_tracing() && !trace(dp, false, NULL);
		dp_note(DP_FENTRY, *ret_traced);
	}
	if (!*ret_traced) {
		dp_unpin(dp, PIN_OFF);
		dp_unpin(dp, PIN_ON);
	}
	return r;
}

int dp_detect_watch(struct datapath *dp, const struct team_bpf *team, struct err *err)
{
	struct __sk_buff ctx = {0};
	char frame[64] = "";
	uint32_t retval = 0;
	int r;

	if (dp->config.detector != DETECT_STATE || !bpf_program__autoload(team->progs.team_watch)) {
		r = dp_unpin(dp, "watch");
		return r ? dp_fail(err, r, "%s: stopping the watch timer", dp->team) : 0;
	}
	r = dp_pin(dp, bpf_map__fd(team->maps.watch), "watch");
	if (!r)
		r = dp_run(bpf_program__fd(team->progs.team_watch), frame, sizeof(frame), &ctx,
			   &retval);
	if (!r)
		r = -(int)retval;
	return r ? dp_fail(err, r, "%s: starting the watch timer", dp->team) : 0;
}

int dp_detect_learn(struct datapath *dp, unsigned id, uint32_t ifindex, struct err *err)
{
	struct __sk_buff ctx = {.ifindex = ifindex, .cb = {id}};
	char frame[64] = "", name[IFNAMSIZ + 16];
	int fd, r;

	fd = dp_get(dp, "learn");
	/* Not with the detector of the programs that run: datapath_configure() brings it, and learns. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return dp_fail(err, fd, "%s: program to learn ports with", dp->team);
	r = dp_run(fd, frame, sizeof(frame), &ctx, NULL);
	close(fd);
	if (!r && !(id == BPFTEAM_LEARN_TEAM ? dp_state(dp)->dev : dp_ports(dp)[id].dev))
		r = -ENODEV;
	return r ? dp_fail(err, r, "%s: looking at the device", dp_ifname(ifindex, name)) : 0;
}
