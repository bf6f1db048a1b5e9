#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A team without a daemon: attach says what it then lacks, sending fails over and back all the same,
# and a daemon that starts later adopts the team without touching a frame.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2

must bpfteam attach team0 eth0 eth1 --address "$HOST4/24" --address "$HOST6/64"
cp "$TMP/must" "$TMP/attach.out"
check "attach tells what a team lacks without a daemon" grep -qi daemon "$TMP/attach.out"
check_eq "show says that there is no daemon" "$(show .daemon)" false
must wait_for 5 ping_peer
if [ "$(show .detector)" != state ]; then
	skip "sending fails over without a daemon" "no rung 0 on this kernel"
	finish
fi

# The data path returns to a port as soon as it has carrier, and the switch may not forward by then:
# nobody is there to wait. Only the cuts are measured.

# fail KIND
fail() {
	local name=tx-$1$ATTEMPT from
	stream_start "$name" tx
	pause 0.2
	from=$(now_ns)
	happen "$1" 0
	pause 0.5
	active=$(show .active_port)
	stream_stop "$name"
	lost_since "$name" "$from"
	case $1 in
	carrier) mend_cable 0 ;;
	down) on host ip link set eth0 up ;;
	esac
	must wait_for 5 active_is eth0
	must wait_for 5 bridge_forwards a p0
}

for kind in none carrier down; do
	within 2 fail $kind
	check "$kind: at most 2 frames lost without a daemon ($LOST)" test "$LOST" -le 2
	[ $kind = none ] || check_eq "after $kind, another port is active" "$active" eth1
done

# Receiving follows too, though nothing is sent: what a switch floods to the other port is taken.
flooded() { # MARK
	spawn_tool host "$TMP/flooded" sniff --dev team0 --mark "$1" --want 1 --secs 0.3
	on b "$TOOLS/inject" --dev p1 --src 02:00:00:00:0b:01 --dst ff:ff:ff:ff:ff:ff --mark "$1"
	reap "$SPAWNED"
	FLOODED=$(jq .matched "$TMP/flooded")
}
flooded before
check_eq "a broadcast that the backup port hears is not taken" "$FLOODED" 0
cut_cable 0
# A few periods of the timer that looks at the ports.
pause 0.05
flooded after
check_eq "it is when the active port has failed, and nothing was sent" "$FLOODED" 1
mend_cable 0
must wait_for 5 active_is eth0
must wait_for 5 bridge_forwards a p0

# A change made while a port is down leaves it its place: nobody would give it back later.
cut_cable 0
must bpfteam port set team0 eth0 --priority 5
mend_cable 0
check "a preferred port that was down at a change comes back" wait_for 5 active_is eth0
must wait_for 5 bridge_forwards a p0

# Up again, in another namespace, where its ifindex is the same: not ours to send by.
ns_add elsewhere
must on host ip link set eth0 netns "${NS[elsewhere]}"
must on elsewhere ip link set eth0 up
check_eq "a port that lives on in another namespace is not used" "$(show .active_port)" eth1
check "and costs nothing" ping_peer
must on elsewhere ip link set eth0 netns "${NS[host]}"
must on host ip link set eth0 up
start_daemon
must wait_for 5 port_is eth0 up
stop_daemon KILL
must wait_for 5 active_is eth0

# Adoption, both ways under traffic.
stream_start tx-adopt tx
stream_start rx-adopt rx
pause 0.3
start_daemon
check "a daemon that starts adopts the team" wait_for 5 sh -c \
	"[ \"\$(nsenter --net=/run/netns/${NS[host]} $BUILD/bpfteam show -j |
		jq -r '.[0].daemon')\" = true ]"
pause 0.5
stream_stop tx-adopt rx-adopt
check_whole tx-adopt "sending: no frame lost while it adopts"
check_whole rx-adopt "receiving: no frame lost while it adopts"
check_eq "the ports are up" "$(show '.ports[].state' | sort -u)" up

must bpfteam detach team0
check_no_leftovers
finish
