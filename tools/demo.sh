#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# demo.sh - `make demo`: a team loses its ports, gets them back and is changed, under traffic, and
# what each of that cost is counted frame by frame. About half a minute, as root, in network
# namespaces of its own. On a terminal it shows the ports at work; in a pipe it prints plain lines.
# It exits with 1 when traffic broke.
#
#	host.eth0 ---- [switch a] ---- [switch b] ---- host.eth1
#	host.eth2 ----     |
#	  team0        peer.eth0
#
# shellcheck disable=SC2119 # the functions used here have arguments of their own
#
# Two switches, for then a peer's frames go astray after a fail-over until the switches are told;
# and the first cut comes while the host only receives, for its own frames would tell them too.

NET=$(cd "$(dirname "$0")/../selftests/net" && pwd)
TAP_QUIET=1
RATE=10000
# shellcheck source=selftests/net/lib.sh
. "$NET/lib.sh"
# shellcheck source=selftests/net/lib_traffic.sh
. "$NET/lib_traffic.sh"

# More lost than this many ms of traffic, and it broke: by a failure, and by a planned change.
FAILURE_LIMIT_MS=100 PLANNED_LIMIT_MS=10
SLOT_MS=3000
TCP_SECS=19
TCP_RATE=200M

# ---- the screen ------------------------------------------------------------------------------

LIVE='' BOLD='' DIM='' RED='' GREEN='' YELLOW='' CYAN='' PLAIN=''
if [ -t 1 ]; then
	LIVE=1
	if [ -z "${NO_COLOR:-}" ]; then
		BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m'
		CYAN=$'\e[36m' PLAIN=$'\e[0m'
	fi
fi
SCREEN='' LOG=() BEGAN=0 SNAPSHOT='' ACTIVE='' LAST_MS=0
declare -A LAST=() STATE=()

enter_screen() {
	[ -n "$LIVE" ] || return
	SCREEN=1
	printf '\e[?1049h\e[?25l\e[2J'
}

leave_screen() {
	[ -n "$SCREEN" ] || return
	SCREEN=''
	printf '\e[?25h\e[?1049l'
}

end_demo() {
	leave_screen
	cleanup
}

fail() {
	leave_screen
	echo "demo: $*" >&2
	exit 1
}

# What lib.sh says to a test's reader, said to ours.
say() { :; }
skip_all() { fail "$*"; }
bail() {
	leave_screen
	[ -s "$TMP/must" ] && cat "$TMP/must" >&2
	[ -s "$TMP/daemon.log" ] && tail -5 "$TMP/daemon.log" >&2
	fail "failed: $*"
}

# A line of what happens, with the time since traffic began.
tell() {
	local t=0 line
	[ "$BEGAN" = 0 ] || t=$(($(now_ms) - BEGAN))
	printf -v line '%4d.%d s  %s' $((t / 1000)) $((t % 1000 / 100)) "$*"
	LOG+=("$line")
	[ -n "$LIVE" ] || echo "$line"
}

# bar VALUE FULL WIDTH -> BAR
bar() {
	local n=$(($1 * $3 / $2)) i
	[ "$1" -lt 50 ] || [ "$n" -gt 0 ] || n=1
	BAR=''
	for ((i = 0; i < $3; i++)); do
		[ "$i" -lt "$n" ] && BAR+='█' || BAR+='·'
	done
}

# rate KEY COUNTER ELAPSED_MS -> PER_SECOND
rate() {
	local last=${LAST[$1]:-$2}
	PER_SECOND=$((($2 - last) * 1000 / ($3 > 0 ? $3 : 1)))
	[ "$PER_SECOND" -ge 0 ] || PER_SECOND=0
	LAST[$1]=$2
}

# name state active tx_packets tx_bytes rx_packets rx_bytes, one line a port
port_lines() {
	jq -r '.[0] as $t | $t.ports[] | [.name, .state, .name == $t.active_port, .tx_packets,
		.tx_bytes, .rx_packets, .rx_bytes] | @tsv' <<<"$SNAPSHOT"
}

draw_port() {
	local ms=$1 name=$2 state=$3 active=$4 tx=$5 txb=$6 rx=$7 rxb=$8 paint mark tx_s
	rate "$name.tx" "$tx" "$ms"
	tx_s=$PER_SECOND
	bar "$tx_s" 40000 14
	tx=$BAR
	rate "$name.bytes" $((txb + rxb)) "$ms"
	txb=$((PER_SECOND * 8 / 1000000))
	rate "$name.rx" "$rx" "$ms"
	bar "$PER_SECOND" 40000 14
	case $state in
	up) paint=$GREEN mark='●' ;;
	down | missing) paint=$RED mark='✗' ;;
	*) paint=$YELLOW mark='○' ;;
	esac
	[ "$active" = false ] || state="$state, active"
	printf '  %s%-6s%s %s%s %-16s%s %s%s%s %6d  %s%s%s %6d  %5d Mbit/s\e[K\n' \
		"$BOLD" "$name" "$PLAIN" "$paint" "$mark" "$state" "$PLAIN" \
		"$CYAN" "$tx" "$PLAIN" "$tx_s" "$CYAN" "$BAR" "$PLAIN" "$PER_SECOND" "$txb"
}

