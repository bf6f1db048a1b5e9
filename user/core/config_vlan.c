// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_vlan.c - the VLAN groups of a configuration: their rules, their names, and what a group leaves
 * to the team. Called by config_check.c and by whoever makes groups. A team may have thousands of them,
 * so nothing here compares each with each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_check.h"
#include "core/field.h"
#include "core/mode.h"

int config_add_vlan(struct config *config, uint32_t id, struct err *err)
{
	struct vlan_config *vlan = &config->vlans[config->n_vlans];

	if (!id || id > CONFIG_VLANS_MAX)
		return err_set(err, -EINVAL, "VLAN %u is out of range (1 to %d)", id,
			       CONFIG_VLANS_MAX);
	if (config_vlan(config, id))
		return err_set(err, -EEXIST, "VLAN %u is listed twice", id);
	if (config->n_vlans >= CONFIG_VLANS_MAX)
		return err_set(err, -ENOSPC, "a team has at most %d VLANs", CONFIG_VLANS_MAX);
	memset(vlan, 0, sizeof(*vlan));
	field_init(config_vlan_fields, vlan);
	vlan->id = id;
	config->n_vlans++;
	return 0;
}

const struct vlan_config *config_vlan(const struct config *config, uint32_t id)
{
	for (unsigned i = 0; i < config->n_vlans; i++) {
		if (config->vlans[i].id == id)
			return &config->vlans[i];
	}
	return NULL;
}

const struct vlan_config *config_vlan_of_port(const struct config *config, const char *port)
{
	for (unsigned i = 0; i < config->n_vlans; i++) {
		for (unsigned k = 0; k < config->vlans[i].n_ports; k++) {
			if (!strcmp(config->vlans[i].ports[k], port))
				return &config->vlans[i];
		}
	}
	return NULL;
}

void config_vlan_name(const struct config *config, const struct vlan_config *vlan,
		      char buf[IFNAMSIZ])
{
	char suffix[7];

	if (vlan->name[0]) {
		memcpy(buf, vlan->name, IFNAMSIZ);
		return;
	}
	snprintf(suffix, sizeof(suffix), "-v%u", vlan->id % 10000);
	config_derived_name(config->team, suffix, buf);
}

enum bpfteam_mode config_vlan_mode(const struct config *config, const struct vlan_config *vlan)
{
	if (vlan->mode >= 0)
		return vlan->mode;
	return mode_of(config->mode)->active ? BPFTEAM_ACTIVE_BACKUP : BPFTEAM_BALANCE_XOR;
}

enum bpfteam_hash config_vlan_hash(const struct config *config, const struct vlan_config *vlan)
{
	return vlan->hash < 0 ? config->hash : (enum bpfteam_hash)vlan->hash;
}

static int fail_at(struct config_spot *spot, unsigned i, const char *subkey, int item)
{
	*spot = (struct config_spot){"vlans", i, subkey, item};
	return -EINVAL;
}

static int check_ports(const struct config *config, unsigned i, struct config_spot *spot,
		       struct err *err)
{
	const struct vlan_config *vlan = &config->vlans[i];

	if (vlan->n_ports > CONFIG_VLAN_PORTS_MAX) {
		err_set(err, -EINVAL, "%u are too many (at most %d)", vlan->n_ports,
			CONFIG_VLAN_PORTS_MAX);
		return fail_at(spot, i, "ports", -1);
	}
	for (unsigned k = 0; k < vlan->n_ports; k++) {
		const char *name = vlan->ports[k];
		unsigned first = 0;

		while (strcmp(vlan->ports[first], name))
			first++;
		if (config_port(config, name) && first == k)
			continue;
		err_set(err, -EINVAL,
			first == k ? "%s is not among the ports" : "%s is listed twice", name);
		return fail_at(spot, i, "ports", k);
	}
	return 0;
}

static int check_addresses(const struct config *config, unsigned i, struct config_spot *spot,
			   struct err *err)
{
	const struct vlan_config *vlan = &config->vlans[i];

	if (vlan->n_addresses > CONFIG_VLAN_ADDRESSES_MAX) {
		err_set(err, -EINVAL, "%u are too many (at most %d)", vlan->n_addresses,
			CONFIG_VLAN_ADDRESSES_MAX);
		return fail_at(spot, i, "addresses", -1);
	}
	for (unsigned k = 0; k < vlan->n_addresses; k++) {
		if (!config_check_host(vlan->addresses, k, err))
			continue;
		return fail_at(spot, i, "addresses", k);
	}
	return 0;
}

