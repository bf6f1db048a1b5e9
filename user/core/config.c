// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config.c - the keys of a team's configuration, and the way from YAML to struct config and back.
 * Called by the CLI and the daemon for files, by D-Bus for what comes over the wire. Keys bear
 * bonding's option names where they mean the same (Documentation/networking/bonding.rst).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/config.h"
#include "core/config_check.h"
#include "core/doc.h"
#include "core/field.h"

#define DELAY_MAX_MS (60 * 60 * 1000)

const struct field config_port_fields[] = {
	{.key = "name", .kind = FIELD_NAME, FIELD_AT(struct port_config, name), .required = true},
	{.key = "weight",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct port_config, weight),
	 .min = 1,
	 .max = CONFIG_WEIGHT_MAX,
	 .def = 1},
	{.key = "priority", .kind = FIELD_INT, FIELD_AT(struct port_config, priority)},
	{.key = "drain", .kind = FIELD_BOOL, FIELD_AT(struct port_config, drain)},
	{.key = "disable", .kind = FIELD_BOOL, FIELD_AT(struct port_config, disable)},
	{.key = "rdma",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct port_config, rdma),
	 .names = rdma_use_names},
	{.key = NULL},
};

const struct field config_route_fields[] = {
	{.key = "to", .kind = FIELD_TO, FIELD_AT(struct route_config, to), .required = true},
	{.key = "via", .kind = FIELD_ADDR, FIELD_AT(struct route_config, via)},
	{.key = "metric", .kind = FIELD_UINT, FIELD_AT(struct route_config, metric)},
	{.key = NULL},
};

static const struct field address_entry = {.kind = FIELD_PREFIX, .size = sizeof(struct addr)};
static const struct field name_entry = {.kind = FIELD_NAME, .size = IFNAMSIZ};
static const struct field target_entry = {.kind = FIELD_ADDR4, .size = sizeof(struct addr)};

const struct field config_rdma_flow_fields[] = {
	{.key = "proto",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct rdma_flow_config, proto),
	 .names = flow_proto_names,
	 .def = IPPROTO_TCP},
	{.key = "local", .kind = FIELD_ADDR, FIELD_AT(struct rdma_flow_config, local)},
	{.key = "local_port",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct rdma_flow_config, local_port),
	 .min = 1,
	 .max = 65535,
	 .required = true},
	{.key = "remote", .kind = FIELD_ADDR, FIELD_AT(struct rdma_flow_config, remote)},
	{.key = "remote_port",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct rdma_flow_config, remote_port),
	 .max = 65535},
	{.key = NULL},
};

/* config_diff.c tells of the first two in its own words. */
const struct field config_rdma_fields[] = {
	{.key = "port", .kind = FIELD_NAME, FIELD_AT(struct rdma_config, port)},
	{.key = "vport", .kind = FIELD_NAME, FIELD_AT(struct rdma_config, vport)},
	{.key = "addresses",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct rdma_config, addresses, n_addresses),
	 .sub = &address_entry},
	{.key = "vlan", .kind = FIELD_UINT, FIELD_AT(struct rdma_config, vlan), .max = 4094},
	{.key = "failover", .kind = FIELD_BOOL, FIELD_AT(struct rdma_config, failover)},
	{.key = "ports",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct rdma_config, ports, n_ports),
	 .sub = &name_entry},
	{.key = "flows",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct rdma_config, flows, n_flows),
	 .sub = config_rdma_flow_fields},
	{.key = "smc", .kind = FIELD_BOOL, FIELD_AT(struct rdma_config, smc)},
	{.key = NULL},
};

static const struct field cgroup_entry = {.kind = FIELD_TEXT, .size = CONFIG_CGROUP_LEN};

static const struct field smc_fields[] = {
	{.key = "cgroups",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct config, smc_cgroups, n_smc_cgroups),
	 .sub = &cgroup_entry},
	{.key = "ports",
	 .kind = FIELD_LATER,
	 .why = "can't be told: the kernel asks for SMC when a socket is made, which has no port "
		"yet; name the program's cgroup in smc.cgroups"},
	{.key = NULL},
};

static const struct field port_entry = {.kind = FIELD_NAME, .size = IFNAMSIZ};

const struct field config_vlan_fields[] = {
	{.key = "id",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct vlan_config, id),
	 .min = 1,
	 .max = CONFIG_VLANS_MAX,
	 .required = true},
	{.key = "name", .kind = FIELD_NAME, FIELD_AT(struct vlan_config, name)},
	{.key = "ports",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct vlan_config, ports, n_ports),
	 .sub = &port_entry},
	{.key = "mode",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct vlan_config, mode),
	 .names = mode_names,
	 .def = -1},
	{.key = "hash",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct vlan_config, hash),
	 .names = hash_names,
	 .def = -1},
	{.key = "mtu",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct vlan_config, mtu),
	 .min = 68,
	 .max = 65535},
	{.key = "protocol",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct vlan_config, protocol),
	 .names = vlan_protocol_names},
	{.key = "priority", .kind = FIELD_UINT, FIELD_AT(struct vlan_config, priority), .max = 7},
	{.key = "addresses",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct vlan_config, addresses, n_addresses),
	 .sub = &address_entry},
	{.key = NULL},
};

