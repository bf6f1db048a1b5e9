#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the team's interface wants is carried to the ports: MTU, promiscuity (a bridge on top with a
# guest behind it, a macvlan), multicast; and what the ports have is carried to the team: carrier.
#
#	guest.eth0 ---- host.g0 [br0 on team0]
#	                host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	                   team0                  |
#	                192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
for ns in a b; do
	must on $ns ip link set br0 mtu 9000
	must on $ns ip link set trunk mtu 9000
done
must on a ip link set peer mtu 9000
must on peer ip link set eth0 mtu 9000
must on a ip link set p0 mtu 9000
must on b ip link set p1 mtu 9000
start_daemon

link_field() { # DEV FIELD
	on host ip -d -j link show dev "$1" | jq -r ".[0].$2"
}
field_is() { # DEV FIELD VALUE
	[ "$(link_field "$1" "$2")" = "$3" ]
}
field_at_least() {
	[ "$(link_field "$1" "$2")" -ge "$3" ]
}

# MTU
attach eth0 eth1 --mtu 4000
must wait_for 5 ping_peer
check_eq "--mtu: the team has it" "$(link_field team0 mtu)" 4000
check_eq "--mtu: the ports have it" "$(link_field eth0 mtu) $(link_field eth1 mtu)" "4000 4000"
must on host ip link set team0 mtu 9000
check "the team's MTU raised by hand follows through to eth0" wait_for 3 field_is eth0 mtu 9000
check "and to eth1" wait_for 3 field_is eth1 mtu 9000
check "a large packet passes whole" on host ping -nqc1 -W2 -M "do" -s 8900 "$PEER4"
must on host ip link set team0 mtu 1400
check "lowered, too" wait_for 3 field_is eth1 mtu 1400
must bpfteam detach team0
check_eq "detach gives the ports' MTU back" "$(link_field eth0 mtu) $(link_field eth1 mtu)" \
	"1500 1500"

# Multicast
attach eth0 eth1
must wait_for 5 ping_peer
check "ports receive all groups" field_at_least eth0 allmulti 1
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
spawn host socat -u UDP4-RECV:7000,ip-add-membership=239.1.1.1:team0 "CREATE:$TMP/group"
joined() {
	on host ip maddr show dev team0 | grep -q 239.1.1.1
}
must wait_for 3 joined
must on peer "$TOOLS/inject" --dev eth0 --src "$peer_mac" --dst 01:00:5e:01:01:01 \
	--from "$PEER4" --to 239.1.1.1 --dport 7000 --mark to-the-group
check "a datagram to a group joined on team0 arrives" \
	wait_for 3 grep -q to-the-group "$TMP/group"
check "IPv6 multicast is answered" on peer ping -nqc1 -W2 ff02::1%eth0

# Promiscuity: a guest behind a bridge on the team.
check_eq "no promiscuous port without need" "$(link_field eth0 promiscuity)" 0
ns_add guest
must on host ip link add br0 type bridge stp_state 0 forward_delay 0
must on host ip link set br0 up
cable guest eth0 host g0
must on host ip link set g0 master br0
must on guest ip addr add 192.0.2.9/24 dev eth0
must on host ip addr del "$HOST4/24" dev team0
must on host ip addr add "$HOST4/24" dev br0
must on host ip link set team0 master br0
check "a bridge on the team makes its ports promiscuous" \
	wait_for 3 field_at_least eth0 promiscuity 1
check "a guest behind the bridge reaches the peer" wait_for 5 on guest ping -nqc1 -W1 "$PEER4"
check "the host itself, too" wait_for 5 ping_peer
check "the peer reaches the guest" peer_pings 192.0.2.9
must on host ip link set team0 nomaster
check "the bridge is gone: no promiscuous port" wait_for 3 field_is eth0 promiscuity 0

# Promiscuity without a word from the kernel: a macvlan's further MAC address.
must on host ip link add mv0 link team0 type macvlan mode bridge
must on host ip addr add 203.0.113.1/24 dev mv0
must on host ip link set mv0 up
must on peer ip addr add 203.0.113.2/24 dev eth0
check "a macvlan on the team is reached" wait_for 5 peer_pings 203.0.113.1
check "its ports are promiscuous" wait_for 3 field_at_least eth0 promiscuity 1
must on host ip link del mv0
check "the macvlan is gone: no promiscuous port" wait_for 3 field_is eth0 promiscuity 0

# Carrier
check "the team has carrier" has_carrier host team0
cut_cable 0
cut_cable 1
no_carrier() {
	! has_carrier host team0
}
check "no port: no carrier" wait_for 3 no_carrier
check_eq "and the team is down" "$(show .state)" down
mend_cable 1
check "one port is back: carrier" wait_for 3 has_carrier host team0
check_eq "and the team is up" "$(show .state)" up
finish
