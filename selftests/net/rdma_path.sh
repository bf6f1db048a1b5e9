#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The way of an RDMA vport as a team of its own, `rdma: {ports: [...]}`: its traffic over the RNIC and
# the ports that are named, behind a switch that learns; which of them stands in for the RNIC; and flows
# that stay on it by hand.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2, 198.51.100.2 to .9
#	host.eth1 ---- p1     |
#	host.eth2 ---- p2     |       the RNIC
#	host.eth3 ---- p3     |       none of the vport's
#	   team0 192.0.2.1, team0r 198.51.100.1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

R4_HOST=198.51.100.1 R4_PEER=198.51.100.2
need_bpfteam
one_switch 4
port_switch() { echo a; }
for i in {2..9}; do
	must on peer ip address add "198.51.100.$i/24" dev eth0
done
must on peer ip address add 2001:db8:5::2/64 dev eth0 nodad
# shellcheck disable=SC2119
start_daemon
picture() {
	local i
	for i in 0 1 2 3; do
		port_picture "eth$i"
	done
	on host ip rule
}
before=$(picture)
config() { # MODE RDMA_KEYS [MORE]
	cat <<-END
	team: team0
	mode: $1
	addresses: [$HOST4/24]
	ports: [{name: eth0}, {name: eth1}, {name: eth2, rdma: on}, {name: eth3}]
	rdma: {port: eth2, addresses: [$R4_HOST/24, 2001:db8:5::1/64], failover: true, $2}
	${3:-}
	END
}
to() { # MODE RDMA_KEYS [MORE]
	config "$@" >"$TMP/team0.yaml"
	bpfteam apply "$TMP/team0.yaml"
}
rnic() { # FILTER
	bpfteam rdma team0 -j | jq -r ".[0].rnics[0] | $1"
}
rnic_mac=$(on host ip -j link show eth2 | jq -r '.[0].address')
peer_mac=$(on peer ip -j link show eth0 | jq -r '.[0].address')

# What comes in at the switch's ports p0 to p3 while a command runs: IP to the peer -> FRAMES, of that under
# the RNIC's address -> OF_RNIC. The tools of a port that is away for a moment see nothing.
sniff_start() {
	local i
	SNIFFERS=()
	for i in 0 1 2 3; do
		spawn_tool a "$TMP/all.$i" sniff --dev "p$i" --dst "$peer_mac" --type 0x0800 --secs 30
		SNIFFERS+=("$SPAWNED")
		spawn_tool a "$TMP/rnic.$i" sniff --dev "p$i" --dst "$peer_mac" --type 0x0800 \
			--src "$rnic_mac" --secs 30
		SNIFFERS+=("$SPAWNED")
	done
}
sniff_stop() {
	local i
	for i in "${SNIFFERS[@]}"; do
		stop "$i"
	done
	for i in 0 1 2 3; do
		FRAMES[i]=$(jq .matched "$TMP/all.$i")
		OF_RNIC[i]=$(jq .matched "$TMP/rnic.$i")
	done
	say "IP frames by p0 to p3: ${FRAMES[*]}, under the RNIC's address: ${OF_RNIC[*]}"
}
# flows: frames of 64 flows -> WHOLE, FRAMES, OF_RNIC
WHOLE='' FRAMES=() OF_RNIC=()
flows() {
	local receiver
	spawn_tool peer "$TMP/recv" stream recv --port 5001 --secs 30
	receiver=$SPAWNED
	sniff_start
	on host "$TOOLS/stream" send --to "$R4_PEER:5001" --rate 2000 --flows 64 --secs 0.5 >/dev/null
	reap "$receiver"
	sniff_stop
	WHOLE=$(jq -r '"\(.lost) lost, \(.duplicates) double"' "$TMP/recv")
}

# ---- spread, in a mode that hashes ----

check "apply with ports" to balance-xor "ports: [eth1, eth0]"
r_works() { on host ping -nqc 1 -W 1 -I "$R4_HOST" "$R4_PEER"; }
peer_works() { on peer ping -nqc 1 -W 1 "$R4_HOST"; }
must wait_for 5 r_works
check_eq "rdma names them" "$(rnic '"\(.ports | join(" ")), \(.spread | sort | join(" ")), \(.path)"')" \
	"eth1 eth0, eth0 eth1 eth2, eth2"
bpfteam rdma team0 >"$TMP/rdma"
check "also as text" grep -q "eth0, eth1, eth2  *eth1, eth0" "$TMP/rdma"
flows
check_eq "64 flows: each frame arrives, and once" "$WHOLE" "0 lost, 0 double"
check "over the RNIC and both ports that are named" \
	test "${FRAMES[0]}" -ge 50 -a "${FRAMES[1]}" -ge 50 -a "${FRAMES[2]}" -ge 50
