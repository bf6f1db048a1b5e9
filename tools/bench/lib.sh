# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib.sh - the contenders, set up alike, for the measuring scripts of this folder. Sourced, never run:
#
#	. "$(dirname "$0")/lib.sh"
#	bench_setup
#	contender bonding balance-xor 2 && { ...; contender_end; }
#
#	host                                    peer
#	DEV  eth0 -------------------------- p0     192.0.2.2, 2001:db8::2 on lo
#	     eth1 -------------------------- p1     all ports have one MAC address
#	     ...                             ...
#	192.0.2.1, 2001:db8::1                      nobody has 192.0.2.3, 2001:db8::3, 198.18.0.0/15
#
# DEV is eth0 itself for the raw NIC, else bond0 or team0; all team MAC addresses are eth0's. The peer answers on p0; what the host sends
# may come in on any port. Neighbours are permanent entries, so no ARP or ND disturbs a count.
# Contenders are set up one at a time: nobody pays for what another one switches on in the kernel.
#
# Namespaces, programs and cleanup are those of the tests with traffic (selftests/net/lib.sh).

TAP_QUIET=1
. "$(dirname "${BASH_SOURCE[0]}")/../../selftests/net/lib.sh"

PEER_MAC=02:00:00:00:02:00 SINK_MAC=02:00:00:00:02:01
SHORT=${SHORT:-}
# A figure is exact but for where in memory things happen to lie: few runs do.
RUNS=${RUNS:-${SHORT:+2}} RUNS=${RUNS:-5}
COUNT=${COUNT:-${SHORT:+500}} COUNT=${COUNT:-2000}
DEV='' DEV_MAC=''

# Instead of that of the tests: while the machine waits for a file of the host's, a clock that counts
# instructions may jump on by a minute. So tries are counted, 20 to the second.
wait_for() { # SECONDS COMMAND...
	local tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		pause 0.02
	done
}

# A cell that could not be measured. The report shows it.
missing() { # CONTENDER TABLE REASON
	printf 'MISSING\t%s\t%s\t%s\n' "$2" "$1" "$3"
}

# measure COMMAND...: in the host, for CONTENDER; its output are samples. One that fails is named, and
# the script goes on, to end with STATUS.
# shellcheck disable=SC2034 # also below: the scripts use it
STATUS=0
measure() {
	if on host "$@" >"$TMP/samples" 2>"$TMP/failed"; then
		cat "$TMP/samples"
	else
		missing "$CONTENDER" "$TABLE" "failed: $(tail -n 1 "$TMP/failed")"
		# shellcheck disable=SC2034 # the scripts' exit status
		STATUS=1
	fi
}

bench_setup() {
	need_built bpfteam bpfteamd tools/packets
	setup
}

# batch NS: `ip` commands from stdin, one a line. A process costs 40 ms where instructions are counted.
batch() {
	on "$1" ip -batch - || bail "ip -batch failed"
}

# cables N: the namespaces and N cables.
cables() {
	local i
	ns_add host peer
	batch host < <(for ((i = 0; i < $1; i++)); do
		echo "link add name eth$i address $(mac_of "$i") type veth" \
			"peer name p$i address $PEER_MAC netns ${NS[peer]}"
	done)
	batch peer < <(for ((i = 0; i < $1; i++)); do
		echo "link set p$i up"
	done)
	batch peer <<-END
		addr add $PEER4/32 dev lo
		addr add $PEER6/128 dev lo nodad
	END
}

mac_of() {
	printf '02:00:00:00:01:%02x' "$1"
}

# A function for each contender makes DEV of the PORTs; it fails, with one line in $TMP/why, where
# that can't be had. MODE is active-backup or balance-xor, by addresses and ports.

make_raw() { # MODE PORT...
	DEV=$2
	on host ip link set "$2" up
}

make_bonding() { # MODE PORT...
	local mode=$1 port
	shift
	DEV=bond0
	[ "$mode" = active-backup ] || mode+=' xmit_hash_policy layer3+4'
	modprobe bonding max_bonds=0 2>"$TMP/why" || return
	batch host < <(
		echo "link add bond0 type bond mode $mode miimon 100"
		for port; do
			echo "link set $port master bond0"
			echo "link set $port up"
		done
		echo "link set bond0 up"
	)
}

make_teamd() { # MODE PORT...
	local runner='"name":"activebackup"' ports='' port
	[ "$1" = active-backup ] || runner='"name":"loadbalance","tx_hash":["l3","l4"]'
	shift
	DEV=team0
	modprobe team 2>"$TMP/why" || return
	for port; do
		ports+="${ports:+,}\"$port\":{\"prio\":$((100 - ${port#eth}))}"
	done
	spawn host teamd -U -c "{\"device\":\"team0\",\"hwaddr\":\"$(mac_of 0)\",
		\"runner\":{$runner},\"link_watch\":{\"name\":\"ethtool\"},\"ports\":{$ports}}" >"$TMP/why" 2>&1
	TEAMD=$SPAWNED
	wait_for 10 on host ip link set team0 up
}

make_bpfteam() { # MODE PORT... [ATTACH_OPTION...]
	local mode=$1
	shift
	DEV=team0
	# shellcheck disable=SC2119 # no options of ours are meant
	start_daemon
	bpfteam attach team0 --mode "$mode" --hash layer3+4 "$@" >"$TMP/why" 2>&1
}

