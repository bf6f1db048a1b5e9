#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What an administrator does to the team's interface with ip(8) while no daemon watches is told by
# doctor, and what can't be done any more is refused in one line. A change of the detector, the team
# running.
#
#	host.eth0 ---- p0 [switch a] peer
#	host.eth1 ---- p1     |
#	   team0           peer.eth0
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
one_switch 2

config() { # METHOD
	cat <<-YAML
	team: team0
	addresses: [$HOST4/24]
	detect: {method: $1}
	ports: [{name: eth0}, {name: eth1}]
	YAML
}
config auto >"$TMP/auto.yaml"
config poll >"$TMP/poll.yaml"

doctor_says() {
	bpfteam doctor -j | jq -e --arg re "$1" 'any(.notes[]; test($re))'
}

# ---- the detector ----------------------------------------------------------------------------

detectors() { # HOW
	local best
	best=$(show .detector)
	check "$1: to polling" bpfteam apply "$TMP/poll.yaml"
	check_eq "$1: show says so" "$(show .detector)" poll
	check "$1: and back to the best" bpfteam apply "$TMP/auto.yaml"
	check_eq "$1: show says that, too" "$(show .detector)" "$best"
	check "$1: traffic goes on" wait_for 3 ping_peer
	cut_port 0
	check "$1: and fails over" wait_for 5 ping_peer
	mend_port 0
	must wait_for 5 port_is eth0 up
}
cut_port() {
	on a ip link set "p$1" down
}
mend_port() {
	on a ip link set "p$1" up
}

promiscuous() {
	[ "$(on host ip -d -j link show dev "$1" | jq '.[0].promiscuity')" -gt 0 ]
}
quiet() {
	! promiscuous "$1"
}

start_daemon
check "apply makes a team, and says of what" \
	eval 'bpfteam apply "$TMP/auto.yaml" | grep -q "port eth0: added"'
detectors "daemon"
# Made in a namespace of its own, as containers' are: nothing tells ours when it goes up.
if on host ip link add mv0 link team0 netns "${NS[peer]}" type macvlan mode bridge 2>/dev/null; then
	must on peer ip link set mv0 up
	check "a macvlan elsewhere makes the ports promiscuous" wait_for 3 promiscuous eth0
	must on peer ip link del mv0
	check "and no more" wait_for 3 quiet eth0
else
	skip "a macvlan elsewhere makes the ports promiscuous" "no macvlan here"
fi
# Before Linux 6.2 a device that is up keeps its name.
rename() { # FROM TO
	on host ip link set "$1" name "$2" 2>/dev/null && return
	on host ip link set "$1" down
	on host ip link set "$1" name "$2"
	on host ip link set "$2" up
}
must rename eth0 was0
check "a port that is renamed is followed by its new name" wait_for 3 port_is was0 up
must rename was0 eth0
check "and back" wait_for 3 port_is eth0 up
must bpfteam detach team0
stop_daemon
check "no daemon: apply says what a new team lacks" \
	eval 'bpfteam apply "$TMP/auto.yaml" | grep -q "no daemon runs"'
must bpfteam detach team0
must bpfteam attach team0 eth0 eth1 --detect poll --no-failover --address "$HOST4/24"
check "no daemon: from polling to the best" bpfteam apply "$TMP/auto.yaml"
check "no daemon: traffic goes on" wait_for 3 ping_peer

# ---- the interface ---------------------------------------------------------------------------

check_not "doctor finds nothing wrong with the interface" doctor_says 'interface'
must on host ip link set team0 down
check "doctor tells that it is down" doctor_says 'team0: its interface is down'
must on host ip link set team0 address 02:00:00:00:00:05
check "doctor tells of another MAC address" doctor_says '02:00:00:00:00:05'
must rename team0 other0
check "doctor tells of another name" doctor_says 'renamed other0'
must on host ip link del other0
check "doctor tells that it is gone" doctor_says 'detach team0'
refused 'detach team0' port set team0 eth0 --drain
refused 'detach team0' attach team0 eth0 eth1
refused 'detach team0' apply "$TMP/auto.yaml"
check "detach clears up" bpfteam detach team0
check_no_leftovers "nothing is left"

# ---- names that the kernel changes or keeps --------------------------------------------------

usage_error() { # NAME
	bpfteam attach "$1" eth0 2>"$TMP/err"
	[ $? = 2 ] && [ "$(wc -l <"$TMP/err")" = 1 ]
}
check "a name with a percent sign" usage_error 'team%d'
check "the name all" usage_error all
check_no_leftovers "they leave nothing"

finish
