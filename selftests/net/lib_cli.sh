# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_cli.sh - what the command line owes its users, as checks: exit statuses, errors of one line,
# valid JSON. Sourced after lib.sh.

# run_cli ARGS...: output in $TMP/out and $TMP/err, exit status in STATUS.
run_cli() {
	bpfteam "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	STATUS=$?
}

# is_error STATUS PATTERN: the last run_cli ended so, printed nothing, and said why in one line.
is_error() {
	echo "exit status $STATUS, standard output and error:"
	cat "$TMP/out" "$TMP/err"
	[ "$STATUS" = "$1" ] && [ ! -s "$TMP/out" ] && [ "$(wc -l <"$TMP/err")" = 1 ] &&
		grep -qE "^bpfteam: .*($2)" "$TMP/err"
}

# usage PATTERN ARGS...: wrong usage, exit status 2.
usage() {
	local pattern=$1
	shift
	run_cli "$@"
	check "wrong usage: bpfteam $*" is_error 2 "$pattern"
}

# refused PATTERN ARGS...: refused by what is found on the machine, exit status 1.
refused() {
	local pattern=$1
	shift
	run_cli "$@"
	check "refused: bpfteam $*" is_error 1 "$pattern"
}

# json_is FILTER ARGS...: bpfteam ARGS prints JSON for which the filter holds, and succeeds.
json_is() {
	local filter=$1
	shift
	run_cli "$@"
	cat "$TMP/out" "$TMP/err"
	[ "$STATUS" = 0 ] && jq -e "$filter" "$TMP/out"
}