check_eq "and not by the fourth" "${FRAMES[3]}" 0
check_eq "the RNIC's address is seen at its own port alone" \
	"${OF_RNIC[0]} ${OF_RNIC[1]} ${OF_RNIC[3]}" "0 0 0"
learnt() { on a bridge -j fdb show br br0 | jq -r ".[] | select(.mac == \"$1\" and .vlan == null) | .ifname"; }
check_eq "where the switch has it" "$(learnt "$rnic_mac")" p2
check_eq "and peers have it for the vport's" \
	"$(on peer ip -j neigh show "$R4_HOST" | jq -r '.[0].lladdr')" "$rnic_mac"
check "the peer reaches the vport" peer_works
check "and over IPv6" wait_for 5 on peer ping -nqc 1 -W 1 2001:db8:5::1

# One ping to each of eight addresses, and where explain says that it goes.
explained=0 by=() others=0
for i in {2..9}; do
	must on host ping -nqc 1 -W 2 -I "$R4_HOST" "198.51.100.$i"
	said=$(bpfteam explain team0 --src "$R4_HOST" --dst "198.51.100.$i" --proto 1 -j)
	by+=("$(jq -r .port <<<"$said")")
	sniff_start
	must on host ping -nqc 3 -i 0.05 -W 2 -I "$R4_HOST" "198.51.100.$i"
	sniff_stop
	n=${FRAMES[${by[-1]#eth}]}
	[ "$(jq -r .reason <<<"$said")" = hash ] && [ "$n" -ge 1 ] &&
		[ "$n" = $((FRAMES[0] + FRAMES[1] + FRAMES[2] + FRAMES[3])) ] &&
		explained=$((explained + 1))
	[ "${by[-1]}" = eth2 ] || others=$((others + 1))
done
check_eq "explain names the port that is taken (${by[*]})" "$explained" 8
check "which is not always the RNIC" test "$others" -ge 1
check_eq "ICMPv6 stays with the RNIC, says explain" \
	"$(bpfteam explain team0 --src 2001:db8:5::1 --dst 2001:db8:5::2 --proto 58 -j | jq -r '.port, .reason' | xargs)" \
	"eth2 rdma"
check_eq "so does multicast" \
	"$(bpfteam explain team0 --src "$R4_HOST" --dst 224.0.0.9 --proto udp -j | jq -r '.port, .reason' | xargs)" \
	"eth2 rdma"

# ---- the RNIC fails: the first of the list has its address ----

cut_cable 2
check "the RNIC is down: the vport reaches the peer" wait_for 5 r_works
check "and the peer the vport" wait_for 5 peer_works
check_eq "by the first that is named, which bears the address now" "$(rnic .path)" eth1
flows
check_eq "flows: each frame arrives, and once" "$WHOLE" "0 lost, 0 double"
check "over both ports" test "${FRAMES[0]}" -ge 50 -a "${FRAMES[1]}" -ge 50
check "under the RNIC's address by one of them" test "${OF_RNIC[0]}" = 0 -a "${OF_RNIC[1]}" -ge 50
mend_cable 2
must wait_for 5 port_is eth2 up
check_eq "the RNIC is back" "$(rnic .path)" eth2
check "and what it bears" wait_for 5 peer_works

# ---- changes as it runs ----

must on host ping -nqc 1 -W 2 -I "$R4_HOST" "$R4_PEER"
spawn_tool peer "$TMP/recv" stream recv --port 5001 --secs 30
receiver=$SPAWNED
spawn_tool host "$TMP/send" stream send --to "$R4_PEER:5001" --rate 5000 --flows 64 --secs 20
sender=$SPAWNED
check "other ports, as it runs" to balance-xor "ports: [eth3]"
check "any port, as it runs" to balance-xor ""
check "and these again" to balance-xor "ports: [eth1]"
stop "$sender"
reap "$receiver"
check_eq "no frame was lost by that" "$(jq -r '"\(.lost) lost, \(.duplicates) double"' "$TMP/recv")" \
	"0 lost, 0 double"
filters() { on host bridge fdb show dev "$1" | grep -c "^$rnic_mac "; }
check_eq "the RNIC's address is in the filter of a port that is named, and of no other" \
	"$(filters eth0) $(filters eth1) $(filters eth3)" "0 1 0"
flows
check "traffic follows" test "${FRAMES[0]}" = 0 -a "${FRAMES[3]}" = 0 -a "${FRAMES[1]}" -ge 50

# A port never sends for the vport under the team's address, whose own it may be.
eth1_mac=$(on host ip -j link show eth1 | jq -r '.[0].address')
check "the team's address becomes that of a port" to balance-xor "ports: [eth1]" "mac: $eth1_mac"
must wait_for 5 r_works
spawn_tool a "$TMP/team" sniff --dev p1 --dst "$peer_mac" --type 0x0800 --src "$eth1_mac" --secs 30
sniffer=$SPAWNED
flows
stop "$sniffer"
check_eq "the vport's frames there have another" \
	"$(jq .matched "$TMP/team") $([ "${FRAMES[1]}" -ge 50 ] && echo many)" "0 many"

check_not "a port that is named does not leave in passing" bpfteam port del team0 eth1
bpfteam port del team0 eth1 2>"$TMP/refused"
check_eq "and it is said why" "$(cat "$TMP/refused")" \
	"bpfteam: port eth1: is one that rdma.ports names; apply a configuration without it"
config balance-xor "ports: [eth1]" | sed 's/, {name: eth3}//; s/ports: \[eth1\]/ports: [eth3]/' >"$TMP/bad.yaml"
check_not "one that is no port is refused" bpfteam apply "$TMP/bad.yaml"

# ---- active-backup: which port stands in ----

check "active-backup, as it runs" to active-backup "ports: [eth1, eth3]"
flows
check_eq "nothing is spread" "${FRAMES[0]} ${FRAMES[1]} ${FRAMES[3]} $(rnic '.spread | length')" "0 0 0 0"
cut_cable 2
check "the RNIC is down: the vport works" wait_for 5 r_works
check_eq "by the first of its ports" "$(rnic .path)" eth1
cut_cable 1
check "that one, too: it works" wait_for 5 r_works
check_eq "by the next" "$(rnic .path)" eth3
cut_cable 3
no_carrier() { ! has_carrier host team0r; }
check "all of them: it has no carrier" wait_for 5 no_carrier
check "though the team lives" wait_for 5 ping_peer
for i in 1 2 3; do
	mend_cable "$i"
done
check "and all is well when they are back" wait_for 5 r_works
must wait_for 5 port_is eth2 up

# ---- flows by hand ----

flow_list() { bpfteam rdma team0 -j | jq -c '[.[0].flows[] | [.port, .kind, .proto, .local, .remote, .why]]'; }
check "flows by hand" to active-backup "flows: [{local: $R4_HOST, local_port: 5000},
  {proto: udp, local: $R4_HOST, local_port: 5001, remote: $R4_PEER, remote_port: 7},
  {local_port: 5002}]"
check_eq "are listed" "$(flow_list)" "$(jq -c . <<-END
	[["eth2", "pin", "tcp", "$R4_HOST:5000", null, "by hand"],
	["eth2", "pin", "udp", "$R4_HOST:5001", "$R4_PEER:7", "by hand"],
	["eth2", "pin", "tcp", "*:5002", null, "by hand"]]
	END
)"
knock() { # PORT
	on peer bash -c "exec 3<>/dev/tcp/$R4_HOST/$1"
}
by_hand() { rnic .exempt.by_hand; }
check_not "nobody listens there" knock 5000
check_eq "but its frames stay on the RNIC" "$(by_hand)" 1
check_not "on any address, where none is named" knock 5002
check_eq "they stay, too" "$(by_hand)" 2
check_not "others" knock 5003
check_eq "do not" "$(by_hand)" 2
spawn_tool host /dev/null talk serve --port 5000
server=$SPAWNED
check "a socket of the host's hears them all the same" \
	on peer "$TOOLS/talk" to --to "$R4_HOST" --port 5000 --words 5 --every 1
check "by the RNIC" test "$(by_hand)" -ge 8
stop "$server"
stayed=$(by_hand)
stop_daemon
check "without a daemon they are changed as well" to active-backup "flows: [{local_port: 5003}]"
check_not "the one" knock 5003
check_not "and not the other" knock 5000
check_eq "stays" "$(by_hand)" $((stayed + 1))

check "detach" bpfteam detach team0
check_eq "leaves all ports as they were" "$(picture)" "$before"

# The RNIC is away, and its vport is changed meanwhile.
one_ping() {
	sniff_start
	must r_works
	sniff_stop
}
# shellcheck disable=SC2119
start_daemon
must to active-backup "ports: [eth1]"
must wait_for 5 r_works
must on host ip link set eth2 netns "${NS[peer]}"
check "the RNIC is away: the vport works" wait_for 5 r_works
one_ping
check_eq "by the port that is named" "${FRAMES[*]}" "0 1 0 0"
check "another is named" to active-backup "ports: [eth3]"
one_ping
check_eq "which is used at once" "${FRAMES[*]}" "0 0 0 1"
must bpfteam detach team0
check_no_leftovers
finish
