#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Behind one switch everything that a port sends to everybody comes back through the other ports, and
# what the peer sends to everybody comes through all of them: active-backup takes it once. Duplicate
# address detection would hear itself otherwise.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2
#	host.eth1 ---- p1     |
#	   team0 192.0.2.1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
one_switch 3
# Duplicate address detection as by default.
must on host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/accept_dad
	echo 1 >/proc/sys/net/ipv6/conf/all/accept_dad'
start_daemon
attach eth0 eth1 eth2
must wait_for 5 ping_peer
team_mac=$(show .mac)
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')

addresses_settled() {
	! on host ip -6 addr show dev team0 tentative | grep -q inet6
}
check "duplicate address detection ends" wait_for 5 addresses_settled
check_eq "and finds no duplicate" "$(on host ip -6 addr show dev team0 dadfailed)" ""
check "IPv6 works" ping_peer "$PEER6"

spawn_tool host "$TMP/broadcast" sniff --dev team0 --mark from-the-peer --secs 10
sniffer=$SPAWNED
must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst ff:ff:ff:ff:ff:ff \
	--mark from-the-peer --count 100 --interval-us 200
must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst 01:00:5e:01:02:03 \
	--mark from-the-peer --count 100 --interval-us 200
must ping_peer
stop "$sniffer"
check_eq "each of the peer's 100 broadcasts is seen once" "$(jq .broadcast "$TMP/broadcast")" 100
check_eq "each of its 100 multicasts is seen once" "$(jq .multicast "$TMP/broadcast")" 100

spawn_tool host "$TMP/own" sniff --dev team0 --src "$team_mac" --mark from-ourselves --secs 10
sniffer=$SPAWNED
must on host "$TOOLS/inject" --dev team0 --src "$team_mac" --dst ff:ff:ff:ff:ff:ff \
	--mark from-ourselves --count 100 --interval-us 200
must ping_peer
stop "$sniffer"
check_eq "our own broadcasts don't come back" "$(jq '.matched - .outgoing' "$TMP/own")" 0
check "they are counted as reflections" test \
	"$(show '[.ports[].drops.reflection] | add')" -ge 200
check "the peer's further copies are counted as those of inactive ports" test \
	"$(show '[.ports[].drops.inactive_port] | add')" -ge 400

# The switch forgets us: frames are flooded to all ports.
must on a sh -c 'for p in p0 p1 p2; do bridge link set dev $p learning off; done
	ip link set br0 type bridge fdb_flush'
stream_start rx rx
pause 0.5
stream_stop rx
check_whole rx "flooded unicast: every frame comes once"
must on a sh -c 'for p in p0 p1 p2; do bridge link set dev $p learning on; done'

stream_start both-tx tx
stream_start both-rx rx
pause 0.3
on a ip link set p0 down
must wait_for 2 active_is eth1
pause 0.5
stream_stop both-tx both-rx
check_eq "fail-over behind one switch: no frame comes twice" \
	"$(stream_value both-rx .duplicates)$(stream_value both-tx .duplicates)" 00
say "lost of sent $(stream_value both-tx .lost), of received $(stream_value both-rx .lost)"
finish
