#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# SMC-R over an RDMA vport, between two machines: soft RoCE on a stock kernel. Sockets of SMC's own, in
# both directions, and programs that know nothing of it; what falls back to TCP says why.
#
#	  VM A                            VM B
#	     a0 ==== a cable of QEMU's ==== b0 [br0]  192.0.2.2, 198.51.100.2
#	     a1 ========================== b1   |
#	rxe0 a2 ========================== b2   |     rxe0
#	     a3 ========== control ======== b3
#
#	team0  over a0, a1, a2: 192.0.2.1; team0r pinned to a2: 198.51.100.1
#
# Soft RoCE has RoCE v2 alone: SMC-Rv2, for which both sides need an EID in common. Only with VM=long.
# Without an argument this runs on the host, and starts the VMs, which run it as `host` and `peer`.
role=${1:-}
. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/lib_vm.sh"
. "$(dirname "$0")/lib_pair.sh"
. "$(dirname "$0")/lib_rdma.sh"

start_vms() {
	local self=selftests/vm/smc.sh
	cd "$ROOT" || exit
	[ "${VM:-short}" = long ] || skip_all "only with VM=long"
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need_tool socat jq rdma bpftool
	need_built bpfteam bpfteamd tools/talk tools/smc
	run_vm -c 1 -t 600 -n 4 -p "B=$BUILD $self peer" -- env "B=$BUILD" "$self" host
}

smc_modules() {
	modprobe -a bridge rdma_rxe smc smc_diag 2>&1
}

be_peer() {
	local i
	smc_modules
	ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	for i in 0 1 2; do
		ip link set "b$i" up master br0
	done
	ip addr add "$PEER4/24" dev br0
	ip addr add "$R4_PEER/24" dev br0
	ip link set br0 up
	rdma link add rxe0 type rxe netdev br0
	peer_serve b3
}

# What a program is run by in the cgroup of those that know nothing of SMC.
APPS=/sys/fs/cgroup/apps
IN_APPS="bash -c 'echo \$\$ >$APPS/cgroup.procs; exec \"\$@\"' app"

# serve SIDE PORT KIND [PREFIX]: a server; KIND is talk's --smc, 0: plain TCP.
serve() {
	background "$1" "serve$2" \
		"${4:-} $TOOLS/talk serve --port $2 --smc $3 --at $(address_of "$1" 4 R)"
}

# talks NAME SIDE PORT KIND [PREFIX]: a connection that goes on; returns when SMC lists it as settled.
talks() {
	background "$2" "$1" "${5:-} $TOOLS/talk to --port $3 --smc $4 --every 20 \
		--to $(address_of "$(other "$2")" 4 R)"
	wait_for 40 listed "$3"
}

connections() { # FILTER
	bpfteam rdma team0 -j | jq -r ".[0].smc[] | select(.remote != \"*:0\") | $1"
}

# What is listed of the connection to or from that port.
connection() { # PORT
	connections "select((.local, .remote) | test(\":$1\$\")) |
		\"\(.mode) \(.device // \"-\") \(.reason // \"-\")\"" | sort -u
}

listed() { # PORT
	connection "$1" | grep -qE '^(smc-r rxe0|tcp)'
}

# one_of WANT WHAT SIDE PORT KIND [PREFIX]: such a connection is what it is to be, and carries words.
one_of() {
	local want=$1 what=$2 side=$3 port=$4
	shift 2
	check "$what: it is made" talks out "$@"
	check_eq "$what: it is $want" "$(connection "$port" | grep -oE '^[a-z-]+' | sort -u)" "$want"
	say "$what: $(connection "$port" | tr '\n' ';')"
	ends_well "$what" "$side"
}

ends_well() { # WHAT SIDE
	end "$2" out
	check_eq "$1: its words came back ($(said "$2" out))" \
		"$(said "$2" out | jq -r '"\(.error) \(.words > 3)"')" " true"
}

