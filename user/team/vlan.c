// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * vlan.c - VLAN groups: brings those that are there to what the configuration says, and keeps each on
 * its own ports as they come and go.
 *
 * What there is of a group stands in the data path's map `vlans`, written before the veth is made, and
 * not in the record, whose text would grow with each of 4,094. Groups are made in one go: their programs
 * are loaded once, their veths deleted in one request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "team/team_priv.h"

struct vlan_index {
	const struct vlan_config *group[CONFIG_VLANS_MAX + 1]; /* by VLAN id */
};

static void index_groups(const struct config *config, struct vlan_index *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < config->n_vlans; i++)
		ret->group[config->vlans[i].id] = &config->vlans[i];
}

struct upper_search {
	uint32_t below;
	const struct config *config;
	struct link_info found;
};

static int find_upper(const struct link_info *info, void *arg)
{
	struct upper_search *search = arg;
	const struct vlan_config *vlan;

	if (info->lower != search->below || strcmp(info->kind, "vlan"))
		return 0;
	vlan = config_vlan(search->config, info->vlan);
	if (!vlan || (vlan->protocol == VLAN_8021AD) != info->vlan_8021ad)
		return 0;
	search->found = *info;
	return 1;
}

/* A device of the same VLAN on the team's interface would hear nothing any more. */
static int check_uppers(struct link *link, const struct config *config, struct err *err)
{
	struct upper_search search = {.config = config};
	struct link_info vport;
	int ret;

	if (!config->n_vlans || link_get(link, config->team, &vport, NULL))
		return 0;
	search.below = vport.ifindex;
	ret = link_each(link, find_upper, &search, err);
	if (ret <= 0)
		return ret;
	return err_set(err, -EEXIST,
		       "VLAN %u: %s is a device of that VLAN on %s, which would hear nothing any "
		       "more; 'ip link delete %s' first",
		       search.found.vlan, search.found.name, config->team, search.found.name);
}

/* Before anything is touched: names that new groups bear are free. */
int vlan_check(struct link *link, const struct config *config, const struct config *running,
	       struct err *err)
{
	char name[IFNAMSIZ], before[IFNAMSIZ];
	struct vlan_index *old = malloc(sizeof(*old));
	struct link_info info;
	int ret = old ? check_uppers(link, config, err)
		      : err_set(err, -ENOMEM, "%s: out of memory", config->team);

	if (old && running)
		index_groups(running, old);
	for (unsigned i = 0; !ret && i < config->n_vlans; i++) {
		const struct vlan_config *vlan = &config->vlans[i];

		config_vlan_name(config, vlan, name);
		if (running && old->group[vlan->id]) {
			config_vlan_name(running, old->group[vlan->id], before);
			if (!strcmp(name, before))
				continue;
		}
		if (!link_get(link, name, &info, NULL))
			ret = err_set(err, -EEXIST,
				      "%s: an interface of that name is there already; name the "
				      "group of VLAN %u otherwise",
				      name, vlan->id);
	}
	free(old);
	return ret;
}

/* Can what is there become this, or has it to be made anew? */
static bool fits(const struct team *team, const struct vlan_config *vlan, uint16_t id)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, id);
	char name[IFNAMSIZ];

	if (!vlan || !there->ifindex)
		return false;
	config_vlan_name(&team->rec->config, vlan, name);
	return !strcmp(name, there->name);
}

/* Takes away all whose id is marked. */
static int remove_marked(struct team *team, const bool marked[BPFTEAM_VLANS], struct err *err)
{
	uint32_t *gone = calloc(BPFTEAM_VLANS, sizeof(*gone));
	unsigned n = 0;
	int ret = 0;

	if (!gone)
		return err_set(err, -ENOMEM, "%s: out of memory", team->rec->config.team);
	for (unsigned id = 1; id < BPFTEAM_VLANS; id++) {
		if (marked[id])
			gone[n++] = vlan_vport_find(team, id);
	}
	ret = link_delete_all(team->link, gone, n, err);
	for (unsigned id = 1; id < BPFTEAM_VLANS; id++) {
		if (marked[id])
			datapath_clear_vlan(team->dp, id, NULL);
	}
	free(gone);
	return ret;
}

