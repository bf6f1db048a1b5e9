#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# VLAN groups: interfaces whose tags the data path puts on and takes off, each on ports of its own; both
# forms of a tag; tags that no group claims; groups that come, go and change under traffic of another;
# fail-over of one group; crashes; wrong input. The peer is a team of one port with groups of its own.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0
#	host.eth1 ---- p1     |                    pt 192.0.2.2, VLANs 10 and 20
#	host.eth2 ---- p2     |
#	   team0     192.0.2.1       eth0 to eth2, active-backup
#	   team0-v10 198.51.100.1    eth1, eth2
#	   blue      203.0.113.1     VLAN 20, all ports
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
one_switch 3
mkdir "$TMP/peer-run"
peer_team() {
	on peer "$BUILD/bpfteam" --runtime-dir "$TMP/peer-run" --bpffs "$TMP/bpf/peer" "$@"
}
must on peer ip addr flush dev eth0
cat >"$TMP/peer.yaml" <<YAML
team: pt
addresses: [$PEER4/24]
ports: [{name: eth0}]
vlans:
  - {id: 10, addresses: [198.51.100.2/24, 2001:db8:10::2/64]}
  - {id: 20, addresses: [203.0.113.2/24]}
YAML
must peer_team apply "$TMP/peer.yaml"
# Else the peer answers for all its addresses in each VLAN.
must on peer sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'
start_daemon

# config [LINES...]: of vlans:
config() {
	cat <<-YAML
	team: team0
	addresses: [$HOST4/24]
	ports:
	  - {name: eth0}
	  - {name: eth1}
	  - {name: eth2}
	detect: {updelay_ms: 100}
	vlans:
	YAML
	[ $# = 0 ] || printf '  - %s\n' "$@"
}
ten="{id: 10, ports: [eth1, eth2], addresses: [198.51.100.1/24, '2001:db8:10::1/64']}"
blue="{id: 20, name: blue, addresses: [203.0.113.1/24], mtu: 1400, priority: 5}"
apply() {
	config "$@" >"$TMP/team0.yaml"
	bpfteam apply "$TMP/team0.yaml"
}
pings() {
	on host ping -nqc1 -W1 "$1"
}
switch_port() { # N up|down
	must on a ip link set "p$1" "$2"
}
vlan_field() { # VID FIELD
	show ".vports[] | select(.vlan==$1) | $2"
}
tags_on() { # PORT: what arrives at the switch from it, one tag a line
	timeout 5 nsenter --net="/run/netns/${NS[a]}" tcpdump -lnec 3 -Q in -i "$1" icmp or vlan 2>/dev/null |
		grep -o 'vlan [0-9]*, p [0-9]*' | sort -u
}

must apply "$ten" "$blue"
check "untagged traffic" wait_for 5 ping_peer
check "VLAN 10, IPv4" wait_for 5 pings 198.51.100.2
check "VLAN 10, IPv6" wait_for 5 pings 2001:db8:10::2
check "VLAN 20" wait_for 5 pings 203.0.113.2
check "from the peer" on peer ping -nqc1 -W2 203.0.113.1
check "large frames" on host ping -nqc1 -W2 -M "do" -s 1472 198.51.100.2
check_eq "a group's own MTU" "$(on host ip -j link show blue | jq '.[0].mtu')" 1400
check_eq "a group bears the team's MAC" "$(on host ip -j link show team0-v10 | jq -r '.[0].address')" \
	"$(show .mac)"
check_eq "show: what kind" "$(vlan_field 10 '.kind + " " + .name + " " + (.ports | join(","))')" \
	"vlan team0-v10 eth1,eth2"
check_not "VLANs stay apart" on host ping -nqc1 -W1 -I blue 198.51.100.2

before=$(port_field eth1 .tx_packets) other=$(port_field eth0 .tx_packets)
must on host ping -nqc5 -i0.05 -W1 198.51.100.2
check "a group sends by its own ports" [ $(($(port_field eth1 .tx_packets) - before)) -ge 5 ]
check "and by no other" [ $(($(port_field eth0 .tx_packets) - other)) -lt 5 ]
check "both are counted" [ "$(vlan_field 10 .tx_packets)" -ge 5 ]
check_eq "explain goes by the group" "$(bpfteam explain team0 --src 198.51.100.1 --dst 198.51.100.2 \
	--proto 1 --vlan 10 -j | jq -r '.port + " " + .reason')" "eth1 active"
if command -v tcpdump >/dev/null; then
	tags_on p0 >"$TMP/tags" &
	dump=$!
	wait_for 5 sh -c "! kill -0 $dump 2>/dev/null || nsenter --net=/run/netns/${NS[host]} \
		ping -nqc1 -W1 203.0.113.2 >/dev/null && ! kill -0 $dump 2>/dev/null"
	wait "$dump"
	check "the tag's priority is the group's" grep -qx 'vlan 20, p 5' "$TMP/tags"
fi

# hears DEV VID: a frame with the tag in line, as a packet socket sends it, comes to the device. What groups
# send has its tag beside it, so that both forms are on the wire.
hears() {
	spawn_tool host "$TMP/sniff" sniff --dev "$1" --secs 5 --mark "in-line-$2" --want 1
	must on peer "$TOOLS/inject" --dev eth0 --src 02:00:00:00:00:77 --dst "$(show .mac)" \
		--vlan "$2" --mark "in-line-$2"
	reap "$SPAWNED"
}
check "tags in line" hears team0-v10 10
# Tags of nobody are the team's, as they are.
check "a tag that no group claims reaches the team" hears team0 30

# Another group is added, changed and removed under traffic of this one. (The switch knows one place for
# a MAC address, so what is received is told apart from groups that send by other ports.)
PEER4=198.51.100.2 stream_start change_tx tx
pause 0.2
check "a group is added" apply "$ten" "$blue" "{id: 30}"
check "changed" apply "$ten" "$blue" "{id: 30, ports: [eth2], mode: balance-xor}"
check "removed" apply "$ten" "$blue"
check "another MTU and address" apply "$ten" "${blue/1400/1300}"
pause 0.2
stream_stop change_tx
check_whole change_tx "meanwhile no frame of VLAN 10 is lost"
check_not "the interface of the group that was removed is gone" on host ip link show team0-v30
check_eq "the MTU is another" "$(on host ip -j link show blue | jq '.[0].mtu')" 1300

# A group fails over by itself, and comes back.
PEER4=198.51.100.2 stream_start fail tx
pause 0.2
from=$(now_ns)
switch_port 1 down
by_eth2() {
	[ "$(bpfteam explain team0 --src 198.51.100.1 --dst 198.51.100.2 --proto 1 --vlan 10 -j |
		jq -r .port)" = eth2 ]
}
check "the group has another port" wait_for 3 by_eth2
pause 0.7
stream_stop fail
lost_since fail "$from"
case $(show .detector) in
state | fentry | kprobe) limit=2 ;;
*) limit=$((10 * FRAMES_PER_MS)) ;;
esac
check "at most $limit frames lost ($LOST)" [ "$LOST" -le "$limit" ]
check "which is no affair of the team's" active_is eth0
check "the peer hears the group by its other port" wait_for 3 on peer ping -nqc1 -W1 198.51.100.1
switch_port 2 down
no_carrier() {
	! on host ip -o link show team0-v10 | grep -q LOWER_UP
}
check "a group without ports has no carrier" wait_for 3 no_carrier
check "others go on" wait_for 3 pings 203.0.113.2
switch_port 1 up
switch_port 2 up
check "and has it back" wait_for 5 pings 198.51.100.2

