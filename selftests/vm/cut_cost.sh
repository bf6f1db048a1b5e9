#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a carrier that is cut from outside costs on a stock kernel, counted from the driver's call, in a
# VM whose clock counts instructions: tools/bench/failover, its short form, against bpfteam's limits.
# Sending loses at most 2 of 20,000 frames a second; receiving stops for at most 1 ms, even when the
# team sends nothing, and the second of two failures within a second is like the first.
. "$(dirname "$0")/../net/lib.sh"

KERNEL=${KERNEL:-6.12}

# worst CASE UNIT: of all cuts.
worst() {
	awk -F'\t' -v what="$1" -v unit="$2" '
		$1 == "SAMPLE" && $4 == what && $5 == unit { n++; if ($6 > max) max = $6 }
		END { print n ? max + 0 : "none" }' "$TMP/samples"
}

at_most() { # CASE UNIT LIMIT
	local got
	got=$(worst "$1" "$2")
	check "$1: at most $3 $2 lost ($got)" awk -v got="$got" -v limit="$3" \
		'BEGIN { exit got == "none" || got > limit }'
}

setup
need_built bpfteam bpfteamd tools/cutter
cd "$ROOT" || exit
tools/vm/run -k "$KERNEL" -t 200 -i -n 3 -- env "B=$BUILD" tools/bench/failover -s bpfteam \
	>"$TMP/samples" 2>"$TMP/errors"
status=$?
say_file "$TMP/errors"
[ "$status" != 4 ] || skip_all "$(head -n 1 "$TMP/errors")"
grep -v '^SAMPLE' "$TMP/samples" | sed 's/^#\{0,1\} \{0,1\}/# /'
check_eq "every cut was measured" "$status" 0
for case in single second; do
	at_most "TX $case" frames 2
	at_most "RX $case" ms 1
	at_most "RX alone $case" ms 1
done
finish
