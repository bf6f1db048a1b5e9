#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Packet types are right: a router in the team's host forwards what is sent to the team's MAC, and no
# frame for a foreign or the broadcast MAC, also while the team is promiscuous.
#
#	lan.eth0 ---- host.lan  (host forwards)
#	              host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	                 team0                  |
#	              192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
ns_add lan
cable host lan lan eth0
must on host ip addr add 198.51.100.1/24 dev lan
must on lan ip addr add 198.51.100.2/24 dev eth0
must on lan ip route add default via 198.51.100.1
must on host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
	for f in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >$f; done'
start_daemon
attach eth0 eth1
must on peer ip route add 198.51.100.0/24 via "$HOST4"
must wait_for 5 ping_peer
must wait_for 5 on peer ping -nqc1 -W1 198.51.100.2
team_mac=$(show .mac)
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')

# forwarded MARK DST: of ten datagrams for the lan, sent to MAC DST, how many reach it. A proper one
# sent after them tells when to look.
ENDS=0
forwarded() {
	local sniffer
	ENDS=$((ENDS + 1))
	spawn_tool lan "$TMP/$1.sniff" sniff --dev eth0 --mark "$1" --secs 20
	sniffer=$SPAWNED
	spawn_tool lan "$TMP/end" sniff --dev eth0 --mark "the-end-$ENDS" --want 1 --secs 5
	on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst "$2" --from "$PEER4" \
		--to 198.51.100.2 --mark "$1" --count 10
	on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst "$team_mac" --from "$PEER4" \
		--to 198.51.100.2 --mark "the-end-$ENDS"
	reap "$SPAWNED"
	stop "$sniffer"
	# The closed port is answered: what goes out is ICMP.
	FORWARDED="$(jq ".matched - .outgoing" "$TMP/$1.sniff") $(jq .matched "$TMP/end")"
}

round() {
	forwarded "own-$1" "$team_mac"
	check_eq "$1: frames for the team are forwarded" "$FORWARDED" "10 1"
	forwarded "foreign-$1" 02:00:00:00:00:99
	check_eq "$1: frames for a foreign MAC are not" "$FORWARDED" "0 1"
	forwarded "everybody-$1" ff:ff:ff:ff:ff:ff
	check_eq "$1: frames for everybody are not" "$FORWARDED" "0 1"
	forwarded "group-$1" 01:00:5e:00:00:05
	check_eq "$1: frames for a group are not" "$FORWARDED" "0 1"
}

# seen DST: as what the team's interface sees such a frame
seen() {
	spawn_tool host "$TMP/seen" sniff --dev team0 --dst "$1" --mark seen --want 1 --secs 2
	on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst "$1" --mark seen
	reap "$SPAWNED"
	SEEN=$(jq -r 'to_entries[] | select(.key != "matched" and .value > 0) | .key' "$TMP/seen")
}

round plain
seen "$team_mac"
check_eq "for us: host" "$SEEN" host
seen ff:ff:ff:ff:ff:ff
check_eq "for everybody: broadcast" "$SEEN" broadcast
seen 01:00:5e:01:02:03
check_eq "for a group: multicast" "$SEEN" multicast

must on host ip link set team0 promisc on
promisc_sees() {
	seen 02:00:00:00:00:99
	[ "$SEEN" = otherhost ]
}
check "promiscuous: a foreign frame is seen, as another host's" wait_for 5 promisc_sees
round promiscuous
finish