static const struct field detect_fields[] = {
	{.key = "method",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct config, detect.method),
	 .names = detect_names,
	 .def = DETECT_AUTO},
	{.key = "poll_ms",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, detect.poll_ms),
	 .min = 1,
	 .max = 1000,
	 .def = 5},
	{.key = "updelay_ms",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, detect.updelay_ms),
	 .max = DELAY_MAX_MS,
	 .def = 1000},
	{.key = "downdelay_ms",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, detect.downdelay_ms),
	 .max = DELAY_MAX_MS},
	{.key = NULL},
};

const struct field config_fields[] = {
	{.key = "team", .kind = FIELD_NAME, FIELD_AT(struct config, team), .required = true},
	{.key = "mode",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct config, mode),
	 .names = mode_names,
	 .def = BPFTEAM_ACTIVE_BACKUP},
	{.key = "hash",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct config, hash),
	 .names = hash_names,
	 .def = BPFTEAM_HASH_LAYER34},
	{.key = "packets_per_slave",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, packets_per_slave),
	 .max = 65535,
	 .def = 1},
	{.key = "tlb_dynamic_lb", .kind = FIELD_BOOL, FIELD_AT(struct config, tlb_dynamic_lb)},
	{.key = "rx", .kind = FIELD_WORD, FIELD_AT(struct config, rx), .names = rx_names},
	{.key = "mac", .kind = FIELD_MAC, FIELD_AT(struct config, mac)},
	{.key = "mtu",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, mtu),
	 .min = 68, /* RFC 791, and the kernel's ETH_MIN_MTU */
	 .max = 65535},
	{.key = "primary", .kind = FIELD_NAME, FIELD_AT(struct config, primary)},
	{.key = "primary_reselect",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct config, primary_reselect),
	 .names = reselect_names},
	{.key = "xdp", .kind = FIELD_BOOL, FIELD_AT(struct config, xdp)},
	{.key = "addresses",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct config, addresses, n_addresses),
	 .sub = &address_entry},
	{.key = "routes",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct config, routes, n_routes),
	 .sub = config_route_fields},
	{.key = "ports",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct config, ports, n_ports),
	 .sub = config_port_fields,
	 .required = true},
	{.key = "rdma",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct config, rdma, n_rdma),
	 .sub = config_rdma_fields,
	 .one = true},
	{.key = "vlans",
	 .kind = FIELD_MAPS,
	 FIELD_ARRAY(struct config, vlans, n_vlans),
	 .sub = config_vlan_fields},
	{.key = "smc", .kind = FIELD_MAP, .sub = smc_fields},
	{.key = "detect", .kind = FIELD_MAP, .sub = detect_fields},
	{.key = "arp_interval_ms",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, arp_interval_ms),
	 .max = 60000},
	{.key = "arp_ip_target",
	 .kind = FIELD_LIST,
	 FIELD_ARRAY(struct config, arp_ip_target, n_arp_ip_target),
	 .sub = &target_entry},
	{.key = "arp_validate",
	 .kind = FIELD_WORD,
	 FIELD_AT(struct config, arp_validate),
	 .names = arp_validate_names},
	{.key = "arp_missed_max",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, arp_missed_max),
	 .min = 1,
	 .max = 255,
	 .def = 2},
	{.key = "min_links",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, min_links),
	 .max = BPFTEAM_PORTS_MAX},
	{.key = "all_slaves_active",
	 .kind = FIELD_BOOL,
	 FIELD_AT(struct config, all_slaves_active)},
	{.key = "num_peer_notif",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, num_peer_notif),
	 .max = 255,
	 .def = 1},
	{.key = "peer_notif_delay_ms",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, peer_notif_delay_ms),
	 .max = 300000},
	{.key = "resend_igmp",
	 .kind = FIELD_UINT,
	 FIELD_AT(struct config, resend_igmp),
	 .max = 255,
	 .def = 1},
	{.key = NULL},
};

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	field_init(config_fields, config);
}

/* "default" has no family of its own: it is that of the gateway. */
void config_resolve_routes(struct config *config)
{
	for (unsigned i = 0; i < config->n_routes; i++) {
		struct route_config *route = &config->routes[i];

		if (route->to.family == AF_UNSPEC)
			route->to.family = route->via.family ? route->via.family : AF_INET;
	}
}

