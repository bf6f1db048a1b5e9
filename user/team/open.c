// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * open.c - handles on teams: made, opened from what is pinned, closed. Closing stops nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

struct team *team_new(const struct team_env *env)
{
	struct team *team = calloc(1, sizeof(*team));

	if (!team)
		return NULL;
	team->env = env;
	team->rec = calloc(1, sizeof(*team->rec));
	if (!team->rec) {
		free(team);
		return NULL;
	}
	team->ports_ns = UINT64_MAX;
	team->told_stale = true;
	return team;
}

void team_close(struct team *team)
{
	if (!team)
		return;
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		member_fini(&team->member[i]);
	wire_close(team->wire);
	rdma_close(team->rdma);
	link_close(team->link);
	datapath_close(team->dp);
	free(team->rec);
	free(team);
}

int team_store(struct team *team, struct err *err)
{
	char *text;
	int ret;

	ret = record_format(team->rec, &text);
	if (ret)
		return err_set(err, ret, "%s: its record grows too long", team->rec->config.team);
	ret = datapath_set_record(team->dp, text, err);
	free(text);
	return ret;
}

/* ifindexes and names of another namespace mean nothing here. */
bool record_is_here(const struct record *rec)
{
	char here[LINK_NAMESPACE_MAX];

	return !rec->netns[0] || !strcmp(rec->netns, link_namespace(here));
}

int team_load(struct team *team, struct err *err)
{
	char *text = NULL;
	int ret;

	ret = datapath_get_record(team->dp, &text);
	ret = ret ? err_set(err, ret, "the team's record cannot be read")
		  : record_parse(text, strlen(text), team->rec, err);
	free(text);
	if (ret)
		return ret;
	if (!record_is_here(team->rec))
		return err_set(err, -EXDEV,
			       "%s: runs in another network namespace; give each its own --bpffs "
			       "and --runtime-dir",
			       team->rec->config.team);
	ret = name_parse(detect_names, team->rec->detector);
	team->detector = ret >= 0 ? (enum detect)ret : DETECT_POLL;
	return 0;
}

void team_datapath_config(const struct team *team, struct datapath_config *ret)
{
	const struct config *config = &team->rec->config;

	*ret = (struct datapath_config){
		.mode = config->mode,
		.hash = config->hash,
		.packets_per_slave = config->packets_per_slave,
		.mac = team->rec->mac,
		.ifindex = team->rec->ifindex,
		.inner_ifindex = team->rec->inner_ifindex,
		.detector = team->detector,
		.probe = config->arp_interval_ms != 0,
		.n_arp_target = config->n_arp_ip_target,
		.xdp = config->xdp,
		.direct = config->rx == RX_DIRECT,
		.all_active = config->all_slaves_active,
	};
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].rnic)
			ret->rdma_ports |= 1ull << team->rec->ports[i].id;
	}
	for (unsigned i = 0; i < config->n_arp_ip_target; i++)
		memcpy(&ret->arp_target[i], config->arp_ip_target[i].byte, 4);
}

void team_adopt_datapath(struct team *team)
{
	struct datapath_config config;

	team_datapath_config(team, &config);
	datapath_adopt(team->dp, &config);
}

static void read_devices(struct team *team)
{
	struct link_info inner;

	vport_update(team);
	team->inner_up = !link_get_index(team->link, team->rec->inner_ifindex, &inner, NULL) &&
			 inner.flags & IFF_UP;
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		member_update_info(team, i);
}

/* Programs of another build are swapped under the links; what changed meanwhile is noticed. */
static int adopt(struct team *team, struct err *err)
{
	bool swap = strcmp(team->rec->build, datapath_build_id()) != 0;
	struct datapath_config config;
	int ret = 0;

	if (team->vport_gone) {
		/* Somebody deleted it while nobody watched: its ports go free. */
		team_teardown(team, NULL);
		return err_set(err, -ENOENT, "%s: its interface was deleted",
			       team->rec->config.team);
	}
	team_datapath_config(team, &config);
	if (swap)
		ret = datapath_configure(team->dp, &config, err);
	if (!ret && swap)
		ret = rdma_reload(team, err);
	if (!ret && swap)
		ret = vlan_reload(team, err);
	if (!ret && swap)
		ret = member_swap_all(team, err);
	if (ret)
		return ret;
	rejoin_find(team);
	if (swap) {
		strcpy(team->rec->build, datapath_build_id());
		ret = team_store(team, err);
	}
	return ret ?: link_events_open(team->link, err);
}

static int open_team(struct team *team, const char *name, struct err *err)
{
	int ret;

	ret = datapath_open(team->env->bpffs, name, &team->dp, err);
	ret = ret ?: team_load(team, err);
	if (ret)
		return ret;
	if (!team->rec->complete)
		return err_set(err, -EBUSY,
			       "%s: left half-made by an interrupted command; 'bpfteam detach %s' "
			       "cleans up",
			       name, name);
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		member_init(&team->member[i]);
	ret = link_open(&team->link, err);
	if (ret)
		return ret;
	read_devices(team);
	team_adopt_datapath(team);
	if (team->env->daemon)
		ret = adopt(team, err);
	if (ret)
		return ret;
	team_resume_plan(team);
	team->read_only = !team->env->daemon;
	if (team->env->daemon)
		vport_follow_promisc(team);
	team->direct_stale = team->rdma_stale = true;
	team->dirty = true;
	return team_replan(team, team_now_ns());
}

int team_open(const struct team_env *env, const char *name, struct team **ret, struct err *err)
{
	struct team *team;
	int error, lock = -1;

	/* Who adopts writes, and reads only what nobody is about to change. */
	if (env->daemon && (lock = team_lock(env, err)) < 0)
		return lock;
	team = team_new(env);
	error = team ? open_team(team, name, err)
		     : err_set(err, -ENOMEM, "%s: out of memory", name);
	if (lock >= 0)
		team_unlock(lock);
	if (error) {
		team_close(team);
		return error;
	}
	*ret = team;
	return 0;
}

int team_reload(struct team *team, struct err *err)
{
	const struct team_env *env = team->env;
	struct team *fresh = NULL;
	struct team old;
	int ret;

	ret = team_open(env, team->rec->config.team, &fresh, err);
	if (ret)
		return ret;
	/* The handle's address stays; what it holds is exchanged. */
	old = *team;
	*team = *fresh;
	*fresh = old;
	team_close(fresh);
	return 0;
}

const char *team_name(const struct team *team)
{
	return team->rec->config.team;
}

const struct config *team_config(const struct team *team)
{
	return &team->rec->config;
}

const char *team_detector(const struct team *team)
{
	return name_of(detect_names, team->detector);
}

unsigned team_n_ports(const struct team *team)
{
	return team->rec->n_ports;
}

const char *team_port_name(const struct team *team, unsigned i)
{
	return team->rec->ports[i].name;
}

const struct port *team_port_state(const struct team *team, unsigned i)
{
	return &team->member[i].state;
}

int team_link_fd(const struct team *team)
{
	return link_events_fd(team->link);
}

int team_events_fd(const struct team *team)
{
	return datapath_events_fd(team->dp);
}

uint64_t team_deadline(const struct team *team)
{
	return team->deadline_ns;
}
