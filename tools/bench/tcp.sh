#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a byte of bulk TCP costs: the measuring script of `tools/bench/run tcp`, to be run where
# instructions are counted. balance-xor; lib.sh has the topology.
#
#	tools/bench/tcp.sh [CONTENDER...]
. "$(dirname "$0")/lib.sh"

TABLE=tcp
need_built tools/bulk
bench_setup
for name in "${@:-raw}"; do
	contender "$name" balance-xor 2 || continue
	measure "$TOOLS/bulk" --host "${NS[host]}" --peer "${NS[peer]}" --contender "$name" \
		--runs "$RUNS"
	contender_end
done
exit "$STATUS"
