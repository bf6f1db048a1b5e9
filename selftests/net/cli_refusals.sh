#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the machine's state forbids gets one clear line, exit status 1, and leaves nothing behind: no
# link, no pin, no program, no changed port. An attach that is interrupted leaves nothing either, or
# is completed by running it again.
#
#	host.eth0 ---- peer.eth0	free
#	host.eth1 ---- peer.eth1	free
#	host.eth2 ---- peer.eth2	holds 192.0.2.1/24
#	host.eth3 ---- peer.eth3	port of bridge br9
#	host.eth4 ---- peer.eth4	holds the default route
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
cross_cables 5
must on host ip addr add 192.0.2.1/24 dev eth2
must on host ip link add br9 type bridge
must on host ip link set eth3 master br9
must on host ip route add default dev eth4

# Everything that a refused command could have changed.
picture() {
	on host ip -d -o link | sed -E 's/ (bridge_id|designated_|timer|hello_timer|tcn_timer|gc_timer).*//'
	on host ip -o addr | sed -E 's/(valid|preferred)_lft [^ ]*//g'
	on host ip route show table all | sort
	on host ip -6 route show table all | sort
	on host bridge fdb
	on host bpftool net
	on host tc qdisc
	find "$BPFFS" -mindepth 1 | sort
}
settled() {
	! on host ip -6 addr show tentative | grep -q inet6 &&
		[ "$(on host ip -6 addr show scope link | grep -c inet6)" -ge 5 ]
}
wait_for 5 settled

# clean PATTERN ARGS...: refused, and everything is as before.
clean() {
	local before
	before=$(picture)
	refused "$@"
	shift
	check_eq "nothing is left of it: bpfteam $*" "$(picture)" "$before" && return
	# What follows shall not fail for this one's sake.
	[ "$STATUS" != 0 ] || bpfteam detach team0 >/dev/null 2>&1
}

# ---- ports -----------------------------------------------------------------------------------

clean 'eth9: no such device' attach team0 eth0 eth9
clean 'lo: .*loopback' attach team0 lo
clean 'eth2: .*192.0.2.1/24.*--move-addresses' attach team0 eth0 eth2
clean 'eth3: .*enslaved.*bridge' attach team0 eth0 eth3
clean 'eth4: .*default route.*--move-addresses' attach team0 eth0 eth4
clean 'br0|eth0|exists' attach eth0 eth1
clean 'br9: .*(exists|device|there)' attach br9 eth0 eth1

# ---- files -----------------------------------------------------------------------------------

file() { # NAME TEXT
	printf '%b' "$2" >"$TMP/$1"
}
file tab.yaml 'team: team0\nports:\n\t- eth0\n'
file key.yaml 'team: team0\nprots: [{name: eth0}]\n'
file mode.yaml 'team: team0\nmode: fastest\nports: [{name: eth0}]\n'
file hash.yaml 'team: team0\nhash: layer9\nports: [{name: eth0}]\n'
file primary.yaml 'team: team0\nprimary: eth7\nports: [{name: eth0}]\n'
file twice.yaml 'team: team0\nports: [{name: eth0}, {name: eth0}]\n'
file address.yaml 'team: team0\naddresses: [192.0.2.1/99]\nports: [{name: eth0}]\n'
file noports.yaml 'team: team0\n'
file rdma.yaml 'team: team0\nports: [{name: eth0}]\nrdma:\n  vlan: 20\n  port: eth1\n'
file subnet.yaml 'team: team0\naddresses: [192.0.2.1/24]\nports: [{name: eth0}]\nrdma:\n- addresses: [10.0.0.1/8,\n  192.0.2.9/24]\n'
file nodevice.yaml 'team: team0\nports: [{name: eth8}]\n'
file binary.yaml '\0000\0001\0002\0377\0376'
file empty.yaml ''
clean "tab.yaml:3" apply "$TMP/tab.yaml"
clean "key.yaml:2.*prots" apply "$TMP/key.yaml"
clean "mode.yaml:2.*mode.*fastest" apply "$TMP/mode.yaml"
clean "hash.yaml:3*.*hash.*layer9" apply "$TMP/hash.yaml"
clean "primary.yaml.*primary.*eth7|primary.yaml.*eth7" apply "$TMP/primary.yaml"
clean "twice.yaml.*eth0" apply "$TMP/twice.yaml"
clean "address.yaml:2.*192.0.2.1/99" apply "$TMP/address.yaml"
clean "rdma.yaml:5: rdma.port: eth1 is not among the ports" apply "$TMP/rdma.yaml"
clean "subnet.yaml:6: rdma.addresses: 192.0.2.9/24 overlaps" apply "$TMP/subnet.yaml"
clean "noports.yaml.*port" apply "$TMP/noports.yaml"
clean "eth8: no such device" apply "$TMP/nodevice.yaml"
clean "binary.yaml" apply "$TMP/binary.yaml"
clean "empty.yaml" apply "$TMP/empty.yaml"
clean "$TMP" apply "$TMP"
clean "standard input" apply -

