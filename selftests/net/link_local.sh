#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Link-local protocols (LACP, LLDP, EAPOL, PTP, STP) stay on the port: whoever speaks them there hears
# them, team0 does not.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
start_daemon
attach eth0 eth1
must wait_for 5 ping_peer

# stays NAME DST TYPE: sent by the switch on p0
stays() {
	local port team
	spawn_tool host "$TMP/port" sniff --dev eth0 --mark "ll-$1" --secs 10 --want 3
	port=$SPAWNED
	spawn_tool host "$TMP/team" sniff --dev team0 --mark ll- --secs 20
	team=$SPAWNED
	must on a "$TOOLS/inject" --dev p0 --src 02:00:00:00:0a:01 --dst "$2" --type "$3" \
		--mark "ll-$1" --count 3
	reap "$port"
	# Another frame that does go to the team, behind them.
	must on a "$TOOLS/inject" --dev p0 --src 02:00:00:00:0a:01 --dst ff:ff:ff:ff:ff:ff \
		--mark "ll-end"
	reached() {
		spawn_tool host "$TMP/end" sniff --dev team0 --mark ll-end2 --want 1 --secs 1
		on a "$TOOLS/inject" --dev p0 --src 02:00:00:00:0a:01 --dst ff:ff:ff:ff:ff:ff \
			--mark "ll-end2"
		reap "$SPAWNED"
		[ "$(jq .matched "$TMP/end")" = 1 ]
	}
	must wait_for 3 reached
	stop "$team"
	check_eq "$1: heard on the port" "$(jq .matched "$TMP/port")" 3
	check_eq "$1: not on the team, a broadcast is" \
		"$(jq '.matched - .broadcast, .broadcast > 1' "$TMP/team" | xargs)" "0 true"
}

dropped() {
	show '[.ports[].drops | to_entries[] |
		select(.key != "inactive_port" and .key != "reflection") | .value] | add'
}

# What came while the ports were joining was dropped as a disabled port's.
before=$(dropped)
stays STP 01:80:c2:00:00:00 0x0027
stays LACP 01:80:c2:00:00:02 0x8809
stays EAPOL 01:80:c2:00:00:03 0x888e
stays LLDP 01:80:c2:00:00:0e 0x88cc
stays PTP 01:1b:19:00:00:00 0x88f7
stays "LLDP to a nearest customer bridge" 01:80:c2:00:00:00 0x88cc
check_eq "no port counts them as dropped" "$(dropped)" "$before"
finish
