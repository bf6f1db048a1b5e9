// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attach.c - a team out of nothing, and back to nothing.
 *
 * Order of attach: everything that can refuse is asked first; then the record (so that whatever
 * comes next can be undone by a later command, too), the interface, the maps, the programs, the
 * ports, and last the mark that it is complete. Teardown goes by the record alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

int team_teardown(struct team *team, struct err *err)
{
	int ret = 0, first = 0;

	rdma_teardown(team);
	vlan_teardown(team);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		ret = member_leave(team, i, first ? NULL : err);
		first = first ?: ret;
	}
	ret = vport_delete(team, first ? NULL : err);
	first = first ?: ret;
	ret = datapath_destroy(team->dp, first ? NULL : err);
	return first ?: ret;
}

/*
 * Is there nothing but pins to remove of a team whose record was not read? So when the command that
 * made it was interrupted before there was one, or the one that removed it after that; when its
 * namespace is gone; and when an unreadable record stands in the way of who wants it gone.
 */
static bool may_forget(const struct team *team, int error, bool only_incomplete)
{
	if (error == -EXDEV)
		return datapath_orphaned(team->dp);
	return error == -ENODATA || error == -ENOENT || (error == -EINVAL && !only_incomplete);
}

/* An interface that is not here may be in another network namespace: nobody clears up unasked. */
static int refuse_existing(struct team *team, const char *name, struct err *err)
{
	if (vport_update(team))
		return err_set(err, -EEXIST,
			       "%s: is there already, without its interface; 'bpfteam detach %s' "
			       "clears up what is left",
			       name, name);
	return err_set(err, -EEXIST, "%s: is there already; 'bpfteam apply' changes a team", name);
}

/* What an interrupted command, or one that can't be undone any other way, left under that name. */
static int clean_up(const struct team_env *env, const char *name, bool only_incomplete,
		    struct err *err)
{
	struct team *team = team_new(env);
	int ret;

	if (!team)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	ret = datapath_open(env->bpffs, name, &team->dp, err);
	if (ret)
		goto out;
	ret = team_load(team, err);
	if (ret && may_forget(team, ret, only_incomplete)) {
		memset(team->rec, 0, sizeof(*team->rec));
		ret = datapath_destroy(team->dp, err);
		goto out;
	}
	ret = ret ?: link_open(&team->link, err);
	if (ret)
		goto out;
	if (only_incomplete && team->rec->complete) {
		ret = refuse_existing(team, name, err);
		goto out;
	}
	team_adopt_datapath(team);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		member_init(&team->member[i]);
		member_update_info(team, i);
	}
	ret = team_teardown(team, err);
out:
	team_close(team);
	return ret;
}

/* Polling is somebody's work: without a daemon nobody would do it. */
static int check_detector(struct team *team, unsigned flags, struct err *err)
{
	int ret;

	ret = datapath_choose_detector(team->rec->config.detect.method, &team->detector, err);
	if (ret)
		return ret;
	strcpy(team->rec->detector, name_of(detect_names, team->detector));
	if (team->detector == DETECT_POLL && !team->env->daemon && !(flags & TEAM_NO_FAILOVER))
		return err_set(err, -EOPNOTSUPP,
			       "%s: only polling could see a port fail, and there is no daemon to "
			       "poll; start bpfteamd, or accept that with --no-failover",
			       team->rec->config.team);
	return 0;
}

static int check(struct team *team, unsigned flags, struct err *err)
{
	int ret;

	ret = link_open(&team->link, err);
	ret = ret ?: vport_check_free(team, team->rec->config.team, err);
	ret = ret ?: team_check_ports(team->env, team->link, &team->rec->config, NULL, flags, err);
	return ret ?: check_detector(team, flags, err);
}

static int join_all(struct team *team, unsigned flags, struct err *err)
{
	const struct config *config = &team->rec->config;
	struct link_info info;
	int ret = 0;

	for (unsigned i = 0; !ret && i < config->n_ports; i++) {
		member_add(team, config->ports[i].name);
		if ((flags & TEAM_ALLOW_MISSING) &&
		    link_get(team->link, config->ports[i].name, &info, NULL) == -ENODEV)
			continue;
		ret = member_join(team, i, err);
		probe_reset(&team->member[i], PROBE_OFF);
		/* Masks and slots: from here on the port carries traffic, and addresses may come. */
		ret = ret ?: team_replan(team, team_now_ns());
	}
	ret = ret ?: vport_limit_gso(team, err);
	for (unsigned i = 0; !ret && i < config->n_ports; i++) {
		if (team->rec->ports[i].joined)
			ret = member_settle(team, i, flags & TEAM_MOVE_ADDRESSES, err);
	}
	return ret;
}

