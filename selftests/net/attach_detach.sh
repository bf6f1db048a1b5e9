#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# attach makes a team out of ports, detach leaves every port as it was before: flags, promiscuity,
# allmulti, addresses, routes, IPv6, the filters of the device; with a daemon and without.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 3
# Ports as different as ports can be: one promiscuous with a further MAC, one down, one plain.
must on host ip link set eth1 promisc on allmulticast on mtu 1600
must on host bridge fdb add 02:00:00:00:00:77 dev eth1 self
must on host ip link set eth2 down

settled() {
	! on host ip -6 addr show tentative | grep -q inet6 &&
		[ "$(on host ip -6 addr show dev eth0 scope link | grep -c inet6)" = 1 ]
}

has_unicast() { # DEV MAC
	on host bridge fdb show dev "$1" | grep -q "^$2 .*self"
}

round() {
	local how=$1 dev
	must wait_for 5 settled
	for dev in eth0 eth1 eth2; do
		port_picture "$dev" >"$TMP/$dev.before"
	done
	attach eth0 eth1 eth2
	must wait_for 5 ping_peer
	check "$how: IPv4 works" ping_peer
	check "$how: IPv6 works" ping_peer "$PEER6"
	check "$how: the peer reaches the team" peer_pings
	check_eq "$how: the team has its first port's MAC" "$(show .mac)" \
		"$(on host ip -j link show eth0 | jq -r '.[0].address')"
	check_eq "$how: the ports have no address" \
		"$(for dev in eth0 eth1 eth2; do on host ip -o addr show dev $dev; done)" ""
	check "$how: the other ports receive for the team's MAC" has_unicast eth1 "$(show .mac)"
	check_eq "$how: the ports' own MACs are unchanged" \
		"$(on host ip -j link show eth1 | jq -r '.[0].address')" \
		"$(grep -o '"address": "[^"]*' "$TMP/eth1.before" | head -1 | cut -d'"' -f4)"
	must bpfteam detach team0
	check_no_leftovers "$how: no link and no pin is left"
	for dev in eth0 eth1 eth2; do
		wait_for 3 same_picture "$dev"
		check_eq "$how: $dev is as it was before" "$(port_picture "$dev")" \
			"$(cat "$TMP/$dev.before")"
	done
}

same_picture() {
	[ "$(port_picture "$1")" = "$(cat "$TMP/$1.before")" ]
}

round "no daemon"
start_daemon
round "daemon"
stop_daemon
round "after a daemon"

finish
