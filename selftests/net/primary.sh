#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Which port is active: primary and its primary_reselect, priority.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 3
start_daemon

config() { # RESELECT
	cat <<-YAML
	team: team0
	addresses: [$HOST4/24]
	ports:
	  - {name: eth1}
	  - {name: eth0}
	primary: eth0
	primary_reselect: $1
	detect: {updelay_ms: 100}
	YAML
}

# to_eth1_and_back: eth0 goes and comes
to_eth1_and_back() {
	must wait_for 5 active_is eth0
	cut_cable 0
	must wait_for 2 active_is eth1
	mend_cable 0
	must wait_for 5 port_is eth0 up
}

config always >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
check "the primary is active though it is not the first" wait_for 5 active_is eth0
to_eth1_and_back
check "always: the primary is active again" wait_for 3 active_is eth0

config failure >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
to_eth1_and_back
pause 0.3
check "failure: the other one stays active" active_is eth1
cut_cable 1
check "failure: until it fails" wait_for 2 active_is eth0
mend_cable 1
must wait_for 5 port_is eth1 up

config better >"$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
to_eth1_and_back
pause 0.3
check "better: a primary that is no faster does not take over" active_is eth1

sed -i '/^primary/d' "$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
must bpfteam port add team0 eth2
must bpfteam port set team0 eth2 --priority 10
check "a port of higher priority takes over" wait_for 3 active_is eth2
must bpfteam port set team0 eth2 --priority -10
check "and loses it with its priority" wait_for 3 active_is eth1
must bpfteam port set team0 eth1 --drain
check "a drained port gives way to the next one by priority" wait_for 3 active_is eth0
finish