void config_unresolve_routes(struct config *config)
{
	static const struct addr none;

	for (unsigned i = 0; i < config->n_routes; i++) {
		struct route_config *route = &config->routes[i];
		struct addr def = {.family = route->via.family ? route->via.family : AF_INET};

		if (addr_equal(&route->to, &def))
			route->to = none;
	}
}

int config_parse(const char *text, size_t len, const char *origin, struct config *ret,
		 struct err *err)
{
	struct config_spot spot;
	struct doc doc;
	int code;

	code = doc_init(&doc, text, len, origin, err);
	if (code)
		return code;
	memset(ret, 0, sizeof(*ret));
	code = doc_load(&doc, config_fields, ret, err);
	if (!code) {
		config_resolve_routes(ret);
		code = config_check_at(ret, &spot, err);
		if (code) {
			config_spot_prefix(&spot, code, err);
			doc_fail(&doc, doc_line(&doc, spot.key, spot.index, spot.subkey, spot.item),
				 NULL, code, err);
		}
	}
	doc_fini(&doc);
	return code;
}

/* Reads at most size bytes: a file may be a pipe, or /dev/zero. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size) {
		n = read(fd, buf + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += n;
	}
	return used;
}

int config_load(const char *path, struct config *ret, struct err *err)
{
	char *text = malloc(DOC_TEXT_MAX + 1);
	ssize_t len;
	int fd, code;

	if (!text)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -errno : read_all(fd, text, DOC_TEXT_MAX + 1);
	if (fd >= 0)
		close(fd);
	if (len < 0)
		code = err_set(err, len, "%s: cannot be read: %s", path, strerror(-len));
	else
		code = config_parse(text, len, path, ret, err);
	free(text);
	return code;
}

int config_format(const struct config *config, char **ret)
{
	struct config *copy = malloc(sizeof(*copy));
	int code;

	if (!copy)
		return -ENOMEM;
	*copy = *config;
	config_unresolve_routes(copy);
	code = doc_save(config_fields, copy, ret);
	free(copy);
	return code;
}

const struct port_config *config_port(const struct config *config, const char *name)
{
	return config_port_mut((struct config *)config, name);
}

struct port_config *config_port_mut(struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->n_ports; i++) {
		if (!strcmp(config->ports[i].name, name))
			return &config->ports[i];
	}
	return NULL;
}

int config_add_port(struct config *config, const char *name, struct err *err)
{
	struct port_config *port = &config->ports[config->n_ports];

	if (config_check_name("port", name, err))
		return -EINVAL;
	if (config_port(config, name))
		return err_set(err, -EEXIST, "port %s: is in the team already", name);
	if (config->n_ports >= BPFTEAM_PORTS_MAX)
		return err_set(err, -ENOSPC, "port %s: a team has at most %d ports", name,
			       BPFTEAM_PORTS_MAX);
	memset(port, 0, sizeof(*port));
	field_init(config_port_fields, port);
	strcpy(port->name, name);
	config->n_ports++;
	return 0;
}

int config_remove_port(struct config *config, const char *name, struct err *err)
{
	struct port_config *port = config_port_mut(config, name), *end;

	if (!port)
		return err_set(err, -EINVAL, "port %s: is not in the team", name);
	for (unsigned i = 0; i < config->n_rdma; i++) {
		if (!strcmp(config->rdma[i].port, name))
			return err_set(err, -EBUSY,
				       "port %s: is an RNIC that rdma: names; apply a "
				       "configuration without it",
				       name);
		if (config_rdma_port(&config->rdma[i], name))
			return err_set(err, -EBUSY,
				       "port %s: is one that rdma.ports names; apply a "
				       "configuration without it",
				       name);
	}
	if (config_vlan_of_port(config, name))
		return err_set(
			err, -EBUSY,
			"port %s: is one that VLAN %u of vlans: names; apply a configuration "
			"without it",
			name, config_vlan_of_port(config, name)->id);
	end = &config->ports[config->n_ports--];
	memmove(port, port + 1, (end - port - 1) * sizeof(*port));
	memset(end - 1, 0, sizeof(*end));
	if (!strcmp(config->primary, name))
		memset(config->primary, 0, sizeof(config->primary));
	return 0;
}

void config_derived_name(const char *team, const char *suffix, char buf[IFNAMSIZ])
{
	int room = IFNAMSIZ - 1 - strlen(suffix), kept = room - 6 < 6 ? room - 6 : 6;
	uint32_t hash = 2166136261u; /* FNV-1a */

	if (strlen(team) <= (size_t)room) {
		snprintf(buf, IFNAMSIZ, "%.*s%s", room, team, suffix);
		return;
	}
	for (const char *c = team; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	snprintf(buf, IFNAMSIZ, "%.*s%06x%s", kept, team, hash & 0xffffff, suffix);
}
