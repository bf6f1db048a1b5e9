#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The daemon killed with -9, started again, ended and started again under traffic both ways: no frame
# is lost, and the team fails over without it.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
start_daemon
attach eth0 eth1
must wait_for 5 ping_peer
mac=$(show .mac)

stream_start tx tx
stream_start rx rx
pause 0.3
stop_daemon KILL
pause 0.5
check_eq "killed: show says so" "$(show .daemon)" false
start_daemon
pause 0.5
check_eq "started again: the team has a daemon" "$(show .daemon)" true
stop_daemon TERM
pause 0.3
start_daemon
pause 0.3
stream_stop tx rx
check_whole tx "sending: no frame lost at kill -9, start, end, start"
check_whole rx "receiving: no frame lost at kill -9, start, end, start"

stop_daemon KILL
if [ "$(show .detector)" = state ]; then
	cut() {
		local name=tx-cut$ATTEMPT from
		[ "$ATTEMPT" = 1 ] || must wait_for 5 active_is eth0
		stream_start "$name" tx
		pause 0.2
		from=$(now_ns)
		cut_cable 0
		pause 0.5
		stream_stop "$name"
		lost_since "$name" "$from"
		mend_cable 0
	}
	within 2 cut
	check "a killed daemon's team fails over: at most 2 frames lost ($LOST)" \
		test "$LOST" -le 2
else
	skip "a killed daemon's team fails over" "no rung 0 on this kernel"
fi
start_daemon
check "adopted again after a fail-over in its absence" wait_for 5 port_is eth1 up
check "the daemon goes on with it" wait_for 5 port_is eth0 up
check_eq "the team's MAC is the same" "$(show .mac)" "$mac"

if [ "$(show .detector)" = state ]; then
	must bpfteam port set team0 eth0 --priority 5
	must wait_for 2 active_is eth0
	cut_cable 0
	must wait_for 2 active_is eth1
	stop_daemon TERM
	mend_cable 0
	check "a port that was down when the daemon ended comes back without it" \
		wait_for 3 active_is eth0
else
	skip "a port that was down when the daemon ended comes back without it" \
		"no rung 0 on this kernel"
fi
must bpfteam detach team0
check_no_leftovers
finish
