#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Which flows change their port when a port dies, and when it is back: the measuring script of
# `tools/bench/run disruption`. balance-xor, layer3+4; lib.sh has the topology. A port dies by its far
# end going down; each in its turn, so a cell has as many values as there are ports.
#
#	tools/bench/disruption.sh [CONTENDER...]
#
# The ideal: of N ports a dead one's flows move, 1/N of all, and none else; and they come back.
. "$(dirname "$0")/lib.sh"

TABLE=disruption
need_built tools/spread
bench_setup

# spread FILE: which port each flow takes, as soon as none is lost.
spread() {
	wait_for 20 spread_now "$1" || bail "$CONTENDER: frames are lost for 20 s"
}
spread_now() {
	"$TOOLS/spread" --host "${NS[host]}" --peer "${NS[peer]}" --flows "${FLOWS:-2048}" >"$1"
}

# All flows are carried, and the port has some. It may take a port's updelay.
uses_again() { # I
	spread_now "$TMP/again" && grep -qx "p$1" "$TMP/again"
}

# moved BEFORE AFTER CASE [PORT]: the share of flows whose port is another one; without those of PORT
moved() {
	paste "$1" "$2" | awk -v port="${4:-}" -v contender="$CONTENDER" -v what="$3" '
		$1 != $2 && $1 != port { moved++ }
		END { printf "SAMPLE\tdisruption\t%s\t%s\t%% of flows\t%.2f\n", contender, what,
			100 * moved / NR }'
}

for name in "$@"; do
	case $name in raw | bpfteam-direct) continue ;; esac
	for n in 4 8; do
		[ -z "$SHORT" ] || [ "$n" = 4 ] || continue
		contender "$name" balance-xor "$n" || continue
		[ -z "$TEAMD" ] || kill -CONT "$TEAMD"
		spread "$TMP/whole"
		for ((i = 0; i < n; i++)); do
			must on peer ip link set "p$i" down
			spread "$TMP/without"
			must on peer ip link set "p$i" up
			wait_for 20 uses_again "$i" || bail "$name: p$i is not used again"
			spread "$TMP/back" # not the one in which it came back
			moved "$TMP/whole" "$TMP/without" "1 of $n dies: all that move"
			moved "$TMP/whole" "$TMP/without" "1 of $n dies: of ports that live" "p$i"
			moved "$TMP/whole" "$TMP/back" "1 of $n came and went: not back"
		done
		contender_end
	done
done
