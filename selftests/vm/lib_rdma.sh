# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_rdma.sh - RDMA between the two VMs of tools/vm/run: soft RoCE at both ends, rping, perftest and
# rsockets from either side, the RNIC's GIDs and counters. Sourced after lib_pair.sh.
#
# Side a is this VM, whose RNIC is a2; side b is the peer, whose RDMA device is on its bridge, so that
# each of its cables leads there. Soft RoCE works in the initial network namespace only (its routes
# and sockets are init_net's), so that is where all of this is, at both ends.

# RDMA's addresses, and those of its VLAN. The team's own are lib.sh's.
# shellcheck disable=SC2034 # address_of and the tests use them
R4_HOST=198.51.100.1 R4_PEER=198.51.100.2
R6_HOST=2001:db8:51::1 R6_PEER=2001:db8:51::2
V4_HOST=198.18.20.1 V4_PEER=198.18.20.2
V6_HOST=2001:db8:20::1 V6_PEER=2001:db8:20::2
VLAN=20
declare -A GID=(
	[$R4_HOST]=0000:0000:0000:0000:0000:ffff:c633:6401
	[$R6_HOST]=2001:0db8:0051:0000:0000:0000:0000:0001
	[$V4_HOST]=0000:0000:0000:0000:0000:ffff:c612:1401
	[$V6_HOST]=2001:0db8:0020:0000:0000:0000:0000:0001
)

# What a listener allows for, and so the most that a ping may have.
PING_SIZE=4096
PINGS=3
# A pair of programs that works is done within one to three seconds; what does not come within this
# many does not come at all.
PATIENCE=${PATIENCE:-15}

rdma_modules() {
	modprobe -a bridge ipv6 8021q bonding rdma_rxe rdma_ucm ib_uverbs 2>&1
}

# at SIDE COMMAND...: a line of shell on that side; its output, and its exit status.
at() {
	local side=$1
	shift
	case $side in
	a) bash -c "$*" ;;
	b) peer "$*" ;;
	esac
}

other() {
	[ "$1" = a ] && echo b || echo a
}

# The addresses of a side, of a family, of the RNIC or its VLAN: address_of b 4 R is R4_PEER.
address_of() {
	local name=$3$2
	[ "$1" = a ] && name+=_HOST || name+=_PEER
	echo "${!name}"
}

# result CONTENDER WHAT OUTCOME: a line of the table of what works with whom.
result() {
	say "result: $1 | $2 | $3"
}

# ---- the RNIC --------------------------------------------------------------------------------

rnic_add() { # NETDEV
	must rdma link add rxe0 type rxe netdev "$1"
}

# The GIDs of our RDMA device: "NETDEV GID" each.
gids() {
	local dir=/sys/class/infiniband/rxe0/ports/1 i dev gid
	for i in {0..31}; do
		read -r dev <"$dir/gid_attrs/ndevs/$i" || continue
		read -r gid <"$dir/gids/$i" && echo "$dev $gid"
	done 2>/dev/null | sort -u
}

has_gid() { # NETDEV ADDRESS
	gids | grep -qx "$1 ${GID[$2]}"
}

# Does any device give the address a GID?
any_gid() { # ADDRESS
	gids | grep -q " ${GID[$1]}\$"
}

# counter SIDE NAME...: the RDMA device's counters, summed up.
counter() {
	local side=$1 sum=0 n
	shift
	for n in $(at "$side" "cd /sys/class/infiniband/rxe0/ports/1/hw_counters && cat $*"); do
		sum=$((sum + n))
	done
	echo "$sum"
}

# What was sent twice, seen by either end.
retransmissions() {
	local names='completer_retry_err duplicate_request out_of_seq_request'
	# shellcheck disable=SC2086 # names
	echo $(($(counter a $names) + $(counter b $names)))
}

# ---- background programs ---------------------------------------------------------------------

# background SIDE NAME COMMAND: its output is in /tmp/NAME.SIDE of that side.
background() {
	at "$1" "$3 </dev/null >/tmp/$2.$1 2>&1 & echo \$! >/tmp/$2.$1.pid"
}

# end SIDE NAME [SIGNAL]: and returns when it is gone.
end() {
	at "$1" "kill -${3:-TERM} \$(cat /tmp/$2.$1.pid) 2>/dev/null"
	wait_for 15 gone "$1" "$2"
}

gone() { # SIDE NAME
	! alive "$1" "$2"
}

alive() { # SIDE NAME
	at "$1" "kill -0 \$(cat /tmp/$2.$1.pid) 2>/dev/null"
}

said() { # SIDE NAME
	at "$1" "cat /tmp/$2.$1"
}

listens() { # SIDE PORT
	at "$1" "rdma res show cm_id | grep -q 'LISTEN.*src-addr [^ ]*:$2 '"
}

# ---- rping -----------------------------------------------------------------------------------

# listen SIDE PORT [ADDRESS]: a server for any number of clients, one after the other or at once.
listen() {
	background "$1" "rping$2" "rping -s -P -V -S $PING_SIZE -p $2 -a ${3:-0.0.0.0}"
	wait_for 20 listens "$1" "$2" || say "rping -s at $1, port $2: $(said "$1" "rping$2")"
}

# Wildcard listeners, and those of the RNIC's addresses: ports 7100 and 7101 for IPv4, 7102 and 7103
# for IPv6.
listen_all() { # SIDE
	listen "$1" 7100 0.0.0.0
	listen "$1" 7101 "$(address_of "$1" 4 R)"
	listen "$1" 7102 ::
	listen "$1" 7103 "$(address_of "$1" 6 R)"
}

