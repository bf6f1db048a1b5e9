#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A port that eats frames with its link up, which no detector sees: with the policy txhash, connections on
# it leave it by themselves after a few time-outs (TCP draws a new hash at each, net.core.txrehash); with
# layer3+4 they stay until the port is mended. Of four ports one eats, so that a draw helps three times
# in four.
#
#	host.eth0 ---- eth0 |
#	host.eth1 --x> eth1 | peer.br0, ports isolated
#	host.eth2 ---- eth2 |
#	host.eth3 ---- eth3 |
#	   team0
. "$(dirname "$0")/lib.sh"

need_bpfteam
need_tool nft
need_tool ss
FLOWS=24 # half of them IPv6; that none is on eth1 happens in 1 of 1,000 runs
cross_cables 4
must on peer ip link add br0 address 02:00:00:00:00:02 type bridge
for i in 0 1 2 3; do
	must on peer ip link set "eth$i" master br0
	must on peer bridge link set dev "eth$i" isolated on
done
must on peer ip link set br0 up
must on peer ip addr add "$PEER4/24" dev br0
must on peer ip addr add "$PEER6/64" dev br0 nodad
must on peer nft add table netdev eater
must on peer nft 'add chain netdev eater frames { type filter hook ingress device eth1 priority 0; }'
spawn_tool peer "$TMP/serve" talk serve --port 5000

TALKS=()
talk_all() {
	local i to
	TALKS=()
	for ((i = 0; i < FLOWS; i++)); do
		[ $((i % 2)) = 0 ] && to=$PEER4 || to=$PEER6
		spawn_tool host "$TMP/talk.$i" talk to --to "$to" --port 5000 --every 50
		TALKS+=("$SPAWNED")
	done
}

# What each connection has had acknowledged.
acknowledged() {
	on host ss -tniH state established dport = :5000 |
		awk 'match($0, /bytes_acked:[0-9]+/) { print flow, substr($0, RSTART + 12, RLENGTH - 12) }
			!/bytes_acked/ { flow = $3 }' | sort
}

# How many of them get no word through in the given time, in STUCK.
look() { # SECONDS
	acknowledged >"$TMP/before"
	pause "$1"
	acknowledged >"$TMP/after"
	STUCK=$(join "$TMP/before" "$TMP/after" | awk '$2 == $3' | wc -l)
	[ "$(join "$TMP/before" "$TMP/after" | wc -l)" = "$FLOWS" ]
}

none_is_stuck() {
	look 0.7 && [ "$STUCK" = 0 ]
}

# How often TCP drew a new hash after a time-out, which it does by any policy.
rehashes() {
	on host awk '/^TcpExt:/ && !n { n = split($0, name) ; next }
		/^TcpExt:/ { for (i = 2; i <= n; i++) if (name[i] ~ /TimeoutRehash/) print $i }' \
		/proc/net/netstat
}

have_timed_out() {
	[ "$(rehashes)" -gt "$REHASHES" ]
}

# start POLICY: a team whose port eth1 begins to eat what 24 connections say.
start() {
	must bpfteam attach team0 eth0 eth1 eth2 eth3 --mode balance-xor --hash "$1" \
		--mac 02:00:00:00:00:01 --address "$HOST4/24" --address "$HOST6/64"
	for i in "$PEER4" "$PEER6"; do
		must on host ip neigh replace "$i" lladdr 02:00:00:00:00:02 dev team0
	done
	for i in "$HOST4" "$HOST6"; do
		must on peer ip neigh replace "$i" lladdr 02:00:00:00:00:01 dev br0
	done
	must wait_for 10 ping_peer "$PEER6"
	talk_all
	check "$1: all connections talk" wait_for 10 none_is_stuck
	REHASHES=$(rehashes)
	must on peer nft add rule netdev eater frames drop
	check "$1: eth1 eats frames, and connections time out" wait_for 5 have_timed_out
	check "$1: eth1 is up all the same" port_is eth1 up
}

finish_talks() {
	stop "${TALKS[@]}"
	check_eq "$1: none was broken" "$(jq -s 'map(select(.error != "")) | length' "$TMP"/talk.*)" 0
	must bpfteam detach team0
}

start txhash
from=$(now_ms)
check "txhash: all leave it by themselves" wait_for 25 none_is_stuck
took=$(($(now_ms) - from))
say "within $took ms, by $(($(rehashes) - REHASHES)) new hashes"
check_eq "explain names all ports" "$(bpfteam explain team0 --src "$HOST4" --dst "$PEER4" \
	--proto tcp --sport 1 --dport 2 -j | jq -rc '[.port, .reason, .candidates] | flatten')" \
	'[null,"hash","eth0","eth1","eth2","eth3"]'
finish_talks txhash

must on peer nft flush chain netdev eater frames
start layer3+4
check "layer3+4: all connections are there" look 0.7
stuck=$STUCK
check "layer3+4: some are silent ($stuck of $FLOWS)" test "$stuck" -gt 0
pause "$((took / 1000 + 2))"
look 0.7
check_eq "layer3+4: the same after $((took / 1000 + 2)) s more" "$STUCK" "$stuck"
must on peer nft flush chain netdev eater frames
check "layer3+4: they go on when the port is mended" wait_for 30 none_is_stuck
finish_talks layer3+4
finish
