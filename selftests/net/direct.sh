#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# rx: direct: unicast IP for the team's addresses stays on the port that received it, and everything
# else comes up by team0; addresses, rp_filter and VRFs are followed; the ports are silent, and after
# detach as they were. On a router, whose IPv6 stack would report its groups.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"
. "$(dirname "$0")/lib_direct.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
need_tool socat
two_switches 2
must on host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
	echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter
	echo 1 >/proc/sys/net/ipv4/conf/eth1/rp_filter'

# Of a port, what rx: direct changes beside what every team does.
settings() {
	on host sh -c 'cd /proc/sys/net && grep . ipv4/conf/eth[01]/rp_filter \
		ipv6/conf/eth[01]/disable_ipv6 ipv6/conf/eth[01]/forwarding'
}
rp_filter() { # DEVICE VALUE
	must on host sh -c "echo $2 >/proc/sys/net/ipv4/conf/$1/rp_filter"
}
settings >"$TMP/settings"
port_picture eth0 >"$TMP/picture"

# ---- refusals ----

for value in 1 2; do
	rp_filter all $value
	refused "all.rp_filter to be 0, and it is $value: 'sysctl -w .*, or rx: redirect" \
		attach team0 eth0 eth1 --rx direct
done
rp_filter all 0
check_no_leftovers "nothing is left behind"
check_eq "the ports are as before" "$(settings)" "$(cat "$TMP/settings")"

# ---- with a daemon ----

start_daemon
attach eth0 eth1 --rx direct
must wait_for 5 ping_peer
must wait_for 5 ping_peer "$PEER6"
check_eq "show says direct" "$(show '"\(.rx) \(.rx_obstacle)"')" "direct null"
check "IPv4 stays on the port" is_way direct rx
check "IPv6, too" is_way direct rx6

# UDP to a closed port is counted where the stack takes it.
refused_datagrams() {
	on host awk '/^Udp:/ && ++n == 2 { print $3 }' /proc/net/snmp
}
# taken ARGS...: how many of ten datagrams that are injected so reach the stack
taken() {
	local before
	before=$(refused_datagrams)
	must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --from "$PEER4" --to "$HOST4" \
		--mark "datagram" --count 10 "$@"
	# One more, of the proper kind, that comes last.
	must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --from "$PEER4" --to "$HOST4" \
		--dst "$team_mac" --mark "the last"
	wait_for 2 more_than "$before"
	TAKEN=$(($(refused_datagrams) - before - 1))
}
more_than() {
	[ "$(refused_datagrams)" -gt "$1" ]
}
team_mac=$(show .mac)
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
taken --dst "$team_mac"
check_eq "datagrams for the team are taken" "$TAKEN" 10
taken --dst "$team_mac" --vlan 5
check_eq "tagged, they are a VLAN's" "$TAKEN" 0
taken --dst 02:00:00:00:00:99
check_eq "for another MAC they are not" "$TAKEN" 0

# heard TYPE COMMAND...: whether team0 hears frames of that type from the peer while the command runs.
heard() {
	local type=$1
	shift
	spawn_tool host "$TMP/heard" sniff --dev team0 --src "$peer_mac" --type "$type" --want 1 --secs 3
	must "$@"
	reap "$SPAWNED"
	HEARD=$(jq .matched "$TMP/heard")
}
heard $((0x0800)) ping_peer
check_eq "ICMP comes up by team0" "$HEARD" 1
heard $((0x86dd)) ping_peer "$PEER6"
check_eq "ICMPv6, too" "$HEARD" 1
# A neighbour that asks again asks by unicast.
neighbour_is() { # ADDRESS STATE
	on peer ip neigh show "$1" dev eth0 | grep -q "$2"
}
for address in "$HOST4" "$HOST6"; do
	must on peer ip neigh replace "$address" lladdr "$team_mac" dev eth0 nud probe
	check "a neighbour is answered: $address" wait_for 2 neighbour_is "$address" REACHABLE
done

