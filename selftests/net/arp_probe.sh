#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A path that dies with the link up: the ARP probe finds it, the team fails over, and comes back when
# the path does. Nothing that others cache is changed by probing.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: [$HOST4/24]
ports:
  - {name: eth0}
  - {name: eth1}
primary: eth0
arp_interval_ms: 100
arp_ip_target: [$PEER4]
arp_validate: all
arp_missed_max: 2
detect: {updelay_ms: 200}
YAML
must bpfteam apply "$TMP/team0.yaml"
check "both ports hear their target" wait_for 5 port_is eth1 up
check "the first one, too" wait_for 5 port_is eth0 up
must wait_for 5 active_is eth0
must wait_for 5 ping_peer
pause 0.5
check_eq "the peer's neighbour entry is the team's" \
	"$(on peer ip -j neigh show "$HOST4" | jq -r '.[0].lladdr')" "$(show .mac)"

stream_start tx tx
pause 0.3
from=$(now_ns)
# The switch's port forwards nothing any more, its link stays.
must on a bridge link set dev p0 state 0
check "the dead path is found" wait_for 3 port_is eth0 down
say "after $((($(now_ns) - from) / 1000000)) ms, reason: $(port_field eth0 .reason)"
check "its link is up" has_carrier host eth0
check "the reason tells of the probe" sh -c "echo '$(port_field eth0 .reason)' | grep -qi arp"
check "the other port is active" active_is eth1
pause 0.3
must on a bridge link set dev p0 state 3
check "the path is back: so is the port" wait_for 5 active_is eth0
pause 0.3
stream_stop tx
gap=$(gap_in tx $((from - 20000000)) 999999999999999999)
check "traffic stood still for at most 4 intervals ($gap ms)" test "${gap%.*}" -le 400

# The target dies: no port hears it, and the team must not flap over that for ever.
must on peer ip link set eth0 down
check "the target is gone: both ports are down" wait_for 3 port_is eth1 down
must on peer ip link set eth0 up
must wait_for 5 bridge_forwards a peer
check "the target is back: both are up" wait_for 5 port_is eth1 up
check "and traffic flows" wait_for 5 ping_peer

# In balance-xor, too.
sed -i '1a mode: balance-xor' "$TMP/team0.yaml"
sed -i '/^primary:/d' "$TMP/team0.yaml"
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 port_is eth0 up
must on a bridge link set dev p0 state 0
check "balance-xor: the dead path is found" wait_for 3 port_is eth0 down
must on a bridge link set dev p0 state 3
check "balance-xor: and is used again" wait_for 5 port_is eth0 up
finish
