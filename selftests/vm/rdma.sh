#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# RDMA and a team on one NIC, between two machines: soft RoCE on a stock kernel, connections by RDMA
# CM in every way, rsockets, and carriers cut from outside while all of it runs. First without any
# team, so that what fails later is known to be possible; then with kernel bonding as the control; then
# with bpfteam. "# result:" lines are the table of what works with whom.
#
#	  VM A                            VM B
#	     a0 ==== a cable of QEMU's ==== b0 [br0]  192.0.2.2, 2001:db8::2
#	     a1 ========================== b1   |     198.51.100.2, 2001:db8:51::2
#	rxe0 a2 ========================== b2   |     rxe0
#	     |                                  br0.20  198.18.20.2, 2001:db8:20::2
#	     a2.20
#	     a3 ========== control ======== b3
#
#	team0  over a0, a1, a2: 192.0.2.1, 2001:db8::1
#	team0r pinned to a2: 198.51.100.1, 2001:db8:51::1, or on VLAN 20 198.18.20.1, 2001:db8:20::1
#
# Everything is in the initial namespaces, see lib_rdma.sh. RDMA_PHASE=control leaves bpfteam out,
# RDMA_PHASE=team the rest (plain or bonding is that alone), device the RNIC that joins and its changes. The short form is the essence of the rest;
# VM=long does all, in every way there is, and cuts each cable 20 times, CUTS=n that often.
#
# Without an argument this runs on the host, and starts the VMs, which run it as `host` and `peer`.
role=${1:-}
. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/lib_vm.sh"
. "$(dirname "$0")/lib_pair.sh"
. "$(dirname "$0")/lib_rdma.sh"
. "$(dirname "$0")/lib_rdma_device.sh"

CUTS=${CUTS:-20}
[ "${VM:-short}" = long ] || RDMA_PHASE=${RDMA_PHASE:-team}
RDMA_PHASE=${RDMA_PHASE:-all}

start_vms() {
	local self=selftests/vm/rdma.sh
	cd "$ROOT" || exit
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need_tool socat jq rdma rping ib_send_bw
	need_built bpfteam bpfteamd tools/talk tools/stream tools/sniff
	run_vm -c 1 -t 1100 -n 4 -p "B=$BUILD $self peer" -- \
		env "B=$BUILD" "VM=${VM:-short}" "CUTS=$CUTS" "RDMA_PHASE=$RDMA_PHASE" "$self" host
}

# B: a switch, and one machine behind it.
be_peer() {
	local i
	rdma_modules
	sysctl -qw net.ipv6.conf.default.accept_dad=0
	ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	for i in 0 1 2; do
		ip link set "b$i" up master br0
	done
	ip addr add "$PEER4/24" dev br0
	ip addr add "$PEER6/64" dev br0
	ip addr add "$R4_PEER/24" dev br0
	ip addr add "$R6_PEER/64" dev br0
	ip link set br0 up
	ip link add "br0.$VLAN" link br0 type vlan id "$VLAN"
	ip addr add "$V4_PEER/24" dev "br0.$VLAN"
	ip addr add "$V6_PEER/64" dev "br0.$VLAN"
	ip link set "br0.$VLAN" up
	rdma link add rxe0 type rxe netdev br0
	peer_serve b3
}

# ---- without a team --------------------------------------------------------------------------

# The RNIC alone, with an address of its own: what works here is what the lab can show.
plain() {
	must ip link set a2 up
	must ip addr add "$R4_HOST/24" dev a2
	must ip addr add "$R6_HOST/64" dev a2
	must ip link add "a2.$VLAN" link a2 type vlan id "$VLAN"
	must ip addr add "$V4_HOST/24" dev "a2.$VLAN"
	must ip addr add "$V6_HOST/64" dev "a2.$VLAN"
	must ip link set "a2.$VLAN" up
	rnic_add a2
	check "plain: both sides reach each other" wait_for 20 reached "$R4_PEER" "$R6_PEER"
	check "plain: the RNIC's addresses have GIDs" gids_are a2
	listen_all a
	ping_case plain works a 4 unbound specific
	ping_case plain works a 6 bound wildcard
	ping_case plain works b 4 bound specific
	ping_case plain works b 6 unbound wildcard
	ping_case plain works a 4 bound wildcard V
	ping_case plain works b 6 unbound wildcard V
	check_not "plain: nobody listens: rping fails" rping_from a "$R4_PEER" 7999
	result plain "rping a to b, nobody listens" "$(rping_outcome)"
	bandwidth_case plain a ib_send_bw 300
	bandwidth_case plain b ib_write_bw 300
	rsockets_case plain a
	rsockets_case plain b
	unlisten a 7100 7101 7102 7103
	must rdma link del rxe0
	must ip link del "a2.$VLAN"
	must ip addr flush dev a2
	must ip link set a2 down
}

