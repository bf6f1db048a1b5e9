#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Fail-over on kernels that lack something: without tcx (clsact filters instead) it costs the same;
# without the data path's look at the port (rung 0) the best detector left stands in.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 2
cat >"$TMP/team0.yaml" <<YAML
team: team0
addresses: [$HOST4/24, "$HOST6/64"]
ports:
  - {name: eth0}
  - {name: eth1}
detect: {updelay_ms: 100}
YAML

# run FEATURE TX_LIMIT RX_LIMIT: in frames
run() {
	export BPFTEAM_WITHOUT=$1
	start_daemon
	must bpfteam apply "$TMP/team0.yaml"
	must wait_for 5 ping_peer
	must wait_for 5 active_is eth0
	say "without $1, detector: $(show .detector)"
	if [ "$1" = tcx ]; then
		check "without tcx: the programs are clsact filters" \
			sh -c "nsenter --net=/run/netns/${NS[host]} tc filter show dev eth0 ingress |
				grep -q bpf"
	else
		check_not "without $1: the detector is another one" \
			test "$(show .detector)" = state
	fi
	measure "tx-without-$1" tx "$2" carrier down
	measure "rx-without-$1" rx "$3" carrier down
	must bpfteam detach team0
	check_no_leftovers "without $1: nothing is left behind"
	stop_daemon
}

run tcx 2 $((5 * FRAMES_PER_MS))
# At worst the daemon polls, every 5 ms.
run state $((10 * FRAMES_PER_MS)) $((10 * FRAMES_PER_MS))

finish