/* Tags are told from those of RDMA systems by their ids alone. */
static int check_id(const struct config *config, unsigned i, bool taken[CONFIG_VLANS_MAX + 1],
		    struct config_spot *spot, struct err *err)
{
	uint32_t id = config->vlans[i].id;

	fail_at(spot, i, "id", -1);
	if (taken[id])
		return err_set(err, -EINVAL, "%u is listed twice", id);
	taken[id] = true;
	for (unsigned k = 0; k < config->n_rdma; k++) {
		if (config->rdma[k].vlan == id)
			return err_set(err, -EINVAL, "%u is the VLAN of an RDMA vport", id);
	}
	return 0;
}

static int check_group(const struct config *config, unsigned i, struct config_spot *spot,
		       struct err *err)
{
	const struct vlan_config *vlan = &config->vlans[i];

	if (vlan->mode >= 0 && vlan->mode != BPFTEAM_ACTIVE_BACKUP &&
	    vlan->mode != BPFTEAM_BALANCE_XOR) {
		err_set(err, -EINVAL,
			"%s is a mode for a whole team (active-backup or balance-xor)",
			name_of(mode_names, vlan->mode));
		return fail_at(spot, i, "mode", -1);
	}
	if (config->mtu && vlan->mtu > config->mtu) {
		err_set(err, -EINVAL, "%u is more than the team's %u", vlan->mtu, config->mtu);
		return fail_at(spot, i, "mtu", -1);
	}
	return check_ports(config, i, spot, err) ?: check_addresses(config, i, spot, err);
}

struct named {
	char name[IFNAMSIZ];
	int group; /* -1: another device of the team */
};

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int ret = strcmp(x->name, y->name);

	return ret ? ret : (x->group > y->group) - (x->group < y->group);
}

/* Every device of a team has a name of its own. */
static int check_names(const struct config *config, struct named *names, struct config_spot *spot,
		       struct err *err)
{
	unsigned n = 0;

	snprintf(names[n].name, IFNAMSIZ, "%s", config->team);
	names[n++].group = -1;
	config_derived_name(config->team, "-in", names[n].name);
	names[n++].group = -1;
	for (unsigned i = 0; i < config->n_rdma; i++) {
		config_rdma_vport(config, i, names[n].name);
		names[n++].group = -1;
	}
	for (unsigned i = 0; i < config->n_ports; i++) {
		memcpy(names[n].name, config->ports[i].name, IFNAMSIZ);
		names[n++].group = -1;
	}
	for (unsigned i = 0; i < config->n_vlans; i++) {
		config_vlan_name(config, &config->vlans[i], names[n].name);
		names[n++].group = i;
	}
	qsort(names, n, sizeof(names[0]), compare_names);
	for (unsigned i = 0; i < n; i++) {
		if (names[i].group < 0)
			continue;
		fail_at(spot, names[i].group, "name", -1);
		if (config_check_our_name(names[i].name, err))
			return -EINVAL;
		if (i && !strcmp(names[i].name, names[i - 1].name))
			return err_set(err, -EINVAL,
				       names[i - 1].group < 0 ? "%s is another device of the team"
							      : "%s is listed twice",
				       names[i].name);
	}
	return 0;
}

int config_check_vlans(const struct config *config, struct config_spot *spot, struct err *err)
{
	bool taken[CONFIG_VLANS_MAX + 1] = {false};
	struct named *names;
	int ret = 0;

	for (unsigned i = 0; !ret && i < config->n_vlans; i++) {
		ret = config_check_scalars(config_vlan_fields, &config->vlans[i], "vlans", i, spot,
					   err);
		ret = ret ?: check_id(config, i, taken, spot, err);
		ret = ret ?: check_group(config, i, spot, err);
	}
	if (ret || !config->n_vlans)
		return ret;
	names = calloc(2 + CONFIG_RDMA_MAX + BPFTEAM_PORTS_MAX + config->n_vlans, sizeof(*names));
	if (!names) {
		fail_at(spot, 0, NULL, -1);
		return err_set(err, -ENOMEM, "out of memory");
	}
	ret = check_names(config, names, spot, err);
	free(names);
	return ret;
}
