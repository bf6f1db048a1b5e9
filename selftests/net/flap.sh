#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A port that flaps costs one fail-over, not one a flap: it is not used again before it has been up for
# updelay_ms.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
start_daemon
must bpfteam attach team0 eth0 eth1 --primary eth0 --address "$HOST4/24"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
limit=2
[ "$(show .detector)" = state ] || limit=$((10 * FRAMES_PER_MS))

flaps() {
	local name=tx$ATTEMPT from i
	failovers=$(show .failovers)
	stream_start "$name" tx
	pause 0.2
	from=$(now_ns)
	for ((i = 0; i < 10; i++)); do
		cut_cable 0
		pause 0.06
		mend_cable 0
		pause 0.06
	done
	during=$(show .active_port)
	wait_for 5 active_is eth0
	after=$(show .active_port)
	pause 0.5
	failovers=$(($(show .failovers) - failovers))
	stream_stop "$name"
	lost_since "$name" "$from"
}

within "$limit" flaps
check_eq "while it flaps the other port is active" "$during" eth1
check_eq "the port is active again when it has settled" "$after" eth0
check "ten flaps cost at most $limit frames ($LOST)" test "$LOST" -le "$limit"
# Away from eth0 once and back once.
check_eq "two changes of the active port" "$failovers" 2
finish
