// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rejoin.c - ports that are not as the record has them: renamed, gone, or made anew under their old
 * name while nobody watched, or half joined by a command that was interrupted. Called by the daemon
 * (open.c, handle.c) and by a command before it changes a team (reconfigure.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "team/team_priv.h"

void rejoin_rename(struct team *team, unsigned i, const char *name)
{
	struct saved_port *saved = &team->rec->ports[i];
	struct port_config *port = config_port_mut(&team->rec->config, saved->name);
	char cause[2 * IFNAMSIZ + 32], *listed;

	if (member_index_name(team, name) >= 0)
		return;
	snprintf(cause, sizeof(cause), "%s was renamed %s", saved->name, name);
	if (!strcmp(team->rec->config.primary, saved->name))
		strcpy(team->rec->config.primary, name);
	for (unsigned k = 0; k < team->rec->config.n_rdma; k++) {
		if (!strcmp(team->rec->config.rdma[k].port, saved->name))
			strcpy(team->rec->config.rdma[k].port, name);
		listed = config_rdma_port(&team->rec->config.rdma[k], saved->name);
		if (listed)
			strcpy(listed, name);
	}
	strcpy(port->name, name);
	strcpy(saved->name, name);
	team_store(team, NULL);
	team_emit(team, EVENT_CONFIG, name, cause, 0);
}

/*
 * A port that was away is back under its name: joins, if it may still be a port. -ENODEV when there
 * is no such device. Under the writers' lock.
 */
int rejoin_port(struct team *team, unsigned i, struct err *err)
{
	const struct config *config = &team->rec->config;
	struct link_info info;
	int ret;

	ret = link_get(team->link, team->rec->ports[i].name, &info, err);
	ret = ret ?: team_check_device(team->env, &info, config, err);
	ret = ret ?: member_join(team, i, err);
	ret = ret ?: member_settle(team, i, false, err);
	if (!ret)
		team->slots_valid = false;
	return ret;
}

static void follow(struct team *team, unsigned i)
{
	struct saved_port *saved = &team->rec->ports[i];

	if (saved->joined && member_update_info(team, i))
		member_lost(team, i, "removed, or moved to another namespace");
	if (!saved->joined)
		return;
	if (strcmp(team->member[i].info.name, saved->name))
		rejoin_rename(team, i, team->member[i].info.name);
	if (!datapath_joined(team->dp, saved->id, saved->ifindex))
		member_complete(team, i, NULL);
}

/* Brings record and ports together. Whoever can't join stays away; that is no failure. */
void rejoin_find(struct team *team)
{
	struct err err;

	for (unsigned i = 0; i < team->rec->n_ports; i++)
		follow(team, i);
	/* Two ports that exchanged their names: the second one's is free only now. */
	for (unsigned i = 0; i < team->rec->n_ports; i++)
		follow(team, i);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].joined || !rejoin_port(team, i, &err))
			continue;
		team->member[i].missing_reason = "no such device";
	}
	vport_limit_gso(team, NULL);
}
