#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The installed unit, run by a systemd of its own in namespaces: its command line, its four
# capabilities, its system call filter and its view of the file system. A team comes from the config
# folder, carries traffic, fails over; the daemon is killed with -9, restarted, reloaded and stopped
# while numbered frames go through the team both ways, and none is lost.
#
#	host.eth0 ---- p0 [switch a] trunk ---- trunk [switch b] p1 ---- host.eth1
#	   team0                  |
#	192.0.2.1             peer.eth0 192.0.2.2
#
# Where no systemd can be run that way, setpriv and read-only mounts stand in for it, by what the
# unit says; the system call filter is then not tried.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_traffic.sh"

SYSTEMD=${SYSTEMD:-/lib/systemd/systemd}
UNIT_NAME=bpfteamd.service

need_bpfteam
need_tool make unshare setpriv
two_switches 2
DEST=$TMP/dest UNIT=$TMP/dest/usr/lib/systemd/system/$UNIT_NAME CGROUP=''
# Inside, these are the defaults: /run/bpfteam and /sys/fs/bpf/bpfteam.
BPFTEAM_BPFFS=$BPFFS/bpfteam
ETC=$DEST/etc/bpfteam

unit_value() { # KEY: the last one counts
	sed -n "s/^$1=//p" "$UNIT" | tail -n 1
}

install_unit() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$ROOT" B="$BUILD" \
		DESTDIR="$DEST" install
}

# What both ways have in common: the installed files under their own names. Nothing is written to the
# machine's folders: an overlay without an upper layer lies over them.
prepare_mounts() {
	cat <<-SH
		set -e
		mount --make-rprivate /
		mount -t overlay -o lowerdir=$DEST/usr/sbin:/usr/sbin overlay /usr/sbin
		mount -t overlay -o lowerdir=$DEST/etc:/etc overlay /etc
		mount --bind $ETC /etc/bpfteam
		mount -t overlay -o lowerdir=$DEST/usr/lib/systemd/system:/usr/lib/systemd/system \
			overlay /usr/lib/systemd/system || :
		mount -t tmpfs tmpfs /run
		mkdir -p /run/bpfteam
		mount --bind $RUN /run/bpfteam
		mount --bind $BPFFS /sys/fs/bpf
	SH
}

# ---- a systemd of our own ----------------------------------------------------------------------

start_systemd() {
	local root
	root=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
	[ -n "$root" ] && [ -x "$SYSTEMD" ] && command -v systemctl >/dev/null || return 1
	CGROUP=$root/bpft-$ID
	mkdir "$CGROUP" || return 1
	{
		prepare_mounts
		cat <<-SH
			mount -t proc proc /proc
			mount -t cgroup2 cgroup2 /sys/fs/cgroup
			mkdir -p /run/systemd/system
			cat >/run/systemd/system/bpft.target <<-UNIT
				[Unit]
				Wants=$UNIT_NAME
				DefaultDependencies=no
				AllowIsolate=yes
			UNIT
			export container=bpft
			exec $SYSTEMD --system --unit=bpft.target --log-target=console --show-status=0
		SH
	} >"$TMP/init"
	# The command line of the shell that follows is the one that cleanup() ends.
	(
		echo "$BASHPID" >"$CGROUP/cgroup.procs"
		exec nsenter --net="/run/netns/${NS[host]}" unshare --mount --pid --uts --ipc \
			--cgroup --fork --kill-child sh "$TMP/init"
	) </dev/null >"$TMP/daemon.log" 2>&1 &
	INIT_PARENT=$!
	PIDS+=("$INIT_PARENT")
	wait_for 10 find_init && wait_for 10 systemctl_there is-active bpft.target
}

find_init() {
	INIT=$(tr -d ' ' <"/proc/$INIT_PARENT/task/$INIT_PARENT/children") &&
		[ "$(cat "/proc/$INIT/comm")" = systemd ]
}

# there COMMAND...: where the unit runs. Its pid namespace too: the daemon's bus takes no client whose
# pid it can't see.
there() {
	if [ "${RUNNER:-}" = setpriv ]; then
		on host "$@"
	else
		nsenter -t "$INIT" -m -n -p "$@"
	fi
}

systemctl_there() {
	there systemctl "$@"
}

# The installed one, with its defaults; systemd may have mounted another /tmp there.
bpfteam() {
	if [ "$RUNNER" = systemd ]; then
		there env -u BPFTEAM_RUNTIME_DIR -u BPFTEAM_BPFFS /usr/sbin/bpfteam "$@"
	else
		on host "$BUILD/bpfteam" "$@"
	fi
}


