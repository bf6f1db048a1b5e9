# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib.sh - what the tests in this folder are made of: TAP, network namespaces, cables and switches,
# the programs under test with a bpffs and a runtime folder of their own, conditions with a deadline.
# Sourced, never run:
#
#	. "$(dirname "$0")/lib.sh"
#	two_switches 2
#	start_daemon
#	must bpfteam attach team0 eth0 eth1 --address "$HOST4/24"
#	check "the peer answers" ping_peer
#	finish
#
# Everything made here goes when the test ends, however it ends. Names carry the test's pid and a
# random number, so that tests run side by side. `ip netns exec` and `ip -n` are not used: they mount
# a new /sys, and the pins under a bpffs in it would be gone.

set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

SELFTESTS_NET=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$SELFTESTS_NET/../.." && pwd)
BUILD=$(cd "$ROOT" && realpath -m "${B:-build}")
TOOLS=$BUILD/tools
TEST=$(basename "$0")

HOST4=192.0.2.1 HOST6=2001:db8::1
PEER4=192.0.2.2 PEER6=2001:db8::2
export HOST4 HOST6 PEER4 PEER6

# ---- TAP -------------------------------------------------------------------------------------

TAP_N=0 TAP_FAILED=0 TAP_SKIPPED=0 TAP_PLAN=''

say() {
	printf '# %s\n' "$*"
}

# Output of a program, as diagnostics.
say_file() {
	sed 's/^/#   /' "$1"
}

plan() {
	TAP_PLAN=$1
	echo "1..$1"
}

ok() {
	TAP_N=$((TAP_N + 1))
	echo "ok $TAP_N - $*"
}

