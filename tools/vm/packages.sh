# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# packages.sh - Debian packages of other suites than this machine's own, fetched without installing
# anything, by package lists of our own in $CACHE. Sourced by kernel and module, which define
# `die STATUS MESSAGE...`.

CACHE=$(realpath -m "${BPFTEAM_VM_CACHE:-${B:-build}/vm}")
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
APT=()

# The mirror that this machine itself installs packages from.
# shellcheck disable=SC2016 # apt-get fills these in
mirror() {
	apt-get indextargets --format '$(CREATED_BY) $(CODENAME) $(REPO_URI)' 2>/dev/null |
		awk '$1 == "Packages" && $2 ~ /^(bookworm|trixie)$/ { print $3; exit }'
}

# The suite that the kernel of this version is Debian's own of.
suite_of() { # 6.1|6.12
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo bookworm-backports ;;
	*) return 1 ;;
	esac
}

# use_suite SUITE: its package lists, as they are now, for apt-get and apt-cache "${APT[@]}".
use_suite() {
	local suite=$1 lists=$CACHE/lists-$1 uri
	uri=$(mirror)
	[ -n "$uri" ] || die 4 "no Debian mirror among this machine's package sources"
	mkdir -p "$lists/partial"
	echo "deb [arch=amd64 signed-by=$KEYRING] $uri $suite main" >"$lists.list"
	APT=(-qq -o Dir::Etc::sourcelist="$lists.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::State::lists="$lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o Acquire::Languages=none -o APT::Sandbox::User=root
		-o APT::Update::Error-Mode=any)
	apt-get "${APT[@]}" update >&2 || die 4 "can't fetch the package list of $suite"
}

# download INTO PACKAGE...: of the suite in use
download() {
	local into=$1
	shift
	mkdir -p "$into"
	(cd "$into" && apt-get "${APT[@]}" download "$@" >&2) || die 4 "can't fetch $*"
}
