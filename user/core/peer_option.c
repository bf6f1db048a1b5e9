// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * peer_option.c - the options of bonding (Documentation/networking/bonding.rst; which mode has which:
 * bond_opts[] in drivers/net/bonding/bond_options.c) and the keys of teamd (teamd.conf(5)), a row each,
 * with what becomes of them. netplan's and systemd-networkd's names of bonding's options stand beside.
 * Called by the import, by doc_lint.c, and by what prints the table.
 */
#include <stdio.h>
#include <string.h>

#include "core/config_key.h"
#include "core/peer_option.h"

#define MODE(number) (1 << (number))
#define ACTIVE_MODES (MODE(1) | MODE(5) | MODE(6))
#define LACP_MODE MODE(4)
#define ARP_MODES (MODE(0) | MODE(1) | MODE(2) | MODE(3))

#define UNIT "selftests/unit/"
#define BPF "selftests/bpf/"
#define NET "selftests/net/"

#define WITH_LACP "802.3ad is not supported by this version"
#define OWN_MACS                                                                               \
	"ports keep their own MAC addresses, and the team's stays the same over a fail-over; " \
	"a port that may send from its own address only can't be one"
#define NO_QUEUES "a flow can't be given a port by its queue; leave it to the hash and its weight"

static const struct peer_word carrier_words[] = {
	{"1", NULL, NULL},
	{"0", NULL, "what the driver reports by netif_carrier_off() is the only link state"},
	{NULL, NULL, NULL},
};
static const struct peer_word any_words[] = {
	{"any", NULL, NULL},
	{"0", NULL, NULL},
	{"all", NULL, "an answer of any target keeps a port up; list only one that decides"},
	{"1", NULL, "an answer of any target keeps a port up; list only one that decides"},
	{NULL, NULL, NULL},
};
static const struct peer_word fail_over_mac_words[] = {
	{"none", NULL, NULL},  {"0", NULL, NULL},          {"active", NULL, OWN_MACS},
	{"1", NULL, OWN_MACS}, {"follow", NULL, OWN_MACS}, {"2", NULL, OWN_MACS},
	{NULL, NULL, NULL},
};
static const struct peer_word bool_words[] = {
	{"1", "true", NULL},   {"0", "false", NULL},   {"yes", "true", NULL},
	{"no", "false", NULL}, {"true", "true", NULL}, {"false", "false", NULL},
	{"on", "true", NULL},  {"off", "false", NULL}, {NULL, NULL, NULL},
};