# Received frames, while a group beside comes, changes and goes. It sends by the same port: this switch
# would look for the MAC address of both where it was seen last.
must apply "$blue"
must wait_for 5 pings 203.0.113.2
HOST4=203.0.113.1 stream_start change_rx rx
pause 0.2
check "a group is added beside it" apply "$blue" "{id: 30}"
check "changed" apply "$blue" "{id: 30, ports: [eth0], mode: balance-xor, priority: 3}"
check "and removed" apply "$blue"
pause 0.2
stream_stop change_rx
check_whole change_rx "no frame received in VLAN 20 is lost"
must apply "$ten" "$blue"

# A capture is whole: what is sent crosses the veth, too.
if command -v tcpdump >/dev/null; then
	timeout 10 nsenter --net="/run/netns/${NS[host]}" tcpdump -lnec 6 -i blue icmp >"$TMP/capture" 2>/dev/null &
	dump=$!
	wait_for 8 sh -c "nsenter --net=/run/netns/${NS[host]} ping -nqc1 -W1 203.0.113.2 >/dev/null
		! kill -0 $dump 2>/dev/null"
	check "a capture sees requests" grep -q "echo request" "$TMP/capture"
	check "and answers, without tags" sh -c "grep -q 'echo reply' '$TMP/capture' &&
		! grep -q vlan '$TMP/capture'"
fi

# The daemon dies, and another adopts.
stop_daemon KILL
check "without a daemon" pings 198.51.100.2
start_daemon
check "adopted" wait_for 5 pings 198.51.100.2
check_eq "nothing is to be changed" "$(bpfteam apply "$TMP/team0.yaml")" "no changes"

must on host ip link del blue
check "an interface that somebody deletes is told of" wait_for 3 grep -q "blue: its interface was deleted" \
	"$TMP/daemon.log"
check "apply makes it anew" bpfteam apply "$TMP/team0.yaml"
check "and it works" wait_for 5 pings 203.0.113.2

# ---- wrong input ----
refused_with() { # PATTERN LINES...
	local pattern=$1
	shift
	config "$@" >"$TMP/bad.yaml"
	! bpfteam apply "$TMP/bad.yaml" >"$TMP/bad.out" 2>&1 && grep -q "$pattern" "$TMP/bad.out" &&
		[ "$(wc -l <"$TMP/bad.out")" = 1 ]
}
check "VLAN 0 is refused" refused_with "vlans.id: 0 is out of range" "{id: 0}"
check "VLAN 4095" refused_with "vlans.id: 4095 is out of range" "{id: 4095}"
check "one that is listed twice" refused_with "vlans.id: 10 is listed twice" "$ten" "{id: 10}"
check "a port that is none" refused_with "vlans.ports: eth7 is not among" "{id: 10, ports: [eth7]}"
check "a name of the team's own" refused_with "vlans.name: team0 is another device" "{id: 10, name: team0}"
must on host ip link add taken type veth peer name taken-too
check "a name that is taken" refused_with "taken: an interface of that name" "$ten" "{id: 40, name: taken}"
check "an MTU above the team's" refused_with "its MTU 9000 is more than" "$ten" "$blue" "{id: 40, mtu: 9000}"
check "a mode of whole teams" refused_with "vlans.mode:" "{id: 10, mode: broadcast}"
check_eq "nothing was changed" "$(bpfteam apply "$TMP/team0.yaml")" "no changes"
check "and all goes on" pings 198.51.100.2
check_not "a port that a group names stays" bpfteam port del team0 eth1

must on host ip link del taken
must bpfteam detach team0
check_not "a detach takes the interfaces" on host ip link show team0-v10
must bpfteam attach team0 eth0 --vlan 10 --vlan 4094 --address "$HOST4/24"
check "attach --vlan" on host ip link show team0-v4094
stop_daemon KILL
check "a detach without a daemon" bpfteam detach team0
must peer_team detach pt
check_no_leftovers
finish
