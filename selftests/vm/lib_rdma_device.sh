# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_rdma_device.sh - an RNIC that joins a team which runs, and its RDMA device renamed, removed and taken
# out with its NIC while it is in use: told once, the team goes on, and RDMA is back by itself. Sourced by
# rdma.sh.

# Streams both ways while the RNIC joins and leaves.
join_team() {
	local way
	must bpfteam attach team0 a0 a1 --mode balance-xor --address "$HOST4/24" --address "$HOST6/64"
	check "join: team0 reaches the peer" wait_for 20 reached "$PEER4"
	background b recv "$TOOLS/stream recv --port 5001 --secs 400"
	background a recv "$TOOLS/stream recv --port 5001 --secs 400"
	background a send "$TOOLS/stream send --to $PEER4:5001 --rate 500 --flows 32 --secs 390"
	background b send "$TOOLS/stream send --to $HOST4:5001 --rate 500 --flows 32 --secs 390"
	pause 1
	check "an RNIC joins a team that runs" bpfteam port add team0 a2
	check "join: it is up" wait_for 20 port_is a2 up
	check_eq "join: and known for one" "$(port_field a2 .rdma)" rxe0
	pause 1
	check "join: it leaves" bpfteam port del team0 a2
	pause 1
	for way in a b; do
		end "$way" send
	done
	for way in a b; do
		wait_for 20 gone "$way" recv
		say "join: at $way: $(said "$(other "$way")" send) $(said "$way" recv | jq -c 'del(.gaps)')"
		check_eq "join: $(other "$way") to $way: no frame of the team was lost ($(
			said "$way" recv | jq -r .sent) frames)" \
			"$(said "$way" recv | jq -r '"\(.complete) \(.lost)"')" "true 0"
	done
	must bpfteam detach team0
}

# One line of these words, and no more than one.
was_told() { # TEXT
	wait_for 10 grep -qF -- "$1" "$TMP/monitor" && [ "$(grep -cF -- "$1" "$TMP/monitor")" = 1 ]
}

# As rdma_works, and not at once: the other machine may still hold on to what was.
rdma_returns() { # WHAT
	check "$1: rping a to b" wait_for 40 rping_from a "$R4_PEER" 7101
	check "$1: rping b to a" wait_for 40 rping_from b "$R4_HOST" 7101 "$R4_PEER"
}

# With team and vport as attach_rdma makes them, all listeners and talk servers running.
device_changes() {
	local told='"event":"config","port":"a2","cause":"its RDMA device'
	spawn host "$BUILD/bpfteam" monitor -j >"$TMP/monitor"
	talks_start
	must wait_for 10 talks_live
	must rdma dev set rxe0 name rxe5
	check "its RDMA device is renamed: it is said" was_told "rxe0 is called rxe5 now"
	check "renamed: rping b to a" rping_from b "$R4_HOST" 7101 "$R4_PEER"
	check_eq "renamed: show has it" "$(port_field a2 .rdma)" rxe5
	must rdma dev set rxe5 name rxe0
	check "and back" was_told "rxe5 is called rxe0 now"

	background a rdma4 "rping -c -V -S $PING_SIZE -a $R4_PEER -I $R4_HOST -p 7101"
	must wait_for 20 more_sends a "$(counter a rdma_sends)"
	must rdma link del rxe0
	check "its RDMA device is removed under a running rping: it is said" was_told \
		"rxe0 is gone, and RDMA with it; the team goes on"
	check "removed: TCP on team0 lives" talks_live
	check "removed: the vport reaches the peer" reached "$R4_PEER"
	check_eq "removed: rdma names the problem" \
		"$(bpfteam rdma team0 -j | jq -r '.[0].rnics[0].problems[0]')" "a2 has no RDMA device now"
	end a rdma4 KILL
	unlisten a 7100 7101 7102 7103
	rnic_add a2
	check "it is there again: it is said" was_told "its RDMA device is there again: rxe0"
	check "there again: the vport's addresses have GIDs" gids_are a2
	listen_all a
	rdma_returns "there again"
	nic_changes
	talks_end "RDMA device"
	check_eq "all that was told of it" "$(grep -c "$told" "$TMP/monitor")" 4
}

# The NIC itself is taken out of the machine, and put in.
nic_changes() {
	local slot nic
	slot=$(readlink -f /sys/class/net/a2/device/..)
	echo 1 >"$slot/remove"
	check "the RNIC is taken out: show says so" wait_for 10 port_is a2 missing
	check "taken out: TCP on team0 lives" talks_live
	unlisten a 7100 7101 7102 7103
	echo 1 >/sys/bus/pci/rescan
	must wait_for 20 grep -lx 52:54:00:00:0a:02 /sys/class/net/*/address
	nic=$(grep -lx 52:54:00:00:0a:02 /sys/class/net/*/address | head -n 1)
	nic=${nic%/address}
	[ "${nic##*/}" = a2 ] || must ip link set "${nic##*/}" name a2
	check "it is put in again: the team takes it" wait_for 20 port_is a2 up
	rnic_add a2
	check "put in again: it is known for an RNIC" was_told "has an RDMA device"
	check "put in again: the vport's addresses have GIDs" gids_are a2
	check "put in again: the vport reaches the peer" wait_for 20 reached "$R4_PEER"
	listen_all a
	rdma_returns "put in again"
}