const struct peer_option bonding_options[] = {
	{.name = "mode",
	 .netplan = "mode",
	 .networkd = "Mode",
	 .def = "balance-rr",
	 .decides = true,
	 .key = "mode",
	 .text = "by name or number",
	 .test = NET "distribution.sh"},
	{.name = "active_slave",
	 .networkd = "ActiveSlave",
	 .modes = ACTIVE_MODES,
	 .needless = true,
	 .text = "a state, not a setting: primary: and priority: say who is preferred"},
	{.name = "primary",
	 .netplan = "primary",
	 .networkd = "PrimarySlave",
	 .modes = ACTIVE_MODES,
	 .key = "primary",
	 .test = NET "primary.sh"},
	{.name = "primary_reselect",
	 .netplan = "primary-reselect-policy",
	 .networkd = "PrimaryReselectPolicy",
	 .modes = ACTIVE_MODES,
	 .def = "always",
	 .key = "primary_reselect",
	 .test = NET "primary.sh"},
	{.name = "prio",
	 .modes = ACTIVE_MODES,
	 .def = "0",
	 .key = "ports.priority",
	 .text = "of each port",
	 .test = NET "primary.sh"},
	{.name = "miimon",
	 .netplan = "mii-monitor-interval",
	 .networkd = "MIIMonitorSec",
	 .time_span = true,
	 .needless = true,
	 .text = "links are always watched, and without an interval; see detect.method",
	 .test = NET "failover.sh"},
	{.name = "use_carrier",
	 .def = "1",
	 .words = carrier_words,
	 .needless = true,
	 .text = "0 is refused: what the driver reports is the only link state"},
	{.name = "updelay",
	 .netplan = "up-delay",
	 .networkd = "UpDelaySec",
	 .time_span = true,
	 .def = "0",
	 .key = "detect.updelay_ms",
	 .text = "in ms; left out, or 0: ours stays, 1000, since a switch port has link long "
		 "before "
		 "it forwards",
	 .test = NET "recovery.sh"},
	{.name = "downdelay",
	 .netplan = "down-delay",
	 .networkd = "DownDelaySec",
	 .time_span = true,
	 .def = "0",
	 .key = "detect.downdelay_ms",
	 .text = "in ms",
	 .test = UNIT "test_port_delay.c"},
	{.name = "arp_interval",
	 .netplan = "arp-interval",
	 .networkd = "ARPIntervalSec",
	 .time_span = true,
	 .modes = ARP_MODES,
	 .def = "0",
	 .key = "arp_interval_ms",
	 .text = "in ms; here in every mode, and beside the link's state",
	 .test = NET "arp_probe.sh"},
	{.name = "arp_ip_target",
	 .netplan = "arp-ip-targets",
	 .networkd = "ARPIPTargets",
	 .modes = ARP_MODES,
	 .key = "arp_ip_target",
	 .text = "a list",
	 .test = NET "arp_probe.sh"},
	{.name = "ns_ip6_target",
	 .modes = ARP_MODES,
	 .text = "only IPv4 targets are asked; name one as arp_ip_target"},
	{.name = "arp_validate",
	 .netplan = "arp-validate",
	 .networkd = "ARPValidate",
	 .modes = ARP_MODES,
	 .def = "none",
	 .key = "arp_validate",
	 .test = NET "arp_probe.sh"},
	{.name = "arp_all_targets",
	 .netplan = "arp-all-targets",
	 .networkd = "ARPAllTargets",
	 .modes = ARP_MODES,
	 .def = "any",
	 .words = any_words,
	 .needless = true,
	 .text = "all is refused: an answer of any target keeps a port up"},
	{.name = "arp_missed_max",
	 .old = "missed_max",
	 .networkd = "ARPMissedMax",
	 .modes = ARP_MODES,
	 .def = "2",
	 .key = "arp_missed_max",
	 .test = NET "arp_probe.sh"},
	{.name = "fail_over_mac",
	 .netplan = "fail-over-mac-policy",
	 .networkd = "FailOverMACPolicy",
	 .def = "none",
	 .words = fail_over_mac_words,
	 .needless = true,
	 .text = "active and follow are refused: " OWN_MACS},
	{.name = "all_slaves_active",
	 .old = "all-slaves-active",
	 .netplan = "all-members-active",
	 .networkd = "AllSlavesActive",
	 .def = "0|no|false|off",
	 .key = "all_slaves_active",
	 .text = "frames that switches flood arrive as often as there are ports",
	 .test = NET "all_slaves_active.sh",
	 .words = bool_words},
	{.name = "num_grat_arp",
	 .old = "num_peer_notif",
	 .netplan = "gratuitous-arp",
	 .networkd = "GratuitousARP",
	 .def = "1",
	 .key = "num_peer_notif",
	 .text = "gratuitous ARP and unsolicited NA alike",
	 .test = NET "garp.sh"},
	{.name = "num_unsol_na",
	 .def = "1",
	 .key = "num_peer_notif",
	 .text = "gratuitous ARP and unsolicited NA alike",
	 .test = NET "garp.sh"},
	{.name = "peer_notif_delay",
	 .def = "0",
	 .key = "peer_notif_delay_ms",
	 .text = "in ms",
	 .test = NET "garp.sh"},
	{.name = "resend_igmp",
	 .netplan = "resend-igmp",
	 .networkd = "ResendIGMP",
	 .def = "1",
	 .key = "resend_igmp",
	 .text = "200 ms apart",
	 .test = NET "resend_igmp.sh"},
	{.name = "lp_interval",
	 .netplan = "learn-packet-interval",
	 .networkd = "LearnPacketIntervalSec",
	 .modes = MODE(5) | MODE(6),
	 .def = "1",
	 .key = "lp_interval",
	 .text = "in s"},
	{.name = "packets_per_slave",
	 .old = "packets-per-slave",
	 .netplan = "packets-per-member",
	 .networkd = "PacketsPerSlave",
	 .modes = MODE(0),
	 .def = "1",
	 .key = "packets_per_slave",
	 .test = NET "modes.sh"},
	{.name = "tlb_dynamic_lb",
	 .networkd = "DynamicTransmitLoadBalancing",
	 .modes = MODE(5) | MODE(6),
	 .def = "1",
	 .decides = true,
	 .key = "tlb_dynamic_lb",
	 .words = bool_words,
	 .text = "false alone: by hash and weight; there is no balancer yet",
	 .test = NET "modes_tlb.sh"},
	{.name = "xmit_hash_policy",
	 .netplan = "transmit-hash-policy",
	 .networkd = "TransmitHashPolicy",
	 .modes = MODE(2) | MODE(4) | MODE(5),
	 .def = "layer2",
	 .decides = true,
	 .key = "hash",
	 .text = "by name or number",
	 .test = NET "distribution.sh"},
	{.name = "min_links",
	 .netplan = "min-links",
	 .networkd = "MinLinks",
	 .def = "0",
	 .key = "min_links",
	 .text = "here in every mode",
	 .test = NET "min_links.sh"},
	{.name = "queue_id", .def = "0", .text = NO_QUEUES},
	{.name = "lacp_active", .modes = LACP_MODE, .def = "on|1", .text = WITH_LACP},
	{.name = "lacp_rate",
	 .netplan = "lacp-rate",
	 .networkd = "LACPTransmitRate",
	 .modes = LACP_MODE,
	 .def = "slow|0",
	 .text = WITH_LACP},
	{.name = "lacp_strict", .modes = LACP_MODE, .def = "off|0", .text = WITH_LACP},
	{.name = "coupled_control", .modes = LACP_MODE, .def = "on|1", .text = WITH_LACP},
	{.name = "broadcast_neighbor", .modes = LACP_MODE, .def = "off|0", .text = WITH_LACP},
	{.name = "ad_select",
	 .netplan = "ad-select",
	 .networkd = "AdSelect",
	 .modes = LACP_MODE,
	 .def = "stable|0",
	 .text = WITH_LACP},
	{.name = "ad_actor_sys_prio",
	 .networkd = "AdActorSystemPriority",
	 .modes = LACP_MODE,
	 .def = "65535",
	 .text = WITH_LACP},
	{.name = "ad_actor_system",
	 .networkd = "AdActorSystem",
	 .modes = LACP_MODE,
	 .def = "00:00:00:00:00:00",
	 .text = WITH_LACP},
	{.name = "ad_user_port_key",
	 .networkd = "AdUserPortKey",
	 .modes = LACP_MODE,
	 .def = "0",
	 .text = WITH_LACP},
	{.name = "actor_port_prio", .modes = LACP_MODE, .def = "255", .text = WITH_LACP},
	{.name = "max_bonds", .needless = true, .text = "of the module; teams are made one by one"},
	{.name = "tx_queues",
	 .needless = true,
	 .text = "of the module; a team has as many queues as its ports, at most one a CPU"},
	{.name = NULL},
};

