// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_bond.c - the options of a bond of the kernel's and of its ports, as text by bonding's names.
 * Called by the import. Attributes of drivers/net/bonding/bond_netlink.c; by netlink and not by sysfs,
 * which shows the namespace that it was mounted in.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/link_nl.h"

/* Newer than the headers this builds with. */
#define BOND_LACP_STRICT 34 /* behind IFLA_BOND_BROADCAST_NEIGH */
#define BOND_BROADCAST_NEIGH 33
#define BOND_MISSED_MAX 30
#define BOND_NS_IP6_TARGET 31
#define BOND_COUPLED_CONTROL 32
#define BOND_LACP_ACTIVE 29
#define BOND_ATTR_MAX 40
#define SLAVE_PRIO 9
#define SLAVE_ACTOR_PORT_PRIO 10
#define SLAVE_ATTR_MAX 16

enum bond_value { BOND_NUMBER, BOND_MAC, BOND_TARGETS };

struct bond_attr {
	uint16_t type;
	const char *name;
	enum bond_value value;
};

static const struct bond_attr bond_attrs[] = {
	{IFLA_BOND_MODE, "mode", BOND_NUMBER},
	{IFLA_BOND_PRIMARY, "primary", BOND_NUMBER},
	{IFLA_BOND_PRIMARY_RESELECT, "primary_reselect", BOND_NUMBER},
	{IFLA_BOND_USE_CARRIER, "use_carrier", BOND_NUMBER},
	{IFLA_BOND_UPDELAY, "updelay", BOND_NUMBER},
	{IFLA_BOND_DOWNDELAY, "downdelay", BOND_NUMBER},
	{IFLA_BOND_ARP_INTERVAL, "arp_interval", BOND_NUMBER},
	{IFLA_BOND_ARP_IP_TARGET, "arp_ip_target", BOND_TARGETS},
	{BOND_NS_IP6_TARGET, "ns_ip6_target", BOND_TARGETS},
	{IFLA_BOND_ARP_VALIDATE, "arp_validate", BOND_NUMBER},
	{IFLA_BOND_ARP_ALL_TARGETS, "arp_all_targets", BOND_NUMBER},
	{BOND_MISSED_MAX, "arp_missed_max", BOND_NUMBER},
	{IFLA_BOND_FAIL_OVER_MAC, "fail_over_mac", BOND_NUMBER},
	{IFLA_BOND_XMIT_HASH_POLICY, "xmit_hash_policy", BOND_NUMBER},
	{IFLA_BOND_RESEND_IGMP, "resend_igmp", BOND_NUMBER},
	{IFLA_BOND_NUM_PEER_NOTIF, "num_grat_arp", BOND_NUMBER},
	{IFLA_BOND_PEER_NOTIF_DELAY, "peer_notif_delay", BOND_NUMBER},
	{IFLA_BOND_ALL_SLAVES_ACTIVE, "all_slaves_active", BOND_NUMBER},
	{IFLA_BOND_MIN_LINKS, "min_links", BOND_NUMBER},
	{IFLA_BOND_LP_INTERVAL, "lp_interval", BOND_NUMBER},
	{IFLA_BOND_PACKETS_PER_SLAVE, "packets_per_slave", BOND_NUMBER},
	{IFLA_BOND_TLB_DYNAMIC_LB, "tlb_dynamic_lb", BOND_NUMBER},
	{BOND_LACP_ACTIVE, "lacp_active", BOND_NUMBER},
	{IFLA_BOND_AD_LACP_RATE, "lacp_rate", BOND_NUMBER},
	{BOND_LACP_STRICT, "lacp_strict", BOND_NUMBER},
	{BOND_COUPLED_CONTROL, "coupled_control", BOND_NUMBER},
	{BOND_BROADCAST_NEIGH, "broadcast_neighbor", BOND_NUMBER},
	{IFLA_BOND_AD_SELECT, "ad_select", BOND_NUMBER},
	{IFLA_BOND_AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio", BOND_NUMBER},
	{IFLA_BOND_AD_ACTOR_SYSTEM, "ad_actor_system", BOND_MAC},
	{IFLA_BOND_AD_USER_PORT_KEY, "ad_user_port_key", BOND_NUMBER},
};

static const struct bond_attr slave_attrs[] = {
	{IFLA_BOND_SLAVE_QUEUE_ID, "queue_id", BOND_NUMBER},
	{SLAVE_PRIO, "prio", BOND_NUMBER},
	{SLAVE_ACTOR_PORT_PRIO, "actor_port_prio", BOND_NUMBER},
};

/* What one answer said: kept, since who is told of it may ask further. */
struct bond_dump {
	uint32_t bond;
	bool found; /* the bond itself */
	struct bond_option *options;
	unsigned n;
	int code;
};

static void add(struct bond_dump *dump, const char *port, const char *name, const char *value)
{
	struct bond_option *options = reallocarray(dump->options, dump->n + 1,
						   sizeof(*dump->options));

	if (!options) {
		dump->code = -ENOMEM;
		return;
	}
	dump->options = options;
	options = &options[dump->n++];
	*options = (struct bond_option){.name = name};
	snprintf(options->port, sizeof(options->port), "%s", port);
	snprintf(options->value, sizeof(options->value), "%s", value);
}

/* Numbers are of one, two or four bytes; prio alone has a sign. */
static void add_number(struct bond_dump *dump, const char *port, const struct bond_attr *attr,
		       const struct nlattr *data)
{
	const void *payload = mnl_attr_get_payload(data);
	uint16_t len = mnl_attr_get_payload_len(data);
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	char text[16];

	if (len == sizeof(uint8_t))
		u32 = *(const uint8_t *)payload;
	else if (len == sizeof(u16))
		memcpy(&u16, payload, sizeof(u16));
	else if (len == sizeof(u32))
		memcpy(&u32, payload, sizeof(u32));
	else
		return;
	if (len == sizeof(u32) && !strcmp(attr->name, "prio"))
		snprintf(text, sizeof(text), "%d", (int32_t)u32);
	else
		snprintf(text, sizeof(text), "%u", u32 + u16);
	add(dump, port, attr->name, text);
}

/* Nested, one attribute a target, by its place. */
static void add_targets(struct bond_dump *dump, const struct bond_attr *attr,
			const struct nlattr *data)
{
	const struct nlattr *targets[BPFTEAM_ARP_TARGETS_MAX];
	char text[INET6_ADDRSTRLEN];

	link_nl_nested(data, targets, BPFTEAM_ARP_TARGETS_MAX - 1);
	for (unsigned i = 0; i < BPFTEAM_ARP_TARGETS_MAX; i++) {
		uint16_t len = targets[i] ? mnl_attr_get_payload_len(targets[i]) : 0;

		if ((len == 4 || len == 16) &&
		    inet_ntop(len == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(targets[i]), text,
			      sizeof(text)))
			add(dump, "", attr->name, text);
	}
}

static void add_attrs(struct bond_dump *dump, const char *port, const struct bond_attr *attrs,
		      unsigned n, const struct nlattr **data)
{
	char text[MAC_STRLEN];
	struct mac mac;

	for (unsigned i = 0; i < n; i++) {
		const struct nlattr *value = data[attrs[i].type];

		if (!value)
			continue;
		if (attrs[i].value == BOND_TARGETS) {
			add_targets(dump, &attrs[i], value);
		} else if (attrs[i].value == BOND_MAC) {
			if (mnl_attr_get_payload_len(value) != sizeof(mac))
				continue;
			memcpy(&mac, mnl_attr_get_payload(value), sizeof(mac));
			add(dump, port, attrs[i].name, mac_format(&mac, text));
		} else {
			/* A device's number becomes its name once the answer was read. */
			add_number(dump, port, &attrs[i], value);
		}
	}
}

static int read_bond(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[IFLA_LINKINFO + 1], *info[IFLA_INFO_SLAVE_DATA + 1];
	const struct nlattr *data[BOND_ATTR_MAX + 1];
	struct bond_dump *dump = arg;
	struct link_info dev;

	if (!nlh) {
		dump->n = 0;
		dump->found = false;
		return 0;
	}
	if (nlh->nlmsg_type != RTM_NEWLINK || link_dev_parse(nlh, &dev))
		return 0;
	link_nl_attrs(nlh, sizeof(struct ifinfomsg), tb, IFLA_LINKINFO);
	link_nl_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_SLAVE_DATA);
	if (dev.ifindex == dump->bond) {
		dump->found = !strcmp(dev.kind, "bond");
		link_nl_nested(info[IFLA_INFO_DATA], data, BOND_ATTR_MAX);
		add_attrs(dump, "", bond_attrs, sizeof(bond_attrs) / sizeof(bond_attrs[0]), data);
	} else if (dev.master == dump->bond) {
		link_nl_nested(info[IFLA_INFO_SLAVE_DATA], data, SLAVE_ATTR_MAX);
		add(dump, dev.name, NULL, "");
		add_attrs(dump, dev.name, slave_attrs, sizeof(slave_attrs) / sizeof(slave_attrs[0]),
			  data);
	}
	return 0;
}

static void name_devices(struct link *link, struct bond_dump *dump)
{
	struct link_info info;

	for (unsigned i = 0; i < dump->n; i++) {
		struct bond_option *option = &dump->options[i];

		if (!option->name || strcmp(option->name, "primary"))
			continue;
		if (link_get_index(link, strtoul(option->value, NULL, 10), &info, NULL))
			option->value[0] = '\0';
		else
			snprintf(option->value, sizeof(option->value), "%s", info.name);
	}
}

int link_bond_options(struct link *link, uint32_t ifindex, struct bond_option **ret, unsigned *n,
		      struct err *err)
{
	struct bond_dump dump = {.bond = ifindex};
	struct link_request req;
	int code;

	*ret = NULL;
	*n = 0;
	link_nl_begin(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	code = link_nl_dump(link, &req, read_bond, &dump) ?: dump.code;
	if (code || !dump.found) {
		free(dump.options);
		return link_nl_fail(link, code ?: -ENODEV, ifindex, err, "read it as a bond");
	}
	name_devices(link, &dump);
	*ret = dump.options;
	*n = dump.n;
	return 0;
}
