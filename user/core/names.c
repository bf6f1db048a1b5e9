// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * names.c - the tables of every word that users write or read. Parsers, help, JSON, D-Bus and man
 * pages read them here and nowhere else. Modes and policies carry bonding's names and numbers
 * (Documentation/networking/bonding.rst) and, as aliases, teamd's runner names (teamd.conf(5)).
 */
#include <errno.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>

#include "bpfteam/abi.h"
#include "core/names.h"

const struct name mode_names[] = {
	{"balance-rr", BPFTEAM_BALANCE_RR, false},
	{"0", BPFTEAM_BALANCE_RR, true},
	{"roundrobin", BPFTEAM_BALANCE_RR, true},
	{"active-backup", BPFTEAM_ACTIVE_BACKUP, false},
	{"1", BPFTEAM_ACTIVE_BACKUP, true},
	{"activebackup", BPFTEAM_ACTIVE_BACKUP, true},
	{"balance-xor", BPFTEAM_BALANCE_XOR, false},
	{"2", BPFTEAM_BALANCE_XOR, true},
	{"loadbalance", BPFTEAM_BALANCE_XOR, true},
	{"broadcast", BPFTEAM_BROADCAST, false},
	{"3", BPFTEAM_BROADCAST, true},
	{"balance-tlb", BPFTEAM_BALANCE_TLB, false},
	{"5", BPFTEAM_BALANCE_TLB, true},
	{"random", BPFTEAM_RANDOM, false},
	{NULL, 0, false},
};

const struct name hash_names[] = {
	{"layer2", BPFTEAM_HASH_LAYER2, false},           {"0", BPFTEAM_HASH_LAYER2, true},
	{"layer2+3", BPFTEAM_HASH_LAYER23, false},        {"2", BPFTEAM_HASH_LAYER23, true},
	{"layer3+4", BPFTEAM_HASH_LAYER34, false},        {"1", BPFTEAM_HASH_LAYER34, true},
	{"encap2+3", BPFTEAM_HASH_ENCAP23, false},        {"3", BPFTEAM_HASH_ENCAP23, true},
	{"encap3+4", BPFTEAM_HASH_ENCAP34, false},        {"4", BPFTEAM_HASH_ENCAP34, true},
	{"vlan+srcmac", BPFTEAM_HASH_VLAN_SRCMAC, false}, {"5", BPFTEAM_HASH_VLAN_SRCMAC, true},
	{"txhash", BPFTEAM_HASH_TXHASH, false},           {NULL, 0, false},
};

const struct name detect_names[] = {
	{"auto", DETECT_AUTO, false},     {"state", DETECT_STATE, false},
	{"fentry", DETECT_FENTRY, false}, {"kprobe", DETECT_KPROBE, false},
	{"poll", DETECT_POLL, false},     {NULL, 0, false},
};

const struct name rx_names[] = {
	{"redirect", RX_REDIRECT, false},
	{"direct", RX_DIRECT, false},
	{NULL, 0, false},
};

const struct name reselect_names[] = {
	{"always", RESELECT_ALWAYS, false},
	{"0", RESELECT_ALWAYS, true},
	{"better", RESELECT_BETTER, false},
	{"1", RESELECT_BETTER, true},
	{"failure", RESELECT_FAILURE, false},
	{"2", RESELECT_FAILURE, true},
	{NULL, 0, false},
};

const struct name arp_validate_names[] = {
	{"none", ARP_VALIDATE_NONE, false},
	{"active", ARP_VALIDATE_ACTIVE, false},
	{"backup", ARP_VALIDATE_BACKUP, false},
	{"all", ARP_VALIDATE_ALL, false},
	{"filter", ARP_VALIDATE_FILTER, false},
	{"filter_active", ARP_VALIDATE_FILTER_ACTIVE, false},
	{"filter_backup", ARP_VALIDATE_FILTER_BACKUP, false},
	{"0", ARP_VALIDATE_NONE, true},
	{"1", ARP_VALIDATE_ACTIVE, true},
	{"2", ARP_VALIDATE_BACKUP, true},
	{"3", ARP_VALIDATE_ALL, true},
	{"4", ARP_VALIDATE_FILTER, true},
	{"5", ARP_VALIDATE_FILTER_ACTIVE, true},
	{"6", ARP_VALIDATE_FILTER_BACKUP, true},
	{NULL, 0, false},
};

