#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Each way to know that a port died, asked for by name: it is the one in force, it is named, and it
# alone carries a fail-over. By itself the team takes the best that the kernel grants.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
grants() { # FEATURE
	[ "$(jq ".features.$1" "$TMP/doctor")" = true ]
}
bpfteam doctor -j >"$TMP/doctor"
start_daemon
write_config() { # METHOD
	cat >"$TMP/team0.yaml" <<-YAML
		team: team0
		addresses: [$HOST4/24, "$HOST6/64"]
		ports:
		  - {name: eth0}
		  - {name: eth1}
		detect: {method: $1, updelay_ms: 100, poll_ms: 5}
	YAML
}

best=poll
for method in kprobe fentry state; do
	grants $method && best=$method
done
write_config auto
must bpfteam apply "$TMP/team0.yaml"
check_eq "auto is the best that this kernel grants" "$(show .detector)" "$best"
check_eq "doctor says so, too" "$(jq -r .detector "$TMP/doctor")" "$best"
bpfteam show team0 >"$TMP/shown"
check "show names it" grep -q "detector $best" "$TMP/shown"
must bpfteam detach team0

# cut: an active port's carrier -> LOST, frames sent
cut() {
	local tx=$method$ATTEMPT from active
	active=$(active_number)
	stream_start "$tx" tx
	pause 0.2
	from=$(now_ns)
	cut_cable "$active"
	must wait_for 3 active_moved "$active"
	pause 0.3
	stream_stop "$tx"
	lost_since "$tx" "$from"
	mend_cable "$active"
	must wait_for 5 port_is "eth$active" up
}

round() { # METHOD LIMIT
	method=$1
	write_config "$method"
	if [ "$method" != poll ] && ! grants "$method"; then
		check_not "$method: refused where the kernel has it not" \
			bpfteam apply "$TMP/team0.yaml"
		check "$method: which is said" grep -q "$method" "$TMP/last"
		skip "$method" "this kernel does not grant it"
		return
	fi
	must bpfteam apply "$TMP/team0.yaml"
	must wait_for 5 ping_peer
	check_eq "$method: is the detector" "$(show .detector)" "$method"
	within "$2" cut
	check "$method: a cut costs at most $2 frames of $RATE/s ($LOST)" test "$LOST" -le "$2"
	(exec nsenter --net="/run/netns/${NS[host]}" "$BUILD/bpfteam" monitor -j) \
		>"$TMP/events.$method" 2>&1 &
	PIDS+=($!)
	pause 0.2
	cut_cable "$(active_number)"
	check "$method: monitor names it" \
		wait_for 3 grep -q "port-down.*\"detector\":\"$method\"" "$TMP/events.$method"
	must bpfteam detach team0
	mend_cable 0
	mend_cable 1
}

round state 2
round fentry 2
round kprobe 2
round poll $((10 * FRAMES_PER_MS))
check_no_leftovers
finish