static const struct peer_word watch_words[] = {
	{"ethtool", NULL, NULL},
	{"arp_ping", NULL, NULL},
	{"nsna_ping", NULL, "only IPv4 targets are asked; name one as arp_ip_target"},
	{"tipc", NULL, "there is no watching by TIPC"},
	{NULL, NULL, NULL},
};
static const struct peer_word hwaddr_words[] = {
	{"same_all", NULL, NULL},
	{"by_active", NULL, OWN_MACS},
	{"only_active", NULL, NULL},
	{NULL, NULL, NULL},
};
static const struct peer_word sticky_words[] = {
	{"true", "failure", NULL},
	{"false", NULL, NULL},
	{NULL, NULL, NULL},
};

const struct peer_option teamd_options[] = {
	{.name = "device", .key = "team", .test = UNIT "import.sh"},
	{.name = "debug_level", .needless = true, .text = "bpfteamd logs to the journal"},
	{.name = "hwaddr", .key = "mac", .test = UNIT "import.sh"},
	{.name = "runner.name",
	 .def = "roundrobin",
	 .decides = true,
	 .key = "mode",
	 .text = "teamd's names are known as those of modes",
	 .test = NET "distribution.sh"},
	{.name = "runner.hwaddr_policy",
	 .def = "same_all",
	 .words = hwaddr_words,
	 .needless = true,
	 .text = "by_active is refused: " OWN_MACS},
	{.name = "runner.tx_hash",
	 .key = "hash",
	 .decides = true,
	 .text = "ports in it (tcp, udp, sctp, l4): layer3+4; else addresses (ip, ipv4, ipv6, l3): "
		 "layer2+3; else vlan: vlan+srcmac; else layer2",
	 .test = UNIT "import.sh"},
	{.name = "runner.tx_balancer.name",
	 .text = "flows stay where their hash puts them; give ports a weight"},
	{.name = "runner.tx_balancer.balancing_interval",
	 .def = "50",
	 .text = "flows stay where their hash puts them; give ports a weight"},
	{.name = "runner.active", .def = "true", .text = WITH_LACP},
	{.name = "runner.fast_rate", .def = "false", .text = WITH_LACP},
	{.name = "runner.sys_prio", .def = "65535", .text = WITH_LACP},
	{.name = "runner.min_ports",
	 .def = "1",
	 .key = "min_links",
	 .text = "here in every mode",
	 .test = NET "min_links.sh"},
	{.name = "runner.agg_select_policy", .def = "lacp_prio", .text = WITH_LACP},
	{.name = "runner.addr",
	 .needless = true,
	 .text = "events come by D-Bus and bpfteam monitor"},
	{.name = "notify_peers.count",
	 .key = "num_peer_notif",
	 .text = "left out: once, in every mode",
	 .test = NET "garp.sh"},
	{.name = "notify_peers.interval",
	 .def = "0",
	 .key = "peer_notif_delay_ms",
	 .text = "in ms",
	 .test = NET "garp.sh"},
	{.name = "mcast_rejoin.count",
	 .key = "resend_igmp",
	 .text = "left out: once, in every mode",
	 .test = NET "resend_igmp.sh"},
	{.name = "mcast_rejoin.interval",
	 .def = "0",
	 .needless = true,
	 .text = "always 200 ms, as with bonding"},
	{.name = "link_watch.name",
	 .def = "ethtool",
	 .words = watch_words,
	 .needless = true,
	 .text = "the link is always watched; arp_ping comes with arp_interval_ms:; others are "
		 "refused",
	 .test = NET "arp_probe.sh"},
	{.name = "link_watch_policy",
	 .needless = true,
	 .text = "a port is up when all that watches it says so"},
	{.name = "link_watch.delay_up",
	 .def = "0",
	 .key = "detect.updelay_ms",
	 .text = "in ms; left out, or 0: ours stays, 1000",
	 .test = NET "recovery.sh"},
	{.name = "link_watch.delay_down",
	 .def = "0",
	 .key = "detect.downdelay_ms",
	 .text = "in ms",
	 .test = UNIT "test_port_delay.c"},
	{.name = "link_watch.interval",
	 .def = "1000",
	 .decides = true,
	 .key = "arp_interval_ms",
	 .text = "in ms",
	 .test = NET "arp_probe.sh"},
	{.name = "link_watch.init_wait",
	 .needless = true,
	 .text = "ports that a team begins with are trusted until they fail"},
	{.name = "link_watch.missed_max",
	 .def = "3",
	 .decides = true,
	 .key = "arp_missed_max",
	 .text = "and one more: teamd counts those that are let pass",
	 .test = NET "arp_probe.sh"},
	{.name = "link_watch.source_host",
	 .def = "0.0.0.0",
	 .text = "probes bear no sender's IP address (RFC 5227), so no neighbour's cache changes"},
	{.name = "link_watch.target_host",
	 .key = "arp_ip_target",
	 .text = "an address; names are not looked up",
	 .test = NET "arp_probe.sh"},
	{.name = "link_watch.validate_active",
	 .def = "false",
	 .key = "arp_validate",
	 .text = "alone: filter_active, with the other: filter, with both targets' replies count: "
		 "all",
	 .test = UNIT "import.sh"},
	{.name = "link_watch.validate_inactive",
	 .def = "false",
	 .key = "arp_validate",
	 .text = "as validate_active",
	 .test = UNIT "import.sh"},
	{.name = "link_watch.vlanid",
	 .text = "probes are not tagged; name a target of the untagged VLAN"},
	{.name = "link_watch.send_always", .needless = true, .text = "every port is always asked"},
	{.name = "link_watch.tipc_bearer", .text = "there is no watching by TIPC"},
	{.name = "ports.*.queue_id", .text = NO_QUEUES},
	{.name = "ports.*.prio", .def = "0", .key = "ports.priority", .test = NET "primary.sh"},
	{.name = "ports.*.sticky",
	 .def = "false",
	 .words = sticky_words,
	 .key = "primary_reselect",
	 .text = "primary_reselect: failure, for all ports alike",
	 .test = NET "primary.sh"},
	{.name = "ports.*.link_watch",
	 .needless = true,
	 .text = "all ports are watched alike: the first one's is taken, others are named"},
	{.name = "ports.*.lacp_prio", .def = "255", .text = WITH_LACP},
	{.name = "ports.*.lacp_key", .def = "0", .text = WITH_LACP},
	{.name = NULL},
};

