#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What it costs, in frames, when the active port of a team with a daemon fails in each way there is;
# sending and receiving, 20,000 frames a second, beside a control event that is none.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
#
# Every second fail-over is from eth1 to eth0: switch a, which does not see that link fail, sends into
# the trunk until it is told.
#
# Sending loses at most 2 frames (the data path looks at the port itself), receiving at most 5 ms of
# traffic (the switches have to be told).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
ns_add elsewhere
start_daemon
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: [$HOST4/24, "$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
detect: {updelay_ms: 100}
YAML
must bpfteam apply "$TMP/team0.yaml"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
say "detector: $(show .detector)"

if [ "$(show .detector)" = state ]; then
	tx_limit=2
else
	tx_limit=$((10 * FRAMES_PER_MS))
fi
measure tx tx "$tx_limit" carrier down removed moved renamed
measure rx rx $((5 * FRAMES_PER_MS)) carrier down removed moved renamed

finish
