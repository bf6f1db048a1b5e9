#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A port's own stack is silent while it is a member: what it sends would bear the team's MAC, when that
# is the port's, and move the switch's entry for it to a port that does not receive. On a router,
# whose IPv6 stack reports its groups whenever a link comes, at attach and when the link is back.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
must on host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
start_daemon
mac=$(on host ip -j link show eth0 | jq -r '.[0].address')

# What the switch hears from eth0 with the team's MAC, for all the time that MLD takes (RFC 3810,
# 9.11: a second each for two reports).
listen() {
	spawn_tool a "$TMP/$1" sniff --dev p0 --src "$mac" --secs 20
	pause 2.2
	stop "$SPAWNED"
	heard=$(jq '.matched - .outgoing' "$TMP/$1")
}

attach eth0 eth1
must bpfteam port set team0 eth0 --drain
must active_is eth1
listen attached
check_eq "nothing is heard from a port that was just attached" "$heard" 0
must bpfteam port set team0 eth0 --undrain
cut_cable 0
must wait_for 2 port_is eth0 down
mend_cable 0
must active_is eth1
listen returned
check_eq "nor from one whose link is back" "$heard" 0
check "IPv6 works on the team" ping_peer "$PEER6"
check_eq "the ports have none" \
	"$(on host cat /proc/sys/net/ipv6/conf/{eth0,eth1}/disable_ipv6 | xargs)" "1 1"
must bpfteam detach team0
check_eq "they have it back after detach" \
	"$(on host cat /proc/sys/net/ipv6/conf/{eth0,eth1}/disable_ipv6 | xargs)" "0 0"
check_no_leftovers
finish
