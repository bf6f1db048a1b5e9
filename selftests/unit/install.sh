#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# install.sh - what `make install` puts where, and whether it is right: the unit, the bus policy, the
# man pages and the completion against what the programs say of themselves. Needs no root.

. "$(dirname "$0")/../net/lib.sh"

need_tool make jq mandoc systemd-analyze
need_built bpfteam bpfteamd
TMP=$(mktemp -d "/tmp/bpfteam-test.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
DEST=$TMP/dest
echo "TAP version 13"

make_quietly() {
	# Neither the options nor the jobs of a make that runs this test.
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$ROOT" B="$BUILD" DESTDIR="$DEST" "$@"
}

installed() {
	(cd "$DEST" && find . -type f | sed 's/^\.//' | sort)
}

# Every option and command that the programs know.
cli_options() {
	"$BUILD/bpfteam" help -j | jq -r '(.options, .commands[].options)[].name' | sort -u
}

# ---- files -----------------------------------------------------------------------------------

check "make install" make_quietly install
for file in /usr/sbin/bpfteam /usr/sbin/bpfteamd /usr/lib/systemd/system/bpfteamd.service \
	/usr/share/dbus-1/system.d/org.bpfteam1.conf /etc/bpfteam/team0.yaml.example \
	/usr/share/bash-completion/completions/bpfteam /usr/share/man/man8/bpfteam.8 \
	/usr/share/man/man8/bpfteamd.8 /usr/share/man/man5/bpfteam.yaml.5 \
	/usr/share/man/man7/bpfteam-options.7 /usr/share/doc/bpfteam/parity.md \
	/usr/share/doc/bpfteam/examples/team0.network /usr/share/doc/bpfteam/README.md; do
	check "$file" test -s "$DEST$file"
done
check "the programs run from there" "$DEST/usr/sbin/bpfteam" --version

# ---- the unit and the bus --------------------------------------------------------------------

verify_unit() {
	# The commands have to be there for this; the manual pages are looked at below.
	sed "s|=/usr/sbin/|=$DEST/usr/sbin/|" "$DEST/usr/lib/systemd/system/bpfteamd.service" \
		>"$TMP/bpfteamd.service"
	systemd-analyze verify --man=no "$TMP/bpfteamd.service" && no_warnings
}

# An unknown key is only warned of.
no_warnings() {
	! systemd-analyze verify --man=no "$TMP/bpfteamd.service" 2>&1 | grep .
}

unit_capabilities() {
	sed -n "s/^$1=//p" "$DEST/usr/lib/systemd/system/bpfteamd.service" | tr ' ' '\n' | sort |
		paste -sd' '
}

check "the unit is well-formed" verify_unit
for key in CapabilityBoundingSet AmbientCapabilities; do
	check_eq "the unit asks for four capabilities ($key)" "$(unit_capabilities $key)" \
		"CAP_BPF CAP_NET_ADMIN CAP_NET_RAW CAP_PERFMON"
done
other_prefix() {
	make_quietly install PREFIX=/usr/local DESTDIR="$TMP/local" &&
		grep -q '^ExecStart=/usr/local/sbin/bpfteamd' \
			"$TMP/local/usr/local/lib/systemd/system/bpfteamd.service" &&
		test -s "$TMP/local/etc/dbus-1/system.d/org.bpfteam1.conf"
}
check "another PREFIX" other_prefix

# A bus of our own, with the policy as it is installed.
bus_takes_policy() {
	local pid
	cat >"$TMP/bus.conf" <<-XML
		<busconfig>
		  <type>system</type>
		  <listen>unix:path=$TMP/bus</listen>
		  <auth>EXTERNAL</auth>
		  <policy context="default"><allow send_type="method_return"/></policy>
		  <include>$DEST/usr/share/dbus-1/system.d/org.bpfteam1.conf</include>
		</busconfig>
	XML
	dbus-daemon --config-file="$TMP/bus.conf" --nofork --print-address >"$TMP/address" &
	pid=$!
	wait_for 5 test -s "$TMP/address"
	local result=$?
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return "$result"
}
if command -v dbus-daemon >/dev/null; then
	check "a bus takes the policy" bus_takes_policy
else
	skip "a bus takes the policy" "dbus-daemon is not installed"
fi

# ---- manual ----------------------------------------------------------------------------------

for page in "$ROOT"/tools/man/*.[58] "$BUILD/bpfteam-options.7"; do
	check "${page##*/}: form" mandoc -T lint -W warning "$page"
	# Without the overstriking that makes bold and underlined.
	mandoc -T ascii "$page" | sed "s/.$(printf '\b')//g" >"$TMP/${page##*/}.txt"
