#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every command on a real team, by itself and through the daemon: text, JSON, notes, exit status.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
#	host.eth2 ---- peer.eth2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
need_tool python3
cross_cables 3

says() { # PATTERN: the last run_cli went well, and said so
	cat "$TMP/out" "$TMP/err"
	[ "$STATUS" = 0 ] && [ ! -s "$TMP/err" ] && grep -qE -- "$1" "$TMP/out"
}

explain_flow=(--src 192.0.2.1 --dst 192.0.2.2 --proto udp --sport 1000 --dport 2000)

# The contract of `show -j`, member by member.
status='length == 1 and (.[0] |
	(keys | contains(["name", "mode", "hash", "state", "ifindex", "mac", "mtu",
		"detector", "daemon", "active_port", "failovers", "ports", "vports"])) and
	(.ports[0] | keys | contains(["name", "ifindex", "state", "reason", "rdma", "weight",
		"priority", "slots", "tx_packets", "tx_bytes", "rx_packets", "rx_bytes", "drops"])) and
	(.vports[0] | keys | contains(["name", "kind", "vlan", "pinned_to", "tx_packets",
		"tx_bytes", "rx_packets", "rx_bytes"])))'

# round HOW DAEMON: everything once.
round() {
	local how=$1 daemon=$2
	run_cli attach team0 eth0 eth1 --primary eth1 --address 192.0.2.1/24 --updelay 0
	if [ "$daemon" = false ]; then
		check "$how: attach says what a team without a daemon lacks" says 'gratuitous|daemon'
	else
		check_eq "$how: attach has nothing to remark" "$STATUS $(cat "$TMP/out" "$TMP/err")" "0 "
	fi
	check "$how: show -j is as promised" json_is "$status" show team0 -j
	check "$how: -j may come first" json_is "$status" -j show
	check "$how: it says whether there is a daemon" json_is ".[0].daemon == $daemon" show -j
	run_cli show
	check "$how: show tells the team's state" says '^team0: up, active-backup, active port eth1'
	check "$how: and the ports'" says '^  eth1 +\* +up'
	check_not "$how: and has no colour in a pipe" grep -q $'\e' "$TMP/out"

	check "$how: rdma -j is as promised" json_is '. == [{"team": "team0", "rnics": [],
		"flows": [], "smc": [], "smc_cgroups": []}]' rdma team0 -j
	run_cli rdma
	check "$how: rdma finds no RNIC" says '^no RDMA device among the ports of team0$'

	check "$how: explain names the active port" \
		json_is '.team == "team0" and .port == "eth1" and .reason == "active" and
			(.hash | test("^0x[0-9a-f]{8}$")) and (.slot | type == "number")' \
		explain team0 "${explain_flow[@]}" -j
	run_cli explain team0 "${explain_flow[@]}"
	check "$how: and in words" says '^team0: eth1 \(active'

	run_cli port add team0 eth2
	check_eq "$how: port add" "$STATUS $(cat "$TMP/out" "$TMP/err")" "0 "
	check "$how: it is there" json_is '.[0].ports | map(.name) == ["eth0", "eth1", "eth2"]' show -j
	check "$how: port set as JSON" json_is '.team == "team0"' \
		port set team0 eth2 --weight 7 --priority -5 --drain -j
	check "$how: it is set" json_is '.[0].ports[2] | .weight == 7 and .priority == -5 and
		.state == "drained"' show -j
	check "$how: undrain" bpfteam port set team0 eth2 --undrain
	check "$how: disable" bpfteam port set team0 eth2 --disable
	check "$how: it is disabled" json_is '.[0].ports[2].state == "disabled"' show -j
	check "$how: enable" bpfteam port set team0 eth2 --enable
	check "$how: port del" bpfteam port del team0 eth2
	check "$how: it is gone" json_is '.[0].ports | length == 2' show -j

	printf 'team: team0\nmode: balance-xor\nports: [{name: eth0}, {name: eth1, weight: 3}]\naddresses: [192.0.2.1/24]\n' \
		>"$TMP/xor.yaml"
	run_cli apply "$TMP/xor.yaml" --check
	check "$how: apply --check prints what would change" says 'mode: active-backup -> balance-xor'
	check "$how: and changes nothing" json_is '.[0].mode == "active-backup"' show -j
	check "$how: and as JSON" json_is '.team == "team0" and (.changes | length > 1)' \
		apply --check -j "$TMP/xor.yaml"
	run_cli apply "$TMP/xor.yaml"
	check "$how: apply prints what it changes" says 'mode: active-backup -> balance-xor'
	check "$how: it is changed" json_is '.[0] | .mode == "balance-xor" and .active_port == null and
		.ports[1].weight == 3' show -j
	run_cli apply "$TMP/xor.yaml"
	check "$how: applied again it changes nothing" says '^no changes$'
	bpfteam apply - <"$TMP/xor.yaml" >"$TMP/out" 2>"$TMP/err"
	STATUS=$?
	check "$how: apply reads standard input" says '^no changes$'
	check "$how: explain hashes" json_is '.reason == "hash" and (.port | test("^eth[01]$"))' \
		explain team0 "${explain_flow[@]}" -j
	check "$how: explain takes IPv6" json_is '.port' explain team0 --src 2001:db8::1 \
		--dst 2001:db8::2 --proto tcp --sport 1 --dport 2 -j

	check "$how: doctor" json_is '.ok and .features.bpf and .daemon == '"$daemon"' and
		(.ports | map(select(.name == "eth2"))[0].usable) and
		(.ports | map(select(.name == "eth0"))[0] | .usable == false and (.reason | test("team0")))' \
		doctor -j
	run_cli doctor
	check "$how: doctor in words" says 'fails over in the kernel'
	run_cli detach team0
	check_eq "$how: detach" "$STATUS $(cat "$TMP/out" "$TMP/err")" "0 "
	check "$how: it is gone" json_is '. == []' show -j
}

