#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bpfteamd as its surroundings see it: options, one daemon a runtime folder, the config folder at start
# and at SIGHUP, what systemd is told, D-Bus on the private socket and on a system bus, clients that
# misbehave, kill -9.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1	eth2 and eth3 come later
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 2
need_tool busctl socat setpriv

MANAGER='org.bpfteam1 /org/bpfteam1 org.bpfteam1.Manager'
NOTIFIED=$TMP/notified

bus() {
	timeout 20 busctl --no-pager --address="unix:path=$RUN/bus" "$@"
}

# call METHOD SIGNATURE ARGS...
call() {
	# shellcheck disable=SC2086 # three words
	bus call $MANAGER "$@"
}

daemon() {
	on host timeout 20 "$BUILD/bpfteamd" --config-dir "$ETC" --bpffs "$BPFFS" "$@"
}

# exits STATUS COMMAND...
exits() {
	local wanted=$1 got
	shift
	"$@"
	got=$?
	echo "exit status $got"
	[ "$got" = "$wanted" ]
}

logged() {
	grep -qE -- "$1" "$TMP/daemon.log"
}

log_count() {
	grep -cE -- "$1" "$TMP/daemon.log"
}

told() {
	grep -qE -- "$1" "$NOTIFIED"
}

team_is_there() {
	on host ip link show dev "$1" && test -d "$BPFFS/$1"
}

# Prints what the daemon was told to reply; fails unless that is a refusal of one line.
refused() {
	local out
	out=$(call "$@" 2>&1) && return 1
	echo "$out"
	[ "$(echo "$out" | wc -l)" = 1 ] && [[ $out == "Call failed: "* ]]
}

write_config() { # FILE TEAM MODE PORT...
	{
		echo "team: $2"
		echo "mode: $3"
		echo "ports:"
		printf -- '  - {name: %s}\n' "${@:4}"
	} >"$ETC/$1"
}

descriptors() {
	find "/proc/$DAEMON_PID/fd" -mindepth 1 | wc -l
}

# ---- options ---------------------------------------------------------------------------------

check "--version" exits 0 daemon --version
check "-h" exits 0 daemon -h
check "an unknown option is wrong usage" exits 2 daemon --nonsense
check "an argument is wrong usage" exits 2 daemon nonsense
check "a runtime folder that can't be made is a failure" \
	exits 1 daemon --runtime-dir /proc/bpfteam-none
check "a runtime folder too long for a socket is a failure" \
	exits 1 daemon --runtime-dir "$TMP/$(printf '%0100d' 0)"

# ---- start -----------------------------------------------------------------------------------

write_config a.yaml team0 active-backup eth0 eth1
write_config late.yaml team1 active-backup eth2
write_config ignored.yml team9 active-backup eth0
printf 'team: team7\nmode: nonsense\nports: [{name: eth0}]\n' >"$ETC/broken.yaml"
mkfifo "$ETC/fifo.yaml"

# Each datagram by a process of its own, which writes it at once.
cat >"$TMP/notified.sh" <<-EOF
	#!/bin/bash
	printf '%s\\n' "\$(cat)" >>$NOTIFIED
EOF
chmod +x "$TMP/notified.sh"
: >"$NOTIFIED"
socat -u "UNIX-RECVFROM:$TMP/notify,fork" "EXEC:$TMP/notified.sh" 2>"$TMP/socat.log" &
PIDS+=($!)
must wait_for 5 test -S "$TMP/notify"
WRAP=(env NOTIFY_SOCKET="$TMP/notify" WATCHDOG_USEC=400000 DBUS_SYSTEM_BUS_ADDRESS="unix:path=$TMP/system")
start_daemon
check "systemd is told that it is ready" wait_for 5 told '^READY=1'
check "the watchdog is fed" wait_for 5 told '^WATCHDOG=1'
check "its status names the first file that is not in force" \
	told '^STATUS=1 team; 3 files not in force: .*broken.yaml:2: .*mode'
