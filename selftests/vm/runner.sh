#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The runner of the VMs itself: what it is given comes back, what goes wrong is said in a line and ends
# with a status of its own, and nothing is left running or lying about, however it ends.
. "$(dirname "$0")/../net/lib.sh"

setup
need_tool setpriv pgrep
cd "$ROOT" || exit
export B=$BUILD TMPDIR=$TMP/vms
mkdir "$TMPDIR"

# run ARGS...: STATUS, and what was said in $TMP/out and $TMP/err
run() {
	tools/vm/run "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	STATUS=$?
}
said() { # TEXT: in one line
	grep -q "$1" "$TMP/err" && [ "$(wc -l <"$TMP/err")" = 1 ]
}
# Of all that runs here, what was started by us bears the folder in its arguments.
nothing_left() {
	! pgrep -f "qemu-system[^ ]* .*$TMPDIR/" && [ -z "$(ls -A "$TMPDIR")" ]
}
check_nothing_left() {
	check "$1: nothing is left" wait_for 5 nothing_left
}

# ---- what is asked for ----
run true
[ "$STATUS" != 4 ] || skip_all "$(cat "$TMP/err")"
run -t 300 sh -c 'echo to stdout; echo to stderr >&2; touch ./written; ls written; uname -r; exit 7'
check_eq "the exit status is the command's" "$STATUS" 7
check_eq "its output comes, both kinds, and the kernel is the one asked for" \
	"$(sed 's/^\(6\.12\)\..*/\1/' "$TMP/out" | tr '\n' ',')" "to stdout,to stderr,written,6.12,"
check_not "what it writes is gone" test -e written
check_nothing_left "done"

# ---- bad input ----
run
check_eq "no command" "$STATUS" 2
run -t soon true
check_eq "a limit that is no number" "$STATUS" 2
check "which is said" said "'soon' is no number"
run -i -c 2 true
check_eq "-i with two CPUs" "$STATUS" 2
run -k 2.4 true
check_eq "an unknown kernel" "$STATUS" 1
check "which is said" said "2.4: no such package or folder"
mkdir "$TMP/empty"
run -k "$TMP/empty" true
check "a folder without a kernel" test "$STATUS" = 1
check "which is said" said "holds no boot/vmlinuz"
check_nothing_left "bad input"

# ---- what the machine lacks ----
mkdir "$TMP/bin"
for tool in bash sh env dirname realpath sed grep cat id mktemp rm setpriv timeout; do
	ln -s "$(type -P $tool)" "$TMP/bin/"
done
PATH=$TMP/bin run true
check_eq "no QEMU: a skip" "$STATUS" 4
check "which is said" said "no qemu-system-x86_64"
BPFTEAM_VM_CACHE=$TMP/cache https_proxy=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 run true
check_eq "no network to fetch a kernel by: a skip" "$STATUS" 4
check "which is said" grep -q "tools/vm/kernel: can't fetch" "$TMP/err"
check_nothing_left "what the machine lacks"

# ---- what goes wrong ----
run -t 5 sleep 1000
check_eq "a command that hangs: the status of timeout" "$STATUS" 124
check "which is said" grep -q "not done after 5 seconds" "$TMP/err"
check_nothing_left "hanging"
run -t 300 sh -c 'echo c >/proc/sysrq-trigger; sleep 100'
check_eq "a kernel that panics: no status, and ours says so" "$STATUS" 125
check "with the console's last words" grep -qi "panic" "$TMP/err"
check_nothing_left "panic"

cat >"$TMP/bin/qemu-system-x86_64" <<'SH'
#!/bin/sh
echo "qemu: out of luck" >&2
exit 3
SH
chmod +x "$TMP/bin/qemu-system-x86_64"
PATH=$TMP/bin:$PATH run true
check_eq "QEMU that dies" "$STATUS" 125
check "with its last words" grep -q "out of luck" "$TMP/err"
check_nothing_left "QEMU's death"

# ended SIGNAL: the runner is sent it while its VM runs.
running() {
	pgrep -f "qemu-system[^ ]* .*$TMPDIR/"
}
ended() {
	local pid
	tools/vm/run sleep 1000 >"$TMP/out" 2>"$TMP/err" </dev/null &
	pid=$!
	PIDS+=("$pid")
	must wait_for 10 running
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
	STATUS=$?
}
ended TERM
check_eq "told to end" "$STATUS" 130
check_nothing_left "told to end"
ended KILL
not_running() {
	! running
}
check "killed: takes QEMU along" wait_for 5 not_running
finish
