# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_traffic.sh - numbered streams through a team, things that happen to its ports, and what each
# of them cost in frames. Sourced after lib.sh.
#
# A stream runs through a whole series of events. What is lost from 20 ms before an event begins
# until 600 ms after it ended is that event's; a series has events of kind "none" as control. Times
# are CLOCK_MONOTONIC, the sending times of the frames on both sides of each gap.

RATE=${RATE:-20000}
# shellcheck disable=SC2034 # for the tests
FRAMES_PER_MS=$((RATE / 1000))
WINDOW_MS=600

declare -A STREAM_SEND=() STREAM_RECV=()

# stream_start NAME tx|rx|tx6|rx6 [sender's options]: tx is host to peer.
stream_start() {
	local name=$1 way=$2 from=host to=peer ip=$PEER4 port
	shift 2
	case $way in
	rx) from=peer to=host ip=$HOST4 ;;
	tx6) ip=[$PEER6] ;;
	rx6) from=peer to=host ip=[$HOST6] ;;
	esac
	port=$((5001 + ${#STREAM_SEND[@]}))
	spawn_tool "$to" "$TMP/$name.recv" stream recv --port "$port" --secs 100
	STREAM_RECV[$name]=$SPAWNED
	spawn_tool "$from" "$TMP/$name.send" stream send --to "$ip:$port" --rate "$RATE" \
		--secs 90 "$@"
	STREAM_SEND[$name]=$SPAWNED
}

# Ends a stream; its result is then in $TMP/NAME.recv and .send, and said.
stream_stop() {
	local name
	for name; do
		kill "${STREAM_SEND[$name]}"
		reap "${STREAM_SEND[$name]}"
		reap "${STREAM_RECV[$name]}"
		say "$name: $(stream_value "$name" '"\(.received) of \(.sent) frames, " +
			"\(.lost) lost, \(.duplicates) double, \(.reordered) out of order, " +
			"p99 \(.latency_us.p99) us"') ($(jq -r '"\(.sent / .secs | round) a second, " +
			"\(.stalls) stalls of the sender"' "$TMP/$name.send"))"
	done
}

stream_value() { # NAME FILTER
	jq -r "$2" "$TMP/$1.recv"
}

# lost_in NAME FROM_NS UNTIL_NS: frames lost in gaps that begin in this time.
lost_in() {
	jq "[.gaps[] | select(.from_ns >= $2 and .from_ns < $3) | .lost] |
		add // 0" "$TMP/$1.recv"
}

# gap_in NAME FROM_NS UNTIL_NS: how long the longest of them was, in ms.
gap_in() {
	jq "[.gaps[] | select(.from_ns >= $2 and .from_ns < $3) | .ms] |
		max // 0" "$TMP/$1.recv"
}

# check_whole NAME DESCRIPTION: every frame arrived, and once.
check_whole() {
	local got
	got=$(stream_value "$1" '"complete \(.complete), \(.lost) lost, \(.duplicates) double"')
	check_eq "$2" "$got" "complete true, 0 lost, 0 double" ||
		jq -c '.gaps[]' "$TMP/$1.recv" | head -5 | sed 's/^/#   /'
}

# ---- things that happen to a port ------------------------------------------------------------

# happen KIND N: to host's ethN.
happen() {
	case $1 in
	none) : ;;
	carrier) cut_cable "$2" ;;
	down) on host ip link set "eth$2" down ;;
	removed) on host ip link del "eth$2" ;;
	moved) on host ip link set "eth$2" netns "${NS[elsewhere]}" ;;
	renamed)
		# Before Linux 6.2 a device that is up keeps its name.
		on host ip link set "eth$2" name "was$2" 2>/dev/null && return
		on host ip link set "eth$2" down
		on host ip link set "eth$2" name "was$2"
		;;
	esac
}

