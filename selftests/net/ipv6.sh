#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# IPv6 as IPv4: duplicate address detection, fail-over both ways, neighbours that are told.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
must on host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/accept_dad
	echo 1 >/proc/sys/net/ipv6/conf/all/accept_dad'
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: ["$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
detect: {updelay_ms: 100}
YAML
must bpfteam apply "$TMP/team0.yaml"
check "the address is usable" wait_for 5 ping_peer "$PEER6"
check_eq "no duplicate was found" "$(on host ip -6 addr show dev team0 dadfailed)" ""
check "the team has a link-local address" \
	sh -c "nsenter --net=/run/netns/${NS[host]} ip -6 addr show dev team0 scope link | grep -q fe80"
check_eq "the ports have none" "$(on host ip -6 addr show dev eth0)$(on host ip -6 addr show dev eth1)" ""
tx_limit=2
[ "$(show .detector)" = state ] || tx_limit=$((10 * FRAMES_PER_MS))
measure tx6 tx6 "$tx_limit" carrier
# The second one is from eth1, whose failure switch a does not see: it has to be told.
measure rx6 rx6 $((5 * FRAMES_PER_MS)) carrier down
finish
