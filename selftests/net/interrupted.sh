#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# attach and detach killed half-way leave nothing behind, or are completed by running them again; and
# Ctrl-C leaves a team that is whole, or none.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
. "$(dirname "$0")/lib.sh"

need_bpfteam
two_switches 2
must on host ip addr add "$HOST4/24" dev eth0
must on host ip route add default via "$PEER4" dev eth0

settled() {
	! on host ip -6 addr show tentative | grep -q inet6 &&
		[ "$(on host ip -6 addr show dev eth0 scope link | grep -c inet6)" = 1 ] &&
		[ "$(on host ip -6 addr show dev eth1 scope link | grep -c inet6)" = 1 ]
}

same_pictures() {
	[ "$(port_picture eth0)" = "$(cat "$TMP/eth0.before")" ] &&
		[ "$(port_picture eth1)" = "$(cat "$TMP/eth1.before")" ]
}

# interrupt SIGNAL SECONDS COMMAND...: runs it, and ends it then
interrupt() {
	local signal=$1 after=$2 pid
	shift 2
	(exec nsenter --net="/run/netns/${NS[host]}" "$BUILD/bpfteam" "$@" >/dev/null 2>&1) &
	pid=$!
	pause "$after"
	kill "-$signal" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

whole_or_none() {
	if bpfteam show team0 >/dev/null 2>&1; then
		[ "$(show '.ports | length')" = 2 ] && ping_peer
	else
		leftovers
	fi
}

must wait_for 5 settled
port_picture eth0 >"$TMP/eth0.before"
port_picture eth1 >"$TMP/eth1.before"

attach=(attach team0 eth0 eth1 --move-addresses)
failed=''
for after in 0.002 0.005 0.01 0.02 0.03 0.04 0.06 0.08 0.12 0.2; do
	interrupt KILL "$after" "${attach[@]}"
	if ! bpfteam show team0 >/dev/null 2>&1 || [ "$(show '.ports | length')" != 2 ]; then
		bpfteam "${attach[@]}" >"$TMP/again" 2>&1 || failed+=" attach-after-$after"
		say_file "$TMP/again" | grep -v 'no daemon runs'
	fi
	wait_for 3 ping_peer || failed+=" no-traffic-after-$after"
	bpfteam detach team0 >/dev/null 2>&1 || failed+=" detach-after-$after"
	leftovers >/dev/null || failed+=" leftovers-after-$after"
	wait_for 3 same_pictures || failed+=" ports-after-$after"
done
check_eq "attach killed with -9, ten times: run again it is whole, and goes without a trace" "$failed" ""

failed=''
for after in 0.002 0.005 0.01 0.02 0.03 0.04 0.06 0.1; do
	must bpfteam "${attach[@]}"
	interrupt KILL "$after" detach team0
	bpfteam detach team0 >/dev/null 2>&1
	leftovers >"$TMP/left" || failed+=" leftovers-after-$after"
	wait_for 3 same_pictures || failed+=" ports-after-$after"
done
check_eq "detach killed with -9, eight times: run again it leaves no trace" "$failed" ""

failed=''
for after in 0.005 0.02 0.04 0.08 0.15; do
	interrupt INT "$after" "${attach[@]}"
	whole_or_none >/dev/null || failed+=" half-after-$after"
	bpfteam detach team0 >/dev/null 2>&1
	leftovers >/dev/null || failed+=" leftovers-after-$after"
	wait_for 3 same_pictures || failed+=" ports-after-$after"
done
check_eq "attach and Ctrl-C, five times: a whole team, or none" "$failed" ""

# rx: direct changes more of a port.
settings() {
	on host sh -c 'cd /proc/sys/net && grep . ipv4/conf/eth[01]/rp_filter \
		ipv6/conf/eth[01]/disable_ipv6 ipv6/conf/eth[01]/forwarding'
}
must on host sh -c 'echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter
	echo 1 >/proc/sys/net/ipv6/conf/eth1/forwarding'
wanted=$(settings)
failed=''
for after in 0.03 0.06 0.09 0.12 0.15 0.2; do
	interrupt KILL "$after" "${attach[@]}" --rx direct
	bpfteam detach team0 >/dev/null 2>&1
	[ "$(settings)" = "$wanted" ] || failed+=" settings-after-$after"
	must bpfteam "${attach[@]}" --rx direct
	interrupt KILL "$after" detach team0
	bpfteam detach team0 >/dev/null 2>&1
	[ "$(settings)" = "$wanted" ] || failed+=" settings-after-detach-$after"
	leftovers >/dev/null || failed+=" leftovers-after-$after"
done
check_eq "rx: direct, killed in attach and detach: the settings are as before" "$failed" ""
check "the port works as before" ping_peer
finish
