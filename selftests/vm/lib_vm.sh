# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# lib_vm.sh - for tests that start the VM, or the two, that they run in. Sourced after
# selftests/net/lib.sh.

# run_vm OPTIONS... -- COMMAND...: as tools/vm/run does; what is said there is said here, and its end is
# the test's.
run_vm() {
	local reason status
	exec 3>&1
	reason=$(tools/vm/run -k "${KERNEL:-6.12}" "$@" 2>&1 >&3)
	status=$?
	[ "$status" != 4 ] || [ -z "$reason" ] || skip_all "${reason%%$'\n'*}"
	[ -z "$reason" ] || printf '%s\n' "$reason" | sed 's/^/# /'
	exit "$status"
}
