#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A team between two machines: real drivers, and carriers that are cut from outside, one, the other,
# both. Connections live on, both ways, IPv4 and IPv6; the right port carries them; show and monitor
# say what happened.
#
#	  VM A                            VM B
#	host.a0 ==== a cable of QEMU's ==== b0 [br0]
#	host.a1 ========================== b1   |
#	 team0                              192.0.2.2, 2001:db8::2
#	192.0.2.1, 2001:db8::1
#	     a2 ========== control ======== b2
#
# QMP's set_link takes a0's carrier and leaves b0 its own. Wall-clock time says little in such a VM, so
# limits are generous; what fail-over costs exactly is tools/bench/failover's to tell.
#
# Without an argument this runs on the host, and starts the VMs, which run it as `host` and `peer`.
role=${1:-}
. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/lib_vm.sh"
. "$(dirname "$0")/lib_pair.sh"

RATE=1000

start_vms() {
	local self=selftests/vm/two_vms.sh
	cd "$ROOT" || exit
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need_tool socat jq
	need_built bpfteam bpfteamd tools/stream
	run_vm -c 1 -t 300 -n 3 -p "B=$BUILD $self peer" -- env "B=$BUILD" "$self" host
}

# B: a switch in front of one address, and the control cable.
be_peer() {
	modprobe -a bridge ipv6 2>/dev/null
	ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip link set b0 up master br0
	ip link set b1 up master br0
	ip addr add "$PEER4/24" dev br0
	ip addr add "$PEER6/64" dev br0 nodad
	ip link set br0 up
	socat TCP6-LISTEN:7001,fork,reuseaddr EXEC:cat &
	peer_serve b2
}

# ---- what is looked at -----------------------------------------------------------------------

# Connections that stay open through the whole test: a line goes there and comes back.
connect() {
	coproc TCP4 { on host socat - "TCP:$PEER4:7001"; } 2>/dev/null
	{ coproc TCP6 { on host socat - "TCP:[$PEER6]:7001"; }; } 2>/dev/null
}

WORD=0
answers() { # IN OUT
	local line
	WORD=$((WORD + 1))
	echo "word $WORD" >&"$2"
	read -r -t 15 line <&"$1" && [ "$line" = "word $WORD" ]
}

tcp_lives() {
	answers "${TCP4[0]}" "${TCP4[1]}" && answers "${TCP6[0]}" "${TCP6[1]}"
}

reach_each_other() {
	ping_peer "$PEER4" && ping_peer "$PEER6" &&
		peer "ping -nqc1 -W2 $HOST4 && ping -nqc1 -W2 $HOST6"
}

# carries N: of the traffic that runs, cable N carries what goes and what comes, the other one nothing.
carries() {
	local grown files="/sys/class/net/b[01]/statistics"
	grown=$(peer "exec 3< <(cat $files/rx_packets $files/tx_packets
			read -rt 0.5 <> <(:)
			cat $files/rx_packets $files/tx_packets)
		mapfile -tu 3 n
		for i in 0 1 2 3; do echo \$((n[i + 4] - n[i])); done") || return
	echo "frames that b0 and b1 received, and sent: ${grown//$'\n'/ }"
	# shellcheck disable=SC2086 # numbers
	set -- "$1" $grown
	[ "$1" = 0 ] || set -- "$1" "$3" "$2" "$5" "$4"
	[ "$2" -ge $((RATE / 10)) ] && [ "$3" -le 5 ] && [ "$4" -ge $((RATE / 10)) ] && [ "$5" -le 5 ]
}

team_is() { # ACTIVE A0 A1: what show says
	[ "$(show '"\(.active_port) \(.ports[0].state) \(.ports[1].state)"')" = "$1 $2 $3" ]
}

# told FILTER: monitor said so, after line $SEEN.
told() {
	tail -n "+$((SEEN + 1))" "$TMP/monitor" | jq -se "any(.[]; $1)"
}

mark() {
	SEEN=$(wc -l <"$TMP/monitor")
}

streams_start() {
	peer "$TOOLS/stream recv --port 5001 --secs 200 >/tmp/tx.recv 2>&1 &"
	spawn_tool host "$TMP/rx.recv" stream recv --port 5002 --secs 200
	RX_RECV=$SPAWNED
	spawn_tool host "$TMP/tx.send" stream send --to "$PEER4:5001" --rate "$RATE" --secs 190
	TX_SEND=$SPAWNED
	peer "$TOOLS/stream send --to $HOST4:5002 --rate $RATE --secs 190 >/dev/null 2>&1 &
		echo \$! >/tmp/rx.pid"
}

