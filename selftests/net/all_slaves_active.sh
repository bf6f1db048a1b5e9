#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# all_slaves_active: what switches flood is received on every port, as often as there are ports; without,
# on the active one alone. A running team changes between both.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
start_daemon

apply() { # BOOL
	cat >"$TMP/team0.yaml" <<-YAML
	team: team0
	addresses: [$HOST4/24]
	ports: [{name: eth0}, {name: eth1}]
	all_slaves_active: $1
	YAML
	bpfteam apply "$TMP/team0.yaml"
}

# of_eth1 KEY: what the backup counted
of_eth1() {
	bpfteam show team0 -j | jq ".[0].ports[1] | $1"
}

# floods: five broadcasts of the peer's have reached the host by both ways
floods() {
	on peer ping -nqb -c5 -i0.2 -W1 192.0.2.255 >/dev/null 2>&1
	return 0
}

# more KEY THAN N
more() {
	[ "$(of_eth1 "$1")" -ge $(($2 + 5)) ]
}

must apply false
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
drops=$(of_eth1 .drops.inactive_port) rx=$(of_eth1 .rx_packets)
floods
check "a backup drops what is flooded" wait_for 5 more .drops.inactive_port "$drops"
check_eq "and receives nothing" "$(of_eth1 .rx_packets)" "$rx"

check "the running team is told otherwise" apply true
drops=$(of_eth1 .drops.inactive_port)
floods
check "it receives" wait_for 5 more .rx_packets "$rx"
check_eq "and drops nothing more" "$(of_eth1 .drops.inactive_port)" "$drops"
check "unicast goes on" ping_peer

check "and back" apply false
rx=$(of_eth1 .rx_packets)
floods
check "it drops" wait_for 5 more .drops.inactive_port "$drops"
check_eq "and receives nothing more" "$(of_eth1 .rx_packets)" "$rx"

finish
