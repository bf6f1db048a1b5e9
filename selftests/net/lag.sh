#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# balance-xor behind a switch that takes our ports for one link (a static LAG): it sends each broadcast
# down any one of them and spreads unicast; every port accepts.
#
#	host.eth0 ---- l0 [ lag ] uplink ---- peer.eth0 192.0.2.2
#	host.eth1 ---- l1 [     ]
#	host.eth2 ---- l2 [     ]
#	host.eth3 ---- l3 [     ]
#	   team0 192.0.2.1
#
# The switch is a set of nftables rules: down by turns for groups, by a hash of the UDP ports for the
# rest, up from any.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
need_tool nft
setup
ns_add host peer lag
cable peer eth0 lag uplink
peer_addresses
for i in 0 1 2 3; do
	cable host "eth$i" lag "l$i"
done

lag_rules() { # MEMBER...
	local n=$# i=0 map='' member
	for member; do
		map+="${map:+, }$i : \"$member\""
		i=$((i + 1))
	done
	echo "table netdev lag"
	echo "delete table netdev lag"
	echo "table netdev lag {"
	echo "	chain down { type filter hook ingress device \"uplink\" priority 0;"
	echo "		ether daddr & 01:00:00:00:00:00 != 0 fwd to numgen inc mod $n map { $map }"
	echo "		ip protocol udp fwd to jhash udp sport . udp dport mod $n map { $map }"
	echo "		fwd to numgen inc mod $n map { $map }"
	echo "	}"
	for member in l0 l1 l2 l3; do
		echo "	chain $member { type filter hook ingress device \"$member\" priority 0;"
		echo "		fwd to \"uplink\"; }"
	done
	echo "}"
}

must kernel_can nft add table netdev try
lag_rules l0 l1 l2 l3 >"$TMP/rules"
must on lag nft -f "$TMP/rules"
start_daemon
must bpfteam attach team0 eth0 eth1 eth2 eth3 --mode balance-xor --address "$HOST4/24" \
	--address "$HOST6/64"
must wait_for 5 ping_peer

asked=0
for ((i = 0; i < 12; i++)); do
	must on peer ip neigh flush dev eth0
	on peer ping -nqc1 -W1 "$HOST4" >/dev/null && asked=$((asked + 1))
done
check_eq "ARP requests down any member are answered" "$asked" 12
check "IPv6 neighbour discovery works" ping_peer "$PEER6"

peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
spawn_tool host "$TMP/broadcast" sniff --dev team0 --mark by-turns --secs 10
sniffer=$SPAWNED
must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst ff:ff:ff:ff:ff:ff \
	--mark by-turns --count 100 --interval-us 200
must ping_peer
stop "$sniffer"
check_eq "each of 100 broadcasts, sent down by turns, is seen once" \
	"$(jq .broadcast "$TMP/broadcast")" 100

for port in eth0 eth1 eth2 eth3; do
	port_field $port '"\(.name) \(.tx_packets) \(.rx_packets)"'
done >"$TMP/before"
stream_start tx tx --flows 64
stream_start rx rx --flows 64
pause 0.6
stream_stop tx rx
check_whole tx "64 flows sent: every frame arrives once"
check_whole rx "64 flows received: every frame comes once"
check_eq "no flow is out of order" \
	"$(stream_value tx .reordered) $(stream_value rx .reordered)" "0 0"
check "every port sent and received its share" sh -c 'while read -r name tx rx now_tx now_rx; do
	echo "$name sent $((now_tx - tx)), received $((now_rx - rx))"
	[ $((now_tx - tx)) -gt 500 ] && [ $((now_rx - rx)) -gt 500 ] || exit 1
done' < <(for port in eth0 eth1 eth2 eth3; do
	port_field $port '"\(.name) \(.tx_packets) \(.rx_packets)"'
done | join "$TMP/before" -)

tx_limit=2
[ "$(show .detector)" = state ] || tx_limit=$((10 * FRAMES_PER_MS))
lose_member() {
	local name=cut$ATTEMPT from
	on lag ip link set l1 up
	must wait_for 5 port_is eth1 up
	stream_start "$name" tx --flows 64
	pause 0.2
	from=$(now_ns)
	on lag ip link set l1 down
	must on lag nft -f "$TMP/rules"
	pause 0.5
	stream_stop "$name"
	lost_since "$name" "$from"
}
lag_rules l0 l2 l3 >"$TMP/rules"
within "$tx_limit" lose_member
check "a member lost: at most $tx_limit frames sent are ($LOST)" test "$LOST" -le "$tx_limit"
stream_start after rx --flows 64
pause 0.4
stream_stop after
check_whole after "and the others receive all"
finish