# What attach is told for each bpfteam.
declare -A OPTIONS=(
	[bpfteam]=''
	[bpfteam-direct]='--rx direct'
	[bpfteam, detector fentry]='--detect fentry'
	[bpfteam, detector poll]='--detect poll'
	[bpfteam, hash layer2]='--hash layer2'
	[bpfteam, hash layer2+3]='--hash layer2+3'
	[bpfteam, hash encap2+3]='--hash encap2+3'
	[bpfteam, hash encap3+4]='--hash encap3+4'
	[bpfteam, hash vlan+srcmac]='--hash vlan+srcmac'
	[bpfteam, hash txhash]='--hash txhash'
	[bpfteam, active-backup]='--mode active-backup'
	[bpfteam, promiscuous]=''
	[bpfteam, on RNICs]=''
	[bpfteam, RDMA vport]=''
)

# contender NAME MODE N: that contender of N ports, until the peer answers. One that can't be had is
# tried once more, since that jump of the clock may be longer than bpfteam waits for its daemon; then it
# is named in the samples, and the script's exit status will be 1.
contender() {
	set_up "$@" && return
	echo "# $1, $2, $3 ports: $WHY; tried once more"
	set_up "$@" && return
	missing "$1" "$TABLE" "$2, $3 ports: $WHY"
	# shellcheck disable=SC2034
	STATUS=1
	return 1
}

# The ports are held for RNICs: what is not for the team's MAC address is asked whether it is RDMA. With a
# vport the last one is an RNIC whose frames are that's, but for RDMA.
make_rnics() { # MODE PORT...
	local mode=$1 port
	shift
	{
		echo "team: team0"
		echo "mode: $mode"
		echo "ports:"
		for port; do
			echo "  - {name: $port, rdma: on}"
		done
		[ "$CONTENDER" != 'bpfteam, RDMA vport' ] ||
			echo "rdma: {port: $port, addresses: [203.0.113.1/24]}"
	} >"$TMP/rnics.yaml"
	bpfteam apply "$TMP/rnics.yaml" >"$TMP/why" 2>&1
}

# WHY says why not.
set_up() {
	local mode=$2 ports=() i
	CONTENDER=$1 TEAMD=''
	cables "$3"
	for ((i = 0; i < $3; i++)); do
		ports+=("eth$i")
	done
	case $1 in
	raw) make_raw "$mode" "${ports[@]}" ;;
	bonding) make_bonding "$mode" "${ports[@]}" ;;
	teamd) make_teamd "$mode" "${ports[@]}" ;;
	bpfteam*)
		# shellcheck disable=SC2086 # a list of words
		make_bpfteam "$mode" "${ports[@]}" ${OPTIONS[$1]} &&
			case $1 in *RNICs | *RDMA*) make_rnics "$mode" "${ports[@]}" ;; esac
		;;
	*) bail "$1: unknown contender" ;;
	esac || {
		WHY=$(head -n 1 "$TMP/why")
		contender_end
		return 1
	}
	neighbours
	if wait_for 10 ping_peer; then
		# libteam 1.31's loadbalance runner answers each message that an option was set by
		# setting it again, without end. The kernel does without it while nothing changes.
		if [ "$1 $mode" = "teamd balance-xor" ]; then
			wait_for 20 ports_went_up "$3" && pause 1
			kill -STOP "$TEAMD"
		fi
		wait_for 20 idle && return
	fi
	WHY='no answer from the peer, or the machine is never idle'
	contender_end
	return 1
}

# teamd says so of each, and then enables it.
ports_went_up() { # N
	[ "$(grep -c 'went up' "$TMP/why")" = "$1" ]
}

# A daemon that is still finding its way, teamd for one, would be counted too.
idle() {
	local before after
	read -r _ _ _ _ before _ </proc/stat
	pause 0.5
	read -r _ _ _ _ after _ </proc/stat
	[ $((after - before)) -ge 48 ]
}

# Addresses, routes and permanent neighbour entries, on both sides.
neighbours() {
	[[ $(on host ip -o link show dev "$DEV") =~ link/ether\ ([0-9a-f:]+) ]] || bail "no $DEV"
	DEV_MAC=${BASH_REMATCH[1]}
	batch host <<-END
		addr add $HOST4/24 dev $DEV
		addr add $HOST6/64 dev $DEV nodad
		route add 198.18.0.0/15 via 192.0.2.3
		neigh replace $PEER4 lladdr $PEER_MAC dev $DEV nud permanent
		neigh replace $PEER6 lladdr $PEER_MAC dev $DEV nud permanent
		neigh replace 192.0.2.3 lladdr $SINK_MAC dev $DEV nud permanent
		neigh replace 2001:db8::3 lladdr $SINK_MAC dev $DEV nud permanent
	END
	batch peer <<-END
		route add 192.0.2.0/24 dev p0 src $PEER4
		route add 198.18.0.0/15 dev p0
		route add 2001:db8::1/128 dev p0 src $PEER6
		neigh replace $HOST4 lladdr $DEV_MAC dev p0 nud permanent
		neigh replace $HOST6 lladdr $DEV_MAC dev p0 nud permanent
	END
}

contender_end() {
	case $CONTENDER in
	bpfteam*)
		bpfteam detach team0 >/dev/null 2>&1
		# shellcheck disable=SC2119
		stop_daemon
		;;
	esac
	[ -z "$TEAMD" ] || {
		kill -CONT "$TEAMD"
		stop "$TEAMD"
	}
	ip netns del "${NS[host]}"
	ip netns del "${NS[peer]}"
}