draw() {
	local ms=$1 line fields name got top i
	printf '\e[H\n  %sbpfteam%s   %s\e[K\n\e[K\n' "$BOLD" "$PLAIN" "$(jq -r '.[0] |
		"\(.name)   \(.mode)   detector: \(.detector)   " +
		(if .daemon then "daemon: runs" else "daemon: none" end)' <<<"$SNAPSHOT")"
	printf '  %sport     state            sends, frames/s        receives, frames/s%s\e[K\n' \
		"$DIM" "$PLAIN"
	while IFS=$'\t' read -ra fields; do
		draw_port "$ms" "${fields[@]}"
	done < <(port_lines)
	printf '\e[K\n'
	for name in in out; do
		[ -f "$TMP/$name.live" ] || continue
		read -r got top <"$TMP/$name.live"
		printf '  numbered UDP, %-3s %9d arrived of %9d\e[K\n' "$name" "$got" "$top"
	done
	printf '\e[K\n'
	i=$((${#LOG[@]} > 16 ? ${#LOG[@]} - 16 : 0))
	for line in "${LOG[@]:i}"; do
		printf '  %s\e[K\n' "$line"
	done
	printf '\e[J'
}

# Looks at the team: tells what became different, and draws.
tick() {
	local now ms name state active rest
	SNAPSHOT=$(bpfteam show team0 -j 2>/dev/null) || return
	now=$(now_ms) ms=$((now - LAST_MS)) LAST_MS=$now
	while IFS=$'\t' read -r name state active rest; do
		if [ -n "${STATE[$name]:-}" ] && [ "${STATE[$name]}" != "$state" ]; then
			tell "         $name is $state"
		fi
		STATE[$name]=$state
		if [ "$active" = true ] && [ "$ACTIVE" != "$name" ]; then
			[ -z "$ACTIVE" ] || tell "         $name carries the traffic"
			ACTIVE=$name
		fi
	done < <(port_lines)
	[ -z "$LIVE" ] || draw "$ms"
}

watch_ms() {
	local end=$(($(now_ms) + $1))
	while [ "$(now_ms)" -lt "$end" ]; do
		tick
		pause 0.15
	done
}

# ---- traffic and events ----------------------------------------------------------------------

# udp in|out: starts a numbered stream; from then on it is counted in every event.
udp() {
	local from=host to=peer ip=$PEER4 port=5001
	if [ "$1" = in ]; then
		from=peer to=host ip=$HOST4 port=5002
	fi
	spawn_tool "$to" "$TMP/$1.recv" stream recv --port $port --secs 100 --live "$TMP/$1.live"
	STREAM_RECV[$1]=$SPAWNED
	spawn_tool "$from" "$TMP/$1.send" stream send --to "$ip:$port" --rate "$RATE" --secs 90
	STREAM_SEND[$1]=$SPAWNED
}

tcp() {
	spawn peer iperf3 -s -1 >/dev/null 2>&1
	must wait_for 5 tcp_listens
	spawn host iperf3 -c "$PEER4" --bidir -b "$TCP_RATE" -t "$TCP_SECS" -i 0.1 -J \
		>"$TMP/tcp.json" 2>&1
	TCP=$SPAWNED
}

tcp_listens() {
	on peer ss -Hltn 'sport = :5201' | grep -q LISTEN
}

EVENTS=()
# event control|failure|planned TITLE COMMAND...: and what follows from it, for SLOT_MS.
event() {
	local kind=$1 title=$2
	shift 2
	tell "${#EVENTS[@]}. $title"
	EVENTS+=("$kind $(($(now_ns) - 20000000)) $title")
	must "$@"
	watch_ms "$SLOT_MS"
}

daemon_dies_and_returns() {
	stop_daemon KILL 2>/dev/null
	pause 1
	start_daemon
}

prefer_eth2() {
	bpfteam port add team0 eth2 && bpfteam port set team0 eth2 --priority 20
}

# ---- what it cost ----------------------------------------------------------------------------

BROKEN=()

# cost STREAM FROM UNTIL LIMIT TITLE -> CELL, for the table
cost() {
	local lost gap
	CELL='-'
	[ "$(jq .first_ns "$TMP/$1.recv")" -lt $(($3 - 500000000)) ] || return
	lost=$(lost_in "$1" "$2" "$3")
	gap=$(gap_in "$1" "$2" "$3")
	CELL=$lost
	[ "$lost" = 0 ] || CELL="$lost in $(printf '%.1f' "$gap") ms"
	[ "$lost" -le $(($4 * FRAMES_PER_MS)) ] || BROKEN+=("$5: $lost frames lost ($1)")
}

event_table() {
	local i kind from until title limit sent
	printf '\n%s  %-48s %-20s %-20s%s\n' "$BOLD" "what happened" "lost of received" \
		"lost of sent" "$PLAIN"
	for ((i = 0; i < ${#EVENTS[@]}; i++)); do
		read -r kind from title <<<"${EVENTS[i]}"
		until=$STOPPED
		[ $((i + 1)) = ${#EVENTS[@]} ] || read -r _ until _ <<<"${EVENTS[i + 1]}"
		limit=$PLANNED_LIMIT_MS
		[ "$kind" != failure ] || limit=$FAILURE_LIMIT_MS
		cost out "$from" "$until" "$limit" "$title"
		sent=$CELL
		cost in "$from" "$until" "$limit" "$title"
		printf '  %d. %-45s %-20s %-20s\n' "$i" "$title" "$CELL" "$sent"
	done
	for i in in out; do
		jq -r --arg name "$i" '"  UDP \($name): \(.received) of \(.sent) frames came, " +
			"\(.duplicates) double, \(.reordered) out of order"' "$TMP/$i.recv"
		[ "$(jq .complete "$TMP/$i.recv")" = true ] || BROKEN+=("UDP $i did not reach its end")
	done
}

tcp_line() {
	local pause
	if [ "$(jq -r '.error // empty' "$TMP/tcp.json" 2>/dev/null || echo broken)" ]; then
		BROKEN+=("TCP: $(jq -r .error "$TMP/tcp.json" 2>/dev/null || cat "$TMP/tcp.json")")
		echo "  TCP: did not survive"
		return
	fi
	# The longest run of tenths of a second in which one direction moved nothing.
	pause=$(jq '[.intervals | (map(.sum.bytes), map(.sum_bidir_reverse.bytes)) |
		reduce .[] as $b ({now: 0, max: 0}; if $b == 0
			then .now += 1 | .max = ([.max, .now] | max) else .now = 0 end) | .max] |
		max' "$TMP/tcp.json")
	jq -r --argjson pause "$pause" 'def mbit: . / 1e6 | round | tostring + " Mbit/s";
		"  TCP: both connections survived, \(.end.sum_received.bits_per_second | mbit) out, " +
		"\(.end.sum_received_bidir_reverse.bits_per_second | mbit) in, " +
		"\(.end.sum_sent.retransmits + .end.sum_sent_bidir_reverse.retransmits) " +
		"segments sent again, longest standstill " +
		(if $pause == 0 then "under 0.1 s" else "\($pause / 10) s" end)' "$TMP/tcp.json"
	[ "$pause" -lt 10 ] || BROKEN+=("TCP stood still for $((pause / 10)).$((pause % 10)) s")
}

summary() {
	local line
	event_table
	tcp_line
	echo "  detector: $DETECTOR"
	[ "$DETECTOR" != state ] ||
		echo "            (the data path reads the port's state before it sends a frame there)"
	if [ ${#BROKEN[@]} = 0 ]; then
		printf '\n  %sTraffic went on through everything.%s\n' "$GREEN" "$PLAIN"
		return
	fi
	printf '\n  %sTraffic broke:%s\n' "$RED" "$PLAIN"
	for line in "${BROKEN[@]}"; do
		echo "    $line"
	done
	return 1
}

# ---- the show --------------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || fail "needs root: sudo make demo"
need_tool iperf3 ss
need_bpfteam
tell "two switches, a peer, a host with three ports"
two_switches 3
trap end_demo EXIT
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
mode: active-backup
addresses: [$HOST4/24]
ports:
  - {name: eth0, priority: 10}
  - {name: eth1}
YAML
must bpfteam apply "$TMP/team0.yaml"
tell "team0 of eth0 and eth1, 192.0.2.1; the peer is 192.0.2.2"
must wait_for 5 ping_peer
DETECTOR=$(show .detector)
enter_screen
BEGAN=$(now_ms) LAST_MS=$BEGAN

tell "UDP comes in, $RATE numbered frames a second; nothing goes out"
udp in
event control "nothing happens, for comparison" true
event failure "eth0's cable is cut, the host only receives" cut_cable 0
event planned "eth0's cable is back" mend_cable 0
tell "TCP both ways, and numbered UDP goes out, too"
udp out
tcp
event control "nothing happens, for comparison" true
event failure "eth0's cable is cut, traffic both ways" cut_cable 0
event planned "eth0's cable is back" mend_cable 0
event planned "eth2 is added, and preferred" prefer_eth2
event planned "eth2 is drained" bpfteam port set team0 eth2 --drain
event planned "the daemon is killed (-9), and started again" daemon_dies_and_returns
tcp_end=$(($(now_ms) + 10000))
while kill -0 "$TCP" 2>/dev/null && [ "$(now_ms)" -lt "$tcp_end" ]; do
	watch_ms 100
done
STOPPED=$(now_ns)
stream_stop in out
leave_screen
[ -z "$LIVE" ] || printf '%s\n' "${LOG[@]}"
summary