reached() { # IP...
	local ip
	for ip; do
		ping -nqc1 -W2 "$ip" || return
	done
}

gids_are() { # NETDEV
	gids
	wait_for 5 has_gid "$1" "$R4_HOST" && wait_for 5 has_gid "$1" "$R6_HOST"
}

# ---- the control: kernel bonding ---------------------------------------------------------------

active_slave_is() {
	grep -qx "Currently Active Slave: $1" /proc/net/bonding/bond0
}

# What fails here is the kernel's own state of affairs. That it does is asserted: the day it does not, the
# table is wrong.
bonding() {
	local i
	PATIENCE=6
	must ip link add bond0 type bond mode active-backup miimon 100 primary_reselect failure
	for i in 2 0 1; do
		must ip link set "a$i" down
		must ip link set "a$i" master bond0
	done
	must ip addr add "$R4_HOST/24" dev bond0
	must ip addr add "$R6_HOST/64" dev bond0
	must ip link set bond0 up
	must wait_for 20 active_slave_is a2
	rnic_add a2
	check "bonding: both sides reach each other" wait_for 20 reached "$R4_PEER" "$R6_PEER"
	check "bonding: the bond's addresses have GIDs on its active slave's RNIC" gids_are bond0
	listen_all a
	ping_case bonding fails a 4 unbound wildcard
	ping_case bonding fails a 4 bound specific
	ping_case bonding fails b 4 bound wildcard
	ping_case bonding fails b 6 unbound specific
	check "bonding: TCP/IP reaches the peer all the while" reached "$R4_PEER" "$R6_PEER"
	unlisten a 7100 7101 7102 7103
	set_link a2 false
	must wait_for 10 active_slave_is a0
	check "bonding: the RNIC lost carrier: its GIDs are removed" wait_for 5 no_gids
	set_link a2 true
	must wait_for 10 at a "grep -qx 1 /sys/class/net/a2/carrier &&
		grep -A1 -x 'Slave Interface: a2' /proc/net/bonding/bond0 | grep -qx 'MII Status: up'"
	must active_slave_is a0
	# That something does not come needs time to be seen: GIDs come within half a second above.
	check_not "bonding: the RNIC has carrier again and is backup: its GIDs stay away" \
		wait_for 3 any_gid "$R4_HOST"
	result bonding "GIDs of an RNIC that is a backup" "none, though it has carrier"
	must rdma link del rxe0
	rnic_add bond0
	unlisten b 7100
	listen b 7100
	PATIENCE=15
	check "bonding: RDMA on the bond itself instead: rping a to b" \
		rping_from a "$R4_PEER" 7100
	result bonding "rping a to b, rxe on the bond itself" "$(rping_outcome)"
	must rdma link del rxe0
	must ip link del bond0
}

no_gids() {
	! any_gid "$R4_HOST" && ! any_gid "$R6_HOST"
}

# ---- bpfteam: what is looked at ----------------------------------------------------------------

# Everything of the RNIC and around it that a team could have changed.
rnic_picture() {
	port_picture a2
	echo "== rules"
	ip rule show
	ip -6 rule show
	echo "== GIDs"
	gids
	echo "== devices on the RNIC"
	ip -o link show | sed -n 's/^[0-9]*: \([^ ]*@a2\):.*/\1/p'
}

as_it_was() {
	rnic_picture >"$TMP/now"
	diff -u "$TMP/before" "$TMP/now" >"$TMP/diff" || ! cp "$TMP/diff" "$TMP/differs"
}

# Shows what is not, when it does not become so.
is_as_it_was() {
	wait_for 10 as_it_was || ! cat "$TMP/differs"
}

