/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * config.h - what an administrator asks for: one team. A plain value: copied, compared, never
 * edited in place while a team runs. Read from YAML (libcyaml) and written back as YAML, which is
 * also the form it takes over D-Bus and in the record of a running team.
 */
#ifndef BPFTEAM_CORE_CONFIG_H
#define BPFTEAM_CORE_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpfteam/abi.h"
#include "core/addr.h"
#include "core/err.h"
#include "core/names.h"

#define CONFIG_ADDRESSES_MAX 64
#define CONFIG_ROUTES_MAX 64
#define CONFIG_WEIGHT_MAX 256

struct port_config {
	char name[IFNAMSIZ];
	uint32_t weight; /* 1..CONFIG_WEIGHT_MAX, default 1 */
	int32_t priority; /* higher is preferred, default 0 (bonding's prio) */
	bool drain; /* carries no new or old team traffic, still receives */
	bool disable; /* carries and receives nothing */
	enum rdma_use rdma;
};

#define CONFIG_RDMA_MAX 4
#define CONFIG_RDMA_ADDRESSES_MAX 4
#define CONFIG_RDMA_PORTS_MAX BPFTEAM_SLOT_PORTS
#define CONFIG_RDMA_FLOWS_MAX (BPFTEAM_RDMA_BY_HAND_MAX / CONFIG_RDMA_MAX)

/* A flow, or a listener (no remote side), that stays on the RNIC though the kernel tells of none. */
struct rdma_flow_config {
	uint32_t proto; /* IPPROTO_TCP (default), IPPROTO_UDP */
	struct addr local, remote; /* AF_UNSPEC: any */
	uint32_t local_port, remote_port;
};

/* A vport of an RDMA system, pinned to its RNIC. */
struct rdma_config {
	char port[IFNAMSIZ]; /* the RNIC; "": the only port that is one */
	char vport[IFNAMSIZ]; /* "": the team's name and an r, for the second one r2... */
	struct addr addresses[CONFIG_RDMA_ADDRESSES_MAX]; /* with their prefix */
	unsigned n_addresses;
	uint32_t vlan; /* 1..4094; 0: untagged */
	bool failover; /* the upload path may use another port while the RNIC is down */
	char ports[CONFIG_RDMA_PORTS_MAX][IFNAMSIZ]; /* which, in this order; none: any */
	unsigned n_ports;
	struct rdma_flow_config flows[CONFIG_RDMA_FLOWS_MAX];
	unsigned n_flows;
	bool smc; /* PNET entries for SMC-R */
};

#define CONFIG_CGROUP_LEN 200 /* with NUL */

#define CONFIG_VLANS_MAX 4094
#define CONFIG_VLAN_PORTS_MAX 8
#define CONFIG_VLAN_ADDRESSES_MAX 4

/* A VLAN group: an interface whose frames bear a tag, on ports of its own if need be. */
struct vlan_config {
	uint32_t id; /* 1..4094 */
	char name[IFNAMSIZ]; /* "": TEAM-vID */
	char ports[CONFIG_VLAN_PORTS_MAX][IFNAMSIZ]; /* none: all */
	unsigned n_ports;
	int32_t mode; /* enum bpfteam_mode; -1: the team's */
	int32_t hash; /* enum bpfteam_hash; -1: the team's */
	uint32_t mtu; /* 0: the team's */
	enum vlan_protocol protocol;
	uint32_t priority; /* 0..7, of the tags it sends */
	struct addr addresses[CONFIG_VLAN_ADDRESSES_MAX];
	unsigned n_addresses;
};

struct route_config {
	struct addr to; /* prefix; "default" = 0.0.0.0/0 or ::/0, by the family of via */
	struct addr via; /* AF_UNSPEC: directly connected */
	uint32_t metric; /* 0 = the kernel's default */
};

struct config {
	char team[IFNAMSIZ];
	enum bpfteam_mode mode; /* default active-backup */
	enum bpfteam_hash hash; /* default layer3+4 */
	uint32_t packets_per_slave; /* balance-rr: 0..65535, default 1; 0 = each by any port */
	enum rx rx;
	bool tlb_dynamic_lb; /* false: by hash; true comes with the balancer */
	struct mac mac; /* all zero: the first port's */
	uint32_t mtu; /* 0: the least of the ports' */
	char primary[IFNAMSIZ]; /* "": none */
	enum reselect primary_reselect;
	bool xdp; /* XDP on ports and at the vport's inner end */

	struct addr addresses[CONFIG_ADDRESSES_MAX];
	unsigned n_addresses;
	struct route_config routes[CONFIG_ROUTES_MAX];
	unsigned n_routes;
	struct port_config ports[BPFTEAM_PORTS_MAX];
	unsigned n_ports;

	struct rdma_config rdma[CONFIG_RDMA_MAX];
	unsigned n_rdma;
	struct vlan_config vlans[CONFIG_VLANS_MAX];
	unsigned n_vlans;