done

# The lines of standard input that a page lacks.
not_in() { # PAGE
	local line
	while read -r line; do
		grep -qF -- "$line" "$TMP/$1.txt" || echo "$line"
	done
}

check_eq "bpfteam(8) has every option" "$(cli_options | sed 's/^/--/' | not_in bpfteam.8)" ""
check_eq "bpfteam(8) has every command" \
	"$("$BUILD/bpfteam" help -j | jq -r '.commands[].name' | not_in bpfteam.8)" ""
check_eq "bpfteam(8) has every word that an option takes" \
	"$("$BUILD/bpfteam" help -j | jq -r '.commands[].options[].words // [] | .[]' |
		not_in bpfteam.8)" ""
check_eq "bpfteamd(8) has every option" \
	"$("$BUILD/bpfteamd" --help | grep -oE -- '--[a-z][a-z-]+' | not_in bpfteamd.8)" ""
# The tables that the parser reads by.
check_eq "bpfteam.yaml(5) has every key" "$(grep -ohE '\.key = "[a-z_]+"' \
	"$ROOT/user/core/config.c" | cut -d'"' -f2 | not_in bpfteam.yaml.5)" ""
check_eq "bpfteam-options(7) has every option of the list" "$("$BUILD/bpfteam" import --list -j |
	jq -r '.[].option' | not_in bpfteam-options.7)" ""
check_eq "bpfteam.yaml(5) has every word that a key takes" "$("$BUILD/bpfteam" help -j |
	jq -r '.commands[] | select(.name != "import").options[].words // [] | .[]' |
	not_in bpfteam.yaml.5)" ""

# ---- completion ------------------------------------------------------------------------------

COMPLETION=$DEST/usr/share/bash-completion/completions/bpfteam
check "the completion is bash" bash -n "$COMPLETION"

# shellcheck disable=SC2317 # the completion calls bpfteam
# complete_line WORD...: what the completion offers for the last of the words.
complete_line() (
	bpfteam() {
		[ "${*: -2}" = 'show -j' ] || [ "${*: -2}" = '-j team0' ] || return
		cat <<-JSON
			[{"name": "team0", "mode": "active-backup",
			  "ports": [{"name": "eth0", "ifindex": 3}, {"name": "eth1", "ifindex": 4}],
			  "vports": [{"name": "team0", "kind": "team"}]},
			 {"name": "team1", "mode": "balance-xor", "ports": [], "vports": []}]
		JSON
	}
	# shellcheck disable=SC1090
	. "$COMPLETION"
	COMP_WORDS=(bpfteam "$@") COMP_CWORD=$# COMPREPLY=()
	_bpfteam
	echo "${COMPREPLY[*]}"
)

check_eq "it completes commands" "$(complete_line de)" "detach"
check_eq "it completes teams" "$(complete_line detach '')" "team0 team1"
check_eq "it completes a team's ports" "$(complete_line port set team0 '')" "eth0 eth1"
check_eq "it completes modes" "$(complete_line attach team0 --mode '')" \
	"balance-rr active-backup balance-xor broadcast balance-tlb random"
check_eq "it completes modes after an equals sign" "$(complete_line attach team0 --mode = br)" \
	"broadcast"
check_eq "it does not take an option's value for an argument" \
	"$(complete_line --runtime-dir /run/x port set team1 --weight 3 '')" ""
check_eq "it knows a number when it sees one" "$(complete_line attach team0 --mtu '')" ""
check_eq "it completes files" "$(cd "$TMP" && touch a.yaml a.txt && complete_line apply a)" \
	"a.yaml"
check_eq "it completes what can be imported" "$(cd "$TMP" && complete_line import a.t)" "a.txt"
check_eq "it completes formats" "$(complete_line import --format n)" "netplan networkd"

offered() { # COMMAND...
	complete_line "$@" -- | tr ' ' '\n' | sed 's/^--//' | sort -u
}
while read -r name; do
	# shellcheck disable=SC2086
	check_eq "it completes the options of $name" "$(
		case $name in port*) offered port ;; *) offered $name ;; esac
	)" "$("$BUILD/bpfteam" help -j | jq -r --arg name "${name%% *}" '(.options, (.commands[] |
		select(.name | startswith($name)).options))[].name' | sort -u)"
done < <("$BUILD/bpfteam" help -j | jq -r '.commands[].name' | grep -vE '^port (del|set)')

# ---- and back --------------------------------------------------------------------------------

check "make uninstall" make_quietly uninstall
check_eq "it leaves no file" "$(installed)" ""

finish