const struct peer_mode peer_modes[] = {
	{"balance-rr", "roundrobin", NET "modes.sh"},
	{"active-backup", "activebackup", NET "failover.sh"},
	{"balance-xor", "loadbalance", NET "distribution.sh"},
	{"broadcast", "broadcast", NET "modes.sh"},
	{"802.3ad", "lacp", NULL},
	{"balance-tlb", NULL, NET "modes_tlb.sh"},
	{"balance-alb", NULL, NULL},
	{"random", "random", NET "modes.sh"},
	{NULL, NULL, NULL},
};

const struct peer_mode peer_hashes[] = {
	{"layer2", NULL, NET "distribution.sh"},
	{"layer3+4", NULL, NET "distribution.sh"},
	{"layer2+3", NULL, NET "distribution.sh"},
	{"encap2+3", NULL, BPF "test_encap.c"},
	{"encap3+4", NULL, NET "encap.sh"},
	{"vlan+srcmac", NULL, BPF "test_flow.c"},
	{NULL, NULL, NULL},
};

const struct name peer_fate_names[] = {
	{"ours", PEER_OURS, false},
	{"not needed", PEER_NEEDLESS, false},
	{"refused", PEER_REFUSED, false},
	{"not in this version", PEER_LATER, false},
	{NULL, 0, false},
};