static int remove_groups(struct team *team, const struct vlan_index *to, bool *removed,
			 struct err *err)
{
	bool marked[BPFTEAM_VLANS] = {false};

	*removed = false;
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		marked[id] = !fits(team, to->group[id], id);
		*removed |= marked[id];
	}
	return *removed ? remove_marked(team, marked, err) : 0;
}

void vlan_teardown(struct team *team)
{
	bool marked[BPFTEAM_VLANS] = {false}, any = false;

	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));)
		any = marked[id] = true;
	if (any)
		remove_marked(team, marked, NULL);
}

void vlan_describe(const struct team *team, const struct vlan_config *vlan,
		   struct datapath_vlan *ret)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, vlan->id);

	*ret = (struct datapath_vlan){
		.id = vlan->id,
		.ifindex = there ? there->ifindex : 0,
		.inner_ifindex = there ? there->inner_ifindex : 0,
		.mode = config_vlan_mode(&team->rec->config, vlan),
		.hash = config_vlan_hash(&team->rec->config, vlan),
		.protocol = vlan->protocol,
		.priority = vlan->priority,
	};
}

static bool same_programs(const struct config *from, const struct config *to,
			  const struct vlan_config *before, const struct vlan_config *after)
{
	return before && config_vlan_mode(from, before) == config_vlan_mode(to, after) &&
	       config_vlan_hash(from, before) == config_vlan_hash(to, after) &&
	       before->protocol == after->protocol && before->priority == after->priority &&
	       plan_vlan_needs_slots(from) == plan_vlan_needs_slots(to);
}

/*
 * Makes what is missing, and gives new programs to what wants others; from is NULL where there is
 * nothing yet. set: room for all groups of `to`.
 */
static int bring(struct team *team, const struct config *from, const struct config *to,
		 const struct vlan_index *before, struct datapath_vlan *set, struct err *err)
{
	bool fresh[BPFTEAM_VLANS] = {false};
	unsigned n = 0;
	int ret = 0;

	for (unsigned i = 0; !ret && i < to->n_vlans; i++) {
		const struct vlan_config *vlan = &to->vlans[i];

		vlan_describe(team, vlan, &set[n]);
		fresh[vlan->id] = !set[n].ifindex;
		if (fresh[vlan->id])
			ret = vlan_vport_make(team, vlan, &set[n], err);
		else if (from && same_programs(from, to, before->group[vlan->id], vlan))
			continue;
		n++;
	}
	if (!ret)
		ret = vlan_replan(team, true, NULL);
	ret = ret ?: datapath_set_vlans(team->dp, set, n, plan_vlan_needs_slots(to), err);
	for (unsigned i = 0; !ret && i < n; i++) {
		if (fresh[set[i].id])
			ret = vlan_vport_open(team, &set[i], err);
	}
	for (unsigned i = 0; !ret && i < to->n_vlans; i++) {
		const struct vlan_config *vlan = &to->vlans[i];

		ret = vlan_vport_configure(team, fresh[vlan->id] ? NULL : before->group[vlan->id],
					   vlan, err);
	}
	return ret;
}

static bool has_groups(const struct team *team)
{
	return datapath_next_vlan(team->dp, 0) != 0;
}

/* From one configuration to another; from is NULL for a team that is just made. */
int vlan_configure(struct team *team, const struct config *from, const struct config *to,
		   struct err *err)
{
	bool had = has_groups(team), removed;
	struct vlan_index *index;
	struct datapath_vlan *set;
	int ret;

