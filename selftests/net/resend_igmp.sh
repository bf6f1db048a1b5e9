#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# After a fail-over multicast routers, and switches that snoop, are told which groups we are in, by IGMP
# and MLD, resend_igmp times: or they would go on sending them to the old switch alone.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
need_tool socat tcpdump
two_switches 2
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: [$HOST4/24, 192.0.2.77/24, "$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
num_peer_notif: 0
resend_igmp: 2
YAML
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
for group in 239.1.2.3 239.1.2.4; do
	spawn host socat -u "UDP4-RECV:5555,reuseaddr,ip-add-membership=$group:team0" /dev/null
done
spawn host socat -u "UDP6-RECV:5556,reuseaddr,ipv6-join-group=[ff05::1234]:team0" /dev/null
joined() {
	on host ip maddr show dev team0 | grep -c -e 239.1.2.3 -e 239.1.2.4 -e ff05::1234
}
all_joined() {
	[ "$(joined)" = 3 ]
}
must wait_for 5 all_joined

dump() { # FILE
	(exec nsenter --net="/run/netns/${NS[peer]}" tcpdump -nvvli eth0 \
		"igmp or (ip6 and ip6[40] = 58)" >"$TMP/$1" 2>"$TMP/tcpdump.$1") &
	DUMP=$!
	PIDS+=("$DUMP")
	must wait_for 5 grep -q listening "$TMP/tcpdump.$1"
}

# The kernel's own reports of the new groups come within ten seconds or so; those are not to be counted.
quiet() {
	dump settle
	pause 3
	stop "$DUMP"
	! grep -qE '239\.1\.2\.|ff05::1234' "$TMP/settle"
}
must wait_for 40 quiet

dump told
cut_cable 0
of() { # PATTERN: reports that tell of it
	grep -cE -- "$1" "$TMP/told"
}
all_told() {
	[ "$(of 'gaddr 239\.1\.2\.3 is_ex')" -ge 2 ] && [ "$(of 'gaddr ff05::1234 is_ex')" -ge 2 ]
}
check "the peer is told" wait_for 5 all_told
# More would come within this time.
pause 0.5
stop "$DUMP"
check_eq "twice of the one group" "$(of 'gaddr 239\.1\.2\.3 is_ex')" 2
check_eq "twice of the other" "$(of 'gaddr 239\.1\.2\.4 is_ex')" 2
check_eq "twice of the IPv6 group" "$(of 'gaddr ff05::1234 is_ex')" 2
check_eq "not of the group of all hosts" "$(of 'gaddr (224\.0\.0\.1|ff02::1) ')" 0
check "with the team's address" grep -q "$HOST4 > 224.0.0.22: igmp v3 report" "$TMP/told"
check "MLD from its link-local one" grep -qE 'fe80::[0-9a-f:]+ > ff02::16: .*multicast listener report v2' \
	"$TMP/told"
check_not "all checksums are right" grep -qE 'bad.*cksum|bad igmp|bad icmp6' "$TMP/told"
sed 's/^/#   /' "$TMP/told" | head -20
finish