streams_stop() {
	kill "$TX_SEND"
	peer "xargs kill </tmp/rx.pid"
	reap "$TX_SEND"
	reap "$RX_RECV"
	wait_for 10 peer "test -s /tmp/tx.recv"
	peer "cat /tmp/tx.recv" >"$TMP/tx.recv"
}

# ---- what happens ----------------------------------------------------------------------------

# lose N: port aN; its neighbour takes over.
lose() {
	local n=$1 other=$((1 - $1)) states=(up up)
	states[n]=down
	mark
	set_link "a$n" false
	check "a$n without carrier: show says so, and a$other is active" \
		wait_for 10 team_is "a$other" "${states[@]}"
	check "a$n without carrier: the connections live" tcp_lives
	check "a$n without carrier: both sides reach each other" reach_each_other
	check "a$n without carrier: a$other carries what goes and what comes" \
		wait_for 10 carries "$other"
	check "a$n without carrier: monitor told of the port and why" wait_for 5 told \
		".event == \"port-down\" and .port == \"a$n\" and .cause == \"no carrier\""
}

regain() { # N
	mark
	set_link "a$1" true
	check "a$1 has carrier again: it is up" wait_for 20 port_is "a$1" up
	check "a$1 has carrier again: monitor told" wait_for 5 told \
		".event == \"port-up\" and .port == \"a$1\""
	check "a$1 has carrier again: the connections live" tcp_lives
}

lose_both() {
	mark
	set_link a0 false
	set_link a1 false
	check "both without carrier: show says down" wait_for 10 team_is null down down
	check "both without carrier: the team has none" wait_for 10 has_no_carrier
	check "both without carrier: monitor told" wait_for 5 told '.event == "team-down"'
	check_not "both without carrier: nothing is reached" ping_peer
	mark
	set_link a1 true
	check "a1 is back alone: it is active" wait_for 20 team_is a1 down up
	check "a1 is back alone: monitor told" wait_for 5 told '.event == "team-up"'
	check "a1 is back alone: both sides reach each other" wait_for 10 reach_each_other
	check "a1 is back alone: the connections live" tcp_lives
	regain 0
}

has_no_carrier() {
	on host ip -o link show dev team0 | grep -q 'NO-CARRIER'
}

# 0.3 s of frames a cut, each way: the machine may stall.
judge_streams() {
	local way lost
	for way in tx rx; do
		lost=$(jq .lost "$TMP/$way.recv")
		say "$way: $(jq -c '{sent, received, lost, duplicates, reordered, longest_gap_ms}' \
			"$TMP/$way.recv")"
		check "$way: two cuts of $RATE frames a second cost at most 600 ($lost)" \
			test "$lost" -le 600
		check_eq "$way: nothing came twice" "$(jq .duplicates "$TMP/$way.recv")" 0
	done
}

be_host() {
	local i
	setup
	need_bpfteam
	qmp_open
	peer_connect a2
	ns_add host
	for i in 0 1; do
		must ip link set "a$i" netns "${NS[host]}"
		must on host ip link set "a$i" up
	done
	# shellcheck disable=SC2119
	start_daemon
	printf '%s\n' 'team: team0' 'primary: a0' 'ports: [{name: a0}, {name: a1}]' \
		"addresses: [$HOST4/24, \"$HOST6/64\"]" 'detect: {updelay_ms: 100}' \
		>"$TMP/team0.yaml"
	must bpfteam apply "$TMP/team0.yaml"
	spawn host "$BUILD/bpfteam" monitor -j >"$TMP/monitor"
	say "$(uname -r), detector $(show .detector)"
	check "both sides reach each other" wait_for 20 reach_each_other
	connect
	check "connections stand" tcp_lives
	streams_start
	check "a0 carries what goes and what comes" wait_for 10 carries 0
	lose 0
	regain 0
	check "a0 is active again, and carries" wait_for 10 carries 0
	lose 1
	regain 1
	streams_stop
	judge_streams
	lose_both
	[ "$TAP_FAILED" = 0 ] || say_file "$TMP/monitor"
	finish
}

case $role in
peer) be_peer ;;
host) be_host ;;
*) start_vms ;;
esac