transfer() { # ADDRESS FAMILY
	local server
	PORT=$((${PORT:-7000} + 1))
	spawn host socat -u "TCP$2-LISTEN:$PORT,reuseaddr" "CREATE:$TMP/copy"
	server=$SPAWNED
	must wait_for 5 listens
	on peer socat -u "OPEN:$TMP/data" "TCP$2:$1:$PORT" && reap "$server" &&
		cmp "$TMP/data" "$TMP/copy"
}
listens() {
	on host ss -Hltn "sport = :$PORT" | grep -q LISTEN
}
yes "a line of text to be found in every segment" | head -c 3000000 >"$TMP/data"
spawn_tool host "$TMP/tcp" sniff --dev team0 --mark "to be found" --secs 60
sniffer=$SPAWNED
check "TCP" transfer "$HOST4" 4
check "TCP over IPv6" transfer "[$HOST6]" 6
stop "$sniffer"
check_eq "... none of which team0 saw" "$(jq .matched "$TMP/tcp")" 0

if kernel_can sh -c 'ip link add name v0 type veth peer name v1 &&
	ip link add link v0 name v0.5 type vlan id 5'; then
	# What comes by a VLAN comes up by the VLAN's interface, whosever address it is for.
	must on host ip link add link team0 name team0.5 type vlan id 5
	must on host ip link set team0.5 up
	must on host ip addr add 198.51.100.1/24 dev team0.5
	must on peer ip link add link eth0 name eth0.5 type vlan id 5
	must on peer ip link set eth0.5 up
	must on peer ip addr add 198.51.100.2/24 dev eth0.5
	must on peer ip route add 203.0.113.1/32 via 198.51.100.1
	must on host ip addr add 203.0.113.1/32 dev team0
	must wait_for 5 on peer ping -nqc1 -W1 198.51.100.1
	HOST4=198.51.100.1 check "a VLAN's traffic goes by the VLAN's interface" \
		wait_for 3 is_way redirect rx
	HOST4=203.0.113.1 check "... also for an address of the team's" is_way redirect rx
	must on host ip link del team0.5
	must on peer ip link del eth0.5
	must on host ip addr del 203.0.113.1/32 dev team0
else
	skip "VLANs" "no 8021q on this kernel"
fi

# ---- addresses that come and go ----

NEW4=192.0.2.80 NEW6=2001:db8::80
must on host ip addr add $NEW4/24 dev team0
must on host ip addr add $NEW6/64 dev team0 nodad
HOST4=$NEW4 check "an address that was added" wait_for 3 is_way direct rx
HOST6=$NEW6 check "... of IPv6" wait_for 3 is_way direct rx6
for i in 81 82 83 84 85 86; do
	must on host ip addr add 192.0.2.$i/24 dev team0
	must on host ip addr add 2001:db8::$i/64 dev team0 nodad
done
HOST4=192.0.2.86 check "more than a few" wait_for 3 is_way direct rx
HOST6=2001:db8::86 check "... of IPv6" wait_for 3 is_way direct rx6
HOST4=192.0.2.1 check "... and the first one" wait_for 3 is_way direct rx
for i in 81 82 83 84 85 86; do
	must on host ip addr del 192.0.2.$i/24 dev team0
	must on host ip addr del 2001:db8::$i/64 dev team0
done
must on host ip addr del $NEW4/24 dev team0
must on host ip addr add $NEW4/32 dev lo
HOST4=$NEW4 check "one that moved to another interface" wait_for 3 is_way redirect rx
HOST6=$NEW6 check "... and the others stay" is_way direct rx6
must on host ip addr del $NEW4/32 dev lo

# ---- what is in its way ----

for where in eth1 all; do
	rp_filter $where 1
	check "rp_filter of $where: show says so" wait_for 3 obstacle_is "conf.$where.rp_filter is 1"
	check "... and everything is redirected" wait_for 3 is_way redirect rx
	rp_filter $where 0
	check "... until it is off again" wait_for 3 is_way direct rx
