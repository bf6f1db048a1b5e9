#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# From a bond of the kernel's to a team: its options, ports, addresses and routes are imported, the bond
# is deleted, and the team does what it did.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   bond0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
kernel_can ip link add bond7 type bond || skip_all "this kernel has no bonding"
two_switches 2

# bond OPTION...: a new one of both ports
bond() {
	must on host ip link add bond0 type bond "$@"
	for port in eth0 eth1; do
		must on host ip link set "$port" down
		must on host ip link set "$port" master bond0
	done
	must on host ip link set bond0 up
}

unbond() {
	must on host ip link del bond0
	must on host ip link set eth0 up
	must on host ip link set eth1 up
}

import() {
	bpfteam import "$@" >"$TMP/out" 2>"$TMP/notes"
}

says() { # WORD...: a line of the configuration
	grep -qxF -- "$*" "$TMP/out" || { cat "$TMP/out" "$TMP/notes"; return 1; }
}

notes() { # TEXT: of a line about what was left out
	grep -qF -- "$*" "$TMP/notes" || { cat "$TMP/notes"; return 1; }
}

# ---- active-backup, with all that it has ---------------------------------------------------------

bond mode active-backup miimon 100 updelay 300 downdelay 200 primary_reselect better \
	num_grat_arp 4 fail_over_mac none
must on host ip link set bond0 type bond primary eth1
must on host ip addr add "$HOST4/24" dev bond0
must on host ip addr add "$HOST6/64" dev bond0 nodad
must on host ip addr add 198.51.100.7/24 dev bond0 valid_lft 3600 preferred_lft 3600
must on host ip route add default via "$PEER4"
must on host ip route add 203.0.113.0/24 via "$PEER4" metric 5
must on host ip route add 203.0.113.0/24 via "$PEER4" table 77
check "the bond answers" wait_for 5 ping_peer
check "import" import bond0
for line in "team: bond0" "primary: eth1" "primary_reselect: better" \
	"addresses: [$HOST4/24, '$HOST6/64']" "- {to: default, via: $PEER4}" \
	"- {to: 203.0.113.0/24, via: $PEER4, metric: 5}" "- {name: eth0}" "- {name: eth1}" \
	"detect: {updelay_ms: 300, downdelay_ms: 200}" "num_peer_notif: 4"; do
	check "it says: $line" says "$line"
done
check_not "defaults are left out" grep -qE 'mode|hash|arp' "$TMP/out"
check "an address with a lifetime is named" notes "198.51.100.7/24"
check "a route of another table is named" notes "table 77"
check_eq "and nothing else" "$(wc -l <"$TMP/notes")" 2

cp "$TMP/out" "$TMP/team.yaml"
unbond
start_daemon
check "what was imported is applied" bpfteam apply "$TMP/team.yaml"
check "the team answers" wait_for 5 ping_peer
check "the route is there" on host sh -c "ip route show 203.0.113.0/24 | grep -q 'dev bond0 .*metric 5'"
must bpfteam detach bond0

# ---- balance-xor, by the ARP monitor ---------------------------------------------------------------

bond mode balance-xor xmit_hash_policy layer2+3 arp_interval 500 \
	arp_ip_target "$PEER4,198.51.100.1" arp_validate none min_links 1
check "import of balance-xor" import bond0
for line in "mode: balance-xor" "hash: layer2+3" "arp_interval_ms: 500" \
	"arp_ip_target: [$PEER4, 198.51.100.1]"; do
	check "it says: $line" says "$line"
done
unbond

# ---- what this version does not have ---------------------------------------------------------------

bond mode 802.3ad miimon 100 lacp_rate fast ad_select bandwidth xmit_hash_policy layer3+4
check "import of 802.3ad" import bond0 --team team0
check "as a team of another name" says "team: team0"
check "the mode is named" notes "mode: "
check "an option of its own is named" notes "lacp_rate: "
check "and another" notes "ad_select: "
unbond
check_not "there is no bond any more" import bond0

finish
