// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma.c - which ports are RNICs, and the vports of their RDMA systems: brings what is there to what
 * the configuration says, again and again.
 *
 * A port that has an RDMA device is an RNIC from then on, as long as it is a member. Whatever is made
 * for a vport is in the record first. rdma_update() changes nothing where nothing is to be changed, so
 * it is called whenever something of an RNIC or a vport was heard: addresses, by anyone, an RNIC that
 * joins again, an RDMA device that comes or goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

/* NULL where the kernel has no RDMA. Opened once. */
struct rdma *rdma_handle(struct team *team)
{
	if (!team->rdma && !team->rdma_tried) {
		team->rdma_tried = true;
		if (rdma_open(&team->rdma, NULL))
			team->rdma = NULL;
	}
	return team->rdma;
}

/* Is the device an RNIC, by what the configuration says of the port and what the kernel knows? */
bool rdma_is_rnic(struct team *team, const struct port_config *port, uint32_t ifindex)
{
	struct rdma_link link;

	if (port && port->rdma != RDMA_AUTO)
		return port->rdma == RDMA_ON;
	return rdma_handle(team) && !rdma_find(team->rdma, ifindex, &link, NULL);
}

/* The member that a vport of the configuration belongs to; -1: none, or no port of that one. */
static int member_of(struct team *team, const struct config *config, const struct rdma_config *rdma)
{
	int found = -1;

	if (rdma->port[0])
		return member_index_name(team, rdma->port);
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (!team->rec->ports[i].rnic || !config_port(config, team->rec->ports[i].name))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

struct saved_rdma *rdma_of_port(struct team *team, unsigned id)
{
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		if (team->rec->rdma[i].port == id)
			return &team->rec->rdma[i];
	}
	return NULL;
}

const struct rdma_config *rdma_config_of(const struct team *team, const struct config *config,
					 const struct saved_rdma *saved)
{
	char name[IFNAMSIZ];

	for (unsigned i = 0; i < config->n_rdma; i++) {
		config_rdma_vport(config, i, name);
		if (!strcmp(name, saved->vport))
			return &config->rdma[i];
	}
	return NULL;
}

static struct saved_rdma *saved_of(struct team *team, const char *vport)
{
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		if (!strcmp(team->rec->rdma[i].vport, vport))
			return &team->rec->rdma[i];
	}
	return NULL;
}

/* RDMA devices that appeared on ports since they joined. */
static int recognise(struct team *team, struct err *err)
{
	bool changed = false;

	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		struct saved_port *saved = &team->rec->ports[i];

		if (!saved->joined || saved->rnic ||
		    !rdma_is_rnic(team, config_port(&team->rec->config, saved->name),
				  saved->ifindex))
			continue;
		saved->rnic = changed = true;
		/* It joined as a plain port; an RNIC has IPv6, for its GIDs. */
		member_give_ipv6(team, i);
		team_emit(team, EVENT_CONFIG, saved->name, "has an RDMA device", 0);
	}
	if (!changed)
		return 0;
	team_store(team, NULL);
	return member_swap_all(team, err);
}

static int fail_no_device(const char *port, struct err *err)
{
	return err_set(err, -ENODEV,
		       "%s: has no RDMA device ('rdma link' lists them): load its driver, or say "
		       "'rdma: on' of the port in a configuration file",
		       port);
}

/* Before anything is touched: the ports that are named have RDMA devices. */
int rdma_check(struct link *link, const struct config *config, unsigned flags, struct err *err)
{
	struct rdma *rdma = NULL;
	struct rdma_link found;
	struct link_info info;
	int ret = 0;

	for (unsigned i = 0; !ret && i < config->n_rdma; i++) {
		const char *name = config->rdma[i].port;
		const struct port_config *port = config_port(config, name);

		if (!port || port->rdma != RDMA_AUTO || flags & TEAM_ALLOW_MISSING ||
		    link_get(link, name, &info, NULL))
			continue;
		if (!rdma)
			ret = rdma_open(&rdma, NULL);
		ret = ret ?: rdma_find(rdma, info.ifindex, &found, NULL);
		if (ret)
			ret = fail_no_device(name, err);
	}
	rdma_close(rdma);
	return ret;
}

static int refuse_port(struct team *team, const struct rdma_config *rdma, const char *vport,
		       struct err *err)
{
	if (!rdma->port[0])
		return err_set(err, -ENODEV,
			       "%s: not exactly one of the team's ports has an RDMA device ('rdma "
			       "link' lists them): name the port, rdma: {port: ...}",
			       vport);
	return fail_no_device(rdma->port, err);
}

/* Asked before anything is taken away: can this vport be made, now or when its port comes? */
static int check_vport(struct team *team, const struct config *config, unsigned i, struct err *err)
{
	const struct rdma_config *rdma = &config->rdma[i];
	int port = member_of(team, config, rdma);
	char name[IFNAMSIZ];

	config_rdma_vport(config, i, name);
	if (port < 0 ? !rdma->port[0]
		     : team->rec->ports[port].joined && !team->rec->ports[port].rnic)
		return refuse_port(team, rdma, name, err);
	return 0;
}

