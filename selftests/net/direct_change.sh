#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# rx: direct under traffic: apply switches between it and the redirect without losing a frame; a capture
# is whole and gives back what it took; fail-over costs what it costs with the redirect.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"
. "$(dirname "$0")/lib_direct.sh"

need_bpfteam
two_switches 2
start_daemon

config() { # redirect|direct [MODE]
	cat <<-YAML
	team: team0
	mode: ${2:-active-backup}
	rx: $1
	addresses: [$HOST4/24, "$HOST6/64"]
	ports:
	  - {name: eth0}
	  - {name: eth1}
	detect: {updelay_ms: 100}
	YAML
}
for rx in redirect direct; do
	config $rx >"$TMP/$rx.yaml"
	config $rx balance-xor >"$TMP/$rx-xor.yaml"
done
must bpfteam apply "$TMP/redirect.yaml"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
say "detector: $(show .detector)"

# ---- one to the other ----

must on host sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
check_not "refused while all.rp_filter is on" bpfteam apply "$TMP/direct.yaml"
check "... with what to do" grep -q "'sysctl -w net.ipv4.conf.all.rp_filter=0'" "$TMP/last"
check_not "--check says it, too" bpfteam apply "$TMP/direct.yaml" --check
check_eq "... and nothing was changed" "$(show .rx)" redirect
must on host sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter'
check_eq "--check tells" "$(bpfteam apply "$TMP/direct.yaml" --check)" "rx: redirect -> direct"
# One processor has to manage all three.
third=$((RATE / 3))
RATE=$third stream_start rx rx --flows 4
RATE=$third stream_start rx6 rx6 --flows 4
RATE=$third stream_start tx tx --flows 4
pause 0.2
for rx in direct redirect direct-xor redirect direct redirect-xor direct; do
	check "apply: $rx" bpfteam apply "$TMP/$rx.yaml"
	check_eq "show says $rx" "$(show .rx)" "${rx%-xor}"
	pause 0.3
done
stream_stop rx rx6 tx
check_whole rx "no frame received was lost"
check_whole rx6 "... of IPv6"
check_whole tx "no frame sent was lost"
check "it is direct" is_way direct rx
check "... of IPv6" is_way direct rx6

# ---- a capture ----

# captured PORT -> frames to it. The five closing rounds are frames, too.
captured() {
	tcpdump -nr "$TMP/pcap" "dst port $1" 2>/dev/null | wc -l
}
sent() {
	echo $(($(stream_value "$1" .sent) + 5))
}
all_captured() {
	[ "$(captured "$((port - 1))")" -ge "$(sent during)" ] &&
		[ "$(captured "$port")" -ge "$(sent during6)" ]
}

if command -v tcpdump >/dev/null; then
	(exec nsenter --net="/run/netns/${NS[host]}" tcpdump -i team0 --immediate-mode -U -s 128 \
		-B 32768 -w "$TMP/pcap" udp 2>"$TMP/tcpdump") &
	dump=$!
	PIDS+=("$dump")
	RATE=2000 stream_start before rx
	check "a capture: show says so" wait_for 5 obstacle_is promiscuous
	# The interface is promiscuous before tcpdump has its filter, until when it takes nothing.
	must wait_for 5 grep -q listening "$TMP/tcpdump"
	RATE=2000 stream_start during rx
	RATE=2000 stream_start during6 rx6
	pause 0.5
	stream_stop during during6
	port=$((5000 + ${#STREAM_SEND[@]}))
	wait_for 5 all_captured
	kill -INT "$dump"
	reap "$dump"
	check "... and when it is over no more" wait_for 5 obstacle_is null
	pause 0.2
	stream_stop before
	check_whole before "what was under way when it began and ended was not lost"
	check_whole during "nor what came meanwhile"
	check_eq "during: each frame was captured once" "$(captured "$((port - 1))")" "$(sent during)"
	check_eq "during6: each frame was captured once" "$(captured "$port")" "$(sent during6)"
	check "it is direct again" wait_for 3 is_way direct rx
else
	skip "a capture" "tcpdump is not installed"
fi

# ---- fail-over ----

ns_add elsewhere
must wait_for 5 active_is eth0
measure rx-fail rx $((5 * FRAMES_PER_MS)) carrier down removed
check "and direct after all this" wait_for 3 is_way direct rx
check "... of IPv6" is_way direct rx6
must bpfteam detach team0
check_no_leftovers
finish