# ---- monitor ---------------------------------------------------------------------------------

event() { # FILTER: has one such line been printed?
	jq -e -s "map(select($1)) | length > 0" "$TMP/events"
}

# gone PID: it has ended.
gone() {
	! kill -0 "$1" || grep -q 'State:.Z' "/proc/$1/status"
}

# watch ARGS...: monitor in the background, its lines in $TMP/events; returns when it listens.
watch() {
	: >"$TMP/events"
	spawn host "$BUILD/bpfteam" monitor -j "$@" >"$TMP/events" 2>"$TMP/monitor.err"
	WATCH=$SPAWNED
	# The last thing that it opens before it waits.
	wait_for 5 sh -c "ls -l /proc/$WATCH/fd | grep -q signalfd" || bail "monitor does not start"
}

monitored() { # HOW ARGS...
	local how=$1
	shift
	must bpfteam attach team0 eth0 eth1 --updelay 0
	watch "$@"
	must on peer ip link set eth0 down
	check "$how: monitor tells that a port went down" \
		wait_for 5 event '.event == "port-down" and .team == "team0" and .port == "eth0" and
			.active_port == "eth1" and (.time | test("^20.*Z$")) and (.detector | length > 0)'
	check "$how: and of the fail-over" wait_for 5 event '.event == "failover" and .active_port == "eth1"'
	must on peer ip link set eth0 up
	check "$how: and that the port is up again" wait_for 5 event '.event == "port-up" and .port == "eth0"'
	must bpfteam port set team0 eth0 --weight 2
	check "$how: and of a new configuration" wait_for 5 event '.event == "config"'
	must on peer ip link set eth0 down
	must on peer ip link set eth1 down
	check "$how: and that the team is down" wait_for 5 event '.event == "team-down"'
	must on peer ip link set eth0 up
	must on peer ip link set eth1 up
	check "$how: and up" wait_for 5 event '.event == "team-up"'
	kill -INT "$WATCH"
	wait_for 5 gone "$WATCH" || kill -9 "$WATCH"
	check "$how: SIGINT ends it well" reap "$WATCH"
	must bpfteam detach team0
}

# Ends by itself when the reader has gone: no event needed.
reader_gone() {
	local pid
	bpfteam monitor > >(exec true) 2>/dev/null &
	pid=$!
	PIDS+=("$pid")
	wait_for 5 gone "$pid" && wait "$pid"
}

# ---- the rounds ------------------------------------------------------------------------------

round "no daemon" false
monitored "no daemon"
check "no daemon: monitor says that it polls" grep -q 'without a daemon' "$TMP/monitor.err"
check "no daemon: monitor ends with its reader" reader_gone

start_daemon
round "daemon" true
monitored "daemon"
check_eq "daemon: monitor has nothing to say about it" "$(cat "$TMP/monitor.err")" ""
check "daemon: monitor ends with its reader" reader_gone
refused 'team9: no such team; there is none' show team9

# --standalone beside a daemon: done here, and the daemon is told.
run_cli attach team0 eth0 eth1 --standalone
check_eq "attach --standalone beside a daemon" "$STATUS" 0
check "the daemon has it" wait_for 3 json_is '.[0].name == "team0" and .[0].daemon' show -j
refused 'team9: no such team; there is team0' show team9
refused 'eth9: no such device' port add team0 eth9
check "port set --standalone" bpfteam --standalone port set team0 eth1 --priority 9
check "the daemon knows" wait_for 3 json_is '.[0].ports[1].priority == 9' show -j
check "show --standalone" json_is '.[0].name == "team0"' show --standalone -j
check "detach --standalone" bpfteam detach team0 --standalone
check "the daemon knows that too" wait_for 3 json_is '. == []' show -j

# ---- a daemon that is no help ----------------------------------------------------------------

watch
stop_daemon
check "monitor ends when the daemon does" wait_for 5 gone "$WATCH"
kill -9 "$WATCH" 2>/dev/null
check_not "and fails" reap "$WATCH"
check "and says so" grep -q '^bpfteam: monitor: the daemon is gone' "$TMP/monitor.err"

start_daemon
stop_daemon KILL
check "a socket that a killed daemon left is no daemon" json_is '. == []' show -j

start_daemon
kill -STOP "$DAEMON_PID"
start=$(now_ms)
refused 'no answer within 5 s.*--standalone' show
took=$(($(now_ms) - start))
check "a daemon that hangs costs 5 s, here $took ms" test "$took" -lt 7000
check "--standalone does without it" json_is '. == []' show --standalone -j
kill -CONT "$DAEMON_PID"
stop_daemon

# Something else that listens there.
cat >"$TMP/mail.py" <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
s.bind(sys.argv[1])
s.listen()
while True:
    c, _ = s.accept()
    try:
        c.recv(100)
        c.sendall(b"220 mail ready\r\n")
    except OSError:
        pass
    c.close()
PY
spawn host python3 "$TMP/mail.py" "$RUN/bus"
wait_for 5 on host grep -q "00010000 .* $RUN/bus\$" /proc/net/unix
refused '--standalone' show
stop "$SPAWNED"
rm "$RUN/bus"

check_no_leftovers
finish
