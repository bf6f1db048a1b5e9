#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# tcpdump on team0 sees what is sent and what is received, whole and once, though sent frames don't
# cross the veth; and the peer gets each of them once.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
need_tool tcpdump
two_switches 2
start_daemon
attach eth0 eth1
must wait_for 5 ping_peer

RATE=1000
captured() { # FILE FILTER
	tcpdump -nr "$1" "$2" 2>/dev/null | wc -l
}

# capture_start FILE: until capture_stop
capture_start() {
	(exec nsenter --net="/run/netns/${NS[host]}" tcpdump -i team0 \
		--immediate-mode -U -s 128 -B 32768 -w "$1" 2>"$TMP/tcpdump") &
	DUMP=$!
	PIDS+=("$DUMP")
	must wait_for 5 grep -q listening "$TMP/tcpdump"
	# The first frame that was sent and is in it: capturing is in force.
	must wait_for 5 captures_sent "$1"
}

captures_sent() {
	ping_peer
	[ "$(captured "$1" "icmp[0] == 8 and src $HOST4")" -gt 0 ]
}

capture_stop() {
	pause 0.2
	kill -INT "$DUMP"
	reap "$DUMP"
	say "tcpdump: $(grep 'dropped by kernel' "$TMP/tcpdump")"
}

round() {
	local how=$1 file=$TMP/$2.pcap
	capture_start "$file"
	stream_start "tx$2" tx --flows 4
	stream_start "rx$2" rx --flows 4
	pause 0.7
	stream_stop "tx$2" "rx$2"
	capture_stop
	check_whole "tx$2" "$how: the peer got each frame once"
	check_whole "rx$2" "$how: we got each frame once"
	# The five closing rounds of a stream are frames too: four flows each.
	check_eq "$how: each sent frame was captured once" \
		"$(captured "$file" "udp and src $HOST4")" "$(($(stream_value "tx$2" .sent) + 20))"
	check_eq "$how: each received frame was captured once" \
		"$(captured "$file" "udp and src $PEER4")" "$(($(stream_value "rx$2" .sent) + 20))"
}

round "daemon" a

# Large TCP segments in both directions, their bytes whole.
need_tool socat
head -c 3000000 /dev/urandom >"$TMP/data"
capture_start "$TMP/tcp.pcap"
spawn peer socat -u TCP-LISTEN:7000,reuseaddr "CREATE:$TMP/copy"
server=$SPAWNED
listens() {
	on peer ss -Hltn 'sport = :7000' | grep -q LISTEN
}
must wait_for 5 listens
must on host socat -u "OPEN:$TMP/data" "TCP:$PEER4:7000"
reap "$server"
capture_stop
check "TCP under capture: the data is whole" cmp "$TMP/data" "$TMP/copy"
bytes=$(tcpdump -nr "$TMP/tcp.pcap" "tcp and src $HOST4" 2>/dev/null |
	sed -n 's/.*length \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
check "TCP under capture: all bytes sent were captured ($bytes)" test "$bytes" -ge 3000000

stop_daemon
if [ "$(show .detector)" = state ]; then
	round "no daemon" b
else
	skip "capture without a daemon" "no rung 0 on this kernel"
fi
finish