/* An RNIC whose driver is slow at boot comes later, and its vport with it. */
static int make_rdma(struct team *team, unsigned flags, struct err *err)
{
	struct err why = {""};
	int ret = rdma_configure(team, NULL, &team->rec->config, &why);

	if (ret != -ENODEV || !(flags & TEAM_ALLOW_MISSING))
		return ret ? err_set(err, ret, "%s", why.text) : 0;
	team_emit(team, EVENT_CONFIG, "", why.text, 0);
	team->rdma_stale = true;
	return 0;
}

static int build(struct team *team, unsigned flags, struct err *err)
{
	struct datapath_config config;
	uint64_t none = 0;
	int ret;

	ret = vport_create(team, err);
	if (ret)
		return ret;
	datapath_set_masks(team->dp, &(struct datapath_masks){.alive = &none});
	team_datapath_config(team, &config);
	ret = datapath_configure(team->dp, &config, err);
	if (ret && team->rec->config.detect.method == DETECT_AUTO) {
		/* The kernel promised rung 0 and refused the program: the next detector, then. */
		enum detect refused = team->detector;

		if (!check_detector(team, flags, NULL) && team->detector != refused) {
			team_datapath_config(team, &config);
			ret = datapath_configure(team->dp, &config, err);
		}
	}
	strcpy(team->rec->build, datapath_build_id());
	ret = ret ?: link_set_up(team->link, team->rec->inner_ifindex, true, err);
	team->inner_up = true;
	ret = ret ?: link_set_up(team->link, team->rec->ifindex, true, err);
	ret = ret ?: join_all(team, flags, err);
	ret = ret ?: move_configure(team, NULL, &team->rec->config, err);
	ret = ret ?: make_rdma(team, flags, err);
	ret = ret ?: vlan_configure(team, NULL, &team->rec->config, err);
	if (!ret)
		direct_refresh(team);
	if (!ret && team->env->daemon)
		ret = link_events_open(team->link, err);
	team->rec->complete = true;
	return ret ?: team_store(team, err);
}

/* What the team lacks on this kernel, and while nobody watches it: a line each. */
static int make_notes(const struct team *team, unsigned flags, char **ret)
{
	bool blind = team->detector == DETECT_POLL;

	*ret = NULL;
	if (team->env->daemon)
		*ret = strdup(team->smc_why);
	else if (asprintf(ret,
			  "%s%s%s: no daemon runs, so the team has no gratuitous ARP after a "
			  "fail-over, "
			  "no updelay and downdelay, no ARP monitor, lets no unplugged port join "
			  "again, and takes no MAC, MTU, promiscuity or carrier from one side to "
			  "the "
			  "other%s; 'systemctl start bpfteamd' adopts it",
			  team->smc_why, team->smc_why[0] ? "\n" : "", team->rec->config.team,
			  blind ? ", and DOES NOT SEE A PORT FAIL" : "") < 0)
		*ret = NULL;
	return *ret ? 0 : -ENOMEM;
}

static int attach(struct team *team, const struct config *config, unsigned flags, struct err *err)
{
	const struct team_env *env = team->env;
	int ret;

	team->rec->config = *config;
	link_namespace(team->rec->netns);
	ret = datapath_prepare(env->bpffs, err);
	ret = ret ?: clean_up(env, config->team, true, err);
	if (ret == -ENOENT)
		ret = 0;
	ret = ret ?: check(team, flags, err);
	ret = ret ?: datapath_create(env->bpffs, config->team, &team->dp, err);
	if (ret)
		return ret;
	ret = build(team, flags, err);
	if (ret)
		team_teardown(team, NULL);
	return ret;
}

int team_attach(const struct team_env *env, const struct config *config, unsigned flags,
		struct team **ret, char **notes, struct err *err)
{
	struct team *team;
	int lock, error;

	error = config_check(config, err);
	if (error)
		return error;
	lock = team_lock(env, err);
	if (lock < 0)
		return lock;
	team = team_new(env);
	error = team ? attach(team, config, flags, err)
		     : err_set(err, -ENOMEM, "%s: out of memory", config->team);
	if (!error && notes)
		error = make_notes(team, flags, notes);
	team_unlock(lock);
	if (error) {
		team_close(team);
		return error;
	}
	if (env->daemon)
		team_handle(team, team_now_ns());
	*ret = team;
	return 0;
}

int team_detach_name(const struct team_env *env, const char *name, struct err *err)
{
	int lock = team_lock(env, err);
	int ret;

	if (lock < 0)
		return lock;
	ret = clean_up(env, name, false, err);
	team_unlock(lock);
	return ret;
}

int team_detach(struct team *team, struct err *err)
{
	int lock = team_lock(team->env, err);
	int ret = lock;

	if (lock >= 0) {
		ret = team_teardown(team, err);
		team_unlock(lock);
	}
	team_close(team);
	return ret;
}
