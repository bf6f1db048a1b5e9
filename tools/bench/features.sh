#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What each feature adds to a packet: bpfteam as it comes, and with one thing changed. The measuring
# script of `tools/bench/run features`, to be run where instructions are counted. balance-xor,
# layer3+4, detector state unless the name says otherwise; lib.sh has the topology.
. "$(dirname "$0")/lib.sh"

TABLE=features
bench_setup
for name in raw bpfteam 'bpfteam, detector fentry' 'bpfteam, detector poll' 'bpfteam, hash layer2+3' \
	'bpfteam, hash layer2' 'bpfteam, hash encap2+3' 'bpfteam, hash encap3+4' \
	'bpfteam, hash vlan+srcmac' 'bpfteam, hash txhash' 'bpfteam, active-backup' 'bpfteam, promiscuous' 'bpfteam, on RNICs' bpfteam-direct; do
	contender "$name" balance-xor 2 || continue
	# As while somebody captures on team0; the daemon sees it and tells the programs.
	[ "$name" != 'bpfteam, promiscuous' ] || {
		must on host ip link set team0 promisc on
		wait_for 10 idle
	}
	measure "$TOOLS/packets" --host "${NS[host]}" --peer "${NS[peer]}" --mac "$DEV_MAC" \
		--port p0 --ops tx4,rx4,tx6,rx6 --table features --contender "$name" --runs "$RUNS" \
		--count "$COUNT"
	contender_end
done
missing bpfteam "$TABLE" "VLAN groups: not measured yet"
exit "$STATUS"