const struct name rdma_kind_names[] = {
	{"roce_v1", BPFTEAM_RDMA_ROCE_V1, false}, {"roce_v2", BPFTEAM_RDMA_ROCE_V2, false},
	{"iwarp", BPFTEAM_RDMA_IWARP, false},     {"neighbours", BPFTEAM_RDMA_NEIGHBOUR, false},
	{"by_hand", BPFTEAM_RDMA_BY_HAND, false}, {NULL, 0, false},
};

const struct name flow_proto_names[] = {
	{"tcp", IPPROTO_TCP, false},
	{"udp", IPPROTO_UDP, false},
	{NULL, 0, false},
};

const struct name vlan_protocol_names[] = {
	{"802.1q", VLAN_8021Q, false},
	{"802.1Q", VLAN_8021Q, true},
	{"802.1ad", VLAN_8021AD, false},
	{"802.1AD", VLAN_8021AD, true},
	{NULL, 0, false},
};

const struct name rdma_use_names[] = {
	{"auto", RDMA_AUTO, false},
	{"on", RDMA_ON, false},
	{"off", RDMA_OFF, false},
	{NULL, 0, false},
};

const struct name port_state_names[] = {
	{"up", PORT_UP, false},
	{"down", PORT_DOWN, false},
	{"probing", PORT_PROBING, false},
	{"drained", PORT_DRAINED, false},
	{"disabled", PORT_DISABLED, false},
	{"missing", PORT_MISSING, false},
	{NULL, 0, false},
};

const struct name drop_names[] = {
	{"no_port", BPFTEAM_DROP_NO_PORT, false},
	{"inactive_port", BPFTEAM_DROP_INACTIVE_PORT, false},
	{"reflection", BPFTEAM_DROP_REFLECTION, false},
	{"disabled_port", BPFTEAM_DROP_DISABLED_PORT, false},
	{"malformed", BPFTEAM_DROP_MALFORMED, false},
	{NULL, 0, false},
};
_Static_assert(sizeof(drop_names) / sizeof(drop_names[0]) == BPFTEAM_DROP_MAX + 1, "drop_names");

const struct name event_names[] = {
	{"port-up", EVENT_PORT_UP, false},   {"port-down", EVENT_PORT_DOWN, false},
	{"failover", EVENT_FAILOVER, false}, {"rdma-flow", EVENT_RDMA_FLOW, false},
	{"team-up", EVENT_TEAM_UP, false},   {"team-down", EVENT_TEAM_DOWN, false},
	{"config", EVENT_CONFIG, false},     {NULL, 0, false},
};

/* Words that the documentation names and this version does not do yet. */
static const char *const later_modes[] = {
	"802.3ad", "4", "lacp", "balance-alb", "6", "adaptive", NULL,
};

int name_parse(const struct name *table, const char *word)
{
	for (; table->name; table++) {
		if (!strcmp(table->name, word))
			return table->value;
	}
	return -ENOENT;
}

bool name_is_later(const struct name *table, const char *word)
{
	const char *const *list = later_modes;

	for (; table == mode_names && *list; list++) {
		if (!strcmp(*list, word))
			return true;
	}
	return false;
}

const char *name_of(const struct name *table, int value)
{
	for (; table->name; table++) {
		if (table->value == value && !table->alias)
			return table->name;
	}
	return "?";
}

const char *name_list(const struct name *table, char *buf, size_t size)
{
	const struct name *row, *last = NULL;
	size_t used = 0;

	for (row = table; row->name; row++) {
		if (!row->alias)
			last = row;
	}
	if (size)
		buf[0] = '\0';
	for (row = table; row->name && used < size; row++) {
		if (row->alias)
			continue;
		used += snprintf(buf + used, size - used, "%s%s",
				 !used         ? ""
				 : row == last ? " or "
					       : ", ",
				 row->name);
	}
	return buf;
}
