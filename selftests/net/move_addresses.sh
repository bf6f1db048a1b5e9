#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A port that holds addresses and routes is refused, since teaming it would cut off whoever types that
# on it; with --move-addresses they move to the team in one step, and back on detach.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
must on host ip addr add "$HOST4/24" brd + dev eth0
must on host ip addr add 192.0.2.101/24 dev eth0 label eth0:1
must on host ip addr add "$HOST6/64" dev eth0 nodad
must on host ip route add default via "$PEER4" dev eth0 metric 50
must on host ip route add 198.51.100.0/24 via "$PEER4" dev eth0 src 192.0.2.101 mtu 1400
must on host ip route add 203.0.113.0/24 dev eth0 table 77
must on host ip -6 route add default via "$PEER6" dev eth0
must on host ip -6 route add 2001:db8:7::/64 via "$PEER6" dev eth0 metric 30
must wait_for 5 ping_peer
must wait_for 5 ping_peer "$PEER6"

# Global addresses and routes that somebody set, without the device's name.
picture() {
	on host ip -j addr show dev "$1" scope global | jq -r '.[0].addr_info[] |
		"\(.local)/\(.prefixlen) \(.broadcast)"' | sort
	{
		on host ip -4 route show table all dev "$1" proto boot
		on host ip -6 route show table all dev "$1" proto boot
	} | sed 's/ *$//' | sort
}

round() {
	local how=$1
	port_picture eth0 >"$TMP/before"
	picture eth0 >"$TMP/wanted"
	check_not "$how: refused without --move-addresses" \
		bpfteam attach team0 eth0 eth1
	check "$how: the message says what to do" grep -q -- --move-addresses "$TMP/last"
	check_no_leftovers "$how: a refused attach leaves nothing"
	check_eq "$how: the port is as it was" "$(port_picture eth0)" "$(cat "$TMP/before")"

	spawn host ping -i 0.05 -c 100 -q "$PEER4" >"$TMP/ping"
	pinger=$SPAWNED
	pause 0.3
	check "$how: attach --move-addresses" bpfteam attach team0 eth0 eth1 --move-addresses
	check_eq "$how: addresses and routes are the team's" "$(picture team0)" \
		"$(cat "$TMP/wanted")"
	check_eq "$how: and no more the port's" "$(picture eth0)" ""
	check "$how: IPv4 works" ping_peer
	check "$how: IPv6 works" ping_peer "$PEER6"
	check "$how: detach" bpfteam detach team0
	check_no_leftovers "$how: nothing is left behind"
	wait_for 3 same_picture
	check_eq "$how: the port has everything back" "$(port_picture eth0)" \
		"$(cat "$TMP/before")"
	check "$how: IPv4 works on the port" ping_peer
	reap "$pinger"
	lost=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$TMP/ping")
	check "$how: a ping went on meanwhile (${lost:-0} of 100 answers)" test "${lost:-0}" -ge 90
}

same_picture() {
	[ "$(port_picture eth0)" = "$(cat "$TMP/before")" ]
}

round "no daemon"
start_daemon
round "daemon"

# An address with a lifetime, as SLAAC and DHCPv6 give it: the kernel leaves its prefix route behind.
must on host ip addr add 2001:db8:9::1/64 dev eth0 nodad valid_lft 3000 preferred_lft 2000
check "lifetime: attach --move-addresses" bpfteam attach team0 eth0 eth1 --move-addresses
check_eq "lifetime: no route is left on the port" "$(on host ip -6 route show dev eth0)" ""
check "lifetime: its neighbours are reached by the team" \
	eval 'on host ip -6 route get 2001:db8:9::2 | grep -q "dev team0"'
check "lifetime: detach" bpfteam detach team0
check "lifetime: and then by the port again" \
	eval 'on host ip -6 route get 2001:db8:9::2 | grep -q "dev eth0"'
check "lifetime: the address still ends" \
	eval 'on host ip addr show dev eth0 to 2001:db8:9::1 | grep -Eq "valid_lft (29..|3000)sec"'

finish
