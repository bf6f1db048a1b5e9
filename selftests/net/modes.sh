#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The modes that don't go by flows, on the wire: what comes by which port in balance-rr, random and
# broadcast, with weights, with a port that died, and by a user's packet socket; what explain and show
# say; what is refused.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
#	host.eth2 ---- peer.eth2
#	   team0
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 3
MAC=02:00:00:00:00:02 # of nobody: nothing answers

# config MODE [LINE]...
config() {
	local mode=$1
	shift
	printf 'team: team0\nmode: %s\naddresses: [%s/24, "%s/64"]\n' "$mode" "$HOST4" "$HOST6"
	printf '%s\n' "$@"
	printf 'ports: [{name: eth0}, {name: eth1}, {name: eth2}]\n'
}

apply() {
	config "$@" >"$TMP/team0.yaml"
	must bpfteam apply "$TMP/team0.yaml"
}

SNIFFERS=()
listen() {
	local i
	SNIFFERS=()
	for i in 0 1 2; do
		spawn_tool peer "$TMP/heard.$i" sniff --dev "eth$i" --dst "$MAC" --secs 30
		SNIFFERS+=("$SPAWNED")
	done
}

# What each wire has heard since -> HEARD
heard() {
	stop "${SNIFFERS[@]}"
	mapfile -t HEARD < <(jq .matched "$TMP"/heard.?)
}

# 1,200 frames of one flow, from one CPU
send() {
	on host taskset -c 0 "$TOOLS/stream" send --to "$PEER4:5000" --rate 6000 --secs 0.2 >"$TMP/sent"
	SENT=$(jq .sent "$TMP/sent")
}

# share LEAST MOST N...: each of the numbers
share() {
	local least=$1 most=$2 n
	shift 2
	for n; do
		[ "$n" -ge "$least" ] && [ "$n" -le "$most" ] || return 1
	done
}

explains() { # FILTER
	bpfteam explain team0 --src "$HOST4" --dst "$PEER4" --proto udp --sport 1 --dport 2 -j | jq -c "$1"
}

need_tool taskset
start_daemon
apply balance-rr
must on host ip neigh add "$PEER4" lladdr "$MAC" dev team0

# ---- balance-rr

listen
send
heard
third=$(((SENT + 10) / 3))
# The last datagrams tell the count, and come a few times.
check "balance-rr: one flow by each port in turn (${HEARD[*]} of $SENT)" \
	share $((third - 5)) $((third + 5)) "${HEARD[@]}"
check_eq "balance-rr: show knows no active port" "$(show '"\(.mode) \(.active_port)"')" "balance-rr null"
check_eq "balance-rr: explain names who it may be" "$(explains '[.port, .reason, .candidates]')" \
	'[null,"round-robin",["eth0","eth1","eth2"]]'
check "balance-rr: in words, too" grep -q 'one of eth0, eth1, eth2 (round-robin)' <(bpfteam explain team0 \
	--src "$HOST4" --dst "$PEER4" --proto udp)
listen
must on host "$TOOLS/inject" --dev team0 --src "$(show .mac)" --dst "$MAC" --count 30
heard
check "balance-rr: frames of a packet socket take turns (${HEARD[*]})" share 9 11 "${HEARD[@]}"
must on peer ip link set eth1 down
listen
send
heard
half=$((SENT / 2))
check "balance-rr: a dead port's frames go by the others (${HEARD[*]} of $SENT)" \
	share $((half - 100)) $((half + 100)) "${HEARD[0]}" "${HEARD[2]}"
check_eq "balance-rr: all of them" "$((HEARD[0] + HEARD[2] >= SENT))" 1
check_eq "balance-rr: explain knows" "$(explains .candidates)" '["eth0","eth2"]'
must on peer ip link set eth1 up
must wait_for 5 port_is eth1 up
must bpfteam port set team0 eth0 --weight 2
listen
send
heard
check "balance-rr: weights 2, 1, 1 (${HEARD[*]} of $SENT)" \
	share $((SENT / 4 - 5)) $((SENT / 4 + 10)) "${HEARD[@]:1}"
apply balance-rr 'packets_per_slave: 100'
listen
send
heard
check "packets_per_slave 100 (${HEARD[*]} of $SENT)" share $((third - 105)) $((third + 105)) "${HEARD[@]}"
apply balance-rr 'packets_per_slave: 0'
listen
send
heard
check "packets_per_slave 0: by any (${HEARD[*]} of $SENT)" share $((third - 120)) $((third + 120)) "${HEARD[@]}"

# ---- random

apply random
listen
send
heard
check "random: by any (${HEARD[*]} of $SENT)" share $((third - 120)) $((third + 120)) "${HEARD[@]}"
check_eq "random: explain names who it may be" "$(explains '[.reason, .candidates]')" \
	'["round-robin",["eth0","eth1","eth2"]]'

# ---- broadcast

apply broadcast
before=$(show '[.ports[].tx_packets] | add')
listen
send
heard
check "broadcast: every frame by every port (${HEARD[*]} of $SENT)" share "$SENT" $((SENT + 60)) "${HEARD[@]}"
check_eq "broadcast: the same on each" "$(printf '%s\n' "${HEARD[@]}" | sort -u | wc -l)" 1
check "broadcast: counted on each" test $(($(show '[.ports[].tx_packets] | add') - before)) -ge $((3 * SENT))
check_eq "broadcast: explain says so" "$(explains '[.port, .reason, .candidates]')" \
	'[null,"broadcast",["eth0","eth1","eth2"]]'
must on peer ip link set eth2 down
listen
send
heard
check "broadcast: not by a dead port (${HEARD[*]} of $SENT)" test "${HEARD[2]}" -lt $((SENT / 10))
check "broadcast: by the others" share "$SENT" $((SENT + 60)) "${HEARD[@]:0:2}"
must on peer ip link set eth2 up
must wait_for 5 port_is eth2 up
listen
spawn host sh -c "exec tcpdump -nli team0 -w $TMP/pcap 2>/dev/null"
capture=$SPAWNED
promiscuous() {
	on host ip -d link show team0 | grep -q 'promiscuity 1'
}
if wait_for 5 promiscuous; then
	pause 0.1
	send
	heard
	stop "$capture"
	check "broadcast: by every port once also while somebody captures (${HEARD[*]})" \
		share "$SENT" $((SENT + 60)) "${HEARD[@]}"
else
	skip "broadcast while somebody captures" "tcpdump is not installed"
	heard
fi

# ---- what is refused

config balance-xor 'packets_per_slave: 2' >"$TMP/bad.yaml"
check_not "packets_per_slave elsewhere is refused" bpfteam apply "$TMP/bad.yaml"
check_eq "by name and line" "$(sed "s,$TMP/,," "$TMP/check")" "bpfteam: bad.yaml:4: packets_per_slave: is \
for balance-rr, and the mode is balance-xor"
check_eq "and changes nothing" "$(show .mode)" broadcast
must bpfteam detach team0
check_no_leftovers
finish
