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
before=$(show .failovers)
limit=2
[ "$(show .detector)" = state ] || limit=$((10 * FRAMES_PER_MS))

stream_start tx tx
pause 0.2
from=$(now_ns)
for ((i = 0; i < 10; i++)); do
	cut_cable 0
	pause 0.06
	mend_cable 0
	pause 0.06
done
check_eq "still on the other port" "$(show .active_port)" eth1
check "the flapping port becomes active when it has settled" wait_for 5 active_is eth0
pause 0.5
stream_stop tx
lost=$(lost_in tx "$from" 999999999999999999)
check "ten flaps cost at most $limit frames ($lost)" test "$lost" -le "$limit"
# Away from eth0 once and back once.
check_eq "two changes of the active port" "$(($(show .failovers) - before))" 2
finish
