// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * reconfigure.c - a running team from one configuration to another, by difference, without losing a
 * frame.
 *
 * What may refuse is asked before anything is touched. Then, in this order: new ports join, receive
 * programs, slots and masks, transmit programs (the other way round when the new mode receives less
 * than the old), old ports leave. A failure on the way runs the same steps back to the old
 * configuration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

static bool same_programs(const struct config *a, const struct config *b)
{
	return a->mode == b->mode && a->hash == b->hash && a->xdp == b->xdp &&
	       a->detect.method == b->detect.method && !a->arp_interval_ms == !b->arp_interval_ms &&
	       a->n_arp_ip_target == b->n_arp_ip_target &&
	       !memcmp(a->arp_ip_target, b->arp_ip_target,
		       a->n_arp_ip_target * sizeof(a->arp_ip_target[0]));
}

static int swap_receive(struct team *team, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++) {
		const struct saved_port *saved = &team->rec->ports[i];

		if (saved->joined)
			ret = datapath_join(team->dp, saved->id, saved->ifindex, &saved->probe_mac,
					    err);
	}
	return ret;
}

/*
 * New programs under the running links. From active-backup to a mode that receives on all ports the
 * receiving side goes first, else last: at no moment does a port drop what the other side may send.
 */
static int swap_programs(struct team *team, enum bpfteam_mode from, struct err *err)
{
	bool receive_first = from == BPFTEAM_ACTIVE_BACKUP;
	struct datapath_config config;
	int ret = 0;

	team_datapath_config(team, &config);
	datapath_adopt(team->dp, &config);
	team->slots_valid = false;
	if (receive_first)
		ret = swap_receive(team, err);
	ret = ret ?: team_replan(team, team_now_ns());
	ret = ret ?: datapath_configure(team->dp, &config, err);
	if (!ret && !receive_first)
		ret = swap_receive(team, err);
	strcpy(team->rec->build, datapath_build_id());
	return ret;
}

/* The ARP monitor needs a MAC of its own on every port; whoever joined without gets it now. */
static int add_probe_macs(struct team *team, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < team->rec->n_ports; i++)
		ret = member_add_probe_mac(team, i, err);
	return ret;
}

static int add_ports(struct team *team, const struct config *to, unsigned flags, struct err *err)
{
	struct link_info info;
	int ret = 0, i;

	for (unsigned k = 0; !ret && k < to->n_ports; k++) {
		const char *name = to->ports[k].name;

		if (member_index_name(team, name) >= 0)
			continue;
		i = member_add(team, name);
		if ((flags & TEAM_ALLOW_MISSING) &&
		    link_get(team->link, name, &info, NULL) == -ENODEV)
			continue;
		ret = member_join(team, i, err);
		ret = ret ?: member_settle(team, i, flags & TEAM_MOVE_ADDRESSES, err);
	}
	return ret;
}

static int remove_ports(struct team *team, const struct config *to, struct err *err)
{
	int ret = 0;

	for (unsigned i = team->rec->n_ports; i-- > 0;) {
		if (config_port(to, team->rec->ports[i].name))
			continue;
		move_hand_over(team, i);
		if (!ret)
			ret = member_leave(team, i, err);
		member_remove(team, i);
	}
	return ret;
}

static int choose_detector(struct team *team, const struct config *to, struct err *err)
{
	int ret = datapath_choose_detector(to->detect.method, &team->detector, err);

	if (!ret)
		strcpy(team->rec->detector, name_of(detect_names, team->detector));
	return ret;
}

/* The union of both while ports come and go: those of `from` that leave are drained. */
static int with_leaving(const struct config *from, const struct config *to, struct config *both,
			struct err *err)
{
	int ret = 0;

	*both = *to;
	for (unsigned i = 0; !ret && i < from->n_ports; i++) {
		const char *name = from->ports[i].name;

		if (config_port(to, name))
			continue;
		ret = config_add_port(both, name, err);
		if (!ret)
			config_port_mut(both, name)->drain = true;
	}
	return ret;
}

static int set_interface(struct team *team, const struct config *from, const struct config *to,
			 struct err *err)
{
	struct mac before = team->rec->mac;
	int ret = 0;

	if (to->mtu && to->mtu != team->vport.mtu)
		ret = vport_set_mtu(team, to->mtu, err);
	if (!ret && !mac_is_zero(&to->mac) && !mac_equal(&to->mac, &before)) {
		team->rec->mac = to->mac;
		ret = link_set_mac(team->link, team->rec->ifindex, &to->mac, err);
		for (unsigned i = 0; !ret && i < team->rec->n_ports; i++)
			ret = member_set_mac(team, i, &before, err);
		/* Event for the daemon's own ears: nothing left to follow. */
		team->vport.mac = to->mac;
	}
	return ret ?: move_configure(team, from, to, err);
}