# The names of the talks: what team0 carries while things happen. From here and from there.
TALKS=('a talk4' 'a talk6' 'b talk4' 'b talk6')

talks_start() {
	local talk side to
	for talk in "${TALKS[@]}"; do
		side=${talk% *}
		case $talk in
		'a talk4') to=$PEER4 ;;
		'a talk6') to=$PEER6 ;;
		'b talk4') to=$HOST4 ;;
		'b talk6') to=$HOST6 ;;
		esac
		background "$side" "${talk#* }" "$TOOLS/talk to --to $to --port 7001 --every 20"
	done
}

talks_live() {
	local talk
	for talk in "${TALKS[@]}"; do
		# shellcheck disable=SC2086 # side and name
		alive $talk || { echo "$talk: $(said $talk)"; return 1; }
	done
}

# talks_end WHAT: each ended without an error.
talks_end() {
	local talk answer
	for talk in "${TALKS[@]}"; do
		# shellcheck disable=SC2086 # side and name
		{
			end $talk
			answer=$(said $talk)
		}
		check_eq "$1: TCP on team0 lived (${talk/talk/, IPv}): $answer" \
			"$(jq -r '"\(.error) \(.words > 10)"' <<<"$answer")" " true"
		result bpfteam "$1: TCP ${talk/talk/, IPv}, longest silence" \
			"$(jq -r .longest_ms <<<"$answer") ms"
	done
}

# RDMA without an end, in both directions.
RDMA_RUNS=('a rdma4' 'b rdma6')

rdma_start() {
	local listener=7101
	background a rdma4 "rping -c -V -S $PING_SIZE -a $R4_PEER -I $R4_HOST -p 7101"
	background b rdma6 "rping -c -V -S $PING_SIZE -a $R6_HOST -I $R6_PEER -p $((listener + 2))"
	wait_for 20 rdma_advances
}

rdma_lives() {
	local run
	for run in "${RDMA_RUNS[@]}"; do
		# shellcheck disable=SC2086 # side and name
		alive $run || { echo "$run: $(said $run)"; return 1; }
	done
}

# It lives, and gets on.
rdma_advances() {
	local a b
	a=$(counter a rdma_sends) b=$(counter b rdma_sends)
	rdma_lives && wait_for 5 more_sends a "$a" && wait_for 5 more_sends b "$b"
}

more_sends() { # SIDE THAN
	[ "$(counter "$1" rdma_sends)" -gt $(($2 + 2)) ]
}

rdma_end() {
	end a rdma4 INT
	end b rdma6 INT
}

errors() {
	echo $(($(counter a retry_exceeded_err retry_rnr_exceeded_err send_err) +
		$(counter b retry_exceeded_err retry_rnr_exceeded_err send_err)))
}

# teamed_frames SECONDS: how many frames of team0's came to b0, b1, b2 while many flows run.
teamed_frames() {
	local mac i
	mac=$(show .mac)
	background b sink "$TOOLS/stream recv --port 5001 --secs 30"
	for i in 0 1 2; do
		background b "sniff$i" "$TOOLS/sniff --dev b$i --src $mac --type 0x0800 --secs 30"
	done
	"$TOOLS/stream" send --to "$PEER4:5001" --rate 500 --flows 64 --secs "$1" >/dev/null
	for i in 0 1 2; do
		end b "sniff$i"
		said b "sniff$i" | jq -r .matched
	done
	end b sink
}

# ---- bpfteam: what happens ---------------------------------------------------------------------

can_rdma() {
	"$BUILD/bpfteam" attach -h | grep -q -e '--rdma '
}

# The RNIC's path, in the ways there are.
rdma_works() { # WHAT
	check "$1: rping a to b" rping_from a "$R4_PEER" 7101
	check "$1: rping b to a" rping_from b "$R4_HOST" 7101 "$R4_PEER"
}

# The route to its own link-local address comes when that is tentative no more.
is_settled() {
	ip -6 route show table local dev a2 | grep -q '^local fe80:'
}

