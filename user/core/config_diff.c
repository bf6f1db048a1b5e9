// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * config_diff.c - tells two configurations apart, a line a change, in the words that the file uses.
 * Called by `apply --check` and for the daemon's log. Ports, vports, addresses and routes are known
 * by what they are, not by their place; only the order of ports that stay counts, since
 * active-backup prefers the first of equals.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/config.h"
#include "core/field.h"

struct diff {
	void (*fn)(const char *line, void *arg);
	void *arg;
	int count;
};

static void __attribute__((format(printf, 2, 3))) tell(struct diff *diff, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	diff->count++;
	if (diff->fn)
		diff->fn(line, diff->arg);
}

/* As in the file; what the file would leave out, in words. */
static const char *show(const struct field *field, const void *base, char buf[FIELD_TEXT_MAX])
{
	field_format(field, base, buf);
	if (field_is_default(field, base) && (!*buf || field->def < field->min))
		return field->kind == FIELD_NAME ? "none" : "automatic";
	return buf;
}

/* prefix: of the keys, "port eth0: " for one. */
static void diff_scalars(struct diff *diff, const char *prefix, const struct field *fields,
			 const void *from, const void *to)
{
	char a[FIELD_TEXT_MAX], b[FIELD_TEXT_MAX], section[64];

	for (; fields->key; fields++) {
		if (fields->kind == FIELD_MAP) {
			snprintf(section, sizeof(section), "%s%s.", prefix, fields->key);
			diff_scalars(diff, section, fields->sub,
				     (const char *)from + fields->offset,
				     (const char *)to + fields->offset);
		}
		if (!field_is_scalar(fields))
			continue;
		field_format(fields, from, a);
		field_format(fields, to, b);
		if (strcmp(a, b))
			tell(diff, "%s%s: %s -> %s", prefix, fields->key, show(fields, from, a),
			     show(fields, to, b));
	}
}

static bool has_addr(const struct addr *addrs, unsigned n, const struct addr *addr)
{
	for (unsigned i = 0; i < n; i++) {
		if (addr_equal(&addrs[i], addr))
			return true;
	}
	return false;
}

/* Those of addrs that are not among the others. */
static void diff_addrs(struct diff *diff, const char *what, const char *change, bool with_prefix,
		       const struct addr *addrs, unsigned n, const struct addr *others,
		       unsigned n_others)
{
	char buf[ADDR_STRLEN];

	for (unsigned i = 0; i < n; i++) {
		if (!has_addr(others, n_others, &addrs[i]))
			tell(diff, "%s %s: %s", what, addr_format(&addrs[i], with_prefix, buf),
			     change);
	}
}

static bool has_route(const struct config *config, const struct route_config *route)
{
	for (unsigned i = 0; i < config->n_routes; i++) {
		const struct route_config *other = &config->routes[i];

		if (addr_equal(&other->to, &route->to) && addr_equal(&other->via, &route->via) &&
		    other->metric == route->metric)
			return true;
	}
	return false;
}

static void diff_routes(struct diff *diff, const char *change, const struct config *config,
			const struct config *other)
{
	char prefix[ADDR_STRLEN], via[ADDR_STRLEN], metric[32];

	for (unsigned i = 0; i < config->n_routes; i++) {
		const struct route_config *route = &config->routes[i];

		if (has_route(other, route))
			continue;
		addr_format(&route->via, false, via);
		addr_format(&route->to, true, prefix);
		if (!route->to.prefixlen && via[0])
			strcpy(prefix, "default");
		snprintf(metric, sizeof(metric), route->metric ? " metric %u" : "", route->metric);
		tell(diff, "route %s%s%s%s: %s", prefix, via[0] ? " via " : "", via, metric,
		     change);
	}
}

/* Names of config's ports that other has, too, in config's order. */
static void shared_ports(const struct config *config, const struct config *other, char *buf,
			 size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < config->n_ports && used < size; i++) {
		if (config_port(other, config->ports[i].name))
			used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
					 config->ports[i].name);
	}
}

static void diff_ports(struct diff *diff, const struct config *from, const struct config *to)
{
	char a[BPFTEAM_PORTS_MAX * (IFNAMSIZ + 2)], b[sizeof(a)], prefix[IFNAMSIZ + 8];

	for (unsigned i = 0; i < from->n_ports; i++) {
		if (!config_port(to, from->ports[i].name))
			tell(diff, "port %s: removed", from->ports[i].name);
	}
	for (unsigned i = 0; i < to->n_ports; i++) {
		const struct port_config *old = config_port(from, to->ports[i].name);

		if (!old) {
			tell(diff, "port %s: added", to->ports[i].name);
			continue;
		}
		snprintf(prefix, sizeof(prefix), "port %s: ", to->ports[i].name);
		diff_scalars(diff, prefix, config_port_fields, old, &to->ports[i]);
	}
	shared_ports(from, to, a, sizeof(a));
	shared_ports(to, from, b, sizeof(b));
	if (strcmp(a, b))
		tell(diff, "ports: order %.480s -> %.480s", a, b);
}

/* Known by the name of its vport; NULL when there is none of that name. */
static const struct rdma_config *rdma_of(const struct config *config, const char *vport)
{
	char name[IFNAMSIZ];

	for (unsigned i = 0; i < config->n_rdma; i++) {
		config_rdma_vport(config, i, name);
		if (!strcmp(name, vport))
			return &config->rdma[i];
	}
	return NULL;
}

