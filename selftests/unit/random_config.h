/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* random_config.h - valid configurations and records of random content, for properties and fuzzing. */
#ifndef BPFTEAM_SELFTESTS_UNIT_RANDOM_CONFIG_H
#define BPFTEAM_SELFTESTS_UNIT_RANDOM_CONFIG_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "unit.h"
#include "core/record.h"

static inline bool coin(uint64_t *seed)
{
	return unit_random(seed) & 1;
}

/* Values at both ends of the range more often than in its middle. */
static inline uint32_t random_in(uint64_t *seed, uint32_t min, uint32_t max)
{
	switch (unit_below(seed, 4)) {
	case 0:
		return min;
	case 1:
		return max;
	default:
		return min + unit_random(seed) % ((uint64_t)max - min + 1);
	}
}

static inline void random_bytes(uint64_t *seed, void *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = unit_random(seed);
}

static inline struct mac random_mac(uint64_t *seed)
{
	struct mac mac;

	random_bytes(seed, &mac, sizeof(mac));
	mac.byte[0] = (mac.byte[0] & 0xfe) | 2;
	return mac;
}

/* Unique by its index, so that nothing is listed twice. */
static inline struct addr random_addr(uint64_t *seed, unsigned index, bool v4)
{
	struct addr addr = {.family = v4 ? AF_INET : AF_INET6};

	random_bytes(seed, addr.byte, addr_size(&addr));
	addr.byte[0] = v4 ? 1 + unit_below(seed, 223) : 0x20;
	addr.byte[1] = index;
	addr.prefixlen = addr_size(&addr) * 8;
	return addr;
}

static inline void random_name(uint64_t *seed, unsigned index, char name[IFNAMSIZ])
{
	static const char odd[] = "-_.@!%&*#?'\"{}[],|>~^`=+$();<";
	unsigned len = unit_below(seed, 12);

	for (unsigned i = 0; i < len; i++)
		name[i] = coin(seed) ? (char)('a' + unit_below(seed, 26))
				     : odd[unit_below(seed, sizeof(odd) - 1)];
	snprintf(name + len, IFNAMSIZ - len, "%u", index);
}

static inline void random_routes(uint64_t *seed, struct config *config)
{
	config->n_routes = unit_below(seed, 5);
	for (unsigned i = 0; i < config->n_routes; i++) {
		struct route_config *route = &config->routes[i];
		bool v4 = coin(seed);

		route->metric = i + random_in(seed, 0, UINT32_MAX - 8);
		route->to.family = v4 ? AF_INET : AF_INET6;
		if (coin(seed))
			route->via = random_addr(seed, i, v4);
		if (coin(seed))
			continue; /* a default route */
		route->to = random_addr(seed, i, v4);
		route->to.prefixlen = 16;
		memset(route->to.byte + 2, 0, sizeof(route->to.byte) - 2);
	}
	for (unsigned i = 0; i < config->n_routes; i++)
		config->routes[i].metric = config->routes[i].metric / 8 * 8 + i;
}

static inline void random_ports(uint64_t *seed, struct config *config)
{
	config->n_ports = 1 + unit_below(seed, coin(seed) ? 4 : BPFTEAM_PORTS_MAX);
	for (unsigned i = 0; i < config->n_ports; i++) {
		struct port_config *port = &config->ports[i];

		random_name(seed, i, port->name);
		port->weight = random_in(seed, 1, CONFIG_WEIGHT_MAX);
		port->priority = coin(seed) ? 0 : (int32_t)random_in(seed, 0, UINT32_MAX);
		port->drain = coin(seed);
		port->disable = coin(seed);
		port->rdma = unit_below(seed, 3);
	}
	if (coin(seed))
		strcpy(config->primary, config->ports[unit_below(seed, config->n_ports)].name);
}

