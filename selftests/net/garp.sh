#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# After a fail-over the peers are told where we are: by gratuitous ARP and unsolicited neighbour
# advertisements for each address, num_peer_notif times, without any traffic of the host's own.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: [$HOST4/24, 192.0.2.77/24, "$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
num_peer_notif: 3
peer_notif_delay_ms: 50
YAML
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
team_mac=$(show .mac)

behind() { # SWITCH PORT: the switch has the team's MAC behind that port
	on "$1" bridge fdb show br br0 | grep -q "^$team_mac dev $2 "
}
check "the switches know the team behind eth0" wait_for 3 behind a p0

(exec nsenter --net="/run/netns/${NS[peer]}" tcpdump -nlei eth0 "ether src $team_mac" \
	>"$TMP/told" 2>"$TMP/tcpdump") &
DUMP=$!
PIDS+=("$DUMP")
must wait_for 5 grep -q listening "$TMP/tcpdump"
cut_cable 0
check "switch a has it behind the trunk" wait_for 3 behind a trunk
check "switch b has it behind eth1" wait_for 3 behind b p1

told() { # PATTERN
	grep -c "$1" "$TMP/told"
}
all_told() {
	[ "$(told "Request who-has $HOST4 .*tell $HOST4,")" -ge 3 ] &&
		[ "$(told "Request who-has 192.0.2.77 .*tell 192.0.2.77,")" -ge 3 ] &&
		[ "$(told "neighbor advertisement, tgt is $HOST6")" -ge 3 ]
}
wait_for 3 all_told
# More would come within this time.
pause 0.3
kill "$DUMP"
reap "$DUMP"
check_eq "three announcements of the first address" \
	"$(told "Request who-has $HOST4 .*tell $HOST4,")" 3
check_eq "three of the second" "$(told "Request who-has 192.0.2.77 .*tell 192.0.2.77,")" 3
check_eq "three advertisements of the IPv6 address" \
	"$(told "neighbor advertisement, tgt is $HOST6")" 3
sed 's/^/#   /' "$TMP/told" | head -20
finish
