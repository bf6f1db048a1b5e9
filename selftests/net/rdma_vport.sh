#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The vport of an RDMA system, by plain traffic (this kernel may have no RDMA: "rdma: on" says that
# eth2 is an RNIC). Its frames leave by the RNIC alone and come in there, whatever the team does; its
# addresses are on the RNIC as well; nothing is left of it afterwards.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2, 198.51.100.2
#	host.eth1 ---- p1     |
#	host.eth2 ---- p2     |       the RNIC
#	   team0 192.0.2.1, team0r 198.51.100.1 (pinned to eth2)
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
one_switch 3
must on peer ip address add 198.51.100.2/24 dev eth0
must on peer ip address add 2001:db8:5::2/64 dev eth0 nodad
start_daemon
picture() {
	port_picture eth2
	on host ip rule
	on host sysctl -n net.ipv4.conf.eth2.arp_ignore net.ipv4.conf.eth2.arp_announce
}
before=$(picture)
config() { # FAILOVER ADDRESSES
	cat <<-END
	team: team0
	addresses: [$HOST4/24]
	ports:
	  - {name: eth0}
	  - {name: eth1}
	  - {name: eth2, rdma: on}
	rdma: {port: eth2, addresses: [$2], failover: $1}
	END
}
rnic_mac=$(on host ip -j link show eth2 | jq -r '.[0].address')
exempt() { # KIND
	bpfteam rdma team0 -j | jq -r ".[0].rnics[0].exempt.$1"
}

# An RNIC that joins a team, without any vport: what is RDMA stays on it, what is the team's does not.
must bpfteam attach team0 eth0 eth1 --address "$HOST4/24"
config false "" | grep -v ^rdma: >"$TMP/team0.yaml"
check "an RNIC joins" bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer
must on peer "$TOOLS/inject" --dev eth0 --src 02:00:00:00:00:77 --dst "$rnic_mac" --type 0x8915 --count 7
check_eq "RoCE v1 stays on it" "$(exempt roce_v1)" 7
check_eq "and nothing else" "$(exempt roce_v2) $(exempt iwarp)" "0 0"
# A vport that can't be made leaves the team's interface as it was, and can be made later.
must on host sysctl -qw net.ipv4.conf.team0.arp_ignore=2
must on host ip link add team0r-in type veth peer name strange
config false 198.51.100.1/24 >"$TMP/team0.yaml"
check_not "a vport whose inner end's name is taken is refused" bpfteam apply "$TMP/team0.yaml"
check "and what bears it stays" on host ip link show dev team0r-in
check_eq "and leaves the team as it was" "$(on host sysctl -n net.ipv4.conf.team0.arp_ignore)" 2
must on host ip link del team0r-in
check "it is made when the name is free" bpfteam apply "$TMP/team0.yaml"
check_eq "then the team answers ARP for its own addresses" \
	"$(on host sysctl -n net.ipv4.conf.team0.arp_ignore)" 1
config false "" | grep -v ^rdma: >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
check_eq "until the vport is gone" "$(on host sysctl -n net.ipv4.conf.team0.arp_ignore)" 2
must bpfteam detach team0

config false "198.51.100.1/24, 2001:db8:5::1/64" >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer

vport_mac=$(on host ip -j link show team0r | jq -r '.[0].address')
check_eq "the vport bears the RNIC's MAC address" "$vport_mac" "$rnic_mac"
check "its address reaches the peer" on host ping -c 3 -i 0.2 -W 2 -I 198.51.100.1 198.51.100.2
check "and the peer reaches it" on peer ping -c 3 -i 0.2 -W 2 198.51.100.1
check "over IPv6, too" wait_for 5 on peer ping -c 1 -W 1 2001:db8:5::1
check_eq "the peer knows it by the RNIC's MAC address" \
	"$(on peer ip -j neigh show 198.51.100.1 | jq -r '.[0].lladdr')" "$rnic_mac"
check_eq "and the team by the team's" \
	"$(on peer ip -j neigh show $HOST4 | jq -r '.[0].lladdr')" "$(show .mac)"

