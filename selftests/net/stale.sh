#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What changed while nobody watched, or while two wrote at once: ports renamed, gone and made anew,
# the team's interface deleted, teams of another namespace in the same bpffs; and refusals half-way,
# after which all is as before.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 3
ns_add other

# new_port N: another device under the same name.
new_port() {
	must on host ip link del "eth$1"
	cable host "eth$1" peer "eth$1"
}

names() {
	show '[.ports[].name] | join(" ")'
}

names_are() {
	[ "$(names)" = "$1" ]
}

team_gone() {
	! bpfteam show team0 && leftovers
}

mtu_of() {
	on host ip -j link show dev "$1" | jq '.[0].mtu'
}

config() { # PORT...
	printf 'team: team0\nmode: balance-xor\nports:\n'
	printf '  - {name: %s}\n' "$@"
}

# ---- no daemon
must bpfteam attach team0 eth0 eth1
new_port 1
check "a port that was made anew is missing" port_is eth1 missing
check "a change of the team takes it in again" bpfteam port set team0 eth0 --weight 2
check "it is up" port_is eth1 up

must on host ip link set eth1 down
must on host ip link set eth1 name eth9
must on host ip link set eth9 up
start_daemon
check "a daemon finds a port that was renamed" wait_for 3 names_are "eth0 eth9"
check "it is up under its new name" wait_for 3 port_is eth9 up
stop_daemon
must on host ip link set eth9 down
must on host ip link set eth9 name eth1
must on host ip link set eth1 up
check "a command finds it as well" bpfteam port set team0 eth0 --weight 3
check_eq "under its old name" "$(names)" "eth0 eth1"

# ---- the team's interface deleted
must on host ip link del team0
check_eq "a team without its interface is down" "$(show .state)" down
check_not "it can't be changed" bpfteam port set team0 eth0 --weight 4
check "that is said" grep -q 'not here any more' "$TMP/last"
check_not "nor attached again, unasked" bpfteam attach team0 eth0 eth1
must bpfteam detach team0
check_no_leftovers "a detach clears up"
must bpfteam attach team0 eth0 eth1
must on host ip link del team0
start_daemon
check "a daemon that finds it so frees the ports" wait_for 3 team_gone

# ---- a daemon, and names that are no port
must bpfteam attach team0 eth0 eth1
check_not "a port that is none can't be taken away" bpfteam port del team0 eth7
check_not "nor changed" bpfteam port set team0 eth7 --drain
check_eq "the daemon still watches the team" "$(bpfteam show -j | jq length)" 1

# ---- a device under a missing port's name that may not be a port
must on host ip link add br0 type bridge
must on host ip link del eth1
cable host eth8 peer eth8
must on host ip link set eth8 master br0
must on host ip link set eth8 down
must on host ip link set eth8 name eth1
must on host ip link set eth1 up
pause 0.3
check "a bridge's port is not taken in" port_is eth1 missing
must on host ip link set eth1 nomaster
check "once it is free it is" wait_for 3 port_is eth1 up
must on host ip link del br0
stop_daemon
must bpfteam detach team0

# ---- addresses that came from a port which was replaced since
must on host ip addr add 192.0.2.7/24 dev eth1
must bpfteam attach team0 eth1 --move-addresses
start_daemon
new_port 1
check "it is back" wait_for 3 port_is eth1 up
must bpfteam detach team0
check "its address returns to it" sh -c "nsenter --net=/run/netns/${NS[host]} \
	ip -o addr show dev eth1 | grep -q 192.0.2.7/24"
stop_daemon
must on host ip addr flush dev eth1

# ---- two writers
must bpfteam attach team0 eth0
bpfteam port add team0 eth1 >"$TMP/one" 2>&1 &
first=$!
bpfteam port add team0 eth2 >"$TMP/two" 2>&1 || say_file "$TMP/two"
wait "$first" || say_file "$TMP/one"
check_eq "two ports added at once are both there" "$(show '[.ports[].name] | sort | join(" ")')" \
	"eth0 eth1 eth2"
must bpfteam detach team0

# ---- refused half-way
must on host ip link add link eth2 name above type macvlan
must bpfteam attach team0 eth0 above --mode balance-xor
{ config eth0 above && echo 'mtu: 9000'; } >"$TMP/mtu.yaml"
check_not "an MTU that one port refuses is refused" bpfteam apply "$TMP/mtu.yaml"
check_eq "the other one has its own again" "$(mtu_of eth0)" 1500
check_eq "nothing is left to do back" "$(config eth0 above >"$TMP/back.yaml" &&
	bpfteam apply --check "$TMP/back.yaml")" "no changes"
must bpfteam detach team0

ports=()
for ((i = 0; i < 65; i++)); do
	must on host ip link add "d$i" type veth peer name "e$i" netns "${NS[other]}"
	ports+=("d$i")
done
config "${ports[@]:0:64}" >"$TMP/full.yaml"
config "${ports[@]:1:64}" >"$TMP/other.yaml"
must bpfteam apply "$TMP/full.yaml"
check "one of 64 ports is replaced" bpfteam apply "$TMP/other.yaml"
check_eq "the team has the others" "$(names)" "${ports[*]:1:64}"
must bpfteam detach team0

# ---- another namespace, the same bpffs
must bpfteam attach team0 eth0 eth1
other() {
	on other "$BUILD/bpfteam" "$@"
}
must on other ip link add eth0 type veth peer name eth0x
check_not "another namespace can't detach it" other detach team0
check "that is said" grep -q 'another network namespace' "$TMP/last"
check_not "nor make one of its name" other attach team0 eth0
check_eq "it does not see it" "$(other show -j | jq length)" 0
(exec nsenter --net="/run/netns/${NS[other]}" "$BUILD/bpfteamd" --no-system-bus \
	--config-dir "$ETC" --runtime-dir "$TMP/run2" --bpffs "$BPFFS") >"$TMP/other.log" 2>&1 &
PIDS+=($!)
stranger=$!
check "a daemon there starts" wait_for 5 test -S "$TMP/run2/bus"
pause 0.3
check "and leaves the team alone" port_is eth1 up
check_not "nor does a command use that daemon" bpfteam --runtime-dir "$TMP/run2" port del team0 eth1
check "that is said" grep -q 'another network namespace' "$TMP/last"
stop "$stranger"
must bpfteam detach team0

must other attach team0 eth0
must ip netns del "${NS[other]}"
unset 'NS[other]'
check "a namespace that is gone gives the name free" wait_for 10 \
	bpfteam attach team0 eth0 eth1
must bpfteam detach team0
check_no_leftovers
finish
