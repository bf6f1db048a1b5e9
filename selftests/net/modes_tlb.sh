#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# balance-tlb behind a switch that knows of no team: flows leave by all ports, each with a MAC of its
# own, answers and frames to all by the active one, which bears the team's; the switch's entries stay
# where they are, also when the port whose MAC the team has is not the active one.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2
#	host.eth1 ---- p1     |
#	   team0 192.0.2.1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
one_switch 2
port_picture eth0 >"$TMP/before0"
port_picture eth1 >"$TMP/before1"
start_daemon
attach eth0 eth1 --mode balance-tlb
must wait_for 5 ping_peer
must wait_for 5 active_is eth0
TEAM=$(show .mac)
PEER=$(on peer ip -j link show eth0 | jq -r '.[0].address')
OWN1=$(on host ip -j link show eth1 | jq -r '.[0].address')

# count NAME DEV MAC...: frames from MAC to the peer that come by DEV of the switch, into $TMP/NAME.N
SNIFFERS=()
count() {
	local name=$1 dev=$2 mac n=0
	shift 2
	for mac; do
		spawn_tool a "$TMP/$name.$n" sniff --dev "$dev" --src "$mac" --dst "$PEER" --secs 30
		SNIFFERS+=("$SPAWNED")
		n=$((n + 1))
	done
}

counted() {
	stop "${SNIFFERS[@]}"
	SNIFFERS=()
}

matched() {
	jq .matched "$TMP/$1"
}

# flows: 1,000 frames of 32 flows to the peer
flows() {
	on host "$TOOLS/stream" send --to "${1:-$PEER4}:5000" --rate 5000 --secs 0.2 --flows 32 >"$TMP/sent"
	SENT=$(jq .sent "$TMP/sent")
}

# entry MAC: the port of the switch that has it
entry() {
	on a bridge fdb show br br0 | awk -v mac="$1" '$1 == mac { print $3 }'
}

count p0 p0 "$TEAM" "$OWN1"
count p1 p1 "$TEAM" "$OWN1"
flows
counted
check "a good part of the flows leaves by eth0, with the team's MAC ($(matched p0.0) of $SENT)" \
	test "$(matched p0.0)" -ge $((SENT / 5))
check "a good part by eth1, with its own ($(matched p1.1) of $SENT)" \
	test "$(matched p1.1)" -ge $((SENT / 5))
check_eq "neither with the other's" "$(matched p0.1) $(matched p1.0)" "0 0"
check_eq "the switch has the team's MAC at eth0, and eth1's at eth1" \
	"$(entry "$TEAM") $(entry "$OWN1")" "p0 p1"
check_eq "show has an active port" "$(show '"\(.mode) \(.active_port)"')" "balance-tlb eth0"
count p1 p1 "$OWN1"
flows "[$PEER6]"
counted
check "IPv6: some by eth1, with its own MAC ($(matched p1.0) of $SENT)" \
	test "$(matched p1.0)" -ge $((SENT / 5))

# ---- what is not balanced

before=$(port_field eth1 .tx_packets)
must on host "$TOOLS/inject" --dev team0 --src "$TEAM" --dst ff:ff:ff:ff:ff:ff --count 50
must on host ip neigh flush dev team0
must wait_for 5 ping_peer
check_eq "frames to all leave by the active port" "$(($(port_field eth1 .tx_packets) - before < 10))" 1
check_eq "explain: a group's by the active one" "$(bpfteam explain team0 --src "$HOST4" \
	--dst 224.0.0.251 --proto udp --sport 5353 --dport 5353 -j | jq -r '"\(.port) \(.reason)"')" \
	"eth0 active"
check_eq "explain: a flow's by its hash" "$(for i in $(seq 40); do bpfteam explain team0 --src "$HOST4" \
	--dst "$PEER4" --proto udp --sport "$i" --dport 9 -j | jq -r '"\(.port) \(.reason)"'; done |
	sort -u | xargs)" "eth0 hash eth1 hash"
before=$(port_field eth1 .rx_packets)
stream_start rx rx --flows 8
stream_start tx tx --flows 8
pause 0.5
stream_stop rx tx
check_whole rx "every frame received came once"
check_whole tx "every frame sent came once"
check "and by eth0" test $(($(port_field eth1 .rx_packets) - before)) -lt 10

# ---- the port whose MAC the team bears is not the active one

must bpfteam port set team0 eth1 --priority 5
must wait_for 5 active_is eth1
own0=$(on host bridge fdb show dev eth0 | awk '$2 == "self" && $1 !~ /^(33:33|01:)/ { print $1 }' |
	grep -v "$TEAM" | head -1)
check "eth0 has a MAC of its own beside" test -n "$own0"
count p0 p0 "$TEAM" "${own0:-$TEAM}"
count p1 p1 "$TEAM"
flows
counted
check_eq "eth0 sends with that, and no frame with the team's" \
	"$(matched p0.0) $(($(matched p0.1) >= SENT / 5))" "0 1"
check "eth1 with the team's ($(matched p1.0) of $SENT)" test "$(matched p1.0)" -ge $((SENT / 5))
check_eq "the switch has the team's MAC at eth1" "$(entry "$TEAM")" p1

# ---- fail-over

limit=2
[ "$(show .detector)" = state ] || limit=$((10 * FRAMES_PER_MS))
cut() {
	local tx=tx-cut$ATTEMPT from
	must bpfteam port set team0 eth1 --priority 5
	must wait_for 5 active_is eth1
	stream_start "$tx" tx --flows 8
	pause 0.3
	from=$(now_ns)
	on a ip link set p1 down
	must wait_for 3 active_is eth0
	pause 0.3
	stream_stop "$tx"
	lost_since "$tx" "$from"
	must wait_for 3 peer_pings
	on a ip link set p1 up
	must wait_for 5 port_is eth1 up
}
within "$limit" cut
check "a cut of the active port costs at most $limit frames sent ($LOST)" test "$LOST" -le "$limit"
must wait_for 5 active_is eth1
must wait_for 2 ping_peer
check_eq "the switch heard where the team's MAC is now" "$(entry "$TEAM")" p1

# ---- what is refused, and the end

printf 'team: team0\nmode: balance-tlb\ntlb_dynamic_lb: true\nports: [{name: eth0}, {name: eth1}]\n' \
	>"$TMP/bad.yaml"
check_not "tlb_dynamic_lb: true is refused" bpfteam apply "$TMP/bad.yaml"
check "and says why" grep -q 'bad.yaml:3: tlb_dynamic_lb: true is not supported' "$TMP/last"
must bpfteam detach team0
port_picture eth0 >"$TMP/after0"
port_picture eth1 >"$TMP/after1"
check_eq "eth0 is as it was" "$(cat "$TMP/after0")" "$(cat "$TMP/before0")"
check_eq "eth1 is as it was" "$(cat "$TMP/after1")" "$(cat "$TMP/before1")"
check_no_leftovers
finish
