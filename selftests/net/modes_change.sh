#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A running team goes from each mode to others under traffic both ways, and loses no frame; then a port
# is cut in each mode.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0              |
#	192.0.2.1         peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
start_daemon
RATE=10000 FRAMES_PER_MS=10

# mode MODE: as an administrator changes it
mode() {
	printf 'team: team0\nmode: %s\naddresses: [%s/24, "%s/64"]\nports: [{name: eth0}, {name: eth1}]\n' \
		"$1" "$HOST4" "$HOST6" >"$TMP/$1.yaml"
	bpfteam apply "$TMP/$1.yaml"
}

must mode active-backup
must wait_for 5 ping_peer

dropped() {
	show '[.ports[].drops.inactive_port] | add'
}

# walk NAME MODE...: through these modes in a row, under traffic. In broadcast each frame comes twice,
# and the switches, which are not made for that, hear the team on both sides and drop some frames for
# it themselves: there, what the team dropped counts.
walk() {
	local name=$1 to before
	before=$(dropped)
	shift
	stream_start "tx-$name" tx --flows 8
	stream_start "rx-$name" rx --flows 8
	pause 0.2
	for to; do
		check "$name: to $to" mode "$to"
		pause 0.2
	done
	stream_stop "tx-$name" "rx-$name"
	check_eq "$name: no frame sent was lost" \
		"$(stream_value "tx-$name" '"\(.complete) \(.lost)"')" "true 0"
	case " $* " in
	*' broadcast '*)
		check_eq "$name: no frame received was dropped" "$(dropped)" "$before"
		return
		;;
	esac
	check_eq "$name: no frame received was lost" \
		"$(stream_value "rx-$name" '"\(.complete) \(.lost)"')" "true 0"
}

walk round balance-rr balance-xor random balance-tlb active-backup
walk back balance-tlb random balance-xor balance-rr active-backup
walk wide broadcast balance-xor broadcast balance-tlb broadcast active-backup

# cut MODE: of eth0, with what its switch has learnt of it; what is sent must not suffer.
limit=2
[ "$(show .detector)" = state ] || limit=$((10 * FRAMES_PER_MS))
cut() {
	local from tx="cut-$1-$ATTEMPT"
	stream_start "$tx" tx --flows 8
	pause 0.3
	from=$(now_ns)
	cut_cable 0
	must wait_for 3 port_is eth0 down
	pause 0.3
	stream_stop "$tx"
	lost_since "$tx" "$from"
	mend_cable 0
	must wait_for 5 port_is eth0 up
	must wait_for 5 bridge_forwards a p0
}
for m in balance-rr random broadcast balance-tlb; do
	must mode "$m"
	within "$limit" cut "$m"
	check "$m: a cut costs at most $limit frames sent ($LOST)" test "$LOST" -le "$limit"
done
must bpfteam detach team0
check_no_leftovers
finish