not_ok() {
	TAP_N=$((TAP_N + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_N - $*"
}

# skip DESCRIPTION REASON
skip() {
	TAP_N=$((TAP_N + 1))
	TAP_SKIPPED=$((TAP_SKIPPED + 1))
	echo "ok $TAP_N - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 4
}

bail() {
	echo "Bail out! $TEST: $*"
	exit 1
}

# check DESCRIPTION COMMAND...: ok when the command succeeds; its output is shown when not. What the
# check before this one printed is in $TMP/last.
check() {
	local what=$1
	shift
	mv "$TMP/check" "$TMP/last" 2>/dev/null
	if "$@" >"$TMP/check" 2>&1; then
		ok "$what"
	else
		not_ok "$what"
		say "failed: $*"
		say_file "$TMP/check"
		return 1
	fi
}

# check_not DESCRIPTION COMMAND...: ok when the command fails.
check_not() {
	local what=$1
	shift
	mv "$TMP/check" "$TMP/last" 2>/dev/null
	if "$@" >"$TMP/check" 2>&1; then
		not_ok "$what"
		say "succeeded, and should not: $*"
		say_file "$TMP/check"
		return 1
	fi
	ok "$what"
}

# check_eq DESCRIPTION GOT WANTED
check_eq() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '%s\n' "$2" >"$TMP/got"
		printf '%s\n' "$3" >"$TMP/wanted"
		diff -u --label wanted --label got "$TMP/wanted" "$TMP/got" | sed 's/^/#   /'
		return 1
	fi
}

# must COMMAND...: a step without which the rest of the test means nothing.
must() {
	if ! "$@" >"$TMP/must" 2>&1; then
		say "failed: $*"
		say_file "$TMP/must"
		[ -f "$TMP/daemon.log" ] && tail -20 "$TMP/daemon.log" | sed 's/^/#   bpfteamd: /'
		bail "$*"
	fi
}

# Ends every test: the plan, and kselftest's exit status.
finish() {
	if [ -z "$TAP_PLAN" ]; then
		echo "1..$TAP_N"
	elif [ "$TAP_PLAN" != "$TAP_N" ]; then
		say "planned $TAP_PLAN tests, ran $TAP_N"
		exit 1
	fi
	[ "$TAP_FAILED" = 0 ] || exit 1
	if [ "$TAP_N" -gt 0 ] && [ "$TAP_SKIPPED" = "$TAP_N" ]; then
		exit 4
	fi
	exit 0
}

# ---- conditions ------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: until the command succeeds; fails when the time is over. Seconds may
# have a fraction.
wait_for() {
	local end
	end=$(($(now_ms) + $(to_ms "$1")))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		pause 0.02
	done
}

# Between two looks at a condition, or the length of an observation; never to wait for something.
pause() {
	read -rt "$1" <> <(:) || :
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

to_ms() {
	local s=${1%.*} f=000
	case $1 in *.*) f=${1#*.}000 ;; esac
	echo $((10#${s:-0} * 1000 + 10#${f:0:3}))
}

# CLOCK_MONOTONIC in ns, the clock of the tools and of the data path.
now_ns() {
	"$TOOLS/stream" now
}

# ---- what a test needs -----------------------------------------------------------------------

need_tool() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
}

need_built() {
	local program
	for program; do
		[ -x "$BUILD/$program" ] || skip_all "$BUILD/$program is not built"
	done
}

# kernel_can COMMAND...: e.g. a link type, tried in a namespace of its own.
kernel_can() {
	unshare -n "$@" >/dev/null 2>&1
}

# ---- life cycle ------------------------------------------------------------------------------

declare -A NS=()
PIDS=() DAEMON_PID=''
ID=$$-$RANDOM

setup() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need_tool ip jq nsenter
	TMP=$(mktemp -d "/tmp/bpfteam-test.XXXXXX") || exit 1
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	BPFFS=$TMP/bpf/bpfteam RUN=$TMP/run ETC=$TMP/etc
	mkdir "$TMP/bpf" "$RUN" "$ETC"
	mount -t bpf bpf "$TMP/bpf" || skip_all "bpffs can't be mounted"
	export BPFTEAM_RUNTIME_DIR=$RUN BPFTEAM_BPFFS=$BPFFS
	[ -n "${TAP_QUIET:-}" ] || echo "TAP version 13"
}

cleanup() {
	local pid name
	trap - EXIT INT TERM HUP
	for pid in "${PIDS[@]}" $DAEMON_PID; do
		kill -CONT "$pid" 2>/dev/null
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	umount "$TMP/bpf" 2>/dev/null || umount -l "$TMP/bpf" 2>/dev/null
	for name in "${NS[@]}"; do
		ip netns del "$name" 2>/dev/null
	done
	rm -rf "$TMP"
}

# ns_add NAME...: new namespaces, to be used as `on NAME command`.
ns_add() {
	local name
	for name; do
		NS[$name]=bpft-$ID-$name
		must ip netns add "${NS[$name]}"
		on "$name" sh -c '
			ip link set lo up
			# No duplicate address detection: addresses are usable at once.
			echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
			echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
			echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations
			echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range' 2>/dev/null
	done
}

on() {
	local name=$1
	shift
	nsenter --net="/run/netns/${NS[$name]}" "$@"
}

# spawn NS COMMAND...: in the background until the test ends; its pid is in SPAWNED.
spawn() {
	local name=$1
	shift
	(exec nsenter --net="/run/netns/${NS[$name]}" "$@") &
	SPAWNED=$!
	PIDS+=("$SPAWNED")
	# Until then it is this shell, and a signal would have it run cleanup.
	while [ "/proc/$SPAWNED/exe" -ef "$BASH" ]; do
		:
	done
}

READY_N=0
# spawn_tool NS OUTPUT TOOL ARGS...: a program of tools/lab, its output in a file. Returns when its
# sockets are open.
spawn_tool() {
	local name=$1 out=$2 tool=$3 ready
	shift 3
	READY_N=$((READY_N + 1))
	ready=$TMP/ready.$READY_N
	spawn "$name" "$TOOLS/$tool" "$@" --ready "$ready" >"$out"
	wait_for 10 test -e "$ready" || bail "$tool $* does not start"
}

# Waits for a process of ours to end; fails as it failed.
reap() {
	wait "$1" 2>/dev/null
}

# stop PID...: ends processes that spawn started.
stop() {
	local pid
	for pid; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

# ---- cables and switches ---------------------------------------------------------------------

# cable NS DEV NS DEV: a veth pair, both ends up.
cable() {
	must ip link add name "$2" netns "${NS[$1]}" type veth peer name "$4" netns "${NS[$3]}"
	must on "$1" ip link set "$2" up
	must on "$3" ip link set "$4" up
}

# switch NS: a learning switch that forwards on a port as soon as it has carrier.
switch() {
	must on "$1" ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	must on "$1" ip link set br0 up
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6' 2>/dev/null
}

# plug NS DEV: the device becomes a port of the namespace's switch.
plug() {
	must on "$1" ip link set "$2" master br0
	on "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6" 2>/dev/null
}

# has_carrier NS DEV
has_carrier() {
	on "$1" ip -o link show dev "$2" | grep -q 'LOWER_UP'
}

# The peer's interface is eth0 in namespace peer.
peer_addresses() {
	must on peer ip addr add "$PEER4/24" dev eth0
	must on peer ip addr add "$PEER6/64" dev eth0 nodad
}

#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	host.eth2 ---- p2     |                            p3 ---- host.eth3
#	                  peer.eth0
#
# two_switches [PORTS]: a peer that is not told of a fail-over sends on into the old switch. The
# switch's end of ethN is pN; port_switch N names its namespace.
two_switches() {
	local n=${1:-2} i
	setup
	ns_add host peer a b
	switch a
	switch b
	cable a trunk b trunk
	plug a trunk
	plug b trunk
	cable peer eth0 a peer
	plug a peer
	peer_addresses
	for ((i = 0; i < n; i++)); do
		cable host "eth$i" "$(port_switch "$i")" "p$i"
		plug "$(port_switch "$i")" "p$i"
	done
	wait_for 5 bridge_forwards a peer || bail "switch a does not forward"
	wait_for 5 bridge_forwards b trunk || bail "switch b does not forward"
}

port_switch() {
	[ $(($1 % 2)) = 0 ] && echo a || echo b
}

bridge_forwards() {
	on "$1" bridge -o link show dev "$2" | grep -q 'state forwarding'
}

#	host.eth0 ---- p0 [switch a] peer ---- peer.eth0
#	host.eth1 ---- p1     |
#
# one_switch [PORTS]: what one port sends to everybody comes back through the others.
one_switch() {
	local n=${1:-2} i
	setup
	ns_add host peer a
	switch a
	cable peer eth0 a peer
	plug a peer
	peer_addresses
	for ((i = 0; i < n; i++)); do
		cable host "eth$i" a "p$i"
		plug a "p$i"
	done
	wait_for 5 bridge_forwards a peer || bail "switch a does not forward"
}

#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
#
# cross_cables [PORTS]: the peer sees on which port each frame comes. It has no address.
cross_cables() {
	local n=${1:-2} i
	setup
	ns_add host peer
	for ((i = 0; i < n; i++)); do
		cable host "eth$i" peer "eth$i"
	done
}

# The cable of host's ethN is pulled at the switch, and put back.
cut_cable() {
	on "$(port_switch "$1")" ip link set "p$1" down
}
mend_cable() {
	on "$(port_switch "$1")" ip link set "p$1" up
}

# ---- the programs under test -----------------------------------------------------------------

need_bpfteam() {
	need_built bpfteam bpfteamd
}

bpfteam() {
	on host "$BUILD/bpfteam" "$@"
}

# start_daemon [ARGS...]: in host, its log in $TMP/daemon.log; returns when it answers. The
# array WRAP is a command to run it under.
WRAP=()
start_daemon() {
	(exec nsenter --net="/run/netns/${NS[host]}" "${WRAP[@]}" "$BUILD/bpfteamd" \
		--config-dir "$ETC" --runtime-dir "$RUN" --bpffs "$BPFFS" "$@") \
		>>"$TMP/daemon.log" 2>&1 &
	DAEMON_PID=$!
	if ! wait_for 10 daemon_answers; then
		say_file "$TMP/daemon.log"
		bail "bpfteamd does not answer"
	fi
}

# Somebody listens on the socket (__SO_ACCEPTCON, net/unix/af_unix.c): without, show would do without a
# daemon, and succeed. The folder may have another name where the daemon has mounts of its own.
daemon_answers() {
	on host grep -q '00010000 .*/bus$' /proc/net/unix && bpfteam show -j
}

# stop_daemon [SIGNAL]: TERM by default, and waits for its end.
stop_daemon() {
	kill "-${1:-TERM}" "$DAEMON_PID" 2>/dev/null
	wait "$DAEMON_PID" 2>/dev/null
	DAEMON_PID=''
}

# show FILTER [TEAM]: a value out of `bpfteam show -j`, e.g. show .active_port
show() {
	bpfteam show "${2:-team0}" -j | jq -r ".[0] | $1"
}

# port_field PORT FIELD [TEAM], e.g. port_field eth0 .state
port_field() {
	show ".ports[] | select(.name==\"$1\") | $2" "${3:-team0}"
}

port_is() { # PORT STATE
	[ "$(port_field "$1" .state)" = "$2" ]
}

active_is() {
	[ "$(show .active_port)" = "$1" ]
}

# attach [PORTS] [OPTIONS...]: team0 with the host's addresses on it.
attach() {
	must bpfteam attach team0 "$@" --address "$HOST4/24" --address "$HOST6/64"
}

ping_peer() {
	on host ping -nqc1 -W2 "${1:-$PEER4}"
}

peer_pings() {
	on peer ping -nqc1 -W2 "${1:-$HOST4}"
}

# Everything of a port that a team could have changed.
port_picture() {
	local dev=$1
	echo "== link"
	on host ip -d -j link show dev "$dev" | jq -S '.[0] | {flags, mtu, address, operstate,
		promiscuity, allmulti, inet6_addr_gen_mode, qdisc, txqlen, gso_max_size, gso_max_segs,
		master, group, num_tx_queues}'
	echo "== addresses"
	on host ip -j addr show dev "$dev" | jq -S '[.[0].addr_info[] |
		del(.valid_life_time, .preferred_life_time, .tentative)] | sort_by(.local)'
	echo "== routes"
	on host ip -4 route show table all dev "$dev" | sort
	on host ip -6 route show table all dev "$dev" | sort
	echo "== unicast and multicast filters"
	on host bridge fdb show dev "$dev" | sort
	on host ip maddr show dev "$dev" | sed 1d | sort
	echo "== programs"
	on host tc filter show dev "$dev" ingress
	on host tc filter show dev "$dev" egress
	on host bpftool -j net show dev "$dev" 2>/dev/null | jq -c '.[0] | {xdp, tc}'
}

# What a team leaves behind when it is gone: prints it and fails, or is silent.
leftovers() {
	local found
	found=$(on host ip -o link show type veth | grep -vE '^[0-9]+: eth[0-9]+@' |
		grep -vE "${LEFTOVERS_IGNORE:-^\$}")
	[ -z "$found" ] || echo "links: $found"
	local pins
	pins=$(find "$BPFFS" -mindepth 1 2>/dev/null)
	[ -z "$pins" ] || echo "pins: $pins"
	[ -z "$found$pins" ]
}

check_no_leftovers() {
	check "${1:-nothing is left behind}" leftovers
}