check "a file's team is there" team_is_there team0
check_eq "a broken file is one line of log" "$(log_count 'broken.yaml')" 1
check "a file that is no file is refused" logged 'fifo.yaml: is no regular file'
check_not "files of other names are not read" logged 'team9'
check_eq "the socket is its owner's alone" "$(stat -c %a "$RUN/bus")" 600

check "a second daemon is refused" exits 1 daemon --runtime-dir "$RUN"
daemon --runtime-dir "$RUN" 2>"$TMP/second"
check "and says who is there" grep -q "pid $DAEMON_PID " "$TMP/second"
check "the first one answers on" call Status s ""

pause 1.2
check_eq "a file that waits for its port is one line of log" "$(log_count 'late.yaml')" 1
cable host eth2 peer eth2
check "its team is there when the port is" wait_for 3 team_is_there team1
check "which is logged" wait_for 2 logged 'late.yaml: in force now'
check "and told to systemd" wait_for 2 told '^STATUS=2 teams; 2 files not in force'

# ---- D-Bus -----------------------------------------------------------------------------------

bus tree org.bpfteam1 >"$TMP/tree" 2>&1
check "busctl tree shows the teams" grep -q '/org/bpfteam1/team/team0' "$TMP/tree"
bus introspect org.bpfteam1 /org/bpfteam1 >"$TMP/introspect" 2>&1
for method in Attach Apply Detach AddPort RemovePort SetPort Status Rdma Refresh Event; do
	check "introspection has $method" grep -q "^\.$method " "$TMP/introspect"
done
check_eq "a property" "$(bus get-property org.bpfteam1 /org/bpfteam1/team/team0 \
	org.bpfteam1.Team Mode)" 's "active-backup"'
bus -j call org.bpfteam1 /org/bpfteam1 org.bpfteam1.Manager Status s team0 >"$TMP/status"
check_eq "Status is the JSON of show" "$(jq -r '.data[0] | fromjson | .[0] | .name + " " +
	(.daemon | tostring)' "$TMP/status")" "team0 true"
check "the object manager has both" sh -c "
	busctl --address=unix:path=$RUN/bus -j call org.bpfteam1 /org/bpfteam1 \
		org.freedesktop.DBus.ObjectManager GetManagedObjects |
	jq -e '.data[0] | has(\"/org/bpfteam1/team/team0\") and has(\"/org/bpfteam1/team/team1\")'"

bus monitor >"$TMP/monitor" 2>&1 &
PIDS+=($!)
must wait_for 5 grep -q Monitoring "$TMP/monitor"
check "SetPort" call SetPort 'ssa{sv}' team0 eth0 1 drain b true
check "has an effect" wait_for 3 active_is eth1
check "and PropertiesChanged" wait_for 3 grep -q 'Member=PropertiesChanged' "$TMP/monitor"
check "and an Event" wait_for 3 grep -q 'Member=Event' "$TMP/monitor"
check "of a time in UTC" grep -qE '"20[0-9-]+T[0-9:]+\.[0-9]{3}Z"' "$TMP/monitor"
must call SetPort 'ssa{sv}' team0 eth0 1 drain b false

check "refused: a port that is not there" refused AddPort ss team0 nothing0
check "refused: a port that is another team's" refused AddPort ss team0 eth2
check "refused: no such team" refused AddPort ss team8 eth0
check "refused: a name that is a path" refused Detach s ../bpf/team0
check "refused: a setting that there is not" refused SetPort 'ssa{sv}' team0 eth0 1 colour s red
check "refused: a setting of another type" refused SetPort 'ssa{sv}' team0 eth0 1 weight s many
check "refused: a weight out of range" refused SetPort 'ssa{sv}' team0 eth0 1 weight u 100000
check "refused: YAML that is none" refused Attach su '{[' 0
check "refused: binary" refused Attach su $'\x01\x02\x7f' 0
check "refused: nothing" refused Attach su '' 0
check "refused: flags that there are not" refused Attach su 'team: x' 4096
check "refused: a team that is there" refused Attach su 'team: team0
ports: [{name: eth0}]' 0
check "refused: a file's name and line are named" sh -c "
	busctl --address=unix:path=$RUN/bus call $MANAGER Apply ssb 'team: team0
