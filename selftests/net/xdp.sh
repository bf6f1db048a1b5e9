#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# XDP on the ports, opt-in: traffic and fail-over as without, what a port must not accept is dropped
# before it becomes an skb, and detach takes it off again.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2
#	host.eth1 ---- p1     |
#	   team0 192.0.2.1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
one_switch 2
port_picture eth0 >"$TMP/before"
start_daemon
must bpfteam attach team0 eth0 eth1 --xdp --address "$HOST4/24" --address "$HOST6/64"
must wait_for 5 ping_peer
has_xdp() {
	on host ip -d link show dev "$1" | grep -q 'prog/xdp'
}
check "the ports have an XDP program" has_xdp eth0
check "IPv6 works" ping_peer "$PEER6"

peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
dropped() {
	show '[.ports[].drops.inactive_port] | add'
}
spawn_tool host "$TMP/port" sniff --dev eth1 --mark from-the-peer --secs 10
sniffer=$SPAWNED
before=$(dropped)
must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst ff:ff:ff:ff:ff:ff \
	--mark from-the-peer --count 100 --interval-us 200
must ping_peer
stop "$sniffer"
check "100 broadcasts are dropped at the inactive port" test $(($(dropped) - before)) -ge 100
check_eq "before a packet socket sees them" "$(jq .matched "$TMP/port")" 0

limit=2
[ "$(show .detector)" = state ] || limit=$((10 * FRAMES_PER_MS))
cut() {
	local tx=tx$ATTEMPT rx=rx$ATTEMPT from active
	active=$(active_number)
	stream_start "$tx" tx
	stream_start "$rx" rx
	pause 0.3
	from=$(now_ns)
	on a ip link set "p$active" down
	must wait_for 3 active_moved "$active"
	pause 0.5
	stream_stop "$tx" "$rx"
	check_eq "no frame comes twice" "$(stream_value "$rx" .duplicates)" 0
	lost_since "$tx" "$from"
	must on a ip link set "p$active" up
	must wait_for 5 port_is "eth$active" up
}
within "$limit" cut
check "a cut costs at most $limit frames sent ($LOST)" test "$LOST" -le "$limit"
must bpfteam detach team0
check_not "detach takes the program off" has_xdp eth1
check_no_leftovers
finish
