#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Other people's BPF programs and tc filters on a port, whichever came first: they stay in force and in
# their place while the team comes, changes and goes. What stands behind the team's program at ingress
# sees nothing of what the team takes, and doctor says so.
#
#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0 192.0.2.2
#	host.eth1 ---- p1     |
#	   team0 192.0.2.1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
[ "$("$BUILD/bpfteam" doctor -j | jq -r .features.tcx)" = true ] || skip_all "the kernel has no tcx"
one_switch 2

declare -A BESIDE
# beside NAME ARGS...: somebody's program, until gone NAME.
beside() {
	local name=$1
	shift
	spawn_tool host "$TMP/$name" beside "$@"
	BESIDE[$name]=$SPAWNED
}
# gone NAME: SAW is how many frames it saw.
gone() {
	stop "${BESIDE[$1]}"
	SAW=$(jq .frames "$TMP/$1")
}
pings() { # COUNT
	on host ping -nqc "$1" -i 0.01 -W 1 "$PEER4"
}
notes() {
	bpfteam doctor -j | jq -r '.notes[]' | grep -c 'runs after the team.s'
}
attach() {
	must bpfteam attach team0 eth0 eth1 --address "$HOST4/24" "$@"
	must wait_for 5 ping_peer
}
at_least() { # NAME COUNT
	gone "$1"
	echo "$1 saw $SAW frames"
	[ "$SAW" -ge "$2" ]
}

# ---- it was there first ----------------------------------------------------------------------

beside first --dev eth0
beside sends --dev eth0 --hook egress
attach
check "beside a program that was there first, the team works" pings 20
must bpfteam port set team0 eth1 --weight 3
check "and after its programs were swapped" pings 20
check_eq "doctor has nothing to say" "$(notes)" 0
check "that program saw what the team received" at_least first 40
check "and one at the port's egress what it sent" at_least sends 40
beside first --dev eth0
must bpfteam detach team0
check "detach leaves it" kill -0 "${BESIDE[first]}"
on peer ping -nqc 3 -i 0.01 -W 1 "$HOST4" >/dev/null
check "at work" at_least first 1

beside eats --dev eth0 --verdict drop
must bpfteam attach team0 eth0 eth1 --address "$HOST4/24"
check_not "what it drops, the team does not get" pings 1
gone eats
check "without it, it does" wait_for 3 pings 1

# ---- it comes while the team runs ------------------------------------------------------------

beside before --dev eth0 --order before
check_eq "doctor has nothing to say about one in front" "$(notes)" 0
check "it passes the team's frames on" pings 20
check "and saw them" at_least before 20

beside behind --dev eth0
check "one behind does no harm" pings 20
check_eq "doctor names it" "$(notes)" 1
bpfteam doctor >"$TMP/doctor"
check "by port and program" grep -q "eth0: the BPF program beside at its ingress" "$TMP/doctor"
gone behind
check_eq "for it sees nothing" "$SAW" 0
check_eq "and when it is gone, doctor is content" "$(notes)" 0

beside upper --dev team0
beside lower --dev team0 --hook egress --order before
check "on the team's interface, too" pings 20
check "what it receives is seen there" at_least upper 20
check "and what it sends, by one in front" at_least lower 20
beside wall --dev team0 --hook egress --order before --verdict drop
check_not "which may drop it" pings 1
gone wall
check "and traffic goes on" pings 3

# A filter that matches nothing (classic BPF: return 0).
has_filter() {
	on host tc filter show dev eth1 ingress | grep -q bytecode
}
must on host tc qdisc add dev eth1 clsact
must on host tc filter add dev eth1 ingress bpf bytecode '1,6 0 0 0'
check_eq "doctor names a port's tc filter" "$(notes)" 1
must bpfteam detach team0
check "which detach leaves" has_filter
must on host tc qdisc del dev eth1 clsact

# ---- without tcx, the team's program is a filter among filters ---------------------------------

export BPFTEAM_WITHOUT=tcx
attach
must on host tc filter add dev eth0 ingress pref 100 bpf bytecode '1,6 0 0 0'
check_eq "without tcx, a filter in front of the team's is no matter" "$(notes)" 0
must on host tc filter add dev eth0 ingress pref 50000 bpf bytecode '1,6 0 0 0'
check_eq "and one behind is told of" "$(notes)" 1
check "both let traffic through" pings 20
must bpfteam detach team0
check_eq "detach leaves both" "$(on host tc filter show dev eth0 ingress | grep -c bytecode)" 2
must on host tc qdisc del dev eth0 clsact
unset BPFTEAM_WITHOUT
check_no_leftovers
finish