mode: nonsense
ports: [{name: eth0}]' some.yaml false 2>&1 | grep -q 'some.yaml:2: '"
check_eq "nothing of that did anything" "$(show .mode) $(show '.ports | length')" "active-backup 2"

cable host eth3 peer eth3
check "Attach" call Attach su 'team: by-hand
ports: [{name: eth3}]' 0
check "announces the object" wait_for 3 grep -q 'OBJECT_PATH "/org/bpfteam1/team/by_2dhand"' \
	"$TMP/monitor"

# ---- SIGHUP ----------------------------------------------------------------------------------

reload() {
	: >"$NOTIFIED"
	kill -HUP "$DAEMON_PID"
	wait_for 5 told '^READY=1'
}

write_config a.yaml team0 balance-xor eth0 eth1
check "SIGHUP: systemd is told the end of it" reload
check "and the beginning" told '^RELOADING=1'
check "and when that was" told '^MONOTONIC_USEC=[0-9]+'
check_eq "a changed file changes its team" "$(show .mode)" balance-xor
check "the change is logged" logged 'team0: mode: .*balance-xor'
write_config twin.yaml team0 active-backup eth1
must reload
check "of two files for one team the second is refused" \
	logged 'twin.yaml: team0 is configured by .*/a.yaml already'
check_eq "and has no effect" "$(show .mode)" balance-xor
rm "$ETC/twin.yaml"
must reload
check "nor has its end" team_is_there team0
echo "nonsense: 1" >>"$ETC/a.yaml"
must reload
check "a broken file leaves its team as it is" team_is_there team0
check_eq "in every respect" "$(show .mode)" balance-xor
rm "$ETC/late.yaml" "$ETC/broken.yaml" "$ETC/fifo.yaml"
must reload
check_not "a file that is gone takes its team with it" team_is_there team1
check "a team made by hand stays" team_is_there by-hand
check "the monitor was told" wait_for 3 grep -q 'Member=InterfacesRemoved' "$TMP/monitor"
mv "$ETC" "$ETC.away"
must reload
check "no config folder: nothing is detached" team_is_there team0
mv "$ETC.away" "$ETC"
write_config a.yaml team0 active-backup eth0
write_config 0.yaml team2 active-backup eth1
must reload
check "a port moves from one file to another that comes before it" wait_for 3 team_is_there team2
rm "$ETC/0.yaml"
write_config a.yaml team0 active-backup eth0 eth1
must reload
check_eq "and back" "$(show '.ports | length')" 2

# ---- others change teams, too ----------------------------------------------------------------

must bpfteam --standalone detach by-hand
check "a team detached beside the daemon is forgotten" \
	wait_for 5 logged 'by-hand: team is down'
check_eq "and not in Status" "$(bpfteam show -j | jq -r '[.[].name] | join(" ")')" team0
must bpfteam --standalone attach by-hand eth3
must call Refresh
check "one attached beside the daemon is adopted" logged 'by-hand: adopted'
must on host ip link del by-hand
check "one whose interface is deleted is taken down" wait_for 5 test ! -e "$BPFFS/by-hand"
check_eq "and forgotten" "$(bpfteam show -j | jq -r '[.[].name] | join(" ")')" team0
must bpfteam attach by-hand eth3

# ---- clients that misbehave ------------------------------------------------------------------

before=$(descriptors)
for n in 1 2 3; do
	head -c 20000 /dev/urandom | socat -t0.2 - "UNIX-CONNECT:$RUN/bus" >/dev/null 2>&1
done
{
	printf '\0AUTH EXTERNAL 30\r\nBEGIN\r\n'
	head -c 20000 /dev/urandom
} | socat -t0.2 - "UNIX-CONNECT:$RUN/bus" >/dev/null 2>&1
# The beginning of a message of 64 MiB that never comes.
{
	printf '\0AUTH EXTERNAL 30\r\nBEGIN\r\n'
	printf 'l\1\0\1\0\0\0\4\1\0\0\0\0\0\0\0'
} | socat -t0.2 - "UNIX-CONNECT:$RUN/bus" >/dev/null 2>&1
check "garbage on the socket: it answers on" call Status s ""
crowd=()
for ((n = 0; n < 100; n++)); do
	socat -u "UNIX-CONNECT:$RUN/bus" /dev/null 2>/dev/null &
	crowd+=($!)
