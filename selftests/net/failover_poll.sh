#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Fail-over where nothing but the daemon's polling sees a port fail (--detect poll): sending and
# receiving lose at most 10 ms of traffic.
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
addresses: [$HOST4/24, "$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
detect: {method: poll, updelay_ms: 100}
YAML
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer
check_eq "the detector is the one asked for" "$(show .detector)" poll

measure tx tx $((10 * FRAMES_PER_MS)) carrier down
measure rx rx $((10 * FRAMES_PER_MS)) carrier down

finish
