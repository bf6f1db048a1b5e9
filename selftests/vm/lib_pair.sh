# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_pair.sh - for tests that run in two VMs of tools/vm/run at once: carriers that are cut from
# outside the machine, and commands for the other machine. Sourced after selftests/net/lib.sh, whose
# TAP, conditions and namespaces the tests use.

# ---- carriers --------------------------------------------------------------------------------

# The QMP monitor of the QEMU that we are in; what it says is in $TMP/qmp.
qmp_open() {
	exec {QMP}<>/dev/virtio-ports/qmp || bail "no QMP monitor"
	cat <&"$QMP" >"$TMP/qmp" &
	PIDS+=($!)
	echo '{"execute":"qmp_capabilities"}' >&"$QMP"
}

# set_link NIC true|false: a NIC of this VM has carrier, or none.
set_link() {
	echo "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"$1\",\"up\":$2}}" >&"$QMP"
}

# ---- the other machine -----------------------------------------------------------------------

CONTROL_HOST=203.0.113.1 CONTROL_PEER=203.0.113.2 CONTROL_PORT=7000

# peer_serve NIC: a shell for each connection, on a cable that is nobody's port.
peer_serve() {
	ip addr add "$CONTROL_PEER/24" dev "$1"
	ip link set "$1" up
	exec socat "TCP-LISTEN:$CONTROL_PORT,bind=$CONTROL_PEER,fork,reuseaddr" EXEC:bash,stderr
}

# peer_connect NIC: our end of that cable; returns when the peer answers.
peer_connect() {
	must ip addr add "$CONTROL_HOST/24" dev "$1"
	must ip link set "$1" up
	wait_for 60 peer true || bail "the other machine does not answer"
}

# peer COMMAND...: at the peer; its output, and its exit status.
peer() {
	local fd line
	exec {fd}<>"/dev/tcp/$CONTROL_PEER/$CONTROL_PORT" || return
	printf '{ %s\n} </dev/null; echo "status $?"\n' "$*" >&"$fd"
	while read -r -t 60 line <&"$fd"; do
		case $line in
		'status '*)
			exec {fd}>&-
			return "${line#status }"
			;;
		esac
		printf '%s\n' "$line"
	done
	exec {fd}>&-
	return 1
}
