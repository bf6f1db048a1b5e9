#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lint.sh - `make lint`: form of C (.clang-format) and shell (shellcheck), and who may include what
# (ARCHITECTURE.md). Long files and functions are named, and are no failure.

cd "$(dirname "$0")/.." || exit 1
failed=0
complain()
{
	echo "lint: $*" >&2
	failed=1
}

# forbid WHY PATTERN FILE...: no line of these files may match.
forbid()
{
	why=$1 pattern=$2
	shift 2
	found=$(grep -nE "$pattern" /dev/null "$@" 2>/dev/null) || return 0
	complain "$why:"
	echo "$found" >&2
}

# need TOOL: is it there? What can't be checked is no pass.
need()
{
	command -v "$1" >/dev/null && return
	complain "$1 is not installed: 'sudo tools/install-deps.sh' brings it"
	return 1
}

c_files=$(find include bpf user selftests tools -name '*.[ch]' | sort)
scripts=$(
	find tools selftests .ci -name '*.sh' -o -name '*.bash'
	find tools selftests .ci -type f -exec grep -lE '^#!.*[ /](ba)?sh( |$)' {} +
)
scripts=$(echo "$scripts" | sort -u)

# Versions differ in details. The tree is formatted by Debian 12's.
# shellcheck disable=SC2086 # lists of words, here and below
if need clang-format; then
	case $(clang-format --version) in
	*" version 14."*)
		clang-format --dry-run --Werror $c_files ||
			complain "clang-format -i mends the above"
		;;
	*) echo "lint: note: not clang-format 14: the form of C is not checked" ;;
	esac
fi
# SC2317: tests hand functions to `check` by name, which it takes for code that is never reached.
if need shellcheck; then
	echo "$scripts" | xargs -n 8 -P "$(nproc)" shellcheck -x -P SCRIPTDIR -e SC2317 ||
		complain "shellcheck finds fault with the above"
fi

forbid "core/ decides and touches nothing: it includes no io, team, daemon or cli" \
	'#include ["<](io|team|daemon|cli|bpf|xdp|libmnl|systemd)/' user/core/*
forbid "io/ decides nothing: it includes no team, daemon or cli" \
	'#include ["<](team|daemon|cli)/' user/io/*
forbid "cli/ and daemon/ don't know each other" '#include "(daemon)/' user/cli/*
forbid "cli/ and daemon/ don't know each other" '#include "(cli)/' user/daemon/*
forbid "team/ knows neither daemon nor cli" '#include "(daemon|cli)/' user/team/*
for module in datapath link wire rdma smc; do
	others=$(printf '%s\n' datapath link wire rdma smc | grep -v "^$module\$" | paste -sd'|')
	forbid "the modules of io/ don't include each other" "#include \"io/($others)" \
		"user/io/$module"*
done
# shellcheck disable=SC2046
forbid "only io/datapath* uses libbpf and libxdp" '#include <(bpf|xdp)/|\.skel\.h"' \
	$(find user -name '*.[ch]' ! -path 'user/io/datapath*')
# shellcheck disable=SC2046
forbid "only io/link*, io/rdma*, io/smc* and io/datapath* for clsact use netlink" '#include <libmnl/' \
	$(find user -name '*.[ch]' ! -path 'user/io/link*' ! -path 'user/io/rdma*' \
		! -path 'user/io/smc*' ! -name datapath_clsact.c)
# shellcheck disable=SC2086
forbid "say it in the issue tracker, not in the code" '\b(TODO|FIXME|XXX)\b' $c_files
for file in $c_files $scripts; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause' ||
		complain "$file: no SPDX line"
done

# Functions in kernel style open and close with a brace in the first column.
# shellcheck disable=SC2086
awk 'FNR == 1 { from = 0; prev = "" }
	/^{/ { from = FNR; name = prev }
	/^}/ { if (from && FNR - from + 1 >= 80)
		printf "lint: note: %s:%d: %d lines in a function: %s\n", FILENAME, from,
			FNR - from + 1, name; from = 0 }
	{ prev = $0 }' $c_files
for file in $c_files; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || echo "lint: note: $file: $lines lines"
done
exit "$failed"
