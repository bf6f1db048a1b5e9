#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Whether a packet costs the same however many ports and flows there are: the measuring script of
# `tools/bench/run scale`, to be run where instructions are counted. balance-xor; lib.sh has the
# topology. The frame received comes in by the last port.
#
#	tools/bench/scale.sh ports|flows [CONTENDER...]
. "$(dirname "$0")/lib.sh"

TABLE="scale: $1"
need_built tools/packets
bench_setup

# packets CASE FLOWS PORT
packets() {
	measure "$TOOLS/packets" --host "${NS[host]}" --peer "${NS[peer]}" --mac "$DEV_MAC" \
		--port "p$3" --ops tx4,rx4 --table "$TABLE" --contender "$CONTENDER" --prefix "$1, " \
		--count "$COUNT" --flows "$2" --runs "$RUNS"
}

# raw has as many cables, and uses one.
scale_ports() { # CONTENDER
	local n last
	for n in 2 8 32 64; do
		last=$((n - 1))
		[ "$1" != raw ] || last=0
		contender "$1" balance-xor "$n" || continue
		packets "$n ports" 1 "$last"
		contender_end
	done
}

scale_flows() { # CONTENDER
	local n
	contender "$1" balance-xor 2 || return
	for n in 1 100 10000 100000; do
		[ -z "$SHORT" ] || [ "$n" -le 10000 ] || continue
		packets "${n/%000/,000} flow$([ "$n" = 1 ] || echo s)" "$n" 0
	done
	contender_end
}

way=$1
shift
for name in "$@"; do
	"scale_$way" "$name"
done
[ "$way" = ports ] || missing bpfteam "scale: vports" \
	"1 to 1,000 vports: not in this version, a team has one"
exit "$STATUS"
