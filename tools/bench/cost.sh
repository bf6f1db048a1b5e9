#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a packet costs, in instructions: the measuring script of `tools/bench/run cost`, to be run
# where instructions are counted (tools/vm/run -i).
#
#	tools/bench/cost.sh MODE [CONTENDER...]
#
# RUNS (5) runs of COUNT (2,000) packets each. lib.sh has the topology.
. "$(dirname "$0")/lib.sh"

TABLE=cost
mode=$1
shift
bench_setup
for name in "${@:-raw}"; do
	contender "$name" "$mode" 2 || continue
	for ((run = 0; run < RUNS; run++)); do
		measure "$TOOLS/packets" --host "${NS[host]}" --peer "${NS[peer]}" --mac "$DEV_MAC" \
			--port p0 --ops tx4,rx4,rt4,tx6,rx6,rt6 --table cost --contender "$name" \
			--prefix "$mode " --count "$COUNT"
	done
	contender_end
done
exit "$STATUS"