static int go(struct team *team, const struct config *from, const struct config *to, unsigned flags,
	      struct err *err)
{
	struct mac mac = team->rec->mac;
	bool programs = !same_programs(from, to);
	int ret;

	ret = with_leaving(from, to, &team->rec->config, err);
	if (!ret && to->detect.method != from->detect.method)
		ret = choose_detector(team, to, err);
	ret = ret ?: add_ports(team, to, flags, err);
	ret = ret ?: set_interface(team, from, to, err);
	if (!ret && to->arp_interval_ms)
		ret = add_probe_macs(team, err);
	if (!ret && (programs || !mac_equal(&mac, &team->rec->mac)))
		ret = swap_programs(team, from->mode, err);
	team->slots_valid = false;
	ret = ret ?: team_replan(team, team_now_ns());
	if (ret)
		return ret;
	ret = remove_ports(team, to, err);
	team->rec->config = *to;
	team->slots_valid = false;
	ret = ret ?: team_replan(team, team_now_ns());
	ret = ret ?: vport_limit_gso(team, err);
	return ret ?: team_store(team, err);
}

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

static int reconfigure(struct team *team, const struct config *to, unsigned flags, struct err *err)
{
	struct config *from = malloc(sizeof(*from));
	int ret;

	if (!from)
		return err_set(err, -ENOMEM, "%s: out of memory", to->team);
	*from = team->rec->config;
	team->read_only = false;
	ret = go(team, from, to, flags, err);
	if (ret) {
		struct config *half = malloc(sizeof(*half));

		if (half) {
			*half = team->rec->config;
			go(team, half, from, 0, NULL);
		}
		free(half);
	}
	free(from);
	return ret;
}

static int change(struct team *team, const struct config *config, bool check_only, unsigned flags,
		  void (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	int lock, ret;

	ret = check(team, config, flags, err);
	if (ret)
		return ret;
	if (check_only) {
		config_diff(&team->rec->config, config, fn, arg);
		return 0;
	}
	lock = team_lock(team->env, err);
	if (lock < 0)
		return lock;
	if (config_diff(&team->rec->config, config, fn, arg)) {
		ret = reconfigure(team, config, flags, err);
		if (!ret)
			team_emit(team, EVENT_CONFIG, "", "configuration changed", 0);
	}
	team_unlock(lock);
	if (team->env->daemon)
		team_handle(team, team_now_ns());
	return ret;
}

int team_reconfigure(struct team *team, const struct config *config, bool check_only,
		     void (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	return change(team, config, check_only, 0, fn, arg, err);
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
	int ret;

	if (check_only) {
		ret = link_open(&link, err);
		ret = ret ?: team_check_ports(env, link, config, NULL, flags, err);
		link_close(link);
	} else {
		ret = team_attach(env, config, flags, team, NULL, err);
	}
	return ret ?: tell_all(config, fn, arg);
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
	return ret ?: change(*team, config, check_only, flags, fn, arg, err);
}

/* Edits a copy of the configuration and applies it. */
static int edit(struct team *team, struct config *config, int ret, struct err *err)
{
	if (!ret)
		ret = team_reconfigure(team, config, false, NULL, NULL, err);
	free(config);
	return ret;
}

static struct config *copy(const struct team *team)
{
	struct config *config = malloc(sizeof(*config));

	if (config)
		*config = team->rec->config;
	return config;
}

int team_add_port(struct team *team, const char *port, struct err *err)
{
	struct config *config = copy(team);

	if (!config)
		return -ENOMEM;
	return edit(team, config, config_add_port(config, port, err), err);
}

int team_remove_port(struct team *team, const char *port, struct err *err)
{
	struct config *config = copy(team);

	if (!config)
		return -ENOMEM;
	return edit(team, config, config_remove_port(config, port, err), err);
}

int team_set_port(struct team *team, const char *name, const struct team_port_settings *settings,
		  struct err *err)
{
	struct config *config = copy(team);
	struct port_config *port;

	if (!config)
		return -ENOMEM;
	port = config_port_mut(config, name);
	if (!port) {
		free(config);
		return err_set(err, -ENOENT, "%s: is no port of %s", name, team->rec->config.team);
	}
	if (settings->weight)
		port->weight = *settings->weight;
	if (settings->priority)
		port->priority = *settings->priority;
	if (settings->drain)
		port->drain = *settings->drain;
	if (settings->disable)
		port->disable = *settings->disable;
	return edit(team, config, 0, err);
}