	if (!to->n_vlans && !had)
		return 0;
	index = calloc(2, sizeof(*index));
	set = calloc(to->n_vlans + 1, sizeof(*set));
	ret = index && set ? 0 : err_set(err, -ENOMEM, "%s: out of memory", to->team);
	if (!ret) {
		if (from)
			index_groups(from, &index[0]);
		index_groups(to, &index[1]);
		ret = remove_groups(team, &index[1], &removed, err);
		ret = ret ?: bring(team, from, to, &index[0], set, err);
	}
	/* Ports look at tags only where there are groups. */
	if (!ret && had != has_groups(team))
		ret = member_swap_all(team, err);
	team->told_stale = true;
	free(index);
	free(set);
	return ret;
}

/* The groups' programs anew: another build's, or for another detector. */
int vlan_reload(struct team *team, struct err *err)
{
	const struct config *config = &team->rec->config;
	struct datapath_vlan *set = calloc(config->n_vlans + 1, sizeof(*set));
	unsigned n = 0;
	int ret;

	if (!set)
		return err_set(err, -ENOMEM, "%s: out of memory", config->team);
	for (unsigned i = 0; i < config->n_vlans; i++) {
		vlan_describe(team, &config->vlans[i], &set[n]);
		n += set[n].ifindex != 0;
	}
	ret = n ? vlan_replan(team, true, NULL) : 0;
	ret = ret ?: datapath_set_vlans(team->dp, set, n, plan_vlan_needs_slots(config), err);
	free(set);
	return ret;
}

static bool follow(struct team *team, const struct vlan_config *vlan, const struct plan_port *ports,
		   unsigned n)
{
	const struct bpfteam_vlan *there = datapath_vlan(team->dp, vlan->id);
	bool daemon = team->env->daemon, changed;
	struct plan_vlan plan;

	if (!there)
		return false;
	plan_vlan_make(&team->rec->config, vlan, ports, n, there->list.port[0], daemon, &plan);
	changed = there->list.port[0] != plan.list.port[0] && plan.carrier;
	if (there->mask != plan.mask || memcmp(&there->list, &plan.list, sizeof(plan.list)))
		datapath_set_vlan_ports(team->dp, vlan->id, plan.mask, &plan.list);
	if (daemon && there->inner_ifindex && there->carrier != plan.carrier) {
		link_set_up(team->link, there->inner_ifindex, plan.carrier, NULL);
		datapath_set_vlan_carrier(team->dp, vlan->id, plan.carrier);
		changed |= plan.carrier;
	}
	return changed;
}

/*
 * After the ports' states: each group's ports, their order, and, where somebody watches, carrier. table:
 * the ports or their weights are others. *changed: neighbours of a group have to be told.
 */
int vlan_replan(struct team *team, bool table, bool *changed)
{
	const struct config *config = &team->rec->config;
	struct bpfteam_slot slots[BPFTEAM_SLOTS];
	struct plan_port ports[BPFTEAM_PORTS_MAX];
	unsigned n;
	bool any = false;

	if (!config->n_vlans)
		return 0;
	n = team_plan_ports(team, ports);
	for (unsigned i = 0; i < config->n_vlans; i++)
		any |= follow(team, &config->vlans[i], ports, n);
	if (changed)
		*changed = any;
	if (!table || !plan_vlan_needs_slots(config))
		return 0;
	plan_slots_weighted(ports, n, slots);
	return datapath_set_vlan_slots(team->dp, slots, NULL);
}

/* Nobody follows carriers any more: the data path alone says whether a frame has a way. */
void vlan_release(struct team *team)
{
	for (uint16_t id = 0; (id = datapath_next_vlan(team->dp, id));) {
		const struct bpfteam_vlan *vlan = datapath_vlan(team->dp, id);

		if (vlan->carrier)
			continue;
		link_set_up(team->link, vlan->inner_ifindex, true, NULL);
		datapath_set_vlan_carrier(team->dp, id, true);
	}
}
