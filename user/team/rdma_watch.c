// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_watch.c - the daemon's looks at what RDMA does and does not tell of: devices that come and go,
 * the connections and listeners of iWARP, which have to stay on their RNIC, and the load that the
 * host's stack does not see.
 *
 * Netlink tells nothing of CM IDs (drivers/infiniband/core/nldev.c), so they are polled: a tenth of a
 * second after something changed, else once a second. Where the kernel lets us, a tracepoint says that
 * there is a new one; its addresses may come a little later, so it is looked for again and again for a
 * while. RoCE needs none of that, since its port is known.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

#define POLL_HOT_NS (20 * NS_PER_MS)
#define HOT_NS (200 * NS_PER_MS)
#define POLL_BUSY_NS (100 * NS_PER_MS)
#define POLL_IDLE_NS (1000 * NS_PER_MS)
#define RETRY_NS (1000 * NS_PER_MS)

struct flows {
	struct team *team;
	struct datapath_flow *list;
	unsigned n, room;
	bool any_iwarp;
};

/* Something that is to be so and is not: told once. */
static void tell(struct team *team, const char *why)
{
	if (!strncmp(team->rdma_why, why, sizeof(team->rdma_why) - 1))
		return;
	snprintf(team->rdma_why, sizeof(team->rdma_why), "%s", why);
	if (*why)
		team_emit(team, EVENT_CONFIG, "", why, 0);
}

static void update(struct team *team)
{
	struct err err = {""};
	int lock = team_lock(team->env, NULL);

	if (lock < 0)
		return;
	if (!rdma_update(team, &err))
		err.text[0] = '\0';
	team_unlock(lock);
	tell(team, err.text);
	team->told_stale = true;
}

static int note_iwarp(const struct rdma_link *link, void *arg)
{
	struct flows *flows = arg;
	int i = member_index(flows->team, link->ifindex);

	if (i >= 0 && flows->team->rec->ports[i].rnic && !strcmp(link->driver_proto, "iw"))
		flows->any_iwarp = true;
	return 0;
}

static int add_flow(const struct rdma_cm *cm, void *arg)
{
	struct flows *flows = arg;
	int i = member_index(flows->team, cm->ifindex);
	struct datapath_flow *list;

	if (i < 0 || !flows->team->rec->ports[i].rnic || !cm->sport)
		return 0;
	if (flows->n == flows->room) {
		list = realloc(flows->list, (2 * flows->room + 64) * sizeof(*list));
		if (!list)
			return -ENOMEM;
		flows->list = list;
		flows->room = 2 * flows->room + 64;
	}
	flows->list[flows->n++] = (struct datapath_flow){
		.port = flows->team->rec->ports[i].id,
		.proto = IPPROTO_TCP,
		.local = cm->src,
		.local_port = cm->sport,
		.remote = cm->state == RDMA_CM_STATE_LISTEN ? (struct addr){0} : cm->dst,
		.remote_port = cm->state == RDMA_CM_STATE_LISTEN ? 0 : cm->dport,
	};
	return 0;
}

/* Told when it becomes so, and when it is over; `bpfteam rdma` has it all the while. */
static void tell_full(struct team *team, bool full)
{
	char text[160];

	snprintf(text, sizeof(text),
		 full ? "more than %d RDMA connections: until they are fewer, what comes by TCP to "
			"a local port of any of them stays on the RNIC"
		      : "no more than %d RDMA connections: each is told apart again",
		 BPFTEAM_RDMA_FLOWS_MAX);
	team_emit(team, EVENT_CONFIG, "", text, 0);
}

static uint64_t poll_flows(struct team *team, uint64_t now_ns)
{
	uint64_t pause = now_ns < team->rdma_hot_ns ? POLL_HOT_NS : POLL_IDLE_NS;
	struct flows flows = {.team = team};
	bool full = datapath_flows_full(team->dp);
	int changed = 0;

	if (now_ns < team->rdma_ns)
		return team->rdma_ns;
	team->rdma_ns = now_ns + pause;
	if (rdma_each_link(team->rdma, note_iwarp, &flows, NULL))
		return team->rdma_ns;
	/* Without iWARP nothing is asked; what was learnt goes with its device. */
	if (flows.any_iwarp ? !rdma_each_cm(team->rdma, add_flow, &flows, NULL)
			    : !team->rdma_no_iwarp) {
		changed = datapath_set_flows(team->dp, BPFTEAM_RDMA_IWARP, flows.list, flows.n);
		team->rdma_no_iwarp = !flows.any_iwarp && changed >= 0;
	}
	free(flows.list);
	if (flows.any_iwarp)
		datapath_watch_cma(team->dp);
	if (datapath_flows_full(team->dp) != full)
		tell_full(team, !full);
	if (changed > 0 && pause > POLL_BUSY_NS)
		pause = POLL_BUSY_NS;
	team->rdma_ns = now_ns + pause;
	return team->rdma_ns;
}

/* The first of a row has a look at once. */
void rdma_heard(struct team *team, uint64_t event_ns)
{
	if (event_ns >= team->rdma_hot_ns)
		team->rdma_ns = 0;
	team->rdma_hot_ns = event_ns + HOT_NS;
}

static bool has_rnic(const struct team *team)
{
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].rnic)
			return true;
	}
	return false;
}

uint64_t rdma_turn(struct team *team, uint64_t now_ns)
{
	if (team->rdma_stale)
		update(team);
	if (!team->rdma || !has_rnic(team))
		return UINT64_MAX;
	return poll_flows(team, now_ns);
}

/* An RNIC's RDMA device as it is now, "" for none: told when it went, came back or was renamed. */
static void follow_device(struct team *team, unsigned i, const char *name)
{
	struct member *member = &team->member[i];
	char text[2 * RDMA_NAME_MAX + 80] = "";

	if (!strcmp(member->rdma_device, name))
		return;
	if (!*name)
		snprintf(text, sizeof(text),
			 "its RDMA device %s is gone, and RDMA with it; the team goes on",
			 member->rdma_device);
	else if (member->rdma_device[0])
		snprintf(text, sizeof(text), "its RDMA device %s is called %s now",
			 member->rdma_device, name);
	else if (member->rdma_missed)
		snprintf(text, sizeof(text), "its RDMA device is there again: %s", name);
	member->rdma_missed = !*name;
	snprintf(member->rdma_device, sizeof(member->rdma_device), "%s", name);
	if (*text)
		team_emit(team, EVENT_CONFIG, team->rec->ports[i].name, text, 0);
	team->rdma_stale = true;
}

/*
 * Once a second: cgroups that were made anew, devices where the kernel tells of none, settings that failed
 * before, load.
 */
void rdma_look(struct team *team)
{
	if (team->rec->config.n_smc_cgroups)
		rdma_smc_cgroups(team, &team->rec->config);
	/* Its modules may have been loaded meanwhile. */
	if (!team->rdma && rdma_is_loaded())
		team->rdma_tried = false;
	if (!rdma_handle(team))
		return;
	if (!team->rdma_listens)
		team->rdma_listens = !rdma_events_open(team->rdma, NULL);
	if (!team->rdma_listens || rdma_events_read(team->rdma) || team->rdma_why[0])
		team->rdma_stale = true;
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		struct rdma_link link = {0};

		if (!team->rec->ports[i].rnic || !team->rec->ports[i].joined)
			continue;
		if (!rdma_find(team->rdma, team->rec->ports[i].ifindex, &link, NULL))
			rdma_read_load(team->rdma, link.index, link.port, &team->member[i].load,
				       NULL);
		follow_device(team, i, link.name);
	}
}
