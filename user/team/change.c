// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change.c - who wants a running team otherwise: apply, and the changes of single ports. Takes the
 * writers' lock, asks what may refuse, and leaves the work to reconfigure.c. Called by the CLI's
 * commands, the daemon's bus and its config folder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

static int check(struct team *team, const struct config *to, unsigned flags, struct err *err)
{
	enum detect detector;
	int ret;

	if (strcmp(to->team, team->rec->config.team))
		return err_set(err, -EINVAL, "%s: cannot become %s; detach it and attach that",
			       team->rec->config.team, to->team);
	if (team->vport_gone)
		return err_set(err, -ENODEV,
			       "%s: its interface is not here any more; 'bpfteam detach %s' clears "
			       "up what is left",
			       to->team, to->team);
	ret = config_check(to, err);
	ret = ret ?: team_check_ports(team->env, team->link, to, &team->rec->config, flags, err);
	return ret ?: datapath_choose_detector(to->detect.method, &detector, err);
}

/*
 * Who changes a team holds the lock from before it reads the record. A daemon's handle is up to
 * date; a command's may be from before another command's change. Returns the lock or -errno.
 */
static int begin(struct team *team, struct err *err)
{
	int lock = team_lock(team->env, err), ret;

	if (lock < 0 || team->env->daemon)
		return lock;
	ret = team_reload(team, err);
	if (ret) {
		team_unlock(lock);
		return ret;
	}
	team->read_only = false;
	/* From what is in force, and not from what the reading made of it. */
	team_resume_plan(team);
	if (!team->vport_gone)
		rejoin_find(team);
	return lock;
}

static int end(struct team *team, int lock, int ret)
{
	team_unlock(lock);
	if (team->env->daemon)
		team_handle(team, team_now_ns());
	return ret;
}

/* Under the lock. */
static int change(struct team *team, const struct config *config, unsigned flags,
		  void (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	int ret = check(team, config, flags, err);

	if (ret)
		return ret;
	if (!config_diff(&team->rec->config, config, fn, arg)) {
		direct_refresh(team);
		ret = team_replan(team, team_now_ns());
		ret = ret ?: rdma_update(team, err);
		return ret ?: vlan_configure(team, config, config, err);
	}
	ret = team_bring(team, config, flags, err);
	if (!ret && fn && team->smc_why[0])
		fn(team->smc_why, arg);
	if (!ret)
		team_emit(team, EVENT_CONFIG, "", "configuration changed", 0);
	return ret;
}

static int change_or_check(struct team *team, const struct config *config, bool check_only,
			   unsigned flags, void (*fn)(const char *line, void *arg), void *arg,
			   struct err *err)
{
	int lock, ret;

	if (check_only) {
		ret = check(team, config, flags, err);
		if (!ret)
			config_diff(&team->rec->config, config, fn, arg);
		return ret;
	}
	lock = begin(team, err);
	return lock < 0 ? lock : end(team, lock, change(team, config, flags, fn, arg, err));
}

int team_reconfigure(struct team *team, const struct config *config, bool check_only,
		     void (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	return change_or_check(team, config, check_only, 0, fn, arg, err);
}

/* A team that was not there: all of its configuration is a change. */
static int tell_all(const struct config *config, void (*fn)(const char *line, void *arg), void *arg)
{
	struct config *nothing = malloc(sizeof(*nothing));

	if (!nothing)
		return -ENOMEM;
	config_init(nothing);
	strcpy(nothing->team, config->team);
	config_diff(nothing, config, fn, arg);
	free(nothing);
	return 0;
}

static int apply_new(const struct team_env *env, const struct config *config, bool check_only,
		     unsigned flags, struct team **team, void (*fn)(const char *line, void *arg),
		     void *arg, struct err *err)
{
	struct link *link = NULL;
	char *notes = NULL;
	int ret;

	if (check_only) {
		ret = link_open(&link, err);
		ret = ret ?: team_check_ports(env, link, config, NULL, flags, err);
		link_close(link);
	} else {
		ret = team_attach(env, config, flags, team, &notes, err);
	}
	ret = ret ?: tell_all(config, fn, arg);
	for (char *rest = notes, *line; !ret && fn && (line = strsep(&rest, "\n"));) {
		if (*line)
			fn(line, arg);
	}
	free(notes);
	return ret;
}

int team_apply(const struct team_env *env, const struct config *config, bool check_only,
	       unsigned flags, struct team **team, void (*fn)(const char *line, void *arg),
	       void *arg, struct err *err)
{
	struct err open_err;
	int ret = 0;

	ret = config_check(config, err);
	if (!ret && !*team) {
		ret = team_open(env, config->team, team, &open_err);
		/* Not there, or left half-made: made anew. */
		if (ret == -ENOENT || ret == -EBUSY)
			return apply_new(env, config, check_only, flags, team, fn, arg, err);
		if (ret)
			return err_set(err, ret, "%s", open_err.text);
	}
	return ret ?: change_or_check(*team, config, check_only, flags, fn, arg, err);
}

/* Edits a copy of the configuration and applies it. */
static int edit(struct team *team, const char *port,
		int (*fn)(struct config *config, const char *port, const void *arg,
			  struct err *err),
		const void *arg, struct err *err)
{
	struct config *config = malloc(sizeof(*config));
	int lock, ret;

	if (!config)
		return err_set(err, -ENOMEM, "%s: out of memory", port);
	lock = begin(team, err);
	if (lock < 0) {
		free(config);
		return lock;
	}
	*config = team->rec->config;
	ret = fn(config, port, arg, err);
	ret = ret ?: change(team, config, 0, NULL, NULL, err);
	free(config);
	return end(team, lock, ret);
}

static int add(struct config *config, const char *port, const void *arg, struct err *err)
{
	return config_add_port(config, port, err);
}

int team_add_port(struct team *team, const char *port, struct err *err)
{
	return edit(team, port, add, NULL, err);
}

static int take(struct config *config, const char *port, const void *arg, struct err *err)
{
	return config_remove_port(config, port, err);
}

int team_remove_port(struct team *team, const char *port, struct err *err)
{
	return edit(team, port, take, NULL, err);
}

static int set(struct config *config, const char *name, const void *arg, struct err *err)
{
	const struct team_port_settings *settings = arg;
	struct port_config *port = config_port_mut(config, name);

	if (!port)
		return err_set(err, -EINVAL, "%s: is no port of %s", name, config->team);
	if (settings->weight)
		port->weight = *settings->weight;
	if (settings->priority)
		port->priority = *settings->priority;
	if (settings->drain)
		port->drain = *settings->drain;
	if (settings->disable)
		port->disable = *settings->disable;
	return 0;
}

int team_set_port(struct team *team, const char *port, const struct team_port_settings *settings,
		  struct err *err)
{
	return edit(team, port, set, settings, err);
}
