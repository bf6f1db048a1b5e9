#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Frames sent on team0 by packet sockets get through: by PACKET_TX_RING, whose network header is in the
# wrong place for a redirect, and by plain sendto(); the active port fails over for them too.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
start_daemon
attach eth0 eth1
must wait_for 5 ping_peer
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
team_mac=$(show .mac)

ring() { # NAME
	spawn_tool peer "$TMP/$1.recv" stream recv --port 5009 --secs 10
	on host "$TOOLS/txring" --dev team0 --src "$team_mac" --dst "$peer_mac" --from "$HOST4" \
		--to "$PEER4" --port 5009 --count 1000 >"$TMP/$1.send"
	reap "$SPAWNED"
}

ring first
check_eq "no slot of the ring was refused" "$(jq .refused "$TMP/first.send")" 0
check_whole first "each of 1,000 datagrams through PACKET_TX_RING arrives once"
cut_cable 0
must wait_for 2 active_is eth1
ring second
check_whole second "and through the other port after a fail-over"
mend_cable 0

spawn_tool peer "$TMP/sniff" sniff --dev eth0 --mark plain-frame --secs 10 --want 10
must on host "$TOOLS/inject" --dev team0 --src "$team_mac" --dst "$peer_mac" --mark plain-frame \
	--count 10 --type 0x88b5
reap "$SPAWNED"
check_eq "ten frames by sendto() arrive" "$(jq .matched "$TMP/sniff")" 10
spawn_tool peer "$TMP/sniff" sniff --dev eth0 --mark tagged-frame --secs 10 --want 10
must on host "$TOOLS/inject" --dev team0 --src "$team_mac" --dst "$peer_mac" --mark tagged-frame \
	--count 10 --vlan 100
reap "$SPAWNED"
check_eq "ten tagged frames by sendto() arrive" "$(jq .matched "$TMP/sniff")" 10
finish