# mend KIND N: as it was, and the team has it back; what does not come back is in NOT_BACK.
NOT_BACK=''
mend() {
	case $1 in
	none) return ;;
	carrier) mend_cable "$2" ;;
	down) on host ip link set "eth$2" up ;;
	removed)
		cable host "eth$2" "$(port_switch "$2")" "p$2"
		plug "$(port_switch "$2")" "p$2"
		;;
	moved)
		on elsewhere ip link set "eth$2" netns "${NS[host]}"
		on host ip link set "eth$2" up
		;;
	renamed)
		on host ip link set "was$2" name "eth$2"
		on host ip link set "eth$2" up
		;;
	esac
	wait_for 5 port_is "eth$2" up || NOT_BACK+=" eth$2-after-$1"
	wait_for 5 bridge_forwards "$(port_switch "$2")" "p$2"
}

active_number() {
	local name
	name=$(show .active_port)
	echo "${name#eth}"
}

active_moved() { # FROM
	local name
	name=$(show .active_port)
	[ "$name" != "eth$1" ] && [ "$name" != null ]
}

# series NAME KIND...: each event to the active port, while stream NAME runs; fills EVENTS with
# "KIND FROM_NS UNTIL_NS".
series() {
	local name=$1 kind n from until
	shift
	EVENTS=()
	for kind; do
		n=$(active_number)
		pause 0.1
		from=$(now_ns)
		happen "$kind" "$n"
		until=$(now_ns)
		EVENTS+=("$kind $((from - 20000000)) $((until + WINDOW_MS * 1000000))")
		if [ "$kind" != none ]; then
			wait_for 3 active_moved "$n" || say "no fail-over from eth$n after $kind"
		fi
		pause 0.6
		mend "$kind" "$n"
	done
}

# judge NAME LIMIT: says what each event of the last series cost; the kinds over the limit are in
# OVER.
judge() {
	local name=$1 limit=$2 event kind from until lost
	OVER=()
	declare -gA COST=()
	for event in "${EVENTS[@]}"; do
		read -r kind from until <<<"$event"
		lost=$(lost_in "$name" "$from" "$until")
		COST[$kind]=$lost
		say "$name, $kind: $lost frames lost, gap $(gap_in "$name" "$from" "$until") ms"
		[ "$lost" -le "$limit" ] || OVER+=("$kind")
	done
}

# measure NAME tx|rx LIMIT KIND...: a series with its control; one check an event. The limits are
# limits on time, and the machine may have stalled: what missed them is tried once more, which is
# said, and the second result counts. NO_RETRY=1 turns that off.
measure() {
	local name=$1 way=$2 limit=$3 kind again
	shift 3
	stream_start "$name" "$way"
	pause 0.2
	series "$name" none "$@"
	stream_stop "$name"
	judge "$name" "$limit"
	again=("${OVER[@]}")
	local -A first=()
	for kind in "${!COST[@]}"; do
		first[$kind]=${COST[$kind]}
	done
	if [ ${#again[@]} -gt 0 ] && [ -z "${NO_RETRY:-}" ]; then
		say "over the limit of $limit frames, tried once more: ${again[*]}"
		stream_start "$name-again" "$way"
		pause 0.2
		series "$name-again" none "${again[@]}"
		stream_stop "$name-again"
		judge "$name-again" "$limit"
		for kind in "${again[@]}"; do
			first[$kind]=${COST[$kind]}
		done
	fi
	check_eq "$name: the port is used again after each" "$NOT_BACK" ""
	for kind in none "$@"; do
		check "$name, $kind: at most $limit frames of $RATE/s lost (${first[$kind]})" \
			test "${first[$kind]}" -le "$limit"
	done
}

# within LIMIT COMMAND...: for what measure does not fit. The command sets LOST, and names its stream
# by ATTEMPT; over the limit it is tried once more, as above.
# shellcheck disable=SC2034 # ATTEMPT is for the command
within() {
	local limit=$1
	shift
	ATTEMPT=1
	"$@"
	[ "$LOST" -gt "$limit" ] && [ -z "${NO_RETRY:-}" ] || return 0
	say "$LOST frames lost, over the limit of $limit: tried once more"
	ATTEMPT=2
	"$@"
}

# All that stream NAME lost in gaps that begin after FROM_NS or up to 20 ms before it -> LOST
lost_since() {
	LOST=$(lost_in "$1" $(($2 - 20000000)) 999999999999999999)
}