# ---- its stand-in ------------------------------------------------------------------------------

setpriv_caps() { # LIST
	local cap
	printf -- '-all'
	for cap in $1; do
		cap=${cap#CAP_}
		printf ',+%s' "${cap,,}"
	done
}

start_stand_in() {
	local command path bound ambient
	command=$(unit_value ExecStart)
	bound=$(setpriv_caps "$(unit_value CapabilityBoundingSet)")
	ambient=$(setpriv_caps "$(unit_value AmbientCapabilities)")
	{
		prepare_mounts
		# ProtectSystem=strict: everything but /dev, /proc and /sys.
		cat <<-'SH'
			awk '$5 !~ "^/(dev|proc|sys)(/|$)" { print $5 }' /proc/self/mountinfo |
			while read -r path; do
				mount -o remount,bind,ro "$path" 2>/dev/null || :
			done
		SH
		for path in $(unit_value ReadOnlyPaths); do
			echo "mount --rbind $path $path && mount -o remount,bind,ro $path"
		done
		echo "mount -o remount,bind,rw /run/bpfteam"
		for path in $(unit_value ReadWritePaths); do
			path=${path#-}
			echo "mount --bind $path $path && mount -o remount,bind,rw $path"
		done
		echo "unset BPFTEAM_BPFFS BPFTEAM_RUNTIME_DIR"
		echo "exec setpriv --no-new-privs --bounding-set $bound --inh-caps $ambient" \
			"--ambient-caps $ambient $command"
	} >"$TMP/init"
	(exec nsenter --net="/run/netns/${NS[host]}" unshare --mount sh "$TMP/init") \
		</dev/null >>"$TMP/daemon.log" 2>&1 &
	DAEMON_PID=$!
}

# ---- either ------------------------------------------------------------------------------------

unit_start() {
	case $RUNNER in
	systemd) systemctl_there start "$UNIT_NAME" ;;
	*) start_stand_in ;;
	esac
	wait_for 10 daemon_answers
}

unit_stop() {
	case $RUNNER in
	systemd) systemctl_there stop "$UNIT_NAME" ;;
	*) stop_daemon TERM ;;
	esac
}

# With -9; systemd starts it again by itself.
unit_kill() {
	if [ "$RUNNER" = systemd ]; then
		local before
		before=$(main_pid)
		systemctl_there kill -s KILL "$UNIT_NAME"
		wait_for 10 other_main_pid "$before"
	else
		stop_daemon KILL
		start_stand_in
	fi
	wait_for 10 daemon_answers
}

unit_reload() {
	case $RUNNER in
	systemd) systemctl_there reload "$UNIT_NAME" ;;
	*) kill -HUP "$DAEMON_PID" ;;
	esac
}

unit_property() {
	systemctl_there show -p "$1" --value "$UNIT_NAME"
}

main_pid() {
	unit_property MainPID
}

other_main_pid() { # PID
	local pid
	pid=$(main_pid)
	[ "$pid" != 0 ] && [ "$pid" != "$1" ]
}

# A line of the daemon's /proc/PID/status.
daemon_status() {
	local text
	if [ "$RUNNER" = systemd ]; then
		text=$(there cat "/proc/$(main_pid)/status")
	else
		text=$(cat "/proc/$DAEMON_PID/status")
	fi
	sed -n "s/^$1:[[:space:]]*//p" <<<"$text"
}

write_config() { # MORE...
	{
		printf '%s\n' 'team: team0' "addresses: [$HOST4/24, '$HOST6/64']" "$@"
		printf '%s\n' 'ports:' '  - {name: eth0, priority: 100}' '  - {name: eth1}'
	} >"$ETC/team0.yaml"
}

# Its processes take a moment to be gone.
forget_cgroup() {
	[ -z "$CGROUP" ] || wait_for 5 remove_cgroup
}

remove_cgroup() {
	find "$CGROUP" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$CGROUP" ]
}
trap 'cleanup; forget_cgroup' EXIT

no_leftovers() {
	local BPFFS=$BPFTEAM_BPFFS
	leftovers
}

weight_is() {
	[ "$(port_field eth1 .weight)" = "$1" ]
}

team_gone() {
	[ "$(bpfteam show -j | jq length)" = 0 ]
}

# What an unrestricted process gets on this kernel.
RUNNER=setpriv
must bpfteam attach team0 eth0 eth1 --no-failover
DETECTOR=$(show .detector)
must bpfteam detach team0

