#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The active port comes back: it waits (updelay_ms, 1,000 by default) before it is used, since its
# switch may not forward yet, and is then used again without a lost frame. Without another port that
# lives nobody waits.
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

round() {
	local way=$1 from
	stream_start "$way" "$way"
	pause 0.2
	cut_cable 0
	must wait_for 2 active_is eth1
	pause 0.3
	from=$(now_ns)
	mend_cable 0
	check "$way: the port that is back is on probation" wait_for 2 port_is eth0 probing
	waited=$(now_ms)
	check "$way: then it is active again" wait_for 4 active_is eth0
	waited=$(($(now_ms) - waited))
	check "$way: about a second later ($waited ms)" test "$waited" -ge 500 -a "$waited" -le 1600
	pause 0.5
	stream_stop "$way"
	lost=$(lost_in "$way" "$from" 999999999999999999)
	check_eq "$way: no frame lost at recovery" "$lost" 0
}

round tx
round rx

cut_cable 1
must wait_for 2 port_is eth1 down
cut_cable 0
must wait_for 2 port_is eth0 down
from=$(now_ms)
mend_cable 0
check "the last port that lives is used at once" wait_for 3 port_is eth0 up
took=$(($(now_ms) - from))
check "and not after updelay ($took ms)" test "$took" -lt 700
mend_cable 1
must bpfteam detach team0
check_no_leftovers
finish