config() { # SMC CGROUP...
	local smc=$1
	shift
	cat <<-END
		team: team0
		mode: balance-xor
		addresses: [$HOST4/24]
		ports: [{name: a0}, {name: a1}, {name: a2}]
		rdma: {port: a2, addresses: [$R4_HOST/24], smc: $smc}
	END
	[ $# = 0 ] || printf 'smc: {cgroups: [%s]}\n' "$*"
}

pnet_of() {
	"$TOOLS/smc" pnet | sed 's/^[^ ]* //' | sort
}

# Programs that know nothing of SMC speak it, in a cgroup that is named, and nowhere else.
converted() {
	config true apps >"$TMP/team0.yaml"
	check "smc.cgroups, as it runs" bpfteam apply "$TMP/team0.yaml"
	check_eq "and listed" "$(bpfteam rdma team0 -j | jq -c '.[0].smc_cgroups')" '["apps"]'
	serve a 7402 0 "$IN_APPS"
	one_of smc-r "a program of the cgroup, a to b" a 7400 0 "$IN_APPS"
	one_of smc-r "a program of the cgroup serves, b to a" b 7402 1
	check_not "a program of no cgroup stays with TCP" talks out a 7400 0
	ends_well "a program of no cgroup" a
	# As a service that starts again: another cgroup of the same name.
	end a serve7402
	must wait_for 5 rmdir "$APPS"
	check "a cgroup that is gone is told of" wait_for 5 told "there is no $APPS now"
	must mkdir "$APPS"
	check "and another one of that name is as good" wait_for 5 told_not "there is no $APPS now"
	one_of smc-r "a program of the new cgroup" a 7400 0 "$IN_APPS"
}

told() { # TEXT
	bpfteam rdma team0 -j | jq -e --arg text "$1" '[.[0].rnics[].problems[]] | any(contains($text))'
}

told_not() {
	! told "$1"
}

program_runs() {
	bpftool -j prog show | jq -e 'any(.[]; .name == "smc_protocol")'
}

no_program() {
	! program_runs
}

be_host() {
	local i side
	setup
	need_bpfteam
	must smc_modules
	NS[host]=bpft-$ID-host
	must ip netns attach "${NS[host]}" $$
	qmp_open
	peer_connect a3
	for i in 0 1 2; do
		must ip link set "a$i" up
	done
	rnic_add a2
	# shellcheck disable=SC2119
	start_daemon
	config false >"$TMP/team0.yaml"
	must bpfteam apply "$TMP/team0.yaml"
	check "team0r reaches the peer" wait_for 20 ping -nqc1 -W2 -I "$R4_HOST" "$R4_PEER"
	for side in a b; do
		serve "$side" 7400 1
		serve "$side" 7401 2
	done
	must mkdir "$APPS"
	# To SMC a bridge's device is one of its ports.
	must peer "$TOOLS/smc join LAB br0 rxe0"
	one_of tcp "without PNET entries, a to b" a 7400 1

	config true >"$TMP/team0.yaml"
	check "smc: true, as it runs" bpfteam apply "$TMP/team0.yaml"
	check_eq "vport and RNIC are of one physical network" "$(pnet_of)" "n/a rxe0
team0r n/a"
	check "an EID is missing, which is told" told "takes an EID"
	one_of tcp "without an EID, a to b" a 7400 1
	must "$TOOLS/smc" eid BPFTEAM
	must peer "$TOOLS/smc eid BPFTEAM"
	check_not "it is there, and not missed" told "takes an EID"
	one_of smc-r "AF_SMC, a to b" a 7400 1
	one_of smc-r "AF_SMC, b to a" b 7400 1
	one_of smc-r "IPPROTO_SMC, a to b" a 7401 2
	one_of smc-r "IPPROTO_SMC, b to a" b 7401 2
	must talks out a 7400 1
	set_link a0 false
	check "a plain port is cut under SMC-R" wait_for 10 port_is a0 down
	set_link a0 true
	check "and is back" wait_for 20 port_is a0 up
	ends_well "a plain port was cut" a
	converted
	bpfteam rdma team0 | sed 's/^/# /'

	stop_daemon KILL
	check "the daemon is killed: programs of the cgroup speak SMC" program_runs
	must bpfteam detach team0
	check "detached: no program decides on sockets" wait_for 5 no_program
	check_eq "detached: no PNET entry is left" "$(pnet_of)" ""
	check_no_leftovers "detached: nothing is left behind"
	finish
}

case $role in
peer) be_peer ;;
host) be_host ;;
*) start_vms ;;
esac
