#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The tests of the other folders on stock kernels, in virtual machines: 6.1 has neither tcx nor what
# detector "state" needs, 6.12 has both, and both have fentry, kprobes, freplace, 8021q and bonding,
# which the kernel of a test machine may lack. A test point here is a test there.
#
# VM=short (the default) runs the essential ones on 6.12, VM=long all of them on both kernels. Time in
# the VMs is instructions executed (tools/vm/run -i), so that limits in ms hold however busy this
# machine is.
cd "$(dirname "$0")/../.." || exit 1
B=$(realpath -m "${B:-build}")
export B LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

# Two VMs' lists, about as long as each other.
SHORT=(
	"bpf/test_carrier bpf/test_port bpf/test_rdma bpf/test_xdp net/test_datapath net/test_datapath_rights"
	"net/detectors.sh net/xdp_beside.sh net/import.sh"
)
LIMIT=900

# What tests use again and again, with what it is linked to.
PROGRAMS=(
	bash sh ip tc bridge ss nsenter unshare setpriv setsid flock timeout env kill ps jq gojq
	grep sed awk sort uniq head tail tr wc cut tee od diff comm cmp cat cp mv rm ln ls find xargs
	mkdir rmdir mktemp touch chmod chown stat id readlink realpath basename dirname mount umount
	date seq printf test true false sleep cksum sysctl uname expr modprobe ping socat bpftool nft
	tcpdump iperf3 python3 dbus-daemon busctl ethtool xdp-loader xdp-filter
	rdma rping
)

# Each file and all links on the way to it, since those are read, too.
hot_files() {
	local file to found mine
	mapfile -t found < <(type -P "${PROGRAMS[@]}")
	mapfile -t mine < <(find "$B/bpfteam" "$B/bpfteamd" "$B/tools" "$B/selftests/net" \
		"$B/selftests/bpf" -type f -perm /1)
	printf '%s\n' /bin /sbin /lib /lib64 /etc/ld.so.cache
	for file in "${found[@]}" "${mine[@]}" /etc/localtime \
		$(ldd "${found[@]}" "${mine[@]}" 2>/dev/null | grep -o '/[^ :]*' | sort -u); do
		echo "$file"
		while to=$(readlink "$file"); do
			case $to in
			/*) file=$to ;;
			*) file=${file%/*}/$to ;;
			esac
			echo "$file"
		done
		realpath "$file"
	done
	find selftests Makefile /usr/lib/*/bpf /etc/iproute2 /usr/share/iproute2 /etc/passwd \
		/etc/group /etc/nsswitch.conf /etc/hosts /etc/host.conf /etc/gai.conf \
		/etc/protocols /etc/services -type f
}

# in_vm KERNEL/SHARD FILE...: what the runner says there, each line with the VM's name before it, and
# as the last one its status.
in_vm() {
	local vm=$1 kernel=${1%/*}
	shift
	{
		# shellcheck disable=SC2016 # for the shell that becomes the runner
		bash -c 'echo $$ >"$0"; exec "$@"' "$TMP/pid.${vm//\//-}" tools/vm/run -k "$kernel" \
			-i -t "$LIMIT" -- bash selftests/vm/guest "$TMP/hot" \
			"selftests/vm/skips-expected-$kernel" "$@"
		echo "status $?"
	} 2>&1 </dev/null | sed -u "s|^|$vm |"
}

number=0 skipped=0 failed=0
point() { # ok|"not ok" TEXT
	number=$((number + 1))
	echo "$1 $number - $2"
	case $1:$2 in
	not*) failed=1 ;;
	*" # SKIP "*) skipped=$((skipped + 1)) ;;
	esac
}

# ended VM STATUS SUMMARY LAST: after the VM's last word.
ended() {
	case $2:$3 in
	[01]:?*) echo "# ${1%/*}: $3" ;;
	4:) point ok "${1%/*} # SKIP $4" ;;
	*) point "not ok" "${1%/*}: the VM ended with status $2, its last words: $4" ;;
	esac
}

# judge: reads what the VMs say; each of their points is one of ours.
judge() {
	local vm kernel line
	local -A last=() summary=()
	while read -r vm line; do
		kernel=${vm%/*}
		case $line in
		"ok "[0-9]*) point ok "$kernel: ${line#* - }" ;;
		"not ok "[0-9]*) point "not ok" "$kernel: ${line#* - }" ;;
		"#"*"(unexpected)") point "not ok" "$kernel: this kernel can: ${line#\# *}" ;;
		"#"*) echo "# $kernel:${line#\#}" ;;
		*" passed, "*" failed, "*) summary[$vm]=$line ;;
		"status "*) ended "$vm" "${line#status }" "${summary[$vm]:-}" "${last[$vm]:-}" ;;
		1..* | "TAP version"*) ;;
		*)
			last[$vm]=$line
			echo "# $kernel: $line"
			;;
		esac
	done
	echo "1..$number"
	[ "$skipped" != "$number" ] || return 4
	return "$failed"
}

# path_of FOLDER/TEST: of what is built, or a script
path_of() {
	case $1 in
	*.sh) echo "selftests/$1" ;;
	*) echo "$B/selftests/$1" ;;
	esac
}

# The VMs side by side: as many as there are processors here, mostly.
all_vms() {
	local files=() file list n=0
	if [ "${VM:-short}" = long ]; then
		LIMIT=5400
		for file in "$B"/selftests/bpf/test_* "$B"/selftests/net/test_* selftests/net/*.sh; do
			[ -x "$file" ] && files+=("$file")
		done
		in_vm 6.1/1 "${files[@]}" &
		in_vm 6.12/1 "${files[@]}" &
	else
		for list in "${SHORT[@]}"; do
			files=()
			for file in $list; do
				files+=("$(path_of "$file")")
			done
			n=$((n + 1))
			in_vm "6.12/$n" "${files[@]}" &
		done
	fi
	wait
}

TMP=$(mktemp -d "${TMPDIR:-/tmp}/bpfteam-suite.XXXXXX") || exit 1
# shellcheck disable=SC2317 # by trap
cleanup() {
	local pids
	trap - EXIT INT TERM HUP
	pids=$(cat "$TMP"/pid.* 2>/dev/null)
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
	rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

hot_files 2>/dev/null | sort -u >"$TMP/hot"
echo "TAP version 13"
all_vms | judge &
wait $!
