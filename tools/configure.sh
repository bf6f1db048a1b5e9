#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# configure.sh - probes what the build needs, a yes/no line each, and writes the answers to a
# makefile fragment. Called by the Makefile: tools/configure.sh build/config.mk, CC and CLANG in the
# environment. Exits 1 after one line that names what is missing.

out=$1
CC=${CC:-gcc}
CLANG=${CLANG:-clang}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}
missing=

# report NAME yes|no [DETAIL] [what to install when it is needed and not there]
report()
{
	printf '  %-28s %-3s %s\n' "$1" "$2" "$3"
	[ "$2" = yes ] || [ -z "$4" ] || missing="$missing${missing:+, }$4"
}

probe_command() # NAME COMMAND PACKAGE
{
	if command -v "$2" >/dev/null 2>&1; then
		report "$1" yes "$("$2" --version 2>/dev/null | head -n 1)"
	else
		report "$1" no "" "$3"
	fi
}

probe_package() # NAME MIN PACKAGE
{
	if "$PKG_CONFIG" --atleast-version="$2" "$1" 2>/dev/null; then
		report "$1 >= $2" yes "$("$PKG_CONFIG" --modversion "$1")"
	else
		report "$1 >= $2" no "$("$PKG_CONFIG" --modversion "$1" 2>/dev/null)" "$3"
	fi
}

# clang that can compile for BPF: the kernel's own headers come from the C library's folder.
probe_bpf_target()
{
	if echo '#include <linux/bpf.h>' | "$CLANG" -target bpf -mcpu=v3 -g -O2 \
		"-I/usr/include/$arch" -x c -c -o /dev/null - 2>/dev/null; then
		report "clang -target bpf" yes "$("$CLANG" --version 2>/dev/null | head -n 1)"
	else
		report "clang -target bpf" no "" clang
	fi
}

# Ubuntu's bpftool is a wrapper that wants the tools of the very kernel that runs; those of any
# other kernel do as well.
probe_bpftool()
{
	for bpftool in $(command -v bpftool) /usr/sbin/bpftool /usr/lib/linux-tools/*/bpftool \
		/usr/lib/linux-tools-*/bpftool; do
		version=$("$bpftool" version 2>/dev/null | head -n 1)
		if [ -n "$version" ]; then
			report "bpftool" yes "$version"
			return
		fi
	done
	bpftool=bpftool
	report "bpftool" no "" bpftool
}

probe_runtime() # NAME FILE WHY: nothing the build stops for
{
	if [ -r "$2" ]; then
		report "$1" yes ""
	else
		report "$1" no "$3"
	fi
}

arch=$("$CC" -dumpmachine 2>/dev/null || echo "$(uname -m)-linux-gnu")
echo "probing what the build needs:"
probe_command "C compiler ($CC)" "$CC" gcc
probe_bpf_target
probe_bpftool
probe_command pkg-config "$PKG_CONFIG" pkg-config
packages=
while read -r name min package; do
	probe_package "$name" "$min" "$package"
	packages="$packages $name"
done <<LIST
libbpf 1.1 libbpf-dev
libxdp 1.3 libxdp-dev
libmnl 1.0.4 libmnl-dev
libsystemd 247 libsystemd-dev
libcyaml 1.3 libcyaml-dev
yaml-0.1 0.2 libyaml-dev
jansson 2.13 libjansson-dev
LIST
probe_package cmocka 1.1.5 ""
probe_runtime "kernel BTF (to run)" /sys/kernel/btf/vmlinux \
	"this kernel can't run bpfteam: it needs CONFIG_DEBUG_INFO_BTF"

if [ -n "$missing" ]; then
	echo "bpfteam: can't be built: missing $missing; 'sudo tools/install-deps.sh' brings it" >&2
	exit 1
fi
{
	echo "# Written by tools/configure.sh; 'make clean' to probe again."
	echo "ARCH := $arch"
	echo "BPFTOOL := $bpftool"
	# shellcheck disable=SC2086 # a list of words
	echo "PKG_CFLAGS := $("$PKG_CONFIG" --cflags $packages)"
	# shellcheck disable=SC2086
	echo "PKG_LIBS := $("$PKG_CONFIG" --libs $packages)"
} >"$out.tmp" && mv "$out.tmp" "$out"