enum peer_fate peer_option_fate(const struct peer_option *option)
{
	if (option->key)
		return config_knows(option->key) ? PEER_OURS : PEER_LATER;
	return option->needless ? PEER_NEEDLESS : PEER_REFUSED;
}

static bool is_name(const char *name, const char *word)
{
	return name && !strcmp(name, word);
}

const struct peer_option *bonding_option(const char *name)
{
	for (const struct peer_option *option = bonding_options; option->name; option++) {
		if (is_name(option->name, name) || is_name(option->old, name))
			return option;
	}
	return NULL;
}

const struct peer_option *teamd_option(const char *path, const char **port, int *port_len)
{
	for (const struct peer_option *option = teamd_options; option->name; option++) {
		const char *star = strchr(option->name, '*'), *rest;

		*port = NULL;
		if (!star && !strcmp(option->name, path))
			return option;
		/* A device's name may hold dots: what follows the star is sought from the end. */
		if (!star || strncmp(option->name, path, star - option->name))
			continue;
		rest = path + strlen(path) - strlen(star + 1);
		if (rest <= path + (star - option->name) || strcmp(rest, star + 1))
			continue;
		*port = path + (star - option->name);
		*port_len = rest - *port;
		return option;
	}
	return NULL;
}

int peer_mode_number(const char *word)
{
	for (int i = 0; peer_modes[i].name && i <= 6; i++) {
		if (!strcmp(peer_modes[i].name, word) || is_name(peer_modes[i].teamd, word) ||
		    (word[0] == '0' + i && !word[1]))
			return i;
	}
	return -1;
}
