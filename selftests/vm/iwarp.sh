#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# iWARP and a team on one NIC: soft iWARP (siw), whose TCP connections and listeners are ordinary flows on
# the wire, so that only what the kernel's RDMA tells of them keeps them on the RNIC. First without a
# team, so that what fails later is known to be possible. In one VM, since siw works in namespaces:
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0  192.0.2.2, 2001:db8::2
#	host.eth1 ---- p1     |                           198.51.100.2, 2001:db8:51::2 (siw1)
#	host.eth2 ---- p2     |
#	 siw0
#	   team0 over all three: 192.0.2.1; team0r pinned to eth2: 198.51.100.1, 2001:db8:51::1
#
# Only with VM=long. Without an argument this runs on the host, and starts the VM, which runs it as `guest`.
role=${1:-}
. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/lib_vm.sh"
. "$(dirname "$0")/lib_rdma.sh"

start_vm() {
	local reason self=selftests/vm/iwarp.sh
	cd "$ROOT" || exit
	[ "${VM:-short}" = long ] || skip_all "only with VM=long"
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need_tool jq rdma rping bpftool
	need_built bpfteam bpfteamd tools/talk
	if ! reason=$(tools/vm/module 6.12 drivers/infiniband/sw/siw RDMA_SIW 2>&1 >/dev/null); then
		skip_all "no soft iWARP: ${reason##*$'\n'}"
	fi
	KERNEL=6.12
	run_vm -t 900 -- env "B=$BUILD" "$self" guest
}

# Both sides of lib_rdma.sh are namespaces of this machine.
at() {
	local side=$1
	shift
	case $side in
	a) on host bash -c "$*" ;;
	b) on peer bash -c "$*" ;;
	esac
}

# CM IDs of all namespaces are in one list: told apart by process.
listens() { # SIDE PORT
	rdma res show cm_id | grep -q "LISTEN.* pid $(cat "/tmp/rping$2.$1.pid") .*src-addr [^ ]*:$2 "
}

# flows FILTER: of what `bpfteam rdma` lists
flows() {
	bpfteam rdma team0 -j | jq -r ".[0].flows | $1"
}

exempt() {
	bpfteam rdma team0 -j | jq -r '.[0].rnics[0].exempt.iwarp'
}

# How many flows with this local port the data path keeps: the pinned map, whose keys begin with the
# RNIC's id (4 bytes) and the local port, in network order.
kept() { # PORT
	bpftool -j map dump pinned "$BPFFS/team0/rdma_flows" |
		jq --arg port "$(printf '0x%02x0x%02x' $(($1 >> 8)) $(($1 & 255)))" \
			'[.[] | select(.key[4] + .key[5] == $port)] | length'
}

is_kept() { # PORT
	[ "$(kept "$1")" -gt 0 ]
}

not_kept() { # PORT
	[ "$(kept "$1")" = 0 ]
}

plain() {
	must on host ip addr add "$R4_HOST/24" dev eth2
	check "plain: both sides reach each other" wait_for 10 on host ping -nqc1 -W2 "$R4_PEER"
	listen a 7100
	ping_case plain works a 4 unbound specific
	ping_case plain works b 4 bound wildcard
	unlisten a 7100
	must on host ip addr del "$R4_HOST/24" dev eth2
}

attach_rdma() {
	port_picture eth2 >"$TMP/before"
	check "attach with an RNIC that speaks iWARP" bpfteam attach team0 eth0 eth1 eth2 \
		--mode balance-xor --address "$HOST4/24" --rdma eth2 \
		--rdma-address "$R4_HOST/24" --rdma-address "$R6_HOST/64" || bail "no team"
	check_eq "its device and protocol are known" \
		"$(bpfteam rdma team0 -j | jq -r '.[0].rnics[0] | "\(.device) \(.protocol)"')" "siw0 iw"
	check "team0 reaches the peer" wait_for 10 ping_peer
	check "team0r reaches the peer" wait_for 10 on host ping -nqc1 -W2 -I "$R4_HOST" "$R4_PEER"
}

