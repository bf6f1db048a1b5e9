#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What it costs: the time to attach two and eight ports, the daemon's memory and what it runs while
# nothing happens. Limits on time are tried twice.
#
#	host.eth0..7 ---- peer.eth0..7
#	   team0
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 8

# at_most LIMIT COMMAND...: the command sets VALUE; tried once more when it is over the limit
at_most() {
	local limit=$1
	shift
	"$@"
	[ "$VALUE" -le "$limit" ] && return
	say "over the limit of $limit: $VALUE, tried once more"
	"$@"
	[ "$VALUE" -le "$limit" ]
}

attach_ms() { # PORT...
	local from
	from=$(now_ms)
	bpfteam attach team0 "$@" >/dev/null
	VALUE=$(($(now_ms) - from))
	[ "$(show '.ports | length')" = $# ] || bail "no team of $# ports"
	bpfteam detach team0
}

# ns that all its threads ran
ran_ns() {
	awk '{ n += $1 } END { printf "%d", n }' "/proc/$DAEMON_PID"/task/*/schedstat
}

# Thousandths of a percent of a core, over three seconds.
idle_cpu() {
	local from
	from=$(ran_ns)
	pause 3
	VALUE=$((($(ran_ns) - from) / 30000))
}

resident_kb() {
	VALUE=$(awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON_PID/status")
}

# A virtual machine's millisecond may be a million instructions: a third of a processor's, or less.
slow=1
[ -z "${BPFTEAM_IN_VM:-}" ] || slow=3
two_ms=$((300 * slow)) eight_ms=$((1000 * slow))
at_most $two_ms attach_ms eth0 eth1
check "two ports attached in at most $two_ms ms ($VALUE)" test "$VALUE" -le $two_ms
eight=(eth0 eth1 eth2 eth3 eth4 eth5 eth6 eth7)
at_most $eight_ms attach_ms "${eight[@]}"
check "eight ports in at most $eight_ms ms ($VALUE)" test "$VALUE" -le $eight_ms

start_daemon
at_most $eight_ms attach_ms "${eight[@]}"
check "eight ports by the daemon in at most $eight_ms ms ($VALUE)" test "$VALUE" -le $eight_ms
must bpfteam attach team0 "${eight[@]}" --address "$HOST4/24"
pause 1.5
at_most 16384 resident_kb
check "the daemon has at most 16 MB ($VALUE KB)" test "$VALUE" -le 16384
at_most 200 idle_cpu
check "idle it runs at most 0.2 % of a core (0.$(printf %03d "$VALUE") %)" test "$VALUE" -le 200
must bpfteam detach team0
must bpfteam attach team0 eth0 eth1 --detect poll
idle_cpu
say "polling two ports every 5 ms: $((VALUE / 1000)).$(printf %03d $((VALUE % 1000))) %"
finish
