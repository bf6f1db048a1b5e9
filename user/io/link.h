/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link.h - network devices, their addresses and routes; the only user of rtnetlink (by libmnl).
 *
 * Works in the network namespace of the calling thread at link_open(). All functions return 0 or
 * -errno; those with a struct err set its text. "Quiet" failures (-ENODEV for a device that is not
 * there) set a text too, and leave it to the caller to show it.
 */
#ifndef BPFTEAM_IO_LINK_H
#define BPFTEAM_IO_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"
#include "core/record.h"

struct link;

/* Who made a rule, route or address: a number that no other program has in iproute2's lists. */
#define LINK_BY_BPFTEAM 98

struct link_info {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[16]; /* IFLA_INFO_KIND: "veth", "bond"; "" for hardware */
	struct mac mac;
	struct mac perm_mac; /* zero: unknown */
	uint32_t mtu, min_mtu, max_mtu;
	uint32_t
		flags; /* IFF_* as ip link shows them: PROMISC and ALLMULTI are the settable ones */
	uint16_t type; /* ARPHRD_* */
	bool carrier;
	uint32_t master; /* ifindex of bond, bridge ...; 0 = none */
	char master_kind[16]; /* IFLA_INFO_SLAVE_KIND: "bond", "bridge", "team", "vrf" */
	uint16_t vlan; /* of kind "vlan": its id */
	bool vlan_8021ad; /* and its tag's protocol, else 802.1Q */
	uint32_t lower; /* IFLA_LINK in the same namespace; 0 = none */
	uint32_t promiscuity;
	uint32_t gso_max_size, gso_max_segs, tso_max_size, tso_max_segs, gso_ipv4_max_size;
	uint32_t txqlen, n_tx_queues, n_rx_queues;
	uint8_t addr_gen_mode; /* IN6_ADDR_GEN_MODE_*; 0xff: IPv6 is off */
};

int link_open(struct link **ret, struct err *err);
void link_close(struct link *link);

/*
 * Tells the calling thread's network namespace from all others since the machine started (its
 * cookie, Linux 5.14; before that by its inode, which may be used again). Returns buf.
 */
#define LINK_NAMESPACE_MAX 24
const char *link_namespace(char buf[LINK_NAMESPACE_MAX]);

/* -ENODEV when there is none. */
int link_get(struct link *link, const char *name, struct link_info *ret, struct err *err);
int link_get_index(struct link *link, uint32_t ifindex, struct link_info *ret, struct err *err);
/* Every device of the namespace; stops when fn returns non-zero, and returns that. */
int link_each(struct link *link, int (*fn)(const struct link_info *info, void *arg), void *arg,
	      struct err *err);

/*
 * Creates a veth pair, both ends down: outer with that MAC, MTU and carrier for the stack to bind,
 * inner with IPv6 address generation off. Queue count as given (>= 1). -EEXIST.
 */
struct link_veth {
	const char *outer, *inner;
	const struct mac *mac;
	uint32_t mtu;
	uint32_t queues;
};
int link_create_veth(struct link *link, const struct link_veth *veth, struct err *err);
int link_delete(struct link *link, uint32_t ifindex, struct err *err);
/* All at once, which takes hardly longer than one; places that are 0 are left out. */
int link_delete_all(struct link *link, const uint32_t *ifindex, unsigned n, struct err *err);

/*
 * Creates an 802.1Q VLAN device on lower, down, with lower's MAC address and MTU; vid is 1 to 4094.
 * -EEXIST: a device has that name, or lower has one of that VLAN. -EOPNOTSUPP: the kernel has no
 * 8021q, or the driver of lower bears no VLANs. -ENODEV: there is no lower.
 */
int link_create_vlan(struct link *link, uint32_t lower, const char *name, uint16_t vid,
		     struct err *err);
/* The 802.1Q device of that VLAN on lower, whatever its name. -ENODEV when there is none. */
int link_find_vlan(struct link *link, uint32_t lower, uint16_t vid, struct link_info *ret,
		   struct err *err);

