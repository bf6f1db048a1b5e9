#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Two failures 50 ms apart: the second is seen as fast as the first, though the kernel limits an
# ordinary NIC's link-down messages to one a second.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	host.eth2 ---- p2     |
#	   team0          peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 3
start_daemon
must bpfteam attach team0 eth0 eth1 eth2 --address "$HOST4/24"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
tx_limit=4
[ "$(show .detector)" = state ] || tx_limit=$((20 * FRAMES_PER_MS))

# fail_twice WAY
fail_twice() {
	local name=$1$ATTEMPT from
	stream_start "$name" "$1"
	pause 0.2
	from=$(now_ns)
	cut_cable 0
	pause 0.05
	cut_cable 1
	pause 0.8
	check_eq "$name: the third port is active" "$(show .active_port)" eth2
	stream_stop "$name"
	lost_since "$name" "$from"
	mend_cable 0
	mend_cable 1
	must wait_for 5 port_is eth0 up
	must wait_for 5 port_is eth1 up
	must bpfteam port set team0 eth2 --drain
	must wait_for 2 active_is eth0
	must bpfteam port set team0 eth2 --undrain
}

within "$tx_limit" fail_twice tx
check "sending: two failures cost at most $tx_limit frames ($LOST)" test "$LOST" -le "$tx_limit"
rx_limit=$((10 * FRAMES_PER_MS))
within "$rx_limit" fail_twice rx
check "receiving: two failures cost at most $rx_limit frames ($LOST)" test "$LOST" -le "$rx_limit"
finish