attach_rdma() {
	must wait_for 10 is_settled
	rnic_picture >"$TMP/before"
	check "attach with an RNIC" bpfteam attach team0 a0 a1 a2 --mode balance-xor \
		--address "$HOST4/24" --address "$HOST6/64" --rdma a2 "$@" || bail "no team"
	say "detector $(show .detector)"
}

# One cut and its return; what was retransmitted meanwhile goes to $TMP/cuts, and how long it took.
cut_once() { # PORT
	local before start
	before=$(retransmissions) start=$(now_ms)
	set_link "$1" false
	wait_for 10 port_is "$1" down || return
	set_link "$1" true
	wait_for 20 port_is "$1" up || return
	echo "$(($(retransmissions) - before)) $(($(now_ms) - start))" >>"$TMP/cuts"
}

calm_once() { # MS
	local before
	before=$(retransmissions)
	pause "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
	echo "$(($(retransmissions) - before)) $1" >>"$TMP/calm"
}

# quantile FILE PERCENT
quantile() {
	sort -n "$1" | awk -v p="$2" '{ n[NR] = $1 } END { print n[int((NR - 1) * p / 100) + 1] }'
}

cut_all() {
	local i port
	for ((i = 0; i < CUTS; i++)); do
		for port in a0 a1; do
			cut_once "$port" || { echo "$port, cut $i"; return 1; }
			if ! talks_live || ! rdma_lives; then
				echo "after cut $i of $port"
				return 1
			fi
		done
	done
}

calm_all() {
	local ms
	while read -r _ ms; do
		calm_once "$ms"
	done <"$TMP/cuts"
	rdma_lives
}

# Plain ports come and go: RDMA does not notice, TCP lives.
plain_ports_cut() {
	local before q c
	before=$(errors)
	talks_start
	check "RDMA runs in both directions" rdma_start
	background a bulk "timeout 300 ib_send_bw -R -F -e -s 4096 -n $((CUTS * 500)) -p 7200 $R4_PEER"
	check "a0 and a1 are cut and return, $CUTS times each" cut_all
	check "cuts: RDMA gets on" rdma_advances
	check "windows of the same lengths without cuts" calm_all
	check "cuts: ib_send_bw ended well" bulk_ended
	for q in 50 90 100; do
		result bpfteam "RDMA retransmissions a window, with and without a cut, quantile $q" \
			"$(quantile "$TMP/cuts" "$q") and $(quantile "$TMP/calm" "$q")"
	done
	c=$(quantile "$TMP/calm" 100)
	check "cuts: RDMA retransmits no more than without ($(quantile "$TMP/cuts" 50), $c)" \
		test "$(quantile "$TMP/cuts" 50)" -le $((c + 1))
	rdma_end
	check_eq "cuts: RDMA saw no error" "$(errors)" "$before"
	talks_end "cuts"
}

bulk_ended() {
	wait_for 200 gone a bulk
	said a bulk
	said a bulk | grep -qE "^ *4096 +$((CUTS * 500)) "
}

# The RNIC's own carrier goes: the team's flows move, and RDMA is back by itself when it is.
rnic_cut() {
	talks_start
	set_link a2 false
	check "the RNIC has no carrier: show says so" wait_for 10 port_is a2 down
	check "the RNIC has no carrier: team0 reaches the peer" wait_for 10 reached "$PEER4" "$PEER6"
	check "the RNIC has no carrier: TCP on team0 lives" talks_live
	set_link a2 true
	check "the RNIC is back: show says so" wait_for 20 port_is a2 up
	check "the RNIC is back: its address has a GID again" wait_for 10 any_gid "$R4_HOST"
	check "the RNIC is back: team0r reaches the peer" \
		wait_for 20 ping -nqc1 -W2 -I "$R4_HOST" "$R4_PEER"
	rdma_works "the RNIC is back"
	talks_end "the RNIC cut"
}

drained() {
	local frames
	mapfile -t frames < <(teamed_frames 3)
	check "the team's flows use the RNIC (b0, b1, b2 got ${frames[*]})" \
		test "${frames[2]:-0}" -ge 100
	must bpfteam port set team0 a2 --drain
	check "drained: show says so" wait_for 5 port_is a2 drained
	rdma_works "drained"
	mapfile -t frames < <(teamed_frames 3)
	check_eq "drained: no teamed frame leaves by the RNIC (b0, b1, b2 got ${frames[*]})" \
		"${frames[2]:-none}" 0
	must bpfteam port set team0 a2 --undrain
	check "undrained: show says so" wait_for 10 port_is a2 up
}