done
# No message tells of this one: it is looked for.
must on host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
check "a port without IPv6: IPv6 is redirected" wait_for 5 is_way redirect rx6
check "... and IPv4 stays" is_way direct rx
must on host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
check "... until it is on again" wait_for 5 is_way direct rx6
if kernel_can ip link add v type vrf table 10; then
	must on host ip link add red type vrf table 10
	must on host ip link set red up
	must on host ip link set team0 master red
	check "a VRF: show says so" wait_for 3 obstacle_is 'in a vrf'
	must on host ip link set team0 nomaster
	must on host ip addr replace "$HOST6/64" dev team0 nodad
	check "... and is direct again without" wait_for 5 is_way direct rx
else
	skip "a VRF" "no VRF on this kernel"
fi
must on host ip link set team0 down
check "team0 is down: show says so" wait_for 3 obstacle_is 'down'
check_not "... and nothing is received" peer_pings
must on host ip link set team0 up
must on host ip addr replace "$HOST6/64" dev team0 nodad
check "... up again" wait_for 5 is_way direct rx
must bpfteam port del team0 eth1
check_eq "a port that leaves has its settings back" "$(settings | grep eth1)" \
	"$(grep eth1 "$TMP/settings")"
must bpfteam port add team0 eth1
check_eq "one that joins is silent and open" "$(settings | grep eth1 | cut -d: -f2 | xargs)" "0 0 0"
must bpfteam detach team0
check_eq "after detach the settings are as before" "$(settings)" "$(cat "$TMP/settings")"
wait_for 3 eval '[ "$(port_picture eth0)" = "$(cat "$TMP/picture")" ]'
check_eq "... and the port" "$(port_picture eth0)" "$(cat "$TMP/picture")"

# ---- the ports are silent ----

# What the switch hears from eth0 with the team's MAC, for all the time that MLD takes (RFC 3810,
# 9.11: a second each for two reports).
listen() {
	spawn_tool a "$TMP/$1" sniff --dev p0 --src "$team_mac" --secs 20
	pause 2.2
	stop "$SPAWNED"
	OWN=$(jq '.matched - .outgoing' "$TMP/$1")
}
attach eth0 eth1 --rx direct
team_mac=$(show .mac)
must bpfteam port set team0 eth0 --drain
must active_is eth1
listen attached
check_eq "nothing is heard from a port that was just attached" "$OWN" 0
cut_cable 0
must wait_for 10 port_is eth0 down
mend_cable 0
listen returned
check_eq "nor from one whose link is back" "$OWN" 0
check "the other port's MAC is not the team's, and it is direct there, too" is_way direct rx
check "... IPv6" is_way direct rx6
must bpfteam detach team0

# ---- at boot, a team is better than none ----

rp_filter all 1
printf '%s\n' "team: team0" "rx: direct" "addresses: [$HOST4/24]" "ports: [{name: eth0}, {name: eth1}]" \
	>"$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "from the folder it is made in spite of rp_filter" wait_for 5 is_way redirect rx
check "... which show tells" obstacle_is 'conf.all.rp_filter is 1'
check "... and the log" grep -q 'conf.all.rp_filter is 1' "$TMP/daemon.log"
rp_filter all 0
check "... and direct when that is off" wait_for 5 is_way direct rx
rm "$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "... and gone with its file" wait_for 5 leftovers

# ---- without a daemon ----

stop_daemon
attach eth0 eth1 --rx direct
must wait_for 5 ping_peer
check "no daemon: IPv4 stays on the port" is_way direct rx
check "... and IPv6" is_way direct rx6
must on host ip addr add $NEW4/24 dev team0
HOST4=$NEW4 check "... an address that was added is redirected" is_way redirect rx
must on host ip addr del "$NEW4/24" dev team0
# As a capture makes it, and the kernel side sees by itself.
if [ "$(show .detector)" = state ]; then
	must on host ip link set team0 promisc on
	check "... a capture gets everything" wait_for 3 is_way redirect rx
	must on host ip link set team0 promisc off
	check "... and gives it back" wait_for 3 is_way direct rx
else
	skip "... a capture" "no rung 0 on this kernel"
fi
must bpfteam detach team0
check_eq "... after detach the settings are as before" "$(settings)" "$(cat "$TMP/settings")"
check_no_leftovers
finish
