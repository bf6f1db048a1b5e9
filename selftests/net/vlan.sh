#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# 8021q devices on top of a team: addresses of their own, traffic by tagged frames through switches
# that learn for each VLAN by itself, fail-over under them at the price it has without tags.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	   team0.10           peer.eth0
#	192.0.2.1             eth0.10 192.0.2.2
#	   team0.20               |
#	198.51.100.1          eth0.20 198.51.100.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
kernel_can sh -c 'ip link add name dummy7 type dummy && ip link add link dummy7 name vlan7 type vlan id 7' ||
	skip_all "this kernel has no 8021q"
two_switches 2
for port in a:p0 a:peer a:trunk b:p1 b:trunk; do
	for vid in 10 20; do
		must on "${port%:*}" bridge vlan add dev "${port#*:}" vid $vid
	done
done
for ns in a b; do
	must on $ns ip link set br0 type bridge vlan_filtering 1
done

# vlan NS DEV VID ADDRESS...
vlan() {
	local ns=$1 dev=$2 vid=$3 address
	shift 3
	must on "$ns" ip link add link "$dev" name "$dev.$vid" type vlan id "$vid"
	must on "$ns" ip link set "$dev.$vid" up
	for address; do
		must on "$ns" ip addr add "$address" dev "$dev.$vid"
	done
}

must on peer ip addr flush dev eth0 scope global
vlan peer eth0 10 "$PEER4/24" "$PEER6/64"
vlan peer eth0 20 198.51.100.2/24
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
ports:
  - {name: eth0}
  - {name: eth1}
detect: {updelay_ms: 100}
num_peer_notif: 2
YAML
must bpfteam apply "$TMP/team0.yaml"
vlan host team0 10 "$HOST4/24" "$HOST6/64"
vlan host team0 20 198.51.100.1/24
must wait_for 5 active_is eth0

check "VLAN 10: IPv4" wait_for 5 ping_peer
check "VLAN 10: IPv6" wait_for 5 ping_peer "$PEER6"
check "VLAN 20" wait_for 5 on host ping -nqc1 -W1 198.51.100.2
check "from the peer" peer_pings 198.51.100.1
# Else the peer answers for all its addresses on each of its devices.
must on peer sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'
must on peer ip addr add 203.0.113.2/24 dev eth0.20
must on host ip addr add 203.0.113.1/24 dev team0.10
check_not "the two VLANs stay apart" on host ping -nqc1 -W1 203.0.113.2
check "tags stay in line" wait_for 5 on host ping -nqc1 -W1 -M "do" -s 1472 "$PEER4"

# Both switches have to learn, in both VLANs, what only tagged frames tell.
team_mac=$(show .mac)
behind() { # SWITCH PORT VID
	on "$1" bridge fdb show br br0 | grep -q "^$team_mac dev $2 vlan $3 "
}
cut_cable 0
check "after a fail-over the peers of VLAN 10 are told" wait_for 3 behind a trunk 10
check "and those of VLAN 20" wait_for 3 behind a trunk 20
check "traffic from VLAN 20 arrives" peer_pings 198.51.100.1
mend_cable 0
must wait_for 5 port_is eth0 up

case $(show .detector) in
state | fentry | kprobe) tx_limit=2 ;;
*) tx_limit=$((10 * FRAMES_PER_MS)) ;;
esac
measure tx tx "$tx_limit" carrier down
measure rx rx $((5 * FRAMES_PER_MS)) carrier down

must on host ip link del team0.20
must bpfteam detach team0
check_not "the VLAN on top goes with the team" on host ip link show dev team0.10
check_no_leftovers
finish