# RDMA's data, by each program there is, and while plain ports come and go.
data_and_cuts() {
	all_pings bpfteam works
	bandwidth_case bpfteam a ib_send_bw 300
	bandwidth_case bpfteam b ib_send_bw 300
	bandwidth_case bpfteam a ib_write_bw 300
	bandwidth_case bpfteam b ib_write_bw 300
	rsockets_case bpfteam a
	rsockets_case bpfteam b
	background b bulk "timeout 600 ib_send_bw -R -F -e -s 4096 -n $((CUTS * 500)) -p 7200"
	must wait_for 20 listens b 7200
	plain_ports_cut
}

team() {
	local i
	if ! can_rdma; then
		skip "bpfteam" "this bpfteam has no --rdma"
		return
	fi
	for i in 0 1 2; do
		must ip link set "a$i" up
	done
	rnic_add a2
	background a talk "$TOOLS/talk serve --port 7001"
	background b talk "$TOOLS/talk serve --port 7001"
	# shellcheck disable=SC2119
	start_daemon
	case $RDMA_PHASE in all | device) join_team ;; esac
	attach_rdma --rdma-address "$R4_HOST/24" --rdma-address "$R6_HOST/64"
	check "team0 reaches the peer" wait_for 20 reached "$PEER4" "$PEER6"
	check "team0r reaches the peer" wait_for 20 reached "$R4_PEER" "$R6_PEER"
	check "the RNIC's addresses have GIDs" gids_are a2
	listen_all a
	if [ "$RDMA_PHASE" = device ]; then
		device_changes
		must bpfteam detach team0
		check_no_leftovers "detached: nothing is left behind"
		return
	fi
	if [ "${VM:-short}" = short ]; then
		ping_case bpfteam works a 4 bound wildcard
		ping_case bpfteam works a 6 unbound specific
		ping_case bpfteam works b 4 unbound specific
		ping_case bpfteam works b 6 bound wildcard
	else
		data_and_cuts
		device_changes
	fi
	rnic_cut
	drained
	unlisten a 7100 7101 7102 7103
	must bpfteam detach team0
	check "detached: the RNIC is as it was" is_as_it_was
	check_no_leftovers "detached: nothing is left behind"
	on_vlan
}

# The same on a VLAN of its own, and taken down by hand after the daemon was killed.
on_vlan() {
	attach_rdma --rdma-vlan "$VLAN" --rdma-address "$V4_HOST/24" --rdma-address "$V6_HOST/64"
	check "VLAN: team0r reaches the peer" wait_for 20 reached "$V4_PEER" "$V6_PEER"
	listen a 7100 0.0.0.0
	listen a 7102 ::
	ping_case bpfteam works a 4 bound wildcard V
	ping_case bpfteam works a 6 unbound wildcard V
	ping_case bpfteam works b 4 unbound wildcard V
	ping_case bpfteam works b 6 bound wildcard V
	unlisten a 7100 7102
	stop_daemon KILL
	must bpfteam detach team0
	check "VLAN, daemon killed, detached: the RNIC is as it was" is_as_it_was
	check_no_leftovers "VLAN, daemon killed, detached: nothing is left behind"
}

be_host() {
	setup
	need_bpfteam
	must rdma_modules
	sysctl -qw net.ipv6.conf.default.accept_dad=0
	# What lib.sh calls host is this machine itself.
	NS[host]=bpft-$ID-host
	must ip netns attach "${NS[host]}" $$
	qmp_open
	peer_connect a3
	say "$(uname -r), $(rping_version)"
	listen_all b
	case $RDMA_PHASE in all | control | plain) plain ;; esac
	case $RDMA_PHASE in all | control | bonding) bonding ;; esac
	case $RDMA_PHASE in all | team | device) team ;; esac
	finish
}

rping_version() {
	dpkg-query -W -f '${Package} ${Version}' rdmacm-utils 2>/dev/null
}

case $role in
peer) be_peer ;;
host) be_host ;;
*) start_vms ;;
esac
