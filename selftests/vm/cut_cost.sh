#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a carrier that is cut from outside costs on a stock kernel, counted from the driver's call, in a
# VM whose clock counts instructions: tools/bench/failover, its short form, against bpfteam's limits.
# Sending loses at most 2 of 20,000 frames a second; receiving stops for at most 1 ms, even when the
# team sends nothing, and the second of two failures within a second is like the first.
#
# VM=long measures on 6.1, too.
. "$(dirname "$0")/../net/lib.sh"

# worst CASE UNIT: of all cuts.
worst() {
	awk -F'\t' -v what="$1" -v unit="$2" '
		$1 == "SAMPLE" && $4 == what && $5 == unit { n++; if ($6 > max) max = $6 }
		END { print n ? max + 0 : "none" }' "$TMP/samples"
}

at_most() { # KERNEL CASE UNIT LIMIT
	local got
	got=$(worst "$2" "$3")
	check "$1, $2: at most $4 $3 lost ($got)" awk -v got="$got" -v limit="$4" \
		'BEGIN { exit got == "none" || got > limit }'
}

# measure KERNEL
measure() {
	local status case
	tools/vm/run -k "$1" -t 300 -i -n 3 -- env "B=$BUILD" tools/bench/failover -s bpfteam \
		>"$TMP/samples" 2>"$TMP/errors"
	status=$?
	say_file "$TMP/errors"
	if [ "$status" = 4 ]; then
		skip "$1: what a cut costs" "$(head -n 1 "$TMP/errors")"
		return
	fi
	grep -v '^SAMPLE' "$TMP/samples" | sed 's/^\(# \)\{0,1\}/# /'
	check_eq "$1: every cut was measured" "$status" 0
	for case in single second; do
		at_most "$1" "TX $case" frames 2
		at_most "$1" "RX $case" ms 1
		at_most "$1" "RX alone $case" ms 1
	done
}

setup
need_built bpfteam bpfteamd tools/cutter
cd "$ROOT" || exit
for kernel in 6.12 $([ "${VM:-short}" = short ] || echo 6.1); do
	measure "$kernel"
done
finish
