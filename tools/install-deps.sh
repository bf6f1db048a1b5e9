#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# install-deps.sh - brings what the build, the demo and the tests need on Debian 12 and 13 and on
# Ubuntu 24.04; elsewhere it names what is missing. Quick, and changes nothing, when all is there.
#
#   tools/install-deps.sh           installs, or says why not: exit 1
#   tools/install-deps.sh --auto    the same, for make: without root it only says what is missing
#   tools/install-deps.sh --list    what is missing, a package a line

# What proves that a need is met, and the Debian package that meets it.
needs()
{
	cat <<LIST
cmd:gcc gcc
cmd:make make
cmd:clang clang
bpftool: $bpftool
cmd:pkg-config pkg-config
file:/usr/include/stdio.h libc6-dev
pc:libbpf libbpf-dev
pc:libxdp libxdp-dev
pc:libelf libelf-dev
pc:zlib zlib1g-dev
pc:libmnl libmnl-dev
pc:libsystemd libsystemd-dev
pc:libcyaml libcyaml-dev
pc:yaml-0.1 libyaml-dev
pc:jansson libjansson-dev
pc:cmocka libcmocka-dev
cmd:ip iproute2
cmd:tc iproute2
cmd:ping iputils-ping
cmd:iperf3 iperf3
cmd:tcpdump tcpdump
cmd:nft nftables
cmd:jq jq
cmd:gojq gojq
cmd:socat socat
cmd:busctl systemd
cmd:systemd-analyze systemd
cmd:dbus-daemon dbus-daemon
cmd:setpriv util-linux
cmd:nsenter util-linux
cmd:ps procps
cmd:python3 python3
cmd:mandoc mandoc
cmd:qemu-system-x86_64 qemu-system-x86
cmd:busybox busybox-static
cmd:cpio cpio
cmd:depmod kmod
cmd:xz xz-utils
cmd:teamd libteam-utils
cmd:gnuplot gnuplot-nox
cmd:xdp-filter xdp-tools
cmd:rping rdmacm-utils
cmd:ib_send_bw perftest
file:/etc/libibverbs.d/rxe.driver ibverbs-providers
cmd:bridge iproute2
cmd:rdma iproute2
cmd:rping rdmacm-utils
rxe: ibverbs-providers
cmd:shellcheck shellcheck
cmd:clang-format clang-format
LIST
}

met() # PROBE
{
	case $1 in
	cmd:*) command -v "${1#cmd:}" ;;
	pc:*) pkg-config --exists "${1#pc:}" ;;
	file:*) [ -e "${1#file:}" ] ;;
	bpftool:) has_bpftool ;;
	rxe:) has_rxe ;;
	esac >/dev/null 2>&1
}

# Ubuntu's own /usr/sbin/bpftool is a wrapper that may find nothing to run.
has_bpftool()
{
	for tool in bpftool /usr/lib/linux-tools/*/bpftool /usr/lib/linux-tools-*/bpftool; do
		"$tool" version && return
	done
	return 1
}

# rping's verbs for soft RoCE, which libibverbs loads by name.
has_rxe()
{
	[ -e /etc/libibverbs.d/rxe.driver ] || [ -e /usr/etc/libibverbs.d/rxe.driver ]
}

missing()
{
	needs | while read -r probe package; do
		met "$probe" || echo "$package"
	done | sort -u
}

install_packages() # PACKAGE...
{
	export DEBIAN_FRONTEND=noninteractive
	set -- -y -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 --no-install-recommends \
		install "$@"
	# Lists come first where there are none, as in a fresh container, and once more where they
	# have become too old to fetch by.
	if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
		quietly apt-get -qq update || return
	elif quietly apt-get "$@"; then
		return
	else
		echo "bpfteam: refreshing apt-get's package lists and trying once more"
		quietly apt-get -qq update || return
	fi
	quietly apt-get "$@"
}

# Runs a command and shows what it said only when it fails.
quietly()
{
	said=$("$@" 2>&1) && return
	status=$?
	echo "$said" >&2
	return "$status"
}

PATH=$PATH:/usr/sbin:/sbin
ID=unknown VERSION_ID=''
# shellcheck source=/dev/null
[ ! -r /etc/os-release ] || . /etc/os-release
bpftool=bpftool
[ "$ID" != ubuntu ] || bpftool=linux-tools-generic

lacking=$(missing | tr '\n' ' ')
lacking=${lacking% }
[ -n "$lacking" ] || exit 0
case ${1-} in
--list)
	echo "$lacking" | tr ' ' '\n'
	exit 0
	;;
--auto)
	if [ "$(id -u)" != 0 ]; then
		echo "bpfteam: missing: $lacking; 'sudo tools/install-deps.sh' brings it" >&2
		exit 0
	fi
	;;
esac
case $ID:$VERSION_ID in
debian:12 | debian:13 | ubuntu:24.04) ;;
*)
	echo "bpfteam: no package list for $ID $VERSION_ID: please install what Debian calls" \
		"$lacking" >&2
	exit 1
	;;
esac
if [ "$(id -u)" != 0 ]; then
	echo "bpfteam: can't install $lacking: not root; 'sudo tools/install-deps.sh' does" >&2
	exit 1
fi
echo "bpfteam: installing $lacking"
# shellcheck disable=SC2086 # a list of words
install_packages $lacking
lacking=$(missing | tr '\n' ' ')
[ -z "$lacking" ] && exit 0
echo "bpfteam: apt-get could not bring $lacking: see 'apt-get install ${lacking% }'" >&2
exit 1