unlisten() { # SIDE PORT...
	local side=$1 port
	shift
	for port; do
		end "$side" "rping$port" KILL
	done
}

# rping SIDE TO PORT [FROM]: PINGS pings come back, whole. Its exit status says nothing: it may meet the
# end of the connection first.
rping_from() {
	at "$1" "timeout $PATIENCE rping -c -v -V -C $PINGS -a $2 -p $3 ${4:+-I $4} 2>&1" \
		>"$TMP/rping"
	cat "$TMP/rping"
	[ "$(grep -c '^ping data:' "$TMP/rping")" = "$PINGS" ]
}

# What the last one came to, in a few words.
rping_outcome() {
	if [ "$(grep -c '^ping data:' "$TMP/rping")" = "$PINGS" ]; then
		echo works
	elif ! grep -m 1 -oE 'RDMA_CM_EVENT_.*|rdma_[a-z_]+: .*|cq completion failed.*' "$TMP/rping"; then
		echo "nothing within $PATIENCE s"
	fi
}

# ping_case CONTENDER works|fails SIDE FAMILY bound|unbound wildcard|specific [R|V]
ping_case() {
	local who=$1 want=$2 side=$3 family=$4 bound=$5 listener=$6 net=${7:-R} port=7100 from='' what
	[ "$family" = 4 ] || port=7102
	[ "$listener" = wildcard ] || port=$((port + 1))
	[ "$bound" = unbound ] || from=$(address_of "$side" "$family" "$net")
	what="rping $side to $(other "$side"), IPv$family, $bound, $listener listener"
	[ "$net" = R ] || what+=", VLAN"
	if [ "$want" = works ]; then
		check "$who: $what" rping_from "$side" \
			"$(address_of "$(other "$side")" "$family" "$net")" "$port" "$from"
	else
		check_not "$who: $what: does not work" rping_from "$side" \
			"$(address_of "$(other "$side")" "$family" "$net")" "$port" "$from"
	fi
	result "$who" "$what" "$(rping_outcome)"
}

# all_pings CONTENDER works|fails
all_pings() {
	local side family bound listener
	for side in a b; do
		for family in 4 6; do
			for bound in bound unbound; do
				for listener in wildcard specific; do
					ping_case "$1" "$2" "$side" "$family" "$bound" "$listener"
				done
			done
		done
	done
}

# ---- perftest, rsockets ----------------------------------------------------------------------

# bandwidth SIDE PROGRAM MESSAGES: of perftest, by RDMA CM, from SIDE to the other one.
bandwidth() {
	local side=$1 options="-R -F -s 4096 -n $3 -p 7200" server
	[ "$2" != ib_send_bw ] || options+=" -e"
	server=$(other "$side")
	background "$server" perftest "timeout 120 $2 $options"
	wait_for 20 listens "$server" 7200 || said "$server" perftest
	at "$side" "timeout 120 $2 $options $(address_of "$server" 4 R) 2>&1" >"$TMP/perftest"
	local status=$?
	cat "$TMP/perftest"
	wait_for 20 gone "$server" perftest || end "$server" perftest
	return "$status"
}

# A listener is listed a moment before connections find it (cma_listen_on_dev(), drivers/infiniband/core/
# cma.c): then "REJECTED; error: 8", nobody listens. Once more, and it is said.
bandwidth_retried() {
	bandwidth "$@" && return
	grep -q 'REJECTED; error: 8' "$TMP/perftest" || return
	say "$2 at $1 met no listener; once more"
	bandwidth "$@"
}

bandwidth_case() { # CONTENDER SIDE PROGRAM MESSAGES
	local what
	what="$3 -R $2 to $(other "$2")"
	check "$1: $what: $4 messages of 4096 bytes" bandwidth_retried "$2" "$3" "$4"
	result "$1" "$what" "$(awk -v n="$4" '$1 == 4096 && $2 == n { print $4 " MB/s"; found = 1 }
		END { if (!found) print "fails" }' "$TMP/perftest")"
}

# rsockets SIDE: an unmodified program of sockets, by LD_PRELOAD at both ends; and RDMA carried it: the
# library falls back to TCP without a word.
rsockets() {
	local side=$1 server preload packets status words=50
	server=$(other "$side")
	preload=$(echo /usr/lib/*/rsocket/librspreload.so)
	packets=$(counter "$side" sent_pkts)
	background "$server" rsocket \
		"LD_PRELOAD=$preload $TOOLS/talk serve --port 7300 --at $(address_of "$server" 4 R)"
	wait_for 20 listens "$server" 7300 || said "$server" rsocket
	at "$side" "LD_PRELOAD=$preload timeout $PATIENCE $TOOLS/talk to --port 7300 --words $words \
		--every 1 --to $(address_of "$server" 4 R) 2>&1"
	status=$?
	end "$server" rsocket
	packets=$(($(counter "$side" sent_pkts) - packets))
	echo "RDMA packets sent: $packets"
	[ "$status" = 0 ] && [ "$packets" -ge "$words" ]
}

rsockets_case() { # CONTENDER SIDE
	local what
	what="rsockets (LD_PRELOAD) $2 to $(other "$2")"
	if check "$1: $what" rsockets "$2"; then
		result "$1" "$what" works
	else
		result "$1" "$what" fails
	fi
}