	/* Whose TCP sockets become SMC's: cgroups, by their paths below /sys/fs/cgroup. */
	char smc_cgroups[BPFTEAM_SMC_CGROUPS_MAX][CONFIG_CGROUP_LEN];
	unsigned n_smc_cgroups;

	struct {
		enum detect method;
		uint32_t poll_ms; /* 1..1000, default 5 */
		uint32_t updelay_ms; /* default 1000; not waited for when no other port lives */
		uint32_t downdelay_ms; /* default 0 */
	} detect;

	/* Bonding's ARP monitor, on every port in every mode. Off while arp_interval_ms is 0. */
	uint32_t arp_interval_ms;
	struct addr arp_ip_target[BPFTEAM_ARP_TARGETS_MAX]; /* IPv4 */
	unsigned n_arp_ip_target;
	enum arp_validate arp_validate;
	uint32_t arp_missed_max; /* 1..255, default 2 */

	uint32_t min_links; /* without so many usable ports the team has no carrier; 0 = 1 */
	bool all_slaves_active; /* active-backup: ports that are not active receive, too */

	uint32_t num_peer_notif; /* 0..255, default 1: GARP and NA after a fail-over */
	uint32_t resend_igmp; /* 0..255, default 1: reports of multicast groups after a fail-over */
	uint32_t peer_notif_delay_ms; /* between two of them, default 0 = 200 */
};

/* All defaults, no ports, no name. */
void config_init(struct config *config);

/*
 * Reads one team from YAML text. origin is what messages call it (a file's path). On any error the
 * message is "ORIGIN:LINE: KEY: why"; *ret is then unspecified. Runs config_check().
 * Returns 0, -EINVAL or -ENOMEM.
 */
int config_parse(const char *text, size_t len, const char *origin, struct config *ret,
		 struct err *err);

/* As config_parse(), from a file. Adds -ENOENT and the like. */
int config_load(const char *path, struct config *ret, struct err *err);

/* The same as YAML: only what differs from the defaults. *ret is malloc'd. 0, -ENOMEM, or -EINVAL
 * for a name that config_check() would refuse. */
int config_format(const struct config *config, char **ret);

/*
 * Rules that hold whatever the machine looks like: names, ranges, doubles, at least one port, at
 * most BPFTEAM_PORTS_MAX, the primary is a member, an RNIC is one and its vport's subnets are its
 * own, VLANs and their interfaces' names are nobody else's, cgroups for SMC are paths, arp targets
 * with an interval and the reverse. 0 or -EINVAL.
 */
int config_check(const struct config *config, struct err *err);

/* -EINVAL unless name can be a netdev's: 1..15 characters, no '/', ':' or blank, not . or .. */
int config_check_name(const char *what, const char *name, struct err *err);

const struct port_config *config_port(const struct config *config, const char *name);
struct port_config *config_port_mut(struct config *config, const char *name);

/* Appends a port with defaults. -EEXIST, -ENOSPC. */
int config_add_port(struct config *config, const char *name, struct err *err);
/* -EINVAL when it is no port, -EBUSY while rdma: or vlans: name it. */
int config_remove_port(struct config *config, const char *name, struct err *err);

/* Appends an RNIC's vport with defaults; port "": that of the only port that is one. -EINVAL, -ENOSPC. */
int config_add_rdma(struct config *config, const char *port, struct err *err);

/* Is the cgroup one of those whose TCP sockets become SMC's? By its whole path. */
bool config_smc_has(const struct config *config, const char *cgroup);

/* The entry of rdma->ports that has this name; NULL: none. */
char *config_rdma_port(struct rdma_config *rdma, const char *name);

/* What the vport of config->rdma[i] is called: as it says, else the team's name with r, r2, r3... */
void config_rdma_vport(const struct config *config, unsigned i, char buf[IFNAMSIZ]);

/* Appends a VLAN group with defaults. -EINVAL, -EEXIST, -ENOSPC. */
int config_add_vlan(struct config *config, uint32_t id, struct err *err);
/* NULL: no group has that id. */
const struct vlan_config *config_vlan(const struct config *config, uint32_t id);
/* What a group's interface is called: as it says, else TEAM-vID. */
void config_vlan_name(const struct config *config, const struct vlan_config *vlan,
		      char buf[IFNAMSIZ]);
/*
 * The group's own, or the team's. In place of a mode that groups don't have: active-backup where it has
 * an active port, else balance-xor.
 */
enum bpfteam_mode config_vlan_mode(const struct config *config, const struct vlan_config *vlan);
enum bpfteam_hash config_vlan_hash(const struct config *config, const struct vlan_config *vlan);

/* The name of a device that belongs to a team: the team's name and a suffix of at most 6 characters. A
 * name too long for that is cut and told apart by a hash of the whole. */
void config_derived_name(const char *team, const char *suffix, char buf[IFNAMSIZ]);

/*
 * What differs, one line a change ("mode: active-backup -> balance-xor", "port eth2: added"), each
 * passed to fn. Returns how many. This is what `apply --check` prints.
 */
int config_diff(const struct config *from, const struct config *to,
		void (*fn)(const char *line, void *arg), void *arg);

#endif
