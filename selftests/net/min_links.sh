#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# min_links: with fewer usable ports than that, the team's interface has no carrier, so routing daemons
# and bridges see it; a change of the number counts at once.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
start_daemon

config() { # MIN_LINKS
	printf 'team: team0\naddresses: [%s/24]\nports:\n- {name: eth0}\n- {name: eth1}\n' "$HOST4"
	printf 'detect: {updelay_ms: 0}\nmin_links: %s\n' "$1"
}

apply() { # MIN_LINKS
	config "$1" >"$TMP/team0.yaml" && bpfteam apply "$TMP/team0.yaml"
}

no_carrier() {
	! has_carrier host team0
}

state_is() {
	[ "$(bpfteam show team0 -j | jq -r '.[0].state')" = "$1" ]
}

must apply 2
check "two of two: the team has carrier" wait_for 5 has_carrier host team0
check "and carries" wait_for 5 ping_peer
must on b ip link set p1 down
check "one of two: none" wait_for 5 no_carrier
check "and show says so" wait_for 5 state_is down
must on b ip link set p1 up
check "two again: carrier" wait_for 5 has_carrier host team0
check "and traffic" wait_for 5 ping_peer
must on b ip link set p1 down
must wait_for 5 no_carrier
check "one is enough from now on" apply 1
check "there is carrier" wait_for 5 has_carrier host team0
check "and traffic by the one" wait_for 5 ping_peer
check "two are wanted again" apply 2
check "there is none" wait_for 5 no_carrier
check_not "more than a team can have is refused" apply 65
check "and says where" grep -q "team0.yaml:7: min_links: 65 is out of range (0 to 64)" "$TMP/last"

finish