int link_set_up(struct link *link, uint32_t ifindex, bool up, struct err *err);
int link_set_mtu(struct link *link, uint32_t ifindex, uint32_t mtu, struct err *err);
int link_set_mac(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err);
int link_set_promisc(struct link *link, uint32_t ifindex, bool on, struct err *err);
int link_set_allmulti(struct link *link, uint32_t ifindex, bool on, struct err *err);
int link_set_gso_max(struct link *link, uint32_t ifindex, uint32_t size, uint32_t segs,
		     struct err *err);
/* IN6_ADDR_GEN_MODE_NONE and back. 0 too where IPv6 is off. */
int link_set_addr_gen_mode(struct link *link, uint32_t ifindex, uint8_t mode, struct err *err);

/*
 * IPv6 as a whole on a device of that name, by its sysctl disable_ipv6: netlink can't. Off, the device
 * loses its IPv6 addresses and routes, and sends nothing for the groups it was in. false where there
 * is no IPv6; -ENOENT then from set, and -EROFS or -EACCES where sysctls can't be written.
 */
bool link_ipv6_is_on(const char *name);
int link_set_ipv6(const char *name, bool on);

/* As a router: the device is in the routers' groups then, and reports them by MLD. */
bool link_ipv6_forwards(const char *name);
int link_set_ipv6_forwards(const char *name, bool on);

/*
 * IPv4's check of source addresses (RFC 3704), by its sysctl: 0 off, 1 strict, 2 loose. What counts
 * for a device is the greater of its own and that of "all".
 */
unsigned link_rp_filter(const char *name);
int link_set_rp_filter(const char *name, unsigned value);
bool link_can_set_rp_filter(const char *name);

/*
 * A device's own IPv4 setting (what: IPV4_DEVCONF_* of linux/ip.h), by netlink, which needs no
 * writable /proc/sys. For those without a side effect: ARP_IGNORE, ARP_ANNOUNCE, RP_FILTER, of which
 * the greater of the device's own and that of "all" counts. A change is told as RTM_NEWLINK, not as
 * RTM_NEWNETCONF. -EAFNOSUPPORT: no IPv4 on the device (an MTU below 68); -EINVAL from set, and
 * -EOPNOTSUPP from get, for what this kernel does not know.
 */
int link_set_ipv4_conf(struct link *link, uint32_t ifindex, unsigned what, uint32_t value,
		       struct err *err);
int link_get_ipv4_conf(struct link *link, uint32_t ifindex, unsigned what, uint32_t *ret,
		       struct err *err);

/* A further unicast address the device shall receive (bridge fdb add MAC dev DEV self).
 * -EOPNOTSUPP where the driver can't; -EEXIST counts as 0. */
int link_add_unicast(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err);
int link_del_unicast(struct link *link, uint32_t ifindex, const struct mac *mac, struct err *err);

/* Addresses of one device, at most max; returns how many through *n. -E2BIG when there are more. */
int link_addrs(struct link *link, uint32_t ifindex, struct saved_addr *addrs, unsigned max,
	       unsigned *n, struct err *err);
/* Replaces an equal one. -EADDRNOTAVAIL from del when it is not there. */
int link_add_addr(struct link *link, uint32_t ifindex, const struct saved_addr *addr,
		  struct err *err);
int link_del_addr(struct link *link, uint32_t ifindex, const struct saved_addr *addr,
		  struct err *err);

/*
 * Unicast routes through one device in all tables but the local one, without those that the kernel
 * makes by itself (proto kernel). Multipath routes that use the device among others: -EMULTIHOP
 * with a text, since they can't be moved.
 */
int link_routes(struct link *link, uint32_t ifindex, struct saved_route *routes, unsigned max,
		unsigned *n, struct err *err);
