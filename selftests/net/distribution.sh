#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# balance-xor over four ports: 2,000 flows spread evenly, a lost port moves only its own flows, to all
# the others, and gets exactly them back; explain names the port of every flow; weights; fragments.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
#	host.eth2 ---- peer.eth2
#	host.eth3 ---- peer.eth3
#	   team0
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 4
MAC=02:00:00:00:00:02
DEVS=eth0,eth1,eth2,eth3
must bpfteam attach team0 eth0 eth1 eth2 eth3 --mode balance-xor --address "$HOST4/24" \
	--address "$HOST6/64"
must on host ip neigh add "$PEER4" lladdr $MAC dev team0
must on host ip neigh add "$PEER6" lladdr $MAC dev team0

# flows FILE [IP]: which flow (source port) came in by which port
flows() {
	spawn_tool peer "$1" manyflows recv --devs $DEVS --port 5000 --want 2000 --secs 10
	must on host "$TOOLS/manyflows" send --to "${2:-$PEER4}" --port 5000 --flows 2000
	reap "$SPAWNED"
}

even() { # FILE
	awk '{ n[$2]++ } END { for (d in n) { print d, n[d]; if (n[d] < 425 || n[d] > 575) bad = 1 }
		exit bad || length(n) != 4 }' "$1"
}

# moved FILE FILE: "flow from to" of each flow that is elsewhere
moved() {
	join "$1" "$2" | awk '$2 != $3'
}

flows "$TMP/v4"
check_eq "each of 2,000 flows came once" "$(cut -d' ' -f1 "$TMP/v4" | sort -u | wc -l)" 2000
check_eq "none came twice" "$(wc -l <"$TMP/v4")" 2000
check "each port is within 15 % of its share" even "$TMP/v4"
say "$(cut -d' ' -f2 "$TMP/v4" | sort | uniq -c | xargs)"
flows "$TMP/v6" "$PEER6"
check "IPv6: each port is within 15 % of its share" even "$TMP/v6"

# 2,000 processes, but one jq.
explain_all() { # SRC DST
	on host sh -c 'for sport in $(seq 20000 21999); do
		'"$BUILD"'/bpfteam explain team0 --src '"$1"' --dst '"$2"' --proto udp \
			--sport $sport --dport 5000 -j || exit 1
	done' | jq -r .port | awk '{ print 19999 + NR, $1 }'
}
from=$(now_ms)
explain_all "$HOST4" "$PEER4" >"$TMP/explained"
say "2,000 explains took $(($(now_ms) - from)) ms"
check_eq "explain agrees with the wire for every flow" \
	"$(diff "$TMP/v4" "$TMP/explained" | grep -c '^[<>]')" 0
check_eq "explain agrees for IPv6" "$(on host "$BUILD/bpfteam" explain team0 --src "$HOST6" \
	--dst "$PEER6" --proto udp --sport 20007 --dport 5000 -j | jq -r .port)" \
	"$(awk '$1 == 20007 { print $2 }' "$TMP/v6")"

# A port is lost.
must on peer ip link set eth2 down
pause 0.1
flows "$TMP/lost"
moved "$TMP/v4" "$TMP/lost" >"$TMP/moved"
check_eq "a lost port: every flow still arrives" "$(wc -l <"$TMP/lost")" 2000
check_eq "only its flows moved" "$(awk '$2 != "eth2"' "$TMP/moved" | wc -l)" 0
check "it had some" grep -q eth2 "$TMP/v4"
check_eq "all of them moved" "$(wc -l <"$TMP/moved")" "$(grep -c eth2 "$TMP/v4")"
check "they are spread over all others" awk '{ n[$3]++ } END { for (d in n) { print d, n[d]
	if (n[d] < NR / 3 * 0.75 || n[d] > NR / 3 * 1.25) bad = 1 }
	exit bad || length(n) != 3 }' "$TMP/moved"
check_eq "explain knows" "$(bpfteam explain team0 --src "$HOST4" --dst "$PEER4" --proto udp \
	--sport "$(head -1 "$TMP/moved" | cut -d' ' -f1)" --dport 5000 -j |
	jq -r '"\(.port) \(.reason)"')" "$(head -1 "$TMP/moved" | cut -d' ' -f3) failover"
must on peer ip link set eth2 up
must wait_for 3 has_carrier host eth2
pause 0.1
flows "$TMP/back"
check_eq "it gets exactly its flows back" "$(cat "$TMP/back")" "$(cat "$TMP/v4")"

# Weights: 3 of 6.
must bpfteam port set team0 eth0 --weight 3
flows "$TMP/weighted"
n=$(grep -c eth0 "$TMP/weighted")
check "a port of weight 3 among 1, 1, 1 carries half ($n of 2,000)" test "$n" -ge 850 -a "$n" -le 1150
check_eq "flows moved only to it" "$(moved "$TMP/v4" "$TMP/weighted" | awk '$3 != "eth0"' | wc -l)" 0

# All fragments of a datagram on one port.
sniffers=()
for i in 0 1 2 3; do
	spawn_tool peer "$TMP/frag.$i" sniff --dev "eth$i" --type 0x800 --dst $MAC --secs 20
	sniffers+=("$SPAWNED")
done
on host "$TOOLS/stream" send --to "$PEER4:5003" --rate 100 --secs 0.195 --size 4000 --flows 16 >"$TMP/sent"
stop "${sniffers[@]}"
check_eq "20 datagrams of 16 flows, three fragments each: all on one port" \
	"$(jq .matched "$TMP"/frag.? | sort -n | tail -1)" \
	"$(jq -s 'map(.matched) | add' "$TMP"/frag.?)"
finish