/* Which other ports, in which order. */
static void list_rdma_ports(const struct rdma_config *rdma, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "%s", rdma->n_ports ? "" : "any");
	for (unsigned i = 0; i < rdma->n_ports && used < size; i++)
		used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "", rdma->ports[i]);
}

static bool has_flow(const struct rdma_config *rdma, const struct rdma_flow_config *flow)
{
	for (unsigned i = 0; i < rdma->n_flows; i++) {
		const struct rdma_flow_config *other = &rdma->flows[i];

		if (other->proto == flow->proto && addr_equal(&other->local, &flow->local) &&
		    other->local_port == flow->local_port &&
		    addr_equal(&other->remote, &flow->remote) &&
		    other->remote_port == flow->remote_port)
			return true;
	}
	return false;
}

/* Those of rdma that the other has not. */
static void diff_flows(struct diff *diff, const char *vport, const char *change,
		       const struct rdma_config *rdma, const struct rdma_config *other)
{
	char local[ADDR_STRLEN], remote[ADDR_STRLEN], to[ADDR_STRLEN + 32];

	for (unsigned i = 0; i < rdma->n_flows; i++) {
		const struct rdma_flow_config *flow = &rdma->flows[i];

		if (has_flow(other, flow))
			continue;
		snprintf(to, sizeof(to), flow->remote_port ? " with %s port %u" : "",
			 addr_format(&flow->remote, false, remote), flow->remote_port);
		tell(diff, "rdma %s: flow %s %s port %u%s: %s", vport,
		     name_of(flow_proto_names, flow->proto),
		     addr_size(&flow->local) ? addr_format(&flow->local, false, local) : "any",
		     flow->local_port, to, change);
	}
}

static void diff_rdma_entry(struct diff *diff, const char *vport, const struct rdma_config *from,
			    const struct rdma_config *to)
{
	char what[IFNAMSIZ + 16], a[CONFIG_RDMA_PORTS_MAX * (IFNAMSIZ + 2)], b[sizeof(a)];

	if (strcmp(from->port, to->port))
		tell(diff, "rdma %s: port: %s -> %s", vport,
		     from->port[0] ? from->port : "automatic",
		     to->port[0] ? to->port : "automatic");
	snprintf(what, sizeof(what), "rdma %s: ", vport);
	diff_scalars(diff, what, config_rdma_fields + 2, from, to);
	list_rdma_ports(from, a, sizeof(a));
	list_rdma_ports(to, b, sizeof(b));
	if (strcmp(a, b))
		tell(diff, "rdma %s: ports: %s -> %s", vport, a, b);
	diff_flows(diff, vport, "removed", from, to);
	diff_flows(diff, vport, "added", to, from);
	snprintf(what, sizeof(what), "rdma %s: address", vport);
	diff_addrs(diff, what, "removed", true, from->addresses, from->n_addresses, to->addresses,
		   to->n_addresses);
	diff_addrs(diff, what, "added", true, to->addresses, to->n_addresses, from->addresses,
		   from->n_addresses);
}

static void diff_rdma(struct diff *diff, const struct config *from, const struct config *to)
{
	char vport[IFNAMSIZ];

	for (unsigned i = 0; i < from->n_rdma; i++) {
		config_rdma_vport(from, i, vport);
		if (!rdma_of(to, vport))
			tell(diff, "rdma %s: removed", vport);
	}
	for (unsigned i = 0; i < to->n_rdma; i++) {
		const struct rdma_config *old;

		config_rdma_vport(to, i, vport);
		old = rdma_of(from, vport);
		if (old)
			diff_rdma_entry(diff, vport, old, &to->rdma[i]);
		else
			tell(diff, "rdma %s: added", vport);
	}
}

/* Those of config's that other has not. */
static void diff_cgroups(struct diff *diff, const char *change, const struct config *config,
			 const struct config *other)
{
	for (unsigned i = 0; i < config->n_smc_cgroups; i++) {
		if (!config_smc_has(other, config->smc_cgroups[i]))
			tell(diff, "smc cgroup %s: %s", config->smc_cgroups[i], change);
	}
}

int config_diff(const struct config *from, const struct config *to,
		void (*fn)(const char *line, void *arg), void *arg)
{
	struct diff diff = {fn, arg, 0};

	diff_scalars(&diff, "", config_fields, from, to);
	diff_ports(&diff, from, to);
	diff_addrs(&diff, "address", "removed", true, from->addresses, from->n_addresses,
		   to->addresses, to->n_addresses);
	diff_addrs(&diff, "address", "added", true, to->addresses, to->n_addresses, from->addresses,
		   from->n_addresses);
	diff_routes(&diff, "removed", from, to);
	diff_routes(&diff, "added", to, from);
	diff_rdma(&diff, from, to);
	diff_cgroups(&diff, "removed", from, to);
	diff_cgroups(&diff, "added", to, from);
	diff_addrs(&diff, "arp_ip_target", "removed", false, from->arp_ip_target,
		   from->n_arp_ip_target, to->arp_ip_target, to->n_arp_ip_target);
	diff_addrs(&diff, "arp_ip_target", "added", false, to->arp_ip_target, to->n_arp_ip_target,
		   from->arp_ip_target, from->n_arp_ip_target);
	return diff.count;
}
