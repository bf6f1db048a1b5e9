#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Tunnels of the host over a team: what 400 flows inside one send goes by one port with layer3+4, which
# sees one flow, and by both with encap3+4. Counted at both ports' far ends.
#
#	host.tun0 (10.9.0.1)
#	host.team0 --- eth0 ---- peer.eth0
#	          \--- eth1 ---- peer.eth1
. "$(dirname "$0")/lib.sh"

need_bpfteam
FLOWS=400
MAC=02:00:00:00:00:02
cross_cables 2
must bpfteam attach team0 eth0 eth1 --mode balance-xor --address "$HOST4/24" --address "$HOST6/64"

declare -A TUNNELS=(
	[vxlan]="id 5 dstport 4789 srcport 50000 50001 local $HOST4 remote $PEER4"
	[gretap]="local $HOST4 remote $PEER4"
	[gre]="local $HOST4 remote $PEER4"
	[ipip]="local $HOST4 remote $PEER4"
	[ip6tnl]="mode ipip6 local $HOST6 remote $PEER6"
)

received() { # DEV
	on peer ip -j -s link show "$1" | jq '.[0].stats64.rx.packets'
}

# Frames that come by each of the two.
count() {
	local before0 before1
	before0=$(received eth0)
	before1=$(received eth1)
	must on host "$TOOLS/manyflows" send --to 10.9.0.2 --port 5000 --flows $FLOWS
	BY0=$(($(received eth0) - before0))
	BY1=$(($(received eth1) - before1))
	LESS=$((BY0 < BY1 ? BY0 : BY1))
}

policy() {
	bpfteam detach team0 && bpfteam attach team0 eth0 eth1 --mode balance-xor --hash "$1" \
		--address "$HOST4/24" --address "$HOST6/64" || return
	on host ip neigh replace "$PEER4" lladdr "$MAC" dev team0
	on host ip neigh replace "$PEER6" lladdr "$MAC" dev team0
	on host ip addr replace 10.9.0.1/24 dev tun0
	on host ip neigh replace 10.9.0.2 lladdr "$MAC" dev tun0 2>/dev/null
	on host ip link set tun0 up
}

for kind in vxlan gretap gre ipip ip6tnl; do
	# shellcheck disable=SC2086 # a list of words
	if ! on host ip link add tun0 type $kind ${TUNNELS[$kind]} 2>"$TMP/why"; then
		grep -q 'Unknown device type' "$TMP/why" || bail "$kind: $(cat "$TMP/why")"
		skip "$kind" "this kernel has none"
		continue
	fi
	must policy layer3+4
	count
	check "$kind, layer3+4: by one port ($BY0 and $BY1)" test "$LESS" -lt 20
	must policy encap3+4
	count
	check "$kind, encap3+4: by both, evenly ($BY0 and $BY1)" test "$LESS" -gt 150
	check_eq "$kind, encap3+4: none was lost" "$((BY0 + BY1 >= FLOWS))" 1
	must on host ip link del tun0
done
must bpfteam detach team0
finish
