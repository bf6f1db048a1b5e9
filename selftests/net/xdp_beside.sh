#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# XDP on the ports beside another XDP program there, xdp-filter, by libxdp's dispatcher: whichever came
# first, both see the frames, and each goes without the other.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2, 192.0.2.3 (filtered)
#	host.eth1 ---- p1     |
#	   team0 192.0.2.1
. "$(dirname "$0")/lib.sh"

need_tool xdp-filter xdp-loader
need_bpfteam
[ "$("$BUILD/bpfteam" doctor -j | jq -r .features.freplace)" = true ] ||
	skip_all "this kernel refuses freplace, by which libxdp's dispatcher works"
one_switch 2

OTHER4=192.0.2.3
must on peer ip addr add "$OTHER4/24" dev eth0

programs() { # DEV: names of the programs on it, one a line
	on host xdp-loader status "$1" | grep -oE 'xdp_port|xdpfilt_[a-z_]+' | sort
}
has() { # DEV NAME
	programs "$1" | grep -q "$2"
}
filter() { # DEV: drop what comes from OTHER4
	on host xdp-filter load "$1" --mode native && on host xdp-filter ip --mode src "$OTHER4"
}
dropped() {
	show '[.ports[].drops.inactive_port] | add'
}
broadcasts_are_dropped() {
	local before mac
	mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')
	before=$(dropped)
	on peer "$TOOLS/inject" --dev eth0 --src "$mac" --dst ff:ff:ff:ff:ff:ff --mark any \
		--count 50 --interval-us 200
	wait_for 2 dropped_since "$before" 50
}
dropped_since() { # BEFORE COUNT
	[ $(($(dropped) - $1)) -ge "$2" ]
}
pings_from() { # ADDRESS
	on peer ping -nqc 1 -W 1 -I "$1" "$HOST4"
}
both_work() { # DEV
	has "$1" xdp_port && has "$1" xdpfilt && pings_from "$PEER4" && ! pings_from "$OTHER4" &&
		broadcasts_are_dropped
}

check "xdp-filter is on a port first" filter eth0
must bpfteam attach team0 eth0 eth1 --xdp --address "$HOST4/24"
must wait_for 5 ping_peer
check "the team's program joins it, and both see the frames" both_work eth0
check "xdp-filter goes" on host xdp-filter unload eth0
check "and the team's program stays" has eth0 xdp_port
check "and nothing is filtered any more" pings_from "$OTHER4"
check "traffic goes on" ping_peer

check "xdp-filter comes to a port of the team" filter eth0
check "and both see the frames" both_work eth0
must bpfteam detach team0
check "detach leaves xdp-filter" has eth0 xdpfilt
check_not "and takes the team's program off" has eth0 xdp_port
check_not "from each port" has eth1 xdp_port
must on host xdp-filter unload eth0
check_no_leftovers
finish
