#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Whether a packet costs the same however many ports, flows, and flows of RDMA there are: the measuring
# script of `tools/bench/run scale`, to be run where instructions are counted. balance-xor; lib.sh has the
# topology. The frame received comes in by the last port.
#
#	tools/bench/scale.sh ports|flows|rdma [CONTENDER...]
. "$(dirname "$0")/lib.sh"

TABLE="scale: $1"
need_built tools/packets
bench_setup

# packets CASE FLOWS PORT
packets() {
	measure "$TOOLS/packets" --host "${NS[host]}" --peer "${NS[peer]}" --mac "$DEV_MAC" \
		--port "p$3" --ops tx4,rx4 --table "$TABLE" --contender "$CONTENDER" --prefix "$1, " \
		--count "$COUNT" --flows "$2" --runs "$RUNS"
}

# raw has as many cables, and uses one.
scale_ports() { # CONTENDER
	local n last
	for n in 2 8 32 64; do
		last=$((n - 1))
		[ "$1" != raw ] || last=0
		contender "$1" balance-xor "$n" || continue
		packets "$n ports" 1 "$last"
		contender_end
	done
}

scale_flows() { # CONTENDER
	local n
	contender "$1" balance-xor 2 || return
	for n in 1 100 10000 100000; do
		[ -z "$SHORT" ] || [ "$n" -le 10000 ] || continue
		packets "${n/%000/,000} flow$([ "$n" = 1 ] || echo s)" "$n" 0
	done
	contender_end
}

# received CASE MAC: by the RNIC, port p1.
received() {
	measure "$TOOLS/packets" --host "${NS[host]}" --peer "${NS[peer]}" --mac "$2" --port p1 \
		--ops rx4 --table "$TABLE" --contender "$CONTENDER" --prefix "$1, " --count "$COUNT" \
		--runs "$RUNS"
}

# exempt COUNT LOCAL_PORT [REMOTE [PORT]]: so many flows stay on the RNIC. What `received` sends is from
# 192.0.2.2, port 1024, to port 5000.
exempt() {
	must "$TOOLS/exempt" --pins "$BPFFS/team0" --port 1 --local "$HOST4" --local-port "$2" \
		--remote "${3:-198.18.0.0}" --remote-port "${4:-1}" --count "$1"
}

scale_rdma() { # CONTENDER
	local n what mac
	need_built tools/exempt
	contender "$1" balance-xor 2 || return
	mac=$(mac_of 1)
	for n in 0 100 10000 100000; do
		[ -z "$SHORT" ] || [ "$n" -le 10000 ] || continue
		what="${n/%000/,000} flows stay"
		exempt "$n" 4999
		received "$what, a teamed frame" "$DEV_MAC"
		received "$what, the vport's, its port is none of theirs" "$mac"
		[ "$n" -gt 0 ] || continue
		exempt "$n" 5000
		received "$what, the vport's, its port is one of theirs" "$mac"
		exempt "$n" 5000 "$PEER4" 1024
		received "$what, one of those" "$mac"
	done
	contender_end
}

way=$1
shift
for name in "$@"; do
	"scale_$way" "$name"
done
[ "$way" != flows ] || missing bpfteam "scale: vports" \
	"1 to 1,000 VLAN groups: not measured yet"
exit "$STATUS"
