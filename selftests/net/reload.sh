#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The config directory: teams from files at start, changes by SIGHUP without a lost frame, a broken file
# changes nothing and is named, a file that is gone takes its team with it.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 3

config() { # PORT...
	echo "team: team0"
	echo "addresses: [$HOST4/24]"
	echo "ports:"
	printf '  - {name: %s}\n' "$@"
}

logged() {
	grep -q "$1" "$TMP/daemon.log"
}

config eth0 eth1 >"$ETC/team0.yaml"
start_daemon
check "a team from a file" wait_for 5 port_is eth0 up
must wait_for 5 ping_peer
stream_start tx tx
stream_start rx rx
pause 0.2

config eth0 eth1 eth2 >"$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "a port more after SIGHUP" wait_for 5 port_is eth2 up
config eth0 eth1 eth2 | sed '1a mode: balance-xor' >"$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
mode_is() {
	[ "$(show .mode)" = "$1" ]
}
check "another mode after SIGHUP" wait_for 5 mode_is balance-xor
config eth0 eth1 >"$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "a port less, and the mode back" wait_for 5 mode_is active-backup
check_eq "the ports are those of the file" "$(show '.ports[].name' | xargs)" "eth0 eth1"

echo "colour: blue" >>"$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "a broken file is named with line and key" wait_for 5 logged 'team0.yaml:6.*colour'
check_eq "and changes nothing" "$(show '.ports[].name' | xargs)" "eth0 eth1"
pause 0.3
stream_stop tx rx
check_whole tx "sending: no frame lost in all this"
check_whole rx "receiving: no frame lost in all this"

rm "$ETC/team0.yaml"
kill -HUP "$DAEMON_PID"
check "a file that is gone takes its team with it" wait_for 5 leftovers
finish