/* Bit by bit, unlike the rule that it has to keep. */
static inline bool prefixes_meet(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return false;
	for (unsigned bit = 0; bit < a->prefixlen && bit < b->prefixlen; bit++) {
		if ((a->byte[bit / 8] ^ b->byte[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

static inline void random_rdma_addresses(uint64_t *seed, const struct config *config,
					 struct rdma_config *rdma, unsigned index)
{
	for (unsigned n = unit_below(seed, CONFIG_RDMA_ADDRESSES_MAX + 1); n; n--) {
		struct addr addr = random_addr(seed, index * 8 + n, coin(seed));
		bool free = true;

		addr.prefixlen = unit_below(seed, addr_size(&addr) * 8 + 1);
		for (unsigned i = 0; i < config->n_addresses; i++)
			free &= !prefixes_meet(&addr, &config->addresses[i]);
		if (free)
			rdma->addresses[rdma->n_addresses++] = addr;
	}
}

static inline void random_rdma_path(uint64_t *seed, const struct config *config,
				    struct rdma_config *rdma)
{
	for (unsigned i = 0; i < config->n_ports && rdma->n_ports < CONFIG_RDMA_PORTS_MAX; i++) {
		if (rdma->failover && coin(seed) && strcmp(config->ports[i].name, rdma->port))
			strcpy(rdma->ports[rdma->n_ports++], config->ports[i].name);
	}
}

static inline void random_rdma_flows(uint64_t *seed, struct rdma_config *rdma)
{
	rdma->n_flows = unit_below(seed, coin(seed) ? 3 : CONFIG_RDMA_FLOWS_MAX + 1);
	for (unsigned i = 0; i < rdma->n_flows; i++) {
		struct rdma_flow_config *flow = &rdma->flows[i];
		bool ip4 = coin(seed);

		flow->proto = coin(seed) ? IPPROTO_TCP : IPPROTO_UDP;
		flow->local_port = i + 1;
		if (coin(seed))
			continue;
		flow->local = random_addr(seed, 1, ip4);
		if (coin(seed))
			continue;
		flow->remote = random_addr(seed, 2, ip4);
		flow->remote_port = random_in(seed, 1, 65535);
	}
}

/* After the ports and addresses. */
static inline void random_rdma(uint64_t *seed, struct config *config)
{
	unsigned wanted = unit_below(seed, 2 * CONFIG_RDMA_MAX);

	for (unsigned i = 0;
	     i < config->n_ports && config->n_rdma < CONFIG_RDMA_MAX && config->n_rdma < wanted;
	     i++) {
		struct rdma_config *rdma = &config->rdma[config->n_rdma];

		if (config->ports[i].rdma == RDMA_OFF)
			continue;
		strcpy(rdma->port, config->ports[i].name);
		if (coin(seed)) {
			random_name(seed, 100 + i, rdma->vport);
			for (char *c = rdma->vport; *c; c++)
				*c = *c == '%' ? '-' : *c;
		}
		random_rdma_addresses(seed, config, rdma, config->n_rdma++);
		rdma->vlan = random_in(seed, 0, 4094);
		rdma->failover = coin(seed);
		rdma->smc = coin(seed);
		random_rdma_path(seed, config, rdma);
		random_rdma_flows(seed, rdma);
	}
}

static inline void random_cgroups(uint64_t *seed, struct config *config)
{
	for (unsigned i = 0; i < config->n_rdma; i++) {
		if (config->rdma[i].smc)
			config->n_smc_cgroups = unit_below(seed, BPFTEAM_SMC_CGROUPS_MAX + 1);
	}
	for (unsigned i = 0; i < config->n_smc_cgroups; i++)
		sprintf(config->smc_cgroups[i], "%s/%u", coin(seed) ? "a.slice" : "~", i);
}

static inline bool random_vlan_is_free(const struct config *config, uint32_t id)
{
	for (unsigned i = 0; i < config->n_rdma; i++) {
		if (config->rdma[i].vlan == id)
			return false;
	}
	return !config_vlan(config, id);
}

/* After the RNICs. */
static inline void random_vlans(uint64_t *seed, struct config *config)
{
	struct err err;

	for (unsigned n = coin(seed) ? unit_below(seed, 20) : 0; n; n--) {
		struct vlan_config *vlan = &config->vlans[config->n_vlans];
		uint32_t id = random_in(seed, 1, 4094);

		if (!random_vlan_is_free(config, id) || config_add_vlan(config, id, &err))
			continue;
		vlan->mode = coin(seed)   ? -1
			     : coin(seed) ? BPFTEAM_ACTIVE_BACKUP
					  : BPFTEAM_BALANCE_XOR;
		vlan->hash = (int)unit_below(seed, 4) - 1;
		vlan->mtu = coin(seed) || config->mtu ? 0 : random_in(seed, 68, 65535);
		vlan->protocol = unit_below(seed, 2);
		vlan->priority = unit_below(seed, 8);
		for (unsigned i = 0; i < config->n_ports && i < CONFIG_VLAN_PORTS_MAX; i++) {
			if (coin(seed))
				strcpy(vlan->ports[vlan->n_ports++], config->ports[i].name);
		}
		for (unsigned i = unit_below(seed, CONFIG_VLAN_ADDRESSES_MAX + 1); i; i--)
			vlan->addresses[vlan->n_addresses++] = random_addr(seed, i, coin(seed));
	}
}

/* Any that is there. */
static inline enum bpfteam_mode random_mode(uint64_t *seed)
{
	enum bpfteam_mode mode;

	do {
		mode = unit_below(seed, BPFTEAM_ADAPTIVE);
	} while (!strcmp(name_of(mode_names, mode), "?"));
	return mode;
}

static inline void random_config(uint64_t *seed, struct config *config)
{
	config_init(config);
	strcpy(config->team, coin(seed) ? "team0" : "~");
	config->mode = random_mode(seed);
	if (config->mode == BPFTEAM_BALANCE_RR)
		config->packets_per_slave = unit_below(seed, 65536);
	config->hash = unit_below(seed, BPFTEAM_HASH_POLICIES);
	if (coin(seed))
		config->mac = random_mac(seed);
	config->mtu = coin(seed) ? 0 : random_in(seed, 68, 65535);
	config->primary_reselect = unit_below(seed, 3);
	config->xdp = coin(seed);
	config->rx = coin(seed) ? RX_DIRECT : RX_REDIRECT;
	config->detect.method = unit_below(seed, 5);
	config->detect.poll_ms = random_in(seed, 1, 1000);
	config->detect.updelay_ms = random_in(seed, 0, 3600000);
	config->detect.downdelay_ms = random_in(seed, 0, 3600000);
	config->arp_missed_max = random_in(seed, 1, 255);
	config->min_links = random_in(seed, 0, BPFTEAM_PORTS_MAX);
	config->all_slaves_active = coin(seed);
	config->num_peer_notif = random_in(seed, 0, 255);
	config->resend_igmp = random_in(seed, 0, 255);
	config->peer_notif_delay_ms = random_in(seed, 0, 300000);
	config->n_addresses = unit_below(seed, 5);
	for (unsigned i = 0; i < config->n_addresses; i++) {
		config->addresses[i] = random_addr(seed, i, coin(seed));
		config->addresses[i].prefixlen =
			unit_below(seed, addr_size(&config->addresses[i]) * 8 + 1);
	}
	random_routes(seed, config);
	random_ports(seed, config);
	random_rdma(seed, config);
	random_cgroups(seed, config);
	random_vlans(seed, config);
	if (coin(seed))
		return;
	config->arp_interval_ms = random_in(seed, 1, 60000);
	config->arp_validate = unit_below(seed, 7);
	config->n_arp_ip_target = 1 + unit_below(seed, BPFTEAM_ARP_TARGETS_MAX);
	for (unsigned i = 0; i < config->n_arp_ip_target; i++)
		config->arp_ip_target[i] = random_addr(seed, i, true);
}

/* Strings of any bytes but NUL: what the kernel gave is given back, whatever it is. */
static inline void random_text(uint64_t *seed, char *text, size_t size)
{
	size_t len = unit_below(seed, size);

	random_bytes(seed, text, len);
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] ? text[i] : '%';
}

static inline struct addr random_prefix(uint64_t *seed)
{
	struct addr addr = random_addr(seed, unit_below(seed, 256), coin(seed));

	addr.prefixlen = unit_below(seed, addr_size(&addr) * 8 + 1);
	return addr;
}

static inline void random_saved_port(uint64_t *seed, struct saved_port *port)
{
	random_text(seed, port->name, sizeof(port->name));
	if (!port->name[0])
		port->name[0] = 'e';
	port->id = unit_below(seed, BPFTEAM_PORTS_MAX);
	port->ifindex = random_in(seed, 0, INT32_MAX);
	port->joined = coin(seed);
	port->was_up = coin(seed);
	port->was_promisc = coin(seed);
	port->was_allmulti = coin(seed);
	port->added_mac = coin(seed);
	port->added_probe_mac = coin(seed);
	port->probe_mac = coin(seed) ? random_mac(seed) : (struct mac){{0}};
	port->mtu = random_in(seed, 0, UINT32_MAX);
	port->addr_gen_mode = random_in(seed, 0, 255);
	port->had_ipv6 = coin(seed);
	port->direct = coin(seed);
	port->rp_filter = unit_below(seed, 3);
	port->ipv6_forwarding = coin(seed);
	port->moved = coin(seed);
	port->rdma_macs = random_in(seed, 0, 255);
	port->rdma_promisc = random_in(seed, 0, 255);
	port->n_addrs = unit_below(seed, 3) ? 0 : unit_below(seed, RECORD_ADDRS_MAX + 1);
	for (unsigned i = 0; i < port->n_addrs; i++) {
		struct saved_addr *addr = &port->addrs[i];

		addr->addr = random_prefix(seed);
		if (coin(seed))
			addr->peer = random_prefix(seed);
		if (coin(seed))
			addr->broadcast = random_prefix(seed);
		addr->flags = random_in(seed, 0, UINT32_MAX);
		addr->scope = random_in(seed, 0, 255);
		addr->valid_s = random_in(seed, 0, UINT32_MAX);
		addr->preferred_s = random_in(seed, 0, UINT32_MAX);
		addr->metric = random_in(seed, 0, UINT32_MAX);
		random_text(seed, addr->label, sizeof(addr->label));
	}
	port->n_routes = unit_below(seed, 3) ? 0 : unit_below(seed, 9);
	for (unsigned i = 0; i < port->n_routes; i++) {
		struct saved_route *route = &port->routes[i];

		route->to = random_prefix(seed);
		if (coin(seed))
			route->via = random_prefix(seed);
		if (coin(seed))
			route->prefsrc = random_prefix(seed);
		route->table = random_in(seed, 0, UINT32_MAX);
		route->metric = random_in(seed, 0, UINT32_MAX);
		route->protocol = random_in(seed, 0, 255);
		route->scope = random_in(seed, 0, 255);
		route->type = random_in(seed, 0, 255);
		route->tos = random_in(seed, 0, 255);
		route->flags = random_in(seed, 0, UINT32_MAX);
		route->mtu = random_in(seed, 0, UINT32_MAX);
	}
}

static inline void random_record(uint64_t *seed, struct record *record)
{
	memset(record, 0, sizeof(*record));
	random_config(seed, &record->config);
	record->complete = coin(seed);
	record->mac = coin(seed) ? random_mac(seed) : (struct mac){{0}};
	record->ifindex = random_in(seed, 0, INT32_MAX);
	record->inner_ifindex = random_in(seed, 0, INT32_MAX);
	random_text(seed, record->inner, sizeof(record->inner));
	random_text(seed, record->build, sizeof(record->build));
	random_text(seed, record->detector, sizeof(record->detector));
	record->clsact = coin(seed);
	record->n_ports = unit_below(seed, coin(seed) ? 4 : 20);
	for (unsigned i = 0; i < record->n_ports; i++)
		random_saved_port(seed, &record->ports[i]);
}

#endif
