#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_report.sh - what the benchmark's page makes of samples whose figures are known. Needs no root.

. "$(dirname "$0")/../net/lib.sh"

need_tool gnuplot
TMP=$(mktemp -d "/tmp/bpfteam-test.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
echo "TAP version 13"

sample() { # FILE TABLE CONTENDER CASE UNIT VALUE...
	local file=$TMP/$1.tsv value
	for value in "${@:6}"; do
		printf '6.12\t%s\t%s\t%s\t%s\t%s\n' "$2" "$3" "$4" "$5" "$value" >>"$file"
	done
}

report() {
	"$ROOT/tools/bench/report" "$TMP" >"$TMP/out"
}

has() {
	grep -qxF -- "$1" "$TMP/results.md" || { cat "$TMP/results.md"; return 1; }
}

check_not "a folder without samples is refused" report
check "in one line" test "$(report 2>&1 | wc -l)" = 1

printf '# commit\tabc123\n# qemu\t7.2\n' >"$TMP/cost.tsv"
for mode in balance-xor active-backup; do
	sample cost cost raw "$mode TX IPv4" instructions 6494 6490 6500
	sample cost cost bonding "$mode TX IPv4" instructions 7254 7254 7254
	sample cost cost bpfteam "$mode TX IPv4" instructions 6930 6928 6974 6900
done
sample cost cost bpfteam 'balance-xor RX IPv4' instructions 8000
printf '# missing\t6.12\tcost\tteamd\tno teamd\n' >>"$TMP/cost.tsv"
sample failover failover bpfteam 'TX single' frames 0 1 3
sample failover failover bpfteam 'RX single' ms 0.25 0.9
check "a page is made" report
check "n, least, median of an odd number, most" \
	has '| balance-xor TX IPv4 | raw | 3 | 6,490 | 6,494 | 6,500 | instructions | | |'
check "median of an even number, and what it is above the raw NIC's" \
	has '| balance-xor TX IPv4 | bpfteam | 4 | 6,900 | 6,929 | 6,974 | instructions | +435 | 1.067 |'
check "a target that is met" \
	has '| above the raw NIC | bpfteam | balance-xor TX IPv4 | at most 480 | 435 | yes |'
check "a target without the raw NIC's figure is not met" \
	has '| above the raw NIC | bpfteam | balance-xor RX IPv4 | at most 800 | not measured | |'
check "a target that is missed, by its worst value" \
	has '| lost frames, worst cut | bpfteam | TX single | at most 2 | 3 | **no**, by 1 |'
check "a fraction" has '| gap in ms, worst cut | bpfteam | RX single | at most 1 | 0.900 | yes |'
check "what was not measured, and why" has '| 6.12 | cost | teamd | no teamd |'
check "the commit is named" grep -q '| cost | abc123 |' "$TMP/results.md"
check "a plot of the cost" grep -q '<svg' "$TMP/cost-6.12.svg"
check "with its contenders" grep -q '>bonding<' "$TMP/cost-6.12.svg"
check "a plot of the fail-over" grep -q '<svg' "$TMP/failover-TX-6.12.svg"
finish
