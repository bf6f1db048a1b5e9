#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# import.sh - `bpfteam import` on whole files of every format: what it prints, and the lines about what
# it leaves out, are those of import/want/. Files that are broken give one line. Needs no root.
#
# UPDATE=1 writes import/want/ anew; look at the difference.

. "$(dirname "$0")/../net/lib.sh"

need_built bpfteam
cd "$ROOT/selftests/unit/import" || exit 1
TMP=$(mktemp -d "/tmp/bpfteam-test.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
echo "TAP version 13"

import() {
	"$BUILD/bpfteam" import "$@"
}

# both WANT ARGUMENT...: status, standard output, then standard error.
both() {
	local want=want/$1
	shift
	import "$@" >"$TMP/out" 2>"$TMP/err"
	{
		echo "exit status $?"
		cat "$TMP/out"
		# Which modes and policies there are, others tell.
		sed -E 's/ \((active-backup|balance-rr|layer2)[^)]*\)//' "$TMP/err"
	} >"$TMP/all"
	[ -z "${UPDATE:-}" ] || cp "$TMP/all" "$want"
	diff "$want" "$TMP/all"
}

# What it prints is a configuration that is right, and the same once it was read.
is_right() { # ARGUMENT...
	import "$@" >"$TMP/team.yaml" 2>/dev/null || return
	# A port that is missing, or no right to look, is told after the file was found to be right.
	"$BUILD/bpfteam" --standalone --runtime-dir "$TMP" apply --check "$TMP/team.yaml" 2>&1 |
		tee "$TMP/check" | grep "^bpfteam: \(apply: \)\?$TMP/team.yaml" && return 1
	return 0
}

while read -r want arguments; do
	# shellcheck disable=SC2086
	check "$arguments" both "$want" $arguments
	# shellcheck disable=SC2086
	check "$arguments: a right configuration" is_right $arguments
done <<-LIST
	teamd-loadbalance teamd/loadbalance.conf
	teamd-activebackup teamd/activebackup.conf
	teamd-lacp teamd/lacp.conf
	netplan netplan/bonds.yaml
	netplan-bond1 netplan/several.yaml --bond bond1
	networkd networkd/10-bond0.netdev
	ifcfg ifcfg/ifcfg-bond0
	ifcfg-team ifcfg/ifcfg-team0
	interfaces-bond0 interfaces/interfaces --bond bond0
	interfaces-bond1 interfaces/interfaces --bond bond1 --team team7
LIST

from_stdin() {
	import - <teamd/lacp.conf >"$TMP/a" 2>/dev/null && import teamd/lacp.conf 2>/dev/null |
		diff "$TMP/a" -
}
check "a file from standard input" from_stdin
json() {
	import -j teamd/loadbalance.conf >"$TMP/json" 2>"$TMP/err" && [ ! -s "$TMP/err" ] &&
		jq -e '(.config | startswith("team: team0\n")) and (.notes | length == 3)' "$TMP/json"
}
need_tool jq
check "as JSON" json
listed() {
	import --list -j | jq -e '[.[] | select(.option == "updelay") | .key] == ["detect.updelay_ms"] and
		([.[] | select(.option == "miimon") | .fate] == ["not needed"])' &&
		import --list | grep -q '^teamd *runner.tx_hash *hash: '
}
check "the list of options" listed

# ---- bad input ---------------------------------------------------------------------------------

# refused TEXT ARGUMENT...: exit status 1, nothing on standard output, one line that begins so.
refused() {
	local text=$1
	shift
	import "$@" >"$TMP/out" 2>"$TMP/err"
	[ $? = 1 ] && [ ! -s "$TMP/out" ] && [ "$(wc -l <"$TMP/err")" = 1 ] || return
	[[ $(<"$TMP/err") = "bpfteam: $text"* ]] || { cat "$TMP/err"; return 1; }
}

printf '{"device": "t",\n "runner": }' >"$TMP/broken.conf"
printf 'network:\n  bonds:\n\tbond0: {}\n' >"$TMP/tab.yaml"
printf '[NetDev]\nName=bond0\nKind=bond\n[Bond\n' >"$TMP/cut.netdev"
printf '[NetDev]\nName=br0\nKind=bridge\n' >"$TMP/bridge.netdev"
printf 'DEVICE=bond0\nTYPE=Bond\nBONDING_OPTS="mode=1\n' >"$TMP/ifcfg-bond0"
printf 'auto eth0\niface eth0 inet dhcp\n' >"$TMP/interfaces"
printf '{"device": "t"}' >"$TMP/portless.conf"
printf '{"ports": {"eth0": {}}}' >"$TMP/nameless.conf"
printf 'hello\n' >"$TMP/hello"
printf '[NetDev]\n\0' >"$TMP/nul.netdev"
: >"$TMP/empty"
head -c 2000000 /dev/zero >"$TMP/zero"

check "broken JSON" refused "$TMP/broken.conf:2: broken JSON: " "$TMP/broken.conf"
check "broken YAML" refused "$TMP/tab.yaml:3: broken YAML: " "$TMP/tab.yaml"
check "a section without an end" refused "$TMP/cut.netdev:4: neither" "$TMP/cut.netdev"
check "no bond" refused "$TMP/bridge.netdev: there is no " "$TMP/bridge.netdev"
check "a quote without an end" refused "$TMP/ifcfg-bond0:3: BONDING_OPTS: a quote" "$TMP/ifcfg-bond0"
check "interfaces without a bond" refused "$TMP/interfaces: there is no iface" "$TMP/interfaces"
check "a team without ports" refused "ports: a team needs at least one port" "$TMP/portless.conf"
check "a team without a name" refused "team: " "$TMP/nameless.conf"
check "no such format" refused "$TMP/hello: looks like none of the formats" "$TMP/hello"
check "an empty file" refused "$TMP/empty: looks like none" "$TMP/empty"
check "no text" refused "$TMP/nul.netdev: is no text file" "$TMP/nul.netdev"
check "too long" refused "$TMP/zero: longer than any such file" "$TMP/zero"
check "a folder" refused "$TMP: is a folder" "$TMP"
check "no such file" refused "$TMP/none: No such file" "$TMP/none"
check "neither file nor interface" refused "none: is neither an interface nor a file" none
check "no bond of that name" refused "netplan/several.yaml: there is no bond" netplan/several.yaml \
	--bond bond7
check "an interface that is no bond" refused "import: lo: is no bond" lo
check "the wrong format" refused "netplan/bonds.yaml:1: broken JSON: " --format teamd netplan/bonds.yaml

finish