/*
 * IPv4: creates, or replaces the route of the same prefix, TOS and metric whatever its device.
 * IPv6: creates, and leaves those by other next hops as they are: whoever moves a route deletes the
 * old one. -ESRCH from del when there is none.
 */
int link_add_route(struct link *link, uint32_t ifindex, const struct saved_route *route,
		   struct err *err);
int link_del_route(struct link *link, uint32_t ifindex, const struct saved_route *route,
		   struct err *err);

/*
 * Deletes the IPv6 prefix routes that the kernel made for the device: they stay behind an address
 * with a lifetime (ipv6_del_addr()), and what a router advertised as on-link has no address at all.
 */
int link_del_prefix_routes(struct link *link, uint32_t ifindex, struct err *err);

/*
 * Routing rules: "PRIORITY: to TO ipproto IPPROTO lookup TABLE", made by protocol, which is never 0:
 * for the kernel that is anybody's. table is not 0 either. TO's bits behind its prefix don't count.
 */
struct link_rule {
	uint8_t family;
	uint32_t priority;
	uint32_t table;
	struct addr to; /* AF_UNSPEC: any */
	uint8_t ipproto; /* IPPROTO_*; 0: any */
	uint8_t protocol; /* FRA_PROTOCOL (RTPROT_*), who made it */
};

/* 0 too when exactly this rule is there. */
int link_add_rule(struct link *link, const struct link_rule *rule, struct err *err);
/*
 * -ENOENT when there is none. -EBUSY when the kernel, which takes a rule to any address or for any
 * IP protocol for a pattern, would delete another one of that priority, table and maker; not so when
 * each rule has a priority of its own.
 */
int link_del_rule(struct link *link, const struct link_rule *rule, struct err *err);
/* Every rule of that maker from one priority to another, both included, of both families. */
int link_del_rules(struct link *link, uint8_t protocol, uint32_t priority_from,
		   uint32_t priority_to, struct err *err);

/* An option of a bond of the kernel's, by bonding's name; name NULL: port is one of its ports. */
struct bond_option {
	const char *name;
	char port[IFNAMSIZ]; /* whose it is; "": the bond's */
	char value[64]; /* numbers are decimal; a device goes by its name, "" = gone */
};
/* *ret is malloc'd. -ENODEV: it is no bond. */
int link_bond_options(struct link *link, uint32_t ifindex, struct bond_option **ret, unsigned *n,
		      struct err *err);

/* Speed and duplex by SIOCETHTOOL (ETHTOOL_GLINKSETTINGS); 0 and false when unknown. */
void link_speed(const char *name, uint32_t *speed_mbps, bool *full_duplex);

/*
 * Carrier as the driver last set it, without waiting for link watch: opened once per port (kept
 * descriptors of sysfs's carrier_changes and flags, read without the RTNL, where /sys is that of the
 * namespace; else SIOCETHTOOL ETHTOOL_GLINK). For the poll detector. A device that moved to another
 * namespace reads 0, and -ENODEV once it comes up there.
 */
struct link_poll;
int link_poll_open(uint32_t ifindex, const char *name, struct link_poll **ret);
void link_poll_close(struct link_poll *poll);
/* 1: up and carrier, 0: not, -ENODEV: gone. */
int link_poll_read(struct link_poll *poll);

/*
 * Events: link_events_fd() becomes readable (non-blocking, for epoll); link_events_read() drains it.
 * kind RTM_NEWLINK, RTM_DELLINK (info whole), RTM_NEWADDR, RTM_DELADDR (info->ifindex only),
 * RTM_NEWNETCONF (a sysctl: info->ifindex, or that of nothing for "all" and "default").
 * Returns 0, or -ENOBUFS when messages were lost and everything has to be read again.
 */
int link_events_open(struct link *link, struct err *err);
int link_events_fd(const struct link *link);
int link_events_read(struct link *link,
		     void (*fn)(int kind, const struct link_info *info, void *arg), void *arg);

#endif