has_mirror() { # ADDRESS
	on host ip -o address show dev eth2 | grep -q " $1 "
}
check "its addresses are on the RNIC as well" has_mirror 198.51.100.1/32
check "those of IPv6, too" has_mirror 2001:db8:5::1/128
on host ip rule >"$TMP/rules"
check "look-ups without an IP protocol find the RNIC" grep -q "to 198.51.100.0/24 lookup" "$TMP/rules"
on host ip route get 198.51.100.2 ipproto tcp >"$TMP/route"
check "sockets find the vport" grep -q "dev team0r" "$TMP/route"

rnic_tx() {
	show '.vports[] | select(.kind == "rdma") | .tx_packets'
}
check_eq "show has the vport, pinned to its RNIC" \
	"$(show '.vports[] | select(.kind == "rdma") | "\(.name) \(.pinned_to)"')" "team0r eth2"
check "and its counters" test "$(rnic_tx)" -ge 4

# Whoever gives the vport an address gives it to the RNIC.
must on host ip address add 198.51.100.3/24 dev team0r
check "an address given by hand is mirrored" wait_for 5 has_mirror 198.51.100.3/32
must on host ip address del 198.51.100.3/24 dev team0r
mirror_gone() { ! has_mirror "$1"; }
check "and taken back with it" wait_for 5 mirror_gone 198.51.100.3/32
must on host ip address del 198.51.100.1/32 dev eth2
check "a mirror that somebody removed comes back" wait_for 5 has_mirror 198.51.100.1/32

# The team's failures are nothing to it, nor its RNIC's to the team.
spawn_ping() { # NAME FROM TO
	on host ping -q -i 0.01 -c 100 -W 1 -I "$2" "$3" >"$TMP/ping.$1" 2>&1 &
	PINGS+=($!)
}
lost() { sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\).*/\1 \2/p' "$TMP/ping.$1" | awk '{ print $1 - $2 }'; }
PINGS=()
spawn_ping r 198.51.100.1 198.51.100.2
on a ip link set p0 down
pause 0.3
on a ip link set p0 up
wait "${PINGS[@]}"
check_eq "a team's port fails: the vport loses nothing" "$(lost r)" 0
must wait_for 5 ping_peer
must bpfteam port set team0 eth2 --drain
check "drained, the RNIC serves its vport" on host ping -c 2 -i 0.2 -W 2 -I 198.51.100.1 198.51.100.2
must bpfteam port set team0 eth2 --undrain
on a ip link set p2 down
check_not "the RNIC's failure is the vport's" on host ping -c 2 -i 0.2 -W 1 -I 198.51.100.1 198.51.100.2
check "and not the team's" ping_peer
no_carrier() { ! has_carrier host team0r; }
check "which the vport's carrier tells" wait_for 2 \
	no_carrier
on a ip link set p2 up
r_works() { on host ping -c 1 -W 1 -I 198.51.100.1 198.51.100.2; }
check "it is back with the RNIC" wait_for 5 r_works

config true "198.51.100.1/24, 2001:db8:5::1/64" >"$TMP/team0.yaml"
check "failover is turned on as it runs" bpfteam apply "$TMP/team0.yaml"
must r_works
on a ip link set p2 down
check "then another port takes its frames" wait_for 5 r_works
check "and brings them" on peer ping -c 2 -i 0.2 -W 2 198.51.100.1
on a ip link set p2 up
check "until the RNIC is back" wait_for 5 r_works

# A daemon that is killed, and a detach after that.
config false "198.51.100.9/24" >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
check "an address of the configuration is exchanged" has_mirror 198.51.100.9/32
check "and the one before is gone" mirror_gone 198.51.100.1/32
on a ip link set p2 down
must wait_for 5 port_is eth2 down
stop_daemon
on a ip link set p2 up
check "a daemon that ends leaves the vport its carrier" wait_for 5 has_carrier host team0r
# shellcheck disable=SC2119
start_daemon
stop_daemon KILL
check "without a daemon it goes on" on host ping -c 2 -i 0.2 -W 2 -I 198.51.100.9 198.51.100.2
must on host ip address add 198.51.100.3/24 dev team0r
must bpfteam apply "$TMP/team0.yaml"
check "what came meanwhile is mirrored by the next command" has_mirror 198.51.100.3/32
check "detach" bpfteam detach team0
check_eq "leaves the RNIC as it was, and no rule" "$(picture)" "$before"
check_no_leftovers
finish