must install_unit
write_config
RUNNER=systemd
if ! start_systemd; then
	RUNNER=setpriv
	say "no systemd of our own here: setpriv stands in"
	[ ! -f "$TMP/daemon.log" ] || say_file "$TMP/daemon.log"
	kill -9 "${INIT_PARENT:-}" 2>/dev/null
fi
check "the unit starts ($RUNNER)" unit_start || say_file "$TMP/daemon.log"

caps=0000000000000000
printf -v caps '%016x' $((1 << 12 | 1 << 13 | 1 << 38 | 1 << 39))
check_eq "the daemon has four capabilities" "$(daemon_status CapEff)" "$caps"
check_eq "it can get no others" "$(daemon_status CapBnd)" "$caps"
check_eq "it gains no privileges" "$(daemon_status NoNewPrivs)" 1
if [ "$RUNNER" = systemd ]; then
	check_eq "its system calls are filtered" "$(daemon_status Seccomp)" 2
	check_eq "it said that it is ready" "$(unit_property ActiveState)" active
	check_eq "its watchdog is on" "$(unit_property WatchdogUSec)" 30s
else
	skip "its system calls are filtered" "no systemd of our own here"
fi

check "the team of the config folder carries traffic" wait_for 5 ping_peer
check "IPv6 too" wait_for 5 ping_peer "$PEER6"
check_eq "the ports have none" \
	"$(on host cat /proc/sys/net/ipv6/conf/{eth0,eth1}/disable_ipv6 | xargs)" "1 1"
check_eq "the detector is the one that root gets" "$(show .detector)" "$DETECTOR"
check_eq "show knows of the daemon" "$(show .daemon)" true

stream_start tx tx
stream_start rx rx
pause 0.3
check "killed with -9, and started again" unit_kill
pause 0.3
check_eq "it has adopted the team" "$(show .daemon)" true
write_config 'detect: {updelay_ms: 0}'
sed -i 's/{name: eth1}/{name: eth1, weight: 7}/' "$ETC/team0.yaml"
check "reload" unit_reload
check "the new configuration is in force" wait_for 5 weight_is 7
unit_stop
pause 0.3
check_eq "stopped: the team goes on without a daemon" "$(show .daemon)" false
check "started" unit_start
pause 0.3
stream_stop tx rx
check_whole tx "sending: no frame lost at kill -9, restart, reload, stop and start"
check_whole rx "receiving: no frame lost at kill -9, restart, reload, stop and start"

# The peer sits behind switch a and sends into it until it is told: gratuitous ARP, by packet socket.
cut_cable 0
check "fail-over" wait_for 5 active_is eth1
check "the peer was told" wait_for 2 peer_pings
mend_cable 0
check "and back" wait_for 5 active_is eth0
check "the peer was told again" wait_for 2 peer_pings

rm "$ETC/team0.yaml"
must unit_reload
check "without its file the team goes at reload" wait_for 5 team_gone
check "nothing is left behind" no_leftovers

# variant DESCRIPTION BPFTEAM_WITHOUT CONFIG PROOF...: another way through the data path must not need
# more than the unit allows; the command proves that it is that way.
variant() {
	local what=$1 without=$2 config=$3
	shift 3
	unit_stop
	printf '[Service]\nEnvironment=BPFTEAM_WITHOUT=%s\n' "$without" |
		there sh -c "mkdir -p /run/systemd/system/$UNIT_NAME.d &&
			cat >/run/systemd/system/$UNIT_NAME.d/without.conf"
	systemctl_there daemon-reload
	write_config "$config"
	unit_start
	check "$what: the team carries traffic" wait_for 5 ping_peer ||
		tail -n 5 "$TMP/daemon.log" | sed 's/^/#   /'
	check "$what: it is that" "$@"
	rm "$ETC/team0.yaml"
	unit_reload
	check "$what: the team goes at reload" wait_for 5 team_gone
}

detector_is() {
	[ "$(show .detector)" = "$1" ]
}

has_clsact() {
	on host tc filter show dev eth0 ingress | grep -q bpf
}

has_xdp() {
	on host ip link show dev eth0 | grep -q xdp
}

if [ "$RUNNER" = systemd ]; then
	variant "clsact" tcx 'xdp: false' has_clsact
	variant "poll" state,fentry,kprobe 'xdp: false' detector_is poll
	variant "XDP" nothing 'xdp: true' has_xdp
	check "nothing is left behind by those either" no_leftovers
fi
unit_stop
finish
