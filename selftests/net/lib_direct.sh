# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_direct.sh - by which interface received frames come up: the team's (redirected) or the port's
# (rx: direct). Sourced after lib_traffic.sh.

# What stream's datagrams begin with, as it lies in memory.
STREAM_MARK=bpft
[ "$(printf '\001\0' | od -An -tu2 | xargs)" = 1 ] && STREAM_MARK=tfpb

BY_N=0
# received rx|rx6: a short stream to us; WAY is "direct" or "redirect" when all of it came that way,
# else what happened.
received() {
	local name seen sent
	BY_N=$((BY_N + 1))
	name=by-$BY_N
	spawn_tool host "$TMP/$name.seen" sniff --dev team0 --mark "$STREAM_MARK" --secs 60
	local sniffer=$SPAWNED
	RATE=2000 stream_start "$name" "$1"
	pause 0.1
	kill "${STREAM_SEND[$name]}"
	reap "${STREAM_SEND[$name]}"
	# Where the end is lost, too, it would go on waiting.
	wait_for 2 has_ended "${STREAM_RECV[$name]}" || kill "${STREAM_RECV[$name]}"
	reap "${STREAM_RECV[$name]}"
	stop "$sniffer"
	seen=$(jq '.matched - .outgoing' "$TMP/$name.seen")
	sent=$(stream_value "$name" .sent)
	if [ "$(stream_value "$name" .complete)" != true ]; then
		WAY="$(stream_value "$name" .received) of $sent, $seen by team0"
	elif [ "$seen" = 0 ]; then
		WAY=direct
	elif [ "$seen" -ge "$sent" ]; then
		WAY=redirect
	else
		WAY="$seen of $sent by team0"
	fi
}

has_ended() {
	! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null
}

# is_way WAY rx|rx6
is_way() {
	received "$2"
	echo "$WAY"
	[ "$WAY" = "$1" ]
}

obstacle_is() { # PATTERN
	show .rx_obstacle | grep -Eq "$1"
}