# ---- privilege and kernel --------------------------------------------------------------------

as_nobody() {
	on host setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bpfteam" "$@" \
		>"$TMP/out" 2>"$TMP/err"
	STATUS=$?
}
# The build and bpffs may lie where only root gets to.
if on host setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/bpfteam" -h >/dev/null 2>&1; then
	for command in "attach team0 eth0 eth1" "detach team0" "show" "rdma" "monitor" "port add team0 eth0" \
		"explain team0 --src 192.0.2.1 --dst 192.0.2.2 --proto tcp"; do
		# shellcheck disable=SC2086
		as_nobody $command
		check "without root: bpfteam $command" is_error 1 'need root'
	done
	as_nobody attach team0
	check "without root wrong usage is still wrong usage" is_error 2 'TEAM PORT'
	as_nobody doctor -j
	check_eq "without root doctor finds a problem" "$STATUS" 1
	check "and says which" jq -e '.ok == false and (.problems | length > 0)' "$TMP/out"
else
	skip "without root" "$BUILD/bpfteam can't be run by others"
fi

without() { # FEATURES PATTERN ARGS...
	local what=$1
	shift
	export BPFTEAM_WITHOUT=$what
	clean "$@"
	unset BPFTEAM_WITHOUT
}
without bpf 'BPF' attach team0 eth0 eth1
without tcx,clsact 'tcx' attach team0 eth0 eth1
without state,fentry,kprobe '--no-failover' attach team0 eth0 eth1
without state 'state' attach team0 eth0 eth1 --detect state
without fentry 'fentry' attach team0 eth0 eth1 --detect fentry

mkdir "$TMP/full" "$TMP/bpf2"
touch "$TMP/full/file"
clean 'full.*(BPF|bpffs)' --bpffs "$TMP/full" attach team0 eth0 eth1
clean 'too long' --runtime-dir "/tmp/$(printf '%0200d' 0)" attach team0 eth0 eth1
run_cli --bpffs "$TMP/bpf2" attach team0 eth0 eth1
check_eq "a bpffs that is missing is mounted" "$STATUS $(stat -fc %T "$TMP/bpf2")" "0 bpf_fs"
check "and detach works there" bpfteam --bpffs "$TMP/bpf2" detach team0
umount "$TMP/bpf2"

# ---- beside a team that runs -----------------------------------------------------------------

must bpfteam attach team0 eth0 --address 198.51.100.1/24
clean 'team0: .*(exists|there|runs)' attach team0 eth1
clean 'eth0: .*team0' attach team1 eth0
clean 'team0: .*(interface|team)' attach team1 team0
clean 'team9: no such team; there is team0' show team9
clean 'team9: no such team; there is team0' rdma team9
clean 'team9: no such team; there is team0' detach team9
clean 'team9: no such team; there is team0' port add team9 eth1
clean 'eth0' port add team0 eth0
clean 'eth9: no such device' port add team0 eth9
clean 'eth2: .*192.0.2.1/24' port add team0 eth2
clean 'eth1' port del team0 eth1
clean 'at least one port' port del team0 eth0
clean 'eth1' port set team0 eth1 --weight 2
file other.yaml 'team: team0\nports: [{name: eth0}, {name: eth9}]\n'
clean 'eth9: no such device' apply "$TMP/other.yaml"
must bpfteam detach team0

# ---- interrupted -----------------------------------------------------------------------------

# interrupted SIGNAL SECONDS ARGS...: bpfteam ARGS, and the signal after so long. Says what it met.
interrupted() {
	local signal=$1 after=$2
	shift 2
	spawn host "$BUILD/bpfteam" "$@" >/dev/null 2>&1
	pause "$after"
	kill "-$signal" "$SPAWNED" 2>/dev/null
	reap "$SPAWNED"
	say "$signal after $after s: $1 ended with $?"
}

before=$(picture)
for signal in INT TERM KILL; do
	for after in 0.005 0.02 0.035 0.05 0.07 0.1; do
		interrupted "$signal" "$after" attach team0 eth0 eth1
		# Either that one was through, or this one is.
		run_cli attach team0 eth0 eth1
		check "attach interrupted by $signal after $after s can be done again" \
			json_is '.[0].state == "up" and (.[0].ports | length) == 2' show team0 -j
		interrupted "$signal" "$after" detach team0
		run_cli detach team0
		wait_for 3 settled
		check_eq "so can detach, and everything is as before" "$(picture)" "$before" ||
			before=$(picture)
	done
done

finish