listeners_are_learnt() {
	local port
	listen_all a
	for port in 7100 7101 7102 7103; do
		check "a listener on port $port is kept on the RNIC" wait_for 5 is_kept "$port"
	done
	check_eq "and listed, with why" \
		"$(flows '[.[] | select(.kind == "listener" and .port == "eth2") |
			select(.why | test("^CM ID [0-9]+ of rping, listening$")) |
			.local] | unique | map(select(test(":710[01]$"))) | join(" ")')" \
		"*:7100 $R4_HOST:7101"
}

# The daemon's program on the RDMA CM's tracepoint has run.
heard_of() {
	bpftool -j prog show | jq -e 'any(.[]; .name == "cma_attach" and .run_cnt > 0)'
}

# Under connections without an end each plain port is cut and comes back.
ports_cut() {
	local before port
	background a rdma4 "rping -c -V -S $PING_SIZE -a $R4_PEER -I $R4_HOST -p 7101"
	background b rdma6 "rping -c -V -S $PING_SIZE -a $R6_HOST -p 7102"
	background b talk "$TOOLS/talk serve --port 7001"
	background a talk4 "$TOOLS/talk to --to $PEER4 --port 7001 --every 20"
	check "a connection is listed, with why" wait_for 10 connection_listed
	for port in 0 1; do
		before=$(exempt)
		on a ip link set "p$port" down
		check "eth$port is cut: show says so" wait_for 10 port_is "eth$port" down
		check "eth$port is cut: iWARP gets on" wait_for 10 more_exempt $((before + 20))
		on a ip link set "p$port" up
		check "eth$port is back: show says so" wait_for 20 port_is "eth$port" up
		check "eth$port is back: all connections live" all_live
	done
	end a rdma4 INT
	end b rdma6 INT
	end a talk4
	check_eq "TCP on team0 lived: $(said a talk4)" \
		"$(said a talk4 | jq -r '"\(.error) \(.words > 10)"')" " true"
	end b talk
}

connection_listed() {
	flows '.[] | select(.kind == "connection") | "\(.port) \(.remote) \(.why)"' >"$TMP/flows"
	cat "$TMP/flows"
	grep -qE "^eth2 $R4_PEER:7101 CM ID [0-9]+ of rping$" "$TMP/flows"
}

more_exempt() { # THAN
	[ "$(exempt)" -gt "$1" ]
}

all_live() {
	alive a rdma4 && alive b rdma6 && alive a talk4
}

be_guest() {
	one_switch 3
	must modprobe -a siw rdma_ucm ib_uverbs
	need_bpfteam
	must on peer ip addr add "$R4_PEER/24" dev eth0
	must on peer ip addr add "$R6_PEER/64" dev eth0 nodad
	must on host rdma link add siw0 type siw netdev eth2
	must on peer rdma link add siw1 type siw netdev eth0
	listen_all b
	plain
	must sysctl -qw kernel.bpf_stats_enabled=1
	# shellcheck disable=SC2119
	start_daemon
	attach_rdma
	listeners_are_learnt
	check "the kernel tells the daemon of CM IDs" heard_of
	all_pings bpfteam works
	check "what is iWARP's was kept on the RNIC ($(exempt) frames)" more_exempt 100
	ports_cut
	# A wildcard listener of any namespace is one of every iWARP device.
	unlisten a 7100
	unlisten b 7100
	check "listeners that ended are kept no longer" wait_for 5 not_kept 7100
	check "and the others are" is_kept 7101
	unlisten a 7101 7102 7103
	must bpfteam detach team0
	check_eq "detached: the RNIC is as it was" "$(port_picture eth2)" "$(cat "$TMP/before")"
	check_no_leftovers "detached: nothing is left behind"
	finish
}

case $role in
guest) be_guest ;;
*) start_vm ;;
esac