/* One vport of the configuration: made, when its RNIC is there, else brought up to date. */
static int bring(struct team *team, const struct config *config, unsigned i, struct err *err)
{
	const struct rdma_config *rdma = &config->rdma[i];
	struct saved_rdma *saved;
	char name[IFNAMSIZ];
	int port = member_of(team, config, rdma);

	config_rdma_vport(config, i, name);
	saved = saved_of(team, name);
	if (saved)
		return rdma_vport_update(team, rdma, saved, err);
	if (port >= 0 && !team->rec->ports[port].joined)
		return 0; /* comes with its port */
	if (port < 0 || !team->rec->ports[port].rnic)
		return refuse_port(team, rdma, name, err);
	return rdma_vport_make(team, rdma, name, port, err);
}

/* Does what is there of a vport still fit? Its addresses, failover and SMC can change as it runs. */
static bool fits(struct team *team, const struct config *config, const struct saved_rdma *saved)
{
	const struct rdma_config *rdma = rdma_config_of(team, config, saved);
	int port = rdma ? member_of(team, config, rdma) : -1;

	return rdma && port >= 0 && team->rec->ports[port].id == saved->port &&
	       rdma->vlan == saved->vlan;
}

/* The flows that the configuration names, beside those that are learnt. */
static int set_flows(struct team *team, const struct config *config, struct err *err)
{
	struct datapath_flow *list = calloc(BPFTEAM_RDMA_BY_HAND_MAX, sizeof(*list));
	unsigned n = 0;
	int ret = list ? 0 : -ENOMEM;

	for (unsigned i = 0; !ret && i < team->rec->n_rdma; i++) {
		const struct saved_rdma *saved = &team->rec->rdma[i];
		const struct rdma_config *rdma = rdma_config_of(team, config, saved);

		for (unsigned k = 0; rdma && k < rdma->n_flows; k++)
			list[n++] = (struct datapath_flow){
				.port = saved->port,
				.proto = rdma->flows[k].proto,
				.local = rdma->flows[k].local,
				.local_port = rdma->flows[k].local_port,
				.remote = rdma->flows[k].remote,
				.remote_port = rdma->flows[k].remote_port,
			};
	}
	if (!ret && (n || !team->rdma_no_flows))
		ret = datapath_set_flows(team->dp, BPFTEAM_RDMA_BY_HAND, list, n);
	team->rdma_no_flows = !n && ret >= 0;
	free(list);
	return ret < 0 ? err_set(err, ret,
				 "%s: the flows of rdma: can't be kept on their RNICs: %s",
				 config->team, strerror(-ret))
		       : 0;
}

int rdma_update(struct team *team, struct err *err)
{
	const struct config *config = &team->rec->config;
	int ret, first;

	team->rdma_stale = false;
	first = recognise(team, err);
	for (unsigned i = 0; i < config->n_rdma; i++) {
		ret = bring(team, config, i, first ? NULL : err);
		first = first ?: ret;
	}
	rdma_smc_cgroups(team, config);
	ret = set_flows(team, config, first ? NULL : err);
	return first ?: ret;
}

/* From one configuration to another; what `from` had put on a vport and `to` has not goes. */
int rdma_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err)
{
	bool removed = false;
	int ret = recognise(team, err);

	for (unsigned i = 0; !ret && i < to->n_rdma; i++)
		ret = check_vport(team, to, i, err);
	if (ret)
		return ret;
	for (unsigned i = team->rec->n_rdma; i-- > 0;) {
		struct saved_rdma *saved = &team->rec->rdma[i];
		const struct rdma_config *before, *after;

		if (!fits(team, to, saved)) {
			rdma_vport_remove(team, saved);
			removed = true;
			continue;
		}
		before = from ? rdma_config_of(team, from, saved) : NULL;
		after = rdma_config_of(team, to, saved);
		if (before)
			rdma_take_addresses(team, saved, before, after);
	}
	for (unsigned i = 0; !ret && i < to->n_rdma; i++)
		ret = bring(team, to, i, err);
	ret = ret ?: set_flows(team, to, err);
	if (removed && !ret)
		ret = member_swap_all(team, err);
	if (!ret)
		rdma_smc_cgroups(team, to);
	return ret;
}

void rdma_teardown(struct team *team)
{
	while (team->rec->n_rdma)
		rdma_vport_remove(team, &team->rec->rdma[team->rec->n_rdma - 1]);
}

/* Does a message about this device concern an RDMA vport, or an RNIC? */
bool rdma_concerns(const struct team *team, uint32_t ifindex)
{
	for (unsigned i = 0; i < team->rec->n_rdma; i++) {
		if (team->rec->rdma[i].ifindex == ifindex || team->rdma_target[i] == ifindex)
			return true;
	}
	for (unsigned i = 0; i < team->rec->n_ports; i++) {
		if (team->rec->ports[i].rnic && team->rec->ports[i].ifindex == ifindex)
			return true;
	}
	return false;
}