done
check "100 clients that say nothing: it answers on" call Status s ""
check "within the limit of connections" test "$(descriptors)" -le $((before + 70))
stop "${crowd[@]}"
for ((n = 0; n < 100; n++)); do
	call Status s "" >"$TMP/calls.$n" 2>&1 &
	crowd[n]=$!
done
wait "${crowd[@]}"
check_eq "100 clients at once are all answered" "$(cat "$TMP"/calls.* | grep -c by-hand)" 100
check "all descriptors are free again" wait_for 5 test "$(descriptors)" -le "$before"
chmod 755 "$TMP" "$RUN"
chmod 666 "$RUN/bus"
check_not "another user is turned away, whatever the socket's mode" \
	setpriv --reuid 65534 --regid 65534 --clear-groups \
	timeout 5 busctl --address="unix:path=$RUN/bus" list
check "its memory stays under 16 MB" sh -c "
	awk '/^VmRSS/ { print; exit \$2 > 16384 }' /proc/$DAEMON_PID/status"

# ---- a system bus ----------------------------------------------------------------------------

system() {
	timeout 20 busctl --no-pager --address="unix:path=$TMP/system" "$@"
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		timeout 20 busctl --no-pager --address="unix:path=$TMP/system" "$@"
}

if command -v dbus-daemon >/dev/null; then
	cat >"$TMP/system.conf" <<-EOF2
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <listen>unix:path=$TMP/system</listen>
		  <auth>EXTERNAL</auth>
		  <policy context="default">
		    <allow user="*"/>
		    <allow own="*"/>
		    <allow send_destination="*"/>
		    <allow receive_sender="*"/>
		  </policy>
		</busconfig>
	EOF2
	dbus-daemon --config-file="$TMP/system.conf" --nofork --nopidfile 2>"$TMP/dbus.log" &
	DBUS=$!
	PIDS+=("$DBUS")
	check "a system bus that comes later: the name is taken" \
		wait_for 5 logged 'on the system bus as org.bpfteam1'
	# shellcheck disable=SC2086 # three words
	check "everybody may look there" as_nobody call $MANAGER Status s ""
	# shellcheck disable=SC2086
	check_not "nobody but root may change" as_nobody call $MANAGER Detach s team0
	# shellcheck disable=SC2086
	check "root may" system call $MANAGER SetPort 'ssa{sv}' team0 eth0 1 weight u 2
	check "the team is still there" team_is_there team0
	stop "$DBUS"
	check "the bus is gone, which is logged" wait_for 5 logged 'the system bus is gone'
	check "and the private socket goes on" call Status s ""
else
	skip "a system bus" "dbus-daemon is not installed"
fi

# ---- the end ---------------------------------------------------------------------------------

stop_daemon KILL
check "kill -9: the teams stay" team_is_there team0
check "and the socket" test -S "$RUN/bus"
: >"$TMP/daemon.log"
# What systemd sets when stderr is a stream to the journal.
WRAP=(env NOTIFY_SOCKET="$TMP/notify" JOURNAL_STREAM="$(stat -c %d:%i "$TMP/daemon.log")")
start_daemon --no-system-bus
check "the next daemon takes its place and adopts them" logged 'team0: adopted'
check "the journal gets a line's level" logged '^<6>team0: adopted$'
check "also the one that has no file" team_is_there by-hand
check_not "and changes nothing on them" logged 'team0: (mode|port .*(added|removed))'
: >"$NOTIFIED"
kill -TERM "$DAEMON_PID"
wait "$DAEMON_PID"
check_eq "SIGTERM ends it well" $? 0
DAEMON_PID=''
check "which systemd is told" wait_for 5 told '^STOPPING=1'
check_not "the socket is gone" test -e "$RUN/bus"
check "the teams stay" team_is_there team0
must bpfteam detach team0
must bpfteam detach by-hand
check_no_leftovers
finish
