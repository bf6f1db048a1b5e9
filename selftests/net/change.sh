#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Planned changes under traffic both ways lose no frame: drain and undrain, weight, priority, a port
# added and taken away, an RNIC and its vport likewise, mode and policy changed by apply.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0  ---- p2     |
#	192.0.2.1         peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

need_bpfteam
two_switches 3
start_daemon

# config MODE [HASH]
config() {
	cat <<-YAML
	team: team0
	mode: $1
	hash: ${2:-layer3+4}
	addresses: [$HOST4/24, "$HOST6/64"]
	ports:
	  - {name: eth0}
	  - {name: eth1}
	YAML
}

# step DESCRIPTION COMMAND...: while the streams run.
step() {
	local what=$1
	shift
	check "$what" "$@"
	pause 0.3
}

config active-backup >"$TMP/ab.yaml"
config balance-xor >"$TMP/xor.yaml"
for hash in layer2 encap3+4 vlan+srcmac txhash; do
	config balance-xor "$hash" >"$TMP/$hash.yaml"
done
must bpfteam apply "$TMP/ab.yaml"
must wait_for 5 ping_peer
must wait_for 5 active_is eth0

run() {
	local how=$1
	stream_start "tx-$how" tx --flows 8
	stream_start "rx-$how" rx --flows 8
	pause 0.2
	shift
	"$@"
	stream_stop "tx-$how" "rx-$how"
	check_whole "tx-$how" "$how: no frame sent was lost"
	# In balance-xor behind two ordinary switches a broadcast may come twice; these are unicast.
	check_whole "rx-$how" "$how: no frame received was lost"
}

drains() {
	step "drain the active port" bpfteam port set team0 eth0 --drain
	check "the other one is active" active_is eth1
	check_eq "show says drained" "$(port_field eth0 .state)" drained
	step "undrain" bpfteam port set team0 eth0 --undrain
	step "weight" bpfteam port set team0 eth1 --weight 3
	step "priority" bpfteam port set team0 eth0 --priority 5
	step "port added" bpfteam port add team0 eth2
	step "port taken away" bpfteam port del team0 eth2
	step "priority back" bpfteam port set team0 eth0 --priority 0
}

modes() {
	step "mode changed by apply" bpfteam apply "$TMP/xor.yaml"
	check_eq "balance-xor is in force" "$(show .mode)" balance-xor
	for hash in encap3+4 vlan+srcmac txhash layer2; do
		step "policy changed by apply" bpfteam apply "$TMP/$hash.yaml"
		check_eq "$hash is in force" "$(show .hash)" "$hash"
	done
	step "weight in balance-xor" bpfteam port set team0 eth1 --weight 3
	step "drain in balance-xor" bpfteam port set team0 eth0 --drain
	step "undrain in balance-xor" bpfteam port set team0 eth0 --undrain
	step "mode changed back" bpfteam apply "$TMP/ab.yaml"
	check_eq "active-backup is in force" "$(show .mode)" active-backup
}

# An RNIC joins, gets a vport, that a way of its own, and all of it goes again. "rdma: on" holds eth2 for one.
rnic() { # MODE
	config "$1" >"$TMP/plain.yaml"
	{
		cat "$TMP/plain.yaml"
		echo "  - {name: eth2, rdma: on}"
	} >"$TMP/rnic.yaml"
	local vport="port: eth2, addresses: [198.51.100.1/24]"
	(cat "$TMP/rnic.yaml"; echo "rdma: {$vport}") >"$TMP/vport.yaml"
	(cat "$TMP/rnic.yaml"; echo "rdma: {$vport, failover: true, ports: [eth1]}") >"$TMP/path.yaml"
	step "an RNIC added" bpfteam apply "$TMP/rnic.yaml"
	check "it carries the team's traffic, too" wait_for 5 port_is eth2 up
	step "with a vport" bpfteam apply "$TMP/vport.yaml"
	step "that may take another port" bpfteam apply "$TMP/path.yaml"
	step "the vport taken away" bpfteam apply "$TMP/rnic.yaml"
	step "the RNIC taken away" bpfteam apply "$TMP/plain.yaml"
}

# What was under way to the port that was active: it has a second to arrive.
# late MARK: whether the team hears a frame for it that comes in by eth0
late() {
	spawn_tool host "$TMP/late" sniff --dev team0 --mark "$1" --want 1 --secs 0.2
	must on a "$TOOLS/inject" --dev p0 --src 02:00:00:00:0a:01 --dst "$(show .mac)" --mark "$1"
	reap "$SPAWNED"
	LATE=$(jq .matched "$TMP/late")
}

run active-backup drains
late active
check_eq "the active port receives" "$LATE" 1
must bpfteam port set team0 eth0 --drain
late soon
check_eq "so does the one that was until now" "$LATE" 1
pause 1
late never
check_eq "a second later no more" "$LATE" 0
must bpfteam port set team0 eth0 --undrain --priority 5
must bpfteam port set team0 eth0 --priority 0
must wait_for 2 active_is eth0
must bpfteam port set team0 eth0 --disable
late disabled
check_eq "a port that was disabled receives no more, at once" \
	"$LATE $(port_field eth0 '.drops.disabled_port > 0')" "0 true"
must bpfteam port set team0 eth0 --enable --priority 5
must bpfteam port set team0 eth0 --priority 0
must wait_for 2 active_is eth0
run modes modes
run "RNIC, active-backup" rnic active-backup
must bpfteam apply "$TMP/xor.yaml"
run "RNIC, balance-xor" rnic balance-xor
must bpfteam apply "$TMP/ab.yaml"
check "apply of what is in force changes nothing" \
	test "$(bpfteam apply "$TMP/ab.yaml" --check)" = "no changes"
must bpfteam detach team0
check_no_leftovers
finish
